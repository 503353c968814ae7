//! Settings of agents that come along with a directory or an archive whose name does not say so: the client looks which names are in
//! it, and each is judged as if the line wrote that file. Real directories and archives, by the real programs.

use std::fs;
use std::path::{Path, PathBuf};

use kintsugi_tests::agents::{Said, heard};
use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::machine::Machine;
use serde_json::{Value, json};

/// Lines that put `kit`, which has settings of agents, into the project.
const BRINGS: [&str; 16] = [
    "rsync -a kit/ .",
    "rsync -a ./kit/ ./",
    "cp -r kit/. .",
    "cp -a kit/. ./",
    "cp -rT kit .",
    "cp -r kit/.[a-z]* .",
    "mv kit/.* .",
    "tar xf kit.tgz",
    "tar xzf kit.tgz -C .",
    "tar xf below.tgz --strip-components=1",
    "tar --strip-components 1 -xf below.tgz",
    "bsdtar -xf kit.zip",
    "unzip kit.zip",
    "unzip -o kit.zip -d .",
    "7z x kit.zip",
    "cpio -id < kit.cpio",
];

/// Lines that bring none, or put them where no agent looks.
const BRINGS_NONE: [&str; 14] = [
    "rsync -a plain/ .",
    "cp -r plain/. .",
    "mv plain/* .",
    "tar xf plain.tgz",
    "unzip plain.zip",
    // A project of its own in a directory of its own, as releases are packed.
    "tar xf below.tgz",
    "tar xf kit.tgz -C /tmp/elsewhere",
    "cp -r kit/. /tmp/elsewhere",
    "cp -r kit/src .",
    "rsync -a kit/src/ src/",
    "tar tf kit.tgz",
    "tar czf /tmp/saved.tgz kit",
    "cp kit/src/a.rs .",
    "tar xf nothing.tgz",
];

/// A project with a directory that has settings of agents in it, one that has none, and archives of both.
struct Project {
    machine: Machine,
    work: PathBuf,
    /// Not below the machine's own directory: its name is that of the guard's files.
    _directory: tempfile::TempDir,
}

impl Project {
    fn new() -> Self {
        let directory = tempfile::Builder::new().prefix("work-").tempdir().unwrap();
        let this = Self {
            machine: Machine::new(),
            work: directory.path().canonicalize().unwrap(),
            _directory: directory,
        };
        for name in [
            "kit/.cursor/mcp.json",
            "kit/.claude/agents/helper.md",
            "kit/src/a.rs",
            "plain/src/a.rs",
            "plain/.cursor/rules/style.mdc",
            "plain/.editorconfig",
        ] {
            this.write(name);
        }
        this.made("git", &["init", "-q", "."]);
        this.made("tar", &["czf", "below.tgz", "kit"]);
        for kind in ["kit", "plain"] {
            this.made("tar", &["czf", &format!("{kind}.tgz"), "-C", kind, "."]);
            let archive = this.work.join(format!("{kind}.zip"));
            let mut zip = this.machine.command("zip");
            let zip = zip.current_dir(this.work.join(kind)).args(["-qr"]);
            let done = zip.arg(archive).arg(".").output().unwrap();
            assert!(done.status.success(), "{done:?}");
        }
        let names = b"./.cursor/mcp.json\n./src/a.rs\n";
        let mut cpio = this.machine.command("cpio");
        cpio.current_dir(this.work.join("kit"))
            .args(["-o", "--quiet"]);
        let packed = kintsugi_tests::machine::fed(cpio, names);
        fs::write(this.work.join("kit.cpio"), packed.stdout).unwrap();
        this
    }

    fn write(&self, name: &str) {
        let path = self.work.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "{}").unwrap();
    }

    fn made(&self, program: &str, arguments: &[&str]) {
        let mut program = self.machine.command(program);
        let done = program.current_dir(&self.work).args(arguments).output();
        assert!(done.as_ref().unwrap().status.success(), "{done:?}");
    }

    /// What `kintsugi check --json` says.
    fn check(&self, command: &str) -> Value {
        let mut check = self.machine.kintsugi(&["check", "--json", "--", command]);
        let done = check.current_dir(&self.work).output().unwrap();
        serde_json::from_slice(&done.stdout).unwrap_or_else(|_| panic!("{command}: {done:?}"))
    }
}

