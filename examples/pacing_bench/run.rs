//! One whole run over one simulated organization.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use jiff::Timestamp;
use rosterctl::apply::{Conditions, Event, JournalSink, Observer};
use rosterctl::desired::{DesiredRoster, Source, parse};
use rosterctl::guardrail::{History, Surroundings};
use rosterctl::journal::Record;
use rosterctl::pacing::{PaceBook, PaceSettings};
use rosterctl::provider::{BaseUrl, Clock, Credential, Gate, GateSettings, OpenAi, Stop};
use rosterctl::reconcile::{Prepared, Terms, draft, finish, observe, prepare};
use rosterctl::roster::{Operation, OrganizationId};
use rosterctl::simulator::{Hints, InProcess, Limit, Population, Settings, Simulator};
use secrecy::ExposeSecret as _;
use serde_json::Value;
use tokio::runtime;
use tokio::time::sleep;

use crate::ideal::Ideal;

const LATENCY: Duration = Duration::from_millis(50);
/// 2026-11-24 03:15 UTC.
const STARTED_AT_S: i64 = 1_795_490_100;
/// From a first run to the later one: long enough for every limit to be unused again.
const PAUSE_S: i64 = 3600;
/// Rows on a page.
const PAGE: usize = 100;

/// A limit and what it says about itself.
#[derive(Debug)]
pub(crate) struct Regime {
    pub(crate) name: &'static str,
    pub(crate) limit: Limit,
    pub(crate) hints: Hints,
    pub(crate) members: usize,
    pub(crate) removals: usize,
}

/// What one run took.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Figures {
    pub(crate) optimum: Duration,
    pub(crate) measured: Duration,
    /// Requests that were sent, and how many would have done.
    pub(crate) requests: u32,
    pub(crate) necessary: u32,
    /// 429s of the operation that met most.
    pub(crate) throttled_most: u32,
}

impl Figures {
    pub(crate) fn ratio(&self) -> f64 {
        self.measured.as_secs_f64() / self.optimum.as_secs_f64()
    }
}

/// A run without any figure, and one with the figures it kept.
pub(crate) fn first_and_later(regime: &Regime, seed: u64) -> anyhow::Result<(Figures, Figures)> {
    let (first, book) = run(regime, seed, STARTED_AT_S, None)?;
    let (later, _) = run(regime, seed, STARTED_AT_S + PAUSE_S, Some(&book))?;
    Ok((first, later))
}

/// One run on a clock of its own.
fn run(
    regime: &Regime,
    seed: u64,
    started_at_s: i64,
    book: Option<&PaceBook>,
) -> anyhow::Result<(Figures, PaceBook)> {
    let runtime = runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()?;
    runtime.block_on(reconcile(regime, seed, started_at_s, book))
}

async fn reconcile(
    regime: &Regime,
    seed: u64,
    started_at_s: i64,
    book: Option<&PaceBook>,
) -> anyhow::Result<(Figures, PaceBook)> {
    let simulator = Simulator::new(Settings {
        limit: regime.limit,
        hints: regime.hints,
        latency: LATENCY,
        ..Settings::quiet(Population::Members(regime.members), seed, started_at_s)
    });
    // Windows begin with the simulator's minute; the run begins anywhere in it.
    let run_seed = seed.wrapping_mul(2) + u64::from(book.is_some());
    let offset = Duration::from_secs_f64(60.0 * fastrand::Rng::with_seed(run_seed).f64());
    sleep(offset).await;
    let began = simulator.now().elapsed;
    let organization = OrganizationId::parse(simulator.organization())?;
    let (desired, invites) = file(&simulator.state(), regime.removals)?;
    let started_at = Timestamp::from_second(started_at_s)?.checked_add(began)?;
    let clock = Clock::starting_at(started_at);
    let provider = provider(&simulator, clock, run_seed, book)?;

    converge(&provider, &desired, clock, regime.removals).await?;

    let measured = simulator.now().elapsed.saturating_sub(began);
    let mut ideal = Ideal::starting_at(began, regime.limit, LATENCY);
    let necessary = necessary(&mut ideal, regime, invites);
    let counts = provider.gate().counts();
    let total = |sum: u64| u32::try_from(sum).context("requests fit into 32 bits");
    let figures = Figures {
        optimum: ideal.now().saturating_sub(began),
        measured,
        requests: total(counts.values().map(|count| count.requests).sum())?,
        necessary,
        throttled_most: total(
            counts
                .values()
                .map(|count| count.throttled)
                .max()
                .unwrap_or(0),
        )?,
    };
    let mut learned = PaceBook::new(organization);
    provider.gate().teach(&mut learned);
    Ok((figures, learned))
}

