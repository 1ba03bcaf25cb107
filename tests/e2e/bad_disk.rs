//! Files that are missing, damaged or in the way.

use crate::journals::assert_nothing_after_trip;
use crate::rest;
use crate::support::{Deployment, ExchangeProcess, Process, ask_raw, engine, eventually, number};
use std::fs;
use std::time::Duration;

fn run(config: &str) -> crate::support::Done {
    engine(&["--config", config, "--for", "1s"])
}

#[test]
fn a_configuration_that_cannot_be_used_is_exit_78_with_the_place() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).display().to_string();
    for missing in [path("missing.yaml"), folder.path().display().to_string()] {
        let done = run(&missing);
        assert_eq!(done.code, Some(78), "{done:?}");
        assert!(done.err.contains(&missing), "{}", done.err);
    }
    fs::write(path("binary.yaml"), [0xff, 0xfe, 0, 1]).unwrap();
    fs::write(path("empty.yaml"), "").unwrap();
    fs::write(path("no.yaml"), "instance: [").unwrap();
    for name in ["binary.yaml", "empty.yaml", "no.yaml"] {
        let done = run(&path(name));
        assert_eq!(done.code, Some(78), "{name}: {done:?}");
        assert!(done.err.contains(name), "{}", done.err);
    }
    let faulty = Deployment::paper().with("max_drawdown_pct: 15", "max_drawdown_pct: 0.15");
    let file = faulty.file().display().to_string();
    let done = run(&file);
    assert_eq!(done.code, Some(78));
    let place = done.err.strip_prefix(&format!("{file}:")).unwrap();
    let mut numbers = place.split(':').take(2).map(str::parse::<u32>);
    assert!(numbers.all(|number| number.is_ok()), "{}", done.err);
    assert!(place.contains("kill_switch.max_drawdown_pct"), "{}", done.err);
    assert!(!faulty.folder().exists(), "nothing was begun");
}

#[test]
fn a_live_key_that_is_not_there_is_exit_77() {
    let wallet = "  wallet_url: http://127.0.0.1:9\n  api_key: ${E2E_NOT_SET}\n";
    let live = Deployment::at(9).with("  api_key: ${E2E_KEY}\n", wallet);
    let live = live.with("mode: paper", "mode: live");
    let done = run(&live.file().display().to_string());
    assert_eq!(done.code, Some(77), "{done:?}");
    assert!(done.err.contains("E2E_NOT_SET"), "{}", done.err);
}

#[test]
fn folders_that_cannot_be_written_are_said_by_name() {
    for folder in ["state", "journal", "logs"] {
        let deployment = Deployment::paper();
        fs::create_dir_all(deployment.folder()).unwrap();
        // A file in its place: what nobody may write, not even root.
        fs::write(deployment.folder().join(folder), "").unwrap();
        let done = deployment.run_for("1s");
        assert_eq!(done.code, Some(1), "{folder}: {done:?}");
        assert!(
            done.err.contains(&deployment.folder().join(folder).display().to_string()),
            "{done:?}"
        );
        assert!(!done.out.contains("Shutdown complete"), "{done:?}");
        crate::support::assert_no_panic(&done);
    }
}

#[test]
fn a_damaged_mode_is_halted() {
    let deployment = Deployment::paper();
    deployment.run_for("1s");
    fs::write(deployment.state("mode.json"), "{\"mode\":").unwrap();
    let running = deployment.started();
    assert_eq!(deployment.status()["mode"], "HALTED");
    assert_eq!(number(&deployment.status()["orders"]["sent"]), 0);
    running.stop();
    let running = deployment.started();
    assert_eq!(deployment.status()["mode"], "HALTED", "until a person resumes");
    running.stop();
}

#[test]
fn a_damaged_latch_is_a_latch() {
    let deployment = Deployment::paper();
    deployment.run_for("1s");
    let before = deployment.orders().len();
    fs::write(deployment.state("kill_switch_state.json"), "{}").unwrap();
    let running = deployment.started();
    let status = deployment.status();
    assert_eq!(status["mode"], "KILLED");
    assert_eq!(status["kill_switch"]["trip"]["reason"], "the state on disk cannot be read");
    running.stop();
    assert_eq!(deployment.orders().len(), before);
}

#[test]
fn losses_that_cannot_be_read_are_a_latch() {
    let deployment = Deployment::paper();
    deployment.run_for("2s");
    let kept = tradekeel::store::losses::restore(&deployment.state("")).unwrap();
    assert!(kept.day.is_some_and(|mark| 20_000 < mark.day), "{kept:?}");
    fs::write(deployment.state("losses.json"), "{}").unwrap();
    let running = deployment.started();
    let status = deployment.status();
    assert_eq!(status["mode"], "KILLED");
    assert_eq!(status["kill_switch"]["trip"]["reason"], "the state on disk cannot be read");
    running.stop();
}

