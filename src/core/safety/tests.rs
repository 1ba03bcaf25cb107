//! One row per deny reason: change one thing of a good order and get that one reason; one step
//! inside the boundary it passes. No row, no merge.

mod amends;
mod approvals;
mod boundaries;
pub(super) mod case;
mod losses;
mod mode_walk;
mod parents;
mod probation;
mod shared;
mod stops;
mod sums;
mod told;

use super::*;
use crate::core::hedge::HedgeAround;
use crate::core::market::Market;
use crate::core::mode::ModeCause;
use crate::core::parent::{Parent, ParentRule};
use crate::core::{Baseline, Criterion, JournalState, Permissions, Refusal};
use crate::types::{
    InstrumentKind, InstrumentMargin, MarginMode, MarginTier, MarginTiers, MarketData, OrderKind,
    OrderRequest, OrderStatus, Price, Qty, SECOND, Side, Text, VenueId,
};
use amends::{amend, verdict};
use case::*;
use parents::{parent, under};

type Change = fn(&mut Case);

/// A group of which so much is open the way of the good order, at most 500; within ten it counts
/// as hedged.
fn hedge(towards: i128, is_late: bool) -> Option<HedgeAround> {
    let [net_delta_max, hedged_within] = [500, 10].map(Cash::whole);
    let towards = Some(Cash::from_units(towards));
    Some(HedgeAround { towards, net_delta_max, hedged_within, ratio_bps: 10_000, is_late })
}

/// The last tier ends there.
fn set_up_to(case: &mut Case, notional_max: i32) {
    let notional_max = Cash::whole(notional_max);
    let tier = MarginTier { notional_max, maintenance_ppm: 10_000, leverage_max: 50 };
    case.setup = Some(InstrumentMargin { tiers: MarginTiers::new(&[tier]), ..margin_setup() });
}

/// Ten times is to be had up to that notional; five times beyond.
fn cap_at(case: &mut Case, units: i128) {
    let tier = |notional_max, leverage_max| MarginTier {
        notional_max,
        maintenance_ppm: 10_000,
        leverage_max,
    };
    let tiers = [tier(Cash::from_units(units), 10), tier(Cash::whole(10_000), 5)];
    case.setup = Some(InstrumentMargin { tiers: MarginTiers::new(&tiers), ..margin_setup() });
}

/// The market as it would be, had its mid been this a while before.
fn moved_from(case: &mut Case, mid_units: i64) {
    case.market = market_from(Some(Price::from_units(mid_units)));
}

