//! Payloads as each host sends them, and as none should.

use kintsugi_core::shell::Dialect;
use serde_json::{Value, json};

use super::tool::Allowed;
use super::*;

/// Reads a payload as the hook that is configured for `named` does.
fn hear(named: &str, payload: &Value) -> (&'static str, Result<Call, PayloadError>) {
    let host = Host::named(named).unwrap();
    match host.hear(payload.to_string().as_bytes()) {
        Ok((host, call)) => (host.name, Ok(call)),
        Err((host, error)) => (host.name, Err(error)),
    }
}

fn claude_code(tool: &str, input: &Value) -> Value {
    json!({
        "session_id": "s1", "transcript_path": "/t", "cwd": "/home/ada/p", "permission_mode": "default",
        "hook_event_name": "PreToolUse", "tool_name": tool, "tool_input": input, "tool_use_id": "u",
    })
}

fn proposed(named: &str, payload: &Value) -> Proposed {
    match hear(named, payload) {
        (host, Ok(Call::Propose(proposed))) if host == named => proposed,
        other => panic!("{named}: {other:?}"),
    }
}

/// The call in the session of `named` that runs `git push --force origin main` in `/home/ada/p`.
fn force_push(named: &str) -> Value {
    let path = format!(
        "{}/../tests/agents/{named}.ndjson",
        env!("CARGO_MANIFEST_DIR")
    );
    let session = std::fs::read_to_string(path).unwrap();
    let session = session.replace("$WORK", "/home/ada/p");
    let line = session
        .lines()
        .find(|line| line.contains("git push --force"));
    let mut exchange: Value = serde_json::from_str(line.unwrap()).unwrap();
    exchange["payload"].take()
}

#[test]
fn every_host_proposes_what_its_shell_tool_would_run() {
    for host in host::HOSTS {
        let proposed = proposed(host.name, &force_push(host.name));
        assert_eq!(
            proposed.text, "git push --force origin main",
            "{}",
            host.name
        );
        assert_eq!(proposed.cwd, "/home/ada/p", "{}", host.name);
        assert!(
            proposed.if_allowed == Allowed::Said && proposed.session.is_some(),
            "{}",
            host.name
        );
    }
}

#[test]
fn a_host_that_reads_the_configuration_of_another_is_told_by_its_payload() {
    let own = [
        "cursor",
        "copilot",
        "vscode",
        "windsurf",
        "cline",
        "antigravity",
        "gemini",
        "kiro",
        "codex",
        "kimi",
    ];
    for host in host::HOSTS {
        let (heard, call) = hear("claude-code", &force_push(host.name));
        if own.contains(&host.name) {
            assert_eq!(heard, host.name);
        }
        // An error is answered with a no; only silence would be an open gate.
        assert!(!matches!(call, Ok(Call::Pass)), "{}: {call:?}", host.name);
    }
}

#[test]
fn a_tool_that_touches_a_file_proposes_the_text_that_would() {
    let path = "/home/ada/a b";
    let file = json!({"file_path": path, "notebook_path": path, "path": path, "content": "x"});
    for (tool, text) in [
        ("Write", "cat > '/home/ada/a b'"),
        ("Edit", "cat >> '/home/ada/a b'"),
        ("NotebookEdit", "cat >> '/home/ada/a b'"),
        ("Read", "cat '/home/ada/a b'"),
        ("Grep", "grep -r x '/home/ada/a b'"),
        ("mcp__fs__write", "cat >> '/home/ada/a b'"),
    ] {
        assert_eq!(
            proposed("claude-code", &claude_code(tool, &file)).text,
            text,
            "{tool}"
        );
    }
}

#[test]
fn a_patch_proposes_what_it_does_to_each_file() {
    let patch = "*** Begin Patch\n*** Add File: a b\n+x\n*** Update File: c\n*** Move to: d\n@@\n-x\n*** Delete File: /etc/e\n*** End Patch";
    let mut payload = claude_code("apply_patch", &json!({"command": patch}));
    payload["turn_id"] = "1".into();
    assert_eq!(
        proposed("codex", &payload).text,
        "cat > 'a b'\ncat >> c\nmv -- c d\nrm -- /etc/e"
    );
    payload["tool_input"]["command"] = "no patch".into();
    assert!(hear("codex", &payload).1.is_err());
}

#[test]
fn what_is_typed_into_a_shell_that_runs_is_proposed_and_looking_at_it_is_not() {
    let mut payload = claude_code(
        "write_stdin",
        &json!({"session_id": 1, "chars": "rm -rf ~\n"}),
    );
    payload["turn_id"] = "1".into();
    assert_eq!(proposed("codex", &payload).text, "rm -rf ~\n");
    payload["tool_input"]["chars"] = "".into();
    assert_eq!(hear("codex", &payload).1, Ok(Call::Pass));
}

