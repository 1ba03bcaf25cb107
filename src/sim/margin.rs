//! What positions and orders need of an account: initial margin by leverage, maintenance margin by
//! tiers, the price of a liquidation, and when the account is warned of one. The liquidation itself
//! is in `liquidation`.
//!
//! Must hold: what reduces is never refused for want of margin.
//!
//! Decision: the call comes when maintenance margin passes half of the margin balance. The venue
//! documents that there is a line and not where.

use super::account::Position;
use super::exchange::{AccountIndex, Exchange};
use super::order::OrderEntry;
use super::reject::Reject;
use crate::types::{
    AccountMargin, AssetId, Cash, InstrumentId, InstrumentMargin, MarginMode, MarginTier,
    MarginTiers, PPM, Price, Side, WalletMargin,
};

/// What an account trades every symbol with until it says otherwise: the venue's default.
pub(super) const LEVERAGE: u32 = 20;

/// Part of the margin balance, in millionths, that maintenance margin may reach before the account
/// is warned.
const CALL_PPM: i128 = PPM / 2;

/// Largest notional, maintenance rate in millionths and highest leverage of each tier: the first
/// ones of Bitcoin as Binance had them in 2024, for every symbol.
const TIERS: [(i32, u32, u32); 6] = [
    (50_000, 4_000, 125),
    (600_000, 5_000, 100),
    (3_000_000, 6_500, 75),
    (12_000_000, 10_000, 50),
    (70_000_000, 20_000, 25),
    (100_000_000, 25_000, 20),
];

/// The tiers of every symbol.
pub(super) fn tiers() -> MarginTiers {
    let tier = |(notional_max, maintenance_ppm, leverage_max)| MarginTier {
        notional_max: Cash::whole(notional_max),
        maintenance_ppm,
        leverage_max,
    };
    let tiers = MarginTiers::new(&TIERS.map(tier));
    tiers.unwrap_or_else(|| unreachable!("the tiers above rise"))
}

impl Exchange {
    /// Which leverage every account trades an instrument with; false where the venue has no such
    /// instrument or leverage.
    pub fn set_leverage(&mut self, instrument: InstrumentId, leverage: u32) -> bool {
        let most = tiers().as_slice().first().map_or(0, |tier| tier.leverage_max);
        let slot = self.slot(instrument).filter(|_| (1..=most).contains(&leverage));
        let place = slot.and_then(|slot| self.leverages.get_mut(slot));
        place.map(|place| *place = leverage).is_some()
    }

    /// The leverage of a slot.
    pub fn leverage(&self, slot: usize) -> u32 {
        self.leverages.get(slot).copied().unwrap_or(LEVERAGE)
    }

    /// The largest position that its leverage allows.
    pub fn notional_max(&self, slot: usize) -> Cash {
        let leverage = self.leverage(slot);
        let tiers = tiers();
        let mut fits = tiers.as_slice().iter().filter(|tier| leverage <= tier.leverage_max);
        fits.next_back().map_or(Cash::ZERO, |tier| tier.notional_max)
    }

    /// Equity in an asset: wallet and open profit and loss of what settles in it.
    pub fn equity(&self, account: AccountIndex, asset: AssetId) -> Cash {
        let held = self.account(account);
        let open = self.settled_in(asset).map(|slot| {
            let position = held.position(slot);
            position.unrealised(self.mark(slot, &position))
        });
        open.fold(held.wallet(asset), Cash::saturating_add)
    }

    /// Initial margin of positions and open orders at their worst case, in an asset.
    pub fn margin(&self, account: AccountIndex, asset: AssetId) -> Cash {
        self.margin_with(account, asset, None)
    }

    /// What is left of the equity for more.
    pub fn available(&self, account: AccountIndex, asset: AssetId) -> Cash {
        let margin = self.margin(account, asset);
        self.equity(account, asset).saturating_sub(margin).max(Cash::ZERO)
    }

    /// Initial margin of one slot.
    pub fn margin_of(&self, account: AccountIndex, slot: usize) -> Cash {
        self.margin_of_with(account, slot, None)
    }

    /// Maintenance margin of one position.
    pub fn maintenance_of(&self, account: AccountIndex, slot: usize) -> Cash {
        tiers().maintenance(self.worth(account, slot)).unwrap_or(BEYOND)
    }

    /// Maintenance margin of all positions in an asset.
    pub fn maintenance(&self, account: AccountIndex, asset: AssetId) -> Cash {
        let all = self.settled_in(asset).map(|slot| self.maintenance_of(account, slot));
        all.fold(Cash::ZERO, Cash::saturating_add)
    }

    /// The mark at which a position would be liquidated if nothing else moved; zero for none.
    pub fn liquidation_price(&self, account: AccountIndex, slot: usize) -> Price {
        let position = self.account(account).position(slot);
        let Some(side) = Side::reducing(position.qty) else { return Price::ZERO };
        let asset = self.instruments()[slot].settle;
        let left = self.equity(account, asset).saturating_sub(self.maintenance(account, asset));
        let tiers = tiers();
        let worth = self.worth(account, slot);
        let tier = tiers.as_slice().iter().find(|tier| worth <= tier.notional_max);
        let rate = i128::from(tier.map_or(0, |tier| tier.maintenance_ppm));
        // What a move of one costs: the loss, and what is asked more or less for the size.
        let per_move = match side {
            Side::Sell => PPM - rate,
            Side::Buy => PPM + rate,
        };
        let held = i128::from(position.qty.abs().units()).saturating_mul(per_move);
        let scale = i128::from(crate::types::SCALE) * PPM;
        let room = left.checked_ratio(scale, held).map_or(0, Cash::units);
        let mark = i128::from(self.mark(slot, &position).units());
        let price = match side {
            Side::Sell => mark - room,
            Side::Buy => mark.saturating_add(room),
        };
        i64::try_from(price.max(0)).map_or(Price::ZERO, Price::from_units)
    }

