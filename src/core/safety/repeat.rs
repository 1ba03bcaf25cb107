//! The same intent again and again: so many times within a window, refilled evenly, and no more
//! (SAFETY E14). A loop that is filled, refused or taken back at once and asks again is stopped
//! here long before a limit of size is met.
//!
//! Must hold: keys are compared whole, so no intent is ever counted as another; the cost of a check
//! is that of looking at four places.
//!
//! Decision: a table of fixed size, four places to a set. An intent that has been quiet for a
//! window makes room without loss. Only when five that are all under way share a set is the
//! quietest of them forgotten, and one that repeats is never the quietest. Reductions are counted
//! and not stopped: the rate of orders bounds them.

use super::verdict::{DenyReason, require};
use crate::core::orders::IntentKey;
use crate::core::setup::RepeatLimits;

/// Sets of places: with four places each, as many intents as there can be orders.
const SETS: usize = 256;

/// Places of a set.
const WAYS: usize = 4;

#[derive(Debug)]
pub(super) struct Repeats {
    window_ns: u64,
    /// What one order takes of the window.
    cost_ns: u64,
    sets: Vec<[Option<Seen>; WAYS]>,
}

/// An intent and the time at which all of its window is free again.
#[derive(Clone, Copy, Debug)]
struct Seen {
    key: IntentKey,
    free_ns: u64,
}

impl Repeats {
    pub(super) fn new(limits: RepeatLimits) -> Self {
        let RepeatLimits { window_ns, max } = limits;
        // None at all costs more than any window holds.
        let cost_ns = window_ns.checked_div(max.into()).unwrap_or(u64::MAX);
        Self { window_ns, cost_ns, sets: vec![[None; WAYS]; SETS] }
    }

    pub(super) fn check(&self, key: &IntentKey, now_ns: u64) -> Result<(), DenyReason> {
        let set = self.sets[key.place(SETS)].iter().flatten();
        let taken_ns = set.filter(|seen| seen.key == *key).map(|seen| seen.free_ns).max();
        let taken_ns = taken_ns.unwrap_or(0).saturating_sub(now_ns);
        let fits = taken_ns.checked_add(self.cost_ns).is_some_and(|all| all <= self.window_ns);
        require(fits, DenyReason::RepeatedOrder)
    }

    /// It was sent.
    pub(super) fn count(&mut self, key: IntentKey, now_ns: u64) {
        let set = &mut self.sets[key.place(SETS)];
        let rank = |seen: &Option<Seen>| match seen {
            Some(seen) if seen.key == key => (0, 0),
            Some(seen) => (1, seen.free_ns),
            None => (1, 0),
        };
        let Some(place) = set.iter_mut().min_by_key(|seen| rank(seen)) else { return };
        let before = place.filter(|seen| seen.key == key).map_or(0, |seen| seen.free_ns);
        let free_ns = before.max(now_ns).saturating_add(self.cost_ns);
        *place = Some(Seen { key, free_ns });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{InstrumentId, Price, Qty, SECOND, Side, StrategyId};
    use proptest::prelude::*;

    fn key(price: i64) -> IntentKey {
        IntentKey {
            strategy: StrategyId(0),
            instrument: InstrumentId(0),
            side: Side::Buy,
            price: Price::from_units(price),
            qty: Qty::whole(1),
        }
    }

    fn repeats() -> Repeats {
        Repeats::new(RepeatLimits { max: 5, window_ns: 10 * SECOND })
    }

    #[test]
    fn so_many_pass_at_once_and_then_one_by_one() {
        let mut repeats = repeats();
        for _ in 0..5 {
            assert_eq!(repeats.check(&key(1), 7), Ok(()));
            repeats.count(key(1), 7);
        }
        assert_eq!(repeats.check(&key(1), 7), Err(DenyReason::RepeatedOrder));
        assert_eq!(repeats.check(&key(2), 7), Ok(()), "another price is another intent");
        let next_ns = 7 + 2 * SECOND;
        assert_eq!(repeats.check(&key(1), next_ns - 1), Err(DenyReason::RepeatedOrder));
        assert_eq!(repeats.check(&key(1), next_ns), Ok(()));
        repeats.count(key(1), next_ns);
        assert_eq!(repeats.check(&key(1), next_ns), Err(DenyReason::RepeatedOrder));
    }

    #[test]
    fn one_that_repeats_is_remembered_among_many_that_do_not() {
        let mut repeats = repeats();
        for other in 0..4_000 {
            if other % 800 == 0 {
                repeats.count(key(-1), 0);
            }
            repeats.count(key(other), 0);
            repeats.count(key(other), 0);
            repeats.count(key(-1), 0);
        }
        assert_eq!(repeats.check(&key(-1), 0), Err(DenyReason::RepeatedOrder));
    }

    #[test]
    fn intents_that_share_a_set_are_counted_apart() {
        let together = |price: &i64| key(*price).place(SETS) == key(0).place(SETS);
        let [one, other]: [i64; 2] =
            (0..).filter(together).take(2).collect::<Vec<_>>().try_into().unwrap();
        let mut repeats = repeats();
        for _ in 0..5 {
            repeats.count(key(one), 0);
        }
        repeats.count(key(other), 0);
        repeats.count(key(other), 0);
        assert_eq!(repeats.check(&key(one), 0), Err(DenyReason::RepeatedOrder));
        assert_eq!(repeats.check(&key(other), 0), Ok(()));
    }

    proptest! {
        /// Whatever else is sent: no intent is held back for the sake of another.
        #[test]
        fn what_was_never_sent_is_never_repeated(
            sent in proptest::collection::vec((0_i64..500, 0_u64..SECOND), 0..2_000),
        ) {
            let (mut repeats, mut now_ns) = (repeats(), 0);
            for (price, step_ns) in sent {
                now_ns += step_ns;
                repeats.count(key(price), now_ns);
                prop_assert_eq!(repeats.check(&key(price + 500), now_ns), Ok(()));
            }
        }

        /// A window and a refill bound what passes.
        #[test]
        fn no_window_holds_more_than_twice_as_many(
            steps in proptest::collection::vec(0_u64..2 * SECOND, 1..300),
        ) {
            let (mut repeats, mut now_ns, mut sent) = (repeats(), 0, Vec::new());
            for step_ns in steps {
                now_ns += step_ns;
                if repeats.check(&key(1), now_ns).is_ok() {
                    repeats.count(key(1), now_ns);
                    sent.push(now_ns);
                }
            }
            for (at, start) in sent.iter().enumerate() {
                let window = sent[at..].iter().take_while(|t| **t < start + 10 * SECOND);
                prop_assert!(window.count() <= 10);
            }
        }
    }
}