/// Reason, what breaks it, and the same thing one step inside the boundary.
#[rustfmt::skip]
const ROWS: &[(DenyReason, Change, Change)] = &[
    (DenyReason::KillSwitch, |c| { c.kernel.kill_switch.trip(trip(), Stamp::default()); },
        |c| { c.kernel.kill_switch.trip(trip(), Stamp::default()); c.kernel.kill_switch.clear(1); }),
    (DenyReason::Halted, |c| shift(c, Scope::Strategy(MAKER), ModeCause::Halt), |c| shift(c, Scope::Strategy(MAKER), ModeCause::Start)),
    (DenyReason::ReducingOnly, |c| shift(c, Scope::All, ModeCause::Liquidation), |c| { *c = good_reduction(); shift(c, Scope::All, ModeCause::Liquidation); }),
    (DenyReason::NoTradeWindow, |c| close(c, 100), |c| close(c, 101)),
    (DenyReason::Maintenance, |c| c.serving = false, |_| {}),
    (DenyReason::VenueLimit, |c| c.below_limit = false, |_| {}),
    (DenyReason::LinkDown, |c| c.link_up = false, |_| {}),
    (DenyReason::NotReconciled, |c| c.reconciled = false, |_| {}),
    (DenyReason::NotTrading, |c| c.instrument.filters.trading = false, |_| {}),
    (DenyReason::StaleFilters, |c| c.filters_read_ns = NOW_NS - 60 * SECOND - 1, |c| c.filters_read_ns = NOW_NS - 60 * SECOND),
    (DenyReason::JournalLate, |c| c.kernel.on_journal(JournalState::Late), |c| { c.kernel.on_journal(JournalState::Late); c.kernel.on_journal(JournalState::InTime); }),
    (DenyReason::Unattested, |c| c.kernel.attestation = Attestation::Missing, |c| c.kernel.attestation = Attestation::Given),
    (DenyReason::KeyUnfit, |c| { c.kernel.on_key(KeyFitness::Unproven); }, |c| { c.kernel.on_key(KeyFitness::Unfit); c.kernel.on_key(KeyFitness::Vouched); }),
    (DenyReason::DeadManUnarmed, |c| c.can_guard = false, |c| { c.can_guard = false; c.request.kind = OrderKind::Ioc(Price::whole(100)); }),
    (DenyReason::NotPermitted, |c| c.permitted = false, |_| {}),
    (DenyReason::Restricted, |c| c.kernel.limits.instruments[0].restricted = true, |c| { *c = good_reduction(); c.kernel.limits.instruments[0].restricted = true; }),
    (DenyReason::BadId, |c| { c.kernel.ids.spend(id(5)); c.id = id(5); }, |c| { c.kernel.ids.spend(id(5)); c.id = id(6); }),
    (DenyReason::OrderNotResting, |c| amend(c, |order| order.status = OrderStatus::PendingNew), |c| amend(c, |order| order.status = OrderStatus::PartiallyFilled)),
    (DenyReason::AmendUnderWay, |c| amend(c, |order| *order = order.being_amended()), |c| amend(c, |_| {})),
    (DenyReason::SameTerms, |c| amend(c, |order| (order.terms.price, order.terms.qty) = (Price::whole(100), Qty::whole(2))), |c| amend(c, |order| order.terms.price = Price::whole(100))),
    (DenyReason::BelowFilled, |c| amend(c, |order| (order.terms.qty, order.cum_qty) = (Qty::whole(3), Qty::whole(2))), |c| amend(c, |order| (order.terms.qty, order.cum_qty) = (Qty::whole(3), Qty::from_units(199_900_000)))),
    (DenyReason::TooManyAmends, |c| amend(c, |order| *order = order.amended_so_often(10_000)), |c| amend(c, |order| *order = order.amended_so_often(9_999))),
    (DenyReason::ClockUnknown, |c| c.kernel.drifts[0] = Drift::new(limits().clock), |_| {}),
    (DenyReason::ClockDrift, |c| observe_drift(c, -2_000), |c| observe_drift(c, -1_999)),
    (DenyReason::NoPrice, |c| c.market = Market::new(c.instrument.filters.price_tick, SECOND), |_| {}),
    (DenyReason::NoQuote, |c| tell(&mut c.market, MarketData::Quote(quote(100, 100)), NOW_NS), |c| tell(&mut c.market, MarketData::Quote(quote(99, 100)), NOW_NS)),
    (DenyReason::StaleQuote, |c| tell(&mut c.market, MarketData::Quote(quote(99, 100)), NOW_NS - SECOND - 1), |c| tell(&mut c.market, MarketData::Quote(quote(99, 100)), NOW_NS - SECOND)),
    (DenyReason::BookLost, |c| tell(&mut c.market, MarketData::BookLost, NOW_NS), |_| {}),
    (DenyReason::StaleSignal, |c| c.origin_ns = NOW_NS - SECOND - 1, |c| c.origin_ns = NOW_NS - SECOND),
    (DenyReason::MarketMoved, |c| moved_from(c, 9_851_485_148), |c| moved_from(c, 9_851_485_149)),
    (DenyReason::EquityUnknown, |c| observe_equity(c, None), |c| observe_equity(c, Some(Cash::whole(1_000)))),
    (DenyReason::EquityUnproven, |c| suspend(c, true), |c| suspend(c, false)),
    (DenyReason::Drawdown, |c| observe_equity(c, Some(Cash::whole(850))), |c| *c = fallen(9_999, 85_010_000_000)),
    (DenyReason::DailyLoss, |c| observe_equity(c, Some(Cash::whole(900))), |c| *c = fallen(1_000, 90_000_000_001)),
    (DenyReason::LossRate, |c| observe_equity(c, Some(Cash::whole(990))), |c| observe_equity(c, Some(Cash::from_units(99_000_000_001)))),
    (DenyReason::BreakerOpen, |c| stops(c, 3), |c| stops(c, 2)),
    (DenyReason::RejectStorm, |c| answers(c, 11, 89), |c| answers(c, 10, 90)),
    (DenyReason::StrategyLoss, |c| lose(c, 500_000_000), |c| lose(c, 499_999_999)),
    (DenyReason::LosingRun, |c| trips(c, 2), |c| trips(c, 1)),
    (DenyReason::StrategyRejects, |c| rejects(c, 2), |c| rejects(c, 1)),
    (DenyReason::ReviewDue, |c| fills(c, 3), |c| fills(c, 2)),
    (DenyReason::KindNotPermitted, |c| c.kernel.budgets[0].permissions = Permissions::of(["post_only", "ioc", "fok", "market"], ["buy"]).unwrap(), |c| c.kernel.budgets[0].permissions = Permissions::of(["limit"], ["buy"]).unwrap()),
    (DenyReason::SideNotPermitted, |c| c.kernel.budgets[0].permissions = Permissions::of(["limit"], ["sell"]).unwrap(), |c| c.kernel.budgets[0].permissions = Permissions::of(["limit"], ["buy"]).unwrap()),
    (DenyReason::TakerOff, |c| no_takers(c), |c| { no_takers(c); c.request.kind = limit(9_990_000_000); }),
    (DenyReason::BadPrice, |c| c.request.kind = limit(10_000_000_001), |c| c.request.kind = limit(9_990_000_000)),
    (DenyReason::BadQty, |c| c.request.qty = Qty::from_units(200_000_001), |c| c.request.qty = Qty::from_units(199_900_000)),
    (DenyReason::NotionalTooSmall, |c| c.request.qty = Qty::from_units(4_900_000), |c| c.request.qty = Qty::from_units(5_000_000)),
    (DenyReason::StaleMark, |c| mark(c, 100, 10 * SECOND + 1), |c| mark(c, 100, 10 * SECOND)),
    (DenyReason::PriceOffMark, |c| mark(c, 95, 0), |c| mark(c, 96, 0)),
    (DenyReason::QtyTooLarge, |c| { c.kernel.limits.instruments[0].order_qty_max = Qty::from_units(199_900_000); }, |c| { c.kernel.limits.instruments[0].order_qty_max = Qty::whole(2); }),
    (DenyReason::NotionalTooLarge, |c| c.kernel.limits.order_notional_max = Cash::from_units(19_999_999_999), |c| c.kernel.limits.order_notional_max = Cash::whole(200)),
    (DenyReason::TooMuchOfDepth, |c| ask_depth(c, 799_999_999), |c| ask_depth(c, 800_000_000)),
    (DenyReason::PriceOffMarket, |c| c.request.kind = limit(10_110_000_000), |c| c.request.kind = limit(10_100_000_000)),
    (DenyReason::PriceOffTrade, |c| traded(c, 9_900_990_099, 0), |c| traded(c, 9_900_990_100, 0)),
    (DenyReason::BadTtl, |c| c.request.ttl_ns = Some(10 * SECOND + 1), |c| c.request.ttl_ns = Some(10 * SECOND)),
    (DenyReason::NotReducing, |c| { *c = good_reduction(); hold(c, -199_900_000); }, |c| { *c = good_reduction(); hold(c, -200_000_000); }),
    (DenyReason::ParentMissing, |c| c.kernel.budgets[0].parents = ParentRule::Required, |c| { c.kernel.budgets[0].parents = ParentRule::Required; under(c, 200_000_000); }),
    (DenyReason::ParentUnknown, |c| c.parent = Some((parent(), None)), |c| under(c, 200_000_000)),
    (DenyReason::ParentMismatch, |c| c.parent = Some((Parent { side: Side::Sell, ..parent() }, Some(Qty::whole(9)))), |c| under(c, 900_000_000)),
    (DenyReason::ParentExceeded, |c| under(c, 199_999_999), |c| under(c, 200_000_000)),
    (DenyReason::TooManyParents, |c| c.parents_open = Some(64), |c| c.parents_open = Some(63)),
    (DenyReason::DuplicateOrder, |c| c.standing.add_key(intent(10_000_000_000)), |c| c.standing.add_key(intent(9_990_000_000))),
    (DenyReason::RepeatedOrder, |c| repeat(c, 2), |c| repeat(c, 1)),
    (DenyReason::SelfTrade, |c| c.own_opposite = Some(Price::whole(100)), |c| c.own_opposite = Some(Price::from_units(10_010_000_000))),
    (DenyReason::TooManyUnknown, |c| c.unknown_orders = 2, |c| c.unknown_orders = 1),
    (DenyReason::InstrumentUnknown, |c| c.open = orders(0, 1), |c| c.open = orders(1, 0)),
    (DenyReason::TooManyOrders, |c| c.live_orders = 8, |c| c.live_orders = 7),
    (DenyReason::InstrumentOrders, |c| c.open = orders(5, 0), |c| c.open = orders(4, 0)),
    (DenyReason::OrderRate, |c| spend(c, 8), |c| { rates_with(c, |_, budget| budget.rate.burst = 100); spend(c, 5); }),
    (DenyReason::MinuteRate, |c| { rates_with(c, |limits, _| limits.order_rate.burst = 1_000); spend(c, 80); }, |c| { rates_with(c, |limits, budget| { limits.order_rate.burst = 1_000; budget.rate.burst = 1_000; }); spend(c, 59); }),
    (DenyReason::PositionTooLarge, |c| c.position = Qty::from_units(200_000_001), |c| c.position = Qty::whole(2)),
    (DenyReason::ExposureTooLarge, |c| c.gross(480_000_000_001), |c| { c.gross(480_000_000_000); c.equity = Some(Cash::whole(9_000)); }),
    (DenyReason::NetDelta, |c| c.hedge = hedge(30_000_000_001, false), |c| c.hedge = hedge(30_000_000_000, false)),
    (DenyReason::UnhedgedLeg, |c| c.hedge = hedge(0, true), |c| c.hedge = hedge(0, false)),
    (DenyReason::NetExposure, |c| c.net(50_000_000_001), |c| c.net(50_000_000_000)),
    (DenyReason::UnderlyingExposure, |c| c.underlying_gross(40_000_000_001), |c| c.underlying_gross(40_000_000_000)),
    (DenyReason::UnderlyingNet, |c| c.underlying_net(30_000_000_001), |c| c.underlying_net(30_000_000_000)),
    (DenyReason::TooManyPositions, |c| c.around.held = 3, |c| c.around.held = 2),
    (DenyReason::Leverage, |c| c.gross(180_000_000_001), |c| c.gross(180_000_000_000)),
    (DenyReason::Concentration, |c| c.equity = sum(49_999_999_999), |c| c.equity = sum(50_000_000_000)),
    (DenyReason::ConservativePosition, |c| { conservative(c); c.equity = sum(33_333_333_333); }, |c| { conservative(c); c.equity = sum(33_333_333_334); }),
    (DenyReason::MarginUnknown, |c| c.funds = None, |_| {}),
    (DenyReason::MarginModeDiffers, |c| set_up(c, 10, MarginMode::Isolated), |_| {}),
    (DenyReason::LeverageDiffers, |c| set_up(c, 11, MarginMode::Cross), |c| { set_up(c, 11, MarginMode::Cross); c.kernel.limits.instruments[0].leverage = 11; }),
    (DenyReason::LeverageCap, |c| cap_at(c, 19_999_999_999), |c| cap_at(c, 20_000_000_000)),
    (DenyReason::FreeMargin, |c| funds(c, 2_019_999_999, 100_000_000_000), |c| funds(c, 2_020_000_000, 100_000_000_000)),
    (DenyReason::FreeBalance, |c| spot(c, 20_019_999_999), |c| spot(c, 20_020_000_000)),
    (DenyReason::MarginRatio, |c| { c.kernel.limits.margin.liquidation_bps_min = 100; funds(c, 100_000_000_000, 999_999_999); }, |c| { c.kernel.limits.margin.liquidation_bps_min = 100; funds(c, 100_000_000_000, 1_000_000_000); }),
    (DenyReason::NearLiquidation, |c| funds(c, 100_000_000_000, 2_219_999_999), |c| funds(c, 100_000_000_000, 2_220_000_000)),
    (DenyReason::StrategyOrders, |c| c.own_live_orders = 4, |c| c.own_live_orders = 3),
    (DenyReason::StrategyRate, |c| spend(c, 4), |c| spend(c, 2)),
    (DenyReason::OrderToTrade, |c| { rates_with(c, |_, budget| budget.orders_per_trade_max = Some(2)); spend(c, 2); }, |c| { rates_with(c, |_, budget| budget.orders_per_trade_max = Some(3)); spend(c, 2); }),
    (DenyReason::StrategyPosition, |c| c.own_position = Qty::from_units(100_000_001), |c| c.own_position = Qty::whole(1)),
];

