//! How parse, compute, approve and render grow with the number of members: the time per member should stay the same.
//!
//! What is measured is this program's own work, and nothing before or after it: inputs are made and results are
//! dropped outside the time, and the first repetition, which pays for memory that the kernel has not given yet, is not
//! counted. What is short is done more often, each time on a clock of the thread's own that counts nanoseconds. So a
//! thousand members and a hundred thousand are measured alike; what is left between them is what the machine asks for
//! leaving its caches, and the pages that the allocator gives back and asks for again, which are printed beside it.
//! That the work itself is in proportion is no matter of time: `tests/allocations.rs` proves it by counting.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::time::Duration;

use anyhow::ensure;
use rosterctl::desired::{self, DesiredRoster, Source};
use rosterctl::document::{PlanDocument, PlanIds, PlanView};
use rosterctl::guardrail::{Accepted, ApprovedPlan, Evidence, History, Refusal, approve};
use rosterctl::pacing::PaceBook;
use rosterctl::plan::{Plan, compute};
use rosterctl::render::{Comment, Paint, json, plan_markdown, plan_text};
use rosterctl::roster::{KeyInUse, LiveRoster};
use rosterctl::schedule;

use crate::RUNS;
use crate::process::median;
use crate::world::{File, World, parse};

/// Members of the organization, and lines of the file.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// One in so many is not declared, and is removed by the plan.
const OUT_ONE_IN: usize = 10;
/// How long everything is measured at least, all repetitions together.
const MEASURED_MIN: Duration = Duration::from_millis(100);

/// The median of what one piece of work cost.
#[derive(Debug, Clone, Copy)]
struct Cost {
    time: Duration,
    /// Pages that the kernel had to give; `None` where it does not say.
    faults: Option<u64>,
}

/// The table of times, and of times and page faults per member.
pub(crate) fn measure() -> anyhow::Result<String> {
    let mut columns = Vec::new();
    for members in SIZES {
        columns.push(at(members)?);
    }
    let mut text = format!(
        "growth, 1 in {OUT_ONE_IN} removed; processor time, time per member, page faults per member\n\n{:<10}",
        "members"
    );
    for members in SIZES {
        let _ = write!(text, "{members:>31}");
    }
    for (row, name) in ["parse", "compute", "approve", "text", "JSON", "Markdown"]
        .iter()
        .enumerate()
    {
        let _ = write!(text, "\n{name:<10}");
        for (costs, members) in columns.iter().zip(SIZES) {
            let Cost { time, faults } = costs[row];
            let members = f64::from(u32::try_from(members)?);
            let milliseconds = time.as_secs_f64() * 1e3;
            let each = time.as_secs_f64() * 1e9 / members;
            let faults = match faults {
                Some(faults) => format!("{:.2}", f64::from(u32::try_from(faults)?) / members),
                None => "?".to_owned(),
            };
            let _ = write!(text, "{milliseconds:>11.2} ms {each:>6.0} ns {faults:>6}");
        }
    }
    text.push('\n');
    Ok(text)
}

/// The costs of one size, in the order of the table.
fn at(members: usize) -> anyhow::Result<[Cost; 6]> {
    let world = World::new(members)?;
    let file = File {
        out: members / OUT_ONE_IN,
        new: 0,
        departed: 0,
    };
    let text = world.members_file(file);
    let desired = parse(text.clone())?;
    let sources = [Source {
        name: "members.toml".to_owned(),
        text,
    }];
    let live = world.live()?;
    let plan = compute(&desired, &live, world.today());
    let judged = judge(plan.clone(), &desired, &live);
    let judgement = match &judged {
        Ok(approved) => approved.judgement(),
        Err(refusal) => refusal.judgement(),
    };
    ensure!(judgement.plan.actions.len() == members / OUT_ONE_IN);
    let cost = schedule::cost(
        &plan.actions,
        &live,
        &PaceBook::new(desired.organization.id.clone()),
    );
    let ids = PlanIds::of(judgement);
    let view = PlanView {
        judgement,
        ids: &ids,
        cost: &cost,
        impact: None,
        apply: None,
        redacted: false,
        members_sha256: None,
        snapshot_taken_at: None,
        loosened: &[],
    };
    let comment = Comment {
        marker: None,
        everything_in: "plan.json",
        source_url: None,
        diff: None,
    };
    let (desired, live, view) = (&desired, &live, &view);
    let nothing = || ();
    Ok([
        cost_of(nothing, |()| desired::parse(black_box(&sources))),
        cost_of(nothing, |()| {
            compute(black_box(desired), black_box(live), world.today())
        }),
        cost_of(|| plan.clone(), |plan| judge(plan, desired, live)),
        cost_of(nothing, |()| plan_text(black_box(view), Paint::Plain)),
        cost_of(nothing, |()| json(&PlanDocument::new(black_box(view)))),
        cost_of(nothing, |()| plan_markdown(black_box(view), &comment)),
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

/// The median cost of some work on an input that is made anew each time.
fn cost_of<I, O>(prepare: impl Fn() -> I, work: impl Fn(I) -> O) -> Cost {
    let once = || {
        let input = prepare();
        let faults_before = faults();
        let cpu_before = thread_cpu();
        let output = black_box(work(input));
        let cpu = thread_cpu();
        let faults = faults();
        drop(output);
        let faults = faults.zip(faults_before);
        let faults = faults.map(|(after, before)| after - before);
        (cpu.saturating_sub(cpu_before), faults)
    };
    once();
    let (mut times, mut faults, mut measured) = (Vec::new(), Vec::new(), Duration::ZERO);
    while times.len() < RUNS || measured < MEASURED_MIN {
        let (time, given) = once();
        measured += time;
        times.push(time);
        faults.extend(given);
    }
    faults.sort_unstable();
    Cost {
        time: median(times),
        faults: faults.get(faults.len() / 2).copied(),
    }
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

/// How many pages the kernel has given this process on touch (`minflt`, proc(5)).
fn faults() -> Option<u64> {
    let stat = fs::read_to_string("/proc/self/stat").ok()?;
    let (_, after_name) = stat.rsplit_once(')')?;
    after_name.split_ascii_whitespace().nth(7)?.parse().ok()
}
