//! What a venue tells of its instruments: what it lists, how much it takes, what it charges.

use super::binance::{self, spot, usdm};
use super::{Answer, Call, Credentials, DecodeError, RateLimit, VenueKind};
use crate::types::{Filters, InstrumentKind};

/// One thing that a venue lists, by the venue's own names.
#[derive(Clone, Debug, PartialEq)]
pub struct Listing {
    /// The venue's spelling.
    pub symbol: String,
    /// Spot or perpetual.
    pub kind: InstrumentKind,
    /// What is bought and sold.
    pub base: String,
    /// What prices are in.
    pub quote: String,
    /// What profit, loss and margin are in.
    pub settle: String,
    /// The venue's rules for orders.
    pub filters: Filters,
}

/// Requests that together tell what a venue lists of these symbols, or of all; they need no key.
pub fn reference_calls(kind: VenueKind, symbols: &[String]) -> Vec<Call> {
    match kind {
        VenueKind::BinanceSpot => spot::reference_calls(symbols),
        VenueKind::BinanceUsdm => vec![usdm::reference_call()],
    }
}

/// What a venue lists, from the answer to one of [`reference_calls`]. Contracts of kinds that
/// cannot be traded here, and rows that cannot be read whole, are left out.
pub fn listings(kind: VenueKind, answer: &Answer) -> Result<Vec<Listing>, DecodeError> {
    match kind {
        VenueKind::BinanceSpot => spot::listings(answer),
        VenueKind::BinanceUsdm => usdm::listings(answer),
    }
}

/// How much a venue takes, from the answer to one of [`reference_calls`]; nothing where it does not
/// say.
pub fn listed_rate_limits(kind: VenueKind, answer: &Answer) -> Vec<RateLimit> {
    match kind {
        VenueKind::BinanceSpot | VenueKind::BinanceUsdm => binance::limits::listed(answer),
    }
}

/// What an account pays for trades of one symbol; below zero is a rebate.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct SymbolFees {
    /// The venue's spelling.
    pub symbol: String,
    /// Of an order that rested, in 1e-8 of the notional.
    pub maker_e8: i64,
    /// Of an order that took, in 1e-8 of the notional.
    pub taker_e8: i64,
}

/// Request for what an account pays for trades of a symbol.
pub fn fee_call(
    kind: VenueKind,
    credentials: &Credentials,
    recv_window_ms: u32,
    symbol: &str,
    venue_unix_ms: u64,
) -> Call {
    match kind {
        VenueKind::BinanceSpot => {
            spot::fee_call(credentials, recv_window_ms, symbol, venue_unix_ms)
        }
        VenueKind::BinanceUsdm => {
            usdm::fee_call(credentials, recv_window_ms, symbol, venue_unix_ms)
        }
    }
}

/// What the answer to [`fee_call`] says.
///
/// # Errors
/// [`DecodeError`] when it is not whole, or the venue refused.
pub fn symbol_fees(kind: VenueKind, answer: &Answer) -> Result<SymbolFees, DecodeError> {
    match kind {
        VenueKind::BinanceSpot => spot::symbol_fees(answer),
        VenueKind::BinanceUsdm => usdm::symbol_fees(answer),
    }
}
