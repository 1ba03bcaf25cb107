//! What a back-test came to, for people and for programs.

use super::Names;
use super::screen::{money, percent, signed};
use crate::core::Status;
use crate::types::{Cash, SECOND};
use crate::venue::MarketCounters;
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// The end of a back-test.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Frames of the recording, or events of a synthetic market.
    pub frames: u64,
    /// Time of the market, nanoseconds.
    pub span_ns: u64,
    /// The state at the end.
    pub status: Status,
    /// What the decoder counted.
    pub market: MarketCounters,
    /// A number that two equal ends share.
    pub digest: u64,
    /// The recorder's clock was farther from the venue's than the warning threshold.
    pub drift_warned: bool,
    /// Names by index.
    pub names: Names,
    /// Equity of the simulated account by the venue's own reckoning.
    pub venue_equity: Cash,
}

/// For people. `took_ns` is the machine's time; everything else is the same on every machine.
pub fn text(outcome: &Outcome, currency: &str, took_ns: u64) -> String {
    let mut out = String::with_capacity(1_024);
    // Writing to a string cannot fail.
    let _ = write_text(outcome, currency, took_ns, &mut out);
    out
}

fn write_text(
    outcome: &Outcome,
    currency: &str,
    took_ns: u64,
    out: &mut String,
) -> std::fmt::Result {
    let Outcome { status, market, .. } = outcome;
    let counters = &status.counters;
    let (frames, span_s) = (outcome.frames, outcome.span_ns / SECOND);
    writeln!(out, "frames      {frames} over {span_s} s of the market's time")?;
    writeln!(
        out,
        "book        {} updates, {} older than the snapshot dropped, {} applied, lost {} times",
        market.diffs_decoded, market.diffs_dropped, market.diffs_applied, market.books_lost
    )?;
    if outcome.drift_warned {
        let ms = status.clock_offset_ns.unwrap_or(0) / 1_000_000;
        writeln!(out, "clock       warned: the recorder's clock was {ms} ms behind the venue's")?;
    }
    writeln!(out, "mode        {}", status.mode.name())?;
    writeln!(out, "events      {}", counters.events)?;
    writeln!(out, "events/s    {}", per_second(counters.events, took_ns))?;
    writeln!(out, "orders      {}", counters.orders_sent)?;
    writeln!(out, "fills       {} (maker {})", status.tally.fills, status.tally.maker_fills)?;
    let denials = counters.denials().map(|(reason, count)| format!("{} {count}", reason.name()));
    let denials = denials.collect::<Vec<_>>().join("   ");
    writeln!(out, "denials     {}", if denials.is_empty() { "none" } else { &denials })?;
    for seat in &status.strategies {
        let name = outcome.names.strategy(seat.id);
        let (mode, profit) = (seat.held.mode.name(), signed(seat.profit));
        let (fills, denied) = (seat.fills, seat.denied);
        writeln!(out, "strategy    {name}: {mode}, fills {fills}, denied {denied}, P&L {profit}")?;
    }
    writeln!(out, "rejections  {}", counters.rejected)?;
    writeln!(out, "turnover    {:.2} {currency}", status.tally.turnover)?;
    writeln!(out, "P&L         {} {currency}", signed(status.profit()))?;
    writeln!(out, "fees        {:.4} {currency}", status.tally.fees)?;
    writeln!(out, "equity      {} {currency}", money(status.equity))?;
    writeln!(out, "drawdown    {} at most", percent(status.drawdown_bps_max))?;
    writeln!(out, "digest      {:016x}", outcome.digest)
}

/// For programs: one object.
pub fn json(outcome: &Outcome, currency: &str, took_ns: u64) -> Value {
    let Outcome { status, market, .. } = outcome;
    let counters = &status.counters;
    let denied: Map<String, Value> = counters
        .denials()
        .map(|(reason, count)| (reason.name().to_owned(), json!(count)))
        .collect();
    let strategies: Map<String, Value> = status
        .strategies
        .iter()
        .map(|seat| {
            let name = outcome.names.strategy(seat.id).to_owned();
            let profit = seat.profit.map(|profit| profit.to_string());
            let (mode, fills, denied) = (seat.held.mode.name(), seat.fills, seat.denied);
            (name, json!({"mode": mode, "fills": fills, "denied": denied, "profit": profit}))
        })
        .collect();
    let positions: Map<String, Value> = status
        .instruments
        .iter()
        .map(|line| {
            (outcome.names.instrument(line.id).to_owned(), json!(line.position.to_string()))
        })
        .collect();
    json!({
        "frames": outcome.frames,
        "span_ns": outcome.span_ns,
        "took_ns": took_ns,
        "events": counters.events,
        "events_per_second": per_second(counters.events, took_ns),
        "orders": counters.orders_sent,
        "fills": status.tally.fills,
        "maker_fills": status.tally.maker_fills,
        "denied": denied,
        "rejected": counters.rejected,
        "currency": currency,
        "turnover": status.tally.turnover.to_string(),
        "profit": status.profit().map(|profit| profit.to_string()),
        "fees": status.tally.fees.to_string(),
        "equity": status.equity.map(|equity| equity.to_string()),
        "venue_equity": outcome.venue_equity.to_string(),
        "drawdown_bps_max": status.drawdown_bps_max,
        "mode": status.mode.name(),
        "kill_switch_active": status.latch.is_some(),
        "drift_warned": outcome.drift_warned,
        "strategies": strategies,
        "positions": positions,
        "diffs_decoded": market.diffs_decoded,
        "diffs_dropped": market.diffs_dropped,
        "diffs_applied": market.diffs_applied,
        "books_lost": market.books_lost,
        "messages_bad": market.messages_bad,
        "digest": format!("{:016x}", outcome.digest),
    })
}

fn per_second(events: u64, took_ns: u64) -> u64 {
    let per_second = u128::from(events) * u128::from(SECOND) / u128::from(took_ns.max(1));
    u64::try_from(per_second).unwrap_or(u64::MAX)
}
