//! What the last run left on disk: whether it is whole, how it ended, whether there is a copy.

use super::patient::Patient;
use crate::ops::doctor::Found;
use crate::ops::journal::utc;
use crate::ops::state::{Finding, Health};
use crate::store::journal::look;
use crate::store::{LastShutdown, backup as backups};
use crate::types::MS;

/// So many faults are told on one line.
const FAULTS_TOLD: usize = 3;

/// One that is being made is late by itself; two that did not come are a fault of the disk.
const BACKUPS_MISSED: u64 = 2;

/// What `state verify` calls the journal.
const JOURNAL: &str = "journal";

pub(super) fn journal(patient: &Patient) -> Found {
    let next = format!(
        "`engine journal verify {}` names every fault; RUNBOOK.md, \"A file is damaged\"",
        patient.flag()
    );
    whole(patient, |it| it.what == JOURNAL, next)
}

pub(super) fn files(patient: &Patient) -> Found {
    let next = format!(
        "`engine state verify {}` names every fault; RUNBOOK.md, \"Is the state sound\"",
        patient.flag()
    );
    whole(patient, |it| it.what != JOURNAL, next)
}

fn whole(patient: &Patient, wanted: impl Fn(&Finding) -> bool, next: String) -> Found {
    if patient.is_first_start() {
        return Found::skip("nothing is on disk: a first start");
    }
    match patient.verified() {
        Ok(verified) => judged(verified.findings.iter().filter(|it| wanted(it)), next),
        Err(why) => Found::fail(why, next),
    }
}

fn judged<'a>(findings: impl Iterator<Item = &'a Finding>, next: String) -> Found {
    let findings: Vec<_> = findings.collect();
    let faults: Vec<_> = findings.iter().filter(|it| it.health == Health::Fault).collect();
    let line = |it: &Finding| format!("{}: {}", it.what, it.said);
    match (findings.as_slice(), faults.len()) {
        ([], _) => Found::warn("nothing of it could be looked at", next),
        ([only], 0) => Found::ok(only.said.clone()),
        (all, 0) => Found::ok(format!("{} looked at, none is wrong", all.len())),
        (_, count) => {
            let told: Vec<_> = faults.iter().take(FAULTS_TOLD).map(|it| line(it)).collect();
            Found::fail(format!("{count} fault(s): {}", told.join("; ")), next)
        }
    }
}

pub(super) fn last_run(patient: &Patient) -> Found {
    if let Ok(Some(_)) = patient.status() {
        return Found::skip("the run is under way");
    }
    let ended = match look(&patient.config.folders.journal) {
        Ok(opened) => opened.last_shutdown,
        Err(error) => return Found::fail(error.to_string(), "look at the disk"),
    };
    match ended {
        LastShutdown::Clean => Found::ok("ended in order"),
        LastShutdown::FirstStart if patient.is_first_start() => Found::skip("there was none"),
        LastShutdown::FirstStart => Found::warn(
            "there was one, and its journal is gone",
            "RUNBOOK.md, \"State or journal are lost\", before you start",
        ),
        LastShutdown::Unclean => Found::warn(
            "did not end in order: a start reconciles, and goes on at conservative size",
            "RUNBOOK.md, \"It crashed, or the machine died\"",
        ),
    }
}

pub(super) fn backup(patient: &Patient) -> Found {
    let folders = &patient.config.folders;
    let next = format!("`engine backup create {}`, `engine backup verify`", patient.flag());
    let listed = match backups::list(&folders.backups) {
        Ok(listed) => listed,
        Err(error) => return Found::warn(error.to_string(), next),
    };
    match (listed.last(), listed.len()) {
        (None, _) if patient.is_first_start() => Found::skip("there is nothing to copy yet"),
        (None, _) => Found::warn("there is none", next),
        (Some(Err(error)), _) => Found::warn(format!("the newest is damaged: {error}"), next),
        (Some(Ok(newest)), count) => {
            let last_at = look(&folders.journal).ok().and_then(|it| it.last_at);
            let last_ms = last_at.map_or(0, |at| at.unix_ns / MS);
            let every_ms = patient.config.backup.every_ns / MS;
            aged(newest.unix_ms, count, (last_ms, every_ms), next)
        }
    }
}

/// Backups are made while an engine runs: what counts is how much of the journal came after one.
fn aged(made_ms: u64, count: usize, (last_ms, every_ms): (u64, u64), next: String) -> Found {
    let behind_ms = last_ms.saturating_sub(made_ms);
    let said = format!("newest of {}, {count} kept", utc(made_ms.saturating_mul(MS)));
    match behind_ms <= every_ms.saturating_mul(BACKUPS_MISSED) {
        true => Found::ok(said),
        false => Found::warn(
            format!("{said}: the last {} s of the journal are in none", behind_ms / 1_000),
            next,
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::super::patient::tests::paper;
    use super::*;
    use crate::config::Folders;

    fn finding(what: &str, health: Health) -> Finding {
        Finding { what: what.to_owned(), health, said: "as it is".to_owned() }
    }

    #[test]
    fn one_fault_fails_and_a_note_does_not() {
        let judge = |all: &[Finding]| judged(all.iter(), "look".to_owned());
        let (good, note) = (finding("mode.json", Health::Good), finding("epoch", Health::Note));
        assert_eq!(judge(&[good.clone(), note.clone()]), Found::ok("2 looked at, none is wrong"));
        let fault = finding("losses.json", Health::Fault);
        let Found::Fail { said, .. } = judge(&[good, fault, note]) else {
            unreachable!("one is a fault");
        };
        assert_eq!(said, "1 fault(s): losses.json: as it is");
        assert!(matches!(judge(&[]), Found::Warn { .. }), "nothing seen is not well");
    }

    #[test]
    fn a_copy_is_too_old_by_what_the_journal_wrote_since() {
        let made_ms = 1_000_000;
        let found = |last_ms| aged(made_ms, 1, (last_ms, 300_000), "make one".to_owned()).verdict();
        let rows = [0, made_ms, made_ms + 600_000, made_ms + 600_001];
        assert_eq!(rows.map(found), ["ok", "ok", "ok", "warn"]);
    }

    #[test]
    fn a_first_start_has_nothing_to_look_at_and_a_lost_journal_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = paper();
        config.folders = Folders::below(folder.path().to_owned());
        // As after `engine config attest`.
        std::fs::create_dir_all(&config.folders.state).unwrap();
        let patient = Patient::new(config.clone());
        for look in [journal, files, last_run, backup] {
            assert!(matches!(look(&patient), Found::Skip(_)));
        }
        crate::store::next_epoch(&config.folders.state, 0).unwrap();
        let patient = Patient::new(config);
        assert!(matches!(last_run(&patient), Found::Warn { .. }));
        assert!(matches!(journal(&patient), Found::Fail { .. }));
    }
}
