//! `--read-only`: the first start after a loss of data. It asks, and has nothing to do anything
//! else with. The exchange process stands for the live venue.

use crate::control::text;
use crate::dry_run::{changes, live_files};
use crate::support::{Deployment, ExchangeProcess, Process, eventually, free_port, number, pause};
use serde_json::Value;
use std::fs;

impl Deployment {
    fn start_read_only(&self) -> Process {
        let file = self.file().display().to_string();
        Process::start(self.root(), &["--config", &file, "--read-only"])
    }

    fn until_read(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let found = eventually(|| {
            let done = self.ask(&["status", "--json", "--read-only"]);
            let is_there = done.code == Some(0);
            last = if is_there { serde_json::from_str(&done.out).unwrap() } else { Value::Null };
            is(&last)
        });
        let log = fs::read_to_string(self.folder().join("read-only/logs/latest.log"));
        assert!(found, "waited in vain until {what}; {last:#}\n{}", log.unwrap_or_default());
        last
    }
}

#[test]
fn after_a_loss_of_data_it_reads_the_account_and_touches_nothing() {
    let exchange = ExchangeProcess::tireless(11);
    let deployment = Deployment::at(exchange.port);
    let live = deployment.trading();
    deployment.until("it holds something and orders stand", |status| {
        let held = status["instruments"]
            .as_array()
            .is_some_and(|lines| lines.iter().any(|line| text(&line["position"]) != "0"));
        held && 0 < number(&status["orders"]["open"])
    });
    live.kill_9();
    // All that it ever knew is gone.
    fs::remove_dir_all(deployment.folder()).unwrap();
    let before = changes(&exchange.truth());
    let reader = deployment.start_read_only();
    let status = deployment.until_read("it is reconciled", |it| it["reconciled"] == true);
    assert_eq!(status["restriction"], "READ-ONLY");
    assert_eq!(status["link"]["market"], true);
    assert_eq!((&status["link"]["orders"], &status["link"]["user"]), (&Value::Null, &Value::Null));
    assert!(status["equity"].is_string() && status["strategies"].as_array().unwrap().is_empty());
    // Its belief follows the account.
    deployment.until_read("it holds what the venue says", |it| {
        crate::control::believed(it) == exchange.truth().positions()
    });
    for verb in ["halt", "flatten", "resume"] {
        let done = deployment.ask(&[verb, "--read-only", "--by", "ada", "--reason", "a try"]);
        assert_eq!(done.code, Some(1), "{done:?}");
        assert!(done.err.contains("READ-ONLY"), "{}", done.err);
    }
    // Longer than the core waits with an order that it would take back.
    pause(3_000);
    let done = reader.stop();
    assert!(done.out.contains("READ-ONLY"), "{}", done.out);
    let after = exchange.truth();
    assert_eq!(changes(&after), before, "only questions reached the venue");
    assert!(
        !deployment.folder().join("state").exists()
            && !deployment.folder().join("journal").exists()
    );
}

#[test]
fn it_runs_beside_the_live_engine_and_begins_with_its_latch() {
    let exchange = ExchangeProcess::tireless(13);
    let deployment = Deployment::at(exchange.port);
    let live = deployment.trading();
    let reader = deployment.start_read_only();
    deployment.until_read("it is reconciled", |it| it["reconciled"] == true);
    reader.kill_9();
    let reader = deployment.start_read_only();
    deployment.until_read("it is reconciled", |it| it["reconciled"] == true);
    let open = |status: &Value| number(&status["orders"]["sent"]);
    let sent = open(&deployment.status());
    deployment.until("the live engine goes on", |status| sent < open(status));
    assert_eq!(deployment.status()["kill_switch_active"], false);
    deployment.ask_ok(&["kill-switch", "trip", "--by", "ada", "--reason", "a drill"]);
    deployment.until_read("the flag of the live engine counts", |it| it["mode"] == "KILLED");
    reader.stop();
    live.stop();
    let before = live_files(&deployment.folder());
    let reader = deployment.start_read_only();
    let status = deployment.until_read("it is reconciled", |it| it["reconciled"] == true);
    assert_eq!(status["mode"], "KILLED", "as the live engine would come up");
    assert_eq!(status["kill_switch"]["trip"]["note"], "a drill");
    reader.stop();
    assert!(live_files(&deployment.folder()) == before, "the live folder changed");
}

#[test]
fn a_venue_that_is_down_is_waited_for_and_damage_is_told() {
    let port = free_port();
    let deployment = Deployment::at(port);
    fs::create_dir_all(deployment.folder().join("state")).unwrap();
    fs::write(deployment.state("losses.json"), "{").unwrap();
    let reader = deployment.start_read_only();
    let status = deployment.until_read("it answers", |it| it["restriction"] == "READ-ONLY");
    assert_eq!((&status["reconciled"], &status["mode"]), (&false.into(), &"KILLED".into()));
    let _exchange = ExchangeProcess::start_at(port, &[]);
    deployment.until_read("it is reconciled", |it| it["reconciled"] == true);
    reader.stop();
    assert_eq!(fs::read_to_string(deployment.state("losses.json")).unwrap(), "{");
}
