//! `engine panic`: out of an account with nothing but its key, whatever became of the engine.

use crate::proxy::{Proxy, Rules};
use crate::rest;
use crate::support::{Deployment, Done, ExchangeProcess, Process, engine, eventually};
use serde_json::Value;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use tempfile::TempDir;

const SYMBOLS: [&str; 3] = ["BTCUSDT", "ETHUSDT", "SOLUSDT"];

/// A folder with a key file in it.
pub(crate) struct Key {
    folder: TempDir,
}

impl Key {
    fn new(text: &str, mode: u32) -> Self {
        let this = Self { folder: tempfile::tempdir().unwrap() };
        fs::write(this.path(), text).unwrap();
        fs::set_permissions(this.path(), Permissions::from_mode(mode)).unwrap();
        this
    }

    pub(crate) fn good() -> Self {
        Self::new("paper-key\npaper-secret\n", 0o600)
    }

    fn path(&self) -> String {
        self.folder.path().join("keys").display().to_string()
    }

    /// Runs it where no configuration, journal or state is.
    pub(crate) fn panic(&self, port: u16, act: &str, more: &[&str]) -> Done {
        let (path, url) = (self.path(), format!("http://127.0.0.1:{port}"));
        let mut all = vec!["panic", act, "--venue", "binance_usdm"];
        all.extend(["--key-file", &path, "--rest-url", &url]);
        all.extend(more);
        engine(&all)
    }
}

fn holds_any(status: &Value) -> bool {
    SYMBOLS.iter().any(|symbol| holds(status, symbol))
}

fn holds(status: &Value, symbol: &str) -> bool {
    let lines = status["instruments"].as_array();
    lines.is_some_and(|lines| {
        lines.iter().any(|line| line["symbol"] == symbol && line["position"] != "0")
    })
}

/// An engine with orders in the market that holds Solana, and goes on holding it: nothing of it
/// rests.
fn trading(exchange: &ExchangeProcess) -> (Deployment, Process) {
    let deployment = Deployment::at(exchange.port)
        .with("threshold_bps: 10", "threshold_bps: 0.1")
        .with("hold_ms: 3000", "hold_ms: 600000");
    let running = deployment.trading();
    deployment.until("it holds something", |status| holds(status, "SOLUSDT"));
    (deployment, running)
}

fn assert_out(port: u16, done: &Done) {
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    for symbol in SYMBOLS {
        assert_eq!(rest::position(port, symbol).abs(), 0.0, "{symbol}: {}", done.out);
    }
    assert_eq!(rest::opening_orders(port), Vec::<Value>::new(), "{}", done.out);
}

/// However wide the cap, the exit stays in the band of prices that the venue takes.
#[test]
fn flatten_gets_out_after_the_engine_is_dead() {
    let exchange = ExchangeProcess::start();
    let (_deployment, running) = trading(&exchange);
    running.kill_9();
    let done = Key::good().panic(exchange.port, "flatten", &["--cap-pct", "20"]);
    assert_out(exchange.port, &done);
    assert!(done.out.contains("to reduce: taken"), "{}", done.out);
    assert!(done.out.ends_with("nothing is held and nothing opens\n"), "{}", done.out);
}

#[test]
fn flatten_gets_out_beside_an_engine_that_is_killed() {
    let exchange = ExchangeProcess::start();
    let (deployment, running) = trading(&exchange);
    deployment.ask_ok(&["kill-switch", "trip", "--by", "ada", "--reason", "e2e"]);
    let done = Key::good().panic(exchange.port, "flatten", &[]);
    assert_out(exchange.port, &done);
    let status = deployment
        .until("the engine sees it", |status| status["reconciled"] == true && !holds_any(status));
    assert_eq!(status["mode"], "KILLED");
    running.stop();
}

/// It re-quotes what is taken back: that is said, and the engine lives on with the truth.
#[test]
fn cancel_all_beside_an_engine_that_trades_ends_either_way_and_harms_nothing() {
    let exchange = ExchangeProcess::start();
    let (deployment, mut running) = trading(&exchange);
    let done = Key::good().panic(exchange.port, "cancel-all", &[]);
    assert!(done.out.contains("cancel"), "{}", done.out);
    match done.code {
        Some(0) => assert!(done.out.contains("done:"), "{}", done.out),
        Some(1) => assert!(done.err.contains("stop whatever else trades"), "{}", done.err),
        code => panic!("{code:?}: {}{}", done.out, done.err),
    }
    running.assert_running();
    deployment.ask_ok(&["halt", "--by", "ada", "--reason", "to compare"]);
    rest::until_no_opening_orders(exchange.port);
    deployment.until("it knows the truth", |status| {
        status["reconciled"] == true && status["orders"]["unknown"] == 0
    });
    running.stop();
}

