//! The hooks of agents, by the real programs: sessions as hosts send them, and payloads that no host should send. Each of those
//! must end in a deny or an ask, never in silence and never in an allow.

use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use kintsugi_tests::agents::{Exchange, HOSTS, Said, heard, session};
use kintsugi_tests::copies::copy_program;
use kintsugi_tests::machine::{Machine, fed, program};
use serde_json::{Value, json};

/// The shortest limit that a host has for its hook by itself.
const LIMIT: Duration = Duration::from_secs(30);

/// What stands where text or an object should.
fn neither_text_nor_object() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(7),
        json!(-1.5e300),
        json!([]),
        json!([["ls"]]),
        json!([7]),
    ]
}

/// Members without which a host's payload says nothing that could be decided: the path to each, from the top.
fn members(host: &str) -> Vec<&'static str> {
    match host {
        "cursor" => vec!["/hook_event_name", "/command"],
        "copilot" => vec!["/toolName", "/toolArgs", "/cwd"],
        "vscode" => vec![
            "/hookEventName",
            "/tool_name",
            "/tool_input",
            "/tool_input/command",
            "/cwd",
        ],
        "windsurf" => vec![
            "/agent_action_name",
            "/tool_info",
            "/tool_info/command_line",
        ],
        "cline" => vec![
            "/hookName",
            "/preToolUse",
            "/preToolUse/toolName",
            "/preToolUse/parameters",
            "/preToolUse/parameters/command",
            "/workspaceRoots",
        ],
        "antigravity" => vec![
            "/toolCall",
            "/toolCall/name",
            "/toolCall/args",
            "/toolCall/args/CommandLine",
        ],
        "goose" => vec![
            "/event",
            "/tool_name",
            "/tool_input",
            "/tool_input/command",
            "/working_dir",
        ],
        "amp" => vec![
            "/hook_event_name",
            "/tool_name",
            "/tool_input",
            "/tool_input/cmd",
            "/cwd",
        ],
        _ => vec![
            "/hook_event_name",
            "/tool_name",
            "/tool_input",
            "/tool_input/command",
            "/cwd",
        ],
    }
}

/// Puts `value` in the place of the member at `path`, or takes the member away.
fn replaced(payload: &Value, path: &str, value: Option<Value>) -> Value {
    let mut payload = payload.clone();
    let (parent, name) = path.rsplit_once('/').unwrap();
    let object = payload
        .pointer_mut(parent)
        .unwrap()
        .as_object_mut()
        .unwrap();
    match value {
        Some(value) => object.insert(name.to_owned(), value),
        None => object.remove(name),
    };
    payload
}

/// Every malformed payload of a host whose shell tool is called with `good`, with a word about it.
fn malformed(host: &str, good: &Value) -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |word: String, payload: Vec<u8>| all.push((word, payload));
    let text = good.to_string();
    // As many as make 200 with what follows, whatever the length.
    let step = (text.len() / 80).max(1);
    for cut in (0..text.len()).step_by(step) {
        add(format!("cut at {cut}"), text.as_bytes()[..cut].to_vec());
        let mut bytes = text.clone().into_bytes();
        bytes[cut] = 0xff;
        add(format!("broken UTF-8 at {cut}"), bytes);
    }
    for path in members(host) {
        let without = replaced(good, path, None);
        add(format!("without {path}"), without.to_string().into_bytes());
        for value in neither_text_nor_object() {
            let bad = replaced(good, path, Some(value.clone()));
            add(format!("{path} is {value}"), bad.to_string().into_bytes());
        }
    }
    for surrogate in [
        "\\ud800",
        "\\udfff",
        "\\ud800x",
        "\\udc00\\ud800",
        "\\ud83d\\u0041",
    ] {
        let bad = text.replace("cargo test", &format!("cargo test {surrogate}"));
        assert_ne!(bad, text, "{host}");
        add(format!("lone surrogate {surrogate}"), bad.into_bytes());
    }
    let padding = " ".repeat(20 * 1024 * 1024);
    add(
        "20 MB of padding".into(),
        format!("{text}{padding}").into_bytes(),
    );
    let long = text.replace("cargo test", &"x".repeat(2 * 1024 * 1024));
    add("a command of 2 MB".into(), long.into_bytes());
    add("deep".into(), "[".repeat(100_000).into_bytes());
    add("deep object".into(), "{\"a\":".repeat(100_000).into_bytes());
    add("two payloads".into(), format!("{text}{text}").into_bytes());
    add("an array".into(), format!("[{text}]").into_bytes());
    add("text".into(), b"rm -rf ~".to_vec());
    let utf16 = format!("\u{feff}{text}");
    let utf16 = utf16.encode_utf16().flat_map(u16::to_le_bytes);
    add("UTF-16".into(), utf16.collect());
    let (first, _) = good.as_object().unwrap().iter().next().unwrap();
    let rest = &text[1..];
    let deep = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
    for (word, member) in [
        ("a member twice", format!("\"{first}\":null")),
        ("a number beyond all", "\"x\":1e400".to_owned()),
        ("a deep member", format!("\"x\":{deep}")),
        ("NaN", "\"x\":NaN".to_owned()),
    ] {
        add(word.into(), format!("{{{member},{rest}").into_bytes());
    }
    add("NUL".into(), vec![0; 64]);
    all
}

