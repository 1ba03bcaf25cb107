//! The main thread of a run: signals, the control socket, the flag file, what people see, and the
//! order in which everything ends.
//!
//! Must hold: an end is orderly: strategies are told, no new orders, opening orders cancelled until
//! the venue confirms, journal flushed, summary, and then `Shutdown complete`. A second signal does
//! not wait for the venue. A trip by hand shuts the gate before the core has even heard of it, and
//! is answered when no order is being written any more.

use super::clock::Clock;
use super::gate::Gate;
use super::hot::Incoming;
use super::lane::{Filler, Reader};
use super::latency::Latency;
use super::outputs::Outputs;
use super::reference::References;
use super::signals::Signals;
use super::wiring::Crew;
use super::writer::Told;
use crate::core::{
    Alert, Core, EventKind, OperatorCommand, OperatorRequest, ReferenceEvent, Status, TripCause,
};
use crate::net::unix::{ControlSocket, Question};
use crate::ops::handlers::{self, Asked};
use crate::ops::say::{self, Loudness};
use crate::ops::screen::{self, Screen};
use crate::ops::stop_matrix::{FLAG_EVERY_MS, STOP_WAIT_MS};
use crate::ops::{FeedCounters, Report};
use crate::store::LatchFiles;
use crate::types::{MS, Text};
use parking_lot::Mutex;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::{Notify, mpsc, watch};

/// How often alerts are said and the status is drawn.
const ROUND: Duration = Duration::from_millis(FLAG_EVERY_MS);

/// How often, and how many times, a write under way is looked at before a trip is answered: longer
/// than any write takes that is not stuck, shorter than an asker waits.
const SETTLE_ROUND: Duration = Duration::from_millis(1);
const SETTLE_ROUNDS: u32 = 2_000;

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The last report.
    pub report: Report,
    /// True when the venue confirmed that no opening order is left.
    pub clean: bool,
    /// The thread that ended by itself, which none may: a fault of this program.
    pub fault: Option<&'static str>,
}

/// Everything that the main thread owns.
pub(super) struct Supervisor {
    pub(super) clock: Clock,
    pub(super) screen: Screen,
    pub(super) report: Report,
    pub(super) operator: Filler<Incoming>,
    pub(super) alerts: Reader<Alert>,
    pub(super) status_full: Reader<Box<Status>>,
    pub(super) status_empty: Filler<Box<Status>>,
    pub(super) told: mpsc::Receiver<Told>,
    pub(super) gate: Gate,
    pub(super) latency: Arc<Latency>,
    pub(super) feed_counters: Arc<Mutex<FeedCounters>>,
    pub(super) flag: LatchFiles,
    pub(super) socket: ControlSocket,
    pub(super) signals: Signals,
    pub(super) limit: Option<Duration>,
    /// The venue's rules for orders, read again and again.
    pub(super) references: Option<References>,
    /// Turns true when the recording behind an embedded exchange is over.
    pub(super) market_ended: Option<watch::Receiver<bool>>,
    pub(super) memory: Memory,
}

/// What the supervisor remembers from round to round.
#[derive(Default)]
pub(super) struct Memory {
    /// Askers whose command the core has not answered yet.
    waiting: Vec<(u32, Question)>,
    last_ticket: u32,
    flag_seen: bool,
    /// The connections were all up, in the last round.
    was_up: bool,
    /// Rung to have reference data read at once.
    references_now: Option<Arc<Notify>>,
}

/// Why the run ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reason {
    Signal,
    TimeIsUp,
    MarketOver,
    Fault(&'static str),
}

impl Supervisor {
    /// Runs until something ends it, then ends it in order.
    pub(super) async fn run(mut self, hot: JoinHandle<(Core, Outputs)>, crew: &Crew) -> Ending {
        let reason = self.watch(&hot, crew).await;
        tracing::info!(?reason, "ending: no new orders, opening orders are being cancelled");
        let clean = self.wind_down(&hot).await;
        let fault = match reason {
            Reason::Fault(thread) => Some(thread),
            Reason::Signal | Reason::TimeIsUp | Reason::MarketOver => None,
        };
        self.close(hot, clean, fault)
    }

