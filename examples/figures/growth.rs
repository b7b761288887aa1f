//! How parse, compute, approve and render grow with the number of members: the time per member should stay the same.
//!
//! Every column has as many members, in many small organizations, in some or in one large one, and one repetition goes
//! over all of them, each once, and keeps all results: each column touches as much memory and asks for as many pages.
//! One small organization, done over and over, would never leave the caches of the processor, and a large one cannot
//! stay in them. What is left between the columns is how the work grows, and that what one organization needs only in
//! between, or not in the order of memory, stays in the caches while it is small.
//!
//! What is measured is this program's own work, and nothing before or after it: inputs are made and results are
//! dropped outside the time, and the first repetition, which pays for memory that the kernel has not given yet, is not
//! counted. That the work itself is in proportion is no matter of time: `tests/allocations.rs` proves it by counting.

use std::fmt::Write as _;
use std::hint::black_box;
use std::time::Duration;

use anyhow::ensure;
use jiff::civil::Date;
use rosterctl::desired::{self, DesiredRoster, Source};
use rosterctl::document::{PlanDocument, PlanIds, PlanView};
use rosterctl::guardrail::{
    Accepted, ApprovedPlan, Evidence, History, Judgement, Refusal, approve,
};
use rosterctl::pacing::PaceBook;
use rosterctl::plan::{Plan, compute};
use rosterctl::render::{Comment, Paint, json, plan_markdown, plan_text};
use rosterctl::roster::{KeyInUse, LiveRoster};
use rosterctl::schedule;

use crate::process::median;
use crate::world::{File, World, parse};
use crate::{RUNS, SEED};

/// Members of an organization, and lines of its file.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// Members of all organizations of a column together.
const MEMBERS: usize = 100_000;
/// One in so many is not declared, and is removed by the plan.
const OUT_ONE_IN: usize = 10;
/// How long everything is measured at least, all repetitions together.
const MEASURED_MIN: Duration = Duration::from_millis(100);

/// An organization, its file, and what is made of them.
#[derive(Debug)]
struct Organization {
    sources: [Source; 1],
    desired: DesiredRoster,
    live: LiveRoster,
    today: Date,
    plan: Plan,
    judged: Result<ApprovedPlan, Box<Refusal>>,
    ids: PlanIds,
    cost: schedule::Cost,
}

impl Organization {
    fn new(members: usize, seed: u64) -> anyhow::Result<Self> {
        let world = World::seeded(members, seed)?;
        let out = members / OUT_ONE_IN;
        let text = world.members_file(File {
            out,
            new: 0,
            departed: 0,
        });
        let (desired, live) = (parse(text.clone())?, world.live()?);
        let plan = compute(&desired, &live, world.today());
        let judged = judge(plan.clone(), &desired, &live);
        let judgement = judgement(&judged);
        ensure!(judgement.plan.actions.len() == out);
        Ok(Self {
            sources: [Source {
                name: "members.toml".to_owned(),
                text,
            }],
            ids: PlanIds::of(judgement),
            cost: schedule::cost(
                &plan.actions,
                &live,
                &PaceBook::new(desired.organization.id.clone()),
            ),
            desired,
            live,
            today: world.today(),
            plan,
            judged,
        })
    }

    fn view(&self) -> PlanView<'_> {
        PlanView {
            judgement: judgement(&self.judged),
            ids: &self.ids,
            cost: &self.cost,
            impact: None,
            apply: None,
            redacted: false,
            members_sha256: None,
            snapshot_taken_at: None,
            loosened: &[],
        }
    }
}

