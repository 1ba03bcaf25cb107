//! The cause of a trip, kept for whoever must understand it before a reset (R37): what was ordered,
//! denied and traded last, equity, prices, positions and what a move costs.
//!
//! Must hold: everything in here is a copy from before; nothing is asked of the venue. A distance
//! to liquidation that is not known is `null`.

use super::report::Report;
use super::{say, status_json};
use crate::store::journal::{Entry, tail};
use crate::store::{NamedLatch, Record, StoreError, write_snapshot};
use crate::types::{Cash, ExecutionKind, Qty};
use serde_json::{Value, json};
use std::path::PathBuf;

/// How many of the last orders, trades and denials are kept, each.
const LAST: usize = 200;

/// What a snapshot is made of.
#[derive(Clone, Debug)]
pub struct Cause {
    /// What tripped.
    pub latch: NamedLatch,
    /// The engine as it was then.
    pub report: Report,
    /// Wall time in nanoseconds and equity, oldest first.
    pub curve: Vec<(u64, Option<Cash>)>,
    /// Where it is written.
    pub state_folder: PathBuf,
    /// Where orders and trades are read.
    pub journal_folder: PathBuf,
}

/// Writes `kill_snapshot_GENERATION.json` into the state folder and says where it is.
///
/// # Errors
/// [`StoreError`] when it cannot be written. A journal that cannot be read leaves its parts empty.
pub fn take(cause: &Cause) -> Result<PathBuf, StoreError> {
    let value = value(cause);
    write_snapshot(&cause.state_folder, cause.latch.trip.generation, &value.to_string())
}

fn value(cause: &Cause) -> Value {
    let Cause { latch, report, curve, .. } = cause;
    let trip = &latch.trip;
    let curve = curve.iter().map(|(unix_ns, equity)| {
        json!([unix_ns / crate::types::MS, equity.map(|equity| equity.to_string())])
    });
    json!({
        "generation": trip.generation,
        "scope": latch.scope.to_string(),
        "reason": say::trip_reason(trip.reason),
        "detail": trip.note.as_str(),
        "by": trip.by.as_str(),
        "unix_ms": trip.at.unix_ns / crate::types::MS,
        "mono_ns": trip.at.mono_ns,
        "value": trip.value,
        "threshold": trip.limit,
        "config_hash": report.config_hash,
        "clock_offset_ns": report.status.clock_offset_ns,
        "positions": positions(report),
        "equity_curve": curve.collect::<Vec<_>>(),
        "orders": last(cause, is_of_order),
        "denied": last(cause, |record| matches!(record, Record::Denied(_))),
        "fills": last(cause, is_trade),
        "status": status_json::status(report),
    })
}

/// What is held, what it is worth, and what one per cent against it costs.
fn positions(report: &Report) -> Vec<Value> {
    let held = report.status.instruments.iter().filter(|line| line.position != Qty::ZERO);
    let line = held.map(|line| {
        let notional = line.quote.map(|quote| quote.bid.notional(line.position));
        let loss = notional.and_then(|notional| notional.abs().checked_bps(100));
        json!({
            "symbol": report.names.instrument(line.id),
            "position": line.position.to_string(),
            "notional": notional.map(|it| it.to_string()),
            "loss_per_percent": loss.map(|it| it.to_string()),
            "liquidation_distance_bps": line.liquidation_bps,
        })
    });
    line.collect()
}

/// What we asked for.
fn is_of_order(record: &Record) -> bool {
    matches!(
        record,
        Record::Order(_)
            | Record::Child { .. }
            | Record::Cancel { .. }
            | Record::StopOrder(_)
            | Record::StopCancel { .. }
    )
}

/// The last of a kind, as the journal has them.
fn last(cause: &Cause, wanted: fn(&Record) -> bool) -> Vec<Value> {
    let entries = tail(&cause.journal_folder, LAST, wanted).unwrap_or_else(|error| {
        tracing::warn!(%error, "the journal could not be read for the snapshot");
        Vec::new()
    });
    entries.iter().map(entry).collect()
}

fn entry(entry: &Entry) -> Value {
    let said = entry.record.as_ref().map_or_else(|it| format!("{it:?}"), |it| format!("{it:?}"));
    json!({
        "sequence": entry.sequence,
        "unix_ms": entry.at.unix_ns / crate::types::MS,
        "mono_ns": entry.at.mono_ns,
        "record": said,
    })
}

fn is_trade(record: &Record) -> bool {
    matches!(record, Record::Execution(report) if matches!(report.kind, ExecutionKind::Trade(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::InstrumentStatus;
    use crate::core::safety::{TripReason, TripRecord};
    use crate::store::ScopeName;
    use crate::types::{InstrumentId, Price, Quote, Stamp, Text};

    fn cause(folder: &std::path::Path) -> Cause {
        let trip = TripRecord {
            generation: 7,
            reason: TripReason::Drawdown,
            at: Stamp { mono_ns: 1, unix_ns: 2 },
            value: 1_501,
            limit: 1_500,
            by: Text::new("kernel"),
            note: Text::default(),
        };
        let mut report = Report::default();
        report.names.instruments.push("BTCUSDT".to_owned());
        let (bid, ask) = (Price::whole(100), Price::whole(101));
        let qty = Qty::whole(1);
        report.status.instruments.push(InstrumentStatus {
            id: InstrumentId(0),
            quote: Some(Quote { bid, bid_qty: qty, ask, ask_qty: qty }),
            position: Qty::whole(-2),
            ..InstrumentStatus::default()
        });
        Cause {
            latch: NamedLatch { scope: ScopeName::All, trip },
            report,
            curve: vec![(3, Some(Cash::whole(5))), (4, None)],
            state_folder: folder.to_owned(),
            journal_folder: folder.join("journal"),
        }
    }

    #[test]
    fn says_what_is_held_and_what_a_move_costs() {
        let folder = tempfile::tempdir().unwrap();
        let path = take(&cause(folder.path())).unwrap();
        assert!(path.ends_with("kill_snapshot_7.json"));
        let read: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let held = &read["positions"][0];
        assert_eq!((&held["notional"], &held["loss_per_percent"]), (&json!("-200"), &json!("2")));
        assert_eq!(read["equity_curve"], json!([[0, "5"], [0, null]]));
        assert_eq!((&read["value"], &read["orders"]), (&json!(1_501), &json!([])));
    }

    #[test]
    fn a_disk_that_refuses_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let mut cause = cause(folder.path());
        cause.state_folder = folder.path().join("missing");
        assert!(take(&cause).is_err());
    }
}
