//! Funding: who pays, when, and that nothing is made or lost by it.

use super::{Desk, FEES};
use crate::core::{AccountEvent, EventKind};
use crate::sim::account::Position;
use crate::sim::direct::Direct;
use crate::sim::exchange::Exchange;
use crate::sim::funding::next_funding_unix_ms;
use crate::sim::testing::{BTC, USDT, cash, instruments, limit, price, qty, small_book};
use crate::types::{
    BalanceCause, BalanceChange, Cash, FundingRate, IdPrefix, Qty, QueryToken, Side, TimeInForce,
    VenueId, VenuePosition,
};
use proptest::prelude::*;

/// Between two settlements.
const EIGHT_HOURS_MS: u64 = 28_800_000;

fn bps(text: &str) -> FundingRate {
    FundingRate::parse_bps(text).unwrap()
}

/// Amounts and times of what was paid since this was last asked.
fn paid(exchange: &mut Exchange) -> Vec<(Cash, u64)> {
    exchange.take_payments().iter().map(|it| (it.amount, it.unix_ms)).collect()
}

fn settle(exchange: &mut Exchange, now_unix_ms: u64) {
    let mut out = Vec::new();
    exchange.settle_funding(now_unix_ms, &mut out);
    assert!(out.is_empty(), "{out:?}");
}

fn on_time(desk: &mut Desk, now_unix_ms: u64) {
    let mut out = Vec::new();
    desk.exchange.on_time(now_unix_ms, &mut out);
    assert!(out.is_empty(), "funding is no order's affair");
}

/// 35 at a mark of 100.05 are worth 3,501.75.
fn long() -> Desk {
    let mut desk = Desk::new();
    desk.place(limit(Side::Buy, "100.3", "35").tif(TimeInForce::Ioc)).0.unwrap();
    desk.exchange.set_funding_rate(bps("1"));
    on_time(&mut desk, 2);
    desk
}

#[test]
fn a_long_pays_what_a_short_receives() {
    let mut desk = long();
    let other = desk.exchange.open_account(Cash::whole(10_000));
    let short = Position { qty: qty("-35"), cost: cash("3500"), updated_unix_ms: 1 };
    desk.exchange.account_mut(other).set_position(0, short);
    let before = desk.exchange.account(desk.account).wallet(USDT);
    settle(&mut desk.exchange, 7);
    let part = cash("0.350175");
    let told = desk.exchange.take_payments();
    let rows: Vec<_> = told.iter().map(|it| (it.id, it.account, it.amount, it.wallet)).collect();
    let after = before.saturating_sub(part);
    let received = cash("10000.350175");
    assert_eq!(rows, [(1, desk.account, part.negated(), after), (2, other, part, received)]);
    assert!(told.iter().all(|it| (it.instrument, it.asset, it.unix_ms) == (BTC, USDT, 7)));
    assert_eq!(desk.exchange.account(desk.account).wallet(USDT), after);
    assert_eq!(desk.exchange.account(other).wallet(USDT), received);
    desk.exchange.set_funding_rate(bps("-2"));
    settle(&mut desk.exchange, 8);
    let double = part.saturating_add(part);
    assert_eq!(paid(&mut desk.exchange), [(double, 8), (double.negated(), 8)]);
    assert_eq!(desk.exchange.payments(other).count(), 2);
}

#[test]
fn it_is_settled_once_when_its_time_comes() {
    let mut desk = long();
    assert_eq!(next_funding_unix_ms(2), EIGHT_HOURS_MS);
    on_time(&mut desk, EIGHT_HOURS_MS - 1);
    assert_eq!(paid(&mut desk.exchange), []);
    on_time(&mut desk, EIGHT_HOURS_MS + 40);
    let part = cash("-0.350175");
    assert_eq!(paid(&mut desk.exchange), [(part, EIGHT_HOURS_MS)]);
    assert_eq!(next_funding_unix_ms(EIGHT_HOURS_MS), 2 * EIGHT_HOURS_MS);
    // A clock that is set back settles nothing again.
    for at in [EIGHT_HOURS_MS + 50, EIGHT_HOURS_MS - 9, EIGHT_HOURS_MS, 2 * EIGHT_HOURS_MS - 1] {
        on_time(&mut desk, at);
    }
    assert_eq!(paid(&mut desk.exchange), []);
    on_time(&mut desk, 2 * EIGHT_HOURS_MS);
    assert_eq!(paid(&mut desk.exchange), [(part, 2 * EIGHT_HOURS_MS)]);
}

