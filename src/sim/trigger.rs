//! When a conditional order becomes an order (USDⓈ-M sheet, section 5).
//!
//! Must hold: an answer depends on the side, the prices and what the trigger says, on nothing else;
//! products are compared, so that no rate is rounded.
//!
//! Decision: a protected trigger (`priceProtect`) waits while the mark and the last trade are
//! further apart than `PROTECT_BPS`, or one of them is not known, and is met once they are not.
//! The venue names the distance as one more condition of the trigger, and no other end.

use crate::types::{Price, Side, WorkingPrice};

/// `triggerProtect` of every symbol: how far apart mark and last trade may be, basis points.
pub(in crate::sim) const PROTECT_BPS: i32 = 500;

/// What has to happen.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Trigger {
    /// The price comes to this one, against whoever holds the other side: a buy waits for a rise, a
    /// sale for a fall.
    Stop(Price),
    /// The price comes to this one, in favour of whoever holds the other side.
    TakeProfit(Price),
    /// The price turns back from its best.
    Trailing {
        /// It counts once the best has reached this; `None` is at once.
        activation: Option<Price>,
        /// How far it turns back, thousandths of the best.
        callback_permille: u32,
    },
}

impl Trigger {
    /// True at a price, the best since the order came being `best`.
    pub(super) fn is_met(self, side: Side, price: Price, best: Price) -> bool {
        match self {
            Self::Stop(at) => side.opposite().accepts(price, at),
            Self::TakeProfit(at) => side.accepts(price, at),
            Self::Trailing { callback_permille, .. } => {
                self.is_active(side, best) && turned(side, price, best, callback_permille)
            }
        }
    }

    /// True where the best is one from which turning back counts; always for what does not trail.
    pub(super) fn is_active(self, side: Side, best: Price) -> bool {
        match self {
            Self::Trailing { activation: Some(at), .. } => side.accepts(best, at),
            Self::Trailing { activation: None, .. } | Self::Stop(_) | Self::TakeProfit(_) => true,
        }
    }

    /// True for what the venue does not take because it would not wait.
    pub(super) fn is_late(self, side: Side, latest: Price) -> bool {
        match self {
            Self::Stop(_) | Self::TakeProfit(_) => self.is_met(side, latest, latest),
            Self::Trailing { activation, .. } => {
                activation.is_some_and(|at| side.accepts(latest, at))
            }
        }
    }

    /// The one price that it names.
    pub fn price(self) -> Option<Price> {
        match self {
            Self::Stop(at) | Self::TakeProfit(at) => Some(at),
            Self::Trailing { activation, .. } => activation,
        }
    }
}

/// The price has turned back from its best by the rate.
fn turned(side: Side, price: Price, best: Price, permille: u32) -> bool {
    let (price, best, rate) =
        (i128::from(price.units()), i128::from(best.units()), i128::from(permille));
    match side {
        Side::Buy => best * (1_000 + rate) <= price * 1_000,
        Side::Sell => price * 1_000 <= best * (1_000 - rate),
    }
}

/// Both prices of an instrument as they are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Latest {
    pub(super) contract: Option<Price>,
    pub(super) mark: Option<Price>,
}

impl Latest {
    pub(super) fn of(self, working: WorkingPrice) -> Option<Price> {
        match working {
            WorkingPrice::Contract => self.contract,
            WorkingPrice::Mark => self.mark,
        }
    }

    /// True where a protected trigger may be met.
    pub(super) fn agree(self) -> bool {
        let (Some(contract), Some(mark)) = (self.contract, self.mark) else { return false };
        (mark.moved_bps(-PROTECT_BPS)..=mark.moved_bps(PROTECT_BPS)).contains(&contract)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::testing::price;

    fn met(trigger: Trigger, side: Side, at: &str, best: &str) -> bool {
        trigger.is_met(side, price(at), price(best))
    }

    #[test]
    fn a_stop_waits_for_the_worse_and_a_take_profit_for_the_better() {
        let (stop, profit) = (Trigger::Stop(price("100")), Trigger::TakeProfit(price("100")));
        let rows = [
            (stop, Side::Buy, "99.9", false),
            (stop, Side::Buy, "100", true),
            (stop, Side::Sell, "100.1", false),
            (stop, Side::Sell, "100", true),
            (profit, Side::Buy, "100.1", false),
            (profit, Side::Buy, "100", true),
            (profit, Side::Sell, "99.9", false),
            (profit, Side::Sell, "100", true),
        ];
        for (trigger, side, at, expected) in rows {
            assert_eq!(met(trigger, side, at, at), expected, "{trigger:?} {side:?} at {at}");
            assert_eq!(trigger.is_late(side, price(at)), expected);
        }
    }

    #[test]
    fn a_trailing_stop_turns_back_from_the_best_by_its_rate() {
        let trailing = Trigger::Trailing { activation: None, callback_permille: 10 };
        assert!(!met(trailing, Side::Sell, "99.1", "100"));
        assert!(met(trailing, Side::Sell, "99.0", "100"));
        assert!(!met(trailing, Side::Buy, "100.9", "100"));
        assert!(met(trailing, Side::Buy, "101.0", "100"));
    }

    #[test]
    fn turning_back_counts_once_the_best_has_reached_the_activation() {
        let activation = Some(price("105"));
        let trailing = Trigger::Trailing { activation, callback_permille: 10 };
        assert!(!met(trailing, Side::Sell, "90", "104.9"));
        assert!(met(trailing, Side::Sell, "90", "105"));
        assert!(!met(trailing, Side::Buy, "120", "105.1"));
        assert!(met(trailing, Side::Buy, "120", "105"));
        assert!(trailing.is_late(Side::Sell, price("105")));
        assert!(!trailing.is_late(Side::Sell, price("104.9")));
        assert!(trailing.is_late(Side::Buy, price("105")));
        assert!(!trailing.is_late(Side::Buy, price("105.1")));
    }

    #[test]
    fn a_protected_trigger_needs_both_prices_within_five_percent() {
        let latest =
            |contract: &str| Latest { contract: Some(price(contract)), mark: Some(price("100")) };
        for (contract, expected) in
            [("105", true), ("105.1", false), ("95", true), ("94.9", false), ("100", true)]
        {
            assert_eq!(latest(contract).agree(), expected, "{contract}");
        }
        assert!(!Latest { contract: None, mark: Some(price("100")) }.agree());
        assert!(!Latest { contract: Some(price("100")), mark: None }.agree());
    }
}
