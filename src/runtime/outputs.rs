//! Where the hot thread's effects go: into the journal, to the sender, to the disk's own thread, to
//! people. What comes in is journaled here, too, before the core sees it.
//!
//! Must hold: an order is in the journal (a mapped file that survives the process) before its
//! command leaves (DESIGN idea 8); a journal that cannot be written trips the kill switch and is
//! never written again (D5); an operator's exit and every cancel leave all the same (SAFETY E2).
//! After an unclean end of the last run no opening order leaves until the last one that it may have
//! sent is past its time (SAFETY E11). What a full lane means, lane by lane:
//! - commands: a new order is refused and the core is told (`NotSent`); the rest is repeated by the
//!   core's own deadlines;
//! - durable: cannot be full in practice (an entry a trade, written together, and a handful an hour
//!   besides, against 1,024); if it is, the entry is in the journal all the same;
//! - alerts: dropped and counted, since they are for people and the status says the same;
//! - spent: freed here; the only case in which this thread frees memory.

use super::gate::{Gate, Hold};
use super::hot::Incoming;
use super::lag::Lag;
use super::lane::Filler;
use super::replay::{self, decision};
use crate::core::{
    AccountEvent, Alert, Command, Core, Digest, Effect, Event, EventKind, HighWater, Kept,
    MarketRecording, ModeRecord, ORDERS_MAX, OperatorCommand, OperatorRequest, Refusal, Scope,
    TripCause,
};
use crate::ops::Names;
use crate::store::{Journal, NamedLatch, NamedLedger, Record, each_record};
use crate::types::{MarketData, NotSentReason, Purpose, Stamp, Text};
use std::collections::VecDeque;

/// Most events of our own making that wait: an order that is refused is not over until its refusal
/// is taken in, and so with an amend of it, so there are no more refusals than orders; and the
/// journal's one trip.
const REFUSED_MAX: usize = ORDERS_MAX + 1;

/// What must reach the disk by itself, in order.
#[derive(Clone, Copy, Debug)]
pub(super) enum Durable {
    /// The switch tripped; the gate is shut.
    Trip { latch: NamedLatch, hold: Hold },
    /// The switch was cleared.
    Reset { generation: u32, request: OperatorRequest },
    /// A mode holds in a scope.
    Mode { scope: Scope, record: ModeRecord },
    /// The high-water mark moved.
    HighWater(HighWater),
    /// Something of the limits of loss moved.
    Kept(Kept),
    /// A strategy's ledger moved.
    Ledger(NamedLedger),
    /// Every trade of an instrument is known up to that one.
    TradesKnown { instrument: Text<32>, through_id: u64 },
    /// All before this is done: the asker may be told.
    Answer { ticket: u32, answer: Result<(), Refusal> },
}

/// The hot thread's ways out.
#[derive(Debug)]
pub(super) struct Outputs {
    journal: Journal,
    journal_failed: bool,
    /// What of the market is still recorded.
    taping: MarketRecording,
    /// The running digest of effects that have no record.
    told: Digest,
    lag: Lag,
    commands: Filler<Command>,
    durable: Filler<Durable>,
    alerts: Filler<Alert>,
    spent: Filler<EventKind>,
    gate: Gate,
    names: Names,
    /// No opening order leaves before, on the monotonic clock.
    quarantine_until_ns: u64,
    /// Events that our own refusals cause: taken before anything from outside.
    refused: VecDeque<Incoming>,
    alerts_dropped: u64,
}

impl Outputs {
    pub(super) fn new(
        (journal, taping, lag): (Journal, MarketRecording, Lag),
        commands: Filler<Command>,
        durable: Filler<Durable>,
        alerts: Filler<Alert>,
        spent: Filler<EventKind>,
        (gate, names): (Gate, Names),
        quarantine_until_ns: u64,
    ) -> Self {
        let refused = VecDeque::with_capacity(REFUSED_MAX);
        let (journal_failed, alerts_dropped, told) = (false, 0, Digest::new());
        Self {
            journal,
            journal_failed,
            taping,
            told,
            lag,
            commands,
            durable,
            alerts,
            spent,
            gate,
            names,
            quarantine_until_ns,
            refused,
            alerts_dropped,
        }
    }

