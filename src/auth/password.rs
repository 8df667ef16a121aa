//! Passwords: argon2id with the parameters that OWASP names, kept as PHC strings.
//!
//! One hash takes 19 MiB and tens of milliseconds on purpose, so it runs on a blocking thread, at most two at once, and
//! never inside a write. An unknown address costs as much as a known one: it is compared with a hash that nothing fits.
//! Absent on purpose: rules about digits and signs, which make passwords worse, and a pepper.

use std::fmt;
use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use tokio::sync::Semaphore;

use super::secret;

/// How many hashes are worked on at once.
const AT_ONCE: usize = 2;
/// How many callers may wait for a turn, before others are told to come back.
const WAITING: usize = 64;

/// 19 MiB, two passes, one lane: <https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html>.
const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// A hash of the same cost as all others, of random bytes that nobody kept.
const OF_NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$aKp0zUR6+8WJyTPs244gOA$WZVrk/VnmHmnwJvLXHil2IG39uXvhnh+sdQCdXxVm5U";

/// A password on its way through, of the length that the domain allows; it is not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

impl Password {
    /// A password as it was typed.
    #[must_use]
    pub const fn new(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PasswordFault {
    /// Too many wait for a turn.
    Busy,
    /// The library or a thread failed, in its words.
    Broken(String),
}

impl fmt::Display for PasswordFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy => f.write_str("too many passwords wait to be hashed"),
            Self::Broken(why) => write!(f, "a password could not be hashed: {why}"),
        }
    }
}

impl std::error::Error for PasswordFault {}

/// Hashes passwords and compares them with their hashes; cheap to clone.
#[derive(Debug, Clone)]
pub struct Passwords {
    waiting: Arc<Semaphore>,
    turns: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { waiting: Arc::new(Semaphore::new(AT_ONCE + WAITING)), turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Passwords {
    /// The PHC string of `password`, with a new salt.
    ///
    /// # Errors
    /// [`PasswordFault::Busy`] when too many wait.
    pub async fn hash(&self, password: Password) -> Result<String, PasswordFault> {
        self.in_turn(move || hash_now(&password)).await
    }

    /// Whether `password` is the one that `kept` was made of. Without a `kept` hash the answer is no, and takes as long.
    ///
    /// # Errors
    /// [`PasswordFault::Busy`] when too many wait.
    pub async fn verify(&self, password: Password, kept: Option<String>) -> Result<bool, PasswordFault> {
        self.in_turn(move || verify_now(&password, kept.as_deref())).await
    }

    async fn in_turn<T, F>(&self, work: F) -> Result<T, PasswordFault>
    where
        F: FnOnce() -> Result<T, PasswordFault> + Send + 'static,
        T: Send + 'static,
    {
        let place = self.waiting.clone().try_acquire_owned().map_err(|_| PasswordFault::Busy)?;
        let turn = self.turns.clone().acquire_owned().await.map_err(|_| PasswordFault::Busy)?;
        // The turn goes along: when the caller gives up, the hash goes on, and still counts.
        let done = tokio::task::spawn_blocking(move || {
            let _held = (place, turn);
            work()
        });
        done.await.map_err(|fault| PasswordFault::Broken(fault.to_string()))?
    }
}

fn argon2() -> Result<Argon2<'static>, PasswordFault> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|fault| broken(&fault))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash_now(password: &Password) -> Result<String, PasswordFault> {
    let salt = secret::random_bytes();
    let (salt, _) = salt.split_at(16);
    let hash: PasswordHash =
        argon2()?.hash_password_with_salt(password.0.as_bytes(), salt).map_err(|fault| broken(&fault))?;
    Ok(hash.to_string())
}

fn verify_now(password: &Password, kept: Option<&str>) -> Result<bool, PasswordFault> {
    let hash = PasswordHash::new(kept.unwrap_or(OF_NOBODY)).map_err(|fault| broken(&fault))?;
    // The cost is read from the hash itself, so that one of an older cost still works.
    let fits = argon2()?.verify_password(password.0.as_bytes(), &hash).is_ok();
    Ok(fits && kept.is_some())
}

fn broken(fault: &dyn fmt::Display) -> PasswordFault {
    PasswordFault::Broken(fault.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> Password {
        Password::new(text.to_owned())
    }

    #[test]
    fn a_password_fits_its_own_hash_alone() {
        let hash = hash_now(&password("correct horse battery")).unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        let check = |text: &str, expect| assert_eq!(verify_now(&password(text), Some(&hash)), Ok(expect), "{text}");
        check("correct horse battery", true);
        check("correct horse battery ", false);
        check("Correct horse battery", false);
        check("", false);
        assert_ne!(hash_now(&password("correct horse battery")).unwrap(), hash);
    }

    #[test]
    fn nobody_has_a_password_that_costs_the_same_to_refuse() {
        let nobody = PasswordHash::new(OF_NOBODY).unwrap();
        let somebody = PasswordHash::new(&hash_now(&password("correct horse battery")).unwrap()).unwrap();
        assert_eq!(
            (nobody.algorithm, nobody.version, &nobody.params),
            (somebody.algorithm, somebody.version, &somebody.params)
        );
        assert_eq!(nobody.hash.unwrap().len(), somebody.hash.unwrap().len());
        assert_eq!(verify_now(&password(""), None), Ok(false));
    }

    #[test]
    fn a_hash_that_cannot_be_read_is_a_fault_and_fits_nothing() {
        for kept in ["", "plain", "$argon2id$v=19$m=19456", "$2b$10$abc"] {
            assert!(!matches!(verify_now(&password("x"), Some(kept)), Ok(true)), "{kept}");
        }
    }

    #[test]
    fn a_password_does_not_show_itself() {
        assert_eq!(format!("{:?}", password("correct horse")), "Password(***)");
    }

    #[tokio::test]
    async fn when_too_many_wait_the_next_is_sent_away() {
        let passwords = Passwords::default();
        let _all = passwords.waiting.clone().try_acquire_many_owned(66).unwrap();
        assert_eq!(passwords.verify(password("x"), None).await, Err(PasswordFault::Busy));
    }

    #[tokio::test]
    async fn it_runs_beside_the_caller() {
        let passwords = Passwords::default();
        let hash = passwords.hash(password("correct horse battery")).await.unwrap();
        assert_eq!(passwords.verify(password("correct horse battery"), Some(hash)).await, Ok(true));
        assert_eq!(passwords.turns.available_permits(), 2);
    }
}
