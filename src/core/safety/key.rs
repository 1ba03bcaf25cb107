//! The key of the account is one to trade with (SAFETY E3, R133): with one that may send money
//! away, or of which nobody could tell, nothing is opened.

use super::Kernel;
use super::verdict::DenyReason;
use crate::core::setup::KeyFitness;

pub(super) fn check(key: KeyFitness) -> Result<(), DenyReason> {
    match key {
        KeyFitness::Exempt | KeyFitness::Fit | KeyFitness::Vouched => Ok(()),
        KeyFitness::Unfit | KeyFitness::Unproven => Err(DenyReason::KeyUnfit),
    }
}

impl Kernel {
    /// It is told anew; true when it is not what it was.
    pub(in crate::core) fn on_key(&mut self, key: KeyFitness) -> bool {
        std::mem::replace(&mut self.key, key) != key
    }
}
