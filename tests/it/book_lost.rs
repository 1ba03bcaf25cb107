//! A book that misses anything is no book, and nothing is opened on it.

use crate::support::{BTC, World, limit, price, qty};
use tradekeel::core::LinkChannel;
use tradekeel::core::LinkState;
use tradekeel::core::safety::DenyReason;
use tradekeel::types::{BookDelta, DELTA_LEVELS, Level, MarketData, SECOND, Side};

fn delta(side: Side, at: &str) -> MarketData {
    let mut levels = [Level::default(); DELTA_LEVELS];
    levels[0] = Level { price: price(at), qty: qty("1") };
    MarketData::BookDelta(BookDelta { side, count: 1, levels })
}

fn frame(world: &mut World, data: MarketData) {
    world.market(BTC, data);
    world.market(BTC, MarketData::BookEnd { update_id: 2 });
}

/// Each time at another price: the same intent twice is a reason of its own.
fn wish(world: &mut World) -> Result<(), DenyReason> {
    let standing = world.status().open_orders;
    let at = ["99", "98.9", "98.8"][usize::try_from(standing).unwrap()];
    world.wish(0, limit(Side::Buy, "1", at)).map(drop)
}

#[test]
fn a_level_that_the_book_could_not_keep_makes_it_no_book() {
    let mut world = World::calm();
    frame(&mut world, delta(Side::Buy, "99.8"));
    assert_eq!(wish(&mut world), Ok(()));
    frame(&mut world, delta(Side::Buy, "99.85"));
    assert_eq!(wish(&mut world), Err(DenyReason::BookLost));
    frame(&mut world, delta(Side::Buy, "99.7"));
    assert_eq!(wish(&mut world), Err(DenyReason::BookLost));
    world.quote(BTC, "99.9", "100.1");
    assert_eq!(wish(&mut world), Ok(()));
}

#[test]
fn a_crossed_book_is_no_book() {
    let mut world = World::calm();
    frame(&mut world, delta(Side::Buy, "100.1"));
    assert_eq!(wish(&mut world), Err(DenyReason::BookLost));
}

#[test]
fn a_quote_that_is_too_old_is_not_traded_on() {
    let mut world = World::calm();
    world.market_lives = false;
    world.quote(BTC, "99.9", "100.1");
    world.advance(2 * SECOND - 1_000);
    assert_eq!(wish(&mut world), Ok(()));
    world.advance(2_000);
    assert_eq!(wish(&mut world), Err(DenyReason::StaleQuote));
}

#[test]
fn what_was_known_before_the_market_link_went_is_not_known_after() {
    let mut world = World::calm();
    world.link(LinkChannel::Market, LinkState::Down);
    world.link(LinkChannel::Market, LinkState::Up);
    world.market_lives = false;
    world.advance(SECOND);
    assert_eq!(wish(&mut world), Err(DenyReason::NoQuote));
}
