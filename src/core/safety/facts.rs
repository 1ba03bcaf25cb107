//! What the kernel is shown: facts of the world, a wish, an exit. Gathered by the core, so that a
//! check cannot reach further.

use super::verdict::Passage;
use crate::core::Order;
use crate::core::exposure::Around;
use crate::core::hedge::HedgeAround;
use crate::core::margin::MarginAround;
use crate::core::market::Market;
use crate::core::mode::Mode;
use crate::core::orders::{IntentKey, Open, Standing, Under};
use crate::types::{
    Cash, ClientOrderId, Instrument, InstrumentId, OrderRequest, OrderTerms, Price, Purpose, Qty,
    Side, Stamp, StrategyId, TimeInForce,
};

/// What the kernel may look at of one place.
#[derive(Debug)]
pub(in crate::core) struct Facts<'a> {
    pub(in crate::core) now: Stamp,
    pub(in crate::core) instrument: &'a Instrument,
    pub(in crate::core) market: &'a Market,
    pub(in crate::core) link_up: bool,
    /// The venue takes requests.
    pub(in crate::core) serving: bool,
    /// It has room for more than the way out.
    pub(in crate::core) below_limit: bool,
    /// Orders can be sent, whatever the other connections do.
    pub(in crate::core) entry_up: bool,
    /// An operator closes the position of this instrument.
    pub(in crate::core) flattening: bool,
    pub(in crate::core) reconciled: bool,
    /// When the venue's rules were read.
    pub(in crate::core) filters_read_ns: u64,
    /// The venue's dead-man's switch is armed here, can be, or is not wanted.
    pub(in crate::core) can_guard: bool,
    pub(in crate::core) account: Holdings<'a>,
    pub(in crate::core) live_orders: u32,
    pub(in crate::core) unknown_orders: u32,
    /// What the orders that are not over asked for.
    pub(in crate::core) standing: &'a Standing,
    /// The best price at which an order of ours may rest on the other side.
    pub(in crate::core) own_opposite: Option<Price>,
    /// Sums of worst-case exposures.
    pub(in crate::core) around: Around,
    /// Its hedge group; `None` where it has none.
    pub(in crate::core) hedge: Option<HedgeAround>,
    /// In reporting currency; `None` while it cannot be told.
    pub(in crate::core) equity: Option<Cash>,
    /// What an order of the side in question may still spend, on spot; `None` while it cannot be
    /// told.
    pub(in crate::core) free: Option<Cash>,
    pub(in crate::core) margin: MarginAround<'a>,
}

/// A position and what may still trade of it.
#[derive(Clone, Copy, Debug)]
pub(in crate::core) struct Holdings<'a> {
    pub(in crate::core) position: Qty,
    /// The other one, while the venue's and ours differ: limits count the larger (P15).
    pub(in crate::core) rival: Option<Qty>,
    pub(in crate::core) open: &'a Open,
    /// What orders that are not ours may still trade on the side in question.
    pub(in crate::core) foreign: Qty,
}

/// A strategy's wish with what the kernel must know of the strategy.
#[derive(Debug)]
pub(in crate::core) struct Wish<'a> {
    pub(in crate::core) id: ClientOrderId,
    pub(in crate::core) strategy: StrategyId,
    pub(in crate::core) request: OrderRequest,
    /// When the bytes arrived that it answers to.
    pub(in crate::core) origin_ns: u64,
    pub(in crate::core) permitted: bool,
    pub(in crate::core) own: Holdings<'a>,
    pub(in crate::core) live_orders: u32,
    /// The order that is to become what the request says; `None` for a new one.
    pub(in crate::core) amends: Option<&'a Order>,
    /// The parent that it names, or that the order was placed under.
    pub(in crate::core) under: Under<'a>,
}

/// An exit that an operator asked for.
#[derive(Clone, Copy, Debug)]
pub(in crate::core) struct Exit {
    pub(in crate::core) id: ClientOrderId,
    pub(in crate::core) side: Side,
    pub(in crate::core) qty: Qty,
    pub(in crate::core) cap_bps: u32,
}

/// What all checks of an order look at, whoever asks for it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) passage: Passage,
    /// What a strategy asks for; nothing for an exit.
    pub(super) key: Option<IntentKey>,
    pub(super) side: Side,
    pub(super) price: Price,
    /// How much in all.
    pub(super) qty: Qty,
    /// What may trade of it from here on.
    pub(super) rest: Qty,
    /// What may trade already of the order that it amends; nothing for a new one.
    pub(super) stands: Qty,
    /// What it is to the account.
    pub(super) purpose: Purpose,
    /// What it is to the strategy's ledger.
    pub(super) toward: Purpose,
    pub(super) ttl_ns: Option<u64>,
    /// Trades at once, as far as is known.
    pub(super) takes: bool,
    /// The strictest over its scopes.
    pub(super) mode: Mode,
}

/// The account as an order could leave it, at its worst: made once for all checks of positions.
#[derive(Clone, Copy, Debug)]
pub(super) struct After {
    /// What one is worth at worst: a bid far below the market is no cheap position.
    pub(super) worth: Price,
    /// What the order adds, in money.
    pub(super) more: Cash,
    /// The largest |position| that its side can lead to; `None` beyond what can be counted.
    pub(super) reach: Option<Qty>,
    /// The same in money.
    pub(super) notional: Option<Cash>,
}

impl After {
    /// `ask` is what one is worth now.
    pub(super) fn of(order: &Candidate, ask: Price, account: &Holdings<'_>) -> Self {
        let worth = order.price.max(ask);
        let reach = account.worst(order.side, order.added());
        let notional = reach.map(|reach| worth.notional(reach));
        Self { worth, more: order.more(worth, ask), reach, notional }
    }
}

impl Holdings<'_> {
    /// The largest |position| that a side can lead to with so much more; `None` beyond what can be
    /// counted.
    pub(super) fn worst(&self, side: Side, more: Qty) -> Option<Qty> {
        let reach = |position| self.open.reach(side, position, self.foreign, more);
        let ours = reach(self.position)?;
        match self.rival {
            Some(rival) => Some(ours.max(reach(rival)?)),
            None => Some(ours),
        }
    }
}

impl Candidate {
    /// As the venue will be told it; its time to live begins now.
    pub(super) fn terms(
        &self,
        instrument: InstrumentId,
        time_in_force: TimeInForce,
        now: Stamp,
    ) -> OrderTerms {
        let &Self { side, price, qty, purpose, ttl_ns, .. } = self;
        let expires_ns = ttl_ns.map(|ttl_ns| now.mono_ns.saturating_add(ttl_ns));
        OrderTerms { instrument, side, time_in_force, price, qty, purpose, expires_ns }
    }

    /// What it adds to all that may trade; below zero for an amend that takes some back.
    pub(super) fn change(&self) -> Qty {
        self.rest.saturating_sub(self.stands)
    }

    /// The same, as limits of positions see it.
    pub(super) fn added(&self) -> Qty {
        self.change().max(Qty::ZERO)
    }

    /// The same in money, at what it is worth; what stands already counts at `price`.
    fn more(&self, worth: Price, price: Price) -> Cash {
        let all = worth.notional(self.rest);
        if self.stands == Qty::ZERO {
            return all;
        }
        all.saturating_sub(price.notional(self.stands)).max(Cash::ZERO)
    }
}
