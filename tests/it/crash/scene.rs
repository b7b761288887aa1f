//! One organization, one killed run, and the run after it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::net::SocketAddr;
use std::process::{Child, Stdio};
use std::sync::mpsc;
use std::thread::{sleep, spawn};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rosterctl::document::ChangeName;
use rosterctl::journal::{IntentRecord, Record, decode};
use rosterctl::outcome::Outcome;
use rosterctl::plan::Change;
use rosterctl::simulator::{Mutation, Release, Settings, Simulator};
use secrecy::ExposeSecret as _;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::Moment;
use crate::cli::{Desk, age};
use crate::support::{admin_key, file, made, pending, quiet, roster, user};

/// Time for a run to reach its moment.
const PATIENCE: Duration = Duration::from_secs(20);
/// Changes of the plan: four roles, three cancelled invites, four removals, three invites, three keys.
const CHANGES: usize = 17;

/// How far a change has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Phase {
    BeforeIntent,
    AfterIntent,
    AfterEffect,
    AfterOutcome,
}

impl Phase {
    pub(super) const ALL: [Self; 4] = [
        Self::BeforeIntent,
        Self::AfterIntent,
        Self::AfterEffect,
        Self::AfterOutcome,
    ];
}

/// What a journal says of one change.
struct Written {
    change: Change,
    outcome: Option<Outcome>,
}

/// What became of a killed run.
pub(super) struct Became {
    /// Changes of the killed run that the organization had made.
    in_effect: usize,
    /// Changes of the killed run whose outcome its journal holds in the end.
    explained: usize,
    /// Changes that the run after it sent.
    sent_next: usize,
}

impl Display for Became {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            in_effect,
            explained,
            sent_next,
        } = self;
        write!(
            f,
            "in effect {in_effect:>2}, explained {explained:>2}, sent by the next run {sent_next:>2}: converged"
        )
    }
}

/// An organization that is served, and a folder to run in.
pub(super) struct Scene {
    simulator: Simulator,
    desk: Desk,
    /// Ends the service when it is dropped.
    _end: oneshot::Sender<()>,
}

impl Scene {
    /// An organization in which every kind of change is due at least three times.
    pub(super) fn set() -> Self {
        let users = vec![
            user("user-ada", "ada@acme.dev", "owner"),
            user("user-bob", "bob@acme.dev", "reader"),
            user("user-r1", "rises1@acme.dev", "reader"),
            user("user-r2", "rises2@acme.dev", "reader"),
            user("user-f1", "falls1@acme.dev", "owner"),
            user("user-f2", "falls2@acme.dev", "owner"),
            user("user-l1", "leaves1@acme.dev", "reader"),
            user("user-l2", "leaves2@acme.dev", "reader"),
            user("user-l3", "leaves3@acme.dev", "reader"),
            user("user-l4", "leaves4@acme.dev", "reader"),
        ];
        let invites = vec![
            pending("invite-1", "unwanted1@acme.dev", "reader"),
            pending("invite-2", "unwanted2@acme.dev", "reader"),
            pending("invite-3", "other@acme.dev", "owner"),
        ];
        let mut rows = roster(users, invites);
        for (id, owner) in [
            ("key_2", "user-f1"),
            ("key_3", "user-f2"),
            ("key_4", "user-f2"),
        ] {
            rows.admin_api_keys.push(admin_key(id, owner));
        }
        let text = file(
            "\"bob@acme.dev\" = {}\n\
             \"rises1@acme.dev\" = { role = \"owner\" }\n\"rises2@acme.dev\" = { role = \"owner\" }\n\
             \"falls1@acme.dev\" = { role = \"reader\" }\n\"falls2@acme.dev\" = { role = \"reader\" }\n\
             \"other@acme.dev\" = {}\n\"joins1@acme.dev\" = {}\n\"joins2@acme.dev\" = {}",
        )
        .replace("[guardrails]", "admin_keys = \"revoke\"\n[guardrails]")
        .replace(
            "owners_min = 1",
            "owners_min = 1\nrequired_owners = [\"ada@acme.dev\", \"rises1@acme.dev\", \"rises2@acme.dev\"]",
        );
        let settings = Settings {
            started_at_s: Timestamp::now().as_second(),
            ..quiet(rows)
        };
        let (simulator, address, end) = serve(settings);
        let desk = Desk::new(&text)
            .with("OPENAI_ADMIN_KEY", simulator.admin_key().expose_secret())
            .with("OPENAI_BASE_URL", &format!("http://{address}/v1"));
        Self {
            simulator,
            desk,
            _end: end,
        }
    }

