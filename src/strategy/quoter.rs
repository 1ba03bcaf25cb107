//! A market maker: one post-only order on each side of the mid, for each of its instruments.
//!
//! The distance from the mid is half the spread plus a factor of the recent volatility; what it
//! holds shifts both quotes so that the position is traded away. Must hold:
//! - never more than one order a side: an old one is cancelled, and the new one follows when the
//!   old one is gone, and no sooner than `pause_ms` after the one before it, so that its rate
//!   of orders is bounded whatever the market does;
//! - a side that could carry the position beyond `max_inventory` is not quoted;
//! - no price meets the other side of the quote it was made from, nor an order of its own that may
//!   still stand on the other side: its trade may be known to the venue alone;
//! - halted, it does nothing: what may stay is for the kernel to say.
//!
//! It keeps no list of its orders: the view has it. It acts on quotes only, so a "no" cannot answer
//! itself, and waits some quotes after one.

use super::backoff::Backoff;
use super::signal::{self, Move, Volatility};
use crate::core::{
    Digest, Intents, Mode, Order, OrderUpdate, ParamFault, Strategy, StrategySetup, View,
};
use crate::types::{
    Filters, InstrumentId, InstrumentKind, MS, OrderKind, OrderRequest, OrderStatus, Price,
    Purpose, Qty, Quote, Side,
};

/// The settings, as the configuration gives them.
#[derive(Clone, Copy, Debug)]
struct Settings {
    order_qty: Qty,
    half_spread: Move,
    volatility_factor_millionths: i64,
    inventory_skew: Move,
    max_inventory: Qty,
    requote: Move,
    ttl_ns: u64,
    pause_ns: u64,
}

/// What a quote is made from.
#[derive(Clone, Copy, Debug)]
struct Scene<'a> {
    kind: InstrumentKind,
    filters: &'a Filters,
    quote: &'a Quote,
    position: Qty,
    mode: Mode,
    volatility: Move,
}

/// The order that one side should have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Target {
    price: Price,
    qty: Qty,
    purpose: Purpose,
}

/// What it remembers of one instrument.
#[derive(Debug)]
struct Memory {
    instrument: InstrumentId,
    volatility: Volatility,
    backoff: Backoff,
    /// By side: the next order may go from then on.
    next_ns: [u64; 2],
}

/// The market maker.
#[derive(Debug)]
struct Quoter {
    settings: Settings,
    memories: Vec<Memory>,
}

/// Most basis points of a setting, in millionths.
const BPS_MAX: u32 = 1_000_000_000;

/// Reads the settings: see `configs/` for what they mean to an operator.
pub(super) fn construct(setup: StrategySetup<'_>) -> Result<Box<dyn Strategy>, Vec<ParamFault>> {
    let mut params = setup.params;
    let settings = Settings {
        order_qty: params.qty("order_qty"),
        half_spread: params.millionths("half_spread_bps", 0..=BPS_MAX).into(),
        volatility_factor_millionths: params
            .millionths("volatility_factor", 0..=100_000_000)
            .into(),
        inventory_skew: params.millionths("inventory_skew_bps", 0..=BPS_MAX).into(),
        max_inventory: params.qty("max_inventory"),
        requote: params.millionths("requote_bps", 10_000..=BPS_MAX).into(),
        ttl_ns: u64::from(params.whole("ttl_ms", 1..=86_400_000)) * MS,
        pause_ns: u64::from(params.whole("pause_ms", 1..=60_000)) * MS,
    };
    if settings.max_inventory < settings.order_qty {
        params.fault("max_inventory", "must be at least `order_qty`");
    }
    params.finish()?;
    let memory = |instrument: &InstrumentId| Memory {
        instrument: *instrument,
        volatility: Volatility::default(),
        backoff: Backoff::new(),
        next_ns: [0; 2],
    };
    Ok(Box::new(Quoter { settings, memories: setup.instruments.iter().map(memory).collect() }))
}

impl Strategy for Quoter {
    fn on_quote(&mut self, view: &View<'_>, id: InstrumentId, quote: &Quote, out: &mut Intents) {
        let Some(memory) = self.memories.iter_mut().find(|it| it.instrument == id) else { return };
        if let Some(mid) = quote.mid() {
            memory.volatility.observe(mid);
        }
        let mode = view.mode_of(id);
        if Mode::Halted <= mode {
            return;
        }
        let is_ready = memory.backoff.on_turn();
        let scene = Scene {
            kind: view.instrument(id).kind,
            filters: &view.instrument(id).filters,
            quote,
            position: view.position(id),
            mode,
            volatility: memory.volatility.average(),
        };
        for side in Side::BOTH {
            let target = self.settings.target(side, &scene);
            let here = |order: &&Order| order.terms.instrument == id;
            let mut resting =
                view.orders().filter(|order| here(order) && order.terms.side == side).peekable();
            let next_ns = &mut memory.next_ns[side.index()];
            let is_free = is_ready && *next_ns <= view.now.mono_ns && resting.peek().is_none();
            let meets_none = |target: &Target| {
                let mut own = view.orders().filter(|order| here(order) && order.terms.side != side);
                !own.any(|order| side.accepts(order.terms.price, target.price))
            };
            if let Some(target) = target.filter(|_| is_free).filter(meets_none) {
                *next_ns = view.now.mono_ns.saturating_add(self.settings.pause_ns);
                out.place(self.settings.request(id, side, target));
            }
            for order in resting.filter(|order| self.settings.is_outdated(order, target)) {
                out.cancel(order.id);
            }
        }
    }

