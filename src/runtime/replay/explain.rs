//! Why an order was sent or denied: what the kernel saw, beside the numbers that bind.
//!
//! Must hold: nothing here decides anything. What is shown is the state of the replayed core right
//! after the input that was answered, which is what the kernel saw: a position, a price and a mode
//! only change with an input. Orders that the same input caused later are taken out again.

use super::judge::Judge;
use crate::config::Config;
use crate::core::{InstrumentStatus, Order, Status};
use crate::ops::Names;
use crate::store::{Record, each_record};
use crate::types::{
    Cash, ClientOrderId, InstrumentId, MS, OrderKind, OrderRef, Price, Purpose, Qty, Side, Stamp,
    StrategyId,
};
use serde_json::{Value, json};

/// What is to be explained.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Wanted {
    /// The order of that id, or the wish that was denied under it.
    Order(ClientOrderId),
    /// The decision that stands at that sequence of the journal.
    Sequence(u64),
}

/// A decision about an order, as the journal has it.
struct Decision {
    id: ClientOrderId,
    strategy: Option<StrategyId>,
    instrument: InstrumentId,
    /// Which way, how much and at which price; an amend that was denied has no side of its own.
    side: Option<Side>,
    qty: Qty,
    price: Option<Price>,
    purpose: Option<Purpose>,
    what: String,
}

impl Wanted {
    /// True for the decision that is meant.
    pub(super) fn is(self, sequence: u64, record: &Record) -> bool {
        match (self, Decision::of(record)) {
            (Self::Order(id), Some(decision)) => decision.id == id,
            (Self::Sequence(wanted), Some(_)) => wanted == sequence,
            (_, None) => false,
        }
    }
}

impl Decision {
    fn of(record: &Record) -> Option<Self> {
        let of_order = |order: &crate::store::OrderIntent, what: String| Self {
            id: order.id,
            strategy: order.strategy,
            instrument: order.terms.instrument,
            side: Some(order.terms.side),
            qty: order.terms.qty,
            price: Some(order.terms.price),
            purpose: Some(order.terms.purpose),
            what,
        };
        if let Record::Order(order) = record {
            return Some(of_order(order, "approved".to_owned()));
        }
        if let Record::Child { order, parent } = record {
            return Some(of_order(order, format!("approved under parent {}", parent.0)));
        }
        if let Record::Denied(denial) = record {
            let price = match denial.request.kind {
                OrderKind::Limit(price)
                | OrderKind::PostOnly(price)
                | OrderKind::Ioc(price)
                | OrderKind::Fok(price) => Some(price),
                OrderKind::Market => None,
            };
            return Some(Self {
                id: denial.id,
                strategy: Some(denial.strategy),
                instrument: denial.request.instrument,
                side: Some(denial.request.side),
                qty: denial.request.qty,
                price,
                purpose: Some(denial.request.purpose),
                what: format!("denied: {}", denial.reason.name()),
            });
        }
        if let Record::Amend(amend) = record {
            return Some(Self {
                id: amend.id,
                strategy: Some(amend.strategy),
                instrument: amend.terms.instrument,
                side: Some(amend.terms.side),
                qty: amend.terms.qty,
                price: Some(amend.terms.price),
                purpose: Some(amend.terms.purpose),
                what: format!("amend {} approved", amend.number),
            });
        }
        let Record::AmendDenied(denial) = record else { return None };
        Some(Self {
            id: denial.id,
            strategy: Some(denial.strategy),
            instrument: denial.instrument,
            side: None,
            qty: denial.to.qty,
            price: Some(denial.to.price),
            purpose: None,
            what: format!("amend denied: {}", denial.reason.name()),
        })
    }
}

/// The id that a record speaks of.
pub(super) fn id_of(record: &Record) -> Option<ClientOrderId> {
    if let Record::Execution(report) = record
        && let OrderRef::Ours(id) = report.order
    {
        return Some(id);
    }
    if let Record::Cancel { id, .. } = record {
        return Some(*id);
    }
    Decision::of(record).map(|decision| decision.id)
}

/// The decision alone, where its facts cannot be shown.
pub(super) fn recorded(sequence: u64, at: Stamp, record: &Record, why_not: &str) -> Value {
    let Some(decision) = Decision::of(record) else { return Value::Null };
    json!({ "decision": told(&decision, None, sequence, at), "facts": why_not })
}

/// The decision with what the kernel saw.
pub(super) fn explain(
    judge: &Judge,
    config: &Config,
    sequence: u64,
    at: Stamp,
    record: &Record,
) -> Value {
    let Some(decision) = Decision::of(record) else { return Value::Null };
    let mut status = Status::default();
    judge.core().status(&mut status);
    let names = judge.names();
    let scene = Scene { judge, config, status: &status, decision: &decision };
    json!({
        "decision": told(&decision, Some(names), sequence, at),
        "answers": answered(judge, at),
        "facts": scene.facts(),
        "limits": scene.limits(),
    })
}

fn told(decision: &Decision, names: Option<&Names>, sequence: u64, at: Stamp) -> Value {
    let strategy = decision.strategy.map_or_else(
        || "nobody's: an exit of an operator".to_owned(),
        |id| names.map_or_else(|| id.index().to_string(), |names| names.strategy(id).to_owned()),
    );
    let instrument = names.map_or_else(
        || decision.instrument.index().to_string(),
        |names| names.instrument(decision.instrument).to_owned(),
    );
    json!({
        "what": decision.what,
        "sequence": sequence,
        "unix_ms": at.unix_ns / MS,
        "id": decision.id.to_string(),
        "strategy": strategy,
        "instrument": instrument,
        "side": decision.side.map(|side| format!("{side:?}")),
        "qty": decision.qty.to_string(),
        "price": decision.price.map(|price| price.to_string()),
        "purpose": decision.purpose.map(|purpose| format!("{purpose:?}")),
    })
}

