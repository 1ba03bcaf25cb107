//! The venue's dead-man's switch (SAFETY E4, E15): armed before the first order rests, renewed by a
//! core that steps, disarmed at zero, and recognised when it fired.

use crate::support::{BTC, ETH, Sent, World, limit, reduction};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{
    Alert, DeadManState, DeadManTiming, EventKind, Intent, LinkChannel, LinkState, OperatorCommand,
    OrderUpdate, Outcome, TripCause,
};
use tradekeel::types::{
    ClientOrderId, DeadManAnswer, DeadManReport, DeadManRequest, InstrumentId, MS, OrderKind,
    OrderRequest, OrderStatus, Price, SECOND, Side,
};

const COUNTDOWN_NS: u64 = 60 * SECOND;
const RENEW_NS: u64 = 20 * SECOND;

fn guarded() -> World {
    World::with(1, |setup| {
        setup.dead_man = Some(DeadManTiming { countdown_ms: 60_000, renew_ns: RENEW_NS });
    })
}

fn wish(world: &mut World, request: OrderRequest) {
    world.say(0, Intent::Place(ClientOrderId::default(), request));
}

fn bid() -> OrderRequest {
    limit(Side::Buy, "1", "99")
}

/// A guarded world in which a bid for BTC stands.
fn quoting() -> World {
    let mut world = guarded();
    wish(&mut world, bid());
    world.advance(20 * MS);
    assert_eq!(world.venue_orders(), 1);
    world
}

fn requests(world: &World, instrument: InstrumentId) -> Vec<DeadManRequest> {
    let asked = world.sent.iter().filter_map(|sent| match sent {
        Sent::DeadMan(request) if request.instrument == instrument => Some(*request),
        Sent::DeadMan(_)
        | Sent::New(..)
        | Sent::Amend(..)
        | Sent::Cancel(_)
        | Sent::CancelAll(_)
        | Sent::Query(_)
        | Sent::Account
        | Sent::Stop(_) => None,
    });
    asked.collect()
}

fn countdowns(world: &World) -> Vec<u32> {
    requests(world, BTC).iter().map(|request| request.countdown_ms).collect()
}

fn orders_sent(world: &World) -> usize {
    world.sent.iter().filter(|sent| matches!(sent, Sent::New(..))).count()
}

fn outcomes(world: &World) -> Vec<Outcome> {
    world.script(0).updates.iter().map(|OrderUpdate { outcome, .. }| *outcome).collect()
}

fn state(world: &World, instrument: InstrumentId) -> DeadManState {
    world.status().instruments[instrument.index()].dead_man
}

fn fired(world: &World) -> usize {
    world.alerts.iter().filter(|alert| **alert == Alert::DeadManFired(BTC)).count()
}

fn unarmed(world: &World) -> usize {
    world.alerts.iter().filter(|alert| **alert == Alert::DeadManUnarmed(BTC)).count()
}

fn answer(world: &mut World, request: DeadManRequest, answer: DeadManAnswer) {
    world.step(EventKind::DeadMan(DeadManReport { request, answer }));
}

#[test]
fn the_first_order_waits_for_the_switch_and_is_not_denied() {
    let mut world = guarded();
    wish(&mut world, bid());
    assert_eq!((countdowns(&world), orders_sent(&world)), (vec![60_000], 0));
    assert_eq!(state(&world, BTC), DeadManState::Asked);
    world.advance(20 * MS);
    assert_eq!((orders_sent(&world), world.venue_orders()), (1, 1));
    assert!(world.denied.is_empty());
    // The second one finds it armed.
    wish(&mut world, limit(Side::Sell, "1", "101"));
    assert_eq!((countdowns(&world).len(), orders_sent(&world)), (1, 2));
}

