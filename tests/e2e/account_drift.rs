//! Somebody else trades on our account and the venue does not tell: what differs may only reduce.

use crate::proxy::{Proxy, Rules, silent_about_others, without_history};
use crate::rest;
use crate::support::{Deployment, ExchangeProcess};
use serde_json::Value;

fn is_mode(status: &Value, mode: &str, cause: &str) -> bool {
    let solana = &status["instruments"][2];
    solana["mode"] == mode && solana["mode_cause"].as_str().is_some_and(|it| it.starts_with(cause))
}

#[test]
fn a_trade_of_somebody_else_freezes_its_instrument_and_the_second_waits_for_a_person() {
    let exchange = ExchangeProcess::start();
    let silent = Rules { private: silent_about_others, http: without_history, ..Rules::GOOD };
    let deployment = Deployment::at(Proxy::before(exchange.port, silent).port);
    let mut engine = deployment.trading();

    rest::buy(exchange.port, "SOLUSDT", "1");
    deployment.until_log("account drift: position SOLUSDT: ours ");
    deployment.until_log("mode REDUCING for SOLUSDT: account drift (engine)");
    deployment.until_log("account drift over for SOLUSDT: a reading agrees; mode RUNNING");
    let status = deployment.until("it is free again", |it| is_mode(it, "RUNNING", "first start"));
    assert_eq!(status["instruments"][0]["mode"], "RUNNING", "the others never stopped");
    assert!(!deployment.log().contains("mode REDUCING for BTCUSDT"));

    rest::buy(exchange.port, "SOLUSDT", "1");
    deployment.until("it waits", |it| is_mode(it, "REDUCING", "account drift again"));
    engine.assert_running();
    engine.stop();

    let engine = deployment.started();
    deployment.until("a restart lifts nothing", |it| is_mode(it, "REDUCING", "account drift"));
    let who = ["--by", "ada", "--reason", "it was bob"];
    deployment.ask_ok(&[&["resume", "--instrument", "SOLUSDT"], &who[..]].concat());
    deployment.until("a person does", |it| is_mode(it, "CONSERVATIVE", "resume"));
    assert!(2.0 <= rest::position(exchange.port, "SOLUSDT"), "nobody fights the person");
    engine.stop();
}
