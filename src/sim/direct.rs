//! The exchange spoken to in process: commands in, events out. For back-tests and tests.
//!
//! Must hold: every command about one order, and every question, is answered by at least one event;
//! `CancelAll` by one for each order that it took back. Delay between command and answer is the
//! caller's affair: here everything happens at the time that is given.
//!
//! Of conditional orders only those that the engine places: stops that close a position.

mod stops;

use super::account::Fees;
use super::exchange::{AccountIndex, Exchange};
use super::order::{ClientText, Order, OrderEntry, OrderKey, Report, ReportKind, TradeRecord};
use super::payments::{Payment, PaymentCause};
use super::reject::Reject;
use super::self_trade::SelfTrade;
use super::wallets::Ledger;
use crate::core::{AccountEvent, Command, EventKind};
use crate::types::{
    AccountSnapshot, Amendment, AssetId, BalanceCause, BalanceChange, Cash, ClientOrderId,
    DeadManAnswer, DeadManReport, DeadManRequest, ExecutionKind, ExecutionReport, Fee, Fill,
    ForeignOrder, FundingRate, IdPrefix, Instrument, InstrumentId, MarketEvent, OrderRef,
    OrderTerms, Price, Purpose, QueryToken, TradesRead, VenueId, VenueOrder, VenuePosition,
};
use std::collections::BTreeMap;

/// One account on an exchange of its own.
#[derive(Debug)]
pub struct Direct {
    exchange: Exchange,
    account: AccountIndex,
    prefix: IdPrefix,
    reports: Vec<Report>,
}

impl Direct {
    /// An exchange whose one account starts with `balance` in every settlement asset.
    pub fn new(instruments: Vec<Instrument>, prefix: IdPrefix, fees: Fees, balance: Cash) -> Self {
        let mut exchange = Exchange::new(instruments, fees);
        let account = exchange.open_account(balance);
        Self { exchange, account, prefix, reports: Vec::new() }
    }

    /// An exchange of pairs of assets whose one account starts with these wallets.
    pub fn spot(
        instruments: Vec<Instrument>,
        prefix: IdPrefix,
        fees: Fees,
        wallets: BTreeMap<AssetId, Cash>,
    ) -> Self {
        let mut exchange = Exchange::spot(instruments, fees);
        let account = exchange.open_wallets(wallets);
        Self { exchange, account, prefix, reports: Vec::new() }
    }

    /// The exchange, to look at.
    pub fn exchange(&self) -> &Exchange {
        &self.exchange
    }

    /// The account, to look at with [`Self::exchange`].
    pub fn account(&self) -> AccountIndex {
        self.account
    }

    /// Sets the leverage that an instrument is traded with; false where the venue has no such
    /// instrument or leverage.
    pub fn set_leverage(&mut self, instrument: InstrumentId, leverage: u32) -> bool {
        self.exchange.set_leverage(instrument, leverage)
    }

    /// What longs pay to shorts every eight hours from here on.
    pub fn set_funding_rate(&mut self, rate: FundingRate) {
        self.exchange.set_funding_rate(rate);
    }

    /// Takes over the wallets and positions that a reading tells. Its open orders are not taken
    /// over; [`Exchange::adopt`] does.
    pub fn adopt(&mut self, now_unix_ms: u64, snapshot: &AccountSnapshot) {
        self.exchange.adopt_wallets(self.account, snapshot);
        self.exchange.adopt_positions(now_unix_ms, self.account, &snapshot.positions);
    }

    /// Takes a command of the engine.
    pub fn handle(&mut self, now_unix_ms: u64, command: &Command, out: &mut Vec<EventKind>) {
        self.advance(now_unix_ms, out);
        match command {
            Command::NewOrder(approved) => {
                self.place(now_unix_ms, approved.id(), approved.terms(), out);
            }
            Command::Amend(approved) => {
                let to = approved.terms().amendable();
                let (id, instrument) = (approved.id(), approved.terms().instrument);
                self.amend(now_unix_ms, id, instrument, to, approved.number(), out);
            }
            Command::Cancel { id, instrument } => self.cancel(now_unix_ms, *id, *instrument, out),
            Command::CancelAll { instrument } => {
                // An instrument that is not here has no orders to take back.
                let reports = &mut self.reports;
                let _ = self.exchange.cancel_all(now_unix_ms, self.account, *instrument, reports);
                self.tell(out);
            }
            Command::ArmDeadMan(request) => {
                let DeadManRequest { instrument, countdown_ms, .. } = *request;
                let countdown_ms = u64::from(countdown_ms);
                let (exchange, account) = (&mut self.exchange, self.account);
                let set = exchange.set_countdown(now_unix_ms, account, instrument, countdown_ms);
                let answer = if set { DeadManAnswer::Set } else { DeadManAnswer::Refused };
                out.push(EventKind::DeadMan(DeadManReport { request: *request, answer }));
            }
            Command::Stop(command) => self.ask_stop(now_unix_ms, command, out),
            Command::QueryOrder { id, instrument } => {
                self.query(now_unix_ms, *id, *instrument, out);
            }
            Command::QueryTrades { instrument, from_id } => {
                self.find_trades(*instrument, *from_id, out);
            }
            Command::QueryAccount { venue, token } => {
                let snapshot = Box::new(self.snapshot(*venue, *token));
                out.push(EventKind::Account(AccountEvent::Snapshot(snapshot)));
            }
        }
    }

