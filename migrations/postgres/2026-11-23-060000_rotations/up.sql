-- Rotations: who is to meet whom and when, as a draft until it is applied. The twin of
-- migrations/sqlite/2026-11-23-060000_rotations.

create table rotations (
    id uuid not null constraint rotations_pkey primary key,
    campus_id uuid not null constraint rotations_campus_id_fkey references campuses (id) on delete cascade,
    event_id uuid not null constraint rotations_event_id_fkey references events (id) on delete cascade,
    state text not null,
    asked jsonb not null,
    plan jsonb not null,
    applied_at timestamptz,
    revision bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint rotations_state check (state in ('draft', 'applied'))
);
create index rotations_event on rotations (event_id, id);
