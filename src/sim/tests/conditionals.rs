//! Conditional orders, as the venue's sheet has them: what is taken, what triggers, what it makes.

use super::*;
use crate::sim::conditional::{
    Amount, Conditional, ConditionalEntry, ConditionalReport, ConditionalState,
};
use crate::sim::order::ClientText;
use crate::sim::self_trade::SelfTrade;
use crate::sim::trigger::Trigger;
use crate::types::WorkingPrice;
use ConditionalState::{Canceled, Expired, Finished, New, Rejected, Triggered, Triggering};
use proptest::prelude::*;

/// A trigger at a price, on the last trade, for a market order of that much.
fn when(trigger: Trigger, side: Side, amount: &str) -> ConditionalEntry {
    ConditionalEntry {
        instrument: BTC,
        client_id: None,
        side,
        trigger,
        working: WorkingPrice::Contract,
        is_protected: false,
        price: None,
        time_in_force: TimeInForce::Gtc,
        amount: Amount::Qty(qty(amount)),
        reduce_only: false,
        ends_with_position: false,
        good_till_unix_ms: None,
        self_trade: SelfTrade::ExpireMaker,
    }
}

fn stop(side: Side, at: &str, amount: &str) -> ConditionalEntry {
    when(Trigger::Stop(price(at)), side, amount)
}

fn profit(side: Side, at: &str, amount: &str) -> ConditionalEntry {
    when(Trigger::TakeProfit(price(at)), side, amount)
}

fn trailing(side: Side, activation: Option<&str>, callback_permille: u32) -> ConditionalEntry {
    let activation = activation.map(price);
    when(Trigger::Trailing { activation, callback_permille }, side, "2")
}

impl ConditionalEntry {
    fn closing(mut self) -> Self {
        (self.amount, self.ends_with_position) = (Amount::Position, true);
        self
    }

    fn reducing(mut self) -> Self {
        self.reduce_only = true;
        self
    }

    fn limit(mut self, at: &str) -> Self {
        self.price = Some(price(at));
        self
    }

    fn tif(mut self, time_in_force: TimeInForce) -> Self {
        self.time_in_force = time_in_force;
        self
    }

    fn marked(mut self) -> Self {
        self.working = WorkingPrice::Mark;
        self
    }

    fn called(mut self, text: &str) -> Self {
        self.client_id = Some(ClientText::parse(text.as_bytes()).unwrap());
        self
    }
}

impl Desk {
    fn await_price(&mut self, entry: ConditionalEntry) -> Result<Conditional, Reject> {
        self.now_unix_ms += 1;
        self.exchange.place_conditional(self.now_unix_ms, self.account, &entry)
    }

    fn waits(&mut self, entry: ConditionalEntry) -> Conditional {
        let placed = self.await_price(entry).unwrap();
        assert_eq!((placed.state, placed.order_id), (New, None));
        self.news();
        placed
    }

    fn turned_away(&mut self, entry: ConditionalEntry) -> i32 {
        let code = self.await_price(entry).unwrap_err().code();
        assert!(self.news().is_empty(), "a refused one leaves no trace");
        code
    }

    fn news(&mut self) -> Vec<ConditionalReport> {
        self.exchange.take_conditional_news()
    }

    /// What became of them since this was last asked.
    fn states(&mut self) -> Vec<ConditionalState> {
        self.news().iter().map(|report| report.conditional.state).collect()
    }

    fn last(&mut self, at: &str) -> Vec<Report> {
        self.market(&trade(at, "0.001", Side::Sell))
    }

    fn mark(&mut self, at: &str) -> Vec<Report> {
        self.market(&btc(MarketData::Mark(price(at))))
    }

    fn long(&mut self, amount: &str) {
        let bought = self.place(limit(Side::Buy, "100.3", amount).market()).0.unwrap();
        assert_eq!(bought.state, State::Filled);
    }

    fn sell(&mut self, amount: &str) {
        let sold = self.place(limit(Side::Sell, "99.0", amount).market()).0.unwrap();
        assert_eq!(sold.state, State::Filled);
    }
}

