//! Limits of size in the mode that holds: CONSERVATIVE scales them down (P24), and every sum of
//! positions is judged by what is left.

use super::Kernel;
use super::exposure;
use super::facts::{After, Candidate, Facts};
use super::verdict::DenyReason;
use crate::core::mode::Mode;
use crate::core::setup::ExposureLimits;
use crate::types::{Cash, Qty};

impl Kernel {
    /// Sums of positions, and their share of the equity.
    pub(super) fn check_sums(
        &self,
        order: &Candidate,
        after: &After,
        facts: &Facts<'_>,
    ) -> Result<(), DenyReason> {
        let (&Candidate { passage, mode, .. }, &After { more, notional: own, .. }) = (order, after);
        let (around, equity) = (&facts.around, facts.equity);
        let limits = &self.limits.appetite.exposure;
        if mode != Mode::Conservative {
            passage.judge(exposure::check_sums(around, more, limits))?;
            return passage.judge(exposure::check_shares(around, own, more, equity, limits));
        }
        passage.judge(exposure::check_sums(around, more, &self.scaled_sums(mode)))?;
        passage.judge(exposure::check_shares(around, own, more, equity, limits))?;
        passage.judge(exposure::check_conservative(own, equity, limits.conservative_bps_max))
    }

    pub(super) fn scaled_qty(&self, mode: Mode, limit: Qty) -> Qty {
        match mode {
            Mode::Conservative => {
                let scaled = Cash::from_units(limit.units().into());
                let scaled = scaled.checked_bps(self.limits.conservative_bps.into());
                let scaled = scaled.and_then(|scaled| i64::try_from(scaled.units()).ok());
                Qty::from_units(scaled.unwrap_or(0))
            }
            Mode::Running | Mode::Reducing | Mode::Halted | Mode::Killed => limit,
        }
    }

    fn scaled_sums(&self, mode: Mode) -> ExposureLimits {
        let limits = self.limits.appetite.exposure;
        ExposureLimits {
            net_max: self.scaled_cash(mode, limits.net_max),
            underlying_gross_max: self.scaled_cash(mode, limits.underlying_gross_max),
            underlying_net_max: self.scaled_cash(mode, limits.underlying_net_max),
            ..limits
        }
    }

    pub(super) fn scaled_cash(&self, mode: Mode, limit: Cash) -> Cash {
        match mode {
            Mode::Conservative => {
                limit.checked_bps(self.limits.conservative_bps.into()).unwrap_or(Cash::ZERO)
            }
            Mode::Running | Mode::Reducing | Mode::Halted | Mode::Killed => limit,
        }
    }
}
