//! Somebody who may has put a name to this very configuration (SAFETY P29, G2): with another one,
//! or with none, nothing is opened.

use super::verdict::{DenyReason, require};
use crate::core::setup::Attestation;

pub(super) fn check(attestation: Attestation) -> Result<(), DenyReason> {
    require(attestation != Attestation::Missing, DenyReason::Unattested)
}
