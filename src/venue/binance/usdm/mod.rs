//! USDⓈ-M futures (venue sheet `binance-usdm`), engine's side.
//!
//! In reading order: `user` (the private stream); `entry` (orders); `error` (what a code means);
//! `rest` (the account), `tiers` (of margin), `fees` (of trades), `listing` (reference data),
//! `good_till` (ends that the venue keeps), `dead_man` (the venue's own switch), `stop` (stops that
//! wait there) and `panic` (getting out).

mod dead_man;
mod entry;
mod error;
mod fees;
mod good_till;
mod listing;
mod panic;
mod rest;
mod stop;
mod tiers;
mod user;

pub(super) use entry::Usdm;
pub(in crate::venue) use error::meaning;
pub(in crate::venue) use listing::{listings, reference_call};
pub(in crate::venue) use panic::panic;

use super::market::{Market, Routes};
use super::orders::{Desk, Orders};
use super::sign::Signer;
use crate::venue::key::KeyPermissions;
use crate::venue::{
    Answer, Call, Credentials, DeadManCost, DecodeError, Dialects, Directory, SymbolFees,
};

/// `countdownCancelAll` weighs 10 of 2,400 a minute (venue sheet section 3).
pub(in crate::venue) const DEAD_MAN_COST: DeadManCost =
    DeadManCost { request_weight: 10, weight_per_minute: 2_400 };

/// Trades come as `aggTrade`, because the sheet (section 1) documents it and not `trade`. A
/// snapshot has the most levels that the venue gives, for 20 request weights.
pub(super) const ROUTES: Routes = Routes {
    streams: &[
        ("/public", &["bookTicker", "depth@100ms"]),
        ("/market", &["aggTrade", "markPrice@1s"]),
    ],
    snapshot: "/fapi/v1/depth",
    snapshot_limit: 1_000,
};

/// The three conversations.
pub(in crate::venue) fn dialects(directory: &Directory, credentials: &Credentials) -> Dialects {
    let desk = Desk::new(directory, credentials);
    let entry = Usdm::new(&desk);
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
    fees::symbol_fees(Some(answer))
}

/// What a key may do, for who trades futures.
pub(in crate::venue) fn permissions(answer: &Answer) -> Result<KeyPermissions, DecodeError> {
    super::wallet::permissions(answer)
}
