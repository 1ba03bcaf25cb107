//! The history on real files: what the journal says is there, once, whatever becomes of the
//! database in between.

use super::*;
use crate::core::LedgerLine;
use crate::store::ledgers::NamedLedger;
use crate::store::record::{OrderIntent, Start};
use crate::store::{
    AccountTold, Chunk, Journal, ListedInstrument, ReadingHead, ReadingItem, Record, Writer,
    journal, samples,
};
use crate::types::*;
use rusqlite::Connection;
use std::fs;
use tempfile::TempDir;

const SEGMENT: u64 = 16 << 10;

/// A deployment with a journal that is written.
struct Desk {
    root: TempDir,
    journal: Journal,
    writer: Writer,
    clock: u64,
}

fn prefix_of(mode: &str, instance: &str) -> Option<IdPrefix> {
    IdPrefix::new(&format!("tk{}{instance}", &mode[..1]))
}

impl Desk {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("journal");
        let (journal, writer, _) = journal::open(&folder, root.path(), SEGMENT).unwrap();
        Self { root, journal, writer, clock: 1_700_000_000_000_000_000 }
    }

    fn say(&mut self, record: Record) -> u64 {
        self.clock += 1_000_000;
        let at = Stamp { mono_ns: self.clock / 2, unix_ns: self.clock };
        self.writer.turn().unwrap();
        self.journal.append(at, &record).unwrap()
    }

    /// A run begins, with two instruments and a strategy.
    fn begin(&mut self, epoch: u32) {
        let (mode, version) = (Text::new("paper"), Text::new("0.1.0"));
        self.say(Record::Start(Start { epoch, mode, config_hash: [7; 32], version }));
        let text = r#"{"instance":"one","reporting_currency":"USDT","strategies":"1",
            "strategies[0].name":"maker"}"#;
        for chunk in Chunk::all(text) {
            self.say(Record::ConfigText(chunk));
        }
        self.say(Record::Asset(Text::new("USDT")));
        for (id, symbol) in [(0, "BTCUSDT"), (1, "ETHUSDT")] {
            self.say(Record::Instrument(listed(id, symbol)));
        }
        self.say(Record::Begin(crate::core::MarketRecording::Off));
    }

    fn order(&mut self, id: ClientOrderId, qty: i32) -> u64 {
        let terms = OrderTerms {
            instrument: InstrumentId(1),
            side: Side::Buy,
            time_in_force: TimeInForce::Gtx,
            price: Price::whole(100),
            qty: Qty::whole(qty),
            purpose: Purpose::Opening,
            expires_ns: None,
        };
        let strategy = Some(StrategyId(0));
        self.say(Record::Order(OrderIntent { id, strategy, terms, origin_ns: 0 }))
    }

    fn hear(&mut self, order: OrderRef, kind: ExecutionKind) -> u64 {
        let (venue_order_id, transact_unix_ms) = (Some(77), Some(1_700_000_000_001));
        let instrument = InstrumentId(1);
        self.say(Record::Execution(ExecutionReport {
            instrument,
            order,
            venue_order_id,
            transact_unix_ms,
            kind,
        }))
    }

    fn plan(&self) -> Plan {
        Plan {
            folder: self.root.path().join("history"),
            journal: self.root.path().join("journal"),
            reserve_bytes: 0,
            present: Context::default(),
            prefix_of,
        }
    }

    fn history(&self) -> History {
        History::new(self.plan())
    }

    /// Brings all that there is to the database.
    fn write(&mut self, history: &mut History) -> Written {
        self.writer.sync().unwrap();
        loop {
            let written = history.turn(self.journal.sequence()).unwrap();
            if !written.is_behind {
                assert_eq!(written.sequence, self.journal.sequence());
                return written;
            }
        }
    }

    /// Rows of a query, columns separated by blanks.
    fn rows(&self, query: &str) -> Vec<String> {
        rows(&self.plan().folder.join(FILE), query)
    }

    /// Everything that is in it.
    fn everything(&self) -> Vec<Vec<String>> {
        let tables = ["runs", "orders", "fills", "positions", "trading_pnl", "gaps"];
        tables.iter().map(|table| self.rows(&format!("SELECT * FROM {table}"))).collect()
    }
}

