//! `kill -9` in the middle of a capture, of a restoration and of pruning, before each of many system calls (`strace(1)` injects it).
//!
//! Whenever it strikes: what stood there stands there, or `kintsugi undo` brings all of it back, and nothing half done stays.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use kintsugi_tests::machine::{Machine, said};
use kintsugi_tests::traced::{Point, calls_of, killed_at, may_trace, points};
use kintsugi_tests::tree::{all, differences, tree};

/// Calls that change something, or open what is changed then.
const CALLS: &str = "openat,mkdir,mkdirat,rename,renameat,renameat2,write,pwrite64,ftruncate,fsync,fdatasync,syncfs,unlink,unlinkat,\
                     rmdir,linkat,symlinkat,mknodat,fchmod,fchown,utimensat,fsetxattr,sendto,execve";

/// Points at which one run is killed, spread over all of them; the long tests take each.
const POINTS: usize = 40;

fn is_long() -> bool {
    std::env::var_os("KINTSUGI_LONG_TESTS").is_some()
}

/// A machine whose daemon runs, and room for many directories.
struct Bench {
    machine: Machine,
    directory: tempfile::TempDir,
    made: usize,
    killed: usize,
    spared: usize,
}

impl Bench {
    /// Nothing, and a word about it, where this may not trace.
    fn new() -> Option<Self> {
        if !may_trace() {
            return None;
        }
        let machine = Machine::new();
        let started = machine.run(&["daemon", "start"]);
        assert!(started.status.success(), "{started:?}");
        let directory = tempfile::Builder::new().prefix("work-").tempdir().unwrap();
        Some(Self {
            machine,
            directory,
            made: 0,
            killed: 0,
            spared: 0,
        })
    }

    fn store(&self) -> PathBuf {
        self.machine.home().join(".local/share/kintsugi/trash")
    }

    /// A new directory with something of everything.
    fn work(&mut self) -> PathBuf {
        self.made += 1;
        let work = self.directory.path().canonicalize().unwrap();
        let work = work.join(self.made.to_string());
        std::fs::create_dir_all(work.join("d/deep/empty")).unwrap();
        for name in ["d/one", "d/two", "d/deep/three", "g1", "g2", "g3", "g4"] {
            std::fs::write(work.join(name), format!("{name} of {}", self.made)).unwrap();
        }
        std::os::unix::fs::symlink("one", work.join("d/link")).unwrap();
        std::fs::hard_link(work.join("d/one"), work.join("d/deep/other")).unwrap();
        std::fs::write(work.join("f"), format!("f of {}", self.made)).unwrap();
        work
    }

    fn kintsugi(&self, work: &Path, arguments: &[&str]) -> Output {
        let mut kintsugi = self.machine.kintsugi(arguments);
        kintsugi.env("SHELL", "/bin/bash").current_dir(work);
        kintsugi.stdin(Stdio::null()).output().unwrap()
    }

    /// `strace`, to run `kintsugi` in `work`.
    fn strace(&self, work: &Path) -> std::process::Command {
        let mut strace = self.machine.command("strace");
        strace.env("SHELL", "/bin/bash").current_dir(work);
        strace
    }

    /// Runs it to its end; returns every point at which it can be killed.
    fn calls(&self, work: &Path, arguments: &[&str]) -> Vec<Point> {
        points(&calls_of(self.strace(work), CALLS, arguments))
    }

    /// Kills it before its call of that point; what came to its end before that is counted.
    fn killed_at(&mut self, point: &Point, work: &Path, arguments: &[&str]) {
        if killed_at(point, self.strace(work), CALLS, arguments) {
            self.killed += 1;
        } else {
            self.spared += 1;
        }
    }

    /// Nearly every run has to have been killed: a run may have a call less than the one before it.
    fn were_killed(&self) {
        let (killed, spared) = (self.killed, self.spared);
        println!("{killed} runs were killed, {spared} came to their end");
        assert!(killed > 4 * spared, "{killed} killed, {spared} not");
    }

