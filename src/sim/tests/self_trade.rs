//! What becomes of orders of one account that meet.

use super::{Desk, pairs, trades};
use crate::sim::account::Fees;
use crate::sim::exchange::Exchange;
use crate::sim::order::{
    ExpiryReason, Order, OrderEntry, Prevention, Report, ReportKind, State, TradeRecord,
};
use crate::sim::self_trade::SelfTrade;
use crate::sim::testing::{USDT, delta, end, instruments, limit, price, qty, quote, small_book};
use crate::types::{Cash, Liquidity, Qty, Side, TimeInForce};
use SelfTrade::{ExpireBoth, ExpireMaker, ExpireTaker};

const MODES_OF_PREVENTION: [SelfTrade; 3] = [ExpireMaker, ExpireTaker, ExpireBoth];

/// A sale of 2 at 100.1, behind the five that stand there.
fn resting(desk: &mut Desk) -> Order {
    desk.rest(limit(Side::Sell, "100.1", "2"))
}

fn buy(at: &str, amount: &str, mode: SelfTrade) -> OrderEntry {
    limit(Side::Buy, at, amount).preventing(mode)
}

fn prevented(id: u64, counter_id: u64, at: &str, amount: &str) -> State {
    let prevention = Prevention { id, counter_id, price: price(at), qty: qty(amount) };
    State::Expired(ExpiryReason::SelfTrade(prevention))
}

/// Which orders expired, in order.
fn expired(reports: &[Report]) -> Vec<u64> {
    let ended = reports.iter().filter(|report| report.kind == ReportKind::Expired);
    ended.map(|report| report.order.id).collect()
}

#[test]
fn the_resting_order_goes_at_its_place_in_the_queue_and_the_other_goes_on() {
    let mut desk = Desk::new();
    let maker = resting(&mut desk);
    let (taker, reports) = desk.place(buy("100.2", "8", ExpireMaker));
    assert_eq!(trades(&reports), pairs(&[("100.1", "5"), ("100.2", "3")]));
    assert_eq!((reports.len(), reports[2].kind), (4, ReportKind::Expired), "between the two");
    assert_eq!(reports[2].order, desk.order(maker.id));
    let taker = taker.unwrap();
    assert_eq!((taker.state, desk.position()), (State::Filled, qty("8")));
    assert_eq!(desk.order(maker.id).state, prevented(1, taker.id, "100.1", "2"));
    assert_eq!(desk.exchange.open_orders(desk.account).count(), 0);
}

#[test]
fn the_taking_order_goes_with_what_it_traded_before() {
    let mut desk = Desk::new();
    let maker = resting(&mut desk);
    let (taker, reports) = desk.place(buy("100.2", "8", ExpireTaker));
    assert_eq!(trades(&reports), pairs(&[("100.1", "5")]));
    let taker = taker.unwrap();
    assert_eq!(expired(&reports), [taker.id]);
    assert_eq!((taker.state, taker.cum_qty), (prevented(1, maker.id, "100.1", "2"), qty("5")));
    assert_eq!((desk.order(maker.id), desk.position()), (maker, qty("5")));
}

#[test]
fn both_go_with_one_number() {
    let mut desk = Desk::new();
    let maker = resting(&mut desk);
    let (taker, reports) = desk.place(buy("100.1", "6", ExpireBoth));
    let taker = taker.unwrap();
    assert_eq!(expired(&reports), [maker.id, taker.id]);
    assert_eq!(taker.state, prevented(1, maker.id, "100.1", "1"));
    assert_eq!(desk.order(maker.id).state, prevented(1, taker.id, "100.1", "1"));
    assert_eq!(desk.position(), qty("5"));
}

