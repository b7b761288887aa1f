//! How compute, parse and render grow with the number of members: the time per member should stay the same.

use std::fmt::Write as _;
use std::fs;
use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::ensure;
use rosterctl::desired::DesiredRoster;
use rosterctl::document::{PlanDocument, PlanIds, PlanView};
use rosterctl::guardrail::{Accepted, Evidence, History, Judgement, approve};
use rosterctl::pacing::PaceBook;
use rosterctl::plan::compute;
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

/// The table of times and times per member.
pub(crate) fn measure() -> anyhow::Result<String> {
    let mut columns = Vec::new();
    for members in SIZES {
        columns.push(at(members)?);
    }
    let mut text = format!(
        "growth, 1 in {OUT_ONE_IN} removed; processor time, and per member\n\n{:<10}",
        "members"
    );
    for members in SIZES {
        let _ = write!(text, "{members:>24}");
    }
    for (row, name) in ["parse", "compute", "approve", "text", "JSON", "Markdown"]
        .iter()
        .enumerate()
    {
        let _ = write!(text, "\n{name:<10}");
        for (times, members) in columns.iter().zip(SIZES) {
            let seconds = times[row].as_secs_f64();
            let each = seconds * 1e9 / f64::from(u32::try_from(members)?);
            let _ = write!(text, "{:>10.2} ms {each:>7.0} ns", seconds * 1e3);
        }
    }
    text.push('\n');
    Ok(text)
}

/// The times of one size, in the order of the table.
fn at(members: usize) -> anyhow::Result<[Duration; 6]> {
    let world = World::new(members)?;
    let file = File {
        out: members / OUT_ONE_IN,
        new: 0,
        departed: 0,
    };
    let text = world.members_file(file);
    let desired = parse(text.clone())?;
    let live = world.live()?;
    let plan = compute(&desired, &live, world.today());
    let judgement = judge(&desired, &live, &world);
    ensure!(judgement.plan.actions.len() == members / OUT_ONE_IN);
    let cost = schedule::cost(
        &plan.actions,
        &live,
        &PaceBook::new(desired.organization.id.clone()),
    );
    let ids = PlanIds::of(&judgement);
    let view = PlanView {
        judgement: &judgement,
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
    Ok([
        timed(members, || {
            parse(text.clone())
                .map(|desired| desired.members.len())
                .unwrap_or_default()
        }),
        timed(members, || {
            compute(black_box(&desired), black_box(&live), world.today())
                .actions
                .len()
        }),
        timed(members, || judge(&desired, &live, &world).actions.len()),
        timed(members, || plan_text(black_box(&view), Paint::Plain).len()),
        timed(members, || {
            json(&PlanDocument::new(black_box(&view))).map_or(0, |text| text.len())
        }),
        timed(members, || plan_markdown(black_box(&view), &comment).len()),
    ])
}

/// A plan and what the guardrails say about it: so many removals are refused, and shown all the same.
fn judge(desired: &DesiredRoster, live: &LiveRoster, world: &World) -> Judgement {
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
    match approve(compute(desired, live, world.today()), &evidence) {
        Ok(approved) => approved.judgement().clone(),
        Err(refusal) => refusal.judgement().clone(),
    }
}

/// The median of how long the processor works at something; the machine may have other things to do.
fn timed(members: usize, work: impl Fn() -> usize) -> Duration {
    // The kernel counts in ticks, so what is short is done many times.
    let largest = SIZES[SIZES.len() - 1];
    let times_each = u32::try_from(largest / members).unwrap_or(1).max(1);
    let times = (0..RUNS).map(|_| {
        let (began, cpu_before) = (Instant::now(), thread_cpu());
        for _ in 0..times_each {
            black_box(work());
        }
        let cpu = thread_cpu().zip(cpu_before);
        let took = cpu.map_or_else(
            || began.elapsed(),
            |(after, before)| after.saturating_sub(before),
        );
        took / times_each
    });
    median(times.collect())
}

/// How long the processor has worked for this thread; `None` where the kernel does not say.
fn thread_cpu() -> Option<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    let nanoseconds = text.split(' ').next()?.parse().ok()?;
    Some(Duration::from_nanos(nanoseconds))
}
