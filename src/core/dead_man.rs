//! The venue's dead-man's switch, instrument by instrument (SAFETY E4, E15): when it is set, until
//! when it holds, which orders wait for it.
//!
//! Must hold: only a step of the core renews it, and only while order entry is up: a core that
//! hangs, a process that died and orders that cannot be taken back all let it run out. No
//! opening order that can rest leaves while its switch is not confirmed to be armed. It is armed
//! only where opening orders stand or wait, and disarmed once none does. A request that disarms is
//! never overtaken: while one may still arrive, nothing is armed and nothing leaves.
//!
//! Decision: the first order waits for the confirmation, here and not with its strategy. Sending it
//! along with the request would leave it unguarded for as long as the request takes, and denying it
//! would punish honest quoting for a round trip (SAFETY E14). It waits as long as any answer is
//! waited for and is `NotSent` then; afterwards wishes are denied until it is time for another try.
//!
//! Decision: a switch is looked at once a renewal period and not with every order that comes and
//! goes: a maker whose orders come and go each second would spend 20 request weights on each. So
//! one instrument costs at most two requests a period: arm and disarm.
//!
//! Not here: what the venue does to orders that only reduce or protect. Its documents do not say;
//! the status calls it unverified.

use super::digest::Digest;
use super::effect::{Command, Effect, Effects};
use super::event::LinkChannel;
use super::links::Links;
use super::orders::Totals;
use super::safety::Approved;
use super::setup::{DeadManTiming, Timing};
use crate::types::{
    DeadManAnswer, DeadManReport, DeadManRequest, Instrument, InstrumentId, MS, Qty, Side, Stamp,
};

/// A cancel by the venue so shortly before the switch was due is the switch's: two clocks that
/// count a minute differ by less.
const EARLY_NS: u64 = 100 * MS;

/// Most orders that wait at once: a burst of quotes for every instrument that the venue's weight
/// limit lets be guarded. What would be more is denied as if the switch could not be armed.
pub(super) const WAITING_MAX: usize = 256;

/// What a person may know of one switch.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum DeadManState {
    /// The venue has none, or it is not wanted.
    #[default]
    Off,
    /// It is not armed.
    Disarmed,
    /// It was asked to be set, and no answer came yet.
    Asked,
    /// It is confirmed to be armed.
    Armed {
        /// When it fires unless it is renewed, milliseconds since the Unix epoch.
        until_unix_ms: u64,
    },
}

/// All switches, and the orders that wait for one.
#[derive(Debug)]
pub(super) struct DeadMan {
    timing: Option<DeadManTiming>,
    /// How long an answer, and with it an order, is waited for.
    answer_ns_max: u64,
    /// After so long no request arrives any more.
    lost_ns: u64,
    switches: Vec<Switch>,
    waiting: Vec<Approved>,
    /// Nothing is looked at before.
    next_ns: u64,
}

/// One instrument's.
#[derive(Clone, Copy, Debug)]
struct Switch {
    /// It fires no earlier: the last renewal that was confirmed.
    until_ns: Option<u64>,
    /// It may be running at the venue; at the start because of an earlier run.
    may_run: bool,
    /// The last request, while it has no answer that ends it.
    asked: Option<DeadManRequest>,
    /// Nothing that rests is taken before: the last try failed.
    refused_until_ns: u64,
    /// When it is looked at again.
    next_ns: u64,
    /// A person was told that it cannot be armed.
    told: bool,
}

/// What a switch may look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    pub(super) now_ns: u64,
    pub(super) totals: &'a Totals,
    pub(super) instruments: &'a [Instrument],
    /// By `VenueId`: whether orders can be taken back.
    pub(super) links: &'a [Links],
    /// The process ends: what is not needed is disarmed at once.
    pub(super) stopping: bool,
}

impl Scene<'_> {
    /// Orders of that instrument can be taken back.
    fn entry_up(&self, instrument: InstrumentId) -> bool {
        let venue = self.instruments[instrument.index()].venue;
        self.links[venue.index()].is_channel_up(LinkChannel::Orders)
    }
}

impl DeadMan {
    pub(super) fn new(timing: Option<DeadManTiming>, limits: &Timing, instruments: usize) -> Self {
        let renew_ns = timing.map_or(u64::MAX, |timing| timing.renew_ns);
        let switch = Switch {
            until_ns: None,
            may_run: timing.is_some(),
            asked: None,
            refused_until_ns: 0,
            next_ns: renew_ns,
            told: false,
        };
        Self {
            timing,
            answer_ns_max: limits.answer_ns_max,
            lost_ns: limits.not_found_final_ns,
            switches: vec![switch; instruments],
            waiting: Vec::with_capacity(WAITING_MAX),
            next_ns: renew_ns,
        }
    }

