//! An agent whose payloads nobody here has seen: tools by other names, calls inside calls, files by every member and way. What it
//! would run or touch is asked about all the same, by the real programs; what is harmless stays the host's to decide.

use kintsugi_tests::agents::{HOSTS, Said, heard};
use kintsugi_tests::machine::Machine;
use serde_json::{Value, json};

/// A call of a tool as a host sends it, in `cwd`.
fn payload(host: &str, cwd: &std::path::Path, tool: &str, input: &Value) -> Value {
    match host {
        "antigravity" => json!({
            "conversationId": "c", "workspacePaths": [cwd], "toolCall": {"name": tool, "args": input},
        }),
        "cline" => json!({
            "hookName": "PreToolUse", "taskId": "t", "workspaceRoots": [cwd],
            "preToolUse": {"toolName": tool, "parameters": input},
        }),
        "copilot" => json!({
            "sessionId": "s", "cwd": cwd, "toolName": tool, "toolArgs": input.to_string(),
        }),
        "cursor" => json!({
            "conversation_id": "c", "generation_id": "g", "hook_event_name": "beforeMCPExecution",
            "workspace_roots": [cwd], "cwd": cwd, "tool_name": tool, "tool_input": input.to_string(),
        }),
        "vscode" => json!({
            "sessionId": "s", "hookEventName": "PreToolUse", "cwd": cwd, "tool_name": tool, "tool_input": input,
        }),
        "windsurf" => json!({
            "agent_action_name": "pre_mcp_tool_use", "trajectory_id": "t",
            "tool_info": {"mcp_server_name": "x", "mcp_tool_name": tool, "mcp_tool_arguments": input, "cwd": cwd},
        }),
        "goose" => json!({
            "event": "PreToolUse", "session_id": "s", "matcher_context": tool, "working_dir": cwd,
            "tool_name": tool, "tool_input": input,
        }),
        _ => {
            let event = match host {
                "gemini" => "BeforeTool",
                "kiro" => "preToolUse",
                _ => "PreToolUse",
            };
            let mut payload = json!({
                "session_id": "s", "cwd": cwd, "hook_event_name": event, "tool_name": tool, "tool_input": input,
            });
            for (name, member) in [("codex", "turn_id"), ("kimi", "tool_call_id")] {
                if host == name {
                    payload[member] = "x".into();
                }
            }
            payload
        }
    }
}

/// Calls that run something, whoever the host is.
fn that_run() -> Vec<(&'static str, Value)> {
    let line = "git push --force origin main";
    let inside = json!({"cmd": line}).to_string();
    vec![
        ("mcp__shell__go", json!({"command": line})),
        ("mcp__x__y", json!({"request": {"params": {"cmd": line}}})),
        ("x.y", json!({"script": line})),
        ("x_y", json!({"code": line})),
        ("x", json!({"Command_Line": line})),
        (
            "multi_tool_use.parallel",
            json!({"tool_uses": [
                {"recipient_name": "functions.todo", "parameters": {}},
                {"recipient_name": "functions.exec_command", "parameters": {"cmd": line}},
            ]}),
        ),
        ("call_tool", json!({"name": "exec", "arguments": inside})),
        (
            "call_tool2",
            json!({"calls": [{"arguments": json!({"a": inside}).to_string()}]}),
        ),
        (
            "spawn_process",
            json!({"command": "git", "args": ["push", "--force", "origin", "main"]}),
        ),
        (
            "start_job",
            json!({"program": "git", "args": ["push", "--force", "origin", "main"]}),
        ),
        ("run_commands", json!({"commands": ["ls", line]})),
        (
            "run_commands2",
            json!({"commands": [{"cmd": "ls"}, {"cmd": line}]}),
        ),
        (
            "background_shell_send",
            json!({"shell_id": "bash_1", "text": line}),
        ),
        (
            "functions.write_stdin",
            json!({"session_id": 3, "chars": format!("{line}\n")}),
        ),
        ("terminal_type", json!({"keys": [line, "Enter"]})),
        (
            "executePython",
            json!({"source": "import os\nos.system('git push --force origin main')"}),
        ),
        ("bash_tool", json!({"stdin": line})),
    ]
}

