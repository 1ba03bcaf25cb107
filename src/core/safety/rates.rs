//! How many orders go, of all and of each strategy, in a second and in a minute (SAFETY P12), and
//! for each trade (P13).
//!
//! Decision: a part of each rate is kept for those who get out. Of all orders the last quarter is
//! not for opening, and the last eighth is for the operator's exits alone; of a strategy's own rate
//! the last quarter is for its reductions. In whole orders, so a rate of one keeps nothing.
//!
//! Decision: at a start the part of opening orders is empty and what is kept for exits is there. A
//! restart never gives a fresh burst (SAFETY I3), and who restarts in order to get out need not
//! wait. Strategies begin when the rates have filled, so that honest first quotes are not denied
//! for it (E14).

use super::minute::Minute;
use super::order_to_trade::OrderToTrade;
use super::throttle::Throttle;
use super::verdict::{DenyReason, Passage, require};
use crate::core::setup::{Budget, Limits};
use crate::types::StrategyId;

#[derive(Debug)]
pub(super) struct Rates {
    has_begun: bool,
    burst: u32,
    second: Throttle,
    minute_max: u32,
    minute: Minute,
    seats: Vec<Seat>,
}

#[derive(Debug)]
struct Seat {
    burst: u32,
    rate: Throttle,
    ratio: OrderToTrade,
}

impl Rates {
    pub(super) fn new(limits: &Limits, budgets: &[Budget]) -> Self {
        let seat = |budget: &Budget| Seat {
            burst: budget.rate.burst,
            rate: Throttle::new(budget.rate),
            ratio: OrderToTrade::new(budget.orders_per_trade_max),
        };
        Self {
            has_begun: false,
            burst: limits.order_rate.burst,
            second: Throttle::new(limits.order_rate),
            minute_max: limits.orders_per_minute_max,
            minute: Minute::new(),
            seats: budgets.iter().map(seat).collect(),
        }
    }

    /// The first event: time begins.
    pub(super) fn begin(&mut self, now_ns: u64) {
        if std::mem::replace(&mut self.has_begun, true) {
            return;
        }
        self.second.begin(now_ns, kept(Passage::Open, self.burst));
        let sent = self.minute_max.saturating_sub(kept(Passage::Open, self.minute_max));
        self.minute.begin(now_ns, sent);
        for seat in &mut self.seats {
            seat.rate.begin(now_ns, kept(Passage::Open, seat.burst));
        }
    }

    /// True when everything has been saved that a burst takes: of all and of each strategy.
    pub(super) fn is_full(&mut self, now_ns: u64) -> bool {
        let full = |rate: &mut Throttle, burst: u32| rate.has_room(now_ns, burst.saturating_sub(1));
        full(&mut self.second, self.burst)
            && self.seats.iter_mut().all(|seat| full(&mut seat.rate, seat.burst))
    }

    /// All orders together.
    pub(super) fn check(&mut self, passage: Passage, now_ns: u64) -> Result<(), DenyReason> {
        let room = self.second.has_room(now_ns, kept(passage, self.burst));
        require(room, DenyReason::OrderRate)?;
        let mine = self.minute_max.saturating_sub(kept(passage, self.minute_max));
        require(self.minute.count(now_ns) < u64::from(mine), DenyReason::MinuteRate)
    }

    /// Those of one strategy; nobody is more urgent there than its reductions.
    pub(super) fn check_strategy(
        &mut self,
        passage: Passage,
        strategy: StrategyId,
        now_ns: u64,
    ) -> Result<(), DenyReason> {
        let seat = &mut self.seats[strategy.index()];
        let kept = match passage {
            Passage::Open => kept(passage, seat.burst),
            Passage::Reduce | Passage::Flatten => 0,
        };
        require(seat.rate.has_room(now_ns, kept), DenyReason::StrategyRate)?;
        seat.ratio.check(now_ns)
    }

    /// One goes, of a strategy or as an exit.
    pub(super) fn take(&mut self, strategy: Option<StrategyId>, now_ns: u64) {
        self.second.take();
        self.minute.add(now_ns);
        if let Some(strategy) = strategy {
            let seat = &mut self.seats[strategy.index()];
            seat.rate.take();
            seat.ratio.on_order(now_ns);
        }
    }

