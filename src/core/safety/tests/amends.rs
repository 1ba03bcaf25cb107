//! Amends: every check again, of the new price in full and of the quantity that is added (SAFETY
//! P30); at its boundary it denies, one step inside it does not.

use super::case::*;
use super::parents::{parent, review_parent, under};
use super::*;
use crate::core::exposure::{Around, Sums};
use crate::core::orders::{Open, Totals};
use crate::types::{Cash, InstrumentKind};

/// The request of the case is what a resting order of 1 at 99 is to become, which `change` has
/// changed.
pub(super) fn amend(case: &mut Case, change: impl FnOnce(&mut Order)) {
    let OrderRequest { instrument, side, purpose, .. } = case.request;
    let terms = OrderTerms {
        instrument,
        side,
        time_in_force: TimeInForce::Gtc,
        price: Price::whole(99),
        qty: Qty::whole(1),
        purpose,
        expires_ns: None,
    };
    let mut order = Order::sent(id(1), Some(MAKER), terms, 0);
    order.status = OrderStatus::New;
    change(&mut order);
    case.amends = Some(order);
}

/// What the kernel says of other terms for the order of the case.
fn review_amend(case: &mut Case) -> Result<ApprovedAmend, DenyReason> {
    ask(case, Kernel::review_amend)
}

/// What the kernel says, of a new order, of an amend or of a parent.
pub(super) fn verdict(case: &mut Case) -> Result<(), DenyReason> {
    match (case.amends, case.parents_open) {
        (_, Some(open)) => review_parent(case, open),
        (Some(_), None) => review_amend(case).map(drop),
        (None, None) => review(case).map(drop),
    }
}

/// A buy of 1 at 99 that rests is to become one of 2 at 100, and all that is counted counts it.
fn good_amend() -> Case {
    amended(good())
}

/// The same out of a short of 3, as a reduction.
fn good_reduction_amend() -> Case {
    amended(good_reduction())
}

fn amended(mut case: Case) -> Case {
    amend(&mut case, |_| {});
    let mut totals = Totals::new(1, 1);
    case.amends.iter().for_each(|order| totals.add(order));
    case.open = *totals.of(BTC);
    case.own_open = *totals.of_strategy(MAKER, BTC);
    (case.live_orders, case.own_live_orders) = (1, 1);
    let worth = Some(Sums { gross: Cash::whole(100), towards: Cash::whole(100) });
    case.around = Around { all: worth, underlying: worth, held: 1, is_held: true };
    case.standing.add_key(IntentKey { qty: Qty::whole(1), ..intent(9_900_000_000) });
    case
}

/// Makes it one of less at the same price.
fn shrink(case: &mut Case) {
    case.request.kind = OrderKind::Limit(Price::whole(99));
    case.request.qty = Qty::from_units(99_900_000);
}

