//! Hedge groups: what is not hedged is limited in size and in time, and a trip does with the legs
//! what the group says (SAFETY E5).

use crate::kill_switch::trip;
use crate::support::{BTC, ETH, Sent, World, cash, limit, price, qty, reduction};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{
    Alert, HedgeAlert, HedgeGroup, Mode, ModeCause, OnTrip, OperatorCommand, Scope, Setup,
};
use tradekeel::types::{
    InstrumentId, MS, OrderKind, OrderRequest, Purpose, Qty, SECOND, Side, TimeInForce,
};

/// Bitcoin at 100 against ether at 10, one to one.
fn group(on_trip: OnTrip) -> HedgeGroup {
    HedgeGroup {
        name: "pair".to_owned(),
        legs: vec![(BTC, 10_000), (ETH, 10_000)],
        net_delta_max: cash(500),
        hedged_within: cash(20),
        unhedged_ns_max: 2 * SECOND,
        on_trip,
    }
}

pub(crate) fn paired(on_trip: OnTrip) -> World {
    World::with(1, |setup: &mut Setup| {
        setup.limits.hedge_groups = vec![group(on_trip)];
        setup.limits.instruments[1].position_max = qty("100");
        setup.limits.instruments[1].order_qty_max = qty("100");
    })
}

fn ether(request: OrderRequest) -> OrderRequest {
    OrderRequest { instrument: ETH, ..request }
}

fn sold(amount: &str) -> OrderRequest {
    OrderRequest { kind: OrderKind::Ioc(price("9.9")), ..ether(limit(Side::Sell, amount, "1")) }
}

/// Long bitcoin of 400 and short ether of so much.
fn long_against(on_trip: OnTrip, ether: &str) -> World {
    let mut world = paired(on_trip);
    world.take(Side::Buy, "4");
    world.wish(0, sold(ether)).unwrap();
    world.advance(20 * MS);
    assert_eq!(world.venue_position(ETH), Qty::ZERO.saturating_sub(qty(ether)));
    world.sent.clear();
    world
}

fn held(world: &World) -> [Qty; 2] {
    [BTC, ETH].map(|leg| world.venue_position(leg))
}

fn mode(world: &World, leg: InstrumentId) -> (Mode, ModeCause) {
    let record = world.status().instruments[leg.index()].held;
    (record.mode, record.cause)
}

fn terms(world: &World) -> Vec<tradekeel::types::OrderTerms> {
    let mut all = Vec::new();
    for sent in &world.sent {
        if let Sent::New(_, terms) = sent {
            all.push(*terms);
        }
    }
    all
}

#[test]
fn what_is_not_hedged_is_limited_with_every_order_of_its_direction() {
    let mut world = paired(OnTrip::Hold);
    world.wish(0, limit(Side::Buy, "4", "99")).unwrap();
    let more = || ether(limit(Side::Buy, "10", "9.8"));
    assert_eq!(world.wish(0, more()), Err(DenyReason::NetDelta), "400.4 and 101 at the asks");
    let less = ether(limit(Side::Buy, "9", "9.8"));
    assert!(world.wish(0, less).is_ok());
    let other_way = ether(limit(Side::Sell, "45", "10.2"));
    assert!(
        world.wish(0, other_way).is_ok(),
        "what may be bought makes neither more nor less room"
    );
    let too_far = limit(Side::Sell, "0.5", "100.5");
    assert_eq!(world.wish(0, too_far), Err(DenyReason::NetDelta));
    let line = &world.status().hedges[0];
    assert_eq!((line.net_delta, line.unhedged_ms), (Some(cash(0)), 0));
}

/// A reduction of one leg lays the other open, and passes all the same: reductions always do. What
/// it may lay open counts for what opens.
#[test]
fn a_reduction_passes_and_counts_as_what_it_lays_open() {
    let mut world = long_against(OnTrip::Hold, "40");
    world.wish(0, reduction(Side::Sell, "4", "101")).unwrap();
    assert_eq!(world.wish(0, sold("15")), Err(DenyReason::NetDelta));
}

#[test]
fn a_leg_that_stays_open_leaves_its_group_reductions_and_what_hedges() {
    let mut world = paired(OnTrip::Hold);
    world.take(Side::Buy, "4");
    world.advance(1_900 * MS);
    assert_eq!(mode(&world, BTC).0, Mode::Running);
    world.advance(200 * MS);
    let late = |alert: &Alert| {
        matches!(alert, Alert::Hedge(HedgeAlert::Unhedged { group: 0, net_delta: Some(_) }))
    };
    assert!(world.has_alert(late));
    for leg in [BTC, ETH] {
        assert_eq!(mode(&world, leg), (Mode::Reducing, ModeCause::Unhedged));
    }
    assert_eq!(world.status().mode, Mode::Running, "the smallest scope");
    let wider = limit(Side::Buy, "0.5", "99");
    assert_eq!(world.wish(0, wider), Err(DenyReason::ReducingOnly));
    world.sent.clear();
    let resting = world.wish(0, ether(limit(Side::Sell, "20", "10"))).unwrap();
    world.wish(0, sold("18")).unwrap();
    assert!(terms(&world).iter().all(|terms| terms.purpose == Purpose::Opening), "no native flag");
    let beyond = ether(limit(Side::Sell, "10", "10.1"));
    assert_eq!(world.wish(0, beyond), Err(DenyReason::ReducingOnly), "it would turn the delta");
    world.advance(SECOND);
    assert!(world.order(resting).is_some_and(|order| !order.status.is_final()), "it may stay");
    assert_eq!(world.venue_position(ETH), qty("-18"));
}

