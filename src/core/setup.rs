//! What a core is built from: the instruments, the strategies, and every number that binds them.
//!
//! The configuration checks all ranges and relations before a core is built. There are no defaults
//! here: a number that is not written is a fault of the configuration (D8).

pub use super::appetite::{
    Appetite, BreakerLimits, DayLimits, ExposureLimits, RejectLimits, Storm, StrategyLimits,
};
use super::kept::{BreakerMark, DayMark};
use super::ledger::LedgerLine;
use super::mode::{ModeRecord, Scope};
use super::parent::ParentRule;
use super::partial::PartialFill;
use super::permission::Permissions;
use super::portfolio::HighWater;
use super::safety::{Latch, TripRecord};
use super::strategy::Strategy;
use crate::types::{Cash, Instrument, InstrumentId, MarginMode, Qty, StrategyId, WorkingPrice};

/// Everything that a core is built from.
#[derive(Debug)]
pub struct Setup {
    /// Instruments by `InstrumentId`.
    pub instruments: Vec<Instrument>,
    /// How each asset becomes reporting currency, by `AssetId`.
    pub valuations: Vec<Valuation>,
    /// Strategies by `StrategyId`.
    pub strategies: Vec<Seat>,
    /// The numbers that bind all of them.
    pub limits: Limits,
    /// How long things may take.
    pub timing: Timing,
    /// Whether the account is ours alone (SAFETY E4).
    pub sharing: Sharing,
    /// The venue's dead-man's switch; `None` where there is none or it is not wanted.
    pub dead_man: Option<DeadManTiming>,
    /// Number of this start; the first half of every id.
    pub epoch: u32,
    /// What the last run left behind.
    pub restored: Restored,
}

/// A strategy with its name and bounds.
#[derive(Debug)]
pub struct Seat {
    /// Its name in the configuration.
    pub name: String,
    /// What it may trade.
    pub instruments: Vec<InstrumentId>,
    /// What it may use.
    pub budget: Budget,
    /// Itself.
    pub strategy: Box<dyn Strategy>,
}

/// What the last run left behind (D1): a restart never raises a mode.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Restored {
    /// The modes that held, by scope; what is not named runs.
    pub modes: Vec<(Scope, ModeRecord)>,
    /// The latch of everything, if it is set.
    pub latch: Option<TripRecord>,
    /// The latches of parts.
    pub part_latches: Vec<Latch>,
    /// Generation of the latch: how often it has ever tripped.
    pub latch_generation: u32,
    /// The high-water mark of equity.
    pub high_water: Option<HighWater>,
    /// Where the day began.
    pub day: Option<DayMark>,
    /// The circuit breaker.
    pub breaker: Option<BreakerMark>,
    /// What each strategy held of each instrument.
    pub ledgers: Vec<(StrategyId, InstrumentId, LedgerLine)>,
    /// Up to which trade all were known.
    pub trades: Vec<(InstrumentId, u64)>,
    /// Whether somebody has put a name to this configuration.
    pub attestation: Attestation,
    /// Whether the key is one to trade with.
    pub key: KeyFitness,
}

/// Whether the key of the account is one to trade with, as its venue told last (SAFETY E3, R133).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum KeyFitness {
    /// No real money is behind it, and nobody asked.
    #[default]
    Exempt,
    /// It may trade here and send nothing away.
    Fit,
    /// It may withdraw, or may not trade here: nothing is opened.
    Unfit,
    /// Nobody could tell: nothing is opened.
    Unproven,
    /// Its venue does not tell, and a person answers for it by name.
    Vouched,
}

impl KeyFitness {
    /// The word that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exempt => "not asked",
            Self::Fit => "fit",
            Self::Unfit => "unfit",
            Self::Unproven => "unproven",
            Self::Vouched => "vouched for",
        }
    }
}

/// Whether somebody who may has put a name to this very configuration (SAFETY P29).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Attestation {
    /// Nobody asks for it: `governance.attestation: off`.
    #[default]
    Off,
    /// Somebody has.
    Given,
    /// It is asked for, and nobody has: nothing is opened.
    Missing,
}

