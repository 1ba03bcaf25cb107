//! All conditional orders of an exchange: those that wait, those that became orders, and the last
//! ones that are over.
//!
//! Must hold: every change of state is told once, in order; memory is bounded as long as whoever
//! places them takes what is told.

use super::conditional::{Conditional, ConditionalReport, ConditionalState};
use super::exchange::AccountIndex;
use super::order::{Order, OrderKey};
use super::trigger::Latest;
use crate::types::InstrumentId;
use std::collections::{BTreeMap, VecDeque};

/// Conditional orders that are over and can still be asked for, over all accounts.
pub(super) const OVER_MAX: usize = 1_000;

/// Numbers begin here, far from those of orders: who mistakes one for the other finds nothing.
const FIRST_ID: u64 = 3_000_000_000_000_001;

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Conditionals {
    count: u64,
    kept: BTreeMap<u64, Conditional>,
    /// Oldest first.
    waiting: Vec<u64>,
    over: VecDeque<u64>,
    news: Vec<ConditionalReport>,
}

impl Conditionals {
    /// The number of the next one.
    pub(super) fn next_id(&self) -> u64 {
        FIRST_ID + self.count
    }

    /// Takes a new one.
    pub(super) fn insert(&mut self, new: Conditional) {
        self.count += 1;
        self.kept.insert(new.id, new);
        self.waiting.push(new.id);
        self.news.push(ConditionalReport { conditional: new, order: None });
    }

    /// True while nothing waits for a price or a date.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Those that wait, oldest first.
    pub(super) fn waiting(&self) -> impl Iterator<Item = &Conditional> {
        self.waiting.iter().filter_map(|id| self.kept.get(id))
    }

    /// All that are kept, oldest first.
    pub(super) fn kept(&self) -> impl Iterator<Item = &Conditional> {
        self.kept.values()
    }

    pub(super) fn by_id(&self, id: u64) -> Option<&Conditional> {
        self.kept.get(&id)
    }

    /// The one that is meant: by id the one that waits, or else the newest.
    pub(super) fn find(&self, account: AccountIndex, key: OrderKey) -> Option<&Conditional> {
        let ours = |it: &&Conditional| it.account == account;
        match key {
            OrderKey::Id(id) => self.by_id(id).filter(ours),
            OrderKey::Client(client) => {
                let named = |it: &&Conditional| ours(it) && it.client_id == client;
                self.waiting().find(named).or_else(|| self.kept.values().rev().find(named))
            }
        }
    }

    /// Shows the latest prices of an instrument to those that wait for them; which ones they meet,
    /// oldest first.
    pub(super) fn see(&mut self, instrument: InstrumentId, latest: Latest) -> Vec<u64> {
        let mut met = Vec::new();
        for id in &self.waiting {
            let meant = self.kept.get_mut(id).filter(|it| it.entry.instrument == instrument);
            met.extend(meant.and_then(|it| it.sees(latest).then_some(it.id)));
        }
        met
    }

    /// Moves one on, which does not wait any more then, and tells it.
    pub(super) fn set(
        &mut self,
        now_unix_ms: u64,
        id: u64,
        state: ConditionalState,
        order: Option<Order>,
    ) -> Option<Conditional> {
        let kept = self.kept.get_mut(&id)?;
        kept.state = state;
        kept.updated_unix_ms = now_unix_ms;
        if state == ConditionalState::Triggering {
            kept.triggered_unix_ms = Some(now_unix_ms);
        }
        kept.order_id = order.map(|order| order.id).or(kept.order_id);
        let conditional = *kept;
        self.waiting.retain(|waiting| *waiting != id);
        self.news.push(ConditionalReport { conditional, order });
        Some(conditional)
    }

    /// Counts one as over; true where another had to be forgotten for it.
    pub(super) fn end(&mut self, id: u64, kept_max: usize) -> bool {
        self.over.push_back(id);
        let forgets = kept_max < self.over.len();
        if forgets {
            self.over.pop_front().and_then(|id| self.kept.remove(&id));
        }
        forgets
    }

    pub(super) fn has_news(&self) -> bool {
        !self.news.is_empty()
    }

    pub(super) fn take_news(&mut self) -> Vec<ConditionalReport> {
        std::mem::take(&mut self.news)
    }
}
