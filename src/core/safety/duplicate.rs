//! The same intent twice: a strategy asks for exactly what an order of its own that is not over
//! asked for already (SAFETY P8, E14). An honest requote differs in price or quantity, or comes
//! when the old order is gone.
//!
//! Decision: orders of unknown fate count, for they may stand there and a resend is how accounts
//! double their positions; and orders on their way out count, for they may still trade. A reduction
//! is let through: the position bounds it (`reducing.rs`), and a second exit must be possible while
//! the fate of the first one is unknown (SAFETY E8).

use super::verdict::{DenyReason, require};
use crate::core::orders::{IntentKey, Standing};

pub(super) fn check(standing: &Standing, key: &IntentKey) -> Result<(), DenyReason> {
    require(!standing.has(key), DenyReason::DuplicateOrder)
}