/// What of the market is journaled (D23): the input that there is most of.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum MarketRecording {
    /// All of it: a replay reproduces every decision.
    #[default]
    Full,
    /// Best prices and marks: enough to see what they were, and not to reproduce a decision.
    Quotes,
    /// Nothing.
    Off,
}

impl MarketRecording {
    /// The word of the configuration and of reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Quotes => "quotes",
            Self::Off => "off",
        }
    }
}

/// How an asset becomes reporting currency (D17).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Valuation {
    /// It is the reporting currency.
    Reporting,
    /// By the quote of an instrument whose base it is and whose quote is the reporting currency.
    By(InstrumentId),
    /// It cannot: holding any makes equity unknown.
    Nothing,
}

/// Whose account it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sharing {
    /// Ours alone: symbol-wide cancels are allowed.
    Exclusive,
    /// Other people or programs trade on it: cancels go by our own ids.
    Shared,
}

/// How the venue's dead-man's switch is kept (SAFETY E15).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DeadManTiming {
    /// How long after the last renewal the venue takes the orders of an instrument back,
    /// milliseconds.
    pub countdown_ms: u32,
    /// Time between two renewals, nanoseconds.
    pub renew_ns: u64,
}

/// What one strategy may use, enforced by the kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Budget {
    /// Largest |position| in one instrument at worst case, in its settlement asset.
    pub position_notional_max: Cash,
    /// Most orders of its own that are not over.
    pub open_orders_max: u32,
    /// Most new orders in a time.
    pub rate: Rate,
    /// Most orders for each trade, of lately; `None` where that is off.
    pub orders_per_trade_max: Option<u32>,
    /// Whether what it opens must go under a parent (SAFETY P18).
    pub parents: ParentRule,
    /// What becomes of the rest of an order of which a part traded.
    pub partial_fill: PartialFill,
    /// What it may open with.
    pub permissions: Permissions,
    /// What it may lose and try before a person looks.
    pub losses: StrategyLimits,
}

/// A token bucket: so many at once, refilled evenly.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Rate {
    /// Refill.
    pub per_second: u32,
    /// Most at once.
    pub burst: u32,
}

/// The numbers that bind everything.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Fall from the high-water mark.
    pub drawdown: DrawdownLimits,
    /// Distance to the venue's clock.
    pub clock: ClockLimits,
    /// A reset of the kill switch must wait so long after the trip (D3).
    pub reset_cooldown_ns: u64,
    /// Largest price × quantity of one order, in its quote asset.
    pub order_notional_max: Cash,
    /// Farthest that a price may lie beyond the opposite touch, in basis points.
    pub price_band_bps: u32,
    /// More books of one instrument lost by gaps leave it only reductions (SAFETY T15).
    pub gaps: Often,
    /// Funding beyond this part of the equity, in basis points, is told aloud (SAFETY T13).
    pub funding_bps_max: u32,
    /// How far a fee may be from what the venue's rate makes of it, in hundredths of a basis point
    /// of the notional; `None` where fees are not compared (SAFETY T12).
    pub fee_tolerance_centi_bps: Option<u32>,
    /// What taking may cost (SAFETY T10).
    pub slippage: SlippageLimits,
    /// How far the market may have moved before nothing is opened.
    pub price_move: PriceMoveLimits,
    /// Most orders of the same intent.
    pub repeats: RepeatLimits,
    /// Longest time from the arrival of the bytes that a strategy answers to until its order.
    pub signal_age_ns_max: u64,
    /// Longest time to live of an opening order.
    pub order_ttl_ns_max: u64,
    /// Most new orders in a time, over all strategies.
    pub order_rate: Rate,
    /// Most new orders in any minute, over all strategies.
    pub orders_per_minute_max: u32,
    /// Most of the visible depth that one opening order may take, in basis points; `None` where
    /// that is off.
    pub depth_bps_max: Option<u32>,
    /// Most orders that are not over, over all strategies.
    pub open_orders_max: u32,
    /// Most orders whose fate is unknown, before nothing more is opened.
    pub unknown_orders_max: u32,
    /// Largest sum of |position| at worst case over all instruments, in reporting currency.
    pub gross_notional_max: Cash,
    /// Oldest quote that may be traded on.
    pub data_age_ns_max: u64,
    /// Oldest reading of the venue's rules for orders under which anything is opened.
    pub filters_age_ns_max: u64,
    /// How long a record may wait for the disk while anything is opened (SAFETY P27).
    pub journal_lag_ns_max: u64,
    /// Size of limits in CONSERVATIVE, in basis points of the full size.
    pub conservative_bps: u32,
    /// What may be lost and held in all.
    pub appetite: Appetite,
    /// How long after a resume CONSERVATIVE is not left without force (R125).
    pub probation_ns: u64,
    /// Whether opening orders may take in CONSERVATIVE.
    pub conservative_taker: Taker,
    /// When nothing is opened (R68).
    pub no_trade: Vec<NoTradeWindow>,
    /// What the accounts must carry.
    pub margin: MarginLimits,
    /// Per instrument, by `InstrumentId`.
    pub instruments: Vec<InstrumentLimits>,
    /// Instruments that stand against each other.
    pub hedge_groups: Vec<HedgeGroup>,
}

