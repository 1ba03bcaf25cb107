//! `Config` from the values of a file.
//!
//! Must hold: a part is built only from values that are in their range; a part that cannot be built
//! has at least one fault.

use super::checked::{
    AttestationPolicy, BackupConfig, Config, Folders, HistoryConfig, InitialState,
    InstrumentConfig, JournalConfig, LogConfig, LogFormat, Pins, RuntimeConfig, TradingMode, Wait,
};
use super::fault::Collector;
use super::interpolate::Lookup;
use super::values::Values;
use super::{build_limits, build_strategies, build_venue, build_windows};
use crate::core::{MarketRecording, Registry, Sharing};
use crate::types::{Cash, MS, Qty, SECOND};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Bytes of a megabyte.
const MEGABYTE: u64 = 1 << 20;

/// All of it; `None` when there were faults.
pub(super) fn config(
    path: &Path,
    values: &Values,
    registry: &Registry,
    lookup: Lookup<'_>,
    faults: &mut Collector,
) -> Option<Config> {
    // Each of these finds faults of its own, so all are asked before any can end this.
    let strategies = build_strategies::strategies(values, registry, faults);
    let venue = build_venue::venue(values, lookup, faults);
    let no_trade = build_windows::windows(values, faults);
    Some(Config {
        path: path.to_owned(),
        hash: values.hash(),
        values: values.plain(),
        instance: values.text("instance")?.to_owned(),
        mode: mode(values)?,
        initial_state: initial_state(values)?,
        folders: folders(values)?,
        reporting_currency: values.text("reporting_currency")?.to_owned(),
        venue: venue?,
        sharing: sharing(values)?,
        instruments: instruments(values)?,
        strategies: strategies?,
        limits: build_limits::limits(values, no_trade?)?,
        timing: build_limits::timing(values)?,
        attestation: attestation(values)?,
        dead_man: build_limits::dead_man(values)?,
        runtime: runtime(values)?,
        journal: journal(values)?,
        backup: BackupConfig {
            every_ns: values.whole("backup.every_s")?.checked_mul(SECOND)?,
            keep: values.whole("backup.keep")?,
        },
        history: HistoryConfig { is_on: values.flag("history.enabled").unwrap_or(true) },
        log: log(values)?,
        backtest_latency_ns: u64::try_from(values.scaled("backtest.latency_ms", 1_000_000)?)
            .ok()?,
    })
}

fn mode(values: &Values) -> Option<TradingMode> {
    match values.text("mode")? {
        "live" => Some(TradingMode::Live),
        "paper" => Some(TradingMode::Paper),
        "lab" => Some(TradingMode::Lab),
        _ => None,
    }
}

fn initial_state(values: &Values) -> Option<InitialState> {
    match values.text("initial_state")? {
        "active" => Some(InitialState::Active),
        "halted" => Some(InitialState::Halted),
        _ => None,
    }
}

fn attestation(values: &Values) -> Option<AttestationPolicy> {
    match values.text("governance.attestation")? {
        "required" => Some(AttestationPolicy::Required),
        "off" => Some(AttestationPolicy::Off),
        _ => None,
    }
}

fn folders(values: &Values) -> Option<Folders> {
    let folders = Folders::below(PathBuf::from(values.text("folder")?));
    let named = |key| values.text(key).map(PathBuf::from);
    Some(Folders {
        backups: named("backup.folder").unwrap_or(folders.backups),
        history: named("history.folder").unwrap_or(folders.history),
        ..folders
    })
}

fn sharing(values: &Values) -> Option<Sharing> {
    let exclusive = values.flag("account.exclusive")?;
    Some(if exclusive { Sharing::Exclusive } else { Sharing::Shared })
}

fn instruments(values: &Values) -> Option<Vec<InstrumentConfig>> {
    let one = |index| {
        let path = format!("instruments[{index}]");
        Some(InstrumentConfig {
            symbol: values.text(&format!("{path}.symbol"))?.to_owned(),
            position_max: qty(values, &format!("{path}.max_position"))?,
            order_qty_max: qty(values, &format!("{path}.max_order_qty"))?,
        })
    };
    (0..values.count("instruments")).map(one).collect()
}

fn runtime(values: &Values) -> Option<RuntimeConfig> {
    let wait = match values.text("runtime.wait")? {
        "spin" => Wait::Spin,
        "yield" => Wait::Yield,
        "park" => Wait::Park,
        _ => return None,
    };
    let pin = |thread: &str| {
        let processor = values.whole(&format!("runtime.pin.{thread}"))?;
        u16::try_from(processor).ok()
    };
    Some(RuntimeConfig {
        wait,
        pins: Pins { hot: pin("hot"), feed: pin("feed"), order: pin("order") },
        connection_age_max: Duration::from_secs(values.whole("runtime.max_connection_age_s")?),
        key_check_every: Duration::from_secs(values.whole("runtime.key_check_s")?),
        answer_max: Duration::from_millis(values.whole("runtime.http_timeout_ms")?),
        heartbeat_every: Duration::from_secs(values.whole("runtime.heartbeat_s")?),
        missed_heartbeats_max: values.whole_u32("runtime.missed_heartbeats_max")?,
    })
}

fn journal(values: &Values) -> Option<JournalConfig> {
    Some(JournalConfig {
        segment_bytes: values.whole("journal.segment_mb")?.checked_mul(MEGABYTE)?,
        lane_folder: PathBuf::from(values.text("journal.lane_folder")?),
        files_max: values.whole("journal.keep_files")?,
        sync_ns: values.whole("journal.sync_ms")?.checked_mul(MS)?,
        market_data: match values.text("journal.market_data")? {
            "full" => MarketRecording::Full,
            "quotes" => MarketRecording::Quotes,
            "off" => MarketRecording::Off,
            _ => return None,
        },
    })
}

fn log(values: &Values) -> Option<LogConfig> {
    let format = match values.text("log.format")? {
        "text" => LogFormat::Text,
        "json" => LogFormat::Json,
        _ => return None,
    };
    Some(LogConfig { filter: values.text("log.filter")?.to_owned(), format })
}

/// An amount of money; the table keeps it within what `Cash` holds.
pub(super) fn cash(values: &Values, path: &str) -> Option<Cash> {
    values.number(path).and_then(Cash::from_decimal)
}

/// A quantity; the table keeps it within what `Qty` holds.
pub(super) fn qty(values: &Values, path: &str) -> Option<Qty> {
    values.number(path).and_then(Qty::from_decimal)
}
