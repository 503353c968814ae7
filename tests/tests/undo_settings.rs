//! Undo of a session and of some paths alone, how much may be kept, and what is pruned by age and by the quota.

use std::path::Path;

use kintsugi_tests::machine::{Machine, said};
use kintsugi_tests::tree::work;
use serde_json::Value;

fn ran(machine: &Machine, work: &Path, arguments: &[&str]) -> String {
    let output = machine.run_in(work, arguments);
    assert!(output.status.success(), "{}", said(&output));
    said(&output)
}

fn settings(machine: &Machine, text: &str) {
    let config = machine.home().join(".config/kintsugi");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("capture.toml"), text).unwrap();
}

fn captures(machine: &Machine, work: &Path) -> Vec<Value> {
    let output = machine.run_in(work, &["trash", "list", "--json"]);
    assert!(output.status.success(), "{}", said(&output));
    let listed: Value = serde_json::from_slice(&output.stdout).unwrap();
    listed["captures"].as_array().unwrap().clone()
}

/// Waits until the end of every command is noted: what changed later is newer work.
fn noted(machine: &Machine) {
    let store = machine.home().join(".local/share/kintsugi/trash/captures");
    for entry in std::fs::read_dir(store).unwrap() {
        let mark = entry.unwrap().path().join("ended");
        while !mark.exists() {
            std::thread::yield_now();
        }
    }
}

fn read(work: &Path, name: &str) -> String {
    std::fs::read_to_string(work.join(name)).unwrap_or_default()
}

#[test]
fn a_whole_session_is_undone_the_last_command_first() {
    let machine = Machine::new();
    let (_directory, work) = work();
    std::fs::write(work.join("a"), "one").unwrap();
    std::fs::write(work.join("b"), "one").unwrap();
    for line in ["echo two > a", "echo three > a", "rm b", "mv a c"] {
        ran(&machine, &work, &["run", "--", line]);
        noted(&machine);
    }
    assert_eq!(captures(&machine, &work).len(), 4);
    ran(&machine, &work, &["undo", "--session", "--dry-run"]);
    assert_eq!(read(&work, "c"), "three\n");
    ran(&machine, &work, &["undo", "--session", "--overwrite"]);
    let left = (read(&work, "a"), read(&work, "b"), work.join("c").exists());
    assert_eq!(left, ("one".to_owned(), "one".to_owned(), false));
    let nothing = machine.run_in(&work, &["undo", "--session"]);
    assert_eq!(nothing.status.code(), Some(1), "{}", said(&nothing));
}

#[test]
fn only_what_is_named_is_put_back_and_the_rest_can_be_later() {
    let machine = Machine::new();
    let (_directory, work) = work();
    for name in ["a", "b", "c"] {
        std::fs::write(work.join(name), name).unwrap();
    }
    ran(&machine, &work, &["run", "--", "rm a b c"]);
    ran(&machine, &work, &["undo", "--only", "b", "./c"]);
    let there = |name: &str| work.join(name).exists();
    assert_eq!((there("a"), there("b"), there("c")), (false, true, true));
    ran(&machine, &work, &["undo"]);
    assert_eq!(
        (read(&work, "a"), read(&work, "b")),
        ("a".to_owned(), "b".to_owned())
    );
}

#[test]
fn an_undo_is_undone_without_a_question_when_nothing_is_newer() {
    let machine = Machine::new();
    let (_directory, work) = work();
    for round in 0..8 {
        std::fs::write(work.join("f"), "one").unwrap();
        ran(
            &machine,
            &work,
            &["run", "--", &format!("echo {round} > f")],
        );
        noted(&machine);
        ran(&machine, &work, &["undo"]);
        assert_eq!(read(&work, "f"), "one");
        let newest = captures(&machine, &work).remove(0);
        ran(&machine, &work, &["undo", newest["id"].as_str().unwrap()]);
        assert_eq!(read(&work, "f"), format!("{round}\n"));
    }
}

