//! Why the exchange says no: the venue's own code and text (USDⓈ-M sheet, section 10).
//!
//! Only faults of orders; faults of messages (signature, parameters) belong to the dialect.

use crate::types::{Cash, Price};

/// A refused order or cancel. Nothing of a refused order exists.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub enum Reject {
    /// The symbol is not traded here.
    #[error("Invalid symbol.")]
    UnknownSymbol,
    /// The symbol is known but not traded at present.
    #[error("Invalid symbol status for opening position.")]
    NotTrading,
    /// The client order id is not 1 to 36 of the allowed characters.
    #[error("Client order id is not valid.")]
    ClientIdInvalid,
    /// An open order of the account has the same client order id.
    #[error("ClientOrderId is duplicated.")]
    ClientIdDuplicate,
    /// The price is zero or less.
    #[error("Price less than 0.")]
    PriceNotPositive,
    /// The price is above the filter's range.
    #[error("Price greater than max price.")]
    PriceAboveMax,
    /// The price is below the filter's range.
    #[error("Price less than min price.")]
    PriceBelowMin,
    /// The price is not a whole number of ticks.
    #[error("Price not increased by tick size.")]
    PriceOffTick,
    /// A buy too far above the mark.
    #[error("Limit price can't be higher than {0}.")]
    PriceAboveMark(Price),
    /// A sale too far below the mark.
    #[error("Limit price can't be lower than {0}.")]
    PriceBelowMark(Price),
    /// The quantity is zero or less.
    #[error("Quantity less than or equal to zero.")]
    QtyNotPositive,
    /// The quantity is below the filter's range.
    #[error("Quantity less than min quantity.")]
    QtyBelowMin,
    /// The quantity is above the filter's range.
    #[error("Quantity greater than max quantity.")]
    QtyAboveMax,
    /// The quantity is not a whole number of steps.
    #[error("Quantity not increased by step size.")]
    QtyOffStep,
    /// Price × quantity is too small for an opening order.
    #[error("Order's notional must be no smaller than {0} (unless you choose reduce only).")]
    NotionalBelowMin(Cash),
    /// The account cannot carry it.
    #[error("Margin is insufficient.")]
    MarginInsufficient,
    /// The account does not have what it would have to give.
    #[error("Account has insufficient balance for requested action.")]
    BalanceInsufficient,
    /// The position would be larger than its leverage allows.
    #[error("Exceeded the maximum allowable position at current leverage.")]
    LeverageCap,
    /// A reduce-only order would not reduce.
    #[error("ReduceOnly Order is rejected.")]
    ReduceOnly,
    /// A post-only order would take.
    #[error(
        "Due to the order could not be executed as maker, the Post Only order will be rejected. \
         The order will not be recorded in the order history"
    )]
    PostOnly,
    /// A fill-or-kill order cannot be filled whole.
    #[error(
        "Due to the order could not be filled immediately, the FOK order has been rejected. The \
         order will not be recorded in the order history"
    )]
    FillOrKill,
    /// The account has too many open orders on the symbol.
    #[error("Reach max open order limit.")]
    TooManyOpen,
    /// No such open order to cancel.
    #[error("Unknown order sent.")]
    UnknownOrder,
    /// An order is amended to the terms that it has.
    #[error("No need to modify the order.")]
    SameTerms,
    /// An order is to become larger where it may only become smaller.
    #[error("Order amend (quantity increase) is not supported.")]
    QtyRaised,
    /// An order was amended too often.
    #[error("Exceed maximum modify order limit.")]
    TooManyAmends,
    /// The price of a trigger is zero or less.
    #[error("Stop price less than zero.")]
    TriggerNotPositive,
    /// The price of a trigger is above the filter's range.
    #[error("Stop price greater than max price.")]
    TriggerAboveMax,
    /// A conditional order would not wait.
    #[error("Order would immediately trigger.")]
    WouldTrigger,
    /// The account has too many conditional orders that wait.
    #[error("Reach max stop order limit.")]
    TooManyStops,
    /// Another conditional order of the kind closes the position already.
    #[error(
        "An open stop or take profit order with GTE and closePosition in the direction is existing."
    )]
    CloseExists,
    /// A conditional order is to end with a position that is not there.
    #[error(
        "Time in Force (TIF) GTE can only be used with open positions. Please ensure that          positions are available."
    )]
    NothingToEndWith,
    /// No such order to tell about.
    #[error("Order does not exist.")]
    NoSuchOrder,
}

impl Reject {
    /// The venue's code.
    pub fn code(self) -> i32 {
        match self {
            Self::UnknownSymbol => -1121,
            Self::NotTrading => -4140,
            Self::ClientIdInvalid => -4015,
            Self::ClientIdDuplicate => -4116,
            Self::PriceNotPositive => -4001,
            Self::PriceAboveMax => -4002,
            Self::PriceBelowMin => -4013,
            Self::PriceOffTick => -4014,
            Self::PriceAboveMark(_) => -4016,
            Self::PriceBelowMark(_) => -4024,
            Self::QtyNotPositive => -4003,
            Self::QtyBelowMin => -4004,
            Self::QtyAboveMax => -4005,
            Self::QtyOffStep => -4023,
            Self::NotionalBelowMin(_) => -4164,
            Self::MarginInsufficient => -2019,
            Self::BalanceInsufficient => -2010,
            Self::LeverageCap => -2027,
            Self::ReduceOnly => -2022,
            Self::PostOnly => -5022,
            Self::FillOrKill => -5021,
            Self::TooManyOpen => -2025,
            Self::UnknownOrder => -2011,
            Self::SameTerms => -5027,
            Self::QtyRaised => -2038,
            Self::TooManyAmends => -5026,
            Self::TriggerNotPositive => -4006,
            Self::TriggerAboveMax => -4007,
            Self::WouldTrigger => -2021,
            Self::TooManyStops => -4045,
            Self::CloseExists => -4130,
            Self::NothingToEndWith => -4509,
            Self::NoSuchOrder => -2013,
        }
    }
}
