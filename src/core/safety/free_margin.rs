//! The account covers the initial margin of everything that is held or could be, this order and
//! all fees included (SAFETY P17): the venue would refuse it otherwise, at a price in its rates.

use super::verdict::{DenyReason, require};
use crate::core::margin::{Funds, Needs};

pub(super) fn check(after: &Needs, funds: &Funds) -> Result<(), DenyReason> {
    require(after.initial <= funds.opening, DenyReason::FreeMargin)
}
