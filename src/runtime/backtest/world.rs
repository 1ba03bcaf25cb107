//! Core, venue and time in one thread, without a network and without waiting.
//!
//! Orders reach the simulated venue, and its words come back, after the configured delay each.

use crate::config::Config;
use crate::core::{
    Alert, ClockSample, Command, Core, Effect, Effects, Event, EventKind, LinkChannel, LinkEvent,
    LinkState, Status,
};
use crate::ops::{Names, backtest_report::Outcome};
use crate::sim::Direct;
use crate::types::{
    AssetId, InstrumentId, MS, MarketData, MarketEvent, Price, SECOND, Stamp, VenueId,
};
use crate::venue::MarketCounters;
use std::collections::BTreeMap;

/// How often the core is told that time passed.
const TIMER_NS: u64 = 10 * MS;

/// How often the venue tells its marks.
const MARKS_NS: u64 = SECOND;

/// Something on its way between the core and the venue.
#[derive(Debug)]
enum Message {
    ToVenue(Command),
    ToCore(EventKind),
}

/// Core, venue and time, in one thread.
pub(super) struct World {
    core: Core,
    venue: Direct,
    effects: Effects,
    answers: Vec<EventKind>,
    /// What is on its way, by arrival and then by departure.
    under_way: BTreeMap<(u64, u64), Message>,
    departures: u64,
    latency_ns: u64,
    clock_refresh_ns: u64,
    /// Unix time of monotonic zero.
    begin_unix_ns: Option<u64>,
    now_ns: u64,
    next_timer_ns: u64,
    next_marks_ns: u64,
    next_clock_ns: u64,
    /// The venue's clock less ours, by the last message that told it.
    venue_ahead_ns: Option<i64>,
    drift_warned: bool,
}

impl World {
    pub(super) fn new(core: Core, venue: Direct, config: &Config) -> Self {
        Self {
            core,
            venue,
            effects: Effects::new(),
            answers: Vec::new(),
            under_way: BTreeMap::new(),
            departures: 0,
            latency_ns: config.backtest_latency_ns,
            clock_refresh_ns: config.limits.clock.refresh_ns,
            begin_unix_ns: None,
            now_ns: 0,
            next_timer_ns: 0,
            next_marks_ns: 0,
            next_clock_ns: 0,
            venue_ahead_ns: None,
            drift_warned: false,
        }
    }

    /// Lets everything happen that is due before the market's next word arrives.
    pub(super) fn advance_to(&mut self, unix_ns: u64) {
        let Some(begin_unix_ns) = self.begin_unix_ns else {
            self.begin_unix_ns = Some(unix_ns);
            self.connect();
            return;
        };
        let until_ns = unix_ns.saturating_sub(begin_unix_ns).max(self.now_ns);
        while let Some(due_ns) = self.next_due_ns().filter(|due_ns| *due_ns <= until_ns) {
            self.now_ns = due_ns;
            let arrived =
                self.under_way.first_key_value().is_some_and(|((at, _), _)| *at == due_ns);
            if arrived {
                self.arrive();
            } else if self.next_marks_ns == due_ns {
                self.next_marks_ns = due_ns.saturating_add(MARKS_NS);
                self.tell_marks();
            } else {
                self.next_timer_ns = due_ns.saturating_add(TIMER_NS);
                self.step(EventKind::Timer);
            }
        }
        self.now_ns = until_ns;
    }

    fn next_due_ns(&self) -> Option<u64> {
        let arrival = self.under_way.first_key_value().map(|((at, _), _)| *at);
        [Some(self.next_timer_ns), Some(self.next_marks_ns), arrival].into_iter().flatten().min()
    }

    fn tell_marks(&mut self) {
        let exchange = self.venue.exchange();
        let marks: Vec<(InstrumentId, Price)> = exchange
            .instruments()
            .iter()
            .filter_map(|it| Some((it.id, exchange.book(it.id)?.mark()?)))
            .collect();
        for (instrument, mark) in marks {
            let data = MarketData::Mark(mark);
            self.step(EventKind::Market(MarketEvent { instrument, sent_unix_ms: None, data }));
        }
    }

