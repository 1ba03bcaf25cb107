//! How the nouns stand in a record: order of fields, and the number of every variant.
//!
//! Must hold: numbers and orders are only ever added to, never changed and never reused (J7). A
//! change of a layout is a new version of the records that hold it.

use super::latch_table::{NamedLatch, ScopeName};
use super::ledgers::NamedLedger;
#[cfg(test)]
use super::wire::Numbered;
use super::wire::{Put, Take, Wire, largest, wire_enum, wire_struct};
use crate::core::safety::{DenyReason, TripReason, TripRecord};
use crate::core::{
    Baseline, BreakerMark, ClockSample, Criterion, DayMark, HighWater, JournalState, Kept,
    LedgerLine, LinkChannel, LinkEvent, LinkState, Mode, ModeCause, ModeRecord, OperatorCommand,
    OperatorRequest, Parent, ParentEvent, Probation, ReferenceEvent, STOPS_MAX, Scope, TripCause,
};
use crate::types::{
    Amendment, AssetId, BalanceCause, BalanceChange, Cash, ClientOrderId, Condition, DeadManAnswer,
    DeadManReport, DeadManRequest, ExecutionKind, ExecutionReport, Fee, FeeRates, Fill, Filters,
    ForeignOrder, InstrumentId, InstrumentKind, Liquidity, MarginMode, MarginTier, MarkBand,
    NotSentReason, OrderKind, OrderRef, OrderRequest, OrderStatus, OrderTerms, ParentId, Price,
    Purpose, Qty, QueryToken, Side, Stamp, StandingStop, StopOrder, StopReport, StopReportKind,
    StrategyId, Text, TimeInForce, VenueCondition, VenueId, VenueOrder, VenuePosition,
    WalletMargin, WorkingPrice,
};

/// Version of every layout below and of the records made of them.
pub(super) const RECORD_VERSION: u16 = 1;

macro_rules! wire_units {
    ($($name:ident: $integer:ty),*) => {$(
        impl Wire for $name {
            const SIZE: usize = size_of::<$integer>();
            #[inline(always)]
            fn put(&self, out: &mut Put<'_>) {
                self.units().put(out);
            }
            fn take(from: &mut Take<'_>) -> Option<Self> {
                <$integer>::take(from).map(Self::from_units)
            }
            fn describe(&self) -> serde_json::Value {
                serde_json::Value::from(self.to_string())
            }
        }
    )*};
}
wire_units!(Price: i64, Qty: i64, Cash: i128);

wire_struct!(VenueId { 0: u8 });
wire_struct!(InstrumentId { 0: u16 });
wire_struct!(AssetId { 0: u8 });
wire_struct!(StrategyId { 0: u8 });
wire_struct!(QueryToken { 0: u32 });
impl Wire for ClientOrderId {
    const SIZE: usize = 2 * u32::SIZE;
    #[inline(always)]
    fn put(&self, out: &mut Put<'_>) {
        self.epoch.put(out);
        self.sequence.put(out);
    }
    fn take(from: &mut Take<'_>) -> Option<Self> {
        Some(Self { epoch: u32::take(from)?, sequence: u32::take(from)? })
    }
    fn describe(&self) -> serde_json::Value {
        serde_json::Value::from(self.to_string())
    }
}
wire_struct!(Stamp { mono_ns: u64, unix_ns: u64 });

wire_enum!(Side { 1 = Buy, 2 = Sell });
wire_enum!(Purpose { 1 = Opening, 2 = Reducing, 3 = Protective });
wire_enum!(TimeInForce { 1 = Gtc, 2 = Gtx, 3 = Ioc, 4 = Fok });
wire_enum!(OrderKind {
    1 = Limit(price: Price),
    2 = PostOnly(price: Price),
    3 = Ioc(price: Price),
    4 = Fok(price: Price),
    5 = Market,
});
wire_enum!(OrderStatus {
    1 = PendingNew,
    2 = New,
    3 = PartiallyFilled,
    4 = PendingCancel,
    5 = Unknown,
    6 = Filled,
    7 = Canceled,
    8 = Expired,
    9 = Rejected,
    10 = NotSent,
});
wire_struct!(OrderRequest {
    instrument: InstrumentId,
    side: Side,
    kind: OrderKind,
    qty: Qty,
    purpose: Purpose,
    ttl_ns: Option<u64>,
});
wire_struct!(Amendment { price: Price, qty: Qty });
wire_struct!(OrderTerms {
    instrument: InstrumentId,
    side: Side,
    time_in_force: TimeInForce,
    price: Price,
    qty: Qty,
    purpose: Purpose,
    expires_ns: Option<u64>,
});

