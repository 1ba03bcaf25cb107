//! The last look at an order, on the bytes that are about to leave (SAFETY 1, "Post-check"): what
//! the kernel checked before, checked again by other code from other numbers.
//!
//! Must hold: what is compared is held here and was never the kernel's: the largest quantity of
//! each instrument comes from the configuration, the ids from the orders that left, the rate
//! from a clock that is read here. A contradiction is a fault of this program: it trips the kill
//! switch. Not here: the latches, which [`crate::runtime::gate`] holds.

use super::sent_ids::SentIds;
use crate::core::Command;
use crate::core::Rate;
use crate::core::safety::{Approved, ApprovedAmend};
use crate::types::{NotSentReason, Purpose, Qty, SECOND, StopOrder, StrategyId};
use crate::venue::{Written, WrittenOrder};

/// How many times what the kernel approves in a second may leave in one: orders that waited for a
/// slow connection leave together.
const CEILING: u32 = 2;

/// What is held against every order.
#[derive(Debug)]
pub(in crate::runtime) struct PostCheck {
    sent: SentIds,
    /// By `InstrumentId`.
    qty_max: Vec<Qty>,
    per_second_max: u32,
    second_began_ns: u64,
    in_second: u32,
}

impl PostCheck {
    /// For the orders of one start.
    pub(in crate::runtime) fn new(epoch: u32, qty_max: Vec<Qty>, rate: Rate) -> Self {
        let in_second_max = rate.per_second.saturating_add(rate.burst);
        let per_second_max = in_second_max.saturating_mul(CEILING);
        let sent = SentIds::new(epoch);
        Self { sent, qty_max, per_second_max, second_began_ns: 0, in_second: 0 }
    }

    /// May bytes that say `written` leave for an order of that strategy that was approved so? An
    /// exit of an operator may be larger than an order of a strategy, because the venue's own bound
    /// is what holds it (SAFETY E2).
    pub(super) fn check(
        &mut self,
        approved: &WrittenOrder,
        strategy: Option<StrategyId>,
        written: Option<WrittenOrder>,
        now_ns: u64,
    ) -> Result<(), NotSentReason> {
        let written = written.filter(|it| it.says(approved)).ok_or(NotSentReason::Contradicted)?;
        // An amend names an order that left; what is not known to have left is none of ours.
        match (written.written, self.sent.is_new(written.id)) {
            (Written::New, true) | (Written::Amended, false) => {}
            (Written::New, false) => return Err(NotSentReason::RepeatedId),
            (Written::Amended, true) => return Err(NotSentReason::Contradicted),
        }
        let most = self.qty_max.get(written.instrument.index()).copied();
        if strategy.is_some() && most.is_none_or(|most| most < written.qty) {
            return Err(NotSentReason::TooLarge);
        }
        if SECOND <= now_ns.saturating_sub(self.second_began_ns) {
            (self.second_began_ns, self.in_second) = (now_ns, 0);
        }
        if self.per_second_max <= self.in_second {
            return Err(NotSentReason::TooFast);
        }
        self.in_second += 1;
        if written.written == Written::New {
            self.sent.mark(written.id);
        }
        Ok(())
    }

    /// The same of a stop, which closes what is held and names no quantity.
    pub(super) fn check_stop(
        &mut self,
        approved: &StopOrder,
        written: Option<StopOrder>,
    ) -> Result<(), NotSentReason> {
        let written = written.filter(|it| it == approved).ok_or(NotSentReason::Contradicted)?;
        if !self.sent.is_new(written.id) {
            return Err(NotSentReason::RepeatedId);
        }
        self.sent.mark(written.id);
        Ok(())
    }
}

/// What is to leave under the kernel's approval.
pub(super) struct Leaving {
    pub(super) strategy: Option<StrategyId>,
    /// When the bytes arrived that caused it.
    pub(super) origin_ns: u64,
    /// What the bytes must say.
    pub(super) approved: WrittenOrder,
}

