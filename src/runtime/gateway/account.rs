//! Readings of the whole account: several calls, one answer, or none.

use super::Shared;
use crate::core::{AccountEvent, EventKind};
use crate::types::{QueryToken, VenueId};
use crate::venue::AccountDialect;
use std::rc::Rc;

/// Starts a reading; its answer comes as an event.
pub(super) fn read<D: AccountDialect + ?Sized + 'static>(
    shared: &Rc<Shared<D>>,
    venue: VenueId,
    token: QueryToken,
    venue_unix_ms: u64,
) {
    if shared.is_quiet() {
        failed(shared, venue, token);
        return;
    }
    let shared = Rc::clone(shared);
    tokio::task::spawn_local(async move {
        let calls = shared.dialect.borrow().account_calls(venue_unix_ms);
        let mut answers = Vec::with_capacity(calls.len());
        for call in &calls {
            match shared.questions.ask(call).await {
                Ok(answer) => answers.push(answer),
                Err(error) => {
                    error.say("the account could not be read");
                    failed(&shared, venue, token);
                    return;
                }
            }
        }
        let account = shared.dialect.borrow_mut().account(token, &answers);
        shared.heed();
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
pub(super) fn failed<D: AccountDialect + ?Sized>(
    shared: &Shared<D>,
    venue: VenueId,
    token: QueryToken,
) {
    shared.tell(EventKind::Account(AccountEvent::QueryFailed { venue, token }));
}
