//! The status that a person watches: a few lines, drawn anew in place.
//!
//! Must hold: a log line never tears the block: it is printed above, and the block is drawn again.
//! Where standard output is no terminal nothing is drawn; the log says the same in lines. Nobody
//! waits for a reader that does not read (a stopped terminal, a full pipe): what it misses stands
//! in the log file, and how much it was is said when it reads again.

use super::report::{Percentiles, Report};
use super::say;
use crate::core::{LinkChannel, Mode, ModeRecord};
use crate::types::{Cash, SECOND};
use parking_lot::Mutex;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::tcgetwinsize;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

/// Standard output, shared between the status and the log.
#[derive(Clone, Debug)]
pub struct Screen(Arc<Mutex<Drawn>>);

/// How long a reader that has fallen behind is waited for, once; after that not at all until it
/// reads again. A program that reads a pipe takes its lines within this.
const READER_WAIT_NS: i64 = 50_000_000;

#[derive(Debug, Default)]
struct Drawn {
    block: String,
    is_terminal: bool,
    /// Lines that were not shown since the reader stopped.
    missed: u64,
    /// The reader did not read when it was last looked at.
    behind: bool,
}

impl Screen {
    /// Looks at whether somebody watches.
    pub fn new() -> Self {
        let is_terminal = io::stdout().is_terminal();
        Self(Arc::new(Mutex::new(Drawn { is_terminal, ..Drawn::default() })))
    }

    /// True when somebody watches.
    pub fn is_terminal(&self) -> bool {
        self.0.lock().is_terminal
    }

    /// Draws the status in place of the last one.
    pub fn draw(&self, block: String) {
        let mut drawn = self.0.lock();
        if !drawn.is_terminal {
            return;
        }
        if drawn.is_read() {
            let block = fitted(&block, window());
            drawn.write(&format!("{}{block}", erase(&drawn.block)));
            drawn.block = block;
        }
    }

    /// Prints lines above the status.
    pub fn print(&self, lines: &str) {
        let mut drawn = self.0.lock();
        if !drawn.is_read() {
            drawn.missed += 1;
            return;
        }
        let above = erase(&drawn.block);
        let missed = match std::mem::take(&mut drawn.missed) {
            0 => String::new(),
            missed => format!("({missed} lines were not shown; the log file has them)\n"),
        };
        drawn.write(&format!("{above}{missed}{lines}{}", drawn.block));
    }

    /// Prints the last lines, and waits until they are taken.
    pub fn print_last(&self, lines: &str) {
        let drawn = self.0.lock();
        drawn.write(&format!("{}{lines}{}", erase(&drawn.block), drawn.block));
    }

    /// Leaves the last status where it stands and draws no more.
    pub fn release(&self) {
        self.0.lock().block.clear();
    }
}

impl Default for Screen {
    fn default() -> Self {
        Self::new()
    }
}

/// Control sequences that take the cursor back to where the block began and clear what follows.
fn erase(block: &str) -> String {
    match block.lines().count() {
        0 => String::new(),
        lines => format!("\x1b[{lines}A\r\x1b[J"),
    }
}

impl Drawn {
    /// Whether what is written now is taken without a wait.
    fn is_read(&mut self) -> bool {
        let wait_ns = if self.behind { 0 } else { READER_WAIT_NS };
        let timeout = Timespec { tv_sec: 0, tv_nsec: wait_ns };
        let out = io::stdout();
        let mut fds = [PollFd::new(&out, PollFlags::OUT)];
        // What cannot be asked is written to, and fails or not.
        self.behind = poll(&mut fds, Some(&timeout)).is_ok_and(|ready| ready == 0);
        !self.behind
    }

    fn write(&self, text: &str) {
        let mut out = io::stdout().lock();
        // A terminal that is gone is no reason to stop trading.
        let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    }
}

/// Columns and rows of the terminal; zero where it does not say.
fn window() -> (usize, usize) {
    let size = tcgetwinsize(io::stdout());
    size.map_or((0, 0), |size| (size.ws_col.into(), size.ws_row.into()))
}

/// A block of which every line takes one row, and which leaves a row for the log: a line that wraps
/// or scrolls away could not be erased.
fn fitted(block: &str, (columns, rows): (usize, usize)) -> String {
    let columns = if columns == 0 { usize::MAX } else { columns };
    let rows = if rows == 0 { usize::MAX } else { rows.saturating_sub(1).max(1) };
    let mut out = String::with_capacity(block.len());
    for line in block.lines().take(rows) {
        out.extend(line.chars().take(columns));
        out.push('\n');
    }
    out
}

/// The status as a block of lines, each ended.
pub fn block(report: &Report) -> String {
    let mut out = String::with_capacity(1_024);
    // Writing to a string cannot fail.
    let _ = write_block(report, &mut out);
    out
}