#[test]
fn a_damaged_journal_is_a_latch() {
    let deployment = Deployment::paper();
    deployment.run_for("1s");
    let segment = deployment.folder().join("journal/0000000001.tkj");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[300] ^= 0x55;
    fs::write(&segment, bytes).unwrap();
    let running = deployment.started();
    let status = deployment.status();
    assert_eq!((&status["mode"], &status["last_shutdown"]), (&"KILLED".into(), &"unclean".into()));
    running.stop();
}

/// Damage in the middle holds it KILLED, and it still does everything that gets it out (SAFETY E3).
#[test]
fn over_a_damaged_journal_it_reconciles_cancels_and_flattens() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let running = deployment.trading();
    deployment.until("it holds Bitcoin", |status| {
        status["instruments"][0]["position"].as_str().is_some_and(|position| position != "0")
    });
    running.kill_9();
    assert!(!rest::opening_orders(exchange.port).is_empty(), "orders stand after the crash");
    let segment = deployment.folder().join("journal/0000000001.tkj");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[300] ^= 0x55;
    fs::write(&segment, bytes).unwrap();
    let running = deployment.started();
    let status = deployment.status();
    assert_eq!(status["mode"], "KILLED");
    assert_eq!(status["kill_switch"]["trip"]["reason"], "the state on disk cannot be read");
    assert_ne!(rest::position(exchange.port, "BTCUSDT"), 0.0, "a stop closes no position");
    rest::until_no_opening_orders(exchange.port);
    deployment.ask_ok(&["flatten", "--by", "ada", "--reason", "the disk"]);
    deployment.until("it holds nothing", |status| {
        status["instruments"].as_array().unwrap().iter().all(|line| line["position"] == "0")
    });
    assert_eq!(rest::position(exchange.port, "BTCUSDT").abs(), 0.0);
    running.stop();
}

#[test]
fn a_damaged_epoch_is_a_latch_and_no_id_is_used_again() {
    let deployment = Deployment::paper();
    deployment.run_for("1s");
    let before = deployment.orders().len();
    fs::write(deployment.state("epoch"), "7").unwrap();
    let running = deployment.started();
    let status = deployment.status();
    assert_eq!((&status["mode"], &status["reconciled"]), (&"KILLED".into(), &true.into()));
    assert!(status["kill_switch"]["trip"]["note"].as_str().unwrap().contains("epoch"));
    // Beyond every number that starts can have counted to.
    assert!(1_600_000_000 < number(&status["epoch"]), "{status:#}");
    assert_eq!(fs::read_to_string(deployment.state("epoch.damaged")).unwrap(), "7");
    running.stop();
    assert_eq!(deployment.orders().len(), before);
    let running = deployment.started();
    assert_eq!(deployment.status()["mode"], "KILLED");
    running.stop();
}

#[test]
fn a_mode_that_is_gone_lifts_no_halt() {
    let deployment = Deployment::paper();
    let running = deployment.trading();
    deployment.ask_ok(&["halt", "--by", "ada", "--reason", "e2e"]);
    running.stop();
    let before = deployment.orders().len();
    fs::remove_file(deployment.state("mode.json")).unwrap();
    let running = deployment.started();
    assert_eq!(deployment.status()["mode"], "HALTED");
    running.stop();
    assert_eq!(deployment.orders().len(), before);
}

#[test]
fn a_journal_that_was_lost_is_an_unclean_end() {
    let deployment = Deployment::paper();
    deployment.run_for("1s");
    fs::remove_dir_all(deployment.folder().join("journal")).unwrap();
    let running = deployment.started();
    let status = deployment.status();
    assert_eq!((&status["last_shutdown"], &status["epoch"]), (&"unclean".into(), &2.into()));
    assert_eq!(status["mode"], "CONSERVATIVE");
    running.stop();
}

/// The disk dies under a running engine: the next file of the journal cannot be made.
#[test]
fn a_journal_that_fails_kills_stays_up_flattens_and_stays_killed_at_the_next_start() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let running = deployment.trading();
    deployment.until("it holds Bitcoin", |status| {
        status["instruments"][0]["position"].as_str().is_some_and(|position| position != "0")
    });
    let journal = deployment.folder().join("journal");
    assert!(eventually(|| journal.join("0000000002.tkj").exists()), "the next file is made");
    fs::create_dir(journal.join("0000000003.new")).unwrap();
    fill_journal(&deployment);
    let status = deployment.until("the journal failed", |status| {
        status["durable"] == false && status["mode"] == "KILLED"
    });
    assert_eq!(status["kill_switch"]["trip"]["reason"], "the journal cannot be written");
    assert!(eventually(|| deployment.state("kill_switch.flag").exists()), "the latch is kept");
    rest::until_no_opening_orders(exchange.port);
    // Not durable, and said so; but the gate is shut, and the exit works.
    let trip = r#"{"verb":"kill-switch-trip","by":"ada","reason":"the disk is dead"}"#;
    let answer = ask_raw(&deployment, trip);
    assert_eq!((&answer["acknowledged"], &answer["durable"]), (&true.into(), &false.into()));
    let said = deployment.ask_ok(&["flatten", "--by", "ada", "--reason", "the disk is dead"]);
    assert!(said.contains("NOT on disk"), "{said}");
    deployment.until("it holds nothing", |status| {
        status["instruments"].as_array().unwrap().iter().all(|line| line["position"] == "0")
    });
    assert_eq!(rest::position(exchange.port, "BTCUSDT").abs(), 0.0);
    running.stop();
    fs::remove_dir(journal.join("0000000003.new")).unwrap();
    let running = deployment.started();
    assert_eq!(deployment.status()["mode"], "KILLED");
    running.stop();
    assert_nothing_after_trip(&deployment.journal());
}

