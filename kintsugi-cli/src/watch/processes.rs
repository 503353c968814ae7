//! Processes that may stand behind a mass change, as far as the kernel shows them (`proc(5)`), and files that one of them still
//! has open although their names are gone.
//!
//! No proof: whoever is gone by the time of looking is not seen, and who stands in a directory need not have touched it.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use kintsugi_core::protocol::Suspect;
use kintsugi_core::redact::redact;

/// Most processes that are looked at.
const PROCESSES_MAX: usize = 16_384;

/// Most descriptors that are looked at.
const DESCRIPTORS_MAX: usize = 65_536;

/// Processes that are told.
const SUSPECTS_MAX: usize = 6;

/// Longest command line that is told, in bytes.
const LINE_BYTES_MAX: usize = 160;

/// Most files, and bytes of them, that are kept of one burst.
const KEPT_FILES_MAX: usize = 256;
const KEPT_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Bursts of which files are kept; the oldest give way.
const KEPT_BURSTS_MAX: usize = 16;

/// A file without a name that a process has open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opened {
    /// By which it can be read: `/proc/PID/fd/N`.
    pub(crate) by: PathBuf,
    /// The name it had.
    pub(crate) was: PathBuf,
}

/// What was found in one look at all processes.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) suspects: Vec<Suspect>,
    pub(crate) opened: Vec<Opened>,
}

/// Looks at every process but this one for a connection with the directory `top`.
pub(crate) fn look(top: &Path) -> Found {
    let mut found = Found::default();
    let Ok(processes) = fs::read_dir("/proc") else {
        return found;
    };
    let own = std::process::id();
    let now = since_start();
    let mut left = DESCRIPTORS_MAX;
    for process in processes.take(PROCESSES_MAX).flatten() {
        let pid = process
            .file_name()
            .to_str()
            .and_then(|name| name.parse::<u32>().ok());
        let Some(pid) = pid.filter(|pid| *pid != own) else {
            continue;
        };
        let path = process.path();
        let has_open = descriptors(&path, top, &mut left, &mut found.opened);
        let stands = fs::read_link(path.join("cwd")).is_ok_and(|cwd| cwd.starts_with(top));
        let by = match (has_open, stands) {
            (true, _) => "open",
            (false, true) => "cwd",
            (false, false) => continue,
        };
        let for_ms = now.saturating_sub(started(&path).unwrap_or(now));
        found.suspects.push(Suspect {
            pid,
            name: name(&path),
            line: line(&path),
            for_ms,
            by: by.to_owned(),
        });
    }
    // Who came last is looked at first: a shell has stood there for hours.
    found.suspects.sort_by_key(|suspect| suspect.for_ms);
    found.suspects.truncate(SUSPECTS_MAX);
    found.opened.sort_by(|one, other| one.was.cmp(&other.was));
    found.opened.dedup_by(|one, other| one.was == other.was);
    found
}

/// Whether a process has something below `top` open; adds what of it has no name any more.
fn descriptors(process: &Path, top: &Path, left: &mut usize, opened: &mut Vec<Opened>) -> bool {
    let Ok(descriptors) = fs::read_dir(process.join("fd")) else {
        return false;
    };
    let mut has_open = false;
    for descriptor in descriptors.flatten() {
        let Some(fewer) = left.checked_sub(1) else {
            return has_open;
        };
        *left = fewer;
        let by = descriptor.path();
        let Ok(link) = fs::read_link(&by) else {
            continue;
        };
        if !link.starts_with(top) {
            continue;
        }
        has_open = true;
        // Behind the name of what has none, the kernel writes so.
        let was = link.as_os_str().as_bytes().strip_suffix(b" (deleted)");
        let is_file = || fs::metadata(&by).is_ok_and(|file| file.is_file() && file.nlink() == 0);
        if let Some(was) = was
            && is_file()
        {
            let was = PathBuf::from(std::ffi::OsStr::from_bytes(was));
            opened.push(Opened { by, was });
        }
    }
    has_open
}

/// Returns how long the machine has run, in milliseconds.
fn since_start() -> u64 {
    let uptime = fs::read_to_string("/proc/uptime").unwrap_or_default();
    let seconds = uptime.split([' ', '.']).take(2);
    let mut seconds = seconds.map(|number| number.parse::<u64>().unwrap_or_default());
    let (whole, hundredths) = (seconds.next(), seconds.next());
    whole.unwrap_or_default() * 1_000 + hundredths.unwrap_or_default() * 10
}

