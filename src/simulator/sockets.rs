//! The organization over sockets, on loopback only: it knows no real person, and nobody else shall reach it.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::serve::{IncomingStream, Listener};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::wire::Broken;

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
        source: io::Error,
    },
    /// The socket broke.
    #[error("the simulator stopped serving")]
    Serve(#[source] io::Error),
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
    let router = router.layer(from_fn(break_broken));
    axum::serve(
        Breakable(listener),
        router.into_make_service_with_connect_info::<Cut>(),
    )
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

/// Breaks the connection of a response that must never be sent.
async fn break_broken(
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
    next: Next,
) -> Response {
    let response = next.run(request).await;
    if response.extensions().get::<Broken>().is_some() {
        cut.0.store(true, Ordering::Release);
    }
    response
}

/// Accepts connections that can be broken from inside.
struct Breakable(TcpListener);

/// One connection. The next write after it is cut fails, and the peer sees a reset.
struct Line {
    stream: TcpStream,
    cut: Cut,
}

/// Whether a connection is cut.
#[derive(Debug, Clone)]
struct Cut(Arc<AtomicBool>);

impl Listener for Breakable {
    type Io = Line;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Line, SocketAddr) {
        let (stream, address) = Listener::accept(&mut self.0).await;
        let cut = Cut(Arc::new(AtomicBool::new(false)));
        (Line { stream, cut }, address)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

impl Connected<IncomingStream<'_, Breakable>> for Cut {
    fn connect_info(stream: IncomingStream<'_, Breakable>) -> Self {
        stream.io().cut.clone()
    }
}

impl Line {
    fn check(&self) -> io::Result<()> {
        if !self.cut.0.load(Ordering::Acquire) {
            return Ok(());
        }
        // Dropped with unsent data the peer would see an orderly end; without lingering it sees a reset.
        self.stream.set_zero_linger()?;
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl AsyncRead for Line {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Line {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.check() {
            Ok(()) => Pin::new(&mut self.stream).poll_write(context, bytes),
            Err(error) => Poll::Ready(Err(error)),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
