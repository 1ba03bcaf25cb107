//! The atomics of protocols that are proved with loom: `tests/loom.rs` compiles the same files with
//! loom's own in their place.

pub(super) use std::sync::Arc;
pub(super) use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};
