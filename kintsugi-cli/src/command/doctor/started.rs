//! What agents start by themselves, of a home and in a project: servers of MCP, hooks of others, plugins. A hook of ours hears of none of it.
//!
//! A gate asks before such a file is written. What was written past every gate (by a program that a person installed, by a
//! repository, by hand) shows here: each thing is known by where it stands and by a hash of what it starts, so that one that is
//! new, or starts something else than before, is told.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jsonc_parser::ParseOptions;
use jsonc_parser::cst::CstRootNode;
use kintsugi_core::audit::record::Body;
use kintsugi_core::decide::Decision;
use kintsugi_core::paths::Paths;
use kintsugi_core::protocol::Resolution;
use serde_json::Value;
use uuid::Uuid;

use crate::records::{Directory, Records, Wanted};

/// Files below a home in which agents look for what to start, where `kintsugi setup` writes and where servers of MCP stand.
const FILES: [&str; 25] = [
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".claude.json",
    ".codex/config.toml",
    ".codex/hooks.json",
    ".gemini/settings.json",
    ".gemini/config/hooks.json",
    ".gemini/antigravity/mcp_config.json",
    ".qwen/settings.json",
    ".cursor/mcp.json",
    ".cursor/hooks.json",
    ".copilot/mcp-config.json",
    ".copilot/config.json",
    ".config/opencode/opencode.json",
    ".config/opencode/opencode.jsonc",
    ".config/amp/settings.json",
    ".codeium/windsurf/mcp_config.json",
    ".codeium/windsurf/hooks.json",
    ".factory/settings.json",
    ".factory/mcp.json",
    ".factory/hooks.json",
    ".kiro/settings/mcp.json",
    ".kimi/config.toml",
    ".kimi/mcp.json",
    ".kimi-code/config.toml",
];

/// Directories below a home of which agents load every file.
const DIRECTORIES: [&str; 5] = [
    ".config/opencode/plugin",
    ".config/opencode/plugins",
    ".config/amp/plugins",
    ".copilot/hooks",
    "Documents/Cline/Hooks",
];

/// Files below a project in which agents look for what to start.
const PROJECT_FILES: [&str; 26] = [
    ".mcp.json",
    "mcp.json",
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".codex/config.toml",
    ".codex/hooks.json",
    ".gemini/settings.json",
    ".qwen/settings.json",
    ".cursor/mcp.json",
    ".cursor/hooks.json",
    ".vscode/mcp.json",
    ".copilot/mcp-config.json",
    ".github/copilot/settings.json",
    "opencode.json",
    "opencode.jsonc",
    ".opencode/opencode.json",
    ".amp/settings.json",
    ".windsurf/hooks.json",
    ".windsurf/mcp_config.json",
    ".factory/settings.json",
    ".factory/mcp.json",
    ".factory/hooks.json",
    ".kiro/settings/mcp.json",
    ".kimi/mcp.json",
    ".roo/mcp.json",
    ".zed/settings.json",
];

/// Directories below a project of which agents load every file.
const PROJECT_DIRECTORIES: [&str; 6] = [
    ".opencode/plugin",
    ".opencode/plugins",
    ".amp/plugins",
    ".github/hooks",
    ".kiro/hooks",
    ".clinerules/hooks",
];

/// Longest file that is read: `~/.claude.json` keeps a history.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Most things that are remembered.
const STARTED_MAX: usize = 1_000;

/// Members that name a program or text for a shell.
const COMMANDS: [&str; 4] = ["command", "cmd", "bash", "powershell"];

/// Members that name a server, among servers.
const ADDRESSES: [&str; 3] = ["url", "httpUrl", "serverUrl"];

/// Members whose text, or each text in them, is started or loaded.
const TEXTS: [&str; 7] = [
    "apiKeyHelper",
    "awsAuthRefresh",
    "awsCredentialExport",
    "otelHeadersHelper",
    "notify",
    "plugin",
    "plugins",
];

/// By this a thing shows that it is ours.
const OURS: &str = "kintsugi";

/// Everything that is started, by what tells it from others; each with its place, for people.
pub(super) type Started = BTreeMap<String, String>;

/// Returns what the agents of `home` start by themselves, and is not ours.
pub(super) fn look(home: &Path) -> Started {
    look_in(home, "~", (&FILES, &DIRECTORIES))
}

/// Returns what agents start by themselves that work in `project`.
pub(super) fn look_in_project(project: &Path) -> Started {
    let shown = project.display().to_string();
    look_in(project, &shown, (&PROJECT_FILES, &PROJECT_DIRECTORIES))
}

/// Returns every path at which something may stand that agents start in `project`.
pub(super) fn places_in_project(project: &Path) -> impl Iterator<Item = PathBuf> {
    let names = PROJECT_FILES.iter().chain(&PROJECT_DIRECTORIES);
    names.map(|name| project.join(name))
}

