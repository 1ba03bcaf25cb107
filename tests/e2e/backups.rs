//! Backups: made while it trades, and brought back when state and journal are lost.

use crate::control::{assert_true, text};
use crate::support::{Deployment, Done, ExchangeProcess, eventually, pause};
use std::fs;

fn backup(deployment: &Deployment, verb: &[&str]) -> Done {
    deployment.ask(&[&["backup"], verb].concat())
}

fn names(deployment: &Deployment) -> Vec<String> {
    let listed = backup(deployment, &["list", "--json"]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    let line = |line: &str| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        text(&line["name"]).to_owned()
    };
    listed.out.lines().map(line).collect()
}

/// The whole night: the disk is lost, the last backup is brought back, and it trades on. No id is
/// used twice, no trade is lost, and nothing opens before a person said so.
#[test]
fn what_was_lost_is_brought_back_and_opens_nothing_by_itself() {
    let exchange = ExchangeProcess::unreliable(1);
    let deployment = Deployment::at(exchange.port);
    deployment.trading().stop();
    let engine = deployment.trading();
    let made = backup(&deployment, &["create"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    let verified = backup(&deployment, &["verify"]);
    assert_eq!(verified.code, Some(0), "{verified:?}");
    assert!(verified.out.contains("whole, and it can be brought back"), "{verified:?}");
    // It goes on while it is being restored from: that is refused, and changes nothing.
    let by = ["restore", "--by", "ada", "--reason", "the disk died"];
    let running = backup(&deployment, &by);
    assert_eq!(running.code, Some(1), "{running:?}");
    assert!(running.err.contains("held by another engine"), "{running:?}");
    pause(1_000);
    engine.kill_9();
    for folder in ["state", "journal"] {
        fs::remove_dir_all(deployment.folder().join(folder)).unwrap();
    }
    let restored = backup(&deployment, &by);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    assert!(restored.out.contains("HALTED until `engine resume`"), "{restored:?}");
    let engine = deployment.started();
    let status = deployment.status();
    assert_eq!(
        (text(&status["mode"]), text(&status["mode_cause"])),
        ("HALTED", "restored from a backup, ada: the disk died")
    );
    pause(2_000);
    assert_eq!(deployment.status()["orders"]["sent"], 0);
    deployment.ask_ok(&["resume", "--by", "ada", "--reason", "looked at the account"]);
    deployment.until("it trades", |status| status["orders"]["sent"] != 0);
    exchange.truth().assert_no_repeats();
    deployment.ask_ok(&["halt", "--by", "ada", "--reason", "to compare"]);
    deployment.until("engine and exchange agree", |status| {
        status["reconciled"] == true
            && status["orders"]["unknown"] == 0
            && crate::control::believed(status) == exchange.truth().positions()
    });
    engine.stop();
}

#[test]
fn a_running_engine_makes_them_by_itself_and_keeps_as_many_as_it_is_told() {
    let deployment =
        Deployment::paper().with("every_s: 300", "every_s: 10").with("keep: 288", "keep: 1");
    let engine = deployment.trading();
    let first = eventually(|| {
        pause(200);
        !names(&deployment).is_empty()
    });
    assert!(first, "{}", deployment.log());
    let name = names(&deployment)[0].clone();
    let next = eventually(|| {
        pause(200);
        names(&deployment).iter().any(|other| *other != name)
    });
    assert!(next, "{}", deployment.log());
    engine.stop();
    assert_eq!(names(&deployment).len(), 1);
    assert_eq!(backup(&deployment, &["verify"]).code, Some(0));
}

#[test]
fn differences_damage_and_a_copy_beside_are_told() {
    let exchange = ExchangeProcess::unreliable(2);
    let deployment = Deployment::at(exchange.port);
    let none = backup(&deployment, &["verify"]);
    assert!(none.code == Some(1) && none.err.contains("no backup `latest`"), "{none:?}");
    deployment.trading().stop();
    assert_eq!(backup(&deployment, &["create"]).code, Some(0));
    let same = backup(&deployment, &["diff"]);
    assert_eq!(same.code, Some(0), "{same:?}");
    let engine = deployment.trading();
    deployment.ask_ok(&["halt", "--by", "ada", "--reason", "news"]);
    let differs = backup(&deployment, &["diff"]);
    assert_eq!(differs.code, Some(3), "{differs:?}");
    assert!(differs.out.contains("mode: RUNNING -> HALTED"), "{differs:?}");
    engine.stop();
    let beside = deployment.root().join("beside");
    let to = beside.display().to_string();
    let restored =
        backup(&deployment, &["restore", "--to", &to, "--by", "ada", "--reason", "to look"]);
    assert_eq!(restored.code, Some(0), "{restored:?}");
    assert!(beside.join("state/mode.json").exists() && beside.join("config.yaml").exists());
    // The deployment itself was not touched.
    let engine = deployment.started();
    assert_true(&deployment, &exchange);
    engine.stop();
    let name = names(&deployment)[0].clone();
    let path = deployment.folder().join("backups").join(name).join("state/mode.json");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("RUNNING", "HALTING")).unwrap();
    for verb in [&["verify"][..], &["restore", "--by", "ada", "--reason", "to look"]] {
        let done = backup(&deployment, verb);
        let code = if verb[0] == "verify" { 3 } else { 1 };
        assert_eq!(done.code, Some(code), "{done:?}");
        assert!(
            done.err.contains("state/mode.json is not what the backup was made of"),
            "{done:?}"
        );
    }
}
