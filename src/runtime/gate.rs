//! The latch as the sending thread sees it: read before every write (SAFETY 3).
//!
//! Set by whoever learns of a trip first, before the core has taken it in: the operator's thread,
//! the watcher of the flag file, or the hot thread. Opened by the hot thread alone, after a reset.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// One latch, shared.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<AtomicBool>);

impl Gate {
    /// No order of a strategy passes from here on.
    pub fn shut(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Orders pass again.
    pub fn open(&self) {
        self.0.store(false, Ordering::SeqCst);
    }

    /// True while nothing of a strategy may pass.
    pub fn is_shut(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
