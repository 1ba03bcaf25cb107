//! Messages of the private stream, from the sheet and from the venue's own client.

use super::*;
use crate::types::{
    AssetId, ClientOrderId, ForeignOrder, InstrumentId, OrderRef, Price, Side, VenueId,
};
use crate::venue::binance::support::{Dice, answer, credentials, directory};

/// Worked example of the sheet with one of our ids and one-way mode.
const TRADE: &str = include_str!("../../../../../tests/data/binance-usdm-order-trade-update.json");
const FUNDING: &str = include_str!("../../../../../tests/data/binance-usdm-account-update.json");

fn read(text: &str) -> Result<Vec<UserEvent>, DecodeError> {
    let mut user = User::new(&directory(&["BTCUSDT"]), &credentials());
    let mut out = Vec::new();
    user.on_message(text.as_bytes(), &mut out).map(|()| out)
}

/// The only report in a message, and whether the account must be read as well.
fn report(text: &str) -> (ExecutionReport, bool) {
    let out = read(text).unwrap();
    let Some(UserEvent::Execution(report)) = out.first() else { panic!("{out:?}") };
    (*report, out[1..] == [UserEvent::AccountChanged])
}

/// The worked example as another execution type and status, without a trade in it.
fn told(execution: &str, status: &str) -> String {
    TRADE
        .replace("\"x\":\"TRADE\"", &format!("\"x\":\"{execution}\""))
        .replace("PARTIALLY_FILLED", status)
        .replace("\"l\":\"0.001\"", "\"l\":\"0\"")
        .replace("12345678", "0")
        .replace("\"N\":\"USDT\",\"n\":\"0.01\",", "")
}

#[test]
fn a_trade_is_told_with_all_that_it_cost() {
    let (report, is_changed) = report(TRADE);
    let fill = Fill {
        trade_id: 12_345_678,
        side: Side::Buy,
        price: Price::parse(b"7100.5").unwrap(),
        qty: Qty::parse(b"0.001").unwrap(),
        cum_qty: Qty::parse(b"0.001").unwrap(),
        fee: Some(Fee { asset: AssetId(0), amount: Cash::parse(b"0.01").unwrap() }),
        liquidity: Liquidity::Maker,
    };
    let expected = ExecutionReport {
        instrument: InstrumentId(0),
        order: OrderRef::Ours(ClientOrderId { epoch: 1, sequence: 35 }),
        venue_order_id: Some(8_886_774),
        transact_unix_ms: Some(1_568_879_465_650),
        kind: ExecutionKind::Trade(fill),
    };
    assert_eq!((report, is_changed), (expected, false));
}

#[test]
fn a_trade_without_a_commission_names_none() {
    let (free, is_changed) = report(&TRADE.replace("\"N\":\"USDT\",\"n\":\"0.01\",", ""));
    let ExecutionKind::Trade(fill) = free.kind else { panic!("a trade") };
    assert_eq!((fill.fee, is_changed), (None, false));
    let (_, is_changed) = report(&TRADE.replace("\"N\":\"USDT\"", "\"N\":\"DOGE\""));
    assert!(is_changed, "a fee in an unnamed asset makes the account be read");
    let (rebate, _) = report(&TRADE.replace("\"n\":\"0.01\"", "\"n\":\"-0.01\""));
    let ExecutionKind::Trade(fill) = rebate.kind else { panic!("a trade") };
    assert_eq!(fill.fee.unwrap().amount.to_string(), "-0.01");
}

#[test]
fn every_execution_type_has_its_meaning() {
    let cum_qty = Qty::parse(b"0.001").unwrap();
    let status = |status| ExecutionKind::Status { status, cum_qty };
    let (price, qty) = (Price::parse(b"7100.50").unwrap(), Qty::parse(b"0.002").unwrap());
    let amended = ExecutionKind::Amended { price, qty, cum_qty };
    let rows = [
        ("NEW", "NEW", ExecutionKind::New, false),
        ("CANCELED", "CANCELED", ExecutionKind::Canceled { cum_qty }, false),
        ("EXPIRED", "EXPIRED", ExecutionKind::Expired { cum_qty }, false),
        ("EXPIRED", "EXPIRED_IN_MATCH", ExecutionKind::Expired { cum_qty }, false),
        ("AMENDMENT", "PARTIALLY_FILLED", amended, false),
        ("AMENDMENT", "FILLED", status(OrderStatus::Filled), true),
        ("CALCULATED", "FILLED", status(OrderStatus::Filled), true),
        ("TRADE", "FILLED", status(OrderStatus::Filled), true),
        ("TRADE_PREVENTION", "EXPIRED_IN_MATCH", status(OrderStatus::Expired), true),
    ];
    for (execution, word, kind, is_changed) in rows {
        let (report, changed) = report(&told(execution, word));
        assert_eq!((report.kind, changed), (kind, is_changed), "{execution} {word}");
    }
    let out = read(&told("TOMORROW", "SOMETHING")).unwrap();
    assert_eq!(out, [UserEvent::AccountChanged], "words of tomorrow make the account be read");
    let (liquidated, is_changed) =
        report(&TRADE.replace("\"x\":\"TRADE\"", "\"x\":\"CALCULATED\""));
    assert!(matches!(liquidated.kind, ExecutionKind::Trade(_)) && is_changed);
}

