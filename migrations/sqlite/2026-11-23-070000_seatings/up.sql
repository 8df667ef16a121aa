-- Seatings: which volunteer sits at which slot, and what a slot has of the volunteers it wants. The twin of
-- migrations/postgres/2026-11-23-070000_seatings.

create table seatings (
    slot_id text not null constraint seatings_slot_id_fkey references slots (id) on delete cascade,
    assignment_id text not null constraint seatings_assignment_id_fkey references assignments (id) on delete cascade,
    created_at integer not null,
    constraint seatings_pkey primary key (slot_id, assignment_id)
) strict;
create index seatings_assignment on seatings (assignment_id);

-- How many volunteers a slot wants and has; since when it has lost the last of them.
alter table slots add column seats integer not null default 0 constraint slots_seats check (seats between 0 and 50);
alter table slots add column seated integer not null default 0 constraint slots_seated check (seated >= 0);
alter table slots add column unstaffed_since integer;
create index slots_unstaffed on slots (event_id, unstaffed_since) where unstaffed_since is not null;
-- Of the grids there are, a table is taken to want one person until its grid is set again; nobody was counted so far.
update slots set seats = 1 where grid_table is not null;
