//! Hedge groups, from the values of a file, and what must hold between their keys.

use super::build::cash;
use super::fault::Collector;
use super::values::Values;
use crate::core::{HedgeGroup, OnTrip};
use crate::types::{InstrumentId, MS};

const LIST: &str = "hedge_groups";

/// All groups; none when the list is missing.
pub(super) fn groups(values: &Values) -> Option<Vec<HedgeGroup>> {
    (0..values.count(LIST)).map(|index| group(values, &format!("{LIST}[{index}]"))).collect()
}

fn group(values: &Values, path: &str) -> Option<HedgeGroup> {
    let key = |name: &str| format!("{path}.{name}");
    let leg = |index: usize| {
        let leg = format!("{path}.legs[{index}]");
        let instrument = instrument(values, values.text(&format!("{leg}.instrument"))?)?;
        Some((instrument, values.scaled(&format!("{leg}.ratio"), 10_000)?))
    };
    Some(HedgeGroup {
        name: values.text(&key("name"))?.to_owned(),
        legs: (0..values.count(&key("legs"))).map(leg).collect::<Option<_>>()?,
        net_delta_max: cash(values, &key("max_net_delta"))?,
        hedged_within: cash(values, &key("hedged_within"))?,
        unhedged_ns_max: values.whole(&key("max_unhedged_age_ms"))?.checked_mul(MS)?,
        on_trip: match values.text(&key("on_trip"))? {
            "complete_hedge" => OnTrip::CompleteHedge,
            "flatten" => OnTrip::Flatten,
            _ => OnTrip::Hold,
        },
    })
}

/// Every leg is one of `instruments`, of one group and counts; a group has two of them.
pub(super) fn check(values: &Values, faults: &mut Collector) {
    let mut taken: Vec<(String, String)> = Vec::new();
    for index in 0..values.count(LIST) {
        let path = format!("{LIST}[{index}]");
        let mut fault = |key: String, what: String| {
            faults.written(values.place(&key), &key, what);
        };
        let name = values.text(&format!("{path}.name")).unwrap_or_default().to_owned();
        let legs = format!("{path}.legs");
        if values.count(&legs) == 1 {
            fault(legs.clone(), "is one leg; a hedge needs another that stands against it".into());
        }
        for at in 0..values.count(&legs) {
            let (of, ratio) = (format!("{legs}[{at}].instrument"), format!("{legs}[{at}].ratio"));
            if values.number(&ratio).is_some_and(|ratio| ratio.is_zero()) {
                fault(ratio, "is zero: leave the leg out where it does not count".into());
            }
            let Some(symbol) = values.text(&of).map(str::to_owned) else { continue };
            if instrument(values, &symbol).is_none() {
                fault(of, format!("{symbol} is not one of `instruments`"));
            } else if let Some((_, group)) = taken.iter().find(|(known, _)| *known == symbol) {
                fault(of, format!("{symbol} is a leg of `{group}` already; one group a leg"));
            } else {
                taken.push((symbol, name.clone()));
            }
        }
    }
}

fn instrument(values: &Values, symbol: &str) -> Option<InstrumentId> {
    let is_it =
        |index: &usize| values.text(&format!("instruments[{index}].symbol")) == Some(symbol);
    let at = (0..values.count("instruments")).find(is_it)?;
    u16::try_from(at).ok().map(InstrumentId)
}
