//! `--requests-per-minute`: a ceiling that the user sets, whatever the server would admit.

use std::{collections::VecDeque, num::NonZeroU32, time::Duration};

/// What the ceiling counts over.
pub(super) const MINUTE: Duration = Duration::from_mins(1);

/// At most `requests_max` requests in any minute, those that were throttled included.
///
/// They may leave in a burst: the option is a number of requests a minute, not a distance between them.
#[derive(Debug)]
pub(super) struct Ceiling {
    requests_max: usize,
    /// When the requests of the last minute were sent, oldest first.
    sent: VecDeque<Duration>,
}

impl Ceiling {
    pub(super) fn new(requests_max: NonZeroU32) -> Self {
        Self {
            requests_max: usize::try_from(requests_max.get()).unwrap_or(usize::MAX),
            sent: VecDeque::new(),
        }
    }

    /// From when the next request may leave.
    pub(super) fn opens_at(&self) -> Duration {
        match self.sent.len().checked_sub(self.requests_max) {
            Some(over) => self.sent[over] + MINUTE,
            None => Duration::ZERO,
        }
    }

    /// How many may leave at `now`.
    pub(super) fn admissible(&self, now: Duration) -> usize {
        self.requests_max - self.recent(now).min(self.requests_max)
    }

    pub(super) fn sent(&mut self, now: Duration) {
        let old = self.sent.len() - self.recent(now);
        self.sent.drain(..old);
        self.sent.push_back(now);
    }

    /// From when `requests` more could have left.
    pub(super) fn time_for(&self, requests: usize, now: Duration) -> Duration {
        let Some(last) = requests.checked_sub(1) else {
            return Duration::ZERO;
        };
        let minutes = u32::try_from(last / self.requests_max).unwrap_or(u32::MAX);
        let place = last % self.requests_max;
        // The request at `place` of a full minute leaves when the one at that place, a minute earlier, has aged.
        let first = match (place + self.sent.len()).checked_sub(self.requests_max) {
            Some(index) => (self.sent[index] + MINUTE).saturating_sub(now),
            None => Duration::ZERO,
        };
        first.saturating_add(MINUTE.saturating_mul(minutes))
    }

    /// How many were sent in the minute before `now`.
    fn recent(&self, now: Duration) -> usize {
        let old = self.sent.partition_point(|sent| *sent + MINUTE <= now);
        self.sent.len() - old
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn ceiling(requests_max: u32) -> Ceiling {
        Ceiling::new(NonZeroU32::new(requests_max).unwrap())
    }

    #[test]
    fn no_minute_holds_more_than_the_ceiling() {
        for requests_max in [1, 2, 7, 60] {
            let mut ceiling = ceiling(requests_max);
            let mut random = fastrand::Rng::with_seed(u64::from(requests_max));
            let mut now = Duration::ZERO;
            let mut sent = Vec::new();
            for _ in 0..500 {
                now = now.max(ceiling.opens_at());
                assert!(ceiling.admissible(now) > 0);
                ceiling.sent(now);
                sent.push(now);
                now += Duration::from_millis(random.u64(0..9000));
            }
            for pair in sent.windows(requests_max as usize + 1) {
                assert!(pair[pair.len() - 1] >= pair[0] + MINUTE);
            }
        }
    }

    #[test]
    fn the_time_of_many_is_the_time_they_take() {
        for before in 0..5 {
            for requests in 0..20 {
                let mut ceiling = ceiling(4);
                for n in 0..before {
                    ceiling.sent(seconds(n * 3));
                }
                let start = seconds(13);
                let told = ceiling.time_for(requests, start);
                let mut now = start;
                for _ in 0..requests {
                    now = now.max(ceiling.opens_at());
                    ceiling.sent(now);
                }
                assert_eq!(start + told, now, "{before} before, {requests} more");
            }
        }
    }
}
