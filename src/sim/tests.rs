//! The rules of matching, row by row.

mod amends;
mod balance;
mod conditionals;
mod funding;
mod liquidations;
mod self_trade;

use super::account::Fees;
use super::exchange::{AccountIndex, Exchange, OPEN_ORDERS_MAX};
use super::order::{ExpiryReason, Order, OrderEntry, OrderKey, Report, ReportKind, State};
use super::reject::Reject;
use super::testing::{
    BTC, ETH, USDT, btc, cash, delta, end, instruments, limit, price, qty, quote, small_book, trade,
};
use crate::types::{Cash, Liquidity, MarkBand, MarketData, MarketEvent, Qty, Side, TimeInForce};

const FEES: Fees = Fees { maker_centi_bps: 200, taker_centi_bps: 500 };

struct Desk {
    exchange: Exchange,
    account: AccountIndex,
    now_unix_ms: u64,
}

impl Desk {
    fn new() -> Self {
        Self::with(FEES)
    }

    fn with(fees: Fees) -> Self {
        let mut exchange = Exchange::new(instruments(), fees);
        let account = exchange.open_account(Cash::whole(10_000));
        let mut desk = Self { exchange, account, now_unix_ms: 1 };
        small_book().iter().for_each(|event| assert!(desk.market(event).is_empty()));
        desk
    }

    fn market(&mut self, event: &MarketEvent) -> Vec<Report> {
        let mut out = Vec::new();
        self.now_unix_ms += 1;
        self.exchange.on_market(self.now_unix_ms, event, &mut out);
        out
    }

    fn place(&mut self, entry: OrderEntry) -> (Result<Order, Reject>, Vec<Report>) {
        let mut out = Vec::new();
        self.now_unix_ms += 1;
        let placed = self.exchange.place(self.now_unix_ms, self.account, &entry, &mut out);
        (placed, out)
    }

    fn rest(&mut self, entry: OrderEntry) -> Order {
        let (order, reports) = self.place(entry);
        assert_eq!(reports.len(), 1, "{reports:?}");
        order.unwrap()
    }

    fn refused(&mut self, entry: OrderEntry) -> i32 {
        let (placed, reports) = self.place(entry);
        assert!(reports.is_empty());
        placed.unwrap_err().code()
    }

    fn order(&self, id: u64) -> Order {
        self.exchange.order(self.account, BTC, OrderKey::Id(id)).unwrap()
    }

    fn position(&self) -> Qty {
        self.exchange.account(self.account).position(0).qty
    }
}

/// Prices and quantities of the trades among reports.
fn trades(reports: &[Report]) -> Vec<(String, String)> {
    let trade = |report: &Report| match report.kind {
        ReportKind::Trade(trade) => Some((trade.price.to_string(), trade.qty.to_string())),
        ReportKind::New | ReportKind::Amended | ReportKind::Canceled | ReportKind::Expired => None,
    };
    reports.iter().filter_map(trade).collect()
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected.iter().map(|(at, amount)| ((*at).to_owned(), (*amount).to_owned())).collect()
}

#[test]
fn a_taker_walks_the_book_within_its_limit_and_the_rest_rests() {
    let mut desk = Desk::new();
    let (order, reports) = desk.place(limit(Side::Buy, "100.2", "20"));
    assert_eq!(trades(&reports), pairs(&[("100.1", "5"), ("100.2", "10")]));
    let order = order.unwrap();
    assert_eq!((order.state, order.cum_qty), (State::PartiallyFilled, qty("15")));
    assert_eq!(order.ahead, Qty::ZERO, "nobody else bids there");
    let ids: Vec<u64> = desk.exchange.trades(desk.account).map(|trade| trade.id).collect();
    assert_eq!(ids, [1, 2]);
    assert_eq!(order.average_price(), price("100.16666666"));
}

#[test]
fn what_we_took_is_gone_until_the_market_shows_another_quantity() {
    let mut desk = Desk::new();
    let ioc = limit(Side::Buy, "100.1", "4").tif(TimeInForce::Ioc);
    assert_eq!(trades(&desk.place(ioc).1), pairs(&[("100.1", "4")]));
    assert_eq!(trades(&desk.place(ioc).1), pairs(&[("100.1", "1")]));
    assert!(trades(&desk.place(ioc).1).is_empty());
    // The same quantity said again is no new liquidity.
    desk.market(&delta(Side::Sell, "100.1", "5"));
    desk.market(&quote("100.0", "6", "100.1", "5"));
    assert!(trades(&desk.place(ioc).1).is_empty());
    desk.market(&quote("100.0", "6", "100.1", "7"));
    assert_eq!(trades(&desk.place(ioc).1), pairs(&[("100.1", "4")]));
}

