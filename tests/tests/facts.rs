//! Facts: what they calm, what they alarm, what happens without them, and what a lie buys. Real repositories, real programs.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::machine::Machine;
use serde_json::{Value, json};

/// A repository with two committed files, pushed, and a build that is ignored.
struct Repository {
    machine: Machine,
    work: PathBuf,
    /// Not below the machine's own directory: its name is that of the guard's files.
    _directory: tempfile::TempDir,
}

impl Repository {
    fn new() -> Self {
        let machine = Machine::new();
        let directory = tempfile::Builder::new().prefix("work-").tempdir().unwrap();
        let this = Self {
            machine,
            work: directory.path().canonicalize().unwrap(),
            _directory: directory,
        };
        let remote = this.machine.home().join("remote.git");
        this.git(&["init", "-q", "-b", "main"]);
        for (name, text) in [
            (".gitignore", "build/\n.env\n"),
            ("src/a.rs", "fn a() {}\n"),
            ("lib/b.rs", "fn b() {}\n"),
        ] {
            this.write(name, text);
        }
        this.git(&["add", "-A"]);
        this.git(&["commit", "-q", "-m", "one"]);
        let remote = remote.display().to_string();
        this.git(&["init", "-q", "--bare", "-b", "main", &remote]);
        this.git(&["remote", "add", "origin", &remote]);
        this.git(&["push", "-q", "-u", "origin", "main"]);
        this.write("build/out.o", "machine code");
        this
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.work.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn git(&self, arguments: &[&str]) {
        let mut git = self.machine.command("git");
        let done = git
            .current_dir(&self.work)
            .args(arguments)
            .output()
            .unwrap();
        assert!(done.status.success(), "git {arguments:?}: {done:?}");
    }

    /// What `kintsugi check --json` says.
    fn check(&self, command: &str) -> Value {
        self.check_with(command, &[])
    }

    fn check_with(&self, command: &str, variables: &[(&str, &str)]) -> Value {
        let mut check = self.machine.kintsugi(&["check", "--json", "--", command]);
        check
            .current_dir(&self.work)
            .envs(variables.iter().copied());
        let done = check.output().unwrap();
        serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("{command}: {done:?}"))
    }

    fn allows(&self, command: &str) -> Value {
        let answer = self.check(command);
        assert_eq!(answer["decision"], "allow", "{command}: {answer:#}");
        answer
    }

    /// Returns the reason.
    fn holds(&self, command: &str) -> String {
        let answer = self.check(command);
        assert_eq!(answer["decision"], "hold", "{command}: {answer:#}");
        answer["reason"].as_str().unwrap().to_owned()
    }
}

#[test]
fn what_git_has_may_go_and_what_it_has_not_is_held_and_named() {
    let repository = Repository::new();
    let commands = [
        "git reset --hard",
        "git checkout -- src",
        "git restore src/a.rs",
        "git checkout -f",
        ": > src/a.rs",
        "rm -f src/*.rs",
        "rm -rf src",
    ];
    for command in commands {
        let answer = repository.allows(command);
        let grounds = answer["grounds"].as_array().unwrap();
        assert_eq!(grounds[0]["turn"], "calms", "{command}: {answer:#}");
    }
    repository.write("src/a.rs", "fn a() { /* an evening's work */ }\n");
    for command in commands {
        let reason = repository.holds(command);
        assert!(reason.contains("src/a.rs"), "{command}: {reason}");
    }
    // Staged is not committed.
    repository.git(&["add", "src/a.rs"]);
    repository.holds("git reset --hard");
    // What is only gone from the working copy is brought back, not lost.
    repository.git(&["reset", "-q", "--hard"]);
    std::fs::remove_file(repository.work.join("src/a.rs")).unwrap();
    repository.allows("git checkout -- src");
}

#[test]
fn a_build_may_go_and_work_in_its_directory_is_held() {
    let repository = Repository::new();
    repository.allows("rm -rf build");
    repository.write("dist/bundle.js", "made()");
    repository.allows("rm -rf dist");
    repository.write("dist/thesis.tex", "two years");
    let reason = repository.holds("rm -rf dist");
    assert!(reason.contains("dist/thesis.tex"), "{reason}");
    // Ignored and not made by a build: the only copy of it.
    repository.write("lib/.env", "KEY=1");
    let answer = repository.check("git clean -fdx");
    assert_eq!(answer["decision"], "hold", "{answer:#}");
}

