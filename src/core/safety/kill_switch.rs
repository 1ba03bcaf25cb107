//! The latch. Once tripped it stays tripped until a person resets it.

use crate::types::{Stamp, Text};

/// What tripped the switch first; later causes do not overwrite it. The numbers are written to
/// disk and are never reused.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum TripReason {
    /// A person, by command.
    Operator = 1,
    /// `state/kill_switch.flag` appeared.
    FlagFile = 2,
    /// Equity fell too far below its high-water mark.
    Drawdown = 3,
    /// Our clock and the venue's are too far apart.
    ClockDrift = 4,
    /// Equity could not be told for too long while a position was open.
    EquityUnknown = 5,
    /// More of an order traded than was ordered.
    Overfill = 6,
    /// The journal cannot be written any more.
    Journal = 7,
    /// What the last run left on disk cannot be read: whether a latch was set is not known.
    StateUnreadable = 8,
}

/// The latch as it is kept on disk.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TripRecord {
    /// How often the switch has ever tripped, this one included.
    pub generation: u32,
    /// What tripped it.
    pub reason: TripReason,
    /// When.
    pub at: Stamp,
    /// The value that tripped it, in the unit of its limit (basis points, nanoseconds), else 0.
    pub value: i64,
    /// The limit that it passed, else 0.
    pub limit: i64,
    /// Who, where it was a person.
    pub by: Text<32>,
    /// Why, where a person said so.
    pub note: Text<96>,
}
