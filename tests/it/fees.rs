//! The fee of each trade against the venue's own rate for this account (SAFETY T12).

use crate::support::{BTC, USDT, VENUE, World, account, cash, limit};
use tradekeel::core::{AccountEvent, Alert, FeeFault, Mode, OperatorCommand};
use tradekeel::types::{
    AssetId, Cash, ExecutionKind, Fee, FeeRates, Fill, Liquidity, MS, Price, Qty, Side,
};

/// A trade of 1 at 100 of a fresh order: at the venue's two basis points a maker pays 0.02.
fn pay(world: &mut World, trade_id: u64, liquidity: Liquidity, fee: Option<Fee>) {
    world.faults.lost_requests = 1_000;
    let id = world.wish(0, limit(Side::Buy, "1", "100")).unwrap();
    let (price, qty) = (Price::whole(100), Qty::whole(1));
    let fill = Fill { trade_id, side: Side::Buy, price, qty, cum_qty: qty, fee, liquidity };
    world.report(id, ExecutionKind::Trade(fill));
    world.advance(MS);
}

fn dollars(units: i128) -> Option<Fee> {
    Some(Fee { asset: USDT, amount: Cash::from_units(units) })
}

/// How often it differed, could not be compared, and was said.
fn seen(world: &World) -> (u64, u64, usize) {
    let said = world.alerts.iter().filter(|alert| matches!(alert, Alert::Fee { .. })).count();
    let counters = world.status().counters;
    (counters.fee_mismatches, counters.fees_unchecked, said)
}

/// The tolerance is a tenth of a basis point: 0.001 on 100.
#[test]
fn a_fee_beyond_the_tolerance_is_counted_and_said_and_stops_nothing() {
    let rows = [
        (Liquidity::Maker, 2_100_000, 0),
        (Liquidity::Maker, 2_100_001, 1),
        (Liquidity::Maker, 1_900_000, 0),
        (Liquidity::Maker, 1_899_999, 1),
        (Liquidity::Maker, -2_000_000, 1),
        (Liquidity::Taker, 5_100_000, 0),
        (Liquidity::Taker, 5_100_001, 1),
        (Liquidity::Taker, 2_000_000, 1),
    ];
    for (liquidity, units, mismatches) in rows {
        let mut world = World::calm();
        pay(&mut world, 900, liquidity, dollars(units));
        let said = usize::try_from(mismatches).unwrap();
        assert_eq!(seen(&world), (mismatches, 0, said), "{liquidity:?} {units}");
        assert_eq!(world.status().mode, Mode::Running);
    }
}

#[test]
fn what_was_paid_and_what_was_expected_are_said_once_until_a_fee_is_right_again() {
    let mut world = World::calm();
    pay(&mut world, 900, Liquidity::Maker, dollars(3_000_000));
    let fault = FeeFault::Differs {
        paid: Cash::from_units(3_000_000),
        expected: Cash::from_units(2_000_000),
    };
    assert!(world.alerts.contains(&Alert::Fee { instrument: BTC, fault }));
    pay(&mut world, 901, Liquidity::Maker, dollars(3_000_000));
    assert_eq!(seen(&world), (2, 0, 1));
    pay(&mut world, 902, Liquidity::Maker, dollars(2_000_000));
    pay(&mut world, 903, Liquidity::Maker, dollars(3_000_000));
    assert_eq!(seen(&world), (3, 0, 2));
}

/// SAFETY E13: a commission in BNB, or in an asset that nobody configured, is no mismatch.
#[test]
fn a_fee_in_another_asset_is_not_compared() {
    let ether = Some(Fee { asset: AssetId(2), amount: cash(1) });
    for fee in [ether, None] {
        let mut world = World::calm();
        pay(&mut world, 900, Liquidity::Maker, fee);
        assert_eq!(seen(&world), (0, 1, 1));
        let fault = FeeFault::OtherAsset;
        assert!(world.alerts.contains(&Alert::Fee { instrument: BTC, fault }));
    }
}

#[test]
fn a_rate_that_was_not_told_is_said_and_not_guessed() {
    let mut world = World::asleep(1, |_| {});
    world.faults.lost_requests = 1_000;
    world.link_up();
    world.quote(BTC, "99.9", "100.1");
    let tell = |world: &mut World, rates: Option<FeeRates>| {
        world.advance(300 * MS);
        world.operator(OperatorCommand::Reconcile).unwrap();
        let mut told = world.venue.snapshot(VENUE, world.core.account_token(VENUE));
        told.margin.iter_mut().for_each(|margin| margin.fees = rates.into_iter().collect());
        world.step(account(AccountEvent::Snapshot(Box::new(told))));
    };
    tell(&mut world, None);
    world.advance(100 * MS);
    let id = world.wish(0, limit(Side::Buy, "1", "100")).unwrap();
    world.report(id, ExecutionKind::Trade(half(900, Qty::from_units(50_000_000))));
    assert_eq!(seen(&world), (0, 1, 1));
    let unknown = Alert::Fee { instrument: BTC, fault: FeeFault::RateUnknown };
    assert!(world.alerts.contains(&unknown));
    // From here on three basis points, also after a reading that had another symbol's turn.
    let rates = FeeRates { instrument: BTC, maker_e8: 30_000, taker_e8: 50_000 };
    tell(&mut world, Some(rates));
    tell(&mut world, None);
    world.report(id, ExecutionKind::Trade(half(901, Qty::whole(1))));
    assert_eq!(seen(&world), (1, 1, 2));
}

/// Half of an order for 1 at 100, for a fee of two basis points.
fn half(trade_id: u64, cum_qty: Qty) -> Fill {
    let (price, qty, fee) = (Price::whole(100), Qty::from_units(50_000_000), dollars(1_000_000));
    Fill { trade_id, side: Side::Buy, price, qty, cum_qty, fee, liquidity: Liquidity::Maker }
}

#[test]
fn off_compares_none() {
    let mut world = World::with(1, |setup| setup.limits.fee_tolerance_centi_bps = None);
    pay(&mut world, 900, Liquidity::Maker, dollars(900_000_000));
    assert_eq!(seen(&world), (0, 0, 0));
}

/// SAFETY E14: what the venue charges by its own rates is what it said that it would.
#[test]
fn honest_trades_agree() {
    let mut world = World::calm();
    (0..3).for_each(|_| world.take(Side::Buy, "0.123"));
    let id = world.open(Side::Buy, "1", "99.9");
    world.advance(5 * MS);
    world.trade(BTC, "99.8", "5", Side::Sell);
    world.trade(BTC, "99.8", "99999999", Side::Sell);
    world.advance(5 * MS);
    assert_eq!(world.order(id), None);
    assert_eq!((seen(&world), world.status().tally.fills), ((0, 0, 0), 4));
}
