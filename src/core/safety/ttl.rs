//! Every opening order has an end, a reduction may have one, what protects has none (SAFETY E1).

use super::verdict::{DenyReason, require};
use crate::types::Purpose;

pub(super) fn check(
    ttl_ns: Option<u64>,
    purpose: Purpose,
    ttl_ns_max: u64,
) -> Result<(), DenyReason> {
    let holds = match (purpose, ttl_ns) {
        (Purpose::Opening | Purpose::Reducing, Some(ttl_ns)) => 0 < ttl_ns && ttl_ns <= ttl_ns_max,
        (Purpose::Opening, None) | (Purpose::Protective, Some(_)) => false,
        (Purpose::Reducing | Purpose::Protective, None) => true,
    };
    require(holds, DenyReason::BadTtl)
}
