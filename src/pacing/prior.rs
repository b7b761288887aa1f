//! Which limiters are thought possible before they are measured.
//!
//! After the first 429 that is every usual kind, weighed by what the admin API has been seen to do (6 to 10 requests
//! a minute, API contract, section 11); with a figure of an earlier run only what is close to it.

use super::{
    bucket::Bucket,
    candidate::Candidate,
    evidence::{Recent, Span, TOLERANCE, WINDOW},
    pace::Pace,
    window::{Kind, Window},
};

/// The rates that are thought possible, in a second.
const RATES: Span = Span::new(1.5 / 60.0, 30.0);
/// The middle of what is likely, in a second.
const RATE_LIKELY: f64 = 20.0 / 60.0;
/// How wide the likely rates lie around the middle: the deviation of the logarithm.
const DEVIATION: f64 = 1.7;
/// What was measured, in a second, rather low than high: 6 to 10 a minute (API contract, section 11).
const RATE_MEASURED: f64 = 6.75 / 60.0;
/// The deviation of their logarithm: two in three lie between 5 and 9 a minute.
const DEVIATION_MEASURED: f64 = 0.3;
/// What one in the middle of those weighs more, compared with a rate in the middle of all.
const MEASURED: f64 = 0.5;
/// The deviation once there is a figure, though one that failed.
const DEVIATION_KNOWN: f64 = 0.7;
/// Buckets of different rates.
const BUCKETS: u16 = 56;
/// Buckets that need not have been full at the start, so that their burst is unknown.
const BUCKETS_LOOSE: u16 = 28;
/// The part of the buckets that was not full at the start.
const LOOSE: f64 = 0.11;
/// A bucket that holds more than a minute's tokens is rare; this power of the surplus says how rare.
const OVERSIZE: f64 = 5.0;
/// Weight of the windows that begin with a request, compared with all buckets.
const WINDOWS_OWN: f64 = 0.2;
/// Weight of the windows that begin on their own, compared with all buckets.
const WINDOWS_ALIGNED: f64 = 0.6;
/// Places of an aligned window.
const PLACES: u16 = 16;
/// A window smaller than this is less likely, because the measured ones are larger.
const WINDOW_SIZE_LIKELY: f64 = 6.0;
/// How much faster than the fastest a limit may be that turned out faster.
const FASTER: f64 = 8.0;
/// How far a bucket may differ from its stored figure.
const STORED_RATE: Span = Span::new(0.98, 1.06);
/// The same for a figure that is old.
const STORED_RATE_OLD: Span = Span::new(0.9, 1.6);
/// The same for a figure that was never sure: it is the slow end of what was likely.
const STORED_RATE_VAGUE: Span = Span::new(0.9, 4.0);
/// How early and how late a window may begin that was stored with its place, in seconds.
const STORED_PLACE: Span = Span::new(-2.0, 0.3);

/// What is possible at a first 429, decided at `at`; `recent` holds what came before.
pub(super) fn at_first_throttle(at: f64, recent: &Recent) -> Vec<Candidate> {
    let burst = Burst::of(at, recent);
    let mut candidates = buckets(BUCKETS, |rate| {
        let middle = rate.geometric_middle();
        // Full at the start: what left before the 429 is the burst and what regrew meanwhile.
        let size = (burst.accepted - (middle * burst.lasted).floor()).max(1.0);
        let oversize = (middle * WINDOW / size).min(1.0).powf(OVERSIZE);
        let weight = (1.0 - LOOSE) * oversize * likely_unknown(middle);
        Candidate::bucket(empty(rate, Span::exactly(size), at), weight)
    });
    candidates.extend(loose(at, &burst, likely_unknown, LOOSE));
    candidates.extend(windows(at, &burst, weight(&candidates)));
    candidates
}

/// What is possible after answers that none of `before` could have given, the last of them a 429.
pub(super) fn after_surprise(at: f64, recent: &Recent, before: &[Candidate]) -> Vec<Candidate> {
    let burst = Burst::of(at, recent);
    let rates: f64 = before.iter().map(|candidate| candidate.rate().ln()).sum();
    let count = u32::try_from(before.len().max(1)).unwrap_or(u32::MAX);
    let known = (rates / f64::from(count)).exp();
    let mut candidates: Vec<_> =
        loose(at, &burst, |rate| likely(rate, known, DEVIATION_KNOWN), 1.0).collect();
    candidates.extend(windows(at, &burst, weight(&candidates)));
    candidates
}