/// Returns when a process started, in milliseconds since the machine did.
fn started(process: &Path) -> Option<u64> {
    let stat = fs::read_to_string(process.join("stat")).ok()?;
    // The name stands in parentheses and may have any character in it.
    let (_, rest) = stat.rsplit_once(") ")?;
    let ticks: u64 = rest.split(' ').nth(19)?.parse().ok()?;
    Some(ticks * 1_000 / rustix::param::clock_ticks_per_second())
}

fn name(process: &Path) -> String {
    let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
    name.trim_end().to_owned()
}

fn line(process: &Path) -> String {
    let mut bytes = Vec::new();
    let file = File::open(process.join("cmdline"));
    let limit = u64::try_from(8 * LINE_BYTES_MAX).unwrap_or(u64::MAX);
    if file
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .is_err()
    {
        return String::new();
    }
    let words: Vec<_> = bytes
        .split(|byte| *byte == 0)
        .filter(|word| !word.is_empty())
        .map(String::from_utf8_lossy)
        .collect();
    let line = words.join(" ");
    let mut line = redact(&line).into_owned();
    let mut cut = LINE_BYTES_MAX.min(line.len());
    while !line.is_char_boundary(cut) {
        cut -= 1;
    }
    line.truncate(cut);
    line
}

/// Copies files that have no name any more below `directory`, as they lay below `top`. Returns how many are whole.
///
/// # Errors
/// When nothing can be written there.
pub(crate) fn keep(opened: &[Opened], top: &Path, directory: &Path) -> io::Result<usize> {
    if let Some(all) = directory.parent() {
        make(all)?;
        drop_oldest(all);
    }
    make(directory)?;
    let mut left = KEPT_BYTES_MAX;
    let mut kept = 0;
    for one in opened.iter().take(KEPT_FILES_MAX) {
        let below = one.was.strip_prefix(top).unwrap_or(&one.was);
        let to = directory.join(below.strip_prefix("/").unwrap_or(below));
        if let Some(above) = to.parent() {
            make(above)?;
        }
        // Its process may end at any moment: then this one is gone, and the others are not.
        let Ok(from) = File::open(&one.by) else {
            continue;
        };
        let length = from.metadata().map_or(0, |about| about.len());
        let Some(rest) = left.checked_sub(length) else {
            continue;
        };
        left = rest;
        let mut to = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&to)?;
        let copied = io::copy(&mut from.take(length), &mut to)?;
        to.sync_data()?;
        kept += usize::from(copied == length);
    }
    Ok(kept)
}

fn make(directory: &Path) -> io::Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
}

/// Makes room for one more.
fn drop_oldest(all: &Path) {
    let Ok(entries) = fs::read_dir(all) else {
        return;
    };
    let mut kept: Vec<_> = entries
        .flatten()
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    kept.sort();
    let over = (kept.len() + 1).saturating_sub(KEPT_BURSTS_MAX);
    for (_, old) in kept.into_iter().take(over) {
        // One that cannot be removed only takes room.
        drop(fs::remove_dir_all(old));
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn who_stands_in_a_directory_is_seen_and_what_it_has_open_is_kept() {
        let directory = tempfile::tempdir().unwrap();
        let top = directory.path().canonicalize().unwrap().join("p");
        fs::create_dir_all(top.join("d")).unwrap();
        let mut file = File::create(top.join("d/a.txt")).unwrap();
        file.write_all(b"still here").unwrap();
        let child = Command::new("sleep")
            .arg("600")
            .current_dir(&top)
            .stdin(Stdio::from(File::open(top.join("d/a.txt")).unwrap()))
            .spawn();
        let mut child = child.unwrap();
        drop(file);
        fs::remove_file(top.join("d/a.txt")).unwrap();
        let found = look(&top);
        let suspect = found
            .suspects
            .iter()
            .find(|one| one.pid == child.id())
            .unwrap();
        // Between fork and exec it has another name.
        assert_eq!(suspect.by, "open");
        assert_eq!(found.opened.len(), 1, "{found:?}");
        assert_eq!(found.opened[0].was, top.join("d/a.txt"));
        let kept = directory.path().join("rescued/1");
        assert_eq!(keep(&found.opened, &top, &kept).unwrap(), 1);
        assert_eq!(fs::read(kept.join("d/a.txt")).unwrap(), b"still here");
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
