//! What the core knows of the world: everything but the kernel and the strategies.
//!
//! Components meet here and do not know each other. Each method takes in one kind of fact; what it
//! means for limits is the kernel's, what it is worth saying is the machine's.

use super::dead_man::DeadMan;
use super::effect::Effects;
use super::exposure::{Exposure, Stake};
use super::free::Elsewhere;
use super::hedge::Hedges;
use super::links::Links;
use super::margin::{self, Margins};
use super::market::Market;
use super::mode::Mode;
use super::orders::{Orders, Totals};
use super::portfolio::Portfolio;
use super::protection::Protection;
use super::reading::AccountReading;
use super::reconcile::{Reconciler, Verdict};
use super::safety::{Facts, Holdings, Modes};
use super::setup::{DeadManTiming, Limits, Sharing, Timing, Valuation};
use super::strategy::View;
use super::trades::{Thoroughness, TradeReader};
use crate::types::{
    AccountSnapshot, BalanceCause, BalanceChange, Cash, Filters, Instrument, InstrumentId,
    InstrumentKind, OrderStatus, OrderTerms, Purpose, Qty, Side, Stamp, StrategyId, TimeInForce,
    VenueId, VenueOrder,
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
    pub(super) hedges: Hedges,
    pub(super) margins: Margins,
    /// What others lock of the wallets of spot accounts.
    elsewhere: Elsewhere,
    /// By `VenueId`.
    pub(super) reconcilers: Vec<Reconciler>,
    /// The last conclusive reading, by `VenueId`.
    pub(super) readings: Vec<AccountReading>,
    pub(super) trades: TradeReader,
    pub(super) sharing: Sharing,
    pub(super) dead_man: DeadMan,
    pub(super) protection: Protection,
    pub(super) equity: Option<Cash>,
    /// By `VenueId`.
    pub(super) links: Vec<Links>,
    /// By instrument.
    pub(super) told: Vec<Told>,
    pub(super) timing: Timing,
    /// How often anything was heard of an order or a wallet of the account, by `VenueId`.
    activity: Vec<u64>,
}

/// What the venue told of one instrument that nothing of ours tells.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    /// When its rules were read.
    filters_read_ns: u64,
    /// What orders that are not ours may still trade, by side.
    foreign: [Qty; 2],
    /// Orders that are not ours guard a position: no symbol-wide cancel may reach them.
    guarded: bool,
    /// The other position, where ours and the venue's differ: limits count the larger.
    pub(super) rival: Option<Qty>,
}

impl State {
    pub(super) fn new(
        instruments: Vec<Instrument>,
        valuations: Vec<Valuation>,
        strategies: usize,
        timing: Timing,
        sharing: Sharing,
        dead_man: Option<DeadManTiming>,
        limits: &Limits,
    ) -> Self {
        let count = instruments.len();
        let shared = limits.instruments.iter().map(|bounds| bounds.shared).collect();
        let venues = instruments.iter().map(|it| it.venue.index() + 1).max().unwrap_or(0);
        let reconciler = |venue| Reconciler::new(venue, timing);
        let assets = valuations.len();
        let reading = |venue| AccountReading::with_room(venue, count, assets);
        let window_ns = limits.price_move.window_ns;
        let market =
            |instrument: &Instrument| Market::new(instrument.filters.price_tick, window_ns);
        Self {
            now: Stamp::default(),
            market: instruments.iter().map(market).collect(),
            orders: Orders::new(count, strategies, timing),
            portfolio: Portfolio::new(shared, strategies, venues, valuations),
            exposure: Exposure::new(&instruments),
            hedges: Hedges::new(count, &limits.hedge_groups),
            margins: Margins::new(&instruments, limits.margin),
            elsewhere: Elsewhere::new(assets),
            reconcilers: (0_u8..).map(VenueId).take(venues).map(reconciler).collect(),
            readings: (0_u8..).map(VenueId).take(venues).map(reading).collect(),
            trades: TradeReader::new(&instruments, venues, timing.reconcile_timeout_ns),
            sharing,
            dead_man: DeadMan::new(dead_man, &timing, count),
            protection: Protection::new(&limits.instruments, &timing),
            equity: None,
            links: vec![Links::new(); venues],
            told: vec![Told::default(); count],
            timing,
            activity: vec![0; venues],
            instruments,
        }
    }

    /// How many venues there are.
    pub(super) fn venues(&self) -> usize {
        self.links.len()
    }

