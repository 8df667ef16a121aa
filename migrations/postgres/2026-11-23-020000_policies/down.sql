-- Forgets the rules; what was booked under them stays.
alter table campuses drop column policy_id;
drop table policies;
drop table office_calendars;