/// The call of the shell tool in a session.
fn shell_call(exchanges: &[Exchange]) -> Value {
    let call = exchanges.iter().find(|exchange| exchange.said == "allow");
    call.expect("an allowed call").payload.clone()
}

#[test]
fn no_malformed_payload_lets_a_tool_run() {
    let machine = Machine::new();
    let work = machine.diverged().work;
    for host in HOSTS {
        let payloads = malformed(host, &shell_call(&session(host, &machine.home(), &work)));
        assert!(payloads.len() >= 200, "{host}: {}", payloads.len());
        for (word, payload) in payloads {
            let started = Instant::now();
            let output = machine.hook(&[host, "--wait=0"], &payload);
            let said = heard(host, &output);
            assert!(
                matches!(said, Said::Deny | Said::Ask),
                "{host}: {word}: {said:?}: {output:?}"
            );
            assert!(started.elapsed() < LIMIT, "{host}: {word}");
        }
    }
}

#[test]
fn a_session_of_each_host_is_answered_in_its_words() {
    let machine = Machine::new();
    let work = machine.diverged().work;
    for host in HOSTS {
        for exchange in session(host, &machine.home(), &work) {
            let output = machine.hook(&[host, "--wait=0"], exchange.payload.to_string().as_bytes());
            let said = heard(host, &output);
            let right = match exchange.said.as_str() {
                "allow" => matches!(said, Said::Allow | Said::Nothing),
                "deny" => said == Said::Deny,
                "ask" => said == Said::Ask,
                "pass" => said == Said::Nothing,
                other => panic!("{host}: `{other}`"),
            };
            assert!(
                right,
                "{host}: {said:?} instead of {}: {}\n{output:?}",
                exchange.said, exchange.payload
            );
        }
    }
}

#[test]
fn what_a_host_says_has_run_is_in_the_log() {
    let machine = Machine::new();
    let work = machine.diverged().work;
    let exchanges = session("claude-code", &machine.home(), &work);
    let ran = exchanges
        .iter()
        .find(|exchange| exchange.payload["hook_event_name"] == "PostToolUse")
        .unwrap();
    for payload in [&shell_call(&exchanges), &ran.payload] {
        let output = machine.hook(&["claude-code"], payload.to_string().as_bytes());
        assert!(output.status.success(), "{output:?}");
    }
    let log = machine.run(&["log", "--json"]);
    let log = String::from_utf8(log.stdout).unwrap();
    let entries = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut recorded = entries.filter(|entry| entry["kind"] == "recorded");
    let entry = recorded.next().unwrap_or_else(|| panic!("{log}"));
    assert_eq!(entry["command"], "cargo test --workspace");
    let shown = machine.run(&["log", "show", &entry["seq"].to_string(), "--json"]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.contains("\"exit_code\":0") && shown.contains("\"duration_ms\":812"),
        "{shown}"
    );
}

/// How hosts call what they tell after a tool.
const AFTER: [&str; 5] = [
    "PostToolUse",
    "postToolUse",
    "AfterTool",
    "afterShellExecution",
    "post_run_command",
];

