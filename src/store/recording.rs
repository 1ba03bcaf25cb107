//! Recordings of real markets: gzip, one frame a line, `<local receive time, ns> <json>`.
//!
//! The format is the one that public tools for back-tests read. Must hold: a line is bounded
//! ([`LINE_BYTES_MAX`]); whatever is wrong with a file, the frames before the fault are given out
//! and the error names file and line; what was flushed can be read after the recorder was killed.

use super::StoreError;
use flate2::Compression;
use flate2::bufread::MultiGzDecoder;
use flate2::write::GzEncoder;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

/// Longest line: as long as the largest message that is read from a venue, and its time.
pub const LINE_BYTES_MAX: usize = (1 << 20) + 32;

/// One recorded frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct RecordedFrame<'a> {
    /// When it was received, by the recorder's clock, nanoseconds since the Unix epoch.
    pub received_unix_ns: u64,
    /// The venue's own bytes.
    pub bytes: &'a [u8],
}

/// Reads a recording from its beginning.
#[derive(Debug)]
pub struct RecordingReader {
    path: PathBuf,
    lines: BufReader<MultiGzDecoder<BufReader<File>>>,
    line: Vec<u8>,
    number: u64,
}

impl RecordingReader {
    /// Opens it; what is in it shows with the first frame.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(StoreError::io("open", path))?;
        let lines = BufReader::with_capacity(64 << 10, MultiGzDecoder::new(BufReader::new(file)));
        Ok(Self { path: path.to_owned(), lines, line: Vec::new(), number: 0 })
    }

    /// The next frame; `None` at the end. Not an `Iterator`, because a frame is borrowed.
    pub fn next_frame(&mut self) -> Result<Option<RecordedFrame<'_>>, StoreError> {
        self.line.clear();
        self.number += 1;
        // One byte more than allowed tells a line that is too long.
        let bounded = self.lines.by_ref().take(LINE_BYTES_MAX as u64 + 1);
        if let Err(error) = { bounded }.read_until(b'\n', &mut self.line) {
            return Err(self.unzip_fault(&error));
        }
        if self.line.is_empty() {
            return Ok(None);
        }
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
        }
        if LINE_BYTES_MAX < self.line.len() {
            return Err(self.fault(format!("it is longer than {LINE_BYTES_MAX} bytes")));
        }
        match parse(&self.line) {
            Ok((received_unix_ns, at)) => {
                Ok(Some(RecordedFrame { received_unix_ns, bytes: &self.line[at..] }))
            }
            Err(what) => Err(self.fault(what.to_owned())),
        }
    }

    fn unzip_fault(&self, error: &io::Error) -> StoreError {
        if error.kind() == io::ErrorKind::UnexpectedEof {
            return self.fault("the file ends here: its recorder was interrupted".to_owned());
        }
        self.fault(format!("it cannot be unzipped: {error}"))
    }

    fn fault(&self, what: String) -> StoreError {
        StoreError::Recording { path: self.path.clone(), line: self.number, what }
    }
}

/// Receive time, and where the frame begins.
fn parse(line: &[u8]) -> Result<(u64, usize), &'static str> {
    let space = line.iter().position(|byte| *byte == b' ').ok_or("it has no space")?;
    let time = &line[..space];
    let digits = !time.is_empty() && time.iter().all(u8::is_ascii_digit);
    let time = digits.then(|| std::str::from_utf8(time).ok()?.parse().ok()).flatten();
    let time = time.ok_or("it does not begin with a time in nanoseconds")?;
    match line.get(space + 1) {
        Some(b'{' | b'[') => Ok((time, space + 1)),
        Some(_) | None => Err("no JSON object or array follows its time"),
    }
}

/// Writes a recording.
#[derive(Debug)]
pub struct RecordingWriter {
    path: PathBuf,
    file: GzEncoder<File>,
    lines: u64,
}

