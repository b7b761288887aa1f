//! The organization over sockets, on loopback only: it knows no real person, and nobody else shall reach it.

use std::net::SocketAddr;

use axum::Router;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tokio::net::TcpListener;

/// Why the organization cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Somebody else could reach it.
    #[error("cannot listen on {0}: a simulator is served on loopback only, such as 127.0.0.1:0")]
    NotLoopback(SocketAddr),
    /// The system refuses.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The socket broke.
    #[error("the simulator stopped serving")]
    Serve(#[source] std::io::Error),
}

/// What a client needs to call the organization.
#[derive(Debug, Clone)]
pub struct Ready {
    /// Up to and with `/v1`.
    pub base_url: String,
    /// The key with every scope.
    pub admin_key: SecretString,
    /// The organization's id.
    pub organization: String,
}

impl Ready {
    /// The one JSON line that `simulate` prints. It holds the key, as it is meant to.
    pub fn to_line(&self) -> String {
        let Self {
            base_url,
            admin_key,
            organization,
        } = self;
        json!({
            "base_url": base_url,
            "admin_key": admin_key.expose_secret(),
            "organization": organization,
        })
        .to_string()
    }
}

/// Listens on a loopback address; port 0 takes any free one.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    check(address)?;
    TcpListener::bind(address)
        .await
        .map_err(|source| ServeError::Listen { address, source })
}

/// Serves a router until the future is dropped.
pub(super) async fn serve(router: Router, listener: TcpListener) -> Result<(), ServeError> {
    let address = listener.local_addr().map_err(ServeError::Serve)?;
    check(address)?;
    axum::serve(listener, router)
        .await
        .map_err(ServeError::Serve)
}

fn check(address: SocketAddr) -> Result<(), ServeError> {
    if address.ip().is_loopback() {
        Ok(())
    } else {
        Err(ServeError::NotLoopback(address))
    }
}
