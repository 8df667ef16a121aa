//! The codes of all problems, in one table: what programs branch on, and what `/problems/{code}` tells people.

/// The code of a problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The request cannot be read.
    BadRequest,
    /// The body is not JSON.
    InvalidJson,
    /// A query parameter has a wrong value.
    InvalidParameter,
    /// There is no such query parameter.
    UnknownParameter,
    /// The cursor is not one of ours.
    InvalidCursor,
    /// A header has a wrong value.
    InvalidHeader,
    /// Sign in first.
    Unauthenticated,
    /// The access token is not valid.
    InvalidToken,
    /// The access token has expired.
    TokenExpired,
    /// The session has ended.
    SessionEnded,
    /// E-mail address or password is wrong.
    WrongCredentials,
    /// The refresh token is not valid.
    InvalidRefreshToken,
    /// The sign-in link is not valid.
    InvalidSignInLink,
    /// Your role does not allow this.
    Forbidden,
    /// There is nothing here.
    NotFound,
    /// This method is not for this address.
    MethodNotAllowed,
    /// The body took too long to arrive.
    RequestTimeout,
    /// This is not possible now.
    WrongState,
    /// This e-mail address has an account.
    EmailTaken,
    /// This person is a member already.
    AlreadyMember,
    /// A campus needs a coordinator.
    LastCoordinator,
    /// You have a volunteer profile already.
    ProfileExists,
    /// Make your volunteer profile first.
    NoVolunteerProfile,
    /// You have applied to this campus already.
    AlreadyApplied,
    /// This exclusion stands already.
    ExclusionExists,
    /// The offer is no longer open.
    OfferNotOpen,
    /// The seat has been taken.
    OfferTakenElsewhere,
    /// Another commitment is in the way.
    Overlap,
    /// The limit of engagements is reached.
    CapReached,
    /// The volunteer is not approved at this campus.
    NotApproved,
    /// It has begun already.
    HasBegun,
    /// The volunteer is not eligible.
    NotEligible,
    /// Every seat of this role is taken or held.
    SeatsFull,
    /// A plan is being made already.
    MatchingUnderWay,
    /// The volunteer holds an open offer for this need.
    AlreadyOffered,
    /// The volunteer has a seat in this need.
    AlreadyAssigned,
    /// The slot has no free place.
    SlotFull,
    /// The slot takes nobody.
    SlotClosed,
    /// Booking is not open.
    BookingClosed,
    /// The student has this place.
    AlreadyBooked,
    /// The student left this place.
    PlaceLeft,
    /// The student has as many places as one may have.
    LimitReached,
    /// Somebody else holds this place.
    HoldOfAnother,
    /// The hold has run out.
    HoldExpired,
    /// The student is on the waitlist.
    AlreadyWaiting,
    /// A place is free now.
    PlacesFree,
    /// More places are taken than would be left.
    CapacityBelowTaken,
    /// More volunteers sit there than that.
    SeatsBelowSeated,
    /// Nobody sits there for the students.
    SlotUnstaffed,
    /// Students would be left alone.
    SeatingBlocked,
    /// People are in slots that would go or change.
    GridBlocked,
    /// Slots cannot be moved with their event.
    SlotsUnmovable,
    /// Slots belong to a part that would go, or would lie outside it.
    PartInUse,
    /// Dates of the series have to be decided about.
    SeriesBlocked,
    /// The student cannot have a place in every meeting.
    SeriesNotFree,
    /// Places of the plan are not as it was made for.
    RotationStale,
    /// It is too early for this.
    TooEarly,
    /// The policy no longer takes a cancellation.
    TooLateToCancel,
    /// What somebody did before keeps them from booking.
    BlockedByPolicy,
    /// It is over.
    IsOver,
    /// The student is checked in.
    AlreadyCheckedIn,
    /// The place is no longer held.
    OfferExpired,
    /// Somebody changed it meanwhile.
    Stale,
    /// The body is too large.
    BodyTooLarge,
    /// The body must be JSON.
    UnsupportedMediaType,
    /// Some fields are wrong.
    InvalidFields,
    /// The table cannot be read.
    UnreadableTable,
    /// The letter cannot be read.
    UnreadableLetter,
    /// The table has too many lines.
    TooManyLines,
    /// This key was used for another request.
    IdempotencyKeyReused,
    /// Say which revision you saw.
    PreconditionRequired,
    /// Too many requests.
    TooManyRequests,
    /// Something went wrong on our side.
    Internal,
    /// Too much to do just now.
    Overloaded,
    /// Not available just now.
    Unavailable,
}

