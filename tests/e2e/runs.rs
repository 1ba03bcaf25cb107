//! Runs that end by themselves or are asked to end.

use crate::journals::assert_orders_precede;
use crate::rest;
use crate::support::{Deployment, Done, ExchangeProcess, Process, assert_no_panic, number};
use std::collections::BTreeSet;
use std::io::{PipeReader, PipeWriter, Read, Write};
use std::process::Stdio;
use tradekeel::store::Record;

fn lines_complete(text: &str) -> usize {
    text.lines().filter(|line| *line == "Shutdown complete").count()
}

fn assert_ended_in_order(deployment: &Deployment, done: &Done) {
    assert_eq!((done.code, done.signal), (Some(0), None), "{}{}", done.out, done.err);
    assert_no_panic(done);
    assert_eq!(lines_complete(&done.out), 1, "{}", done.out);
    assert!(done.out.ends_with("Shutdown complete\n"), "{}", done.out);
    assert_eq!(lines_complete(&deployment.log()), 1, "{}", deployment.log());
    let journal = deployment.journal();
    assert!(matches!(journal.last(), Some(Record::Stop { clean: true })), "{:?}", journal.last());
    assert_orders_precede(&journal);
    assert!(!deployment.state("engine.sock").exists());
}

#[test]
fn a_run_for_a_time_ends_in_order_with_a_summary() {
    let deployment = Deployment::paper();
    let done = deployment.run_for("3s");
    assert_ended_in_order(&deployment, &done);
    let orders = done.out.lines().find_map(|line| line.strip_prefix("orders      ")).unwrap();
    assert!(0 < orders.parse::<u32>().unwrap());
    assert!(done.out.contains("\nfills       ") && done.out.contains("\nequity      "));
    assert!(!deployment.orders().is_empty());
}

#[test]
fn every_signal_that_ends_leaves_nothing_that_opens_and_the_next_start_is_clean() {
    let exchange = ExchangeProcess::start();
    let mut ids = BTreeSet::new();
    for signal in ["INT", "TERM", "HUP"] {
        // By names of their own, so that none takes what another left for its own.
        let name = format!("instance: {}", signal.to_lowercase());
        let deployment = Deployment::at(exchange.port).with("instance: paper", &name);
        let engine = deployment.trading();
        engine.signal(signal);
        let done = engine.wait();
        assert_ended_in_order(&deployment, &done);
        assert_eq!(rest::opening_orders(exchange.port), Vec::<serde_json::Value>::new());
        // Twice in the same folder: no id is made twice.
        let again = deployment.trading();
        let status = deployment.status();
        assert_eq!(status["last_shutdown"], "clean");
        assert_eq!((&status["mode"], &status["epoch"]), (&"RUNNING".into(), &2.into()));
        again.stop();
        ids.clear();
        for order in deployment.orders() {
            assert!(ids.insert(order.id), "{} was made twice", order.id);
        }
        assert_eq!(ids.first().unwrap().epoch, 1);
        assert_eq!(ids.last().unwrap().epoch, 2);
    }
}

#[test]
fn a_second_signal_does_not_wait_for_a_venue_that_is_gone() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let engine = deployment.trading();
    // Stopped, it answers nothing: nobody can confirm that the orders are gone.
    deployment.until("orders stand", |status| 0 < number(&status["orders"]["open"]));
    exchange.process.signal("STOP");
    engine.signal("TERM");
    deployment.until_log("ending:");
    engine.signal("TERM");
    let done = engine.wait();
    exchange.process.signal("CONT");
    assert_no_panic(&done);
    assert_eq!(done.code, Some(1), "{}{}", done.out, done.err);
    assert_eq!(lines_complete(&done.out), 0);
    assert!(matches!(deployment.journal().last(), Some(Record::Stop { clean: false })));
    let again = deployment.started();
    assert_eq!(deployment.status()["last_shutdown"], "unclean");
    assert_eq!(deployment.status()["mode"], "CONSERVATIVE");
    again.stop();
}

#[test]
fn a_signal_while_the_venue_does_not_answer_yet_ends_the_start() {
    let deployment = Deployment::at(crate::support::free_port());
    for _ in 0..2 {
        let engine = deployment.start();
        deployment.until_log("reference data");
        let done = {
            engine.signal("TERM");
            engine
        }
        .wait();
        assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
        assert_eq!(lines_complete(&done.out), 1);
        assert!(matches!(deployment.journal().last(), Some(Record::Stop { clean: true })));
        std::fs::remove_file(deployment.folder().join("logs/latest.log")).unwrap();
    }
}

#[test]
fn a_signal_at_any_instant_of_the_start_ends_it() {
    let deployment = Deployment::paper();
    for ms in [0, 5, 10, 20, 30, 40, 60, 80, 120, 200] {
        let engine = deployment.start();
        crate::support::pause(ms);
        engine.signal("TERM");
        let done = engine.wait();
        assert_no_panic(&done);
        // Before the first line of the program has run there is nothing to end in order.
        assert!(done.code == Some(0) || done.signal == Some(15), "{done:?}");
        assert_orders_precede(&deployment.journal_if_any());
    }
}

#[test]
fn a_reader_that_does_not_read_holds_nothing_up() {
    let deployment = Deployment::paper();
    let file = deployment.file();
    let (mut reader, writer) = full_pipe();
    let mut child = crate::support::command()
        .args(["--config", &file.display().to_string()])
        .stdout(Stdio::from(writer))
        .spawn()
        .unwrap();
    deployment.until("it trades", |status| 3 <= number(&status["orders"]["sent"]));
    deployment.ask_ok(&["kill-switch", "trip", "--by", "e2e", "--reason", "a full pipe"]);
    assert_eq!(deployment.status()["durable"], true);
    deployment.until_log("Kill switch activated");
    crate::support::signal(child.id(), "TERM");
    // Only the very last words wait for the reader.
    deployment.until_log("Shutdown complete");
    let mut text = Vec::new();
    reader.read_to_end(&mut text).unwrap();
    assert!(child.wait().unwrap().success());
    let text = String::from_utf8(text).unwrap();
    assert_eq!(lines_complete(&text), 1);
    assert!(!text.contains("Kill switch activated"), "the pipe was full");
}

/// A pipe that takes no byte more until it is read.
fn full_pipe() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let flags = rustix::fs::fcntl_getfl(&writer).unwrap();
    rustix::fs::fcntl_setfl(&writer, flags | rustix::fs::OFlags::NONBLOCK).unwrap();
    while writer.write(&[b'\n'; 4_096]).is_ok() {}
    rustix::fs::fcntl_setfl(&writer, flags).unwrap();
    (reader, writer)
}

#[test]
fn a_closed_pipe_is_no_reason_to_stop() {
    let deployment = Deployment::paper();
    let file = deployment.file();
    let mut child = crate::support::command()
        .args(["--config", &file.display().to_string(), "--for", "2s"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
    assert_eq!(lines_complete(&deployment.log()), 1);
}

#[test]
fn a_second_engine_of_the_same_instance_is_refused() {
    let deployment = Deployment::paper();
    let first = deployment.started();
    let file = deployment.file().display().to_string();
    let second = Process::start(deployment.root(), &["--config", &file]).wait();
    assert!(second.code.is_some_and(|code| code != 0), "{second:?}");
    assert!(second.err.contains("another engine"), "{}", second.err);
    assert_eq!(deployment.status()["reconciled"], true);
    first.stop();
}
