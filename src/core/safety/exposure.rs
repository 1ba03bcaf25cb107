//! Positions at worst case: what is confirmed and every order that is not over, `Unknown` ones
//! included, long and short apart; of one instrument, one underlying, and all (P15, P16, P24).
//!
//! Must hold: a sum that is not known denies, and so does one that cannot be counted.

use super::facts::Holdings;
use super::verdict::{DenyReason, require};
use crate::core::exposure::Around;
use crate::core::setup::ExposureLimits;
use crate::types::{Cash, Price, Qty, Side};

/// `reach` is the largest |position| that the order's side can lead to. A limit below the present
/// position still lets the other side through (SAFETY E14).
pub(super) fn check_position(reach: Option<Qty>, position_max: Qty) -> Result<(), DenyReason> {
    let fits = reach.is_some_and(|reach| reach <= position_max);
    require(fits, DenyReason::PositionTooLarge)
}

/// All instruments together; `more` is what the order adds.
pub(super) fn check_gross(around: &Around, more: Cash, gross_max: Cash) -> Result<(), DenyReason> {
    let gross = around.all.map(|sum| sum.gross);
    require(fits(gross, more, gross_max), DenyReason::ExposureTooLarge)
}

/// Net, by underlying, and how many positions; `more` is what the order adds.
pub(super) fn check_sums(
    around: &Around,
    more: Cash,
    limits: &ExposureLimits,
) -> Result<(), DenyReason> {
    let net = around.all.map(|sum| sum.towards);
    require(fits(net, more, limits.net_max), DenyReason::NetExposure)?;
    let gross = around.underlying.map(|sum| sum.gross);
    require(fits(gross, more, limits.underlying_gross_max), DenyReason::UnderlyingExposure)?;
    let net = around.underlying.map(|sum| sum.towards);
    require(fits(net, more, limits.underlying_net_max), DenyReason::UnderlyingNet)?;
    let room = around.is_held || around.held < limits.positions_max;
    require(room, DenyReason::TooManyPositions)
}

/// What is measured by equity: leverage of all, and the share of one instrument, of which `own` is
/// the worst case with the order.
pub(super) fn check_shares(
    around: &Around,
    own: Option<Cash>,
    more: Cash,
    equity: Option<Cash>,
    limits: &ExposureLimits,
) -> Result<(), DenyReason> {
    let gross = around.all.and_then(|sum| sum.gross.checked_add(more));
    require(is_within(gross, equity, limits.leverage_bps_max), DenyReason::Leverage)?;
    require(is_within(own, equity, limits.concentration_bps_max), DenyReason::Concentration)
}

/// One instrument in CONSERVATIVE.
pub(super) fn check_conservative(
    own: Option<Cash>,
    equity: Option<Cash>,
    bps_max: u32,
) -> Result<(), DenyReason> {
    require(is_within(own, equity, bps_max), DenyReason::ConservativePosition)
}

/// One strategy in one instrument.
pub(super) fn check_strategy(
    held: &Holdings<'_>,
    side: Side,
    price: Price,
    qty: Qty,
    notional_max: Cash,
) -> Result<(), DenyReason> {
    let worst = held.worst(side, qty).map(|worst| price.notional(worst));
    require(worst.is_some_and(|worst| worst <= notional_max), DenyReason::StrategyPosition)
}

fn fits(sum: Option<Cash>, more: Cash, most: Cash) -> bool {
    sum.and_then(|sum| sum.checked_add(more)).is_some_and(|after| after <= most)
}

