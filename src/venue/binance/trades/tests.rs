//! Trades by id, from the sheet's sample.

use super::super::support::{answer, credentials, directory};
use super::*;
use crate::types::{AssetId, Cash, ClientOrderId, ForeignOrder, Side};

const PATHS: Paths = Paths { trades: "/fapi/v1/userTrades", orders: "/fapi/v1/allOrders" };
const BTC: InstrumentId = InstrumentId(0);

fn row(id: u64, order: u64) -> String {
    let of_trade =
        r#""commission":"0.078","commissionAsset":"USDT","price":"7819.01","qty":"0.002""#;
    let rest =
        r#""buyer":false,"maker":false,"side":"SELL","positionSide":"BOTH","symbol":"BTCUSDT""#;
    format!(r#"{{"id":{id},"orderId":{order},{of_trade},{rest},"time":1569514978020}}"#)
}

fn rows(all: &[(u64, u64)]) -> Answer {
    let all: Vec<String> = all.iter().map(|(id, order)| row(*id, *order)).collect();
    answer(200, format!("[{}]", all.join(",")))
}

fn owners(all: &[(u64, &str)]) -> Answer {
    let row =
        |(order, id): &(u64, &str)| format!(r#"{{"orderId":{order},"clientOrderId":"{id}"}}"#);
    let all: Vec<String> = all.iter().map(row).collect();
    answer(200, format!("[{}]", all.join(",")))
}

fn tell(
    from_id: Option<u64>,
    answers: &[Answer],
) -> Result<(TradesRead, Vec<ExecutionReport>), DecodeError> {
    let directory = directory(&["BTCUSDT"]);
    let (names, asked) = (Names::new(&directory), Asked { instrument: BTC, from_id });
    let mut out = Vec::new();
    let told = read(&names, &directory.prefix, asked, answers, &mut out);
    assert!(told.is_ok() || out.is_empty(), "an error tells nothing");
    told.map(|told| (told, out))
}

fn owners_target(from_id: Option<u64>, trades: &Answer) -> Option<String> {
    let directory = directory(&["BTCUSDT"]);
    let signer = Signer::new(&credentials(), 5_000);
    let asked = Asked { instrument: BTC, from_id };
    let call = owners_call(&PATHS, &Names::new(&directory), &signer, asked, trades, 1).unwrap();
    call.map(|call| call.target)
}

#[test]
fn the_question_names_the_last_known_trade_or_asks_for_the_newest() {
    let directory = directory(&["BTCUSDT"]);
    let (names, signer) = (Names::new(&directory), Signer::new(&credentials(), 5_000));
    let target = |from_id| call(&PATHS, &names, &signer, BTC, from_id, 1).unwrap().target;
    assert!(target(Some(7)).starts_with("/fapi/v1/userTrades?fromId=7&limit=100&symbol=BTCUSDT&"));
    assert!(target(None).starts_with("/fapi/v1/userTrades?limit=1&symbol=BTCUSDT&"));
    let unknown = call(&PATHS, &names, &signer, InstrumentId(9), None, 1);
    assert_eq!(unknown.err(), Some(EncodeError::UnknownInstrument));
}

#[test]
fn trades_behind_the_last_known_one_are_told_with_whose_orders_they_were() {
    let trades = rows(&[(7, 40), (8, 41), (9, 42)]);
    let target = owners_target(Some(7), &trades).unwrap();
    assert!(target.starts_with("/fapi/v1/allOrders?limit=1000&orderId=41&symbol=BTCUSDT&"));
    let owners = owners(&[(41, "tkp1-1-z"), (42, "somebody")]);
    let (read, told) = tell(Some(7), &[trades, owners]).unwrap();
    assert_eq!((read.through_id, read.is_all, told.len()), (Some(9), true, 2));
    let id = ClientOrderId { epoch: 1, sequence: 35 };
    assert_eq!(told[0].order, OrderRef::Ours(id));
    assert_eq!(told[1].order, OrderRef::Foreign(ForeignOrder::Other));
    let fill = told[0].trade().unwrap();
    assert_eq!((fill.trade_id, fill.side, fill.qty), (8, Side::Sell, fill.cum_qty));
    let fee = Fee { asset: AssetId(0), amount: Cash::parse(b"0.078").unwrap() };
    assert_eq!((fill.fee, told[0].venue_order_id), (Some(fee), Some(41)));
}

#[test]
fn nothing_new_needs_no_second_question() {
    let trades = rows(&[(7, 40)]);
    assert_eq!(owners_target(Some(7), &trades), None);
    let (read, told) = tell(Some(7), &[trades]).unwrap();
    assert_eq!((read.through_id, read.is_all, told.len()), (Some(7), true, 0));
}

#[test]
fn the_first_question_of_all_tells_only_where_it_begins() {
    for (answer, through) in [(rows(&[(7, 40)]), 7), (rows(&[]), 0)] {
        assert_eq!(owners_target(None, &answer), None);
        let (read, told) = tell(None, &[answer]).unwrap();
        assert_eq!((read.through_id, told.len()), (Some(through), 0));
    }
    let (read, told) = tell(Some(0), &[rows(&[(1, 40)]), owners(&[(40, "x")])]).unwrap();
    assert_eq!((read.through_id, told.len()), (Some(1), 1), "an account that had no trade yet");
}

#[test]
fn a_history_without_the_last_known_trade_is_another_one() {
    for trades in [rows(&[]), rows(&[(8, 40)])] {
        assert_eq!(owners_target(Some(7), &trades), None);
        let (read, told) = tell(Some(7), &[trades]).unwrap();
        assert_eq!((read.through_id, told.len()), (None, 0));
    }
}

#[test]
fn what_is_not_named_yet_is_told_next_time_and_what_goes_on_is_said_to() {
    let trades = rows(&[(7, 40), (8, 41), (9, 39), (10, 41)]);
    let (read, told) = tell(Some(7), &[trades, owners(&[(41, "tkp1-1-z")])]).unwrap();
    assert_eq!((read.through_id, read.is_all, told.len()), (Some(8), false, 1));
    let full: Vec<(u64, u64)> = (7..107).map(|id| (id, 41)).collect();
    let (read, told) = tell(Some(7), &[rows(&full), owners(&[(41, "tkp1-1-z")])]).unwrap();
    assert_eq!((read.through_id, read.is_all, told.len()), (Some(106), false, 99));
}

/// Both sides of a trade between two orders of the account have its id.
#[test]
fn both_sides_of_one_trade_are_told() {
    let trades = rows(&[(7, 40), (7, 41), (8, 42), (8, 43)]);
    let named = owners(&[(42, "tkp1-1-z"), (43, "tkp1-1-y")]);
    let (read, told) = tell(Some(7), &[trades, named]).unwrap();
    assert_eq!((read.through_id, told.len()), (Some(8), 2));
}

#[test]
fn half_a_truth_is_none() {
    let good = rows(&[(7, 40), (8, 41)]);
    let broken = |from: &str, to: &str| {
        let text = String::from_utf8(good.body.clone()).unwrap().replace(from, to);
        answer(200, text)
    };
    let named = || owners(&[(41, "tkp1-1-z")]);
    for (trades, owners) in [
        (answer(503, "[]"), named()),
        (answer(200, "{}"), named()),
        (rows(&[(8, 41), (7, 40)]), named()),
        (good.clone(), answer(400, "{}")),
        (good.clone(), answer(200, "[]")),
        (broken("SELL", "BOTH"), named()),
        (broken("7819.01", "much"), named()),
        (broken("0.078", ""), named()),
    ] {
        assert!(tell(Some(7), &[trades, owners]).is_err());
    }
    assert!(tell(Some(7), &[]).is_err());
}

/// Spot says who bought and not which way (spot sheet section 4).
#[test]
fn trades_of_spot_are_read_too() {
    let told = r#"{"symbol":"BTCUSDT","id":28457,"orderId":7,"orderListId":-1,"price":"4.5","qty":"12.0",
        "quoteQty":"54.0","commission":"0.012","commissionAsset":"BTC","time":1499865549590,
        "isBuyer":true,"isMaker":false,"isBestMatch":true}"#;
    let read = |text: &str| {
        let trades = answer(200, format!("[{text}]"));
        tell(Some(0), &[trades, owners(&[(7, "tkp1-1-z")])])
    };
    let (_, reports) = read(told).unwrap();
    let ExecutionKind::TradeFound(fill) = reports[0].kind else { panic!("{reports:?}") };
    assert_eq!((fill.side, fill.liquidity), (Side::Buy, Liquidity::Taker));
    let sold = read(&told.replacen("\"isBuyer\":true", "\"isBuyer\":false", 1)).unwrap().1;
    assert!(matches!(sold[0].kind, ExecutionKind::TradeFound(Fill { side: Side::Sell, .. })));
    assert!(read(&told.replacen("isBuyer", "buyer", 1)).is_err());
}
