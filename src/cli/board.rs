//! What a run is at while it waits, sends and reads, and the words for it.
//!
//! It is pure: told what happens and what time it is, it has one row for each thing that lasts. A terminal shows the
//! rows as they are now, again and again; elsewhere a row is printed once, when it says what somebody would wonder
//! about. Counts are of actions that have their outcome, so a request that is sent again never counts twice.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::apply::Verifying;
use crate::pacing::{Pace, Reason};
use crate::provider::{ReadNotice, WaitNotice};
use crate::render::safe::Shown;
use crate::render::{count, duration, request};
use crate::roster::Operation;

/// An estimate that is shorter is not worth a word.
const ESTIMATE_SHOWN_MIN: Duration = Duration::from_secs(5);
/// A wait that is worth a line of its own.
const WAIT_SHOWN_MIN: Duration = Duration::from_secs(1);
/// A list that is read in less time needs no row.
const LIST_SHOWN_MIN: Duration = Duration::from_millis(500);

/// Everything that lasts at the moment.
#[derive(Debug, Default)]
pub(super) struct Board {
    lanes: BTreeMap<Operation, Lane>,
    reads: BTreeMap<Operation, Read>,
    /// What the verification waits for, and since when.
    verifying: Option<(Verifying, Duration)>,
    /// Pages that a list probably has.
    pages: BTreeMap<Operation, usize>,
}

/// How fast an operation goes and when its lane is through, as far as is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Estimate {
    pub(super) pace: Option<Pace>,
    /// Until the last action of the lane has been sent.
    pub(super) time: Duration,
}

/// The actions of one operation.
#[derive(Debug)]
struct Lane {
    settled: usize,
    total: usize,
    doing: Doing,
    pace: Option<Pace>,
    ends: Duration,
    /// Whether a line has said what its next batch waits for, so that the batch needs none.
    announced: bool,
}

/// What a lane is at.
#[derive(Debug)]
enum Doing {
    /// Nothing of its own: it waits for other lanes, or has not begun.
    Nothing,
    /// So many of its batch have no outcome yet.
    Sending(usize),
    Waiting(Wait),
    /// The first removal is read back.
    Proving(String),
    /// A write of unknown fate is read back.
    Settling(String),
}

/// A wait, until when, and the clause that says why.
#[derive(Debug, Clone, PartialEq)]
struct Wait {
    until: Duration,
    why: Why,
}

/// Why a request waits, as it was when the wait began.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Why {
    reason: Reason,
    throttled: bool,
    pace: Option<Pace>,
}

/// One list, or several of one operation.
#[derive(Debug, Default)]
struct Read {
    /// Lists that are being read; 0 for a single row that is looked at.
    lists: usize,
    /// The page that is asked for; of several lists, all pages so far.
    page: usize,
    began: Duration,
    /// When this page was turned to.
    turned: Duration,
    wait: Option<Wait>,
    /// The limit that its waits keep to, once there was one.
    pace: Option<Pace>,
}

impl Board {
    /// Announces actions: so many of an operation.
    pub(super) fn expects(&mut self, operation: Operation) {
        let lane = self.lanes.entry(operation).or_insert(Lane {
            settled: 0,
            total: 0,
            doing: Doing::Nothing,
            pace: None,
            ends: Duration::ZERO,
            announced: false,
        });
        lane.total += 1;
    }

    /// Says how many pages a list probably has.
    pub(super) fn expects_pages(&mut self, operation: Operation, pages: usize) {
        self.pages.insert(operation, pages.max(1));
    }

    /// A lane asks for leave to send.
    pub(super) fn admitting(&mut self, operation: Operation, known: Estimate, now: Duration) {
        if let Some(lane) = self.lanes.get_mut(&operation) {
            lane.doing = Doing::Nothing;
            lane.pace = known.pace;
            lane.ends = now + known.time;
        }
    }

