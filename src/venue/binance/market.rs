//! Public market data: which streams to open, and what their messages do to quotes and books.
//!
//! Must hold: a message that cannot be read leaves the books that it can have been meant for lost;
//! unknown symbols and kinds are passed over and counted. No allocation per message once the lists
//! have grown to the size of the messages.
//!
//! Decision: single and aggregate trades are read alike: streams tell `aggTrade`, recordings hold
//! `trade`.

use super::json::success;
use super::names::Names;
use super::notice::announces_end;
use super::sync::BookSync;
use super::text::percent_encoded;
use super::wire::{Frame, Levels, decode, decode_snapshot};
use crate::types::{InstrumentId, MarketData, MarketEvent};
use crate::venue::{
    Answer, Call, DecodeError, Directory, MarketCounters, MarketDialect, Stream, StreamBase,
};

/// Symbols per connection. The venue allows 1,024 streams; this keeps the request line below 4 KiB.
const SYMBOLS_PER_STREAM: usize = 64;

/// What differs between the markets of the venue.
#[derive(Debug)]
pub(super) struct Routes {
    /// Where streams hang, and which kinds of them.
    pub(super) streams: &'static [(&'static str, &'static [&'static str])],
    /// Where a book is asked for.
    pub(super) snapshot: &'static str,
    /// Levels per side of it.
    pub(super) snapshot_limit: u32,
}

/// Public market data of one venue.
#[derive(Debug)]
pub(super) struct Market {
    routes: &'static Routes,
    names: Names,
    /// By place of the symbol in `names`.
    books: Vec<BookSync>,
    levels: Levels,
    counters: MarketCounters,
}

impl Market {
    pub(super) fn new(directory: &Directory, routes: &'static Routes) -> Self {
        let names = Names::new(directory);
        let books = names.symbols().iter().map(|(_, id)| BookSync::new(*id)).collect();
        let (levels, counters) = (Levels::default(), MarketCounters::default());
        Self { routes, names, books, levels, counters }
    }

    fn read(&mut self, bytes: &[u8], out: &mut Vec<MarketEvent>) -> Result<(), DecodeError> {
        let frame = match decode(bytes, &mut self.levels) {
            Ok(frame) => frame,
            Err(error) => {
                self.counters.messages_bad += 1;
                self.lose_meant(bytes, out);
                return Err(error);
            }
        };
        match frame {
            Frame::Ticker { symbol, sent_unix_ms, quote } => {
                self.event(symbol, sent_unix_ms, MarketData::Quote(quote), out);
            }
            Frame::Trade { symbol, sent_unix_ms, trade } => {
                self.event(symbol, sent_unix_ms, MarketData::Trade(trade), out);
            }
            Frame::Mark { symbol, sent_unix_ms, price } => {
                self.event(symbol, sent_unix_ms, MarketData::Mark(price), out);
            }
            Frame::Diff { symbol, head } => {
                let Some(at) = self.names.place(symbol) else {
                    self.counters.messages_passed_over += 1;
                    return Ok(());
                };
                if let Some(book) = self.books.get_mut(at) {
                    return book.on_diff(head, &self.levels, &mut self.counters, out);
                }
            }
            Frame::Snapshot(head) => {
                let [book] = self.books.as_mut_slice() else {
                    self.counters.messages_bad += 1;
                    return Err(DecodeError::Field("symbol"));
                };
                return book.on_snapshot(head, &self.levels, &mut self.counters, out);
            }
            Frame::Other => self.counters.messages_passed_over += 1,
        }
        Ok(())
    }

    fn event(
        &mut self,
        symbol: &[u8],
        sent_unix_ms: Option<u64>,
        data: MarketData,
        out: &mut Vec<MarketEvent>,
    ) {
        match self.names.instrument(symbol) {
            Some(instrument) => out.push(MarketEvent { instrument, sent_unix_ms, data }),
            None => self.counters.messages_passed_over += 1,
        }
    }

    /// Loses the books whose symbols stand in a message that could not be read; all when none does.
    fn lose_meant(&mut self, bytes: &[u8], out: &mut Vec<MarketEvent>) {
        let named = |symbol: &str| {
            let symbol = symbol.as_bytes();
            bytes.windows(symbol.len().max(1)).any(|part| part.eq_ignore_ascii_case(symbol))
        };
        let meant: Vec<bool> = self.names.symbols().iter().map(|(it, _)| named(it)).collect();
        let nobody = !meant.contains(&true);
        for (book, meant) in self.books.iter_mut().zip(meant) {
            if meant || nobody {
                book.lose(&mut self.counters, out);
            }
        }
    }
}

impl MarketDialect for Market {
    fn streams(&self) -> Vec<Stream> {
        let mut streams = Vec::new();
        for symbols in self.names.symbols().chunks(SYMBOLS_PER_STREAM) {
            let hung = self.routes.streams.iter();
            streams.extend(hung.map(|(path, kinds)| combined(path, symbols, kinds)));
        }
        streams
    }

    fn on_connect(&mut self, out: &mut Vec<MarketEvent>) {
        for book in &mut self.books {
            book.reset(&mut self.counters, out);
        }
    }

    fn announces_end(&self, message: &[u8]) -> bool {
        announces_end(message)
    }

    fn on_message(&mut self, bytes: &[u8], out: &mut Vec<MarketEvent>) -> Result<(), DecodeError> {
        self.read(bytes, out)
    }

    fn on_overrun(&mut self, instrument: InstrumentId, out: &mut Vec<MarketEvent>) {
        let at = self.names.place_of(instrument);
        if let Some(book) = at.and_then(|at| self.books.get_mut(at)) {
            book.reset(&mut self.counters, out);
        }
    }

    fn snapshot_wanted(&mut self) -> Option<(InstrumentId, Call)> {
        let at = self.books.iter_mut().position(BookSync::ask)?;
        let (symbol, instrument) = self.names.symbols().get(at)?;
        let symbol = percent_encoded(symbol);
        let Routes { snapshot, snapshot_limit, .. } = self.routes;
        let call = Call {
            method: "GET",
            target: format!("{snapshot}?symbol={symbol}&limit={snapshot_limit}"),
            headers: Vec::new(),
        };
        Some((*instrument, call))
    }

    fn on_snapshot(
        &mut self,
        instrument: InstrumentId,
        answer: Option<&Answer>,
        out: &mut Vec<MarketEvent>,
    ) -> Result<(), DecodeError> {
        let at = self.names.place_of(instrument);
        let book = at.and_then(|at| self.books.get_mut(at)).ok_or(DecodeError::Field("symbol"))?;
        let head = success(answer).and_then(|body| decode_snapshot(body, &mut self.levels));
        if head.is_err() {
            book.ask_again();
        }
        book.on_snapshot(head?, &self.levels, &mut self.counters, out)
    }

    fn counters(&self) -> MarketCounters {
        self.counters
    }
}

fn combined(path: &str, symbols: &[(String, InstrumentId)], kinds: &[&str]) -> Stream {
    let mut target = format!("{path}/stream?streams=");
    for (symbol, _) in symbols {
        for kind in kinds {
            if !target.ends_with('=') {
                target.push('/');
            }
            target.push_str(&percent_encoded(&symbol.to_lowercase()));
            target.push('@');
            target.push_str(kind);
        }
    }
    Stream { base: StreamBase::Streams, target }
}

#[cfg(test)]
mod tests;
