//! `--dry-run`: what an operator starts after every incident before resuming. The exchange process
//! stands for the live venue.

use crate::control::{Truth, text};
use crate::support::{Deployment, ExchangeProcess, Process, free_port, number, pause};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use tradekeel::store::Record;
use tradekeel::store::journal::Reader;

impl Deployment {
    fn dry(&self) -> PathBuf {
        self.folder().join("dry-run")
    }

    fn start_dry(&self) -> Process {
        let file = self.file().display().to_string();
        Process::start(self.root(), &["--config", &file, "--dry-run"])
    }

    fn dry_status(&self) -> Option<Value> {
        let done = self.ask(&["status", "--json", "--dry-run"]);
        (done.code == Some(0)).then(|| serde_json::from_str(&done.out).unwrap())
    }

    fn until_dry(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        let found = crate::support::eventually(|| {
            last = self.dry_status().unwrap_or_default();
            is(&last)
        });
        assert!(found, "waited in vain until {what}; {last:#}\n{}", self.dry_log());
        last
    }

    fn dry_log(&self) -> String {
        fs::read_to_string(self.dry().join("logs/latest.log")).unwrap_or_default()
    }

    fn dry_orders(&self) -> Vec<tradekeel::store::OrderIntent> {
        let reader = Reader::open(&self.dry().join("journal")).unwrap();
        let orders = reader.filter_map(|entry| match entry.unwrap().record.unwrap() {
            Record::Order(intent) => Some(intent),
            _ => None,
        });
        orders.collect()
    }
}

/// Every file of the live engine with its bytes: all but what a restricted run keeps for itself.
pub(crate) fn live_files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.ends_with("dry-run") || path.ends_with("read-only") {
            continue;
        }
        match path.is_dir() {
            true => found.extend(live_files(&path)),
            false => drop(found.insert(path.clone(), fs::read(&path).unwrap_or_default())),
        }
    }
    found
}

/// How often the exchange was asked for what changes anything there.
pub(crate) fn changes(truth: &Truth) -> Vec<(String, u64)> {
    let requests = truth.0["requests"].as_object().unwrap().iter();
    let asks = |kind: &str| kind.starts_with("GET ") || kind.starts_with("OPEN /");
    let counted = requests.map(|(kind, count)| (kind.clone(), count.as_u64().unwrap()));
    counted.filter(|(kind, _)| !asks(kind) || kind == "OPEN /ws-fapi").collect()
}

fn positions(status: &Value) -> Vec<(String, String)> {
    let lines = status["instruments"].as_array().unwrap().iter();
    lines.map(|it| (text(&it["symbol"]).to_owned(), text(&it["position"]).to_owned())).collect()
}

#[test]
fn after_an_incident_it_shows_what_a_resume_would_do_and_changes_nothing() {
    let exchange = ExchangeProcess::tireless(3);
    let deployment = Deployment::at(exchange.port);
    let live = deployment.trading();
    deployment.until("it has traded", |status| 0 < number(&status["orders"]["fills"]));
    // Its orders stand, and nobody takes them back.
    live.kill_9();
    let before = (live_files(&deployment.folder()), changes(&exchange.truth()));
    let dry = deployment.start_dry();
    let status = deployment.until_dry("it trades", |it| 3 <= number(&it["orders"]["sent"]));
    assert_eq!(status["restriction"], "DRY-RUN");
    assert_eq!(status["last_shutdown"], "unclean");
    assert_eq!(status["mode"], "CONSERVATIVE", "as the live engine after a crash");
    let done = dry.stop();
    for said in [&done.out, &deployment.dry_log()] {
        assert!(said.contains("DRY-RUN") && said.contains("would send tkp"), "{said}");
        assert!(said.contains("would cancel tkp"), "what the crash left is taken back\n{said}");
    }
    assert!(done.out.contains("no order of this run left this machine"), "{}", done.out);
    assert!(!deployment.dry_orders().is_empty());
    let after = exchange.truth();
    assert_eq!(changes(&after), before.1, "only questions reached the venue");
    assert!(live_files(&deployment.folder()) == before.0, "the live folder changed");
    let ours = deployment.dry_orders();
    let epoch = ours.first().unwrap().id.epoch;
    assert_eq!(epoch, 2, "beyond the live engine's, so that no id of its is used again");
    assert!(after.orders().iter().all(|it| !text(&it["client_id"]).contains("-2-")));
    // And the live engine goes on from where it was.
    let again = deployment.trading();
    assert_eq!(deployment.status()["last_shutdown"], "unclean");
    again.stop();
}

