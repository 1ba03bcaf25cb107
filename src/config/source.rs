//! The file as text: read once, bounded, and plain enough that a column means the same thing to
//! this program and to every editor.
//!
//! Must hold: a device, a pipe or a folder never blocks or is read; what cannot be read is one
//! line for a person, never a guess.

use super::fault::{Collector, Place};
use rustix::fs::{Mode, OFlags};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Largest file that is read: a deployment is a few kilobytes.
pub(super) const FILE_BYTES_MAX: u64 = 1 << 20;

/// Longest line. Every level of nesting in block style costs a column, and the parser descends once
/// for each level: this bounds its stack (`nesting_is_bounded` in `yaml.rs`).
pub(super) const LINE_CHARS_MAX: usize = 250;

/// Opens a regular file. `NONBLOCK`, so that opening a pipe returns and can be refused.
pub(super) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let kind = file.metadata()?.file_type();
    match (kind.is_file(), kind.is_dir()) {
        (true, _) => Ok(file),
        (false, true) => Err(io::Error::other("is a folder; name a file")),
        (false, false) => Err(io::Error::other("is not a regular file")),
    }
}

/// All of it, if it is not larger than `bytes_max`.
pub(super) fn read(file: File, bytes_max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes)?;
    let fits = u64::try_from(bytes.len()).is_ok_and(|len| len <= bytes_max);
    fits.then_some(bytes).ok_or_else(|| {
        io::Error::other(format!("is larger than {bytes_max} bytes; this is no configuration"))
    })
}

/// The bytes as text, or faults.
pub(super) fn text<'a>(bytes: &'a [u8], faults: &mut Collector) -> Option<&'a str> {
    if bytes.starts_with(b"\xef\xbb\xbf") {
        let what = "begins with a byte-order mark; save it as UTF-8 without one";
        faults.written(Place::START, "", what);
        return None;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => is_plain(text, faults).then_some(text),
        Err(error) => {
            let place = place_of(bytes.get(..error.valid_up_to()).unwrap_or_default());
            faults.written(place, "", "is not UTF-8 from here; save it as UTF-8");
            None
        }
    }
}

/// The place right behind `before`, which is sound UTF-8.
fn place_of(before: &[u8]) -> Place {
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let begun = before.get(start..).unwrap_or_default();
    Place { line, column: 1 + String::from_utf8_lossy(begun).chars().count() }
}

/// The first fault of each kind is enough: a file with one such line often has them all.
fn is_plain(text: &str, faults: &mut Collector) -> bool {
    type Rule = fn(&str) -> Option<(usize, &'static str)>;
    let rules: [Rule; 4] = [line_end, indentation, control_character, length];
    let mut plain = true;
    for rule in rules {
        let found = text.split('\n').enumerate().find_map(|(index, line)| {
            rule(line).map(|(at, what)| (Place { line: index + 1, column: at + 1 }, what))
        });
        if let Some((place, what)) = found {
            faults.written(place, "", what);
            plain = false;
        }
    }
    plain
}

fn line_end(line: &str) -> Option<(usize, &'static str)> {
    let what = "the line ends in CR LF; save the file with plain LF line ends";
    line.ends_with('\r').then(|| (line.chars().count() - 1, what))
}

fn indentation(line: &str) -> Option<(usize, &'static str)> {
    let at = line.chars().take_while(|c| c.is_ascii_whitespace()).position(|c| c == '\t')?;
    Some((at, "a tab indents; YAML is indented with spaces"))
}

fn control_character(line: &str) -> Option<(usize, &'static str)> {
    let line = line.strip_suffix('\r').unwrap_or(line);
    let at = line.chars().position(|c| c.is_control() && c != '\t')?;
    Some((at, "a control character; remove it"))
}

fn length(line: &str) -> Option<(usize, &'static str)> {
    let what = "the line is longer than 250 characters; break it";
    (LINE_CHARS_MAX < line.chars().count()).then_some((LINE_CHARS_MAX, what))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    fn fault(bytes: &[u8]) -> String {
        let mut faults = Collector::default();
        assert!(text(bytes, &mut faults).is_none());
        faults.finish(PathBuf::from("f")).unwrap_err().to_string()
    }

    #[test]
    fn says_where_a_file_is_not_plain_text() {
        let long = format!("a: 1\nb: {}", "x".repeat(LINE_CHARS_MAX));
        let rows: [(&[u8], &str); 7] = [
            (b"\xef\xbb\xbfmode: live", "f:1:1: begins with a byte-order mark"),
            (b"a: 1\n\xc3\xa9: \xff", "f:2:4: is not UTF-8 from here"),
            (b"a: 1\r\nb: 2\r\n", "f:1:5: the line ends in CR LF"),
            (b"a:\n \tb: 1", "f:2:2: a tab indents"),
            (b"a: 1\nb: \x00", "f:2:4: a control character"),
            (b"a: 1\nb: \x1b[2J", "f:2:4: a control character"),
            (long.as_bytes(), "f:2:251: the line is longer than 250"),
        ];
        for (bytes, expected) in rows {
            let said = fault(bytes);
            assert!(said.starts_with(expected), "{said} instead of {expected}");
        }
    }

    #[test]
    fn a_tab_before_a_comment_and_a_line_of_250_are_fine() {
        let fits = format!("a: 1\t# why\n#{}\n", "x".repeat(LINE_CHARS_MAX - 1));
        assert!(text(fits.as_bytes(), &mut Collector::default()).is_some());
    }

    #[test]
    fn only_a_regular_file_of_bounded_size_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let said = |path: &Path| open(path).map(|_| ()).unwrap_err().to_string();
        assert_eq!(said(folder.path()), "is a folder; name a file");
        assert_eq!(said(Path::new("/dev/null")), "is not a regular file");
        assert!(said(&folder.path().join("none")).contains("No such file"));
        let path = folder.path().join("file");
        std::fs::write(&path, b"1234").unwrap();
        assert_eq!(read(open(&path).unwrap(), 4).unwrap(), b"1234");
        let large = read(open(&path).unwrap(), 3).unwrap_err().to_string();
        assert!(large.starts_with("is larger than 3 bytes"), "{large}");
    }
}
