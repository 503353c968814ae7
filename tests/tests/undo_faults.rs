//! Undo when things go wrong: what cannot be kept holds the command with its reason, loses nothing and leaves nothing half done.
//!
//! Real file systems, quotas and users where this may use them (as root); each test says aloud when it may not.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use kintsugi_tests::copies::copy_program;
use kintsugi_tests::machine::{Machine, program, said};
use kintsugi_tests::tree::{Tree, all, differences, work};
use kintsugi_tests::volume::{Kind, Volume};

/// Names of captures below any store under `top`, whole or not.
fn captures(top: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![top.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in std::fs::read_dir(&directory).into_iter().flatten() {
            let path = entry.unwrap().path();
            if directory.ends_with("captures") {
                found.push(path);
            } else if path.symlink_metadata().unwrap().is_dir() {
                waiting.push(path);
            }
        }
    }
    found
}

/// Asserts that the line is held for `reason`, that nothing changed, and that no part of a capture stays.
fn is_held(output: &Output, reason: &str, (before, work): (&Tree, &Path), stores: &Path) {
    let words = said(output);
    assert_eq!(output.status.code(), Some(4), "{words}");
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains(&format!("cannot be undone: {reason}")),
        "{words}"
    );
    assert_eq!(differences(before, &all(work)), [] as [&str; 0]);
    assert_eq!(captures(stores), [] as [&Path; 0]);
}

#[test]
fn a_full_disk_holds_the_command_until_there_is_room() {
    let Some(volume) = Volume::new(Kind::Tmpfs, 8) else {
        return;
    };
    let machine = Machine::new();
    let work = volume.path().join("work");
    std::fs::create_dir(&work).unwrap();
    std::fs::write(work.join("f"), vec![7; 5 << 20]).unwrap();
    let before = all(&work);
    let held = machine.run_in(&work, &["run", "--", "rm f"]);
    is_held(&held, "the disk is full", (&before, &work), volume.path());
    let mut grow = Command::new("mount");
    grow.args(["-o", "remount,size=32m"]).arg(volume.path());
    assert!(grow.status().unwrap().success());
    // The same line waits for a person now; another way to say it does not.
    let done = machine.run_in(&work, &["run", "--", "unlink f"]);
    assert!(done.status.success(), "{}", said(&done));
    assert!(!work.join("f").exists());
    let undone = machine.run_in(&work, &["undo"]);
    assert!(undone.status.success(), "{}", said(&undone));
    assert_eq!(differences(&before, &all(&work)), [] as [&str; 0]);
}

#[test]
fn an_undo_on_a_full_disk_changes_nothing_and_works_when_there_is_room() {
    let Some(volume) = Volume::new(Kind::Tmpfs, 16) else {
        return;
    };
    let machine = Machine::new();
    let work = volume.path().join("work");
    std::fs::create_dir(&work).unwrap();
    std::fs::write(work.join("f"), vec![7; 5 << 20]).unwrap();
    let before = all(&work);
    let done = machine.run_in(&work, &["run", "--", "rm f"]);
    assert!(done.status.success(), "{}", said(&done));
    let filler = volume.path().join("filler");
    let refused = std::fs::write(&filler, vec![1; 32 << 20]);
    refused.expect_err("it is smaller");
    let failed = machine.run_in(&work, &["undo"]);
    assert_eq!(failed.status.code(), Some(1), "{}", said(&failed));
    assert!(
        said(&failed).contains("the disk is full"),
        "{}",
        said(&failed)
    );
    let left: Vec<_> = std::fs::read_dir(&work).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
    std::fs::remove_file(filler).unwrap();
    let undone = machine.run_in(&work, &["undo"]);
    assert!(undone.status.success(), "{}", said(&undone));
    assert_eq!(differences(&before, &all(&work)), [] as [&str; 0]);
}

