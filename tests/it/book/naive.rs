//! The book as one would write it without a thought for speed: what the real one must agree with.

use std::collections::BTreeMap;
use tradekeel::types::{Level, Price, Qty, Side};

/// Two sorted maps. Judges no price.
#[derive(Clone, Debug, Default)]
pub(crate) struct NaiveBook {
    sides: [BTreeMap<Price, Qty>; 2],
}

impl NaiveBook {
    pub(crate) fn set(&mut self, side: Side, level: Level) {
        let levels = &mut self.sides[side.index()];
        if Qty::ZERO < level.qty {
            levels.insert(level.price, level.qty);
        } else {
            levels.remove(&level.price);
        }
    }

    pub(crate) fn best(&self, side: Side) -> Option<Level> {
        let levels = &self.sides[side.index()];
        let best = match side {
            Side::Buy => levels.last_key_value(),
            Side::Sell => levels.first_key_value(),
        };
        best.map(|(price, qty)| Level { price: *price, qty: *qty })
    }

    /// Best first.
    pub(crate) fn levels(&self, side: Side) -> Vec<Level> {
        let rising = self.sides[side.index()].iter();
        let mut levels: Vec<_> =
            rising.map(|(price, qty)| Level { price: *price, qty: *qty }).collect();
        if side == Side::Buy {
            levels.reverse();
        }
        levels
    }
}