    /// Looks whether what was journaled is on the disk; says so when that changed.
    pub(super) fn look_at_disk(&mut self, now_ns: u64) -> Option<EventKind> {
        let state = self.lag.look(self.journal.sequence(), now_ns)?;
        Some(EventKind::Journal(state))
    }

    /// The oldest event that a refusal of ours caused.
    pub(super) fn take_refused(&mut self) -> Option<Incoming> {
        self.refused.pop_front()
    }

    /// Alerts that nobody was told because the lane was full.
    pub(super) fn alerts_dropped(&self) -> u64 {
        self.alerts_dropped
    }

    /// False once the journal could not be written.
    pub(super) fn is_durable(&self) -> bool {
        !self.journal_failed
    }

    /// Journals what came in, as far as it is to be.
    pub(super) fn record_event(&mut self, event: &Event) {
        if self.is_wanted(event) {
            each_record(event, |record| {
                self.append(record, event.at);
            });
        }
    }

    /// The market may be left out, and goes before it can fill the journal: what binds orders and
    /// money never waits behind it.
    fn is_wanted(&mut self, event: &Event) -> bool {
        let EventKind::Market(market) = &event.kind else {
            // Without the market nothing is replayed, and the rest tells no time.
            return self.taping == MarketRecording::Full || event.kind != EventKind::Timer;
        };
        match self.taping {
            MarketRecording::Off => return false,
            MarketRecording::Quotes => match market.data {
                MarketData::Quote(_) | MarketData::Mark(_) => {}
                MarketData::Trade(_)
                | MarketData::BookLost
                | MarketData::BookBegin
                | MarketData::BookDelta(_)
                | MarketData::BookEnd { .. } => return false,
            },
            MarketRecording::Full => {}
        }
        if self.journal.has_spare() {
            return true;
        }
        self.taping = MarketRecording::Off;
        self.append(&Record::MarketGap, event.at);
        tracing::error!(
            "the market outruns the disk: it is not recorded any more, and `engine replay` ends \
             here; `journal.segment_mb` may be larger"
        );
        false
    }

    /// Journals what a replay must have come to by now.
    pub(super) fn record_checkpoint(&mut self, core: &Core, at: Stamp) {
        self.checkpoint(core, at, false);
    }

    fn checkpoint(&mut self, core: &Core, at: Stamp, whole: bool) {
        if self.taping == MarketRecording::Full {
            let checkpoint = replay::checkpoint(core, self.told, whole);
            self.append(&Record::Checkpoint(checkpoint), at);
        }
    }

    /// Does what one effect asks for. A trip shuts the gate before anything else.
    pub(super) fn hand_out(&mut self, effect: Effect, at: Stamp, core: &Core) {
        if let Effect::Tripped(latch) = &effect {
            let hold = self.gate.latch(latch.scope);
            let latch = NamedLatch { scope: self.names.of_scope(latch.scope), trip: latch.trip };
            self.record_decision(&effect, at, core);
            self.keep(Durable::Trip { latch, hold });
            return;
        }
        let recorded = self.record_decision(&effect, at, core);
        match effect {
            Effect::Send(command) => self.send(command, recorded, at),
            Effect::Denied { .. }
            | Effect::AmendDenied { .. }
            | Effect::Parent(_)
            | Effect::Closed { .. }
            | Effect::Tripped(_) => {}
            Effect::Reset { latch, request } => {
                let generation = latch.trip.generation;
                self.keep(Durable::Reset { generation, request });
                self.gate.unlatch(latch.scope);
            }
            Effect::ModeChanged { scope, record } => self.keep(Durable::Mode { scope, record }),
            Effect::HighWaterChanged(mark) => self.keep(Durable::HighWater(mark)),
            Effect::Kept(kept) => self.keep(Durable::Kept(kept)),
            Effect::Ledger { strategy, instrument, line } => {
                let strategy = Text::new(self.names.strategy(strategy));
                let instrument = Text::new(self.names.instrument(instrument));
                self.keep(Durable::Ledger(NamedLedger { strategy, instrument, line }));
            }
            Effect::TradesKnown { instrument, through_id } => {
                let instrument = Text::new(self.names.instrument(instrument));
                self.keep(Durable::TradesKnown { instrument, through_id });
            }
            Effect::Alert(alert) => self.say(alert),
            Effect::Answer { ticket, answer } => self.keep(Durable::Answer { ticket, answer }),
        }
    }

