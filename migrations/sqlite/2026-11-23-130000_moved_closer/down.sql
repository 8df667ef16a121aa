-- Forgets which places were moved at short notice: giving them back is judged as of any other.

alter table bookings drop column moved_closer;
