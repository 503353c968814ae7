//! Undo beyond the table: newer work, an undo of an undo, what a plain `rm` moves, an agent, and what is pruned.

use std::path::Path;

use kintsugi_tests::machine::{Machine, said};
use kintsugi_tests::tree::{differences, next_tick, tree, work};

/// Every capture that a store shows or hides.
fn captures(store: &Path) -> Vec<String> {
    let listed = std::fs::read_dir(store.join("captures"));
    let names = listed.into_iter().flatten().flatten();
    names
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect()
}

#[test]
fn newer_work_is_not_overwritten_unless_told_and_an_undo_can_be_undone() {
    let machine = Machine::new();
    let (_directory, work) = work();
    let file = work.join("f");
    std::fs::write(&file, "one").unwrap();
    let done = machine.run_in(&work, &["run", "--", "echo two > f"]);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    let store = machine.home().join(".local/share/kintsugi/trash");
    let noted = store
        .join("captures")
        .join(captures(&store).remove(0))
        .join("ended");
    while !noted.exists() {
        std::thread::yield_now();
    }
    next_tick();
    std::fs::write(&file, "three").unwrap();
    let refused = machine.run_in(&work, &["undo"]);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert!(said(&refused).contains("--overwrite"), "{}", said(&refused));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "three");

    let undone = machine.run_in(&work, &["undo", "--overwrite", "--json"]);
    assert!(undone.status.success(), "{}", said(&undone));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "one");
    let report: serde_json::Value = serde_json::from_slice(&undone.stdout).unwrap();
    let back = report["kept_as"].as_str().unwrap();
    // Within one tick of that clock nobody can say whether it changed since: then undo asks.
    let redone = machine.run_in(&work, &["undo", "--overwrite", back]);
    assert!(redone.status.success(), "{}", said(&redone));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "three");
}

#[test]
fn the_log_says_what_was_kept_and_what_was_put_back() {
    let machine = Machine::new();
    let (_directory, work) = work();
    std::fs::write(work.join("f"), "one").unwrap();
    // When the line runs, the log has it already.
    let kintsugi = kintsugi_tests::machine::program("kintsugi");
    let line = format!("echo two > f; {} log --json > seen", kintsugi.display());
    let done = machine.run_in(&work, &["run", "--", &line]);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    let told = |log: &str| -> Vec<String> {
        let records = log.lines().map(|line| serde_json::from_str(line).unwrap());
        records
            .map(|record: serde_json::Value| record["kind"].as_str().unwrap().to_owned())
            .filter(|kind| kind == "capture" || kind == "undo")
            .collect()
    };
    let seen = std::fs::read_to_string(work.join("seen")).unwrap();
    assert_eq!(told(&seen), ["capture"]);
    let undone = machine.run_in(&work, &["undo", "--overwrite"]);
    assert!(undone.status.success(), "{}", said(&undone));
    let log = machine.run_in(&work, &["log", "--json"]);
    let log = String::from_utf8_lossy(&log.stdout).into_owned();
    assert_eq!(told(&log), ["capture", "undo"]);
}

#[test]
fn pruning_forgets_captures_and_their_copies() {
    let machine = Machine::new();
    let (_directory, work) = work();
    let store = machine.home().join(".local/share/kintsugi/trash");
    std::fs::write(work.join("f"), "one").unwrap();
    assert!(
        machine
            .run_in(&work, &["run", "--", "echo two > f"])
            .status
            .success()
    );
    let pruned = machine.run_in(&work, &["trash", "prune", "--all"]);
    assert!(pruned.status.success(), "{}", said(&pruned));
    assert_eq!(captures(&store), [] as [&str; 0]);
    let objects = std::fs::read_dir(store.join("objects")).unwrap().flatten();
    let left: usize = objects
        .map(|above| std::fs::read_dir(above.path()).unwrap().count())
        .sum();
    assert_eq!(left, 0);
    let nothing = machine.run_in(&work, &["undo"]);
    assert!(
        said(&nothing).contains("nothing can be undone"),
        "{}",
        said(&nothing)
    );
}

#[test]
fn a_plain_rm_moves_what_it_deletes_and_undo_moves_it_back() {
    let machine = Machine::new();
    let (_directory, work) = work();
    std::fs::create_dir_all(work.join("d/deep")).unwrap();
    std::fs::write(work.join("d/deep/f"), "only here").unwrap();
    std::fs::write(work.join("f"), "x").unwrap();
    let before = tree(&work, &|_| false);
    let done = machine.run_in(&work, &["run", "--", "rm", "-rf", "d", "f", "gone"]);
    assert_eq!(done.status.code(), Some(0), "{}", said(&done));
    assert!(!work.join("d").exists() && !work.join("f").exists());
    let undone = machine.run_in(&work, &["undo"]);
    assert!(undone.status.success(), "{}", said(&undone));
    assert_eq!(
        differences(&before, &tree(&work, &|_| false)),
        [] as [&str; 0]
    );
}

#[test]
fn an_agents_tool_call_is_kept_before_it_is_answered() {
    let machine = Machine::new();
    let (_directory, work) = work();
    std::fs::write(work.join("f"), "only here").unwrap();
    assert_eq!(machine.agent_asks("rm f", &work).0, "allow");
    // The agent runs it now.
    std::fs::remove_file(work.join("f")).unwrap();
    let undone = machine.run_in(&work, &["undo"]);
    assert!(undone.status.success(), "{}", said(&undone));
    assert_eq!(
        std::fs::read_to_string(work.join("f")).unwrap(),
        "only here"
    );
}

