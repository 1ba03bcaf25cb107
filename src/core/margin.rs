//! What positions and orders need of the margin of each account, kept with every change, and what
//! stands against it (SAFETY P17, E7). Cross accounts of contracts: one pool per venue and
//! settlement asset.
//!
//! Must hold: every order that is not over counts at its worst case; a size that cannot be priced,
//! or whose tiers are not known, makes the sums of its pool unknown; what the venue said is free is
//! never believed to be more than that, less what was lost and taken up since.
//!
//! Decision: what the venue calls available is as old as the reading, and some of our orders were
//! in it and some were not. It is therefore kept together with a lower bound of what the venue had
//! reserved then (positions and orders that stood before the question and still stand, with nothing
//! asked of them): both together bound what all of ours may need now. Counting every order since
//! the reading instead would deny a quoter on a small account that only replaces its quotes.

use super::exposure::Stake;
use super::orders::Order;
use super::setup::MarginLimits;
use crate::types::{
    AccountMargin, AssetId, Cash, Instrument, InstrumentId, InstrumentKind, InstrumentMargin,
    OrderStatus, PPM, Price, Purpose, Qty, Side, Size, VenueId,
};

/// Basis points of all.
const BPS: i128 = 10_000;

/// The margin of every account.
#[derive(Debug)]
pub(super) struct Margins {
    limits: MarginLimits,
    pools: Vec<Pool>,
    /// By instrument.
    lines: Vec<Line>,
}

/// What stands behind all contracts of one venue that are settled in one asset.
#[derive(Debug)]
struct Pool {
    venue: VenueId,
    asset: AssetId,
    told: Option<Told>,
    sums: Needs,
    /// Maintenance margin of what is held, orders left out.
    held: Cash,
    /// Instruments whose needs cannot be told.
    unknown: u32,
}

/// The venue's word, as of its reading.
#[derive(Clone, Copy, Debug)]
struct Told {
    /// What could be reserved: what was free, and what was reserved for ours at least.
    opening: Cash,
    balance: Cash,
    /// What we held the pool to be worth then.
    worth: Option<Cash>,
}

/// One instrument.
#[derive(Debug)]
struct Line {
    /// `None` where nothing needs margin (spot).
    pool: Option<usize>,
    setup: Option<InstrumentMargin>,
    /// It differs from what was read before, and nobody has looked at it.
    is_news: bool,
    /// The largest |position| that its orders could make of it.
    worst: Qty,
    needs: Option<Needs>,
    /// Notional and maintenance margin of what is held.
    held: Option<Held>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Held {
    notional: Cash,
    maintenance: Cash,
    is_short: bool,
}

/// What positions of a size need.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Needs {
    /// To be opened, with the fee of trading all of it.
    pub(super) initial: Cash,
    /// Not to be liquidated.
    pub(super) maintenance: Cash,
    /// The same after the configured move against it, with what that move costs.
    pub(super) stressed: Cash,
}

/// What an account carries now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Funds {
    /// Initial margin of all positions and orders.
    pub(super) opening: Cash,
    /// What stands between the account and its liquidation.
    pub(super) balance: Cash,
}

/// What stands around an order of one instrument.
#[derive(Clone, Copy, Debug)]
pub(super) struct MarginAround<'a> {
    pub(super) setup: Option<&'a InstrumentMargin>,
    pub(super) funds: Option<Funds>,
    /// Of all instruments of the pool; `None` while one cannot be told.
    pub(super) sums: Option<&'a Needs>,
    /// Of this one, in `sums`.
    pub(super) own: &'a Needs,
    pub(super) worst: Qty,
}

impl Margins {
    pub(super) fn new(instruments: &[Instrument], limits: MarginLimits) -> Self {
        let mut pools: Vec<Pool> = Vec::new();
        let line = |instrument: &Instrument| {
            let (venue, asset) = (instrument.venue, instrument.settle);
            let known = pools.iter().position(|pool| pool.venue == venue && pool.asset == asset);
            let pool = known.unwrap_or_else(|| {
                pools.push(Pool::new(venue, asset));
                pools.len() - 1
            });
            let pool = (instrument.kind == InstrumentKind::Perpetual).then_some(pool);
            Line {
                pool,
                setup: None,
                is_news: false,
                worst: Qty::ZERO,
                needs: Some(Needs::default()),
                held: Some(Held::default()),
            }
        };
        let lines = instruments.iter().map(line).collect();
        Self { limits, pools, lines }
    }

