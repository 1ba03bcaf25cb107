//! The last conclusive reading of a venue's account beside what we believed when it was taken in:
//! what people and programs compare.
//!
//! Must hold: both sides are of the same instant, before anything of the reading is adopted, so
//! that a side that moves on makes no difference that is none. It is told and decides nothing:
//! what a difference means is [`super::reconcile`]'s and [`super::account_drift`]'s. No memory is
//! taken after the start.

use super::orders::Order;
use super::setup::Sharing;
use super::state::State;
use crate::types::{
    AccountSnapshot, AssetId, Cash, InstrumentId, OrderRef, OrderStatus, Price, Qty, Side, Stamp,
    VenueId, VenueOrder,
};

/// Orders that a reading is told with; those that differ come first, the rest is counted.
pub const ORDERS_TOLD_MAX: usize = 256;

/// What a venue said of its account, and what we believed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AccountReading {
    /// Whose account.
    pub venue: VenueId,
    /// When it was taken in; zero before the first one.
    pub at: Stamp,
    /// When it was asked for, monotonic nanoseconds.
    pub asked_ns: u64,
    /// Positions of every instrument there.
    pub positions: Vec<PositionRead>,
    /// Every wallet there.
    pub wallets: Vec<WalletRead>,
    /// Orders of either side.
    pub orders: Vec<OrderRead>,
    /// Orders beyond [`ORDERS_TOLD_MAX`].
    pub orders_untold: u32,
    /// Positions in instruments that the configuration does not name.
    pub unnamed_positions: u32,
    /// It holds assets that the configuration does not name.
    pub has_unnamed_assets: bool,
}

/// A position on both sides.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PositionRead {
    /// Of what.
    pub instrument: InstrumentId,
    /// What we believed; `None` where nobody believed anything yet.
    pub ours: Option<Qty>,
    /// What the venue holds.
    pub venue: Qty,
    /// The venue's average price of it; `None` while it is flat.
    pub entry: Option<Price>,
}

/// A wallet on both sides.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct WalletRead {
    /// Of what.
    pub asset: AssetId,
    /// What our own records lead to; `None` where they cannot tell.
    pub ours: Option<Cash>,
    /// What the venue says.
    pub venue: Cash,
    /// They are apart by more than `reconcile`'s tolerance.
    pub differs: bool,
}

/// An order on both sides.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct OrderRead {
    /// Whose it is.
    pub order: OrderRef,
    /// The venue's number of it, where the venue has it.
    pub venue_order_id: Option<u64>,
    /// Of what.
    pub instrument: InstrumentId,
    /// Which way.
    pub side: Side,
    /// As we know it; `None` when we do not.
    pub ours: Option<Terms>,
    /// As it stands there; `None` when it does not.
    pub venue: Option<Terms>,
    /// What the two sides make of each other.
    pub agreement: Agreement,
}

/// What of an order is compared.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Terms {
    /// At which price.
    pub price: Price,
    /// How much in all.
    pub qty: Qty,
    /// How much of it traded.
    pub cum_qty: Qty,
}

/// What two sides of an order make of each other.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Agreement {
    /// They do not agree.
    Differs,
    /// They do not, and something about it was on its way when the venue was asked.
    InFlight,
    /// Somebody else's, on an account that others use too.
    Foreign,
    /// They agree.
    Agrees,
}

impl Agreement {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Differs => "differs",
            Self::InFlight => "in flight",
            Self::Foreign => "not ours",
            Self::Agrees => "agrees",
        }
    }
}

impl PositionRead {
    /// True unless both sides say the same: a belief that nobody had does not agree either.
    pub fn differs(&self) -> bool {
        self.ours != Some(self.venue)
    }
}

impl AccountReading {
    /// Of nothing, with all the memory that a reading takes.
    pub(super) fn with_room(venue: VenueId, instruments: usize, assets: usize) -> Self {
        Self {
            venue,
            positions: Vec::with_capacity(instruments),
            wallets: Vec::with_capacity(assets),
            orders: Vec::with_capacity(ORDERS_TOLD_MAX),
            ..Self::default()
        }
    }

    /// True once there was one.
    pub fn is_told(&self) -> bool {
        self.at != Stamp::default()
    }

    /// How many things do not agree.
    pub fn differences(&self) -> usize {
        let positions = self.positions.iter().filter(|it| it.differs()).count();
        let wallets = self.wallets.iter().filter(|it| it.differs).count();
        let orders = self.orders.iter().filter(|it| it.agreement == Agreement::Differs).count();
        let unnamed = usize::from(0 < self.unnamed_positions);
        positions + wallets + orders + unnamed + usize::from(self.has_unnamed_assets)
    }

    /// Makes a copy of it the same, unless it is, in the memory that the copy has.
    pub(super) fn copy_to(&self, out: &mut Self) {
        if self.at == out.at && self.asked_ns == out.asked_ns {
            return;
        }
        let Self { venue, at, asked_ns, orders_untold, .. } = *self;
        (out.venue, out.at, out.asked_ns, out.orders_untold) = (venue, at, asked_ns, orders_untold);
        out.unnamed_positions = self.unnamed_positions;
        out.has_unnamed_assets = self.has_unnamed_assets;
        out.positions.clone_from(&self.positions);
        out.wallets.clone_from(&self.wallets);
        out.orders.clone_from(&self.orders);
    }

    /// Where there is no room, what differs takes the place of what does not.
    fn tell(&mut self, order: OrderRead) {
        if self.orders.len() < ORDERS_TOLD_MAX {
            self.orders.push(order);
            return;
        }
        self.orders_untold = self.orders_untold.saturating_add(1);
        let lesser = self.orders.iter_mut().rev().find(|it| order.agreement < it.agreement);
        if let Some(lesser) = lesser {
            *lesser = order;
        }
    }
}

