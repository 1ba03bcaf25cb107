//! A run of the real program, run again from its journal.

use crate::kill_switch::CRITERIA;
use crate::support::{Deployment, Done, ExchangeProcess, eventually, number};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tradekeel::core::BreakerMark;
use tradekeel::store::journal::{Entry, Reader};
use tradekeel::store::{Losses, Record, journal, losses};
use tradekeel::types::{Price, SECOND};

const WHO: [&str; 4] = ["--by", "ada", "--reason", "e2e"];

fn with_author<'a>(arguments: &[&'a str]) -> Vec<&'a str> {
    [arguments, &WHO].concat()
}

fn replay(deployment: &Deployment, more: &[&str]) -> Done {
    deployment.ask(&[&["replay"], more].concat())
}

fn report(deployment: &Deployment, more: &[&str]) -> Value {
    let done = replay(deployment, &[&["--json"], more].concat());
    serde_json::from_str(&done.out).unwrap_or_else(|_| panic!("{done:?}"))
}

/// Every epoch is the same, and something was compared in each.
fn assert_same(deployment: &Deployment, epochs: usize) -> Value {
    let done = replay(deployment, &["--json"]);
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    let report: Value = serde_json::from_str(&done.out).unwrap();
    let all = report["epochs"].as_array().unwrap();
    assert_eq!(all.len(), epochs, "{report:#}");
    for epoch in all {
        assert_eq!(epoch["verdict"], "same", "{epoch:#}");
        let counts = ["inputs", "decisions", "checkpoints"].map(|name| number(&epoch[name]));
        assert!(counts.iter().all(|count| 0 < *count), "{epoch:#}");
    }
    report
}

fn entries(folder: &Path) -> Vec<Entry> {
    Reader::open(&folder.join("journal")).unwrap().map(Result::unwrap).collect()
}

fn find(deployment: &Deployment, wanted: impl Fn(&Record) -> bool) -> Option<u64> {
    let all = entries(&deployment.folder());
    all.iter().find(|entry| entry.record.as_ref().is_ok_and(&wanted)).map(|entry| entry.sequence)
}

#[test]
fn a_paper_run_is_the_same_when_it_is_run_again_also_under_another_configuration() {
    let deployment = Deployment::paper();
    assert_eq!(deployment.run_for("20s").code, Some(0));
    let report = assert_same(&deployment, 1);
    let epoch = &report["epochs"][0];
    assert!(1_000 < number(&epoch["inputs"]) && 20 < number(&epoch["decisions"]), "{epoch:#}");
    assert_eq!((&epoch["market_data"], &epoch["end"]), (&"full".into(), &"ended in order".into()));
    assert_eq!(epoch["config_differs"], serde_json::json!([]));

    let file = fs::read_to_string(deployment.file()).unwrap();
    let other = file.replace("max_drawdown_pct: 15", "max_drawdown_pct: 14");
    assert_ne!(file, other);
    fs::write(deployment.file(), other).unwrap();
    let report = assert_same(&deployment, 1);
    let differs = report["epochs"][0]["config_differs"].to_string();
    assert!(differs.contains("max_drawdown_pct: recorded 15, given 14"), "{differs}");
}

#[test]
fn halt_resume_trip_reset_and_flatten_are_the_same_when_they_are_run_again() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port).with("  cooldown_s: 10\n", "  cooldown_s: 1\n");
    let running = deployment.trading();
    deployment.ask_ok(&with_author(&["halt"]));
    deployment.ask_ok(&with_author(&["resume"]));
    deployment.ask_ok(&with_author(&["kill-switch", "trip"]));
    let shown = deployment.ask_ok(&["kill-switch", "status", "--json"]);
    let shown: Value = serde_json::from_str(&shown).unwrap();
    let challenge = shown["challenge"].as_str().unwrap();
    let reset = ["kill-switch", "reset", "--confirm", challenge];
    let reset = [&with_author(&reset)[..], &CRITERIA[..]].concat();
    assert!(eventually(|| deployment.ask(&reset).code == Some(0)));
    deployment.ask_ok(&with_author(&["flatten"]));
    deployment.until("it is reconciled", |status| status["reconciled"] == true);
    // A running engine's journal is only read, up to what is written.
    assert_same(&deployment, 1);
    running.stop();
    assert_same(&deployment, 1);
    let kinds = deployment.journal();
    assert!(kinds.iter().any(|record| matches!(record, Record::Trip(_))));
    assert!(kinds.iter().any(|record| matches!(record, Record::Reset { .. })));
}

