//! What befalls connections: the notice of their end, silence, a cut, an end of the private stream.

use super::{NOW, ORDERS, PRIVATE, arm, exchange, place};
use crate::sim::faults::{Outgoing, Unreliable};
use crate::sim::testing::trade;
use crate::types::Side;
use serde_json::{Value, json};

const MARKET: u64 = 3;

/// The same with a public stream.
fn with_market() -> Unreliable {
    let mut it = exchange();
    it.on_open(NOW, MARKET, "/market/stream?streams=btcusdt@aggTrade").unwrap();
    it
}

/// The market trades something that fills whoever bids 100.
fn sell(it: &mut Unreliable) {
    it.on_market(NOW + 1, &trade("99.9", "9", Side::Sell));
}

/// What a connection was told, each by its kind; and `end`.
fn told(it: &mut Unreliable, connection: u64) -> Vec<String> {
    let kind = |frame: &[u8]| -> String {
        let frame: Value = serde_json::from_slice(frame).unwrap();
        let kinds = [&frame["e"], &frame["data"]["e"], &frame["event"]["e"]];
        let found = kinds.into_iter().find_map(Value::as_str);
        found.unwrap_or("answer").to_owned()
    };
    let of = |out: Outgoing| match out {
        Outgoing::Frame(to, frame) if to == connection => Some(kind(&frame)),
        Outgoing::Close(to) if to == connection => Some("end".to_owned()),
        Outgoing::Frame(..) | Outgoing::Close(_) | Outgoing::Reply(..) | Outgoing::Hang(_) => None,
    };
    it.drain().filter_map(of).collect()
}

#[test]
fn a_connection_is_told_of_its_end_once_and_ends_later() {
    for (on, connection) in [("market", MARKET), ("stream", PRIVATE), ("order_entry", ORDERS)] {
        let mut it = with_market();
        if on == "stream" {
            place(&mut it, "BUY", "100.0");
            told(&mut it, connection);
        }
        arm(&mut it, &format!("fault=server_shutdown&on={on}"));
        if on == "order_entry" {
            place(&mut it, "BUY", "99.0")
        } else {
            sell(&mut it)
        }
        let said = told(&mut it, connection);
        let notices = said.iter().filter(|kind| *kind == "serverShutdown").count();
        assert!(notices == 1 && 1 < said.len(), "{on}: {said:?}");
        it.advance(NOW + 9_999);
        assert!(!told(&mut it, connection).contains(&"end".to_owned()), "{on}");
        it.advance(NOW + 10_001);
        assert!(told(&mut it, connection).contains(&"end".to_owned()), "{on}");
    }
}

#[test]
fn the_market_falls_silent_or_is_cut() {
    for (fault, expected) in [("silence", vec![]), ("disconnect", vec!["end"])] {
        let mut it = with_market();
        arm(&mut it, &format!("fault={fault}&on=market"));
        sell(&mut it);
        assert_eq!(told(&mut it, MARKET), expected, "{fault}");
        sell(&mut it);
        assert_eq!(told(&mut it, MARKET), ["aggTrade"], "{fault}: once means once");
    }
}

#[test]
fn a_private_stream_says_that_it_is_over() {
    let mut it = exchange();
    place(&mut it, "BUY", "100.0");
    told(&mut it, PRIVATE);
    arm(&mut it, "fault=stream_terminated&on=stream");
    sell(&mut it);
    let said = told(&mut it, PRIVATE);
    assert_eq!(said[said.len() - 2..], ["listenKeyExpired", "end"], "{said:?}");
    let fired = it.control(NOW, "GET", "/control/faults").body;
    assert_eq!(fired["armed"][0]["fired"], json!(1));
}

#[test]
fn a_private_stream_is_cut_before_a_trade_is_told() {
    let mut it = exchange();
    place(&mut it, "BUY", "100.0");
    told(&mut it, PRIVATE);
    arm(&mut it, "fault=disconnect&on=stream");
    sell(&mut it);
    let said = told(&mut it, PRIVATE);
    assert!(!said.is_empty() && said.iter().all(|it| it == "end"), "{said:?}");
    let truth = it.control(NOW, "GET", "/control/truth").body;
    assert_eq!(truth["orders"][0]["status"], "Filled");
}

#[test]
fn what_befalls_connections_befalls_no_request() {
    let mut it = exchange();
    for (query, possible) in [
        ("fault=server_shutdown&on=place", "it can stream, market, order_entry"),
        ("fault=silence&on=stream", "it can market"),
        ("fault=stream_terminated&on=market", "it can stream"),
        ("fault=ack_lost&on=market", "it can orders"),
    ] {
        let reply = it.control(NOW, "POST", &format!("/control/faults?{query}"));
        assert_eq!(reply.status, 400, "{query}");
        assert!(reply.body["error"].as_str().unwrap().contains(possible), "{}", reply.body);
    }
}
