-- Matching runs: plans in the making, beside everything else, and what came of them. The twin of
-- migrations/sqlite/2026-11-24-000000_matching_runs.

create table matching_runs (
    id uuid not null constraint matching_runs_pkey primary key,
    asked_by uuid not null constraint matching_runs_asked_by_fkey references accounts (id) on delete cascade,
    asked jsonb not null,
    state text not null,
    step integer not null,
    steps integer not null,
    value bigint,
    bound bigint,
    result jsonb,
    failure text,
    attempts integer not null,
    leased_until timestamptz,
    created_at timestamptz not null,
    started_at timestamptz,
    finished_at timestamptz,
    constraint matching_runs_state check (state in ('waiting', 'running', 'finished', 'cancelled', 'failed')),
    constraint matching_runs_steps check (step >= 0 and steps >= 0)
);
create index matching_runs_state_created_at on matching_runs (state, created_at);

create table matching_run_campuses (
    matching_run_id uuid not null constraint matching_run_campuses_matching_run_id_fkey references matching_runs (id) on delete cascade,
    campus_id uuid not null constraint matching_run_campuses_campus_id_fkey references campuses (id) on delete cascade,
    proposal_id uuid constraint matching_run_campuses_proposal_id_fkey references proposals (id) on delete cascade,
    constraint matching_run_campuses_pkey primary key (matching_run_id, campus_id)
);
create index matching_run_campuses_campus on matching_run_campuses (campus_id);
