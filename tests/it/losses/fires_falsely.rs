//! A kill switch that fires without a cause (PEERS 6.4, 32, 36, 38, 41, 42).

use super::{ask, confirm, long, mark, moved, read, tick, told, transfer, wait};
use crate::support::{BTC, ETH, World, cash};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{Alert, DayMark, HighWater, Mode, Restored};
use tradekeel::types::{BalanceCause, MS, SECOND};

fn is_calm(world: &World) -> bool {
    world.trips.is_empty() && world.status().mode == Mode::Running
}

/// Hummingbot 1145: it fired on an account that had not traded.
#[test]
fn prices_of_what_is_not_held_are_no_loss() {
    let mut world = World::calm();
    for bid in [10_000, 5_000, 2, 90_000, 1] {
        confirm(&mut world, bid);
        assert_eq!(world.status().drawdown_bps, Some(0));
    }
    wait(&mut world, 3, 100);
    assert!(is_calm(&world) && ask(&mut world).is_ok());
}

/// Forven 92: one bad reading of equity was a phantom loss of 5 %.
#[test]
fn an_outlier_below_denies_for_as_long_as_it_stands_and_fires_nothing() {
    let mut world = long(|_| {});
    for _ in 0..50 {
        tick(&mut world, BTC, "5000");
        assert_eq!(ask(&mut world), Err(DenyReason::Drawdown));
        // Other prices move meanwhile, as often as they like.
        for step in 0..20 {
            tick(&mut world, ETH, if step % 2 == 0 { "9.9" } else { "9.8" });
        }
        mark(&mut world, 10_000);
        assert_eq!(ask(&mut world), Ok(()));
    }
    assert!(is_calm(&world));
}

#[test]
fn an_outlier_above_is_no_height_to_fall_from() {
    let mut world = long(|setup| setup.limits.appetite.minute_loss_max = cash(5_000));
    let high_water = world.status().high_water;
    for _ in 0..50 {
        tick(&mut world, BTC, "20000");
        mark(&mut world, 10_000);
        assert_eq!((world.status().drawdown_bps, ask(&mut world)), (Some(0), Ok(())));
    }
    confirm(&mut world, 10_000);
    assert!(is_calm(&world) && world.status().high_water == high_water);
}

/// With two positions an outlier of one must not be confirmed by quotes of the other.
#[test]
fn an_outlier_of_one_position_is_not_confirmed_by_the_other() {
    let mut world = long(|_| {});
    let wish = tradekeel::types::OrderRequest {
        instrument: ETH,
        kind: tradekeel::types::OrderKind::Ioc(crate::support::price("10.1")),
        ..crate::support::limit(tradekeel::types::Side::Buy, "1", "1")
    };
    world.wish(0, wish).unwrap();
    world.advance(20 * MS);
    tick(&mut world, BTC, "5000");
    for step in 0..30 {
        tick(&mut world, ETH, if step % 2 == 0 { "9.9" } else { "9.8" });
    }
    assert!(is_calm(&world));
    mark(&mut world, 10_000);
    tick(&mut world, ETH, "9.9");
    assert_eq!(ask(&mut world), Ok(()));
}

/// Freqtrade 8373: the drawdown was measured from a base that transfers had moved.
#[test]
fn deposits_and_withdrawals_change_neither_the_fall_nor_the_limit() {
    let mut world = long(|_| {});
    confirm(&mut world, 9_500);
    assert_eq!(world.status().drawdown_bps, Some(500));
    for amount in [-60_000, 500_000, -400_000, 7, -100_000] {
        transfer(&mut world, amount);
        mark(&mut world, 9_500);
        let fall = world.status().drawdown_bps.unwrap();
        assert!((499..=500).contains(&fall), "{fall} after {amount}");
        let day = world.status().losses.day_loss_bps.unwrap();
        assert!((499..=500).contains(&day), "{day} after {amount}");
    }
    read(&mut world);
    assert!(is_calm(&world) && world.status().reconciled);
}

