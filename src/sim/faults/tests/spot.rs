//! The same faults on Spot, where private events and answers share one connection.

use super::{NOW, arm, http, sign};
use crate::sim::account::Fees;
use crate::sim::binance::{AccountSpec, Server, SpotAccount};
use crate::sim::faults::{Outgoing, Unreliable};
use crate::sim::testing::{instruments, small_book, trade};
use crate::types::{AssetId, Cash, Side};
use crate::venue::key::Proof;
use serde_json::{Value, json};

/// The one connection: order entry and private events.
const ONE: u64 = 1;

fn assets() -> Vec<String> {
    ["USDT", "BTC", "ETH"].map(str::to_owned).to_vec()
}

fn spot() -> Server {
    let account = SpotAccount {
        key: "key".to_owned(),
        proof: Proof::Secret("secret".to_owned()),
        balances: vec![(AssetId(0), Cash::whole(100_000)), (AssetId(1), Cash::whole(10))],
    };
    Server::spot(instruments(), assets(), vec![account], Fees::default())
}

fn exchange(server: Server) -> Unreliable {
    let mut it = Unreliable::new(server, 7);
    it.keep_history();
    small_book().iter().for_each(|event| it.on_market(NOW, event));
    it.on_open(NOW, ONE, "/ws-api/v3").unwrap();
    send(&mut it, "userDataStream.subscribe.signature", &[]);
    assert_eq!(heard(&mut it), ["200"]);
    it
}

fn send(it: &mut Unreliable, method: &str, params: &[(&str, &str)]) {
    let now = NOW.to_string();
    let mut all = params.to_vec();
    all.extend([("apiKey", "key"), ("timestamp", &now)]);
    all.sort_unstable();
    let payload: Vec<String> = all.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let signature = sign(&payload.join("&"));
    all.push(("signature", &signature));
    let params: serde_json::Map<String, Value> =
        all.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let message = json!({"id": "n1", "method": method, "params": params}).to_string();
    it.on_text(NOW, ONE, message.as_bytes());
}

fn place(it: &mut Unreliable, price: &str) {
    let order = [("symbol", "BTCUSDT"), ("side", "BUY"), ("type", "LIMIT"), ("price", price)];
    let rest = [("timeInForce", "GTC"), ("quantity", "2"), ("newClientOrderId", "one")];
    send(it, "order.place", &[order.as_slice(), &rest].concat());
}

/// Of an answer its status, of an event what it tells.
fn heard(it: &mut Unreliable) -> Vec<String> {
    let told = |out: Outgoing| {
        let Outgoing::Frame(ONE, frame) = out else { return format!("{out:?}") };
        let told: Value = serde_json::from_slice(&frame).unwrap();
        match (told["event"]["e"].as_str(), told["event"]["x"].as_str()) {
            (None, _) => told["status"].to_string(),
            (Some(_), Some(kind)) => kind.to_owned(),
            (Some(_), None) => "wallet".to_owned(),
        }
    };
    it.drain().map(told).collect()
}

#[test]
fn with_nothing_armed_events_and_answer_come_in_their_order() {
    let mut it = exchange(spot());
    place(&mut it, "100.1");
    assert_eq!(heard(&mut it), ["NEW", "TRADE", "wallet", "200"]);
}

#[test]
fn a_lost_answer_takes_no_event_with_it() {
    let mut it = exchange(spot());
    arm(&mut it, "fault=ack_lost&on=place");
    place(&mut it, "99.0");
    assert_eq!(heard(&mut it), ["NEW", "wallet"]);
}

#[test]
fn a_lost_fill_is_answered_and_not_told() {
    let mut it = exchange(spot());
    arm(&mut it, "fault=fill_lost&on=place");
    place(&mut it, "100.1");
    assert_eq!(heard(&mut it), ["NEW", "200"]);
    let truth = it.control(NOW, "GET", "/control/truth").body;
    assert_eq!(truth["trades"].as_array().unwrap().len(), 1);
}

#[test]
fn a_cancel_that_comes_too_late_is_refused_before_the_trade_is_told() {
    let mut it = exchange(spot());
    place(&mut it, "99.0");
    heard(&mut it);
    arm(&mut it, "fault=cancel_filled&on=cancel");
    send(&mut it, "order.cancel", &[("symbol", "BTCUSDT"), ("origClientOrderId", "one")]);
    assert_eq!(heard(&mut it), ["400"]);
    it.advance(NOW + 1_000);
    assert_eq!(heard(&mut it), ["TRADE", "wallet"]);
}

#[test]
fn half_of_a_taker_rests() {
    let mut it = exchange(spot());
    arm(&mut it, "fault=partial_fill&on=place");
    place(&mut it, "100.1");
    let truth = it.control(NOW, "GET", "/control/truth").body;
    assert_eq!(
        (&truth["orders"][0]["traded"], &truth["orders"][0]["is_open"]),
        (&json!("1"), &json!(true))
    );
    assert_eq!(truth["balances"][0]["locked"], "100.1");
}

#[test]
fn the_truth_of_two_markets_is_told_apart() {
    let account = AccountSpec {
        key: "key".into(),
        proof: Proof::Secret("secret".into()),
        balance: Cash::whole(9),
    };
    let usdm = Server::new(instruments(), assets(), vec![account], Fees::default());
    let mut it = exchange(usdm.beside(spot()));
    place(&mut it, "99.0");
    let truth = it.control(NOW, "GET", "/control/truth").body;
    assert_eq!(truth["orders"], json!([]));
    assert_eq!(truth["spot"]["orders"][0]["client_id"], "one");
    assert_eq!(truth["requests"]["SAY order.place"], 1);
    assert!(http(&mut it, NOW, "GET", "/fapi/v1/time").is_some_and(|reply| reply.status == 200));
}

#[test]
fn a_subscription_says_that_it_has_ended_and_its_connection_stays() {
    let mut it = exchange(spot());
    place(&mut it, "100.0");
    heard(&mut it);
    arm(&mut it, "fault=stream_terminated&on=stream");
    it.on_market(NOW + 1, &trade("99.9", "9", Side::Sell));
    let frames: Vec<Outgoing> = it.drain().collect();
    let Some(Outgoing::Frame(ONE, last)) = frames.last() else { panic!("{frames:?}") };
    let last: Value = serde_json::from_slice(last).unwrap();
    assert_eq!(last["event"]["e"], "eventStreamTerminated");
    send(&mut it, "userDataStream.subscribe.signature", &[]);
    assert_eq!(heard(&mut it), ["200"]);
}
