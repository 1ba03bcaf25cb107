//! What would be sent, in words: one line for each order, amend and cancel of a dry-run, right
//! before it goes to the simulated exchange.
//!
//! Must hold: what is said has passed every check that an order of a live engine passes, the last
//! look at its bytes among them.

use crate::core::{Command, StopCommand};
use crate::ops::Names;
use crate::types::{ClientOrderId, IdPrefix, InstrumentId, OrderTerms, StopOrder, StrategyId};

/// Who says it.
#[derive(Debug)]
pub(in crate::runtime) struct Narrator {
    names: Names,
    prefix: IdPrefix,
}

impl Narrator {
    pub(in crate::runtime) fn new(names: Names, prefix: IdPrefix) -> Self {
        Self { names, prefix }
    }

    /// Says what a command asks for; questions are not worth a word.
    pub(super) fn say(&self, command: &Command) {
        match command {
            Command::NewOrder(order) => {
                let by = order.strategy();
                tracing::info!("would send {}", self.order(order.id(), order.terms(), by));
            }
            Command::Amend(amend) => {
                let by = Some(amend.strategy());
                tracing::info!("would amend to {}", self.order(amend.id(), amend.terms(), by));
            }
            Command::Cancel { id, instrument } => {
                tracing::info!("would cancel {} {}", self.id(*id), self.symbol(*instrument));
            }
            Command::CancelAll { instrument } => {
                tracing::info!("would cancel all orders of {}", self.symbol(*instrument));
            }
            Command::Stop(StopCommand::Place(stop)) => {
                let StopOrder { id, instrument, side, trigger, working } = *stop.order();
                let (id, symbol) = (self.id(id), self.symbol(instrument));
                tracing::info!(
                    "would place stop {id}: {side:?} {symbol} at {trigger} ({working:?})"
                );
            }
            Command::Stop(StopCommand::Cancel { id, instrument }) => {
                let (id, symbol) = (self.id(*id), self.symbol(*instrument));
                tracing::info!("would take back stop {id} {symbol}");
            }
            Command::Stop(StopCommand::List { .. })
            | Command::ArmDeadMan(_)
            | Command::QueryOrder { .. }
            | Command::QueryTrades { .. }
            | Command::QueryAccount { .. } => {}
        }
    }

    fn order(&self, id: ClientOrderId, terms: &OrderTerms, by: Option<StrategyId>) -> String {
        let OrderTerms { side, price, qty, time_in_force, purpose, .. } = terms;
        let (id, symbol) = (self.id(id), self.symbol(terms.instrument));
        let by = by.map_or("an operator's flatten", |by| self.names.strategy(by));
        format!(
            "{id}: {side:?} {qty} {symbol} at {price} ({time_in_force:?}, {purpose:?}), by {by}"
        )
    }

    fn id(&self, id: ClientOrderId) -> String {
        let mut text = Vec::new();
        self.prefix.write(id, &mut text);
        String::from_utf8_lossy(&text).into_owned()
    }

    fn symbol(&self, id: InstrumentId) -> &str {
        self.names.instrument(id)
    }
}
