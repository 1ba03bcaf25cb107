//! The latches as the sending thread sees them: read before every write (SAFETY 3).
//!
//! Shut by whoever learns of a trip first, before the core has taken it in: the operator's thread,
//! the watcher of the flag file, or the hot thread. Opened by the hot thread alone.
//!
//! Must hold: once [`Gate::hold`] or [`Gate::latch`] has returned and [`Gate::is_settled`] says
//! yes, nothing that they cover leaves until a reset. The sender says that it passes before it
//! looks, and who shuts looks for a sender after it has shut: with a fence between both, one of the
//! two sees the other. `tests/loom.rs` proves it, and that a plain flag does not do.
//!
//! Decision: a word per scope and a count of passes, instead of an acknowledgement that the sender
//! writes by itself. That would spare the sender its one fence (a few nanoseconds beside a write of
//! microseconds), but a sender that sleeps, connects or hangs could not answer; here its silence is
//! the answer, and only a write under way is waited for. What shut the gate is counted and not
//! stored, so that a reset of an older latch cannot undo the trip of a person that the core has not
//! heard of yet.

use super::atomic::{Arc, AtomicU32, AtomicU64, Ordering, fence};
use crate::core::Scope;
use crate::types::{InstrumentId, StrategyId};

/// A latch of the core stands in the word's scope.
const LATCH: u32 = 1;

/// The same for a venue, which shares its word with everything: a deployment has one venue.
const VENUE_LATCH: u32 = 2;

/// One trip that the core has not taken in yet.
const HOLD: u32 = 4;

/// All latches, shared.
#[derive(Clone, Debug)]
pub struct Gate(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// How often a pass began or ended: odd while one is used.
    passes: AtomicU64,
    everything: AtomicU32,
    strategies: Box<[AtomicU32]>,
    instruments: Box<[AtomicU32]>,
}

/// The leave to write one order; held until the write is over.
#[derive(Debug)]
pub struct Pass<'a>(&'a Gate);

/// What was being written when the gate was shut.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Hold {
    passes: u64,
}

impl Gate {
    /// An open gate for so many instruments and strategies.
    pub fn new(instruments: usize, strategies: usize) -> Self {
        let words = |count| (0..count).map(|_| AtomicU32::new(0)).collect();
        Self(Arc::new(Inner {
            passes: AtomicU64::new(0),
            everything: AtomicU32::new(0),
            strategies: words(strategies),
            instruments: words(instruments),
        }))
    }

    /// Shuts a scope for a trip that the core will be told of: [`Self::release`] follows.
    pub fn hold(&self, scope: Scope) -> Hold {
        if let Some(word) = self.word(scope) {
            word.fetch_add(HOLD, Ordering::Relaxed);
        }
        self.look()
    }

    /// The core has taken in the trip of one [`Self::hold`]: its latch stands by now.
    pub fn release(&self, scope: Scope) {
        if let Some(word) = self.word(scope) {
            word.fetch_sub(HOLD, Ordering::Relaxed);
        }
    }

    /// Shuts a scope for a latch of the core.
    pub fn latch(&self, scope: Scope) -> Hold {
        if let Some(word) = self.word(scope) {
            word.fetch_or(latch_bit(scope), Ordering::Relaxed);
        }
        self.look()
    }

    /// A latch of the core has been reset.
    pub fn unlatch(&self, scope: Scope) {
        if let Some(word) = self.word(scope) {
            word.fetch_and(!latch_bit(scope), Ordering::Relaxed);
        }
    }

    /// True once nothing is being written any more that passed before the gate was shut.
    pub fn is_settled(&self, hold: Hold) -> bool {
        hold.passes.is_multiple_of(2) || self.0.passes.load(Ordering::Acquire) != hold.passes
    }

    /// The sender asks before it writes an order of that strategy; `None` when a latch covers it.
    /// There is one sender.
    pub fn pass(&self, strategy: StrategyId, instrument: InstrumentId) -> Option<Pass<'_>> {
        let begun = self.0.passes.load(Ordering::Relaxed).wrapping_add(1);
        // Release, so that who sees this pass has seen the end of the one before it.
        self.0.passes.store(begun, Ordering::Release);
        fence(Ordering::SeqCst);
        let pass = Pass(self);
        let words = [Scope::All, Scope::Strategy(strategy), Scope::Instrument(instrument)];
        // What is not in the table cannot have passed the kernel.
        let is_open = |scope| self.word(scope).is_some_and(|it| it.load(Ordering::Relaxed) == 0);
        words.into_iter().all(is_open).then_some(pass)
    }

    fn look(&self) -> Hold {
        fence(Ordering::SeqCst);
        Hold { passes: self.0.passes.load(Ordering::Acquire) }
    }

    fn word(&self, scope: Scope) -> Option<&AtomicU32> {
        match scope {
            Scope::All | Scope::Venue(_) => Some(&self.0.everything),
            Scope::Strategy(id) => self.0.strategies.get(id.index()),
            Scope::Instrument(id) => self.0.instruments.get(id.index()),
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        let passes = &self.0.0.passes;
        passes.store(passes.load(Ordering::Relaxed).wrapping_add(1), Ordering::Release);
    }
}

fn latch_bit(scope: Scope) -> u32 {
    match scope {
        Scope::Venue(_) => VENUE_LATCH,
        Scope::All | Scope::Strategy(_) | Scope::Instrument(_) => LATCH,
    }
}
