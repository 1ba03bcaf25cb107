//! The engine that runs on this deployment, and what stops it: asked by its own word where one
//! runs, else read as the next start would read it.

use super::patient::Patient;
use crate::config::InitialState;
use crate::core::Mode;
use crate::ops::doctor::Found;
use crate::ops::say;
use crate::store::journal::look;
use crate::store::{LatchFiles, LatchTable, NamedLatch, Place, Stored, losses, mode as modes};
use crate::types::SECOND;
use serde_json::Value;

pub(super) fn running(patient: &Patient) -> Found {
    match patient.status() {
        Ok(None) => Found::ok("none runs"),
        Ok(Some(status)) => alive(status, &patient.config.hash),
        Err(why) => untold(why),
    }
}

/// Whoever holds the socket and does not answer may hold positions too.
fn untold(why: &str) -> Found {
    Found::fail(
        format!("what runs here does not tell how it is: {why}"),
        "look at its process and its log; `touch state/kill_switch.flag` stops it",
    )
}

fn alive(status: &Value, hash: &str) -> Found {
    let said = format!("one runs: {}", word(&status["mode"]));
    let links = ["market", "orders", "user"];
    let down: Vec<_> = links.into_iter().filter(|it| status["link"][it] != true).collect();
    if status["durable"] != true {
        return Found::fail(
            format!("{said}, and its journal is not on disk"),
            "RUNBOOK.md, \"The disk is full\"",
        );
    }
    if !down.is_empty() {
        let next = "RUNBOOK.md, \"The link is down\"";
        return Found::fail(format!("{said}, link down: {}", down.join(", ")), next);
    }
    if status["reconciled"] != true {
        let next = "wait for a reading of the account that agrees: `engine reconcile`";
        return Found::warn(format!("{said}, and has not reconciled"), next);
    }
    if status["config_hash"] != hash {
        let next = "what is checked here is the file: start the engine again to use it";
        return Found::warn(format!("{said}, with other values than this file's"), next);
    }
    Found::ok(format!("{said}, links up, reconciled"))
}

pub(super) fn kill_switch(patient: &Patient) -> Found {
    let latches = match patient.status() {
        Ok(Some(status)) if status["kill_switch_active"] == false => Vec::new(),
        Ok(Some(status)) => told_latches(status),
        Ok(None) => match kept_latches(patient) {
            Ok(latches) => latches,
            Err(found) => return found,
        },
        Err(why) => return untold(why),
    };
    if latches.is_empty() {
        return Found::ok("not tripped");
    }
    let flag = patient.flag();
    Found::fail(
        format!("KILLED: {}", latches.join("; ")),
        format!(
            "mend the cause; `engine kill-switch status {flag}` names the reset (without an engine: \
             start it, it comes up KILLED). RUNBOOK.md, \"Resetting the kill switch\""
        ),
    )
}

/// Whatever does not say that nothing is latched says that something is.
fn told_latches(status: &Value) -> Vec<String> {
    let latches = status["kill_switch"]["latches"].as_array().into_iter().flatten();
    let line = |it: &Value| format!("{} ({})", word(&it["reason"]), word(&it["scope"]));
    let lines: Vec<_> = latches.map(line).collect();
    if lines.is_empty() { vec!["by what is not told".to_owned()] } else { lines }
}

/// What a start would find latched.
fn kept_latches(patient: &Patient) -> Result<Vec<String>, Found> {
    let folders = &patient.config.folders;
    let opened = look(&folders.journal).map_err(|error| {
        Found::fail(error.to_string(), "look at the disk, then `engine journal verify`")
    })?;
    let state = LatchFiles::new(&folders.state).read();
    let table: LatchTable = state.restore(&opened, patient.clock.stamp());
    let line = |it: &NamedLatch| {
        let (why, note) = (say::trip_reason(it.trip.reason), it.trip.note.as_str());
        let note = if note.is_empty() { String::new() } else { format!(", {note}") };
        format!("{why}{note} ({})", it.scope)
    };
    Ok(table.latches.iter().map(line).collect())
}

pub(super) fn mode(patient: &Patient) -> Found {
    match patient.status() {
        Ok(Some(status)) => told_mode(status, &patient.flag()),
        Ok(None) => kept_mode(patient),
        Err(why) => untold(why),
    }
}

