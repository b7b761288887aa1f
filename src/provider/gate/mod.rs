//! The gate: every request passes it, and nothing else waits before one.
//!
//! Each operation has a lane with its own pacer. A read is sent until it is understood or until there is no sense in
//! sending it again; a write is admitted first and then sent exactly once, because only its caller can know what to
//! do about a write of unknown fate. Waits are bounded by `--delay-max` each, attempts by a time limit that includes
//! the body, and whole reads by [`READ_MAX`].

mod lane;
mod reading;
#[cfg(test)]
mod tests;

pub use self::lane::Counts;
use self::lane::{Flight, Lane, Verdict};
pub(super) use self::reading::Reading;
pub use self::reading::{OnRead, ReadNotice};

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use tokio::time::timeout;
use tracing::debug;

use super::{
    Clock, ErrorKind, Objection, Permit, ProviderError, Retry, Stop, Transport, TransportError,
};
use crate::pacing::{Answer, Hearsay, Hints, Pace, PaceBook, PaceSettings, Pacer, Reason};
use crate::roster::Operation;

/// Time for one attempt at a read, body included (API contract, section 11).
pub const READ_ATTEMPT_MAX: Duration = Duration::from_secs(30);
/// Time for a write's one attempt. Longer than a read's: giving up early leaves its fate unknown.
const WRITE_ATTEMPT_MAX: Duration = Duration::from_mins(1);
/// Attempts at a read that fail for another reason than its pace.
const FAILURES_MAX: u32 = 5;
/// 429s that one read meets before it gives up.
const THROTTLES_MAX: u32 = 12;
/// Time for a read with all its attempts and waits; twice `--delay-max` if that is longer.
pub const READ_MAX: Duration = Duration::from_mins(10);

/// What shows a wait to people.
pub type OnWait = Arc<dyn Fn(WaitNotice) + Send + Sync>;

/// A wait that begins.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WaitNotice {
    /// The operation that waits.
    pub operation: Operation,
    /// How long, as far as is known now.
    pub wait: Duration,
    /// Why.
    pub reason: Reason,
    /// Whether the operation's last answer was a 429.
    pub throttled: bool,
    /// The pace that is known for the operation now.
    pub pace: Option<Pace>,
}

/// What a gate is set up with.
pub struct GateSettings {
    /// `--delay-max`, `--requests-per-minute` and `--concurrency`.
    pub pace: PaceSettings,
    /// Seed of the jitter.
    pub seed: u64,
    /// What is told of every wait.
    pub on_wait: OnWait,
}

impl fmt::Debug for GateSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            pace,
            seed,
            on_wait: _,
        } = self;
        f.debug_struct("GateSettings")
            .field("pace", pace)
            .field("seed", seed)
            .finish_non_exhaustive()
    }
}

/// One request, ready to be sent, and what to call it.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) operation: Operation,
    pub(super) endpoint: &'static str,
    pub(super) request: Request<Vec<u8>>,
}

/// Whether the waits of a read end when the run is asked to stop.
///
/// A read that begins before the request does. One that begins after it settles what was in flight, and has to wait
/// as ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Patience {
    UntilStop,
    ToTheEnd,
}

/// The only way to the provider.
pub struct Gate<T> {
    transport: T,
    clock: Clock,
    stop: Stop,
    lanes: BTreeMap<Operation, Lane>,
    on_wait: OnWait,
    on_read: OnRead,
    read_max: Duration,
}

impl<T: fmt::Debug> fmt::Debug for Gate<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("transport", &self.transport)
            .field("counts", &self.counts())
            .finish_non_exhaustive()
    }
}

impl<T> Gate<T> {
    /// A gate to `transport`, with the figures that earlier runs learned.
    pub fn new(
        transport: T,
        clock: Clock,
        stop: Stop,
        settings: GateSettings,
        book: Option<&PaceBook>,
    ) -> Self {
        let GateSettings {
            pace,
            seed,
            on_wait,
        } = settings;
        let mut random = fastrand::Rng::with_seed(seed);
        let lanes = Operation::ALL.map(|operation| {
            let learned = book.and_then(|book| book.pace(operation));
            let pacer = Pacer::new(operation, pace, learned, clock.started_at(), random.fork());
            (operation, Lane::new(pacer))
        });
        Self {
            transport,
            clock,
            stop,
            lanes: lanes.into(),
            on_wait,
            on_read: Arc::new(|_| {}),
            read_max: READ_MAX.max(pace.delay_max * 2),
        }
    }

    /// Tells of every list that is read from now on.
    #[must_use]
    pub fn telling(mut self, on_read: OnRead) -> Self {
        self.on_read = on_read;
        self
    }

    /// What was sent so far, for each operation of which anything was.
    pub fn counts(&self) -> BTreeMap<Operation, Counts> {
        self.lanes
            .iter()
            .map(|(operation, lane)| (*operation, lane.counts()))
            .filter(|(_, counts)| counts.requests > 0)
            .collect()
    }

