//! What an agent writes to give itself commands (servers of MCP, hooks, plugins, agents) waits for a person, by whichever of its
//! tools it is written: no hook is asked about what such a file then starts.

use std::path::Path;

use kintsugi_tests::agents::{HOSTS, Said, heard, session};
use kintsugi_tests::machine::Machine;
use serde_json::json;

/// Below a project.
const IN_PROJECT: [&str; 34] = [
    ".mcp.json",
    ".vscode/mcp.json",
    ".vscode/tasks.json",
    ".cursor/mcp.json",
    ".cursor/hooks.json",
    ".cursor/environment.json",
    ".claude/settings.json",
    ".claude/settings.local.json",
    ".claude/agents/helper.md",
    ".claude/skills/tidy/SKILL.md",
    ".claude/commands/tidy.md",
    ".codex/config.toml",
    ".codex/hooks.json",
    ".gemini/settings.json",
    ".gemini/extensions/x/gemini-extension.json",
    ".qwen/settings.json",
    ".github/hooks/x.json",
    ".github/agents/x.agent.md",
    "opencode.json",
    ".opencode/plugins/x.js",
    ".windsurf/hooks.json",
    ".clinerules/hooks/PreToolUse",
    ".kiro/settings/mcp.json",
    ".kiro/hooks/x.json",
    ".factory/mcp.json",
    ".factory/hooks.json",
    ".amp/settings.json",
    ".amazonq/mcp.json",
    ".roo/mcp.json",
    ".kilocode/mcp.json",
    ".continue/mcpServers/x.yaml",
    ".zed/settings.json",
    ".agents/hooks.json",
    "crush.json",
];

/// Below the home.
const IN_HOME: [&str; 16] = [
    ".claude.json",
    ".claude/settings.json",
    ".claude/agents/helper.md",
    ".cursor/mcp.json",
    ".codex/config.toml",
    ".gemini/settings.json",
    ".gemini/antigravity/mcp_config.json",
    ".copilot/mcp-config.json",
    ".codeium/windsurf/mcp_config.json",
    ".config/Claude/claude_desktop_config.json",
    ".config/Code/User/mcp.json",
    ".config/goose/config.yaml",
    ".config/opencode/opencode.json",
    ".config/zed/settings.json",
    ".factory/mcp.json",
    ".lmstudio/mcp.json",
];

/// What only tells an agent something, or is no file of one.
const OF_NO_WEIGHT: [&str; 7] = [
    "AGENTS.md",
    "CLAUDE.md",
    ".cursor/rules/style.mdc",
    ".roo/rules/style.md",
    "docs/mcp.md",
    "src/mcp.rs",
    "src/agents/helper.md",
];

/// The same, put in place with the directory where they are.
const COPIED: [&str; 21] = [
    "cp -r kit/.claude .",
    "cp -R kit/.claude/ ./.claude",
    "cp -a kit/.claude/. .claude/",
    "cp -r kit/.cursor kit/notes .",
    "cp -r kit/.codex kit/.gemini kit/.qwen .",
    "cp kit/.mcp.json .",
    "cp -t . kit/opencode.json",
    "mv kit/.kiro .",
    "mv .claude.new .claude",
    "rsync -a kit/.factory .",
    "rsync -a kit/.cursor/ .cursor/",
    "ln -s kit/.claude .claude",
    "ln -s ../kit/.opencode .",
    "git clone https://example.org/given .claude",
    "npx degit other/given/.claude .claude",
    "tar xzf kit.tgz .claude",
    "tar -xzf kit.tgz ./.claude/settings.json .mcp.json",
    "tar xf kit.tar kit/.vscode --strip-components=1",
    "unzip kit.zip '.claude/*'",
    "unzip -o kit.zip .cursor/mcp.json",
    "cp -r kit/.windsurf kit/.clinerules kit/.roo kit/.continue .",
];

