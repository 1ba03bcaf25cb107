//! What was approved as an amend is no new order.

use tradekeel::core::Command;
use tradekeel::core::safety::ApprovedAmend;

fn place(amend: ApprovedAmend) -> Command {
    Command::NewOrder(amend)
}

fn main() {}