#[test]
fn strangers_are_told_by_their_ids() {
    let rows = [
        ("autoclose-1596107620040000020", ForeignOrder::Liquidation),
        ("adl_autoclose", ForeignOrder::Deleveraging),
        ("settlement_autoclose-1", ForeignOrder::Delivery),
        ("web\\/7", ForeignOrder::Other),
    ];
    for (id, expected) in rows {
        let (report, _) = report(&TRADE.replace("tkp1-1-z", id));
        assert_eq!(report.order, OrderRef::Foreign(expected), "{id}");
    }
    let (_, is_changed) = report(&told("AMENDMENT", "NEW").replace("tkp1-1-z", "web_7"));
    assert!(is_changed, "what a stranger's order has become is for a reading to tell");
}

#[test]
fn what_our_nouns_cannot_say_makes_the_account_be_read() {
    let (_, is_changed) = report(&TRADE.replace("\"ps\":\"BOTH\"", "\"ps\":\"LONG\""));
    assert!(is_changed, "hedge mode");
    let stranger = TRADE.replace("BTCUSDT", "DOGEUSDT");
    let rows = [
        stranger.as_str(),
        r#"{"e":"ACCOUNT_CONFIG_UPDATE","E":1,"T":1,"ac":{"s":"BTCUSDT","l":25}}"#,
    ];
    for row in rows {
        assert_eq!(read(row), Ok(vec![UserEvent::AccountChanged]), "{row}");
    }
}

#[test]
fn a_margin_call_is_told_as_one() {
    let row = r#"{"e":"MARGIN_CALL","E":1,"cw":"3.16","p":[]}"#;
    assert_eq!(read(row), Ok(vec![UserEvent::MarginCall]));
}

#[test]
fn wallets_change_by_a_cause() {
    let venue = VenueId(0);
    let amount = Cash::parse(b"-50.12345678").unwrap();
    let rows = [
        ("FUNDING_FEE", BalanceCause::Funding),
        ("ADJUSTMENT", BalanceCause::ProfitOrLoss),
        ("INSURANCE_CLEAR", BalanceCause::ProfitOrLoss),
        ("AUTO_EXCHANGE", BalanceCause::ProfitOrLoss),
        ("TOMORROW", BalanceCause::ProfitOrLoss),
        ("DEPOSIT", BalanceCause::Transfer),
        ("WITHDRAW", BalanceCause::Transfer),
        ("WITHDRAW_REJECT", BalanceCause::Transfer),
        ("ADMIN_DEPOSIT", BalanceCause::Transfer),
        ("ADMIN_WITHDRAW", BalanceCause::Transfer),
        ("MARGIN_TRANSFER", BalanceCause::Transfer),
        ("ASSET_TRANSFER", BalanceCause::Transfer),
        ("COIN_SWAP_DEPOSIT", BalanceCause::Transfer),
        ("COIN_SWAP_WITHDRAW", BalanceCause::Transfer),
    ];
    for (reason, cause) in rows {
        let out = read(&FUNDING.replace("FUNDING_FEE", reason)).unwrap();
        let change = BalanceChange { venue, asset: AssetId(0), amount, cause };
        assert_eq!(out, [UserEvent::Balance(change)], "{reason}");
    }
    assert_eq!(read(&FUNDING.replace("FUNDING_FEE", "ORDER")), Ok(vec![]));
    let unnamed = read(&FUNDING.replace("\"USDT\"", "\"DOGE\"")).unwrap();
    assert_eq!(unnamed, [UserEvent::AccountChanged]);
    let forced = FUNDING.replace("FUNDING_FEE", "ADJUSTMENT").replace("\"P\":[]", "\"P\":[{}]");
    assert_eq!(read(&forced).unwrap().last(), Some(&UserEvent::AccountChanged));
    let moved = FUNDING.replace("FUNDING_FEE", "MARGIN_TYPE_CHANGE");
    assert_eq!(read(&moved).unwrap().last(), Some(&UserEvent::AccountChanged));
}

