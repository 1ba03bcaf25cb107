//! A reset of the kill switch while no engine runs (D3): on the venue's own word, against a real
//! exchange process.

use crate::kill_switch::CRITERIA;
use crate::rest;
use crate::support::{Deployment, Done, ExchangeProcess, number};
use serde_json::Value;
use std::fs;
use tradekeel::core::{Mode, ModeCause, Scope};
use tradekeel::store::Record;

const WHO: [&str; 4] = ["--by", "ada", "--reason", "e2e"];

const FORCE: [&str; 3] = ["--force", "--approved-by", "bob"];

/// Trades, trips, ends in order; and the challenge of the trip.
fn tripped_and_stopped(deployment: &Deployment, port: u16) -> String {
    let running = deployment.trading();
    let challenge = trip(deployment, port);
    running.stop();
    challenge
}

fn trip(deployment: &Deployment, port: u16) -> String {
    deployment.ask_ok(&[&["kill-switch", "trip"], &WHO[..]].concat());
    rest::until_no_opening_orders(port);
    let shown = deployment.ask_ok(&["kill-switch", "status", "--json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    shown["challenge"].as_str().unwrap().to_owned()
}

fn reset(deployment: &Deployment, challenge: &str, more: &[&str]) -> Done {
    let asked = ["kill-switch", "reset", "--confirm", challenge];
    deployment.ask(&[&asked, &WHO[..], more].concat())
}

fn forced(deployment: &Deployment, challenge: &str) -> Done {
    reset(deployment, challenge, &[&CRITERIA[..], &FORCE].concat())
}

/// Refused with that exit code and a word about why, and everything still latched.
fn assert_latched(deployment: &Deployment, done: &Done, code: i32, why: &str) {
    assert_eq!(done.code, Some(code), "{done:?}");
    assert!(done.err.contains(why), "`{why}` is not in {}", done.err);
    assert!(deployment.state("kill_switch.flag").exists(), "{why}");
    let state = fs::read(deployment.state("kill_switch_state.json")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    assert_eq!(state["value"]["latched"], true, "{why}");
    assert!(!deployment.journal().iter().any(|record| matches!(record, Record::Reset { .. })));
}

#[test]
fn on_an_account_as_it_was_left_a_reset_needs_no_engine_and_the_next_start_is_conservative() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let challenge = tripped_and_stopped(&deployment, exchange.port);
    let refused = [
        (forced(&deployment, "reset-1-0000x"), "challenge"),
        (reset(&deployment, &challenge, &CRITERIA), "the cooldown has 10 s left"),
        (reset(&deployment, &challenge, &[&CRITERIA[..6], &FORCE].concat()), "--approval"),
    ];
    for (done, why) in &refused {
        assert_latched(&deployment, done, 1, why);
    }
    let (wrong, _) = &refused[0];
    assert!(wrong.out.contains(&challenge), "which latch stands is shown: {}", wrong.out);

    let done = forced(&deployment, &challenge);
    assert_eq!(done.code, Some(0), "{done:?}");
    for said in ["no opening order stands", "cause understood: a drill", "reset, and on disk"] {
        assert!(done.out.contains(said), "`{said}` is not in {}", done.out);
    }
    assert!(!deployment.state("kill_switch.flag").exists());
    assert_journaled(&deployment.journal());
    let again = forced(&deployment, &challenge);
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("not tripped"), "{}", again.err);

    let running = deployment.started();
    assert_eq!(deployment.status()["last_shutdown"], "clean", "a reset is no crash");
    deployment.until("it trades conservatively", |status| {
        status["mode"] == "CONSERVATIVE" && 0 < number(&status["orders"]["sent"])
    });
    running.stop();
}

/// As an engine does: every word with its name, then the reset, then the mode beneath.
fn assert_journaled(journal: &[Record]) {
    let at = journal.iter().position(|record| matches!(record, Record::Reset { .. })).unwrap();
    let asked = |record: &&Record| matches!(record, Record::Operator(_));
    let said = journal[..at].iter().rev().take_while(asked).count();
    assert_eq!(said, 6, "four criteria, the waiver and the reset itself");
    let Record::Standing { scope, record } = journal[at + 1] else {
        panic!("{:?}", journal[at + 1])
    };
    let stands = (scope, record.mode, record.cause, record.by.as_str());
    assert_eq!(stands, (Scope::All, Mode::Conservative, ModeCause::Reset, "ada"));
}

/// D1: a halt from before the trip is not lifted by the way.
#[test]
fn a_halt_beneath_the_latch_stands_after_it() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let running = deployment.trading();
    deployment.ask_ok(&[&["halt"], &WHO[..]].concat());
    let challenge = trip(&deployment, exchange.port);
    running.stop();
    let done = forced(&deployment, &challenge);
    assert_eq!(done.code, Some(0), "{done:?}");
    let running = deployment.started();
    let status = deployment.status();
    assert_eq!((&status["mode"], number(&status["orders"]["sent"])), (&"HALTED".into(), 0));
    running.stop();
}

#[test]
fn an_account_that_is_not_as_it_was_left_or_does_not_answer_clears_nothing() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let challenge = tripped_and_stopped(&deployment, exchange.port);
    rest::bid(exchange.port, "BTCUSDT", "0.01");
    let done = forced(&deployment, &challenge);
    assert_latched(&deployment, &done, 3, "1 opening order(s) stand at the venue");
    assert!(done.err.contains("engine panic cancel-all"), "{}", done.err);
    rest::cancel_all(exchange.port, "BTCUSDT");
    rest::buy(exchange.port, "BTCUSDT", "0.01");
    let done = forced(&deployment, &challenge);
    assert_latched(&deployment, &done, 3, "the account is not as the last run left it: BTCUSDT ");
    exchange.process.kill_9();
    let done = forced(&deployment, &challenge);
    assert_latched(&deployment, &done, 69, "what the venue lists could not be read");
}

#[test]
fn after_a_crash_nobody_knows_what_the_account_should_hold() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let running = deployment.trading();
    let challenge = trip(&deployment, exchange.port);
    running.kill_9();
    let done = forced(&deployment, &challenge);
    assert_latched(&deployment, &done, 3, "the last run did not end in order");
    let running = deployment.started();
    assert_eq!(deployment.status()["last_shutdown"], "unclean", "an attempt is no clean end");
    let done = forced(&deployment, &challenge);
    assert_eq!(done.code, Some(0), "its next step leads there: {done:?}");
    running.stop();
}