    /// Kills a run at its moment, runs again, and judges.
    pub(super) fn play(&mut self, moment: &Moment) -> Result<Became, String> {
        self.simulator.park(moment.park.clone());
        let mut killed = self
            .desk
            .command(&["apply", "--yes"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let reached = self.reach(moment);
        kill(&mut killed);
        self.simulator.release(Release::Cut);
        reached?;
        let before = self.simulator.mutations();
        let was_written = self.journals().len();
        self.age();

        let ran = self.desk.run(&["apply", "--yes"]);
        if ran.code != 0 {
            return Err(format!("the next run: {ran:?}"));
        }
        let explains = ran.err.contains("an earlier run was cut short");
        if explains != (was_written == 1) {
            return Err(format!("{was_written} journals, but it said: {}", ran.err));
        }
        self.judge(&before, was_written)?;
        let journals = self.journals();
        let (first, later) = journals.split_at(was_written);
        let sent_next = later.iter().flat_map(|records| written(records)).count();
        Ok(Became {
            in_effect: before.len(),
            explained: first.iter().flat_map(|records| written(records)).count(),
            sent_next,
        })
    }

    /// Waits until the request is parked and the moment is what it should be.
    fn reach(&self, moment: &Moment) -> Result<(), String> {
        let parked = runtime().block_on(async { timeout(PATIENCE, self.simulator.parked()).await });
        let parked = parked.map_err(|_elapsed| "the moment never came".to_owned())?;
        if moment.phase != Phase::AfterOutcome
            && Some(parked.endpoint) != moment.park.endpoint.as_deref()
        {
            return Err(format!("{parked:?} was parked"));
        }
        // The answer is on its way, and nothing else moves.
        let began = Instant::now();
        while !self.is_reached(moment) {
            if began.elapsed() > PATIENCE {
                return Err("the journal and the log say that it is another moment".to_owned());
            }
            sleep(Duration::from_millis(2));
        }
        Ok(())
    }

    /// Whether some change of the kind has come exactly so far.
    fn is_reached(&self, moment: &Moment) -> bool {
        let log = self.simulator.mutations();
        let written: Vec<Written> = self
            .journals()
            .iter()
            .flat_map(|records| written(records))
            .filter(|written| ChangeName::of(&written.change) == moment.kind)
            .collect();
        let in_log = |change: &Change| log.iter().any(|mutation| made(change, mutation));
        let nth = usize::try_from(moment.park.nth).unwrap();
        match moment.phase {
            Phase::BeforeIntent => written.len() < 3,
            Phase::AfterIntent => written
                .iter()
                .any(|written| written.outcome.is_none() && !in_log(&written.change)),
            Phase::AfterEffect => written
                .iter()
                .any(|written| written.outcome.is_none() && in_log(&written.change)),
            Phase::AfterOutcome => {
                let settled = written.iter().filter(|written| written.outcome.is_some());
                settled.count() >= nth
            }
        }
    }

    /// Every journal, oldest first.
    fn journals(&self) -> Vec<Vec<Record>> {
        let Ok(entries) = fs::read_dir(self.journal_folder()) else {
            return Vec::new();
        };
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
            .iter()
            .map(|path| decode(&fs::read(path).unwrap()).unwrap().records)
            .collect()
    }

    fn journal_folder(&self) -> std::path::PathBuf {
        self.desk.path(".rosterctl/org-test/journal")
    }

    /// Makes the killed run one of some time ago.
    fn age(&self) {
        let Ok(entries) = fs::read_dir(self.journal_folder()) else {
            return;
        };
        for entry in entries {
            age(&entry.unwrap().path());
        }
    }

    /// Whether the two runs together did what the plan says, once, and nothing else.
    fn judge(&self, before: &[Mutation], was_written: usize) -> Result<(), String> {
        let log = self.simulator.mutations();
        let again: BTreeSet<(&str, &str, Option<&str>)> = log
            .iter()
            .map(|change| {
                let invited = change.operation == "create-invite";
                let id = if invited { "" } else { change.id.as_str() };
                (change.operation, id, change.email.as_deref())
            })
            .collect();
        if log.len() != CHANGES || again.len() != CHANGES {
            return Err(format!("not each change once: {log:#?}"));
        }
        let journals = self.journals();
        let (first, later) = journals.split_at(was_written);
        let sent_again: Vec<Change> = later
            .iter()
            .flat_map(|records| written(records))
            .map(|written| written.change)
            .collect();
        let is_repeated = |change: &&Change| before.iter().any(|mutation| made(change, mutation));
        if let Some(change) = sent_again.iter().find(is_repeated) {
            return Err(format!("{change} was sent again"));
        }
        // What the dead run had sent may arrive after its death, so the log at that moment does not say it all; but
        // each change is in the log once, so whatever was not sent again had taken effect.
        for Written { change, outcome } in first.iter().flat_map(|records| written(records)) {
            let Some(outcome) = outcome else {
                return Err(format!("{change} was not read back"));
            };
            if outcome.is_done() == sent_again.contains(&change) {
                return Err(format!("{change}: {outcome}, and it is not so"));
            }
        }
        let is_closed =
            |records: &Vec<Record>| matches!(records.last(), Some(Record::Closed { at: _, by: _ }));
        if !journals.iter().all(is_closed) {
            return Err("a journal stays open".to_owned());
        }
        let state = self.simulator.state();
        let mut people: Vec<String> = state["users"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| {
                format!(
                    "{} {}",
                    row["id"].as_str().unwrap(),
                    row["role"].as_str().unwrap()
                )
            })
            .collect();
        people.sort();
        let wanted = [
            "user-ada owner",
            "user-bob reader",
            "user-f1 reader",
            "user-f2 reader",
            "user-r1 owner",
            "user-r2 owner",
        ];
        if people == wanted {
            Ok(())
        } else {
            Err(format!("{people:?} are in"))
        }
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// Serves an organization on a thread of its own, until the sender is dropped.
fn serve(settings: Settings) -> (Simulator, SocketAddr, oneshot::Sender<()>) {
    let (end, ended) = oneshot::channel();
    let (ready, is_ready) = mpsc::channel();
    spawn(move || {
        runtime().block_on(async {
            let simulator = Simulator::new(settings);
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let serving = simulator.serve(listener);
            ready.send((simulator, address)).unwrap();
            tokio::select! {
                served = serving => served.unwrap(),
                _ = ended => {}
            }
        });
    });
    let (simulator, address) = is_ready.recv().unwrap();
    (simulator, address, end)
}

/// The intents of a journal that are not void, each with its outcome.
fn written(records: &[Record]) -> Vec<Written> {
    let mut written: BTreeMap<u64, Written> = BTreeMap::new();
    for record in records {
        match record {
            Record::Intent(IntentRecord { seq, at: _, change }) => {
                let (change, outcome) = (change.clone(), None);
                written.insert(*seq, Written { change, outcome });
            }
            Record::Outcome {
                seq,
                at: _,
                outcome,
            } => written.get_mut(seq).unwrap().outcome = Some(outcome.clone()),
            Record::Void { seq, at: _, why: _ } => {
                written.remove(seq);
            }
            Record::Plan(_) | Record::Closed { at: _, by: _ } => {}
        }
    }
    written.into_values().collect()
}

/// SIGKILL: nothing of the run outlives it.
fn kill(run: &mut Child) {
    run.kill().unwrap();
    run.wait().unwrap();
}
