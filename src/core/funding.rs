//! Funding of positions: profit or loss that no trade brought (SAFETY E6, T13).
//!
//! Must hold: every payment is told; one that is large against the equity is loud, and so is one
//! that cannot be measured against it: unknown is not small.

use super::Core;
use super::alert::Alert;
use super::effect::{Effect, Effects};
use crate::types::BalanceChange;

/// A payment against the equity.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum FundingSize {
    /// Up to `risk.max_funding_pct` of it.
    Ordinary,
    /// More, or it cannot be told.
    Large,
}

impl Core {
    /// Funding was paid or received.
    pub(super) fn on_funding(&mut self, change: &BalanceChange, effects: &mut Effects) {
        let &BalanceChange { asset, amount, .. } = change;
        let worth = self.state.portfolio.worth(asset, amount);
        let bps = self.kernel.limits().funding_bps_max;
        let most = self.state.equity.and_then(|equity| equity.checked_bps(bps.into()));
        let is_ordinary = worth.zip(most).is_some_and(|(worth, most)| worth.abs() <= most);
        let size = if is_ordinary { FundingSize::Ordinary } else { FundingSize::Large };
        effects.push(Effect::Alert(Alert::Funding { asset, amount, size }));
    }
}
