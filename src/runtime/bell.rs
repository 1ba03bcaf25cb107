//! Wakes a thread that sleeps: a pipe that is only written to when somebody waits.
//!
//! Must hold: whoever fills a lane rings after the push; whoever waits says so before it looks at
//! its lanes for the last time (`waits.rs`). Ringing costs one atomic load while nobody waits and
//! one system call when somebody does; it takes no lock and never blocks.
//!
//! Decision: a pipe and not a tokio `Notify` or a condition variable, because the hot thread rings
//! it and those take a lock; and because one descriptor serves a plain thread (ppoll) and a tokio
//! thread (epoll) alike. An eventfd would be one descriptor less, but tokio watches a foreign
//! descriptor only through `unsafe`.

use super::waits::Waits;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::{PipeFlags, pipe_with};
use std::io;
use std::os::fd::OwnedFd;
use tokio::net::unix::pipe::Receiver;

/// One thread's bell.
#[derive(Debug)]
pub struct Bell {
    heard: OwnedFd,
    rung: OwnedFd,
    waits: Waits,
}

impl Bell {
    /// Fails only when the process may open no more files.
    pub fn new() -> io::Result<Self> {
        let (heard, rung) = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        Ok(Self { heard, rung, waits: Waits::new() })
    }

    /// Wakes the waiter, if there is one.
    pub fn ring(&self) {
        if self.waits.take() {
            // A full pipe means that it has been rung already.
            let _ = rustix::io::write(&self.rung, &[0]);
        }
    }

    /// Sleeps until rung or until `timeout_ns` passed, unless `is_idle` finds something to do.
    pub fn wait(&self, timeout_ns: u64, is_idle: impl Fn() -> bool) {
        self.waits.begin();
        if is_idle() {
            let seconds = i64::try_from(timeout_ns / crate::types::SECOND).unwrap_or(i64::MAX);
            let rest = i64::try_from(timeout_ns % crate::types::SECOND).unwrap_or(0);
            let timeout = Timespec { tv_sec: seconds, tv_nsec: rest };
            let mut fds = [PollFd::new(&self.heard, PollFlags::IN)];
            // A signal ends the wait early, which is as good as a ring.
            let _ = poll(&mut fds, Some(&timeout));
        }
        self.waits.end();
        let mut rings = [0_u8; 8];
        // Nothing to read means that nobody rang.
        let _ = rustix::io::read(&self.heard, &mut rings);
    }

    /// The bell as a tokio thread hears it; needs a tokio runtime around it.
    pub fn ear(&self) -> io::Result<Receiver> {
        Receiver::from_owned_fd(self.heard.try_clone()?)
    }

    /// Sleeps on a tokio thread until rung, unless `is_idle` finds something to do.
    pub async fn wait_async(&self, ear: &Receiver, is_idle: impl Fn() -> bool) {
        self.waits.begin();
        if is_idle() {
            // A pipe cannot break while this bell holds both its ends.
            let _ = ear.readable().await;
        }
        self.waits.end();
        let mut rings = [0_u8; 8];
        // Nothing to read means that nobody rang.
        let _ = ear.try_read(&mut rings);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    #[test]
    fn nothing_pushed_is_ever_slept_through() {
        let bell = Arc::new(Bell::new().unwrap());
        let pushed = Arc::new(AtomicU64::new(0));
        let (theirs, count) = (Arc::clone(&bell), Arc::clone(&pushed));
        let filler = crate::runtime::threads::spawn("filler", None, move || {
            for _ in 0..20_000 {
                count.fetch_add(1, Ordering::Release);
                theirs.ring();
            }
        })
        .unwrap();
        let mut seen = 0;
        while seen < 20_000 {
            // A wait of an hour: a lost ring would hang the test.
            bell.wait(3_600 * crate::types::SECOND, || pushed.load(Ordering::Acquire) == seen);
            seen = pushed.load(Ordering::Acquire);
        }
        filler.join().unwrap();
    }

    #[test]
    fn a_wait_ends_by_itself() {
        let bell = Bell::new().unwrap();
        bell.wait(crate::types::MS, || true);
        bell.ring();
        bell.wait(crate::types::MS, || true);
    }
}