    /// True when an opening order that rests may leave now.
    pub(super) fn is_armed(&self, instrument: InstrumentId, now_ns: u64) -> bool {
        let until_ns = self.switches[instrument.index()].until_ns;
        self.timing.is_none() || until_ns.is_some_and(|until_ns| now_ns < until_ns)
    }

    /// True when such an order may leave now or wait for its switch; false while the last try to
    /// arm it has failed.
    pub(super) fn can_arm(&self, instrument: InstrumentId, now_ns: u64) -> bool {
        let can_wait = !self.has_failed(instrument, now_ns) && self.waiting.len() < WAITING_MAX;
        self.is_armed(instrument, now_ns) || can_wait
    }

    /// True while it is not time for another try to arm.
    pub(super) fn has_failed(&self, instrument: InstrumentId, now_ns: u64) -> bool {
        now_ns < self.switches[instrument.index()].refused_until_ns
    }

    /// Keeps an order until its switch is armed, and asks for that.
    pub(super) fn hold(&mut self, order: Approved, scene: &Scene<'_>, effects: &mut Effects) {
        assert!(self.waiting.len() < WAITING_MAX, "the kernel bounds what waits");
        let instrument = order.terms().instrument;
        self.waiting.push(order);
        self.look(instrument, scene, effects);
    }

    /// An order that waits, by place.
    pub(super) fn waiting(&self, at: usize) -> Option<&Approved> {
        self.waiting.get(at)
    }

    /// Takes an order that waits.
    pub(super) fn take(&mut self, at: usize) -> Approved {
        self.waiting.remove(at)
    }

    /// An order waited in vain: nothing that rests is taken there until the next try. True when a
    /// person should know.
    pub(super) fn on_waited(&mut self, instrument: InstrumentId, now_ns: u64) -> bool {
        let pause_ns = self.pause_ns();
        let switch = &mut self.switches[instrument.index()];
        switch.refused_until_ns = now_ns.saturating_add(pause_ns);
        !std::mem::replace(&mut switch.told, true)
    }

    /// Does what time asks for, instrument by instrument: renews, disarms, tries again. Tells which
    /// switches ran out.
    pub(super) fn on_time(
        &mut self,
        scene: &Scene<'_>,
        effects: &mut Effects,
        mut ran_out: impl FnMut(InstrumentId, &mut Effects),
    ) {
        if self.timing.is_none() || (scene.now_ns < self.next_ns && !scene.stopping) {
            return;
        }
        for Instrument { id, .. } in scene.instruments {
            let switch = &mut self.switches[id.index()];
            if switch.until_ns.take_if(|until_ns| *until_ns <= scene.now_ns).is_some() {
                switch.next_ns = scene.now_ns;
                ran_out(*id, effects);
            }
            let idle = scene.stopping && switch.may_run;
            if switch.next_ns <= scene.now_ns || idle {
                self.look(*id, scene, effects);
            }
        }
        self.schedule();
    }

    /// The venue's word on a request. True when a person should know that it said no.
    pub(super) fn on_report(&mut self, report: &DeadManReport, now_ns: u64) -> bool {
        let Some(DeadManTiming { renew_ns, .. }) = self.timing else { return false };
        let pause_ns = self.pause_ns();
        let DeadManReport { request, answer } = *report;
        let switch = &mut self.switches[request.instrument.index()];
        // An answer to an older request says nothing of how the switch stands since.
        if switch.asked != Some(request) {
            return false;
        }
        let mut tell = false;
        switch.next_ns = now_ns.saturating_add(pause_ns);
        match answer {
            DeadManAnswer::Set if request.countdown_ms == 0 => {
                switch.asked = None;
                switch.may_run = false;
                switch.next_ns = now_ns;
            }
            DeadManAnswer::Set => {
                let countdown_ns = u64::from(request.countdown_ms).saturating_mul(MS);
                switch.asked = None;
                switch.until_ns = Some(request.asked_ns.saturating_add(countdown_ns));
                switch.next_ns = request.asked_ns.saturating_add(renew_ns);
                (switch.refused_until_ns, switch.told) = (0, false);
            }
            DeadManAnswer::Refused => {
                switch.asked = None;
                // What it was before a disarming that was refused is not known any more.
                if switch.until_ns.is_none() {
                    switch.refused_until_ns = now_ns.saturating_add(pause_ns);
                }
                tell = !std::mem::replace(&mut switch.told, true);
            }
            DeadManAnswer::Unknown => {}
        }
        self.schedule();
        tell
    }