#[test]
fn a_path_is_known_whatever_its_member_is_called() {
    for path in [
        "~/.claude/settings.json",
        "file:///home/ada/x",
        ".claude/settings.json",
    ] {
        let input = json!({"there": path, "body": "{}"});
        let text = proposed("claude-code", &claude_code("mcp__x__do", &input)).text;
        let path = path.strip_prefix("file://").unwrap_or(path);
        assert!(text.contains(&format!("cat >> {path}")), "{text}");
    }
    for input in [
        json!({"there": "~/x"}),
        json!({"there": "/api/x", "body": "{}"}),
        json!({"there": "~/x and y", "body": "~/z"}),
    ] {
        let payload = claude_code("mcp__x__do", &input);
        assert_eq!(hear("claude-code", &payload).1, Ok(Call::Pass), "{input}");
    }
}

#[test]
fn what_neither_runs_nor_touches_a_file_is_left_to_the_host() {
    for (tool, input) in [
        ("Task", json!({"prompt": "rm -rf /", "command": "rm -rf /"})),
        ("Grep", json!({"pattern": "x"})),
        ("mcp__mail__list", json!({"folder": "in"})),
    ] {
        let payload = claude_code(tool, &input);
        assert_eq!(hear("claude-code", &payload).1, Ok(Call::Pass), "{tool}");
    }
    let mut other = claude_code("Bash", &json!({"command": "ls"}));
    other["hook_event_name"] = "SessionStart".into();
    assert_eq!(hear("claude-code", &other).1, Ok(Call::Pass));
}

#[test]
fn an_unknown_tool_with_a_command_is_proposed_as_one() {
    for (input, text) in [
        (json!({"cmd": "rm -rf ~"}), "rm -rf ~"),
        (json!({"command": ["rm", "-rf", "a b"]}), "rm -rf 'a b'"),
        (json!({"command": null, "script": "x"}), "x"),
    ] {
        let proposed = proposed("claude-code", &claude_code("mcp__shell__exec", &input));
        assert_eq!(
            (proposed.text.as_str(), proposed.if_allowed),
            (text, Allowed::Asked)
        );
    }
    let powershell = proposed(
        "claude-code",
        &claude_code("PowerShell", &json!({"command": "ls"})),
    );
    assert_eq!(powershell.dialect, Dialect::PowerShell);
}

#[test]
fn what_has_run_is_reported_with_what_the_host_knows_of_it() {
    let mut payload = claude_code("Bash", &json!({"command": "false"}));
    payload["hook_event_name"] = "PostToolUse".into();
    payload["tool_response"] = json!({"exit_code": 1});
    payload["duration_ms"] = 12.into();
    let copilot = json!({
        "cwd": "/p", "toolName": "bash", "toolArgs": {"command": "false"}, "durationMs": 12, "toolResult": {"exitCode": 1},
    });
    let cursor = json!({
        "hook_event_name": "afterShellExecution", "conversation_id": "c", "generation_id": "g",
        "command": "false", "cwd": "/p", "duration": 12, "exit_code": 1,
    });
    for (name, payload) in [
        ("claude-code", payload),
        ("copilot", copilot),
        ("cursor", cursor),
    ] {
        let (
            _,
            Ok(Call::Ran {
                proposed,
                exit_code,
                duration_ms,
            }),
        ) = hear(name, &payload)
        else {
            panic!("{name}");
        };
        assert_eq!(
            (proposed.text.as_str(), exit_code, duration_ms),
            ("false", Some(1), Some(12)),
            "{name}"
        );
    }
}

#[test]
fn no_host_is_asked_that_may_take_a_question_for_leave() {
    for host in host::HOSTS {
        let asked = host.say(Permission::Ask, "x");
        let denied = host.say(Permission::Deny, "x");
        let allowed = host.say(Permission::Allow, "x");
        assert_ne!(asked, allowed, "{}", host.name);
        assert_eq!(asked == denied, !host.asks, "{}", host.name);
        assert_eq!(allowed.exit, 0, "{}", host.name);
        let refused = host.refuse("x");
        assert_eq!(refused.exit, crate::fail_closed::BLOCK);
        assert!(!refused.error.is_empty());
    }
}

