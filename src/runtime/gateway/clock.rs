//! The venue's clock: measured at the midpoint of a round trip (SAFETY E10, R78).

use super::Shared;
use crate::core::{ClockSample, EventKind};
use crate::types::MS;
use crate::venue::AccountDialect;
use std::rc::Rc;
use std::time::Duration;

/// How soon a measurement that failed is tried again, and the least time between two: the venue
/// counts these too.
const RETRY: Duration = Duration::from_secs(1);

/// The venue tells whole milliseconds: on average it is half of one later.
const HALF_MS_NS: u64 = MS / 2;

/// Measures for ever, every `refresh_ns`, and when the venue refuses our time (R79).
pub(super) async fn follow<D: AccountDialect + ?Sized>(shared: Rc<Shared<D>>, refresh_ns: u64) {
    loop {
        let rest = if measure(&shared).await { Duration::from_nanos(refresh_ns) } else { RETRY };
        tokio::time::sleep(RETRY).await;
        tokio::select! {
            () = tokio::time::sleep(rest.saturating_sub(RETRY)) => {}
            () = shared.clock_off.notified() => {}
        }
    }
}

async fn measure<D: AccountDialect + ?Sized>(shared: &Shared<D>) -> bool {
    let call = shared.dialect.borrow().clock_call();
    // The first call opens the connection: its round trip says nothing about the clock.
    if shared.questions.warm_up().await.is_err() {
        tracing::warn!("the venue cannot be reached to read its clock");
        return false;
    }
    let before = shared.clock.stamp();
    let answer = match shared.questions.ask(&call).await {
        Ok(answer) => answer,
        Err(error) => {
            error.say("the venue's clock could not be read");
            return false;
        }
    };
    let after = shared.clock.stamp();
    let venue_unix_ms = match shared.dialect.borrow().on_clock(&answer) {
        Ok(venue_unix_ms) => venue_unix_ms,
        Err(error) => {
            tracing::warn!(%error, "the venue's clock could not be understood");
            return false;
        }
    };
    let rtt_ns = after.mono_ns.saturating_sub(before.mono_ns);
    let venue_ns = venue_unix_ms.saturating_mul(MS).saturating_add(HALF_MS_NS);
    let middle_mono_ns = before.mono_ns.saturating_add(rtt_ns / 2);
    let middle_unix_ns = before.unix_ns.saturating_add(rtt_ns / 2);
    shared.venue_epoch_ms.set(Some(venue_ns.saturating_sub(middle_mono_ns) / MS));
    let offset_ns = i128::from(venue_ns) - i128::from(middle_unix_ns);
    let bound = i128::from(i64::MAX);
    let offset_ns = i64::try_from(offset_ns.clamp(-bound, bound)).unwrap_or(i64::MAX);
    let venue = shared.venue;
    shared.tell(EventKind::Clock(ClockSample { venue, offset_ns, rtt_ns }));
    true
}