/// Buckets of about this rate, in a second, with nothing used of them.
pub(super) fn about(rate: f64, deviation: f64, burst: Span, at: f64) -> Vec<Candidate> {
    let rate = rate.clamp(RATES.lo, RATES.hi);
    let far = (3.0 * deviation).exp();
    let rates = Span::new((rate / far).max(RATES.lo), (rate * far).min(RATES.hi));
    let candidate = |rates: Span| {
        let weight = likely(rates.geometric_middle(), rate, deviation);
        Candidate::bucket(Bucket::full(rates, burst, at), weight)
    };
    grid(rates, BUCKETS_LOOSE).map(candidate).collect()
}

/// Buckets of any rate and any burst, with nothing used of them.
pub(super) fn any(at: f64) -> Vec<Candidate> {
    let candidate = |rates: Span| {
        let burst = Span::new(1.0, (WINDOW * rates.hi).max(2.0));
        let weight = likely_unknown(rates.geometric_middle());
        Candidate::bucket(Bucket::full(rates, burst, at), weight)
    };
    grid(RATES, BUCKETS_LOOSE).map(candidate).collect()
}

/// What is possible after a request was accepted that each of `before` would have throttled.
pub(super) fn faster(at: f64, before: &[Candidate]) -> Vec<Candidate> {
    let fastest = before.iter().map(Candidate::rate).fold(RATES.lo, f64::max);
    let rates = Span::new(fastest * 0.9, fastest * FASTER);
    grid(rates, BUCKETS_LOOSE)
        .map(|rate| {
            let burst = Span::new(1.0, (WINDOW * rate.hi).max(2.0));
            Candidate::bucket(empty(rate, burst, at), fastest / rate.lo)
        })
        .collect()
}

/// How far the figure of an earlier run is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trust {
    /// It was measured well and not long ago.
    Full,
    /// It was measured well, long ago.
    Old,
    /// It was never sure.
    Vague,
}

/// What is possible with a figure of an earlier run, `idle` seconds after its last request; none for no limit.
///
/// `minute` is the second of the wall clock's minute at which this run started.
pub(super) fn stored(pace: &Pace, idle: f64, minute: f64, trust: Trust) -> Vec<Candidate> {
    match *pace {
        Pace::Clear => Vec::new(),
        Pace::Bucket { per_minute, burst } => stored_buckets(per_minute, burst, idle, trust),
        Pace::Window { requests, second } => {
            let kind = match second {
                None => Kind::Sliding {
                    with_throttled: true,
                },
                Some(second) => Kind::Aligned {
                    begins: STORED_PLACE.later(second - minute),
                },
            };
            let size = usize::try_from(requests.max(1)).unwrap_or(usize::MAX);
            let window = Candidate::window(Window { size, kind }, 1.0);
            let mut candidates = match trust {
                Trust::Full | Trust::Old => Vec::new(),
                Trust::Vague => stored_buckets(f64::from(requests), requests, idle, trust),
            };
            for candidate in &mut candidates {
                candidate.weight /= f64::from(PLACES);
            }
            candidates.push(window);
            candidates
        }
    }
}

fn stored_buckets(per_minute: f64, burst: u32, idle: f64, trust: Trust) -> Vec<Candidate> {
    let factor = match trust {
        Trust::Full => STORED_RATE,
        Trust::Old => STORED_RATE_OLD,
        Trust::Vague => STORED_RATE_VAGUE,
    };
    let rate = per_minute / WINDOW;
    let burst = f64::from(burst.max(1));
    grid(Span::new(rate * factor.lo, rate * factor.hi), PLACES)
        .map(|rate| {
            let bucket = Bucket {
                rate,
                burst: Span::exactly(burst),
                level: Span::new((rate.lo * idle).min(burst), burst),
                at: 0.0,
            };
            Candidate::bucket(bucket, 1.0)
        })
        .collect()
}

/// The weight of all candidates.
pub(super) fn weight(candidates: &[Candidate]) -> f64 {
    candidates.iter().map(|candidate| candidate.weight).sum()
}

