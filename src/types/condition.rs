//! What a venue says of itself, besides what it answers.

use super::VenueId;

/// A venue's word on itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct VenueCondition {
    /// Whose.
    pub venue: VenueId,
    /// What.
    pub condition: Condition,
}

/// What a venue can say of itself.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Condition {
    /// The time of a request was outside of the receive window: our measurement of its clock is
    /// wrong (R79). The window is never widened for it.
    ClockOff,
    /// It takes no requests: 503, maintenance (R67).
    Unavailable,
    /// It answers again.
    Available,
    /// It refuses our key, its signature, or the address that we come from: only a person can mend
    /// that, and who goes on asking is banned (R132).
    KeyRefused,
    /// It counts nearly as many requests or orders of ours as it takes: the rest is for the way
    /// out.
    NearLimit,
    /// It has room again.
    BelowLimit,
}