#[test]
fn what_the_line_itself_moves_there_is_not_calmed_by_what_stood_there_before() {
    let repository = Repository::new();
    repository.write("notes.tex", "the only copy");
    repository.allows("rm -f src/*.rs");
    repository.holds("mv notes.tex src/n.rs && rm -f src/*.rs");
}

#[test]
fn committed_and_on_no_remote_is_said() {
    let repository = Repository::new();
    repository.write("src/c.rs", "fn c() {}\n");
    repository.git(&["add", "-A"]);
    repository.git(&["commit", "-q", "-m", "two"]);
    let answer = repository.check("rm -rf src lib && git reset --hard");
    let says = answer["grounds"].to_string();
    assert!(
        says.contains("1 with commits that no remote has"),
        "{answer:#}"
    );
    repository.allows(": > src/c.rs");
}

#[test]
fn a_script_is_read_before_it_runs_and_the_line_is_named() {
    let repository = Repository::new();
    repository.write(
        "good.sh",
        "#!/bin/bash\nset -e\nfor f in src/*.rs; do wc -l \"$f\"; done\n",
    );
    repository.write("evil.sh", "#!/bin/bash\nset -e\necho tidying\nrm -rf ~\n");
    repository.write("outer.sh", "cd src\nbash ../evil.sh\n");
    repository.write("evil.py", "import shutil\nshutil.rmtree('/home')\n");
    for command in [
        "bash good.sh",
        "./good.sh",
        "sh < good.sh",
        "cat good.sh | sh",
    ] {
        repository.allows(command);
    }
    for command in [
        "bash evil.sh",
        "./evil.sh",
        "source evil.sh",
        ". ./evil.sh",
        "sh < evil.sh",
        "cat evil.sh | sh",
        "env bash evil.sh",
        "bash outer.sh",
        "python3 evil.py",
    ] {
        let reason = repository.holds(command);
        assert!(reason.contains("evil."), "{command}: {reason}");
    }
    let reason = repository.holds("bash evil.sh");
    assert!(reason.contains("line 4 of"), "{reason}");
    // Not there: as unknown as it is without facts.
    assert_eq!(repository.allows("bash none.sh")["risk"], 15);
}

#[test]
fn what_a_script_imports_of_files_that_stand_there_is_read() {
    let repository = Repository::new();
    let files = [
        ("loads.py", "import gone\nprint('ready')\n"),
        ("gone.py", "import shutil\nshutil.rmtree('/home')\n"),
        ("calls.py", "from helpers import tidy\ntidy()\n"),
        (
            "helpers.py",
            "import shutil\n\ndef tidy():\n    shutil.rmtree('/home')\n\ndef clean(d):\n    shutil.rmtree(d)\n",
        ),
        ("far.py", "import near\n"),
        ("beside.py", "import sys; import gone\n"),
        (
            "named.py",
            "import importlib\nimportlib.import_module('gone')\n",
        ),
        ("near.py", "import gone\n"),
        ("good.py", "import helpers\nprint(helpers.__doc__)\n"),
        ("given.py", "from helpers import clean\nclean('build')\n"),
        ("here.js", "const n = require('./there');\nn.go();\n"),
        (
            "there.js",
            "const fs = require('fs');\nexports.go = () => fs.rmSync('/home', { recursive: true });\n",
        ),
        (
            "fine.mjs",
            "import { go } from './lib/fine.mjs';\ngo('dist');\n",
        ),
        (
            "lib/fine.mjs",
            "import fs from 'node:fs';\nexport const go = (d) => fs.rmSync(d, { recursive: true });\n",
        ),
        ("one.rb", "require_relative 'two'\n"),
        ("two.rb", "require 'fileutils'\nFileUtils.rm_rf('/home')\n"),
        ("mine.py", "import mine\nimport os\n"),
        (
            "tool/__main__.py",
            "from .work import go\nprint('tool')\ngo()\n",
        ),
        (
            "tool/work.py",
            "import shutil\n\ndef go():\n    shutil.rmtree('/home')\n",
        ),
        (
            "bundle/__init__.py",
            "import shutil\nshutil.rmtree('/home')\n",
        ),
        ("packed.py", "import bundle\n"),
        ("dir.js", "const { go } = require('./things');\ngo();\n"),
        (
            "things/index.js",
            "const fs = require('fs');\nexports.go = () => fs.rmSync('/home', { recursive: true });\n",
        ),
        (
            "command.py",
            "import shutil\n\nif __name__ == '__main__':\n    shutil.rmtree('/home')\n",
        ),
    ];
    for (name, text) in files {
        repository.write(name, text);
    }
    for command in [
        "python3 loads.py",
        "python3 calls.py",
        "python3 far.py",
        "python3 beside.py",
        "python3 named.py",
        "node here.js",
        "ruby one.rb",
        "python3 -m gone",
        "python3 -m tool --now",
        "python3 -m command",
        "python3 -c 'import gone'",
        "python3 -c 'from helpers import tidy; tidy()'",
        "python3 packed.py",
        "node dir.js",
    ] {
        repository.holds(command);
    }
    // A function that nobody names, one that is given something, and a module that imports itself.
    for command in [
        "python3 good.py",
        "python3 given.py",
        "node fine.mjs",
        "python3 mine.py",
        "python3 none.py",
        "python3 -m none",
        "python3 -c 'import helpers; print(helpers.clean)'",
        "python3 -c 'import command; print(command.__file__)'",
        "python3 -m json.tool",
        "python3 -m pytest -q",
    ] {
        repository.allows(command);
    }
}

