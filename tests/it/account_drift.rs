//! The account differs beyond tolerance: its instrument or its venue may only reduce until a reading
//! agrees, and what repeats itself waits for a person (SAFETY T6).

use crate::support::{BTC, ETH, USDT, VENUE, World, account, cash, limit, price, qty, reduction};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{
    AccountDrift, AccountEvent, Alert, EventKind, Mode, ModeCause, ModeRecord, OperatorCommand,
    Restored, Scope, Setup, Sharing,
};
use tradekeel::types::{
    AccountSnapshot, BalanceCause, BalanceChange, ClientOrderId, ExecutionKind, ForeignOrder, MS,
    OrderRef, OrderRequest, OrderStatus, Purpose, Qty, SECOND, Side, VenueOrder, VenuePosition,
};

/// A world that asks and hears nothing but what the test says.
fn asking(change: impl FnOnce(&mut Setup)) -> World {
    let mut world = World::with(1, change);
    world.faults.lost_requests = 1_000;
    world
}

/// One reading of the account as it is at the venue, with changes of the test.
fn read(world: &mut World, change: impl Fn(&mut AccountSnapshot)) {
    world.operator(OperatorCommand::Reconcile).unwrap();
    world.advance(300 * MS);
    let mut snapshot = world.venue.snapshot(VENUE, world.core.account_token(VENUE));
    change(&mut snapshot);
    world.step(account(AccountEvent::Snapshot(Box::new(snapshot))));
}

/// The reading that says so for the second time: it is believed.
fn read_twice(world: &mut World, change: impl Fn(&mut AccountSnapshot)) {
    read(world, &change);
    read(world, &change);
}

fn holding(amount: &str) -> impl Fn(&mut AccountSnapshot) + use<> {
    let position = VenuePosition { instrument: BTC, qty: qty(amount), entry: price("100") };
    move |snapshot| {
        snapshot.positions.retain(|held| held.instrument != BTC);
        snapshot.positions.push(position);
    }
}

/// Orders of somebody, one each of a purpose.
fn orders(order: OrderRef, purposes: &[Purpose]) -> impl Fn(&mut AccountSnapshot) {
    move |snapshot| {
        snapshot.open_orders.extend(purposes.iter().map(|purpose| VenueOrder {
            instrument: BTC,
            order,
            venue_order_id: 77,
            side: Side::Buy,
            price: price("99"),
            qty: qty("1"),
            cum_qty: Qty::ZERO,
            purpose: *purpose,
        }));
    }
}

fn held(world: &World) -> (Mode, ModeCause) {
    let held = world.status().instruments[BTC.index()].held;
    (held.mode, held.cause)
}

fn drifts(world: &World) -> Vec<AccountDrift> {
    let drift = |alert: &Alert| {
        let Alert::AccountDrift(drift) = alert else { return None };
        Some(*drift)
    };
    world.alerts.iter().filter_map(drift).collect()
}

fn ether(at: &str) -> OrderRequest {
    OrderRequest { instrument: ETH, ..limit(Side::Buy, "1", at) }
}

const FROZEN: (Mode, ModeCause) = (Mode::Reducing, ModeCause::AccountDrift);
const FREE: (Mode, ModeCause) = (Mode::Running, ModeCause::Start);

#[test]
fn a_position_that_differs_freezes_its_instrument_until_a_reading_agrees() {
    let mut world = asking(|_| {});
    read(&mut world, holding("3"));
    assert_eq!((held(&world), drifts(&world).len()), (FREE, 0), "once is a race");
    read(&mut world, holding("3"));
    let drift = AccountDrift::Position { instrument: BTC, ours: Qty::ZERO, venue: qty("3") };
    assert_eq!((held(&world), drifts(&world)), (FROZEN, vec![drift]));
    assert_eq!(world.position(), qty("3"), "it is adopted all the same");
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "99")), Err(DenyReason::ReducingOnly));
    assert!(world.wish(0, ether("9.8")).is_ok(), "the smallest scope that covers it");
    read(&mut world, holding("3"));
    assert_eq!(held(&world), FREE);
    assert!(world.wish(0, limit(Side::Buy, "1", "99")).is_ok());
    assert_eq!(drifts(&world).len(), 1, "told once");
}

#[test]
fn orders_that_rest_there_go_and_a_reduction_passes() {
    let mut world = World::calm();
    world.take(Side::Buy, "2");
    let id = world.open(Side::Buy, "1", "99");
    world.advance(20 * MS);
    world.faults.lost_requests = 1_000;
    read_twice(&mut world, holding("3"));
    assert_eq!((held(&world), world.cancels_of(id)), (FROZEN, 1));
    assert!(world.wish(0, reduction(Side::Sell, "1", "100.1")).is_ok());
}

