-- Grids: the rule by which an event's slots are made, and which slots are its own. The twin of
-- migrations/sqlite/2026-11-23-010003_grids.

create table grids (
    event_id uuid not null constraint grids_pkey primary key constraint grids_event_id_fkey references events (id) on delete cascade,
    document jsonb not null,
    revision bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

-- The table and the building that a slot was made for; null for a slot made by hand.
alter table slots add column grid_table text;
alter table slots add column grid_building text;
