-- The life of events: an event that is postponed or put to another time keeps its people, also one who now has two places
-- at once, until the office has settled it. The twin of migrations/postgres/2026-11-23-030000_event_life.

-- Why a place may overlap with another of the same student; null for a place that may not.
alter table bookings add column override_reason text;

drop trigger bookings_no_overlap;
drop trigger bookings_no_overlap_on_update;
create trigger bookings_no_overlap before insert on bookings
when new.override_reason is null and new.state in ('confirmed', 'checked_in')
begin
    select raise(abort, 'bookings_no_overlap')
    where exists (
        select 1 from bookings
        where student_id = new.student_id
            and override_reason is null
            and state in ('confirmed', 'checked_in')
            and starts_at < new.ends_at and new.starts_at < ends_at
    );
end;
create trigger bookings_no_overlap_on_update before update of state, starts_at, ends_at, student_id, override_reason on bookings
when new.override_reason is null and new.state in ('confirmed', 'checked_in')
begin
    select raise(abort, 'bookings_no_overlap')
    where exists (
        select 1 from bookings
        where student_id = new.student_id and id <> new.id
            and override_reason is null
            and state in ('confirmed', 'checked_in')
            and starts_at < new.ends_at and new.starts_at < ends_at
    );
end;
