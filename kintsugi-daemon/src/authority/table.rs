//! The machine's processes as the kernel tells them (`proc(5)`): who started whom, in which session, on which terminal,
//! and who holds the other end of that terminal.
//!
//! Reads, and judges nothing. Bounded: a machine with more processes or descriptors than the bounds is told as unknown.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use kintsugi_core::audit::record::Process;

/// Most processes that are looked at in one search.
const PROCESSES_MAX: usize = 16_384;

/// Most descriptors that are looked at in one search.
const DESCRIPTORS_MAX: usize = 262_144;

/// More than most files of a process hold, in bytes.
const STATUS_BYTES: usize = 4096;

/// How often a process that becomes another program while it is read is read again.
const HELD_TRIES: usize = 4;

/// Longest path of an executable that is kept, in bytes.
const EXE_BYTES_MAX: usize = 512;

/// What is used of `/proc/PID/stat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stat {
    /// Its number.
    pub pid: u32,
    /// Who started it, or took it over; 0 when that is outside of what can be seen from here.
    pub parent: u32,
    /// Its process group.
    pub group: u32,
    /// Its session: the number of its leader.
    pub session: u32,
    /// Device number of its controlling terminal; 0 for none.
    pub tty: u32,
    /// The process group in the foreground of that terminal.
    pub foreground: u32,
    /// When it started, in clock ticks since the machine did.
    pub start: u64,
    /// Where its stack, its heap and its arguments begin; 0 where the kernel does not tell.
    ///
    /// `execve(2)` draws them anew, `fork(2)` keeps them: what has those of another process is a fork of it.
    pub layout: [u64; 3],
}

impl Stat {
    /// Whether its layout is all there: the kernel tells it, and no `execve(2)` is drawing it.
    fn is_told(&self) -> bool {
        self.layout.iter().all(|address| *address > 1)
    }

    /// Whether it is a fork of `other` that runs no program of its own.
    #[must_use]
    pub fn is_fork_of(&self, other: &Self) -> bool {
        self.layout == other.layout && self.is_told()
    }
}

/// Who has the other end of which pseudo-terminal open: its number, and the processes as they stood when they had it.
#[derive(Debug, Clone, Default)]
pub struct Masters {
    /// By the number of the terminal (`/dev/pts/N`).
    pub holders: BTreeMap<u32, Vec<Stat>>,
    /// Not everything was looked at.
    pub cut: bool,
}

/// What can be asked about processes. Another implementation plays machines in tests.
pub trait Table: std::fmt::Debug {
    /// Returns how a process stands; nothing when there is none.
    fn stat(&self, pid: u32) -> Option<Stat>;
    /// Returns the path of its program.
    fn exe(&self, pid: u32) -> Option<String>;
    /// Returns its name, and its user when all its user ids are the same.
    fn name(&self, pid: u32) -> Option<(String, Option<u32>)>;
    /// Whether it runs one of this project's clients, as installed beside this daemon.
    fn is_client(&self, pid: u32) -> bool;
    /// Whether it can gain no more rights, and whether its system calls are filtered.
    fn confined(&self, pid: u32) -> (bool, bool);
    /// Returns the process that is attached to it (`ptrace(2)`), which can make it do anything; 0 when none is.
    fn tracer(&self, pid: u32) -> u32;
    /// Returns who holds the other ends of terminals.
    fn masters(&self) -> Masters;
    /// Returns the terminals that a process has open (`/dev/pts/N`).
    fn terminals(&self, pid: u32) -> Vec<u32>;
    /// Returns the processes whose controlling terminal has the device number `tty`.
    fn sharing(&self, tty: u32) -> Vec<Stat>;
    /// Whether processes may put keys into their own terminal (`TIOCSTI`, `ioctl_tty(2)`).
    fn can_inject(&self) -> bool;
    /// Whether this user is connected to a service of root on this very machine, as with `ssh localhost`.
    fn has_local_login(&self) -> bool;
    /// Returns the user of this daemon.
    fn own_uid(&self) -> u32;
    /// Returns the number of this daemon's process.
    fn own_pid(&self) -> u32;
}

/// Returns the number of a pseudo-terminal (`/dev/pts/N`) by its device number; nothing for other terminals.
///
/// Major numbers 136 to 143 (Linux, `Documentation/admin-guide/devices.txt`); how both parts stand in one number: proc(5),
/// `tty_nr`.
#[must_use]
pub fn pts_number(tty: u32) -> Option<u32> {
    let major = (tty >> 8) & 0xfff;
    let minor = (tty & 0xff) | ((tty >> 12) & 0x000f_ff00);
    (136..=143)
        .contains(&major)
        .then(|| (major - 136) * 256 + minor)
}