wire_enum!(ForeignOrder {
    1 = Liquidation,
    2 = Deleveraging,
    3 = Delivery,
    4 = Other,
    100 = Manual,
});
wire_enum!(OrderRef { 1 = Ours(id: ClientOrderId), 2 = Foreign(cause: ForeignOrder) });
wire_enum!(Liquidity { 1 = Maker, 2 = Taker });
wire_enum!(NotSentReason {
    1 = KillSwitch,
    2 = LinkDown,
    3 = Unencodable,
    4 = Throttled,
    80 = DeadMan,
    110 = Contradicted,
    111 = RepeatedId,
    112 = TooLarge,
    113 = TooFast,
});
wire_struct!(Fee { asset: AssetId, amount: Cash });
wire_struct!(Fill {
    trade_id: u64,
    side: Side,
    price: Price,
    qty: Qty,
    cum_qty: Qty,
    fee: Option<Fee>,
    liquidity: Liquidity,
});
wire_enum!(ExecutionKind {
    1 = New,
    2 = Trade(fill: Fill),
    3 = Canceled { cum_qty: Qty },
    4 = Expired { cum_qty: Qty },
    5 = Rejected { code: i32 },
    6 = CancelRejected { code: i32 },
    7 = NotSent(reason: NotSentReason),
    8 = OutcomeUnknown,
    9 = Status { status: OrderStatus, cum_qty: Qty },
    10 = NotFound,
    120 = Stands { price: Price, qty: Qty, cum_qty: Qty },
    121 = Amended { price: Price, qty: Qty, cum_qty: Qty },
    122 = AmendRejected { number: u8, code: i32 },
    123 = AmendUnknown { number: u8 },
    124 = AmendNotSent { number: u8, reason: NotSentReason },
    170 = TradeFound(fill: Fill),
});
wire_struct!(ExecutionReport {
    instrument: InstrumentId,
    order: OrderRef,
    venue_order_id: Option<u64>,
    transact_unix_ms: Option<u64>,
    kind: ExecutionKind,
});

wire_enum!(Mode { 1 = Running, 2 = Conservative, 3 = Reducing, 4 = Halted, 5 = Killed });
wire_enum!(Scope {
    1 = All,
    2 = Instrument(instrument: InstrumentId),
    3 = Strategy(strategy: StrategyId),
    90 = Venue(venue: VenueId),
});
wire_enum!(ModeCause {
    1 = Start,
    2 = Halt,
    3 = Resume,
    4 = Promote,
    5 = Reset,
    6 = InitialState,
    7 = Crash,
    8 = Unreadable,
    9 = Liquidation,
    10 = StuckOrder,
    30 = MarginCall,
    31 = MarginRatio,
    60 = DailyLoss,
    61 = StrategyLoss,
    62 = LosingRun,
    63 = StrategyRejects,
    64 = ReviewDue,
    90 = Disconnected,
    91 = MarketDataLost,
    100 = BadFill,
    101 = AccountDrift,
    102 = DriftAgain,
    103 = BreakerReset,
    104 = GapStorm,
    105 = Slippage,
    110 = Unhedged,
    120 = Unattested,
    130 = Superseded,
    131 = Restored,
    132 = KeyRefused,
    133 = Unprotected,
});
wire_struct!(ModeRecord {
    mode: Mode,
    cause: ModeCause,
    at: Stamp,
    by: Text<32>,
    note: Text<96>,
});
wire_enum!(LinkChannel { 1 = Market, 2 = Orders, 3 = User });
wire_enum!(LinkState { 1 = Up, 2 = Down });
wire_struct!(LinkEvent { venue: VenueId, channel: LinkChannel, state: LinkState });
wire_enum!(JournalState { 1 = InTime, 2 = Late, 40 = Starved });
wire_enum!(Condition {
    1 = ClockOff,
    2 = Unavailable,
    3 = Available,
    4 = KeyRefused,
    5 = NearLimit,
    6 = BelowLimit,
});
wire_struct!(VenueCondition { venue: VenueId, condition: Condition });
wire_struct!(ClockSample { venue: VenueId, offset_ns: i64, rtt_ns: u64 });

