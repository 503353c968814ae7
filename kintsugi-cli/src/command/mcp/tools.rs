//! The tools: what each takes, and what it answers. None of them approves anything.

use std::path::PathBuf;
use std::time::Duration;

use kintsugi_core::decide::Decision;
use kintsugi_core::display::escape;
use kintsugi_core::paths::Paths;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::{Request, Response};
use kintsugi_core::shell::Dialect;
use serde_json::{Value, json};
use uuid::Uuid;

use super::child::{self, End};
use crate::capture::before::{self, Kept};
use crate::client::Client;
use crate::command::pending;
use crate::exit::Failure;
use crate::gate::{self, Judged, Settled};
use crate::{embedded, policies, proposal, surroundings};
use kintsugi_core::classify::Bar;

/// How long a command may run when nothing is said, and at most, in seconds.
const LIMIT_SECONDS: (u64, u64) = (120, 600);

/// Why a call is no call: the code of JSON-RPC, and a word.
type Refused = (i32, String);

/// Whoever called a tool, while it works.
pub(super) trait Caller {
    /// Waits a moment; whether they do not want it any more.
    fn is_cancelled(&mut self, pause: Duration) -> bool;

    /// Lets them show `words` to their person and waits until the person says that they have acted on them; false when that is not
    /// possible or they did not. What a person has decided is for the daemon to say, never for this answer.
    fn is_person_told(&mut self, words: &str) -> bool;
}

/// What the tools need.
#[derive(Debug)]
pub(super) struct Tools {
    /// The session that proposals of this client belong to.
    session: String,
    directory: String,
    shell: (PathBuf, Dialect),
}

/// Returns the descriptions of the tools.
pub(super) fn list() -> Value {
    let command = json!({ "type": "string", "description": "Shell text, as it would be typed." });
    let cwd =
        json!({ "type": "string", "description": "Absolute directory; by default the server's." });
    json!([
        {
            "name": "run_command",
            "description": "Runs a shell command, unless Kintsugi holds it for the person or denies it.",
            "inputSchema": {
                "type": "object",
                "properties": {
                    "command": command, "cwd": cwd,
                    "timeout_seconds": { "type": "integer", "minimum": 1, "maximum": LIMIT_SECONDS.1 },
                },
                "required": ["command"],
            },
            "annotations": { "destructiveHint": true, "openWorldHint": true },
        },
        {
            "name": "explain_command",
            "description": "Says what would be decided about a command, and why. Runs nothing.",
            "inputSchema": {
                "type": "object", "properties": { "command": command, "cwd": cwd }, "required": ["command"],
            },
            "annotations": { "readOnlyHint": true },
        },
        {
            "name": "list_held",
            "description": "Lists the commands of this session that wait for the person.",
            "inputSchema": { "type": "object", "properties": {} },
            "annotations": { "readOnlyHint": true },
        },
    ])
}

impl Tools {
    pub(super) fn new() -> Result<Self, Failure> {
        Ok(Self {
            session: format!("mcp-{}", Uuid::new_v4().simple()),
            directory: surroundings::directory()?,
            shell: surroundings::shell(),
        })
    }

    pub(super) fn call(&self, params: &Value, caller: &mut dyn Caller) -> Result<Value, Refused> {
        let name = params
            .get("name")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let none = Value::Null;
        let arguments = params.get("arguments").unwrap_or(&none);
        match name {
            "run_command" => {
                let command = self.proposed(arguments)?;
                let limit = arguments["timeout_seconds"]
                    .as_u64()
                    .unwrap_or(LIMIT_SECONDS.0);
                let limit = Duration::from_secs(limit.clamp(1, LIMIT_SECONDS.1));
                Ok(self.run(&command, limit, caller))
            }
            "explain_command" => Ok(explained(self.proposed(arguments)?)),
            "list_held" => Ok(self.held()),
            _ => Err((-32602, format!("there is no tool `{name}`"))),
        }
    }

    fn proposed(&self, arguments: &Value) -> Result<ProposedCommand, Refused> {
        let Some(text) = arguments.get("command").and_then(Value::as_str) else {
            return Err((-32602, "`command` must be a string".to_owned()));
        };
        let named = arguments.get("cwd").filter(|named| !named.is_null());
        let cwd = named.map_or(Some(self.directory.as_str()), Value::as_str);
        let Some(cwd) = cwd.filter(|cwd| cwd.starts_with('/')) else {
            return Err((-32602, "`cwd` must be an absolute path".to_owned()));
        };
        let agent = surroundings::agent().unwrap_or("mcp");
        let mut command = proposal::propose(agent, text.to_owned(), cwd.to_owned(), self.shell.1);
        command.session = Some(self.session.clone());
        command.tool = Some("run_command".to_owned());
        Ok(command)
    }