    /// Where an instrument is traded.
    pub(super) fn venue_of(&self, instrument: InstrumentId) -> VenueId {
        self.instruments[instrument.index()].venue
    }

    /// The connections of an instrument's venue.
    pub(super) fn links_of(&self, instrument: InstrumentId) -> &Links {
        &self.links[self.venue_of(instrument).index()]
    }

    /// True while the account of an instrument's venue is proven to be what we believe.
    pub(super) fn is_proven(&self, instrument: InstrumentId) -> bool {
        self.reconcilers[self.venue_of(instrument).index()].is_proven()
    }

    /// True while every connection is up.
    pub(super) fn is_link_up(&self) -> bool {
        self.links.iter().all(Links::is_up)
    }

    /// True while every account is proven.
    pub(super) fn is_all_proven(&self) -> bool {
        self.reconcilers.iter().all(Reconciler::is_proven)
    }

    /// The questions about the account of an instrument's venue.
    pub(super) fn reconciler_of(&mut self, instrument: InstrumentId) -> &mut Reconciler {
        let venue = self.venue_of(instrument);
        &mut self.reconcilers[venue.index()]
    }

    /// Something was heard of an order or a wallet there.
    pub(super) fn on_activity(&mut self, venue: VenueId) {
        self.activity[venue.index()] += 1;
    }

    /// Asks after every account when it is time, and after its trades before that.
    pub(super) fn reconcile_on_time(&mut self, effects: &mut Effects) {
        let now_ns = self.now.mono_ns;
        for (at, venue) in (0..self.reconcilers.len()).zip((0_u8..).map(VenueId)) {
            let reconciler = &mut self.reconcilers[at];
            reconciler.lapse(now_ns);
            let how = match reconciler.is_proven() {
                true => Thoroughness::InTurn,
                false => Thoroughness::All,
            };
            if reconciler.is_due(now_ns) && self.trades.prepare(venue, how, now_ns) {
                reconciler.ask(now_ns, self.activity[at], effects);
            }
        }
        self.trades.on_time(now_ns, effects);
    }

    /// Compares a reading with what we believe.
    pub(super) fn read(&mut self, snapshot: &AccountSnapshot) -> Verdict {
        let at = snapshot.venue.index();
        let Self { reconcilers, portfolio, orders, instruments, now, activity, .. } = self;
        reconcilers[at].on_snapshot(
            snapshot,
            portfolio,
            orders,
            instruments,
            now.mono_ns,
            activity[at],
        )
    }

    /// Takes over the venue's rules as they are now. True when they differ from those before.
    pub(super) fn set_filters(&mut self, event: &super::ReferenceEvent) -> bool {
        let at = event.instrument.index();
        self.told[at].filters_read_ns = self.now.mono_ns;
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
        let told = &self.told[instrument.index()];
        let stake = Stake {
            position: self.portfolio.position(instrument),
            rival: told.rival,
            open: self.orders.totals().of(instrument),
            foreign: told.foreign,
            price: self.market[instrument.index()].last_quote().map(|quote| quote.ask),
        };
        self.exposure.set(instrument, &stake);
        self.margins.set(instrument, &stake);
        self.hedges.set(instrument, &stake, self.now.mono_ns);
    }

    /// Takes in the margin of a reading that was asked for then.
    pub(super) fn read_margin(&mut self, snapshot: &AccountSnapshot, asked_ns: u64) {
        let (venue, told) = (snapshot.venue, snapshot.margin.as_ref());
        self.margins.set_up(venue, told);
        for at in 0..self.instruments.len() {
            self.expose(self.instruments[at].id);
        }
        let Self { margins, market, orders, portfolio, .. } = self;
        let stood = |instrument: InstrumentId| {
            let Some(quote) = market[instrument.index()].last_quote() else { return Cash::ZERO };
            let there = snapshot.positions.iter().find(|held| held.instrument == instrument);
            let positions =
                [portfolio.position(instrument), there.map_or(Qty::ZERO, |held| held.qty)];
            let mut foreign = [Cash::ZERO; 2];
            let others = snapshot.open_orders.iter().filter(|order| {
                let opens = order.purpose == Purpose::Opening;
                order.instrument == instrument && order.id().is_none() && opens
            });
            for order in others {
                let open = order.qty.saturating_sub(order.cum_qty).max(Qty::ZERO);
                let sum = &mut foreign[order.side.index()];
                *sum = sum.saturating_add(order.price.min(quote.bid).notional(open));
            }
            let ours = orders.live().filter(|order| order.terms.instrument == instrument);
            margin::stood(ours, asked_ns, positions, foreign, quote.bid)
        };
        margins.on_read(venue, told, stood, |asset| portfolio.worth_in(venue, asset));
    }

