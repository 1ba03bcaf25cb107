//! One approval is one order.

use tradekeel::core::Command;
use tradekeel::core::safety::Approved;

fn twice(approved: Approved) -> [Command; 2] {
    [Command::NewOrder(approved.clone()), Command::NewOrder(approved)]
}

fn main() {}
