//! Accounts: people who can sign in.
//!
//! An account has no rights of its own; memberships and a volunteer profile give them. Absent on purpose: the password,
//! of which only a hash is kept and only [`check_new_password`] is a rule.

use crate::domain::ids::AccountId;
use crate::domain::letter::{Email, Person};
use crate::domain::refusal::{Invalid, line};
use crate::domain::time::Instant;

/// The most characters of a person's name.
const LONGEST_NAME: usize = 120;
/// The fewest characters of a new password.
const SHORTEST_PASSWORD: usize = 10;
/// The most characters of any password.
const LONGEST_PASSWORD: usize = 200;

/// A person who can sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its identity.
    pub id: AccountId,
    /// Where letters go; no two accounts share one.
    pub email: Email,
    /// How the person is called in letters.
    pub name: String,
    /// When a link that went to the address was first used; until then anybody may have typed it.
    pub email_confirmed: Option<Instant>,
    /// When it was opened.
    pub created: Instant,
}

impl Account {
    /// The person, as letters address them.
    #[must_use]
    pub fn person(&self) -> Person {
        Person::new(&self.name, self.email.clone())
    }
}

/// A person as somebody names them: an address and a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The address.
    pub email: Email,
    /// The name.
    pub name: String,
}

impl Named {
    /// The person of this address and name (1 to 120 characters, one line).
    ///
    /// # Errors
    /// Every fault of `email` and `name`.
    pub fn new(email: &str, name: &str) -> Result<Self, Vec<Invalid>> {
        match (email_of("email", email), line("name", name, 1, LONGEST_NAME)) {
            (Ok(email), Ok(name)) => Ok(Self { email, name }),
            (email, name) => Err(email.err().into_iter().chain(name.err()).collect()),
        }
    }
}

/// Reads the e-mail address in `field`; not even a space around it is forgiven.
///
/// # Errors
/// [`Invalid`] with `required` or `invalid_format`.
pub fn email_of(field: &str, text: &str) -> Result<Email, Invalid> {
    if text.trim().is_empty() {
        return Err(Invalid::new(field, "required", "it must not be empty"));
    }
    Email::parse(text).ok().filter(|email| email.as_str().len() == text.len()).ok_or_else(|| {
        let shown: String = text.chars().take(100).collect();
        Invalid::new(field, "invalid_format", format!("{shown:?} is no e-mail address of the form name@example.edu"))
    })
}

/// Whether `text` may be somebody's new password: 10 to 200 characters of any kind.
///
/// # Errors
/// [`Invalid`] with `required`, `too_short` or `too_long`; the password is not in it.
pub fn check_new_password(field: &str, text: &str) -> Result<(), Invalid> {
    let length = text.chars().count();
    if length == 0 {
        return Err(Invalid::new(field, "required", "it must not be empty"));
    }
    if length < SHORTEST_PASSWORD {
        let detail = format!("it has {length} characters, at least {SHORTEST_PASSWORD} are needed");
        return Err(Invalid::new(field, "too_short", detail));
    }
    check_password(field, text)
}

/// Whether `text` can be anybody's password, so that it is worth comparing.
///
/// # Errors
/// [`Invalid`] with `required` or `too_long`; the password is not in it.
pub fn check_password(field: &str, text: &str) -> Result<(), Invalid> {
    match text.chars().count() {
        0 => Err(Invalid::new(field, "required", "it must not be empty")),
        1..=LONGEST_PASSWORD => Ok(()),
        length => {
            let detail = format!("it has {length} characters, at most {LONGEST_PASSWORD} are taken");
            Err(Invalid::new(field, "too_long", detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_needs_an_address_and_a_name() {
        let check = |email: &str, name: &str, expect: &[(&str, &str)]| {
            let faults = Named::new(email, name).err().unwrap_or_default();
            let faults: Vec<_> = faults.iter().map(|fault| (fault.field.as_str(), fault.code)).collect();
            assert_eq!(faults, expect, "{email:?} {name:?}");
        };
        check("ada@example.edu", "Ada L.", &[]);
        check("", " ", &[("email", "required"), ("name", "required")]);
        check("ada", "Ada", &[("email", "invalid_format")]);
        check(" ada@example.edu", "Ada", &[("email", "invalid_format")]);
        check(
            "ada@example.edu\r\nBcc: x@example.edu",
            "Ada\r\nBcc: x",
            &[("email", "invalid_format"), ("name", "control_character")],
        );
        check("ada@example.edu", &"a".repeat(121), &[("name", "too_long")]);
        assert_eq!(Named::new("Ada@Example.EDU", " Ada ").unwrap().email.as_str(), "ada@example.edu");
    }

    #[test]
    fn a_password_has_a_length_and_no_other_rule() {
        let check = |text: &str, expect: Result<(), &str>| {
            assert_eq!(check_new_password("password", text).map_err(|fault| fault.code), expect, "{text:?}");
        };
        check("0123456789", Ok(()));
        check("ééééé ééé\t", Ok(()));
        check("012345678", Err("too_short"));
        check("", Err("required"));
        check(&"x".repeat(200), Ok(()));
        check(&"x".repeat(201), Err("too_long"));
        assert_eq!(check_password("password", "x"), Ok(()));
        assert!(!check_new_password("password", "sesame").unwrap_err().detail.contains("sesame"));
    }
}
