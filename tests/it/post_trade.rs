//! What the market and the trades show after the fact: gaps in the feed (SAFETY T15), prices far from
//! where they were decided (T10), funding (T13).

use crate::support::{BTC, ETH, USDT, VENUE, World, account, cash, limit, price, qty};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{
    AccountEvent, Alert, Author, FundingSize, LinkChannel, LinkState, Mode, ModeCause, Often,
    OperatorCommand, OrderFault, Scope, Setup, SlippageLimits,
};
use tradekeel::types::{
    BalanceCause, BalanceChange, ClientOrderId, ExecutionKind, Fill, FundingRate, InstrumentId,
    Liquidity, MarketData, OrderKind, OrderRequest, SECOND, Side, StrategyId,
};

fn gaps(max: u32) -> impl FnOnce(&mut Setup) {
    move |setup| setup.limits.gaps = Often { max, window_ns: 60 * SECOND }
}

/// A gap in the feed, and the fresh snapshot that mends it.
fn gap(world: &mut World, instrument: InstrumentId) {
    world.market(instrument, MarketData::BookLost);
    let [bid, ask] = if instrument == BTC { ["99.9", "100.1"] } else { ["9.9", "10.1"] };
    world.quote(instrument, bid, ask);
}

fn held(world: &World, instrument: InstrumentId) -> (Mode, ModeCause) {
    let held = world.status().instruments[instrument.index()].held;
    (held.mode, held.cause)
}

#[test]
fn a_storm_of_gaps_stops_its_instrument_until_a_resume() {
    let mut world = World::with(1, gaps(3));
    let id = world.open(Side::Buy, "1", "99");
    (0..3).for_each(|_| gap(&mut world, BTC));
    assert_eq!(held(&world, BTC).0, Mode::Running, "so many are borne");
    gap(&mut world, BTC);
    assert_eq!(held(&world, BTC), (Mode::Reducing, ModeCause::GapStorm));
    assert_eq!(held(&world, ETH).0, Mode::Running);
    assert_eq!((world.cancels_of(id), world.status().counters.gaps), (1, 4));
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "98")), Err(DenyReason::ReducingOnly));
    gap(&mut world, BTC);
    let told = world.alerts.iter().filter(|alert| matches!(alert, Alert::GapStorm(_))).count();
    assert_eq!(told, 1, "a stop is told once");
    world.operator(OperatorCommand::Resume(Scope::Instrument(BTC))).unwrap();
    assert_eq!(held(&world, BTC).0, Mode::Conservative);
}

#[test]
fn gaps_that_are_far_apart_or_of_several_instruments_are_no_storm() {
    let mut world = World::with(1, gaps(3));
    for _ in 0..8 {
        gap(&mut world, BTC);
        world.advance(20 * SECOND);
    }
    (0..3).for_each(|_| gap(&mut world, ETH));
    assert_eq!([BTC, ETH].map(|it| held(&world, it).0), [Mode::Running; 2]);
}

/// A connection takes every book with it, and says so of each once more when it is back.
#[test]
fn a_lost_connection_is_no_gap() {
    let mut world = World::with(1, gaps(1));
    for _ in 0..5 {
        world.link(LinkChannel::Market, LinkState::Down);
        world.link(LinkChannel::Market, LinkState::Up);
        world.market(BTC, MarketData::BookLost);
        world.quote(BTC, "99.9", "100.1");
    }
    world.market(BTC, MarketData::BookLost);
    world.market(BTC, MarketData::BookLost);
    assert_eq!((world.status().counters.gaps, held(&world, BTC).0), (1, Mode::Running));
}

/// Two strategies; thirty basis points, and two such orders a minute.
fn slipping() -> World {
    World::with(2, |setup| {
        let orders = Often { max: 2, window_ns: 60 * SECOND };
        setup.limits.slippage = SlippageLimits { max_bps: 30, orders };
    })
}

fn ioc(world: &mut World, side: Side, at: &str) -> ClientOrderId {
    let request = OrderRequest { kind: OrderKind::Ioc(price(at)), ..limit(side, "2", "1") };
    world.faults.lost_requests = 1_000;
    world.wish(0, request).unwrap()
}

fn fill(world: &mut World, id: ClientOrderId, trade: u64, side: Side, at: &str, taken: Liquidity) {
    let (price, cum_qty) = (price(at), qty(if trade.is_multiple_of(2) { "2" } else { "1" }));
    world.report(
        id,
        ExecutionKind::Trade(Fill {
            trade_id: trade,
            side,
            price,
            qty: qty("1"),
            cum_qty,
            fee: None,
            liquidity: taken,
        }),
    );
}

fn slips(world: &World) -> Vec<i64> {
    let slip = |alert: &Alert| {
        let Alert::Order { fault: OrderFault::Slippage { bps }, .. } = alert else { return None };
        Some(*bps)
    };
    world.alerts.iter().filter_map(slip).collect()
}

