//! What a synthetic market must be like, whatever the seed.

use super::Synthetic;
use crate::sim::book::Book;
use crate::sim::testing::{BTC, ETH, instrument, instruments};
use crate::types::{InstrumentId, MarketData, MarketEvent, Price, Quote, Side};
use sha2::{Digest, Sha256};

fn digest(seed: u64) -> String {
    let mut hash = Sha256::new();
    for (delay_ns, event) in Synthetic::new(seed, &instruments()).take(100_000) {
        hash.update(format!("{delay_ns} {event:?}\n"));
    }
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn one_seed_is_one_market_on_every_machine() {
    let seven = digest(7);
    assert_eq!(seven, digest(7));
    assert_ne!(seven, digest(8));
    // Written down, so that another machine, another release or a careless edit shows.
    assert_eq!(&seven[..16], "32afec12ade1ba89");
}

/// Events of one instrument over `seconds`, with the time of each.
fn session(seed: u64, instrument: InstrumentId, seconds: u64) -> Vec<(u64, MarketEvent)> {
    let mut now_ns = 0;
    Synthetic::new(seed, &instruments())
        .map(|(delay_ns, event)| {
            now_ns += delay_ns;
            (now_ns, event)
        })
        .take_while(|(at_ns, _)| *at_ns < seconds * 1_000_000_000)
        .filter(|(_, event)| event.instrument == instrument)
        .collect()
}

fn depth_top(book: &Book) -> Quote {
    let top = |side| book.levels(side).next().unwrap_or_default();
    let (bid, ask) = (top(Side::Buy), top(Side::Sell));
    Quote { bid: bid.price, bid_qty: bid.qty, ask: ask.price, ask_qty: ask.qty }
}

#[test]
fn begins_with_a_whole_snapshot_for_every_instrument() {
    let three = [instruments(), vec![instrument(InstrumentId(2), "XRPUSDT", "0.0001")]].concat();
    let events: Vec<_> = Synthetic::new(3, &three).take(100).map(|(_, event)| event).collect();
    for known in &three {
        let own: Vec<_> = events.iter().filter(|event| event.instrument == known.id).collect();
        assert_eq!(own[0].data, MarketData::BookBegin);
        let end = own.iter().position(|event| matches!(event.data, MarketData::BookEnd { .. }));
        let snapshot = &own[1..end.unwrap()];
        assert!(snapshot.iter().all(|event| matches!(event.data, MarketData::BookDelta(_))));
        assert!(matches!(own[end.unwrap() + 1].data, MarketData::Quote(_)));
    }
}

#[test]
fn never_crosses_and_the_quote_is_the_top_of_the_finished_frame() {
    for seed in 0..2 {
        for instrument in [BTC, ETH] {
            let (mut book, mut quote, mut trade_id, mut update) = (Book::default(), None, 0, 0);
            for (_, event) in session(seed, instrument, 60) {
                book.apply(&event.data);
                match event.data {
                    MarketData::Quote(next) => {
                        assert!(next.is_sound(), "{next:?}");
                        quote = Some(next);
                    }
                    MarketData::Trade(trade) => {
                        let touch = quote.unwrap().touch(trade.aggressor);
                        assert_eq!(Some(trade.price), touch, "a trade away from the touch");
                        assert!(trade_id < trade.id);
                        trade_id = trade.id;
                    }
                    MarketData::BookEnd { update_id } => {
                        assert!(quote.is_none_or(|quote| quote == depth_top(&book)));
                        assert!(Side::BOTH.iter().all(|side| 20 <= book.levels(*side).count()));
                        assert!(update < update_id);
                        update = update_id;
                    }
                    MarketData::Mark(_)
                    | MarketData::BookLost
                    | MarketData::BookBegin
                    | MarketData::BookDelta(_) => {}
                }
            }
        }
    }
}

/// Percent of the time that the spread is one tick, and the widest that lasted at all.
fn spread_over_time(events: &[(u64, MarketEvent)]) -> (u64, i64) {
    let (mut narrow_ns, mut all_ns, mut widest) = (0, 0, 0);
    let mut last: Option<(u64, i64)> = None;
    for (at_ns, event) in events {
        let MarketData::Quote(quote) = event.data else { continue };
        if let Some((since_ns, ticks)) = last {
            let lasted_ns = at_ns - since_ns;
            all_ns += lasted_ns;
            narrow_ns += if ticks == 1 { lasted_ns } else { 0 };
            widest = if 0 < lasted_ns { ticks.max(widest) } else { widest };
        }
        last = Some((*at_ns, (quote.ask.units() - quote.bid.units()) / 10_000_000));
    }
    (narrow_ns * 100 / all_ns, widest)
}

#[test]
fn looks_like_a_market() {
    for seed in 0..4 {
        let events = session(seed, BTC, 300);
        let per_second = events.len() / 300;
        let (narrow, widest) = spread_over_time(&events);
        let trades = events.iter().filter(|(_, event)| matches!(event.data, MarketData::Trade(_)));
        let trades: Vec<u64> = trades.map(|(at_ns, _)| *at_ns).collect();
        let quiet = trades.windows(2).filter(|pair| 1_000_000_000 < pair[1] - pair[0]).count();
        let bursts = trades.windows(10).filter(|ten| ten[9] - ten[0] < 100_000_000).count();
        println!(
            "seed {seed}: {per_second} events/s, {} trades, one tick {narrow} %, \
             widest {widest} ticks, {quiet} quiets, {bursts} bursts",
            trades.len(),
        );
        assert!((50..=300).contains(&per_second), "seed {seed}: {per_second} events/s");
        assert!((60..=97).contains(&narrow), "{narrow} % of spreads are one tick");
        assert!(0 < quiet && 0 < bursts);
    }
}

#[test]
fn prices_move_but_stay_in_reach() {
    let traded = |event: &MarketEvent| {
        let MarketData::Trade(trade) = event.data else { return None };
        Some(trade.price)
    };
    let events = session(1, BTC, 600);
    let prices: Vec<Price> = events.iter().filter_map(|(_, event)| traded(event)).collect();
    let (low, high) = (prices.iter().min().unwrap(), prices.iter().max().unwrap());
    assert!(Price::whole(50_000) < *low && *high < Price::whole(70_000), "{low} to {high}");
    assert!(Price::whole(20) < high.saturating_sub(*low), "{low} to {high}");
}

#[test]
fn hostile_filters_make_no_panic() {
    for (tick, step) in [("0", "0"), ("0.00000001", "0.00000001"), ("50000", "1000000")] {
        let mut odd = instrument(BTC, "ODDUSDT", "0.1");
        odd.filters.price_tick = Price::parse(tick.as_bytes()).unwrap();
        odd.filters.qty_step = crate::types::Qty::parse(step.as_bytes()).unwrap();
        odd.filters.price_max = Price::ZERO;
        assert_eq!(Synthetic::new(5, &[odd]).take(20_000).count(), 20_000);
    }
    assert!(Synthetic::new(5, &[]).next().is_none());
}
