//! `engine journal verify|show|tail|repair`: what a deployment's journal holds, and whether it is
//! whole.
//!
//! Must hold: only `repair` changes anything, and it only on the word of a named person.

use super::argument::{self, Target};
use super::config::running;
use super::console::Console;
use super::exit::Exit;
use crate::config::Config;
use crate::core::Registry;
use crate::runtime::clock::Clock;
use crate::store::journal::{self, Entry, Reader, Verified};
use crate::store::{Record, StoreError};
use serde_json::{Value, json};
use std::io;
use std::path::Path;
use std::time::Duration;

/// How often a followed journal is read again.
const FOLLOW_EVERY: Duration = Duration::from_millis(500);

/// Most records that one look at a followed journal shows.
const FOLLOW_MAX: usize = 10_000;

/// `engine journal`
#[derive(clap::Args, Clone, Debug)]
pub struct Arguments {
    /// What about it.
    #[command(subcommand)]
    pub verb: Verb,
}

/// What is done with the journal.
#[derive(clap::Subcommand, Clone, Debug)]
pub enum Verb {
    /// Read all of it and tell what is wrong; a running engine is not disturbed
    Verify(Target),
    /// Show records, one a line
    Show(Show),
    /// Show the last records
    Tail(Tail),
    /// Make a damaged journal readable again; the engine is KILLED until a reset
    Repair(Repair),
}

/// `engine journal show`
#[derive(clap::Args, Clone, Debug)]
pub struct Show {
    /// Whose.
    #[command(flatten)]
    pub target: Target,
    /// From this sequence on
    #[arg(long, value_name = "SEQ")]
    pub from: Option<u64>,
    /// Up to this sequence, which is shown too
    #[arg(long, value_name = "SEQ")]
    pub to: Option<u64>,
    /// Which.
    #[command(flatten)]
    pub filter: Filter,
}

/// `engine journal tail`
#[derive(clap::Args, Clone, Debug)]
pub struct Tail {
    /// Whose.
    #[command(flatten)]
    pub target: Target,
    /// How many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub count: usize,
    /// Go on with what a running engine writes, until stopped
    #[arg(long)]
    pub follow: bool,
    /// Which.
    #[command(flatten)]
    pub filter: Filter,
}

/// Which records are shown, and how.
#[derive(clap::Args, Clone, Debug)]
pub struct Filter {
    /// Only records of this kind
    #[arg(long, value_name = "NAME", value_parser = kind)]
    pub kind: Option<String>,
    /// Only records that name this order, written EPOCH-SEQUENCE
    #[arg(long, value_name = "ID")]
    pub order: Option<String>,
    /// One JSON object a line
    #[arg(long)]
    pub json: bool,
}

/// `engine journal repair`
#[derive(clap::Args, Clone, Debug)]
pub struct Repair {
    /// Whose.
    #[command(flatten)]
    pub target: Target,
    /// Who answers for it
    #[arg(long, value_name = "NAME", value_parser = argument::name)]
    pub by: String,
    /// What happened to the disk
    #[arg(long, value_name = "TEXT", value_parser = argument::reason)]
    pub reason: String,
}

/// The name of a kind of record.
fn kind(text: &str) -> Result<String, String> {
    let known = Record::NAMES.iter().find(|name| name.eq_ignore_ascii_case(text));
    known
        .map(|name| (*name).to_owned())
        .ok_or_else(|| format!("no kind of record; there are {}", Record::NAMES.join(", ")))
}

/// Does one of them.
pub(super) fn execute(
    arguments: &Arguments,
    registry: &Registry,
    console: &mut Console<'_>,
) -> io::Result<Exit> {
    let target = match &arguments.verb {
        Verb::Verify(target) => target,
        Verb::Show(show) => &show.target,
        Verb::Tail(tail) => &tail.target,
        Verb::Repair(repair) => &repair.target,
    };
    let config = match running(&target.config, registry, console)? {
        Ok(config) => config,
        Err(exit) => return Ok(exit),
    };
    let done = match &arguments.verb {
        Verb::Verify(_) => verify(&config.folders.journal, console)?,
        Verb::Show(arguments) => show(&config.folders.journal, arguments, console)?,
        Verb::Tail(arguments) => tail(&config.folders.journal, arguments, console)?,
        Verb::Repair(arguments) => repair(&config, arguments, console)?,
    };
    match done {
        Ok(exit) => Ok(exit),
        Err(error) => {
            console.complain(format_args!("engine: {error}"))?;
            Ok(Exit::Failed)
        }
    }
}

