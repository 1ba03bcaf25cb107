//! Readings of an account by themselves: when one is asked for, what it means, what it finds.

use super::*;
use crate::core::setup::Valuation;
use crate::types::{
    Filters, ForeignOrder, InstrumentKind, OrderRef, OrderTerms, Price, Purpose, SECOND, Side,
    TimeInForce, VenueOrder, VenuePosition,
};

const HERE: VenueId = VenueId(0);
const BTC: InstrumentId = InstrumentId(0);
const ETH: InstrumentId = InstrumentId(1);
const ELSEWHERE: InstrumentId = InstrumentId(2);
const USDT: AssetId = AssetId(0);

const EVERY_NS: u64 = 10 * SECOND;
const TIMEOUT_NS: u64 = 3 * SECOND;
const TOLERANCE: Cash = Cash::from_units(100);

fn timing() -> Timing {
    Timing {
        answer_ns_max: SECOND,
        cancel_retry_ns: SECOND,
        cancel_attempts_max: 3,
        stuck_ns_max: SECOND,
        query_retry_ns: SECOND,
        not_found_final_ns: SECOND,
        reconcile_ns: EVERY_NS,
        reconcile_timeout_ns: TIMEOUT_NS,
        balance_tolerance: TOLERANCE,
        position_tolerance_steps: 0,
        open_orders_tolerance: 0,
    }
}

fn instrument(id: InstrumentId, venue: VenueId) -> Instrument {
    let asset = |at: u8| AssetId(at + 3 * venue.0);
    Instrument {
        id,
        venue,
        symbol: format!("{}USDT", id.0),
        kind: InstrumentKind::Perpetual,
        base: asset(1),
        quote: asset(0),
        settle: asset(0),
        filters: Filters {
            price_tick: Price::from_units(1),
            price_min: Price::from_units(1),
            price_max: Price::whole(1_000_000),
            qty_step: Qty::from_units(1),
            qty_min: Qty::from_units(1),
            qty_max: Qty::whole(1_000),
            notional_min: Cash::ZERO,
            mark_band: None,
            trading: true,
        },
    }
}

/// A reconciler and what it compares readings with.
struct Desk {
    reconciler: Reconciler,
    portfolio: Portfolio,
    orders: Orders,
    instruments: Vec<Instrument>,
    /// What was heard of our orders so far.
    activity: u64,
}

impl Desk {
    /// Nothing has been read.
    fn new() -> Self {
        let instruments =
            vec![instrument(BTC, HERE), instrument(ETH, HERE), instrument(ELSEWHERE, VenueId(1))];
        let mut valuations = vec![Valuation::Nothing; 6];
        valuations[0] = Valuation::Reporting;
        Self {
            reconciler: Reconciler::new(HERE, timing()),
            portfolio: Portfolio::new(vec![false; 3], 1, 2, valuations),
            orders: Orders::new(3, 1, timing()),
            instruments,
            activity: 0,
        }
    }

    /// The first reading, of 1,000 USDT and nothing else, has been taken over; it was asked at 0.
    fn begun() -> Self {
        let mut desk = Self::new();
        desk.reconciler.ask_now();
        let told = desk.read(0, AccountSnapshot::clone);
        assert_eq!(told, Verdict::Proven { adopt: true, quiet: true, findings: 0 });
        desk
    }

    fn ask(&mut self, now_ns: u64) -> QueryToken {
        let mut effects = Effects::new();
        self.reconciler.ask(now_ns, self.activity, &mut effects);
        let token = self.reconciler.token();
        let asked = format!("{:?}", effects.as_slice());
        let wanted = Effect::Send(Command::QueryAccount { venue: HERE, token });
        assert_eq!(asked, format!("[{wanted:?}]"));
        token
    }

    /// The account as it is at first.
    fn account(&self) -> AccountSnapshot {
        AccountSnapshot {
            venue: HERE,
            token: self.reconciler.token(),
            balances: vec![(USDT, Cash::whole(1_000))],
            has_unnamed_assets: false,
            positions: Vec::new(),
            unnamed_positions: 0,
            open_orders: Vec::new(),
            margin: None,
        }
    }