fn rows(path: &Path, query: &str) -> Vec<String> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare(query).unwrap();
    let columns = statement.column_count();
    let mut found = statement.query([]).unwrap();
    let mut rows = Vec::new();
    while let Some(row) = found.next().unwrap() {
        let cells = (0..columns).map(|at| match row.get_ref(at).unwrap() {
            rusqlite::types::ValueRef::Null => "-".to_owned(),
            rusqlite::types::ValueRef::Integer(number) => number.to_string(),
            rusqlite::types::ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
            rusqlite::types::ValueRef::Real(_) | rusqlite::types::ValueRef::Blob(_) => {
                panic!("neither number nor text: {query}")
            }
        });
        rows.push(cells.collect::<Vec<_>>().join(" "));
    }
    rows
}

fn listed(id: u16, symbol: &str) -> ListedInstrument {
    let any = samples::one_of_each().into_iter().find_map(|record| {
        if let Record::Instrument(listed) = record { Some(listed) } else { None }
    });
    ListedInstrument { id: InstrumentId(id), symbol: Text::new(symbol), ..any.unwrap() }
}

fn fill(trade_id: u64, cum: i32) -> Fill {
    Fill {
        trade_id,
        side: Side::Buy,
        price: Price::whole(99),
        qty: Qty::whole(1),
        cum_qty: Qty::whole(cum),
        fee: Some(Fee { asset: AssetId(0), amount: Cash::from_units(1_980_000) }),
        liquidity: Liquidity::Maker,
    }
}

const ONE: ClientOrderId = ClientOrderId { epoch: 3, sequence: 36 };

/// An order that is filled in two parts, the second told twice and once more by the history.
fn traded(desk: &mut Desk) -> u64 {
    let sequence = desk.order(ONE, 2);
    let ours = OrderRef::Ours(ONE);
    desk.hear(ours, ExecutionKind::New);
    desk.hear(ours, ExecutionKind::Trade(fill(5, 1)));
    desk.hear(ours, ExecutionKind::Trade(fill(6, 2)));
    desk.hear(ours, ExecutionKind::Trade(fill(6, 2)));
    desk.hear(ours, ExecutionKind::TradeFound(fill(6, 1)));
    sequence
}

#[test]
fn an_order_and_its_trades_are_rows_with_the_names_of_their_run() {
    let mut desk = Desk::new();
    desk.begin(3);
    let sequence = traded(&mut desk);
    desk.hear(OrderRef::Foreign(ForeignOrder::Manual), ExecutionKind::Trade(fill(9, 1)));
    let written = desk.write(&mut desk.history());
    assert_eq!((written.gaps, written.is_behind), (0, false));
    let order = "SELECT idempotency_key, sequence, strategy, symbol, side, time_in_force, purpose, \
                 price, qty, status, filled_qty, venue_order_id, reason FROM orders";
    let expected =
        format!("tkpone-3-10 {sequence} maker ETHUSDT buy gtx opening 100 2 filled 2 77 -");
    assert_eq!(desk.rows(order), [expected]);
    let fills = "SELECT symbol, trade_id, idempotency_key, owner, strategy, side, price, qty, fee, \
                 fee_asset, liquidity FROM fills ORDER BY sequence";
    assert_eq!(
        desk.rows(fills),
        [
            "ETHUSDT 5 tkpone-3-10 ours maker buy 99 1 0.0198 USDT maker",
            "ETHUSDT 6 tkpone-3-10 ours maker buy 99 1 0.0198 USDT maker",
            "ETHUSDT 9 - manual - buy 99 1 0.0198 USDT maker",
        ]
    );
    assert_eq!(desk.rows("SELECT epoch, mode, version FROM runs"), ["3 paper 0.1.0"]);
    let times = desk.rows("SELECT unix_ns, at FROM fills LIMIT 1");
    assert!(times[0].ends_with("2023-11-14T22:13:20.009Z"), "{times:?}");
}

