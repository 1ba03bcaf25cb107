//! The dialects of Binance, engine's side: `spot`, `usdm` (USDⓈ-M futures), and what every market
//! of the venue shares.
//!
//! In reading order: [`wire`] (bytes to frames; `scan`, `object` and `template` below it), `sync`
//! (keeping a book in step), `market` (quotes, trades and books); `sign`, `request` and `message`
//! (requests of the WebSocket API), `logon` (a connection for them), `read_back` (a second look at
//! them), `reply` (answers about one order), `orders` (order entry, made of all these); `error`
//! (what a refusal says of the venue), `notice` (of the end of a connection), `limits` (how much it
//! takes of us), `trades` (of the account, by id) and `wallet` (what the key may do). `names`,
//! `order`, `json` and `text` serve all of them.
//!
//! Must hold: whose order it is, is told by our prefix and nothing else; an outcome that is not
//! known is said to be not known (D10).

mod error;
mod json;
pub(super) mod limits;
mod logon;
mod market;
mod message;
mod names;
mod notice;
mod object;
mod order;
mod orders;
mod read_back;
mod reply;
mod request;
mod scan;
mod sign;
pub(super) mod spot;
mod sync;
mod template;
mod text;
mod trades;
pub(super) mod usdm;
mod wallet;
pub mod wire;

#[cfg(test)]
mod support;

pub(super) use wallet::permissions_call;
