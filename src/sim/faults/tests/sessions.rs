//! Faults of requests that name no key, because their connection is logged on; keys that are taken
//! back.

use super::{NOW, arm};
use crate::sim::account::Fees;
use crate::sim::binance::{AccountSpec, Server};
use crate::sim::faults::{Outgoing, Unreliable};
use crate::sim::testing::{instruments, small_book};
use crate::types::Cash;
use crate::venue::key::Proof;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

fn logged_on() -> Unreliable {
    let pair = Ed25519KeyPair::from_seed_unchecked(&[1; 32]).unwrap();
    let proof = Proof::PublicKey(pair.public_key().as_ref().try_into().unwrap());
    let account = AccountSpec { key: "ada".to_owned(), proof, balance: Cash::whole(100_000) };
    let assets = ["USDT", "BTC", "ETH"].map(str::to_owned).to_vec();
    let server = Server::new(instruments(), assets, vec![account], Fees::default());
    let mut it = Unreliable::new(server, 7);
    it.keep_history();
    small_book().iter().for_each(|event| it.on_market(NOW, event));
    it.on_open(NOW, 1, "/ws-fapi/v1").unwrap();
    let signature = pair.sign(format!("apiKey=ada&timestamp={NOW}").as_bytes());
    let signature = BASE64_STANDARD.encode(signature.as_ref());
    let params = json!({"apiKey": "ada", "timestamp": NOW, "signature": signature});
    assert_eq!(say(&mut it, "session.logon", &params)["result"]["apiKey"], "ada");
    it
}

fn say(it: &mut Unreliable, method: &str, params: &Value) -> Value {
    let request = json!({"id": "n1", "method": method, "params": params}).to_string();
    it.on_text(NOW, 1, request.as_bytes());
    let told = it.drain().find_map(|out| match out {
        Outgoing::Frame(1, frame) => serde_json::from_slice(&frame).ok(),
        Outgoing::Frame(..) | Outgoing::Reply(..) | Outgoing::Close(_) | Outgoing::Hang(_) => None,
    });
    told.unwrap_or_default()
}

#[test]
fn an_order_of_a_session_trades_as_the_fault_wants_it() {
    let mut it = logged_on();
    arm(&mut it, "fault=fill_before_ack&on=place");
    let order = json!({
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "price": "99.5",
        "quantity": "2",
        "newClientOrderId": "one",
        "timestamp": NOW,
    });
    say(&mut it, "order.place", &order);
    let truth = it.control(NOW, "GET", "/control/truth").body;
    assert_eq!(truth["trades"].as_array().map(Vec::len), Some(1), "{truth}");
}

#[test]
fn a_key_is_taken_back_and_given_again() {
    let mut it = logged_on();
    let mut set = |query: &str| it.control(NOW, "POST", &format!("/control/keys{query}"));
    let reply = set("?key=ada&valid=false");
    assert_eq!((reply.status, reply.body), (200, json!({"key": "ada", "valid": false})));
    for (query, said) in [
        ("", "key=ada-key&valid=false"),
        ("?key=ada", "key=ada-key&valid=false"),
        ("?key=ada&valid=no", "key=ada-key&valid=false"),
        ("?key=bob&valid=false", "nobody has the key `bob`"),
    ] {
        let reply = set(query);
        assert_eq!(reply.status, 400, "{query}");
        assert!(reply.body["error"].as_str().unwrap().contains(said), "{query}: {}", reply.body);
    }
    let revoked = say(&mut it, "session.status", &json!({}));
    assert_eq!((&revoked["id"], &revoked["error"]["code"]), (&Value::Null, &json!(-2015)));
    let reply = it.control(NOW, "POST", "/control/keys?key=ada&valid=true");
    assert_eq!(reply.status, 200);
}
