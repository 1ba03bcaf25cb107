//! portfolio stub
use crate::types::Cash;
/// The high-water mark of equity.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct HighWater {
    /// Highest equity, scaled with every transfer.
    pub peak: Cash,
}
