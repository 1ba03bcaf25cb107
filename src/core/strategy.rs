//! What a strategy sees and what it may say. Implementations live in `crate::strategy` and in
//! programs of users.
//!
//! Must hold: a strategy never sends; it says what it wishes, and learns what became of it. What it
//! is handed is borrowed and read-only. Its own state is all it may keep.

use super::book::Book;
use super::market::Market;
use super::mode::Mode;
use super::orders::{Order, Orders};
use super::params::{ParamFault, Params};
use super::safety::{DenyReason, Modes};
use crate::types::{
    Amendment, Cash, ClientOrderId, Fill, Instrument, InstrumentId, OrderRequest, OrderStatus,
    ParentId, Qty, Quote, Side, Stamp, StrategyId, Trade,
};
use std::fmt;

/// Most wishes that one strategy may utter in one callback: enough to cancel and replace a ladder
/// of eight prices on two sides.
pub const INTENTS_MAX: usize = 32;

/// Decides what it wants. Every callback has an empty default.
///
/// Determinism: no clock, no randomness, no thread; f64 only with `+ − × ÷ √`, and never for a
/// price that is sent (D15).
pub trait Strategy: fmt::Debug + Send {
    /// How often [`Self::on_timer`] comes, in nanoseconds; never when `None`.
    fn timer_ns(&self) -> Option<u64> {
        None
    }

    /// Trading begins: the account is reconciled.
    fn on_start(&mut self, _view: &View<'_>, _intents: &mut Intents) {}

    /// The best prices of one of its instruments changed.
    fn on_quote(&mut self, _view: &View<'_>, _: InstrumentId, _: &Quote, _intents: &mut Intents) {}

    /// Somebody traded one of its instruments.
    fn on_trade(&mut self, _view: &View<'_>, _: InstrumentId, _: &Trade, _intents: &mut Intents) {}

    /// A frame of the book of one of its instruments is complete.
    fn on_book(&mut self, _view: &View<'_>, _: InstrumentId, _: &Book, _intents: &mut Intents) {}

    /// One of its orders traded.
    fn on_fill(&mut self, _view: &View<'_>, _order: &Order, _fill: &Fill, _: &mut Intents) {}

    /// One of its orders changed its status, or never became one.
    fn on_order(&mut self, _view: &View<'_>, _update: &OrderUpdate, _intents: &mut Intents) {}

    /// [`Self::timer_ns`] passed.
    fn on_timer(&mut self, _view: &View<'_>, _intents: &mut Intents) {}

    /// Trading ends; wishes for new orders are not heard any more.
    fn on_stop(&mut self, _view: &View<'_>) {}

    /// A number that changes when its state does: part of the state digest that a replay must
    /// reproduce.
    fn digest(&self) -> u64 {
        0
    }
}

/// What became of a wish.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OrderUpdate {
    /// Of which.
    pub id: ClientOrderId,
    /// Of what.
    pub instrument: InstrumentId,
    /// What.
    pub outcome: Outcome,
}

/// Denied is ours, the rest is the venue's word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Outcome {
    /// The kernel said no: it never became an order, or a parent (its number is then the id).
    Denied(DenyReason),
    /// Its status changed.
    Status(OrderStatus),
    /// The venue has it under these terms from here on.
    Amended(Amendment),
    /// The kernel said no to an amend: the order is as it was.
    AmendDenied(DenyReason),
    /// The venue said no to an amend, or it never left: the order has the terms from before, where
    /// it still stands.
    AmendRefused,
    /// Its rest was taken back because a part of it had traded, and is gone: so much is to be
    /// quoted anew (`partial_fill: replace`).
    Replace(Qty),
}

/// The core, as one strategy may see it.
#[derive(Debug)]
pub struct View<'a> {
    /// Now.
    pub now: Stamp,
    /// Who looks.
    pub strategy: StrategyId,
    /// The strictest mode over everything and over this strategy; see [`Self::mode_of`].
    pub mode: Mode,
    pub(super) modes: &'a Modes,
    pub(super) instruments: &'a [Instrument],
    pub(super) market: &'a [Market],
    pub(super) orders: &'a Orders,
    pub(super) positions: &'a [Qty],
    pub(super) equity: Option<Cash>,
}

impl<'a> View<'a> {
    /// What may be traded, with its filters.
    pub fn instrument(&self, id: InstrumentId) -> &'a Instrument {
        &self.instruments[id.index()]
    }

    /// The strictest mode for this strategy in one instrument, its venue included.
    pub fn mode_of(&self, id: InstrumentId) -> Mode {
        self.mode.max(self.modes.of_instrument(id))
    }

    /// Best prices; `None` while they are unknown, one-sided or crossed.
    pub fn quote(&self, id: InstrumentId) -> Option<&'a Quote> {
        self.market[id.index()].quote()
    }

    /// The book; `None` while it is not whole.
    pub fn book(&self, id: InstrumentId) -> Option<&'a Book> {
        self.market[id.index()].book()
    }

    /// What this strategy holds of it: its own ledger, not the account's (SAFETY E9).
    pub fn position(&self, id: InstrumentId) -> Qty {
        self.positions[id.index()]
    }

    /// Its own orders that are not over, oldest first.
    pub fn orders(&self) -> impl Iterator<Item = &'a Order> {
        let strategy = self.strategy;
        self.orders.live().filter(move |order| order.strategy == Some(strategy))
    }

    /// How much more may go under one of its own parents, with all that stands under it filled;
    /// `None` when it is not open.
    pub fn parent_left(&self, id: ParentId) -> Option<Qty> {
        self.orders.parents().left(self.strategy, id)
    }

    /// Equity of the account in the reporting currency; `None` while any part cannot be valued.
    pub fn equity(&self) -> Option<Cash> {
        self.equity
    }
}

/// One wish.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Intent {
    /// A new order, under an id that is already its own (D16).
    Place(ClientOrderId, OrderRequest),
    /// Take one of its own orders back.
    Cancel(ClientOrderId),
    /// Make something else of one of its own orders that rests.
    Amend(ClientOrderId, Amendment),
    /// A quantity that orders are to share.
    OpenParent {
        /// Under which number.
        id: ParentId,
        /// Of what.
        instrument: InstrumentId,
        /// Which way.
        side: Side,
        /// How much all of them together; positive.
        qty: Qty,
    },
    /// A new order that counts against a parent of its own.
    PlaceUnder(ParentId, ClientOrderId, OrderRequest),
    /// Nothing more goes under one of its own parents.
    EndParent(ParentId),
}