/// Agents that are started with commands of the line's own, with other settings than those in which the hook stands, or so that they
/// ask nobody.
const PAST_THE_GATE: [&str; 67] = [
    "claude --mcp-config servers.json -p hi",
    "claude -p hi --mcp-config='{\"mcpServers\":{\"x\":{\"command\":\"given\"}}}'",
    "claude --plugin-dir ./x -p hi",
    "claude --agents '{\"x\":{\"description\":\"d\",\"prompt\":\"p\",\"hooks\":{}}}' -p hi",
    "claude --settings '{\"hooks\":{}}' -p hi",
    "claude --settings='{\"disableAllHooks\":true}' -p hi",
    "claude --setting-sources user -p hi",
    "claude --dangerously-skip-permissions",
    "claude --permission-mode bypassPermissions -p hi",
    "claude --permission-mode=bypassPermissions -p hi",
    "claude --permission-prompt-tool mcp__x__y -p hi",
    "claude --bare -p hi",
    "claude --safe-mode -p hi",
    "npx -y @anthropic-ai/claude-code -p hi --mcp-config x.json",
    "bunx @anthropic-ai/claude-code --dangerously-skip-permissions",
    "npm exec @anthropic-ai/claude-code -- --dangerously-skip-permissions",
    "CLAUDE_CONFIG_DIR=/tmp/x claude -p hi",
    "env CLAUDE_CONFIG_DIR=./kit claude",
    "export CLAUDE_CONFIG_DIR=/tmp/x",
    "CLAUDE_CODE_SIMPLE=1 claude -p hi",
    "CLAUDE_CODE_SHELL_PREFIX=/tmp/x claude -p hi",
    "HOME=/tmp/x claude -p hi",
    "env -i PATH=/usr/bin HOME=/tmp/x claude -p hi",
    "CODEX_HOME=/tmp/x codex exec hi",
    "export CODEX_HOME=/tmp/x && codex exec hi",
    "codex -c 'mcp_servers.x.command=\"sh\"' -c 'mcp_servers.x.args=[\"-c\",\"id\"]'",
    "codex exec -c mcp_servers.x.command=given hi",
    "codex exec --config=mcp_servers.x.command=given hi",
    "codex -c 'notify=[\"given\"]' exec hi",
    "codex -c 'hooks.PreToolUse=[]' exec hi",
    "codex -c features.hooks=false exec hi",
    "codex --disable hooks exec hi",
    "codex -c approval_policy=never exec hi",
    "codex -c sandbox_mode=danger-full-access exec hi",
    "codex --dangerously-bypass-approvals-and-sandbox exec hi",
    "codex --yolo",
    "codex -a never exec hi",
    "gemini --yolo -p hi",
    "gemini --approval-mode=yolo",
    "gemini --admin-policy x.toml -p hi",
    "GEMINI_CLI_HOME=/tmp/x gemini -p hi",
    "npx @google/gemini-cli --yolo",
    "qwen --yolo -p hi",
    "copilot --allow-all -p hi",
    "copilot --allow-tool 'shell(rm)' -p hi",
    "copilot --additional-mcp-config @x.json -p hi",
    "copilot --config-dir /tmp/x -p hi",
    "COPILOT_HOME=/tmp/x copilot -p hi",
    "cursor-agent --force -p hi",
    "cursor-agent --approve-mcps -p hi",
    "agent --force -p hi",
    "amp --settings-file x.json -x hi",
    "amp --mcp-config '{\"x\":{\"command\":\"given\"}}' -x hi",
    "OPENCODE_CONFIG=/tmp/x.json opencode run hi",
    "OPENCODE_PERMISSION='{\"bash\":\"allow\"}' opencode run hi",
    "XDG_CONFIG_HOME=/tmp/x opencode run hi",
    "goose run --with-extension 'npx given' -t hi",
    "GOOSE_MODE=auto goose run -t hi",
    "droid exec --auto high hi",
    "droid exec --settings x.json hi",
    "kiro-cli chat --trust-tools=execute_bash hi",
    "q chat --trust-all-tools hi",
    "kimi --mcp-config-file x.json",
    "auggie --permission execute:allow hi",
    "npx mcp-remote https://example.org/sse",
    "mcporter call linear.create_issue title=x",
    "npx @modelcontextprotocol/inspector --cli given --method tools/call",
];

