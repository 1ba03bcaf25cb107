//! The kernel's answer: an [`Approved`] order, or the one reason why not.

use crate::types::{ClientOrderId, OrderTerms, StrategyId};

/// An order that passed every check. Proof by type: it cannot be built, copied or read from disk
/// outside the kernel (`tests/compile_fail` proves it).
#[derive(Debug, Eq, PartialEq)]
pub struct Approved {
    id: ClientOrderId,
    strategy: Option<StrategyId>,
    terms: OrderTerms,
    origin_ns: u64,
}

impl Approved {
    pub(super) fn by_kernel(
        id: ClientOrderId,
        strategy: Option<StrategyId>,
        terms: OrderTerms,
        origin_ns: u64,
    ) -> Self {
        Self { id, strategy, terms, origin_ns }
    }

    /// Its id, reserved before the review (D16).
    pub fn id(&self) -> ClientOrderId {
        self.id
    }

    /// Whose wish it was; `None` for an exit that an operator asked for.
    pub fn strategy(&self) -> Option<StrategyId> {
        self.strategy
    }

    /// All its terms.
    pub fn terms(&self) -> &OrderTerms {
        &self.terms
    }

    /// Monotonic time at which the bytes arrived that caused it: tick-to-order runs from here.
    pub fn origin_ns(&self) -> u64 {
        self.origin_ns
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Why the kernel denied an order (a venue rejects; we deny), in order of precedence.
        #[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
        pub enum DenyReason {
            $($(#[$doc])* $name),*
        }

        impl DenyReason {
            /// All of them, in order.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// How many.
            pub const COUNT: usize = Self::ALL.len();

            /// The word that reports use.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name)),*
                }
            }
        }
    };
}

reasons! {
    /// The kill switch is tripped.
    KillSwitch,
    /// Everything, this instrument or this strategy is halted.
    Halted,
    /// Only reductions may pass, and this is none.
    ReducingOnly,
    /// A connection that trading needs is down.
    LinkDown,
    /// The venue's account has not been read and compared since the link came up.
    NotReconciled,
    /// The venue does not trade the instrument now.
    NotTrading,
    /// The strategy may not trade this instrument.
    NotPermitted,
    /// The venue's clock has not been measured, or too long ago.
    ClockUnknown,
    /// The venue's clock is too far from ours.
    ClockDrift,
    /// There is no sound quote: none, one-sided or crossed.
    NoQuote,
    /// The quote is too old.
    StaleQuote,
    /// The book lost an update and is not whole.
    BookLost,
    /// Equity cannot be told.
    EquityUnknown,
    /// Equity is beyond the drawdown limit; the latch follows when that is confirmed.
    Drawdown,
    /// The price is not positive, not on a tick or outside the venue's range.
    BadPrice,
    /// The quantity is not positive, not on a step or outside the venue's range.
    BadQty,
    /// Price × quantity is below what the venue takes.
    NotionalTooSmall,
    /// The quantity is above the limit for one order.
    QtyTooLarge,
    /// Price × quantity is above the limit for one order.
    NotionalTooLarge,
    /// The price is too far beyond the market.
    PriceOffMarket,
    /// An opening order without a time to live, or with one that is too long.
    BadTtl,
    /// It is called a reduction but would not lower the position.
    NotReducing,
    /// Too many orders of unknown fate.
    TooManyUnknown,
    /// Too many orders alive, over all strategies.
    TooManyOrders,
    /// Too many new orders in a time, over all strategies.
    OrderRate,
    /// The position could pass the instrument's limit.
    PositionTooLarge,
    /// All positions together could pass the account's limit.
    ExposureTooLarge,
    /// Too many orders of this strategy alive.
    StrategyOrders,
    /// Too many new orders of this strategy in a time.
    StrategyRate,
    /// The strategy's position could pass its budget.
    StrategyPosition,
}

/// `reason` unless it holds.
pub(super) fn require(holds: bool, reason: DenyReason) -> Result<(), DenyReason> {
    if holds { Ok(()) } else { Err(reason) }
}
