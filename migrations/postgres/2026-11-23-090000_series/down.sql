-- Forgets the series; their meetings stay, each an event by itself.
drop index events_series;
alter table events drop column presenter;
alter table events drop column series_id;
drop table event_series;
