//! The exchange: accounts, their orders, and the markets that they meet.
//!
//! Must hold: a refused order leaves no trace; an order is open or closed, and closed orders never
//! change; ids are unique among the open orders of an account. What the market does to orders is
//! in `matching`, what makes an order of a conditional one in `triggering`, what closes the
//! positions of an account that cannot carry them in `liquidation`.

use super::account::{Account, Fees};
use super::book::Book;
use super::conditionals::Conditionals;
use super::countdown::Countdowns;
use super::filters;
use super::funding::Funding;
use super::history::{History, KEPT_MAX};
use super::margin::LEVERAGE;
use super::order::{
    ClientText, ExpiryReason, Order, OrderEntry, OrderKey, Report, ReportKind, State, TradeRecord,
};
use super::payments::Payments;
use super::reject::Reject;
use super::wallets::Ledger;
use crate::types::{
    AssetId, Cash, FeeRates, Instrument, InstrumentId, MarketEvent, Qty, Side, TimeInForce,
};
use std::collections::{BTreeMap, VecDeque};

/// Index of an account; dense from zero.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct AccountIndex(pub u16);

impl AccountIndex {
    /// Position in a `Vec` of these.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// Most open orders of one account on one symbol: MAX_NUM_ORDERS of the venue.
pub const OPEN_ORDERS_MAX: usize = 200;

/// Closed orders that can still be asked for, over all accounts. The venue keeps days of them; the
/// engine asks for orders of the last minutes, and 300 orders in 10 s fill this in 5.5 minutes.
pub const CLOSED_ORDERS_MAX: usize = 10_000;

/// Trades that can still be asked for, per account: a few per closed order.
pub const TRADES_MAX: usize = 50_000;

/// All accounts and all markets.
#[derive(Debug)]
pub struct Exchange {
    pub(super) ledger: Ledger,
    pub(super) instruments: Vec<Instrument>,
    pub(super) books: Vec<Book>,
    pub(super) fees: Fees,
    pub(super) countdowns: Countdowns,
    pub(super) conditionals: Conditionals,
    pub(super) funding: Funding,
    pub(super) payments: Payments,
    /// The earliest date at which an open order ends.
    pub(super) next_date_unix_ms: Option<u64>,
    /// By slot.
    pub(super) leverages: Vec<u32>,
    accounts: Vec<Account>,
    trades: Vec<VecDeque<TradeRecord>>,
    orders: BTreeMap<u64, Order>,
    /// Open orders by slot, in the order in which those at one price are served: oldest first.
    open: Vec<Vec<u64>>,
    closed: VecDeque<u64>,
    last_order_id: u64,
    last_trade_ids: Vec<u64>,
    pub(super) last_prevention_id: u64,
    pub(super) history: Option<Box<History>>,
    /// The next order takes no more than this at once.
    pub(super) take_max: Option<Qty>,
}

impl Exchange {
    /// An exchange of contracts, without accounts. All instruments are taken as perpetuals.
    pub fn new(instruments: Vec<Instrument>, fees: Fees) -> Self {
        Self::of(Ledger::Contracts, instruments, fees)
    }

    /// An exchange of assets, without accounts. All instruments are taken as pairs of them.
    pub fn spot(instruments: Vec<Instrument>, fees: Fees) -> Self {
        Self::of(Ledger::Wallets, instruments, fees)
    }

    fn of(ledger: Ledger, instruments: Vec<Instrument>, fees: Fees) -> Self {
        let slots = instruments.len();
        Self {
            ledger,
            instruments,
            books: vec![Book::default(); slots],
            fees,
            countdowns: Countdowns::default(),
            conditionals: Conditionals::default(),
            funding: Funding::default(),
            payments: Payments::default(),
            next_date_unix_ms: None,
            leverages: vec![LEVERAGE; slots],
            accounts: Vec::new(),
            trades: Vec::new(),
            orders: BTreeMap::new(),
            open: vec![Vec::new(); slots],
            closed: VecDeque::new(),
            last_order_id: 0,
            last_trade_ids: vec![0; slots],
            last_prevention_id: 0,
            history: None,
            take_max: None,
        }
    }

