//! One block of a person's file that this program owns, between two marks: put in, replaced whole, taken out.
//!
//! What is outside the marks is never changed, and what somebody edited inside them is never overwritten.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

/// First line of a block.
const BEGIN: &str = "# >>> kintsugi >>>";

/// Last line of a block.
const END: &str = "# <<< kintsugi <<<";

/// What is appended to a file's name for the copy of what it was before the first change.
pub const BACKUP: &str = ".kintsugi-backup";

/// Why a block was not changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlockError {
    /// A mark without the other, or more than one block.
    #[error("`{}` has a kintsugi block that is not whole", .0.display())]
    Broken(PathBuf),
    /// Somebody changed what is between the marks.
    #[error("the kintsugi block of `{}` was edited by hand", .0.display())]
    Edited(PathBuf),
    /// The file is not text.
    #[error("`{}` is not UTF-8", .0.display())]
    NotText(PathBuf),
    /// The file could not be read or written.
    #[error("cannot change `{}`: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The file is different now.
    Written,
    /// The file was made for the block, and is gone.
    Removed,
    /// It was already as it should be.
    Unchanged,
}

/// Whether a file with this text has a block.
#[must_use]
pub fn is_in(text: &str) -> bool {
    split(text).is_some_and(|(_, block, _)| block.is_some())
}

