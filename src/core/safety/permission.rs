//! What a strategy may open with. A reduction may be of any kind and side: what closes a position
//! is not stopped for the way it does (SAFETY E1).

use super::verdict::{DenyReason, require};
use crate::core::Permissions;
use crate::types::OrderRequest;

pub(super) fn check(allowed: &Permissions, request: &OrderRequest) -> Result<(), DenyReason> {
    require(allowed.has_kind(&request.kind), DenyReason::KindNotPermitted)?;
    require(allowed.has_side(request.side), DenyReason::SideNotPermitted)
}
