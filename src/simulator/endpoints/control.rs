//! The controls under `/_sim`: what a test asks the simulator itself, or makes somebody else do.
//!
//! They are no part of the API: not counted, not limited, without latency, lag and faults. They need a key like any
//! other request, because a page in a browser can reach loopback too; one that was revoked meanwhile will do.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::simulator::answer::ApiError;
use crate::simulator::wire::{Dress, error};
use crate::simulator::{Elsewhere, Park, Release, Simulator};

/// The routes.
pub(super) fn router() -> Router<Simulator> {
    Router::new()
        .route("/_sim/state", get(state))
        .route("/_sim/elsewhere", post(elsewhere))
        .route("/_sim/park", post(park).get(parked).delete(release))
}

/// `GET /_sim/state`: the true roster with counters, mutations and faults.
async fn state(State(simulator): State<Simulator>, headers: HeaderMap) -> Response {
    answer(&simulator, &headers, || Ok(simulator.state()))
}

/// `POST /_sim/elsewhere`: a change that somebody else makes, such as `{"remove":{"email":"ada@acme.dev"}}`.
async fn elsewhere(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    answer(&simulator, &headers, || {
        let change: Elsewhere = read(&body)?;
        Ok(json!({"changed": simulator.elsewhere(&change)}))
    })
}

/// `POST /_sim/park`: a request to hold, such as `{"nth":2,"point":"before-effect"}`.
async fn park(State(simulator): State<Simulator>, headers: HeaderMap, body: Bytes) -> Response {
    answer(&simulator, &headers, || {
        let park: Park = read(&body)?;
        simulator.park(park);
        Ok(json!({"armed": true}))
    })
}

/// `GET /_sim/park`: answers as soon as the request is held, and says which it is.
async fn parked(State(simulator): State<Simulator>, headers: HeaderMap) -> Response {
    let known = simulator.world().keyring.knows(&headers);
    match known {
        Ok(()) => Json(simulator.parked().await).into_response(),
        Err(refusal) => error(refusal, &Dress::plain(simulator.now())),
    }
}

/// How to release.
#[derive(Deserialize)]
struct Then {
    then: Release,
}

/// `DELETE /_sim/park?then=cut` or `?then=go-on`: releases what is held.
async fn release(
    State(simulator): State<Simulator>,
    headers: HeaderMap,
    Query(Then { then }): Query<Then>,
) -> Response {
    answer(&simulator, &headers, || {
        simulator.release(then);
        Ok(json!({"released": then}))
    })
}

fn answer(
    simulator: &Simulator,
    headers: &HeaderMap,
    document: impl FnOnce() -> Result<Value, ApiError>,
) -> Response {
    let known = simulator.world().keyring.knows(headers);
    match known.and_then(|()| document()) {
        Ok(document) => Json(document).into_response(),
        Err(refusal) => error(refusal, &Dress::plain(simulator.now())),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(body).map_err(|error| {
        let message = format!("The body of your request is not what this control takes ({error}).");
        ApiError::object(StatusCode::BAD_REQUEST, message, None)
    })
}
