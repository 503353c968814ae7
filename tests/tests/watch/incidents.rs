//! Mass changes: which are alarms, and what explains those that are none.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use kintsugi_tests::copies::copy_program;
use kintsugi_tests::machine::Machine;
use serde_json::{Value, json};

use super::{bursts, status, sum, told, until, watched, words};

/// `kintsugi notify`, which writes down what it is told.
struct Listener {
    child: Child,
    told: PathBuf,
}

impl Listener {
    /// Starts it, and waits until it listens: once it has told of something it does.
    fn start(machine: &Machine) -> Self {
        let told = machine.home().join("told");
        let command = format!("printf '%s\\n' \"$KINTSUGI_REASON\" >>'{}'", told.display());
        let mut notify = machine.kintsugi(&["notify", "--command", &command]);
        let child = notify.stdin(Stdio::null()).spawn().unwrap();
        let listener = Self { child, told };
        let held = machine.run(&["run", "--", "git push --force"]);
        assert_eq!(held.status.code(), Some(4), "{held:?}");
        listener.hears("");
        listener
    }

    /// Waits until it was told something with `words` in it, and returns all of it.
    fn hears(&self, words: &str) -> String {
        let read = || fs::read_to_string(&self.told).unwrap_or_default();
        until(read, |said| !said.is_empty() && said.contains(words))
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// A program that nobody was asked about, which stands in a directory with one of its files open.
struct Bystander(Child);

impl Bystander {
    fn with(directory: &Path, file: &str) -> Self {
        let opened = fs::File::open(directory.join(file)).unwrap();
        let mut sleep = Command::new("sleep");
        sleep.arg("600").current_dir(directory);
        Self(sleep.stdin(Stdio::from(opened)).spawn().unwrap())
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        end(&mut self.0);
    }
}

fn end(child: &mut Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Waits for an incident, and returns what is said of the first one.
fn incident(machine: &Machine) -> String {
    let all = until(|| words(&told(machine, "incident")), |all| !all.is_empty());
    all.into_iter().next().unwrap()
}

#[track_caller]
fn no_incident(machine: &Machine) {
    assert_eq!(words(&told(machine, "incident")), Vec::<String>::new());
}

/// Waits for a burst that something explains, and returns it.
fn explained(machine: &Machine) -> Value {
    let is_explained = |one: &Value| one["why"].is_string();
    let seen = until(|| bursts(machine), |seen| seen.iter().any(is_explained));
    seen.into_iter().find(is_explained).unwrap()
}

fn problems(machine: &Machine) -> String {
    status(machine)["problems"].to_string()
}

#[test]
fn a_mass_deletion_without_a_decision_is_an_incident_and_told() {
    let (machine, project) = watched(60, "");
    let listener = Listener::start(&machine);
    // A command that only reads explains nothing.
    let line = format!("ls {}", project.display());
    assert!(machine.run(&["run", "--", &line]).status.success());

    fs::remove_dir_all(project.join("src")).unwrap();

    let what = incident(&machine);
    assert!(what.contains("removed"), "{what}");
    assert!(what.contains("shop/src"), "{what}");
    assert!(what.contains("no decision explains it"), "{what}");
    let said = listener.hears("no decision explains it");
    assert!(said.contains("shop/src"), "{said}");
    // In status it stands for a day, also after a restart.
    assert!(problems(&machine).contains("no decision explains it"));
    assert!(machine.run(&["daemon", "restart"]).status.success());
    assert!(problems(&machine).contains("no decision explains it"));
}

#[test]
fn an_incident_names_who_stood_there_and_what_they_had_open_is_kept() {
    let (machine, project) = watched(60, "");
    let bystander = Bystander::with(&project, "src/f7.c");

    fs::remove_dir_all(project.join("src")).unwrap();

    let what = incident(&machine);
    let name = format!("sleep ({})", bystander.0.id());
    assert!(what.contains(&name), "{what}");
    let rescued = machine.home().join(".local/share/kintsugi/rescued");
    let read = || {
        let burst = fs::read_dir(&rescued).ok()?.flatten().next()?;
        fs::read_to_string(burst.path().join("shop/src/f7.c")).ok()
    };
    until(read, |kept| kept.as_deref() == Some("int x;\n"));
}

/// Runs a line as whoever proposes first, in a directory of the project.
fn propose(machine: &Machine, directory: &Path, line: &str) -> (Option<i32>, String) {
    let mut command = machine.kintsugi(&["run", "--", line]);
    command.current_dir(directory).stdin(Stdio::null());
    let ran = command.output().unwrap();
    let said = String::from_utf8(ran.stderr).unwrap();
    (ran.status.code(), said)
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
    no_incident(&machine);
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
    copy_program("/bin/rm", &program);
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
    no_incident(&machine);
}

#[test]
fn a_repository_that_goes_whole_is_an_incident_however_small() {
    let (machine, project) = watched(3, "");
    fs::create_dir_all(project.join(".git/refs")).unwrap();
    // It is entered in no burst; what is told of it is its name alone.
    until(|| bursts(&machine), |seen| sum(seen, "created") >= 1);
    fs::remove_dir_all(project.join(".git")).unwrap();
    let what = incident(&machine);
    assert!(what.contains("a repository's history"), "{what}");
}

#[test]
fn many_files_written_over_are_an_incident_and_a_few_are_none() {
    let (machine, project) = watched(50, "overwritten = 40\n");
    for number in 0..10 {
        fs::write(project.join(format!("src/f{number}.c")), "other").unwrap();
    }
    until(|| bursts(&machine), |seen| sum(seen, "modified") >= 10);
    no_incident(&machine);
    for number in 0..50 {
        fs::write(project.join(format!("src/f{number}.c")), "another").unwrap();
    }
    let what = incident(&machine);
    assert!(what.contains("written over"), "{what}");
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
    no_incident(&machine);
}

#[test]
fn what_went_while_nobody_watched_is_told_at_the_next_start() {
    let (machine, project) = watched(60, "");
    fs::write(project.join("src/late.c"), "").unwrap();
    until(|| bursts(&machine), |seen| sum(seen, "created") >= 1);
    let seen = machine.home().join(".local/share/kintsugi/watch.seen");
    until(|| seen.exists(), |is_kept| *is_kept);
    assert!(machine.run(&["daemon", "stop"]).status.success());
    let before = bursts(&machine).len();
    for number in 0..40 {
        fs::remove_file(project.join(format!("src/f{number}.c"))).unwrap();
    }
    fs::write(project.join("src/f50.c"), "other").unwrap();
    fs::write(project.join("src/new.c"), "").unwrap();
    assert!(machine.run(&["daemon", "start"]).status.success());
    let told_now = until(|| bursts(&machine), |seen| sum(seen, "removed") >= 40);
    let new = &told_now[before..];
    let of = |member| sum(new, member);
    assert_eq!(
        (of("removed"), of("created"), of("modified"), of("rescans")),
        (40, 1, 1, 1),
        "{new:?}"
    );
    let what = incident(&machine);
    assert!(what.contains("shop/src"), "{what}");
    // At the start after that nothing is left to tell.
    let count = bursts(&machine).len();
    assert!(machine.run(&["daemon", "restart"]).status.success());
    until(
        || super::watching(&machine),
        |watch| watch["says"].is_string(),
    );
    fs::write(project.join("src/last.c"), "").unwrap();
    let after = until(|| bursts(&machine), |seen| seen.len() > count);
    assert_eq!(sum(&after[count..], "removed"), 0, "{after:?}");
}