    /// A batch leaves. Returns its row, unless the wait for it has been told.
    pub(super) fn sends(
        &mut self,
        operation: Operation,
        size: usize,
        now: Duration,
    ) -> Option<String> {
        let lane = self.lanes.get_mut(&operation)?;
        lane.doing = Doing::Sending(size);
        let is_told = std::mem::take(&mut lane.announced);
        (!is_told).then(|| lane.row(operation, now)).flatten()
    }

    /// An action has its outcome.
    pub(super) fn settles(&mut self, operation: Operation) {
        if let Some(lane) = self.lanes.get_mut(&operation) {
            lane.settled += 1;
            if let Doing::Sending(left) = &mut lane.doing {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    lane.doing = Doing::Nothing;
                }
            }
        }
    }

    /// The first removal is read back.
    pub(super) fn proves(&mut self, person: &str, now: Duration) -> Option<String> {
        let operation = Operation::DeleteUser;
        let lane = self.lanes.get_mut(&operation)?;
        lane.doing = Doing::Proving(Shown::label(person).to_string());
        lane.row(operation, now)
    }

    /// The first removal is proven, after this time.
    pub(super) fn proven(&mut self, lag: Duration) -> Option<String> {
        let operation = Operation::DeleteUser;
        let lane = self.lanes.get_mut(&operation)?;
        lane.doing = Doing::Nothing;
        let head = lane.head(operation);
        // Rounded as the wait is that follows from it.
        Some(if lag < WAIT_SHOWN_MIN {
            format!("{head}: the first one is gone")
        } else {
            format!("{head}: the first one is gone, after {} s", nearest(lag))
        })
    }

    /// A write of unknown fate is read back.
    pub(super) fn reads_back(&mut self, operation: Operation, change: &str) {
        if let Some(lane) = self.lanes.get_mut(&operation) {
            lane.doing = Doing::Settling(Shown::label(change).to_string());
        }
    }

    /// A request waits. Returns its row, if it waits long enough.
    pub(super) fn waits(&mut self, notice: WaitNotice, now: Duration) -> Option<String> {
        let WaitNotice {
            operation,
            wait: time,
            reason,
            throttled,
            pace,
        } = notice;
        let why = Why {
            reason,
            throttled,
            pace,
        };
        let until = now + time;
        let wait = Wait { until, why };
        let is_long = time >= WAIT_SHOWN_MIN;
        if let Some(lane) = self.lanes.get_mut(&operation) {
            lane.doing = Doing::Waiting(wait);
            lane.announced = is_long;
            return lane.row(operation, now).filter(|_| is_long);
        }
        let likely = self.pages.get(&operation).copied();
        let read = self.reads.entry(operation).or_default();
        read.pace = pace.and_then(limit).or(read.pace);
        read.wait = Some(wait);
        Some(read.row(operation, likely, now)).filter(|_| is_long)
    }

    /// A list goes on or ends.
    pub(super) fn reads(&mut self, notice: ReadNotice, now: Duration) {
        match notice {
            ReadNotice::Page { operation, number } => {
                let read = self.reads.entry(operation).or_default();
                read.wait = None;
                if read.lists == 0 {
                    *read = Read {
                        began: now,
                        ..Read::default()
                    };
                }
                read.lists += usize::from(number == 1);
                read.page += 1;
                read.turned = now;
            }
            ReadNotice::End { operation } => {
                let Some(read) = self.reads.get_mut(&operation) else {
                    return;
                };
                read.lists = read.lists.saturating_sub(1);
                if read.lists == 0 {
                    let page = read.page;
                    self.reads.remove(&operation);
                    // The same list has about as many pages when it is read again.
                    self.expects_pages(operation, page);
                }
            }
        }
    }

    /// The verification goes on. Returns its row.
    pub(super) fn verifies(&mut self, verifying: Verifying, now: Duration) -> Option<String> {
        self.verifying = Some((verifying, now));
        let is_short = matches!(verifying, Verifying::Lag(lag) if lag < WAIT_SHOWN_MIN);
        (!is_short).then(|| verifying_row(verifying, Duration::ZERO))
    }

    /// Everything that was executed is over.
    pub(super) fn ends(&mut self) {
        self.lanes.clear();
        self.verifying = None;
    }

    /// A row for each thing that lasts.
    pub(super) fn rows(&self, now: Duration) -> Vec<String> {
        let lanes = self.lanes.iter();
        let mut rows: Vec<String> = lanes
            .filter(|(_, lane)| lane.settled < lane.total || lane.is_proving())
            .filter_map(|(operation, lane)| lane.row(*operation, now))
            .collect();
        rows.extend(
            self.verifying
                .map(|(verifying, since)| verifying_row(verifying, now.saturating_sub(since))),
        );
        let reads = self.reads.iter();
        rows.extend(
            reads
                .filter(|(_, read)| read.is_worth_a_row(now))
                .map(|(operation, read)| {
                    let likely = self.pages.get(operation).copied();
                    read.row(*operation, likely, now)
                }),
        );
        rows
    }
}

