//! Rows of records: which table a record belongs to, and what stands there.
//!
//! Must hold: every row names the record that it comes from; a trade that was told twice is one
//! row; what a record says that cannot be read is a gap. Records that no table needs are passed by.

use super::context::{Context, PrefixOf};
use super::database::signed;
use super::order_life::{self, Standing};
use super::reading::Reading;
use crate::store::StoreError;
use crate::store::journal::{Entry, Followed, Lack};
use crate::store::ledgers::NamedLedger;
use crate::store::record::{OrderIntent, Record, Start};
use crate::store::{AccountTold, ReadingItem};
use crate::types::{
    BalanceCause, BalanceChange, ClientOrderId, ExecutionReport, Fill, ForeignOrder, Liquidity,
    OrderRef, OrderStatus, ParentId, Price, Purpose, Qty, Side, Stamp, TimeInForce,
};
use rusqlite::{Connection, OptionalExtension, Statement, params};
use std::path::Path;

/// What is known from the records before.
#[derive(Debug)]
pub(super) struct Mapper {
    context: Context,
    present: Context,
    prefix_of: PrefixOf,
    reading: Option<Reading>,
    /// The context is another than the one in the database.
    has_news: bool,
}

impl Mapper {
    pub(super) fn new(context: Context, present: Context, prefix_of: PrefixOf) -> Self {
        Self { context, present, prefix_of, reading: None, has_news: false }
    }
}

/// The tables, within one transaction.
pub(super) struct Rows<'c> {
    connection: &'c Connection,
    path: &'c Path,
    mapper: &'c mut Mapper,
    last: Option<(u64, Stamp)>,
    insert_order: Statement<'c>,
    find_order: Statement<'c>,
    update_order: Statement<'c>,
    insert_fill: Statement<'c>,
    fills_of: Statement<'c>,
    insert_position: Statement<'c>,
    last_held: Statement<'c>,
    insert_pnl: Statement<'c>,
}

type Done = rusqlite::Result<()>;

impl<'c> Rows<'c> {
    pub(super) fn new(
        connection: &'c Connection,
        path: &'c Path,
        mapper: &'c mut Mapper,
    ) -> rusqlite::Result<Self> {
        Ok(Self {
            connection,
            path,
            mapper,
            last: None,
            insert_order: connection.prepare(
                "INSERT INTO orders (sequence, idempotency_key, epoch, number, unix_ns, strategy, \
                 symbol, side, time_in_force, purpose, price, qty, parent, status, filled_qty, \
                 updated_sequence, updated_unix_ns) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, \
                 ?10, ?11, ?12, ?13, 'pending_new', '0', ?1, ?5) ON CONFLICT DO NOTHING",
            )?,
            find_order: connection.prepare(
                "SELECT status, price, qty, filled_qty, reason, strategy FROM orders \
                 WHERE epoch = ?1 AND number = ?2",
            )?,
            update_order: connection.prepare(
                "UPDATE orders SET status = ?3, price = ?4, qty = ?5, filled_qty = ?6, \
                 reason = ?7, venue_order_id = coalesce(?8, venue_order_id), \
                 updated_sequence = ?9, updated_unix_ns = ?10 WHERE epoch = ?1 AND number = ?2",
            )?,
            insert_fill: connection.prepare(
                "INSERT INTO fills (sequence, unix_ns, symbol, trade_id, idempotency_key, epoch, \
                 number, owner, venue_order_id, strategy, side, price, qty, fee, fee_asset, \
                 liquidity, venue_unix_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, \
                 ?12, ?13, ?14, ?15, ?16, ?17) ON CONFLICT DO NOTHING",
            )?,
            fills_of: connection
                .prepare("SELECT qty FROM fills WHERE epoch = ?1 AND number = ?2")?,
            insert_position: connection.prepare(
                "INSERT INTO positions (sequence, unix_ns, source, strategy, symbol, qty, \
                 entry_price) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT DO NOTHING",
            )?,
            last_held: connection.prepare(
                "SELECT qty, entry_price FROM positions WHERE source = 'exchange' AND \
                 strategy = '' AND symbol = ?1 ORDER BY sequence DESC LIMIT 1",
            )?,
            insert_pnl: connection.prepare(
                "INSERT INTO trading_pnl (sequence, unix_ns, source, strategy, symbol, asset, \
                 realised, fees, net, amount) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
                 ON CONFLICT DO NOTHING",
            )?,
        })
    }