#[test]
fn a_price_that_the_quote_has_passed_is_not_there_to_take() {
    let mut desk = Desk::new();
    desk.market(&quote("100.1", "1", "100.2", "10"));
    let (_, reports) = desk.place(limit(Side::Buy, "100.2", "11").tif(TimeInForce::Ioc));
    assert_eq!(trades(&reports), pairs(&[("100.2", "10")]));
}

#[test]
fn an_immediate_order_takes_what_is_there_and_expires() {
    let mut desk = Desk::new();
    let (order, reports) = desk.place(limit(Side::Sell, "100.0", "8").tif(TimeInForce::Ioc));
    assert_eq!(trades(&reports), pairs(&[("100", "5")]));
    assert_eq!(order.unwrap().state, State::Expired(ExpiryReason::ImmediateRest));
    assert_eq!(reports.last().unwrap().kind, ReportKind::Expired);
    let (order, reports) = desk.place(limit(Side::Sell, "105", "1").tif(TimeInForce::Ioc));
    assert_eq!(reports.len(), 2);
    assert_eq!(order.unwrap().cum_qty, Qty::ZERO);
}

#[test]
fn a_market_order_takes_at_any_price_until_the_book_is_empty() {
    let mut desk = Desk::new();
    let (order, reports) = desk.place(limit(Side::Buy, "1", "40").market());
    assert_eq!(trades(&reports), pairs(&[("100.1", "5"), ("100.2", "10"), ("100.3", "20")]));
    assert_eq!(order.unwrap().state, State::Expired(ExpiryReason::MarketRest));
}

#[test]
fn fill_or_kill_is_whole_or_refused() {
    let mut desk = Desk::new();
    let fok = |amount| limit(Side::Buy, "100.2", amount).tif(TimeInForce::Fok);
    assert_eq!(desk.refused(fok("15.001")), -5021);
    let (order, reports) = desk.place(fok("15"));
    assert_eq!(order.unwrap().state, State::Filled);
    assert_eq!(reports.len(), 3);
}

#[test]
fn post_only_rests_or_is_refused() {
    let mut desk = Desk::new();
    let gtx = |at| limit(Side::Buy, at, "1").tif(TimeInForce::Gtx);
    assert_eq!(desk.refused(gtx("100.1")), -5022);
    assert_eq!(desk.rest(gtx("100.0")).ahead, qty("5"));
}

#[test]
fn a_resting_order_waits_behind_what_was_there_before_it() {
    let mut desk = Desk::new();
    let order = desk.rest(limit(Side::Buy, "100.0", "2"));
    assert_eq!(order.ahead, qty("5"));
    assert!(desk.market(&trade("100.0", "4.999", Side::Sell)).is_empty());
    assert_eq!(desk.order(order.id).ahead, qty("0.001"));
    let reports = desk.market(&trade("100.0", "0.501", Side::Sell));
    assert_eq!(trades(&reports), pairs(&[("100", "0.5")]));
    let reports = desk.market(&trade("100.0", "9", Side::Sell));
    assert_eq!(trades(&reports), pairs(&[("100", "1.5")]));
    assert_eq!(desk.order(order.id).state, State::Filled);
    assert!(desk.market(&trade("100.0", "9", Side::Sell)).is_empty());
}

#[test]
fn trades_of_the_other_kind_or_price_do_not_reach_it() {
    let mut desk = Desk::new();
    let order = desk.rest(limit(Side::Buy, "100.0", "2"));
    desk.market(&trade("100.0", "50", Side::Buy));
    desk.market(&trade("100.1", "50", Side::Sell));
    assert_eq!(desk.order(order.id).ahead, qty("5"));
    assert_eq!(desk.position(), Qty::ZERO);
}

