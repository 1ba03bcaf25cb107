//! The latch as the sending thread sees it: read before every write (SAFETY 3).
//!
//! Set by whoever learns of a trip first, before the core has taken it in: the operator's thread,
//! the watcher of the flag file, or the hot thread. Opened by the hot thread alone, after a reset.
//!
//! Must hold: once [`Gate::shut`] has returned and [`Gate::is_passing`] says no, nothing of a
//! strategy leaves. The sender says that it passes before it looks, and the one who shuts looks for
//! a sender after it has shut: one of the two sees the other (both are SeqCst).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// One latch, shared.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    shut: AtomicBool,
    passing: AtomicBool,
}

/// The leave to write one order; held until the write is over.
#[derive(Debug)]
pub struct Pass<'a>(&'a Gate);

impl Gate {
    /// No order of a strategy begins to pass from here on.
    pub fn shut(&self) {
        self.0.shut.store(true, Ordering::SeqCst);
    }

    /// Orders pass again.
    pub fn open(&self) {
        self.0.shut.store(false, Ordering::SeqCst);
    }

    /// True while nothing of a strategy may pass.
    pub fn is_shut(&self) -> bool {
        self.0.shut.load(Ordering::SeqCst)
    }

    /// The sender asks before it writes; `None` when the gate is shut. There is one sender.
    pub fn pass(&self) -> Option<Pass<'_>> {
        self.0.passing.store(true, Ordering::SeqCst);
        let pass = Pass(self);
        (!self.is_shut()).then_some(pass)
    }

    /// True while an order that passed before the gate was shut is being written.
    pub fn is_passing(&self) -> bool {
        self.0.passing.load(Ordering::SeqCst)
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.0.0.passing.store(false, Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_passes_once_it_is_shut_and_who_passed_before_is_seen() {
        let gate = Gate::default();
        let pass = gate.pass().unwrap();
        gate.shut();
        assert!(gate.is_shut() && gate.is_passing());
        drop(pass);
        assert!(!gate.is_passing());
        assert!(gate.pass().is_none() && !gate.is_passing());
        gate.open();
        assert!(gate.pass().is_some());
    }

    #[test]
    fn shut_and_seen_idle_means_that_nothing_is_written_after() {
        use std::sync::atomic::AtomicU64;
        let gate = Gate::default();
        let written = Arc::new(AtomicU64::new(0));
        for _ in 0..200 {
            gate.open();
            let (theirs, count) = (gate.clone(), Arc::clone(&written));
            let sender = crate::runtime::threads::spawn("sender", None, move || {
                while let Some(_pass) = theirs.pass() {
                    count.fetch_add(1, Ordering::SeqCst);
                }
            })
            .unwrap();
            gate.shut();
            while gate.is_passing() {
                std::hint::spin_loop();
            }
            let then = written.load(Ordering::SeqCst);
            sender.join().unwrap();
            assert_eq!(written.load(Ordering::SeqCst), then);
        }
    }
}
