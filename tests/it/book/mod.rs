//! The order book against a naive one: any sequence, and a recorded market.

mod naive;
mod recording;

use naive::NaiveBook;
use proptest::prelude::*;
use tradekeel::core::Book;
use tradekeel::types::{Level, Price, Qty, Side};

const TICK: Price = Price::from_units(10_000_000);

/// What may happen to a book.
#[derive(Clone, Copy, Debug)]
enum Change {
    Set(Side, Level),
    RemoveBest(Side),
    Clear,
}

fn level(ticks: i64, qty: i64) -> Level {
    Level { price: TICK.times(ticks), qty: Qty::from_units(qty) }
}

/// Prices as they come: mostly near each other, sometimes at the edges of the window, sometimes
/// anywhere.
fn ticks() -> impl Strategy<Value = i64> {
    prop_oneof![
        8 => 600_000..600_200_i64,
        4 => 584_000..617_000_i64,
        3 => (-3..=3_i64, -66..=66_i64).prop_map(|(jump, off)| 600_000 + jump * 16_384 + off),
        1 => 1..3_i64,
        1 => 1..1_000_000_000_i64,
    ]
}

fn change() -> impl Strategy<Value = Change> {
    let side = || prop_oneof![Just(Side::Buy), Just(Side::Sell)];
    let set = (side(), ticks(), prop_oneof![1 => -1..=0_i64, 3 => 1..100_i64])
        .prop_map(|(side, ticks, qty)| Change::Set(side, level(ticks, qty)));
    prop_oneof![
        40 => set,
        15 => side().prop_map(Change::RemoveBest),
        1 => Just(Change::Clear),
    ]
}

/// Applies one change to both, and compares what every reader looks at.
fn apply(change: Change, book: &mut Book, naive: &mut NaiveBook) {
    match change {
        Change::Set(side, level) => {
            book.set(side, level);
            naive.set(side, level);
        }
        Change::RemoveBest(side) => {
            let Some(best) = naive.best(side) else { return };
            book.set(side, Level { qty: Qty::ZERO, ..best });
            naive.set(side, Level { qty: Qty::ZERO, ..best });
        }
        Change::Clear => {
            book.clear();
            *naive = NaiveBook::default();
        }
    }
    for side in Side::BOTH {
        assert_eq!(book.best(side), naive.best(side), "best {side:?} after {change:?}");
    }
}

