-- The house: people, needs, happenings, offers, letters. The twin of migrations/postgres/2026-11-22-000000_the_house.

create table accounts (
    id text not null constraint accounts_pkey primary key,
    email text not null,
    name text not null,
    password_hash text,
    email_confirmed_at integer,
    revision integer not null,
    created_at integer not null,
    updated_at integer not null,
    constraint accounts_email unique (email)
) strict;

create table sessions (
    id text not null constraint sessions_pkey primary key,
    account_id text not null constraint sessions_account_id_fkey references accounts (id) on delete cascade,
    created_at integer not null,
    expires_at integer not null,
    ended_at integer
) strict;
create index sessions_account on sessions (account_id);

create table refresh_tokens (
    token_hash text not null constraint refresh_tokens_pkey primary key,
    session_id text not null constraint refresh_tokens_session_id_fkey references sessions (id) on delete cascade,
    issued_at integer not null,
    expires_at integer not null,
    used_at integer
) strict;
create index refresh_tokens_session on refresh_tokens (session_id);

create table sign_in_links (
    token_hash text not null constraint sign_in_links_pkey primary key,
    account_id text not null constraint sign_in_links_account_id_fkey references accounts (id) on delete cascade,
    issued_at integer not null,
    expires_at integer not null,
    used_at integer
) strict;
create index sign_in_links_account on sign_in_links (account_id);

create table campuses (
    id text not null constraint campuses_pkey primary key,
    slug text not null,
    name text not null,
    time_zone text not null,
    contact_email text not null,
    lat real,
    lon real,
    offer_hours integer not null,
    revision integer not null,
    created_at integer not null,
    updated_at integer not null,
    constraint campuses_slug unique (slug),
    constraint campuses_position check ((lat is null) = (lon is null)),
    constraint campuses_offer_hours check (offer_hours between 1 and 336)
) strict;

create table members (
    campus_id text not null constraint members_campus_id_fkey references campuses (id) on delete cascade,
    account_id text not null constraint members_account_id_fkey references accounts (id) on delete cascade,
    role text not null,
    revision integer not null,
    created_at integer not null,
    updated_at integer not null,
    constraint members_pkey primary key (campus_id, account_id),
    constraint members_role check (role in ('coordinator', 'requester'))
) strict;
create index members_account on members (account_id);

create table volunteers (
    id text not null constraint volunteers_pkey primary key,
    account_id text not null constraint volunteers_account_id_fkey references accounts (id) on delete cascade,
    display_name text not null,
    headline text not null,
    credentials text not null,
    skills text not null,
    kinds text not null,
    languages text not null,
    home_lat real,
    home_lon real,
    travel_km integer,
    virtual_ok integer not null constraint volunteers_virtual_ok check (virtual_ok in (0, 1)),
    time_zone text not null,
    availability text not null,
    max_per_week integer not null,
    max_per_month integer not null,
    feed_token_hash text,
    revision integer not null,
    created_at integer not null,
    updated_at integer not null,
    constraint volunteers_account unique (account_id),
    constraint volunteers_feed_token unique (feed_token_hash),
    constraint volunteers_home check ((home_lat is null) = (home_lon is null) and (home_lat is null) = (travel_km is null))
) strict;

create table campus_volunteers (
    campus_id text not null constraint campus_volunteers_campus_id_fkey references campuses (id) on delete cascade,
    volunteer_id text not null constraint campus_volunteers_volunteer_id_fkey references volunteers (id) on delete cascade,
    state text not null,
    note text not null,
    reason text,
    revision integer not null,
    created_at integer not null,
    updated_at integer not null,
    constraint campus_volunteers_pkey primary key (campus_id, volunteer_id),
    constraint campus_volunteers_state check (state in ('applied', 'approved', 'paused', 'suspended'))
) strict;
create index campus_volunteers_volunteer on campus_volunteers (volunteer_id);

create table events (
    id text not null constraint events_pkey primary key,
    campus_id text not null constraint events_campus_id_fkey references campuses (id) on delete cascade,
    campus_request_id text,
    kind text not null,
    state text not null,
    title text not null,
    description text not null,
    mode text not null,
    place text,
    lat real,
    lon real,
    time_zone text not null,
    starts_local text not null,
    ends_local text not null,
    starts_at integer not null,
    ends_at integer not null,
    calendar_sequence integer not null,
    state_reason text,
    published_at integer,
    changed_at integer not null,
    revision integer not null,
    created_at integer not null,
    updated_at integer not null,
    constraint events_time check (starts_at < ends_at),
    constraint events_state check (state in ('draft', 'published', 'postponed', 'in_progress', 'completed', 'cancelled'))
) strict;
create index events_campus_time on events (campus_id, starts_at);
create index events_campus_request on events (campus_request_id);