/// Whether a terminal is a console of the machine (`/dev/ttyN`) or a serial line: it has no other end in a process.
#[must_use]
pub fn is_console(tty: u32) -> bool {
    matches!((tty >> 8) & 0xfff, 4 | 204 | 229)
}

/// Returns a process with its program, as a record keeps it.
#[must_use]
pub fn process(table: &dyn Table, stat: &Stat) -> Process {
    Process {
        pid: stat.pid,
        start: Some(stat.start),
        exe: table.exe(stat.pid),
    }
}

/// The processes of this machine.
#[derive(Debug, Clone, Copy)]
pub struct Proc;

impl Table for Proc {
    fn stat(&self, pid: u32) -> Option<Stat> {
        parse_stat(&read(&format!("/proc/{pid}/stat")).ok()?)
    }

    fn exe(&self, pid: u32) -> Option<String> {
        let path = fs::read_link(format!("/proc/{pid}/exe")).ok()?;
        let mut path = path.display().to_string();
        crate::clip::text(&mut path, EXE_BYTES_MAX);
        Some(path)
    }

    fn name(&self, pid: u32) -> Option<(String, Option<u32>)> {
        let status = status(pid)?;
        let name = member(&status, "Name:")?.to_owned();
        let mut uids = member(&status, "Uid:")?.split_ascii_whitespace();
        let uid = uids.next()?;
        let uid = uids
            .all(|other| other == uid)
            .then(|| uid.parse().ok())
            .flatten();
        Some((name, uid))
    }

    fn is_client(&self, pid: u32) -> bool {
        let Ok(own) = std::env::current_exe() else {
            return false;
        };
        let Ok(theirs) = fs::metadata(format!("/proc/{pid}/exe")) else {
            return false;
        };
        ["kintsugi", "kintsugi-hook"].iter().any(|name| {
            fs::metadata(own.with_file_name(name))
                .is_ok_and(|ours| ours.dev() == theirs.dev() && ours.ino() == theirs.ino())
        })
    }

    fn confined(&self, pid: u32) -> (bool, bool) {
        let status = status(pid).unwrap_or_default();
        let is_set = |name| member(&status, name).is_some_and(|value| value != "0");
        (is_set("NoNewPrivs:"), is_set("Seccomp:"))
    }

    fn tracer(&self, pid: u32) -> u32 {
        let status = status(pid).unwrap_or_default();
        let tracer = member(&status, "TracerPid:");
        tracer.and_then(|pid| pid.parse().ok()).unwrap_or_default()
    }

    fn masters(&self) -> Masters {
        let mut masters = Masters::default();
        let mut left = DESCRIPTORS_MAX;
        for pid in pids(&mut masters.cut) {
            if let Some((stat, held)) = self.held(pid, &mut left) {
                for terminal in held {
                    masters.holders.entry(terminal).or_default().push(stat);
                }
            }
        }
        masters.cut |= left == 0;
        masters
    }

    fn terminals(&self, pid: u32) -> Vec<u32> {
        let mut left = DESCRIPTORS_MAX;
        let mut terminals: Vec<u32> = descriptors(pid, &mut left)
            .filter_map(|(_, path)| path.strip_prefix("/dev/pts/")?.parse().ok())
            .collect();
        terminals.sort_unstable();
        terminals.dedup();
        terminals
    }

    fn sharing(&self, tty: u32) -> Vec<Stat> {
        pids(&mut false)
            .filter_map(|pid| self.stat(pid))
            .filter(|stat| stat.tty == tty)
            .collect()
    }

    fn can_inject(&self) -> bool {
        // Before Linux 6.2 there is no such setting, and it is allowed.
        fs::read_to_string("/proc/sys/dev/tty/legacy_tiocsti")
            .map_or(true, |value| value.trim() != "0")
    }

    fn has_local_login(&self) -> bool {
        let tables = ["/proc/net/tcp", "/proc/net/tcp6"];
        tables.iter().any(|path| {
            fs::read_to_string(path).is_ok_and(|table| joins_root(&table, self.own_uid()))
        })
    }

    fn own_uid(&self) -> u32 {
        rustix::process::geteuid().as_raw()
    }