    /// What a pool was worth at its reading is needed to know what it has lost since. Where that
    /// could not be told, it is read again, once, when it can be.
    pub(super) fn read_again_when_valued(&mut self, venue: VenueId) {
        let lacking = self.margins.lacking_worth(venue);
        let is_valued = lacking.is_some_and(|it| self.portfolio.worth_in(venue, it).is_some());
        let reconciler = &mut self.reconcilers[venue.index()];
        if is_valued && reconciler.asked_ns().is_none() {
            reconciler.ask_soon();
        }
    }

    /// A wallet changed without a trade. Money that came in is there at once.
    pub(super) fn on_balance(&mut self, change: &BalanceChange) {
        let &BalanceChange { venue, asset, cause, .. } = change;
        let before = self.portfolio.worth_in(venue, asset);
        self.portfolio.on_balance(change);
        self.follow_ledgers();
        let after = self.portfolio.worth_in(venue, asset);
        let gained = after.zip(before).map(|(after, before)| after.saturating_sub(before));
        if let (BalanceCause::Transfer, Some(gained)) = (cause, gained) {
            self.margins.on_deposit(venue, asset, gained.max(Cash::ZERO));
        }
    }

    /// Ledgers moved: positions of spot go with them.
    pub(super) fn follow_ledgers(&mut self) {
        if self.instruments.iter().all(|it| it.kind == InstrumentKind::Perpetual) {
            return;
        }
        self.portfolio.follow_ledgers(&self.instruments);
        for at in 0..self.instruments.len() {
            self.expose(self.instruments[at].id);
        }
    }

    /// What an order of that side may still spend, on spot.
    pub(super) fn free(&self, instrument: InstrumentId, side: Side) -> Option<Cash> {
        let of = (&self.instruments[instrument.index()], side);
        self.elsewhere.free(of, &self.portfolio, &self.instruments, self.orders.live())
    }

    /// How much of a venue's account its positions need, in basis points, where that is more than
    /// may be before a person is told.
    pub(super) fn stretched_bps(&self, venue: VenueId) -> Option<i64> {
        let ratio_bps = self.margin_ratio_bps(venue)?;
        self.margins.is_stretched(ratio_bps).then_some(ratio_bps)
    }

    /// The same, whatever it is.
    pub(super) fn margin_ratio_bps(&self, venue: VenueId) -> Option<i64> {
        self.margins.ratio_bps(venue, |venue, asset| self.portfolio.worth_in(venue, asset))
    }

    /// How far the price of an instrument is from the liquidation of its position.
    pub(super) fn liquidation_bps(&self, instrument: InstrumentId) -> Option<i64> {
        let worth = |venue, asset| self.portfolio.worth_in(venue, asset);
        self.margins.liquidation_bps(instrument, worth)
    }

    /// The smallest of them.
    pub(super) fn nearest_liquidation_bps(&self) -> Option<i64> {
        self.instruments.iter().filter_map(|it| self.liquidation_bps(it.id)).min()
    }

    /// Sum of all positions at the last prices, signed; `None` while one has no price.
    pub(super) fn delta(&self) -> Option<Cash> {
        self.instruments.iter().try_fold(Cash::ZERO, |sum, instrument| {
            let position = self.portfolio.position(instrument.id);
            if position == Qty::ZERO {
                return Some(sum);
            }
            let quote = self.market[instrument.id.index()].last_quote()?;
            sum.checked_add(quote.bid.notional(position))
        })
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
        let links = self.links_of(instrument);
        let told = &self.told[instrument.index()];
        Facts {
            now: self.now,
            instrument: &self.instruments[instrument.index()],
            market: &self.market[instrument.index()],
            link_up: links.is_up(),
            serving: links.is_serving(),
            below_limit: links.is_below_limit(),
            entry_up: links.is_channel_up(super::LinkChannel::Orders),
            flattening: false,
            reconciled: self.is_proven(instrument),
            filters_read_ns: told.filters_read_ns,
            can_guard: self.dead_man.can_arm(instrument, self.now.mono_ns),
            account: Holdings {
                position: self.portfolio.position(instrument),
                rival: told.rival,
                open: self.totals().of(instrument),
                foreign: told.foreign[side.index()],
            },
            live_orders: self.totals().live(),
            unknown_orders: self.totals().unknown(),
            standing: self.orders.standing(),
            own_opposite: self.orders.best_resting(instrument, side.opposite()),
            around: self.exposure.around(instrument, side),
            hedge: self.hedges.around(instrument, side, self.now.mono_ns),
            equity: self.equity,
            free: self.free(instrument, side),
            margin: self
                .margins
                .around(instrument, |venue, asset| self.portfolio.worth_in(venue, asset)),
        }
    }

