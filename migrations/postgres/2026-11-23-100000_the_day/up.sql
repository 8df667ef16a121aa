-- The day itself: the code a student shows at the door, who walked in, and places that were released because nobody came.
-- The twin of migrations/sqlite/2026-11-23-100000_the_day.

-- Six letters, one booking of an event each.
alter table bookings add column code text not null default '';
alter table bookings add column walk_in boolean not null default false;
-- Since when the place is given away, once: whoever is let in after all is not sent away again.
alter table bookings add column released_at timestamptz;

-- Bookings that were made before get a code as well.
update bookings set code =
    substr('BCDFGHJKLMNPQRSTVWXZ', 1 + floor(random() * 20)::integer, 1) ||
    substr('BCDFGHJKLMNPQRSTVWXZ', 1 + floor(random() * 20)::integer, 1) ||
    substr('BCDFGHJKLMNPQRSTVWXZ', 1 + floor(random() * 20)::integer, 1) ||
    substr('BCDFGHJKLMNPQRSTVWXZ', 1 + floor(random() * 20)::integer, 1) ||
    substr('BCDFGHJKLMNPQRSTVWXZ', 1 + floor(random() * 20)::integer, 1) ||
    substr('BCDFGHJKLMNPQRSTVWXZ', 1 + floor(random() * 20)::integer, 1);
create index bookings_code on bookings (event_id, code);
update bookings set code =
    substr('BCDFGHJKLMNPQRSTVWXZ', 1 + floor(random() * 20)::integer, 1) ||
    substr('BCDFGHJKLMNPQRSTVWXZ', 1 + floor(random() * 20)::integer, 1) ||
    substr('BCDFGHJKLMNPQRSTVWXZ', 1 + floor(random() * 20)::integer, 1) ||
    substr('BCDFGHJKLMNPQRSTVWXZ', 1 + floor(random() * 20)::integer, 1) ||
    substr('BCDFGHJKLMNPQRSTVWXZ', 1 + floor(random() * 20)::integer, 1) ||
    substr('BCDFGHJKLMNPQRSTVWXZ', 1 + floor(random() * 20)::integer, 1)
where exists (
    select 1 from bookings other
    where other.event_id = bookings.event_id and other.code = bookings.code and other.id < bookings.id
);
drop index bookings_code;
create unique index bookings_code on bookings (event_id, code);

-- How long after its start a place is kept for whoever has not come; null for as long as it lasts.
alter table events add column release_after_minutes integer constraint events_release_after_minutes check (release_after_minutes between 1 and 240);
create index events_release on events (ends_at) where release_after_minutes is not null;

-- Whoever walks in is known by their e-mail address, too.
create index students_email on students (campus_id, email);