fn look_in(top: &Path, shown: &str, (files, directories): (&[&str], &[&str])) -> Started {
    let mut all = Started::new();
    for file in files {
        let path = top.join(file);
        let Some(text) = read(&path) else { continue };
        let text = String::from_utf8_lossy(&text);
        let mut found = Vec::new();
        if let Some(document) = parse(&text, path.extension().is_some_and(|it| it == "toml")) {
            walk(&document, "", file.contains("mcp"), &mut found);
        }
        for (name, starts) in found {
            add(&mut all, (shown, file), &name, &starts);
        }
    }
    for directory in directories {
        let entries = top.join(directory).read_dir().into_iter().flatten();
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let text = read(&entry.path()).unwrap_or_default();
            let is_ours = String::from_utf8_lossy(&text).contains(OURS);
            if !is_ours {
                add(&mut all, (shown, directory), &name, "");
            }
        }
    }
    all
}

/// Returns what is in a file of such a length; a pipe would be waited for.
fn read(path: &Path) -> Option<Vec<u8>> {
    let found = fs::metadata(path).ok()?;
    let is_short = found.is_file() && found.len() <= FILE_BYTES_MAX;
    is_short.then(|| fs::read(path).ok()).flatten()
}

fn add(all: &mut Started, (top, file): (&str, &str), name: &str, starts: &str) {
    if starts.contains(OURS) || name.contains(OURS) || all.len() == STARTED_MAX {
        return;
    }
    let hash = blake3::hash(starts.as_bytes()).to_hex();
    let hash = hash.get(..16).unwrap_or_default();
    all.insert(
        format!("{file}\t{name}\t{hash}"),
        format!("`{name}` in `{top}/{file}`"),
    );
}

fn parse(text: &str, is_toml: bool) -> Option<Value> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if is_toml {
        return toml::from_str(text).ok();
    }
    CstRootNode::parse(text, &ParseOptions::default())
        .ok()?
        .to_serde_value()
}

