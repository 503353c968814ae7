//! Changes that belong together, counted: what happens within a moment is one burst, however much it is.
//!
//! A name counts once in a burst, by what became of it: one that was made and removed again does not count, one that was removed
//! and made again was written over. That is known of the first [`TOUCHED_MAX`] names; beyond, every change counts.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use kintsugi_core::protocol::{Burst, Change, Directory, Example};
use uuid::Uuid;

use super::ignored::REPOSITORIES;
use super::tree::{At, Sink, What};

/// Names of a burst of which it is remembered what became of them (some 8 MiB).
pub(crate) const TOUCHED_MAX: usize = 256 * 1024;

/// Directories that a burst tells of; with more, the deepest are counted with those above them.
const DIRECTORIES_MAX: usize = 24;

/// Directories that are counted apart while a burst lasts.
const DIRECTORIES_KEPT: usize = 4_096;

/// Examples of each kind of change that a burst tells of.
const EXAMPLES_MAX: usize = 6;

/// Longest path that is told, in bytes.
const PATH_BYTES_MAX: usize = 400;

/// A burst that does not end is told after this many times the pause that would end it.
const PAUSES_MAX: u32 = 10;

/// What became of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Created,
    Modified,
    Removed,
}

/// What was removed and written over in a directory.
#[derive(Debug, Clone, Copy, Default)]
struct Lost {
    removed: u64,
    modified: u64,
}

/// A burst that has not ended.
#[derive(Debug, Default)]
struct Open {
    from: u64,
    to: u64,
    created: u64,
    modified: u64,
    removed: u64,
    renamed: u64,
    repositories: u64,
    rescans: u64,
    fates: HashMap<u64, Fate>,
    directories: BTreeMap<PathBuf, Lost>,
    examples: Vec<(Change, PathBuf)>,
}

/// What is counted until it is told.
#[derive(Debug)]
pub(crate) struct Collector {
    pause: Duration,
    /// By the number of the place.
    open: BTreeMap<usize, Open>,
    /// When the first change came, and the last.
    times: Option<(Instant, Instant)>,
}

impl Collector {
    /// A burst ends with a pause of this length.
    pub(crate) const fn new(pause: Duration) -> Self {
        Self {
            pause,
            open: BTreeMap::new(),
            times: None,
        }
    }

    /// Returns when what was counted is to be told; nothing while nothing was.
    pub(crate) fn due(&self) -> Option<Instant> {
        let (first, last) = self.times?;
        Some((last + self.pause).min(first + self.pause * PAUSES_MAX))
    }

    /// Returns how many names were removed and written over so far, and repositories, by the place.
    pub(crate) fn lost(&self) -> impl Iterator<Item = (usize, u64, u64, u64)> {
        self.open
            .iter()
            .map(|(place, open)| (*place, open.removed, open.modified, open.repositories))
    }

    /// Returns the bursts, and begins anew. `top` is a place as it was named, and as it is with links followed.
    pub(crate) fn take(
        &mut self,
        top: impl Fn(usize) -> Option<(PathBuf, PathBuf)>,
    ) -> Vec<(usize, Burst)> {
        self.times = None;
        let open = std::mem::take(&mut self.open);
        let told = open.into_iter().filter_map(|(place, open)| {
            let (named, real) = top(place)?;
            let burst = open.tell(&named, &real);
            (burst.created + burst.modified + burst.removed + burst.renamed + burst.rescans > 0)
                .then_some((place, burst))
        });
        told.collect()
    }

    /// Says that what is counted so far happened since a moment, in milliseconds since 1970, while nobody watched.
    pub(crate) fn since(&mut self, from: u64) {
        for open in self.open.values_mut() {
            open.from = from;
            open.rescans += 1;
        }
    }

    fn at(&mut self, place: usize) -> &mut Open {
        let (now, wall) = (Instant::now(), wall_ms());
        let first = self.times.map_or(now, |(first, _)| first);
        self.times = Some((first, now));
        let open = self.open.entry(place).or_default();
        if open.from == 0 {
            open.from = wall;
        }
        open.to = wall;
        open
    }
}

impl Sink for Collector {
    fn change(&mut self, at: At<'_>, what: What) {
        let At {
            place,
            directory,
            name,
            key,
        } = at;
        let open = self.at(place);
        match what {
            What::Created => open.created(key, directory, name),
            What::Modified => open.modified(key, directory, name),
            What::Removed => open.removed(key, directory, name),
            What::Whole => {
                let was_there = open.fates.get(&key) != Some(&Fate::Created);
                let is_repository = REPOSITORIES.iter().any(|own| name == *own);
                open.repositories += u64::from(was_there && is_repository);
                open.removed(key, directory, name);
            }
        }
    }

