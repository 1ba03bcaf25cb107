//! A venue that counts nearly as much of ours as it takes: the core is told, and told when it has
//! room again.

use super::Shared;
use crate::core::EventKind;
use crate::runtime::link::Said;
use crate::types::{Condition, VenueCondition};
use crate::venue::AccountDialect;
use std::rc::Rc;
use std::time::Duration;

/// Between two looks. What the kernel may send in such a time, its own rates bound.
const LOOK: Duration = Duration::from_millis(50);

/// Looks for ever.
pub(super) async fn follow<D: AccountDialect + ?Sized>(shared: Rc<Shared<D>>) {
    let mut was_near = false;
    loop {
        tokio::time::sleep(LOOK).await;
        let is_near = shared.allowance.is_near_limit();
        if is_near == std::mem::replace(&mut was_near, is_near) {
            continue;
        }
        let condition = match is_near {
            true => {
                let counted = shared.allowance.in_words();
                tracing::warn!(counted, "near the limits of the venue: nothing is opened");
                Condition::NearLimit
            }
            false => {
                tracing::info!("the venue has room again");
                Condition::BelowLimit
            }
        };
        let event = EventKind::Condition(VenueCondition { venue: shared.venue, condition });
        Said::new(event, shared.clock.mono_ns()).into(&shared.lane).await;
    }
}