/// The requests of a run that knows everything, in the order in which they depend on each other; returns their
/// number. The admin key is looked up meanwhile, and takes no time of its own.
fn necessary(ideal: &mut Ideal, regime: &Regime, invites: usize) -> u32 {
    let (members, removals) = (regime.members, regime.removals);
    let pages = |rows: usize| rows.div_ceil(PAGE).max(1);
    let sequence = [
        (Operation::ListInvites, pages(invites)),
        (Operation::ListUsers, pages(members)),
        (Operation::DeleteUser, 1),
        (Operation::RetrieveUser, 1),
        (Operation::DeleteUser, removals - 1),
        (Operation::ListInvites, pages(invites)),
        (Operation::ListUsers, pages(members - removals)),
    ];
    let mut requests = 1;
    for (operation, count) in sequence {
        ideal.send(operation, count);
        requests += u32::try_from(count).unwrap_or(u32::MAX);
    }
    requests
}

fn provider(
    simulator: &Simulator,
    clock: Clock,
    seed: u64,
    book: Option<&PaceBook>,
) -> anyhow::Result<OpenAi<InProcess>> {
    let settings = GateSettings {
        pace: PaceSettings::DEFAULT,
        seed,
        on_wait: Arc::new(|_| {}),
    };
    let transport = simulator.in_process();
    let gate = Gate::new(transport, clock, Stop::default(), settings, book);
    let base = BaseUrl::resolve(Some("http://127.0.0.1/v1"), None)?;
    let key = Credential::parse(simulator.admin_key().expose_secret())?;
    let organization = OrganizationId::parse(simulator.organization())?;
    Ok(OpenAi::new(gate, base, key, &organization))
}

/// Observes, plans, executes and verifies; an end that is not proven is an error.
async fn converge(
    provider: &OpenAi<InProcess>,
    desired: &DesiredRoster,
    clock: Clock,
    removals: usize,
) -> anyhow::Result<()> {
    let stop = Stop::default();
    let observed = observe(provider, &stop).await?;
    let terms = Terms {
        surroundings: Surroundings {
            local_now: clock.now(),
            organization_id_env: None,
        },
        bound: rosterctl::document::Bound::default(),
        acceptances: &[],
        history: History::Known {
            revocations: 0,
            source: "audit log",
        },
        narrowing: rosterctl::plan::Narrowing::default(),
        people_verified: None,
        expiry_notice_days: 0,
    };
    let plan = draft(desired, &observed, clock.now());
    let Prepared::Approved(approved) = prepare(desired, &observed, plan, &terms) else {
        bail!("the plan of the bench is refused");
    };
    let conditions = Conditions {
        stop: &stop,
        clock,
        verify_timeout: Duration::from_mins(2),
        owners_in_doubt: &BTreeSet::new(),
    };
    let (mut journal, mut watch) = (Unwritten(0), Unwatched);
    let finishing = finish(
        provider,
        *approved,
        &observed,
        &mut journal,
        conditions,
        &mut watch,
    );
    let finished = Box::pin(finishing).await;
    let done = finished
        .executed
        .iter()
        .filter(|(_, outcome)| outcome.is_done());
    let done = done.count();
    if done != removals || finished.exit().code() != 0 {
        bail!("{done} removals, exit {}", finished.exit().code());
    }
    Ok(())
}

/// A members file that leaves out so many ordinary members, and how many invites there are.
fn file(state: &Value, removals: usize) -> anyhow::Result<(DesiredRoster, usize)> {
    let rows = |key: &str| {
        let rows = state[key].as_array().cloned();
        rows.ok_or_else(|| anyhow!("the simulator's state has no `{key}`"))
    };
    let organization = state["organization"].as_str().unwrap_or_default();
    let mut text = format!(
        "version = 1\n[organization]\nid = \"{organization}\"\n\
         [policy]\nundeclared = \"remove\"\n\
         [guardrails]\nrevocation_fraction_max = 1.0\nrevocations_max = {removals}\nrevocations_max_per_week = {removals}\n\
         [members]\n"
    );
    let mut left_out = 0;
    for user in rows("users")? {
        let is = |flag: &str| user[flag].as_bool() == Some(true);
        let is_protected = is("is_default") || is("is_service_account") || is("is_scim_managed");
        let is_owner = user["role"] == "owner";
        if !is_owner && !is_protected && left_out < removals {
            left_out += 1;
        } else if let Some(email) = user["email"].as_str() {
            let role = if is_owner { "owner" } else { "reader" };
            writeln!(text, "\"{email}\" = {{ role = \"{role}\" }}")?;
        }
    }
    let source = Source {
        name: "members.toml".to_owned(),
        text,
    };
    let desired = parse(&[source]).map_err(|violations| {
        let first = violations.first().map(ToString::to_string);
        anyhow!("the bench's members file: {}", first.unwrap_or_default())
    })?;
    Ok((desired, rows("invites")?.len()))
}

/// A journal that keeps nothing: the disk is not what is measured.
#[derive(Debug)]
struct Unwritten(u64);

impl JournalSink for Unwritten {
    fn next_seq(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }

    fn append(&mut self, _records: &[Record]) -> io::Result<()> {
        Ok(())
    }

    fn commit(&mut self, _records: &[Record]) -> io::Result<()> {
        Ok(())
    }
}

/// Nobody watches.
#[derive(Debug)]
struct Unwatched;

impl Observer for Unwatched {
    fn observe(&mut self, _event: Event<'_>) {}
}