    async fn watch(&mut self, hot: &JoinHandle<(Core, Outputs)>, crew: &Crew) -> Reason {
        let mut rounds = tokio::time::interval(ROUND);
        let until = deadline(self.limit);
        let mut market_ended = self.market_ended.take();
        let (read, mut readings) = mpsc::channel(1);
        let references = self.references.take();
        self.memory.references_now = references.as_ref().map(|it| Arc::clone(&it.now));
        let mut references = std::pin::pin!(follow(references, read));
        loop {
            tokio::select! {
                () = self.signals.next() => return Reason::Signal,
                () = sleep_until(until) => return Reason::TimeIsUp,
                () = ended(&mut market_ended) => return Reason::MarketOver,
                question = self.socket.next() => self.on_question(question),
                Some(told) = self.told.recv() => self.on_told(told).await,
                () = &mut references => {}
                Some(reading) = readings.recv() => self.on_reference(reading),
                _ = rounds.tick() => {
                    self.round();
                    let hot = hot.is_finished().then_some("hot");
                    if let Some(thread) = hot.or_else(|| crew.ended()) {
                        tracing::error!(thread, "a thread ended by itself");
                        return Reason::Fault(thread);
                    }
                }
            }
        }
    }

    /// Asks the core to stop and waits until the venue has confirmed that no opening order is left.
    async fn wind_down(&mut self, hot: &JoinHandle<(Core, Outputs)>) -> bool {
        let mut asked = false;
        let mut rounds = tokio::time::interval(ROUND);
        let until = deadline(Some(Duration::from_millis(STOP_WAIT_MS)));
        loop {
            if !asked {
                let (by, reason) = (Text::new("engine"), Text::new("shutdown"));
                asked = self.ask(0, by, reason, OperatorCommand::Stop);
            }
            tokio::select! {
                () = self.signals.next() => {
                    tracing::warn!("a second signal: not waiting for the venue any longer");
                    return false;
                }
                () = sleep_until(until) => {
                    let clean = self.report.status.opening_orders == 0;
                    match clean {
                        true => tracing::warn!("the venue's dead-man's switch may still run"),
                        false => tracing::error!("opening orders may still stand at the venue"),
                    }
                    return clean;
                }
                question = self.socket.next() => self.on_question(question),
                Some(told) = self.told.recv() => self.on_told(told).await,
                _ = rounds.tick() => {
                    self.round();
                    let status = &self.report.status;
                    if status.stopping && status.opening_orders == 0 && !status.dead_man_runs() {
                        return true;
                    }
                    if hot.is_finished() {
                        return false;
                    }
                }
            }
        }
    }

    /// Closes the operator's lane, which ends the hot thread, and takes its last state.
    fn close(
        self,
        hot: JoinHandle<(Core, Outputs)>,
        clean: bool,
        fault: Option<&'static str>,
    ) -> Ending {
        let Self { operator, mut report, clock, screen, latency, feed_counters, .. } = self;
        drop(operator);
        match hot.join() {
            Ok((core, mut outputs)) => {
                core.status(&mut report.status);
                outputs.close(clean, clock.stamp());
                report.durable &= outputs.is_durable();
                let dropped = outputs.alerts_dropped();
                if 0 < dropped {
                    tracing::warn!(dropped, "alerts were not said: nobody kept up");
                }
            }
            Err(_) => tracing::error!("the hot thread ended in a panic"),
        }
        report.latency = latency.percentiles();
        report.feed = *feed_counters.lock();
        report.uptime_ms = clock.mono_ns() / MS;
        screen.draw(screen::block(&report));
        screen.release();
        Ending { report, clean, fault }
    }

    fn round(&mut self) {
        self.clock.follow_wall_clock();
        while let Some(alert) = self.alerts.pop() {
            let (loudness, line) = say::alert(&alert, &self.report.names);
            match loudness {
                Loudness::Info => tracing::info!("{line}"),
                Loudness::Warn => tracing::warn!("{line}"),
                Loudness::Error => tracing::error!("{line}"),
            }
        }
        self.take_status();
        self.report.latency = self.latency.percentiles();
        self.report.feed = *self.feed_counters.lock();
        self.report.uptime_ms = self.clock.mono_ns() / MS;
        self.watch_flag();
        self.watch_links();
        self.screen.draw(screen::block(&self.report));
    }

    /// `touch state/kill_switch.flag` trips (R20). Our own writing of the flag after a trip is no
    /// new cause: the latch is set by then.
    fn watch_flag(&mut self) {
        let present = self.flag.flag_present();
        if !present || self.memory.flag_seen || self.report.status.latch.is_some() {
            self.memory.flag_seen = present;
            return;
        }
        self.gate.shut();
        let (by, reason) = (Text::new("flag file"), Text::new("state/kill_switch.flag"));
        // What does not fit into the lane is asked again in the next round.
        self.memory.flag_seen = self.ask(0, by, reason, OperatorCommand::Trip(TripCause::FlagFile));
    }

