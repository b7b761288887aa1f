//! `demo`: the whole story on a made-up organization in this process. No key, no network, no file is left behind.
//!
//! It is what `plan` and `apply` do, on the simulator's own transport. The clock starts at a fixed time and nothing
//! else in it is left to chance, so its output is the same every time.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use secrecy::SecretString;

use super::execute::{Manner, execute};
use super::failure::Failure;
use super::impact::ImpactWish;
use super::look::{Look, Planned, Run, Standing};
use super::progress::Progress;
use super::provider::Provider;
use super::signals::Signals;
use super::terminal;
use super::watch::Watch;
use crate::desired::{self, DesiredRoster, EXPIRY_NOTICE_DAYS, Source};
use crate::document::ReportView;
use crate::outcome::Exit;
use crate::pacing::{PaceBook, PaceSettings};
use crate::plan::effect;
use crate::provider::{BaseUrl, Clock, Credential, Gate, GateSettings, OpenAi};
use crate::render;
use crate::simulator::{InProcess, Population, Roster, Settings, Simulator};
use crate::state::StateDir;

/// The live organization, in wire shape.
const ORGANIZATION: &str = include_str!("organization.json");
/// The file that is applied to it.
pub(super) const MEMBERS: &str = include_str!("members.toml");
/// A key that opens nothing but this demo.
const ADMIN_KEY: &str = "sk-admin-test-of-the-demo";
/// 2026-11-24 03:15 UTC: the file's dates are before or after it.
const STARTED_AT_S: i64 = 1_795_490_100;
/// How long the made-up provider shows what is gone.
const LAG: Duration = Duration::from_millis(500);

/// Show the whole story on a made-up organization
///
/// Runs in this process: no key, no network, and nothing is left behind.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {}

/// Tells the story.
pub(super) async fn run(args: &DemoArgs) -> Result<Exit, Failure> {
    let DemoArgs {} = args;
    let folder = tempfile::tempdir()
        .map_err(|error| Failure::caused("no temporary folder for the demo's journal", error))?;
    let stage = Stage::new(folder.path())?;
    introduce()?;
    let run = stage.run(MEMBERS)?;
    let planned = planned(&run).await?;
    show_difference(&planned)?;
    show_plan(&planned)?;
    refuse_the_cut(&stage).await?;
    // Boxed, because the executor of all lanes is a large future.
    let exit = Box::pin(apply(&run, *planned, folder.path())).await?;
    look_again(&stage).await?;
    Ok(exit)
}

/// What every run of the demo plays on.
pub(super) struct Stage {
    pub(super) simulator: Simulator,
    /// Who is told the story of a run.
    pub(super) say: fn(&str),
    signals: Signals,
    members_file: PathBuf,
}

impl Stage {
    /// The organization as it is at the start; the state of runs goes into a folder.
    pub(super) fn new(folder: &Path) -> Result<Self, Failure> {
        Ok(Self {
            simulator: Simulator::new(settings()?),
            say,
            signals: Signals::quiet()?,
            members_file: folder.join("members.toml"),
        })
    }

    /// A run with a members file of this text.
    pub(super) fn run(&self, text: &str) -> Result<Run<InProcess>, Failure> {
        let desired = declared(text)?;
        let organization = desired.organization.id.clone();
        let clock = Clock::starting_at(started_at());
        let watch = Watch::telling(self.say, clock);
        let settings = GateSettings {
            pace: PaceSettings {
                concurrency_max: NonZeroUsize::MIN,
                ..PaceSettings::DEFAULT
            },
            seed: 0,
            on_wait: watch.on_wait(),
        };
        let gate = Gate::new(
            self.simulator.in_process(),
            clock,
            self.signals.stop.clone(),
            settings,
            None,
        );
        let gate = gate.telling(watch.on_read());
        let base = BaseUrl::resolve(Some("http://127.0.0.1/v1"), None).map_err(Failure::new)?;
        let key = Credential::parse(ADMIN_KEY).map_err(Failure::new)?;
        Ok(Run {
            provider: Provider::OpenAi(OpenAi::new(gate, base, key, &organization)),
            state: StateDir::beside(&self.members_file, &organization)?,
            book: PaceBook::new(organization),
            desired,
            clock,
            signals: self.signals.clone(),
            watch,
            organization_id_env: None,
            acceptances: Vec::new(),
            narrowing: crate::plan::Narrowing::default(),
            reviewed: Vec::new(),
            unfinished: Vec::new(),
            members_sha256: None,
            expiry_notice_days: EXPIRY_NOTICE_DAYS,
            require_history: false,
            impact: ImpactWish::Never,
        })
    }
}

fn started_at() -> Timestamp {
    Timestamp::from_second(STARTED_AT_S).expect("a time of this century")
}

