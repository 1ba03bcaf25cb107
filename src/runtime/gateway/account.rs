//! Readings of the whole account: several calls, one answer, or none.

use super::Shared;
use crate::core::{AccountEvent, EventKind};
use crate::runtime::link;
use crate::types::{QueryToken, VenueId};
use std::rc::Rc;

/// Starts a reading; its answer comes as an event.
pub(super) fn read(shared: &Rc<Shared>, venue: VenueId, token: QueryToken, venue_unix_ms: u64) {
    let shared = Rc::clone(shared);
    tokio::task::spawn_local(async move {
        let calls = shared.dialect.borrow().account_calls(venue_unix_ms);
        let mut answers = Vec::with_capacity(calls.len());
        for call in &calls {
            match link::call(&shared.read_calls, call).await {
                Ok(answer) => answers.push(answer),
                Err(error) => {
                    tracing::warn!(%error, "the account could not be read");
                    failed(&shared, venue, token);
                    return;
                }
            }
        }
        let account = shared.dialect.borrow().account(token, &answers);
        match account {
            Ok(snapshot) => {
                shared.tell(EventKind::Account(AccountEvent::Snapshot(Box::new(snapshot))));
            }
            Err(error) => {
                tracing::warn!(%error, "the venue's reading of the account could not be used");
                failed(&shared, venue, token);
            }
        }
    });
}

/// Says that a reading failed: the core asks again.
pub(super) fn failed(shared: &Shared, venue: VenueId, token: QueryToken) {
    shared.tell(EventKind::Account(AccountEvent::QueryFailed { venue, token }));
}
