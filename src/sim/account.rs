//! What an account holds: wallets and one-way positions, and how a trade moves them.
//!
//! Must hold: a wallet changes by realised profit minus fee and by nothing else, and a position is
//! the sum of its trades.
//!
//! Decision: a position keeps what it cost, not its average price. The average is rounded to 1e-8
//! when it is shown; profit comes from the cost, so no rounding ever makes or loses money: from
//! flat to flat, realised profit is exactly what was sold for minus what was bought for.

use super::order::average;
use crate::types::{AssetId, Cash, Liquidity, Price, Qty, Side};
use std::collections::BTreeMap;

/// What one fee unit, a hundredth of a basis point, is a part of.
const CENTI_BPS_PER_WHOLE: i128 = 1_000_000;

/// Fees in hundredths of a basis point of the notional; below zero is a rebate.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Fees {
    /// Of an order that stood there first.
    pub maker_centi_bps: i32,
    /// Of an order that took.
    pub taker_centi_bps: i32,
}

impl Fees {
    /// What a trade costs, by who stood there first.
    pub(super) fn of(self, liquidity: Liquidity) -> i32 {
        match liquidity {
            Liquidity::Maker => self.maker_centi_bps,
            Liquidity::Taker => self.taker_centi_bps,
        }
    }
}

/// Fee of a notional, towards zero.
pub fn fee(notional: Cash, centi_bps: i32) -> Cash {
    let rate = i128::from(centi_bps);
    notional.checked_ratio(rate, CENTI_BPS_PER_WHOLE).unwrap_or(Cash::ZERO)
}

/// A one-way position.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Position {
    /// Signed: long above zero.
    pub qty: Qty,
    /// What |qty| was opened for.
    pub cost: Cash,
    /// When it last changed.
    pub updated_unix_ms: u64,
}

impl Position {
    /// Average entry price; zero when flat.
    pub fn entry(&self) -> Price {
        average(self.cost, self.qty.abs())
    }

    /// Profit if it were closed at `mark`.
    pub fn unrealised(&self, mark: Price) -> Cash {
        let worth = mark.notional(self.qty.abs());
        if self.qty < Qty::ZERO {
            self.cost.saturating_sub(worth)
        } else {
            worth.saturating_sub(self.cost)
        }
    }

    /// Moves it by a trade and returns the profit of the part that closed.
    fn trade(&mut self, side: Side, price: Price, qty: Qty) -> Cash {
        let closing = match Side::reducing(self.qty) == Some(side) {
            true => qty.min(self.qty.abs()),
            false => Qty::ZERO,
        };
        let held = i128::from(self.qty.abs().units());
        let cost = self.cost.checked_ratio(i128::from(closing.units()), held).unwrap_or(Cash::ZERO);
        let worth = price.notional(qty);
        let closed = match closing == qty {
            true => worth,
            false => price.notional(closing),
        };
        self.cost = self.cost.saturating_sub(cost).saturating_add(worth.saturating_sub(closed));
        self.qty = self.qty.saturating_add(side.signed(qty));
        match side {
            Side::Sell => closed.saturating_sub(cost),
            Side::Buy => cost.saturating_sub(closed),
        }
    }
}

/// The wallets and positions of one account.
#[derive(Clone, Debug, Default)]
pub struct Account {
    wallets: BTreeMap<AssetId, Cash>,
    positions: Vec<Position>,
}

impl Account {
    /// An account with these wallets and no position; positions are by slot of the exchange.
    pub fn new(wallets: BTreeMap<AssetId, Cash>, slots: usize) -> Self {
        Self { wallets, positions: vec![Position::default(); slots] }
    }

    /// What is in a wallet, open profit and loss not counted.
    pub fn wallet(&self, asset: AssetId) -> Cash {
        self.wallets.get(&asset).copied().unwrap_or(Cash::ZERO)
    }