    /// Remembers everything from here on, for whoever judges what happened.
    pub fn keep_history(&mut self) {
        self.history = Some(Box::new(History::new(self.accounts.len(), self.instruments.len())));
    }

    /// What is remembered.
    pub fn history(&self) -> Option<&History> {
        self.history.as_deref()
    }

    /// All orders that are kept, open and closed, in the order in which they came.
    pub fn orders(&self, account: AccountIndex) -> impl Iterator<Item = &Order> {
        self.orders.values().filter(move |order| order.account == account)
    }

    /// Opens an account with `balance` in every settlement asset.
    pub fn open_account(&mut self, balance: Cash) -> AccountIndex {
        let assets = self.instruments.iter().map(|instrument| instrument.settle);
        let wallets: BTreeMap<AssetId, Cash> = assets.map(|asset| (asset, balance)).collect();
        self.add_account(Account::new(wallets, self.instruments.len()))
    }

    pub(super) fn add_account(&mut self, account: Account) -> AccountIndex {
        self.accounts.push(account);
        self.trades.push(VecDeque::new());
        self.countdowns.open_account(self.instruments.len());
        let index = u16::try_from(self.accounts.len() - 1);
        assert!(index.is_ok(), "accounts are configured, not made by strangers");
        AccountIndex(index.unwrap_or(u16::MAX))
    }

    /// All accounts.
    pub(super) fn account_indexes(&self) -> impl Iterator<Item = AccountIndex> + use<> {
        (0..).map(AccountIndex).take(self.accounts.len())
    }

    /// Where an instrument stands in the tables.
    pub fn slot(&self, instrument: InstrumentId) -> Option<usize> {
        self.instruments.iter().position(|known| known.id == instrument)
    }

    /// All instruments.
    pub fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }

    /// The market of an instrument.
    pub fn book(&self, instrument: InstrumentId) -> Option<&Book> {
        self.books.get(self.slot(instrument)?)
    }

    /// The fees of every account.
    pub fn fees(&self) -> Fees {
        self.fees
    }

    /// The same, as the venue tells them.
    pub fn fee_rates(&self, instrument: InstrumentId) -> FeeRates {
        let e8 = |centi_bps: i32| i64::from(centi_bps) * 100;
        let Fees { maker_centi_bps, taker_centi_bps } = self.fees;
        FeeRates { instrument, maker_e8: e8(maker_centi_bps), taker_e8: e8(taker_centi_bps) }
    }

    /// What an account holds.
    pub fn account(&self, account: AccountIndex) -> &Account {
        &self.accounts[account.index()]
    }

    /// What an account holds, to change: for taking over what a real venue holds.
    pub fn account_mut(&mut self, account: AccountIndex) -> &mut Account {
        &mut self.accounts[account.index()]
    }

    /// The trades of an account that are kept, oldest first.
    pub fn trades(&self, account: AccountIndex) -> impl Iterator<Item = &TradeRecord> {
        self.trades[account.index()].iter()
    }

    /// An order of an account, open or closed.
    pub fn order(
        &self,
        account: AccountIndex,
        instrument: InstrumentId,
        key: OrderKey,
    ) -> Option<Order> {
        let ours = |order: &Order| order.account == account && order.entry.instrument == instrument;
        match key {
            OrderKey::Id(id) => self.orders.get(&id).copied().filter(ours),
            OrderKey::Client(client) => {
                let named = |order: &&Order| order.client_id == client && ours(order);
                let open = self.open_orders(account).find(named);
                let closed =
                    || self.closed.iter().rev().filter_map(|id| self.orders.get(id)).find(named);
                open.or_else(closed).copied()
            }
        }
    }

