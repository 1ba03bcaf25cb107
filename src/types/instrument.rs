//! What may be traded, with the venue's own filters for it.

use super::{AssetId, Cash, InstrumentId, Price, Qty, VenueId};

/// One tradable thing of one venue.
#[derive(Clone, Debug, PartialEq)]
pub struct Instrument {
    /// Its place in the configuration.
    pub id: InstrumentId,
    /// Where it is traded.
    pub venue: VenueId,
    /// The venue's own spelling, upper case.
    pub symbol: String,
    /// Spot or perpetual: decides what a fill moves.
    pub kind: InstrumentKind,
    /// What is bought and sold.
    pub base: AssetId,
    /// What prices are in.
    pub quote: AssetId,
    /// What profit, loss and (on perpetuals) margin are in.
    pub settle: AssetId,
    /// The venue's rules for orders.
    pub filters: Filters,
}

/// What a fill moves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum InstrumentKind {
    /// Base and quote change hands.
    Spot,
    /// Only profit and loss are settled; the position is a contract.
    Perpetual,
}

/// The venue's filters, from its reference data and never from its precision fields.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Filters {
    /// Prices are multiples of it.
    pub price_tick: Price,
    /// Lowest price that the venue takes.
    pub price_min: Price,
    /// Highest price that the venue takes.
    pub price_max: Price,
    /// Quantities are multiples of it.
    pub qty_step: Qty,
    /// Smallest order.
    pub qty_min: Qty,
    /// Largest order.
    pub qty_max: Qty,
    /// Least price × quantity of an opening order; reductions are exempt on USDⓈ-M (-4164).
    pub notional_min: Cash,
    /// False while the venue does not trade it.
    pub trading: bool,
}
