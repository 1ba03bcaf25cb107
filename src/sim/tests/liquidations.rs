//! Liquidation: when it comes, what it closes at which price, and who is left with what.

use super::{Desk, trades};
use crate::sim::account::Position;
use crate::sim::order::{ExpiryReason, OrderKey, Report, ReportKind, State};
use crate::sim::payments::PaymentCause;
use crate::sim::testing::{BTC, ETH, USDT, btc, cash, limit, price, qty, quote, trade};
use crate::types::{Cash, FundingRate, Liquidity, MarketData, MarketEvent, Price, Quote, Side};
use proptest::prelude::*;

fn mark(at: Price) -> MarketEvent {
    btc(MarketData::Mark(at))
}

/// Holds so much of Bitcoin since a mark of 100, in an account with that wallet.
fn holding(held: &str, wallet: &str) -> Desk {
    let mut desk = Desk::new();
    desk.market(&mark(price("100")));
    let (qty, account) = (qty(held), desk.account);
    let cost = price("100").notional(qty.abs());
    let kept = desk.exchange.account_mut(account);
    kept.set_position(0, Position { qty, cost, updated_unix_ms: 1 });
    kept.set_wallet(USDT, cash(wallet));
    desk
}

fn wallet(desk: &Desk) -> Cash {
    desk.exchange.account(desk.account).wallet(USDT)
}

fn insured(reports: &[Report]) -> Vec<(String, String)> {
    let of_fund = |report: &&Report| match report.kind {
        ReportKind::Trade(trade) => trade.is_insured,
        ReportKind::New | ReportKind::Amended | ReportKind::Canceled | ReportKind::Expired => false,
    };
    trades(&reports.iter().filter(of_fund).copied().collect::<Vec<_>>())
}

/// Long and short, on the last tick before the told price and on the first one at or beyond it.
#[test]
fn it_comes_at_the_price_that_is_told_and_not_one_step_before() {
    for (held, last, first) in [("35", "97.6", "97.5"), ("-35", "102.4", "102.5")] {
        let mut desk = holding(held, "100");
        let told = desk.exchange.liquidation_price(desk.account, 0);
        let [last, first] = [last, first].map(price);
        assert!(last.min(first) < told && told < last.max(first), "{told} is between the two");
        assert!(desk.market(&mark(last)).is_empty(), "{held}: {last} is before {told}");
        assert_eq!(desk.position(), qty(held));
        assert!(!desk.market(&mark(first)).is_empty(), "{held}: {first} is at {told} or beyond");
        assert_eq!(desk.position(), qty("0"));
    }
}

/// 35 of which the book takes all: 5 at 100.0, 10 at 99.9, 20 at 99.8. The mark says that the
/// account cannot carry them any more.
#[test]
fn what_the_book_takes_is_traded_there_and_the_fee_takes_what_is_left() {
    let mut desk = holding("35", "1000");
    let resting = desk.rest(limit(Side::Buy, "99.0", "2"));
    desk.exchange.account_mut(desk.account).set_wallet(USDT, cash("80"));
    let other = desk.exchange.open_account(Cash::whole(7));
    let reports = desk.market(&mark(price("98")));
    let [ended, new, rest @ ..] = reports.as_slice() else { panic!("{reports:?}") };
    assert_eq!(ended.order.id, resting.id);
    assert_eq!(ended.order.state, State::Expired(ExpiryReason::Liquidated));
    assert_eq!((new.kind, new.order.is_forced), (ReportKind::New, true));
    // 80 − 70 of equity over 35 below a mark of 98, on the tick above.
    assert_eq!(new.order.entry.price, Some(price("97.8")));
    assert_eq!((new.order.entry.side, new.order.entry.qty), (Side::Sell, qty("35")));
    let taken = [("100", "5"), ("99.9", "10"), ("99.8", "20")];
    assert_eq!(trades(rest), super::pairs(&taken));
    assert!(insured(rest).is_empty());
    let order = desk.order(new.order.id);
    assert_eq!((order.state, order.cum_qty), (State::Filled, qty("35")));
    let fees = desk.exchange.trades(desk.account).map(|trade| trade.fee);
    let fees = fees.fold(Cash::ZERO, Cash::saturating_add);
    // Of 80, −5 of the trades and the commission are gone; the fee of 1.2 % would be 41.94.
    assert_eq!((order.cum_quote, fees), (cash("3495"), cash("1.7475")));
    let payments: Vec<_> = desk.exchange.payments(desk.account).collect();
    assert_eq!(payments.len(), 1);
    assert_eq!((payments[0].cause, payments[0].amount), (PaymentCause::Insurance, cash("-41.94")));
    assert_eq!(wallet(&desk), cash("31.3125"));
    assert_eq!(desk.exchange.account(other).wallet(USDT), Cash::whole(7));
}