    /// The open orders of an account, by instrument, oldest first.
    pub fn open_orders(&self, account: AccountIndex) -> impl Iterator<Item = &Order> {
        let ids = self.open.iter().flatten();
        ids.filter_map(|id| self.orders.get(id)).filter(move |order| order.account == account)
    }

    /// Takes an order. It may trade at once: the reports say what became of it, in order.
    pub fn place(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        entry: &OrderEntry,
        out: &mut Vec<Report>,
    ) -> Result<Order, Reject> {
        let slot = self.slot(entry.instrument).ok_or(Reject::UnknownSymbol)?;
        self.remember_repeat(account, entry);
        let order = self.admit(now_unix_ms, slot, account, entry, None, out)?;
        Ok(self.work(now_unix_ms, slot, order, out))
    }

    /// Takes an order that has not met the market yet. `origin` is the conditional order that it
    /// came of.
    pub(super) fn admit(
        &mut self,
        now_unix_ms: u64,
        slot: usize,
        account: AccountIndex,
        entry: &OrderEntry,
        origin: Option<u64>,
        out: &mut Vec<Report>,
    ) -> Result<Order, Reject> {
        let client_id = self.check(slot, account, entry)?;
        let order = self.insert_open(slot, |id| {
            let new = Order::new(id, account, client_id, *entry, now_unix_ms);
            Order { origin, ..new }
        });
        let dates = [self.next_date_unix_ms, entry.good_till_unix_ms];
        self.next_date_unix_ms = dates.into_iter().flatten().min();
        out.push(Report { order, kind: ReportKind::New });
        Ok(order)
    }

    /// Lets a new order meet the market: it takes what it can, and rests or is over.
    pub(super) fn work(
        &mut self,
        now_unix_ms: u64,
        slot: usize,
        order: Order,
        out: &mut Vec<Report>,
    ) -> Order {
        if !self.is_hopeless(slot, &order) {
            self.take(now_unix_ms, slot, order.id, out);
        }
        self.take_max = None;
        self.settle_after_take(now_unix_ms, slot, order.id, out);
        self.orders.get(&order.id).copied().unwrap_or(order)
    }

    /// Puts an order behind all others of its slot, under the next number.
    pub(super) fn insert_open(&mut self, slot: usize, order: impl FnOnce(u64) -> Order) -> Order {
        self.last_order_id += 1;
        let order = order(self.last_order_id);
        self.orders.insert(order.id, order);
        self.open[slot].push(order.id);
        order
    }

    /// An id that an order of the account has or had.
    fn remember_repeat(&mut self, account: AccountIndex, entry: &OrderEntry) {
        let Some(id) = entry.client_id.filter(|_| self.history.is_some()) else { return };
        let known = self.order(account, entry.instrument, OrderKey::Client(id)).is_some();
        if let (true, Some(history)) = (known, &mut self.history) {
            history.on_repeat(id);
        }
    }

    /// Takes an open order back.
    pub fn cancel(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        instrument: InstrumentId,
        key: OrderKey,
        out: &mut Vec<Report>,
    ) -> Result<Order, Reject> {
        let slot = self.slot(instrument).ok_or(Reject::UnknownSymbol)?;
        let open = self.order(account, instrument, key).filter(|order| order.state.is_open());
        let order = open.ok_or(Reject::UnknownOrder)?;
        Ok(self.close(now_unix_ms, slot, order.id, State::Canceled, out).unwrap_or(order))
    }

    /// Takes back every open order of an account on an instrument.
    pub fn cancel_all(
        &mut self,
        now_unix_ms: u64,
        account: AccountIndex,
        instrument: InstrumentId,
        out: &mut Vec<Report>,
    ) -> Result<(), Reject> {
        let slot = self.slot(instrument).ok_or(Reject::UnknownSymbol)?;
        for id in self.open_of(slot, account) {
            self.close(now_unix_ms, slot, id, State::Canceled, out);
        }
        Ok(())
    }

