//! The kill switch end to end: acknowledged, kept, scoped, and reset by people only.

use crate::journals::assert_nothing_after_trip;
use crate::rest;
use crate::support::{
    Deployment, Done, ExchangeProcess, ask_raw, eventually, free_port, number, pause,
};
use serde_json::Value;
use std::fs;
use std::time::Instant;
use tradekeel::core::{Criterion, OperatorCommand};
use tradekeel::store::{OrderIntent, Record};

pub(crate) const CRITERIA: [&str; 8] = [
    "--cause-understood",
    "a drill",
    "--market-normal",
    "calm",
    "--parameters-reviewed",
    "unchanged",
    "--approval",
    "ticket 12",
];

const WHO: [&str; 4] = ["--by", "ada", "--reason", "e2e"];

fn trip(deployment: &Deployment, more: &[&str]) -> String {
    deployment.ask_ok(&[&["kill-switch", "trip"], &WHO[..], more].concat())
}

/// A reset in ada's name, with whatever else is said.
fn reset(deployment: &Deployment, challenge: &str, more: &[&str]) -> Done {
    let asked = ["kill-switch", "reset", "--confirm", challenge];
    deployment.ask(&[&asked, &WHO[..], more].concat())
}

fn shown(deployment: &Deployment) -> Value {
    serde_json::from_str(&deployment.ask_ok(&["kill-switch", "status", "--json"])).unwrap()
}

fn challenge(deployment: &Deployment) -> String {
    shown(deployment)["challenge"].as_str().unwrap().to_owned()
}

fn is_mode(status: &Value, mode: &str) -> bool {
    status["mode"] == mode
}

fn sent(deployment: &Deployment) -> i64 {
    number(&deployment.status()["orders"]["sent"])
}

/// Refused with exit 1 and a word about why.
fn assert_refused(done: &Done, why: &str) {
    assert_eq!(done.code, Some(1), "{done:?}");
    assert!(done.err.contains(why), "`{why}` is not in {}", done.err);
}

#[test]
fn a_trip_is_a_fact_and_on_disk_when_it_is_answered() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let running = deployment.trading();
    let answer = ask_raw(&deployment, r#"{"verb":"kill-switch-trip","by":"ada","reason":"e2e"}"#);
    let facts = [&answer["ok"], &answer["acknowledged"], &answer["durable"]];
    assert!(facts.iter().all(|fact| **fact == true), "{answer}");
    assert!(answer["opening_orders"].is_number(), "{answer}");
    let then = sent(&deployment);
    // On disk at the answer, whatever happens next (R22).
    assert!(deployment.state("kill_switch.flag").exists());
    let state = fs::read(deployment.state("kill_switch_state.json")).unwrap();
    let state: Value = serde_json::from_slice(&state).unwrap();
    let (kept, latch) = (&state["value"], &state["value"]["latches"][0]);
    assert_eq!((&kept["latched"], &kept["generation"]), (&true.into(), &1.into()));
    let said = ["scope", "reason", "by", "detail"].map(|member| latch[member].as_str().unwrap());
    assert_eq!(said, ["all", "Operator", "ada", "e2e"]);
    assert_eq!((&latch["reason_code"], &latch["generation"]), (&1.into(), &1.into()));
    for member in ["mono_ns", "unix_ns", "value", "threshold"] {
        assert!(latch[member].is_number(), "{member}");
    }
    assert_eq!(kept["activations"]["Operator"], 1);
    assert!(deployment.journal().iter().any(|record| matches!(record, Record::Trip(_))));

    rest::until_no_opening_orders(exchange.port);
    deployment.until_log("no opening order is left under the kill switch");
    deployment.until_log("Kill switch activated: an operator (all); net position ");
    assert_eq!(sent(&deployment), then, "an order after the kill");
    let snapshot = deployment.state("kill_snapshot_1.json");
    assert!(eventually(|| snapshot.exists()), "the cause is kept");
    let cause: Value = serde_json::from_slice(&fs::read(snapshot).unwrap()).unwrap();
    assert!(3 <= cause["orders"].as_array().unwrap().len(), "{cause:#}");
    assert!(cause["config_hash"].is_string() && cause["equity_curve"].is_array());
    assert!(cause["status"]["instruments"][0]["bid"].is_string(), "the market of then");
    running.stop();
    assert_nothing_after_trip(&deployment.journal());
}

