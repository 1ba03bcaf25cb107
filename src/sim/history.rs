//! What an exchange remembers for its judges: how far each position ever went, and which ids came
//! again.
//!
//! Must hold: it changes nothing that happens; it is off unless asked for, because it keeps every
//! order and trade.

use super::exchange::AccountIndex;
use super::order::ClientText;
use crate::types::Qty;

/// Orders that are over, and trades of an account, that are kept for a judge: a night of the
/// shipped paper deployment makes some 200,000.
pub(super) const KEPT_MAX: usize = 1 << 19;

/// Ids that came again: one is a fault already.
const REPEATS_MAX: usize = 1_024;

/// The lowest and the highest that a position ever was.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Extremes {
    /// Lowest, zero or below.
    pub low: Qty,
    /// Highest, zero or above.
    pub high: Qty,
}

/// The memory of one exchange.
#[derive(Debug, Default)]
pub struct History {
    /// By account, then by slot.
    extremes: Vec<Vec<Extremes>>,
    repeats: Vec<ClientText>,
    forgotten: u64,
}

impl History {
    pub(super) fn new(accounts: usize, slots: usize) -> Self {
        Self { extremes: vec![vec![Extremes::default(); slots]; accounts], ..Self::default() }
    }

    /// How far the position of a slot ever went.
    pub fn extremes(&self, account: AccountIndex, slot: usize) -> Extremes {
        let of_account = self.extremes.get(account.index());
        of_account.and_then(|all| all.get(slot)).copied().unwrap_or_default()
    }

    /// Ids of new orders that an order had had before, or had still.
    pub fn repeats(&self) -> &[ClientText] {
        &self.repeats
    }

    /// True while nothing had to be forgotten.
    pub fn is_complete(&self) -> bool {
        self.forgotten == 0 && self.repeats.len() < REPEATS_MAX
    }

    pub(super) fn on_position(&mut self, account: AccountIndex, slot: usize, qty: Qty) {
        let of_account = self.extremes.get_mut(account.index());
        if let Some(extremes) = of_account.and_then(|all| all.get_mut(slot)) {
            (extremes.low, extremes.high) = (extremes.low.min(qty), extremes.high.max(qty));
        }
    }

    pub(super) fn on_repeat(&mut self, id: ClientText) {
        if self.repeats.len() < REPEATS_MAX {
            self.repeats.push(id);
        }
    }

    pub(super) fn on_forgotten(&mut self) {
        self.forgotten += 1;
    }
}
