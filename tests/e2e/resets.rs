//! What a person lifts before its time, and what needs a running engine for it.

use crate::kill_switch::CRITERIA;
use crate::support::{Deployment, number};
use std::fs;
use tradekeel::core::{BreakerMark, OperatorCommand};
use tradekeel::store::{Losses, Record, losses};
use tradekeel::types::SECOND;

const WHO: [&str; 4] = ["--by", "ada", "--reason", "e2e"];

fn with_author<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &WHO].concat()
}

/// The breaker was open when the last run ended; nothing is opened until a person resets it.
#[test]
fn a_breaker_is_reset_by_a_person_once_and_audited() {
    let deployment = Deployment::paper();
    fs::create_dir_all(deployment.folder().join("state")).unwrap();
    let mark = BreakerMark { opened: 1, cooldown_ns: 600 * SECOND, ..BreakerMark::default() };
    let kept = Losses { day: None, breaker: Some(mark) };
    losses::write(&deployment.folder().join("state"), &kept).unwrap();
    let running = deployment.started();
    let breaker = |state: &'static str| {
        move |status: &serde_json::Value| status["circuit_breaker"]["state"] == state
    };
    deployment.until("the breaker is open", breaker("open"));
    deployment.until("it denies", |status| 0 < number(&status["denied"]["BreakerOpen"]));
    assert_eq!(number(&deployment.status()["orders"]["sent"]), 0);

    assert_eq!(deployment.ask(&["breaker", "reset"]).code, Some(2), "who and why must be said");
    let said = deployment.ask_ok(&with_author(&["breaker", "reset"]));
    assert!(said.contains("conservative") && !said.contains("NOT on disk"), "{said}");
    let status = deployment.until("it trades", |status| 0 < number(&status["orders"]["sent"]));
    assert_eq!(
        (status["circuit_breaker"]["state"].as_str(), &status["mode"]),
        (Some("closed"), &"CONSERVATIVE".into())
    );
    let again = deployment.ask(&with_author(&["breaker", "reset"]));
    assert_eq!(again.code, Some(1));
    assert!(again.err.contains("the circuit breaker is closed"), "{}", again.err);
    running.stop();

    let kept = losses::restore(&deployment.folder().join("state")).unwrap().breaker.unwrap();
    assert_eq!((kept.opened, kept.cooldown_ns), (1, 0), "a restart does not open it again");
    let asked = deployment.journal().into_iter().filter_map(|record| match record {
        Record::Operator(request) if request.command == OperatorCommand::ResetBreaker => {
            Some((request.by.as_str().to_owned(), request.reason.as_str().to_owned()))
        }
        _ => None,
    });
    let ada = ("ada".to_owned(), "e2e".to_owned());
    assert_eq!(asked.collect::<Vec<_>>(), [ada.clone(), ada], "refused ones are audited, too");
}

/// An exchange that lives in the engine cannot be read without it: refused with the next step,
/// which then leads there (D3).
#[test]
fn a_reset_without_an_engine_and_its_exchange_says_how_and_clears_nothing() {
    let deployment = Deployment::paper();
    let running = deployment.trading();
    deployment.ask_ok(&with_author(&["kill-switch", "trip"]));
    let shown = deployment.ask_ok(&["kill-switch", "status", "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let challenge = shown["challenge"].as_str().unwrap();
    running.stop();

    let reset = ["kill-switch", "reset", "--confirm", challenge, "--force", "--approved-by", "bob"];
    let reset = with_author(&[&reset[..], &CRITERIA].concat());
    let before = fs::read(deployment.state("kill_switch_state.json")).unwrap();
    let done = deployment.ask(&reset);
    assert_eq!(done.code, Some(69), "{done:?}");
    let next = format!("engine --config {}", deployment.file().display());
    assert!(done.err.contains(&next) && done.err.contains("comes up KILLED"), "{}", done.err);
    assert!(deployment.state("kill_switch.flag").exists());
    assert_eq!(fs::read(deployment.state("kill_switch_state.json")).unwrap(), before);

    let running = deployment.started();
    let status = deployment.status();
    assert_eq!((&status["mode"], number(&status["orders"]["sent"])), (&"KILLED".into(), 0));
    deployment.ask_ok(&reset);
    deployment.until("it trades", |status| {
        status["mode"] == "CONSERVATIVE" && 0 < number(&status["orders"]["sent"])
    });
    assert!(!deployment.state("kill_switch.flag").exists());
    running.stop();
}