    fn nameless(&mut self, place: usize, directory: &Path, count: u64) {
        let open = self.at(place);
        open.removed += count;
        open.lost_in(directory).removed += count;
    }

    fn moved(
        &mut self,
        place: usize,
        (directory, name): (&Path, &OsStr),
        (from, to): (u64, u64),
        onto: bool,
    ) {
        let open = self.at(place);
        match (open.fates.get(&from).copied(), onto) {
            // Written under another name first, as editors do.
            (Some(Fate::Created), onto) => {
                open.fates.remove(&from);
                open.created = open.created.saturating_sub(1);
                if onto {
                    open.modified(to, directory, name);
                } else {
                    open.created(to, directory, name);
                }
            }
            (_, true) => {
                open.renamed += 1;
                open.modified(to, directory, name);
            }
            (_, false) => {
                open.renamed += 1;
                open.example(Change::Renamed, directory, name);
                // What the old name was before is told of the new one.
                if let Some(fate) = open.fates.remove(&from) {
                    open.fate(to, fate);
                }
            }
        }
    }

    fn looked_again(&mut self, place: usize) {
        self.at(place).rescans += 1;
    }
}

impl Open {
    fn fate(&mut self, key: u64, fate: Fate) {
        if self.fates.len() < TOUCHED_MAX || self.fates.contains_key(&key) {
            self.fates.insert(key, fate);
        }
    }

    fn created(&mut self, key: u64, directory: &Path, name: &OsStr) {
        if self.fates.get(&key) == Some(&Fate::Removed) {
            self.removed = self.removed.saturating_sub(1);
            let lost = self.lost_in(directory);
            lost.removed = lost.removed.saturating_sub(1);
            lost.modified += 1;
            self.modified += 1;
            self.fate(key, Fate::Modified);
            return;
        }
        self.created += 1;
        self.example(Change::Created, directory, name);
        self.fate(key, Fate::Created);
    }

    fn modified(&mut self, key: u64, directory: &Path, name: &OsStr) {
        if matches!(self.fates.get(&key), Some(Fate::Created | Fate::Modified)) {
            return;
        }
        self.modified += 1;
        self.lost_in(directory).modified += 1;
        self.example(Change::Modified, directory, name);
        self.fate(key, Fate::Modified);
    }

    fn removed(&mut self, key: u64, directory: &Path, name: &OsStr) {
        if self.fates.get(&key) == Some(&Fate::Created) {
            self.fates.remove(&key);
            self.created = self.created.saturating_sub(1);
            return;
        }
        if self.fates.get(&key) == Some(&Fate::Modified) {
            self.modified = self.modified.saturating_sub(1);
            let lost = self.lost_in(directory);
            lost.modified = lost.modified.saturating_sub(1);
        }
        self.removed += 1;
        self.lost_in(directory).removed += 1;
        self.example(Change::Removed, directory, name);
        self.fate(key, Fate::Removed);
    }

    fn lost_in(&mut self, directory: &Path) -> &mut Lost {
        let is_new = !self.directories.contains_key(directory);
        if is_new && self.directories.len() >= DIRECTORIES_KEPT {
            shorten(&mut self.directories, DIRECTORIES_KEPT / 2);
        }
        self.directories.entry(directory.to_owned()).or_default()
    }

    fn example(&mut self, change: Change, directory: &Path, name: &OsStr) {
        let same = self.examples.iter().filter(|(other, _)| *other == change);
        if same.count() < EXAMPLES_MAX {
            self.examples.push((change, directory.join(name)));
        }
    }

    fn tell(mut self, named: &Path, real: &Path) -> Burst {
        self.directories
            .retain(|_, lost| lost.removed > 0 || lost.modified > 0);
        shorten(&mut self.directories, DIRECTORIES_MAX);
        let order = |change: &Change| match change {
            Change::Removed => 0,
            Change::Modified => 1,
            Change::Renamed => 2,
            Change::Created => 3,
        };
        self.examples.sort_by_key(|(change, _)| order(change));
        let below = |path: &Path| shown(path.strip_prefix(real).unwrap_or(path));
        let directories = self.directories.iter().map(|(path, lost)| Directory {
            path: below(path),
            project: project_of(path, real).map(|project| below(&project)),
            removed: lost.removed,
            modified: lost.modified,
        });
        Burst {
            id: Uuid::new_v4(),
            place: shown(named),
            real: (named != real).then(|| shown(real)),
            from: self.from,
            to: self.to,
            created: self.created,
            modified: self.modified,
            removed: self.removed,
            renamed: self.renamed,
            repositories: self.repositories,
            rescans: self.rescans,
            missed: 0,
            directories: directories.collect(),
            examples: self
                .examples
                .iter()
                .map(|(change, path)| Example {
                    change: *change,
                    path: below(path),
                })
                .collect(),
            git: Vec::new(),
            processes: Vec::new(),
            in_git: 0,
            still_open: 0,
        }
    }
}

