//! The venue trades the instrument as the configuration says (SAFETY E7): with another leverage or
//! mode of margin, every other number of margin would mean something else.

use super::verdict::{DenyReason, require};
use crate::types::{InstrumentMargin, MarginMode};

pub(super) fn check(
    setup: &InstrumentMargin,
    mode: MarginMode,
    leverage: u32,
) -> Result<(), DenyReason> {
    require(setup.mode == mode, DenyReason::MarginModeDiffers)?;
    require(setup.leverage == leverage, DenyReason::LeverageDiffers)
}
