//! One order's life: what each word of the venue, and the lack of one, makes of each status.

use super::{ANSWER_NS, exit, report, resting, timing};
use crate::core::effect::Command;
use crate::core::orders::{Order, life};
use crate::types::{ExecutionKind, Fill, Liquidity, NotSentReason, OrderStatus, Price, Qty, Side};

const NOW_NS: u64 = 100_000;
const RETRY_NS: u64 = 500;
const QUERY_NS: u64 = 2_000;
const STUCK_NS: u64 = 10_000;
const NEVER_NS: u64 = 5_000;

const FINAL: [OrderStatus; 5] = [
    OrderStatus::Filled,
    OrderStatus::Canceled,
    OrderStatus::Expired,
    OrderStatus::Rejected,
    OrderStatus::NotSent,
];

fn being(status: OrderStatus) -> Order {
    Order { status, deadline_ns: 7, ..resting(1) }
}

/// The order after a word, heard now; a trade is told for the first time.
fn after(mut order: Order, kind: ExecutionKind) -> Order {
    let report = report(&order, kind);
    life::apply(&mut order, &report, true, NOW_NS, &timing());
    order
}

fn fill(qty: i32) -> Fill {
    let qty = Qty::whole(qty);
    let (price, liquidity) = (Price::whole(100), Liquidity::Maker);
    Fill { trade_id: 1, side: Side::Buy, price, qty, cum_qty: qty, fee: None, liquidity }
}

fn rejected() -> ExecutionKind {
    ExecutionKind::Rejected { code: 0 }
}

#[test]
fn one_that_the_venue_has_stands_until_its_time() {
    for before in [OrderStatus::PendingNew, OrderStatus::Unknown] {
        let order = after(being(before), ExecutionKind::New);
        assert_eq!((order.status, order.deadline_ns), (OrderStatus::New, u64::MAX));
    }
    let mut limited = being(OrderStatus::PendingNew);
    limited.terms.expires_ns = Some(NOW_NS + 9);
    assert_eq!(after(limited, ExecutionKind::New).deadline_ns, NOW_NS + 9);
    let brief = Order { status: OrderStatus::PendingNew, ..exit(1) };
    let order = after(brief, ExecutionKind::New);
    assert_eq!((order.status, order.deadline_ns), (OrderStatus::New, NOW_NS + ANSWER_NS));
}

#[test]
fn that_the_venue_has_it_changes_nothing_else() {
    let others = [OrderStatus::New, OrderStatus::PartiallyFilled, OrderStatus::PendingCancel];
    for before in others.into_iter().chain(FINAL) {
        assert_eq!(after(being(before), ExecutionKind::New), being(before));
    }
}

#[test]
fn one_that_was_to_go_is_still_to_go() {
    let order = Order { canceled_ns: Some(NOW_NS - 100), ..being(OrderStatus::Unknown) };
    let order = after(order, ExecutionKind::New);
    assert_eq!(order.status, OrderStatus::PendingCancel);
    assert_eq!(order.deadline_ns, NOW_NS - 100 + RETRY_NS);
}

#[test]
fn trades_add_up_until_it_is_filled() {
    let order = after(being(OrderStatus::New), ExecutionKind::Trade(fill(2)));
    assert_eq!((order.status, order.cum_qty), (OrderStatus::PartiallyFilled, Qty::whole(2)));
    assert_eq!((order.settled_qty, order.claimed_qty), (Qty::whole(2), Qty::whole(2)));
    let order = after(order, ExecutionKind::Trade(fill(3)));
    assert_eq!((order.status, order.cum_qty), (OrderStatus::Filled, Qty::whole(5)));
    assert_eq!(order.claimed_qty, Qty::whole(3), "the most that one word said");
    let late = after(order, ExecutionKind::Trade(fill(1)));
    assert_eq!((late.status, late.cum_qty), (OrderStatus::Filled, Qty::whole(6)));
}

#[test]
fn a_trade_while_it_is_to_go_leaves_it_going() {
    let order = after(being(OrderStatus::PendingCancel), ExecutionKind::Trade(fill(2)));
    assert_eq!((order.status, order.cum_qty), (OrderStatus::PendingCancel, Qty::whole(2)));
    let order = after(order, ExecutionKind::Trade(fill(3)));
    assert_eq!(order.status, OrderStatus::Filled);
}

