//! `expected_positions.json` and `actual_positions.json`: what we believed at the last conclusive
//! reading of the account, and what the venue said (R55). For people: no run reads them.
//!
//! Must hold: both hold the same instruments in the same order, one a line, so that `diff` shows
//! exactly the positions that differ, and nothing when all agree.
//!
//! Decision: both are of the instant of the reading, not of now. What is believed now stands in
//! `positions.json`, and beside a reading of seconds ago it would differ by every trade since.
//! Decision: the checksum stands in each line, of that line alone, and the time in neither file. A
//! checksum or a time of the whole file would be a difference of its own; one beside the file would
//! be another file, and a crash between the two would look like damage. A line that was taken out
//! shows by the number of instruments.

use super::StoreError;
use super::atomic::{self, Stored};
use crate::types::Qty;
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::io;
use std::path::Path;

const NEXT: &str = "delete it: a running engine writes it again, and so does the next start";

/// Whose word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Whose {
    /// What we believed.
    Expected,
    /// What the venue said.
    Actual,
}

impl Whose {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Expected, Self::Actual];

    /// The name of the file in the state folder.
    pub fn file(self) -> &'static str {
        match self {
            Self::Expected => "expected_positions.json",
            Self::Actual => "actual_positions.json",
        }
    }
}

/// Positions as one side has them.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Compared {
    /// Every configured instrument, by symbol in ascending order, with its signed quantity.
    pub positions: Vec<(String, Qty)>,
    /// Positions in instruments that the configuration does not name; ours are none.
    pub unnamed: u32,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Written {
    instruments: usize,
    positions: Vec<Line>,
    unnamed: Unnamed,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Line {
    symbol: String,
    side: String,
    /// Exact decimal text, signed.
    qty: String,
    check: String,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Unnamed {
    count: u32,
    check: String,
}

impl Line {
    fn new(symbol: &str, qty: Qty) -> Self {
        let (symbol, side, qty) = (symbol.to_owned(), side(qty).to_owned(), qty.to_string());
        let check = check(&[&symbol, &side, &qty]);
        Self { symbol, side, qty, check }
    }
}

impl Unnamed {
    fn new(count: u32) -> Self {
        Self { count, check: check(&["unnamed", &count.to_string()]) }
    }
}

/// The word for a signed quantity.
pub fn side(qty: Qty) -> &'static str {
    match qty.cmp(&Qty::ZERO) {
        std::cmp::Ordering::Greater => "long",
        std::cmp::Ordering::Less => "short",
        std::cmp::Ordering::Equal => "flat",
    }
}

/// CRC32C of some words and the blanks between them.
fn check(words: &[&str]) -> String {
    format!("{:08x}", crc32c::crc32c(words.join(" ").as_bytes()))
}

/// Replaces the file of one side; returns when it is on disk.
pub fn write(state_folder: &Path, whose: Whose, compared: &Compared) -> Result<(), StoreError> {
    let path = state_folder.join(whose.file());
    let text = text(compared).map_err(|error| StoreError::io("write", &path)(error.into()))?;
    atomic::write_text(&path, &text)
}

fn text(compared: &Compared) -> Result<String, serde_json::Error> {
    let mut text = format!("{{\n\"instruments\": {},\n\"positions\": [", compared.positions.len());
    for (at, (symbol, qty)) in compared.positions.iter().enumerate() {
        text.push_str(if at == 0 { "\n" } else { ",\n" });
        text.push_str(&serde_json::to_string(&Line::new(symbol, *qty))?);
    }
    let unnamed = serde_json::to_string(&Unnamed::new(compared.unnamed))?;
    // Into a string nothing fails.
    let _ = write!(text, "\n],\n\"unnamed\": {unnamed}\n}}\n");
    Ok(text)
}

/// What one side's file says.
pub fn read(state_folder: &Path, whose: Whose) -> Stored<Compared> {
    let path = state_folder.join(whose.file());
    let text = match atomic::read_bounded(&path, atomic::BYTES_MAX) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Stored::Missing,
        Err(error) => return Stored::Damaged(StoreError::io("read", &path)(error)),
    };
    match parse(&text) {
        Ok(compared) => Stored::Good(compared),
        Err(what) => Stored::Damaged(StoreError::Damaged { path, what, next: NEXT }),
    }
}

