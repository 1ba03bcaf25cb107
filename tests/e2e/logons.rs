//! A desk whose key is of Ed25519: its connections for orders are logged on, on either market.

use crate::control::assert_true;
use crate::proxy::{Frames, Proxy, Rules};
use crate::support::{
    ADA_SECRET, Deployment, ExchangeProcess, assert_no_panic, engine, eventually, number, pause,
};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tradekeel::types::Qty;

const ACCOUNTS: &str = "accounts:
  - key: ada-key
    public_key: MCowBQYDK2VwAyEAGUIKv9dSpWXBViXp2m6vAIb8QMFJYBgyFEQsFJlqgA0=
    spot: {USDT: 100000}
    usdm: 100000
";

const LOGON: &str = "SAY session.logon";

const WHO: [&str; 4] = ["--by", "ada", "--reason", "e2e"];

/// On which market.
#[derive(Clone, Copy)]
enum Market {
    Spot,
    Usdm,
}

impl Market {
    fn deployment(self) -> Deployment {
        match self {
            Self::Spot => Deployment::spot(),
            Self::Usdm => Deployment::paper(),
        }
    }

    /// One that knows a key of Ed25519, and no other.
    fn exchange(self) -> ExchangeProcess {
        let (folder, dialect) = match self {
            Self::Spot => (Deployment::spot(), "binance_spot"),
            Self::Usdm => (Deployment::paper(), "binance_usdm"),
        };
        let accounts = folder.root().join("accounts.yaml");
        fs::write(&accounts, ACCOUNTS).unwrap();
        let accounts = accounts.display().to_string();
        let control = ["--control", "127.0.0.1:0", "--fault-seed", "7"];
        let more = ["--dialect", dialect, "--accounts", &accounts];
        ExchangeProcess::open(folder, 0, &[&control[..], &more].concat())
    }

    /// An engine with that key.
    fn desk(self, port: u16) -> Deployment {
        let remote = self.deployment().remote(port);
        remote.with("${E2E_KEY}", "${E2E_ADA_KEY}").with("${E2E_SECRET}", "${E2E_ADA_SECRET}")
    }
}

/// A file that nobody else can read.
fn closed(deployment: &Deployment, name: &str, text: &str) -> String {
    let path = deployment.root().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    path.display().to_string()
}

fn fills(status: &Value) -> i64 {
    number(&status["orders"]["fills"])
}

