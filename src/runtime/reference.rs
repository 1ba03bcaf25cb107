//! Reference data, read again now and then: filters change while an engine runs (R69).
//!
//! On the main thread, because the answer holds every symbol of the venue (some 1.5 MB) and is no
//! business of a thread that trades. A reading that fails is tried again; what it means that none
//! succeeds is the kernel's: filters that grow too old open nothing.

use super::link;
use super::startup::ask;
use crate::core::ReferenceEvent;
use crate::net::http::{HttpClient, HttpLimits};
use crate::net::{Address, Dial, NetError};
use crate::types::InstrumentId;
use crate::venue::{Listing, VenueKind};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, mpsc};

/// So many readings must fail before filters are too old.
const READINGS_PER_AGE: u32 = 3;

/// What the main thread reads, and how often.
pub(super) struct References {
    pub(super) client: HttpClient,
    pub(super) kind: VenueKind,
    pub(super) symbols: Vec<String>,
    pub(super) every: Duration,
    /// Rung when the connections are back: what changed meanwhile is not known.
    pub(super) now: Arc<Notify>,
}

impl References {
    pub(super) fn new(
        rest: &Address,
        dial: &Dial,
        kind: VenueKind,
        symbols: Vec<String>,
        age_ns_max: u64,
    ) -> Result<Self, NetError> {
        let client = HttpClient::new(rest.clone(), dial.clone(), HttpLimits::STANDARD)?;
        let every = Duration::from_nanos(age_ns_max) / READINGS_PER_AGE;
        Ok(Self { client, kind, symbols, every, now: Arc::default() })
    }

    /// Reads for ever; each reading goes to `out`.
    pub(super) async fn follow(self, out: mpsc::Sender<Vec<ReferenceEvent>>) {
        let mut waits = link::Waits::new("reference data");
        loop {
            tokio::select! {
                () = tokio::time::sleep(self.every) => {}
                () = self.now.notified() => {}
            }
            loop {
                match ask(&self.client, self.kind).await {
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

/// What a reading says of each instrument; `None` for one that is not listed any more.
fn events(symbols: &[String], listings: &[Listing]) -> Vec<ReferenceEvent> {
    let of = |(at, symbol): (u16, &String)| ReferenceEvent {
        instrument: InstrumentId(at),
        filters: listings.iter().find(|it| it.symbol == *symbol).map(|it| it.filters),
    };
    (0..).zip(symbols).map(of).collect()
}
