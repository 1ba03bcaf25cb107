//! Two strategies on one instrument (SAFETY E9): what an order is to the account and what it is to
//! a ledger are judged apart.

use super::case::*;
use super::*;

/// A strategy that holds `ledger` of an account's `net` buys 2 and calls it a reduction.
fn shared(ledger: i32, net: i32) -> Case {
    let mut case = good_reduction();
    case.kernel.limits.instruments[0].shared = true;
    (case.own_position, case.position) = (Qty::whole(ledger), Qty::whole(net));
    case
}

/// Ledger and account, what becomes of a buy of 2, and whether it carries the native flag.
#[test]
fn a_reduction_lowers_the_ledger_and_the_account_alike() {
    let rows = [
        (-3, -3, Ok(Purpose::Reducing)),
        (-2, -2, Ok(Purpose::Reducing)),
        (-3, -1, Ok(Purpose::Opening)),
        (-3, 0, Ok(Purpose::Opening)),
        (-3, 2, Ok(Purpose::Opening)),
        (-1, -9, Err(DenyReason::NotReducing)),
        (0, -9, Err(DenyReason::NotReducing)),
        (3, -9, Err(DenyReason::NotReducing)),
    ];
    for (ledger, net, expected) in rows {
        let mut case = shared(ledger, net);
        let verdict = review(&mut case).map(|approved| approved.terms().purpose);
        assert_eq!(verdict, expected, "ledger {ledger}, account {net}");
    }
}

#[test]
fn what_opens_for_the_account_has_an_end_and_the_accounts_limits() {
    let approved = review(&mut shared(-3, 0)).unwrap();
    assert_eq!(approved.terms().expires_ns, Some(NOW_NS + 10 * SECOND));
    assert_eq!((approved.toward(), approved.strategy()), (Purpose::Reducing, Some(MAKER)));
    for (net, expected) in [(2, Ok(())), (3, Err(DenyReason::PositionTooLarge))] {
        assert_eq!(review(&mut shared(-3, net)).map(drop), expected, "2 more, and 4 is the limit");
    }
    let mut case = shared(-3, 0);
    shift(&mut case, Scope::All, ModeCause::Liquidation);
    assert_eq!(review(&mut case).map(drop), Err(DenyReason::ReducingOnly));
}

/// The account's limits bind it, the strategy's own do not: it lowers what the strategy holds.
#[test]
fn a_way_out_of_a_ledger_is_not_bound_by_its_own_limit() {
    let mut case = shared(-9, 0);
    case.kernel.budgets[0].position_notional_max = Cash::ZERO;
    assert!(review(&mut case).is_ok());
    case.request.purpose = Purpose::Opening;
    case.request.ttl_ns = Some(SECOND);
    assert_eq!(review(&mut case).map(drop), Err(DenyReason::StrategyPosition));
}

/// It lowers the account's net and raises the ledger: the strategy's own limits bind it, and it
/// goes without the flag.
#[test]
fn what_raises_a_ledger_opens_whatever_it_does_to_the_account() {
    let mut case = shared(0, -9);
    case.request.purpose = Purpose::Opening;
    case.request.ttl_ns = Some(SECOND);
    assert_eq!(review(&mut case).unwrap().terms().purpose, Purpose::Opening);
    case.own_position = Qty::from_units(100_000_001);
    assert_eq!(review(&mut case).map(drop), Err(DenyReason::StrategyPosition));
}

#[test]
fn what_protects_is_never_sent_without_the_flag() {
    for (net, expected) in [(-2, Ok(())), (-1, Err(DenyReason::NotReducing))] {
        let mut case = shared(-3, net);
        case.request.purpose = Purpose::Protective;
        assert_eq!(review(&mut case).map(drop), expected);
    }
}

/// The venue guards the account's position and not a ledger: a reduction of unknown fate counts.
#[test]
fn a_ledger_is_not_closed_twice_by_an_order_whose_fate_is_unknown() {
    for (is_shared, expected) in [(true, Err(DenyReason::NotReducing)), (false, Ok(()))] {
        let mut orders = crate::core::orders::Orders::new(1, 1, timing());
        orders.open(&review(&mut shared(-3, -9)).unwrap(), NOW_NS);
        orders.on_link_down(|_| true, NOW_NS);
        let mut case = shared(-3, -9);
        case.kernel.limits.instruments[0].shared = is_shared;
        case.own_open = *orders.totals().of_strategy(MAKER, BTC);
        case.request.kind = OrderKind::Limit(Price::from_units(9_990_000_000));
        assert_eq!(review(&mut case).map(drop), expected);
    }
}

/// Where one strategy owns the instrument nothing is made of its word.
#[test]
fn an_owner_of_its_own_is_told_that_it_does_not_reduce() {
    let mut case = shared(-3, 0);
    case.kernel.limits.instruments[0].shared = false;
    assert_eq!(review(&mut case).map(drop), Err(DenyReason::NotReducing));
}
