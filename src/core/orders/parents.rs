//! Parents: a quantity that all orders placed under it share (SAFETY P18).
//!
//! Must hold: what counts against a parent is, of every order that was ever placed under it, what
//! traded of it, and of one that is not over all that may still trade: whatever its fate, and the
//! larger of its quantities while it is being amended. Room that was used by a trade never comes
//! back; room of an order that is over comes back with the venue's own word, and not by time.
//! Not here: whether an order may go under a parent (the kernel).
//!
//! Decision: so many parents of a strategy at a time ([`PARENTS_MAX`]), in memory taken once; one
//! more is denied, and none is ever forgotten to make room. They stand in the order of their ids:
//! one is found in a dozen steps among all that there can be.

use super::{Order, Orders};
use crate::core::Digest;
use crate::core::parent::Parent;
use crate::types::{ParentId, Purpose, Qty, StrategyId};

/// Most parents that a strategy may have open: one for each instrument that it may be given.
pub(in crate::core) const PARENTS_MAX: usize = 64;

/// All parents that are open.
#[derive(Debug)]
pub(in crate::core) struct Parents {
    open: Vec<Entry>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    parent: Parent,
    /// Wide enough never to leave its range, as the sums of [`super::Totals`] are.
    used: i128,
}

/// Under what an order is to go, or went.
#[derive(Clone, Copy, Debug)]
pub(in crate::core) enum Under<'a> {
    /// It names no parent.
    Nothing,
    /// It names one that was never opened, or is over.
    Unknown,
    /// It names an open one.
    Parent {
        /// Which.
        parent: &'a Parent,
        /// How much more may go under it.
        left: Qty,
    },
}

impl Under<'_> {
    /// The open parent's id.
    pub(in crate::core) fn id(&self) -> Option<ParentId> {
        match self {
            Self::Parent { parent, .. } => Some(parent.id),
            Self::Nothing | Self::Unknown => None,
        }
    }
}

impl Entry {
    fn left(&self) -> Qty {
        let left = i128::from(self.parent.qty.units()) - self.used;
        i64::try_from(left.max(0)).map_or(Qty::MAX, Qty::from_units)
    }
}

impl Parents {
    pub(super) fn new(strategies: usize) -> Self {
        Self { open: Vec::with_capacity(strategies * PARENTS_MAX) }
    }

    /// What a wish names.
    pub(in crate::core) fn under(&self, id: Option<ParentId>) -> Under<'_> {
        let Some(id) = id else { return Under::Nothing };
        match self.entry(id) {
            Some(entry) => Under::Parent { parent: &entry.parent, left: entry.left() },
            None => Under::Unknown,
        }
    }

    /// What an order went under. One that closes a position outlives its parent and needs none.
    pub(in crate::core) fn over(&self, order: &Order) -> Under<'_> {
        let under = self.under(order.parent);
        let needs_none = order.terms.purpose != Purpose::Opening;
        if needs_none && matches!(under, Under::Unknown) { Under::Nothing } else { under }
    }

    /// How much more may go under an open parent of that strategy.
    pub(in crate::core) fn left(&self, strategy: StrategyId, id: ParentId) -> Option<Qty> {
        let entry = self.entry(id).filter(|entry| entry.parent.strategy == strategy);
        entry.map(Entry::left)
    }

    /// True while nobody has one.
    pub(in crate::core) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// How many a strategy has.
    pub(in crate::core) fn count_of(&self, strategy: StrategyId) -> usize {
        self.open.iter().filter(|entry| entry.parent.strategy == strategy).count()
    }

    /// True for an order that takes on risk under a parent that is over.
    pub(in crate::core) fn is_outlived_by(&self, order: &Order) -> bool {
        matches!(self.over(order), Under::Unknown)
    }

    /// An order under it counts so much from here on, where it counted so much before.
    pub(super) fn count(&mut self, id: Option<ParentId>, before: Qty, after: Qty) {
        let Some(Ok(at)) = id.map(|id| self.find(id)) else { return };
        self.open[at].used += i128::from(after.units()) - i128::from(before.units());
    }

    /// Its part of the state digest.
    pub(super) fn digest(&self, digest: Digest) -> Digest {
        self.open.iter().fold(digest, |digest, entry| {
            digest.with(entry.parent.id.0.sequence.into()).with_wide(entry.used)
        })
    }

    fn entry(&self, id: ParentId) -> Option<&Entry> {
        self.find(id).ok().map(|at| &self.open[at])
    }

    fn find(&self, id: ParentId) -> Result<usize, usize> {
        self.open.binary_search_by_key(&id, |entry| entry.parent.id)
    }
}

impl Order {
    /// What of it counts against its parent: all of it that traded, and while it is not over all of
    /// it that may.
    pub(super) fn committed(&self) -> Qty {
        let traded = self.cum_qty.max(self.claimed_qty);
        if self.status.is_final() { traded } else { traded.max(self.qty_most()) }
    }
}

impl Orders {
    pub(in crate::core) fn parents(&self) -> &Parents {
        &self.parents
    }

    /// A parent that the kernel let open.
    pub(in crate::core) fn open_parent(&mut self, parent: Parent) {
        let parents = &mut self.parents;
        assert!(parents.count_of(parent.strategy) < PARENTS_MAX, "the kernel bounds parents");
        let place = parents.find(parent.id);
        assert!(place.is_err(), "an id is used once");
        parents.open.insert(place.unwrap_or_else(|at| at), Entry { parent, used: 0 });
    }

    /// It is over: nothing more goes under it. False when there is none of that strategy.
    pub(in crate::core) fn end_parent(&mut self, strategy: StrategyId, id: ParentId) -> bool {
        let open = &mut self.parents.open;
        let before = open.len();
        open.retain(|entry| entry.parent.id != id || entry.parent.strategy != strategy);
        open.len() < before
    }

    /// All of a strategy are over. False when it has none.
    pub(in crate::core) fn end_parents(&mut self, strategy: StrategyId) -> bool {
        let open = &mut self.parents.open;
        let before = open.len();
        open.retain(|entry| entry.parent.strategy != strategy);
        open.len() < before
    }
}
