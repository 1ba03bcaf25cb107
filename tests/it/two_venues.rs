//! Two venues: what happens to one is no reason to stop on the other.

use crate::support::{BTC, ETH, Puppet, Tape, cash, cross, limit, price, qty, seat, setup};
use std::collections::VecDeque;
use tradekeel::core::safety::DenyReason;
use tradekeel::core::{
    AccountEvent, ClockSample, Command, Core, Effect, Effects, Event, EventKind, Intent,
    LinkChannel, LinkEvent, LinkState, Mode, ModeCause, OperatorCommand, OperatorRequest, Scope,
    Status, Valuation,
};
use tradekeel::types::{
    AccountMargin, AccountSnapshot, AssetId, Cash, ClientOrderId, ExecutionKind, ExecutionReport,
    InstrumentId, MS, MarketData, MarketEvent, OrderRef, OrderRequest, OrderTerms, Purpose, Qty,
    QueryToken, Quote, SECOND, Side, Stamp, Text, VenueId, VenuePosition, WalletMargin,
};

/// Where Bitcoin is traded, and where Ether.
const HERE: VenueId = VenueId(0);
const THERE: VenueId = VenueId(1);

/// The money at each.
const MONEY: [AssetId; 2] = [AssetId(0), AssetId(3)];

/// A core and two venues that answer questions about the account and nothing else.
struct Venues {
    core: Core,
    tape: Tape,
    puppet: Puppet,
    now_ns: u64,
    up: [bool; 2],
    /// Ether that the second venue says we hold.
    ether: Qty,
    money: [Cash; 2],
    sent: Vec<OrderTerms>,
    denied: Vec<DenyReason>,
    questions: VecDeque<(VenueId, QueryToken)>,
    /// Orders that the venue has not answered yet.
    arrived: Vec<(ClientOrderId, InstrumentId)>,
}

impl Drop for Venues {
    fn drop(&mut self) {
        self.tape.assert_same(&self.core);
    }
}

impl Venues {
    fn calm() -> Self {
        let mut setup = setup();
        let ether = &mut setup.instruments[ETH.index()];
        (ether.venue, ether.quote, ether.settle) = (THERE, MONEY[1], MONEY[1]);
        let by = Valuation::By;
        setup.valuations = vec![Valuation::Reporting, by(BTC), by(ETH), Valuation::Reporting];
        let puppet = Puppet::default();
        setup.strategies = vec![seat(Box::new(puppet.clone()))];
        let tape = Tape::begin(&mut setup);
        let mut venues = Self {
            core: Core::new(setup),
            tape,
            puppet,
            now_ns: 0,
            up: [false; 2],
            ether: Qty::ZERO,
            money: [cash(50_000); 2],
            sent: Vec::new(),
            denied: Vec::new(),
            questions: VecDeque::new(),
            arrived: Vec::new(),
        };
        [HERE, THERE].into_iter().for_each(|venue| venues.link(venue, LinkState::Up));
        [HERE, THERE].into_iter().for_each(|venue| venues.clock(venue, 0));
        venues.advance(SECOND);
        venues
    }

    fn link(&mut self, venue: VenueId, state: LinkState) {
        self.up[venue.index()] = state == LinkState::Up;
        for channel in LinkChannel::ALL {
            self.step(EventKind::Link(LinkEvent { venue, channel, state }));
        }
    }

    fn clock(&mut self, venue: VenueId, offset_ms: i64) {
        let offset_ns = offset_ms * 1_000_000;
        self.step(EventKind::Clock(ClockSample { venue, offset_ns, rtt_ns: 0 }));
    }

    fn quote(&mut self, instrument: InstrumentId) {
        let much = Qty::whole(1_000);
        let (bid, ask) = if instrument == BTC { ("99.9", "100.1") } else { ("9.9", "10.1") };
        let quote = Quote { bid: price(bid), bid_qty: much, ask: price(ask), ask_qty: much };
        let update_id = self.now_ns;
        let book = [MarketData::BookBegin, MarketData::BookEnd { update_id }];
        for data in book.into_iter().chain([MarketData::Quote(quote)]) {
            self.step(EventKind::Market(MarketEvent { instrument, sent_unix_ms: None, data }));
        }
    }

