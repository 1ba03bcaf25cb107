//! A stop that waits at the venue and closes a whole position there (SAFETY E1): what is left of
//! protection while this host is gone.
//!
//! In FIX words an order of type Stop (40=3) with a StopPx (99), of as much as is held when it is
//! met: it can never open or turn a position. It has an id as every order has, and the order that
//! it becomes has the same.

use super::{ClientOrderId, InstrumentId, Price, Side};

/// Whose price meets a trigger.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum WorkingPrice {
    /// The last trade's.
    #[default]
    Contract,
    /// The mark.
    Mark,
}

/// A stop in all its terms.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StopOrder {
    /// Its id, and that of the order that it becomes.
    pub id: ClientOrderId,
    /// Of what.
    pub instrument: InstrumentId,
    /// Which way: a sale guards a long, a buy a short.
    pub side: Side,
    /// A sale waits for a price as low as this, a buy for one as high.
    pub trigger: Price,
    /// Whose price that is.
    pub working: WorkingPrice,
}

/// A request after the stops of one instrument.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StopRequest {
    /// Of what.
    pub instrument: InstrumentId,
    /// What is asked for.
    pub ask: StopAsk,
}

/// What is asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StopAsk {
    /// That this one stands.
    Place(ClientOrderId),
    /// That this one goes.
    Cancel(ClientOrderId),
    /// Which of ours stand.
    List {
        /// When it was asked, monotonic nanoseconds: tells what an answer can know of.
        asked_ns: u64,
    },
}

/// One that stands at the venue.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StandingStop {
    /// Its id.
    pub id: ClientOrderId,
    /// What it waits for.
    pub trigger: Price,
}

/// The venue's word on the stops of one instrument.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StopReport {
    /// Of what.
    pub instrument: InstrumentId,
    /// What it says.
    pub kind: StopReportKind,
}

/// What the venue said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum StopReportKind {
    /// It waits.
    Stands(ClientOrderId),
    /// It was not taken: the venue's code.
    Refused {
        /// Which.
        id: ClientOrderId,
        /// Why.
        code: i32,
    },
    /// Its trigger is met: an order of the same id is made of it.
    Triggered(ClientOrderId),
    /// Its trigger is met, and the venue made no order of it.
    Failed(ClientOrderId),
    /// It does not wait any more, whatever the reason.
    Over(ClientOrderId),
    /// An answer was lost, or said nothing: it may stand or not.
    Unknown(ClientOrderId),
    /// All of ours that stand; one of a side, for the venue takes no second.
    Listed {
        /// When that was asked, monotonic nanoseconds.
        asked_ns: u64,
        /// The one that guards a short.
        buy: Option<StandingStop>,
        /// The one that guards a long.
        sell: Option<StandingStop>,
    },
}