    /// Takes in what the market did, and what that does to resting orders.
    pub fn on_market(&mut self, now_unix_ms: u64, event: &MarketEvent, out: &mut Vec<Report>) {
        let Some(slot) = self.slot(event.instrument) else { return };
        let mark = self.books[slot].mark();
        self.books[slot].apply(&event.data);
        self.match_resting(now_unix_ms, slot, &event.data, out);
        self.trigger(now_unix_ms, slot, out);
        if self.books[slot].mark() != mark {
            self.liquidate_holders(now_unix_ms, slot, out);
        }
    }

    /// Every rule that an order must pass before it exists.
    fn check(
        &self,
        slot: usize,
        account: AccountIndex,
        entry: &OrderEntry,
    ) -> Result<ClientText, Reject> {
        let generated = || ClientText::parse(format!("sim{}", self.last_order_id + 1).as_bytes());
        let client_id = entry.client_id.map_or_else(generated, Ok)?;
        filters::check(&self.instruments[slot], entry, self.books[slot].mark())?;
        if self.open_orders(account).any(|order| order.client_id == client_id) {
            return Err(Reject::ClientIdDuplicate);
        }
        let rests = entry.price.is_some()
            && matches!(entry.time_in_force, TimeInForce::Gtc | TimeInForce::Gtx);
        if rests && OPEN_ORDERS_MAX <= self.open_of(slot, account).len() {
            return Err(Reject::TooManyOpen);
        }
        match self.ledger {
            Ledger::Contracts => self.check_contracts(slot, account, entry)?,
            Ledger::Wallets => {
                self.check_funds(slot, account, entry)?;
                self.check_post_only(slot, account, entry)?;
            }
        }
        Ok(client_id)
    }

    fn check_contracts(
        &self,
        slot: usize,
        account: AccountIndex,
        entry: &OrderEntry,
    ) -> Result<(), Reject> {
        let position = self.accounts[account.index()].position(slot);
        if entry.reduce_only && Side::reducing(position.qty) != Some(entry.side) {
            return Err(Reject::ReduceOnly);
        }
        self.check_leverage(slot, account, entry)?;
        self.check_margin(slot, account, entry)?;
        self.check_post_only(slot, account, entry)?;
        self.check_fill_or_kill(slot, account, entry)
    }

    fn check_post_only(
        &self,
        slot: usize,
        account: AccountIndex,
        entry: &OrderEntry,
    ) -> Result<(), Reject> {
        if self.would_take(slot, account, entry) { Err(Reject::PostOnly) } else { Ok(()) }
    }

    /// Contracts refuse what must trade whole at once and cannot; Spot takes it and ends it.
    fn check_fill_or_kill(
        &self,
        slot: usize,
        account: AccountIndex,
        entry: &OrderEntry,
    ) -> Result<(), Reject> {
        if entry.price.is_none() || entry.time_in_force != TimeInForce::Fok {
            return Ok(());
        }
        let held = self.accounts[account.index()].position(slot).qty;
        let reducible = if entry.reduce_only { held.abs() } else { Qty::MAX };
        let there = self.takeable(slot, account, entry).min(reducible);
        if there < entry.qty { Err(Reject::FillOrKill) } else { Ok(()) }
    }

    /// True for a post-only order that would not rest.
    pub(super) fn would_take(
        &self,
        slot: usize,
        account: AccountIndex,
        entry: &OrderEntry,
    ) -> bool {
        let touch = self.books[slot].touch(entry.side.opposite());
        let meets = entry.price.zip(touch).is_some_and(|(it, touch)| entry.side.accepts(touch, it));
        let meets_any = || meets || self.walk(slot, account, entry).meets_own();
        entry.time_in_force == TimeInForce::Gtx && meets_any()
    }

