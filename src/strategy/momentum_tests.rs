//! When the follower enters, holds, leaves and rests.

use super::*;
use crate::strategy::signal::BPS;

fn settings() -> Settings {
    Settings {
        order_qty: Qty::whole(2),
        lookback_ns: 640,
        threshold: 3 * BPS,
        hold_ns: 1_000,
        cooldown_ns: 500,
        ttl_ns: 1,
    }
}

fn request(wish: Wish, held: i32) -> Option<OrderRequest> {
    let memory = Memory {
        instrument: InstrumentId(0),
        mids: Mids::over(640),
        backoff: Backoff::new(),
        phase: Phase::Flat { until_ns: 0 },
        next_ns: 0,
    };
    let [bid, ask] = [99, 101].map(Price::whole);
    let quote = Quote { bid, bid_qty: Qty::ZERO, ask, ask_qty: Qty::ZERO };
    memory.request(wish, &settings(), &quote, Qty::whole(held), &Filters::whole())
}

#[test]
fn it_enters_with_the_market_from_the_threshold_on_and_not_before() {
    let flat = Phase::Flat { until_ns: 0 };
    let rows = [
        (Some(3 * BPS), Some(Wish::Enter(Side::Buy))),
        (Some(3 * BPS - 1), None),
        (Some(-3 * BPS), Some(Wish::Enter(Side::Sell))),
        (Some(1 - 3 * BPS), None),
        (None, None),
    ];
    for (moved, wish) in rows {
        assert_eq!(flat.wish(&settings(), Qty::ZERO, 0, moved), wish, "{moved:?}");
    }
}

#[test]
fn it_rests_after_a_round_until_the_cooldown_is_over() {
    let flat = Phase::Holding { since_ns: 0 }.followed(Qty::ZERO, 2_000, 500);
    assert_eq!(flat, Phase::Flat { until_ns: 2_500 });
    assert_eq!(flat.followed(Qty::ZERO, 2_100, 500), flat);
    let wish = |now_ns| flat.wish(&settings(), Qty::ZERO, now_ns, Some(9 * BPS));
    assert_eq!((wish(2_499), wish(2_500)), (None, Some(Wish::Enter(Side::Buy))));
}

#[test]
fn it_holds_for_its_time_and_then_leaves_whatever_the_market_does() {
    for (held, side) in [(2, Side::Sell), (-2, Side::Buy)] {
        let held = Qty::whole(held);
        let holding = Phase::Flat { until_ns: 0 }.followed(held, 100, 500);
        assert_eq!(holding, Phase::Holding { since_ns: 100 });
        assert_eq!(holding.followed(Qty::whole(1), 200, 500), holding);
        for moved in [None, Some(9 * BPS), Some(-9 * BPS)] {
            assert_eq!(holding.wish(&settings(), held, 1_099, moved), None);
            assert_eq!(holding.wish(&settings(), held, 1_100, moved), Some(Wish::Leave(side)));
        }
    }
}

#[test]
fn it_takes_a_little_beyond_the_touch_and_leaves_with_no_more_than_it_holds() {
    let enter = request(Wish::Enter(Side::Buy), 0).unwrap();
    assert_eq!((enter.kind, enter.qty), (OrderKind::Ioc(Price::whole(103)), Qty::whole(2)));
    assert_eq!(enter.purpose, Purpose::Opening);
    for (held, qty) in [(1, 1), (2, 2), (7, 2)] {
        let leave = request(Wish::Leave(Side::Sell), held).unwrap();
        assert_eq!((leave.kind, leave.qty), (OrderKind::Ioc(Price::whole(97)), Qty::whole(qty)));
        assert_eq!(leave.purpose, Purpose::Reducing);
    }
}

#[test]
fn dust_that_no_venue_takes_counts_as_flat() {
    let filters = Filters { qty_min: Qty::whole(3), ..Filters::whole() };
    for (units, expected) in [(2, 0), (3, 3), (-2, 0), (-3, -3)] {
        assert_eq!(tradable(Qty::whole(units), &filters), Qty::whole(expected));
    }
    let half = Qty::parse(b"3.5").unwrap();
    assert_eq!(tradable(half, &filters), Qty::whole(3));
}