#[test]
fn what_every_host_tells_has_run_is_in_the_log_with_what_it_tells_of_it() {
    let machine = Machine::new();
    let work = machine.diverged().work;
    assert!(machine.run(&["daemon", "start"]).status.success());
    let mut told = Vec::new();
    for host in HOSTS {
        let exchanges = session(host, &machine.home(), &work);
        let ran = exchanges.iter().find(|exchange| {
            let event = ["hook_event_name", "event", "hookName", "agent_action_name"];
            let mut events = event.iter().map(|name| &exchange.payload[*name]);
            let is_named = events.any(|event| event.as_str().is_some_and(|it| AFTER.contains(&it)));
            // Copilot names no event.
            is_named || exchange.payload["toolResult"].is_object()
        });
        let Some(ran) = ran else { continue };
        let output = machine.hook(&[host], ran.payload.to_string().as_bytes());
        assert!(output.status.success(), "{host}: {output:?}");
        told.push((host, ran.payload.to_string()));
    }
    // VS Code and Antigravity tell nothing, as far as is known.
    assert_eq!(told.len(), HOSTS.len() - 2, "{told:?}");
    let log = machine.run(&["log", "--json"]);
    let log = String::from_utf8(log.stdout).unwrap();
    for (host, payload) in told {
        let entries = log
            .lines()
            .map(|line| serde_json::from_str::<Value>(line).unwrap());
        let is_its = |entry: &Value| entry["kind"] == "recorded" && entry["agent"] == host;
        let entry = entries.into_iter().find(is_its);
        let entry = entry.unwrap_or_else(|| panic!("{host}: {log}"));
        assert_eq!(entry["command"], "cargo test --workspace", "{host}");
        let shown = machine.run(&["log", "show", &entry["seq"].to_string(), "--json"]);
        let shown = String::from_utf8(shown.stdout).unwrap();
        for (sent, kept) in [
            ("\"exit_code\":0", "\"exit_code\":0"),
            (":812", "\"duration_ms\":812"),
        ] {
            assert!(
                !payload.contains(sent) || shown.contains(kept),
                "{host}: {kept}: {shown}"
            );
        }
    }
}

#[test]
fn without_a_daemon_every_host_is_told_no_with_a_reason() {
    let machine = Machine::new();
    let work = machine.diverged().work;
    // Where there is no program to start one with.
    let bin = machine.home().join("bin");
    std::fs::create_dir(&bin).unwrap();
    for name in ["kintsugi", "kintsugi-hook"] {
        copy_program(program(name), bin.join(name));
    }
    for host in HOSTS {
        let refused = session(host, &machine.home(), &work)
            .into_iter()
            .find(|exchange| exchange.said == "deny")
            .unwrap();
        let mut hook = machine.command(bin.join("kintsugi-hook"));
        hook.args([host, "--wait=0"]);
        let output = fed(hook, refused.payload.to_string().as_bytes());
        assert_eq!(heard(host, &output), Said::Deny, "{host}: {output:?}");
        let words = [output.stdout, output.stderr].concat();
        let words = String::from_utf8(words).unwrap();
        assert!(words.contains("there is no daemon"), "{host}: {words}");
    }
}

#[test]
fn files_that_run_later_are_not_written_unseen() {
    let machine = Machine::new();
    let home = machine.home();
    for (tool, path) in [
        ("Write", ".bashrc"),
        ("Edit", ".zshrc"),
        ("Write", ".config/kintsugi/config.toml"),
        ("Edit", ".claude/settings.json"),
        ("Write", "project/.git/hooks/pre-commit"),
        ("Write", ".ssh/authorized_keys"),
    ] {
        let payload = json!({
            "session_id": "s", "cwd": home, "hook_event_name": "PreToolUse", "tool_name": tool,
            "tool_input": {"file_path": home.join(path), "content": "x"},
        });
        let output = machine.hook(&["claude-code", "--wait=0"], payload.to_string().as_bytes());
        assert_eq!(
            heard("claude-code", &output),
            Said::Deny,
            "{tool} {path}: {output:?}"
        );
    }
}

/// What a tool that writes sends, for each of the ways to name a file.
fn ways_to(home: &std::path::Path, name: &str) -> Vec<String> {
    let home = home.display();
    vec![
        format!("{home}/{name}"),
        format!("~/{name}"),
        format!("../{name}"),
        format!("{home}/work/../{name}"),
        format!("{home}//./work/.././{name}"),
        format!("{home}/link/{name}"),
    ]
}

