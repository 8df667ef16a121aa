//! Access tokens: JWTs as RFC 8725 advises and RFC 9068 names them.
//!
//! One algorithm (HS256 with 256 random bits), `typ` is `at+jwt`, `iss`, `aud`, `exp`, `iat` and `jti` are checked, and a
//! token that asks for anything more by `crit` is refused. A token says who and which session, never what they may do:
//! rights are read from the database at each call. Absent on purpose: key rotation (a new key ends every access token,
//! and the next refresh brings a new one), and a clock of its own.

use std::fmt;

use chrono::TimeDelta;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::domain::ids::{AccountId, SessionId};
use crate::domain::time::Instant;

/// For how long an access token is good.
pub const LIFE: TimeDelta = TimeDelta::minutes(15);

/// How far the clock of the node that made a token may be ahead of ours.
const CLOCK_SKEW: TimeDelta = TimeDelta::seconds(30);

/// What the `typ` of every token says, so that no other kind of JWT passes for one.
const TYPE: &str = "at+jwt";

/// No token of ours comes near this length; what does is not worth decoding.
const LONGEST: usize = 2048;

/// Makes and reads access tokens.
pub struct Tokens {
    sign: EncodingKey,
    verify: DecodingKey,
    issuer: String,
    audience: String,
    rules: Validation,
}

/// Whom a token speaks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bearer {
    /// The account.
    pub account: AccountId,
    /// The session, which may have ended meanwhile.
    pub session: SessionId,
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFault {
    /// It was one of ours; its time is over.
    Expired,
    /// It is not one of ours, or was altered.
    Invalid,
}

impl fmt::Display for TokenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "the access token has expired",
            Self::Invalid => "the access token is not valid",
        })
    }
}

impl std::error::Error for TokenFault {}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Claims {
    iss: String,
    aud: String,
    sub: String,
    sid: String,
    jti: String,
    iat: i64,
    exp: i64,
}

impl Tokens {
    /// Tokens under `key`, issued by and for the site at `issuer`.
    #[must_use]
    pub fn new(key: &[u8; 32], issuer: &str) -> Self {
        let audience = format!("{issuer}/v1");
        let mut rules = Validation::new(Algorithm::HS256);
        rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
        rules.set_issuer(&[issuer]);
        rules.set_audience(&[&audience]);
        // The library would ask the system's clock; ours is an argument, see `verify`.
        rules.validate_exp = false;
        Self {
            sign: EncodingKey::from_secret(key),
            verify: DecodingKey::from_secret(key),
            issuer: issuer.to_owned(),
            audience,
            rules,
        }
    }

    /// A token for `bearer`, good from `now` for [`LIFE`].
    ///
    /// # Panics
    /// Never: the library's faults are those of other algorithms and of claims that are no JSON.
    #[must_use]
    #[expect(clippy::expect_used, reason = "an HMAC of a few strings has nothing that could fail")]
    pub fn issue(&self, bearer: Bearer, now: Instant) -> String {
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: bearer.account.to_string(),
            sid: bearer.session.to_string(),
            jti: Uuid::now_v7().to_string(),
            iat: now.unix(),
            exp: now.plus(LIFE).unix(),
        };
        let header = Header { typ: Some(TYPE.to_owned()), ..Header::new(Algorithm::HS256) };
        jsonwebtoken::encode(&header, &claims, &self.sign).expect("a token could not be signed")
    }

    /// Whom `token` speaks for, at `now`.
    ///
    /// # Errors
    /// [`TokenFault::Expired`] for a token of ours that is too old, [`TokenFault::Invalid`] for all else.
    pub fn verify(&self, token: &str, now: Instant) -> Result<Bearer, TokenFault> {
        if token.len() > LONGEST {
            return Err(TokenFault::Invalid);
        }
        let token =
            jsonwebtoken::decode::<Claims>(token, &self.verify, &self.rules).map_err(|_| TokenFault::Invalid)?;
        let (header, claims) = (token.header, token.claims);
        // No extension is known here, so that a token which calls one critical must be refused (RFC 7515 §4.1.11).
        if header.typ.as_deref() != Some(TYPE) || header.crit.is_some() || Uuid::try_parse(&claims.jti).is_err() {
            return Err(TokenFault::Invalid);
        }
        let long = claims.exp.checked_sub(claims.iat).is_none_or(|life| !(1..=LIFE.num_seconds()).contains(&life));
        if long || claims.iat > now.plus(CLOCK_SKEW).unix() {
            return Err(TokenFault::Invalid);
        }
        let bearer = Bearer {
            account: claims.sub.parse().map_err(|_| TokenFault::Invalid)?,
            session: claims.sid.parse().map_err(|_| TokenFault::Invalid)?,
        };
        if claims.exp <= now.unix() { Err(TokenFault::Expired) } else { Ok(bearer) }
    }
}

