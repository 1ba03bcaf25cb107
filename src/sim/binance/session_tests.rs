//! Ed25519 keys on both dialects: what they sign, and sessions that are logged on. The client is
//! written from the sheets and knows nothing of the server.

use super::{AccountSpec, HttpRequest, Server, SpotAccount};
use crate::sim::account::Fees;
use crate::sim::testing::{cash, instruments, small_book};
use crate::types::{AssetId, Cash, InstrumentKind};
use crate::venue::key::Proof;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, prelude::BASE64_STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;

const NOW: u64 = 1_700_000_000_000;
const SPOT: &str = "/ws-api/v3";
const USDM: &str = "/ws-fapi/v1";
const DIALECTS: [(u64, &str); 2] = [(1, SPOT), (2, USDM)];

fn pair(number: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[number; 32]).unwrap()
}

/// `ada` and `bob` have Ed25519 keys, `cleo` has a secret of HMAC; each is on both markets.
fn proof(name: &str) -> Proof {
    let public =
        |number: u8| Proof::PublicKey(pair(number).public_key().as_ref().try_into().unwrap());
    match name {
        "ada" => public(1),
        "bob" => public(2),
        _ => Proof::Secret("cleo-secret".to_owned()),
    }
}

fn sign(name: &str, payload: &str) -> String {
    let base64 = |number| BASE64_STANDARD.encode(pair(number).sign(payload.as_bytes()).as_ref());
    match name {
        "ada" => base64(1),
        "bob" => base64(2),
        _ => {
            let mac = Hmac::<Sha256>::new_from_slice(b"cleo-secret").unwrap();
            let bytes = mac.chain_update(payload.as_bytes()).finalize().into_bytes();
            bytes.iter().map(|byte| format!("{byte:02x}")).collect()
        }
    }
}

/// Both dialects with a book, and a connection of orders to each.
fn server() -> Server {
    let names = ["ada", "bob", "cleo"];
    let assets = || ["USDT", "BTC", "ETH"].map(str::to_owned).to_vec();
    let mut pairs = instruments();
    for pair in &mut pairs {
        pair.kind = InstrumentKind::Spot;
        pair.filters.notional_min = cash("5");
    }
    let balances = || vec![(AssetId(0), cash("10000")), (AssetId(1), cash("10"))];
    let on_spot = names.map(|name| SpotAccount {
        key: name.to_owned(),
        proof: proof(name),
        balances: balances(),
    });
    let on_usdm = names.map(|name| AccountSpec {
        key: name.to_owned(),
        proof: proof(name),
        balance: Cash::whole(10_000),
    });
    let usdm = Server::new(instruments(), assets(), on_usdm.to_vec(), Fees::default());
    let mut server = Server::spot(pairs, assets(), on_spot.to_vec(), Fees::default()).beside(usdm);
    small_book().iter().for_each(|event| server.on_market(NOW, event));
    for (connection, path) in DIALECTS {
        server.on_open(NOW, connection, path).unwrap();
    }
    server
}

fn frames(server: &mut Server, connection: u64) -> Vec<Value> {
    let drained: Vec<(u64, Vec<u8>)> = server.drain().collect();
    let own = drained.into_iter().filter(|(to, _)| *to == connection);
    own.map(|(_, frame)| serde_json::from_slice(&frame).unwrap()).collect()
}

/// Says exactly that, and answers with what comes last.
fn say(server: &mut Server, connection: u64, method: &str, params: &Value) -> Value {
    let request = json!({"id": "n1", "method": method, "params": params});
    server.on_text(NOW, connection, request.to_string().as_bytes());
    frames(server, connection).pop().unwrap()
}

/// With a name's key and signature.
fn signed(name: &str, params: &Value) -> Value {
    let mut params: Map<String, Value> = params.as_object().cloned().unwrap();
    params.insert("apiKey".to_owned(), json!(name));
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut all: Vec<String> =
        params.iter().map(|(name, value)| format!("{name}={}", text(value))).collect();
    all.sort();
    params.insert("signature".to_owned(), json!(sign(name, &all.join("&"))));
    Value::Object(params)
}

fn log_on(server: &mut Server, connection: u64, name: &str) -> Value {
    say(server, connection, "session.logon", &signed(name, &json!({"timestamp": NOW})))
}

fn order(client_id: &str) -> Value {
    json!({
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "LIMIT",
        "timeInForce": "GTC",
        "price": "99.5",
        "quantity": "2",
        "newClientOrderId": client_id,
        "timestamp": NOW,
    })
}

