//! What git would lose: commits under hidden names, the repository's own files, and files of the working copy.
//!
//! Everything in the repository's directory but its objects is kept as files, so that branches, stashes, the index and a rebase that
//! stands half-way come back as they were; objects stay reachable by references below `refs/kintsugi/ID`. Runs nothing that a
//! repository names.

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use kintsugi_core::capture::manifest::{Kind, Manifest, Name, Repository};
use kintsugi_core::capture::{Keep, TRACKED, What};
use uuid::Uuid;

use super::compare::{Difference, Does, Step, kept_file};
use super::keep::{How, Plan, Wanted};
use super::{CaptureError, reachable, remote, stays};
use crate::facts::Deadline;
use crate::facts::git::{Git, bare_of, root_of};

/// Names in a repository's directory that are not kept: objects stay, and submodules are repositories of their own.
const LEFT: [&str; 5] = ["objects", "lfs", "annex", "modules", "worktrees"];

/// Where commits are kept reachable.
pub const HIDDEN: &str = "refs/kintsugi";

/// Most references whose commits are kept; with more, only branches, stashes and where it stands.
pub(super) const REFERENCES_MAX: usize = 2_000;

/// Longest time for asking git when something is put back.
pub(super) const ASK_MAX: Duration = Duration::from_secs(30);

/// Most paths that one command line of git gets.
const PATHS_AT_ONCE: usize = 200;

/// A repository whose references are to be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its working copy.
    pub root: PathBuf,
    /// The directory that worktrees share.
    pub common: PathBuf,
    /// Where each reference stands.
    pub references: Vec<(String, String)>,
    /// Objects to keep reachable, commits nearly all.
    pub commits: BTreeSet<String>,
    /// Files that differ from what is committed.
    pub dirty: Vec<Name>,
    /// Whether those are kept as well.
    pub files: bool,
    /// The remote whose branches are about to be pushed over.
    pub remote: Option<String>,
}

/// Adds what git would lose where `keep` says.
pub(crate) fn plan(plan: &mut Plan, keep: &Keep, deadline: Deadline) -> Result<(), CaptureError> {
    let (path, what) = (Path::new(&keep.path), keep.what);
    let unknown = CaptureError::Git;
    let there = path.ancestors().find(|above| above.is_dir());
    let directory = there
        .and_then(|above| above.canonicalize().ok())
        .ok_or(unknown("where the repository is"))?;
    let bare = bare_of(&directory);
    let is_bare = bare.is_some();
    let Some(root) = bare.or_else(|| root_of(&directory)) else {
        // No repository: git itself says so, and changes nothing.
        return Ok(());
    };
    let git = Git::at(&root, deadline).ok_or(unknown("anything here"))?;
    let line = |arguments: &[&str]| {
        let said = git.ask(arguments, &[])?;
        Some(said.trim_end_matches('\n').to_owned())
    };
    let own = line(&["rev-parse", "--absolute-git-dir"]).ok_or(unknown("its directory"))?;
    let common = line(&["rev-parse", "--path-format=absolute", "--git-common-dir"])
        .ok_or(unknown("its directory"))?;
    if line(&["rev-parse", "--show-ref-format"]).is_some_and(|format| format == "reftable") {
        return Err(CaptureError::Git("references that it keeps in tables"));
    }
    let reachable = reachable::find(&git, Path::new(&own), deadline);
    let reachable = reachable.ok_or(unknown("its references"))?;
    plan.doubts.extend(reachable.doubt());
    let changed = if is_bare {
        Vec::new()
    } else {
        changed(&git).ok_or(unknown("what changed"))?
    };
    let files = matches!(what, What::Changes | What::Ignored) && !is_bare;
    if files || keep.of.iter().any(|of| of == TRACKED) {
        let paths = changed.iter().map(|name| root.join(name.path()));
        plan.tops.extend(paths.map(Wanted::whole));
    }
    if files {
        untracked(plan, &git, (&root, what))?;
        for above in around(&git, (&root, &directory), &changed) {
            self::plan(plan, &above, deadline)?;
        }
    }
    let own_files = BTreeSet::from([PathBuf::from(&own), PathBuf::from(&common)]);
    plan.tops.extend(own_files.into_iter().map(without_objects));
    let found = Found {
        root,
        common: PathBuf::from(common),
        references: reachable.references,
        commits: reachable.objects,
        dirty: changed,
        files,
        remote: keep.of.first().filter(|_| what == What::Pushed).cloned(),
    };
    match plan
        .repositories
        .iter_mut()
        .find(|it| it.root == found.root)
    {
        Some(known) => {
            known.files |= found.files;
            known.remote = known.remote.take().or(found.remote);
        }
        None => plan.repositories.push(found),
    }
    Ok(())
}