    /// True where something stands that a symbol-wide cancel must not reach (SAFETY E1).
    pub(super) fn is_guarded(&self, instrument: InstrumentId) -> bool {
        let open = self.totals().of(instrument);
        let reduces =
            |side: &Side| Qty::ZERO < open.reducing(*side).saturating_add(open.doubtful(*side));
        self.told[instrument.index()].guarded || Side::BOTH.iter().any(reduces)
    }

    /// What a strategy holds itself.
    pub(super) fn own(&self, strategy: StrategyId, instrument: InstrumentId) -> Holdings<'_> {
        Holdings {
            position: self.portfolio.attributed(strategy)[instrument.index()],
            rival: None,
            open: self.totals().of_strategy(strategy, instrument),
            foreign: Qty::ZERO,
        }
    }

    /// Takes a reading of the account over: wallets and positions when they differ (a reading that
    /// agrees may be older than a trade heard of since), what others have in the market, and orders
    /// of ours that were not known here.
    pub(super) fn adopt(&mut self, snapshot: &AccountSnapshot, differs: bool, quiet: bool) {
        self.portfolio.set_complete(snapshot);
        self.elsewhere.on_read(snapshot, &self.instruments, quiet);
        if quiet {
            let Self { portfolio, orders, instruments, .. } = self;
            let there = |id: InstrumentId| instruments[id.index()].venue == snapshot.venue;
            orders.settle(there, |order, missing| {
                if let Some(strategy) = order.strategy {
                    let OrderTerms { instrument, side, price, .. } = order.terms;
                    portfolio.on_missed(strategy, instrument, side, missing, price);
                }
            });
        }
        if differs {
            let (findings, now_ns) =
                (self.reconcilers[snapshot.venue.index()].findings(), self.now.mono_ns);
            self.portfolio.adopt(snapshot, &self.instruments, findings, now_ns);
        }
        self.portfolio.on_read(snapshot.venue, &self.instruments);
        self.adopt_orders(snapshot, quiet);
        for at in 0..self.instruments.len() {
            self.expose(self.instruments[at].id);
        }
    }

    /// An order that was over before a quiet reading was asked for, and stands in it, stands. In a
    /// reading that is not quiet it may have ended meanwhile.
    fn adopt_orders(&mut self, snapshot: &AccountSnapshot, quiet: bool) {
        let now_ns = self.now.mono_ns;
        for instrument in self.instruments.iter().filter(|it| it.venue == snapshot.venue) {
            let told = &mut self.told[instrument.id.index()];
            (told.foreign, told.guarded) = ([Qty::ZERO; 2], false);
        }
        for order in &snapshot.open_orders {
            if let Some(id) = order.id() {
                if quiet || !self.orders.is_over(id) {
                    self.orders.adopt(order, terms_of(order), now_ns);
                }
                continue;
            }
            let told = &mut self.told[order.instrument.index()];
            told.guarded |= order.purpose != Purpose::Opening;
            if order.purpose == Purpose::Opening {
                let open = order.qty.saturating_sub(order.cum_qty);
                let sum = &mut told.foreign[order.side.index()];
                *sum = sum.saturating_add(open);
            }
        }
    }

    /// Orders of ours whose terms a reading tells otherwise than we believe.
    pub(super) fn compare_terms(&mut self, snapshot: &AccountSnapshot, asked_ns: u64) {
        for told in &snapshot.open_orders {
            self.orders.compare_terms(told, asked_ns, self.now.mono_ns);
            self.expose(told.instrument);
        }
    }

    /// The trades of an instrument have been read as of then: one of the witnesses that an order
    /// never came (SAFETY E11).
    pub(super) fn see_trades(&mut self, instrument: InstrumentId) {
        self.orders.on_trades_read(instrument, self.trades.read_ns(instrument));
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
            let there = self.venue_of(order.terms.instrument) == snapshot.venue;
            if there && stands && !told && order.sent_ns < asked_ns {
                self.orders.doubt_absent(id, asked_ns, self.now.mono_ns);
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
