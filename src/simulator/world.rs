//! Everything behind one lock: the organization, who may call it, and what it has counted.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::{Value, json};

use super::access::{Keyring, key_from_seed};
use super::answer::ApiError;
use super::chaos::Faults;
use super::endpoints::Endpoint;
use super::inject::Stale;

use super::limits::{Meter, Standing};
use super::organization::{Author, By, Organization};
use super::table::Point;
use super::{
    Access, Credential, Fault, Hints, LegacyShape, Limit, Moment, Population, Roster, Settings,
};

/// How often one endpoint was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Counter {
    /// Requests that arrived, whatever they were answered.
    pub requests: u64,
    /// Those that the limit refused with a 429.
    pub throttled: u64,
}

/// The organization and all that stands around it.
#[derive(Debug)]
pub(super) struct World {
    pub(super) organization: Organization,
    pub(super) keyring: Keyring,
    pub(super) counters: BTreeMap<String, Counter>,
    pub(super) legacy: LegacyShape,
    pub(super) faults_injected: BTreeMap<String, u64>,
    pub(super) stale: Option<Stale>,
    /// The cursor that leads to itself, by endpoint.
    pub(super) stuck: BTreeMap<&'static str, String>,
    faults: Faults,
    limit: Limit,
    hints: Hints,
    lag: Duration,
    meters: BTreeMap<&'static str, Meter>,
    request_ids: fastrand::Rng,
}

/// What was decided when a request arrived.
#[derive(Debug)]
pub(super) struct Arrival {
    /// Who calls, or why the request goes no further.
    pub(super) caller: Result<By, ApiError>,
    /// Headers about the limit.
    pub(super) hints: Vec<(&'static str, String)>,
    /// What goes wrong with it.
    pub(super) fault: Option<Fault>,
}

impl World {
    /// Builds the organization, and returns the admin key with it.
    pub(super) fn new(settings: Settings) -> (Self, SecretString) {
        let Settings {
            population,
            seed,
            started_at_s,
            admin_key,
            credentials,
            limit,
            hints,
            latency: _,
            lag,
            legacy,
            faults,
            chaos,
        } = settings;
        let admin_key = admin_key.unwrap_or_else(|| key_from_seed(seed));
        let roster = match population {
            Population::Members(members) => {
                Roster::generate(members, seed, started_at_s, &admin_key)
            }
            Population::Roster(roster) => *roster,
        };
        let organization = Organization::new(roster, seed);
        let mut all = vec![Credential {
            secret: admin_key.clone(),
            access: Access::Full,
        }];
        all.extend(credentials);
        let world = Self {
            keyring: Keyring::new(all, &organization),
            organization,
            counters: BTreeMap::new(),
            legacy,
            faults_injected: BTreeMap::new(),
            stale: None,
            stuck: BTreeMap::new(),
            faults: Faults::new(faults, chaos, seed),
            limit,
            hints,
            lag,
            meters: BTreeMap::new(),
            request_ids: fastrand::Rng::with_seed(seed ^ 0x0072_6571),
        };
        (world, admin_key)
    }

    /// Counts a request, lets it in or not, holds it to the limit, and draws its fault.
    pub(super) fn arrive(
        &mut self,
        endpoint: &Endpoint,
        headers: &HeaderMap,
        moment: Moment,
    ) -> Arrival {
        self.counter(endpoint).requests += 1;
        let actor =
            match self
                .keyring
                .authenticate(headers, endpoint.writes(), &self.organization, moment)
            {
                Ok(actor) => actor,
                Err(error) => {
                    return Arrival {
                        caller: Err(error),
                        hints: Vec::new(),
                        fault: None,
                    };
                }
            };
        let limit = self.limit;
        let meter = self
            .meters
            .entry(endpoint.name)
            .or_insert_with(|| Meter::new(limit));
        let admitted = meter.admit(moment.elapsed);
        let standing = meter.standing(moment.elapsed);
        let hints = hint_headers(self.hints, admitted.err(), standing);
        if let Err(wait) = admitted {
            self.counter(endpoint).throttled += 1;
            return Arrival {
                caller: Err(throttled(self.hints, wait)),
                hints,
                fault: None,
            };
        }
        let fault = self.faults.draw(endpoint, &self.organization);
        if let Some(fault) = &fault {
            self.befall(fault, moment);
        }
        Arrival {
            caller: Ok(By {
                author: Author::Caller,
                actor,
                moment,
            }),
            hints,
            fault,
        }
    }

    /// The point that reads see.
    pub(super) fn view(&self, moment: Moment) -> Point {
        let lagging = moment.elapsed.checked_sub(self.lag);
        match self.stale {
            Some(Stale { until, view }) if moment.elapsed < until => lagging.min(view),
            Some(_) | None => lagging,
        }
    }

    /// The next `x-request-id`.
    pub(super) fn next_request_id(&mut self) -> String {
        format!("req_{:032x}", self.request_ids.u128(..))
    }

    /// The document of `GET /_sim/state`.
    pub(super) fn state(&self) -> Value {
        let mut state = json!(self.organization.roster());
        state["counters"] = json!(self.counters);
        state["mutations"] = json!(self.organization.mutations);
        state["faults"] = json!(self.faults_injected);
        state
    }

    fn counter(&mut self, endpoint: &Endpoint) -> &mut Counter {
        self.counters.entry(endpoint.name.to_owned()).or_default()
    }
}

/// The 429 of a limit.
fn throttled(hints: Hints, wait: Duration) -> ApiError {
    let message = match hints {
        Hints::Body => format!(
            "You've exceeded the rate limit, please slow down and try again after {} seconds.",
            millis_up(wait)
        ),
        Hints::None | Hints::RetryAfter | Hints::Headers => {
            "You're making too many requests, please slow down.".to_owned()
        }
    };
    ApiError::object(
        StatusCode::TOO_MANY_REQUESTS,
        message,
        Some("rate_limit_exceeded"),
    )
}

fn hint_headers(
    hints: Hints,
    wait: Option<Duration>,
    standing: Option<Standing>,
) -> Vec<(&'static str, String)> {
    match (hints, wait, standing) {
        (Hints::RetryAfter, Some(wait), _) => {
            let seconds = wait.as_nanos().div_ceil(1_000_000_000).max(1);
            vec![("retry-after", seconds.to_string())]
        }
        (
            Hints::Headers,
            _,
            Some(Standing {
                limit,
                remaining,
                reset,
            }),
        ) => vec![
            ("x-ratelimit-limit-requests", limit.to_string()),
            ("x-ratelimit-remaining-requests", remaining.to_string()),
            (
                "x-ratelimit-reset-requests",
                format!("{}s", millis_up(reset)),
            ),
        ],
        (Hints::None | Hints::Body | Hints::RetryAfter | Hints::Headers, _, _) => Vec::new(),
    }
}

/// Seconds with three decimals, never less than what was meant.
fn millis_up(wait: Duration) -> String {
    let millis = wait.as_nanos().div_ceil(1_000_000);
    format!("{}.{:03}", millis / 1000, millis % 1000)
}
