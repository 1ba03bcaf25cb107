//! Net asset value by the unit, as a fund tells it (SAFETY E6).
//!
//! Must hold: a transfer changes how many units there are and never what one is worth; everything
//! else (trades, marks, fees, rebates, funding, interest, liquidation) changes what one is worth
//! and never how many there are. So a fall of the unit price is a loss, whatever came or went.
//!
//! Decision: the account begins with one unit, so that without a transfer the price is the equity
//! to the last digit. A mark is kept on disk as money at the present number of units: that is what
//! an operator understands, and the next start begins with one unit again.

use crate::types::Cash;

/// One unit. Fine enough that a withdrawal of all but a millionth and its return cost nothing, and
/// so small that a trillion of money times it fits.
const ONE: i128 = 1_000_000_000_000_000;

/// How many units there are, and what one is worth.
#[derive(Clone, Copy, Debug)]
pub(super) struct Nav {
    units: i128,
    price: i128,
    /// Transfers that are not in the units yet.
    moved: Cash,
    /// Everything was lost: no unit can be bought at such a price.
    ruined: bool,
}

impl Nav {
    pub(super) fn new() -> Self {
        Self { units: ONE, price: 0, moved: Cash::ZERO, ruined: false }
    }

    /// What a unit is worth when all of it is worth `equity`, of which `moved` came by transfers
    /// since the last time. `None` beyond what can be counted.
    pub(super) fn value(&mut self, equity: Cash, moved: Cash) -> Option<i128> {
        self.moved = self.moved.checked_add(moved)?;
        let before = equity.checked_sub(self.moved)?;
        let worth = match self.moved == Cash::ZERO {
            true => equity,
            false if equity < Cash::ZERO => before,
            false => {
                self.transfer(before.units(), equity.units())?;
                equity
            }
        };
        if self.ruined {
            self.price = 0;
        } else if self.units == ONE {
            self.price = worth.units();
        } else if self.units != 0 {
            self.price = worth.units().checked_mul(ONE)? / self.units;
        }
        Some(self.price)
    }

    /// The price of a unit as money, at the present number of units.
    pub(super) fn money(&self, price: i128) -> Option<Cash> {
        price.checked_mul(self.units).map(|wide| Cash::from_units(wide / ONE))
    }

    /// Transfers made `after` of `before`. An account that was emptied without a loss is bought
    /// into again at its last price.
    fn transfer(&mut self, before: i128, after: i128) -> Option<()> {
        if self.units == 0 && before <= 0 {
            self.units = after.checked_mul(ONE)?.checked_div(self.price)?;
        } else if before <= 0 {
            self.ruined = true;
        } else {
            let units = scaled(self.units, after, before)?;
            self.units = if after == 0 { 0 } else { units.max(1) };
        }
        self.moved = Cash::ZERO;
        Some(())
    }
}

