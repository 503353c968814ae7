//! What an undo of references leaves alone: nothing that exists nowhere else is taken away.
//!
//! Kintsugi does not know what an alias of git does, so of these lines only references are kept.

use std::path::{Path, PathBuf};

use kintsugi_tests::machine::{Machine, said};
use kintsugi_tests::tree::{Tree, differences, tree, work};

struct Bench {
    machine: Machine,
    _directory: tempfile::TempDir,
    work: PathBuf,
}

impl Bench {
    /// A repository with a branch to lose, changes in a file, one that is staged and one that git does not know.
    fn new() -> Self {
        let machine = Machine::new();
        let (directory, top) = work();
        let work = top.join("work");
        std::fs::create_dir(&work).unwrap();
        let bench = Self {
            machine,
            _directory: directory,
            work,
        };
        bench.git(&["init", "-q", "-b", "main"]);
        bench.write("file", "one\n");
        bench.git(&["add", "file"]);
        bench.git(&["commit", "-qm", "one"]);
        bench.git(&["branch", "side"]);
        bench.write("file", "changed\n");
        bench.write("staged", "staged\n");
        bench.git(&["add", "staged"]);
        bench.write("unknown", "known to nobody\n");
        bench
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.work.join(name), text).unwrap();
    }

    fn asked(&self, arguments: &[&str]) -> std::process::Output {
        let mut git = self.machine.command("git");
        git.args(arguments)
            .current_dir(&self.work)
            .output()
            .unwrap()
    }

    /// What git prints; it has to succeed.
    fn git(&self, arguments: &[&str]) -> String {
        let done = self.asked(arguments);
        assert!(done.status.success(), "{arguments:?}: {}", said(&done));
        said(&done)
    }

    /// A command that Kintsugi does not know: `git NAME`.
    fn alias(&self, name: &str, does: &str) {
        self.git(&["config", &format!("alias.{name}"), does]);
    }

    /// The files of the working copy, times aside.
    fn files(&self) -> Tree {
        let mut files = tree(&self.work, &|path| path.starts_with(".git"));
        for thing in files.values_mut() {
            thing.modified = (0, 0);
        }
        files
    }

    fn runs(&self, line: &str) {
        let (screen, ran) = self.machine.at_terminal(line, &self.work, true);
        assert!(ran, "{screen}");
        self.machine.ends_are_noted();
    }

    fn undo(&self, arguments: &[&str]) -> String {
        let done = self
            .machine
            .run_in(&self.work, &[&["undo"], arguments].concat());
        assert!(done.status.success(), "{}", said(&done));
        said(&done)
    }

    fn has(&self, reference: &str) -> bool {
        let asked = ["rev-parse", "-q", "--verify", reference];
        self.asked(&asked).status.success()
    }
}

#[test]
fn a_stash_whose_work_was_not_kept_stays_and_can_be_taken_out() {
    for then in ["", "git pack-refs --all && "] {
        let bench = Bench::new();
        bench.alias("aside", "stash -q -u");
        let (before, status) = (bench.files(), bench.git(&["status", "--short"]));
        bench.runs(&format!("git aside && {then}git branch -D side"));
        assert!(!bench.has("side") && !bench.work.join("unknown").exists());

        let words = bench.undo(&[]);
        assert!(bench.has("side"));
        assert!(words.contains("the stash stays as it is"), "{words}");
        assert!(words.contains("2 files with changes"), "{words}");
        assert_eq!(bench.git(&["stash", "list"]).lines().count(), 1);
        bench.git(&["reset", "-q"]);
        bench.git(&["stash", "pop", "-q", "--index"]);
        assert_eq!(differences(&before, &bench.files()), [] as [&str; 0]);
        assert_eq!(bench.git(&["status", "--short"]), status);
    }
}

#[test]
fn a_new_branch_that_alone_has_its_commits_stays() {
    for then in ["", "git pack-refs --all && "] {
        let bench = Bench::new();
        bench.alias(
            "aside",
            "!git checkout -qb new/work && git add -A && git commit -qm all && git checkout -q main",
        );
        bench.runs(&format!("git aside && {then}git branch -D side"));
        let made = bench.git(&["rev-parse", "new/work"]);

        let words = bench.undo(&[]);
        assert!(bench.has("side"));
        assert!(
            words.contains("`refs/heads/new/work` was made since and stays"),
            "{words}"
        );
        assert_eq!(bench.git(&["rev-parse", "new/work"]), made);
        let file = bench.git(&["show", "new/work:unknown"]);
        assert_eq!(file, "known to nobody\n");
        assert_eq!(bench.git(&["fsck", "--no-dangling", "--no-progress"]), "");
    }
}

#[test]
fn a_branch_that_a_new_working_tree_has_checked_out_stays_and_others_go() {
    let bench = Bench::new();
    bench.runs("git worktree add -q ../tree && git branch other && git branch -D side");
    let words = bench.undo(&[]);
    assert!(bench.has("side") && bench.has("refs/heads/tree"));
    assert!(
        words.contains("another working tree has it checked out"),
        "{words}"
    );
    // It leads to nothing that is not there otherwise.
    assert!(!bench.has("refs/heads/other"));
    let tree = bench.work.join("../tree");
    let mut git = bench.machine.command("git");
    let status = git.args(["status", "--short"]).current_dir(tree).output();
    assert_eq!(said(&status.unwrap()), "");
}