/// What was done, or why the disk refused.
type Done = io::Result<Result<Exit, StoreError>>;

fn verify(folder: &Path, console: &mut Console<'_>) -> Done {
    let verified = match journal::verify(folder) {
        Ok(verified) => verified,
        Err(error) => return Ok(Err(error)),
    };
    for fault in &verified.faults {
        console.complain(fault)?;
    }
    summarise(folder, &verified, console)?;
    Ok(Ok(if verified.faults.is_empty() { Exit::Ok } else { Exit::Mismatch }))
}

fn summarise(folder: &Path, it: &Verified, console: &mut Console<'_>) -> io::Result<()> {
    let last = it.last_at.map_or("never".to_owned(), |at| utc(at.unix_ns));
    console.say(format_args!(
        "{}: {} records ({} to {}) in {} files, last written {last}, epoch {}",
        folder.display(),
        it.records,
        it.first_sequence,
        it.last_sequence,
        it.segments,
        it.epoch
    ))?;
    match it.head {
        Some(head) => console.say(format_args!("head of the chain: {head}"))?,
        None => console.say("head of the chain: not known, until the next file begins")?,
    }
    if 0 < it.repairs {
        let (repairs, lost) = (it.repairs, it.lost);
        console
            .say(format_args!("repaired {repairs} times; {lost} records were lost to damage"))?;
    }
    if 0 < it.torn_bytes {
        let bytes = it.torn_bytes;
        console.say(format_args!(
            "{bytes} bytes of a half-written record at the end: the next \
            start removes them"
        ))?;
    }
    match it.faults.len() {
        0 => console.say("whole"),
        1 => console.say("DAMAGED: 1 fault; see RUNBOOK.md, \"A file is damaged\""),
        faults => console
            .say(format_args!("DAMAGED: {faults} faults; see RUNBOOK.md, \"A file is damaged\"")),
    }
}