#[test]
fn the_status_tells_until_when() {
    let world = quoting();
    let status = world.status();
    let DeadManState::Armed { until_unix_ms } = state(&world, BTC) else { panic!("not armed") };
    let left_ms = until_unix_ms - status.at.unix_ns / MS;
    assert!((59_000..=60_000).contains(&left_ms), "{left_ms}");
    assert_eq!(state(&world, ETH), DeadManState::Disarmed);
    assert_eq!(state(&World::calm(), BTC), DeadManState::Off);
}

#[test]
fn it_is_renewed_in_time_and_only_where_opening_orders_stand() {
    let mut world = quoting();
    world.advance(10 * 60 * SECOND);
    assert_eq!(world.venue_orders(), 1, "a core that steps keeps its orders");
    let asked = requests(&world, BTC);
    assert!((30..=32).contains(&asked.len()), "{}", asked.len());
    let gaps = asked.windows(2).map(|pair| pair[1].asked_ns - pair[0].asked_ns);
    assert!(gaps.into_iter().all(|gap| gap <= RENEW_NS + 20 * MS));
    // Whatever an earlier run left there was disarmed once.
    assert!(requests(&world, ETH).iter().all(|request| request.countdown_ms == 0));
    assert_eq!(requests(&world, ETH).len(), 1);
}

#[test]
fn what_cannot_rest_and_what_reduces_needs_no_switch() {
    let mut world = guarded();
    world.take(Side::Buy, "1");
    wish(&mut world, reduction(Side::Sell, "1", "101"));
    world.advance(10 * MS);
    assert!(countdowns(&world).is_empty());
    assert_eq!((orders_sent(&world), world.venue_orders()), (2, 1));
}

#[test]
fn it_is_disarmed_once_nothing_stands_and_costs_two_requests_a_period_at_most() {
    let mut world = quoting();
    for _ in 0..39 {
        let id = *world.script(0).placed.last().unwrap();
        world.cancel(0, id);
        world.advance(SECOND);
        wish(&mut world, bid());
        world.advance(SECOND);
    }
    assert!(countdowns(&world).len() <= 2 * 4, "{:?}", countdowns(&world));
    let id = *world.script(0).placed.last().unwrap();
    world.cancel(0, id);
    world.advance(RENEW_NS + SECOND);
    assert_eq!(countdowns(&world).last(), Some(&0));
    assert_eq!(state(&world, BTC), DeadManState::Disarmed);
    let asked = countdowns(&world).len();
    world.advance(5 * 60 * SECOND);
    assert_eq!((countdowns(&world).len(), fired(&world)), (asked, 0));
}

#[test]
fn a_core_that_hangs_loses_its_orders_to_the_venue_and_knows_it_afterwards() {
    let mut world = quoting();
    world.hang(COUNTDOWN_NS - SECOND);
    assert_eq!(world.venue_orders(), 1);
    world.hang(2 * SECOND);
    assert_eq!(world.venue_orders(), 0);
    world.market_lives = false;
    world.step(EventKind::Timer);
    assert_eq!(fired(&world), 1);
    assert!(!world.status().reconciled, "nothing new before the account was read");
    world.market_lives = true;
    world.advance(SECOND);
    assert!(world.status().reconciled);
    assert_eq!(world.status().opening_orders, 0);
    assert_eq!(fired(&world), 1, "it is said once");
    // It was armed again for what might have stood there still, and holds the next order too.
    assert!(matches!(state(&world, BTC), DeadManState::Armed { .. }));
    wish(&mut world, bid());
    world.advance(20 * MS);
    assert_eq!((world.venue_orders(), orders_sent(&world)), (1, 2));
}

#[test]
fn orders_that_the_venue_takes_back_at_the_expiry_are_the_switchs_and_no_others() {
    for (early_ns, expected) in [(200 * MS, 0), (50 * MS, 1)] {
        let mut world = quoting();
        let id = world.script(0).placed[0];
        let until_ns = requests(&world, BTC)[0].asked_ns + COUNTDOWN_NS;
        world.lose_what_is_under_way();
        world.hang(until_ns - early_ns - world.now_ns());
        world.report(
            id,
            tradekeel::types::ExecutionKind::Canceled { cum_qty: tradekeel::types::Qty::ZERO },
        );
        assert_eq!(fired(&world), expected, "{early_ns}");
    }
}

