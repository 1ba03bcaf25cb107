//! Orders that do not go: asked to, or past their time, and the venue says nothing final (SAFETY
//! T7).
//!
//! Must hold: only opening orders escalate (E1); patience runs on the monotonic clock and only
//! while orders can be sent, so that an outage is not taken for a venue that refuses; nothing here
//! makes an order final: that stays the venue's own word.

use super::Order;
use crate::core::setup::Timing;
use crate::types::{ClientOrderId, InstrumentId, Purpose};

/// What is done about an order that does not go.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(in crate::core) enum Escalation {
    /// Take back every opening order of the symbol.
    Sweep,
    /// Let the instrument only reduce, and call somebody.
    Stop,
}

/// How long and how often one order has been asked to go.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(in crate::core) struct Patience {
    since_ns: Option<u64>,
    cancels: u32,
    is_over: bool,
}

impl Patience {
    /// A cancel of it leaves.
    pub(super) fn on_cancel(&mut self, now_ns: u64) {
        self.since_ns.get_or_insert(now_ns);
        self.cancels = self.cancels.saturating_add(1);
    }

    /// Its time to live is over, whatever else is known of it.
    pub(super) fn on_expired(&mut self, now_ns: u64) {
        self.since_ns.get_or_insert(now_ns);
    }

    /// What was asked for before could not be heard.
    pub(super) fn begin_anew(&mut self, now_ns: u64) {
        self.since_ns = self.since_ns.map(|_| now_ns);
        self.cancels = 0;
    }

    /// When it is over, once it has begun.
    pub(super) fn ends_ns(&self, timing: &Timing) -> Option<u64> {
        self.since_ns.map(|since_ns| since_ns.saturating_add(timing.stuck_ns_max))
    }

    /// What its silence asks for: every so many cancels a sweep, and once, after so long, a stop.
    fn step(&mut self, now_ns: u64, timing: &Timing) -> Option<Escalation> {
        let waited_ns = now_ns.saturating_sub(self.since_ns?);
        if !self.is_over && timing.stuck_ns_max <= waited_ns {
            self.is_over = true;
            return Some(Escalation::Stop);
        }
        let counted = 0 < self.cancels && self.cancels.is_multiple_of(timing.cancel_attempts_max);
        counted.then_some(Escalation::Sweep)
    }
}

/// The strictest step that each instrument asks for, until the machine takes it.
#[derive(Debug)]
pub(super) struct Stuck {
    steps: Vec<Option<(Escalation, ClientOrderId)>>,
    /// How many instruments ask for something.
    asking: u32,
    /// Whether orders can be sent, by instrument.
    entries: Vec<Entry>,
}

/// The connection that carries orders of an instrument.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Entry {
    Up,
    Down,
}

impl Stuck {
    pub(super) fn new(instruments: usize) -> Self {
        Self { steps: vec![None; instruments], asking: 0, entries: vec![Entry::Down; instruments] }
    }

    pub(super) fn set_entry(&mut self, there: impl Fn(InstrumentId) -> bool, entry: Entry) {
        for (slot, id) in self.entries.iter_mut().zip((0_u16..).map(InstrumentId)) {
            *slot = if there(id) { entry } else { *slot };
        }
    }

    /// An order was asked to go once more, or after, and has not gone.
    pub(super) fn observe(&mut self, order: &mut Order, now_ns: u64, timing: &Timing) {
        let entry = self.entries[order.terms.instrument.index()];
        if order.terms.purpose != Purpose::Opening || entry == Entry::Down {
            return;
        }
        let Some(step) = order.patience.step(now_ns, timing) else { return };
        let slot = &mut self.steps[order.terms.instrument.index()];
        if slot.is_none_or(|(asked, _)| asked < step) {
            self.asking += u32::from(slot.is_none());
            *slot = Some((step, order.id));
        }
    }

    /// True while any instrument asks for something.
    pub(super) fn is_asking(&self) -> bool {
        0 < self.asking
    }

    /// What an instrument asks for, once.
    pub(super) fn take(&mut self, instrument: InstrumentId) -> Option<(Escalation, ClientOrderId)> {
        let step = self.steps[instrument.index()].take();
        self.asking -= u32::from(step.is_some());
        step
    }
}
