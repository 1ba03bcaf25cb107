//! Hedge groups: how much of instruments that stand against each other is not hedged, at worst
//! case, and since when (SAFETY E5).
//!
//! A leg's delta is its position at the last price, times its ratio: what a unit of its value is
//! worth in the group. The deltas of the legs add up to the group's net delta, in reporting
//! currency. At worst case every order of one direction trades and none of the other, and so do
//! reductions, because closing one leg lays the other open.
//!
//! Must hold: kept with every change, so that an order costs the same with many groups; a price
//! that is missing where something is held makes the group's net delta unknown, and unknown counts
//! as not hedged. An instrument is a leg of one group at most.
//!
//! Decision: `hedged_within` is apart from the limit. The limit must let the first leg of a pair be
//! opened before the second; the age asks whether the second came, up to lots and moves of price.

use super::exposure::Stake;
use super::setup::{HedgeGroup, OnTrip};
use crate::types::{Cash, InstrumentId, Price, Qty, Side};

/// All groups.
#[derive(Debug)]
pub(super) struct Hedges {
    groups: Vec<Group>,
    /// Where each instrument belongs, and what it counts, by `InstrumentId`.
    legs: Vec<Option<Leg>>,
}

#[derive(Debug)]
struct Group {
    terms: HedgeGroup,
    sums: Reach,
    unpriced: u32,
    /// Since when it has not been hedged.
    since_ns: Option<u64>,
    is_told: bool,
}

#[derive(Clone, Copy, Debug)]
struct Leg {
    group: usize,
    ratio_bps: i64,
    /// `None` where something is held and has no price.
    reach: Option<Reach>,
}

/// The delta that is, and how far it could go.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Reach {
    net: Cash,
    highest: Cash,
    lowest: Cash,
}

/// What stands around an order of a leg.
#[derive(Clone, Copy, Debug)]
pub(super) struct HedgeAround {
    /// The group's net delta with every order that moves it the way of this one, signed in that
    /// way: below zero while there is something to hedge. `None` while a leg has no price.
    pub(super) towards: Option<Cash>,
    /// The larger may not be.
    pub(super) net_delta_max: Cash,
    /// Up to this, either way, it counts as hedged.
    pub(super) hedged_within: Cash,
    /// What a unit of value of this leg counts in the group, basis points without its sign.
    pub(super) ratio_bps: i64,
    /// It has not been hedged for longer than it may.
    pub(super) is_late: bool,
}

/// One group as people see it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HedgeStatus {
    /// Its name in the configuration.
    pub name: String,
    /// What is not hedged, signed, in reporting currency; `None` while a leg has no price.
    pub net_delta: Option<Cash>,
    /// What a move of all its prices by one per cent against it costs.
    pub loss_per_percent: Option<Cash>,
    /// How long it has not been hedged, milliseconds; zero while it is.
    pub unhedged_ms: u64,
    /// How far the nearest liquidation of a leg is, basis points.
    pub liquidation_bps: Option<i64>,
    /// What a trip does with it.
    pub on_trip: OnTrip,
}

impl Hedges {
    pub(super) fn new(instruments: usize, groups: &[HedgeGroup]) -> Self {
        let mut legs = vec![None; instruments];
        for (group, terms) in groups.iter().enumerate() {
            for &(instrument, ratio_bps) in &terms.legs {
                let leg = Leg { group, ratio_bps, reach: Some(Reach::default()) };
                let before = legs[instrument.index()].replace(leg);
                assert!(before.is_none(), "an instrument is a leg of one group at most");
            }
        }
        let group = |terms: &HedgeGroup| Group {
            terms: terms.clone(),
            sums: Reach::default(),
            unpriced: 0,
            since_ns: None,
            is_told: false,
        };
        Self { groups: groups.iter().map(group).collect(), legs }
    }

    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    pub(super) fn terms(&self, group: usize) -> &HedgeGroup {
        &self.groups[group].terms
    }

