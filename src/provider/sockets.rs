//! The transport over real sockets: one attempt, no redirect, no hidden retry, a bounded body.
//!
//! TLS is rustls with the platform's roots, so `SSL_CERT_FILE` and a company's own certificates are honoured, and so
//! are `HTTPS_PROXY` and its kin. To this machine neither is used: a slim container has no certificates, and a proxy
//! could not reach this machine's loopback. Time limits are the gate's.

use std::error::Error;
use std::io;
use std::time::Duration;

use super::{BaseUrl, Transport, TransportError};

/// Bytes in a body at most; a page of 100 members has about 50 KiB.
const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// Time for a connection, TLS included.
const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How long an unused connection is kept. The servers' own limits are unknown; a stale one costs a reconnect.
const IDLE_MAX: Duration = Duration::from_secs(30);

/// Sends requests over the network.
#[derive(Debug, Clone)]
pub struct Sockets {
    client: reqwest::Client,
    host: String,
}

/// The client could not be set up, before any request.
#[derive(Debug, thiserror::Error)]
#[error(
    "the HTTP client cannot be set up (are there root certificates? SSL_CERT_FILE names a file of them)"
)]
pub struct SocketsError {
    source: reqwest::Error,
}

impl Sockets {
    /// Sockets for requests below `base`.
    ///
    /// # Errors
    ///
    /// Where https is used and the machine has no root certificates.
    pub fn new(base: &BaseUrl) -> Result<Self, SocketsError> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("rosterctl/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .connect_timeout(CONNECT_MAX)
            .pool_idle_timeout(IDLE_MAX)
            .https_only(!base.is_plain());
        if base.is_loopback() {
            builder = builder.no_proxy();
        }
        if base.is_plain() {
            builder = builder.tls_certs_only([]);
        }
        Ok(Self {
            client: builder.build().map_err(|source| SocketsError { source })?,
            host: base.authority(),
        })
    }

    async fn body(&self, mut answer: reqwest::Response) -> Result<Vec<u8>, TransportError> {
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| self.lost(error))? {
            if body.len() + chunk.len() > BODY_BYTES_MAX {
                return Err(TransportError::TooLarge {
                    host: self.host.clone(),
                    bytes_max: BODY_BYTES_MAX,
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// What an error says about the request. URLs carry ids, so they are taken out.
    fn lost(&self, error: reqwest::Error) -> TransportError {
        let host = self.host.clone();
        let error = error.without_url();
        let (is_tls, is_connect) = (is_tls(&error), error.is_connect() || error.is_builder());
        let source = Box::new(error);
        if is_connect && is_tls {
            TransportError::Tls { host, source }
        } else if is_connect {
            TransportError::NotSent { host, source }
        } else {
            TransportError::Lost { host, source }
        }
    }
}

impl Transport for Sockets {
    async fn send(
        &self,
        request: http::Request<Vec<u8>>,
    ) -> Result<http::Response<Vec<u8>>, TransportError> {
        let request = reqwest::Request::try_from(request).map_err(|error| self.lost(error))?;
        let answer = self
            .client
            .execute(request)
            .await
            .map_err(|error| self.lost(error))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        let mut response = http::Response::new(self.body(answer).await?);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// Whether a failed connection failed in TLS: rustls reports what is wrong with the peer as invalid data.
fn is_tls(error: &(dyn Error + 'static)) -> bool {
    let io = error.downcast_ref::<io::Error>();
    if io.is_some_and(|io| io.kind() == io::ErrorKind::InvalidData) {
        return true;
    }
    // An I/O error does not name the error that it wraps as its source.
    let wrapped = io.and_then(io::Error::get_ref);
    wrapped.is_some_and(|inner| is_tls(inner)) || error.source().is_some_and(is_tls)
}
