//! Mass changes: which are alarms, and what explains those that are none.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use kintsugi_tests::machine::Machine;
use serde_json::{Value, json};

use super::{bursts, fill, status, sum, told, until, watched, words};

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

/// As an editor does it: no shell, and nobody is asked.
fn git(machine: &Machine, project: &Path, arguments: &[&str]) {
    let mut git = machine.command("git");
    let done = git.current_dir(project).args(arguments).output().unwrap();
    assert!(done.status.success(), "{arguments:?}: {done:?}");
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
    let git = |arguments: &[&str]| git(&machine, &project, arguments);
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
fn what_git_puts_aside_by_itself_is_no_alarm() {
    let (machine, project) = watched(0, "overwritten = 30\n");
    let git = |arguments: &[&str]| git(&machine, &project, arguments);
    git(&["init", "-q", "-b", "main"]);
    fill(&project.join("lib"), 60);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "one"]);
    for number in 0..60 {
        fs::write(project.join(format!("lib/f{number}.c")), "int y;\n").unwrap();
    }
    fill(&project.join("new"), 60);
    until(|| bursts(&machine), |seen| sum(seen, "created") >= 120);
    // The test itself wrote over so many files, and nobody had been asked.
    let before = words(&told(&machine, "incident")).len();
    git(&["stash", "-q", "--include-untracked"]);
    let seen = until(|| bursts(&machine), |seen| sum(seen, "removed") >= 60);
    let explained: Vec<&str> = seen.iter().filter_map(|one| one["why"].as_str()).collect();
    assert!(
        explained
            .iter()
            .any(|why| why.contains("stash: WIP on main")),
        "{seen:?}"
    );
    assert_eq!(words(&told(&machine, "incident")).len(), before);
    // It explains nothing else that goes at that moment.
    git(&["stash", "pop", "-q"]);
    fill(&project.join("notes"), 60);
    git(&["add", "-N", "notes"]);
    until(|| bursts(&machine), |seen| sum(seen, "created") >= 240);
    fs::remove_dir_all(project.join("notes")).unwrap();
    until(
        || words(&told(&machine, "incident")),
        |all| all.iter().any(|one| one.contains("shop/notes")),
    );
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
    let incidents = until(|| words(&told(&machine, "incident")), |all| !all.is_empty());
    assert!(incidents[0].contains("shop/src"), "{incidents:?}");
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
