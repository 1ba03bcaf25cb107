//! Who answers for a key of which its venue does not tell what it may do (SAFETY E3). One file,
//! replaced as a whole.

use super::StoreError;
use super::atomic::{self, Stored};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The name of the file in the state folder.
pub const FILE: &str = "key_vouched.json";

const NEXT: &str = "`engine keys vouch --by NAME --reason TEXT` writes it anew";

/// A name under a key.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Vouched {
    /// What the key is called: of another one it says nothing.
    pub fingerprint: String,
    /// Who.
    pub by: String,
    /// How they know.
    pub reason: String,
    /// When, milliseconds of Unix time.
    pub unix_ms: u64,
}

/// Keeps it; returns when it is on disk.
pub fn write(state_folder: &Path, vouched: &Vouched) -> Result<(), StoreError> {
    atomic::write(&state_folder.join(FILE), vouched)
}

/// The last one. Damaged is nobody's word.
pub fn read(state_folder: &Path) -> Stored<Vouched> {
    atomic::read(&state_folder.join(FILE), NEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_answers_comes_back_and_what_is_not_ours_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(folder.path()), Stored::Missing));
        let text = |text: &str| text.to_owned();
        let (fingerprint, by, reason) = (text("ab"), text("ada"), text("seen on its page"));
        let kept = Vouched { fingerprint, by, reason, unix_ms: 7 };
        write(folder.path(), &kept).unwrap();
        assert!(matches!(read(folder.path()), Stored::Good(found) if found == kept));
        std::fs::write(folder.path().join(FILE), "{\"by\": \"ada\"}").unwrap();
        let Stored::Damaged(error) = read(folder.path()) else { panic!("it is read") };
        assert!(error.to_string().contains("engine keys vouch"), "{error}");
    }
}