fn assert_equal(book: &Book, naive: &NaiveBook) {
    for side in Side::BOTH {
        let levels: Vec<_> = book.levels(side).collect();
        assert_eq!(levels, naive.levels(side), "{side:?}");
        assert_eq!(book.len(side), levels.len());
    }
    let [bid, ask] = Side::BOTH.map(|side| naive.best(side).map(|level| level.price));
    assert_eq!(book.is_crossed(), bid.is_some() && ask.is_some() && ask <= bid);
    assert_eq!(book.is_empty(), bid.is_none() && ask.is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_sequence_leaves_what_a_naive_book_holds(
        changes in proptest::collection::vec(change(), 0..400),
    ) {
        let (mut book, mut naive) = (Book::new(TICK), NaiveBook::default());
        for change in changes {
            apply(change, &mut book, &mut naive);
        }
        assert_equal(&book, &naive);
        prop_assert_eq!(book.dropped(), 0);

        let mut rebuilt = Book::new(TICK);
        for side in Side::BOTH {
            naive.levels(side).into_iter().rev().for_each(|level| rebuilt.set(side, level));
        }
        prop_assert_eq!(book.digest(), rebuilt.digest());
    }

    #[test]
    fn a_market_that_falls_and_rises_through_many_windows_is_followed(
        step in 1..3_000_i64, depth in 1..40_i64,
    ) {
        let (mut book, mut naive) = (Book::new(TICK), NaiveBook::default());
        let there = (0..60).map(|turn| 600_000 + turn * step);
        for middle in there.clone().chain(there.rev()) {
            for far in 0..depth {
                let off = far * far * 20;
                apply(Change::Set(Side::Buy, level(middle - 1 - off, 1)), &mut book, &mut naive);
                apply(Change::Set(Side::Sell, level(middle + 1 + off, 2)), &mut book, &mut naive);
            }
            for side in Side::BOTH {
                (0..depth / 2).for_each(|_| apply(Change::RemoveBest(side), &mut book, &mut naive));
            }
        }
        assert_equal(&book, &naive);
    }
}

#[test]
fn a_price_that_is_no_price_of_the_grid_is_refused_and_counted() {
    let mut book = Book::new(TICK);
    let refused = [
        level(0, 1),
        level(-1, 1),
        Level { price: Price::from_units(10_000_001), qty: Qty::whole(1) },
        Level { price: Price::from_units(9_999_999), qty: Qty::ZERO },
    ];
    for (count, level) in refused.into_iter().enumerate() {
        assert_eq!(book.dropped(), count as u64);
        book.set(Side::Buy, level);
    }
    assert_eq!((book.dropped(), book.is_empty()), (4, true));
    book.set(Side::Buy, level(1, 1));
    assert_eq!((book.dropped(), book.len(Side::Buy)), (4, 1));
}

#[test]
fn quantities_are_absolute_and_zero_or_less_removes() {
    let mut book = Book::new(TICK);
    for qty in [5, 7] {
        book.set(Side::Sell, level(10, qty));
    }
    assert_eq!(book.best(Side::Sell), Some(level(10, 7)));
    for removal in [0, -1] {
        book.set(Side::Sell, level(10, 7));
        book.set(Side::Sell, level(10, removal));
        assert_eq!((book.best(Side::Sell), book.len(Side::Sell)), (None, 0));
    }
}

#[test]
fn the_digest_tells_sides_prices_and_quantities_apart() {
    let one = |side, level| {
        let mut book = Book::new(TICK);
        book.set(side, level);
        book.digest()
    };
    let digests = [
        Book::new(TICK).digest(),
        one(Side::Buy, level(10, 1)),
        one(Side::Sell, level(10, 1)),
        one(Side::Buy, level(11, 1)),
        one(Side::Buy, level(10, 2)),
    ];
    for (at, digest) in digests.iter().enumerate() {
        assert!(!digests[..at].contains(digest), "{at}");
    }
}

#[test]
fn the_highest_prices_of_the_range_do_not_overflow() {
    let mut book = Book::new(Price::from_units(1));
    for side in Side::BOTH {
        for units in [1, 1 << 62, (1 << 62) - 20_000, (1 << 62) + 1, i64::MAX] {
            book.set(side, Level { price: Price::from_units(units), qty: Qty::whole(1) });
        }
        assert_eq!((book.len(side), book.levels(side).count()), (3, 3));
    }
    assert_eq!(book.best(Side::Buy).map(|it| it.price.units()), Some(1 << 62));
    assert_eq!(book.dropped(), 4);
}

#[test]
fn the_recorded_market_gives_the_same_book_at_every_frame() {
    let Some(frames) = recording::frames() else {
        println!("skipped: ../shared/data is absent");
        return;
    };
    assert_eq!(frames.len(), 1 + 6_547, "D14");
    let (mut book, mut naive) = (Book::new(TICK), NaiveBook::default());
    for (number, frame) in frames.iter().enumerate() {
        for (side, level) in frame {
            book.set(*side, *level);
            naive.set(*side, *level);
        }
        let bests = Side::BOTH.map(|side| book.best(side));
        assert_eq!(bests, Side::BOTH.map(|side| naive.best(side)), "frame {number}");
        assert!(!book.is_crossed(), "frame {number}");
    }
    assert_equal(&book, &naive);
    assert_eq!(book.dropped(), 0);
    println!("levels at the end: {:?}", Side::BOTH.map(|side| book.len(side)));
}
