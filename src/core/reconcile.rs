//! Exchange-first reconciliation: the venue is right, we say what we had wrong.

use crate::types::{InstrumentId, Qty};

/// One difference between the venue's account and ours, with both values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Finding {
    /// A position differs.
    Position {
        /// Of what.
        instrument: InstrumentId,
        /// What we believed.
        ours: Qty,
        /// What the venue holds.
        venue: Qty,
    },
}
