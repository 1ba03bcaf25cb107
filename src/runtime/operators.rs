//! What operators ask of a running engine, and when they are answered.
//!
//! Must hold: a trip by hand shuts the gate before the core has even heard of it, whatever the disk
//! does, and is answered with what is a fact by then: that no order is being written any more, that
//! it is on disk, how many opening orders the venue has not confirmed gone. A trip that does not
//! fit into the lane is handed over later; the gate is shut meanwhile.
//!
//! Decision: the flag file is looked at in every round, one system call ten times a second, and not
//! awaited by inotify. That says nothing of folders on a network, of a folder that was replaced, or
//! of events that overflowed its queue, so the look would have to stay beside it, and its 100 ms
//! are half of what is promised (R20).

use super::gate::Hold;
use super::hot::Incoming;
use super::supervisor::Supervisor;
use super::writer::Told;
use crate::core::{EventKind, OperatorCommand, OperatorRequest, Scope, TripCause};
use crate::net::unix::Question;
use crate::ops::handlers::{self, Asked, Tripped};
use crate::types::{MS, SECOND, Text};
use std::collections::VecDeque;
use std::time::Duration;

/// How often, and how many times, a write under way is looked at before a trip is answered: longer
/// than any write takes that is not stuck, shorter than an asker waits.
const SETTLE_ROUND: Duration = Duration::from_millis(1);
const SETTLE_ROUNDS: u32 = 2_000;

/// A disk that has not kept a trip after so long is not waited for: the answer says that it is not
/// durable (D5). An asker waits for 10 s.
const DISK_NS_MAX: u64 = 4 * SECOND;

/// Most trips that wait for room in the lane. One more keeps the gate shut until a restart.
const TRIPS_MAX: usize = 64;

/// What is remembered of operators from round to round.
#[derive(Default)]
pub(super) struct Memory {
    /// Askers whose command the core has not answered yet.
    waiting: Vec<Waiting>,
    /// Trips that did not fit into the lane.
    trips: VecDeque<OperatorRequest>,
    last_ticket: u32,
    flag_seen: bool,
    /// The generation of which was said that removing the flag clears nothing.
    removal_told: u32,
}

/// Somebody who waits for an answer.
struct Waiting {
    ticket: u32,
    question: Question,
    /// Where a trip was asked for: its scope, and what was being written.
    trip: Option<(Scope, Hold)>,
    since_ns: u64,
}

impl Supervisor {
    pub(super) fn on_question(&mut self, question: Question) {
        self.take_status();
        // Who waits for something newer than his question must know when that was.
        self.report.uptime_ms = self.clock.mono_ns() / MS;
        match handlers::handle(&question.line, &self.report) {
            Asked::Answered(value) => question.answer(value.to_string()),
            Asked::Command { by, reason, command, attested } => {
                let ticket = self.memory.last_ticket.wrapping_add(1).max(1);
                self.memory.last_ticket = ticket;
                let trip = command.tripped_scope().map(|scope| (scope, self.gate.hold(scope)));
                let request = OperatorRequest { ticket, by, reason, command };
                let is_attested = attested.into_iter().all(|request| self.ask(request));
                if !is_attested || !self.ask_or_keep(request) {
                    question.answer(handlers::no("too many requests at once").to_string());
                    return;
                }
                let since_ns = self.clock.mono_ns();
                self.memory.waiting.push(Waiting { ticket, question, trip, since_ns });
            }
        }
    }

    pub(super) async fn on_told(&mut self, told: Told) {
        match told {
            Told::Answer { ticket, answer, durable } => {
                let at = self.memory.waiting.iter().position(|waiting| waiting.ticket == ticket);
                let Some(at) = at else { return };
                let Waiting { question, trip, .. } = self.memory.waiting.swap_remove(at);
                let value = match trip {
                    Some((scope, hold)) if answer.is_ok() => {
                        let acknowledged = self.settle(hold).await;
                        self.tripped(scope, acknowledged, durable)
                    }
                    Some(_) | None => handlers::answer(answer, durable),
                };
                question.answer(value.to_string());
            }
            Told::Tripped { latch, hold, table, durable } => {
                let acknowledged = self.settle(hold).await;
                self.report.latches = *table;
                self.on_tripped(&latch, acknowledged, durable);
            }
            Told::Cleared(table) => self.report.latches = *table,
            Told::DiskFailed(error) => {
                self.report.durable = false;
                self.trip(TripCause::Journal, Text::new("writer"), Text::new(&error));
            }
        }
    }