impl Lane {
    /// `removals 4/12`.
    fn head(&self, operation: Operation) -> String {
        let requests = request(operation);
        format!("{requests}s {}/{}", self.settled, self.total)
    }

    fn is_proving(&self) -> bool {
        matches!(self.doing, Doing::Proving(_))
    }

    /// `removals 4/12: waiting 9 s after a 429; about 60 s left, now 4.1/min`. What matters most stands first: a
    /// narrow terminal cuts the end.
    fn row(&self, operation: Operation, now: Duration) -> Option<String> {
        let (doing, taught) = match &self.doing {
            Doing::Nothing => return None,
            Doing::Sending(size) => (format!("sending {size}"), None),
            Doing::Waiting(wait) if wait.until <= now => ("sending".to_owned(), None),
            Doing::Waiting(wait) => (wait.text(now), wait.why.taught()),
            Doing::Proving(person) if self.settled < self.total => {
                let doing = format!("reading {person} back before any other is sent");
                (doing, None)
            }
            Doing::Proving(person) => (format!("reading {person} back"), None),
            Doing::Settling(change) => (format!("reading back, to settle it: {change}"), None),
        };
        let ahead = ahead(self.ends.saturating_sub(now), self.pace, taught);
        Some(format!("{}: {doing}{ahead}", self.head(operation)))
    }
}

/// `; about 5 min left at 8/min`, or `…, now 8/min` where a 429 has just taught it: as far as it is known and worth a
/// word.
fn ahead(left: Duration, known: Option<Pace>, taught: Option<Pace>) -> String {
    let left = (left >= ESTIMATE_SHOWN_MIN).then(|| format!("; about {} left", duration(left)));
    match (left, known.and_then(limit), taught) {
        (Some(left), _, Some(pace)) => format!("{left}, now {pace}"),
        (Some(left), Some(pace), None) => format!("{left} at {pace}"),
        (Some(left), None, None) => left,
        (None, _, Some(pace)) => format!("; now {pace}"),
        (None, Some(pace), None) => format!("; at {pace}"),
        (None, None, None) => String::new(),
    }
}

impl Read {
    fn is_worth_a_row(&self, now: Duration) -> bool {
        let waits = self.wait.as_ref().is_some_and(|wait| wait.until > now);
        let is_long = now.saturating_sub(self.began) >= LIST_SHOWN_MIN;
        waits || (self.lists > 0 && is_long)
    }

    /// `member page 3 of about 8: waiting 12 s after a 429; about 90 s left, now 4.1/min`.
    fn row(&self, operation: Operation, likely: Option<usize>, now: Duration) -> String {
        let requests = request(operation);
        let head = match (self.page, likely) {
            (0, _) => requests.to_owned(),
            (page, Some(likely)) if page <= likely => {
                format!("{requests} {page} of about {likely}")
            }
            (page, Some(_) | None) => format!("{requests} {page}"),
        };
        let left = self.left(likely, now);
        match &self.wait {
            Some(wait) if wait.until > now => {
                let ahead = ahead(left, wait.why.pace, wait.why.taught());
                format!("{head}: {}{ahead}", wait.text(now))
            }
            Some(_) | None => format!("{head}: reading{}", ahead(left, None, None)),
        }
    }

