//! Small state files: replaced as a whole or not at all, and checked when read (R83).
//!
//! Must hold: after a crash at any instant the file holds the old or the new value; a file that is
//! there but is not what we wrote is [`Stored::Damaged`], never "nothing".
//!
//! Decision: `atomic-write-file` does exactly temporary file, fsync, rename, fsync of the folder
//! (read in its source, 0.3.1). A temporary file that a crash leaves behind begins with a dot and
//! is never read.

use super::StoreError;
use atomic_write_file::AtomicWriteFile;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Largest state file that is read at all: a thousand times what we write.
pub(super) const BYTES_MAX: u64 = 1 << 20;

/// Version of the envelope.
const VERSION: u32 = 1;

/// What a read of a state file finds.
#[derive(Debug)]
pub enum Stored<T> {
    /// There is none.
    Missing,
    /// What was written.
    Good(T),
    /// There is one and it is not what we wrote: what it said is not known.
    Damaged(StoreError),
}

/// A value with the means to see that it is whole.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Sealed<T> {
    version: u32,
    /// CRC32C of the value as compact JSON.
    check: u32,
    value: T,
}

/// Replaces the file by `value` and returns when it is on disk. Makes the folder when it is not
/// there.
pub(super) fn write<T: Serialize>(path: &Path, value: &T) -> Result<(), StoreError> {
    if let Some(folder) = path.parent() {
        make_folder(folder)?;
    }
    replace(path, value).map_err(StoreError::io("write", path))
}

fn replace<T: Serialize>(path: &Path, value: &T) -> io::Result<()> {
    let sealed = Sealed { version: VERSION, check: check(value)?, value };
    let mut text = serde_json::to_vec_pretty(&sealed)?;
    text.push(b'\n');
    let mut file = AtomicWriteFile::open(path)?;
    file.write_all(&text)?;
    file.commit()
}

/// Reads and checks the file. `next` tells an operator what to do when it is damaged.
pub(super) fn read<T: DeserializeOwned + Serialize>(path: &Path, next: &'static str) -> Stored<T> {
    read_up_to(path, BYTES_MAX, next)
}

/// The same of a file that may be so long.
pub(super) fn read_up_to<T: DeserializeOwned + Serialize>(
    path: &Path,
    bytes_max: u64,
    next: &'static str,
) -> Stored<T> {
    let damaged = |what| Stored::Damaged(StoreError::Damaged { path: path.to_owned(), what, next });
    let text = match read_bounded(path, bytes_max) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Stored::Missing,
        Err(error) => return Stored::Damaged(StoreError::io("read", path)(error)),
    };
    let sealed: Sealed<T> = match serde_json::from_slice(&text) {
        Ok(sealed) => sealed,
        Err(error) => return damaged(error.to_string()),
    };
    if sealed.version != VERSION {
        return damaged(format!("its version is {} and not {VERSION}", sealed.version));
    }
    match check(&sealed.value) {
        Ok(check) if check == sealed.check => Stored::Good(sealed.value),
        Ok(check) => damaged(format!("its check is {} and should be {check}", sealed.check)),
        Err(error) => damaged(error.to_string()),
    }
}

pub(super) fn read_bounded(path: &Path, bytes_max: u64) -> io::Result<Vec<u8>> {
    if bytes_max < fs::metadata(path)?.len() {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "a state file is never so large"));
    }
    fs::read(path)
}

fn check<T: Serialize>(value: &T) -> io::Result<u32> {
    Ok(crc32c::crc32c(&serde_json::to_vec(value)?))
}

/// Writes the text of a trip's snapshot beside the state files, for people; says where it is.
///
/// # Errors
/// [`StoreError::Io`] when the disk refuses.
pub fn write_snapshot(
    state_folder: &Path,
    generation: u32,
    text: &str,
) -> Result<PathBuf, StoreError> {
    let path = state_folder.join(format!("kill_snapshot_{generation}.json"));
    write_text(&path, text)?;
    Ok(path)
}

/// Replaces the file by a text and returns when it is on disk.
pub(super) fn write_text(path: &Path, text: &str) -> Result<(), StoreError> {
    let write = || {
        let mut file = AtomicWriteFile::open(path)?;
        file.write_all(text.as_bytes())?;
        file.commit()
    };
    write().map_err(StoreError::io("write", path))
}

/// Makes a folder and everything above it, durably.
pub(super) fn make_folder(folder: &Path) -> Result<(), StoreError> {
    if folder.as_os_str().is_empty() || folder.is_dir() {
        return Ok(());
    }
    let above = folder.parent().filter(|above| !above.as_os_str().is_empty());
    if let Some(above) = above {
        make_folder(above)?;
    }
    fs::create_dir(folder).map_err(StoreError::io("create", folder))?;
    sync_folder(above.unwrap_or(Path::new(".")))
}

/// Makes names that were created, changed or removed in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    File::open(folder)
        .and_then(|open| open.sync_all())
        .map_err(StoreError::io("sync the folder", folder))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    struct Note {
        count: u64,
        text: String,
    }

    fn note() -> Note {
        Note { count: u64::MAX, text: "größe".to_owned() }
    }

    fn read_note(path: &Path) -> Stored<Note> {
        read(path, "write it again")
    }

    #[test]
    fn reads_what_was_written_and_replaces_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/down/note.json");
        assert!(matches!(read_note(&path), Stored::Missing));
        write(&path, &Note { count: 1, text: String::new() }).unwrap();
        write(&path, &note()).unwrap();
        assert!(matches!(read_note(&path), Stored::Good(found) if found == note()));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn no_flipped_bit_and_no_cut_changes_the_value() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("note.json");
        write(&path, &note()).unwrap();
        let text = fs::read(&path).unwrap();
        for bit in 0..text.len() * 8 {
            let mut flipped = text.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            fs::write(&path, &flipped).unwrap();
            match read_note(&path) {
                Stored::Good(found) => assert_eq!(found, note(), "bit {bit}"),
                Stored::Damaged(_) => {}
                Stored::Missing => panic!("bit {bit} made it disappear"),
            }
        }
        // Without its last line end the object is still whole.
        for cut in 0..text.len() - 1 {
            fs::write(&path, &text[..cut]).unwrap();
            assert!(matches!(read_note(&path), Stored::Damaged(_)), "cut at {cut}");
        }
    }

    #[test]
    fn a_folder_in_its_place_or_a_huge_file_is_damage() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read_note(folder.path()), Stored::Damaged(_)));
        let path = folder.path().join("huge.json");
        File::create(&path).unwrap().set_len(BYTES_MAX + 1).unwrap();
        assert!(matches!(read_note(&path), Stored::Damaged(_)));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let error = write(&file.join("note.json"), &note()).unwrap_err();
        assert!(error.to_string().contains("file"), "{error}");
    }
}
