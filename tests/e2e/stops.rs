//! Stops that guard positions at the venue, in a whole engine over real sockets: they stand while
//! the process is dead, are taken over by the next one, and go with their position.

use crate::control::{Truth, text};
use crate::rest;
use crate::support::{Deployment, ExchangeProcess, eventually, pause};
use serde_json::Value;
use std::collections::BTreeSet;
use tradekeel::store::Record;
use tradekeel::types::Qty;

const SYMBOLS: [&str; 3] = ["BTCUSDT", "ETHUSDT", "SOLUSDT"];

/// So far away that no market of a test comes there.
const FAR: &str = "20";

/// So near that the market comes there in seconds.
const NEAR: &str = "0.02";

/// An account that holds something of each, and an engine that may not trade: what is asked for is
/// asked for by the engine itself.
fn holding(seed: u64, distance_pct: &str) -> (ExchangeProcess, Deployment) {
    let exchange = ExchangeProcess::tireless(seed);
    for (symbol, amount) in SYMBOLS.into_iter().zip(["0.01", "0.1", "1"]) {
        rest::buy(exchange.port, symbol, amount);
    }
    let stop = format!(
        "protective_stop: {{distance_pct: {distance_pct}, working_type: mark, within_ms: 3000}}"
    );
    let deployment = Deployment::at(exchange.port)
        .with("protective_stop: off", &stop)
        .with("initial_state: active", "initial_state: halted");
    (exchange, deployment)
}

fn conditionals(truth: &Truth) -> &[Value] {
    truth.0["conditionals"].as_array().unwrap()
}

/// The ids of those that wait, by symbol.
fn waiting(truth: &Truth) -> BTreeSet<(String, String)> {
    let open = conditionals(truth).iter().filter(|it| it["status"] == "New");
    open.map(|it| (text(&it["symbol"]).to_owned(), text(&it["client_id"]).to_owned())).collect()
}

fn is_guarded(line: &Value) -> bool {
    line["protective_stop"].as_str().is_some_and(|stop| stop.starts_with("at "))
}

fn all_guarded(status: &Value) -> bool {
    status["instruments"].as_array().is_some_and(|lines| lines.iter().all(is_guarded))
}

/// Everything that is held has exactly one that waits, and nothing else has.
pub(crate) fn is_guarded_whole(truth: &Truth) -> bool {
    let held = truth.positions().into_iter().filter(|(_, qty)| *qty != Qty::ZERO);
    let held: Vec<String> = held.map(|(symbol, _)| symbol).collect();
    let guarded: Vec<String> = waiting(truth).into_iter().map(|(symbol, _)| symbol).collect();
    held == guarded
}

#[test]
fn a_stop_outlives_the_engine_and_is_taken_over_by_the_next() {
    let (exchange, deployment) = holding(31, FAR);
    let running = deployment.started();
    deployment.until("every position is guarded", all_guarded);
    let placed = waiting(&exchange.truth());
    assert_eq!(placed.len(), SYMBOLS.len());
    running.kill_9();
    assert_eq!(waiting(&exchange.truth()), placed, "nobody is there, and they stand");
    let running = deployment.started();
    deployment.until("every position is guarded", all_guarded);
    assert_eq!(waiting(&exchange.truth()), placed);
    deployment.ask_ok(&["flatten", "--by", "ada", "--reason", "a test"]);
    let gone = eventually(|| {
        pause(200);
        waiting(&exchange.truth()).is_empty()
    });
    assert!(gone, "{:?}", conditionals(&exchange.truth()));
    assert!(exchange.truth().positions().values().all(|held| *held == Qty::ZERO));
    let status = deployment.until("all is flat", |status| {
        let lines = status["instruments"].as_array().unwrap().iter();
        lines.map(|line| &line["protective_stop"]).all(|stop| stop == "no position")
    });
    assert_eq!(status["mode"], "HALTED");
    running.stop();
    let is_placed = |record: &Record| matches!(record, Record::StopOrder(_));
    let journaled = deployment.journal().iter().filter(|it| is_placed(it)).count();
    assert_eq!(journaled, SYMBOLS.len(), "each is in the journal, once");
    deployment.ask_ok(&["journal", "verify"]);
}

#[test]
fn the_market_meets_one_while_nobody_is_there() {
    let (exchange, deployment) = holding(32, NEAR);
    let running = deployment.started();
    let some = eventually(|| {
        pause(100);
        !conditionals(&exchange.truth()).is_empty()
    });
    assert!(some);
    running.kill_9();
    let is_flat = |truth: &Truth| truth.positions().values().any(|held| *held == Qty::ZERO);
    let met = (0..20).any(|_| {
        eventually(|| {
            pause(200);
            is_flat(&exchange.truth())
        })
    });
    assert!(met, "no market came so near");
    let running = deployment.started();
    let status = deployment.until("reconciled", |status| status["reconciled"] == true);
    assert_eq!(status["kill_switch_active"], false, "{status}");
    running.stop();
    let truth = exchange.truth();
    truth.assert_no_repeats();
    for it in conditionals(&truth).iter().filter(|it| it["status"] == "Finished") {
        let orders = truth.orders().iter();
        let made = orders.filter(|order| order["client_id"] == it["client_id"]).count();
        assert_eq!(made, 1, "one that was met made one order: {it}");
    }
}

#[test]
fn the_market_meets_one_while_the_engine_looks() {
    let (exchange, deployment) = holding(33, NEAR);
    let running = deployment.started();
    let met = (0..20).any(|_| {
        eventually(|| {
            pause(200);
            deployment.log().contains("was met: the venue closes its position")
        })
    });
    assert!(met, "no market came so near");
    let status = deployment.until("its trade is taken in", |status| {
        status["orders"]["stop_fills"].as_u64().is_some_and(|fills| 0 < fills)
    });
    assert_eq!(status["kill_switch_active"], false, "{status}");
    assert_eq!(status["orders"]["foreign_fills"], 0);
    running.stop();
    exchange.truth().assert_no_repeats();
}

#[test]
fn lost_requests_and_answers_end_with_one_stop_for_each_position() {
    for fault in ["request_lost", "ack_lost", "503_executed", "503_not_executed"] {
        let (exchange, deployment) = holding(34, FAR);
        exchange.arm(&format!("fault={fault}&on=place_reducing&times=2"));
        let running = deployment.started();
        exchange.until_fired(fault, 2);
        deployment.until("every position is guarded", all_guarded);
        let truth = exchange.truth();
        assert!(is_guarded_whole(&truth), "{:?}", conditionals(&truth));
        truth.assert_no_repeats();
        running.stop();
        assert_eq!(waiting(&exchange.truth()), waiting(&truth), "an orderly end leaves them");
    }
}

#[test]
fn a_venue_that_takes_none_leaves_reductions_and_says_so() {
    let (exchange, deployment) = holding(35, FAR);
    exchange.arm("fault=request_lost&on=place_reducing&chance_ppm=1000000");
    let running = deployment.started();
    deployment.until_log("is held and no stop guards it at the venue");
    deployment.until("it may only be reduced", |status| {
        status["instruments"][0]["mode_cause"].as_str().is_some_and(|it| it.contains("unprotected"))
    });
    exchange.disarm();
    deployment.until("every position is guarded", all_guarded);
    running.stop();
}
