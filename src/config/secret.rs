//! Keys and secrets: read from a variable or a file, never from the configuration, never printed.
//!
//! Must hold: a file that anybody else could read or replace is refused; no fault repeats what a
//! variable or a file holds, nor a path that was not found, which may be a key in the wrong place.
//!
//! Decision: a file must be ours with mode 0600 or 0400, but below `CREDENTIALS_DIRECTORY` it may
//! also be root's with mode 0440. There systemd keeps the file root's, lets the service in by an
//! access list, and the list's mask is what the mode shows for the group; the directory is open to
//! the service alone.

use super::interpolate::{Lookup, value};
use super::source;
use crate::venue::Credentials;
use crate::venue::key::ed25519_seed;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use zeroize::Zeroizing;

/// Most bytes of a key or secret; Binance's have 64, a PEM key has some 120.
const SECRET_BYTES_MAX: u64 = 4096;

/// What is wrong with a key or secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretFault {
    /// The variable is not there.
    #[error("variable {0} is not set; it must hold the secret")]
    Unset(String),
    /// It holds something else.
    #[error("what {0} holds is not a key: one line of printable characters without spaces")]
    NotPlain(String),
    /// It is a private key, and not of the kind that signs here.
    #[error(
        "the file holds a private key that cannot sign here: an Ed25519 key in PKCS#8, not \
         encrypted, as `openssl genpkey -algorithm ed25519` makes it"
    )]
    NotEd25519,
    /// It is not one key and one secret.
    #[error(
        "the file must hold two lines: the API key, then its secret (or its private key as PEM)"
    )]
    NotTwoLines,
    /// The system said no.
    #[error("the file cannot be read: {0}")]
    Unreadable(std::io::Error),
    /// Somebody else can exchange it.
    #[error("the file belongs to user {owner} and not to us (user {us}); `chown` it")]
    Owner {
        /// Whose it is.
        owner: u32,
        /// Who we are.
        us: u32,
    },
    /// Somebody else can read or change it.
    #[error("the file has mode {mode:04o}; others may read or change it: `chmod 600` it")]
    Mode {
        /// Its permission bits.
        mode: u32,
    },
}

/// The secret that a variable holds.
pub(super) fn from_variable(name: &str, lookup: Lookup<'_>) -> Result<String, SecretFault> {
    let held = value(name, lookup).map_err(|_| SecretFault::NotPlain(name.to_owned()))?;
    let held = Zeroizing::new(held.ok_or_else(|| SecretFault::Unset(name.to_owned()))?);
    plain(&held).ok_or_else(|| SecretFault::NotPlain(name.to_owned()))
}

/// The secret that a file holds.
pub(super) fn from_file(path: &Path, lookup: Lookup<'_>) -> Result<String, SecretFault> {
    let text = read_closed(path, lookup)?;
    secret(&text)?.ok_or_else(|| SecretFault::NotPlain("the file".to_owned()))
}

/// One line, or a private key in PEM.
fn secret(text: &str) -> Result<Option<String>, SecretFault> {
    match pem(text) {
        Some(key) => key.ok_or(SecretFault::NotEd25519).map(Some),
        None => Ok(plain(text)),
    }
}

/// What stands between the lines of a PEM file; `None` where it is none, and nothing in it where it
/// is not the key that we sign with.
fn pem(text: &str) -> Option<Option<String>> {
    let inner = text.trim().strip_prefix("-----BEGIN ")?;
    let body = inner.strip_prefix("PRIVATE KEY-----");
    let body = body.and_then(|body| body.strip_suffix("-----END PRIVATE KEY-----"));
    let body: Option<String> = body.map(|body| body.split_ascii_whitespace().collect());
    Some(body.filter(|body| ed25519_seed(body).is_some()))
}

/// Key and secret from one file, each on a line of its own or the secret as PEM behind the key, for
/// a person in a hurry who has no configuration.
///
/// # Errors
/// When the file cannot be read, others can read or change it, or it does not hold the two.
pub fn credentials(path: &Path, lookup: Lookup<'_>) -> Result<Credentials, SecretFault> {
    let text = read_closed(path, lookup)?;
    let (key, rest) = text.split_once('\n').ok_or(SecretFault::NotTwoLines)?;
    let (key, secret) = plain(key).zip(secret(rest)?).ok_or(SecretFault::NotTwoLines)?;
    Ok(Credentials::new(key, secret))
}