fn write_block(report: &Report, out: &mut String) -> std::fmt::Result {
    let status = &report.status;
    let uptime = clock(report.uptime_ms);
    if let Some(word) = report.restriction {
        writeln!(out, "{word:10} no order of this run leaves this machine")?;
    }
    writeln!(
        out,
        "Tradekeel  {}  {}  {}  up {uptime}",
        report.instance,
        report.trading_mode,
        status.mode.name()
    )?;
    let links = LinkChannel::ALL.map(|channel| match report.link(channel) {
        Some(true) => "up",
        Some(false) => "DOWN",
        None => "none",
    });
    let offset =
        status.clock_offset_ns.map_or("?".to_owned(), |ns| format!("{} ms", ns / 1_000_000));
    let account = if status.reconciled { "reconciled" } else { "NOT RECONCILED" };
    let backup = if report.feed.stands_in { " ON THE BACKUP" } else { "" };
    writeln!(
        out,
        "link       market {}{backup}, orders {}, user {}   account {account}   clock {offset}   {}",
        links[0], links[1], links[2], report.venue
    )?;
    for line in &status.instruments {
        let symbol = report.names.instrument(line.id);
        let quote = line.quote.map_or("no quote".to_owned(), |quote| {
            format!("{} x {} / {} x {}", quote.bid_qty, quote.bid, quote.ask, quote.ask_qty)
        });
        let book = if line.book_whole { "whole" } else { "LOST" };
        let held = stopped(&line.held);
        writeln!(
            out,
            "{symbol:10} {quote}   book {book}   position {}   open {}{held}",
            line.position, line.open_orders
        )?;
    }
    for it in &status.latches {
        let (scope, why) = (report.names.of_scope(it.latch.scope), it.latch.trip.reason);
        let (why, open) = (say::trip_reason(why), it.opening_orders);
        writeln!(out, "KILLED     {scope}: {why}   opening orders left {open}")?;
    }
    let profit = signed(status.profit());
    let drawdown = status.drawdown_bps.map_or("?".to_owned(), percent);
    writeln!(
        out,
        "equity     {} {}   P&L {profit}   fees {:.4}   drawdown {drawdown} (max {})",
        money(status.equity),
        report.currency,
        status.tally.fees,
        percent(status.drawdown_bps_max)
    )?;
    let counters = &status.counters;
    writeln!(
        out,
        "orders     sent {}   fills {} (maker {})   rejected {}   open {}   unknown {}   events {}",
        counters.orders_sent,
        status.tally.fills,
        status.tally.maker_fills,
        counters.rejected,
        status.open_orders,
        status.unknown_orders,
        counters.events
    )?;
    writeln!(out, "denied     {}", denials(report))?;
    writeln!(out, "tick-to-order  {}", latency(&report.latency))
}

/// What stops a scope by itself; nothing where nothing does.
fn stopped(held: &ModeRecord) -> String {
    match held.mode {
        Mode::Running => String::new(),
        Mode::Conservative | Mode::Reducing | Mode::Halted | Mode::Killed => {
            format!("  {} ({})", held.mode.name(), super::status_json::mode_cause(held))
        }
    }
}

/// Denials by reason.
pub(super) fn denials(report: &Report) -> String {
    let counters = &report.status.counters;
    let reasons: Vec<String> =
        counters.denials().map(|(reason, count)| format!("{} {count}", reason.name())).collect();
    if reasons.is_empty() { "none".to_owned() } else { reasons.join("   ") }
}

/// Percentiles in microseconds.
pub(super) fn latency(said: &Percentiles) -> String {
    if said.count == 0 {
        return "no order yet".to_owned();
    }
    let us = |ns: u64| format!("{}.{} us", ns / 1_000, ns % 1_000 / 100);
    format!(
        "p50 {}   p99 {}   p99.9 {}   max {}   ({} orders)",
        us(said.p50_ns),
        us(said.p99_ns),
        us(said.p999_ns),
        us(said.max_ns),
        said.count
    )
}

/// An amount to the cent, or that it is not known.
pub(super) fn money(cash: Option<Cash>) -> String {
    cash.map_or("unknown".to_owned(), |cash| format!("{cash:.2}"))
}

/// An amount with its sign.
pub(super) fn signed(cash: Option<Cash>) -> String {
    let sign = if cash.is_some_and(|cash| Cash::ZERO < cash) { "+" } else { "" };
    format!("{sign}{}", money(cash))
}

/// Basis points as per cent.
pub(super) fn percent(bps: i64) -> String {
    format!("{}.{:02} %", bps / 100, bps % 100)
}

fn clock(ms: u64) -> String {
    let seconds = ms / (SECOND / crate::types::MS);
    format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_wraps_and_none_scrolls_away() {
        let block = "0123456789\nab\nc\n";
        assert_eq!(fitted(block, (10, 4)), block);
        assert_eq!(fitted(block, (9, 3)), "012345678\nab\n");
        assert_eq!(fitted(block, (0, 0)), block);
        assert_eq!(fitted(block, (1, 1)), "0\n");
    }

    #[test]
    fn an_engine_that_knows_nothing_yet_says_so() {
        let shown = block(&Report::default());
        assert!(shown.contains("equity     unknown"), "{shown}");
        assert!(shown.contains("NOT RECONCILED") && shown.contains("no order yet"), "{shown}");
        assert_eq!(erase(&shown), format!("\x1b[{}A\r\x1b[J", shown.lines().count()));
        assert_eq!(erase(""), "");
    }
}
