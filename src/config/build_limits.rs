//! The numbers that bind the core, from the values of a file.

use super::build::{cash, qty};
use super::checked::{DeadManConfig, DeadManOff};
use super::values::Values;
use super::{build_appetite, build_hedges};
use crate::core::{
    Budget, ClockLimits, DeadManTiming, DrawdownLimits, InstrumentLimits, Limits, MarginLimits,
    NoTradeWindow, Often, ParentRule, PartialFill, Permissions, PriceMoveLimits, Rate,
    RepeatLimits, SlippageLimits, StopRule, Taker, Timing,
};
use crate::types::{InstrumentKind, MS, MarginMode, SECOND, WorkingPrice};

/// What is added to the receive window before "not found" is final: Binance refuses a timestamp
/// that is a second or more ahead of its own clock, so a request cannot outlive this.
const AHEAD_MS: u64 = 1_000;

/// What the safety kernel enforces.
pub(super) fn limits(values: &Values, no_trade: Vec<NoTradeWindow>) -> Option<Limits> {
    let instrument = |index| {
        let path = format!("instruments[{index}]");
        Some(InstrumentLimits {
            position_max: qty(values, &format!("{path}.max_position"))?,
            order_qty_max: qty(values, &format!("{path}.max_order_qty"))?,
            open_orders_max: values.whole_u32(&format!("{path}.max_open_orders"))?,
            unknown_orders_max: values.whole_u32(&format!("{path}.max_unknown_orders"))?,
            restricted: values.flag(&format!("{path}.restricted"))?,
            shared: values.flag(&format!("{path}.shared")).unwrap_or(false),
            leverage: on_contracts(values, values.whole_u32(&format!("{path}.leverage")), 1)?,
            protective_stop: on_contracts(values, protective_stop(values, &path), None)?,
        })
    };
    Some(Limits {
        hedge_groups: build_hedges::groups(values)?,
        drawdown: drawdown(values)?,
        clock: clock(values)?,
        reset_cooldown_ns: seconds(values, "kill_switch.cooldown_s")?,
        order_notional_max: cash(values, "risk.max_order_notional")?,
        price_band_bps: bps(values, "risk.price_band_pct", 100)?,
        gaps: Often {
            max: values.whole_u32("risk.max_gaps")?,
            window_ns: seconds(values, "risk.gap_window_s")?,
        },
        funding_bps_max: on_contracts(values, bps(values, "risk.max_funding_pct", 100), BPS)?,
        fee_tolerance_centi_bps: values
            .unless_off("risk.max_fee_difference_bps", |values, path| bps(values, path, 100))?,
        slippage: SlippageLimits {
            max_bps: values.whole_u32("risk.max_slippage_bps")?.into(),
            orders: Often {
                max: values.whole_u32("risk.slippage_orders_max")?,
                window_ns: seconds(values, "risk.slippage_window_s")?,
            },
        },
        price_move: PriceMoveLimits {
            max_bps: bps(values, "risk.max_price_move_pct", 100)?,
            window_ns: ms(values, "risk.price_move_window_ms")?,
        },
        repeats: RepeatLimits {
            max: values.whole_u32("risk.max_repeats")?,
            window_ns: ms(values, "risk.repeat_window_ms")?,
        },
        signal_age_ns_max: ms(values, "risk.max_signal_age_ms")?,
        order_ttl_ns_max: ms(values, "risk.max_order_ttl_ms")?,
        order_rate: rate(values, "risk")?,
        orders_per_minute_max: values.whole_u32("risk.max_orders_per_min")?,
        depth_bps_max: values
            .unless_off("risk.max_depth_pct", |values, path| bps(values, path, 100))?,
        open_orders_max: values.whole_u32("risk.max_open_orders")?,
        unknown_orders_max: values.whole_u32("risk.max_unknown_orders")?,
        gross_notional_max: cash(values, "risk.max_gross_notional")?,
        data_age_ns_max: ms(values, "risk.max_data_age_ms")?,
        filters_age_ns_max: seconds(values, "risk.max_filters_age_s")?,
        journal_lag_ns_max: ms(values, "risk.max_journal_lag_ms")?,
        conservative_bps: bps(values, "conservative.size_factor", 10_000)?,
        appetite: build_appetite::appetite(values)?,
        probation_ns: seconds(values, "conservative.probation_s")?,
        conservative_taker: taker(values)?,
        no_trade,
        margin: margin(values)?,
        instruments: (0..values.count("instruments")).map(instrument).collect::<Option<_>>()?,
    })
}