    /// Writes what this run learned into the book that the next run starts with.
    pub fn teach(&self, book: &mut PaceBook) {
        for (operation, lane) in &self.lanes {
            book.learn(*operation, lane.pacer(Pacer::learned));
        }
    }

    /// The pace of an operation that is known now.
    pub fn pace(&self, operation: Operation) -> Option<Pace> {
        self.lane(operation).pacer(Pacer::pace)
    }

    /// How long `requests` more requests of an operation will take, as far as is known now.
    pub fn estimate(&self, operation: Operation, requests: usize) -> Duration {
        let now = self.clock.elapsed();
        self.lane(operation)
            .pacer(|pacer| pacer.estimate(requests, now))
    }

    /// The patience of a read that begins now.
    pub(super) fn patience(&self) -> Patience {
        if self.stop.is_requested() {
            Patience::ToTheEnd
        } else {
            Patience::UntilStop
        }
    }

    /// A list that begins now.
    pub(super) fn reading(&self, operation: Operation) -> Reading<'_> {
        let on_read = &self.on_read;
        Reading { operation, on_read }
    }

    fn lane(&self, operation: Operation) -> &Lane {
        &self.lanes[&operation]
    }

    /// What the operation knows that has been sent most often, of those that have met a limit.
    fn hearsay(&self) -> Option<Hearsay> {
        let lanes = self.lanes.values();
        let known =
            lanes.filter_map(|lane| Some((lane.counts().requests, lane.pacer(Pacer::hearsay)?)));
        let (_, hearsay) = known.max_by_key(|(requests, _)| *requests)?;
        Some(hearsay)
    }

    /// Waits until the lane admits a request; returns how many may leave one after the other.
    async fn pass(
        &self,
        operation: Operation,
        endpoint: &'static str,
        patience: Patience,
    ) -> Result<usize, ProviderError> {
        let lane = self.lane(operation);
        if lane.pacer(Pacer::listens)
            && let Some(hearsay) = self.hearsay()
        {
            lane.hear(&hearsay, self.clock.elapsed());
        }
        let mut told = None;
        loop {
            // Made before the verdict: an answer between the two would be missed otherwise.
            let answered = lane.answered();
            let now = self.clock.elapsed();
            let at = match lane.verdict(now) {
                Verdict::Go { sends } => return Ok(sends.max(1)),
                Verdict::Full => None,
                Verdict::Until { at, reason } => {
                    if told.replace(at) != Some(at) {
                        (self.on_wait)(WaitNotice {
                            operation,
                            wait: at.saturating_sub(now),
                            reason,
                            throttled: lane.throttled(),
                            pace: lane.pacer(Pacer::pace),
                        });
                    }
                    Some(at)
                }
                Verdict::TooLong { at } => {
                    let asked = at.saturating_sub(now);
                    let kind = ErrorKind::DelayTooLong { asked };
                    return Err(ProviderError::new(endpoint, kind));
                }
            };
            tokio::select! {
                biased;
                () = self.stop.requested(), if patience == Patience::UntilStop => {
                    return Err(ProviderError::new(endpoint, ErrorKind::Stopped));
                }
                () = answered => {}
                () = self.clock.sleep_until(at.unwrap_or_default()), if at.is_some() => {}
            }
        }
    }
}

impl<T: Transport> Gate<T> {
    /// Sends a read until `understand` makes a value of an answer, or until sending it again makes no sense.
    pub(super) async fn read<V>(
        &self,
        call: &Call,
        patience: Patience,
        understand: impl Fn(Response<Vec<u8>>) -> Result<V, ProviderError>,
    ) -> Result<V, ProviderError> {
        let began = self.clock.elapsed();
        let (mut failures, mut throttles) = (0, 0);
        loop {
            let _ = self.pass(call.operation, call.endpoint, patience).await?;
            let error = match self.attempt(call, READ_ATTEMPT_MAX, &understand).await {
                Ok(value) => return Ok(value),
                Err(error) => error,
            };
            match again(&error) {
                Again::AfterPause => throttles += 1,
                Again::AfterBackoff => failures += 1,
                Again::Never => return Err(error),
            }
            let is_late = self.clock.elapsed().saturating_sub(began) >= self.read_max;
            if failures >= FAILURES_MAX || throttles >= THROTTLES_MAX || is_late {
                return Err(error);
            }
        }
    }

    /// Waits until writes of an operation are admitted, `wanted` at most.
    pub(super) async fn admit(
        &self,
        operation: Operation,
        endpoint: &'static str,
        wanted: usize,
    ) -> Result<Permit, ProviderError> {
        if self.stop.is_requested() {
            return Err(ProviderError::new(endpoint, ErrorKind::Stopped));
        }
        let admitted = self.pass(operation, endpoint, Patience::UntilStop).await?;
        Ok(Permit {
            operation,
            sends: admitted.min(wanted).max(1),
        })
    }

    /// Sends a write once. Its caller has been admitted.
    pub(super) async fn send_once<V>(
        &self,
        call: &Call,
        understand: impl Fn(Response<Vec<u8>>) -> Result<V, ProviderError>,
    ) -> Result<V, ProviderError> {
        self.attempt(call, WRITE_ATTEMPT_MAX, &understand).await
    }

