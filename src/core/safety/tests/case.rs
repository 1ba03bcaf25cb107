//! A good order, with its facts and its kernel, and the ways to change one thing of it.

use super::super::*;
use crate::core::exposure::{Around, Sums};
use crate::core::hedge::HedgeAround;
use crate::core::margin::{Funds, MarginAround, Needs};
use crate::core::market::Market;
use crate::core::mode::ModeCause;
use crate::core::orders::{Open, Standing, Totals};
use crate::core::parent::{Parent, ParentRule};
use crate::core::setup::{
    Appetite, BreakerLimits, ClockLimits, DayLimits, DrawdownLimits, ExposureLimits,
    InstrumentLimits, MarginLimits, NoTradeWindow, Often, PriceMoveLimits, Rate, RejectLimits,
    RepeatLimits, Resting, SlippageLimits, Span, Storm, StrategyLimits, Taker, Timing,
};
use crate::core::{ClockSample, Order, PartialFill, Permissions};
use crate::types::{
    AssetId, BookDelta, ClientOrderId, DELTA_LEVELS, Filters, Instrument, InstrumentId,
    InstrumentKind, InstrumentMargin, Level, MS, MarginMode, MarginTier, MarginTiers, MarkBand,
    MarketData, MarketEvent, OrderKind, OrderRequest, OrderStatus, Price, Qty, Quote, SECOND, Side,
    Trade, VenueId,
};

pub(super) const NOW_NS: u64 = 100 * SECOND;
pub(super) const BTC: InstrumentId = InstrumentId(0);
pub(super) const MAKER: StrategyId = StrategyId(0);

/// A wish, the facts and the kernel that judges it.
pub(super) struct Case {
    pub(super) id: ClientOrderId,
    pub(super) request: OrderRequest,
    pub(super) origin_ns: u64,
    pub(super) permitted: bool,
    pub(super) instrument: Instrument,
    pub(super) market: Market,
    pub(super) link_up: bool,
    pub(super) serving: bool,
    pub(super) below_limit: bool,
    pub(super) entry_up: bool,
    pub(super) flattening: bool,
    pub(super) reconciled: bool,
    pub(super) filters_read_ns: u64,
    pub(super) can_guard: bool,
    pub(super) position: Qty,
    pub(super) own_position: Qty,
    pub(super) open: Open,
    pub(super) own_open: Open,
    pub(super) foreign: Qty,
    pub(super) live_orders: u32,
    pub(super) own_live_orders: u32,
    pub(super) unknown_orders: u32,
    pub(super) standing: Standing,
    pub(super) own_opposite: Option<Price>,
    pub(super) around: Around,
    pub(super) hedge: Option<HedgeAround>,
    pub(super) equity: Option<Cash>,
    pub(super) free: Option<Cash>,
    /// The most that any order or position there can come to.
    pub(super) margin_worst: Qty,
    /// How the venue trades it.
    pub(super) setup: Option<InstrumentMargin>,
    pub(super) funds: Option<Funds>,
    /// What everything else needs.
    pub(super) needs: Option<Needs>,
    /// The order that is to become what the request says.
    pub(super) amends: Option<Order>,
    /// The parent that the order names, and what is left of it where it is open.
    pub(super) parent: Option<(Parent, Option<Qty>)>,
    /// A parent is to be opened instead, and so many are open.
    pub(super) parents_open: Option<usize>,
    pub(super) kernel: Kernel,
}

const MARGIN: MarginLimits = MarginLimits {
    mode: MarginMode::Cross,
    fee_centi_bps: 1_000,
    ratio_bps_max: 2_000,
    ratio_bps_warn: 5_000,
    liquidation_bps_min: 1_000,
};

const BOUNDS: InstrumentLimits = InstrumentLimits {
    protective_stop: None,
    position_max: Qty::whole(4),
    order_qty_max: Qty::whole(9),
    open_orders_max: 5,
    unknown_orders_max: 1,
    restricted: false,
    shared: false,
    leverage: 10,
};

