//! Funding that a drill settles before its time.

use super::{NOW, PRIVATE, Unreliable, exchange, heard, place};
use crate::sim::binance::{Server, SpotAccount};
use crate::sim::faults::Outgoing;
use crate::sim::testing::instruments;
use crate::types::{AssetId, Cash};
use crate::venue::key::Proof;
use serde_json::{Value, json};

#[test]
fn it_is_paid_at_once_told_and_true() {
    let mut it = exchange();
    place(&mut it, "BUY", "100.1");
    heard(&mut it);
    let reply = it.control(NOW + 5, "POST", "/control/funding?rate_bps=2.5");
    assert_eq!(reply.body, json!({"settled": NOW + 5, "rate": "0.00025000"}));
    let told: Vec<Value> = it
        .drain()
        .map(|out| {
            let Outgoing::Frame(PRIVATE, frame) = &out else { panic!("{out:?}") };
            serde_json::from_slice(frame).unwrap()
        })
        .collect();
    // 2 × 100.05 × 0.00025.
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(told[0]["a"]["B"][0]["bc"], "-0.05002500");
    let again = it.control(NOW + 6, "POST", "/control/funding").body;
    assert_eq!(again["rate"], "0.00025000", "the rate stays");
    let truth = it.control(NOW, "GET", "/control/truth").body;
    let wallet = &truth["balances"][0]["wallet"];
    let last = json!({
        "id": 2, "symbol": "BTCUSDT", "cause": "funding", "amount": "-0.050025",
        "wallet": wallet, "time": NOW + 6,
    });
    assert_eq!(truth["payments"][1], last);
    assert_eq!(truth["payments"].as_array().map(Vec::len), Some(2));
}

#[test]
fn what_names_no_rate_settles_nothing_and_says_the_next_step() {
    let mut it = exchange();
    place(&mut it, "BUY", "100.1");
    for query in ["rate_bps=", "rate_bps=251", "rate_bps=1e2", "rate=1", "rate_bps=1&rate_bps=2"] {
        let reply = it.control(NOW, "POST", &format!("/control/funding?{query}"));
        let said = reply.body["error"].as_str().unwrap();
        assert_eq!(reply.status, 400, "{query}");
        assert!(said.contains("from -250 to 250") && said.contains(query), "{said}");
    }
    let truth = it.control(NOW, "GET", "/control/truth").body;
    assert_eq!(truth["payments"], json!([]));
    let spot = SpotAccount {
        key: "key".to_owned(),
        proof: Proof::Secret("secret".to_owned()),
        balances: vec![(AssetId(0), Cash::whole(1))],
    };
    let assets = ["USDT", "BTC", "ETH"].map(str::to_owned).to_vec();
    let server = Server::spot(instruments(), assets, vec![spot], Default::default());
    let mut it = Unreliable::new(server, 7);
    let reply = it.control(NOW, "POST", "/control/funding?rate_bps=1");
    assert_eq!(reply.status, 400);
    assert!(reply.body["error"].as_str().unwrap().contains("--dialect binance_usdm"));
}