    fn own_pid(&self) -> u32 {
        std::process::id()
    }
}

impl Proc {
    /// Returns the terminals whose other ends a process holds, and how it stood while it did; nothing when it holds none.
    ///
    /// A fork holds what its parent holds until it runs a program of its own: told from before that with what is told of it after,
    /// it would be a program that keeps them. So both are read until nothing has changed between. `execve(2)` takes the new memory first
    /// and closes what is to be closed after, before it has drawn all of the layout.
    fn held(self, pid: u32, left: &mut usize) -> Option<(Stat, BTreeSet<u32>)> {
        let mut held = masters_of(pid, left);
        for _ in 0..HELD_TRIES {
            if held.is_empty() {
                break;
            }
            let before = self.stat(pid)?;
            held = masters_of(pid, left);
            let after = self.stat(pid)?;
            if before.layout == after.layout && after.is_told() {
                return Some((after, held));
            }
            // It may be in the middle of that, and wait for this very processor.
            std::thread::yield_now();
        }
        // Whoever changes that often is taken as it is now.
        self.stat(pid)
            .filter(|_| !held.is_empty())
            .map(|stat| (stat, held))
    }
}

/// Returns the terminals whose other ends a process has open.
fn masters_of(pid: u32, left: &mut usize) -> BTreeSet<u32> {
    descriptors(pid, left)
        .filter(|(_, path)| path.ends_with("ptmx"))
        .filter_map(|(number, _)| terminal_of_master(pid, &number))
        .collect()
}

/// Returns `/proc/PID/status`. A process may call itself by bytes that are not UTF-8, and hides nothing by that.
fn status(pid: u32) -> Option<String> {
    let bytes = read(&format!("/proc/{pid}/status")).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads a file of `proc(5)` that is one record, which a read that leaves room has read to its end.
///
/// Such a file says that it is empty, so `fs::read` would ask for its size and then read it in eight pieces, while a hook waits.
fn read(path: &str) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut bytes = vec![0; STATUS_BYTES];
    let mut count = 0;
    while let Some(room) = bytes.get_mut(count..).filter(|room| !room.is_empty()) {
        let more = file.read(room)?;
        count += more;
        if more == 0 || count < bytes.len() {
            break;
        }
        bytes.resize(count * 2, 0);
    }
    bytes.truncate(count);
    Ok(bytes)
}

/// Returns the value of a line of `/proc/PID/status`.
fn member<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .map(str::trim)
}

fn pids(cut: &mut bool) -> impl Iterator<Item = u32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut pids: Vec<u32> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .collect();
    *cut |= pids.len() > PROCESSES_MAX;
    pids.truncate(PROCESSES_MAX);
    pids.into_iter()
}

/// Returns the descriptors of a process and what each stands for; none when it may not be looked into.
fn descriptors(pid: u32, left: &mut usize) -> impl Iterator<Item = (String, String)> {
    let directory = fs::read_dir(format!("/proc/{pid}/fd"));
    let entries = directory.into_iter().flatten().flatten();
    entries
        .take_while(move |_| {
            *left = left.saturating_sub(1);
            *left > 0
        })
        .filter_map(|entry| {
            let path = fs::read_link(entry.path()).ok()?;
            Some((
                entry.file_name().to_str()?.to_owned(),
                path.to_str()?.to_owned(),
            ))
        })
}

/// Returns the number of the terminal whose other end a descriptor is (`tty-index` of fdinfo, Linux 4.14).
fn terminal_of_master(pid: u32, descriptor: &str) -> Option<u32> {
    let about = fs::read_to_string(format!("/proc/{pid}/fdinfo/{descriptor}")).ok()?;
    member(&about, "tty-index:")?.parse().ok()
}

/// Whether a table of connections (`/proc/net/tcp`, proc(5)) has one whose two ends are both here: this user's at one, root's at the other.
fn joins_root(table: &str, uid: u32) -> bool {
    let ends: Vec<(&str, &str, u32)> = table
        .lines()
        .skip(1)
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_ascii_whitespace().collect();
            // 01 is an open connection.
            (*fields.get(3)? == "01").then_some(())?;
            Some((
                *fields.get(1)?,
                *fields.get(2)?,
                fields.get(7)?.parse().ok()?,
            ))
        })
        .collect();
    ends.iter()
        .filter(|(_, _, owner)| *owner == uid)
        .any(|(near, far, _)| {
            ends.iter()
                .any(|(theirs, ours, owner)| theirs == far && ours == near && *owner == 0)
        })
}