    /// True while the account is so far into its margin that the venue warns it.
    pub fn is_called(&self, account: AccountIndex, asset: AssetId) -> bool {
        let needed = self.maintenance(account, asset);
        let line = self.equity(account, asset).checked_ratio(CALL_PPM, PPM);
        Cash::ZERO < needed && line.is_none_or(|line| line <= needed)
    }

    /// The margin of an account as the venue tells it.
    pub fn account_margin(&self, account: AccountIndex) -> AccountMargin {
        let wallets = self.account(account).wallets().map(|(asset, _)| WalletMargin {
            asset,
            available: self.available(account, asset),
            balance: self.equity(account, asset),
        });
        let instruments =
            (0..).zip(self.instruments()).map(|(slot, instrument)| InstrumentMargin {
                instrument: instrument.id,
                leverage: self.leverage(slot),
                mode: MarginMode::Cross,
                tiers: Some(tiers()),
            });
        let fees = self.instruments().iter().map(|instrument| self.fee_rates(instrument.id));
        AccountMargin {
            wallets: wallets.collect(),
            instruments: instruments.collect(),
            fees: fees.collect(),
        }
    }

    /// No position may grow beyond what its leverage allows: what is held, with every opening order
    /// of this side and this one filled.
    pub(super) fn check_leverage(
        &self,
        slot: usize,
        account: AccountIndex,
        entry: &OrderEntry,
    ) -> Result<(), Reject> {
        if entry.reduce_only {
            return Ok(());
        }
        let position = self.account(account).position(slot);
        let mark = self.mark(slot, &position);
        let ordered = self.ordered(account, slot, mark, Some(entry))[entry.side.index()];
        let held = mark.notional(entry.side.signed(position.qty));
        let within = held.saturating_add(ordered) <= self.notional_max(slot);
        if within { Ok(()) } else { Err(Reject::LeverageCap) }
    }

    /// The account must carry the worst case, or the order must not make it worse.
    pub(super) fn check_margin(
        &self,
        slot: usize,
        account: AccountIndex,
        entry: &OrderEntry,
    ) -> Result<(), Reject> {
        let asset = self.instruments()[slot].settle;
        let before = self.margin(account, asset);
        let after = self.margin_with(account, asset, Some((slot, entry)));
        let carried = after <= before || after <= self.equity(account, asset);
        if carried { Ok(()) } else { Err(Reject::MarginInsufficient) }
    }

    /// What a position is valued at: the mark, or what it cost before there is one.
    pub(in crate::sim) fn mark(&self, slot: usize, position: &Position) -> Price {
        self.books[slot].mark().unwrap_or_else(|| position.entry())
    }

    pub(super) fn settled_in(&self, asset: AssetId) -> impl Iterator<Item = usize> + '_ {
        let slots = (0..).zip(self.instruments());
        slots.filter(move |(_, instrument)| instrument.settle == asset).map(|(slot, _)| slot)
    }

    fn worth(&self, account: AccountIndex, slot: usize) -> Cash {
        let position = self.account(account).position(slot);
        self.mark(slot, &position).notional(position.qty).abs()
    }

    fn margin_with(
        &self,
        account: AccountIndex,
        asset: AssetId,
        extra: Option<(usize, &OrderEntry)>,
    ) -> Cash {
        let slots = self.settled_in(asset).map(|slot| {
            let extra = extra.filter(|(other, _)| *other == slot).map(|(_, entry)| entry);
            self.margin_of_with(account, slot, extra)
        });
        slots.fold(Cash::ZERO, Cash::saturating_add)
    }

    /// Bids and asks each on their own, with the position.
    fn margin_of_with(
        &self,
        account: AccountIndex,
        slot: usize,
        extra: Option<&OrderEntry>,
    ) -> Cash {
        let position = self.account(account).position(slot);
        let mark = self.mark(slot, &position);
        let worth = mark.notional(position.qty);
        let [buys, sells] = self.ordered(account, slot, mark, extra);
        let exposure = worth.saturating_add(buys).abs().max(worth.saturating_sub(sells).abs());
        tiers().initial(exposure, self.leverage(slot)).unwrap_or(BEYOND)
    }

    /// Notional of all orders that open, by side, `extra` among them.
    fn ordered(
        &self,
        account: AccountIndex,
        slot: usize,
        mark: Price,
        extra: Option<&OrderEntry>,
    ) -> [Cash; 2] {
        let mut ordered = [Cash::ZERO; 2];
        let open = self.open_ids(slot).iter().filter_map(|id| self.order_by_id(*id));
        let open = open.filter(|order| order.account == account);
        let open = open.map(|order| (order.entry, order.remaining()));
        let extra = extra.map(|entry| (*entry, entry.qty));
        for (entry, qty) in open.chain(extra).filter(|(entry, _)| !entry.reduce_only) {
            let total = &mut ordered[entry.side.index()];
            *total = total.saturating_add(cost_price(&entry, mark).notional(qty));
        }
        ordered
    }
}

/// What a position beyond the last tier needs: more than any account has.
pub(super) const BEYOND: Cash = Cash::from_units(i128::MAX >> 16);

/// The price at which an order is carried until it trades: its limit, and for a sale at least the
/// mark, because it cannot be worth less than what it sells into.
fn cost_price(entry: &OrderEntry, mark: Price) -> Price {
    match entry.side {
        Side::Buy => entry.price.unwrap_or(mark),
        Side::Sell => entry.price.unwrap_or(mark).max(mark),
    }
}
