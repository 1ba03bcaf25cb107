//! Reference data, read again now and then: filters change while an engine runs (R69).
//!
//! On the main thread, because the answer holds every symbol of the venue (some 1.5 MB) and is no
//! business of a thread that trades. A reading that fails is tried again; what it means that none
//! succeeds is the kernel's: filters that grow too old open nothing.

use super::calls::{Calls, Rest};
use super::link;
use super::startup::ask;
use crate::core::{EventKind, ReferenceEvent};
use crate::net::{Dial, NetError};
use crate::types::InstrumentId;
use crate::venue::{Listing, VenueKind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

/// So many readings must fail before filters are too old.
const READINGS_PER_AGE: u32 = 3;

/// What the main thread reads, and how often.
pub(super) struct References {
    calls: Calls,
    kind: VenueKind,
    symbols: Vec<String>,
    every: Duration,
    /// Rung when the connections are back.
    now: Arc<Notify>,
}

impl References {
    pub(super) fn new(
        rest: &Rest,
        dial: &Dial,
        kind: VenueKind,
        symbols: Vec<String>,
        age_ns_max: u64,
    ) -> Result<Self, NetError> {
        let calls = Calls::new(rest, dial)?;
        let every = Duration::from_nanos(age_ns_max) / READINGS_PER_AGE;
        Ok(Self { calls, kind, symbols, every, now: Arc::default() })
    }

    /// Reads for ever; each reading goes to `out`.
    async fn follow(self, out: mpsc::Sender<Vec<EventKind>>) {
        let mut waits = link::Waits::new("reference data");
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.every) => {}
                () = self.now.notified() => {}
            }
            loop {
                match ask(&self.calls, self.kind, &self.symbols).await {
                    Ok(listings) => {
                        // Nobody takes it when the run ends.
                        let _ = out.send(events(&self.symbols, &listings)).await;
                        break;
                    }
                    Err(error) => waits.down(error.as_ref()).await,
                }
            }
        }
    }
}

/// Reads reference data for ever; where there is nothing to read, nothing happens for ever.
pub(super) async fn follow(references: Option<References>, out: mpsc::Sender<Vec<EventKind>>) {
    if let Some(references) = references {
        references.follow(out).await;
    }
    std::future::pending::<()>().await;
}

/// Notices when all connections are back: nobody knows what the venue changed meanwhile.
#[derive(Debug, Default)]
pub(super) struct Reconnects {
    was_up: bool,
    read_now: Option<Arc<Notify>>,
}

impl Reconnects {
    pub(super) fn of(references: Option<&References>) -> Self {
        Self { was_up: false, read_now: references.map(|it| Arc::clone(&it.now)) }
    }

    /// How the connections are.
    pub(super) fn observe(&mut self, is_up: bool) {
        if is_up
            && !self.was_up
            && let Some(read_now) = &self.read_now
        {
            read_now.notify_one();
        }
        self.was_up = is_up;
    }
}

/// What a reading says of each instrument; `None` for one that is not listed any more.
fn events(symbols: &[String], listings: &[Listing]) -> Vec<EventKind> {
    let of = |(at, symbol): (u16, &String)| {
        let filters = listings.iter().find(|it| it.symbol == *symbol).map(|it| it.filters);
        EventKind::Reference(ReferenceEvent { instrument: InstrumentId(at), filters })
    };
    (0..).zip(symbols).map(of).collect()
}
