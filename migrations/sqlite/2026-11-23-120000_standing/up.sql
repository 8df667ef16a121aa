-- Standing: what a late cancellation counts as, and when what was asked for after an offence came in. The twin of
-- migrations/postgres/2026-11-23-120000_standing.

alter table bookings add column as_no_show integer not null default 0 constraint bookings_as_no_show check (as_no_show in (0, 1));
alter table bookings add column handed_in_at integer;
