//! The address of a mail relay: `smtp://user:password@host:port?tls=required` or `smtps://…`.
//!
//! `smtp` talks on port 587 and secures the connection by STARTTLS; on the loopback interface, port 25 and no TLS is the
//! default, since nobody listens in between. `smtps` is TLS from the first byte, on port 465. User and password are
//! percent-encoded where they hold `:`, `/`, `@`, `?` or `%`. The password is never printed.

use std::{fmt, net::IpAddr, str::FromStr};

/// How the connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// Not at all.
    None,
    /// By STARTTLS, or there is no conversation.
    StartTls,
    /// TLS from the first byte.
    Tls,
}

/// Where the relay is and as whom we speak to it.
#[derive(Clone, PartialEq, Eq)]
pub struct SmtpUrl {
    host: String,
    port: u16,
    credentials: Option<(String, String)>,
    security: Security,
}

/// What is wrong with the address of a relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SmtpUrlFault {
    /// Neither `smtp://` nor `smtps://`.
    Scheme,
    /// No host, or one with characters no host has.
    Host,
    /// No number from 1 to 65535.
    Port,
    /// Bad percent-encoding, a control character, or a user without a password.
    Credentials,
    /// Something other than `tls=required` or `tls=none` after the question mark.
    Parameter,
}

impl fmt::Display for SmtpUrlFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scheme => "the address of the mail relay starts with smtp:// or smtps://",
            Self::Host => "the address of the mail relay has no sound host name",
            Self::Port => "the port of the mail relay is a number from 1 to 65535",
            Self::Credentials => "user and password of the mail relay are percent-encoded and come together",
            Self::Parameter => "the address of the mail relay takes ?tls=required or, with smtp://, ?tls=none",
        })
    }
}

impl std::error::Error for SmtpUrlFault {}

impl SmtpUrl {
    /// The host, without brackets.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// How the connection is protected.
    #[must_use]
    pub const fn security(&self) -> Security {
        self.security
    }

    /// User and password.
    #[must_use]
    pub fn credentials(&self) -> Option<(&str, &str)> {
        self.credentials.as_ref().map(|(user, password)| (user.as_str(), password.as_str()))
    }
}

impl FromStr for SmtpUrl {
    type Err = SmtpUrlFault;

    fn from_str(text: &str) -> Result<Self, SmtpUrlFault> {
        let (scheme, rest) = text.trim().split_once("://").ok_or(SmtpUrlFault::Scheme)?;
        let wrapped = match scheme {
            "smtp" => false,
            "smtps" => true,
            _ => return Err(SmtpUrlFault::Scheme),
        };
        let (rest, parameter) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (login, place) = rest.rsplit_once('@').map_or((None, rest), |(login, place)| (Some(login), place));
        let (host, port) = split_port(place)?;
        let security = match (wrapped, parameter) {
            (true, None | Some("tls=required")) => Security::Tls,
            (false, Some("tls=none")) => Security::None,
            (false, None) if is_loopback(&host) => Security::None,
            (false, None | Some("tls=required")) => Security::StartTls,
            (_, Some(_)) => return Err(SmtpUrlFault::Parameter),
        };
        let usual = match security {
            Security::Tls => 465,
            Security::StartTls => 587,
            Security::None => 25,
        };
        let credentials = login.map(credentials).transpose()?;
        Ok(Self { host, port: port.unwrap_or(usual), credentials, security })
    }
}

/// Without user and password.
impl fmt::Display for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, tls) = match self.security {
            Security::Tls => ("smtps", ""),
            Security::StartTls => ("smtp", "?tls=required"),
            Security::None => ("smtp", "?tls=none"),
        };
        let (open, shut) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(f, "{scheme}://{open}{}{shut}:{}{tls}", self.host, self.port)
    }
}

impl fmt::Debug for SmtpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let login = self.credentials.as_ref().map_or("no login", |_| "login ***");
        write!(f, "{self} ({login})")
    }
}

