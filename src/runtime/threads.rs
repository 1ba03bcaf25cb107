//! Where threads are born: named, and kept on a processor where that is asked for and possible.

use crate::config::Wait;
use rustix::thread::{CpuSet, sched_setaffinity};
use std::io;
use std::thread::{Builder, JoinHandle};

/// Starts a thread. A processor that cannot be had is said and is no reason to stop: the engine
/// runs slower, not wrong.
pub fn spawn<T: Send + 'static>(
    name: &str,
    cpu: Option<u16>,
    body: impl FnOnce() -> T + Send + 'static,
) -> io::Result<JoinHandle<T>> {
    let named = name.to_owned();
    Builder::new().name(name.to_owned()).spawn(move || {
        if let Some(cpu) = cpu
            && let Err(error) = pin(cpu)
        {
            tracing::warn!(thread = named, cpu, %error, "the thread could not be pinned");
        }
        body()
    })
}

/// A tokio runtime for one thread. A waiting policy that does not sleep keeps a task of its own
/// turning, so that the runtime looks at its sockets again and again instead of waiting for them.
pub fn runtime(wait: Wait) -> io::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_all();
    if wait != Wait::Park {
        builder.event_interval(1);
    }
    builder.build()
}

/// Runs a future to its end on a runtime of its own. A lookup of a name that is still under way is
/// left behind: it can take half a minute, and an end must not wait for it.
pub fn block_on<T>(wait: Wait, body: impl Future<Output = T>) -> io::Result<T> {
    let runtime = runtime(wait)?;
    let done = runtime.block_on(run_local(wait, body));
    runtime.shutdown_background();
    Ok(done)
}

/// Runs a future that may not leave its thread, under a waiting policy.
async fn run_local<T>(wait: Wait, body: impl Future<Output = T>) -> T {
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async move {
            if wait != Wait::Park {
                tokio::task::spawn_local(async {
                    loop {
                        tokio::task::yield_now().await;
                    }
                });
            }
            body.await
        })
        .await
}

fn pin(cpu: u16) -> io::Result<()> {
    let mut set = CpuSet::new();
    if CpuSet::MAX_CPU <= usize::from(cpu) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "no such processor"));
    }
    set.set(cpu.into());
    sched_setaffinity(None, &set)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_that_does_not_exist_is_no_reason_to_stop() {
        let there = spawn("there", Some(0), || 1).unwrap();
        let nowhere = spawn("nowhere", Some(1_000), || 2).unwrap();
        let beyond = spawn("beyond", Some(u16::MAX), || 3).unwrap();
        assert_eq!([there, nowhere, beyond].map(|thread| thread.join().unwrap()), [1, 2, 3]);
    }
}
