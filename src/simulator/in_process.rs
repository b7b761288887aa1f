//! The organization without sockets, behind the same port: exact and fast under a paused clock.

use std::io;

use axum::Router;
use axum::body::{Body, to_bytes};
use tower::ServiceExt as _;

use super::wire::Broken;
use crate::provider::{Transport, TransportError};

/// Bytes of an answer at most, as a real transport would have it.
const ANSWER_BYTES_MAX: usize = 32 << 20;

/// Calls a simulator in this process. Clones call the same one.
#[derive(Debug, Clone)]
pub struct InProcess {
    router: Router,
}

impl InProcess {
    pub(super) fn new(router: Router) -> Self {
        Self { router }
    }
}

impl Transport for InProcess {
    async fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        let host = request.uri().host().unwrap_or("simulator").to_owned();
        let answer = match self.router.clone().oneshot(request.map(Body::from)).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        if answer.extensions().get::<Broken>().is_some() {
            return Err(TransportError::Lost {
                host,
                source: io::Error::from(io::ErrorKind::ConnectionReset).into(),
            });
        }
        let (parts, body) = answer.into_parts();
        match to_bytes(body, ANSWER_BYTES_MAX).await {
            Ok(body) => Ok(http::Response::from_parts(parts, body.into())),
            Err(source) => Err(TransportError::Lost {
                host,
                source: source.into(),
            }),
        }
    }
}
