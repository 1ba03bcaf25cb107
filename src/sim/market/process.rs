//! The order flow of one synthetic instrument: who comes when, and what they do to the book.
//!
//! Arrivals excite further arrivals (a Hawkes process), so there are bursts and long quiets. A fair
//! price wanders with a volatility that changes by regime; orders pull the book after it. All of it
//! is integer arithmetic on ticks and steps.
//!
//! Decision: the figures below are set by hand to look like the recorded session of
//! 2024-08-08 (BTCUSDT: spread one tick most of the time, some 2 BTC at the touch, trades mostly of
//! some 100 USDT with rare large ones). They are a market to be tested against, not a forecast.

use super::levels::{Grid, Levels};
use crate::sim::rng::{Rng, WAITING_MEAN};
use crate::types::{Instrument, MarketData, Price, SCALE, Side, Trade};

/// Between two frames of depth.
const FRAME_NS: u64 = 100_000_000;

/// Levels that a side never has fewer of after a frame, and never more of.
const LEVELS_MIN: usize = 30;
const LEVELS_MAX: usize = 80;

/// Excitement loses half of itself in this time.
const HALF_LIFE_NS: u64 = 64_000_000;

/// What one arrival adds to the intensity, in arrivals per 1000 s. With the half-life above one
/// arrival causes 0.6 others on average: the process is busy but never explodes.
const EXCITEMENT: u64 = 6_500;

/// Bounds of the excitement: 40 times the calm, so that a burst cannot flood a test.
const EXCITEMENT_MAX: u64 = 400_000;

/// Notional that stands at a price near the touch, in whole quote units.
const LEVEL_NOTIONAL: i64 = 40_000;

/// Notional of a trade, in whole quote units.
const TRADE_NOTIONAL: i64 = 1_500;

/// The fair price is kept in so many parts of a tick.
const FAIR_PARTS: i64 = 1_024;

/// What kind of time it is.
#[derive(Clone, Copy, Debug)]
struct Regime {
    /// Arrivals per 1000 s without excitement.
    base: u64,
    /// Spread of the fair price's step per frame, in parts per 100 million of the price.
    volatility: i64,
}

/// Quiet, ordinary, wild. 2,800 parts per frame are about 50 % a year.
const REGIMES: [Regime; 3] = [
    Regime { base: 1_500, volatility: 800 },
    Regime { base: 8_000, volatility: 2_800 },
    Regime { base: 16_000, volatility: 8_000 },
];

/// One instrument's market.
#[derive(Clone, Debug)]
pub(super) struct Process {
    rng: Rng,
    grid: Grid,
    levels: Levels,
    regime: Regime,
    excitement: u64,
    /// Time of the last change of `excitement`, of the next arrival and of the next frame.
    excited_ns: u64,
    arrival_ns: u64,
    frame_ns: u64,
    /// In parts of a tick.
    fair: i64,
    fair_min: i64,
    fair_max: i64,
    level_steps: i64,
    trade_steps: i64,
    trade_id: u64,
    update_id: u64,
}

impl Process {
    pub(super) fn new(seed: u64, instrument: &Instrument, start: Price) -> Self {
        let tick = instrument.filters.price_tick.max(Price::from_units(1));
        let step = instrument.filters.qty_step.max(crate::types::Qty::from_units(1));
        let grid = Grid { tick, step };
        let ticks = (start.units() / tick.units()).max(1_000);
        let steps = |notional: i64| steps_worth(notional, grid.price(ticks), &grid);
        let mut process = Self {
            rng: Rng::new(seed),
            grid,
            levels: Levels::default(),
            regime: REGIMES[1],
            excitement: 0,
            excited_ns: 0,
            arrival_ns: 0,
            frame_ns: FRAME_NS,
            fair: ticks.saturating_mul(FAIR_PARTS),
            fair_min: (ticks / 2).saturating_mul(FAIR_PARTS),
            fair_max: ticks.saturating_mul(2).saturating_mul(FAIR_PARTS),
            level_steps: steps(LEVEL_NOTIONAL),
            trade_steps: steps(TRADE_NOTIONAL),
            trade_id: 0,
            update_id: 0,
        };
        process.levels.change(Side::Buy, ticks, process.level_steps);
        process.levels.change(Side::Sell, ticks + 1, process.level_steps);
        process.schedule(0);
        process
    }

    /// When something happens next.
    pub(super) fn next_ns(&self) -> u64 {
        self.arrival_ns.min(self.frame_ns)
    }

    /// The first frame: a snapshot.
    pub(super) fn begin(&mut self, out: &mut Vec<MarketData>) {
        self.fill_depth();
        out.push(MarketData::BookBegin);
        self.end_frame(out);
        out.push(MarketData::Quote(self.levels.quote(&self.grid)));
    }

