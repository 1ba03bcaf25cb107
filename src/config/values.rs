//! Every value that a file gave, by path, with where it came from: what `Config` is built from,
//! what `config show` shows and what the hash is taken of.

use super::fault::{Place, quoted};
use super::keys::OFF;
use super::scalar::Checked;
use rust_decimal::Decimal;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Item {
    /// As in `strategies[0].budget.order_burst`.
    pub(super) path: String,
    pub(super) checked: Checked,
    /// Where it is written; for a default, where its group begins.
    pub(super) place: Place,
    pub(super) origin: Origin,
}

/// Where a value came from.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Origin {
    /// It is written.
    File,
    /// It is not written.
    Default,
    /// It is written with variables in it.
    Variables(Vec<String>),
}

/// All values, in the order of the table of keys.
#[derive(Clone, Debug, Default)]
pub(super) struct Values(Vec<Item>);

impl Values {
    pub(super) fn push(&mut self, item: Item) {
        self.0.push(item);
    }

    pub(super) fn item(&self, path: &str) -> Option<&Item> {
        self.0.iter().find(|item| item.path == path)
    }

    /// All of them.
    #[cfg(test)]
    pub(super) fn items(&self) -> impl Iterator<Item = &Item> {
        self.0.iter()
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.item(path).is_some()
    }

    /// Where a key is written, else where the file begins.
    pub(super) fn place(&self, path: &str) -> Place {
        self.item(path).map_or(Place::START, |item| item.place)
    }

    /// How many elements a list has; none when it is missing or faulty.
    pub(super) fn count(&self, path: &str) -> usize {
        if let Some(Checked::List(count)) = self.checked(path) { *count } else { 0 }
    }

    pub(super) fn text(&self, path: &str) -> Option<&str> {
        if let Checked::Text(text) = self.checked(path)? { Some(text) } else { None }
    }

    pub(super) fn variable(&self, path: &str) -> Option<&str> {
        if let Checked::Variable(name) = self.checked(path)? { Some(name) } else { None }
    }

    pub(super) fn flag(&self, path: &str) -> Option<bool> {
        if let Checked::Flag(flag) = self.checked(path)? { Some(*flag) } else { None }
    }

    pub(super) fn whole(&self, path: &str) -> Option<u64> {
        if let Checked::Whole(whole) = self.checked(path)? { Some(*whole) } else { None }
    }

    /// A whole number whose range, by the table, fits.
    pub(super) fn whole_u32(&self, path: &str) -> Option<u32> {
        self.whole(path).and_then(|whole| u32::try_from(whole).ok())
    }

    /// What `read` gives, or nothing where `off` is written.
    pub(super) fn unless_off<T>(
        &self,
        path: &str,
        read: impl FnOnce(&Self, &str) -> Option<T>,
    ) -> Option<Option<T>> {
        if self.text(path) == Some(OFF) { Some(None) } else { read(self, path).map(Some) }
    }

    pub(super) fn number(&self, path: &str) -> Option<Decimal> {
        if let Checked::Number(number) = self.checked(path)? { Some(*number) } else { None }
    }

    /// A number times `factor`, where the table allows no more decimals than that makes whole.
    pub(super) fn scaled(&self, path: &str, factor: u32) -> Option<i64> {
        let scaled = self.number(path)?.checked_mul(factor.into())?;
        scaled.is_integer().then(|| i64::try_from(scaled).ok()).flatten()
    }

    /// The values directly below a group: name and item.
    pub(super) fn below<'a>(
        &'a self,
        group: &str,
    ) -> impl Iterator<Item = (&'a str, &'a Item)> + use<'a> {
        let group = format!("{group}.");
        self.0.iter().filter_map(move |item| Some((item.path.strip_prefix(&group)?, item)))
    }

    /// How a fault speaks of a value: what a variable holds is not repeated.
    pub(super) fn spoken(&self, path: &str) -> String {
        match self.item(path) {
            Some(Item { origin: Origin::Variables(names), .. }) => {
                format!("what {} holds", names.join(", "))
            }
            Some(item) => quoted(&item.plain_value().unwrap_or_default()),
            None => "this".to_owned(),
        }
    }

    /// SHA-256 over `path=value` lines without secrets, as hex. A number has one spelling (15 and
    /// 15.0 are the same), and a default counts as if it were written.
    pub(super) fn hash(&self) -> String {
        let mut hasher = Sha256::new();
        for item in &self.0 {
            if let Some(value) = item.plain_value() {
                // Lengths, so that no value can look like another key.
                hasher.update(format!("{}={}:{value}\n", item.path, value.len()));
            }
        }
        hasher.finalize().iter().fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        })
    }

    /// What the hash is taken of.
    pub(super) fn plain(&self) -> BTreeMap<String, String> {
        let items = self.0.iter();
        items.filter_map(|item| Some((item.path.clone(), item.plain_value()?))).collect()
    }

    /// One line for each value: `path: value  # origin`. Secrets are `***`.
    pub(super) fn show(&self, file: &Path) -> String {
        let mut out = String::new();
        let lines: Vec<(String, String)> = self.0.iter().filter_map(|it| it.line(file)).collect();
        let width = lines.iter().map(|(value, _)| value.chars().count()).max().unwrap_or(0).min(60);
        for (value, origin) in lines {
            let _ = writeln!(out, "{value:<width$}  # {origin}");
        }
        out
    }

    fn checked(&self, path: &str) -> Option<&Checked> {
        self.item(path).map(|item| &item.checked)
    }
}

impl Item {
    /// Its one spelling; `None` for what holds no value of its own, and for secrets.
    fn plain_value(&self) -> Option<String> {
        let is_secret = self.path.ends_with("_file") && self.path.starts_with("venue.api_");
        match &self.checked {
            Checked::Group | Checked::Variable(_) | Checked::Faulty => None,
            Checked::Text(_) if is_secret => None,
            Checked::List(count) => Some(count.to_string()),
            Checked::Whole(whole) => Some(whole.to_string()),
            Checked::Number(number) => Some(number.normalize().to_string()),
            Checked::Text(text) => Some(text.clone()),
            Checked::Flag(flag) => Some(flag.to_string()),
        }
    }

    /// True for a value that stands in the file as it is.
    #[cfg(test)]
    pub(super) fn is_written(&self) -> bool {
        self.origin == Origin::File && !matches!(self.checked, Checked::Group | Checked::List(_))
    }

    fn line(&self, file: &Path) -> Option<(String, String)> {
        let value = match &self.checked {
            Checked::Group | Checked::List(_) | Checked::Faulty => return None,
            Checked::Variable(_) => "***".to_owned(),
            Checked::Text(path) if self.plain_value().is_none() => format!("*** in {path}"),
            Checked::Whole(_) | Checked::Number(_) | Checked::Text(_) | Checked::Flag(_) => {
                self.plain_value()?
            }
        };
        let written = format!("{}:{}", file.display(), self.place.line);
        let origin = match (&self.checked, &self.origin) {
            (Checked::Variable(name), _) => format!("variable {name}, {written}"),
            (_, Origin::File) => written,
            (_, Origin::Default) => "default".to_owned(),
            (_, Origin::Variables(names)) => format!("variable {}, {written}", names.join(", ")),
        };
        Some((format!("{}: {value}", self.path), origin))
    }
}