#[test]
fn a_good_order_is_approved_with_the_terms_it_asked_for() {
    let approved = review(&mut good()).unwrap();
    let terms = approved.terms();
    assert_eq!((terms.price, terms.qty), (Price::whole(100), Qty::whole(2)));
    assert_eq!(terms.expires_ns, Some(NOW_NS + SECOND));
    assert!(review(&mut good_reduction()).is_ok());
}

#[test]
fn each_check_alone_refuses_at_its_boundary_and_passes_one_step_inside() {
    for (reason, outside, inside) in ROWS {
        let (mut refused, mut passed) = (good(), good());
        outside(&mut refused);
        inside(&mut passed);
        assert_eq!(verdict(&mut refused), Err(*reason));
        assert_eq!(verdict(&mut passed), Ok(()), "one step inside {reason:?}");
    }
}

#[test]
fn the_enum_the_table_and_the_order_of_precedence_are_one_list() {
    let rows: Vec<DenyReason> = ROWS.iter().map(|(reason, ..)| *reason).collect();
    assert_eq!(rows, DenyReason::ALL);
}

/// Facts that break a check whatever the order is, so that all of them can hold at once.
#[test]
fn when_several_things_are_wrong_the_first_in_order_is_named() {
    let facts_only = [
        DenyReason::KillSwitch,
        DenyReason::Halted,
        DenyReason::ReducingOnly,
        DenyReason::NoTradeWindow,
        DenyReason::Maintenance,
        DenyReason::VenueLimit,
        DenyReason::LinkDown,
        DenyReason::NotReconciled,
        DenyReason::NotTrading,
        DenyReason::NotPermitted,
        DenyReason::BookLost,
        DenyReason::EquityUnknown,
        DenyReason::BreakerOpen,
        DenyReason::LosingRun,
        DenyReason::TooManyUnknown,
        DenyReason::TooManyOrders,
        DenyReason::OrderRate,
        DenyReason::PositionTooLarge,
        DenyReason::ExposureTooLarge,
        DenyReason::NetExposure,
        DenyReason::TooManyPositions,
        DenyReason::StrategyOrders,
    ];
    for first in 0..facts_only.len() {
        let mut case = good();
        for reason in &facts_only[first..] {
            let row = ROWS.iter().find(|(name, ..)| name == reason).unwrap();
            (row.1)(&mut case);
        }
        assert_eq!(review(&mut case).map(drop), Err(facts_only[first]));
    }
}

