-- The life of events: an event that is postponed or put to another time keeps its people, also one who now has two places
-- at once, until the office has settled it. The twin of migrations/sqlite/2026-11-23-030000_event_life.

-- Why a place may overlap with another of the same student; null for a place that may not.
alter table bookings add column override_reason text;

alter table bookings drop constraint bookings_no_overlap;
alter table bookings add constraint bookings_no_overlap exclude using gist (
    student_id with =,
    tstzrange(starts_at, ends_at, '[)') with &&
) where (override_reason is null and state in ('confirmed', 'checked_in'));