/// All of something, in basis points.
const BPS: u32 = 10_000;

/// What is written for contracts; on a spot venue, where it means nothing, what binds nothing.
pub(super) fn on_contracts<T>(values: &Values, written: Option<T>, unused: T) -> Option<T> {
    let venue = super::build_venue::kind(values.text("venue.kind")?)?;
    match venue.instruments() {
        InstrumentKind::Perpetual => written,
        InstrumentKind::Spot => Some(unused),
    }
}

fn protective_stop(values: &Values, instrument: &str) -> Option<Option<StopRule>> {
    values.unless_off(&format!("{instrument}.protective_stop"), |values, path| {
        let distance_bps = bps(values, &format!("{path}.distance_pct"), 100)?;
        Some(StopRule {
            distance_bps: i32::try_from(distance_bps).ok()?,
            working: match values.text(&format!("{path}.working_type"))? {
                "mark" => WorkingPrice::Mark,
                _ => WorkingPrice::Contract,
            },
            within_ns: ms(values, &format!("{path}.within_ms"))?,
        })
    })
}

fn margin(values: &Values) -> Option<MarginLimits> {
    let mode = match values.text("account.margin_mode") {
        Some("cross") => Some(MarginMode::Cross),
        _ => None,
    };
    let of = |path: &str, unused| on_contracts(values, bps(values, path, 100), unused);
    Some(MarginLimits {
        mode: on_contracts(values, mode, MarginMode::Cross)?,
        fee_centi_bps: bps(values, "account.taker_fee_bps", 100)?,
        ratio_bps_max: of("risk.max_margin_ratio_pct", BPS)?,
        ratio_bps_warn: of("risk.warn_margin_ratio_pct", BPS)?,
        liquidation_bps_min: of("risk.min_liquidation_distance_pct", 0)?,
    })
}

fn drawdown(values: &Values) -> Option<DrawdownLimits> {
    Some(DrawdownLimits {
        max_bps: bps(values, "kill_switch.max_drawdown_pct", 100)?,
        confirm_valuations: values.whole_u32("kill_switch.confirm_valuations")?,
        confirm_ns: ms(values, "kill_switch.confirm_ms")?,
        unknown_ns_max: seconds(values, "kill_switch.equity_unknown_max_s")?,
    })
}

fn clock(values: &Values) -> Option<ClockLimits> {
    Some(ClockLimits {
        warn_ns: ms(values, "clock_sync.warn_threshold_ms")?,
        kill_ns: ms(values, "clock_sync.kill_threshold_ms")?,
        kill_samples: values.whole_u32("clock_sync.kill_samples")?,
        refresh_ns: seconds(values, "clock_sync.refresh_sec")?,
    })
}

