//! `engine journal`: what a person sees of a journal, running, crashed, damaged and repaired.

use crate::support::{Deployment, eventually};
use serde_json::Value;
use std::fs;

fn flip(deployment: &Deployment, at: usize) {
    let segment = deployment.folder().join("journal/0000000001.tkj");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[at] ^= 0x55;
    fs::write(&segment, bytes).unwrap();
}

const REPAIR: [&str; 6] =
    ["journal", "repair", "--by", "ada", "--reason", "the disk was exchanged"];

#[test]
fn a_running_and_a_killed_engines_journal_is_whole_and_can_be_read() {
    let deployment = Deployment::paper();
    let running = deployment.trading();
    let said = deployment.ask_ok(&["journal", "verify"]);
    assert!(said.ends_with("whole\n") && said.contains("head of the chain: "), "{said}");
    let refused = deployment.ask(&REPAIR);
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(refused.err.contains("is held by another engine"), "{}", refused.err);
    running.kill_9();
    // Also what was not on disk yet: it lies in memory, and is saved by the next start.
    let said = deployment.ask_ok(&["journal", "verify"]);
    assert!(said.ends_with("whole\n"), "{said}");
    let shown = deployment.ask_ok(&["journal", "show", "--json"]);
    let records: Vec<Value> =
        shown.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(records.iter().zip(1..).all(|(record, at)| record["sequence"] == at), "in order");
    let order = records.iter().find(|record| record["kind"] == "Order").unwrap();
    let id = order["record"]["id"].as_str().unwrap();
    let of_order = deployment.ask_ok(&["journal", "show", "--order", id]);
    assert!(2 <= of_order.lines().count(), "intent and the venue's word: {of_order}");
    assert!(of_order.lines().all(|line| line.contains(&format!("={id}"))), "{of_order}");
    let last = deployment.ask_ok(&["journal", "tail", "--count", "3"]);
    let sequence = records.last().unwrap()["sequence"].to_string();
    assert_eq!(last.lines().count(), 3);
    assert!(last.lines().last().unwrap().trim_start().starts_with(&sequence), "{last}");
    let starts = deployment.ask_ok(&["journal", "show", "--kind", "start", "--to", "9"]);
    assert!(starts.lines().count() == 1 && starts.contains("mode=paper"), "{starts}");
    deployment.run_for("1s");
    let shown = deployment.ask_ok(&["journal", "show", "--json", "--to", &sequence]);
    assert_eq!(shown.lines().count(), records.len(), "what was in memory is on disk");
    deployment.ask_ok(&["journal", "verify"]);
}

#[test]
fn a_damaged_journal_is_said_with_its_place_repaired_by_name_and_killed_until_a_reset() {
    let deployment = Deployment::paper();
    deployment.run_for("2s");
    flip(&deployment, 1_000);
    let done = deployment.ask(&["journal", "verify"]);
    assert_eq!(done.code, Some(3), "{done:?}");
    assert!(done.err.contains("0000000001.tkj byte ") && done.err.contains("sequence"), "{done:?}");
    assert!(done.out.contains("DAMAGED: 1 fault"), "{}", done.out);
    assert_eq!(deployment.ask(&["journal", "show"]).code, Some(3));

    let said = deployment.ask_ok(&REPAIR);
    assert!(said.contains("1 records are lost, all others kept"), "{said}");
    assert!(deployment.ask_ok(&["journal", "verify"]).contains("repaired 1 times; 1 records"));
    let journal = deployment.folder().join("journal");
    let copies = fs::read_dir(&journal)
        .unwrap()
        .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().contains("damaged-"));
    assert_eq!(copies.count(), 1, "the damaged file is kept");
    assert!(deployment.ask_ok(&REPAIR).contains("nothing to repair"));

    let before = deployment.orders().len();
    let running = deployment.started();
    let status = deployment.status();
    assert_eq!(status["mode"], "KILLED");
    running.stop();
    assert_eq!(deployment.orders().len(), before, "nothing is sent until a reset");
}

#[test]
fn a_journal_that_is_not_there_is_one_clear_line() {
    let deployment = Deployment::paper();
    for verb in [&["journal", "verify"][..], &["journal", "show"], &["journal", "tail"]] {
        let done = deployment.ask(verb);
        assert_eq!(done.code, Some(1), "{verb:?}: {done:?}");
        assert_eq!(done.err.lines().count(), 1, "{verb:?}: {done:?}");
    }
}

#[test]
fn a_follower_sees_what_a_running_engine_writes() {
    let deployment = Deployment::paper();
    let running = deployment.trading();
    let file = deployment.file().display().to_string();
    let arguments = ["journal", "tail", "--follow", "--count", "1", "--config", &file];
    let follower = crate::support::Process::start(deployment.root(), &arguments);
    assert!(eventually(|| !follower.out().is_empty()), "it shows the last one");
    deployment.ask_ok(&["halt", "--by", "ada", "--reason", "to be seen"]);
    assert!(eventually(|| follower.out().contains("to be seen")), "{}", follower.out());
    running.stop();
}
