//! An engine with one strategy more: `joiner` stands with one small order at the best bid while it
//! holds nothing, and with one that reduces at its own best price while it holds something. Where
//! the best price moves it amends its order.
//!
//! A strategy only says what it wishes. The safety kernel decides, and the engine does the rest:
//! the command line, the configuration, the journal and the stops are those of `engine`.

use std::process::ExitCode;
use tradekeel::core::{Intents, OrderUpdate, Outcome, ParamFault, Strategy, StrategySetup, View};
use tradekeel::types::{
    Amendment, InstrumentId, OrderKind, OrderRequest, OrderStatus, Purpose, Qty, Quote, SECOND,
    Side,
};

/// Time to live of its orders: one that has not traded by then is placed anew.
const TTL_NS: u64 = 10 * SECOND;

#[derive(Debug)]
struct Joiner {
    order_qty: Qty,
    quiet_until_ns: u64,
}

/// Reads its settings from the configuration; what it does not know there is a fault.
fn construct(setup: StrategySetup<'_>) -> Result<Box<dyn Strategy>, Vec<ParamFault>> {
    let mut params = setup.params;
    let order_qty = params.qty("order_qty");
    params.finish()?;
    Ok(Box::new(Joiner { order_qty, quiet_until_ns: 0 }))
}

impl Strategy for Joiner {
    fn on_quote(&mut self, view: &View<'_>, id: InstrumentId, quote: &Quote, out: &mut Intents) {
        if !quote.is_sound() {
            return;
        }
        let held = view.position(id);
        let (side, qty, purpose) = match Side::reducing(held) {
            None => (Side::Buy, self.order_qty, Purpose::Opening),
            Some(side) => (side, held.abs().min(self.order_qty), Purpose::Reducing),
        };
        let price = if side == Side::Buy { quote.bid } else { quote.ask };
        let is_quiet = view.now.mono_ns < self.quiet_until_ns;
        let mut has_order = false;
        for order in view.orders().filter(|order| order.terms.instrument == id) {
            has_order = true;
            if order.status != OrderStatus::New || order.amending().is_some() {
                continue;
            }
            if (order.terms.side, order.terms.purpose) != (side, purpose) {
                out.cancel(order.id);
            } else if order.terms.price != price && !is_quiet {
                // The same order at another price: one message instead of two, and never none.
                out.amend(order.id, Amendment { price, qty: order.terms.qty });
            }
        }
        if !has_order && !is_quiet {
            let (kind, ttl_ns) = (OrderKind::PostOnly(price), Some(TTL_NS));
            out.place(OrderRequest { instrument: id, side, kind, qty, purpose, ttl_ns });
        }
    }

    /// A "no" is not answered by the same wish at the next quote: that would be a storm.
    fn on_order(&mut self, view: &View<'_>, update: &OrderUpdate, _: &mut Intents) {
        use OrderStatus::{Expired, NotSent, Rejected};
        let is_no = match update.outcome {
            Outcome::Denied(_) | Outcome::AmendDenied(_) | Outcome::AmendRefused => true,
            Outcome::Status(status) => matches!(status, Rejected | NotSent | Expired),
            Outcome::Amended(_) | Outcome::Replace(_) => false,
        };
        if is_no {
            self.quiet_until_ns = view.now.mono_ns + SECOND;
        }
    }
}

fn main() -> ExitCode {
    tradekeel::run(tradekeel::strategy::registry().with("joiner", construct))
}
