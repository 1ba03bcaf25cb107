//! Where a synthetic market comes from.

mod levels;
mod process;
mod synthetic;
#[cfg(test)]
mod tests;

pub use synthetic::Synthetic;
