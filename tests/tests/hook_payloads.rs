//! The hooks of agents, by the real programs: sessions as hosts send them, and payloads that no host should send. Each of those
//! must end in a deny or an ask, never in silence and never in an allow.

use kintsugi_tests::agents::{Exchange, HOSTS, Said, heard, session};
use kintsugi_tests::machine::Machine;
use serde_json::{Value, json};

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
            let output = machine.hook(&[host, "--wait=0"], &payload);
            let said = heard(host, &output);
            assert!(
                matches!(said, Said::Deny | Said::Ask),
                "{host}: {word}: {said:?}: {output:?}"
            );
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
