//! An order on its way to become another: what each word of the venue settles.

use super::{canceled, orders_of, report, resting, standing_at_venue, timing};
use crate::core::orders::{Order, Settled, life};
use crate::types::{
    Amendment, ExecutionKind, ExecutionReport, InstrumentId, NotSentReason, OrderStatus, Price,
    Qty, Side, VenueOrder,
};

const NOW_NS: u64 = 100_000;
const NEVER_NS: u64 = 5_000;

/// A buy of 5 at 100.
fn stands() -> Order {
    Order { status: OrderStatus::New, ..resting(1) }
}

/// The same, that was asked at 0 to become one of 6.
fn amending() -> Order {
    stands().being_amended()
}

fn to(price: i32, qty: i32) -> Amendment {
    Amendment { price: Price::whole(price), qty: Qty::whole(qty) }
}

fn became(Amendment { price, qty }: Amendment) -> ExecutionKind {
    ExecutionKind::Amended { price, qty, cum_qty: Qty::ZERO }
}

fn is_at(Amendment { price, qty }: Amendment) -> ExecutionKind {
    ExecutionKind::Stands { price, qty, cum_qty: Qty::ZERO }
}

fn hear_at(order: &mut Order, kind: ExecutionKind, now_ns: u64) -> Option<Settled> {
    hear(order, report(&resting(1), kind), now_ns)
}

fn hear(order: &mut Order, report: ExecutionReport, now_ns: u64) -> Option<Settled> {
    let amend = order.amend;
    life::apply(order, &report, true, now_ns, &timing());
    Settled::of(amend, order)
}

/// The venue's own time of a word, milliseconds.
fn dated(kind: ExecutionKind, unix_ms: u64) -> ExecutionReport {
    ExecutionReport { transact_unix_ms: Some(unix_ms), ..report(&resting(1), kind) }
}

fn rejected(number: u8) -> ExecutionKind {
    ExecutionKind::AmendRejected { number, code: 0 }
}

#[test]
fn both_terms_count_until_the_venue_says_which_hold() {
    let order = amending();
    assert_eq!((order.amending(), order.qty_most()), (Some(to(100, 6)), Qty::whole(6)));
    assert_eq!(stands().qty_most(), Qty::whole(5));
    let mut smaller = stands();
    hear_at(&mut smaller, became(to(99, 2)), NOW_NS);
    assert_eq!(smaller.qty_most(), Qty::whole(5));
    let prices: Vec<Price> = smaller.prices().collect();
    assert_eq!(prices, [Price::whole(100), Price::whole(99)]);
}

#[test]
fn the_worst_price_is_the_worst_that_it_ever_had() {
    let worst = |side, price| {
        let mut order = stands();
        order.terms.side = side;
        hear_at(&mut order, became(to(price, 5)), NOW_NS);
        order.price_worst()
    };
    assert_eq!(worst(Side::Buy, 101), Price::whole(101));
    assert_eq!(worst(Side::Buy, 99), Price::whole(100));
    assert_eq!(worst(Side::Sell, 101), Price::whole(100));
    assert_eq!(worst(Side::Sell, 99), Price::whole(99));
}

#[test]
fn what_was_asked_for_and_told_is_done() {
    for word in [became(to(100, 6)), is_at(to(100, 6))] {
        let mut order = amending();
        assert_eq!(hear_at(&mut order, word, NOW_NS), Some(Settled::Done(to(100, 6))));
        assert_eq!((order.terms.amendable(), order.amending()), (to(100, 6), None));
        assert_eq!((order.status, order.amended_ns), (OrderStatus::New, NOW_NS));
    }
}

#[test]
fn that_it_became_what_it_was_says_nothing() {
    let mut order = amending();
    assert_eq!(hear_at(&mut order, became(to(100, 5)), NOW_NS), None);
    assert_eq!(order, amending());
}

#[test]
fn what_nobody_here_asked_for_is_asked_after() {
    let mut order = stands();
    hear_at(&mut order, became(to(101, 7)), NOW_NS);
    assert_eq!((order.amending(), order.status), (Some(to(101, 7)), OrderStatus::Unknown));
    assert_eq!((order.deadline_ns, order.terms.amendable()), (NOW_NS, to(100, 5)));
    let mut same = order;
    assert_eq!(hear_at(&mut same, is_at(to(101, 7)), NOW_NS), Some(Settled::Done(to(101, 7))));
    let mut other = order;
    assert_eq!(hear_at(&mut other, is_at(to(100, 5)), NOW_NS), Some(Settled::Refused));
    assert_eq!(other.terms.amendable(), to(100, 5));
}