fn told_mode(status: &Value, flag: &str) -> Found {
    let whole = [("all".to_owned(), status)].into_iter();
    let parts = [("venues", "name"), ("instruments", "symbol"), ("strategies", "name")];
    let parts = parts.into_iter().flat_map(|(list, name)| {
        let rows = status[list].as_array().into_iter().flatten();
        rows.map(move |row| (word(&row[name]).to_owned(), row))
    });
    let stopped = whole.chain(parts).filter(|(_, row)| is_stopped(word(&row["mode"])));
    let lines: Vec<_> = stopped
        .map(|(name, row)| format!("{} ({name}): {}", word(&row["mode"]), word(&row["mode_cause"])))
        .collect();
    stands(&lines, word(&status["mode"]), flag)
}

fn is_stopped(name: &str) -> bool {
    let known = Mode::ALL.into_iter().find(|mode| mode.name() == name);
    known.is_none_or(|mode| Mode::Reducing <= mode)
}

fn kept_mode(patient: &Patient) -> Found {
    let standing = match modes::read(&patient.config.folders.state) {
        Stored::Good(standing) => standing,
        Stored::Damaged(error) => return lost_mode(&error.to_string()),
        Stored::Missing if patient.is_first_start() => {
            return Found::skip(first(patient.config.initial_state));
        }
        Stored::Missing => return lost_mode("mode.json is gone, and a halt may have stood there"),
    };
    let stopped = standing.iter().filter(|it| Mode::Reducing <= it.record.mode);
    let lines: Vec<_> = stopped
        .map(|it| {
            let (mode, cause) = (it.record.mode.name(), it.record.cause.name());
            format!("{mode} ({}): {cause}, {}", place(&it.place), it.record.by.as_str())
        })
        .collect();
    let whole = standing.iter().find(|it| it.place == Place::All);
    let whole = whole.map_or(Mode::default(), |it| it.record.mode);
    stands(&lines, whole.name(), &patient.flag())
}

fn first(initial: InitialState) -> &'static str {
    match initial {
        InitialState::Active => "a first start trades as soon as it is reconciled",
        InitialState::Halted => "a first start is HALTED until `engine resume`",
    }
}

fn stands(lines: &[String], whole: &str, flag: &str) -> Found {
    match lines {
        [] => Found::ok(whole),
        lines => Found::warn(
            lines.join("; "),
            format!("when its cause is understood: `engine resume {flag}` once it runs"),
        ),
    }
}

fn lost_mode(why: &str) -> Found {
    Found::fail(format!("{why}: a start is HALTED"), "RUNBOOK.md, \"A file is damaged\"")
}

fn place(place: &Place) -> &str {
    match place {
        Place::All => "all",
        Place::Venue(name) | Place::Instrument(name) | Place::Strategy(name) => name,
    }
}

pub(super) fn breaker(patient: &Patient) -> Found {
    let left_s = match patient.status() {
        Ok(Some(status)) => match status["circuit_breaker"]["cooldown_remaining_s"].as_u64() {
            Some(left_s) => left_s,
            None => return untold("its status has no circuit breaker"),
        },
        Ok(None) => match losses::restore(&patient.config.folders.state) {
            Ok(kept) => kept.breaker.map_or(0, |mark| mark.cooldown_ns.div_ceil(SECOND)),
            Err(error) => {
                return Found::fail(error.to_string(), "RUNBOOK.md, \"A file is damaged\"");
            }
        },
        Err(why) => return untold(why),
    };
    match left_s {
        0 => Found::ok("closed"),
        left_s => Found::warn(
            format!("open: nothing is opened for another {left_s} s of a running engine"),
            "look at what stopped it again and again; RUNBOOK.md, \"It stopped by itself\"",
        ),
    }
}

fn word(value: &Value) -> &str {
    value.as_str().unwrap_or("unknown")
}

#[cfg(test)]
mod tests {
    use super::super::patient::tests::paper;
    use super::*;
    use crate::config::Folders;
    use crate::core::{BreakerMark, ModeCause, ModeRecord, STOPS_MAX};
    use crate::store::{Losses, Standing};
    use crate::types::{Stamp, Text};
    use serde_json::json;
    use std::os::unix::net::UnixListener;
    use tempfile::TempDir;

    fn on_disk() -> (TempDir, Patient) {
        let folder = tempfile::tempdir().unwrap();
        let mut config = paper();
        config.folders = Folders::below(folder.path().to_owned());
        std::fs::create_dir_all(&config.folders.state).unwrap();
        (folder, Patient::new(config))
    }

    fn good() -> Value {
        json!({
            "mode": "RUNNING", "durable": true, "reconciled": true, "config_hash": "h",
            "link": {"market": true, "orders": true, "user": true},
        })
    }

