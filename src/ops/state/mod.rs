//! Whether everything that a deployment keeps is whole and tells one story (R91): the chain of the
//! journal, the checksum of every state file, the files against the journal's last word, positions
//! and cash against the trades.
//!
//! Must hold: nothing is written and no lock is taken, also while the engine runs; what is only on
//! its way is said to be so and is no fault; what could not be compared is said, and never counts
//! as good.
//!
//! In reading order: [`Word`] is the journal's last word, `files` every file of the state folder
//! against it, [`Books`] the trades against the readings of the account, `account` the files that
//! tell positions against the books.

mod account;
mod books;
mod files;
mod line;
mod word;

pub use books::{Books, Mismatch};
pub use word::Word;

use crate::config::Config;
use crate::store::StoreError;
use crate::store::journal::{self, Reader};
use crate::types::Cash;
use serde_json::{Value, json};
use std::os::unix::net::UnixStream;

/// One thing that was looked at.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Finding {
    /// What: a file, or a matter.
    pub what: String,
    /// How it stands.
    pub health: Health,
    /// In words.
    pub said: String,
}

/// How something stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Health {
    /// As it must be.
    Good,
    /// Not to be compared, or on its way: no fault.
    Note,
    /// Not as it must be.
    Fault,
}

impl Health {
    fn name(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Note => "note",
            Self::Fault => "FAULT",
        }
    }
}

/// Everything that was found.
#[derive(Clone, Debug, Default)]
pub struct Verified {
    /// An engine runs on this state.
    pub is_running: bool,
    /// In the order in which it was looked at.
    pub findings: Vec<Finding>,
}

impl Verified {
    /// How many faults there are.
    pub fn faults(&self) -> usize {
        self.findings.iter().filter(|it| it.health == Health::Fault).count()
    }

    fn add(&mut self, what: &str, health: Health, said: impl Into<String>) {
        self.findings.push(Finding { what: what.to_owned(), health, said: said.into() });
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let finding =
            |it: &Finding| json!({"what": it.what, "health": it.health.name(), "said": it.said});
        json!({
            "ok": self.faults() == 0,
            "running": self.is_running,
            "faults": self.faults(),
            "findings": self.findings.iter().map(finding).collect::<Vec<_>>(),
        })
    }

    /// For people: a line each, and what it comes to.
    pub fn text(&self) -> String {
        let line = |it: &Finding| format!("{:6}{:32}{}\n", it.health.name(), it.what, it.said);
        let mut text: String = self.findings.iter().map(line).collect();
        text.push_str(&match (self.faults(), self.is_running) {
            (0, false) => "whole\n".to_owned(),
            (0, true) => {
                "whole; an engine runs, and what it writes meanwhile is a note\n".to_owned()
            }
            (faults, _) => format!("{faults} fault(s); see RUNBOOK.md, \"Is the state sound\"\n"),
        });
        text
    }
}

/// Looks at all of it.
///
/// # Errors
/// [`StoreError`] when the journal's folder cannot be read at all.
pub fn verify(config: &Config) -> Result<Verified, StoreError> {
    let is_running = UnixStream::connect(config.folders.state.join("engine.sock")).is_ok();
    let mut found = Verified { is_running, ..Verified::default() };
    // The files before the journal: what an engine writes meanwhile is in the journal first, so a
    // file can only be behind.
    let files = files::read(&config.folders.state);
    chain(config, &mut found)?;
    let (word, books) = fold(config)?;
    files::compare(files, &word, config, &mut found);
    account::compare(&books, &word, config, &mut found);
    Ok(found)
}

fn chain(config: &Config, found: &mut Verified) -> Result<(), StoreError> {
    let verified = journal::verify(&config.folders.journal)?;
    for fault in &verified.faults {
        found.add("journal", Health::Fault, fault.to_string());
    }
    let (records, files) = (verified.records, verified.segments);
    match (verified.faults.is_empty(), verified.torn_bytes) {
        (true, 0) => {
            found.add("journal", Health::Good, format!("{records} records in {files} files"));
        }
        (true, torn) => {
            let said =
                format!("{records} records; {torn} bytes of one that was being written at the end");
            found.add("journal", Health::Note, said);
        }
        (false, _) => {}
    }
    Ok(())
}

/// The journal's last word, and its books. What is damaged was said by then.
fn fold(config: &Config) -> Result<(Word, Books), StoreError> {
    let tolerance: Cash = config.timing.balance_tolerance;
    let (mut word, mut books) = (Word::new(config), Books::new(tolerance));
    for entry in Reader::open(&config.folders.journal)? {
        match entry {
            Ok(entry) => {
                if let Ok(record) = &entry.record {
                    word.take(record);
                    books.take(&entry, record);
                }
            }
            Err(StoreError::Damaged { .. }) => books.on_gap(),
            Err(error) => return Err(error),
        }
    }
    books.finish();
    Ok((word, books))
}