#[test]
fn a_gap_over_several_settlements_is_the_last_of_them() {
    let mut desk = long();
    on_time(&mut desk, 9 * EIGHT_HOURS_MS + 5);
    assert_eq!(paid(&mut desk.exchange), [(cash("-0.350175"), 9 * EIGHT_HOURS_MS)]);
    let settled: Vec<_> = desk.exchange.settlements().map(|it| (it.mark, it.unix_ms)).collect();
    assert_eq!(settled, [(price("100.05"), 9 * EIGHT_HOURS_MS)], "one has no mark");
    on_time(&mut desk, u64::MAX);
    assert_eq!(paid(&mut desk.exchange).len(), 1);
}

#[test]
fn at_a_rate_of_zero_nobody_pays_and_it_was_settled() {
    let mut desk = long();
    desk.exchange.set_funding_rate(FundingRate::ZERO);
    on_time(&mut desk, EIGHT_HOURS_MS);
    assert!(!desk.exchange.has_payments());
    assert_eq!(desk.exchange.settlements().map(|it| it.rate).collect::<Vec<_>>(), [bps("0")]);
    let mut flat = Desk::new();
    flat.exchange.set_funding_rate(bps("250"));
    settle(&mut flat.exchange, 5);
    assert!(!flat.exchange.has_payments());
}

#[test]
fn in_process_it_is_a_change_of_the_wallet_with_its_cause() {
    let prefix = IdPrefix::new("tk").unwrap();
    let mut direct = Direct::new(instruments(), prefix, FEES, Cash::whole(10_000));
    let mut out = Vec::new();
    small_book().iter().for_each(|event| direct.on_market(1, event, &mut out));
    let mut snapshot = direct.snapshot(VenueId(0), QueryToken(1));
    let (instrument, qty, entry) = (BTC, qty("-2"), price("100"));
    snapshot.positions = vec![VenuePosition { instrument, qty, entry }];
    direct.adopt(2, &snapshot);
    direct.set_funding_rate(bps("10"));
    direct.advance(EIGHT_HOURS_MS, &mut out);
    let amount = cash("0.2001");
    let (venue, asset, cause) = (VenueId(0), USDT, BalanceCause::Funding);
    let change = BalanceChange { venue, asset, amount, cause };
    assert_eq!(out, [EventKind::Account(AccountEvent::Balance(change))]);
    let balances = direct.snapshot(VenueId(0), QueryToken(2)).balances;
    assert_eq!(balances, [(USDT, cash("10000.2001"))]);
}

#[test]
fn spot_has_none() {
    let mut exchange = Exchange::spot(instruments(), FEES);
    exchange.open_account(Cash::whole(10_000));
    exchange.set_funding_rate(bps("1"));
    let mut out = Vec::new();
    small_book().iter().for_each(|event| exchange.on_market(1, event, &mut out));
    for at in [1, EIGHT_HOURS_MS, 2 * EIGHT_HOURS_MS] {
        exchange.on_time(at, &mut out);
    }
    assert_eq!((exchange.settlements().count(), exchange.has_payments()), (0, false));
}

proptest! {
    #[test]
    fn wallets_move_by_what_is_told_and_the_sides_cancel_out(
        rates in proptest::collection::vec(-2_500_000_i64..=2_500_000, 1..8),
        held in 1_i64..1_000_000_000_000_000,
    ) {
        let (mut desk, rich) = (Desk::new(), cash("1000000000000"));
        let other = desk.exchange.open_account(rich);
        for (account, units) in [(desk.account, held), (other, -held)] {
            let qty = Qty::from_units(units);
            let cost = price("100.05").notional(qty.abs());
            let kept = desk.exchange.account_mut(account);
            kept.set_position(0, Position { qty, cost, updated_unix_ms: 1 });
            kept.set_wallet(USDT, rich);
        }
        for (now, rate) in (1..).zip(rates) {
            desk.exchange.set_funding_rate(FundingRate::from_e8(rate).unwrap());
            settle(&mut desk.exchange, now);
        }
        let sum = |account| {
            let all = desk.exchange.payments(account).map(|it| it.amount);
            all.fold(Cash::ZERO, Cash::saturating_add)
        };
        let [one, two] = [desk.account, other].map(sum);
        prop_assert_eq!(one, two.negated());
        for (account, sum) in [(desk.account, one), (other, two)] {
            let wallet = rich.saturating_add(sum);
            prop_assert_eq!(desk.exchange.account(account).wallet(USDT), wallet);
        }
    }
}
