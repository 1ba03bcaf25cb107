//! One reading of the venue for a reset without an engine: its clock, the whole account, and what
//! of it is not as it must be.
//!
//! Must hold: questions only; signed with the venue's own time (SAFETY E10).

use super::OfflineError;
use crate::config::{Config, Wait};
use crate::core::Sharing;
use crate::ops::Names;
use crate::runtime::assemble::{Universe, id_prefix, symbols};
use crate::runtime::calls::Calls;
use crate::runtime::clock::Clock;
use crate::runtime::questions::Questions;
use crate::runtime::reading::{self, Told};
use crate::runtime::startup::{self, StartError};
use crate::runtime::{run, threads};
use crate::store::last_account::LastPosition;
use crate::types::{AccountSnapshot, AssetId, Cash, Instrument, Purpose, Qty, VenueOrder};
use std::error::Error;
use std::fmt;

/// What the venue said.
#[derive(Debug)]
pub struct Reading {
    /// Its clock less ours, milliseconds.
    offset_ms: i64,
    /// The part of it that the round trip cannot explain, nanoseconds.
    certain_ns: u64,
    /// What its instruments and assets are called.
    pub(in crate::runtime) names: Names,
    pub(in crate::runtime) instruments: Vec<Instrument>,
    pub(in crate::runtime) snapshot: AccountSnapshot,
    /// What stands behind the positions, in reporting currency.
    pub(in crate::runtime) equity: Option<Cash>,
}

/// Asks the venue of a configuration.
pub(super) fn read(config: &Config, clock: &Clock) -> Result<Reading, OfflineError> {
    let runtime = threads::runtime(Wait::Park).map_err(StartError::from)?;
    let read = runtime.block_on(ask(config, clock));
    runtime.shutdown_background();
    read
}

async fn ask(config: &Config, clock: &Clock) -> Result<Reading, OfflineError> {
    let venue = run::venue(config, clock)?;
    let dial = startup::dial(&config.runtime).map_err(StartError::from)?;
    let questions = Questions::new(&venue.rest, &dial).map_err(StartError::from)?;
    let calls = Calls::new(&venue.rest, &dial).map_err(StartError::from)?;
    let listings = startup::ask(&calls, config.venue.kind, &symbols(config)).await;
    let unlisted = |error: Box<dyn Error>| unreachable("what the venue lists", error.as_ref());
    let listings = listings.map_err(unlisted)?;
    let universe = Universe::new(config, &listings).map_err(StartError::from)?;
    let directory = universe.directory(id_prefix(config), config.venue.recv_window_ms);
    let kind = config.venue.kind;
    let mut dialect = crate::venue::account_dialect(kind, &directory, &venue.credentials);
    let told = reading::read(&questions, dialect.as_mut(), clock).await;
    let Told { offset_ns, rtt_ns, account } =
        told.map_err(|it| unreachable(it.what, it.source.as_ref()))?;
    let wallets = account.margin.iter().flat_map(|margin| &margin.wallets);
    let equity = wallets.into_iter().find(|it| it.asset == AssetId(0)).map(|it| it.balance);
    Ok(Reading {
        offset_ms: offset_ns / 1_000_000,
        certain_ns: offset_ns.unsigned_abs().saturating_sub(rtt_ns / 2),
        names: universe.names(config),
        instruments: universe.instruments,
        snapshot: account,
        equity,
    })
}

pub(super) fn unreachable(what: &'static str, error: &dyn Error) -> OfflineError {
    OfflineError::Unreachable { what, why: error.to_string() }
}

impl Reading {
    /// Is the clock good, is everything held that was left and nothing else, and does nothing stand
    /// that could open more?
    pub(super) fn check(
        &self,
        config: &Config,
        left: Vec<LastPosition>,
    ) -> Result<(), OfflineError> {
        let mismatch = |what: String| Err(OfflineError::Mismatch(what));
        if config.limits.clock.kill_ns <= self.certain_ns {
            return mismatch(format!(
                "the venue's clock is {} ms from this machine's, more than \
                 clock_sync.kill_threshold_ms: set the clock of this machine",
                self.offset_ms
            ));
        }
        let steps = i64::from(config.timing.position_tolerance_steps);
        let differs: Vec<String> = self.differences(&left, steps).collect();
        if !differs.is_empty() {
            return mismatch(format!(
                "the account is not as the last run left it: {}; start the engine: it comes up \
                 KILLED, adopts what the venue holds, and takes the reset",
                differs.join(", ")
            ));
        }
        match self.opening_orders(config.sharing) {
            0 => Ok(()),
            open => mismatch(format!(
                "{open} opening order(s) stand at the venue; take them back: start the engine, or \
                 `engine panic cancel-all`"
            )),
        }
    }

