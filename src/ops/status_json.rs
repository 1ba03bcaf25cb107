//! The status for programs: the same as the screen, as one JSON object (R27, R114).

use super::report::Report;
use super::{handlers, say};
use crate::core::safety::TripRecord;
use crate::core::{
    Attestation, DeadManState, HedgeStatus, LatchStatus, LedgerLine, LinkChannel, ModeRecord,
    ProtectionState, Scope, StrategyStatus, VenueStatus,
};
use crate::types::SECOND;
use crate::venue::RateLimit;
use serde_json::{Map, Value, json};

/// The whole report. Numbers of money and quantity are text: exact, as everywhere.
pub fn status(report: &Report) -> Value {
    let status = &report.status;
    let text = |value: &dyn std::fmt::Display| Value::String(value.to_string());
    let mut value = json!({
        "instance": report.instance,
        "trading_mode": report.trading_mode,
        "restriction": report.restriction,
        "mode": status.mode.name(),
        "mode_cause": mode_cause(&status.held),
        "probation_left_s": status.probation_left_ns.div_ceil(SECOND),
        "kill_switch_active": !status.latches.is_empty(),
        "kill_switch": kill_switch(report),
        "no_trade_window": status.in_no_trade_window,
        "stopping": status.stopping,
        "flattening": status.flattening,
        "version": report.version,
        "config_hash": report.config_hash,
        "config_attested": attested(status.attestation),
        "key": status.key.name(),
        "epoch": report.epoch,
        "last_shutdown": report.last_shutdown,
        "durable": report.durable,
        "uptime_ms": report.uptime_ms,
        "venue": report.venue,
        "link": links(report),
        "reconciled": status.reconciled,
        "clock_offset_ms": status.clock_offset_ns.map(|ns| ns / 1_000_000),
        "currency": report.currency,
        "equity": status.equity.as_ref().map(|it| text(it)),
        "profit": status.profit().as_ref().map(|it| text(it)),
        "high_water": status.high_water.map(|mark| mark.peak.to_string()),
        "drawdown_bps": status.drawdown_bps,
        "drawdown_bps_max": status.drawdown_bps_max,
        "day": day(report),
        "circuit_breaker": circuit_breaker(report),
        "fees": text(&status.tally.fees),
        "turnover": text(&status.tally.turnover),
        "orders": orders(report),
        "denied": denied(report),
        "venues": status.venues.iter().map(|it| venue(it, report)).collect::<Vec<_>>(),
        "instruments": instruments(report),
        "strategies": status.strategies.iter().map(|it| strategy(it, report)).collect::<Vec<_>>(),
        "tick_to_order_ns": tick_to_order(report),
        "feed": feed(report),
        "history": history(report),
    });
    value["hedge_groups"] = status.hedges.iter().map(hedge).collect();
    value["rate_limits"] = report.rate_limits.iter().map(rate_limit).collect();
    value
}

/// The kill switch alone: what `engine kill-switch status` shows. `trip` and `challenge` are those
/// of the latch of everything, or of the first one where only parts are stopped.
pub fn kill_switch(report: &Report) -> Value {
    let status = &report.status;
    let latches = &status.latches;
    let first = latches.iter().find(|it| it.latch.scope == Scope::All).or(latches.first());
    let trip = first.map(|it| &it.latch.trip);
    json!({
        "latched": !latches.is_empty(),
        "generation": status.latch_generation,
        "trip": trip.map(cause),
        "challenge": trip.map(handlers::challenge),
        "reset": trip.map(handlers::reset_command),
        "latches": latches.iter().map(|it| latch(it, report)).collect::<Vec<_>>(),
        "activations": report.latches.activations,
        "history": report.latches.history,
    })
}

fn links(report: &Report) -> Value {
    let link = |channel: LinkChannel| report.link(channel);
    json!({
        "market": link(LinkChannel::Market),
        "orders": link(LinkChannel::Orders),
        "user": link(LinkChannel::User),
    })
}

fn tick_to_order(report: &Report) -> Value {
    let latency = &report.latency;
    json!({
        "count": latency.count,
        "p50": latency.p50_ns,
        "p99": latency.p99_ns,
        "p99_9": latency.p999_ns,
        "max": latency.max_ns,
    })
}

