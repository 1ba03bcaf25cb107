//! Two engines under one name: one hangs, a copy of its state folder is started, as somebody who
//! restores a backup would do, and then the first wakes up.

use crate::control::text;
use crate::support::{Deployment, ExchangeProcess, eventually, number};
use std::fs;
use std::path::Path;
use tradekeel::store::Record;
use tradekeel::types::OrderRef;

/// Copies files and folders; a socket is neither.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let (kind, to) = (entry.file_type().unwrap(), to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &to);
        } else if kind.is_file() {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[test]
fn the_engine_that_was_started_first_wakes_up_halts_and_sends_nothing_more() {
    // Two engines on one address ask for more than a venue gives one.
    let exchange = ExchangeProcess::tireless(1);
    let old = Deployment::at(exchange.port);
    let ghost = old.trading();
    let new = Deployment::at(exchange.port);
    // One that trades on would keep the other from ever proving the account.
    ghost.signal("STOP");
    for folder in ["state", "journal"] {
        copy(&old.folder().join(folder), &new.folder().join(folder));
    }
    let heir = new.started();
    // Orders that its quarantine holds back are none.
    let is_later = |id: &str| id.split('-').nth(1) == Some("2");
    let taken = || exchange.truth().orders().iter().any(|it| is_later(text(&it["client_id"])));
    assert!(eventually(taken), "the later start has no order at the exchange");
    ghost.signal("CONT");
    let status = old.until("it yields", |status| status["mode"] == "HALTED");
    assert_eq!(status["mode_cause"], "superseded by a later start, engine");
    let sent = number(&new.status()["orders"]["sent"]);
    new.until("the other goes on", |status| sent + 3 <= number(&status["orders"]["sent"]));
    assert_eq!(old.status()["mode"], "HALTED");
    heir.stop();
    ghost.stop();
    assert_silent_after_the_later_start(&old.journal());
}

/// Behind the first word of an order of a later start stands no order of this one.
fn assert_silent_after_the_later_start(journal: &[Record]) {
    let own = journal.iter().find_map(|record| match record {
        Record::Start(start) => Some(start.epoch),
        _ => None,
    });
    let is_later = |record: &Record| match record {
        Record::Execution(report) => {
            matches!(report.order, OrderRef::Ours(id) if own < Some(id.epoch))
        }
        _ => false,
    };
    let at = journal.iter().position(is_later).expect("it heard of the other");
    let later = journal[at..]
        .iter()
        .find(|record| matches!(record, Record::Order(order) if order.strategy.is_some()));
    assert!(later.is_none(), "{later:?}");
}
