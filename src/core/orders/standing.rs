//! Which intents stand: what each order of a strategy that is not over asked for. Tells in one
//! probe whether the same is asked for again (SAFETY E14), however many orders there are.
//!
//! Must hold: an intent stands here exactly as often as there are orders of it that are not over;
//! keys are compared whole, so that no order is ever taken for another.
//!
//! Decision: open addressing over twice as many slots as there can be intents, probed in a row, and
//! a slot that becomes free is filled from behind it: there are no marks of what once stood there,
//! so a probe stays short for ever. A hash map would be seeded by chance, which a deterministic
//! core must not be.

use super::{ORDERS_MAX, Order};
use crate::types::{Amendment, InstrumentId, OrderTerms, Price, Qty, Side, StrategyId};

/// Always at least half free, so a probe ends soon: an order that is being amended asks for two
/// things.
const SLOTS: usize = 4 * ORDERS_MAX;

const _: () = assert!(SLOTS.is_power_of_two(), "a place is the upper bits of a hash");

/// What a strategy asks for, in full: two orders with the same key want the same thing.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(in crate::core) struct IntentKey {
    pub(in crate::core) strategy: StrategyId,
    pub(in crate::core) instrument: InstrumentId,
    pub(in crate::core) side: Side,
    pub(in crate::core) price: Price,
    pub(in crate::core) qty: Qty,
}

impl IntentKey {
    /// What an order asked for, and what it is to become; nothing for one that is no strategy's.
    fn of(order: &Order) -> impl Iterator<Item = Self> {
        let OrderTerms { instrument, side, .. } = order.terms;
        let asked = [Some(order.terms.amendable()), order.amending()].into_iter().flatten();
        asked.filter_map(move |Amendment { price, qty }| {
            order.strategy.map(|strategy| Self { strategy, instrument, side, price, qty })
        })
    }

    /// A place among `places` (a power of two) that equal keys share.
    pub(in crate::core) fn place(&self, places: usize) -> usize {
        /// 2^64 divided by the golden ratio: spreads neighbouring numbers over the upper bits.
        const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;
        let side = u64::from(self.side == Side::Sell);
        let whose = u64::from(self.strategy.0) << 32 | u64::from(self.instrument.0) << 8 | side;
        let parts = [whose, self.price.units().cast_unsigned(), self.qty.units().cast_unsigned()];
        let mix = |hash: u64, part: u64| (hash.rotate_left(26) ^ part).wrapping_mul(SPREAD);
        let hash = parts.into_iter().fold(0, mix);
        usize::try_from(hash >> 40).unwrap_or(0) & (places - 1)
    }
}

/// All intents that stand.
#[derive(Debug)]
pub(in crate::core) struct Standing {
    slots: Vec<Option<Slot>>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    key: IntentKey,
    /// How many orders, at least one.
    orders: u32,
}

impl Standing {
    pub(in crate::core) fn new() -> Self {
        Self { slots: vec![None; SLOTS] }
    }

    /// True when an order that is not over asked for the same.
    pub(in crate::core) fn has(&self, key: &IntentKey) -> bool {
        self.slots[self.find(key)].is_some()
    }

    pub(super) fn add(&mut self, order: &Order) {
        IntentKey::of(order).for_each(|key| self.add_key(key));
    }

    pub(super) fn remove(&mut self, order: &Order) {
        IntentKey::of(order).for_each(|key| self.remove_key(&key));
    }

    fn remove_key(&mut self, key: &IntentKey) {
        let at = self.find(key);
        match &mut self.slots[at] {
            Some(slot) if 1 < slot.orders => slot.orders -= 1,
            Some(_) => self.close_gap(at),
            None => unreachable!("what was added stands here"),
        }
    }

    pub(in crate::core) fn add_key(&mut self, key: IntentKey) {
        let at = self.find(&key);
        self.slots[at].get_or_insert(Slot { key, orders: 0 }).orders += 1;
    }

    /// Where the key stands, or the free slot where it would.
    fn find(&self, key: &IntentKey) -> usize {
        let home = key.place(SLOTS);
        let fits = |at: &usize| self.slots[*at].is_none_or(|slot| slot.key == *key);
        round(home).find(fits).unwrap_or(home)
    }

    /// Moves what was pushed past a slot back into it, so that every probe still meets its key.
    fn close_gap(&mut self, mut gap: usize) {
        for at in round(gap).skip(1) {
            let Some(slot) = self.slots[at] else { break };
            if distance(gap, at) <= distance(slot.key.place(SLOTS), at) {
                self.slots[gap] = Some(slot);
                gap = at;
            }
        }
        self.slots[gap] = None;
    }
}

/// All slots, from one on.
fn round(from: usize) -> impl Iterator<Item = usize> {
    (from..SLOTS).chain(0..from)
}

