//! Refusals in the words of Spot (Spot sheet, section 13; texts of `errors.md`).

use crate::sim::binance::fault::Fault;
use crate::sim::reject::Reject;
use serde_json::Value;

/// What a client order id must be.
pub(super) const CLIENT_ID: &str = "^[a-zA-Z0-9-_]{1,36}$";
/// What a decimal must be.
pub(super) const DECIMAL: &str = "^([0-9]{1,20})(\\.[0-9]{1,20})?$";

/// A refused order or cancel in the venue's words. A filter is looked at before the order reaches
/// the matching engine (-1013); what the matching engine says is -2010, and of a cancel -2011.
pub(super) fn refused(reject: Reject) -> Fault {
    let filter = |name: &str| Fault::new(400, -1013, format!("Filter failure: {name}"));
    let order = |text: &str| Fault::new(400, -2010, text);
    match reject {
        Reject::UnknownSymbol => Fault::new(400, -1121, "Invalid symbol."),
        Reject::NotTrading => order("Market is closed."),
        Reject::ClientIdInvalid => Fault::illegal("newClientOrderId", CLIENT_ID),
        Reject::ClientIdDuplicate => order("Duplicate order sent."),
        Reject::PriceNotPositive => Fault::new(400, -1013, "Invalid price."),
        Reject::PriceAboveMax | Reject::PriceBelowMin | Reject::PriceOffTick => {
            filter("PRICE_FILTER")
        }
        Reject::PriceAboveMark(_) | Reject::PriceBelowMark(_) => filter("PERCENT_PRICE_BY_SIDE"),
        Reject::QtyNotPositive => Fault::new(400, -1013, "Invalid quantity."),
        Reject::QtyBelowMin | Reject::QtyAboveMax | Reject::QtyOffStep => filter("LOT_SIZE"),
        Reject::NotionalBelowMin(_) => filter("NOTIONAL"),
        Reject::TooManyOpen => filter("MAX_NUM_ORDERS"),
        Reject::BalanceInsufficient => {
            order("Account has insufficient balance for requested action.")
        }
        Reject::PostOnly => order("Order would immediately match and take."),
        Reject::UnknownOrder => Fault::new(400, -2011, "Unknown order sent."),
        Reject::NoSuchOrder => Fault::new(400, -2013, "Order does not exist."),
        Reject::SameTerms => order("The requested action would change no state; rejecting"),
        Reject::QtyRaised => order("Order amend (quantity increase) is not supported."),
        Reject::TooManyAmends => filter("MAX_NUM_ORDER_AMENDS"),
        // What only contracts know.
        Reject::TriggerNotPositive
        | Reject::TriggerAboveMax
        | Reject::WouldTrigger
        | Reject::TooManyStops
        | Reject::CloseExists
        | Reject::NothingToEndWith
        | Reject::MarginInsufficient
        | Reject::LeverageCap
        | Reject::ReduceOnly
        | Reject::FillOrKill => order("Unsupported order combination"),
    }
}

/// The same of an amendment: what is neither a filter nor a parameter is -2038.
pub(super) fn amend_refused(reject: Reject) -> Fault {
    let fault = refused(reject);
    let by_engine = matches!(fault.code, -2010 | -2011 | -2013);
    let code = if by_engine || reject == Reject::TooManyAmends { -2038 } else { fault.code };
    if reject == Reject::NoSuchOrder {
        return Fault::new(400, code, "Unknown order sent.");
    }
    Fault { code, ..fault }
}

/// Who asks for what needs a session without having one.
pub(super) fn not_logged_on() -> Fault {
    Fault::missing("apiKey")
}

impl Fault {
    /// A text that the venue does not read.
    pub(super) fn illegal(name: &str, range: &str) -> Self {
        let text =
            format!("Illegal characters found in parameter '{name}'; legal range is '{range}'.");
        Self::new(400, -1100, text)
    }

    pub(super) fn too_precise(name: &str) -> Self {
        Self::new(400, -1111, format!("Parameter '{name}' has too much precision."))
    }

    pub(super) fn neither(one: &str, other: &str) -> Self {
        let text = format!("Param '{one}' or '{other}' must be sent, but both were empty/null!");
        Self::new(400, -1102, text)
    }

    pub(super) fn bad_combination() -> Self {
        Self::new(400, -1128, "Combination of optional parameters invalid.")
    }

    pub(super) fn interval_too_long() -> Self {
        Self::new(400, -1127, "More than 24 hours between startTime and endTime.")
    }

    /// A kind of order that no symbol takes here.
    pub(super) fn unsupported(kind: &str) -> Self {
        Self::new(400, -2010, format!("{kind} orders are not supported for this symbol."))
    }

    pub(super) fn self_trade_not_allowed() -> Self {
        let text = "This symbol does not allow the specified self-trade prevention mode.";
        Self::new(400, -1013, text)
    }

    pub(super) fn other_order() -> Self {
        Self::new(400, -2039, "Client order ID is not correct for this order ID.")
    }

    pub(super) fn cancel_restricted() -> Self {
        Self::new(400, -2011, "Order was not canceled due to cancel restrictions.")
    }

    /// Half of a cancel-replace was done, or nothing.
    pub(super) fn replace(half_done: bool, data: Value) -> Self {
        let fault = match half_done {
            true => Self::new(409, -2021, "Order cancel-replace partially failed."),
            false => Self::new(400, -2022, "Order cancel-replace failed."),
        };
        Self { data: Some(data), ..fault }
    }

    pub(super) fn subscribed_already() -> Self {
        Self::new(400, -2035, "User Data Stream subscription already active.")
    }

    pub(super) fn not_subscribed() -> Self {
        Self::new(400, -2036, "User Data Stream subscription not active.")
    }

    pub(super) fn too_many_subscriptions() -> Self {
        Self::new(400, -2042, "Maximum subscription ID reached for this connection.")
    }
}
