//! Stops at the venue: what is asked for, and what each word of the venue makes of it.

use super::*;
use crate::types::WorkingPrice;

const BTC: InstrumentId = InstrumentId(0);
const ANSWER_NS: u64 = 1_000 * MS;
const WITHIN_NS: u64 = 3_000 * MS;

fn protection() -> Protection {
    let rule = StopRule { distance_bps: 500, working: WorkingPrice::Mark, within_ns: WITHIN_NS };
    Protection {
        guards: vec![Guard::new(Some(rule)), Guard::new(None)],
        answer_ns_max: ANSWER_NS,
        any: true,
    }
}

fn id(sequence: u32) -> ClientOrderId {
    ClientOrderId { epoch: 1, sequence }
}

fn standing(sequence: u32) -> StandingStop {
    StandingStop { id: id(sequence), trigger: Price::whole(95) }
}

fn long() -> Qty {
    Qty::whole(2)
}

fn scene(position: Qty, now_ns: u64) -> Scene {
    Scene { position, proven: true, reading: QueryToken(1), now_ns }
}

fn next(it: &mut Protection, position: Qty, now_ns: u64) -> Option<Act> {
    it.next(BTC, &scene(position, now_ns))
}

/// Everything that is asked for at once.
fn asked(it: &mut Protection, position: Qty, now_ns: u64) -> Vec<Act> {
    asked_by(it, &scene(position, now_ns))
}

fn asked_by(it: &mut Protection, scene: &Scene) -> Vec<Act> {
    let (mut acts, now_ns) = (Vec::new(), scene.now_ns);
    while let Some(act) = it.next(BTC, scene) {
        if let Act::Place(side) = act {
            it.on_placed(BTC, side, standing(7), now_ns);
        }
        acts.push(act);
    }
    acts
}

fn hear(it: &mut Protection, kind: StopReportKind, now_ns: u64) -> bool {
    it.on_report(&StopReport { instrument: BTC, kind }, now_ns)
}

fn list(it: &mut Protection, asked_ns: u64, sell: Option<StandingStop>) {
    hear(it, StopReportKind::Listed { asked_ns, buy: None, sell }, asked_ns + MS);
}

/// One whose sale at 95 stands since the first millisecond.
fn guarded() -> Protection {
    let mut it = protection();
    assert_eq!(asked(&mut it, long(), 0), [Act::List]);
    list(&mut it, 0, None);
    assert_eq!(asked(&mut it, long(), MS), [Act::Place(Side::Sell)]);
    hear(&mut it, StopReportKind::Stands(id(7)), 2 * MS);
    it
}

#[test]
fn what_stands_is_asked_for_before_anything_is_placed() {
    let mut it = protection();
    assert_eq!(next(&mut it, long(), 0), Some(Act::List));
    assert_eq!(next(&mut it, long(), ANSWER_NS - 1), None);
    assert_eq!(next(&mut it, long(), ANSWER_NS), Some(Act::List), "it was not answered");
    list(&mut it, 0, None);
    assert_eq!(next(&mut it, long(), ANSWER_NS), None, "an answer to an older question");
    list(&mut it, ANSWER_NS, None);
    assert_eq!(next(&mut it, long(), ANSWER_NS + MS), Some(Act::Place(Side::Sell)));
    assert_eq!(it.next(InstrumentId(1), &scene(long(), 0)), None, "there no rule asks for one");
}

#[test]
fn one_that_an_earlier_run_left_is_taken_over() {
    let mut it = protection();
    assert_eq!(asked(&mut it, long(), 0), [Act::List]);
    list(&mut it, 0, Some(standing(3)));
    assert_eq!(asked(&mut it, long(), MS), []);
    assert_eq!(it.state(BTC, long()), ProtectionState::Guarded(Price::whole(95)));
    assert_eq!(it.made(BTC, id(3)), Some(Side::Sell));
}

#[test]
fn a_position_that_turns_gets_the_other_one_before_the_first_goes() {
    let mut it = guarded();
    let turned = Qty::whole(-1);
    assert_eq!(asked(&mut it, turned, 3 * MS), [Act::Place(Side::Buy), Act::Cancel(id(7))]);
}

#[test]
fn a_stop_goes_with_its_position_and_only_once_that_is_proven() {
    let mut it = guarded();
    assert_eq!(it.next(BTC, &Scene { proven: false, ..scene(Qty::ZERO, 3 * MS) }), None);
    assert_eq!(asked(&mut it, Qty::ZERO, 3 * MS), [Act::Cancel(id(7))]);
    assert_eq!(it.state(BTC, Qty::ZERO), ProtectionState::Idle);
    hear(&mut it, StopReportKind::Over(id(7)), 4 * MS);
    assert_eq!(asked(&mut it, Qty::ZERO, 5 * MS), []);
    let late = it.made(BTC, id(7));
    assert_eq!(late, Some(Side::Sell), "a trade of its order may still come");
    assert_eq!(it.made(BTC, id(8)), None);
}

