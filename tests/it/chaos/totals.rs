//! What many days were like: a property that nothing ever put to the test would hold too.

use std::collections::BTreeMap;
use std::fmt;

use rosterctl::outcome::{Exit, Outcome};
use rosterctl::simulator::Author;

use super::day::{Day, Ending};

/// Runs of one test in which each kind of fault must have been injected: fifty in the two.
const RUNS_PER_KIND_MIN: usize = 25;
/// The kinds of faults that chance knows; `stop` is Ctrl-C.
const KINDS: [&str; 17] = [
    "accept-invite-elsewhere",
    "add-elsewhere",
    "html-502",
    "not-deleted",
    "not-found",
    "remove-elsewhere",
    "repeated-cursor",
    "reset-after",
    "reset-before",
    "revoke-key",
    "set-role-elsewhere",
    "slow-body",
    "stale-reads",
    "status-429",
    "status-500",
    "stop",
    "truncated",
];
/// The kinds after which no run can end well: the key is gone, a page leads nowhere, the answer is a lie, somebody
/// outside the plan is gone, the roles are others than the ones that were set, or somebody stops the run.
const FATAL: [&str; 7] = [
    "not-deleted",
    "not-found",
    "remove-elsewhere",
    "repeated-cursor",
    "revoke-key",
    "set-role-elsewhere",
    "stop",
];

/// Counts over days.
#[derive(Debug, Default)]
pub(super) struct Totals {
    runs: usize,
    mutations: usize,
    busy: usize,
    by_exit: BTreeMap<u8, usize>,
    by_kind: BTreeMap<String, usize>,
    by_outcome: BTreeMap<&'static str, usize>,
    without_fatal: usize,
    without_fatal_and_converged: usize,
}

impl Totals {
    /// Counts a day.
    pub(super) fn count(&mut self, day: &Day) {
        let log = day.case.simulator.mutations();
        let ours = log.iter().filter(|change| change.author == Author::Caller);
        let ours = ours.count();
        self.runs += 1;
        self.mutations += ours;
        self.busy += usize::from(ours >= 5);
        *self.by_exit.entry(day.exit().code()).or_default() += 1;
        let mut kinds = day.case.simulator.faults();
        if day.was_stopped() {
            kinds.insert("stop".to_owned(), 1);
        }
        for kind in kinds.keys() {
            *self.by_kind.entry(kind.clone()).or_default() += 1;
        }
        if !FATAL.iter().any(|kind| kinds.contains_key(*kind)) {
            self.without_fatal += 1;
            self.without_fatal_and_converged += usize::from(day.exit() == Exit::Converged);
        }
        if let Ending::Finished(finished, _) = &day.ending {
            for (_, outcome) in &finished.executed {
                *self.by_outcome.entry(Outcome::as_str(outcome)).or_default() += 1;
            }
        }
    }

    /// Whether the days were bad enough, and not too bad.
    pub(super) fn check(&self) {
        for kind in KINDS {
            let runs = self.by_kind.get(kind).copied().unwrap_or_default();
            assert!(runs >= RUNS_PER_KIND_MIN, "{kind} in {runs} runs only");
        }
        assert!(self.busy * 100 >= self.runs * 40, "too few changes");
        assert!(
            self.without_fatal_and_converged * 100 >= self.without_fatal * 60,
            "too few runs end well"
        );
    }
}

impl fmt::Display for Totals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            runs,
            mutations,
            busy,
            by_exit,
            by_kind,
            by_outcome,
            without_fatal,
            without_fatal_and_converged,
        } = self;
        writeln!(
            f,
            "{runs} runs, {mutations} changes, {busy} runs with 5 or more"
        )?;
        writeln!(f, "by exit code: {by_exit:?}")?;
        writeln!(f, "by outcome: {by_outcome:?}")?;
        writeln!(
            f,
            "without a fatal fault: {without_fatal}, of them converged: {without_fatal_and_converged}"
        )?;
        write!(f, "runs with a fault, by kind: {by_kind:?}")
    }
}