pub(in crate::core::safety) fn limits() -> Limits {
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
            refresh_ns: 60 * SECOND,
        },
        reset_cooldown_ns: SECOND,
        order_notional_max: Cash::whole(1_000),
        price_band_bps: 100,
        gaps: Often { max: 1_000, window_ns: SECOND },
        funding_bps_max: 100,
        fee_tolerance_centi_bps: Some(10),
        slippage: SlippageLimits {
            max_bps: 5_000,
            orders: Often { max: 1_000, window_ns: SECOND },
        },
        price_move: PriceMoveLimits { max_bps: 100, window_ns: 6 * SECOND },
        repeats: RepeatLimits { max: 2, window_ns: 10 * SECOND },
        signal_age_ns_max: SECOND,
        order_ttl_ns_max: 10 * SECOND,
        order_rate: Rate { per_second: 10, burst: 8 },
        orders_per_minute_max: 80,
        depth_bps_max: None,
        open_orders_max: 8,
        unknown_orders_max: 2,
        gross_notional_max: Cash::whole(5_000),
        data_age_ns_max: SECOND,
        filters_age_ns_max: 60 * SECOND,
        journal_lag_ns_max: SECOND,
        conservative_bps: 5_000,
        appetite: Appetite {
            day: DayLimits { max_bps: 1_000, rollover_hour: 0 },
            minute_loss_max: Cash::whole(10),
            exposure: ExposureLimits {
                net_max: Cash::whole(700),
                underlying_gross_max: Cash::whole(600),
                underlying_net_max: Cash::whole(500),
                leverage_bps_max: 20_000,
                concentration_bps_max: 4_000,
                positions_max: 3,
                conservative_bps_max: 3_000,
            },
            rejects: RejectLimits { ratio_bps_max: 1_000, storm: Storm::Stop },
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
        instruments: vec![BOUNDS],
    }
}

pub(in crate::core::safety) fn budget() -> Budget {
    Budget {
        position_notional_max: Cash::whole(300),
        open_orders_max: 4,
        rate: Rate { per_second: 10, burst: 4 },
        orders_per_trade_max: None,
        parents: ParentRule::Off,
        partial_fill: PartialFill::Keep,
        permissions: Permissions::ALL,
        losses: StrategyLimits {
            loss_max: Cash::whole(5),
            losing_trips_max: Some(2),
            rejects_max: Some(2),
            fills_per_minute_max: Some(2),
            unreviewed_max: None,
        },
    }
}

pub(super) fn timing() -> Timing {
    Timing {
        answer_ns_max: SECOND,
        cancel_retry_ns: SECOND,
        cancel_attempts_max: 5,
        stuck_ns_max: 15 * SECOND,
        query_retry_ns: SECOND,
        not_found_final_ns: 6 * SECOND,
        reconcile_ns: 10 * SECOND,
        reconcile_timeout_ns: 3 * SECOND,
        balance_tolerance: Cash::ZERO,
        position_tolerance_steps: 0,
        open_orders_tolerance: 0,
    }
}

pub(in crate::core::safety) fn instrument() -> Instrument {
    Instrument {
        id: BTC,
        venue: VenueId(0),
        symbol: "BTCUSDT".to_owned(),
        kind: InstrumentKind::Perpetual,
        base: AssetId(1),
        quote: AssetId(0),
        settle: AssetId(0),
        filters: Filters {
            price_tick: Price::from_units(10_000_000),
            price_min: Price::whole(1),
            price_max: Price::whole(10_000),
            qty_step: Qty::from_units(100_000),
            qty_min: Qty::from_units(100_000),
            qty_max: Qty::whole(100),
            notional_min: Cash::whole(5),
            mark_band: None,
            trading: true,
        },
    }
}

