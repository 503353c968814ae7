//! `kintsugi doctor`: a gate that works is found to work, and one that has gone dark is found dark. What is said of places, too: which
//! `setup` noted, and which a project brings.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use kintsugi_tests::copies::copy_program;
use kintsugi_tests::machine::{Machine, fed, program};
use kintsugi_tests::seat::Seat;
use kintsugi_tests::shells::Shell;
use kintsugi_tests::waiting::until;
use serde_json::{Value, json};

/// A machine with the programs in a directory of their own, two agents and two shells, all wired.
fn wired() -> (Machine, std::path::PathBuf) {
    let machine = Machine::new();
    let bin = machine.home().join("my bin");
    std::fs::create_dir(&bin).unwrap();
    for name in ["kintsugi", "kintsugi-hook", "kintsugi-daemon"] {
        copy_program(program(name), bin.join(name));
    }
    for directory in [".claude", ".cursor"] {
        std::fs::create_dir(machine.home().join(directory)).unwrap();
    }
    // fish greets with its own words before it reads a key.
    std::fs::create_dir_all(machine.home().join(".config/fish")).unwrap();
    for file in [".bashrc", ".zshrc", ".config/fish/config.fish"] {
        std::fs::write(machine.home().join(file), "").unwrap();
    }
    let kintsugi = bin.join("kintsugi");
    let setup = machine.command(&kintsugi).arg("setup").output().unwrap();
    assert!(setup.status.success(), "{setup:?}");
    (machine, kintsugi)
}

fn doctor(
    machine: &Machine,
    kintsugi: &std::path::Path,
    arguments: &[&str],
) -> (Option<i32>, Vec<Value>) {
    let mut command = machine.command(kintsugi);
    let output = command
        .args(["doctor", "--json"])
        .args(arguments)
        .output()
        .unwrap();
    let checks = String::from_utf8(output.stdout).unwrap();
    let checks = checks
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    (output.status.code(), checks)
}

fn found<'a>(checks: &'a [Value], name: &str) -> (&'a str, &'a str) {
    let check = checks.iter().find(|check| check["name"] == name);
    let check = check.unwrap_or_else(|| panic!("{name}: {checks:?}"));
    (
        check["grade"].as_str().unwrap(),
        check["found"].as_str().unwrap(),
    )
}

#[test]
fn every_gate_that_is_wired_refuses_the_probe_and_nothing_is_left_of_it() {
    let (machine, kintsugi) = wired();
    let (code, checks) = doctor(&machine, &kintsugi, &["--fix"]);
    assert_eq!(code, Some(0), "{checks:?}");
    for name in ["claude-code", "cursor", "bash", "zsh", "fish"] {
        let (grade, words) = found(&checks, name);
        assert!(
            grade == "good" && words.contains("refused a probe"),
            "{name}: {words}"
        );
    }
    for name in ["programs", "daemon", "socket", "log", "policy"] {
        assert_eq!(found(&checks, name).0, "good", "{checks:?}");
    }
    let pending = machine.run(&["pending", "--json"]);
    let pending: Value = serde_json::from_slice(&pending.stdout).unwrap();
    assert_eq!(pending["items"], serde_json::json!([]));
}

#[test]
fn a_gate_that_lets_everything_through_is_found() {
    let (machine, kintsugi) = wired();
    let hook = kintsugi.with_file_name("kintsugi-hook");
    std::fs::remove_file(&hook).unwrap();
    std::fs::write(&hook, "#!/bin/sh\nexit 0\n").unwrap();
    std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    let (code, checks) = doctor(&machine, &kintsugi, &["--fix"]);
    assert_eq!(code, Some(1));
    for name in ["claude-code", "cursor"] {
        let (grade, words) = found(&checks, name);
        assert!(
            grade == "bad" && words.contains("came through"),
            "{name}: {words}"
        );
    }
}

/// Tells the daemon when to try the gates.
fn rounds(machine: &Machine, settings: &str) {
    let directory = machine.home().join(".config/kintsugi");
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join("daemon.toml"), settings).unwrap();
}

/// What `kintsugi status` says is wrong.
fn problems(machine: &Machine) -> Vec<String> {
    let status = machine.run(&["status", "--json"]);
    let status: Value = serde_json::from_slice(&status.stdout).unwrap();
    assert_eq!(status["running"], true);
    let problems = status["status"]["problems"].as_array();
    let problems = problems.map_or(&[][..], Vec::as_slice).iter();
    problems
        .map(|one| one.as_str().unwrap().to_owned())
        .collect()
}