/// The input that it answers.
fn answered(judge: &Judge, at: Stamp) -> Value {
    let Some((sequence, event)) = judge.input() else { return Value::Null };
    let mut said = String::new();
    // The last record of an event is its own; a reading's is only its last item.
    each_record(event, |record| said = format!("{record:?}"));
    json!({
        "sequence": sequence,
        "arrived_before_us": at.mono_ns.saturating_sub(event.received_ns) / 1_000,
        "input": said,
    })
}

/// What is known where the decision was made.
struct Scene<'a> {
    judge: &'a Judge,
    config: &'a Config,
    status: &'a Status,
    decision: &'a Decision,
}

impl Scene<'_> {
    fn line(&self) -> InstrumentStatus {
        let line = self.status.instruments.get(self.decision.instrument.index());
        line.cloned().unwrap_or_default()
    }

    /// Orders that stood when this one was looked at.
    fn before(&self) -> impl Iterator<Item = &Order> {
        let id = self.decision.id;
        self.judge.core().orders().filter(move |it| it.id.epoch != id.epoch || it.id < id)
    }

    fn facts(&self) -> Value {
        let (status, line) = (self.status, self.line());
        let strategy = self.decision.strategy.and_then(|id| status.strategies.get(id.index()));
        let ledger = strategy.and_then(|it| it.ledgers.get(self.decision.instrument.index()));
        let text = |cash: Option<Cash>| cash.map(|cash| cash.to_string());
        json!({
            "mode": status.mode.name(),
            "mode_of_instrument": line.held.mode.name(),
            "mode_of_strategy": strategy.map(|it| it.held.mode.name()),
            "latches": status.latches.len(),
            "link_up": status.links.iter().all(|up| *up),
            "reconciled": status.reconciled,
            "no_trade_window": status.in_no_trade_window,
            "bid": line.quote.map(|quote| quote.bid.to_string()),
            "ask": line.quote.map(|quote| quote.ask.to_string()),
            "book_whole": line.book_whole,
            "position": line.position.to_string(),
            "position_of_strategy": ledger.map(|it| it.position.to_string()),
            "equity": text(status.equity),
            "high_water": text(status.high_water.map(|mark| mark.peak)),
            "liquidation_distance_bps": line.liquidation_bps,
        })
    }

    /// Each number beside the limit that it is held against, at full size.
    fn limits(&self) -> Vec<Value> {
        let (status, limits, line) = (self.status, &self.config.limits, self.line());
        let decision = self.decision;
        let bounds = limits.instruments.get(decision.instrument.index());
        let budget = decision.strategy.and_then(|id| self.config.strategies.get(id.index()));
        let price = decision.price.or_else(|| line.quote?.touch(decision.side?));
        let notional = price.map(|price| price.notional(decision.qty));
        let here = self.before().filter(|it| it.terms.instrument == decision.instrument).count();
        let own = self.before().filter(|it| it.strategy == decision.strategy).count();
        let (long, short) = self.worst_case(line.position);
        let position_max = bounds.map(|it| it.position_max.to_string());
        let drawdown = &limits.drawdown;
        let row = |name: &str, value: Option<String>, limit: Option<String>| json!({ "limit": name, "value": value, "bound": limit });
        let number = |value: Option<i64>| value.map(|it| it.to_string());
        let count = |value: usize| Some(value.to_string());
        let clock_ms = status.clock_offset_ns.map(|it| it / 1_000_000);
        vec![
            row(
                "quote age, ms",
                count_of(line.quote_age_ms),
                count_of(limits.data_age_ns_max / MS),
            ),
            row(
                "order quantity",
                Some(decision.qty.to_string()),
                bounds.map(|it| it.order_qty_max.to_string()),
            ),
            row(
                "order notional",
                notional.map(|it| it.to_string()),
                Some(limits.order_notional_max.to_string()),
            ),
            row("position if all buys trade", Some(long.to_string()), position_max.clone()),
            row("position if all sales trade", Some(short.to_string()), position_max),
            row("open orders", count(self.before().count()), count_of(limits.open_orders_max)),
            row(
                "open orders of the instrument",
                count(here),
                bounds.and_then(|it| count_of(it.open_orders_max)),
            ),
            row(
                "open orders of the strategy",
                count(own),
                budget.and_then(|it| count_of(it.budget.open_orders_max)),
            ),
            row(
                "unknown orders",
                count_of(status.unknown_orders),
                count_of(limits.unknown_orders_max),
            ),
            row("drawdown, bps", number(status.drawdown_bps), count_of(drawdown.max_bps)),
            row(
                "loss of the day, bps",
                number(status.losses.day_loss_bps),
                count_of(limits.appetite.day.max_bps),
            ),
            row("clock offset, ms", number(clock_ms), count_of(limits.clock.kill_ns / MS)),
        ]
    }

    /// The position if every order on a side trades, this one included.
    fn worst_case(&self, position: Qty) -> (Qty, Qty) {
        let mut ends = (position, position);
        let this = self.decision.side.map(|side| (side, self.decision.qty));
        let open = self.before().filter(|it| it.terms.instrument == self.decision.instrument);
        for (side, qty) in open.map(|it| (it.terms.side, it.remaining())).chain(this) {
            match side {
                Side::Buy => ends.0 = ends.0.saturating_add(qty),
                Side::Sell => ends.1 = ends.1.saturating_sub(qty),
            }
        }
        ends
    }
}

fn count_of(value: impl ToString) -> Option<String> {
    Some(value.to_string())
}
