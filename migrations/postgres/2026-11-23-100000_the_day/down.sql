-- Forgets codes, walk-ins and releases; the bookings stay.
drop index students_email;
drop index events_release;
alter table events drop column release_after_minutes;
drop index bookings_code;
alter table bookings drop column released_at;
alter table bookings drop column walk_in;
alter table bookings drop column code;