#[test]
fn unknown_facts_deny_rather_than_count_as_nothing() {
    let mut case = good();
    case.around.all = None;
    assert_eq!(review(&mut case).map(drop), Err(DenyReason::ExposureTooLarge));
    let mut case = good();
    case.request.kind = OrderKind::Limit(Price::MAX);
    assert_eq!(review(&mut case).map(drop), Err(DenyReason::BadPrice));
    let mut case = good();
    case.request.qty = Qty::MAX;
    assert_eq!(review(&mut case).map(drop), Err(DenyReason::BadQty));
    let unknown: [Change; 4] = [
        |c| c.setup = None,
        |c| c.needs = None,
        |c| c.setup = Some(InstrumentMargin { tiers: None, ..margin_setup() }),
        // Beyond the last tier.
        |c| set_up_to(c, 199),
    ];
    for forget in unknown {
        let mut case = good();
        forget(&mut case);
        assert_eq!(review(&mut case).map(drop), Err(DenyReason::MarginUnknown));
        case.instrument.kind = InstrumentKind::Spot;
        assert!(review(&mut case).is_ok(), "spot needs no margin");
    }
    let mut case = good();
    set_up_to(&mut case, 222);
    assert!(review(&mut case).is_ok());
    let mut case = good();
    case.foreign = Qty::MAX;
    assert_eq!(review(&mut case).map(drop), Err(DenyReason::PositionTooLarge));
}

