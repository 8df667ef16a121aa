-- Every booking takes one place again.

alter table waitlist_entries drop column party;
alter table bookings drop column party;