fn attested(attestation: Attestation) -> &'static str {
    match attestation {
        Attestation::Off => "not asked for",
        Attestation::Given => "yes",
        Attestation::Missing => "no: nothing is opened",
    }
}

fn latch(it: &LatchStatus, report: &Report) -> Value {
    let trip = &it.latch.trip;
    let mut line = cause(trip);
    line["scope"] = json!(report.names.of_scope(it.latch.scope).to_string());
    line["generation"] = json!(trip.generation);
    line["opening_orders"] = json!(it.opening_orders);
    line["cooldown_left_s"] = json!(it.cooldown_left_ns.div_ceil(SECOND));
    line["challenge"] = json!(handlers::challenge(trip));
    line
}

fn cause(trip: &TripRecord) -> Value {
    json!({
        "reason": say::trip_reason(trip.reason),
        "unix_ms": trip.at.unix_ns / crate::types::MS,
        "value": trip.value,
        "limit": trip.limit,
        "by": trip.by.as_str(),
        "note": trip.note.as_str(),
    })
}

fn day(report: &Report) -> Value {
    let losses = &report.status.losses;
    json!({
        "opening": losses.day.map(|mark| mark.opening.to_string()),
        "loss_bps": losses.day_loss_bps,
    })
}

fn circuit_breaker(report: &Report) -> Value {
    let losses = &report.status.losses;
    let remaining_s = losses.breaker_cooldown_ns.div_ceil(SECOND);
    json!({
        "state": if remaining_s == 0 { "closed" } else { "open" },
        "stops": losses.breaker_stops,
        "opened": losses.breaker_opened,
        "cooldown_remaining_s": remaining_s,
    })
}

/// What brought the mode of a scope about, and who.
pub(super) fn mode_cause(record: &ModeRecord) -> String {
    let (cause, by, note) = (record.cause.name(), record.by.as_str(), record.note.as_str());
    match (by, note) {
        ("", _) => cause.to_owned(),
        (by, "") => format!("{cause}, {by}"),
        (by, note) => format!("{cause}, {by}: {note}"),
    }
}

fn venue(line: &VenueStatus, report: &Report) -> Value {
    json!({
        "name": report.names.venue(line.id),
        "up": line.links.iter().all(|up| *up),
        "reconciled": line.reconciled,
        "maintenance": line.in_maintenance,
        "near_limit": line.near_limit,
        "clock_offset_ms": line.clock_offset_ns.map(|ns| ns / 1_000_000),
        "margin_ratio_bps": line.margin_ratio_bps,
        "mode": line.held.mode.name(),
        "mode_cause": mode_cause(&line.held),
    })
}

fn orders(report: &Report) -> Value {
    let (status, counters) = (&report.status, &report.status.counters);
    json!({
        "events": counters.events,
        "sent": counters.orders_sent,
        "cancels_sent": counters.cancels_sent,
        "amends_sent": counters.amends_sent,
        "amends_refused": counters.amends_refused,
        "rejected": counters.rejected,
        "not_sent": counters.not_sent,
        "fills": status.tally.fills,
        "maker_fills": status.tally.maker_fills,
        "open": status.open_orders,
        "unknown": status.unknown_orders,
        "foreign_fills": counters.foreign_fills,
        "stop_fills": counters.stop_fills,
        "fee_mismatches": counters.fee_mismatches,
        "fees_unchecked": counters.fees_unchecked,
        "gaps": counters.gaps,
        "clock_refusals": counters.clock_refusals,
        "wishes_dropped": counters.wishes_dropped,
        "missed_trades": counters.missed_trades,
        "repeated_reports": counters.repeated_reports,
    })
}

fn denied(report: &Report) -> Value {
    let denials = report.status.counters.denials();
    let by_reason: Map<String, Value> =
        denials.map(|(reason, count)| (reason.name().to_owned(), json!(count))).collect();
    Value::Object(by_reason)
}