    /// Takes in what stands on one instrument.
    pub(super) fn set(&mut self, instrument: InstrumentId, stake: &Stake<'_>) {
        let &Stake { position, rival, open, foreign, price } = stake;
        let line = &mut self.lines[instrument.index()];
        let Some(pool) = line.pool else { return };
        let rival = rival.unwrap_or(position);
        let reach = |side: Side, held: Qty| {
            open.reach(side, held, foreign[side.index()], Qty::ZERO).unwrap_or(Qty::MAX)
        };
        let far = |side: Side| reach(side, position).max(reach(side, rival));
        line.worst = far(Side::Buy).max(far(Side::Sell));
        let position = if position.abs() < rival.abs() { rival } else { position };
        let needs = line.needs_of(line.worst, price, &self.limits);
        let held = line.held_of(position, price);
        let before = std::mem::replace(&mut line.needs, needs);
        let held_before = std::mem::replace(&mut line.held, held);
        self.pools[pool].exchange((before, needs), [held_before, held]);
    }

    /// The venue's word of its account, or that it said none. `stood` is the notional that it must
    /// have counted of each instrument, and `worth` what we hold a pool to be worth.
    pub(super) fn on_read(
        &mut self,
        venue: VenueId,
        margin: Option<&AccountMargin>,
        stood: impl Fn(InstrumentId) -> Cash,
        worth: impl Fn(AssetId) -> Option<Cash>,
    ) {
        let Self { pools, lines, .. } = self;
        for (at, pool) in pools.iter_mut().enumerate().filter(|(_, pool)| pool.venue == venue) {
            let mut reserved = Cash::ZERO;
            let here = lines.iter().filter(|line| line.pool == Some(at));
            for setup in here.filter_map(|line| line.setup) {
                let stood = stood(setup.instrument);
                let counted = setup.tiers.and_then(|it| it.initial(stood, setup.leverage));
                reserved = reserved.saturating_add(counted.unwrap_or(Cash::ZERO));
            }
            let wallets = margin.into_iter().flat_map(|margin| &margin.wallets);
            let wallet = wallets.into_iter().find(|wallet| wallet.asset == pool.asset);
            pool.told = wallet.and_then(|wallet| {
                let opening = wallet.available.checked_add(reserved)?.min(wallet.balance);
                Some(Told { opening, balance: wallet.balance, worth: worth(pool.asset) })
            });
        }
    }

    /// How a venue's instruments are set up there; what it did not tell is not known any more.
    pub(super) fn set_up(&mut self, venue: VenueId, margin: Option<&AccountMargin>) {
        let Self { pools, lines, .. } = self;
        for (line, id) in lines.iter_mut().zip((0..).map(InstrumentId)) {
            if line.pool.is_none_or(|pool| pools[pool].venue != venue) {
                continue;
            }
            let rows = margin.into_iter().flat_map(|margin| &margin.instruments);
            let row = rows.into_iter().find(|row| row.instrument == id).copied();
            let how = |row: InstrumentMargin| (row.leverage, row.mode);
            line.is_news |= row.map(how) != line.setup.map(how);
            line.setup = row;
        }
    }

    /// So much came into a pool since its reading, and no reading has told of it.
    pub(super) fn on_deposit(&mut self, venue: VenueId, asset: AssetId, amount: Cash) {
        let there = |pool: &&mut Pool| pool.venue == venue && pool.asset == asset;
        for told in self.pools.iter_mut().filter(there).filter_map(|pool| pool.told.as_mut()) {
            told.opening = told.opening.saturating_add(amount);
            told.balance = told.balance.saturating_add(amount);
            told.worth = told.worth.map(|worth| worth.saturating_add(amount));
        }
    }

    /// How an instrument is set up at the venue, when that has changed since the last look.
    pub(super) fn take_news(&mut self, instrument: InstrumentId) -> Option<InstrumentMargin> {
        let line = &mut self.lines[instrument.index()];
        let setup = line.setup;
        setup.filter(|_| std::mem::take(&mut line.is_news))
    }