fn cancel(client_id: &str) -> Value {
    json!({"symbol": "BTCUSDT", "origClientOrderId": client_id, "timestamp": NOW})
}

fn code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or(0)
}

#[test]
fn a_request_is_of_who_signed_it() {
    let mut server = server();
    for (connection, _) in DIALECTS {
        let right = signed("ada", &order("one"));
        assert_eq!(say(&mut server, connection, "order.place", &right)["status"], 200);
        let mut others = signed("bob", &order("two"));
        others["apiKey"] = json!("ada");
        assert_eq!(code(&say(&mut server, connection, "order.place", &others)), -1022);
        let mut changed = signed("ada", &order("two"));
        changed["quantity"] = json!("3");
        assert_eq!(code(&say(&mut server, connection, "order.place", &changed)), -1022);
    }
    for path in ["/api/v3/account", "/fapi/v2/account"] {
        let payload = format!("timestamp={NOW}");
        let encoded = |signature: String| {
            signature.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D")
        };
        let rows = [("ada", 200), ("bob", 400), ("cleo", 400)];
        for (signer, status) in rows {
            let target = format!("{path}?{payload}&signature={}", encoded(sign(signer, &payload)));
            let request =
                HttpRequest { method: "GET", target: &target, api_key: Some("ada"), body: b"" };
            assert_eq!(server.on_http(NOW, &request).status, status, "{path} {signer}");
        }
    }
}

#[test]
fn only_an_ed25519_key_logs_on() {
    let mut server = server();
    for (connection, path) in DIALECTS {
        assert_eq!(code(&log_on(&mut server, connection, "cleo")), -4056, "{path}");
        let mut refused = |expected: i64, params: Value| {
            let answer = say(&mut server, connection, "session.logon", &params);
            assert_eq!(code(&answer), expected, "{path} {params}");
        };
        let good = signed("ada", &json!({"timestamp": NOW}));
        let without = |name: &str| {
            let mut params = good.clone();
            params.as_object_mut().unwrap().remove(name);
            params
        };
        refused(-2014, without("apiKey"));
        refused(-1102, without("signature"));
        refused(-1102, without("timestamp"));
        refused(-1021, signed("ada", &json!({"timestamp": NOW - 5_001})));
        refused(-2015, signed("dora", &json!({"timestamp": NOW})));
        let mut others = signed("bob", &json!({"timestamp": NOW}));
        others["apiKey"] = json!("ada");
        refused(-1022, others);
        let status = say(&mut server, connection, "session.status", &json!({}));
        assert_eq!(status["result"]["apiKey"], Value::Null, "{path}");
        assert_eq!(code(&say(&mut server, connection, "order.place", &order("one"))), -2014);
    }
}

#[test]
fn a_session_needs_neither_key_nor_signature_but_a_time() {
    let mut server = server();
    for (connection, path) in DIALECTS {
        let told = log_on(&mut server, connection, "ada");
        assert_eq!(told["status"], 200, "{told}");
        let mut expected = json!({
            "apiKey": "ada",
            "authorizedSince": NOW,
            "connectedSince": NOW,
            "returnRateLimits": true,
            "serverTime": NOW,
        });
        if path == SPOT {
            expected["userDataStream"] = json!(false);
        }
        assert_eq!(told["result"], expected);
        let status = say(&mut server, connection, "session.status", &json!({}));
        assert_eq!(status["result"], expected);
        let placed = say(&mut server, connection, "order.place", &order("one"));
        assert_eq!(
            (&placed["status"], &placed["result"]["clientOrderId"]),
            (&json!(200), &json!("one"))
        );
        let mut timeless = cancel("one");
        timeless.as_object_mut().unwrap().remove("timestamp");
        assert_eq!(code(&say(&mut server, connection, "order.cancel", &timeless)), -1102);
        let mut late = cancel("one");
        late["timestamp"] = json!(NOW - 5_001);
        assert_eq!(code(&say(&mut server, connection, "order.cancel", &late)), -1021);
        let gone = say(&mut server, connection, "order.cancel", &cancel("one"));
        assert_eq!(gone["result"]["status"], "CANCELED", "{gone}");
    }
}