fn instruments(report: &Report) -> Value {
    let line = |line: &crate::core::InstrumentStatus| {
        json!({
            "symbol": report.names.instrument(line.id),
            "bid": line.quote.map(|quote| quote.bid.to_string()),
            "ask": line.quote.map(|quote| quote.ask.to_string()),
            "quote_age_ms": line.quote_age_ms,
            "book_whole": line.book_whole,
            "position": line.position.to_string(),
            "unattributed": line.unattributed.to_string(),
            "open_orders": line.open_orders,
            "mode": line.held.mode.name(),
            "mode_cause": mode_cause(&line.held),
            "dead_man": dead_man(line.dead_man),
            "protective_stop": protection(line.protection),
            "liquidation_distance_bps": line.liquidation_bps,
        })
    };
    report.status.instruments.iter().map(line).collect()
}

/// What is not hedged, and what it could cost (SAFETY E5).
fn hedge(line: &HedgeStatus) -> Value {
    json!({
        "name": line.name,
        "net_delta": line.net_delta.map(|it| it.to_string()),
        "loss_per_percent": line.loss_per_percent.map(|it| it.to_string()),
        "unhedged_ms": line.unhedged_ms,
        "liquidation_distance_bps": line.liquidation_bps,
        "on_trip": line.on_trip.name(),
    })
}

fn protection(state: ProtectionState) -> String {
    match state {
        ProtectionState::Off => "off".to_owned(),
        ProtectionState::Idle => "no position".to_owned(),
        ProtectionState::Guarded(trigger) => format!("at {trigger}"),
        ProtectionState::Bare => "none".to_owned(),
    }
}

/// What the switch does to orders that only protect is not documented, and is not claimed.
fn dead_man(state: DeadManState) -> String {
    match state {
        DeadManState::Off => "off".to_owned(),
        DeadManState::Disarmed => "disarmed".to_owned(),
        DeadManState::Asked => "asked".to_owned(),
        DeadManState::Armed { until_unix_ms } => {
            format!("armed until {until_unix_ms}; effect on stops unverified")
        }
    }
}

fn strategy(line: &StrategyStatus, report: &Report) -> Value {
    let lines = || report.names.instruments.iter().zip(&line.ledgers);
    let positions: Map<String, Value> =
        lines().map(|(symbol, it)| (symbol.clone(), json!(it.position.to_string()))).collect();
    let ledgers: Map<String, Value> = lines()
        .filter(|(_, it)| 0 < it.revision)
        .map(|(symbol, it)| (symbol.clone(), ledger(it)))
        .collect();
    json!({
        "name": report.names.strategy(line.id),
        "open_orders": line.open_orders,
        "fills": line.fills,
        "denied": line.denied,
        "slipped_orders": line.slipped,
        "profit": line.profit.map(|profit| profit.to_string()),
        "mode": line.held.mode.name(),
        "mode_cause": mode_cause(&line.held),
        "positions": positions,
        "ledgers": ledgers,
    })
}

/// What a strategy's own trades left open and brought (SAFETY E9).
fn ledger(line: &LedgerLine) -> Value {
    json!({
        "position": line.position.to_string(),
        "entry": line.entry().map(|price| price.to_string()),
        "cost": line.cost.to_string(),
        "realised": line.realised.to_string(),
        "fees": line.fees.to_string(),
    })
}

/// One of the venue's limits: `null` is what it has not told, or too long ago to go by.
fn rate_limit(it: &RateLimit) -> Value {
    json!({
        "counted": it.counted.name(),
        "interval_s": it.interval_s,
        "count": it.count,
        "limit": it.limit,
    })
}

fn history(report: &Report) -> Value {
    let history = &report.history;
    json!({
        "state": history.word(),
        "sequence": history.sequence,
        "behind": history.behind,
        "gaps": history.gaps,
        "trouble": history.trouble,
    })
}

fn feed(report: &Report) -> Value {
    let (feed, market) = (&report.feed, &report.feed.market);
    json!({
        "messages": feed.messages,
        "connects": feed.connects,
        "source": if feed.stands_in { "backup" } else { "primary" },
        "stood_in": feed.stood_in,
        "quotes_coalesced": feed.quotes_coalesced,
        "overruns": feed.overruns,
        "diffs_decoded": market.diffs_decoded,
        "diffs_dropped": market.diffs_dropped,
        "diffs_applied": market.diffs_applied,
        "books_lost": market.books_lost,
        "messages_bad": market.messages_bad,
        "messages_passed_over": market.messages_passed_over,
    })
}