pub(super) fn quote(bid: i32, ask: i32) -> Quote {
    let qty = Qty::whole(1);
    Quote { bid: Price::whole(bid), bid_qty: qty, ask: Price::whole(ask), ask_qty: qty }
}

pub(super) fn tell(market: &mut Market, data: MarketData, received_ns: u64) {
    market.on_event(&MarketEvent { instrument: BTC, sent_unix_ms: None, data }, received_ns);
}

pub(super) fn market() -> Market {
    market_from(None)
}

pub(super) fn market_from(past_mid: Option<Price>) -> Market {
    let mut market = Market::new(instrument().filters.price_tick, limits().price_move.window_ns);
    if let Some(mid) = past_mid {
        let [bid, ask] = [-1, 1].map(|apart| Price::from_units(mid.units() + apart));
        let qty = Qty::whole(1);
        let quote = Quote { bid, bid_qty: qty, ask, ask_qty: qty };
        tell(&mut market, MarketData::Quote(quote), NOW_NS - 7 * SECOND);
    }
    tell(&mut market, MarketData::BookBegin, NOW_NS);
    tell(&mut market, MarketData::BookEnd { update_id: 1 }, NOW_NS);
    tell(&mut market, MarketData::Quote(quote(99, 100)), NOW_NS);
    market
}

pub(super) fn kernel() -> Kernel {
    let mut kernel =
        Kernel::new(limits(), vec![budget()], &[instrument()], 1, &Restored::default());
    kernel.rates.begin(0);
    let sample = ClockSample { venue: VenueId(0), offset_ns: 0, rtt_ns: 0 };
    assert!(kernel.drifts[0].observe(sample, NOW_NS).is_none());
    observe(&mut kernel, NOW_NS - SECOND, worth(Cash::whole(1_000)));
    kernel
}

/// A buy of 2 at 100 against 99/100: passes everything.
pub(super) fn good() -> Case {
    Case {
        id: id(1),
        request: OrderRequest {
            instrument: BTC,
            side: Side::Buy,
            kind: OrderKind::Limit(Price::whole(100)),
            qty: Qty::whole(2),
            purpose: Purpose::Opening,
            ttl_ns: Some(SECOND),
        },
        origin_ns: NOW_NS,
        permitted: true,
        instrument: instrument(),
        market: market(),
        link_up: true,
        serving: true,
        below_limit: true,
        entry_up: true,
        flattening: false,
        reconciled: true,
        filters_read_ns: NOW_NS,
        can_guard: true,
        position: Qty::ZERO,
        own_position: Qty::ZERO,
        open: Open::default(),
        own_open: Open::default(),
        foreign: Qty::ZERO,
        live_orders: 0,
        own_live_orders: 0,
        unknown_orders: 0,
        standing: Standing::new(),
        own_opposite: None,
        around: Around {
            all: Some(Sums::default()),
            underlying: Some(Sums::default()),
            held: 0,
            is_held: false,
        },
        hedge: None,
        equity: Some(Cash::whole(1_000)),
        free: Some(Cash::whole(1_000)),
        margin_worst: Qty::ZERO,
        setup: Some(margin_setup()),
        funds: Some(Funds { opening: Cash::whole(1_000), balance: Cash::whole(1_000) }),
        needs: Some(Needs::default()),
        amends: None,
        parent: None,
        parents_open: None,
        kernel: kernel(),
    }
}

/// The same buy out of a short of 3: a reduction.
pub(super) fn good_reduction() -> Case {
    let mut case = good();
    (case.position, case.own_position) = (Qty::whole(-3), Qty::whole(-3));
    case.request.purpose = Purpose::Reducing;
    case.request.ttl_ns = None;
    case
}