impl Leaving {
    /// `None` for a command that needs no approval.
    pub(super) fn of(command: &Command) -> Option<Self> {
        match command {
            Command::NewOrder(order) => Some(Self {
                strategy: order.strategy(),
                origin_ns: order.origin_ns(),
                approved: new_order(order),
            }),
            Command::Amend(amend) => Some(Self {
                strategy: Some(amend.strategy()),
                origin_ns: amend.origin_ns(),
                approved: amended(amend),
            }),
            Command::Cancel { .. }
            | Command::CancelAll { .. }
            | Command::ArmDeadMan(_)
            | Command::Stop(_)
            | Command::QueryOrder { .. }
            | Command::QueryTrades { .. }
            | Command::QueryAccount { .. } => None,
        }
    }
}

fn amended(amend: &ApprovedAmend) -> WrittenOrder {
    let terms = amend.terms();
    WrittenOrder {
        written: Written::Amended,
        id: amend.id(),
        instrument: terms.instrument,
        side: terms.side,
        price: terms.price,
        qty: terms.qty,
        reduce_only: Some(false),
    }
}

fn new_order(order: &Approved) -> WrittenOrder {
    let terms = order.terms();
    WrittenOrder {
        written: Written::New,
        id: order.id(),
        instrument: terms.instrument,
        side: terms.side,
        price: terms.price,
        qty: terms.qty,
        reduce_only: Some(terms.purpose != Purpose::Opening),
    }
}