#[test]
fn a_market_order_leaves_as_an_ioc_at_the_collar() {
    let mut case = good();
    case.request.kind = OrderKind::Market;
    let approved = review(&mut case).unwrap();
    assert_eq!(approved.terms().time_in_force, TimeInForce::Ioc);
    assert_eq!(approved.terms().price, Price::whole(101));
}

#[test]
fn orders_and_foreign_orders_count_at_worst_case_long_and_short_apart() {
    let mut case = good();
    case.foreign = Qty::from_units(200_000_001);
    assert_eq!(review(&mut case).map(drop), Err(DenyReason::PositionTooLarge));
    let mut case = good();
    case.position = Qty::whole(-6);
    assert!(review(&mut case).is_ok(), "a buy against a short that is beyond the limit passes");
}

/// A long of 3 makes no room for shorts: a reduction could close it first, and the shorts would
/// then open in full.
#[test]
fn an_opposite_position_makes_no_room() {
    let mut case = good();
    case.position = Qty::whole(3);
    case.request.side = Side::Sell;
    case.request.kind = OrderKind::Limit(Price::whole(100));
    case.kernel.limits.instruments[0].position_max = Qty::from_units(199_900_000);
    assert_eq!(review(&mut case).map(drop), Err(DenyReason::PositionTooLarge));
    case.kernel.limits.instruments[0].position_max = Qty::whole(2);
    assert!(review(&mut case).is_ok());
}