/// The good order after equity fell to so much of 1,000, where no minute's loss is too large and
/// the day may lose so many basis points.
pub(super) fn fallen(day_bps: u32, units: i128) -> Case {
    let (mut case, mut limits) = (good(), limits());
    limits.appetite.minute_loss_max = Cash::MAX;
    limits.appetite.day.max_bps = day_bps;
    case.kernel.losses = Losses::new(&limits, &[budget()], &Restored::default());
    observe(&mut case.kernel, NOW_NS - SECOND, worth(Cash::whole(1_000)));
    observe(&mut case.kernel, NOW_NS, worth(Cash::from_units(units)));
    case
}

/// Ten times, one per cent up to 10,000: the good order needs 20 and a fee of 0.2 to be opened, 2
/// not to be liquidated, and 22.2 against a move of ten per cent.
pub(super) fn margin_setup() -> InstrumentMargin {
    let tier =
        MarginTier { notional_max: Cash::whole(10_000), maintenance_ppm: 10_000, leverage_max: 50 };
    let (mode, tiers) = (MarginMode::Cross, MarginTiers::new(&[tier]));
    InstrumentMargin { instrument: BTC, leverage: 10, mode, tiers }
}

/// So much of the account is free, or stands between it and a liquidation.
pub(super) fn funds(case: &mut Case, opening: i128, balance: i128) {
    let [opening, balance] = [opening, balance].map(Cash::from_units);
    case.funds = Some(Funds { opening, balance });
}

/// The venue trades it so.
pub(super) fn set_up(case: &mut Case, leverage: u32, mode: MarginMode) {
    case.setup = Some(InstrumentMargin { leverage, mode, ..margin_setup() });
}

/// Splits a case into what the kernel may look at, and the kernel.
macro_rules! facts {
    ($case:ident) => {
        Facts {
            now: Stamp { mono_ns: NOW_NS, unix_ns: NOW_NS },
            instrument: &$case.instrument,
            market: &$case.market,
            link_up: $case.link_up,
            serving: $case.serving,
            below_limit: $case.below_limit,
            entry_up: $case.entry_up,
            flattening: $case.flattening,
            reconciled: $case.reconciled,
            filters_read_ns: $case.filters_read_ns,
            can_guard: $case.can_guard,
            account: Holdings {
                rival: None,
                position: $case.position,
                open: &$case.open,
                foreign: $case.foreign,
            },
            live_orders: $case.live_orders,
            unknown_orders: $case.unknown_orders,
            standing: &$case.standing,
            own_opposite: $case.own_opposite,
            around: $case.around,
            hedge: $case.hedge,
            equity: $case.equity,
            free: $case.free,
            margin: MarginAround {
                setup: $case.setup.as_ref(),
                funds: $case.funds,
                sums: $case.needs.as_ref(),
                own: &Needs::NOTHING,
                worst: $case.margin_worst,
            },
        }
    };
}

/// Asks the kernel of a case.
pub(super) fn ask<T>(
    case: &mut Case,
    ask: impl FnOnce(&mut Kernel, &Wish<'_>, &Facts<'_>) -> T,
) -> T {
    let facts = facts!(case);
    let (position, open) = (case.own_position, &case.own_open);
    let own = Holdings { position, rival: None, open, foreign: Qty::ZERO };
    let wish = Wish {
        id: case.id,
        strategy: MAKER,
        request: case.request,
        origin_ns: case.origin_ns,
        permitted: case.permitted,
        own,
        live_orders: case.own_live_orders,
        amends: case.amends.as_ref(),
        under: super::parents::named(&case.parent),
    };
    case.id.sequence += 1;
    ask(&mut case.kernel, &wish, &facts)
}

pub(super) fn review(case: &mut Case) -> Result<Approved, DenyReason> {
    ask(case, Kernel::review)
}

/// The operator's exit with the quantity and side of the case.
pub(super) fn review_exit(case: &mut Case) -> Result<Approved, DenyReason> {
    let facts = facts!(case);
    let id = case.id;
    case.id.sequence += 1;
    let Case { request: OrderRequest { side, qty, .. }, .. } = *case;
    case.kernel.review_exit(&Exit { id, side, qty, cap_bps: 100 }, &facts)
}

