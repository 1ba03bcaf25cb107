//! Nanoseconds per market frame: the scanner, `simd-json` (tape, buffers kept) and `serde_json`
//! (typed, borrowed), each all the way to numbers. Frames are those of the recording beside the
//! repository; without it there is nothing to measure.
//!
//! All three must read the same: the sums of what they read are compared before anything is timed.

use criterion::{Criterion, Throughput};
use serde::Deserialize;
use simd_json::prelude::*;
use std::hint::black_box;
use std::io::Read;
use tradekeel::types::Price;
use tradekeel::venue::binance::wire::{Frame, Levels, decode};

/// Most frames of a kind: enough for every size that occurs, few enough to stay in the cache.
const FRAMES_MAX: usize = 2_000;

/// Decodes a frame and adds up the numbers in it.
type Reader = fn(&[u8]) -> Option<i64>;

/// What is measured: a kind of event, with the typed reader that `serde_json` is given for it.
const KINDS: [(&str, Reader); 3] = [
    ("bookTicker", |frame| typed::<Ticker<'_>>(frame)),
    ("trade", |frame| typed::<Trade<'_>>(frame)),
    ("depthUpdate", |frame| typed::<Diff<'_>>(frame)),
];

#[expect(clippy::print_stdout, reason = "a bench talks to the person who started it")]
fn main() {
    let path =
        concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/binance-usdm-btcusdt-20240808.gz");
    let Some(frames) = recording(path) else {
        println!("skipped: {path} is absent");
        return;
    };
    let mut criterion = Criterion::default().configure_from_args();
    for (kind, by_serde) in KINDS {
        let word = format!("\"e\":\"{kind}\"");
        let meant = |frame: &&Vec<u8>| contains(frame, word.as_bytes());
        let frames: Vec<Vec<u8>> = frames.iter().filter(meant).take(FRAMES_MAX).cloned().collect();
        compare(&mut criterion, kind, by_serde, &frames);
    }
    criterion.final_summary();
}

/// Each sample decodes all frames of the kind once; throughput is told per frame.
fn compare(criterion: &mut Criterion, kind: &str, by_serde: Reader, frames: &[Vec<u8>]) {
    let mut levels = Levels::default();
    let mut buffers = simd_json::Buffers::new(1 << 16);
    let mut copy = Vec::with_capacity(1 << 16);
    let mut scanner = || sum(frames.iter().map(|frame| scanned(frame, &mut levels)));
    let mut simd = || sum(frames.iter().map(|frame| tape(frame, &mut copy, &mut buffers)));
    let serde = || sum(frames.iter().map(|frame| by_serde(frame)));
    let read = scanner();
    assert!(read.is_some() && simd() == read && serde() == read, "all three read the same");

    let mut group = criterion.benchmark_group(kind);
    group.throughput(Throughput::Elements(frames.len() as u64));
    group.bench_function("scanner", |bencher| bencher.iter(|| black_box(scanner())));
    group.bench_function("simd-json", |bencher| bencher.iter(|| black_box(simd())));
    group.bench_function("serde_json", |bencher| bencher.iter(|| black_box(serde())));
    group.finish();
}

fn sum(mut numbers: impl Iterator<Item = Option<i64>>) -> Option<i64> {
    numbers.try_fold(0, |sum: i64, number| Some(sum.wrapping_add(number?)))
}

fn scanned(frame: &[u8], levels: &mut Levels) -> Option<i64> {
    match decode(frame, levels).ok()? {
        Frame::Ticker { quote, .. } => {
            let bid = [quote.bid.units(), quote.bid_qty.units()];
            let ask = [quote.ask.units(), quote.ask_qty.units()];
            sum(bid.into_iter().chain(ask).map(Some))
        }
        Frame::Trade { trade, .. } => Some(trade.price.units().wrapping_add(trade.qty.units())),
        Frame::Diff { .. } => {
            let all = levels.bids().iter().chain(levels.asks());
            sum(all.map(|level| Some(level.price.units().wrapping_add(level.qty.units()))))
        }
        Frame::Snapshot(_) | Frame::Mark { .. } | Frame::Other => None,
    }
}

/// `simd-json` reads in place, so the copy belongs to it.
fn tape(frame: &[u8], copy: &mut Vec<u8>, buffers: &mut simd_json::Buffers) -> Option<i64> {
    copy.clear();
    copy.extend_from_slice(frame);
    let tape = simd_json::to_tape_with_buffers(copy, buffers).ok()?;
    let whole = tape.as_value();
    let data = whole.get("data")?;
    let number = |key| units(data.get_str(key)?);
    match data.get_str("e")? {
        "bookTicker" => sum(["b", "B", "a", "A"].into_iter().map(number)),
        "trade" => sum(["p", "q"].into_iter().map(number)),
        _ => {
            let (bids, asks) = (data.get("b")?.as_array()?, data.get("a")?.as_array()?);
            let level = |level: simd_json::tape::Value<'_, '_>| {
                let mut pair = level.as_array()?.iter();
                let (price, qty) = (pair.next()?, pair.next()?);
                Some(units(price.as_str()?)?.wrapping_add(units(qty.as_str()?)?))
            };
            sum(bids.iter().chain(asks.iter()).map(level))
        }
    }
}

/// A payload that `serde_json` reads without being asked which one it is.
trait Payload<'a>: Deserialize<'a> {
    fn sum(&self) -> Option<i64>;
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
}

fn typed<'a, T: Payload<'a>>(frame: &'a [u8]) -> Option<i64> {
    serde_json::from_slice::<Envelope<T>>(frame).ok()?.data.sum()
}

#[derive(Deserialize)]
#[expect(non_snake_case, reason = "the venue's own names")]
struct Ticker<'a> {
    b: &'a str,
    B: &'a str,
    a: &'a str,
    A: &'a str,
}

impl<'a> Payload<'a> for Ticker<'a> {
    fn sum(&self) -> Option<i64> {
        sum([self.b, self.B, self.a, self.A].into_iter().map(units))
    }
}

#[derive(Deserialize)]
struct Trade<'a> {
    p: &'a str,
    q: &'a str,
}

impl<'a> Payload<'a> for Trade<'a> {
    fn sum(&self) -> Option<i64> {
        sum([self.p, self.q].into_iter().map(units))
    }
}

#[derive(Deserialize)]
struct Diff<'a> {
    #[serde(borrow)]
    b: Vec<[&'a str; 2]>,
    #[serde(borrow)]
    a: Vec<[&'a str; 2]>,
}

impl<'a> Payload<'a> for Diff<'a> {
    fn sum(&self) -> Option<i64> {
        sum(self.b.iter().chain(&self.a).flatten().map(|text| units(text)))
    }
}

/// Prices and quantities have one scale, so one reader serves both.
fn units(text: &str) -> Option<i64> {
    Price::parse(text.as_bytes()).map(Price::units)
}

fn contains(frame: &[u8], word: &[u8]) -> bool {
    frame.windows(word.len()).any(|part| part == word)
}

fn recording(path: &str) -> Option<Vec<Vec<u8>>> {
    let packed = std::fs::read(path).ok()?;
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(packed.as_slice()).read_to_end(&mut text).ok()?;
    let frame = |line: &[u8]| line.splitn(2, |byte| *byte == b' ').nth(1).map(<[u8]>::to_vec);
    Some(text.split(|byte| *byte == b'\n').filter_map(frame).collect())
}
