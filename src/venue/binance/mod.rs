//! The dialect of Binance USDⓈ-M futures (venue sheet `binance-usdm`), engine's side. Market
//! frames of Binance Spot are read too, because recordings of both exist.
//!
//! In reading order: [`wire`] (bytes to frames; `scan`, `object` and `template` below it), `sync`
//! (keeping a book in step), `market` (quotes, trades and books); `user` (the private stream);
//! `sign`, `command` (orders out) and `answer` (what comes back); [`error`] (what a code means);
//! `rest` (account and clock), `trades` (of the account, by id), `tiers` (of margin), `fees` (of
//! trades), `listing` (reference data), `dead_man` (the venue's own switch), `wallet` (what
//! the key may do) and `panic` (getting
//! out). `names`, `order`, `json` and `text` serve all of them.
//!
//! Must hold: whose order it is, is told by our prefix and nothing else; an outcome that is not
//! known is said to be not known (D10).

mod answer;
mod command;
mod dead_man;
pub mod error;
mod fees;
mod good_till;
mod json;
mod listing;
mod market;
mod names;
mod object;
mod order;
mod panic;
mod read_back;
mod rest;
mod scan;
mod sign;
mod sync;
mod template;
mod text;
mod tiers;
mod trades;
mod user;
mod wallet;
pub mod wire;

#[cfg(test)]
mod support;

pub(super) use listing::{listings, reference_call};
pub(super) use panic::panic;
pub(super) use wallet::{permissions, permissions_call};

use super::{Answer, Call, Credentials, DeadManCost, DecodeError, Dialects, Directory, SymbolFees};

/// `countdownCancelAll` weighs 10 of 2,400 a minute (venue sheet section 3).
pub(super) const DEAD_MAN_COST: DeadManCost =
    DeadManCost { request_weight: 10, weight_per_minute: 2_400 };

/// The three conversations.
pub(super) fn usdm(directory: &Directory, credentials: &Credentials) -> Dialects {
    Dialects {
        market: Box::new(market::Market::new(directory)),
        user: Box::new(user::User::new(directory, credentials)),
        orders: Box::new(command::Orders::new(directory, credentials)),
    }
}

/// The question after what an account pays for trades of a symbol.
pub(super) fn fee_call(
    credentials: &Credentials,
    recv_window_ms: u32,
    symbol: &str,
    venue_unix_ms: u64,
) -> Call {
    fees::fee_call(&sign::Signer::new(credentials, recv_window_ms), symbol, venue_unix_ms)
}

/// What it is answered with.
pub(super) fn symbol_fees(answer: &Answer) -> Result<SymbolFees, DecodeError> {
    fees::symbol_fees(Some(answer))
}