    /// All wallets.
    pub fn wallets(&self) -> impl Iterator<Item = (AssetId, Cash)> + '_ {
        self.wallets.iter().map(|(asset, cash)| (*asset, *cash))
    }

    /// The position of a slot; flat for a slot that does not exist.
    pub fn position(&self, slot: usize) -> Position {
        self.positions.get(slot).copied().unwrap_or_default()
    }

    /// Sets a wallet: for taking over what a real venue holds.
    pub fn set_wallet(&mut self, asset: AssetId, cash: Cash) {
        self.wallets.insert(asset, cash);
    }

    /// Sets a position: for taking over what a real venue holds.
    pub fn set_position(&mut self, slot: usize, position: Position) {
        if let Some(kept) = self.positions.get_mut(slot) {
            *kept = position;
        }
    }

    /// Books a trade and returns the profit that it realised, without the fee.
    pub(super) fn book(&mut self, slot: usize, asset: AssetId, trade: &Booking) -> Cash {
        let Some(position) = self.positions.get_mut(slot) else { return Cash::ZERO };
        let realised = position.trade(trade.side, trade.price, trade.qty);
        position.updated_unix_ms = trade.unix_ms;
        let wallet = self.wallets.entry(asset).or_default();
        *wallet = wallet.saturating_add(realised).saturating_sub(trade.fee);
        realised
    }
}

/// A trade as an account sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Booking {
    pub(super) side: Side,
    pub(super) price: Price,
    pub(super) qty: Qty,
    pub(super) fee: Cash,
    pub(super) unix_ms: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn booking(side: Side, price: i64, qty: i64, fee: i128) -> Booking {
        Booking {
            side,
            price: Price::from_units(price),
            qty: Qty::from_units(qty),
            fee: Cash::from_units(fee),
            unix_ms: 0,
        }
    }

    fn whole(side: Side, price: i32, qty: i32) -> Booking {
        booking(side, Price::whole(price).units(), Qty::whole(qty).units(), 0)
    }

    #[test]
    fn a_position_averages_closes_and_turns() {
        let mut account = Account::new(BTreeMap::new(), 1);
        let asset = AssetId(0);
        assert_eq!(account.book(0, asset, &whole(Side::Buy, 100, 1)), Cash::ZERO);
        assert_eq!(account.book(0, asset, &whole(Side::Buy, 200, 1)), Cash::ZERO);
        assert_eq!(account.position(0).entry(), Price::whole(150));
        assert_eq!(account.position(0).unrealised(Price::whole(160)), Cash::whole(20));
        // Closes two at 150 and opens one short at 180.
        assert_eq!(account.book(0, asset, &whole(Side::Sell, 180, 3)), Cash::whole(60));
        assert_eq!(account.position(0).qty, Qty::whole(-1));
        assert_eq!(account.position(0).entry(), Price::whole(180));
        assert_eq!(account.position(0).unrealised(Price::whole(170)), Cash::whole(10));
        assert_eq!(account.book(0, asset, &whole(Side::Buy, 190, 1)), Cash::whole(-10));
        assert_eq!(account.position(0).entry(), Price::ZERO);
        assert_eq!(account.wallet(asset), Cash::whole(50));
    }

    #[test]
    fn fees_are_hundredths_of_a_basis_point_and_rebates_are_negative() {
        assert_eq!(fee(Cash::whole(10_000), 500), Cash::whole(5));
        assert_eq!(fee(Cash::whole(10_000), -50), Cash::from_units(-50_000_000));
        assert_eq!(fee(Cash::ZERO, 500), Cash::ZERO);
    }

    proptest! {
        #[test]
        fn no_money_is_made_or_lost_by_rounding(
            trades in proptest::collection::vec(
                (any::<bool>(), 1_i64..10_000_000_000_000, 1_i64..10_000_000_000, -1000_i128..1000),
                1..40,
            ),
        ) {
            let mut account = Account::new(BTreeMap::new(), 1);
            let asset = AssetId(0);
            let (mut held, mut flow, mut fees, mut realised) = (0_i64, 0_i128, 0_i128, 0_i128);
            for (buys, price, qty, fee) in trades {
                let side = if buys { Side::Buy } else { Side::Sell };
                let trade = booking(side, price, qty, fee);
                realised += account.book(0, asset, &trade).units();
                let worth = trade.price.notional(trade.qty).units();
                held += side.signed(trade.qty).units();
                flow += if buys { -worth } else { worth };
                fees += fee;
            }
            let position = account.position(0);
            let open = match position.qty < Qty::ZERO {
                true => -position.cost.units(),
                false => position.cost.units(),
            };
            prop_assert_eq!(position.qty.units(), held);
            prop_assert_eq!(realised, flow + open);
            prop_assert_eq!(account.wallet(asset).units(), realised - fees);
            prop_assert!(position.qty != Qty::ZERO || position.cost == Cash::ZERO);
        }
    }
}
