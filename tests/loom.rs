//! No order is written after a kill that was acknowledged, and no push is slept through: every
//! interleaving, and every order in which memory may be seen, tried by loom.
//!
//! The gate and the bell's word are the engine's own files, compiled with loom's atomics. The models that must fail prove
//! that these models can find the fault. Loom takes SeqCst loads and stores for acquire and release
//! only, so that the gate relies on fences alone.

#![expect(clippy::unwrap_used, reason = "a model fails loudly")]

mod atomic {
    pub(crate) use loom::sync::Arc;
    pub(crate) use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};
}
mod core {
    pub(crate) use tradekeel::core::Scope;
}
mod types {
    pub(crate) use tradekeel::types::{InstrumentId, StrategyId};
}
#[path = "../src/runtime/gate.rs"]
pub mod gate;
#[path = "../src/runtime/waits.rs"]
mod waits;

use crate::core::Scope;
use crate::types::{InstrumentId, StrategyId};
use atomic::{Arc, AtomicU32, Ordering, fence};
use gate::{Gate, Hold};
use loom::thread;
use waits::Waits;

const BTC: InstrumentId = InstrumentId(0);
const MAKER: StrategyId = StrategyId(0);

/// Orders that the sender tries to write.
const ORDERS: u32 = 2;

/// What a filler pushes.
const PUSHES: u32 = 2;

/// What a sender does: asks, and writes what may leave.
fn send(gate: &Gate, written: &AtomicU32) {
    for _ in 0..ORDERS {
        if let Some(_pass) = gate.pass(MAKER, BTC) {
            written.fetch_add(1, Ordering::Relaxed);
        }
    }
}

fn settle(gate: &Gate, hold: Hold) {
    while !gate.is_settled(hold) {
        thread::yield_now();
    }
}

/// Kills by `scope` while a sender writes; nothing may follow the acknowledgement.
fn nothing_follows(scope: Scope) {
    loom::model(move || {
        let gate = Gate::new(1, 1);
        let written = Arc::new(AtomicU32::new(0));
        let (theirs, count) = (gate.clone(), Arc::clone(&written));
        let sender = thread::spawn(move || send(&theirs, &count));
        settle(&gate, gate.hold(scope));
        let acknowledged = written.load(Ordering::Relaxed);
        sender.join().unwrap();
        assert_eq!(written.load(Ordering::Relaxed), acknowledged, "written after the kill");
    });
}

#[test]
fn nothing_is_written_after_an_acknowledged_kill_of_everything() {
    nothing_follows(Scope::All);
}

#[test]
fn nothing_is_written_after_an_acknowledged_kill_of_a_strategy() {
    nothing_follows(Scope::Strategy(MAKER));
}

#[test]
fn nothing_is_written_after_an_acknowledged_kill_of_an_instrument() {
    nothing_follows(Scope::Instrument(BTC));
}

/// The hot thread resets an older latch, and takes in the new trip, while a person's kill is
/// acknowledged on another thread.
#[test]
fn a_reset_of_an_older_latch_does_not_undo_a_kill() {
    loom::model(|| {
        let gate = Gate::new(1, 1);
        gate.latch(Scope::All);
        let written = Arc::new(AtomicU32::new(0));
        let hold = gate.hold(Scope::All);
        let theirs = gate.clone();
        let hot = thread::spawn(move || {
            theirs.unlatch(Scope::All);
            theirs.latch(Scope::All);
            theirs.release(Scope::All);
        });
        let (theirs, count) = (gate.clone(), Arc::clone(&written));
        let sender = thread::spawn(move || send(&theirs, &count));
        settle(&gate, hold);
        hot.join().unwrap();
        sender.join().unwrap();
        assert_eq!(written.load(Ordering::Relaxed), 0, "written after the kill");
    });
}