/// Whether one of the effects of `answer` is on this file.
fn names(answer: &Value, path: &Path) -> bool {
    let mut effects = answer["effects"].as_array().unwrap().iter();
    effects.any(|effect| effect["target"]["text"] == path.display().to_string())
}

#[test]
fn settings_of_agents_that_come_along_unnamed_are_held_and_named() {
    let project = Project::new();
    for command in BRINGS {
        let answer = project.check(command);
        assert_eq!(answer["decision"], "hold", "{command}: {answer:#}");
        let file = project.work.join(".cursor/mcp.json");
        assert!(names(&answer, &file), "{command}: {answer:#}");
    }
    for command in BRINGS_NONE {
        let answer = project.check(command);
        assert_eq!(answer["decision"], "allow", "{command}: {answer:#}");
    }
}

#[test]
fn what_is_not_named_among_very_many_is_taken_for_the_worst() {
    let project = Project::new();
    for number in 0..40 {
        project.write(&format!("many/.claude/notes/{number}.md"));
    }
    project.write("few/.claude/notes/1.md");
    project.made("tar", &["czf", "many.tgz", "-C", "many", "."]);
    for command in ["rsync -a many/ .", "tar xf many.tgz"] {
        let answer = project.check(command);
        assert_eq!(answer["decision"], "hold", "{command}: {answer:#}");
    }
    assert_eq!(project.check("rsync -a few/ .")["decision"], "allow");
}

#[test]
fn an_agent_is_asked_about_what_comes_along() {
    let project = Project::new();
    let machine = &project.machine;
    assert!(machine.run(&["daemon", "start"]).status.success());
    for (command, expected) in [
        ("rsync -a kit/ .", [Said::Deny, Said::Deny]),
        ("tar xf kit.tgz", [Said::Deny, Said::Deny]),
        ("tar xf plain.tgz", [Said::Allow, Said::Nothing]),
    ] {
        let payload = json!({
            "session_id": "s", "cwd": project.work, "hook_event_name": "PreToolUse",
            "tool_name": "Bash", "tool_input": {"command": command},
        });
        let output = machine.hook(&["claude-code", "--wait=0"], payload.to_string().as_bytes());
        let said = heard("claude-code", &output);
        assert!(expected.contains(&said), "{command}: {said:?}");
    }
}

#[test]
fn a_client_that_does_not_know_these_questions_is_not_asked_them() {
    let daemon = TestDaemon::start();
    let mut wire = daemon.connect();
    let mut ask = |can: &[&str], targets: Value| {
        wire.say(&json!({
            "kind": "propose", "id": uuid::Uuid::new_v4(), "ts": "", "agent": "codex", "argv": [],
            "cwd": "/home/u/project", "raw": "tar xf kit.tgz", "session": null, "can": can,
            "facts": { "project_root": "/home/u/project", "targets": targets },
        }));
        wire.hear().unwrap()
    };
    let old = ask(&["facts"], json!([]));
    assert_eq!(old["decision"], "allow", "{old:#}");
    let asked = ask(&["facts", "facts-brought"], json!([]));
    let target = &asked["facts"]["targets"][0];
    assert_eq!(target["scope"], "members", "{asked:#}");
    assert_eq!(target["arg"], "/home/u/project/kit.tgz", "{asked:#}");
    let found = |brings: &[&str]| {
        json!([{ "arg": "/home/u/project/kit.tgz", "scope": "members", "kind": "file",
            "complete": true, "brings": brings }])
    };
    for harmless in [&[][..], &["../.cursor/mcp.json"], &["src/.cursor/mcp.json"]] {
        let told = ask(&["facts", "facts-brought"], found(harmless));
        assert_eq!(told["decision"], "allow", "{told:#}");
    }
    let told = ask(&["facts-brought"], found(&["./.cursor/mcp.json"]));
    assert_eq!(told["decision"], "hold", "{told:#}");
}