    /// Puts an open order behind all others of its slot.
    pub(super) fn queue_last(&mut self, slot: usize, id: u64) {
        self.open[slot].retain(|open| *open != id);
        self.open[slot].push(id);
    }

    pub(super) fn open_of(&self, slot: usize, account: AccountIndex) -> Vec<u64> {
        let ours = |id: &&u64| self.orders.get(id).is_some_and(|order| order.account == account);
        self.open[slot].iter().filter(ours).copied().collect()
    }

    /// Ids of a slot's open orders, oldest first.
    pub(super) fn open_ids(&self, slot: usize) -> &[u64] {
        &self.open[slot]
    }

    pub(super) fn order_by_id(&self, id: u64) -> Option<&Order> {
        self.orders.get(&id)
    }

    pub(super) fn order_by_id_mut(&mut self, id: u64) -> Option<&mut Order> {
        self.orders.get_mut(&id)
    }

    pub(super) fn next_trade_id(&mut self, slot: usize) -> u64 {
        self.last_trade_ids[slot] += 1;
        self.last_trade_ids[slot]
    }

    pub(super) fn keep_trade(&mut self, account: AccountIndex, trade: TradeRecord) {
        let kept = &mut self.trades[account.index()];
        let kept_max = if self.history.is_some() { KEPT_MAX } else { TRADES_MAX };
        if kept_max <= kept.len() {
            kept.pop_front();
            self.history.iter_mut().for_each(|history| history.on_forgotten());
        }
        self.trades[account.index()].push_back(trade);
        let Some(slot) = self.slot(trade.instrument) else { return };
        let held = self.accounts[account.index()].position(slot).qty;
        self.history.iter_mut().for_each(|history| history.on_position(account, slot, held));
    }

    /// Closes an open order and says so, unless it closed by being filled: that was said already.
    pub(super) fn close(
        &mut self,
        now_unix_ms: u64,
        slot: usize,
        id: u64,
        state: State,
        out: &mut Vec<Report>,
    ) -> Option<Order> {
        assert!(!state.is_open(), "an order is closed into a final state");
        let order = self.orders.get_mut(&id).filter(|order| order.state.is_open())?;
        order.state = state;
        order.updated_unix_ms = now_unix_ms;
        let order = *order;
        self.open[slot].retain(|open| *open != id);
        self.finish_origin(now_unix_ms, &order);
        self.closed.push_back(id);
        let kept_max = if self.history.is_some() { KEPT_MAX } else { CLOSED_ORDERS_MAX };
        if kept_max < self.closed.len() {
            let forgotten = self.closed.pop_front();
            forgotten.and_then(|id| self.orders.remove(&id));
            self.history.iter_mut().for_each(|history| history.on_forgotten());
        }
        match state {
            State::Canceled => out.push(Report { order, kind: ReportKind::Canceled }),
            State::Expired(_) => out.push(Report { order, kind: ReportKind::Expired }),
            State::New | State::PartiallyFilled | State::Filled => {}
        }
        Some(order)
    }

    /// What is left of an order after it took what it could: it rests, expires or is over.
    pub(super) fn settle_after_take(
        &mut self,
        now_unix_ms: u64,
        slot: usize,
        id: u64,
        out: &mut Vec<Report>,
    ) {
        let Some(order) = self.orders.get(&id).filter(|order| order.state.is_open()).copied()
        else {
            return;
        };
        let reason = match (order.entry.price, order.entry.time_in_force) {
            (None, _) => ExpiryReason::MarketRest,
            (Some(_), TimeInForce::Ioc | TimeInForce::Fok) => ExpiryReason::ImmediateRest,
            (Some(price), TimeInForce::Gtc | TimeInForce::Gtx) => {
                let ahead = self.books[slot].displayed(order.entry.side, price);
                if let Some(order) = self.orders.get_mut(&id) {
                    order.ahead = ahead;
                }
                return;
            }
        };
        self.close(now_unix_ms, slot, id, State::Expired(reason), out);
    }
}