#[test]
fn cancels_ahead_count_only_when_less_is_shown_than_stood_ahead() {
    let mut desk = Desk::new();
    let order = desk.rest(limit(Side::Buy, "100.0", "2"));
    desk.market(&delta(Side::Buy, "100.0", "9"));
    desk.market(&end());
    assert_eq!(desk.order(order.id).ahead, qty("5"), "newcomers stand behind us");
    desk.market(&delta(Side::Buy, "100.0", "3"));
    assert_eq!(desk.order(order.id).ahead, qty("5"), "not before the frame is whole");
    desk.market(&end());
    assert_eq!(desk.order(order.id).ahead, qty("3"));
    desk.market(&quote("100.0", "1", "100.1", "5"));
    assert_eq!(desk.order(order.id).ahead, qty("3"), "a quote may speak of a trade to come");
}

#[test]
fn a_trade_through_the_price_fills_up_to_its_quantity() {
    let mut desk = Desk::new();
    let order = desk.rest(limit(Side::Buy, "100.0", "2"));
    let reports = desk.market(&trade("99.9", "0.5", Side::Sell));
    assert_eq!(trades(&reports), pairs(&[("100", "0.5")]), "at our price");
    assert_eq!(desk.order(order.id).ahead, Qty::ZERO);
    let reports = desk.market(&trade("99.9", "5", Side::Sell));
    assert_eq!(trades(&reports), pairs(&[("100", "1.5")]));
}

#[test]
fn a_book_that_moves_through_the_price_does_not_fill() {
    let mut desk = Desk::new();
    let order = desk.rest(limit(Side::Buy, "100.0", "2"));
    desk.market(&quote("99.8", "20", "99.9", "10"));
    desk.market(&delta(Side::Buy, "100.0", "0"));
    desk.market(&delta(Side::Sell, "99.9", "10"));
    desk.market(&end());
    assert_eq!(desk.order(order.id).state, State::New);
    assert_eq!(desk.position(), Qty::ZERO);
}

#[test]
fn our_orders_share_a_trade_by_price_then_age() {
    let mut desk = Desk::new();
    let late = desk.rest(limit(Side::Buy, "99.9", "3"));
    let first = desk.rest(limit(Side::Buy, "100.0", "1"));
    let second = desk.rest(limit(Side::Buy, "100.0", "1"));
    // 5 stand before both at 100.0: 6.5 reach one and a half of ours.
    let reports = desk.market(&trade("100.0", "6.5", Side::Sell));
    let filled: Vec<(u64, Qty)> = reports.iter().map(|r| (r.order.id, r.order.cum_qty)).collect();
    assert_eq!(filled, [(first.id, qty("1")), (second.id, qty("0.5"))]);
    // Through 100.0: half of ours there, then 10 before ours at 99.9.
    let reports = desk.market(&trade("99.9", "11", Side::Sell));
    let filled: Vec<(u64, Qty)> = reports.iter().map(|r| (r.order.id, r.order.cum_qty)).collect();
    assert_eq!(filled, [(second.id, qty("1")), (late.id, qty("0.5"))]);
}

#[test]
fn sells_rest_by_the_mirrored_rules() {
    let mut desk = Desk::new();
    let order = desk.rest(limit(Side::Sell, "100.1", "1"));
    assert_eq!(order.ahead, qty("5"));
    assert!(desk.market(&trade("100.1", "5", Side::Buy)).is_empty());
    assert_eq!(trades(&desk.market(&trade("100.2", "1", Side::Buy))), pairs(&[("100.1", "1")]));
    assert_eq!(desk.position(), qty("-1"));
}

#[test]
fn a_better_price_has_nobody_ahead() {
    let mut desk = Desk::new();
    desk.market(&quote("100.0", "5", "100.3", "20"));
    assert_eq!(desk.rest(limit(Side::Buy, "100.1", "1")).ahead, Qty::ZERO);
    assert_eq!(trades(&desk.market(&trade("100.1", "1", Side::Sell))), pairs(&[("100.1", "1")]));
}

