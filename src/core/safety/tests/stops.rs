//! A stop that is to wait at the venue: what keeps it from leaving, and what does not.

use super::case::*;
use super::*;
use crate::types::{StopOrder, WorkingPrice};

/// A sale at 95 under a long of 2; the market stands at 99 to 100.
fn guarding() -> (Case, StopOrder) {
    let mut case = good();
    case.position = Qty::whole(2);
    let (side, trigger, working) = (Side::Sell, Price::whole(95), WorkingPrice::Mark);
    (case, StopOrder { id: id(1), instrument: BTC, side, trigger, working })
}

fn review_stop(case: &mut Case, stop: &StopOrder) -> Result<ApprovedStop, DenyReason> {
    ask(case, |kernel, _, facts| kernel.review_stop(stop, facts))
}

fn denied(change: impl FnOnce(&mut Case, &mut StopOrder)) -> Option<DenyReason> {
    let (mut case, mut stop) = guarding();
    change(&mut case, &mut stop);
    review_stop(&mut case, &stop).err()
}

#[test]
fn it_leaves_as_it_was_wished() {
    let (mut case, stop) = guarding();
    assert_eq!(review_stop(&mut case, &stop).unwrap().order(), &stop);
    let again = review_stop(&mut case, &stop).err();
    assert_eq!(again, Some(DenyReason::BadId), "an id is spent");
}

#[test]
fn it_guards_what_is_held_and_waits() {
    let buy = |stop: &mut StopOrder| (stop.side, stop.trigger) = (Side::Buy, Price::whole(105));
    let none = Some(DenyReason::NotReducing);
    assert_eq!(denied(|_, stop| buy(stop)), none);
    assert_eq!(denied(|case, _| case.position = Qty::ZERO), none);
    assert_eq!(denied(|case, _| case.position = Qty::whole(-2)), none);
    assert_eq!(
        denied(|case, stop| {
            case.position = Qty::whole(-2);
            buy(stop)
        }),
        None
    );
    let met = Some(DenyReason::PriceOffMarket);
    let at = |stop: &mut StopOrder, units| stop.trigger = Price::from_units(units);
    assert_eq!(
        denied(|case, stop| {
            mark(case, 95, 0);
            at(stop, 9_400_000_000)
        }),
        None
    );
    assert_eq!(
        denied(|case, stop| {
            mark(case, 95, 0);
            at(stop, 9_500_000_000)
        }),
        met
    );
    assert_eq!(
        denied(|case, stop| {
            case.position = Qty::whole(-2);
            mark(case, 105, 0);
            buy(stop);
        }),
        met
    );
}

#[test]
fn its_trigger_is_a_price_of_the_venue() {
    let bad = Some(DenyReason::BadPrice);
    for units in [0, -9_500_000_000, 9_500_000_001] {
        assert_eq!(denied(|_, stop| stop.trigger = Price::from_units(units)), bad, "{units}");
    }
}

#[test]
fn nothing_that_stops_an_exit_of_an_operators_and_nothing_else_stops_it() {
    for spoil in [
        |c: &mut Case| {
            c.kernel.kill_switch.trip(trip(), Stamp::default());
        },
        |c: &mut Case| shift(c, Scope::All, ModeCause::Halt),
        |c: &mut Case| c.reconciled = false,
        |c: &mut Case| c.link_up = false,
        |c: &mut Case| c.serving = false,
    ] {
        assert_eq!(denied(|case, _| spoil(case)), None);
    }
    assert_eq!(denied(|case, _| case.entry_up = false), Some(DenyReason::LinkDown));
    assert_eq!(
        denied(|case, _| case.market = Market::new(Price::whole(1), 1)),
        Some(DenyReason::NoPrice)
    );
    assert_eq!(denied(|case, _| spend(case, 1_000)), Some(DenyReason::OrderRate));
}

#[test]
fn each_counts_as_an_order() {
    let (mut case, mut stop) = guarding();
    let most = (1..100).find(|sequence| {
        stop.id = id(*sequence);
        review_stop(&mut case, &stop).err() == Some(DenyReason::OrderRate)
    });
    assert!(most.is_some(), "they are limited as orders are");
}

#[test]
fn a_trigger_lies_its_distance_from_the_market_and_rounds_towards_it() {
    let filters = instrument().filters;
    let at = |side, units| trigger(side, Price::from_units(units), 500, &filters);
    let tick = filters.price_tick;
    for units in [10_000_000_000, 10_000_012_345] {
        let (low, high) = (at(Side::Sell, units), at(Side::Buy, units));
        assert!(low.is_multiple_of(tick) && high.is_multiple_of(tick));
        let exact = |bps| Price::from_units(units).moved_bps(bps);
        assert!(exact(-500) <= low && low < exact(-500).saturating_add(tick), "{low}");
        assert!(high <= exact(500) && exact(500) < high.saturating_add(tick), "{high}");
    }
}

#[test]
fn whose_price_meets_it_is_as_configured() {
    let (mut case, _) = guarding();
    let latest = |case: &mut Case, working| ask(case, |_, _, facts| latest(working, facts));
    let mid = Some(Price::from_units(9_950_000_000));
    case.market = market();
    let before = latest(&mut case, WorkingPrice::Contract);
    assert!(before.is_some());
    mark(&mut case, 90, 0);
    assert_eq!(latest(&mut case, WorkingPrice::Mark), Some(Price::whole(90)));
    traded(&mut case, 9_700_000_000, 0);
    assert_eq!(latest(&mut case, WorkingPrice::Contract), Some(Price::whole(97)));
    let mut bare = Market::new(Price::from_units(1_000_000), 1);
    tell(&mut bare, MarketData::Quote(quote(99, 100)), NOW_NS);
    case.market = bare;
    assert_eq!(latest(&mut case, WorkingPrice::Mark), mid);
    assert_eq!(latest(&mut case, WorkingPrice::Contract), mid);
}