    /// False when it could not be written.
    fn record_decision(&mut self, effect: &Effect, at: Stamp, core: &Core) -> bool {
        match decision(effect, &self.names, core) {
            Some(record) => self.append(&record, at),
            None => {
                self.told = effect.digest(self.told);
                !self.journal_failed
            }
        }
    }

    /// A trip by hand has been taken in: what held the gate for it is its latch by now.
    pub(super) fn took_in(&self, kind: &EventKind) {
        let EventKind::Operator(request) = kind else { return };
        if let Some(scope) = request.command.tripped_scope() {
            self.gate.release(scope);
        }
    }

    /// Lets go of a spent event; what it owns is freed by another thread.
    pub(super) fn discard(&mut self, kind: EventKind) {
        if let EventKind::Account(AccountEvent::Snapshot(_)) = kind {
            drop(self.spent.push(kind));
        }
    }

    /// The last records of the run.
    pub(super) fn close(&mut self, core: &Core, clean: bool, at: Stamp) {
        self.checkpoint(core, at, true);
        self.append(&Record::Stop { clean }, at);
    }

    fn send(&mut self, command: Command, recorded: bool, at: Stamp) {
        let allowed = match &command {
            // An exit of an operator's may leave even when it cannot be recorded.
            Command::NewOrder(approved) if approved.strategy().is_none() => Ok(()),
            Command::NewOrder(approved) => {
                self.judge_recorded(recorded, approved.terms().purpose, at)
            }
            Command::Amend(approved) => self.judge_recorded(recorded, approved.terms().purpose, at),
            Command::Cancel { .. }
            | Command::CancelAll { .. }
            | Command::ArmDeadMan(_)
            | Command::Stop(_)
            | Command::QueryOrder { .. }
            | Command::QueryTrades { .. }
            | Command::QueryAccount { .. } => Ok(()),
        };
        if let Err(reason) = allowed {
            self.refuse(&command, reason, at);
            return;
        }
        if let Err(command) = self.commands.push(command) {
            self.refuse(&command, NotSentReason::Throttled, at);
        }
    }

    /// Whether an order or an amend may leave.
    fn judge_recorded(
        &self,
        recorded: bool,
        purpose: Purpose,
        at: Stamp,
    ) -> Result<(), NotSentReason> {
        let opens = purpose == Purpose::Opening;
        match recorded {
            false => Err(NotSentReason::KillSwitch),
            true if opens && at.mono_ns < self.quarantine_until_ns => Err(NotSentReason::Throttled),
            true => Ok(()),
        }
    }

    /// Tells the core that a new order or an amend did not leave.
    fn refuse(&mut self, command: &Command, reason: NotSentReason, at: Stamp) {
        if let Some(report) = command.not_sent(reason) {
            self.tell(EventKind::Execution(report), at);
        }
    }

    fn tell(&mut self, kind: EventKind, at: Stamp) {
        assert!(self.refused.len() < REFUSED_MAX, "there are no more refusals than orders");
        self.refused.push_back(Incoming { received_ns: at.mono_ns, kind });
    }

    fn keep(&mut self, entry: Durable) {
        if self.durable.push(entry).is_err() {
            tracing::error!(?entry, "the writer is not keeping up; the journal has this entry");
        }
    }

    fn say(&mut self, alert: Alert) {
        if self.alerts.push(alert).is_err() {
            self.alerts_dropped += 1;
        }
    }

    /// False when it could not be written: the switch trips, and nothing is written again (D5).
    fn append(&mut self, record: &Record, at: Stamp) -> bool {
        if self.journal_failed {
            return false;
        }
        let Err(error) = self.journal.append(at, record) else { return true };
        self.journal_failed = true;
        // Once for the trip below, and once for good: what cannot be recorded is not sent.
        self.gate.hold(Scope::All);
        self.gate.hold(Scope::All);
        tracing::error!(%error, "the journal cannot be written: tripping the kill switch");
        let command = OperatorCommand::Trip(TripCause::Journal);
        let (by, reason) = (Text::new("journal"), Text::new("the journal cannot be written"));
        self.tell(EventKind::Operator(OperatorRequest { ticket: 0, by, reason, command }), at);
        false
    }
}
