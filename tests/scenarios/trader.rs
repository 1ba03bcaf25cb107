//! The strategy of every scenario: it says the wishes of the table, each on its cue.
//!
//! A cue is a trade of the market in the second instrument, whose quantity is the number of the
//! step. So it comes on the way of all market data, is journaled, and is the same in process and
//! over the wire. A cue that is heard again means nothing.

use super::script::{Step, Style, Ticket};
use super::table::SCENARIOS;
use tradekeel::core::{Intents, ParamFault, Registry, Strategy, StrategySetup, View};
use tradekeel::types::{
    Amendment, ClientOrderId, InstrumentId, MS, OrderKind, OrderRequest, Price, Qty, Side, Trade,
};

/// Most steps of a scenario.
const STEPS_MAX: usize = 100;

/// A lot of what is rung with.
const LOT_UNITS: i64 = 100_000;

/// The quantity that stands for a step.
pub(crate) fn cue(scenario: usize, step: usize) -> Qty {
    let number = i64::try_from((scenario + 1) * STEPS_MAX + step).unwrap();
    Qty::from_units(number * LOT_UNITS)
}

fn step_of(cue: Qty) -> Option<&'static Step> {
    let number = usize::try_from(cue.units() / LOT_UNITS).ok()?;
    SCENARIOS.get((number / STEPS_MAX).checked_sub(1)?)?.steps.get(number % STEPS_MAX)
}

#[derive(Debug)]
struct Trader {
    traded: InstrumentId,
    bell: InstrumentId,
    /// The last cue.
    heard: Qty,
    /// The latest of a name is meant.
    named: Vec<(&'static str, ClientOrderId)>,
}

/// The strategies of the house, of which the one that wants nothing is the trader: the verbs of
/// `engine`, which know only those, read the same configuration.
pub(crate) fn registry() -> Registry {
    tradekeel::strategy::registry().with("idle", construct)
}

fn construct(setup: StrategySetup<'_>) -> Result<Box<dyn Strategy>, Vec<ParamFault>> {
    setup.params.finish()?;
    let [traded, bell] = setup.instruments.try_into().unwrap();
    Ok(Box::new(Trader { traded, bell, heard: Qty::ZERO, named: Vec::new() }))
}

impl Trader {
    fn price(&self, view: &View<'_>, side: Side, ticks: i64) -> Option<Price> {
        let quote = view.quote(self.traded)?;
        let away = view.instrument(self.traded).filters.price_tick.units() * ticks;
        Some(Price::from_units(match side {
            Side::Buy => quote.bid.units() + away,
            Side::Sell => quote.ask.units() - away,
        }))
    }

    fn place(&mut self, view: &View<'_>, name: &'static str, ticket: &Ticket, out: &mut Intents) {
        let Some(price) = self.price(view, ticket.side, ticket.ticks) else { return };
        let kind = match ticket.style {
            Style::Limit => OrderKind::Limit(price),
            Style::PostOnly => OrderKind::PostOnly(price),
            Style::Ioc => OrderKind::Ioc(price),
            Style::Fok => OrderKind::Fok(price),
        };
        let id = out.place(OrderRequest {
            instrument: self.traded,
            side: ticket.side,
            kind,
            qty: Qty::parse(ticket.qty.as_bytes()).unwrap(),
            purpose: ticket.purpose,
            ttl_ns: Some(ticket.ttl_ms * MS),
        });
        self.named.extend(id.map(|id| (name, id)));
    }

    fn named(&self, wanted: &str) -> Option<ClientOrderId> {
        let latest = self.named.iter().rev().find(|(name, _)| *name == wanted);
        latest.map(|(_, id)| *id)
    }

    fn amend(&self, view: &View<'_>, name: &str, ticks: i64, qty: &str, out: &mut Intents) {
        let Some(id) = self.named(name) else { return };
        let order = view.orders().find(|order| order.id == id);
        let price = order.and_then(|order| self.price(view, order.terms.side, ticks));
        if let Some(price) = price {
            out.amend(id, Amendment { price, qty: Qty::parse(qty.as_bytes()).unwrap() });
        }
    }
}

impl Strategy for Trader {
    fn on_trade(&mut self, view: &View<'_>, of: InstrumentId, trade: &Trade, out: &mut Intents) {
        if of != self.bell || trade.qty <= self.heard {
            return;
        }
        self.heard = trade.qty;
        match step_of(trade.qty) {
            Some(Step::Place(name, ticket)) => self.place(view, name, ticket, out),
            Some(Step::Cancel(name)) => {
                self.named(name).into_iter().for_each(|id| out.cancel(id));
            }
            Some(Step::Amend(name, ticks, qty)) => self.amend(view, name, *ticks, qty, out),
            step => panic!("{step:?} is no wish"),
        }
    }

    fn digest(&self) -> u64 {
        u64::try_from(self.heard.units()).unwrap()
    }
}
