//! E-mail addresses in the one form in which two spellings of an address are equal.
//!
//! Trimmed, ASCII-lower-cased, with the domain in its ASCII (IDNA) form. There is no plus or dot folding: whether
//! `a.b@x` and `ab@x` reach one mailbox is the mail provider's rule, not the organization's.

use std::fmt;

use email_address::{EmailAddress, Options};
use serde::{Deserialize, Serialize};

/// Octets in an address at most (RFC 5321, 4.5.3.1.3, less the angle brackets).
const EMAIL_BYTES_MAX: usize = 254;

/// A normalised e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email {
    text: String,
    /// Byte position of the `@` that separates the local part from the domain.
    at: usize,
}

/// Why a text is not an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// There is no `@`.
    #[error("there is no `@` in it")]
    NoAt,
    /// Longer than an address may be.
    #[error("it has {bytes} bytes, and an address has {EMAIL_BYTES_MAX} at most")]
    TooLong {
        /// Octets of the normalised text.
        bytes: usize,
    },
    /// The part after the `@` is not a domain name.
    #[error("`{domain}` is not a domain name")]
    Domain {
        /// The text after the last `@`.
        domain: String,
    },
    /// Anything else that RFC 5322 or this program does not take.
    #[error("{reason}")]
    Syntax {
        /// What the address grammar objects to.
        reason: String,
    },
}

impl Email {
    /// Parses and normalises an address.
    ///
    /// Quoted and non-ASCII local parts are taken as they are; control, bidirectional and zero-width characters,
    /// domain literals and single-label domains are not.
    pub fn parse(text: &str) -> Result<Self, EmailError> {
        let trimmed = text.trim();
        let (local, domain) = trimmed.rsplit_once('@').ok_or(EmailError::NoAt)?;
        let domain_ascii = idna::domain_to_ascii_strict(domain)
            .ok()
            .filter(|ascii| ascii.contains('.'));
        let Some(domain_ascii) = domain_ascii else {
            return Err(EmailError::Domain {
                domain: domain.to_owned(),
            });
        };
        let text = format!("{}@{domain_ascii}", local.to_ascii_lowercase());
        if text.len() > EMAIL_BYTES_MAX {
            return Err(EmailError::TooLong { bytes: text.len() });
        }
        let grammar = Options::default()
            .with_required_tld()
            .without_domain_literal()
            .without_display_text();
        EmailAddress::parse_with_options(&text, grammar).map_err(|error| EmailError::Syntax {
            reason: error.to_string().to_lowercase(),
        })?;
        Ok(Self {
            at: local.len(),
            text,
        })
    }

    /// The whole normalised address.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The part before the `@`.
    pub fn local(&self) -> &str {
        &self.text[..self.at]
    }

    /// The address as a person reads it: the domain in Unicode.
    pub fn to_unicode(&self) -> String {
        format!(
            "{}@{}",
            self.local(),
            idna::domain_to_unicode(self.domain()).0
        )
    }

    /// The domain in ASCII.
    pub fn domain(&self) -> &str {
        &self.text[self.at + 1..]
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TryFrom<String> for Email {
    type Error = EmailError;

    fn try_from(text: String) -> Result<Self, EmailError> {
        Self::parse(&text)
    }
}

impl From<Email> for String {
    fn from(email: Email) -> Self {
        email.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_of_one_address_are_equal() {
        for (left, right) in [
            ("Ada@Acme.DEV", "ada@acme.dev"),
            ("  ada@acme.dev\t", "ada@acme.dev"),
            ("ada@straße.de", "ada@xn--strae-oqa.de"),
            ("ada@ACME.dev", "ada@acme.dev"),
        ] {
            assert_eq!(
                Email::parse(left).unwrap(),
                Email::parse(right).unwrap(),
                "{left}"
            );
        }
    }

    #[test]
    fn dots_and_plus_are_not_folded() {
        let plain = Email::parse("adalovelace@acme.dev").unwrap();
        for other in ["ada.lovelace@acme.dev", "adalovelace+x@acme.dev"] {
            assert_ne!(plain, Email::parse(other).unwrap(), "{other}");
        }
    }

    #[test]
    fn unusual_addresses_round_trip() {
        for text in [
            "\"a b\"@acme.dev",
            "o'hara@acme.dev",
            "a+b.c@acme.dev",
            "дана@acme.dev",
            "\"a@b\"@acme.dev",
        ] {
            let email = Email::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(email.as_str(), text);
            assert_eq!(Email::parse(email.as_str()).unwrap(), email);
            assert_eq!(email.domain(), "acme.dev");
        }
    }

    #[test]
    fn what_is_not_an_address_says_why() {
        for (text, reason) in [
            ("ada", "there is no `@` in it"),
            ("ada@", "`` is not a domain name"),
            ("ada@localhost", "`localhost` is not a domain name"),
            ("ada@x_y.dev", "`x_y.dev` is not a domain name"),
            ("ada@-x.dev", "`-x.dev` is not a domain name"),
        ] {
            assert_eq!(
                Email::parse(text).unwrap_err().to_string(),
                reason,
                "{text}"
            );
        }
        for text in [
            "",
            "@acme.dev",
            "a b@acme.dev",
            "a..b@acme.dev",
            "a\u{202e}b@acme.dev",
            "a\u{200b}@acme.dev",
            "a\n@acme.dev",
            "Ada <ada@acme.dev>",
        ] {
            assert!(Email::parse(text).is_err(), "{text:?}");
        }
        let long = format!("{}@acme.dev", "a".repeat(300));
        assert!(matches!(
            Email::parse(&long),
            Err(EmailError::TooLong { bytes: 309 })
        ));
    }
}