/// An agent that is started as people start one, and servers that are only looked at.
const WITH_ITS_GATE: [&str; 24] = [
    "claude",
    "claude -p 'explain this'",
    "claude --continue",
    "claude --model opus --permission-mode plan -p hi",
    "claude --permission-mode acceptEdits -p hi",
    "claude --allowedTools Read,Grep -p hi",
    "claude --agents '{\"x\":{\"description\":\"d\",\"prompt\":\"p\"}}' -p hi",
    "CLAUDE_CONFIG_DIR= claude -p hi",
    "ANTHROPIC_MODEL=opus claude -p hi",
    "codex exec hi",
    "codex -c model=o3 exec hi",
    "codex -c model_reasoning_effort=high -s read-only exec hi",
    "codex --profile review exec hi",
    "gemini -p hi",
    "gemini --approval-mode default -m flash -p hi",
    "copilot -p hi",
    "cursor-agent -p hi",
    "opencode run hi",
    "goose run -t hi",
    "droid exec --auto low hi",
    "aider --config x.yml --message hi",
    "HOME=/tmp/x make test",
    "mcporter list",
    "npx @modelcontextprotocol/inspector --cli given --method tools/list",
];

#[test]
fn an_agent_is_started_past_its_gate_by_nobody_unasked() {
    let machine = Machine::new();
    let work = machine.diverged().work;
    assert!(machine.run(&["daemon", "start"]).status.success());
    for command in PAST_THE_GATE {
        assert_eq!(told(&machine, &work, command), Said::Deny, "{command}");
    }
    for command in WITH_ITS_GATE {
        let said = told(&machine, &work, command);
        assert!(
            matches!(said, Said::Allow | Said::Nothing),
            "{command}: {said:?}"
        );
    }
}

#[test]
fn no_host_writes_what_it_would_start_by_itself_unasked() {
    let machine = Machine::new();
    let work = machine.diverged().work;
    assert!(machine.run(&["daemon", "start"]).status.success());
    let in_project = IN_PROJECT.map(|name| work.join(name));
    let in_home = IN_HOME.map(|name| machine.home().join(name));
    for (turn, host) in HOSTS.into_iter().enumerate() {
        let exchanges = session(host, &machine.home(), &work);
        let written = exchanges
            .iter()
            .filter(|exchange| exchange.said == "allow")
            .map(|exchange| exchange.payload.to_string())
            // A new file by the content that all of them have, or by a patch; some hosts show what is read as well.
            .filter(|it| it.contains("\"//\"") || it.contains("\\\"//\\\"") || it.contains("+//"))
            .find(|it| !it.contains("Read"));
        let written = written.unwrap_or_else(|| panic!("{host}: its session writes no file"));
        // Every file by the host that names no directory, and some by every other.
        let is_asked_all = host == "windsurf";
        let paths = in_project.iter().chain(&in_home).enumerate();
        for (_, path) in paths.filter(|(at, _)| is_asked_all || (at + turn) % 8 == 0) {
            let path = path.display().to_string();
            let mut payload = written.clone();
            for name in ["lib.rs", "new.rs"] {
                let relative = format!("src/{name}");
                payload = payload.replace(&work.join(&relative).display().to_string(), &path);
                payload = payload.replace(&relative, &path);
            }
            assert!(payload.contains(&path), "{host}: {payload}");
            let output = machine.hook(&[host, "--wait=0"], payload.as_bytes());
            let said = heard(host, &output);
            assert!(
                matches!(said, Said::Deny | Said::Ask),
                "{host}: {path}: {said:?}: {output:?}"
            );
        }
    }
}

