//! Exchange-first reconciliation: the venue is right, we say what we had wrong.
//!
//! Before each reading the trades that no stream told are asked for (`trades`), so that what was
//! missed is found by its id. A reading takes time, and trades may happen meanwhile: a difference
//! counts only when nothing was heard of our orders between question and answer, and it is adopted
//! when a second such reading says the same. Until then nothing new is opened (DESIGN idea 5).
//!
//! Must hold: deterministic: same inputs, same findings. An answer to an older question than the
//! last is dropped. An order that is missing from a reading is asked after, never given up on it.

use super::effect::{Command, Effect, Effects};
use super::orders::Orders;
use super::portfolio::Portfolio;
use super::setup::Timing;
use crate::types::{
    AccountSnapshot, AssetId, Cash, ClientOrderId, Instrument, InstrumentId, MS, Qty, QueryToken,
    VenueId,
};

/// One difference between the venue's account and ours, with both values.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Finding {
    /// A position differs.
    Position {
        /// Of what.
        instrument: InstrumentId,
        /// What we believed.
        ours: Qty,
        /// What the venue holds.
        venue: Qty,
    },
    /// A wallet differs by more than rounding.
    Balance {
        /// Of what.
        asset: AssetId,
        /// What we believed.
        ours: Cash,
        /// What the venue holds.
        venue: Cash,
    },
    /// An order of ours stands at the venue and was not known here.
    Orphan {
        /// Which.
        id: ClientOrderId,
    },
    /// Orders that are not ours stand at the venue.
    ForeignOrders {
        /// Of what.
        instrument: InstrumentId,
        /// How many.
        count: u32,
    },
    /// The account holds positions in instruments that the configuration does not name.
    UnnamedPositions {
        /// How many.
        count: u32,
    },
    /// The account holds assets that the configuration does not name: equity is unknown.
    UnnamedAssets,
}

/// What a reading means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    /// An answer to a question that is not open.
    Dropped,
    /// Trades happened meanwhile: asked again.
    Inconclusive,
    /// It differs, once: nothing new is opened until it is read again.
    Suspect,
    /// It is proven.
    Proven {
        /// Wallets and positions are to be taken over.
        adopt: bool,
        /// Nothing was heard between question and answer.
        quiet: bool,
        /// Differences that were found.
        findings: u32,
    },
}

/// Differences kept per reading; more than these are counted with the last.
const FINDINGS_MAX: usize = 64;

/// So many times the interval without a conclusive reading, and nothing is proven any more: the
/// venue's silence is no answer.
const LAPSE_INTERVALS: u64 = 3;

/// How soon an inconclusive or suspect reading is repeated, and the least time between two
/// questions.
const AGAIN_NS: u64 = 200 * MS;

/// Over time one reading in so long, and so many at once after a quiet time: a reading is several
/// requests, and the venue counts them. On Binance it weighs 60, and one more for each symbol now
/// and then (venue sheet section 3), so twenty in the busiest minute are 1,200 of its 2,400.
///
/// Decision: no whole second. A flatten tries again every second, and what is heard of it makes a
/// reading that was asked at the same instant inconclusive: in step with it no reading would ever
/// count.
const READING_NS: u64 = 5_050 * MS;
const READINGS_AT_ONCE: u64 = 8;

/// So many inconclusive readings in a row stop new risk: a truth that is never proven is none.
const INCONCLUSIVE_MAX: u32 = 25;

/// Questions and answers about one venue's account.
#[derive(Debug)]
pub(super) struct Reconciler {
    venue: VenueId,
    timing: Timing,
    token: QueryToken,
    asked: Option<Asked>,
    next_ns: u64,
    last_asked_ns: Option<u64>,
    /// The readings that were asked for are paid for when it is as late as this.
    paid_ns: u64,
    /// The reading under way will not be the last for long.
    again: bool,
    proven: bool,
    proven_ns: u64,
    inconclusive: u32,
    found: Vec<Finding>,
    findings: Vec<Finding>,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    at_ns: u64,
    activity: u64,
}

