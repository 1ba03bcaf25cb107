//! What a step of the core costs: a quote that changes nothing, a quote that becomes an order, and the
//! fill that follows. Same build, same run; compare the rows with each other.

#![expect(clippy::expect_used, reason = "a benchmark that cannot set itself up must say so")]

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use std::hint::black_box;
use tradekeel::core::{
    AccountEvent, Appetite, BreakerLimits, Budget, ClockLimits, ClockSample, Command, Core,
    DayLimits, DrawdownLimits, Effect, Effects, Event, EventKind, ExposureLimits, InstrumentLimits,
    Intents, Limits, LinkChannel, LinkEvent, LinkState, Often, Permissions, PriceMoveLimits, Rate,
    RejectLimits, RepeatLimits, Restored, Seat, Setup, Sharing, SlippageLimits, Storm, Strategy,
    StrategyLimits, Taker, Timing, Valuation, View,
};
use tradekeel::types::{
    AccountSnapshot, AssetId, Cash, ExecutionKind, ExecutionReport, Fill, Filters, Instrument,
    InstrumentId, InstrumentKind, Liquidity, MS, MarketData, MarketEvent, OrderKind, OrderRef,
    OrderRequest, Price, Purpose, Qty, QueryToken, Quote, SECOND, Side, Stamp, VenueId,
};

const BTC: InstrumentId = InstrumentId(0);

/// Buys when flat and sells when long, at each quote; or only looks.
#[derive(Debug)]
struct TakeTurns {
    wants: bool,
}

impl Strategy for TakeTurns {
    fn on_quote(&mut self, view: &View<'_>, id: InstrumentId, quote: &Quote, out: &mut Intents) {
        if !self.wants || view.orders().next().is_some() {
            return;
        }
        let flat = view.position(id) == Qty::ZERO;
        let (side, price) = if flat { (Side::Buy, quote.ask) } else { (Side::Sell, quote.bid) };
        let purpose = if flat { Purpose::Opening } else { Purpose::Reducing };
        let (kind, qty) = (OrderKind::Ioc(price), Qty::from_units(1_000_000));
        let ttl_ns = Some(SECOND);
        out.place(OrderRequest { instrument: id, side, kind, qty, purpose, ttl_ns });
    }
}

fn timing() -> Timing {
    Timing {
        answer_ns_max: SECOND,
        cancel_retry_ns: SECOND,
        cancel_attempts_max: 5,
        stuck_ns_max: 15 * SECOND,
        query_retry_ns: SECOND,
        not_found_final_ns: 6 * SECOND,
        reconcile_ns: 3_600_000 * SECOND,
        reconcile_timeout_ns: SECOND,
        balance_tolerance: Cash::from_units(1),
        position_tolerance_steps: 0,
        open_orders_tolerance: 0,
    }
}

