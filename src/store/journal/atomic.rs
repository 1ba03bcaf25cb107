//! The atomics of the protocol that is proved with loom: `tests/loom.rs` compiles the same file
//! with loom's own in their place.

pub(super) use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
