//! When to connect again: three quick attempts inside 30 s, then slow probing (runbook row R64).
//!
//! Must hold: pure arithmetic, no clock and no random source; the same numbers in give the same
//! waits out. The schedule never gives up by itself: past the quick attempts it says
//! [`Attempt::Probe`], and the caller halts and alerts while it keeps probing without order entry.

use std::time::Duration;

/// The wait before each quick attempt, in ms, without jitter. With the largest jitter (half on top)
/// and 5 s for each attempt itself the third is decided at 1.5 × (0.5 + 2 + 6) + 3 × 5 = 27.75 s.
const QUICK_WAITS_MS: [u64; 3] = [500, 2_000, 6_000];
/// The wait between slow probes, in ms (R64: every 30 s).
const PROBE_WAIT_MS: u64 = 30_000;

/// What to do next.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Attempt {
    /// Wait so long, then try; the link counts as briefly down.
    Quick(Duration),
    /// Wait so long, then try; the link counts as lost (HALTED and alert, R64).
    Probe(Duration),
}

impl Attempt {
    /// How long to wait.
    pub fn wait(self) -> Duration {
        match self {
            Self::Quick(wait) | Self::Probe(wait) => wait,
        }
    }
}

/// The schedule of one link.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Backoff {
    failed_count: u32,
}

impl Backoff {
    /// Attempts that count as quick.
    pub const QUICK_ATTEMPTS: u32 = 3;

    /// A schedule at its start.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next wait. `random` is any number; it spreads quick waits over 100 to 150 %, so that
    /// many engines do not come back in the same millisecond. Probes are spread over 100 to 110 %.
    pub fn next(&mut self, random: u64) -> Attempt {
        let index = usize::try_from(self.failed_count).unwrap_or(usize::MAX);
        self.failed_count = self.failed_count.saturating_add(1);
        match QUICK_WAITS_MS.get(index) {
            Some(&wait_ms) => Attempt::Quick(spread(wait_ms, wait_ms / 2, random)),
            None => Attempt::Probe(spread(PROBE_WAIT_MS, PROBE_WAIT_MS / 10, random)),
        }
    }

    /// The link is up and has proved itself (logged in, subscribed): start from the beginning.
    pub fn reset(&mut self) {
        self.failed_count = 0;
    }
}

fn spread(wait_ms: u64, jitter_ms_max: u64, random: u64) -> Duration {
    Duration::from_millis(wait_ms + random % (jitter_ms_max + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn three_quick_attempts_then_probes_for_ever() {
        let mut backoff = Backoff::new();
        let quick: Vec<_> = (0..3).map(|_| backoff.next(0)).collect();
        assert_eq!(quick, [500, 2_000, 6_000].map(|wait| Attempt::Quick(ms(wait))));
        for _ in 0..1_000 {
            assert_eq!(backoff.next(0), Attempt::Probe(ms(30_000)));
        }
        backoff.reset();
        assert_eq!(backoff.next(0), Attempt::Quick(ms(500)));
    }

    #[test]
    fn the_quick_attempts_end_within_30_s_at_the_worst_jitter() {
        let worst = |random_of: fn(u64) -> u64| -> Duration {
            let mut backoff = Backoff::new();
            QUICK_WAITS_MS.iter().map(|wait| backoff.next(random_of(wait / 2)).wait()).sum()
        };
        let waits = worst(|jitter_max| jitter_max);
        assert_eq!(waits, ms(12_750));
        assert!(waits + 3 * ms(5_000) < ms(30_000));
    }

    #[test]
    fn jitter_only_adds_and_stays_in_its_band() {
        for random in [0, 1, 249, 250, 251, u64::MAX] {
            let Attempt::Quick(wait) = Backoff::new().next(random) else { panic!("not quick") };
            assert!(wait >= ms(500) && wait <= ms(750), "{random}: {wait:?}");
        }
        let mut lost = Backoff { failed_count: u32::MAX };
        let wait = lost.next(u64::MAX).wait();
        assert!(wait >= ms(30_000) && wait <= ms(33_000));
    }
}
