//! The venue's rules for orders, read again and again (R69), and its band around the mark.

use crate::support::{BTC, ETH, Sent, World, instrument, limit, price, qty};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{Alert, EventKind, OperatorCommand, ReferenceEvent};
use tradekeel::types::{Cash, Filters, MarkBand, MarketData, OrderRequest, Purpose, SECOND, Side};

const AGE_NS_MAX: u64 = 60 * SECOND;

fn aging() -> World {
    World::with(1, |setup| setup.limits.filters_age_ns_max = AGE_NS_MAX)
}

fn read(world: &mut World, filters: Option<Filters>) {
    for id in [BTC, ETH] {
        let filters = if id == BTC { filters } else { Some(rules()) };
        world.step(EventKind::Reference(ReferenceEvent { instrument: id, filters }));
    }
}

fn rules() -> Filters {
    instrument(BTC, "BTCUSDT").filters
}

fn bid() -> OrderRequest {
    limit(Side::Buy, "1", "99")
}

fn changes(world: &World) -> usize {
    world.alerts.iter().filter(|alert| matches!(alert, Alert::FiltersChanged(_))).count()
}

#[test]
fn rules_that_are_too_old_open_nothing_until_they_are_read_again() {
    let mut world = aging();
    world.take(Side::Buy, "1");
    world.advance(AGE_NS_MAX - SECOND);
    world.wish(0, bid()).unwrap();
    world.advance(2 * SECOND);
    assert_eq!(world.wish(0, bid()), Err(DenyReason::StaleFilters));
    let reduction = OrderRequest { purpose: Purpose::Reducing, ..limit(Side::Sell, "1", "101") };
    world.wish(0, reduction).unwrap();
    read(&mut world, Some(rules()));
    world.wish(0, limit(Side::Buy, "2", "99")).unwrap();
    assert_eq!(changes(&world), 0);
}

#[test]
fn changed_rules_bind_at_once_and_are_told() {
    let mut world = aging();
    read(&mut world, Some(Filters { qty_min: qty("2"), ..rules() }));
    assert_eq!((changes(&world), world.wish(0, bid())), (1, Err(DenyReason::BadQty)));
    world.wish(0, limit(Side::Buy, "2", "99")).unwrap();
}

#[test]
fn what_is_not_listed_any_more_is_not_traded_but_can_be_left() {
    let mut world = aging();
    world.take(Side::Buy, "1");
    read(&mut world, None);
    assert_eq!(world.wish(0, bid()), Err(DenyReason::NotTrading));
    world.flatten();
    world.advance(SECOND);
    assert_eq!(world.position(), qty("0"));
}

#[test]
fn another_tick_makes_the_book_begin_again() {
    let mut world = aging();
    assert!(world.status().instruments[0].book_whole);
    read(&mut world, Some(Filters { price_tick: price("0.05"), ..rules() }));
    assert!(!world.status().instruments[0].book_whole);
    assert_eq!(world.wish(0, bid()), Err(DenyReason::BookLost));
    world.quote(BTC, "99.9", "100.1");
    world.wish(0, limit(Side::Buy, "1", "99.05")).unwrap();
}

fn banded(up_bps: u32, down_bps: u32) -> World {
    World::with(1, |setup| {
        setup.instruments[0].filters.mark_band = Some(MarkBand { up_bps, down_bps });
        setup.limits.price_band_bps = 5_000;
    })
}

#[test]
fn the_band_goes_by_the_mark_and_where_none_is_told_by_the_middle() {
    let mut world = banded(10_100, 9_900);
    let buy = |at: &str| limit(Side::Buy, "1", at);
    assert_eq!(world.wish(0, buy("101.1")), Err(DenyReason::PriceOffMark));
    world.wish(0, buy("101.0")).unwrap();
    world.market(BTC, MarketData::Mark(price("99")));
    assert_eq!(world.wish(0, buy("100.0")), Err(DenyReason::PriceOffMark));
    world.wish(0, buy("99.9")).unwrap();
}

#[test]
fn marks_that_stop_are_a_broken_feed() {
    let mut world = banded(11_000, 9_000);
    world.advance(60 * SECOND);
    world.wish(0, bid()).unwrap();
    world.market(BTC, MarketData::Mark(price("100")));
    world.advance(9 * SECOND);
    world.wish(0, limit(Side::Buy, "2", "99")).unwrap();
    world.advance(2 * SECOND);
    assert_eq!(world.wish(0, limit(Side::Buy, "3", "99")), Err(DenyReason::StaleMark));
}

#[test]
fn an_exit_with_a_wide_cap_is_priced_within_the_band() {
    let mut world = banded(10_200, 9_800);
    world.take(Side::Buy, "1");
    world.sent.clear();
    let command = OperatorCommand::Flatten { instrument: None, cap_bps: 2_000 };
    world.operator(command).unwrap();
    let exit = world.sent.iter().find_map(|sent| match sent {
        Sent::New(_, terms) => Some(terms.price),
        Sent::Amend(..)
        | Sent::Cancel(_)
        | Sent::CancelAll(_)
        | Sent::Query(_)
        | Sent::Account
        | Sent::DeadMan(_)
        | Sent::Stop(_) => None,
    });
    assert_eq!(exit, Some(price("98")));
    world.advance(SECOND);
    assert_eq!(world.position(), qty("0"));
}

/// A quiet market is no unknown account: what is held there is worth what the venue says.
#[test]
fn a_position_keeps_its_value_by_the_venues_mark_where_no_quote_comes() {
    let mut world = World::calm();
    world.take(Side::Buy, "1");
    world.market_lives = false;
    let known = |world: &mut World, told: Option<MarketData>| {
        (0..5).for_each(|_| {
            world.advance(SECOND);
            told.into_iter().for_each(|data| world.market(BTC, data));
        });
        world.status().equity
    };
    let before = world.status().equity;
    let there = known(&mut world, Some(MarketData::Mark(price("90.1"))));
    let fall = before.zip(there).map(|(before, there)| before.saturating_sub(there));
    assert_eq!(fall, Some(Cash::from_units(980_000_000)), "from the bid of 99.9");
    assert_eq!(known(&mut world, None), None, "a silence of both is one");
    assert_eq!(known(&mut world, Some(MarketData::Mark(price("-1")))), None);
}