/// Adds everything in `value` that names something to start, with the members that lead to it and what it starts. `is_mcp`: all of
/// the file is about servers.
fn walk(value: &Value, path: &str, is_mcp: bool, found: &mut Vec<(String, String)>) {
    let last = path.rsplit('.').next().unwrap_or_default();
    match value {
        Value::Object(members) => {
            let among_servers = is_mcp || path.to_ascii_lowercase().contains("mcp");
            let is_start = |name: &str| {
                COMMANDS.contains(&name) || (among_servers && ADDRESSES.contains(&name))
            };
            let is_told = |name: &str| is_start(name) || name == "args";
            let names = |(name, value): &(&String, &Value)| {
                is_start(name) && (value.is_string() || value.is_array())
            };
            if members.iter().any(|member| names(&member)) {
                let told = members.iter().filter(|(name, _)| is_told(name));
                let told: Vec<String> = told
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect();
                found.push((path.to_owned(), told.join(" ")));
            }
            for (name, value) in members {
                let path = if path.is_empty() {
                    name.clone()
                } else {
                    format!("{path}.{name}")
                };
                walk(value, &path, is_mcp, found);
            }
        }
        Value::Array(all) => all
            .iter()
            .for_each(|value| walk(value, path, is_mcp, found)),
        Value::String(text) if TEXTS.contains(&last) => {
            found.push((path.to_owned(), text.clone()));
        }
        Value::Bool(true) if path.contains("enabledPlugins.") => {
            found.push((path.to_owned(), String::new()));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Returns what is new against `known`, each with its place, and that no command explains which a person let run since `since`.
pub(super) fn news(
    paths: &Paths,
    now: &Started,
    known: &BTreeSet<String>,
    since: u64,
) -> Vec<String> {
    let new: Vec<_> = now
        .iter()
        .filter(|(key, _)| !known.contains(*key))
        .collect();
    if new.is_empty() {
        return Vec::new();
    }
    let approved = approved(paths, since);
    let is_explained = |key: &str| {
        let mut parts = key.split('\t');
        let file = parts.next().unwrap_or_default().rsplit('/').next();
        let name = parts.next().unwrap_or_default().rsplit('.').next();
        let words = [file, name].map(Option::unwrap_or_default);
        approved
            .iter()
            .any(|text| words.iter().any(|word| names(text, word)))
    };
    new.into_iter()
        .filter(|(key, _)| !is_explained(key))
        .map(|(_, place)| place.clone())
        .collect()
}

/// Whether `word` stands in `text` by itself.
fn names(text: &str, word: &str) -> bool {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '-' || letter == '_';
    !word.is_empty()
        && text.match_indices(word).any(|(at, _)| {
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let behind = text.get(at + word.len()..);
            let behind = behind.and_then(|behind| behind.chars().next());
            !before.is_some_and(is_part) && !behind.is_some_and(is_part)
        })
}

/// Returns the texts of commands that change an agent's settings, or what stays, and that a person let run.
fn approved(paths: &Paths, since: u64) -> Vec<String> {
    let since = i64::try_from(since).unwrap_or_default();
    let since = Timestamp::from_millisecond(since).unwrap_or_default();
    let wanted = Wanted {
        since: Some(since.strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()),
        ..Wanted::default()
    };
    let mut records = Records::wanted(Directory::new(&paths.log), wanted);
    let mut proposed: BTreeMap<Uuid, String> = BTreeMap::new();
    let mut approved = Vec::new();
    // A log that cannot be read explains nothing; `doctor` says that it cannot.
    while let Ok(Some(stored)) = records.next_record() {
        let allowed = allowed_by(stored.record.body, &mut proposed);
        approved.extend(allowed.and_then(|id| proposed.remove(&id)));
    }
    approved
}

/// Keeps what is proposed, and returns what is allowed of it.
fn allowed_by(body: Body, proposed: &mut BTreeMap<Uuid, String>) -> Option<Uuid> {
    if let Body::Proposal { command, .. } = body {
        proposed.insert(command.id, command.raw);
        return None;
    }
    if let Body::Verdict(verdict) = &body {
        let is_such = |rule: &str| rule.starts_with("guard.") || rule.starts_with("persist");
        let is_allowed = verdict.decision == Decision::Allow;
        let is_such = verdict.rule.as_deref().is_some_and(is_such);
        return (is_allowed && is_such).then_some(verdict.id);
    }
    let Body::Resolution { id, decision, .. } = body else {
        return None;
    };
    (decision == Resolution::Allow).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn started(file: &str, text: &str) -> Vec<String> {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        look(home.path()).into_values().collect()
    }

    #[test]
    fn servers_hooks_and_plugins_are_found_in_every_form() {
        for (file, text, place) in [
            (
                ".claude.json",
                r#"{"projects": {"/w": {"mcpServers": {"x": {"command": "npx", "args": ["y"]}}}}}"#,
                "projects./w.mcpServers.x",
            ),
            (
                ".cursor/mcp.json",
                "\u{feff}{ // mine\r\n \"mcpServers\": {\"x\": {\"url\": \"https://example.org\"},} }",
                "mcpServers.x",
            ),
            (
                ".claude/settings.json",
                r#"{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "say done"}]}]}}"#,
                "hooks.Stop.hooks",
            ),
            (
                ".claude/settings.json",
                r#"{"apiKeyHelper": "x"}"#,
                "apiKeyHelper",
            ),
            (
                ".claude/settings.json",
                r#"{"enabledPlugins": {"a@b": true, "c@d": false}}"#,
                "enabledPlugins.a@b",
            ),
            (".codex/config.toml", "notify = [\"say\"]\n", "notify"),
            (
                ".codex/config.toml",
                "[mcp_servers.x]\ncommand = \"npx\"\n",
                "mcp_servers.x",
            ),
            (
                ".config/opencode/opencode.jsonc",
                r#"{"mcp": {"x": {"type": "local", "command": ["npx", "y"]}}}"#,
                "mcp.x",
            ),
            (".config/opencode/plugins/other.js", "x", "other.js"),
        ] {
            let found = started(file, text);
            assert_eq!(found.len(), 1, "{file}: {found:?}");
            assert!(found[0].starts_with(&format!("`{place}` in ")), "{found:?}");
        }
    }

    #[test]
    fn settings_that_start_nothing_and_what_is_ours_are_no_news() {
        for (file, text) in [
            (
                ".claude/settings.json",
                r#"{"model": "x", "permissions": {"allow": ["Bash(ls)"]}}"#,
            ),
            (
                ".claude/settings.json",
                r#"{"hooks": {"PreToolUse": [{"hooks": [{"command": "/opt/kintsugi-hook"}]}]}}"#,
            ),
            (".config/opencode/plugins/kintsugi.js", "x"),
            (".claude.json", "no JSON"),
            (".codex/config.toml", "model = \"x\"\n"),
        ] {
            assert_eq!(started(file, text), Vec::<String>::new(), "{file}");
        }
    }

    #[test]
    fn the_same_place_that_starts_something_else_is_news() {
        let one = r#"{"mcpServers": {"x": {"command": "npx", "args": ["y"]}}}"#;
        let other = one.replace('y', "z");
        let mut all = Started::new();
        for text in [one, &other] {
            let mut found = Vec::new();
            walk(&parse(text, false).unwrap(), "", false, &mut found);
            for (name, starts) in found {
                add(&mut all, ("~", "x.json"), &name, &starts);
            }
        }
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn a_name_explains_only_where_it_stands_by_itself() {
        assert!(names("claude mcp add x -- npx y", "x"));
        assert!(names("cat > /home/u/.claude.json", ".claude.json"));
        assert!(!names("claude mcp add ax -- npx y", "x"));
        assert!(!names("anything", ""));
    }
}
