//! Parking: one request is held at a point, and whoever watches is told. So a harness can kill the client right there.
//!
//! While one is parked, every later request is held too, so nothing moves until the release. A release cuts what is
//! held, as if the network had died with the client, or lets it go on.

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::Simulator;
use super::endpoints::Endpoint;

/// Which request to park, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Park {
    /// The endpoint, such as `DELETE /organization/users/{user_id}`; any write when it is left out.
    #[serde(default)]
    pub endpoint: Option<String>,
    /// Its so manieth request that is let in from now on, counted from 1.
    pub nth: u64,
    /// The point.
    pub point: ParkPoint,
}

/// Where a request can be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ParkPoint {
    /// It has arrived and nothing has happened.
    BeforeEffect,
    /// It has taken effect and the answer is not sent.
    AfterEffect,
    /// The answer is sent, and the next request, whatever it is, is held on arrival.
    AfterAnswer,
}

/// The request that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parked {
    /// Its endpoint.
    pub endpoint: &'static str,
    /// The ids in its path.
    pub ids: Vec<String>,
}

/// What becomes of the requests that are held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Release {
    /// Their connections break. What had not taken effect never will.
    Cut,
    /// They go on.
    GoOn,
}

#[derive(Debug, Clone)]
enum Phase {
    /// Nothing is to be parked.
    Open,
    /// Waiting for the request.
    Armed { park: Park, seen: u64 },
    /// The request is under way.
    Claimed,
    /// Its answer is sent; the next request is held.
    Answered,
    /// Held.
    Held(Parked),
}

/// The place where requests are held.
#[derive(Debug)]
pub(super) struct Lot {
    phase: watch::Sender<Phase>,
    /// How the last ones were released. Apart from the phase, so that arming again at once loses nobody.
    releases: watch::Sender<Release>,
}

impl Lot {
    pub(super) fn new() -> Self {
        Self {
            phase: watch::Sender::new(Phase::Open),
            releases: watch::Sender::new(Release::GoOn),
        }
    }

    /// Holds a request that arrives while one is parked, or after the answer that was waited for.
    pub(super) async fn arrive(&self, endpoint: &Endpoint, ids: &[String]) -> Release {
        let releases = self.releases.subscribe();
        let mut held = false;
        self.phase.send_if_modified(|phase| match phase {
            Phase::Answered => {
                *phase = held_at(endpoint, ids);
                held = true;
                true
            }
            Phase::Held(_) => {
                held = true;
                false
            }
            Phase::Open | Phase::Armed { .. } | Phase::Claimed => false,
        });
        if held {
            released(releases).await
        } else {
            Release::GoOn
        }
    }

    /// Counts a request that was let in, and returns where it is to be parked.
    pub(super) fn claim(&self, endpoint: &Endpoint) -> Option<ParkPoint> {
        let mut claimed = None;
        self.phase.send_if_modified(|phase| {
            let Phase::Armed { park, seen } = phase else {
                return false;
            };
            let about = match &park.endpoint {
                Some(name) => name == endpoint.name,
                None => endpoint.writes(),
            };
            if about {
                *seen += 1;
            }
            if about && *seen == park.nth {
                claimed = Some(park.point);
                *phase = Phase::Claimed;
            }
            claimed.is_some()
        });
        claimed
    }

    /// Holds a claimed request.
    pub(super) async fn hold(&self, endpoint: &Endpoint, ids: &[String]) -> Release {
        let releases = self.releases.subscribe();
        self.phase.send_replace(held_at(endpoint, ids));
        released(releases).await
    }

    /// Says that the answer of a claimed request is on its way.
    pub(super) fn answered(&self) {
        self.phase.send_replace(Phase::Answered);
    }
}

async fn released(mut releases: watch::Receiver<Release>) -> Release {
    match releases.changed().await {
        Ok(()) => *releases.borrow(),
        // The simulator is gone, and every connection with it.
        Err(_) => Release::Cut,
    }
}

fn held_at(endpoint: &Endpoint, ids: &[String]) -> Phase {
    Phase::Held(Parked {
        endpoint: endpoint.name,
        ids: ids.to_vec(),
    })
}

impl Simulator {
    /// Parks a request to come. It replaces what was armed before.
    pub fn park(&self, park: Park) {
        self.inner
            .lot
            .phase
            .send_replace(Phase::Armed { park, seen: 0 });
    }

    /// Waits until a request is held, and returns which.
    pub async fn parked(&self) -> Parked {
        let mut phases = self.inner.lot.phase.subscribe();
        loop {
            if let Phase::Held(parked) = &*phases.borrow_and_update() {
                return parked.clone();
            }
            if phases.changed().await.is_err() {
                // The sender lives as long as this simulator does.
                std::future::pending::<()>().await;
            }
        }
    }

    /// Releases whatever is held, and disarms what is not reached yet.
    pub fn release(&self, release: Release) {
        self.inner.lot.phase.send_replace(Phase::Open);
        self.inner.lot.releases.send_replace(release);
    }
}