#[test]
fn a_stop_waits_for_its_price_and_becomes_one_order_under_its_id() {
    let mut desk = Desk::new();
    let placed = desk.waits(stop(Side::Sell, "99.5", "2").called("guard"));
    assert!(desk.last("99.6").is_empty());
    let reports = desk.last("99.5");
    assert_eq!(trades(&reports), pairs(&[("100", "2")]));
    let news = desk.news();
    let states: Vec<_> = news.iter().map(|report| report.conditional.state).collect();
    assert_eq!(states, [Triggering, Triggered, Finished]);
    let traded: Vec<_> = news.iter().map(|it| it.order.map(|order| order.cum_qty)).collect();
    assert_eq!(traded, [None, Some(Qty::ZERO), Some(qty("2"))]);
    let order = reports[0].order;
    assert_eq!((order.client_id.as_str(), order.origin), ("guard", Some(placed.id)));
    let over = desk.exchange.conditional(desk.account, OrderKey::Id(placed.id)).unwrap();
    assert_eq!((over.order_id, over.state), (Some(order.id), Finished));
    assert_eq!(over.triggered_unix_ms, Some(desk.now_unix_ms));
    assert!(desk.last("99.0").is_empty(), "it triggers once");
}

#[test]
fn a_trigger_looks_at_the_price_that_it_was_told_to() {
    let mut desk = Desk::new();
    desk.waits(stop(Side::Sell, "99.5", "2").marked());
    desk.last("99.0");
    assert_eq!(desk.states(), [], "the last trade is not the mark");
    desk.mark("99.5");
    assert_eq!(desk.states(), [Triggering, Triggered, Finished]);
    desk.last("100.0");
    desk.waits(stop(Side::Buy, "101.0", "2"));
    desk.mark("101.5");
    assert_eq!(desk.states(), [], "the mark is not the last trade");
    desk.last("101.0");
    assert_eq!(desk.states(), [Triggering, Triggered, Finished]);
}

#[test]
fn what_would_trigger_at_once_is_refused() {
    let mut desk = Desk::new();
    desk.last("100.0");
    let rows = [
        (stop(Side::Sell, "100.0", "2"), stop(Side::Sell, "99.9", "2")),
        (stop(Side::Buy, "100.0", "2"), stop(Side::Buy, "100.1", "2")),
        (profit(Side::Sell, "100.0", "2"), profit(Side::Sell, "100.1", "2")),
        (profit(Side::Buy, "100.0", "2"), profit(Side::Buy, "99.9", "2")),
        (trailing(Side::Sell, Some("100.0"), 5), trailing(Side::Sell, Some("100.1"), 5)),
        (trailing(Side::Buy, Some("100.0"), 5), trailing(Side::Buy, Some("99.9"), 5)),
    ];
    for (late, early) in rows {
        assert_eq!(desk.turned_away(late), -2021, "{late:?}");
        desk.waits(early);
    }
}

#[test]
fn a_trailing_stop_follows_the_best_price_and_triggers_when_it_turns() {
    let mut desk = Desk::new();
    desk.last("100.0");
    let placed = desk.waits(trailing(Side::Sell, Some("102.0"), 10));
    desk.last("90.0");
    assert!(!desk.exchange.conditional(desk.account, OrderKey::Id(placed.id)).unwrap().is_active());
    desk.last("103.0");
    desk.last("102.0");
    assert_eq!(desk.states(), [], "1 % of 103 is more than 1");
    assert!(desk.exchange.conditional(desk.account, OrderKey::Id(placed.id)).unwrap().is_active());
    desk.last("101.9");
    assert_eq!(desk.states(), [Triggering, Triggered, Finished]);
    let placed = desk.waits(trailing(Side::Buy, None, 10));
    assert_eq!(placed.entry.trigger.price(), Some(price("101.9")), "the latest is the default");
    desk.last("102.9");
    assert_eq!(desk.states(), []);
    desk.last("103.0");
    assert_eq!(desk.states(), [Triggering, Triggered, Finished]);
}

#[test]
fn a_protected_trigger_waits_until_mark_and_last_trade_agree() {
    let mut desk = Desk::new();
    desk.last("100.0");
    let mut entry = stop(Side::Sell, "99.0", "2");
    entry.is_protected = true;
    desk.waits(entry);
    desk.last("90.0");
    assert_eq!(desk.states(), [], "the middle of the book is 100.05");
    desk.mark("94.0");
    assert_eq!(desk.states(), [Triggering, Triggered, Finished]);
}

