//! How close `rosterctl` comes to the best that a limit allows: 500 members and 50 removals, or few of both, in virtual
//! time.
//!
//! Every run is a whole one (observe, plan, approve, execute, prove, verify) against the simulator in this process on
//! a paused clock, so that hours take seconds. A *first* run knows nothing; a *later* one starts with the figures that
//! the first one kept. The optimum is the same sequence of requests, sent by somebody who knows the limit.
//!
//! ```text
//! cargo run --release --example pacing_bench [SEEDS]
//! ```

mod ideal;
mod run;

use std::io::{Write as _, stdout};
use std::num::NonZeroU32;
use std::time::Duration;

use anyhow::Context as _;
use rosterctl::simulator::{Hints, Limit};

use run::{Figures, Regime, first_and_later};

/// Runs of each row; the table shows medians.
const SEEDS: u64 = 20;

fn main() -> anyhow::Result<()> {
    let seeds = match std::env::args().nth(1) {
        Some(text) => text.parse().context("the argument is a number of seeds")?,
        None => SEEDS,
    };
    let mut out = stdout().lock();
    writeln!(
        out,
        "500 members, 50 removals (short: 40 and 12), 50 ms latency; medians of {seeds} seeds, worst in brackets;\n\
         429s of the operation that met most\n\n\
         {:<36} {:>9} {:>9} {:>14} {:>21} {:>12}",
        "limit", "optimum", "measured", "ratio", "requests (necessary)", "429s"
    )?;
    for regime in regimes() {
        let runs: Vec<(Figures, Figures)> = (0..seeds)
            .map(|seed| first_and_later(&regime, seed))
            .collect::<anyhow::Result<_>>()?;
        let (first, later): (Vec<_>, Vec<_>) = runs.into_iter().unzip();
        row(&mut out, &format!("{}, first", regime.name), &first)?;
        row(&mut out, &format!("{}, later", regime.name), &later)?;
    }
    Ok(())
}

fn regimes() -> [Regime; 7] {
    let number = |number| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
    let bucket = |per_minute, burst| Limit::Bucket {
        per_minute: number(per_minute),
        burst: number(burst),
    };
    let window = Limit::FixedWindow {
        requests: number(10),
        length: Duration::from_mins(1),
    };
    let regime = |name, limit, hints| Regime {
        name,
        limit,
        hints,
        members: 500,
        removals: 50,
    };
    [
        regime("60/min burst 5", bucket(60, 5), Hints::None),
        regime(
            "60/min burst 5, Retry-After",
            bucket(60, 5),
            Hints::RetryAfter,
        ),
        regime("10 per 60 s window", window, Hints::None),
        regime("6/min burst 4", bucket(6, 4), Hints::None),
        regime("8/min burst 4", bucket(8, 4), Hints::None),
        Regime {
            members: 40,
            removals: 12,
            ..regime("8/min burst 4, short", bucket(8, 4), Hints::None)
        },
        regime("no limit", Limit::None, Hints::None),
    ]
}

fn row(out: &mut impl std::io::Write, name: &str, runs: &[Figures]) -> anyhow::Result<()> {
    let optimum = spread(runs, |run| run.optimum.as_secs_f64());
    let measured = spread(runs, |run| run.measured.as_secs_f64());
    let ratio = spread(runs, Figures::ratio);
    let requests = spread(runs, |run| f64::from(run.requests));
    let necessary = spread(runs, |run| f64::from(run.necessary));
    let removals = spread(runs, |run| f64::from(run.throttled_most));
    writeln!(
        out,
        "{name:<36} {:>7.1} s {:>7.1} s {:>6.2} ({:>4.2}) {:>9} ({:>8}) {:>6} ({:>3})",
        optimum.median,
        measured.median,
        ratio.median,
        ratio.worst,
        requests.median,
        necessary.median,
        removals.median,
        removals.worst,
    )?;
    Ok(())
}

/// The middle and the largest of some values.
struct Spread {
    median: f64,
    worst: f64,
}

fn spread(runs: &[Figures], value: impl Fn(&Figures) -> f64) -> Spread {
    let mut values: Vec<f64> = runs.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    Spread {
        median: values.get(values.len() / 2).copied().unwrap_or(f64::NAN),
        worst: values.last().copied().unwrap_or(f64::NAN),
    }
}
