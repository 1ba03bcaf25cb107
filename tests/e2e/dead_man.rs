//! The venue's dead-man's switch, with real processes: what the exchange does by itself when the
//! engine is dead or stands still.

use crate::rest;
use crate::support::{Deployment, ExchangeProcess, Process, number, pause};
use tradekeel::store::Record;
use tradekeel::types::DeadManAnswer;

const COUNTDOWN_S: u64 = 12;

fn guarded(exchange: &ExchangeProcess) -> Deployment {
    Deployment::at(exchange.port)
        .with("countdown_s: 60", &format!("countdown_s: {COUNTDOWN_S}"))
        .with("renew_s: 20", "renew_s: 6")
}

/// An engine that has kept orders at the exchange for longer than the countdown.
fn quoting(exchange: &ExchangeProcess, deployment: &Deployment) -> Process {
    let engine = deployment.trading();
    pause((COUNTDOWN_S + 1) * 1_000);
    deployment.until("orders stand", |status| 0 < number(&status["orders"]["open"]));
    assert!(!rest::opening_orders(exchange.port).is_empty());
    engine
}

#[test]
fn killed_at_once_the_exchange_takes_back_what_stands_by_itself() {
    let exchange = ExchangeProcess::start();
    let deployment = guarded(&exchange);
    let engine = quoting(&exchange, &deployment);
    let status = deployment.status();
    let line = status["instruments"][0]["dead_man"].as_str().unwrap();
    assert!(line.starts_with("armed until") && line.ends_with("effect on stops unverified"));
    engine.kill_9();
    assert!(!rest::opening_orders(exchange.port).is_empty(), "nothing stood there to take back");
    pause((COUNTDOWN_S + 1) * 1_000);
    assert_eq!(rest::opening_orders(exchange.port), Vec::<serde_json::Value>::new());
    let set = deployment.journal().into_iter().filter(
        |record| matches!(record, Record::DeadMan(report) if report.answer == DeadManAnswer::Set),
    );
    assert!(3 <= set.count());
}

#[test]
fn a_process_that_stands_still_loses_its_orders_and_says_so_when_it_goes_on() {
    let exchange = ExchangeProcess::start();
    let deployment = guarded(&exchange);
    let engine = quoting(&exchange, &deployment);
    engine.signal("STOP");
    assert!(!rest::opening_orders(exchange.port).is_empty(), "nothing stood there to take back");
    pause((COUNTDOWN_S + 1) * 1_000);
    let left = rest::opening_orders(exchange.port);
    engine.signal("CONT");
    assert_eq!(left, Vec::<serde_json::Value>::new());
    deployment.until_log("was not renewed in time");
    deployment.until("it trades again", |status| {
        status["reconciled"] == true && 0 < number(&status["orders"]["open"])
    });
    engine.stop();
    rest::until_no_opening_orders(exchange.port);
}

#[test]
fn an_orderly_end_leaves_no_switch_that_runs() {
    let deployment = Deployment::paper();
    deployment.trading().stop();
    let last = deployment.journal().into_iter().rev().find_map(|record| match record {
        Record::DeadMan(report) if report.request.instrument.0 == 0 => Some(report),
        _ => None,
    });
    let last = last.unwrap();
    assert_eq!((last.request.countdown_ms, last.answer), (0, DeadManAnswer::Set));
}

#[test]
fn without_it_the_start_says_what_that_means() {
    let shared = Deployment::paper().with("exclusive: true", "exclusive: false");
    let engine = shared.trading();
    assert_eq!(shared.status()["instruments"][0]["dead_man"], "off");
    engine.stop();
    assert!(shared.log().contains("no dead-man's switch: the account is shared"));
}