wire_enum!(TripCause { 1 = Operator, 2 = FlagFile, 3 = Journal, 110 = PostCheck });
wire_enum!(Criterion {
    1 = CauseUnderstood,
    2 = MarketNormal,
    3 = ParametersReviewed,
    4 = ApprovalGiven,
    5 = CooldownWaived,
});
wire_enum!(DeadManAnswer { 1 = Set, 2 = Refused, 3 = Unknown });
wire_struct!(DeadManRequest { instrument: InstrumentId, countdown_ms: u32, asked_ns: u64 });
wire_struct!(DeadManReport { request: DeadManRequest, answer: DeadManAnswer });

wire_enum!(WorkingPrice { 1 = Contract, 2 = Mark });
wire_struct!(StopOrder {
    id: ClientOrderId,
    instrument: InstrumentId,
    side: Side,
    trigger: Price,
    working: WorkingPrice,
});
wire_struct!(StandingStop { id: ClientOrderId, trigger: Price });
wire_enum!(StopReportKind {
    1 = Stands(id: ClientOrderId),
    2 = Refused { id: ClientOrderId, code: i32 },
    3 = Triggered(id: ClientOrderId),
    4 = Over(id: ClientOrderId),
    5 = Unknown(id: ClientOrderId),
    6 = Listed { asked_ns: u64, buy: Option<StandingStop>, sell: Option<StandingStop> },
    7 = Failed(id: ClientOrderId),
});
wire_struct!(StopReport { instrument: InstrumentId, kind: StopReportKind });

wire_enum!(Baseline { 1 = Keep, 2 = New });
wire_enum!(Probation { 1 = Observe, 2 = Skip });
wire_enum!(OperatorCommand {
    1 = Halt(scope: Scope),
    2 = Resume(scope: Scope),
    3 = ResumeFull,
    4 = Trip(cause: TripCause),
    5 = Reset { generation: u32, baseline: Baseline },
    6 = Flatten { instrument: Option<InstrumentId>, cap_bps: u32 },
    7 = Reconcile,
    8 = Stop,
    110 = TripScope(scope: Scope),
    111 = Attest { generation: u32, criterion: Criterion },
    90 = Promote { scope: Scope, probation: Probation },
    98 = ResetBreaker,
    112 = Note,
});
wire_struct!(OperatorRequest {
    ticket: u32,
    by: Text<32>,
    reason: Text<96>,
    command: OperatorCommand,
});

wire_enum!(TripReason {
    1 = Operator,
    2 = FlagFile,
    3 = Drawdown,
    4 = ClockDrift,
    5 = EquityUnknown,
    6 = Overfill,
    7 = Journal,
    8 = StateUnreadable,
    100 = Unexplained,
    101 = WrongFill,
    110 = PostCheck,
});
wire_struct!(TripRecord {
    generation: u32,
    reason: TripReason,
    at: Stamp,
    value: i64,
    limit: i64,
    by: Text<32>,
    note: Text<96>,
});
wire_enum!(ScopeName {
    1 = All,
    2 = Venue(name: Text<32>),
    3 = Strategy(name: Text<32>),
    4 = Instrument(name: Text<32>),
});
wire_struct!(NamedLatch { scope: ScopeName, trip: TripRecord });
wire_struct!(HighWater { peak: Cash });
wire_struct!(LedgerLine { revision: u64, position: Qty, cost: Cash, realised: Cash, fees: Cash });
wire_struct!(NamedLedger { strategy: Text<32>, instrument: Text<32>, line: LedgerLine });
wire_struct!(DayMark { day: u32, opening: Cash });
wire_struct!(BreakerMark { opened: u32, stops: u8, ages_ns: [u64; STOPS_MAX], cooldown_ns: u64 });
wire_enum!(Kept {
    1 = Day(mark: DayMark),
    2 = Breaker(mark: BreakerMark),
});