/// A file system of its own that can be full; none where nobody may mount one.
struct SmallDisk(std::path::PathBuf);

impl SmallDisk {
    fn mount(at: &std::path::Path) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mut mount = std::process::Command::new("mount");
        let mount = mount.args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(at);
        let is_mounted = mount.output().is_ok_and(|done| done.status.success());
        is_mounted.then(|| Self(at.to_owned()))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

#[test]
fn a_disk_that_is_full_kills_loses_nothing_and_is_not_written_again() {
    let exchange = ExchangeProcess::start();
    let deployment = Deployment::at(exchange.port);
    let Some(_disk) = SmallDisk::mount(&deployment.folder()) else {
        println!("skipped: nobody may mount a small file system here");
        return;
    };
    let running = deployment.trading();
    // Every block that is left, so that the next state file, and the next file of the journal, is
    // one too many.
    let filler = deployment.folder().join("filler");
    let mut file = fs::File::create(&filler).unwrap();
    while std::io::Write::write_all(&mut file, &[1; 4_096]).is_ok() {}
    let trip = r#"{"verb":"kill-switch-trip","by":"ada","reason":"the disk is full"}"#;
    ask_raw(&deployment, trip);
    deployment.until("the disk failed", |status| {
        status["durable"] == false && status["mode"] == "KILLED"
    });
    rest::until_no_opening_orders(exchange.port);
    let written = fs::read(deployment.folder().join("journal/0000000001.tkj")).unwrap();
    deployment.ask_ok(&["flatten", "--by", "ada", "--reason", "the disk is full"]);
    deployment.until("it holds nothing", |status| {
        status["instruments"].as_array().unwrap().iter().all(|line| line["position"] == "0")
    });
    let later = fs::read(deployment.folder().join("journal/0000000001.tkj")).unwrap();
    assert!(written == later, "the disk is not written any more");
    running.stop();
    drop(file);
    fs::remove_file(filler).unwrap();
    deployment.ask_ok(&["journal", "verify"]);
    let running = deployment.started();
    assert_eq!(deployment.status()["mode"], "KILLED");
    running.stop();
    assert_nothing_after_trip(&deployment.journal());
}

/// Asks until a file of the journal is full: every request is a record.
fn fill_journal(deployment: &Deployment) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let socket = deployment.state("engine.sock");
    let halt = r#"{"verb":"halt","by":"ada","reason":"to fill a file of the journal","strategy":"momentum-sol"}"#;
    let limit = Duration::from_secs(10);
    runtime.block_on(async {
        for _ in 0..20_000 {
            let asked = tradekeel::net::unix::ask(&socket, halt, limit).await.unwrap();
            if asked.contains("\"durable\":false") {
                return;
            }
        }
        panic!("the journal did not fail");
    });
}

#[test]
fn recordings_that_cannot_be_read_are_one_clear_line() {
    let deployment = Deployment::paper();
    let file = deployment.file().display().to_string();
    let path = |name: &str| deployment.root().join(name).display().to_string();
    fs::write(path("plain.gz"), "1 {}\n").unwrap();
    fs::write(path("empty.gz"), "").unwrap();
    fs::create_dir(path("folder.gz")).unwrap();
    for name in ["plain.gz", "empty.gz", "folder.gz", "missing.gz"] {
        let recording = path(name);
        let arguments: [&[&str]; 2] = [
            &["backtest", "--config", &file, "--recording", &recording],
            &["exchange", "--listen", "127.0.0.1:0", "--recording", &recording],
        ];
        for arguments in arguments {
            let mut process = Process::start(deployment.root(), arguments);
            let ended = eventually(|| !process.is_running());
            assert!(ended, "{arguments:?} serves an empty market: {}", process.out());
            let done = process.wait();
            assert_eq!(done.code, Some(1), "{arguments:?}: {done:?}");
            assert_eq!(done.err.lines().count(), 1, "{arguments:?}: {done:?}");
            crate::support::assert_no_panic(&done);
        }
    }
}