/// A bid far below the market counts at the market: what is held with it is not cheaper for it.
#[test]
fn a_low_price_does_not_make_a_position_cheap() {
    let mut case = good();
    case.request.kind = OrderKind::Limit(Price::whole(50));
    case.own_position = Qty::from_units(100_000_001);
    assert_eq!(review(&mut case).map(drop), Err(DenyReason::StrategyPosition));
    let mut case = good();
    case.request.kind = OrderKind::Limit(Price::whole(50));
    case.gross(480_000_000_001);
    assert_eq!(review(&mut case).map(drop), Err(DenyReason::ExposureTooLarge));
}

#[test]
fn nothing_is_placed_where_an_operator_flattens() {
    for mut case in [good(), good_reduction()] {
        case.flattening = true;
        assert_eq!(review(&mut case).map(drop), Err(DenyReason::Halted));
    }
}

#[test]
fn an_exit_beyond_the_venues_prices_goes_at_the_last_of_them() {
    let mut case = good_reduction();
    case.instrument.filters.price_max = Price::from_units(10_050_000_001);
    let approved = review_exit(&mut case).unwrap();
    assert_eq!(approved.terms().price, Price::from_units(10_050_000_000));
}

#[test]
fn conservative_halves_what_may_be_opened_and_leaves_reductions_alone() {
    let mut case = good();
    shift(&mut case, Scope::All, ModeCause::Resume);
    assert_eq!(case.kernel.mode(), Mode::Conservative);
    assert_eq!(review(&mut case).map(drop), Err(DenyReason::StrategyPosition));
    case.request.qty = Qty::whole(1);
    assert!(review(&mut case).is_ok());
    let mut case = good_reduction();
    shift(&mut case, Scope::All, ModeCause::Resume);
    assert!(review(&mut case).is_ok());
}

/// The exit table (SAFETY E2), every cell: what each reason does to an opening order, a strategy's
/// reduction and an operator's exit, and that it does what the table says. That no reason stands
/// in the way of a cancel needs no cell: cancels are not reviewed.
#[test]
fn every_reason_denies_those_whom_the_exit_table_says_and_nobody_else() {
    for (reason, outside, _) in ROWS {
        for passage in Passage::ALL {
            let opens = matches!(passage, Passage::Open | Passage::Hedge);
            let mut case = if opens { good() } else { good_reduction() };
            let held = (case.position, case.own_position);
            let OrderRequest { purpose, .. } = case.request;
            outside(&mut case);
            case.request.purpose = purpose;
            if passage == Passage::Hedge {
                case.hedge = hedge(-1_000_000_000_000, true);
            }
            if !opens && *reason != DenyReason::NotReducing {
                (case.position, case.own_position) = held;
            }
            let told = match (passage, reason) {
                // It is never off the grid: its price is the kernel's own.
                (Passage::Flatten, DenyReason::BadPrice) => continue,
                (Passage::Flatten, DenyReason::LinkDown) => {
                    assert!(review_exit(&mut case).is_ok(), "the other connections are not needed");
                    case.entry_up = false;
                    review_exit(&mut case).map(drop)
                }
                (Passage::Flatten, _) => review_exit(&mut case).map(drop),
                // An opening order cannot fail to reduce.
                (Passage::Open | Passage::Hedge, DenyReason::NotReducing) => continue,
                (Passage::Open | Passage::Reduce | Passage::Hedge, _) => verdict(&mut case),
            };
            let expected = if reason.binds(passage) { Err(*reason) } else { Ok(()) };
            assert_eq!(told, expected, "{reason:?} for {passage:?}");
        }
    }
}