    /// Trips everything in nobody's name.
    fn trip(&mut self, cause: TripCause, by: Text<32>, reason: Text<96>) {
        self.gate.hold(Scope::All);
        let command = OperatorCommand::Trip(cause);
        self.ask_or_keep(OperatorRequest { ticket: 0, by, reason, command });
    }

    /// Nobody is told that a trip is done while an order is still being written that passed the
    /// gate before it was shut. A write that does not end is cut by its own limit.
    async fn settle(&self, hold: Hold) -> bool {
        for _ in 0..SETTLE_ROUNDS {
            if self.gate.is_settled(hold) {
                return true;
            }
            tokio::time::sleep(SETTLE_ROUND).await;
        }
        tracing::error!("an order that was being written at the trip may still reach the venue");
        false
    }

    fn tripped(&mut self, scope: Scope, acknowledged: bool, durable: bool) -> serde_json::Value {
        self.take_status();
        let latches = self.report.status.latches.iter();
        let opening_orders = latches
            .filter(|it| it.latch.scope == scope || it.latch.scope == Scope::All)
            .map(|it| it.opening_orders)
            .max();
        handlers::tripped(&Tripped { acknowledged, durable, opening_orders })
    }

    /// Answers who asked for a trip that the disk does not keep in time: the gate is shut.
    pub(super) fn answer_late(&mut self) {
        let now_ns = self.clock.mono_ns();
        let late =
            |it: &Waiting| it.trip.is_some() && DISK_NS_MAX <= now_ns.saturating_sub(it.since_ns);
        while let Some(at) = self.memory.waiting.iter().position(late) {
            let Waiting { question, trip, .. } = self.memory.waiting.swap_remove(at);
            let Some((scope, hold)) = trip else { return };
            tracing::error!("the disk does not answer: the trip is answered as not durable");
            let acknowledged = self.gate.is_settled(hold);
            question.answer(self.tripped(scope, acknowledged, false).to_string());
        }
    }

    /// `touch state/kill_switch.flag` trips (R20), and removing it does nothing (R21). Our own
    /// writing of the flag after a trip is no new cause: the latch is set by then.
    pub(super) fn watch_flag(&mut self) {
        let present = self.flag.flag_present();
        let latch = self.report.status.latch;
        match latch {
            Some(trip) if !present && self.memory.flag_seen => {
                if self.memory.removal_told != trip.generation {
                    self.memory.removal_told = trip.generation;
                    let command = handlers::reset_command(&trip);
                    tracing::warn!("kill_switch.flag was removed: that clears nothing; {command}");
                }
            }
            None if present && !self.memory.flag_seen => {
                let reason = Text::new("state/kill_switch.flag");
                self.trip(TripCause::FlagFile, Text::new("flag file"), reason);
            }
            Some(_) | None => {}
        }
        self.memory.flag_seen = present;
    }

    /// Hands over the trips that did not fit into the lane.
    pub(super) fn hand_over(&mut self) {
        while let Some(request) = self.memory.trips.pop_front() {
            if !self.ask(request) {
                self.memory.trips.push_front(request);
                return;
            }
        }
    }

    /// A trip is never refused for want of room.
    fn ask_or_keep(&mut self, request: OperatorRequest) -> bool {
        if self.ask(request) {
            return true;
        }
        let is_trip = request.command.tripped_scope().is_some();
        if is_trip && self.memory.trips.len() < TRIPS_MAX {
            self.memory.trips.push_back(request);
        }
        is_trip
    }

    pub(super) fn ask(&mut self, request: OperatorRequest) -> bool {
        let received_ns = self.clock.mono_ns();
        let kind = EventKind::Operator(request);
        self.operator.push(Incoming { received_ns, kind }).is_ok()
    }
}
