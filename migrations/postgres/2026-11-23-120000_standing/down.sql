-- Forgets what was handed in; cancellations that counted as not coming are late ones again.

alter table bookings drop column handed_in_at;
alter table bookings drop column as_no_show;