/// Reason, what breaks it, and the same thing one step inside the boundary.
#[rustfmt::skip]
const ROWS: &[(DenyReason, Change, Change)] = &[
    (DenyReason::KillSwitch, |c| { c.kernel.kill_switch.trip(trip(), Stamp::default()); }, |_| {}),
    (DenyReason::Halted, |c| c.flattening = true, |_| {}),
    (DenyReason::ReducingOnly, |c| shift(c, Scope::All, ModeCause::Liquidation), |c| { *c = good_reduction_amend(); shift(c, Scope::All, ModeCause::Liquidation); }),
    (DenyReason::LinkDown, |c| c.link_up = false, |_| {}),
    (DenyReason::NotReconciled, |c| c.reconciled = false, |_| {}),
    (DenyReason::JournalLate, |c| c.kernel.on_journal(JournalState::Late), |_| {}),
    (DenyReason::DeadManUnarmed, |c| c.can_guard = false, |_| {}),
    (DenyReason::NotPermitted, |c| c.permitted = false, |_| {}),
    (DenyReason::Restricted, |c| c.kernel.limits.instruments[0].restricted = true, |_| {}),
    (DenyReason::NoQuote, |c| tell(&mut c.market, MarketData::Quote(quote(100, 100)), NOW_NS), |_| {}),
    (DenyReason::StaleQuote, |c| tell(&mut c.market, MarketData::Quote(quote(99, 100)), NOW_NS - SECOND - 1), |c| tell(&mut c.market, MarketData::Quote(quote(99, 100)), NOW_NS - SECOND)),
    (DenyReason::StaleSignal, |c| c.origin_ns = NOW_NS - SECOND - 1, |c| c.origin_ns = NOW_NS - SECOND),
    (DenyReason::Drawdown, |c| observe_equity(c, Some(Cash::whole(850))), |_| {}),
    (DenyReason::StrategyLoss, |c| lose(c, 500_000_000), |c| lose(c, 499_999_999)),
    (DenyReason::BadPrice, |c| c.request.kind = limit(10_000_000_001), |c| c.request.kind = limit(9_990_000_000)),
    (DenyReason::BadQty, |c| c.request.qty = Qty::from_units(200_000_001), |c| c.request.qty = Qty::from_units(199_900_000)),
    (DenyReason::NotionalTooSmall, |c| c.request.qty = Qty::from_units(4_900_000), |c| c.request.qty = Qty::from_units(5_000_000)),
    (DenyReason::PriceOffMark, |c| mark(c, 95, 0), |c| mark(c, 96, 0)),
    (DenyReason::QtyTooLarge, |c| c.kernel.limits.instruments[0].order_qty_max = Qty::from_units(199_900_000), |c| c.kernel.limits.instruments[0].order_qty_max = Qty::whole(2)),
    (DenyReason::NotionalTooLarge, |c| c.kernel.limits.order_notional_max = Cash::from_units(19_999_999_999), |c| c.kernel.limits.order_notional_max = Cash::whole(200)),
    (DenyReason::TooMuchOfDepth, |c| { trade_half(c); ask_depth(c, 599_999_999); }, |c| { trade_half(c); ask_depth(c, 600_000_000); }),
    (DenyReason::PriceOffMarket, |c| c.request.kind = limit(10_110_000_000), |c| c.request.kind = limit(10_100_000_000)),
    (DenyReason::PriceOffTrade, |c| traded(c, 9_900_990_099, 0), |c| traded(c, 9_900_990_100, 0)),
    (DenyReason::BadTtl, |c| c.request.ttl_ns = Some(0), |c| c.request.ttl_ns = Some(1)),
    (DenyReason::NotReducing, |c| { *c = good_reduction_amend(); hold(c, -199_900_000); }, |c| { *c = good_reduction_amend(); hold(c, -200_000_000); }),
    (DenyReason::ParentUnknown, |c| c.parent = Some((parent(), None)), |c| under(c, 100_000_000)),
    (DenyReason::ParentExceeded, |c| under(c, 99_999_999), |c| under(c, 100_000_000)),
    (DenyReason::DuplicateOrder, |c| c.standing.add_key(intent(10_000_000_000)), |c| c.standing.add_key(intent(9_990_000_000))),
    (DenyReason::RepeatedOrder, |c| repeat(c, 2), |c| repeat(c, 1)),
    (DenyReason::SelfTrade, |c| c.own_opposite = Some(Price::whole(100)), |c| c.own_opposite = Some(Price::from_units(10_010_000_000))),
    (DenyReason::TooManyUnknown, |c| c.unknown_orders = 2, |c| c.unknown_orders = 1),
    (DenyReason::OrderRate, |c| spend(c, 8), |c| { rates_with(c, |_, budget| budget.rate.burst = 100); spend(c, 5); }),
    (DenyReason::PositionTooLarge, |c| c.position = Qty::from_units(200_000_001), |c| c.position = Qty::whole(2)),
    (DenyReason::ExposureTooLarge, |c| c.gross(490_000_000_001), |c| { c.gross(490_000_000_000); c.equity = Some(Cash::whole(9_000)); }),
    (DenyReason::NetExposure, |c| c.net(60_000_000_001), |c| c.net(60_000_000_000)),
    (DenyReason::UnderlyingExposure, |c| c.underlying_gross(50_000_000_001), |c| c.underlying_gross(50_000_000_000)),
    (DenyReason::UnderlyingNet, |c| c.underlying_net(40_000_000_001), |c| c.underlying_net(40_000_000_000)),
    (DenyReason::Leverage, |c| c.gross(190_000_000_001), |c| c.gross(190_000_000_000)),
    (DenyReason::Concentration, |c| c.equity = sum(49_999_999_999), |c| c.equity = sum(50_000_000_000)),
    (DenyReason::FreeMargin, |c| funds(c, 2_019_999_999, 100_000_000_000), |c| funds(c, 2_020_000_000, 100_000_000_000)),
    (DenyReason::NearLiquidation, |c| funds(c, 100_000_000_000, 2_219_999_999), |c| funds(c, 100_000_000_000, 2_220_000_000)),
    (DenyReason::StrategyRate, |c| spend(c, 4), |c| spend(c, 2)),
    (DenyReason::StrategyPosition, |c| c.own_position = Qty::from_units(100_000_001), |c| c.own_position = Qty::whole(1)),
];