    /// Returns the points at which a run with those calls is killed.
    fn points(calls: Vec<Point>) -> Vec<Point> {
        let step = if is_long() {
            1
        } else {
            (calls.len() / POINTS).max(1)
        };
        calls.into_iter().step_by(step).collect()
    }

    /// Names of captures, whole or not.
    fn captures(&self) -> BTreeSet<String> {
        let listed = std::fs::read_dir(self.store().join("captures"));
        let names = listed.into_iter().flatten().flatten();
        names
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }

    /// Waits until the end of the command behind the last capture is noted.
    fn noted(&self, known: &BTreeSet<String>) -> String {
        let mut new = self.captures().into_iter();
        let id = new.find(|id| !known.contains(id)).expect("a capture");
        let mark = self.store().join("captures").join(&id).join("ended");
        while !mark.exists() {
            std::thread::yield_now();
        }
        id
    }
}

/// Names that an undo builds under.
fn built(top: &Path) -> Vec<PathBuf> {
    let is_built = |path: &&PathBuf| path.to_string_lossy().contains(".kintsugi-undo-");
    let found = tree(top, &|_| false);
    found.keys().filter(is_built).cloned().collect()
}

/// Kills the capture before `line`, and the command itself, at many points.
fn a_killed_capture(line: &[&str]) {
    let Some(mut bench) = Bench::new() else {
        return;
    };
    let arguments = [&["run", "--"], line].concat();
    // The first of all makes directories that are there afterwards.
    let first = bench.work();
    drop(bench.calls(&first, &arguments));
    let work = bench.work();
    let calls = bench.calls(&work, &arguments);
    let count = calls.len();
    assert!(count > 20, "{count} points");
    assert!(!work.join("d").exists(), "it did not run");
    let (mut intact, mut undone) = (0, 0);
    for point in Bench::points(calls) {
        let work = bench.work();
        let before = all(&work);
        bench.killed_at(&point, &work, &arguments);
        if differences(&before, &all(&work)).is_empty() {
            intact += 1;
            continue;
        }
        undone += 1;
        let done = bench.kintsugi(&work, &["undo", "--overwrite"]);
        assert!(done.status.success(), "at {point}: {}", said(&done));
        let differs = differences(&before, &all(&work));
        assert!(differs.is_empty(), "at {point}: {differs:#?}");
    }
    println!("{count} points: {intact} times nothing had happened, {undone} times it came back");
    assert!(intact > 0 && undone > 0);
    bench.were_killed();
    // The next capture sweeps what the killed ones left; pruning leaves nothing at all.
    let work = bench.work();
    let done = bench.kintsugi(&work, &arguments);
    assert!(done.status.success(), "{}", said(&done));
    let half: Vec<_> = bench.captures().into_iter().collect();
    assert!(!half.iter().any(|name| name.starts_with('.')), "{half:?}");
    let pruned = bench.kintsugi(&work, &["trash", "prune", "--all"]);
    assert!(pruned.status.success(), "{}", said(&pruned));
    assert!(bench.captures().is_empty());
    let objects = tree(&bench.store().join("objects"), &|_| false);
    let objects = objects.values().filter(|thing| thing.is != "directory");
    assert_eq!(objects.count(), 0);
}

#[test]
fn a_capture_that_is_killed_loses_nothing() {
    a_killed_capture(&["rm -rf d g1 g2; echo new > f; echo new > g3; mv g3 g4"]);
}

#[test]
fn a_move_into_the_trash_that_is_killed_loses_nothing() {
    a_killed_capture(&["rm", "-rf", "d", "f", "g1", "g2", "g3"]);
}