    /// Takes what a follower came upon.
    pub(super) fn take(&mut self, followed: Followed) -> Result<(), StoreError> {
        let taken = match followed {
            Followed::Entry(entry) => self.take_entry(&entry),
            Followed::Gap { from, to, lack: Lack::Removed } => {
                self.gap(from, to, "older than the journal: the file is gone")
            }
            Followed::Gap { from, to, lack: Lack::Damaged } => {
                self.gap(from, to, "damaged in the journal")
            }
        };
        taken.map_err(|source| StoreError::Database { path: self.path.to_owned(), source })
    }

    /// Keeps how far it came.
    pub(super) fn keep_place(&mut self) -> Done {
        let Some((sequence, at)) = self.last else { return Ok(()) };
        let (sequence, mono, unix) = (signed(sequence), signed(at.mono_ns), signed(at.unix_ns));
        let query = "UPDATE journal_position SET sequence = ?1, mono_ns = ?2, unix_ns = ?3";
        self.connection.execute(query, params![sequence, mono, unix])?;
        if std::mem::take(&mut self.mapper.has_news) {
            // A list of texts and numbers always has its JSON.
            let context = serde_json::to_string(&self.mapper.context).unwrap_or_default();
            self.connection.execute("UPDATE journal_position SET context = ?1", [context])?;
        }
        Ok(())
    }

    fn gap(&mut self, from: u64, to: u64, reason: &str) -> Done {
        self.mapper.context.on_gap();
        (self.mapper.has_news, self.mapper.reading) = (true, None);
        self.note(from, to, reason)
    }

    fn note(&mut self, from: u64, to: u64, reason: &str) -> Done {
        let query = "INSERT INTO gaps VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
        self.connection.execute(query, params![signed(from), signed(to), reason]).map(drop)
    }

    pub(super) fn take_entry(&mut self, entry: &Entry) -> Done {
        let (sequence, at) = (entry.sequence, entry.at);
        self.last = Some((sequence, at));
        match &entry.record {
            Ok(record) => self.take_record(sequence, at, record),
            Err(unreadable) => self.gap(
                sequence,
                sequence,
                &format!("this version cannot read it: {unreadable:?}"),
            ),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "the other kinds belong to no table")]
    fn take_record(&mut self, sequence: u64, at: Stamp, record: &Record) -> Done {
        let Mapper { context, present, prefix_of, has_news, .. } = &mut *self.mapper;
        *has_news |= context.take(record, present, *prefix_of);
        match record {
            Record::Start(start) => self.run(sequence, at, start),
            Record::Order(order) => self.order(sequence, at, order, None),
            Record::Child { order, parent } => self.order(sequence, at, order, Some(*parent)),
            Record::Execution(report) => self.execution(sequence, at, report),
            Record::Ledger(ledger) => self.ledger(sequence, at, ledger),
            Record::Told(AccountTold::Balance(change)) => self.balance(sequence, at, change),
            Record::Reading(head) => {
                self.mapper.reading = Some(Reading::begin(head.items));
                self.end_reading(sequence, at)
            }
            Record::ReadingItem(item) => self.item(sequence, at, item),
            Record::Lost { count } => {
                let to = sequence.saturating_add(count.saturating_sub(1));
                self.last = Some((to, at));
                self.gap(sequence, to, "lost, as a repair found")
            }
            _ => Ok(()),
        }
    }

    fn run(&mut self, sequence: u64, at: Stamp, start: &Start) -> Done {
        let hash: String = start.config_hash.iter().map(|byte| format!("{byte:02x}")).collect();
        let query = "INSERT INTO runs VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING";
        let (mode, version) = (start.mode.as_str(), start.version.as_str());
        let values =
            params![signed(sequence), start.epoch, signed(at.unix_ns), mode, version, hash];
        self.connection.execute(query, values).map(drop)
    }

