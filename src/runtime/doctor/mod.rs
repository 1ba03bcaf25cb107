//! `engine doctor`: whether everything is as it must be before a start or a resume (R128).
//!
//! Must hold: nothing is changed, here or at the venue, and no order is sent; every check has a
//! limit of time; one that cannot tell warns or fails and is never well.
//!
//! A check is a row of [`CHECKS`]: its section, its name, its limit, and a function that looks.
//! What several of them need is read once and kept by [`Patient`].

mod account;
mod clock;
mod configuration;
mod disk;
mod engine;
mod key;
mod machine;
mod network;
mod patient;
mod reference;

use super::threads;
use crate::config::{Config, Endpoint};
use crate::ops::doctor::{Checked, Diagnosis, Found, Section};
use patient::Patient;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

/// One check.
struct Check {
    section: Section,
    name: &'static str,
    /// How long it may take, seconds.
    limit_s: u64,
    look: fn(&Patient) -> Found,
}

/// Longer than connecting and two answers may take together.
const SHORT_S: u64 = 30;

/// Reading a whole journal, or asking symbol by symbol.
const LONG_S: u64 = 120;

const fn check(section: Section, name: &'static str, look: fn(&Patient) -> Found) -> Check {
    Check { section, name, limit_s: SHORT_S, look }
}

const fn slow(section: Section, name: &'static str, look: fn(&Patient) -> Found) -> Check {
    Check { section, name, limit_s: LONG_S, look }
}

/// All of them, in the order in which a start would meet them.
const CHECKS: &[Check] = &[
    check(Section::Config, "file", configuration::file),
    check(Section::Config, "limits", configuration::limits),
    check(Section::Config, "attestation", configuration::attestation),
    check(Section::Config, "key", configuration::key),
    check(Section::Machine, "disk", machine::disk),
    check(Section::Machine, "inodes", machine::inodes),
    check(Section::Machine, "lane", machine::lane),
    check(Section::Machine, "memory", machine::memory),
    check(Section::Machine, "open files", machine::open_files),
    check(Section::Machine, "processors", machine::processors),
    check(Section::State, "engine", engine::running),
    slow(Section::State, "journal", disk::journal),
    slow(Section::State, "files", disk::files),
    check(Section::State, "last run", disk::last_run),
    check(Section::State, "kill switch", engine::kill_switch),
    check(Section::State, "mode", engine::mode),
    check(Section::State, "breaker", engine::breaker),
    check(Section::State, "backup", disk::backup),
    check(Section::Network, "rest", network::rest),
    check(Section::Network, "streams", network::streams),
    check(Section::Network, "order entry", network::order_entry),
    check(Section::Network, "wallet", network::wallet),
    check(Section::Network, "backup", network::backup),
    check(Section::Clock, "offset", clock::offset),
    check(Section::Clock, "kept", clock::kept),
    check(Section::Key, "permissions", key::permissions),
    check(Section::Reference, "instruments", reference::instruments),
    check(Section::Reference, "rate limits", reference::rate_limits),
    slow(Section::Reference, "fees", reference::fees),
    check(Section::Account, "reading", account::reading),
    check(Section::Account, "leverage", account::leverage),
    check(Section::Account, "positions", account::positions),
    check(Section::Account, "orders", account::orders),
    check(Section::Account, "strangers", account::strangers),
];

/// Looks at everything, or at these sections alone.
pub fn doctor(config: &Config, only: &[Section]) -> Diagnosis {
    let patient = Arc::new(Patient::new(config.clone()));
    let wanted = CHECKS.iter().filter(|it| only.is_empty() || only.contains(&it.section));
    let checked =
        |it: &Check| Checked { section: it.section, name: it.name, found: examined(it, &patient) };
    Diagnosis { checks: wanted.map(checked).collect() }
}

fn examined(check: &Check, patient: &Arc<Patient>) -> Found {
    let is_embedded = matches!(patient.config.venue.endpoint, Endpoint::Embedded(_));
    match is_embedded && check.section.is_of_venue() {
        true => Found::skip("the simulated exchange lives in the engine itself"),
        false => in_time(check, Arc::clone(patient)),
    }
}

/// A check that hangs (a disk, a name server) is left behind on its thread.
fn in_time(check: &Check, patient: Arc<Patient>) -> Found {
    let (sender, receiver) = mpsc::channel();
    let look = check.look;
    let body = move || drop(sender.send(look(&patient)));
    if let Err(error) = threads::spawn("doctor", None, body) {
        let said = format!("the machine gives no thread: {error}");
        return Found::fail(said, "look at the limits of processes of this user: `ulimit -u`");
    }
    receiver.recv_timeout(Duration::from_secs(check.limit_s)).unwrap_or_else(|_| {
        let said = format!("no answer within {} s, so nothing is known", check.limit_s);
        Found::fail(said, "look at what it asks (disk, network, venue), then say it again")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_check_has_a_name_of_its_own_in_its_section() {
        let names: BTreeSet<_> = CHECKS.iter().map(|it| (it.section.name(), it.name)).collect();
        assert_eq!(names.len(), CHECKS.len());
    }

    #[test]
    fn a_check_that_hangs_fails_when_its_time_is_over() {
        let stuck = Check {
            section: Section::State,
            name: "stuck",
            limit_s: 0,
            look: |_| {
                let (_kept, never) = mpsc::channel::<()>();
                let _ = never.recv();
                Found::ok("in the end")
            },
        };
        let patient = Arc::new(Patient::new(patient::tests::paper()));
        let Found::Fail { said, .. } = examined(&stuck, &patient) else {
            unreachable!("it hangs");
        };
        assert!(said.contains("nothing is known"), "{said}");
    }
}
