//! One request from arrival to answer: count, let in, limit, wait, act, answer; and the points where it can be held.

use axum::body::to_bytes;
use axum::extract::{RawPathParams, Request, State};
use axum::http::{Method, StatusCode, Uri};
use axum::response::Response;

use super::answer::ApiError;
use super::endpoints::{Call, Endpoint};
use super::inject::Reply;
use super::organization::By;
use super::query::Query;
use super::wire::{Dress, error, write};
use super::{ParkPoint, Release, Simulator};

/// Bytes of a request's body at most.
const BODY_BYTES_MAX: usize = 1 << 20;

/// Answers one request.
pub(super) async fn exchange(
    simulator: &Simulator,
    endpoint: &'static Endpoint,
    ids: &RawPathParams,
    request: Request,
) -> Response {
    let lot = &simulator.inner.lot;
    let ids: Vec<String> = ids.iter().map(|(_, id)| id.to_owned()).collect();
    let mut reset = lot.arrive(endpoint, &ids).await == Release::Cut;
    let (parts, body) = request.into_parts();
    let arrival = simulator
        .world()
        .arrive(endpoint, &parts.headers, simulator.now());
    let parked = match arrival.caller {
        Ok(_) => lot.claim(endpoint),
        Err(_) => None,
    };
    let body = to_bytes(body, BODY_BYTES_MAX).await;
    if !simulator.inner.latency.is_zero() {
        tokio::time::sleep(simulator.inner.latency).await;
    }
    if parked == Some(ParkPoint::BeforeEffect) {
        reset |= lot.hold(endpoint, &ids).await == Release::Cut;
    }
    let moment = simulator.now();
    let call = arrival.caller.and_then(|by| {
        Ok(Call {
            ids: ids.clone(),
            query: Query::of(&parts.uri)?,
            body: body.map_err(|error| too_large(&error))?,
            view: simulator.world().view(moment),
            by: By { moment, ..by },
        })
    });
    let mut reply = match call {
        _ if reset => Reply::Reset,
        Ok(call) => simulator.world().reply(endpoint, &call, arrival.fault),
        Err(refusal) => Reply::Whole(Err(refusal)),
    };
    if parked == Some(ParkPoint::AfterEffect) && lot.hold(endpoint, &ids).await == Release::Cut {
        reply = Reply::Reset;
    }
    if parked == Some(ParkPoint::AfterAnswer) {
        lot.answered();
    }
    let mut world = simulator.world();
    let dress = Dress {
        moment: simulator.now(),
        organization: Some(world.organization.header().to_owned()),
        request_id: Some(world.next_request_id()),
        processing: simulator.inner.latency,
        hints: arrival.hints,
    };
    write(reply, dress)
}

/// A path that is no endpoint.
pub(super) async fn no_such_path(
    State(simulator): State<Simulator>,
    method: Method,
    uri: Uri,
) -> Response {
    let message = format!("Invalid URL ({method} {})", uri.path());
    let refusal = ApiError::object(StatusCode::NOT_FOUND, message, None);
    error(refusal, &Dress::plain(simulator.now()))
}

/// A method that its path does not have.
pub(super) async fn no_such_method(
    State(simulator): State<Simulator>,
    method: Method,
    uri: Uri,
) -> Response {
    let message = format!("Not allowed to {method} on {}.", uri.path());
    let refusal = ApiError::object(StatusCode::METHOD_NOT_ALLOWED, message, None);
    error(refusal, &Dress::plain(simulator.now()))
}

fn too_large(error: &axum::Error) -> ApiError {
    ApiError::object(
        StatusCode::PAYLOAD_TOO_LARGE,
        format!("The body of your request cannot be read ({error})."),
        None,
    )
}
