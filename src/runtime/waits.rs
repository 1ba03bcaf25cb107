//! The word between a thread that sleeps and those that fill its lanes, by which neither overlooks
//! the other; proved with loom (`tests/loom.rs`).
//!
//! Must hold: whoever fills pushes first and then asks; whoever sleeps says so first and then looks
//! a last time. Of a push and a sleep at once, the filler sees the sleeper or the sleeper sees what
//! was pushed: both fences are needed for that.
//!
//! Decision: exchanges and not stores, so that a filler that comes late for one sleep stands before
//! the next one in the order of all changes, also for a model that knows no other order of them.

use super::atomic::{AtomicBool, Ordering, fence};

/// Says that somebody sleeps, or is about to.
#[derive(Debug)]
pub(super) struct Waits(AtomicBool);

impl Waits {
    /// Nobody does.
    pub(super) fn new() -> Self {
        Self(AtomicBool::new(false))
    }

    /// Before the last look.
    pub(super) fn begin(&self) {
        self.0.swap(true, Ordering::AcqRel);
        fence(Ordering::SeqCst);
    }

    /// Awake, whoever did it.
    pub(super) fn end(&self) {
        self.0.store(false, Ordering::Relaxed);
    }

    /// After a push: true for the one filler that has to wake the sleeper. One load while nobody
    /// sleeps.
    pub(super) fn take(&self) -> bool {
        fence(Ordering::SeqCst);
        self.0.load(Ordering::Relaxed) && self.0.swap(false, Ordering::AcqRel)
    }
}
