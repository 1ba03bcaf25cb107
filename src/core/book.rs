//! Order book stub.
use crate::types::{Level, Price, Side};
/// Book.
#[derive(Debug)]
pub struct Book;
impl Book {
    /// New.
    pub fn new(_tick: Price) -> Self {
        Self
    }
    /// Clear.
    pub fn clear(&mut self) {}
    /// Set.
    pub fn set(&mut self, _side: Side, _level: Level) {}
    /// Crossed.
    pub fn is_crossed(&self) -> bool {
        false
    }
    /// Digest.
    pub fn digest(&self) -> u64 {
        0
    }
    /// Best first.
    pub fn levels(&self, _side: Side) -> impl Iterator<Item = Level> + '_ {
        std::iter::empty()
    }
    /// Best.
    pub fn best(&self, _side: Side) -> Option<Level> {
        None
    }
}