#[test]
fn other_terms_than_those_that_were_asked_for_put_both_in_doubt() {
    let mut order = amending();
    assert_eq!(hear_at(&mut order, became(to(100, 9)), NOW_NS), None);
    assert_eq!((order.status, order.deadline_ns), (OrderStatus::Unknown, NOW_NS));
    assert_eq!((order.terms.qty, order.amending()), (Qty::whole(9), Some(to(100, 6))));
    let mut order = amending();
    hear_at(&mut order, became(to(100, 2)), NOW_NS);
    assert_eq!(order.terms.qty, Qty::whole(5), "the larger one counts");
}

#[test]
fn an_old_word_comes_too_late() {
    let mut settled = amending();
    hear(&mut settled, dated(became(to(100, 6)), 50), NOW_NS);
    for (unix_ms, is_heard) in [(49, false), (50, true), (51, true), (0, true)] {
        let mut order = settled;
        hear(&mut order, dated(became(to(100, 5)), unix_ms), NOW_NS);
        assert_eq!(order.amending().is_some(), is_heard, "{unix_ms}");
    }
}

#[test]
fn the_latest_time_is_kept() {
    let mut order = amending();
    hear(&mut order, dated(became(to(100, 6)), 50), NOW_NS);
    let mut order = order.being_amended();
    hear(&mut order, dated(became(to(100, 7)), 0), NOW_NS);
    assert_eq!(order.terms.amendable(), to(100, 7));
    hear(&mut order, dated(became(to(100, 5)), 49), NOW_NS);
    assert_eq!(order.amending(), None, "older than a word that was heard before");
}

#[test]
fn what_is_over_becomes_nothing_else() {
    let words = [
        became(to(101, 7)),
        is_at(to(101, 7)),
        rejected(0),
        ExecutionKind::AmendUnknown { number: 0 },
        ExecutionKind::AmendNotSent { number: 0, reason: NotSentReason::LinkDown },
    ];
    for word in words {
        let over = Order { status: OrderStatus::Canceled, ..amending() };
        let mut order = over;
        hear_at(&mut order, word, NOW_NS);
        assert_eq!(order, over, "{word:?}");
    }
}

#[test]
fn words_about_terms_say_how_much_traded() {
    for word in [
        ExecutionKind::Amended {
            price: Price::whole(100),
            qty: Qty::whole(6),
            cum_qty: Qty::whole(2),
        },
        ExecutionKind::Stands {
            price: Price::whole(100),
            qty: Qty::whole(6),
            cum_qty: Qty::whole(2),
        },
    ] {
        let mut order = amending();
        hear_at(&mut order, word, NOW_NS);
        assert_eq!(order.claimed_qty, Qty::whole(2));
        let mut more = Order { claimed_qty: Qty::whole(4), ..amending() };
        hear_at(&mut more, word, NOW_NS);
        assert_eq!(more.claimed_qty, Qty::whole(4));
    }
}

#[test]
fn a_refused_amend_leaves_the_old_terms_and_a_question() {
    let mut order = amending();
    assert_eq!(hear_at(&mut order, rejected(0), NOW_NS), Some(Settled::Refused));
    assert_eq!((order.terms.amendable(), order.amending()), (to(100, 5), None));
    assert_eq!((order.status, order.deadline_ns), (OrderStatus::Unknown, NOW_NS));
    let mut going = Order { canceled_ns: Some(7), ..amending() };
    hear_at(&mut going, rejected(0), NOW_NS);
    assert_eq!(going.status, OrderStatus::PendingCancel, "it says how it stands when it goes");
}

#[test]
fn an_amend_that_never_left_leaves_everything() {
    let mut order = amending();
    let word = ExecutionKind::AmendNotSent { number: 0, reason: NotSentReason::LinkDown };
    assert_eq!(hear_at(&mut order, word, NOW_NS), Some(Settled::Refused));
    assert_eq!((order.terms.amendable(), order.status), (to(100, 5), OrderStatus::New));
}

#[test]
fn an_amend_without_an_answer_is_in_doubt_and_not_given_up() {
    let mut order = amending();
    let word = ExecutionKind::AmendUnknown { number: 0 };
    assert_eq!(hear_at(&mut order, word, NOW_NS), None);
    assert_eq!((order.status, order.deadline_ns), (OrderStatus::Unknown, NOW_NS));
    assert_eq!(order.amending(), Some(to(100, 6)));
    hear_at(&mut order, ExecutionKind::New, NOW_NS);
    assert_eq!(order.status, OrderStatus::Unknown);
}

#[test]
fn a_word_about_an_earlier_amend_moves_nothing() {
    for word in [
        rejected(1),
        ExecutionKind::AmendUnknown { number: 1 },
        ExecutionKind::AmendNotSent { number: 1, reason: NotSentReason::LinkDown },
    ] {
        let mut order = amending();
        assert_eq!(hear_at(&mut order, word, NOW_NS), None);
        assert_eq!(order, amending(), "{word:?}");
        let mut none = stands();
        assert_eq!(hear_at(&mut none, word, NOW_NS), None);
        assert_eq!(none, stands(), "{word:?}");
    }
}