fn incidents(machine: &Machine) -> Vec<String> {
    let log = machine.run(&["log", "--json"]);
    let log = String::from_utf8(log.stdout).unwrap();
    let entries = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let incidents = entries.filter(|entry| entry["kind"] == "incident");
    incidents.map(|entry| entry.to_string()).collect()
}

#[test]
fn a_gate_that_goes_dark_is_an_incident_told_in_red_and_over_when_it_is_back() {
    let (machine, kintsugi) = wired();
    rounds(&machine, "[doctor]\nevery_hours = 0\n");
    let start = |arguments: &[&str]| {
        let mut command = machine.command(&kintsugi);
        let path = std::env::var("PATH").unwrap();
        let own = machine.home().join("own");
        command.env("PATH", format!("{}:{path}", own.display()));
        command.env("TMUX", "x").args(arguments).output().unwrap()
    };
    // A tmux of this test alone, by which somebody is told.
    let told = machine.home().join("told");
    let tmux = format!(
        "#!/bin/sh\ncase $1 in list-clients) echo c ;; *) echo \"$@\" >>'{}' ;; esac\n",
        told.display()
    );
    std::fs::create_dir(machine.home().join("own")).unwrap();
    std::fs::write(machine.home().join("own/tmux"), tmux).unwrap();
    let executable = || std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(machine.home().join("own/tmux"), executable()).unwrap();

    // All is well: not a word, and not an incident.
    assert!(start(&["daemon", "start"]).status.success());
    let round = start(&["doctor", "--round=person"]);
    assert_eq!(round.status.code(), Some(0), "{round:?}");
    assert!(
        round.stdout.is_empty() && round.stderr.is_empty(),
        "{round:?}"
    );
    assert!(incidents(&machine).is_empty() && problems(&machine).is_empty());

    // One line is taken out by somebody, one hook lets everything through.
    assert!(start(&["daemon", "stop"]).status.success());
    std::fs::write(machine.home().join(".bashrc"), "").unwrap();
    let hook = kintsugi.with_file_name("kintsugi-hook");
    let whole = std::fs::read(&hook).unwrap();
    std::fs::remove_file(&hook).unwrap();
    std::fs::write(&hook, "#!/bin/sh\nexit 0\n").unwrap();
    std::fs::set_permissions(&hook, executable()).unwrap();
    // The notes of a round that found all well put the next one off by a day.
    std::fs::remove_file(machine.home().join(".local/share/kintsugi/doctor.json")).unwrap();
    rounds(&machine, "[doctor]\nafter_seconds = 0\n");
    assert!(start(&["daemon", "start"]).status.success());
    let dark = |all: &Vec<String>| {
        ["bash", "zsh", "Claude Code", "Cursor"].iter().all(|name| {
            let words = format!("the gate of {name} has gone dark: ");
            all.iter().any(|one| one.contains(&words))
        })
    };
    until(|| problems(&machine), dark);
    assert!(dark(&incidents(&machine)), "{:?}", incidents(&machine));
    let said = until(
        || std::fs::read_to_string(&told).unwrap_or_default(),
        |told| told.matches("gone dark").count() >= 4,
    );
    assert!(
        said.contains("Kintsugi: a person must look: the gate of bash"),
        "{said}"
    );

    // Mended: the next round finds it so, and nothing is wrong any more.
    assert!(start(&["daemon", "stop"]).status.success());
    std::fs::remove_file(&hook).unwrap();
    std::fs::write(&hook, whole).unwrap();
    std::fs::set_permissions(&hook, executable()).unwrap();
    assert!(start(&["setup"]).status.success());
    assert!(start(&["daemon", "start"]).status.success());
    until(
        || {
            std::fs::read_to_string(machine.home().join(".local/share/kintsugi/doctor.json"))
                .unwrap()
        },
        |notes| notes.contains("\"well\":true"),
    );
    assert_eq!(problems(&machine), Vec::<String>::new());
    assert_eq!(incidents(&machine).len(), 4);
}

