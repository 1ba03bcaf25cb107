//! Order book stub.
use crate::types::{Level, Side};
/// Book.
#[derive(Debug)]
pub struct Book;
impl Book {
    /// Best first.
    pub fn levels(&self, _side: Side) -> impl Iterator<Item = Level> + '_ {
        std::iter::empty()
    }
    /// Best.
    pub fn best(&self, _side: Side) -> Option<Level> {
        None
    }
}
