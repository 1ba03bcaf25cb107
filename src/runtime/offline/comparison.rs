//! Both sides of an account while no engine runs: what the venue says, beside what the last run
//! believed (R54).
//!
//! Must hold: nothing is written, no lock is taken, nothing is sent but questions.
//!
//! Decision: what the last run believed is read from the files that it left, the one of an end in
//! order before the one for people: a start compares anew and trusts neither. Wallets and orders
//! are in no file: they are shown, and are no difference. An opening order that stands after an end
//! in order is one.

use super::OfflineError;
use super::reading;
use crate::config::{Config, Endpoint};
use crate::core::{AccountReading, Agreement, OrderRead, PositionRead, Sharing, Terms, WalletRead};
use crate::ops::Report;
use crate::runtime::clock::Clock;
use crate::store::{Stored, last_account, positions};
use crate::types::{Purpose, Qty, VenueOrder};

/// What the last run believed, and who says so.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Belief {
    /// Where that was read, or why nothing is known.
    pub source: String,
    /// Signed quantities by symbol; `None` where nothing is known.
    held: Option<Vec<(String, Qty)>>,
    /// The last run ended in order: no opening order may stand.
    ended_in_order: bool,
}

impl Belief {
    /// Some file says what was held.
    pub(in crate::runtime) fn is_known(&self) -> bool {
        self.held.is_some()
    }

    /// The last run said that it ended.
    pub(in crate::runtime) fn ended_in_order(&self) -> bool {
        self.ended_in_order
    }

    fn of(&self, symbol: &str) -> Option<Qty> {
        let held = self.held.as_ref()?;
        held.iter().find(|(known, _)| known == symbol).map(|(_, qty)| *qty)
    }
}

/// An account with what was believed of it.
pub(in crate::runtime) struct Account {
    /// What the venue said.
    pub(in crate::runtime) read: reading::Reading,
    pub(in crate::runtime) belief: Belief,
    /// Both, side by side.
    pub(in crate::runtime) beside: AccountReading,
}

/// Reads the account and puts what was believed beside it.
pub(in crate::runtime) fn account(config: &Config) -> Result<Account, OfflineError> {
    if let Endpoint::Embedded(_) = config.venue.endpoint {
        return Err(OfflineError::Embedded);
    }
    let belief = belief(config);
    let clock = Clock::start();
    let read = reading::read(config, &clock)?;
    let beside = beside(&read, &belief, config.sharing, &clock);
    Ok(Account { read, belief, beside })
}

/// The same, as a report tells it.
///
/// # Errors
/// [`OfflineError`]: the exchange lives in the engine, or the venue does not answer.
pub fn compare(config: &Config) -> Result<(Report, Belief), OfflineError> {
    let Account { read, belief, beside } = account(config)?;
    let mut report = Report { names: read.names, ..Report::default() };
    report.status.readings.push(beside);
    Ok((report, belief))
}

fn belief(config: &Config) -> Belief {
    let folder = &config.folders.state;
    if let Stored::Good(held) = last_account::read(folder) {
        let held = held.into_iter().map(|it| (it.symbol, it.qty)).collect();
        let source = "last_account.json: the last run ended in order".to_owned();
        return Belief { source, held: Some(held), ended_in_order: true };
    }
    let (source, held) = match positions::read(folder) {
        Stored::Good(told) => {
            let line = |it: &positions::Position| {
                Qty::parse(it.qty.as_bytes()).map(|qty| (it.symbol.clone(), qty))
            };
            let as_of =
                format!("positions.json of {}: the last run did not end in order", told.as_of);
            (as_of, told.positions.iter().map(line).collect())
        }
        Stored::Missing => ("no file says what the last run believed".to_owned(), None),
        Stored::Damaged(error) => (error.to_string(), None),
    };
    Belief { source, held, ended_in_order: false }
}

fn beside(
    read: &reading::Reading,
    belief: &Belief,
    sharing: Sharing,
    clock: &Clock,
) -> AccountReading {
    let snapshot = &read.snapshot;
    let position = |it: &crate::types::Instrument| {
        let held = snapshot.positions.iter().find(|held| held.instrument == it.id);
        PositionRead {
            instrument: it.id,
            ours: belief.of(&it.symbol),
            venue: held.map_or(Qty::ZERO, |held| held.qty),
            entry: held.filter(|held| held.qty != Qty::ZERO).map(|held| held.entry),
        }
    };
    let wallet = |&(asset, venue): &(_, _)| WalletRead { asset, ours: None, venue, differs: false };
    let order = |it: &VenueOrder| OrderRead {
        order: it.order,
        venue_order_id: Some(it.venue_order_id),
        instrument: it.instrument,
        side: it.side,
        ours: None,
        venue: Some(Terms { price: it.price, qty: it.qty, cum_qty: it.cum_qty }),
        agreement: agreement(it, belief, sharing),
    };
    AccountReading {
        venue: snapshot.venue,
        at: clock.stamp(),
        positions: read.instruments.iter().map(position).collect(),
        wallets: snapshot.balances.iter().map(wallet).collect(),
        orders: snapshot.open_orders.iter().map(order).collect(),
        unnamed_positions: snapshot.unnamed_positions,
        has_unnamed_assets: snapshot.has_unnamed_assets,
        ..AccountReading::default()
    }
}

/// What an order that stands says of the last run.
fn agreement(order: &VenueOrder, belief: &Belief, sharing: Sharing) -> Agreement {
    match order.id() {
        None if sharing == Sharing::Shared => Agreement::Foreign,
        None => Agreement::Differs,
        Some(_) if belief.ended_in_order && order.purpose == Purpose::Opening => Agreement::Differs,
        Some(_) => Agreement::InFlight,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{ClientOrderId, ForeignOrder, InstrumentId, OrderRef, Price, Side};

    fn belief(ended_in_order: bool) -> Belief {
        let held = Some(vec![("BTCUSDT".to_owned(), Qty::whole(2))]);
        Belief { source: String::new(), held, ended_in_order }
    }

    #[test]
    fn what_no_file_names_is_unknown_and_not_flat() {
        assert_eq!(belief(true).of("BTCUSDT"), Some(Qty::whole(2)));
        assert_eq!(belief(true).of("ETHUSDT"), None);
        assert_eq!(Belief { held: None, ..belief(true) }.of("BTCUSDT"), None);
    }

    #[test]
    fn an_opening_order_that_stands_after_an_end_in_order_differs() {
        let order = |order, purpose| VenueOrder {
            instrument: InstrumentId(0),
            order,
            venue_order_id: 1,
            side: Side::Buy,
            price: Price::whole(1),
            qty: Qty::whole(1),
            cum_qty: Qty::ZERO,
            purpose,
        };
        let ours = OrderRef::Ours(ClientOrderId { epoch: 1, sequence: 1 });
        let other = OrderRef::Foreign(ForeignOrder::Other);
        let rows = [
            (ours, Purpose::Opening, true, Sharing::Exclusive, Agreement::Differs),
            (ours, Purpose::Opening, false, Sharing::Exclusive, Agreement::InFlight),
            (ours, Purpose::Protective, true, Sharing::Exclusive, Agreement::InFlight),
            (other, Purpose::Opening, false, Sharing::Exclusive, Agreement::Differs),
            (other, Purpose::Opening, true, Sharing::Shared, Agreement::Foreign),
        ];
        for (whose, purpose, in_order, sharing, expected) in rows {
            let found = agreement(&order(whose, purpose), &belief(in_order), sharing);
            assert_eq!(found, expected, "{whose:?} {purpose:?} {in_order} {sharing:?}");
        }
    }
}