    /// What is not hedged, signed; `None` while a leg has no price.
    pub(super) fn net_delta(&self, group: usize) -> Option<Cash> {
        self.groups[group].known().map(|reach| reach.net)
    }

    /// How long a group has not been hedged.
    pub(super) fn unhedged_ns(&self, group: usize, now_ns: u64) -> u64 {
        self.groups[group].unhedged_ns(now_ns)
    }

    /// Takes in what stands on one instrument.
    pub(super) fn set(&mut self, instrument: InstrumentId, stake: &Stake<'_>, now_ns: u64) {
        let &Stake { position, rival, open, foreign, price } = stake;
        let Some(leg) = &mut self.legs[instrument.index()] else { return };
        let held = [position, rival.unwrap_or(position)];
        let far = |side: Side| {
            let orders = open.any(side).saturating_add(foreign[side.index()]);
            let reach = held.map(|position| side.signed(position).saturating_add(orders));
            side.signed(reach[0].max(reach[1]))
        };
        let ends = [far(Side::Buy), far(Side::Sell)];
        let is_nothing = ends == [Qty::ZERO; 2] && held == [Qty::ZERO; 2];
        let delta = |price: Price, qty| price.notional(qty).checked_bps(leg.ratio_bps);
        let reach = match price {
            _ if is_nothing => Some(Reach::default()),
            None => None,
            Some(price) => {
                let [one, other] = ends.map(|end| delta(price, end));
                let net = delta(price, position);
                one.zip(other).zip(net).map(|((one, other), net)| Reach {
                    net,
                    highest: one.max(other),
                    lowest: one.min(other),
                })
            }
        };
        let before = std::mem::replace(&mut leg.reach, reach);
        self.groups[leg.group].exchange(before, reach, now_ns);
    }

    /// What stands around an order; `None` where the instrument is no leg.
    pub(super) fn around(
        &self,
        instrument: InstrumentId,
        side: Side,
        now_ns: u64,
    ) -> Option<HedgeAround> {
        let leg = self.legs[instrument.index()].as_ref()?;
        let group = &self.groups[leg.group];
        let rises = (side == Side::Buy) == (0 < leg.ratio_bps);
        let towards = group.known().map(|it| if rises { it.highest } else { it.lowest.negated() });
        Some(HedgeAround {
            towards,
            net_delta_max: group.terms.net_delta_max,
            hedged_within: group.terms.hedged_within,
            ratio_bps: leg.ratio_bps.abs(),
            is_late: group.is_late(now_ns),
        })
    }

    /// A group that has become late and that nobody has been told of.
    pub(super) fn take_late(&mut self, now_ns: u64) -> Option<usize> {
        let late = |group: &Group| !group.is_told && group.is_late(now_ns);
        let at = self.groups.iter().position(late)?;
        self.groups[at].is_told = true;
        Some(at)
    }

    /// How much of each leg stays when the group is brought as near to zero as reductions alone
    /// can: legs that are too large are cut, in their order. Nothing while a leg has no price.
    pub(super) fn kept(
        &self,
        group: usize,
        position: impl Fn(InstrumentId) -> Qty,
    ) -> impl Iterator<Item = (InstrumentId, Qty)> {
        let group = &self.groups[group];
        let net = group.known().map_or(Cash::ZERO, |reach| reach.net);
        let mut over = net;
        group.terms.legs.iter().filter_map(move |&(instrument, _)| {
            let delta = self.legs[instrument.index()]?.reach?.net;
            let is_over = (Cash::ZERO < delta) == (Cash::ZERO < net) && delta != Cash::ZERO;
            if over == Cash::ZERO || !is_over {
                return None;
            }
            let cut = over.abs().min(delta.abs());
            over = over.abs().saturating_sub(cut);
            let held = position(instrument).abs();
            let rest = delta.abs().saturating_sub(cut);
            let part = Cash::from_units(held.units().into());
            let kept = part.checked_ratio(rest.units(), delta.abs().units())?;
            let kept = i64::try_from(kept.units()).map(Qty::from_units).unwrap_or(held);
            (kept < held).then_some((instrument, kept))
        })
    }
}

