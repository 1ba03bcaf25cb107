//! What a key of an account may do, as its venue tells it (SAFETY E3, R133, R134).
//!
//! Must hold: a permission that the venue does not tell is not known, and never "no".

use super::binance;
use super::{Answer, Call, Credentials, DecodeError, VenueKind};

/// What a key may do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct KeyPermissions {
    /// Read the account.
    pub reads: bool,
    /// Trade what this kind of venue trades.
    pub trades: bool,
    /// Send money away.
    pub withdraws: bool,
    /// Move money to other accounts of the same owner or of others at the venue.
    pub transfers: bool,
    /// Trade on other markets than this kind of venue's, or borrow.
    pub trades_elsewhere: bool,
    /// Only from addresses that its owner named.
    pub is_bound_to_addresses: bool,
    /// When it was made, milliseconds since the Unix epoch.
    pub created_unix_ms: u64,
}

/// The question after the permissions of the key that it is signed with, for the address at which
/// the venue answers it.
pub fn permissions_call(
    kind: VenueKind,
    credentials: &Credentials,
    recv_window_ms: u32,
    venue_unix_ms: u64,
) -> Call {
    match kind {
        VenueKind::BinanceUsdm => {
            binance::permissions_call(credentials, recv_window_ms, venue_unix_ms)
        }
    }
}

/// What the answer to [`permissions_call`] says.
///
/// # Errors
/// [`DecodeError`] when any of it is missing, or the venue refused.
pub fn permissions(kind: VenueKind, answer: &Answer) -> Result<KeyPermissions, DecodeError> {
    match kind {
        VenueKind::BinanceUsdm => binance::permissions(answer),
    }
}
