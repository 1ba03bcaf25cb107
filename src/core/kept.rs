//! What limits of loss must remember through a restart (D1), each as one small value.

use crate::types::Cash;

/// Something that must survive a restart.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Kept {
    /// The day and its opening.
    Day(DayMark),
    /// The circuit breaker.
    Breaker(BreakerMark),
}

/// Where a day began.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct DayMark {
    /// Its number since 1970, from 1, counted from the rollover hour.
    pub day: u32,
    /// Equity at its opening, in reporting currency, at the present number of units (SAFETY E6).
    pub opening: Cash,
}

/// Most stops that the circuit breaker counts.
pub const STOPS_MAX: usize = 8;

/// The circuit breaker as it is kept. All times are lengths on the monotonic clock: what passes
/// while the process is down does not count.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct BreakerMark {
    /// How often it has ever opened.
    pub opened: u32,
    /// How many of `ages_ns` count.
    pub stops: u8,
    /// How long ago each stop was, oldest first.
    pub ages_ns: [u64; STOPS_MAX],
    /// How long it stays open.
    pub cooldown_ns: u64,
}
