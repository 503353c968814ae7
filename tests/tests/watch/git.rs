//! What git does by itself, for an editor or in a shell without a hook: no alarm, since git can take it back, and no cover for what
//! else happens beside it.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Output;
use std::time::Duration;

use kintsugi_tests::machine::Machine;
use serde_json::Value;

use super::{bursts, fill, start, sum, told, until, words};

/// Files that the branches of the repository differ in, each in a directory of its own.
const FILES: usize = 40;

/// Far fewer than that: a slow machine may see a step of git as several bursts.
const SETTINGS: &str = "settle_ms = 500\nremoved = 10\noverwritten = 10\n";

/// A repository with many branches, and a stash.
///
/// All of it happened long ago: what git has a trace of at the moment of a burst explains that.
const REPOSITORY: &str = r"
set -e
export GIT_COMMITTER_DATE='2001-02-03T04:05:06Z'
git init -q -b main .
all() { for n in $(seq 0 39); do mkdir -p src/d$n; echo $1 > src/d$n/f.c; done; }
all one; echo x > readme; git add .; git commit -q -m one
git branch topic; git branch old; git branch clash; git checkout -q -b bare; git rm -qr src; git commit -q -m bare
git checkout -q main; all two; git commit -q -a -m two
git checkout -q topic; echo topic > topic.txt; git add .; git commit -q -m topic
git checkout -q clash; echo clash > src/d0/f.c; git commit -q -a -m clash
git checkout -q main; all stashed; rm readme; git stash -q
";

/// A repository in a place that the daemon watches.
struct Repository {
    machine: Machine,
    root: PathBuf,
}

impl Repository {
    fn watched() -> Self {
        let machine = Machine::new();
        let root = machine.home().join("work/shop");
        fs::create_dir_all(&root).unwrap();
        let mut made = machine.command("bash");
        let made = made.args(["-c", REPOSITORY]).current_dir(&root).output();
        assert!(made.as_ref().unwrap().status.success(), "{made:?}");
        start(&machine, SETTINGS);
        Self { machine, root }
    }

    /// As an editor does it: no shell, and nobody is asked.
    fn git(&self, line: &str) -> Output {
        let mut git = self.machine.command("git");
        let arguments = line.split(' ');
        git.current_dir(&self.root)
            .args(arguments)
            .output()
            .unwrap()
    }

    /// Does it, and waits until the watcher has told of all of it.
    fn does(&self, line: &str) -> Vec<Value> {
        // A history of git counts whole seconds, and what was done before is not to explain this.
        std::thread::sleep(Duration::from_millis(2_100));
        let before = bursts(&self.machine).len();
        let done = self.git(line);
        let is_conflict = done.stdout.starts_with(b"Auto-merging");
        assert!(done.status.success() || is_conflict, "{line}: {done:?}");
        let sums = |seen: &[Value]| {
            let sums = ["created", "modified", "removed"].map(|what| sum(seen, what));
            sums.into_iter().sum::<u64>()
        };
        let many = u64::try_from(FILES).unwrap() - 1;
        let seen = until(
            || bursts(&self.machine).split_off(before),
            |seen| sums(seen) >= many,
        );
        assert_eq!(self.alarms(), Vec::<String>::new(), "{line}: {seen:#?}");
        seen
    }

    /// Does it, and expects that the watcher takes git's word for it.
    fn explains(&self, line: &str, words: &str) {
        let seen = self.does(line);
        let why = seen.iter().filter_map(|one| one["why"].as_str());
        let why: BTreeSet<&str> = why.collect();
        let has_said = why.iter().any(|why| why.contains(words));
        assert!(has_said, "{line}: {why:?} instead of {words}");
    }

    fn alarms(&self) -> Vec<String> {
        words(&told(&self.machine, "incident"))
    }

    fn alarm_about(&self, place: &str) {
        let is_told = |all: &Vec<String>| all.iter().any(|one| one.contains(place));
        until(|| self.alarms(), is_told);
    }
}

