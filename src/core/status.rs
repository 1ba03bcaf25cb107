//! The state as people and programs see it: a copy, made now and then, that shares nothing.

use super::dead_man::DeadManState;
use super::hedge::HedgeStatus;
use super::kept::DayMark;
use super::ledger::LedgerLine;
use super::mode::{Mode, ModeRecord, Scope};
use super::portfolio::{HighWater, Tally};
use super::protection::ProtectionState;
use super::reading::AccountReading;
use super::safety::{DenyReason, LATCHES_MAX, Latch, TripRecord};
use super::setup::{Attestation, KeyFitness};
use super::{Core, LinkChannel, Order};
use crate::types::{Cash, InstrumentId, Purpose, Qty, Quote, Stamp, StrategyId, VenueId};

/// Counts since the start.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Counters {
    /// Events taken in.
    pub events: u64,
    /// Orders handed to the sender.
    pub orders_sent: u64,
    /// Cancels handed to the sender, repeated ones included.
    pub cancels_sent: u64,
    /// Amends of orders handed to the sender.
    pub amends_sent: u64,
    /// Amends that the venue refused, or that we refused at the last step.
    pub amends_refused: u64,
    /// Orders that the venue refused.
    pub rejected: u64,
    /// Orders that we refused at the last step.
    pub not_sent: u64,
    /// Wishes that the kernel denied, by reason in order of precedence.
    pub denied: [u64; DenyReason::COUNT],
    /// Wishes beyond what a strategy may utter at once.
    pub wishes_dropped: u64,
    /// Trades on this account that were no orders of ours.
    pub foreign_fills: u64,
    /// Trades of orders that stops at the venue became.
    pub stop_fills: u64,
    /// Trades that were not as ordered: another instrument or side, a price beyond the limit.
    pub bad_fills: u64,
    /// Trades between two orders of this account.
    pub self_trades: u64,
    /// Trades whose fee was not what the venue's rate makes of it.
    pub fee_mismatches: u64,
    /// Trades whose fee could not be compared: no rate, or another asset.
    pub fees_unchecked: u64,
    /// Trades that the venue's history had and no stream had told.
    pub missed_trades: u64,
    /// Messages of the venue about orders that were told before.
    pub repeated_reports: u64,
    /// Books lost by gaps in the market data.
    pub gaps: u64,
    /// Requests that the venue refused because of their time.
    pub clock_refusals: u64,
    /// Messages that name what is not configured, or a trade of nothing.
    pub unusable: u64,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            events: 0,
            orders_sent: 0,
            cancels_sent: 0,
            amends_sent: 0,
            amends_refused: 0,
            rejected: 0,
            missed_trades: 0,
            not_sent: 0,
            denied: [0; DenyReason::COUNT],
            wishes_dropped: 0,
            foreign_fills: 0,
            stop_fills: 0,
            bad_fills: 0,
            self_trades: 0,
            fee_mismatches: 0,
            fees_unchecked: 0,
            repeated_reports: 0,
            gaps: 0,
            clock_refusals: 0,
            unusable: 0,
        }
    }
}

impl Counters {
    /// All denials.
    pub fn denied_total(&self) -> u64 {
        self.denied.iter().sum()
    }

    /// Denials by reason, where there were any.
    pub fn denials(&self) -> impl Iterator<Item = (DenyReason, u64)> + '_ {
        let all = DenyReason::ALL.iter().copied().zip(self.denied);
        all.filter(|(_, count)| 0 < *count)
    }
}

/// The limits of loss.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct LossStatus {
    /// Where the day began.
    pub day: Option<DayMark>,
    /// Fall since then, basis points.
    pub day_loss_bps: Option<i64>,
    /// Automatic stops in the circuit breaker's window.
    pub breaker_stops: u32,
    /// How often it has ever opened.
    pub breaker_opened: u32,
    /// How long it stays open; zero while it is closed.
    pub breaker_cooldown_ns: u64,
}

