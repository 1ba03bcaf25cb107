//! What one level of a real market costs, beside a book of two sorted maps on the same levels in
//! the same run. With the recording where it is present, else with a market made up by a formula.

#[path = "../tests/it/book/naive.rs"]
mod naive;
#[path = "../tests/it/book/recording.rs"]
mod recording;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use naive::NaiveBook;
use recording::Frame;
use std::hint::black_box;
use tradekeel::core::Book;
use tradekeel::types::{Level, Price, Qty, Side};

const TICK: Price = Price::from_units(10_000_000);

/// Frames of 60 levels around a price that wanders, most of them some hundred ticks away.
fn synthetic() -> Vec<Frame> {
    let mut state = 1_u64;
    let mut next = move |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        i64::try_from((state >> 33) % below).unwrap_or(0)
    };
    let mut middle = 618_000;
    let mut frame = || -> Frame {
        middle += next(3) - 1;
        let level = |_| {
            let reach = 16 << next(12);
            let (away, qty) = (1 + next(reach), next(3) * next(1_000));
            let side = if next(2) == 0 { Side::Buy } else { Side::Sell };
            let ticks = if side == Side::Buy { middle - away } else { middle + away };
            (side, Level { price: TICK.times(ticks), qty: Qty::from_units(qty) })
        };
        (0..60).map(level).collect()
    };
    (0..6_000).map(|_| frame()).collect()
}

/// Speed of a wrong answer is no figure.
fn assert_same_end(book: &mut Book, frames: &[Frame]) {
    let mut naive = NaiveBook::default();
    for (side, level) in frames.iter().flatten() {
        book.set(*side, *level);
        naive.set(*side, *level);
    }
    for side in Side::BOTH {
        assert!(book.levels(side).eq(naive.levels(side)), "the books differ");
    }
}

fn replay(criterion: &mut Criterion) {
    let (name, frames) = match recording::frames() {
        Some(frames) => ("recorded", frames),
        None => ("synthetic", synthetic()),
    };
    let levels = frames.iter().map(Vec::len).sum::<usize>();
    let mut group = criterion.benchmark_group(format!("book/{name}"));
    group.throughput(Throughput::Elements(levels as u64)).sample_size(20);
    let mut book = Book::new(TICK);
    assert_same_end(&mut book, &frames);
    group.bench_function("book", |bencher| {
        bencher.iter(|| {
            book.clear();
            for frame in &frames {
                frame.iter().for_each(|(side, level)| book.set(*side, *level));
                black_box(Side::BOTH.map(|side| book.best(side)));
            }
        });
    });
    group.bench_function("two BTreeMaps", |bencher| {
        bencher.iter(|| {
            let mut book = NaiveBook::default();
            for frame in &frames {
                frame.iter().for_each(|(side, level)| book.set(*side, *level));
                black_box(Side::BOTH.map(|side| book.best(side)));
            }
        });
    });
    group.finish();
}

criterion_group!(benches, replay);
criterion_main!(benches);
