//! The few words that getting out takes, by the venue's own symbols: no configuration, no directory
//! of instruments, no index (SAFETY E3).
//!
//! Must hold: a reading that cannot be read whole is an error; an exit carries whatever makes the
//! venue itself refuse to turn the position; where nothing does, it sells what the account holds.

use super::{Answer, Call, Credentials, DecodeError, VenueKind, binance};
use crate::types::{Filters, Price, Purpose, Qty, Quote, Side};

/// An order that stands at the venue, whoever placed it.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Resting {
    /// Of what.
    pub symbol: String,
    /// The venue's number of it.
    pub key: RestingKey,
    /// What for, as far as the venue tells.
    pub purpose: Purpose,
}

/// How the venue finds an order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum RestingKey {
    /// In the book.
    Order(u64),
    /// Kept apart until its condition is met.
    Conditional(u64),
}

/// A position.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Held {
    /// Of what.
    pub symbol: String,
    /// Which position of the symbol.
    pub leg: Leg,
    /// Signed; never zero.
    pub qty: Qty,
    /// The venue's mark price, where it tells one.
    pub mark: Option<Price>,
}

/// Accounts in hedge mode hold two positions of one symbol.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Leg {
    /// The only one.
    Net,
    /// The long one.
    Long,
    /// The short one.
    Short,
}

/// An order that closes part of a position: immediate or cancel, and never more than reduces.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct PanicExit {
    /// Of what.
    pub symbol: String,
    /// Which position.
    pub leg: Leg,
    /// Which way.
    pub side: Side,
    /// How much.
    pub qty: Qty,
    /// Worst price.
    pub price: Price,
    /// Its id, of at most 36 letters, digits and underscores.
    pub id: String,
}

/// A conversation by question and answer.
pub trait PanicDialect: std::fmt::Debug {
    /// The venue's clock.
    fn clock_call(&self) -> Call;

    /// Milliseconds since the Unix epoch.
    fn on_clock(&self, answer: &Answer) -> Result<u64, DecodeError>;

    /// The rules for orders; needs no key.
    fn rules_call(&self) -> Call;

    /// By symbol.
    fn on_rules(&self, answer: &Answer) -> Result<Vec<(String, Filters)>, DecodeError>;

    /// The calls that together list every order that stands, of these symbols; of the whole account
    /// when there are none, which weighs much more.
    fn orders_calls(&self, symbols: &[String], venue_unix_ms: u64) -> Vec<Call>;

    /// From the answers, in the same order.
    fn on_orders(&self, answers: &[Answer]) -> Result<Vec<Resting>, DecodeError>;

    /// The calls that together tell every position.
    fn positions_calls(&self, venue_unix_ms: u64) -> Vec<Call>;

    /// Those that are not flat, from the answers, in the same order.
    fn on_positions(&self, answers: &[Answer]) -> Result<Vec<Held>, DecodeError>;

    /// Best prices of one symbol; needs no key.
    fn quote_call(&self, symbol: &str) -> Call;

    /// The best prices.
    fn on_quote(&self, answer: &Answer) -> Result<Quote, DecodeError>;

    /// Takes back what stands in the book of a symbol.
    fn cancel_all_call(&self, symbol: &str, venue_unix_ms: u64) -> Call;

    /// Takes one order back.
    fn cancel_call(&self, order: &Resting, venue_unix_ms: u64) -> Call;

    /// Closes part of a position.
    fn exit_call(&self, exit: &PanicExit, venue_unix_ms: u64) -> Call;

    /// Whether a cancel or an exit was taken; what it came to, only a reading tells.
    fn on_taken(&self, answer: &Answer) -> Result<(), DecodeError>;
}

/// The conversation with a kind of venue, about these symbols; about all where there are none.
pub fn panic_dialect(
    kind: VenueKind,
    credentials: &Credentials,
    symbols: &[String],
) -> Box<dyn PanicDialect> {
    match kind {
        VenueKind::BinanceSpot => binance::spot::panic(credentials, symbols),
        VenueKind::BinanceUsdm => binance::usdm::panic(credentials),
    }
}

/// Where a kind of venue is, when nobody says otherwise.
pub fn rest_url(kind: VenueKind) -> &'static str {
    match kind {
        VenueKind::BinanceSpot => "https://api.binance.com",
        VenueKind::BinanceUsdm => "https://fapi.binance.com",
    }
}
