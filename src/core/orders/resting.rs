//! The prices at which our own orders may rest, best first: what an order of the other side would
//! meet before anybody else's (SAFETY P20).
//!
//! Must hold: every order that can rest, has a price and is not over stands here once, whoever
//! wished for it and whether or not the venue has confirmed it: it may stand there. One that is
//! being amended stands at both of its prices.
//!
//! Decision: a sorted list for each instrument and side, so that the next best is there when the
//! best one goes and nothing is ever searched; its memory is taken at the start.

use super::Order;
use crate::types::{InstrumentId, Price, Side};

/// Prices of one instrument and side that memory is taken for at the start: five times what Binance
/// keeps of a symbol. More of them take more memory when it comes to it.
const PRICES: usize = 1_024;

/// The prices of each instrument, by side; the best stands last.
#[derive(Debug)]
pub(super) struct Resting {
    by_instrument: Vec<[Vec<Price>; 2]>,
}

impl Resting {
    pub(super) fn new(instruments: usize) -> Self {
        let side = |_: &Side| Vec::with_capacity(PRICES);
        Self { by_instrument: (0..instruments).map(|_| Side::BOTH.each_ref().map(side)).collect() }
    }

    /// The best price at which an order of ours may rest.
    pub(super) fn best(&self, instrument: InstrumentId, side: Side) -> Option<Price> {
        self.by_instrument[instrument.index()][side.index()].last().copied()
    }

    pub(super) fn add(&mut self, order: &Order) {
        self.change(order, |prices, at, price| prices.insert(at, price));
    }

    pub(super) fn remove(&mut self, order: &Order) {
        self.change(order, |prices, at, price| {
            assert!(prices.get(at) == Some(&price), "what was added stands here");
            prices.remove(at);
        });
    }

    fn change(&mut self, order: &Order, change: impl Fn(&mut Vec<Price>, usize, Price)) {
        let side = order.terms.side;
        if !order.is_resting_kind() {
            return;
        }
        let prices = &mut self.by_instrument[order.terms.instrument.index()][side.index()];
        for price in order.prices().filter(|price| Price::ZERO < *price) {
            let at = prices.partition_point(|held| !side.accepts(price, *held));
            change(prices, at, price);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{ClientOrderId, OrderTerms, Purpose, Qty, TimeInForce};
    use proptest::prelude::*;

    const HERE: InstrumentId = InstrumentId(1);

    fn order(time_in_force: TimeInForce, side: Side, price: i64) -> Order {
        let terms = OrderTerms {
            instrument: HERE,
            side,
            time_in_force,
            price: Price::from_units(price),
            qty: Qty::whole(1),
            purpose: Purpose::Opening,
            expires_ns: None,
        };
        Order::sent(ClientOrderId::default(), None, terms, 0)
    }

    #[test]
    fn what_cannot_rest_or_has_no_price_stands_nowhere() {
        let mut resting = Resting::new(2);
        resting.add(&order(TimeInForce::Ioc, Side::Buy, 5));
        resting.add(&order(TimeInForce::Fok, Side::Buy, 5));
        resting.add(&order(TimeInForce::Gtc, Side::Buy, 0));
        assert_eq!(resting.best(HERE, Side::Buy), None);
        resting.remove(&order(TimeInForce::Gtc, Side::Buy, 0));
        resting.add(&order(TimeInForce::Gtx, Side::Buy, 5));
        assert_eq!(resting.best(HERE, Side::Buy), Some(Price::from_units(5)));
        assert_eq!(resting.best(HERE, Side::Sell), None);
        assert_eq!(resting.best(InstrumentId(0), Side::Buy), None);
    }

    proptest! {
        #[test]
        fn the_best_is_the_highest_bid_and_the_lowest_ask(
            steps in proptest::collection::vec((1_i64..20, any::<bool>(), any::<bool>()), 0..99),
        ) {
            let (mut resting, mut lists) = (Resting::new(2), [Vec::new(), Vec::new()]);
            for (price, buys, adds) in steps {
                let side = if buys { Side::Buy } else { Side::Sell };
                let order = order(TimeInForce::Gtc, side, price);
                let list = &mut lists[side.index()];
                let at = list.iter().position(|held| *held == price);
                match (adds, at) {
                    (true, _) => {
                        list.push(price);
                        resting.add(&order);
                    }
                    (false, Some(at)) => {
                        list.swap_remove(at);
                        resting.remove(&order);
                    }
                    (false, None) => {}
                }
                let bests = [lists[0].iter().max(), lists[1].iter().min()];
                for (side, best) in Side::BOTH.into_iter().zip(bests) {
                    let best = best.map(|price| Price::from_units(*price));
                    prop_assert_eq!(resting.best(HERE, side), best);
                }
            }
        }
    }
}