#[test]
fn an_order_that_trades_far_from_its_decision_is_told_once() {
    for (side, touch, first, second) in
        [(Side::Buy, "100.9", "100.2", "100.5"), (Side::Sell, "99.1", "99.8", "99.5")]
    {
        let mut world = slipping();
        let id = ioc(&mut world, side, touch);
        fill(&mut world, id, 1, side, first, Liquidity::Taker);
        assert_eq!(slips(&world).len(), 0, "20 of 30");
        fill(&mut world, id, 2, side, second, Liquidity::Taker);
        assert_eq!(slips(&world), [35], "the average of 20 and 50");
        let status = world.status();
        assert_eq!((status.strategies[0].slipped, status.strategies[1].slipped), (1, 0));
        assert_eq!(status.strategies[0].held.mode, Mode::Running);
    }
}

#[test]
fn the_limit_itself_and_what_rested_are_no_slippage() {
    let mut world = slipping();
    let id = ioc(&mut world, Side::Buy, "100.9");
    fill(&mut world, id, 1, Side::Buy, "100.3", Liquidity::Taker);
    fill(&mut world, id, 2, Side::Buy, "100.9", Liquidity::Maker);
    assert_eq!((slips(&world), world.status().strategies[0].slipped), (vec![], 0));
}

/// The market of the decision counts, not the one of the trade.
#[test]
fn the_mid_is_that_of_the_decision() {
    let mut world = slipping();
    let id = ioc(&mut world, Side::Buy, "100.9");
    world.quote(BTC, "100.4", "100.6");
    fill(&mut world, id, 1, Side::Buy, "100.5", Liquidity::Taker);
    assert_eq!(slips(&world), [50]);
}

#[test]
fn too_many_orders_that_slip_leave_their_strategy_reductions_until_its_resume() {
    let mut world = slipping();
    for trade in [1, 3, 5] {
        assert_eq!(world.status().strategies[0].held.mode, Mode::Running, "{trade}");
        let id = ioc(&mut world, Side::Buy, "100.9");
        fill(&mut world, id, trade, Side::Buy, "100.8", Liquidity::Taker);
        world.report(id, ExecutionKind::Expired { cum_qty: qty("1") });
    }
    let status = world.status();
    let [first, second] = [0, 1].map(|at: usize| status.strategies[at].held);
    assert_eq!((first.mode, first.cause), (Mode::Reducing, ModeCause::Slippage));
    assert_eq!((second.mode, first.cause.author()), (Mode::Running, Author::Engine));
    let scope = Scope::Strategy(StrategyId(0));
    world.operator(OperatorCommand::Resume(scope)).unwrap();
    assert_eq!(world.status().strategies[0].held.mode, Mode::Conservative);
}

/// Paid by positions and not by trades: told, and no transfer.
#[test]
fn funding_is_told_and_loud_beyond_its_part_of_equity() {
    for (amount, size) in [
        (-1_000, FundingSize::Ordinary),
        (1_000, FundingSize::Ordinary),
        (-1_001, FundingSize::Large),
        (1_001, FundingSize::Large),
    ] {
        let mut world = World::calm();
        let before = world.status().equity.unwrap();
        let (asset, amount, cause) = (USDT, cash(amount), BalanceCause::Funding);
        let change = BalanceChange { venue: VENUE, asset, amount, cause };
        world.step(account(AccountEvent::Balance(change)));
        assert!(world.alerts.contains(&Alert::Funding { asset, amount, size }), "{amount}");
        let status = world.status();
        assert_eq!(status.profit(), Some(amount), "profit or loss, and no transfer");
        assert_eq!(status.equity, Some(before.saturating_add(amount)));
    }
}

/// 10 at a mark of 100 pay a thousandth of it at midnight; the world begins at 22:13:20 UTC.
#[test]
fn what_the_exchange_settles_is_what_the_core_books_and_nothing_is_left_to_explain() {
    let mut world = World::calm();
    world.venue.set_funding_rate(FundingRate::parse_bps("10").unwrap());
    world.take(Side::Buy, "10");
    let wallet = |world: &World| {
        let venue = &world.venue;
        venue.exchange().account(venue.account()).wallet(USDT)
    };
    let before = [world.status().equity.unwrap(), wallet(&world)];
    world.hang(6_400 * SECOND);
    world.advance(30 * SECOND);
    let (asset, amount, size) = (USDT, cash(-1), FundingSize::Ordinary);
    let told = Alert::Funding { asset, amount, size };
    assert_eq!(world.alerts.iter().filter(|alert| **alert == told).count(), 1);
    let after = before.map(|cash| cash.saturating_add(amount));
    assert_eq!([world.status().equity.unwrap(), wallet(&world)], after);
    assert!(!world.has_alert(|it| matches!(it, Alert::Unexplained { .. } | Alert::Mismatch(_))));
}

#[test]
fn funding_that_cannot_be_measured_is_loud() {
    let mut world = World::asleep(0, |_| {});
    let (asset, amount, cause) = (USDT, cash(-1), BalanceCause::Funding);
    let change = BalanceChange { venue: VENUE, asset, amount, cause };
    world.step(account(AccountEvent::Balance(change)));
    let size = FundingSize::Large;
    assert!(world.alerts.contains(&Alert::Funding { asset, amount, size }));
}
