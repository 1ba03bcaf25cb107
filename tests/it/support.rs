//! The World: the core, a simulated venue, a scripted market and a clock, driven by verbs.
//!
//! Must hold: deterministic: the same verbs and the same seed of faults give the same digest.
//! Messages between core and venue take time, and may be lost, told twice or overtake each other.
//! At its end, every world is replayed from its record.

#[path = "faults.rs"]
mod faults;
#[path = "tape.rs"]
mod tape;

pub(crate) use tape::Tape;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use tradekeel::core::safety::{DenyReason, TripRecord};
use tradekeel::core::{
    AccountEvent, Alert, Appetite, Baseline, BreakerLimits, Budget, ClockLimits, ClockSample,
    Command, Core, Criterion, DayLimits, DrawdownLimits, Effect, Effects, Event, EventKind,
    ExposureLimits, InstrumentLimits, Intent, Intents, Kept, LedgerLine, Limits, LinkChannel,
    LinkEvent, LinkState, MarginLimits, Mode, Often, OperatorCommand, OperatorRequest, Order,
    OrderUpdate, ParentEvent, ParentRule, PartialFill, Permissions, PriceMoveLimits, Rate, Refusal,
    RejectLimits, RepeatLimits, Restored, Scope, Seat, Setup, Sharing, SlippageLimits, Status,
    Storm, Strategy, StrategyLimits, Taker, Timing, Valuation, View,
};
use tradekeel::sim::{Direct, FaultKind, Fees, Rng, Target};
use tradekeel::store::Record;
use tradekeel::types::{
    Amendment, AssetId, BookDelta, Cash, ClientOrderId, DELTA_LEVELS, DeadManRequest,
    ExecutionKind, ExecutionReport, Filters, IdPrefix, Instrument, InstrumentId, InstrumentKind,
    InstrumentMargin, Level, MS, MarginMode, MarginTier, MarginTiers, MarketData, MarketEvent,
    NotSentReason, OrderKind, OrderRef, OrderRequest, OrderTerms, ParentId, Price, Purpose, Qty,
    Quote, SECOND, Side, Stamp, StopAsk, StopRequest, StrategyId, Text, Trade, TradesRead, VenueId,
};

pub(crate) const BTC: InstrumentId = InstrumentId(0);
pub(crate) const ETH: InstrumentId = InstrumentId(1);
pub(crate) const USDT: AssetId = AssetId(0);
pub(crate) const VENUE: VenueId = VenueId(0);

/// How often the core is told that time passed.
const TIMER_NS: u64 = 10 * MS;

/// How often the market repeats its best prices.
const QUOTE_NS: u64 = 500 * MS;

/// Unix time of the world's beginning.
const BEGIN_UNIX_NS: u64 = 1_700_000_000 * SECOND;

pub(crate) fn price(text: &str) -> Price {
    Price::parse(text.as_bytes()).unwrap()
}

pub(crate) fn qty(text: &str) -> Qty {
    Qty::parse(text.as_bytes()).unwrap()
}

pub(crate) fn cash(units: i32) -> Cash {
    Cash::whole(units)
}

/// A rate that nobody waits for: tests of rates set their own.
const FREE: Rate = Rate { per_second: 1_000_000_000, burst: 100 };

/// What goes wrong on the way, in parts of a thousand; delays in nanoseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Faults {
    pub(crate) delay_ns: u64,
    /// Up to so much more, so that messages overtake each other.
    pub(crate) jitter_ns: u64,
    pub(crate) lost_requests: u64,
    pub(crate) lost_answers: u64,
    pub(crate) repeated_answers: u64,
}

#[derive(Debug)]
enum Message {
    ToVenue(Command),
    ToCore(EventKind),
    /// A connection breaks, or is made again.
    Link(LinkChannel, LinkState),
}

/// What the core asked to be sent, in the test's own words.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Sent {
    New(ClientOrderId, OrderTerms),
    Amend(ClientOrderId, OrderTerms),
    Cancel(ClientOrderId),
    CancelAll(InstrumentId),
    Query(ClientOrderId),
    Account,
    DeadMan(DeadManRequest),
    Stop(StopRequest),
}

/// What a strategy was told, and what it is to say next.
#[derive(Debug, Default)]
pub(crate) struct Script {
    wishes: VecDeque<Intent>,
    pub(crate) placed: Vec<ClientOrderId>,
    pub(crate) parents: Vec<ParentId>,
    /// What is left of each of them.
    pub(crate) left: Vec<Option<Qty>>,
    pub(crate) updates: Vec<OrderUpdate>,
    pub(crate) fills: Qty,
    pub(crate) mode: Mode,
    pub(crate) stopped: bool,
}

