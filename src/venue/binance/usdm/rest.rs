//! The account and the clock of the venue by REST (venue sheet section 6).
//!
//! Must hold: the account is read whole or not at all; absence means zero and flat; what the
//! configuration does not name is counted, never ignored; a mode of the account that we do not
//! trade in is refused by its name (SAFETY E7).
//!
//! Decision: how the account is set up is read each time, from `accountConfig` (5) instead of the
//! `positionSide/dual` (30) that says less: a reading weighs 60 and not 80, and what it says of
//! leverage and modes is never older than what it says of positions. Only the tiers of margin
//! (`tiers`) and the rates of fees (`fees`) are kept between readings.
//!
//! Not here: conditional ("algo") orders, which the venue keeps apart and which we never place.

use crate::types::{
    AccountMargin, AccountSnapshot, Cash, IdPrefix, InstrumentMargin, MarginMode, Purpose, Qty,
    QueryToken, VenueOrder, VenuePosition, WalletMargin,
};
use crate::venue::binance::json::{average, body, cash, price, qty, success};
use crate::venue::binance::names::Names;
use crate::venue::binance::order::{side, whose};
use crate::venue::binance::sign::Signer;
use crate::venue::{Answer, Call, DecodeError};
use serde::Deserialize;
use std::borrow::Cow;

/// What reads the account: wallets, positions, open orders, the modes of the account and those of
/// its symbols. Weighs 5 + 5 + 40 + 5 + 5 of the 2,400 request weights a minute (section 3 and the
/// venue's own client).
pub(super) const ACCOUNT_PATHS: [&str; 5] = [
    "/fapi/v3/balance",
    "/fapi/v3/positionRisk",
    "/fapi/v1/openOrders",
    "/fapi/v1/accountConfig",
    "/fapi/v1/symbolConfig",
];

pub(super) fn account_calls(signer: &Signer, venue_unix_ms: u64) -> Vec<Call> {
    let call = |path: &&str| signer.signed_call("GET", path, "", venue_unix_ms);
    ACCOUNT_PATHS.iter().map(call).collect()
}

pub(super) fn account(
    names: &Names,
    prefix: &IdPrefix,
    token: QueryToken,
    answers: &[Answer],
) -> Result<AccountSnapshot, DecodeError> {
    let [balances, positions, orders, modes, symbols] = answers else {
        return Err(DecodeError::Field("answers"));
    };
    let modes: AccountModes = body(success(Some(modes))?, "accountConfig")?;
    modes.check()?;
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
    let rows: Vec<Balance<'_>> = body(success(Some(balances))?, "balances")?;
    rows.iter().try_for_each(|row| row.add(names, &mut snapshot))?;
    margin.wallets = rows.iter().filter_map(|row| row.margin(names)).collect();
    let rows: Vec<Position<'_>> = body(success(Some(positions))?, "positions")?;
    rows.iter().try_for_each(|row| row.add(names, &mut snapshot))?;
    let rows: Vec<OpenOrder<'_>> = body(success(Some(orders))?, "openOrders")?;
    rows.iter().try_for_each(|row| row.add(names, prefix, &mut snapshot))?;
    let rows: Vec<Symbol<'_>> = body(success(Some(symbols))?, "symbolConfig")?;
    margin.instruments = rows.iter().filter_map(|row| row.margin(names)).collect();
    snapshot.margin = Some(margin);
    Ok(snapshot)
}

const HEDGE_MODE: DecodeError = DecodeError::Unsupported("hedge mode (dualSidePosition)");
const MULTI_ASSETS: DecodeError = DecodeError::Unsupported("multi-assets mode (multiAssetsMargin)");

#[derive(Deserialize)]
struct AccountModes {
    #[serde(rename = "dualSidePosition")]
    is_dual: bool,
    #[serde(rename = "multiAssetsMargin")]
    is_multi_assets: bool,
}

impl AccountModes {
    fn check(&self) -> Result<(), DecodeError> {
        match (self.is_dual, self.is_multi_assets) {
            (true, _) => Err(HEDGE_MODE),
            (false, true) => Err(MULTI_ASSETS),
            (false, false) => Ok(()),
        }
    }
}

/// How the account trades one symbol.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Symbol<'a> {
    #[serde(borrow)]
    symbol: Cow<'a, str>,
    margin_type: &'a str,
    leverage: u32,
}

