//! Markets recorded and played: by the back-test, by the exchange, by a paper run.

use crate::rest;
use crate::support::{Deployment, ExchangeProcess, engine, number, shared};
use serde_json::Value;
use std::fs;
use std::path::Path;

fn backtest(deployment: &Deployment, recording: &Path) -> Value {
    let (file, recording) = (deployment.file(), recording.display().to_string());
    let file = file.display().to_string();
    let done = engine(&["backtest", "--config", &file, "--recording", &recording, "--json"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    serde_json::from_str(&done.out).unwrap()
}

/// All that must be the same on every machine.
fn timeless(mut outcome: Value) -> Value {
    let fields = outcome.as_object_mut().unwrap();
    fields.remove("took_ns");
    fields.remove("events_per_second");
    outcome
}

fn units(value: &Value) -> f64 {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn what_was_recorded_is_played_the_same_by_all_three() {
    let exchange = ExchangeProcess::start();
    let recorder = Deployment::at(exchange.port);
    let out = recorder.root().join("market.gz");
    let (file, path) = (recorder.file().display().to_string(), out.display().to_string());
    let record = ["record", "--config", &file, "--out", &path, "--for", "3s"];
    let done = engine(&record);
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.contains(", 3 of them snapshots, in "), "{}", done.out);
    let again = engine(&record);
    assert_eq!(again.code, Some(1), "a file that exists is never overwritten");

    let one = timeless(backtest(&recorder, &out));
    assert_eq!(one, timeless(backtest(&recorder, &out)));
    assert!(0 < number(&one["diffs_applied"]), "{one:#}");
    assert_eq!((&one["books_lost"], &one["messages_bad"]), (&0.into(), &0.into()));

    let player = ExchangeProcess::start_at(0, &["--recording", &path, "--speed", "max"]);
    let deployment = Deployment::at(player.port);
    let running = deployment.start();
    let status = deployment.until("it is reconciled", |status| status["reconciled"] == true);
    assert_eq!(status["feed"]["books_lost"], 0, "{status:#}");
    assert_eq!(status["feed"]["overruns"], 0);
    running.stop();
    rest::until_no_opening_orders(player.port);
}

#[test]
fn an_embedded_exchange_records_too() {
    let deployment = Deployment::paper();
    let out = deployment.root().join("market.gz");
    let (file, path) = (deployment.file().display().to_string(), out.display().to_string());
    let done = engine(&["record", "--config", &file, "--out", &path, "--for", "2s"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let outcome = backtest(&deployment, &out);
    assert!(0 < number(&outcome["frames"]), "{outcome:#}");
    // Cut short, as by a full disk: what is before the end is played or the end is said, no panic.
    let bytes = fs::read(&out).unwrap();
    let cut = deployment.root().join("cut.gz");
    fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
    let cut = cut.display().to_string();
    let done = engine(&["backtest", "--config", &file, "--recording", &cut]);
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.err.contains("cut.gz") && done.err.lines().count() == 1, "{}", done.err);
}

#[test]
fn the_futures_market_of_2024_is_played_to_the_last_diff() {
    let Some(recording) = shared("binance-usdm-btcusdt-20240808.gz") else { return };
    let deployment = Deployment::paper();
    let outcome = timeless(backtest(&deployment, &recording));
    assert_eq!(outcome, timeless(backtest(&deployment, &recording)));
    assert_eq!(outcome["diffs_decoded"], 6_551, "{outcome:#}");
    assert_eq!(outcome["diffs_dropped"], 4);
    assert_eq!(outcome["diffs_applied"], 6_547);
    assert_eq!((&outcome["books_lost"], &outcome["messages_bad"]), (&0.into(), &0.into()));
    assert_eq!(outcome["drift_warned"], true);
    assert_eq!(outcome["kill_switch_active"], false);
    assert!(0 < number(&outcome["orders"]) && 0 < number(&outcome["fills"]), "{outcome:#}");
    let difference = units(&outcome["equity"]) - units(&outcome["venue_equity"]);
    assert!(difference.abs() < 0.01, "{outcome:#}");
}

#[test]
fn the_spot_market_of_2024_is_played_the_same_twice() {
    let Some(recording) = shared("binance-spot-btcusdt-20240808.gz") else { return };
    let deployment = Deployment::paper();
    let outcome = timeless(backtest(&deployment, &recording));
    assert_eq!(outcome, timeless(backtest(&deployment, &recording)));
    assert_eq!((&outcome["books_lost"], &outcome["messages_bad"]), (&0.into(), &0.into()));
    assert_eq!(outcome["kill_switch_active"], false);
}

#[test]
fn a_paper_run_on_a_recording_ends_with_it() {
    let exchange = ExchangeProcess::start();
    let recorder = Deployment::at(exchange.port);
    let out = recorder.root().join("market.gz");
    let (file, path) = (recorder.file().display().to_string(), out.display().to_string());
    let done = engine(&["record", "--config", &file, "--out", &path, "--for", "3s"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let paper = || {
        let played = format!("recording: {path}\n  speed: 2");
        Deployment::paper().with("  seed: 7", &format!("  {played}"))
    };
    let deployment = paper();
    let done = deployment.start().wait();
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(done.out.contains("MarketOver") && done.out.ends_with("Shutdown complete\n"));
    let deployment = paper();
    let done = deployment.run_for("1s");
    assert!(done.out.contains("TimeIsUp") && done.out.ends_with("Shutdown complete\n"));
}

#[test]
fn a_paper_run_on_the_futures_market_of_2024_trades() {
    let Some(recording) = shared("binance-usdm-btcusdt-20240808.gz") else { return };
    let played = format!("  recording: {}\n  speed: 10", recording.display());
    let deployment = Deployment::paper().with("  seed: 7", &played);
    let running = deployment.start();
    let status = deployment.until("it trades", |status| 0 < number(&status["orders"]["sent"]));
    assert_eq!(status["feed"]["books_lost"], 0, "{status:#}");
    assert_eq!(status["kill_switch_active"], false);
    running.stop();
}

/// What the shipped files allow is what the shipped strategies need (SAFETY E14): not one denial.
/// `.ci/run` does the same for a whole day.
#[test]
fn half_an_hour_of_a_synthetic_market_meets_no_denial() {
    let deployment = Deployment::paper();
    let file = deployment.file().display().to_string();
    let play = ["backtest", "--config", &file, "--synthetic", "30m", "--json"];
    let done = engine(&play);
    assert_eq!(done.code, Some(0), "{done:?}");
    let outcome: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!(outcome["denied"], serde_json::json!({}), "{outcome:#}");
    assert_eq!(
        (&outcome["mode"], &outcome["kill_switch_active"]),
        (&"RUNNING".into(), &false.into())
    );
    for name in ["quoter-btc", "quoter-eth", "momentum-sol"] {
        assert!(0 < number(&outcome["strategies"][name]["fills"]), "{outcome:#}");
    }
}

#[test]
fn a_back_test_plays_exactly_one_market() {
    let deployment = Deployment::paper();
    let file = deployment.file().display().to_string();
    let neither = engine(&["backtest", "--config", &file]);
    assert_eq!(neither.code, Some(2), "{neither:?}");
    let both = ["backtest", "--config", &file, "--synthetic", "1s", "--recording", "r.gz"];
    assert_eq!(engine(&both).code, Some(2));
}