#[test]
fn profit_positions_and_funding_are_rows() {
    let mut desk = Desk::new();
    desk.begin(1);
    let line = LedgerLine {
        revision: 1,
        position: Qty::whole(-2),
        cost: Cash::whole(-200),
        realised: Cash::whole(12),
        fees: Cash::whole(2),
    };
    let (strategy, instrument) = (Text::new("maker"), Text::new("ETHUSDT"));
    desk.say(Record::Ledger(NamedLedger { strategy, instrument, line }));
    let (venue, asset, cause) = (VenueId(0), AssetId(0), BalanceCause::Funding);
    let amount = Cash::whole(-3);
    let change = BalanceChange { venue, asset, amount, cause };
    desk.say(Record::Told(AccountTold::Balance(change)));
    // Two readings with a position, a third without: one row for what it was, one for flat.
    for held in [Some(Qty::whole(4)), Some(Qty::whole(4)), None] {
        desk.say(Record::Reading(ReadingHead {
            venue,
            token: QueryToken(1),
            has_unnamed_assets: false,
            unnamed_positions: 0,
            has_margin: false,
            items: 1 + u32::from(held.is_some()),
        }));
        if let Some(qty) = held {
            let (instrument, entry) = (InstrumentId(0), Price::whole(50));
            let position = VenuePosition { instrument, qty, entry };
            desk.say(Record::ReadingItem(ReadingItem::Position(position)));
        }
        desk.say(Record::ReadingItem(ReadingItem::Balance { asset, amount }));
    }
    desk.write(&mut desk.history());
    let positions = "SELECT source, strategy, symbol, qty, entry_price FROM positions";
    assert_eq!(
        desk.rows(positions),
        ["strategy maker ETHUSDT -2 100", "exchange  BTCUSDT 4 50", "exchange  BTCUSDT 0 -"]
    );
    let pnl =
        "SELECT source, strategy, symbol, asset, realised, fees, net, amount FROM trading_pnl";
    assert_eq!(desk.rows(pnl), ["trade maker ETHUSDT USDT 12 2 10 -", "funding - - USDT - - - -3"]);
    assert_eq!(
        desk.rows("SELECT symbol, qty FROM positions_latest ORDER BY 1"),
        ["BTCUSDT 0", "ETHUSDT -2"]
    );
}

#[test]
fn in_any_pieces_and_over_any_number_of_ends_it_comes_to_the_same() {
    let mut desk = Desk::new();
    for epoch in 1..4 {
        desk.begin(epoch);
        for number in 1..20 {
            let id = ClientOrderId { epoch, sequence: number };
            desk.order(id, 2);
            let trade = u64::from(epoch * 100 + number);
            desk.hear(OrderRef::Ours(id), ExecutionKind::Trade(fill(trade, 1)));
        }
    }
    desk.write(&mut desk.history());
    let whole = desk.everything();
    assert_eq!((whole[1].len(), whole[2].len(), whole[5].len()), (57, 57, 0));
    fs::remove_dir_all(desk.plan().folder).unwrap();
    for through in 1..=desk.journal.sequence() {
        // Each turn by another process: what it knows is in the database.
        let mut history = desk.history();
        while history.turn(through).unwrap().is_behind {}
    }
    assert_eq!(desk.everything(), whole);
}

#[test]
fn every_kind_of_record_is_taken_or_passed_by() {
    let mut desk = Desk::new();
    let records = samples::many_of_all(300);
    let orders =
        records.iter().filter(|it| matches!(it, Record::Order(_) | Record::Child { .. })).count();
    for record in records {
        desk.say(record);
    }
    desk.write(&mut desk.history());
    assert_eq!(desk.rows("SELECT count(*) FROM orders"), [orders.to_string()]);
}

#[test]
fn a_database_that_is_gone_or_garbage_is_made_again_from_the_journal() {
    let mut desk = Desk::new();
    desk.begin(3);
    traded(&mut desk);
    let mut history = desk.history();
    desk.write(&mut history);
    let (whole, path) = (desk.everything(), history.path());

    fs::remove_file(&path).unwrap();
    desk.write(&mut history);
    assert_eq!(desk.everything(), whole, "removed");

    fs::remove_dir_all(desk.plan().folder).unwrap();
    desk.write(&mut history);
    assert_eq!(desk.everything(), whole, "removed with its folder");

    let garbage = b"no database at all ".repeat(1_000);
    fs::write(&path, &garbage).unwrap();
    let refused = history.turn(desk.journal.sequence()).unwrap_err();
    assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
    desk.write(&mut history);
    assert_eq!(desk.everything(), whole, "written over in its place");
    assert!(desk.plan().folder.join("history.sqlite.damaged-1").exists());

    let other = desk.root.path().join("garbage");
    fs::write(&other, &garbage).unwrap();
    fs::rename(&other, &path).unwrap();
    let refused = history.turn(desk.journal.sequence()).unwrap_err();
    assert!(database::is_damage(&refused), "{refused}");
    desk.write(&mut history);
    assert_eq!(desk.everything(), whole, "replaced");
    assert!(desk.plan().folder.join("history.sqlite.damaged-2").exists());

    // Taken away, and given back after a while: it goes on where it stood.
    fs::rename(&path, &other).unwrap();
    desk.order(ClientOrderId { epoch: 3, sequence: 50 }, 1);
    desk.write(&mut history);
    let whole = desk.everything();
    fs::rename(&other, &path).unwrap();
    desk.write(&mut history);
    assert_eq!(desk.everything(), whole, "given back");
}