    /// After a loss of connection nobody knows what the venue changed meanwhile.
    fn watch_links(&mut self) {
        let is_up = self.report.status.links.iter().all(|up| *up);
        if is_up
            && !std::mem::replace(&mut self.memory.was_up, is_up)
            && let Some(now) = &self.memory.references_now
        {
            now.notify_one();
        }
        self.memory.was_up = is_up;
    }

    fn on_reference(&mut self, reading: Vec<ReferenceEvent>) {
        let received_ns = self.clock.mono_ns();
        for event in reading {
            let kind = EventKind::Reference(event);
            // What does not fit is read again in its time; meanwhile the old rules grow old.
            if self.operator.push(Incoming { received_ns, kind }).is_err() {
                tracing::warn!("the hot thread is busy: reference data is taken over later");
            }
        }
    }

    /// The latest copy of the state.
    fn take_status(&mut self) {
        while let Some(mut status) = self.status_full.pop() {
            std::mem::swap(&mut self.report.status, &mut status);
            // The hot thread's lane has room for every copy there is.
            let _ = self.status_empty.push(status);
        }
    }

    fn on_question(&mut self, question: Question) {
        self.take_status();
        let asked = handlers::handle(&question.line, &self.report);
        match asked {
            Asked::Answered(value) => question.answer(value.to_string()),
            Asked::Command { by, reason, command } => {
                if let OperatorCommand::Trip(_) = command {
                    self.gate.shut();
                }
                let ticket = self.memory.last_ticket.wrapping_add(1).max(1);
                self.memory.last_ticket = ticket;
                if self.ask(ticket, by, reason, command) {
                    self.memory.waiting.push((ticket, question));
                } else {
                    question.answer(handlers::no("too many requests at once").to_string());
                }
            }
        }
    }

    async fn on_told(&mut self, told: Told) {
        match told {
            Told::Answer { ticket, answer, durable } => {
                self.settle().await;
                let at = self.memory.waiting.iter().position(|(waiting, _)| *waiting == ticket);
                if let Some(at) = at {
                    let (_, question) = self.memory.waiting.swap_remove(at);
                    question.answer(handlers::answer(answer, durable).to_string());
                }
            }
            Told::DiskFailed(error) => {
                self.report.durable = false;
                self.gate.shut();
                let reason = Text::new(&error);
                let command = OperatorCommand::Trip(TripCause::Journal);
                self.ask(0, Text::new("writer"), reason, command);
            }
        }
    }

    /// Nobody is told that a trip is done while an order is still being written that passed the
    /// gate before it was shut. A write that does not end is cut by its own limit.
    async fn settle(&self) {
        for _ in 0..SETTLE_ROUNDS {
            if !self.gate.is_shut() || !self.gate.is_passing() {
                return;
            }
            tokio::time::sleep(SETTLE_ROUND).await;
        }
        tracing::error!("an order that was being written at the trip may still reach the venue");
    }

    fn ask(
        &mut self,
        ticket: u32,
        by: Text<32>,
        reason: Text<96>,
        command: OperatorCommand,
    ) -> bool {
        let request = OperatorRequest { ticket, by, reason, command };
        let received_ns = self.clock.mono_ns();
        let kind = EventKind::Operator(request);
        self.operator.push(Incoming { received_ns, kind }).is_ok()
    }
}

/// Reads reference data for ever; where there is nothing to read, nothing happens for ever.
async fn follow(references: Option<References>, read: mpsc::Sender<Vec<ReferenceEvent>>) {
    if let Some(references) = references {
        references.follow(read).await;
    }
    std::future::pending::<()>().await;
}

fn deadline(limit: Option<Duration>) -> Option<tokio::time::Instant> {
    limit.map(|limit| tokio::time::Instant::now() + limit)
}

async fn sleep_until(until: Option<tokio::time::Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}

/// Waits until the market is over; for ever where it has no end.
async fn ended(market: &mut Option<watch::Receiver<bool>>) {
    match market {
        // An exchange that is gone has no market either.
        Some(market) => drop(market.wait_for(|ended| *ended).await),
        None => std::future::pending().await,
    }
}
