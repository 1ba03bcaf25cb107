//! A journal for people and programs: its records one a line, and whether it is whole.
//!
//! Must hold: nothing here changes a journal. Not here: a command's arguments and exit codes.

use crate::store::journal::{self, Entry, Reader, Verified};
use crate::store::{Record, StoreError};
use serde_json::{Value, json};
use std::io::{self, Write};
use std::path::Path;

pub use crate::store::journal::{Repaired, repair};

/// Most records that one look at a followed journal shows.
const FOLLOW_MAX: usize = 10_000;

/// Which records are shown, and how.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// From this sequence on.
    pub from: u64,
    /// Up to this sequence; all when `None`.
    pub to: Option<u64>,
    /// Only records of this kind, by its name.
    pub kind: Option<String>,
    /// Only records that name this order.
    pub order: Option<String>,
    /// One JSON object a line.
    pub json: bool,
}

/// Whether everything could be read.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Health {
    /// It could.
    Whole,
    /// Some of it is damaged, and it was said which.
    Damaged,
}

/// What was found, or why the disk refused.
pub type Done = io::Result<Result<Health, StoreError>>;

/// The name of a kind of record as it is written here.
pub fn kind(text: &str) -> Result<String, String> {
    let known = Record::NAMES.iter().find(|name| name.eq_ignore_ascii_case(text));
    known
        .map(|name| (*name).to_owned())
        .ok_or_else(|| format!("no kind of record; there are {}", Record::NAMES.join(", ")))
}

/// Reads all of it and says what is wrong.
pub fn verify(folder: &Path, out: &mut dyn Write, err: &mut dyn Write) -> Done {
    let verified = match journal::verify(folder) {
        Ok(verified) => verified,
        Err(error) => return Ok(Err(error)),
    };
    for fault in &verified.faults {
        writeln!(err, "{fault}")?;
    }
    summarise(folder, &verified, out)?;
    let is_whole = verified.faults.is_empty();
    Ok(Ok(if is_whole { Health::Whole } else { Health::Damaged }))
}

fn summarise(folder: &Path, it: &Verified, out: &mut dyn Write) -> io::Result<()> {
    let last = it.last_at.map_or("never".to_owned(), |at| utc(at.unix_ns));
    let (folder, records, segments) = (folder.display(), it.records, it.segments);
    let (first_sequence, last_sequence, epoch) = (it.first_sequence, it.last_sequence, it.epoch);
    writeln!(
        out,
        "{folder}: {records} records ({first_sequence} to {last_sequence}) in {segments} files, \
         last written {last}, epoch {epoch}"
    )?;
    match it.head {
        Some(head) => writeln!(out, "head of the chain: {head}")?,
        None => writeln!(out, "head of the chain: not known, until the next file begins")?,
    }
    if 0 < it.repairs {
        let (repairs, lost) = (it.repairs, it.lost);
        writeln!(out, "repaired {repairs} times; {lost} records were lost to damage")?;
    }
    if 0 < it.torn_bytes {
        let bytes = it.torn_bytes;
        writeln!(
            out,
            "{bytes} bytes of a half-written record at the end: the next start removes them"
        )?;
    }
    match it.faults.len() {
        0 => writeln!(out, "whole"),
        1 => writeln!(out, "DAMAGED: 1 fault; see RUNBOOK.md, \"A file is damaged\""),
        faults => writeln!(out, "DAMAGED: {faults} faults; see RUNBOOK.md, \"A file is damaged\""),
    }
}

/// Shows records in order.
pub fn show(folder: &Path, filter: &Filter, out: &mut dyn Write, err: &mut dyn Write) -> Done {
    let reader = match Reader::open(folder) {
        Ok(reader) => reader,
        Err(error) => return Ok(Err(error)),
    };
    let (mut health, to) = (Health::Whole, filter.to.unwrap_or(u64::MAX));
    for entry in reader {
        match entry {
            Ok(entry) if to < entry.sequence => break,
            Ok(entry) if entry.sequence < filter.from => {}
            Ok(entry) => say(&entry, filter, out)?,
            Err(error @ StoreError::Damaged { .. }) => {
                writeln!(err, "engine: {error}")?;
                health = Health::Damaged;
            }
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(health))
}

/// Shows the last `count` records, or all since those shown, of which `shown` is the last. Answers
/// the last that is shown now.
pub fn tail(
    folder: &Path,
    (count, shown): (usize, Option<u64>),
    filter: &Filter,
    out: &mut dyn Write,
) -> io::Result<Result<u64, StoreError>> {
    let count = if shown.is_some() { FOLLOW_MAX } else { count };
    let found = match journal::tail(folder, count, |record| is_wanted(record, filter)) {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    let shown = shown.unwrap_or(0);
    for entry in found.iter().filter(|entry| shown < entry.sequence) {
        say(entry, filter, out)?;
    }
    out.flush()?;
    Ok(Ok(found.last().map_or(shown, |entry| entry.sequence.max(shown))))
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

fn say(entry: &Entry, filter: &Filter, out: &mut dyn Write) -> io::Result<()> {
    let (sequence, at) = (entry.sequence, utc(entry.at.unix_ns));
    match &entry.record {
        Ok(record) if !is_wanted(record, filter) => Ok(()),
        Ok(record) if filter.json => {
            let (mono_ns, unix_ns) = (entry.at.mono_ns, entry.at.unix_ns);
            let line = json!({
                "sequence": sequence,
                "mono_ns": mono_ns,
                "unix_ns": unix_ns,
                "kind": record.name(),
                "record": record.describe(),
            });
            writeln!(out, "{line}")
        }
        Ok(record) => {
            let mut line = format!("{sequence:>9}  {at}  {:<12}", record.name());
            flatten(&record.describe(), "", &mut line);
            writeln!(out, "{}", line.trim_end())
        }
        Err(unreadable) => {
            writeln!(out, "{sequence:>9}  {at}  cannot be read: {unreadable:?}")
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

/// A time of the wall clock, nanoseconds since the Unix epoch, to the millisecond, as in
/// `2026-11-22T16:20:00.123Z`.
pub fn utc(unix_ns: u64) -> String {
    let (seconds, ms) = (unix_ns / 1_000_000_000, unix_ns / 1_000_000 % 1_000);
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    let (year, month, day) = date(days);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

/// The date of a day of profit and loss, which count from 1 in 1970.
pub(super) fn date_of_day(day: u32) -> String {
    let (year, month, day) = date(u64::from(day).saturating_sub(1));
    format!("{year:04}-{month:02}-{day:02}")
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
