//! Payloads that no agent should send: each must end in a deny or an ask, never in silence and never in an allow.

use kintsugi_tests::machine::Machine;
use serde_json::{Value, json};

fn good() -> Value {
    json!({
        "session_id": "s", "transcript_path": "/t", "cwd": "/tmp", "permission_mode": "default",
        "hook_event_name": "PreToolUse", "tool_name": "Bash",
        "tool_input": {"command": "ls", "description": "x"}, "tool_use_id": "u",
    })
}

/// What stands where text should.
fn not_text() -> Vec<Value> {
    vec![
        Value::Null,
        json!(true),
        json!(7),
        json!(-1.5e300),
        json!([]),
        json!(["ls"]),
        json!([["ls"]]),
        json!({}),
        json!({"command": "ls"}),
    ]
}

/// Every payload, with a word about it.
fn payloads() -> Vec<(String, Vec<u8>)> {
    let mut all: Vec<(String, Vec<u8>)> = Vec::new();
    let mut add = |word: String, payload: Vec<u8>| all.push((word, payload));
    let text = good().to_string();

    for cut in (0..text.len()).step_by(4) {
        add(format!("cut at {cut}"), text.as_bytes()[..cut].to_vec());
    }
    for at in (0..text.len()).step_by(6) {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = 0xff;
        add(format!("broken UTF-8 at {at}"), bytes);
    }
    for name in ["hook_event_name", "tool_name", "tool_input", "cwd"] {
        let mut payload = good();
        payload.as_object_mut().unwrap().remove(name);
        add(format!("without {name}"), payload.to_string().into_bytes());
        for value in not_text() {
            if name == "tool_input" && value.get("command").is_some() {
                continue;
            }
            let mut payload = good();
            payload[name] = value.clone();
            add(
                format!("{name} is {value}"),
                payload.to_string().into_bytes(),
            );
        }
    }
    for tool in ["Bash", "PowerShell", "Monitor"] {
        for value in not_text() {
            let mut payload = good();
            payload["tool_name"] = json!(tool);
            payload["tool_input"]["command"] = value.clone();
            add(
                format!("{tool}: command is {value}"),
                payload.to_string().into_bytes(),
            );
        }
    }
    for tool in ["Write", "Edit", "MultiEdit", "NotebookEdit"] {
        for value in not_text() {
            let mut payload = good();
            payload["tool_name"] = json!(tool);
            payload["tool_input"] = json!({"file_path": value, "notebook_path": value});
            add(
                format!("{tool}: path is {value}"),
                payload.to_string().into_bytes(),
            );
        }
    }
    for surrogate in [
        "\\ud800",
        "\\udfff",
        "\\ud800x",
        "\\udc00\\ud800",
        "\\ud83d\\u0041",
    ] {
        let payload = text.replace("\"ls\"", &format!("\"ls {surrogate}\""));
        add(format!("lone surrogate {surrogate}"), payload.into_bytes());
    }
    for cwd in ["", ".", "tmp", "~", "../tmp", "C:\\"] {
        let mut payload = good();
        payload["cwd"] = json!(cwd);
        add(format!("cwd is {cwd:?}"), payload.to_string().into_bytes());
    }
    for tool in [
        "Shell",
        "mcp__x__run",
        "bash",
        "BASH",
        "Bash ",
        "",
        "run_in_terminal",
    ] {
        for member in ["command", "cmd", "script", "code"] {
            let mut payload = good();
            payload["tool_name"] = json!(tool);
            payload["tool_input"] = json!({member: "rm -rf ~"});
            add(
                format!("{tool:?} with {member}"),
                payload.to_string().into_bytes(),
            );
        }
        let mut payload = good();
        payload["tool_name"] = json!(tool);
        add(
            format!("{tool:?} with ls"),
            payload.to_string().into_bytes(),
        );
    }
    let padding = " ".repeat(20 * 1024 * 1024);
    add(
        "20 MB of padding".into(),
        format!("{text}{padding}").into_bytes(),
    );
    let mut payload = good();
    payload["tool_input"]["command"] = json!("x".repeat(2 * 1024 * 1024));
    add("a command of 2 MB".into(), payload.to_string().into_bytes());
    add("nothing".into(), Vec::new());
    add("deep".into(), "[".repeat(100_000).into_bytes());
    add("deep object".into(), "{\"a\":".repeat(100_000).into_bytes());
    add("two payloads".into(), format!("{text}{text}").into_bytes());
    add("an array".into(), format!("[{text}]").into_bytes());
    add("text".into(), b"rm -rf ~".to_vec());
    add("NUL".into(), vec![0; 64]);
    all
}

#[test]
fn no_malformed_payload_lets_a_tool_run() {
    let machine = Machine::new();
    let payloads = payloads();
    assert!(payloads.len() >= 200, "{}", payloads.len());
    for (word, payload) in payloads {
        let output = machine.hook(&["claude-code", "--wait=0"], &payload);
        let answer: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{word}: {error}: {output:?}"));
        let permission = &answer["hookSpecificOutput"]["permissionDecision"];
        assert!(
            permission == "deny" || permission == "ask",
            "{word}: {output:?}"
        );
        // 0: the host reads the answer. 2: it blocks whatever the answer says. Anything else would let the tool run.
        let code = output.status.code();
        assert!(code == Some(0) || code == Some(2), "{word}: {output:?}");
    }
}

#[test]
fn a_good_payload_is_allowed_so_that_the_others_mean_something() {
    let machine = Machine::new();
    let output = machine.hook(&["claude-code"], good().to_string().as_bytes());
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        answer["hookSpecificOutput"]["permissionDecision"], "allow",
        "{output:?}"
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
        let mut payload = good();
        payload["cwd"] = json!(home);
        payload["tool_name"] = json!(tool);
        payload["tool_input"] = json!({"file_path": home.join(path), "content": "x"});
        let output = machine.hook(&["claude-code", "--wait=0"], payload.to_string().as_bytes());
        let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
        let permission = &answer["hookSpecificOutput"]["permissionDecision"];
        assert_eq!(permission, "deny", "{tool} {path}: {output:?}");
    }
}

#[test]
fn an_ordinary_file_of_the_project_is_written_without_asking() {
    let machine = Machine::new();
    let work = machine.diverged().work;
    let mut payload = good();
    payload["cwd"] = json!(work);
    payload["tool_name"] = json!("Write");
    payload["tool_input"] = json!({"file_path": work.join("src/main.rs"), "content": "x"});
    let output = machine.hook(&["claude-code", "--wait=0"], payload.to_string().as_bytes());
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        answer["hookSpecificOutput"]["permissionDecision"], "allow",
        "{output:?}"
    );
}
