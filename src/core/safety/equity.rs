//! Equity as the limits of loss see it: by the unit, with what is confirmed beside what is said.
//!
//! Must hold: what is not known is not a value; equity that stays unknown for too long while a
//! position is open is itself a cause to trip; money that nobody explained yet denies new risk.

use super::nav::Nav;
use super::proof::{Moment, Proven};
use super::verdict::{DenyReason, require};
use crate::core::setup::DrawdownLimits;
use crate::types::Cash;

/// What the portfolio is worth after an event, as far as it can be told.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::core) struct Valuation {
    /// In reporting currency.
    pub(in crate::core) equity: Option<Cash>,
    /// What of it came by transfers since the last known one.
    pub(in crate::core) moved: Cash,
    /// Any position is open.
    pub(in crate::core) exposed: bool,
    /// How often every open position has been quoted anew.
    pub(in crate::core) round: u64,
    /// A wallet holds what nobody explained yet.
    pub(in crate::core) unproven: bool,
}

/// A known valuation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Told {
    pub(super) at: Moment,
    /// What a unit is worth, as said and as confirmed.
    pub(super) price: i128,
    pub(super) proven_price: i128,
    /// Profit less loss since the start, as said and as confirmed, in reporting currency.
    pub(super) gain: i128,
    pub(super) proven_gain: i128,
}

/// Equity has been unknown for too long while a position was open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lapse {
    pub(super) lasted_ns: u64,
    pub(super) limit_ns: u64,
}

/// Equity, followed from valuation to valuation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Equity {
    limits: DrawdownLimits,
    nav: Nav,
    last: Option<Cash>,
    unproven: bool,
    /// Any equity has been known, or was before the start.
    began: bool,
    transferred: Cash,
    price: Proven,
    gain: Proven,
    unknown_since_ns: Option<u64>,
}

impl Equity {
    /// `began` when an earlier run left a mark: equity of zero is then a loss, and not an account
    /// that never had anything.
    pub(super) fn new(limits: DrawdownLimits, began: bool) -> Self {
        Self {
            limits,
            nav: Nav::new(),
            last: None,
            unproven: false,
            began,
            transferred: Cash::ZERO,
            price: Proven::default(),
            gain: Proven::default(),
            unknown_since_ns: None,
        }
    }

    pub(super) fn check(&self) -> Result<(), DenyReason> {
        require(self.last.is_some(), DenyReason::EquityUnknown)?;
        require(!self.unproven, DenyReason::EquityUnproven)
    }

    /// The last valuation, while it is known.
    pub(super) fn last(&self) -> Option<Cash> {
        self.last
    }

    /// A price of a unit as money.
    pub(super) fn money(&self, price: i128) -> Option<Cash> {
        self.nav.money(price)
    }

    /// Begins again with one unit: no mark of before means anything any more.
    pub(super) fn rebase(&mut self) {
        self.nav = Nav::new();
        self.price = Proven::default();
    }

    /// Takes in a valuation: what it tells, or by how much it has been unknown for too long.
    pub(super) fn observe(
        &mut self,
        now_ns: u64,
        valuation: &Valuation,
    ) -> Result<Told, Option<Lapse>> {
        let known = valuation.equity.filter(|equity| self.began || Cash::ZERO < *equity);
        let told = known.and_then(|equity| self.tell(now_ns, equity, valuation));
        self.unproven = valuation.unproven;
        self.last = told.and(known);
        match told {
            Some(told) => {
                self.began = true;
                self.unknown_since_ns = None;
                Ok(told)
            }
            None => Err(self.unknown(now_ns, valuation.exposed)),
        }
    }

    fn tell(&mut self, now_ns: u64, equity: Cash, valuation: &Valuation) -> Option<Told> {
        let &Valuation { moved, exposed, round, .. } = valuation;
        let at = Moment { now_ns, round, exposed, distinct: self.last != Some(equity) };
        // What an account begins with is no transfer.
        let moved = if self.began { moved } else { Cash::ZERO };
        self.transferred = self.transferred.checked_add(moved)?;
        let price = self.nav.value(equity, moved)?;
        let gain = equity.checked_sub(self.transferred)?.units();
        Some(Told {
            at,
            price,
            proven_price: self.price.observe(price, &at, &self.limits),
            gain,
            proven_gain: self.gain.observe(gain, &at, &self.limits),
        })
    }

    fn unknown(&mut self, now_ns: u64, exposed: bool) -> Option<Lapse> {
        if !exposed {
            self.unknown_since_ns = None;
            return None;
        }
        let since_ns = *self.unknown_since_ns.get_or_insert(now_ns);
        let lasted_ns = now_ns.saturating_sub(since_ns);
        let limit_ns = self.limits.unknown_ns_max;
        (limit_ns <= lasted_ns).then_some(Lapse { lasted_ns, limit_ns })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::SECOND;

    fn equity() -> Equity {
        let limits = DrawdownLimits {
            max_bps: 1_500,
            confirm_valuations: 3,
            confirm_ns: SECOND,
            unknown_ns_max: 5 * SECOND,
        };
        Equity::new(limits, false)
    }

    fn worth(units: i128, moved: i128) -> Valuation {
        let [equity, moved] = [units, moved].map(Cash::from_units);
        Valuation { equity: Some(equity), moved, exposed: true, ..Valuation::default() }
    }

    fn price(equity: &mut Equity, valuation: &Valuation) -> Option<i128> {
        equity.observe(0, valuation).ok().map(|told| told.price)
    }

    #[test]
    fn the_last_valuation_is_known_until_one_is_not() {
        let mut equity = equity();
        assert_eq!(equity.last(), None);
        assert!(equity.observe(0, &worth(0, 0)).is_err(), "an account that never had anything");
        assert!(equity.observe(0, &worth(100, 0)).is_ok());
        assert_eq!(equity.last(), Some(Cash::from_units(100)));
        assert!(equity.observe(0, &worth(0, 0)).is_ok(), "now that is a loss");
        assert!(equity.observe(0, &Valuation::default()).is_err());
        assert_eq!(equity.last(), None);
    }

    #[test]
    fn a_new_baseline_begins_with_one_unit() {
        let mut equity = equity();
        assert_eq!(price(&mut equity, &worth(100, 0)), Some(100));
        assert_eq!(price(&mut equity, &worth(200, 100)), Some(100));
        equity.rebase();
        let told = equity.observe(0, &worth(200, 0)).ok();
        assert_eq!(told.map(|told| (told.price, told.proven_price)), Some((200, 200)));
    }

    #[test]
    fn only_what_differs_from_the_last_counts_as_another_valuation() {
        let mut equity = equity();
        let mut distinct =
            |units| equity.observe(0, &worth(units, 0)).ok().map(|it| it.at.distinct);
        assert_eq!([100, 100, 101].map(&mut distinct), [Some(true), Some(false), Some(true)]);
    }

    #[test]
    fn unknown_for_too_long_is_a_lapse_while_anything_is_held() {
        let mut equity = equity();
        let unknown = |exposed| Valuation { exposed, ..Valuation::default() };
        let mut lapse = |now_ns, exposed| match equity.observe(now_ns, &unknown(exposed)) {
            Ok(_) => None,
            Err(lapse) => lapse.map(|lapse| lapse.lasted_ns),
        };
        assert_eq!(lapse(SECOND, true), None);
        assert_eq!(lapse(6 * SECOND - 1, true), None);
        assert_eq!(lapse(6 * SECOND, true), Some(5 * SECOND));
        assert_eq!(lapse(7 * SECOND, false), None);
        assert_eq!(lapse(8 * SECOND, true), None, "it begins anew");
    }
}