/// One instrument.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct InstrumentStatus {
    /// Which.
    pub id: InstrumentId,
    /// Best prices, when sound.
    pub quote: Option<Quote>,
    /// How old they are, milliseconds.
    pub quote_age_ms: u64,
    /// The book misses nothing.
    pub book_whole: bool,
    /// Signed position of the account.
    pub position: Qty,
    /// The part of it that is no strategy's doing (SAFETY E9).
    pub unattributed: Qty,
    /// Orders of ours that are not over.
    pub open_orders: u32,
    /// What holds for it alone, and why.
    pub held: ModeRecord,
    /// The venue's dead-man's switch there.
    pub dead_man: DeadManState,
    /// The stop that guards its position at the venue.
    pub protection: ProtectionState,
    /// How far its price is from the liquidation of the position if nothing else moved, basis
    /// points; `None` where that cannot be, or cannot be told.
    pub liquidation_bps: Option<i64>,
}

/// One venue.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct VenueStatus {
    /// Which.
    pub id: VenueId,
    /// What holds for it alone, and why.
    pub held: ModeRecord,
    /// Its connections, by channel.
    pub links: [bool; 3],
    /// It takes no requests, or its account has not been read since.
    pub in_maintenance: bool,
    /// The venue counts nearly as much of ours as it takes: nothing is opened.
    pub near_limit: bool,
    /// The account there is proven to be what we believe.
    pub reconciled: bool,
    /// Distance of its clock to ours, nanoseconds.
    pub clock_offset_ns: Option<i64>,
    /// Part of the account that its positions need not to be liquidated, basis points.
    pub margin_ratio_bps: Option<i64>,
}

/// One strategy.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StrategyStatus {
    /// Which.
    pub id: StrategyId,
    /// Orders that are not over.
    pub open_orders: u32,
    /// Its trades since the start.
    pub fills: u64,
    /// Wishes of it that the kernel denied.
    pub denied: u64,
    /// Orders of it that slipped beyond the limit.
    pub slipped: u64,
    /// Profit less loss of its own ledger since the start, in reporting currency.
    pub profit: Option<Cash>,
    /// What holds for it alone, and why.
    pub held: ModeRecord,
    /// Its own ledger, by `InstrumentId` (SAFETY E9).
    pub ledgers: Vec<LedgerLine>,
}

/// One latch of the kill switch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct LatchStatus {
    /// What is stopped, and why.
    pub latch: Latch,
    /// Opening orders in its scope that the venue has not confirmed to be gone.
    pub opening_orders: u32,
    /// How long a reset must wait, nanoseconds.
    pub cooldown_left_ns: u64,
}