/// True when it shows a fault of this program, and not a connection that was slow.
pub(super) fn is_our_fault(reason: NotSentReason) -> bool {
    match reason {
        NotSentReason::Contradicted | NotSentReason::RepeatedId | NotSentReason::TooLarge => true,
        NotSentReason::KillSwitch
        | NotSentReason::LinkDown
        | NotSentReason::Unencodable
        | NotSentReason::Throttled
        | NotSentReason::DeadMan
        | NotSentReason::TooFast => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{ClientOrderId, InstrumentId, Price, Side, WorkingPrice};

    const MAKER: Option<StrategyId> = Some(StrategyId(0));

    fn check() -> PostCheck {
        PostCheck::new(3, vec![Qty::whole(5)], Rate { per_second: 2, burst: 1 })
    }

    fn order(sequence: u32) -> WrittenOrder {
        WrittenOrder {
            written: Written::New,
            id: ClientOrderId { epoch: 3, sequence },
            instrument: InstrumentId(0),
            side: Side::Buy,
            price: Price::whole(100),
            qty: Qty::whole(5),
            reduce_only: Some(false),
        }
    }

    fn leaves(check: &mut PostCheck, order: WrittenOrder) -> Result<(), NotSentReason> {
        check.check(&order, MAKER, Some(order), 0)
    }

    #[test]
    fn bytes_that_say_anything_else_do_not_leave() {
        let good = order(1);
        let others = [
            WrittenOrder { id: ClientOrderId { epoch: 3, sequence: 2 }, ..good },
            WrittenOrder { instrument: InstrumentId(1), ..good },
            WrittenOrder { side: Side::Sell, ..good },
            WrittenOrder { price: Price::whole(101), ..good },
            WrittenOrder { qty: Qty::whole(4), ..good },
            WrittenOrder { reduce_only: Some(true), ..good },
        ];
        let mut check = check();
        for other in others.into_iter().map(Some).chain([None]) {
            let verdict = check.check(&good, MAKER, other, 0);
            assert_eq!(verdict, Err(NotSentReason::Contradicted), "{other:?}");
        }
        assert_eq!(leaves(&mut check, good), Ok(()));
    }

    #[test]
    fn an_id_leaves_once() {
        let mut check = check();
        assert_eq!(leaves(&mut check, order(7)), Ok(()));
        assert_eq!(leaves(&mut check, order(7)), Err(NotSentReason::RepeatedId));
        assert_eq!(leaves(&mut check, order(6)), Ok(()), "it waited and leaves late");
        assert_eq!(leaves(&mut check, order(6)), Err(NotSentReason::RepeatedId));
        let foreign = WrittenOrder { id: ClientOrderId { epoch: 4, sequence: 9 }, ..order(8) };
        assert_eq!(leaves(&mut check, foreign), Err(NotSentReason::RepeatedId));
        let exit = check.check(&order(7), None, Some(order(7)), 0);
        assert_eq!(exit, Err(NotSentReason::RepeatedId), "an exit needs an id of its own too");
        assert_eq!(leaves(&mut check, order(8)), Ok(()));
    }

    #[test]
    fn a_stop_leaves_once_and_only_as_it_was_approved() {
        let mut check = check();
        let id = |sequence| ClientOrderId { epoch: 3, sequence };
        let stop = StopOrder {
            id: id(1),
            instrument: InstrumentId(0),
            side: Side::Sell,
            trigger: Price::whole(95),
            working: WorkingPrice::Mark,
        };
        let others = [
            StopOrder { id: id(2), ..stop },
            StopOrder { instrument: InstrumentId(1), ..stop },
            StopOrder { side: Side::Buy, ..stop },
            StopOrder { trigger: Price::whole(96), ..stop },
            StopOrder { working: WorkingPrice::Contract, ..stop },
        ];
        for other in others.into_iter().map(Some).chain([None]) {
            let verdict = check.check_stop(&stop, other);
            assert_eq!(verdict, Err(NotSentReason::Contradicted), "{other:?}");
        }
        assert_eq!(check.check_stop(&stop, Some(stop)), Ok(()));
        assert_eq!(check.check_stop(&stop, Some(stop)), Err(NotSentReason::RepeatedId));
        assert_eq!(leaves(&mut check, order(1)), Err(NotSentReason::RepeatedId));
    }

    #[test]
    fn an_amend_is_of_an_order_that_left_and_counts_as_a_message() {
        let mut check = check();
        let amend = |sequence| WrittenOrder { written: Written::Amended, ..order(sequence) };
        assert_eq!(leaves(&mut check, amend(1)), Err(NotSentReason::Contradicted));
        assert_eq!(leaves(&mut check, order(1)), Ok(()));
        for _ in 0..5 {
            assert_eq!(leaves(&mut check, amend(1)), Ok(()));
        }
        assert_eq!(leaves(&mut check, amend(1)), Err(NotSentReason::TooFast));
        let larger = WrittenOrder { qty: Qty::from_units(500_000_001), ..amend(1) };
        assert_eq!(leaves(&mut check, larger), Err(NotSentReason::TooLarge));
        let verdict = check.check(&amend(1), MAKER, Some(order(1)), SECOND);
        assert_eq!(verdict, Err(NotSentReason::Contradicted), "not what was approved");
    }

    #[test]
    fn the_largest_order_leaves_and_one_step_more_only_as_an_exit() {
        let mut check = check();
        assert_eq!(leaves(&mut check, order(1)), Ok(()));
        let larger = WrittenOrder { qty: Qty::from_units(500_000_001), ..order(2) };
        assert_eq!(leaves(&mut check, larger), Err(NotSentReason::TooLarge));
        let unknown = WrittenOrder { instrument: InstrumentId(1), ..order(2) };
        assert_eq!(leaves(&mut check, unknown), Err(NotSentReason::TooLarge));
        assert_eq!(check.check(&larger, None, Some(larger), 0), Ok(()));
    }

    #[test]
    fn a_second_has_room_for_twice_what_the_kernel_approves() {
        let mut check = check();
        for sequence in 1..=6 {
            assert_eq!(leaves(&mut check, order(sequence)), Ok(()));
        }
        let mut late = |now_ns| check.check(&order(7), MAKER, Some(order(7)), now_ns);
        assert_eq!(late(SECOND - 1), Err(NotSentReason::TooFast));
        assert_eq!(late(SECOND), Ok(()));
        assert!(!is_our_fault(NotSentReason::TooFast) && is_our_fault(NotSentReason::RepeatedId));
    }
}
