//! What belongs into which file of which host, so that its hook is called.
//!
//! Where a host's files are and what they look like: the sources of `crate::agent::host`. A host whose files were found
//! described in two ways, or in none, is not written here: `kintsugi hook` answers it, and its person wires it.

use std::path::{Path, PathBuf};

use jsonc_parser::cst::CstInputValue;
use jsonc_parser::json;

use kintsugi_core::quote::quote;

/// Longest that a hook may take, in seconds, where a host lets its configuration say so.
const LIMIT_SECONDS: u32 = 600;

/// How a file must look.
#[derive(Debug)]
pub(super) enum Wanted {
    /// Elements of arrays in a JSON document of the person's.
    Elements(Vec<Element>),
    /// A block in a start-up file of a shell.
    Block(String),
    /// A table of TOML, as a block at the end of a document of the person's.
    Table {
        /// The block.
        block: String,
        /// The line in it by which the hook is called.
        line: String,
    },
    /// A file of our own.
    Own {
        /// All of it.
        text: String,
        /// Whether it is run.
        executable: bool,
        /// The line in it by which the hook is called; a file that is run is its own.
        line: Option<String>,
    },
}

/// An element that an array of a document must have.
#[derive(Debug)]
pub(super) struct Element {
    /// The members that lead to the array.
    pub(super) path: Vec<&'static str>,
    /// The element.
    pub(super) value: CstInputValue,
    /// Members of the document that must be there, and are left alone when they are.
    pub(super) beside: Vec<(&'static str, CstInputValue)>,
}

/// A file that a host reads.
#[derive(Debug)]
pub(super) struct File {
    /// The name of the host.
    pub(super) host: &'static str,
    /// Where it is.
    pub(super) path: PathBuf,
    /// How it must look.
    pub(super) wanted: Wanted,
    /// What is left for the person to do.
    pub(super) then: Option<&'static str>,
}

/// Returns the files of every host that `home` shows to be installed. `hook` is the small client.
pub(super) fn found(home: &Path, hook: &Path) -> Vec<File> {
    let hook = hook.display().to_string();
    let mut files = in_terminals(home, &hook);
    files.extend(in_editors(home, &hook));
    files.extend(with_plugins(home, &hook));
    files.extend(goose(home, &hook));
    files.extend(kimi(home, &hook));
    files.extend(antigravity(home, &hook));
    files
}

fn file(host: &'static str, path: PathBuf, wanted: Wanted) -> File {
    File {
        host,
        path,
        wanted,
        then: None,
    }
}

/// Hosts in the form that Claude Code introduced.
fn in_terminals(home: &Path, hook: &str) -> Vec<File> {
    let there = |directory: &str| home.join(directory).is_dir();
    let mut files = Vec::new();
    if there(".claude") {
        let path = home.join(".claude/settings.json");
        files.push(file("claude-code", path, claude_code(hook)));
    }
    if there(".codex") {
        let wanted = groups(&line(hook, "codex"), "PreToolUse", LIMIT_SECONDS);
        files.push(File {
            then: Some("in Codex, `/hooks` must be told to trust it: until then it is skipped"),
            ..file("codex", home.join(".codex/hooks.json"), wanted)
        });
    }
    for (host, event) in [("gemini", "BeforeTool"), ("qwen", "PreToolUse")] {
        if there(&format!(".{host}")) {
            let path = home.join(format!(".{host}/settings.json"));
            // These two count in milliseconds.
            let wanted = groups(&waiting(hook, host), event, LIMIT_SECONDS * 1_000);
            files.push(file(host, path, wanted));
        }
    }
    if there(".factory") {
        let (path, below) = droid(home);
        let element = group(&waiting(hook, "droid"), LIMIT_SECONDS);
        files.push(file("droid", path, elements(&below, element)));
    }
    for path in kiro_agents(home) {
        let command = line(hook, "kiro");
        let element = json!({ "matcher": "*", "command": command, "timeout_ms": 120_000 });
        files.push(file(
            "kiro",
            path,
            elements(&["hooks", "preToolUse"], element),
        ));
    }
    files
}

/// Hosts with events of their own.
fn in_editors(home: &Path, hook: &str) -> Vec<File> {
    let there = |directory: &str| home.join(directory).is_dir();
    let mut files = Vec::new();
    if there(".cursor") {
        let path = home.join(".cursor/hooks.json");
        files.push(file("cursor", path, cursor(&waiting(hook, "cursor"))));
    }
    if there(".codeium/windsurf") {
        let path = home.join(".codeium/windsurf/hooks.json");
        files.push(file("windsurf", path, windsurf(&line(hook, "windsurf"))));
    }
    if there("Documents/Cline") {
        let wanted = Wanted::Own {
            text: format!("#!/bin/sh\nexec {}\n", line(hook, "cline")),
            executable: true,
            line: None,
        };
        let path = home.join("Documents/Cline/Hooks/PreToolUse");
        files.push(file("cline", path, wanted));
    }
    files
}

/// Hosts that take a file of our own.
fn with_plugins(home: &Path, hook: &str) -> Vec<File> {
    let plugins = [
        (
            "copilot",
            ".copilot",
            "hooks/kintsugi.json",
            copilot(&waiting(hook, "copilot")),
        ),
        (
            "opencode",
            ".config/opencode",
            "plugins/kintsugi.js",
            plugin(
                concat!(include_str!("ask.js"), include_str!("opencode.js")),
                hook,
            ),
        ),
        (
            "amp",
            ".config/amp",
            "plugins/kintsugi.ts",
            plugin(
                concat!(include_str!("ask.js"), include_str!("amp.js")),
                hook,
            ),
        ),
    ];
    let found = plugins
        .into_iter()
        .filter_map(|(host, directory, name, text)| {
            let directory = home.join(directory);
            let wanted = Wanted::Own {
                text,
                executable: false,
                line: Some(line(hook, host)),
            };
            directory
                .is_dir()
                .then(|| file(host, directory.join(name), wanted))
        });
    found.collect()
}

/// Goose finds what is below `~/.agents/plugins`: a manifest, and the hooks beside it.
fn goose(home: &Path, hook: &str) -> Vec<File> {
    if !home.join(".config/goose").is_dir() {
        return Vec::new();
    }
    let command = waiting(hook, "goose");
    let action = serde_json::json!({
        "type": "command", "command": command, "timeout": 120, "on_failure": "block"
    });
    let hooks = serde_json::json!({ "hooks": { "PreToolUse": [{ "hooks": [action] }] } });
    let manifest = serde_json::json!({
        "name": "kintsugi", "version": env!("CARGO_PKG_VERSION"),
        "description": "Asks Kintsugi before every tool"
    });
    let plugin = home.join(".agents/plugins/kintsugi");
    [("plugin.json", manifest), ("hooks/hooks.json", hooks)]
        .map(|(name, document)| {
            let wanted = Wanted::Own {
                text: format!("{document:#}\n"),
                executable: false,
                line: Some(command.clone()),
            };
            file("goose", plugin.join(name), wanted)
        })
        .into()
}

/// Kimi Code, and kimi-cli, which was before it.
fn kimi(home: &Path, hook: &str) -> Vec<File> {
    let line = waiting(hook, "kimi");
    // A string of JSON is one of TOML, too.
    let command = serde_json::Value::from(line.clone());
    let block = format!("[[hooks]]\nevent = \"PreToolUse\"\ncommand = {command}\ntimeout = 120\n");
    [".kimi-code", ".kimi"]
        .into_iter()
        .map(|directory| home.join(directory))
        .filter(|directory| directory.is_dir())
        .map(|directory| {
            let (block, line) = (block.clone(), line.clone());
            file(
                "kimi",
                directory.join("config.toml"),
                Wanted::Table { block, line },
            )
        })
        .collect()
}

fn antigravity(home: &Path, hook: &str) -> Option<File> {
    let own = [".gemini/antigravity", ".gemini/antigravity-cli"];
    own.iter().find(|name| home.join(name).is_dir())?;
    let element = group(&waiting(hook, "antigravity"), 120);
    let wanted = elements(&["kintsugi", "PreToolUse"], element);
    Some(File {
        then: Some(
            "versions differ in where they look for hooks: a session must show in `kintsugi log`",
        ),
        ..file(
            "antigravity",
            home.join(".gemini/config/hooks.json"),
            wanted,
        )
    })
}

/// The command as a shell reads it.
fn line(hook: &str, host: &str) -> String {
    format!("{} {host}", quote(hook))
}

/// The same, for a host whose own limit leaves time to wait for a person.
fn waiting(hook: &str, host: &str) -> String {
    format!("{} --wait=110", line(hook, host))
}

fn elements(path: &[&'static str], value: CstInputValue) -> Wanted {
    Wanted::Elements(vec![Element {
        path: path.to_vec(),
        value,
        beside: Vec::new(),
    }])
}

/// The exec form starts no shell, so nothing in the path needs quotes.
fn claude_code(hook: &str) -> Wanted {
    let element = |event, matcher: &str, limit: u32| Element {
        path: vec!["hooks", event],
        value: json!({
            "matcher": matcher,
            "hooks": [{ "type": "command", "command": hook, "args": ["claude-code"], "timeout": limit }]
        }),
        beside: Vec::new(),
    };
    Wanted::Elements(vec![
        element("PreToolUse", "*", LIMIT_SECONDS),
        element("PostToolUse", "Bash|PowerShell", 10),
    ])
}

fn group(command: &str, limit: u32) -> CstInputValue {
    json!({
        "matcher": ".*",
        "hooks": [{ "type": "command", "command": command, "timeout": limit }]
    })
}

fn groups(command: &str, event: &'static str, limit: u32) -> Wanted {
    elements(&["hooks", event], group(command, limit))
}

/// A shell command comes by an event of its own; `preToolUse` is asked for the rest, so that nothing is proposed twice.
fn cursor(command: &str) -> Wanted {
    let element = |event: &'static str, value| Element {
        path: vec!["hooks", event],
        value,
        beside: vec![("version", json!(1))],
    };
    let plain = || json!({ "command": command, "timeout": 120, "failClosed": true });
    let files = json!({
        "command": command,
        "matcher": "Write|Edit|StrReplace|SearchReplace|MultiEdit|EditNotebook|NotebookEdit|ApplyPatch|Delete|Read|Grep",
        "timeout": 120,
        "failClosed": true
    });
    Wanted::Elements(vec![
        element("beforeShellExecution", plain()),
        element("beforeMCPExecution", plain()),
        element("preToolUse", files),
    ])
}

fn copilot(command: &str) -> String {
    let document = serde_json::json!({
        "version": 1,
        "hooks": { "preToolUse": [{ "type": "command", "bash": command, "timeoutSec": 120 }] }
    });
    format!("{document:#}\n")
}

fn windsurf(command: &str) -> Wanted {
    let events = [
        "pre_run_command",
        "pre_write_code",
        "pre_read_code",
        "pre_mcp_tool_use",
    ];
    Wanted::Elements(
        events
            .into_iter()
            .map(|event| Element {
                path: vec!["hooks", event],
                value: json!({ "command": command, "show_output": true }),
                beside: Vec::new(),
            })
            .collect(),
    )
}

/// `hooks.json`, where it is, hides the hooks of `settings.json`; where it is not, it must not begin to.
fn droid(home: &Path) -> (PathBuf, Vec<&'static str>) {
    let own = home.join(".factory/hooks.json");
    if own.exists() {
        return (own, vec!["PreToolUse"]);
    }
    (
        home.join(".factory/settings.json"),
        vec!["hooks", "PreToolUse"],
    )
}

/// Kiro has its hooks in each agent's own file.
fn kiro_agents(home: &Path) -> Vec<PathBuf> {
    let Ok(directory) = home.join(".kiro/agents").read_dir() else {
        return Vec::new();
    };
    let paths = directory.flatten().map(|entry| entry.path());
    let mut agents: Vec<_> = paths
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    agents.sort();
    agents
}

/// Puts the client into a plugin's source, as a string of its language (JSON's is one).
fn plugin(source: &str, hook: &str) -> String {
    source.replace("\"@HOOK@\"", &serde_json::Value::from(hook).to_string())
}