    /// What happens at [`Self::next_ns`].
    pub(super) fn step(&mut self, out: &mut Vec<MarketData>) {
        if self.frame_ns <= self.arrival_ns {
            self.frame_ns += FRAME_NS;
            self.wander();
            self.say_quote_after(out, Self::churn);
            self.end_frame(out);
            return;
        }
        let now_ns = self.arrival_ns;
        self.decay(now_ns);
        self.excitement = (self.excitement + EXCITEMENT).min(EXCITEMENT_MAX);
        self.act(out);
        self.schedule(now_ns);
    }

    /// Draws the next arrival. The intensity falls while one waits, so a candidate is accepted with
    /// the chance that the intensity has kept (Ogata's thinning).
    fn schedule(&mut self, now_ns: u64) {
        let mut at_ns = now_ns;
        loop {
            let before = self.regime.base + self.excitement;
            // Waiting of mean 1000 s / intensity, in nanoseconds.
            let mean_ns = 1_000_000_000_000 / before.max(1);
            at_ns += (mean_ns * self.rng.waiting() / WAITING_MEAN).max(1);
            self.decay(at_ns);
            if self.rng.below(before.max(1)) < self.regime.base + self.excitement {
                self.arrival_ns = at_ns;
                return;
            }
        }
    }

    /// Excitement after some time: halves by whole half-lives, a straight line between them.
    fn decay(&mut self, now_ns: u64) {
        let waited = now_ns.saturating_sub(self.excited_ns);
        self.excited_ns = now_ns;
        let halvings = u32::try_from(waited / HALF_LIFE_NS).unwrap_or(u32::MAX).min(63);
        let halved = self.excitement >> halvings;
        let rest = waited % HALF_LIFE_NS;
        self.excitement = halved - halved * rest / (2 * HALF_LIFE_NS);
    }

    /// The fair price takes a step, and sometimes the times change.
    fn wander(&mut self) {
        if self.rng.chance(8) {
            // Ordinary times are as frequent as the other two together.
            let dice = self.rng.below(4);
            let at = match dice {
                0 => 0,
                3 => 2,
                _ => 1,
            };
            self.regime = REGIMES[at];
        }
        let spread = i128::from(self.fair) * i128::from(self.regime.volatility) / i128::from(SCALE);
        let step = i64::try_from(spread).unwrap_or(0).saturating_mul(self.rng.bell()) / 1_000;
        self.fair = self.fair.saturating_add(step).clamp(self.fair_min, self.fair_max);
    }

    /// One arrival.
    fn act(&mut self, out: &mut Vec<MarketData>) {
        match self.pull() {
            Some((taker, ticks)) => self.chase(taker, ticks, out),
            None => self.idle(out),
        }
        self.tighten(out);
    }

    /// Which way, and by how many ticks, the fair price is beyond the touch.
    fn pull(&self) -> Option<(Side, i64)> {
        let (bid, ask) = (self.levels.best(Side::Buy)?, self.levels.best(Side::Sell)?);
        let fair = self.fair / FAIR_PARTS;
        match () {
            () if ask < fair => Some((Side::Buy, fair - ask)),
            () if fair < bid => Some((Side::Sell, bid - fair)),
            () => None,
        }
    }

    /// The fair price is beyond the touch: takers sweep it, or its makers step back, until it is
    /// not; the farther it is, the more of them at once.
    fn chase(&mut self, taker: Side, ticks: i64, out: &mut Vec<MarketData>) {
        for _ in 0..=(ticks / 8).min(4) {
            if self.pull().is_none_or(|(side, _)| side != taker) {
                return;
            }
            if self.rng.chance(450) {
                let touch = self.touch_steps(taker);
                self.trade(taker, touch, out);
            } else {
                self.say_quote_after(out, |process| process.pull_touch(taker.opposite()));
            }
        }
    }

    /// Nobody is in a hurry: small trades, new orders, cancels.
    fn idle(&mut self, out: &mut Vec<MarketData>) {
        let side = if self.rng.chance(500) { Side::Buy } else { Side::Sell };
        match self.rng.below(100) {
            0..22 => {
                let steps = self.heavy(self.trade_steps);
                self.trade(side, steps, out);
            }
            22..60 => self.say_quote_after(out, |process| process.join(side)),
            60..97 => self.say_quote_after(out, |process| process.leave(side)),
            _ => self.say_quote_after(out, |process| process.pull_touch(side)),
        }
    }

    /// Takes from the touch, price after price; each price is a trade of its own.
    fn trade(&mut self, taker: Side, steps: i64, out: &mut Vec<MarketData>) {
        let mut wanted = steps.max(1);
        while 0 < wanted {
            // The last level is never taken: an empty side has no price.
            let maker = taker.opposite();
            let Some(ticks) = self.levels.best(maker).filter(|_| 1 < self.levels.count(maker))
            else {
                return;
            };
            let taken = wanted.min(self.levels.at(maker, ticks));
            self.trade_id += 1;
            out.push(MarketData::Trade(Trade {
                id: self.trade_id,
                price: self.grid.price(ticks),
                qty: self.grid.qty(taken),
                aggressor: taker,
            }));
            self.say_quote_after(out, |process| process.levels.change(maker, ticks, -taken));
            wanted -= taken;
        }
    }

