//! The account of Spot by REST (spot sheet section 4).
//!
//! Must hold: the account is read whole or not at all; absence means nothing; the position of an
//! instrument is what is held of its base, free and locked, so that there is one truth of it; what
//! the configuration does not name is told, never ignored.
//!
//! Decision: open orders are asked for symbol by symbol, which weighs 6 each; all at once weigh 80.
//! What orders of other symbols lock is seen all the same, in what the wallets have free.

use super::fees::Rates;
use crate::types::{
    AccountMargin, AccountSnapshot, AssetId, Cash, FeeRates, IdPrefix, InstrumentId, Purpose, Qty,
    QueryToken, VenueOrder, VenuePosition, WalletMargin,
};
use crate::venue::binance::json::{body, cash, price, qty, success};
use crate::venue::binance::names::Names;
use crate::venue::binance::order::{side, whose};
use crate::venue::binance::sign::Signer;
use crate::venue::binance::text::percent_encoded;
use crate::venue::{Answer, Call, DecodeError, Directory};
use serde::Deserialize;
use std::borrow::Cow;

/// What each instrument buys and sells.
pub(super) type Bases = Vec<(InstrumentId, AssetId)>;

/// The bases of a directory.
pub(super) fn bases(directory: &Directory) -> Bases {
    let ours = directory.instruments.iter().filter(|it| it.venue == directory.venue);
    ours.map(|it| (it.id, it.base)).collect()
}

/// Wallets first, then the open orders of every symbol.
pub(super) fn account_calls(names: &Names, signer: &Signer, venue_unix_ms: u64) -> Vec<Call> {
    let path = "/api/v3/account";
    let wallets = signer.signed_call("GET", path, "omitZeroBalances=true", venue_unix_ms);
    let orders = names.symbols().iter().map(|(symbol, _)| {
        let parameters = format!("symbol={}", percent_encoded(symbol));
        signer.signed_call("GET", "/api/v3/openOrders", &parameters, venue_unix_ms)
    });
    std::iter::once(wallets).chain(orders).collect()
}

/// The account from the answers to [`account_calls`].
pub(super) fn account(
    names: &Names,
    bases: &Bases,
    prefix: &IdPrefix,
    token: QueryToken,
    answers: &[Answer],
) -> Result<AccountSnapshot, DecodeError> {
    let (wallets, orders) = answers.split_first().ok_or(DecodeError::Field("answers"))?;
    if orders.len() != names.symbols().len() {
        return Err(DecodeError::Field("answers"));
    }
    let told: Account<'_> = body(success(Some(wallets))?, "account")?;
    let mut snapshot = AccountSnapshot {
        venue: names.venue,
        token,
        balances: Vec::new(),
        has_unnamed_assets: false,
        positions: Vec::new(),
        unnamed_positions: 0,
        open_orders: Vec::new(),
        margin: None,
    };
    let mut margin = AccountMargin::default();
    for row in &told.balances {
        row.add(names, &mut snapshot, &mut margin)?;
    }
    for (instrument, base) in bases {
        let held = snapshot.balances.iter().find(|(asset, _)| asset == base);
        let qty = held.map_or(Some(Qty::ZERO), |(_, held)| units(*held));
        let qty = qty.ok_or(DecodeError::Field("free"))?;
        if qty != Qty::ZERO {
            let entry = crate::types::Price::ZERO;
            snapshot.positions.push(VenuePosition { instrument: *instrument, qty, entry });
        }
    }
    for answer in orders {
        let rows: Vec<OpenOrder<'_>> = body(success(Some(answer))?, "openOrders")?;
        rows.iter().try_for_each(|row| row.add(names, prefix, &mut snapshot))?;
    }
    // Rates that cannot be read are not known; the rest of the reading stands.
    if let Some(Ok((maker_e8, taker_e8))) = told.rates.map(|rates| rates.both()) {
        let rates = |(instrument, _): &(InstrumentId, AssetId)| FeeRates {
            instrument: *instrument,
            maker_e8,
            taker_e8,
        };
        margin.fees = bases.iter().map(rates).collect();
    }
    snapshot.margin = Some(margin);
    Ok(snapshot)
}

/// An amount of an asset as a quantity of it.
fn units(amount: Cash) -> Option<Qty> {
    i64::try_from(amount.units()).ok().map(Qty::from_units)
}

#[derive(Deserialize)]
struct Account<'a> {
    #[serde(borrow)]
    balances: Vec<Balance<'a>>,
    #[serde(rename = "commissionRates", borrow)]
    rates: Option<Rates<'a>>,
}

#[derive(Deserialize)]
struct Balance<'a> {
    #[serde(borrow)]
    asset: Cow<'a, str>,
    free: Option<&'a str>,
    locked: Option<&'a str>,
}

impl Balance<'_> {
    fn add(
        &self,
        names: &Names,
        snapshot: &mut AccountSnapshot,
        margin: &mut AccountMargin,
    ) -> Result<(), DecodeError> {
        let (free, locked) = (cash(self.free, "free")?, cash(self.locked, "locked")?);
        let held = free.checked_add(locked).ok_or(DecodeError::Field("locked"))?;
        match names.asset(self.asset.as_bytes()) {
            Some(asset) if snapshot.balances.iter().any(|(known, _)| *known == asset) => {
                return Err(DecodeError::Field("asset"));
            }
            Some(asset) => {
                snapshot.balances.push((asset, held));
                margin.wallets.push(WalletMargin { asset, available: free, balance: held });
            }
            None => snapshot.has_unnamed_assets |= held != Cash::ZERO,
        }
        Ok(())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OpenOrder<'a> {
    #[serde(borrow)]
    symbol: Cow<'a, str>,
    order_id: u64,
    #[serde(borrow)]
    client_order_id: Cow<'a, str>,
    side: Option<&'a str>,
    price: Option<&'a str>,
    orig_qty: Option<&'a str>,
    executed_qty: Option<&'a str>,
}

impl OpenOrder<'_> {
    /// Nothing tells an order that closes from one that opens: all count as the latter.
    fn add(
        &self,
        names: &Names,
        prefix: &IdPrefix,
        snapshot: &mut AccountSnapshot,
    ) -> Result<(), DecodeError> {
        let symbol = names.instrument(self.symbol.as_bytes());
        snapshot.open_orders.push(VenueOrder {
            instrument: symbol.ok_or(DecodeError::Field("symbol"))?,
            order: whose(prefix, &self.client_order_id),
            venue_order_id: self.order_id,
            side: self.side.and_then(side).ok_or(DecodeError::Field("side"))?,
            price: price(self.price, "price")?,
            qty: qty(self.orig_qty, "origQty")?,
            cum_qty: qty(self.executed_qty, "executedQty")?,
            purpose: Purpose::Opening,
        });
        Ok(())
    }
}

#[cfg(test)]
mod tests;
