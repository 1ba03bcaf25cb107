//! Backups for people and programs: what there is, in words. Making and bringing back is `store`'s.

use super::journal::utc;
use crate::store::journal::Tally;
use crate::types::MS;
use serde_json::{Value, json};

pub use crate::store::backup::{
    BackupError, Difference, Manifest, Restoring, check, difference, find, in_place, into_folder,
    list,
};

/// A backup as one object.
pub fn line(manifest: &Manifest) -> Value {
    let Manifest { name, unix_ms, instance, version, tally, .. } = manifest;
    json!({
        "name": name,
        "unix_ms": unix_ms,
        "instance": instance,
        "version": version,
        "bytes": manifest.bytes(),
        "journal": tally,
    })
}

/// What a journal holds, in words.
pub fn words(tally: &Tally) -> String {
    let Tally { records, orders, trades, epoch, .. } = tally;
    let time = |unix_ns| if unix_ns == 0 { "never".to_owned() } else { utc(unix_ns) };
    let (last, last_trade) = (time(tally.last_unix_ns), time(tally.last_trade_unix_ns));
    format!(
        "{records} records, last {last}, {orders} orders, {trades} trades, last {last_trade}, \
         epoch {epoch}"
    )
}

/// How old it is, in words.
pub fn age(manifest: &Manifest, now_unix_ns: u64) -> String {
    let seconds = (now_unix_ns / MS).saturating_sub(manifest.unix_ms) / 1_000;
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200.. => format!("{} h", seconds / 3_600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_in_the_unit_that_a_person_would_use() {
        let manifest = |unix_ms| Manifest {
            name: "20260101".to_owned(),
            unix_ms,
            instance: "paper".to_owned(),
            version: "1".to_owned(),
            files: Vec::new(),
            segments: Vec::new(),
            tally: Tally::default(),
        };
        let rows = [(0, "0 s"), (119, "119 s"), (120, "2 min"), (7_199, "119 min"), (7_200, "2 h")];
        for (seconds, expected) in rows {
            let now_ns = (5_000 + seconds * 1_000) * MS;
            assert_eq!(age(&manifest(5_000), now_ns), expected);
        }
        assert_eq!(age(&manifest(5_000), 0), "0 s", "a clock that was set back");
    }

    #[test]
    fn what_never_happened_has_no_time() {
        let told = words(&Tally::default());
        assert!(told.contains("0 trades, last never"), "{told}");
        let one = Tally { trades: 1, last_trade_unix_ns: MS, ..Tally::default() };
        assert!(words(&one).contains("1 trades, last 1970-01-01T00:00:00.001Z"), "{told}");
    }
}
