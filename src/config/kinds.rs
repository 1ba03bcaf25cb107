//! Kinds of values that several keys share, with the ranges that keep out what can only be a slip.

use super::keys::Kind;
use crate::venue::VenueKind;

/// Largest amount of money: far above any account, far below what `Cash` holds.
pub(super) const CASH_MAX: &str = "1000000000000";

/// An amount of money above zero.
pub(super) const fn cash(unit: &'static str) -> Kind {
    Kind::Number("0.00000001", CASH_MAX, 8, unit)
}

/// A quantity above zero; the largest is what fits into `Qty`.
pub(super) const QTY: Kind =
    Kind::Number("0.00000001", "90000000000", 8, "units of the base asset");

/// Orders a second: Binance takes 300 in 10 seconds and 1,200 in a minute from one account.
pub(super) const RATE: Kind = Kind::Whole(1, 1_000, "new orders per second");

/// Orders at once.
pub(super) const BURST: Kind = Kind::Whole(1, 1_000, "new orders");

/// Orders that are not over: Binance keeps 200 per symbol. Less than what the core keeps at once:
/// the rest is for exits and for orders found at the venue.
pub(super) const OPEN: Kind = Kind::Whole(1, 10_000, "orders");

/// Orders of unknown fate.
pub(super) const UNKNOWN: Kind = Kind::Whole(1, 100, "orders");

/// The highest fee of a trade.
pub(super) const FEE: Kind = Kind::Number("0", "100", 2, "basis points");

/// Notional per initial margin: Binance has 125 at most.
pub(super) const LEVERAGE: Kind = Kind::Whole(1, 125, "times");

/// Maintenance margin to the margin balance; at 100 the venue liquidates.
pub(super) const RATIO: Kind = Kind::Percent("100");

/// A window of time.
pub(super) const WINDOW_MS: Kind = Kind::Whole(1_000, 3_600_000, "milliseconds");

/// Longer than the pauses of any market that moves, and a minute at most.
pub(super) const BACKUP_MS: Kind = Kind::Whole(500, 60_000, "milliseconds");

/// Milliseconds up to a minute.
pub(super) const MS: Kind = Kind::Whole(1, 60_000, "milliseconds");

/// A processor.
pub(super) const PROCESSOR: Kind = Kind::Whole(0, 1_023, "");

pub(super) const VENUE_KINDS: [&str; VenueKind::ALL.len()] = {
    let mut words = [""; VenueKind::ALL.len()];
    let mut at = 0;
    while at < words.len() {
        words[at] = VenueKind::ALL[at].0;
        at += 1;
    }
    words
};
