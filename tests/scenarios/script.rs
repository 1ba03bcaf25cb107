//! The words in which scenarios are written.

use tradekeel::core::Mode;
use tradekeel::sim::{FaultKind, Target};
use tradekeel::types::{Purpose, Side};

/// What is traded.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Market {
    /// USDⓈ-M futures.
    Contracts,
    /// Pairs of assets.
    Spot,
}

/// What a trader does, what befalls it, and what must hold in the end.
#[derive(Debug)]
pub(crate) struct Scenario {
    /// A sentence.
    pub(crate) name: &'static str,
    /// In this order.
    pub(crate) steps: &'static [Step],
    /// What becomes of the orders, by name: the end, and how much traded.
    pub(crate) ends: &'static [(&'static str, End, &'static str)],
    /// What is held afterwards.
    pub(crate) holds: Holds,
    /// The mode afterwards. Where it is not `Running`, nothing else is played on that stage.
    pub(crate) mode: Mode,
    /// The market on which it cannot be played, and why.
    pub(crate) absent: Option<(Market, &'static str)>,
}

/// Of a scenario in which nothing stops.
pub(crate) const CALM: Scenario = Scenario {
    name: "",
    steps: &[],
    ends: &[],
    holds: Holds::WhatTraded,
    mode: Mode::Running,
    absent: None,
};

impl Scenario {
    /// The orders that it wishes for, in order.
    pub(crate) fn places(&self) -> impl Iterator<Item = (&'static str, &'static Ticket)> + use<> {
        self.steps.iter().filter_map(|step| match step {
            Step::Place(name, ticket) => Some((*name, ticket)),
            _ => None,
        })
    }
}

/// One step.
#[derive(Debug)]
pub(crate) enum Step {
    /// The strategy wishes for an order, which has that name from here on.
    Place(&'static str, Ticket),
    /// It wishes that one be taken back.
    Cancel(&'static str),
    /// It wishes for another distance from the touch, in ticks, and another quantity.
    Amend(&'static str, i64, &'static str),
    /// Looks until the journal says so of an order.
    Until(&'static str, Seen),
    /// The next of what it may befall meets this.
    Fault(FaultKind, Target),
    /// The market trades so much at an order's price, with that order.
    Trade(&'static str, &'static str),
    /// A person trips the kill switch.
    Trip,
    /// A person halts everything.
    Halt,
    /// A person wants out.
    Flatten,
    /// The engine ends without a word, and is started again.
    Crash,
}

/// Terms of a wish for an order of Bitcoin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ticket {
    pub(crate) side: Side,
    pub(crate) style: Style,
    /// From the best price of its own side, towards the market; the other side is at
    /// [`SPREAD_TICKS`].
    pub(crate) ticks: i64,
    pub(crate) qty: &'static str,
    pub(crate) purpose: Purpose,
    pub(crate) ttl_ms: u64,
}

/// How an order meets the market.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Style {
    Limit,
    PostOnly,
    Ioc,
    Fok,
}

/// How far the best prices are apart, in ticks.
pub(crate) const SPREAD_TICKS: i64 = 2;

/// Longer than any scenario takes.
const LONG_MS: u64 = 60_000;

impl Ticket {
    /// A bid that stands below all others.
    pub(crate) const fn bid(qty: &'static str) -> Self {
        let (side, style, purpose) = (Side::Buy, Style::Limit, Purpose::Opening);
        Self { side, style, ticks: -20, qty, purpose, ttl_ms: LONG_MS }
    }

    /// A bid that meets the best ask.
    pub(crate) const fn buy(qty: &'static str) -> Self {
        Self { ticks: SPREAD_TICKS, ..Self::bid(qty) }
    }

    /// A sale that only reduces, at the best bid.
    pub(crate) const fn exit(qty: &'static str) -> Self {
        Self { side: Side::Sell, purpose: Purpose::Reducing, ..Self::buy(qty) }
    }

    pub(crate) const fn style(self, style: Style) -> Self {
        Self { style, ..self }
    }

    /// Within the best prices, where it meets nobody.
    pub(crate) const fn between(self) -> Self {
        Self { ticks: 1, ..self }
    }

    pub(crate) const fn ttl_ms(self, ttl_ms: u64) -> Self {
        Self { ttl_ms, ..self }
    }
}

/// What a journal says of an order that is waited for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Seen {
    /// The venue has it, of so much in all.
    Rests(&'static str),
    /// So much of it traded.
    Traded(&'static str),
    /// Nothing can happen to it any more.
    Over,
}

/// The end of an order, by the venue's word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum End {
    /// It stands.
    Rests,
    Filled,
    Canceled,
    Expired,
    Rejected,
    /// All or nothing, and it was nothing: contracts refuse it, on Spot it expires.
    Killed,
    /// The venue never had it.
    Nowhere,
}

impl End {
    /// The same on a market.
    pub(crate) fn on(self, market: Market) -> Self {
        match (self, market) {
            (Self::Killed, Market::Contracts) => Self::Rejected,
            (Self::Killed, Market::Spot) => Self::Expired,
            _ => self,
        }
    }

    /// True where the venue keeps such an order.
    pub(crate) fn is_kept(self) -> bool {
        !matches!(self, Self::Rejected | Self::Nowhere)
    }
}

/// What is held after a scenario.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Holds {
    /// What its named orders traded, and nothing else traded.
    WhatTraded,
    /// Less than anything can be ordered of.
    Nothing,
}
