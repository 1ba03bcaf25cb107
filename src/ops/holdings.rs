//! What the files for people say, out of a report: positions, both sides of the last reading of
//! the account, the day (R55).
//!
//! Must hold: nothing is said before every account has been read once: a position that nobody has
//! asked after is not flat but unknown.

use super::journal::{date_of_day, utc};
use super::report::Report;
use crate::core::{InstrumentStatus, LedgerLine, PositionRead};
use crate::store::compared::{self, Compared};
use crate::store::daily_pnl::{DailyPnl, Run};
use crate::store::positions::{Position, Positions};
use crate::types::{Cash, Price, Qty};

/// All of it, as of one instant.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Holdings {
    /// What we believe.
    pub positions: Positions,
    /// What we believed at the last reading.
    pub expected: Compared,
    /// What the venue said then.
    pub actual: Compared,
    /// The day.
    pub day: DailyPnl,
}

/// What there is to say; `None` before every account has been read.
pub fn holdings(report: &Report) -> Option<Holdings> {
    let readings = &report.status.readings;
    if readings.is_empty() || !readings.iter().all(|reading| reading.is_told()) {
        return None;
    }
    let unnamed = readings.iter().map(|it| it.unnamed_positions).sum();
    Some(Holdings {
        positions: positions(report),
        // Before the first reading nobody believed anything: what it says is what is believed.
        expected: Compared {
            positions: side(report, |it| it.ours.unwrap_or(it.venue)),
            unnamed: 0,
        },
        actual: Compared { positions: side(report, |it| it.venue), unnamed },
        day: day(report),
    })
}

/// One side of every reading, by symbol.
fn side(report: &Report, qty: impl Fn(&PositionRead) -> Qty) -> Vec<(String, Qty)> {
    let all = report.status.readings.iter().flat_map(|reading| &reading.positions);
    let symbol = |it: &PositionRead| report.names.instrument(it.instrument).to_owned();
    let mut all: Vec<_> = all.map(|it| (symbol(it), qty(it))).collect();
    all.sort();
    all
}

fn positions(report: &Report) -> Positions {
    let status = &report.status;
    let mut positions: Vec<_> =
        status.instruments.iter().map(|line| position(line, report)).collect();
    positions.sort_by(|one, next| one.symbol.cmp(&next.symbol));
    let compared_ns = status.readings.iter().map(|reading| reading.at.unix_ns).min();
    Positions {
        as_of: utc(status.at.unix_ns),
        reconciled: status.reconciled,
        compared_at: compared_ns.map(utc),
        positions,
    }
}

fn position(line: &InstrumentStatus, report: &Report) -> Position {
    let qty = line.position;
    let ledgers = report.status.strategies.iter().filter_map(|it| it.ledgers.get(line.id.index()));
    let entry = entry(qty, ledgers);
    let read = report.status.readings.iter().flat_map(|reading| &reading.positions);
    let read = read.into_iter().find(|it| it.instrument == line.id && it.venue == qty);
    let venue_entry = read.and_then(|it| it.entry);
    let mark = line.quote.filter(|_| qty != Qty::ZERO).map(|quote| match qty < Qty::ZERO {
        true => quote.ask,
        false => quote.bid,
    });
    let unrealised = mark
        .zip(entry.or(venue_entry))
        .and_then(|(mark, entry)| mark.notional(qty).checked_sub(entry.notional(qty)));
    let text = |price: Option<Price>| price.map(|it| it.to_string());
    Position {
        symbol: report.names.instrument(line.id).to_owned(),
        side: compared::side(qty).to_owned(),
        qty: qty.to_string(),
        unattributed: line.unattributed.to_string(),
        entry_price: text(entry),
        venue_entry_price: text(venue_entry),
        mark_price: text(mark),
        unrealised: unrealised.map(|it| it.to_string()),
    }
}

/// The average price of a position that the strategies' own trades explain whole.
fn entry<'a>(qty: Qty, ledgers: impl Iterator<Item = &'a LedgerLine>) -> Option<Price> {
    let mut all = LedgerLine::default();
    for line in ledgers {
        all.position = all.position.checked_add(line.position)?;
        all.cost = all.cost.checked_add(line.cost)?;
    }
    if all.position == qty { all.entry() } else { None }
}

