//! `kintsugi mcp`: a server of the Model Context Protocol on standard input and output, for agents that have no hook.
//!
//! JSON-RPC 2.0, a message a line (modelcontextprotocol.io, revisions 2024-11-05 to 2025-11-25). Its tools run a command through
//! the gate, explain what would be decided and list what is held; none approves. Where the client can ask its person
//! (elicitation), it is told what is held and waits for them to answer elsewhere; what it says itself comes from the agent's own
//! process, proves no person and approves nothing.

mod child;
mod tools;

use std::collections::VecDeque;
use std::io::{BufRead, Read, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use clap::Args;
use serde_json::{Value, json};

use self::tools::Tools;
use crate::console::Console;
use crate::exit::{Exit, Failure};

/// Longest message that is read, in bytes.
const MESSAGE_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Most messages that wait while a command runs.
const WAITING_MAX: usize = 64;

/// Longest wait for the client to ask its person, in all.
const PATIENCE: Duration = Duration::from_secs(110);

/// How often it is looked whether it has.
const PAUSE: Duration = Duration::from_millis(20);

/// The revision with batches of messages; the next one took them out again.
const WITH_BATCHES: &str = "2025-03-26";

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
            revision: None,
            can_elicit: false,
            asked: 0,
        };
        while let Some(message) = server.incoming.next() {
            if let Some(answer) = server.answer(message, &mut console.out) {
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
    /// What was agreed on.
    revision: Option<&'static str>,
    /// Whether the client can ask its person.
    can_elicit: bool,
    /// Questions to the client so far.
    asked: u64,
}

/// The client while a tool runs.
struct Waiting<'a> {
    incoming: &'a mut Inbox,
    out: &'a mut dyn Write,
    /// The request that may be cancelled.
    id: &'a Value,
    can_elicit: bool,
    asked: &'a mut u64,
}

impl tools::Caller for Waiting<'_> {
    fn is_cancelled(&mut self, pause: Duration) -> bool {
        self.incoming.is_cancelled(self.id, pause)
    }

    fn is_person_told(&mut self, words: &str) -> bool {
        if !self.can_elicit {
            return false;
        }
        *self.asked += 1;
        let id = json!(format!("kintsugi-{}", self.asked));
        let question = json!({
            "jsonrpc": "2.0", "id": id, "method": "elicitation/create",
            "params": { "message": words, "requestedSchema": { "type": "object", "properties": {} } },
        });
        let sent = writeln!(self.out, "{question}").and_then(|()| self.out.flush());
        if sent.is_err() {
            return false;
        }
        let started = Instant::now();
        while started.elapsed() < PATIENCE && !self.incoming.ended {
            if self.incoming.is_cancelled(self.id, PAUSE) {
                return false;
            }
            let is_answer = |message: &Incoming| matches!(message, Incoming::Message(answer) if answer.get("id") == Some(&id) && answer.get("method").is_none());
            if let Some(at) = self.incoming.waiting.iter().position(is_answer) {
                let answer = self.incoming.waiting.remove(at);
                return matches!(
                    answer,
                    Some(Incoming::Message(answer)) if answer.pointer("/result/action") == Some(&json!("accept"))
                );
            }
        }
        false
    }
}

impl Server {
    /// Answers a line; a notification has no answer.
    fn answer(&mut self, message: Incoming, out: &mut dyn Write) -> Option<Value> {
        let message = match message {
            Incoming::Message(message) => message,
            Incoming::Broken(why) => return Some(error(&Value::Null, -32700, &why)),
        };
        if self.revision == Some(WITH_BATCHES)
            && let Value::Array(batch) = &message
            && !batch.is_empty()
        {
            let answers: Vec<Value> = batch.iter().filter_map(|one| self.one(one, out)).collect();
            return (!answers.is_empty()).then(|| answers.into());
        }
        self.one(&message, out)
    }

    fn one(&mut self, message: &Value, out: &mut dyn Write) -> Option<Value> {
        let id = message.get("id").cloned();
        let Some(method) = message.get("method").and_then(Value::as_str) else {
            // The answer to a question that nobody waits for any more.
            if self.asked > 0 && (message.get("result").or(message.get("error"))).is_some() {
                return None;
            }
            let id = id.unwrap_or_default();
            return Some(error(&id, -32600, "a request has a `method`"));
        };
        let id = id?;
        let none = Value::Null;
        let params = message.get("params").unwrap_or(&none);
        let result = match method {
            "initialize" => Ok(self.initialized(params)),
            "ping" => Ok(json!({})),
            "tools/list" => Ok(json!({ "tools": tools::list() })),
            "tools/call" => {
                let mut caller = Waiting {
                    incoming: &mut self.incoming,
                    out,
                    id: &id,
                    can_elicit: self.can_elicit,
                    asked: &mut self.asked,
                };
                self.tools.call(params, &mut caller)
            }
            _ => Err((-32601, format!("there is no method `{method}`"))),
        };
        Some(match result {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Err((code, why)) => error(&id, code, &why),
        })
    }

    fn initialized(&mut self, params: &Value) -> Value {
        let asked = params.get("protocolVersion").and_then(Value::as_str);
        let known = REVISIONS
            .into_iter()
            .find(|revision| asked == Some(revision));
        let [newest, ..] = REVISIONS;
        let revision = known.unwrap_or(newest);
        self.revision = Some(revision);
        let elicitation = params.pointer("/capabilities/elicitation");
        self.can_elicit = elicitation.is_some_and(Value::is_object);
        json!({
        "protocolVersion": revision,
        "capabilities": { "tools": {} },
        "serverInfo": { "name": "kintsugi", "version": env!("CARGO_PKG_VERSION") },
        "instructions": "Run shell commands with run_command. When one is held, stop and tell the person its id; do not look for another way.",
        })
    }
}

fn error(id: &Value, code: i32, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } })
}