/// A strategy that does what the test says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Puppet(pub(crate) Arc<Mutex<Script>>);

impl Puppet {
    /// What it wishes with the next timer.
    pub(crate) fn say(&self, wish: Intent) {
        self.0.lock().unwrap().wishes.push_back(wish);
    }
}

impl Strategy for Puppet {
    fn timer_ns(&self) -> Option<u64> {
        Some(1)
    }

    fn on_timer(&mut self, view: &View<'_>, intents: &mut Intents) {
        let mut script = self.0.lock().unwrap();
        script.mode = view.mode;
        script.left = script.parents.iter().map(|id| view.parent_left(*id)).collect();
        while let Some(wish) = script.wishes.pop_front() {
            match wish {
                Intent::Place(_, request) => {
                    let id = intents.place(request);
                    script.placed.extend(id);
                }
                Intent::Cancel(id) => intents.cancel(id),
                Intent::Amend(id, to) => intents.amend(id, to),
                Intent::OpenParent { instrument, side, qty, .. } => {
                    let id = intents.open_parent(instrument, side, qty);
                    script.parents.extend(id);
                }
                Intent::PlaceUnder(parent, _, request) => {
                    let id = intents.place_under(parent, request);
                    script.placed.extend(id);
                }
                Intent::EndParent(id) => intents.end_parent(id),
            }
        }
    }

    fn on_order(&mut self, _: &View<'_>, update: &OrderUpdate, _: &mut Intents) {
        self.0.lock().unwrap().updates.push(*update);
    }

    fn on_fill(&mut self, _: &View<'_>, _: &Order, fill: &tradekeel::types::Fill, _: &mut Intents) {
        let mut script = self.0.lock().unwrap();
        script.fills = script.fills.saturating_add(fill.qty);
    }

    fn on_stop(&mut self, _: &View<'_>) {
        self.0.lock().unwrap().stopped = true;
    }
}

/// What the venue says of trades that no stream told.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum History {
    /// That there are none: what is missed only shows in readings of the account.
    Silent,
    /// All of them.
    Tells,
    /// It does not answer.
    Fails,
    /// It does not know the last trade that was known, and then nothing.
    Another,
}

pub(crate) struct World {
    pub(crate) core: Core,
    pub(crate) tape: Tape,
    pub(crate) venue: Direct,
    pub(crate) puppets: Vec<Puppet>,
    pub(crate) faults: Faults,
    pub(crate) alerts: Vec<Alert>,
    pub(crate) denied: Vec<DenyReason>,
    pub(crate) sent: Vec<Sent>,
    /// What of orders and parents is journaled.
    pub(crate) records: Vec<Record>,
    pub(crate) trips: Vec<TripRecord>,
    pub(crate) refusals: Vec<Result<(), Refusal>>,
    pub(crate) kept: Vec<Kept>,
    /// The ledgers that must survive a restart.
    pub(crate) ledgers: BTreeMap<(StrategyId, InstrumentId), LedgerLine>,
    pub(crate) known_trades: BTreeMap<InstrumentId, u64>,
    pub(crate) history: History,
    pub(crate) asked_trades: u32,
    /// Answers about trades, which are there at once.
    told: VecDeque<EventKind>,
    /// Prices are repeated by themselves, so that time can pass.
    pub(crate) market_lives: bool,
    /// What the next messages meet, each one the first that is meant for it.
    armed: VecDeque<(FaultKind, Target)>,
    rng: Rng,
    effects: Effects,
    answers: Vec<EventKind>,
    under_way: BTreeMap<(u64, u64), Message>,
    departures: u64,
    up: [bool; 3],
    quotes: BTreeMap<InstrumentId, Quote>,
    now_ns: u64,
    next_timer_ns: u64,
    next_quote_ns: u64,
    next_clock_ns: u64,
    trade_id: u64,
    effects_most: usize,
}

pub(crate) fn instrument(id: InstrumentId, symbol: &str) -> Instrument {
    Instrument {
        id,
        venue: VENUE,
        symbol: symbol.to_owned(),
        kind: InstrumentKind::Perpetual,
        base: AssetId(u8::try_from(id.0 + 1).unwrap()),
        quote: USDT,
        settle: USDT,
        filters: Filters {
            price_tick: price("0.1"),
            price_min: price("1"),
            price_max: price("1000000"),
            qty_step: qty("0.001"),
            qty_min: qty("0.001"),
            qty_max: qty("100"),
            notional_min: cash(5),
            mark_band: None,
            trading: true,
        },
    }
}

