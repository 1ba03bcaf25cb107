//! A trade against its order: the right instrument, the right side, no price worse than the limit
//! (SAFETY T1). That no more traded than was ordered is the order's own to count.

use super::orders::Order;
use crate::types::{Fill, InstrumentId, OrderTerms, Price};

/// What a trade says that its order does not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FillFault {
    /// It is of another instrument.
    WrongInstrument,
    /// It goes the other way.
    WrongSide,
    /// Its price is beyond the limit.
    WorsePrice,
}

/// The gravest difference, if there is one.
pub(super) fn check_order(order: &Order, told: InstrumentId, fill: &Fill) -> Option<FillFault> {
    check(&OrderTerms { price: order.price_worst(), ..order.terms }, told, fill)
}

/// An order without a price has no limit to pass.
fn check(terms: &OrderTerms, told: InstrumentId, fill: &Fill) -> Option<FillFault> {
    let limited = terms.price != Price::ZERO;
    if told != terms.instrument {
        Some(FillFault::WrongInstrument)
    } else if fill.side != terms.side {
        Some(FillFault::WrongSide)
    } else if limited && !terms.side.accepts(fill.price, terms.price) {
        Some(FillFault::WorsePrice)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Liquidity, Purpose, Qty, Side, TimeInForce};

    const HERE: InstrumentId = InstrumentId(0);

    fn verdict(
        side: Side,
        limit: i64,
        told: InstrumentId,
        at: i64,
        way: Side,
    ) -> Option<FillFault> {
        let terms = OrderTerms {
            instrument: HERE,
            side,
            time_in_force: TimeInForce::Gtc,
            price: Price::from_units(limit),
            qty: Qty::whole(1),
            purpose: Purpose::Opening,
            expires_ns: None,
        };
        let (qty, price) = (Qty::whole(1), Price::from_units(at));
        let liquidity = Liquidity::Maker;
        let fill = Fill { trade_id: 1, side: way, price, qty, cum_qty: qty, fee: None, liquidity };
        check(&terms, told, &fill)
    }

    #[test]
    fn a_price_at_the_limit_is_as_ordered_and_one_step_beyond_is_not() {
        use Side::{Buy, Sell};
        let rows = [
            (Buy, 100, 99, None),
            (Buy, 100, 100, None),
            (Buy, 100, 101, Some(FillFault::WorsePrice)),
            (Sell, 100, 101, None),
            (Sell, 100, 100, None),
            (Sell, 100, 99, Some(FillFault::WorsePrice)),
            (Sell, 0, 1, None),
        ];
        for (side, limit, at, expected) in rows {
            assert_eq!(verdict(side, limit, HERE, at, side), expected, "{side:?} {limit} {at}");
        }
    }

    #[test]
    fn the_gravest_difference_is_named() {
        let there = InstrumentId(1);
        let told = |told, way| verdict(Side::Buy, 100, told, 101, way);
        assert_eq!(told(HERE, Side::Sell), Some(FillFault::WrongSide));
        assert_eq!(told(there, Side::Sell), Some(FillFault::WrongInstrument));
        assert_eq!(told(there, Side::Buy), Some(FillFault::WrongInstrument));
    }
}
