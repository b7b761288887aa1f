//! One answer: the body of a success, or a classified error with the provider's words.
//!
//! What a body says matters as much as the status: only the API's own words make a 404 mean "there is no such row",
//! and a success that is a web page is no success.

use http::{HeaderMap, Response, StatusCode};
use jiff::Timestamp;
use serde::de::DeserializeOwned;

use super::words::{Words, classify, objection};
use crate::provider::{Credential, ErrorKind, Objection, ProviderError};
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
    #[error("the answer is a web page")]
    WebPage,
    /// No body at all.
    #[error("the answer is empty")]
    Empty,
    /// Not JSON, or JSON of another shape.
    #[error("the answer is not the JSON that the API sends")]
    Json(#[source] serde_json::Error),
    /// An error whose body is in none of the three shapes.
    #[error("the answer is in none of the API's error shapes")]
    NoErrorShape,
    /// A redirect.
    #[error("the answer is a redirect")]
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
        let mut error = self.error(classify(self.status, words.as_ref()));
        if let Some(words) = words {
            let objection = objection(self.endpoint, self.status, &words, key.kind());
            error.objection = objection.map(Box::new);
            error.message = Some(bounded(&key.scrub(&words.message), MESSAGE_CHARS_MAX));
            return error;
        }
        let (cause, objection) = match Page::of(&self.body) {
            _ if self.status.is_redirection() => (BodyError::Redirect, Some(Objection::Redirect)),
            // The provider's own edge answers these with pages too.
            Page::Web if is_overload(self.status) => (BodyError::WebPage, None),
            Page::Web => (BodyError::WebPage, Some(Objection::WebPage)),
            Page::Empty => (BodyError::Empty, None),
            Page::Other => (BodyError::NoErrorShape, None),
        };
        error.objection = objection.map(Box::new);
        error.because(cause)
    }
}

/// Whether a status says that the provider cannot keep up.
fn is_overload(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
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
