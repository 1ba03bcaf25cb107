//! The accounts of a simulated exchange: a file of keys, by what their owners are known and what
//! they start with, as YAML or JSON.
//!
//! ```yaml
//! accounts:
//!   - key: ada-key
//!     secret: ada-secret
//!     spot: {USDT: 1000.5, BTC: 2}   # what it holds on Spot; nothing where it is not named
//!     usdm: 5000                     # its wallet on USDⓈ-M; nothing where it is not named
//!   - key: bob-key
//!     public_key: MCowBQYDK2VwAyEAGUIKv9dSpWXBViXp2m6vAIb8QMFJYBgyFEQsFJlqgA0=
//!     usdm: 5000                     # he signs with the private half of that Ed25519 key
//! ```
//!
//! Must hold: all faults are told at once, with file, line and column; no key and no secret is ever
//! repeated. These are keys of a simulated exchange: they stand in the file as they are.

use super::fault::{Collector, Faults, Place, quoted};
use super::yaml::{self, Entry, Node, Value};
use super::{ConfigError, source};
use crate::types::Cash;
use crate::venue::key::{Proof, ed25519_public_key};
use std::fmt;
use std::path::Path;

/// Most accounts of one file: every one has its own limits and private events.
const ACCOUNTS_MAX: usize = 64;

/// Longest key or secret: Binance's own have 64 characters.
const SECRET_CHARS_MAX: usize = 128;

/// Largest amount of one asset, whole.
const AMOUNT_MAX: i32 = 1_000_000_000;

/// What an account is written with.
const KEYS: &str = "key, secret or public_key, spot, usdm";

/// What is expected where something else stands.
const ACCOUNT: &str = "an account: key, secret or public_key, spot, usdm";

/// One account of a simulated exchange.
#[derive(Clone, PartialEq)]
pub struct ExchangeAccount {
    /// Its API key.
    pub key: String,
    /// By what its owner is known.
    pub proof: Proof,
    /// What it holds on Spot, by asset.
    pub spot: Vec<(String, Cash)>,
    /// What is in its wallet on USDⓈ-M.
    pub usdm: Cash,
}

impl fmt::Debug for ExchangeAccount {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "ExchangeAccount({:?}, {})", self.spot, self.usdm)
    }
}

/// Reads and checks a file of accounts.
///
/// # Errors
/// [`ConfigError`] with everything that is wrong with it.
pub fn load_accounts(path: &Path) -> Result<Vec<ExchangeAccount>, ConfigError> {
    let bytes = source::open(path).and_then(|file| source::read(file, source::FILE_BYTES_MAX));
    let bytes =
        bytes.map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
    Ok(check_accounts(path, &bytes)?)
}

/// Checks `bytes` as if they had been read from `path`.
///
/// # Errors
/// [`Faults`] with everything that is wrong.
pub fn check_accounts(path: &Path, bytes: &[u8]) -> Result<Vec<ExchangeAccount>, Faults> {
    let mut faults = Collector::default();
    let node = source::text(bytes, &mut faults).and_then(|text| yaml::parse(text, &mut faults));
    let accounts = node.map(|node| accounts(&node, &mut faults)).unwrap_or_default();
    faults.finish(path.to_owned())?;
    Ok(accounts)
}

fn accounts(root: &Node, faults: &mut Collector) -> Vec<ExchangeAccount> {
    let mut found = Vec::new();
    let mut listed = false;
    for entry in entries(root, "", "a list of accounts under `accounts`", faults) {
        match (entry.key.as_str(), &entry.node.value) {
            ("accounts", Value::List(nodes)) if (1..=ACCOUNTS_MAX).contains(&nodes.len()) => {
                listed = true;
                let read =
                    nodes.iter().enumerate().filter_map(|(at, node)| account(node, at, faults));
                found = read.collect();
            }
            ("accounts", _) => {
                listed = true;
                let what = format!("must be a list of 1 to {ACCOUNTS_MAX} accounts");
                faults.written(entry.node.place, "accounts", what);
            }
            _ => unknown(entry, "", "accounts", faults),
        }
    }
    if !listed {
        faults.written(root.place, "accounts", "is missing; list at least one account");
    }
    twice(&found, root.place, faults);
    found
}

/// Two accounts with one key would be one that nobody can tell apart.
fn twice(accounts: &[ExchangeAccount], place: Place, faults: &mut Collector) {
    for (at, account) in accounts.iter().enumerate() {
        if accounts.iter().take(at).any(|before| before.key == account.key) {
            let what = "is the key of an account above; every account needs its own";
            faults.written(place, &format!("accounts[{at}].key"), what);
        }
    }
}

