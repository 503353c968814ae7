//! Windsurf's Cascade hooks.
//!
//! Source: docs.windsurf.com, "Cascade Hooks" (2026). The exit code is the answer: 2 blocks, and standard error is shown.

use serde_json::json;

use super::{Answer, Host, Permission};
use crate::agent::payload::{Payload, object, optional_text, text};
use crate::agent::tool::{self, Text};
use crate::agent::{Call, PayloadError, Proposed};

pub(super) static HOST: Host = Host {
    name: "windsurf",
    title: "Windsurf",
    asks: false,
    wait_seconds: 25,
    wait_seconds_max: 570,
    sent: |payload| payload.contains_key("agent_action_name"),
    read,
    answer: |permission, reason| match permission {
        Permission::Allow => Answer::default(),
        Permission::Deny | Permission::Ask => Answer::blocked(reason),
    },
    example: |cwd, command| {
        json!({
            "agent_action_name": "pre_run_command", "trajectory_id": "probe",
            "tool_info": {"command_line": command, "cwd": cwd},
        })
    },
};

fn read(payload: &Payload) -> Result<Call, PayloadError> {
    let action = text(payload, "agent_action_name")?;
    let info = |act, member| {
        let info = object(payload, "tool_info")?;
        Ok(Text::touching(act, text(info, member)?))
    };
    let call = match action {
        "pre_run_command" | "post_run_command" => {
            Text::bash(text(object(payload, "tool_info")?, "command_line")?.to_owned())
        }
        "pre_write_code" => info("cat >>", "file_path")?,
        "pre_read_code" => info("cat", "file_path")?,
        "pre_mcp_tool_use" => {
            let info = object(payload, "tool_info")?;
            let arguments = object(info, "mcp_tool_arguments")?;
            let name = optional_text(info, "mcp_tool_name")?.unwrap_or_default();
            match tool::as_text(&[], name, arguments)? {
                Some(call) => call,
                None => return Ok(Call::Pass),
            }
        }
        // One that came after this version.
        other if other.starts_with("pre_") => {
            match tool::as_text(&[], other, object(payload, "tool_info")?)? {
                Some(call) => call,
                None => return Ok(Call::Pass),
            }
        }
        _ => return Ok(Call::Pass),
    };
    let session = optional_text(payload, "trajectory_id")?;
    let proposed = Proposed::new(action, session, &directory(payload)?, call);
    Ok(if action == "post_run_command" {
        Call::Ran {
            proposed,
            exit_code: None,
            duration_ms: None,
        }
    } else {
        Call::Propose(proposed)
    })
}

/// The directory of a command; of anything else, the directory that the hook itself was started in.
fn directory(payload: &Payload) -> Result<String, PayloadError> {
    let info = object(payload, "tool_info")?;
    let named = optional_text(info, "cwd")?;
    let own = std::env::current_dir().ok();
    let own = own.and_then(|directory| directory.to_str().map(str::to_owned));
    named
        .map(str::to_owned)
        .or(own)
        .filter(|directory| directory.starts_with('/'))
        .ok_or(PayloadError::Directory)
}
