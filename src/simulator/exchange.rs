//! One request from arrival to answer: count, let in, limit, wait, act, answer.

use std::time::{Duration, UNIX_EPOCH};

use axum::body::{Body, to_bytes};
use axum::extract::{RawPathParams, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::Response;
use serde_json::Value;

use super::answer::{Answer, ApiError};
use super::endpoints::{Call, Endpoint};
use super::query::Query;
use super::{Moment, Simulator};

/// Bytes of a request's body at most.
const BODY_BYTES_MAX: usize = 1 << 20;

/// Answers one request.
pub(super) async fn exchange(
    simulator: &Simulator,
    endpoint: &'static Endpoint,
    ids: &RawPathParams,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let arrival = simulator
        .world()
        .arrive(endpoint, &parts.headers, simulator.now());
    let body = to_bytes(body, BODY_BYTES_MAX).await;
    if !simulator.inner.latency.is_zero() {
        tokio::time::sleep(simulator.inner.latency).await;
    }
    let moment = simulator.now();
    let mut world = simulator.world();
    let answer = arrival.caller.and_then(|mut by| {
        by.moment = moment;
        let call = Call {
            ids: ids.iter().map(|(_, id)| id.to_owned()).collect(),
            query: Query::of(&parts.uri)?,
            body: body.map_err(|error| too_large(&error))?,
            view: world.view(moment),
            by,
        };
        (endpoint.answer)(&mut world, &call)
    });
    let dress = Dress {
        moment,
        organization: Some(world.organization.header().to_owned()),
        request_id: Some(world.next_request_id()),
        processing: simulator.inner.latency,
        hints: arrival.hints,
    };
    respond(answer, &dress)
}

/// A path that is no endpoint.
pub(super) async fn no_such_path(
    State(simulator): State<Simulator>,
    method: Method,
    uri: Uri,
) -> Response {
    let message = format!("Invalid URL ({method} {})", uri.path());
    let refusal = ApiError::object(StatusCode::NOT_FOUND, message, None);
    error(&refusal, &Dress::plain(simulator.now()))
}

/// A method that its path does not have.
pub(super) async fn no_such_method(
    State(simulator): State<Simulator>,
    method: Method,
    uri: Uri,
) -> Response {
    let message = format!("Not allowed to {method} on {}.", uri.path());
    let refusal = ApiError::object(StatusCode::METHOD_NOT_ALLOWED, message, None);
    error(&refusal, &Dress::plain(simulator.now()))
}

/// What an answer wears: the headers (API contract, section 1).
pub(super) struct Dress {
    moment: Moment,
    /// What `openai-organization` says.
    organization: Option<String>,
    request_id: Option<String>,
    processing: Duration,
    hints: Vec<(&'static str, String)>,
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

/// Writes an answer.
fn respond(answer: Answer, dress: &Dress) -> Response {
    match answer {
        Ok(document) => document_with(StatusCode::OK, &document, dress),
        Err(refusal) => error(&refusal, dress),
    }
}

/// Writes an error.
pub(super) fn error(refusal: &ApiError, dress: &Dress) -> Response {
    document_with(refusal.status, &refusal.body(), dress)
}

fn document_with(status: StatusCode, document: &Value, dress: &Dress) -> Response {
    let mut response = Response::new(Body::from(document.to_string()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    let mut set = |name: &'static str, value: &str| {
        // A slug that cannot be a header is not sent at all.
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    set("date", &http_date(dress.moment));
    set("openai-version", "2020-10-01");
    set(
        "openai-processing-ms",
        &dress.processing.as_millis().to_string(),
    );
    if let Some(request_id) = &dress.request_id {
        set("x-request-id", request_id);
    }
    // Nobody is told which organization a key that is not let in does not belong to.
    if let Some(organization) = &dress.organization
        && status != StatusCode::UNAUTHORIZED
    {
        set("openai-organization", organization);
    }
    for (name, value) in &dress.hints {
        set(name, value);
    }
    response
}

fn http_date(moment: Moment) -> String {
    let since_epoch = Duration::from_secs(u64::try_from(moment.unix_s).unwrap_or(0));
    httpdate::fmt_http_date(UNIX_EPOCH + since_epoch)
}

fn too_large(error: &axum::Error) -> ApiError {
    ApiError::object(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("The body of your request cannot be read ({error})."),
        None,
    )
}
