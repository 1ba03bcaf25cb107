//! A venue's word on itself: maintenance, a clock that is not as we measured it, a key that it
//! refuses, counts that are near what it takes.

use crate::support::{Sent, VENUE, World, limit, reduction};
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{Alert, EventKind, Mode, ModeCause};
use tradekeel::types::{Condition, Qty, SECOND, Side, VenueCondition};

fn say(world: &mut World, condition: Condition) {
    world.step(EventKind::Condition(VenueCondition { venue: VENUE, condition }));
}

fn questions(world: &World) -> usize {
    world.sent.iter().filter(|sent| **sent == Sent::Account).count()
}

fn alerts(world: &World, wanted: Alert) -> usize {
    world.alerts.iter().filter(|alert| **alert == wanted).count()
}

#[test]
fn a_venue_in_maintenance_gets_no_orders_and_no_questions() {
    let mut world = World::calm();
    world.take(Side::Buy, "2");
    say(&mut world, Condition::Unavailable);
    say(&mut world, Condition::Unavailable);
    assert_eq!(alerts(&world, Alert::MaintenanceBegan(VENUE)), 1);
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "99")), Err(DenyReason::Maintenance));
    assert_eq!(world.wish(0, reduction(Side::Sell, "1", "101")), Err(DenyReason::Maintenance));
    let before = questions(&world);
    world.advance(60 * SECOND);
    assert_eq!(questions(&world), before);
    assert_eq!(world.status().venues[0].held.mode, Mode::Running, "it is no mode");
    assert!(world.status().venues[0].in_maintenance);
}

#[test]
fn maintenance_is_over_when_the_account_has_been_read_and_not_before() {
    let mut world = World::calm();
    say(&mut world, Condition::Unavailable);
    world.advance(SECOND);
    world.faults.lost_answers = 1_000;
    say(&mut world, Condition::Available);
    world.advance(2 * SECOND);
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "99")), Err(DenyReason::Maintenance));
    world.faults.lost_answers = 0;
    world.advance(5 * SECOND);
    assert_eq!(alerts(&world, Alert::MaintenanceOver(VENUE)), 1);
    assert!(world.wish(0, limit(Side::Buy, "1", "99")).is_ok());
    say(&mut world, Condition::Available);
    assert!(!world.status().venues[0].in_maintenance, "said again, it means nothing");
}

#[test]
fn an_operators_exit_and_cancels_are_tried_all_the_same() {
    let mut world = World::calm();
    world.take(Side::Buy, "2");
    let opening = world.open(Side::Buy, "1", "99");
    world.advance(SECOND);
    say(&mut world, Condition::Unavailable);
    world.flatten();
    world.advance(SECOND);
    assert_eq!(world.venue_position(crate::support::BTC), Qty::ZERO);
    assert_eq!(world.cancels_of(opening), 1);
}

#[test]
fn a_refused_time_makes_our_measurement_void_until_the_next() {
    let mut world = World::calm();
    say(&mut world, Condition::ClockOff);
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "99")), Err(DenyReason::ClockUnknown));
    assert_eq!(world.status().counters.clock_refusals, 1);
    world.clock(3);
    assert!(world.wish(0, limit(Side::Buy, "1", "99")).is_ok());
}

#[test]
fn near_the_limits_of_the_venue_nothing_is_opened_and_the_way_out_stays() {
    let mut world = World::calm();
    world.take(Side::Buy, "2");
    let opening = world.open(Side::Buy, "1", "99");
    say(&mut world, Condition::NearLimit);
    assert!(world.status().venues[0].near_limit);
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "98")), Err(DenyReason::VenueLimit));
    assert!(world.wish(0, reduction(Side::Sell, "1", "101")).is_ok());
    world.flatten();
    world.advance(SECOND);
    assert_eq!(world.venue_position(crate::support::BTC), Qty::ZERO);
    assert_eq!(world.cancels_of(opening), 1);
    say(&mut world, Condition::BelowLimit);
    assert!(!world.status().venues[0].near_limit);
    assert!(world.wish(0, limit(Side::Buy, "1", "99")).is_ok(), "it has room again");
}

#[test]
fn a_refused_key_halts_its_venue_once_and_exits_are_tried_all_the_same() {
    let mut world = World::calm();
    world.take(Side::Buy, "2");
    let alerts_before = world.alerts.len();
    say(&mut world, Condition::KeyRefused);
    let told = world.alerts.len() - alerts_before;
    say(&mut world, Condition::KeyRefused);
    assert_eq!(world.alerts.len() - alerts_before, told, "said again, it is no news");
    let held = world.status().venues[0].held;
    assert_eq!((held.mode, held.cause), (Mode::Halted, ModeCause::KeyRefused));
    assert_eq!(world.wish(0, limit(Side::Buy, "1", "99")), Err(DenyReason::Halted));
    world.flatten();
    world.advance(SECOND);
    assert_eq!(world.venue_position(crate::support::BTC), Qty::ZERO);
}
