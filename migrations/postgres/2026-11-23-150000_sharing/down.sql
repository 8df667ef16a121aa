-- Forgets which campuses share events. The places of their students stay.

drop table event_campuses;