#[test]
fn a_trade_that_was_told_before_moves_nothing() {
    let mut order = being(OrderStatus::New);
    let report = report(&order, ExecutionKind::Trade(fill(2)));
    assert_eq!(life::apply(&mut order, &report, false, NOW_NS, &timing()), None);
    assert_eq!(order, being(OrderStatus::New));
    assert_eq!(life::apply(&mut order, &report, true, NOW_NS, &timing()), Some(fill(2)));
}

#[test]
fn what_is_over_stays_what_it_was() {
    let words = [
        ExecutionKind::Canceled { cum_qty: Qty::ZERO },
        ExecutionKind::Expired { cum_qty: Qty::ZERO },
        rejected(),
        ExecutionKind::NotSent(NotSentReason::LinkDown),
        ExecutionKind::CancelRejected { code: 0 },
        ExecutionKind::OutcomeUnknown,
        ExecutionKind::NotFound,
        ExecutionKind::Status { status: OrderStatus::New, cum_qty: Qty::ZERO },
        ExecutionKind::Status { status: OrderStatus::Canceled, cum_qty: Qty::ZERO },
    ];
    for before in FINAL {
        for word in words {
            let order = after(being(before), word);
            assert_eq!((order.status, order.deadline_ns), (before, 7), "{word:?}");
        }
    }
}

#[test]
fn an_end_says_how_much_traded() {
    for (word, status) in [
        (ExecutionKind::Canceled { cum_qty: Qty::whole(2) }, OrderStatus::Canceled),
        (ExecutionKind::Expired { cum_qty: Qty::whole(2) }, OrderStatus::Expired),
    ] {
        let order = after(being(OrderStatus::New), word);
        assert_eq!((order.status, order.claimed_qty), (status, Qty::whole(2)));
        assert_eq!(order.cum_qty, Qty::ZERO, "only a trade moves it");
        let more = Order { claimed_qty: Qty::whole(4), ..being(OrderStatus::New) };
        assert_eq!(after(more, word).claimed_qty, Qty::whole(4));
    }
}

#[test]
fn one_that_was_refused_is_over_unless_it_was_seen() {
    for (word, status) in [
        (rejected(), OrderStatus::Rejected),
        (ExecutionKind::NotSent(NotSentReason::LinkDown), OrderStatus::NotSent),
    ] {
        for before in [OrderStatus::PendingNew, OrderStatus::Unknown, OrderStatus::PendingCancel] {
            assert_eq!(after(being(before), word).status, status);
        }
        for before in [OrderStatus::New, OrderStatus::PartiallyFilled] {
            let order = after(being(before), word);
            assert_eq!((order.status, order.deadline_ns), (OrderStatus::Unknown, NOW_NS));
        }
        let smallest = Qty::from_units(1);
        let claimed = Order { claimed_qty: smallest, ..being(OrderStatus::PendingNew) };
        assert_eq!(after(claimed, word).status, OrderStatus::Unknown);
        let traded = Order { cum_qty: smallest, ..being(OrderStatus::PendingNew) };
        assert_eq!(after(traded, word).status, OrderStatus::Unknown);
    }
}

#[test]
fn a_refused_cancel_is_asked_after_at_once() {
    for before in [OrderStatus::New, OrderStatus::PendingCancel, OrderStatus::PendingNew] {
        let order = after(being(before), ExecutionKind::CancelRejected { code: 0 });
        assert_eq!((order.status, order.deadline_ns), (OrderStatus::Unknown, NOW_NS));
    }
}

#[test]
fn a_lost_answer_puts_in_doubt_what_had_none() {
    let order = after(being(OrderStatus::PendingNew), ExecutionKind::OutcomeUnknown);
    assert_eq!((order.status, order.deadline_ns), (OrderStatus::Unknown, NOW_NS));
    for before in [OrderStatus::New, OrderStatus::PendingCancel, OrderStatus::Unknown] {
        assert_eq!(after(being(before), ExecutionKind::OutcomeUnknown), being(before));
    }
}

#[test]
fn only_a_word_of_the_venue_ends_its_silence() {
    let silent = Order { silences: 3, ..being(OrderStatus::New) };
    assert_eq!(after(silent, ExecutionKind::OutcomeUnknown).silences, 3);
    assert_eq!(after(silent, ExecutionKind::New).silences, 0);
}