impl Code {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::BadRequest,
        Self::InvalidJson,
        Self::InvalidParameter,
        Self::UnknownParameter,
        Self::InvalidCursor,
        Self::InvalidHeader,
        Self::Unauthenticated,
        Self::InvalidToken,
        Self::TokenExpired,
        Self::SessionEnded,
        Self::WrongCredentials,
        Self::InvalidRefreshToken,
        Self::InvalidSignInLink,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::RequestTimeout,
        Self::WrongState,
        Self::EmailTaken,
        Self::AlreadyMember,
        Self::LastCoordinator,
        Self::ProfileExists,
        Self::NoVolunteerProfile,
        Self::AlreadyApplied,
        Self::ExclusionExists,
        Self::OfferNotOpen,
        Self::OfferTakenElsewhere,
        Self::Overlap,
        Self::CapReached,
        Self::NotApproved,
        Self::HasBegun,
        Self::NotEligible,
        Self::SeatsFull,
        Self::MatchingUnderWay,
        Self::AlreadyOffered,
        Self::AlreadyAssigned,
        Self::SlotFull,
        Self::SlotClosed,
        Self::BookingClosed,
        Self::AlreadyBooked,
        Self::PlaceLeft,
        Self::LimitReached,
        Self::HoldOfAnother,
        Self::HoldExpired,
        Self::AlreadyWaiting,
        Self::PlacesFree,
        Self::CapacityBelowTaken,
        Self::SeatsBelowSeated,
        Self::SlotUnstaffed,
        Self::SeatingBlocked,
        Self::GridBlocked,
        Self::SlotsUnmovable,
        Self::PartInUse,
        Self::SeriesBlocked,
        Self::SeriesNotFree,
        Self::RotationStale,
        Self::TooEarly,
        Self::TooLateToCancel,
        Self::BlockedByPolicy,
        Self::IsOver,
        Self::AlreadyCheckedIn,
        Self::OfferExpired,
        Self::Stale,
        Self::BodyTooLarge,
        Self::UnsupportedMediaType,
        Self::InvalidFields,
        Self::UnreadableTable,
        Self::UnreadableLetter,
        Self::TooManyLines,
        Self::IdempotencyKeyReused,
        Self::PreconditionRequired,
        Self::TooManyRequests,
        Self::Internal,
        Self::Overloaded,
        Self::Unavailable,
    ];

    /// The code as programs read it.
    pub const fn as_str(self) -> &'static str {
        self.row().0
    }

    /// The HTTP status that goes with it.
    pub const fn status(self) -> u16 {
        self.row().1
    }

    /// The problem in one short sentence, the same each time.
    pub const fn title(self) -> &'static str {
        self.row().2
    }

    /// What it means and what to do about it.
    pub const fn help(self) -> &'static str {
        self.row().3
    }

    #[allow(clippy::too_many_lines, reason = "one table")]
    const fn row(self) -> (&'static str, u16, &'static str, &'static str) {
        match self {
            Self::BadRequest => (
                "bad_request",
                400,
                "The request cannot be read",
                "The request line, a header or the way the body is sent could not be read. Compare what you send with the HTTP standard.",
            ),
            Self::InvalidJson => (
                "invalid_json",
                400,
                "The body is not JSON",
                "The body must be one JSON document in UTF-8, not nested deeper than a hundred levels. The detail says where reading stopped.",
            ),
            Self::InvalidParameter => (
                "invalid_parameter",
                400,
                "A query parameter has a wrong value",
                "A query parameter has a value it cannot take. The detail names the parameter and the value.",
            ),
            Self::UnknownParameter => (
                "unknown_parameter",
                400,
                "There is no such query parameter",
                "The address has a query parameter that this operation does not know. The detail names it.",
            ),
            Self::InvalidCursor => (
                "invalid_cursor",
                400,
                "The cursor is not one of ours",
                "Cursors are taken whole from the `next` link of the list they belong to. Start again without one.",
            ),
            Self::InvalidHeader => (
                "invalid_header",
                400,
                "A header has a wrong value",
                "A header such as Idempotency-Key or If-Match has a value it cannot take.",
            ),
            Self::Unauthenticated => (
                "unauthenticated",
                401,
                "Sign in first",
                "Send an access token: `Authorization: Bearer …`. A session is opened at POST /v1/sessions.",
            ),
            Self::InvalidToken => (
                "invalid_token",
                401,
                "The access token is not valid",
                "The access token was not issued by this service or has been altered. Open a session again.",
            ),
            Self::TokenExpired => (
                "token_expired",
                401,
                "The access token has expired",
                "Access tokens are short-lived. Exchange the refresh token at POST /v1/sessions/refresh.",
            ),
            Self::SessionEnded => (
                "session_ended",
                401,
                "The session has ended",
                "Somebody signed out of this session, or it lay idle for too long. Open a new one.",
            ),
            Self::WrongCredentials => (
                "wrong_credentials",
                401,
                "E-mail address or password is wrong",
                "The e-mail address or the password is wrong. Which of the two is not said.",
            ),
            Self::InvalidRefreshToken => (
                "invalid_refresh_token",
                401,
                "The refresh token is not valid",
                "A refresh token can be used once. Using an old one again ends the session, since it may have been stolen.",
            ),
            Self::InvalidSignInLink => (
                "invalid_sign_in_link",
                401,
                "The sign-in link is not valid",
                "Sign-in links work once and for half an hour. Ask for a new one.",
            ),
            Self::Forbidden => (
                "forbidden",
                403,
                "Your role does not allow this",
                "You are known here, and your role does not include this. A coordinator of the campus can do it, or give you the role.",
            ),
            Self::NotFound => (
                "not_found",
                404,
                "There is nothing here",
                "There is nothing at this address, or nothing that you may know of.",
            ),
            Self::MethodNotAllowed => (
                "method_not_allowed",
                405,
                "This method is not for this address",
                "The address exists and does not take this method. The Allow header lists those it takes.",
            ),
            Self::RequestTimeout => (
                "request_timeout",
                408,
                "The body took too long to arrive",
                "The body did not arrive in time. Send it again.",
            ),
            Self::WrongState => (
                "wrong_state",
                409,
                "This is not possible now",
                "What you asked for is not possible in the state the thing is in. Read it again; the detail names the state.",
            ),
            Self::EmailTaken => (
                "email_taken",
                409,
                "This e-mail address has an account",
                "An account with this e-mail address exists. Sign in, or ask for a sign-in link.",
            ),
            Self::AlreadyMember => (
                "already_member",
                409,
                "This person is a member already",
                "This person is a member of the campus already. Change the role instead.",
            ),
            Self::LastCoordinator => (
                "last_coordinator",
                409,
                "A campus needs a coordinator",
                "Somebody must be able to run the campus. Name another coordinator first.",
            ),
            Self::ProfileExists => (
                "profile_exists",
                409,
                "You have a volunteer profile already",
                "An account has one volunteer profile. Change the one you have.",
            ),
            Self::NoVolunteerProfile => (
                "no_volunteer_profile",
                409,
                "Make your volunteer profile first",
                "Campuses approve people by their profile. Make yours first, at POST /v1/volunteers.",
            ),
            Self::AlreadyApplied => (
                "already_applied",
                409,
                "You have applied to this campus already",
                "You have applied to this campus already.",
            ),
            Self::ExclusionExists => {
                ("exclusion_exists", 409, "This exclusion stands already", "This exclusion stands already.")
            }
            Self::OfferNotOpen => (
                "offer_not_open",
                409,
                "The offer is no longer open",
                "The offer was answered, ran out or was withdrawn. The detail says which.",
            ),
            Self::OfferTakenElsewhere => (
                "offer_taken_elsewhere",
                409,
                "The seat has been taken",
                "Somebody else has the seat. Where there are others for you, `alternatives` lists them.",
            ),
            Self::Overlap => (
                "overlap",
                409,
                "Another commitment is in the way",
                "The volunteer or student has another commitment at that time, travel between the two places included.",
            ),
            Self::CapReached => (
                "cap_reached",
                409,
                "The limit of engagements is reached",
                "The volunteer set a limit of engagements for a week or a month, and it is used up.",
            ),
            Self::NotApproved => (
                "not_approved",
                409,
                "The volunteer is not approved at this campus",
                "The volunteer is not approved at this campus, or is paused or suspended.",
            ),
            Self::HasBegun => (
                "has_begun",
                409,
                "It has begun already",
                "What has begun can no longer be offered, accepted or staffed.",
            ),
            Self::NotEligible => (
                "not_eligible",
                409,
                "The rules do not allow it",
                "The volunteer does not fit the need, or the student is not among those the event is for. `refusals` lists the rules that stand in the way.",
            ),
            Self::MatchingUnderWay => (
                "matching_under_way",
                409,
                "A plan is being made already",
                "A campus has one matching run at a time. Watch the one under way, which matching_run_id names, or call it off.",
            ),
            Self::SeatsFull => (
                "seats_full",
                409,
                "Every seat of this role is taken or held",
                "Every seat of this role is taken or held by an open offer.",
            ),
            Self::AlreadyOffered => (
                "already_offered",
                409,
                "The volunteer holds an open offer for this need",
                "The volunteer holds an open offer for this need.",
            ),
            Self::AlreadyAssigned => (
                "already_assigned",
                409,
                "The volunteer has a seat in this need",
                "The volunteer has a seat in this need.",
            ),
            Self::SlotFull => (
                "slot_full",
                409,
                "Every place of this slot is taken",
                "Every place is taken, held, or promised to somebody who waits. `alternatives` lists other slots with a free place; the waitlist is at POST /v1/events/{id}/waitlist.",
            ),
            Self::SlotClosed => (
                "slot_closed",
                409,
                "The slot is closed",
                "The slot is closed or called off, or its event is not open to students.",
            ),
            Self::BookingClosed => (
                "booking_closed",
                409,
                "This is not open for booking",
                "Booking opens later, or has closed. The detail says when.",
            ),
            Self::PlaceLeft => (
                "place_left",
                409,
                "The student left this place",
                "A roster names a place that the student had and gave back or was moved from. An import does not undo that; book the place by hand if it is meant.",
            ),
            Self::AlreadyBooked => {
                ("already_booked", 409, "The student has a place in this slot", "The student has a place in this slot.")
            }
            Self::LimitReached => (
                "limit_reached",
                409,
                "The student has as many places as the event allows",
                "The event limits how many places one student may have at a time.",
            ),
            Self::HoldOfAnother => {
                ("hold_of_another", 409, "Somebody else holds this place", "A hold is confirmed by whoever made it.")
            }
            Self::HoldExpired => {
                ("hold_expired", 409, "The hold has run out", "A hold keeps its place for some minutes. Book again.")
            }
            Self::AlreadyWaiting => (
                "already_waiting",
                409,
                "The student waits for this event already",
                "The student waits for a place in this event already.",
            ),
            Self::PlacesFree => (
                "places_free",
                409,
                "A place is free now",
                "There is a free place that would do: book it. `alternatives` lists them.",
            ),
            Self::CapacityBelowTaken => (
                "capacity_below_taken",
                409,
                "More places are taken than that",
                "Say in `moves` who goes to which other slot, or move or cancel bookings first. `taken` says how many places \
                 would be left taken.",
            ),
            Self::SeatsBelowSeated => (
                "seats_below_seated",
                409,
                "More volunteers sit there than that",
                "Seat one of them elsewhere first. `seated` says how many sit there.",
            ),
            Self::SlotUnstaffed => (
                "slot_unstaffed",
                409,
                "Nobody sits there at present",
                "The slot waits for a volunteer. `alternatives` are other slots with free places; the waitlist is another way.",
            ),
            Self::SeatingBlocked => (
                "seating_blocked",
                409,
                "Students would be left alone",
                "Nothing was changed. `slot_ids` names the slots at which students would have nobody: seat somebody else there in \
                 the same call, or send `rebook`.",
            ),
            Self::GridBlocked => (
                "grid_blocked",
                409,
                "People stand in the way of this grid",
                "Nothing was changed. `changes` names each slot in the way: say in `moves` who goes where, cancel their bookings, or \
                 keep the table and time in the grid. `dry_run` shows the same beforehand.",
            ),
            Self::SlotsUnmovable => (
                "slots_unmovable",
                409,
                "Slots cannot be moved with their event",
                "Nothing was changed. `plan.unmovable` names each slot and why: the clocks skip its new time or show it \
                 twice (send `fold`), or it would not lie within the event. Choose another time, or change or cancel those \
                 slots first. `dry_run` shows the same beforehand.",
            ),
            Self::PartInUse => (
                "part_in_use",
                409,
                "Slots belong to a part of the event",
                "Nothing was changed. `slot_ids` names up to 20 slots that would belong to no part, or lie outside theirs: keep the \
                 part's key and hours around them, or give those slots another `part`, or null, first.",
            ),
            Self::SeriesBlocked => (
                "series_blocked",
                409,
                "Dates of the series have to be decided about",
                "Nothing was done. `plan.blocked` names each date and why: a holiday (say `on_holiday`), a time that the clocks \
                 skip or show twice (say `fold`, or give that date other hours), or two meetings that overlap. `dry_run` shows \
                 the same beforehand.",
            ),
            Self::SeriesNotFree => (
                "series_not_free",
                409,
                "Not every meeting has a place for the student",
                "Nothing was booked. `missed` names each meeting and what stands in the way. Send `partial` to book the others, \
                 or book single meetings.",
            ),
            Self::RotationStale => (
                "rotation_stale",
                409,
                "Something has changed since the plan was made",
                "Nothing was booked and nobody was told. `conflicts` names each interview that is not possible any more. Plan \
                 anew: what is booked by now counts as fixed.",
            ),
            Self::TooEarly => (
                "too_early",
                409,
                "It is too early for this",
                "Marks of the day are set on the day. The detail says from when on.",
            ),
            Self::TooLateToCancel => (
                "too_late_to_cancel",
                409,
                "It is too late to cancel this",
                "The policy under which the place was booked no longer takes a cancellation, or not this way. The detail \
                 says until when it did and how it is still possible; the office can set the rule aside with a reason.",
            ),
            Self::BlockedByPolicy => (
                "blocked_by_policy",
                409,
                "The policy keeps this student from booking",
                "Late cancellations, places that were not used or late arrivals have consequences under the campus's policy. \
                 The detail says which and until when; the student's standing says why, and the office can set it aside with a reason.",
            ),
            Self::IsOver => (
                "is_over",
                409,
                "It is over",
                "Nobody is let in any more where the time of the slot has passed. The detail says when it ended. Who came all \
                 the same is marked by hand.",
            ),
            Self::AlreadyCheckedIn => (
                "already_checked_in",
                409,
                "The student is checked in",
                "This code was shown before, and the student is in. `checked_in_at` says since when.",
            ),
            Self::OfferExpired => (
                "offer_expired",
                409,
                "The offer has run out",
                "The time to answer is over, and the place went to the next.",
            ),
            Self::Stale => (
                "stale",
                412,
                "Somebody changed it meanwhile",
                "Somebody changed it since you read it. Read it again, look at the change, and send yours with the new ETag.",
            ),
            Self::BodyTooLarge => (
                "body_too_large",
                413,
                "The body is too large",
                "The body is larger than this operation takes: 256 KiB of JSON, 16 KiB of a form.",
            ),
            Self::UnsupportedMediaType => (
                "unsupported_media_type",
                415,
                "The body must be JSON",
                "Send `Content-Type: application/json`, in UTF-8.",
            ),
            Self::InvalidFields => (
                "invalid_fields",
                422,
                "Some fields are wrong",
                "The body was read, and some fields hold what they cannot. `errors` points at each of them.",
            ),
            Self::UnreadableTable => (
                "unreadable_table",
                422,
                "The table cannot be read",
                "The file is no table that can be read as a whole: its encoding, its columns or its quotation marks are wrong. The detail says what and what to do; nothing was done with it.",
            ),
            Self::UnreadableLetter => (
                "unreadable_letter",
                422,
                "The letter cannot be read",
                "These octets are no letter that is taken in: they have no headers, or too many parts, or are too many. The detail says which; nothing was done.",
            ),
            Self::TooManyLines => (
                "too_many_lines",
                422,
                "There are too many lines",
                "A file may have only so many lines at a time, coming in or going out. The detail says how many; send or ask for it in parts.",
            ),
            Self::IdempotencyKeyReused => (
                "idempotency_key_reused",
                422,
                "This key was used for another request",
                "An Idempotency-Key belongs to one request. This one came with another body before; choose a new key.",
            ),
            Self::PreconditionRequired => (
                "precondition_required",
                428,
                "Say which revision you saw",
                "Send `If-Match` with the ETag of the revision you read, so that nobody's change is lost.",
            ),
            Self::TooManyRequests => (
                "too_many_requests",
                429,
                "Too many requests",
                "Too many tries in a short time. Wait as long as Retry-After says.",
            ),
            Self::Internal => (
                "internal",
                500,
                "Something went wrong on our side",
                "Something went wrong on our side. Nothing was changed. The request id helps to find it in the logs.",
            ),
            Self::Overloaded => (
                "overloaded",
                503,
                "Too much to do just now",
                "More is asked for than can be done just now. Nothing was changed; try again after Retry-After.",
            ),
            Self::Unavailable => (
                "unavailable",
                503,
                "Not available just now",
                "The service cannot reach its database, or is being stopped. Try again after Retry-After.",
            ),
        }
    }
}

/// A text that is no code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownCode;

impl std::str::FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text).ok_or(UnknownCode)
    }
}