/// Its price may follow the market; more of it would be more than was seen to hedge.
#[test]
fn an_amended_hedge_still_is_one_up_to_its_size() {
    let mut world = paired(OnTrip::Hold);
    world.take(Side::Buy, "4");
    world.advance(3 * SECOND);
    let id = world.wish(0, ether(limit(Side::Sell, "20", "10.1"))).unwrap();
    world.advance(20 * MS);
    assert_eq!(world.amend(id, "20", "10.2"), Ok(()));
    world.advance(20 * MS);
    assert_eq!(world.amend(id, "20.1", "10.2"), Err(DenyReason::ReducingOnly));
    assert_eq!(world.amend(id, "19", "10.2"), Ok(()));
}

#[test]
fn after_a_resume_what_is_late_still_opens_nothing_more() {
    let mut world = paired(OnTrip::Hold);
    world.take(Side::Buy, "4");
    world.advance(3 * SECOND);
    world.operator(OperatorCommand::Resume(Scope::Instrument(BTC))).unwrap();
    let wider = limit(Side::Buy, "0.5", "99");
    assert_eq!(world.wish(0, wider), Err(DenyReason::UnhedgedLeg));
    world.operator(OperatorCommand::Resume(Scope::Instrument(ETH))).unwrap();
    world.wish(0, sold("40")).unwrap();
    world.advance(20 * MS);
    assert!(world.wish(0, wider).is_ok());
}

fn tripped(world: &mut World, on_trip: OnTrip) {
    trip(world);
    let told = |alert: &Alert| {
        let Alert::Hedge(HedgeAlert::Tripped {
            net_delta, loss_per_percent, on_trip: told, ..
        }) = alert
        else {
            return false;
        };
        let one = net_delta.and_then(|delta| delta.abs().checked_bps(100));
        *told == on_trip && one.is_some() && *loss_per_percent == one
    };
    assert!(world.has_alert(told));
    world.advance(10 * SECOND);
}

#[test]
fn hold_leaves_all_legs() {
    let mut world = long_against(OnTrip::Hold, "10");
    tripped(&mut world, OnTrip::Hold);
    assert_eq!((held(&world), terms(&world)), ([qty("4"), qty("-10")], Vec::new()));
}

/// 400 against 100 at the asks of 100.1 and 10.1: 2.990… of bitcoin go, to the lot.
#[test]
fn complete_hedge_closes_the_leg_that_is_too_large_and_opens_none() {
    let mut world = long_against(OnTrip::CompleteHedge, "10");
    tripped(&mut world, OnTrip::CompleteHedge);
    assert_eq!(held(&world), [qty("1.009"), qty("-10")]);
    let sent = terms(&world);
    let exit = |terms: &tradekeel::types::OrderTerms| {
        terms.purpose == Purpose::Reducing && terms.time_in_force == TimeInForce::Ioc
    };
    assert!(!sent.is_empty() && sent.iter().all(exit), "{sent:?}");
    assert!(world.has_alert(|alert| *alert == Alert::Hedge(HedgeAlert::Completed(BTC))));
    let left = world.status().hedges[0].net_delta.unwrap();
    assert!(left.abs() < price("100.1").notional(qty("0.001")), "{left} is less than a lot");
    assert!(!world.status().flattening);
}

#[test]
fn complete_hedge_of_what_is_hedged_sends_nothing() {
    let mut world = long_against(OnTrip::CompleteHedge, "40");
    world.quote(ETH, "9.91", "10.01");
    tripped(&mut world, OnTrip::CompleteHedge);
    assert_eq!((held(&world), terms(&world).len()), ([qty("4"), qty("-40")], 0));
}

#[test]
fn flatten_closes_all_legs() {
    let mut world = long_against(OnTrip::Flatten, "10");
    tripped(&mut world, OnTrip::Flatten);
    assert_eq!(held(&world), [Qty::ZERO; 2]);
    assert!(world.has_alert(|alert| *alert == Alert::Flat));
    assert_eq!(world.status().mode, Mode::Killed);
}

#[test]
fn a_trip_of_one_leg_is_a_trip_of_its_group() {
    let mut world = long_against(OnTrip::Flatten, "10");
    world.operator(OperatorCommand::TripScope(Scope::Instrument(ETH))).unwrap();
    world.advance(10 * SECOND);
    assert_eq!(held(&world), [Qty::ZERO; 2]);
    let mut world = long_against(OnTrip::Flatten, "10");
    let other = Scope::Strategy(tradekeel::types::StrategyId(0));
    world.operator(OperatorCommand::TripScope(other)).unwrap();
    world.advance(10 * SECOND);
    assert_eq!(held(&world), [qty("4"), qty("-10")], "a strategy is no leg");
}
