//! A taker that follows the market: when the mid has moved far enough within the lookback, it takes
//! in that direction, holds for a time, and leaves.
//!
//! Must hold, for each of its instruments: it takes only when it holds nothing and has no order;
//! it leaves by reducing orders only, as many as it takes to be flat, also in a market that stands
//! still (by the timer); every order is immediate-or-cancel at the touch and a little beyond.

use super::backoff::Backoff;
use super::mids::Mids;
use super::signal::Move;
use crate::core::{Digest, Intents, Mode, OrderUpdate, ParamFault, Strategy, StrategySetup, View};
use crate::types::{
    Filters, InstrumentId, MS, OrderKind, OrderRequest, Price, Purpose, Qty, Quote, SECOND, Side,
};

/// Ticks beyond the touch that an order may pay, so that a quote that moved by one is still met.
const BEYOND_TICKS: i64 = 2;

/// Time between two orders: one that met nobody is not chased at the pace of the quotes.
const PAUSE_NS: u64 = SECOND;

/// How often it looks at the time when no quote comes.
const TIMER_NS: u64 = 100 * MS;

/// The settings, as the configuration gives them.
#[derive(Clone, Copy, Debug)]
struct Settings {
    order_qty: Qty,
    lookback_ns: u64,
    threshold: Move,
    hold_ns: u64,
    cooldown_ns: u64,
    ttl_ns: u64,
}

/// What it remembers of one instrument.
#[derive(Debug)]
struct Memory {
    instrument: InstrumentId,
    mids: Mids,
    backoff: Backoff,
    phase: Phase,
    /// No order before.
    next_ns: u64,
}

/// Where it is in its round.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Phase {
    /// Flat, and not before this time in the market again.
    Flat { until_ns: u64 },
    /// Holding since then.
    Holding { since_ns: u64 },
}

/// What it wants now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Wish {
    Enter(Side),
    Leave(Side),
}

/// The follower.
#[derive(Debug)]
struct Momentum {
    settings: Settings,
    memories: Vec<Memory>,
}

/// Reads the settings: see `configs/` for what they mean to an operator.
pub(super) fn construct(setup: StrategySetup<'_>) -> Result<Box<dyn Strategy>, Vec<ParamFault>> {
    const DAY_MS: u32 = 86_400_000;
    let mut params = setup.params;
    let mut ns = |key, low| u64::from(params.whole(key, low..=DAY_MS)) * MS;
    let [lookback_ns, ttl_ns] = ["lookback_ms", "ttl_ms"].map(|key| ns(key, 1));
    let [hold_ns, cooldown_ns] = ["hold_ms", "cooldown_ms"].map(|key| ns(key, 0));
    let settings = Settings {
        order_qty: params.qty("order_qty"),
        lookback_ns,
        threshold: params.millionths("threshold_bps", 10_000..=1_000_000_000).into(),
        hold_ns,
        cooldown_ns,
        ttl_ns,
    };
    params.finish()?;
    let memory = |instrument: &InstrumentId| Memory {
        instrument: *instrument,
        mids: Mids::over(settings.lookback_ns),
        backoff: Backoff::new(),
        phase: Phase::Flat { until_ns: 0 },
        next_ns: 0,
    };
    Ok(Box::new(Momentum { settings, memories: setup.instruments.iter().map(memory).collect() }))
}

impl Strategy for Momentum {
    fn timer_ns(&self) -> Option<u64> {
        Some(TIMER_NS)
    }

    /// What was seen before trading began, or before the link was lost, is no move of the market.
    fn on_start(&mut self, _: &View<'_>, _: &mut Intents) {
        self.memories.iter_mut().for_each(|memory| memory.mids.clear());
    }

    fn on_quote(&mut self, view: &View<'_>, id: InstrumentId, quote: &Quote, out: &mut Intents) {
        let Some(memory) = self.memories.iter_mut().find(|it| it.instrument == id) else { return };
        if let Some(mid) = quote.mid() {
            memory.mids.observe(view.now.mono_ns, mid);
        }
        memory.act(&self.settings, view, out);
    }

    fn on_timer(&mut self, view: &View<'_>, out: &mut Intents) {
        for memory in &mut self.memories {
            memory.act(&self.settings, view, out);
        }
    }

    fn on_order(&mut self, _: &View<'_>, update: &OrderUpdate, _: &mut Intents) {
        if let Some(memory) = self.memories.iter_mut().find(|it| it.instrument == update.instrument)
        {
            memory.backoff.on_outcome(update.outcome);
        }
    }

    fn digest(&self) -> u64 {
        self.memories.iter().fold(Digest::new(), |digest, memory| memory.digest(digest)).value()
    }
}

