//! Each fault by the bytes that it makes of a request, and what arming refuses.

mod conditionals;
mod connections;
mod funding;
mod sessions;
mod spot;

use super::{ARMED_MAX, FaultKind, Outgoing, Target, Unreliable};
use crate::sim::account::Fees;
use crate::sim::binance::{AccountSpec, HttpReply, HttpRequest, Server};
use crate::sim::testing::{instruments, small_book, trade};
use crate::types::{Cash, Side};
use crate::venue::key::Proof;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

const NOW: u64 = 1_700_000_000_000;
const PRIVATE: u64 = 1;
const ORDERS: u64 = 2;

/// A book, a private stream and an order-entry connection.
fn exchange() -> Unreliable {
    let account = AccountSpec {
        key: "key".to_owned(),
        proof: Proof::Secret("secret".to_owned()),
        balance: Cash::whole(100_000),
    };
    let assets = ["USDT", "BTC", "ETH"].map(str::to_owned).to_vec();
    let fees = Fees { maker_centi_bps: 200, taker_centi_bps: 500 };
    let mut it = Unreliable::new(Server::new(instruments(), assets, vec![account], fees), 7);
    it.keep_history();
    small_book().iter().for_each(|event| it.on_market(NOW, event));
    let key = http(&mut it, NOW, "POST", "/fapi/v1/listenKey").unwrap();
    let key: Value = serde_json::from_slice(&key.body).unwrap();
    let target = format!("/private/ws?listenKey={}", key["listenKey"].as_str().unwrap());
    it.on_open(NOW, PRIVATE, &target).unwrap();
    it.on_open(NOW, ORDERS, "/ws-fapi/v1").unwrap();
    it
}

fn http(it: &mut Unreliable, now: u64, method: &str, target: &str) -> Option<HttpReply> {
    it.on_http(now, 9, &HttpRequest { method, target, api_key: Some("key"), body: b"" });
    it.drain().find_map(|out| match out {
        Outgoing::Reply(9, reply) => Some(reply),
        Outgoing::Reply(..) | Outgoing::Frame(..) | Outgoing::Close(_) | Outgoing::Hang(_) => None,
    })
}

