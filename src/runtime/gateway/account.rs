//! Readings of the whole account: several calls, one answer, or none.

use super::Shared;
use crate::core::{AccountEvent, EventKind};
use crate::types::{QueryToken, VenueId};
use crate::venue::AccountDialect;
use std::rc::Rc;

/// Seconds of quiet where the venue does not say how many, and the most that it is believed.
const QUIET_S: u32 = 5;
const QUIET_S_MAX: u32 = 300;

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
                Ok(answer) if is_ban(answer.status) => {
                    obey(&shared, answer.retry_after_s);
                    failed(&shared, venue, token);
                    return;
                }
                Ok(answer) => answers.push(answer),
                Err(error) => {
                    tracing::warn!(%error, "the account could not be read");
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

/// The statuses of a venue that is asked too often: a warning, and a ban that grows with every
/// further question (venue sheet, limits).
pub(super) fn is_ban(status: u16) -> bool {
    matches!(status, 429 | 418)
}

/// No reading until the venue takes one again.
pub(super) fn obey<D: AccountDialect + ?Sized>(shared: &Shared<D>, retry_after_s: Option<u32>) {
    let wait_s = retry_after_s.unwrap_or(QUIET_S).clamp(1, QUIET_S_MAX);
    tracing::error!(wait_s, "the venue refuses readings of the account: too many requests");
    shared.be_quiet(wait_s);
}

/// Says that a reading failed: the core asks again.
pub(super) fn failed<D: AccountDialect + ?Sized>(
    shared: &Shared<D>,
    venue: VenueId,
    token: QueryToken,
) {
    shared.tell(EventKind::Account(AccountEvent::QueryFailed { venue, token }));
}