impl Reconciler {
    pub(super) fn new(venue: VenueId, timing: Timing) -> Self {
        Self {
            venue,
            timing,
            token: QueryToken(0),
            asked: None,
            next_ns: u64::MAX,
            last_asked_ns: None,
            paid_ns: 0,
            again: false,
            proven: false,
            proven_ns: 0,
            inconclusive: 0,
            found: Vec::with_capacity(FINDINGS_MAX),
            findings: Vec::with_capacity(FINDINGS_MAX),
        }
    }

    /// True while the account is proven to be what we believe.
    pub(super) fn is_proven(&self) -> bool {
        self.proven
    }

    /// Number of the last question.
    pub(super) fn token(&self) -> QueryToken {
        self.token
    }

    /// When the open question was asked.
    pub(super) fn asked_ns(&self) -> Option<u64> {
        self.asked.map(|asked| asked.at_ns)
    }

    /// Nothing is proven any more; nobody is asked before [`Self::ask_now`].
    pub(super) fn on_link_down(&mut self) {
        self.proven = false;
        self.asked = None;
        self.next_ns = u64::MAX;
        self.findings.clear();
    }

    /// The next step asks.
    pub(super) fn ask_now(&mut self) {
        self.asked = None;
        self.next_ns = 0;
    }

    /// Something changed that only a reading tells; one under way is let finish first, so that
    /// changes that keep coming cannot keep every answer from counting.
    pub(super) fn ask_soon(&mut self) {
        if self.asked.is_none() && self.next_ns != u64::MAX {
            self.next_ns = 0;
        } else {
            self.again = true;
        }
    }

    /// Something shows that we missed a part: nothing new until a reading.
    pub(super) fn doubt(&mut self) {
        self.proven = false;
        self.ask_now();
    }

    /// The question could not be answered.
    pub(super) fn on_failed(&mut self, token: QueryToken, now_ns: u64) {
        if token == self.token && self.asked.take().is_some() {
            self.next_ns = now_ns.saturating_add(AGAIN_NS.saturating_mul(5));
        }
    }

    /// What was proven too long ago is proven no more.
    pub(super) fn lapse(&mut self, now_ns: u64) {
        let timeout_ns = self.timing.reconcile_timeout_ns;
        let lapse_ns = self.timing.reconcile_ns.saturating_mul(LAPSE_INTERVALS);
        self.proven &= now_ns.saturating_sub(self.proven_ns) <= lapse_ns.saturating_add(timeout_ns);
    }

    /// Whether to ask: when it is time. What was asked was due, and is until it is answered.
    pub(super) fn is_due(&self, now_ns: u64) -> bool {
        let timeout_ns = self.timing.reconcile_timeout_ns;
        let waiting =
            self.asked.is_some_and(|asked| now_ns.saturating_sub(asked.at_ns) < timeout_ns);
        let early = |asked: u64| now_ns < asked.saturating_add(AGAIN_NS);
        let credit_ns = READING_NS * (READINGS_AT_ONCE - 1);
        let spent = now_ns.saturating_add(credit_ns) < self.paid_ns;
        let paced = spent || self.last_asked_ns.is_some_and(early);
        !waiting && !paced && self.next_ns <= now_ns
    }

    /// Asks.
    pub(super) fn ask(&mut self, now_ns: u64, activity: u64, effects: &mut Effects) {
        self.last_asked_ns = Some(now_ns);
        self.paid_ns = self.paid_ns.max(now_ns).saturating_add(READING_NS);
        self.token = QueryToken(self.token.0.wrapping_add(1));
        self.asked = Some(Asked { at_ns: now_ns, activity });
        let (venue, token) = (self.venue, self.token);
        effects.push(Effect::Send(Command::QueryAccount { venue, token }));
    }

