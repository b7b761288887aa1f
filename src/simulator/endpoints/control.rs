//! The controls under `/_sim`: what a test asks the simulator itself, or makes somebody else do.
//!
//! They are no part of the API: not counted, not limited, without latency and lag. They need the key like any other
//! request, because a page in a browser can reach loopback too.

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router, response::IntoResponse as _};
use serde_json::json;

use crate::simulator::answer::ApiError;
use crate::simulator::exchange::{Dress, error};
use crate::simulator::{Elsewhere, Simulator};

/// The routes.
pub(super) fn router() -> Router<Simulator> {
    Router::new()
        .route("/_sim/state", get(state))
        .route("/_sim/elsewhere", post(elsewhere))
}

/// `GET /_sim/state`: the true roster with counters and mutations.
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
        let change: Elsewhere = serde_json::from_slice(&body).map_err(|error| {
            let message = format!("The body of your request is no change ({error}).");
            ApiError::object(StatusCode::BAD_REQUEST, message, None)
        })?;
        Ok(json!({"changed": simulator.elsewhere(&change)}))
    })
}

/// Answers whoever holds a key that may read; a key that somebody revoked meanwhile still may.
fn answer(
    simulator: &Simulator,
    headers: &HeaderMap,
    document: impl FnOnce() -> Result<serde_json::Value, ApiError>,
) -> Response {
    let known = simulator.world().keyring.knows(headers);
    match known.and_then(|()| document()) {
        Ok(document) => Json(document).into_response(),
        Err(refusal) => error(&refusal, &Dress::plain(simulator.now())),
    }
}
