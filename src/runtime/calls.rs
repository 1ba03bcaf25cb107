//! Requests over HTTP to one address of a venue, within what it allows.
//!
//! Must hold: what must yield does not leave; what every answer says of the venue's limits is
//! heeded before anybody else reads it.

use super::allowance::{Allowance, Errand, Withheld};
use super::clock::Clock;
use super::link;
use crate::net::http::{HttpClient, HttpLimits};
use crate::net::{Address, Dial, NetError};
use crate::venue::{Answer, Call, VenueKind, usage};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum CallError {
    #[error(transparent)]
    Net(#[from] NetError),
    #[error(transparent)]
    Withheld(#[from] Withheld),
}

impl CallError {
    /// Says it, but for what the allowance says once.
    pub(super) fn say(&self, what: &'static str) {
        match self {
            Self::Net(error) => tracing::warn!(%error, "{what}"),
            Self::Withheld(why) => tracing::debug!(%why, "{what}"),
        }
    }
}

/// Where a venue answers over HTTP, and what it allows all of us there.
#[derive(Clone, Debug)]
pub(super) struct Rest {
    pub(super) address: Address,
    pub(super) allowance: Allowance,
}

impl Rest {
    pub(super) fn new(address: Address, kind: VenueKind, clock: &Clock) -> Self {
        Self { address, allowance: Allowance::new(kind, clock) }
    }
}

/// Who makes them, over one connection.
#[derive(Debug)]
pub(super) struct Calls {
    client: HttpClient,
    allowance: Allowance,
}

impl Calls {
    pub(super) fn new(rest: &Rest, dial: &Dial) -> Result<Self, NetError> {
        let client = HttpClient::new(rest.address.clone(), dial.clone(), HttpLimits::STANDARD)?;
        Ok(Self { client, allowance: rest.allowance.clone() })
    }

    /// Makes a dialect's call.
    pub(super) async fn make(&self, call: &Call, errand: Errand) -> Result<Answer, CallError> {
        self.allowance.admit(errand)?;
        let answer = link::call(&self.client, call).await?;
        self.allowance.heed(&usage(self.allowance.kind(), &answer));
        Ok(answer)
    }

    /// Opens the connection.
    pub(super) async fn warm_up(&self) -> Result<(), NetError> {
        self.client.warm_up().await
    }

    /// What the venue allows here.
    pub(super) fn allowance(&self) -> &Allowance {
        &self.allowance
    }
}