    /// What stands around an order. `worth` is what we hold its pool to be worth now.
    pub(super) fn around(
        &self,
        instrument: InstrumentId,
        worth: impl Fn(VenueId, AssetId) -> Option<Cash>,
    ) -> MarginAround<'_> {
        let line = &self.lines[instrument.index()];
        let pool = line.pool.map(|pool| &self.pools[pool]);
        MarginAround {
            setup: line.setup.as_ref(),
            funds: pool.and_then(|pool| pool.funds(worth(pool.venue, pool.asset))),
            sums: pool.filter(|pool| pool.unknown == 0).map(|pool| &pool.sums),
            own: line.needs.as_ref().unwrap_or(&Needs::NOTHING),
            worst: line.worst,
        }
    }

    /// True for a part of the balance, in basis points, beyond which a person is told.
    pub(super) fn is_stretched(&self, ratio_bps: i64) -> bool {
        i64::from(self.limits.ratio_bps_warn) < ratio_bps
    }

    /// A pool of which the venue told and that could not be valued when it did, by its asset.
    pub(super) fn lacking_worth(&self, venue: VenueId) -> Option<AssetId> {
        let there = self.pools.iter().filter(|pool| pool.venue == venue);
        let lacking = |pool: &&Pool| pool.told.is_some_and(|told| told.worth.is_none());
        there.filter(lacking).map(|pool| pool.asset).next()
    }

    /// How much of a venue's balance its positions need, in basis points; the largest of its pools.
    pub(super) fn ratio_bps(
        &self,
        venue: VenueId,
        worth: impl Fn(VenueId, AssetId) -> Option<Cash>,
    ) -> Option<i64> {
        let there = self.pools.iter().filter(|pool| pool.venue == venue);
        there.filter_map(|pool| pool.ratio_bps(&worth)).max()
    }

    /// How far the price of an instrument is from the liquidation of its position if nothing else
    /// moved, in basis points of it; `None` where nothing is held, a long cannot be liquidated, or
    /// it cannot be told.
    pub(super) fn liquidation_bps(
        &self,
        instrument: InstrumentId,
        worth: impl Fn(VenueId, AssetId) -> Option<Cash>,
    ) -> Option<i64> {
        let line = &self.lines[instrument.index()];
        let held = line.held.filter(|held| Cash::ZERO < held.notional)?;
        let pool = &self.pools[line.pool?];
        let funds = pool.funds(worth(pool.venue, pool.asset))?;
        if 0 < pool.unknown {
            return None;
        }
        let left = funds.balance.saturating_sub(pool.held).max(Cash::ZERO);
        // A short grows with the price that hurts it, and needs more for that.
        let tiers = line.setup.as_ref()?.tiers.as_ref()?;
        let tier = tiers.as_slice().iter().find(|tier| held.notional <= tier.notional_max)?;
        let grows = if held.is_short { i128::from(tier.maintenance_ppm) } else { 0 };
        let distance = left.checked_ratio(BPS * PPM, held.notional.units())?;
        let bps = i64::try_from(distance.units() / (PPM + grows)).ok()?;
        (held.is_short || bps < 10_000).then_some(bps)
    }
}

impl MarginAround<'_> {
    /// What the whole pool needs when the position of this instrument could become one of that
    /// notional; `None` when that cannot be told.
    pub(super) fn with(&self, notional: Cash, limits: &MarginLimits) -> Option<Needs> {
        let needs = Needs::of(self.setup?, notional, limits)?;
        let sums = self.sums?;
        let after = |sum: Cash, own: Cash, new: Cash| sum.checked_sub(own)?.checked_add(new);
        Some(Needs {
            initial: after(sums.initial, self.own.initial, needs.initial)?,
            maintenance: after(sums.maintenance, self.own.maintenance, needs.maintenance)?,
            stressed: after(sums.stressed, self.own.stressed, needs.stressed)?,
        })
    }
}

impl Needs {
    pub(super) const NOTHING: Self =
        Self { initial: Cash::ZERO, maintenance: Cash::ZERO, stressed: Cash::ZERO };

    /// What a position of that notional needs.
    fn of(setup: &InstrumentMargin, notional: Cash, limits: &MarginLimits) -> Option<Self> {
        if notional == Cash::ZERO {
            return Some(Self::default());
        }
        let (tiers, size) = (setup.tiers.as_ref()?, Size::of(notional)?);
        let step = tiers.step(notional)?;
        let (fee, loss) = (size.ppm(limits.fee_centi_bps), size.bps(limits.liquidation_bps_min));
        let stressed = tiers.maintenance(notional.checked_add(loss)?)?;
        Some(Self {
            initial: step.initial(size, setup.leverage)?.checked_add(fee)?,
            maintenance: step.maintenance(size),
            stressed: stressed.checked_add(loss)?,
        })
    }