#[test]
fn a_cancel_of_our_own_is_not_the_switch() {
    let mut world = quoting();
    let id = world.script(0).placed[0];
    world.faults.lost_requests = 1_000;
    world.advance(COUNTDOWN_NS - 2 * SECOND);
    world.faults.lost_requests = 0;
    world.cancel(0, id);
    world.advance(SECOND);
    assert_eq!((fired(&world), world.venue_orders()), (0, 0));
}

#[test]
fn renewals_that_are_lost_are_tried_again_before_it_runs_out() {
    let mut world = quoting();
    world.faults.lost_requests = 1_000;
    world.advance(COUNTDOWN_NS - 15 * SECOND);
    let asked = countdowns(&world).len();
    assert!(4 <= asked, "{asked}");
    world.faults.lost_requests = 0;
    world.advance(60 * SECOND);
    assert_eq!((fired(&world), world.venue_orders()), (0, 1));
}

#[test]
fn one_that_ran_out_is_told_and_nothing_more_is_opened_until_it_is_armed_again() {
    let mut world = quoting();
    world.faults.lost_requests = 1_000;
    world.advance(COUNTDOWN_NS + SECOND);
    assert_eq!((fired(&world), world.venue_orders()), (1, 0));
    let sent = orders_sent(&world);
    wish(&mut world, bid());
    assert_eq!(orders_sent(&world), sent);
    world.faults.lost_requests = 0;
    world.advance(30 * SECOND);
    assert!(world.status().reconciled);
    wish(&mut world, bid());
    world.advance(20 * MS);
    assert_eq!(world.venue_orders(), 1);
}

#[test]
fn it_is_not_renewed_while_orders_cannot_be_taken_back() {
    let mut world = quoting();
    world.link(LinkChannel::Orders, LinkState::Down);
    let asked = countdowns(&world).len();
    world.advance(COUNTDOWN_NS + SECOND);
    assert_eq!((countdowns(&world).len(), world.venue_orders()), (asked, 0));
    assert_eq!(fired(&world), 1);
}

#[test]
fn an_order_whose_switch_is_not_armed_in_time_never_leaves() {
    let mut world = guarded();
    world.faults.lost_requests = 1_000;
    wish(&mut world, bid());
    world.advance(999 * MS);
    assert_eq!(world.status().opening_orders, 1, "it waits");
    world.advance(20 * MS);
    assert_eq!((orders_sent(&world), world.status().opening_orders), (0, 0));
    assert_eq!(outcomes(&world), [Outcome::Status(OrderStatus::NotSent)]);
    assert_eq!(unarmed(&world), 1);
    // Until the next try wishes are denied, exits and what cannot rest are not.
    wish(&mut world, bid());
    assert_eq!(world.denied, [DenyReason::DeadManUnarmed]);
    world.faults.lost_requests = 0;
    world.take(Side::Buy, "1");
    wish(&mut world, reduction(Side::Sell, "1", "101"));
    assert_eq!((world.denied.len(), orders_sent(&world)), (1, 2));
    world.advance(RENEW_NS / 2);
    wish(&mut world, bid());
    world.advance(20 * MS);
    assert_eq!((orders_sent(&world), world.denied.len(), unarmed(&world)), (3, 1, 1));
}

#[test]
fn one_that_the_venue_refuses_denies_at_once_and_is_told_once() {
    let mut world = guarded();
    wish(&mut world, bid());
    let request = requests(&world, BTC)[0];
    world.lose_what_is_under_way();
    answer(&mut world, request, DeadManAnswer::Refused);
    assert_eq!(world.status().opening_orders, 0);
    assert_eq!((unarmed(&world), orders_sent(&world)), (1, 0));
    wish(&mut world, bid());
    assert_eq!(world.denied, [DenyReason::DeadManUnarmed]);
}