create table slots (
    id text not null constraint slots_pkey primary key,
    event_id text not null constraint slots_event_id_fkey references events (id) on delete cascade,
    state text not null,
    place text,
    time_zone text not null,
    starts_local text not null,
    ends_local text not null,
    starts_at integer not null,
    ends_at integer not null,
    revision integer not null,
    created_at integer not null,
    updated_at integer not null,
    constraint slots_time check (starts_at < ends_at),
    constraint slots_state check (state in ('open', 'closed', 'cancelled'))
) strict;
create index slots_event on slots (event_id);

create table campus_requests (
    id text not null constraint campus_requests_pkey primary key,
    campus_id text not null constraint campus_requests_campus_id_fkey references campuses (id) on delete cascade,
    requested_by text not null constraint campus_requests_requested_by_fkey references accounts (id) on delete restrict,
    kind text not null,
    state text not null,
    title text not null,
    purpose text not null,
    mode text not null,
    place text,
    lat real,
    lon real,
    time_zone text not null,
    starts_local text not null,
    ends_local text not null,
    starts_at integer not null,
    ends_at integer not null,
    required_skills text not null,
    preferred_skills text not null,
    language text not null,
    decide_by integer not null,
    priority integer not null,
    state_reason text,
    event_id text constraint campus_requests_event_id_fkey references events (id) on delete set null,
    slot_id text constraint campus_requests_slot_id_fkey references slots (id) on delete set null,
    out_of_candidates_at integer,
    revision integer not null,
    created_at integer not null,
    updated_at integer not null,
    constraint campus_requests_time check (starts_at < ends_at),
    constraint campus_requests_priority check (priority between 1 and 5),
    constraint campus_requests_state check (state in ('draft', 'submitted', 'needs_info', 'approved', 'fulfilled', 'closed', 'declined', 'withdrawn', 'cancelled', 'expired'))
) strict;
create index campus_requests_campus on campus_requests (campus_id, state);
create index campus_requests_requested_by on campus_requests (requested_by);
create index campus_requests_open on campus_requests (state, starts_at);

create table campus_request_roles (
    id text not null constraint campus_request_roles_pkey primary key,
    campus_request_id text not null constraint campus_request_roles_campus_request_id_fkey references campus_requests (id) on delete cascade,
    position integer not null,
    name text not null,
    min_seats integer not null,
    max_seats integer not null,
    constraint campus_request_roles_position unique (campus_request_id, position),
    constraint campus_request_roles_seats check (0 <= min_seats and min_seats <= max_seats and 1 <= max_seats)
) strict;

create table exclusions (
    id text not null constraint exclusions_pkey primary key,
    campus_id text not null constraint exclusions_campus_id_fkey references campuses (id) on delete cascade,
    volunteer_id text not null constraint exclusions_volunteer_id_fkey references volunteers (id) on delete cascade,
    campus_request_id text constraint exclusions_campus_request_id_fkey references campus_requests (id) on delete cascade,
    reason text not null,
    revision integer not null,
    created_at integer not null,
    updated_at integer not null
) strict;
create index exclusions_campus on exclusions (campus_id);
create index exclusions_volunteer on exclusions (volunteer_id);

create table proposals (
    id text not null constraint proposals_pkey primary key,
    campus_id text not null constraint proposals_campus_id_fkey references campuses (id) on delete cascade,
    state text not null,
    plan text not null,
    sent_at integer,
    revision integer not null,
    created_at integer not null,
    updated_at integer not null,
    constraint proposals_state check (state in ('draft', 'sent'))
) strict;
create index proposals_campus on proposals (campus_id);

create table offers (
    id text not null constraint offers_pkey primary key,
    campus_id text not null constraint offers_campus_id_fkey references campuses (id) on delete cascade,
    campus_request_id text not null constraint offers_campus_request_id_fkey references campus_requests (id) on delete cascade,
    role_id text not null constraint offers_role_id_fkey references campus_request_roles (id) on delete cascade,
    volunteer_id text not null constraint offers_volunteer_id_fkey references volunteers (id) on delete cascade,
    state text not null,
    deadline integer not null,
    wave integer not null,
    score integer not null,
    reasons text not null,
    token_hash text not null,
    decline_reason text,
    answered_at integer,
    revision integer not null,
    created_at integer not null,
    updated_at integer not null,
    constraint offers_token unique (token_hash),
    constraint offers_state check (state in ('sent', 'accepted', 'declined', 'expired', 'withdrawn', 'superseded'))
) strict;
create unique index offers_one_open on offers (campus_request_id, volunteer_id) where state = 'sent';
create index offers_campus_request on offers (campus_request_id, state);
create index offers_volunteer on offers (volunteer_id, state);
create index offers_deadline on offers (state, deadline);