/// A bounded list of wishes.
#[derive(Debug)]
pub struct Intents {
    wishes: Vec<Intent>,
    next: ClientOrderId,
    dropped: u32,
}

impl Intents {
    pub(super) fn new(epoch: u32) -> Self {
        let next = ClientOrderId { epoch, sequence: 1 };
        Self { wishes: Vec::with_capacity(INTENTS_MAX), next, dropped: 0 }
    }

    /// Wishes for an order. `None` when this callback has wished for too much already, or ids have
    /// run out; the wish is then dropped and counted.
    pub fn place(&mut self, request: OrderRequest) -> Option<ClientOrderId> {
        let id = self.take_id()?;
        self.wishes.push(Intent::Place(id, request));
        Some(id)
    }

    /// Wishes for a parent: a quantity on one side of an instrument that the orders placed under it
    /// never pass together, with all that they may still trade. Orders may be placed under it at
    /// once. `None` as with [`Self::place`]. At most 64 of a strategy are open at a time; one more
    /// is denied, and so is all that names it. A restart ends every parent.
    pub fn open_parent(
        &mut self,
        instrument: InstrumentId,
        side: Side,
        qty: Qty,
    ) -> Option<ParentId> {
        let id = ParentId(self.take_id()?);
        self.wishes.push(Intent::OpenParent { id, instrument, side, qty });
        Some(id)
    }

    /// Wishes for an order that counts against a parent of its own. `None` as with
    /// [`Self::place`].
    pub fn place_under(
        &mut self,
        parent: ParentId,
        request: OrderRequest,
    ) -> Option<ClientOrderId> {
        let id = self.take_id()?;
        self.wishes.push(Intent::PlaceUnder(parent, id, request));
        Some(id)
    }

