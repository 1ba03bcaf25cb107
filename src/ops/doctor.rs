//! What `engine doctor` found, for people and programs (R128).
//!
//! Must hold: what is not as it must be comes with its next step; a check that could not tell is
//! never [`Found::Ok`]; a key is named by its fingerprint and by nothing of itself.

use serde_json::{Value, json};
use std::fmt::Write as _;

/// A part of the table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Section {
    /// What the file says.
    Config,
    /// The machine that it runs on.
    Machine,
    /// What is on disk, and the engine that runs on it.
    State,
    /// The way to the venue.
    Network,
    /// The venue's clock beside ours.
    Clock,
    /// What the key may do.
    Key,
    /// What the venue lists, and charges.
    Reference,
    /// The account itself.
    Account,
}

impl Section {
    /// The word that reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Machine => "machine",
            Self::State => "state",
            Self::Network => "network",
            Self::Clock => "clock",
            Self::Key => "key",
            Self::Reference => "reference",
            Self::Account => "account",
        }
    }

    /// True where there is nothing to look at without a venue at an address.
    pub fn is_of_venue(self) -> bool {
        match self {
            Self::Config | Self::Machine | Self::State => false,
            Self::Network | Self::Clock | Self::Key | Self::Reference | Self::Account => true,
        }
    }
}

/// What a check found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Found {
    /// As it must be.
    Ok(String),
    /// A person should look; it keeps nobody from starting.
    Warn {
        /// In words.
        said: String,
        /// What to do.
        next: String,
    },
    /// Not as it must be: nobody should start or resume.
    Fail {
        /// In words.
        said: String,
        /// What to do.
        next: String,
    },
    /// There is nothing to look at, and why.
    Skip(String),
}

impl Found {
    /// As it must be.
    pub fn ok(said: impl Into<String>) -> Self {
        Self::Ok(said.into())
    }

    /// A person should look.
    pub fn warn(said: impl Into<String>, next: impl Into<String>) -> Self {
        Self::Warn { said: said.into(), next: next.into() }
    }

    /// Not as it must be.
    pub fn fail(said: impl Into<String>, next: impl Into<String>) -> Self {
        Self::Fail { said: said.into(), next: next.into() }
    }

    /// There is nothing to look at.
    pub fn skip(why: impl Into<String>) -> Self {
        Self::Skip(why.into())
    }

    /// The word that reports use.
    pub fn verdict(&self) -> &'static str {
        match self {
            Self::Ok(_) => "ok",
            Self::Warn { .. } => "warn",
            Self::Fail { .. } => "fail",
            Self::Skip(_) => "skip",
        }
    }

    fn parts(&self) -> (&str, Option<&str>) {
        match self {
            Self::Ok(said) | Self::Skip(said) => (said, None),
            Self::Warn { said, next } | Self::Fail { said, next } => (said, Some(next)),
        }
    }
}

/// A check with what it found.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Checked {
    /// The part that it belongs to.
    pub section: Section,
    /// Its own name.
    pub name: &'static str,
    /// What it found.
    pub found: Found,
}

/// Everything that was looked at, in order.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Diagnosis {
    /// A line each.
    pub checks: Vec<Checked>,
}

impl Diagnosis {
    /// True when nothing failed; warnings and what was passed over do not count.
    pub fn is_fit(&self) -> bool {
        self.count("fail") == 0
    }

    fn count(&self, verdict: &str) -> usize {
        self.checks.iter().filter(|it| it.found.verdict() == verdict).count()
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let check = |it: &Checked| {
            let (said, next) = it.found.parts();
            json!({
                "section": it.section.name(),
                "check": it.name,
                "verdict": it.found.verdict(),
                "said": said,
                "next": next,
            })
        };
        json!({
            "ok": self.is_fit(),
            "warned": self.count("warn"),
            "failed": self.count("fail"),
            "skipped": self.count("skip"),
            "checks": self.checks.iter().map(check).collect::<Vec<_>>(),
        })
    }

    /// For people: a line each, and what it comes to.
    pub fn text(&self) -> String {
        let mut out = String::new();
        for it in &self.checks {
            let (said, next) = it.found.parts();
            let (verdict, section) = (it.found.verdict(), it.section.name());
            // Writing to a string cannot fail.
            let _ = write!(out, "{verdict:6}{section:11}{:14}{}", it.name, one_line(said));
            let _ = next.map(|next| write!(out, "; next: {}", one_line(next)));
            out.push('\n');
        }
        let [ok, warned, skipped] = ["ok", "warn", "skip"].map(|verdict| self.count(verdict));
        let sum = match self.count("fail") {
            0 => "nothing failed".to_owned(),
            failed => format!("{failed} failed: do not start or resume before they are mended"),
        };
        let _ = writeln!(out, "{sum} ({ok} ok, {warned} warned, {skipped} skipped)");
        out
    }
}

/// One check is one line, whatever a venue said.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn diagnosis(found: impl IntoIterator<Item = Found>) -> Diagnosis {
        let check = |found| Checked { section: Section::Clock, name: "offset", found };
        Diagnosis { checks: found.into_iter().map(check).collect() }
    }

    #[test]
    fn only_a_failure_is_unfit_and_it_says_what_to_do() {
        let (ok, skip) = (Found::ok("3 ms"), Found::skip("no venue"));
        let (warn, fail) = (Found::warn("600 ms", "look"), Found::fail("3 s", "set the clock"));
        assert!(diagnosis([ok.clone(), warn.clone(), skip.clone()]).is_fit());
        let all = diagnosis([ok, warn, skip, fail]);
        assert!(!all.is_fit());
        assert_eq!(
            all.text(),
            "ok    clock      offset        3 ms\n\
             warn  clock      offset        600 ms; next: look\n\
             skip  clock      offset        no venue\n\
             fail  clock      offset        3 s; next: set the clock\n\
             1 failed: do not start or resume before they are mended (1 ok, 1 warned, 1 skipped)\n"
        );
    }

    #[test]
    fn programs_get_one_object_with_every_check() {
        let told = diagnosis([Found::ok("3 ms"), Found::fail("3 s", "set the clock")]).json();
        assert_eq!((&told["ok"], &told["failed"]), (&json!(false), &json!(1)));
        assert_eq!(
            told["checks"][1],
            json!({
                "section": "clock", "check": "offset", "verdict": "fail",
                "said": "3 s", "next": "set the clock",
            })
        );
        assert_eq!(told["checks"][0]["next"], Value::Null);
    }

    #[test]
    fn what_a_venue_says_over_several_lines_is_one() {
        let text = diagnosis([Found::fail("no\r\n  answer", "ask\nagain")]).text();
        assert!(text.starts_with("fail  clock      offset        no answer; next: ask again\n"));
    }
}
