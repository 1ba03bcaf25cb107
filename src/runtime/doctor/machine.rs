//! The machine: room on its disks and in its memory, what a process may open, where threads may
//! stay.
//!
//! Not here: locked memory (the engine locks none) and how this machine keeps its own time (what
//! counts is its distance from the venue's clock).

use super::patient::Patient;
use crate::config::Pins;
use crate::ops::doctor::Found;
use rustix::fs::{Access, StatVfs, access, statvfs};
use rustix::process::{Resource, getrlimit};
use rustix::system::sysinfo;
use rustix::thread::{CpuSet, sched_getaffinity};
use std::io;
use std::path::Path;

const MIB: u64 = 1 << 20;

/// Below this much free disk a person should look: some hours of a journal without market data.
const DISK_MIB_WARN: u64 = 1_024;

/// The segment that is written, the next one, and as much again for state files and logs.
const SEGMENTS_MIN: u64 = 4;

/// A day of backups are some hundreds of files, each state file is written beside the old one.
const INODES_WARN: u64 = 10_000;
const INODES_MIN: u64 = 100;

/// The hot thread writes in the folder in memory: a segment and its successor.
const LANE_SEGMENTS: u64 = 2;

/// Less available memory than this is less than a machine's own peaks.
const MEMORY_MIB_WARN: u64 = 512;

/// Sockets, journal, state and log are some dozens; 8,192 leave room for every client (R143).
const OPEN_FILES_MIN: u64 = 8_192;

pub(super) fn disk(patient: &Patient) -> Found {
    let folder = existing(&patient.config.folders.root);
    if let Err(error) = access(folder, Access::WRITE_OK | Access::EXEC_OK) {
        let said = format!("{} cannot be written: {error}", folder.display());
        return Found::fail(said, "give the folder to the user that runs the engine");
    }
    let needed_mib = patient.config.journal.segment_bytes.saturating_mul(SEGMENTS_MIN) / MIB;
    room(folder, statvfs(folder), |free| disk_room(free, needed_mib))
}

fn disk_room(free_mib: u64, needed_mib: u64) -> Found {
    let next = "make room: RUNBOOK.md, \"The disk is full\"; a full disk stops the engine";
    let said = format!("{free_mib} MiB free");
    match free_mib {
        free if free < needed_mib => {
            Found::fail(format!("{said}; the journal alone needs {needed_mib}"), next)
        }
        free if free < DISK_MIB_WARN => Found::warn(said, next),
        _ => Found::ok(said),
    }
}

pub(super) fn inodes(patient: &Patient) -> Found {
    let folder = existing(&patient.config.folders.root);
    match statvfs(folder) {
        Ok(found) => inode_room(found.f_files, found.f_favail),
        Err(error) => unseen(folder, &error.into()),
    }
}

fn inode_room(all: u64, free: u64) -> Found {
    let next = "remove files, or keep fewer backups (`backup.keep`)";
    match free {
        _ if all == 0 => Found::skip("this file system has no such limit"),
        free if free < INODES_MIN => Found::fail(format!("{free} files can be made"), next),
        free if free < INODES_WARN => Found::warn(format!("{free} files can be made"), next),
        free => Found::ok(format!("{free} files can be made")),
    }
}

pub(super) fn lane(patient: &Patient) -> Found {
    let journal = &patient.config.journal;
    let needed_mib = journal.segment_bytes.saturating_mul(LANE_SEGMENTS) / MIB;
    let folder = &journal.lane_folder;
    room(folder, statvfs(folder), |free| lane_room(folder, free, needed_mib))
}

fn lane_room(folder: &Path, free_mib: u64, needed_mib: u64) -> Found {
    let said = format!("{} has {free_mib} MiB free, {needed_mib} are needed", folder.display());
    match free_mib < needed_mib {
        true => Found::warn(
            format!("{said}: orders would wait for the disk"),
            "make room there, or lower `journal.segment_mb`",
        ),
        false => Found::ok(said),
    }
}

pub(super) fn memory(_: &Patient) -> Found {
    let told = std::fs::read_to_string("/proc/meminfo").ok();
    let available_mib = told.as_deref().and_then(available).unwrap_or_else(free_mib);
    memory_room(available_mib)
}

/// What the kernel says that a new process may have, MiB.
fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1_024)
}

/// A service that may not see `/proc/meminfo` is told less: what nobody uses for anything.
fn free_mib() -> u64 {
    let told = sysinfo();
    told.freeram.saturating_mul(u64::from(told.mem_unit)) / MIB
}

fn memory_room(available_mib: u64) -> Found {
    let said = format!("{available_mib} MiB available");
    match available_mib < MEMORY_MIB_WARN {
        true => Found::warn(said, "end what else runs here: the kernel kills who asks last"),
        false => Found::ok(said),
    }
}