#[test]
fn a_database_of_somebody_else_is_set_aside_and_a_later_one_is_left_alone() {
    let mut desk = Desk::new();
    desk.begin(3);
    let path = desk.history().path();
    fs::create_dir_all(desk.plan().folder).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    desk.writer.sync().unwrap();
    let mut history = desk.history();
    let refused = history.turn(desk.journal.sequence()).unwrap_err();
    assert!(refused.to_string().contains("no history"), "{refused}");
    desk.write(&mut history);
    assert_eq!(rows(&database::beside(&path, ".damaged-1"), "SELECT count(*) FROM theirs"), ["0"]);
    drop(history);
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 2).unwrap();
    for _ in 0..2 {
        let refused = desk.history().turn(desk.journal.sequence()).unwrap_err();
        assert!(matches!(refused, StoreError::Newer { .. }), "{refused}");
    }
    assert_eq!(rows(&path, "PRAGMA user_version"), ["2"]);
}

#[test]
fn a_database_that_somebody_holds_is_waited_for_and_nothing_is_lost() {
    let mut desk = Desk::new();
    desk.begin(3);
    let mut history = desk.history();
    desk.write(&mut history);
    let holder = Connection::open(history.path()).unwrap();
    holder.execute_batch("BEGIN EXCLUSIVE").unwrap();
    traded(&mut desk);
    desk.writer.sync().unwrap();
    for _ in 0..2 {
        let refused = history.turn(desk.journal.sequence()).unwrap_err();
        assert!(refused.to_string().contains("locked"), "{refused}");
    }
    holder.execute_batch("ROLLBACK").unwrap();
    desk.write(&mut history);
    assert_eq!(desk.rows("SELECT count(*) FROM fills"), ["2"]);
}

#[test]
fn a_reader_sees_a_whole_state_and_does_not_stop_the_writer() {
    let mut desk = Desk::new();
    desk.begin(3);
    let mut history = desk.history();
    desk.write(&mut history);
    let reader = Connection::open(history.path()).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let count = || reader.query_row("SELECT count(*) FROM fills", [], |row| row.get::<_, i64>(0));
    assert_eq!(count(), Ok(0));
    traded(&mut desk);
    desk.write(&mut history);
    assert_eq!(count(), Ok(0));
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(count(), Ok(2));
}

#[test]
fn another_journal_is_noticed_and_gets_a_database_of_its_own() {
    let mut desk = Desk::new();
    desk.begin(3);
    traded(&mut desk);
    desk.write(&mut desk.history());
    let path = desk.history().path();
    // A shorter one, then one that is as long and tells another story.
    for (number, trades) in [(1_u64, 0), (2, 3)] {
        let mut other = Desk::new();
        other.clock += number;
        other.begin(8);
        for at in 0..trades {
            other.clock += 5;
            let id = ClientOrderId { epoch: 8, sequence: at };
            other.order(id, 1);
            other.order(ClientOrderId { sequence: 100 + at, ..id }, 1);
            other.order(ClientOrderId { sequence: 200 + at, ..id }, 1);
        }
        other.writer.sync().unwrap();
        let mut history = History::new(Plan { folder: desk.plan().folder, ..other.plan() });
        let refused = history.turn(other.journal.sequence()).unwrap_err();
        assert!(matches!(refused, StoreError::OtherJournal { .. }), "{number}: {refused}");
        while history.turn(other.journal.sequence()).unwrap().is_behind {}
        assert_eq!(rows(&path, "SELECT epoch FROM runs"), ["8"]);
        assert!(database::beside(&path, &format!(".other-journal-{number}")).exists());
        drop(history);
    }
}

