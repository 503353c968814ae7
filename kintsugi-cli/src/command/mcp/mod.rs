//! `kintsugi mcp`: a server of the Model Context Protocol on standard input and output, for agents that have no hook.
//!
//! JSON-RPC 2.0, a message a line (modelcontextprotocol.io, revisions 2024-11-05 to 2025-11-25). Its tools run a command through
//! the gate, explain what would be decided and list what is held; none approves. Elicitation is not used: the answer comes from
//! the agent's own process, so it proves no person.

mod child;
mod tools;

use std::collections::VecDeque;
use std::io::{BufRead, Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use self::tools::Tools;
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Longest message that is read, in bytes.
const MESSAGE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Most messages that wait while a command runs.
const WAITING_MAX: usize = 64;

/// The revisions that are spoken; the newest is offered to whoever asks for another.
const REVISIONS: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// Arguments of `kintsugi mcp`.
#[derive(Debug, Args)]
#[command(
    after_help = "For a host's configuration of servers:\n  { \"mcpServers\": { \"kintsugi\": { \"command\": \"kintsugi\", \"args\": [\"mcp\"] } } }"
)]
pub struct Mcp {}

/// What the client sends, as the other thread reads it.
enum Incoming {
    Message(Value),
    /// A line that is no message.
    Broken(String),
}

impl Mcp {
    /// Serves until standard input ends.
    ///
    /// # Errors
    /// When there is no directory to run commands in, or nobody reads the answers.
    pub fn run(self, console: &mut Console) -> Result<Exit, Failure> {
        let (to, from) = sync_channel(WAITING_MAX);
        // Reads on while a command runs, so that it can be cancelled.
        std::thread::spawn(move || {
            let mut input = std::io::stdin().lock();
            while let Some(message) = next(&mut input) {
                if to.send(message).is_err() {
                    return;
                }
            }
        });
        let mut server = Server {
            tools: Tools::new()?,
            incoming: Inbox {
                from,
                waiting: VecDeque::new(),
                ended: false,
            },
        };
        while let Some(message) = server.incoming.next() {
            if let Some(answer) = server.answer(message) {
                writeln!(console.out, "{answer}")?;
                console.out.flush()?;
            }
        }
        Ok(Exit::Allowed)
    }
}

/// Reads one line, or what there is of it; nothing at the end.
fn next(input: &mut impl BufRead) -> Option<Incoming> {
    let mut line = Vec::new();
    let read = input
        .by_ref()
        .take(MESSAGE_BYTES_MAX + 1)
        .read_until(b'\n', &mut line);
    match read {
        Ok(0) | Err(_) => return None,
        Ok(_) => {}
    }
    if u64::try_from(line.len()).unwrap_or(u64::MAX) > MESSAGE_BYTES_MAX {
        // The rest of it is no message either; reading it line by line keeps memory bounded.
        return Some(Incoming::Broken("the message is too long".to_owned()));
    }
    Some(match serde_json::from_slice(&line) {
        Ok(message) => Incoming::Message(message),
        Err(error) => Incoming::Broken(error.to_string()),
    })
}

/// Messages in order, with those in front that came while a command ran.
struct Inbox {
    from: Receiver<Incoming>,
    waiting: VecDeque<Incoming>,
    ended: bool,
}

impl Inbox {
    fn next(&mut self) -> Option<Incoming> {
        self.waiting.pop_front().or_else(|| self.from.recv().ok())
    }

    /// Waits a moment; true when the request `id` was cancelled meanwhile, or nobody listens any more.
    fn is_cancelled(&mut self, id: &Value, pause: Duration) -> bool {
        match self.from.recv_timeout(pause) {
            Err(RecvTimeoutError::Timeout) => self.ended,
            Err(RecvTimeoutError::Disconnected) => {
                self.ended = true;
                std::thread::sleep(pause);
                false
            }
            Ok(Incoming::Message(message)) if cancels(&message, id) => true,
            Ok(other) => {
                if self.waiting.len() < WAITING_MAX {
                    self.waiting.push_back(other);
                }
                false
            }
        }
    }
}

/// Whether a message takes back the request `id`.
fn cancels(message: &Value, id: &Value) -> bool {
    let method = message.get("method").and_then(Value::as_str);
    method == Some("notifications/cancelled") && message.pointer("/params/requestId") == Some(id)
}

struct Server {
    tools: Tools,
    incoming: Inbox,
}

impl Server {
    /// Answers a message; a notification has no answer.
    fn answer(&mut self, message: Incoming) -> Option<Value> {
        let message = match message {
            Incoming::Message(message) => message,
            Incoming::Broken(why) => return Some(error(&Value::Null, -32700, &why)),
        };
        let id = message.get("id").cloned();
        let Some(method) = message.get("method").and_then(Value::as_str) else {
            let id = id.unwrap_or_default();
            return Some(error(&id, -32600, "a request has a `method`"));
        };
        let id = id?;
        let none = Value::Null;
        let params = message.get("params").unwrap_or(&none);
        let result = match method {
            "initialize" => Ok(initialized(params)),
            "ping" => Ok(json!({})),
            "tools/list" => Ok(json!({ "tools": tools::list() })),
            "tools/call" => {
                let incoming = &mut self.incoming;
                let mut cancelled = |pause| incoming.is_cancelled(&id, pause);
                self.tools.call(params, &mut cancelled)
            }
            _ => Err((-32601, format!("there is no method `{method}`"))),
        };
        Some(match result {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Err((code, why)) => error(&id, code, &why),
        })
    }
}

fn initialized(params: &Value) -> Value {
    let asked = params.get("protocolVersion").and_then(Value::as_str);
    let known = REVISIONS
        .into_iter()
        .find(|revision| asked == Some(revision));
    let [newest, ..] = REVISIONS;
    json!({
        "protocolVersion": known.unwrap_or(newest),
        "capabilities": { "tools": {} },
        "serverInfo": { "name": "kintsugi", "version": env!("CARGO_PKG_VERSION") },
        "instructions": "Run shell commands with run_command. When one is held, stop and tell the person its id; do not look for another way.",
    })
}

fn error(id: &Value, code: i32, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}