    /// The venue took an order back that nobody asked it to. True when that was the switch.
    pub(super) fn on_unasked_cancel(&mut self, instrument: InstrumentId, now_ns: u64) -> bool {
        let due = |until_ns: &mut u64| until_ns.saturating_sub(EARLY_NS) <= now_ns;
        let switch = &mut self.switches[instrument.index()];
        let fired = switch.until_ns.take_if(due).is_some();
        if fired {
            switch.next_ns = now_ns;
            self.schedule();
        }
        fired
    }

    /// How one switch stands.
    pub(super) fn state(&self, instrument: InstrumentId, now: Stamp) -> DeadManState {
        let switch = &self.switches[instrument.index()];
        match (self.timing, switch.until_ns) {
            (None, _) => DeadManState::Off,
            (Some(_), Some(until_ns)) if now.mono_ns < until_ns => {
                let left_ns = until_ns - now.mono_ns;
                let until_unix_ms = now.unix_ns.saturating_add(left_ns) / MS;
                DeadManState::Armed { until_unix_ms }
            }
            (Some(_), _) if switch.asked.is_some() => DeadManState::Asked,
            (Some(_), _) => DeadManState::Disarmed,
        }
    }

    /// Its part of the state digest.
    pub(super) fn digest(&self, digest: Digest) -> Digest {
        let waiting = digest.with_count(self.waiting.len() as u64);
        self.switches.iter().fold(waiting, |digest, switch| {
            let asked_ns = switch.asked.map_or(0, |asked| asked.asked_ns);
            digest.with_count(switch.until_ns.unwrap_or(0)).with_count(asked_ns)
        })
    }

    /// Asks for what one switch should be.
    fn look(&mut self, instrument: InstrumentId, scene: &Scene<'_>, effects: &mut Effects) {
        let Some(DeadManTiming { countdown_ms, renew_ns }) = self.timing else { return };
        let pause_ns = self.pause_ns();
        let open = scene.totals.of(instrument);
        let stands = Side::BOTH.iter().any(|side| Qty::ZERO < open.opening(*side));
        let waits = self.waiting.iter().any(|order| order.terms().instrument == instrument);
        let wanted = stands || waits;
        let now_ns = scene.now_ns;
        let switch = &mut self.switches[instrument.index()];
        if let Some(busy_ns) = switch.busy_until_ns(self.answer_ns_max, self.lost_ns)
            && now_ns < busy_ns
        {
            switch.next_ns = busy_ns;
        } else if !wanted && !switch.may_run {
            switch.next_ns = u64::MAX;
        } else if !scene.entry_up(instrument) || effects.room() == 0 {
            switch.next_ns = now_ns.saturating_add(pause_ns);
        } else {
            let countdown_ms = if wanted { countdown_ms } else { 0 };
            if !wanted {
                switch.until_ns = None;
            }
            let request = DeadManRequest { instrument, countdown_ms, asked_ns: now_ns };
            switch.asked = Some(request);
            switch.may_run = true;
            switch.next_ns = now_ns.saturating_add(if wanted { pause_ns } else { renew_ns });
            effects.push(Effect::Send(Command::ArmDeadMan(request)));
        }
        self.schedule();
    }

    fn schedule(&mut self) {
        let next = self.switches.iter().map(|it| it.next_ns.min(it.until_ns.unwrap_or(u64::MAX)));
        self.next_ns = next.min().unwrap_or(u64::MAX);
    }

    /// How long after a try that failed the next one follows: at least two of them before a switch
    /// that was renewed in time runs out.
    fn pause_ns(&self) -> u64 {
        self.timing.map_or(u64::MAX, |timing| timing.renew_ns / 2).max(self.answer_ns_max)
    }
}

impl Switch {
    /// Until when nothing more may be asked: an arming is waited for as any answer is, a disarming
    /// until it cannot arrive any more.
    fn busy_until_ns(&self, answer_ns_max: u64, lost_ns: u64) -> Option<u64> {
        let asked = self.asked?;
        let wait_ns = if asked.countdown_ms == 0 { lost_ns } else { answer_ns_max };
        Some(asked.asked_ns.saturating_add(wait_ns))
    }
}