#[test]
fn a_reset_needs_its_challenge_every_criterion_and_the_cooldown_or_another_person() {
    let exchange = ExchangeProcess::start();
    let deployment =
        Deployment::at(exchange.port).with("  cooldown_s: 10\n", "  cooldown_s: 600\n");
    let running = deployment.trading();
    let said = trip(&deployment, &[]);
    assert!(said.contains("no order leaves after this point"), "{said}");
    running.stop();
    let running = deployment.started();
    assert!(is_mode(&deployment.status(), "KILLED"), "a restart clears nothing");
    let challenge = challenge(&deployment);
    let with = |more: &[&str]| reset(&deployment, &challenge, &[&CRITERIA[..], more].concat());
    assert_refused(&reset(&deployment, "reset-1-0000x", &CRITERIA), "challenge");
    assert_refused(&reset(&deployment, &challenge, &CRITERIA[..6]), "--approval");
    assert_refused(&reset(&deployment, &challenge, &[]), "--cause-understood, --market-normal");
    assert_refused(&with(&[]), "the cooldown has ");
    assert_refused(&with(&["--force", "--approved-by", "ada"]), "another person");
    assert_eq!(with(&["--force"]).code, Some(2), "nobody is named");
    assert_eq!(deployment.ask(&[&["resume", "--full"], &WHO[..]].concat()).code, Some(1));
    assert!(is_mode(&deployment.status(), "KILLED"));
    assert!(300 < number(&shown(&deployment)["latches"][0]["cooldown_left_s"]));

    let done = with(&["--force", "--approved-by", "bob"]);
    assert_eq!(done.code, Some(0), "{}", done.err);
    assert!(!deployment.state("kill_switch.flag").exists());
    deployment.until("it trades conservatively", |status| {
        is_mode(status, "CONSERVATIVE") && 0 < number(&status["orders"]["sent"])
    });
    assert_refused(&with(&[]), "not tripped");
    let shown = shown(&deployment);
    assert_eq!(shown["activations"]["Operator"], 1);
    assert_eq!(shown["history"][0]["reset"]["by"], "ada");
    running.stop();
    assert_attested(&deployment.journal());
    let running = deployment.started();
    assert_eq!(deployment.status()["kill_switch_active"], false);
    running.stop();
}

/// Before the reset stand the four criteria and the waiver, each with a name and a word.
fn assert_attested(journal: &[Record]) {
    let at = journal.iter().rposition(|record| matches!(record, Record::Reset { .. })).unwrap();
    let requests = journal[..at].iter().filter_map(|record| match record {
        Record::Operator(request) => Some(request),
        _ => None,
    });
    let said = |wanted: Criterion| {
        let last = requests.clone().filter(|request| {
            matches!(request.command, OperatorCommand::Attest { criterion, .. } if criterion == wanted)
        });
        last.reduce(|_, later| later)
            .map(|request| (request.by.to_string(), request.reason.to_string()))
            .unwrap()
    };
    let pair = |by: &str, word: &str| (by.to_owned(), word.to_owned());
    assert_eq!(said(Criterion::CauseUnderstood), pair("ada", "a drill"));
    assert_eq!(said(Criterion::MarketNormal), pair("ada", "calm"));
    assert_eq!(said(Criterion::ParametersReviewed), pair("ada", "unchanged"));
    assert_eq!(said(Criterion::ApprovalGiven), pair("bob", "ticket 12"));
    assert_eq!(said(Criterion::CooldownWaived), pair("bob", "e2e"));
}