    /// Compares a reading with what we believe. The first reading of all is taken over as it is:
    /// there was no belief to differ from.
    pub(super) fn on_snapshot(
        &mut self,
        snapshot: &AccountSnapshot,
        portfolio: &Portfolio,
        orders: &Orders,
        instruments: &[Instrument],
        now_ns: u64,
        activity: u64,
    ) -> Verdict {
        let asked = self.asked.filter(|_| snapshot.token == self.token);
        let Some(asked) = asked else { return Verdict::Dropped };
        self.asked = None;
        self.compare(snapshot, portfolio, orders, instruments);
        let quiet = asked.activity == activity;
        let differs = !portfolio.is_known(self.venue) || differences(&self.found).next().is_some();
        if differs && !quiet {
            self.inconclusive = self.inconclusive.saturating_add(1);
            self.proven &= self.inconclusive < INCONCLUSIVE_MAX;
            self.next_ns = now_ns.saturating_add(AGAIN_NS);
            return Verdict::Inconclusive;
        }
        self.inconclusive = 0;
        let known = differences(&self.found).eq(differences(&self.findings));
        let first = !portfolio.is_known(self.venue);
        std::mem::swap(&mut self.findings, &mut self.found);
        if differs && !known && !first {
            self.proven = false;
            self.next_ns = now_ns.saturating_add(AGAIN_NS);
            return Verdict::Suspect;
        }
        (self.proven, self.proven_ns) = (true, now_ns);
        let again = std::mem::take(&mut self.again);
        let wait_ns = if again { AGAIN_NS } else { self.timing.reconcile_ns };
        self.next_ns = now_ns.saturating_add(wait_ns);
        let count = differences(&self.findings).count();
        let findings = u32::try_from(count).unwrap_or(u32::MAX);
        Verdict::Proven { adopt: differs, quiet, findings }
    }

    /// The findings of the last conclusive reading.
    pub(super) fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// Differences were adopted: the next reading begins from agreement.
    pub(super) fn forget_differences(&mut self) {
        self.findings.retain(|finding| !finding.is_difference());
    }

    fn compare(
        &mut self,
        snapshot: &AccountSnapshot,
        portfolio: &Portfolio,
        orders: &Orders,
        instruments: &[Instrument],
    ) {
        self.found.clear();
        let here = self.venue;
        for instrument in instruments.iter().filter(|it| it.venue == here) {
            let held = snapshot.positions.iter().find(|held| held.instrument == instrument.id);
            let venue = held.map_or(Qty::ZERO, |held| held.qty);
            let (ours, instrument) = (portfolio.position(instrument.id), instrument.id);
            if ours != venue {
                self.find(Finding::Position { instrument, ours, venue });
            }
            let foreign = snapshot.open_orders.iter();
            let foreign =
                foreign.filter(|order| order.instrument == instrument && order.id().is_none());
            let count = u32::try_from(foreign.count()).unwrap_or(u32::MAX);
            if 0 < count {
                self.find(Finding::ForeignOrders { instrument, count });
            }
        }
        let known = portfolio.is_known(here);
        for asset in portfolio.assets_at(here, instruments).filter(|_| known) {
            let told = snapshot.balances.iter().find(|(told, _)| *told == asset);
            let venue = told.map_or(Cash::ZERO, |(_, balance)| *balance);
            let ours = portfolio.expected_balance(asset.index(), snapshot, instruments);
            let tolerance = self.timing.balance_tolerance;
            let differs = ours.is_none_or(|ours| tolerance < ours.saturating_sub(venue).abs());
            if differs {
                let ours = ours.unwrap_or(Cash::ZERO);
                self.find(Finding::Balance { asset, ours, venue });
            }
        }
        for id in snapshot.open_orders.iter().filter_map(crate::types::VenueOrder::id) {
            if orders.get(id).is_none() {
                self.find(Finding::Orphan { id });
            }
        }
        if 0 < snapshot.unnamed_positions {
            self.find(Finding::UnnamedPositions { count: snapshot.unnamed_positions });
        }
        if snapshot.has_unnamed_assets {
            self.find(Finding::UnnamedAssets);
        }
    }

    fn find(&mut self, finding: Finding) {
        if self.found.len() < FINDINGS_MAX {
            self.found.push(finding);
        }
    }
}

fn differences(all: &[Finding]) -> impl Iterator<Item = &Finding> {
    all.iter().filter(|finding| finding.is_difference())
}

impl Finding {
    /// True for what adopting the reading changes; the rest is worth saying and stays as it is.
    fn is_difference(&self) -> bool {
        match self {
            Self::Position { .. } | Self::Balance { .. } | Self::Orphan { .. } => true,
            Self::ForeignOrders { .. } | Self::UnnamedPositions { .. } | Self::UnnamedAssets => {
                false
            }
        }
    }
}

#[cfg(test)]
mod tests;