/// A command of git that has to succeed.
fn git(machine: &Machine, directory: &Path, arguments: &[&str]) {
    let mut git = machine.command("git");
    let done = git.current_dir(directory).args(arguments).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {done:?}");
}

#[test]
fn what_a_forced_push_takes_from_the_remote_is_kept_though_nobody_here_had_it() {
    let machine = Machine::new();
    let kintsugi_tests::machine::Diverged { work, remote } = machine.diverged();
    // Somebody else has pushed since.
    let other = machine.home().join("other");
    let (from, to) = (remote.display().to_string(), other.display().to_string());
    git(&machine, &machine.home(), &["clone", "-q", &from, &to]);
    std::fs::write(other.join("theirs"), "only there").unwrap();
    git(&machine, &other, &["add", "theirs"]);
    git(&machine, &other, &["commit", "-qm", "theirs"]);
    git(&machine, &other, &["push", "-q"]);
    let theirs = machine.head(&remote);

    let (screen, ran) = machine.at_terminal("git push -q --force", &work, true);
    assert!(ran, "{screen}");
    assert_ne!(machine.head(&remote), theirs);
    // Nothing leads to it there any more.
    git(&machine, &remote, &["gc", "-q", "--prune=now"]);

    let undone = machine.run_in(&work, &["undo", "--overwrite"]);
    assert!(undone.status.success(), "{}", said(&undone));
    let words = said(&undone);
    let told = words.split('`').find(|part| part.starts_with("git push"));
    let told = told.unwrap_or_else(|| panic!("{words}"));
    assert!(told.contains(&theirs), "{told}");
    let arguments: Vec<&str> = told.split(' ').skip(1).collect();
    git(&machine, &work, &arguments);
    assert_eq!(machine.head(&remote), theirs);
}

#[test]
fn a_branch_that_was_deleted_on_the_remote_is_pushed_again_by_what_undo_says() {
    let machine = Machine::new();
    let kintsugi_tests::machine::Diverged { work, remote } = machine.diverged();
    git(
        &machine,
        &work,
        &["push", "-q", "origin", "HEAD~0:refs/heads/side"],
    );
    git(&machine, &work, &["fetch", "-q"]);
    let side = || {
        let mut git = machine.command("git");
        git.args(["rev-parse", "-q", "--verify", "refs/heads/side"]);
        said(&git.current_dir(&remote).output().unwrap())
    };
    let stood = side();
    assert!(!stood.is_empty());

    let (screen, ran) = machine.at_terminal("git push -q origin --delete side", &work, true);
    assert!(ran, "{screen}");
    assert_eq!(side(), "");

    let undone = machine.run_in(&work, &["undo"]);
    assert!(undone.status.success(), "{}", said(&undone));
    let words = said(&undone);
    let told = words.split('`').find(|part| part.starts_with("git push"));
    let told = told.unwrap_or_else(|| panic!("{words}"));
    let arguments: Vec<&str> = told.split(' ').skip(1).collect();
    git(&machine, &work, &arguments);
    assert_eq!(side(), stood);
}

#[test]
fn a_working_tree_that_was_removed_by_force_comes_back_with_its_branch_and_its_work() {
    let machine = Machine::new();
    let (_directory, work) = work();
    std::fs::create_dir(work.join("first")).unwrap();
    let (first, tree_of) = (work.join("first"), work.join("tree"));
    git(&machine, &first, &["init", "-q", "-b", "main"]);
    std::fs::write(first.join("clean"), "clean").unwrap();
    std::fs::write(first.join("dirty"), "one").unwrap();
    git(&machine, &first, &["add", "."]);
    git(&machine, &first, &["commit", "-qm", "one"]);
    git(
        &machine,
        &first,
        &["worktree", "add", "-q", "-b", "side", "../tree"],
    );
    std::fs::write(tree_of.join("dirty"), "two").unwrap();
    std::fs::write(tree_of.join("new"), "new").unwrap();
    let status = || {
        let mut git = machine.command("git");
        git.args(["status", "--porcelain", "--branch"]);
        said(&git.current_dir(&tree_of).output().unwrap())
    };
    let (before, stood) = (tree(&tree_of, &|_| false), status());

    let (screen, ran) = machine.at_terminal("git worktree remove --force ../tree", &first, true);
    assert!(ran, "{screen}");
    assert!(!tree_of.exists());

    let undone = machine.run_in(&first, &["undo"]);
    assert!(undone.status.success(), "{}", said(&undone));
    let differs = differences(&before, &tree(&tree_of, &|_| false));
    assert_eq!(differs, [] as [&str; 0]);
    assert_eq!(status(), stood);
}

#[test]
fn another_name_of_a_file_that_was_written_through_is_told() {
    let machine = Machine::new();
    let (_directory, work) = work();
    std::fs::write(work.join("f"), "one").unwrap();
    std::fs::hard_link(work.join("f"), work.join("other")).unwrap();
    let done = machine.run_in(&work, &["run", "--", "echo two > f"]);
    assert!(done.status.success(), "{}", said(&done));
    let undone = machine.run_in(&work, &["undo", "--overwrite"]);
    assert!(undone.status.success(), "{}", said(&undone));
    let read = |name: &str| std::fs::read_to_string(work.join(name)).unwrap();
    assert_eq!(
        (read("f").as_str(), read("other").as_str()),
        ("one", "two\n")
    );
    let words = said(&undone);
    assert!(words.contains("has other names, which keep"), "{words}");
}