#[test]
fn the_tolerance_is_exact_and_in_steps() {
    for (amount, expected) in [("0.002", FREE), ("0.003", FROZEN), ("-0.002", FREE)] {
        let mut world = asking(|setup| setup.timing.position_tolerance_steps = 2);
        read_twice(&mut world, holding(amount));
        assert_eq!((held(&world), world.position()), (expected, qty(amount)), "{amount}");
    }
}

#[test]
fn the_second_within_an_hour_waits_for_a_resume() {
    for (wait_s, expected) in [(3_000, Mode::Reducing), (3_700, Mode::Running)] {
        let mut world = asking(|setup| setup.timing.reconcile_ns = 10_000 * SECOND);
        read_twice(&mut world, holding("3"));
        read(&mut world, holding("3"));
        assert_eq!(held(&world), FREE);
        world.advance(wait_s * SECOND);
        read_twice(&mut world, holding("4"));
        read(&mut world, holding("4"));
        assert_eq!(held(&world).0, expected, "{wait_s}");
        if expected == Mode::Reducing {
            assert_eq!(held(&world).1, ModeCause::DriftAgain);
            world.operator(OperatorCommand::Resume(Scope::Instrument(BTC))).unwrap();
            assert_eq!(held(&world).0, Mode::Conservative);
        }
    }
}

#[test]
fn a_clean_reading_lifts_no_halt_and_a_resume_no_freeze() {
    let mut world = asking(|_| {});
    read_twice(&mut world, holding("3"));
    world.operator(OperatorCommand::Halt(Scope::Instrument(BTC))).unwrap();
    read(&mut world, holding("3"));
    assert_eq!(held(&world), (Mode::Halted, ModeCause::Halt));
    let mut world = asking(|_| {});
    read_twice(&mut world, holding("3"));
    world.operator(OperatorCommand::Resume(Scope::Instrument(BTC))).unwrap();
    assert_eq!(held(&world), FROZEN);
    read(&mut world, holding("3"));
    assert_eq!(held(&world), (Mode::Conservative, ModeCause::Resume));
}

/// What the last run was frozen by is on disk as a mode: a restart raises none (D1).
#[test]
fn a_restart_does_not_thaw() {
    let mut world = World::with(1, |setup| {
        let cause = ModeCause::AccountDrift;
        let record = ModeRecord { mode: Mode::Reducing, cause, ..ModeRecord::default() };
        let modes = vec![(Scope::Instrument(BTC), record)];
        setup.restored = Restored { modes, ..Restored::default() };
    });
    world.advance(25 * SECOND);
    assert_eq!(held(&world), FROZEN);
    world.operator(OperatorCommand::Resume(Scope::Instrument(BTC))).unwrap();
    assert_eq!(held(&world).0, Mode::Conservative);
}

/// A freeze is a change of mode like any other for the disk and for people.
#[test]
fn both_ends_of_a_freeze_are_told() {
    let mut world = asking(|_| {});
    read_twice(&mut world, holding("3"));
    read(&mut world, holding("3"));
    let modes = |alert: &Alert| {
        let (Alert::Mode { scope, record } | Alert::DriftOver { scope, record }) = alert else {
            return None;
        };
        Some((*scope, record.mode))
    };
    let told: Vec<_> = world.alerts.iter().filter_map(modes).collect();
    let scope = Scope::Instrument(BTC);
    assert_eq!(told, [(scope, Mode::Reducing), (scope, Mode::Running)]);
}

/// While it lasts, limits count the larger of what was believed and what the venue says (P15).
#[test]
fn the_larger_position_counts_against_every_sum_until_a_reading_agrees() {
    let mut world = asking(|setup| setup.limits.gross_notional_max = cash(950));
    world.faults.lost_requests = 0;
    world.take(Side::Buy, "9");
    world.faults.lost_requests = 1_000;
    read_twice(&mut world, holding("1"));
    assert_eq!(world.position(), qty("1"));
    let worth = |qty: &str| OrderRequest { qty: crate::support::qty(qty), ..ether("10") };
    assert_eq!(world.wish(0, worth("5")), Err(DenyReason::ExposureTooLarge), "900.9 counts");
    assert!(world.wish(0, worth("4")).is_ok());
    read(&mut world, holding("1"));
    assert!(world.wish(0, worth("5")).is_ok());
}

