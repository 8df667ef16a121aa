-- The house: people, needs, happenings, offers, letters. The twin of migrations/sqlite/2026-11-22-000000_the_house.

create table accounts (
    id uuid not null constraint accounts_pkey primary key,
    email text not null,
    name text not null,
    password_hash text,
    email_confirmed_at timestamptz,
    revision bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint accounts_email unique (email)
);

create table sessions (
    id uuid not null constraint sessions_pkey primary key,
    account_id uuid not null constraint sessions_account_id_fkey references accounts (id) on delete cascade,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    ended_at timestamptz
);
create index sessions_account on sessions (account_id);

create table refresh_tokens (
    token_hash text not null constraint refresh_tokens_pkey primary key,
    session_id uuid not null constraint refresh_tokens_session_id_fkey references sessions (id) on delete cascade,
    issued_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
create index refresh_tokens_session on refresh_tokens (session_id);

create table sign_in_links (
    token_hash text not null constraint sign_in_links_pkey primary key,
    account_id uuid not null constraint sign_in_links_account_id_fkey references accounts (id) on delete cascade,
    issued_at timestamptz not null,
    expires_at timestamptz not null,
    used_at timestamptz
);
create index sign_in_links_account on sign_in_links (account_id);

create table campuses (
    id uuid not null constraint campuses_pkey primary key,
    slug text not null,
    name text not null,
    time_zone text not null,
    contact_email text not null,
    lat double precision,
    lon double precision,
    offer_hours integer not null,
    revision bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint campuses_slug unique (slug),
    constraint campuses_position check ((lat is null) = (lon is null)),
    constraint campuses_offer_hours check (offer_hours between 1 and 336)
);

create table members (
    campus_id uuid not null constraint members_campus_id_fkey references campuses (id) on delete cascade,
    account_id uuid not null constraint members_account_id_fkey references accounts (id) on delete cascade,
    role text not null,
    revision bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint members_pkey primary key (campus_id, account_id),
    constraint members_role check (role in ('coordinator', 'requester'))
);
create index members_account on members (account_id);

create table volunteers (
    id uuid not null constraint volunteers_pkey primary key,
    account_id uuid not null constraint volunteers_account_id_fkey references accounts (id) on delete cascade,
    display_name text not null,
    headline text not null,
    credentials jsonb not null,
    skills jsonb not null,
    kinds jsonb not null,
    languages jsonb not null,
    home_lat double precision,
    home_lon double precision,
    travel_km integer,
    virtual_ok boolean not null,
    time_zone text not null,
    availability jsonb not null,
    max_per_week integer not null,
    max_per_month integer not null,
    feed_token_hash text,
    revision bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint volunteers_account unique (account_id),
    constraint volunteers_feed_token unique (feed_token_hash),
    constraint volunteers_home check ((home_lat is null) = (home_lon is null) and (home_lat is null) = (travel_km is null))
);

create table campus_volunteers (
    campus_id uuid not null constraint campus_volunteers_campus_id_fkey references campuses (id) on delete cascade,
    volunteer_id uuid not null constraint campus_volunteers_volunteer_id_fkey references volunteers (id) on delete cascade,
    state text not null,
    note text not null,
    reason text,
    revision bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint campus_volunteers_pkey primary key (campus_id, volunteer_id),
    constraint campus_volunteers_state check (state in ('applied', 'approved', 'paused', 'suspended'))
);
create index campus_volunteers_volunteer on campus_volunteers (volunteer_id);

create table events (
    id uuid not null constraint events_pkey primary key,
    campus_id uuid not null constraint events_campus_id_fkey references campuses (id) on delete cascade,
    campus_request_id uuid,
    kind text not null,
    state text not null,
    title text not null,
    description text not null,
    mode text not null,
    place text,
    lat double precision,
    lon double precision,
    time_zone text not null,
    starts_local text not null,
    ends_local text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    calendar_sequence integer not null,
    state_reason text,
    published_at timestamptz,
    changed_at timestamptz not null,
    revision bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint events_time check (starts_at < ends_at),
    constraint events_state check (state in ('draft', 'published', 'postponed', 'in_progress', 'completed', 'cancelled'))
);
create index events_campus_time on events (campus_id, starts_at);
create index events_campus_request on events (campus_request_id);

create table slots (
    id uuid not null constraint slots_pkey primary key,
    event_id uuid not null constraint slots_event_id_fkey references events (id) on delete cascade,
    state text not null,
    place text,
    time_zone text not null,
    starts_local text not null,
    ends_local text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    revision bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint slots_time check (starts_at < ends_at),
    constraint slots_state check (state in ('open', 'closed', 'cancelled'))
);
create index slots_event on slots (event_id);

create table campus_requests (
    id uuid not null constraint campus_requests_pkey primary key,
    campus_id uuid not null constraint campus_requests_campus_id_fkey references campuses (id) on delete cascade,
    requested_by uuid not null constraint campus_requests_requested_by_fkey references accounts (id) on delete restrict,
    kind text not null,
    state text not null,
    title text not null,
    purpose text not null,
    mode text not null,
    place text,
    lat double precision,
    lon double precision,
    time_zone text not null,
    starts_local text not null,
    ends_local text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    required_skills jsonb not null,
    preferred_skills jsonb not null,
    language text not null,
    decide_by timestamptz not null,
    priority integer not null,
    state_reason text,
    event_id uuid constraint campus_requests_event_id_fkey references events (id) on delete set null,
    slot_id uuid constraint campus_requests_slot_id_fkey references slots (id) on delete set null,
    out_of_candidates_at timestamptz,
    revision bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint campus_requests_time check (starts_at < ends_at),
    constraint campus_requests_priority check (priority between 1 and 5),
    constraint campus_requests_state check (state in ('draft', 'submitted', 'needs_info', 'approved', 'fulfilled', 'closed', 'declined', 'withdrawn', 'cancelled', 'expired'))
);
create index campus_requests_campus on campus_requests (campus_id, state);
create index campus_requests_requested_by on campus_requests (requested_by);
create index campus_requests_open on campus_requests (state, starts_at);

create table campus_request_roles (
    id uuid not null constraint campus_request_roles_pkey primary key,
    campus_request_id uuid not null constraint campus_request_roles_campus_request_id_fkey references campus_requests (id) on delete cascade,
    position integer not null,
    name text not null,
    min_seats integer not null,
    max_seats integer not null,
    constraint campus_request_roles_position unique (campus_request_id, position),
    constraint campus_request_roles_seats check (0 <= min_seats and min_seats <= max_seats and 1 <= max_seats)
);

create table exclusions (
    id uuid not null constraint exclusions_pkey primary key,
    campus_id uuid not null constraint exclusions_campus_id_fkey references campuses (id) on delete cascade,
    volunteer_id uuid not null constraint exclusions_volunteer_id_fkey references volunteers (id) on delete cascade,
    campus_request_id uuid constraint exclusions_campus_request_id_fkey references campus_requests (id) on delete cascade,
    reason text not null,
    revision bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null
);
create index exclusions_campus on exclusions (campus_id);
create index exclusions_volunteer on exclusions (volunteer_id);

create table proposals (
    id uuid not null constraint proposals_pkey primary key,
    campus_id uuid not null constraint proposals_campus_id_fkey references campuses (id) on delete cascade,
    state text not null,
    plan jsonb not null,
    sent_at timestamptz,
    revision bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint proposals_state check (state in ('draft', 'sent'))
);
create index proposals_campus on proposals (campus_id);

create table offers (
    id uuid not null constraint offers_pkey primary key,
    campus_id uuid not null constraint offers_campus_id_fkey references campuses (id) on delete cascade,
    campus_request_id uuid not null constraint offers_campus_request_id_fkey references campus_requests (id) on delete cascade,
    role_id uuid not null constraint offers_role_id_fkey references campus_request_roles (id) on delete cascade,
    volunteer_id uuid not null constraint offers_volunteer_id_fkey references volunteers (id) on delete cascade,
    state text not null,
    deadline timestamptz not null,
    wave integer not null,
    score integer not null,
    reasons jsonb not null,
    token_hash text not null,
    decline_reason text,
    answered_at timestamptz,
    revision bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint offers_token unique (token_hash),
    constraint offers_state check (state in ('sent', 'accepted', 'declined', 'expired', 'withdrawn', 'superseded'))
);
create unique index offers_one_open on offers (campus_request_id, volunteer_id) where state = 'sent';
create index offers_campus_request on offers (campus_request_id, state);
create index offers_volunteer on offers (volunteer_id, state);
create index offers_deadline on offers (state, deadline);

create table assignments (
    id uuid not null constraint assignments_pkey primary key,
    campus_id uuid not null constraint assignments_campus_id_fkey references campuses (id) on delete cascade,
    campus_request_id uuid not null constraint assignments_campus_request_id_fkey references campus_requests (id) on delete cascade,
    role_id uuid not null constraint assignments_role_id_fkey references campus_request_roles (id) on delete cascade,
    offer_id uuid constraint assignments_offer_id_fkey references offers (id) on delete set null,
    volunteer_id uuid not null constraint assignments_volunteer_id_fkey references volunteers (id) on delete cascade,
    state text not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    override_reason text,
    state_reason text,
    calendar_sequence integer not null,
    changed_at timestamptz not null,
    revision bigint not null,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    constraint assignments_offer unique (offer_id),
    constraint assignments_time check (starts_at < ends_at),
    constraint assignments_state check (state in ('confirmed', 'reconfirm_pending', 'checked_in', 'completed', 'no_show', 'released', 'removed', 'cancelled'))
);
create unique index assignments_once on assignments (campus_request_id, volunteer_id) where state in ('confirmed', 'reconfirm_pending', 'checked_in', 'completed', 'no_show');
create index assignments_campus_request on assignments (campus_request_id, state);
create index assignments_volunteer on assignments (volunteer_id, starts_at);

create table attention_items (
    id uuid not null constraint attention_items_pkey primary key,
    campus_id uuid not null constraint attention_items_campus_id_fkey references campuses (id) on delete cascade,
    kind text not null,
    subject_type text not null,
    subject_id text not null,
    title text not null,
    detail text not null,
    since timestamptz not null,
    constraint attention_items_subject unique (campus_id, kind, subject_id)
);

create table letters (
    id uuid not null constraint letters_pkey primary key,
    campus_id uuid constraint letters_campus_id_fkey references campuses (id) on delete cascade,
    kind text not null,
    thread text not null,
    to_name text not null,
    to_email text not null,
    letter jsonb not null,
    subject text not null,
    message_id text not null,
    state text not null,
    attempts integer not null,
    not_before timestamptz not null,
    lease_owner text,
    lease_until timestamptz,
    last_error text,
    sent_at timestamptz,
    created_at timestamptz not null,
    updated_at timestamptz not null,
    revision bigint not null,
    constraint letters_message_id unique (message_id),
    constraint letters_state check (state in ('queued', 'sending', 'sent', 'undeliverable'))
);
create index letters_due on letters (state, not_before);
create index letters_thread on letters (thread, state);
create index letters_campus on letters (campus_id, state);

create table idempotency_keys (
    scope text not null,
    key text not null,
    fingerprint text not null,
    status integer not null,
    headers jsonb not null,
    body bytea not null,
    created_at timestamptz not null,
    constraint idempotency_keys_pkey primary key (scope, key)
);
create index idempotency_keys_created on idempotency_keys (created_at);

create table feed_revisions (
    scope text not null constraint feed_revisions_pkey primary key,
    revision bigint not null,
    changed_at timestamptz not null
);

-- The second wall behind the rules in Rust: nobody is in two places at once, whoever writes.
create extension if not exists btree_gist;
alter table assignments add constraint assignments_no_overlap exclude using gist (
    volunteer_id with =,
    tstzrange(starts_at, ends_at, '[)') with &&
) where (override_reason is null and state in ('confirmed', 'reconfirm_pending', 'checked_in'));
