//! Parents: whose they are, where they open, and that an order carries the one it was approved
//! under.

use super::case::*;
use super::*;
use crate::core::orders::Under;
use crate::core::parent::Parent;
use crate::types::{InstrumentId, ParentId};

/// The parent of a good order.
pub(super) fn parent() -> Parent {
    let OrderRequest { instrument, side, .. } = good().request;
    Parent { id: ParentId(id(0)), strategy: MAKER, instrument, side, qty: Qty::whole(9) }
}

/// What a case says that its order names.
pub(super) fn named(parent: &Option<(Parent, Option<Qty>)>) -> Under<'_> {
    match parent {
        Some((parent, Some(left))) => Under::Parent { parent, left: *left },
        Some((_, None)) => Under::Unknown,
        None => Under::Nothing,
    }
}

/// The order names it, and so much is left of it.
pub(super) fn under(case: &mut Case, left_units: i64) {
    case.parent = Some((parent(), Some(Qty::from_units(left_units))));
}

/// Asks for one more parent.
pub(super) fn review_parent(case: &Case, open: usize) -> Result<(), DenyReason> {
    let (parent, permitted) = (parent(), case.permitted);
    case.kernel.review_parent(&ParentWish { parent, permitted, open })
}

#[test]
fn a_parent_is_its_own_strategys_and_of_one_instrument_and_side() {
    let parents = [
        Parent { strategy: StrategyId(1), ..parent() },
        Parent { instrument: InstrumentId(1), ..parent() },
        Parent { side: Side::Sell, ..parent() },
    ];
    for named in parents {
        let mut case = good();
        case.parent = Some((named, Some(Qty::whole(9))));
        assert_eq!(review(&mut case).map(drop), Err(DenyReason::ParentMismatch), "{named:?}");
    }
    let mut case = good();
    under(&mut case, 200_000_000);
    assert_eq!(review(&mut case).unwrap().parent(), Some(parent().id));
    assert_eq!(review(&mut good()).unwrap().parent(), None);
}

#[test]
fn a_parent_opens_where_its_strategy_may_trade_and_of_something() {
    assert_eq!(review_parent(&good(), 0), Ok(()));
    let mut case = good();
    case.permitted = false;
    assert_eq!(review_parent(&case, 0), Err(DenyReason::NotPermitted));
    let mut case = good();
    shift(&mut case, Scope::Strategy(MAKER), ModeCause::Halt);
    assert_eq!(review_parent(&case, 0), Err(DenyReason::Halted));
    let mut case = good();
    case.kernel.kill_switch.trip(trip(), Stamp::default());
    assert_eq!(review_parent(&case, 0), Err(DenyReason::KillSwitch));
    for qty in [Qty::ZERO, Qty::from_units(-1), Qty::from_units(i64::MIN)] {
        let wish = ParentWish { parent: Parent { qty, ..parent() }, permitted: true, open: 0 };
        assert_eq!(good().kernel.review_parent(&wish), Err(DenyReason::BadQty), "{qty:?}");
    }
}
