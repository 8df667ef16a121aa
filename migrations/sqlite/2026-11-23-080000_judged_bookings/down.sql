-- Forgets under which policy each booking was made; the bookings stay.
alter table bookings drop column policy_id;