/// A connection was lost, an order of ours traded meanwhile and nobody told: that is no drift.
#[test]
fn what_an_order_of_ours_traded_unseen_is_adopted_without_a_freeze() {
    let mut world = World::calm();
    let id = world.open(Side::Buy, "2", "99");
    world.advance(20 * MS);
    world.faults.lost_requests = 1_000;
    let (status, cum_qty) = (OrderStatus::Filled, qty("2"));
    world.report(id, ExecutionKind::Status { status, cum_qty });
    read_twice(&mut world, holding("2"));
    assert_eq!((held(&world), world.position()), (FREE, qty("2")));
    assert!(drifts(&world).is_empty() && world.status().reconciled);
}

/// And more than it traded is.
#[test]
fn what_is_beyond_the_trades_of_our_orders_freezes() {
    let mut world = World::calm();
    let id = world.open(Side::Buy, "2", "99");
    world.advance(20 * MS);
    world.faults.lost_requests = 1_000;
    let (status, cum_qty) = (OrderStatus::Filled, qty("2"));
    world.report(id, ExecutionKind::Status { status, cum_qty });
    read_twice(&mut world, holding("2.001"));
    assert_eq!(held(&world), FROZEN);
}

#[test]
fn a_wallet_that_differs_freezes_its_venue_and_a_transfer_does_not() {
    let less = |snapshot: &mut AccountSnapshot| snapshot.balances = vec![(USDT, cash(90_000))];
    let mut world = asking(|_| {});
    read_twice(&mut world, less);
    let venue = world.status().venues[0].held;
    assert_eq!((venue.mode, venue.cause), FROZEN);
    let (ours, venue) = (cash(100_000), cash(90_000));
    assert_eq!(drifts(&world), [AccountDrift::Balance { asset: USDT, ours, venue }]);
    assert_eq!(world.wish(0, ether("9.8")), Err(DenyReason::ReducingOnly));
    read(&mut world, less);
    assert_eq!(world.status().venues[0].held.mode, Mode::Running);

    let mut world = asking(|_| {});
    let (amount, cause) = (cash(-10_000), BalanceCause::Transfer);
    let change = BalanceChange { venue: VENUE, asset: USDT, amount, cause };
    world.step(EventKind::Account(AccountEvent::Balance(change)));
    read_twice(&mut world, less);
    assert!(drifts(&world).is_empty());
}

/// A trade that is missing moved the wallet too: the instrument covers it.
#[test]
fn a_wallet_that_differs_beside_a_position_freezes_the_instrument_alone() {
    let mut world = asking(|_| {});
    read_twice(&mut world, |snapshot| {
        holding("3")(snapshot);
        snapshot.balances = vec![(USDT, cash(99_990))];
    });
    let status = world.status();
    assert_eq!((held(&world), status.venues[0].held.mode), (FROZEN, Mode::Running));
}

#[test]
fn opening_orders_that_nobody_here_knows_freeze_beyond_the_tolerance() {
    let strange = OrderRef::Foreign(ForeignOrder::Other);
    let two = [Purpose::Opening; 2];
    let reducing = [Purpose::Opening, Purpose::Reducing, Purpose::Protective];
    let rows: [(&[Purpose], Sharing, _); 4] = [
        (&two, Sharing::Exclusive, FROZEN),
        (&two[..1], Sharing::Exclusive, FREE),
        (&reducing, Sharing::Exclusive, FREE),
        (&two, Sharing::Shared, FREE),
    ];
    for (purposes, sharing, expected) in rows {
        let mut world = asking(|setup| {
            setup.timing.open_orders_tolerance = 1;
            setup.sharing = sharing;
        });
        read(&mut world, orders(strange, purposes));
        assert_eq!(held(&world), expected, "{purposes:?} {sharing:?}");
        read(&mut world, |_| {});
        assert_eq!(held(&world), FREE);
    }
}

#[test]
fn an_order_under_our_name_that_is_not_ours_freezes_while_trading_and_not_at_the_start() {
    let ours = OrderRef::Ours(ClientOrderId { epoch: 1, sequence: 900 });
    let mut world = asking(|setup| setup.timing.open_orders_tolerance = 0);
    read_twice(&mut world, orders(ours, &[Purpose::Opening]));
    let drift = AccountDrift::Orders { instrument: BTC, unknown: 1 };
    assert_eq!((held(&world), drifts(&world)), (FROZEN, vec![drift]));

    let mut world = World::asleep(1, |setup| {
        setup.epoch = 3;
        setup.timing.open_orders_tolerance = 0;
    });
    world.faults.lost_requests = 1_000;
    world.link_up();
    let left = OrderRef::Ours(ClientOrderId { epoch: 2, sequence: 1 });
    read(&mut world, orders(left, &[Purpose::Opening]));
    assert_eq!((held(&world), drifts(&world).len()), (FREE, 0));
}
