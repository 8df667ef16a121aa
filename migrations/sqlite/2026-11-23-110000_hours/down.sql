-- Forgets who came and when, and the hours.
drop index assignments_checked_in;
drop table hours_entries;
alter table assignments drop column marked_from;
alter table assignments drop column checked_out_at;
alter table assignments drop column checked_in_at;
