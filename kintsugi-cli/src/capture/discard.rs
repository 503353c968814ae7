//! `kintsugi run -- rm -f PATH…`: what would be deleted is moved into the store instead, whatever its size.
//!
//! Only where that is the same to whoever asked: plain names on the file system of a store, nothing mounted below, and no question
//! that `rm` would ask. Everything else is copied first and deleted by `rm` itself.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use kintsugi_core::capture::manifest::{Manifest, Name, Summary, Top, VERSION};
use kintsugi_core::paths::Paths;
use rustix::fs::{Access, AtFlags, CWD, RenameFlags, accessat, renameat_with};

use super::before;
use super::keep::{Occasion, named};
use super::store::Store;
use super::{CaptureError, Limits};

/// Most paths that one command line moves.
const OPERANDS_MAX: usize = 64;

/// What a plain `rm` would delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain {
    /// The paths, absolute.
    paths: Vec<PathBuf>,
}

/// Reads a command line; nothing when it is no plain `rm`, or something of it is better left to the real one.
#[must_use]
pub fn plain(words: &[String], here: &Path) -> Option<Plain> {
    let [program, rest @ ..] = words else {
        return None;
    };
    if !["rm", "/bin/rm", "/usr/bin/rm"].contains(&program.as_str()) {
        return None;
    }
    let (mut forced, mut recursive, mut only_names) = (false, false, false);
    let mut names = Vec::new();
    for word in rest {
        match word.as_str() {
            "--" if !only_names => only_names = true,
            "--force" if !only_names => forced = true,
            "--recursive" if !only_names => recursive = true,
            word if !only_names && word.len() > 1 && word.starts_with('-') => {
                for letter in word.chars().skip(1) {
                    match letter {
                        'f' => forced = true,
                        'r' | 'R' => recursive = true,
                        _ => return None,
                    }
                }
            }
            name => names.push(name),
        }
    }
    // Without `-f` it may ask about a file that is write-protected.
    if !forced || names.is_empty() || names.len() > OPERANDS_MAX {
        return None;
    }
    let mut paths = Vec::new();
    for name in names {
        let path = here.join(name);
        // By its text: the components of a path leave out a `.` and a `/` at the end, at which rm does something else.
        let is_plain = !matches!(name.rsplit('/').next(), None | Some("" | "." | ".."));
        let parent = path.parent()?.canonicalize();
        let (true, Ok(parent)) = (is_plain, parent) else {
            return None;
        };
        let path = parent.join(path.file_name()?);
        match path.symlink_metadata() {
            Ok(found) if found.is_dir() && !recursive => return None,
            Ok(_) => paths.push(path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(_) => return None,
        }
    }
    paths.sort();
    paths.dedup();
    let is_nested = |path: &PathBuf| {
        let mut others = paths.iter().filter(|other| *other != path);
        others.any(|other| path.starts_with(other))
    };
    let nested = paths.iter().any(is_nested);
    (!paths.is_empty() && !nested).then_some(Plain { paths })
}

/// Moves what `plain` names into a store, after the log knows it; nothing when it must be copied and deleted instead.
///
/// # Errors
/// When something cannot be moved: what was moved before comes back with `kintsugi undo`.
pub fn discard(
    paths: &Paths,
    plain: &Plain,
    occasion: &Occasion,
    limits: &Limits,
) -> Result<Option<()>, CaptureError> {
    if limits.unknown {
        // It is copied then, which says what is wrong.
        return Ok(None);
    }
    let own = Store::own(paths)?;
    own.tidy(limits, Timestamp::now());
    let mut stores = Vec::new();
    for path in &plain.paths {
        let Some(store) = store_for(&own, path) else {
            return Ok(None);
        };
        own.remember(&store)?;
        stores.push(store);
    }
    let target = own.begin(&occasion.id)?;
    let tops = plain.paths.iter().zip(&stores).enumerate();
    let tops: Vec<Top> = tops
        .map(|(number, (path, store))| Top {
            path: Name::of(path),
            store: Name::of(store.root()),
            except: Vec::new(),
            attributes: false,
            renamed: None,
            moved: Some(number.to_string()),
            entries: Vec::new(),
        })
        .collect();
    let manifest = Manifest {
        version: VERSION,
        summary: Summary {
            id: occasion.id,
            at: Timestamp::now().to_string(),
            command: occasion.command.clone(),
            cwd: occasion.cwd.clone(),
            agent: occasion.agent.clone(),
            session: occasion.session.clone(),
            undoes: None,
            files: u64::try_from(tops.len()).unwrap_or(u64::MAX),
            bytes: 0,
            stored: 0,
            paths: named(&tops),
            cannot: Vec::new(),
        },
        tops,
        repositories: Vec::new(),
    };
    // Before anything is moved: what an interrupted one has moved is found by its manifest.
    if stores.iter().all(|store| *store == own) {
        target.commit_before_moves(&manifest)?;
    } else {
        target.commit(&manifest)?;
    }
    drop(target);
    before::record(paths, &manifest).map_err(|not_kept| CaptureError::Io {
        path: own.capture(&occasion.id),
        error: std::io::Error::other(not_kept.reasons.join(", ")),
    })?;
    for (number, (path, store)) in plain.paths.iter().zip(&stores).enumerate() {
        let directory = store.capture(&occasion.id).join("moved");
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&directory)
            .map_err(|error| CaptureError::io(&directory, error))?;
        let to = directory.join(number.to_string());
        renameat_with(CWD, path, CWD, &to, RenameFlags::NOREPLACE)
            .map_err(|error| CaptureError::io(path, error.into()))?;
    }
    before::ended(paths, &occasion.id);
    Ok(Some(()))
}

