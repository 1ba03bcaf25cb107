//! The margin of contracts, check by check, in order of precedence (SAFETY E7, P17).
//!
//! Must hold: what cannot be told denies; only opening orders are asked. Positions on spot need no
//! margin.

use super::facts::{Candidate, Facts};
use super::verdict::{DenyReason, require};
use super::{Kernel, exposure, free_margin, leverage_cap, liquidation, margin_ratio, margin_setup};
use crate::types::{InstrumentKind, Price, Purpose};

impl Kernel {
    /// The whole account as it would be after the order, with every other order filled that makes
    /// it worse.
    pub(super) fn check_margin(
        &self,
        order: &Candidate,
        worth: Price,
        facts: &Facts<'_>,
    ) -> Result<(), DenyReason> {
        let opens = order.purpose == Purpose::Opening;
        if !opens || facts.instrument.kind == InstrumentKind::Spot {
            return Ok(());
        }
        let (limits, around, held) = (&self.limits.margin, &facts.margin, &facts.account);
        let reach = exposure::worst(held, order.side, order.added());
        let after = reach.and_then(|reach| around.with(reach, worth, limits));
        let known = after.zip(around.funds).zip(around.setup.zip(reach));
        require(known.is_some(), DenyReason::MarginUnknown)?;
        let Some(((after, funds), (setup, reach))) = known else { return Ok(()) };
        let leverage = self.limits.instruments[facts.instrument.id.index()].leverage;
        margin_setup::check(setup, limits.mode, leverage)?;
        leverage_cap::check(setup, reach, worth)?;
        free_margin::check(&after, &funds)?;
        margin_ratio::check(&after, &funds, limits.ratio_bps_max)?;
        liquidation::check(&after, &funds)
    }
}
