//! The venue's words for what the configuration knows by index: symbols and assets.
//!
//! Must hold: a name that is not configured is `None`, never somebody else's index. Sorted lists
//! and binary search: no hash map, and few names.

use crate::types::{AssetId, InstrumentId, VenueId};
use crate::venue::Directory;

/// Names of one venue.
#[derive(Clone, Debug)]
pub(super) struct Names {
    pub(super) venue: VenueId,
    symbols: Vec<(String, InstrumentId)>,
    assets: Vec<(String, AssetId)>,
}

impl Names {
    pub(super) fn new(directory: &Directory) -> Self {
        let ours = directory.instruments.iter().filter(|it| it.venue == directory.venue);
        let mut symbols: Vec<_> = ours.map(|it| (it.symbol.clone(), it.id)).collect();
        symbols.sort_unstable();
        let indexed = (0..=u8::MAX).zip(&directory.assets);
        let mut assets: Vec<_> =
            indexed.map(|(index, name)| (name.clone(), AssetId(index))).collect();
        assets.sort_unstable();
        Self { venue: directory.venue, symbols, assets }
    }

    /// Which instrument is meant.
    pub(super) fn instrument(&self, symbol: &[u8]) -> Option<InstrumentId> {
        find(&self.symbols, symbol)
    }

    /// Where in [`Self::symbols`] it stands.
    pub(super) fn place(&self, symbol: &[u8]) -> Option<usize> {
        self.symbols.binary_search_by(|(known, _)| known.as_bytes().cmp(symbol)).ok()
    }

    /// Where in [`Self::symbols`] an instrument stands.
    pub(super) fn place_of(&self, instrument: InstrumentId) -> Option<usize> {
        self.symbols.iter().position(|(_, id)| *id == instrument)
    }

    /// Which asset is meant.
    pub(super) fn asset(&self, name: &[u8]) -> Option<AssetId> {
        find(&self.assets, name)
    }

    /// How the venue spells an instrument.
    pub(super) fn symbol(&self, instrument: InstrumentId) -> Option<&str> {
        self.symbols.get(self.place_of(instrument)?).map(|(symbol, _)| symbol.as_str())
    }

    /// All instruments, by their spelling.
    pub(super) fn symbols(&self) -> &[(String, InstrumentId)] {
        &self.symbols
    }
}

fn find<T: Copy>(sorted: &[(String, T)], name: &[u8]) -> Option<T> {
    let at = sorted.binary_search_by(|(known, _)| known.as_bytes().cmp(name)).ok()?;
    sorted.get(at).map(|(_, index)| *index)
}

#[cfg(test)]
mod tests {
    use super::super::support::directory;
    use super::*;

    #[test]
    fn a_name_is_found_exactly_or_not_at_all() {
        let names = Names::new(&directory(&["ETHUSDT", "BTCUSDT"]));
        assert_eq!(names.instrument(b"ETHUSDT"), Some(InstrumentId(0)));
        assert_eq!(names.instrument(b"BTCUSDT"), Some(InstrumentId(1)));
        assert_eq!(names.symbol(InstrumentId(1)), Some("BTCUSDT"));
        assert_eq!(names.symbol(InstrumentId(2)), None);
        for stranger in ["", "BTC", "btcusdt", "BTCUSDTX"] {
            assert_eq!(names.instrument(stranger.as_bytes()), None, "{stranger}");
        }
        assert_eq!(names.asset(b"USDT"), Some(AssetId(0)));
        assert_eq!(names.asset(b"DOGE"), None);
    }
}