/// Returns the store that takes `path` by a rename; nothing when none can.
fn store_for(own: &Store, path: &Path) -> Option<Store> {
    let found = path.symlink_metadata().ok()?;
    let store = Store::near(own, path, found.dev());
    let holds_the_store = own.root().starts_with(path) || store.root().starts_with(path);
    if store.device() != found.dev() || holds_the_store {
        return None;
    }
    let may = |path: &Path| accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS).is_ok();
    let is_movable = may(path.parent()?) && (!found.is_dir() || may(path));
    (is_movable && !has_mount_below(path)).then_some(store)
}

/// Whether something is mounted at or below `path` (`proc_pid_mountinfo(5)`, field 5).
fn has_mount_below(path: &Path) -> bool {
    let Ok(mounts) = fs::read_to_string("/proc/self/mountinfo") else {
        return true;
    };
    mounts.lines().any(|line| {
        let point = line.split(' ').nth(4).unwrap_or("/");
        Path::new(&unescaped(point)).starts_with(path)
    })
}

/// Spaces and their kin are written as `\040` there.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part
            .get(..3)
            .and_then(|code| u8::from_str_radix(code, 8).ok());
        if let Some(code) = code {
            plain.push(char::from(code));
            plain.push_str(part.get(3..).unwrap_or_default());
        } else {
            plain.push('\\');
            plain.push_str(part);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_plain_rm_of_names_that_are_there_is_moved() {
        let directory = tempfile::tempdir().unwrap();
        let here = directory.path().canonicalize().unwrap();
        fs::create_dir(here.join("d")).unwrap();
        fs::write(here.join("f"), "x").unwrap();
        let read = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            plain(&words, &here).map(|plain| plain.paths)
        };
        assert_eq!(
            read("rm -rf d f"),
            Some(vec![here.join("d"), here.join("f")])
        );
        assert_eq!(read("rm -f -- f gone"), Some(vec![here.join("f")]));
        for other in [
            "rm f",
            "rm -f d",
            "rm -rf d/",
            "rm -rf .",
            "rm -rfv d",
            "rm -rfi d",
            "rm -f gone",
            "rm -rf d/..",
            "mv -f f d",
            "rm -rf d d/x/..",
        ] {
            assert_eq!(read(other), None, "{other}");
        }
    }

    #[test]
    fn names_of_mounts_are_read_as_they_are() {
        assert_eq!(unescaped("/mnt/a\\040b"), "/mnt/a b");
        assert_eq!(unescaped("/plain"), "/plain");
    }
}
