//! The last words of a run.

use super::report::Report;
use super::screen::{denials, latency, money, percent, signed};
use crate::types::Qty;
use std::fmt::Write as _;

/// The line that tells a clean end from a crash (R4). Exactly this.
pub const SHUTDOWN_COMPLETE: &str = "Shutdown complete";

/// What the run came to, as lines, each ended.
pub fn summary(report: &Report) -> String {
    let mut out = String::with_capacity(512);
    // Writing to a string cannot fail.
    let _ = write_summary(report, &mut out);
    out
}

fn write_summary(report: &Report, out: &mut String) -> std::fmt::Result {
    let (status, currency) = (&report.status, &report.currency);
    let counters = &status.counters;
    if let Some(word) = report.restriction {
        writeln!(out, "{word:11} no order of this run left this machine")?;
    }
    writeln!(out, "orders      {}", counters.orders_sent)?;
    writeln!(out, "fills       {} (maker {})", status.tally.fills, status.tally.maker_fills)?;
    writeln!(out, "turnover    {:.2}", status.tally.turnover)?;
    writeln!(out, "denials     {}", denials(report))?;
    writeln!(out, "rejections  {}   not sent {}", counters.rejected, counters.not_sent)?;
    writeln!(out, "P&L         {} {currency}", signed(status.profit()))?;
    writeln!(out, "fees        {:.4} {currency}", status.tally.fees)?;
    writeln!(out, "equity      {} {currency}", money(status.equity))?;
    writeln!(out, "drawdown    {} at most", percent(status.drawdown_bps_max))?;
    for line in &status.instruments {
        let symbol = report.names.instrument(line.id);
        writeln!(out, "position    {} {symbol}", line.position)?;
        if line.unattributed != Qty::ZERO {
            writeln!(out, "  of it     {} {symbol} of no strategy", line.unattributed)?;
        }
    }
    write_ledgers(report, out)?;
    writeln!(out, "events      {}", counters.events)?;
    writeln!(out, "tick-to-order  {}", latency(&report.latency))
}

/// What each strategy's own trades left open and brought (SAFETY E9).
fn write_ledgers(report: &Report, out: &mut String) -> std::fmt::Result {
    for strategy in &report.status.strategies {
        let name = report.names.strategy(strategy.id);
        for (symbol, line) in report.names.instruments.iter().zip(&strategy.ledgers) {
            if line.revision == 0 {
                continue;
            }
            write!(out, "ledger      {name}: {} {symbol}", line.position)?;
            if let Some(entry) = line.entry() {
                write!(out, " at {entry}")?;
            }
            writeln!(out, ", realised {:.4}, fees {:.4}", line.realised, line.fees)?;
        }
    }
    Ok(())
}