#[test]
fn silence_is_asked_after_and_what_does_not_stand_is_placed_again() {
    let mut it = protection();
    assert_eq!(asked(&mut it, long(), 0), [Act::List]);
    list(&mut it, 0, None);
    assert_eq!(asked(&mut it, long(), MS), [Act::Place(Side::Sell)]);
    let late_ns = MS + ANSWER_NS;
    assert_eq!(asked(&mut it, long(), late_ns - 1), []);
    assert_eq!(asked(&mut it, long(), late_ns), [Act::List]);
    assert_eq!(it.state(BTC, long()), ProtectionState::Bare);
    list(&mut it, late_ns, None);
    assert_eq!(asked(&mut it, long(), late_ns + MS), [Act::Place(Side::Sell)]);
}

#[test]
fn silence_may_hide_one_that_stands() {
    let mut it = protection();
    assert_eq!(asked(&mut it, long(), 0), [Act::List]);
    list(&mut it, 0, None);
    assert_eq!(asked(&mut it, long(), MS), [Act::Place(Side::Sell)]);
    hear(&mut it, StopReportKind::Unknown(id(7)), 2 * MS);
    assert_eq!(asked(&mut it, long(), ANSWER_NS), [Act::List]);
    list(&mut it, ANSWER_NS, Some(standing(7)));
    assert_eq!(it.state(BTC, long()), ProtectionState::Guarded(Price::whole(95)));
    assert_eq!(asked(&mut it, long(), ANSWER_NS + MS), []);
}

#[test]
fn a_list_that_was_asked_for_earlier_knows_nothing_of_a_later_one() {
    let mut it = guarded();
    let at_ns = 50 * MS;
    let again = Scene { reading: QueryToken(2), ..scene(long(), at_ns) };
    assert_eq!(asked_by(&mut it, &again), [Act::List], "the account is read");
    assert_eq!(asked_by(&mut it, &again), []);
    hear(&mut it, StopReportKind::Over(id(7)), at_ns + MS);
    it.on_placed(BTC, Side::Sell, standing(8), at_ns + 2 * MS);
    list(&mut it, at_ns, Some(standing(7)));
    assert_eq!(it.made(BTC, id(8)), Some(Side::Sell));
    hear(&mut it, StopReportKind::Stands(id(8)), at_ns + 3 * MS);
    assert_eq!(it.state(BTC, long()), ProtectionState::Guarded(Price::whole(95)));
}

#[test]
fn a_list_that_was_asked_for_before_a_doubt_does_not_end_it() {
    let mut it = guarded();
    let at_ns = 50 * MS;
    let again = Scene { reading: QueryToken(2), ..scene(long(), at_ns) };
    assert_eq!(asked_by(&mut it, &again), [Act::List], "the account is read");
    hear(&mut it, StopReportKind::Unknown(id(7)), at_ns);
    list(&mut it, at_ns, None);
    assert_eq!(it.state(BTC, long()), ProtectionState::Bare);
    let early = Scene { now_ns: at_ns + ANSWER_NS - 1, ..again };
    assert_eq!(asked_by(&mut it, &early), [], "nobody knows yet whether it stands");
    let late = Scene { now_ns: at_ns + ANSWER_NS, ..again };
    assert_eq!(asked_by(&mut it, &late), [Act::List]);
    list(&mut it, at_ns + ANSWER_NS, Some(standing(7)));
    assert_eq!(it.state(BTC, long()), ProtectionState::Guarded(Price::whole(95)));
    assert_eq!(asked_by(&mut it, &late), []);
}

#[test]
fn a_refusal_after_the_question_is_asked_after_once_more() {
    let mut it = guarded();
    let at_ns = 50 * MS;
    let again = Scene { reading: QueryToken(2), ..scene(long(), at_ns) };
    assert_eq!(asked_by(&mut it, &again), [Act::List], "the account is read");
    hear(&mut it, StopReportKind::Over(id(7)), at_ns);
    it.on_placed(BTC, Side::Sell, standing(8), at_ns + MS);
    hear(&mut it, StopReportKind::Refused { id: id(8), code: -4130 }, at_ns + 2 * MS);
    list(&mut it, at_ns, None);
    let late = Scene { now_ns: at_ns + ANSWER_NS, ..again };
    assert_eq!(it.next(BTC, &late), Some(Act::List), "another one may stand there");
    list(&mut it, at_ns + ANSWER_NS, Some(standing(9)));
    assert_eq!(asked_by(&mut it, &late), []);
    hear(&mut it, StopReportKind::Over(id(9)), late.now_ns);
    assert_eq!(asked_by(&mut it, &late), [Act::Place(Side::Sell)]);
    let refused = StopReportKind::Refused { id: id(7), code: -4130 };
    assert!(hear(&mut it, refused, late.now_ns), "one stood since: it is said anew");
}

