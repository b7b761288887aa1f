//! An organization in this process, a members file, and one whole run over them.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use jiff::Timestamp;
use rosterctl::apply::{Conditions, Event, JournalSink, Observer};
use rosterctl::desired::{DesiredRoster, Source, parse};
use rosterctl::guardrail::{Acceptance, History, Surroundings};
use rosterctl::journal::{PlanRecord, Record};
use rosterctl::outcome::Outcome;
use rosterctl::pacing::PaceSettings;
use rosterctl::plan::{Change, PlanId};
use rosterctl::provider::{
    BaseUrl, Clock, Credential, Gate, GateSettings, OpenAi, Stop, Transport,
};
use rosterctl::reconcile::{Finished, Observed, Prepared, Terms, draft, finish, observe, prepare};
use rosterctl::roster::{OrganizationId, UserId};
use rosterctl::simulator::{Mutation, Population, Roster, Settings, Simulator};
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};

/// When every run starts: noon of the day on which tests happen.
pub(crate) const STARTED_AT: &str = "2026-11-24T12:00:00Z";

pub(crate) fn started_at() -> Timestamp {
    STARTED_AT.parse().unwrap()
}

/// A row in wire shape.
pub(crate) fn row(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map,
        other => panic!("not a row: {other}"),
    }
}

/// A member in wire shape, with all protection flags sent as false.
pub(crate) fn user(id: &str, email: &str, role: &str) -> Map<String, Value> {
    row(json!({
        "object": "organization.user", "id": id, "email": email, "name": id, "role": role, "added_at": 1_700_000_000,
        "is_default": false, "is_service_account": false, "is_scim_managed": false,
    }))
}

/// A pending invite in wire shape.
pub(crate) fn pending(id: &str, email: &str, role: &str) -> Map<String, Value> {
    row(json!({
        "object": "organization.invite", "id": id, "email": email, "role": role, "status": "pending",
        "created_at": 1_700_000_000, "expires_at": 1_900_000_000, "projects": [],
    }))
}

/// An admin key in wire shape that is not the one in use.
pub(crate) fn admin_key(id: &str, owner: &str) -> Map<String, Value> {
    row(json!({
        "object": "organization.admin_api_key", "id": id, "name": format!("name of {id}"),
        "redacted_value": format!("sk-admin...{id}"), "created_at": 1_700_000_000, "expires_at": null,
        "last_used_at": null,
        "owner": {"type": "user", "object": "organization.user", "id": owner, "role": "owner"},
    }))
}

/// A roster of these rows, with an admin key of Ada's that is found by its redacted value.
pub(crate) fn roster(users: Vec<Map<String, Value>>, invites: Vec<Map<String, Value>>) -> Roster {
    let key = row(json!({
        "object": "organization.admin_api_key", "id": "key_1", "name": "ci", "redacted_value": "sk-admin-test...7890",
        "created_at": 1_700_000_000, "expires_at": null, "last_used_at": null,
        "owner": {"type": "user", "object": "organization.user", "id": "user-ada", "role": "owner"},
    }));
    Roster {
        organization: "org-test".to_owned(),
        users,
        invites,
        admin_api_keys: vec![key],
        ..Roster::default()
    }
}

/// Settings of a well-behaved organization of these rows.
pub(crate) fn quiet(roster: Roster) -> Settings {
    let admin_key = Some("sk-admin-test-1234567890".to_owned().into());
    Settings {
        admin_key,
        ..Settings::quiet(
            Population::Roster(Box::new(roster)),
            1,
            started_at().as_second(),
        )
    }
}

/// A members file about `org-test` in which everything is enforced, ending in these lines of `[members]`.
pub(crate) fn file(members: &str) -> String {
    format!(
        "version = 1\n[organization]\nid = \"org-test\"\n\
         [policy]\nundeclared = \"remove\"\ninvites = \"cancel\"\n\
         [guardrails]\nrevocation_fraction_max = 1.0\nowners_min = 1\nemail_domains = [\"acme.dev\"]\n\
         [members]\n\"ada@acme.dev\" = {{ role = \"owner\" }}\n{members}\n"
    )
}

/// Parses a members file that has no violation.
pub(crate) fn desired(text: &str) -> DesiredRoster {
    let source = Source {
        name: "members.toml".to_owned(),
        text: text.to_owned(),
    };
    parse(&[source]).unwrap_or_else(|violations| panic!("{violations:?}"))
}

