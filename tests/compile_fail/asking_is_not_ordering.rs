//! Who may ask after an account has no word for an order.

use tradekeel::core::Command;
use tradekeel::venue::{AccountDialect, VenueTime};

fn send(account: &mut dyn AccountDialect, command: &Command, at: VenueTime) {
    let _ = account.encode(command, at, &mut Vec::new());
}

fn main() {}
