//! The exchange's own history of the account's trades, for `engine history verify`.
//!
//! Must hold: nothing is sent but questions, nothing is written; a running engine on the same key
//! keeps its budget.

use super::OfflineError;
use super::reading::unreachable;
use crate::config::{Config, Endpoint, Wait};
use crate::runtime::assemble::{Universe, id_prefix, symbols};
use crate::runtime::calls::Calls;
use crate::runtime::clock::Clock;
use crate::runtime::questions::Questions;
use crate::runtime::startup::{self, StartError};
use crate::runtime::{reading, run, threads};
use crate::store::history::{Scratch, Windows};
use crate::types::{ExecutionReport, InstrumentId, MS, TradesRead};
use crate::venue::{AccountDialect, Answer};
use std::error::Error;
use std::time::Duration;

/// Between two pages: each weighs 10 of 2,400 a minute (venue sheet section 3), so that all of them
/// take a quarter.
const PACE: Duration = Duration::from_secs(1);

/// Brings every trade of the windows from the exchange to `scratch`. What the configuration does
/// not name is not asked for. Answers the symbols of which the exchange does not hold the trade
/// that the window begins behind.
///
/// # Errors
/// [`OfflineError`]: the exchange lives in the engine, or does not answer, or there is no room.
pub fn ask_trades(
    config: &Config,
    windows: &Windows,
    scratch: &Scratch,
) -> Result<Vec<String>, OfflineError> {
    if let Endpoint::Embedded(_) = config.venue.endpoint {
        return Err(OfflineError::Embedded);
    }
    let runtime = threads::runtime(Wait::Park).map_err(StartError::from)?;
    let asked = runtime.block_on(ask(config, windows, scratch));
    runtime.shutdown_background();
    asked
}

async fn ask(
    config: &Config,
    windows: &Windows,
    scratch: &Scratch,
) -> Result<Vec<String>, OfflineError> {
    let clock = Clock::start();
    let venue = run::venue(config, &clock)?;
    let dial = startup::dial(&config.runtime).map_err(StartError::from)?;
    let questions = Questions::new(&venue.rest, &dial).map_err(StartError::from)?;
    let calls = Calls::new(&venue.rest, &dial).map_err(StartError::from)?;
    let unheard = |what| move |error: Box<dyn Error>| unreachable(what, error.as_ref());
    let listings = startup::ask(&calls, config.venue.kind, &symbols(config)).await;
    let listings = listings.map_err(unheard("what the venue lists"))?;
    let universe = Universe::new(config, &listings).map_err(StartError::from)?;
    let directory = universe.directory(id_prefix(config), config.venue.recv_window_ms);
    let kind = config.venue.kind;
    let mut dialect = crate::venue::account_dialect(kind, &directory, &venue.credentials);
    let time = reading::time(&questions, dialect.as_ref(), &clock).await;
    let (offset_ns, _) = time.map_err(unheard("the venue's clock"))?;
    let mut desk = Desk { questions, dialect: dialect.as_mut(), clock, offset_ns };
    let mut unchained = Vec::new();
    for instrument in &universe.instruments {
        let symbol = &instrument.symbol;
        let Some(window) = windows.get(symbol) else { continue };
        let mut from_id = window.from_id;
        loop {
            let page = desk.page(instrument.id, from_id).await;
            let (read, reports) = page.map_err(unheard("the account's trades"))?;
            for report in &reports {
                let fee = report.trade().and_then(|fill| fill.fee);
                let asset = fee.and_then(|fee| universe.assets.get(fee.asset.index()));
                scratch.take_trade(symbol, report, asset.map(String::as_str))?;
            }
            match read.through_id {
                None => unchained.push(symbol.clone()),
                Some(through_id) => from_id = through_id,
            }
            if read.is_all || read.through_id.is_none() {
                break;
            }
            tokio::time::sleep(PACE).await;
        }
    }
    Ok(unchained)
}

/// What questions need.
struct Desk<'a> {
    questions: Questions,
    dialect: &'a mut dyn AccountDialect,
    clock: Clock,
    /// The venue's clock less ours.
    offset_ns: i64,
}

impl Desk<'_> {
    /// A page of trades behind one, with whose orders they were.
    async fn page(
        &mut self,
        instrument: InstrumentId,
        from_id: u64,
    ) -> Result<(TradesRead, Vec<ExecutionReport>), Box<dyn Error>> {
        let from_id = Some(from_id);
        let call = self.dialect.trades_call(instrument, from_id, self.venue_unix_ms())?;
        let trades = self.questions.read(&call).await?;
        let at_ms = self.venue_unix_ms();
        let owners = self.dialect.owners_call(instrument, from_id, &trades, at_ms)?;
        let mut answers: Vec<Answer> = vec![trades];
        if let Some(call) = owners {
            answers.push(self.questions.read(&call).await?);
        }
        let mut reports = Vec::new();
        let read = self.dialect.trades(instrument, from_id, &answers, &mut reports)?;
        Ok((read, reports))
    }

    fn venue_unix_ms(&self) -> u64 {
        self.clock.stamp().unix_ns.saturating_add_signed(self.offset_ns) / MS
    }
}