impl Symbol<'_> {
    /// A mode of margin that has no name here is not told: without it nothing is opened.
    fn margin(&self, names: &Names) -> Option<InstrumentMargin> {
        let instrument = names.instrument(self.symbol.as_bytes())?;
        let mode = match self.margin_type {
            "CROSSED" => MarginMode::Cross,
            "ISOLATED" => MarginMode::Isolated,
            _ => return None,
        };
        Some(InstrumentMargin { instrument, leverage: self.leverage, mode, tiers: None })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Balance<'a> {
    #[serde(borrow)]
    asset: Cow<'a, str>,
    balance: Option<&'a str>,
    available_balance: Option<&'a str>,
    cross_wallet_balance: Option<&'a str>,
    cross_un_pnl: Option<&'a str>,
}

impl Balance<'_> {
    /// `balance` is the wallet without open profit and loss.
    fn add(&self, names: &Names, snapshot: &mut AccountSnapshot) -> Result<(), DecodeError> {
        let amount = cash(self.balance, "balance")?;
        match names.asset(self.asset.as_bytes()) {
            Some(asset) if snapshot.balances.iter().any(|(known, _)| *known == asset) => {
                return Err(DecodeError::Field("asset"));
            }
            Some(asset) => snapshot.balances.push((asset, amount)),
            None => snapshot.has_unnamed_assets |= amount != Cash::ZERO,
        }
        Ok(())
    }

    /// What the wallet carries. Numbers that are missing or ill-formed are not told: without them
    /// nothing is opened, and the reading of what is held stands all the same (SAFETY E3).
    fn margin(&self, names: &Names) -> Option<WalletMargin> {
        let read = |text: Option<&str>| text.and_then(|text| Cash::parse(text.as_bytes()));
        let wallet = read(self.cross_wallet_balance)?;
        Some(WalletMargin {
            asset: names.asset(self.asset.as_bytes())?,
            available: read(self.available_balance)?,
            balance: wallet.checked_add(read(self.cross_un_pnl)?)?,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Position<'a> {
    #[serde(borrow)]
    symbol: Cow<'a, str>,
    position_side: Option<&'a str>,
    position_amt: Option<&'a str>,
    entry_price: Option<&'a str>,
}

impl Position<'_> {
    fn add(&self, names: &Names, snapshot: &mut AccountSnapshot) -> Result<(), DecodeError> {
        let held = qty(self.position_amt, "positionAmt")?;
        if held == Qty::ZERO {
            return Ok(());
        }
        if self.position_side.is_some_and(|it| it != "BOTH") {
            return Err(HEDGE_MODE);
        }
        let Some(instrument) = names.instrument(self.symbol.as_bytes()) else {
            snapshot.unnamed_positions = snapshot.unnamed_positions.saturating_add(1);
            return Ok(());
        };
        if snapshot.positions.iter().any(|known| known.instrument == instrument) {
            return Err(DecodeError::Field("symbol"));
        }
        let entry = self.entry_price.and_then(average).ok_or(DecodeError::Field("entryPrice"))?;
        snapshot.positions.push(VenuePosition { instrument, qty: held, entry });
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
    reduce_only: bool,
    close_position: bool,
}

impl OpenOrder<'_> {
    fn add(
        &self,
        names: &Names,
        prefix: &IdPrefix,
        snapshot: &mut AccountSnapshot,
    ) -> Result<(), DecodeError> {
        let Some(instrument) = names.instrument(self.symbol.as_bytes()) else { return Ok(()) };
        snapshot.open_orders.push(VenueOrder {
            instrument,
            order: whose(prefix, &self.client_order_id),
            venue_order_id: self.order_id,
            side: self.side.and_then(side).ok_or(DecodeError::Field("side"))?,
            price: price(self.price, "price")?,
            qty: qty(self.orig_qty, "origQty")?,
            cum_qty: qty(self.executed_qty, "executedQty")?,
            purpose: self.purpose(),
        });
        Ok(())
    }

    fn purpose(&self) -> Purpose {
        match (self.close_position, self.reduce_only) {
            (true, _) => Purpose::Protective,
            (false, true) => Purpose::Reducing,
            (false, false) => Purpose::Opening,
        }
    }
}

#[cfg(test)]
mod tests;
