//! The nouns of trading: plain data, no behaviour beyond arithmetic, no IO, no policy.

mod account;
mod condition;
mod dead_man;
mod execution;
mod funding;
mod ids;
mod instrument;
mod margin;
mod market;
mod num;
mod order;
mod stop;
mod text;

pub use account::{
    AccountSnapshot, BalanceCause, BalanceChange, QueryToken, TradesRead, VenueOrder, VenuePosition,
};
pub use condition::{Condition, VenueCondition};
pub use dead_man::{DeadManAnswer, DeadManReport, DeadManRequest};
pub use execution::{
    ExecutionKind, ExecutionReport, Fee, Fill, ForeignOrder, Liquidity, NotSentReason, OrderRef,
    POST_ONLY_CODE, amend_number,
};
pub use funding::FundingRate;
pub use ids::{
    AssetId, ClientOrderId, ID_PREFIX_MAX, ID_TEXT_MAX, IdPrefix, InstrumentId, ParentId,
    StrategyId, VenueId,
};
pub use instrument::{Filters, Instrument, InstrumentKind, MarkBand};
pub use margin::{
    AccountMargin, FeeRates, InstrumentMargin, MarginMode, MarginStep, MarginTier, MarginTiers,
    PPM, TIERS_MAX, WalletMargin,
};
pub use market::{BookDelta, DELTA_LEVELS, Level, MarketData, MarketEvent, Quote, Trade};
pub use num::{Cash, Price, Qty, SCALE, Size};
pub use order::{
    Amendment, OrderKind, OrderRequest, OrderStatus, OrderTerms, Purpose, Side, TimeInForce,
};
pub use stop::{
    StandingStop, StopAsk, StopOrder, StopReport, StopReportKind, StopRequest, WorkingPrice,
};
pub use text::Text;

/// Nanoseconds in a millisecond.
pub const MS: u64 = 1_000_000;

/// Nanoseconds in a second.
pub const SECOND: u64 = 1_000 * MS;

/// A point in time: both clocks, read once at the edge and carried as data from then on.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Stamp {
    /// Monotonic nanoseconds since process start; the only field that durations are made of.
    pub mono_ns: u64,
    /// Wall clock nanoseconds since the Unix epoch; for records, for people, and for the distance
    /// to a venue's clock.
    pub unix_ns: u64,
}