/// The table of times, and of times per member.
pub(crate) fn measure() -> anyhow::Result<String> {
    let mut columns = Vec::new();
    for members in SIZES {
        columns.push(column(members)?);
    }
    let mut text = format!(
        "growth, {MEMBERS} members in organizations of one size, 1 in {OUT_ONE_IN} removed; \
         processor time, time per member\n\n{:<10}",
        "members"
    );
    for members in SIZES {
        let organizations = MEMBERS / members;
        let _ = write!(text, "{:>24}", format!("{organizations} x {members}"));
    }
    let all = f64::from(u32::try_from(MEMBERS)?);
    for (row, name) in ["parse", "compute", "approve", "text", "JSON", "Markdown"]
        .iter()
        .enumerate()
    {
        let _ = write!(text, "\n{name:<10}");
        for times in &columns {
            let time = times[row];
            let milliseconds = time.as_secs_f64() * 1e3;
            let each = time.as_secs_f64() * 1e9 / all;
            let _ = write!(text, "{milliseconds:>11.2} ms {each:>6.0} ns");
        }
    }
    text.push('\n');
    Ok(text)
}

/// The times of all organizations of one size, in the order of the table.
fn column(members: usize) -> anyhow::Result<[Duration; 6]> {
    let seeds = (SEED..).take(MEMBERS / members);
    let organizations = seeds.map(|seed| Organization::new(members, seed));
    let organizations = organizations.collect::<anyhow::Result<Vec<_>>>()?;
    let each = || organizations.iter().collect::<Vec<_>>();
    let views = || organizations.iter().map(Organization::view).collect();
    let plans = || {
        let with_plan = organizations.iter().map(|one| (one.plan.clone(), one));
        with_plan.collect()
    };
    let comment = Comment {
        marker: None,
        everything_in: "plan.json",
        source_url: None,
        diff: None,
    };
    Ok([
        time_of(each, |one| desired::parse(&one.sources)),
        time_of(each, |one| compute(&one.desired, &one.live, one.today)),
        time_of(plans, |(plan, one)| judge(plan, &one.desired, &one.live)),
        time_of(views, |view| plan_text(&view, Paint::Plain)),
        time_of(views, |view| json(&PlanDocument::new(&view))),
        time_of(views, |view| plan_markdown(&view, &comment)),
    ])
}

/// Asks the guardrails: so many removals are refused, and shown all the same.
fn judge(
    plan: Plan,
    desired: &DesiredRoster,
    live: &LiveRoster,
) -> Result<ApprovedPlan, Box<Refusal>> {
    let evidence = Evidence {
        desired,
        live,
        key_in_use: &KeyInUse::Unknown {
            reason: "there is no key".to_owned(),
        },
        history: History::Known {
            revocations: 0,
            source: "journals",
        },
        people_verified: None,
        accepted: Accepted::default(),
    };
    approve(plan, &evidence)
}

fn judgement(judged: &Result<ApprovedPlan, Box<Refusal>>) -> &Judgement {
    match judged {
        Ok(approved) => approved.judgement(),
        Err(refusal) => refusal.judgement(),
    }
}

/// The median time of some work on inputs that are made anew each time.
fn time_of<I, O>(prepare: impl Fn() -> Vec<I>, work: impl Fn(I) -> O) -> Duration {
    let once = || {
        let inputs = black_box(prepare());
        let mut outputs = Vec::with_capacity(inputs.len());
        let before = thread_cpu();
        outputs.extend(inputs.into_iter().map(&work));
        let after = thread_cpu();
        drop(black_box(outputs));
        after.saturating_sub(before)
    };
    once();
    let (mut times, mut measured) = (Vec::new(), Duration::ZERO);
    while times.len() < RUNS || measured < MEASURED_MIN {
        let time = once();
        measured += time;
        times.push(time);
    }
    median(times)
}

/// How long the processor has worked for this thread: the machine may have other things to do.
#[cfg(unix)]
fn thread_cpu() -> Duration {
    let clock = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(clock).unwrap_or_default()
}

/// How long the program has run: there is no portable clock of a thread.
#[cfg(not(unix))]
fn thread_cpu() -> Duration {
    use std::sync::LazyLock;
    use std::time::Instant;
    static BEGAN: LazyLock<Instant> = LazyLock::new(Instant::now);
    BEGAN.elapsed()
}