/// Instruments that stand against each other (SAFETY E5).
#[derive(Clone, Debug, PartialEq)]
pub struct HedgeGroup {
    /// Its name in the configuration.
    pub name: String,
    /// At least two, each of no other group, with what a unit of its value counts in this one:
    /// signed basis points, not zero.
    pub legs: Vec<(InstrumentId, i64)>,
    /// Largest |net delta| at worst case, in reporting currency.
    pub net_delta_max: Cash,
    /// Up to this |net delta| it counts as hedged, in reporting currency.
    pub hedged_within: Cash,
    /// How long it may not be hedged before nothing more is opened but what hedges it.
    pub unhedged_ns_max: u64,
    /// What a trip of the kill switch over any of its legs does.
    pub on_trip: OnTrip,
}

/// What a trip does with a hedge group: the only positions that are ever closed without a person's
/// word.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum OnTrip {
    /// All legs stay.
    #[default]
    Hold,
    /// Legs that are too large are closed as far as that brings the net delta nearer to zero. None
    /// is opened: after a trip nothing is (D4).
    CompleteHedge,
    /// All legs are closed.
    Flatten,
}

impl OnTrip {
    /// The word of the configuration and of reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hold => "hold",
            Self::CompleteHedge => "complete_hedge",
            Self::Flatten => "flatten",
        }
    }
}

/// Whether an order may take what others have placed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Taker {
    /// It may.
    On,
    /// It may not.
    Off,
}

/// A time at which nothing is opened, by the venue's clock, UTC (R68).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NoTradeWindow {
    /// When.
    pub span: Span,
    /// What becomes of opening orders that rest.
    pub resting: Resting,
}

/// From when to when; the end is outside.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Span {
    /// Every week.
    Weekly {
        /// On which days it begins: bit 0 is Monday.
        days: u8,
        /// Minute of the day.
        from_min: u16,
        /// Minute of the day, of the next one unless it is after `from_min`.
        to_min: u16,
    },
    /// Once, in seconds of Unix time.
    Once {
        /// First second inside.
        from_s: u64,
        /// First second outside.
        to_s: u64,
    },
}

/// What a no-trade window does with opening orders that rest.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Resting {
    /// They live on to their end.
    Keep,
    /// They are taken back.
    Cancel,
}

/// The numbers that bind one instrument.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct InstrumentLimits {
    /// Largest |position| at worst case: confirmed position and every order that is not over.
    pub position_max: Qty,
    /// Largest single order.
    pub order_qty_max: Qty,
    /// Most orders that are not over, over all strategies.
    pub open_orders_max: u32,
    /// Most opening orders whose fate is unknown, before nothing more is opened there.
    pub unknown_orders_max: u32,
    /// Only reductions pass (a list of compliance).
    pub restricted: bool,
    /// Several strategies may hold it, each in a ledger of its own (SAFETY E9).
    pub shared: bool,
    /// What the venue must trade it with, notional per initial margin.
    pub leverage: u32,
    /// The stop that must wait at the venue while a position is held; `None` where none must.
    pub protective_stop: Option<StopRule>,
}