    fn order(
        &mut self,
        sequence: u64,
        at: Stamp,
        order: &OrderIntent,
        parent: Option<ParentId>,
    ) -> Done {
        let OrderIntent { id, strategy, terms, .. } = order;
        let context = &self.mapper.context;
        let inserted = self.insert_order.execute(params![
            signed(sequence),
            context.key(*id),
            id.epoch,
            id.sequence,
            signed(at.unix_ns),
            strategy.map(|strategy| context.strategy(strategy)),
            context.symbol(terms.instrument),
            side_word(terms.side),
            time_in_force_word(terms.time_in_force),
            purpose_word(terms.purpose),
            terms.price.to_string(),
            terms.qty.to_string(),
            parent.map(|parent| parent.0.to_string()),
        ])?;
        match inserted {
            0 => self.note(
                sequence,
                sequence,
                "an id that was used before: engine orders duplicates",
            ),
            _ => Ok(()),
        }
    }

    fn execution(&mut self, sequence: u64, at: Stamp, report: &ExecutionReport) -> Done {
        let id = match report.order {
            OrderRef::Ours(id) => Some(id),
            OrderRef::Foreign(_) => None,
        };
        let found = match id {
            Some(id) => self.find(id)?,
            None => None,
        };
        let strategy = found.as_ref().and_then(|(_, strategy)| strategy.clone());
        if let Some(fill) = report.trade() {
            self.fill(sequence, at, (report, fill), id, strategy)?;
        }
        let (Some(id), Some((mut standing, _))) = (id, found) else { return Ok(()) };
        let traded = match report.trade() {
            Some(_) => self.traded(id)?,
            None => Qty::ZERO,
        };
        standing.hear(&report.kind, traded);
        let venue_order_id = report.venue_order_id.map(signed);
        self.update_order
            .execute(params![
                id.epoch,
                id.sequence,
                order_life::word(standing.status),
                standing.price.to_string(),
                standing.qty.to_string(),
                standing.filled.to_string(),
                standing.reason,
                venue_order_id,
                signed(sequence),
                signed(at.unix_ns),
            ])
            .map(drop)
    }

    /// An order as it stands, and whose it is.
    fn find(&mut self, id: ClientOrderId) -> rusqlite::Result<Option<(Standing, Option<String>)>> {
        let found = self.find_order.query_row(params![id.epoch, id.sequence], |row| {
            let [status, price, qty, filled]: [String; 4] =
                [row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?];
            let standing = Standing {
                status: order_life::status(&status).unwrap_or(OrderStatus::Unknown),
                price: Price::parse(price.as_bytes()).unwrap_or_default(),
                qty: Qty::parse(qty.as_bytes()).unwrap_or_default(),
                filled: Qty::parse(filled.as_bytes()).unwrap_or_default(),
                reason: row.get(4)?,
            };
            Ok((standing, row.get(5)?))
        });
        found.optional()
    }

    fn fill(
        &mut self,
        sequence: u64,
        at: Stamp,
        (report, fill): (&ExecutionReport, &Fill),
        id: Option<ClientOrderId>,
        strategy: Option<String>,
    ) -> Done {
        let context = &self.mapper.context;
        self.insert_fill
            .execute(params![
                signed(sequence),
                signed(at.unix_ns),
                context.symbol(report.instrument),
                signed(fill.trade_id),
                id.map(|id| context.key(id)),
                id.map(|id| id.epoch),
                id.map(|id| id.sequence),
                owner_word(report.order),
                report.venue_order_id.map(signed),
                strategy,
                side_word(fill.side),
                fill.price.to_string(),
                fill.qty.to_string(),
                fill.fee.map(|fee| fee.amount.to_string()),
                fill.fee.map(|fee| context.asset(fee.asset)),
                liquidity_word(fill.liquidity),
                report.transact_unix_ms.map(signed),
            ])
            .map(drop)
    }

    /// All that is known to have traded of an order.
    fn traded(&mut self, id: ClientOrderId) -> rusqlite::Result<Qty> {
        let rows = self
            .fills_of
            .query_map(params![id.epoch, id.sequence], |row| row.get::<_, String>(0))?;
        let mut sum = Qty::ZERO;
        for qty in rows {
            sum = sum.saturating_add(Qty::parse(qty?.as_bytes()).unwrap_or_default());
        }
        Ok(sum)
    }

