-- A booking keeps the version of the campus's policy under which it was made. The twin of
-- migrations/sqlite/2026-11-23-080000_judged_bookings.
-- Bookings of before were made under none, and no version that came later judges them.
alter table bookings add column policy_id uuid constraint bookings_policy_id_fkey references policies (id);
