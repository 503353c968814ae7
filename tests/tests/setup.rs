//! `kintsugi setup` in a home that has every agent: shown, written, called, and undone to nothing.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use kintsugi_tests::agents::{HOSTS, Said, heard, session};
use kintsugi_tests::copies::copy_program;
use kintsugi_tests::homes::{FILES, furnished};
use kintsugi_tests::machine::{Machine, program};
use serde_json::Value;

/// What stands in a home: path, permissions and bytes of every file, and every directory.
fn everything(home: &Path) -> BTreeMap<PathBuf, (u32, Option<Vec<u8>>)> {
    let mut found = BTreeMap::new();
    let mut directories = vec![home.to_owned()];
    while let Some(directory) = directories.pop() {
        for entry in directory.read_dir().unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            // The daemon's own: a probe through a hook starts it.
            if path.ends_with(".local") {
                continue;
            }
            let bytes = metadata.is_file().then(|| std::fs::read(&path).unwrap());
            if metadata.is_dir() {
                directories.push(path.clone());
            }
            found.insert(path, (metadata.permissions().mode(), bytes));
        }
    }
    found
}

fn setup(machine: &Machine, arguments: &[&str]) -> (Option<i32>, String) {
    let output = machine.run(&[&["setup"], arguments].concat());
    assert!(
        !String::from_utf8_lossy(&output.stderr).contains("error"),
        "{output:?}"
    );
    (
        output.status.code(),
        String::from_utf8(output.stdout).unwrap(),
    )
}

#[test]
fn everything_found_is_shown_written_once_and_undone_to_nothing() {
    let machine = furnished();
    let before = everything(&machine.home());

    let (code, shown) = setup(&machine, &["--dry-run"]);
    assert_eq!(code, Some(0), "{shown}");
    for title in [
        "bash",
        "zsh",
        "Claude Code",
        "Codex CLI",
        "Gemini CLI",
        "Qwen Code",
        "Cursor",
        "GitHub Copilot CLI",
        "Windsurf",
        "Cline",
        "Factory Droid",
        "Kiro",
        "OpenCode",
        "Amp",
        "Goose",
        "Kimi Code",
        "Antigravity",
    ] {
        assert!(
            shown.contains(&format!("missing    {title} ")),
            "{title}: {shown}"
        );
    }
    assert_eq!(everything(&machine.home()), before);
    assert_eq!(setup(&machine, &["--check"]).0, Some(1));

    let started = std::time::Instant::now();
    assert_eq!(setup(&machine, &[]).0, Some(0));
    println!(
        "everything found was wired in {} ms",
        started.elapsed().as_millis()
    );
    let wired = everything(&machine.home());
    assert_ne!(wired, before);
    let (code, again) = setup(&machine, &[]);
    assert_eq!(code, Some(0));
    assert!(!again.contains("written"), "{again}");
    assert_eq!(everything(&machine.home()), wired);
    assert_eq!(setup(&machine, &["--check"]).0, Some(0));

    // Every gate that was wired refuses a probe, through the line that stands there now.
    assert!(machine.run(&["daemon", "start"]).status.success());
    let looked = machine.run(&["doctor", "--json"]);
    let looked = String::from_utf8(looked.stdout).unwrap();
    let checks = looked
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let seen: BTreeMap<String, String> = checks
        .map(|check| {
            let word = |name: &str| check[name].as_str().unwrap().to_owned();
            (
                word("name"),
                format!("{}: {}", word("grade"), word("found")),
            )
        })
        .collect();
    for name in HOSTS.into_iter().filter(|host| *host != "vscode") {
        assert!(
            seen[name].starts_with("good: wired; refused a probe"),
            "{name}: {looked}"
        );
    }
    for name in ["bash", "zsh"] {
        assert!(
            seen[name].starts_with("good: wired; refused a probe"),
            "{name}: {looked}"
        );
    }
    for name in [
        "programs", "daemon", "socket", "log", "vault", "model", "policy", "watcher",
    ] {
        assert!(seen[name].starts_with("good: "), "{name}: {looked}");
    }

    let (code, undone) = setup(&machine, &["--undo"]);
    assert_eq!(code, Some(0), "{undone}");
    assert_eq!(everything(&machine.home()), before);
}