fn is_within(part: Option<Cash>, equity: Option<Cash>, bps_max: u32) -> bool {
    part.zip(equity).is_some_and(|(part, equity)| part.is_within_bps(bps_max, equity))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::exposure::Sums;
    use crate::core::orders::Open;
    use proptest::prelude::*;

    fn limits() -> ExposureLimits {
        ExposureLimits {
            net_max: Cash::from_units(1_000),
            underlying_gross_max: Cash::from_units(2_000),
            underlying_net_max: Cash::from_units(500),
            leverage_bps_max: 20_000,
            concentration_bps_max: 2_500,
            positions_max: 3,
            conservative_bps_max: 50,
        }
    }

    fn around(sum: i128) -> Around {
        let sum = Some(sums(sum, sum));
        Around { all: sum, underlying: sum, held: 2, is_held: false }
    }

    fn sums(gross: i128, towards: i128) -> Sums {
        Sums { gross: cash(gross), towards: cash(towards) }
    }

    fn cash(units: i128) -> Cash {
        Cash::from_units(units)
    }

    #[test]
    fn the_side_that_leads_back_passes_however_far_the_position_is_out() {
        let back = Some(sums(0, -9_000));
        let back = Around { all: back, underlying: back, ..around(0) };
        assert_eq!(check_sums(&back, cash(500), &limits()), Ok(()));
    }

    #[test]
    fn one_more_position_needs_room_and_more_of_one_does_not() {
        let full = Around { held: 3, ..around(0) };
        assert_eq!(check_sums(&full, cash(1), &limits()), Err(DenyReason::TooManyPositions));
        assert_eq!(check_sums(&Around { is_held: true, ..full }, cash(1), &limits()), Ok(()));
        assert_eq!(check_sums(&Around { held: 2, ..full }, cash(1), &limits()), Ok(()));
    }

    #[test]
    fn what_is_not_known_or_cannot_be_counted_denies() {
        let (limits, known) = (limits(), around(0));
        let nothing = Some(Cash::ZERO);
        let rows = [
            (
                check_gross(&Around { all: None, ..known }, cash(1), cash(9)),
                DenyReason::ExposureTooLarge,
            ),
            (check_sums(&Around { all: None, ..known }, cash(1), &limits), DenyReason::NetExposure),
            (
                check_sums(&Around { underlying: None, ..known }, cash(1), &limits),
                DenyReason::UnderlyingExposure,
            ),
            (
                check_sums(
                    &Around { underlying: Some(sums(0, i128::MAX)), ..known },
                    cash(1),
                    &limits,
                ),
                DenyReason::UnderlyingNet,
            ),
            (check_gross(&around(1), Cash::MAX, Cash::MAX), DenyReason::ExposureTooLarge),
            (check_sums(&around(1), Cash::MAX, &limits), DenyReason::NetExposure),
            (check_shares(&known, nothing, cash(1), None, &limits), DenyReason::Leverage),
            (
                check_shares(&known, nothing, cash(1), Some(Cash::MAX), &limits),
                DenyReason::Leverage,
            ),
            (check_shares(&known, nothing, cash(1), Some(cash(-9)), &limits), DenyReason::Leverage),
            (
                check_shares(&known, None, cash(1), Some(cash(9_000)), &limits),
                DenyReason::Concentration,
            ),
            (check_conservative(None, nothing, 50), DenyReason::ConservativePosition),
            (check_conservative(nothing, None, 50), DenyReason::ConservativePosition),
        ];
        for (verdict, reason) in rows {
            assert_eq!(verdict, Err(reason));
        }
        let open = Open::default();
        let held = Holdings { position: Qty::MAX, rival: None, open: &open, foreign: Qty::ZERO };
        assert_eq!(
            check_strategy(&held, Side::Buy, Price::MAX, Qty::MAX, Cash::MAX),
            Err(DenyReason::StrategyPosition)
        );
    }

    proptest! {
        /// Each limit, one unit below it, at it, and one above.
        #[test]
        fn every_boundary_is_exact(held in 0_i128..500, step in -1_i128..=1) {
            let wide = ExposureLimits {
                net_max: Cash::MAX,
                underlying_gross_max: Cash::MAX,
                underlying_net_max: Cash::MAX,
                ..limits()
            };
            let denied = |verdict: Result<(), DenyReason>| verdict.is_err();
            let more = |most: i128| cash(most - held + step);
            let net = ExposureLimits { net_max: cash(1_000), ..wide };
            prop_assert_eq!(denied(check_sums(&around(held), more(1_000), &net)), 0 < step);
            let gross = ExposureLimits { underlying_gross_max: cash(2_000), ..wide };
            prop_assert_eq!(denied(check_sums(&around(held), more(2_000), &gross)), 0 < step);
            let net = ExposureLimits { underlying_net_max: cash(500), ..wide };
            prop_assert_eq!(denied(check_sums(&around(held), more(500), &net)), 0 < step);
            let equity = Some(cash(10_000));
            let leverage =
                check_shares(&around(held), Some(Cash::ZERO), more(20_000), equity, &limits());
            prop_assert_eq!(denied(leverage), 0 < step);
            let own = Some(cash(2_500 + step));
            let share = check_shares(&around(0), own, Cash::ZERO, equity, &limits());
            prop_assert_eq!(denied(share), 0 < step);
            let small = check_conservative(Some(cash(50 + step)), equity, 50);
            prop_assert_eq!(denied(small), 0 < step);
        }
    }
}
