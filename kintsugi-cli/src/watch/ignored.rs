//! Directories that are not entered: what programs make again by themselves, and the version control's own files.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// What is not entered unless the settings say otherwise. That one of these is removed as a whole is seen all the same.
pub const IGNORED: [&str; 26] = [
    ".git",
    ".hg",
    ".svn",
    ".jj",
    "node_modules",
    "target",
    "__pycache__",
    ".venv",
    "venv",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".gradle",
    ".next",
    ".nuxt",
    ".svelte-kit",
    ".parcel-cache",
    ".turbo",
    ".terraform",
    ".direnv",
    ".cache",
    ".dart_tool",
    ".zig-cache",
    "_build",
];

/// The version control's own directory, by which a repository is known.
pub(crate) const REPOSITORIES: [&str; 4] = [".git", ".hg", ".svn", ".jj"];

/// What a store of copies is called (see `crate::capture`); undo and pruning are no changes of the person's files.
const OWN: &str = ".kintsugi-trash-";

/// Names of directories, each alone or with that of the directory above: `node_modules`, `src/generated`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ignored(Vec<(Option<OsString>, OsString)>);

impl Ignored {
    /// Reads them.
    ///
    /// # Errors
    /// What is wrong with one of them, in one line.
    pub(crate) fn new(names: &[String]) -> Result<Self, String> {
        let read = |name: &String| {
            let wrong = || {
                format!(
                    "`{name}` is no name of a directory: write `node_modules`, or `src/generated`"
                )
            };
            let is_name = |part: &str| !part.is_empty() && part != "." && part != "..";
            let (above, name) = match name.split_once('/') {
                None => (None, name.as_str()),
                Some((above, name)) => (Some(above), name),
            };
            if !is_name(name) || name.contains('/') || above.is_some_and(|above| !is_name(above)) {
                return Err(wrong());
            }
            Ok((above.map(OsString::from), OsString::from(name)))
        };
        names.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Whether directory `name` in a directory is not entered; of that one the last name alone is looked at.
    pub(crate) fn has(&self, directory: &Path, name: &OsStr) -> bool {
        let above = directory.file_name();
        name.as_encoded_bytes().starts_with(OWN.as_bytes())
            || self.0.iter().any(|(wanted, ignored)| {
                ignored == name && wanted.as_deref().is_none_or(|wanted| above == Some(wanted))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_alone_or_below_another() {
        let ignored = Ignored::new(&["target".to_owned(), "src/generated".to_owned()]).unwrap();
        let has = |directory: &str, name: &str| ignored.has(Path::new(directory), OsStr::new(name));
        assert!(has("/p", "target") && has("/p/x", "target"));
        assert!(has("/p/src", "generated") && has("src", "generated"));
        assert!(!has("/p/lib", "generated") && !has("/p", "src"));
        assert!(has("/p", ".kintsugi-trash-1000"));
        for wrong in ["", "/", "a/", "/a", "a/b/c", "..", "a/.."] {
            assert!(Ignored::new(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