/// A repository's own directory, but for what stays.
fn without_objects(path: PathBuf) -> Wanted {
    let left = LEFT.iter().map(|name| Name(name.as_bytes().to_vec()));
    Wanted {
        except: left.collect(),
        how: How::Whole,
        path,
    }
}

/// Adds the files that git does not know, and for [`What::Ignored`] those that it is told to ignore.
fn untracked(plan: &mut Plan, git: &Git, (root, what): (&Path, What)) -> Result<(), CaptureError> {
    let mut others = vec!["ls-files", "-z", "--others", "--directory"];
    if what == What::Changes {
        others.push("--exclude-standard");
    }
    let others = git
        .ask(&others, &[])
        .ok_or(CaptureError::Git("what it does not know"))?;
    let others = others.split('\0').filter(|name| !name.is_empty());
    let others = others.map(|name| root.join(name.trim_end_matches('/')));
    plan.tops.extend(others.map(Wanted::whole));
    Ok(())
}

/// The repositories that a command changes together with that of `root`: of submodules with changes, which are kept as files with that, what
/// their own repositories name; of a submodule that the command is about as a whole, the working copy that has it.
fn around(git: &Git, (root, directory): (&Path, &Path), changed: &[Name]) -> Vec<Keep> {
    let references = |path: PathBuf, of: &[&str]| Keep {
        path: path.to_string_lossy().into_owned(),
        what: What::References,
        of: of.iter().map(|text| (*text).to_owned()).collect(),
    };
    let is_linked = |path: &Path| path.join(".git").is_file();
    let inner = changed.iter().map(|name| root.join(name.path()));
    let mut found: Vec<Keep> = inner
        .filter(|path| is_linked(path))
        .map(|path| references(path, &[]))
        .collect();
    if directory == root && is_linked(root) {
        let outer = git.ask(&["rev-parse", "--show-superproject-working-tree"], &[]);
        let outer = outer.unwrap_or_default();
        let outer = outer.trim_end_matches('\n');
        if !outer.is_empty() {
            found.push(references(PathBuf::from(outer), &[TRACKED]));
        }
    }
    found
}

/// Files that git knows and that differ from what is committed.
fn changed(git: &Git) -> Option<Vec<Name>> {
    let of_head = git.ask(&["diff-index", "-z", "--name-only", "HEAD"], &[]);
    let said = match of_head {
        Some(said) => said,
        // Nothing is committed yet: all that is staged is new.
        None => git.ask(&["ls-files", "-z"], &[])?,
    };
    Some(names(&said))
}

fn names(said: &str) -> Vec<Name> {
    let names = said.split('\0').filter(|name| !name.is_empty());
    names.map(|name| Name(name.as_bytes().to_vec())).collect()
}

/// Keeps the commits reachable, under names that no branch has: each a file with the commit's name, as git writes it. Says also what
/// is not known of a remote.
///
/// # Errors
/// When one cannot be written.
pub fn keep(found: &Found, id: &Uuid) -> Result<(Repository, Option<String>), CaptureError> {
    let directory = hidden(&found.common, id);
    let failed = |error| CaptureError::io(&directory, error);
    if !found.commits.is_empty() {
        fs::create_dir_all(&directory).map_err(failed)?;
    }
    for (number, commit) in found.commits.iter().enumerate() {
        let path = directory.join(number.to_string());
        fs::write(&path, format!("{commit}\n")).map_err(failed)?;
    }
    let asked = remote::ask(found, id);
    let repository = Repository {
        root: Name::of(&found.root),
        directory: Name::of(&found.common),
        references: found.references.clone(),
        hidden: u64::try_from(found.commits.len()).unwrap_or(u64::MAX),
        files: found.files,
        pushed: found.remote.is_some(),
        dirty: found.dirty.clone(),
        remotes: asked.branches,
    };
    Ok((repository, asked.unknown))
}

