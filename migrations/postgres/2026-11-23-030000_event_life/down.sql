alter table bookings drop constraint bookings_no_overlap;
alter table bookings add constraint bookings_no_overlap exclude using gist (
    student_id with =,
    tstzrange(starts_at, ends_at, '[)') with &&
) where (state in ('confirmed', 'checked_in'));
alter table bookings drop column override_reason;