fn account(node: &Node, at: usize, faults: &mut Collector) -> Option<ExchangeAccount> {
    let within = format!("accounts[{at}]");
    let (mut key, mut secret, mut public_key) = (None, None, None);
    let (mut spot, mut usdm) = (Vec::new(), Cash::ZERO);
    let written = entries(node, &within, ACCOUNT, faults);
    for entry in written {
        let path = format!("{within}.{}", entry.key);
        match entry.key.as_str() {
            "key" => key = word(entry, &path, faults),
            "secret" => secret = word(entry, &path, faults).map(Proof::Secret),
            "public_key" => public_key = ed25519(entry, &path, faults),
            "spot" => spot = balances(entry, &path, faults),
            "usdm" => usdm = amount(&entry.node, &path, faults).unwrap_or(Cash::ZERO),
            _ => unknown(entry, &within, KEYS, faults),
        }
    }
    if matches!(node.value, Value::Map(_)) {
        complete(written, node.place, &within, faults);
    }
    Some(ExchangeAccount { key: key?, proof: secret.or(public_key)?, spot, usdm })
}

/// An account has a key, and is known by one of two things.
fn complete(written: &[Entry], place: Place, within: &str, faults: &mut Collector) {
    let is_given = |name: &str| written.iter().any(|entry| entry.key == name);
    if !is_given("key") {
        faults.written(place, &format!("{within}.key"), "is missing");
    }
    let what = match (is_given("secret"), is_given("public_key")) {
        (true, false) | (false, true) => return,
        (false, false) => "is missing; name a secret, or a public_key of Ed25519",
        (true, true) => "stands beside a public_key; an account is known by one of the two",
    };
    faults.written(place, &format!("{within}.secret"), what);
}

fn balances(entry: &Entry, path: &str, faults: &mut Collector) -> Vec<(String, Cash)> {
    let mut balances = Vec::new();
    for asset in entries(&entry.node, path, "amounts by asset, as {USDT: 1000, BTC: 2}", faults) {
        let path = format!("{path}.{}", asset.key);
        let letters = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if !(1..=20).contains(&asset.key.len()) || !asset.key.bytes().all(letters) {
            let what = "is no asset; assets are written in capitals, as USDT";
            faults.written(asset.place, &path, what);
            continue;
        }
        let amount = amount(&asset.node, &path, faults);
        balances.extend(amount.map(|amount| (asset.key.clone(), amount)));
    }
    balances
}

fn entries<'a>(node: &'a Node, path: &str, expected: &str, faults: &mut Collector) -> &'a [Entry] {
    match &node.value {
        Value::Map(entries) => entries,
        Value::Faulty => &[],
        Value::Nothing | Value::Scalar(..) | Value::List(_) => {
            faults.written(node.place, path, format!("must be {expected}"));
            &[]
        }
    }
}

fn word(entry: &Entry, path: &str, faults: &mut Collector) -> Option<String> {
    let plain = |text: &&String| {
        (1..=SECRET_CHARS_MAX).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_graphic())
    };
    let written = match &entry.node.value {
        Value::Scalar(text, _) => Some(text),
        Value::Nothing | Value::List(_) | Value::Map(_) | Value::Faulty => None,
    };
    let word = written.filter(plain);
    if word.is_none() {
        let what = format!("must be 1 to {SECRET_CHARS_MAX} letters, digits or signs");
        faults.written(entry.node.place, path, what);
    }
    word.cloned()
}

fn ed25519(entry: &Entry, path: &str, faults: &mut Collector) -> Option<Proof> {
    let key = match &entry.node.value {
        Value::Scalar(text, _) => ed25519_public_key(text),
        Value::Nothing | Value::List(_) | Value::Map(_) | Value::Faulty => None,
    };
    if key.is_none() {
        let what = "must be an Ed25519 public key: what `openssl pkey -pubout` writes, or the line \
                    of Base64 within it";
        faults.written(entry.node.place, path, what);
    }
    key.map(Proof::PublicKey)
}

fn amount(node: &Node, path: &str, faults: &mut Collector) -> Option<Cash> {
    let parsed = match &node.value {
        Value::Scalar(text, _) => Cash::parse(text.as_bytes()),
        Value::Nothing | Value::List(_) | Value::Map(_) | Value::Faulty => None,
    };
    let fits = parsed.filter(|cash| (Cash::ZERO..=Cash::whole(AMOUNT_MAX)).contains(cash));
    if fits.is_none() {
        let what = format!("must be an amount from 0 to {AMOUNT_MAX}, with 8 places at most");
        faults.written(node.place, path, what);
    }
    fits
}

