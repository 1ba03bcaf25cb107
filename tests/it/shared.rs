//! Two strategies on one instrument: each has a ledger of its own, and the ledgers with what is
//! nobody's are what the venue holds (SAFETY E9).

use crate::support::{BTC, VENUE, World, cash, execution, limit, price, qty, reduction};
use proptest::prelude::*;
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{Alert, LedgerLine, OperatorCommand, Setup};
use tradekeel::types::{
    ClientOrderId, ExecutionKind, Fill, ForeignOrder, Liquidity, MS, OrderKind, OrderRef,
    OrderRequest, Purpose, Qty, QueryToken, SECOND, Side, StrategyId, VenuePosition,
};

fn share(setup: &mut Setup) {
    setup.limits.instruments[0].shared = true;
}

fn two() -> World {
    World::with(2, share)
}

fn held(world: &World) -> [Qty; 3] {
    let status = world.status();
    let own = |at: usize| status.strategies[at].ledgers[0].position;
    [own(0), own(1), status.instruments[0].unattributed]
}

fn assert_sum(world: &World) {
    let sum = held(world).into_iter().fold(Qty::ZERO, Qty::saturating_add);
    assert_eq!(sum, world.position(), "{:?}", held(world));
}

/// Takes what the market offers; the touch is far enough to be met.
fn take(world: &mut World, puppet: usize, request: OrderRequest) -> Result<(), DenyReason> {
    let at = if request.side == Side::Buy { "100.1" } else { "99.9" };
    let request = OrderRequest { kind: OrderKind::Ioc(price(at)), ..request };
    let done = world.wish(puppet, request).map(drop);
    world.advance(20 * MS);
    done
}

/// The first holds 5, the second −3.
fn apart() -> World {
    let mut world = two();
    take(&mut world, 0, limit(Side::Buy, "5", "1")).unwrap();
    take(&mut world, 1, limit(Side::Sell, "3", "1")).unwrap();
    assert_eq!((held(&world), world.position()), ([qty("5"), qty("-3"), Qty::ZERO], qty("2")));
    world
}

/// Somebody else trades on the account, and the venue tells.
fn foreign(world: &mut World, side: Side, amount: &str, trade_id: u64) {
    let (qty, liquidity) = (qty(amount), Liquidity::Taker);
    let fill =
        Fill { trade_id, side, price: price("100"), qty, cum_qty: qty, fee: None, liquidity };
    let manual = OrderRef::Foreign(ForeignOrder::Manual);
    world.step(execution(manual, ExecutionKind::Trade(fill)));
}

/// The venue's account is from now on what is told, whatever was heard.
fn hold(world: &mut World, amount: &str) {
    let mut told = world.venue.snapshot(VENUE, QueryToken(0));
    told.positions = vec![VenuePosition { instrument: BTC, qty: qty(amount), entry: price("100") }];
    told.open_orders.clear();
    let now_ms = 1_700_000_000_000 + world.now_ns() / MS;
    world.venue.adopt(now_ms, &told);
    let _ = world.operator(OperatorCommand::Reconcile);
    world.advance(5 * SECOND);
}

fn purpose(world: &World, id: ClientOrderId) -> Purpose {
    world.order(id).unwrap().terms.purpose
}

#[test]
fn the_native_flag_follows_the_account_and_not_the_ledger() {
    let mut world = apart();
    let within = world.wish(0, reduction(Side::Sell, "2", "101")).unwrap();
    assert_eq!(purpose(&world, within), Purpose::Reducing);
    let beyond = world.wish(0, reduction(Side::Sell, "3", "101.1")).unwrap();
    assert_eq!(purpose(&world, beyond), Purpose::Opening, "the two would sell 5 out of a net of 2");
    let more = reduction(Side::Sell, "0.1", "100.9");
    assert_eq!(world.wish(0, more), Err(DenyReason::NotReducing), "5 of 5 are on their way");
    let cover = world.wish(1, reduction(Side::Buy, "3", "99")).unwrap();
    assert_eq!(purpose(&world, cover), Purpose::Opening, "a buy raises a net that is long");
}