/// Bids down to 99.8 take 35 of 100; the fund takes what nobody bids for, and the account has
/// nothing left.
#[test]
fn what_the_book_does_not_take_the_insurance_fund_takes_at_the_price_of_bankruptcy() {
    let mut desk = holding("100", "140");
    let reports = desk.market(&mark(price("98.9")));
    // 140 − 110 over 100 below 98.9.
    assert_eq!(insured(&reports), super::pairs(&[("98.6", "65")]));
    assert_eq!((desk.position(), wallet(&desk)), (qty("0"), Cash::ZERO));
    let last = desk.exchange.trades(desk.account).last().unwrap();
    assert_eq!((last.is_insured, last.fee, last.liquidity), (true, Cash::ZERO, Liquidity::Taker));
}

/// The market jumps over the price of bankruptcy: the account ends with nothing, and owes nothing.
#[test]
fn after_a_gap_the_insurance_fund_stands_in_and_nothing_is_owed() {
    let mut desk = holding("-100", "140");
    desk.market(&quote("119.9", "5", "120.1", "5"));
    let reports = desk.market(&mark(price("120")));
    // 140 − 2,000 of equity: it would have had nothing left at 101.4.
    assert_eq!(insured(&reports), super::pairs(&[("101.4", "100")]));
    assert_eq!((desk.position(), wallet(&desk)), (qty("0"), Cash::ZERO));
    assert_eq!(desk.exchange.payments(desk.account).count(), 0, "to the last unit");
    let mut deep = holding("100", "1");
    deep.market(&quote("0.1", "500", "0.2", "5"));
    deep.market(&mark(price("0.1")));
    assert_eq!((deep.position(), wallet(&deep)), (qty("0"), Cash::ZERO));
}

/// Commission of a taker may be more than what is left: the fund pays it.
#[test]
fn what_is_below_zero_comes_from_the_fund() {
    let mut desk = holding("35", "3.6");
    desk.market(&quote("99.9", "5", "100.1", "5"));
    desk.market(&mark(price("99.99")));
    // 5 are sold at 99.9 and 30 go to the fund at it: 3.6 − 3.5 less a commission of 0.24975.
    let paid: Vec<_> = desk.exchange.payments(desk.account).map(|it| it.amount).collect();
    assert_eq!((paid, wallet(&desk)), (vec![cash("0.14975")], Cash::ZERO));
    assert_eq!(desk.position(), qty("0"));
}

#[test]
fn the_neediest_position_goes_first_and_what_is_carried_then_stays() {
    let mut desk = holding("35", "900");
    let ether = |data| MarketEvent { instrument: ETH, sent_unix_ms: None, data };
    let (bid, ask, much) = (price("990"), price("990.2"), qty("1000"));
    let quote = Quote { bid, bid_qty: much, ask, ask_qty: much };
    desk.market(&ether(MarketData::Quote(quote)));
    let (account, held) = (desk.account, qty("10"));
    let big = Position { qty: held, cost: cash("10000"), updated_unix_ms: 1 };
    desk.exchange.account_mut(account).set_position(1, big);
    // 900 − 849 of equity; Ether needs 36.604 and Bitcoin 14.
    assert!(desk.market(&ether(MarketData::Mark(price("915.1")))).is_empty());
    let reports = desk.market(&ether(MarketData::Mark(price("915"))));
    assert_eq!(trades(&reports), super::pairs(&[("990", "10")]));
    // 900 − 100 less 4.95 of commission and a fee of 118.8: enough for Bitcoin.
    assert_eq!((desk.position(), wallet(&desk)), (qty("35"), cash("676.25")));
    assert_eq!(desk.exchange.account(account).position(1).qty, qty("0"));
}