    /// Somebody else with the same account amends an order, and the stream of it is lost: for tests
    /// of what a reading of the account finds.
    pub fn amend_unheard(
        &mut self,
        now_unix_ms: u64,
        id: ClientOrderId,
        instrument: InstrumentId,
        to: Amendment,
    ) {
        self.amend(now_unix_ms, id, instrument, to, u8::MAX, &mut Vec::new());
    }

    /// Somebody else with the same account takes back what guards a position, and the stream of it
    /// is lost: for tests of what a list finds.
    pub fn end_stop_unheard(&mut self, now_unix_ms: u64, client_id: ClientText) {
        let key = OrderKey::Client(client_id);
        if self.exchange.cancel_conditional(now_unix_ms, self.account, key).is_ok() {
            self.exchange.take_conditional_news();
        }
    }

    /// Runs timers: dead-man's switches, dates of orders, funding. Every command and every event of
    /// the market runs them too.
    pub fn advance(&mut self, now_unix_ms: u64, out: &mut Vec<EventKind>) {
        self.exchange.on_time(now_unix_ms, &mut self.reports);
        self.tell(out);
    }

    /// Takes in what the market did; tells what that did to our orders.
    pub fn on_market(&mut self, now_unix_ms: u64, event: &MarketEvent, out: &mut Vec<EventKind>) {
        self.advance(now_unix_ms, out);
        self.exchange.on_market(now_unix_ms, event, &mut self.reports);
        self.tell(out);
    }

    /// The whole account.
    pub fn snapshot(&self, venue: VenueId, token: QueryToken) -> AccountSnapshot {
        let account = self.exchange.account(self.account);
        let positions = self.exchange.instruments().iter().enumerate();
        let positions = positions.map(|(slot, instrument)| self.holding(slot, instrument));
        let open = self.exchange.open_orders(self.account);
        AccountSnapshot {
            venue,
            token,
            balances: account.wallets().collect(),
            has_unnamed_assets: false,
            positions: positions.filter(|position| position.qty.units() != 0).collect(),
            unnamed_positions: 0,
            open_orders: open.map(|order| self.venue_order(order)).collect(),
            margin: Some(match self.exchange.ledger {
                Ledger::Contracts => self.exchange.account_margin(self.account),
                Ledger::Wallets => self.exchange.wallet_margin(self.account),
            }),
        }
    }

    /// A position; on Spot all of the base, as the venue's account is read there.
    fn holding(&self, slot: usize, instrument: &Instrument) -> VenuePosition {
        let account = self.exchange.account(self.account);
        let (qty, entry) = match self.exchange.ledger {
            Ledger::Contracts => (account.position(slot).qty, account.position(slot).entry()),
            Ledger::Wallets => {
                (account.wallet(instrument.base).as_qty().unwrap_or_default(), Price::ZERO)
            }
        };
        VenuePosition { instrument: instrument.id, qty, entry }
    }

    fn place(
        &mut self,
        now_unix_ms: u64,
        id: ClientOrderId,
        terms: &OrderTerms,
        out: &mut Vec<EventKind>,
    ) {
        let placed = self.entry(id, terms).and_then(|entry| {
            self.exchange.place(now_unix_ms, self.account, &entry, &mut self.reports)
        });
        self.tell(out);
        if let Err(reject) = placed {
            let kind = ExecutionKind::Rejected { code: reject.code() };
            out.push(answer(now_unix_ms, id, terms.instrument, kind));
        }
    }

