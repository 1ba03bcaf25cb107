//! What may come in at all: nothing that names what is not configured.
//!
//! Indexes of events are made by our own decoders from our own directory, so a wrong one is a fault
//! of ours; but it would come with the venue's bytes, and those never end the process. It is passed
//! over and counted.

use super::event::{AccountEvent, EventKind};
use super::mode::Scope;
use crate::types::{AccountSnapshot, ExecutionKind, ExecutionReport, InstrumentId, Qty, VenueId};

/// How many instruments, strategies and venues there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Door {
    pub(super) instruments: usize,
    pub(super) strategies: usize,
    pub(super) venues: usize,
}

impl Door {
    /// True for an event that the core can take in.
    pub(super) fn admits(self, kind: &EventKind) -> bool {
        match kind {
            EventKind::Market(event) => self.has(event.instrument),
            EventKind::Execution(report) => self.has(report.instrument) && is_something(report),
            EventKind::DeadMan(report) => self.has(report.request.instrument),
            EventKind::Stop(report) => self.has(report.instrument),
            EventKind::Reference(event) => self.has(event.instrument),
            EventKind::Account(AccountEvent::Snapshot(snapshot)) => self.has_all(snapshot),
            EventKind::Account(AccountEvent::QueryFailed { venue, .. }) => self.has_venue(*venue),
            EventKind::Account(AccountEvent::TradesRead(read)) => self.has(read.instrument),
            EventKind::Account(AccountEvent::TradesFailed(instrument)) => self.has(*instrument),
            EventKind::Account(AccountEvent::Balance(change)) => self.has_venue(change.venue),
            EventKind::Account(AccountEvent::MarginCall(venue)) => self.has_venue(*venue),
            EventKind::Link(event) => self.has_venue(event.venue),
            EventKind::Clock(sample) => self.has_venue(sample.venue),
            EventKind::Condition(told) => self.has_venue(told.venue),
            EventKind::Account(AccountEvent::Key(_))
            | EventKind::Operator(_)
            | EventKind::Journal(_)
            | EventKind::Timer => true,
        }
    }

    /// True when the scope is of this deployment.
    pub(super) fn has_scope(self, scope: Scope) -> bool {
        match scope {
            Scope::All => true,
            Scope::Instrument(id) => self.has(id),
            Scope::Strategy(id) => id.index() < self.strategies,
            Scope::Venue(id) => self.has_venue(id),
        }
    }

    pub(super) fn has(self, instrument: InstrumentId) -> bool {
        instrument.index() < self.instruments
    }

    fn has_venue(self, venue: VenueId) -> bool {
        venue.index() < self.venues
    }

    fn has_all(self, snapshot: &AccountSnapshot) -> bool {
        let positions = snapshot.positions.iter().map(|held| held.instrument);
        let orders = snapshot.open_orders.iter().map(|order| order.instrument);
        let setups = snapshot.margin.iter().flat_map(|margin| &margin.instruments);
        let setups = setups.map(|setup| setup.instrument);
        let known = positions.chain(orders).chain(setups).all(|instrument| self.has(instrument));
        known && self.has_venue(snapshot.venue)
    }
}

/// A trade of nothing, or of less, is no trade, and such an order is none.
fn is_something(report: &ExecutionReport) -> bool {
    match report.kind {
        ExecutionKind::Trade(fill) | ExecutionKind::TradeFound(fill) => Qty::ZERO < fill.qty,
        ExecutionKind::Stands { qty, .. } | ExecutionKind::Amended { qty, .. } => Qty::ZERO < qty,
        ExecutionKind::New
        | ExecutionKind::Canceled { .. }
        | ExecutionKind::Expired { .. }
        | ExecutionKind::Rejected { .. }
        | ExecutionKind::CancelRejected { .. }
        | ExecutionKind::NotSent(_)
        | ExecutionKind::OutcomeUnknown
        | ExecutionKind::Status { .. }
        | ExecutionKind::AmendRejected { .. }
        | ExecutionKind::AmendUnknown { .. }
        | ExecutionKind::AmendNotSent { .. }
        | ExecutionKind::NotFound => true,
    }
}