    fn connect(&mut self) {
        for channel in LinkChannel::ALL {
            let (venue, state) = (VenueId(0), LinkState::Up);
            self.step(EventKind::Link(LinkEvent { venue, channel, state }));
        }
    }

    pub(super) fn on_market(&mut self, event: MarketEvent) {
        self.observe_clock(&event);
        let now_unix_ms = self.unix_ns() / MS;
        self.venue.on_market(now_unix_ms, &event, &mut self.answers);
        self.post_answers();
        self.step(EventKind::Market(event));
    }

    /// A market has no answers of `/time`: the venue's clock is what its messages tell.
    fn observe_clock(&mut self, event: &MarketEvent) {
        let Some(sent_unix_ms) = event.sent_unix_ms else { return };
        let ahead = i128::from(sent_unix_ms) * i128::from(MS) - i128::from(self.unix_ns());
        self.venue_ahead_ns = i64::try_from(ahead).ok();
        if let (Some(offset_ns), true) = (self.venue_ahead_ns, self.next_clock_ns <= self.now_ns) {
            self.next_clock_ns = self.now_ns.saturating_add(self.clock_refresh_ns);
            let sample = ClockSample { venue: VenueId(0), offset_ns, rtt_ns: 0 };
            self.step(EventKind::Clock(sample));
        }
    }

    fn arrive(&mut self) {
        match self.under_way.pop_first() {
            Some((_, Message::ToCore(kind))) => self.step(kind),
            Some((_, Message::ToVenue(command))) => {
                let now_unix_ms = self.unix_ns() / MS;
                self.venue.handle(now_unix_ms, &command, &mut self.answers);
                self.post_answers();
            }
            None => {}
        }
    }

    fn post_answers(&mut self) {
        let mut answers = std::mem::take(&mut self.answers);
        for kind in answers.drain(..) {
            self.post(Message::ToCore(kind));
        }
        self.answers = answers;
    }

    fn post(&mut self, message: Message) {
        let arrives_ns = self.now_ns.saturating_add(self.latency_ns);
        self.departures += 1;
        self.under_way.insert((arrives_ns, self.departures), message);
    }

    fn step(&mut self, kind: EventKind) {
        let at = Stamp { mono_ns: self.now_ns, unix_ns: self.unix_ns() };
        let event = Event { at, received_ns: self.now_ns, kind };
        self.core.step(&event, &mut self.effects);
        let mut effects = std::mem::take(&mut self.effects);
        for effect in effects.drain() {
            match effect {
                Effect::Send(command) => self.post(Message::ToVenue(command)),
                Effect::Alert(Alert::ClockDrift { .. }) => self.drift_warned = true,
                Effect::Alert(_)
                | Effect::Denied { .. }
                | Effect::AmendDenied { .. }
                | Effect::Parent(_)
                | Effect::Closed { .. }
                | Effect::Tripped(_)
                | Effect::Reset { .. }
                | Effect::ModeChanged { .. }
                | Effect::HighWaterChanged(_)
                | Effect::Kept(_)
                | Effect::Ledger { .. }
                | Effect::TradesKnown { .. }
                | Effect::Answer { .. } => {}
            }
        }
        self.effects = effects;
    }

    fn unix_ns(&self) -> u64 {
        self.begin_unix_ns.unwrap_or(0).saturating_add(self.now_ns)
    }

    pub(super) fn finish(self, frames: u64, market: MarketCounters, names: Names) -> Outcome {
        let mut status = Status::default();
        self.core.status(&mut status);
        Outcome {
            frames,
            span_ns: self.now_ns,
            digest: self.core.digest(),
            market,
            status,
            drift_warned: self.drift_warned,
            names,
            venue_equity: self.venue.exchange().equity(self.venue.account(), AssetId(0)),
        }
    }
}
