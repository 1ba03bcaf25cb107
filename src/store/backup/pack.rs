//! How files lie in a backup: with a checksum of what they were, packed where they are large.

use super::BackupError;
use super::manifest::Kept;
use crate::store::StoreError;
use crate::store::atomic::{make_folder, sync_folder};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

/// A file of the journal is never longer (its size is checked to be 1 GiB at most).
const BYTES_MAX: u64 = 1 << 30;

pub(super) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Keeps bytes as a file, on disk when it returns.
pub(super) fn keep(folder: &Path, path: &str, bytes: &[u8]) -> Result<Kept, StoreError> {
    write(&folder.join(path), |file| file.write_all(bytes))?;
    Ok(kept(path, bytes))
}

/// The same, packed.
pub(super) fn pack(folder: &Path, path: &str, bytes: &[u8]) -> Result<Kept, StoreError> {
    write(&folder.join(path), |file| {
        let mut packer = GzEncoder::new(file, Compression::fast());
        packer.write_all(bytes)?;
        packer.finish().map(drop)
    })?;
    Ok(kept(path, bytes))
}

fn kept(path: &str, bytes: &[u8]) -> Kept {
    Kept { path: path.to_owned(), bytes: bytes.len() as u64, sha256: sha256(bytes) }
}

/// Writes a file that no one else reads yet.
pub(super) fn write(
    path: &Path,
    content: impl FnOnce(&mut File) -> io::Result<()>,
) -> Result<(), StoreError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    make_folder(folder)?;
    File::create(path)
        .and_then(|mut file| {
            content(&mut file)?;
            file.sync_all()
        })
        .map_err(StoreError::io("write", path))?;
    sync_folder(folder)
}

/// How much of a file tells it from another.
const HEAD_BYTES: u64 = 4_096;

/// The beginning of what was packed; `None` where there is no such file or it cannot be unpacked.
pub(super) fn head(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(file) = open(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    let read = GzDecoder::new(file).take(HEAD_BYTES).read_to_end(&mut bytes);
    Ok(read.is_ok().then_some(bytes))
}

/// The same of a file that is not packed.
pub(super) fn plain_head(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    let Some(file) = open(path)? else { return Ok(None) };
    let mut bytes = Vec::new();
    file.take(HEAD_BYTES).read_to_end(&mut bytes).map_err(StoreError::io("read", path))?;
    Ok(Some(bytes))
}

fn open(path: &Path) -> Result<Option<File>, StoreError> {
    match File::open(path) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io("read", path)(error)),
    }
}

/// What was kept there, which must be what it was.
pub(super) fn read(path: &Path, kept: &Kept) -> Result<Vec<u8>, BackupError> {
    let bytes = fs::read(path).map_err(StoreError::io("read", path))?;
    compare(path, kept, bytes)
}

/// The same of a packed file.
pub(super) fn unpack(path: &Path, kept: &Kept) -> Result<Vec<u8>, BackupError> {
    let file = File::open(path).map_err(StoreError::io("read", path))?;
    let mut bytes = Vec::new();
    match GzDecoder::new(file).take(BYTES_MAX + 1).read_to_end(&mut bytes) {
        Ok(_) => compare(path, kept, bytes),
        Err(error) => Err(BackupError::Damaged { path: path.to_owned(), what: error.to_string() }),
    }
}

fn compare(path: &Path, kept: &Kept, bytes: Vec<u8>) -> Result<Vec<u8>, BackupError> {
    let found = sha256(&bytes);
    if found == kept.sha256 {
        return Ok(bytes);
    }
    let what = format!("SHA-256 {found} and not {}", kept.sha256);
    Err(BackupError::Damaged { path: path.to_owned(), what })
}