    /// Lets time pass, with quotes and answers of every venue that is connected.
    fn advance(&mut self, ns: u64) {
        let until_ns = self.now_ns + ns;
        while self.now_ns < until_ns {
            self.now_ns += 100 * MS;
            for (venue, instrument) in [(HERE, BTC), (THERE, ETH)] {
                if self.up[venue.index()] {
                    self.quote(instrument);
                }
            }
            self.answer();
            self.step(EventKind::Timer);
        }
    }

    fn answer(&mut self) {
        for (id, instrument) in std::mem::take(&mut self.arrived) {
            self.step(EventKind::Execution(ExecutionReport {
                instrument,
                order: OrderRef::Ours(id),
                venue_order_id: None,
                transact_unix_ms: None,
                kind: ExecutionKind::New,
            }));
        }
        while let Some((venue, token)) = self.questions.pop_front() {
            if self.up[venue.index()] {
                let snapshot = self.snapshot(venue, token);
                self.step(EventKind::Account(AccountEvent::Snapshot(Box::new(snapshot))));
            }
        }
    }

    fn snapshot(&self, venue: VenueId, token: QueryToken) -> AccountSnapshot {
        let held = VenuePosition { instrument: ETH, qty: self.ether, entry: price("10") };
        let holds = venue == THERE && self.ether != Qty::ZERO;
        AccountSnapshot {
            venue,
            token,
            balances: vec![(MONEY[venue.index()], self.money[venue.index()])],
            has_unnamed_assets: false,
            positions: holds.then_some(held).into_iter().collect(),
            unnamed_positions: 0,
            open_orders: Vec::new(),
            margin: Some(self.margin(venue)),
        }
    }

    fn margin(&self, venue: VenueId) -> AccountMargin {
        let (asset, free) = (MONEY[venue.index()], self.money[venue.index()]);
        let instrument = if venue == HERE { BTC } else { ETH };
        AccountMargin {
            wallets: vec![WalletMargin { asset, available: free, balance: free }],
            instruments: vec![cross(instrument)],
            fees: Vec::new(),
        }
    }

    fn step(&mut self, kind: EventKind) {
        self.now_ns += 1;
        let at = Stamp { mono_ns: self.now_ns, unix_ns: self.now_ns };
        let mut effects = Effects::new();
        let event = Event { at, received_ns: self.now_ns, kind };
        self.tape.input(&event);
        self.core.step(&event, &mut effects);
        effects.as_slice().iter().for_each(|effect| self.tape.effect(effect, &self.core, at));
        self.tape.end_of_step(&self.core, at);
        for effect in effects.drain() {
            match effect {
                Effect::Send(Command::NewOrder(order)) => {
                    self.sent.push(*order.terms());
                    self.arrived.push((order.id(), order.terms().instrument));
                }
                Effect::Send(Command::QueryAccount { venue, token }) => {
                    self.questions.push_back((venue, token));
                }
                Effect::Denied { reason, .. } => self.denied.push(reason),
                Effect::Send(_)
                | Effect::AmendDenied { .. }
                | Effect::Parent(_)
                | Effect::Closed { .. }
                | Effect::Tripped(_)
                | Effect::Reset { .. }
                | Effect::ModeChanged { .. }
                | Effect::HighWaterChanged(_)
                | Effect::Kept(_)
                | Effect::Ledger { .. }
                | Effect::Alert(_)
                | Effect::Answer { .. } => {}
            }
        }
    }

    /// A bid of the strategy's, answered if it was sent, far enough from all others not to be the
    /// same.
    fn wish(&mut self, instrument: InstrumentId, at: &str) -> Result<(), DenyReason> {
        let request = OrderRequest { instrument, ..limit(Side::Buy, "1", at) };
        let sent = self.sent.len();
        self.puppet.say(Intent::Place(ClientOrderId::default(), request));
        self.step(EventKind::Timer);
        self.answer();
        if sent < self.sent.len() { Ok(()) } else { Err(*self.denied.last().unwrap()) }
    }

