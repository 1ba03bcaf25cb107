//! What moves wallets besides trades, and who was told of it.
//!
//! Must hold: every change is kept and told once, in order; memory is bounded as long as whoever
//! runs the exchange takes what is told.

use super::exchange::{AccountIndex, Exchange};
use super::history::KEPT_MAX;
use crate::types::{AssetId, Cash, InstrumentId};
use std::collections::VecDeque;

/// Payments that can still be asked for, over all accounts: a year and a half of funding, three
/// times a day, of thirty positions.
const PAYMENTS_MAX: usize = 50_000;

/// One payment.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Payment {
    /// Its number, rising over all accounts.
    pub id: u64,
    /// Whose wallet.
    pub account: AccountIndex,
    /// For a position in what.
    pub instrument: InstrumentId,
    /// In what.
    pub asset: AssetId,
    /// What came in; below zero it was taken.
    pub amount: Cash,
    /// What the wallet held after it.
    pub wallet: Cash,
    /// Why.
    pub cause: PaymentCause,
    /// When.
    pub unix_ms: u64,
}

/// Why a wallet moves without a trade.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum PaymentCause {
    /// A settlement between longs and shorts.
    Funding,
    /// The insurance fund was paid for a liquidation, or paid for one.
    Insurance,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Payments {
    last_id: u64,
    kept: VecDeque<Payment>,
    news: Vec<Payment>,
}

impl Exchange {
    /// The payments of an account that are kept, oldest first.
    pub fn payments(&self, account: AccountIndex) -> impl Iterator<Item = &Payment> {
        self.payments.kept.iter().filter(move |it| it.account == account)
    }

    /// True when there is one that was not told.
    pub fn has_payments(&self) -> bool {
        !self.payments.news.is_empty()
    }

    /// Those that were made since this was last asked, in order.
    pub fn take_payments(&mut self) -> Vec<Payment> {
        std::mem::take(&mut self.payments.news)
    }

    /// Pays into the wallet that settles an instrument, or takes from it; nothing for nothing.
    pub(super) fn pay(
        &mut self,
        unix_ms: u64,
        account: AccountIndex,
        slot: usize,
        amount: Cash,
        cause: PaymentCause,
    ) {
        if amount == Cash::ZERO {
            return;
        }
        let (instrument, asset) = (self.instruments[slot].id, self.instruments[slot].settle);
        let wallet = self.account(account).wallet(asset).saturating_add(amount);
        self.account_mut(account).set_wallet(asset, wallet);
        self.payments.last_id += 1;
        let id = self.payments.last_id;
        let payment = Payment { id, account, instrument, asset, amount, wallet, cause, unix_ms };
        self.payments.news.push(payment);
        self.payments.kept.push_back(payment);
        let kept_max = if self.history.is_some() { KEPT_MAX } else { PAYMENTS_MAX };
        if kept_max < self.payments.kept.len() {
            self.payments.kept.pop_front();
            self.history.iter_mut().for_each(|history| history.on_forgotten());
        }
    }
}
