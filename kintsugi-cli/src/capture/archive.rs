//! What unpacking an archive would write over: the archive's own program is asked for the names of its members.
//!
//! To list runs nothing that the archive names. What is there under one of the names is kept; of names that are not there, that they
//! were not, so that undo takes them off again.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Component, Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::CaptureError;
use super::keep::{How, Plan, Wanted};
use crate::facts::Deadline;
use crate::facts::asked::{answer_of, trusted_path};

/// Programs that can be asked for the members of an archive.
const LISTED: [&str; 11] = [
    "tar",
    "gtar",
    "bsdtar",
    "unzip",
    "cpio",
    "ar",
    "7z",
    "7za",
    "7zr",
    "7zz",
    "unsquashfs",
];

/// Among what changes the names: they are taken as they are, also where they lead out of the directory.
const ABSOLUTE: &str = "-P";

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
    let [program, archive, options @ ..] = of else {
        return Err(CaptureError::Archive("it is not named"));
    };
    if !LISTED.contains(&program.as_str()) {
        return Err(CaptureError::Archive("it is not listed"));
    }
    let (absolute, renames): (Vec<_>, Vec<_>) = options.iter().partition(|it| *it == ABSOLUTE);
    let names = Names {
        goal,
        lead_out: !absolute.is_empty(),
    };
    if names.are_new() {
        plan.tops.push(Wanted::whole(goal.to_owned()));
        if !names.lead_out {
            return Ok(());
        }
    }
    if archive.is_empty() {
        return Err(CaptureError::Archive("it comes from another program"));
    }
    if !fs::metadata(archive).is_ok_and(|found| found.is_file()) {
        // The program says so itself, and writes nothing.
        return Ok(());
    }
    let deadline = Deadline(deadline.0.min(Instant::now() + LIST_MAX));
    let mut listed = list(program, archive, (&renames, names.lead_out), deadline)?;
    if renames.iter().any(|option| *option == "-j") {
        let last = |name: Vec<u8>| name.rsplit(|byte| *byte == b'/').next().map(<[u8]>::to_vec);
        listed = listed.into_iter().filter_map(last).collect();
    }
    let mut touched = Touched::default();
    for name in listed {
        names.add(&mut touched, Path::new(OsStr::from_bytes(&name)));
        if touched.files.len() + touched.directories.len() > NAMES_MAX {
            return Err(CaptureError::Archive("it has over 20000 files"));
        }
    }
    for path in touched.files {
        plan.whole(path);
    }
    let directories = touched.directories.into_iter();
    plan.tops.extend(directories.map(|path| Wanted {
        how: How::Itself,
        ..Wanted::whole(path)
    }));
    Ok(())
}

/// What unpacking changes.
#[derive(Debug, Default)]
struct Touched {
    /// What is written over, or made: the outermost name of that.
    files: BTreeSet<PathBuf>,
    /// Directories that are there, and get the mode and the time that the archive has for them.
    directories: BTreeSet<PathBuf>,
}

/// Where the members of an archive go.
#[derive(Debug, Clone, Copy)]
struct Names<'a> {
    goal: &'a Path,
    /// Whether a name may lead out of that: absolute, or by `..`.
    lead_out: bool,
}

impl Names<'_> {
    /// Whether there is nothing at the goal yet that could be written over.
    fn are_new(self) -> bool {
        match fs::read_dir(self.goal) {
            Ok(mut entries) => entries.next().is_none(),
            // What is not there yet is made by unpacking.
            Err(_) => self.goal.symlink_metadata().is_err(),
        }
    }

    /// Adds the part of `name` that is not there, or is no directory: that is what is made, or written over.
    fn add(self, touched: &mut Touched, name: &Path) {
        let mut path = self.goal.to_owned();
        if path.is_dir() {
            touched.directories.insert(path.clone());
        }
        for part in name.components() {
            match part {
                Component::Normal(part) => path.push(part),
                Component::RootDir if self.lead_out => path = PathBuf::from("/"),
                // These programs leave it out in front, and refuse what leads out of the directory.
                Component::RootDir | Component::CurDir | Component::Prefix(_) => continue,
                Component::ParentDir if self.lead_out => {
                    path.pop();
                }
                Component::ParentDir => return,
            }
            match path.symlink_metadata() {
                Ok(found) if found.is_dir() => {
                    touched.directories.insert(path.clone());
                }
                Ok(found) if found.is_symlink() && path.is_dir() => {
                    // It may be replaced, or followed.
                    touched.files.insert(path.clone());
                }
                Ok(_) | Err(_) => {
                    touched.files.insert(path);
                    return;
                }
            }
        }
    }
}