#[test]
fn half_a_reading_leaves_nothing_behind() {
    let broken = FUNDING.replace("\"bc\":\"0\"", "\"bc\":\"zero\"");
    let mut user = User::new(&directory(&["BTCUSDT"]), &credentials());
    let mut out = vec![UserEvent::Expired];
    let result = user.on_message(broken.as_bytes(), &mut out);
    assert_eq!((result, out.len()), (Err(DecodeError::Field("bc")), 1));
}

#[test]
fn the_end_of_the_stream_is_told() {
    let text = r#"{"e":"listenKeyExpired","E":"1736996475556","listenKey":"abc"}"#;
    assert_eq!(read(text), Ok(vec![UserEvent::Expired]));
}

#[test]
fn what_says_nothing_new_is_passed_over() {
    let rows = [
        include_str!("../../../../../tests/data/binance-usdm-trade-lite.json"),
        r#"{"e":"STRATEGY_UPDATE","T":1}"#,
        r#"{"result":null,"id":1}"#,
    ];
    for row in rows {
        assert_eq!(read(row), Ok(vec![]), "{row}");
    }
}

#[test]
fn ill_formed_messages_are_errors_that_name_the_field() {
    let rows = [
        ("\"l\":\"0.001\"", "\"l\":\"x\"", "l"),
        ("\"z\":\"0.001\"", "\"z\":\"\"", "z"),
        ("\"L\":\"7100.50\"", "\"L\":\"1e9\"", "L"),
        ("\"n\":\"0.01\",", "", "n"),
        ("\"m\":true,", "", "m"),
        ("\"S\":\"BUY\"", "\"S\":\"BOTH\"", "S"),
        ("\"i\":8886774", "\"i\":\"8886774\"", "ORDER_TRADE_UPDATE"),
        ("\"e\":\"ORDER_TRADE_UPDATE\"", "\"e\":7", "e"),
    ];
    for (from, to, field) in rows {
        let broken = TRADE.replacen(from, to, 1);
        assert_ne!(broken, TRADE);
        assert_eq!(read(&broken), Err(DecodeError::Field(field)), "{from}");
    }
    assert_eq!(read(&TRADE[..100]), Err(DecodeError::NotJson));
}

#[test]
fn no_message_makes_it_panic() {
    let mut dice = Dice(11);
    let mut user = User::new(&directory(&["BTCUSDT"]), &credentials());
    let mut out = Vec::new();
    let mut errors = 0;
    for text in [TRADE, FUNDING] {
        for broken in dice.broken(text.as_bytes(), 3_000) {
            errors += u32::from(user.on_message(&broken, &mut out).is_err());
        }
        assert!(out.len() < 20_000);
    }
    assert!(1_000 < errors, "{errors}");
}

#[test]
fn the_key_of_the_stream_is_asked_for_kept_and_believed_only_if_plain() {
    let mut user = User::new(&directory(&["BTCUSDT"]), &credentials());
    let UserOpening::Key(call) = user.opening() else { panic!("a subscription") };
    assert_eq!((call.method, call.target.as_str()), ("POST", "/fapi/v1/listenKey"));
    assert_eq!(call.headers[0].0, "X-MBX-APIKEY");
    let (keep, every_s) = user.keep_alive().unwrap();
    assert_eq!((keep.method, every_s), ("PUT", 1_800));
    let key = |key: &str| answer(200, format!("{{\"listenKey\":\"{key}\"}}"));
    let stream = user.on_key(&key("pqia91ma19a5s61cv6a8")).unwrap();
    assert_eq!(stream.target, "/private/ws?listenKey=pqia91ma19a5s61cv6a8");
    assert!(user.on_key(&key(&"a".repeat(KEY_BYTES_MAX))).is_ok());
    let long = "a".repeat(KEY_BYTES_MAX + 1);
    for bad in ["", "a b", "a&b=c", "a/../b", long.as_str()] {
        assert_eq!(user.on_key(&key(bad)), Err(DecodeError::Field("listenKey")), "{bad}");
    }
    assert!(user.on_key(&answer(400, r#"{"code":-1125,"msg":"gone"}"#)).is_err());
}
