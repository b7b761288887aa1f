//! One answer: the body of a success, or a classified error with the provider's words.
//!
//! Three shapes of errors occur, plus whatever stands between here and the API (API contract, section 10). Only a
//! body in one of the three is the API's own word; that matters most for a 404, which on a deletion means "already
//! gone" when the API says it, and "nothing was reached" when a proxy does.

use http::{HeaderMap, Response, StatusCode};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::provider::{Credential, ErrorKind, KeyKind, Objection, ProviderError};
use crate::roster::SeenOrganization;

/// Characters of the provider's words that are kept.
const MESSAGE_CHARS_MAX: usize = 300;
/// Characters of a header's value that are kept.
const HEADER_CHARS_MAX: usize = 100;

/// A success.
#[derive(Debug)]
pub(in crate::provider) struct Answer {
    endpoint: &'static str,
    status: StatusCode,
    body: Vec<u8>,
    /// What the headers say about the organization.
    pub(in crate::provider) seen: SeenOrganization,
    /// The header `x-request-id`.
    pub(in crate::provider) request_id: Option<String>,
}

/// Why a body cannot be read.
#[derive(Debug, thiserror::Error)]
pub(in crate::provider) enum BodyError {
    /// A page for people.
    #[error("it is a web page")]
    WebPage,
    /// No body at all.
    #[error("it is empty")]
    Empty,
    /// Not JSON, or JSON of another shape.
    #[error("it is not the JSON that the API sends")]
    Json(#[source] serde_json::Error),
    /// An error whose body is in none of the three shapes.
    #[error("it is in none of the API's error shapes")]
    NoErrorShape,
    /// A redirect.
    #[error("it is a redirect")]
    Redirect,
}

impl Answer {
    /// Reads a response to `endpoint`: any 2xx is a success.
    pub(in crate::provider) fn read(
        endpoint: &'static str,
        response: Response<Vec<u8>>,
        key: &Credential,
    ) -> Result<Self, ProviderError> {
        let (parts, body) = response.into_parts();
        let answer = Self {
            endpoint,
            status: parts.status,
            body,
            seen: SeenOrganization {
                header: text(&parts.headers, "openai-organization", key),
                date: text(&parts.headers, "date", key).and_then(|date| http_date(&date)),
            },
            request_id: text(&parts.headers, "x-request-id", key),
        };
        if answer.status.is_success() {
            Ok(answer)
        } else {
            Err(answer.refusal(key))
        }
    }

    /// The body as a `W`.
    pub(in crate::provider) fn json<W: DeserializeOwned>(&self) -> Result<W, ProviderError> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let cause = match Page::of(&self.body) {
                Page::Web => BodyError::WebPage,
                Page::Empty => BodyError::Empty,
                Page::Other => BodyError::Json(error),
            };
            let mut error = self.error(ErrorKind::Unreadable);
            if matches!(cause, BodyError::WebPage) {
                error.objection = Some(Box::new(Objection::WebPage));
            }
            error.because(cause)
        })
    }

    /// An error about this answer.
    pub(in crate::provider) fn error(&self, kind: ErrorKind) -> ProviderError {
        ProviderError {
            status: Some(self.status.as_u16()),
            request_id: self.request_id.clone(),
            ..ProviderError::new(self.endpoint, kind)
        }
    }

    /// Reads an answer that is no success.
    fn refusal(&self, key: &Credential) -> ProviderError {
        let words = Words::read(&self.body);
        let page = Page::of(&self.body);
        let mut error = self.error(classify(self.status, words.as_ref()));
        let objection = match (&words, page) {
            (_, _) if self.status.is_redirection() => Some(Objection::Redirect),
            (Some(words), _) => objection(self.status, words, key.kind()),
            (None, Page::Web) => Some(Objection::WebPage),
            (None, Page::Empty | Page::Other) => None,
        };
        error.objection = objection.map(Box::new);
        let unreadable = if self.status.is_redirection() {
            Some(BodyError::Redirect)
        } else {
            match (&words, page) {
                (Some(_), _) => None,
                (None, Page::Web) => Some(BodyError::WebPage),
                (None, Page::Empty) => Some(BodyError::Empty),
                (None, Page::Other) => Some(BodyError::NoErrorShape),
            }
        };
        error.message = words.map(|words| bounded(&key.scrub(&words.message), MESSAGE_CHARS_MAX));
        match unreadable {
            Some(cause) => error.because(cause),
            None => error,
        }
    }
}

/// The provider's words in an error.
struct Words {
    message: String,
    /// `code` and `type`, where they are texts.
    codes: [String; 2],
}

impl Words {
    /// Reads the three shapes (API contract, section 10); `None`: these are not the provider's words.
    fn read(body: &[u8]) -> Option<Self> {
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

    fn has_code(&self, codes: &[&str]) -> bool {
        self.codes.iter().any(|code| codes.contains(&code.as_str()))
    }
}

/// Codes and types of a 429 that no waiting helps (API contract, section 11).
const QUOTA_CODES: [&str; 3] = [
    "insufficient_quota",
    "credit_balance_exhausted",
    "billing_hard_limit_reached",
];

/// The class of an answer that is no success.
fn classify(status: StatusCode, words: Option<&Words>) -> ErrorKind {
    match status {
        StatusCode::UNAUTHORIZED => ErrorKind::Unauthorized,
        StatusCode::FORBIDDEN => ErrorKind::Forbidden,
        StatusCode::REQUEST_TIMEOUT => ErrorKind::Unavailable,
        StatusCode::TOO_MANY_REQUESTS => {
            if words.is_some_and(|words| words.has_code(&QUOTA_CODES)) {
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
fn objection(status: StatusCode, words: &Words, key: KeyKind) -> Option<Objection> {
    let message = words.message.to_ascii_lowercase();
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| message.contains(phrase));
    if status == StatusCode::TOO_MANY_REQUESTS {
        return words.has_code(&QUOTA_CODES).then_some(Objection::Quota);
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
    } else if let KeyKind::Other(prefix) = key {
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

/// What a body that is not understood looks like.
#[derive(Clone, Copy)]
enum Page {
    Web,
    Empty,
    Other,
}

impl Page {
    fn of(body: &[u8]) -> Self {
        match body.trim_ascii_start().first() {
            None => Self::Empty,
            Some(b'<') => Self::Web,
            Some(_) => Self::Other,
        }
    }
}

/// A header's text, without any piece of the key and bounded; a value outside ASCII is not sent by the API.
fn text(headers: &HeaderMap, name: &str, key: &Credential) -> Option<String> {
    let text = headers.get(name)?.to_str().ok()?.trim();
    (!text.is_empty()).then(|| bounded(&key.scrub(text), HEADER_CHARS_MAX))
}

fn http_date(text: &str) -> Option<Timestamp> {
    Timestamp::try_from(httpdate::parse_http_date(text).ok()?).ok()
}

fn bounded(text: &str, chars_max: usize) -> String {
    match text.char_indices().nth(chars_max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
