//! How good a recording is: all of it is read as a back-test would read it, and what a back-test
//! would pass over in silence is counted.
//!
//! Must hold: a file that ends in the middle is told with everything before its end.

use super::assemble::{Universe, id_prefix, symbols};
use super::recorded::{self, Recorded};
use super::startup::StartError;
use crate::config::Config;
use crate::ops::quality::{Line, Quality};
use crate::store::StoreError;
use crate::types::{MS, MarketData, MarketEvent};
use std::path::Path;

/// Reads a recording of what the configuration trades.
///
/// # Errors
/// [`StartError`] when there is no such file, or the configuration does not fit it.
pub fn quality(config: &Config, path: &Path) -> Result<Quality, StartError> {
    match read(config, path) {
        // It is damaged so early that nothing is known of it.
        Err(StartError::Store(error @ StoreError::Recording { .. })) => {
            Ok(Quality { torn: Some(error.to_string()), ..Quality::default() })
        }
        read => read,
    }
}

fn read(config: &Config, path: &Path) -> Result<Quality, StartError> {
    let listings = recorded::listings(&symbols(config), config.venue.kind, path)?;
    let universe = Universe::new(config, &listings)?;
    let directory = universe.directory(id_prefix(config), config.venue.recv_window_ms);
    let here = recorded::occurring(path, config.venue.kind, &directory)?;
    let line = |symbol: &String| Watched {
        line: Line { symbol: symbol.clone(), ..Line::default() },
        last_unix_ns: None,
    };
    let symbols = symbols(config);
    let mut watched: Vec<Watched> = symbols.iter().map(line).collect();
    let mut recorded = Recorded::open(path, config.venue.kind, &here)?;
    let mut quality = Quality::default();
    loop {
        match recorded.next() {
            Ok(Some(frame)) => {
                let at_unix_ns = frame.received_unix_ns;
                quality.on_frame(at_unix_ns);
                for event in frame.events {
                    if let Some(one) = watched.get_mut(event.instrument.index()) {
                        one.on_event(&event, at_unix_ns);
                    }
                }
            }
            Ok(None) => break,
            Err(error) => {
                quality.torn = Some(error.to_string());
                break;
            }
        }
    }
    quality.unreadable = recorded.counters().messages_bad;
    let is_here = |id: usize| here.instruments.iter().any(|it| it.id.index() == id);
    let lines = watched.into_iter().enumerate().filter(|(id, _)| is_here(*id));
    quality.lines = lines.map(|(_, one)| one.line).collect();
    Ok(quality)
}

struct Watched {
    line: Line,
    /// When the last best price was received.
    last_unix_ns: Option<u64>,
}

impl Quality {
    fn on_frame(&mut self, at_unix_ns: u64) {
        if self.frames == 0 {
            self.first_unix_ns = at_unix_ns;
        } else {
            self.backwards += u64::from(at_unix_ns < self.last_unix_ns);
            lengthen(&mut self.silence_ns, self.last_unix_ns, at_unix_ns);
        }
        self.frames += 1;
        self.last_unix_ns = self.last_unix_ns.max(at_unix_ns);
    }
}

impl Watched {
    fn on_event(&mut self, event: &MarketEvent, at_unix_ns: u64) {
        let line = &mut self.line;
        match &event.data {
            MarketData::Quote(quote) => {
                line.quotes += 1;
                line.unsound += u64::from(!quote.is_sound());
                if let Some(last_unix_ns) = self.last_unix_ns.replace(at_unix_ns) {
                    lengthen(&mut line.silence_ns, last_unix_ns, at_unix_ns);
                }
            }
            MarketData::Trade(_) => line.trades += 1,
            MarketData::Mark(_) => line.marks += 1,
            MarketData::BookBegin => line.books += 1,
            MarketData::BookDelta(_) => {}
            MarketData::BookEnd { .. } => line.updates += 1,
            MarketData::BookLost => line.lost += 1,
        }
        if let Some(delay_ms) = event.sent_unix_ms.and_then(|sent| delay_ms(sent, at_unix_ns)) {
            let (least, most) = line.delay_ms.unwrap_or((delay_ms, delay_ms));
            line.delay_ms = Some((least.min(delay_ms), most.max(delay_ms)));
        }
    }
}

fn delay_ms(sent_unix_ms: u64, at_unix_ns: u64) -> Option<i64> {
    i64::try_from(at_unix_ns / MS).ok()?.checked_sub_unsigned(sent_unix_ms)
}

fn lengthen(longest: &mut (u64, u64), from_unix_ns: u64, to_unix_ns: u64) {
    let ns = to_unix_ns.saturating_sub(from_unix_ns);
    if longest.0 < ns {
        *longest = (ns, from_unix_ns);
    }
}
