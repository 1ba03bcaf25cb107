//! The world of a dry-run: a simulated exchange in this process that holds what the real account
//! held when it was read, and trades in the real venue's market as it comes in.
//!
//! Must hold: what leaves for the real venue is public streams and questions. The key of the real
//! account signs one reading of it, here, and goes no further: whoever sends orders, opens a
//! private stream or arms a dead-man's switch is given the address of the simulated exchange and a
//! key that no venue knows.
//!
//! Decision: the strategies read the real streams themselves and not what the simulated exchange
//! makes of them, so that they see byte for byte what they would see live; the exchange reads the
//! same streams on connections of its own. The two may be some milliseconds apart, as any exchange
//! and its clients are.

use super::assemble::{Universe, contracts_only, id_prefix};
use super::bell::Bell;
use super::books::{Books, Compared};
use super::calls::Rest;
use super::clock::Clock;
use super::exchange::market::{Live, Market};
use super::exchange::{self, Opening, PAPER_KEY, PAPER_SECRET};
use super::feed::{FeedParts, FeedThread};
use super::lane::lane;
use super::questions::Questions;
use super::reading::{self, Told};
use super::run::Venue;
use super::startup::StartError;
use super::wiring::MARKET_LANE;
use super::{link, listing};
use crate::config::{Config, Wait};
use crate::net::{Address, Dial};
use crate::sim::{AccountIndex, AccountSpec, Fees, Server, Unreliable};
use crate::types::{AccountSnapshot, Cash, MS, MarginMode, VenueId};
use crate::venue::key::Proof;
use crate::venue::{Credentials, Listing};
use std::sync::Arc;

/// The one account of the simulated exchange.
const ACCOUNT: AccountIndex = AccountIndex(0);

/// Units of 1e-8 in a hundredth of a basis point.
const E8_PER_CENTI_BPS: i64 = 100;

/// Reads the real account until it answers. May be given up at any time.
pub(super) async fn read(
    config: &Config,
    venue: &Venue,
    dial: &Dial,
    listings: &[Listing],
    clock: &Clock,
) -> Result<Told, StartError> {
    contracts_only(config, "a dry-run")?;
    let universe = Universe::new(config, listings)?;
    let directory = universe.directory(id_prefix(config), config.venue.recv_window_ms);
    let kind = config.venue.kind;
    let mut dialect = crate::venue::account_dialect(kind, &directory, &venue.credentials);
    let client = Questions::new(&venue.rest, dial)?;
    let mut waits = link::Waits::new("account");
    loop {
        match reading::read(&client, dialect.as_mut(), clock).await {
            Ok(told) => return Ok(told),
            Err(error) => waits.down(&error).await,
        }
    }
}

/// The venue of a dry-run: the market of the real one, everything else simulated.
pub(super) fn venue(
    config: &Config,
    real: Venue,
    universe: &Universe,
    told: &Told,
    (dial, clock): (&Dial, &Clock),
) -> Result<Venue, StartError> {
    let market_bell = Arc::new(Bell::new()?);
    let (filler, events) = lane(MARKET_LANE, &market_bell);
    let count = universe.instruments.len();
    let books = Books::new(count);
    let nobody = Credentials::new(String::new(), String::new());
    let directory = universe.directory(listing::nobody(), config.venue.recv_window_ms);
    let dialects = crate::venue::dialects(config.venue.kind, &directory, &nobody);
    let opening = Opening {
        server: Unreliable::new(server(config, universe, told, clock), 0),
        market: Market::Live(Live::new(events, market_bell, books.clone(), count)),
        clock_offset_ms: told.offset_ns / MS.cast_signed(),
        listen: ([127, 0, 0, 1], 0).into(),
        control: None,
    };
    let mut running = exchange::open(opening, clock.clone())?;
    let parts = FeedParts {
        venue: VenueId(0),
        clock: clock.clone(),
        dialect: dialects.market,
        place: real.market.clone(),
        standby: None,
        dial: dial.clone(),
        lane: filler,
        shared: Arc::default(),
        compared: Compared::new(books),
        connection_age_max: config.runtime.connection_age_max,
        wait: Wait::Park,
        cpu: None,
    };
    running.feed = Some(FeedThread::start("market", parts)?);
    let socket = Address::parse(&format!("ws://{}", running.at))?;
    let rest = Address::parse(&format!("http://{}", running.at))?;
    Ok(Venue {
        market: real.market,
        backup: None,
        rest: Rest::new(rest, config.venue.kind, clock),
        streams: socket.clone(),
        order_entry: socket,
        credentials: Credentials::new(PAPER_KEY.to_owned(), PAPER_SECRET.to_owned()),
        exchange: Some(running),
    })
}

/// The exchange as the real account stands at its venue.
fn server(config: &Config, universe: &Universe, told: &Told, clock: &Clock) -> Server {
    let account = AccountSpec {
        key: PAPER_KEY.to_owned(),
        proof: Proof::Secret(PAPER_SECRET.to_owned()),
        balance: Cash::ZERO,
    };
    let (instruments, assets) = (universe.instruments.clone(), universe.assets.clone());
    let mut server = Server::new(instruments, assets, vec![account], fees(&told.account));
    let now_unix_ms = clock.stamp().unix_ns.saturating_add_signed(told.offset_ns) / MS;
    let prefix = id_prefix(config);
    let strange = server.adopt(now_unix_ms, ACCOUNT, &told.account, &prefix);
    say(&told.account, strange.len());
    server
}

/// What the venue charges for the instrument that it told of: one a reading.
fn fees(account: &AccountSnapshot) -> Fees {
    let told = account.margin.iter().flat_map(|margin| &margin.fees).next();
    let centi_bps = |e8: i64| i32::try_from(e8 / E8_PER_CENTI_BPS).unwrap_or(i32::MAX);
    told.map_or(Fees::default(), |rates| Fees {
        maker_centi_bps: centi_bps(rates.maker_e8),
        taker_centi_bps: centi_bps(rates.taker_e8),
    })
}

/// What was taken over, and what of the real account has no likeness here.
fn say(account: &AccountSnapshot, strange: usize) {
    let positions = account.positions.len();
    let orders = account.open_orders.len() - strange;
    tracing::info!(positions, orders, "the real account was read; the dry-run goes on from there");
    if 0 < strange {
        tracing::warn!(
            strange,
            "open orders without a price (stops) stand at the venue and not in the dry-run"
        );
    }
    let unnamed = account.unnamed_positions;
    if 0 < unnamed {
        tracing::error!(
            unnamed,
            "the account holds positions in instruments that are not configured: the dry-run does \
             not have them, a resume would"
        );
    }
    let margins = account.margin.iter().flat_map(|margin| &margin.instruments);
    let isolated = margins.filter(|it| it.mode == MarginMode::Isolated).count();
    if 0 < isolated {
        tracing::error!(
            isolated,
            "instruments are on isolated margin at the venue: a resume would open nothing there, \
             the dry-run has cross margin"
        );
    }
}
