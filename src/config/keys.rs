//! What a key of the configuration is: where it stands, what it may hold, whether it must be there,
//! and one sentence for people.
//!
//! [`super::table::KEYS`] lists them all. The walk over a file, its faults, the JSON Schema and
//! `config show` are made from that one list, so they cannot disagree.

/// One key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    /// Where it stands; `[]` is any element of a list.
    pub(super) path: &'static str,
    /// What it may hold.
    pub(super) kind: Kind,
    /// Whether it must be there.
    pub(super) need: Need,
    /// What it means.
    pub(super) meaning: &'static str,
}

/// Whether a key must be there, once its group is there.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Need {
    /// Always: a safety number has no default (D8).
    Required,
    /// With a venue at an address, and never with an embedded exchange.
    Remote,
    /// With a venue of contracts, and never with one of spot.
    Contracts,
    /// No, and then it holds nothing.
    Optional,
    /// No, and then it holds this; `<instance>` stands for the key of that name. A group's default
    /// is that of its keys.
    Default(&'static str),
}

/// The word that switches an optional limit off: it must be written, so that nobody leaves one out
/// by mistake (D8).
pub(super) const OFF: &str = "off";

/// What a key may hold.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// Keys of its own.
    Group,
    /// Keys of its own, or the word `off`.
    GroupOrOff,
    /// One to so many groups.
    Groups(usize),
    /// One to so many symbols.
    Symbols(usize),
    /// One or more of these words.
    Words(&'static [&'static str]),
    /// A time of day or a date with one, UTC.
    Moment,
    /// Keys that a strategy knows and this table does not.
    Settings,
    /// `true` or `false`.
    Flag,
    /// One of these words.
    Choice(&'static [&'static str]),
    /// A whole number: from, to, unit (may be empty).
    Whole(u64, u64, &'static str),
    /// An exact number: from, to, decimals, unit.
    Number(&'static str, &'static str, u32, &'static str),
    /// The same as `Whole`, or `off`.
    WholeOrOff(u64, u64, &'static str),
    /// The same as `Number`, or `off`.
    NumberOrOff(&'static str, &'static str, u32, &'static str),
    /// Percent from 1 on: a fraction is refused with a hint.
    Percent(&'static str),
    /// A divisor of time, or `max`.
    Speed(u64),
    /// A name of ours: lower case, digits, `-` and `_`.
    Name,
    /// A short line for people to read.
    Line,
    /// An instrument of the venue.
    Symbol,
    /// An asset, as in `USDT`.
    Asset,
    /// An address with one of these schemes.
    Address(&'static [&'static str]),
    /// A filter of the log.
    Filter,
    /// A file or a folder.
    Path,
    /// Exactly one variable.
    Secret,
    /// A file that holds a secret.
    SecretFile,
}

impl Key {
    /// The path of the group that it stands in; empty for the file itself.
    pub(super) fn group(&self) -> &'static str {
        self.path.rsplit_once('.').map_or("", |(group, _)| group)
    }

    /// The word that is written in the file.
    pub(super) fn name(&self) -> &'static str {
        let last = self.path.rsplit_once('.').map_or(self.path, |(_, last)| last);
        last.trim_end_matches("[]")
    }
}

/// The keys that stand directly in a group.
pub(super) fn keys_of(group: &str) -> impl Iterator<Item = &'static Key> + Clone {
    let group = group.to_owned();
    super::table::KEYS.iter().filter(move |key| key.group() == group)
}

impl Kind {
    /// What is expected, as half a sentence.
    pub(super) fn expected(self) -> String {
        match self {
            Self::Group => "a group of keys".to_owned(),
            Self::GroupOrOff => "a group of keys, or off".to_owned(),
            Self::Groups(max) => format!("a list of 1 to {max} groups of keys"),
            Self::Symbols(max) => format!("a list of 1 to {max} symbols"),
            Self::Words(words) => format!("a list of {}", words.join(", ")),
            Self::Moment => "a time as in 23:50 or 2026-01-01T00:00Z, in UTC".to_owned(),
            Self::Settings => "the settings that the strategy knows".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Choice(words) => format!("one of: {}", words.join(", ")),
            Self::Whole(min, max, unit) => {
                format!("a whole number from {min} to {max}{}", in_brackets(unit))
            }
            Self::Number(min, max, places, unit) => {
                let unit = in_brackets(unit);
                format!("a number from {min} to {max}{unit} with at most {places} decimals")
            }
            Self::WholeOrOff(min, max, unit) => {
                format!("{}, or {OFF}", Self::Whole(min, max, unit).expected())
            }
            Self::NumberOrOff(min, max, places, unit) => {
                format!("{}, or {OFF}", Self::Number(min, max, places, unit).expected())
            }
            Self::Percent(max) => {
                format!("a number from 1 to {max} (percent) with at most 2 decimals")
            }
            Self::Speed(max) => format!("a whole number from 1 to {max}, or max"),
            Self::Name => {
                "a name of 1 to 32 lower-case letters, digits, `-` and `_`, a letter first"
                    .to_owned()
            }
            Self::Symbol => "a symbol of the venue, as in BTCUSDT".to_owned(),
            Self::Line => "a line of at most 200 printable characters".to_owned(),
            Self::Asset => "an asset in upper case, as in USDT".to_owned(),
            Self::Address(schemes) => {
                format!("an address without a path: {}", schemes.join("host[:port] or "))
                    + "host[:port]"
            }
            Self::Filter => "a level (trace, debug, info, warn, error) or `module=level` parts \
                             joined by commas"
                .to_owned(),
            Self::Path => "a path".to_owned(),
            Self::Secret => "exactly one variable, as in ${BINANCE_API_KEY}".to_owned(),
            Self::SecretFile => "the path of a file that only its owner can read".to_owned(),
        }
    }
}

fn in_brackets(unit: &str) -> String {
    if unit.is_empty() { String::new() } else { format!(" ({unit})") }
}

/// A key that must be there.
pub(super) const fn required(path: &'static str, kind: Kind, meaning: &'static str) -> Key {
    Key { path, kind, need: Need::Required, meaning }
}

/// A key that must be there for a venue at an address, and only for one.
pub(super) const fn remote(path: &'static str, kind: Kind, meaning: &'static str) -> Key {
    Key { path, kind, need: Need::Remote, meaning }
}

/// A key that must be there for a venue of contracts, and only for one.
pub(super) const fn contracts(path: &'static str, kind: Kind, meaning: &'static str) -> Key {
    Key { path, kind, need: Need::Contracts, meaning }
}

/// A key that may be left out.
pub(super) const fn optional(path: &'static str, kind: Kind, meaning: &'static str) -> Key {
    Key { path, kind, need: Need::Optional, meaning }
}

/// A key that holds `value` when it is left out.
pub(super) const fn default(
    path: &'static str,
    kind: Kind,
    value: &'static str,
    meaning: &'static str,
) -> Key {
    Key { path, kind, need: Need::Default(value), meaning }
}