#[test]
fn a_file_that_git_did_not_know_stays_when_its_commit_is_taken_back() {
    let bench = Bench::new();
    bench.alias("record", "!git add -A && git commit -qm all");
    let (before, status) = (bench.files(), bench.git(&["status", "--short"]));
    bench.runs("git record && git branch -D side");
    assert_eq!(bench.git(&["status", "--short"]), "");
    bench.undo(&[]);
    assert_eq!(differences(&before, &bench.files()), [] as [&str; 0]);
    assert_eq!(bench.git(&["status", "--short"]), status);
}

#[test]
fn a_new_branch_whose_name_is_in_the_way_is_told_and_its_commit_stays() {
    let bench = Bench::new();
    bench.alias(
        "again",
        "!git branch -qD side && git checkout -qb side/two && git commit -qam two",
    );
    bench.runs("git again && git branch -D main");
    let made = bench.git(&["rev-parse", "HEAD"]);
    let words = bench.undo(&[]);
    assert!(
        bench.has("refs/heads/side") && bench.has("refs/heads/main"),
        "{words}"
    );
    assert!(
        words.contains(&format!("`git branch NAME {}`", made.trim())),
        "{words}"
    );
    bench.git(&["reflog", "expire", "--expire=now", "--all"]);
    bench.git(&["gc", "-q", "--prune=now"]);
    assert_eq!(
        bench.git(&["show", &format!("{}:file", made.trim())]),
        "changed\n"
    );
}

#[test]
fn a_stash_that_was_taken_out_is_there_again_with_all_its_work() {
    let bench = Bench::new();
    bench.git(&["stash", "-q"]);
    bench.runs("git stash pop -q && git branch -D side");
    assert_eq!(bench.git(&["stash", "list"]), "");
    bench.undo(&[]);
    assert!(bench.has("side"));
    for (name, text) in [("file", "changed\n"), ("staged", "staged\n")] {
        assert_eq!(bench.git(&["show", &format!("stash@{{0}}:{name}")]), text);
    }
    let unknown = std::fs::read_to_string(bench.work.join("unknown"));
    assert_eq!(unknown.unwrap(), "known to nobody\n");
    assert_eq!(bench.git(&["fsck", "--no-dangling", "--no-progress"]), "");
}

/// What git and the working copy are now.
fn state(bench: &Bench) -> (Tree, String) {
    let git = [
        &["for-each-ref", "--exclude=refs/kintsugi"][..],
        &["stash", "list"],
        &["status", "--short", "--branch"],
        &["ls-files", "-s"],
    ];
    let told = git.iter().map(|asked| bench.git(asked)).collect();
    (bench.files(), told)
}

#[test]
fn an_undo_of_an_undo_has_what_the_line_had_made() {
    for line in [
        "git stash -q -u && git branch -D side",
        "git add -A && git commit -qm all && git branch -D side",
        "git checkout -qb new && git add -A && git commit -qm all && git checkout -q main && git branch -D side",
        "git checkout -q --detach && git commit -qam all && git branch -D side",
    ] {
        let bench = Bench::new();
        let before = state(&bench);
        bench.runs(line);
        let after = state(&bench);
        let mut refs = bench.git(&["rev-parse", "--branches", "HEAD"]);
        refs += &String::from_utf8_lossy(
            &bench
                .asked(&["rev-parse", "-q", "--verify", "refs/stash"])
                .stdout,
        );
        let made: Vec<String> = refs.lines().map(str::to_owned).collect();
        let words = bench.undo(&[]);
        let now = state(&bench);
        assert_eq!(differences(&before.0, &now.0), [] as [&str; 0], "{line}");
        assert_eq!(now.1, before.1, "{line}");
        // Nothing that an undo takes away is lost to git, as long as the undo is kept.
        for object in made {
            let held = bench.git(&["for-each-ref", "--contains", &object, "refs/kintsugi"]);
            assert_ne!(held, "", "{line}: {object}");
        }
        let back = words.rsplit_once("`kintsugi undo ").expect("its id").1;
        let back = back.split('`').next().unwrap();
        bench.undo(&["--overwrite", back]);
        let now = state(&bench);
        assert_eq!(differences(&after.0, &now.0), [] as [&str; 0], "{line}");
        assert_eq!(now.1, after.1, "{line}");
        assert_eq!(
            bench.git(&["fsck", "--no-dangling", "--no-progress"]),
            "",
            "{line}"
        );
    }
}

#[test]
fn what_a_push_would_not_have_moved_is_not_told_of_a_remote() {
    let bench = Bench::new();
    let remote = bench.work.join("../remote.git");
    let path: &Path = &remote;
    bench.git(&["init", "-q", "--bare", &path.display().to_string()]);
    bench.git(&["remote", "add", "origin", &path.display().to_string()]);
    bench.git(&["push", "-q", "origin", "main"]);
    bench.runs("git remote remove origin");
    assert!(!bench.has("refs/remotes/origin/main"));
    let words = bench.undo(&[]);
    assert!(bench.has("refs/remotes/origin/main"));
    assert!(!words.contains("git push"), "{words}");
}
