-- When volunteers came and went, and the hours that come of it. The twin of migrations/postgres/2026-11-23-110000_hours.

alter table assignments add column checked_in_at integer;
alter table assignments add column checked_out_at integer;
-- What it was before the last mark, for the undo.
alter table assignments add column marked_from text;

-- A ledger: lines are added and never changed. What was wrong is put right by a further line.
create table hours_entries (
    id text not null constraint hours_entries_pkey primary key,
    campus_id text not null constraint hours_entries_campus_id_fkey references campuses (id) on delete cascade,
    volunteer_id text not null constraint hours_entries_volunteer_id_fkey references volunteers (id) on delete cascade,
    assignment_id text constraint hours_entries_assignment_id_fkey references assignments (id),
    -- The line that this one takes back.
    reverses_id text constraint hours_entries_reverses_id_fkey references hours_entries (id),
    kind text not null,
    title text not null,
    role text,
    worked_on text not null,
    from_at integer,
    until_at integer,
    minutes integer not null,
    reason text,
    account_id text constraint hours_entries_account_id_fkey references accounts (id) on delete set null,
    created_at integer not null,
    constraint hours_entries_kind check (kind in ('accrual', 'reversal', 'adjustment')),
    constraint hours_entries_reverses check ((kind = 'reversal') = (reverses_id is not null)),
    constraint hours_entries_minutes check (minutes between -60000 and 60000),
    constraint hours_entries_reason check (kind <> 'adjustment' or reason is not null)
) strict;
create index hours_entries_volunteer on hours_entries (volunteer_id, id);
create index hours_entries_campus on hours_entries (campus_id, id);
create index hours_entries_assignment on hours_entries (assignment_id) where assignment_id is not null;
-- Nothing is taken back twice.
create unique index hours_entries_reversed_once on hours_entries (reverses_id) where reverses_id is not null;
create index assignments_checked_in on assignments (campus_id) where state = 'checked_in';