/// Steps from one slot forward to another, round the end.
fn distance(from: usize, to: usize) -> usize {
    (SLOTS + to - from) % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{ClientOrderId, Purpose, TimeInForce};
    use proptest::prelude::*;

    fn order(strategy: Option<u8>, side: Side, price: i64, qty: i64) -> Order {
        let terms = OrderTerms {
            instrument: InstrumentId(0),
            side,
            time_in_force: TimeInForce::Gtc,
            price: Price::from_units(price),
            qty: Qty::from_units(qty),
            purpose: Purpose::Opening,
            expires_ns: None,
        };
        Order::sent(ClientOrderId::default(), strategy.map(StrategyId), terms, 0)
    }

    fn stands(standing: &Standing, order: &Order) -> bool {
        standing.has(&IntentKey::of(order).next().unwrap())
    }

    #[test]
    fn only_the_same_in_everything_is_the_same() {
        let mut standing = Standing::new();
        standing.add(&order(Some(0), Side::Buy, 5, 7));
        assert!(stands(&standing, &order(Some(0), Side::Buy, 5, 7)));
        for other in [
            order(Some(1), Side::Buy, 5, 7),
            order(Some(0), Side::Sell, 5, 7),
            order(Some(0), Side::Buy, 6, 7),
            order(Some(0), Side::Buy, 5, 8),
        ] {
            assert!(!stands(&standing, &other), "{other:?}");
        }
        let elsewhere = IntentKey { instrument: InstrumentId(1), ..standing.slots_of()[0] };
        assert!(!standing.has(&elsewhere));
    }

    #[test]
    fn two_orders_of_one_intent_stand_until_both_are_over() {
        let (mut standing, order) = (Standing::new(), order(Some(0), Side::Buy, 5, 7));
        standing.add(&order);
        standing.add(&order);
        standing.remove(&order);
        assert!(stands(&standing, &order));
        standing.remove(&order);
        assert!(!stands(&standing, &order));
    }

    #[test]
    fn an_order_of_nobody_is_no_intent() {
        let (mut standing, exit) = (Standing::new(), order(None, Side::Buy, 5, 7));
        standing.add(&exit);
        assert!(standing.slots_of().is_empty());
        standing.remove(&exit);
    }

    fn key(strategy: u8, instrument: u16, side: Side, price: i64, qty: i64) -> IntentKey {
        let (price, qty) = (Price::from_units(price), Qty::from_units(qty));
        let (strategy, instrument) = (StrategyId(strategy), InstrumentId(instrument));
        IntentKey { strategy, instrument, side, price, qty }
    }

    #[test]
    fn neighbours_in_anything_lie_apart() {
        let buy = |price, qty| key(0, 0, Side::Buy, price, qty);
        let rows: [Vec<IntentKey>; 5] = [
            (0..16).map(|strategy| key(strategy, 0, Side::Buy, 5, 7)).collect(),
            (0..64).map(|instrument| key(0, instrument, Side::Buy, 5, 7)).collect(),
            Side::BOTH.map(|side| key(0, 0, side, 5, 7)).to_vec(),
            (0..64).map(|price| buy(6_000_000_000_000 + price * 10_000_000, 7)).collect(),
            (1..64).map(|qty| buy(5, qty * 100_000)).collect(),
        ];
        for row in rows {
            let mut places: Vec<usize> = row.iter().map(|key| key.place(SLOTS)).collect();
            places.sort_unstable();
            places.dedup();
            // Two of them may meet by chance.
            assert!(row.len().max(3) <= places.len() + 1, "{:?}: {places:?}", row[0]);
        }
    }

    /// The first `count` keys whose place is that one.
    fn at_place(place: usize, count: usize) -> Vec<IntentKey> {
        let keys = (1..).map(|price| key(0, 0, Side::Buy, price, 7));
        keys.filter(|key| key.place(SLOTS) == place).take(count).collect()
    }

    /// Keys that share places at the end of the table and run into those at its beginning.
    #[test]
    fn what_collides_is_found_whichever_of_it_goes_first() {
        let mut keys = at_place(SLOTS - 1, 3);
        keys.extend(at_place(0, 2));
        keys.extend(at_place(SLOTS - 2, 1));
        for first in 0..keys.len() {
            for second in 0..keys.len() {
                let mut standing = Standing::new();
                keys.iter().for_each(|key| standing.add_key(*key));
                let mut gone = vec![first];
                if second != first {
                    gone.push(second);
                }
                for (done, at) in gone.iter().enumerate() {
                    standing.remove_key(&keys[*at]);
                    for (other, key) in keys.iter().enumerate() {
                        let stands = !gone[..=done].contains(&other);
                        assert_eq!(standing.has(key), stands, "{first} {second} {other}");
                    }
                }
                let left = standing.slots_of().len();
                assert_eq!(left, keys.len() - gone.len());
            }
        }
    }

    impl Standing {
        fn slots_of(&self) -> Vec<IntentKey> {
            self.slots.iter().flatten().map(|slot| slot.key).collect()
        }
    }

    proptest! {
        /// Against a plain list, up to as many orders as there can be, with many that collide.
        #[test]
        fn it_knows_what_a_plain_list_knows(
            steps in proptest::collection::vec((0_i64..900, any::<bool>()), 0..6_000),
        ) {
            let (mut standing, mut list) = (Standing::new(), Vec::new());
            for (price, adds) in steps {
                let order = order(Some(0), Side::Buy, price, 1);
                let at = list.iter().position(|held| *held == price);
                match (adds && list.len() < ORDERS_MAX, at) {
                    (true, _) => {
                        list.push(price);
                        standing.add(&order);
                    }
                    (false, Some(at)) => {
                        list.swap_remove(at);
                        standing.remove(&order);
                    }
                    (false, None) => {}
                }
                prop_assert_eq!(stands(&standing, &order), list.contains(&price));
            }
            for price in 0..900 {
                let order = order(Some(0), Side::Buy, price, 1);
                prop_assert_eq!(stands(&standing, &order), list.contains(&price));
            }
        }
    }
}