/// Candidates with other weights: these add up to `total`.
pub(super) fn scaled(candidates: Vec<Candidate>, total: f64) -> impl Iterator<Item = Candidate> {
    let factor = total / weight(&candidates);
    candidates.into_iter().map(move |candidate| Candidate {
        weight: candidate.weight * factor,
        ..candidate
    })
}

/// What was accepted in the last window before a 429.
struct Burst {
    accepted: f64,
    count: usize,
    /// When the first of them was.
    since: f64,
    /// The seconds from then to the 429.
    lasted: f64,
}

impl Burst {
    fn of(at: f64, recent: &Recent) -> Self {
        let since = recent.first_accepted().unwrap_or(at);
        let count = recent.accepted_since(since);
        Self {
            accepted: f64::from(u32::try_from(count).unwrap_or(u32::MAX)),
            count,
            since,
            lasted: at - since,
        }
    }
}

fn windows(at: f64, burst: &Burst, buckets: f64) -> Vec<Candidate> {
    let Burst {
        accepted,
        count,
        since,
        lasted: _,
    } = burst;
    let size = (*count).max(1);
    let likely = buckets * (accepted / WINDOW_SIZE_LIKELY).powi(2).min(1.0);
    let own = [
        Kind::Sliding {
            with_throttled: false,
        },
        Kind::Sliding {
            with_throttled: true,
        },
        Kind::Anchored {
            since: *since,
            count: size,
        },
    ];
    let own = own.map(|kind| (kind, likely * WINDOWS_OWN / 3.0));
    // The window that was full at `at` began no earlier than its first request, so the next begins no later than
    // a minute after that.
    let places = f64::from(PLACES);
    let step = (since + WINDOW + TOLERANCE - at) / places;
    let aligned = (0..PLACES).map(|place| {
        let lo = at + step * f64::from(place);
        let begins = Span::new(lo, lo + step);
        (Kind::Aligned { begins }, likely * WINDOWS_ALIGNED / places)
    });
    own.into_iter()
        .chain(aligned)
        .map(|(kind, weight)| Candidate::window(Window { size, kind }, weight))
        .collect()
}

/// Buckets of which nothing is known but that they are empty.
fn loose(
    at: f64,
    burst: &Burst,
    likely: impl Fn(f64) -> f64,
    part: f64,
) -> impl Iterator<Item = Candidate> {
    // There are fewer of them than of the others, so each weighs more.
    let part = part * f64::from(BUCKETS) / f64::from(BUCKETS_LOOSE);
    let accepted = burst.accepted;
    grid(RATES, BUCKETS_LOOSE).map(move |rate| {
        let most = (WINDOW * rate.hi).max(accepted).max(2.0);
        let middle = rate.geometric_middle();
        let weight = part * likely(middle);
        Candidate::bucket(empty(rate, Span::new(1.0, most), at), weight)
    })
}

fn buckets(count: u16, candidate: impl Fn(Span) -> Candidate) -> Vec<Candidate> {
    grid(RATES, count).map(candidate).collect()
}

/// A bucket that just refused a request: less than one token is left.
fn empty(rate: Span, burst: Span, at: f64) -> Bucket {
    Bucket {
        rate,
        burst,
        level: Span::new(0.0, 1.0),
        at,
    }
}

/// Rates side by side, each interval the same factor wide.
fn grid(rates: Span, count: u16) -> impl Iterator<Item = Span> {
    let edge = move |index: u16| {
        rates.lo * (rates.hi / rates.lo).powf(f64::from(index) / f64::from(count))
    };
    (0..count).map(move |index| Span::new(edge(index), edge(index + 1)))
}

/// How likely a rate is of which nothing is known: any, and above all one that was measured elsewhere.
fn likely_unknown(rate: f64) -> f64 {
    likely(rate, RATE_LIKELY, DEVIATION)
        + MEASURED * likely(rate, RATE_MEASURED, DEVIATION_MEASURED)
}

/// How likely a rate is.
fn likely(rate: f64, rate_likely: f64, deviation: f64) -> f64 {
    let distance = (rate / rate_likely).ln() / deviation;
    (-0.5 * distance * distance).exp()
}