    fn on_snapshot(&mut self, snapshot: &AccountSnapshot, now_ns: u64) -> Verdict {
        let Self { portfolio, orders, instruments, activity, .. } = self;
        self.reconciler.on_snapshot(snapshot, portfolio, orders, instruments, now_ns, *activity)
    }

    /// Asks and is answered at once; what is adopted is taken over.
    fn read(&mut self, now_ns: u64, of: impl Fn(&AccountSnapshot) -> AccountSnapshot) -> Verdict {
        self.ask(now_ns);
        let snapshot = of(&self.account());
        let verdict = self.on_snapshot(&snapshot, now_ns);
        if let Verdict::Proven { adopt: true, .. } = verdict {
            let findings = self.reconciler.findings().to_vec();
            self.portfolio.adopt(&snapshot, &self.instruments, &findings, now_ns);
            self.reconciler.forget_differences();
        }
        verdict
    }

    /// Whether it is due then, and not a nanosecond before.
    fn is_due_at(&self, now_ns: u64) -> bool {
        !self.reconciler.is_due(now_ns - 1) && self.reconciler.is_due(now_ns)
    }
}

fn holding(qty: i32) -> impl Fn(&AccountSnapshot) -> AccountSnapshot {
    move |account| {
        let held = VenuePosition { instrument: BTC, qty: Qty::whole(qty), entry: Price::whole(10) };
        AccountSnapshot { positions: vec![held], ..account.clone() }
    }
}

fn with_balance(balance: Cash) -> impl Fn(&AccountSnapshot) -> AccountSnapshot {
    move |account| AccountSnapshot { balances: vec![(USDT, balance)], ..account.clone() }
}

fn with_orders(orders: Vec<VenueOrder>) -> impl Fn(&AccountSnapshot) -> AccountSnapshot {
    move |account| AccountSnapshot { open_orders: orders.clone(), ..account.clone() }
}

fn standing(instrument: InstrumentId, order: OrderRef) -> VenueOrder {
    VenueOrder {
        instrument,
        order,
        venue_order_id: 1,
        side: Side::Buy,
        price: Price::whole(10),
        qty: Qty::whole(1),
        cum_qty: Qty::ZERO,
        purpose: Purpose::Opening,
    }
}

fn ours(sequence: u32) -> ClientOrderId {
    ClientOrderId { epoch: 1, sequence }
}

#[test]
fn what_agrees_is_proven() {
    let mut desk = Desk::begun();
    assert!(desk.reconciler.is_proven());
    let told = desk.read(EVERY_NS, AccountSnapshot::clone);
    assert_eq!(told, Verdict::Proven { adopt: false, quiet: true, findings: 0 });
    assert!(desk.is_due_at(2 * EVERY_NS));
}

#[test]
fn an_answer_to_another_question_is_dropped() {
    let mut desk = Desk::begun();
    let older = desk.account();
    desk.ask(EVERY_NS);
    assert_eq!(desk.on_snapshot(&older, EVERY_NS), Verdict::Dropped);
    assert_eq!(desk.reconciler.asked_ns(), Some(EVERY_NS), "the question is still open");
    let answer = desk.account();
    assert!(matches!(desk.on_snapshot(&answer, EVERY_NS), Verdict::Proven { .. }));
    assert_eq!(desk.on_snapshot(&answer, EVERY_NS), Verdict::Dropped, "answered already");
}

#[test]
fn a_difference_counts_when_a_second_reading_says_the_same() {
    let mut desk = Desk::begun();
    assert_eq!(desk.read(EVERY_NS, holding(2)), Verdict::Suspect);
    assert!(!desk.reconciler.is_proven());
    assert!(desk.is_due_at(EVERY_NS + AGAIN_NS));
    assert_eq!(desk.read(EVERY_NS + AGAIN_NS, holding(3)), Verdict::Suspect, "another one");
    let told = desk.read(2 * EVERY_NS, holding(3));
    assert_eq!(told, Verdict::Proven { adopt: true, quiet: true, findings: 1 });
    assert!(desk.reconciler.is_proven());
    assert_eq!(desk.portfolio.position(BTC), Qty::whole(3));
    assert!(desk.reconciler.findings().is_empty(), "adopted");
}

#[test]
fn a_difference_says_both_values() {
    let mut desk = Desk::begun();
    desk.read(EVERY_NS, holding(2));
    let position = Finding::Position { instrument: BTC, ours: Qty::ZERO, venue: Qty::whole(2) };
    assert_eq!(desk.reconciler.findings(), [position], "at its entry price the wallet is the same");
}