    /// Ends a parent of its own: nothing more goes under it, and its opening orders are taken back.
    /// What reduces or protects a position stays, and is the strategy's to take back.
    pub fn end_parent(&mut self, id: ParentId) {
        if self.has_room() {
            self.wishes.push(Intent::EndParent(id));
        } else {
            self.drop_wish();
        }
    }

    /// Wishes that an order of its own be taken back. Cancels are never blocked by risk.
    pub fn cancel(&mut self, id: ClientOrderId) {
        if self.has_room() {
            self.wishes.push(Intent::Cancel(id));
        } else {
            self.drop_wish();
        }
    }

    /// Wishes for another price, another quantity, or both, of an order of its own that rests. It
    /// keeps its place in the queue only when the price stays and the quantity falls. One amend of
    /// an order goes at a time, and a cancel may follow at once.
    pub fn amend(&mut self, id: ClientOrderId, to: Amendment) {
        if self.has_room() {
            self.wishes.push(Intent::Amend(id, to));
        } else {
            self.drop_wish();
        }
    }

    /// Reserves an id for an order that is not a strategy's (an exit).
    pub(super) fn reserve(&mut self) -> Option<ClientOrderId> {
        let id = self.next;
        self.next.sequence = id.sequence.checked_add(1)?;
        Some(id)
    }

    /// What was wished in this callback so far, in order.
    pub fn as_slice(&self) -> &[Intent] {
        &self.wishes
    }

    pub(super) fn get(&self, at: usize) -> Option<Intent> {
        self.wishes.get(at).copied()
    }

    pub(super) fn clear(&mut self) {
        self.wishes.clear();
    }

    pub(super) fn dropped(&self) -> u32 {
        self.dropped
    }

    pub(super) fn next_id(&self) -> ClientOrderId {
        self.next
    }

    /// No id from here on is `taken` or below it: such an order stands at the venue.
    pub(super) fn skip(&mut self, taken: ClientOrderId) {
        if taken.epoch == self.next.epoch && self.next.sequence <= taken.sequence {
            self.next.sequence = taken.sequence.saturating_add(1);
        }
    }

    /// Counts a wish that could not be heard.
    pub(super) fn count_dropped(&mut self) {
        self.dropped = self.dropped.saturating_add(1);
    }

    /// The next id, where one more wish fits; else the wish is dropped.
    fn take_id(&mut self) -> Option<ClientOrderId> {
        let id = self.next;
        let following = id.sequence.checked_add(1);
        let (true, Some(following)) = (self.has_room(), following) else { return self.drop_wish() };
        self.next.sequence = following;
        Some(id)
    }

    fn has_room(&self) -> bool {
        self.wishes.len() < INTENTS_MAX
    }

    fn drop_wish(&mut self) -> Option<ClientOrderId> {
        self.count_dropped();
        None
    }
}

/// What a constructor of a strategy is given.
#[derive(Debug)]
pub struct StrategySetup<'a> {
    /// Its instruments, in the configuration's order; at least one.
    pub instruments: &'a [InstrumentId],
    /// Its settings.
    pub params: Params,
}

/// Makes a strategy from its settings, or says all that is wrong with them.
pub type Construct = fn(StrategySetup<'_>) -> Result<Box<dyn Strategy>, Vec<ParamFault>>;

/// The strategies that a program offers, by the kind that the configuration names (D22).
#[derive(Clone, Debug, Default)]
pub struct Registry(Vec<(&'static str, Construct)>);

impl Registry {
    /// Offers one more; a later one of the same kind replaces the earlier.
    #[must_use]
    pub fn with(mut self, kind: &'static str, construct: Construct) -> Self {
        self.0.retain(|(known, _)| *known != kind);
        self.0.push((kind, construct));
        self
    }

    /// The constructor of a kind.
    pub fn find(&self, kind: &str) -> Option<Construct> {
        self.0.iter().find(|(known, _)| *known == kind).map(|(_, construct)| *construct)
    }

    /// What it offers, in order of registration.
    pub fn kinds(&self) -> impl Iterator<Item = &'static str> + '_ {
        self.0.iter().map(|(kind, _)| *kind)
    }
}