    fn cancel(
        &mut self,
        now_unix_ms: u64,
        id: ClientOrderId,
        instrument: InstrumentId,
        out: &mut Vec<EventKind>,
    ) {
        let canceled = self.key(id).and_then(|key| {
            self.exchange.cancel(now_unix_ms, self.account, instrument, key, &mut self.reports)
        });
        self.tell(out);
        if let Err(reject) = canceled {
            let kind = ExecutionKind::CancelRejected { code: reject.code() };
            out.push(answer(now_unix_ms, id, instrument, kind));
        }
    }

    fn amend(
        &mut self,
        now_unix_ms: u64,
        id: ClientOrderId,
        instrument: InstrumentId,
        to: Amendment,
        number: u8,
        out: &mut Vec<EventKind>,
    ) {
        let (account, reports) = (self.account, &mut self.reports);
        let mut text = Vec::new();
        self.prefix.write(id, &mut text);
        let amended = ClientText::parse(&text).and_then(|text| {
            let key = OrderKey::Client(text);
            self.exchange.amend(now_unix_ms, account, instrument, key, to, reports)
        });
        self.tell(out);
        if let Err(reject) = amended {
            let kind = ExecutionKind::AmendRejected { number, code: reject.code() };
            out.push(answer(now_unix_ms, id, instrument, kind));
        }
    }

    fn query(
        &self,
        now_unix_ms: u64,
        id: ClientOrderId,
        instrument: InstrumentId,
        out: &mut Vec<EventKind>,
    ) {
        let key = self.key(id).ok();
        let order = key.and_then(|key| self.exchange.order(self.account, instrument, key));
        out.push(match order {
            None => answer(now_unix_ms, id, instrument, ExecutionKind::NotFound),
            Some(order) => {
                let (status, cum_qty) = (order.state.status(), order.cum_qty);
                let (price, qty) = (order.entry.price.unwrap_or_default(), order.entry.qty);
                let kind = match order.state.is_open() {
                    true => ExecutionKind::Stands { price, qty, cum_qty },
                    false => ExecutionKind::Status { status, cum_qty },
                };
                EventKind::Execution(self.report(&order, order.updated_unix_ms, kind))
            }
        });
    }

    /// All trades after the last known one; without one only which is the newest.
    fn find_trades(
        &self,
        instrument: InstrumentId,
        from_id: Option<u64>,
        out: &mut Vec<EventKind>,
    ) {
        let all = || {
            let trades = self.exchange.trades(self.account);
            trades.filter(|trade| trade.instrument == instrument)
        };
        let newest = all().map(|trade| trade.id).max();
        for trade in all().filter(|trade| from_id.is_some_and(|from_id| from_id < trade.id)) {
            let key = OrderKey::Id(trade.order_id);
            let order = self.exchange.order(self.account, instrument, key);
            out.extend(order.map(|order| {
                let fill = Fill { cum_qty: trade.qty, ..self.trade(&order, trade) };
                let kind = ExecutionKind::TradeFound(fill);
                EventKind::Execution(self.report(&order, trade.unix_ms, kind))
            }));
        }
        let through_id = newest.or(from_id).or(Some(0));
        let read = TradesRead { instrument, from_id, through_id, is_all: true };
        out.push(EventKind::Account(AccountEvent::TradesRead(read)));
    }

    fn key(&self, id: ClientOrderId) -> Result<OrderKey, Reject> {
        let mut text = Vec::new();
        self.prefix.write(id, &mut text);
        ClientText::parse(&text).map(OrderKey::Client)
    }

    fn entry(&self, id: ClientOrderId, terms: &OrderTerms) -> Result<OrderEntry, Reject> {
        let mut text = Vec::new();
        self.prefix.write(id, &mut text);
        Ok(OrderEntry {
            instrument: terms.instrument,
            client_id: Some(ClientText::parse(&text)?),
            side: terms.side,
            price: Some(terms.price),
            time_in_force: terms.time_in_force,
            qty: terms.qty,
            // Spot has no such order.
            reduce_only: self.exchange.ledger == Ledger::Contracts
                && terms.purpose != Purpose::Opening,
            good_till_unix_ms: None,
            self_trade: SelfTrade::ExpireMaker,
            quote_qty: Cash::ZERO,
        })
    }

    /// Tells what the exchange reported.
    fn tell(&mut self, out: &mut Vec<EventKind>) {
        for Report { order, kind } in std::mem::take(&mut self.reports) {
            let cum_qty = order.cum_qty;
            let kind = match kind {
                ReportKind::New => ExecutionKind::New,
                ReportKind::Trade(trade) => ExecutionKind::Trade(self.trade(&order, &trade)),
                ReportKind::Amended => {
                    let (price, qty) = (order.entry.price.unwrap_or_default(), order.entry.qty);
                    ExecutionKind::Amended { price, qty, cum_qty }
                }
                ReportKind::Canceled => ExecutionKind::Canceled { cum_qty },
                ReportKind::Expired => ExecutionKind::Expired { cum_qty },
            };
            out.push(EventKind::Execution(self.report(&order, order.updated_unix_ms, kind)));
        }
        self.tell_stops(out);
        for payment in self.exchange.take_payments() {
            out.extend(self.paid(&payment));
        }
    }

