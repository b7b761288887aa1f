//! Replies as bytes: headers, bodies that pause or end too soon, and connections that break.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, UNIX_EPOCH};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use http_body::Frame;
use tokio::time::Sleep;

use super::Moment;
use super::answer::{Answer, ApiError};
use super::inject::Reply;

/// What a proxy says when nobody answers it.
const PROXY_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";

/// Marks a response that must never be sent: whoever carries it breaks the connection instead.
#[derive(Debug, Clone, Copy)]
pub(super) struct Broken;

/// What an answer wears: the headers (API contract, section 1).
pub(super) struct Dress {
    pub(super) moment: Moment,
    /// What `openai-organization` says.
    pub(super) organization: Option<String>,
    pub(super) request_id: Option<String>,
    pub(super) processing: Duration,
    /// Headers about the limit.
    pub(super) hints: Vec<(&'static str, String)>,
}

impl Dress {
    /// An answer that no organization gives.
    pub(super) fn plain(moment: Moment) -> Self {
        Self {
            moment,
            organization: None,
            request_id: None,
            processing: Duration::ZERO,
            hints: Vec::new(),
        }
    }
}

/// Writes a reply.
pub(super) fn write(reply: Reply, mut dress: Dress) -> Response {
    match reply {
        Reply::Whole(answer) => whole(&answer, &dress),
        Reply::RetryAfter(refusal, seconds) => {
            dress.hints.push(("retry-after", seconds.to_string()));
            whole(&Err(refusal), &dress)
        }
        Reply::Slow(answer, pause) => {
            let (status, mut text) = document(&answer);
            let rest = text.split_off(text.len() / 2);
            response(
                status,
                JSON,
                Body::new(Paused::new(text, pause, rest)),
                &dress,
            )
        }
        Reply::Half(answer) => {
            let (status, mut text) = document(&answer);
            text.truncate(text.len() / 2);
            response(status, JSON, Body::from(text), &dress)
        }
        Reply::Html(status) => {
            let kind = HeaderValue::from_static("text/html");
            response(
                status,
                kind,
                Body::from(PROXY_PAGE),
                &Dress::plain(dress.moment),
            )
        }
        Reply::Reset => {
            let mut broken = Response::new(Body::empty());
            broken.extensions_mut().insert(Broken);
            broken
        }
    }
}

/// Writes an error.
pub(super) fn error(refusal: ApiError, dress: &Dress) -> Response {
    whole(&Err(refusal), dress)
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn whole(answer: &Answer, dress: &Dress) -> Response {
    let (status, text) = document(answer);
    response(status, JSON, Body::from(text), dress)
}

/// The status and the bytes of an answer.
fn document(answer: &Answer) -> (StatusCode, Vec<u8>) {
    match answer {
        Ok(document) => (StatusCode::OK, document.to_string().into_bytes()),
        Err(refusal) => (refusal.status, refusal.body().to_string().into_bytes()),
    }
}

fn response(status: StatusCode, kind: HeaderValue, body: Body, dress: &Dress) -> Response {
    let Dress {
        moment,
        organization,
        request_id,
        processing,
        hints,
    } = dress;
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, kind);
    let mut set = |name: &'static str, value: &str| {
        // A slug that cannot be a header is not sent at all.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("date", &http_date(*moment));
    set("openai-version", "2020-10-01");
    set("openai-processing-ms", &processing.as_millis().to_string());
    if let Some(request_id) = request_id {
        set("x-request-id", request_id);
    }
    // Nobody is told which organization a key that is not let in does not belong to.
    if let Some(organization) = organization
        && status != StatusCode::UNAUTHORIZED
    {
        set("openai-organization", organization);
    }
    for (name, value) in hints {
        set(name, value);
    }
    response
}

fn http_date(moment: Moment) -> String {
    let since_epoch = Duration::from_secs(u64::try_from(moment.unix_s).unwrap_or(0));
    httpdate::fmt_http_date(UNIX_EPOCH + since_epoch)
}

/// A body in two pieces with a pause between them.
struct Paused {
    first: Option<Bytes>,
    pause: Pin<Box<Sleep>>,
    rest: Option<Bytes>,
}

impl Paused {
    fn new(first: Vec<u8>, pause: Duration, rest: Vec<u8>) -> Self {
        Self {
            first: Some(first.into()),
            pause: Box::pin(tokio::time::sleep(pause)),
            rest: Some(rest.into()),
        }
    }
}

impl HttpBody for Paused {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        if self.rest.is_some() && self.pause.as_mut().poll(context).is_pending() {
            return Poll::Pending;
        }
        Poll::Ready(self.rest.take().map(|rest| Ok(Frame::data(rest))))
    }
}
