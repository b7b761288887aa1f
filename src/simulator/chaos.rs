//! Faults by chance: each request may go wrong, in any way that can happen to it, as a seed decides.

use std::num::NonZeroU64;

use super::endpoints::Endpoint;
use super::fault::{ErrorShape, Refusal};
use super::organization::Organization;
use super::table::{email_of, text};
use super::{Elsewhere, Fault, FaultScript, Scripted};

/// Owners that somebody else's changes leave: an organization without one is not a bad day but an impossible one.
const OWNERS_LEFT_MIN: usize = 2;

/// Which fault the next request meets.
#[derive(Debug)]
pub(super) struct Faults {
    script: Vec<Due>,
    /// The chance of a fault, 0 to 1.
    probability: f64,
    rng: fastrand::Rng,
    newcomers: u64,
}

#[derive(Debug)]
struct Due {
    entry: Scripted,
    /// Requests so far that it is about.
    seen: u64,
}

impl Faults {
    /// A script, and so much chance beside it.
    pub(super) fn new(script: FaultScript, probability: f64, seed: u64) -> Self {
        let FaultScript { faults } = script;
        Self {
            script: faults
                .into_iter()
                .map(|entry| Due { entry, seen: 0 })
                .collect(),
            probability,
            rng: fastrand::Rng::with_seed(seed ^ 0x0063_6861_6f73),
            newcomers: 0,
        }
    }

    /// Returns what goes wrong with a request that was let in.
    pub(super) fn draw(
        &mut self,
        endpoint: &Endpoint,
        organization: &Organization,
    ) -> Option<Fault> {
        let mut scripted = None;
        for due in &mut self.script {
            if due.advance(endpoint) && scripted.is_none() {
                scripted = Some(due.entry.fault.clone());
            }
        }
        if scripted.is_some() {
            return scripted;
        }
        // The dice are thrown only where there is chance at all: a script alone draws nothing from the seed.
        if self.probability <= 0.0 || self.rng.f64() >= self.probability {
            return None;
        }
        Some(self.any(endpoint, organization))
    }

    /// Any fault that fits, each kind as likely as the others; the key is revoked more rarely, for it ends the run.
    fn any(&mut self, endpoint: &Endpoint, organization: &Organization) -> Fault {
        loop {
            let fault = match self.rng.u8(..57) {
                0..4 => self.refusal(429),
                4..8 => self.refusal(500),
                8..12 => Fault::Html {
                    status: 502,
                    after: self.rng.bool(),
                },
                12..16 => Fault::ResetBefore,
                16..20 => Fault::ResetAfter,
                20..24 => Fault::SlowBody { ms: self.pause() },
                24..28 => Fault::Truncated,
                28..32 => Fault::NotDeleted,
                32..36 => Fault::NotFound,
                36..40 => Fault::RepeatedCursor,
                40..44 => Fault::StaleReads {
                    ms: self.rng.u64(500..10_000),
                },
                44..56 => match self.elsewhere(organization) {
                    Some(change) => Fault::Elsewhere(change),
                    None => continue,
                },
                _ => Fault::Elsewhere(Elsewhere::RevokeKey),
            };
            if fault.fits(endpoint) {
                return fault;
            }
        }
    }

    fn refusal(&mut self, status: u16) -> Fault {
        Fault::Status(Refusal {
            status,
            after: status >= 500 && self.rng.bool(),
            retry_after_s: (status == 429 && self.rng.bool()).then(|| self.rng.u64(1..=3)),
            code: (status == 429).then(|| "rate_limit_exceeded".to_owned()),
            message: None,
            shape: ErrorShape::Object,
        })
    }

    /// Mostly short; one in four is longer than any client waits.
    fn pause(&mut self) -> u64 {
        if self.rng.u8(..4) == 0 {
            600_000
        } else {
            self.rng.u64(100..3_000)
        }
    }

    fn elsewhere(&mut self, organization: &Organization) -> Option<Elsewhere> {
        let people: Vec<(&str, &str)> = organization
            .users
            .rows()
            .filter(|row| row.get("is_service_account") != Some(&true.into()))
            .filter_map(|row| Some((email_of(row)?, text(row, "role")?)))
            .collect();
        let owners = people.iter().filter(|(_, role)| *role == "owner").count();
        let (email, role) = *people.get(self.rng.usize(..people.len().max(1)))?;
        let spare = role != "owner" || owners > OWNERS_LEFT_MIN;
        let email = email.to_owned();
        match self.rng.u8(..4) {
            0 => {
                self.newcomers += 1;
                Some(Elsewhere::Add {
                    email: format!("newcomer{}@acme.dev", self.newcomers),
                    role: "reader".to_owned(),
                })
            }
            1 if spare => Some(Elsewhere::Remove { email }),
            2 if spare => {
                let role = if role == "owner" { "reader" } else { "owner" }.to_owned();
                Some(Elsewhere::SetRole { email, role })
            }
            3 => {
                let pending: Vec<&str> = organization
                    .invites
                    .rows()
                    .filter(|row| text(row, "status") == Some("pending"))
                    .filter_map(email_of)
                    .collect();
                let email = (*self.rng.choice(&pending)?).to_owned();
                Some(Elsewhere::AcceptInvite { email })
            }
            _ => None,
        }
    }
}

impl Due {
    /// Counts a request, and returns whether the fault is due for it.
    fn advance(&mut self, endpoint: &Endpoint) -> bool {
        let Scripted {
            endpoint: wanted,
            nth,
            times,
            fault,
        } = &self.entry;
        let about = wanted.as_deref().is_none_or(|name| name == endpoint.name);
        if !about || !fault.fits(endpoint) {
            return false;
        }
        self.seen += 1;
        self.seen >= nth.get() && self.seen - nth.get() < NonZeroU64::get(*times)
    }
}
