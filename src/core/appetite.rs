//! How much may be lost, held and tried: the numbers of appetite for risk.
//!
//! Must hold: none of them ever stands in the way of a reduction (SAFETY E2). What may be switched
//! off is an `Option`; the configuration says `off` in so many words (D8).

use crate::types::Cash;

/// What all strategies together may lose and hold.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Appetite {
    /// Loss of the day.
    pub day: DayLimits,
    /// Most lost within a rolling minute, in reporting currency.
    pub minute_loss_max: Cash,
    /// Sums of positions.
    pub exposure: ExposureLimits,
    /// Orders that the venue refuses.
    pub rejects: RejectLimits,
    /// Automatic stops that follow each other.
    pub breaker: BreakerLimits,
}

/// The loss of a day (SAFETY E13).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DayLimits {
    /// Fall from the day's opening, in basis points of it.
    pub max_bps: u32,
    /// Hour of the day, UTC, at which a day begins: 0 to 23.
    pub rollover_hour: u32,
}

/// Sums of positions at worst case, in reporting currency (P16, SAFETY E13).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ExposureLimits {
    /// Longs less shorts, and shorts less longs.
    pub net_max: Cash,
    /// All positions of one underlying, over spot and contracts.
    pub underlying_gross_max: Cash,
    /// The same, longs less shorts and shorts less longs.
    pub underlying_net_max: Cash,
    /// All positions together, in basis points of equity: 10,000 is a leverage of one.
    pub leverage_bps_max: u32,
    /// One instrument, in basis points of equity.
    pub concentration_bps_max: u32,
    /// Instruments with a position or an opening order.
    pub positions_max: u32,
    /// One instrument in CONSERVATIVE, in basis points of equity (P24).
    pub conservative_bps_max: u32,
}

/// Orders that the venue refuses, over all strategies (T9).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RejectLimits {
    /// Refused ones among the answers of a rolling minute, in basis points.
    pub ratio_bps_max: u32,
    /// What becomes of it beyond that.
    pub storm: Storm,
}

/// What too many refusals do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Storm {
    /// A person is told.
    Alert,
    /// Nothing new is opened until the minute is over.
    Stop,
}

/// When automatic stops that follow each other become one long stop (R28, R29).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BreakerLimits {
    /// So many stops, 1 to [`super::STOPS_MAX`],
    pub stops_max: u32,
    /// within so long
    pub window_ns: u64,
    /// deny new risk for so long.
    pub cooldown_ns: u64,
}

/// What one strategy may lose and try before it may only reduce, until an operator resumes it.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct StrategyLimits {
    /// Most that its own ledger may lose, open positions included, in reporting currency; from the
    /// start or from the last resume of it.
    pub loss_max: Cash,
    /// So many round trips in a row that lost.
    pub losing_trips_max: Option<u32>,
    /// So many orders in a row that the venue refused.
    pub rejects_max: Option<u32>,
    /// So many trades within a rolling minute (P23, SAFETY E14).
    pub fills_per_minute_max: Option<u32>,
    /// So much traded since the last resume of it, in reporting currency (P23, SAFETY E14).
    pub unreviewed_max: Option<Cash>,
}
