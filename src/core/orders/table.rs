//! The orders that are not over, in the order of their ids, in memory taken once.
//!
//! Must hold: the index is sorted by id, and names each slot that is in use exactly once.
//!
//! Decision: an order stays in its slot for life and only its twelve bytes of index move when
//! another one comes or goes, so that ten thousand orders can be alive without their number being
//! felt. A tree or a hash map would allocate, or be seeded by chance.

use super::Order;
use crate::types::ClientOrderId;
use std::ops::{Index, IndexMut};

/// All of them. Places are those of the index: from 0, in the order of ids.
#[derive(Debug)]
pub(super) struct Table {
    index: Vec<(ClientOrderId, u32)>,
    slots: Vec<Order>,
    free: Vec<u32>,
    room: usize,
}

impl Table {
    /// Empty, with memory for `room` orders.
    pub(super) fn new(room: usize) -> Self {
        Self {
            index: Vec::with_capacity(room),
            slots: Vec::with_capacity(room),
            free: Vec::with_capacity(room),
            room,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    pub(super) fn has_room(&self) -> bool {
        self.len() < self.room
    }

    /// The place of an order, or the one that it would have.
    pub(super) fn find(&self, id: ClientOrderId) -> Result<usize, usize> {
        self.index.binary_search_by_key(&id, |(id, _)| *id)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Order> {
        self.index.iter().filter_map(|(_, slot)| self.slots.get(*slot as usize))
    }

    /// `at` is where [`Self::find`] would have it.
    pub(super) fn insert(&mut self, at: usize, order: Order) {
        assert!(self.has_room(), "there is room for the order");
        let slot = self.free.pop();
        match slot.and_then(|slot| self.slots.get_mut(slot as usize)) {
            Some(unused) => *unused = order,
            None => self.slots.push(order),
        }
        let last = u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX);
        self.index.insert(at, (order.id, slot.unwrap_or(last)));
    }

    pub(super) fn remove(&mut self, at: usize) {
        let (_, slot) = self.index.remove(at);
        self.free.push(slot);
    }
}

impl Index<usize> for Table {
    type Output = Order;

    fn index(&self, at: usize) -> &Order {
        &self.slots[self.index[at].1 as usize]
    }
}

impl IndexMut<usize> for Table {
    fn index_mut(&mut self, at: usize) -> &mut Order {
        &mut self.slots[self.index[at].1 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{InstrumentId, OrderTerms, Price, Purpose, Qty, Side, TimeInForce};
    use proptest::prelude::*;

    fn order(sequence: u32) -> Order {
        let terms = OrderTerms {
            instrument: InstrumentId(0),
            side: Side::Buy,
            time_in_force: TimeInForce::Gtc,
            price: Price::from_units(sequence.into()),
            qty: Qty::whole(1),
            purpose: Purpose::Opening,
            expires_ns: None,
        };
        Order::sent(ClientOrderId { epoch: 1, sequence }, None, terms, 0)
    }

    proptest! {
        #[test]
        fn holds_what_a_sorted_list_would_and_never_takes_more_memory(
            steps in proptest::collection::vec(0_u32..24, 0..200),
        ) {
            let (mut table, mut list) = (Table::new(16), Vec::<Order>::new());
            for sequence in steps {
                let order = order(sequence);
                match table.find(order.id) {
                    Ok(at) => {
                        prop_assert_eq!(&table[at], &order);
                        table.remove(at);
                        list.remove(at);
                    }
                    Err(at) if table.has_room() => {
                        table.insert(at, order);
                        list.insert(at, order);
                    }
                    Err(_) => prop_assert_eq!(list.len(), 16),
                }
                prop_assert!(table.iter().eq(list.iter()));
                prop_assert!(list.is_sorted_by_key(|order| order.id));
                prop_assert_eq!(table.len(), list.len());
                prop_assert!(table.slots.len() <= 16);
            }
        }
    }
}