create table assignments (
    id text not null constraint assignments_pkey primary key,
    campus_id text not null constraint assignments_campus_id_fkey references campuses (id) on delete cascade,
    campus_request_id text not null constraint assignments_campus_request_id_fkey references campus_requests (id) on delete cascade,
    role_id text not null constraint assignments_role_id_fkey references campus_request_roles (id) on delete cascade,
    offer_id text constraint assignments_offer_id_fkey references offers (id) on delete set null,
    volunteer_id text not null constraint assignments_volunteer_id_fkey references volunteers (id) on delete cascade,
    state text not null,
    starts_at integer not null,
    ends_at integer not null,
    override_reason text,
    state_reason text,
    calendar_sequence integer not null,
    changed_at integer not null,
    revision integer not null,
    created_at integer not null,
    updated_at integer not null,
    constraint assignments_offer unique (offer_id),
    constraint assignments_time check (starts_at < ends_at),
    constraint assignments_state check (state in ('confirmed', 'reconfirm_pending', 'checked_in', 'completed', 'no_show', 'released', 'removed', 'cancelled'))
) strict;
create unique index assignments_once on assignments (campus_request_id, volunteer_id) where state in ('confirmed', 'reconfirm_pending', 'checked_in', 'completed', 'no_show');
create index assignments_campus_request on assignments (campus_request_id, state);
create index assignments_volunteer on assignments (volunteer_id, starts_at);

create table attention_items (
    id text not null constraint attention_items_pkey primary key,
    campus_id text not null constraint attention_items_campus_id_fkey references campuses (id) on delete cascade,
    kind text not null,
    subject_type text not null,
    subject_id text not null,
    title text not null,
    detail text not null,
    since integer not null,
    constraint attention_items_subject unique (campus_id, kind, subject_id)
) strict;

create table letters (
    id text not null constraint letters_pkey primary key,
    campus_id text constraint letters_campus_id_fkey references campuses (id) on delete cascade,
    kind text not null,
    thread text not null,
    to_name text not null,
    to_email text not null,
    letter text not null,
    subject text not null,
    message_id text not null,
    state text not null,
    attempts integer not null,
    not_before integer not null,
    lease_owner text,
    lease_until integer,
    last_error text,
    sent_at integer,
    created_at integer not null,
    updated_at integer not null,
    revision integer not null,
    constraint letters_message_id unique (message_id),
    constraint letters_state check (state in ('queued', 'sending', 'sent', 'undeliverable'))
) strict;
create index letters_due on letters (state, not_before);
create index letters_thread on letters (thread, state);
create index letters_campus on letters (campus_id, state);

create table idempotency_keys (
    scope text not null,
    key text not null,
    fingerprint text not null,
    status integer not null,
    headers text not null,
    body blob not null,
    created_at integer not null,
    constraint idempotency_keys_pkey primary key (scope, key)
) strict;
create index idempotency_keys_created on idempotency_keys (created_at);

create table feed_revisions (
    scope text not null constraint feed_revisions_pkey primary key,
    revision integer not null,
    changed_at integer not null
) strict;

-- The second wall behind the rules in Rust: nobody is in two places at once, whoever writes.
create trigger assignments_no_overlap before insert on assignments
when new.override_reason is null and new.state in ('confirmed', 'reconfirm_pending', 'checked_in')
begin
    select raise(abort, 'assignments_no_overlap')
    where exists (
        select 1 from assignments
        where volunteer_id = new.volunteer_id
            and override_reason is null
            and state in ('confirmed', 'reconfirm_pending', 'checked_in')
            and starts_at < new.ends_at and new.starts_at < ends_at
    );
end;
create trigger assignments_no_overlap_on_update before update of state, starts_at, ends_at, volunteer_id on assignments
when new.override_reason is null and new.state in ('confirmed', 'reconfirm_pending', 'checked_in')
begin
    select raise(abort, 'assignments_no_overlap')
    where exists (
        select 1 from assignments
        where volunteer_id = new.volunteer_id and id <> new.id
            and override_reason is null
            and state in ('confirmed', 'reconfirm_pending', 'checked_in')
            and starts_at < new.ends_at and new.starts_at < ends_at
    );
end;
