//! Payloads as the host sends them, and as it never should.

use super::*;

fn payload(tool: &str, input: &str) -> String {
    format!(
        r#"{{"session_id":"s1","transcript_path":"/t","cwd":"/home/ada/p","permission_mode":"default","hook_event_name":"PreToolUse","tool_name":"{tool}","tool_input":{input},"tool_use_id":"u"}}"#
    )
}

fn proposed(tool: &str, input: &str) -> Proposed {
    match read(payload(tool, input).as_bytes()) {
        Ok(Call::Propose(proposed)) => proposed,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_shell_tool_proposes_its_command() {
    let bash = proposed(
        "Bash",
        r#"{"command":"git push --force","description":"x"}"#,
    );
    assert_eq!(
        bash,
        Proposed {
            tool: "Bash".into(),
            session: Some("s1".into()),
            cwd: "/home/ada/p".into(),
            text: "git push --force".into(),
            dialect: Dialect::Bash,
            known_tool: true,
        }
    );
    let powershell = proposed("PowerShell", r#"{"command":"ls"}"#);
    assert_eq!(powershell.dialect, Dialect::PowerShell);
    assert_eq!(
        proposed("Monitor", r#"{"command":"tail -f x"}"#).text,
        "tail -f x"
    );
}

#[test]
fn a_tool_that_writes_a_file_proposes_the_text_that_would() {
    let write = proposed(
        "Write",
        r#"{"file_path":"/home/ada/.bashrc","content":"x"}"#,
    );
    assert_eq!(write.text, "cat > /home/ada/.bashrc");
    let edit = proposed("Edit", r#"{"file_path":"/home/ada/a b","old_string":"x"}"#);
    assert_eq!(edit.text, "cat >> '/home/ada/a b'");
    let notebook = proposed("NotebookEdit", r#"{"notebook_path":"/n.ipynb"}"#);
    assert_eq!(notebook.text, "cat >> /n.ipynb");
}

#[test]
fn what_neither_runs_nor_writes_is_left_to_the_host() {
    for (tool, input) in [
        ("Read", r#"{"file_path":"/x"}"#),
        ("Task", r#"{"prompt":"rm -rf /"}"#),
        ("Grep", r#"{"pattern":"x","path":"/"}"#),
        ("mcp__mail__list", r#"{"folder":"in"}"#),
    ] {
        assert_eq!(
            read(payload(tool, input).as_bytes()),
            Ok(Call::Pass),
            "{tool}"
        );
    }
    let other = payload("Bash", r#"{"command":"ls"}"#).replace("PreToolUse", "PostToolUse");
    assert_eq!(read(other.as_bytes()), Ok(Call::Pass));
}

#[test]
fn an_unknown_tool_with_a_command_is_proposed_as_one() {
    let text = proposed("mcp__shell__exec", r#"{"cmd":"rm -rf ~"}"#);
    assert_eq!((text.text.as_str(), text.known_tool), ("rm -rf ~", false));
    let words = proposed("Exec", r#"{"command":["rm","-rf","a b"]}"#);
    assert_eq!(words.text, "rm -rf 'a b'");
    let file = proposed(
        "mcp__fs__write",
        r#"{"path":"/home/ada/.zshrc","content":""}"#,
    );
    assert_eq!(file.text, "cat >> /home/ada/.zshrc");
}

#[test]
fn a_byte_order_mark_is_no_reason_to_refuse() {
    let payload = format!("\u{feff}{}", payload("Bash", r#"{"command":"ls"}"#));
    assert!(matches!(read(payload.as_bytes()), Ok(Call::Propose(_))));
}

#[test]
fn what_is_not_understood_is_an_error() {
    let good = payload("Bash", r#"{"command":"ls"}"#);
    for (from, to) in [
        (r#""ls""#, "7"),
        (r#""ls""#, r#"["ls"]"#),
        (r#""ls""#, r#""\ud800""#),
        (r#""ls""#, "null"),
        (r#""command""#, r#""kommand""#),
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
        assert!(read(bad.as_bytes()).is_err(), "{bad}");
    }
    for cut in 0..good.len() {
        assert!(read(&good.as_bytes()[..cut]).is_err(), "cut at {cut}");
    }
    assert!(read(b"\xff\xfe{}").is_err());
    let padded = vec![b' '; usize::try_from(PAYLOAD_BYTES_MAX).unwrap() + 1];
    assert_eq!(read(&padded), Err(PayloadError::TooLarge));
}

#[test]
fn an_answer_is_one_line_that_the_host_reads() {
    let line = answer(Permission::Deny, "no\n\u{1b}[2J");
    assert_eq!(line.matches('\n').count(), 1);
    let value: Value = serde_json::from_str(&line).unwrap();
    let output = &value["hookSpecificOutput"];
    assert_eq!(output["hookEventName"], "PreToolUse");
    assert_eq!(output["permissionDecision"], "deny");
}
