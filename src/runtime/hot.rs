//! The hot thread: takes what came in, steps the core, hands out what it asks for.
//!
//! Must hold: no lock, no allocation after the first events, no system call but the wait policy's
//! own (sleeping, and waking a reader that sleeps); one thread stamps, so time cannot run back
//! (D11). Inputs are taken by priority: operator, then what the venue says of us, then the market.
//! Deliberately not here: what any of it means (the core), how it is written (store), how it is
//! sent (the gateway).

use super::bell::Bell;
use super::books::Books;
use super::clock::Clock;
use super::lane::{Filler, Reader};
use super::outputs::Outputs;
use crate::config::Wait;
use crate::core::{Core, Effects, Event, EventKind, Status};
use crate::types::{MS, SECOND, Stamp};
use std::sync::Arc;

/// How often the core is told that time passed. Times to live and retries are good to this.
const TIMER_NS: u64 = 5 * MS;

/// How often the state is copied out for people and programs.
const STATUS_NS: u64 = 100 * MS;

/// How often the journal is told what a replay must have come to: so near is the first difference
/// of what no record holds.
const CHECKPOINT_NS: u64 = SECOND;

/// Most events between two looks at the timer: about a millisecond's work.
const BATCH_MAX: usize = 256;

/// Something that happened, with the time at which its bytes arrived.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) received_ns: u64,
    pub(super) kind: EventKind,
}

/// The lanes that lead in, by priority.
#[derive(Debug)]
pub(super) struct Inputs {
    pub(super) operator: Reader<Incoming>,
    pub(super) private: Reader<Incoming>,
    pub(super) market: Reader<Incoming>,
}

impl Inputs {
    fn pop(&mut self) -> Option<Incoming> {
        let urgent = self.operator.pop().or_else(|| self.private.pop());
        urgent.or_else(|| self.market.pop())
    }

    fn is_idle(&self) -> bool {
        self.operator.is_empty() && self.private.is_empty() && self.market.is_empty()
    }

    /// True when nobody is left who could say anything.
    fn is_abandoned(&self) -> bool {
        self.operator.is_abandoned() && self.operator.is_empty()
    }
}

/// Copies of the state on their way out, and spent ones on their way back, so that none is made.
#[derive(Debug)]
pub(super) struct StatusLane {
    pub(super) full: Filler<Box<Status>>,
    pub(super) empty: Reader<Box<Status>>,
}

/// Everything that the hot thread owns.
#[derive(Debug)]
pub(super) struct Hot {
    pub(super) clock: Clock,
    pub(super) core: Core,
    pub(super) inputs: Inputs,
    pub(super) outputs: Outputs,
    pub(super) status: StatusLane,
    pub(super) books: Books,
    pub(super) bell: Arc<Bell>,
    pub(super) wait: Wait,
    pub(super) effects: Effects,
    /// The last stamp: a counter that differs between processors must not turn time back.
    pub(super) last_ns: u64,
    pub(super) next_timer_ns: u64,
    pub(super) next_status_ns: u64,
    pub(super) next_checkpoint_ns: u64,
}

impl Hot {
    /// Runs until the operator's lane is closed. Gives the core back for its last words.
    pub(super) fn run(mut self) -> (Core, Outputs) {
        while !self.inputs.is_abandoned() {
            if self.turn() == 0 {
                self.idle();
            }
        }
        (self.core, self.outputs)
    }

    /// One round: a batch of events, then time. Says how many events there were.
    pub(super) fn turn(&mut self) -> usize {
        let mut events = 0;
        while events < BATCH_MAX {
            let refused = self.outputs.take_refused();
            let Some(incoming) = refused.or_else(|| self.inputs.pop()) else { break };
            self.step(incoming);
            events += 1;
        }
        let now_ns = self.clock.mono_ns();
        if self.next_timer_ns <= now_ns {
            self.next_timer_ns = now_ns.saturating_add(TIMER_NS);
            if let Some(kind) = self.outputs.look_at_disk(now_ns) {
                self.tell(kind);
            }
            self.tell(EventKind::Timer);
        }
        if self.next_checkpoint_ns <= now_ns {
            self.next_checkpoint_ns = now_ns.saturating_add(CHECKPOINT_NS);
            let at = self.stamp();
            self.outputs.record_checkpoint(&self.core, at);
        }
        if self.next_status_ns <= now_ns {
            self.next_status_ns = now_ns.saturating_add(STATUS_NS);
            self.publish();
        }
        events
    }

    fn stamp(&mut self) -> Stamp {
        let mut at = self.clock.stamp();
        at.mono_ns = at.mono_ns.max(self.last_ns);
        self.last_ns = at.mono_ns;
        at
    }

    fn step(&mut self, incoming: Incoming) {
        let at = self.stamp();
        self.take(Event { at, received_ns: incoming.received_ns, kind: incoming.kind });
    }

    /// What this thread noticed itself arrives when it is stamped.
    fn tell(&mut self, kind: EventKind) {
        let at = self.stamp();
        self.take(Event { at, received_ns: at.mono_ns, kind });
    }

    fn take(&mut self, event: Event) {
        let at = event.at;
        if let EventKind::Operator(_) = event.kind {
            // Who asked for something looks next at what became of it.
            self.next_status_ns = 0;
        }
        self.outputs.record_event(&event);
        self.core.step(&event, &mut self.effects);
        for effect in self.effects.drain() {
            self.outputs.hand_out(effect, at, &self.core);
        }
        self.outputs.took_in(&event.kind);
        self.outputs.discard(event.kind);
    }

    fn publish(&mut self) {
        if let Some(mut status) = self.status.empty.pop() {
            self.core.status(&mut status);
            status.instruments.iter().for_each(|line| self.books.tell(line.id, line.book_whole));
            // The reader holds as many as there are; a full lane cannot be.
            let _ = self.status.full.push(status);
        }
    }

    fn idle(&self) {
        match self.wait {
            Wait::Spin => std::hint::spin_loop(),
            Wait::Yield => std::thread::yield_now(),
            Wait::Park => {
                let now_ns = self.clock.mono_ns();
                let rest_ns = self.next_timer_ns.saturating_sub(now_ns);
                self.bell.wait(rest_ns, || self.inputs.is_idle() && !self.inputs.is_abandoned());
            }
        }
    }
}
