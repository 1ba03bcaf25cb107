//! The simulated exchange: pure, so that paper, back-tests, dry-runs, drills and tests share it.
//!
//! One model of the market for every world: the market is a stream of
//! [`MarketEvent`](crate::types::MarketEvent)s, from a recording or from [`market::Synthetic`], and
//! our orders are matched against that book and that tape. In reading order:
//!
//! - [`rng`] and [`market`]: where a synthetic market comes from;
//! - [`book`]: the market of one instrument as an order meets it;
//! - [`order`], [`self_trade`], [`conditional`], [`trigger`], [`reject`], [`filters`],
//!   [`account`]: nouns and rules;
//! - [`exchange`]: accounts and orders, matched (the matching itself is in `matching`, what a taker
//!   meets in which order in `walk`, conditional orders in `conditionals`, what becomes of them in
//!   `triggering`, dead-man's switches in `countdown`, dates of orders in `good_till`, what the
//!   account must carry in `margin`, what becomes of one that cannot in `liquidation`, what longs
//!   pay to shorts in [`funding`], what moves wallets besides trades in [`payments`], what an
//!   account locks and swaps on Spot in `wallets`, an account of a real venue taken over in
//!   `adopt`);
//! - [`direct`]: the exchange spoken to in process, by commands and events;
//! - [`binance`]: the exchange spoken to as Binance Spot and USDⓈ-M, by bytes;
//! - [`faults`]: what goes wrong on the way to it and back, and what really happened.
//!
//! Must hold: nothing here reads a clock, draws from a source without a seed or panics on what it
//! is sent. Time is an argument, milliseconds since the Unix epoch.
//!
//! Deliberately absent: our orders move no price (no impact), and those of two accounts do not
//! meet each other; no auto-deleveraging, no hedge mode. A back-test that is good because of one of
//! these is not good.

pub mod account;
mod adopt;
pub mod amend;
pub mod binance;

pub mod book;
pub mod conditional;
mod conditionals;
mod countdown;
pub mod direct;
pub mod exchange;
pub mod faults;
pub mod filters;
pub mod funding;
mod good_till;
mod history;
mod liquidation;
mod margin;
pub mod market;
mod matching;
pub mod order;
pub mod payments;
pub mod reject;
pub mod rng;
pub mod self_trade;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
pub mod trigger;
mod triggering;
mod walk;
mod wallets;

pub use account::{Account, Fees, Position};
pub use binance::{AccountSpec, HttpReply, HttpRequest, RateLimits, Server, SpotAccount};
pub use book::Book;
pub use direct::Direct;
pub use exchange::{AccountIndex, Exchange};
pub use faults::{FaultKind, Outgoing, Target, Unreliable};
pub use history::{Extremes, History};
pub use market::Synthetic;
pub use matching::Part;
pub use order::{ClientText, Order, OrderEntry, OrderKey, Report, ReportKind, State, TradeRecord};
pub use reject::Reject;
pub use rng::Rng;
pub use self_trade::SelfTrade;
