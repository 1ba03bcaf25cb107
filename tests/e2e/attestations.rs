//! A configuration that somebody must put a name to before anything is opened with it (P29).

use crate::support::{Deployment, number};
use serde_json::Value;
use std::fs;

const WHO: [&str; 4] = ["--by", "ada", "--reason", "pilot, small limits"];

fn governed() -> Deployment {
    Deployment::paper().with("  attestation: off", "  attestation: required")
}

fn attest(deployment: &Deployment) -> String {
    let file = deployment.file().display().to_string();
    let words = [&["config", "attest", &file], &WHO[..]].concat();
    let done = crate::support::engine(&words);
    assert_eq!(done.code, Some(0), "{done:?}");
    done.out
}

fn resume(deployment: &Deployment) {
    deployment.ask_ok(&[&["resume"], &WHO[..]].concat());
}

fn sent(status: &Value) -> i64 {
    number(&status["orders"]["sent"])
}

#[test]
fn without_a_name_it_comes_up_halted_and_a_resume_opens_nothing() {
    let deployment = governed();
    let running = deployment.started();
    let status = deployment.status();
    assert_eq!((&status["mode"], sent(&status)), (&"HALTED".into(), 0));
    assert_eq!(status["mode_cause"], "configuration not attested, engine");
    assert_eq!(status["config_attested"], "no: nothing is opened");
    let next = format!("engine config attest {}", deployment.file().display());
    deployment.until_log(&next);
    resume(&deployment);
    let denied = |status: &Value| 0 < number(&status["denied"]["Unattested"]);
    let status = deployment.until("it denies", denied);
    assert_eq!((&status["mode"], sent(&status)), (&"CONSERVATIVE".into(), 0));
    // Exits are not in its way.
    deployment.ask_ok(&[&["flatten"], &WHO[..]].concat());
    running.stop();
}

#[test]
fn with_a_name_it_trades_and_a_changed_value_needs_a_name_again() {
    let deployment = governed();
    let said = attest(&deployment);
    assert!(said.contains("nobody attested before") && said.contains("by ada: pilot"), "{said}");
    let running = deployment.trading();
    let hash = deployment.status()["config_hash"].as_str().unwrap().to_owned();
    assert_eq!(deployment.status()["config_attested"], "yes");
    assert!(said.contains(&hash), "{said}");
    running.stop();
    assert!(attest(&deployment).starts_with("0 value(s) changed since ada attested"));

    let text = fs::read_to_string(deployment.file()).unwrap();
    let changed = text.replace("max_slippage_bps: 20", "max_slippage_bps: 25");
    assert_ne!(changed, text);
    fs::write(deployment.file(), changed).unwrap();
    let running = deployment.started();
    assert_eq!(deployment.status()["mode"], "HALTED");
    deployment.until_log("it is not the one that ada attested");
    running.stop();
    let said = attest(&deployment);
    assert!(said.contains("1 value(s) changed since ada attested"), "{said}");
    assert!(said.contains("risk.max_slippage_bps: 20 → 25"), "{said}");
    let running = deployment.started();
    assert_eq!(deployment.status()["mode"], "HALTED", "a restart raises no mode");
    resume(&deployment);
    deployment.until("it trades", |status| 0 < sent(status));
    running.stop();
}

/// What was attested cannot be read: as if nobody had.
#[test]
fn a_damaged_attestation_is_none() {
    let deployment = governed();
    attest(&deployment);
    fs::write(deployment.state("attestation.json"), "{}").unwrap();
    let running = deployment.started();
    let status = deployment.status();
    assert_eq!((&status["mode"], sent(&status)), (&"HALTED".into(), 0));
    running.stop();
}