#[test]
fn what_a_target_of_make_and_a_script_of_npm_run_is_read() {
    let repository = Repository::new();
    let makefile = "DIR := build\nall: lib\n\tcc -o $(DIR)/a src/a.c\nclean:\n\trm -rf $(DIR)\nnuke: clean\n\trm -rf $(HOME)\n";
    repository.write("Makefile", makefile);
    let package = "{\"scripts\": {\"build\": \"tsc\", \"clean\": \"rm -rf dist\",\n\"nuke\": \"npm run clean && rm -rf ~\"}}";
    repository.write("package.json", package);
    for command in ["make", "make clean", "npm run build", "npm run clean"] {
        repository.allows(command);
    }
    for command in [
        "make nuke",
        "make clean DIR=/",
        "npm run nuke",
        "yarn nuke",
        "pnpm run nuke",
    ] {
        let reason = repository.holds(command);
        assert!(reason.contains("line "), "{command}: {reason}");
    }
}

#[test]
fn a_script_that_starts_itself_or_never_ends_is_no_harm() {
    let repository = Repository::new();
    repository.write(
        "again.sh",
        "[ -n \"$1\" ] && exec \"$0\"\nbash again.sh\n./again.sh x\n",
    );
    repository.allows("bash again.sh");
    repository.write("long.sh", &"echo a; ".repeat(5_900));
    repository.allows("bash long.sh");
    // A pipe in the place of a script is not waited for.
    let made = repository
        .machine
        .command("mkfifo")
        .arg(repository.work.join("pipe.sh"))
        .status();
    assert!(made.unwrap().success());
    repository.allows("bash pipe.sh");
}

#[test]
fn a_branch_may_go_when_another_one_has_its_commits() {
    let repository = Repository::new();
    repository.git(&["branch", "merged"]);
    repository.git(&["checkout", "-q", "-b", "feature"]);
    repository.git(&["commit", "-q", "--allow-empty", "-m", "two"]);
    repository.git(&["checkout", "-q", "main"]);
    repository.allows("git branch -D merged");
    repository.holds("git branch -D feature");
    repository.git(&["branch", "twin", "feature"]);
    repository.allows("git branch -D feature");
    // Each has the other's commits, and together they take them along.
    repository.holds("git branch -D feature twin");
    repository.holds("git branch -D nothing-of-that-name");
}

#[test]
fn a_word_for_checkout_is_a_branch_or_a_path() {
    let repository = Repository::new();
    repository.git(&["branch", "feature"]);
    repository.write("src/a.rs", "fn a() { /* changed */ }\n");
    repository.allows("git checkout feature");
    repository.allows("git checkout lib");
    repository.holds("git checkout src");
}

