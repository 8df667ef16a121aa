drop trigger bookings_no_overlap;
drop trigger bookings_no_overlap_on_update;
alter table bookings drop column override_reason;

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