#[test]
fn without_prevention_both_trade_and_the_position_stays() {
    let mut desk = Desk::new();
    let maker = resting(&mut desk);
    let (taker, reports) = desk.place(buy("100.1", "6", SelfTrade::None));
    assert_eq!(trades(&reports), pairs(&[("100.1", "5"), ("100.1", "1"), ("100.1", "1")]));
    assert_eq!((taker.unwrap().state, desk.position()), (State::Filled, qty("5")));
    let maker = desk.order(maker.id);
    assert_eq!((maker.state, maker.cum_qty), (State::PartiallyFilled, qty("1")));
    let own: Vec<_> = desk.exchange.trades(desk.account).skip(1).collect();
    let [made, taken] = own[..] else { panic!("{own:?}") };
    assert_eq!([made.liquidity, taken.liquidity], [Liquidity::Maker, Liquidity::Taker]);
    assert_eq!([made.side, taken.side], [Side::Sell, Side::Buy]);
    let all = desk.exchange.trades(desk.account);
    let earned =
        |sum: Cash, it: &TradeRecord| sum.saturating_add(it.realised).saturating_sub(it.fee);
    let wallet = all.fold(Cash::whole(10_000), earned);
    assert_eq!(desk.exchange.account(desk.account).wallet(USDT), wallet);
}

#[test]
fn the_one_that_takes_decides() {
    for (rests, takes) in [(ExpireMaker, ExpireTaker), (ExpireTaker, ExpireMaker)] {
        let mut desk = Desk::new();
        let maker = desk.rest(limit(Side::Sell, "100.1", "2").preventing(rests));
        let taker = desk.place(buy("100.1", "6", takes)).0.unwrap();
        let goes = |order: &Order| desk.order(order.id).state != State::New;
        assert_eq!(goes(&maker), takes == ExpireMaker, "{rests:?} {takes:?}");
        assert_eq!(!taker.state.is_open(), takes == ExpireTaker, "{rests:?} {takes:?}");
    }
}

#[test]
fn own_orders_are_met_by_price_and_then_by_age_among_the_levels_of_the_market() {
    let mut desk = Desk::new();
    let [third, second] = ["100.3", "100.2"].map(|at| desk.rest(limit(Side::Sell, at, "2")));
    desk.market(&quote("99.0", "5", "100.2", "10"));
    let first = desk.rest(limit(Side::Sell, "99.5", "2"));
    let younger = desk.rest(limit(Side::Sell, "99.5", "2"));
    let (_, reports) = desk.place(buy("100.3", "40", ExpireMaker));
    assert_eq!(trades(&reports), pairs(&[("100.2", "10"), ("100.3", "20")]));
    assert_eq!(expired(&reports), [first.id, younger.id, second.id, third.id]);
    assert_eq!(reports[1].kind, ReportKind::Expired, "before the market, which is dearer");
}

#[test]
fn what_came_after_an_own_order_is_met_after_it() {
    let mut desk = Desk::new();
    let maker = resting(&mut desk);
    desk.market(&delta(Side::Sell, "100.1", "9"));
    desk.market(&end());
    desk.market(&quote("100.0", "5", "100.1", "9"));
    let (_, reports) = desk.place(buy("100.1", "12", ExpireMaker));
    assert_eq!(trades(&reports), pairs(&[("100.1", "5"), ("100.1", "4")]));
    assert_eq!(expired(&reports), [maker.id]);
}

#[test]
fn what_was_taken_before_an_own_order_is_not_before_it_any_more() {
    let mut desk = Desk::new();
    let maker = resting(&mut desk);
    let first = desk.place(buy("100.1", "3", ExpireTaker)).0.unwrap();
    assert_eq!((first.state, desk.order(maker.id)), (State::Filled, maker), "not yet met");
    let second = desk.place(buy("100.1", "4", ExpireTaker)).0.unwrap();
    assert_eq!((second.state, second.cum_qty), (prevented(1, maker.id, "100.1", "2"), qty("2")));
}

#[test]
fn an_order_that_is_filled_before_it_meets_its_own_ends_nothing() {
    for mode in MODES_OF_PREVENTION {
        let mut desk = Desk::new();
        let maker = resting(&mut desk);
        let taker = desk.place(buy("100.2", "5", mode)).0.unwrap();
        assert_eq!((taker.state, desk.order(maker.id)), (State::Filled, maker));
    }
}

