//! A replay that is the same says so, and one that is not says where. That every other scenario is
//! replayed, too, is the doing of `support.rs`, at the end of each world.

use crate::support::{BTC, Faults, World, limit, reduction};
use tradekeel::core::{OperatorCommand, Scope};
use tradekeel::runtime::replay::Difference;
use tradekeel::store::Record;
use tradekeel::types::{MS, MarketData, Price, Quote, SECOND, Side, Stamp};

/// Orders, fills, denials, amends, a halt, a trip, a reset and a flatten, over a bad line.
fn eventful() -> World {
    let mut world = World::calm();
    let _ = world.open(Side::Buy, "0.5", "99.8");
    let resting = world.open(Side::Buy, "0.5", "99.7");
    world.advance(50 * MS);
    let _ = world.amend(resting, "0.4", "99.6");
    world.faults = Faults { delay_ns: MS, lost_answers: 200, ..world.faults };
    world.take(Side::Buy, "0.3");
    let _ = world.wish(0, limit(Side::Buy, "10", "99.8"));
    world.quote(BTC, "99.8", "100.0");
    let _ = world.wish(0, reduction(Side::Sell, "0.1", "100.0"));
    world.advance(SECOND);
    world.halt();
    world.operator(OperatorCommand::Resume(Scope::All)).unwrap();
    world.operator(OperatorCommand::TripScope(Scope::Instrument(BTC))).unwrap();
    world.flatten();
    world.advance(SECOND);
    world
}

fn difference(world: &World, tape: &[(Stamp, Record)]) -> Option<Box<Difference>> {
    world.tape.judge(tape.iter().copied()).err()
}

#[test]
fn an_eventful_run_is_the_same_when_it_is_run_again() {
    let world = eventful();
    let tape = world.tape.records(&world.core);
    let judge = world.tape.judge(tape.clone()).unwrap();
    let tally = judge.tally();
    assert!(10 < tally.decisions && 200 < tally.inputs && 3 < tally.checkpoints, "{tally:?}");
    let has = |wanted: fn(&Record) -> bool| tape.iter().any(|(_, record)| wanted(record));
    assert!(has(|it| matches!(it, Record::Denied(_))) && has(|it| matches!(it, Record::Amend(_))));
    assert!(has(|it| matches!(it, Record::PartTrip(_))));
}

/// Not one record may be missing, and none stand twice.
#[test]
fn a_record_that_is_left_out_or_told_twice_is_found() {
    let world = eventful();
    let tape = world.tape.records(&world.core);
    let last = tape.len() - 1;
    // Each sixteenth, and each that is not of the market: there are thousands of those.
    let is_rare = |at: &usize| !matches!(tape[*at].1, Record::Market(_) | Record::Timer);
    for at in (0..last).filter(|at| at.is_multiple_of(16) || is_rare(at)) {
        let (mut without, mut twice) = (tape.clone(), tape.clone());
        let (_, record) = without.remove(at);
        twice.insert(at, tape[at]);
        let is_checkpoint = matches!(record, Record::Checkpoint(_));
        assert!(is_checkpoint || difference(&world, &without).is_some(), "without {record:?}");
        assert!(is_checkpoint || difference(&world, &twice).is_some(), "twice {record:?}");
    }
}

#[test]
fn a_decision_that_was_altered_is_found_where_it_stands() {
    let world = eventful();
    let tape = world.tape.records(&world.core);
    let mut altered = 0;
    for at in 0..tape.len() {
        let mut other = tape.clone();
        let otherwise = "the replay decided otherwise";
        let record = &mut other[at].1;
        let expected = if let Record::Order(order) = record {
            order.terms.price = order.terms.price.saturating_add(Price::from_units(1));
            otherwise
        } else if let Record::Denied(denial) = record {
            denial.id.sequence += 1;
            otherwise
        } else if let Record::Cancel { id, .. } = record {
            id.sequence += 1;
            otherwise
        } else if let Record::Checkpoint(checkpoint) = record {
            checkpoint.told ^= 1;
            "since the last checkpoint, something was asked or told otherwise"
        } else {
            continue;
        };
        altered += 1;
        let found = difference(&world, &other).unwrap();
        assert_eq!((found.sequence, found.what), (at as u64 + 1, expected));
        assert_eq!(found.expected, Some(other[at].1));
        assert!(found.found.is_some() && found.input.is_some(), "{found:?}");
    }
    assert!(8 < altered, "{altered}");
}

/// An input that was altered is found no later than at the next checkpoint.
#[test]
fn a_price_that_was_altered_is_found_at_the_next_checkpoint() {
    let world = eventful();
    let tape = world.tape.records(&world.core);
    let is_quote = |(_, record): &(Stamp, Record)| {
        let Record::Market(input) = record else { return false };
        matches!(input.event.data, MarketData::Quote(_))
    };
    let at = tape.iter().rposition(is_quote).unwrap();
    let mut other = tape;
    if let Record::Market(input) = &mut other[at].1
        && let MarketData::Quote(Quote { ask, .. }) = &mut input.event.data
    {
        *ask = ask.saturating_add(Price::from_units(1));
    }
    let found = difference(&world, &other).unwrap();
    let there = usize::try_from(found.sequence).unwrap() - 1;
    let between = other[at..there].iter();
    let passed = between.filter(|(_, record)| matches!(record, Record::Checkpoint(_))).count();
    assert_eq!(passed, 0, "{found:?}");
}

#[test]
fn what_was_decided_and_is_not_on_record_is_found_when_the_run_said_that_it_was_over() {
    let world = eventful();
    let tape = world.tape.records(&world.core);
    let order = tape.iter().rposition(|(_, it)| matches!(it, Record::Cancel { .. })).unwrap();
    let found = difference(&world, &tape[..order]).unwrap();
    assert_eq!((found.sequence, found.expected), (order as u64, None));
    assert!(matches!(found.found, Some(Record::Cancel { .. })), "{found:?}");
}