    /// Until the last page has been asked for, as far as is known: at the pace that was learned, else as long for each
    /// page as for those before.
    fn left(&self, likely: Option<usize>, now: Duration) -> Duration {
        let after = match likely {
            Some(likely) if self.page > 0 => likely.saturating_sub(self.page),
            Some(_) | None => return Duration::ZERO,
        };
        if let Some(pace) = self.pace {
            let wait = self.wait.as_ref();
            let waits = wait.map_or(Duration::ZERO, |wait| wait.until.saturating_sub(now));
            return waits + pace.time_between(after);
        }
        let Some(before) = u32::try_from(self.page - 1).ok().filter(|count| *count > 0) else {
            return Duration::ZERO;
        };
        let each = self.turned.saturating_sub(self.began) / before;
        let more = u32::try_from(after + 1).unwrap_or(u32::MAX);
        let passed = now.saturating_sub(self.turned);
        each.saturating_mul(more).saturating_sub(passed)
    }
}

impl Wait {
    /// `waiting 9 s after a 429, measuring the limit`.
    fn text(&self, now: Duration) -> String {
        let seconds = self.until.saturating_sub(now).as_secs_f64().ceil();
        format!("waiting {seconds} s{}", self.why.text())
    }
}

impl Why {
    /// The limit that the last answer taught, if it was a 429 that did.
    fn taught(&self) -> Option<Pace> {
        self.pace.and_then(limit).filter(|_| self.throttled)
    }

    /// The rest of the sentence; the pace itself stands elsewhere in the row.
    fn text(&self) -> String {
        match (self.reason, self.throttled, self.taught()) {
            (Reason::Learned(_), false, _) => ", paced ahead".to_owned(),
            (Reason::Probing, false, _) => ", measuring the limit".to_owned(),
            (reason @ (Reason::Hint | Reason::Ceiling(_) | Reason::Backoff), false, _) => {
                format!(", {reason}")
            }
            (Reason::Learned(_) | Reason::Probing | Reason::Backoff, true, Some(_))
            | (Reason::Learned(_), true, None) => " after a 429".to_owned(),
            (Reason::Backoff, true, None) => " after a 429, backing off".to_owned(),
            (reason @ (Reason::Hint | Reason::Ceiling(_) | Reason::Probing), true, _) => {
                format!(" after a 429, {reason}")
            }
        }
    }
}

/// The pace, if it is a limit.
fn limit(pace: Pace) -> Option<Pace> {
    match pace {
        Pace::Clear => None,
        Pace::Bucket {
            per_minute: _,
            burst: _,
        }
        | Pace::Window {
            requests: _,
            second: _,
        } => Some(pace),
    }
}

/// A time of the past in whole seconds, at least one: what follows from it is waited for as long.
fn nearest(time: Duration) -> f64 {
    time.as_secs_f64().round().max(1.0)
}

/// What a verification waits for, so long after it began to.
fn verifying_row(verifying: Verifying, passed: Duration) -> String {
    let still = |time: Duration| time.saturating_sub(passed).as_secs_f64().ceil();
    match verifying {
        Verifying::Lag(lag) => format!(
            "verifying: waiting {} s, as long as the first removal stayed visible",
            nearest(lag.saturating_sub(passed))
        ),
        Verifying::Listing => "verifying: listing invites and members once more".to_owned(),
        Verifying::Vanished { rows: 1 } => {
            "verifying: 1 row outside the plan is gone, reading it by its id".to_owned()
        }
        Verifying::Vanished { rows } => {
            format!("verifying: {rows} rows outside the plan are gone, reading each by its id")
        }
        Verifying::Unconfirmed {
            changes,
            pause,
            left,
        } => format!(
            "verifying: {} not visible yet, looking again in {} s, for {} at most",
            count(changes, "change"),
            still(pause),
            duration(left.saturating_sub(passed)),
        ),
    }
}

#[cfg(test)]
mod tests;
