//! The journal's trades against its readings of the account: each run from its first reading on,
//! position by position and wallet by wallet (SAFETY E13).
//!
//! Must hold: a trade counts once, by the venue's number of it, however often and by whomever it
//! was told; of a wallet nothing is called a mismatch while something moved it at about that time,
//! because the venue tells balances and positions in two answers.
//!
//! Decision: only within a run. What happens between two of them is the venue's word at the start,
//! and no trade of ours. A difference that no trade explains is told once: the books go on from
//! what the venue holds, as the engine does.

use super::line::{BEHIND_NS, Judgement, Line};
use crate::store::journal::Entry;
use crate::store::{AccountTold, ListedInstrument, ReadingItem, Record};
use crate::types::{
    AssetId, Cash, ExecutionKind, ExecutionReport, Fill, InstrumentId, InstrumentKind, Price, Qty,
};
use std::collections::{BTreeMap, VecDeque};

/// What a venue rounds where it tells a mean price, for each unit that is held.
const ROUNDED: Price = Price::from_units(1);

/// A reading that the trades before it do not explain.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Mismatch {
    /// Of which instrument or asset.
    pub what: String,
    /// What would be there by the trades.
    pub by_trades: String,
    /// What the venue said.
    pub venue: String,
    /// The record of the reading.
    pub sequence: u64,
}

/// Trades and readings of a journal.
#[derive(Debug, Default)]
pub struct Books {
    tolerance: Cash,
    /// Positions that no trade explains, oldest first.
    pub positions: Vec<Mismatch>,
    /// The same of wallets.
    pub wallets: Vec<Mismatch>,
    /// Readings of a position that were compared.
    pub positions_compared: u64,
    /// Readings of a wallet that were compared.
    pub wallets_compared: u64,
    /// Distinct trades.
    pub trades: u64,
    run: Run,
}

/// One run of the engine.
#[derive(Debug, Default)]
struct Run {
    instruments: Vec<ListedInstrument>,
    assets: Vec<String>,
    /// Trades by instrument and the venue's number, and whether their fee was told.
    known: BTreeMap<(u16, u64), bool>,
    positions: BTreeMap<u16, Line>,
    wallets: BTreeMap<u8, Wallet>,
    /// A reading whose items are still to come.
    reading: Option<Reading>,
    waiting: VecDeque<Reading>,
    now_ns: u64,
}

#[derive(Debug, Default)]
struct Wallet {
    line: Line,
    /// Trades whose fee was not told.
    unknown: u32,
    /// What the venue may have rounded since the books began.
    rounded: Cash,
}

/// A reading of the account.
#[derive(Clone, Debug, Default)]
struct Reading {
    sequence: u64,
    at_ns: u64,
    items_left: u32,
    positions: BTreeMap<u16, (Qty, Price)>,
    balances: BTreeMap<u8, Cash>,
}

impl Books {
    /// Of nothing; wallets may be apart by `tolerance`.
    pub fn new(tolerance: Cash) -> Self {
        Self { tolerance, ..Self::default() }
    }

    /// Takes in one record.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the other kinds move no account")]
    pub fn take(&mut self, entry: &Entry, record: &Record) {
        if let Record::Start(_) = record {
            // Its clock is another one.
            self.judge(true);
            self.run = Run::default();
        }
        self.run.now_ns = entry.at.mono_ns;
        self.judge(false);
        match record {
            Record::Instrument(listed) => self.run.instruments.push(*listed),
            Record::Asset(name) => self.run.assets.push(name.as_str().to_owned()),
            Record::Execution(report) => self.on_execution(report),
            Record::Told(AccountTold::Balance(change)) => {
                self.run.pay(change.asset, change.amount);
            }
            Record::Reading(head) => {
                let (sequence, at_ns) = (entry.sequence, entry.at.mono_ns);
                let items_left = head.items;
                let reading = Reading { sequence, at_ns, items_left, ..Reading::default() };
                self.run.reading = Some(reading);
                self.run.end_reading();
            }
            Record::ReadingItem(item) => self.run.on_item(*item),
            _ => {}
        }
    }

    /// Records are missing here: nothing can be told across them.
    pub fn on_gap(&mut self) {
        let Run { instruments, assets, .. } = std::mem::take(&mut self.run);
        self.run = Run { instruments, assets, ..Run::default() };
    }

    /// The journal ends: what is waited for is judged by what there is.
    pub fn finish(&mut self) {
        self.judge(true);
    }