    async fn attempt<V>(
        &self,
        call: &Call,
        time_max: Duration,
        understand: &impl Fn(Response<Vec<u8>>) -> Result<V, ProviderError>,
    ) -> Result<V, ProviderError> {
        let sent = self.clock.elapsed();
        let flight: Flight<'_> = self.lane(call.operation).send(sent);
        let answer = timeout(time_max, self.transport.send(call.request.clone())).await;
        let now = self.clock.elapsed();
        let status = answer.as_ref().ok().and_then(|answer| answer.as_ref().ok());
        let status = status.map(|response| response.status().as_u16());
        let (result, hints) = match answer {
            Err(_elapsed) => {
                let error = ProviderError::new(call.endpoint, ErrorKind::NoAnswer);
                (Err(error.because(OutOfTime { time_max })), Hints::default())
            }
            Ok(Err(error)) => (Err(transport_error(call, error)), Hints::default()),
            Ok(Ok(response)) => {
                let hints = hints(&response, self.clock);
                let result = understand(response).map_err(|error| with_hints(error, &hints));
                (result, hints)
            }
        };
        debug!(
            operation = %call.operation,
            status,
            request_id = result.as_ref().err().and_then(|error| error.request_id.as_deref()),
            failed = result.as_ref().err().map(|error| tracing::field::debug(&error.kind)),
            milliseconds = u64::try_from(now.saturating_sub(sent).as_millis()).unwrap_or(u64::MAX),
            "answered"
        );
        flight.answered(now, &for_pacer(result.as_ref().err(), hints));
        result
    }
}

/// No answer in time.
#[derive(Debug, thiserror::Error)]
#[error("there was none within {} s", time_max.as_secs())]
struct OutOfTime {
    time_max: Duration,
}

/// Whether a read that failed is sent again.
enum Again {
    AfterPause,
    AfterBackoff,
    Never,
}

fn again(error: &ProviderError) -> Again {
    if let Some(Objection::Redirect | Objection::TooLarge | Objection::Tls) =
        error.objection.as_deref()
    {
        // These come out the same however often they are asked for.
        return Again::Never;
    }
    match error.retry() {
        Retry::Paced => Again::AfterPause,
        // A read has no effect, so one of unknown fate is simply sent again.
        Retry::Backoff | Retry::Observe => Again::AfterBackoff,
        Retry::Never => Again::Never,
    }
}

/// What an answer says about the pace.
fn for_pacer(error: Option<&ProviderError>, hints: Hints) -> Answer {
    match error.map(|error| &error.kind) {
        Some(ErrorKind::Throttled { retry_after: _ }) => Answer::Throttled(hints),
        Some(
            ErrorKind::NotSent
            | ErrorKind::NoAnswer
            | ErrorKind::Unavailable
            | ErrorKind::Unreadable
            | ErrorKind::QuotaExhausted
            | ErrorKind::DelayTooLong { asked: _ }
            | ErrorKind::Stopped,
        ) => Answer::Failed(hints),
        None
        | Some(
            ErrorKind::Unauthorized
            | ErrorKind::Forbidden
            | ErrorKind::NotFound
            | ErrorKind::Rejected
            | ErrorKind::Paging { page: _ },
        ) => Answer::Accepted(hints),
    }
}

/// A 429 with its hint; one that the server itself says not to send again is refused for good.
fn with_hints(mut error: ProviderError, hints: &Hints) -> ProviderError {
    if let ErrorKind::Throttled { retry_after: _ } = error.kind {
        error.kind = if hints.should_retry == Some(false) {
            ErrorKind::QuotaExhausted
        } else {
            ErrorKind::Throttled {
                retry_after: hints.retry_after,
            }
        };
    }
    error
}

fn hints(response: &Response<Vec<u8>>, clock: Clock) -> Hints {
    // Only a 429 says in words when to come back; a success's body is not searched.
    let body = match response.status() {
        StatusCode::TOO_MANY_REQUESTS => String::from_utf8_lossy(response.body()),
        _ => "".into(),
    };
    let header = |name: &str| response.headers().get(name)?.to_str().ok();
    Hints::read(header, &body, clock.now())
}

fn transport_error(call: &Call, error: TransportError) -> ProviderError {
    let (kind, objection) = match &error {
        TransportError::NotSent { host: _, source: _ } => (ErrorKind::NotSent, None),
        TransportError::Tls { host: _, source: _ } => (ErrorKind::NotSent, Some(Objection::Tls)),
        TransportError::Lost { host: _, source: _ } => (ErrorKind::NoAnswer, None),
        TransportError::TooLarge {
            host: _,
            bytes_max: _,
        } => (ErrorKind::Unreadable, Some(Objection::TooLarge)),
    };
    ProviderError {
        objection: objection.map(Box::new),
        ..ProviderError::new(call.endpoint, kind).because(error)
    }
}
