//! The key of the account is one to trade with (SAFETY E3, R133): with one that may send money
//! away, or of which nobody could tell, nothing is opened.

use super::verdict::DenyReason;
use crate::core::setup::KeyFitness;

pub(super) fn check(key: KeyFitness) -> Result<(), DenyReason> {
    match key {
        KeyFitness::Exempt | KeyFitness::Fit => Ok(()),
        KeyFitness::Unfit | KeyFitness::Unproven => Err(DenyReason::KeyUnfit),
    }
}