impl Group {
    fn exchange(&mut self, before: Option<Reach>, after: Option<Reach>, now_ns: u64) {
        let (old, new) = (before.unwrap_or_default(), after.unwrap_or_default());
        let moved = |sum: Cash, old: Cash, new: Cash| sum.saturating_sub(old).saturating_add(new);
        let sums = &mut self.sums;
        sums.net = moved(sums.net, old.net, new.net);
        sums.highest = moved(sums.highest, old.highest, new.highest);
        sums.lowest = moved(sums.lowest, old.lowest, new.lowest);
        self.unpriced = self.unpriced - u32::from(before.is_none()) + u32::from(after.is_none());
        let within = self.terms.hedged_within;
        if self.known().is_some_and(|reach| reach.net.abs() <= within) {
            (self.since_ns, self.is_told) = (None, false);
        } else {
            self.since_ns.get_or_insert(now_ns);
        }
    }

    fn known(&self) -> Option<Reach> {
        (self.unpriced == 0).then_some(self.sums)
    }

    fn unhedged_ns(&self, now_ns: u64) -> u64 {
        self.since_ns.map_or(0, |since_ns| now_ns.saturating_sub(since_ns))
    }

    fn is_late(&self, now_ns: u64) -> bool {
        self.terms.unhedged_ns_max < self.unhedged_ns(now_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::orders::Open;
    use proptest::prelude::*;

    const BTC: InstrumentId = InstrumentId(0);
    const ETH: InstrumentId = InstrumentId(1);

    fn group(ratio_bps: i64) -> HedgeGroup {
        HedgeGroup {
            name: "pair".to_owned(),
            legs: vec![(BTC, 10_000), (ETH, ratio_bps)],
            net_delta_max: Cash::whole(500),
            hedged_within: Cash::whole(10),
            unhedged_ns_max: 50,
            on_trip: OnTrip::Hold,
        }
    }

    fn hold(hedges: &mut Hedges, of: InstrumentId, qty: i32, price: Option<i32>, now_ns: u64) {
        let (position, price) = (Qty::whole(qty), price.map(Price::whole));
        let (open, foreign) = (&Open::default(), [Qty::ZERO; 2]);
        hedges.set(of, &Stake { position, rival: None, open, foreign, price }, now_ns);
    }

    fn towards(hedges: &Hedges, of: InstrumentId, side: Side) -> Option<Cash> {
        hedges.around(of, side, 0).unwrap().towards
    }

    #[test]
    fn legs_add_up_by_their_ratios() {
        let mut hedges = Hedges::new(3, &[group(5_000)]);
        hold(&mut hedges, BTC, 3, Some(100), 0);
        hold(&mut hedges, ETH, -40, Some(10), 0);
        assert_eq!(hedges.net_delta(0), Some(Cash::whole(100)), "300 less half of 400");
        assert_eq!(towards(&hedges, BTC, Side::Buy), Some(Cash::whole(100)));
        assert_eq!(towards(&hedges, ETH, Side::Sell), Some(Cash::whole(-100)));
        assert!(hedges.around(InstrumentId(2), Side::Buy, 0).is_none(), "it is no leg");
        let mut inverse = Hedges::new(2, &[group(-10_000)]);
        hold(&mut inverse, ETH, 4, Some(10), 0);
        assert_eq!(inverse.net_delta(0), Some(Cash::whole(-40)));
        assert_eq!(towards(&inverse, ETH, Side::Buy), Some(Cash::whole(40)));
        assert_eq!(towards(&inverse, BTC, Side::Buy), Some(Cash::whole(-40)));
    }

    #[test]
    fn orders_of_others_and_a_position_in_doubt_count_at_worst_case() {
        let mut hedges = Hedges::new(2, &[group(10_000)]);
        let (open, foreign) = (&Open::default(), [Qty::whole(2), Qty::whole(5)]);
        let (position, rival) = (Qty::whole(1), Some(Qty::whole(3)));
        let price = Some(Price::whole(10));
        hedges.set(BTC, &Stake { position, rival, open, foreign, price }, 0);
        assert_eq!(hedges.net_delta(0), Some(Cash::whole(10)));
        assert_eq!(towards(&hedges, BTC, Side::Buy), Some(Cash::whole(50)));
        assert_eq!(towards(&hedges, ETH, Side::Sell), Some(Cash::whole(40)));
    }

    #[test]
    fn its_age_runs_from_the_moment_that_it_is_not_hedged() {
        let mut hedges = Hedges::new(2, &[group(10_000)]);
        hold(&mut hedges, BTC, 1, Some(10), 5);
        assert_eq!(hedges.take_late(1_000), None, "ten is within");
        hold(&mut hedges, BTC, 1, Some(11), 100);
        hold(&mut hedges, BTC, 1, Some(12), 120);
        assert_eq!((hedges.unhedged_ns(0, 150), hedges.take_late(150)), (50, None));
        assert_eq!((hedges.take_late(151), hedges.take_late(152)), (Some(0), None));
        assert!(hedges.around(BTC, Side::Buy, 152).unwrap().is_late);
        hold(&mut hedges, ETH, -1, Some(12), 160);
        assert_eq!(hedges.unhedged_ns(0, 170), 0);
        hold(&mut hedges, ETH, -1, None, 200);
        assert_eq!((hedges.net_delta(0), hedges.take_late(251)), (None, Some(0)));
    }

    #[test]
    fn completing_cuts_the_leg_that_is_too_large_and_opens_none() {
        let mut hedges = Hedges::new(2, &[group(10_000)]);
        let kept = |hedges: &Hedges, btc: i32, eth: i32| -> Vec<(InstrumentId, Qty)> {
            let held = |of| Qty::whole(if of == BTC { btc } else { eth });
            hedges.kept(0, held).collect()
        };
        hold(&mut hedges, BTC, 4, Some(100), 0);
        hold(&mut hedges, ETH, -10, Some(10), 0);
        assert_eq!(kept(&hedges, 4, -10), [(BTC, Qty::whole(1))]);
        hold(&mut hedges, ETH, 10, Some(10), 0);
        assert_eq!(kept(&hedges, 4, 10), [(BTC, Qty::ZERO), (ETH, Qty::ZERO)]);
        hold(&mut hedges, ETH, -60, Some(10), 0);
        assert_eq!(kept(&hedges, 4, -60), [(ETH, Qty::whole(40))]);
        hold(&mut hedges, BTC, 6, Some(100), 0);
        assert_eq!(kept(&hedges, 6, -60), []);
        hold(&mut hedges, BTC, 6, None, 0);
        assert_eq!(kept(&hedges, 6, -60), [], "nobody knows which leg is too large");
    }

    proptest! {
        /// The sums that are kept are the sums that would be made anew.
        #[test]
        fn sums_never_drift(
            steps in proptest::collection::vec(
                (any::<bool>(), -9_i32..9, proptest::option::of(1_i32..99)), 1..60),
        ) {
            let mut hedges = Hedges::new(2, &[group(-5_000)]);
            let mut last = [(0, Some(1)); 2];
            for (is_eth, qty, price) in steps {
                let of = if is_eth { ETH } else { BTC };
                hold(&mut hedges, of, qty, price, 0);
                last[of.index()] = (qty, price);
                let mut anew = Hedges::new(2, &[group(-5_000)]);
                [BTC, ETH].into_iter().zip(last).for_each(|(of, (qty, price))| {
                    hold(&mut anew, of, qty, price, 0);
                });
                prop_assert_eq!(hedges.groups[0].known(), anew.groups[0].known());
            }
        }
    }
}
