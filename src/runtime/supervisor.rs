//! The main thread of a run: signals, the control socket, the flag file, what people see, and the
//! order in which everything ends.
//!
//! Must hold: an end is orderly: strategies are told, no new orders, opening orders cancelled until
//! the venue confirms, journal flushed, summary, and then `Shutdown complete`. A second signal does
//! not wait for the venue. Not here: what operators ask and are answered (`operators`), and what
//! follows a trip (`aftermath`).

use super::aftermath::Aftermath;
use super::allowance::Allowance;
use super::clock::Clock;
use super::gate::Gate;
use super::history;
use super::holdings::Teller;
use super::hot::Incoming;
use super::keys::{self, KeyWatch};
use super::lane::{Filler, Reader};
use super::latency::Latency;
use super::operators::Memory;
use super::outputs::Outputs;
use super::reference::{self, Reconnects, References};
use super::signals::Signals;
use super::wiring::Crew;
use super::writer::Told;
use crate::core::{Alert, Core, EventKind, OperatorCommand, OperatorRequest, Status};
use crate::net::unix::ControlSocket;
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
    /// Where the market is read.
    pub(super) allowance: Allowance,
    pub(super) history: history::Told,
    pub(super) flag: LatchFiles,
    pub(super) socket: ControlSocket,
    pub(super) signals: Signals,
    pub(super) limit: Option<Duration>,
    /// The venue's rules for orders, read again and again.
    pub(super) references: Option<References>,
    /// What the key may do, where it is asked.
    pub(super) key_watch: Option<KeyWatch>,
    /// Turns true when the recording behind an embedded exchange is over.
    pub(super) market_ended: Option<watch::Receiver<bool>>,
    pub(super) memory: Memory,
    pub(super) aftermath: Aftermath,
    /// Says what the files for people are to say.
    pub(super) holdings: Teller,
    /// When to have reference data read at once.
    pub(super) reconnects: Reconnects,
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
        self.reconnects = Reconnects::of(references.as_ref());
        let mut key = std::pin::pin!(keys::follow(self.key_watch.take(), read.clone()));
        let mut references = std::pin::pin!(reference::follow(references, read));
        loop {
            tokio::select! {
                () = self.signals.next() => return Reason::Signal,
                () = sleep_until(until) => return Reason::TimeIsUp,
                () = ended(&mut market_ended) => return Reason::MarketOver,
                question = self.socket.next() => self.on_question(question),
                Some(told) = self.told.recv() => self.on_told(told).await,
                () = &mut references => {}
                () = &mut key => {}
                Some(reading) = readings.recv() => self.on_reading(reading),
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
                let command = OperatorCommand::Stop;
                asked = self.ask(OperatorRequest { ticket: 0, by, reason, command });
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
        let mut holdings = self.holdings;
        drop(operator);
        match hot.join() {
            Ok((core, mut outputs)) => {
                core.status(&mut report.status);
                holdings.tell_now(&report);
                outputs.close(&core, clean, clock.stamp());
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
        self.report.rate_limits = self.allowance.told();
        self.report.history = self.history.lock().clone();
        self.report.uptime_ms = self.clock.mono_ns() / MS;
        self.holdings.tell(&self.report, &self.clock);
        self.hand_over();
        self.answer_late();
        self.watch_flag();
        let is_up = self.report.status.links.iter().all(|up| *up);
        self.reconnects.observe(is_up);
        self.screen.draw(screen::block(&self.report));
    }

    fn on_reading(&mut self, reading: Vec<EventKind>) {
        let received_ns = self.clock.mono_ns();
        for kind in reading {
            // What does not fit is read again in its time; meanwhile the old rules grow old.
            if self.operator.push(Incoming { received_ns, kind }).is_err() {
                tracing::warn!("the hot thread is busy: what was read is taken over later");
            }
        }
    }

    /// The latest copy of the state.
    pub(super) fn take_status(&mut self) {
        while let Some(mut status) = self.status_full.pop() {
            std::mem::swap(&mut self.report.status, &mut status);
            // The hot thread's lane has room for every copy there is.
            let _ = self.status_empty.push(status);
        }
        self.remember();
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
