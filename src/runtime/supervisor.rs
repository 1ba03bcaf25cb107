//! The main thread of a run: signals, the control socket, the flag file, what people see, and the
//! order in which everything ends.
//!
//! Must hold: an end is orderly: strategies are told, no new orders, opening orders cancelled until
//! the venue confirms, journal flushed, summary, and then `Shutdown complete`. A second signal does
//! not wait for the venue. A trip by hand shuts the gate before the core has even heard of it.

use super::clock::Clock;
use super::gate::Gate;
use super::hot::Incoming;
use super::lane::{Filler, Reader};
use super::latency::Latency;
use super::outputs::Outputs;
use super::startup::StartError;
use super::writer::Told;
use crate::core::{Alert, Core, EventKind, OperatorCommand, OperatorRequest, Status, TripCause};
use crate::net::unix::{ControlSocket, Question};
use crate::ops::handlers::{self, Asked};
use crate::ops::say::{self, Loudness};
use crate::ops::screen::{self, Screen};
use crate::ops::stop_matrix::{FLAG_EVERY_MS, STOP_WAIT_MS};
use crate::ops::{FeedCounters, Report};
use crate::store::LatchFiles;
use crate::types::{MS, Text};
use parking_lot::Mutex;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::{mpsc, watch};

/// How often alerts are said and the status is drawn.
const ROUND: Duration = Duration::from_millis(FLAG_EVERY_MS);

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Ending {
    /// The last report.
    pub report: Report,
    /// True when the venue confirmed that no opening order is left.
    pub clean: bool,
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
    pub(super) socket: PathBuf,
    pub(super) limit: Option<Duration>,
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
}

/// Why the run ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Reason {
    Signal,
    TimeIsUp,
    MarketOver,
    HotThread,
}

impl Supervisor {
    /// Runs until something ends it, then ends it in order.
    pub(super) async fn run(
        mut self,
        hot: JoinHandle<(Core, Outputs)>,
    ) -> Result<Ending, StartError> {
        let mut socket = ControlSocket::bind(&self.socket).await?;
        let mut signals = Signals::new()?;
        tracing::info!(socket = %self.socket.display(), "ready for operators");
        let reason = self.watch(&mut socket, &mut signals, &hot).await;
        tracing::info!(?reason, "ending: no new orders, opening orders are being cancelled");
        let clean = self.wind_down(&mut socket, &mut signals, &hot).await;
        Ok(self.close(hot, clean))
    }

    async fn watch(
        &mut self,
        socket: &mut ControlSocket,
        signals: &mut Signals,
        hot: &JoinHandle<(Core, Outputs)>,
    ) -> Reason {
        let mut rounds = tokio::time::interval(ROUND);
        let until = deadline(self.limit);
        let mut market_ended = self.market_ended.take();
        loop {
            tokio::select! {
                () = signals.next() => return Reason::Signal,
                () = sleep_until(until) => return Reason::TimeIsUp,
                () = ended(&mut market_ended) => return Reason::MarketOver,
                question = socket.next() => self.on_question(question),
                Some(told) = self.told.recv() => self.on_told(told),
                _ = rounds.tick() => {
                    self.round();
                    if hot.is_finished() {
                        tracing::error!("the hot thread ended by itself");
                        return Reason::HotThread;
                    }
                }
            }
        }
    }

    /// Asks the core to stop and waits until the venue has confirmed that no opening order is left.
    async fn wind_down(
        &mut self,
        socket: &mut ControlSocket,
        signals: &mut Signals,
        hot: &JoinHandle<(Core, Outputs)>,
    ) -> bool {
        self.ask(0, Text::new("engine"), Text::new("shutdown"), OperatorCommand::Stop);
        let mut rounds = tokio::time::interval(ROUND);
        let until = deadline(Some(Duration::from_millis(STOP_WAIT_MS)));
        loop {
            tokio::select! {
                () = signals.next() => {
                    tracing::warn!("a second signal: not waiting for the venue any longer");
                    return false;
                }
                () = sleep_until(until) => {
                    tracing::error!("opening orders may still stand at the venue");
                    return false;
                }
                question = socket.next() => self.on_question(question),
                Some(told) = self.told.recv() => self.on_told(told),
                _ = rounds.tick() => {
                    self.round();
                    let status = &self.report.status;
                    if status.stopping && status.opening_orders == 0 {
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
    fn close(self, hot: JoinHandle<(Core, Outputs)>, clean: bool) -> Ending {
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
        Ending { report, clean }
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
        while let Some(mut status) = self.status_full.pop() {
            std::mem::swap(&mut self.report.status, &mut status);
            // The hot thread's lane has room for every copy there is.
            let _ = self.status_empty.push(status);
        }
        self.report.latency = self.latency.percentiles();
        self.report.feed = *self.feed_counters.lock();
        self.report.uptime_ms = self.clock.mono_ns() / MS;
        self.watch_flag();
        self.screen.draw(screen::block(&self.report));
    }

    /// `touch state/kill_switch.flag` trips (R20). Our own writing of the flag after a trip is no
    /// new cause: the latch is set by then.
    fn watch_flag(&mut self) {
        let present = self.flag.flag_present();
        let news = present && !self.memory.flag_seen;
        self.memory.flag_seen = present;
        if news && self.report.status.latch.is_none() {
            self.gate.shut();
            let (by, reason) = (Text::new("flag file"), Text::new("state/kill_switch.flag"));
            self.ask(0, by, reason, OperatorCommand::Trip(TripCause::FlagFile));
        }
    }

    fn on_question(&mut self, question: Question) {
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

    fn on_told(&mut self, told: Told) {
        match told {
            Told::Answer { ticket, answer, durable } => {
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

/// Ctrl-C and SIGTERM.
struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> std::io::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        Ok(Self { interrupt, terminate: signal(SignalKind::terminate())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}

/// Waits for either signal.
pub(super) async fn signalled() {
    match Signals::new() {
        Ok(mut signals) => signals.next().await,
        Err(error) => {
            tracing::error!(%error, "signals cannot be heard");
            std::future::pending().await
        }
    }
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