fn day(report: &Report) -> DailyPnl {
    let status = &report.status;
    let text = |cash: Option<Cash>| cash.map(|it| it.to_string());
    let opening = status.losses.day.map(|mark| mark.opening);
    let profit = status.equity.zip(opening).and_then(|(now, then)| now.checked_sub(then));
    let ledgers = status.strategies.iter().flat_map(|strategy| &strategy.ledgers);
    let realised = ledgers.fold(Cash::ZERO, |sum, line| sum.saturating_add(line.realised));
    DailyPnl {
        as_of: utc(status.at.unix_ns),
        currency: report.currency.clone(),
        day: status.losses.day.map(|mark| date_of_day(mark.day)),
        opening_equity: text(opening),
        equity: text(status.equity),
        profit: text(profit),
        loss_bps: status.losses.day_loss_bps,
        high_water: text(status.high_water.map(|mark| mark.peak)),
        drawdown_bps: status.drawdown_bps,
        run: Run {
            epoch: report.epoch,
            profit: text(status.profit()),
            realised: realised.to_string(),
            fees: status.tally.fees.to_string(),
            turnover: status.tally.turnover.to_string(),
            fills: status.tally.fills,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::{AccountReading, DayMark, StrategyStatus};
    use crate::types::{InstrumentId, Quote, Stamp};

    fn report(ours: i32, venue: i32) -> Report {
        let mut report = Report::default();
        for (at, symbol) in ["ETHUSDT", "BTCUSDT"].into_iter().enumerate() {
            report.names.instruments.push(symbol.to_owned());
            let id = InstrumentId(u16::try_from(at).unwrap());
            let (bid, ask, qty) = (Price::whole(110), Price::whole(112), Qty::whole(1));
            report.status.instruments.push(InstrumentStatus {
                id,
                quote: Some(Quote { bid, bid_qty: qty, ask, ask_qty: qty }),
                position: if at == 0 { Qty::whole(ours) } else { Qty::ZERO },
                ..InstrumentStatus::default()
            });
        }
        let read = |id, ours, venue| PositionRead {
            instrument: InstrumentId(id),
            ours: Some(Qty::whole(ours)),
            venue: Qty::whole(venue),
            entry: Some(Price::whole(100)).filter(|_| venue != 0),
        };
        report.status.readings.push(AccountReading {
            at: Stamp { mono_ns: 1, unix_ns: 2_000_000_000 },
            positions: vec![read(0, ours, venue), read(1, 0, 0)],
            ..AccountReading::default()
        });
        report
    }

    #[test]
    fn before_every_account_was_read_nothing_is_said() {
        assert_eq!(holdings(&Report::default()), None);
        let mut two = report(0, 0);
        two.status.readings.push(AccountReading::default());
        assert_eq!(holdings(&two), None);
    }

    #[test]
    fn both_sides_stand_by_symbol_and_differ_where_the_reading_did() {
        let told = holdings(&report(3, 2)).unwrap();
        let line = |symbol: &str, qty| (symbol.to_owned(), Qty::whole(qty));
        assert_eq!(told.expected.positions, [line("BTCUSDT", 0), line("ETHUSDT", 3)]);
        assert_eq!(told.actual.positions, [line("BTCUSDT", 0), line("ETHUSDT", 2)]);
        assert_eq!(told.positions.compared_at.as_deref(), Some("1970-01-01T00:00:02.000Z"));
        let agree = holdings(&report(3, 3)).unwrap();
        assert_eq!(agree.expected, agree.actual);
    }

    #[test]
    fn an_entry_is_told_where_it_is_known_and_by_whom() {
        let by_venue = &holdings(&report(-2, -2)).unwrap().positions.positions[1];
        assert_eq!((by_venue.side.as_str(), by_venue.qty.as_str()), ("short", "-2"));
        assert_eq!(by_venue.entry_price, None, "no trade of ours explains it");
        assert_eq!(by_venue.venue_entry_price.as_deref(), Some("100"));
        assert_eq!(by_venue.mark_price.as_deref(), Some("112"), "a short is closed at the ask");
        assert_eq!(by_venue.unrealised.as_deref(), Some("-24"));

        let mut since = report(3, 2);
        let unknown = &holdings(&since).unwrap().positions.positions[1];
        assert_eq!((&unknown.venue_entry_price, &unknown.unrealised), (&None, &None));
        let line =
            LedgerLine { position: Qty::whole(3), cost: Cash::whole(321), ..LedgerLine::default() };
        since.status.strategies.push(StrategyStatus {
            ledgers: vec![line, LedgerLine::default()],
            ..StrategyStatus::default()
        });
        let by_us = &holdings(&since).unwrap().positions.positions[1];
        assert_eq!(by_us.entry_price.as_deref(), Some("107"));
        assert_eq!(by_us.unrealised.as_deref(), Some("9"), "3 at 110 less 321");
        let flat = &holdings(&since).unwrap().positions.positions[0];
        assert_eq!((&flat.mark_price, &flat.unrealised), (&None, &None));
    }

    #[test]
    fn a_day_without_a_valuation_is_unknown_and_not_zero() {
        let mut report = report(0, 0);
        let day = holdings(&report).unwrap().day;
        assert_eq!((&day.day, &day.opening_equity, &day.profit), (&None, &None, &None));
        report.status.losses.day = Some(DayMark { day: 20_001, opening: Cash::whole(9) });
        report.status.equity = Some(Cash::whole(7));
        let day = holdings(&report).unwrap().day;
        assert_eq!(day.day.as_deref(), Some("2024-10-04"));
        assert_eq!((day.profit.as_deref(), day.loss_bps), (Some("-2"), None));
    }
}