#[test]
fn each_start_is_replayed_by_itself_across_a_kill_9() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    deployment.trading().kill_9();
    deployment.trading().kill_9();
    let running = deployment.started();
    running.stop();
    let report = assert_same(&deployment, 3);
    let ends: Vec<&Value> =
        report["epochs"].as_array().unwrap().iter().map(|it| &it["end"]).collect();
    let cut = "cut off: killed, or still running";
    assert_eq!(ends, [cut, cut, "ended in order"]);
    let report = self::report(&deployment, &["--from", "2"]);
    assert_eq!(report["epochs"].as_array().unwrap().len(), 2);
    let none = replay(&deployment, &["--from", "4"]);
    assert_eq!(none.code, Some(1));
    assert!(none.out.contains("no run of that epoch"), "{none:?}");
}

#[test]
fn an_order_and_a_denial_are_explained_with_what_the_kernel_saw() {
    let deployment = Deployment::paper();
    deployment.trading().stop();
    let mark = BreakerMark { opened: 1, cooldown_ns: 600 * SECOND, ..BreakerMark::default() };
    let kept = Losses { day: None, breaker: Some(mark) };
    losses::write(&deployment.folder().join("state"), &kept).unwrap();
    let running = deployment.started();
    deployment.until("it denies", |status| 0 < number(&status["denied"]["BreakerOpen"]));
    running.stop();

    let order = report(&deployment, &["--explain", "1-1"]);
    let (facts, limits) = (&order["explanation"]["facts"], &order["explanation"]["limits"]);
    assert_eq!(order["explanation"]["decision"]["what"], "approved");
    assert_eq!((&facts["mode"], &facts["reconciled"]), (&"RUNNING".into(), &true.into()));
    assert!(facts["bid"].is_string() && facts["equity"].is_string(), "{facts:#}");
    assert!(limits.to_string().contains("position if all buys trade"), "{limits:#}");
    let life = order["explanation"]["afterwards"].as_array().unwrap();
    assert!(life.iter().any(|it| it["record"].as_str().unwrap().contains("New")), "{life:?}");

    let denial = find(&deployment, |record| matches!(record, Record::Denied(_))).unwrap();
    let text = replay(&deployment, &["--explain", &denial.to_string()]).out;
    assert!(
        text.contains("denied: BreakerOpen") && text.contains("reconciled         yes"),
        "{text}"
    );

    let unknown = replay(&deployment, &["--explain", "1-4000000000"]);
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.err.contains("no decision about that"), "{unknown:?}");
    let nonsense = replay(&deployment, &["--explain", "my order"]);
    assert_eq!(nonsense.code, Some(2));
    assert!(nonsense.err.contains("EPOCH-NUMBER"), "{nonsense:?}");
}

#[test]
fn the_state_at_a_place_of_the_past_is_shown() {
    let deployment = Deployment::paper();
    let running = deployment.trading();
    deployment.ask_ok(&with_author(&["halt"]));
    running.stop();
    let halt = find(&deployment, |record| matches!(record, Record::Standing { .. })).unwrap();
    let at = |sequence: u64| report(&deployment, &["--until", &sequence.to_string()]);
    let (before, after) = (at(halt - 2), at(halt));
    assert_eq!(before["status"]["mode"], "RUNNING", "{before:#}");
    assert_eq!(after["status"]["mode"], "HALTED");
    assert_eq!(after["epochs"][0]["end"], "stopped where it was told to");
    assert!(after["status"]["instruments"][0]["symbol"].is_string());
    let long_ago = replay(&deployment, &["--until", "2001-01-01T00:00Z"]);
    assert_eq!(long_ago.code, Some(1), "{long_ago:?}");
    assert_eq!(replay(&deployment, &["--until", "noon"]).code, Some(2));
}