#[test]
fn trades_meanwhile_make_a_difference_inconclusive() {
    let mut desk = Desk::begun();
    for time in 1..INCONCLUSIVE_MAX {
        desk.ask(EVERY_NS);
        desk.activity += 1;
        let snapshot = holding(2)(&desk.account());
        assert_eq!(desk.on_snapshot(&snapshot, EVERY_NS), Verdict::Inconclusive);
        assert!(desk.reconciler.is_proven(), "{time}");
    }
    desk.ask(EVERY_NS);
    desk.activity += 1;
    let snapshot = holding(2)(&desk.account());
    assert_eq!(desk.on_snapshot(&snapshot, EVERY_NS), Verdict::Inconclusive);
    assert!(!desk.reconciler.is_proven(), "a truth that is never proven is none");
}

#[test]
fn conclusive_readings_forget_the_inconclusive_ones() {
    let mut desk = Desk::begun();
    for _ in 0..3 {
        for _ in 1..INCONCLUSIVE_MAX {
            desk.ask(EVERY_NS);
            desk.activity += 1;
            let snapshot = holding(2)(&desk.account());
            desk.on_snapshot(&snapshot, EVERY_NS);
        }
        desk.read(EVERY_NS, AccountSnapshot::clone);
        assert!(desk.reconciler.is_proven());
    }
}

#[test]
fn an_inconclusive_reading_is_repeated_soon() {
    let mut desk = Desk::begun();
    desk.ask(EVERY_NS);
    desk.activity += 1;
    let snapshot = holding(2)(&desk.account());
    assert_eq!(desk.on_snapshot(&snapshot, EVERY_NS + MS), Verdict::Inconclusive);
    assert!(desk.is_due_at(EVERY_NS + MS + AGAIN_NS));
}

#[test]
fn what_agrees_is_proven_whatever_was_heard_meanwhile() {
    let mut desk = Desk::begun();
    desk.ask(EVERY_NS);
    desk.activity += 1;
    let told = desk.on_snapshot(&desk.account(), EVERY_NS);
    assert_eq!(told, Verdict::Proven { adopt: false, quiet: false, findings: 0 });
}

#[test]
fn the_first_reading_is_not_taken_over_while_orders_move() {
    let mut desk = Desk::new();
    desk.ask(0);
    desk.activity += 1;
    let told = desk.on_snapshot(&desk.account(), 0);
    assert_eq!(told, Verdict::Inconclusive);
}

#[test]
fn a_wallet_may_be_off_by_rounding() {
    let balance = |off: i128| Cash::whole(1_000).saturating_add(Cash::from_units(off));
    for within in [100, -100] {
        let told = Desk::begun().read(EVERY_NS, with_balance(balance(within)));
        assert_eq!(told, Verdict::Proven { adopt: false, quiet: true, findings: 0 });
    }
    for beyond in [101, -101] {
        let mut desk = Desk::begun();
        assert_eq!(desk.read(EVERY_NS, with_balance(balance(beyond))), Verdict::Suspect);
        let (ours, venue) = (Cash::whole(1_000), balance(beyond));
        assert_eq!(desk.reconciler.findings(), [Finding::Balance { asset: USDT, ours, venue }]);
    }
}

#[test]
fn a_wallet_that_is_not_named_is_empty() {
    let mut desk = Desk::begun();
    let without =
        |account: &AccountSnapshot| AccountSnapshot { balances: Vec::new(), ..account.clone() };
    assert_eq!(desk.read(EVERY_NS, without), Verdict::Suspect);
    let (ours, venue) = (Cash::whole(1_000), Cash::ZERO);
    assert_eq!(desk.reconciler.findings(), [Finding::Balance { asset: USDT, ours, venue }]);
}