#[test]
fn a_limit_that_comes_of_a_trigger_rests_and_finishes_with_its_order() {
    let mut desk = Desk::new();
    let placed = desk.waits(stop(Side::Sell, "99.5", "2").limit("100.3"));
    assert_eq!(trades(&desk.last("99.5")), []);
    assert_eq!(desk.states(), [Triggering, Triggered]);
    let refused = desk.exchange.cancel_conditional(9, desk.account, OrderKey::Id(placed.id));
    assert_eq!(refused.unwrap_err(), Reject::UnknownOrder, "its order can be taken back, not it");
    let order = desk.exchange.open_orders(desk.account).next().unwrap().id;
    let (account, key) = (desk.account, OrderKey::Id(order));
    desk.exchange.cancel(9, account, BTC, key, &mut Vec::new()).unwrap();
    assert_eq!(desk.states(), [Finished]);
}

#[test]
fn what_the_account_cannot_carry_is_refused_at_the_trigger_and_not_before() {
    let rows = [
        (stop(Side::Buy, "101.0", "999"), Reject::MarginInsufficient),
        (stop(Side::Sell, "99.0", "2").reducing(), Reject::ReduceOnly),
        (stop(Side::Sell, "99.0", "2").limit("99.0").tif(TimeInForce::Gtx), Reject::PostOnly),
        (stop(Side::Buy, "101.0", "900").limit("100.1").tif(TimeInForce::Fok), Reject::FillOrKill),
    ];
    for (entry, reason) in rows {
        let mut desk = Desk::new();
        if reason == Reject::MarginInsufficient {
            assert!(desk.exchange.set_leverage(BTC, 5));
        }
        desk.waits(entry);
        let reports = desk.last(if entry.side == Side::Buy { "101.0" } else { "99.0" });
        assert!(reports.is_empty(), "{reports:?}");
        assert_eq!(desk.states(), [Triggering, Rejected(reason)]);
        assert_eq!(desk.position(), Qty::ZERO);
    }
}

#[test]
fn closing_takes_what_is_held_then_and_nothing_more() {
    let mut desk = Desk::new();
    desk.long("2");
    desk.waits(stop(Side::Sell, "99.5", "1").closing());
    desk.long("1.5");
    let reports = desk.last("99.5");
    assert_eq!(trades(&reports), pairs(&[("100", "3.5")]));
    assert_eq!(
        (desk.position(), desk.states()),
        (Qty::ZERO, vec![Triggering, Triggered, Finished])
    );
}

#[test]
fn what_closes_needs_a_position_and_is_the_only_one_of_its_kind() {
    let mut desk = Desk::new();
    assert_eq!(desk.turned_away(stop(Side::Sell, "99.5", "1").closing()), -4509);
    desk.long("2");
    assert_eq!(desk.turned_away(stop(Side::Buy, "105.0", "1").closing()), -4509);
    desk.waits(stop(Side::Sell, "99.5", "1").closing());
    assert_eq!(desk.turned_away(stop(Side::Sell, "99.0", "1").closing().marked()), -4130);
    desk.waits(profit(Side::Sell, "105.0", "1").closing());
    desk.waits(stop(Side::Sell, "99.0", "1").reducing());
}

#[test]
fn what_closes_is_over_with_its_position_however_that_ends() {
    let mut desk = Desk::new();
    desk.long("2");
    let held = desk.waits(stop(Side::Sell, "99.5", "1").closing());
    desk.waits(profit(Side::Sell, "105.0", "1").closing());
    let kept = desk.waits(stop(Side::Sell, "99.0", "2").reducing());
    desk.sell("1");
    assert_eq!(desk.states(), [], "half of it is left");
    desk.sell("3");
    assert_eq!(desk.position(), qty("-2"));
    assert_eq!(desk.states(), [Expired, Expired], "it turned");
    let found =
        |desk: &Desk, id| desk.exchange.conditional(desk.account, OrderKey::Id(id)).unwrap();
    assert_eq!(found(&desk, held.id).state, Expired);
    assert_eq!(found(&desk, kept.id).state, New, "a reduction that is no GTE waits on");
    desk.last("99.0");
    assert_eq!(desk.states(), [Triggering, Rejected(Reject::ReduceOnly)]);
}

#[test]
fn of_two_that_one_price_triggers_the_older_may_end_the_younger() {
    let mut desk = Desk::new();
    desk.long("2");
    desk.waits(stop(Side::Sell, "99.5", "2").reducing());
    desk.waits(stop(Side::Sell, "99.6", "2").closing());
    let reports = desk.last("99.0");
    assert_eq!(trades(&reports), pairs(&[("100", "2")]));
    assert_eq!(desk.states(), [Triggering, Triggered, Finished, Expired]);
}

