//! Strategies from the values of a file. The constructor of each is called, so that a wrong setting
//! is a fault with a line and not a surprise at the start.

use super::build_limits;
use super::checked::StrategyConfig;
use super::fault::{Collector, nearest};
use super::scalar::Checked;
use super::values::Values;
use crate::core::{Param, Params, Registry, StrategySetup};
use crate::types::InstrumentId;
use std::collections::BTreeMap;

/// All strategies; `None` when there were faults.
pub(super) fn strategies(
    values: &Values,
    registry: &Registry,
    faults: &mut Collector,
) -> Option<Vec<StrategyConfig>> {
    let count = values.count("strategies");
    let built: Vec<Option<StrategyConfig>> = (0..count)
        .map(|index| strategy(values, &format!("strategies[{index}]"), registry, faults))
        .collect();
    built.into_iter().collect()
}

fn strategy(
    values: &Values,
    path: &str,
    registry: &Registry,
    faults: &mut Collector,
) -> Option<StrategyConfig> {
    let instruments = instruments(values, &format!("{path}.instruments"));
    let params = params(values, &format!("{path}.params"));
    let kind = values.text(&format!("{path}.kind"))?.to_owned();
    try_out(values, path, &kind, instruments.as_deref(), params.clone(), registry, faults)?;
    Some(StrategyConfig {
        name: values.text(&format!("{path}.name"))?.to_owned(),
        kind,
        instruments: instruments?,
        budget: build_limits::budget(values, &format!("{path}.budget"))?,
        params,
    })
}

/// Builds it once and throws it away. Without known instruments it is tried with one, because its
/// settings can be wrong all the same.
fn try_out(
    values: &Values,
    path: &str,
    kind: &str,
    instruments: Option<&[InstrumentId]>,
    params: Params,
    registry: &Registry,
    faults: &mut Collector,
) -> Option<()> {
    let Some(construct) = registry.find(kind) else {
        let path = format!("{path}.kind");
        faults.written(values.place(&path), &path, unknown_kind(kind, registry));
        return None;
    };
    let any = [InstrumentId(0)];
    let instruments = instruments.filter(|list| !list.is_empty()).unwrap_or(&any);
    let Err(wrong) = construct(StrategySetup { instruments, params }) else { return Some(()) };
    let group = format!("{path}.params");
    for fault in wrong {
        let key = format!("{group}.{}", fault.key);
        if values.item(&key).is_some_and(|item| item.checked == Checked::Faulty) {
            continue;
        }
        // A missing setting has no place of its own: its group has, or else the strategy.
        let place = [&key, &group].into_iter().find_map(|path| values.item(path));
        let place = place.map_or_else(|| values.place(path), |item| item.place);
        faults.written(place, &key, fault.what);
    }
    None
}

fn unknown_kind(kind: &str, registry: &Registry) -> String {
    let known: Vec<&str> = registry.kinds().collect();
    if known.is_empty() {
        return "there is no strategy of this kind, nor any other, in this program".to_owned();
    }
    match nearest(kind, known.iter().copied()) {
        Some(word) => format!("there is no strategy of this kind; did you mean `{word}`?"),
        None => format!("there is no strategy of this kind; known: {}", known.join(", ")),
    }
}

/// The indexes of its symbols; `None` while any is unknown.
fn instruments(values: &Values, list: &str) -> Option<Vec<InstrumentId>> {
    let all = 0..values.count("instruments");
    let symbols: Vec<Option<&str>> =
        all.map(|index| values.text(&format!("instruments[{index}].symbol"))).collect();
    let id = |index| {
        let symbol = values.text(&format!("{list}[{index}]"))?;
        let at = symbols.iter().position(|known| *known == Some(symbol))?;
        u16::try_from(at).ok().map(InstrumentId)
    };
    let count = values.count(list);
    (0 < count).then(|| (0..count).map(id).collect()).flatten()
}

fn params(values: &Values, group: &str) -> Params {
    let mut params = BTreeMap::new();
    for (name, item) in values.below(group) {
        let param = match &item.checked {
            Checked::Number(number) => Param::Number(*number),
            Checked::Text(text) => Param::Text(text.clone()),
            Checked::Flag(flag) => Param::Flag(*flag),
            Checked::Whole(_)
            | Checked::Group
            | Checked::List(_)
            | Checked::Variable(_)
            | Checked::Faulty => continue,
        };
        params.insert(name.to_owned(), param);
    }
    Params::new(params)
}
