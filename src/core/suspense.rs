//! Money that a reading of the account found and nobody told of: a suspense account, by asset.
//!
//! A transfer and the reading that contains it come by different ways, and either may be first. A
//! wallet that differs from what was told lies here for a while, outside the equity: it is neither
//! gain nor loss until a message explains it, or nobody does.
//!
//! Must hold: an amount counts once, however the reading and the message overtake each other; what
//! nobody explains becomes profit or loss; while anything lies here equity is not proven, and
//! nothing new is opened (SAFETY E6, T18).
//!
//! Decision: a message takes out what it explains up to its own amount and of its own sign. A part
//! that matches wrongly is found by the next reading and lies here again, so errors do not add up.

use crate::types::{AssetId, Cash, SECOND};

/// How long an amount may wait for its message. The private stream is told within milliseconds; a
/// message that is later than this was lost with its connection, for the venue repeats none. What
/// nobody explains is told within five seconds of the reading that showed it first (SAFETY T19),
/// and half a second of them goes by until a second reading says the same.
const WAIT_NS: u64 = 4 * SECOND;

/// Amounts by asset.
#[derive(Debug)]
pub(super) struct Suspense {
    amounts: Vec<Cash>,
    /// Transfers told since the last reading, by asset: what a reading may turn out to have
    /// contained before.
    told: Vec<Cash>,
    /// When the last amount came; `None` while there is nothing.
    since_ns: Option<u64>,
}

impl Suspense {
    pub(super) fn new(assets: usize) -> Self {
        Self { amounts: vec![Cash::ZERO; assets], told: vec![Cash::ZERO; assets], since_ns: None }
    }

    /// What lies here of an asset.
    pub(super) fn of(&self, asset: usize) -> Cash {
        self.amounts[asset]
    }

    pub(super) fn is_empty(&self) -> bool {
        self.since_ns.is_none()
    }

    /// A message about `amount`: says how much of it is in the ledger already.
    pub(super) fn explain(&mut self, asset: AssetId, amount: Cash) -> Cash {
        let Some(waiting) = self.amounts.get_mut(asset.index()) else { return Cash::ZERO };
        let explained = match Cash::ZERO < amount {
            true => amount.min(*waiting).max(Cash::ZERO),
            false => amount.max(*waiting).min(Cash::ZERO),
        };
        *waiting = waiting.saturating_sub(explained);
        self.settle();
        explained
    }

    /// A transfer was told and booked.
    pub(super) fn on_transfer(&mut self, asset: AssetId, booked: Cash) {
        if let Some(told) = self.told.get_mut(asset.index()) {
            *told = told.saturating_add(booked);
        }
    }

    /// A wallet is `amount` above what was told. Says how much of that takes back a transfer that
    /// was told twice, by an earlier reading and by its message.
    pub(super) fn find(&mut self, asset: AssetId, amount: Cash, now_ns: u64) -> Cash {
        if self.takes_back(asset, amount) {
            return amount;
        }
        if let Some(waiting) = self.amounts.get_mut(asset.index()) {
            *waiting = waiting.saturating_add(amount);
            self.since_ns = Some(now_ns);
        }
        self.settle();
        Cash::ZERO
    }

    /// True when `amount` undoes a transfer that an earlier reading had told already.
    pub(super) fn takes_back(&self, asset: AssetId, amount: Cash) -> bool {
        let Some(told) = self.told.get(asset.index()).copied() else { return false };
        let rest = told.saturating_add(amount).abs();
        let tolerance = told.abs().checked_bps(10).unwrap_or(Cash::ZERO);
        told != Cash::ZERO && rest <= tolerance
    }

    /// The wallet has been read, and is what we believe from here on.
    pub(super) fn on_read(&mut self, asset: AssetId) {
        if let Some(told) = self.told.get_mut(asset.index()) {
            *told = Cash::ZERO;
        }
    }

    /// True when what lies here has waited long enough.
    pub(super) fn is_due(&self, now_ns: u64) -> bool {
        self.since_ns.is_some_and(|since_ns| WAIT_NS <= now_ns.saturating_sub(since_ns))
    }

    /// What lies here becomes profit or loss.
    pub(super) fn release(&mut self) {
        self.amounts.fill(Cash::ZERO);
        self.since_ns = None;
    }

    fn settle(&mut self) {
        if self.amounts.iter().all(|amount| *amount == Cash::ZERO) {
            self.since_ns = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USDT: AssetId = AssetId(0);

    fn cash(whole: i32) -> Cash {
        Cash::whole(whole)
    }

    #[test]
    fn a_message_explains_what_waits_up_to_its_own_amount_and_sign() {
        let rows = [(100, 100, 100, 0), (100, 60, 60, 40), (100, 150, 100, 0), (100, -60, 0, 100)];
        for (found, told, explained, left) in rows {
            for sign in [1, -1] {
                let mut suspense = Suspense::new(1);
                assert_eq!(suspense.find(USDT, cash(sign * found), 0), Cash::ZERO);
                assert_eq!(suspense.explain(USDT, cash(sign * told)), cash(sign * explained));
                assert_eq!(suspense.of(0), cash(sign * left));
                assert_eq!(suspense.is_empty(), left == 0);
            }
        }
    }

    #[test]
    fn what_nobody_explains_is_given_up_after_four_seconds_and_not_before() {
        let mut suspense = Suspense::new(1);
        suspense.find(USDT, cash(100), 7);
        assert!(!suspense.is_due(7 + WAIT_NS - 1) && suspense.is_due(7 + WAIT_NS));
        assert_eq!(suspense.of(0), cash(100));
        suspense.release();
        assert!(suspense.is_empty() && suspense.of(0) == Cash::ZERO);
        assert!(!suspense.is_due(u64::MAX));
    }

    #[test]
    fn a_reading_that_undoes_a_transfer_takes_it_back_until_a_reading_has_confirmed_it() {
        let mut suspense = Suspense::new(1);
        suspense.on_transfer(USDT, cash(1_000));
        assert_eq!(suspense.find(USDT, cash(-999), 0), cash(-999), "within a thousandth");
        assert_eq!(suspense.find(USDT, cash(-998), 0), Cash::ZERO);
        assert_eq!(suspense.of(0), cash(-998));
        suspense.on_read(USDT);
        assert_eq!(suspense.find(USDT, cash(-1_000), 0), Cash::ZERO);
    }
}