/// A stop that guards a position at the venue (SAFETY E1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StopRule {
    /// How far from the market it is placed, basis points; 1 to 9,999.
    pub distance_bps: i32,
    /// Whose price meets it.
    pub working: WorkingPrice,
    /// A position that has none for so long may only be reduced.
    pub within_ns: u64,
}

/// What an account must carry (SAFETY E7, P17). None of it binds a reduction.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MarginLimits {
    /// What must stand behind every position.
    pub mode: MarginMode,
    /// Highest fee of a trade, in hundredths of a basis point.
    pub fee_centi_bps: u32,
    /// Largest part of the margin balance that positions and orders at their worst case may need
    /// not to be liquidated, in basis points.
    pub ratio_bps_max: u32,
    /// Beyond this part, needed by what is held, only reductions go on.
    pub ratio_bps_warn: u32,
    /// Smallest move of all prices against all positions at their worst case that may lead to a
    /// liquidation, in basis points.
    pub liquidation_bps_min: u32,
}

/// So many within a rolling window are borne, and one more is not.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Often {
    /// So many, at least one.
    pub max: u32,
    /// The window.
    pub window_ns: u64,
}

/// What an order may pay beyond the mid that the kernel saw when it approved it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct SlippageLimits {
    /// In basis points of that mid; beyond it a person is told.
    pub max_bps: i64,
    /// More of such orders leave their strategy only reductions.
    pub orders: Often,
}

/// How far a mid may move within a time before nothing is opened into the move.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PriceMoveLimits {
    /// In basis points of the mid at its beginning, up or down.
    pub max_bps: u32,
    /// The time.
    pub window_ns: u64,
}

/// How often the same intent (strategy, instrument, side, price, quantity) may be sent.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RepeatLimits {
    /// So often at once, refilled evenly over the window.
    pub max: u32,
    /// The time in which all of it is refilled.
    pub window_ns: u64,
}

/// When the drawdown trips the kill switch (SAFETY E6).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct DrawdownLimits {
    /// Fall from the high-water mark, in basis points of it.
    pub max_bps: u32,
    /// So many distinct valuations in a row beyond it trip; new risk is denied from the first.
    pub confirm_valuations: u32,
    /// Or so long beyond it.
    pub confirm_ns: u64,
    /// So long without a known equity while a position is open trips.
    pub unknown_ns_max: u64,
}

/// How far the venue's clock may be from ours (SAFETY E10).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ClockLimits {
    /// A person is told.
    pub warn_ns: u64,
    /// The kill switch trips.
    pub kill_ns: u64,
    /// So many samples in a row beyond it.
    pub kill_samples: u32,
    /// How often it is measured; a sample older than twice this denies.
    pub refresh_ns: u64,
}

/// How long things may take, in nanoseconds of the monotonic clock.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Timing {
    /// An order without an answer for so long is `Unknown`, and asked after.
    pub answer_ns_max: u64,
    /// A cancel that is not confirmed is sent again.
    pub cancel_retry_ns: u64,
    /// Every so many cancels of an opening order that are not confirmed, all opening orders of its
    /// symbol are taken back; at least one.
    pub cancel_attempts_max: u32,
    /// An opening order that was to go and has not gone for so long leaves its instrument only
    /// reductions.
    pub stuck_ns_max: u64,
    /// An unknown order is asked after again.
    pub query_retry_ns: u64,
    /// An order that the venue does not know is given up when it could not arrive any more:
    /// the venue's receive window and a second.
    pub not_found_final_ns: u64,
    /// The account is read and compared.
    pub reconcile_ns: u64,
    /// A reading that is not answered is asked again.
    pub reconcile_timeout_ns: u64,
    /// Differences of a wallet up to this are rounding.
    pub balance_tolerance: Cash,
    /// A position may differ from the venue's by so many steps of its quantity before its
    /// instrument may only reduce.
    pub position_tolerance_steps: u32,
    /// So many opening orders that are not known here may stand in an instrument before it may only
    /// reduce.
    pub open_orders_tolerance: u32,
}