#[test]
fn what_a_person_wrote_stays_as_they_wrote_it() {
    let machine = furnished();
    assert_eq!(setup(&machine, &[]).0, Some(0));
    for (name, parts) in [
        (
            ".gemini/settings.json",
            vec!["// which theme", "\"theme\": \"dark\", /* and */"],
        ),
        (
            ".claude/settings.json",
            vec![
                "\t\"model\": \"x\"",
                "{ \"matcher\": \"Edit\", \"hooks\": [] }",
                "{\"B\": \"1\", \"A\": \"2\"}",
            ],
        ),
        (".cursor/hooks.json", vec!["[{\"command\":\"./x\"}]"]),
    ] {
        let text = std::fs::read_to_string(machine.home().join(name)).unwrap();
        for part in parts {
            assert!(text.contains(part), "{name}: {part}: {text}");
        }
    }
}

#[test]
fn a_file_that_was_changed_since_loses_only_our_part() {
    let machine = furnished();
    assert_eq!(setup(&machine, &[]).0, Some(0));
    let path = machine.home().join(".claude/settings.json");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("\"model\": \"x\"", "\"model\": \"y\"")).unwrap();
    let plugin = machine.home().join(".config/opencode/plugins/kintsugi.js");
    std::fs::write(&plugin, "mine").unwrap();

    let (code, undone) = setup(&machine, &["--undo"]);
    assert_eq!(code, Some(1), "{undone}");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(
        text.contains("\"model\": \"y\"") && !text.contains("kintsugi"),
        "{text}"
    );
    assert_eq!(std::fs::read_to_string(&plugin).unwrap(), "mine");
}