pub(super) fn hidden(common: &Path, id: &Uuid) -> PathBuf {
    common.join(HIDDEN).join(id.to_string())
}

/// Lets go of the commits of a capture that is removed.
pub fn release(manifest: &Manifest) {
    for repository in &manifest.repositories {
        release_in(&repository.directory.path(), &manifest.summary.id);
    }
}

/// The same in one repository.
pub(super) fn release_in(common: &Path, id: &Uuid) {
    // A repository that is gone needs nothing.
    drop(super::store::remove(&hidden(common, id)));
}

/// Files of one working copy that git writes again from what is staged there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// The working copy.
    pub root: PathBuf,
    /// The files.
    pub paths: Vec<PathBuf>,
}

/// Adds which files of a working copy the command changed that were clean before: git has their content.
///
/// A file with changes of its own, before the command or after it, is left alone.
pub fn compare(manifest: &Manifest, found: &mut Difference) {
    // Of a working tree that was kept whole every file comes back as a file.
    let is_kept = |root: &Path| {
        let mut whole = manifest.tops.iter().filter(|top| top.except.is_empty());
        whole.any(|top| root.starts_with(top.path.path()))
    };
    for repository in &manifest.repositories {
        stays::leave(manifest, repository, found);
        if is_kept(&repository.root.path()) {
            continue;
        }
        if files_of(manifest, repository, found).is_none() {
            let root = kintsugi_core::display::escape(&repository.root.path().to_string_lossy());
            found.notes.push(format!(
                "`{root}`: git does not tell which clean files changed; `git status` will"
            ));
        }
    }
}

fn files_of(manifest: &Manifest, repository: &Repository, found: &mut Difference) -> Option<()> {
    let root = repository.root.path();
    remote::compare(repository, found)?;
    let Some(index) = kept_index(manifest, &root) else {
        // There was no index, so nothing was clean.
        return Some(());
    };
    let began: Timestamp = manifest.summary.at.parse().ok()?;
    let deadline = Deadline(Instant::now() + ASK_MAX);
    let git = Git::at(&root, deadline)?;
    let set = |said: String| -> BTreeSet<Name> { names(&said).into_iter().collect() };
    let files = |git: &Git, what: &[&str]| git.ask(what, &[]).map(set);
    let diff = ["diff-files", "-z", "--name-only", "--ignore-submodules=all"];
    let list = ["ls-files", "-z"];
    let (dirty_now, listed_now) = (files(&git, &diff)?, files(&git, &list)?);
    let then = git.with_index(&index);
    let (differs, listed_then) = (files(&then, &diff)?, files(&then, &list)?);
    let was_dirty: BTreeSet<&Name> = repository.dirty.iter().collect();
    let is_kept = |path: &Path| {
        manifest
            .tops
            .iter()
            .any(|top| path.starts_with(top.path.path()))
    };
    let mine = |name: &&Name| {
        !dirty_now.contains(*name)
            && !was_dirty.contains(*name)
            && !is_kept(&root.join(name.path()))
    };
    let paths: Vec<PathBuf> = differs
        .iter()
        .filter(|name| !was_dirty.contains(*name))
        .filter(|name| mine(name) || !root.join(name.path()).exists())
        .filter(|name| !is_kept(&root.join(name.path())))
        .map(|name| root.join(name.path()))
        .collect();
    let came = listed_now.difference(&listed_then).filter(mine);
    for path in came.map(|name| root.join(name.path())) {
        let is_known = found.steps.iter().any(|step| step.path == path);
        if came_after(&path, began) && !is_known {
            found.steps.push(Step {
                top: usize::MAX,
                entry: usize::MAX,
                path,
                does: Does::Remove,
                newer: false,
            });
        }
    }
    let is_lost = |name: &&Name| {
        let path = root.join(name.path());
        let is_there = path.symlink_metadata().is_ok();
        !is_kept(&path) && (!is_there || changed_after(&path, began))
    };
    let changed = repository.dirty.iter().filter(is_lost).count();
    if changed > 0 {
        let root = kintsugi_core::display::escape(&root.to_string_lossy());
        found.notes.push(format!(
            "`{root}`: {changed} files with changes that were in no commit have changed since; they were not kept and stay as they are"
        ));
    }
    if !paths.is_empty() {
        found.checkouts.push(Checkout { root, paths });
    }
    Some(())
}