/// It believes what is true, and nothing is in doubt.
fn assert_believed(market: Market, deployment: &Deployment, exchange: &ExchangeProcess) {
    if let Market::Usdm = market {
        return assert_true(deployment, exchange);
    }
    deployment.ask_ok(&[&["halt"], &WHO[..]].concat());
    deployment.until("nothing is alive or unknown", |status| {
        number(&status["orders"]["open"]) == 0 && number(&status["orders"]["unknown"]) == 0
    });
    let done = deployment.ask(&["reconcile", "--diff"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    exchange.truth().assert_no_repeats();
}

fn it_trades_over_kills_and_cuts(market: Market) {
    let exchange = market.exchange();
    let deployment = market.desk(exchange.port);
    let running = deployment.trading();
    assert_eq!(exchange.asked(LOGON), 1, "the one connection for orders is logged on");
    deployment.until("it has fills", |status| 3 <= fills(status));
    assert!(0 < exchange.asked("SAY order.cancel"));
    running.kill_9();
    let running = deployment.trading();
    assert_eq!(exchange.asked(LOGON), 2);
    exchange.arm("fault=disconnect&on=place&times=1");
    exchange.until_fired("disconnect", 1);
    let logged_on = eventually(|| {
        pause(100);
        3 <= exchange.asked(LOGON)
    });
    assert!(logged_on, "{}", deployment.log());
    let before = fills(&deployment.status());
    deployment.until("it trades on", |status| {
        status["reconciled"] == true && before + 3 <= fills(status)
    });
    assert_believed(market, &deployment, &exchange);
    assert_no_panic(&running.stop());
}

#[test]
fn a_desk_on_futures_trades_over_kills_and_cuts() {
    it_trades_over_kills_and_cuts(Market::Usdm);
}

#[test]
fn a_desk_on_spot_trades_over_kills_and_cuts() {
    it_trades_over_kills_and_cuts(Market::Spot);
}

fn its_connections_are_renewed(market: Market) {
    let exchange = market.exchange();
    let deployment = market.desk(exchange.port);
    let deployment = deployment.with("max_connection_age_s: 82800", "max_connection_age_s: 5");
    let running = deployment.trading();
    let renewed = eventually(|| {
        let log = deployment.log();
        let of_orders = |line: &&str| line.contains("renewed") && line.contains("order entry");
        2 <= log.lines().filter(of_orders).count()
    });
    assert!(renewed, "{}", deployment.log());
    assert!(3 <= exchange.asked(LOGON), "each next one was logged on before it took over");
    let sent = number(&deployment.status()["orders"]["sent"]);
    deployment.until("it trades on the new one", |status| sent < number(&status["orders"]["sent"]));
    assert_no_panic(&running.stop());
    let log = deployment.log();
    for said in ["link down", "trying again", "differs"] {
        assert!(!log.contains(said), "`{said}` in: {log}");
    }
}

#[test]
fn connections_on_futures_are_logged_on_before_they_take_over() {
    its_connections_are_renewed(Market::Usdm);
}

#[test]
fn connections_on_spot_are_logged_on_before_they_take_over() {
    its_connections_are_renewed(Market::Spot);
}

/// The key is taken back on a connection that is logged on: one stop, one alert, no storm. Given
/// again, it is the operator's word that lets it trade.
fn a_key_taken_back_stops_it(market: Market) {
    let exchange = market.exchange();
    let deployment = market.desk(exchange.port);
    let running = deployment.trading();
    let before = exchange.asked(LOGON);
    exchange.set_key("ada-key", false);
    deployment.until("it is halted", |status| status["venues"][0]["mode"] == "HALTED");
    deployment.until("the link is down", |status| status["link"]["orders"] == false);
    deployment.until_log("the logon failed: the venue answered 401 (code -2015)");
    assert_eq!(exchange.asked(LOGON), before + 1, "asked once, and not again for a minute");
    let log = deployment.log();
    assert_eq!(log.matches("key refused").count(), 1, "{log}");
    running.signal("TERM");
    let done = running.wait();
    assert_eq!(done.code, Some(1), "it could take back nothing, and says so: {done:?}");
    assert_no_panic(&done);
    exchange.set_key("ada-key", true);
    let running = deployment.started();
    assert_eq!(deployment.status()["venues"][0]["mode"], "HALTED");
    deployment.ask_ok(&[&["resume", "--venue", "simulated"], &WHO[..]].concat());
    deployment.until("it trades", |status| 3 <= number(&status["orders"]["sent"]));
    assert_no_panic(&running.stop());
}

#[test]
fn a_key_taken_back_on_futures_stops_the_desk_once() {
    a_key_taken_back_stops_it(Market::Usdm);
}

#[test]
fn a_key_taken_back_on_spot_stops_the_desk_once() {
    a_key_taken_back_stops_it(Market::Spot);
}

/// The venue forgets who is on the connection, in each of the ways that it has to say so.
#[test]
fn a_session_that_is_lost_is_made_again_and_nothing_stays_in_doubt() {
    let exchange = Market::Usdm.exchange();
    let proxy = Proxy::before(exchange.port, Rules::GOOD);
    let deployment = Market::Usdm.desk(proxy.port);
    let running = deployment.trading();
    for (lost, orders) in [(1, forgotten as Frames), (2, unknown_to_the_venue)] {
        proxy.misbehave(Rules { orders, ..Rules::GOOD });
        let is_lost = eventually(|| lost <= deployment.log().matches(SESSION_LOST).count());
        proxy.behave();
        assert!(is_lost, "{}", deployment.log());
        let before = fills(&deployment.status());
        deployment.until("it trades on", |status| {
            status["reconciled"] == true && before + 3 <= fills(status)
        });
    }
    assert!(3 <= exchange.asked(LOGON));
    assert_true(&deployment, &exchange);
    assert!(!deployment.log().contains("key refused"), "{}", deployment.log());
    assert_no_panic(&running.stop());
}

const SESSION_LOST: &str = "the venue does not know who is on the connection";

/// In the place of an answer to an order.
fn forgotten(bytes: &[u8], _: u64) -> Vec<u8> {
    let said = br#"{"id":null,"status":401,"error":{"code":-2015,"msg":"Invalid API-key."}}"#;
    if bytes.starts_with(LOGGED_ON) { bytes.to_vec() } else { said.to_vec() }
}

/// The same as an answer to it.
fn unknown_to_the_venue(bytes: &[u8], _: u64) -> Vec<u8> {
    let said =
        br#"{"id":"p0","status":400,"error":{"code":-2014,"msg":"API-key format invalid."}}"#;
    if bytes.starts_with(LOGGED_ON) { bytes.to_vec() } else { said.to_vec() }
}

/// How the answer to a logon begins.
const LOGGED_ON: &[u8] = br#"{"id":"logon""#;

/// A secret that does not belong to the key: the desk says what is wrong and sends nothing.
#[test]
fn a_logon_that_is_refused_is_one_stop_and_no_order() {
    let exchange = Market::Usdm.exchange();
    let wrong = "MC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let deployment = Market::Usdm.desk(exchange.port);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{wrong}\n-----END PRIVATE KEY-----\n");
    let file = |name: &str, text: &str| closed(&deployment, name, text);
    let (key, secret) = (file("key", "ada-key\n"), file("secret.pem", &pem));
    let deployment = deployment
        .with("api_key: ${E2E_ADA_KEY}", &format!("api_key_file: {key}"))
        .with("api_secret: ${E2E_ADA_SECRET}", &format!("api_secret_file: {secret}"));
    let mut running = deployment.start();
    deployment.until_log("the logon failed: the venue answered 400 (code -1022)");
    deployment.until("it is halted", |status| status["venues"][0]["mode"] == "HALTED");
    assert_eq!(deployment.status()["link"]["orders"], false);
    assert_eq!(exchange.asked(LOGON), 1, "asked once, and not again for a minute");
    assert_eq!(number(&exchange.truth().0["requests"]["SAY order.place"]), 0);
    running.assert_running();
    assert_no_panic(&running.stop());
}

/// Nothing is sent on a connection before the venue's word that we are who is on it.
#[test]
fn a_logon_that_is_not_answered_or_for_somebody_else_is_tried_again() {
    let exchange = Market::Usdm.exchange();
    let proxy = Proxy::before(exchange.port, Rules { orders: silent, ..Rules::GOOD });
    let deployment = Market::Usdm.desk(proxy.port);
    let mut running = deployment.start();
    deployment.until_log("the venue did not tell its time and answer a logon within");
    proxy.misbehave(Rules { orders: for_somebody_else, ..Rules::GOOD });
    deployment.until_log("the logon failed: field `apiKey` is missing or ill-formed");
    assert_eq!(deployment.status()["link"]["orders"], false);
    assert_eq!(exchange.asked("SAY order.place"), 0);
    running.assert_running();
    proxy.behave();
    deployment.until("it trades", |status| 3 <= number(&status["orders"]["sent"]));
    assert_no_panic(&running.stop());
}

fn silent(_: &[u8], _: u64) -> Vec<u8> {
    br#"{"e":"NOTHING","E":1}"#.to_vec()
}

fn for_somebody_else(bytes: &[u8], _: u64) -> Vec<u8> {
    String::from_utf8_lossy(bytes).replace("ada-key", "bobs-key").into_bytes()
}

/// The way out without an engine is signed by the same key.
#[test]
fn a_panic_is_signed_with_the_same_key() {
    let exchange = Market::Usdm.exchange();
    let deployment = Market::Usdm.desk(exchange.port);
    let running = deployment.trading();
    deployment.until("it has fills", |status| 3 <= fills(status));
    running.kill_9();
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{ADA_SECRET}\n-----END PRIVATE KEY-----\n");
    let keys = closed(&deployment, "keys", &format!("ada-key\n{pem}"));
    let url = format!("http://127.0.0.1:{}", exchange.port);
    let place = ["--venue", "binance_usdm", "--key-file", &keys, "--rest-url", &url];
    let done = engine(&[&["panic", "flatten"], &place[..]].concat());
    assert_eq!(done.code, Some(0), "{done:?}");
    let truth = exchange.truth();
    assert!(truth.positions().values().all(|held| *held == Qty::ZERO), "{:?}", truth.positions());
}
