//! A core with the limits of `configs/paper.yaml`, connected and reconciled, for benchmarks.

#![expect(clippy::expect_used, reason = "a benchmark that cannot set itself up must say so")]

use std::path::Path;
use tradekeel::core::{
    AccountEvent, Budget, ClockSample, Command, Core, Effect, Effects, Event, EventKind,
    LinkChannel, LinkEvent, LinkState, Rate, ReferenceEvent, Restored, Seat, Setup, Strategy,
    StrategyLimits, Valuation,
};
use tradekeel::types::{
    AccountMargin, AccountSnapshot, AssetId, BookDelta, Cash, DELTA_LEVELS, Filters, Instrument,
    InstrumentId, InstrumentKind, InstrumentMargin, Level, MarginMode, MarginTier, MarginTiers,
    MarketData, MarketEvent, Price, Qty, QueryToken, Quote, SECOND, Side, Stamp, TradesRead,
    VenueId, WalletMargin,
};

/// Nothing that is measured here waits for a rate.
pub(crate) const FREE: Rate = Rate { per_second: 1_000_000, burst: 100 };

const VENUE: VenueId = VenueId(0);

/// Assets that instruments take turns as a base.
const BASES: u16 = 200;

pub(crate) fn instrument(at: u16) -> Instrument {
    let tick = Price::from_units(10_000_000);
    let step = Qty::from_units(100_000);
    let base = u8::try_from(1 + at % BASES).expect("few assets");
    Instrument {
        id: InstrumentId(at),
        venue: VENUE,
        symbol: format!("A{at}USDT"),
        kind: InstrumentKind::Perpetual,
        base: AssetId(base),
        quote: AssetId(0),
        settle: AssetId(0),
        filters: Filters {
            price_tick: tick,
            price_min: tick,
            price_max: Price::whole(1_000_000),
            qty_step: step,
            qty_min: step,
            qty_max: Qty::whole(100),
            notional_min: Cash::whole(5),
            mark_band: None,
            trading: true,
        },
    }
}

/// The shipped limits, so far widened that an account of many instruments and orders fits.
pub(crate) fn setup(instruments: u16) -> Setup {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("configs/paper.yaml");
    let registry = tradekeel::strategy::registry();
    let loaded = tradekeel::config::load(&path, &registry, &|_| None);
    let config = loaded.expect("the shipped file is sound").config;
    let mut limits = config.limits;
    let much = Cash::whole(1_000_000_000);
    limits.order_rate = FREE;
    limits.orders_per_minute_max = 1_000_000_000;
    limits.open_orders_max = 12_000;
    limits.gross_notional_max = much;
    limits.order_notional_max = much;
    limits.filters_age_ns_max = u64::MAX;
    limits.repeats.max = u32::MAX;
    let exposure = &mut limits.appetite.exposure;
    exposure.net_max = much;
    exposure.underlying_gross_max = much;
    exposure.underlying_net_max = much;
    exposure.leverage_bps_max = 10_000_000;
    exposure.concentration_bps_max = 10_000_000;
    exposure.positions_max = u32::from(instruments);
    let mut bounds = limits.instruments[0];
    bounds.position_max = Qty::whole(100_000);
    bounds.order_qty_max = Qty::whole(1);
    bounds.open_orders_max = 12_000;
    limits.instruments = vec![bounds; usize::from(instruments)];
    let bases = (0..instruments.min(BASES)).map(|at| Valuation::By(InstrumentId(at)));
    Setup {
        instruments: (0..instruments).map(instrument).collect(),
        valuations: [Valuation::Reporting].into_iter().chain(bases).collect(),
        strategies: Vec::new(),
        limits,
        timing: config.timing,
        sharing: config.sharing,
        dead_man: None,
        epoch: 1,
        restored: Restored::default(),
    }
}

/// Everything free, at the leverage of the shipped file, with tiers like those of Bitcoin.
fn margin(instruments: &[InstrumentId]) -> AccountMargin {
    let much = Cash::whole(1_000_000_000);
    let tiers = [(50_000, 4_000, 125), (600_000, 5_000, 100), (1_000_000_000, 6_500, 75)];
    let tier = |(notional_max, maintenance_ppm, leverage_max)| MarginTier {
        notional_max: Cash::whole(notional_max),
        maintenance_ppm,
        leverage_max,
    };
    let tiers = MarginTiers::new(&tiers.map(tier));
    let row = |instrument: &InstrumentId| InstrumentMargin {
        instrument: *instrument,
        leverage: 20,
        mode: MarginMode::Cross,
        tiers,
    };
    AccountMargin {
        wallets: vec![WalletMargin { asset: AssetId(0), available: much, balance: much }],
        instruments: instruments.iter().map(row).collect(),
        fees: Vec::new(),
    }
}

/// Much money and no position.
fn account(token: QueryToken, instruments: &[InstrumentId]) -> AccountSnapshot {
    AccountSnapshot {
        venue: VENUE,
        token,
        balances: vec![(AssetId(0), Cash::whole(100_000_000))],
        has_unnamed_assets: false,
        positions: Vec::new(),
        unnamed_positions: 0,
        open_orders: Vec::new(),
        margin: Some(margin(instruments)),
    }
}