fn unknown(entry: &Entry, within: &str, known: &str, faults: &mut Collector) {
    let what = format!("there is no key {}; there are: {known}", quoted(&entry.key));
    faults.written(entry.place, within, what);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<ExchangeAccount>, String> {
        let read = check_accounts(Path::new("f"), text.as_bytes());
        read.map_err(|faults| faults.to_string())
    }

    #[test]
    fn yaml_and_json_say_the_same() {
        let yaml = "accounts:\n  - key: ada\n    secret: s1\n    spot: {USDT: 1000.5, BTC: 2}\n    usdm: 7\n  - key: bob\n    secret: '9'\n";
        let json = r#"{"accounts": [
            {"key": "ada", "secret": "s1", "spot": {"USDT": "1000.5", "BTC": 2}, "usdm": 7},
            {"key": "bob", "secret": "9"}
        ]}"#;
        let accounts = read(yaml).unwrap();
        assert_eq!(read(json).unwrap(), accounts);
        let spot = [
            ("USDT".to_owned(), Cash::parse(b"1000.5").unwrap()),
            ("BTC".to_owned(), Cash::whole(2)),
        ];
        assert_eq!((accounts[0].spot.as_slice(), accounts[0].usdm), (&spot[..], Cash::whole(7)));
        assert_eq!((accounts[1].spot.len(), accounts[1].usdm), (0, Cash::ZERO));
    }

    #[test]
    fn a_public_key_stands_in_one_line_or_as_its_file() {
        let body = "MCowBQYDK2VwAyEAGUIKv9dSpWXBViXp2m6vAIb8QMFJYBgyFEQsFJlqgA0=";
        let line = format!("accounts:\n  - {{key: ada, public_key: {body}}}");
        let accounts = read(&line).unwrap();
        let Proof::PublicKey(key) = accounts[0].proof else { panic!("a public key") };
        assert_eq!((key[0], key[31]), (0x19, 0x0d));
        let (begin, end) = ("-----BEGIN PUBLIC KEY-----", "-----END PUBLIC KEY-----");
        let json = format!(
            r#"{{"accounts": [{{"key": "ada", "public_key": "{begin}\n{body}\n{end}\n"}}]}}"#
        );
        assert_eq!(read(&json).unwrap(), accounts);
    }

    #[test]
    fn every_fault_is_told_with_its_place() {
        let rows = [
            ("", "f:1:1: the file is empty"),
            ("accounts: []", "accounts: must be a list of 1 to 64 accounts"),
            ("other: 1", "there is no key `other`"),
            ("accounts:\n  - key: a", "accounts[0].secret: is missing"),
            ("accounts:\n  - key: a", "name a secret, or a public_key"),
            (
                "accounts:\n  - {key: a, public_key: MCow}",
                "f:2:26: accounts[0].public_key: must be an Ed25519 public key",
            ),
            ("accounts:\n  - {key: a, public_key: [1]}", "must be an Ed25519 public key"),
            ("accounts:\n  - {key: a, secret: b, public_key: c}", "stands beside a public_key"),
            ("accounts:\n  - 5", "accounts[0]: must be an account"),
            (
                "accounts:\n  - {key: a, secret: b, usdm: -1}",
                "f:2:31: accounts[0].usdm: must be an amount",
            ),
            ("accounts:\n  - {key: a, secret: b, usdm: 1000000000.1}", "must be an amount from 0"),
            (
                "accounts:\n  - {key: a, secret: b, spot: {usdt: 1}}",
                "accounts[0].spot.usdt: is no asset",
            ),
            ("accounts:\n  - {key: a, secret: b, spot: 5}", "accounts[0].spot: must be amounts"),
            ("accounts:\n  - {key: a, secret: b, margin: 5}", "there is no key `margin`"),
            (
                "accounts:\n  - {key: a, secret: b}\n  - {key: a, secret: c}",
                "accounts[1].key: is the key of",
            ),
            ("accounts:\n  - {key: a b, secret: c}", "accounts[0].key: must be 1 to 128"),
        ];
        for (text, expected) in rows {
            let said = read(text).unwrap_err();
            assert!(said.contains(expected), "{text:?}: {said}");
        }
        let most = read("accounts:\n  - {key: a, secret: b, usdm: 1000000000}").unwrap();
        assert_eq!(most[0].usdm, Cash::whole(AMOUNT_MAX));
    }

    #[test]
    fn nothing_repeats_a_key_or_a_secret() {
        let said = read("accounts:\n  - {key: my key, secret: my secret, spot: x}").unwrap_err();
        assert!(!said.contains("my "), "{said}");
        let accounts = read("accounts:\n  - {key: hidden-key, secret: hidden-secret}").unwrap();
        assert!(!format!("{accounts:?}").contains("hidden"));
    }
}
