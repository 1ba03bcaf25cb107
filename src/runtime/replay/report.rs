//! What a replay found, for people and for programs.

use super::epoch::{End, Outcome, Verdict};
use super::judge::Difference;
use super::{Replay, recorded};
use crate::ops::status_text;
use crate::store::{Record, each_record};
use crate::types::MS;
use serde_json::{Value, json};
use std::fmt::Write as _;

impl Replay {
    /// As JSON.
    pub fn json(&self) -> Value {
        json!({
            "same": self.is_same(),
            "without_start": self.headless.map(|(first, last)| json!([first, last])),
            "epochs": self.epochs.iter().map(epoch).collect::<Vec<_>>(),
            "status": self.status,
            "explanation": self.explanation,
        })
    }

    /// As lines.
    pub fn text(&self) -> String {
        let mut out = String::new();
        if self.epochs.is_empty() && self.headless.is_none() {
            out.push_str("no run of that epoch or a later one is in the journal\n");
        }
        if let Some((first, last)) = self.headless {
            // Writing to a string cannot fail.
            let _ = writeln!(
                out,
                "records {first} to {last}: NOT REPRODUCIBLE: the start of their run is not in the \
                 journal any more (`journal.keep_files`); `--from EPOCH` begins with a later run"
            );
        }
        self.epochs.iter().for_each(|epoch| tell(epoch, &mut out));
        let parts = [("state", &self.status), ("explanation", &self.explanation)];
        for (name, part) in parts {
            if let Some(part) = part {
                // Writing to a string cannot fail.
                let _ = write!(out, "\n{name}\n{}", status_text(part));
            }
        }
        out
    }
}

fn tell(epoch: &Outcome, out: &mut String) {
    let Outcome { start, tally, .. } = epoch;
    let ended = end(epoch.end);
    let _ = writeln!(
        out,
        "epoch {} ({}, version {}), market recorded: {}; {ended}\n  {} inputs, {} decisions and {} \
         checkpoints compared",
        start.epoch,
        start.mode,
        start.version,
        recorded(epoch.recording),
        tally.inputs,
        tally.decisions,
        tally.checkpoints,
    );
    if !epoch.changed.is_empty() {
        let count = epoch.changed.len();
        let _ = writeln!(out, "  replayed with its own configuration; {count} value(s) differ:");
        epoch.changed.iter().for_each(|line| out.push_str(&format!("    {line}\n")));
    }
    if start.version.as_str() != env!("CARGO_PKG_VERSION") {
        let this = env!("CARGO_PKG_VERSION");
        let _ = writeln!(out, "  recorded by another version than this one ({this})");
    }
    match &epoch.verdict {
        Verdict::Same { digest } => {
            let _ = writeln!(out, "  the same; digest {digest:016x}");
        }
        Verdict::NeverBegan => out.push_str("  it ended before it began to trade\n"),
        Verdict::NotReproducible { sequence, why } => {
            let _ = writeln!(out, "  NOT REPRODUCIBLE from record {sequence} on: {why}");
        }
        Verdict::Different(difference) => {
            let Difference { sequence, at, what, .. } = difference.as_ref();
            let unix_ms = at.unix_ns / MS;
            let (expected, found) = (said(&difference.expected), said(&difference.found));
            let _ = writeln!(
                out,
                "  DIFFERENT at record {sequence}, unix time {unix_ms} ms: {what}\n    input:    \
                 {}\n    expected: {expected}\n    found:    {found}",
                input(difference),
            );
        }
    }
}

fn end(end: End) -> &'static str {
    match end {
        End::Clean => "ended in order",
        End::Unclean => "ended with orders left open",
        End::Cut => "cut off: killed, or still running",
        End::Stopped => "stopped where it was told to",
    }
}

fn said(record: &Option<Record>) -> String {
    record.as_ref().map_or_else(|| "nothing".to_owned(), |record| format!("{record:?}"))
}

/// The input that was answered.
fn input(difference: &Difference) -> String {
    let Some((sequence, event)) = &difference.input else { return "none".to_owned() };
    let mut said = String::new();
    each_record(event, |record| said = format!("record {sequence}: {record:?}"));
    said
}

fn epoch(outcome: &Outcome) -> Value {
    let Outcome { start, tally, .. } = outcome;
    let mut value = json!({
        "epoch": start.epoch,
        "mode": start.mode.as_str(),
        "version": start.version.as_str(),
        "begun_unix_ms": outcome.at.unix_ns / MS,
        "market_data": recorded(outcome.recording),
        "inputs": tally.inputs,
        "decisions": tally.decisions,
        "checkpoints": tally.checkpoints,
        "end": end(outcome.end),
        "config_differs": outcome.changed,
    });
    match &outcome.verdict {
        Verdict::Same { digest } => {
            value["verdict"] = "same".into();
            value["digest"] = format!("{digest:016x}").into();
        }
        Verdict::NeverBegan => value["verdict"] = "never began".into(),
        Verdict::NotReproducible { sequence, why } => {
            value["verdict"] = "not reproducible".into();
            value["from_sequence"] = (*sequence).into();
            value["why"] = why.as_str().into();
        }
        Verdict::Different(difference) => {
            value["verdict"] = "different".into();
            value["difference"] = json!({
                "sequence": difference.sequence,
                "unix_ms": difference.at.unix_ns / MS,
                "what": difference.what,
                "input": input(difference),
                "expected": said(&difference.expected),
                "found": said(&difference.found),
            });
        }
    }
    value
}
