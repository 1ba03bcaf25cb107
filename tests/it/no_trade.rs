//! The operator's calendar: nothing is opened while a window is open.

use crate::support::{World, limit, reduction};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{Alert, NoTradeWindow, Resting, Span};
use tradekeel::types::{MS, SECOND, Side};

/// Unix second at which the world begins.
const BEGIN_S: u64 = 1_700_000_000;

fn closing(resting: Resting) -> World {
    World::with(1, |setup| {
        let span = Span::Once { from_s: BEGIN_S + 10, to_s: BEGIN_S + 20 };
        setup.limits.no_trade = vec![NoTradeWindow { span, resting }];
    })
}

#[test]
fn within_a_window_only_reductions_and_exits_pass() {
    let mut world = closing(Resting::Cancel);
    world.take(Side::Buy, "2");
    let opening = world.open(Side::Buy, "1", "99");
    let reducing = world.wish(0, reduction(Side::Sell, "1", "101")).unwrap();
    world.advance(9 * SECOND);
    assert!(world.order(opening).is_some() && !world.status().in_no_trade_window);
    world.advance(SECOND);
    assert!(world.order(opening).is_none() && world.order(reducing).is_some());
    assert!(world.has_alert(|alert| *alert == Alert::WindowEntered));
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "98")), Err(DenyReason::NoTradeWindow));
    assert!(world.wish(0, reduction(Side::Sell, "1", "102")).is_ok());
    world.flatten();
    world.advance(2 * SECOND);
    assert_eq!(world.venue_position(crate::support::BTC), tradekeel::types::Qty::ZERO);
    world.advance(8 * SECOND);
    assert!(world.has_alert(|alert| *alert == Alert::WindowLeft));
    assert!(world.wish(0, limit(Side::Buy, "1", "98")).is_ok());
}

#[test]
fn orders_that_rest_may_live_on() {
    let mut world = closing(Resting::Keep);
    let opening = world.open(Side::Buy, "1", "99");
    world.advance(11 * SECOND);
    assert!(world.order(opening).is_some() && world.status().in_no_trade_window);
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "98")), Err(DenyReason::NoTradeWindow));
}

/// The venue's clock decides: here it is 400 ms ahead of ours.
#[test]
fn a_window_opens_by_the_clock_of_the_venue() {
    let mut world = closing(Resting::Keep);
    world.leave_clock_alone();
    world.clock(400);
    let to_begin_ns = 10 * SECOND - 400 * MS - world.now_ns();
    world.advance(to_begin_ns - 20 * MS);
    assert!(!world.status().in_no_trade_window);
    world.advance(40 * MS);
    assert!(world.status().in_no_trade_window);
}
