//! The status that a person watches: a few lines, drawn anew in place.
//!
//! Must hold: a log line never tears the block: it is printed above, and the block is drawn again.
//! Where standard output is no terminal nothing is drawn; the log says the same in lines.

use super::report::{Percentiles, Report};
use crate::core::{LinkChannel, Mode};
use crate::types::{Cash, SECOND};
use parking_lot::Mutex;
use std::fmt::Write as _;
use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

/// Standard output, shared between the status and the log.
#[derive(Clone, Debug)]
pub struct Screen(Arc<Mutex<Drawn>>);

#[derive(Debug)]
struct Drawn {
    block: String,
    is_terminal: bool,
}

impl Screen {
    /// Looks at whether somebody watches.
    pub fn new() -> Self {
        let is_terminal = io::stdout().is_terminal();
        Self(Arc::new(Mutex::new(Drawn { block: String::new(), is_terminal })))
    }

    /// True when somebody watches.
    pub fn is_terminal(&self) -> bool {
        self.0.lock().is_terminal
    }

    /// Draws the status in place of the last one.
    pub fn draw(&self, block: String) {
        let mut drawn = self.0.lock();
        if drawn.is_terminal {
            let above = erase(&drawn.block);
            // A terminal that is gone is no reason to stop trading.
            let _ = write_out(&format!("{above}{block}"));
            drawn.block = block;
        }
    }

    /// Prints lines above the status.
    pub fn print(&self, lines: &str) {
        let drawn = self.0.lock();
        let above = erase(&drawn.block);
        let _ = write_out(&format!("{above}{lines}{}", drawn.block));
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

fn write_out(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    out.flush()
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
    writeln!(
        out,
        "Tradekeel  {}  {}  {}  up {uptime}",
        report.instance,
        report.trading_mode,
        mode(status.mode)
    )?;
    let links =
        LinkChannel::ALL.map(|channel| if status.links[channel.index()] { "up" } else { "DOWN" });
    let offset =
        status.clock_offset_ns.map_or("?".to_owned(), |ns| format!("{} ms", ns / 1_000_000));
    let account = if status.reconciled { "reconciled" } else { "NOT RECONCILED" };
    writeln!(
        out,
        "link       market {}, orders {}, user {}   account {account}   clock {offset}   {}",
        links[0], links[1], links[2], report.venue
    )?;
    for line in &status.instruments {
        let symbol = report.names.instrument(line.id);
        let quote = line.quote.map_or("no quote".to_owned(), |quote| {
            format!("{} x {} / {} x {}", quote.bid_qty, quote.bid, quote.ask, quote.ask_qty)
        });
        let book = if line.book_whole { "whole" } else { "LOST" };
        let halted = if line.halted { "  HALTED" } else { "" };
        writeln!(
            out,
            "{symbol:10} {quote}   book {book}   position {}   open {}{halted}",
            line.position, line.open_orders
        )?;
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

fn mode(mode: Mode) -> String {
    mode.name().to_owned()
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
    fn an_engine_that_knows_nothing_yet_says_so() {
        let shown = block(&Report::default());
        assert!(shown.contains("equity     unknown"), "{shown}");
        assert!(shown.contains("NOT RECONCILED") && shown.contains("no order yet"), "{shown}");
        assert_eq!(erase(&shown), format!("\x1b[{}A\r\x1b[J", shown.lines().count()));
        assert_eq!(erase(""), "");
    }
}
