//! The tables, as both databases hold them. The twin migrations are the source; a test compares all three.

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    accounts (id) {
        id -> Id,
        email -> Text,
        name -> Text,
        password_hash -> Nullable<Text>,
        email_confirmed_at -> Nullable<Moment>,
        revision -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    sessions (id) {
        id -> Id,
        account_id -> Id,
        created_at -> Moment,
        expires_at -> Moment,
        ended_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    refresh_tokens (token_hash) {
        token_hash -> Text,
        session_id -> Id,
        issued_at -> Moment,
        expires_at -> Moment,
        used_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    sign_in_links (token_hash) {
        token_hash -> Text,
        account_id -> Id,
        issued_at -> Moment,
        expires_at -> Moment,
        used_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    campuses (id) {
        id -> Id,
        slug -> Text,
        name -> Text,
        time_zone -> Text,
        contact_email -> Text,
        lat -> Nullable<Double>,
        lon -> Nullable<Double>,
        offer_hours -> Integer,
        revision -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
        policy_id -> Nullable<Id>,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    members (campus_id, account_id) {
        campus_id -> Id,
        account_id -> Id,
        role -> Text,
        revision -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    volunteers (id) {
        id -> Id,
        account_id -> Id,
        display_name -> Text,
        headline -> Text,
        credentials -> Document,
        skills -> Document,
        kinds -> Document,
        languages -> Document,
        home_lat -> Nullable<Double>,
        home_lon -> Nullable<Double>,
        travel_km -> Nullable<Integer>,
        virtual_ok -> Bool,
        time_zone -> Text,
        availability -> Document,
        max_per_week -> Integer,
        max_per_month -> Integer,
        feed_token_hash -> Nullable<Text>,
        revision -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    campus_volunteers (campus_id, volunteer_id) {
        campus_id -> Id,
        volunteer_id -> Id,
        state -> Text,
        note -> Text,
        reason -> Nullable<Text>,
        revision -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    events (id) {
        id -> Id,
        campus_id -> Id,
        campus_request_id -> Nullable<Id>,
        kind -> Text,
        state -> Text,
        title -> Text,
        description -> Text,
        mode -> Text,
        place -> Nullable<Text>,
        lat -> Nullable<Double>,
        lon -> Nullable<Double>,
        time_zone -> Text,
        starts_local -> Text,
        ends_local -> Text,
        starts_at -> Moment,
        ends_at -> Moment,
        calendar_sequence -> Integer,
        state_reason -> Nullable<Text>,
        published_at -> Nullable<Moment>,
        changed_at -> Moment,
        revision -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
        booking_rules -> Nullable<Document>,
        release_after_minutes -> Nullable<Integer>,
        series_id -> Nullable<Id>,
        presenter -> Nullable<Text>,
        parts -> Nullable<Document>,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    event_series (id) {
        id -> Id,
        campus_id -> Id,
        title -> Text,
        description -> Text,
        state -> Text,
        state_reason -> Nullable<Text>,
        starts_at -> Moment,
        asked -> Document,
        left_out -> Document,
        revision -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    event_campuses (event_id, campus_id) {
        event_id -> Id,
        campus_id -> Id,
        state -> Text,
        invited_at -> Moment,
        answered_at -> Nullable<Moment>,
        revision -> BigInt,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    slots (id) {
        id -> Id,
        event_id -> Id,
        state -> Text,
        place -> Nullable<Text>,
        time_zone -> Text,
        starts_local -> Text,
        ends_local -> Text,
        starts_at -> Moment,
        ends_at -> Moment,
        revision -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
        label -> Nullable<Text>,
        capacity -> BigInt,
        grid_table -> Nullable<Text>,
        grid_building -> Nullable<Text>,
        seats -> BigInt,
        seated -> BigInt,
        unstaffed_since -> Nullable<Moment>,
        part -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    seatings (slot_id, assignment_id) {
        slot_id -> Id,
        assignment_id -> Id,
        created_at -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    office_calendars (campus_id) {
        campus_id -> Id,
        document -> Document,
        revision -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    policies (id) {
        id -> Id,
        campus_id -> Id,
        version -> Integer,
        document -> Document,
        created_at -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    grids (event_id) {
        event_id -> Id,
        document -> Document,
        revision -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    rotations (id) {
        id -> Id,
        campus_id -> Id,
        event_id -> Id,
        state -> Text,
        asked -> Document,
        plan -> Document,
        applied_at -> Nullable<Moment>,
        revision -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    campus_requests (id) {
        id -> Id,
        campus_id -> Id,
        requested_by -> Id,
        kind -> Text,
        state -> Text,
        title -> Text,
        purpose -> Text,
        mode -> Text,
        place -> Nullable<Text>,
        lat -> Nullable<Double>,
        lon -> Nullable<Double>,
        time_zone -> Text,
        starts_local -> Text,
        ends_local -> Text,
        starts_at -> Moment,
        ends_at -> Moment,
        required_skills -> Document,
        preferred_skills -> Document,
        language -> Text,
        decide_by -> Moment,
        priority -> Integer,
        state_reason -> Nullable<Text>,
        event_id -> Nullable<Id>,
        slot_id -> Nullable<Id>,
        out_of_candidates_at -> Nullable<Moment>,
        revision -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    campus_request_roles (id) {
        id -> Id,
        campus_request_id -> Id,
        position -> Integer,
        name -> Text,
        min_seats -> Integer,
        max_seats -> Integer,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    exclusions (id) {
        id -> Id,
        campus_id -> Id,
        volunteer_id -> Id,
        campus_request_id -> Nullable<Id>,
        reason -> Text,
        revision -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    proposals (id) {
        id -> Id,
        campus_id -> Id,
        state -> Text,
        plan -> Document,
        sent_at -> Nullable<Moment>,
        revision -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    matching_runs (id) {
        id -> Id,
        asked_by -> Id,
        asked -> Document,
        state -> Text,
        step -> Integer,
        steps -> Integer,
        value -> Nullable<BigInt>,
        bound -> Nullable<BigInt>,
        result -> Nullable<Document>,
        failure -> Nullable<Text>,
        attempts -> Integer,
        leased_until -> Nullable<Moment>,
        created_at -> Moment,
        started_at -> Nullable<Moment>,
        finished_at -> Nullable<Moment>,
    }
}

diesel::table! {
    use crate::store::columns::Id;
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    matching_run_campuses (matching_run_id, campus_id) {
        matching_run_id -> Id,
        campus_id -> Id,
        proposal_id -> Nullable<Id>,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    offers (id) {
        id -> Id,
        campus_id -> Id,
        campus_request_id -> Id,
        role_id -> Id,
        volunteer_id -> Id,
        state -> Text,
        deadline -> Moment,
        wave -> Integer,
        score -> Integer,
        reasons -> Document,
        token_hash -> Text,
        decline_reason -> Nullable<Text>,
        answered_at -> Nullable<Moment>,
        revision -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    assignments (id) {
        id -> Id,
        campus_id -> Id,
        campus_request_id -> Id,
        role_id -> Id,
        offer_id -> Nullable<Id>,
        volunteer_id -> Id,
        state -> Text,
        starts_at -> Moment,
        ends_at -> Moment,
        override_reason -> Nullable<Text>,
        state_reason -> Nullable<Text>,
        calendar_sequence -> Integer,
        changed_at -> Moment,
        revision -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
        checked_in_at -> Nullable<Moment>,
        checked_out_at -> Nullable<Moment>,
        marked_from -> Nullable<Text>,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    hours_entries (id) {
        id -> Id,
        campus_id -> Id,
        volunteer_id -> Id,
        assignment_id -> Nullable<Id>,
        reverses_id -> Nullable<Id>,
        kind -> Text,
        title -> Text,
        role -> Nullable<Text>,
        worked_on -> Text,
        from_at -> Nullable<Moment>,
        until_at -> Nullable<Moment>,
        minutes -> BigInt,
        reason -> Nullable<Text>,
        account_id -> Nullable<Id>,
        created_at -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    attention_items (id) {
        id -> Id,
        campus_id -> Id,
        kind -> Text,
        subject_type -> Text,
        subject_id -> Text,
        title -> Text,
        detail -> Text,
        since -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    bounced_addresses (email) {
        email -> Text,
        letter_id -> Id,
        said -> Text,
        since -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    letters (id) {
        id -> Id,
        campus_id -> Nullable<Id>,
        kind -> Text,
        thread -> Text,
        to_name -> Text,
        to_email -> Text,
        letter -> Document,
        subject -> Text,
        message_id -> Text,
        state -> Text,
        attempts -> Integer,
        not_before -> Moment,
        lease_owner -> Nullable<Text>,
        lease_until -> Nullable<Moment>,
        last_error -> Nullable<Text>,
        sent_at -> Nullable<Moment>,
        created_at -> Moment,
        updated_at -> Moment,
        revision -> BigInt,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    idempotency_keys (scope, key) {
        scope -> Text,
        key -> Text,
        fingerprint -> Text,
        status -> Integer,
        headers -> Document,
        body -> Binary,
        created_at -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    feed_revisions (scope) {
        scope -> Text,
        revision -> BigInt,
        changed_at -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    portals (id) {
        id -> Id,
        campus_id -> Id,
        name -> Text,
        key_hash -> Text,
        revoked_at -> Nullable<Moment>,
        revision -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    students (id) {
        id -> Id,
        campus_id -> Id,
        external_ref -> Text,
        name -> Text,
        email -> Text,
        majors -> Document,
        year -> Nullable<Text>,
        cohorts -> Document,
        revision -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    waitlist_entries (id) {
        id -> Id,
        campus_id -> Id,
        event_id -> Id,
        student_id -> Id,
        from_at -> Nullable<Moment>,
        until_at -> Nullable<Moment>,
        slot_ids -> Document,
        state -> Text,
        booking_id -> Nullable<Id>,
        offer_deadline -> Nullable<Moment>,
        revision -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
        party -> Integer,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    bookings (id) {
        id -> Id,
        campus_id -> Id,
        event_id -> Id,
        slot_id -> Id,
        student_id -> Id,
        waitlist_entry_id -> Nullable<Id>,
        owner_id -> Id,
        state -> Text,
        held_until -> Nullable<Moment>,
        late -> Bool,
        marked_from -> Nullable<Text>,
        state_reason -> Nullable<Text>,
        starts_at -> Moment,
        ends_at -> Moment,
        checked_in_at -> Nullable<Moment>,
        calendar_sequence -> Integer,
        changed_at -> Moment,
        revision -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
        override_reason -> Nullable<Text>,
        policy_id -> Nullable<Id>,
        code -> Text,
        walk_in -> Bool,
        released_at -> Nullable<Moment>,
        as_no_show -> Bool,
        handed_in_at -> Nullable<Moment>,
        moved_closer -> Bool,
        party -> Integer,
    }
}

diesel::table! {
    use crate::store::columns::{Document, Id, Moment};
    use diesel::sql_types::*;

    #[allow(missing_docs)]
    place_log (id) {
        id -> Id,
        event_id -> Id,
        at -> Moment,
        what -> Text,
        student_id -> Id,
        slot_id -> Nullable<Id>,
        booking_id -> Nullable<Id>,
        entry_id -> Nullable<Id>,
        by_whom -> Text,
        reason -> Text,
    }
}

diesel::joinable!(sessions -> accounts (account_id));
diesel::joinable!(refresh_tokens -> sessions (session_id));
diesel::joinable!(sign_in_links -> accounts (account_id));
diesel::joinable!(members -> campuses (campus_id));
diesel::joinable!(members -> accounts (account_id));
diesel::joinable!(volunteers -> accounts (account_id));
diesel::joinable!(campus_volunteers -> campuses (campus_id));
diesel::joinable!(campus_volunteers -> volunteers (volunteer_id));
diesel::joinable!(events -> campuses (campus_id));
diesel::joinable!(event_series -> campuses (campus_id));
diesel::joinable!(event_campuses -> events (event_id));
diesel::joinable!(event_campuses -> campuses (campus_id));
diesel::joinable!(slots -> events (event_id));
diesel::joinable!(seatings -> slots (slot_id));
diesel::joinable!(seatings -> assignments (assignment_id));
diesel::joinable!(grids -> events (event_id));
diesel::joinable!(office_calendars -> campuses (campus_id));
diesel::joinable!(policies -> campuses (campus_id));
diesel::joinable!(rotations -> events (event_id));
diesel::joinable!(campus_requests -> campuses (campus_id));
diesel::joinable!(campus_requests -> accounts (requested_by));
diesel::joinable!(campus_requests -> events (event_id));
diesel::joinable!(campus_request_roles -> campus_requests (campus_request_id));
diesel::joinable!(exclusions -> campuses (campus_id));
diesel::joinable!(exclusions -> volunteers (volunteer_id));
diesel::joinable!(exclusions -> campus_requests (campus_request_id));
diesel::joinable!(proposals -> campuses (campus_id));
diesel::joinable!(matching_runs -> accounts (asked_by));
diesel::joinable!(matching_run_campuses -> matching_runs (matching_run_id));
diesel::joinable!(matching_run_campuses -> campuses (campus_id));
diesel::joinable!(matching_run_campuses -> proposals (proposal_id));
diesel::joinable!(offers -> campuses (campus_id));
diesel::joinable!(offers -> campus_requests (campus_request_id));
diesel::joinable!(offers -> campus_request_roles (role_id));
diesel::joinable!(offers -> volunteers (volunteer_id));
diesel::joinable!(assignments -> campuses (campus_id));
diesel::joinable!(assignments -> campus_requests (campus_request_id));
diesel::joinable!(assignments -> campus_request_roles (role_id));
diesel::joinable!(assignments -> offers (offer_id));
diesel::joinable!(assignments -> volunteers (volunteer_id));
diesel::joinable!(hours_entries -> campuses (campus_id));
diesel::joinable!(hours_entries -> volunteers (volunteer_id));
diesel::joinable!(attention_items -> campuses (campus_id));
diesel::joinable!(letters -> campuses (campus_id));
diesel::joinable!(portals -> campuses (campus_id));
diesel::joinable!(students -> campuses (campus_id));
diesel::joinable!(waitlist_entries -> events (event_id));
diesel::joinable!(waitlist_entries -> students (student_id));
diesel::joinable!(bookings -> events (event_id));
diesel::joinable!(bookings -> slots (slot_id));
diesel::joinable!(bookings -> students (student_id));
diesel::joinable!(place_log -> events (event_id));
diesel::joinable!(place_log -> students (student_id));

diesel::allow_tables_to_appear_in_same_query!(
    accounts,
    bounced_addresses,
    sessions,
    refresh_tokens,
    sign_in_links,
    campuses,
    members,
    volunteers,
    campus_volunteers,
    events,
    event_series,
    event_campuses,
    slots,
    seatings,
    grids,
    office_calendars,
    policies,
    rotations,
    campus_requests,
    campus_request_roles,
    exclusions,
    proposals,
    matching_runs,
    matching_run_campuses,
    offers,
    assignments,
    hours_entries,
    attention_items,
    letters,
    idempotency_keys,
    feed_revisions,
    portals,
    students,
    waitlist_entries,
    bookings,
    place_log,
);