    fn ledger(&mut self, sequence: u64, at: Stamp, ledger: &NamedLedger) -> Done {
        let NamedLedger { strategy, instrument, line } = ledger;
        let (strategy, symbol) = (strategy.as_str(), instrument.as_str());
        let (sequence, unix_ns) = (signed(sequence), signed(at.unix_ns));
        self.insert_position.execute(params![
            sequence,
            unix_ns,
            "strategy",
            strategy,
            symbol,
            line.position.to_string(),
            line.entry().map(|price| price.to_string()),
        ])?;
        let net = line.realised.saturating_sub(line.fees);
        let [realised, fees, net] = [line.realised, line.fees, net].map(|it| it.to_string());
        let currency = self.mapper.context.currency();
        let amount = None::<String>;
        self.insert_pnl
            .execute(params![
                sequence, unix_ns, "trade", strategy, symbol, currency, realised, fees, net, amount
            ])
            .map(drop)
    }

    fn balance(&mut self, sequence: u64, at: Stamp, change: &BalanceChange) -> Done {
        let source = match change.cause {
            BalanceCause::Transfer => "transfer",
            BalanceCause::Funding => "funding",
            BalanceCause::ProfitOrLoss => "other",
        };
        let (nobody, nothing) = (None::<String>, None::<String>);
        let (asset, amount) = (self.mapper.context.asset(change.asset), change.amount.to_string());
        self.insert_pnl
            .execute(params![
                signed(sequence),
                signed(at.unix_ns),
                source,
                nobody,
                nobody,
                asset,
                nothing,
                nothing,
                nothing,
                amount,
            ])
            .map(drop)
    }

    fn item(&mut self, sequence: u64, at: Stamp, item: &ReadingItem) -> Done {
        let Some(reading) = &mut self.mapper.reading else { return Ok(()) };
        reading.take(item);
        if let ReadingItem::Position(held) = item {
            let symbol = self.mapper.context.symbol(held.instrument);
            self.held(sequence, at, &symbol, held.qty, Some(held.entry))?;
        }
        self.end_reading(sequence, at)
    }

    /// What a whole reading did not name is flat.
    fn end_reading(&mut self, sequence: u64, at: Stamp) -> Done {
        let Some(reading) = self.mapper.reading.take_if(|reading| reading.is_whole()) else {
            return Ok(());
        };
        for symbol in reading.flat(&self.mapper.context.symbols) {
            self.held(sequence, at, &symbol, Qty::ZERO, None)?;
        }
        Ok(())
    }

    /// The exchange's own word on a position: a row where it is another than before.
    fn held(
        &mut self,
        sequence: u64,
        at: Stamp,
        symbol: &str,
        qty: Qty,
        entry: Option<Price>,
    ) -> Done {
        let entry = entry.filter(|_| qty != Qty::ZERO).map(|price| price.to_string());
        let last: Option<(String, Option<String>)> =
            self.last_held.query_row([symbol], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let now = (qty.to_string(), entry);
        let is_news = match &last {
            None => qty != Qty::ZERO,
            Some(last) => *last != now,
        };
        if !is_news {
            return Ok(());
        }
        let (sequence, unix_ns) = (signed(sequence), signed(at.unix_ns));
        let values = params![sequence, unix_ns, "exchange", "", symbol, now.0, now.1];
        self.insert_position.execute(values).map(drop)
    }
}

fn side_word(side: Side) -> &'static str {
    match side {
        Side::Buy => "buy",
        Side::Sell => "sell",
    }
}

fn time_in_force_word(time_in_force: TimeInForce) -> &'static str {
    match time_in_force {
        TimeInForce::Gtc => "gtc",
        TimeInForce::Gtx => "gtx",
        TimeInForce::Ioc => "ioc",
        TimeInForce::Fok => "fok",
    }
}

fn purpose_word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Opening => "opening",
        Purpose::Reducing => "reducing",
        Purpose::Protective => "protective",
    }
}

fn liquidity_word(liquidity: Liquidity) -> &'static str {
    match liquidity {
        Liquidity::Maker => "maker",
        Liquidity::Taker => "taker",
    }
}

fn owner_word(order: OrderRef) -> &'static str {
    match order {
        OrderRef::Ours(_) => "ours",
        OrderRef::Foreign(ForeignOrder::Liquidation) => "liquidation",
        OrderRef::Foreign(ForeignOrder::Deleveraging) => "deleveraging",
        OrderRef::Foreign(ForeignOrder::Delivery) => "delivery",
        OrderRef::Foreign(ForeignOrder::Manual) => "manual",
        OrderRef::Foreign(ForeignOrder::Other) => "other",
    }
}
