//! A run that has no venue yet: it answers, it can be stopped and killed, and it trades nothing
//! (SAFETY E3, D6).
//!
//! Must hold: what is asked here binds the core that is built afterwards; a trip is latched in
//! memory, then on disk, then answered, as in a run. What only a core can do is refused and said.

use super::clock::Clock;
use super::gate::Gate;
use super::places;
use super::startup::Disk;
use crate::config::Config;
use crate::core::safety::{LATCHES_MAX, Latch, TripReason, TripRecord};
use crate::core::{
    InstrumentStatus, LatchStatus, Mode, ModeCause, ModeRecord, OperatorCommand, Restored, Scope,
    StrategyStatus, VenueStatus,
};
use crate::net::unix::{ControlSocket, Question};
use crate::ops::Report;
use crate::ops::handlers::{self, Asked, Tripped};
use crate::ops::stop_matrix::FLAG_EVERY_MS;
use crate::store::{NamedLatch, Record, Standing, mode};
use crate::types::{InstrumentId, MS, StrategyId, Text, VenueId};
use std::path::PathBuf;
use std::time::Duration;

/// How often the flag file is looked for.
const ROUND: Duration = Duration::from_millis(FLAG_EVERY_MS);

/// Who attends to operators while the venue is being looked for.
pub(super) struct Room {
    pub(super) disk: Disk,
    pub(super) restored: Restored,
    pub(super) standing: Vec<Standing>,
    pub(super) report: Report,
    pub(super) gate: Gate,
    pub(super) socket: ControlSocket,
    clock: Clock,
    state_folder: PathBuf,
    cooldown_ns: u64,
}

impl Room {
    /// With what the last run left behind.
    pub(super) fn new(
        config: &Config,
        disk: Disk,
        (restored, standing): (Restored, Vec<Standing>),
        report: Report,
        clock: &Clock,
        socket: ControlSocket,
    ) -> Self {
        let gate = Gate::new(config.instruments.len(), config.strategies.len());
        let mut room = Self {
            disk,
            restored,
            standing,
            report,
            gate,
            socket,
            clock: clock.clone(),
            state_folder: config.folders.state.clone(),
            cooldown_ns: config.limits.reset_cooldown_ns,
        };
        for latch in room.latches() {
            room.gate.latch(latch.scope);
        }
        room.show();
        room
    }

    /// Attends for ever. May be given up at any time: a question that has been taken is answered.
    pub(super) async fn attend(&mut self) {
        let mut rounds = tokio::time::interval(ROUND);
        loop {
            tokio::select! {
                question = self.socket.next() => self.on_question(question),
                _ = rounds.tick() => self.watch_flag(),
            }
        }
    }

    fn on_question(&mut self, question: Question) {
        self.show();
        let value = match handlers::handle(&question.line, &self.report) {
            Asked::Answered(value) => value,
            Asked::Command { by, reason, command, .. } => self.obey(by, reason, command),
        };
        question.answer(value.to_string());
    }

    fn obey(
        &mut self,
        by: Text<32>,
        reason: Text<96>,
        command: OperatorCommand,
    ) -> serde_json::Value {
        if let Some(scope) = command.tripped_scope() {
            return self.trip(scope, TripReason::Operator, by, reason);
        }
        if let OperatorCommand::Halt(scope) = command {
            return self.halt(scope, by, reason);
        }
        if command == OperatorCommand::Note {
            return self.note(by, reason);
        }
        handlers::no(
            "the venue has not been reached yet: only status, halt, a note and a trip work",
        )
    }

    fn watch_flag(&mut self) {
        let whole = self.restored.latch.is_some();
        if !whole && self.disk.latch.flag_present() {
            let (by, note) = (Text::new("flag file"), Text::new("state/kill_switch.flag"));
            self.trip(Scope::All, TripReason::FlagFile, by, note);
        }
    }

