//! Bounded lock-free queues between two threads.
//!
//! Must hold: a lane has one filler and one reader; a push never blocks and never allocates; what a
//! full lane means is written where the lane is made.
//!
//! Decision: `rtrb` and not `crossbeam::ArrayQueue`: a hop costs 262–313 ns against 447–505 ns (64
//! bytes, pinned, p50), a push and pop on one thread 3 ns against 32, because one filler and one
//! reader need no compare-and-swap.

use super::bell::Bell;
use std::sync::Arc;

/// The filler's end.
#[derive(Debug)]
pub struct Filler<T> {
    queue: rtrb::Producer<T>,
    bell: Arc<Bell>,
}

/// The reader's end.
#[derive(Debug)]
pub struct Reader<T>(rtrb::Consumer<T>);

/// A lane of `capacity` items whose reader sleeps on `bell`.
pub fn lane<T>(capacity: usize, bell: &Arc<Bell>) -> (Filler<T>, Reader<T>) {
    let (queue, reader) = rtrb::RingBuffer::new(capacity);
    (Filler { queue, bell: Arc::clone(bell) }, Reader(reader))
}

impl<T> Filler<T> {
    /// Appends one and wakes the reader; gives it back when the lane is full.
    pub fn push(&mut self, item: T) -> Result<(), T> {
        let pushed = self.queue.push(item).map_err(|rtrb::PushError::Full(item)| item);
        self.bell.ring();
        pushed
    }

    /// True when the other end is gone.
    pub fn is_abandoned(&self) -> bool {
        self.queue.is_abandoned()
    }
}

impl<T> Reader<T> {
    /// Takes the oldest.
    pub fn pop(&mut self) -> Option<T> {
        self.0.pop().ok()
    }

    /// True when there is nothing to take.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True when the other end is gone.
    pub fn is_abandoned(&self) -> bool {
        self.0.is_abandoned()
    }
}
