-- When a career office works, and what it asks of those who book. The twin of
-- migrations/sqlite/2026-11-23-020000_policies.

create table office_calendars (
    campus_id uuid not null constraint office_calendars_pkey primary key constraint office_calendars_campus_id_fkey references campuses (id) on delete cascade,
    document jsonb not null,
    revision bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);

-- A version is never changed; another takes its place. Its number is counted per campus, from 1, without gaps.
create table policies (
    id uuid not null constraint policies_pkey primary key,
    campus_id uuid not null constraint policies_campus_id_fkey references campuses (id) on delete cascade,
    version integer not null constraint policies_version_check check (version >= 1),
    document jsonb not null,
    created_at timestamptz not null,
    constraint policies_campus_id_version_key unique (campus_id, version)
);

-- The version in force; null while the campus has none. It stands here because booking reads the campus anyway. No
-- foreign key: SQLite could not drop the column again.
alter table campuses add column policy_id uuid;