#[test]
fn cancel_all_takes_orders_back_and_leaves_positions() {
    let exchange = ExchangeProcess::start();
    let (_deployment, running) = trading(&exchange);
    running.kill_9();
    let held = rest::position(exchange.port, "SOLUSDT");
    let done = Key::good().panic(exchange.port, "cancel-all", &[]);
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    assert_eq!(rest::opening_orders(exchange.port), Vec::<Value>::new());
    assert_ne!(held, 0.0);
    assert_eq!(rest::position(exchange.port, "SOLUSDT"), held, "{}", done.out);
    assert!(!done.out.contains("to reduce"), "{}", done.out);
}

#[test]
fn only_the_symbol_that_is_named_is_touched() {
    let exchange = ExchangeProcess::start();
    let (deployment, running) = trading(&exchange);
    deployment.until("it holds two", |status| {
        ["BTCUSDT", "SOLUSDT"].iter().all(|symbol| holds(status, symbol))
    });
    running.kill_9();
    let held = |symbol: &str| rest::position(exchange.port, symbol);
    let done = Key::good().panic(exchange.port, "flatten", &["--symbol", "btcusdt"]);
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    assert_eq!(held("BTCUSDT").abs(), 0.0);
    assert_ne!(held("SOLUSDT"), 0.0, "{}", done.out);
}

/// Everything that is sent is executed and answered 503: only readings count, and nothing goes
/// twice.
#[test]
fn what_is_answered_503_is_asked_after_and_not_sent_again() {
    let exchange = ExchangeProcess::start();
    let (_deployment, running) = trading(&exchange);
    running.kill_9();
    let http = |path: &str, status, body: &[u8]| match path {
        "/fapi/v1/order" | "/fapi/v1/allOpenOrders" => {
            let said = b"{\"code\":-1000,\"msg\":\"Unknown error, please check your request or \
                         try again later.\"}";
            Some((503, said.to_vec()))
        }
        _ => Some((status, body.to_vec())),
    };
    let proxy = Proxy::before(exchange.port, Rules { http, ..Rules::GOOD });
    let done = Key::good().panic(proxy.port, "flatten", &["--cap-pct", "3"]);
    assert_out(exchange.port, &done);
    assert!(done.out.contains("503") && !done.out.contains(": taken"), "{}", done.out);
    for symbol in SYMBOLS {
        let exit = format!(" of {symbol} at ");
        assert!(done.out.matches(&exit).count() <= 1, "{symbol} went twice: {}", done.out);
    }
}

/// Questions that fail are asked again, and an exit that nobody answers is asked after.
#[test]
fn questions_that_fail_are_asked_again() {
    let exchange = ExchangeProcess::start();
    let (_deployment, running) = trading(&exchange);
    running.kill_9();
    let http = |path: &str, status, body: &[u8]| match path {
        "/fapi/v3/positionRisk" => Some((500, b"<html>".to_vec())),
        _ => Some((status, body.to_vec())),
    };
    let proxy = Proxy::before(exchange.port, Rules { http, ..Rules::GOOD });
    let key = Key::good();
    let (path, url) = (key.path(), format!("http://127.0.0.1:{}", proxy.port));
    let arguments = ["panic", "flatten", "--venue", "binance_usdm", "--key-file", &path];
    let all = [&arguments[..], &["--rest-url", &url]].concat();
    let running = Process::start(key.folder.path(), &all);
    assert!(eventually(|| running.out().contains("asking again")), "{}", running.out());
    proxy.behave();
    assert_out(exchange.port, &running.wait());
}

#[test]
fn what_a_person_must_mend_is_said_by_exit_code_and_word() {
    let exchange = ExchangeProcess::start();
    let rows = [
        (Key::new("paper-key\npaper-secret\n", 0o644), 77, "chmod 600"),
        (Key::new("paper-key\n", 0o600), 77, "two lines"),
        (Key::new("another-key\npaper-secret\n", 0o600), 77, "does not take the key"),
        (Key::new("paper-key\nanother-secret\n", 0o600), 77, "does not take the key"),
    ];
    for (key, code, said) in rows {
        let done = key.panic(exchange.port, "flatten", &[]);
        assert_eq!(done.code, Some(code), "{said}: {}{}", done.out, done.err);
        assert!(done.err.contains(said), "{said}: {}", done.err);
        assert!(!done.err.contains("paper-") && !done.err.contains("another-"), "{}", done.err);
    }
    let nobody = crate::support::free_port();
    let done = Key::good().panic(nobody, "cancel-all", &[]);
    assert_eq!(done.code, Some(69), "{}{}", done.out, done.err);
    let far = ["panic", "flatten", "--venue", "binance_usdm", "--key-file", "x"];
    let done = engine(&[&far[..], &["--rest-url", "http://fapi.binance.com"]].concat());
    assert_eq!(done.code, Some(2), "{}", done.err);
    assert!(done.err.contains("use https://"), "{}", done.err);
}

#[test]
fn an_account_that_is_flat_is_said_to_be_flat() {
    let exchange = ExchangeProcess::start();
    let done = Key::good().panic(exchange.port, "flatten", &[]);
    assert_out(exchange.port, &done);
    assert!(!done.out.contains("cancel") && !done.out.contains("to reduce"), "{}", done.out);
}
