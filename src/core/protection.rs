//! Stops that wait at the venue, instrument by instrument: which should stand, which do, and since
//! when a position has none (SAFETY E1, `protective_stop`).
//!
//! Must hold: while a position is held one stop guards it, and none stands on the other side; what
//! stands is the venue's word, and with every reading of the account and after every doubt it is
//! asked for all that stand. A doubt ends with an answer to a question that was asked after it. A
//! position without a stop for longer than may be is said aloud, whatever the reason.
//!
//! Decision: it is placed at its distance from the market as it is then, which is when the position
//! begins, and stays there until the position is flat or turns. It closes whatever is held when it
//! is met, so that it need not follow the size of the position. It follows no price either: to move
//! it would take it away first, because the venue takes no second one on that side.
//!
//! Not here: the order that a stop becomes, whose trades are real like all trades (`protecting`).

use super::digest::Digest;
use super::setup::{InstrumentLimits, StopRule, Timing};
use crate::types::{
    ClientOrderId, InstrumentId, MS, Price, Qty, QueryToken, Side, StandingStop, StopReport,
    StopReportKind,
};

/// After a refusal nothing is asked for so long, and after each further one for twice as long.
const PAUSE_NS: u64 = 500 * MS;

/// Until it is 32 seconds.
const DOUBLINGS_MAX: u32 = 6;

/// What a person may know of the stop of one instrument.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ProtectionState {
    /// None is configured.
    #[default]
    Off,
    /// There is no position to guard.
    Idle,
    /// The venue confirmed that one stands, and at which price it is met.
    Guarded(Price),
    /// A position is held and none is confirmed.
    Bare,
}

/// All of them.
#[derive(Debug)]
pub(super) struct Protection {
    guards: Vec<Guard>,
    answer_ns_max: u64,
    any: bool,
}

/// Those of one instrument.
#[derive(Clone, Copy, Debug)]
struct Guard {
    rule: Option<StopRule>,
    /// By side.
    stops: [Option<Stop>; 2],
    /// The last of each side that is over: trades of its order may still come.
    over: [Option<ClientOrderId>; 2],
    listing: Listing,
    /// Nothing is placed or taken back before.
    paused_until_ns: u64,
    /// How often in a row the venue took none.
    refusals: u32,
    /// Since when a position has had no stop.
    bare_since_ns: Option<u64>,
    told: bool,
}

/// What was asked of the venue after all that stand.
#[derive(Clone, Copy, Debug, Default)]
struct Listing {
    /// The last question, and whether its answer has come.
    asked_ns: Option<u64>,
    is_answered: bool,
    /// The last question after the account by then.
    reading: QueryToken,
    /// Since the last question something happened that only an answer to the next one tells.
    in_doubt: bool,
    /// Which have stood is known.
    is_known: bool,
}

#[derive(Clone, Copy, Debug)]
struct Stop {
    id: ClientOrderId,
    trigger: Price,
    phase: Phase,
    /// When it was last asked for, or asked to go.
    asked_ns: u64,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    /// It was asked for.
    Asked,
    Stands,
    /// It was asked to go.
    Leaving,
    /// It was met: its order closes the position.
    Triggered,
    /// Nobody knows: only a list tells.
    Doubtful,
}

/// What is known of the instrument at work.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene {
    pub(super) position: Qty,
    /// It is proven: only then a stop is taken back.
    pub(super) proven: bool,
    /// The last question after the account: with each of them the stops are looked at, too.
    pub(super) reading: QueryToken,
    pub(super) now_ns: u64,
}

/// What must be asked of the venue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Act {
    /// Place one on that side.
    Place(Side),
    /// Take that one back.
    Cancel(ClientOrderId),
    /// Tell which stand.
    List,
}

impl Protection {
    pub(super) fn new(limits: &[InstrumentLimits], timing: &Timing) -> Self {
        let guards: Vec<_> = limits.iter().map(|it| Guard::new(it.protective_stop)).collect();
        Self {
            any: guards.iter().any(|guard| guard.rule.is_some()),
            guards,
            answer_ns_max: timing.answer_ns_max,
        }
    }

    /// True where any instrument has a rule.
    pub(super) fn is_on(&self) -> bool {
        self.any
    }

    pub(super) fn rule(&self, instrument: InstrumentId) -> Option<StopRule> {
        self.guards[instrument.index()].rule
    }

    /// What to ask for next, if anything; again until nothing is left.
    pub(super) fn next(&mut self, instrument: InstrumentId, scene: &Scene) -> Option<Act> {
        let &Scene { position, proven, reading, now_ns } = scene;
        let guard = &mut self.guards[instrument.index()];
        guard.rule?;
        guard.doubt_late(now_ns, self.answer_ns_max);
        if guard.listing.is_due(reading, now_ns, self.answer_ns_max) {
            guard.listing.ask(reading, now_ns);
            return Some(Act::List);
        }
        if !guard.listing.is_known || now_ns < guard.paused_until_ns {
            return None;
        }
        let wanted = Side::reducing(position);
        let missing = wanted.filter(|side| guard.stops[side.index()].is_none());
        match missing {
            Some(side) => Some(Act::Place(side)),
            None if proven => guard.take_unwanted(wanted, now_ns),
            None => None,
        }
    }

