//! Readings of the account's trades: one question or two, and what they tell.
//!
//! Must hold: the word that all trades up to one are known comes after those trades, and not at all
//! when one of them did not reach the hot thread.

use super::Shared;
use crate::core::{AccountEvent, EventKind};
use crate::types::InstrumentId;
use crate::venue::{AccountDialect, Answer};
use std::rc::Rc;

/// Asks; the answer comes as events.
pub(super) fn read<D: AccountDialect + ?Sized + 'static>(
    shared: &Rc<Shared<D>>,
    instrument: InstrumentId,
    from_id: Option<u64>,
    venue_unix_ms: u64,
) {
    if shared.is_quiet() {
        return failed(shared, instrument);
    }
    let shared = Rc::clone(shared);
    tokio::task::spawn_local(async move {
        let answers = match ask(&shared, instrument, from_id, venue_unix_ms).await {
            Ok(answers) => answers,
            Err(error) => {
                tracing::warn!(%error, "the trades of the account could not be read");
                return failed(&shared, instrument);
            }
        };
        let mut reports = Vec::new();
        let read = shared.dialect.borrow_mut().trades(instrument, from_id, &answers, &mut reports);
        shared.heed();
        match read {
            Ok(read) => {
                reports.into_iter().for_each(|report| shared.tell(EventKind::Execution(report)));
                if !shared.lost.get() {
                    shared.tell(EventKind::Account(AccountEvent::TradesRead(read)));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the venue's trades of the account could not be used");
                failed(&shared, instrument);
            }
        }
        shared.own_up().await;
    });
}

async fn ask<D: AccountDialect + ?Sized>(
    shared: &Shared<D>,
    instrument: InstrumentId,
    from_id: Option<u64>,
    venue_unix_ms: u64,
) -> Result<Vec<Answer>, Box<dyn std::error::Error>> {
    let call = shared.dialect.borrow().trades_call(instrument, from_id, venue_unix_ms)?;
    let trades = shared.questions.ask(&call).await?;
    if trades.status != 200 {
        // A refusal is the dialect's to understand: it may be the venue's word on itself.
        return Ok(vec![trades]);
    }
    let at_ms = shared.venue_time().map_or(venue_unix_ms, |at| at.unix_ms);
    let call = shared.dialect.borrow().owners_call(instrument, from_id, &trades, at_ms)?;
    let mut answers = vec![trades];
    if let Some(call) = call {
        answers.push(shared.questions.ask(&call).await?);
    }
    Ok(answers)
}

/// Says that a reading failed: the core asks again.
pub(super) fn failed<D: AccountDialect + ?Sized>(shared: &Shared<D>, instrument: InstrumentId) {
    shared.tell(EventKind::Account(AccountEvent::TradesFailed(instrument)));
}