/// A seat that may trade everything, with a budget of so much in one instrument.
pub(crate) fn seat(setup: &Setup, notional: Cash, strategy: Box<dyn Strategy>) -> Seat {
    let budget = Budget {
        position_notional_max: notional,
        open_orders_max: 12_000,
        rate: FREE,
        orders_per_trade_max: None,
        parents: tradekeel::core::ParentRule::Off,
        partial_fill: tradekeel::core::PartialFill::Keep,
        permissions: tradekeel::core::Permissions::ALL,
        losses: StrategyLimits { loss_max: notional, ..StrategyLimits::default() },
    };
    let instruments = setup.instruments.iter().map(|instrument| instrument.id).collect();
    Seat { name: "one".to_owned(), instruments, budget, strategy }
}

pub(crate) struct Rig {
    pub(crate) core: Core,
    pub(crate) effects: Effects,
    now_ns: u64,
}

impl Rig {
    /// Connected, reconciled, with a measured clock and a book of each instrument; strategies have
    /// begun.
    pub(crate) fn ready(setup: Setup) -> Self {
        let instruments: Vec<InstrumentId> = setup.instruments.iter().map(|it| it.id).collect();
        let mut this = Self { core: Core::new(setup), effects: Effects::new(), now_ns: 1 };
        for channel in LinkChannel::ALL {
            let state = LinkState::Up;
            this.step(EventKind::Link(LinkEvent { venue: VENUE, channel, state }));
        }
        this.step(EventKind::Clock(ClockSample { venue: VENUE, offset_ns: 0, rtt_ns: 0 }));
        while !this.answer(&instruments) {
            this.now_ns += SECOND;
            this.step(EventKind::Timer);
        }
        this.step(EventKind::Clock(ClockSample { venue: VENUE, offset_ns: 0, rtt_ns: 0 }));
        for id in instruments {
            this.book(id);
        }
        this.now_ns += SECOND / 1_000;
        this.step(EventKind::Timer);
        this.forget();
        this
    }

    /// Answers what was asked; true once the account was.
    fn answer(&mut self, instruments: &[InstrumentId]) -> bool {
        let asked: Vec<Effect> = self.effects.drain().collect();
        let mut is_read = false;
        for effect in asked {
            let Effect::Send(command) = effect else { continue };
            let answer = match command {
                Command::QueryTrades { instrument, from_id } => {
                    let read =
                        TradesRead { instrument, from_id, through_id: Some(0), is_all: true };
                    AccountEvent::TradesRead(read)
                }
                Command::QueryAccount { token, .. } => {
                    is_read = true;
                    AccountEvent::Snapshot(Box::new(account(token, instruments)))
                }
                Command::NewOrder(_)
                | Command::Amend(_)
                | Command::Cancel { .. }
                | Command::CancelAll { .. }
                | Command::ArmDeadMan(_)
                | Command::Stop(_)
                | Command::QueryOrder { .. } => continue,
            };
            self.step(EventKind::Account(answer));
        }
        is_read
    }

    pub(crate) fn step(&mut self, kind: EventKind) {
        self.now_ns += 1_000;
        let at = Stamp { mono_ns: self.now_ns, unix_ns: self.now_ns };
        self.core.step(&Event { at, received_ns: self.now_ns, kind }, &mut self.effects);
    }

    /// Nobody hears what the last steps caused.
    pub(crate) fn forget(&mut self) {
        self.effects.drain().for_each(drop);
    }

    pub(crate) fn market(&mut self, instrument: InstrumentId, data: MarketData) {
        self.step(EventKind::Market(MarketEvent { instrument, sent_unix_ms: None, data }));
    }

    /// Best prices, the bid so many ticks above 60,000.
    pub(crate) fn quote(&mut self, instrument: InstrumentId, ticks: i64) {
        let bid = Price::from_units(6_000_000_000_000 + ticks * 10_000_000);
        let ask = Price::from_units(bid.units() + 10_000_000);
        let (bid_qty, ask_qty) = (Qty::whole(1), Qty::whole(1));
        self.market(instrument, MarketData::Quote(Quote { bid, bid_qty, ask, ask_qty }));
    }

    fn book(&mut self, instrument: InstrumentId) {
        self.step(EventKind::Reference(ReferenceEvent {
            instrument,
            filters: Some(self::instrument(instrument.0).filters),
        }));
        self.market(instrument, MarketData::BookBegin);
        for (side, away) in [(Side::Buy, -1), (Side::Sell, 1)] {
            let mut levels = [Level::default(); DELTA_LEVELS];
            for (level, step) in levels.iter_mut().zip(0..) {
                let units = 6_000_000_000_000 + (100 + away * (step + 1)) * 10_000_000;
                *level = Level { price: Price::from_units(units), qty: Qty::whole(1) };
            }
            let count = u8::try_from(DELTA_LEVELS).expect("few levels");
            self.market(instrument, MarketData::BookDelta(BookDelta { side, count, levels }));
        }
        self.market(instrument, MarketData::BookEnd { update_id: 1 });
        self.quote(instrument, 99);
        self.forget();
    }
}