wire_enum!(DenyReason {
    1 = KillSwitch,
    2 = Halted,
    3 = ReducingOnly,
    4 = LinkDown,
    5 = NotReconciled,
    6 = NotTrading,
    7 = NotPermitted,
    8 = ClockUnknown,
    9 = ClockDrift,
    10 = NoQuote,
    11 = StaleQuote,
    12 = BookLost,
    13 = EquityUnknown,
    14 = Drawdown,
    15 = BadPrice,
    16 = BadQty,
    17 = NotionalTooSmall,
    18 = QtyTooLarge,
    19 = NotionalTooLarge,
    20 = PriceOffMarket,
    21 = BadTtl,
    22 = NotReducing,
    23 = TooManyUnknown,
    24 = TooManyOrders,
    25 = OrderRate,
    26 = PositionTooLarge,
    27 = ExposureTooLarge,
    28 = StrategyOrders,
    29 = StrategyRate,
    30 = StrategyPosition,
    31 = NoPrice,
    40 = Restricted,
    41 = BadId,
    42 = StaleSignal,
    43 = MarketMoved,
    44 = KindNotPermitted,
    45 = SideNotPermitted,
    46 = TakerOff,
    47 = TooMuchOfDepth,
    48 = PriceOffTrade,
    49 = DuplicateOrder,
    50 = RepeatedOrder,
    51 = SelfTrade,
    90 = NoTradeWindow,
    91 = Maintenance,
    134 = VenueLimit,
    92 = MarginUnknown,
    93 = MarginModeDiffers,
    94 = LeverageDiffers,
    95 = FreeMargin,
    133 = FreeBalance,
    96 = MarginRatio,
    97 = NearLiquidation,
    52 = InstrumentUnknown,
    53 = InstrumentOrders,
    54 = MinuteRate,
    55 = OrderToTrade,
    60 = EquityUnproven,
    61 = DailyLoss,
    62 = LossRate,
    63 = BreakerOpen,
    64 = RejectStorm,
    65 = StrategyLoss,
    66 = LosingRun,
    67 = StrategyRejects,
    68 = ReviewDue,
    69 = NetExposure,
    70 = UnderlyingExposure,
    71 = UnderlyingNet,
    72 = TooManyPositions,
    73 = Leverage,
    74 = Concentration,
    75 = ConservativePosition,
    80 = DeadManUnarmed,
    81 = StaleFilters,
    82 = StaleMark,
    83 = PriceOffMark,
    106 = JournalLate,
    110 = NetDelta,
    111 = UnhedgedLeg,
    120 = OrderNotResting,
    121 = AmendUnderWay,
    122 = SameTerms,
    123 = BelowFilled,
    124 = TooManyAmends,
    125 = ParentMissing,
    126 = ParentUnknown,
    127 = ParentMismatch,
    128 = ParentExceeded,
    129 = TooManyParents,
    130 = LeverageCap,
    131 = Unattested,
    132 = KeyUnfit,
});

wire_enum!(InstrumentKind { 1 = Spot, 2 = Perpetual });
wire_enum!(MarginMode { 1 = Cross, 2 = Isolated });
wire_struct!(MarkBand { up_bps: u32, down_bps: u32 });
wire_struct!(Filters {
    price_tick: Price,
    price_min: Price,
    price_max: Price,
    qty_step: Qty,
    qty_min: Qty,
    qty_max: Qty,
    notional_min: Cash,
    mark_band: Option<MarkBand>,
    trading: bool,
});
wire_struct!(ReferenceEvent { instrument: InstrumentId, filters: Option<Filters> });
wire_enum!(BalanceCause { 1 = Transfer, 2 = Funding, 3 = ProfitOrLoss });
wire_struct!(BalanceChange { venue: VenueId, asset: AssetId, amount: Cash, cause: BalanceCause });
wire_struct!(VenuePosition { instrument: InstrumentId, qty: Qty, entry: Price });
wire_struct!(VenueOrder {
    instrument: InstrumentId,
    order: OrderRef,
    venue_order_id: u64,
    side: Side,
    price: Price,
    qty: Qty,
    cum_qty: Qty,
    purpose: Purpose,
});
wire_struct!(WalletMargin { asset: AssetId, available: Cash, balance: Cash });
wire_struct!(MarginTier { notional_max: Cash, maintenance_ppm: u32, leverage_max: u32 });
wire_struct!(FeeRates { instrument: InstrumentId, maker_e8: i64, taker_e8: i64 });

