//! `kintsugi setup` in a home that has every agent: shown, written, called, and undone to nothing.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use kintsugi_tests::agents::{Said, heard, session};
use kintsugi_tests::machine::Machine;
use serde_json::Value;

/// What is in the homes of people, with their comments, order and layout.
const FILES: [(&str, &str); 14] = [
    (".bashrc", "alias l=ls"),
    (".zshrc", "setopt autocd\n"),
    (
        ".claude/settings.json",
        "{\n\t\"model\": \"x\",\n\t\"hooks\": {\n\t\t\"PreToolUse\": [\n\t\t\t{ \"matcher\": \"Edit\", \"hooks\": [] }\n\t\t]\n\t},\n\t\"env\": {\"B\": \"1\", \"A\": \"2\"}\n}",
    ),
    (".codex/config.toml", "model = \"x\"\n"),
    (
        ".gemini/settings.json",
        "{\n  // which theme\n  \"theme\": \"dark\", /* and */ \"hooks\": {},\n}\r\n",
    ),
    (".qwen/.keep", ""),
    (
        ".cursor/hooks.json",
        "{\"version\":1,\"hooks\":{\"stop\":[{\"command\":\"./x\"}]}}",
    ),
    (".copilot/config.json", "{}"),
    (".codeium/windsurf/hooks.json", "{ \"hooks\": {} }\n"),
    ("Documents/Cline/Rules/rule.md", "be kind\n"),
    (".factory/settings.json", "{\n    \"a\": 1\n}\n"),
    (".kiro/agents/default.json", "{\"name\": \"default\"}\n"),
    (".config/opencode/opencode.json", "{}\n"),
    (".config/amp/settings.json", "{}\n"),
];

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

fn furnished() -> Machine {
    let machine = Machine::new();
    for (name, text) in FILES {
        let path = machine.home().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    machine
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
    ] {
        assert!(
            shown.contains(&format!("missing    {title} ")),
            "{title}: {shown}"
        );
    }
    assert_eq!(everything(&machine.home()), before);
    assert_eq!(setup(&machine, &["--check"]).0, Some(1));

    assert_eq!(setup(&machine, &[]).0, Some(0));
    let wired = everything(&machine.home());
    assert_ne!(wired, before);
    let (code, again) = setup(&machine, &[]);
    assert_eq!(code, Some(0));
    assert!(!again.contains("written"), "{again}");
    assert_eq!(everything(&machine.home()), wired);
    assert_eq!(setup(&machine, &["--check"]).0, Some(0));

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
        std::fs::copy(
            kintsugi_tests::machine::program(program),
            directory.join(program),
        )
        .unwrap();
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
        ("cline", "Documents/Cline/Hooks/PreToolUse"),
    ] {
        let text = std::fs::read_to_string(machine.home().join(name)).unwrap();
        let line = match host {
            "cline" => machine.home().join(name).display().to_string(),
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
