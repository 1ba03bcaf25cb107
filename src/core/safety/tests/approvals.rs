//! What was approved says what was wished, and what is scaled with the mode is scaled whole.

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

#[test]
fn a_conservative_engine_scales_every_sum() {
    // Each within its limit, and beyond the half of it that holds then.
    let sums: [fn(&mut Case); 3] = [
        |case| case.net(30_000_000_000),
        |case| case.underlying_gross(25_000_000_000),
        |case| case.underlying_net(20_000_000_000),
    ];
    for hold in sums {
        let mut running = good();
        running.request.qty = Qty::whole(1);
        hold(&mut running);
        assert!(review(&mut running).is_ok());
        let mut scaled = good();
        conservative(&mut scaled);
        assert!(review(&mut scaled).is_ok());
        hold(&mut scaled);
        assert!(review(&mut scaled).is_err());
    }
}

#[test]
fn people_are_told_the_mark_and_the_deepest_fall() {
    let mut case = fallen(10_000, 90_000_000_000);
    let peak = Cash::whole(1_000);
    assert_eq!(case.kernel.high_water().map(|mark| mark.peak), Some(peak));
    assert_eq!(case.kernel.drawdown_bps_max(), 1_000);
    observe(&mut case.kernel, NOW_NS + SECOND, worth(Cash::whole(950)));
    assert_eq!((case.kernel.drawdown_bps(), case.kernel.drawdown_bps_max()), (Some(500), 1_000));
}
