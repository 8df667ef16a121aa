-- Places that the office moved so close that giving them back would have been late at once. The twin of
-- migrations/sqlite/2026-11-23-130000_moved_closer.

alter table bookings add column moved_closer boolean not null default false;
