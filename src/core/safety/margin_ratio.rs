//! Maintenance margin at worst case stays within a part of the margin balance (SAFETY E7). At all
//! of it, the venue liquidates.

use super::verdict::{DenyReason, require};
use crate::core::margin::{Funds, Needs};

pub(super) fn check(after: &Needs, funds: &Funds, ratio_bps_max: u32) -> Result<(), DenyReason> {
    let most = funds.balance.checked_bps(ratio_bps_max.into());
    require(most.is_some_and(|most| after.maintenance <= most), DenyReason::MarginRatio)
}
