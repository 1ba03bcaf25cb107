//! What may be traded, with the venue's own filters for it.

use super::{AssetId, Cash, InstrumentId, Price, Qty, Side, VenueId};

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
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
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
    /// How far a price may lie from the mark; `None` where the venue names no such filter.
    pub mark_band: Option<MarkBand>,
    /// False while the venue does not trade it.
    pub trading: bool,
}

/// The venue's band of prices around the mark (PERCENT_PRICE), in basis points of the mark.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct MarkBand {
    /// A buy may be priced up to this: 11,000 is 10 % above.
    pub up_bps: u32,
    /// A sale may be priced down to this: 9,000 is 10 % below.
    pub down_bps: u32,
}

impl MarkBand {
    /// Highest price of a buy.
    pub fn highest_buy(self, mark: Price) -> Price {
        part(mark, self.up_bps)
    }

    /// Lowest price of a sale.
    pub fn lowest_sell(self, mark: Price) -> Price {
        part(mark, self.down_bps)
    }

    /// True for a price that the venue takes.
    pub fn admits(self, side: Side, price: Price, mark: Price) -> bool {
        match side {
            Side::Buy => price <= self.highest_buy(mark),
            Side::Sell => self.lowest_sell(mark) <= price,
        }
    }
}

#[cfg(test)]
impl Instrument {
    /// A perpetual, for tests of something else.
    pub fn btcusdt() -> Self {
        Self {
            id: InstrumentId(0),
            venue: VenueId(0),
            symbol: "BTCUSDT".to_owned(),
            kind: InstrumentKind::Perpetual,
            base: AssetId(1),
            quote: AssetId(0),
            settle: AssetId(0),
            filters: Filters::whole(),
        }
    }
}

#[cfg(test)]
impl Filters {
    /// Any whole number, for tests of something else.
    pub fn whole() -> Self {
        Self {
            price_tick: Price::whole(1),
            price_min: Price::whole(1),
            price_max: Price::MAX,
            qty_step: Qty::whole(1),
            qty_min: Qty::whole(1),
            qty_max: Qty::whole(1_000),
            notional_min: Cash::ZERO,
            mark_band: None,
            trading: true,
        }
    }
}

fn part(mark: Price, bps: u32) -> Price {
    let more = i64::from(bps) - 10_000;
    mark.moved_bps(i32::try_from(more).unwrap_or(i32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_band_binds_buys_from_above_and_sales_from_below() {
        let band = MarkBand { up_bps: 11_000, down_bps: 9_000 };
        let mark = Price::whole(100);
        let unit = Price::from_units(1);
        let (high, low) = (Price::whole(110), Price::whole(90));
        assert!(band.admits(Side::Buy, high, mark) && band.admits(Side::Sell, low, mark));
        assert!(!band.admits(Side::Buy, high.saturating_add(unit), mark));
        assert!(!band.admits(Side::Sell, low.saturating_sub(unit), mark));
        assert!(band.admits(Side::Buy, unit, mark) && band.admits(Side::Sell, Price::MAX, mark));
    }
}