    fn but(change: impl FnOnce(&mut Value)) -> Found {
        let mut status = good();
        change(&mut status);
        alive(&status, "h")
    }

    #[test]
    fn an_engine_is_well_only_when_it_says_all_of_it() {
        assert_eq!(but(|_| {}), Found::ok("one runs: RUNNING, links up, reconciled"));
        assert!(matches!(but(|it| it["durable"] = json!(false)), Found::Fail { .. }));
        assert!(matches!(but(|it| it["link"]["user"] = json!(false)), Found::Fail { .. }));
        assert!(matches!(but(|it| it["reconciled"] = Value::Null), Found::Warn { .. }));
        assert!(matches!(but(|it| it["config_hash"] = json!("other")), Found::Warn { .. }));
        assert!(matches!(alive(&json!({}), "h"), Found::Fail { .. }), "nothing told is not well");
    }

    #[test]
    fn whoever_holds_the_socket_and_does_not_tell_is_not_well() {
        let (_folder, patient) = on_disk();
        let socket = UnixListener::bind(patient.config.folders.state.join("engine.sock")).unwrap();
        let hang_up = move || drop(socket.accept());
        let hung = crate::runtime::threads::spawn("silent", None, hang_up).unwrap();
        for look in [running, kill_switch, mode, breaker] {
            assert_eq!(look(&patient).verdict(), "fail");
        }
        hung.join().unwrap();
    }

    #[test]
    fn a_latch_that_is_not_told_of_counts_as_one() {
        assert_eq!(told_latches(&json!({})), ["by what is not told"]);
        let latch = json!({"reason": "an operator", "scope": "all"});
        let status = json!({"kill_switch": {"latches": [latch]}});
        assert_eq!(told_latches(&status), ["an operator (all)"]);
    }

    #[test]
    fn a_stop_of_any_part_is_told_with_its_cause() {
        let row =
            |mode: &str| json!({"mode": mode, "mode_cause": "halt, ada", "symbol": "BTCUSDT"});
        let told = |whole: &str, part: &str| {
            told_mode(&json!({"mode": whole, "instruments": [row(part)]}), "--config x")
        };
        assert_eq!(told("CONSERVATIVE", "RUNNING"), Found::ok("CONSERVATIVE"));
        let Found::Warn { said, next } = told("RUNNING", "REDUCING") else {
            unreachable!("a part is stopped");
        };
        assert_eq!(said, "REDUCING (BTCUSDT): halt, ada");
        assert!(next.contains("engine resume --config x"));
        assert!(matches!(told("UNHEARD", "RUNNING"), Found::Warn { .. }), "unknown is not well");
    }

    #[test]
    fn what_is_on_disk_is_judged_as_a_start_would() {
        let (_folder, patient) = on_disk();
        assert_eq!(kill_switch(&patient), Found::ok("not tripped"));
        assert!(matches!(mode(&patient), Found::Skip(_)));
        assert_eq!(breaker(&patient), Found::ok("closed"));
        let state = patient.config.folders.state.clone();
        let (by, note) = (Text::new("ada"), Text::default());
        let record = ModeRecord::default().moved(ModeCause::Halt, Stamp::default(), by, note);
        modes::write(&state, &[Standing { place: Place::All, record }]).unwrap();
        let Found::Warn { said, .. } = mode(&patient) else { unreachable!("it is halted") };
        assert_eq!(said, "HALTED (all): halt, ada");
        let mark =
            BreakerMark { opened: 1, stops: 0, ages_ns: [0; STOPS_MAX], cooldown_ns: SECOND + 1 };
        losses::write(&state, &Losses { day: None, breaker: Some(mark) }).unwrap();
        let Found::Warn { said, .. } = breaker(&patient) else { unreachable!("it is open") };
        assert!(said.contains("another 2 s"), "{said}");
        std::fs::write(state.join("kill_switch.flag"), "").unwrap();
        let Found::Fail { said, next } = kill_switch(&patient) else { unreachable!("latched") };
        assert!(said.starts_with("KILLED: ") && said.contains("kill_switch.flag"), "{said}");
        assert!(next.contains("engine kill-switch status"), "{next}");
        for file in ["mode.json", "losses.json"] {
            std::fs::write(state.join(file), "no state").unwrap();
        }
        assert!(matches!(mode(&patient), Found::Fail { .. }));
        assert!(matches!(breaker(&patient), Found::Fail { .. }));
    }
}
