//! What the other instruments of a case hold.

use super::case::Case;
use crate::core::exposure::Sums;
use crate::types::Cash;

impl Case {
    /// So much is held or may be, over all instruments.
    pub(super) fn gross(&mut self, units: i128) {
        self.all().gross = Cash::from_units(units);
    }

    /// The same, signed in the direction of the order.
    pub(super) fn net(&mut self, units: i128) {
        self.all().towards = Cash::from_units(units);
    }

    /// Of the same underlying.
    pub(super) fn underlying_gross(&mut self, units: i128) {
        self.underlying().gross = Cash::from_units(units);
    }

    /// The same, signed in the direction of the order.
    pub(super) fn underlying_net(&mut self, units: i128) {
        self.underlying().towards = Cash::from_units(units);
    }

    fn all(&mut self) -> &mut Sums {
        self.around.all.get_or_insert_default()
    }

    fn underlying(&mut self) -> &mut Sums {
        self.around.underlying.get_or_insert_default()
    }
}
