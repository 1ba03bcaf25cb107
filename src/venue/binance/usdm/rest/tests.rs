//! Account and clock, from the sheet and from the venue's own client.

use super::*;
use crate::types::{AssetId, ClientOrderId, ForeignOrder, InstrumentId, OrderRef, Side, VenueId};
use crate::venue::binance::support::{Dice, answer, credentials, directory, sample};

const BALANCES: &str = include_str!("../../../../../tests/data/binance-usdm-balances.json");
const POSITIONS: &str = include_str!("../../../../../tests/data/binance-usdm-positions.json");
const ORDERS: &str = include_str!("../../../../../tests/data/binance-usdm-open-orders.json");
const ONE_WAY: &str = r#"{"dualSidePosition":false,"multiAssetsMargin":false}"#;
const SYMBOLS: &str = include_str!("../../../../../tests/data/binance-usdm-symbol-config.json");

fn read(bodies: [&str; 4]) -> Result<AccountSnapshot, DecodeError> {
    let [balances, positions, orders, modes] = bodies;
    read_all([balances, positions, orders, modes, SYMBOLS])
}

fn read_all(bodies: [&str; 5]) -> Result<AccountSnapshot, DecodeError> {
    read_answers(&bodies.map(|body| answer(200, body)))
}

fn read_answers(answers: &[Answer]) -> Result<AccountSnapshot, DecodeError> {
    let directory = directory(&["BTCUSDT", "ETHUSDT"]);
    account(&Names::new(&directory), &directory.prefix, QueryToken(3), answers)
}

#[test]
fn the_whole_account_is_read() {
    let snapshot = read([BALANCES, POSITIONS, ORDERS, ONE_WAY]).unwrap();
    assert_eq!((snapshot.venue, snapshot.token), (VenueId(0), QueryToken(3)));
    let usdt = (AssetId(0), Cash::parse(b"122.12000001").unwrap());
    assert_eq!(snapshot.balances, [usdt, (AssetId(1), Cash::ZERO)]);
    assert!(!snapshot.has_unnamed_assets && snapshot.unnamed_positions == 0);
    let position = snapshot.positions[0];
    assert_eq!((snapshot.positions.len(), position.instrument), (1, InstrumentId(0)));
    assert_eq!(
        (position.qty.to_string(), position.entry.to_string()),
        ("-0.3".into(), "61800.12345678".into())
    );
    let orders = &snapshot.open_orders;
    let purposes: Vec<_> = orders.iter().map(|order| order.purpose).collect();
    assert_eq!(purposes, [Purpose::Opening, Purpose::Reducing, Purpose::Protective]);
    assert_eq!(orders[0].id(), Some(ClientOrderId { epoch: 1, sequence: 35 }));
    assert_eq!(orders[1].order, OrderRef::Foreign(ForeignOrder::Liquidation));
    assert_eq!((orders[0].side, orders[0].cum_qty.to_string()), (Side::Buy, "0.1".into()));
}

#[test]
fn absence_is_zero_and_flat() {
    let snapshot = read(["[]", "[]", "[]", ONE_WAY]).unwrap();
    assert!(snapshot.balances.is_empty() && snapshot.positions.is_empty());
    assert!(snapshot.open_orders.is_empty() && !snapshot.has_unnamed_assets);
}

#[test]
fn what_the_configuration_does_not_name_is_counted() {
    let rich = BALANCES.replace("\"DOGE\",\"balance\":\"0\"", "\"DOGE\",\"balance\":\"-0.01\"");
    assert!(read([&rich, "[]", "[]", ONE_WAY]).unwrap().has_unnamed_assets);
    let strange = POSITIONS.replace("BTCUSDT", "DOGEUSDT");
    let snapshot = read([BALANCES, &strange, "[]", ONE_WAY]).unwrap();
    assert_eq!((snapshot.unnamed_positions, snapshot.positions.len()), (1, 0));
}

#[test]
fn hedge_mode_is_refused_by_its_name() {
    let dual = r#"{"dualSidePosition":true,"multiAssetsMargin":false}"#;
    let long = POSITIONS.replace("\"BOTH\",\"positionAmt\":\"-", "\"LONG\",\"positionAmt\":\"");
    for bodies in [[BALANCES, "[]", "[]", dual], [BALANCES, &long, "[]", ONE_WAY]] {
        let error = read(bodies).unwrap_err();
        assert_eq!(error, HEDGE_MODE);
        assert!(error.to_string().contains("hedge mode"));
    }
}

#[test]
fn multi_assets_mode_is_refused_by_its_name_with_what_to_do() {
    let multi = r#"{"dualSidePosition":false,"multiAssetsMargin":true}"#;
    let error = read([BALANCES, POSITIONS, ORDERS, multi]).unwrap_err();
    assert_eq!(error, MULTI_ASSETS);
    let text = error.to_string();
    assert!(text.contains("multi-assets mode") && text.contains("switch it off"), "{text}");
}

#[test]
fn the_margin_is_read_with_the_rest() {
    let margin = read([BALANCES, POSITIONS, ORDERS, ONE_WAY]).unwrap().margin.unwrap();
    let [usdt] = margin.wallets[..] else { panic!("{:?}", margin.wallets) };
    let told = (usdt.asset, usdt.available.to_string(), usdt.balance.to_string());
    assert_eq!(told, (AssetId(0), "2.5".to_owned(), "4".to_owned()));
    let rows: Vec<_> =
        margin.instruments.iter().map(|it| (it.instrument, it.leverage, it.mode)).collect();
    let (btc, eth) = (InstrumentId(0), InstrumentId(1));
    assert_eq!(rows, [(btc, 21, MarginMode::Cross), (eth, 5, MarginMode::Isolated)]);
}