#[test]
fn it_begins_with_what_the_real_account_holds() {
    let exchange = ExchangeProcess::tireless(5);
    let deployment = Deployment::at(exchange.port);
    let live = deployment.trading();
    let flat = |held: &[(String, String)]| held.iter().all(|(_, qty)| qty == "0");
    deployment.until("it holds something", |status| {
        status["instruments"].is_array() && !flat(&positions(status))
    });
    live.stop();
    let truth = exchange.truth();
    let dry = deployment.start_dry();
    let status = deployment.until_dry("it is reconciled", |it| it["reconciled"] == true);
    assert_eq!(status["last_shutdown"], "clean");
    let log = deployment.dry_log();
    let held = truth.positions().values().filter(|qty| qty.units() != 0).count();
    let open = truth.orders().iter().filter(|order| order["is_open"] == true).count();
    assert!(log.contains(&format!("positions={held} orders={open}")), "{log}");
    assert!(!log.contains("account drift"), "{log}");
    dry.stop();
}

#[test]
fn it_runs_beside_the_live_engine_and_obeys_its_flag() {
    let exchange = ExchangeProcess::tireless(7);
    let deployment = Deployment::at(exchange.port);
    let live = deployment.trading();
    let dry = deployment.start_dry();
    deployment.until_dry("it trades", |it| 3 <= number(&it["orders"]["sent"]));
    let file = deployment.file().display().to_string();
    let second = Process::start(deployment.root(), &["--config", &file, "--dry-run"]).wait();
    assert_eq!(second.code, Some(1), "one dry-run at a time");
    assert!(second.err.contains("another engine"), "{}", second.err);
    // One end at any instant, and another beginning.
    dry.kill_9();
    let dry = deployment.start_dry();
    let status = deployment.until_dry("it trades", |it| 3 <= number(&it["orders"]["sent"]));
    assert_eq!(status["reconciled"], true);
    assert_eq!(deployment.status()["kill_switch_active"], false);
    deployment.ask_ok(&["halt", "--dry-run", "--by", "ada", "--reason", "the dry-run alone"]);
    deployment.until_dry("it is halted", |it| it["mode"] == "HALTED");
    assert_eq!(deployment.status()["mode"], "RUNNING", "its own socket, its own modes");
    fs::write(deployment.state("kill_switch.flag"), "").unwrap();
    deployment.until("the live engine is killed", |it| it["mode"] == "KILLED");
    deployment.until_dry("and the dry-run", |it| it["mode"] == "KILLED");
    dry.stop();
    live.stop();
    // Killed there is killed here, from the beginning on, until a reset there.
    let dry = deployment.start_dry();
    let status = deployment.until_dry("it is reconciled", |it| it["reconciled"] == true);
    assert_eq!((&status["mode"], number(&status["orders"]["sent"])), (&"KILLED".into(), 0));
    dry.stop();
    let dry_epochs = deployment.dry_orders();
    let live_ids: Vec<_> = deployment.orders().iter().map(|order| order.id.epoch).collect();
    assert!(live_ids.iter().all(|epoch| *epoch == 1));
    assert!(dry_epochs.iter().all(|order| 2 <= order.id.epoch));
    let told = exchange.truth();
    assert!(told.orders().iter().all(|it| text(&it["client_id"]).contains("-1-")));
    told.assert_no_repeats();
}

