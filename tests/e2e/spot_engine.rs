//! The engine on a spot account: the real program against an exchange that speaks Binance Spot, and
//! what it believes beside what is true there, to the last digit.

use crate::control::text;
use crate::spot::Client;
use crate::support::{Deployment, ExchangeProcess, assert_no_panic, engine, eventually, number};
use serde_json::Value;
use std::collections::BTreeMap;
use tradekeel::net::Method;
use tradekeel::types::Qty;

const WHO: [&str; 4] = ["--by", "ada", "--reason", "e2e"];

/// A lot of the simulated pairs.
const LOT: &str = "0.001";

/// Fees as Binance takes them: a tenth of a percent, of what is bought.
pub(crate) fn deployment() -> Deployment {
    Deployment::spot().with("maker_fee_bps: 0", "maker_fee_bps: 10")
}

pub(crate) fn exchange() -> ExchangeProcess {
    let more = ["--dialect", "binance_spot", "--control", "127.0.0.1:0", "--fault-seed", "7"];
    ExchangeProcess::open(deployment(), 0, &more)
}

fn fills(status: &Value) -> i64 {
    number(&status["orders"]["fills"])
}

fn halted(deployment: &Deployment, exchange: &ExchangeProcess) {
    deployment.ask_ok(&[&["halt"], &WHO[..]].concat());
    until_nothing_stands(exchange);
    deployment.until("nothing is alive or unknown", |status| {
        number(&status["orders"]["open"]) == 0 && number(&status["orders"]["unknown"]) == 0
    });
}

pub(crate) fn until_nothing_stands(exchange: &ExchangeProcess) {
    let mut open = Vec::new();
    let gone = eventually(|| {
        let truth = exchange.truth();
        let orders = truth.orders().iter().filter(|order| order["is_open"] == true);
        open = orders.cloned().collect();
        open.is_empty()
    });
    assert!(gone, "orders stand: {open:?}");
}

/// What the account holds, by asset; nothing is absence.
fn wallets(rows: &Value, amount: &str) -> BTreeMap<String, Qty> {
    let rows = rows.as_array().unwrap().iter();
    let held = rows.map(|row| {
        let held = Qty::parse(text(&row[amount]).as_bytes()).unwrap_or_default();
        (text(&row["asset"]).to_owned(), held)
    });
    held.filter(|(_, held)| *held != Qty::ZERO).collect()
}

