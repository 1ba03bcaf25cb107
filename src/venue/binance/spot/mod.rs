//! Spot (venue sheet `binance-spot`), engine's side.
//!
//! In reading order: `user` (the private stream); `entry` (orders); `error` (what a code means);
//! `rest` (account), `fees` (of trades), `listing` (reference data) and `panic` (getting out).
//!
//! Must hold: the position of an instrument is what the account holds of its base asset, free and
//! locked; there is no other.
//!
//! Deliberately absent, because the venue has none of it here: reduce-only orders, ends that the
//! venue keeps (GTD), a dead-man's switch, leverage, marks and funding. Order lists, stops and
//! pegged orders are never placed.

mod entry;
mod error;
mod fees;
mod listing;
mod panic;
mod rest;
mod user;

pub(super) use entry::Spot;
pub(in crate::venue) use error::meaning;
pub(in crate::venue) use listing::{listings, reference_calls};
pub(in crate::venue) use panic::panic;

use super::market::{Market, Routes};
use super::orders::{Desk, Orders};
use super::sign::Signer;
use crate::venue::key::KeyPermissions;
use crate::venue::{Answer, Call, Credentials, DecodeError, Dialects, Directory, SymbolFees};

/// All streams of a symbol on one connection. A snapshot of so many levels weighs 50 of 6,000 a
/// minute; the venue gives up to 5,000, for 250.
pub(super) const ROUTES: Routes = Routes {
    streams: &[("", &["bookTicker", "depth@100ms", "aggTrade"])],
    snapshot: "/api/v3/depth",
    snapshot_limit: 1_000,
};

/// The three conversations.
pub(in crate::venue) fn dialects(directory: &Directory, credentials: &Credentials) -> Dialects {
    let desk = Desk::new(directory, credentials);
    let entry = Spot::new(directory);
    Dialects {
        market: Box::new(Market::new(directory, &ROUTES)),
        user: Box::new(user::User::new(directory, credentials)),
        orders: Box::new(Orders::new(desk, entry)),
    }
}

/// The question after what an account pays for trades of a symbol.
pub(in crate::venue) fn fee_call(
    credentials: &Credentials,
    recv_window_ms: u32,
    symbol: &str,
    venue_unix_ms: u64,
) -> Call {
    fees::fee_call(&Signer::new(credentials, recv_window_ms), symbol, venue_unix_ms)
}

/// What it is answered with.
pub(in crate::venue) fn symbol_fees(answer: &Answer) -> Result<SymbolFees, DecodeError> {
    fees::symbol_fees(answer)
}

/// What a key may do, for who trades spot.
pub(in crate::venue) fn permissions(answer: &Answer) -> Result<KeyPermissions, DecodeError> {
    super::wallet::spot_permissions(answer)
}