/// It lowers |net delta| of its group, and turns it by no more than what counts as hedged: the good
/// order is worth 200.
#[test]
fn what_hedges_its_group_opens_its_leg_where_only_reductions_pass() {
    for (towards, expected) in
        [(-19_000_000_000, Ok(())), (-18_999_999_999, Err(DenyReason::ReducingOnly))]
    {
        let mut case = good();
        case.hedge = hedge(towards, true);
        shift(&mut case, Scope::Instrument(BTC), ModeCause::Unhedged);
        let verdict = review(&mut case).map(|approved| {
            assert!(approved.hedges() && approved.terms().purpose == Purpose::Opening);
        });
        assert_eq!(verdict, expected, "{towards}");
    }
    let mut case = good();
    case.hedge = hedge(-20_000_000_000, true);
    shift(&mut case, Scope::All, ModeCause::Halt);
    assert_eq!(review(&mut case).map(drop), Err(DenyReason::Halted));
}

/// One that leaves as much open as before, on the other side, hedges nothing.
#[test]
fn an_order_that_only_turns_what_is_open_is_no_hedge() {
    for (towards, passage) in [(-10_000_000_000, Passage::Open), (-10_000_000_001, Passage::Hedge)]
    {
        let mut case = good();
        case.hedge = hedge(towards, false).map(|it| HedgeAround { hedged_within: Cash::MAX, ..it });
        assert_eq!(review(&mut case).unwrap().hedges(), passage == Passage::Hedge);
    }
}

/// A leg without a price: nobody knows what would hedge.
#[test]
fn an_unknown_net_delta_denies_what_opens_and_hedges_nothing() {
    let mut case = good();
    case.hedge = hedge(0, false).map(|it| HedgeAround { towards: None, ..it });
    assert_eq!(review(&mut case).map(drop), Err(DenyReason::NetDelta));
    shift(&mut case, Scope::All, ModeCause::Liquidation);
    assert_eq!(review(&mut case).map(drop), Err(DenyReason::ReducingOnly));
    let mut case = good_reduction();
    case.hedge = hedge(0, true).map(|it| HedgeAround { towards: None, ..it });
    assert!(review(&mut case).is_ok());
}

/// Half a unit of the group for each of the leg's value: 200 count as 100.
#[test]
fn a_leg_counts_by_its_ratio() {
    for (towards, expected) in
        [(40_000_000_000, Ok(())), (40_000_000_001, Err(DenyReason::NetDelta))]
    {
        let mut case = good();
        case.hedge = hedge(towards, false).map(|it| HedgeAround { ratio_bps: 5_000, ..it });
        assert_eq!(review(&mut case).map(drop), expected);
    }
}

#[test]
fn an_exit_is_never_larger_than_the_position_and_stays_within_its_cap() {
    let mut case = good_reduction();
    case.request.qty = Qty::whole(3);
    let approved = review_exit(&mut case).unwrap();
    assert_eq!(approved.terms().purpose, Purpose::Reducing);
    assert_eq!(approved.terms().price, Price::whole(101));
    case.request.qty = Qty::from_units(300_100_000);
    assert_eq!(review_exit(&mut case).map(drop), Err(DenyReason::NotReducing));
    case.position = Qty::ZERO;
    case.request.qty = Qty::whole(1);
    assert_eq!(review_exit(&mut case).map(drop), Err(DenyReason::NotReducing));
}

