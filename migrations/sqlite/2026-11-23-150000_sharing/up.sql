-- Sharing: which campuses book for their own students in an event of another. The twin of
-- migrations/postgres/2026-11-23-150000_sharing.

create table event_campuses (
    event_id text not null constraint event_campuses_event_id_fkey references events (id) on delete cascade,
    campus_id text not null constraint event_campuses_campus_id_fkey references campuses (id) on delete cascade,
    state text not null,
    invited_at integer not null,
    answered_at integer,
    revision integer not null,
    updated_at integer not null,
    constraint event_campuses_pkey primary key (event_id, campus_id),
    constraint event_campuses_state check (state in ('invited', 'joined', 'declined', 'ended'))
) strict;
create index event_campuses_campus on event_campuses (campus_id, state);
