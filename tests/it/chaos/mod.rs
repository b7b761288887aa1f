//! The whole-run property: whatever goes wrong, and however often, the report is the truth.
//!
//! Every seed is one organization, one members file and one bad day, run in this process under a paused clock. A seed
//! that breaks the property is printed, and `CHAOS_SEED=<seed> cargo test --test it chaos -- --nocapture` tells its
//! whole story; `CHAOS_SEEDS=2000..16000` lives through other seeds. Two tests share them, so that two cores share
//! the work.

mod day;
mod judge;
mod totals;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use day::Day;
use totals::Totals;

/// The seeds of the two tests together.
const SEEDS: Range<u64> = 0..2000;

/// The variable that replays one seed.
const REPLAY: &str = "CHAOS_SEED";

/// The variable that lives through other seeds, written `2000..16000`.
const SWEEP: &str = "CHAOS_SEEDS";

#[test]
fn the_report_is_the_truth_on_a_thousand_bad_days() {
    hold(0);
}

#[test]
fn the_report_is_the_truth_on_a_thousand_more() {
    hold(1);
}

/// Lives through every second seed, from the first or from the second on.
#[expect(
    clippy::print_stdout,
    reason = "the figures are for whoever asks for them with --nocapture"
)]
fn hold(parity: u64) {
    let is_mine = |seed: &u64| seed % 2 == parity;
    if let Ok(seed) = std::env::var(REPLAY) {
        let seed = seed.parse().expect("a seed is a number");
        if is_mine(&seed) {
            replay(seed);
        }
        return;
    }
    let mut totals = Totals::default();
    let mut broken = Vec::new();
    for seed in seeds().filter(is_mine) {
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

fn seeds() -> Range<u64> {
    let Ok(text) = std::env::var(SWEEP) else {
        return SEEDS;
    };
    let (first, end) = text.split_once("..").expect("seeds are `first..end`");
    let number = |text: &str| text.parse().expect("a seed is a number");
    number(first)..number(end)
}

#[expect(clippy::print_stdout, reason = "a replay is for its story")]
fn replay(seed: u64) {
    let day = Day::live(seed);
    println!("{day}");
    let faults = judge::faults(&day);
    assert!(faults.is_empty(), "seed {seed}:\n{}", faults.join("\n"));
}
