//! What the key of a deployment may do, asked at its venue (SAFETY E3).
//!
//! Must hold: what is not told is an error and never a permission that the key does not have.

use super::clock::Clock;
use super::inquiry::{self, Inquiry, InquiryError};
use super::questions::Questions;
use crate::config::Config;
use crate::net::Address;
use crate::ops::keys::CheckedKey;
use crate::venue::key::{permissions, permissions_call};

/// Asks what the key of a configuration may do.
///
/// # Errors
/// [`InquiryError`]: it is not known.
pub fn check_key(config: &Config) -> Result<CheckedKey, InquiryError> {
    inquiry::wait(ask(config, Clock::start()))
}

/// The same, on a thread that asks other things too.
pub(super) async fn ask(config: &Config, clock: Clock) -> Result<CheckedKey, InquiryError> {
    let inquiry = Inquiry::begin(config, clock).await?;
    let wallet = Address::parse(inquiry.wallet.ok_or(InquiryError::NoWallet)?)?;
    let wallet = Questions::new(&wallet, &inquiry.dial)?;
    let (kind, credentials) = (config.venue.kind, &config.venue.access.credentials);
    let unix_ms = inquiry.venue_unix_ms();
    let call = permissions_call(kind, credentials, config.venue.recv_window_ms, unix_ms);
    let read = |answer: &_| permissions(kind, answer);
    let told = inquiry.ask_at(&wallet, "what the key may do", &call, read).await?;
    Ok(CheckedKey::new(credentials, told, unix_ms))
}