#[test]
fn a_host_knows_its_own_no_and_no_other_answer() {
    for host in host::HOSTS {
        let no = host.say(Permission::Deny, "a reason");
        assert!(
            host.is_refused(Some(no.exit.into()), no.output.as_bytes()),
            "{}",
            host.name
        );
        let yes = host.say(Permission::Allow, "a reason");
        assert!(
            !host.is_refused(Some(yes.exit.into()), yes.output.as_bytes()),
            "{}",
            host.name
        );
        assert!(!host.is_refused(Some(1), b""), "{}", host.name);
        let example = (host.example)("/home/ada", "ls -la");
        let proposed = proposed(host.name, &example);
        assert_eq!(
            (proposed.text.as_str(), proposed.cwd.as_str()),
            ("ls -la", "/home/ada")
        );
    }
}

#[test]
fn an_answer_is_one_line_whatever_the_reason() {
    for host in host::HOSTS {
        let said = host.say(Permission::Deny, "no\n\"\u{1b}[2J");
        assert!(said.output.lines().count() <= 1, "{}: {said:?}", host.name);
    }
}

#[test]
fn what_is_not_understood_is_an_error() {
    let good = claude_code("Bash", &json!({"command": "ls"})).to_string();
    let hear = |bytes: &[u8]| Host::named("claude-code").unwrap().hear(bytes);
    for (from, to) in [
        (r#""ls""#, "7"),
        (r#""ls""#, r#"["ls"]"#),
        (r#""ls""#, r#""\ud800""#),
        (r#""ls""#, "null"),
        (r#"{"command":"ls"}"#, r#""ls""#),
        (r#""Bash""#, "null"),
        (r#""tool_name""#, r#""toolName""#),
        (r#""/home/ada/p""#, r#""p""#),
        (r#""cwd""#, r#""cd""#),
        (r#""s1""#, "[1]"),
        (r#""hook_event_name""#, r#""event""#),
    ] {
        let bad = good.replacen(from, to, 1);
        assert_ne!(bad, good);
        assert!(hear(bad.as_bytes()).is_err(), "{bad}");
    }
    for cut in 0..good.len() {
        assert!(hear(&good.as_bytes()[..cut]).is_err(), "cut at {cut}");
    }
    assert!(hear(b"\xff\xfe{}").is_err());
    assert!(hear(format!("\u{feff}{good}").as_bytes()).is_ok());
    let padded = vec![b' '; usize::try_from(PAYLOAD_BYTES_MAX).unwrap() + 1];
    assert!(matches!(hear(&padded), Err((_, PayloadError::TooLarge))));
}

#[test]
fn a_command_is_judged_where_its_input_says_that_it_runs() {
    for (named, tool, input, cwd) in [
        (
            "claude-code",
            "Bash",
            json!({"command": "ls", "cwd": "/etc"}),
            "/etc",
        ),
        (
            "gemini",
            "run_shell_command",
            json!({"command": "ls", "dir_path": "../q/./r"}),
            "/home/ada/q/r",
        ),
        (
            "gemini",
            "run_shell_command",
            json!({"command": "ls", "directory": ""}),
            "/home/ada/p",
        ),
        (
            "opencode",
            "bash",
            json!({"command": "ls", "workdir": "../../../.."}),
            "/",
        ),
        (
            "amp",
            "Bash",
            json!({"cmd": "ls", "cwd": "sub"}),
            "/home/ada/p/sub",
        ),
        (
            "droid",
            "mcp__shell__run",
            json!({"cmd": "ls", "working_directory": "/"}),
            "/",
        ),
    ] {
        let mut payload = claude_code(tool, &input);
        if named == "gemini" {
            payload["hook_event_name"] = "BeforeTool".into();
        }
        assert_eq!(proposed(named, &payload).cwd, cwd, "{named}: {input}");
    }
    let odd = json!({"command": "ls", "cwd": ["/etc"]});
    let (_, heard) = hear("claude-code", &claude_code("Bash", &odd));
    assert_eq!(heard, Err(PayloadError::Member("cwd", "a string")));
}

/// Calls that nobody described: the tool, its input, and what is proposed.
type Undescribed = (&'static str, Value, &'static str);

fn assert_proposed(calls: Vec<Undescribed>, if_allowed: Allowed) {
    for (tool, input, text) in calls {
        let proposed = proposed("claude-code", &claude_code(tool, &input));
        assert_eq!(proposed.text, text, "{tool}");
        assert_eq!(proposed.if_allowed, if_allowed, "{tool}");
    }
}

#[test]
fn a_call_is_found_however_deep_and_whatever_it_is_called() {
    let calls = vec![
        (
            "multi_tool_use.parallel",
            json!({"tool_uses": [
                {"recipient_name": "functions.read", "parameters": {"path": "a"}},
                {"recipient_name": "functions.exec_command", "parameters": {"cmd": "rm -rf ~"}},
            ]}),
            "cat a\nrm -rf ~",
        ),
        (
            "mcp__any__call",
            json!({"request": {"arguments": "{\"script\": \"rm -rf ~\"}"}}),
            "rm -rf ~",
        ),
        (
            "run",
            json!({"command": "rm", "args": ["-rf", "a b"]}),
            "rm -rf 'a b'",
        ),
        (
            "start",
            json!({"program": "rm", "arguments": "-rf ~"}),
            "rm -rf ~",
        ),
        (
            "batch",
            json!({"commands": [{"command": "ls"}, "rm -rf ~"]}),
            "ls\nrm -rf ~",
        ),
        (
            "runInTerminal2",
            json!({"line": "rm -rf ~", "description": "tidy up"}),
            "rm -rf ~",
        ),
        (
            "functions.write_stdin",
            json!({"session_id": "7", "chars": "rm -rf ~\n"}),
            "rm -rf ~\n",
        ),
    ];
    assert_proposed(calls, Allowed::Asked);
}

#[test]
fn a_file_and_a_statement_are_found_however_they_are_named() {
    let patch = "*** Begin Patch\n*** Add File: a\n+x\n*** Update File: .git/hooks/pre-push\n+x\n*** End Patch";
    let calls = vec![
        (
            "mcp__postgres__query",
            json!({"query": "DROP TABLE users"}),
            "psql -c 'DROP TABLE users'",
        ),
        (
            "execute",
            json!({"sql": ["SELECT 1", "DELETE FROM a"]}),
            "psql -c 'SELECT 1'\npsql -c 'DELETE FROM a'",
        ),
        (
            "any",
            json!({"input": patch}),
            "cat > a\ncat >> .git/hooks/pre-push",
        ),
        (
            "mcp__files__move_file",
            json!({"source": "a", "destination": "b c"}),
            "mv -- a 'b c'",
        ),
        (
            "mcp__files__deleteFile",
            json!({"path": "src"}),
            "rm -r -- src",
        ),
        (
            "mcp__files__read_multiple_files",
            json!({"paths": ["a", "file:///b"]}),
            "cat a\ncat /b",
        ),
        (
            "multi_replace",
            json!({"replacements": [{"filePath": "a", "newString": "x"}]}),
            "cat >> a",
        ),
    ];
    assert_proposed(calls, Allowed::Silent);
}

#[test]
fn what_only_looks_like_a_call_is_left_to_the_host() {
    for (tool, input) in [
        (
            "mcp__tracker__add_comment",
            json!({"issue": 7, "body": "use `rm -rf ~`"}),
        ),
        ("mcp__clock__set", json!({"time": "[now]", "count": 3})),
        ("list_terminals", json!({"filter": "all"})),
        ("get_terminal_output", json!({"id": "a"})),
        ("mcp__db__status", json!({"error": {"number": 4}})),
    ] {
        let payload = claude_code(tool, &input);
        assert_eq!(hear("claude-code", &payload).1, Ok(Call::Pass), "{tool}");
    }
}

#[test]
fn a_member_that_is_there_twice_is_an_error_at_any_depth() {
    let good = claude_code("Bash", &json!({"command": "ls"})).to_string();
    let unknown = claude_code("mcp__x__call", &json!({"a": "{\"cmd\": \"ls\"}"})).to_string();
    let twice = [
        good.replace(
            r#""command":"ls""#,
            r#""command":"ls","command":"rm -rf ~""#,
        ),
        good.replace(r#""tool_name""#, r#""tool_name":"Read","tool_name""#),
        unknown.replace(r#"\"cmd\": \"ls\""#, r#"\"cmd\":\"ls\",\"cmd\":\"x\""#),
    ];
    for bad in twice {
        assert!(bad != good && bad != unknown);
        let heard = Host::named("claude-code").unwrap().hear(bad.as_bytes());
        assert!(heard.is_err(), "{bad}");
    }
}

#[test]
fn an_event_before_a_tool_is_one_by_any_hosts_name_for_it() {
    for event in [
        "preToolUse",
        "BeforeTool",
        "pre_tool_use",
        "beforeToolCall",
        "PreToolUseV2",
    ] {
        let mut payload = claude_code("Bash", &json!({"command": "ls"}));
        payload["hook_event_name"] = event.into();
        assert!(
            matches!(hear("qwen", &payload).1, Ok(Call::Propose(_))),
            "{event}"
        );
    }
}
