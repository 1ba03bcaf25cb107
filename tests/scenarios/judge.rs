//! What must hold at the end of a scenario: in every cell the same.

use super::life::{self, Life};
use super::script::{End, Holds, Market, Scenario};
use super::stage::{Exchange, Standing};
use std::collections::BTreeMap;
use std::fmt::Debug;
use tradekeel::store::Record;
use tradekeel::types::{Cash, InstrumentId, Qty};

/// What is traded.
pub(crate) const TRADED: &str = "BTCUSDT";

/// Less than that cannot be ordered.
const LOT: &str = "0.001";

/// What was there before a scenario.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Before {
    pub(crate) wishes: usize,
    pub(crate) trades: usize,
}

/// Both sides after it.
pub(crate) struct After {
    pub(crate) engine: Standing,
    pub(crate) journal: Vec<Record>,
    pub(crate) exchange: Exchange,
}

/// All that is not as it must be: what the engine believes is true, it has heard of every trade,
/// its orders came to the ends of the scenario, and nothing else happened.
pub(crate) fn wrong(
    scenario: &Scenario,
    market: Market,
    before: Before,
    after: &After,
) -> Vec<String> {
    let After { engine, journal, exchange } = after;
    let believed = Standing {
        epoch: engine.epoch,
        sent: life::sent(journal, engine.epoch),
        mode: scenario.mode.name().to_owned(),
        is_ready: true,
        unknown: 0,
        open: exchange.open,
        positions: exchange.positions.clone(),
    };
    let mut wrong = Vec::new();
    wrong.extend(differs("engine", engine, &believed));
    let heard = life::trades(journal, InstrumentId(0));
    wrong.extend(differs("trades", &heard, &exchange.trades));
    wrong.extend(differs("faults that befell nothing", &exchange.armed, &0));
    let lives = &life::lives(journal)[before.wishes..];
    wrong.extend(differs("orders", &lives.len(), &scenario.ends.len()));
    for (end, life) in scenario.ends.iter().zip(lives) {
        wrong.extend(ended(market, end, life, exchange));
    }
    wrong.extend(held(scenario, before, exchange));
    wrong
}

/// An order, in our journal and at the exchange.
fn ended(
    market: Market,
    (name, end, traded): &(&str, End, &str),
    life: &Life,
    exchange: &Exchange,
) -> Option<String> {
    let end = (end.on(market), quantity(traded));
    let kept = Some(end).filter(|(end, _)| end.is_kept());
    let found = ((life.end(), life.traded()), exchange.orders.get(&life.id).copied());
    differs(name, &found, &(end, kept))
}

fn held(scenario: &Scenario, before: Before, exchange: &Exchange) -> Option<String> {
    match scenario.holds {
        Holds::WhatTraded => {
            let named = scenario.ends.iter().map(|(_, _, traded)| quantity(traded));
            let since = exchange.trades.values().skip(before.trades).map(|trade| trade.qty);
            differs("traded in all", &sum(since), &sum(named))
        }
        Holds::Nothing => {
            let held = exchange.positions.get(TRADED).copied().unwrap_or_default();
            differs("is flat", &(held.abs() < quantity(LOT)), &true)
        }
    }
}

/// What our own records make of the wallets is what is in them. What a contract cost is told as an
/// average price, to 1e-8: a wallet that it leads to is no nearer.
pub(crate) fn wrong_wallets(
    market: Market,
    ours: &BTreeMap<String, Cash>,
    there: &BTreeMap<String, Cash>,
) -> Option<String> {
    let apart = match market {
        Market::Contracts => Cash::from_units(10),
        Market::Spot => Cash::ZERO,
    };
    let is_near = |((one, ours), (other, there)): ((&String, &Cash), (&String, &Cash))| {
        one == other && ours.saturating_sub(*there).abs() <= apart
    };
    let is_same = ours.len() == there.len() && ours.iter().zip(there).all(is_near);
    differs("wallets", ours, there).filter(|_| !is_same)
}

fn differs<T: Debug + PartialEq>(what: &str, found: &T, expected: &T) -> Option<String> {
    (found != expected).then(|| format!("{what}: {found:?}\n    and must be {expected:?}"))
}

pub(crate) fn quantity(text: &str) -> Qty {
    Qty::parse(text.as_bytes()).unwrap()
}

fn sum(quantities: impl Iterator<Item = Qty>) -> Qty {
    quantities.fold(Qty::ZERO, Qty::saturating_add)
}
