//! Funding: what longs pay to shorts at 00, 08 and 16 UTC, or shorts to longs at a rate below zero
//! (USDⓈ-M sheet, sections 6 to 8).
//!
//! Must hold: a position pays its notional at the mark times the rate, towards zero; wallets move
//! by that and by nothing else; at a rate of zero nobody pays and nothing is told.
//!
//! Decision: the rate is given and stays, zero where nobody gives one. The venue makes it of a
//! premium that no recorded or synthetic market here tells; one that was made up would teach the
//! wrong thing.
//!
//! Decision: where the clock passes over several settlements at once (a gap of a recording), only
//! the last one is settled: of the others nobody knows the mark. An instrument without a mark is
//! passed over.
//!
//! Deliberately absent: other intervals than eight hours, caps and floors that move, and rates that
//! differ by symbol.

use super::exchange::Exchange;
use super::order::Report;
use super::payments::PaymentCause;
use super::wallets::Ledger;
use crate::types::{Cash, FundingRate, InstrumentId, Price};
use std::collections::VecDeque;

/// Between two settlements.
const PERIOD_MS: u64 = 8 * 60 * 60 * 1_000;

/// Settlements that can still be asked for, over all instruments: a year of nine.
const SETTLED_MAX: usize = 10_000;

/// When the next settlement is.
pub fn next_funding_unix_ms(now_unix_ms: u64) -> u64 {
    (now_unix_ms / PERIOD_MS + 1).saturating_mul(PERIOD_MS)
}

/// What one instrument was settled at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Settlement {
    /// Which.
    pub instrument: InstrumentId,
    /// What longs paid.
    pub rate: FundingRate,
    /// Of the notional at this price.
    pub mark: Price,
    /// When.
    pub unix_ms: u64,
}

/// Rate, time and past of an exchange's funding.
#[derive(Debug, Default)]
pub(super) struct Funding {
    rate: FundingRate,
    /// When the period began that the exchange is in; `None` before its clock was ever read.
    since_unix_ms: Option<u64>,
    settled: VecDeque<Settlement>,
}

impl Exchange {
    /// What longs pay to shorts from here on.
    pub fn set_funding_rate(&mut self, rate: FundingRate) {
        self.funding.rate = rate;
    }

    /// What longs pay to shorts at the next settlement.
    pub fn funding_rate(&self) -> FundingRate {
        self.funding.rate
    }

    /// The settlements that are kept, oldest first.
    pub fn settlements(&self) -> impl Iterator<Item = &Settlement> {
        self.funding.settled.iter()
    }

    /// Settles every position with a mark, whatever the time is; who cannot bear it is liquidated.
    pub fn settle_funding(&mut self, unix_ms: u64, out: &mut Vec<Report>) {
        self.pay_funding(unix_ms);
        self.liquidate_all(unix_ms, out);
    }

    fn pay_funding(&mut self, unix_ms: u64) {
        let rate = self.funding.rate;
        for slot in 0..self.instruments.len() {
            let Some(mark) = self.books[slot].mark() else { continue };
            let instrument = self.instruments[slot].id;
            self.funding.settled.push_back(Settlement { instrument, rate, mark, unix_ms });
            if SETTLED_MAX < self.funding.settled.len() {
                self.funding.settled.pop_front();
            }
            for account in self.account_indexes() {
                let notional = mark.notional(self.account(account).position(slot).qty);
                // A notional always fits, and so does a fortieth part of it.
                let amount = rate.payment(notional).unwrap_or(Cash::ZERO);
                self.pay(unix_ms, account, slot, amount, PaymentCause::Funding);
            }
        }
    }

    /// Settles when a period is over.
    pub(super) fn fund(&mut self, now_unix_ms: u64, out: &mut Vec<Report>) {
        if self.ledger == Ledger::Wallets {
            return;
        }
        let begun = now_unix_ms - now_unix_ms % PERIOD_MS;
        let before = self.funding.since_unix_ms;
        if before.is_some_and(|before| begun <= before) {
            return;
        }
        self.funding.since_unix_ms = Some(begun);
        if before.is_some() {
            self.pay_funding(begun);
            self.liquidate_all(now_unix_ms, out);
        }
    }
}