#[test]
fn what_was_removed_before_it_was_read_is_a_gap_and_names_come_from_the_present_run() {
    let mut desk = Desk::new();
    desk.begin(5);
    for number in 1..200 {
        desk.order(ClientOrderId { epoch: 5, sequence: number }, 1);
    }
    desk.writer.sync().unwrap();
    fs::remove_file(desk.plan().journal.join("0000000001.tkj")).unwrap();
    let names = |names: &[&str]| names.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>();
    for (epoch, expected) in [(5, "ETHUSDT maker tkpone-5-5j"), (4, "#1 #0 #5-199")] {
        let prefix = IdPrefix::new("tkpone").unwrap();
        let (symbols, strategies) = (names(&["BTCUSDT", "ETHUSDT"]), names(&["maker"]));
        let present = Context::of_run(epoch, &prefix, "USDT");
        let present = present.with_names(&symbols, &names(&["USDT"]), &strategies);
        let _ = fs::remove_dir_all(desk.plan().folder);
        let mut history = History::new(Plan { present, ..desk.plan() });
        let written = desk.write(&mut history);
        assert_eq!(written.gaps, 1);
        let gap = desk.rows("SELECT from_sequence, reason FROM gaps");
        assert_eq!(gap, ["1 older than the journal: the file is gone"]);
        let last = "SELECT symbol, strategy, idempotency_key FROM orders \
                    ORDER BY sequence DESC LIMIT 1";
        assert_eq!(desk.rows(last), [expected]);
        let first =
            desk.rows("SELECT to_sequence + 2 - (SELECT min(sequence) FROM orders) FROM gaps");
        assert_eq!(first, ["0"], "behind the gap stands what the file begins with");
    }
}

#[test]
fn an_id_that_came_twice_is_said_and_the_first_stands() {
    let mut desk = Desk::new();
    desk.begin(3);
    let (first, second) = (desk.order(ONE, 2), desk.order(ONE, 9));
    assert_eq!(desk.write(&mut desk.history()).gaps, 1);
    assert_eq!(desk.rows("SELECT sequence, qty FROM orders"), [format!("{first} 2")]);
    let said = desk.rows("SELECT from_sequence, reason FROM gaps");
    assert!(
        said[0].starts_with(&second.to_string()) && said[0].contains("used before"),
        "{said:?}"
    );
}

#[test]
fn a_disk_that_is_nearly_full_is_left_to_the_journal() {
    let mut desk = Desk::new();
    desk.begin(3);
    desk.writer.sync().unwrap();
    let mut history = History::new(Plan { reserve_bytes: u64::MAX, ..desk.plan() });
    let refused = history.turn(desk.journal.sequence()).unwrap_err();
    assert!(matches!(refused, StoreError::Reserved { .. }), "{refused}");
    assert!(!history.path().exists());
}

#[test]
fn a_trade_that_came_after_the_exchange_was_asked_is_no_difference() {
    let mut desk = Desk::new();
    desk.begin(3);
    desk.order(ONE, 9);
    let report = |trade_id| ExecutionReport {
        instrument: InstrumentId(1),
        order: OrderRef::Ours(ONE),
        venue_order_id: Some(77),
        transact_unix_ms: None,
        kind: ExecutionKind::Trade(fill(trade_id, 1)),
    };
    let say = |desk: &mut Desk, trade_id| desk.say(Record::Execution(report(trade_id)));
    say(&mut desk, 5);
    let mut scratch = Scratch::of(&desk.plan().journal, prefix_of).unwrap();
    let asked_sequence = scratch.last_sequence().unwrap();
    for told in [5, 6] {
        scratch.take_trade("ETHUSDT", &report(told), Some("USDT")).unwrap();
    }
    let compared = |scratch: &Scratch| {
        scratch.compare_trades("ETHUSDT", Window::default(), asked_sequence).unwrap()
    };
    let Differing { same, journal, other, .. } = compared(&scratch);
    assert_eq!((same, journal.0.len(), other.0.len()), (1, 0, 1));
    // The one that was on its way, and one that the exchange could not tell yet.
    say(&mut desk, 6);
    say(&mut desk, 7);
    scratch.fill(u64::MAX).unwrap();
    let found = compared(&scratch);
    assert!(found.is_same() && found.same == 2, "{found:?}");
    // What was in the journal before must be at the exchange.
    let later = scratch.compare_trades("ETHUSDT", Window::default(), u64::MAX >> 1).unwrap();
    assert_eq!((later.journal.0.len(), later.other.0.len()), (1, 0));
}