/// How long things may take.
pub(super) fn timing(values: &Values) -> Option<Timing> {
    let window_ms = values.whole("venue.recv_window_ms")?;
    Some(Timing {
        answer_ns_max: ms(values, "orders.answer_timeout_ms")?,
        cancel_retry_ns: ms(values, "orders.cancel_retry_ms")?,
        cancel_attempts_max: values.whole_u32("orders.cancel_attempts_max")?,
        stuck_ns_max: seconds(values, "orders.stuck_max_s")?,
        query_retry_ns: ms(values, "orders.query_retry_ms")?,
        not_found_final_ns: window_ms.checked_add(AHEAD_MS)?.checked_mul(MS)?,
        reconcile_ns: seconds(values, "reconciliation.interval_s")?,
        reconcile_timeout_ns: ms(values, "reconciliation.timeout_ms")?,
        balance_tolerance: cash(values, "reconciliation.balance_tolerance")?,
        position_tolerance_steps: values.whole_u32("reconciliation.position_tolerance")?,
        open_orders_tolerance: values.whole_u32("reconciliation.open_orders_tolerance")?,
    })
}

/// The venue's dead-man's switch: on where the venue has one and the account is ours alone.
pub(super) fn dead_man(values: &Values) -> Option<DeadManConfig> {
    let venue = super::build_venue::kind(values.text("venue.kind")?)?;
    if venue.dead_man_cost().is_none() {
        return Some(DeadManConfig::Off(DeadManOff::NotAtVenue));
    }
    if values.text("dead_man").is_some() {
        return Some(DeadManConfig::Off(DeadManOff::Written));
    }
    let countdown_ms = values.whole_u32("dead_man.countdown_s")?.checked_mul(1_000)?;
    let renew_ns = seconds(values, "dead_man.renew_s")?;
    let shared = !values.flag("account.exclusive")?;
    Some(if shared && values.flag("dead_man.cancels_others") != Some(true) {
        DeadManConfig::Off(DeadManOff::SharedAccount)
    } else {
        DeadManConfig::On(DeadManTiming { countdown_ms, renew_ns })
    })
}

/// What one strategy may use; `path` is its budget.
pub(super) fn budget(values: &Values, path: &str) -> Option<Budget> {
    Some(Budget {
        position_notional_max: cash(values, &format!("{path}.max_position_notional"))?,
        open_orders_max: values.whole_u32(&format!("{path}.max_open_orders"))?,
        rate: rate(values, path)?,
        orders_per_trade_max: values
            .unless_off(&format!("{path}.max_orders_per_trade"), Values::whole_u32)?,
        parents: match values.text(&format!("{path}.parents"))? {
            "required" => ParentRule::Required,
            "off" => ParentRule::Off,
            _ => return None,
        },
        partial_fill: match values.text(&format!("{path}.partial_fill"))? {
            "keep" => PartialFill::Keep,
            "cancel" => PartialFill::Cancel,
            "replace" => PartialFill::Replace,
            _ => return None,
        },
        permissions: permissions(values, path)?,
        losses: build_appetite::strategy(values, path)?,
    })
}

fn permissions(values: &Values, path: &str) -> Option<Permissions> {
    let words = |key: &str| -> Option<Vec<&str>> {
        let list = format!("{path}.{key}");
        let count = values.count(&list);
        let words = (0..count).map(|at| values.text(&format!("{list}[{at}]")));
        (0 < count).then(|| words.collect()).flatten()
    };
    Permissions::of(words("order_kinds")?, words("sides")?)
}

fn taker(values: &Values) -> Option<Taker> {
    match values.text("conservative.taker")? {
        "on" => Some(Taker::On),
        "off" => Some(Taker::Off),
        _ => None,
    }
}

fn rate(values: &Values, group: &str) -> Option<Rate> {
    Some(Rate {
        per_second: values.whole_u32(&format!("{group}.max_order_rate_per_sec"))?,
        burst: values.whole_u32(&format!("{group}.order_burst"))?,
    })
}

fn ms(values: &Values, path: &str) -> Option<u64> {
    values.whole(path)?.checked_mul(MS)
}

pub(super) fn seconds(values: &Values, path: &str) -> Option<u64> {
    values.whole(path)?.checked_mul(SECOND)
}

pub(super) fn bps(values: &Values, path: &str, per_unit: u32) -> Option<u32> {
    values.scaled(path, per_unit).and_then(|bps| u32::try_from(bps).ok())
}
