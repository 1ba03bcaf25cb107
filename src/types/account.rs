//! What a venue says we hold: the truth that ours is measured against.

use super::{
    AccountMargin, AssetId, Cash, ClientOrderId, InstrumentId, OrderRef, Price, Purpose, Qty, Side,
    VenueId,
};

/// Everything the venue holds for us, read in one go: the only thing that reconciles.
#[derive(Clone, Debug, PartialEq)]
pub struct AccountSnapshot {
    /// Whose word it is.
    pub venue: VenueId,
    /// The question that it answers, as numbered in [`QueryToken`].
    pub token: QueryToken,
    /// Wallet balances without open profit and loss, for every asset we know. Absence means zero.
    pub balances: Vec<(AssetId, Cash)>,
    /// True when the account holds an asset that the configuration does not name: equity is then
    /// unknown (D17).
    pub has_unnamed_assets: bool,
    /// Positions in instruments we know. Absence means flat.
    pub positions: Vec<VenuePosition>,
    /// How many positions it holds in instruments that the configuration does not name.
    pub unnamed_positions: u32,
    /// All open orders of the instruments we know, ours and others'.
    pub open_orders: Vec<VenueOrder>,
    /// What positions need and what is left; `None` where the venue did not tell.
    pub margin: Option<AccountMargin>,
}

/// Number of a question about the account; an answer to an older question than the last is dropped.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct QueryToken(pub u32);

/// How far the history of an instrument's trades is known, after an answer that told of them.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct TradesRead {
    /// Of what.
    pub instrument: InstrumentId,
    /// The last trade that was known when it was asked; `None` when none was.
    pub from_id: Option<u64>,
    /// The last that is known now, 0 where there is none yet; `None` where the venue's history is
    /// not the one that was known.
    pub through_id: Option<u64>,
    /// False when there are more.
    pub is_all: bool,
}

/// A position as the venue holds it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct VenuePosition {
    /// Of what.
    pub instrument: InstrumentId,
    /// Signed: long above zero.
    pub qty: Qty,
    /// Average entry price.
    pub entry: Price,
}

/// An open order as the venue holds it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct VenueOrder {
    /// Of what.
    pub instrument: InstrumentId,
    /// Whose it is.
    pub order: OrderRef,
    /// The venue's number of it.
    pub venue_order_id: u64,
    /// Which way.
    pub side: Side,
    /// At which price; zero for an order without one.
    pub price: Price,
    /// How much in all.
    pub qty: Qty,
    /// How much of it traded.
    pub cum_qty: Qty,
    /// What for, as far as the venue tells: reduce-only is `Reducing`, close-position `Protective`.
    pub purpose: Purpose,
}

impl VenueOrder {
    /// Our id, when it is ours.
    pub fn id(&self) -> Option<ClientOrderId> {
        match self.order {
            OrderRef::Ours(id) => Some(id),
            OrderRef::Foreign(_) => None,
        }
    }
}

/// A wallet changed without one of our trades.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct BalanceChange {
    /// Where.
    pub venue: VenueId,
    /// In which asset.
    pub asset: AssetId,
    /// By how much.
    pub amount: Cash,
    /// Why.
    pub cause: BalanceCause,
}

/// Why a wallet changed (SAFETY E6): a transfer changes units, all else is profit or loss.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum BalanceCause {
    /// Money came in or went out.
    Transfer,
    /// Funding of positions: profit or loss, told apart (SAFETY T13).
    Funding,
    /// Interest, rebate, insurance, adjustment: profit or loss.
    ProfitOrLoss,
}