    /// One was asked for.
    pub(super) fn on_placed(
        &mut self,
        instrument: InstrumentId,
        side: Side,
        stop: StandingStop,
        now_ns: u64,
    ) {
        let StandingStop { id, trigger } = stop;
        let asked = Stop { id, trigger, phase: Phase::Asked, asked_ns: now_ns };
        self.guards[instrument.index()].stops[side.index()] = Some(asked);
    }

    /// It could not be asked for.
    pub(super) fn on_denied(&mut self, instrument: InstrumentId, now_ns: u64) {
        self.guards[instrument.index()].paused_until_ns = now_ns.saturating_add(PAUSE_NS);
    }

    /// The venue's word; true for what a person must know and was not told.
    pub(super) fn on_report(&mut self, report: &StopReport, now_ns: u64) -> bool {
        let guard = &mut self.guards[report.instrument.index()];
        match report.kind {
            StopReportKind::Stands(id) => guard.stand(id),
            StopReportKind::Triggered(id) => return guard.trigger(id, now_ns),
            StopReportKind::Refused { id, .. } => return guard.on_refused(id, now_ns),
            StopReportKind::Failed(id) => {
                guard.end(id);
                return true;
            }
            StopReportKind::Over(id) => guard.end(id),
            StopReportKind::Unknown(id) => guard.doubt(id),
            StopReportKind::Listed { asked_ns, buy, sell } => {
                if guard.listing.asked_ns == Some(asked_ns) {
                    guard.listing.is_answered = true;
                    guard.listing.is_known = true;
                    guard.compare(Side::Buy, buy, asked_ns);
                    guard.compare(Side::Sell, sell, asked_ns);
                }
            }
        }
        false
    }

    /// The side of the stop that became an order under that id; `None` where none did.
    pub(super) fn made(&self, instrument: InstrumentId, id: ClientOrderId) -> Option<Side> {
        let guard = &self.guards[instrument.index()];
        Side::BOTH.into_iter().find(|side| {
            let stop = guard.stops[side.index()].map(|stop| stop.id);
            stop == Some(id) || guard.over[side.index()] == Some(id)
        })
    }

    /// Looks whether a position is guarded; true once a person must know that it has not been for
    /// longer than may be.
    pub(super) fn is_bare_too_long(
        &mut self,
        instrument: InstrumentId,
        position: Qty,
        now_ns: u64,
    ) -> bool {
        let guard = &mut self.guards[instrument.index()];
        let Some(rule) = guard.rule else { return false };
        if guard.is_guarded(position) {
            (guard.bare_since_ns, guard.told) = (None, false);
            return false;
        }
        let since_ns = *guard.bare_since_ns.get_or_insert(now_ns);
        let late = rule.within_ns <= now_ns.saturating_sub(since_ns);
        late && !std::mem::replace(&mut guard.told, late)
    }

    /// How it stands.
    pub(super) fn state(&self, instrument: InstrumentId, position: Qty) -> ProtectionState {
        let guard = &self.guards[instrument.index()];
        let Some(side) = Side::reducing(position) else {
            return guard.rule.map_or(ProtectionState::Off, |_| ProtectionState::Idle);
        };
        match (guard.rule, guard.stops[side.index()]) {
            (None, _) => ProtectionState::Off,
            (Some(_), Some(stop)) if stop.phase == Phase::Stands => {
                ProtectionState::Guarded(stop.trigger)
            }
            (Some(_), _) => ProtectionState::Bare,
        }
    }

    /// Its part of the state digest.
    pub(super) fn digest(&self, digest: Digest) -> Digest {
        self.guards.iter().flat_map(|guard| guard.stops).fold(digest, |digest, stop| {
            let id = stop.map_or(0, |stop| stop.id.sequence);
            digest.with_count(id.into()).with(stop.map_or(-1, |stop| stop.phase as i64))
        })
    }
}

impl Listing {
    fn ask(&mut self, reading: QueryToken, now_ns: u64) {
        let (asked_ns, is_known) = (Some(now_ns), self.is_known);
        *self = Self { asked_ns, is_answered: false, reading, in_doubt: false, is_known };
    }

    /// With every reading of the account, and in doubt as soon as an answer may have come.
    fn is_due(&self, reading: QueryToken, now_ns: u64, answer_ns_max: u64) -> bool {
        let Some(asked_ns) = self.asked_ns else { return true };
        let waited = answer_ns_max <= now_ns.saturating_sub(asked_ns);
        match (self.is_answered, self.in_doubt) {
            (false, _) => waited,
            (true, true) => waited || reading != self.reading,
            (true, false) => reading != self.reading,
        }
    }
}