/// SAFETY E8: on spot the venue knows no reduce-only; what may be locked is the bound.
#[test]
fn on_spot_an_exit_is_no_larger_than_what_no_other_can_have_locked() {
    let mut orders = crate::core::orders::Orders::new(1, 1, timing());
    let mut first = good_reduction();
    first.request.qty = Qty::whole(1);
    orders.open(&review_exit(&mut first).unwrap(), NOW_NS);
    for is_doubtful in [false, true] {
        if is_doubtful {
            orders.on_link_down(|_| true, NOW_NS);
        }
        let rows = [(InstrumentKind::Spot, 2, 3), (InstrumentKind::Perpetual, 3, 4)];
        for (kind, passes, fails) in rows {
            let mut case = good_reduction();
            case.instrument.kind = kind;
            case.open = *orders.totals().of(BTC);
            assert_eq!(exit_room(kind, case.position, &case.open), Qty::whole(passes));
            case.request.qty = Qty::whole(fails);
            assert_eq!(review_exit(&mut case).map(drop), Err(DenyReason::NotReducing));
            case.request.qty = Qty::whole(passes);
            assert!(review_exit(&mut case).is_ok(), "{kind:?}");
        }
    }
}

fn suspend(case: &mut Case, unproven: bool) {
    let valuation = Valuation { unproven, ..worth(Cash::whole(1_000)) };
    observe(&mut case.kernel, NOW_NS, valuation);
}

/// On a spot account that has so much free.
fn spot(case: &mut Case, free: i128) {
    case.instrument.kind = InstrumentKind::Spot;
    case.free = Some(Cash::from_units(free));
}

/// SAFETY E13: nothing on spot sells what is not there, whoever asks; a balance that nobody told is
/// none.
#[test]
fn on_spot_a_sale_is_bound_by_the_base_that_is_free_and_a_buy_by_the_quote() {
    for (qty, free, passes) in [(2, 200_000_000, true), (2, 199_999_999, false)] {
        let mut sale = good();
        sale.request.side = Side::Sell;
        sale.request.qty = Qty::whole(qty);
        spot(&mut sale, free);
        let expected = if passes { Ok(()) } else { Err(DenyReason::FreeBalance) };
        assert_eq!(review(&mut sale).map(drop), expected, "{free}");
        let mut exit = good_reduction();
        exit.position = Qty::whole(3);
        exit.request.side = Side::Sell;
        spot(&mut exit, free);
        assert_eq!(review_exit(&mut exit).map(drop), expected, "an exit of {free}");
    }
    let mut untold = good();
    (untold.instrument.kind, untold.free) = (InstrumentKind::Spot, None);
    assert_eq!(review(&mut untold).map(drop), Err(DenyReason::FreeBalance));
    untold.instrument.kind = InstrumentKind::Perpetual;
    assert!(review(&mut untold).is_ok(), "contracts spend nothing");
}

#[test]
fn a_reset_needs_the_generation_that_was_seen_and_a_drawdown_that_is_over() {
    let mut kernel = kernel();
    let mut effects = Effects::new();
    let now = Stamp { mono_ns: NOW_NS, unix_ns: 0 };
    let reset = |kernel: &mut Kernel, generation: u32, baseline: Baseline| {
        for criterion in Criterion::ALL {
            let _ = kernel.attest(generation, criterion, Text::new("ada"));
        }
        let (by, now_ns) = (Text::new("ada"), NOW_NS + SECOND);
        kernel.on_proven(VenueId(0), NOW_NS);
        kernel.reset(&Release { generation, by, now_ns, is_reconciled: true }, baseline).map(drop)
    };
    assert_eq!(reset(&mut kernel, 0, Baseline::Keep), Err(Refusal::NotTripped));
    kernel.trip(trip(), now, &mut effects);
    kernel.trip(trip(), now, &mut effects);
    assert_eq!(kernel.latch_generation(), 1, "a second cause does not overwrite the first");
    assert_eq!(kernel.check_resume(), Err(Refusal::Killed));
    assert_eq!(reset(&mut kernel, 0, Baseline::Keep), Err(Refusal::StaleGeneration));
    let now = Stamp { mono_ns: NOW_NS, unix_ns: 0 };
    kernel.enforce(now, &worth(Cash::whole(800)), std::iter::empty(), &mut effects);
    assert_eq!(reset(&mut kernel, 1, Baseline::Keep), Err(Refusal::StillBreached));
    assert_eq!(reset(&mut kernel, 1, Baseline::New), Ok(()));
    assert_eq!(kernel.latch(), None);
}
