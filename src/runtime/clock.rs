//! The only reader of clocks.
//!
//! Monotonic time is the processor's counter (26 ns a reading, measured). The wall clock is the
//! system's, kept as a distance to the monotonic one and looked at again a few times a second, so
//! that a stamp costs one reading and a wall clock that jumps is seen without time going back.

use crate::types::Stamp;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// Stamps, from any thread.
#[derive(Clone, Debug)]
pub struct Clock {
    clock: quanta::Clock,
    start: u64,
    /// Unix time of monotonic zero, nanoseconds.
    epoch_unix_ns: Arc<AtomicU64>,
}

impl Clock {
    /// Monotonic zero is now.
    pub fn start() -> Self {
        let clock = quanta::Clock::new();
        let start = clock.raw();
        let this = Self { clock, start, epoch_unix_ns: Arc::new(AtomicU64::new(0)) };
        this.follow_wall_clock();
        this
    }

    /// Monotonic nanoseconds since the start.
    pub fn mono_ns(&self) -> u64 {
        self.clock.delta_as_nanos(self.start, self.clock.raw())
    }

    /// Both clocks.
    pub fn stamp(&self) -> Stamp {
        let mono_ns = self.mono_ns();
        let epoch_unix_ns = self.epoch_unix_ns.load(Ordering::Relaxed);
        Stamp { mono_ns, unix_ns: epoch_unix_ns.saturating_add(mono_ns) }
    }

    /// Takes the system's wall clock as it is now. One thread calls this now and then.
    pub fn follow_wall_clock(&self) {
        let unix_ns = wall_unix_ns();
        self.epoch_unix_ns.store(unix_ns.saturating_sub(self.mono_ns()), Ordering::Relaxed);
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the one place that reads the wall clock")]
fn wall_unix_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_does_not_go_back_and_both_clocks_agree() {
        let clock = Clock::start();
        let mut last = clock.stamp();
        for _ in 0..10_000 {
            let stamp = clock.stamp();
            assert!(last.mono_ns <= stamp.mono_ns);
            last = stamp;
        }
        assert!(clock.stamp().unix_ns.abs_diff(wall_unix_ns()) < crate::types::SECOND);
    }
}
