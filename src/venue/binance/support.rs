//! What the tests of this dialect share: a directory, and the material beside the repository.

use crate::types::{
    AssetId, Cash, Filters, IdPrefix, Instrument, InstrumentId, InstrumentKind, Price, Qty, VenueId,
};
use crate::venue::{Answer, Credentials, Directory};
use std::io::Read;
use std::path::PathBuf;

/// Perpetuals in USDT; assets are USDT and BNB.
pub(super) fn directory(symbols: &[&str]) -> Directory {
    let instrument = |(index, symbol): (u16, &&str)| Instrument {
        id: InstrumentId(index),
        venue: VenueId(0),
        symbol: (*symbol).to_owned(),
        kind: InstrumentKind::Perpetual,
        base: AssetId(2),
        quote: AssetId(0),
        settle: AssetId(0),
        filters: Filters {
            price_tick: Price::parse(b"0.1").unwrap(),
            price_min: Price::ZERO,
            price_max: Price::MAX,
            qty_step: Qty::parse(b"0.001").unwrap(),
            qty_min: Qty::ZERO,
            qty_max: Qty::MAX,
            notional_min: Cash::ZERO,
            mark_band: None,
            trading: true,
        },
    };
    Directory {
        venue: VenueId(0),
        instruments: (0..).zip(symbols).map(instrument).collect(),
        assets: ["USDT", "BNB", "BTC"].map(str::to_owned).to_vec(),
        prefix: IdPrefix::new("tkp1").unwrap(),
        recv_window_ms: 5_000,
    }
}

/// Key and secret of the sheet's worked examples (section 2).
pub(super) fn credentials() -> Credentials {
    Credentials::new(
        "dbefbc809e3e83c283a984c3a1459732ea7db1360ca80c5c2c8867408d28cc83".into(),
        "2b5eb11e18796d12d88f13dc27dbbd02c2cc51ff7059765ed9821957d82bb4d9".into(),
    )
}

/// An Ed25519 key of the spot sheet's worked examples (section 2).
pub(super) fn ed25519() -> Credentials {
    Credentials::new(
        "4yNzx3yWC5bS6YTwEkSRaC0nRmSQIIStAUOh1b6kqaBrTLIhjCpI5lJH8q8R8WNO".into(),
        "MC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u".into(),
    )
}

pub(super) fn answer(status: u16, body: impl Into<Vec<u8>>) -> Answer {
    Answer::new(status, body)
}

/// A file beside the repository; says so and is `None` where it is absent.
pub(super) fn shared(path: &str) -> Option<Vec<u8>> {
    let full: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", "shared", path].iter().collect();
    let bytes = std::fs::read(&full).ok();
    if bytes.is_none() {
        println!("skipped: {} is absent", full.display());
    }
    bytes
}

/// The frames of a recording, without the recorder's stamps.
pub(super) fn recording(name: &str) -> Option<Vec<Vec<u8>>> {
    let packed = shared(&format!("data/{name}"))?;
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut text).unwrap();
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let frame = |line: &[u8]| {
        let space = line.iter().position(|byte| *byte == b' ').unwrap();
        line[space + 1..].to_vec()
    };
    Some(lines.map(frame).collect())
}

/// The first `sample` of that name among the samples of the venue's own clients.
pub(super) fn sample(file: &str, name: &str) -> Option<serde_json::Value> {
    let path = format!("venues/samples/binance-sdk/derivatives_trading_usds_futures__{file}.json");
    let whole: serde_json::Value = serde_json::from_slice(&shared(&path)?).unwrap();
    Some(whole["samples"][name]["sample"].clone())
}

/// The same of Spot.
pub(super) fn spot_sample(file: &str, name: &str) -> Option<serde_json::Value> {
    let path = format!("venues/samples/binance-sdk/spot__{file}.json");
    let whole: serde_json::Value = serde_json::from_slice(&shared(&path)?).unwrap();
    Some(whole["samples"][name]["sample"].clone())
}

/// Pairs of Spot: BTC against USDT, and ETH against USDT where two are asked for.
pub(super) fn spot_directory(symbols: &[&str]) -> Directory {
    let mut directory = directory(symbols);
    directory.assets.push("ETH".to_owned());
    for (instrument, base) in directory.instruments.iter_mut().zip([AssetId(2), AssetId(3)]) {
        (instrument.kind, instrument.base) = (InstrumentKind::Spot, base);
    }
    directory
}

/// A small random generator for choosing what to break: same seed, same choices.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % bound
    }

    /// Every cut of a message, and thousands of copies with one byte changed.
    pub(super) fn broken(&mut self, message: &[u8], count: usize) -> Vec<Vec<u8>> {
        let cuts = (0..message.len().min(count)).map(|end| message[..end].to_vec());
        let mut all: Vec<_> = cuts.collect();
        for _ in 0..count {
            let mut copy = message.to_vec();
            let at = self.below(copy.len());
            let telling = b"\"{}[]:,\\-.0 9eut\xff\x00";
            copy[at] = telling[self.below(telling.len())];
            all.push(copy);
        }
        all
    }
}
