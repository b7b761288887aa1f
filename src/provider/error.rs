//! A failed call, classified by what the caller may do next: by cause and effect, never by status alone.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use super::Objection;

/// A failed call to the provider.
#[derive(Debug)]
pub struct ProviderError {
    /// The endpoint: method and path template, such as `DELETE /organization/users/{user_id}`.
    pub endpoint: &'static str,
    /// What went wrong.
    pub kind: ErrorKind,
    /// The HTTP status, where an answer came.
    pub status: Option<u16>,
    /// The provider's own words: untrusted text, bounded.
    pub message: Option<String>,
    /// What the provider objects to, where that is known: it decides the hint.
    pub objection: Option<Box<Objection>>,
    /// The provider's `x-request-id`: untrusted text, bounded.
    pub request_id: Option<String>,
    /// The cause below.
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

/// What went wrong with a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrorKind {
    /// No connection was made: nothing was sent.
    NotSent,
    /// No answer came, or not all of it: a write may or may not have taken effect.
    NoAnswer,
    /// 429 with a delay to come.
    Throttled {
        /// How long the provider asked to wait, if it did.
        retry_after: Option<Duration>,
    },
    /// The next request would have to wait longer than `--delay-max`.
    DelayTooLong {
        /// The wait that is needed.
        asked: Duration,
    },
    /// 429 that no waiting helps: a quota or credit is used up.
    QuotaExhausted,
    /// 401: the key is not accepted.
    Unauthorized,
    /// 403: the key may not do this.
    Forbidden,
    /// 404 in one of the API's error shapes: there is no such row.
    NotFound,
    /// Any other 4xx about this one request: 400, 409, 422. Also a deletion that the provider denies.
    Rejected,
    /// 408 or 5xx: the provider failed; a write may or may not have taken effect.
    Unavailable,
    /// The answer is not what the API sends: no JSON, another shape, another id, a proxy's page.
    Unreadable,
    /// A listing cannot be trusted to be whole: a cursor or row that repeats, a row without an id.
    Paging {
        /// The page, from 1.
        page: usize,
    },
    /// The run was asked to stop before the request was sent.
    Stopped,
}

/// What the caller may do about an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Send again after a pause: the pacer knows how long.
    Paced,
    /// Send again after a backoff.
    Backoff,
    /// Sending again changes nothing.
    Never,
    /// A write of unknown fate: read back before anything else.
    Observe,
}

/// What a failed write may have done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing.
    None,
    /// It may have taken effect.
    Unknown,
}

impl ProviderError {
    /// An error about which nothing but its kind is known yet.
    pub fn new(endpoint: &'static str, kind: ErrorKind) -> Self {
        Self {
            endpoint,
            kind,
            status: None,
            message: None,
            objection: None,
            request_id: None,
            source: None,
        }
    }

    /// The same error with its cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What a failed write may have done. A failed read has no effect whatever this says.
    pub fn effect(&self) -> Effect {
        match self.kind {
            ErrorKind::NoAnswer | ErrorKind::Unavailable | ErrorKind::Unreadable => Effect::Unknown,
            ErrorKind::NotSent
            | ErrorKind::Throttled { retry_after: _ }
            | ErrorKind::DelayTooLong { asked: _ }
            | ErrorKind::QuotaExhausted
            | ErrorKind::Unauthorized
            | ErrorKind::Forbidden
            | ErrorKind::NotFound
            | ErrorKind::Rejected
            | ErrorKind::Paging { page: _ }
            | ErrorKind::Stopped => Effect::None,
        }
    }

    /// What the caller of a write may do next.
    pub fn retry(&self) -> Retry {
        match self.kind {
            ErrorKind::Throttled { retry_after: _ } => Retry::Paced,
            ErrorKind::NotSent => Retry::Backoff,
            ErrorKind::NoAnswer | ErrorKind::Unavailable | ErrorKind::Unreadable => Retry::Observe,
            ErrorKind::DelayTooLong { asked: _ }
            | ErrorKind::QuotaExhausted
            | ErrorKind::Unauthorized
            | ErrorKind::Forbidden
            | ErrorKind::NotFound
            | ErrorKind::Rejected
            | ErrorKind::Paging { page: _ }
            | ErrorKind::Stopped => Retry::Never,
        }
    }

    /// What to try next, as a sentence without final period; `None` where the message says it all.
    pub fn hint(&self) -> Option<String> {
        super::objection::hint(self)
    }
}

/// What failed, with the provider's words and its request id; the cause is the `source`.
impl fmt::Display for ProviderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            endpoint,
            kind,
            status,
            message,
            objection: _,
            request_id,
            source: _,
        } = self;
        match kind {
            ErrorKind::NotSent => write!(f, "`{endpoint}` was not sent"),
            ErrorKind::NoAnswer => write!(f, "no complete answer to `{endpoint}`"),
            ErrorKind::Throttled { retry_after: None } => write!(f, "`{endpoint}` was throttled"),
            ErrorKind::Throttled {
                retry_after: Some(wait),
            } => write!(f, "`{endpoint}` was throttled for {}", seconds(*wait)),
            ErrorKind::DelayTooLong { asked } => write!(
                f,
                "`{endpoint}` would have to wait {}, longer than --delay-max",
                seconds(*asked)
            ),
            ErrorKind::QuotaExhausted => {
                write!(
                    f,
                    "`{endpoint}` was refused for good: waiting does not help"
                )
            }
            ErrorKind::Unauthorized => write!(f, "the key was not accepted for `{endpoint}`"),
            ErrorKind::Forbidden => write!(f, "the key may not call `{endpoint}`"),
            ErrorKind::NotFound => write!(f, "`{endpoint}` found nothing"),
            ErrorKind::Rejected => write!(f, "`{endpoint}` was rejected"),
            ErrorKind::Unavailable => write!(f, "`{endpoint}` failed at the provider"),
            ErrorKind::Unreadable => write!(f, "the answer to `{endpoint}` is not the API's"),
            ErrorKind::Paging { page } => {
                write!(f, "page {page} of `{endpoint}` cannot be trusted")
            }
            ErrorKind::Stopped => write!(f, "`{endpoint}` was not sent: asked to stop"),
        }?;
        if let Some(status) = status {
            write!(f, " (status {status}")?;
            if let Some(id) = request_id {
                write!(f, ", request {id}")?;
            }
            f.write_str(")")?;
        }
        message
            .as_ref()
            .map_or(Ok(()), |message| write!(f, ": {message}"))
    }
}

/// Whole seconds where they are whole enough to read.
fn seconds(wait: Duration) -> String {
    if wait < Duration::from_secs(10) {
        format!("{:.1} s", wait.as_secs_f64())
    } else {
        format!("{} s", wait.as_secs())
    }
}

impl Error for ProviderError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn Error + 'static))
    }
}
