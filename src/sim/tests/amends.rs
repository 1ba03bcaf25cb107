//! Amends, as the venue's sheet has them.

use super::*;
use crate::sim::amend::AMENDS_MAX;
use crate::types::Amendment;

impl Desk {
    fn amend(&mut self, id: u64, amount: &str, at: &str) -> (Result<Order, Reject>, Vec<Report>) {
        let mut out = Vec::new();
        self.now_unix_ms += 1;
        let to = Amendment { price: price(at), qty: qty(amount) };
        let (exchange, key) = (&mut self.exchange, OrderKey::Id(id));
        let amended = exchange.amend(self.now_unix_ms, self.account, BTC, key, to, &mut out);
        (amended, out)
    }

    fn amend_refused(&mut self, id: u64, amount: &str, at: &str) -> i32 {
        let before = self.exchange.order(self.account, BTC, OrderKey::Id(id));
        let (amended, reports) = self.amend(id, amount, at);
        assert!(reports.is_empty());
        let after = self.exchange.order(self.account, BTC, OrderKey::Id(id));
        assert_eq!(before, after, "a refused amend changes nothing");
        amended.unwrap_err().code()
    }
}

fn kinds(reports: &[Report]) -> Vec<ReportKind> {
    reports.iter().map(|report| report.kind).collect()
}

/// The market shows 10 at 99.9, all of it before us.
#[test]
fn the_place_in_the_queue_is_kept_only_by_less_at_the_same_price() {
    let rows = [("2", "99.9", true), ("5", "99.9", false), ("4", "99.8", false)];
    for (amount, at, keeps) in rows {
        let mut desk = Desk::new();
        let order = desk.rest(limit(Side::Buy, "99.9", "4"));
        desk.market(&trade("99.9", "1", Side::Sell));
        let before = desk.order(order.id).ahead;
        let (amended, reports) = desk.amend(order.id, amount, at);
        assert_eq!(kinds(&reports), [ReportKind::Amended]);
        let amended = amended.unwrap();
        assert_eq!((amended.entry.qty, amended.entry.price), (qty(amount), Some(price(at))));
        assert_eq!(amended.ahead == before, keeps, "{amount} at {at}");
        assert_eq!(amended.id, order.id);
    }
}

#[test]
fn an_amended_order_stands_behind_our_own_older_ones() {
    let mut desk = Desk::new();
    let [first, second] = [(); 2].map(|()| desk.rest(limit(Side::Buy, "99.5", "2")));
    let (_, reports) = desk.amend(first.id, "3", "99.5");
    assert_eq!(kinds(&reports), [ReportKind::Amended]);
    desk.market(&trade("99.5", "2", Side::Sell));
    let traded = [first, second].map(|order| desk.order(order.id).cum_qty);
    assert_eq!(traded, [Qty::ZERO, qty("2")]);
}

#[test]
fn a_price_that_crosses_trades_at_once_and_a_post_only_order_is_taken_back() {
    let mut desk = Desk::new();
    let order = desk.rest(limit(Side::Buy, "99", "2"));
    let (amended, reports) = desk.amend(order.id, "2", "100.1");
    assert_eq!(kinds(&reports)[0], ReportKind::Amended);
    assert_eq!(trades(&reports), pairs(&[("100.1", "2")]));
    assert_eq!(amended.unwrap().state, State::Filled);
    let post_only = OrderEntry { time_in_force: TimeInForce::Gtx, ..limit(Side::Buy, "99", "2") };
    let order = desk.rest(post_only);
    let (amended, reports) = desk.amend(order.id, "2", "101");
    assert_eq!(kinds(&reports), [ReportKind::Canceled]);
    assert_eq!(amended.unwrap().state, State::Canceled);
}

#[test]
fn a_quantity_that_has_traded_takes_the_order_back_and_one_more_does_not() {
    for (amount, state) in [("1", State::Canceled), ("0.5", State::Canceled)] {
        let mut desk = Desk::new();
        let order = desk.rest(limit(Side::Buy, "99.5", "3"));
        desk.market(&trade("99.5", "1", Side::Sell));
        let (amended, reports) = desk.amend(order.id, amount, "99.5");
        assert_eq!((amended.unwrap().state, kinds(&reports)), (state, vec![ReportKind::Canceled]));
    }
    let mut desk = Desk::new();
    let order = desk.rest(limit(Side::Buy, "99.5", "3"));
    desk.market(&trade("99.5", "1", Side::Sell));
    let (amended, _) = desk.amend(order.id, "1.1", "99.5");
    assert_eq!(amended.unwrap().remaining(), qty("0.1"));
}

#[test]
fn what_the_venue_refuses_leaves_the_order_as_it_was() {
    let mut desk = Desk::new();
    let order = desk.rest(limit(Side::Buy, "99", "2"));
    let rows = [
        ("2", "99", -5027),
        ("2", "99.05", -4014),
        ("2", "-1", -4001),
        ("2.0001", "99", -4023),
        ("1", "99", -4164),
        ("100000", "99", -4005),
    ];
    for (amount, at, code) in rows {
        assert_eq!(desk.amend_refused(order.id, amount, at), code, "{amount} at {at}");
    }
    assert_eq!(desk.amend_refused(order.id + 1, "2", "98"), -2013);
    desk.exchange.order_by_id_mut(order.id).unwrap().amends = AMENDS_MAX;
    assert_eq!(desk.amend_refused(order.id, "2", "98"), -5026);
    desk.exchange.order_by_id_mut(order.id).unwrap().amends = AMENDS_MAX - 1;
    assert!(desk.amend(order.id, "2", "98").0.is_ok());
}

#[test]
fn an_order_that_is_over_is_not_amended() {
    let mut desk = Desk::new();
    let order = desk.rest(limit(Side::Buy, "99", "2"));
    let mut out = Vec::new();
    desk.exchange.cancel(9, desk.account, BTC, OrderKey::Id(order.id), &mut out).unwrap();
    assert_eq!(desk.amend_refused(order.id, "2", "98"), -2013);
}

/// Twenty times 10,000 at about 100 are 2,000.
#[test]
fn the_account_must_carry_what_is_added() {
    let mut desk = Desk::new();
    let order = desk.rest(limit(Side::Buy, "99.9", "50"));
    let rest = desk.rest(limit(Side::Buy, "99", "50"));
    let (amended, _) = desk.amend(rest.id, "60", "99");
    assert!(amended.is_ok());
    let lean = desk.exchange.margin(desk.account, USDT);
    let account = desk.exchange.account_mut(desk.account);
    account.set_wallet(USDT, lean);
    assert_eq!(desk.amend_refused(order.id, "51", "99.9"), -2019);
    assert!(desk.amend(order.id, "49", "99.9").0.is_ok(), "less is always carried");
}

/// The market offers 35 up to 100.3.
#[test]
fn an_amended_order_trades_with_one_of_its_own_account() {
    let mut desk = Desk::new();
    let sale = desk.rest(limit(Side::Sell, "100.4", "2"));
    let bid = desk.rest(limit(Side::Buy, "99", "38"));
    let amended = desk.amend(bid.id, "38", "100.4").0.unwrap();
    assert_eq!((amended.state, amended.cum_qty), (State::PartiallyFilled, qty("37")));
    assert_eq!((desk.order(sale.id).state, desk.position()), (State::Filled, qty("35")));
}