/// Everything.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// When it was made.
    pub at: Stamp,
    /// The mode of everything, the latch included.
    pub mode: Mode,
    /// What holds for everything, the latch and the narrower scopes apart, and why.
    pub held: ModeRecord,
    /// How long full size is not to be had without force after a resume, nanoseconds.
    pub probation_left_ns: u64,
    /// The latch of everything, when set.
    pub latch: Option<TripRecord>,
    /// All latches, that of everything included.
    pub latches: Vec<LatchStatus>,
    /// How often the switch has ever tripped.
    pub latch_generation: u32,
    /// The connections of all venues, by channel: market data, order entry, private stream.
    pub links: [bool; 3],
    /// The account is proven to be what we believe.
    pub reconciled: bool,
    /// Whether somebody has put a name to the configuration.
    pub attestation: Attestation,
    /// Whether the key is one to trade with.
    pub key: KeyFitness,
    /// The operator's calendar opens nothing now.
    pub in_no_trade_window: bool,
    /// Strategies have been stopped for the end of the process.
    pub stopping: bool,
    /// A flatten is at work.
    pub flattening: bool,
    /// Distance of the farthest venue's clock to ours, nanoseconds.
    pub clock_offset_ns: Option<i64>,
    /// Equity in reporting currency.
    pub equity: Option<Cash>,
    /// Equity at the first valuation, with transfers since added: profit and loss is measured from
    /// here.
    pub equity_start: Option<Cash>,
    /// The high-water mark.
    pub high_water: Option<HighWater>,
    /// Fall from it, basis points.
    pub drawdown_bps: Option<i64>,
    /// The deepest fall since the start, basis points.
    pub drawdown_bps_max: i64,
    /// The limits of loss.
    pub losses: LossStatus,
    /// Orders that are not over.
    pub open_orders: u32,
    /// Of these, opening ones.
    pub opening_orders: u32,
    /// Orders of unknown fate.
    pub unknown_orders: u32,
    /// Trades and what they cost.
    pub tally: Tally,
    /// Counts.
    pub counters: Counters,
    /// By `VenueId`.
    pub venues: Vec<VenueStatus>,
    /// The last conclusive reading of each account, by `VenueId`.
    pub readings: Vec<AccountReading>,
    /// By `InstrumentId`.
    pub instruments: Vec<InstrumentStatus>,
    /// By `StrategyId`.
    pub strategies: Vec<StrategyStatus>,
    /// Hedge groups, in the order of the configuration.
    pub hedges: Vec<HedgeStatus>,
}

impl Status {
    /// True while a dead-man's switch runs at the venue or may be about to: it would take back what
    /// protects a position, too.
    pub fn dead_man_runs(&self) -> bool {
        let runs = |line: &InstrumentStatus| match line.dead_man {
            DeadManState::Asked | DeadManState::Armed { .. } => true,
            DeadManState::Off | DeadManState::Disarmed => false,
        };
        self.instruments.iter().any(runs)
    }

    /// Profit or loss since the start.
    pub fn profit(&self) -> Option<Cash> {
        self.equity.zip(self.equity_start).and_then(|(now, start)| now.checked_sub(start))
    }
}

impl Core {
    /// Fills a status in place: no allocation once its lists have their length.
    pub fn status(&self, out: &mut Status) {
        let state = &self.state;
        out.at = state.now;
        out.mode = self.kernel.mode();
        out.held = self.kernel.mode_in(Scope::All);
        out.probation_left_ns = self.kernel.probation_left_ns(state.now.mono_ns);
        out.latch = self.kernel.latch().copied();
        out.latch_generation = self.kernel.latch_generation();
        out.links = LinkChannel::ALL
            .map(|channel| state.links.iter().all(|links| links.is_channel_up(channel)));
        out.reconciled = state.is_all_proven();
        out.attestation = self.kernel.attestation();
        out.key = self.kernel.key();
        out.in_no_trade_window = self.kernel.is_in_window();
        out.stopping = self.kernel.is_stopping();
        out.flattening = self.flatten.is_at_work();
        let venues = (0_u8..).map(VenueId).take(state.venues());
        let offsets = venues.filter_map(|venue| self.kernel.clock_offset_ns(venue));
        out.clock_offset_ns = offsets.max_by_key(|offset_ns| offset_ns.unsigned_abs());
        out.equity = state.equity;
        out.equity_start =
            self.equity_start.map(|start| start.saturating_add(state.portfolio.transfers()));
        out.high_water = self.kernel.high_water();
        out.drawdown_bps = self.kernel.drawdown_bps();
        out.drawdown_bps_max = self.kernel.drawdown_bps_max();
        out.losses = self.kernel.loss_status(state.now.mono_ns);
        out.open_orders = state.totals().live();
        out.opening_orders = state.totals().opening();
        out.unknown_orders = state.totals().unknown();
        out.tally = *state.portfolio.tally();
        out.counters = self.counters;
        out.counters.wishes_dropped = self.intents.dropped().into();
        self.latch_status(&mut out.latches);
        self.venue_status(&mut out.venues);
        self.readings(&mut out.readings);
        self.instrument_status(&mut out.instruments);
        self.strategy_status(&mut out.strategies);
        self.hedge_status(&mut out.hedges);
    }

