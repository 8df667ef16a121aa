-- Places: portals, students, their bookings and who waits. The twin of migrations/sqlite/2026-11-23-000000_places.

create table portals (
    id uuid not null constraint portals_pkey primary key,
    campus_id uuid not null constraint portals_campus_id_fkey references campuses (id) on delete cascade,
    name text not null,
    key_hash text not null,
    revoked_at timestamptz,
    revision bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint portals_key unique (key_hash)
);
create index portals_campus on portals (campus_id);

create table students (
    id uuid not null constraint students_pkey primary key,
    campus_id uuid not null constraint students_campus_id_fkey references campuses (id) on delete cascade,
    external_ref text not null,
    name text not null,
    email text not null,
    majors jsonb not null,
    year text,
    cohorts jsonb not null,
    revision bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint students_external_ref unique (campus_id, external_ref)
);

create table waitlist_entries (
    id uuid not null constraint waitlist_entries_pkey primary key,
    campus_id uuid not null constraint waitlist_entries_campus_id_fkey references campuses (id) on delete cascade,
    event_id uuid not null constraint waitlist_entries_event_id_fkey references events (id) on delete cascade,
    student_id uuid not null constraint waitlist_entries_student_id_fkey references students (id) on delete cascade,
    from_at timestamptz,
    until_at timestamptz,
    slot_ids jsonb not null,
    state text not null,
    booking_id uuid,
    offer_deadline timestamptz,
    revision bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint waitlist_entries_state check (state in ('waiting', 'offered', 'accepted', 'expired', 'declined', 'left', 'closed'))
);
create unique index waitlist_entries_once on waitlist_entries (event_id, student_id) where state in ('waiting', 'offered');
create index waitlist_entries_queue on waitlist_entries (event_id, state, created_at);
create index waitlist_entries_deadline on waitlist_entries (state, offer_deadline);

create table bookings (
    id uuid not null constraint bookings_pkey primary key,
    campus_id uuid not null constraint bookings_campus_id_fkey references campuses (id) on delete cascade,
    event_id uuid not null constraint bookings_event_id_fkey references events (id) on delete cascade,
    slot_id uuid not null constraint bookings_slot_id_fkey references slots (id) on delete cascade,
    student_id uuid not null constraint bookings_student_id_fkey references students (id) on delete cascade,
    waitlist_entry_id uuid constraint bookings_waitlist_entry_id_fkey references waitlist_entries (id) on delete set null,
    owner_id uuid not null,
    state text not null,
    held_until timestamptz,
    late boolean not null,
    marked_from text,
    state_reason text,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    checked_in_at timestamptz,
    calendar_sequence integer not null,
    changed_at timestamptz not null,
    revision bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint bookings_time check (starts_at < ends_at),
    constraint bookings_hold check (state <> 'held' or held_until is not null),
    constraint bookings_state check (state in ('held', 'confirmed', 'checked_in', 'attended', 'no_show', 'excused', 'cancelled'))
);
create unique index bookings_once on bookings (slot_id, student_id) where state in ('confirmed', 'checked_in', 'attended');
create index bookings_slot on bookings (slot_id, state);
create index bookings_event on bookings (event_id, id);
create index bookings_student on bookings (student_id, starts_at);
create index bookings_held on bookings (state, held_until);

create table place_log (
    id uuid not null constraint place_log_pkey primary key,
    event_id uuid not null constraint place_log_event_id_fkey references events (id) on delete cascade,
    at timestamptz not null,
    what text not null,
    student_id uuid not null constraint place_log_student_id_fkey references students (id) on delete cascade,
    slot_id uuid,
    booking_id uuid,
    entry_id uuid,
    by_whom text not null,
    reason text not null
);
create index place_log_event on place_log (event_id, id);

alter table slots add column label text;
alter table slots add column capacity bigint not null default 0 constraint slots_capacity check (capacity between 0 and 500);
create index slots_event_time on slots (event_id, starts_at);
alter table events add column booking_rules jsonb;

-- The second wall behind the rules in Rust: no student is in two places at once, whoever writes.
alter table bookings add constraint bookings_no_overlap exclude using gist (
    student_id with =,
    tstzrange(starts_at, ends_at, '[)') with &&
) where (state in ('confirmed', 'checked_in'));