fn parse(text: &[u8]) -> Result<Compared, String> {
    let written: Written = serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let found = written.positions.len();
    if found != written.instruments {
        return Err(format!("it has {found} positions and says {}", written.instruments));
    }
    let is_in_order = written.positions.is_sorted_by(|one, next| one.symbol < next.symbol);
    if !is_in_order {
        return Err("its symbols are not in order".to_owned());
    }
    if written.unnamed.check != Unnamed::new(written.unnamed.count).check {
        return Err("the check of `unnamed` is not that of its count".to_owned());
    }
    let position = |line: &Line| {
        let qty = Qty::parse(line.qty.as_bytes());
        let qty = qty.filter(|qty| Line::new(&line.symbol, *qty).check == line.check);
        let qty = qty.filter(|qty| side(*qty) == line.side);
        qty.map(|qty| (line.symbol.clone(), qty))
            .ok_or_else(|| format!("the check of {} is not that of its line", line.symbol))
    };
    let positions = written.positions.iter().map(position).collect::<Result<_, _>>()?;
    Ok(Compared { positions, unnamed: written.unnamed.count })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn compared(btc: i32, eth: i32) -> Compared {
        let positions = [("BTCUSDT", btc), ("ETHUSDT", eth), ("SOLUSDT", 0)];
        let positions = positions.map(|(symbol, qty)| (symbol.to_owned(), Qty::whole(qty)));
        Compared { positions: positions.to_vec(), unnamed: 0 }
    }

    #[test]
    fn two_files_differ_by_the_lines_of_the_positions_that_differ() {
        let (ours, theirs) = (text(&compared(1, -2)).unwrap(), text(&compared(1, 3)).unwrap());
        let differing: Vec<_> = ours.lines().zip(theirs.lines()).filter(|(a, b)| a != b).collect();
        assert_eq!(ours.lines().count(), theirs.lines().count());
        assert_eq!(differing.len(), 1, "{differing:?}");
        assert!(differing[0].0.starts_with("{\"symbol\":\"ETHUSDT\",\"side\":\"short\""));
        assert_eq!(text(&compared(1, 3)).unwrap(), theirs, "and by nothing when they agree");
        let stranger = Compared { unnamed: 1, ..compared(1, 3) };
        let stranger = text(&stranger).unwrap();
        assert_eq!(theirs.lines().zip(stranger.lines()).filter(|(a, b)| a != b).count(), 1);
    }

    #[test]
    fn what_is_written_is_read_and_no_flipped_bit_nor_cut_is_believed() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(folder.path(), Whose::Actual), Stored::Missing));
        let held = compared(-7, 5);
        write(folder.path(), Whose::Actual, &held).unwrap();
        assert!(matches!(read(folder.path(), Whose::Actual), Stored::Good(found) if found == held));
        assert!(matches!(read(folder.path(), Whose::Expected), Stored::Missing));
        let path = folder.path().join(Whose::Actual.file());
        let text = fs::read(&path).unwrap();
        for bit in 0..text.len() * 8 {
            let mut flipped = text.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            if let Ok(found) = parse(&flipped) {
                assert_eq!(found, held, "bit {bit}");
            }
        }
        for cut in 0..text.len() - 1 {
            assert!(parse(&text[..cut]).is_err(), "cut at {cut}");
        }
    }

    #[test]
    fn a_line_that_was_taken_out_or_moved_is_damage() {
        let whole = text(&compared(1, 2)).unwrap();
        let lines: Vec<&str> = whole.lines().collect();
        let without: Vec<&str> = lines.iter().copied().filter(|it| !it.contains("ETH")).collect();
        assert!(parse(without.join("\n").as_bytes()).unwrap_err().contains("2 positions"));
        let mut moved = lines.clone();
        moved.swap(3, 4);
        assert!(parse(moved.join("\n").as_bytes()).unwrap_err().contains("not in order"));
    }
}