/// Margin binds only where the venue itself would.
const MARGIN: MarginLimits = MarginLimits {
    mode: MarginMode::Cross,
    fee_centi_bps: 500,
    ratio_bps_max: 10_000,
    ratio_bps_warn: 10_000,
    liquidation_bps_min: 1,
};

/// Wide enough for everything but a test of its own.
const BOUNDS: InstrumentLimits = InstrumentLimits {
    position_max: Qty::whole(10),
    order_qty_max: Qty::whole(10),
    open_orders_max: 20,
    unknown_orders_max: 3,
    restricted: false,
    shared: false,
    leverage: 20,
    protective_stop: None,
};

pub(crate) fn limits() -> Limits {
    Limits {
        drawdown: DrawdownLimits {
            max_bps: 1_500,
            confirm_valuations: 3,
            confirm_ns: SECOND,
            unknown_ns_max: 5 * SECOND,
        },
        clock: ClockLimits {
            warn_ns: 500 * MS,
            kill_ns: 2_000 * MS,
            kill_samples: 3,
            refresh_ns: 60 * SECOND,
        },
        reset_cooldown_ns: 0,
        order_notional_max: cash(1_000_000),
        price_band_bps: 100,
        gaps: Often { max: 1_000, window_ns: SECOND },
        funding_bps_max: 100,
        fee_tolerance_centi_bps: Some(10),
        slippage: SlippageLimits {
            max_bps: 5_000,
            orders: Often { max: 1_000, window_ns: SECOND },
        },
        price_move: PriceMoveLimits { max_bps: 1_000_000, window_ns: 10 * SECOND },
        repeats: RepeatLimits { max: 100, window_ns: SECOND },
        signal_age_ns_max: 2 * SECOND,
        order_ttl_ns_max: 3_600 * SECOND,
        order_rate: FREE,
        orders_per_minute_max: 60_000,
        depth_bps_max: None,
        open_orders_max: 20,
        unknown_orders_max: 3,
        gross_notional_max: cash(10_000_000),
        data_age_ns_max: 2 * SECOND,
        filters_age_ns_max: u64::MAX,
        journal_lag_ns_max: SECOND,
        conservative_bps: 5_000,
        appetite: Appetite {
            day: DayLimits { max_bps: 1_400, rollover_hour: 0 },
            minute_loss_max: cash(1_000_000),
            exposure: ExposureLimits {
                net_max: cash(10_000_000),
                underlying_gross_max: cash(10_000_000),
                underlying_net_max: cash(10_000_000),
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
        probation_ns: 0,
        conservative_taker: Taker::On,
        no_trade: Vec::new(),
        hedge_groups: Vec::new(),
        margin: MARGIN,
        instruments: vec![BOUNDS, BOUNDS],
    }
}

pub(crate) fn budget() -> Budget {
    Budget {
        position_notional_max: cash(1_000_000),
        open_orders_max: 16,
        rate: FREE,
        orders_per_trade_max: None,
        parents: ParentRule::Off,
        partial_fill: PartialFill::Keep,
        permissions: Permissions::ALL,
        losses: StrategyLimits { loss_max: cash(1_000_000), ..StrategyLimits::default() },
    }
}

pub(crate) fn timing() -> Timing {
    Timing {
        answer_ns_max: SECOND,
        cancel_retry_ns: SECOND,
        cancel_attempts_max: 5,
        stuck_ns_max: 15 * SECOND,
        query_retry_ns: SECOND,
        not_found_final_ns: 6 * SECOND,
        reconcile_ns: 10 * SECOND,
        reconcile_timeout_ns: 3 * SECOND,
        balance_tolerance: Cash::from_units(1_000_000),
        position_tolerance_steps: 0,
        open_orders_tolerance: u32::MAX,
    }
}

pub(crate) fn seat(strategy: Box<dyn Strategy>) -> Seat {
    Seat { name: "one".to_owned(), instruments: vec![BTC, ETH], budget: budget(), strategy }
}

/// An instrument as the tests' venues trade it: 20 times, one tier.
pub(crate) fn cross(instrument: InstrumentId) -> InstrumentMargin {
    let tier =
        MarginTier { notional_max: cash(1_000_000), maintenance_ppm: 4_000, leverage_max: 125 };
    let (mode, tiers) = (MarginMode::Cross, MarginTiers::new(&[tier]));
    InstrumentMargin { instrument, leverage: 20, mode, tiers }
}

/// A setup without strategies.
pub(crate) fn setup() -> Setup {
    let valuations = [Valuation::Reporting, Valuation::By(BTC), Valuation::By(ETH)];
    Setup {
        instruments: vec![instrument(BTC, "BTCUSDT"), instrument(ETH, "ETHUSDT")],
        valuations: valuations.to_vec(),
        strategies: Vec::new(),
        limits: limits(),
        timing: timing(),
        sharing: Sharing::Exclusive,
        dead_man: None,
        epoch: 1,
        restored: Restored::default(),
    }
}

/// A venue whose account holds 100,000 USDT.
pub(crate) fn venue(instruments: &[Instrument]) -> Direct {
    let fees = Fees { maker_centi_bps: 200, taker_centi_bps: 500 };
    Direct::new(instruments.to_vec(), IdPrefix::new("tk").unwrap(), fees, cash(100_000))
}

impl World {
    /// One puppet, everything wide, connected, reconciled and quoted at 99.9/100.1.
    pub(crate) fn calm() -> Self {
        Self::with(1, |_| {})
    }

    /// So many puppets, and what `change` makes of the setup; connected, quoted and reconciled.
    pub(crate) fn with(puppets: usize, change: impl FnOnce(&mut Setup)) -> Self {
        let mut world = Self::asleep(puppets, change);
        world.awake();
        world
    }

    /// The same, before anything happened.
    pub(crate) fn asleep(puppets: usize, change: impl FnOnce(&mut Setup)) -> Self {
        let mut setup = setup();
        let puppets: Vec<Puppet> = (0..puppets).map(|_| Puppet::default()).collect();
        setup.strategies = puppets.iter().map(|it| seat(Box::new(it.clone()))).collect();
        change(&mut setup);
        let venue = venue(&setup.instruments);
        Self::of(setup, venue, puppets)
    }

    pub(crate) fn of(mut setup: Setup, venue: Direct, puppets: Vec<Puppet>) -> Self {
        let tape = Tape::begin(&mut setup);
        Self {
            core: Core::new(setup),
            tape,
            venue,
            puppets,
            faults: Faults { delay_ns: MS, ..Faults::default() },
            alerts: Vec::new(),
            denied: Vec::new(),
            sent: Vec::new(),
            records: Vec::new(),
            trips: Vec::new(),
            refusals: Vec::new(),
            kept: Vec::new(),
            ledgers: BTreeMap::new(),
            known_trades: BTreeMap::new(),
            history: History::Silent,
            asked_trades: 0,
            told: VecDeque::new(),
            market_lives: true,
            armed: VecDeque::new(),
            rng: Rng::new(1),
            effects: Effects::new(),
            answers: Vec::new(),
            under_way: BTreeMap::new(),
            departures: 0,
            up: [false; 3],
            quotes: BTreeMap::new(),
            now_ns: 0,
            next_timer_ns: 0,
            next_quote_ns: 0,
            next_clock_ns: 0,
            trade_id: 0,
            effects_most: 0,
        }
    }

    /// The venue, for the world that comes after this one.
    pub(crate) fn into_venue(mut self) -> Direct {
        std::mem::replace(&mut self.venue, venue(&[]))
    }

    pub(crate) fn seed(&mut self, seed: u64) {
        self.rng = Rng::new(seed);
    }

    /// Connects, quotes and waits for the first reading.
    pub(crate) fn awake(&mut self) {
        self.link_up();
        self.quote(BTC, "99.9", "100.1");
        self.quote(ETH, "9.9", "10.1");
        self.advance(100 * MS);
        assert!(self.status().reconciled);
        self.sent.clear();
        self.alerts.clear();
    }

    // Verbs of the market.

    pub(crate) fn quote(&mut self, instrument: InstrumentId, bid: &str, ask: &str) {
        let much = Qty::whole(100_000);
        let [bid, ask] = [bid, ask].map(price);
        let level = |side, price| {
            let mut levels = [Level::default(); DELTA_LEVELS];
            levels[0] = Level { price, qty: much };
            MarketData::BookDelta(BookDelta { side, count: 1, levels })
        };
        let quote = Quote { bid, bid_qty: much, ask, ask_qty: much };
        self.quotes.insert(instrument, quote);
        let book = [level(Side::Buy, bid), level(Side::Sell, ask)];
        self.market(instrument, MarketData::BookBegin);
        book.into_iter().for_each(|data| self.market(instrument, data));
        self.market(instrument, MarketData::BookEnd { update_id: 1 });
        self.market(instrument, MarketData::Quote(quote));
    }

    pub(crate) fn trade(
        &mut self,
        instrument: InstrumentId,
        at: &str,
        amount: &str,
        aggressor: Side,
    ) {
        self.trade_id += 1;
        let (price, qty) = (price(at), qty(amount));
        self.market(
            instrument,
            MarketData::Trade(Trade { id: self.trade_id, price, qty, aggressor }),
        );
    }

    pub(crate) fn market(&mut self, instrument: InstrumentId, data: MarketData) {
        let event = MarketEvent { instrument, sent_unix_ms: None, data };
        self.venue.on_market(self.unix_ms(), &event, &mut self.answers);
        self.meet_on_stream();
        self.post_answers();
        if self.up[LinkChannel::Market.index()] {
            self.step(EventKind::Market(event));
        }
    }

    // Verbs of the connections.

    pub(crate) fn link(&mut self, channel: LinkChannel, state: LinkState) {
        self.up[channel.index()] = state == LinkState::Up;
        self.step(EventKind::Link(LinkEvent { venue: VENUE, channel, state }));
    }

    pub(crate) fn link_up(&mut self) {
        LinkChannel::ALL.into_iter().for_each(|channel| self.link(channel, LinkState::Up));
        let instruments: Vec<_> = self.quotes.iter().map(|(id, quote)| (*id, *quote)).collect();
        for (id, Quote { bid, ask, .. }) in instruments {
            self.quote(id, &bid.to_string(), &ask.to_string());
        }
    }

    pub(crate) fn link_down(&mut self) {
        LinkChannel::ALL.into_iter().for_each(|channel| self.link(channel, LinkState::Down));
    }

    pub(crate) fn clock(&mut self, offset_ms: i64) {
        let offset_ns = offset_ms * 1_000_000;
        self.step(EventKind::Clock(ClockSample { venue: VENUE, offset_ns, rtt_ns: 0 }));
    }

    // Verbs of people.

    pub(crate) fn operator(&mut self, command: OperatorCommand) -> Result<(), Refusal> {
        let (by, reason) = (Text::new("ann"), Text::new("a test"));
        let request = OperatorRequest { ticket: 7, by, reason, command };
        self.step(EventKind::Operator(request));
        self.refusals.pop().unwrap()
    }

    pub(crate) fn flatten(&mut self) {
        let command = OperatorCommand::Flatten { instrument: None, cap_bps: 500 };
        self.operator(command).unwrap();
    }

    pub(crate) fn halt(&mut self) {
        self.operator(OperatorCommand::Halt(Scope::All)).unwrap();
    }

    pub(crate) fn reset(&mut self, baseline: Baseline) -> Result<(), Refusal> {
        let generation = self.status().latch_generation;
        self.reset_latch(generation, baseline)
    }

    /// A reset with every criterion attested.
    pub(crate) fn reset_latch(
        &mut self,
        generation: u32,
        baseline: Baseline,
    ) -> Result<(), Refusal> {
        for criterion in Criterion::ALL {
            let _ = self.operator(OperatorCommand::Attest { generation, criterion });
        }
        self.operator(OperatorCommand::Reset { generation, baseline })
    }

    // Verbs of strategies.

    /// Lets a puppet wish for an order, and tells what the kernel said.
    pub(crate) fn wish(
        &mut self,
        puppet: usize,
        request: OrderRequest,
    ) -> Result<ClientOrderId, DenyReason> {
        let nobody = ClientOrderId::default();
        self.say(puppet, Intent::Place(nobody, request));
        let id = *self.script(puppet).placed.last().unwrap();
        let sent = self.sent.iter().any(|sent| matches!(sent, Sent::New(new, _) if *new == id));
        if sent { Ok(id) } else { Err(*self.denied.last().unwrap()) }
    }

    pub(crate) fn cancel(&mut self, puppet: usize, id: ClientOrderId) {
        self.say(puppet, Intent::Cancel(id));
    }

    /// Lets the puppet of an order wish for other terms of it, and tells what the kernel said.
    pub(crate) fn amend(
        &mut self,
        id: ClientOrderId,
        amount: &str,
        at: &str,
    ) -> Result<(), DenyReason> {
        let (sent, to) = (self.sent.len(), Amendment { price: price(at), qty: qty(amount) });
        let owner = self.order(id).and_then(|order| order.strategy);
        self.say(owner.map_or(0, StrategyId::index), Intent::Amend(id, to));
        let is_sent = |it: &Sent| matches!(it, Sent::Amend(amended, _) if *amended == id);
        let sent = self.sent.iter().skip(sent).any(is_sent);
        if sent { Ok(()) } else { Err(*self.denied.last().unwrap()) }
    }

    pub(crate) fn say(&mut self, puppet: usize, wish: Intent) {
        self.puppets[puppet].say(wish);
        self.step(EventKind::Timer);
    }

    pub(crate) fn script(&self, puppet: usize) -> std::sync::MutexGuard<'_, Script> {
        self.puppets[puppet].0.lock().unwrap()
    }

    /// An opening limit order for BTC by the first puppet.
    pub(crate) fn open(&mut self, side: Side, amount: &str, at: &str) -> ClientOrderId {
        self.wish(0, limit(side, amount, at)).unwrap()
    }

    /// Buys or sells BTC at once, and waits until it is done.
    pub(crate) fn take(&mut self, side: Side, amount: &str) {
        let quote = self.quotes[&BTC];
        let at = quote.touch(side).unwrap();
        let request = OrderRequest { kind: OrderKind::Ioc(at), ..limit(side, amount, "1") };
        self.wish(0, request).unwrap();
        self.advance(20 * MS);
    }

    /// Somebody amends an order of ours at the venue; nobody hears of it.
    pub(crate) fn amend_at_venue(&mut self, id: ClientOrderId, to: Amendment) {
        let unix_ms = self.unix_ms();
        self.venue.amend_unheard(unix_ms, id, BTC, to);
    }

    /// True when the venue's order is the one of that id.
    pub(crate) fn is_named(&self, id: ClientOrderId, order: &tradekeel::sim::Order) -> bool {
        let mut text = Vec::new();
        IdPrefix::new("tk").unwrap().write(id, &mut text);
        order.client_id.as_str().as_bytes() == text
    }

    // Time.

    /// Lets so much time pass.
    pub(crate) fn advance(&mut self, ns: u64) {
        let until_ns = self.now_ns + ns;
        loop {
            let arrival = self.under_way.first_key_value().map(|((at, _), _)| *at);
            let arrival = arrival.unwrap_or(u64::MAX);
            let due_ns = arrival.min(self.next_timer_ns).min(self.next_quote_ns);
            if until_ns < due_ns {
                break;
            }
            self.now_ns = self.now_ns.max(due_ns);
            if arrival == due_ns {
                self.arrive();
            } else if self.next_quote_ns == due_ns {
                self.next_quote_ns = due_ns + QUOTE_NS;
                self.repeat_quotes();
            } else {
                self.next_timer_ns = due_ns + TIMER_NS;
                self.measure_clock();
                self.step(EventKind::Timer);
            }
        }
        self.now_ns = self.now_ns.max(until_ns);
    }

    fn measure_clock(&mut self) {
        if self.next_clock_ns <= self.now_ns {
            self.next_clock_ns = self.now_ns + 30 * SECOND;
            self.clock(0);
        }
    }

    /// The clock is not measured any more by itself.
    pub(crate) fn leave_clock_alone(&mut self) {
        self.next_clock_ns = u64::MAX;
    }

    fn repeat_quotes(&mut self) {
        let quotes: Vec<_> = self.quotes.iter().map(|(id, quote)| (*id, *quote)).collect();
        if !self.market_lives {
            return;
        }
        for (instrument, quote) in quotes {
            self.market(instrument, MarketData::Quote(quote));
        }
    }

    /// Lets so much time pass in which the core does nothing at all: hung, or stopped.
    pub(crate) fn hang(&mut self, ns: u64) {
        self.now_ns += ns;
        self.venue.advance(self.unix_ms(), &mut self.answers);
        self.post_answers();
    }

    // What is there to look at.

    pub(crate) fn status(&self) -> Status {
        let mut status = Status::default();
        self.core.status(&mut status);
        status
    }

    pub(crate) fn position(&self) -> Qty {
        self.status().instruments[BTC.index()].position
    }

    pub(crate) fn venue_position(&self, instrument: InstrumentId) -> Qty {
        let slot = self.venue.exchange().slot(instrument).unwrap();
        self.venue.exchange().account(self.venue.account()).position(slot).qty
    }

    pub(crate) fn venue_orders(&self) -> usize {
        self.venue.exchange().open_orders(self.venue.account()).count()
    }

    pub(crate) fn now_ns(&self) -> u64 {
        self.now_ns
    }

    pub(crate) fn effects_most(&self) -> usize {
        self.effects_most
    }

    /// The stops that were asked for, in their order.
    pub(crate) fn placed_stops(&self) -> impl Iterator<Item = ClientOrderId> {
        self.sent.iter().filter_map(|sent| match sent {
            Sent::Stop(StopRequest { ask: StopAsk::Place(id), .. }) => Some(*id),
            Sent::Stop(_)
            | Sent::New(..)
            | Sent::Amend(..)
            | Sent::Cancel(_)
            | Sent::CancelAll(_)
            | Sent::Query(_)
            | Sent::Account
            | Sent::DeadMan(_) => None,
        })
    }

    pub(crate) fn has_alert(&self, wanted: impl Fn(&Alert) -> bool) -> bool {
        self.alerts.iter().any(wanted)
    }

    /// The status of an order of the core; `None` when it is over.
    pub(crate) fn order(&self, id: ClientOrderId) -> Option<Order> {
        self.core.orders().find(|order| order.id == id).copied()
    }

    pub(crate) fn cancels_of(&self, id: ClientOrderId) -> usize {
        self.sent.iter().filter(|sent| **sent == Sent::Cancel(id)).count()
    }

    // The machinery.

    /// Tells the core something that the venue did not say.
    pub(crate) fn report(&mut self, id: ClientOrderId, kind: ExecutionKind) {
        self.step(execution(OrderRef::Ours(id), kind));
    }

    pub(crate) fn step(&mut self, kind: EventKind) {
        self.now_ns += 1;
        let at = Stamp { mono_ns: self.now_ns, unix_ns: BEGIN_UNIX_NS + self.now_ns };
        let event = Event { at, received_ns: self.now_ns, kind };
        self.tape.input(&event);
        self.core.step(&event, &mut self.effects);
        let mut effects = std::mem::take(&mut self.effects);
        effects.as_slice().iter().for_each(|effect| self.tape.effect(effect, &self.core, at));
        self.tape.end_of_step(&self.core, at);
        self.effects_most = self.effects_most.max(effects.as_slice().len());
        for effect in effects.drain() {
            match effect {
                Effect::Send(command) => self.send(command),
                Effect::Alert(alert) => self.alerts.push(alert),
                Effect::Denied { reason, .. } | Effect::AmendDenied { reason, .. } => {
                    self.denied.push(reason);
                }
                Effect::Tripped(latch) => self.trips.push(latch.trip),
                Effect::Answer { answer, .. } => self.refusals.push(answer),
                Effect::Parent(event) => {
                    if let ParentEvent::Denied { reason, .. } = event {
                        self.denied.push(reason);
                    }
                    self.records.push(Record::Parent(event));
                }
                Effect::Closed { .. }
                | Effect::Reset { .. }
                | Effect::ModeChanged { .. }
                | Effect::HighWaterChanged(_) => {}
                Effect::Ledger { strategy, instrument, line } => {
                    self.ledgers.insert((strategy, instrument), line);
                }
                Effect::TradesKnown { instrument, through_id } => {
                    self.known_trades.insert(instrument, through_id);
                }
                Effect::Kept(kept) => self.kept.push(kept),
            }
        }
        self.effects = effects;
        while let Some(kind) = self.told.pop_front() {
            self.step(kind);
        }
    }

    fn tell_trades(&mut self, instrument: InstrumentId, from_id: Option<u64>) {
        self.asked_trades += 1;
        match self.history {
            History::Silent => {
                let through_id = from_id.or(Some(0));
                let read = TradesRead { instrument, from_id, through_id, is_all: true };
                self.told.push_back(account(AccountEvent::TradesRead(read)));
            }
            History::Fails => self.told.push_back(account(AccountEvent::TradesFailed(instrument))),
            History::Another => {
                let through_id = if from_id.is_some() { None } else { Some(0) };
                let read = TradesRead { instrument, from_id, through_id, is_all: true };
                self.told.push_back(account(AccountEvent::TradesRead(read)));
            }
            History::Tells => {
                let mut answers = Vec::new();
                let ask = Command::QueryTrades { instrument, from_id };
                self.venue.handle(self.unix_ms(), &ask, &mut answers);
                self.told.extend(answers);
            }
        }
    }

    fn send(&mut self, command: Command) {
        if let Command::QueryTrades { instrument, from_id } = command {
            return self.tell_trades(instrument, from_id);
        }
        let (sent, carried) = match &command {
            Command::NewOrder(approved) => {
                self.records.push(approved.into());
                (Sent::New(approved.id(), *approved.terms()), LinkChannel::Orders)
            }
            Command::Amend(approved) => {
                (Sent::Amend(approved.id(), *approved.terms()), LinkChannel::Orders)
            }
            Command::Cancel { id, .. } => (Sent::Cancel(*id), LinkChannel::Orders),
            Command::CancelAll { instrument } => {
                (Sent::CancelAll(*instrument), LinkChannel::Orders)
            }
            Command::ArmDeadMan(request) => (Sent::DeadMan(*request), LinkChannel::Orders),
            Command::Stop(stop) => (Sent::Stop(stop.request()), LinkChannel::Orders),
            Command::QueryOrder { id, .. } => (Sent::Query(*id), LinkChannel::User),
            Command::QueryTrades { .. } | Command::QueryAccount { .. } => {
                (Sent::Account, LinkChannel::User)
            }
        };
        self.sent.push(sent);
        if !self.up[LinkChannel::Orders.index()]
            && let Some(report) = command.not_sent(NotSentReason::LinkDown)
        {
            self.post(Message::ToCore(EventKind::Execution(report)));
        }
        if self.up[carried.index()]
            && let Some(fault) = self.met(faults::target(&command))
        {
            return self.meet(fault, &command);
        }
        let asks = carried == LinkChannel::User;
        let lost = self.chance(self.faults.lost_requests);
        if !lost && (asks || self.up[carried.index()]) {
            self.post(Message::ToVenue(command));
        }
    }

    fn arrive(&mut self) {
        match self.under_way.pop_first() {
            Some((_, Message::ToVenue(command))) => {
                self.venue.handle(self.unix_ms(), &command, &mut self.answers);
                self.post_answers();
            }
            Some((_, Message::ToCore(kind))) => self.step(kind),
            Some((_, Message::Link(channel, state))) => self.link(channel, state),
            None => {}
        }
    }

    fn post_answers(&mut self) {
        for kind in std::mem::take(&mut self.answers) {
            let told =
                !matches!(kind, EventKind::Execution(_)) || self.up[LinkChannel::User.index()];
            if !told || self.chance(self.faults.lost_answers) {
                continue;
            }
            if self.chance(self.faults.repeated_answers) {
                self.post(Message::ToCore(kind.clone()));
            }
            self.post(Message::ToCore(kind));
        }
    }

    fn post(&mut self, message: Message) {
        self.post_behind(0, message);
    }

    /// So much later than it would come.
    fn post_behind(&mut self, behind_ns: u64, message: Message) {
        let jitter_ns = match self.faults.jitter_ns {
            0 => 0,
            most => self.rng.below(most),
        };
        self.departures += 1;
        let at_ns = self.now_ns + self.faults.delay_ns + jitter_ns + behind_ns;
        self.under_way.insert((at_ns, self.departures), message);
    }

    /// Lets what is on its way to the core be forgotten.
    pub(crate) fn lose_what_is_under_way(&mut self) {
        self.under_way.clear();
    }

    pub(crate) fn chance(&mut self, of_a_thousand: u64) -> bool {
        0 < of_a_thousand && self.rng.below(1_000) < of_a_thousand
    }

    pub(crate) fn random(&mut self, below: u64) -> u64 {
        self.rng.below(below)
    }

    /// A random place in a list of so many.
    pub(crate) fn pick(&mut self, of: u64) -> usize {
        usize::try_from(self.rng.below(of)).unwrap()
    }

    fn unix_ms(&self) -> u64 {
        (BEGIN_UNIX_NS + self.now_ns) / MS
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.tape.assert_same(&self.core);
    }
}

pub(crate) fn execution(order: OrderRef, kind: ExecutionKind) -> EventKind {
    EventKind::Execution(ExecutionReport {
        instrument: BTC,
        order,
        venue_order_id: None,
        transact_unix_ms: None,
        kind,
    })
}

pub(crate) fn account(event: AccountEvent) -> EventKind {
    EventKind::Account(event)
}

/// An opening order for BTC that rests.
pub(crate) fn limit(side: Side, amount: &str, at: &str) -> OrderRequest {
    OrderRequest {
        instrument: BTC,
        side,
        kind: OrderKind::Limit(price(at)),
        qty: qty(amount),
        purpose: Purpose::Opening,
        ttl_ns: Some(3_600 * SECOND),
    }
}

/// The same, as a reduction.
pub(crate) fn reduction(side: Side, amount: &str, at: &str) -> OrderRequest {
    OrderRequest { purpose: Purpose::Reducing, ttl_ns: None, ..limit(side, amount, at) }
}
