//! How good a recorded market is, for people and for programs (R94).

use super::journal::utc;
use crate::types::{MS, SECOND};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// What a recording holds, and what is wrong with it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Quality {
    /// Frames that were read.
    pub frames: u64,
    /// Receive time of the first, nanoseconds since the Unix epoch.
    pub first_unix_ns: u64,
    /// Of the last.
    pub last_unix_ns: u64,
    /// The longest time without any frame, nanoseconds, and when it began.
    pub silence_ns: (u64, u64),
    /// Frames that were received before the one before them.
    pub backwards: u64,
    /// Frames that could not be read.
    pub unreadable: u64,
    /// Why the file ends before its end; `None` when it is whole.
    pub torn: Option<String>,
    /// By symbol, for those that occur.
    pub lines: Vec<Line>,
}

/// One symbol of it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Line {
    /// Its name.
    pub symbol: String,
    /// Best prices.
    pub quotes: u64,
    /// Of them, those that no market can have: crossed, or without a price.
    pub unsound: u64,
    /// Trades.
    pub trades: u64,
    /// Marks.
    pub marks: u64,
    /// Books that were begun whole.
    pub books: u64,
    /// Updates of books.
    pub updates: u64,
    /// How often a book was lost: an update between two is missing.
    pub lost: u64,
    /// Longest time between two best prices, nanoseconds, and when it began.
    pub silence_ns: (u64, u64),
    /// How long after the venue's time a message was received: least and most, milliseconds.
    pub delay_ms: Option<(i64, i64)>,
}

impl Quality {
    /// Everything that is wrong, one a line; a silence counts when it is longer than that.
    pub fn faults(&self, silence_ns_max: u64) -> Vec<String> {
        let mut faults = Vec::new();
        if self.frames == 0 {
            faults.push("it holds no frame".to_owned());
        } else if self.lines.is_empty() {
            faults.push("it holds none of the symbols of the configuration".to_owned());
        }
        faults.extend(self.torn.clone());
        let counted = [
            (self.unreadable, "frames that cannot be read"),
            (self.backwards, "frames that were received before the one before them"),
        ];
        let told = |(count, what): &(u64, &str)| (0 < *count).then(|| format!("{count} {what}"));
        faults.extend(counted.iter().filter_map(told));
        faults.extend(silence("frames", self.silence_ns, silence_ns_max));
        for line in &self.lines {
            let counted = [
                (line.unsound, "best prices that no market can have"),
                (line.lost, "times a book was lost"),
            ];
            let told = counted.iter().filter_map(told);
            let told = told.chain(silence("best prices", line.silence_ns, silence_ns_max));
            faults.extend(told.map(|fault| format!("{}: {fault}", line.symbol)));
        }
        faults
    }

    /// For people.
    pub fn text(&self, silence_ns_max: u64) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(silence_ns_max, &mut out);
        out
    }

    fn write(&self, silence_ns_max: u64, out: &mut String) -> std::fmt::Result {
        let (first, last) = (utc(self.first_unix_ns), utc(self.last_unix_ns));
        let span_s = self.last_unix_ns.saturating_sub(self.first_unix_ns) / SECOND;
        writeln!(out, "{} frames over {span_s} s, {first} to {last}", self.frames)?;
        for line in &self.lines {
            let Line { symbol, quotes, trades, marks, books, updates, .. } = line;
            write!(
                out,
                "{symbol:12} best prices {quotes}   trades {trades}   marks {marks}   books {books}   \
                 updates {updates}"
            )?;
            match line.delay_ms {
                Some((least, most)) => {
                    let behind = if least < 0 { ": the recorder's clock was behind" } else { "" };
                    writeln!(out, "   received {least} to {most} ms after it was sent{behind}")?;
                }
                None => writeln!(out)?,
            }
        }
        let faults = self.faults(silence_ns_max);
        for fault in &faults {
            writeln!(out, "FAULT: {fault}")?;
        }
        if faults.is_empty() { writeln!(out, "whole") } else { Ok(()) }
    }

    /// For programs: one object.
    pub fn json(&self, silence_ns_max: u64) -> Value {
        let lines = self.lines.iter().map(|line| {
            json!({
                "symbol": line.symbol,
                "quotes": line.quotes,
                "quotes_unsound": line.unsound,
                "trades": line.trades,
                "marks": line.marks,
                "books": line.books,
                "book_updates": line.updates,
                "books_lost": line.lost,
                "silence_ms_max": line.silence_ns.0 / MS,
                "silence_from_unix_ns": line.silence_ns.1,
                "delay_ms_min": line.delay_ms.map(|(least, _)| least),
                "delay_ms_max": line.delay_ms.map(|(_, most)| most),
            })
        });
        json!({
            "frames": self.frames,
            "first_unix_ns": self.first_unix_ns,
            "last_unix_ns": self.last_unix_ns,
            "silence_ms_max": self.silence_ns.0 / MS,
            "silence_from_unix_ns": self.silence_ns.1,
            "received_backwards": self.backwards,
            "frames_unreadable": self.unreadable,
            "torn": self.torn,
            "symbols": lines.collect::<Vec<_>>(),
            "faults": self.faults(silence_ns_max),
        })
    }
}

fn silence(what: &str, (ns, from_unix_ns): (u64, u64), ns_max: u64) -> Option<String> {
    let ms = ns / MS;
    (ns_max < ns).then(|| format!("no {what} for {ms} ms from {}", utc(from_unix_ns)))
}
