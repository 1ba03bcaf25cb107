//! Orders: what is wished for, what it is for, and where it is in its life.

use super::{InstrumentId, Price, Qty};

/// Buy or sell.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Side {
    /// Raises the position.
    Buy,
    /// Lowers the position.
    Sell,
}

impl Side {
    /// Both, for tables by side.
    pub const BOTH: [Self; 2] = [Self::Buy, Self::Sell];

    /// The other one.
    #[must_use]
    pub fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// `qty` with the sign it gives a position.
    pub fn signed(self, qty: Qty) -> Qty {
        match self {
            Self::Buy => qty,
            Self::Sell => qty.negated(),
        }
    }

    /// The side that lowers a position; `None` when it is flat.
    pub fn reducing(position: Qty) -> Option<Self> {
        match position.cmp(&Qty::ZERO) {
            std::cmp::Ordering::Less => Some(Self::Buy),
            std::cmp::Ordering::Equal => None,
            std::cmp::Ordering::Greater => Some(Self::Sell),
        }
    }

    /// Place in a table by side.
    pub fn index(self) -> usize {
        match self {
            Self::Buy => 0,
            Self::Sell => 1,
        }
    }

    /// True when `price` is at least as good for a taker of this side as `limit`.
    pub fn accepts(self, price: Price, limit: Price) -> bool {
        match self {
            Self::Buy => price <= limit,
            Self::Sell => limit <= price,
        }
    }
}

/// What an order is for (SAFETY E1). Decides what a stop may do to it: stops cancel *opening*
/// orders and leave the other two alone.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub enum Purpose {
    /// Takes on risk.
    Opening,
    /// Lowers a position, and no more than the position.
    Reducing,
    /// Guards a position (a stop): has no time to live and goes only when the position is flat.
    Protective,
}

/// How an order meets the market. A market order leaves as an immediate-or-cancel limit at the
/// collar (SAFETY E14): there is no order without a price.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OrderKind {
    /// Rests at the price until filled or cancelled.
    Limit(Price),
    /// Rests or is refused: never takes (Binance `GTX`).
    PostOnly(Price),
    /// Takes what is there up to the price; the rest is cancelled.
    Ioc(Price),
    /// Takes all of it up to the price, or nothing.
    Fok(Price),
    /// Takes what is there up to the collar.
    Market,
}

/// How long an order stands, in FIX words. `Gtx` is Binance's post-only.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum TimeInForce {
    /// Until cancelled.
    Gtc,
    /// Until cancelled, and never as a taker.
    Gtx,
    /// Now, as much as possible.
    Ioc,
    /// Now, all or nothing.
    Fok,
}

/// What a strategy wants. Not an order: only the safety kernel can make it one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OrderRequest {
    /// Of what.
    pub instrument: InstrumentId,
    /// Which way.
    pub side: Side,
    /// How, and at which price.
    pub kind: OrderKind,
    /// How much; positive.
    pub qty: Qty,
    /// What for. A reducing or protective order goes to the venue as reduce-only.
    pub purpose: Purpose,
    /// Nanoseconds after which it is cancelled. Required for opening orders; a reduction may have
    /// one, a protective order has none.
    pub ttl_ns: Option<u64>,
}

/// What an order of one's own is to become. Venues take both numbers at once; all else stays as it
/// is: side, purpose, and when it ends.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Amendment {
    /// Worst price that is accepted from then on.
    pub price: Price,
    /// How much in all, what has traded of it included; positive.
    pub qty: Qty,
}

/// An order in all its terms, as it goes to the venue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OrderTerms {
    /// Of what.
    pub instrument: InstrumentId,
    /// Which way.
    pub side: Side,
    /// How long it stands.
    pub time_in_force: TimeInForce,
    /// Worst price that is accepted.
    pub price: Price,
    /// How much; positive.
    pub qty: Qty,
    /// What for.
    pub purpose: Purpose,
    /// Monotonic time at which it is cancelled.
    pub expires_ns: Option<u64>,
}

/// Where an order is in its life.
///
/// `Unknown` is not final and never becomes so by time alone: it counts at its worst case in every
/// limit and leaves only by the venue's own word (DESIGN idea 4).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OrderStatus {
    /// Handed to the sender; the venue has said nothing.
    PendingNew,
    /// The venue has it.
    New,
    /// The venue has it and has filled some.
    PartiallyFilled,
    /// A cancel is on its way; it may still fill.
    PendingCancel,
    /// Nobody knows: the answer was lost, or the link.
    Unknown,
    /// All of it traded.
    Filled,
    /// Cancelled, by us or by the venue.
    Canceled,
    /// Its time was over (IOC remainder, post-only that would take, good-till-date).
    Expired,
    /// The venue said no.
    Rejected,
    /// We said no at the last step: no byte of it left (D16).
    NotSent,
}

impl OrderTerms {
    /// The part of them that an amendment changes.
    pub fn amendable(&self) -> Amendment {
        Amendment { price: self.price, qty: self.qty }
    }

    /// The same order, amended.
    #[must_use]
    pub fn amended(self, to: Amendment) -> Self {
        Self { price: to.price, qty: to.qty, ..self }
    }
}

impl TimeInForce {
    /// True for an order that can stand in the book; else it trades at once or is over.
    pub fn rests(self) -> bool {
        match self {
            Self::Gtc | Self::Gtx => true,
            Self::Ioc | Self::Fok => false,
        }
    }
}

impl OrderKind {
    /// True for an order that can stand in the book.
    pub fn rests(self) -> bool {
        match self {
            Self::Limit(_) | Self::PostOnly(_) => true,
            Self::Ioc(_) | Self::Fok(_) | Self::Market => false,
        }
    }
}

impl OrderStatus {
    /// True when nothing can happen to it any more.
    pub fn is_final(self) -> bool {
        match self {
            Self::Filled | Self::Canceled | Self::Expired | Self::Rejected | Self::NotSent => true,
            Self::PendingNew
            | Self::New
            | Self::PartiallyFilled
            | Self::PendingCancel
            | Self::Unknown => false,
        }
    }
}
