-- Standing: what a late cancellation counts as, and when what was asked for after an offence came in. The twin of
-- migrations/sqlite/2026-11-23-120000_standing.

alter table bookings add column as_no_show boolean not null default false;
alter table bookings add column handed_in_at timestamptz;