    fn paid(&self, payment: &Payment) -> Option<EventKind> {
        let Payment { instrument, asset, amount, cause, .. } = *payment;
        let cause = match cause {
            PaymentCause::Funding => BalanceCause::Funding,
            PaymentCause::Insurance => BalanceCause::ProfitOrLoss,
        };
        let venue = self.exchange.instruments().get(self.exchange.slot(instrument)?)?.venue;
        let change = BalanceChange { venue, asset, amount, cause };
        Some(EventKind::Account(AccountEvent::Balance(change)))
    }

    fn trade(&self, order: &Order, trade: &TradeRecord) -> Fill {
        let slot = self.exchange.slot(trade.instrument);
        let asset = slot.map(|slot| self.exchange.fee_asset(slot, trade.side));
        Fill {
            trade_id: trade.id,
            side: trade.side,
            price: trade.price,
            qty: trade.qty,
            cum_qty: order.cum_qty,
            fee: asset.map(|asset| Fee { asset, amount: trade.fee }),
            liquidity: trade.liquidity,
        }
    }

    fn report(&self, order: &Order, unix_ms: u64, kind: ExecutionKind) -> ExecutionReport {
        ExecutionReport {
            instrument: order.entry.instrument,
            order: self.whose(order),
            venue_order_id: Some(order.id),
            transact_unix_ms: Some(unix_ms),
            kind,
        }
    }

    fn venue_order(&self, order: &Order) -> VenueOrder {
        VenueOrder {
            instrument: order.entry.instrument,
            order: self.whose(order),
            venue_order_id: order.id,
            side: order.entry.side,
            price: order.entry.price.unwrap_or_default(),
            qty: order.entry.qty,
            cum_qty: order.cum_qty,
            purpose: if order.entry.reduce_only { Purpose::Reducing } else { Purpose::Opening },
        }
    }

    fn whose(&self, order: &Order) -> OrderRef {
        let ours = self.prefix.read(order.client_id.as_str().as_bytes());
        let theirs = match order.is_forced {
            true => ForeignOrder::Liquidation,
            false => ForeignOrder::Other,
        };
        ours.map_or(OrderRef::Foreign(theirs), OrderRef::Ours)
    }
}

/// The answer to a command about an order that the exchange does not have.
fn answer(
    now_unix_ms: u64,
    id: ClientOrderId,
    instrument: InstrumentId,
    kind: ExecutionKind,
) -> EventKind {
    EventKind::Execution(ExecutionReport {
        instrument,
        order: OrderRef::Ours(id),
        venue_order_id: None,
        transact_unix_ms: Some(now_unix_ms),
        kind,
    })
}

