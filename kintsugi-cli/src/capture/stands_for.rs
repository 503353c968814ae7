//! What stands on the disk for something that a verdict names by a pattern or a directory.

use std::fs;
use std::path::{Path, PathBuf};

use super::keep::Plan;
use super::{CaptureError, EDITED_BYTES_MAX};
use crate::facts::{Deadline, glob};

/// Most files of a directory whose files are changed in place, as a formatter does: with more it is not kept, since that is no loss that
/// anybody should wait for. So many cost a few tens of milliseconds.
const FILES_MAX: usize = 64;

/// Most names that are looked at for that.
const NAMES_MAX: usize = 2_000;

/// Directories that no formatter enters.
const LEFT: [&str; 6] = [".git", ".hg", ".venv", "node_modules", "target", "vendor"];

impl Plan {
    /// Adds what has, in `directory`, the name of something that `pattern` stands for, or that nothing has.
    pub(super) fn put_into(
        &mut self,
        directory: Option<&Path>,
        pattern: &str,
        deadline: Deadline,
    ) -> Result<(), CaptureError> {
        let sources = glob::expand(pattern, deadline)
            .ok_or_else(|| CaptureError::Pattern(PathBuf::from(pattern)))?;
        for source in sources {
            if let (Some(directory), Some(name)) = (directory, source.file_name()) {
                let path = directory.join(name);
                // What stays where it is is replaced by nothing.
                if path != source {
                    self.whole(path);
                }
            }
        }
        Ok(())
    }

    /// Adds the small files that `path` is, stands for or, when they are few, holds.
    pub(super) fn edited(&mut self, path: PathBuf, deadline: Deadline) {
        let text = path.to_string_lossy();
        let is_pattern = text.contains(['*', '?', '[']) && path.symlink_metadata().is_err();
        let named = if is_pattern {
            glob::expand(&text, deadline)
        } else {
            Some(vec![path.clone()])
        };
        let Some(named) = named else {
            let doubt = CaptureError::Pattern(path);
            return self.doubts.push(doubt.to_string());
        };
        for path in named {
            let files = if path.is_dir() {
                files_below(&path).unwrap_or_default()
            } else {
                vec![path]
            };
            for file in files.into_iter().filter(|file| is_small(file)) {
                self.whole(file);
            }
        }
    }
}

fn is_small(path: &Path) -> bool {
    let found = fs::metadata(path);
    found.is_ok_and(|found| found.is_file() && found.len() <= EDITED_BYTES_MAX)
}

/// Returns the files below a directory, links not followed; nothing when they are many.
fn files_below(directory: &Path) -> Option<Vec<PathBuf>> {
    let (mut files, mut names) = (Vec::new(), 0);
    let mut waiting = vec![directory.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            names += 1;
            let is_left = entry
                .file_name()
                .to_str()
                .is_some_and(|name| LEFT.contains(&name));
            if kind.is_dir() && !is_left {
                waiting.push(entry.path());
            } else if kind.is_file() {
                files.push(entry.path());
            }
            if files.len() > FILES_MAX || names > NAMES_MAX {
                return None;
            }
        }
    }
    Some(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_of_a_small_directory_are_found_and_those_of_a_large_one_are_not() {
        let directory = tempfile::tempdir().unwrap();
        let top = directory.path();
        for name in ["a", "d/b", ".git/c", "node_modules/d"] {
            fs::create_dir_all(top.join(name).parent().unwrap()).unwrap();
            fs::write(top.join(name), "").unwrap();
        }
        std::os::unix::fs::symlink("/etc", top.join("link")).unwrap();
        let mut found = files_below(top).unwrap();
        found.sort();
        assert_eq!(found, [top.join("a"), top.join("d/b")]);
        for number in 0..FILES_MAX {
            fs::write(top.join(number.to_string()), "").unwrap();
        }
        assert_eq!(files_below(top), None);
    }
}