#[test]
fn an_answer_to_an_older_request_arms_nothing() {
    let mut world = guarded();
    world.faults.lost_requests = 1_000;
    wish(&mut world, bid());
    let first = requests(&world, BTC)[0];
    world.advance(RENEW_NS);
    wish(&mut world, bid());
    answer(&mut world, first, DeadManAnswer::Set);
    assert_eq!(orders_sent(&world), 0);
    let second = *requests(&world, BTC).last().unwrap();
    answer(&mut world, second, DeadManAnswer::Set);
    assert_eq!(orders_sent(&world), 1);
}

#[test]
fn a_stop_keeps_back_what_waits() {
    let halt = OperatorCommand::Halt(tradekeel::core::Scope::All);
    for command in [halt, OperatorCommand::Trip(TripCause::Operator), OperatorCommand::Stop] {
        let mut world = guarded();
        wish(&mut world, bid());
        world.operator(command).unwrap();
        world.advance(SECOND);
        assert_eq!((orders_sent(&world), world.status().opening_orders), (0, 0), "{command:?}");
    }
}

#[test]
fn an_order_that_is_not_wanted_any_more_does_not_leave() {
    let mut world = guarded();
    wish(&mut world, bid());
    let id = world.script(0).placed[0];
    world.cancel(0, id);
    world.advance(2 * SECOND);
    assert_eq!((orders_sent(&world), world.status().opening_orders), (0, 0));
    assert_eq!(unarmed(&world), 0, "that is no fault of the switch");
}

#[test]
fn an_order_does_not_overtake_a_request_that_disarms() {
    let mut world = quoting();
    let id = world.script(0).placed[0];
    world.cancel(0, id);
    world.advance(RENEW_NS - SECOND);
    world.faults.lost_requests = 1_000;
    world.advance(2 * SECOND);
    assert_eq!(countdowns(&world), [60_000, 0]);
    world.faults.lost_requests = 0;
    wish(&mut world, bid());
    world.advance(SECOND + 20 * MS);
    // Nobody knows whether the disarming still comes.
    assert_eq!((countdowns(&world).len(), orders_sent(&world)), (2, 1));
    world.advance(20 * SECOND);
    wish(&mut world, bid());
    world.advance(20 * MS);
    assert_eq!((orders_sent(&world), world.venue_orders()), (2, 1));
}

#[test]
fn after_a_trip_it_stays_armed_until_the_venue_confirmed_that_nothing_stands() {
    let mut world = quoting();
    world.faults.delay_ns = 3 * 60 * SECOND;
    world.operator(OperatorCommand::Trip(TripCause::Operator)).unwrap();
    world.advance(50 * SECOND);
    assert!(!countdowns(&world).contains(&0));
    assert!(2 <= countdowns(&world).len(), "it is still renewed");
    let mut world = quoting();
    world.operator(OperatorCommand::Trip(TripCause::Operator)).unwrap();
    world.advance(RENEW_NS + SECOND);
    assert_eq!(countdowns(&world).last(), Some(&0));
}

#[test]
fn the_end_of_the_process_disarms_as_soon_as_nothing_stands() {
    let mut world = quoting();
    world.operator(OperatorCommand::Stop).unwrap();
    assert!(world.status().dead_man_runs());
    world.advance(50 * MS);
    assert_eq!(countdowns(&world).last(), Some(&0));
    assert!(!world.status().dead_man_runs());
    world.hang(COUNTDOWN_NS);
    assert_eq!(fired(&world), 0);
}

#[test]
fn a_taker_leaves_no_switch_behind() {
    let mut world = guarded();
    let at = Price::parse(b"100.1").unwrap();
    wish(&mut world, OrderRequest { kind: OrderKind::Fok(at), ..bid() });
    world.advance(SECOND);
    assert_eq!(state(&world, BTC), DeadManState::Disarmed);
}