/// Whether what is at `path` changed after `began`; unknown counts as not.
fn changed_after(path: &Path, began: Timestamp) -> bool {
    let found = path.symlink_metadata();
    let began = (began.as_second(), i64::from(began.subsec_nanosecond()));
    found.is_ok_and(|found| (found.ctime(), found.ctime_nsec()) >= began)
}

/// Whether something is there that was not when the capture began: what git did not know then may have been there all the same.
fn came_after(path: &Path, began: Timestamp) -> bool {
    let made = path.symlink_metadata().and_then(|found| found.created());
    // A file system that does not know when a file was made does not show that it was there before.
    changed_after(path, began) && made.map_or(true, |made| made >= SystemTime::from(began))
}

/// Returns the copy of the index of the working copy at `root`.
fn kept_index(manifest: &Manifest, root: &Path) -> Option<PathBuf> {
    let deadline = Deadline(Instant::now() + ASK_MAX);
    let own = Git::at(root, deadline)?.ask(&["rev-parse", "--absolute-git-dir"], &[])?;
    let own = PathBuf::from(own.trim_end_matches('\n'));
    let top = manifest.tops.iter().find(|top| top.path.path() == own)?;
    let index = top.entries.iter().find(|entry| entry.path.0 == b"index")?;
    match &index.kind {
        Kind::File { content, .. } => kept_file(manifest, top, content),
        Kind::Missing | Kind::Directory | Kind::Link { .. } | Kind::Fifo | Kind::Special => None,
    }
}

/// Gives references that stand in a list a file of their own, as git writes it.
///
/// # Errors
/// When one cannot be written.
pub fn name(references: &[(PathBuf, String)]) -> Result<(), CaptureError> {
    for (path, object) in references {
        let failed = |error| CaptureError::io(path, error);
        fs::create_dir_all(path.parent().unwrap_or(path)).map_err(failed)?;
        let mut options = fs::OpenOptions::new();
        let opened = options.write(true).create_new(true).open(path);
        opened
            .and_then(|mut file| file.write_all(format!("{object}\n").as_bytes()))
            .map_err(failed)?;
    }
    Ok(())
}

/// Lets git write files again, when its own files are back.
///
/// # Errors
/// When git does not.
pub fn check_out(checkout: &Checkout) -> Result<(), CaptureError> {
    let failed = || CaptureError::Git("why it does not write its files again");
    let deadline = Deadline(Instant::now() + ASK_MAX);
    let git = Git::at(&checkout.root, deadline).ok_or_else(failed)?;
    let relative: Vec<&Path> = checkout
        .paths
        .iter()
        .filter_map(|path| path.strip_prefix(&checkout.root).ok())
        .collect();
    for some in relative.chunks(PATHS_AT_ONCE) {
        git.ask(&["checkout-index", "-f", "-q"], some)
            .ok_or_else(failed)?;
    }
    // What git remembers of the times of files is of before; it would look at each again.
    drop(git.ask(&["update-index", "-q", "--refresh"], &[]));
    Ok(())
}

/// Whether a file of a repository changes without anybody's work in it.
#[must_use]
pub fn is_incidental(path: &Path) -> bool {
    const NAMES: [&[u8]; 5] = [
        b"index",
        b"FETCH_HEAD",
        b"ORIG_HEAD",
        b"COMMIT_EDITMSG",
        b"gc.log",
    ];
    let name = path.file_name().unwrap_or_default().as_bytes();
    let is_in_repository = path
        .parent()
        .is_some_and(|directory| directory.join("objects").is_dir());
    is_in_repository && NAMES.contains(&name)
}
