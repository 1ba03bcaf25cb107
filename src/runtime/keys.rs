//! What the key of a deployment may do, asked at its venue (SAFETY E3).
//!
//! Must hold: what is not told is an error and never a permission that the key does not have; with
//! real money a start knows of its key that it is fit, or opens nothing.
//!
//! Decision: an unfit key is no exit. Who holds a position needs its engine for cancels and exits
//! (E3); what is denied is opening, in the kernel, whatever the mode.

use super::clock::Clock;
use super::inquiry::{self, Inquiry, InquiryError};
use super::questions::Questions;
use crate::config::{Config, TradingMode};
use crate::core::KeyFitness;
use crate::net::Address;
use crate::ops::keys::CheckedKey;
use crate::venue::key::{permissions, permissions_call};
use std::time::Duration;

/// A start asks so often before the key counts as unproven, and waits so long in between.
const TRIES: u32 = 3;
const TRY_AGAIN: Duration = Duration::from_secs(1);

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

/// Whether the key of a start is one to trade with; says so where it is not.
pub(super) async fn fitness(config: &Config, clock: &Clock) -> KeyFitness {
    match config.mode {
        TradingMode::Paper | TradingMode::Lab => return KeyFitness::Exempt,
        TradingMode::Live => {}
    }
    let mut asked = ask(config, clock.clone()).await;
    for _ in 1..TRIES {
        if !matches!(asked, Err(InquiryError::Unreachable { .. })) {
            break;
        }
        tokio::time::sleep(TRY_AGAIN).await;
        asked = ask(config, clock.clone()).await;
    }
    match asked {
        Ok(key) => judged(&key),
        Err(error) => {
            tracing::error!(
                %error,
                "nobody can tell what the key may do: nothing is opened, exits and cancels pass; \
                 `engine keys check`, then start again"
            );
            KeyFitness::Unproven
        }
    }
}

fn judged(key: &CheckedKey) -> KeyFitness {
    let fingerprint = key.fingerprint.as_str();
    for concern in key.concerns() {
        let said = concern.said;
        match concern.is_fault {
            true => tracing::error!(fingerprint, "the key is unfit, nothing is opened: {said}"),
            false => tracing::warn!(fingerprint, "the key: {said}"),
        }
    }
    if key.is_unfit() { KeyFitness::Unfit } else { KeyFitness::Fit }
}
