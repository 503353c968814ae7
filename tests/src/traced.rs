//! `kintsugi` under `strace(1)`, which writes its system calls down and kills it before one of them.

use std::process::{Command, Stdio};

use crate::machine::program;

/// Whether anything may be traced here; a word about it where not.
#[must_use]
pub fn may_trace() -> bool {
    let mut strace = Command::new("strace");
    strace.args(["-qq", "-o", "/dev/null", "-e", "trace=openat", "true"]);
    let may = strace.status().is_ok_and(|status| status.success());
    if !may {
        eprintln!("SKIPPED: nothing may be traced here");
    }
    may
}

/// Has `strace`, a command for that in some environment, run `kintsugi` with `arguments`; returns its `calls`, one in each line.
///
/// # Panics
/// When it does not start.
#[must_use]
pub fn calls_of(strace: Command, calls: &str, arguments: &[&str]) -> Vec<String> {
    run(strace, calls, None, arguments)
}

/// A call before which a run is killed: `strace` counts those of each name for itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Which of all that are looked at; the first is 1.
    pub number: usize,
    name: String,
    of_its_name: usize,
}

impl std::fmt::Display for Point {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            number,
            name,
            of_its_name,
        } = self;
        write!(to, "call {number} ({name}, its {of_its_name}.)")
    }
}

/// Every point of a run of which `calls_of` wrote those calls down, before a call that changed something: killed before one that did not, it
/// leaves the same as before the next that did. The first, by which it starts, cannot be withheld.
///
/// # Panics
/// When a line is no call, or there is none.
#[must_use]
pub fn points(calls: &[String]) -> Vec<Point> {
    let mut seen = std::collections::BTreeMap::<&str, usize>::new();
    let mut found = Vec::new();
    for (at, line) in calls.iter().enumerate() {
        let (name, _) = line.split_once('(').expect("a call");
        let count = seen.entry(name).or_default();
        *count += 1;
        if at > 0 && changes(name, line) {
            found.push(Point {
                number: at + 1,
                name: name.to_owned(),
                of_its_name: *count,
            });
        }
    }
    found
}

/// Whether a call changed anything, by what it was given and what it returned.
fn changes(name: &str, line: &str) -> bool {
    let only_opens =
        name.starts_with("open") && !line.contains("O_CREAT") && !line.contains("O_TRUNC");
    !only_opens && !line.contains(") = -1 E")
}

/// The same as `calls_of`, killed before the call of that point; says whether it came there, and was.
///
/// # Panics
/// When it does not start.
#[must_use]
pub fn killed_at(point: &Point, strace: Command, calls: &str, arguments: &[&str]) -> bool {
    let made = run(strace, calls, Some(point), arguments);
    // A call that was withheld has no result.
    made.last().is_some_and(|call| call.ends_with("= ?"))
}

fn run(mut strace: Command, calls: &str, kill: Option<&Point>, arguments: &[&str]) -> Vec<String> {
    let log = tempfile::NamedTempFile::new().expect("room");
    strace.args(["-qq", "-e", "signal=none"]);
    strace.arg("-e").arg(format!("trace={calls}"));
    if let Some(Point {
        name, of_its_name, ..
    }) = kill
    {
        let inject = format!("inject={name}:signal=KILL:when={of_its_name}");
        strace.arg("-e").arg(inject);
    }
    let ended = strace
        .arg("-o")
        .arg(log.path())
        .arg("--")
        .arg(program("kintsugi"))
        .args(arguments)
        .stdin(Stdio::null())
        .output();
    // It may have been killed, which is what was asked for.
    drop(ended.expect("strace starts"));
    let written = std::fs::read_to_string(log.path()).expect("a log");
    written.lines().map(str::to_owned).collect()
}