#[cfg(test)]
mod spot_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::testing::{BTC, USDT, instruments, price, qty, quote, small_book, trade};
    use crate::types::Qty;
    use crate::types::{Liquidity, OrderStatus, Side, TimeInForce};

    const VENUE: VenueId = VenueId(0);

    fn direct() -> Direct {
        let fees = Fees { maker_centi_bps: 0, taker_centi_bps: 500 };
        let prefix = IdPrefix::new("tk").unwrap();
        let mut direct = Direct::new(instruments(), prefix, fees, Cash::whole(10_000));
        let mut out = Vec::new();
        small_book().iter().for_each(|event| direct.on_market(1, event, &mut out));
        assert!(out.is_empty());
        direct
    }

    fn id(sequence: u32) -> ClientOrderId {
        ClientOrderId { epoch: 1, sequence }
    }

    fn terms(side: Side, at: &str, amount: &str, time_in_force: TimeInForce) -> OrderTerms {
        OrderTerms {
            instrument: BTC,
            side,
            time_in_force,
            price: price(at),
            qty: qty(amount),
            purpose: Purpose::Opening,
            expires_ns: None,
        }
    }

    fn kinds(out: &[EventKind]) -> Vec<ExecutionKind> {
        let kind = |event: &EventKind| {
            let EventKind::Execution(report) = event else { panic!("{event:?}") };
            report.kind
        };
        out.iter().map(kind).collect()
    }

    #[test]
    fn an_order_is_reported_from_new_to_filled_with_its_fee() {
        let (mut direct, mut out) = (direct(), Vec::new());
        direct.place(5, id(1), &terms(Side::Buy, "100.1", "2", TimeInForce::Gtc), &mut out);
        let kinds = kinds(&out);
        assert_eq!(kinds[0], ExecutionKind::New);
        let ExecutionKind::Trade(fill) = kinds[1] else { panic!("{kinds:?}") };
        assert_eq!((fill.price, fill.cum_qty), (price("100.1"), qty("2")));
        assert_eq!((fill.side, fill.liquidity), (Side::Buy, Liquidity::Taker));
        let fee = Fee { asset: USDT, amount: Cash::parse(b"0.1001").unwrap() };
        assert_eq!(fill.fee, Some(fee));
        assert_eq!(kinds.len(), 2);
    }

    #[test]
    fn a_refusal_carries_the_venues_code() {
        let (mut direct, mut out) = (direct(), Vec::new());
        direct.place(5, id(1), &terms(Side::Buy, "100.1", "2", TimeInForce::Gtx), &mut out);
        direct.handle(6, &Command::Cancel { id: id(1), instrument: BTC }, &mut out);
        direct.handle(7, &Command::QueryOrder { id: id(1), instrument: BTC }, &mut out);
        let expected = [
            ExecutionKind::Rejected { code: -5022 },
            ExecutionKind::CancelRejected { code: -2011 },
            ExecutionKind::NotFound,
        ];
        assert_eq!(kinds(&out), expected);
    }

    #[test]
    fn orders_can_be_asked_after_and_taken_back() {
        let (mut direct, mut out) = (direct(), Vec::new());
        for sequence in 1..=3 {
            let order = terms(Side::Buy, "99.9", "2", TimeInForce::Gtc);
            direct.place(5, id(sequence), &order, &mut out);
        }
        out.clear();
        direct.handle(6, &Command::Cancel { id: id(2), instrument: BTC }, &mut out);
        direct.handle(7, &Command::QueryOrder { id: id(2), instrument: BTC }, &mut out);
        direct.handle(8, &Command::CancelAll { instrument: BTC }, &mut out);
        direct.handle(9, &Command::CancelAll { instrument: InstrumentId(9) }, &mut out);
        let none = Qty::ZERO;
        let expected = [
            ExecutionKind::Canceled { cum_qty: none },
            ExecutionKind::Status { status: OrderStatus::Canceled, cum_qty: none },
            ExecutionKind::Canceled { cum_qty: none },
            ExecutionKind::Canceled { cum_qty: none },
        ];
        assert_eq!(kinds(&out), expected);
    }

    #[test]
    fn the_snapshot_is_the_whole_account() {
        let (mut direct, mut out) = (direct(), Vec::new());
        direct.place(5, id(1), &terms(Side::Buy, "100.1", "2", TimeInForce::Gtc), &mut out);
        direct.place(5, id(2), &terms(Side::Buy, "100.0", "3", TimeInForce::Gtc), &mut out);
        direct.on_market(6, &trade("100.0", "6", Side::Sell), &mut out);
        out.clear();
        let question = Command::QueryAccount { venue: VENUE, token: QueryToken(7) };
        direct.handle(8, &question, &mut out);
        let EventKind::Account(AccountEvent::Snapshot(snapshot)) = &out[0] else { panic!() };
        assert_eq!((snapshot.venue, snapshot.token), (VENUE, QueryToken(7)));
        assert_eq!(snapshot.balances, [(USDT, Cash::parse(b"9999.8999").unwrap())]);
        let entry = price("100.06666666");
        let position = VenuePosition { instrument: BTC, qty: qty("3"), entry };
        assert_eq!(snapshot.positions, [position]);
        assert_eq!(snapshot.open_orders.len(), 1);
        let order = snapshot.open_orders[0];
        assert_eq!((order.id(), order.cum_qty), (Some(id(2)), qty("1")));
        let mut other = self::direct();
        other.adopt(9, snapshot);
        let adopted = other.snapshot(VENUE, QueryToken(7));
        assert_eq!(adopted.balances, snapshot.balances);
        assert_eq!(adopted.positions, [position]);
        assert!(adopted.open_orders.is_empty());
    }

    #[test]
    fn other_instruments_are_passed_over() {
        let (mut direct, mut out) = (direct(), Vec::new());
        let mut strange = quote("1", "1", "2", "1");
        strange.instrument = InstrumentId(9);
        direct.on_market(5, &strange, &mut out);
        assert!(out.is_empty());
    }
}
