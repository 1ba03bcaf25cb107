//! What a way of playing must be able to do.

use super::script::{End, Market};
use std::collections::BTreeMap;
use tradekeel::sim::{FaultKind, Target};
use tradekeel::store::Record;
use tradekeel::types::{Cash, ClientOrderId, Price, Qty, Side};

/// An engine, an exchange, a market that stands still, and a person.
pub(crate) trait Stage {
    /// Everything begins: connected, reconciled, flat.
    fn open(market: Market) -> Self;

    /// The next of what it may befall meets this.
    fn fault(&mut self, fault: FaultKind, on: Target);

    /// The market trades.
    fn trade(&mut self, symbol: &str, aggressor: Side, price: Price, qty: Qty);

    /// A person says something to the engine.
    fn say(&mut self, word: Word);

    /// The engine ends without a word, and another one starts.
    fn crash(&mut self);

    /// A short while passes.
    fn wait(&mut self);

    /// The engine's journal, from its first start on.
    fn journal(&mut self) -> Vec<Record>;

    /// How the engine says that it is.
    fn standing(&mut self) -> Standing;

    /// What the engine's own records make of the wallets, beside a fresh reading of the account;
    /// `None` where none came soon.
    fn wallets(&mut self) -> Option<BTreeMap<String, Cash>>;

    /// What really is.
    fn exchange(&mut self) -> Exchange;

    /// All of it ends in order.
    fn close(self);
}

/// What a person says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Word {
    Trip,
    Halt,
    Flatten,
}

/// How an engine is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Standing {
    /// Which start it is of.
    pub(crate) epoch: u32,
    /// Orders sent since then: what is told is not older than the last of them.
    pub(crate) sent: u64,
    /// The name of its mode.
    pub(crate) mode: String,
    /// Connected and reconciled.
    pub(crate) is_ready: bool,
    /// Orders of unknown fate.
    pub(crate) unknown: u64,
    /// Orders that are not over.
    pub(crate) open: u64,
    /// By symbol; what is nothing is not there.
    pub(crate) positions: BTreeMap<String, Qty>,
}

/// What really is.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Exchange {
    /// Orders that stand.
    pub(crate) open: u64,
    /// As in [`Standing`].
    pub(crate) positions: BTreeMap<String, Qty>,
    /// By asset; what is nothing is not there.
    pub(crate) wallets: BTreeMap<String, Cash>,
    /// Every order of ours that it ever had, and how much of it traded.
    pub(crate) orders: BTreeMap<ClientOrderId, (End, Qty)>,
    /// Trades of Bitcoin by number.
    pub(crate) trades: BTreeMap<u64, Traded>,
    /// Faults that wait for something to befall.
    pub(crate) armed: usize,
}

/// A trade of ours, as both sides know it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Traded {
    pub(crate) side: Side,
    pub(crate) price: Price,
    pub(crate) qty: Qty,
    pub(crate) fee: Cash,
}

/// Those that are something, by name.
pub(crate) fn nonzero<'a, T: Default + PartialEq>(
    rows: impl Iterator<Item = (&'a str, T)>,
) -> BTreeMap<String, T> {
    let held = rows.filter(|(_, amount)| *amount != T::default());
    held.map(|(name, amount)| (name.to_owned(), amount)).collect()
}

impl End {
    /// From the word of the simulated exchange.
    pub(crate) fn of_word(word: &str) -> Self {
        match word {
            "New" | "PartiallyFilled" => Self::Rests,
            "Filled" => Self::Filled,
            "Canceled" => Self::Canceled,
            "Expired" => Self::Expired,
            _ => panic!("{word} is no word of the exchange for an order"),
        }
    }
}
