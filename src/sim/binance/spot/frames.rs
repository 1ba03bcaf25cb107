//! The market streams as text (Spot sheet, section 8).

use super::Spot;
use crate::sim::binance::depth::Difference;
use crate::sim::binance::frames::{Frames, Heading, Places};
use crate::types::{Instrument, Quote, Side, Trade};

impl Frames for Spot {
    /// Spot writes every number with eight places.
    fn places(_instrument: &Instrument) -> Places {
        Places::EIGHT
    }

    /// Without a name and a time, as the venue sends it.
    fn book_ticker(heading: &Heading<'_>, update_id: u64, quote: &Quote) -> String {
        let Heading { symbol, places, .. } = heading;
        let (bid, bid_qty) = (places.price(quote.bid), places.qty(quote.bid_qty));
        let (ask, ask_qty) = (places.price(quote.ask), places.qty(quote.ask_qty));
        let best = format!(r#""b":"{bid}","B":"{bid_qty}","a":"{ask}","A":"{ask_qty}""#);
        format!(r#"{{"u":{update_id},"s":"{symbol}",{best}}}"#)
    }

    fn trade(heading: &Heading<'_>, trade: &Trade) -> String {
        let Heading { symbol, places, now_unix_ms: now } = heading;
        let (price, qty) = (places.price(trade.price), places.qty(trade.qty));
        let (id, sold) = (trade.id, trade.aggressor == Side::Sell);
        let heading = format!(r#""e":"trade","E":{now},"s":"{symbol}","t":{id}"#);
        format!(r#"{{{heading},"p":"{price}","q":"{qty}","T":{now},"m":{sold},"M":true}}"#)
    }

    fn agg_trade(heading: &Heading<'_>, trade: &Trade) -> String {
        let Heading { symbol, places, now_unix_ms: now } = heading;
        let (price, qty) = (places.price(trade.price), places.qty(trade.qty));
        let (id, sold) = (trade.id, trade.aggressor == Side::Sell);
        let heading = format!(r#""e":"aggTrade","E":{now},"s":"{symbol}","a":{id}"#);
        let amount = format!(r#""p":"{price}","q":"{qty}","f":{id},"l":{id}"#);
        format!(r#"{{{heading},{amount},"T":{now},"m":{sold},"M":true}}"#)
    }

    /// Without `pu`: a client finds a gap by the ids alone.
    fn depth(heading: &Heading<'_>, difference: &Difference) -> String {
        let Heading { symbol, places, now_unix_ms: now } = heading;
        let Difference { first, last, .. } = difference;
        let bids = places.levels(difference.bids.iter().copied());
        let asks = places.levels(difference.asks.iter().copied());
        let heading = format!(r#""e":"depthUpdate","E":{now},"s":"{symbol}""#);
        format!(r#"{{{heading},"U":{first},"u":{last},"b":{bids},"a":{asks}}}"#)
    }

    fn partial(_heading: &Heading<'_>, after: &Difference, bids: &str, asks: &str) -> String {
        format!(r#"{{"lastUpdateId":{},"bids":{bids},"asks":{asks}}}"#, after.last)
    }
}
