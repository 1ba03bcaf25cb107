//! Stands in for `tests/it/tape.rs` where changes are tried: nothing is kept and nothing replayed,
//! because a replay needs layers that are not built there.

use tradekeel::core::{Core, Effect, Event, Setup};
use tradekeel::types::Stamp;

#[derive(Debug)]
pub(crate) struct Tape;

impl Tape {
    pub(crate) fn begin(_: &mut Setup) -> Self {
        Self
    }

    pub(crate) fn input(&mut self, _: &Event) {}

    pub(crate) fn effect(&mut self, _: &Effect, _: &Core, _: Stamp) {}

    pub(crate) fn end_of_step(&mut self, _: &Core, _: Stamp) {}

    pub(crate) fn assert_same(&self, _: &Core) {}
}
