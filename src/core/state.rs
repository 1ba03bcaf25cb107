//! What the core knows of the world: everything but the kernel and the strategies.
//!
//! Components meet here and do not know each other. Each method takes in one kind of fact; what it
//! means for limits is the kernel's, what it is worth saying is the machine's.

use super::dead_man::DeadMan;
use super::exposure::Exposure;
use super::market::Market;
use super::mode::Mode;
use super::orders::{Orders, Totals};
use super::portfolio::Portfolio;
use super::reconcile::Reconciler;
use super::safety::{Facts, Holdings, Modes};
use super::setup::{DeadManTiming, Sharing, Timing, Valuation};
use super::strategy::View;
use crate::types::{
    AccountSnapshot, Cash, Filters, Instrument, InstrumentId, OrderStatus, OrderTerms, Purpose,
    Qty, Side, Stamp, StrategyId, TimeInForce, VenueId, VenueOrder,
};

/// All that is known.
#[derive(Debug)]
pub(super) struct State {
    pub(super) now: Stamp,
    pub(super) instruments: Vec<Instrument>,
    pub(super) market: Vec<Market>,
    pub(super) orders: Orders,
    pub(super) portfolio: Portfolio,
    pub(super) exposure: Exposure,
    pub(super) reconciler: Reconciler,
    pub(super) sharing: Sharing,
    pub(super) dead_man: DeadMan,
    pub(super) equity: Option<Cash>,
    venues: usize,
    /// The connections of the venue, by channel.
    links: [bool; 3],
    /// When the venue's rules were read, by instrument.
    filters_read_ns: Vec<u64>,
    /// What orders that are not ours may still trade, by instrument and side.
    foreign: Vec<[Qty; 2]>,
    /// Where orders that are not ours guard a position: no symbol-wide cancel may reach them.
    guarded: Vec<bool>,
    /// How often anything was heard of an order or a wallet of this account.
    pub(super) activity: u64,
}

impl State {
    pub(super) fn new(
        instruments: Vec<Instrument>,
        valuations: Vec<Valuation>,
        strategies: usize,
        timing: Timing,
        sharing: Sharing,
        dead_man: Option<DeadManTiming>,
        move_window_ns: u64,
    ) -> Self {
        let count = instruments.len();
        let market =
            |instrument: &Instrument| Market::new(instrument.filters.price_tick, move_window_ns);
        Self {
            now: Stamp::default(),
            market: instruments.iter().map(market).collect(),
            orders: Orders::new(count, strategies, timing),
            portfolio: Portfolio::new(count, strategies, valuations),
            exposure: Exposure::new(count),
            reconciler: Reconciler::new(VenueId(0), timing),
            sharing,
            dead_man: DeadMan::new(dead_man, &timing, count),
            equity: None,
            venues: instruments.iter().map(|it| it.venue.index() + 1).max().unwrap_or(0),
            links: [false; 3],
            filters_read_ns: vec![0; count],
            foreign: vec![[Qty::ZERO; 2]; count],
            guarded: vec![false; count],
            activity: 0,
            instruments,
        }
    }

    /// How many venues there are.
    pub(super) fn venues(&self) -> usize {
        self.venues
    }

    pub(super) fn is_link_up(&self) -> bool {
        self.links.iter().all(|up| *up)
    }

    pub(super) fn is_channel_up(&self, channel: super::LinkChannel) -> bool {
        self.links[channel.index()]
    }

    pub(super) fn set_link(&mut self, channel: super::LinkChannel, up: bool) {
        self.links[channel.index()] = up;
    }

    /// Takes over the venue's rules as they are now. True when they differ from those before.
    pub(super) fn set_filters(&mut self, event: &super::ReferenceEvent) -> bool {
        let at = event.instrument.index();
        self.filters_read_ns[at] = self.now.mono_ns;
        let before = self.instruments[at].filters;
        let delisted = Filters { trading: false, ..before };
        let after = event.filters.unwrap_or(delisted);
        if before.price_tick != after.price_tick {
            self.market[at].on_tick(after.price_tick);
        }
        self.instruments[at].filters = after;
        before != after
    }

    /// Sums over the orders that are not over.
    pub(super) fn totals(&self) -> &Totals {
        self.orders.totals()
    }

    /// Keeps the sum of exposures after a change of one instrument's orders, position or price.
    pub(super) fn expose(&mut self, instrument: InstrumentId) {
        let price = self.market[instrument.index()].last_quote().map(|quote| quote.ask);
        self.exposure.set(
            instrument,
            self.portfolio.position(instrument),
            self.orders.totals().of(instrument),
            self.foreign[instrument.index()],
            price,
        );
    }

