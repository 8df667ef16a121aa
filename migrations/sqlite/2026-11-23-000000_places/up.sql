-- Places: portals, students, their bookings and who waits. The twin of migrations/postgres/2026-11-23-000000_places.

create table portals (
    id text not null constraint portals_pkey primary key,
    campus_id text not null constraint portals_campus_id_fkey references campuses (id) on delete cascade,
    name text not null,
    key_hash text not null,
    revoked_at integer,
    revision integer not null,
    created_at integer not null,
    updated_at integer not null,
    constraint portals_key unique (key_hash)
) strict;
create index portals_campus on portals (campus_id);

create table students (
    id text not null constraint students_pkey primary key,
    campus_id text not null constraint students_campus_id_fkey references campuses (id) on delete cascade,
    external_ref text not null,
    name text not null,
    email text not null,
    majors text not null,
    year text,
    cohorts text not null,
    revision integer not null,
    created_at integer not null,
    updated_at integer not null,
    constraint students_external_ref unique (campus_id, external_ref)
) strict;

create table waitlist_entries (
    id text not null constraint waitlist_entries_pkey primary key,
    campus_id text not null constraint waitlist_entries_campus_id_fkey references campuses (id) on delete cascade,
    event_id text not null constraint waitlist_entries_event_id_fkey references events (id) on delete cascade,
    student_id text not null constraint waitlist_entries_student_id_fkey references students (id) on delete cascade,
    from_at integer,
    until_at integer,
    slot_ids text not null,
    state text not null,
    booking_id text,
    offer_deadline integer,
    revision integer not null,
    created_at integer not null,
    updated_at integer not null,
    constraint waitlist_entries_state check (state in ('waiting', 'offered', 'accepted', 'expired', 'declined', 'left', 'closed'))
) strict;
create unique index waitlist_entries_once on waitlist_entries (event_id, student_id) where state in ('waiting', 'offered');
create index waitlist_entries_queue on waitlist_entries (event_id, state, created_at);
create index waitlist_entries_deadline on waitlist_entries (state, offer_deadline);

create table bookings (
    id text not null constraint bookings_pkey primary key,
    campus_id text not null constraint bookings_campus_id_fkey references campuses (id) on delete cascade,
    event_id text not null constraint bookings_event_id_fkey references events (id) on delete cascade,
    slot_id text not null constraint bookings_slot_id_fkey references slots (id) on delete cascade,
    student_id text not null constraint bookings_student_id_fkey references students (id) on delete cascade,
    waitlist_entry_id text constraint bookings_waitlist_entry_id_fkey references waitlist_entries (id) on delete set null,
    owner_id text not null,
    state text not null,
    held_until integer,
    late integer not null constraint bookings_late check (late in (0, 1)),
    marked_from text,
    state_reason text,
    starts_at integer not null,
    ends_at integer not null,
    checked_in_at integer,
    calendar_sequence integer not null,
    changed_at integer not null,
    revision integer not null,
    created_at integer not null,
    updated_at integer not null,
    constraint bookings_time check (starts_at < ends_at),
    constraint bookings_hold check (state <> 'held' or held_until is not null),
    constraint bookings_state check (state in ('held', 'confirmed', 'checked_in', 'attended', 'no_show', 'excused', 'cancelled'))
) strict;
create unique index bookings_once on bookings (slot_id, student_id) where state in ('confirmed', 'checked_in', 'attended');
create index bookings_slot on bookings (slot_id, state);
create index bookings_event on bookings (event_id, id);
create index bookings_student on bookings (student_id, starts_at);
create index bookings_held on bookings (state, held_until);

create table place_log (
    id text not null constraint place_log_pkey primary key,
    event_id text not null constraint place_log_event_id_fkey references events (id) on delete cascade,
    at integer not null,
    what text not null,
    student_id text not null constraint place_log_student_id_fkey references students (id) on delete cascade,
    slot_id text,
    booking_id text,
    entry_id text,
    by_whom text not null,
    reason text not null
) strict;
create index place_log_event on place_log (event_id, id);

alter table slots add column label text;
alter table slots add column capacity integer not null default 0 constraint slots_capacity check (capacity between 0 and 500);
create index slots_event_time on slots (event_id, starts_at);
alter table events add column booking_rules text;

-- The second wall behind the rules in Rust: no student is in two places at once, whoever writes.
create trigger bookings_no_overlap before insert on bookings
when new.state in ('confirmed', 'checked_in')
begin
    select raise(abort, 'bookings_no_overlap')
    where exists (
        select 1 from bookings
        where student_id = new.student_id
            and state in ('confirmed', 'checked_in')
            and starts_at < new.ends_at and new.starts_at < ends_at
    );
end;
create trigger bookings_no_overlap_on_update before update of state, starts_at, ends_at, student_id on bookings
when new.state in ('confirmed', 'checked_in')
begin
    select raise(abort, 'bookings_no_overlap')
    where exists (
        select 1 from bookings
        where student_id = new.student_id and id <> new.id
            and state in ('confirmed', 'checked_in')
            and starts_at < new.ends_at and new.starts_at < ends_at
    );
end;
