//! The policy files of this machine, person and project, read with the person's own rights.
//!
//! The daemon reads its own; these are for judging without one, and for showing what the files say.

use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use kintsugi_core::judge::Judge;
use kintsugi_core::own_file::{OWN_FILE_BYTES_MAX, OpenFile};
use kintsugi_core::paths::{PROJECT_POLICY, Paths, SYSTEM_POLICY};
use kintsugi_core::policy::{File, Layers, Notice, Origin, Policy};
use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;

use crate::exit::Failure;
use crate::{embedded, proposal, surroundings};

/// What the files come to.
#[derive(Debug)]
pub struct Policies {
    /// What is in force: the files' policy, or the strictest when one of them is wrong.
    pub policy: Policy,
    /// The files that were read.
    pub files: Vec<(Origin, PathBuf)>,
    /// What is wrong, one line each; with any, `policy` is the strictest.
    pub problems: Vec<String>,
    /// What the files say that does not count.
    pub notices: Vec<Notice>,
}

/// Returns where the policy files for `cwd` would be, whether they exist or not.
#[must_use]
pub fn places(paths: &Paths, cwd: &str) -> Vec<(Origin, PathBuf)> {
    let mut places = vec![
        (Origin::Admin, PathBuf::from(SYSTEM_POLICY)),
        (Origin::User, paths.policy.clone()),
    ];
    if let Some(root) = proposal::project_root(cwd) {
        places.push((Origin::Project, Path::new(&root).join(PROJECT_POLICY)));
    }
    places
}

/// Reads the policy that is in force in `cwd`. Total: a file that is wrong makes it stricter, and is named.
#[must_use]
pub fn read(judge: &Judge, paths: &Paths, cwd: &str) -> Policies {
    let mut layers = Layers::default();
    let mut files = Vec::new();
    let mut problems = Vec::new();
    for (origin, path) in places(paths, cwd) {
        let file = match read_file(&path, origin) {
            Ok(Some(file)) => file,
            Ok(None) => continue,
            Err(error) => {
                problems.push(format!("{error:#}"));
                continue;
            }
        };
        files.push((origin, path));
        match origin {
            Origin::Admin => layers.admin = Some(file),
            Origin::User => layers.user = Some(file),
            Origin::Project => layers.project = Some(file),
        }
    }
    let (policy, notices) = match layers.combine(judge.rules()) {
        Ok((policy, notices)) => (policy, notices),
        Err(error) => {
            problems.push(error.to_string());
            (Policy::default(), Vec::new())
        }
    };
    let policy = if problems.is_empty() {
        policy
    } else {
        policy.strictest()
    };
    Policies {
        policy,
        files,
        problems,
        notices,
    }
}

/// Returns a judge with the policy that is in force in `cwd`, and what is wrong with it, one line each.
///
/// # Errors
/// Only when this build cannot judge at all.
pub fn judge(cwd: &str) -> Result<(Judge, Vec<String>), Failure> {
    Ok(with_policy(embedded::judge()?, cwd))
}

/// Returns `judge` with the policy that is in force in `cwd`, and what is wrong with it, one line each.
#[must_use]
pub fn with_policy(mut judge: Judge, cwd: &str) -> (Judge, Vec<String>) {
    let Ok(paths) = surroundings::paths() else {
        return (judge, Vec::new());
    };
    let Policies {
        policy,
        mut problems,
        ..
    } = read(&judge, &paths, cwd);
    if let Err(error) = judge.adopt(policy) {
        // The rules are not what they say; without them, what is built in holds.
        problems.push(error.to_string());
    }
    (judge, problems)
}

/// Reads one policy file and the packs that it names; nothing when there is none.
///
/// # Errors
/// When it cannot be read, could have been written by others, or is not well formed.
pub fn read_file(path: &Path, origin: Origin) -> anyhow::Result<Option<File>> {
    read_hashed(path, origin, &mut blake3::Hasher::new())
}

/// Returns the hash of what the administrator's and the person's files say, as the daemon reads them.
///
/// # Errors
/// When one of them is wrong.
pub fn hash(paths: &Paths) -> anyhow::Result<String> {
    let mut hasher = blake3::Hasher::new();
    read_hashed(Path::new(SYSTEM_POLICY), Origin::Admin, &mut hasher)?;
    read_hashed(&paths.policy, Origin::User, &mut hasher)?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn read_hashed(
    path: &Path,
    origin: Origin,
    hasher: &mut blake3::Hasher,
) -> anyhow::Result<Option<File>> {
    File::with_packs(path, origin, |path| {
        let text = own_text(path, "policy")?;
        hasher.update(text.as_deref().unwrap_or_default().as_bytes());
        Ok(text)
    })
}

/// Reads a file that only its owner, who is this user or root, can have written; nothing when there is none.
pub(crate) fn own_text(path: &Path, what: &str) -> anyhow::Result<Option<String>> {
    let shown = path.display();
    // Not blocking: a pipe in the place of a repository's policy must not stop whoever judges a command there.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = match rustix::fs::open(path, flags, Mode::empty()) {
        Ok(file) => std::fs::File::from(file),
        Err(Errno::NOENT | Errno::NOTDIR) => return Ok(None),
        Err(error) => anyhow::bail!("cannot open the {what} `{shown}`: {error}"),
    };
    let found = file.metadata()?;
    let found = OpenFile {
        is_regular: found.is_file(),
        owner: found.uid(),
        mode: found.mode(),
        bytes: found.len(),
    };
    if let Err(error) = found.check(rustix::process::geteuid().as_raw()) {
        anyhow::bail!("the {what} `{shown}` {error}");
    }
    let mut text = String::new();
    match file.take(OWN_FILE_BYTES_MAX).read_to_string(&mut text) {
        Ok(_) => Ok(Some(text)),
        Err(error) => anyhow::bail!("cannot read the {what} `{shown}`: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_in_the_place_of_a_policy_is_refused_and_not_waited_for() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join(PROJECT_POLICY);
        rustix::fs::mkfifoat(rustix::fs::CWD, &path, Mode::from_raw_mode(0o600)).unwrap();
        let error = read_file(&path, Origin::Project).unwrap_err().to_string();
        assert!(error.ends_with("is not a file"), "{error}");
    }

    #[test]
    fn a_pack_that_is_not_there_is_named_with_the_line_that_names_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("config.toml");
        std::fs::write(&path, "threshold = 40\npacks = [\"ours.toml\"]\n").unwrap();
        let error = read_file(&path, Origin::User).unwrap_err().to_string();
        assert!(error.contains("config.toml:2: the pack"), "{error}");
        assert!(error.ends_with("ours.toml` is not there"), "{error}");
    }
}