/// The engine believes what is true at the exchange: wallets, positions and trades.
fn assert_true(deployment: &Deployment, exchange: &ExchangeProcess) {
    let done = deployment.ask(&["reconcile", "--diff", "--json"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let told: Value = serde_json::from_str(&done.out).unwrap();
    let truth = exchange.truth();
    let ours = wallets(&told["accounts"][0]["wallets"], "ours");
    assert_eq!(ours, wallets(&truth.0["balances"], "wallet"), "{told:#}");
    let rows = told["accounts"][0]["positions"].as_array().unwrap();
    for row in rows {
        let base = text(&row["symbol"]).strip_suffix("USDT").unwrap().to_owned();
        let held = ours.get(&base).copied().unwrap_or_default();
        assert_eq!(Qty::parse(text(&row["ours"]).as_bytes()), Some(held), "{row}");
    }
    truth.assert_no_repeats();
    let mut traded = 0;
    let symbols = deployment.status()["instruments"].as_array().unwrap().len();
    assert_eq!(symbols, 2);
    for strategy in deployment.status()["strategies"].as_array().unwrap() {
        traded += number(&strategy["fills"]);
    }
    assert_eq!(traded, i64::try_from(truth.trades().len()).unwrap());
}

/// So much of Bitcoin is bought by somebody else, on the same account.
fn buy_by_hand(exchange: &ExchangeProcess, quantity: &str) {
    let by_hand = Client { port: exchange.port, key: "paper-key", secret: "paper-secret" };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let terms = format!("symbol=BTCUSDT&side=BUY&type=MARKET&quantity={quantity}");
    let (status, told) = runtime.block_on(by_hand.signed(Method::POST, "/api/v3/order", &terms));
    assert_eq!((status, &told["status"]), (200, &"FILLED".into()), "{told}");
}

fn held_of_bitcoin(exchange: &ExchangeProcess) -> Qty {
    let held = wallets(&exchange.truth().0["balances"], "wallet");
    held.get("BTC").copied().unwrap_or_default()
}

#[test]
fn it_trades_and_believes_what_is_true_to_the_last_digit() {
    let exchange = exchange();
    let deployment = deployment().remote(exchange.port);
    let running = deployment.trading();
    deployment.until_log("no dead-man's switch: this venue has none");
    deployment.until("it has traded both ways", |status| 20 <= fills(status));
    halted(&deployment, &exchange);
    assert_true(&deployment, &exchange);
    let truth = exchange.truth();
    let trades = truth.0["trades"].as_array().unwrap();
    for side in ["buy", "sell"] {
        assert!(trades.iter().any(|trade| trade["side"] == side), "no {side}: {trades:?}");
    }
    let status = deployment.status();
    assert_eq!(status["kill_switch_active"], false);
    assert_eq!(number(&status["orders"]["fee_mismatches"]), 0);
    assert_eq!(number(&status["orders"]["fees_unchecked"]), 0);
    assert_no_panic(&running.stop());
    let again = deployment.started();
    let restarted = deployment.status();
    assert_eq!(restarted["instruments"][0]["position"], status["instruments"][0]["position"]);
    let verified = deployment.ask(&["state", "verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert_no_panic(&again.stop());
}

#[test]
fn a_kill_leaves_no_order_and_holds_over_a_restart() {
    let exchange = exchange();
    let deployment = deployment().remote(exchange.port);
    let running = deployment.trading();
    deployment.ask_ok(&[&["kill-switch", "trip"], &WHO[..]].concat());
    until_nothing_stands(&exchange);
    let sent = number(&deployment.status()["orders"]["sent"]);
    running.kill_9();
    let again = deployment.started();
    let status = deployment.status();
    assert_eq!((&status["mode"], &status["reconciled"]), (&"KILLED".into(), &true.into()));
    assert_eq!(number(&status["orders"]["sent"]), 0, "after {sent} before it");
    until_nothing_stands(&exchange);
    assert_no_panic(&again.stop());
}

#[test]
fn a_flatten_sells_down_to_dust_and_says_that_it_is_done() {
    let exchange = exchange();
    buy_by_hand(&exchange, "0.025");
    let deployment =
        deployment().remote(exchange.port).with("initial_state: active", "initial_state: halted");
    let running = deployment.started();
    deployment.until("it holds what was bought", |status| {
        status["instruments"][0]["position"] == "0.024975"
    });
    deployment.ask_ok(&[&["flatten"], &WHO[..]].concat());
    let lot = Qty::parse(LOT.as_bytes()).unwrap();
    let sold = eventually(|| held_of_bitcoin(&exchange) < lot);
    assert!(sold, "{} are held\n{}", held_of_bitcoin(&exchange), deployment.log());
    assert!(Qty::ZERO < held_of_bitcoin(&exchange), "what is less than a lot stays");
    deployment.until_log("flat");
    let left = held_of_bitcoin(&exchange).to_string();
    deployment.until("it knows what is left", |status| {
        status["instruments"][0]["position"] == left.as_str()
    });
    assert_no_panic(&running.stop());
}

#[test]
fn lost_answers_and_executed_unknowns_end_in_the_truth() {
    let exchange = exchange();
    let deployment = deployment().remote(exchange.port);
    let running = deployment.trading();
    for fault in ["ack_lost", "503_executed", "503_not_executed", "fill_lost"] {
        exchange.arm(&format!("fault={fault}&on=place&times=1"));
        exchange.until_fired(fault, 1);
    }
    exchange.arm("fault=disconnect&on=place&times=1");
    exchange.until_fired("disconnect", 1);
    exchange.disarm();
    let before = fills(&deployment.status());
    deployment.until("it trades on", |status| {
        status["reconciled"] == true && before + 3 <= fills(status)
    });
    halted(&deployment, &exchange);
    deployment.until("it is reconciled", |status| status["reconciled"] == true);
    assert_true(&deployment, &exchange);
    assert_no_panic(&running.stop());
}

#[test]
fn the_exchange_inside_the_engine_speaks_spot_too() {
    let deployment = deployment();
    let running = deployment.trading();
    deployment.until("it has fills", |status| 3 <= fills(status));
    assert_no_panic(&running.stop());
}

#[test]
fn the_way_out_without_an_engine_sells_what_is_named() {
    let exchange = exchange();
    buy_by_hand(&exchange, "0.025");
    let folder = deployment();
    let keys = folder.root().join("keys");
    std::fs::write(&keys, "paper-key\npaper-secret\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    std::fs::set_permissions(&keys, mode).unwrap();
    let (keys, url) = (keys.display().to_string(), format!("http://127.0.0.1:{}", exchange.port));
    let place = ["--venue", "binance_spot", "--key-file", &keys, "--rest-url", &url];
    let unnamed = engine(&[&["panic", "flatten"], &place[..]].concat());
    assert_eq!(unnamed.code, Some(2), "{unnamed:?}");
    assert!(unnamed.err.contains("--symbol"), "{unnamed:?}");
    let done = engine(&[&["panic", "flatten", "--symbol", "BTCUSDT"], &place[..]].concat());
    assert_eq!(done.code, Some(0), "{done:?}");
    let held = held_of_bitcoin(&exchange);
    assert!(held < Qty::parse(LOT.as_bytes()).unwrap() && Qty::ZERO < held, "{held}");
}

#[test]
fn a_pair_that_the_venue_does_not_list_is_named_and_nothing_begins() {
    let exchange = exchange();
    let deployment = deployment().remote(exchange.port).with("ETHUSDT", "NOPEUSDT");
    let done = deployment.start().wait();
    assert_ne!(done.code, Some(0), "{done:?}");
    let said = format!("{}{}{}", done.out, done.err, deployment.log());
    assert!(said.contains("the venue does not list `NOPEUSDT`"), "{said}");
    let done = deployment.ask(&["filters", "fetch"]);
    assert!(done.err.contains("the venue does not list NOPEUSDT"), "{}", done.err);
}
