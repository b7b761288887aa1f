//! Exponential backoff with jitter: the wait after an answer that says nothing about when to come back.

use std::time::Duration;

/// The first delay, before jitter.
const DELAY_FIRST: Duration = Duration::from_millis(500);
/// The longest delay, before jitter.
const DELAY_MAX: Duration = Duration::from_mins(1);
/// Doublings after which the delay is at its maximum anyway.
const DOUBLINGS_MAX: u32 = 7;
/// Jitter adds up to this part of the delay; it never shortens one.
const JITTER_MAX: f64 = 0.25;

/// The delay after `failures` failed answers in a row (1 is the first).
pub(super) fn delay(failures: u32, random: &mut fastrand::Rng) -> Duration {
    let doublings = failures.saturating_sub(1).min(DOUBLINGS_MAX);
    let delay = (DELAY_FIRST * 2_u32.pow(doublings)).min(DELAY_MAX);
    delay.mul_f64(1.0 + JITTER_MAX * random.f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_double_up_to_a_bound_and_jitter_only_lengthens() {
        let mut random = fastrand::Rng::with_seed(7);
        for (failures, seconds) in [
            (0, 0.5),
            (1, 0.5),
            (2, 1.0),
            (3, 2.0),
            (7, 32.0),
            (8, 60.0),
            (u32::MAX, 60.0),
        ] {
            for _ in 0..100 {
                let delay = delay(failures, &mut random).as_secs_f64();
                assert!(
                    (seconds..=seconds * 1.25).contains(&delay),
                    "{failures}: {delay}"
                );
            }
        }
    }

    #[test]
    fn one_seed_gives_one_sequence() {
        let run = |seed| {
            let mut random = fastrand::Rng::with_seed(seed);
            [1, 2, 3].map(|failures| delay(failures, &mut random))
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }
}
