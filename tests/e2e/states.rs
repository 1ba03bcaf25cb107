//! `engine state verify`: whole while it runs, after a crash and after an end; and each file's own
//! fault is found.

use crate::rest;
use crate::support::{Deployment, Done, ExchangeProcess, eventually};
use serde_json::Value;
use std::fs;
use std::path::Path;
use tradekeel::core::{DayMark, HighWater, LedgerLine, Mode, ModeCause, ModeRecord};
use tradekeel::store::compared::{self, Compared, Whose};
use tradekeel::store::last_account::{self, LastPosition};
use tradekeel::store::ledgers::{self, NamedLedger};
use tradekeel::store::losses::{self, Losses};
use tradekeel::store::mode::{self, Place, Standing};
use tradekeel::store::{KnownTrades, Ledgers, Stored, high_water, positions};
use tradekeel::types::{Cash, Qty, Stamp, Text};

fn verify(deployment: &Deployment) -> Done {
    deployment.ask(&["state", "verify"])
}

fn assert_whole(deployment: &Deployment, when: &str) {
    let done = verify(deployment);
    assert_eq!(done.code, Some(0), "{when}: {}{}", done.out, done.err);
}

/// The faults, by what they are of.
fn faults(deployment: &Deployment) -> Vec<String> {
    let done = deployment.ask(&["state", "verify", "--json"]);
    let told: Value = serde_json::from_str(&done.out).unwrap();
    let all = told["findings"].as_array().unwrap().iter();
    let faults: Vec<String> = all
        .filter(|it| it["health"] == "FAULT")
        .map(|it| format!("{}: {}", it["what"].as_str().unwrap(), it["said"].as_str().unwrap()))
        .collect();
    assert_eq!(done.code, Some(if faults.is_empty() { 0 } else { 3 }), "{faults:?}");
    assert_eq!(told["faults"].as_u64(), u64::try_from(faults.len()).ok());
    faults
}

#[test]
fn a_state_is_whole_while_it_runs_after_a_crash_and_after_an_end() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let running = deployment.trading();
    assert!(eventually(|| deployment.state("positions.json").exists()));
    for _ in 0..5 {
        assert_whole(&deployment, "running");
    }
    let said = verify(&deployment).out;
    assert!(said.ends_with("whole; an engine runs, and what it writes meanwhile is a note\n"));
    running.kill_9();
    assert_whole(&deployment, "after a crash");
    let running = deployment.trading();
    deployment.ask_ok(&["kill-switch", "trip", "--by", "ada", "--reason", "e2e"]);
    deployment.ask_ok(&["flatten", "--by", "ada", "--reason", "e2e"]);
    deployment.until("it is flat", |it| it["flattening"] == false);
    assert_whole(&deployment, "killed");
    running.stop();
    let said = verify(&deployment);
    assert_eq!(said.code, Some(0), "{}", said.out);
    assert!(said.out.ends_with("\nwhole\n"), "{}", said.out);
    for told in ["ok    journal", "ok    kill_switch_state.json", "ok    last_account.json"] {
        assert!(said.out.contains(told), "`{told}` is not in\n{}", said.out);
    }
}

#[test]
fn an_account_that_begins_anew_with_each_start_is_whole_after_each_end() {
    let deployment = Deployment::paper();
    for run in 1..=3 {
        deployment.trading().stop();
        assert_whole(&deployment, &format!("after run {run}"));
    }
    deployment.trading().kill_9();
    assert_whole(&deployment, "after a crash");
}

#[test]
fn a_restored_state_is_whole_before_its_first_start_and_after_it() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let running = deployment.trading();
    deployment.ask_ok(&["backup", "create"]);
    running.stop();
    deployment.ask_ok(&["backup", "restore", "--by", "ada", "--reason", "e2e"]);
    assert_whole(&deployment, "restored");
    let said = verify(&deployment).out;
    assert!(said.contains("note  mode.json") && said.contains("a backup was restored"), "{said}");
    deployment.started().stop();
    assert_whole(&deployment, "started again");
}

/// Ended in order, with a position, a ledger, a latch of a part, and every file there.
fn ended(exchange: &ExchangeProcess) -> Deployment {
    let deployment = Deployment::at(exchange.port);
    let running = deployment.trading();
    deployment.until("it has traded", |it| 0 < it["orders"]["fills"].as_i64().unwrap_or(0));
    let who = ["--by", "ada", "--reason", "e2e"];
    deployment.ask_ok(&[&["halt", "--instrument", "SOLUSDT"], &who[..]].concat());
    deployment.ask_ok(&[&["kill-switch", "trip", "--strategy", "quoter-btc"], &who[..]].concat());
    let kept = ["kill_snapshot_1.json", "known_trades.json", "ledgers.json", "losses.json"];
    for file in kept {
        assert!(eventually(|| deployment.state(file).exists()), "{file}: {}", deployment.log());
    }
    running.stop();
    deployment
}

