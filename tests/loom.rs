//! No order is written after a kill that was acknowledged, and no push is slept through: every
//! interleaving, and every order in which memory may be seen, tried by loom.
//!
//! And of a record that is said to be on disk, every byte was there to be written. The gate, the
//! bell's word and the journal's words are the engine's own files, compiled with loom's atomics.
//! The models that must fail prove that these models can find the fault. Loom takes SeqCst loads
//! and stores for acquire and release only, so that the gate relies on fences alone.

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
#[path = "../src/store/journal/words.rs"]
mod words;

use crate::core::Scope;
use crate::types::{InstrumentId, StrategyId};
use atomic::{Arc, AtomicU32, Ordering, fence};
use gate::{Gate, Hold};
use loom::cell::UnsafeCell;
use loom::thread;
use waits::Waits;
use words::{Place, Words};

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

/// Frames of the journal in the model: the third begins a segment.
const FRAMES: [Place; 3] =
    [Place { segment: 1, at: 1 }, Place { segment: 1, at: 2 }, Place { segment: 2, at: 1 }];

/// A lane whose bytes are not atomics: loom fails when one is read while it is written, or before.
struct Frames([UnsafeCell<u64>; 3]);

// SAFETY: this is what the model is to prove, and loom watches every access.
#[expect(unsafe_code, reason = "loom checks each access to the cells")]
unsafe impl Sync for Frames {}

impl Frames {
    fn new() -> Self {
        Self([0, 0, 0].map(UnsafeCell::new))
    }

    #[expect(unsafe_code, reason = "loom checks each access to the cells")]
    fn write(&self, frame: usize, sequence: u64) {
        // SAFETY: loom fails the model when somebody reads it meanwhile.
        self.0[frame].with_mut(|it| unsafe { *it = sequence });
    }

    #[expect(unsafe_code, reason = "loom checks each access to the cells")]
    fn read(&self, frame: usize) -> u64 {
        // SAFETY: loom fails the model when somebody writes it meanwhile.
        self.0[frame].with(|it| unsafe { *it })
    }
}

/// How many frames lie below a place.
fn frames_below(place: Place) -> usize {
    FRAMES.iter().filter(|end| (end.segment, end.at) <= (place.segment, place.at)).count()
}

/// The hot thread appends over two segments while the writer syncs and a third one asks what is on
/// disk. `place_first` is the writer's order of asking.
fn synced_means_written(place_first: bool) {
    loom::model(move || {
        let words = Words::new(0, Place { segment: 1, at: 0 });
        let parts = Arc::new((words, Frames::new(), AtomicU32::new(0)));
        let theirs = Arc::clone(&parts);
        let hot = thread::spawn(move || {
            let (words, lane, _) = &*theirs;
            for (frame, place) in FRAMES.into_iter().enumerate() {
                if words.has_failed() {
                    return;
                }
                lane.write(frame, frame as u64 + 1);
                words.publish(frame as u64 + 1, place);
            }
        });
        let theirs = Arc::clone(&parts);
        let asker = thread::spawn(move || {
            let (words, _, disk) = &*theirs;
            let synced = words.synced();
            let on_disk = u64::from(disk.load(Ordering::Relaxed));
            assert!(synced <= on_disk, "said to be on disk and is not");
        });
        let (words, lane, disk) = &*parts;
        let (appended, place) = match place_first {
            true => {
                let place = words.place();
                (words.appended(), place)
            }
            false => (words.appended(), words.place()),
        };
        let mut on_disk = 0;
        for frame in 0..frames_below(place) {
            on_disk = lane.read(frame);
            assert_eq!(on_disk, frame as u64 + 1, "a frame that is not whole was brought to disk");
        }
        disk.store(u32::try_from(on_disk).unwrap(), Ordering::Relaxed);
        words.on_synced(appended);
        words.fail();
        hot.join().unwrap();
        asker.join().unwrap();
    });
}

#[test]
fn what_is_said_to_be_on_disk_is_there_and_whole() {
    synced_means_written(false);
}

#[test]
#[should_panic = "said to be on disk and is not"]
fn a_writer_that_asks_in_the_other_order_says_too_much() {
    synced_means_written(true);
}
