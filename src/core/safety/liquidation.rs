//! A move of all prices against everything that is held or could be, as far as configured, leads to
//! no liquidation (SAFETY E7).
//!
//! Decision: all prices move at once and each against its position. A book of longs and shorts that
//! hedge each other is judged too strictly so; one whose hedge fails is judged rightly.

use super::verdict::{DenyReason, require};
use crate::core::margin::{Funds, Needs};

pub(super) fn check(after: &Needs, funds: &Funds) -> Result<(), DenyReason> {
    require(after.stressed <= funds.balance, DenyReason::NearLiquidation)
}
