//! What unpacking an archive would write over: the archive's own program is asked for the names of its members.
//!
//! To list runs nothing that the archive names. What is there under one of the names is kept; of names that are not there, that they
//! were not, so that undo takes them off again.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::CaptureError;
use super::keep::{Plan, Wanted};
use crate::facts::Deadline;
use crate::facts::asked::{answer_of, trusted_path};

/// Most names that one archive may write.
const NAMES_MAX: usize = 20_000;

/// Longest time for listing an archive: unpacking it would take as long once more.
const LIST_MAX: Duration = Duration::from_secs(5);

/// Most bytes of a list.
const LIST_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Variables by which these programs take options that nobody sees (tar(1), unzip(1), cpio(1)).
const OPTIONS: [&str; 5] = ["TAR_OPTIONS", "UNZIP", "UNZIPOPT", "ZIPINFO", "ZIPINFOOPT"];

/// Adds what unpacking into `goal` would change. `of` is the program, the archive and what changes the names of members.
pub(super) fn plan(
    plan: &mut Plan,
    goal: &Path,
    of: &[String],
    deadline: Deadline,
) -> Result<(), CaptureError> {
    let is_empty = match fs::read_dir(goal) {
        Ok(mut entries) => entries.next().is_none(),
        // What is not there yet is made by unpacking.
        Err(_) => goal.symlink_metadata().is_err(),
    };
    if is_empty {
        plan.tops.push(Wanted::whole(goal.to_owned()));
        return Ok(());
    }
    let [program, archive, renames @ ..] = of else {
        return Err(CaptureError::Archive("it is not named"));
    };
    if archive.is_empty() {
        return Err(CaptureError::Archive("it comes from another program"));
    }
    if !fs::metadata(archive).is_ok_and(|found| found.is_file()) {
        // The program says so itself, and writes nothing.
        return Ok(());
    }
    let deadline = Deadline(deadline.0.min(Instant::now() + LIST_MAX));
    let mut names = list(program, archive, renames, deadline)?;
    if renames.iter().any(|option| option == "-j") {
        let last = |name: Vec<u8>| name.rsplit(|byte| *byte == b'/').next().map(<[u8]>::to_vec);
        names = names.into_iter().filter_map(last).collect();
    }
    let mut tops = BTreeSet::new();
    for name in names {
        add(&mut tops, goal, Path::new(OsStr::from_bytes(&name)));
        if tops.len() > NAMES_MAX {
            return Err(CaptureError::Archive("it has over 20000 files"));
        }
    }
    for path in tops {
        plan.whole(path);
    }
    Ok(())
}

/// Adds the part of `name` below `goal` that is not there, or is no directory: that is what is made, or written over.
fn add(tops: &mut BTreeSet<PathBuf>, goal: &Path, name: &Path) {
    let mut path = goal.to_owned();
    for part in name.components() {
        match part {
            Component::Normal(part) => path.push(part),
            // These programs leave it out in front, and refuse what leads out of the directory.
            Component::RootDir | Component::CurDir | Component::Prefix(_) => continue,
            Component::ParentDir => return,
        }
        match path.symlink_metadata() {
            Ok(found) if found.is_dir() => {}
            Ok(found) if found.is_symlink() && path.is_dir() => {
                // It may be replaced, or followed.
                tops.insert(path.clone());
            }
            Ok(_) | Err(_) => {
                tops.insert(path);
                return;
            }
        }
    }
}