#[test]
fn what_is_not_wired_and_no_daemon_are_said_with_what_to_do() {
    let (machine, kintsugi) = wired();
    std::fs::write(machine.home().join(".claude/settings.json"), "{}").unwrap();
    let (code, checks) = doctor(&machine, &kintsugi, &[]);
    assert_eq!(code, Some(1));
    assert_eq!(found(&checks, "daemon").0, "bad");
    let (grade, words) = found(&checks, "claude-code");
    assert!(
        grade == "bad" && words.contains("does not call the hook"),
        "{words}"
    );
    assert_eq!(
        found(&checks, "cursor").1,
        "wired, not tried without a daemon"
    );
    // No daemon was ever here, so there is no log that could be altered.
    assert_eq!(found(&checks, "log").0, "warning");
}

#[test]
fn a_file_that_cannot_be_wired_is_named_with_what_to_do() {
    let (machine, kintsugi) = wired();
    std::fs::write(machine.home().join(".claude/settings.json"), "{ broken").unwrap();
    let output = machine.command(&kintsugi).arg("doctor").output().unwrap();
    let words = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{words}");
    assert!(
        words.contains(".claude/settings.json`: it is not JSON")
            && words.contains("mend that file; then `kintsugi setup` wires it"),
        "{words}"
    );
}

#[test]
fn what_an_agent_starts_by_itself_is_told_once_unless_a_person_let_it() {
    let mut seat = Seat::new(Shell::Bash);
    seat.has_a_daemon();
    std::fs::create_dir(seat.file(".claude")).unwrap();
    let write = |seat: &Seat, names: &[&str]| {
        let server = |name: &&str| {
            (
                (*name).to_owned(),
                json!({"command": "npx", "args": [name]}),
            )
        };
        let servers: serde_json::Map<String, Value> = names.iter().map(server).collect();
        let text = json!({"mcpServers": servers}).to_string();
        std::fs::write(seat.file(".claude.json"), text).unwrap();
    };
    let round = |seat: &Seat| {
        let output = seat.machine.run(&["doctor", "--round=nobody"]);
        let said = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), said)
    };
    write(&seat, &["known"]);
    // What the probes propose, they propose from there: the terminal in which the answer is given is no agent's.
    let (code, said) = seat.machine.elsewhere(&["setup", "--only=claude-code"]);
    assert_eq!(code, 0, "{said}");
    let quiet = seat.machine.elsewhere(&["doctor", "--round=nobody"]);
    assert_eq!(quiet, (0, String::new()));

    seat.approve("claude mcp add mine -- npx mine");
    write(&seat, &["known", "mine", "stranger"]);
    let kintsugi = program("kintsugi");
    let (_, checks) = doctor(&seat.machine, &kintsugi, &[]);
    let (grade, told) = found(&checks, "agents");
    assert_eq!(grade, "warning", "{told}");
    assert!(told.contains("mcpServers.stranger"), "{told}");
    let (code, said) = round(&seat);
    assert_eq!(code, Some(1), "{said}");
    let place = "alarm: an agent starts something new by itself, and no hook hears of it: `mcpServers.stranger` in `~/.claude.json`";
    assert!(said.starts_with(place), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert_eq!(round(&seat), (Some(0), String::new()));

    // What was there and starts something else now is new as well, until its person says that they know it.
    let other = json!({"mcpServers": {"known": {"command": "sh", "args": ["-c", "x"]}}});
    std::fs::write(seat.file(".claude.json"), other.to_string()).unwrap();
    assert_eq!(
        found(&doctor(&seat.machine, &kintsugi, &[]).1, "agents").0,
        "warning"
    );
    assert!(
        seat.machine
            .run(&["setup", "--only=claude-code"])
            .status
            .success()
    );
    assert_eq!(
        found(&doctor(&seat.machine, &kintsugi, &[]).1, "agents").0,
        "good"
    );
    assert_eq!(round(&seat), (Some(0), String::new()));
}

