//! The one figure that stands for all candidates: what people are told and what the next run starts with.

use super::{
    bucket::{Bucket, whole},
    candidate::{Candidate, by_kind},
    evidence::WINDOW,
    pace::Pace,
    window::{Kind, Window},
};

/// The part of the weight that a kind must have to be kept.
const SURE: f64 = 0.6;
/// The slow end of the likely rates: faster than this is not promised to the next run.
const RATE_QUANTILE: f64 = 0.25;
/// Rates that are farther apart than this, by a factor, are not worth keeping.
const RATES_APART_MAX: f64 = 1.6;
/// A window that begins on its own must be this much more likely than one that begins with a request.
const ALIGNED_SURE: f64 = 4.0;

/// The likeliest limit, and whether it is worth keeping.
pub(super) fn of(candidates: &[Candidate], minute: f64) -> (Pace, bool) {
    let (mut buckets, windows) = by_kind(candidates);
    let in_buckets: f64 = buckets.iter().map(|(weight, _)| weight).sum();
    let in_windows: f64 = windows.iter().map(|(weight, _)| weight).sum();
    let sure = in_buckets.max(in_windows) > SURE * (in_buckets + in_windows);
    if in_buckets >= in_windows {
        let (pace, close) = bucket(&mut buckets, in_buckets);
        (pace, sure && close)
    } else {
        (window(&windows, minute), sure)
    }
}

fn bucket(buckets: &mut [(f64, Bucket)], total: f64) -> (Pace, bool) {
    buckets.sort_by(|(_, a), (_, b)| a.rate.lo.total_cmp(&b.rate.lo));
    let quantile = |part: f64| {
        let mut sum = 0.0;
        let mut reached = buckets.iter().filter(|(weight, _)| {
            sum += weight;
            sum >= part * total
        });
        reached.next().map_or(1.0, |(_, bucket)| bucket.rate.lo)
    };
    let apart = quantile(1.0 - RATE_QUANTILE / 2.0) / quantile(RATE_QUANTILE / 2.0);
    let heaviest = buckets.iter().max_by(|(a, _), (b, _)| a.total_cmp(b));
    let burst = heaviest.map_or(1.0, |(_, bucket)| bucket.burst.lo);
    let pace = Pace::Bucket {
        per_minute: quantile(RATE_QUANTILE) * WINDOW,
        burst: u32::try_from(whole(burst).max(1)).unwrap_or(u32::MAX),
    };
    (pace, apart < RATES_APART_MAX)
}

fn window(windows: &[(f64, Window)], minute: f64) -> Pace {
    let heaviest = windows.iter().max_by(|(a, _), (b, _)| a.total_cmp(b));
    let size = heaviest.map_or(1, |(_, window)| window.size);
    let (mut own, mut aligned) = (0.0, 0.0);
    let mut begins: Option<f64> = None;
    for (weight, window) in windows {
        match window.kind {
            Kind::Sliding { with_throttled: _ } | Kind::Anchored { since: _, count: _ } => {
                own += weight;
            }
            Kind::Aligned { begins: span } => {
                aligned += weight;
                // The places are a few seconds apart but may be whole windows away: the latest one is the safe one.
                let late = begins.map_or(0.0, |first| {
                    let away = span.hi - first;
                    away - (away / WINDOW).round() * WINDOW
                });
                begins = Some(begins.map_or(span.hi, |first| first + late.max(0.0)));
            }
        }
    }
    Pace::Window {
        requests: u32::try_from(size).unwrap_or(u32::MAX),
        second: begins
            .filter(|_| aligned > ALIGNED_SURE * own)
            .map(|begins| (begins + minute).rem_euclid(WINDOW)),
    }
}