#[test]
fn each_file_with_a_flipped_byte_is_found_and_whole_again_without_it() {
    let exchange = ExchangeProcess::start();
    let deployment = ended(&exchange);
    assert_eq!(faults(&deployment), Vec::<String>::new());
    let files: Vec<String> = fs::read_dir(deployment.state(""))
        .unwrap()
        .map(|it| it.unwrap().file_name().into_string().unwrap())
        .filter(|name| !name.starts_with("engine.sock"))
        .collect();
    assert!(13 <= files.len(), "{files:?}");
    for file in files {
        let path = deployment.state(&file);
        let whole = fs::read(&path).unwrap();
        let mut damaged = whole.clone();
        // The brace that opens it.
        damaged[0] ^= 0x55;
        fs::write(&path, damaged).unwrap();
        let found = faults(&deployment);
        assert!(found.iter().any(|it| it.starts_with(&format!("{file}: "))), "{file}: {found:?}");
        fs::write(&path, whole).unwrap();
    }
    assert_eq!(faults(&deployment), Vec::<String>::new());
}

/// What somebody writes who knows how the files are sealed.
type Forge = fn(&Path);

const FORGED: [(&str, Forge); 9] = [
    ("high_water.json", |it| high_water::write(it, mark()).unwrap()),
    ("losses.json", |it| losses::write(it, &other_day()).unwrap()),
    ("ledgers.json", |it| ledgers::write(it, &other_ledgers(it)).unwrap()),
    ("known_trades.json", |it| beyond(it).write(it).unwrap()),
    ("mode.json", |it| mode::write(it, &free()).unwrap()),
    ("last_account.json", |it| last_account::write(it, &held()).unwrap()),
    ("positions.json", |it| positions::write(it, &other_positions(it)).unwrap()),
    ("actual_positions.json", |it| compared::write(it, Whose::Actual, &other_side(it)).unwrap()),
    ("kill_switch_state.json", |it| fs::remove_file(it.join("kill_switch_state.json")).unwrap()),
];

fn mark() -> HighWater {
    HighWater { peak: Cash::whole(1) }
}

fn other_day() -> Losses {
    Losses { day: Some(DayMark { day: 1, opening: Cash::whole(1) }), breaker: None }
}

fn other_ledgers(folder: &Path) -> Ledgers {
    let mut all = ledgers::restore(folder, &Ledgers::default()).unwrap();
    let one = all.iter().next().unwrap();
    let position = one.line.position.saturating_add(Qty::whole(7));
    let line = LedgerLine { revision: one.line.revision + 1, position, ..one.line };
    all.keep(&NamedLedger { line, ..one });
    all
}

fn beyond(folder: &Path) -> KnownTrades {
    let mut all = KnownTrades::read(folder).unwrap();
    let symbol = all.iter().next().unwrap().0.to_owned();
    all.keep(&symbol, u64::MAX);
    all
}

fn free() -> Vec<Standing> {
    let at = Stamp::default();
    let record =
        ModeRecord::default().moved(ModeCause::Start, at, Text::new("me"), Text::default());
    assert_eq!(record.mode, Mode::Running);
    vec![Standing { place: Place::All, record }]
}

fn held() -> Vec<LastPosition> {
    vec![LastPosition { symbol: "BTCUSDT".to_owned(), qty: Qty::whole(900) }]
}

fn other_positions(folder: &Path) -> positions::Positions {
    let Stored::Good(mut told) = positions::read(folder) else { panic!("it is whole") };
    told.positions[0].qty = "900".to_owned();
    told
}

fn other_side(folder: &Path) -> Compared {
    let Stored::Good(mut told) = compared::read(folder, Whose::Actual) else { panic!("whole") };
    told.positions[0].1 = Qty::whole(900);
    told
}

#[test]
fn a_file_that_is_sealed_and_says_what_the_journal_does_not_is_found() {
    let exchange = ExchangeProcess::start();
    let deployment = ended(&exchange);
    for (file, forge) in FORGED {
        let path = deployment.state(file);
        let whole = fs::read(&path).unwrap();
        forge(&deployment.state(""));
        let found = faults(&deployment);
        assert_eq!(found.len(), 1, "{file}: {found:?}");
        assert!(found[0].starts_with(&format!("{file}: ")), "{found:?}");
        fs::write(&path, whole).unwrap();
    }
    fs::write(deployment.state("notes.txt"), "to do").unwrap();
    assert_eq!(faults(&deployment), ["notes.txt: nobody knows this file"]);
    fs::remove_file(deployment.state("notes.txt")).unwrap();
    let epoch = fs::read(deployment.state("epoch")).unwrap();
    deployment.started().stop();
    fs::write(deployment.state("epoch"), epoch).unwrap();
    assert_eq!(faults(&deployment), ["epoch: it says 1, and a start had 2"]);
}

#[test]
fn a_position_that_no_trade_explains_is_found_by_the_record_that_tells_it() {
    let exchange = ExchangeProcess::start();
    let deployment = crate::reconciles::deaf(exchange.port);
    let running = deployment.started();
    deployment.ask_ok(&["halt", "--by", "ada", "--reason", "quiet"]);
    rest::until_no_opening_orders(exchange.port);
    rest::buy(exchange.port, "SOLUSDT", "1");
    let who = ["--adopt-exchange", "--by", "ada", "--reason", "bob"];
    deployment.ask_ok(&[&["reconcile"], &who[..]].concat());
    // Only then is it certain that no stream was late.
    let mut found = Vec::new();
    let seen = eventually(|| {
        deployment.ask(&["reconcile"]);
        found = faults(&deployment);
        !found.is_empty()
    });
    assert!(seen);
    assert!(found[0].starts_with("positions: SOLUSDT: "), "{found:?}");
    assert!(found[0].contains(" by what was told, the venue said "), "{found:?}");
    running.stop();
}