#[test]
fn one_that_the_list_does_not_tell_any_more_is_placed_again() {
    let mut it = guarded();
    let again = Scene { reading: QueryToken(2), ..scene(long(), 50 * MS) };
    assert_eq!(asked_by(&mut it, &again), [Act::List]);
    list(&mut it, 50 * MS, None);
    assert_eq!(asked_by(&mut it, &again), [Act::Place(Side::Sell)]);
}

#[test]
fn a_refusal_is_followed_by_a_pause_and_a_list() {
    let mut it = protection();
    assert_eq!(asked(&mut it, long(), 0), [Act::List]);
    list(&mut it, 0, None);
    assert_eq!(asked(&mut it, long(), MS), [Act::Place(Side::Sell)]);
    hear(&mut it, StopReportKind::Refused { id: id(7), code: -4130 }, 2 * MS);
    let again_ns = 2 * MS + PAUSE_NS;
    assert_eq!(asked(&mut it, long(), again_ns - 1), []);
    assert_eq!(asked(&mut it, long(), again_ns), [Act::Place(Side::Sell)]);
    assert_eq!(asked(&mut it, long(), ANSWER_NS), [Act::List], "another one may stand there");
}

#[test]
fn a_venue_that_takes_none_is_asked_less_and_less_and_said_once() {
    let mut it = protection();
    assert_eq!(asked(&mut it, long(), 0), [Act::List]);
    list(&mut it, 0, None);
    let refused = StopReportKind::Refused { id: id(7), code: -4130 };
    let mut now_ns = MS;
    for round in 0..10_u32 {
        let acts = asked(&mut it, long(), now_ns);
        assert!(acts.contains(&Act::Place(Side::Sell)), "{round}: {acts:?}");
        assert_eq!(hear(&mut it, refused, now_ns), round == 0);
        let pause_ns = PAUSE_NS << round.min(6);
        let early = asked(&mut it, long(), now_ns + pause_ns - 1);
        assert!(!early.contains(&Act::Place(Side::Sell)), "{round}: {early:?}");
        now_ns += pause_ns;
        let asked_ns = it.guards[0].listing.asked_ns.unwrap();
        list(&mut it, asked_ns, None);
    }
    assert_eq!(asked(&mut it, long(), now_ns), [Act::Place(Side::Sell)]);
    hear(&mut it, StopReportKind::Stands(id(7)), now_ns);
    hear(&mut it, StopReportKind::Over(id(7)), now_ns);
    assert_eq!(asked(&mut it, long(), now_ns), [Act::Place(Side::Sell)]);
    assert!(hear(&mut it, refused, now_ns), "it is said anew");
}

#[test]
fn a_person_is_told_once_that_a_position_has_been_bare_for_too_long() {
    let mut it = protection();
    let told = |it: &mut Protection, now_ns| it.is_bare_too_long(BTC, long(), now_ns);
    assert!(!told(&mut it, 0) && !told(&mut it, WITHIN_NS - 1));
    assert!(told(&mut it, WITHIN_NS) && !told(&mut it, 2 * WITHIN_NS));
    assert!(!it.is_bare_too_long(BTC, Qty::ZERO, 2 * WITHIN_NS));
    assert!(!told(&mut it, 2 * WITHIN_NS), "it begins anew");
    assert!(told(&mut it, 3 * WITHIN_NS));
    let mut it = guarded();
    assert!(!told(&mut it, 0) && !told(&mut it, WITHIN_NS));
    hear(&mut it, StopReportKind::Triggered(id(7)), WITHIN_NS);
    assert!(!told(&mut it, 3 * WITHIN_NS), "it is being closed");
    assert!(!it.is_bare_too_long(InstrumentId(1), long(), u64::MAX));
}

#[test]
fn a_stop_that_was_met_and_does_not_end_is_asked_after() {
    let mut it = guarded();
    assert!(hear(&mut it, StopReportKind::Triggered(id(7)), 5 * MS));
    assert!(!hear(&mut it, StopReportKind::Triggered(id(7)), 5 * MS), "it was told");
    hear(&mut it, StopReportKind::Unknown(id(7)), 5 * MS);
    assert_eq!(asked(&mut it, long(), 4 * MS + ANSWER_NS), []);
    assert_eq!(asked(&mut it, long(), 5 * MS + ANSWER_NS), [Act::List]);
    list(&mut it, 5 * MS + ANSWER_NS, None);
    let after_ns = 6 * MS + ANSWER_NS;
    assert_eq!(asked(&mut it, long(), after_ns), [Act::Place(Side::Sell)]);
    let mut it = guarded();
    assert!(hear(&mut it, StopReportKind::Failed(id(7)), 5 * MS));
    assert_eq!(asked(&mut it, long(), 6 * MS), [Act::Place(Side::Sell)]);
}

#[test]
fn what_differs_is_told_apart_by_the_digest() {
    let digest = |it: &Protection| it.digest(Digest::new()).value();
    let (before, mut it) = (digest(&protection()), guarded());
    let stands = digest(&it);
    hear(&mut it, StopReportKind::Triggered(id(7)), 5 * MS);
    assert!(before != stands && stands != digest(&it));
}