/// Returns the names of the members of an archive as they are, by the program that its first bytes call for.
pub(crate) fn members(archive: &Path, deadline: Deadline) -> Option<Vec<Vec<u8>>> {
    let mut begins = Vec::new();
    let file = fs::File::open(archive).ok()?;
    file.take(6).read_to_end(&mut begins).ok()?;
    let program = match begins.as_slice() {
        [b'P', b'K', ..] => "unzip",
        [b'7', b'z', 0xbc, 0xaf, ..] => "7z",
        b"070701" | b"070702" | b"070707" | [0xc7, 0x71, ..] | [0x71, 0xc7, ..] => "cpio",
        _ => "tar",
    };
    list(program, archive.to_str()?, (&[], false), deadline).ok()
}

/// Asks a program for the names of the members of an archive.
fn list(
    program: &str,
    archive: &str,
    (renames, lead_out): (&[&String], bool),
    deadline: Deadline,
) -> Result<Vec<Vec<u8>>, CaptureError> {
    let unknown = || CaptureError::Archive("it is not listed");
    let is_told = |option: &str| {
        option == "-j" || option.contains('=') || (option == "--one-top-level" && program != "ar")
    };
    let has_odd_names = renames.iter().any(|option| !is_told(option));
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
            command.args(lead_out.then_some("--absolute-names"));
            form = Form::Escaped;
        }
        "bsdtar" => {
            command.args(["-t", "-f", archive]);
            form = Form::Escaped;
        }
        "unsquashfs" => {
            // With no name of a directory in front each begins with a `/`.
            command.args(["-l", "-d", "", archive]);
            form = Form::Rooted;
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
    /// Each begins with a `/`; what does not is the rest of a name with the end of a line in it.
    Rooted,
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
        Form::Rooted => {
            let mut names: Vec<Vec<u8>> = Vec::new();
            for line in said.split(|byte| *byte == b'\n') {
                match names.last_mut() {
                    Some(last) if !line.starts_with(b"/") => {
                        last.push(b'\n');
                        last.extend(line);
                    }
                    _ => names.push(line.to_vec()),
                }
            }
            // The end of the last line begins no other.
            if let Some(last) = names.last_mut() {
                last.pop_if(|byte| *byte == b'\n');
            }
            names
        }
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
        assert_eq!(
            names(b"/a\n/odd\nname\n/b/c\n", Form::Rooted),
            [&b"/a"[..], b"/odd\nname", b"/b/c"]
        );
    }

    #[test]
    fn what_is_there_is_kept_and_of_what_is_not_only_the_outermost_name() {
        let directory = tempfile::tempdir().unwrap();
        let goal = directory.path();
        fs::create_dir(goal.join("d")).unwrap();
        fs::write(goal.join("d/f"), "x").unwrap();
        let found = |lead_out| {
            let mut touched = Touched::default();
            let names = Names { goal, lead_out };
            for name in [
                "d/",
                "d/f",
                "new/",
                "new/deep/g",
                "/d/f",
                "../out",
                "d/../../out",
            ] {
                names.add(&mut touched, Path::new(name));
            }
            assert!(touched.directories.contains(&goal.join("d")));
            touched.files.into_iter().collect::<Vec<PathBuf>>()
        };
        assert_eq!(found(false), [goal.join("d/f"), goal.join("new")]);
        let above = goal.parent().unwrap();
        let mut all = vec![
            PathBuf::from("/d"),
            above.join("out"),
            goal.join("d/f"),
            goal.join("new"),
        ];
        all.sort();
        assert_eq!(found(true), all);
    }
}