fn instrument() -> Instrument {
    let tick = Price::from_units(10_000_000);
    let step = Qty::from_units(100_000);
    Instrument {
        id: BTC,
        venue: VenueId(0),
        symbol: "BTCUSDT".to_owned(),
        kind: InstrumentKind::Perpetual,
        base: AssetId(1),
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

fn setup(wants: bool) -> Setup {
    let rate = Rate { per_second: 1_000_000, burst: 1_000_000 };
    Setup {
        instruments: vec![instrument()],
        valuations: vec![Valuation::Reporting, Valuation::By(BTC)],
        strategies: vec![Seat {
            name: "turns".to_owned(),
            instruments: vec![BTC],
            budget: Budget {
                position_notional_max: Cash::whole(10_000),
                open_orders_max: 4,
                rate,
                orders_per_trade_max: None,
                permissions: Permissions::ALL,
                losses: StrategyLimits {
                    loss_max: Cash::whole(1_000_000),
                    ..StrategyLimits::default()
                },
            },
            strategy: Box::new(TakeTurns { wants }),
        }],
        limits: limits(rate),
        timing: timing(),
        sharing: Sharing::Exclusive,
        dead_man: None,
        epoch: 1,
        restored: Restored::default(),
    }
}

fn limits(rate: Rate) -> Limits {
    Limits {
        drawdown: DrawdownLimits {
            max_bps: 1_500,
            confirm_valuations: 3,
            confirm_ns: SECOND,
            unknown_ns_max: 30 * SECOND,
        },
        clock: ClockLimits {
            warn_ns: 500 * MS,
            kill_ns: 2_000 * MS,
            kill_samples: 3,
            refresh_ns: 3_600_000 * SECOND,
        },
        reset_cooldown_ns: 0,
        order_notional_max: Cash::whole(10_000),
        price_band_bps: 100,
        gaps: Often { max: 1_000, window_ns: SECOND },
        slippage: SlippageLimits {
            max_bps: 5_000,
            orders: Often { max: 1_000, window_ns: SECOND },
        },
        price_move: PriceMoveLimits { max_bps: 100, window_ns: 10 * SECOND },
        repeats: RepeatLimits { max: 1_000_000, window_ns: SECOND },
        signal_age_ns_max: SECOND,
        order_ttl_ns_max: 60 * SECOND,
        order_rate: rate,
        orders_per_minute_max: 1_000_000_000,
        depth_bps_max: None,
        open_orders_max: 8,
        unknown_orders_max: 2,
        gross_notional_max: Cash::whole(100_000),
        data_age_ns_max: SECOND,
        filters_age_ns_max: u64::MAX,
        conservative_bps: 5_000,
        probation_ns: 0,
        conservative_taker: Taker::On,
        no_trade: Vec::new(),
        appetite: Appetite {
            day: DayLimits { max_bps: 1_400, rollover_hour: 0 },
            minute_loss_max: Cash::whole(1_000_000),
            exposure: ExposureLimits {
                net_max: Cash::whole(10_000_000),
                underlying_gross_max: Cash::whole(10_000_000),
                underlying_net_max: Cash::whole(10_000_000),
                leverage_bps_max: 1_000_000,
                concentration_bps_max: 1_000_000,
                positions_max: 64,
                conservative_bps_max: 1_000_000,
            },
            rejects: RejectLimits { ratio_bps_max: 5_000, storm: Storm::Stop },
            breaker: BreakerLimits {
                stops_max: 3,
                window_ns: 600 * SECOND,
                cooldown_ns: 900 * SECOND,
            },
        },
        instruments: vec![InstrumentLimits {
            position_max: Qty::whole(1),
            order_qty_max: Qty::whole(1),
            open_orders_max: 8,
            unknown_orders_max: 2,
            restricted: false,
        }],
    }
}

struct Bench {
    core: Core,
    effects: Effects,
    now_ns: u64,
    trade_id: u64,
    cents: i64,
}

impl Bench {
    /// Connected, reconciled, with a book and a measured clock.
    fn ready(wants: bool) -> Self {
        let core = Core::new(setup(wants));
        let mut this = Self { core, effects: Effects::new(), now_ns: 1, trade_id: 0, cents: 0 };
        for channel in LinkChannel::ALL {
            let (venue, state) = (VenueId(0), LinkState::Up);
            this.step(EventKind::Link(LinkEvent { venue, channel, state }));
        }
        let sample = ClockSample { venue: VenueId(0), offset_ns: 0, rtt_ns: 0 };
        this.step(EventKind::Clock(sample));
        this.step(EventKind::Account(AccountEvent::Snapshot(Box::new(AccountSnapshot {
            venue: VenueId(0),
            token: QueryToken(1),
            balances: vec![(AssetId(0), Cash::whole(100_000))],
            has_unnamed_assets: false,
            positions: Vec::new(),
            unnamed_positions: 0,
            open_orders: Vec::new(),
        }))));
        this.market(MarketData::BookBegin);
        this.market(MarketData::BookEnd { update_id: 1 });
        this
    }

    fn step(&mut self, kind: EventKind) {
        self.now_ns += 1_000;
        let at = Stamp { mono_ns: self.now_ns, unix_ns: self.now_ns };
        self.core.step(&Event { at, received_ns: self.now_ns, kind }, &mut self.effects);
    }

    fn market(&mut self, data: MarketData) {
        self.step(EventKind::Market(MarketEvent { instrument: BTC, sent_unix_ms: None, data }));
        self.effects.drain().for_each(drop);
    }

    /// A quote; the order that it became, if any.
    fn quote(&mut self) -> Option<ExecutionReport> {
        self.cents = (self.cents + 1) % 100;
        let bid = Price::from_units(6_000_000_000_000 + self.cents * 10_000_000);
        let ask = Price::from_units(bid.units() + 10_000_000);
        let (bid_qty, ask_qty) = (Qty::whole(1), Qty::whole(1));
        let data = MarketData::Quote(Quote { bid, bid_qty, ask, ask_qty });
        self.step(EventKind::Market(MarketEvent { instrument: BTC, sent_unix_ms: None, data }));
        let mut filled = None;
        for effect in self.effects.drain() {
            if let Effect::Send(Command::NewOrder(order)) = effect {
                self.trade_id += 1;
                let terms = order.terms();
                filled = Some(ExecutionReport {
                    instrument: BTC,
                    order: OrderRef::Ours(order.id()),
                    venue_order_id: None,
                    transact_unix_ms: None,
                    kind: ExecutionKind::Trade(Fill {
                        trade_id: self.trade_id,
                        side: terms.side,
                        price: terms.price,
                        qty: terms.qty,
                        cum_qty: terms.qty,
                        fee: None,
                        liquidity: Liquidity::Taker,
                    }),
                });
            }
        }
        filled
    }

    fn fill(&mut self, report: ExecutionReport) {
        self.step(EventKind::Execution(report));
        self.effects.drain().for_each(drop);
    }
}

fn steps(criterion: &mut Criterion) {
    let mut looks = Bench::ready(false);
    criterion.bench_function("quote, no wish", |bencher| bencher.iter(|| black_box(looks.quote())));
    let mut trades = Bench::ready(true);
    let report = trades.quote().expect("the kernel approves");
    trades.fill(report);
    criterion.bench_function("quote to approved order, then its fill (two steps)", |bencher| {
        bencher.iter_batched(
            || (),
            |()| {
                let report = trades.quote().expect("an order at every quote");
                trades.fill(black_box(report));
            },
            BatchSize::NumIterations(1_000),
        );
    });
}

criterion_group!(benches, steps);
criterion_main!(benches);
