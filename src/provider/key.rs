//! The admin key in use: a secret that cannot be printed.
//!
//! The text leaves this type in one form only, a header value that is marked sensitive. It is wiped from memory when
//! it is dropped; copies that the environment or the HTTP stack hold are not.

use http::HeaderValue;
use secrecy::{ExposeSecret as _, SecretString};

/// Characters of the key that must stand in a text in a row to be taken for a piece of it.
const PIECE_CHARS: usize = 8;

/// Prefix of the keys that the admin API wants (API contract, section 1).
const ADMIN_PREFIX: &str = "sk-admin-";
/// Prefixes of other keys that the provider makes, the longest first.
const OTHER_PREFIXES: [&str; 5] = ["sk-svcacct-", "sk-proj-", "sk-None-", "sess-", "sk-"];

/// The admin key that this run authenticates with.
///
/// `Debug` shows nothing of it and there is no `Display`.
#[derive(Debug, Clone)]
pub struct Credential {
    secret: SecretString,
    header: HeaderValue,
}

/// Why a text cannot be a key. The text itself is not in the error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// Nothing but white space.
    #[error("the admin key is empty")]
    Empty,
    /// White space inside, a control character, or one outside ASCII.
    #[error("the admin key has a character that no key has, at position {position}")]
    NotPrintable {
        /// Position of the character, from 1.
        position: usize,
    },
}

/// What kind of key a text is, by its prefix. A prefix is a sign, not a proof (API contract, section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// `sk-admin-`: what the admin API wants.
    Admin,
    /// Another kind that the provider makes, with its prefix.
    Other(&'static str),
    /// No prefix that is known.
    Unknown,
}

impl Credential {
    /// Takes a key, without white space around it.
    pub fn parse(text: &str) -> Result<Self, CredentialError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(CredentialError::Empty);
        }
        if let Some(index) = text.chars().position(|c| !c.is_ascii_graphic()) {
            return Err(CredentialError::NotPrintable {
                position: index + 1,
            });
        }
        let mut header = HeaderValue::try_from(format!("Bearer {text}"))
            // Unreachable: printable ASCII is a header value.
            .map_err(|_never| CredentialError::NotPrintable { position: 1 })?;
        header.set_sensitive(true);
        Ok(Self {
            secret: SecretString::from(text),
            header,
        })
    }

    /// What kind of key it is, by its prefix.
    pub fn kind(&self) -> KeyKind {
        let text = self.secret.expose_secret();
        if text.starts_with(ADMIN_PREFIX) {
            return KeyKind::Admin;
        }
        OTHER_PREFIXES
            .into_iter()
            .find(|prefix| text.starts_with(prefix))
            .map_or(KeyKind::Unknown, KeyKind::Other)
    }

    /// The beginning that every key of its kind has.
    fn kind_prefix(&self) -> &'static str {
        match self.kind() {
            KeyKind::Admin => ADMIN_PREFIX,
            KeyKind::Other(prefix) => prefix,
            KeyKind::Unknown => "",
        }
    }

    /// The `Authorization` header, marked sensitive.
    pub(super) fn header(&self) -> HeaderValue {
        self.header.clone()
    }

    /// Whether a shortened form, such as `sk-admin-ab...wxyz`, can be of this key.
    ///
    /// The text before the first dots is a prefix, the text after the last ones a suffix. A form that keeps nothing
    /// but the kind's own prefix fits every key, so it fits none.
    pub(super) fn matches_redacted(&self, redacted: &str) -> bool {
        let key = self.secret.expose_secret();
        let is_dot = |c| matches!(c, '.' | '…' | '*');
        let redacted = redacted.trim();
        let (Some(first), Some(last)) = (redacted.find(is_dot), redacted.rfind(is_dot)) else {
            return false;
        };
        let prefix = &redacted[..first];
        let suffix = redacted[last..].trim_start_matches(is_dot);
        let tells = !suffix.is_empty() || prefix.len() > self.kind_prefix().len();
        tells
            && key.len() > prefix.len() + suffix.len()
            && key.starts_with(prefix)
            && key.ends_with(suffix)
    }

    /// The text without any piece of the key: a server may repeat what it was sent.
    pub(super) fn scrub(&self, text: &str) -> String {
        let key = self.secret.expose_secret();
        let piece_len = PIECE_CHARS.min(key.len());
        // The kind's prefix is no secret, and messages speak of it.
        let secret_from = (self.kind_prefix().len() + 1).saturating_sub(piece_len);
        // Both are compared as bytes: the key is ASCII, so a piece begins and ends at a character of the text.
        let pieces: Vec<&[u8]> = key.as_bytes()[secret_from..].windows(piece_len).collect();
        let mut scrubbed = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            match covered(rest.as_bytes(), &pieces) {
                0 => {
                    scrubbed.push(first);
                    rest = &rest[first.len_utf8()..];
                }
                covered => {
                    scrubbed.push_str("[redacted]");
                    rest = &rest[covered..];
                }
            }
        }
        scrubbed
    }
}

