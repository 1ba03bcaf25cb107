//! The latch. Once tripped it stays tripped until a person resets it.

use super::verdict::{DenyReason, require};
use crate::types::{Stamp, Text};

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $number:literal),* $(,)?) => {
        /// What tripped the switch first; later causes do not overwrite it. The numbers are written
        /// to disk and are never reused.
        #[derive(Clone, Copy, Debug, Eq, PartialEq)]
        #[repr(u8)]
        pub enum TripReason {
            $($(#[$doc])* $name = $number),*
        }

        impl TripReason {
            /// All of them: for each a test flattens to zero while the cause goes on (SAFETY E2).
            pub const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

reasons! {
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
    /// A trade on an account of ours alone that nobody here can explain (SAFETY E12).
    Unexplained = 100,
    /// A trade of an order of ours went the other way or was of another instrument (SAFETY T1).
    WrongFill = 101,
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

/// The latch in memory.
#[derive(Debug)]
pub(super) struct KillSwitch {
    latch: Option<TripRecord>,
    generation: u32,
}

impl KillSwitch {
    /// As the last run left it.
    pub(super) fn restored(latch: Option<TripRecord>, generation: u32) -> Self {
        Self { latch, generation }
    }

    pub(super) fn check(&self) -> Result<(), DenyReason> {
        require(self.latch.is_none(), DenyReason::KillSwitch)
    }

    /// Sets the latch. The first cause stays; `None` when it was set already.
    pub(super) fn trip(&mut self, trip: Trip, at: Stamp) -> Option<TripRecord> {
        if self.latch.is_some() {
            return None;
        }
        self.generation = self.generation.saturating_add(1);
        let Trip { reason, value, limit, by, note } = trip;
        let record = TripRecord { generation: self.generation, reason, at, value, limit, by, note };
        self.latch = Some(record);
        self.latch
    }

    pub(super) fn clear(&mut self) {
        self.latch = None;
    }

    pub(super) fn latch(&self) -> Option<&TripRecord> {
        self.latch.as_ref()
    }

    pub(super) fn generation(&self) -> u32 {
        self.generation
    }
}

/// A cause to trip, with the numbers that tell why.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::core) struct Trip {
    pub(in crate::core) reason: TripReason,
    pub(in crate::core) value: i64,
    pub(in crate::core) limit: i64,
    pub(in crate::core) by: Text<32>,
    pub(in crate::core) note: Text<96>,
}

impl Trip {
    /// By a measured value against its limit.
    pub(in crate::core) fn by_limit(reason: TripReason, value: i64, limit: i64) -> Self {
        Self { reason, value, limit, by: Text::new("kernel"), note: Text::default() }
    }
}