fn split_port(place: &str) -> Result<(String, Option<u16>), SmtpUrlFault> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or(SmtpUrlFault::Host)?;
            host.parse::<IpAddr>().map_err(|_| SmtpUrlFault::Host)?;
            (host, port.strip_prefix(':').or_else(|| port.is_empty().then_some("")).ok_or(SmtpUrlFault::Port)?)
        }
        None => place.split_once(':').unwrap_or((place, "")),
    };
    let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
    if host.is_empty() || !host.bytes().all(sound) {
        return Err(SmtpUrlFault::Host);
    }
    let port = match port {
        "" if place.ends_with(':') => return Err(SmtpUrlFault::Port),
        "" => None,
        digits => Some(digits.parse::<u16>().ok().filter(|port| *port > 0).ok_or(SmtpUrlFault::Port)?),
    };
    Ok((host.to_owned(), port))
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn credentials(login: &str) -> Result<(String, String), SmtpUrlFault> {
    let (user, password) = login.split_once(':').ok_or(SmtpUrlFault::Credentials)?;
    let (user, password) = (decode(user)?, decode(password)?);
    if user.is_empty() { Err(SmtpUrlFault::Credentials) } else { Ok((user, password)) }
}

fn decode(text: &str) -> Result<String, SmtpUrlFault> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let mut digit =
            || rest.next().and_then(|byte| char::from(byte).to_digit(16)).and_then(|d| u8::try_from(d).ok());
        match byte {
            b'%' => match (digit(), digit()) {
                (Some(high), Some(low)) => bytes.push(high * 16 + low),
                _ => return Err(SmtpUrlFault::Credentials),
            },
            other => bytes.push(other),
        }
    }
    let text = String::from_utf8(bytes).map_err(|_| SmtpUrlFault::Credentials)?;
    if text.chars().any(char::is_control) { Err(SmtpUrlFault::Credentials) } else { Ok(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_relays() {
        let check =
            |text: &str, expect: &str| assert_eq!(text.parse::<SmtpUrl>().unwrap().to_string(), expect, "{text}");
        check("smtp://mail.example.edu", "smtp://mail.example.edu:587?tls=required");
        check("smtp://mail.example.edu:25/", "smtp://mail.example.edu:25?tls=required");
        check("smtp://mail.example.edu?tls=none", "smtp://mail.example.edu:25?tls=none");
        check("smtps://mail.example.edu", "smtps://mail.example.edu:465");
        check("smtp://localhost", "smtp://localhost:25?tls=none");
        check("smtp://127.0.0.1:2525?tls=required", "smtp://127.0.0.1:2525?tls=required");
        check("smtp://[::1]:2525", "smtp://[::1]:2525?tls=none");
        check("smtp://ada:secret@mail.example.edu", "smtp://mail.example.edu:587?tls=required");
    }

    #[test]
    fn faults_are_named() {
        let check = |text: &str, expect: SmtpUrlFault| assert_eq!(text.parse::<SmtpUrl>(), Err(expect), "{text}");
        check("mail.example.edu", SmtpUrlFault::Scheme);
        check("http://mail.example.edu", SmtpUrlFault::Scheme);
        check("smtp://", SmtpUrlFault::Host);
        check("smtp://mail example.edu", SmtpUrlFault::Host);
        check("smtp://[mail]:25", SmtpUrlFault::Host);
        check("smtp://mail.example.edu:0", SmtpUrlFault::Port);
        check("smtp://mail.example.edu:", SmtpUrlFault::Port);
        check("smtp://mail.example.edu:65536", SmtpUrlFault::Port);
        check("smtp://ada@mail.example.edu", SmtpUrlFault::Credentials);
        check("smtp://ada:%zz@mail.example.edu", SmtpUrlFault::Credentials);
        check("smtp://ada:a%0d%0ab@mail.example.edu", SmtpUrlFault::Credentials);
        check("smtp://mail.example.edu?tls=maybe", SmtpUrlFault::Parameter);
        check("smtps://mail.example.edu?tls=none", SmtpUrlFault::Parameter);
    }

    #[test]
    fn secrets_are_decoded_and_never_printed() {
        let url: SmtpUrl = "smtp://ada%40example.edu:p%3Aw%2Fd%25@mail.example.edu".parse().unwrap();
        assert_eq!(url.credentials(), Some(("ada@example.edu", "p:w/d%")));
        assert!(!format!("{url} {url:?}").contains("p:w"));
        assert!(!format!("{url} {url:?}").contains("ada"));
    }
}
