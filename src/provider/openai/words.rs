//! The provider's words in an error: three shapes, their class, and what they object to.
//!
//! Three shapes occur, plus whatever stands between here and the API (API contract, section 10). A body in none of
//! them was not written by the API, whatever its status says; that matters most for a 404, which on a deletion means
//! "already gone" when the API says it, and "nothing was reached" when a proxy does.

use http::StatusCode;
use serde_json::Value;

use crate::provider::{ErrorKind, KeyKind, Objection};

/// The provider's words in an error.
#[derive(Debug)]
pub(super) struct Words {
    /// The message: untrusted text, of any length.
    pub(super) message: String,
    /// `code` and `type`, where they are texts.
    codes: [String; 2],
}

impl Words {
    /// Reads the three shapes (API contract, section 10); `None`: these are not the provider's words.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let Value::Object(body) = serde_json::from_slice(body).ok()? else {
            return None;
        };
        let code_of = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        match (body.get("error"), body.get("message"), body.get("code")) {
            (Some(Value::Object(error)), _, _) => Some(Self {
                message: error.get("message")?.as_str()?.to_owned(),
                codes: [
                    code_of(error.get("code")).unwrap_or_default(),
                    code_of(error.get("type")).unwrap_or_default(),
                ],
            }),
            // Web frameworks answer `{"error": "Not Found", "path": …}`; the API sends the bare text alone.
            (Some(Value::String(message)), None, None) if body.len() == 1 => Some(Self {
                message: message.clone(),
                codes: Default::default(),
            }),
            // Gateways answer `{"message": …}`; the API sends a number with it.
            (None, Some(Value::String(message)), Some(Value::Number(_))) => Some(Self {
                message: message.clone(),
                codes: Default::default(),
            }),
            _ => None,
        }
    }

    /// Whether no waiting helps, because a quota or credit is used up.
    fn say_quota(&self) -> bool {
        self.has_code(&QUOTA_CODES) || self.say(&QUOTA_PHRASES)
    }

    /// Whether the message has one of these lower-case phrases.
    fn say(&self, phrases: &[&str]) -> bool {
        let message = self.message.to_ascii_lowercase();
        phrases.iter().any(|phrase| message.contains(phrase))
    }

    fn has_code(&self, codes: &[&str]) -> bool {
        self.codes.iter().any(|code| codes.contains(&code.as_str()))
    }
}

/// The same in words: two of the three shapes have no text codes.
const QUOTA_PHRASES: [&str; 2] = ["exceeded your current quota", "credit balance"];

/// Codes and types of a 429 that no waiting helps (API contract, section 11).
const QUOTA_CODES: [&str; 3] = [
    "insufficient_quota",
    "credit_balance_exhausted",
    "billing_hard_limit_reached",
];

/// The class of an answer that is no success.
pub(super) fn classify(status: StatusCode, words: Option<&Words>) -> ErrorKind {
    match status {
        StatusCode::UNAUTHORIZED => ErrorKind::Unauthorized,
        StatusCode::FORBIDDEN => ErrorKind::Forbidden,
        StatusCode::REQUEST_TIMEOUT => ErrorKind::Unavailable,
        StatusCode::TOO_MANY_REQUESTS => {
            if words.is_some_and(Words::say_quota) {
                ErrorKind::QuotaExhausted
            } else {
                ErrorKind::Throttled { retry_after: None }
            }
        }
        _ if status.is_server_error() => ErrorKind::Unavailable,
        StatusCode::NOT_FOUND if words.is_some() => ErrorKind::NotFound,
        _ if status.is_client_error() && words.is_some() => ErrorKind::Rejected,
        // Redirects, and refusals that the API did not write: what they did is not known.
        _ => ErrorKind::Unreadable,
    }
}

/// Reads what the provider objects to; most objections are known by a code or a phrase seen in the field.
pub(super) fn objection(
    endpoint: &str,
    status: StatusCode,
    words: &Words,
    key: KeyKind,
) -> Option<Objection> {
    let says = |phrases: &[&str]| words.say(phrases);
    if status == StatusCode::TOO_MANY_REQUESTS {
        return words.say_quota().then_some(Objection::Quota);
    }
    if !matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
        return None;
    }
    if words.has_code(&["invalid_organization", "mismatched_organization"])
        || says(&["no such organization", "mismatched organization"])
    {
        Some(Objection::OtherOrganization)
    } else if words.has_code(&["ip_not_authorized"])
        || says(&["ip address", "allowlist", "allow list"])
    {
        Some(Objection::AddressNotListed)
    } else if words.has_code(&["unsupported_country_region_territory"])
        || says(&["country, region", "not supported in your country"])
    {
        Some(Objection::Country)
    } else if let (KeyKind::Other(prefix), true) = (key, wants_admin_key(endpoint)) {
        Some(Objection::OtherKindOfKey { prefix })
    } else if words.has_code(&["expired_api_key", "api_key_expired"]) || says(&["expired"]) {
        Some(Objection::ExpiredKey)
    } else if says(&["missing scopes", "insufficient permissions"]) {
        Some(Objection::MissingScopes(scopes(&words.message)))
    } else if words.has_code(&["invalid_api_key", "account_deactivated"])
        || says(&["incorrect api key", "must be a member of an organization"])
    {
        Some(Objection::InvalidKey)
    } else {
        None
    }
}

/// Whether an endpoint takes admin keys only: those with the singular in their path do (API contract, section 1).
fn wants_admin_key(endpoint: &str) -> bool {
    endpoint.contains(" /organization/")
}

/// The scopes of "… Missing scopes: api.management.read, api.usage.read. Check that …".
fn scopes(message: &str) -> Vec<String> {
    let Some(start) = message.to_ascii_lowercase().find("missing scopes:") else {
        return Vec::new();
    };
    message[start + "missing scopes:".len()..]
        .split_ascii_whitespace()
        .map_while(|word| {
            let scope = word.trim_end_matches([',', '.', ';']);
            let is_scope = scope.contains('.')
                && scope
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
            is_scope.then(|| scope.to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests;
