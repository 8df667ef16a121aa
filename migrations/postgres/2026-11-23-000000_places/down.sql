-- Takes the places away again.
drop table place_log;
drop table bookings;
drop table waitlist_entries;
drop table students;
drop table portals;
drop index slots_event_time;
alter table slots drop column label;
alter table slots drop column capacity;
alter table events drop column booking_rules;
