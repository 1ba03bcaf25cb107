//! Limits of loss against the whole core. The three ways in which kill switches fail in the wild
//! each have their suite, one test for each failure that was reported (PEERS 6.4).

mod cannot_be_reset;
mod does_not_stop;
mod fires_falsely;
mod limits;

use crate::support::{BTC, ETH, USDT, VENUE, World, account, cash, limit, price};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{AccountEvent, Kept, Setup};
use tradekeel::types::{
    BalanceCause, BalanceChange, Cash, MS, MarketData, OrderKind, OrderRequest, Quote, SECOND, Side,
};

/// A long of 10 BTC bought at 10,000 with 100,000: each 100 of the price are one percent of equity.
/// The market speaks only when the test does.
pub(crate) fn long(change: impl FnOnce(&mut Setup)) -> World {
    let mut world = World::with(1, change);
    world.market_lives = false;
    mark(&mut world, 10_000);
    let request =
        OrderRequest { kind: OrderKind::Ioc(price("10000.1")), ..limit(Side::Buy, "10", "1") };
    world.wish(0, request).unwrap();
    world.advance(20 * MS);
    assert_eq!(world.position(), crate::support::qty("10"));
    // The fee comes back as a rebate, so that the numbers of the tests are round.
    let fee = cash(100_000).saturating_sub(world.status().equity.unwrap());
    change_wallet(&mut world, fee);
    tell(&mut world, fee, BalanceCause::ProfitOrLoss);
    world.quote(ETH, "9.9", "10.1");
    confirm(&mut world, 10_000);
    mark(&mut world, 10_000);
    assert_eq!(world.status().equity, Some(cash(100_000)));
    assert_eq!(world.status().drawdown_bps, Some(0));
    world
}

/// The price of BTC, with the smallest spread.
pub(crate) fn mark(world: &mut World, bid: u32) {
    world.quote(BTC, &bid.to_string(), &format!("{bid}.1"));
}

/// The same until it is believed: distinct valuations in whole rounds of quotes.
pub(crate) fn confirm(world: &mut World, bid: u32) {
    for below in [4, 3, 2, 1, 0] {
        let tenths = bid * 10 - below;
        let text = |tenths: u32| format!("{}.{}", tenths / 10, tenths % 10);
        world.quote(BTC, &text(tenths), &text(tenths + 1));
    }
}

/// Only the prices, as a stream repeats them.
pub(crate) fn tick(world: &mut World, instrument: tradekeel::types::InstrumentId, bid: &str) {
    let (bid, much) = (price(bid), tradekeel::types::Qty::whole(1));
    let ask = bid.saturating_add(price("0.1"));
    let quote = Quote { bid, bid_qty: much, ask, ask_qty: much };
    world.market(instrument, MarketData::Quote(quote));
}

/// Far from the market, so that it only asks whether new risk may be taken.
pub(crate) fn ask(world: &mut World) -> Result<(), DenyReason> {
    let wish = OrderRequest { instrument: ETH, ..limit(Side::Buy, "1", "9.5") };
    let answer = world.wish(0, wish);
    if let Ok(id) = answer {
        world.cancel(0, id);
        world.advance(10 * MS);
    }
    answer.map(drop)
}

/// The venue tells of a wallet that changed.
pub(crate) fn told(world: &mut World, amount: i32, cause: BalanceCause) {
    tell(world, cash(amount), cause);
}

fn tell(world: &mut World, amount: Cash, cause: BalanceCause) {
    let change = BalanceChange { venue: VENUE, asset: USDT, amount, cause };
    world.step(account(AccountEvent::Balance(change)));
}

/// The wallet at the venue changes, and no message says so.
pub(crate) fn moved(world: &mut World, amount: i32) {
    change_wallet(world, cash(amount));
}

fn change_wallet(world: &mut World, amount: Cash) {
    let mut snapshot = world.venue.snapshot(VENUE, world.core.account_token(VENUE));
    for (asset, balance) in &mut snapshot.balances {
        if *asset == USDT {
            *balance = balance.saturating_add(amount);
        }
    }
    world.venue.adopt(0, &snapshot);
}

/// A transfer as it should be: at the venue, and told.
pub(crate) fn transfer(world: &mut World, amount: i32) {
    moved(world, amount);
    told(world, amount, BalanceCause::Transfer);
}

/// A reading and the next two (doubted, believed, agreed), while prices go on as they are.
pub(crate) fn read(world: &mut World) {
    world.operator(tradekeel::core::OperatorCommand::Reconcile).unwrap();
    world.advance(700 * MS);
}

/// So many seconds in which prices are repeated.
pub(crate) fn wait(world: &mut World, seconds: u64, bid: u32) {
    for _ in 0..seconds {
        mark(world, bid);
        world.quote(ETH, "9.9", "10.1");
        world.advance(SECOND);
    }
}

/// What the last word on the day says.
pub(crate) fn opening(world: &World) -> Option<Cash> {
    world.kept.iter().rev().find_map(|kept| match kept {
        Kept::Day(mark) => Some(mark.opening),
        Kept::Breaker(_) => None,
    })
}