impl Memory {
    fn act(&mut self, settings: &Settings, view: &View<'_>, out: &mut Intents) {
        let now_ns = view.now.mono_ns;
        let filters = &view.instrument(self.instrument).filters;
        let held = tradable(view.position(self.instrument), filters);
        self.phase = self.phase.followed(held, now_ns, settings.cooldown_ns);
        let has_order = view.orders().any(|order| order.terms.instrument == self.instrument);
        let Some(quote) = view.quote(self.instrument) else { return };
        let mode = view.mode_of(self.instrument);
        let is_early = now_ns < self.next_ns;
        if has_order || is_early || Mode::Halted <= mode || !self.backoff.on_turn() {
            return;
        }
        let moved = quote.mid().and_then(|mid| self.mids.moved(now_ns, mid));
        let wish = self.phase.wish(settings, held, now_ns, moved);
        let request = wish.filter(|wish| mode < Mode::Reducing || !wish.is_entry());
        let request = request.and_then(|wish| self.request(wish, settings, quote, held, filters));
        if let Some(request) = request {
            self.next_ns = now_ns.saturating_add(PAUSE_NS);
            out.place(request);
        }
    }

    /// The order for a wish, at the touch and a little beyond; `None` when it is too small.
    fn request(
        &self,
        wish: Wish,
        settings: &Settings,
        quote: &Quote,
        held: Qty,
        filters: &Filters,
    ) -> Option<OrderRequest> {
        let (side, purpose, qty) = match wish {
            Wish::Enter(side) => (side, Purpose::Opening, settings.order_qty),
            Wish::Leave(side) => (side, Purpose::Reducing, settings.order_qty.min(held.abs())),
        };
        let qty = tradable(qty.min(filters.qty_max), filters);
        let price = beyond(quote.touch(side)?, side, filters.price_tick);
        (Qty::ZERO < qty).then_some(OrderRequest {
            instrument: self.instrument,
            side,
            kind: OrderKind::Ioc(price),
            qty,
            purpose,
            ttl_ns: Some(settings.ttl_ns),
        })
    }

    fn digest(&self, digest: Digest) -> Digest {
        let (phase, time_ns) = match self.phase {
            Phase::Flat { until_ns } => (0, until_ns),
            Phase::Holding { since_ns } => (1, since_ns),
        };
        let digest = digest.with(phase).with(time_ns.cast_signed()).with_count(self.next_ns);
        self.backoff.digest(self.mids.digest(digest))
    }
}

impl Phase {
    /// The phase that the position shows; a change of it happens now.
    fn followed(self, held: Qty, now_ns: u64, cooldown_ns: u64) -> Self {
        match (self, held != Qty::ZERO) {
            (Self::Flat { .. }, true) => Self::Holding { since_ns: now_ns },
            (Self::Holding { .. }, false) => {
                Self::Flat { until_ns: now_ns.saturating_add(cooldown_ns) }
            }
            (Self::Flat { .. }, false) | (Self::Holding { .. }, true) => self,
        }
    }

    /// What it wants, with nothing on its way. A move that is not known is no reason to enter.
    fn wish(
        self,
        settings: &Settings,
        held: Qty,
        now_ns: u64,
        moved: Option<Move>,
    ) -> Option<Wish> {
        match self {
            Self::Holding { since_ns } => {
                let is_over = settings.hold_ns <= now_ns.saturating_sub(since_ns);
                Side::reducing(held).filter(|_| is_over).map(Wish::Leave)
            }
            Self::Flat { until_ns } => {
                let moved = moved.filter(|_| until_ns <= now_ns)?;
                let side = if 0 < moved { Side::Buy } else { Side::Sell };
                (settings.threshold <= moved.saturating_abs()).then_some(Wish::Enter(side))
            }
        }
    }
}

impl Wish {
    fn is_entry(self) -> bool {
        matches!(self, Self::Enter(_))
    }
}

/// What of a quantity the venue would take: whole steps, and nothing below its minimum.
fn tradable(qty: Qty, filters: &Filters) -> Qty {
    let whole = qty.truncate_to(filters.qty_step);
    if filters.qty_min <= whole.abs() { whole } else { Qty::ZERO }
}

/// A price that a taker of this side pays at most.
fn beyond(touch: Price, side: Side, tick: Price) -> Price {
    match side {
        Side::Buy => touch.ceil_to(tick).saturating_add(tick.times(BEYOND_TICKS)),
        Side::Sell => touch.floor_to(tick).saturating_sub(tick.times(BEYOND_TICKS)),
    }
}

#[cfg(test)]
#[path = "momentum_tests.rs"]
mod tests;