    fn on_order(&mut self, _: &View<'_>, update: &OrderUpdate, _: &mut Intents) {
        if let Some(memory) = self.memories.iter_mut().find(|it| it.instrument == update.instrument)
        {
            memory.backoff.on_outcome(update.outcome);
        }
    }

    fn digest(&self) -> u64 {
        let of_memory = |digest: Digest, memory: &Memory| {
            let seen = digest.with_known(memory.volatility.last().map(Price::units));
            let seen = memory.next_ns.iter().fold(seen, |seen, next_ns| seen.with_count(*next_ns));
            memory.backoff.digest(seen.with(memory.volatility.average()))
        };
        self.memories.iter().fold(Digest::new(), of_memory).value()
    }
}

impl Settings {
    /// The order that a side should have; `None` when it should have none, or the venue would not
    /// take it.
    fn target(&self, side: Side, scene: &Scene<'_>) -> Option<Target> {
        let (qty, purpose) = self.size(side, scene)?;
        let price = self.price(side, scene)?;
        // Spot takes nothing that is worth too little, whatever it is for.
        let is_exempt = purpose == Purpose::Reducing && scene.kind == InstrumentKind::Perpetual;
        let is_worth_it = is_exempt || scene.filters.notional_min <= price.notional(qty);
        is_worth_it.then_some(Target { price, qty, purpose })
    }

    /// How much may be quoted, and what for. Where only reductions pass, no more than the position;
    /// a sale on spot is never more than that.
    fn size(&self, side: Side, scene: &Scene<'_>) -> Option<(Qty, Purpose)> {
        let held = side.signed(scene.position);
        let room = self.max_inventory.saturating_sub(held).min(self.order_qty);
        let has_no_short = scene.kind == InstrumentKind::Spot && side == Side::Sell;
        let reduces = scene.mode == Mode::Reducing || has_no_short;
        let most = if reduces { room.min(held.negated()) } else { room };
        let qty = most.min(scene.filters.qty_max).truncate_to(scene.filters.qty_step);
        let purpose = if qty <= held.negated() { Purpose::Reducing } else { Purpose::Opening };
        (Qty::ZERO < qty && scene.filters.qty_min <= qty).then_some((qty, purpose))
    }

    /// The mid, moved away by spread and volatility and aside by what is held, rounded outwards,
    /// and held back one tick before the other side.
    fn price(&self, side: Side, scene: &Scene<'_>) -> Option<Price> {
        let (mid, tick) = (scene.quote.mid()?, scene.filters.price_tick);
        let held = side.signed(scene.position);
        let full = self.max_inventory.units();
        let skew = signal::scaled(self.inventory_skew, held.units().clamp(-full, full), full);
        let restless =
            signal::scaled(scene.volatility, self.volatility_factor_millionths, 1_000_000);
        let away = self.half_spread.saturating_add(restless).saturating_add(skew);
        let distance = tick.times(signal::in_ticks(away, mid, tick));
        let touch = scene.quote.touch(side)?;
        let price = match side {
            Side::Buy => mid
                .floor_to(tick)
                .saturating_sub(distance)
                .min(touch.ceil_to(tick).saturating_sub(tick)),
            Side::Sell => mid
                .ceil_to(tick)
                .saturating_add(distance)
                .max(touch.floor_to(tick).saturating_add(tick)),
        };
        let Filters { price_min, price_max, .. } = *scene.filters;
        (Price::ZERO < price && price_min <= price && price <= price_max).then_some(price)
    }

    /// True for an order that stands where or for more than it should not. One that is on its way,
    /// there or back, or of unknown fate is left to finish first.
    fn is_outdated(&self, order: &Order, target: Option<Target>) -> bool {
        let is_resting = matches!(order.status, OrderStatus::New | OrderStatus::PartiallyFilled);
        let remaining = order.terms.qty.saturating_sub(order.cum_qty);
        let is_wrong = target.is_none_or(|target| {
            let moved = signal::relative_move(order.terms.price, target.price).abs();
            self.requote <= moved || target.qty < remaining
        });
        is_resting && is_wrong
    }

    fn request(&self, instrument: InstrumentId, side: Side, target: Target) -> OrderRequest {
        OrderRequest {
            instrument,
            side,
            kind: OrderKind::PostOnly(target.price),
            qty: target.qty,
            purpose: target.purpose,
            ttl_ns: Some(self.ttl_ns),
        }
    }
}

#[cfg(test)]
#[path = "quoter_tests.rs"]
mod tests;
