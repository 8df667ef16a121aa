-- Parts of an event, which may overlap, and to which part a slot belongs. The twin of
-- migrations/sqlite/2026-11-23-140000_parts.

alter table events add column parts jsonb;
alter table slots add column part text;