#[test]
fn a_file_that_is_not_what_its_host_has_is_left_alone_and_said() {
    let machine = furnished();
    let path = machine.home().join(".claude/settings.json");
    std::fs::write(&path, "{ \"hooks\": [] }").unwrap();
    let output = machine.run(&["setup"]);
    assert_eq!(output.status.code(), Some(1));
    let shown = String::from_utf8(output.stdout).unwrap();
    assert!(shown.contains("left alone Claude Code"), "{shown}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "{ \"hooks\": [] }");
}

/// Every command that `setup` wrote for a host, as a shell would run it, in the order of the file.
fn commands(document: &Value) -> Vec<String> {
    match document {
        Value::Object(members) => {
            let own = members.get("command").or_else(|| members.get("bash"));
            let own = own
                .and_then(Value::as_str)
                .filter(|command| command.contains("kintsugi-hook"));
            let arguments = members.get("args").and_then(Value::as_array);
            match (own, arguments) {
                // The exec form.
                (Some(command), Some(arguments)) => {
                    let words = arguments
                        .iter()
                        .map(|word| word.as_str().unwrap().to_owned());
                    vec![format!(
                        "'{command}' {}",
                        words.collect::<Vec<_>>().join(" ")
                    )]
                }
                (Some(command), None) => vec![command.to_owned()],
                (None, _) => members.values().flat_map(commands).collect(),
            }
        }
        Value::Array(values) => values.iter().flat_map(commands).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

#[test]
fn the_very_line_that_is_configured_refuses_what_must_be_refused() {
    // A path with a blank and a quote in it, as people have them.
    let machine = furnished();
    let directory = machine.home().join("it's mine/bin");
    std::fs::create_dir_all(&directory).unwrap();
    for program in ["kintsugi", "kintsugi-hook", "kintsugi-daemon"] {
        copy_program(
            kintsugi_tests::machine::program(program),
            directory.join(program),
        );
    }
    let written = machine
        .command(directory.join("kintsugi"))
        .arg("setup")
        .output()
        .unwrap();
    assert!(written.status.success(), "{written:?}");
    let work = machine.diverged().work;
    for (host, name) in [
        ("claude-code", ".claude/settings.json"),
        ("codex", ".codex/hooks.json"),
        ("qwen", ".qwen/settings.json"),
        ("cursor", ".cursor/hooks.json"),
        ("copilot", ".copilot/hooks/kintsugi.json"),
        ("windsurf", ".codeium/windsurf/hooks.json"),
        ("droid", ".factory/settings.json"),
        ("kiro", ".kiro/agents/default.json"),
        ("goose", ".agents/plugins/kintsugi/hooks/hooks.json"),
        ("kimi", ".kimi-code/config.toml"),
        ("antigravity", ".gemini/config/hooks.json"),
        ("cline", "Documents/Cline/Hooks/PreToolUse"),
    ] {
        let text = std::fs::read_to_string(machine.home().join(name)).unwrap();
        let line = match host {
            "cline" => machine.home().join(name).display().to_string(),
            "kimi" => {
                let document: toml::Table = toml::from_str(&text).unwrap();
                let hooks = document["hooks"].as_array().unwrap();
                hooks[1]["command"].as_str().unwrap().to_owned()
            }
            "claude-code" => {
                commands(&serde_json::from_str(&text).unwrap())[0].replace("it's", "it'\\''s")
            }
            _ => commands(&serde_json::from_str(&text).unwrap()).swap_remove(0),
        };
        let refused = session(host, &machine.home(), &work)
            .into_iter()
            .find(|exchange| exchange.said == "deny")
            .unwrap();
        // Nobody will answer, so nobody waits. A script takes no arguments: it is given what it refuses at once.
        let (line, payload) = if host == "cline" {
            (line, "{\"hookName\":\"PreToolUse\"}".to_owned())
        } else {
            let line = line.replace(" --wait=110", "");
            (format!("{line} --wait=0"), refused.payload.to_string())
        };
        let mut hook: Command = machine.command("sh");
        hook.args(["-c", &line]);
        let output = kintsugi_tests::machine::fed(hook, payload.as_bytes());
        assert_eq!(
            heard(host, &output),
            Said::Deny,
            "{host}: {line}: {output:?}"
        );
    }
}

#[test]
fn what_cannot_be_changed_safely_is_named_and_left_and_the_rest_is_done() {
    let machine = furnished();
    let broken = [
        (".gemini/settings.json", "{ \"hooks\": "),
        (".factory/settings.json", "[1]"),
        (".cursor/hooks.json", "{\"hooks\": {}, \"hooks\": {}}\n"),
        (".kimi-code/config.toml", "hooks = [] # all in one line\n"),
        (".kimi/config.toml", "model = \n"),
        (".zshrc", "# >>> kintsugi >>>\nhalf a block\n"),
    ];
    for (name, text) in broken {
        std::fs::write(machine.home().join(name), text).unwrap();
    }
    // No file at all, though it has the name of one.
    let directory = machine.home().join(".qwen/settings.json");
    std::fs::create_dir(&directory).unwrap();
    for arguments in [
        &["setup"][..],
        &["setup", "--check"],
        &["setup", "--dry-run"],
    ] {
        let output = machine.run(arguments);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {output:?}");
        let shown = String::from_utf8(output.stdout).unwrap();
        for (name, text) in broken {
            let path = machine.home().join(name);
            let line = shown
                .lines()
                .find(|line| line.ends_with(&path.display().to_string()));
            assert!(line.unwrap().starts_with("left alone"), "{name}: {shown}");
            assert_eq!(std::fs::read_to_string(path).unwrap(), text);
        }
        assert!(shown.contains("left alone Qwen Code"), "{shown}");
    }
    let claude = std::fs::read_to_string(machine.home().join(".claude/settings.json")).unwrap();
    assert!(claude.contains("kintsugi-hook"), "{claude}");
    let (code, undone) = setup(&machine, &["--undo"]);
    assert_eq!(code, Some(0), "{undone}");
}

#[test]
fn a_dotfile_that_is_a_link_stays_one_and_toml_keeps_what_was_written_since() {
    let machine = furnished();
    let dotfiles = machine.home().join("dotfiles");
    std::fs::create_dir(&dotfiles).unwrap();
    for (name, kept) in [
        (".claude/settings.json", "claude"),
        (".kimi-code/config.toml", "kimi"),
        (".bashrc", "bash"),
    ] {
        let path = machine.home().join(name);
        std::fs::rename(&path, dotfiles.join(kept)).unwrap();
        std::os::unix::fs::symlink(dotfiles.join(kept), &path).unwrap();
    }
    let before = everything(&machine.home());
    assert_eq!(setup(&machine, &[]).0, Some(0));
    assert_eq!(setup(&machine, &["--check"]).0, Some(0));
    let kimi = std::fs::read_to_string(dotfiles.join("kimi")).unwrap();
    assert!(kimi.starts_with("default_model = \"k\" # mine\n"), "{kimi}");
    std::fs::write(dotfiles.join("kimi"), kimi.replace("\"k\"", "\"new\"")).unwrap();
    assert_eq!(setup(&machine, &["--undo"]).0, Some(0));
    let kimi = std::fs::read_to_string(dotfiles.join("kimi")).unwrap();
    assert!(
        kimi.starts_with("default_model = \"new\" # mine\n") && !kimi.contains("kintsugi"),
        "{kimi}"
    );
    std::fs::write(dotfiles.join("kimi"), FILES[15].1).unwrap();
    assert_eq!(everything(&machine.home()), before);
}

/// A user that owns nothing: `nobody` of Debian.
const NOBODY: u32 = 65_534;

#[test]
fn what_may_not_be_written_is_named_and_left_and_the_rest_is_done_and_undone() {
    let machine = furnished();
    let home = machine.home();
    // Root may write everything, so that there it is another user's home.
    let is_root = rustix::process::geteuid().is_root();
    let bin = home.join("bin");
    std::fs::create_dir(&bin).unwrap();
    for name in ["kintsugi", "kintsugi-hook", "kintsugi-daemon"] {
        copy_program(program(name), bin.join(name));
    }
    let mode = |name: &str, mode: u32| {
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(home.join(name), permissions).unwrap();
    };
    mode(".claude/settings.json", 0o444);
    mode(".cursor", 0o555);
    if is_root {
        mode("..", 0o755);
        let owner = format!("{NOBODY}:{NOBODY}");
        let given = Command::new("chown")
            .args(["-R", &owner])
            .arg(&home)
            .status();
        assert!(given.unwrap().success());
    }
    let run = |arguments: &[&str]| {
        let identity = ["--reuid=65534", "--regid=65534", "--clear-groups"].map(str::to_owned);
        let mut command = machine.command(if is_root { "setpriv" } else { "env" });
        command.args(identity.iter().filter(|_| is_root));
        command
            .arg(bin.join("kintsugi"))
            .arg("setup")
            .args(arguments);
        let output = command.output().unwrap();
        let shown = String::from_utf8(output.stdout).unwrap();
        (output.status.code(), shown)
    };
    let before = everything(&home);
    for arguments in [&["--dry-run"][..], &["--check"], &[], &[]] {
        let (code, shown) = run(arguments);
        let expected = i32::from(arguments != ["--dry-run"]);
        assert_eq!(code, Some(expected), "{arguments:?}: {shown}");
        if arguments.is_empty() {
            for (title, why) in [
                ("Claude Code", "it is read-only"),
                ("Cursor", "Permission denied"),
            ] {
                let left = shown
                    .split_once(&format!("left alone {title}"))
                    .map(|(_, rest)| rest);
                let why_left = left
                    .and_then(|rest| rest.lines().nth(1))
                    .unwrap_or_default();
                assert!(why_left.contains(why), "{title}: {shown}");
            }
            assert!(!shown.contains("left alone Factory Droid"), "{shown}");
        }
    }
    let after = everything(&home);
    for name in [".claude", ".cursor"] {
        let of = |all: &BTreeMap<PathBuf, _>| -> Vec<_> {
            let own = all
                .iter()
                .filter(|(path, _)| path.starts_with(home.join(name)));
            own.map(|(path, found): (&PathBuf, &(u32, Option<Vec<u8>>))| {
                (path.clone(), found.clone())
            })
            .collect()
        };
        assert_eq!(of(&after), of(&before), "{name}");
    }
    let droid = std::fs::read_to_string(home.join(".factory/settings.json")).unwrap();
    assert!(droid.contains("kintsugi-hook"), "{droid}");
    let (code, undone) = run(&["--undo"]);
    assert_eq!(code, Some(0), "{undone}");
    assert_eq!(everything(&home), before);
}

#[test]
fn what_root_wires_in_anothers_home_stays_theirs_and_nothing_is_written_through_a_link() {
    if !rustix::process::geteuid().is_root() {
        println!("SKIPPED: only root can write in another's home");
        return;
    }
    let machine = furnished();
    let home = machine.home();
    let victim = home.join("../victim");
    std::fs::write(&victim, "precious").unwrap();
    // What its owner might lay where a new version of the file is made.
    let claude = home.join(".claude/settings.json");
    std::os::unix::fs::symlink(&victim, home.join(".claude/settings.json.kintsugi-new")).unwrap();
    for name in ["", ".claude", ".claude/settings.json", ".bashrc", ".codex"] {
        std::os::unix::fs::chown(home.join(name), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let owner = |path: &Path| std::fs::metadata(path).unwrap().uid();
    let (code, shown) = setup(&machine, &[]);
    assert_eq!(code, Some(0), "{shown}");
    let text = std::fs::read_to_string(&claude).unwrap();
    assert!(text.contains("kintsugi-hook"), "{text}");
    assert_eq!(std::fs::read_to_string(&victim).unwrap(), "precious");
    for name in [".claude/settings.json", ".bashrc", ".codex/hooks.json"] {
        assert_eq!(owner(&home.join(name)), NOBODY, "{name}: {shown}");
    }
    let (code, undone) = setup(&machine, &["--undo"]);
    assert_eq!(code, Some(0), "{undone}");
    for name in [".claude/settings.json", ".bashrc"] {
        assert_eq!(owner(&home.join(name)), NOBODY, "{name}: {undone}");
    }
    let text = std::fs::read_to_string(&claude).unwrap();
    assert!(!text.contains("kintsugi-hook"), "{text}");
}

#[test]
fn a_pipe_and_a_link_to_nothing_in_the_place_of_a_file_are_named_and_left() {
    let machine = Machine::new();
    for directory in [".claude", ".cursor"] {
        std::fs::create_dir(machine.home().join(directory)).unwrap();
    }
    let pipe = machine.home().join(".claude/settings.json");
    let made = machine.command("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let link = machine.home().join(".cursor/hooks.json");
    std::os::unix::fs::symlink("../dotfiles/hooks.json", &link).unwrap();
    let (code, printed) = setup(&machine, &["--only=claude-code,cursor"]);
    assert_eq!(code, Some(1), "{printed}");
    for words in ["it is no file", "it is a link to what is not there"] {
        assert!(printed.contains(words), "{printed}");
    }
    assert_eq!(setup(&machine, &["--undo"]).0, Some(0));
    assert!(link.is_symlink() && pipe.exists());
}

#[test]
fn a_home_that_is_no_text_is_refused_by_everything_and_nothing_is_written_there() {
    use std::os::unix::ffi::OsStrExt as _;
    let machine = Machine::new();
    let home = machine.home().join(std::ffi::OsStr::from_bytes(b"h\xffme"));
    std::fs::create_dir_all(home.join(".claude")).unwrap();
    std::fs::write(home.join(".bashrc"), "# mine\n").unwrap();
    let before = everything(&home);
    for arguments in [
        &["setup"][..],
        &["setup", "--check"],
        &["setup", "--undo"],
        &["pending"],
        &["doctor"],
    ] {
        let output = machine.kintsugi(arguments).env("HOME", &home).output();
        let output = output.unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{arguments:?}: {output:?}");
        assert!(told.contains("is not UTF-8"), "{arguments:?}: {told}");
    }
    let daemon = machine
        .command(program("kintsugi-daemon"))
        .env("HOME", &home)
        .output();
    let daemon = daemon.unwrap();
    let told = String::from_utf8_lossy(&daemon.stderr);
    assert!(
        !daemon.status.success() && told.contains("is not UTF-8"),
        "{daemon:?}"
    );
    // The hook has nobody to ask, so it refuses.
    let payload = r#"{"tool_name":"Bash","tool_input":{"command":"git push --force"},"hook_event_name":"PreToolUse","cwd":"/"}"#;
    let mut hook = machine.command(program("kintsugi-hook"));
    hook.arg("claude-code").env("HOME", &home);
    let answer = kintsugi_tests::machine::fed(hook, payload.as_bytes());
    assert_eq!(heard("claude-code", &answer), Said::Deny, "{answer:?}");
    assert_eq!(everything(&home), before);
}