#[test]
fn an_order_of_ours_that_is_not_known_is_an_orphan() {
    let mut desk = Desk::begun();
    let found = standing(BTC, OrderRef::Ours(ours(1)));
    assert_eq!(desk.read(EVERY_NS, with_orders(vec![found])), Verdict::Suspect);
    assert_eq!(desk.reconciler.findings(), [Finding::Orphan { id: ours(1) }]);
    let terms = OrderTerms {
        instrument: BTC,
        side: Side::Buy,
        time_in_force: TimeInForce::Gtc,
        price: Price::whole(10),
        qty: Qty::whole(1),
        purpose: Purpose::Opening,
        expires_ns: None,
    };
    assert!(desk.orders.adopt(&found, terms, 0));
    let told = desk.read(2 * EVERY_NS, with_orders(vec![found]));
    assert_eq!(told, Verdict::Proven { adopt: false, quiet: true, findings: 0 });
}

#[test]
fn orders_of_others_are_counted_and_change_nothing() {
    let mut desk = Desk::begun();
    let foreign = |at| standing(at, OrderRef::Foreign(ForeignOrder::Other));
    let told = desk.read(EVERY_NS, with_orders(vec![foreign(BTC), foreign(ETH), foreign(BTC)]));
    assert_eq!(told, Verdict::Proven { adopt: false, quiet: true, findings: 0 });
    let counted = [(BTC, 2), (ETH, 1)]
        .map(|(instrument, count)| Finding::ForeignOrders { instrument, count });
    assert_eq!(desk.reconciler.findings(), counted);
    desk.reconciler.forget_differences();
    assert_eq!(desk.reconciler.findings(), counted, "they still stand");
}

#[test]
fn what_the_configuration_does_not_name_is_said_and_changes_nothing() {
    let mut desk = Desk::begun();
    let unnamed = |account: &AccountSnapshot| AccountSnapshot {
        has_unnamed_assets: true,
        unnamed_positions: 2,
        ..account.clone()
    };
    let told = desk.read(EVERY_NS, unnamed);
    assert_eq!(told, Verdict::Proven { adopt: false, quiet: true, findings: 0 });
    let said = [Finding::UnnamedPositions { count: 2 }, Finding::UnnamedAssets];
    assert_eq!(desk.reconciler.findings(), said);
    desk.read(2 * EVERY_NS, AccountSnapshot::clone);
    assert!(desk.reconciler.findings().is_empty());
}

#[test]
fn another_venue_is_another_reading() {
    let mut desk = Desk::begun();
    let held = VenuePosition { instrument: ELSEWHERE, qty: Qty::whole(5), entry: Price::whole(10) };
    let elsewhere = |account: &AccountSnapshot| AccountSnapshot {
        positions: vec![held],
        open_orders: vec![standing(ELSEWHERE, OrderRef::Foreign(ForeignOrder::Other))],
        ..account.clone()
    };
    desk.read(EVERY_NS, elsewhere);
    assert!(desk.reconciler.findings().is_empty());
}

#[test]
fn findings_are_bounded() {
    let mut desk = Desk::begun();
    let many: Vec<u32> = (0..70).collect();
    let found = many.iter().map(|at| standing(BTC, OrderRef::Ours(ours(*at)))).collect();
    desk.read(EVERY_NS, with_orders(found));
    assert_eq!(desk.reconciler.findings().len(), FINDINGS_MAX);
}

#[test]
fn nobody_is_asked_before_it_is_told_to() {
    let mut desk = Desk::new();
    assert!(!desk.reconciler.is_due(u64::MAX - 1));
    desk.reconciler.ask_now();
    assert!(desk.reconciler.is_due(0));
    desk.reconciler.on_link_down();
    assert!(!desk.reconciler.is_due(EVERY_NS));
    desk.reconciler.ask_soon();
    assert!(!desk.reconciler.is_due(EVERY_NS), "there is no link");
}

#[test]
fn without_a_link_nothing_is_proven() {
    let mut desk = Desk::begun();
    desk.read(EVERY_NS, holding(2));
    desk.ask(2 * EVERY_NS);
    desk.reconciler.on_link_down();
    assert!(!desk.reconciler.is_proven());
    assert_eq!(desk.reconciler.asked_ns(), None);
    assert!(desk.reconciler.findings().is_empty());
}

#[test]
fn a_question_without_an_answer_is_asked_again() {
    let mut desk = Desk::begun();
    desk.ask(EVERY_NS);
    assert!(desk.is_due_at(EVERY_NS + TIMEOUT_NS));
}

