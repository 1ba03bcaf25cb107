//! Modes of trading and where they apply.
//!
//! Must hold: a mode is raised only by an operator (D1, D2); the effective mode of an order is the
//! strictest of all scopes that it falls into.

use crate::types::{InstrumentId, StrategyId, VenueId};

/// What strategies may do, from free to nothing (SAFETY, "States").
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub enum Mode {
    /// Everything within limits.
    #[default]
    Running,
    /// Limits scaled down by the configured factor; where every resume lands.
    Conservative,
    /// Only what lowers a position.
    Reducing,
    /// Nothing, until a resume.
    Halted,
    /// Nothing, until a reset of the kill switch.
    Killed,
}

impl Mode {
    /// The word that operators see.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Conservative => "CONSERVATIVE",
            Self::Reducing => "REDUCING",
            Self::Halted => "HALTED",
            Self::Killed => "KILLED",
        }
    }
}

/// Where a mode applies.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Scope {
    /// Everywhere.
    All,
    /// One instrument.
    Instrument(InstrumentId),
    /// One strategy.
    Strategy(StrategyId),
    /// One venue, which is one account there.
    Venue(VenueId),
}
