//! What the market maker does with a whole engine under it.

use crate::paper;
use crate::support::{self, BTC, Faults, Puppet, Sent, World, qty};
use tradekeel::core::{LinkChannel, LinkState, Mode, OperatorCommand, Scope, Setup};
use tradekeel::types::{
    ExecutionKind, Fill, ForeignOrder, Liquidity, MS, OrderRef, OrderTerms, Purpose, Qty, SECOND,
    Side, StrategyId,
};

const SETTINGS: [(&str, &str); 8] = [
    ("order_qty", "1"),
    ("half_spread_bps", "20"),
    ("volatility_factor", "0"),
    ("inventory_skew_bps", "0"),
    ("max_inventory", "2"),
    ("requote_bps", "30"),
    ("ttl_ms", "3600000"),
    ("pause_ms", "1"),
];

/// A market maker at 99.7 and 100.3 around 100.
fn maker(change: impl FnOnce(&mut Setup)) -> World {
    let mut setup = support::setup();
    setup.strategies = vec![support::seat(paper::strategy("quoter", &[BTC], &SETTINGS))];
    change(&mut setup);
    let venue = support::venue(&setup.instruments);
    let mut world = World::of(setup, venue, Vec::<Puppet>::new());
    world.link_up();
    world.quote(BTC, "99.9", "100.1");
    world.advance(2 * SECOND);
    assert_eq!(resting(&world).len(), 2);
    world
}

fn resting(world: &World) -> Vec<OrderTerms> {
    world.core.orders().map(|order| order.terms).collect()
}

fn of_side(world: &World, side: Side) -> Vec<OrderTerms> {
    resting(world).into_iter().filter(|terms| terms.side == side).collect()
}

#[test]
fn there_is_never_more_than_one_order_a_side() {
    for seed in 0..10 {
        let (mut world, mut market) = paper::world(paper::makers(), seed);
        world.seed(seed);
        world.faults = Faults {
            delay_ns: 2 * MS,
            jitter_ns: 50 * MS,
            lost_requests: 20,
            lost_answers: 20,
            repeated_answers: 20,
        };
        for _ in 0..300 {
            paper::play(&mut world, &mut market, 100 * MS);
            for instrument in [BTC, support::ETH] {
                for side in Side::BOTH {
                    let here = resting(&world).into_iter();
                    let here =
                        here.filter(|terms| terms.instrument == instrument && terms.side == side);
                    assert!(here.count() <= 1, "seed {seed}");
                }
            }
        }
    }
}

#[test]
fn it_requotes_only_when_its_price_has_moved_enough() {
    let mut world = maker(|_| {});
    world.sent.clear();
    let cancels =
        |world: &World| world.sent.iter().filter(|sent| matches!(sent, Sent::Cancel(_))).count();
    world.quote(BTC, "99.9", "100.2");
    world.advance(SECOND);
    assert_eq!(cancels(&world), 0);
    world.quote(BTC, "100.9", "101.1");
    world.advance(SECOND);
    assert_eq!(cancels(&world), 2);
    assert_eq!(resting(&world).len(), 2);
}

/// However wild the market: its budget of orders a second is never touched.
#[test]
fn two_orders_of_a_side_are_never_closer_than_its_pause() {
    let mut world = maker(|setup| {
        let mut settings = SETTINGS;
        settings[5].1 = "0.01";
        settings[7].1 = "400";
        setup.strategies = vec![support::seat(paper::strategy("quoter", &[BTC], &settings))];
    });
    world.sent.clear();
    for turn in 0..100 {
        let [bid, ask] = if turn % 2 == 0 { ["99.9", "100.1"] } else { ["100.9", "101.1"] };
        world.quote(BTC, bid, ask);
        world.advance(20 * MS);
    }
    let orders = world.sent.iter().filter(|sent| matches!(sent, Sent::New(..))).count();
    assert!((8..=12).contains(&orders), "two sides, two seconds, 400 ms: {orders}");
}

#[test]
fn at_its_most_inventory_it_stands_on_the_other_side_only_and_reduces() {
    let mut world = maker(|_| {});
    for _ in 0..4 {
        world.trade(BTC, "99", "1", Side::Sell);
        world.advance(2 * SECOND);
    }
    assert_eq!(world.venue_position(BTC), qty("2"));
    assert!(of_side(&world, Side::Buy).is_empty());
    let sells = of_side(&world, Side::Sell);
    world.trade(BTC, "101", "1", Side::Buy);
    world.advance(2 * SECOND);
    assert_eq!(sells.len(), 1);
    assert_eq!(world.venue_position(BTC), qty("1"));
    assert_eq!(of_side(&world, Side::Sell)[0].purpose, Purpose::Reducing);
    assert_eq!(of_side(&world, Side::Buy).len(), 1);
}

#[test]
fn where_only_reductions_pass_it_stands_on_one_side() {
    let mut world = maker(|_| {});
    world.trade(BTC, "99", "1", Side::Sell);
    world.advance(SECOND);
    let trade = ExecutionKind::Trade(Fill {
        trade_id: 77_000,
        side: Side::Sell,
        price: support::price("100"),
        qty: qty("0.001"),
        cum_qty: qty("0.001"),
        fee: None,
        liquidity: Liquidity::Taker,
    });
    world.step(support::execution(OrderRef::Foreign(ForeignOrder::Deleveraging), trade));
    assert_eq!(world.status().mode, Mode::Reducing);
    world.advance(15 * SECOND);
    let purposes: Vec<_> = resting(&world).iter().map(|terms| terms.purpose).collect();
    assert!(purposes.iter().all(|purpose| *purpose == Purpose::Reducing), "{purposes:?}");
}

#[test]
fn halted_or_killed_it_wishes_for_nothing() {
    let halts: [fn(&mut World); 3] = [
        |world| world.halt(),
        |world| world.operator(OperatorCommand::Halt(Scope::Strategy(StrategyId(0)))).unwrap(),
        |world| crate::kill_switch::trip(world),
    ];
    for halt in halts {
        let mut world = maker(|_| {});
        halt(&mut world);
        let denied = world.status().counters.denied_total();
        world.sent.clear();
        world.advance(60 * SECOND);
        assert_eq!(world.status().counters.denied_total(), denied);
        assert!(!world.sent.iter().any(|sent| matches!(sent, Sent::New(..))));
        assert_eq!(world.venue_orders(), 0);
    }
}

/// A "no" that does not end is asked again ever more seldom.
#[test]
fn permanent_denials_make_wishes_fall_off() {
    let mut world = maker(|_| {});
    world.link(LinkChannel::User, LinkState::Down);
    world.market_lives = false;
    let before = world.status().counters.denied_total();
    let turn = |world: &mut World| {
        for _ in 0..2_000 {
            world.quote(BTC, "99.9", "100.1");
            world.advance(5 * MS);
        }
        world.status().counters.denied_total()
    };
    let (early, late) = (turn(&mut world), turn(&mut world));
    let _ = before;
    assert!(late - early <= 2 * 2_000 / 512 + 2, "{} of late", late - early);
}

#[test]
fn when_everything_ends_nothing_is_left_at_the_venue() {
    let mut world = maker(|_| {});
    world.operator(OperatorCommand::Stop).unwrap();
    world.advance(SECOND);
    assert_eq!((world.venue_orders(), world.venue_position(BTC)), (0, Qty::ZERO));
}
