//! Stops that close a position, spoken to in process: what is asked of them and what becomes of
//! them.

use super::Direct;
use crate::core::{EventKind, StopCommand};
use crate::sim::conditional::{Amount, Conditional, ConditionalEntry, ConditionalState};
use crate::sim::order::ClientText;
use crate::sim::reject::Reject;
use crate::sim::self_trade::SelfTrade;
use crate::sim::trigger::Trigger;
use crate::types::{
    ClientOrderId, InstrumentId, Side, StandingStop, StopOrder, StopReport, StopReportKind,
    TimeInForce,
};

impl Direct {
    pub(super) fn ask_stop(
        &mut self,
        now_unix_ms: u64,
        command: &StopCommand,
        out: &mut Vec<EventKind>,
    ) {
        let (instrument, kind) = match command {
            StopCommand::Place(stop) => {
                let StopOrder { id, instrument, .. } = *stop.order();
                (instrument, self.place_stop(now_unix_ms, id, stop.order()))
            }
            StopCommand::Cancel { id, instrument } => {
                let canceled = self.key(*id).and_then(|key| {
                    self.exchange.cancel_conditional(now_unix_ms, self.account, key)
                });
                // One that is not known waits no more than one that was taken back.
                let _: Result<Conditional, Reject> = canceled;
                (*instrument, StopReportKind::Over(*id))
            }
            StopCommand::List { instrument, asked_ns } => {
                let [buy, sell] = Side::BOTH.map(|side| self.standing(*instrument, side));
                (*instrument, StopReportKind::Listed { asked_ns: *asked_ns, buy, sell })
            }
        };
        out.push(EventKind::Stop(StopReport { instrument, kind }));
        self.tell(out);
    }

    fn place_stop(
        &mut self,
        now_unix_ms: u64,
        id: ClientOrderId,
        stop: &StopOrder,
    ) -> StopReportKind {
        let placed = self
            .stop_entry(stop)
            .and_then(|entry| self.exchange.place_conditional(now_unix_ms, self.account, &entry));
        match placed {
            Ok(_) => StopReportKind::Stands(id),
            Err(reject) => StopReportKind::Refused { id, code: reject.code() },
        }
    }

    fn stop_entry(&self, stop: &StopOrder) -> Result<ConditionalEntry, Reject> {
        let mut text = Vec::new();
        self.prefix.write(stop.id, &mut text);
        Ok(ConditionalEntry {
            instrument: stop.instrument,
            client_id: Some(ClientText::parse(&text)?),
            side: stop.side,
            trigger: Trigger::Stop(stop.trigger),
            working: stop.working,
            is_protected: false,
            price: None,
            time_in_force: TimeInForce::Gtc,
            amount: Amount::Position,
            reduce_only: false,
            ends_with_position: true,
            good_till_unix_ms: None,
            self_trade: SelfTrade::ExpireMaker,
        })
    }

    fn standing(&self, instrument: InstrumentId, side: Side) -> Option<StandingStop> {
        let mut all = self.exchange.conditionals(self.account).filter(|it| {
            let way = (it.entry.instrument, it.entry.side) == (instrument, side);
            way && it.is_open() && it.entry.amount == Amount::Position
        });
        all.find_map(|it| {
            let id = self.prefix.read(it.client_id.as_str().as_bytes())?;
            Some(StandingStop { id, trigger: it.entry.trigger.price()? })
        })
    }

    /// Tells what became of those that waited.
    pub(super) fn tell_stops(&mut self, out: &mut Vec<EventKind>) {
        for report in self.exchange.take_conditional_news() {
            let told = &report.conditional;
            let Some(id) = self.prefix.read(told.client_id.as_str().as_bytes()) else { continue };
            let kind = match told.state {
                ConditionalState::New => StopReportKind::Stands(id),
                ConditionalState::Triggering | ConditionalState::Triggered => {
                    StopReportKind::Triggered(id)
                }
                ConditionalState::Rejected(_) => StopReportKind::Failed(id),
                ConditionalState::Finished
                | ConditionalState::Canceled
                | ConditionalState::Expired => StopReportKind::Over(id),
            };
            let instrument = told.entry.instrument;
            out.push(EventKind::Stop(StopReport { instrument, kind }));
        }
    }
}
