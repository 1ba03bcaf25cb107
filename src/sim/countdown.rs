//! Dead-man's switches: a timer per account and instrument that takes back every open order of it
//! unless it is set again in time (USDⓈ-M sheet, section 5).
//!
//! Decision: every open order goes, reductions too: the venue's sheet says "all open orders" and
//! names no exception. Conditional orders stay: they are no open orders to `openOrders` and
//! `allOpenOrders` either, and whether the venue's switch takes them the sheet cannot say.

use super::exchange::{AccountIndex, Exchange};
use super::order::Report;
use crate::types::InstrumentId;

/// When the orders of an account go, by slot.
#[derive(Clone, Debug, Default)]
pub(super) struct Countdowns(Vec<Vec<Option<u64>>>);

impl Countdowns {
    pub(super) fn open_account(&mut self, slots: usize) {
        self.0.push(vec![None; slots]);
    }

    fn set(&mut self, account: AccountIndex, slot: usize, due_unix_ms: Option<u64>) {
        let of_account = self.0.get_mut(account.index());
        if let Some(kept) = of_account.and_then(|slots| slots.get_mut(slot)) {
            *kept = due_unix_ms;
        }
    }

    /// Takes one that is due.
    fn take_due(&mut self, now_unix_ms: u64) -> Option<(AccountIndex, usize)> {
        for (index, slots) in (0..).zip(&mut self.0) {
            for (slot, due) in slots.iter_mut().enumerate() {
                if due.take_if(|due| *due <= now_unix_ms).is_some() {
                    return Some((AccountIndex(index), slot));
                }
            }
        }
        None
    }
}

impl Exchange {
    /// Sets the switch of an account on an instrument: its orders go `countdown_ms` from now; 0
    /// disarms. False for an instrument that is not here.
    pub fn set_countdown(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        instrument: InstrumentId,
        countdown_ms: u64,
    ) -> bool {
        let Some(slot) = self.slot(instrument) else { return false };
        let due = (0 < countdown_ms).then(|| now_unix_ms.saturating_add(countdown_ms));
        self.countdowns.set(account, slot, due);
        true
    }

    /// Takes back what the switches that are due by now stand for.
    pub(super) fn fire_countdowns(&mut self, now_unix_ms: u64, out: &mut Vec<Report>) {
        while let Some((account, slot)) = self.countdowns.take_due(now_unix_ms) {
            let instrument = self.instruments[slot].id;
            let canceled = self.cancel_all(now_unix_ms, account, instrument, out);
            assert!(canceled.is_ok(), "a slot has an instrument");
        }
    }
}