#[test]
fn every_tool_that_writes_is_stopped_at_every_way_to_a_file_that_runs_later() {
    let machine = Machine::new();
    let (home, work) = (machine.home(), machine.diverged().work);
    std::os::unix::fs::symlink(&home, home.join("link")).unwrap();
    let patch = |path: &str| {
        format!(
            "*** Begin Patch\n*** Update File: src/lib.rs\n*** Add File: {path}\n+x\n*** End Patch"
        )
    };
    let names = [
        ".bashrc",
        ".zshenv",
        ".config/fish/config.fish",
        ".config/kintsugi/config.toml",
        ".local/share/kintsugi/log/head",
        ".claude/settings.json",
        ".cursor/hooks.json",
        ".codex/config.toml",
        "work/.git/hooks/pre-commit",
        ".ssh/authorized_keys",
    ];
    for name in names {
        for path in ways_to(&home, name) {
            for (host, tool, input) in [
                (
                    "claude-code",
                    "Write",
                    json!({"file_path": path, "content": "x"}),
                ),
                (
                    "claude-code",
                    "MultiEdit",
                    json!({"file_path": path, "edits": []}),
                ),
                (
                    "claude-code",
                    "NotebookEdit",
                    json!({"notebook_path": path, "new_source": "x"}),
                ),
                ("codex", "apply_patch", json!({"command": patch(&path)})),
                ("opencode", "patch", json!({"patchText": patch(&path)})),
                (
                    "droid",
                    "mcp__files__write",
                    json!({"path": path, "content": "x"}),
                ),
            ] {
                let payload = json!({
                    "session_id": "s", "turn_id": "t", "cwd": work, "hook_event_name": "PreToolUse", "tool_name": tool,
                    "tool_input": input,
                });
                let mut payload = payload;
                if host != "codex" {
                    payload.as_object_mut().unwrap().remove("turn_id");
                }
                let output = machine.hook(&[host, "--wait=0"], payload.to_string().as_bytes());
                assert_eq!(
                    heard(host, &output),
                    Said::Deny,
                    "{host} {tool} {path}: {output:?}"
                );
            }
        }
    }
}

#[test]
fn every_tool_that_reads_is_stopped_at_every_way_to_a_secret() {
    let machine = Machine::new();
    let (home, work) = (machine.home(), machine.diverged().work);
    std::os::unix::fs::symlink(&home, home.join("link")).unwrap();
    for name in [".ssh", ".aws", ".gnupg", ".config/gh"] {
        std::fs::create_dir_all(home.join(name)).unwrap();
    }
    let secrets = [
        ".ssh/id_ed25519",
        ".aws/credentials",
        ".netrc",
        ".config/gh/hosts.yml",
    ];
    let tools = |path: &str| {
        [
            ("claude-code", "Read", json!({"file_path": path})),
            (
                "claude-code",
                "NotebookRead",
                json!({"notebook_path": path}),
            ),
            ("claude-code", "Grep", json!({"pattern": ".", "path": path})),
            ("gemini", "read_file", json!({"file_path": path})),
            ("droid", "Read", json!({"file_path": path})),
            ("opencode", "read", json!({"filePath": path})),
            ("kimi", "ReadFile", json!({"path": path})),
            ("amp", "Read", json!({"path": path})),
        ]
    };
    let said = |host: &str, tool: &str, input: &Value| {
        let event = if host == "gemini" {
            "BeforeTool"
        } else {
            "PreToolUse"
        };
        let payload = json!({
            "session_id": "s", "cwd": work, "hook_event_name": event, "tool_name": tool, "tool_input": input,
        });
        let output = machine.hook(&[host, "--wait=0"], payload.to_string().as_bytes());
        (heard(host, &output), output)
    };
    for name in secrets {
        std::fs::write(home.join(name), "a secret").unwrap();
        for path in ways_to(&home, name) {
            for (host, tool, input) in tools(&path) {
                let (heard, output) = said(host, tool, &input);
                let refuses = matches!(heard, Said::Deny | Said::Ask);
                assert!(refuses, "{host} {tool} {path}: {output:?}");
            }
        }
    }
    // And no other reading is in anybody's way.
    for (host, tool, input) in tools(&work.join("README.md").display().to_string()) {
        let (heard, output) = said(host, tool, &input);
        let runs = matches!(heard, Said::Allow | Said::Nothing);
        assert!(runs, "{host} {tool}: {output:?}");
    }
}

