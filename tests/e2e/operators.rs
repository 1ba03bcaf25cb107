//! What operators ask of a running engine, through the real command line.

use crate::journals::assert_nothing_after_trip;
use crate::rest;
use crate::support::{Deployment, ExchangeProcess, Process, ask_raw, engine, number};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;

const WHO: [&str; 4] = ["--by", "ada", "--reason", "e2e"];

fn with_author<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &WHO].concat()
}

fn is_mode(status: &Value, mode: &str) -> bool {
    status["mode"] == mode
}

/// What was done by hand is on record, whether anybody runs or not (R76).
#[test]
fn a_note_is_kept_with_an_engine_and_without_one() {
    let deployment = Deployment::paper();
    let long = format!("{} and told the desk", "sold half a coin ".repeat(10));
    let note = |text: &str| deployment.ask(&["note", text, "--by", "ada"]);
    let early = note("before the first start");
    assert!(early.code == Some(1) && early.err.contains("nothing was ever started"), "{early:?}");
    let running = deployment.trading();
    let within = note(&long);
    assert_eq!((within.code, within.out.as_str()), (Some(0), "noted\nnoted\n"));
    assert_eq!(deployment.status()["mode"], "RUNNING", "it is a word and nothing else");
    running.stop();
    let without = note("after the last one");
    assert_eq!((without.code, without.out.as_str()), (Some(0), "noted, without an engine\n"));
    assert_eq!(note(" ").code, Some(2));
    let shown = deployment.ask_ok(&["journal", "show", "--kind", "operator"]);
    for text in ["sold half a coin", "told the desk", "after the last"] {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    deployment.ask_ok(&["journal", "verify"]);
    let running = deployment.trading();
    assert_eq!(deployment.status()["last_shutdown"], "clean", "a note is no crash");
    running.stop();
}

#[test]
fn status_says_everything_to_people_and_to_programs() {
    let deployment = Deployment::paper();
    let running = deployment.trading();
    // The core has sent them; the bytes of the first leave a moment later.
    let status = deployment
        .until("an order left", |status| 0 < number(&status["tick_to_order_ns"]["count"]));
    assert_eq!(status["kill_switch_active"], false);
    assert_eq!(status["mode"], "RUNNING");
    assert_eq!(status["instance"], "paper");
    assert_eq!(status["last_shutdown"], "first start");
    assert!(0 < number(&status["tick_to_order_ns"]["p50"]), "{status:#}");
    assert_eq!(status["link"], serde_json::json!({"market": true, "orders": true, "user": true}));
    let text = deployment.ask_ok(&["status"]);
    assert!(text.contains("kill_switch_active no") && text.contains("tick_to_order_ns"), "{text}");
    let socket = fs::metadata(deployment.state("engine.sock")).unwrap();
    assert_eq!(socket.permissions().mode() & 0o777, 0o600);
    running.stop();
}

#[test]
fn without_an_engine_every_verb_says_so() {
    let deployment = Deployment::paper();
    let verbs: [&[&str]; 6] = [
        &["status"],
        &["status", "--json"],
        &["halt"],
        &["resume"],
        &["flatten"],
        &["kill-switch", "trip"],
    ];
    for verb in verbs {
        let done = deployment.ask(verb);
        assert_eq!(done.code, Some(69), "{verb:?}: {done:?}");
        assert!(!done.err.is_empty());
    }
    // A socket that a crash left behind is nobody either.
    deployment.trading().kill_9();
    assert!(deployment.state("engine.sock").exists());
    assert_eq!(deployment.ask(&["status"]).code, Some(69));
}

#[test]
fn a_halt_takes_orders_back_and_holds_until_a_resume() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let running = deployment.trading();
    deployment.ask_ok(&with_author(&["halt"]));
    deployment.until("it is halted without an order", |status| {
        is_mode(status, "HALTED") && number(&status["orders"]["open"]) == 0
    });
    rest::until_no_opening_orders(exchange.port);
    running.stop();
    let running = deployment.started();
    assert!(is_mode(&deployment.status(), "HALTED"));
    assert_eq!(number(&deployment.status()["orders"]["sent"]), 0);
    deployment.ask_ok(&with_author(&["resume"]));
    deployment.until("it trades conservatively", |status| {
        is_mode(status, "CONSERVATIVE") && 0 < number(&status["orders"]["sent"])
    });
    let early = deployment.ask(&with_author(&["resume", "--full"]));
    assert_eq!(early.code, Some(1));
    assert!(early.err.contains("probation"), "{}", early.err);
    deployment.ask_ok(&with_author(&["resume", "--full", "--force"]));
    deployment.until("it runs", |status| is_mode(status, "RUNNING"));
    running.stop();
}