#[test]
fn filters_are_asked_before_it_waits() {
    let mut desk = Desk::new();
    let rows = [
        (stop(Side::Sell, "99.55", "2"), -4014),
        (stop(Side::Sell, "0", "2"), -4006),
        (stop(Side::Sell, "1000000.1", "2"), -4007),
        (stop(Side::Sell, "0.5", "2"), -4013),
        (stop(Side::Sell, "99.5", "2.0005"), -4023),
        (stop(Side::Sell, "99.5", "0"), -4003),
        (stop(Side::Sell, "99.5", "1000.001"), -4005),
        (stop(Side::Sell, "99.5", "1"), -4164),
        (stop(Side::Sell, "99.5", "2").limit("99.45"), -4014),
        (stop(Side::Sell, "99.5", "2").limit("-1"), -4001),
        (trailing(Side::Sell, Some("105.05"), 5), -4014),
    ];
    for (entry, code) in rows {
        assert_eq!(desk.turned_away(entry), code, "{entry:?}");
    }
    desk.waits(stop(Side::Sell, "99.5", "1").reducing());
    let elsewhere = ConditionalEntry { instrument: ETH, ..stop(Side::Sell, "99.5", "2") };
    desk.waits(elsewhere);
    assert_eq!(desk.exchange.conditionals(desk.account).count(), 2);
}

#[test]
fn an_id_is_unique_among_those_that_wait() {
    let mut desk = Desk::new();
    let first = desk.waits(stop(Side::Sell, "99.5", "2").called("guard"));
    assert_eq!(desk.turned_away(stop(Side::Sell, "99.0", "2").called("guard")), -4116);
    let key = OrderKey::Client(first.client_id);
    desk.exchange.cancel_conditional(9, desk.account, key).unwrap();
    assert_eq!(desk.states(), [Canceled]);
    let second = desk.waits(stop(Side::Sell, "99.0", "2").called("guard"));
    assert_eq!(desk.exchange.conditional(desk.account, key).unwrap().id, second.id);
    desk.rest(limit(Side::Buy, "90.0", "2").named("guard"));
    desk.last("99.0");
    assert_eq!(desk.states(), [Triggering, Rejected(Reject::ClientIdDuplicate)]);
}

#[test]
fn two_hundred_may_wait_and_one_that_goes_makes_room() {
    let mut desk = Desk::new();
    for _ in 0..200 {
        desk.waits(stop(Side::Sell, "99.5", "2"));
    }
    assert_eq!(desk.turned_away(stop(Side::Sell, "99.5", "2")), -4045);
    let elsewhere = ConditionalEntry { instrument: ETH, ..stop(Side::Sell, "99.5", "2") };
    assert_eq!(desk.turned_away(elsewhere), -4045, "over all symbols");
    let oldest = desk.exchange.conditionals(desk.account).next().unwrap().id;
    desk.exchange.cancel_conditional(9, desk.account, OrderKey::Id(oldest)).unwrap();
    desk.news();
    desk.waits(elsewhere);
}

#[test]
fn the_last_thousand_that_are_over_can_be_asked_for() {
    let mut desk = Desk::new();
    let ids: Vec<OrderKey> = (0..1_001)
        .map(|_| {
            let key = OrderKey::Id(desk.waits(stop(Side::Sell, "99.5", "2")).id);
            desk.exchange.cancel_conditional(9, desk.account, key).unwrap();
            key
        })
        .collect();
    assert_eq!(desk.exchange.conditional(desk.account, ids[0]), None);
    assert_eq!(desk.exchange.conditional(desk.account, ids[1]).unwrap().state, Canceled);
}

#[test]
fn a_date_ends_what_waits() {
    let mut desk = Desk::new();
    let mut entry = stop(Side::Sell, "99.5", "2");
    entry.good_till_unix_ms = Some(1_000);
    desk.waits(entry);
    desk.exchange.on_time(999, &mut Vec::new());
    assert_eq!(desk.states(), []);
    desk.exchange.on_time(1_000, &mut Vec::new());
    assert_eq!(desk.states(), [Expired]);
}