#[test]
fn a_push_over_the_branch_of_everybody_is_held_and_force_is_never_calmed() {
    let repository = Repository::new();
    repository.git(&["remote", "set-head", "origin", "main"]);
    repository.holds("git push --force-with-lease");
    repository.git(&["checkout", "-q", "-b", "mine"]);
    repository.allows("git push --force-with-lease");
    let answer = repository.check("git push --force");
    assert_eq!(answer["class"], "catastrophic", "{answer:#}");
}

#[test]
fn a_link_is_followed_to_where_it_leads() {
    let repository = Repository::new();
    repository.allows("chmod -R 777 out");
    std::os::unix::fs::symlink("/etc", repository.work.join("out")).unwrap();
    repository.holds("chmod -R 777 out");
}

#[test]
fn asking_git_runs_nothing_that_a_repository_names() {
    let repository = Repository::new();
    let trap = repository.machine.home().join("ran");
    repository.write(
        "evil",
        &format!("#!/bin/sh\ntouch {}\ncat\n", trap.display()),
    );
    let evil = repository.work.join("evil");
    std::fs::set_permissions(&evil, std::fs::Permissions::from_mode(0o755)).unwrap();
    let evil = evil.display().to_string();
    repository.write(".gitattributes", "* filter=x diff=x\n");
    for key in [
        "core.fsmonitor",
        "filter.x.clean",
        "filter.x.process",
        "diff.x.textconv",
        "core.pager",
        "log.showSignature",
    ] {
        repository.git(&["config", key, &evil]);
    }
    let hooks = repository.work.join(".git/hooks/post-index-change");
    std::fs::copy(&evil, &hooks).unwrap();
    repository.write("src/a.rs", "fn a() { /* changed */ }\n");
    repository.write("git", "#!/bin/sh\ntouch ran-git\n");
    let path = std::env::var("PATH").unwrap();
    for command in [
        "git reset --hard",
        "rm -rf src",
        "git branch -D main",
        "git checkout src",
    ] {
        repository.check_with(command, &[("PATH", &format!(".:{path}"))]);
        let ran = trap.exists() || repository.work.join("ran-git").exists();
        assert!(!ran, "{command} ran what the repository names");
    }
    repository.holds("git reset --hard");
}