#[test]
fn what_a_project_brings_that_agents_start_is_told_at_once() {
    let machine = Machine::new();
    // The first round is a day away, but for what asks for one.
    rounds(&machine, "[doctor]\nafter_seconds = 86400\n");
    let work = machine.home().join("work");
    let git = |directory: &std::path::Path, arguments: &[&str]| {
        let mut git = machine.command("git");
        let done = git.current_dir(directory).args(arguments).output().unwrap();
        assert!(done.status.success(), "git {arguments:?}: {done:?}");
    };
    let server = |name: &str| json!({"mcpServers": {name: {"command": "npx"}}}).to_string();
    let upstream = machine.home().join("upstream");
    git(&machine.home(), &["init", "-q", "-b", "main", "upstream"]);
    std::fs::write(upstream.join(".mcp.json"), server("known")).unwrap();
    std::fs::create_dir(upstream.join("src")).unwrap();
    std::fs::write(upstream.join("src/a"), "").unwrap();
    git(&upstream, &["add", "."]);
    git(&upstream, &["commit", "-q", "-m", "one"]);
    git(&machine.home(), &["clone", "-q", "upstream", "work"]);
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3_600);
    let settings = std::fs::File::options()
        .append(true)
        .open(work.join(".mcp.json"));
    settings.unwrap().set_modified(old).unwrap();

    let ran = |command: &str| {
        let payload = json!({
            "session_id": "s", "transcript_path": "/dev/null", "permission_mode": "default",
            "cwd": work.join("src"), "hook_event_name": "PostToolUse", "tool_name": "Bash",
            "tool_input": {"command": command}, "tool_response": {}, "tool_use_id": "u",
        });
        let output = machine.hook(&["claude-code"], payload.to_string().as_bytes());
        assert!(output.status.success(), "{output:?}");
    };
    assert!(machine.run(&["daemon", "start"]).status.success());
    ran("ls");
    let kintsugi = program("kintsugi");
    let (grade, told) = {
        let (_, checks) = doctor(&machine, &kintsugi, &["--no-probe"]);
        let (grade, told) = found(&checks, "agents");
        (grade.to_owned(), told.to_owned())
    };
    assert_eq!(grade, "good", "{told}");

    std::fs::write(upstream.join(".mcp.json"), server("stranger")).unwrap();
    git(&upstream, &["commit", "-q", "-a", "-m", "two"]);
    git(&work, &["pull", "-q"]);
    ran("git pull");
    let place = format!(
        "`mcpServers.stranger` in `{}/.mcp.json`",
        work.canonicalize().unwrap().display()
    );
    until(
        || problems(&machine),
        |all| all.iter().any(|one| one.contains(&place)),
    );
    assert_eq!(incidents(&machine).len(), 1, "{:?}", incidents(&machine));
    // Told once, and noted when it is told; the way back to what was known tells nothing.
    until(
        || doctor(&machine, &kintsugi, &["--no-probe"]).1,
        |checks| found(checks, "agents").0 == "good",
    );
    git(&work, &["checkout", "-q", "HEAD~1"]);
    ran("git checkout HEAD~1");
    let (_, checks) = doctor(&machine, &kintsugi, &["--no-probe"]);
    assert_eq!(found(&checks, "agents").0, "good", "{checks:?}");
}

#[test]
fn what_the_first_command_of_an_agent_brings_into_a_project_is_new() {
    let machine = Machine::new();
    rounds(&machine, "[doctor]\nevery_hours = 0\n");
    let work = machine.home().join("work");
    std::fs::create_dir_all(work.join(".git")).unwrap();
    let hooks = json!({"hooks": {"Stop": [{"hooks": [{"command": "sh -c x"}]}]}}).to_string();
    std::fs::create_dir(work.join(".claude")).unwrap();
    std::fs::write(work.join(".claude/settings.json"), hooks).unwrap();
    assert!(machine.run(&["daemon", "start"]).status.success());
    let payload = json!({
        "session_id": "s", "transcript_path": "/dev/null", "permission_mode": "default",
        "cwd": work, "hook_event_name": "PostToolUse", "tool_name": "Bash",
        "tool_input": {"command": "git pull"}, "tool_response": {}, "tool_use_id": "u",
    });
    let output = machine.hook(&["claude-code"], payload.to_string().as_bytes());
    assert!(output.status.success(), "{output:?}");
    let (_, checks) = doctor(&machine, &program("kintsugi"), &["--no-probe"]);
    let (grade, told) = found(&checks, "agents");
    assert!(
        grade == "warning" && told.contains("hooks.Stop.hooks"),
        "{told}"
    );
    std::fs::create_dir(machine.home().join(".claude")).unwrap();
    let setup = machine.run(&["setup", "--only=claude-code"]);
    assert!(setup.status.success(), "{setup:?}");
    let (_, checks) = doctor(&machine, &program("kintsugi"), &["--no-probe"]);
    assert_eq!(found(&checks, "agents").0, "good", "{checks:?}");
}

/// Runs `kintsugi setup`, and returns how it ended and what it said.
fn setup(machine: &Machine, arguments: &[&str]) -> (Option<i32>, String) {
    let output = machine.run(&[&["setup"], arguments].concat());
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(said).unwrap())
}

