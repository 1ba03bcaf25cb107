//! The venue from the values of a file: its address or the embedded exchange, key and secret.

use super::build::cash;
use super::build_limits::on_contracts;
use super::checked::{
    Access, BackupFeed, BackupRules, Endpoint, ExchangeConfig, MarketSource, Secret, VenueConfig,
};
use super::fault::Collector;
use super::interpolate::Lookup;
use super::secret;
use super::source;
use super::values::Values;
use crate::types::FundingRate;
use crate::venue::{Credentials, VenueKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Key and secret of the embedded exchange: it listens on this machine only and trades nothing.
const EMBEDDED: &str = "embedded";

/// The venue; `None` when there were faults.
pub(super) fn venue(
    values: &Values,
    lookup: Lookup<'_>,
    faults: &mut Collector,
) -> Option<VenueConfig> {
    let endpoint = if values.has("exchange") { exchange(values, faults) } else { remote(values) };
    let access = if values.has("exchange") {
        Some(embedded_access())
    } else {
        access(values, lookup, faults)
    };
    Some(VenueConfig {
        name: values.text("venue.name")?.to_owned(),
        kind: kind(values.text("venue.kind")?)?,
        endpoint: endpoint?,
        backup: backup(values),
        support: values.text("venue.support_contact").map(str::to_owned),
        access: access?,
        recv_window_ms: values.whole_u32("venue.recv_window_ms")?,
    })
}

pub(super) fn kind(word: &str) -> Option<VenueKind> {
    VenueKind::ALL.iter().find(|(known, _)| *known == word).map(|(_, kind)| *kind)
}

fn remote(values: &Values) -> Option<Endpoint> {
    Some(Endpoint::Remote {
        rest: values.text("venue.rest_url")?.to_owned(),
        streams: values.text("venue.streams_url")?.to_owned(),
        order_entry: values.text("venue.order_entry_url")?.to_owned(),
        wallet: values.text("venue.wallet_url").map(str::to_owned),
    })
}

fn backup(values: &Values) -> Option<BackupFeed> {
    let key = |name: &str| format!("venue.backup.{name}");
    let time = |name: &str, unit: fn(u64) -> Duration| values.whole(&key(name)).map(unit);
    Some(BackupFeed {
        rest: values.text(&key("rest_url"))?.to_owned(),
        streams: values.text(&key("streams_url"))?.to_owned(),
        rules: BackupRules {
            after: time("after_ms", Duration::from_millis)?,
            tolerance_bps: values.whole_u32(&key("tolerance_bps"))?,
            return_after: time("return_s", Duration::from_secs)?,
        },
    })
}

fn exchange(values: &Values, faults: &mut Collector) -> Option<Endpoint> {
    let market = market(values, faults);
    let centi_bps = |path: &str| i32::try_from(values.scaled(path, 100)?).ok();
    Some(Endpoint::Embedded(ExchangeConfig {
        market: market?,
        starting_balance: cash(values, "exchange.starting_balance")?,
        maker_fee_centi_bps: centi_bps("exchange.maker_fee_bps")?,
        taker_fee_centi_bps: centi_bps("exchange.taker_fee_bps")?,
        funding_rate: on_contracts(values, funding_rate(values), FundingRate::ZERO)?,
    }))
}

fn funding_rate(values: &Values) -> Option<FundingRate> {
    FundingRate::from_e8(values.scaled("exchange.funding_rate_bps", 10_000)?)
}

fn market(values: &Values, faults: &mut Collector) -> Option<MarketSource> {
    let path = "exchange.recording";
    if !values.has(path) {
        return values.whole("exchange.seed").map(MarketSource::Seed);
    }
    let file = PathBuf::from(values.text(path)?);
    if let Err(error) = source::open(&file) {
        faults.written(values.place(path), path, format!("the file cannot be read: {error}"));
    }
    let speed = match values.text("exchange.speed") {
        Some(_) => None,
        None => Some(values.whole_u32("exchange.speed")?),
    };
    Some(MarketSource::Recording { path: file, speed })
}

fn embedded_access() -> Access {
    Access {
        credentials: Credentials::new(EMBEDDED.to_owned(), EMBEDDED.to_owned()),
        key_origin: Secret::Embedded,
        secret_origin: Secret::Embedded,
    }
}

fn access(values: &Values, lookup: Lookup<'_>, faults: &mut Collector) -> Option<Access> {
    let key = one_secret(values, "venue.api_key", lookup, faults);
    let secret = one_secret(values, "venue.api_secret", lookup, faults);
    let ((key, key_origin), (secret, secret_origin)) = (key?, secret?);
    Some(Access { credentials: Credentials::new(key, secret), key_origin, secret_origin })
}

/// By variable or by file; that exactly one is given is a relation.
fn one_secret(
    values: &Values,
    path: &str,
    lookup: Lookup<'_>,
    faults: &mut Collector,
) -> Option<(String, Secret)> {
    let by_file = format!("{path}_file");
    let (path, read, origin) = if let Some(name) = values.variable(path) {
        (path, secret::from_variable(name, lookup), Secret::Variable(name.to_owned()))
    } else {
        let file = Path::new(values.text(&by_file)?);
        (by_file.as_str(), secret::from_file(file, lookup), Secret::File(file.to_owned()))
    };
    match read {
        Ok(secret) => Some((secret, origin)),
        Err(fault) => {
            faults.access(values.place(path), path, fault.to_string());
            None
        }
    }
}
