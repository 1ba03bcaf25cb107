//! What of a decision the journal holds.
//!
//! Must hold: the hot thread writes exactly this, and a replay compares exactly this: there is one
//! list, so that no decision can be written and not compared.

use crate::core::{Alert, Command, Core, Effect, StopCommand};
use crate::ops::Names;
use crate::store::{AmendDenial, Denial, NamedLatch, NamedLedger, Record, ScopeName};
use crate::types::Text;

/// The record of an effect; `None` where it has none, and only the running digest holds it.
pub fn decision(effect: &Effect, names: &Names, core: &Core) -> Option<Record> {
    Some(match effect {
        Effect::Send(Command::NewOrder(approved)) => approved.into(),
        Effect::Send(Command::Amend(approved)) => Record::Amend(approved.into()),
        Effect::Send(Command::Cancel { id, instrument }) => {
            Record::Cancel { id: *id, instrument: *instrument }
        }
        Effect::Send(Command::Stop(StopCommand::Place(stop))) => Record::StopOrder(*stop.order()),
        Effect::Send(Command::Stop(StopCommand::Cancel { id, instrument })) => {
            Record::StopCancel { id: *id, instrument: *instrument }
        }
        Effect::Send(
            Command::Stop(StopCommand::List { .. })
            | Command::CancelAll { .. }
            | Command::ArmDeadMan(_)
            | Command::QueryOrder { .. }
            | Command::QueryTrades { .. }
            | Command::QueryAccount { .. },
        )
        | Effect::Closed { .. }
        | Effect::Answer { .. } => return None,
        &Effect::Denied { id, strategy, request, reason } => {
            Record::Denied(Denial { id, strategy, request, reason })
        }
        &Effect::AmendDenied { id, strategy, instrument, to, reason } => {
            Record::AmendDenied(AmendDenial { id, strategy, instrument, to, reason })
        }
        Effect::Parent(event) => Record::Parent(*event),
        Effect::Tripped(latch) => {
            let latch = NamedLatch { scope: names.of_scope(latch.scope), trip: latch.trip };
            match latch.scope {
                ScopeName::All => Record::Trip(latch.trip),
                ScopeName::Venue(_) | ScopeName::Strategy(_) | ScopeName::Instrument(_) => {
                    Record::PartTrip(latch)
                }
            }
        }
        Effect::Reset { latch, request } => {
            Record::Reset { generation: latch.trip.generation, request: *request }
        }
        Effect::ModeChanged { scope, record } => {
            Record::Standing { scope: *scope, record: *record }
        }
        Effect::HighWaterChanged(mark) => Record::HighWater(*mark),
        Effect::Kept(kept) => Record::Kept(*kept),
        Effect::Ledger { strategy, instrument, line } => {
            let strategy = Text::new(names.strategy(*strategy));
            let instrument = Text::new(names.instrument(*instrument));
            Record::Ledger(NamedLedger { strategy, instrument, line: *line })
        }
        &Effect::TradesKnown { instrument, through_id } => {
            let instrument = Text::new(names.instrument(instrument));
            Record::TradesKnown { instrument, through_id }
        }
        &Effect::Alert(Alert::Reconciled { venue, findings }) => {
            Record::Account { venue, token: core.account_token(venue), findings }
        }
        Effect::Alert(_) => return None,
    })
}
