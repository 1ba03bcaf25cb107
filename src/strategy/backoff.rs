//! Patience after a "no": how many turns to wait before the next wish.
//!
//! A denial or a reject seldom ends by asking again at once, and asking at every quote is a storm
//! of messages. Each further "no" doubles the wait, up to a bound; an order that lives ends it.

use crate::core::{Digest, Outcome};
use crate::types::OrderStatus;

/// Turns after the first "no".
const FIRST: u32 = 8;

/// Most turns: in a market of 200 quotes a second, a wish every two and a half seconds.
const MOST: u32 = 512;

/// Counts the turns that are left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Backoff {
    left: u32,
    next: u32,
}

impl Backoff {
    /// Ready.
    pub(super) fn new() -> Self {
        Self { left: 0, next: FIRST }
    }

    /// One turn passed. True when a wish may be uttered in it.
    pub(super) fn on_turn(&mut self) -> bool {
        let is_ready = self.left == 0;
        self.left = self.left.saturating_sub(1);
        is_ready
    }

    /// Something became of a wish. `Expired` counts as "no": that is how a venue ends a post-only
    /// order that would have taken, and an immediate one that found nothing.
    pub(super) fn on_outcome(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Denied(_)
            | Outcome::AmendDenied(_)
            | Outcome::AmendRefused
            | Outcome::Status(
                OrderStatus::Rejected | OrderStatus::NotSent | OrderStatus::Expired,
            ) => {
                self.left = self.next;
                self.next = (self.next * 2).min(MOST);
            }
            Outcome::Status(
                OrderStatus::PartiallyFilled | OrderStatus::Filled | OrderStatus::Canceled,
            ) => *self = Self::new(),
            Outcome::Replace(_)
            | Outcome::Amended(_)
            | Outcome::Status(
                OrderStatus::PendingNew
                | OrderStatus::New
                | OrderStatus::PendingCancel
                | OrderStatus::Unknown,
            ) => {}
        }
    }

    /// Its part of a state digest.
    pub(super) fn digest(&self, digest: Digest) -> Digest {
        digest.with(i64::from(self.left)).with(i64::from(self.next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::safety::DenyReason;

    const NO: Outcome = Outcome::Denied(DenyReason::OrderRate);

    fn turns_until_ready(backoff: &mut Backoff) -> u32 {
        (0..).find(|_| backoff.on_turn()).unwrap()
    }

    #[test]
    fn each_no_doubles_the_wait_up_to_the_bound() {
        let mut backoff = Backoff::new();
        assert_eq!(turns_until_ready(&mut backoff), 0);
        for expected in [8, 16, 32, 64, 128, 256, 512, 512] {
            backoff.on_outcome(NO);
            assert_eq!(turns_until_ready(&mut backoff), expected);
        }
    }

    #[test]
    fn only_an_order_that_lived_ends_it() {
        use OrderStatus::{Canceled, Expired, Filled, New, NotSent, PartiallyFilled, Rejected};
        for (status, expected) in [
            (New, 16),
            (Canceled, 8),
            (Filled, 8),
            (PartiallyFilled, 8),
            (Expired, 32),
            (Rejected, 32),
            (NotSent, 32),
        ] {
            let mut backoff = Backoff::new();
            [NO, Outcome::Status(status), NO].into_iter().for_each(|it| backoff.on_outcome(it));
            assert_eq!(turns_until_ready(&mut backoff), expected, "{status:?}");
        }
    }
}
