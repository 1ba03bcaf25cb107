//! Stops that wait at the venue, at work: what is asked for, what is heard of them, and the trades
//! of the orders that they become.
//!
//! Must hold: a stop is asked for only through the kernel, and none is taken back unless the
//! account is proven to need it no more. What a stop sold or bought moves the position like any
//! trade, and is told to a person.

use super::Core;
use super::alert::{Alert, StopAlert};
use super::attribution::Owner;
use super::effect::{Command, Effect, Effects, StopCommand};
use super::event::{EventKind, LinkChannel};
use super::mode::{ModeCause, Scope};
use super::protection::{Act, Scene};
use super::safety::{self, ApprovedStop, Change, Trip, TripReason};
use crate::types::{
    ExecutionKind, ExecutionReport, Fill, InstrumentId, Side, StandingStop, StopOrder, StopReport,
    StopReportKind,
};

impl Core {
    /// Looks after the stops of every position. Nothing of the market moves a position, so nothing
    /// is looked at for its sake.
    pub(super) fn protect(&mut self, kind: &EventKind, effects: &mut Effects) {
        if !self.state.protection.is_on() || matches!(kind, EventKind::Market(_)) {
            return;
        }
        for at in 0..self.state.instruments.len() {
            let instrument = self.state.instruments[at].id;
            if self.state.portfolio.is_known(self.state.venue_of(instrument)) {
                self.protect_in(instrument, effects);
            }
        }
    }

    fn protect_in(&mut self, instrument: InstrumentId, effects: &mut Effects) {
        let (position, now_ns) =
            (self.state.portfolio.position(instrument), self.state.now.mono_ns);
        let venue = self.state.venue_of(instrument);
        let reading = self.state.reconcilers[venue.index()].token();
        let proven = self.state.is_proven(instrument);
        let scene = Scene { position, proven, reading, now_ns };
        while self.state.links_of(instrument).is_channel_up(LinkChannel::Orders)
            && 0 < effects.room()
            && let Some(act) = self.state.protection.next(instrument, &scene)
        {
            match act {
                Act::Place(side) => self.place_stop(instrument, side, effects),
                Act::Cancel(id) => ask(effects, StopCommand::Cancel { id, instrument }),
                Act::List => ask(effects, StopCommand::List { instrument, asked_ns: now_ns }),
            }
        }
        if self.state.protection.is_bare_too_long(instrument, position, now_ns) {
            self.leave_reductions(instrument, effects);
            tell(instrument, StopAlert::Missing, effects);
        }
    }

    fn leave_reductions(&mut self, instrument: InstrumentId, effects: &mut Effects) {
        let change = Change::by_engine(ModeCause::Unprotected);
        self.change_mode(Scope::Instrument(instrument), change, effects);
    }

    fn place_stop(&mut self, instrument: InstrumentId, side: Side, effects: &mut Effects) {
        let now_ns = self.state.now.mono_ns;
        match self.approve_stop(instrument, side) {
            Some(approved) => {
                let StopOrder { id, trigger, .. } = *approved.order();
                let stop = StandingStop { id, trigger };
                self.state.protection.on_placed(instrument, side, stop, now_ns);
                ask(effects, StopCommand::Place(approved));
            }
            None => self.state.protection.on_denied(instrument, now_ns),
        }
    }

    fn approve_stop(&mut self, instrument: InstrumentId, side: Side) -> Option<ApprovedStop> {
        let rule = self.state.protection.rule(instrument)?;
        let facts = self.state.facts(instrument, side);
        let latest = safety::latest(rule.working, &facts)?;
        let filters = &facts.instrument.filters;
        let trigger = safety::trigger(side, latest, rule.distance_bps, filters);
        let id = self.intents.reserve()?;
        let stop = StopOrder { id, instrument, side, trigger, working: rule.working };
        self.kernel.review_stop(&stop, &facts).ok()
    }

    /// The venue's word on stops.
    pub(super) fn on_stop(&mut self, report: &StopReport, effects: &mut Effects) {
        let instrument = report.instrument;
        if !self.state.protection.on_report(report, self.state.now.mono_ns) {
            return;
        }
        match report.kind {
            StopReportKind::Triggered(_) => {
                tell(instrument, StopAlert::Triggered, effects);
                self.state.reconciler_of(instrument).ask_soon();
            }
            StopReportKind::Refused { code, .. } => {
                tell(instrument, StopAlert::Refused(code), effects);
            }
            StopReportKind::Failed(_) => {
                self.leave_reductions(instrument, effects);
                tell(instrument, StopAlert::Failed, effects);
            }
            StopReportKind::Stands(_)
            | StopReportKind::Over(_)
            | StopReportKind::Unknown(_)
            | StopReportKind::Listed { .. } => {}
        }
    }

    /// The order that a stop of that side became: its trades lower the position, and its end is
    /// told by them. One the other way means that the venue does not do what is asked of it.
    pub(super) fn on_stop_order(
        &mut self,
        report: &ExecutionReport,
        side: Side,
        effects: &mut Effects,
    ) {
        let ExecutionKind::Trade(fill) = report.kind else { return };
        if !self.state.orders.is_fresh(report) {
            return;
        }
        self.on_stop_fill(report.instrument, &fill);
        if fill.side != side {
            self.trip(Trip::by_limit(TripReason::WrongFill, 0, 0), effects);
        }
    }

    fn on_stop_fill(&mut self, of: InstrumentId, fill: &Fill) {
        self.counters.stop_fills += 1;
        let instrument = &self.state.instruments[of.index()];
        self.state.portfolio.on_fill(instrument, fill, fill.qty, Owner::Exit);
        self.state.follow_ledgers();
        self.state.expose(of);
    }
}

fn ask(effects: &mut Effects, command: StopCommand) {
    effects.push(Effect::Send(Command::Stop(command)));
}

fn tell(instrument: InstrumentId, alert: StopAlert, effects: &mut Effects) {
    effects.push(Effect::Alert(Alert::Stop { instrument, alert }));
}