/// `units × after ÷ before`, towards zero, without the product of all of it in between.
fn scaled(units: i128, after: i128, before: i128) -> Option<i128> {
    let whole = units.checked_div(before)?.checked_mul(after)?;
    let rest = units.checked_rem(before)?.checked_mul(after)?.checked_div(before)?;
    whole.checked_add(rest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Digits beyond those of a price.
    const FINE: i128 = 1_000_000_000_000;

    fn cash(units: i128) -> Cash {
        Cash::from_units(units)
    }

    fn at(equity: i128) -> Nav {
        let mut nav = Nav::new();
        assert_eq!(nav.value(cash(equity), Cash::ZERO), Some(equity));
        nav
    }

    #[test]
    fn without_a_transfer_the_price_is_the_equity_to_the_last_digit() {
        let mut nav = at(10_000_000_000_000);
        for equity in [9_999_999_999_999, 1, 0, -5, 100_000_000_000_000_000_000] {
            assert_eq!(nav.value(cash(equity), Cash::ZERO), Some(equity));
        }
    }

    #[test]
    fn an_account_that_is_emptied_has_no_units_left() {
        let mut nav = at(1_000_000);
        assert_eq!(nav.value(cash(0), cash(-1_000_000)), Some(1_000_000));
        assert_eq!(nav.money(1_000_000), Some(Cash::ZERO));
        assert_eq!(nav.value(cash(500_000), cash(500_000)), Some(1_000_000));
        assert_eq!(nav.money(1_000_000), Some(cash(500_000)));
    }

    #[test]
    fn a_deposit_and_a_withdrawal_leave_the_price_alone() {
        let mut nav = at(1_000_000);
        assert_eq!(nav.value(cash(3_000_000), cash(2_000_000)), Some(1_000_000));
        assert_eq!(nav.value(cash(2_700_000), Cash::ZERO), Some(900_000));
        assert_eq!(nav.value(cash(900_000), cash(-1_800_000)), Some(900_000));
        assert_eq!(nav.value(cash(450_000), Cash::ZERO), Some(450_000));
        assert_eq!(nav.money(900_000), Some(cash(900_000)));
    }

    #[test]
    fn a_loss_in_the_same_breath_as_a_deposit_is_still_seen() {
        let mut nav = at(1_000_000);
        assert_eq!(nav.value(cash(1_300_000), cash(500_000)), Some(800_000));
    }

    #[test]
    fn an_emptied_account_is_bought_into_again_at_its_last_price() {
        let mut nav = at(1_000_000);
        assert_eq!(nav.value(cash(0), cash(-1_000_000)), Some(1_000_000));
        assert_eq!(nav.value(cash(0), Cash::ZERO), Some(1_000_000));
        assert_eq!(nav.value(cash(5_000_000), cash(5_000_000)), Some(1_000_000));
        assert_eq!(nav.value(cash(4_500_000), Cash::ZERO), Some(900_000));
    }

    #[test]
    fn no_deposit_hides_that_everything_was_lost() {
        let mut nav = at(1_000_000);
        assert_eq!(nav.value(cash(499_999), cash(500_000)), Some(0));
        assert_eq!(nav.value(cash(9_000_000), Cash::ZERO), Some(0));
    }

    #[test]
    fn a_withdrawal_of_more_than_there_is_waits_for_the_rest_of_the_story() {
        let mut nav = at(1_000_000);
        assert_eq!(nav.value(cash(-500_000), cash(-1_500_000)), Some(1_000_000));
        assert_eq!(nav.value(cash(500_000), Cash::ZERO), Some(2_000_000));
    }

    #[test]
    fn what_cannot_be_counted_is_unknown() {
        let mut nav = at(1_000);
        assert_eq!(nav.value(cash(2_000), cash(1_000)), Some(1_000));
        assert_eq!(nav.value(Cash::MAX, Cash::ZERO), None);
        assert_eq!(at(1).value(Cash::MAX, cash(1)), None);
    }

    proptest! {
        /// Whole histories: gains and losses in parts of the whole, with a transfer after each and
        /// without one, lead to the same price.
        #[test]
        fn the_price_is_invariant_to_any_transfers_at_any_time(
            begin in 1_000_000_000_i128..100_000_000_000_000,
            history in proptest::collection::vec(
                (-4_000_i128..5_000, -9_000_i128..30_000, any::<bool>()), 1..24),
        ) {
            let (mut with, mut nav) = (begin, at(begin));
            let mut price = begin * FINE;
            for (gain_bps, move_bps, at_once) in history {
                with += with * gain_bps / 10_000;
                price += price / 10_000 * gain_bps;
                if with.abs() < 1_000_000 || 1_000_000_000_000_000_000 < with {
                    break;
                }
                if !at_once {
                    prop_assert!(nav.value(cash(with), Cash::ZERO).is_some());
                }
                let moved = with * move_bps / 10_000;
                with += moved;
                let told = nav.value(cash(with), cash(moved)).unwrap();
                let off = (told * FINE - price).abs();
                prop_assert!(off < price / 100_000, "{told} and not {price}");
            }
        }
    }
}