#[test]
fn what_an_unknown_tool_runs_is_asked_about_by_every_host() {
    let machine = Machine::new();
    let work = machine.diverged().work;
    for host in HOSTS {
        // One reader of inputs for all of them: a few calls show that each is led to it.
        let few = !["claude-code", "codex", "cursor", "windsurf"].contains(&host);
        for (tool, input) in that_run().into_iter().step_by(if few { 5 } else { 1 }) {
            let payload = payload(host, &work, tool, &input).to_string();
            let said = heard(host, &machine.hook(&[host, "--wait=0"], payload.as_bytes()));
            assert!(
                matches!(said, Said::Deny | Said::Ask),
                "{host}: {payload}: {said:?}"
            );
        }
    }
}

#[test]
fn what_an_unknown_tool_writes_moves_removes_or_reads_is_asked_about() {
    let machine = Machine::new();
    let (home, work) = (machine.home(), machine.diverged().work);
    std::os::unix::fs::symlink(&home, work.join("link")).unwrap();
    std::fs::create_dir(home.join(".ssh")).unwrap();
    std::fs::write(home.join(".ssh/id_ed25519"), "x").unwrap();
    let at = |name: &str| home.join(name).display().to_string();
    let mut calls = Vec::new();
    for name in [
        ".bashrc",
        ".zshenv",
        ".claude/settings.json",
        ".cursor/hooks.json",
        ".config/Code/User/tasks.json",
        "work/.git/hooks/pre-commit",
        "work/.husky/pre-commit",
        "work/.vscode/tasks.json",
    ] {
        for path in [
            at(name),
            format!("link/{name}"),
            format!("../{name}"),
            format!("file://{}", at(name)),
        ] {
            calls.push((
                "mcp__files__save",
                json!({"target_file": path, "text": "x"}),
            ));
        }
        let path = at(name);
        calls.push((
            "multi_replace",
            json!({"replacements": [{"filePath": path, "newString": "x"}]}),
        ));
        calls.push(("create_file_v2", json!({"uri": path})));
        calls.push(("move_file", json!({"source": "a", "destination": path})));
        calls.push((
            "notebook.edit",
            json!({"cells": [{"notebook_path": path, "new_source": "x"}]}),
        ));
        let edits = format!(
            "*** Begin Patch\n*** Add File: b\n+x\n*** Update File: {path}\n+x\n*** End Patch"
        );
        calls.push(("functions.apply_patch", json!({"anything": edits})));
    }
    let secret = at(".ssh/id_ed25519");
    for (tool, input) in [
        ("mcp__files__read_file", json!({"path": secret})),
        (
            "mcp__files__read_multiple_files",
            json!({"paths": ["a", secret]}),
        ),
        (
            "view",
            json!({"requests": [{"absolute_path": "link/.ssh/id_ed25519"}]}),
        ),
        ("open", json!({"uri": format!("file://{secret}")})),
        ("copy_file", json!({"src": secret, "dest": "a"})),
        ("mcp__files__delete", json!({"path": at(".ssh")})),
    ] {
        calls.push((tool, input));
    }
    for host in ["claude-code", "codex"] {
        for (tool, input) in &calls {
            let payload = payload(host, &work, tool, input).to_string();
            let said = heard(host, &machine.hook(&[host, "--wait=0"], payload.as_bytes()));
            assert!(
                matches!(said, Said::Deny | Said::Ask),
                "{host}: {payload}: {said:?}"
            );
        }
    }
    // The tools of a host that take several.
    for (host, tool, input) in [
        ("gemini", "read_many_files", json!({"paths": ["a", secret]})),
        ("gemini", "read_many_files", json!({"include": [secret]})),
        (
            "kiro",
            "fs_read",
            json!({"operations": [{"mode": "Line", "path": secret}]}),
        ),
        ("kiro", "read", json!({"path": secret})),
    ] {
        let payload = payload(host, &work, tool, &input).to_string();
        let said = heard(host, &machine.hook(&[host, "--wait=0"], payload.as_bytes()));
        assert_eq!(said, Said::Deny, "{host}: {payload}");
    }
}

#[test]
fn what_is_harmless_of_an_unknown_tool_is_left_to_its_host() {
    let machine = Machine::new();
    let work = machine.diverged().work;
    std::fs::write(work.join("notes"), "x").unwrap();
    for host in HOSTS {
        for (tool, input) in [
            ("mcp__files__read_file", json!({"path": "notes"})),
            (
                "mcp__files__write_file",
                json!({"path": "notes", "content": "x"}),
            ),
            ("mcp__tracker__comment", json!({"issue": 4, "body": "done"})),
            ("get_terminal_output", json!({"id": "a"})),
            ("mcp__search__query", json!({"q": "rm -rf ~"})),
        ] {
            let payload = payload(host, &work, tool, &input).to_string();
            let output = machine.hook(&[host, "--wait=0"], payload.as_bytes());
            assert_eq!(
                heard(host, &output),
                Said::Nothing,
                "{host}: {payload}: {output:?}"
            );
        }
    }
}

