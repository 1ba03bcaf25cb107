//! The dialect from a client's side: the client is written from the sheet and knows nothing of the
//! server.

mod algo;
mod amends;
mod batch;
mod funding;
mod hostile;
mod liquidations;
mod rest;
mod self_trade;
mod socket;
mod tape;

use crate::sim::account::Fees;
use crate::sim::binance::{AccountSpec, HttpReply, HttpRequest, Server};
use crate::sim::testing::{instruments, small_book};
use crate::types::Cash;
use crate::venue::key::Proof;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

const NOW: u64 = 1_700_000_000_000;
const KEY: &str = "key-one";
const SECRET: &str = "secret-one";

fn server() -> Server {
    let account = |name: &str| AccountSpec {
        key: format!("key-{name}"),
        proof: Proof::Secret(format!("secret-{name}")),
        balance: Cash::whole(10_000),
    };
    let assets = ["USDT", "BTC", "ETH"].map(str::to_owned).to_vec();
    let fees = Fees { maker_centi_bps: 200, taker_centi_bps: 500 };
    Server::new(instruments(), assets, vec![account("one"), account("two")], fees)
}

fn trading() -> Server {
    let mut server = server();
    small_book().iter().for_each(|event| server.on_market(NOW, event));
    server
}

fn sign(payload: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    let bytes = mac.chain_update(payload.as_bytes()).finalize().into_bytes();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn ask(server: &mut Server, now: u64, method: &str, target: &str) -> HttpReply {
    let request = HttpRequest { method, target, api_key: Some(KEY), body: b"" };
    server.on_http(now, &request)
}

fn body(reply: &HttpReply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

/// A signed request, with the parameters in the query.
fn signed_at(server: &mut Server, now: u64, method: &str, path: &str, params: &str) -> HttpReply {
    let payload = format!("{params}{}timestamp={now}", if params.is_empty() { "" } else { "&" });
    let target = format!("{path}?{payload}&signature={}", sign(&payload));
    ask(server, now, method, &target)
}

fn signed(server: &mut Server, method: &str, path: &str, params: &str) -> Value {
    body(&signed_at(server, NOW, method, path, params))
}

fn place(server: &mut Server, params: &str) -> Value {
    signed(server, "POST", "/fapi/v1/order", params)
}

fn limit(side: &str, price: &str, quantity: &str, more: &str) -> String {
    let terms = format!("side={side}&type=LIMIT&timeInForce=GTC&price={price}&quantity={quantity}");
    format!("symbol=BTCUSDT&{terms}{more}")
}

fn frames(server: &mut Server, connection: u64) -> Vec<Value> {
    let drained: Vec<(u64, Vec<u8>)> = server.drain().collect();
    let own = drained.into_iter().filter(|(to, _)| *to == connection);
    own.map(|(_, frame)| serde_json::from_slice(&frame).unwrap()).collect()
}

fn encoded(json: &Value) -> String {
    json.to_string().bytes().map(|byte| format!("%{byte:02X}")).collect()
}

fn listen_key(server: &mut Server) -> String {
    let reply = ask(server, NOW, "POST", "/fapi/v1/listenKey");
    body(&reply)["listenKey"].as_str().unwrap().to_owned()
}