/// What a file holds that nobody else can read or change.
fn read_closed(path: &Path, lookup: Lookup<'_>) -> Result<Zeroizing<String>, SecretFault> {
    // The rights are those of the open file, so that nobody can exchange it in between.
    let file = source::open(path).map_err(SecretFault::Unreadable)?;
    let meta = file.metadata().map_err(SecretFault::Unreadable)?;
    check_rights(meta.uid(), meta.mode() & 0o7777, Place::of(path, lookup))?;
    let mut bytes = Zeroizing::new(Vec::with_capacity(8192));
    let read = file.take(SECRET_BYTES_MAX + 1).read_to_end(&mut bytes);
    read.map_err(SecretFault::Unreadable)?;
    let text = std::str::from_utf8(&bytes).ok();
    let text = text.filter(|text| u64::try_from(text.len()).is_ok_and(|it| it <= SECRET_BYTES_MAX));
    let text = text.ok_or_else(|| SecretFault::NotPlain("the file".to_owned()))?;
    Ok(Zeroizing::new(text.to_owned()))
}

/// Whose folder a file is in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Place {
    Anywhere,
    Credentials,
}

impl Place {
    fn of(path: &Path, lookup: Lookup<'_>) -> Self {
        let folder = lookup("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty());
        let below = folder.and_then(|folder| path.strip_prefix(folder).ok().map(Path::to_owned));
        // A single name: no way out by `..`.
        match below {
            Some(name) if path.is_absolute() && name.file_name() == Some(name.as_os_str()) => {
                Self::Credentials
            }
            _ => Self::Anywhere,
        }
    }
}

fn check_rights(owner: u32, mode: u32, place: Place) -> Result<(), SecretFault> {
    let us = rustix::process::geteuid().as_raw();
    let (is_ours, is_closed) = match place {
        Place::Anywhere => (owner == us, mode == 0o600 || mode == 0o400),
        Place::Credentials => (owner == us || owner == 0, mode & 0o037 == 0),
    };
    if !is_ours {
        return Err(SecretFault::Owner { owner, us });
    }
    if is_closed { Ok(()) } else { Err(SecretFault::Mode { mode }) }
}

/// Without the line end that editors add.
fn plain(text: &str) -> Option<String> {
    let text = text.trim_end_matches(['\n', '\r']);
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    is_plain.then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    fn nothing(_: &str) -> Option<OsString> {
        None
    }

    #[test]
    fn a_file_is_read_only_when_nobody_else_can() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "s3cret\n").unwrap();
        for (mode, is_fine) in [
            (0o600, true),
            (0o400, true),
            (0o640, false),
            (0o604, false),
            (0o700, false),
            (0o440, false),
        ] {
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let read = from_file(&path, &nothing);
            assert_eq!(read.is_ok(), is_fine, "{mode:o}");
            match read {
                Ok(secret) => assert_eq!(secret, "s3cret"),
                Err(fault) => assert!(fault.to_string().contains(&format!("mode {mode:04o}"))),
            }
        }
    }

    #[test]
    fn a_credential_of_systemd_may_be_open_to_its_group_and_roots() {
        assert!(check_rights(0, 0o440, Place::Credentials).is_ok());
        assert!(check_rights(0, 0o444, Place::Credentials).is_err());
        assert!(check_rights(0, 0o460, Place::Credentials).is_err());
        assert!(check_rights(12_345, 0o400, Place::Credentials).is_err());
        assert!(matches!(
            check_rights(12_345, 0o400, Place::Anywhere),
            Err(SecretFault::Owner { owner: 12_345, .. })
        ));
        let lookup = |name: &str| {
            (name == "CREDENTIALS_DIRECTORY").then(|| OsString::from("/run/credentials/engine"))
        };
        let place = |path: &str| Place::of(Path::new(path), &lookup);
        assert_eq!(place("/run/credentials/engine/key"), Place::Credentials);
        assert_eq!(place("/run/credentials/engine/../key"), Place::Anywhere);
        assert_eq!(place("/run/credentials/engine-of-mine/key"), Place::Anywhere);
        assert_eq!(Place::of(Path::new("/key"), &nothing), Place::Anywhere);
    }

    #[test]
    fn a_file_that_is_no_key_is_refused_without_being_repeated() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        for content in ["", "\n", "two\nlines", "a space", "t\u{e4}b", &"x".repeat(4097)] {
            std::fs::write(&path, content).unwrap();
            set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
            let said = from_file(&path, &nothing).unwrap_err().to_string();
            assert!(said.contains("is not a key"), "{said}");
        }
        assert!(from_file(folder.path(), &nothing).is_err());
        assert!(from_file(&folder.path().join("none"), &nothing).is_err());
    }

    const PEM: &str = "-----BEGIN PRIVATE KEY-----\n\
                       MC4CAQAwBQYDK2VwBCIEIIJEYWtGBrhACmb9Dvy+qa8WEf0lQOl1s4CLIAB9m89u\n\
                       -----END PRIVATE KEY-----\n";

    #[test]
    fn a_private_key_is_taken_out_of_its_file_and_only_of_the_kind_that_signs() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        let write = |content: &str| {
            std::fs::write(&path, content).unwrap();
            set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        };
        let body = PEM.lines().nth(1).unwrap();
        for content in [PEM.to_owned(), PEM.replace('\n', "\r\n"), format!("\n{PEM}\n")] {
            write(&content);
            assert_eq!(from_file(&path, &nothing).unwrap(), body, "{content:?}");
        }
        write(&format!("k3y\n{PEM}"));
        let read = credentials(&path, &nothing).unwrap();
        assert_eq!((read.key(), read.secret()), ("k3y", body));
        for other in [
            PEM.replace("PRIVATE", "RSA PRIVATE"),
            PEM.replace("PRIVATE", "ENCRYPTED PRIVATE"),
            PEM.replace("MC4CAQ", "MC4CAR"),
            PEM.replace("-----END PRIVATE KEY-----", ""),
        ] {
            for content in [other.clone(), format!("k3y\n{other}")] {
                write(&content);
                let fault = match content.starts_with("k3y") {
                    true => credentials(&path, &nothing).unwrap_err(),
                    false => from_file(&path, &nothing).unwrap_err(),
                };
                let said = fault.to_string();
                assert!(said.contains("Ed25519") && !said.contains("IIJEYW"), "{content}: {said}");
            }
        }
    }

    #[test]
    fn key_and_secret_are_two_lines_of_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        let read = |content: &str, mode: u32| {
            std::fs::write(&path, content).unwrap();
            set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            credentials(&path, &nothing)
        };
        for content in ["k3y\ns3cret", "k3y\ns3cret\n", "k3y\r\ns3cret\r\n"] {
            let read = read(content, 0o600).unwrap();
            assert_eq!((read.key(), read.secret()), ("k3y", "s3cret"), "{content:?}");
        }
        for content in ["k3y", "k3y\n", "\ns3cret", "k3y\ns3cret\nmore", "k 3y\ns3cret"] {
            let said = read(content, 0o600).unwrap_err().to_string();
            assert!(said.contains("two lines") && !said.contains("k3y"), "{content:?}: {said}");
        }
        assert!(matches!(read("k3y\ns3cret", 0o644), Err(SecretFault::Mode { mode: 0o644 })));
    }

    #[test]
    fn a_variable_must_be_set_and_be_one_line() {
        let lookup = |name: &str| match name {
            "KEY" => Some(OsString::from("s3cret")),
            "EMPTY" => Some(OsString::new()),
            "LINES" => Some(OsString::from("s3cret\nmore")),
            _ => None,
        };
        assert_eq!(from_variable("KEY", &lookup).unwrap(), "s3cret");
        for name in ["EMPTY", "LINES", "NONE"] {
            let said = from_variable(name, &lookup).unwrap_err().to_string();
            assert!(said.contains(name) && !said.contains("s3cret"), "{said}");
        }
    }
}