#[test]
fn another_file_system_in_the_middle_of_a_tree_holds_the_command() {
    let machine = Machine::new();
    let (_directory, work) = work();
    let inner = work.join("d/mounted");
    std::fs::create_dir_all(&inner).unwrap();
    std::fs::write(work.join("d/f"), "x").unwrap();
    let Some(_volume) = Volume::at(&inner, Kind::Tmpfs, 1, "") else {
        return;
    };
    std::fs::write(inner.join("other"), "not to be lost").unwrap();
    let before = all(&work);
    let reason = format!("another file system is mounted at `{}`", inner.display());
    // As text, and as a plain `rm` that would be moved.
    for line in [&["rm -rf d"][..], &["rm", "-rf", "d"]] {
        let held = machine.run_in(&work, &[&["run", "--"], line].concat());
        is_held(&held, &reason, (&before, &work), &machine.home());
    }
}

#[test]
fn names_that_are_no_text_are_kept_and_come_back() {
    let machine = Machine::new();
    let (_directory, work) = work();
    let inner = work.join("in");
    std::fs::create_dir(&inner).unwrap();
    let name = |bytes: &[u8]| inner.join(OsStr::from_bytes(bytes));
    std::fs::write(name(b"\xff\xfe"), "one").unwrap();
    std::fs::write(name(b"line\nend"), "two").unwrap();
    std::fs::create_dir(name(b"d\xc3")).unwrap();
    std::fs::write(name(b"d\xc3/\x80in"), "three").unwrap();
    std::os::unix::fs::symlink(OsStr::from_bytes(b"to\xff"), name(b"link\xff")).unwrap();
    let before = all(&inner);
    let done = machine.run_in(&work, &["run", "--", "rm -r in/?*"]);
    assert!(done.status.success(), "{}", said(&done));
    assert_eq!(std::fs::read_dir(&inner).unwrap().count(), 0);
    let undone = machine.run_in(&work, &["undo"]);
    assert!(undone.status.success(), "{}", said(&undone));
    assert_eq!(differences(&before, &all(&inner)), [] as [&str; 0]);

    // A command that is itself no text cannot be proposed: it does not run.
    let mut odd = machine.kintsugi(&["run", "--", "rm", "-rf"]);
    odd.arg(OsStr::from_bytes(b"\xff\xfe")).current_dir(&inner);
    let refused = odd.stdin(Stdio::null()).output().unwrap();
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert_eq!(differences(&before, &all(&inner)), [] as [&str; 0]);
}

/// A person of no rights, with a machine and programs that are theirs to use.
struct Nobody {
    machine: Machine,
    programs: tempfile::TempDir,
}

impl Nobody {
    /// Nothing, and a word about it, where this may not become another.
    fn new() -> Option<Self> {
        let may = Command::new("runuser")
            .args(["-u", "nobody", "--", "true"])
            .output();
        if !may.is_ok_and(|output| output.status.success()) {
            eprintln!("SKIPPED: only root may run a program as another");
            return None;
        }
        let programs = tempfile::Builder::new().prefix("bin-").tempdir().unwrap();
        let readable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(programs.path(), readable).unwrap();
        for name in ["kintsugi", "kintsugi-daemon", "kintsugi-hook"] {
            copy_program(program(name), programs.path().join(name));
        }
        let machine = Machine::new();
        let nobody = Self { machine, programs };
        nobody.give(nobody.machine.home().parent().unwrap());
        Some(nobody)
    }

    /// Makes a directory and all in it theirs.
    fn give(&self, path: &Path) {
        let mut chown = self.machine.command("chown");
        assert!(
            chown
                .args(["-R", "nobody:"])
                .arg(path)
                .status()
                .unwrap()
                .success()
        );
    }

    fn run(&self, work: &Path, arguments: &[&str]) -> Output {
        let mut runuser = self.machine.command("runuser");
        runuser.args(["-u", "nobody", "--", "env", "SHELL=/bin/bash"]);
        // What they are logged in with has a home of its own.
        runuser.arg(format!("HOME={}", self.machine.home().display()));
        runuser.arg(self.programs.path().join("kintsugi"));
        runuser
            .args(arguments)
            .current_dir(work)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }
}

impl Drop for Nobody {
    fn drop(&mut self) {
        drop(self.run(Path::new("/"), &["daemon", "stop"]));
    }
}

