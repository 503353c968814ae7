//! The policy files of this machine, person and project, read with the person's own rights.
//!
//! The daemon reads its own; these are for judging without one, and for showing what the files say.

use std::fs::File as OpenFile;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use kintsugi_core::judge::Judge;
use kintsugi_core::paths::{PROJECT_POLICY, Paths, SYSTEM_POLICY};
use kintsugi_core::policy::{File, Layers, Notice, Origin, Policy};

use crate::exit::Failure;
use crate::{embedded, proposal, surroundings};

/// Largest policy file or pack, in bytes.
const BYTES_MAX: u64 = 256 * 1024;

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
    let Some(text) = own_text(path)? else {
        return Ok(None);
    };
    hasher.update(text.as_bytes());
    let mut file = File::parse(&path.display().to_string(), &text, origin)?;
    let packs: Vec<String> = file.packs().map(str::to_owned).collect();
    for pack in packs {
        let pack = path.parent().unwrap_or(Path::new("/")).join(pack);
        let name = pack.display().to_string();
        let text = own_text(&pack)?.ok_or_else(|| {
            anyhow::anyhow!(
                "the pack `{name}` that `{}` names is not there",
                path.display()
            )
        })?;
        hasher.update(text.as_bytes());
        file.add_pack(&name, &text)?;
    }
    Ok(Some(file))
}

/// Reads a file that only its owner, who is this user or root, can have written.
fn own_text(path: &Path) -> anyhow::Result<Option<String>> {
    let shown = path.display();
    let found = match std::fs::metadata(path) {
        Ok(found) => found,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => anyhow::bail!("cannot read the policy `{shown}`: {error}"),
    };
    if !found.is_file() {
        anyhow::bail!("the policy `{shown}` is not a file");
    }
    let ours = rustix::process::geteuid().as_raw();
    if (found.uid() != ours && found.uid() != 0) || found.mode() & 0o022 != 0 {
        anyhow::bail!("the policy `{shown}` can be written by others: `chmod go-w` it");
    }
    if found.len() > BYTES_MAX {
        anyhow::bail!("the policy `{shown}` has more than {BYTES_MAX} bytes");
    }
    let mut text = String::new();
    let read = OpenFile::open(path).and_then(|file| file.take(BYTES_MAX).read_to_string(&mut text));
    match read {
        Ok(_) => Ok(Some(text)),
        Err(error) => anyhow::bail!("cannot read the policy `{shown}`: {error}"),
    }
}