/// Both hold a part of the same net and close at once: the flags of both hold together, and what
/// does not fit goes as what it is.
#[test]
fn two_that_close_the_same_net_at_once_never_cross_zero_with_the_flag_missing() {
    let mut world = two();
    take(&mut world, 0, limit(Side::Buy, "4", "1")).unwrap();
    take(&mut world, 1, limit(Side::Buy, "4", "1")).unwrap();
    hold(&mut world, "5");
    assert_eq!(held(&world), [qty("4"), qty("4"), qty("-3")]);
    let ids = [0, 1].map(|at| world.wish(at, reduction(Side::Sell, "4", "100.2")).unwrap());
    assert_eq!(ids.map(|id| purpose(&world, id)), [Purpose::Reducing, Purpose::Opening]);
    world.advance(20 * MS);
    world.trade(BTC, "100.3", "99", Side::Buy);
    world.advance(SECOND);
    assert_eq!(world.venue_position(BTC), qty("-3"), "within what was counted as opening");
    assert_eq!(held(&world), [Qty::ZERO, Qty::ZERO, qty("-3")]);
}

#[test]
fn what_opens_for_the_account_is_within_the_accounts_limit() {
    let mut world = World::with(2, |setup| {
        share(setup);
        setup.limits.instruments[0].position_max = qty("6");
    });
    take(&mut world, 0, limit(Side::Buy, "5", "1")).unwrap();
    take(&mut world, 1, limit(Side::Sell, "3", "1")).unwrap();
    take(&mut world, 0, limit(Side::Buy, "2", "1")).unwrap();
    let cover = |amount| reduction(Side::Buy, amount, "99");
    assert_eq!(world.wish(1, cover("2.001")), Err(DenyReason::PositionTooLarge));
    assert!(world.wish(1, cover("2")).is_ok());
}

/// It keeps the native flag, and so stays what the account can lower with it.
#[test]
fn an_amended_reduction_is_within_the_ledger_and_the_account() {
    let mut world = apart();
    let id = world.wish(0, reduction(Side::Sell, "1", "101")).unwrap();
    world.advance(20 * MS);
    assert_eq!(world.amend(id, "2.001", "101"), Err(DenyReason::NotReducing), "the account has 2");
    assert_eq!(world.amend(id, "2", "101"), Ok(()));
    let beside = world.wish(0, reduction(Side::Sell, "1", "100.9")).unwrap();
    assert_eq!(purpose(&world, beside), Purpose::Opening, "all of the net is on its way");
    world.advance(20 * MS);
    assert_eq!((purpose(&world, id), world.amend(id, "1", "101")), (Purpose::Reducing, Ok(())));
}

#[test]
fn an_amended_way_out_without_the_flag_is_within_the_accounts_limit() {
    let mut world = World::with(2, |setup| {
        share(setup);
        setup.limits.instruments[0].position_max = qty("6");
    });
    take(&mut world, 0, limit(Side::Buy, "5", "1")).unwrap();
    take(&mut world, 1, limit(Side::Sell, "3", "1")).unwrap();
    take(&mut world, 0, limit(Side::Buy, "2", "1")).unwrap();
    let id = world.wish(1, reduction(Side::Buy, "1", "99")).unwrap();
    world.advance(20 * MS);
    assert_eq!(world.amend(id, "2.001", "99"), Err(DenyReason::PositionTooLarge));
    assert_eq!((world.amend(id, "2", "99"), purpose(&world, id)), (Ok(()), Purpose::Opening));
}

#[test]
fn an_order_of_one_never_meets_an_order_of_the_other() {
    let mut world = two();
    world.wish(0, limit(Side::Buy, "1", "99.5")).unwrap();
    let meets = limit(Side::Sell, "1", "99.5");
    assert_eq!(world.wish(1, meets), Err(DenyReason::SelfTrade));
    assert!(world.wish(1, limit(Side::Sell, "1", "99.6")).is_ok());
}

#[test]
fn what_others_trade_is_nobodys() {
    let mut world = apart();
    foreign(&mut world, Side::Sell, "2", 900);
    assert_eq!(held(&world), [qty("5"), qty("-3"), qty("-2")]);
    hold(&mut world, "0");
    assert_eq!(held(&world), [qty("5"), qty("-3"), qty("-2")], "a flat account says of neither");
    hold(&mut world, "7");
    assert_eq!(held(&world), [qty("5"), qty("-3"), qty("5")]);
    assert_sum(&world);
}