    /// What each instrument holds by the last run's books; `None` where nothing tells.
    pub fn held(&self) -> Vec<(String, Option<Qty>)> {
        let held = |it: &ListedInstrument| {
            let line = match it.kind {
                InstrumentKind::Perpetual => self.run.positions.get(&it.id.0),
                // What is held of the base is the position.
                InstrumentKind::Spot => self.run.wallets.get(&it.base.0).map(|it| &it.line),
            };
            let units = line.and_then(Line::held);
            let units = units.and_then(|units| i64::try_from(units).ok());
            (it.symbol.as_str().to_owned(), units.map(Qty::from_units))
        };
        self.run.instruments.iter().map(held).collect()
    }

    fn on_execution(&mut self, report: &ExecutionReport) {
        let (ExecutionKind::Trade(fill) | ExecutionKind::TradeFound(fill)) = report.kind else {
            return;
        };
        let is_new = self.run.on_trade(report.instrument, &fill);
        self.trades += u64::from(is_new);
    }

    /// Judges the readings that enough time has passed for; all of them at an end, where one that
    /// nothing explains may only have been the last to be told.
    fn judge(&mut self, is_end: bool) {
        loop {
            let now_ns = self.run.now_ns;
            let is_ripe = |it: &Reading| it.at_ns.saturating_add(BEHIND_NS) < now_ns;
            let Some(reading) = self.run.waiting.front() else { return };
            let is_late = !is_ripe(reading);
            if is_late && !is_end {
                return;
            }
            if let Some(reading) = self.run.waiting.pop_front() {
                self.judge_positions(&reading, is_late);
                self.judge_wallets(&reading, is_late);
            }
        }
    }

    fn judge_positions(&mut self, reading: &Reading, is_late: bool) {
        for listed in self.run.instruments.iter().filter(|it| it.kind == InstrumentKind::Perpetual)
        {
            let told = reading.positions.get(&listed.id.0).map_or(Qty::ZERO, |(qty, _)| *qty);
            let line = self.run.positions.entry(listed.id.0).or_default();
            match line.judge(told.units().into(), reading.at_ns, 0) {
                Judgement::Begun => {}
                Judgement::Explained => self.positions_compared += 1,
                Judgement::Unexplained(_) if is_late => {}
                Judgement::Unexplained(units) => {
                    let by_trades = i64::try_from(units).map(Qty::from_units);
                    self.positions_compared += 1;
                    self.positions.push(Mismatch {
                        what: listed.symbol.as_str().to_owned(),
                        by_trades: by_trades.map_or("too much".to_owned(), |it| it.to_string()),
                        venue: told.to_string(),
                        sequence: reading.sequence,
                    });
                }
            }
        }
    }

    fn judge_wallets(&mut self, reading: &Reading, is_late: bool) {
        for (id, name) in (0_u8..).zip(&self.run.assets) {
            let Some(told) = self.run.cash_flow(reading, AssetId(id)) else { continue };
            let Some(wallet) = self.run.wallets.get_mut(&id) else {
                let mut wallet = Wallet::default();
                wallet.line.judge(told.units(), reading.at_ns, 0);
                self.run.wallets.insert(id, wallet);
                continue;
            };
            let tolerance = self.tolerance.saturating_add(wallet.rounded).units();
            let is_clear = wallet.line.is_clear(told.units(), reading.at_ns, tolerance);
            if 0 < wallet.unknown || !is_clear {
                continue;
            }
            match wallet.line.judge(told.units(), reading.at_ns, tolerance) {
                Judgement::Begun => {}
                Judgement::Explained => self.wallets_compared += 1,
                Judgement::Unexplained(_) if is_late => {}
                Judgement::Unexplained(units) => {
                    self.wallets_compared += 1;
                    self.wallets.push(Mismatch {
                        what: name.clone(),
                        by_trades: Cash::from_units(units).to_string(),
                        venue: told.to_string(),
                        sequence: reading.sequence,
                    });
                }
            }
        }
    }
}

impl Run {
    fn pay(&mut self, asset: AssetId, amount: Cash) {
        let now_ns = self.now_ns;
        let wallet = self.wallets.entry(asset.0).or_default();
        wallet.line.moves(amount.units(), now_ns);
    }