#[test]
fn what_takes_orders_back_leaves_conditional_ones_alone() {
    let mut desk = Desk::new();
    desk.waits(stop(Side::Sell, "99.5", "2"));
    desk.exchange.cancel_all(9, desk.account, BTC, &mut Vec::new()).unwrap();
    assert!(desk.exchange.set_countdown(9, desk.account, BTC, 1));
    desk.exchange.on_time(10, &mut Vec::new());
    assert_eq!(desk.states(), []);
    desk.exchange.cancel_conditionals(11, desk.account, ETH).unwrap();
    assert_eq!(desk.states(), []);
    desk.exchange.cancel_conditionals(11, desk.account, BTC).unwrap();
    assert_eq!(desk.states(), [Canceled]);
}

/// What somebody does, as numbers.
fn act(desk: &mut Desk, (kind, ticks, amount): (u8, i64, i64)) -> Vec<Report> {
    let at = price("0.1").times(970 + ticks);
    let side = if amount % 2 == 0 { Side::Buy } else { Side::Sell };
    let size = Qty::whole(1).times(amount);
    let mut entry = stop(side, "100", "2").reducing();
    entry.amount = Amount::Qty(size);
    entry.working = if ticks % 2 == 0 { WorkingPrice::Mark } else { WorkingPrice::Contract };
    entry.trigger = match kind % 3 {
        0 => Trigger::Stop(at),
        1 => Trigger::TakeProfit(at),
        _ => Trigger::Trailing { activation: None, callback_permille: 5 },
    };
    match kind {
        0..3 => drop(desk.await_price(entry)),
        3..5 => drop(desk.await_price(entry.closing())),
        5..7 => drop(desk.await_price(entry.limit("100.0"))),
        7..9 => {
            let mut order = limit(side, "100", "1").market();
            order.qty = size;
            return desk.place(order).1;
        }
        9..12 => return desk.last(&at.to_string()),
        _ => return desk.mark(&at.to_string()),
    }
    Vec::new()
}

#[test]
fn the_order_of_a_stop_that_meets_its_own_account_ends_as_the_stop_said() {
    let mut desk = Desk::new();
    let bid = desk.rest(limit(Side::Buy, "100.0", "1.5"));
    let entry = stop(Side::Sell, "100.0", "7");
    let waits = desk.waits(ConditionalEntry { self_trade: SelfTrade::ExpireTaker, ..entry });
    let reports = desk.market(&trade("100.0", "0.001", Side::Buy));
    assert_eq!(trades(&reports), pairs(&[("100", "5")]));
    let found = desk.exchange.conditional(desk.account, OrderKey::Id(waits.id)).unwrap();
    let ended = desk.order(found.order_id.unwrap()).state;
    assert!(matches!(ended, State::Expired(ExpiryReason::SelfTrade(_))), "{ended:?}");
    assert_eq!((found.state, desk.order(bid.id)), (Finished, bid));
}

proptest! {
    #[test]
    fn a_reduction_never_opens_or_turns_and_a_trigger_makes_one_order_or_none(
        acts in proptest::collection::vec((0_u8..14, 0_i64..60, 1_i64..8), 1..60),
    ) {
        let mut desk = Desk::new();
        let mut held = Qty::ZERO;
        let mut made = std::collections::BTreeMap::new();
        for step in acts {
            for report in act(&mut desk, step) {
                if let (ReportKind::New, Some(origin)) = (report.kind, report.order.origin) {
                    *made.entry(origin).or_insert(0) += 1;
                }
                let ReportKind::Trade(trade) = report.kind else { continue };
                let before = held;
                held = held.saturating_add(trade.side.signed(trade.qty));
                if report.order.origin.is_some() {
                    prop_assert_eq!(Side::reducing(before), Some(trade.side));
                    prop_assert!(trade.qty <= before.abs());
                }
            }
            prop_assert_eq!(held, desk.position());
            desk.news();
            for it in desk.exchange.conditionals(desk.account) {
                let count = made.get(&it.id).copied().unwrap_or(0);
                let expected = usize::from(matches!(it.state, Triggered | Finished));
                prop_assert_eq!(count, expected, "{:?}", it);
                prop_assert!(it.state != Triggering);
                let reducing = Side::reducing(held);
                let protects = it.is_open() && it.entry.ends_with_position;
                prop_assert!(!protects || reducing == Some(it.entry.side));
            }
        }
    }
}