#[test]
fn without_the_whole_market_nothing_is_said_to_be_the_same() {
    for word in ["quotes", "off"] {
        let deployment =
            Deployment::paper().with("market_data: full", &format!("market_data: {word}"));
        let running = deployment.trading();
        running.stop();
        let found = replay(&deployment, &["--explain", "1-1"]);
        assert_eq!(found.code, Some(3));
        assert!(found.out.contains("NOT REPRODUCIBLE"), "{found:?}");
        assert!(found.out.contains("approved") && found.out.contains("not to be had"), "{found:?}");
        let kinds = deployment.journal();
        let markets = kinds.iter().filter(|record| matches!(record, Record::Market(_))).count();
        assert_eq!(0 < markets, word == "quotes");
        assert!(!kinds.iter().any(|record| matches!(record, Record::Timer)));
    }
}

/// Where the oldest files were removed, a run has lost its start: what is left of it is not passed
/// over as if it had been compared.
#[test]
fn what_is_left_of_a_run_without_its_start_is_said_not_to_be_reproducible() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    deployment.trading().stop();
    deployment.trading().stop();
    let all = entries(&deployment.folder());
    let folder = deployment.folder().join("journal");
    fs::remove_dir_all(&folder).unwrap();
    let (mut writing, writer, _) = journal::open(&folder, &folder, 16 << 20).unwrap();
    for entry in all {
        let record = entry.record.unwrap();
        let is_first = matches!(&record, Record::Start(start) if start.epoch == 1);
        if !is_first && !matches!(record, Record::Carry(_)) {
            writing.append(entry.at, &record).unwrap();
        }
    }
    writer.close().unwrap();
    drop(writing);
    let found = replay(&deployment, &[]);
    assert_eq!(found.code, Some(3), "{found:?}");
    assert!(found.out.contains("the start of their run is not in the journal"), "{found:?}");
    let later = replay(&deployment, &["--from", "2"]);
    assert_eq!(later.code, Some(0), "{later:?}");
    assert!(!later.out.contains("NOT REPRODUCIBLE"), "{later:?}");
}

/// The journal of a run written again with one order at another price.
#[test]
fn a_planted_difference_is_found_and_damage_is_not_passed_over() {
    let deployment = Deployment::paper();
    deployment.trading().stop();
    let (folder, kept) = (deployment.folder().join("journal"), deployment.folder().join("kept"));
    let all = entries(&deployment.folder());
    fs::rename(&folder, &kept).unwrap();
    let (mut writing, writer, _) = journal::open(&folder, &folder, 16 << 20).unwrap();
    let mut planted = None;
    for entry in all {
        let mut record = entry.record.unwrap();
        if let Record::Carry(_) = record {
            continue;
        }
        let mut is_planted = false;
        if let Record::Order(order) = &mut record
            && planted.is_none()
        {
            order.terms.price = order.terms.price.saturating_add(Price::from_units(1));
            is_planted = true;
        }
        let sequence = writing.append(entry.at, &record).unwrap();
        planted = planted.or(is_planted.then_some(sequence));
    }
    writer.close().unwrap();
    drop(writing);
    let found = replay(&deployment, &[]);
    assert_eq!(found.code, Some(3), "{found:?}");
    let place = format!("DIFFERENT at record {}", planted.unwrap());
    assert!(found.out.contains(&place) && found.out.contains("expected: Order("), "{found:?}");

    fs::remove_dir_all(&folder).unwrap();
    let gone = replay(&deployment, &[]);
    assert_eq!(gone.code, Some(1));
    assert!(gone.err.contains("journal"), "{gone:?}");

    fs::rename(&kept, &folder).unwrap();
    let first = fs::read_dir(&folder).unwrap().map(|it| it.unwrap().path());
    let first = first.filter(|it| it.extension().is_some_and(|it| it == "tkj")).min().unwrap();
    let mut bytes = fs::read(&first).unwrap();
    bytes[40_000] ^= 1;
    fs::write(&first, bytes).unwrap();
    let damaged = replay(&deployment, &[]);
    assert_eq!(damaged.code, Some(3));
    assert!(damaged.out.contains("the journal is damaged"), "{damaged:?}");
}
