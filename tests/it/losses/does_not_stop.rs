//! A kill switch that does not stop (PEERS 6.4, 31 and 35; section 4, 1 to 4; 6.5, 48 and 49).

use super::{ask, confirm, long, mark, tick, transfer, wait};
use crate::support::{BTC, ETH, Sent, World, cash, limit, qty};
use tradekeel::core::safety::{DenyReason, TripReason};
use tradekeel::core::{DayLimits, HighWater, Mode, Restored};
use tradekeel::types::{BalanceCause, MS, Purpose, SECOND, Side};

fn news(world: &World) -> usize {
    world.sent.iter().filter(|sent| matches!(sent, Sent::New(..))).count()
}

/// Hummingbot 2534: the switch was on and the strategy went on placing orders.
#[test]
fn after_a_trip_nothing_new_leaves_however_long_it_is_asked_for() {
    let mut world = long(|_| {});
    let resting = world.wish(0, limit(Side::Buy, "0.001", "9950")).is_ok();
    world.advance(20 * MS);
    confirm(&mut world, 8_400);
    assert_eq!(world.trips[0].reason, TripReason::Drawdown);
    let before = news(&world);
    for second in 0..60 {
        assert_eq!(ask(&mut world), Err(DenyReason::KillSwitch));
        wait(&mut world, 1, 8_400 + second);
    }
    assert_eq!((news(&world), world.venue_orders(), resting), (before, 0, false));
}

/// Freqtrade 4837: a limit of 10 % became 40 %, because what was protected against went on.
#[test]
fn a_strategy_that_buys_into_a_fall_ends_with_what_it_had_at_the_limit() {
    let mut world = long(|setup| setup.limits.instruments[0].position_max = qty("100"));
    let mut last = (0, world.position());
    for fall in 0..60_u32 {
        let bid = 10_000 - 50 * fall;
        confirm(&mut world, bid);
        let wish = limit(Side::Buy, "0.1", &format!("{bid}.5"));
        if world.wish(0, wish).is_ok() {
            world.advance(20 * MS);
            last = (fall, world.position());
        }
    }
    let status = world.status();
    assert!(last.0 < 30, "it bought at a fall of {} half percents", last.0);
    assert_eq!((status.mode, world.position()), (Mode::Killed, last.1));
}

/// The first valuation beyond the limit denies, before anything is confirmed.
#[test]
fn the_tick_that_breaches_denies_the_order_that_it_would_have_caused() {
    let mut world = long(|_| {});
    mark(&mut world, 8_501);
    assert_eq!(ask(&mut world), Err(DenyReason::DailyLoss), "14 % of the day");
    mark(&mut world, 8_500);
    assert_eq!(ask(&mut world), Err(DenyReason::Drawdown));
    assert!(world.trips.is_empty());
}

#[test]
fn a_market_that_falls_and_goes_silent_is_believed_after_its_time() {
    let mut world = long(|_| {});
    mark(&mut world, 8_400);
    world.advance(SECOND - 20 * MS);
    assert!(world.trips.is_empty());
    world.advance(40 * MS);
    assert_eq!(world.trips[0].reason, TripReason::Drawdown);
}

#[test]
fn a_fall_is_believed_while_only_other_instruments_are_quoted() {
    let mut world = long(|_| {});
    mark(&mut world, 8_400);
    for step in 0..25 {
        tick(&mut world, ETH, if step % 2 == 0 { "9.9" } else { "9.8" });
        world.advance(50 * MS);
    }
    assert_eq!(world.trips[0].reason, TripReason::Drawdown);
}

/// PEERS section 4, 3: profit that could not be told was taken for zero.
#[test]
fn equity_that_is_unknown_denies_and_trips_while_a_position_is_open() {
    let mut world = long(|_| {});
    world.advance(3 * SECOND);
    assert_eq!(world.status().equity, None);
    world.quote(ETH, "9.9", "10.1");
    assert_eq!(ask(&mut world), Err(DenyReason::EquityUnknown));
    world.advance(5 * SECOND);
    assert_eq!(world.trips[0].reason, TripReason::EquityUnknown);
}

#[test]
fn a_deposit_in_the_same_breath_hides_no_loss() {
    let mut world = long(|_| {});
    transfer(&mut world, 100_000);
    confirm(&mut world, 8_500);
    assert_eq!(world.status().drawdown_bps, Some(750), "15,000 of 200,000");
    assert!(world.trips.is_empty());
    confirm(&mut world, 7_000);
    assert_eq!(world.trips[0].reason, TripReason::Drawdown);
    let mut at_once = long(|_| {});
    at_once.market_lives = false;
    super::moved(&mut at_once, 1_000_000);
    mark(&mut at_once, 8_400);
    super::told(&mut at_once, 1_000_000, BalanceCause::Transfer);
    confirm(&mut at_once, 8_401);
    assert!(at_once.status().drawdown_bps.unwrap() > 1_000);
}