/// How a reading was asked for, and whether anything was heard until it was answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asking {
    pub(super) asked_ns: u64,
    pub(super) quiet: bool,
}

impl State {
    /// Keeps both sides of a reading; before anything of it is adopted.
    pub(super) fn keep_reading(&mut self, snapshot: &AccountSnapshot, asking: Asking) {
        let at = snapshot.venue.index();
        let mut kept = std::mem::take(&mut self.readings[at]);
        (kept.venue, kept.at, kept.asked_ns) = (snapshot.venue, self.now, asking.asked_ns);
        kept.unnamed_positions = snapshot.unnamed_positions;
        kept.has_unnamed_assets = snapshot.has_unnamed_assets;
        self.read_positions(snapshot, &mut kept);
        self.read_wallets(snapshot, &mut kept);
        self.read_orders(snapshot, asking, &mut kept);
        self.readings[at] = kept;
    }

    fn read_positions(&self, snapshot: &AccountSnapshot, out: &mut AccountReading) {
        let is_known = self.portfolio.is_known(snapshot.venue);
        out.positions.clear();
        for it in self.instruments.iter().filter(|it| it.venue == snapshot.venue) {
            let held = snapshot.positions.iter().find(|held| held.instrument == it.id);
            let venue = held.map_or(Qty::ZERO, |held| held.qty);
            let ours = is_known.then(|| self.portfolio.position(it.id));
            let entry = held.filter(|held| held.qty != Qty::ZERO).map(|held| held.entry);
            out.positions.push(PositionRead { instrument: it.id, ours, venue, entry });
        }
    }

    fn read_wallets(&self, snapshot: &AccountSnapshot, out: &mut AccountReading) {
        let is_known = self.portfolio.is_known(snapshot.venue);
        out.wallets.clear();
        for asset in self.portfolio.assets_at(snapshot.venue, &self.instruments) {
            let told = snapshot.balances.iter().find(|(told, _)| *told == asset);
            let venue = told.map_or(Cash::ZERO, |(_, balance)| *balance);
            let instruments = &self.instruments;
            let ours = self.portfolio.expected_balance(asset.index(), snapshot, instruments);
            let tolerance = self.timing.balance_tolerance;
            let is_near = |ours: Cash| ours.saturating_sub(venue).abs() <= tolerance;
            let differs = is_known && !ours.is_some_and(is_near);
            out.wallets.push(WalletRead { asset, ours, venue, differs });
        }
    }

    fn read_orders(&self, snapshot: &AccountSnapshot, asking: Asking, out: &mut AccountReading) {
        out.orders.clear();
        out.orders_untold = 0;
        snapshot.open_orders.iter().for_each(|told| out.tell(self.beside(told, asking)));
        let alone = self.orders.live().filter(|order| self.is_alone(order, snapshot));
        alone.for_each(|order| out.tell(only_ours(order, asking)));
        out.orders.sort_unstable_by_key(|it| it.agreement);
    }

    /// An order of ours that is not over and does not stand in a reading of its venue.
    fn is_alone(&self, order: &Order, snapshot: &AccountSnapshot) -> bool {
        let is_here = self.venue_of(order.terms.instrument) == snapshot.venue;
        is_here && snapshot.open_orders.iter().all(|told| told.id() != Some(order.id))
    }

    /// An order of the venue beside ours. One that is over for us does not stand with us.
    fn beside(&self, told: &VenueOrder, asking: Asking) -> OrderRead {
        let venue = Terms { price: told.price, qty: told.qty, cum_qty: told.cum_qty };
        let live = |id| Some(id).filter(|id| !self.orders.is_over(*id));
        let known = told.id().and_then(live).and_then(|id| self.orders.get(id));
        let ours = known.map(terms_of);
        let moves = !asking.quiet || known.is_some_and(|order| is_moving(order, asking.asked_ns));
        let agreement = match (told.id(), ours) {
            (Some(_), Some(ours)) if ours == venue => Agreement::Agrees,
            (None, _) if self.sharing == Sharing::Shared => Agreement::Foreign,
            (None, _) => Agreement::Differs,
            (Some(_), _) if moves => Agreement::InFlight,
            (Some(_), _) => Agreement::Differs,
        };
        OrderRead {
            order: told.order,
            venue_order_id: Some(told.venue_order_id),
            instrument: told.instrument,
            side: told.side,
            ours,
            venue: Some(venue),
            agreement,
        }
    }
}

fn only_ours(order: &Order, asking: Asking) -> OrderRead {
    let moves = !asking.quiet || is_moving(order, asking.asked_ns);
    OrderRead {
        order: OrderRef::Ours(order.id),
        venue_order_id: None,
        instrument: order.terms.instrument,
        side: order.terms.side,
        ours: Some(terms_of(order)),
        venue: None,
        agreement: if moves { Agreement::InFlight } else { Agreement::Differs },
    }
}

fn terms_of(order: &Order) -> Terms {
    let cum_qty = order.cum_qty.max(order.claimed_qty);
    Terms { price: order.terms.price, qty: order.terms.qty, cum_qty }
}

/// Something about it may have changed at the venue while it was asked.
fn is_moving(order: &Order, asked_ns: u64) -> bool {
    let is_pending = match order.status {
        OrderStatus::PendingNew | OrderStatus::PendingCancel | OrderStatus::Unknown => true,
        OrderStatus::New
        | OrderStatus::PartiallyFilled
        | OrderStatus::Filled
        | OrderStatus::Canceled
        | OrderStatus::Expired
        | OrderStatus::Rejected
        | OrderStatus::NotSent => false,
    };
    let is_amended = order.amending().is_some() || asked_ns <= order.amended_ns;
    is_pending || is_amended || asked_ns <= order.sent_ns
}