#[test]
fn after_the_cooldown_a_reset_needs_nobody_else() {
    let deployment = Deployment::paper().with("  cooldown_s: 10\n", "  cooldown_s: 1\n");
    let running = deployment.trading();
    trip(&deployment, &[]);
    let challenge = challenge(&deployment);
    let cleared = eventually(|| reset(&deployment, &challenge, &CRITERIA).code == Some(0));
    assert!(cleared, "{:?}", reset(&deployment, &challenge, &CRITERIA));
    deployment.until("it trades", |status| is_mode(status, "CONSERVATIVE"));
    running.stop();
}

#[test]
fn a_kill_of_a_strategy_leaves_the_others_and_outlives_a_restart() {
    let deployment = Deployment::paper().with("  cooldown_s: 10\n", "  cooldown_s: 1\n");
    let running = deployment.trading();
    trip(&deployment, &["--strategy", "quoter-btc"]);
    let killed = |status: &Value| {
        status["kill_switch"]["latches"][0]["scope"] == "strategy quoter-btc"
            && status["kill_switch"]["latches"][0]["opening_orders"] == 0
    };
    let before = deployment.until("its orders are gone", killed);
    assert!(!is_mode(&before, "KILLED") && before["kill_switch_active"] == true, "{before:#}");
    assert!(!deployment.state("kill_switch.flag").exists(), "the flag is that of everything");
    let then = number(&before["orders"]["sent"]);
    deployment.until("the others trade", |status| then + 3 < number(&status["orders"]["sent"]));
    trip(&deployment, &["--symbol", "ethusdt"]);
    running.stop();
    assert_part_is_silent(&deployment.journal());

    let running = deployment.started();
    let shown = shown(&deployment);
    let scopes: Vec<_> =
        shown["latches"].as_array().unwrap().iter().map(|it| &it["scope"]).collect();
    assert_eq!(scopes, ["strategy quoter-btc", "symbol ETHUSDT"], "{shown:#}");
    let first = shown["latches"][0]["challenge"].as_str().unwrap();
    let cleared = eventually(|| reset(&deployment, first, &CRITERIA).code == Some(0));
    assert!(cleared, "{:?}", reset(&deployment, first, &CRITERIA));
    let status = deployment.until("one latch is left", |status| {
        status["kill_switch"]["latches"].as_array().is_some_and(|all| all.len() == 1)
    });
    assert_eq!(status["kill_switch"]["latches"][0]["scope"], "symbol ETHUSDT");
    deployment.until("Bitcoin is quoted again", |status| {
        0 < number(&status["instruments"][0]["open_orders"])
    });
    assert_eq!(deployment.status()["instruments"][1]["open_orders"], 0);
    running.stop();
    let running = deployment.started();
    assert_eq!(deployment.status()["kill_switch"]["latches"].as_array().unwrap().len(), 1);
    running.stop();
}