/// A half of the order has traded, so what may still take of the book is 1.5.
fn trade_half(case: &mut Case) {
    case.amends.iter_mut().for_each(|order| order.cum_qty = Qty::from_units(50_000_000));
}

/// Its only amend gives the order another id.
#[test]
fn on_spot_no_order_is_amended() {
    for shrinks in [false, true] {
        let mut case = good_amend();
        case.instrument.kind = InstrumentKind::Spot;
        if shrinks {
            shrink(&mut case);
        }
        assert_eq!(review_amend(&mut case).map(drop), Err(DenyReason::TooManyAmends));
    }
}

#[test]
fn a_good_amend_is_approved_with_the_terms_it_asked_for_and_the_orders_own_end() {
    let approved = review_amend(&mut good_amend()).unwrap();
    let terms = approved.terms();
    assert_eq!((terms.price, terms.qty), (Price::whole(100), Qty::whole(2)));
    assert_eq!((approved.id(), approved.number()), (id(1), 0));
    assert_eq!(terms.expires_ns, Some(NOW_NS + SECOND));
    assert!(review_amend(&mut good_reduction_amend()).is_ok());
}

#[test]
fn each_check_refuses_an_amend_at_its_boundary_and_passes_one_step_inside() {
    for (reason, outside, inside) in ROWS {
        let (mut refused, mut passed) = (good_amend(), good_amend());
        outside(&mut refused);
        inside(&mut passed);
        assert_eq!(verdict(&mut refused), Err(*reason));
        assert_eq!(verdict(&mut passed), Ok(()), "one step inside {reason:?}");
    }
}

/// An amend adds no order, so no count of orders stops it.
#[test]
fn counts_of_orders_do_not_stop_an_amend() {
    let mut case = good_amend();
    (case.live_orders, case.own_live_orders) = (8, 4);
    case.open = orders(5, 0);
    assert_eq!(verdict(&mut case), Ok(()));
}

/// Where the venue filled too much, what is left of a parent is less than nothing.
#[test]
fn an_amend_that_takes_nothing_more_of_its_parent_passes_under_one_that_is_used_up() {
    for qty in [1, 2] {
        let mut case = good_amend();
        under(&mut case, 0);
        case.request.qty = Qty::whole(qty);
        let expected = if qty == 1 { Ok(()) } else { Err(DenyReason::ParentExceeded) };
        assert_eq!(verdict(&mut case), expected);
    }
}

/// What takes on no risk passes wherever a reduction would.
#[test]
fn an_order_that_only_becomes_smaller_is_not_denied_by_appetite_for_risk() {
    let of_new_orders = super::ROWS.iter().map(|(reason, outside, _)| (reason, outside));
    let of_amends = ROWS.iter().map(|(reason, outside, _)| (reason, outside));
    for (reason, outside) in of_new_orders.chain(of_amends) {
        if reason.binds(Passage::Reduce) {
            continue;
        }
        let mut case = good_amend();
        outside(&mut case);
        shrink(&mut case);
        assert_eq!(verdict(&mut case), Ok(()), "{reason:?}");
    }
}