/// The first record of a journal, of a plan that does not matter.
pub(crate) fn plan_record(at: Timestamp) -> PlanRecord {
    PlanRecord {
        format_version: PlanRecord::FORMAT_VERSION,
        rosterctl: "0.0.0".to_owned(),
        at,
        plan_id: "0".repeat(64),
        organization: "org-test".to_owned(),
        actions: Vec::new(),
        approved: 1,
        accepted: Vec::new(),
        key_owner: None,
        reference: None,
    }
}

/// A journal in memory. `fails_after`: how many commits succeed.
#[derive(Debug, Default)]
pub(crate) struct MemoryJournal {
    pub(crate) records: Vec<Record>,
    pub(crate) commits: usize,
    pub(crate) fails_after: Option<usize>,
    seq: u64,
}

impl JournalSink for MemoryJournal {
    fn next_seq(&mut self) -> u64 {
        self.seq += 1;
        self.seq
    }

    fn append(&mut self, records: &[Record]) -> io::Result<()> {
        self.records.extend_from_slice(records);
        Ok(())
    }

    fn commit(&mut self, records: &[Record]) -> io::Result<()> {
        if self
            .fails_after
            .is_some_and(|commits| self.commits >= commits)
        {
            return Err(io::Error::other("the disk is full"));
        }
        self.commits += 1;
        self.append(records)
    }
}

/// Remembers what it was told, one line each.
#[derive(Debug, Clone, Default)]
pub(crate) struct Story(pub(crate) Arc<Mutex<Vec<String>>>);

impl Observer for Story {
    fn observe(&mut self, event: Event<'_>) {
        let line = match event {
            // Every batch has one before it, and what a verification reads is in the simulator's log.
            Event::Admitting {
                operation: _,
                left: _,
            }
            | Event::Verifying(_) => return,
            Event::Batch {
                operation,
                size,
                left,
            } => format!("batch of {size} {operation}, {left} left"),
            Event::Settled { action, outcome } => {
                format!("{}: {}", action.change, outcome.as_str())
            }
            Event::ReadingBack { action, cause: _ } => format!("reading back: {}", action.change),
            Event::ProvingCanary { action } => format!("proving: {}", action.change),
            Event::CanaryProven { lag } => format!("proven after {} s", lag.as_secs()),
        };
        self.0.lock().unwrap().push(line);
    }
}

/// One run: the organization, the file, and how the run goes about it.
pub(crate) struct Case {
    pub(crate) simulator: Simulator,
    pub(crate) text: String,
    pub(crate) stop: Stop,
    pub(crate) verify_timeout: Duration,
    pub(crate) journal: MemoryJournal,
    pub(crate) story: Story,
    /// The breaches that are accepted, whatever the plan's id.
    pub(crate) accepted: &'static str,
    /// Owners whose revocation an earlier run sent, without learning its fate.
    pub(crate) owners_in_doubt: BTreeSet<UserId>,
}

impl Case {
    pub(crate) fn new(settings: Settings, text: &str) -> Self {
        Self {
            simulator: Simulator::new(settings),
            text: text.to_owned(),
            stop: Stop::default(),
            verify_timeout: Duration::from_mins(2),
            journal: MemoryJournal::default(),
            story: Story::default(),
            accepted: "",
            owners_in_doubt: BTreeSet::new(),
        }
    }

    /// A client of the organization, over any transport.
    pub(crate) fn client<T: Transport>(&self, transport: T, clock: Clock) -> OpenAi<T> {
        let settings = GateSettings {
            pace: PaceSettings::DEFAULT,
            seed: 1,
            on_wait: Arc::new(|_| {}),
        };
        let gate = Gate::new(transport, clock, self.stop.clone(), settings, None);
        let base = BaseUrl::resolve(Some("http://127.0.0.1:9/v1"), None).unwrap();
        let key = Credential::parse(self.simulator.admin_key().expose_secret()).unwrap();
        let organization = OrganizationId::parse(self.simulator.organization()).unwrap();
        OpenAi::new(gate, base, key, &organization)
    }

    /// Observes, prepares and finishes.
    pub(crate) async fn run(&mut self) -> Finished {
        let clock = Clock::starting_at(started_at());
        let client = self.client(self.simulator.in_process(), clock);
        self.run_with(&client, clock).await
    }