/// No order of the killed strategy stands behind its trip, and some of others do.
fn assert_part_is_silent(journal: &[Record]) {
    let part = |record: &Record| matches!(record, Record::PartTrip(_));
    let trip = journal.iter().position(part).unwrap();
    let orders = journal[trip..].iter().filter_map(|record| match record {
        Record::Order(OrderIntent { strategy: Some(strategy), .. }) => Some(strategy.index()),
        _ => None,
    });
    let orders: Vec<usize> = orders.collect();
    assert!(!orders.contains(&0) && orders.contains(&1), "{orders:?}");
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the figure is printed, not asserted")]
fn a_flag_trips_and_removing_it_clears_nothing() {
    let deployment = Deployment::paper();
    let running = deployment.trading();
    let touched = Instant::now();
    fs::write(deployment.state("kill_switch.flag"), "").unwrap();
    let killed = || ask_raw(&deployment, r#"{"verb":"status"}"#)["kill_switch_active"] == true;
    assert!(eventually_at_once(killed), "the flag trips");
    println!("touch of the flag to KILLED: {} ms", touched.elapsed().as_millis());
    let status = deployment.until("it is killed", |status| is_mode(status, "KILLED"));
    assert_eq!(status["kill_switch"]["trip"]["by"], "flag file");
    assert_eq!(status["kill_switch"]["generation"], 1);
    deployment.until("no order stands", |status| number(&status["orders"]["open"]) == 0);
    let flag = deployment.state("kill_switch.flag");
    let said =
        eventually(|| fs::read_to_string(&flag).is_ok_and(|text| text.contains("clears nothing")));
    assert!(said, "the flag says what removing it does");
    fs::remove_file(&flag).unwrap();
    let command = format!("engine kill-switch reset --confirm {} --by", challenge(&deployment));
    deployment.until_log("kill_switch.flag was removed: that clears nothing");
    deployment.until_log(&command);
    assert!(is_mode(&deployment.status(), "KILLED"));
    running.stop();
    let running = deployment.started();
    let status = deployment.status();
    assert!(is_mode(&status, "KILLED"));
    assert_eq!(status["kill_switch"]["generation"], 1, "the same trip");
    assert!(flag.exists(), "it is raised again");
    running.stop();
    assert_nothing_after_trip(&deployment.journal());
}

/// Looks without a rest, for what is measured.
fn eventually_at_once(mut is: impl FnMut() -> bool) -> bool {
    (0..10_000).any(|_| {
        pause(1);
        is()
    })
}

/// Orders of a crashed run stand at the venue: a killed start takes them back all the same.
#[test]
fn a_flag_at_the_start_starts_killed_and_still_answers_cancels_and_reconciles() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let running = deployment.trading();
    assert!(eventually(|| !rest::opening_orders(exchange.port).is_empty()));
    running.kill_9();
    fs::write(deployment.state("kill_switch.flag"), "").unwrap();
    let before = deployment.orders().len();
    let running = deployment.started();
    let status = deployment.status();
    assert!(is_mode(&status, "KILLED") && status["reconciled"] == true, "{status:#}");
    assert_eq!(status["kill_switch"]["trip"]["reason"], "state/kill_switch.flag");
    rest::until_no_opening_orders(exchange.port);
    running.stop();
    assert_eq!(deployment.orders().len(), before);
}

#[test]
fn an_engine_that_does_not_reach_its_venue_answers_and_can_be_killed() {
    let port = free_port();
    let deployment = Deployment::at(port);
    let running = deployment.start();
    deployment.until("it answers", |status| status["reconciled"] == false);
    assert!(is_mode(&deployment.status(), "RUNNING"));
    let refused = deployment.ask(&[&["flatten"], &WHO[..]].concat());
    assert_refused(&refused, "the venue has not been reached yet");
    assert_eq!(
        deployment.ask_ok(&["note", "it answers on its own page", "--by", "ada"]),
        "noted\n"
    );
    let shown = deployment.ask_ok(&["journal", "show", "--kind", "operator"]);
    assert!(shown.contains("it answers on its own page"), "{shown}");
    let said = trip(&deployment, &["--strategy", "quoter-eth"]);
    assert!(said.contains("and on disk; no order leaves after this point"), "{said}");
    trip(&deployment, &[]);
    let status = deployment.status();
    assert!(is_mode(&status, "KILLED"), "{status:#}");
    assert_eq!(status["kill_switch"]["generation"], 2);
    // The venue comes: what was said before binds.
    let _exchange = ExchangeProcess::start_at(port, &[]);
    deployment.until("it is reconciled", |status| status["reconciled"] == true);
    let status = deployment.status();
    assert!(is_mode(&status, "KILLED"));
    assert_eq!(status["kill_switch"]["latches"].as_array().unwrap().len(), 2);
    running.stop();
    assert!(deployment.orders().is_empty());
}

#[test]
fn without_a_venue_a_halt_holds_and_a_stop_is_orderly() {
    let deployment = Deployment::at(free_port());
    let running = deployment.start();
    deployment.until("it answers", |status| status["reconciled"] == false);
    deployment.ask_ok(&[&["halt"], &WHO[..]].concat());
    assert!(is_mode(&deployment.status(), "HALTED"));
    running.stop();
    let running = deployment.start();
    deployment.until("it answers", |status| is_mode(status, "HALTED"));
    running.stop();
}