    /// An order of the strategy traded.
    pub(super) fn on_trade(&mut self, strategy: StrategyId, now_ns: u64) {
        self.seats[strategy.index()].ratio.on_trade(now_ns);
    }
}

/// How many of a burst whoever passes must leave to the more urgent.
fn kept(passage: Passage, burst: u32) -> u32 {
    match passage {
        Passage::Open => burst / 4,
        Passage::Reduce => burst / 8,
        Passage::Flatten => 0,
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::core::safety::tests::case;
    use crate::core::setup::Rate;
    use crate::types::SECOND;

    const FIRST: StrategyId = StrategyId(0);

    /// So many of all and of the first strategy go at this time, whatever that leaves.
    pub(in crate::core::safety) fn spend(rates: &mut Rates, count: u32, now_ns: u64) {
        let _ = rates.check(Passage::Flatten, now_ns);
        let _ = rates.check_strategy(Passage::Reduce, FIRST, now_ns);
        (0..count).for_each(|_| rates.take(Some(FIRST), now_ns));
    }

    /// A burst of sixteen of all orders, of eight of the strategy, and no minute in the way.
    fn rates() -> Rates {
        let mut limits = case::limits();
        limits.order_rate = Rate { per_second: 10, burst: 16 };
        limits.orders_per_minute_max = 10_000;
        let rate = Rate { per_second: 10, burst: 8 };
        Rates::new(&limits, &[Budget { rate, ..case::budget() }])
    }

    fn passed(rates: &mut Rates, passage: Passage, now_ns: u64) -> u32 {
        let mut count = 0;
        while rates.check(passage, now_ns).is_ok() {
            rates.take(None, now_ns);
            count += 1;
        }
        count
    }

    #[test]
    fn the_last_of_a_burst_is_for_those_who_get_out() {
        let mut rates = rates();
        rates.begin(0);
        let now_ns = 100 * SECOND;
        assert_eq!(passed(&mut rates, Passage::Open, now_ns), 12);
        assert_eq!(passed(&mut rates, Passage::Reduce, now_ns), 2);
        assert_eq!(passed(&mut rates, Passage::Flatten, now_ns), 2);
        assert_eq!(rates.check(Passage::Flatten, now_ns), Err(DenyReason::OrderRate));
    }

    #[test]
    fn a_start_gives_no_burst_to_open_and_what_is_kept_to_get_out() {
        let mut rates = rates();
        let began_ns = 1_000 * SECOND;
        rates.begin(began_ns);
        rates.begin(began_ns + 1);
        assert_eq!(passed(&mut rates, Passage::Open, began_ns), 0);
        assert_eq!(passed(&mut rates, Passage::Open, began_ns + SECOND / 10), 1);
        assert_eq!(passed(&mut rates, Passage::Reduce, began_ns + SECOND / 10), 2);
        assert_eq!(passed(&mut rates, Passage::Flatten, began_ns + SECOND / 10), 2);
    }

    #[test]
    fn a_minute_keeps_its_part_too() {
        let mut limits = case::limits();
        limits.order_rate = Rate { per_second: 1_000, burst: 1_000 };
        limits.orders_per_minute_max = 80;
        let mut rates = Rates::new(&limits, &[case::budget()]);
        rates.begin(0);
        let now_ns = 200 * SECOND;
        assert_eq!(passed(&mut rates, Passage::Open, now_ns), 60);
        assert_eq!(rates.check(Passage::Open, now_ns), Err(DenyReason::MinuteRate));
        assert_eq!(passed(&mut rates, Passage::Reduce, now_ns), 10);
        assert_eq!(passed(&mut rates, Passage::Flatten, now_ns), 10);
    }

    #[test]
    fn the_last_quarter_of_a_strategy_is_for_its_reductions() {
        let mut rates = rates();
        rates.begin(0);
        let now_ns = 100 * SECOND;
        for expected in
            [Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), Ok(()), Err(DenyReason::StrategyRate)]
        {
            assert_eq!(rates.check_strategy(Passage::Open, FIRST, now_ns), expected);
            if expected.is_ok() {
                rates.take(Some(FIRST), now_ns);
            }
        }
        for expected in [Ok(()), Ok(()), Err(DenyReason::StrategyRate)] {
            assert_eq!(rates.check_strategy(Passage::Reduce, FIRST, now_ns), expected);
            rates.take(Some(FIRST), now_ns);
        }
    }
}