pub(super) fn open_files(_: &Patient) -> Found {
    files_limit(getrlimit(Resource::Nofile).current)
}

fn files_limit(limit: Option<u64>) -> Found {
    match limit {
        None => Found::ok("no limit"),
        Some(limit) if limit < OPEN_FILES_MIN => Found::warn(
            format!("at most {limit} open files"),
            format!("`ulimit -n {OPEN_FILES_MIN}`, or `LimitNOFILE={OPEN_FILES_MIN}` in the unit"),
        ),
        Some(limit) => Found::ok(format!("at most {limit} open files")),
    }
}

pub(super) fn processors(patient: &Patient) -> Found {
    match sched_getaffinity(None) {
        Ok(allowed) => pinnable(patient.config.runtime.pins, &allowed),
        Err(error) => Found::warn(
            format!("which processors may be used is not known: {error}"),
            "look at the limits of the unit or the container",
        ),
    }
}

fn pinnable(pins: Pins, allowed: &CpuSet) -> Found {
    let wanted = [pins.hot, pins.feed, pins.order];
    let is_missing =
        |pin: &u16| CpuSet::MAX_CPU <= usize::from(*pin) || !allowed.is_set((*pin).into());
    let missing: Vec<u16> = wanted.into_iter().flatten().filter(is_missing).collect();
    match (missing.as_slice(), allowed.count()) {
        ([], count) if pins == Pins::default() => {
            Found::ok(format!("{count}, no thread is pinned"))
        }
        ([], count) => Found::ok(format!("{count}, those of `runtime.pin` among them")),
        (missing, count) => Found::warn(
            format!("`runtime.pin` names {missing:?}, which are not among the {count} of ours"),
            "name others, or let the unit have them (`CPUAffinity=`)",
        ),
    }
}

/// The folder, or the nearest above it that is there.
fn existing(folder: &Path) -> &Path {
    let there = folder.ancestors().find(|it| it.exists());
    there.unwrap_or(Path::new("."))
}

fn room(
    folder: &Path,
    told: rustix::io::Result<StatVfs>,
    judge: impl FnOnce(u64) -> Found,
) -> Found {
    match told {
        Ok(found) => judge(found.f_bavail.saturating_mul(found.f_frsize) / MIB),
        Err(error) => unseen(folder, &error.into()),
    }
}

fn unseen(folder: &Path, error: &io::Error) -> Found {
    let said = format!("how much room {} has is not known: {error}", folder.display());
    Found::warn(said, "look at the path and at who may see it")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_judged_on_both_sides_of_every_bound() {
        let disk = |free| disk_room(free, 64).verdict();
        assert_eq!([63, 64, 1_023, 1_024].map(disk), ["fail", "warn", "warn", "ok"]);
        let inodes = |free| inode_room(1, free).verdict();
        assert_eq!([99, 100, 9_999, 10_000].map(inodes), ["fail", "warn", "warn", "ok"]);
        assert_eq!(inode_room(0, 0).verdict(), "skip");
        let lane = |free| lane_room(Path::new("/dev/shm"), free, 32).verdict();
        assert_eq!([31, 32].map(lane), ["warn", "ok"]);
        assert_eq!([511, 512].map(|free| memory_room(free).verdict()), ["warn", "ok"]);
        let files = [Some(8_191), Some(8_192), None].map(|limit| files_limit(limit).verdict());
        assert_eq!(files, ["warn", "ok", "ok"]);
    }

    #[test]
    fn what_is_available_is_read_as_the_kernel_writes_it() {
        let text = "MemTotal:       16384 kB\nMemFree:  9 kB\nMemAvailable:    8192 kB\n";
        assert_eq!(available(text), Some(8));
        for other in ["", "MemAvailable: many kB", "MemAvailable: 8192"] {
            assert_eq!(available(other), None, "{other}");
        }
    }

    #[test]
    fn a_pin_on_a_processor_that_is_not_ours_warns() {
        let mut ours = CpuSet::new();
        ours.set(1);
        let pins = |hot| Pins { hot, ..Pins::default() };
        let rows = [(None, "ok"), (Some(1), "ok"), (Some(0), "warn"), (Some(u16::MAX), "warn")];
        for (hot, expected) in rows {
            assert_eq!(pinnable(pins(hot), &ours).verdict(), expected, "{hot:?}");
        }
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_judged_by_the_one_above() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(existing(&folder.path().join("a/b/c")), folder.path());
        assert_eq!(existing(Path::new("no-such-folder/state")), Path::new("."));
        let nowhere = Path::new("/no/such/folder");
        assert_eq!(room(nowhere, statvfs(nowhere), |_| Found::ok("seen")).verdict(), "warn");
    }
}
