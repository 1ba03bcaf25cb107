//! The venue's rules and fees for the instruments of a configuration, read now (R69, R70).
//!
//! Must hold: questions only; what cannot be read of one symbol is an error of the whole, so that
//! no file says less than it seems to.

use super::assemble::symbols;
use super::clock::Clock;
use super::inquiry::{self, Inquiry, InquiryError};
use crate::config::Config;
use crate::ops::reference::Reading;
use crate::types::MS;
use crate::venue::{
    Answer, Listing, RateLimit, SymbolFees, Usage, fee_call, listed_rate_limits, listings,
    reference_calls, symbol_fees,
};
use std::time::Duration;

/// Between two questions after fees: each weighs 20 of 2,400 a minute (venue sheet section 3), and
/// an engine on the same address keeps the half.
const PACE: Duration = Duration::from_secs(1);

/// The rules for orders of the configured instruments.
///
/// # Errors
/// [`InquiryError`]; a configured symbol that the venue does not list is one.
pub fn fetch_filters(config: &Config) -> Result<Reading, InquiryError> {
    let Listed { listings, unix_ns, .. } = listed(config)?;
    Ok(Reading::of_filters(&config.venue.name, unix_ns, &listings))
}

/// What the account pays for trades of the configured instruments.
///
/// # Errors
/// [`InquiryError`].
pub fn fetch_fees(config: &Config) -> Result<Reading, InquiryError> {
    let (found, unix_ns) = fees(config)?;
    Ok(Reading::of_fees(&config.venue.name, unix_ns, &found))
}

/// What the venue said of itself.
pub(super) struct Listed {
    /// Of the configured instruments, in their order.
    pub(super) listings: Vec<Listing>,
    /// What it takes of requests and orders, and what it has counted.
    pub(super) rate_limits: Vec<RateLimit>,
    /// When it said so, nanoseconds since the Unix epoch.
    pub(super) unix_ns: u64,
}

/// What the venue lists.
pub(super) fn listed(config: &Config) -> Result<Listed, InquiryError> {
    inquiry::wait(async {
        let inquiry = Inquiry::begin(config, Clock::start()).await?;
        let kind = config.venue.kind;
        let mut all = Vec::new();
        for call in reference_calls(kind, &symbols(config)) {
            let read = |answer: &Answer| {
                let limits = listed_rate_limits(kind, answer);
                inquiry.allowance.heed(&Usage { limits, ..Usage::default() });
                listings(kind, answer)
            };
            all.extend(inquiry.ask("what the venue lists", &call, read).await?);
        }
        let mut listings = Vec::new();
        for wanted in &config.instruments {
            let listing = all.iter().find(|it| it.symbol == wanted.symbol);
            let unlisted = || InquiryError::Unlisted(wanted.symbol.clone());
            listings.push(listing.cloned().ok_or_else(unlisted)?);
        }
        let unix_ns = inquiry.venue_unix_ms().saturating_mul(MS);
        Ok(Listed { listings, rate_limits: inquiry.allowance.told(), unix_ns })
    })
}

/// What the account pays for trades of them, likewise.
pub(super) fn fees(config: &Config) -> Result<(Vec<SymbolFees>, u64), InquiryError> {
    inquiry::wait(async {
        let inquiry = Inquiry::begin(config, Clock::start()).await?;
        let (kind, credentials) = (config.venue.kind, &config.venue.access.credentials);
        let mut found = Vec::new();
        for (at, instrument) in config.instruments.iter().enumerate() {
            if 0 < at {
                tokio::time::sleep(PACE).await;
            }
            let (symbol, unix_ms) = (&instrument.symbol, inquiry.venue_unix_ms());
            let window_ms = config.venue.recv_window_ms;
            let call = fee_call(kind, credentials, window_ms, symbol, unix_ms);
            let read = |answer: &_| symbol_fees(kind, answer);
            found.push(inquiry.ask(&format!("the fees of {symbol}"), &call, read).await?);
        }
        Ok((found, inquiry.venue_unix_ms().saturating_mul(MS)))
    })
}