    /// The same with a given client.
    pub(crate) async fn run_with<T: Transport>(
        &mut self,
        client: &OpenAi<T>,
        clock: Clock,
    ) -> Finished {
        let observed = observe(client, &self.stop).await.unwrap();
        let approved = match self.prepare(&observed, clock) {
            Prepared::Approved(approved) => *approved,
            other => panic!("not approved: {other:?}"),
        };
        let conditions = Conditions {
            stop: &self.stop,
            clock,
            verify_timeout: self.verify_timeout,
            owners_in_doubt: &self.owners_in_doubt,
        };
        finish(
            client,
            approved,
            &observed,
            &mut self.journal,
            conditions,
            &mut self.story,
        )
        .await
    }

    /// Computes and judges the plan.
    pub(crate) fn prepare(&self, observed: &Observed, clock: Clock) -> Prepared {
        let acceptances = match self.accepted {
            "" => Vec::new(),
            kinds => {
                let id = self.plan_id(observed, clock);
                vec![Acceptance::parse(&format!("{id}:{kinds}")).unwrap()]
            }
        };
        self.prepare_with(observed, clock, &acceptances)
    }

    fn plan_id(&self, observed: &Observed, clock: Clock) -> PlanId {
        match self.prepare_with(observed, clock, &[]) {
            Prepared::Approved(approved) => approved.judgement().plan.id(),
            Prepared::Refused(refusal) => refusal.judgement().plan.id(),
            other => panic!("no plan: {other:?}"),
        }
    }

    fn prepare_with(
        &self,
        observed: &Observed,
        clock: Clock,
        acceptances: &[Acceptance],
    ) -> Prepared {
        let terms = Terms {
            surroundings: Surroundings {
                local_now: clock.now(),
                organization_id_env: None,
            },
            acceptances,
            bound: rosterctl::document::Bound::default(),
            history: History::Known {
                revocations: 0,
                source: "audit log",
            },
            narrowing: rosterctl::plan::Narrowing::default(),
            people_verified: None,
            expiry_notice_days: 14,
        };
        let desired = desired(&self.text);
        let plan = draft(&desired, observed, clock.now());
        prepare(&desired, observed, plan, &terms)
    }

    pub(crate) fn story(&self) -> Vec<String> {
        self.story.0.lock().unwrap().clone()
    }

    /// What the organization says was done to it: `DELETE user-1`.
    pub(crate) fn mutations(&self) -> Vec<String> {
        let changes = self.simulator.mutations();
        changes
            .iter()
            .map(|change| serde_json::to_value(change).unwrap())
            .map(|change| {
                let text = |key: &str| change[key].as_str().unwrap_or("-").to_owned();
                format!("{} {}", text("operation"), text("id"))
            })
            .collect()
    }

    /// How often an endpoint was called.
    pub(crate) fn requests(&self, endpoint: &str) -> u64 {
        let counters = serde_json::to_value(self.simulator.counters()).unwrap();
        counters[endpoint]["requests"].as_u64().unwrap_or_default()
    }
}

/// Every outcome, one line each: `remove eve@acme.dev (reader): done`.
pub(crate) fn outcomes(finished: &Finished) -> Vec<String> {
    let line = |(action, outcome): &(rosterctl::plan::Action, Outcome)| {
        format!("{}: {outcome}", action.change)
    };
    finished.executed.iter().map(line).collect()
}

/// Whether an entry of the organization's log is what a change makes.
pub(crate) fn made(change: &Change, mutation: &Mutation) -> bool {
    let Mutation {
        seq: _,
        operation,
        id,
        email,
        role,
        author: _,
    } = mutation;
    match change {
        Change::Remove { member } => *operation == "delete-user" && id == member.id.as_str(),
        Change::SetRole { member, to } => {
            *operation == "modify-user"
                && id == member.id.as_str()
                && role.as_deref() == Some(to.as_str())
        }
        Change::CancelInvite { invite } => {
            *operation == "delete-invite" && id == invite.id.as_str()
        }
        Change::Invite {
            email: invited,
            role: given,
        } => {
            *operation == "create-invite"
                && email.as_deref() == Some(invited.as_str())
                && role.as_deref() == Some(given.as_str())
        }
        Change::RevokeKey {
            key,
            user: _,
            email: _,
        } => *operation == "delete-admin-key" && id == key.id.as_str(),
    }
}