    fn exchange(&mut self, before: Self, after: Self) {
        let moved = |sum: Cash, old: Cash, new: Cash| sum.saturating_sub(old).saturating_add(new);
        self.initial = moved(self.initial, before.initial, after.initial);
        self.maintenance = moved(self.maintenance, before.maintenance, after.maintenance);
        self.stressed = moved(self.stressed, before.stressed, after.stressed);
    }
}

impl Line {
    fn needs_of(&self, worst: Qty, price: Option<Price>, limits: &MarginLimits) -> Option<Needs> {
        if worst == Qty::ZERO {
            return Some(Needs::default());
        }
        Needs::of(self.setup.as_ref()?, price?.notional(worst), limits)
    }

    fn held_of(&self, position: Qty, price: Option<Price>) -> Option<Held> {
        if position == Qty::ZERO {
            return Some(Held::default());
        }
        let notional = price?.notional(position.abs());
        let maintenance = self.setup.as_ref()?.tiers.as_ref()?.maintenance(notional)?;
        Some(Held { notional, maintenance, is_short: position < Qty::ZERO })
    }
}

impl Pool {
    fn new(venue: VenueId, asset: AssetId) -> Self {
        let (sums, held) = (Needs::default(), Cash::ZERO);
        Self { venue, asset, told: None, sums, held, unknown: 0 }
    }

    /// Exact, as the sums of exposures are.
    fn exchange(&mut self, (old, new): (Option<Needs>, Option<Needs>), held: [Option<Held>; 2]) {
        self.sums.exchange(old.unwrap_or_default(), new.unwrap_or_default());
        let [before, after] = held.map(|held| held.unwrap_or_default().maintenance);
        self.held = self.held.saturating_sub(before).saturating_add(after);
        self.unknown = self.unknown - u32::from(old.is_none()) + u32::from(new.is_none());
    }

    /// What was gained since the reading does not count, and what was lost does.
    fn funds(&self, worth: Option<Cash>) -> Option<Funds> {
        let told = self.told?;
        let lost = told.worth?.checked_sub(worth?)?.max(Cash::ZERO);
        let [opening, balance] = [told.opening, told.balance].map(|it| it.checked_sub(lost));
        Some(Funds { opening: opening?, balance: balance? })
    }

    fn ratio_bps(&self, worth: &impl Fn(VenueId, AssetId) -> Option<Cash>) -> Option<i64> {
        let funds = self.funds(worth(self.venue, self.asset)).filter(|_| self.unknown == 0)?;
        if self.held == Cash::ZERO {
            return Some(0);
        }
        if funds.balance <= Cash::ZERO {
            return Some(i64::MAX);
        }
        let ratio = self.held.checked_ratio(BPS, funds.balance.units())?;
        Some(i64::try_from(ratio.units()).unwrap_or(i64::MAX))
    }
}

/// A lower bound of the notional that a venue must have counted of one instrument when it was asked
/// at `asked_ns`: what was held before and still is, and opening orders that stood before and still
/// stand with nothing asked of them. `told` is the position in the answer; `foreign` the notional
/// of orders that are not ours, by side.
pub(super) fn stood<'a>(
    orders: impl Iterator<Item = &'a Order>,
    asked_ns: u64,
    positions: [Qty; 2],
    foreign: [Cash; 2],
    bid: Price,
) -> Cash {
    let [ours, told] = positions;
    let both = |side: Side| side.signed(ours).min(side.signed(told)).max(Qty::ZERO);
    let mut ordered = foreign;
    let stands = |order: &&Order| {
        let known = matches!(order.status, OrderStatus::New | OrderStatus::PartiallyFilled);
        let opening = order.terms.purpose == Purpose::Opening;
        let is_same = order.amend.is_none() && order.amended_ns < asked_ns;
        known && opening && is_same && order.sent_ns < asked_ns && order.canceled_ns.is_none()
    };
    for order in orders.filter(stands) {
        let sum = &mut ordered[order.terms.side.index()];
        *sum = sum.saturating_add(order.terms.price.min(bid).notional(order.remaining()));
    }
    let side = |side: Side| {
        let held = bid.notional(both(side)).saturating_sub(bid.notional(both(side.opposite())));
        held.saturating_add(ordered[side.index()])
    };
    side(Side::Buy).max(side(Side::Sell)).max(Cash::ZERO)
}