#[test]
fn an_answer_to_a_question_is_the_venues_word() {
    let answer = |before, status, cum_qty| {
        after(being(before), ExecutionKind::Status { status, cum_qty: Qty::whole(cum_qty) })
    };
    let ends =
        [OrderStatus::Filled, OrderStatus::Canceled, OrderStatus::Expired, OrderStatus::Rejected];
    for end in ends {
        let order = answer(OrderStatus::Unknown, end, 2);
        assert_eq!((order.status, order.claimed_qty), (end, Qty::whole(2)));
    }
    for stands in [OrderStatus::New, OrderStatus::PartiallyFilled] {
        assert_eq!(answer(OrderStatus::Unknown, stands, 0).status, OrderStatus::New);
        let going = answer(OrderStatus::PendingCancel, stands, 0);
        assert_eq!(going, being(OrderStatus::PendingCancel));
    }
    let says_nothing = [
        OrderStatus::PendingNew,
        OrderStatus::PendingCancel,
        OrderStatus::Unknown,
        OrderStatus::NotSent,
    ];
    for word in says_nothing {
        assert_eq!(answer(OrderStatus::New, word, 0), being(OrderStatus::New));
    }
}

/// Sent at 0, and a witness missing or none.
fn absent(trades_ns: u64) -> Order {
    let mut order = Order { sent_ns: 0, ..being(OrderStatus::Unknown) };
    order.absence.on_query(NOW_NS - 2 * crate::types::SECOND.min(NOW_NS / 2));
    order.absence.on_reading(NOW_NS);
    order.absence.on_trades(trades_ns);
    order
}

#[test]
fn not_found_is_an_end_by_three_witnesses_alone() {
    let now_ns = 10 * crate::types::SECOND;
    let asked = |mut order: Order| {
        order.absence.on_query(now_ns - crate::types::SECOND);
        order.absence.on_reading(now_ns);
        let report = report(&order, ExecutionKind::NotFound);
        life::apply(&mut order, &report, true, now_ns, &timing());
        order.status
    };
    assert_eq!(asked(absent(NEVER_NS)), OrderStatus::Rejected);
    assert_eq!(asked(absent(NEVER_NS - 1)), OrderStatus::Unknown, "trades were asked too early");
    let claimed = Order { claimed_qty: Qty::from_units(1), ..absent(NEVER_NS) };
    assert_eq!(asked(claimed), OrderStatus::Unknown, "a part of it traded");
    let traded = Order { cum_qty: Qty::from_units(1), ..absent(NEVER_NS) };
    assert_eq!(asked(traded), OrderStatus::Unknown);
    let later = Order { sent_ns: now_ns, ..absent(NEVER_NS) };
    assert_eq!(asked(later), OrderStatus::Unknown, "it may still arrive");
}

/// What time asks for, and the order afterwards.
fn on_deadline(mut order: Order) -> (&'static str, Order) {
    let command = life::on_deadline(&mut order, NOW_NS, &timing());
    let (id, instrument) = (order.id, order.terms.instrument);
    let said = format!("{command:?}");
    if said == format!("{:?}", Command::QueryOrder { id, instrument }) {
        return ("ask", order);
    }
    assert_eq!(said, format!("{:?}", Command::Cancel { id, instrument }));
    ("cancel", order)
}

fn expired(mut order: Order, expires_ns: u64) -> Order {
    order.terms.expires_ns = Some(expires_ns);
    order
}

