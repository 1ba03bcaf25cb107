//! Clocks that are not one: ours is three seconds off, and what protects still passes (SAFETY E10).

use crate::rest;
use crate::support::{Deployment, ExchangeProcess, number};
use serde_json::Value;

const WHO: [&str; 4] = ["--by", "ada", "--reason", "e2e"];

fn holds(status: &Value) -> bool {
    status["instruments"].as_array().is_some_and(|it| it.iter().any(|it| it["position"] != "0"))
}

/// Trades under thresholds that let it, so that there is something to take back and to close.
fn assert_stops_and_exits_pass(offset_ms: i64) {
    let exchange = ExchangeProcess::start_at(0, &["--clock-offset-ms", &offset_ms.to_string()]);
    let deployment = Deployment::at(exchange.port)
        .with("warn_threshold_ms: 500", "warn_threshold_ms: 50000")
        .with("kill_threshold_ms: 2000", "kill_threshold_ms: 60000");
    let running = deployment.trading();
    let status = deployment.until("it holds something", holds);
    let offset = number(&status["clock_offset_ms"]);
    assert!((offset - offset_ms).abs() < 500, "{offset}");
    deployment.ask_ok(&[&["kill-switch", "trip"], &WHO[..]].concat());
    deployment.until("its orders are gone", |status| number(&status["orders"]["open"]) == 0);
    rest::until_no_opening_orders(exchange.port);
    deployment.ask_ok(&[&["flatten"], &WHO[..]].concat());
    deployment.until("it holds nothing", |status| !holds(status));
    for symbol in ["BTCUSDT", "ETHUSDT", "SOLUSDT"] {
        assert_eq!(rest::position(exchange.port, symbol).abs(), 0.0, "{symbol}");
    }
    assert_eq!(number(&deployment.status()["orders"]["clock_refusals"]), 0);
    running.stop();
}

#[test]
fn with_our_clock_three_seconds_behind_cancel_all_and_flatten_succeed() {
    assert_stops_and_exits_pass(3_000);
}

#[test]
fn with_our_clock_three_seconds_ahead_cancel_all_and_flatten_succeed() {
    assert_stops_and_exits_pass(-3_000);
}

#[test]
fn with_a_clock_that_is_three_seconds_off_nothing_is_opened() {
    let exchange = ExchangeProcess::start_at(0, &["--clock-offset-ms", "3000"]);
    let deployment = Deployment::at(exchange.port);
    let running = deployment.started();
    deployment.until("it is denied", |status| number(&status["denied"]["ClockDrift"]) != 0);
    assert_eq!(number(&deployment.status()["orders"]["sent"]), 0);
    running.stop();
}