    /// What a strategy may see.
    pub(super) fn view<'a>(
        &'a self,
        strategy: StrategyId,
        mode: Mode,
        modes: &'a Modes,
    ) -> View<'a> {
        View {
            now: self.now,
            strategy,
            mode,
            modes,
            instruments: &self.instruments,
            market: &self.market,
            orders: &self.orders,
            positions: self.portfolio.attributed(strategy),
            equity: self.equity,
        }
    }

    /// What the kernel may look at for an order of one instrument and side.
    pub(super) fn facts(&self, instrument: InstrumentId, side: Side) -> Facts<'_> {
        Facts {
            now: self.now,
            instrument: &self.instruments[instrument.index()],
            market: &self.market[instrument.index()],
            link_up: self.is_link_up(),
            entry_up: self.is_channel_up(super::LinkChannel::Orders),
            flattening: false,
            reconciled: self.reconciler.is_proven(),
            filters_read_ns: self.filters_read_ns[instrument.index()],
            can_guard: self.dead_man.can_arm(instrument, self.now.mono_ns),
            account: Holdings {
                position: self.portfolio.position(instrument),
                open: self.totals().of(instrument),
                foreign: self.foreign[instrument.index()][side.index()],
            },
            live_orders: self.totals().live(),
            unknown_orders: self.totals().unknown(),
            standing: self.orders.standing(),
            own_opposite: self.orders.best_resting(instrument, side.opposite()),
            gross: self.exposure.gross(),
        }
    }

    /// True where something stands that a symbol-wide cancel must not reach (SAFETY E1).
    pub(super) fn is_guarded(&self, instrument: InstrumentId) -> bool {
        let open = self.totals().of(instrument);
        let reduces =
            |side: &Side| Qty::ZERO < open.reducing(*side).saturating_add(open.doubtful(*side));
        self.guarded[instrument.index()] || Side::BOTH.iter().any(reduces)
    }

    /// What a strategy holds itself.
    pub(super) fn own(&self, strategy: StrategyId, instrument: InstrumentId) -> Holdings<'_> {
        Holdings {
            position: self.portfolio.attributed(strategy)[instrument.index()],
            open: self.totals().of_strategy(strategy, instrument),
            foreign: Qty::ZERO,
        }
    }

    /// Takes a reading of the account over: wallets and positions when they differ (a reading that
    /// agrees may be older than a trade heard of since), what others have in the market, and orders
    /// of ours that were not known here.
    pub(super) fn adopt(&mut self, snapshot: &AccountSnapshot, differs: bool, quiet: bool) {
        self.portfolio.set_complete(snapshot);
        if quiet {
            let portfolio = &mut self.portfolio;
            self.orders.settle(|order, missing| {
                if let Some(strategy) = order.strategy {
                    let signed = order.terms.side.signed(missing);
                    portfolio.attribute(strategy, order.terms.instrument, signed);
                }
            });
        }
        if differs {
            self.portfolio.adopt(snapshot, &self.instruments);
        }
        self.adopt_orders(snapshot, quiet);
        for at in 0..self.instruments.len() {
            self.expose(self.instruments[at].id);
        }
    }

    /// An order that was over before a quiet reading was asked for, and stands in it, stands. In a
    /// reading that is not quiet it may have ended meanwhile.
    fn adopt_orders(&mut self, snapshot: &AccountSnapshot, quiet: bool) {
        let now_ns = self.now.mono_ns;
        self.foreign.fill([Qty::ZERO; 2]);
        self.guarded.fill(false);
        for order in &snapshot.open_orders {
            if let Some(id) = order.id() {
                if quiet || !self.orders.is_over(id) {
                    self.orders.adopt(order, terms_of(order), now_ns);
                }
                continue;
            }
            self.guarded[order.instrument.index()] |= order.purpose != Purpose::Opening;
            if order.purpose == Purpose::Opening {
                let open = order.qty.saturating_sub(order.cum_qty);
                let sum = &mut self.foreign[order.instrument.index()][order.side.index()];
                *sum = sum.saturating_add(open);
            }
        }
    }

    /// Asks after every order that should stand at the venue and is not in a reading of it that was
    /// asked for after the order was sent.
    pub(super) fn doubt_absent(&mut self, snapshot: &AccountSnapshot, asked_ns: u64) {
        for at in 0.. {
            let Some(order) = self.orders.live().nth(at) else { return };
            let stands = match order.status {
                OrderStatus::New | OrderStatus::PartiallyFilled | OrderStatus::Unknown => true,
                OrderStatus::PendingNew
                | OrderStatus::PendingCancel
                | OrderStatus::Filled
                | OrderStatus::Canceled
                | OrderStatus::Expired
                | OrderStatus::Rejected
                | OrderStatus::NotSent => false,
            };
            let id = order.id;
            let told = snapshot.open_orders.iter().any(|told| told.id() == Some(id));
            if stands && !told && order.sent_ns < asked_ns {
                self.orders.doubt_absent(id, self.now.mono_ns);
            }
        }
    }
}

/// The terms of an order that was found at the venue. It has no time to live of its own: what
/// becomes of it is decided when it is found.
fn terms_of(order: &VenueOrder) -> OrderTerms {
    OrderTerms {
        instrument: order.instrument,
        side: order.side,
        time_in_force: TimeInForce::Gtc,
        price: order.price,
        qty: order.qty,
        purpose: order.purpose,
        expires_ns: None,
    }
}
