//! The Spot dialect from a client's side: the client is written from the sheet and knows nothing of
//! the server.

mod lives;
mod money;
mod refusals;
mod rest;
mod self_trade;
mod socket;

use crate::sim::account::Fees;
use crate::sim::binance::{HttpReply, HttpRequest, Server, SpotAccount};
use crate::sim::testing::{cash, instruments, small_book};
use crate::types::{AssetId, Instrument, InstrumentKind};
use crate::venue::key::Proof;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

const NOW: u64 = 1_700_000_000_000;
const KEY: &str = "key-one";
const SECRET: &str = "secret-one";

fn pairs() -> Vec<Instrument> {
    let mut all = instruments();
    for instrument in &mut all {
        instrument.kind = InstrumentKind::Spot;
        instrument.filters.notional_min = cash("5");
    }
    all
}

/// Two accounts of 10,000 USDT and 10 BTC; 0.1 % for makers, 0.2 % for takers.
fn server() -> Server {
    let account = |name: &str| SpotAccount {
        key: format!("key-{name}"),
        proof: Proof::Secret(format!("secret-{name}")),
        balances: vec![(AssetId(0), cash("10000")), (AssetId(1), cash("10"))],
    };
    let assets = ["USDT", "BTC", "ETH"].map(str::to_owned).to_vec();
    let fees = Fees { maker_centi_bps: 1_000, taker_centi_bps: 2_000 };
    Server::spot(pairs(), assets, vec![account("one"), account("two")], fees)
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

fn ask(server: &mut Server, method: &str, target: &str) -> HttpReply {
    let request = HttpRequest { method, target, api_key: Some(KEY), body: b"" };
    server.on_http(NOW, &request)
}

fn body(reply: &HttpReply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

fn header<'a>(reply: &'a HttpReply, name: &str) -> Option<&'a str> {
    let found = reply.headers.iter().find(|(known, _)| known == name);
    found.map(|(_, value)| value.as_str())
}

/// A signed request, with the parameters in the query.
fn sent(server: &mut Server, method: &str, path: &str, params: &str) -> HttpReply {
    let payload = format!("{params}{}timestamp={NOW}", if params.is_empty() { "" } else { "&" });
    ask(server, method, &format!("{path}?{payload}&signature={}", sign(&payload)))
}

fn signed(server: &mut Server, method: &str, path: &str, params: &str) -> Value {
    body(&sent(server, method, path, params))
}

fn place(server: &mut Server, params: &str) -> Value {
    signed(server, "POST", "/api/v3/order", &format!("symbol=BTCUSDT&{params}"))
}

fn limit(side: &str, price: &str, quantity: &str) -> String {
    format!("side={side}&type=LIMIT&timeInForce=GTC&price={price}&quantity={quantity}")
}

/// What an account has, free and locked.
fn balance(server: &mut Server, asset: &str) -> (String, String) {
    let account = signed(server, "GET", "/api/v3/account", "");
    let all = account["balances"].as_array().unwrap().clone();
    let found = all.into_iter().find(|it| it["asset"] == asset).unwrap();
    let text = |name: &str| found[name].as_str().unwrap().to_owned();
    (text("free"), text("locked"))
}

fn frames(server: &mut Server, connection: u64) -> Vec<Value> {
    let drained: Vec<(u64, Vec<u8>)> = server.drain().collect();
    let own = drained.into_iter().filter(|(to, _)| *to == connection);
    own.map(|(_, frame)| serde_json::from_slice(&frame).unwrap()).collect()
}

/// A signed request over a socket.
fn say(server: &mut Server, connection: u64, method: &str, params: &Value) {
    let mut params = params.as_object().cloned().unwrap_or_default();
    params.insert("apiKey".to_owned(), json!(KEY));
    params.insert("timestamp".to_owned(), json!(NOW));
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let mut pairs: Vec<String> =
        params.iter().map(|(name, value)| format!("{name}={}", text(value))).collect();
    pairs.sort();
    params.insert("signature".to_owned(), json!(sign(&pairs.join("&"))));
    let request = json!({"id": method, "method": method, "params": params});
    server.on_text(NOW, connection, request.to_string().as_bytes());
}