#[test]
fn fees_follow_who_stood_there_first() {
    let mut desk = Desk::with(Fees { maker_centi_bps: -100, taker_centi_bps: 500 });
    desk.place(limit(Side::Buy, "100.1", "5")).0.unwrap();
    // 500.5 at 5 bp.
    assert_eq!(desk.exchange.account(desk.account).wallet(USDT), cash("9999.74975"));
    desk.rest(limit(Side::Sell, "100.1", "5"));
    desk.market(&trade("100.2", "5", Side::Buy));
    // A rebate of 1 bp, and no profit between the two.
    assert_eq!(desk.exchange.account(desk.account).wallet(USDT), cash("9999.7998"));
    let kept: Vec<_> = desk.exchange.trades(desk.account).map(|trade| trade.liquidity).collect();
    assert_eq!(kept, [Liquidity::Taker, Liquidity::Maker]);
}

#[test]
fn reduce_only_reduces_or_is_refused() {
    let mut desk = Desk::new();
    assert_eq!(desk.refused(limit(Side::Sell, "100.0", "1").reducing()), -2022);
    desk.place(limit(Side::Buy, "100.1", "2")).0.unwrap();
    assert_eq!(desk.refused(limit(Side::Buy, "100.1", "1").reducing()), -2022);
    let (order, reports) = desk.place(limit(Side::Sell, "100.0", "3").reducing());
    assert_eq!(trades(&reports), pairs(&[("100", "2")]), "never more than the position");
    assert_eq!(order.unwrap().state, State::Expired(ExpiryReason::PositionGone));
    assert_eq!(desk.position(), Qty::ZERO);
}

#[test]
fn resting_reductions_shrink_and_go_with_the_position() {
    let mut desk = Desk::new();
    desk.place(limit(Side::Buy, "100.1", "2")).0.unwrap();
    let first = desk.rest(limit(Side::Sell, "100.2", "2").reducing());
    let second = desk.rest(limit(Side::Sell, "100.3", "2").reducing());
    let other = desk.rest(limit(Side::Sell, "100.4", "1"));
    desk.place(limit(Side::Sell, "100.0", "1").tif(TimeInForce::Ioc)).0.unwrap();
    let reports = desk.market(&trade("100.4", "50", Side::Buy));
    assert_eq!(trades(&reports), pairs(&[("100.2", "1"), ("100.4", "1")]), "shrunk to the rest");
    let gone = State::Expired(ExpiryReason::PositionGone);
    assert_eq!((desk.order(first.id).state, desk.order(second.id).state), (gone, gone));
    assert_eq!(desk.order(other.id).state, State::Filled);
    assert_eq!(desk.position(), qty("-1"));
}

#[test]
fn margin_binds_what_opens_and_never_what_reduces() {
    let mut desk = Desk::new();
    // 10,000 at leverage 20 carry 200,000, bids and asks each on their own.
    desk.rest(limit(Side::Buy, "99.0", "1000"));
    desk.rest(limit(Side::Buy, "99.0", "1000"));
    assert_eq!(desk.refused(limit(Side::Buy, "99.0", "21")), -2019);
    desk.rest(limit(Side::Buy, "99.0", "20"));
    desk.rest(limit(Side::Sell, "101.0", "900"));
    let mut out = Vec::new();
    desk.exchange.cancel_all(9, desk.account, BTC, &mut out).unwrap();
    desk.place(limit(Side::Buy, "100.3", "35")).0.unwrap();
    // Poor all at once: what reduces still passes.
    desk.exchange.account_mut(desk.account).set_wallet(USDT, Cash::ZERO);
    assert_eq!(desk.refused(limit(Side::Buy, "100.0", "5")), -2019);
    assert!(desk.place(limit(Side::Sell, "100.0", "5")).0.is_ok());
}

#[test]
fn leverage_and_tiers_decide_what_an_account_carries() {
    let mut desk = Desk::new();
    assert!(desk.exchange.set_leverage(BTC, 100));
    assert!(!desk.exchange.set_leverage(BTC, 0) && !desk.exchange.set_leverage(BTC, 126));
    // Beyond 600,000 no more than 75 is to be had, with which 10,000 carry 750,000.
    desk.rest(limit(Side::Buy, "99.0", "1000").named("a"));
    assert_eq!(desk.exchange.margin(desk.account, USDT), cash("990"));
    for _ in 0..5 {
        desk.rest(limit(Side::Buy, "99.0", "1000"));
    }
    assert_eq!(desk.exchange.margin(desk.account, USDT), cash("5940"));
    assert_eq!(desk.refused(limit(Side::Buy, "99.0", "1000")), -2027);
    assert!(desk.exchange.set_leverage(BTC, 75));
    desk.rest(limit(Side::Buy, "99.0", "1000"));
    assert_eq!(desk.exchange.margin(desk.account, USDT), cash("9240"));
    assert_eq!(desk.exchange.available(desk.account, USDT), cash("760"));
    assert_eq!(desk.refused(limit(Side::Buy, "99.0", "1000")), -2019);
}

