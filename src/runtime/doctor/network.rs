//! The way to the venue, address by address and step by step, each with its time (R74).
//!
//! Must hold: what is opened is what a run opens, and it is closed again; no stream of the account
//! is subscribed to.

use super::patient::Patient;
use crate::config::{BackupFeed, Config, Endpoint};
use crate::net::{Address, Dial, NetError, Steps};
use crate::ops::doctor::Found;
use crate::runtime::assemble::{id_prefix, symbols};
use crate::runtime::inquiry::{self, Inquiry, InquiryError};
use crate::runtime::startup;
use crate::runtime::{link, listing};
use crate::types::{Instrument, InstrumentId, VenueId};
use crate::venue::{Dialects, Directory, dialects};
use std::time::Duration;

const NEXT: &str = "look at the address under `venue`, the name servers (`getent hosts`), the \
                    firewall, and the venue's own page; RUNBOOK.md, \"The link is down\"";

/// How a run would dial.
fn dial(patient: &Patient) -> Result<Dial, NetError> {
    startup::dial(&patient.config.runtime)
}

/// REST: the steps, then a ping and the time on the open connection.
pub(super) fn rest(patient: &Patient) -> Found {
    let Endpoint::Remote { rest, .. } = &patient.config.venue.endpoint else { return embedded() };
    let asked = inquiry::wait(async {
        let steps = walked(rest, &dial(patient)?).await?;
        let inquiry = Inquiry::begin(&patient.config, patient.clock.clone()).await?;
        let (ping_ns, (_, time_ns)) = (inquiry.ping().await?, inquiry.time().await?);
        let [ping, time] = [ping_ns, time_ns].map(|ns| ms(Duration::from_nanos(ns)));
        Ok(format!("{steps}, ping {ping}, time {time}"))
    });
    told(rest, asked)
}

/// Every stream of the market that a run would open.
pub(super) fn streams(patient: &Patient) -> Found {
    let Endpoint::Remote { streams, .. } = &patient.config.venue.endpoint else {
        return embedded();
    };
    let opened = conversations(&patient.config).market.streams();
    upgraded(patient, streams, opened.into_iter().map(|stream| stream.target).collect())
}

/// The connection that orders leave on; nothing is said on it.
pub(super) fn order_entry(patient: &Patient) -> Found {
    let Endpoint::Remote { order_entry, .. } = &patient.config.venue.endpoint else {
        return embedded();
    };
    upgraded(patient, order_entry, vec![conversations(&patient.config).orders.stream().target])
}

/// Where the venue tells of keys; what it tells is a check of its own.
pub(super) fn wallet(patient: &Patient) -> Found {
    match &patient.config.venue.endpoint {
        Endpoint::Remote { wallet: Some(wallet), .. } => {
            told(wallet, inquiry::wait(async { walked(wallet, &dial(patient)?).await }))
        }
        Endpoint::Remote { wallet: None, .. } => Found::skip("`venue.wallet_url` is not set"),
        Endpoint::Embedded(_) => embedded(),
    }
}

/// Both addresses of the backup of the market data. A run does without it, so that its loss warns.
pub(super) fn backup(patient: &Patient) -> Found {
    let Some(BackupFeed { rest, streams, .. }) = &patient.config.venue.backup else {
        return Found::skip("`venue.backup` is not set");
    };
    let targets = conversations(&patient.config).market.streams();
    let targets: Vec<String> = targets.into_iter().map(|stream| stream.target).collect();
    let asked = inquiry::wait(async {
        let dial = dial(patient)?;
        let (way, opened) = (walked(rest, &dial).await?, opened(streams, &targets, &dial).await?);
        Ok(format!("{rest}: {way}; {streams}: {opened}"))
    });
    match asked {
        Ok(said) => Found::ok(said),
        Err(error) => Found::warn(format!("{rest}, {streams}: {error}"), NEXT),
    }
}

fn upgraded(patient: &Patient, base: &str, targets: Vec<String>) -> Found {
    told(base, inquiry::wait(async { opened(base, &targets, &dial(patient)?).await }))
}

/// The steps to an address, and an upgrade at each of these places of it.
async fn opened(base: &str, targets: &[String], dial: &Dial) -> Result<String, InquiryError> {
    let mut said = walked(base, dial).await?;
    for target in targets {
        let begun = tokio::time::Instant::now();
        // Dropped at once, which closes it.
        drop(link::open(dial, &Address::parse(base)?.with_target(target)?).await?);
        said.push_str(&format!(", WebSocket {}", ms(begun.elapsed())));
    }
    Ok(said)
}

/// Name, TCP and TLS, in words.
async fn walked(address: &str, dial: &Dial) -> Result<String, InquiryError> {
    let Steps { peer, resolve, connect, secure } = dial.probe(&Address::parse(address)?).await?;
    let secure = secure.map_or_else(|| "no TLS".to_owned(), |took| format!("TLS {}", ms(took)));
    Ok(format!("name {} ({}), TCP {}, {secure}", ms(resolve), peer.ip(), ms(connect)))
}

/// What a run would open at the venue, named by what is traded; its rules do not matter for that.
fn conversations(config: &Config) -> Dialects {
    let named = |(symbol, id): (&String, u16)| {
        let id = InstrumentId(id);
        Instrument { id, ..listing::instrument(&listing::simulated(symbol)) }
    };
    let symbols = symbols(config);
    let instruments = symbols.iter().zip(0..).map(named).collect();
    let directory = Directory {
        venue: VenueId(0),
        instruments,
        assets: Vec::new(),
        prefix: id_prefix(config),
        recv_window_ms: config.venue.recv_window_ms,
    };
    dialects(config.venue.kind, &directory, &config.venue.access.credentials)
}

fn told(address: &str, asked: Result<String, InquiryError>) -> Found {
    match asked {
        Ok(said) => Found::ok(format!("{address}: {said}")),
        Err(error) => Found::fail(format!("{address}: {error}"), NEXT),
    }
}

fn embedded() -> Found {
    Found::skip("the simulated exchange lives in the engine itself")
}

/// Milliseconds with a tenth: loopback and a near venue take less than one.
fn ms(took: Duration) -> String {
    let tenths = took.as_micros() / 100;
    format!("{}.{} ms", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_in_tenths_of_milliseconds() {
        let told = [0, 49, 999, 1_000, 12_345].map(|us| ms(Duration::from_micros(us)));
        assert_eq!(told, ["0.0 ms", "0.0 ms", "0.9 ms", "1.0 ms", "12.3 ms"]);
    }
}