/// Reads `proc_pid_stat(5)`. The name, field 2, may hold anything; the last parenthesis ends it.
fn parse_stat(stat: &[u8]) -> Option<Stat> {
    let open = stat.iter().position(|byte| *byte == b'(')?;
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    let pid = str::from_utf8(stat.get(..open)?).ok()?.trim();
    let rest = str::from_utf8(stat.get(end + 1..)?).ok()?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // The first of them is field 3.
    let field = |number: usize| fields.get(number - 3);
    let number = |at: usize| field(at)?.parse::<i64>().ok();
    let small = |at: usize| u32::try_from(number(at)?).ok();
    let address = |at: usize| field(at).and_then(|text| text.parse().ok());
    Some(Stat {
        pid: pid.parse().ok()?,
        parent: small(4)?,
        group: small(5)?,
        session: small(6)?,
        tty: small(7).unwrap_or_default(),
        foreground: small(8).unwrap_or_default(),
        start: u64::try_from(number(22)?).ok()?,
        layout: [28, 47, 48].map(|at| address(at).unwrap_or_default()),
    })
}

/// Whether `path` is the terminal with the device number `tty`.
#[must_use]
pub fn is_terminal(path: &Path, tty: u32) -> bool {
    fs::metadata(path).is_ok_and(|found| found.rdev() == u64::from(tty))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_and_spaces_shifts_no_field() {
        let stat = b"7 (a) S 1 2 (x)) S 5 6 8 34816 9 0 0 0 0 0 0 0 0 0 20 0 1 0 4242 0";
        let expected = Stat {
            pid: 7,
            parent: 5,
            group: 6,
            session: 8,
            tty: 34816,
            foreground: 9,
            start: 4242,
            layout: [0; 3],
        };
        assert_eq!(parse_stat(stat), Some(expected));
        assert_eq!(parse_stat(b"7 (a"), None);
        assert_eq!(parse_stat(b"7 (a) S 5"), None);
    }

    #[test]
    fn a_process_whose_name_is_no_text_hides_nothing_by_it() {
        let named = std::thread::spawn(|| {
            rustix::thread::set_name(c"\xff\n").unwrap();
            let own = rustix::thread::gettid().as_raw_nonzero().get();
            let own = u32::try_from(own).unwrap();
            (Proc.name(own), Proc.stat(own).map(|stat| stat.pid == own))
        });
        let uid = rustix::process::getuid().as_raw();
        let expected = ("\u{fffd}\\n".to_owned(), Some(uid));
        assert_eq!(named.join().unwrap(), (Some(expected), Some(true)));
    }

    #[test]
    fn the_numbers_of_terminals() {
        assert_eq!(pts_number(34816), Some(0));
        assert_eq!(pts_number(34817), Some(1));
        assert_eq!(pts_number((136 << 8) | 1 | (1 << 20)), Some(257));
        assert_eq!(pts_number(4 << 8 | 1), None);
        assert!(is_console(4 << 8 | 1) && !is_console(34816));
    }

    #[test]
    fn a_process_is_told_from_its_forks_programs() {
        let shell = Stat {
            layout: [10, 20, 30],
            ..Stat::default()
        };
        let program = Stat {
            layout: [10, 20, 31],
            ..shell
        };
        assert!(shell.is_fork_of(&shell) && !program.is_fork_of(&shell));
        assert!(!Stat::default().is_fork_of(&Stat::default()));
    }

    #[test]
    fn a_connection_to_this_machine_is_seen_from_both_ends() {
        let head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
        let line = |near: &str, far: &str, uid: u32| {
            format!("   0: {near} {far} 01 0:0 00:0 0 {uid} 0 1\n")
        };
        let (client, server) = ("0100007F:D431", "0100007F:0016");
        let both = [head, &line(client, server, 1000), &line(server, client, 0)].concat();
        assert!(joins_root(&both, 1000));
        assert!(!joins_root(&both, 1001));
        let one = [head, &line(client, server, 1000)].concat();
        assert!(!joins_root(&one, 1000));
    }

    #[test]
    fn this_process_is_in_the_table() {
        let own = Proc.stat(std::process::id()).unwrap();
        assert_eq!(own.pid, std::process::id());
        assert!(own.is_fork_of(&own) && own.start > 0);
        assert!(!Proc.is_client(own.pid));
        assert!(!Proc.masters().cut);
    }
}