/// Kills the undo of `line` at many points.
fn a_killed_undo(line: &[&str]) {
    let Some(mut bench) = Bench::new() else {
        return;
    };
    let arguments = [&["run", "--"], line].concat();
    let mut calls = None;
    let mut half = 0;
    loop {
        let point: Option<Point> = match &mut calls {
            None => None,
            Some(points) => match Vec::pop(points) {
                Some(point) => Some(point),
                None => break,
            },
        };
        let known = bench.captures();
        let work = bench.work();
        let before = all(&work);
        let done = bench.kintsugi(&work, &arguments);
        assert!(done.status.success(), "{}", said(&done));
        let id = bench.noted(&known);
        let after = all(&work);
        assert!(!differences(&before, &after).is_empty());
        let undo = ["undo", &id];
        let at = point.as_ref().map_or_else(String::new, Point::to_string);
        if let Some(point) = &point {
            bench.killed_at(point, &work, &undo);
            let now = all(&work);
            if !differences(&before, &now).is_empty() && !differences(&after, &now).is_empty() {
                half += 1;
            }
            // Whatever has a name is whole: as it was, or as the command left it, there or before it was renamed.
            for (path, thing) in &now {
                let is_built = path.to_string_lossy().contains(".kintsugi-undo-");
                let is_known = [&before, &after]
                    .iter()
                    .any(|tree| tree.values().any(|known| known.is == thing.is));
                assert!(
                    is_built || is_known,
                    "at {at}: {}: {thing:?}",
                    path.display()
                );
            }
        } else {
            let traced = bench.calls(&work, &undo);
            assert!(traced.len() > 20, "{} points", traced.len());
            calls = Some(Bench::points(traced));
        }
        // A file that got its old name back half-way has changed since; it is kept before it is replaced.
        let done = bench.kintsugi(&work, &["undo", &id, "--overwrite"]);
        assert!(done.status.success(), "at {at}: {}", said(&done));
        let differs = differences(&before, &all(&work));
        assert!(differs.is_empty(), "at {at}: {differs:#?}");
        assert_eq!(built(&work), [] as [&Path; 0], "at {at}");
    }
    println!("{half} times it was half done, and then done");
    assert!(half > 0);
    bench.were_killed();
}

#[test]
fn an_undo_that_is_killed_is_done_by_the_next() {
    a_killed_undo(&["rm -rf d g1 g2; echo new > f; echo new > g3; mv g3 g4"]);
}

#[test]
fn an_undo_of_a_move_that_is_killed_is_done_by_the_next() {
    a_killed_undo(&["rm", "-rf", "d", "f", "g1", "g2", "g3"]);
}

#[test]
fn pruning_that_is_killed_leaves_each_capture_whole_or_none() {
    let Some(mut bench) = Bench::new() else {
        return;
    };
    let mut points: Option<Vec<Point>> = None;
    loop {
        let point = match &mut points {
            None => None,
            Some(points) => match points.pop() {
                Some(point) => Some(point),
                None => break,
            },
        };
        let work = bench.work();
        let before = all(&work);
        let done = bench.kintsugi(
            &work,
            &[
                "run",
                "--",
                "rm -rf d g1 g2; echo new > f; echo new > g3; mv g3 g4",
            ],
        );
        assert!(done.status.success(), "{}", said(&done));
        let prune = ["trash", "prune", "--all"];
        let Some(point) = point else {
            points = Some(Bench::points(bench.calls(&work, &prune)));
            continue;
        };
        bench.killed_at(&point, &work, &prune);
        let listed = bench.kintsugi(&work, &["undo", "--list"]);
        assert!(listed.status.success(), "{}", said(&listed));
        let whole = bench.captures();
        if whole.iter().any(|name| !name.starts_with('.')) {
            let done = bench.kintsugi(&work, &["undo", "--overwrite"]);
            assert!(done.status.success(), "at {point}: {}", said(&done));
            let differs = differences(&before, &all(&work));
            assert!(differs.is_empty(), "at {point}: {differs:#?}");
        }
        let pruned = bench.kintsugi(&work, &prune);
        assert!(pruned.status.success(), "{}", said(&pruned));
        assert!(bench.captures().is_empty());
    }
    bench.were_killed();
}
