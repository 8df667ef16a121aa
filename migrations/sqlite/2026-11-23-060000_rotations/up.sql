-- Rotations: who is to meet whom and when, as a draft until it is applied. The twin of
-- migrations/postgres/2026-11-23-060000_rotations.

create table rotations (
    id text not null constraint rotations_pkey primary key,
    campus_id text not null constraint rotations_campus_id_fkey references campuses (id) on delete cascade,
    event_id text not null constraint rotations_event_id_fkey references events (id) on delete cascade,
    state text not null,
    asked text not null,
    plan text not null,
    applied_at integer,
    revision integer not null,
    created_at integer not null,
    updated_at integer not null,
    constraint rotations_state check (state in ('draft', 'applied'))
) strict;
create index rotations_event on rotations (event_id, id);
