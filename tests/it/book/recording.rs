//! The depth frames of the recorded future, read slowly and plainly.
#![expect(clippy::unwrap_used, reason = "a recording that cannot be read must fail the test")]

use flate2::read::GzDecoder;
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use tradekeel::types::{Level, Price, Qty, Side};

/// All levels of one depth update, or of the snapshot.
pub(crate) type Frame = Vec<(Side, Level)>;

/// The snapshot, then every update that the rules of the venue apply to it; `None` where the
/// recording is absent.
pub(crate) fn frames() -> Option<Vec<Frame>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
    let file = File::open(folder.join("binance-usdm-btcusdt-20240808.gz")).ok()?;
    let mut snapshot = None;
    let mut updates = Vec::new();
    for line in BufReader::new(GzDecoder::new(file)).lines() {
        let line = line.unwrap();
        let frame: Value = serde_json::from_str(line.split_once(' ').unwrap().1).unwrap();
        if let Some(id) = frame["lastUpdateId"].as_u64() {
            snapshot = Some((id, levels(&frame, "bids", "asks")));
        } else if frame["data"]["e"] == "depthUpdate" {
            let update = &frame["data"];
            updates.push((update["u"].as_u64().unwrap(), levels(update, "b", "a")));
        }
    }
    let (id, snapshot) = snapshot.unwrap();
    let applied = updates.into_iter().filter(|(last, _)| id <= *last).map(|(_, frame)| frame);
    Some(std::iter::once(snapshot).chain(applied).collect())
}

fn levels(frame: &Value, bids: &str, asks: &str) -> Frame {
    let side = |side: Side, key: &str| {
        frame[key].as_array().unwrap().iter().map(move |pair| (side, level(pair)))
    };
    side(Side::Buy, bids).chain(side(Side::Sell, asks)).collect()
}

fn level(pair: &Value) -> Level {
    let text = |at: usize| pair[at].as_str().unwrap().as_bytes();
    Level { price: Price::parse(text(0)).unwrap(), qty: Qty::parse(text(1)).unwrap() }
}