#[test]
fn time_takes_back_what_stands_and_asks_after_the_rest() {
    use OrderStatus::{New, PartiallyFilled, PendingCancel, PendingNew, Unknown};
    let says = |order| on_deadline(order).0;
    for status in [New, PartiallyFilled] {
        assert_eq!(says(expired(being(status), NOW_NS)), "cancel");
        assert_eq!(says(expired(being(status), NOW_NS + 1)), "cancel", "nothing is to be asked");
        let amending = being(status).being_amended();
        assert_eq!(says(expired(amending, NOW_NS + 1)), "ask", "the amend has no answer");
        assert_eq!(says(expired(amending, NOW_NS)), "cancel");
        assert_eq!(says(Order { status, ..exit(1) }), "ask", "its last report is missing");
    }
    assert_eq!(says(being(PendingNew)), "ask");
    assert_eq!(says(expired(being(PendingNew), NOW_NS)), "cancel");
    let brief = Order { status: PendingNew, ..exit(1) };
    assert_eq!(says(expired(brief, NOW_NS)), "ask");
    assert_eq!(says(being(PendingCancel)), "cancel");
    assert_eq!(says(being(Unknown)), "ask");
    assert_eq!(says(expired(being(Unknown), NOW_NS)), "ask");
    let amending = being(Unknown).being_amended();
    assert_eq!(says(amending), "ask");
    assert_eq!(says(expired(amending, NOW_NS)), "cancel", "it stands, under terms not known");
    let going = Order { canceled_ns: Some(1), ..amending };
    assert_eq!(says(expired(going, NOW_NS)), "ask");
}

#[test]
fn who_is_asked_after_is_unknown_and_who_is_taken_back_is_going() {
    let (_, asked) = on_deadline(being(OrderStatus::PendingNew));
    assert_eq!((asked.status, asked.silences), (OrderStatus::Unknown, 1));
    assert_eq!(asked.deadline_ns, NOW_NS + QUERY_NS);
    let (_, going) = on_deadline(being(OrderStatus::New));
    assert_eq!((going.status, going.canceled_ns), (OrderStatus::PendingCancel, Some(NOW_NS)));
    assert_eq!(going.deadline_ns, NOW_NS + RETRY_NS);
    let (_, unknown) = on_deadline(expired(being(OrderStatus::Unknown).being_amended(), NOW_NS));
    assert_eq!(unknown.status, OrderStatus::Unknown, "until the venue speaks");
    assert_eq!((unknown.canceled_ns, unknown.deadline_ns), (Some(NOW_NS), 7));
}

#[test]
fn a_silent_venue_is_asked_less_and_less() {
    let waits = [(0, 1), (1, 1), (2, 2), (3, 4), (4, 8), (5, 16), (6, 32), (7, 32), (250, 32)];
    for (silences, times) in waits {
        let mut order = Order { silences, ..being(OrderStatus::New) };
        life::doubt(&mut order, NOW_NS, &timing());
        assert_eq!(order.deadline_ns, NOW_NS + times * QUERY_NS, "{silences}");
    }
}

#[test]
fn neither_its_time_nor_patience_is_slept_through() {
    let looked = |mut order: Order| {
        life::doubt(&mut order, NOW_NS, &timing());
        order.deadline_ns
    };
    let silent = Order { silences: 6, ..being(OrderStatus::New) };
    assert_eq!(looked(expired(silent, NOW_NS + 9)), NOW_NS + 9);
    assert_eq!(looked(expired(silent, NOW_NS + 1)), NOW_NS + 1);
    assert_eq!(looked(expired(silent, NOW_NS)), NOW_NS + 32 * QUERY_NS, "it is over already");
    let mut tried = silent;
    tried.patience.on_cancel(NOW_NS);
    assert_eq!(looked(tried), NOW_NS + STUCK_NS);
    assert_eq!(looked(expired(tried, NOW_NS + 9)), NOW_NS + 9, "the earlier of them");
}

#[test]
fn one_whose_amend_is_in_doubt_does_not_stand() {
    let doubtful = |status| {
        let mut order = being(status).being_amended();
        life::doubt(&mut order, NOW_NS, &timing());
        Order { status, deadline_ns: 7, ..order }
    };
    let order = after(doubtful(OrderStatus::PendingNew), ExecutionKind::New);
    assert_eq!((order.status, order.deadline_ns), (OrderStatus::Unknown, NOW_NS + QUERY_NS));
    let order = after(doubtful(OrderStatus::Unknown), ExecutionKind::New);
    assert_eq!((order.status, order.deadline_ns), (OrderStatus::Unknown, 7));
}

#[test]
fn an_amend_without_an_answer_is_asked_after() {
    let mut order = being(OrderStatus::New).being_amended();
    life::stand(&mut order, NOW_NS, &timing());
    assert_eq!(order.deadline_ns, ANSWER_NS, "it was sent at 0");
    let mut order = expired(order, ANSWER_NS - 1);
    life::stand(&mut order, NOW_NS, &timing());
    assert_eq!(order.deadline_ns, ANSWER_NS - 1);
}