#[test]
fn what_may_not_be_read_holds_the_command_that_would_delete_it() {
    let Some(nobody) = Nobody::new() else {
        return;
    };
    let (directory, work) = work();
    let closed = work.join("d/closed");
    std::fs::create_dir(work.join("d")).unwrap();
    std::fs::write(&closed, "of another").unwrap();
    nobody.give(directory.path());
    let mut chown = nobody.machine.command("chown");
    assert!(
        chown
            .arg("root:root")
            .arg(&closed)
            .status()
            .unwrap()
            .success()
    );
    std::fs::set_permissions(&closed, std::fs::Permissions::from_mode(0o000)).unwrap();
    let before = all(&work);
    let held = nobody.run(&work, &["run", "--", "rm -rf d"]);
    let reason = format!("`{}` cannot be read", closed.display());
    let home = nobody.machine.home();
    is_held(&held, &reason, (&before, &work), &home);
}

#[test]
fn a_quota_that_is_reached_holds_the_command() {
    let Some(volume) = Volume::with_options(Kind::Xfs, 320, "uquota") else {
        return;
    };
    let Some(nobody) = Nobody::new() else {
        return;
    };
    let mut limit = Command::new("xfs_quota");
    limit.args(["-x", "-c", "limit bhard=8m nobody"]);
    assert!(limit.arg(volume.path()).status().unwrap().success());
    let work = volume.path().join("work");
    std::fs::create_dir(&work).unwrap();
    std::fs::write(work.join("f"), vec![7; 6 << 20]).unwrap();
    // The top as well: there a store is made.
    nobody.give(volume.path());
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(volume.path().parent().unwrap(), open).unwrap();
    let before = all(&work);
    let held = nobody.run(&work, &["run", "--", "rm f"]);
    is_held(&held, "the disk is full", (&before, &work), volume.path());
}

#[test]
fn what_vanishes_while_it_is_kept_holds_the_command() {
    let machine = Machine::new();
    let (_directory, work) = work();
    let tree = work.join("d");
    std::fs::create_dir(&tree).unwrap();
    // It takes a while until this one is copied; the other is found to be there before.
    std::fs::write(tree.join("first"), vec![7; 256 << 20]).unwrap();
    std::fs::write(tree.join("last"), "x").unwrap();
    let store = machine.home().join(".local/share/kintsugi/trash/captures");
    let mut run = machine.kintsugi(&["run", "--", "rm -r d"]);
    run.current_dir(&work).stdin(Stdio::null());
    let child = run
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let is_copying = || {
        let made = std::fs::read_dir(&store).into_iter().flatten().flatten();
        made.map(|entry| entry.path().join("data/object"))
            .any(|object| object.exists())
    };
    while !is_copying() {
        std::thread::yield_now();
    }
    std::fs::remove_file(tree.join("last")).unwrap();
    let before = all(&work);
    let held = child.wait_with_output().unwrap();
    let reason = format!(
        "`{}` changed while it was copied",
        tree.join("last").display()
    );
    is_held(&held, &reason, (&before, &work), &machine.home());
}

#[test]
fn an_undo_where_nothing_may_be_written_changes_nothing_and_works_when_it_may() {
    let Some(nobody) = Nobody::new() else {
        return;
    };
    let (directory, work) = work();
    std::fs::create_dir(work.join("d")).unwrap();
    for name in ["one", "two"] {
        std::fs::write(work.join("d").join(name), name).unwrap();
    }
    nobody.give(directory.path());
    let before = all(&work.join("d"));
    let done = nobody.run(&work, &["run", "--", "rm d/one d/two"]);
    assert!(done.status.success(), "{}", said(&done));
    let closed = std::fs::Permissions::from_mode(0o500);
    std::fs::set_permissions(work.join("d"), closed).unwrap();
    let failed = nobody.run(&work, &["undo"]);
    assert_eq!(failed.status.code(), Some(1), "{}", said(&failed));
    assert_eq!(std::fs::read_dir(work.join("d")).unwrap().count(), 0);
    let open = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(work.join("d"), open).unwrap();
    let undone = nobody.run(&work, &["undo"]);
    assert!(undone.status.success(), "{}", said(&undone));
    assert_eq!(differences(&before, &all(&work.join("d"))), [] as [&str; 0]);
}
