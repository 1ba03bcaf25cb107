//! Parent and children: orders under a parent stay within its quantity, at worst case (SAFETY P18).
//! The failure of Knight Capital: children went on being sent for parents that were done.
//!
//! Must hold: what is not known of a parent denies. A reduction needs none; one that names a parent
//! asks to be counted by it, and is. To close a position it need not name any.

use super::Kernel;
use super::facts::{Candidate, Wish};
use super::verdict::{DenyReason, require};
use crate::core::orders::{PARENTS_MAX, Under};
use crate::core::parent::{Parent, ParentRule};
use crate::types::{Purpose, Qty};

/// A strategy's wish to open a parent.
#[derive(Clone, Copy, Debug)]
pub(in crate::core) struct ParentWish {
    pub(in crate::core) parent: Parent,
    /// Whether the strategy may trade the instrument.
    pub(in crate::core) permitted: bool,
    /// How many it has open.
    pub(in crate::core) open: usize,
}

/// May the order go under what it names, or without a name?
pub(super) fn check(
    order: &Candidate,
    wish: &Wish<'_>,
    rule: ParentRule,
) -> Result<(), DenyReason> {
    match wish.under {
        Under::Nothing => {
            let may = rule == ParentRule::Off || order.toward != Purpose::Opening;
            require(may, DenyReason::ParentMissing)
        }
        Under::Unknown => Err(DenyReason::ParentUnknown),
        Under::Parent { parent, left } => {
            let asked = (wish.strategy, wish.request.instrument, order.side);
            let is_its_own = (parent.strategy, parent.instrument, parent.side) == asked;
            require(is_its_own, DenyReason::ParentMismatch)?;
            // What takes nothing more of it passes, also where the venue filled too much.
            let fits = order.added() == Qty::ZERO || order.added() <= left;
            require(fits, DenyReason::ParentExceeded)
        }
    }
}

impl Kernel {
    /// May a strategy open it? Whether its orders may go is asked of each of them.
    pub(in crate::core) fn review_parent(&self, wish: &ParentWish) -> Result<(), DenyReason> {
        let Parent { strategy, instrument, qty, .. } = wish.parent;
        require(wish.permitted, DenyReason::NotPermitted)?;
        self.kill_switch.check(instrument, Some(strategy))?;
        self.modes.check(self.modes.at(instrument, Some(strategy)))?;
        require(Qty::ZERO < qty, DenyReason::BadQty)?;
        require(wish.open < PARENTS_MAX, DenyReason::TooManyParents)
    }
}
