//! What was approved says what was wished.

use super::case::*;
use super::*;

#[test]
fn an_order_says_when_its_cause_arrived() {
    let mut case = good();
    let origin_ns = case.origin_ns;
    let approved = review(&mut case).unwrap();
    assert_eq!(approved.origin_ns(), origin_ns);
    assert!(1 < origin_ns, "a time that nobody makes up");
    assert_eq!(approved.strategy(), Some(MAKER));
}

#[test]
fn an_amend_says_whose_it_is_and_when_its_cause_arrived() {
    let wish = good().request;
    let terms = OrderTerms {
        instrument: wish.instrument,
        side: wish.side,
        time_in_force: TimeInForce::Gtc,
        price: Price::whole(100),
        qty: wish.qty,
        purpose: wish.purpose,
        expires_ns: None,
    };
    let approved = ApprovedAmend::by_kernel(id(7), StrategyId(3), terms, 37, 99);
    assert_eq!((approved.id(), approved.strategy()), (id(7), StrategyId(3)));
    assert_eq!((approved.origin_ns(), approved.number()), (99, 1));
    assert_eq!(*approved.terms(), terms);
}

#[test]
fn margin_is_asked_of_the_worst_that_can_come() {
    let mut case = good();
    case.margin_worst = Qty::whole(1);
    assert!(review(&mut case).is_ok());
    case = good();
    case.margin_worst = Qty::whole(10_000);
    assert!(review(&mut case).is_err(), "what stands there already needs more than there is");
}
