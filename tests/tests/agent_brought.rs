//! Settings of agents that come along with a directory or an archive whose name does not say so: the client looks which names are in
//! it, and each is judged as if the line wrote that file. Real directories and archives, by the real programs.

use std::fs;
use std::path::{Path, PathBuf};

use kintsugi_tests::agents::{Said, heard};
use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::machine::Machine;
use serde_json::{Value, json};

/// Lines that put `kit`, which has settings of agents, into the project.
const BRINGS: [&str; 22] = [
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
    "shopt -s dotglob; cp -r kit/* .",
    "git apply kit.patch",
    "git apply < kit.patch",
    "cat kit.patch | git apply",
    "patch -p1 -i kit.patch",
    "git am kit.patch",
];

/// Lines that bring none, or put them where no agent looks.
const BRINGS_NONE: [&str; 18] = [
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
    // A pattern stands for no name with a dot in front.
    "cp -r kit/* .",
    "git apply plain.patch",
    "patch -p1 < plain.patch",
    "git apply --check kit.patch",
];

/// Lines that put what nobody can look into before where settings of agents may stand.
const UNSEEN: [&str; 17] = [
    "curl -sL https://example.org/a.tgz | tar xz",
    "curl -sL https://example.org/a.tgz | tar xz --strip-components=1",
    "curl -sLO https://example.org/a.tgz && tar xzf a.tgz",
    "wget https://example.org/a.zip && unzip -o a.zip",
    "tar xf <(curl -s https://example.org/a.tgz)",
    "ssh host tar cz work | tar xz",
    "rsync -a host:work/ .",
    "scp -r host:work/. .",
    "docker cp c:/work/. .",
    "kubectl cp pod:/work/. .",
    "lxc file pull -r c/work/ .",
    "aws s3 sync s3://bucket/work .",
    "rclone copy remote:work .",
    "gsutil -m rsync -r gs://bucket/work .",
    "curl https://example.org/a.diff | git apply",
    "tar xf encrypted.tgz",
    "unzip encrypted.tgz",
];

/// What people fetch all day: into directories where no agent looks, by names that say what comes, or by git.
const SEEN: [&str; 14] = [
    "git pull",
    "git pull --rebase origin main",
    "git clone https://example.org/x/y",
    "git checkout feature",
    "git merge origin/main",
    "git stash pop",
    "curl -sL https://example.org/a.tgz | tar xz -C build",
    "tar xzf plain.tgz --strip-components=1 -C build",
    "curl -sLO https://example.org/a.tgz && tar xzf a.tgz -C build",
    "rsync -a host:work .",
    "rsync -a host:work/ data/",
    "scp host:notes.txt .",
    "aws s3 sync s3://bucket/work data/",
    "git show HEAD | patch -p1",
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
        for (name, file) in [("kit", ".cursor/mcp.json"), ("plain", "src/a.rs")] {
            let patch = format!("--- /dev/null\n+++ b/{file}\n@@ -0,0 +1 @@\n+{{}}\n");
            fs::write(this.work.join(format!("{name}.patch")), patch).unwrap();
        }
        fs::write(this.work.join("encrypted.tgz"), [7, 0, 200, 1].repeat(64)).unwrap();
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
fn what_nobody_can_look_into_is_held_where_settings_of_agents_stand() {
    let project = Project::new();
    for command in UNSEEN {
        let answer = project.check(command);
        assert_eq!(answer["decision"], "allow", "{command}: {answer:#}");
    }
    project.write(".cursor/rules/style.mdc");
    for command in UNSEEN {
        let answer = project.check(command);
        assert_eq!(answer["decision"], "hold", "{command}: {answer:#}");
        let told = answer["findings"].to_string();
        assert!(
            told.contains(".cursor/rules/style.mdc"),
            "{command}: {told}"
        );
    }
    for command in SEEN {
        let answer = project.check(command);
        assert_eq!(answer["decision"], "allow", "{command}: {answer:#}");
    }
}

#[test]
fn hooks_that_come_along_are_held_and_a_repository_is_not() {
    let project = Project::new();
    for name in [
        "hooks/.git/hooks/post-checkout",
        "husky/.husky/pre-commit",
        "env/.envrc",
    ] {
        project.write(name);
    }
    for name in [
        "repository/.git/config",
        "repository/.git/hooks/pre-commit.sample",
    ] {
        project.write(name);
    }
    for (kind, expected) in [
        ("hooks", "hold"),
        ("husky", "hold"),
        ("env", "hold"),
        ("repository", "allow"),
    ] {
        project.made("tar", &["czf", &format!("{kind}.tgz"), "-C", kind, "."]);
        for command in [
            format!("tar xf {kind}.tgz"),
            format!("cp -r {kind}/. ."),
            format!("rsync -a {kind}/ ."),
        ] {
            let answer = project.check(&command);
            assert_eq!(answer["decision"], expected, "{command}: {answer:#}");
        }
    }
}

#[test]
fn a_patch_in_the_line_is_read_for_the_files_that_it_changes() {
    let project = Project::new();
    for (file, expected) in [
        (".claude/settings.json", "hold"),
        ("deep/.mcp.json", "hold"),
        (".git/hooks/pre-commit", "hold"),
        ("src/a.rs", "allow"),
        ("docs/mcp.md", "allow"),
    ] {
        for apply in ["git apply", "patch -p1"] {
            let command =
                format!("{apply} <<'END'\n--- a/{file}\n+++ b/{file}\n@@ -1 +1 @@\n-a\n+b\nEND\n");
            let answer = project.check(&command);
            assert_eq!(answer["decision"], expected, "{command}: {answer:#}");
        }
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