    /// False when it was told before; its fee may be new all the same.
    fn on_trade(&mut self, instrument: InstrumentId, fill: &Fill) -> bool {
        let Some(listed) = self.instruments.iter().find(|it| it.id == instrument).copied() else {
            return false;
        };
        let was_paid = self.known.get(&(instrument.0, fill.trade_id)).copied();
        let is_paid = was_paid == Some(true) || fill.fee.is_some();
        self.known.insert((instrument.0, fill.trade_id), is_paid);
        if let (Some(fee), None | Some(false)) = (fill.fee, was_paid) {
            self.pay(fee.asset, fee.amount.negated());
        }
        let signed = fill.side.signed(fill.qty);
        let now_ns = self.now_ns;
        if was_paid.is_none() {
            self.pay(listed.settle, fill.price.notional(signed).negated());
            if listed.kind == InstrumentKind::Spot {
                self.pay(listed.base, Price::whole(1).notional(signed));
            }
            let line = self.positions.entry(instrument.0).or_default();
            line.moves(signed.units().into(), now_ns);
        }
        let wallet = self.wallets.entry(listed.settle.0).or_default();
        match (was_paid, is_paid) {
            (None, false) => wallet.unknown += 1,
            (Some(false), true) => wallet.unknown = wallet.unknown.saturating_sub(1),
            (None | Some(_), _) => {}
        }
        let held = self.positions.get(&instrument.0).and_then(Line::held).unwrap_or(0);
        let held = i64::try_from(held).map_or(Qty::ZERO, |units| Qty::from_units(units).abs());
        let rounded = ROUNDED.notional(held.saturating_add(fill.qty.abs()));
        let one = Cash::from_units(1);
        wallet.rounded = wallet.rounded.saturating_add(rounded).saturating_add(one);
        was_paid.is_none()
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only these are held against trades")]
    fn on_item(&mut self, item: ReadingItem) {
        let Some(reading) = &mut self.reading else { return };
        match item {
            ReadingItem::Balance { asset, amount } => {
                reading.balances.insert(asset.0, amount);
            }
            ReadingItem::Position(held) => {
                reading.positions.insert(held.instrument.0, (held.qty, held.entry));
            }
            _ => {}
        }
        reading.items_left = reading.items_left.saturating_sub(1);
        self.end_reading();
    }

    fn end_reading(&mut self) {
        if let Some(whole) = self.reading.take_if(|reading| reading.items_left == 0) {
            self.waiting.push_back(whole);
        }
    }

    /// A wallet as cash flow: without what positions cost (as the portfolio keeps it).
    fn cash_flow(&self, reading: &Reading, asset: AssetId) -> Option<Cash> {
        let mut flow = *reading.balances.get(&asset.0)?;
        for listed in self.instruments.iter().filter(|it| it.settle == asset) {
            if let Some((qty, entry)) = reading.positions.get(&listed.id.0) {
                flow = flow.checked_sub(entry.notional(*qty))?;
            }
        }
        Some(flow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::MarketRecording;
    use crate::store::{ReadingHead, Start};
    use crate::types::{
        BalanceCause, BalanceChange, Fee, Filters, ForeignOrder, Liquidity, OrderRef, QueryToken,
        SECOND, Side, Stamp, Text, VenueId, VenuePosition,
    };

    /// A journal that is told second by second.
    struct Told {
        books: Books,
        sequence: u64,
        second: u64,
    }

    impl Told {
        fn new() -> Self {
            let mut told = Self { books: Books::new(Cash::ZERO), sequence: 0, second: 0 };
            told.start();
            told
        }

        fn start(&mut self) {
            let (mode, version) = (Text::new("paper"), Text::new("1"));
            let start = Start { epoch: 1, mode, config_hash: [0; 32], version };
            self.tell(Record::Start(start));
            self.tell(Record::Asset(Text::new("USDT")));
            self.tell(Record::Instrument(ListedInstrument {
                id: InstrumentId(0),
                venue: VenueId(0),
                symbol: Text::new("BTCUSDT"),
                kind: InstrumentKind::Perpetual,
                base: AssetId(1),
                quote: AssetId(0),
                settle: AssetId(0),
                filters: Filters::whole(),
            }));
            self.tell(Record::Begin(MarketRecording::Off));
        }

        fn tell(&mut self, record: Record) {
            self.sequence += 1;
            let at = Stamp { mono_ns: self.second * SECOND, unix_ns: 0 };
            let entry = Entry { sequence: self.sequence, at, record: Ok(record) };
            self.books.take(&entry, &record);
        }

        /// Some time in which nothing happens.
        fn wait(&mut self) -> &mut Self {
            self.second += 60;
            self
        }

        fn trade(&mut self, trade_id: u64, side: Side, fee: Option<i32>) -> &mut Self {
            let fee = fee.map(|it| Fee { asset: AssetId(0), amount: Cash::whole(it) });
            let fill = Fill {
                trade_id,
                side,
                price: Price::whole(100),
                qty: Qty::whole(2),
                cum_qty: Qty::whole(2),
                fee,
                liquidity: Liquidity::Taker,
            };
            self.tell(Record::Execution(ExecutionReport {
                instrument: InstrumentId(0),
                order: OrderRef::Foreign(ForeignOrder::Other),
                venue_order_id: None,
                transact_unix_ms: None,
                kind: ExecutionKind::Trade(fill),
            }));
            self
        }

        fn reads(&mut self, qty: i32, entry: i32, wallet: i32) -> &mut Self {
            self.tell(Record::Reading(ReadingHead {
                venue: VenueId(0),
                token: QueryToken(1),
                has_unnamed_assets: false,
                unnamed_positions: 0,
                has_margin: false,
                items: 2,
            }));
            let (instrument, qty, entry) = (InstrumentId(0), Qty::whole(qty), Price::whole(entry));
            let held = VenuePosition { instrument, qty, entry };
            self.tell(Record::ReadingItem(ReadingItem::Position(held)));
            let (asset, amount) = (AssetId(0), Cash::whole(wallet));
            self.tell(Record::ReadingItem(ReadingItem::Balance { asset, amount }));
            self
        }

        fn found(&mut self) -> (Vec<String>, Vec<String>) {
            self.wait().tell(Record::Timer);
            self.books.finish();
            let told = |all: &[Mismatch]| {
                let line = |it: &Mismatch| format!("{} {} {}", it.what, it.by_trades, it.venue);
                all.iter().map(line).collect()
            };
            (told(&self.books.positions), told(&self.books.wallets))
        }
    }

    const NONE: (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());

    #[test]
    fn trades_and_their_fees_explain_what_a_reading_says() {
        let mut told = Told::new();
        told.reads(0, 0, 1_000).wait().trade(1, Side::Buy, Some(1)).wait().reads(2, 100, 999);
        told.wait().trade(2, Side::Sell, Some(1)).wait().reads(0, 0, 998);
        assert_eq!(told.found(), NONE);
        let books = &told.books;
        assert_eq!((books.trades, books.positions_compared, books.wallets_compared), (2, 2, 2));
        assert_eq!(books.held(), [("BTCUSDT".to_owned(), Some(Qty::ZERO))]);
    }

    #[test]
    fn a_trade_that_is_told_twice_counts_once_and_its_fee_when_it_comes() {
        let mut told = Told::new();
        told.reads(0, 0, 1_000).wait().trade(1, Side::Buy, None).wait().reads(2, 100, 999);
        told.wait().trade(1, Side::Buy, Some(1)).trade(1, Side::Buy, Some(1));
        told.wait().reads(2, 100, 999);
        assert_eq!(told.found(), NONE);
        assert_eq!((told.books.trades, told.books.wallets_compared), (1, 1), "then it is known");
    }

    #[test]
    fn what_no_trade_explains_is_told_once_with_both_values() {
        let mut told = Told::new();
        told.reads(0, 0, 1_000).wait().reads(3, 100, 1_000).wait().reads(3, 100, 1_000);
        let position = vec!["BTCUSDT 0 3".to_owned()];
        let cash = vec!["USDT 1000 700".to_owned()];
        assert_eq!(told.found(), (position, cash), "cash flow without what the position cost");
    }

    #[test]
    fn a_transfer_explains_a_wallet_and_a_wallet_alone_is_found() {
        let change = |amount| BalanceChange {
            venue: VenueId(0),
            asset: AssetId(0),
            amount: Cash::whole(amount),
            cause: BalanceCause::Transfer,
        };
        let mut told = Told::new();
        told.reads(0, 0, 1_000).wait();
        told.tell(Record::Told(AccountTold::Balance(change(7))));
        told.wait().reads(0, 0, 1_007);
        assert_eq!(told.found(), NONE);
        told.wait().reads(0, 0, 1_008);
        assert_eq!(told.found(), (Vec::new(), vec!["USDT 1007 1008".to_owned()]));
    }

    #[test]
    fn nothing_is_told_across_two_runs_or_across_records_that_are_missing() {
        let mut told = Told::new();
        told.reads(0, 0, 1_000).wait();
        told.start();
        told.wait().reads(5, 100, 900).wait();
        told.books.on_gap();
        told.reads(1, 100, 100);
        assert_eq!(told.found(), NONE);
    }

    #[test]
    fn the_last_reading_may_know_what_was_never_told() {
        let mut told = Told::new();
        told.reads(0, 0, 1_000).wait().reads(2, 100, 1_000);
        told.books.finish();
        assert!(told.books.positions.is_empty(), "the crash came before the stream");
        let mut later = Told::new();
        later.reads(0, 0, 1_000).wait().reads(2, 100, 1_000);
        assert_eq!(later.found().0, ["BTCUSDT 0 2"]);
    }
}