#[test]
fn a_market_order_ends_its_own_and_then_for_want_of_others() {
    let mut desk = Desk::new();
    let maker = desk.rest(limit(Side::Sell, "100.4", "2"));
    let (taker, reports) = desk.place(buy("1", "40", ExpireMaker).market());
    let taker = taker.unwrap();
    assert_eq!(expired(&reports), [maker.id, taker.id]);
    assert_eq!(taker.state, State::Expired(ExpiryReason::MarketRest));
    assert_eq!(desk.order(maker.id).state, prevented(1, taker.id, "100.4", "2"));
}

#[test]
fn a_post_only_order_does_not_meet_its_own() {
    let mut desk = Desk::new();
    desk.market(&quote("99.0", "5", "100.1", "5"));
    desk.rest(limit(Side::Sell, "99.9", "2"));
    let bid = |at| limit(Side::Buy, at, "2").tif(TimeInForce::Gtx);
    assert_eq!(desk.refused(bid("99.9")), -5022);
    desk.rest(bid("99.8"));
}

#[test]
fn what_fills_or_is_killed_trades_with_its_own_on_contracts() {
    for mode in SelfTrade::ALL {
        let mut desk = Desk::new();
        resting(&mut desk);
        let fok = |amount| buy("100.1", amount, mode).tif(TimeInForce::Fok);
        assert_eq!(desk.refused(fok("7.001")), -5021);
        let taker = desk.place(fok("7")).0.unwrap();
        assert_eq!((taker.state, desk.position()), (State::Filled, qty("5")), "{mode:?}");
    }
}

#[test]
fn what_fills_or_is_killed_counts_on_spot_what_its_mode_lets_it_take() {
    for (mode, whole, more) in [
        (SelfTrade::None, "17", "17.001"),
        (ExpireMaker, "15", "15.001"),
        (ExpireTaker, "5", "5.001"),
        (ExpireBoth, "5", "5.001"),
    ] {
        let outcome = |amount: &str| {
            let mut exchange = Exchange::spot(instruments(), Fees::default());
            let assets = exchange.instruments()[0].base;
            let wallets = [(USDT, Cash::whole(10_000)), (assets, Cash::whole(10))];
            let account = exchange.open_wallets(wallets.into());
            let mut out = Vec::new();
            small_book().iter().for_each(|event| exchange.on_market(1, event, &mut out));
            let sale = limit(Side::Sell, "100.1", "2");
            exchange.place(2, account, &sale, &mut out).unwrap();
            let taker = buy("100.2", amount, mode).tif(TimeInForce::Fok);
            exchange.place(3, account, &taker, &mut out).unwrap()
        };
        assert_eq!(outcome(whole).state, State::Filled, "{mode:?} {whole}");
        let hopeless = outcome(more);
        assert_eq!(hopeless.state, State::Expired(ExpiryReason::ImmediateRest), "{mode:?} {more}");
        assert_eq!(hopeless.cum_qty, Qty::ZERO, "{mode:?} {more}");
    }
}

#[test]
fn a_trade_with_itself_ends_no_reduction_between_its_sides() {
    let mut desk = Desk::new();
    desk.place(buy("100.1", "2", ExpireMaker)).0.unwrap();
    desk.market(&quote("99.0", "5", "101.0", "5"));
    let [_, other] = ["100.0", "100.9"].map(|at| desk.rest(limit(Side::Sell, at, "2").reducing()));
    let (taker, reports) = desk.place(buy("100.0", "2", SelfTrade::None));
    assert_eq!((taker.unwrap().state, expired(&reports)), (State::Filled, vec![]));
    assert_eq!((desk.order(other.id).state, desk.position()), (State::New, qty("2")));
}

#[test]
fn orders_of_two_accounts_do_not_meet() {
    let mut desk = Desk::new();
    let maker = resting(&mut desk);
    let other = desk.exchange.open_account(Cash::whole(10_000));
    let mut out = Vec::new();
    let taker = desk.exchange.place(9, other, &buy("100.1", "6", ExpireBoth), &mut out).unwrap();
    assert_eq!((taker.state, desk.order(maker.id)), (State::PartiallyFilled, maker));
}
