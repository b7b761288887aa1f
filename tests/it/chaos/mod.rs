//! The whole-run property: whatever goes wrong, and however often, the report is the truth.
//!
//! Every seed is one organization, one members file and one bad day, run in this process under a paused clock. A seed
//! that breaks the property is printed, and `CHAOS_SEED=<seed> cargo test --test it chaos -- --nocapture` tells its
//! whole story. Two tests share the seeds, so that two cores share the work.

mod day;
mod judge;
mod totals;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use day::Day;
use totals::Totals;

/// Seeds of one test.
const SEEDS_EACH: u64 = 1000;

/// The variable that replays one seed.
const REPLAY: &str = "CHAOS_SEED";

#[test]
fn the_report_is_the_truth_on_a_thousand_bad_days() {
    hold(0..SEEDS_EACH);
}

#[test]
fn the_report_is_the_truth_on_a_thousand_more() {
    hold(SEEDS_EACH..2 * SEEDS_EACH);
}

#[expect(
    clippy::print_stdout,
    reason = "the figures are for whoever asks for them with --nocapture"
)]
fn hold(seeds: Range<u64>) {
    if let Ok(seed) = std::env::var(REPLAY) {
        replay(&seeds, seed.parse().expect("a seed is a number"));
        return;
    }
    let mut totals = Totals::default();
    let mut broken = Vec::new();
    for seed in seeds {
        match catch_unwind(AssertUnwindSafe(|| Day::live(seed))) {
            Ok(day) => {
                totals.count(&day);
                broken.extend(
                    judge::faults(&day)
                        .into_iter()
                        .map(|why| format!("seed {seed}: {why}")),
                );
            }
            Err(_panic) => broken.push(format!("seed {seed}: panicked")),
        }
    }
    println!("{totals}");
    assert!(
        broken.is_empty(),
        "{} faults; replay one with `{REPLAY}=<seed> cargo test --test it chaos -- --nocapture`\n{}",
        broken.len(),
        broken.join("\n")
    );
    totals.check();
}

#[expect(clippy::print_stdout, reason = "a replay is for its story")]
fn replay(seeds: &Range<u64>, seed: u64) {
    if !seeds.contains(&seed) {
        return;
    }
    let day = Day::live(seed);
    println!("{day}");
    let faults = judge::faults(&day);
    assert!(faults.is_empty(), "seed {seed}:\n{}", faults.join("\n"));
}
