//! The log: lines for people on the screen, and the same lines in `logs/latest.log` (R98, R123).

use super::screen::Screen;
use crate::config::{LogConfig, LogFormat};
use parking_lot::Mutex;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// The log's two ends, for the words that are not a log line but stand in it.
#[derive(Clone, Debug)]
pub struct Log(Both);

impl Log {
    /// Prints the last words as they are, to people and to the file; waits until they are taken.
    pub fn print_last(&self, text: &str) {
        self.0.write(text);
        self.0.screen.print_last(text);
    }
}

/// Begins the log; the file is appended to.
///
/// # Errors
/// When the folder or the file cannot be written, or the filter cannot be understood.
pub fn start(config: &LogConfig, folder: &Path, screen: &Screen) -> io::Result<Log> {
    std::fs::create_dir_all(folder)?;
    let file = OpenOptions::new().create(true).append(true).open(folder.join("latest.log"))?;
    let both = Both { screen: screen.clone(), file: Arc::new(Mutex::new(file)) };
    let filter = EnvFilter::try_new(&config.filter)
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(both.clone())
        .with_ansi(false);
    // A second start in one process (tests) keeps the first log.
    let _ = match config.format {
        LogFormat::Text => builder.with_target(false).compact().try_init(),
        LogFormat::Json => builder.json().try_init(),
    };
    Ok(Log(both))
}

/// Warnings and worse to standard error, for a verb that has no log of its own.
pub fn warn_aloud() {
    // A second start in one process (tests) keeps the first log.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new("warn"))
        .with_writer(io::stderr)
        .with_ansi(false)
        .with_target(false)
        .compact()
        .try_init();
}

/// The screen and the file.
#[derive(Clone, Debug)]
struct Both {
    screen: Screen,
    file: Arc<Mutex<File>>,
}

impl Both {
    fn print(&self, text: &str) {
        self.write(text);
        self.screen.print(text);
    }

    fn write(&self, text: &str) {
        // A full disk is the journal's to act on; the log has no better place to say it.
        let _ = self.file.lock().write_all(text.as_bytes());
    }
}

impl<'a> MakeWriter<'a> for Both {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Self::Writer {
        Line { to: self, bytes: Vec::new() }
    }
}

/// One line, written when it is whole.
struct Line<'a> {
    to: &'a Both,
    bytes: Vec<u8>,
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        self.to.print(&String::from_utf8_lossy(&self.bytes));
    }
}
