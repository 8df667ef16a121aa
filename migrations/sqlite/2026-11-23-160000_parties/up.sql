-- Parties: how many places one booking takes, and one who waits wants. The twin of
-- migrations/postgres/2026-11-23-160000_parties.

alter table bookings add column party integer not null default 1 constraint bookings_party check (party between 1 and 10);
alter table waitlist_entries add column party integer not null default 1 constraint waitlist_entries_party check (party between 1 and 10);