fn sign(payload: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(b"secret").unwrap();
    let bytes = mac.chain_update(payload.as_bytes()).finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Sends a signed request on the order-entry connection.
fn send(it: &mut Unreliable, now: u64, method: &str, params: &[(&str, &str)]) {
    let now_text = now.to_string();
    let mut all: Vec<(&str, &str)> = params.to_vec();
    all.extend([("apiKey", "key"), ("timestamp", &now_text), ("symbol", "BTCUSDT")]);
    all.sort_unstable();
    let payload: Vec<String> = all.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let signature = sign(&payload.join("&"));
    all.push(("signature", &signature));
    let params: serde_json::Map<String, Value> =
        all.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
    let message = json!({"id": "n1", "method": method, "params": params}).to_string();
    it.on_text(now, ORDERS, message.as_bytes());
}

fn place(it: &mut Unreliable, side: &str, price: &str) {
    let terms = [("type", "LIMIT"), ("timeInForce", "GTC"), ("quantity", "2")];
    let order = [("side", side), ("price", price), ("newClientOrderId", "one")];
    send(it, NOW, "order.place", &[terms, order].concat());
}

fn cancel(it: &mut Unreliable) {
    send(it, NOW, "order.cancel", &[("origClientOrderId", "one")]);
}

fn arm(it: &mut Unreliable, query: &str) {
    let reply = it.control(NOW, "POST", &format!("/control/faults?{query}"));
    assert_eq!(reply.status, 200, "{query}: {}", reply.body);
}

/// What went out, in few words: of an answer its status and order status, of a private frame `x`.
fn heard(it: &mut Unreliable) -> Vec<String> {
    let told = |out: Outgoing| match &out {
        Outgoing::Close(ORDERS) => "close".to_owned(),
        Outgoing::Frame(ORDERS, frame) => {
            let answer: Value = serde_json::from_slice(frame).unwrap();
            assert_eq!(answer["id"], "n1");
            match answer["error"]["msg"].as_str() {
                None => format!("{} {}", answer["status"], answer["result"]["status"]),
                Some(text) => {
                    format!("{} {} {text}", answer["status"], answer["error"]["code"])
                }
            }
        }
        Outgoing::Frame(PRIVATE, frame) => {
            let told: Value = serde_json::from_slice(frame).unwrap();
            match told["o"]["x"].as_str() {
                Some(kind) => format!("{kind} {}", told["o"]["z"].as_str().unwrap()),
                None => "wallet".to_owned(),
            }
        }
        Outgoing::Frame(..) | Outgoing::Close(_) | Outgoing::Reply(..) | Outgoing::Hang(_) => {
            panic!("{out:?}")
        }
    };
    it.drain().map(told).collect()
}

fn later(it: &mut Unreliable, ms: u64) -> Vec<String> {
    it.advance(NOW + ms);
    heard(it)
}

fn orders(it: &mut Unreliable) -> Vec<Value> {
    let truth = it.control(NOW, "GET", "/control/truth").body;
    assert_eq!(truth["complete"], true);
    truth["orders"].as_array().unwrap().clone()
}

#[test]
fn with_nothing_armed_an_order_is_answered_and_told() {
    let mut it = exchange();
    place(&mut it, "BUY", "99.9");
    assert_eq!(heard(&mut it), ["NEW 0.000", "200 \"NEW\""]);
    assert!(!it.is_holding());
}

#[test]
fn what_is_lost_or_refused_leaves_no_order_and_what_is_only_unanswered_leaves_one() {
    let unknown = "503 -1000 Unknown error, please check your request or try again later.";
    let internal = "503 0 Internal error; unable to process your request. Please try again.";
    let throttled = "503 -1008 Request throttled by system-level protection. \
                     Reduce-only/close-position orders are exempt. Please try again.";
    let rows: [(&str, &[&str], usize); 9] = [
        ("request_lost", &[], 0),
        ("disconnect_lost", &["close"], 0),
        ("503_not_executed", &[unknown], 0),
        ("503_unavailable", &["503 0 Service Unavailable."], 0),
        ("503_internal", &[internal], 0),
        ("503_throttled", &[throttled], 0),
        ("ack_lost", &["NEW 0.000"], 1),
        ("503_executed", &["NEW 0.000", unknown], 1),
        ("disconnect", &["NEW 0.000", "close"], 1),
    ];
    for (fault, expected, count) in rows {
        let mut it = exchange();
        arm(&mut it, &format!("fault={fault}&on=place_opening"));
        place(&mut it, "BUY", "99.9");
        assert_eq!(heard(&mut it), expected, "{fault}");
        assert_eq!(orders(&mut it).len(), count, "{fault}");
        // Once means once.
        cancel(&mut it);
        place(&mut it, "BUY", "99.8");
        assert_eq!(heard(&mut it).last().unwrap(), "200 \"NEW\"", "{fault}");
    }
}

#[test]
fn trades_come_twice_not_at_all_or_late() {
    let mut it = exchange();
    arm(&mut it, "fault=duplicate_fill&on=place");
    place(&mut it, "BUY", "100.1");
    let twice = ["wallet", "wallet", "NEW 0.000", "TRADE 2.000", "TRADE 2.000", "200 \"NEW\""];
    assert_eq!(heard(&mut it), twice);
    for (fault, after) in [("duplicate_fill", 4), ("fill_lost", 0), ("delay&delay_ms=3000", 0)] {
        let mut it = exchange();
        place(&mut it, "BUY", "100.0");
        heard(&mut it);
        arm(&mut it, &format!("fault={fault}&on=stream"));
        it.on_market(NOW + 1, &trade("99.9", "9", Side::Sell));
        assert_eq!(heard(&mut it).len(), after, "{fault}");
        assert_eq!(orders(&mut it)[0]["status"], "Filled");
        assert_eq!(later(&mut it, 3_000).len(), 0, "{fault}");
        let late = later(&mut it, 3_001);
        assert_eq!(late.is_empty(), !fault.starts_with("delay"), "{fault}: {late:?}");
    }
}

#[test]
fn words_change_places() {
    let mut it = exchange();
    arm(&mut it, "fault=fill_before_ack&on=place");
    place(&mut it, "BUY", "99.9");
    assert_eq!(heard(&mut it), ["NEW 0.000", "wallet", "TRADE 2.000"]);
    assert_eq!(later(&mut it, 249), [""; 0]);
    assert_eq!(later(&mut it, 250), ["200 \"NEW\""]);

    let mut it = exchange();
    arm(&mut it, "fault=cancel_before_fill&on=cancel");
    place(&mut it, "BUY", "99.9");
    heard(&mut it);
    cancel(&mut it);
    assert_eq!(heard(&mut it), ["CANCELED 1.000", "200 \"CANCELED\""]);
    assert_eq!(later(&mut it, 250), ["wallet", "TRADE 1.000"]);

    let mut it = exchange();
    arm(&mut it, "fault=cancel_filled&on=cancel");
    place(&mut it, "BUY", "99.9");
    heard(&mut it);
    cancel(&mut it);
    assert_eq!(heard(&mut it), ["400 -2011 Unknown order sent."]);
    assert_eq!(later(&mut it, 250), ["wallet", "TRADE 2.000"]);
}

#[test]
fn a_part_of_it_trades_at_once_whether_it_rests_or_takes() {
    for (price, rests) in [("99.9", true), ("100.1", false)] {
        let mut it = exchange();
        arm(&mut it, "fault=partial_fill&on=place");
        place(&mut it, "BUY", price);
        let order = &orders(&mut it)[0];
        assert_eq!((&order["traded"], &order["is_open"]), (&json!("1"), &json!(true)), "{rests}");
        let truth = it.control(NOW, "GET", "/control/truth").body;
        assert_eq!(truth["trades"][0]["maker"], rests);
        assert_eq!(
            truth["positions"][0],
            json!({"symbol": "BTCUSDT", "qty": "1", "low": "0", "high": "1"})
        );
    }
}

#[test]
fn a_late_request_arrives_and_a_late_answer_was_true_before() {
    let mut it = exchange();
    arm(&mut it, "fault=late&on=place&delay_ms=500");
    place(&mut it, "BUY", "99.9");
    assert!(orders(&mut it).is_empty() && it.is_holding());
    assert_eq!(later(&mut it, 500), ["NEW 0.000", "200 \"NEW\""]);
    arm(&mut it, "fault=delay&on=cancel&delay_ms=500");
    cancel(&mut it);
    assert_eq!(orders(&mut it)[0]["status"], "Canceled");
    assert_eq!(heard(&mut it), [""; 0]);
    assert_eq!(later(&mut it, 500), ["CANCELED 0.000", "200 \"CANCELED\""]);
}

#[test]
fn a_question_over_http_may_hang_or_be_refused_too() {
    let mut it = exchange();
    let payload = format!("symbol=BTCUSDT&origClientOrderId=one&timestamp={NOW}");
    let target = format!("/fapi/v1/order?{payload}&signature={}", sign(&payload));
    for fault in ["ack_lost", "request_lost", "disconnect", "503_executed"] {
        arm(&mut it, &format!("fault={fault}&on=query"));
        let reply = http(&mut it, NOW, "GET", &target);
        let status = reply.map(|reply| reply.status);
        assert_eq!(status, (fault == "503_executed").then_some(503), "{fault}");
    }
    arm(&mut it, "fault=delay&on=query&delay_ms=40");
    assert_eq!(http(&mut it, NOW, "GET", &target), None);
    it.advance(NOW + 40);
    assert!(matches!(it.drain().next(), Some(Outgoing::Reply(9, reply)) if reply.status == 400));
}

#[test]
fn the_same_seed_draws_the_same_faults() {
    let drawn = |seed: u32| -> Vec<bool> {
        let mut it = exchange();
        arm(&mut it, &format!("fault=request_lost&on=place&chance_ppm=300000&seed={seed}"));
        (0..60)
            .map(|_| {
                place(&mut it, "BUY", "99.9");
                cancel(&mut it);
                heard(&mut it).len() < 3
            })
            .collect()
    };
    assert_eq!(drawn(5), drawn(5));
    assert_ne!(drawn(5), drawn(6));
    let lost = drawn(5).into_iter().filter(|lost| *lost).count();
    assert!((5..35).contains(&lost), "{lost}");
}

#[test]
fn what_is_armed_and_how_often_it_happened_is_listed() {
    let mut it = exchange();
    arm(&mut it, "fault=ack_lost&on=place&times=2");
    place(&mut it, "BUY", "99.9");
    heard(&mut it);
    let listed = it.control(NOW, "GET", "/control/faults").body;
    let armed = &listed["armed"][0];
    assert_eq!(
        (&armed["row"], &armed["left"], &armed["fired"]),
        (&json!("F2"), &json!(1), &json!(1))
    );
    let listed = it.control(NOW, "DELETE", "/control/faults").body;
    assert_eq!(listed["armed"], json!([]));
    let fired = listed["fired"].as_array().unwrap().iter().find(|it| it["fault"] == "ack_lost");
    assert_eq!(fired.unwrap()["fired"], 1, "what happened stays counted");
}

#[test]
fn an_id_that_comes_again_is_remembered() {
    let mut it = exchange();
    place(&mut it, "BUY", "99.9");
    place(&mut it, "BUY", "99.8");
    cancel(&mut it);
    place(&mut it, "BUY", "99.7");
    let truth = it.control(NOW, "GET", "/control/truth").body;
    assert_eq!(truth["repeated_ids"], json!(["one", "one"]));
}

#[test]
fn bad_input_arms_nothing_and_is_answered_with_the_next_step() {
    let mut it = exchange();
    let rows = [
        ("", "`fault` is missing"),
        ("fault=ack_lost", "`on` is missing"),
        ("fault=ackk&on=place", "no fault `ackk`: request_lost, ack_lost"),
        ("fault=ack_lost&on=plaice", "nothing is called `plaice`: orders, place"),
        (
            "fault=fill_before_ack&on=cancel",
            "`fill_before_ack` cannot befall `cancel`: it can place",
        ),
        ("fault=ack_lost&on=place&times=0", "`times` is `0` and must be a whole number from 1"),
        ("fault=delay&on=place&delay_ms=3001", "`delay_ms` is `3001` and must be"),
        ("fault=ack_lost&on=place&chance_ppm=1000001", "`chance_ppm` is `1000001`"),
        ("fault=ack_lost&on=place&seed=-1", "`seed` is `-1`"),
        ("fault=ack_lost&on=place&when=now", "no parameter `when`"),
        ("fault=ack_lost&on=place&on=cancel", "`on` stands there twice"),
    ];
    for (query, said) in rows {
        let reply = it.control(NOW, "POST", &format!("/control/faults?{query}"));
        assert_eq!(reply.status, 400, "{query}");
        let text = reply.body["error"].as_str().unwrap();
        assert!(text.contains(said), "{query}: {text}");
    }
    assert_eq!(it.control(NOW, "GET", "/control/faults").body["armed"], json!([]));
    for (method, path) in [("PUT", "/control/faults"), ("GET", "/fapi/v1/time"), ("GET", "/")] {
        assert_eq!(it.control(NOW, method, path).status, 404);
    }
    (0..ARMED_MAX).for_each(|_| arm(&mut it, "fault=ack_lost&on=place"));
    let full = it.control(NOW, "POST", "/control/faults?fault=ack_lost&on=place");
    assert!(full.body["error"].as_str().unwrap().contains("DELETE"));
}

/// Trades with what rests at its price, after which the market's own numbers go on.
#[test]
fn the_market_trades_when_it_is_told_to() {
    let mut it = exchange();
    place(&mut it, "BUY", "99.5");
    heard(&mut it);
    let trade = |it: &mut Unreliable, query: &str| {
        it.control(NOW, "POST", &format!("/control/trades?{query}"))
    };
    let sold = "symbol=BTCUSDT&aggressor=sell&price=99.5&qty=0.5";
    assert_eq!(trade(&mut it, sold).body, json!({"id": 1}));
    assert_eq!(heard(&mut it), ["wallet", "TRADE 0.500"]);
    let bought = "symbol=BTCUSDT&aggressor=buy&price=99.5&qty=0.5";
    assert_eq!(trade(&mut it, bought).body, json!({"id": 2}));
    assert_eq!(heard(&mut it), [""; 0]);
    for (query, said) in [
        ("symbol=NOPE&aggressor=sell&price=1&qty=1", "nobody lists `NOPE`"),
        ("symbol=BTCUSDT&aggressor=sold&price=1&qty=1", "as symbol=BTCUSDT&aggressor=sell"),
        ("symbol=BTCUSDT&aggressor=sell&price=0&qty=1", "name them in this order"),
        ("symbol=BTCUSDT&aggressor=sell&price=1&qty=-1", "name them in this order"),
        ("symbol=BTCUSDT&aggressor=sell&price=1&qty=1&qty=2", "name them in this order"),
        ("", "name them in this order"),
    ] {
        let reply = trade(&mut it, query);
        assert_eq!(reply.status, 400, "{query}");
        assert!(reply.body["error"].as_str().unwrap().contains(said), "{}", reply.body);
    }
}

#[test]
fn every_fault_befalls_something_and_has_its_row() {
    for kind in FaultKind::ALL {
        assert!(Target::ALL.iter().any(|(_, target)| kind.fits(*target)), "{kind:?}");
        assert!(kind.row().starts_with('F'));
    }
    let rows: std::collections::BTreeSet<_> = FaultKind::ALL.iter().map(|it| it.row()).collect();
    assert_eq!(rows.into_iter().collect::<Vec<_>>().join(" "), "F1 F2 F3 F4 F5 F6 F7 F8 F9");
}
