//! A bad-day organization: an in-memory organization served over real HTTP, deterministic from its seed.
//!
//! It answers as the official `OpenAPI` document says (users, invites, projects, project users, project API keys,
//! admin keys, audit log, and the older pair of the dashboard), and it can limit, delay, lag and fail. `demo`,
//! `rehearse`, examples and tests all run on it; there is no second fake.
//!
//! Decisions: rows are kept as the JSON they are served as, and no type is shared with the client, because a shared
//! type would hide a shared mistake. Every endpoint is a plain function from the organization and one call to an
//! answer; waiting, limits and faults stand around it in `exchange`. Time is tokio's, so that a
//! paused runtime runs hours in milliseconds, and the wall clock is the start given plus what has elapsed.
//! Deliberately absent: any protection that the real service does not document. It removes a last owner, the default
//! user or a SCIM-managed member when asked to, because guarding against that is the client's work.

mod access;
mod answer;
mod chaos;
mod clock;
mod elsewhere;
mod endpoints;
mod exchange;
mod fault;
mod generate;
mod in_process;
mod inject;
mod limits;
mod organization;
mod page;
mod park;
mod query;
mod roster;
mod settings;
mod sockets;
mod table;
mod wire;
mod world;

pub use clock::Moment;
pub use elsewhere::Elsewhere;
pub use fault::{ErrorShape, Fault, FaultScript, Refusal, ScriptError, Scripted};
pub use in_process::InProcess;
pub use limits::Limit;
pub use organization::{Author, Mutation};
pub use park::{Park, ParkPoint, Parked, Release};
pub use roster::{Roster, RosterError};
pub use settings::{Access, Credential, Hints, LegacyShape, Population, Settings};
pub use sockets::{Ready, ServeError, bind};
pub use world::Counter;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use secrecy::SecretString;
use serde_json::Value;
use tokio::net::TcpListener;

use world::World;

/// A running organization. Clones are the same one.
#[derive(Debug, Clone)]
pub struct Simulator {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    organization: String,
    admin_key: SecretString,
    latency: Duration,
    clock: clock::Clock,
    lot: park::Lot,
    world: Mutex<World>,
}

impl Simulator {
    /// Builds the organization. Its clock starts now, so build it inside the runtime that will drive it.
    pub fn new(settings: Settings) -> Self {
        let clock = clock::Clock::starting_at(settings.started_at_s);
        let latency = settings.latency;
        let (world, admin_key) = World::new(settings);
        Self {
            inner: Arc::new(Inner {
                organization: world.organization.id.clone(),
                admin_key,
                latency,
                clock,
                lot: park::Lot::new(),
                world: Mutex::new(world),
            }),
        }
    }

    /// The organization as an axum router: paths under `/v1`, and `/_sim` beside it.
    pub fn router(&self) -> Router {
        endpoints::router(self.clone())
    }

    /// Serves over sockets until the future is dropped. Refuses an address that is not loopback.
    pub fn serve(
        &self,
        listener: TcpListener,
    ) -> impl Future<Output = Result<(), ServeError>> + Send + use<> {
        sockets::serve(self.router(), listener)
    }

    /// The same organization without sockets.
    pub fn in_process(&self) -> InProcess {
        InProcess::new(self.router())
    }

    /// What a client needs to call it, when it is served at `address`.
    pub fn ready(&self, address: SocketAddr) -> Ready {
        Ready {
            base_url: format!("http://{address}/v1"),
            admin_key: self.inner.admin_key.clone(),
            organization: self.inner.organization.clone(),
        }
    }

    /// The organization's id.
    pub fn organization(&self) -> &str {
        &self.inner.organization
    }

    /// The admin key with every scope.
    pub fn admin_key(&self) -> &SecretString {
        &self.inner.admin_key
    }

    /// The document of `GET /_sim/state`: the true roster, free of lag, with counters and mutations.
    pub fn state(&self) -> Value {
        self.world().state()
    }

    /// Every change so far, oldest first.
    pub fn mutations(&self) -> Vec<Mutation> {
        self.world().organization.mutations.clone()
    }

    /// Requests so far, by `METHOD /path/{template}`.
    pub fn counters(&self) -> BTreeMap<String, Counter> {
        self.world().counters.clone()
    }

    /// Faults so far, by kind.
    pub fn faults(&self) -> BTreeMap<String, u64> {
        self.world().faults_injected.clone()
    }

    /// The time now, as the organization sees it.
    pub fn now(&self) -> Moment {
        self.inner.clock.now()
    }

    /// The organization itself. Never held over an await.
    fn world(&self) -> MutexGuard<'_, World> {
        // A panic under the lock is a bug that its own test reports; later tests may still look.
        self.inner
            .world
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