/// How the organization behaves.
pub(super) fn settings() -> Result<Settings, Failure> {
    let roster = Roster::parse(ORGANIZATION).map_err(Failure::new)?;
    Ok(Settings {
        admin_key: Some(SecretString::from(ADMIN_KEY)),
        lag: LAG,
        ..Settings::quiet(Population::Roster(Box::new(roster)), 1, STARTED_AT_S)
    })
}

fn declared(text: &str) -> Result<DesiredRoster, Failure> {
    let source = Source {
        name: "members.toml".to_owned(),
        text: text.to_owned(),
    };
    desired::parse(&[source]).map_err(|violations| {
        let violations: Vec<String> = violations.iter().map(ToString::to_string).collect();
        Failure::new(violations.join("; "))
    })
}

async fn planned(run: &Run<InProcess>) -> Result<Box<Planned>, Failure> {
    match run.look().await? {
        Look::Plan(planned) => Ok(planned),
        Look::NoPlan(sheet) => Err(Failure::new(sheet.text(None, render::Paint::Plain))),
    }
}

fn introduce() -> Result<(), Failure> {
    terminal::print(
        "A made-up organization of 25 people, a service account and 2 pending invites lives in this process.\n\
         Its members.toml declares who belongs in it. No key and no network are needed.\n",
    )
}

fn show_difference(planned: &Planned) -> Result<(), Failure> {
    let live = &planned.observed.live;
    let after = effect(live, &planned.sheet.judgement.actions);
    heading("What the file changes: the roster now, and as members.toml declares it")?;
    terminal::print(&render::diff(live, &after, terminal::paint_out()))
}

fn show_plan(planned: &Planned) -> Result<(), Failure> {
    heading("The plan: why, with what is known about each person (`rosterctl plan`)")?;
    terminal::print(&planned.sheet.text(None, terminal::paint_out()))
}

/// Shows what becomes of a file that a bad merge cut to one line.
async fn refuse_the_cut(stage: &Stage) -> Result<(), Failure> {
    heading("The guardrails: the same file, cut to one line of [members] by accident")?;
    let (head, members) = MEMBERS.split_once("[members]\n").unwrap_or((MEMBERS, ""));
    let first = members.lines().next().unwrap_or_default();
    let planned = planned(&stage.run(&format!("{head}[members]\n{first}\n"))?).await?;
    let breaches = &planned.sheet.judgement.breaches;
    terminal::print(&render::refusal_text(breaches, terminal::paint_out()))?;
    let removals = planned.sheet.judgement.actions.len();
    terminal::print(&format!(
        "{removals} changes refused, exit {}: not one request to change anything was sent.\n",
        Exit::Refused.code()
    ))
}

/// Executes the plan, as `rosterctl apply --yes` does.
async fn apply(run: &Run<InProcess>, planned: Planned, folder: &Path) -> Result<Exit, Failure> {
    heading(
        "The apply: the first removal alone and proven, the rest in batches (`rosterctl apply`)",
    )?;
    let Planned {
        sheet,
        observed,
        standing,
    } = planned;
    let Standing::Approved(approved) = standing else {
        return Ok(Exit::Refused);
    };
    let manner = Manner {
        verify_timeout: Duration::from_secs(30),
        reference: Some("demo".to_owned()),
    };
    let open = |_, _| (None, Duration::ZERO);
    let mut progress = Progress::new(&run.watch, approved.actions(), open);
    let executing = execute(run, *approved, &observed, &manner, &mut progress);
    let executed = Box::pin(executing).await?;
    // The folder has another name every time; what is in it has not.
    let journal = executed.journal.as_deref();
    let journal = journal.map(|path| {
        path.strip_prefix(folder)
            .unwrap_or(path)
            .display()
            .to_string()
    });
    let view = ReportView {
        plan: sheet.view(None),
        outcomes: &executed.outcomes,
        verification: executed.verification.as_ref(),
        aftermath: None,
        exit_code: executed.exit.code(),
        journal: journal.as_deref(),
    };
    terminal::print("\n")?;
    terminal::print(&render::report_text(&view, terminal::paint_out()))?;
    Ok(executed.exit)
}

/// Tells a line of the story.
fn say(line: &str) {
    // A reader who went away misses it, and the run goes on.
    let _ = terminal::print(&format!("{line}\n"));
}

/// Shows that nothing is left to do.
async fn look_again(stage: &Stage) -> Result<(), Failure> {
    heading("The second plan")?;
    let planned = planned(&stage.run(MEMBERS)?).await?;
    terminal::print(&planned.sheet.text(None, terminal::paint_out()))?;
    terminal::print("\nThe same over HTTP, to practise on: rosterctl simulate\n")
}

fn heading(text: &str) -> Result<(), Failure> {
    terminal::print(&format!("\n== {text}\n\n"))
}