impl RecordingWriter {
    /// Begins a new file; one that is there is never overwritten.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let file = OpenOptions::new().write(true).create_new(true).open(path);
        let file = file.map_err(StoreError::io("create", path))?;
        let file = GzEncoder::new(file, Compression::fast());
        Ok(Self { path: path.to_owned(), file, lines: 0 })
    }

    /// Appends a frame. Line ends between its values become spaces, which mean the same in JSON.
    /// What could not be read back is an error, and nothing of it is written.
    pub fn write(&mut self, received_unix_ns: u64, bytes: &[u8]) -> Result<(), StoreError> {
        let mut line = format!("{received_unix_ns} ").into_bytes();
        line.extend(bytes.iter().map(|byte| match byte {
            b'\n' | b'\r' => b' ',
            other => *other,
        }));
        if let Err(what) = check(&line) {
            let (path, line) = (self.path.clone(), self.lines + 1);
            return Err(StoreError::Recording { path, line, what });
        }
        line.push(b'\n');
        self.file.write_all(&line).map_err(StoreError::io("write", &self.path))?;
        self.lines += 1;
        Ok(())
    }

    /// Makes everything so far readable, whatever happens to the process. Costs some compression:
    /// once a second is enough.
    pub fn flush(&mut self) -> Result<(), StoreError> {
        self.file.flush().map_err(StoreError::io("write", &self.path))
    }

    /// Ends the file and syncs it. Dropping ends it too, without a word about errors.
    pub fn finish(self) -> Result<(), StoreError> {
        let Self { path, file, .. } = self;
        file.finish().and_then(|file| file.sync_all()).map_err(StoreError::io("write", &path))
    }
}