    /// Makers come back into a gap, mostly at once, and meet at the fair price.
    fn tighten(&mut self, out: &mut Vec<MarketData>) {
        for _ in 0..2 {
            let best = |side| self.levels.best(side);
            let (Some(bid), Some(ask)) = (best(Side::Buy), best(Side::Sell)) else { return };
            if ask - bid <= 1 || !self.rng.chance(900) {
                return;
            }
            let meeting = (self.fair / FAIR_PARTS).clamp(bid, ask - 1);
            let (side, ticks) = match bid < meeting {
                true => (Side::Buy, meeting),
                false => (Side::Sell, meeting + 1),
            };
            let steps = self.heavy(self.level_steps);
            self.say_quote_after(out, |process| process.levels.change(side, ticks, steps));
        }
    }

    /// A new order at the touch or a little behind it.
    fn join(&mut self, side: Side) {
        let Some(best) = self.levels.best(side) else { return };
        let behind = i64::try_from(self.rng.waiting() / 400).unwrap_or(0);
        let steps = self.heavy(self.level_steps / 4);
        self.levels.change(side, outward(side, best, behind), steps);
    }

    /// A cancel of part of the touch or of a level a little behind it.
    fn leave(&mut self, side: Side) {
        let Some(best) = self.levels.best(side) else { return };
        let behind = i64::try_from(self.rng.waiting() / 400).unwrap_or(0);
        let ticks = outward(side, best, behind);
        let there = self.levels.at(side, ticks);
        let steps = self.heavy(self.level_steps / 4).min(there - i64::from(behind == 0));
        if 0 < steps {
            self.levels.change(side, ticks, -steps);
        }
    }

    /// All of the touch is cancelled.
    fn pull_touch(&mut self, side: Side) {
        if let Some(best) = self.levels.best(side).filter(|_| 1 < self.levels.count(side)) {
            self.levels.change(side, best, -self.levels.at(side, best));
        }
    }

    /// Deeper prices change in every frame, and the depth keeps its size.
    fn churn(&mut self) {
        for side in Side::BOTH {
            let Some(best) = self.levels.best(side) else { continue };
            for _ in 0..4 {
                let ticks = outward(side, best, self.rng.within(3, 60));
                let there = self.levels.at(side, ticks);
                let steps = match 0 < there && self.rng.chance(500) {
                    true => -there,
                    false => self.heavy(self.level_steps),
                };
                self.levels.change(side, ticks, steps);
            }
        }
        self.fill_depth();
    }

    fn fill_depth(&mut self) {
        for side in Side::BOTH {
            while self.levels.count(side) < LEVELS_MIN {
                let Some(worst) = self.levels.worst(side) else { break };
                let ticks = outward(side, worst, self.rng.within(1, 4));
                if ticks <= 0 {
                    break;
                }
                let steps = self.heavy(self.level_steps);
                self.levels.change(side, ticks, steps);
            }
            while LEVELS_MAX < self.levels.count(side) {
                let Some(worst) = self.levels.worst(side) else { break };
                self.levels.change(side, worst, -self.levels.at(side, worst));
            }
        }
    }

    /// Does something to the book and says the top when that changed.
    fn say_quote_after(&mut self, out: &mut Vec<MarketData>, change: impl FnOnce(&mut Self)) {
        let before = self.levels.quote(&self.grid);
        change(self);
        let after = self.levels.quote(&self.grid);
        if before != after {
            out.push(MarketData::Quote(after));
        }
    }

    fn end_frame(&mut self, out: &mut Vec<MarketData>) {
        self.update_id += self.levels.frame(&self.grid, out).max(1);
        out.push(MarketData::BookEnd { update_id: self.update_id });
    }

    fn touch_steps(&self, taker: Side) -> i64 {
        let maker = taker.opposite();
        self.levels.best(maker).map_or(0, |ticks| self.levels.at(maker, ticks))
    }

    /// A size around `steps`: mostly less, sometimes many times as much, never zero.
    fn heavy(&mut self, steps: i64) -> i64 {
        let product = self.rng.waiting() * self.rng.waiting() / WAITING_MEAN;
        let parts = i64::try_from(product).unwrap_or(i64::MAX);
        let mean = i64::try_from(WAITING_MEAN).unwrap_or(1);
        (steps.saturating_mul(parts) / mean).max(1)
    }
}

/// `behind` ticks away from the market.
fn outward(side: Side, ticks: i64, behind: i64) -> i64 {
    match side {
        Side::Buy => ticks - behind,
        Side::Sell => ticks + behind,
    }
}

/// How many steps are worth about `notional` at `price`; at least one.
fn steps_worth(notional: i64, price: Price, grid: &Grid) -> i64 {
    let step_worth = price.notional(grid.step).units().max(1);
    let steps = i128::from(notional) * i128::from(SCALE) / step_worth;
    i64::try_from(steps).unwrap_or(i64::MAX).clamp(1, i64::MAX / 1_000_000_000)
}
