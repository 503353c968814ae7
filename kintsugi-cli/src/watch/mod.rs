//! The watcher: what changes in the places that a person named, told in bursts.
//!
//! One thread, one place where it waits: while nothing changes it is not woken at all. What it sees, what it misses and what is made
//! of it is in [`kintsugi_core::manual::watcher`].

mod collector;
mod ignored;
mod processes;
mod report;
mod repository;
mod tree;

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use kintsugi_core::protocol::Burst;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::Timespec;

use self::collector::{Collector, shown};
pub use self::ignored::IGNORED;
use self::ignored::Ignored;
pub use self::report::{Reporter, Told};
use self::tree::{Gaps, Tree};

/// Events that are taken before it is looked whether a burst is to be told.
const EVENTS_MAX: usize = 16 * 1024;

/// Up to so many names, what is known is kept after every burst (some 160 KB).
const KEPT_AT_ONCE: usize = 20_000;

/// Else, after a burst, not before this time is over.
const KEEP_PAUSE: Duration = Duration::from_secs(30);

/// What is watched, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// The places, absolute.
    pub places: Vec<PathBuf>,
    /// Directories that are not entered.
    pub ignored: Vec<String>,
    /// The pause that ends a burst.
    pub pause: Duration,
    /// Removed names from which on it is looked for who did it; 0 for never.
    pub removed: u64,
    /// Files written over, likewise.
    pub overwritten: u64,
    /// Where what is known is kept for the next run; nowhere, when nothing is.
    pub memory: Option<PathBuf>,
}

impl Options {
    /// Whether that is a mass change.
    const fn is_many(&self, removed: u64, overwritten: u64, repositories: u64) -> bool {
        (self.removed > 0 && (removed >= self.removed || repositories > 0))
            || (self.overwritten > 0 && overwritten >= self.overwritten)
    }
}

/// Who is told what the watcher finds.
pub trait Audience {
    /// A burst in the place that lies at `top`; `opened` has what can still be read of the removed files.
    ///
    /// # Errors
    /// When nobody is left to be told, so that there is no more use in watching.
    fn burst(&mut self, burst: Burst, top: &Path, opened: &Opened) -> io::Result<()>;
    /// What is watched, in one line, whenever that is another.
    ///
    /// # Errors
    /// As [`Audience::burst`].
    fn watching(&mut self, line: &str) -> io::Result<()>;
}

/// Removed files that some process still has open.
#[derive(Debug, Default)]
pub struct Opened(Vec<processes::Opened>);

impl Opened {
    /// Copies them below `directory`. Returns how many are whole.
    ///
    /// # Errors
    /// When nothing can be written there.
    pub fn keep(&self, top: &Path, directory: &Path) -> io::Result<usize> {
        processes::keep(&self.0, top, directory)
    }

    /// Returns how many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A watcher that runs.
#[derive(Debug)]
pub struct Watcher {
    options: Options,
    tree: Tree,
    collector: Collector,
    /// What git will not say once it has happened.
    known: repository::Known,
    /// What was found about the mass change that is going on, by its place.
    found: Option<(usize, processes::Found)>,
    /// What was last said about what is watched.
    said: String,
    /// What is known is not kept since then.
    unkept: Option<Instant>,
}

impl Watcher {
    /// Prepares to watch.
    ///
    /// # Errors
    /// Why that cannot be done, in one line.
    pub fn new(options: Options) -> Result<Self, String> {
        let ignored = Ignored::new(&options.ignored)?;
        let places = outermost(&options.places);
        let tree = Tree::new(&places, ignored);
        let tree = tree.map_err(|error| {
            format!("the kernel gives no inotify instance ({error}): raise fs.inotify.max_user_instances")
        })?;
        Ok(Self {
            collector: Collector::new(options.pause),
            options,
            tree,
            known: repository::Known::default(),
            found: None,
            said: String::new(),
            unkept: None,
        })
    }

    /// Watches until `audience` fails.
    ///
    /// # Errors
    /// Its failure, or that of the kernel.
    pub fn run(mut self, audience: &mut dyn Audience) -> io::Result<()> {
        self.begin();
        self.say(audience)?;
        loop {
            self.wait()?;
            let is_drained = self.tree.read(EVENTS_MAX, &mut self.collector)?;
            self.tree.look_for_places(&mut self.collector);
            if is_drained && self.tree.has_lost() {
                self.tree.look_again(&mut self.collector);
            }
            self.look_for_processes();
            if self.due().is_some_and(|due| due <= Instant::now()) {
                self.tree.settle(&mut self.collector);
                self.tell(audience)?;
                self.say(audience)?;
                self.unkept.get_or_insert_with(Instant::now);
            }
            if self.keeps_at().is_some_and(|due| due <= Instant::now()) {
                self.keep();
            }
        }
    }

    /// Looks at the places for the first time, and at what has become of them since the run before.
    fn begin(&mut self) {
        let kept = self.options.memory.as_ref();
        let kept = kept.and_then(|path| std::fs::read(path).ok());
        let memory = kept.and_then(|bytes| self.tree.kept(&bytes));
        let since = memory.as_ref().map(tree::Memory::since_ms);
        if let Some(memory) = memory {
            self.tree.recall_all(memory);
        }
        self.tree.begin(&mut self.collector);
        if let Some(since) = since {
            self.collector.since(since);
        }
        self.look_at_new_working_copies();
        self.unkept = Some(Instant::now());
    }

    fn look_at_new_working_copies(&mut self) {
        for root in self.tree.new_working_copies() {
            self.known.look(&root);
        }
    }

