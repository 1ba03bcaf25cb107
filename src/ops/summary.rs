//! The last words of a run.

use super::report::Report;
use super::screen::{denials, latency, money, percent, signed};
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
        writeln!(out, "position    {} {}", line.position, report.names.instrument(line.id))?;
    }
    writeln!(out, "events      {}", counters.events)?;
    writeln!(out, "tick-to-order  {}", latency(&report.latency))
}
