-- Forgets the parts of events; their slots stay.

alter table slots drop column part;
alter table events drop column parts;
