-- Series: meetings that were made together, each an event; and who speaks or leads in an event. The twin of
-- migrations/postgres/2026-11-23-090000_series.

create table event_series (
    id text not null constraint event_series_pkey primary key,
    campus_id text not null constraint event_series_campus_id_fkey references campuses (id) on delete cascade,
    title text not null,
    description text not null,
    state text not null,
    state_reason text,
    starts_at integer not null,
    asked text not null,
    left_out text not null,
    revision integer not null,
    created_at integer not null,
    updated_at integer not null,
    constraint event_series_state check (state in ('running', 'ended'))
) strict;
create index event_series_campus on event_series (campus_id, starts_at);

-- No foreign keys on columns that are added: SQLite could not drop them again.
alter table events add column series_id text;
alter table events add column presenter text;
create index events_series on events (series_id, starts_at);
