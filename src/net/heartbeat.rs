//! When a quiet WebSocket is asked for a sign of life, and when it counts as dead. Pure arithmetic.
//!
//! Must hold: a link is never called silent before the limit has passed since the last frame, and
//! at most one tick after it.
//!
//! Decision: time is looked at once per tick, not once per frame. A frame only sets a flag, so the
//! path of a message costs no clock read and no timer; the price is up to one tick of lateness.

use std::time::Duration;

/// How often we ask and how long we wait.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Heartbeat {
    /// A ping of ours goes out every so often.
    pub ping_every: Duration,
    /// No frame of any kind (data, ping, pong) for this long: the link is dead.
    pub silence_max: Duration,
}

impl Heartbeat {
    /// A venue answers a ping within the round trip; three that are not answered are a dead link.
    pub const STANDARD: Self = Self::new(Duration::from_secs(5), 3);

    /// So many pings without an answer are a dead link, a second after the last one.
    pub const fn new(ping_every: Duration, missed_max: u32) -> Self {
        let silence_max = ping_every.saturating_mul(missed_max);
        Self { ping_every, silence_max: silence_max.saturating_add(Duration::from_secs(1)) }
    }

    /// How often a connection looks at the time: a quarter of the shorter of the two times, and
    /// not under 1 ms, the resolution of the timer wheel.
    pub fn tick(&self) -> Duration {
        (self.ping_every.min(self.silence_max) / 4).max(Duration::from_millis(1))
    }
}

/// What to do at a tick.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Beat {
    Rest,
    Ping,
    Silent,
}

/// The pulse of one connection. Times are passed in as durations since the connection opened.
#[derive(Debug)]
pub(super) struct Pulse {
    rule: Heartbeat,
    heard_since_tick: bool,
    ticked_at: Duration,
    heard_at: Duration,
    pinged_at: Duration,
}

impl Pulse {
    pub(super) fn new(rule: Heartbeat) -> Self {
        let zero = Duration::ZERO;
        Self { rule, heard_since_tick: false, ticked_at: zero, heard_at: zero, pinged_at: zero }
    }

    /// A frame came in.
    pub(super) fn on_frame(&mut self) {
        self.heard_since_tick = true;
    }

    /// Looks at the time. A frame since the tick before counts as heard just now, so the link is
    /// never called dead early.
    pub(super) fn on_tick(&mut self, now: Duration) -> Beat {
        if self.heard_since_tick {
            self.heard_since_tick = false;
            self.heard_at = now;
        }
        // A task that was not run for long (a suspended machine, a debugger) could not have heard
        // anything: it gets one more tick to read what has piled up.
        let was_away = now.saturating_sub(self.ticked_at) >= self.rule.silence_max;
        self.ticked_at = now;
        if now.saturating_sub(self.heard_at) >= self.rule.silence_max && !was_away {
            return Beat::Silent;
        }
        if now.saturating_sub(self.pinged_at) >= self.rule.ping_every {
            self.pinged_at = now;
            return Beat::Ping;
        }
        Beat::Rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_signs_of_life_may_be_missed() {
        let s = Duration::from_secs;
        let standard = Heartbeat { ping_every: s(5), silence_max: s(16) };
        assert_eq!(Heartbeat::STANDARD, standard);
        assert_eq!(Heartbeat::new(s(120), 10).silence_max, s(1_201));
    }

    fn pulse() -> Pulse {
        Pulse::new(Heartbeat { ping_every: ms(300), silence_max: ms(1_000) })
    }

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    #[test]
    fn a_link_is_silent_at_the_limit_and_not_before() {
        let mut pulse = pulse();
        assert_ne!(pulse.on_tick(ms(500)), Beat::Silent);
        assert_ne!(pulse.on_tick(ms(999)), Beat::Silent);
        assert_eq!(pulse.on_tick(ms(1_000)), Beat::Silent);
    }

    #[test]
    fn a_frame_counts_from_the_tick_after_it() {
        let mut pulse = pulse();
        pulse.on_tick(ms(500));
        pulse.on_frame();
        assert_ne!(pulse.on_tick(ms(575)), Beat::Silent);
        assert_ne!(pulse.on_tick(ms(1_574)), Beat::Silent);
        assert_eq!(pulse.on_tick(ms(1_575)), Beat::Silent);
    }

    #[test]
    fn a_ping_goes_out_at_its_interval() {
        let mut pulse = pulse();
        assert_eq!(pulse.on_tick(ms(299)), Beat::Rest);
        assert_eq!(pulse.on_tick(ms(300)), Beat::Ping);
        assert_eq!(pulse.on_tick(ms(301)), Beat::Rest);
        assert_eq!(pulse.on_tick(ms(600)), Beat::Ping);
    }

    #[test]
    fn a_task_that_slept_through_the_limit_reads_before_it_judges() {
        let mut pulse = pulse();
        assert_ne!(pulse.on_tick(ms(5_000)), Beat::Silent);
        assert_eq!(pulse.on_tick(ms(5_100)), Beat::Silent);
    }

    #[test]
    fn the_tick_is_a_quarter_of_the_shorter_time_and_never_zero() {
        let rule = |ping, silence| Heartbeat { ping_every: ms(ping), silence_max: ms(silence) };
        assert_eq!(rule(400, 1_000).tick(), ms(100));
        assert_eq!(rule(1_000, 400).tick(), ms(100));
        assert_eq!(rule(0, 400).tick(), ms(1));
    }
}
