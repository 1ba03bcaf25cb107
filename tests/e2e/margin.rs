//! Margin with real processes: an account that is too small, one that the venue calls, and one that
//! it liquidates.

use crate::control::{believed, text};
use crate::rest;
use crate::support::{Deployment, ExchangeProcess, Process, number};
use serde_json::json;
use tradekeel::types::Qty;

/// An exchange whose account holds so much and trades with this leverage, and an engine that would
/// be stopped by margin alone.
fn poor(balance: &str, leverage: u32) -> (ExchangeProcess, Deployment) {
    let leverage = format!("leverage: {leverage}");
    let exchange = ExchangeProcess::of(
        Deployment::paper()
            .with("starting_balance: 100000", &format!("starting_balance: {balance}"))
            .with("leverage: 20", &leverage),
    );
    let deployment = Deployment::at(exchange.port)
        .with("leverage: 20", &leverage)
        .with("max_leverage: 0.5", "max_leverage: 125")
        .with("max_concentration_pct: 15", "max_concentration_pct: 12500")
        .with("max_margin_ratio_pct: 10", "max_margin_ratio_pct: 100")
        .with("warn_margin_ratio_pct: 30", "warn_margin_ratio_pct: 100")
        .with("min_liquidation_distance_pct: 30", "min_liquidation_distance_pct: 0.01");
    (exchange, deployment)
}

/// 0.01 BTC are some 600 USDT, and need some 30.
#[test]
fn an_account_that_is_too_small_for_an_order_is_denied_by_us_and_never_refused_by_the_venue() {
    let (exchange, deployment) = poor("20", 20);
    let engine = deployment.started();
    let status =
        deployment.until("margin denies", |status| 5 <= number(&status["denied"]["FreeMargin"]));
    assert_eq!(number(&status["orders"]["rejected"]), 0, "{status:#}");
    assert_eq!(rest::position(exchange.port, "BTCUSDT"), 0.0);
    engine.stop();
}

#[test]
fn another_leverage_at_the_venue_opens_nothing_and_says_both() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port).with("leverage: 20", "leverage: 10");
    let engine = deployment.started();
    let status = deployment
        .until("leverage denies", |status| 5 <= number(&status["denied"]["LeverageDiffers"]));
    assert_eq!(number(&status["orders"]["sent"]), 0, "{status:#}");
    deployment.until_log("leverage of BTCUSDT is 20 at the venue and 10 in the configuration");
    engine.stop();
}

/// A halted engine on an account whose owner bought by hand, with all the leverage that there is.
fn loaded() -> (ExchangeProcess, Deployment, Process) {
    let (exchange, deployment) = poor("100", 125);
    let deployment = deployment.with("exclusive: true", "exclusive: false");
    let engine = deployment.started();
    deployment.ask_ok(&["halt", "--by", "ada", "--reason", "a test trades by hand"]);
    rest::until_no_opening_orders(exchange.port);
    rest::buy_until_refused(exchange.port, "BTCUSDT", &["0.05", "0.01", "0.001"]);
    (exchange, deployment, engine)
}

/// The venue warns.
#[test]
fn a_margin_call_leaves_only_reductions_and_a_flatten_still_works() {
    let (exchange, deployment, engine) = loaded();
    deployment.until("the venue's call is heard", |status| {
        status["venues"][0]["mode_cause"].as_str().unwrap_or("").starts_with("margin call")
    });
    deployment.until_log("margin call:");
    let held = deployment.status()["venues"][0]["mode"].clone();
    assert_eq!(held, json!("REDUCING"));
    deployment.ask_ok(&["flatten", "--by", "ada", "--reason", "a margin call"]);
    deployment.until("it is flat", |status| {
        let lines = status["instruments"].as_array().unwrap();
        lines.iter().all(|line| line["position"] == "0") && status["flattening"] == false
    });
    assert_eq!(rest::position(exchange.port, "BTCUSDT"), 0.0);
    engine.stop();
}

/// Funding takes half of what is left.
#[test]
fn a_liquidated_account_is_killed_and_agrees_with_the_exchange() {
    let (exchange, deployment, engine) = loaded();
    let held = |it: &serde_json::Value| believed(it) == exchange.truth().positions();
    deployment.until("the trades of the other are heard", held);
    exchange.fund("60");
    deployment.until_log("a trade that is not ours: -");
    deployment.until_log("a liquidation by the venue");
    let status = deployment.until("it is killed, and agrees", |status| {
        let flat = believed(status).values().all(|held| *held == Qty::ZERO);
        flat && held(status) && status["kill_switch_active"] == true && status["reconciled"] == true
    });
    let truth = exchange.truth();
    let wallet = &truth.0["balances"][0]["wallet"];
    assert_eq!((text(&status["equity"]), text(wallet)), ("0", "0"), "nothing is left");
    let last = truth.orders().last().unwrap();
    assert!(text(&last["client_id"]).starts_with("autoclose-"), "{last}");
    assert_eq!(text(&status["kill_switch"]["trip"]["reason"]), "drawdown", "{status:#}");
    engine.stop();
    for said in ["nobody said why", "mismatch"] {
        assert!(!deployment.log().contains(said), "{}", deployment.log());
    }
}