fn check(line: &[u8]) -> Result<(), String> {
    if LINE_BYTES_MAX < line.len() {
        return Err(format!("it is longer than {LINE_BYTES_MAX} bytes"));
    }
    parse(line).map(drop).map_err(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use tempfile::TempDir;

    fn folder() -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("market.gz");
        (folder, path)
    }

    /// All frames, and the error that ended them.
    fn read(path: &Path) -> (Vec<(u64, Vec<u8>)>, Option<String>) {
        let mut reader = RecordingReader::open(path).unwrap();
        let mut frames = Vec::new();
        loop {
            match reader.next_frame() {
                Ok(Some(frame)) => frames.push((frame.received_unix_ns, frame.bytes.to_vec())),
                Ok(None) => return (frames, None),
                Err(error) => return (frames, Some(error.to_string())),
            }
        }
    }

    fn zip(path: &Path, lines: &[u8]) {
        let mut file = GzEncoder::new(File::create(path).unwrap(), Compression::fast());
        file.write_all(lines).unwrap();
        file.finish().unwrap();
    }

    #[test]
    fn what_is_recorded_is_read() {
        let (_folder, path) = folder();
        let mut writer = RecordingWriter::create(&path).unwrap();
        writer.write(1, b"{\"a\":1}").unwrap();
        writer.write(u64::MAX, b"[1,\r\n2]").unwrap();
        writer.finish().unwrap();
        let frames = vec![(1, b"{\"a\":1}".to_vec()), (u64::MAX, b"[1,  2]".to_vec())];
        assert_eq!(read(&path), (frames, None));
    }

    #[test]
    fn a_recording_is_never_overwritten() {
        let (_folder, path) = folder();
        RecordingWriter::create(&path).unwrap();
        assert!(RecordingWriter::create(&path).is_err());
        assert!(RecordingReader::open(&path.with_extension("not-there")).is_err());
    }

    #[test]
    fn dropping_ends_the_file_well() {
        let (_folder, path) = folder();
        RecordingWriter::create(&path).unwrap().write(1, b"{}").unwrap();
        assert_eq!(read(&path), (vec![(1, b"{}".to_vec())], None));
    }

    #[test]
    fn an_interrupted_recording_is_read_up_to_the_last_flush() {
        let (_folder, path) = folder();
        let mut writer = RecordingWriter::create(&path).unwrap();
        (0..100).for_each(|at| writer.write(at, b"{\"flushed\":true}").unwrap());
        writer.flush().unwrap();
        writer.write(100, b"{\"flushed\":false}").unwrap();
        // The process dies: neither the end nor what is in the compressor reaches the file.
        std::mem::forget(writer);
        let (frames, error) = read(&path);
        assert_eq!(frames.len(), 100);
        let error = error.unwrap();
        assert!(error.contains("market.gz line 101") && error.contains("interrupted"), "{error}");
    }

    #[test]
    fn every_cut_gives_a_prefix_and_an_error() {
        let (_folder, path) = folder();
        let mut writer = RecordingWriter::create(&path).unwrap();
        (0..50)
            .for_each(|at| writer.write(at, format!("{{\"n\":{}}}", at * 77).as_bytes()).unwrap());
        writer.finish().unwrap();
        let whole = read(&path).0;
        let bytes = fs::read(&path).unwrap();
        for cut in 0..bytes.len() {
            fs::write(&path, &bytes[..cut]).unwrap();
            let (frames, error) = read(&path);
            assert!(error.is_some() && frames == whole[..frames.len()], "cut at {cut}");
        }
    }

    #[test]
    fn a_bad_line_is_named_and_the_ones_before_it_are_read() {
        let bad = ["", " ", "x {}", "1", "1 ", "1 x", "-1 {}", "+1 {}", "99999999999999999999 {}"];
        for line in bad {
            let (_folder, path) = folder();
            zip(&path, format!("1 {{}}\n2 []\n{line}\n3 {{}}\n").as_bytes());
            let (frames, error) = read(&path);
            assert_eq!(frames.len(), 2, "{line:?}");
            assert!(error.unwrap().contains("line 3"), "{line:?}");
            let mut writer = RecordingWriter::create(&path.with_extension("new")).unwrap();
            assert!(writer.write(1, b"x").is_err() && writer.write(1, b"").is_err());
        }
    }

    #[test]
    fn a_line_may_be_so_long_and_no_longer() {
        let (_folder, path) = folder();
        let line = |length: usize| [b"1 {".to_vec(), vec![b' '; length - 3]].concat();
        zip(&path, &[line(LINE_BYTES_MAX), b"\n".to_vec()].concat());
        assert_eq!(read(&path).0.len(), 1);
        zip(&path, &line(LINE_BYTES_MAX));
        assert_eq!(read(&path).0.len(), 1, "the last line needs no end");
        zip(&path, &line(LINE_BYTES_MAX + 1));
        assert!(read(&path).1.unwrap().contains("longer"));
        let mut writer = RecordingWriter::create(&path.with_extension("new")).unwrap();
        writer.write(1, &line(LINE_BYTES_MAX)[2..]).unwrap();
        assert!(writer.write(1, &line(LINE_BYTES_MAX + 1)[2..]).is_err());
    }

    #[test]
    fn what_is_no_gzip_or_is_followed_by_something_else_is_an_error() {
        let (_folder, path) = folder();
        fs::write(&path, "1723161253937085768 {\"plain\":\"text\"}\n").unwrap();
        let (frames, error) = read(&path);
        assert!(frames.is_empty() && error.unwrap().contains("line 1: it cannot be unzipped"));
        zip(&path, b"1 {}\n");
        let bytes = [fs::read(&path).unwrap(), b"garbage".to_vec()].concat();
        fs::write(&path, bytes).unwrap();
        let (frames, error) = read(&path);
        assert!(frames.len() == 1 && error.is_some());
    }

    #[test]
    fn a_real_market_is_read_whole() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../shared/data/binance-spot-btcusdt-20240808.gz");
        if !path.exists() {
            println!("skipped: no recorded markets beside the repository");
            return;
        }
        let (frames, error) = read(&path);
        assert_eq!((frames.len(), error), (41_249, None));
        assert_eq!(frames[0].0, 1_723_161_253_937_085_768);
    }
}