    fn latch_status(&self, out: &mut Vec<LatchStatus>) {
        out.clear();
        out.reserve(LATCHES_MAX);
        for latch in self.kernel.latches() {
            let opening = |order: &&Order| {
                order.terms.purpose == Purpose::Opening && self.kernel.reaches(latch, order)
            };
            let count = self.state.orders.live().filter(opening).count();
            out.push(LatchStatus {
                latch: *latch,
                opening_orders: u32::try_from(count).unwrap_or(u32::MAX),
                cooldown_left_ns: self
                    .kernel
                    .cooldown_left_ns(latch.trip.generation, self.state.now.mono_ns),
            });
        }
    }

    fn venue_status(&self, out: &mut Vec<VenueStatus>) {
        out.resize_with(self.state.venues(), VenueStatus::default);
        for (line, id) in out.iter_mut().zip((0_u8..).map(VenueId)) {
            line.id = id;
            line.held = self.kernel.mode_in(Scope::Venue(id));
            let links = &self.state.links[id.index()];
            line.links = LinkChannel::ALL.map(|channel| links.is_channel_up(channel));
            line.in_maintenance = !links.is_serving();
            line.near_limit = !links.is_below_limit();
            line.reconciled = self.state.reconcilers[id.index()].is_proven();
            line.clock_offset_ns = self.kernel.clock_offset_ns(id);
            line.margin_ratio_bps = self.state.margin_ratio_bps(id);
        }
    }

    /// A reading is copied once, and there is one in seconds.
    fn readings(&self, out: &mut Vec<AccountReading>) {
        let (instruments, assets) =
            (self.state.instruments.len(), self.state.portfolio.assets().count());
        let room = || AccountReading::with_room(VenueId(0), instruments, assets);
        out.resize_with(self.state.readings.len(), room);
        for (reading, out) in self.state.readings.iter().zip(out) {
            reading.copy_to(out);
        }
    }

    fn instrument_status(&self, out: &mut Vec<InstrumentStatus>) {
        let state = &self.state;
        out.resize_with(state.instruments.len(), InstrumentStatus::default);
        for (instrument, line) in state.instruments.iter().zip(out) {
            let market = &state.market[instrument.id.index()];
            line.id = instrument.id;
            line.quote = market.quote().copied();
            line.quote_age_ms = market.quote_age_ns(state.now.mono_ns) / crate::types::MS;
            line.book_whole = market.is_whole();
            line.position = state.portfolio.position(instrument.id);
            line.unattributed = state.portfolio.attribution().unattributed(instrument.id);
            line.open_orders = state.totals().of(instrument.id).live();
            line.held = self.kernel.mode_in(Scope::Instrument(instrument.id));
            line.dead_man = state.dead_man.state(instrument.id, state.now);
            line.protection = state.protection.state(instrument.id, line.position);
            line.liquidation_bps = state.liquidation_bps(instrument.id);
        }
    }

    fn strategy_status(&self, out: &mut Vec<StrategyStatus>) {
        out.resize_with(self.seats.len(), StrategyStatus::default);
        let profits = self.state.portfolio.profits();
        let seats = self.seats.iter().zip((0_u8..).map(StrategyId)).zip(profits);
        for (((seat, id), profit), line) in seats.zip(out) {
            line.profit = profit;
            line.id = id;
            line.open_orders = self.state.totals().live_of(id);
            line.fills = seat.fills;
            line.denied = seat.denied;
            line.slipped = seat.slipped;
            line.held = self.kernel.mode_in(Scope::Strategy(id));
            let attribution = self.state.portfolio.attribution();
            let instruments = self.state.instruments.iter();
            line.ledgers.clear();
            line.ledgers.extend(instruments.map(|it| attribution.line(id, it.id)));
        }
    }
}