#[test]
fn as_before_is_believed_when_it_was_said_twice_and_late() {
    let mut order = amending();
    let as_before = is_at(to(100, 5));
    for early_ns in [1, NEVER_NS - 1] {
        assert_eq!(hear_at(&mut order, as_before, early_ns), None, "it may still arrive");
    }
    assert_eq!(hear_at(&mut order, as_before, NEVER_NS), Some(Settled::Refused));
    let mut order = amending();
    assert_eq!(hear_at(&mut order, as_before, NOW_NS), None, "said once");
    assert_eq!(hear_at(&mut order, as_before, NOW_NS), Some(Settled::Refused));
}

#[test]
fn somebody_elses_amend_is_believed_and_ours_still_under_way() {
    let mut order = amending();
    assert_eq!(hear_at(&mut order, is_at(to(102, 8)), NOW_NS), None);
    assert_eq!((order.terms.amendable(), order.amending()), (to(102, 8), Some(to(100, 6))));
    assert_eq!(order.price_worst(), Price::whole(102));
    assert_eq!(hear_at(&mut order, is_at(to(102, 8)), NOW_NS), None);
    assert_eq!(hear_at(&mut order, is_at(to(102, 8)), NOW_NS), Some(Settled::Refused));
}

#[test]
fn one_that_becomes_as_little_as_it_traded_is_filled() {
    for (traded, status) in [(6, OrderStatus::Filled), (5, OrderStatus::PartiallyFilled)] {
        let mut order = Order { cum_qty: Qty::whole(traded), ..amending() };
        hear_at(&mut order, became(to(100, 6)), NOW_NS);
        assert_eq!(order.status, status);
    }
}

#[test]
fn a_lost_connection_puts_amends_in_doubt() {
    let other = Order { status: OrderStatus::New, ..resting(2) };
    let mut orders = orders_of(&[amending(), other]);
    orders.on_link_down(|_| false, NOW_NS);
    assert_eq!(orders.get(amending().id).unwrap().status, OrderStatus::New);
    orders.on_link_down(|instrument| instrument == InstrumentId(0), NOW_NS);
    assert_eq!(orders.get(amending().id).unwrap().status, OrderStatus::Unknown);
    assert_eq!(orders.get(other.id).unwrap().status, OrderStatus::New, "it has nothing to lose");
    orders.on_link_down(|_| true, NOW_NS + 1);
    let order = orders.get(amending().id).unwrap();
    assert_eq!(order.deadline_ns, NOW_NS, "it is in doubt already");
}

#[test]
fn a_lost_connection_puts_in_doubt_what_had_no_answer() {
    let mut orders = orders_of(&[resting(1)]);
    orders.on_link_down(|_| true, NOW_NS);
    assert_eq!(orders.get(resting(1).id).unwrap().status, OrderStatus::Unknown);
}

/// How the order stands after a reading that was asked for then told other terms of it.
fn compared(changed_ns: u64, sent_ns: u64, asked_ns: u64, told: Amendment) -> OrderStatus {
    let order = Order { amended_ns: changed_ns, sent_ns, ..stands() };
    let mut orders = orders_of(&[order]);
    let found = VenueOrder { price: told.price, qty: told.qty, ..standing_at_venue(&order) };
    orders.compare_terms(&found, asked_ns, NOW_NS);
    orders.get(order.id).unwrap().status
}

#[test]
fn a_reading_that_tells_other_terms_is_asked_after() {
    assert_eq!(compared(0, 0, 10, to(101, 5)), OrderStatus::Unknown);
    assert_eq!(compared(0, 0, 10, to(100, 6)), OrderStatus::Unknown);
    assert_eq!(compared(0, 0, 10, to(100, 5)), OrderStatus::New, "the same");
    assert_eq!(compared(9, 9, 10, to(101, 5)), OrderStatus::Unknown);
    assert_eq!(compared(10, 0, 10, to(101, 5)), OrderStatus::New, "it changed since");
    assert_eq!(compared(0, 10, 10, to(101, 5)), OrderStatus::New, "it was sent since");
}

#[test]
fn a_reading_of_one_that_is_over_changes_nothing() {
    let mut orders = orders_of(&[stands()]);
    orders.apply(stands().id, &canceled(&stands()), 5).unwrap();
    let found = VenueOrder { qty: Qty::whole(9), ..standing_at_venue(&stands()) };
    orders.compare_terms(&found, 10, NOW_NS);
    assert_eq!(orders.get(stands().id).unwrap().status, OrderStatus::Canceled);
}

#[test]
fn how_often_it_was_amended_is_counted() {
    assert_eq!(stands().amended_so_often(3).amends(), 3);
}
