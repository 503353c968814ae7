//! A person's own watcher: what it prints of a tree that grows, of dropped events, and of nothing at all.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use kintsugi_tests::machine::Machine;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::{bursts, fill, until};

/// A watcher of a person, in the foreground.
struct Foreground {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Foreground {
    fn start(machine: &Machine, arguments: &[&str], place: &Path) -> Self {
        let mut command = machine.kintsugi(&["watch", "--json", "--settle=200"]);
        command.args(arguments).arg(place);
        Self::of(command).0
    }

    /// Starts a command that becomes a watcher; returns also what that says first.
    fn of(mut command: Command) -> (Self, String) {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = String::new();
        let errors = child.stderr.take().unwrap();
        let mut errors = BufReader::new(errors);
        errors.read_line(&mut said).unwrap();
        assert!(said.starts_with("kintsugi: watching "), "{said}");
        // What it says later goes nowhere, and it must not end of that.
        std::thread::spawn(move || std::io::copy(&mut errors, &mut std::io::sink()));
        let lines = BufReader::new(child.stdout.take().unwrap());
        (Self { child, lines }, said)
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Adds up bursts until `count` names have been told as created.
    fn created(&mut self, count: u64) -> (u64, u64) {
        let (mut created, mut rescans) = (0, 0);
        while created < count {
            let burst = self.next();
            created += burst["created"].as_u64().unwrap();
            rescans += burst["rescans"].as_u64().unwrap_or_default();
        }
        (created, rescans)
    }

    /// How often it was woken, and the time that it took of a processor, in ticks.
    fn cost(&self) -> (u64, u64) {
        let process = format!("/proc/{}", self.child.id());
        let status = fs::read_to_string(format!("{process}/status")).unwrap();
        let waits = status
            .lines()
            .filter_map(|line| line.split_once("voluntary_ctxt_switches:"))
            .map(|(_, count)| count.trim().parse::<u64>().unwrap())
            .sum();
        let stat = fs::read_to_string(format!("{process}/stat")).unwrap();
        let (_, stat) = stat.rsplit_once(") ").unwrap();
        let ticks = stat.split(' ').skip(11).take(2);
        (
            waits,
            ticks.map(|ticks| ticks.parse::<u64>().unwrap()).sum(),
        )
    }
}

impl Drop for Foreground {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Grows a tree by `files` files, ten in each directory, three directories deep. Returns how many names that makes.
fn grow(top: &Path, files: u64) -> u64 {
    let mut names = 0;
    for group in 0..files.div_ceil(1_000) {
        for directory in 0..100 {
            let made = group * 1_000 + directory * 10;
            if made >= files {
                break;
            }
            let below = top.join(format!("g{group}/d{directory}/x"));
            fs::create_dir_all(&below).unwrap();
            names += 2 + u64::from(directory == 0);
            for file in 0..10.min(files - made) {
                fs::write(below.join(format!("f{file}")), "").unwrap();
                names += 1;
            }
        }
    }
    names
}

#[test]
fn nothing_is_lost_of_a_tree_that_grows_while_it_is_watched() {
    let machine = Machine::new();
    let place = machine.home().join("work");
    fs::create_dir(&place).unwrap();
    let long = std::env::var_os("KINTSUGI_LONG_TESTS").is_some();
    let files = if long { 100_000 } else { 5_000 };
    let mut watch = Foreground::start(&machine, &[], &place);
    let before = Instant::now();
    let names = grow(&place, files);
    let grown = before.elapsed();
    let (created, rescans) = watch.created(names);
    println!(
        "{files} files, {names} names: told {created}, lost {}, {rescans} re-scans; grown in {grown:?}, told after {:?}",
        names - created.min(names),
        before.elapsed()
    );
    assert_eq!(created, names);
    let status = fs::read_to_string(format!("/proc/{}/status", watch.child.id())).unwrap();
    let resident = status.lines().find(|line| line.starts_with("VmRSS:"));
    println!("resident afterwards: {}", resident.unwrap());
    // Nothing more comes of it, and nothing was told twice.
    fs::write(place.join("last"), "").unwrap();
    assert_eq!(watch.next()["created"], 1);
}

#[test]
fn dropped_events_are_made_good_by_looking_again_and_the_record_says_so() {
    let queue = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").unwrap();
    let queue: u64 = queue.trim().parse().unwrap();
    // Where the administrator made room for more, as many files would be made; the reader is tested by itself as well.
    if queue > 128 * 1024 {
        println!("not tried: the kernel keeps {queue} events");
        return;
    }
    let machine = Machine::new();
    let place = machine.home().join("work");
    fill(&place.join("old"), 100);
    let mut watch = Foreground::start(&machine, &[], &place);
    // It sleeps while more happens than the kernel keeps for it.
    kill_process(watch.pid(), Signal::STOP).unwrap();
    let files = queue / 2 + 2_000;
    for number in 0..files {
        fs::write(place.join(format!("new{number}")), "").unwrap();
    }
    fs::remove_dir_all(place.join("old")).unwrap();
    kill_process(watch.pid(), Signal::CONT).unwrap();
    let (mut created, mut removed, mut rescans) = (0, 0, 0);
    while created < files || removed < 101 {
        let burst = watch.next();
        created += burst["created"].as_u64().unwrap();
        removed += burst["removed"].as_u64().unwrap();
        rescans += burst["rescans"].as_u64().unwrap_or_default();
    }
    assert!(rescans > 0, "the kernel dropped nothing");
    assert_eq!((created, removed), (files, 101));
}

#[test]
fn while_nothing_changes_it_is_not_woken() {
    let machine = Machine::new();
    let place = machine.home().join("work");
    fill(&place, 50);
    let mut watch = Foreground::start(&machine, &[], &place);
    fs::write(place.join("a"), "").unwrap();
    assert_eq!(watch.next()["created"], 1);
    // A machine that is busy may let it wait before it goes to sleep.
    until(
        || {
            let before = watch.cost();
            std::thread::sleep(Duration::from_secs(1));
            watch.cost() == before
        },
        |is_asleep| *is_asleep,
    );
    let before = watch.cost();
    std::thread::sleep(Duration::from_secs(5));
    let after = watch.cost();
    println!(
        "5 s of nothing: {} wake-ups, {} ticks",
        after.0 - before.0,
        after.1 - before.1
    );
    assert_eq!(before, after);
}

#[test]
fn what_is_seen_without_a_daemon_is_told_to_the_next_one_once() {
    let machine = Machine::new();
    let place = machine.home().join("work");
    fill(&place, 3);
    let mut watch = Foreground::start(&machine, &[], &place);
    for number in 0..3 {
        fs::write(place.join(format!("secret_token=ghp_{number:036}")), "").unwrap();
        let burst = watch.next();
        assert_eq!(
            (&burst["kept"], &burst["created"]),
            (&true.into(), &1.into())
        );
    }
    let kept = machine.home().join(".local/share/kintsugi/watch.ndjson");
    let text = fs::read_to_string(&kept).unwrap();
    assert_eq!(text.lines().count(), 3);
    assert!(!text.contains("ghp_0000"), "{text}");
    assert!(machine.run(&["daemon", "start"]).status.success());
    let seen = bursts(&machine);
    assert_eq!((seen.len(), &seen[0]["spooled"]), (3, &true.into()));
    assert_eq!(fs::read_to_string(&kept).unwrap(), "");
    // The daemon may have ended between recording and cutting the file.
    assert!(machine.run(&["daemon", "stop"]).status.success());
    fs::write(&kept, text).unwrap();
    assert!(machine.run(&["daemon", "start"]).status.success());
    assert_eq!(bursts(&machine).len(), 3);
}

#[test]
fn beyond_the_watches_that_the_kernel_gives_it_says_so_and_watches_the_rest() {
    const LIMIT: &str = "echo 8 >/proc/sys/user/max_inotify_watches && exec \"$@\"";
    let machine = Machine::new();
    let place = machine.home().join("work");
    for number in 0..40 {
        fs::create_dir_all(place.join(format!("d{number}"))).unwrap();
    }
    // In a user namespace of its own, whose limit is nobody else's (user_namespaces(7)).
    let mut limited = machine.command("unshare");
    limited.args(["--user", "--map-root-user", "sh", "-c", LIMIT, "sh"]);
    let may = machine
        .command("unshare")
        .args(["--user", "--map-root-user", "sh", "-c", LIMIT, "sh", "true"])
        .output();
    if !may.is_ok_and(|output| output.status.success()) {
        eprintln!("SKIPPED: this system lets nobody make a user namespace");
        return;
    }
    limited
        .arg(kintsugi_tests::machine::program("kintsugi"))
        .args(["watch", "--json", "--settle=200"])
        .arg(&place);
    let (mut watch, said) = Foreground::of(limited);
    assert!(
        said.contains("no watch left") && said.contains("fs.inotify.max_user_watches"),
        "{said}"
    );
    fs::write(place.join("new"), "").unwrap();
    assert_eq!(watch.next()["created"], 1);
}
