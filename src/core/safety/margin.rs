//! The margin of contracts, check by check, in order of precedence (SAFETY E7, P17), and in its
//! place on spot what the wallet has free.
//!
//! Must hold: what cannot be told denies; of contracts only opening orders are asked. Positions on
//! spot need no margin.

use super::facts::{After, Candidate, Facts};
use super::verdict::DenyReason;
use super::{
    Kernel, free_balance, free_margin, leverage_cap, liquidation, margin_ratio, margin_setup,
};
use crate::types::{InstrumentKind, Purpose};

impl Kernel {
    /// The whole account as it would be after the order, with every other order filled that makes
    /// it worse.
    pub(super) fn check_margin(
        &self,
        order: &Candidate,
        after: &After,
        facts: &Facts<'_>,
    ) -> Result<(), DenyReason> {
        let (limits, around) = (&self.limits.margin, &facts.margin);
        let kind = facts.instrument.kind;
        free_balance::check(order, kind, facts.free, limits.fee_centi_bps)?;
        let opens = order.purpose == Purpose::Opening;
        if !opens || kind == InstrumentKind::Spot {
            return Ok(());
        }
        let (Some(setup), Some(reach), Some(notional)) =
            (around.setup, after.reach, after.notional)
        else {
            return Err(DenyReason::MarginUnknown);
        };
        let worst = after.worth.notional(reach.max(around.worst));
        let (Some(needs), Some(funds)) = (around.with(worst, limits), around.funds) else {
            return Err(DenyReason::MarginUnknown);
        };
        let leverage = self.limits.instruments[facts.instrument.id.index()].leverage;
        margin_setup::check(setup, limits.mode, leverage)?;
        leverage_cap::check(setup, notional)?;
        free_margin::check(&needs, &funds)?;
        margin_ratio::check(&needs, &funds, limits.ratio_bps_max)?;
        liquidation::check(&needs, &funds)
    }
}