wire_struct!(ParentId { 0: ClientOrderId });
wire_struct!(Parent {
    id: ParentId,
    strategy: StrategyId,
    instrument: InstrumentId,
    side: Side,
    qty: Qty,
});
wire_enum!(ParentEvent {
    1 = Opened(parent: Parent),
    2 = Denied { parent: Parent, reason: DenyReason },
    3 = Ended(id: ParentId),
    4 = Stopped(strategy: StrategyId),
});

/// The number under which a reason stands on disk.
pub(super) fn reason_number(reason: TripReason) -> u8 {
    let mut bytes = [0_u8; TripReason::SIZE];
    reason.put(&mut Put::new(&mut bytes));
    bytes[0]
}

/// The reason that stands on disk under a number.
pub(super) fn reason_of(number: u8) -> Option<TripReason> {
    TripReason::take(&mut Take::new(&[number]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{Attestation, KeyFitness, MarketRecording};
    use crate::store::{AccountTold, ReadingItem};

    /// Every number of the table stands once, is read, and is written back as itself.
    fn check_table<T: Numbered>() {
        let mut seen = T::NUMBERS.to_vec();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), T::NUMBERS.len(), "a number stands twice");
        assert!(!seen.contains(&0), "zero is what an empty disk says");
        for number in 0..=u8::MAX {
            // The first variant of every enum inside is 1, so this fills each of them soundly.
            let bytes = [&[number][..], &vec![1; T::SIZE - 1]].concat();
            let Some(value) = T::take(&mut Take::new(&bytes)) else {
                assert!(!seen.contains(&number), "{number} is not read");
                continue;
            };
            assert!(seen.contains(&number), "{number} is read as {value:?}");
            let mut back = vec![0xAA; T::SIZE];
            value.put(&mut Put::new(&mut back));
            assert_eq!(back[0], number, "{value:?}");
        }
    }

    #[test]
    fn every_number_stands_once_and_reads_back() {
        check_table::<Side>();
        check_table::<Purpose>();
        check_table::<TimeInForce>();
        check_table::<OrderKind>();
        check_table::<OrderStatus>();
        check_table::<ForeignOrder>();
        check_table::<OrderRef>();
        check_table::<Liquidity>();
        check_table::<NotSentReason>();
        check_table::<ExecutionKind>();
        check_table::<Mode>();
        check_table::<ModeCause>();
        check_table::<Scope>();
        check_table::<LinkChannel>();
        check_table::<LinkState>();
        check_table::<JournalState>();
        check_table::<Condition>();
        check_table::<DeadManAnswer>();
        check_table::<TripCause>();
        check_table::<Criterion>();
        check_table::<Baseline>();
        check_table::<Probation>();
        check_table::<OperatorCommand>();
        check_table::<Kept>();
        check_table::<TripReason>();
        check_table::<DenyReason>();
        check_table::<ParentEvent>();
        check_table::<InstrumentKind>();
        check_table::<MarginMode>();
        check_table::<BalanceCause>();
        check_table::<Attestation>();
        check_table::<KeyFitness>();
        check_table::<MarketRecording>();
        check_table::<AccountTold>();
        check_table::<ReadingItem>();
        check_table::<WorkingPrice>();
        check_table::<StopReportKind>();
    }

    #[test]
    fn every_reason_and_cause_has_its_number() {
        assert_eq!(DenyReason::NUMBERS.len(), DenyReason::COUNT);
        assert_eq!(ModeCause::NUMBERS.len(), ModeCause::ALL.len());
    }

    #[test]
    fn trip_reasons_stand_under_the_numbers_that_their_type_names() {
        for number in TripReason::NUMBERS {
            let reason = reason_of(*number).unwrap();
            assert_eq!(reason as u8, *number);
            assert_eq!(reason_number(reason), *number);
        }
    }
}