#[test]
fn a_daemon_that_hangs_ends_in_a_deny_within_the_limit_of_the_host() {
    let machine = Machine::new();
    let work = machine.diverged().work;
    // Whoever connects waits in the queue for ever.
    let silent = UnixListener::bind(machine.socket()).unwrap();
    for host in ["claude-code", "cursor"] {
        let refused = session(host, &machine.home(), &work)
            .into_iter()
            .find(|exchange| exchange.said == "deny")
            .unwrap();
        let started = Instant::now();
        let output = machine.hook(&[host], refused.payload.to_string().as_bytes());
        assert_eq!(heard(host, &output), Said::Deny, "{output:?}");
        assert!(started.elapsed() < LIMIT, "{host}: {:?}", started.elapsed());
    }
    drop(silent);
    std::fs::remove_file(machine.socket()).unwrap();
}

/// What an agent is told, in a session of its own.
fn told(machine: &Machine, host: &str, arguments: &[&str], call: (&str, &str)) -> (Said, String) {
    let (session, command) = call;
    let cwd = machine.home().join("work");
    let payload = match host {
        "cursor" => json!({
            "conversation_id": session, "generation_id": "g", "hook_event_name": "beforeShellExecution",
            "workspace_roots": [cwd], "cwd": cwd, "command": command,
        }),
        _ => json!({
            "session_id": session, "cwd": cwd, "hook_event_name": "PreToolUse", "tool_name": "Bash",
            "tool_input": {"command": command},
        }),
    };
    let arguments = [&[host, "--wait=0"], arguments].concat();
    let output = machine.agent_hook(&arguments, payload.to_string().as_bytes());
    let words = String::from_utf8(output.stdout.clone()).unwrap();
    (heard(host, &output), words)
}

#[test]
fn a_refusal_says_what_to_do_grows_firmer_and_ends_with_one_retry_of_the_same() {
    for host in ["claude-code", "cursor"] {
        let machine = Machine::new();
        let _work = machine.diverged();
        assert!(machine.run(&["daemon", "start"]).status.success());
        let push = "git push --force origin main";
        let (said, words) = told(&machine, host, &[], ("s", push));
        assert_eq!(said, Said::Deny, "{host}: {words}");
        for part in [
            "safer: `git push --force-with-lease",
            "stop here and tell the person",
            "kintsugi approve ",
            "run exactly the same command again",
        ] {
            assert!(words.contains(part), "{host}: {part}: {words}");
        }
        let (_, id) = words.split_once("held as ").unwrap();
        let id: String = id.chars().take_while(char::is_ascii_hexdigit).collect();

        for command in ["rm -rf ~/a ~/.ssh", "git push --delete origin main"] {
            assert_eq!(told(&machine, host, &[], ("s", command)).0, Said::Deny);
        }
        let (_, words) = told(&machine, host, &[], ("s", "rm -rf ~/"));
        let firmer = "propose nothing more, end your turn and ask";
        assert!(words.contains(firmer), "{host}: {words}");

        let (code, printed) = machine.elsewhere(&["approve", &id]);
        assert_eq!(code, 0, "{printed}");
        // Neither another session nor another text, and the same one once.
        assert_eq!(
            told(&machine, host, &[], ("other", push)).0,
            Said::Deny,
            "{host}"
        );
        let longer = "git push --force origin main --tags";
        assert_eq!(
            told(&machine, host, &[], ("s", longer)).0,
            Said::Deny,
            "{host}"
        );
        assert_eq!(
            told(&machine, host, &[], ("s", push)).0,
            Said::Allow,
            "{host}"
        );
        assert_eq!(
            told(&machine, host, &[], ("s", push)).0,
            Said::Deny,
            "{host}"
        );
    }
}

#[test]
fn only_a_host_that_surely_asks_is_told_to_ask() {
    let machine = Machine::new();
    let _work = machine.diverged();
    assert!(machine.run(&["daemon", "start"]).status.success());
    for (host, expected) in [("claude-code", Said::Ask), ("cursor", Said::Deny)] {
        let (said, words) = told(&machine, host, &["--then=ask"], ("s", "rm -rf ~/"));
        assert_eq!(said, expected, "{host}: {words}");
    }
}
