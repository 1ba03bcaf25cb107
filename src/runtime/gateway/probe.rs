//! A venue in maintenance: asked by one small question, ever more slowly, until it answers (R67).
//!
//! Must hold: one question at a time and nothing beside it but cancels and exits; a venue that is
//! down is not asked faster because we want more.

use super::Shared;
use crate::core::EventKind;
use crate::runtime::link::Said;
use crate::types::{Condition, VenueCondition};
use crate::venue::AccountDialect;
use std::rc::Rc;
use std::time::Duration;

/// The first wait: most refusals are over within a second.
const FIRST: Duration = Duration::from_secs(1);

/// The longest: maintenance takes hours, and a minute late is early enough.
const LONGEST: Duration = Duration::from_secs(60);

/// Waits for maintenance and for its end, for ever.
pub(super) async fn follow<D: AccountDialect + ?Sized>(shared: Rc<Shared<D>>) {
    loop {
        shared.probe.notified().await;
        let mut wait = FIRST;
        loop {
            tokio::time::sleep(wait).await;
            if answers(&shared).await {
                break;
            }
            wait = longer(wait);
        }
        shared.unavailable.set(false);
        tracing::info!("the venue answers again");
        let (venue, condition) = (shared.venue, Condition::Available);
        let event = EventKind::Condition(VenueCondition { venue, condition });
        Said::new(event, shared.clock.mono_ns()).into(&shared.lane).await;
    }
}

async fn answers<D: AccountDialect + ?Sized>(shared: &Shared<D>) -> bool {
    let call = shared.dialect.borrow().ping_call();
    let answer = shared.questions.ask(&call).await;
    answer.is_ok_and(|answer| shared.dialect.borrow().is_available(&answer))
}

fn longer(wait: Duration) -> Duration {
    wait.saturating_mul(2).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_waits_double_up_to_a_minute() {
        let waits = std::iter::successors(Some(FIRST), |wait| Some(longer(*wait)));
        let seconds: Vec<u64> = waits.take(9).map(|wait| wait.as_secs()).collect();
        assert_eq!(seconds, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    }
}
