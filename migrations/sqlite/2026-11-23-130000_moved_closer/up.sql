-- Places that the office moved so close that giving them back would have been late at once. The twin of
-- migrations/postgres/2026-11-23-130000_moved_closer.

alter table bookings add column moved_closer integer not null default 0 constraint bookings_moved_closer check (moved_closer in (0, 1));