/// The key is not shown.
impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::hmac;
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    const KEY: [u8; 32] = [7; 32];
    const SITE: &str = "https://rostrum.example.edu";
    const NOW: Instant = Instant::from_unix(1_800_000_000);

    fn tokens() -> Tokens {
        Tokens::new(&KEY, SITE)
    }

    fn bearer() -> Bearer {
        Bearer {
            account: "01a19a60-7c12-7d05-a3c8-61f2e4b7a903".parse().unwrap(),
            session: "01a19a60-7c12-7d05-a3c8-61f2e4b7a904".parse().unwrap(),
        }
    }

    fn header() -> Value {
        json!({ "alg": "HS256", "typ": "at+jwt" })
    }

    fn claims() -> Value {
        json!({
            "iss": SITE, "aud": format!("{SITE}/v1"), "sub": bearer().account.to_string(),
            "sid": bearer().session.to_string(), "jti": "01a19a60-7c12-7d05-a3c8-61f2e4b7a905",
            "iat": NOW.unix(), "exp": NOW.unix() + 900,
        })
    }

    /// A token put together by hand, its signature right for `key` whatever it says.
    fn forged(header: &Value, claims: &Value, key: &[u8]) -> String {
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn with(mut value: Value, changes: &Value) -> Value {
        for (name, change) in changes.as_object().unwrap() {
            match change {
                Value::Null => value.as_object_mut().unwrap().remove(name),
                change => value.as_object_mut().unwrap().insert(name.clone(), change.clone()),
            };
        }
        value
    }

    #[test]
    fn a_token_speaks_for_its_bearer_until_it_expires() {
        let token = tokens().issue(bearer(), NOW);
        let check = |seconds: i64, expect| {
            assert_eq!(tokens().verify(&token, Instant::from_unix(NOW.unix() + seconds)), expect, "{seconds}");
        };
        check(0, Ok(bearer()));
        check(899, Ok(bearer()));
        check(900, Err(TokenFault::Expired));
        check(90_000, Err(TokenFault::Expired));
        // From a node whose clock is a little ahead, but no further.
        check(-30, Ok(bearer()));
        check(-31, Err(TokenFault::Invalid));
    }

    #[test]
    fn a_token_made_by_hand_passes_only_when_all_of_it_is_right() {
        let check = |header_changes: Value, claims_changes: Value, expect| {
            let token = forged(&with(header(), &header_changes), &with(claims(), &claims_changes), &KEY);
            assert_eq!(tokens().verify(&token, NOW), expect, "{header_changes} {claims_changes}");
        };
        check(json!({}), json!({}), Ok(bearer()));
        let no = Err(TokenFault::Invalid);
        for header in [
            json!({ "alg": "none" }),
            json!({ "alg": "None" }),
            json!({ "alg": "HS512" }),
            json!({ "alg": "EdDSA" }),
            json!({ "alg": "RS256" }),
            json!({ "alg": 5 }),
            json!({ "alg": null }),
            json!({ "typ": "JWT" }),
            json!({ "typ": null }),
            json!({ "typ": "id+jwt" }),
            json!({ "crit": ["exp"] }),
            json!({ "crit": ["b64"], "b64": false }),
            json!({ "crit": [] }),
            json!({ "crit": "exp" }),
        ] {
            check(header, json!({}), no);
        }
        for claims in [
            json!({ "iss": "https://elsewhere.example" }),
            json!({ "iss": null }),
            json!({ "aud": SITE }),
            json!({ "aud": ["https://rostrum.example.edu/v1", "x"] }),
            json!({ "aud": null }),
            json!({ "sub": "ada" }),
            json!({ "sub": null }),
            json!({ "sid": "" }),
            json!({ "sid": null }),
            json!({ "jti": "1" }),
            json!({ "jti": null }),
            json!({ "iat": NOW.unix() + 31, "exp": NOW.unix() + 100 }),
            json!({ "iat": null }),
            json!({ "iat": i64::MIN }),
            json!({ "exp": NOW.unix() + 901 }),
            json!({ "exp": NOW.unix() }),
            json!({ "exp": i64::MAX }),
            json!({ "exp": "tomorrow" }),
            json!({ "exp": null }),
            json!({ "role": "coordinator" }),
        ] {
            check(json!({}), claims, no);
        }
        check(json!({}), json!({ "iat": NOW.unix() - 901, "exp": NOW.unix() - 1 }), Err(TokenFault::Expired));
        // An expired token of somebody else's is not called expired.
        let old = with(claims(), &json!({ "iat": NOW.unix() - 901, "exp": NOW.unix() - 1 }));
        assert_eq!(tokens().verify(&forged(&header(), &old, &[8; 32]), NOW), no);
    }

    #[test]
    fn another_key_or_no_signature_is_no_token() {
        let token = tokens().issue(bearer(), NOW);
        let (message, _) = token.rsplit_once('.').unwrap();
        let elsewhere = Tokens::new(&KEY, "https://elsewhere.example").issue(bearer(), NOW);
        for token in [
            forged(&header(), &claims(), &[8; 32]),
            forged(&header(), &claims(), b""),
            forged(&with(header(), &json!({ "alg": "none" })), &claims(), b""),
            format!("{message}."),
            message.to_owned(),
            elsewhere,
            format!("{token}."),
            format!("{token}="),
            format!(" {token}"),
            token.repeat(9),
            String::new(),
            "..".to_owned(),
            "é.é.é".to_owned(),
        ] {
            assert_eq!(tokens().verify(&token, NOW), Err(TokenFault::Invalid), "{token}");
        }
    }

    #[test]
    fn the_key_does_not_show() {
        assert!(!format!("{:?}", tokens()).contains('7'));
    }

    proptest! {
        #[test]
        fn a_token_with_one_character_changed_is_no_token(at in 0_usize..1000, to in "[A-Za-z0-9_.-]") {
            let token = tokens().issue(bearer(), NOW);
            let at = at % token.len();
            prop_assume!(token[at..=at] != to);
            let altered = format!("{}{to}{}", &token[..at], &token[at + 1..]);
            prop_assert_eq!(tokens().verify(&altered, NOW), Err(TokenFault::Invalid));
        }

        #[test]
        fn no_text_is_a_token(text in ".{0,200}") {
            prop_assert_eq!(tokens().verify(&text, NOW), Err(TokenFault::Invalid));
        }
    }
}