/// An id of the start that the kernel was made for.
pub(super) fn id(sequence: u32) -> ClientOrderId {
    ClientOrderId { epoch: 1, sequence }
}

/// The intent of the good order, at another price.
pub(super) fn intent(price_units: i64) -> IntentKey {
    let OrderRequest { instrument, side, qty, .. } = good().request;
    let price = Price::from_units(price_units);
    IntentKey { strategy: MAKER, instrument, side, price, qty }
}

pub(super) fn limit(units: i64) -> OrderKind {
    OrderKind::Limit(Price::from_units(units))
}

pub(super) fn observe_drift(case: &mut Case, offset_ms: i64) {
    let offset_ns = offset_ms * 1_000_000;
    let sample = ClockSample { venue: VenueId(0), offset_ns, rtt_ns: 0 };
    assert!(case.kernel.drifts[0].observe(sample, NOW_NS).is_none());
}

pub(super) fn observe_equity(case: &mut Case, equity: Option<Cash>) {
    observe(&mut case.kernel, NOW_NS, Valuation { equity, ..Valuation::default() });
}

/// Equity of so much, told of an account without a position.
pub(super) fn worth(equity: Cash) -> Valuation {
    Valuation { equity: Some(equity), ..Valuation::default() }
}

pub(super) fn observe(kernel: &mut Kernel, at_ns: u64, valuation: Valuation) {
    profit(kernel, at_ns, valuation, Some(Cash::ZERO));
}

/// The same, with what the ledger of the strategy is worth.
pub(super) fn profit(kernel: &mut Kernel, at_ns: u64, valuation: Valuation, profit: Option<Cash>) {
    let now = Stamp { mono_ns: at_ns, unix_ns: at_ns };
    let mut effects = Effects::new();
    kernel.enforce(now, &valuation, std::iter::once(profit), &mut effects);
}

/// The strategy lost so much.
pub(super) fn lose(case: &mut Case, units: i128) {
    let lost = Some(Cash::from_units(-units));
    profit(&mut case.kernel, NOW_NS, worth(Cash::whole(1_000)), lost);
}

/// So many automatic stops.
pub(super) fn stops(case: &mut Case, count: u32) {
    let mut effects = Effects::new();
    for _ in 0..count {
        case.kernel.losses.count_stop(NOW_NS, &mut effects);
    }
}

/// So many answers of the venue, told to the account's count alone.
pub(super) fn answers(case: &mut Case, refused: u32, accepted: u32) {
    (0..refused).for_each(|_| case.kernel.losses.on_rejected(None, NOW_NS));
    (0..accepted).for_each(|_| case.kernel.losses.on_accepted(None, NOW_NS));
    observe_equity(case, Some(Cash::whole(1_000)));
}

pub(super) fn trips(case: &mut Case, count: u32) {
    (0..count).for_each(|_| case.kernel.losses.on_round_trip(MAKER, Cash::from_units(-1)));
}

pub(super) fn rejects(case: &mut Case, count: u32) {
    (0..count).for_each(|_| case.kernel.losses.on_rejected(Some(MAKER), NOW_NS));
}

pub(super) fn fills(case: &mut Case, count: u32) {
    (0..count).for_each(|_| case.kernel.losses.on_fill(MAKER, Cash::whole(1), NOW_NS));
}

pub(super) fn sum(units: i128) -> Option<Cash> {
    Some(Cash::from_units(units))
}

pub(super) fn conservative(case: &mut Case) {
    shift(case, Scope::All, ModeCause::Resume);
    case.request.qty = Qty::whole(1);
}

/// So many orders of all and of the strategy have just gone, however many may.
pub(super) fn spend(case: &mut Case, count: u32) {
    rates::tests::spend(&mut case.kernel.rates, count, NOW_NS);
}

