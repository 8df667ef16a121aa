//! Secrets that open something by themselves: refresh tokens, sign-in links, offer links, private feeds.
//!
//! 256 random bits each. Only the SHA-256 hash is kept; a hash without salt is enough, since what is hashed cannot be
//! guessed, and it lets the database find the row. Absent on purpose: comparing in constant time, because nothing is
//! compared: a hash is looked up.

use std::fmt;

use aws_lc_rs::{digest, rand};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// How many random bytes a secret has.
const BYTES: usize = 32;

/// A secret, on its way to the one it is for. It is not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new secret.
    ///
    /// # Panics
    /// When the operating system has no randomness, without which nothing here may go on.
    #[must_use]
    pub fn mint() -> Self {
        Self(URL_SAFE_NO_PAD.encode(random_bytes()))
    }

    /// The secret itself, 43 characters of base64url, to be handed out.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> String {
        hash(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

/// What is kept of the secret `text`, whoever brings it: SHA-256 in base64url.
#[must_use]
pub fn hash(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

/// 256 random bits.
///
/// # Panics
/// As [`Secret::mint`].
#[must_use]
#[expect(clippy::expect_used, reason = "the operating system's randomness fails on no system this runs on")]
pub fn random_bytes() -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    rand::fill(&mut bytes).expect("the operating system has no randomness");
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_long_and_never_the_same() {
        let (one, two) = (Secret::mint(), Secret::mint());
        assert_ne!(one, two);
        assert_eq!(one.reveal().len(), 43);
        assert!(one.reveal().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
    }

    #[test]
    fn what_is_kept_is_the_hash_of_what_is_brought() {
        let secret = Secret::mint();
        assert_eq!(hash(secret.reveal()), secret.hash());
        assert_ne!(secret.hash(), secret.reveal());
        assert_eq!(hash("abc"), "ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0");
    }

    #[test]
    fn a_secret_does_not_show_itself() {
        let secret = Secret::mint();
        assert!(!format!("{secret:?}").contains(secret.reveal()));
    }
}