#[test]
fn what_a_person_approved_of_an_unknown_tool_runs() {
    let machine = Machine::new();
    let work = machine.diverged().work;
    let call = json!({"cmd": "git push --force origin main"});
    for host in ["claude-code", "codex"] {
        let payload = payload(host, &work, "mcp__x__y", &call).to_string();
        let hook = || machine.agent_hook(&[host, "--wait=0"], payload.as_bytes());
        let output = hook();
        assert_eq!(heard(host, &output), Said::Deny, "{output:?}");
        let words = String::from_utf8_lossy(&output.stdout).into_owned();
        let id = words.split_once("held as ").unwrap().1;
        let id = id.split(':').next().unwrap();
        let (code, printed) = machine.elsewhere(&["approve", id]);
        assert_eq!(code, 0, "{printed}");
        let said = heard(host, &hook());
        assert!(
            matches!(said, Said::Allow | Said::Nothing),
            "{host}: {said:?}"
        );
        assert_eq!(heard(host, &hook()), Said::Deny, "only once");
    }
}

/// Versions of one host differ in what they call a member; the tool is the same.
#[test]
fn a_known_tool_whose_members_have_other_names_is_judged_by_them() {
    let machine = Machine::new();
    assert!(machine.run(&["daemon", "start"]).status.success());
    let cwd = machine.home().join("work");
    std::fs::create_dir(&cwd).unwrap();
    let patch = "*** Begin Patch\n*** Update File: .git/hooks/pre-commit\n+x\n*** End Patch";
    for (host, tool, input) in [
        ("claude-code", "Monitor", json!({"script": "rm -rf ~/.ssh"})),
        ("claude-code", "Bash", json!({"cmd": "rm -rf ~/.ssh"})),
        (
            "claude-code",
            "Write",
            json!({"path": ".mcp.json", "contents": "{}"}),
        ),
        ("claude-code", "Read", json!({"path": "~/.ssh/id_ed25519"})),
        ("codex", "apply_patch", json!({"input": patch})),
        (
            "codex",
            "exec_command",
            json!({"command": ["rm", "-rf", "/srv"]}),
        ),
        (
            "cursor",
            "Write",
            json!({"path": ".mcp.json", "contents": "{}"}),
        ),
        ("cursor", "Delete", json!({"file_path": "/srv"})),
        (
            "gemini",
            "write_file",
            json!({"path": ".mcp.json", "content": "{}"}),
        ),
        (
            "kiro",
            "use_aws",
            json!({"service_name": "s3api", "operation_name": "delete-bucket",
            "parameters": {"bucket": "b"}, "region": "eu-west-1"}),
        ),
        (
            "kiro",
            "aws",
            json!({"service_name": "ec2", "operation_name": "terminate-instances",
            "parameters": {"instance_ids": ["i-1", "i-2"]}}),
        ),
    ] {
        let sent = payload(host, &cwd, tool, &input).to_string();
        let said = heard(host, &machine.hook(&[host, "--wait=0"], sent.as_bytes()));
        assert_eq!(said, Said::Deny, "{host} {tool} {input}");
    }
    for (host, tool, input) in [
        (
            "claude-code",
            "Write",
            json!({"path": "src/a.rs", "contents": ""}),
        ),
        (
            "cursor",
            "Write",
            json!({"path": "src/a.rs", "contents": ""}),
        ),
        (
            "kiro",
            "use_aws",
            json!({"service_name": "ec2", "operation_name": "describe-instances",
            "parameters": {}}),
        ),
    ] {
        let sent = payload(host, &cwd, tool, &input).to_string();
        let said = heard(host, &machine.hook(&[host, "--wait=0"], sent.as_bytes()));
        assert!(
            !matches!(said, Said::Deny | Said::Ask),
            "{host} {tool} {input}: {said:?}"
        );
    }
    // Without any of them nothing is known, and the answer is no.
    for (host, tool) in [
        ("claude-code", "Bash"),
        ("cursor", "Write"),
        ("kiro", "use_aws"),
    ] {
        let sent = payload(host, &cwd, tool, &json!({})).to_string();
        let said = heard(host, &machine.hook(&[host, "--wait=0"], sent.as_bytes()));
        assert_eq!(said, Said::Deny, "{host} {tool}");
    }
}