/// Asks a program for the names of the members of an archive.
fn list(
    program: &str,
    archive: &str,
    renames: &[String],
    deadline: Deadline,
) -> Result<Vec<Vec<u8>>, CaptureError> {
    let unknown = || CaptureError::Archive("it is not listed");
    let has_odd_names = renames
        .iter()
        .any(|option| option != "-j" && !option.contains('='));
    if has_odd_names || (!renames.is_empty() && program == "bsdtar") {
        return Err(CaptureError::Archive("its files get other names"));
    }
    let mut command = Command::new(program);
    let mut form = Form::Lines;
    match program {
        "tar" | "gtar" => {
            command.args(["--list", "--force-local", "--show-transformed-names"]);
            command.args(["--quoting-style=escape", "--file", archive]);
            command.args(renames);
            form = Form::Escaped;
        }
        "bsdtar" => {
            command.args(["-t", "-f", archive]);
        }
        "unzip" => {
            command.args(["-Z1", archive]);
        }
        "cpio" => {
            let file = fs::File::open(archive).map_err(|error| CaptureError::io(archive, error))?;
            command.args(["-i", "-t", "--quiet"]).stdin(file);
        }
        "ar" => {
            command.args(["t", archive]);
        }
        "7z" | "7za" | "7zr" | "7zz" => {
            command.args(["l", "-slt", "-ba", "--", archive]);
            form = Form::Fields;
        }
        _ => return Err(unknown()),
    }
    for name in OPTIONS {
        command.env_remove(name);
    }
    command
        .env("PATH", trusted_path().ok_or_else(unknown)?)
        .env("LC_ALL", "C.UTF-8");
    if program != "cpio" {
        command.stdin(Stdio::null());
    }
    let (said, succeeded) = answer_of(command, deadline, LIST_BYTES_MAX)
        .ok_or(CaptureError::Archive("it is not listed within 5 s"))?;
    if !succeeded {
        return Err(unknown());
    }
    Ok(names(&said, form))
}

/// How a list is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// A name in each line.
    Lines,
    /// Likewise, with what is odd in them behind a backslash, as in C.
    Escaped,
    /// `Path = NAME` among other lines.
    Fields,
}

fn names(said: &[u8], form: Form) -> Vec<Vec<u8>> {
    let lines = said
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    match form {
        Form::Lines => lines.map(<[u8]>::to_vec).collect(),
        Form::Escaped => lines.map(unescaped).collect(),
        Form::Fields => lines
            .filter_map(|line| line.strip_prefix(b"Path = "))
            .map(<[u8]>::to_vec)
            .collect(),
    }
}

/// Reads a name with `\n`, `\\` and `\377` in it.
fn unescaped(line: &[u8]) -> Vec<u8> {
    let mut name = Vec::with_capacity(line.len());
    let mut rest = line;
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'\\' {
            name.push(*first);
            continue;
        }
        let digits = after
            .get(..3)
            .and_then(|digits| str::from_utf8(digits).ok());
        if let Some(byte) = digits.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            name.push(byte);
            rest = after.get(3..).unwrap_or_default();
            continue;
        }
        let [letter, after @ ..] = after else { break };
        rest = after;
        name.push(match letter {
            b'a' => 7,
            b'b' => 8,
            b't' => b'\t',
            b'n' => b'\n',
            b'v' => 11,
            b'f' => 12,
            b'r' => b'\r',
            other => *other,
        });
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_the_programs_write_them() {
        assert_eq!(
            names(b"a\nb\\nc\\\\d\\377\n", Form::Escaped),
            [&b"a"[..], b"b\nc\\d\xff"]
        );
        assert_eq!(names(b"a b\n\n", Form::Lines), [b"a b"]);
        assert_eq!(
            names(b"Path = x/y\nSize = 3\n\nPath = z\n", Form::Fields),
            [&b"x/y"[..], b"z"]
        );
    }

    #[test]
    fn what_is_there_is_kept_and_of_what_is_not_only_the_outermost_name() {
        let directory = tempfile::tempdir().unwrap();
        let goal = directory.path();
        fs::create_dir(goal.join("d")).unwrap();
        fs::write(goal.join("d/f"), "x").unwrap();
        let mut tops = BTreeSet::new();
        for name in [
            "d/",
            "d/f",
            "new/",
            "new/deep/g",
            "/d/f",
            "../out",
            "d/../../out",
        ] {
            add(&mut tops, goal, Path::new(name));
        }
        let found: Vec<PathBuf> = tops.into_iter().collect();
        assert_eq!(found, [goal.join("d/f"), goal.join("new")]);
    }
}