/// Positions are managed without it (SAFETY E3); the kernel opens nothing.
#[test]
fn margin_that_cannot_be_read_is_not_told_and_the_rest_is() {
    let poor = BALANCES.replace("\"availableBalance\":\"2.5\"", "\"availableBalance\":\"much\"");
    let strange = SYMBOLS.replace("ISOLATED", "PORTFOLIO");
    assert!(poor != BALANCES && strange != SYMBOLS);
    let snapshot = read_all([&poor, POSITIONS, ORDERS, ONE_WAY, &strange]).unwrap();
    let margin = snapshot.margin.unwrap();
    assert_eq!((margin.wallets.len(), margin.instruments.len()), (0, 1));
    assert_eq!(snapshot.positions.len(), 1);
}

#[test]
fn half_a_truth_is_none() {
    let whole = [BALANCES, POSITIONS, ORDERS, ONE_WAY, SYMBOLS];
    for at in 0..5 {
        let mut answers = whole.map(|body| answer(200, body));
        answers[at].status = 503;
        assert!(matches!(read_answers(&answers), Err(DecodeError::Refused { status: 503, .. })));
        let mut bodies = whole;
        bodies[at] = &bodies[at][..bodies[at].len() - 1];
        assert_eq!(read_all(bodies), Err(DecodeError::NotJson));
    }
    assert!(read_answers(&whole.map(|body| answer(200, body))[..4]).is_err());
    let rows = [
        (0, "122.12000001", "much", "balance"),
        (0, "\"BNB\"", "\"USDT\"", "asset"),
        (0, "\"asset\":\"USDT\",", "", "balances"),
        (1, "-0.300", "", "positionAmt"),
        (1, "61800.123456789", "x", "entryPrice"),
        (
            1,
            "\"ETHUSDT\",\"positionSide\":\"BOTH\",\"positionAmt\":\"0\"",
            "\"BTCUSDT\",\"positionAmt\":\"1\"",
            "symbol",
        ),
        (2, "\"BUY\"", "\"BOTH\"", "side"),
        (2, "61000", "?", "price"),
        (2, "\"executedQty\":\"0.1\",", "", "executedQty"),
        (2, "\"origQty\":\"0.40\",", "", "origQty"),
        (2, "\"reduceOnly\":false,", "", "openOrders"),
        (3, "false", "\"no\"", "accountConfig"),
        (3, ",\"multiAssetsMargin\":false", "", "accountConfig"),
        (4, "\"leverage\":21", "\"leverage\":\"21\"", "symbolConfig"),
    ];
    for (at, from, to, field) in rows {
        let mut bodies = whole;
        let changed = bodies[at].replacen(from, to, 1);
        assert_ne!(changed, bodies[at], "{from}");
        bodies[at] = &changed;
        assert_eq!(read_all(bodies), Err(DecodeError::Field(field)), "{from}");
    }
}

#[test]
fn the_account_is_asked_for_by_signed_calls() {
    let calls = account_calls(&Signer::new(&credentials(), 5_000), 7);
    let paths: Vec<_> = calls.iter().map(|it| it.target.split('?').next().unwrap()).collect();
    assert_eq!(paths, ACCOUNT_PATHS);
    let signed = |it: &Call| it.target.contains("?recvWindow=5000&timestamp=7&signature=");
    assert!(calls.iter().all(|it| it.method == "GET" && signed(it)));
}

#[test]
fn the_clock_is_read() {
    let clock_call = crate::venue::binance::orders::clock_call::<super::super::Usdm>();
    assert_eq!(clock_call.target, "/fapi/v1/time");
    let time = answer(200, r#"{"serverTime":1499827319559}"#);
    assert_eq!(crate::venue::binance::json::clock(&time), Ok(1_499_827_319_559));
    for bad in [answer(200, "{}"), answer(200, r#"{"serverTime":"1"}"#), answer(418, "{}")] {
        assert!(crate::venue::binance::json::clock(&bad).is_err());
    }
}

#[test]
fn samples_of_the_venues_own_client_are_read() {
    let account = "rest_api__test_account_api";
    let trade = "rest_api__test_trade_api";
    let Some(balances) = sample(account, "futures_account_balance_v3") else { return };
    let Some(positions) = sample(trade, "position_information_v3") else { return };
    let Some(orders) = sample(trade, "current_all_open_orders") else { return };
    let bodies = [balances.to_string(), positions.to_string(), orders.to_string()];
    let snapshot = read([&bodies[0], &bodies[1], &bodies[2], ONE_WAY]).unwrap();
    assert_eq!(snapshot.balances[0].1.to_string(), "122607.35137903");
    assert_eq!((snapshot.unnamed_positions, snapshot.open_orders.len()), (1, 1));
}

#[test]
fn no_answer_makes_it_panic() {
    let mut dice = Dice(13);
    let whole = [BALANCES, POSITIONS, ORDERS, ONE_WAY, SYMBOLS];
    let mut errors = 0;
    for at in 0..5 {
        for broken in dice.broken(whole[at].as_bytes(), 2_000) {
            let mut answers = whole.map(|body| answer(200, body));
            answers[at].body = broken;
            errors += u32::from(read_answers(&answers).is_err());
        }
    }
    assert!(2_000 < errors, "{errors}");
}
