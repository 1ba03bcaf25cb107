//! Wants nothing: for watching a market, and for accounts that only reconcile.

use crate::core::{ParamFault, Strategy, StrategySetup};

/// Wants nothing.
#[derive(Debug)]
struct Idle;

impl Strategy for Idle {}

/// Takes no settings.
pub(super) fn construct(setup: StrategySetup<'_>) -> Result<Box<dyn Strategy>, Vec<ParamFault>> {
    setup.params.finish()?;
    Ok(Box::new(Idle))
}
