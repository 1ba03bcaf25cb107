//! The simulated exchange as Binance Spot: a life over real sockets, accounts from a file.

use crate::support::{Deployment, ExchangeProcess, engine};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::path::Path;
use std::time::Duration;
use tradekeel::net::http::{HttpClient, HttpLimits};
use tradekeel::net::ws::{self, WsLimits, WsReader, WsWriter};
use tradekeel::net::{Address, Bytes, Dial, Heartbeat, Method, TlsRoots};
use tradekeel::types::Price;

const LIMIT: Duration = Duration::from_secs(10);

/// Messages of a socket that are looked at for the one that is wanted.
const LOOKS: usize = 2_000;

/// One client with one key.
pub(crate) struct Client {
    pub(crate) port: u16,
    pub(crate) key: &'static str,
    pub(crate) secret: &'static str,
}

impl Client {
    async fn call(&self, method: Method, target: &str) -> (u16, Value) {
        let dial = Dial::new(TlsRoots::bundled().unwrap(), LIMIT);
        let address = Address::parse(&format!("http://127.0.0.1:{}", self.port)).unwrap();
        let client = HttpClient::new(address, dial, HttpLimits::STANDARD).unwrap();
        let headers = [("X-MBX-APIKEY", self.key)];
        let reply = client.call(method, target, &headers, Bytes::new(), LIMIT).await.unwrap();
        let body = String::from_utf8_lossy(&reply.body).into_owned();
        (reply.status, serde_json::from_str(&body).unwrap())
    }

    async fn now(&self) -> u64 {
        let (_, time) = self.call(Method::GET, "/api/v3/time").await;
        time["serverTime"].as_u64().unwrap()
    }

    pub(crate) async fn signed(&self, method: Method, path: &str, query: &str) -> (u16, Value) {
        let query = format!("{query}&timestamp={}", self.now().await);
        let target = format!("{path}?{query}&signature={}", self.sign(&query));
        self.call(method, &target).await
    }

    fn sign(&self, payload: &str) -> String {
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.as_bytes()).unwrap();
        mac.update(payload.as_bytes());
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    async fn open(&self, path: &str) -> (WsReader, WsWriter) {
        let dial = Dial::new(TlsRoots::bundled().unwrap(), LIMIT);
        let address = Address::parse(&format!("ws://127.0.0.1:{}{path}", self.port)).unwrap();
        let calm = Heartbeat { ping_every: LIMIT, silence_max: LIMIT * 3 };
        ws::open(&dial, &address, &[], WsLimits::STANDARD, calm).await.unwrap()
    }

    /// Begins to listen to the account's own events.
    async fn listen(&self) -> WsReader {
        let (mut reader, mut writer) = self.open("/ws-api/v3").await;
        let now = self.now().await;
        let signature = self.sign(&format!("apiKey={}&timestamp={now}", self.key));
        let params = json!({"apiKey": self.key, "timestamp": now, "signature": signature});
        let method = "userDataStream.subscribe.signature";
        let request = json!({"id": "listen", "method": method, "params": params});
        writer.send(request.to_string().as_bytes()).await.unwrap();
        let answer = until(&mut reader, |told| told["id"] == "listen").await;
        assert_eq!(answer["result"], json!({"subscriptionId": 0}), "{answer}");
        reader
    }
}

pub(crate) async fn until(reader: &mut WsReader, wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..LOOKS {
        let message = tokio::time::timeout(LIMIT, reader.next()).await.unwrap().unwrap();
        let told: Value = serde_json::from_slice(&message).unwrap();
        if wanted(&told) {
            return told;
        }
    }
    panic!("what is wanted does not come");
}

fn accounts(folder: &Path) -> String {
    let file = folder.join("accounts.yaml");
    let text = "accounts:\n  - key: ada-key\n    secret: ada-secret\n    spot: {USDT: 5000, BTC: 1.5}\n  \
                - key: bob-key\n    secret: bob-secret\n    usdm: 700\n";
    std::fs::write(&file, text).unwrap();
    file.display().to_string()
}

/// The best bid, and a price two per cent below it in whole units.
async fn far_bid(client: &Client) -> Price {
    let (_, quote) = client.call(Method::GET, "/api/v3/ticker/bookTicker?symbol=BTCUSDT").await;
    let best = Price::parse(quote["bidPrice"].as_str().unwrap().as_bytes()).unwrap();
    best.moved_bps(-200).floor_to(Price::whole(1))
}