#[test]
fn moving_between_commits_is_no_alarm() {
    let shop = Repository::watched();
    // Every directory goes with the only file in it.
    shop.explains("checkout -q bare", "checkout: moving from main to bare");
    shop.does("checkout -q main");
    shop.explains("checkout -q topic", "checkout: moving from main to topic");
    shop.explains("rebase -q main", "rebase (");
    shop.explains("checkout -q old", "checkout: moving from topic to old");
    shop.explains("merge -q --ff-only main", "merge main: Fast-forward");
    shop.explains("revert --no-edit HEAD", "revert: Revert");
    shop.explains("cherry-pick main", "cherry-pick: two");
    shop.explains("reset -q --hard HEAD~1", "reset: moving to HEAD~1");
}

#[test]
fn a_merge_that_waits_for_a_person_and_one_that_is_given_up_are_no_alarm() {
    let shop = Repository::watched();
    shop.explains("checkout -q clash", "checkout: moving from main to clash");
    shop.explains("merge -q main", "merge, not ended");
    shop.explains("merge --abort", "merge, given up");
    shop.explains("cherry-pick main", "cherry-pick, not ended");
    shop.explains("cherry-pick --abort", "cherry-pick, given up");
}

#[test]
fn what_git_puts_aside_and_brings_back_is_no_alarm() {
    let shop = Repository::watched();
    // This one was put aside before anybody watched.
    shop.explains("stash apply -q", "stash apply: WIP on main");
    shop.explains("stash -q", "stash: WIP on main");
    shop.explains("stash pop -q", "stash pop: WIP on main");
    shop.explains("stash -q", "stash: WIP on main");
    shop.git("stash drop -q");
    shop.explains("stash pop -q", "stash pop: WIP on main");
}

#[test]
fn a_working_tree_or_files_that_git_leaves_out_are_no_alarm() {
    let shop = Repository::watched();
    shop.does("worktree add -q ../tree old");
    shop.explains("worktree remove ../tree", "worktree remove: refs/heads/old");
    shop.does("worktree add -q --detach ../tree old");
    shop.explains("worktree remove ../tree", "worktree remove: ");
    shop.explains("sparse-checkout set docs", "sparse-checkout");
}

#[test]
fn what_is_removed_beside_a_checkout_is_an_alarm() {
    let shop = Repository::watched();
    fill(&shop.root.join("notes"), FILES);
    until(
        || bursts(&shop.machine),
        |seen| sum(seen, "created") > FILES as u64,
    );
    fs::remove_dir_all(shop.root.join("notes")).unwrap();
    assert!(shop.git("checkout -q bare").status.success());
    shop.alarm_about("no decision explains it");
}

#[test]
fn what_is_written_over_beside_a_stash_that_is_popped_is_an_alarm() {
    let shop = Repository::watched();
    fill(&shop.root.join("notes"), FILES);
    until(
        || bursts(&shop.machine),
        |seen| sum(seen, "created") > FILES as u64,
    );
    for number in 0..FILES {
        fs::write(shop.root.join(format!("notes/f{number}.c")), "other").unwrap();
    }
    assert!(shop.git("stash pop -q").status.success());
    shop.alarm_about("no decision explains it");
}

#[test]
fn a_stash_that_was_brought_back_before_explains_nothing_now() {
    let shop = Repository::watched();
    shop.explains("stash apply -q", "stash apply: WIP on main");
    fill(&shop.root.join("notes"), FILES);
    until(
        || bursts(&shop.machine),
        |seen| sum(seen, "created") > FILES as u64,
    );
    std::thread::sleep(Duration::from_millis(2_100));
    for number in 0..FILES {
        fs::write(shop.root.join(format!("notes/f{number}.c")), "other").unwrap();
    }
    shop.alarm_about("shop/notes");
}

#[test]
fn a_working_tree_whose_files_somebody_else_deletes_is_an_alarm() {
    let shop = Repository::watched();
    shop.does("worktree add -q ../tree old");
    fs::remove_dir_all(shop.root.with_file_name("tree")).unwrap();
    shop.alarm_about("work/tree");
}