#[test]
fn an_account_is_called_when_half_of_it_is_needed_and_can_still_trade_out() {
    let mut desk = Desk::new();
    desk.place(limit(Side::Buy, "100.3", "35")).0.unwrap();
    // 35 at a mark of 100.05 need 14.007; liquidation is where equity has come down to that.
    let position = desk.exchange.account(desk.account).position(0);
    let worth = position.unrealised(price("100.05"));
    let wallet = |equity: &str| cash(equity).saturating_sub(worth);
    let account = desk.account;
    desk.exchange.account_mut(account).set_wallet(USDT, wallet("28.01401"));
    assert_eq!(desk.exchange.maintenance(account, USDT), cash("14.007"));
    assert!(!desk.exchange.is_called(account, USDT));
    desk.exchange.account_mut(account).set_wallet(USDT, wallet("28.014"));
    assert!(desk.exchange.is_called(account, USDT));
    // 14.007 of room over 35 × (1 − 0.004) a unit.
    assert_eq!(desk.exchange.liquidation_price(account, 0), price("99.64819278"));
    assert!(desk.place(limit(Side::Sell, "100.0", "5").tif(TimeInForce::Ioc).reducing()).0.is_ok());
    assert!(!desk.exchange.is_called(account, USDT));
    let flat = Desk::new();
    assert_eq!(flat.exchange.liquidation_price(flat.account, 0), crate::types::Price::ZERO);
    assert!(!flat.exchange.is_called(flat.account, USDT));
}

#[test]
fn filters_refuse_with_the_venues_codes() {
    let mut desk = Desk::new();
    let rows: [(OrderEntry, i32); 11] = [
        (limit(Side::Buy, "0", "1"), -4001),
        (limit(Side::Buy, "-1", "1"), -4001),
        (limit(Side::Buy, "1000000.1", "1"), -4002),
        (limit(Side::Buy, "0.9", "1"), -4013),
        (limit(Side::Buy, "99.95", "2"), -4014),
        (limit(Side::Buy, "99.9", "0"), -4003),
        (limit(Side::Buy, "99.9", "0.0009"), -4004),
        (limit(Side::Buy, "99.9", "1000.001"), -4005),
        (limit(Side::Buy, "99.9", "2.0001"), -4023),
        (limit(Side::Buy, "99.9", "1"), -4164),
        (
            OrderEntry {
                instrument: crate::types::InstrumentId(9),
                ..limit(Side::Buy, "99.9", "2")
            },
            -1121,
        ),
    ];
    for (entry, code) in rows {
        assert_eq!(desk.refused(entry), code, "{entry:?}");
    }
    assert!(desk.place(limit(Side::Buy, "100", "1")).0.is_ok(), "the least notional itself passes");
}

#[test]
fn a_reduction_is_exempt_from_the_least_notional() {
    let mut desk = Desk::new();
    desk.place(limit(Side::Buy, "100.1", "1")).0.unwrap();
    assert_eq!(desk.refused(limit(Side::Sell, "100.0", "0.5")), -4164);
    assert!(desk.place(limit(Side::Sell, "100.0", "0.5").reducing()).0.is_ok());
}

#[test]
fn a_client_id_is_unique_among_open_orders() {
    let mut desk = Desk::new();
    let entry = limit(Side::Buy, "99.0", "2").named("mine");
    let order = desk.rest(entry);
    assert_eq!(desk.refused(entry), -4116);
    let mut out = Vec::new();
    let key = OrderKey::Client(order.client_id);
    let canceled = desk.exchange.cancel(9, desk.account, BTC, key, &mut out).unwrap();
    assert_eq!((canceled.state, out.len()), (State::Canceled, 1));
    assert_eq!(
        desk.exchange.cancel(9, desk.account, BTC, key, &mut out),
        Err(Reject::UnknownOrder)
    );
    let again = desk.rest(entry);
    assert_ne!(again.id, order.id);
    let found = desk.exchange.order(desk.account, BTC, key).unwrap();
    assert_eq!(found.id, again.id, "the open one is meant");
    assert_eq!(desk.exchange.order(desk.account, ETH, key), None);
}

