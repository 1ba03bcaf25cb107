//! The kernel's answer: an [`Approved`] order, or the one reason why not.

use crate::types::{
    ClientOrderId, OrderTerms, ParentId, Purpose, StopOrder, StrategyId, amend_number,
};

/// An order that passed every check. Proof by type: it cannot be built, copied or read from disk
/// outside the kernel (`tests/compile_fail` proves it).
#[derive(Debug, Eq, PartialEq)]
pub struct Approved {
    id: ClientOrderId,
    strategy: Option<StrategyId>,
    terms: OrderTerms,
    toward: Purpose,
    passage: Passage,
    parent: Option<ParentId>,
    origin_ns: u64,
}

impl Approved {
    pub(super) fn by_kernel(
        id: ClientOrderId,
        strategy: Option<StrategyId>,
        terms: OrderTerms,
        origin_ns: u64,
    ) -> Self {
        let (toward, passage, parent) = (terms.purpose, Passage::Open, None);
        Self { id, strategy, terms, toward, passage, parent, origin_ns }
    }

    /// The same, as what it passed.
    pub(super) fn passed_as(self, passage: Passage) -> Self {
        Self { passage, ..self }
    }

    /// The same, under a parent.
    pub(super) fn under(self, parent: Option<ParentId>) -> Self {
        Self { parent, ..self }
    }

    /// The same, of which the strategy's ledger makes something else than the account does.
    pub(super) fn toward_ledger(self, toward: Purpose) -> Self {
        Self { toward, ..self }
    }

    /// Its id, reserved before the review (D16).
    pub fn id(&self) -> ClientOrderId {
        self.id
    }

    /// Whose wish it was; `None` for an exit that an operator asked for.
    pub fn strategy(&self) -> Option<StrategyId> {
        self.strategy
    }

    /// The parent against which it counts.
    pub fn parent(&self) -> Option<ParentId> {
        self.parent
    }

    /// All its terms.
    pub fn terms(&self) -> &OrderTerms {
        &self.terms
    }

    /// What it is to the ledger of its strategy; its terms say what it is to the account.
    pub(in crate::core) fn toward(&self) -> Purpose {
        self.toward
    }

    /// It opens its own leg and lowers what its hedge group has open: a stop that leaves
    /// reductions leaves it.
    pub(in crate::core) fn hedges(&self) -> bool {
        self.passage == Passage::Hedge
    }

    /// Monotonic time at which the bytes arrived that caused it: tick-to-order runs from here.
    pub fn origin_ns(&self) -> u64 {
        self.origin_ns
    }
}

/// An amend that passed every check. Proof by type, as [`Approved`] is.
#[derive(Debug, Eq, PartialEq)]
pub struct ApprovedAmend {
    id: ClientOrderId,
    strategy: StrategyId,
    terms: OrderTerms,
    amends: u32,
    origin_ns: u64,
}

impl ApprovedAmend {
    pub(super) fn by_kernel(
        id: ClientOrderId,
        strategy: StrategyId,
        terms: OrderTerms,
        amends: u32,
        origin_ns: u64,
    ) -> Self {
        Self { id, strategy, terms, amends, origin_ns }
    }

    /// Of which order.
    pub fn id(&self) -> ClientOrderId {
        self.id
    }

    /// Whose wish it was.
    pub fn strategy(&self) -> StrategyId {
        self.strategy
    }

    /// All terms of the order, once it is amended.
    pub fn terms(&self) -> &OrderTerms {
        &self.terms
    }

    /// Which amend of the order it is, as [`amend_number`] counts.
    pub fn number(&self) -> u8 {
        amend_number(self.amends)
    }

    /// Monotonic time at which the bytes arrived that caused it.
    pub fn origin_ns(&self) -> u64 {
        self.origin_ns
    }
}

/// A stop that passed every check. Proof by type, as [`Approved`] is.
#[derive(Debug, Eq, PartialEq)]
pub struct ApprovedStop(StopOrder);