/// A flag that the sender reads and nobody waits for: the fault that the gate is for.
#[test]
#[should_panic(expected = "written after the kill")]
fn a_plain_flag_is_not_enough() {
    loom::model(|| {
        let (flag, written) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
        let (theirs, count) = (Arc::clone(&flag), Arc::clone(&written));
        let sender = thread::spawn(move || {
            if theirs.load(Ordering::SeqCst) == 0 {
                count.fetch_add(1, Ordering::Relaxed);
            }
        });
        flag.store(1, Ordering::SeqCst);
        let answered = written.load(Ordering::Relaxed);
        sender.join().unwrap();
        assert_eq!(written.load(Ordering::Relaxed), answered, "written after the kill");
    });
}

/// The bare handshake: with one fence left out, one side may overlook the other.
fn handshake(sender_fences: bool, killer_fences: bool) {
    loom::model(move || {
        let words = || (AtomicU32::new(0), AtomicU32::new(0), AtomicU32::new(0));
        let words = Arc::new(words());
        let theirs = Arc::clone(&words);
        let sender = thread::spawn(move || {
            let (shut, passing, written) = &*theirs;
            passing.store(1, Ordering::Relaxed);
            if sender_fences {
                fence(Ordering::SeqCst);
            }
            if shut.load(Ordering::Relaxed) == 0 {
                written.fetch_add(1, Ordering::Relaxed);
            }
            passing.store(0, Ordering::Release);
        });
        let (shut, passing, written) = &*words;
        shut.store(1, Ordering::Relaxed);
        if killer_fences {
            fence(Ordering::SeqCst);
        }
        while passing.load(Ordering::Acquire) == 1 {
            thread::yield_now();
        }
        let acknowledged = written.load(Ordering::Relaxed);
        sender.join().unwrap();
        assert_eq!(written.load(Ordering::Relaxed), acknowledged, "written after the kill");
    });
}

#[test]
#[should_panic(expected = "written after the kill")]
fn without_the_fence_of_the_sender_a_kill_is_overlooked() {
    handshake(false, true);
}

#[test]
#[should_panic(expected = "written after the kill")]
fn without_the_fence_of_the_killer_a_pass_is_overlooked() {
    handshake(true, false);
}

#[test]
fn with_both_fences_neither_is_overlooked() {
    handshake(true, true);
}

/// A filler pushes twice and asks each time. A sleeper that wakes once goes to sleep again: if the
/// lane is not as it saw it then, it has been rung since. The rings are a pipe, which has a lock.
fn slept_through(sleeper_says_so: bool, filler_asks: bool) {
    loom::model(move || {
        let words = (Waits::new(), AtomicU32::new(0), AtomicU32::new(0));
        let words = Arc::new(words);
        let theirs = Arc::clone(&words);
        let filler = thread::spawn(move || {
            let (waits, pushed, rings) = &*theirs;
            for _ in 0..PUSHES {
                pushed.fetch_add(1, Ordering::Release);
                if filler_asks && waits.take() {
                    rings.fetch_add(1, Ordering::AcqRel);
                }
            }
        });
        let (waits, pushed, rings) = &*words;
        waits.begin();
        let _ = pushed.load(Ordering::Acquire);
        waits.end();
        rings.swap(0, Ordering::AcqRel);
        if sleeper_says_so {
            waits.begin();
        }
        let seen = pushed.load(Ordering::Acquire);
        filler.join().unwrap();
        let is_rung = 0 < rings.load(Ordering::Acquire);
        assert!(seen == PUSHES || is_rung, "asleep, and nobody rings");
    });
}

#[test]
fn a_sleeper_is_woken_by_whatever_it_did_not_see() {
    slept_through(true, true);
}

#[test]
#[should_panic = "asleep, and nobody rings"]
fn a_sleeper_that_does_not_say_so_sleeps_on() {
    slept_through(false, true);
}

#[test]
#[should_panic = "asleep, and nobody rings"]
fn a_filler_that_does_not_ask_wakes_nobody() {
    slept_through(true, false);
}