fn show(folder: &Path, arguments: &Show, console: &mut Console<'_>) -> Done {
    let reader = match Reader::open(folder) {
        Ok(reader) => reader,
        Err(error) => return Ok(Err(error)),
    };
    let mut exit = Exit::Ok;
    let (from, to) = (arguments.from.unwrap_or(0), arguments.to.unwrap_or(u64::MAX));
    for entry in reader {
        match entry {
            Ok(entry) if to < entry.sequence => break,
            Ok(entry) if entry.sequence < from => {}
            Ok(entry) => say(&entry, &arguments.filter, console)?,
            Err(error @ StoreError::Damaged { .. }) => {
                console.complain(format_args!("engine: {error}"))?;
                exit = Exit::Mismatch;
            }
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(exit))
}

fn tail(folder: &Path, arguments: &Tail, console: &mut Console<'_>) -> Done {
    let (mut shown, mut count) = (0, arguments.count);
    loop {
        let found =
            match journal::tail(folder, count, |record| is_wanted(record, &arguments.filter)) {
                Ok(found) => found,
                Err(error) => return Ok(Err(error)),
            };
        for entry in found.iter().filter(|entry| shown < entry.sequence) {
            say(entry, &arguments.filter, console)?;
        }
        shown = found.last().map_or(shown, |entry| entry.sequence.max(shown));
        if !arguments.follow {
            return Ok(Ok(Exit::Ok));
        }
        console.out.flush()?;
        count = FOLLOW_MAX;
        pause();
    }
}

#[expect(clippy::disallowed_methods, reason = "a verb at a terminal has no loop to wait in")]
fn pause() {
    std::thread::sleep(FOLLOW_EVERY);
}

fn repair(config: &Config, arguments: &Repair, console: &mut Console<'_>) -> Done {
    let (folder, journal) = (&config.folders.journal, &config.journal);
    let (by, reason) = (&arguments.by, &arguments.reason);
    let lanes = &journal.lane_folder;
    let done =
        journal::repair(folder, lanes, journal.segment_bytes, Clock::start().stamp(), by, reason);
    match done {
        Ok(None) => console.say("nothing to repair, nothing changed")?,
        Ok(Some(repaired)) => {
            for copy in &repaired.copies {
                console.say(format_args!("as it was: {}", copy.display()))?;
            }
            let (lost, sequence) = (repaired.lost, repaired.sequence);
            console.say(format_args!(
                "repaired: {lost} records are lost, all others kept; on record as {sequence}"
            ))?;
            console.say("the next start is KILLED until `engine kill-switch reset`")?;
        }
        Err(error) => return Ok(Err(error)),
    }
    Ok(Ok(Exit::Ok))
}

fn is_wanted(record: &Record, filter: &Filter) -> bool {
    let of_kind = filter.kind.as_deref().is_none_or(|kind| kind == record.name());
    of_kind && filter.order.as_deref().is_none_or(|id| names(&record.describe(), id))
}

/// True when the text stands anywhere in it.
fn names(value: &Value, text: &str) -> bool {
    match value {
        Value::String(found) => found == text,
        Value::Array(items) => items.iter().any(|item| names(item, text)),
        Value::Object(fields) => fields.values().any(|field| names(field, text)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn say(entry: &Entry, filter: &Filter, console: &mut Console<'_>) -> io::Result<()> {
    let (sequence, at) = (entry.sequence, utc(entry.at.unix_ns));
    match &entry.record {
        Ok(record) if !is_wanted(record, filter) => Ok(()),
        Ok(record) if filter.json => {
            let (mono_ns, unix_ns) = (entry.at.mono_ns, entry.at.unix_ns);
            console.say(json!({
                "sequence": sequence,
                "mono_ns": mono_ns,
                "unix_ns": unix_ns,
                "kind": record.name(),
                "record": record.describe(),
            }))
        }
        Ok(record) => {
            let mut line = format!("{sequence:>9}  {at}  {:<12}", record.name());
            flatten(&record.describe(), "", &mut line);
            console.say(line.trim_end())
        }
        Err(unreadable) => {
            console.complain(format_args!("{sequence:>9}  {at}  cannot be read: {unreadable:?}"))
        }
    }
}

/// Fields as `name=value`; what is not there is left out.
fn flatten(value: &Value, name: &str, line: &mut String) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (field, value) in fields {
                let name = if name.is_empty() { field.clone() } else { format!("{name}.{field}") };
                flatten(value, &name, line);
            }
        }
        Value::String(text) if name.is_empty() => {
            line.push(' ');
            line.push_str(text);
        }
        Value::String(text) if text.contains(' ') || text.is_empty() => {
            line.push_str(&format!(" {name}={text:?}"));
        }
        Value::String(text) => line.push_str(&format!(" {name}={text}")),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) => {
            line.push_str(&format!(" {name}={value}"));
        }
    }
}

/// A time of the wall clock to the millisecond, as in `2026-11-22T16:20:00.123Z`.
fn utc(unix_ns: u64) -> String {
    let (seconds, ms) = (unix_ns / 1_000_000_000, unix_ns / 1_000_000 % 1_000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

/// The Gregorian date of a day since 1970-01-01, by eras of 400 years that begin in March.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_a_date_of_the_calendar() {
        let rows = [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000_000_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999_999_999, "2000-02-29T23:59:59.999Z"),
            (1_709_164_800_000_000_000, "2024-02-29T00:00:00.000Z"),
            (1_735_689_599_000_000_000, "2024-12-31T23:59:59.000Z"),
            (1_772_323_200_000_000_000, "2026-03-01T00:00:00.000Z"),
        ];
        for (unix_ns, expected) in rows {
            assert_eq!(utc(unix_ns), expected);
        }
    }

    #[test]
    fn a_kind_is_known_by_its_name() {
        assert_eq!(kind("order"), Ok("Order".to_owned()));
        assert!(kind("orders").unwrap_err().contains("Order, Cancel"));
    }

    #[test]
    fn a_line_names_every_field_that_is_there() {
        let value =
            json!({"id": "7-12", "strategy": null, "terms": {"qty": "0.5", "n": 1}, "by": "a b"});
        let mut line = String::new();
        flatten(&value, "", &mut line);
        assert_eq!(line, " by=\"a b\" id=7-12 terms.n=1 terms.qty=0.5");
        assert!(names(&value, "7-12") && !names(&value, "7-1"));
    }
}