#[test]
fn a_hook_that_looks_elsewhere_than_setup_did_says_so_and_waits_for_nobody() {
    let machine = Machine::new();
    std::fs::create_dir(machine.home().join(".claude")).unwrap();
    let (code, said) = setup(&machine, &[]);
    assert_eq!(code, Some(0), "{said}");
    let payload = json!({
        "session_id": "s", "transcript_path": "/dev/null", "cwd": machine.home(),
        "hook_event_name": "PreToolUse", "tool_name": "Bash",
        "tool_input": {"command": "git push --force"}, "tool_use_id": "u",
    })
    .to_string();
    let elsewhere = machine.home().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    let asked = |variables: &[(&str, PathBuf)], wait: &str| {
        let mut hook = machine.command(program("kintsugi-hook"));
        hook.envs(variables.iter().cloned())
            .args(["claude-code", wait]);
        let output = fed(hook, payload.as_bytes());
        let said = String::from_utf8(output.stdout).unwrap();
        assert!(said.contains("\"deny\""), "{said}");
        let mut stop = machine.kintsugi(&["daemon", "stop"]);
        assert!(
            stop.envs(variables.iter().cloned())
                .status()
                .unwrap()
                .success()
        );
        said
    };
    assert!(!asked(&[], "--wait=0").contains("set it up with"));
    for variables in [
        vec![("KINTSUGI_SOCKET", elsewhere.join("socket"))],
        vec![("XDG_CONFIG_HOME", elsewhere.clone())],
    ] {
        let said = asked(&variables, "--wait=0");
        assert!(
            said.contains("held as") && said.contains("the person set it up with"),
            "{variables:?}: {said}"
        );
    }
    // Another log: what is held there, the person sees nowhere.
    let variables = [
        ("XDG_DATA_HOME", elsewhere.clone()),
        ("KINTSUGI_SOCKET", elsewhere.join("socket")),
    ];
    let places = machine.home().join(".local/share/kintsugi/places.json");
    std::fs::create_dir(elsewhere.join("kintsugi")).unwrap();
    std::fs::copy(places, elsewhere.join("kintsugi/places.json")).unwrap();
    let started = std::time::Instant::now();
    let said = asked(&variables, "--wait=60");
    assert!(said.contains("Kintsugi has its log in"), "{said}");
    assert!(started.elapsed().as_secs() < 30, "{said}");
}

#[test]
fn what_setup_cannot_do_it_says_with_what_to_do() {
    let machine = Machine::new();
    std::fs::create_dir(machine.home().join(".claude")).unwrap();
    std::fs::create_dir(machine.home().join(".cursor")).unwrap();
    let (code, said) = setup(&machine, &["--only=claud"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("`claud` is no agent or shell"), "{said}");
    let (code, said) = setup(&machine, &["--only=goose"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("found no settings of goose"), "{said}");
    assert_eq!(setup(&machine, &[]).0, Some(0));
    let places = machine.home().join(".local/share/kintsugi/places.json");
    assert!(places.exists());
    // One of two: the other still goes by the places that were noted.
    assert_eq!(setup(&machine, &["--undo", "--only=cursor"]).0, Some(0));
    assert!(places.exists());
    assert_eq!(setup(&machine, &["--undo"]).0, Some(0));
    assert!(!places.exists());
    let (code, said) = setup(&machine, &["--undo"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("has written nothing here"), "{said}");
}

#[test]
fn what_the_guard_notes_of_projects_and_rounds_nobody_else_reads() {
    use std::os::unix::fs::PermissionsExt as _;
    let machine = Machine::new();
    std::fs::create_dir(machine.home().join(".claude")).unwrap();
    let project = machine.home().join("project");
    std::fs::create_dir_all(project.join(".git")).unwrap();
    let payload = json!({
        "session_id": "s", "transcript_path": "/dev/null", "cwd": project,
        "hook_event_name": "PostToolUse", "tool_name": "Bash",
        "tool_input": {"command": "true"}, "tool_response": {}, "tool_use_id": "u",
    })
    .to_string();
    let heard = machine.agent_hook(&["claude-code"], payload.as_bytes());
    assert!(heard.status.success(), "{heard:?}");
    let (code, said) = setup(&machine, &[]);
    assert_eq!(code, Some(0), "{said}");
    for name in ["projects.json", "doctor.json", "places.json"] {
        let file = machine.home().join(".local/share/kintsugi").join(name);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{name}: {mode:o}");
    }
}