    fn operator(&mut self, command: OperatorCommand) {
        let (by, reason) = (Text::new("ann"), Text::new("a test"));
        self.step(EventKind::Operator(OperatorRequest { ticket: 0, by, reason, command }));
    }

    fn status(&self) -> Status {
        let mut status = Status::default();
        self.core.status(&mut status);
        status
    }
}

#[test]
fn with_one_venue_lost_exits_and_opening_orders_on_the_other_go_on() {
    let mut venues = Venues::calm();
    venues.ether = qty("3");
    venues.advance(21 * SECOND);
    assert_eq!(venues.status().instruments[ETH.index()].position, qty("3"));
    assert!(venues.wish(BTC, "99").is_ok() && venues.wish(ETH, "9.9").is_ok());

    venues.link(HERE, LinkState::Down);
    assert_eq!(venues.wish(BTC, "98.9"), Err(DenyReason::LinkDown));
    assert_eq!(venues.wish(ETH, "9.8"), Ok(()));
    venues.advance(29 * SECOND);
    assert_eq!(venues.status().venues[0].held.mode, Mode::Running);
    venues.advance(2 * SECOND);
    let status = venues.status();
    let held = status.venues[0].held;
    assert_eq!((held.mode, held.cause), (Mode::Halted, ModeCause::Disconnected));
    assert_eq!((status.venues[1].held.mode, status.mode), (Mode::Running, Mode::Running));
    assert!(status.venues[1].reconciled && !status.venues[0].reconciled);
    assert_eq!(venues.wish(ETH, "9.7"), Ok(()));

    let before = venues.sent.len();
    venues.operator(OperatorCommand::Flatten { instrument: None, cap_bps: 500 });
    venues.advance(SECOND);
    let exit = venues.sent[before];
    assert_eq!((exit.instrument, exit.side, exit.qty), (ETH, Side::Sell, qty("3")));
    assert_eq!(exit.purpose, Purpose::Reducing);
}

#[test]
fn a_venue_that_comes_back_waits_for_its_resume() {
    let mut venues = Venues::calm();
    venues.link(HERE, LinkState::Down);
    venues.advance(31 * SECOND);
    venues.link(HERE, LinkState::Up);
    venues.clock(HERE, 0);
    venues.advance(SECOND);
    assert!(venues.status().venues[0].reconciled);
    assert_eq!(venues.wish(BTC, "99"), Err(DenyReason::Halted));
    venues.operator(OperatorCommand::Resume(Scope::Venue(HERE)));
    assert_eq!(venues.status().venues[0].held.mode, Mode::Conservative);
    assert_eq!(venues.wish(BTC, "98.9"), Ok(()));
}

#[test]
fn a_resume_of_a_venue_that_is_still_lost_does_not_hold() {
    let mut venues = Venues::calm();
    venues.link(HERE, LinkState::Down);
    venues.advance(31 * SECOND);
    venues.operator(OperatorCommand::Resume(Scope::Venue(HERE)));
    venues.advance(SECOND);
    assert_eq!(venues.status().venues[0].held.mode, Mode::Halted);
}

#[test]
fn the_clock_of_one_venue_says_nothing_of_the_other() {
    let mut venues = Venues::calm();
    venues.clock(HERE, 2_000);
    assert_eq!(venues.wish(BTC, "99"), Err(DenyReason::ClockDrift));
    assert_eq!(venues.wish(ETH, "9.9"), Ok(()));
    assert_eq!(venues.status().venues[1].clock_offset_ns, Some(0));
}

#[test]
fn a_difference_at_one_venue_is_no_doubt_about_the_other() {
    let mut venues = Venues::calm();
    venues.money[0] = cash(49_000);
    while venues.status().venues[0].reconciled {
        venues.advance(100 * MS);
    }
    assert_eq!(venues.wish(BTC, "99"), Err(DenyReason::NotReconciled));
    assert_eq!(venues.wish(ETH, "9.9"), Ok(()));
    venues.advance(7 * SECOND);
    assert_eq!(venues.status().equity, Some(cash(99_000)));
}
