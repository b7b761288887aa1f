//! What kind of organization to simulate, and how badly it behaves: named fields that flags fill one by one.

use std::time::Duration;

use secrecy::SecretString;

use super::{FaultScript, Limit, Roster};

/// Everything a simulator is built from. Same settings, same requests at the same times: same answers.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Who is in the organization.
    pub population: Population,
    /// Decides every generated name, id and chance.
    pub seed: u64,
    /// The wall clock at the start, in Unix seconds.
    pub started_at_s: i64,
    /// The admin key with every scope; `None` makes one from the seed.
    pub admin_key: Option<SecretString>,
    /// Other keys that work, with less access.
    pub credentials: Vec<Credential>,
    /// The limit of each method and path template.
    pub limit: Limit,
    /// What an answer says about the limit.
    pub hints: Hints,
    /// How long every answer takes.
    pub latency: Duration,
    /// How long reads do not see a write.
    pub lag: Duration,
    /// How the dashboard's older list looks.
    pub legacy: LegacyShape,
    /// What goes wrong, and when.
    pub faults: FaultScript,
    /// The chance that a request that the script leaves alone goes wrong, 0 to 1.
    pub chaos: f64,
}

impl Settings {
    /// A well-behaved organization: no limit, no latency, no lag, no faults.
    pub fn quiet(population: Population, seed: u64, started_at_s: i64) -> Self {
        Self {
            population,
            seed,
            started_at_s,
            admin_key: None,
            credentials: Vec::new(),
            limit: Limit::None,
            hints: Hints::None,
            latency: Duration::ZERO,
            lag: Duration::ZERO,
            legacy: LegacyShape::Nested,
            faults: FaultScript::default(),
            chaos: 0.0,
        }
    }
}

/// Who is in the organization at the start.
#[derive(Debug, Clone)]
pub enum Population {
    /// Made up, with so many rows in the list of users.
    Members(usize),
    /// Exactly these rows, served as written.
    Roster(Box<Roster>),
}

/// A key beside the admin key.
#[derive(Debug, Clone)]
pub struct Credential {
    /// The bearer token.
    pub secret: SecretString,
    /// What it may do.
    pub access: Access,
}

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Read and write: the scopes `api.management.read` and `api.management.write`.
    Full,
    /// Read only: the scope `api.management.read`.
    ReadOnly,
    /// Neither: a key of a project, or an admin key without the scopes.
    None,
}

/// What the answers say about a limit. The real service often says nothing (API contract, section 11).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hints {
    /// Nothing.
    None,
    /// `Retry-After`, in whole seconds, on a 429.
    RetryAfter,
    /// `x-ratelimit-{limit,remaining,reset}-requests` on every answer.
    Headers,
    /// The seconds to wait, in the message of a 429.
    Body,
}

/// The two shapes in which the older list of members has been seen (API contract, section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LegacyShape {
    /// `{"members":{"data":[{"role","created","user":{"id","name","email"}}]}}`.
    Nested,
    /// `[{"id","email","role"}]`.
    Plain,
}
