//! `engine stop-matrix`: the arguments of showing what each stop does to each kind of order.

use super::console::Console;
use super::exit::Exit;
use crate::ops::stop_matrix;
use std::io;
/// `engine stop-matrix`
#[derive(clap::Args, Clone, Copy, Debug)]
pub struct Arguments {}

/// Prints the table of the README.
pub(super) fn execute(_: Arguments, console: &mut Console<'_>) -> io::Result<Exit> {
    console.out.write_all(stop_matrix::markdown().as_bytes())?;
    Ok(Exit::Ok)
}