#[test]
fn each_limit_that_a_person_sets_holds_what_is_beyond_it() {
    let (_directory, work) = work();
    std::fs::create_dir(work.join("d")).unwrap();
    for name in ["d/a", "d/b", "d/c"] {
        std::fs::write(work.join(name), vec![b'x'; 5_000]).unwrap();
    }
    let cases = [
        ("bytes_max = 10000", "over 9.7 KB"),
        ("files_max = 3", "over 3 files"),
        (
            "quota_bytes = 4000",
            "the trash is full (3.9 KB): `kintsugi trash prune` makes room",
        ),
        ("seconds_max = 0", "copying takes longer than 0 s"),
        (
            "bytes = 1",
            "`capture.toml` is not understood, `kintsugi trash list` says why",
        ),
    ];
    for (text, reason) in cases {
        let machine = Machine::new();
        settings(&machine, text);
        let held = machine.run_in(&work, &["run", "--", "rm -r d"]);
        let words = said(&held).split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(held.status.code(), Some(4), "{text}: {words}");
        assert!(
            words.contains(&format!("cannot be undone: {reason}")),
            "{text}: {words}"
        );
        assert!(work.join("d/a").exists());
    }
    let machine = Machine::new();
    settings(&machine, "bytes = 1");
    let refused = machine.run_in(&work, &["trash", "list"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(
        said(&refused).contains("unknown field `bytes`"),
        "{}",
        said(&refused)
    );
    settings(&machine, "");
    ran(&machine, &work, &["run", "--", "rm -r d"]);
}

#[test]
fn a_secret_in_a_name_is_put_back_and_written_nowhere_else() {
    let machine = Machine::new();
    let (_directory, work) = work();
    // In the form of a token, of random letters.
    let secret = ["ghp", "_", "x8Kd02mVqLs71TzRbYp4NcWe93HgUaJf56Qo"].concat();
    let name = format!("key-{secret}");
    for line in [&["rm -f key-*"][..], &["rm", "-f", &name]] {
        std::fs::write(work.join(&name), "kept").unwrap();
        ran(&machine, &work, &[&["run", "--"], line].concat());
        let listed = machine.run_in(&work, &["trash", "list", "--json"]);
        assert!(!said(&listed).contains(&secret), "{}", said(&listed));
        ran(&machine, &work, &["undo"]);
        assert_eq!(read(&work, &name), "kept");
    }
    for entry in std::fs::read_dir(machine.log()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!text.contains(&secret), "{}", path.display());
    }
}

#[test]
fn pruning_takes_what_is_too_old_and_the_oldest_beyond_the_quota() {
    let machine = Machine::new();
    let (_directory, work) = work();
    for number in 0..3 {
        std::fs::write(work.join("f"), format!("{number}").repeat(3_000)).unwrap();
        ran(
            &machine,
            &work,
            &["run", "--", &format!("rm f; : {number}")],
        );
    }
    let ids = |machine: &Machine| -> Vec<String> {
        let listed = captures(machine, &work);
        listed.iter().map(|one| one["id"].to_string()).collect()
    };
    let all = ids(&machine);
    assert_eq!(all.len(), 3);
    ran(&machine, &work, &["trash", "prune"]);
    assert_eq!(ids(&machine), all);
    settings(&machine, "quota_bytes = 7000");
    ran(&machine, &work, &["trash", "prune"]);
    assert_eq!(ids(&machine), all[..2]);
    ran(&machine, &work, &["trash", "prune", "--to", "3000"]);
    assert_eq!(ids(&machine), all[..1]);
    // One that is as old as its summary says.
    let store = machine.home().join(".local/share/kintsugi/trash/captures");
    let summary = store.join(all[0].trim_matches('"')).join("summary.json");
    let mut written: Value = serde_json::from_slice(&std::fs::read(&summary).unwrap()).unwrap();
    let days_ago = |days: i64| {
        let seconds = jiff::Timestamp::now().as_second() - days * 86_400;
        jiff::Timestamp::from_second(seconds).unwrap().to_string()
    };
    written["at"] = days_ago(29).into();
    std::fs::write(&summary, written.to_string()).unwrap();
    ran(&machine, &work, &["trash", "prune"]);
    assert_eq!(ids(&machine).len(), 1);
    settings(&machine, "days = 28");
    ran(&machine, &work, &["trash", "prune"]);
    assert_eq!(ids(&machine).len(), 0);
}

/// What is overwritten is copied into a store by what is in it: the same text twice, and once more later, is one object.
#[test]
fn what_is_the_same_is_kept_once() {
    let machine = Machine::new();
    let (_directory, work) = work();
    for name in ["a", "b", "c"] {
        std::fs::write(work.join(name), "the same in each").unwrap();
    }
    ran(&machine, &work, &["run", "--", "echo x | tee a b"]);
    noted(&machine);
    ran(&machine, &work, &["run", "--", "echo x > c"]);
    assert_eq!(captures(&machine, &work).len(), 2);
    let objects = machine.home().join(".local/share/kintsugi/trash/objects");
    let mut kept = Vec::new();
    let mut open = vec![objects];
    while let Some(directory) = open.pop() {
        for entry in std::fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                kept.push(std::fs::read_to_string(path).unwrap());
            }
        }
    }
    assert_eq!(kept, ["the same in each"]);
    ran(&machine, &work, &["undo", "--session", "--overwrite"]);
    for name in ["a", "b", "c"] {
        assert_eq!(read(&work, name), "the same in each");
    }
}