impl ApprovedStop {
    pub(super) fn by_kernel(order: StopOrder) -> Self {
        Self(order)
    }

    /// All its terms.
    pub fn order(&self) -> &StopOrder {
        &self.0
    }
}

/// What asks to pass: the columns of the exit table (SAFETY E2). A cancel is not among them: no
/// check ever stands in its way.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Passage {
    /// A strategy takes on risk.
    Open,
    /// A strategy lowers or guards its position.
    Reduce,
    /// An operator closes a position.
    Flatten,
    /// A strategy opens a leg that lowers the net delta of its hedge group (SAFETY E5).
    Hedge,
}

impl Passage {
    /// All of them: those of the table's columns, in their order, and what follows from them.
    pub const ALL: [Self; 4] = [Self::Open, Self::Reduce, Self::Flatten, Self::Hedge];

    /// `verdict`, unless its reason does not bind whoever asks.
    #[inline]
    pub(super) fn judge(self, verdict: Result<(), DenyReason>) -> Result<(), DenyReason> {
        match verdict {
            Ok(()) => Ok(()),
            Err(reason) => self.judge_denial(reason),
        }
    }

    /// Apart, so that a check that passes is a comparison and a branch that is not taken.
    #[cold]
    fn judge_denial(self, reason: DenyReason) -> Result<(), DenyReason> {
        if reason.binds(self) { Err(reason) } else { Ok(()) }
    }
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident: $open:ident $reduce:ident $flatten:ident),* $(,)?) => {
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

            /// True when it denies what asks so: the exit table, one row a reason.
            pub fn binds(self, passage: Passage) -> bool {
                let [open, reduce, flatten] = match self {
                    $(Self::$name => [rule!($open), rule!($reduce), rule!($flatten)]),*
                };
                match passage {
                    Passage::Open => open,
                    Passage::Reduce => reduce,
                    Passage::Flatten => flatten,
                    Passage::Hedge => reduce || (open && self.is_of_the_leg()),
                }
            }

            /// True for what an instrument may hold and carry by itself: it binds a hedge, which
            /// is a reduction of its group and opens its leg.
            fn is_of_the_leg(self) -> bool {
                matches!(
                    self,
                    Self::DeadManUnarmed
                        | Self::Restricted
                        | Self::KindNotPermitted
                        | Self::SideNotPermitted
                        | Self::NotionalTooSmall
                        | Self::PositionTooLarge
                        | Self::MarginUnknown
                        | Self::MarginModeDiffers
                        | Self::LeverageDiffers
                        | Self::LeverageCap
                        | Self::FreeMargin
                        | Self::MarginRatio
                        | Self::NearLiquidation
                        | Self::StrategyPosition
                )
            }
        }
    };
}

macro_rules! rule {
    (deny) => {
        true
    };
    (allow) => {
        false
    };
}