#[test]
fn a_question_that_failed_is_asked_again_after_a_second() {
    let mut desk = Desk::begun();
    let older = desk.reconciler.token();
    let token = desk.ask(EVERY_NS);
    desk.reconciler.on_failed(older, EVERY_NS);
    assert_eq!(desk.reconciler.asked_ns(), Some(EVERY_NS), "another question");
    desk.reconciler.on_failed(token, EVERY_NS + MS);
    assert_eq!(desk.reconciler.asked_ns(), None);
    assert!(desk.is_due_at(EVERY_NS + MS + SECOND));
    desk.reconciler.on_failed(token, EVERY_NS + 500 * MS);
    assert!(desk.is_due_at(EVERY_NS + MS + SECOND), "it has failed once");
}

#[test]
fn two_questions_are_not_asked_at_once() {
    let mut desk = Desk::begun();
    desk.read(EVERY_NS, AccountSnapshot::clone);
    desk.reconciler.ask_now();
    assert!(desk.is_due_at(EVERY_NS + AGAIN_NS));
}

#[test]
fn so_many_at_once_and_then_only_what_is_paid_for() {
    let mut desk = Desk::new();
    let mut now_ns = 0;
    for _ in 0..READINGS_AT_ONCE {
        desk.reconciler.ask_now();
        assert!(desk.reconciler.is_due(now_ns));
        desk.ask(now_ns);
        now_ns += AGAIN_NS;
    }
    desk.reconciler.ask_now();
    assert!(desk.is_due_at(READING_NS));
    desk.ask(READING_NS);
    desk.reconciler.ask_now();
    assert!(desk.is_due_at(2 * READING_NS));
    // After a quiet time as many as at first.
    let later_ns = 100 * READING_NS;
    for time in 0..READINGS_AT_ONCE {
        desk.reconciler.ask_now();
        assert!(desk.reconciler.is_due(later_ns + time * AGAIN_NS));
        desk.ask(later_ns + time * AGAIN_NS);
    }
    desk.reconciler.ask_now();
    assert!(desk.is_due_at(later_ns + READING_NS));
}

#[test]
fn what_only_a_reading_tells_is_asked_for_soon() {
    let mut desk = Desk::begun();
    desk.reconciler.ask_soon();
    assert!(desk.reconciler.is_due(SECOND));
    // While a question is open it is let finish, and the next follows soon.
    desk.ask(SECOND);
    desk.reconciler.ask_soon();
    assert_eq!(desk.reconciler.asked_ns(), Some(SECOND));
    let told = desk.on_snapshot(&desk.account(), SECOND);
    assert!(matches!(told, Verdict::Proven { .. }));
    assert!(desk.is_due_at(SECOND + AGAIN_NS));
    desk.read(SECOND + AGAIN_NS, AccountSnapshot::clone);
    assert!(desk.is_due_at(SECOND + AGAIN_NS + EVERY_NS), "once");
}

#[test]
fn a_doubt_lasts_until_the_next_reading() {
    let mut desk = Desk::begun();
    desk.ask(SECOND);
    desk.reconciler.doubt();
    assert!(!desk.reconciler.is_proven());
    assert_eq!(desk.reconciler.asked_ns(), None, "what was asked before may not know of it");
    assert!(desk.is_due_at(SECOND + AGAIN_NS));
    desk.read(2 * SECOND, AccountSnapshot::clone);
    assert!(desk.reconciler.is_proven());
}

#[test]
fn silence_is_no_answer() {
    let mut desk = Desk::begun();
    desk.read(EVERY_NS, AccountSnapshot::clone);
    let last_ns = EVERY_NS + LAPSE_INTERVALS * EVERY_NS + TIMEOUT_NS;
    desk.reconciler.lapse(last_ns);
    assert!(desk.reconciler.is_proven());
    desk.reconciler.lapse(last_ns + 1);
    assert!(!desk.reconciler.is_proven());
    desk.reconciler.lapse(EVERY_NS);
    assert!(!desk.reconciler.is_proven(), "time alone proves nothing");
}

#[test]
fn every_question_has_a_number_of_its_own() {
    let mut desk = Desk::new();
    let tokens = [desk.ask(0), desk.ask(1), desk.ask(2)];
    assert_eq!(tokens, [QueryToken(1), QueryToken(2), QueryToken(3)]);
    assert_eq!(desk.reconciler.asked_ns(), Some(2));
}