#[test]
fn a_halt_of_a_part_leaves_the_rest() {
    let deployment = Deployment::paper();
    let running = deployment.trading();
    deployment.ask_ok(&with_author(&["halt", "--instrument", "BTCUSDT"]));
    deployment.ask_ok(&with_author(&["halt", "--strategy", "momentum-sol"]));
    let halted = |status: &Value| {
        status["instruments"][0]["mode"] == "HALTED"
            && status["instruments"][0]["open_orders"] == 0
            && status["instruments"][1]["mode"] == "RUNNING"
            && status["strategies"][2]["mode"] == "HALTED"
            && status["strategies"][1]["mode"] == "RUNNING"
            && is_mode(status, "RUNNING")
    };
    let before = deployment.until("two parts are halted", halted);
    let sent = number(&before["orders"]["sent"]);
    deployment.until("the rest trades", |status| sent < number(&status["orders"]["sent"]));
    running.stop();
    let running = deployment.started();
    deployment.until("they are halted after a restart", halted);
    deployment.ask_ok(&with_author(&["resume", "--instrument", "BTCUSDT"]));
    deployment.until("one is lifted", |status| status["instruments"][0]["mode"] == "CONSERVATIVE");
    let unknown = deployment.ask(&["halt", "--instrument", "DOGEUSDT"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.err.contains("BTCUSDT, ETHUSDT, SOLUSDT"), "{}", unknown.err);
    running.stop();
}

#[test]
fn flatten_brings_positions_to_zero_while_killed() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let running = deployment.trading();
    let holds = |status: &Value| {
        let lines = status["instruments"].as_array().unwrap();
        lines.iter().any(|line| line["position"] != "0")
    };
    deployment
        .until("it holds something", |status| status["instruments"].is_array() && holds(status));
    deployment.ask_ok(&with_author(&["kill-switch", "trip"]));
    deployment.ask_ok(&with_author(&["flatten"]));
    deployment.until("it holds nothing", |status| !holds(status) && status["flattening"] == false);
    for symbol in ["BTCUSDT", "ETHUSDT", "SOLUSDT"] {
        assert_eq!(rest::position(exchange.port, symbol).abs(), 0.0, "{symbol}");
    }
    assert!(is_mode(&deployment.status(), "KILLED"));
    running.stop();
    assert_nothing_after_trip(&deployment.journal());
}

#[test]
fn what_is_no_request_changes_nothing() {
    let deployment = Deployment::paper();
    let running = deployment.started();
    let deep = format!("{}1{}", "[".repeat(4_000), "]".repeat(4_000));
    let lines =
        ["", "{}", "null", "\u{0}", "{\"verb\":\"buy\"}", deep.as_str(), "{\"verb\":\"halt\"}"];
    for line in lines {
        let answer = ask_raw(&deployment, line);
        assert_eq!(answer["ok"], false, "{line}: {answer}");
    }
    // Clients that connect and say nothing take no place for ever.
    let silent: Vec<_> = (0..20)
        .map(|_| std::os::unix::net::UnixStream::connect(deployment.state("engine.sock")).unwrap())
        .collect();
    assert_eq!(deployment.status()["mode"], "RUNNING");
    drop(silent);
    running.stop();
}

#[test]
fn many_operators_at_once_are_all_answered() {
    let deployment = Deployment::paper();
    let running = deployment.trading();
    let file = deployment.file().display().to_string();
    let asking: Vec<Process> = (0..12)
        .map(|at| {
            let verb = if at % 2 == 0 { "halt" } else { "resume" };
            Process::start(deployment.root(), &[verb, "--config", &file, "--by", "ada"])
        })
        .collect();
    for process in asking {
        let done = process.wait();
        assert_eq!(done.code, Some(0), "{done:?}");
    }
    deployment.ask_ok(&with_author(&["kill-switch", "trip"]));
    assert!(is_mode(&deployment.until("it is killed", |it| is_mode(it, "KILLED")), "KILLED"));
    running.stop();
    assert_eq!(engine(&["version"]).code, Some(0));
}
