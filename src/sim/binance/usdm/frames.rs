//! The market streams as text (USDⓈ-M sheet, section 7).

use super::Usdm;
use crate::sim::binance::depth::Difference;
use crate::sim::binance::frames::{Frames, Heading, Places};
use crate::sim::funding::next_funding_unix_ms;
use crate::types::{FundingRate, Instrument, Price, Qty, Quote, Side, Trade};

impl Frames for Usdm {
    fn places(instrument: &Instrument) -> Places {
        Places::of(instrument)
    }

    fn book_ticker(heading: &Heading<'_>, update_id: u64, quote: &Quote) -> String {
        let Heading { symbol, places, now_unix_ms: now } = heading;
        let side = |price: Price, qty: Qty| (places.price(price), places.qty(qty));
        let (bid, bid_qty) = side(quote.bid, quote.bid_qty);
        let (ask, ask_qty) = side(quote.ask, quote.ask_qty);
        let best = format!(r#""b":"{bid}","B":"{bid_qty}","a":"{ask}","A":"{ask_qty}""#);
        let heading = format!(r#""e":"bookTicker","u":{update_id},"s":"{symbol}""#);
        format!(r#"{{{heading},{best},"T":{now},"E":{now}}}"#)
    }

    fn trade(heading: &Heading<'_>, trade: &Trade) -> String {
        let Heading { symbol, places, now_unix_ms: now } = heading;
        let (price, qty) = (places.price(trade.price), places.qty(trade.qty));
        let (id, sold) = (trade.id, trade.aggressor == Side::Sell);
        let heading = format!(r#""e":"trade","E":{now},"T":{now},"s":"{symbol}""#);
        format!(r#"{{{heading},"t":{id},"p":"{price}","q":"{qty}","X":"MARKET","m":{sold}}}"#)
    }

    fn agg_trade(heading: &Heading<'_>, trade: &Trade) -> String {
        let Heading { symbol, places, now_unix_ms: now } = heading;
        let (price, qty) = (places.price(trade.price), places.qty(trade.qty));
        let (id, sold) = (trade.id, trade.aggressor == Side::Sell);
        let heading = format!(r#""e":"aggTrade","E":{now},"s":"{symbol}","a":{id}"#);
        let amount = format!(r#""p":"{price}","q":"{qty}","f":{id},"l":{id}"#);
        format!(r#"{{{heading},{amount},"T":{now},"m":{sold}}}"#)
    }

    fn depth(heading: &Heading<'_>, difference: &Difference) -> String {
        let bids = heading.places.levels(difference.bids.iter().copied());
        let asks = heading.places.levels(difference.asks.iter().copied());
        Self::partial(heading, difference, &bids, &asks)
    }

    /// The same shape as a difference.
    fn partial(heading: &Heading<'_>, after: &Difference, bids: &str, asks: &str) -> String {
        let Heading { symbol, now_unix_ms: now, .. } = heading;
        let Difference { first, last, previous, .. } = after;
        let heading = format!(r#""e":"depthUpdate","E":{now},"T":{now},"s":"{symbol}""#);
        format!(r#"{{{heading},"U":{first},"u":{last},"pu":{previous},"b":{bids},"a":{asks}}}"#)
    }
}

/// The mark, `markPriceUpdate`.
pub(super) fn mark(heading: &Heading<'_>, mark: Price, rate: FundingRate) -> String {
    let Heading { symbol, now_unix_ms: now, .. } = heading;
    let next = next_funding_unix_ms(*now);
    let prices = format!(r#""p":"{mark:.8}","i":"{mark:.8}","P":"{mark:.8}""#);
    let heading = format!(r#""e":"markPriceUpdate","E":{now},"s":"{symbol}""#);
    format!(r#"{{{heading},{prices},"r":"{rate}","T":{next}}}"#)
}
