-- Forgets who sits where; the slots stay.
drop table seatings;
drop index slots_unstaffed;
alter table slots drop column unstaffed_since;
alter table slots drop column seated;
alter table slots drop column seats;