#[test]
fn a_session_listens_without_a_signature() {
    let mut server = server();
    assert_eq!(code(&say(&mut server, 1, "userDataStream.subscribe", &json!({}))), -1102);
    assert_eq!(code(&say(&mut server, 2, "userDataStream.start", &json!({}))), -2014);
    for (connection, _) in DIALECTS {
        log_on(&mut server, connection, "ada");
    }
    let subscribed = say(&mut server, 1, "userDataStream.subscribe", &json!({}));
    assert_eq!(subscribed["result"], json!({"subscriptionId": 0}));
    let status = say(&mut server, 1, "session.status", &json!({}));
    assert_eq!(status["result"]["userDataStream"], true);
    assert_eq!(code(&say(&mut server, 1, "userDataStream.subscribe", &json!({}))), -2035);
    let started = say(&mut server, 2, "userDataStream.start", &json!({}));
    assert!(started["result"]["listenKey"].is_string(), "{started}");
}

#[test]
fn a_logout_ends_the_session_and_what_it_listens_to() {
    let mut server = server();
    for (connection, path) in DIALECTS {
        log_on(&mut server, connection, "ada");
        if path == SPOT {
            say(&mut server, connection, "userDataStream.subscribe", &json!({}));
        }
        let request = br#"{"id":"n1","method":"session.logout"}"#;
        server.on_text(NOW, connection, request);
        let mut told = frames(&mut server, connection);
        let answer = told.pop().unwrap();
        assert_eq!(answer["result"]["apiKey"], Value::Null);
        assert_eq!(answer["result"]["authorizedSince"], Value::Null);
        let ended = told.pop().map(|frame| frame["event"]["e"].clone());
        assert_eq!(ended, (path == SPOT).then(|| json!("eventStreamTerminated")));
        assert_eq!(code(&say(&mut server, connection, "order.place", &order("one"))), -2014);
        let again = say(&mut server, connection, "session.logout", &json!({}));
        assert_eq!(again["status"], 200, "it does nothing: {again}");
        assert_eq!(
            say(&mut server, connection, "order.place", &signed("ada", &order("one")))["status"],
            200
        );
    }
}

#[test]
fn a_request_that_names_a_key_is_of_that_key() {
    let mut server = server();
    for (connection, _) in DIALECTS {
        log_on(&mut server, connection, "ada");
        say(&mut server, connection, "order.place", &signed("cleo", &order("cleos")));
        let strange = say(&mut server, connection, "order.cancel", &cancel("cleos"));
        assert_eq!(code(&strange), -2011, "it is not ada's");
        let mut unsigned = cancel("cleos");
        unsigned["apiKey"] = json!("cleo");
        assert_eq!(code(&say(&mut server, connection, "order.cancel", &unsigned)), -1102);
        let mut nameless = signed("ada", &cancel("cleos"));
        nameless.as_object_mut().unwrap().remove("apiKey");
        assert_eq!(code(&say(&mut server, connection, "order.cancel", &nameless)), -2014);
        let told = log_on(&mut server, connection, "bob");
        assert_eq!(told["result"]["apiKey"], "bob", "the second logon is whose it is");
        say(&mut server, connection, "order.place", &order("bobs"));
        let taken = say(&mut server, connection, "order.cancel", &signed("bob", &cancel("bobs")));
        assert_eq!(taken["status"], 200, "{taken}");
    }
}

#[test]
fn a_key_that_becomes_invalid_ends_its_session_with_the_next_request() {
    let mut server = server();
    for (connection, path) in DIALECTS {
        log_on(&mut server, connection, "ada");
        assert!(server.set_key_valid("ada", false), "{path}");
        let revoked = say(&mut server, connection, "order.place", &order("one"));
        assert_eq!((&revoked["id"], &revoked["status"]), (&Value::Null, &json!(401)));
        assert_eq!(code(&revoked), -2015);
        assert_eq!(code(&say(&mut server, connection, "order.place", &order("one"))), -2014);
        assert_eq!(code(&log_on(&mut server, connection, "ada")), -2015);
        assert!(server.set_key_valid("ada", true));
        let back = say(&mut server, connection, "order.place", &order("one"));
        assert_eq!(code(&back), -2014, "the session stays over");
        assert_eq!(log_on(&mut server, connection, "ada")["status"], 200);
        assert_eq!(say(&mut server, connection, "order.place", &order("one"))["status"], 200);
    }
    assert!(!server.set_key_valid("dora", false));
}

#[test]
fn a_session_is_gone_with_its_connection() {
    let mut server = server();
    for (connection, path) in DIALECTS {
        log_on(&mut server, connection, "ada");
        server.on_close(connection);
        server.on_open(NOW, connection, path).unwrap();
        assert_eq!(code(&say(&mut server, connection, "order.place", &order("one"))), -2014);
    }
}
