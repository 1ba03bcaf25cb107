//! What a venue says of an order: may be late, twice, out of order or about a stranger.

use super::{AssetId, Cash, ClientOrderId, InstrumentId, OrderStatus, Price, Qty, Side};

/// One message about one order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ExecutionReport {
    /// Of what.
    pub instrument: InstrumentId,
    /// Whose order it is.
    pub order: OrderRef,
    /// The venue's number of it, where the message says one.
    pub venue_order_id: Option<u64>,
    /// The venue's own time of the event, milliseconds since the Unix epoch, where it says one.
    pub transact_unix_ms: Option<u64>,
    /// What happened.
    pub kind: ExecutionKind,
}

impl ExecutionReport {
    /// The trade that it tells, whichever way.
    pub fn trade(&self) -> Option<&Fill> {
        match &self.kind {
            ExecutionKind::Trade(fill) | ExecutionKind::TradeFound(fill) => Some(fill),
            ExecutionKind::New
            | ExecutionKind::Canceled { .. }
            | ExecutionKind::Expired { .. }
            | ExecutionKind::Rejected { .. }
            | ExecutionKind::CancelRejected { .. }
            | ExecutionKind::NotSent(_)
            | ExecutionKind::OutcomeUnknown
            | ExecutionKind::Status { .. }
            | ExecutionKind::NotFound
            | ExecutionKind::Stands { .. }
            | ExecutionKind::Amended { .. }
            | ExecutionKind::AmendRejected { .. }
            | ExecutionKind::AmendUnknown { .. }
            | ExecutionKind::AmendNotSent { .. } => None,
        }
    }
}

/// Whose order a report speaks of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OrderRef {
    /// Ours, by its id.
    Ours(ClientOrderId),
    /// Somebody else's on this account: a person, another program, or the venue itself.
    Foreign(ForeignOrder),
}

/// Why an order that is not ours exists (SAFETY E12), as far as its id tells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ForeignOrder {
    /// `autoclose-…`: the venue liquidates the account.
    Liquidation,
    /// `adl_autoclose…`: auto-deleveraging.
    Deleveraging,
    /// `settlement_autoclose-…`: delivery or delisting.
    Delivery,
    /// A person, at the venue's own page or app, or with `engine panic`.
    Manual,
    /// Anything else.
    Other,
}

/// What happened to the order (FIX ExecType).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum ExecutionKind {
    /// The venue has it.
    New,
    /// Part or all of it traded.
    Trade(Fill),
    /// Gone, with `cum_qty` traded before.
    Canceled {
        /// Total traded.
        cum_qty: Qty,
    },
    /// Gone because its time was over, with `cum_qty` traded before.
    Expired {
        /// Total traded.
        cum_qty: Qty,
    },
    /// The venue refused it: nothing of it exists there.
    Rejected {
        /// The venue's own code, 0 where it gave none.
        code: i32,
    },
    /// The venue refused to cancel it: it may be filled, gone or never have been there.
    CancelRejected {
        /// The venue's own code, 0 where it gave none.
        code: i32,
    },
    /// We refused it at the last step; no byte of it left.
    NotSent(NotSentReason),
    /// It may or may not be there: no answer, or one that says so (D10).
    OutcomeUnknown,
    /// Answer to a question: where it is now.
    Status {
        /// What the venue says.
        status: OrderStatus,
        /// Total traded.
        cum_qty: Qty,
    },
    /// Answer to a question: the venue does not know it. Not final by itself (SAFETY E11).
    NotFound,
    /// Answer to a question: it stands, and so.
    Stands {
        /// Its price.
        price: Price,
        /// Its quantity in all.
        qty: Qty,
        /// Total traded.
        cum_qty: Qty,
    },
    /// Answer to a question: the venue's history has a trade of it, of which `cum_qty` says no more
    /// than its own quantity.
    TradeFound(Fill),
    /// The venue has it under other terms from then on.
    Amended {
        /// Its price.
        price: Price,
        /// Its quantity in all.
        qty: Qty,
        /// Total traded.
        cum_qty: Qty,
    },
    /// The venue refused to amend it: the order is as it was, filled, or gone.
    AmendRejected {
        /// Which amend of it, as [`amend_number`] counts.
        number: u8,
        /// The venue's own code, 0 where it gave none.
        code: i32,
    },
    /// It may or may not have been amended: no answer, or one that says so (D10).
    AmendUnknown {
        /// Which amend of it.
        number: u8,
    },
    /// We refused to amend it at the last step; no byte of that left.
    AmendNotSent {
        /// Which amend of it.
        number: u8,
        /// Why.
        reason: NotSentReason,
    },
}

/// One trade of an order.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fill {
    /// The venue's number of the trade, unique per instrument.
    pub trade_id: u64,
    /// Which way the order went.
    pub side: Side,
    /// At which price.
    pub price: Price,
    /// How much, this time.
    pub qty: Qty,
    /// How much of the order in all.
    pub cum_qty: Qty,
    /// What it cost; `None` where the venue named no fee. Negative for a rebate.
    pub fee: Option<Fee>,
    /// Whether we stood there first.
    pub liquidity: Liquidity,
}

/// Cost of a trade in the asset it was taken in, which need not be the quote (SAFETY E13).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Fee {
    /// In which asset.
    pub asset: AssetId,
    /// How much; negative for a rebate.
    pub amount: Cash,
}

/// Who stood there first.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Liquidity {
    /// We did.
    Maker,
    /// The other side did.
    Taker,
}

/// The code with which dialects report a post-only order that the venue refused because it would
/// have taken: Binance's own, to which other venues' are brought.
pub const POST_ONLY_CODE: i32 = -5022;

/// The number of an order's amend by which its answer is told from that of an earlier one. It fits
/// into one character of a request's id; an answer that is 36 amends late is none.
pub fn amend_number(amends: u32) -> u8 {
    u8::try_from(amends % 36).unwrap_or(0)
}

/// Why the gateway did not send what the kernel had approved.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum NotSentReason {
    /// The kill switch was on when the bytes were ready.
    KillSwitch,
    /// No connection to send it on.
    LinkDown,
    /// It could not be written as this venue wants it.
    Unencodable,
    /// The sender was not allowed more messages.
    Throttled,
    /// The encoded bytes do not say what the kernel had approved.
    Contradicted,
    /// Its id has left before, or cannot be told from one that has.
    RepeatedId,
    /// It is larger than one order of the instrument may ever be.
    TooLarge,
    /// More orders in a second than the kernel can ever have approved.
    TooFast,
    /// The venue's dead-man's switch could not be armed for it in time (SAFETY E15).
    DeadMan,
}