/// It is the order's rest that reduces: what is taken back makes room for nothing but itself.
#[test]
fn a_reduction_is_judged_again_and_never_reduces_more_than_there_is() {
    let mut case = good_reduction_amend();
    hold(&mut case, -99_900_000);
    case.request.kind = OrderKind::Limit(Price::whole(99));
    case.request.qty = Qty::from_units(99_900_000);
    assert_eq!(verdict(&mut case), Ok(()), "as much as is held");
    case.request.kind = OrderKind::Limit(Price::whole(100));
    case.request.qty = Qty::whole(1);
    assert_eq!(verdict(&mut case), Err(DenyReason::NotReducing), "another price is no excuse");
}

/// A dearer price for the same quantity adds what it costs more.
#[test]
fn a_new_price_adds_what_it_is_worth_more() {
    let mut case = good_amend();
    case.request.qty = Qty::whole(1);
    case.request.kind = OrderKind::Limit(Price::whole(101));
    case.net(69_900_000_000);
    assert_eq!(verdict(&mut case), Ok(()));
    case.net(69_900_000_001);
    assert_eq!(verdict(&mut case), Err(DenyReason::NetExposure));
}

#[test]
fn an_amend_counts_as_a_message_and_as_an_intent() {
    let mut case = good_amend();
    case.kernel.limits.repeats.max = 99;
    for _ in 0..2 {
        assert_eq!(verdict(&mut case), Ok(()));
    }
    assert_eq!(verdict(&mut case), Err(DenyReason::RepeatedOrder));
    let mut case = good_amend();
    for price in [9_910_000_000, 9_920_000_000, 9_930_000_000] {
        case.request.kind = limit(price);
        assert_eq!(verdict(&mut case), Ok(()));
    }
    case.request.kind = limit(9_940_000_000);
    assert_eq!(verdict(&mut case), Err(DenyReason::StrategyRate));
}

/// An order that cannot be amended at all, and one that nobody named.
#[test]
fn only_a_resting_order_is_amended() {
    for status in [
        OrderStatus::PendingNew,
        OrderStatus::PendingCancel,
        OrderStatus::Unknown,
        OrderStatus::Filled,
        OrderStatus::Canceled,
        OrderStatus::Expired,
        OrderStatus::Rejected,
        OrderStatus::NotSent,
    ] {
        let mut case = good_amend();
        case.amends.iter_mut().for_each(|order| order.status = status);
        assert_eq!(verdict(&mut case), Err(DenyReason::OrderNotResting), "{status:?}");
    }
    let mut case = good_amend();
    case.amends.iter_mut().for_each(|order| order.terms.time_in_force = TimeInForce::Ioc);
    assert_eq!(verdict(&mut case), Err(DenyReason::OrderNotResting));
    case.amends = None;
    let nobody = review_amend(&mut case).map(drop);
    assert_eq!(nobody, Err(DenyReason::OrderNotResting));
}

/// An open quantity that is not counted yet cannot make an amend pass.
#[test]
fn numbers_at_their_ends_deny() {
    for qty in [Qty::MAX, Qty::ZERO, Qty::from_units(-1), Qty::from_units(i64::MIN)] {
        let mut case = good_amend();
        case.request.qty = qty;
        assert!(verdict(&mut case).is_err(), "{qty:?}");
    }
    for price in [Price::MAX, Price::ZERO, Price::from_units(i64::MIN)] {
        let mut case = good_amend();
        case.request.kind = OrderKind::Limit(price);
        assert!(verdict(&mut case).is_err(), "{price:?}");
    }
    let mut case = good_amend();
    case.open = Open::default();
    case.amends.iter_mut().for_each(|order| order.cum_qty = Qty::MAX);
    assert_eq!(verdict(&mut case), Err(DenyReason::BelowFilled));
}

#[test]
fn an_amend_to_the_terms_that_stand_makes_nothing_smaller() {
    let mut case = good_amend();
    case.request.kind = OrderKind::Limit(Price::whole(99));
    case.request.qty = Qty::whole(1);
    assert_eq!(review_amend(&mut case).err(), Some(DenyReason::SameTerms));
    shift(&mut case, Scope::All, ModeCause::Liquidation);
    assert_eq!(review_amend(&mut case).err(), Some(DenyReason::ReducingOnly));
}