#[test]
fn who_holds_nothing_or_enough_is_left_alone() {
    let mut flat = Desk::new();
    flat.exchange.account_mut(flat.account).set_wallet(USDT, Cash::ZERO);
    assert!(flat.market(&mark(price("50"))).is_empty());
    // What Ether is worth nobody knows yet.
    let mut unknown = holding("35", "1");
    let ether = Position { qty: qty("1"), cost: cash("1000"), updated_unix_ms: 1 };
    unknown.exchange.account_mut(unknown.account).set_position(1, ether);
    assert!(unknown.market(&mark(price("99"))).is_empty());
    let told = MarketEvent { instrument: ETH, ..mark(price("1000")) };
    assert!(!unknown.market(&told).is_empty());
    // Beyond the last tier nobody knows what is needed.
    let mut beyond = holding("2000000", "1000");
    assert!(beyond.market(&mark(price("99.9"))).is_empty());
    assert_eq!(beyond.position(), qty("2000000"));
}

#[test]
fn funding_that_an_account_cannot_bear_liquidates_it() {
    let mut desk = holding("35", "40");
    desk.exchange.set_funding_rate(FundingRate::parse_bps("100").unwrap());
    let mut out = Vec::new();
    desk.exchange.settle_funding(desk.now_unix_ms, &mut out);
    assert!(out.iter().any(|report| report.order.is_forced), "{out:?}");
    assert_eq!(desk.position(), qty("0"));
    let causes: Vec<_> = desk.exchange.payments(desk.account).map(|it| it.cause).collect();
    assert_eq!(causes, [PaymentCause::Funding, PaymentCause::Insurance]);
}

#[test]
fn the_order_bears_its_time_and_number_as_the_venues_do() {
    let mut desk = holding("35", "80");
    let reports = desk.market(&mark(price("98")));
    let order = reports[0].order;
    let id = format!("autoclose-{}{:06}", desk.now_unix_ms, order.id);
    assert_eq!(order.client_id.as_str(), id);
    let found = desk.exchange.order(desk.account, BTC, OrderKey::Client(order.client_id));
    assert_eq!(found.map(|it| it.id), Some(order.id));
}

proptest! {
    /// Whatever the market does to whatever position: wallets move by trades and payments, and an
    /// account that holds nothing owes nothing.
    #[test]
    fn money_is_conserved_and_nobody_owes_anything(
        held in -200_000_i64..200_000,
        start in 0_i64..1_000_000_000_000,
        marks in proptest::collection::vec(1_i64..3_000, 1..12),
        bids in proptest::collection::vec(1_i64..3_000, 1..12),
    ) {
        let units = Cash::from_units(start.into());
        let size = format!("{}.{:03}", held / 1_000, (held % 1_000).abs());
        let mut desk = holding(&size, &units.to_string());
        let begun = desk.position();
        for (at, bid) in marks.into_iter().zip(bids) {
            let tenth = |tenths: i64| format!("{}.{}", tenths / 10, tenths % 10);
            desk.market(&quote(&tenth(bid), "50", &tenth(bid + 1), "50"));
            desk.market(&trade(&tenth(bid), "1", Side::Sell));
            desk.market(&mark(price(&tenth(at))));
        }
        let traded = desk.exchange.trades(desk.account);
        let traded = traded.map(|it| it.realised.saturating_sub(it.fee));
        let paid = desk.exchange.payments(desk.account).map(|it| it.amount);
        let expected = traded.chain(paid).fold(units, Cash::saturating_add);
        prop_assert_eq!(wallet(&desk), expected);
        let forced = desk.exchange.orders(desk.account).filter(|order| order.is_forced).count();
        prop_assert_eq!(desk.position(), if forced == 0 { begun } else { qty("0") });
        prop_assert!(forced == 0 || Cash::ZERO <= wallet(&desk));
    }
}