impl Guard {
    fn new(rule: Option<StopRule>) -> Self {
        Self {
            rule,
            stops: [None; 2],
            over: [None; 2],
            listing: Listing::default(),
            paused_until_ns: 0,
            refusals: 0,
            bare_since_ns: None,
            told: false,
        }
    }

    /// True without a position, and while a stop guards it or closes it.
    fn is_guarded(&self, position: Qty) -> bool {
        let Some(side) = Side::reducing(position) else { return true };
        let phase = self.stops[side.index()].map(|stop| stop.phase);
        matches!(phase, Some(Phase::Stands | Phase::Triggered))
    }

    fn find(&mut self, id: ClientOrderId) -> Option<&mut Stop> {
        self.stops.iter_mut().flatten().find(|stop| stop.id == id)
    }

    /// One that was asked to go meanwhile still is.
    fn stand(&mut self, id: ClientOrderId) {
        if let Some(stop) = self.find(id).filter(|stop| stop.phase == Phase::Asked) {
            stop.phase = Phase::Stands;
            self.refusals = 0;
        }
    }

    /// Another one may stand there, of which nothing is known here.
    fn on_refused(&mut self, id: ClientOrderId, now_ns: u64) -> bool {
        let pause_ns = PAUSE_NS << self.refusals.min(DOUBLINGS_MAX);
        self.paused_until_ns = now_ns.saturating_add(pause_ns);
        self.listing.in_doubt = true;
        self.end(id);
        self.refusals = self.refusals.saturating_add(1);
        self.refusals == 1
    }

    fn trigger(&mut self, id: ClientOrderId, now_ns: u64) -> bool {
        let Some(stop) = self.find(id) else { return false };
        let is_news = stop.phase != Phase::Triggered;
        (stop.phase, stop.asked_ns) = (Phase::Triggered, now_ns);
        is_news
    }

    fn end(&mut self, id: ClientOrderId) {
        let side = self.stops.iter().position(|stop| stop.is_some_and(|stop| stop.id == id));
        if let Some(side) = side {
            self.stops[side] = None;
            self.over[side] = Some(id);
        }
    }

    /// A stop that was met is not in doubt: it is on its way.
    fn doubt(&mut self, id: ClientOrderId) {
        if let Some(stop) = self.find(id).filter(|stop| stop.phase != Phase::Triggered) {
            stop.phase = Phase::Doubtful;
            self.listing.in_doubt = true;
        }
    }

    /// What was asked and not answered in time is in doubt; so is an order of a stop that does not
    /// come to its end.
    fn doubt_late(&mut self, now_ns: u64, answer_ns_max: u64) {
        for stop in self.stops.iter_mut().flatten() {
            let waits = matches!(stop.phase, Phase::Asked | Phase::Leaving | Phase::Triggered);
            if waits && answer_ns_max <= now_ns.saturating_sub(stop.asked_ns) {
                stop.phase = Phase::Doubtful;
                self.listing.in_doubt = true;
            }
        }
    }

    /// One that stands where no position asks for it.
    fn take_unwanted(&mut self, wanted: Option<Side>, now_ns: u64) -> Option<Act> {
        for side in Side::BOTH.into_iter().filter(|side| wanted != Some(*side)) {
            if let Some(stop) = &mut self.stops[side.index()]
                && stop.phase == Phase::Stands
            {
                (stop.phase, stop.asked_ns) = (Phase::Leaving, now_ns);
                return Some(Act::Cancel(stop.id));
            }
        }
        None
    }

    /// What stands of one side, as of then.
    fn compare(&mut self, side: Side, told: Option<StandingStop>, as_of_ns: u64) {
        match (told, self.stops[side.index()]) {
            (_, Some(stop)) if self.is_later(&stop, as_of_ns) => {}
            (Some(standing), before) => self.adopt(side, standing, before, as_of_ns),
            (None, Some(gone)) => self.end(gone.id),
            (None, None) => {}
        }
    }

    /// It was asked for, or came into doubt, since then: that list is too old to know of it.
    fn is_later(&self, stop: &Stop, as_of_ns: u64) -> bool {
        let is_doubtful = stop.phase == Phase::Doubtful;
        as_of_ns <= stop.asked_ns || is_doubtful && self.listing.in_doubt
    }

    fn adopt(&mut self, side: Side, told: StandingStop, before: Option<Stop>, as_of_ns: u64) {
        let StandingStop { id, trigger } = told;
        if let Some(before) = before.filter(|before| before.id != id) {
            self.over[side.index()] = Some(before.id);
        }
        let stop = Stop { id, trigger, phase: Phase::Stands, asked_ns: as_of_ns };
        self.stops[side.index()] = Some(stop);
        self.refusals = 0;
    }
}

#[cfg(test)]
mod tests;