    /// Returns when what is known is to be kept: at once while it is little, else not after every burst.
    fn keeps_at(&self) -> Option<Instant> {
        self.options.memory.as_ref()?;
        let pause = if self.tree.names() < KEPT_AT_ONCE {
            Duration::ZERO
        } else {
            KEEP_PAUSE
        };
        // What is counted and not told yet would be forgotten by the next run.
        let is_told = self.collector.due().is_none();
        self.unkept.filter(|_| is_told).map(|since| since + pause)
    }

    /// Keeps what is known for the next run. Without it, that one begins anew.
    fn keep(&mut self) {
        self.unkept = None;
        let Some(path) = &self.options.memory else {
            return;
        };
        let Some(known) = self.tree.to_keep() else {
            drop(std::fs::remove_file(path));
            return;
        };
        let beside = path.with_extension("new");
        drop(write_own(&beside, &known).and_then(|()| std::fs::rename(&beside, path)));
    }

    /// Returns when a burst ends, or what has left a directory is taken for gone.
    fn due(&self) -> Option<Instant> {
        let left = self.tree.left_at().map(|at| at + self.options.pause);
        let told = self.collector.due().or(left);
        told.or_else(|| self.keeps_at())
    }

    /// Waits for a change, or for the end of a burst.
    fn wait(&self) -> io::Result<()> {
        let left = self.due().map(|due| {
            let left = due.saturating_duration_since(Instant::now());
            Timespec::try_from(left).unwrap_or_default()
        });
        let mut ready = [PollFd::from_borrowed_fd(
            self.tree.descriptor(),
            PollFlags::IN,
        )];
        match poll(&mut ready, left.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Looks for who does it while it is being done: once in a mass change, since whoever it is may soon be gone.
    fn look_for_processes(&mut self) {
        let many = self
            .collector
            .lost()
            .find(|(_, removed, modified, repositories)| {
                self.options.is_many(*removed, *modified, *repositories)
            });
        let Some((place, ..)) = many.filter(|_| self.found.is_none()) else {
            return;
        };
        if let Some((_, real, _)) = self.tree.place(place) {
            self.found = Some((place, processes::look(real)));
        }
    }

    fn tell(&mut self, audience: &mut dyn Audience) -> io::Result<()> {
        let tree = &self.tree;
        let bursts = self.collector.take(|place| {
            let (named, real, _) = tree.place(place)?;
            Some((named.to_owned(), real.to_owned()))
        });
        let found = self.found.take();
        let has_removed = bursts.iter().any(|(_, burst)| burst.removed > 0);
        for (place, mut burst) in bursts {
            let Some((_, top, _)) = self.tree.place(place) else {
                continue;
            };
            let mut opened = Opened::default();
            if self
                .options
                .is_many(burst.removed, burst.modified, burst.repositories)
            {
                // Who was seen while it went on, and what is still open now.
                let now = processes::look(top);
                let early = found.as_ref().filter(|(other, _)| *other == place);
                let mut suspects = early.map_or(Vec::new(), |(_, found)| found.suspects.clone());
                let is_new = |one: &kintsugi_core::protocol::Suspect| {
                    early.is_none_or(|(_, found)| found.suspects.iter().all(|it| it.pid != one.pid))
                };
                suspects.extend(now.suspects.into_iter().filter(is_new));
                burst.processes = suspects;
                burst.still_open = u64::try_from(now.opened.len()).unwrap_or(u64::MAX);
                opened = Opened(now.opened);
                repository::ask(&mut burst, top, &self.known);
            }
            let changed = burst.directories.iter();
            let changed = changed.filter_map(|one| one.project.as_deref());
            for project in changed.collect::<BTreeSet<_>>() {
                self.known.look(&top.join(project));
            }
            audience.burst(burst, top, &opened)?;
        }
        if has_removed {
            self.known.forget_what_is_gone();
        }
        self.look_at_new_working_copies();
        Ok(())
    }

    /// Says what is watched, when that is another than before.
    fn say(&mut self, audience: &mut dyn Audience) -> io::Result<()> {
        let mut parts = Vec::new();
        for number in 0.. {
            let Some((named, _, is_there)) = self.tree.place(number) else {
                break;
            };
            let absent = if is_there { "" } else { " (not there yet)" };
            parts.push(format!("{}{absent}", shown(named)));
        }
        let directories = rounded(self.tree.directories());
        let mut line = format!("{} ({directories} directories)", parts.join(", "));
        let Gaps {
            beyond,
            closed,
            mounts,
        } = self.tree.gaps();
        if beyond > 0 {
            line.push_str(
                "; the kernel has no watch left for the rest: raise fs.inotify.max_user_watches",
            );
        }
        if closed > 0 {
            line.push_str("; some directories may not be read");
        }
        if mounts > 0 {
            line.push_str("; what is mounted below is not watched: name it as a place of its own");
        }
        if line != self.said {
            audience.watching(&line)?;
            self.said = line;
        }
        Ok(())
    }
}

/// Writes a file that nobody else may read.
fn write_own(path: &Path, bytes: &[u8]) -> io::Result<()> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = std::fs::OpenOptions::new();
    let options = options.write(true).create(true).truncate(true).mode(0o600);
    io::Write::write_all(&mut options.open(path)?, bytes)
}

/// Returns a number that does not change with every directory that comes and goes.
fn rounded(number: usize) -> String {
    match number {
        0..100 => number.to_string(),
        100..10_000 => format!("some {}", number / 100 * 100),
        _ => format!("some {}", number / 1_000 * 1_000),
    }
}

/// Returns the places that lie in no other one.
fn outermost(places: &[PathBuf]) -> Vec<PathBuf> {
    let mut kept: Vec<PathBuf> = Vec::new();
    for place in places {
        if kept.iter().any(|other| place.starts_with(other)) {
            continue;
        }
        kept.retain(|other| !other.starts_with(place));
        kept.push(place.clone());
    }
    kept
}