    /// Latched in memory, then on disk. Nothing was sent yet, so nothing is on its way either.
    fn trip(
        &mut self,
        scope: Scope,
        reason: TripReason,
        by: Text<32>,
        note: Text<96>,
    ) -> serde_json::Value {
        self.gate.latch(scope);
        let scope = if LATCHES_MAX <= self.latches().len() + 1 { Scope::All } else { scope };
        let mut durable = true;
        if self.latches().iter().all(|latch| latch.scope != scope) {
            let at = self.clock.stamp();
            let generation = self.disk.table.generation.saturating_add(1);
            let trip = TripRecord { generation, reason, at, value: 0, limit: 0, by, note };
            let named = NamedLatch { scope: self.report.names.of_scope(scope), trip };
            self.restored.latch_generation = generation;
            match scope {
                Scope::All => self.restored.latch = Some(trip),
                Scope::Venue(_) | Scope::Strategy(_) | Scope::Instrument(_) => {
                    self.restored.part_latches.push(Latch { scope, trip });
                }
            }
            durable = self.disk.trip(named, at);
            let (why, scope) = (crate::ops::say::trip_reason(reason), named.scope);
            tracing::error!("Kill switch activated: {why} ({scope}); the venue is not reached yet");
        }
        self.show();
        handlers::tripped(&Tripped { acknowledged: true, durable, opening_orders: None })
    }

    fn halt(&mut self, scope: Scope, by: Text<32>, note: Text<96>) -> serde_json::Value {
        let at = self.clock.stamp();
        let known = self.restored.modes.iter().position(|(known, _)| *known == scope);
        let before = known.map_or_else(ModeRecord::default, |at| self.restored.modes.remove(at).1);
        let record = before.moved(ModeCause::Halt, at, by, note);
        self.restored.modes.push((scope, record));
        let place = places::place_of(scope, &self.report.names);
        self.standing.retain(|standing| standing.place != place);
        self.standing.push(Standing { place, record });
        let journaled = self.disk.journal.append(at, &Record::Standing { scope, record });
        let kept = journaled.and_then(|_| mode::write(&self.state_folder, &self.standing));
        if let Err(error) = &kept {
            tracing::error!(%error, "the halt could not be kept");
        }
        self.show();
        handlers::answer(Ok(()), kept.is_ok())
    }

    fn note(&mut self, by: Text<32>, reason: Text<96>) -> serde_json::Value {
        let kept = self.disk.note(by, reason, self.clock.stamp());
        if let Err(error) = &kept {
            tracing::error!(%error, "the note could not be kept");
        }
        handlers::answer(Ok(()), kept.is_ok())
    }

    fn held(&self, scope: Scope) -> ModeRecord {
        let known = self.restored.modes.iter().find(|(known, _)| *known == scope);
        known.map_or_else(ModeRecord::default, |(_, record)| *record)
    }

    fn latches(&self) -> Vec<Latch> {
        let whole = self.restored.latch.map(|trip| Latch { scope: Scope::All, trip });
        whole.into_iter().chain(self.restored.part_latches.iter().copied()).collect()
    }

    /// Fills the report with what is known without a core.
    fn show(&mut self) {
        let now = self.clock.stamp();
        let cooldown_left_ns = self.cooldown_ns.saturating_sub(now.mono_ns);
        let held = self.held(Scope::All);
        let names = &self.report.names;
        let instruments = (0_u16..).map(InstrumentId).take(names.instruments.len());
        let instruments = instruments.map(|id| InstrumentStatus {
            id,
            held: self.held(Scope::Instrument(id)),
            ..InstrumentStatus::default()
        });
        let strategies = (0_u8..).map(StrategyId).take(names.strategies.len());
        let strategies = strategies.map(|id| StrategyStatus {
            id,
            held: self.held(Scope::Strategy(id)),
            ..StrategyStatus::default()
        });
        let venues = (0_u8..).map(VenueId).take(names.venues.len());
        let venues = venues.map(|id| VenueStatus {
            id,
            held: self.held(Scope::Venue(id)),
            ..VenueStatus::default()
        });
        let lines = (instruments.collect(), strategies.collect(), venues.collect());
        let (restored, status) = (&self.restored, &mut self.report.status);
        (status.instruments, status.strategies, status.venues) = lines;
        status.at = now;
        status.held = held;
        status.latch = restored.latch;
        status.latch_generation = restored.latch_generation;
        status.mode = if restored.latch.is_some() { Mode::Killed } else { held.mode };
        status.high_water = restored.high_water;
        self.report.uptime_ms = now.mono_ns / MS;
        self.report.latches = self.disk.table.clone();
        let latches = self.latches().into_iter();
        let shown = latches.map(|latch| LatchStatus { latch, opening_orders: 0, cooldown_left_ns });
        self.report.status.latches = shown.collect();
    }
}