/// How many bytes at the head of `text` belong to pieces of the key, each beginning within the one before.
fn covered(text: &[u8], pieces: &[&[u8]]) -> usize {
    let mut end = 0;
    let mut start = 0;
    while start <= end && start < text.len() {
        if let Some(piece) = pieces.iter().find(|piece| text[start..].starts_with(piece)) {
            end = start + piece.len();
        } else if end == 0 {
            return 0;
        }
        start += 1;
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "sk-admin-testAAAABBBBCCCCDDDD0123456789";

    #[test]
    fn a_key_cannot_be_printed() {
        let key = Credential::parse(KEY).unwrap();
        let debug = format!("{key:?} {:?} {:#?}", key.header(), key.clone());
        assert!(
            !debug.contains("test") && !debug.contains("AAAA"),
            "{debug}"
        );
        assert!(debug.contains("Sensitive"), "{debug}");
    }

    #[test]
    fn white_space_around_a_key_is_not_part_of_it() {
        let key = Credential::parse(&format!(" \r\n{KEY}\n\t")).unwrap();
        assert_eq!(key.header(), format!("Bearer {KEY}"));
        for (text, error) in [
            ("", CredentialError::Empty),
            (" \n", CredentialError::Empty),
            (
                "sk-admin-a b",
                CredentialError::NotPrintable { position: 11 },
            ),
            ("sk\n-x", CredentialError::NotPrintable { position: 3 }),
            ("sk-ä", CredentialError::NotPrintable { position: 4 }),
            ("sk-\u{7f}", CredentialError::NotPrintable { position: 4 }),
        ] {
            assert_eq!(Credential::parse(text).unwrap_err(), error, "{text:?}");
        }
    }

    #[test]
    fn the_prefix_tells_the_kind() {
        for (text, kind) in [
            (KEY, KeyKind::Admin),
            ("sk-proj-test", KeyKind::Other("sk-proj-")),
            ("sk-svcacct-test", KeyKind::Other("sk-svcacct-")),
            ("sk-test", KeyKind::Other("sk-")),
            ("sess-test", KeyKind::Other("sess-")),
            ("hello", KeyKind::Unknown),
        ] {
            assert_eq!(Credential::parse(text).unwrap().kind(), kind, "{text}");
        }
    }

    #[test]
    fn a_shortened_form_fits_by_prefix_and_suffix() {
        let key = Credential::parse(KEY).unwrap();
        for (redacted, fits) in [
            ("sk-admin-testAA...6789", true),
            ("sk-admin...789", true),
            ("sk-admin...6789", true),
            ("sk-admin-****6789", true),
            ("sk-admin-testA…", true),
            ("...6789", true),
            ("sk-admin-testA...", true),
            ("sk-admin...788", false),
            ("sk-admin-other...6789", false),
            ("sk-admin-...", false),
            ("sk-...", false),
            ("...", false),
            ("", false),
            (KEY, false),
            ("sk-admin-testAAAABBBBCCCCDDDD...DDDD0123456789", false),
        ] {
            assert_eq!(key.matches_redacted(redacted), fits, "{redacted}");
        }
    }

    #[test]
    fn pieces_of_the_key_are_taken_out_of_a_text() {
        let key = Credential::parse(KEY).unwrap();
        for text in [
            "Incorrect API key: sk-adm***6789",
            "use an sk-admin- key",
            "ä no key here",
            "",
        ] {
            assert_eq!(key.scrub(text), text);
        }
        assert_eq!(
            key.scrub(&format!("got Bearer {KEY}!")),
            "got Bearer sk[redacted]!"
        );
        assert_eq!(key.scrub("…AAAABBBBCCCC…"), "…[redacted]…");
        assert_eq!(key.scrub("AAAABBBB AAAABBB"), "[redacted] AAAABBB");
        assert_eq!(
            Credential::parse("abc").unwrap().scrub("xabcx"),
            "x[redacted]x"
        );
    }
}
