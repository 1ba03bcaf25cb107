//! Refusals that only USDⓈ-M knows (USDⓈ-M sheet, section 10).

use crate::sim::binance::fault::Fault;
use crate::sim::reject::Reject;

/// A refused order in the venue's words.
pub(super) fn refused(reject: Reject) -> Fault {
    Fault::new(400, reject.code(), reject.to_string())
}

impl Fault {
    pub(super) fn leverage() -> Self {
        Self::new(400, -4028, "Leverage is not valid.")
    }

    pub(super) fn no_listen_key() -> Self {
        Self::new(400, -1125, "This listenKey does not exist.")
    }

    pub(super) fn good_till_date() -> Self {
        let text = "The goodTillDate timestamp must be greater than the current time plus 600 seconds \
                    and smaller than 253402300799000";
        Self::new(400, -5040, text)
    }

    pub(super) fn self_trade() -> Self {
        Self::new(400, -5039, "Invalid self trade prevention mode.")
    }

    pub(super) fn conditional() -> Self {
        let text = "Order type not supported for this endpoint. Please use the Algo Order API \
                    endpoints instead.";
        Self::new(400, -4120, text)
    }

    pub(super) fn callback_rate() -> Self {
        Self::new(400, -2007, "Invalid callBack rate.")
    }

    pub(super) fn working_type(word: &str) -> Self {
        Self::new(400, -4031, format!("Invalid parameter working type: {word}"))
    }

    pub(super) fn close_position(kind: &str) -> Self {
        let text = format!("Target strategy invalid for orderType {kind},closePosition true");
        Self::new(400, -4136, text)
    }

    pub(super) fn quantity_and_close() -> Self {
        Self::new(400, -4137, "Quantity must be zero with closePosition equals true")
    }

    pub(super) fn position_side() -> Self {
        Self::new(400, -4061, "Order's position side does not match user's setting.")
    }

    pub(super) fn batch_size(count: usize) -> Self {
        Self::new(400, -4082, format!("Invalid number of batch place orders: {count}"))
    }

    pub(super) fn margin_type() -> Self {
        Self::new(400, -4046, "No need to change margin type.")
    }

    pub(super) fn position_mode() -> Self {
        Self::new(400, -4059, "No need to change position side.")
    }
}
