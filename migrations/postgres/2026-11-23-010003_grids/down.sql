-- Forgets the rules; the slots stay, as if they were made by hand.
drop table grids;
alter table slots drop column grid_table;
alter table slots drop column grid_building;