/// Helios-x 23: a capital of NaN switched the limit off for ever.
#[test]
fn losing_everything_and_more_is_a_loss_and_not_a_number_that_passes() {
    let mut world = long(|_| {});
    confirm(&mut world, 5);
    assert_eq!(world.trips[0].reason, TripReason::Drawdown);
    super::told(&mut world, -1_000_000, BalanceCause::ProfitOrLoss);
    mark(&mut world, 5);
    assert!(world.status().equity.unwrap() < cash(0));
    assert!(10_000 <= world.status().drawdown_bps.unwrap());
}

/// Funding, interest and liquidation cost are losses, and no transfers.
#[test]
fn what_the_venue_takes_counts() {
    let mut world = long(|_| {});
    super::moved(&mut world, -16_000);
    super::told(&mut world, -16_000, BalanceCause::ProfitOrLoss);
    confirm(&mut world, 10_000);
    assert_eq!(world.trips[0].reason, TripReason::Drawdown);
}

/// go-trader 1269: daily losses never stopped trading; finalayze 146: the setting was not wired.
#[test]
fn the_days_loss_lands_in_reducing_and_takes_openings_back() {
    let mut world = long(day(500));
    let resting = world.wish(0, limit(Side::Sell, "1", "10050"));
    world.advance(20 * MS);
    confirm(&mut world, 9_510);
    assert_eq!(world.status().mode, Mode::Running);
    confirm(&mut world, 9_490);
    world.advance(20 * MS);
    assert_eq!(world.status().mode, Mode::Reducing);
    assert_eq!(ask(&mut world), Err(DenyReason::ReducingOnly));
    assert_eq!(world.order(resting.unwrap()), None);
    let exit = crate::support::reduction(Side::Sell, "10", "9480");
    assert!(world.wish(0, exit).is_ok(), "a reduction passes");
}

#[test]
fn midnight_begins_a_new_day_and_lifts_nothing() {
    // The world begins at 22:13:20 UTC.
    let mut world = long(|setup| {
        day(500)(setup);
        setup.limits.appetite.day.rollover_hour = 23;
    });
    wait(&mut world, 2, 10_000);
    confirm(&mut world, 9_400);
    let before = super::opening(&world).unwrap();
    world.hang(2_800 * SECOND);
    world.link_down();
    world.link_up();
    wait(&mut world, 20, 9_400);
    let after = super::opening(&world).unwrap();
    assert!(after < before, "{after} is not below {before}");
    assert_eq!(world.status().losses.day_loss_bps, Some(0));
    assert_eq!((world.status().mode, ask(&mut world).is_err()), (Mode::Reducing, true));
}

#[test]
fn a_restart_forgets_neither_the_mark_nor_the_day() {
    let mut first = long(|_| {});
    wait(&mut first, 2, 9_300);
    let status = first.status();
    let restored =
        Restored { high_water: status.high_water, day: status.losses.day, ..Restored::default() };
    let begun = |restored: Restored| {
        let mut world = World::asleep(1, |setup| {
            day(500)(setup);
            setup.restored = restored;
        });
        super::moved(&mut world, -6_900);
        world.awake();
        world
    };
    let mut world = begun(restored);
    assert_eq!(ask(&mut world), Err(DenyReason::DailyLoss));
    let high_water = Some(HighWater { peak: cash(110_000) });
    let mut world = begun(Restored { high_water, ..Restored::default() });
    assert_eq!(ask(&mut world), Err(DenyReason::Drawdown));
}

/// What an exit may use is never taken away by a loss (SAFETY E2).
#[test]
fn the_operators_flatten_ends_at_zero_beyond_every_limit_of_loss() {
    let mut world = long(|setup| {
        day(100)(setup);
        setup.limits.appetite.minute_loss_max = cash(1);
        setup.strategies[0].budget.losses.loss_max = cash(1);
    });
    confirm(&mut world, 8_000);
    assert!(world.status().latch.is_some());
    world.flatten();
    world.advance(2 * SECOND);
    assert_eq!((world.position(), world.venue_position(BTC)), (qty("0"), qty("0")));
    let exits = world
        .sent
        .iter()
        .filter(|sent| matches!(sent, Sent::New(_, terms) if terms.purpose == Purpose::Reducing));
    assert!(0 < exits.count());
}

fn day(max_bps: u32) -> impl Fn(&mut tradekeel::core::Setup) {
    move |setup| setup.limits.appetite.day = DayLimits { max_bps, rollover_hour: 0 }
}