/// The rates of the kernel, with one of the numbers of the budget or of the limits changed.
pub(super) fn rates_with(case: &mut Case, change: impl FnOnce(&mut Limits, &mut Budget)) {
    let (mut limits, mut budget) = (limits(), budget());
    change(&mut limits, &mut budget);
    case.kernel.rates = Rates::new(&limits, &[budget]);
    case.kernel.rates.begin(0);
}

/// So much is asked for, of which one order may take a quarter.
pub(super) fn ask_depth(case: &mut Case, qty_units: i64) {
    let mut levels = [Level::default(); DELTA_LEVELS];
    levels[0] = Level { price: Price::whole(100), qty: Qty::from_units(qty_units) };
    let data = MarketData::BookDelta(BookDelta { side: Side::Sell, count: 1, levels });
    tell(&mut case.market, data, NOW_NS);
    tell(&mut case.market, MarketData::BookEnd { update_id: 2 }, NOW_NS);
    case.kernel.limits.depth_bps_max = Some(2_500);
}

/// In CONSERVATIVE, at full size and without takers.
pub(super) fn no_takers(case: &mut Case) {
    shift(case, Scope::All, ModeCause::Resume);
    case.kernel.limits.conservative_bps = 10_000;
    case.kernel.limits.conservative_taker = Taker::Off;
}

pub(super) fn trip() -> Trip {
    Trip::by_limit(TripReason::Operator, 0, 0)
}

/// A window from that second on; it is second 100.
pub(super) fn close(case: &mut Case, from_s: u64) {
    let span = Span::Once { from_s, to_s: from_s + 1 };
    case.kernel.no_trade = NoTrade::new(vec![NoTradeWindow { span, resting: Resting::Keep }]);
    case.kernel.no_trade.observe(NOW_NS / SECOND);
}

pub(super) fn shift(case: &mut Case, scope: Scope, cause: ModeCause) {
    case.kernel.change_mode(scope, Change::by_engine(cause), Stamp::default());
}

pub(super) fn hold(case: &mut Case, units: i64) {
    (case.position, case.own_position) = (Qty::from_units(units), Qty::from_units(units));
}

/// Orders of one instrument: so many that stand, and so many whose fate is unknown.
pub(super) fn orders(standing: u32, unknown: u32) -> Open {
    let mut totals = Totals::new(1, 1);
    for sequence in 0..standing + unknown {
        let terms = OrderTerms {
            instrument: BTC,
            side: Side::Sell,
            time_in_force: TimeInForce::Gtc,
            price: Price::whole(120),
            qty: Qty::ZERO,
            purpose: Purpose::Opening,
            expires_ns: None,
        };
        let mut order = Order::sent(id(sequence), None, terms, 0);
        if standing <= sequence {
            order.status = OrderStatus::Unknown;
        }
        totals.add(&order);
    }
    *totals.of(BTC)
}

/// Somebody traded, so long ago.
pub(super) fn traded(case: &mut Case, price_units: i64, age_ns: u64) {
    let price = Price::from_units(price_units);
    let trade = Trade { id: 1, price, qty: Qty::whole(1), aggressor: Side::Buy };
    tell(&mut case.market, MarketData::Trade(trade), NOW_NS - age_ns);
}

/// The intent of the good order was sent so often already.
pub(super) fn repeat(case: &mut Case, times: u32) {
    (0..times).for_each(|_| case.kernel.repeats.count(intent(10_000_000_000), NOW_NS));
}

/// The venue's band is 5 % around a mark of so much and so old.
pub(super) fn mark(case: &mut Case, price: i32, age_ns: u64) {
    case.instrument.filters.mark_band = Some(MarkBand { up_bps: 10_500, down_bps: 9_500 });
    tell(&mut case.market, MarketData::Mark(Price::whole(price)), NOW_NS - age_ns);
}
