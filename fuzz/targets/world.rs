//! What the targets share: the world that a dialect knows of, and input in pieces.

use tradekeel::types::{
    AssetId, Cash, Filters, IdPrefix, Instrument, InstrumentId, InstrumentKind, Price, Qty, VenueId,
};
use tradekeel::venue::{Answer, Credentials, Dialects, Directory, VenueKind, dialects};

/// Two perpetuals in USDT.
pub fn instruments() -> Vec<Instrument> {
    let instrument = |(index, symbol): (u16, &str)| Instrument {
        id: InstrumentId(index),
        venue: VenueId(0),
        symbol: symbol.to_owned(),
        kind: InstrumentKind::Perpetual,
        base: AssetId(2),
        quote: AssetId(0),
        settle: AssetId(0),
        filters: Filters {
            price_tick: Price::from_units(10_000_000),
            price_min: Price::from_units(10_000_000),
            price_max: Price::whole(10_000_000),
            qty_step: Qty::from_units(100_000),
            qty_min: Qty::from_units(100_000),
            qty_max: Qty::whole(1_000),
            notional_min: Cash::whole(5),
            mark_band: None,
            trading: true,
        },
    };
    (0..).zip(["BTCUSDT", "ETHUSDT"]).map(instrument).collect()
}

/// Their names.
pub fn assets() -> Vec<String> {
    ["USDT", "BNB", "BTC"].map(str::to_owned).to_vec()
}

/// The engine's side, of contracts.
#[allow(dead_code, reason = "not every target speaks from this side")]
pub fn engine() -> Dialects {
    engine_of(VenueKind::BinanceUsdm)
}

/// The engine's side of a kind of venue.
#[allow(dead_code, reason = "the exchange's own target speaks from the other side")]
pub fn engine_of(kind: VenueKind) -> Dialects {
    let prefix = IdPrefix::new("tkl1").expect("four letters are a prefix");
    let (venue, mut instruments, assets) = (VenueId(0), instruments(), assets());
    for (instrument, base) in instruments.iter_mut().zip([2, 1]) {
        instrument.kind = kind.instruments();
        instrument.base = AssetId(base);
    }
    let directory = Directory { venue, instruments, assets, prefix, recv_window_ms: 5_000 };
    let credentials = Credentials::new("key".to_owned(), "secret".to_owned());
    dialects(kind, &directory, &credentials)
}

/// The lines of an input: messages one after the other.
pub fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| *byte == b'\n')
}

/// The lines as answers; one that begins with `!` was refused.
#[allow(dead_code, reason = "not every target has answers")]
pub fn answers(bytes: &[u8]) -> Vec<Answer> {
    let answer = |line: &[u8]| match line.strip_prefix(b"!") {
        Some(body) => Answer::new(400, body),
        None => Answer::new(200, line),
    };
    lines(bytes).map(answer).collect()
}