#[test]
fn a_trip_that_only_the_live_journal_tells_of_binds_it_and_so_does_damage() {
    let exchange = ExchangeProcess::tireless(9);
    let deployment = Deployment::at(exchange.port);
    let live = deployment.trading();
    deployment.ask_ok(&["kill-switch", "trip", "--by", "ada", "--reason", "a drill"]);
    live.stop();
    for file in ["kill_switch_state.json", "kill_switch.flag"] {
        fs::remove_file(deployment.state(file)).unwrap();
    }
    let dry = deployment.start_dry();
    let status = deployment.until_dry("it is reconciled", |it| it["reconciled"] == true);
    assert_eq!(status["mode"], "KILLED");
    assert_eq!(status["kill_switch"]["trip"]["note"], "a drill");
    dry.stop();
    assert!(!deployment.state("kill_switch.flag").exists(), "nothing is written there");
    let other = Deployment::at(exchange.port);
    other.started().stop();
    fs::write(other.state("high_water.json"), "{").unwrap();
    let before = live_files(&other.folder());
    let dry = other.start_dry();
    let status = other.until_dry("it is reconciled", |it| it["reconciled"] == true);
    assert_eq!(status["mode"], "KILLED", "as the live engine would be");
    dry.stop();
    assert!(live_files(&other.folder()) == before);
}

#[test]
fn a_venue_that_is_down_is_waited_for() {
    let port = free_port();
    let deployment = Deployment::at(port);
    let dry = deployment.start_dry();
    let status = deployment.until_dry("it answers", |it| it["restriction"] == "DRY-RUN");
    assert_eq!(status["reconciled"], false);
    assert!(!deployment.folder().join("state").exists(), "an engine that never ran");
    let _exchange = ExchangeProcess::start_at(port, &[]);
    deployment.until_dry("it trades", |it| 3 <= number(&it["orders"]["sent"]));
    // The market goes on reaching it, and so does its end.
    pause(300);
    dry.stop();
    let again = deployment.start_dry();
    let status = deployment.until_dry("it is reconciled", |it| it["reconciled"] == true);
    assert_eq!(
        (&status["mode"], &status["last_shutdown"]),
        (&"RUNNING".into(), &"first start".into())
    );
    again.stop();
}

#[test]
fn a_clock_that_would_stop_the_live_engine_stops_it_too() {
    let exchange = ExchangeProcess::start_at(0, &["--clock-offset-ms", "3000"]);
    let deployment = Deployment::at(exchange.port);
    let dry = deployment.start_dry();
    let status =
        deployment.until_dry("it is denied", |it| number(&it["denied"]["ClockDrift"]) != 0);
    assert_eq!(number(&status["orders"]["sent"]), 0);
    let offset_ms = number(&status["clock_offset_ms"]);
    assert!((offset_ms - 3_000).abs() < 500, "the venue's clock, not this machine's: {offset_ms}");
    dry.stop();
}

#[test]
fn when_the_venue_is_lost_it_opens_nothing_and_goes_on_with_its_return() {
    let exchange = ExchangeProcess::start();
    let port = exchange.port;
    let deployment = Deployment::at(port);
    let dry = deployment.start_dry();
    deployment.until_dry("it trades", |it| 3 <= number(&it["orders"]["sent"]));
    exchange.process.kill_9();
    let lost = deployment.until_dry("its market is lost", |it| it["link"]["market"] == false);
    assert_eq!((&lost["link"]["orders"], &lost["link"]["user"]), (&true.into(), &true.into()));
    // The hot thread knows by now: nothing is opened on a market that nobody sees.
    pause(300);
    let sent = |status: &Value| number(&status["orders"]["sent"]);
    let before = deployment.dry_status().unwrap();
    pause(1_000);
    let after = deployment.dry_status().unwrap();
    assert_eq!(after["link"]["market"], false, "nobody serves there");
    assert_eq!(sent(&after), sent(&before));
    let _exchange = ExchangeProcess::start_at(port, &[]);
    deployment.until_dry("it trades again", |it| sent(&after) < sent(it));
    dry.stop();
}

#[test]
fn where_all_is_simulated_already_it_is_refused() {
    let deployment = Deployment::paper();
    let done = deployment.start_dry().wait();
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.err.contains("simulated already"), "{}", done.err);
    assert!(!deployment.folder().exists());
}
