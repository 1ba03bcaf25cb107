//! One place that tells the market, and a hearing of one that is not traded on (yet).
//!
//! Must hold: what is heard in a hearing goes nowhere but into the comparison; nothing is said to
//! the place but the subscription and requests for public data.

use super::prices::{Comparison, Disagreement, Prices};
use super::{Connections, MarketPlace, next_of};
use crate::net::{Address, Dial, NetError};
use crate::runtime::calls::Calls;
use crate::runtime::link;
use crate::runtime::renewal::Opening;
use crate::types::{MarketData, MarketEvent};
use crate::venue::MarketDialect;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// A place that tells the market, and how far its books are.
pub(super) struct Source {
    pub(super) dialect: RefCell<Box<dyn MarketDialect>>,
    /// For snapshots.
    pub(super) rest: Rc<Calls>,
    streams: Address,
}

impl Source {
    pub(super) fn new(
        dialect: Box<dyn MarketDialect>,
        place: MarketPlace,
        dial: &Dial,
    ) -> Result<Self, NetError> {
        let rest = Calls::new(&place.rest, dial)?;
        let (dialect, rest) = (RefCell::new(dialect), Rc::new(rest));
        Ok(Self { dialect, rest, streams: place.streams })
    }

    pub(super) fn connect(&self, dial: &Dial) -> Opening<Connections, NetError> {
        let (dial, base, streams) =
            (dial.clone(), self.streams.clone(), self.dialect.borrow().streams());
        Box::pin(async move {
            let mut connections = Vec::new();
            for stream in streams {
                let address = base.with_target(&stream.target)?;
                connections.push(link::open(&dial, &address).await?);
            }
            Ok(connections)
        })
    }
}

/// Why a place may not be traded on.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unfit {
    #[error(transparent)]
    Link(#[from] NetError),
    #[error(transparent)]
    Price(#[from] Disagreement),
    #[error("it told no price to compare for {0:?}")]
    Silent(Duration),
}

/// A hearing of a place beside the one that is traded on.
pub(super) struct Hearing {
    pub(super) source: Rc<Source>,
    pub(super) dial: Dial,
    pub(super) prices: Rc<RefCell<Prices>>,
    /// Longest time without a price that can be compared.
    pub(super) silence_max: Duration,
    /// How long it must have been fit.
    pub(super) fit_for: Duration,
    /// Not before.
    pub(super) begin: Option<Instant>,
}

impl Hearing {
    /// The connections of a place that has been fit for so long.
    pub(super) async fn hold(self) -> Result<Connections, Unfit> {
        if let Some(begin) = self.begin {
            tokio::time::sleep_until(begin).await;
        }
        let mut connections = self.source.connect(&self.dial).await?;
        let mut events = Vec::new();
        self.source.dialect.borrow_mut().on_connect(&mut events);
        let (mut heard, mut fit_since) = (Instant::now(), None);
        loop {
            let message = timeout_at(heard + self.silence_max, next_of(&mut connections)).await;
            let message = message.map_err(|_| Unfit::Silent(self.silence_max))??;
            events.clear();
            // One that cannot be read is counted by the dialect.
            let _ = self.source.dialect.borrow_mut().on_message(&message, &mut events);
            if self.compare(&events)? {
                heard = Instant::now();
                let since = *fit_since.get_or_insert(heard);
                if since + self.fit_for <= heard {
                    return Ok(connections);
                }
            }
        }
    }

    /// True where a price was told that agrees.
    fn compare(&self, events: &[MarketEvent]) -> Result<bool, Disagreement> {
        let prices = self.prices.borrow();
        let mut agrees = false;
        for event in events {
            let MarketData::Quote(quote) = &event.data else { continue };
            match prices.compare(event.instrument, quote) {
                Comparison::Agrees => agrees = true,
                Comparison::Unknown => {}
                Comparison::Disagrees(disagreement) => return Err(disagreement),
            }
        }
        Ok(agrees)
    }
}