// The columns are those of `Passage`: open, reduce, flatten.
reasons! {
    /// The kill switch is tripped.
    KillSwitch: deny deny allow,
    /// Everything, this instrument or this strategy is halted.
    Halted: deny deny allow,
    /// Only reductions may pass, and this is none.
    ReducingOnly: deny allow allow,
    /// The operator's calendar opens nothing at this time.
    NoTradeWindow: deny allow allow,
    /// The venue takes no requests, or its account has not been read since.
    Maintenance: deny deny allow,
    /// The venue counts nearly as many requests or orders of ours as it takes.
    VenueLimit: deny allow allow,
    /// A connection that trading needs is down.
    LinkDown: deny deny deny,
    /// The venue's account has not been read and compared since the link came up.
    NotReconciled: deny deny allow,
    /// The venue does not trade the instrument now.
    NotTrading: deny deny allow,
    /// The venue's rules for orders were read too long ago.
    StaleFilters: deny allow allow,
    /// What happens does not reach the disk in time.
    JournalLate: deny allow allow,
    /// Nobody has put a name to this configuration, and it must have one.
    Unattested: deny allow allow,
    /// The key may send money away, or may not trade, or nobody could tell.
    KeyUnfit: deny allow allow,
    /// The order would rest, and the venue's dead-man's switch cannot be armed for it.
    DeadManUnarmed: deny allow allow,
    /// The strategy may not trade this instrument.
    NotPermitted: deny deny allow,
    /// The instrument is on the list of those that may only be reduced.
    Restricted: deny allow allow,
    /// The id is not of this start, or not above every id that was reviewed before.
    BadId: deny deny deny,
    /// The order that was to be amended does not rest at the venue, as far as is known.
    OrderNotResting: deny deny allow,
    /// An amend of the order is on its way already.
    AmendUnderWay: deny deny allow,
    /// The order has these terms.
    SameTerms: deny deny allow,
    /// As much of the order has traded: the venue would take it back.
    BelowFilled: deny deny allow,
    /// The venue amends no order so often.
    TooManyAmends: deny deny allow,
    /// The venue's clock has not been measured, or too long ago.
    ClockUnknown: deny allow allow,
    /// The venue's clock is too far from ours.
    ClockDrift: deny allow allow,
    /// No price of it has been heard yet.
    NoPrice: deny deny deny,
    /// There is no sound quote now: it is one-sided or crossed.
    NoQuote: deny deny allow,
    /// The quote is too old.
    StaleQuote: deny deny allow,
    /// The book lost an update and is not whole.
    BookLost: deny allow allow,
    /// What the strategy answers to arrived too long ago.
    StaleSignal: deny allow allow,
    /// The market moved too far in too short a time.
    MarketMoved: deny allow allow,
    /// Equity cannot be told.
    EquityUnknown: deny allow allow,
    /// A wallet holds what no message has explained yet.
    EquityUnproven: deny allow allow,
    /// Equity is beyond the drawdown limit; the latch follows when that is confirmed.
    Drawdown: deny allow allow,
    /// The day's loss is beyond its limit.
    DailyLoss: deny allow allow,
    /// The loss of the last minute is beyond its limit.
    LossRate: deny allow allow,
    /// Too many automatic stops in a row: the cooldown is not over.
    BreakerOpen: deny allow allow,
    /// The venue refused too many orders of the last minute.
    RejectStorm: deny allow allow,
    /// The strategy lost more than it may, or its profit cannot be told.
    StrategyLoss: deny allow allow,
    /// Too many round trips of the strategy in a row lost.
    LosingRun: deny allow allow,
    /// The venue refused too many orders of the strategy in a row.
    StrategyRejects: deny allow allow,
    /// The strategy traded more than it may without a person having looked.
    ReviewDue: deny allow allow,
    /// The strategy may not open with this kind of order.
    KindNotPermitted: deny allow allow,
    /// The strategy may not open on this side.
    SideNotPermitted: deny allow allow,
    /// It would take, and in CONSERVATIVE nothing is opened so.
    TakerOff: deny allow allow,
    /// The price is not positive, not on a tick or outside the venue's range.
    BadPrice: deny deny deny,
    /// The quantity is not positive, not on a step or outside the venue's range.
    BadQty: deny deny deny,
    /// Price × quantity is below what the venue takes.
    NotionalTooSmall: deny allow allow,
    /// The venue's mark price is too old.
    StaleMark: deny allow allow,
    /// The price is outside the venue's band around the mark.
    PriceOffMark: deny deny allow,
    /// The quantity is above the limit for one order.
    QtyTooLarge: deny deny allow,
    /// Price × quantity is above the limit for one order.
    NotionalTooLarge: deny deny allow,
    /// It would take too much of what stands in the book.
    TooMuchOfDepth: deny allow allow,
    /// The price is too far beyond the market.
    PriceOffMarket: deny deny allow,
    /// The price is too far beyond the last trade.
    PriceOffTrade: deny allow allow,
    /// An opening order without a time to live, or with one that is too long.
    BadTtl: deny deny allow,
    /// It is called a reduction but would not lower the position.
    NotReducing: deny deny deny,
    /// It names no parent, and its strategy opens under parents only.
    ParentMissing: deny allow allow,
    /// The parent that it names was never opened, or is over.
    ParentUnknown: deny deny allow,
    /// The parent that it names is another strategy's, of another instrument or of the other side.
    ParentMismatch: deny deny allow,
    /// All orders of its parent could together trade more than the parent's quantity.
    ParentExceeded: deny deny allow,
    /// The strategy has as many parents open as it may have.
    TooManyParents: deny deny allow,
    /// An order of the strategy that is not over asked for exactly the same.
    DuplicateOrder: deny allow allow,
    /// The same was asked for too often in a time.
    RepeatedOrder: deny allow allow,
    /// It would meet an order of our own.
    SelfTrade: deny deny allow,
    /// Too many orders of unknown fate.
    TooManyUnknown: deny allow allow,
    /// Too many orders of unknown fate in this instrument.
    InstrumentUnknown: deny allow allow,
    /// Too many orders alive, over all strategies.
    TooManyOrders: deny deny allow,
    /// Too many orders alive in this instrument.
    InstrumentOrders: deny deny allow,
    /// Too many new orders in a time, over all strategies.
    OrderRate: deny deny deny,
    /// Too many new orders in a minute, over all strategies.
    MinuteRate: deny deny deny,
    /// The position could pass the instrument's limit.
    PositionTooLarge: deny allow allow,
    /// All positions together could pass the account's limit.
    ExposureTooLarge: deny allow allow,
    /// What is not hedged in the group of the instrument could pass the group's limit.
    NetDelta: deny allow allow,
    /// The group of the instrument has not been hedged for longer than it may.
    UnhedgedLeg: deny allow allow,
    /// Longs less shorts, or shorts less longs, could pass the account's limit.
    NetExposure: deny allow allow,
    /// All positions of the underlying could pass its limit.
    UnderlyingExposure: deny allow allow,
    /// Longs less shorts of the underlying, or the reverse, could pass its limit.
    UnderlyingNet: deny allow allow,
    /// One more position would be too many.
    TooManyPositions: deny allow allow,
    /// All positions together would be too large for the equity.
    Leverage: deny allow allow,
    /// The position would be too large a part of the equity.
    Concentration: deny allow allow,
    /// The position would be too large a part of the equity in CONSERVATIVE.
    ConservativePosition: deny allow allow,
    /// What the account can carry, or what the position would need, cannot be told.
    MarginUnknown: deny allow allow,
    /// The venue's mode of margin is not the configured one.
    MarginModeDiffers: deny allow allow,
    /// The venue's leverage is not the configured one.
    LeverageDiffers: deny allow allow,
    /// The position could pass what the venue allows at its leverage.
    LeverageCap: deny allow allow,
    /// The account's margin would not cover it with all that is under way.
    FreeMargin: deny allow allow,
    /// The wallet of a spot account does not hold so much that no other order has locked.
    FreeBalance: deny deny deny,
    /// Positions would need too large a part of the account not to be liquidated.
    MarginRatio: deny allow allow,
    /// A move that is too small would liquidate.
    NearLiquidation: deny allow allow,
    /// Too many orders of this strategy alive.
    StrategyOrders: deny deny allow,
    /// Too many new orders of this strategy in a time.
    StrategyRate: deny deny allow,
    /// Too many orders of this strategy for each of its trades.
    OrderToTrade: deny allow allow,
    /// The strategy's position could pass its budget.
    StrategyPosition: deny allow allow,
}

/// `reason` unless it holds.
pub(super) fn require(holds: bool, reason: DenyReason) -> Result<(), DenyReason> {
    if holds { Ok(()) } else { Err(reason) }
}