/// The reading already contains the transfer, and its message comes after it.
#[test]
fn a_transfer_that_a_reading_told_first_counts_once() {
    for amount in [-50_000, 80_000] {
        let mut world = long(|_| {});
        let (before, profit) = (world.status().equity.unwrap(), world.status().profit());
        moved(&mut world, amount);
        read(&mut world);
        assert_eq!(world.status().drawdown_bps, Some(0), "before anybody told");
        assert_eq!(ask(&mut world), Err(DenyReason::EquityUnproven));
        told(&mut world, amount, BalanceCause::Transfer);
        mark(&mut world, 10_000);
        assert_eq!((world.status().drawdown_bps, ask(&mut world)), (Some(0), Ok(())));
        assert_eq!(world.status().equity, Some(before.saturating_add(cash(amount))));
        read(&mut world);
        wait(&mut world, 7, 10_000);
        assert_eq!((world.status().drawdown_bps, is_calm(&world)), (Some(0), true));
        assert_eq!(world.status().profit(), profit);
    }
}

/// The same when the message is later than anybody waits: it is booked twice and taken back.
#[test]
fn a_transfer_told_long_after_its_reading_fires_nothing() {
    let mut world = long(|_| {});
    moved(&mut world, 80_000);
    read(&mut world);
    wait(&mut world, 6, 10_000);
    assert!(world.has_alert(|alert| matches!(alert, Alert::Unexplained { .. })));
    told(&mut world, 80_000, BalanceCause::Transfer);
    mark(&mut world, 10_000);
    read(&mut world);
    wait(&mut world, 7, 10_000);
    assert_eq!((world.status().drawdown_bps, is_calm(&world)), (Some(0), true));
    assert_eq!(ask(&mut world), Ok(()));
}

/// Funding that a reading told first is no transfer and is not paid twice either.
#[test]
fn funding_that_a_reading_told_first_counts_once() {
    let mut world = long(|_| {});
    let before = world.status().equity.unwrap();
    moved(&mut world, -1_000);
    read(&mut world);
    told(&mut world, -1_000, BalanceCause::ProfitOrLoss);
    confirm(&mut world, 10_000);
    read(&mut world);
    assert_eq!(world.status().equity, Some(before.saturating_sub(cash(1_000))));
    assert_eq!(world.status().drawdown_bps, Some(100), "1,000 of 100,000");
}

/// What nobody explains is a loss in the end, and says so.
#[test]
fn money_that_is_gone_without_a_word_counts_as_lost() {
    let mut world = long(|_| {});
    moved(&mut world, -20_000);
    read(&mut world);
    wait(&mut world, 3, 10_000);
    assert_eq!((world.status().drawdown_bps, world.trips.len()), (Some(0), 0));
    wait(&mut world, 3, 10_000);
    assert!(world.has_alert(|alert| matches!(alert, Alert::Unexplained { .. })));
    assert_eq!(world.trips.len(), 1);
}

/// go-trader 650: after a restart the peak of before fired at once.
#[test]
fn a_restart_with_the_equity_of_before_fires_nothing() {
    let mark = Some(HighWater { peak: cash(100_000) });
    let day = Some(DayMark { day: 1, opening: cash(900_000) });
    let restored = Restored { high_water: mark, day, ..Restored::default() };
    let mut world = World::with(1, |setup| setup.restored = restored);
    world.advance(3 * SECOND);
    assert!(is_calm(&world));
    assert_eq!(world.status().losses.day_loss_bps, Some(0), "that day is over");
    assert_eq!(ask(&mut world), Ok(()));
}

/// Helios-x 23, the other way round: what is not known fires nothing by itself.
#[test]
fn an_account_that_is_empty_or_unknown_without_a_position_denies_and_fires_nothing() {
    let mut world = World::asleep(1, |_| {});
    moved(&mut world, -100_000);
    world.awake();
    world.advance(60 * SECOND);
    assert_eq!(ask(&mut world), Err(DenyReason::EquityUnknown));
    assert!(is_calm(&world));
    transfer(&mut world, 50_000);
    assert_eq!((world.status().drawdown_bps, ask(&mut world)), (Some(0), Ok(())));
    transfer(&mut world, -50_000);
    world.advance(SECOND);
    transfer(&mut world, 10_000);
    world.advance(SECOND);
    assert_eq!((world.status().drawdown_bps, is_calm(&world)), (Some(0), true));
}
