//! The watcher: what slips past the gates is seen, and a mass change that no decision explains is told.
//!
//! Everything that is removed here lies in a directory of the test's own, and is removed by the test or by a program that is given
//! its absolute path.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use kintsugi_tests::machine::Machine;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

/// Longest that anything here is waited for, on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(120);

/// Asks until it is so.
fn until<T: std::fmt::Debug>(mut look: impl FnMut() -> T, is_so: impl Fn(&T) -> bool) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seen = look();
        if is_so(&seen) {
            return seen;
        }
        assert!(Instant::now() < deadline, "{seen:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A machine whose daemon watches `~/work`, with a project of `files` files in it.
fn watched(files: usize, more: &str) -> (Machine, PathBuf) {
    let machine = Machine::new();
    let project = machine.home().join("work/shop");
    fill(&project.join("src"), files);
    let settings = machine.home().join(".config/kintsugi");
    fs::create_dir_all(&settings).unwrap();
    let text = format!("[watch]\nplaces = [\"~/work\"]\nsettle_ms = 200\n{more}");
    fs::write(settings.join("daemon.toml"), text).unwrap();
    assert!(machine.run(&["daemon", "start"]).status.success());
    until(|| watching(&machine), |watch| watch["says"].is_string());
    (machine, project)
}

fn fill(directory: &Path, files: usize) {
    fs::create_dir_all(directory).unwrap();
    for number in 0..files {
        fs::write(directory.join(format!("f{number}.c")), "int x;\n").unwrap();
    }
}

/// How the watcher is.
fn watching(machine: &Machine) -> Value {
    let output = machine.run(&["watch", "--json"]);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"))
}

fn status(machine: &Machine) -> Value {
    let output = machine.run(&["status", "--json"]);
    let status: Value = serde_json::from_slice(&output.stdout).unwrap();
    status["status"].clone()
}

fn watcher_pid(machine: &Machine) -> Option<Pid> {
    let status = status(machine);
    let children = status["children"].as_array().unwrap();
    let watch = children
        .iter()
        .find(|child| child["name"] == "watch")
        .unwrap();
    Pid::from_raw(i32::try_from(watch["pid"].as_i64()?).unwrap())
}

/// What stands in the log of one kind, as `log --json` tells it.
fn told(machine: &Machine, kind: &str) -> Vec<Value> {
    let log = machine.run(&["log", "--json"]);
    let log = String::from_utf8(log.stdout).unwrap();
    let entries = log.lines().map(|line| serde_json::from_str(line).unwrap());
    entries
        .filter(|entry: &Value| entry["kind"] == kind)
        .collect()
}

fn words(entries: &[Value]) -> Vec<String> {
    let words = entries
        .iter()
        .map(|entry| entry["reason"].as_str().unwrap().to_owned());
    words.collect()
}

/// The records of bursts, whole.
fn bursts(machine: &Machine) -> Vec<Value> {
    let mut found = Vec::new();
    let mut segments: Vec<_> = fs::read_dir(machine.log()).unwrap().flatten().collect();
    segments.sort_by_key(std::fs::DirEntry::file_name);
    for segment in segments {
        let name = segment.file_name();
        if !name.to_string_lossy().starts_with("seg-") {
            continue;
        }
        let text = fs::read_to_string(segment.path()).unwrap();
        for line in text.lines() {
            let record: Value = serde_json::from_str(line).unwrap();
            if record["kind"] == "observation" {
                found.push(record["s"]["seen"].clone());
            }
        }
    }
    found
}

fn sum(bursts: &[Value], member: &str) -> u64 {
    let counts = bursts
        .iter()
        .map(|seen| seen["burst"][member].as_u64().unwrap_or_default());
    counts.sum()
}

/// A watcher of a person, in the foreground.
struct Foreground {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Foreground {
    fn start(machine: &Machine, arguments: &[&str], place: &Path) -> Self {
        let mut command = machine.kintsugi(&["watch", "--json", "--settle=200"]);
        command
            .args(arguments)
            .arg(place)
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
        Self { child, lines }
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
fn a_burst_is_one_record_and_what_makes_up_for_itself_is_none() {
    let (machine, project) = watched(40, "");
    // An editor's way of saving, a build's of leaving nothing behind, and what is not looked at.
    fs::write(project.join("src/.f1.c.swp"), "int y;\n").unwrap();
    fs::rename(project.join("src/.f1.c.swp"), project.join("src/f1.c")).unwrap();
    fs::write(project.join("src/lock"), "").unwrap();
    fs::remove_file(project.join("src/lock")).unwrap();
    fs::create_dir_all(project.join("node_modules/x")).unwrap();
    fs::write(project.join("node_modules/x/y"), "").unwrap();
    let odd = std::ffi::OsStr::from_bytes(b"odd\xff.c");
    fs::write(project.join("src").join(odd), "").unwrap();
    fs::rename(project.join("src/f2.c"), project.join("src/g2.c")).unwrap();
    let seen = until(|| bursts(&machine), |seen| sum(seen, "renamed") == 1);
    let of = |member| sum(&seen, member);
    // A machine that is busy may need two bursts for it; then the lock may have been seen.
    if seen.len() == 1 {
        assert_eq!(
            (of("created"), of("modified"), of("removed")),
            (2, 1, 0),
            "{seen:?}"
        );
    }
    let examples = seen
        .iter()
        .flat_map(|one| one["burst"]["examples"].as_array().unwrap());
    let paths: Vec<&str> = examples.map(|one| one["path"].as_str().unwrap()).collect();
    assert!(paths.contains(&"shop/src/odd\\xff.c"), "{paths:?}");
    assert!(
        !paths.iter().any(|path| path.contains("node_modules/")),
        "{paths:?}"
    );
    assert!(
        seen[0]["own"] == true
            && seen[0]["burst"]["place"]
                .as_str()
                .unwrap()
                .ends_with("/work")
    );
}

#[test]
fn a_mass_deletion_without_a_decision_is_an_incident_and_told() {
    let (machine, project) = watched(60, "");
    let told_by = machine.home().join("told");
    let notify = format!(
        "printf '%s\\n' \"$KINTSUGI_REASON\" >>'{}'",
        told_by.display()
    );
    let mut notify = machine
        .kintsugi(&["notify", "--command", &notify])
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    // Once it has told of something it listens.
    let held = machine.run(&["run", "--", "git push --force"]);
    assert_eq!(held.status.code(), Some(4), "{held:?}");
    until(
        || fs::read_to_string(&told_by).unwrap_or_default(),
        |said| !said.is_empty(),
    );
    // A command that only reads explains nothing.
    let path = project.display().to_string();
    assert!(
        machine
            .run(&["run", "--", &format!("ls {path}")])
            .status
            .success()
    );
    // A program that nobody was asked about, with one of the files open, stands there.
    let mut other = Command::new("sleep")
        .arg("600")
        .current_dir(&project)
        .stdin(Stdio::from(
            fs::File::open(project.join("src/f7.c")).unwrap(),
        ))
        .spawn()
        .unwrap();
    fs::remove_dir_all(project.join("src")).unwrap();
    let incidents = until(|| words(&told(&machine, "incident")), |all| !all.is_empty());
    let what = &incidents[0];
    assert!(
        what.contains("removed") && what.contains("shop/src"),
        "{what}"
    );
    assert!(what.contains("no decision explains it"), "{what}");
    assert!(what.contains(&format!("sleep ({})", other.id())), "{what}");
    let problems = status(&machine)["problems"].to_string();
    assert!(problems.contains("no decision explains it"), "{problems}");
    let said = until(
        || fs::read_to_string(&told_by).unwrap_or_default(),
        |said| said.contains("no decision explains it"),
    );
    assert!(said.contains("shop/src"), "{said}");
    // What a program still had open was kept.
    let rescued = machine.home().join(".local/share/kintsugi/rescued");
    let kept = until(
        || {
            let kept = fs::read_dir(&rescued).ok()?.flatten().next()?;
            fs::read_to_string(kept.path().join("shop/src/f7.c")).ok()
        },
        |kept| kept.as_deref() == Some("int x;\n"),
    );
    assert!(kept.is_some());
    for child in [&mut notify, &mut other] {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    // It is said for a day, also after a restart.
    assert!(machine.run(&["daemon", "restart"]).status.success());
    let problems = status(&machine)["problems"].to_string();
    assert!(problems.contains("no decision explains it"), "{problems}");
}

/// Runs a line as whoever proposes first, in a directory of the project.
fn propose(machine: &Machine, directory: &Path, line: &str) -> (Option<i32>, String) {
    let mut command = machine.kintsugi(&["run", "--", line]);
    command.current_dir(directory).stdin(Stdio::null());
    let ran = command.output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    (ran.status.code(), said)
}

/// The bursts, once one of them is explained.
fn explained(machine: &Machine) -> Value {
    let seen = until(
        || bursts(machine),
        |seen| seen.iter().any(|one| one["why"].is_string()),
    );
    let mut explained = seen.into_iter().filter(|one| one["why"].is_string());
    explained.next().unwrap()
}

#[test]
fn what_a_person_approved_is_explained_by_it() {
    let (machine, project) = watched(40, "");
    let line = format!("rm -rf {}", project.join("src").display());
    let (answer, why) = machine.agent_asks(&line, &project);
    assert_eq!(answer, "deny", "{why}");
    let (_, id) = why.rsplit_once("kintsugi approve ").unwrap();
    let id: String = id.chars().take_while(char::is_ascii_hexdigit).collect();
    let (code, printed) = machine.elsewhere(&["approve", &id]);
    assert_eq!(code, 0, "{printed}");
    let (answer, why) = machine.agent_asks(&line, &project);
    assert_eq!(answer, "allow", "{why}");
    // The agent does it now.
    fs::remove_dir_all(project.join("src")).unwrap();
    let explained = explained(&machine);
    assert!(
        explained["why"].as_str().unwrap().contains("rm -rf"),
        "{explained}"
    );
    assert!(explained["decision"].is_string(), "{explained}");
    assert_eq!(words(&told(&machine, "incident")), Vec::<String>::new());
    let told = words(&told(&machine, "observation"));
    assert!(told.iter().any(|one| one.contains("rm -rf")), "{told:?}");
}

#[test]
fn what_an_allowed_program_does_in_its_project_is_explained_by_it() {
    let (machine, project) = watched(40, "");
    // A program that no entry describes, and that nobody can read beforehand; it works from another directory of the project.
    let program = machine.home().join("tidy");
    fs::create_dir_all(project.join(".git")).unwrap();
    fs::create_dir_all(project.join("tools")).unwrap();
    fs::copy("/bin/rm", &program).unwrap();
    let line = format!("{} -r ../src", program.display());
    let (code, said) = propose(&machine, &project.join("tools"), &line);
    assert_eq!(code, Some(0), "{said}");
    let explained = explained(&machine);
    assert!(
        explained["why"]
            .as_str()
            .unwrap()
            .contains("tidy -r ../src"),
        "{explained}"
    );
    assert_eq!(words(&told(&machine, "incident")), Vec::<String>::new());
}

#[test]
fn git_that_moves_between_commits_by_itself_is_no_alarm_and_what_it_does_not_explain_is() {
    let (machine, project) = watched(0, "");
    let git = |arguments: &[&str]| {
        let mut git = machine.command("git");
        let done = git.current_dir(&project).args(arguments).output().unwrap();
        assert!(done.status.success(), "{arguments:?}: {done:?}");
    };
    git(&["init", "-q", "-b", "main"]);
    fs::write(project.join("readme"), "x").unwrap();
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "one"]);
    git(&["checkout", "-q", "-b", "side"]);
    fill(&project.join("lib"), 60);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "two"]);
    until(|| bursts(&machine), |seen| sum(seen, "created") >= 60);
    // As an editor does it: no shell, and nobody was asked.
    git(&["checkout", "-q", "main"]);
    let seen = until(|| bursts(&machine), |seen| sum(seen, "removed") >= 60);
    let explained: Vec<&str> = seen.iter().filter_map(|one| one["why"].as_str()).collect();
    assert!(
        explained
            .iter()
            .any(|why| why.contains("checkout: moving from side to main")),
        "{seen:?}"
    );
    assert_eq!(words(&told(&machine, "incident")), Vec::<String>::new());
    // The next checkout does not cover what is removed beside it.
    fill(&project.join("notes"), 60);
    git(&["checkout", "-q", "side"]);
    until(|| bursts(&machine), |seen| sum(seen, "created") >= 180);
    fs::remove_dir_all(project.join("notes")).unwrap();
    git(&["checkout", "-q", "main"]);
    let incidents = until(|| words(&told(&machine, "incident")), |all| !all.is_empty());
    assert!(
        incidents[0].contains("no decision explains it"),
        "{incidents:?}"
    );
}

#[test]
fn a_repository_that_goes_whole_is_an_incident_however_small() {
    let (machine, project) = watched(3, "");
    fs::create_dir_all(project.join(".git/refs")).unwrap();
    // It is entered in no burst; what is told of it is its name alone.
    until(|| bursts(&machine), |seen| sum(seen, "created") >= 1);
    fs::remove_dir_all(project.join(".git")).unwrap();
    let incidents = until(|| words(&told(&machine, "incident")), |all| !all.is_empty());
    assert!(
        incidents[0].contains("a repository's history"),
        "{incidents:?}"
    );
}

#[test]
fn many_files_written_over_are_an_incident_and_a_few_are_none() {
    let (machine, project) = watched(50, "overwritten = 40\n");
    for number in 0..10 {
        fs::write(project.join(format!("src/f{number}.c")), "other").unwrap();
    }
    until(|| bursts(&machine), |seen| sum(seen, "modified") >= 10);
    assert_eq!(words(&told(&machine, "incident")), Vec::<String>::new());
    for number in 0..50 {
        fs::write(project.join(format!("src/f{number}.c")), "another").unwrap();
    }
    let incidents = until(|| words(&told(&machine, "incident")), |all| !all.is_empty());
    assert!(incidents[0].contains("written over"), "{incidents:?}");
}

#[test]
fn only_what_the_daemons_own_watcher_says_can_be_an_incident() {
    let (machine, project) = watched(0, "");
    let burst = json!({
        "id": uuid::Uuid::new_v4(), "place": project, "from": 1, "to": 2, "removed": 1_000,
        "directories": [{"path": "src", "removed": 1_000}],
    });
    let mut wire = kintsugi_tests::wire::Wire::connect(&machine.socket());
    let frame = json!({"kind": "observe", "change": "removed", "path": project, "burst": burst});
    assert_eq!(wire.ask(&frame)["kind"], "ack");
    // The message of clients that know no bursts.
    let plain = json!({"kind": "observe", "change": "removed", "path": "/x"});
    assert_eq!(wire.ask(&plain)["kind"], "ack");
    let seen = until(|| bursts(&machine), |seen| seen.len() >= 2);
    assert_eq!(seen[0]["burst"]["removed"], 1_000);
    assert_eq!(seen[0]["own"], Value::Null);
    assert_eq!(seen[0]["by"]["pid"], std::process::id());
    assert_eq!(words(&told(&machine, "incident")), Vec::<String>::new());
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
fn a_watcher_that_is_killed_is_started_again_and_sees_what_comes() {
    let (machine, project) = watched(3, "");
    let first = watcher_pid(&machine).unwrap();
    kill_process(first, Signal::KILL).unwrap();
    until(
        || watcher_pid(&machine),
        |pid| pid.is_some_and(|pid| pid != first),
    );
    until(|| watching(&machine), |watch| watch["says"].is_string());
    assert_eq!(watching(&machine)["restarts"], 1);
    let child = words(&told(&machine, "child"));
    assert!(
        child
            .iter()
            .any(|one| one.contains("watch: ended: signal: 9")),
        "{child:?}"
    );
    fs::write(project.join("src/new.c"), "").unwrap();
    until(|| bursts(&machine), |seen| sum(seen, "created") == 1);
}

#[test]
fn status_doctor_and_the_command_say_what_is_watched() {
    let (machine, _) = watched(0, "");
    let place = machine.home().join("work").display().to_string();
    let said = |arguments: &[&str]| String::from_utf8(machine.run(arguments).stdout).unwrap();
    assert!(said(&["watch"]).starts_with(&place), "{}", said(&["watch"]));
    let status = said(&["status"]);
    let line = status.lines().find(|line| line.starts_with("watches"));
    assert!(line.is_some_and(|line| line.contains(&place)), "{status}");
    let doctor = said(&["doctor", "--no-probe"]);
    assert!(
        doctor
            .lines()
            .any(|line| line.contains("watch") && line.contains(&place)),
        "{doctor}"
    );
}
