//! The dialect of Binance USDⓈ-M futures (venue sheet `binance-usdm`), engine's side. Market
//! frames of Binance Spot are read too, because recordings of both exist.
//!
//! In reading order: [`wire`] (bytes to frames; `scan`, `object` and `template` below it), `sync`
//! (keeping a book in step), `market` (quotes, trades and books); `user` (the private stream);
//! `sign`, `command` (orders out) and `answer` (what comes back); [`error`] (what a code means);
//! `rest` (account and clock), `trades` (of the account, by id), `tiers` (of margin), `fees` (of
//! trades), `listing` (reference data), `dead_man` (the venue's own switch) and `panic` (getting
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
pub mod wire;

#[cfg(test)]
mod support;

pub(super) use listing::{listings, reference_call};
pub(super) use panic::panic;

use super::{Credentials, DeadManCost, Dialects, Directory};

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