/// Puts `body` into the block of `path`, or takes the block out when there is no body. `ours` says whether a body is one that
/// this program wrote; `force` overwrites others.
///
/// The first change keeps a copy beside the file (`.kintsugi-backup`). A crash leaves the old file or the new one, whole.
///
/// # Errors
/// When the file was not changed at all.
pub fn set(
    path: &Path,
    body: Option<&str>,
    ours: impl Fn(&str) -> bool,
    force: bool,
) -> Result<Change, BlockError> {
    let failed = |source| BlockError::File {
        path: path.to_owned(),
        source,
    };
    // A link stays a link: what it points to is replaced.
    let target = match fs::canonicalize(path) {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        Err(error) => return Err(failed(error)),
    };
    let old = match fs::read(&target) {
        Ok(bytes) => {
            Some(String::from_utf8(bytes).map_err(|_| BlockError::NotText(path.to_owned()))?)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(failed(error)),
    };
    let text = old.clone().unwrap_or_default();
    let (before, block, after) = split(&text).ok_or_else(|| BlockError::Broken(path.to_owned()))?;
    if let Some(block) = block
        && !ours(block)
        && !force
    {
        return Err(BlockError::Edited(path.to_owned()));
    }
    let new = join(before, body, after);
    if new == text {
        return Ok(Change::Unchanged);
    }
    // Without a copy of what was there before, there was nothing: the file was made for the block, and goes with it.
    if body.is_none() && new.is_empty() && !beside(&target, BACKUP).exists() {
        fs::remove_file(&target).map_err(failed)?;
        return Ok(Change::Removed);
    }
    // With a block in it, it is not what it was before.
    if let Some(old) = old.as_deref().filter(|_| block.is_none()) {
        back_up(&target, old).map_err(failed)?;
    }
    if let Some(directory) = target.parent() {
        fs::create_dir_all(directory).map_err(failed)?;
    }
    replace(&target, &new).map_err(failed)?;
    Ok(Change::Written)
}

/// Returns `text` with `body` as its block, or without one; nothing when the marks of the present one do not fit together.
#[must_use]
pub fn with(text: &str, body: Option<&str>) -> Option<String> {
    let (before, _, after) = split(text)?;
    Some(join(before, body, after))
}

/// Returns what stands before the block, in it and behind it; nothing when the marks do not fit together.
fn split(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let begin = format!("{BEGIN}\n");
    let end = format!("{END}\n");
    match (text.matches(BEGIN).count(), text.matches(END).count()) {
        (0, 0) => Some((text, None, "")),
        (1, 1) => {
            let (before, rest) = text.split_once(&begin)?;
            let (block, after) = rest.split_once(&end)?;
            let whole_line = before.is_empty() || before.ends_with('\n');
            whole_line.then_some((before, Some(block), after))
        }
        _ => None,
    }
}

fn join(before: &str, body: Option<&str>, after: &str) -> String {
    let Some(body) = body else {
        return format!("{before}{after}");
    };
    let gap = if before.is_empty() || before.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{before}{gap}{BEGIN}\n{body}{END}\n{after}")
}

/// Keeps the file as it was before this program first touched it.
fn back_up(target: &Path, text: &str) -> io::Result<()> {
    let backup = beside(target, BACKUP);
    let mode = fs::metadata(target)?.permissions().mode();
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(backup)
    {
        Ok(mut file) => {
            give_to_owner_of(target, &file)?;
            file.write_all(text.as_bytes())
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// Replaces a file whole, with its mode. A crash leaves the old one or the new one.
///
/// # Errors
/// When it cannot be written.
pub fn replace(target: &Path, text: &str) -> io::Result<()> {
    let mode = match fs::metadata(target) {
        Ok(metadata) => metadata.permissions().mode(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => 0o644,
        Err(error) => return Err(error),
    };
    replace_with_mode(target, text.as_bytes(), mode)
}

/// Replaces a file at once, with this mode; after a crash the old file or the new one is there, whole. It stays its owner's: whoever
/// works as root in another's home (`sudo`, a container) would else leave files there that their programs cannot read.
///
/// # Errors
/// When the old file is still there: also where it is another user's, and would become this one's.
pub fn replace_with_mode(target: &Path, bytes: &[u8], mode: u32) -> io::Result<()> {
    let temporary = beside(target, ".kintsugi-new");
    // What a crash left, or somebody put there: a link would be written through.
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(mode)
        .open(&temporary)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| give_to_owner_of(target, &file))
        .and_then(|()| file.set_permissions(fs::Permissions::from_mode(mode)))
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, target));
    if written.is_err() {
        // The old file is as it was, and nothing is left beside it.
        drop(fs::remove_file(&temporary));
    }
    written
}

/// Gives `file` to whom `target` belongs, or the directory that it is to be in.
fn give_to_owner_of(target: &Path, file: &File) -> io::Result<()> {
    let found = match (fs::metadata(target), target.parent()) {
        (Err(error), Some(parent)) if error.kind() == io::ErrorKind::NotFound => {
            fs::metadata(parent)
        }
        (found, _) => found,
    }?;
    let own = file.metadata()?;
    if own.uid() == found.uid() {
        return Ok(());
    }
    fchown(file, Some(found.uid()), Some(found.gid())).map_err(|_| {
        let why = format!("it belongs to user {}", found.uid());
        io::Error::new(io::ErrorKind::PermissionDenied, why)
    })
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(body: &str) -> bool {
        body.starts_with("ours")
    }

    fn file(text: &str) -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".bashrc");
        fs::write(&path, text).unwrap();
        (directory, path)
    }

    fn read(path: &Path) -> String {
        fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_block_is_put_in_once_and_taken_out_whole() {
        for before in ["", "alias l=ls\n", "no newline at the end"] {
            let (directory, path) = file(before);
            assert_eq!(
                set(&path, Some("ours\n"), ours, false).unwrap(),
                Change::Written
            );
            let once = read(&path);
            assert_eq!(
                set(&path, Some("ours\n"), ours, false).unwrap(),
                Change::Unchanged
            );
            assert_eq!(read(&path), once);
            set(&path, Some("ours, newer\n"), ours, false).unwrap();
            assert_eq!(read(&path).matches("ours").count(), 1);
            assert_eq!(set(&path, None, ours, false).unwrap(), Change::Written);
            assert_eq!(read(&path).trim_end(), before.trim_end());
            let backup = directory.path().join(".bashrc.kintsugi-backup");
            assert_eq!(read(&backup), before);
        }
    }

    #[test]
    fn what_stands_around_a_block_stays() {
        let (_directory, path) = file(&format!("a\n{BEGIN}\nours\n{END}\nb\n"));
        set(&path, Some("ours 2\n"), ours, false).unwrap();
        assert_eq!(read(&path), format!("a\n{BEGIN}\nours 2\n{END}\nb\n"));
        set(&path, None, ours, false).unwrap();
        assert_eq!(read(&path), "a\nb\n");
    }

    #[test]
    fn a_block_that_somebody_edited_is_left_alone() {
        let text = format!("{BEGIN}\nmine\n{END}\n");
        let (_directory, path) = file(&text);
        let refused = set(&path, Some("ours\n"), ours, false).unwrap_err();
        assert!(matches!(refused, BlockError::Edited(_)));
        assert_eq!(read(&path), text);
        set(&path, Some("ours\n"), ours, true).unwrap();
        assert!(read(&path).contains("ours"));
    }

    #[test]
    fn marks_that_do_not_fit_together_change_nothing() {
        for text in [
            format!("{BEGIN}\n"),
            format!("{END}\n{BEGIN}\n"),
            format!("{BEGIN}\n{END}\n{BEGIN}\n{END}\n"),
            format!("echo {BEGIN}\n{END}\n"),
        ] {
            let (_directory, path) = file(&text);
            let refused = set(&path, Some("ours\n"), ours, true).unwrap_err();
            assert!(matches!(refused, BlockError::Broken(_)), "{text}");
            assert_eq!(read(&path), text);
        }
    }

    #[test]
    fn a_link_stays_a_link_and_a_mode_stays() {
        let (directory, path) = file("x\n");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&path, &link).unwrap();
        set(&link, Some("ours\n"), ours, false).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert!(read(&path).contains("ours"));
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn a_file_that_was_made_for_the_block_goes_with_it_and_an_empty_one_stays() {
        let directory = tempfile::tempdir().unwrap();
        let made = directory.path().join("deep/config.fish");
        set(&made, Some("ours\n"), ours, false).unwrap();
        assert_eq!(set(&made, None, ours, false).unwrap(), Change::Removed);
        assert!(!made.exists());
        assert_eq!(set(&made, None, ours, false).unwrap(), Change::Unchanged);
        let empty = directory.path().join(".bashrc");
        fs::write(&empty, "").unwrap();
        set(&empty, Some("ours\n"), ours, false).unwrap();
        assert_eq!(set(&empty, None, ours, false).unwrap(), Change::Written);
        assert_eq!(read(&empty), "");
    }

    #[test]
    fn a_file_that_is_not_there_is_made_and_one_that_is_no_text_is_not_touched() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(".zshrc");
        set(&path, Some("ours\n"), ours, false).unwrap();
        assert!(read(&path).starts_with(BEGIN));
        fs::write(&path, b"\xff").unwrap();
        let refused = set(&path, Some("ours\n"), ours, true).unwrap_err();
        assert!(matches!(refused, BlockError::NotText(_)));
    }
}
