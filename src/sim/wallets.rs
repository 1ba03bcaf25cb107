//! Spot: what open orders lock of an account, and how a trade moves two wallets.
//!
//! Must hold: what is locked is the sum over the open orders, by construction: it is never kept,
//! only counted. A trade never takes more from a wallet than its order locked there: notionals are
//! rounded towards zero, so the parts of an order never cost more than the whole.
//!
//! Decision: the fee is taken from what is received: of a buy in the base asset, of a sale in the
//! quote asset, as the venue does for accounts that do not pay in its own coin. So no fee can make
//! a wallet negative.
//!
//! Deliberately absent: positions, margin, leverage, reduce-only: there are none on Spot.

use super::account::{Account, fee};
use super::exchange::{AccountIndex, Exchange};
use super::matching::Fill;
use super::order::{Order, OrderEntry};
use super::reject::Reject;
use crate::types::{AccountMargin, AssetId, Cash, Price, Qty, Side, TimeInForce, WalletMargin};
use std::collections::BTreeMap;

/// What the trades of an exchange move.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Ledger {
    /// Positions; profit and loss settle in one wallet.
    Contracts,
    /// Base and quote change hands.
    Wallets,
}

/// A quantity of an asset as an amount of it: both count in 1e-8.
pub(super) fn amount(qty: Qty) -> Cash {
    Cash::from_units(i128::from(qty.units()))
}

impl Exchange {
    /// Opens an account with these wallets and no position.
    pub fn open_wallets(&mut self, wallets: BTreeMap<AssetId, Cash>) -> AccountIndex {
        let slots = self.instruments.len();
        self.add_account(Account::new(wallets, slots))
    }

    /// What the open orders of an account lock of an asset. Contracts lock nothing: they need
    /// margin.
    pub fn locked(&self, account: AccountIndex, asset: AssetId) -> Cash {
        if self.ledger == Ledger::Contracts {
            return Cash::ZERO;
        }
        let locks = self.open_orders(account).filter_map(|order| self.lock_of(order));
        let meant = locks.filter(|(locked, _)| *locked == asset);
        meant.fold(Cash::ZERO, |sum, (_, cash)| sum.saturating_add(cash))
    }

    /// What an account may still order with.
    pub fn free(&self, account: AccountIndex, asset: AssetId) -> Cash {
        self.account(account).wallet(asset).saturating_sub(self.locked(account, asset))
    }

    /// What is held and free of each wallet, and what trades cost: on Spot nothing else binds.
    pub fn wallet_margin(&self, account: AccountIndex) -> AccountMargin {
        let wallets = self.account(account).wallets().map(|(asset, balance)| WalletMargin {
            asset,
            available: self.free(account, asset),
            balance,
        });
        let fees = self.instruments.iter().map(|instrument| self.fee_rates(instrument.id));
        AccountMargin { wallets: wallets.collect(), instruments: Vec::new(), fees: fees.collect() }
    }

    /// The asset in which a trade's fee is taken.
    pub(super) fn fee_asset(&self, slot: usize, side: Side) -> AssetId {
        let instrument = &self.instruments[slot];
        match (self.ledger, side) {
            (Ledger::Contracts, _) => instrument.settle,
            (Ledger::Wallets, Side::Buy) => instrument.base,
            (Ledger::Wallets, Side::Sell) => instrument.quote,
        }
    }

    /// How much a market order trades that names what it spends or brings: as much as the book
    /// gives for it, in whole steps.
    pub fn qty_for(&self, slot: usize, side: Side, quote_qty: Cash) -> Qty {
        let (mut left, mut qty, mut after) = (quote_qty, Qty::ZERO, None);
        while let Some(level) = self.books[slot].offer(side, after) {
            let worth = level.price.notional(level.qty);
            if left < worth {
                qty = qty.saturating_add(affordable(left, level.price));
                break;
            }
            (left, qty) = (left.saturating_sub(worth), qty.saturating_add(level.qty));
            after = Some(level.price);
        }
        qty.truncate_to(self.instruments[slot].filters.qty_step)
    }

    /// Which asset an open order locks, and how much of it: a buy what it would cost at its limit,
    /// a sale what it sells. A market order is over before anybody can ask.
    fn lock_of(&self, order: &Order) -> Option<(AssetId, Cash)> {
        let instrument = &self.instruments[self.slot(order.entry.instrument)?];
        let price = order.entry.price?;
        Some(match order.entry.side {
            Side::Buy => (instrument.quote, price.notional(order.remaining())),
            Side::Sell => (instrument.base, amount(order.remaining())),
        })
    }

    /// The account must be able to pay for all of the order.
    pub(super) fn check_funds(
        &self,
        slot: usize,
        account: AccountIndex,
        entry: &OrderEntry,
    ) -> Result<(), Reject> {
        let instrument = &self.instruments[slot];
        let (asset, needed) = match (entry.side, entry.price) {
            (Side::Buy, Some(price)) => (instrument.quote, price.notional(entry.qty)),
            // Who names a sum must have it, whether the book takes all of it or not.
            (Side::Buy, None) => {
                (instrument.quote, self.cost(slot, entry.qty).max(entry.quote_qty))
            }
            (Side::Sell, _) => (instrument.base, amount(entry.qty)),
        };
        let can = needed <= self.free(account, asset);
        if can { Ok(()) } else { Err(Reject::BalanceInsufficient) }
    }

    /// True for an order that is to trade whole at once and cannot: it ends untraded.
    pub(super) fn is_hopeless(&self, slot: usize, order: &Order) -> bool {
        let entry = &order.entry;
        let whole = entry.price.is_some() && entry.time_in_force == TimeInForce::Fok;
        let there = || self.takeable(slot, order.account, entry);
        self.ledger == Ledger::Wallets && whole && there() < entry.qty
    }

    /// Moves what a trade moves; answers the fee, in the asset that was received.
    pub(super) fn change_hands(&mut self, slot: usize, order: &Order, fill: &Fill) -> Cash {
        let rate = self.fees.of(fill.liquidity);
        let (base, quote) = (self.instruments[slot].base, self.instruments[slot].quote);
        let (bought, paid) = (amount(fill.qty), fill.price.notional(fill.qty));
        let (gives, takes) = match order.entry.side {
            Side::Buy => ((quote, paid), (base, bought)),
            Side::Sell => ((base, bought), (quote, paid)),
        };
        let fee = fee(takes.1, rate);
        let account = self.account_mut(order.account);
        account.set_wallet(gives.0, account.wallet(gives.0).saturating_sub(gives.1));
        let received = takes.1.saturating_sub(fee);
        account.set_wallet(takes.0, account.wallet(takes.0).saturating_add(received));
        fee
    }

    /// What buying so much at once costs, as far as the book goes.
    fn cost(&self, slot: usize, qty: Qty) -> Cash {
        let (mut left, mut cost, mut after) = (qty, Cash::ZERO, None);
        while let Some(level) = self.books[slot].offer(Side::Buy, after) {
            let taken = level.qty.min(left);
            cost = cost.saturating_add(level.price.notional(taken));
            left = left.saturating_sub(taken);
            after = Some(level.price);
            if left == Qty::ZERO {
                break;
            }
        }
        cost
    }
}

/// How much a sum buys at a price.
fn affordable(sum: Cash, price: Price) -> Qty {
    let scale = i128::from(crate::types::SCALE);
    let qty = sum.checked_ratio(scale, i128::from(price.units()));
    qty.and_then(|qty| i64::try_from(qty.units()).ok()).map_or(Qty::ZERO, Qty::from_units)
}
