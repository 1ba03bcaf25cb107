//! The table of keys against itself.

use super::*;
use crate::config::keys::{Need, keys_of};
use rust_decimal::Decimal;

#[test]
fn every_group_stands_before_its_keys_and_no_key_twice() {
    for (index, key) in KEYS.iter().enumerate() {
        let before = KEYS.get(..index).unwrap();
        assert!(before.iter().all(|other| other.path != key.path), "{}", key.path);
        let group = key.group().trim_end_matches("[]");
        let stands = group.is_empty() || before.iter().any(|other| other.path == group);
        assert!(stands, "{}", key.path);
        assert!(key.meaning.ends_with('.'), "{}", key.path);
    }
    assert_eq!(keys_of("strategies[].budget").count(), 14);
}

#[test]
fn every_range_is_one() {
    for key in KEYS {
        if let Kind::Whole(min, max, _) = key.kind {
            assert!(min < max, "{}", key.path);
        }
        if let Kind::Number(min, max, ..) = key.kind {
            let [min, max]: [Decimal; 2] = [min, max].map(|end| end.parse().unwrap());
            assert!(min < max, "{}", key.path);
        }
    }
}

#[test]
fn no_safety_number_has_a_default() {
    let plain = ["folder", "runtime", "journal", "backup", "log", "backtest"];
    for key in KEYS.iter().filter(|key| matches!(key.need, Need::Default(_))) {
        let root = key.path.split('.').next().unwrap();
        assert!(plain.contains(&root), "{} may not have a default", key.path);
    }
}