#[test]
fn an_account_that_is_found_flat_leaves_an_only_owner_nothing() {
    let mut world = World::calm();
    world.take(Side::Buy, "2");
    hold(&mut world, "0");
    let status = world.status();
    let line = status.strategies[0].ledgers[0];
    assert_eq!((line.position, line.cost), (Qty::ZERO, cash(0)));
    assert_eq!(status.instruments[0].unattributed, Qty::ZERO);
}

#[test]
fn a_flatten_closes_every_ledger() {
    let mut world = apart();
    foreign(&mut world, Side::Buy, "1", 900);
    hold(&mut world, "3");
    world.flatten();
    world.advance(5 * SECOND);
    assert!(world.has_alert(|alert| *alert == Alert::Flat));
    assert_eq!((world.venue_position(BTC), held(&world)), (Qty::ZERO, [Qty::ZERO; 3]));
    let status = world.status();
    let [first, second] = [0, 1].map(|at| status.strategies[at].ledgers[0]);
    // 5 bought at 100.1: two are sold by the exit and three against the other's, all at 99.9.
    assert_eq!((first.realised, first.cost), (cash(-1), cash(0)));
    // 3 sold at 99.9 and closed at the ask.
    assert_eq!(second.realised, price("-0.2").notional(qty("3")));
    assert!(world.wish(0, limit(Side::Buy, "1", "99")).is_ok());
}

#[test]
fn ledgers_survive_a_restart_and_what_happened_meanwhile_is_nobodys() {
    let first = apart();
    let kept = first.ledgers.clone();
    let mut world = World::asleep(2, |setup| {
        share(setup);
        setup.epoch = 2;
        let lines = kept.iter().map(|((strategy, of), line)| (*strategy, *of, *line));
        setup.restored.ledgers = lines.collect();
    });
    let mut told = first.venue.snapshot(VENUE, QueryToken(0));
    told.positions = vec![VenuePosition { instrument: BTC, qty: qty("2.5"), entry: price("100") }];
    world.venue.adopt(1_700_000_000_000, &told);
    world.awake();
    assert_eq!(held(&world), [qty("5"), qty("-3"), qty("0.5")]);
    assert_eq!(world.status().strategies[0].ledgers[0], kept[&(StrategyId(0), BTC)]);
    assert_eq!(world.status().strategies[0].profit, Some(cash(-1)), "five from 100.1 to 99.9");
    let out = world.wish(0, reduction(Side::Sell, "2.5", "101")).unwrap();
    assert_eq!(purpose(&world, out), Purpose::Reducing);
}

#[test]
fn an_only_owner_whose_position_is_gone_at_a_restart_has_none() {
    let line =
        LedgerLine { revision: 4, position: qty("2"), cost: cash(200), ..LedgerLine::default() };
    let world = World::with(1, |setup| setup.restored.ledgers = vec![(StrategyId(0), BTC, line)]);
    let status = world.status();
    let found = status.strategies[0].ledgers[0];
    assert_eq!((found.position, found.revision), (Qty::ZERO, 5));
    assert_eq!(status.instruments[0].unattributed, Qty::ZERO);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever two strategies, others and the venue do, the ledgers and what is nobody's are what
    /// the account holds, and the ledgers that are kept are those that stand.
    #[test]
    fn ledgers_and_what_is_nobodys_are_the_account(
        steps in proptest::collection::vec((0_u8..6, any::<bool>(), 1_u32..4), 1..24),
        shared in any::<bool>(),
    ) {
        let mut world = World::with(2, |setup| setup.limits.instruments[0].shared = shared);
        for (at, (what, buys, amount)) in steps.into_iter().enumerate() {
            let side = if buys { Side::Buy } else { Side::Sell };
            let amount = amount.to_string();
            match what {
                0 | 1 => drop(take(&mut world, what.into(), limit(side, &amount, "1"))),
                2 | 3 => drop(take(&mut world, (what - 2).into(), reduction(side, &amount, "1"))),
                4 => foreign(&mut world, side, &amount, 10_000 + at as u64),
                _ => hold(&mut world, if buys { &amount } else { "0" }),
            }
            assert_sum(&world);
        }
        world.flatten();
        world.advance(10 * SECOND);
        assert_sum(&world);
        let status = world.status();
        for ((strategy, of), line) in &world.ledgers {
            prop_assert_eq!(&status.strategies[strategy.index()].ledgers[of.index()], line);
        }
    }
}