#[test]
fn what_is_not_found_out_in_time_is_held() {
    let repository = Repository::new();
    repository.allows("git reset --hard");
    let slow = repository.machine.home().join("bin");
    std::fs::create_dir(&slow).unwrap();
    let git = slow.join("git");
    std::fs::write(&git, "#!/bin/sh\nexec sleep 1000\n").unwrap();
    std::fs::set_permissions(&git, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", slow.display(), std::env::var("PATH").unwrap());
    let answer = repository.check_with("git reset --hard", &[("PATH", &path)]);
    assert_eq!(answer["decision"], "hold", "{answer:#}");
    let reason = answer["reason"].as_str().unwrap();
    assert!(
        reason.contains("not everything could be looked at in time"),
        "{reason}"
    );
    // Elsewhere than where the command would act, nothing is asked.
    let away = repository
        .machine
        .home()
        .join("remote.git")
        .display()
        .to_string();
    let answer = repository.check_with("git reset --hard", &[("GIT_DIR", &away)]);
    assert_eq!(answer["decision"], "hold", "{answer:#}");
}

#[test]
fn what_is_asked_about_a_directory_that_is_not_here_stays_open() {
    let repository = Repository::new();
    for command in ["git reset --hard", "rm -f src/*.rs", ": > src/a.rs"] {
        let done = repository
            .machine
            .run(&["check", "--cwd", "/nowhere/project", "--", command]);
        assert_eq!(done.status.code(), Some(4), "{command}: {done:?}");
    }
}

#[test]
fn hooks_find_out_what_the_daemon_asks() {
    let repository = Repository::new();
    let cwd = repository.work.display().to_string();
    let payload = |command: &str| {
        json!({
            "hook_event_name": "PreToolUse", "tool_name": "Bash", "session_id": "s", "cwd": cwd,
            "tool_input": { "command": command },
        })
        .to_string()
    };
    let answer = |command: &str| {
        let hook = ["claude-code", "--wait", "0"];
        let done = repository.machine.hook(&hook, payload(command).as_bytes());
        String::from_utf8(done.stdout).unwrap()
    };
    // The first one starts the daemon, by way of the full client.
    assert!(answer("ls").contains("\"allow\""));
    let allowed = answer("git reset --hard");
    assert!(allowed.contains("\"allow\""), "{allowed}");
    repository.write("src/a.rs", "fn a() { /* changed */ }\n");
    let held = answer("git reset --hard");
    assert!(
        held.contains("src/a.rs") && held.contains("\"deny\""),
        "{held}"
    );
    repository.write("evil.sh", "rm -rf ~\n");
    assert!(answer("bash evil.sh").contains("evil.sh"));
    let mut run = repository
        .machine
        .kintsugi(&["run", "--wait", "0", "--", "git", "reset", "--hard"]);
    let done = run.current_dir(&repository.work).output().unwrap();
    assert_eq!(done.status.code(), Some(4), "{done:?}");
    repository.git(&["commit", "-q", "-a", "-m", "two"]);
    let mut run = repository
        .machine
        .kintsugi(&["run", "--", "git", "reset", "-q", "--hard"]);
    let done = run.current_dir(&repository.work).output().unwrap();
    assert_eq!(done.status.code(), Some(0), "{done:?}");
}

fn proposal(raw: &str, more: &Value) -> Value {
    let mut proposal = json!({
        "kind": "propose", "id": uuid::Uuid::new_v4(), "ts": "", "agent": "codex", "argv": [],
        "cwd": "/home/u/project", "raw": raw, "session": null,
    });
    for (name, value) in more.as_object().unwrap() {
        proposal[name] = value.clone();
    }
    proposal
}

#[test]
fn nothing_is_decided_or_recorded_before_the_facts_are_there() {
    let daemon = TestDaemon::start();
    let mut wire = daemon.connect();
    let size = |wire: &mut kintsugi_tests::wire::Wire| {
        wire.say(&json!({ "kind": "status" }));
        wire.hear().unwrap()["log"]["size"].clone()
    };
    let before = size(&mut wire);
    let asked = proposal("git reset --hard", &json!({ "can": ["facts"] }));
    wire.say(&asked);
    let wanted = wire.hear().unwrap();
    assert_eq!(wanted["kind"], "wanted", "{wanted}");
    assert_eq!(
        wanted["facts"]["targets"],
        json!([{ "arg": "/home/u/project", "scope": "repository" }])
    );
    assert_eq!(size(&mut wire), before);
    let mut again = asked.clone();
    again["facts"] = json!({ "targets": [
        { "arg": "/home/u/project", "scope": "repository", "dirty": 2, "complete": true },
    ] });
    // It is held: what an approval would be bound to is asked for, too, of whoever can tell.
    wire.say(&again);
    assert_eq!(wire.hear().unwrap()["kind"], "wanted");
    again.as_object_mut().unwrap().remove("can");
    wire.say(&again);
    let verdict = wire.hear().unwrap();
    assert_eq!(verdict["decision"], "hold", "{verdict}");
    assert_ne!(size(&mut wire), before);
    // The id is held now: asked again, nothing is wanted any more.
    wire.say(&asked);
    assert_eq!(wire.hear().unwrap()["decision"], "hold");
}

#[test]
fn a_client_that_cannot_is_judged_by_the_text_alone() {
    let daemon = TestDaemon::start();
    let mut wire = daemon.connect();
    for more in [json!({}), json!({ "can": ["capture", "telepathy"] })] {
        wire.say(&proposal("git reset --hard HEAD~1", &more));
        let verdict = wire.hear().unwrap();
        assert_eq!(verdict["kind"], "verdict", "{verdict}");
    }
}

#[test]
fn harmless_commands_are_asked_nothing() {
    let daemon = TestDaemon::start();
    let mut wire = daemon.connect();
    for command in [
        "ls -la",
        "cargo build",
        "git status",
        "git commit -m x",
        "grep -r x .",
        "mkdir -p a/b",
        "git checkout main",
        "cat a > b",
    ] {
        wire.say(&proposal(command, &json!({ "can": ["facts"] })));
        let answer = wire.hear().unwrap();
        assert_eq!(answer["kind"], "verdict", "{command}: {answer}");
    }
}

/// What lying buys: an ambiguous command that facts could calm. What is catastrophic stays, and the lie is on record.
#[test]
fn a_lie_calms_the_ambiguous_and_nothing_that_is_catastrophic() {
    let daemon = TestDaemon::start();
    let mut wire = daemon.connect();
    let lie = |path: &str| {
        json!({ "can": ["facts"], "facts": { "targets": [
            { "arg": path, "kind": "missing", "complete": true },
            { "arg": path, "scope": "repository", "complete": true },
            { "arg": path, "scope": "changes", "complete": true },
        ] } })
    };
    wire.say(&proposal("git reset --hard", &lie("/home/u/project")));
    assert_eq!(wire.hear().unwrap()["decision"], "allow");
    for (command, path) in [
        ("rm -rf /", "/"),
        ("rm -rf ~", "/home/u"),
        ("rm -rf .", "/home/u/project"),
        ("rm -rf .git", "/home/u/project/.git"),
        ("rm -rf ~/Documents", "/home/u/Documents"),
        ("git push --force", "origin"),
        ("mkfs.ext4 /dev/sda1", "/dev/sda1"),
        ("echo x > /etc/passwd", "/etc/passwd"),
    ] {
        let mut lying = proposal(command, &lie(path));
        // What an approval would be bound to is asked for only of whoever can tell.
        lying.as_object_mut().unwrap().remove("can");
        wire.say(&lying);
        let verdict = wire.hear().unwrap();
        assert_eq!(verdict["class"], "catastrophic", "{command}: {verdict}");
        assert_eq!(verdict["decision"], "hold", "{command}: {verdict}");
    }
}

/// Facts are a claim of up to a frame's length; what is beyond the bounds does not count, and costs nothing.
#[test]
fn more_facts_than_were_asked_for_do_not_count() {
    let daemon = TestDaemon::start();
    let mut wire = daemon.connect();
    let mut targets = vec![json!({ "arg": "/x", "kind": "missing", "complete": true }); 4_000];
    targets.push(json!({ "arg": "/home/u/project", "scope": "repository", "complete": true }));
    let line = "git reset --hard; ".repeat(200);
    wire.say(&proposal(
        &line,
        &json!({ "facts": { "targets": targets } }),
    ));
    let verdict = wire.hear().unwrap();
    assert_eq!(verdict["decision"], "hold", "{verdict}");
}

/// The text of a script comes with the facts; what it does is bounded like the line itself.
#[test]
fn no_script_makes_a_judgement_run_away() {
    let daemon = TestDaemon::start();
    let mut wire = daemon.connect();
    let path = |number: u32| format!("/home/u/project/s{number}.sh");
    let text = |number: u32| {
        let next = (0..40).map(|_| format!("bash s{}.sh\n", number + 1));
        next.collect::<String>()
    };
    let scripts: Vec<Value> = (0..8)
        .map(|number| json!({ "path": path(number), "bytes": 500, "text": text(number) }))
        .collect();
    wire.say(&proposal(
        "bash s0.sh",
        &json!({ "facts": { "script": scripts } }),
    ));
    assert_eq!(wire.hear().unwrap()["kind"], "verdict");
}

#[test]
fn the_card_says_which_facts_decided() {
    let repository = Repository::new();
    let said = |command: &str| {
        let mut check = repository.machine.kintsugi(&["check", "--", command]);
        let done = check.current_dir(&repository.work).output().unwrap();
        String::from_utf8(done.stdout).unwrap()
    };
    let calm = said("git reset --hard");
    assert!(calm.contains("no changes that are not committed"), "{calm}");
    assert!(
        calm.contains("git.discard-everything does not apply"),
        "{calm}"
    );
    repository.write("src/a.rs", "fn a() { /* changed */ }\n");
    let held = said("git reset --hard");
    assert!(held.contains("(src/a.rs)"), "{held}");
}
