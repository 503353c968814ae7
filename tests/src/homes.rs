//! Homes as people have them: with every agent and shell that `kintsugi setup` knows, and what they wrote there.

use crate::machine::Machine;

/// What is in the homes of people, with their comments, order and layout.
pub const FILES: [(&str, &str); 18] = [
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
    (".config/goose/config.yaml", "GOOSE_MODEL: x # mine\n"),
    (
        ".kimi-code/config.toml",
        "default_model = \"k\" # mine\n\n[[hooks]]\nevent = \"Stop\"\ncommand = \"true\"\n",
    ),
    (".kimi/config.toml", ""),
    (".gemini/antigravity-cli/settings.json", "{}"),
];

/// Returns a machine whose home has all of them.
///
/// # Panics
/// When there is no room for it.
#[must_use]
pub fn furnished() -> Machine {
    let machine = Machine::new();
    for (name, text) in FILES {
        let path = machine.home().join(name);
        std::fs::create_dir_all(path.parent().expect("room")).expect("room");
        std::fs::write(path, text).expect("room");
    }
    machine
}
