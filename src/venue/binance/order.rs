//! What an order is, in the venue's words: sides, statuses, whose id it is (venue sheet section 8).

use crate::types::{ForeignOrder, IdPrefix, OrderRef, OrderStatus, Side};

/// A side by its word.
pub(super) fn side(word: &str) -> Option<Side> {
    match word {
        "BUY" => Some(Side::Buy),
        "SELL" => Some(Side::Sell),
        _ => None,
    }
}

/// A status by its word; `None` for one that the sheet does not list.
pub(super) fn status(word: &str) -> Option<OrderStatus> {
    match word {
        "NEW" | "NEW_INSURANCE" | "NEW_ADL" => Some(OrderStatus::New),
        "PARTIALLY_FILLED" => Some(OrderStatus::PartiallyFilled),
        "FILLED" => Some(OrderStatus::Filled),
        "CANCELED" => Some(OrderStatus::Canceled),
        "EXPIRED" | "EXPIRED_IN_MATCH" => Some(OrderStatus::Expired),
        "REJECTED" => Some(OrderStatus::Rejected),
        _ => None,
    }
}

/// How ids begin that a person's hand makes: the venue's page and its apps, as public order
/// histories show them (the sheet does not list them), and our own `engine panic`.
const BY_HAND: [&str; 5] = ["web_", "ios_", "android_", "electron_", "panic_"];

/// Whose order it is, by its client id.
pub(super) fn whose(prefix: &IdPrefix, client_id: &str) -> OrderRef {
    if let Some(id) = prefix.read(client_id.as_bytes()) {
        return OrderRef::Ours(id);
    }
    let starts = |text| client_id.starts_with(text);
    OrderRef::Foreign(if starts("autoclose-") {
        ForeignOrder::Liquidation
    } else if starts("adl_autoclose") {
        ForeignOrder::Deleveraging
    } else if starts("settlement_autoclose-") {
        ForeignOrder::Delivery
    } else if BY_HAND.iter().any(|begin| starts(begin)) {
        ForeignOrder::Manual
    } else {
        ForeignOrder::Other
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::ClientOrderId;

    #[test]
    fn whose_an_order_is_is_told_by_its_id() {
        let prefix = IdPrefix::new("tkp1").unwrap();
        let rows = [
            ("autoclose-1596107620040000020", ForeignOrder::Liquidation),
            ("adl_autoclose", ForeignOrder::Deleveraging),
            ("settlement_autoclose-7", ForeignOrder::Delivery),
            ("autoclose", ForeignOrder::Other),
            ("web_Bk8o2QJ1Cb8sYvRtHhQk", ForeignOrder::Manual),
            ("panic_1700000000000_1", ForeignOrder::Manual),
            ("website-1", ForeignOrder::Other),
            ("tkp2-1-1", ForeignOrder::Other),
            ("", ForeignOrder::Other),
        ];
        for (text, expected) in rows {
            assert_eq!(whose(&prefix, text), OrderRef::Foreign(expected), "{text}");
        }
        let id = ClientOrderId { epoch: 1, sequence: 35 };
        assert_eq!(whose(&prefix, "tkp1-1-z"), OrderRef::Ours(id));
    }

    #[test]
    fn words_that_the_sheet_does_not_list_are_nothing() {
        assert_eq!((side("BOTH"), status("PENDING_NEW")), (None, None));
        assert_eq!(status("EXPIRED_IN_MATCH"), Some(OrderStatus::Expired));
    }
}