    /// Positions that are not what was left, in words.
    fn differences(&self, left: &[LastPosition], steps: i64) -> impl Iterator<Item = String> {
        let strangers = left.iter().filter(|it| it.qty != Qty::ZERO && !self.knows(&it.symbol));
        let strangers = strangers.map(|it| format!("{} was held and is not configured", it.symbol));
        let unnamed = self.snapshot.unnamed_positions;
        let unnamed = (0 < unnamed).then(|| format!("{unnamed} position(s) not configured"));
        let moved = self.instruments.iter().filter_map(|instrument| {
            let there = self.held(instrument);
            let ours = left.iter().find(|it| it.symbol == instrument.symbol);
            let ours = ours.map_or(Qty::ZERO, |it| it.qty);
            let borne = instrument.filters.qty_step.times(steps);
            let differs = borne < there.saturating_sub(ours).abs();
            differs.then(|| format!("{} {there} instead of {ours}", instrument.symbol))
        });
        strangers.chain(unnamed).chain(moved).collect::<Vec<_>>().into_iter()
    }

    fn knows(&self, symbol: &str) -> bool {
        self.instruments.iter().any(|instrument| instrument.symbol == symbol)
    }

    fn held(&self, instrument: &Instrument) -> Qty {
        let held = self.snapshot.positions.iter().find(|it| it.instrument == instrument.id);
        held.map_or(Qty::ZERO, |held| held.qty)
    }

    /// Of anybody where the account is ours alone, else of ours.
    fn opening_orders(&self, sharing: Sharing) -> usize {
        let counts = |order: &&VenueOrder| {
            let ours = sharing == Sharing::Exclusive || order.id().is_some();
            order.purpose == Purpose::Opening && ours
        };
        self.snapshot.open_orders.iter().filter(counts).count()
    }
}

impl fmt::Display for Reading {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the venue's clock is {} ms from this machine's", self.offset_ms)?;
        for instrument in &self.instruments {
            let held = self.held(instrument);
            if held != Qty::ZERO {
                write!(out, "; {held} {}", instrument.symbol)?;
            }
        }
        out.write_str("; positions as they were left, no opening order stands")?;
        match self.equity {
            Some(equity) => write!(out, "; equity {equity:.2}"),
            None => out.write_str("; equity not told"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{
        ClientOrderId, ForeignOrder, InstrumentId, OrderRef, Price, QueryToken, Side, VenueId,
        VenuePosition,
    };

    fn reading(held: i32) -> Reading {
        let position = VenuePosition {
            instrument: InstrumentId(0),
            qty: Qty::whole(held),
            entry: Price::ZERO,
        };
        Reading {
            offset_ms: 0,
            certain_ns: 0,
            names: Names::default(),
            instruments: vec![Instrument::btcusdt()],
            snapshot: AccountSnapshot {
                venue: VenueId(0),
                token: QueryToken(1),
                balances: Vec::new(),
                has_unnamed_assets: false,
                positions: vec![position],
                unnamed_positions: 0,
                open_orders: Vec::new(),
                margin: None,
            },
            equity: None,
        }
    }

    fn left(symbol: &str, qty: i32) -> LastPosition {
        LastPosition { symbol: symbol.to_owned(), qty: Qty::whole(qty) }
    }

    #[test]
    fn a_position_beyond_the_tolerance_differs_and_one_within_does_not() {
        let differs =
            |held, ours, steps| reading(held).differences(&[left("BTCUSDT", ours)], steps).count();
        assert_eq!([differs(3, 3, 0), differs(3, 2, 0), differs(3, -3, 0)], [0, 1, 1]);
        assert_eq!([differs(3, 1, 2), differs(4, 1, 2)], [0, 1]);
        assert_eq!(reading(3).differences(&[], 0).count(), 1, "nothing was held");
        let strange = [left("BTCUSDT", 3), left("DOGEUSDT", 1)];
        assert_eq!(reading(3).differences(&strange, 9).count(), 1);
        let mut unnamed = reading(0);
        unnamed.snapshot.unnamed_positions = 1;
        assert_eq!(unnamed.differences(&[], 0).count(), 1);
    }

    #[test]
    fn orders_that_open_are_counted_by_whose_account_it_is() {
        let order = |order, purpose| VenueOrder {
            instrument: InstrumentId(0),
            order,
            venue_order_id: 1,
            side: Side::Buy,
            price: Price::whole(1),
            qty: Qty::whole(1),
            cum_qty: Qty::ZERO,
            purpose,
        };
        let ours = OrderRef::Ours(ClientOrderId { epoch: 1, sequence: 1 });
        let foreign = OrderRef::Foreign(ForeignOrder::Other);
        let mut reading = reading(0);
        reading.snapshot.open_orders = vec![
            order(ours, Purpose::Opening),
            order(foreign, Purpose::Opening),
            order(ours, Purpose::Reducing),
            order(foreign, Purpose::Protective),
        ];
        assert_eq!(reading.opening_orders(Sharing::Exclusive), 2);
        assert_eq!(reading.opening_orders(Sharing::Shared), 1);
    }
}
