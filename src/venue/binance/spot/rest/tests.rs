//! The account, from the sheet and from the venue's own client.

use super::*;
use crate::types::{ClientOrderId, Side, VenueId};
use crate::venue::binance::support::{Dice, answer, credentials, spot_directory, spot_sample};

const ACCOUNT: &str = include_str!("../../../../../tests/data/binance-spot-account.json");
const ORDERS: &str = include_str!("../../../../../tests/data/binance-spot-open-orders.json");

const BTC: InstrumentId = InstrumentId(0);
const ETH: InstrumentId = InstrumentId(1);

fn read(bodies: &[&str]) -> Result<AccountSnapshot, DecodeError> {
    let answers: Vec<Answer> = bodies.iter().map(|body| answer(200, *body)).collect();
    read_answers(&answers)
}

fn read_answers(answers: &[Answer]) -> Result<AccountSnapshot, DecodeError> {
    let directory = spot_directory(&["BTCUSDT", "ETHUSDT"]);
    let bases = bases(&directory);
    account(&Names::new(&directory), &bases, &directory.prefix, QueryToken(3), answers)
}

#[test]
fn wallets_and_open_orders_are_asked_for() {
    let names = Names::new(&spot_directory(&["BTCUSDT", "ETHUSDT"]));
    let calls = account_calls(&names, &Signer::new(&credentials(), 5_000), 7);
    let asked: Vec<&str> =
        calls.iter().map(|call| call.target.split("&recvWindow").next().unwrap()).collect();
    let expected = [
        "/api/v3/account?omitZeroBalances=true",
        "/api/v3/openOrders?symbol=BTCUSDT",
        "/api/v3/openOrders?symbol=ETHUSDT",
    ];
    assert_eq!(asked, expected);
}

#[test]
fn a_position_is_what_is_held_of_the_base_free_and_locked() {
    let snapshot = read(&[ACCOUNT, ORDERS, "[]"]).unwrap();
    assert_eq!((snapshot.venue, snapshot.token), (VenueId(0), QueryToken(3)));
    let usdt = (AssetId(0), Cash::parse(b"1000.5").unwrap());
    let btc = (AssetId(2), Cash::parse(b"1.25000001").unwrap());
    assert_eq!(snapshot.balances, [btc, usdt]);
    let held = snapshot.positions[0];
    assert_eq!((held.instrument, held.qty.to_string()), (BTC, "1.25000001".into()));
    assert_eq!((snapshot.positions.len(), snapshot.has_unnamed_assets), (1, false));
    let wallets = snapshot.margin.unwrap().wallets;
    assert_eq!(wallets[0].available, Cash::whole(1));
}

#[test]
fn every_open_order_counts_as_one_that_opens() {
    let snapshot = read(&[ACCOUNT, ORDERS, "[]"]).unwrap();
    let [ours, other] = snapshot.open_orders.as_slice() else { panic!("{snapshot:?}") };
    assert_eq!(ours.id(), Some(ClientOrderId { epoch: 1, sequence: 35 }));
    assert_eq!((ours.side, ours.purpose), (Side::Sell, Purpose::Opening));
    assert_eq!((ours.cum_qty.to_string(), ours.venue_order_id), ("0.05".into(), 11));
    assert_eq!((other.id(), other.side), (None, Side::Buy));
}

#[test]
fn the_rates_of_the_account_hold_for_every_instrument() {
    let fees = read(&[ACCOUNT, "[]", "[]"]).unwrap().margin.unwrap().fees;
    assert_eq!(fees.iter().map(|rates| rates.instrument).collect::<Vec<_>>(), [BTC, ETH]);
    assert_eq!((fees[0].maker_e8, fees[0].taker_e8), (100_000, 150_000));
    let without = ACCOUNT.replacen("\"0.00150000\"", "\"much\"", 1);
    let snapshot = read(&[&without, "[]", "[]"]).unwrap();
    assert!(snapshot.margin.unwrap().fees.is_empty(), "the rest of the reading stands");
}

#[test]
fn half_a_truth_is_none() {
    assert!(read(&[ACCOUNT, ORDERS]).is_err(), "an answer is missing");
    assert!(read(&[]).is_err());
    let refused = [answer(200, ACCOUNT), answer(503, ""), answer(200, "[]")];
    assert!(read_answers(&refused).is_err());
    for (from, to) in [
        ("\"free\": \"1.00000000\"", "\"free\": 1"),
        ("\"locked\": \"0.25000001\"", "\"lock\": \"0\""),
        ("\"asset\": \"USDT\"", "\"asset\": \"BTC\""),
        ("\"free\": \"1.00000000\"", "\"free\": \"99999999999999\""),
    ] {
        let changed = ACCOUNT.replacen(from, to, 1);
        assert_ne!(changed, ACCOUNT, "{from}");
        assert!(read(&[&changed, "[]", "[]"]).is_err(), "{to}");
    }
    let strange = ORDERS.replacen("BTCUSDT", "DOGEUSDT", 1);
    assert!(read(&[ACCOUNT, &strange, "[]"]).is_err(), "asked after another symbol");
}

#[test]
fn what_is_not_configured_is_told_and_absence_is_nothing() {
    let snapshot = read(&[r#"{"balances":[]}"#, "[]", "[]"]).unwrap();
    assert!(snapshot.positions.is_empty() && snapshot.balances.is_empty());
    let doge = ACCOUNT.replacen("\"asset\": \"USDT\"", "\"asset\": \"DOGE\"", 1);
    assert!(read(&[&doge, "[]", "[]"]).unwrap().has_unnamed_assets);
    let none = doge.replacen("\"free\": \"1000.50000000\"", "\"free\": \"0.00000000\"", 1);
    assert!(!read(&[&none, "[]", "[]"]).unwrap().has_unnamed_assets);
}

#[test]
fn the_samples_of_the_venue_are_read() {
    let file = "rest_api__test_account_api";
    let Some(wallets) = spot_sample(file, "get_account") else { return };
    let orders = spot_sample(file, "get_open_orders").unwrap();
    let orders = orders.to_string().replace("LTCBTC", "BTCUSDT");
    let snapshot = read(&[&wallets.to_string(), &orders, "[]"]).unwrap();
    assert_eq!(snapshot.positions[0].qty.to_string(), "4723846.89208129");
    assert_eq!(snapshot.open_orders.len(), 1);
}

#[test]
fn no_answer_makes_it_panic() {
    for broken in Dice(41).broken(ACCOUNT.as_bytes(), 2_000) {
        let _ = read_answers(&[answer(200, broken), answer(200, "[]"), answer(200, "[]")]);
    }
    for broken in Dice(43).broken(ORDERS.as_bytes(), 2_000) {
        let _ = read_answers(&[answer(200, ACCOUNT), answer(200, broken), answer(200, "[]")]);
    }
}