/// Leaves at most `most` directories: the deepest go up into those above them.
fn shorten(directories: &mut BTreeMap<PathBuf, Lost>, most: usize) {
    while directories.len() > most {
        let depth = |path: &PathBuf| path.components().count();
        let deepest = directories.keys().map(depth).max().unwrap_or_default();
        let deep: Vec<PathBuf> = directories
            .keys()
            .filter(|path| depth(path) == deepest)
            .cloned()
            .collect();
        for path in deep {
            let Some(above) = path.parent().map(Path::to_owned) else {
                return;
            };
            if let Some(lost) = directories.remove(&path) {
                let all = directories.entry(above).or_default();
                all.removed += lost.removed;
                all.modified += lost.modified;
            }
        }
    }
}

/// Returns the root of the working copy that a directory lies in, not above `top`. What is gone by now does not matter: its
/// repository may be, too.
fn project_of(directory: &Path, top: &Path) -> Option<PathBuf> {
    directory
        .ancestors()
        .take_while(|above| above.starts_with(top))
        .find(|above| above.join(".git").symlink_metadata().is_ok())
        .map(Path::to_owned)
}

/// Returns a path as text, what is no UTF-8 in it as `\xHH`, shortened.
pub(crate) fn shown(path: &Path) -> String {
    let mut text = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // Nothing can go wrong in a string.
            write!(text, "\\x{byte:02x}").unwrap_or_default();
        }
    }
    if text.len() > PATH_BYTES_MAX {
        let mut cut = PATH_BYTES_MAX;
        while !text.is_char_boundary(cut) {
            cut -= 1;
        }
        text.truncate(cut);
        text.push('…');
    }
    text
}

pub(crate) fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn burst(of: impl FnOnce(&mut Collector)) -> Burst {
        let mut collector = Collector::new(Duration::from_millis(1));
        of(&mut collector);
        let top = |_| Some((PathBuf::from("/p"), PathBuf::from("/p")));
        let mut told = collector.take(top);
        assert_eq!((told.len(), collector.due()), (1, None));
        told.remove(0).1
    }

    fn change(collector: &mut Collector, name: &str, what: What) {
        let key = u64::from(name.bytes().next().unwrap());
        let at = At {
            place: 0,
            directory: Path::new("/p/d"),
            name: OsStr::new(name),
            key,
        };
        collector.change(at, what);
    }

    #[test]
    fn a_name_counts_once_by_what_became_of_it() {
        let burst = burst(|collector| {
            for what in [What::Created, What::Modified, What::Removed] {
                change(collector, "a", what);
            }
            for what in [What::Removed, What::Created, What::Modified] {
                change(collector, "b", what);
            }
            for what in [What::Modified, What::Modified, What::Removed] {
                change(collector, "c", what);
            }
            change(collector, "d", What::Created);
            change(collector, "d", What::Modified);
        });
        assert_eq!((burst.created, burst.modified, burst.removed), (1, 1, 1));
        let directory = &burst.directories[0];
        assert_eq!(
            (&*directory.path, directory.removed, directory.modified),
            ("d", 1, 1)
        );
        assert_eq!(burst.change(), Change::Removed);
        assert_eq!(burst.examples[0].change, Change::Removed);
    }

    #[test]
    fn a_file_that_is_saved_by_renaming_is_written_and_nothing_else() {
        let burst = burst(|collector| {
            change(collector, "tmp", What::Created);
            let keys = (u64::from(b't'), 7);
            collector.moved(0, (Path::new("/p"), OsStr::new("a")), keys, true);
        });
        let counts = (burst.created, burst.modified, burst.removed, burst.renamed);
        assert_eq!(counts, (0, 1, 0, 0));
    }

    #[test]
    fn many_directories_are_told_by_those_above_them_and_all_is_counted() {
        let burst = burst(|collector| {
            for number in 0..200 {
                let directory = PathBuf::from(format!("/p/{}/{number}/x", number % 3));
                collector.nameless(0, &directory, 2);
            }
        });
        assert!(burst.directories.len() <= DIRECTORIES_MAX, "{burst:?}");
        let removed: u64 = burst.directories.iter().map(|one| one.removed).sum();
        assert_eq!((burst.removed, removed), (400, 400));
    }

    #[test]
    fn what_is_no_text_is_told_as_such() {
        let name = OsStr::from_bytes(b"a\xff\xc3b\xc3\xa9");
        assert_eq!(shown(Path::new(name)), "a\\xff\\xc3bé");
        assert!(shown(Path::new(&"é".repeat(1_000))).len() < PATH_BYTES_MAX + 4);
    }
}
