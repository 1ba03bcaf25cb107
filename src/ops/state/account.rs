//! What the books, the files for people and the file of the last end say of the account, held
//! against each other.

use super::books::{Books, Mismatch};
use super::word::Word;
use super::{Health, Verified};
use crate::config::Config;
use crate::store::{Stored, last_account, positions};
use crate::types::Qty;

/// Most mismatches of a kind that are told one by one.
const TOLD_MAX: usize = 20;

/// Says how positions and cash stand.
pub(super) fn compare(books: &Books, word: &Word, config: &Config, found: &mut Verified) {
    found.on_books("positions", &books.positions, books.positions_compared, books.trades);
    found.on_books("cash", &books.wallets, books.wallets_compared, books.trades);
    let held = books.held();
    let folder = &config.folders.state;
    match last_account::read(folder) {
        Stored::Missing => found.add("last_account.json", Health::Note, "not there"),
        Stored::Damaged(error) => {
            found.add("last_account.json", Health::Fault, error.to_string());
        }
        Stored::Good(left) => {
            let left = left.into_iter().map(|it| (it.symbol, Some(it.qty))).collect::<Vec<_>>();
            found.on_last_account(&left, &held, word);
        }
    }
    match positions::read(folder) {
        Stored::Missing => found.add("positions.json", Health::Note, "not there"),
        Stored::Damaged(error) => found.add("positions.json", Health::Fault, error.to_string()),
        Stored::Good(told) => {
            let line =
                |it: &positions::Position| (it.symbol.clone(), Qty::parse(it.qty.as_bytes()));
            let told: Vec<_> = told.positions.iter().map(line).collect();
            found.on_positions(&told, &held, word);
        }
    }
}

impl Verified {
    fn on_books(&mut self, what: &str, mismatches: &[Mismatch], compared: u64, trades: u64) {
        for it in mismatches.iter().take(TOLD_MAX) {
            let Mismatch { what: of, by_trades, venue, sequence } = it;
            let said = format!(
                "{of}: {by_trades} by what was told, the venue said {venue} in record {sequence}"
            );
            self.add(what, Health::Fault, said);
        }
        if let Some(more) = mismatches.len().checked_sub(TOLD_MAX + 1) {
            self.add(what, Health::Fault, format!("and {} more", more + 1));
        }
        match (mismatches.is_empty(), compared) {
            (true, 0) => {
                let said = format!("{trades} trade(s), and no two readings to compare with");
                self.add(what, Health::Note, said);
            }
            (true, _) => {
                let said = format!("{compared} reading(s) explained, {trades} trade(s)");
                self.add(what, Health::Good, said);
            }
            (false, _) => {}
        }
    }

    fn on_last_account(&mut self, left: &Held, held: &Held, word: &Word) {
        let name = "last_account.json";
        if self.is_running {
            self.add(name, Health::Fault, "it is there while an engine runs, which takes it away");
        } else if !word.is_clean {
            self.add(name, Health::Fault, "it is there, and the journal has no end in order");
        } else {
            self.on_same(name, &apart(left, held), "as the journal's trades make it");
        }
    }

    fn on_positions(&mut self, told: &Held, held: &Held, word: &Word) {
        let name = "positions.json";
        let apart = apart(told, held);
        match apart.is_empty() || (word.is_closed && !self.is_running) {
            true => self.on_same(name, &apart, "as the journal's trades make it"),
            // Written once a second, and after the trade.
            false => self.add(name, Health::Note, format!("on its way: {}", apart.join(", "))),
        }
    }

    fn on_same(&mut self, name: &str, apart: &[String], good: &str) {
        match apart.is_empty() {
            true => self.add(name, Health::Good, good),
            false => self.add(name, Health::Fault, apart.join(", ")),
        }
    }
}

/// Quantities by symbol; `None` where it is not known.
type Held = [(String, Option<Qty>)];

/// Where a file says another quantity than the books, in words.
fn apart(file: &Held, books: &Held) -> Vec<String> {
    let differs = |(symbol, there): &(String, Option<Qty>)| {
        let there = (*there)?;
        let (_, held) = books.iter().find(|(known, _)| known == symbol)?;
        let held = (*held)?;
        (there != held).then(|| format!("{symbol} is {there} there and {held} by the trades"))
    };
    file.iter().filter_map(differs).collect()
}
