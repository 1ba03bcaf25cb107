//! The numbers of appetite for risk, from the values of a file.

use super::build::cash;
use super::build_limits::{bps, seconds};
use super::values::Values;
use crate::core::{
    Appetite, BreakerLimits, DayLimits, ExposureLimits, RejectLimits, Storm, StrategyLimits,
};
use crate::types::Cash;

/// What all strategies together may lose and hold.
pub(super) fn appetite(values: &Values) -> Option<Appetite> {
    Some(Appetite {
        day: DayLimits {
            max_bps: bps(values, "risk.max_daily_loss_pct", 100)?,
            rollover_hour: values.whole_u32("risk.day_rollover_hour_utc")?,
        },
        minute_loss_max: cash(values, "risk.max_loss_per_min")?,
        exposure: exposure(values)?,
        rejects: RejectLimits {
            ratio_bps_max: bps(values, "risk.max_reject_pct", 100)?,
            storm: match values.text("risk.reject_storm")? {
                "alert" => Storm::Alert,
                "stop" => Storm::Stop,
                _ => return None,
            },
        },
        breaker: BreakerLimits {
            stops_max: values.whole_u32("breaker.max_stops")?,
            window_ns: seconds(values, "breaker.window_s")?,
            cooldown_ns: seconds(values, "breaker.cooldown_s")?,
        },
    })
}

fn exposure(values: &Values) -> Option<ExposureLimits> {
    Some(ExposureLimits {
        net_max: cash(values, "risk.max_net_notional")?,
        underlying_gross_max: cash(values, "risk.max_underlying_notional")?,
        underlying_net_max: cash(values, "risk.max_underlying_net_notional")?,
        leverage_bps_max: bps(values, "risk.max_leverage", 10_000)?,
        concentration_bps_max: bps(values, "risk.max_concentration_pct", 100)?,
        positions_max: values.whole_u32("risk.max_positions")?,
        conservative_bps_max: bps(values, "conservative.max_position_pct_of_equity", 100)?,
    })
}

/// What one strategy may lose and try; `path` is its budget.
pub(super) fn strategy(values: &Values, path: &str) -> Option<StrategyLimits> {
    let whole = |key: &str| values.unless_off(&format!("{path}.{key}"), Values::whole_u32);
    let unreviewed = |values: &Values, path: &str| -> Option<Cash> { cash(values, path) };
    Some(StrategyLimits {
        loss_max: cash(values, &format!("{path}.max_loss"))?,
        losing_trips_max: whole("max_losing_round_trips")?,
        rejects_max: whole("max_consecutive_rejects")?,
        fills_per_minute_max: whole("max_fills_per_min")?,
        unreviewed_max: values.unless_off(&format!("{path}.review_after_notional"), unreviewed)?,
    })
}