    fn run(&self, command: &ProposedCommand, limit: Duration, caller: &mut dyn Caller) -> Value {
        let proposed = surroundings::paths().and_then(|paths| {
            let mut command = command.clone();
            let mut answer = gate::propose(&paths, &command)?;
            let limits = before::limits();
            let kept = gate::keep_before(&paths, &mut command, &mut answer, &limits)?;
            Ok((command, answer, kept, paths))
        });
        let (command, answer, kept, paths) = match proposed {
            Ok(proposed) => proposed,
            Err(failure) => return failed(&json!({ "decision": "deny" }), &failure.message),
        };
        let reason = escape(&answer.verdict.reason);
        match (answer.verdict.decision, answer.by) {
            (Decision::Allow, _) => {}
            (Decision::Deny, _) => {
                let words = format!(
                    "denied: {reason}; do not look for another way to do it, ask the person"
                );
                return failed(&json!({ "decision": "deny" }), &words);
            }
            (Decision::Hold, Judged::Here) => {
                let words = format!(
                    "held: {reason}; stop here and tell the person: `kintsugi status` says what helps"
                );
                return failed(&json!({ "decision": "hold" }), &words);
            }
            (Decision::Hold, Judged::ByDaemon) => {
                let id = pending::short(&command.id);
                let shown = escape(&command.raw);
                let told = format!(
                    "Kintsugi holds a command of the agent: {shown} ({reason}). To let it run once, say `kintsugi approve {id}` in a \
                     terminal of yours, then accept here. Accepting alone approves nothing."
                );
                if caller.is_person_told(&told) && is_approved(&command) {
                    let limits = before::limits();
                    let kept = match gate::keep_approved(&paths, &command, &answer, &limits) {
                        Ok(kept) => kept,
                        Err(failure) => {
                            return failed(&json!({ "decision": "hold" }), &failure.message);
                        }
                    };
                    return self.execute_kept(&command, (limit, &paths, kept), caller);
                }
                let words = format!(
                    "held as {id}: {reason}; stop here and tell the person; once they have said `kintsugi approve {id}`, \
                     call this tool again with exactly the same command"
                );
                return failed(&json!({ "decision": "hold", "id": id }), &words);
            }
        }
        let kept = kept.unwrap_or(Kept::Nothing);
        self.execute_kept(&command, (limit, &paths, kept), caller)
    }

    /// Runs what may run, and notes its end where something was kept before it.
    fn execute_kept(
        &self,
        command: &ProposedCommand,
        (limit, paths, kept): (Duration, &Paths, Kept),
        caller: &mut dyn Caller,
    ) -> Value {
        let ran = self.execute(command, limit, caller);
        if let Kept::As(id) = kept {
            before::ended(paths, &id);
        }
        ran
    }

    /// Runs what may run.
    fn execute(
        &self,
        command: &ProposedCommand,
        limit: Duration,
        caller: &mut dyn Caller,
    ) -> Value {
        let mut cancelled = |pause| caller.is_cancelled(pause);
        match child::run(
            &self.shell.0,
            &command.raw,
            &command.cwd,
            limit,
            &mut cancelled,
        ) {
            Err(error) => failed(
                &json!({ "decision": "allow" }),
                &format!("cannot run it: {error}"),
            ),
            Ok(ran) => {
                let (code, word) = match ran.end {
                    End::Exited(code) => (Some(code), format!("exit status {code}")),
                    End::TimedOut => (None, format!("stopped after {} s", limit.as_secs())),
                    End::Cancelled => (None, "cancelled".to_owned()),
                };
                let words = format!("{word}\n{}{}", ran.output, ran.error);
                let structured = json!({
                    "decision": "allow", "exit_code": code, "stdout": ran.output, "stderr": ran.error,
                });
                said(&structured, &words, code != Some(0))
            }
        }
    }

    fn held(&self) -> Value {
        let asked = surroundings::paths().and_then(|paths| {
            let answered = Client::connect(&paths.socket)
                .and_then(|mut daemon| daemon.ask(&Request::ListPending));
            answered.map_err(|error| gate::refused(&error))
        });
        match asked {
            Ok(Response::PendingList { items }) => {
                let own = items
                    .iter()
                    .filter(|item| item.command.session.as_ref() == Some(&self.session));
                let held: Vec<Value> = own
                    .map(|item| {
                        json!({
                            "id": pending::short(&item.id()),
                            "command": escape(&item.command.raw),
                            "reason": escape(&item.reason),
                        })
                    })
                    .collect();
                said(&json!({ "held": held }), &json!(held).to_string(), false)
            }
            Ok(other) => failed(&json!({}), &gate::unexpected(&other).message),
            Err(failure) => failed(&json!({}), &failure.message),
        }
    }
}

/// Whether a person has approved the hold of `command`, by what the daemon says; then it is used up.
fn is_approved(command: &ProposedCommand) -> bool {
    let settled =
        surroundings::paths().and_then(|paths| gate::wait(&paths, command, Duration::ZERO));
    matches!(settled, Ok(Settled::Run))
}

/// Says what would be decided, by the judgement that is built in.
fn explained(mut command: ProposedCommand) -> Value {
    let judge = match policies::judge(&command.cwd) {
        Ok((judge, _)) => judge,
        Err(failure) => return failed(&json!({}), &failure.message),
    };
    let verdict = embedded::verdict_with_facts(&judge, &mut command, Bar::Decision);
    let structured = json!({
        "decision": verdict.decision, "class": verdict.class, "reason": verdict.reason,
        "effects": verdict.effects, "findings": verdict.findings, "instead": verdict.instead,
    });
    let words = structured.to_string();
    said(&structured, &words, false)
}

fn failed(structured: &Value, words: &str) -> Value {
    said(structured, words, true)
}

fn said(structured: &Value, words: &str, is_error: bool) -> Value {
    json!({
        "content": [{ "type": "text", "text": words }],
        "structuredContent": structured,
        "isError": is_error,
    })
}