#[test]
fn client_ids_have_an_alphabet_and_a_length() {
    use super::order::ClientText;
    let good: [&[u8]; 3] = [b"a", b"A.b:/c_d-9", &[b'x'; 36]];
    let bad: [&[u8]; 5] = [b"", &[b'x'; 37], b"a b", "ä".as_bytes(), b"a\0"];
    assert!(good.iter().all(|text| ClientText::parse(text).is_ok()));
    assert!(bad.iter().all(|text| ClientText::parse(text) == Err(Reject::ClientIdInvalid)));
}

#[test]
fn open_orders_have_a_bound() {
    let mut desk = Desk::new();
    for _ in 0..OPEN_ORDERS_MAX {
        desk.rest(limit(Side::Buy, "99.0", "1.1"));
    }
    assert_eq!(desk.refused(limit(Side::Buy, "99.0", "1.1")), -2025);
    let mut out = Vec::new();
    desk.exchange.cancel_all(9, desk.account, BTC, &mut out).unwrap();
    assert_eq!(out.len(), OPEN_ORDERS_MAX);
    desk.rest(limit(Side::Buy, "99.0", "1.1"));
}

#[test]
fn an_untraded_symbol_takes_reductions_only() {
    let mut desk = Desk::new();
    desk.place(limit(Side::Buy, "100.1", "2")).0.unwrap();
    desk.exchange.instruments[0].filters.trading = false;
    assert_eq!(desk.refused(limit(Side::Buy, "100.0", "2")), -4140);
    assert!(desk.place(limit(Side::Sell, "100.0", "2").reducing()).0.is_ok());
}

#[test]
fn a_lost_book_leaves_only_the_quote_to_take() {
    let mut desk = Desk::new();
    desk.market(&btc(MarketData::BookLost));
    let (_, reports) = desk.place(limit(Side::Buy, "100.3", "9").tif(TimeInForce::Ioc));
    assert_eq!(trades(&reports), pairs(&[("100.1", "5")]));
}

#[test]
fn limit_prices_keep_to_the_band_around_the_mark() {
    let mut instruments = instruments();
    instruments[0].filters.mark_band = Some(MarkBand { up_bps: 10_100, down_bps: 9_900 });
    let mut exchange = Exchange::new(instruments, Fees::default());
    let account = exchange.open_account(Cash::whole(10_000));
    let mut out = Vec::new();
    small_book().iter().for_each(|event| exchange.on_market(1, event, &mut out));
    let mark =
        MarketEvent { instrument: BTC, sent_unix_ms: None, data: MarketData::Mark(price("100")) };
    exchange.on_market(1, &mark, &mut out);
    let mut code = |side, at: &str| {
        let placed = exchange.place(2, account, &limit(side, at, "2"), &mut out);
        placed.err().map(Reject::code)
    };
    assert_eq!((code(Side::Buy, "101.1"), code(Side::Sell, "98.9")), (Some(-4016), Some(-4024)));
    assert_eq!((code(Side::Buy, "101.0"), code(Side::Sell, "99.0")), (None, None));
    assert_eq!((code(Side::Buy, "98.0"), code(Side::Sell, "102.0")), (None, None));
}

/// At a hundred and twenty-five times, the venue takes positions up to 50,000; here a bid is worth
/// 100 and the account has 10,000.
#[test]
fn a_position_beyond_the_cap_of_its_leverage_is_refused_and_a_reduction_is_not() {
    let mut desk = Desk::new();
    assert!(desk.exchange.set_leverage(BTC, 125));
    for _ in 0..4 {
        desk.rest(limit(Side::Buy, "100", "100"));
    }
    assert_eq!(desk.refused(limit(Side::Buy, "100", "100.001")), -2027);
    desk.rest(limit(Side::Buy, "100", "100"));
    assert_eq!(desk.refused(limit(Side::Buy, "99", "2")), -2027);
    desk.rest(limit(Side::Sell, "100.4", "90"));
    assert_eq!(desk.exchange.notional_max(0), Cash::whole(50_000));
    assert!(desk.exchange.set_leverage(BTC, 100));
    desk.rest(limit(Side::Buy, "99", "2"));
}
