//! Maintenance margin at worst case stays within a part of the margin balance (SAFETY E7). At all
//! of it, the venue liquidates.

use super::verdict::{DenyReason, require};
use crate::core::margin::{Funds, Needs};

pub(super) fn check(after: &Needs, funds: &Funds, ratio_bps_max: u32) -> Result<(), DenyReason> {
    let within = after.maintenance.is_within_bps(ratio_bps_max, funds.balance);
    require(within, DenyReason::MarginRatio)
}