#[test]
fn a_spot_account_of_a_file_lives_over_real_sockets() {
    let folder = Deployment::paper();
    let file = accounts(folder.root());
    let exchange =
        ExchangeProcess::start_at(0, &["--dialect", "binance_spot", "--accounts", &file]);
    let ada = Client { port: exchange.port, key: "ada-key", secret: "ada-secret" };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (_, account) =
            ada.signed(Method::GET, "/api/v3/account", "omitZeroBalances=true").await;
        let held = json!([
            {"asset": "USDT", "free": "5000.00000000", "locked": "0.00000000"},
            {"asset": "BTC", "free": "1.50000000", "locked": "0.00000000"},
        ]);
        assert_eq!(account["balances"], held);
        let mut events = ada.listen().await;
        let (mut market, _) = ada.open("/stream?streams=btcusdt@depth@100ms").await;
        let difference = until(&mut market, |told| told["data"]["e"] == "depthUpdate").await;
        assert_eq!(difference["stream"], "btcusdt@depth@100ms");
        let price = far_bid(&ada).await;
        let order = format!("symbol=BTCUSDT&side=BUY&type=LIMIT_MAKER&quantity=0.01&price={price}");
        let (status, placed) = ada
            .signed(Method::POST, "/api/v3/order", &format!("{order}&newClientOrderId=far"))
            .await;
        assert_eq!(status, 200, "{placed}");
        let report = until(&mut events, |told| told["event"]["e"] == "executionReport").await;
        assert_eq!((&report["event"]["c"], &report["event"]["x"]), (&json!("far"), &json!("NEW")));
        let wallet =
            until(&mut events, |told| told["event"]["e"] == "outboundAccountPosition").await;
        assert_ne!(wallet["event"]["B"][0]["l"], "0.00000000");
        let cancel = "symbol=BTCUSDT&origClientOrderId=far&newClientOrderId=bye";
        let (_, canceled) = ada.signed(Method::DELETE, "/api/v3/order", cancel).await;
        assert_eq!(canceled["status"], "CANCELED", "{canceled}");
        let report = until(&mut events, |told| told["event"]["x"] == "CANCELED").await;
        assert_eq!((&report["event"]["c"], &report["event"]["C"]), (&json!("bye"), &json!("far")));
        let (status, refused) =
            ada.signed(Method::POST, "/api/v3/order", &order.replace("0.01", "90")).await;
        assert_eq!((status, &refused["code"]), (400, &json!(-2010)), "{refused}");
        let everybody = Client { key: "paper-key", secret: "paper-secret", ..ada };
        let (status, stranger) = everybody.signed(Method::GET, "/api/v3/account", "").await;
        assert_eq!((status, &stranger["code"]), (401, &json!(-2015)), "only the file's accounts");
    });
    let done = exchange.process.stop();
    assert!(done.err.is_empty(), "{}", done.err);
}

#[test]
fn both_dialects_answer_on_one_port_with_the_account_that_everybody_knows() {
    let exchange = ExchangeProcess::start_at(0, &["--dialect", "binance_spot,binance_usdm"]);
    let paper = Client { port: exchange.port, key: "paper-key", secret: "paper-secret" };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (_, spot) = paper.signed(Method::GET, "/api/v3/account", "omitZeroBalances=true").await;
        let free: Vec<&Value> =
            spot["balances"].as_array().unwrap().iter().map(|it| &it["free"]).collect();
        assert_eq!(free[1], "10.00000000", "{spot}");
        let (_, usdm) = paper.signed(Method::GET, "/fapi/v3/account", "").await;
        assert!(usdm["totalWalletBalance"].is_string(), "{usdm}");
        let (mut market, _) = paper.open("/ws/btcusdt@bookTicker").await;
        let best = until(&mut market, |told| told["s"] == "BTCUSDT").await;
        assert!(best["e"].is_null(), "the bare address is Spot's: {best}");
    });
}

#[test]
fn a_file_of_accounts_that_is_wrong_is_told_line_by_line() {
    let folder = Deployment::paper();
    let file = folder.root().join("accounts.yaml");
    std::fs::write(&file, "accounts:\n  - {key: ada, usdm: -1}\n").unwrap();
    let file = file.display().to_string();
    let done = engine(&["exchange", "--listen", "127.0.0.1:0", "--accounts", &file]);
    assert_eq!(done.code, Some(78), "{}", done.err);
    assert_eq!(done.err.lines().count(), 2, "{}", done.err);
    assert!(done.err.contains("accounts[0].secret: is missing"), "{}", done.err);
    let done = engine(&["exchange", "--dialect", "binance_coinm"]);
    assert_eq!(done.code, Some(2), "{}", done.err);
    assert!(done.err.contains("binance_spot"), "{}", done.err);
}