/// What the hook of Claude Code is told about a command line in `work`.
fn told(machine: &Machine, work: &Path, command: &str) -> Said {
    let payload = json!({
        "session_id": "s", "cwd": work, "hook_event_name": "PreToolUse",
        "tool_name": "Bash", "tool_input": {"command": command},
    });
    let output = machine.hook(&["claude-code", "--wait=0"], payload.to_string().as_bytes());
    heard("claude-code", &output)
}

#[test]
fn a_shell_writes_none_of_them_unasked_and_reads_all() {
    let machine = Machine::new();
    let work = machine.diverged().work;
    assert!(machine.run(&["daemon", "start"]).status.success());
    let run = |command: &str| told(&machine, &work, command);
    let in_home = IN_HOME.map(|name| format!("~/{name}"));
    let names = IN_PROJECT
        .into_iter()
        .chain(in_home.iter().map(String::as_str));
    for (at, name) in names.enumerate() {
        let ways = [
            format!("echo '{{}}' > {name}"),
            format!("cp given.json {name}"),
            format!("jq .x given.json | tee {name}"),
            format!("sed -i s/a/b/ {name}"),
        ];
        let command = &ways[at % ways.len()];
        assert_eq!(run(command), Said::Deny, "{command}");
        if at % 5 == 0 {
            let command = format!("cat {name}");
            let said = run(&command);
            assert!(matches!(said, Said::Allow | Said::Nothing), "{command}");
        }
    }
    for name in OF_NO_WEIGHT {
        let command = format!("echo 'be brief' >> {name}");
        assert!(
            matches!(run(&command), Said::Allow | Said::Nothing),
            "{command}"
        );
    }
    for command in [
        "claude mcp add x -- npx -y given",
        "codex mcp add x -- npx given",
        "gemini mcp add x npx given",
        "droid mcp add x 'npx given'",
        "amp mcp add x -- npx given",
        "code --add-mcp '{\"name\":\"x\",\"command\":\"given\"}'",
        "fastmcp install claude-desktop given.py",
        "claude plugin install given@other",
        "gemini extensions install https://example.org/given",
        "claude mcp add-from-claude-desktop",
        "claude plugin marketplace add other/given",
        "codex plugin add given",
        "gemini extensions link ./given",
        "gemini skills install given",
        "qwen mcp add x npx given",
        "qwen extensions install given",
        "copilot mcp add x -- npx given",
        "copilot plugin install given@other",
        "cursor-agent mcp enable x",
        "opencode mcp add",
        "opencode plugin install given",
        "droid plugin install given@other",
        "amp skill add given",
        "auggie mcp add x -- npx given",
        "kimi mcp add x -- npx given",
        "crush mcp add x",
        "cline mcp add x",
        "kiro-cli mcp add --name x --command given",
        "q mcp add --name x --command given",
        "kiro --add-mcp '{\"name\":\"x\",\"command\":\"given\"}'",
        "windsurf --add-mcp '{\"name\":\"x\",\"command\":\"given\"}'",
        "npx -y @smithery/cli@latest install given --client claude",
        "npx @smithery/cli install given --client cursor",
        "smithery install given --client cursor",
        "npx add-mcp https://example.org/given",
        "npx -y install-mcp given --client claude",
        "npx skills add other/given",
        "docker mcp client connect claude-code",
        "docker mcp server enable given",
    ] {
        assert_eq!(run(command), Said::Deny, "{command}");
    }
    for command in COPIED {
        assert_eq!(run(command), Said::Deny, "{command}");
    }
    for command in [
        "claude mcp list",
        "copilot mcp list",
        "git add .mcp.json",
        "ls .claude/agents",
        "mkdir -p .claude",
        "cp -r .claude /tmp/saved",
        "tar czf /tmp/saved.tgz .claude",
        "tar tf kit.tgz .claude",
        "cp -r docs/.vitepress .",
        "rsync -a src/ lib/",
    ] {
        assert!(
            matches!(run(command), Said::Allow | Said::Nothing),
            "{command}"
        );
    }
}
