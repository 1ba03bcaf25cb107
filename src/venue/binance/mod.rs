//! The dialect of Binance USDⓈ-M futures (venue sheet `binance-usdm`), engine's side. Market
//! frames of Binance Spot are read too, because recordings of both exist.
//!
//! In reading order: [`wire`] (bytes to frames; `scan`, `object` and `template` below it), `sync`
//! (keeping a book in step), `market` (quotes, trades and books); `user` (the private stream);
//! `sign`, `command` (orders out, answers in); `rest` (account, clock, reference data); [`error`]
//! (what a code means); `names`, `json` and `text` serve all of them.
//!
//! Must hold: whose order it is, is told by our prefix and nothing else; an outcome that is not
//! known is said to be not known (D10).

mod json;
mod market;
mod names;
mod object;
mod scan;
mod sync;
mod template;
mod text;
pub mod wire;

#[cfg(test)]
mod support;

use super::{Credentials, Dialects, Directory};

pub(super) fn usdm(_d: &Directory, _c: &Credentials) -> Dialects {
    unreachable!()
}
