//! A machine, an agent on it that was held, and what that agent has at hand.

use std::path::Path;

use kintsugi_tests::machine::{Machine, program};
use kintsugi_tests::pty::Pty;
use serde_json::{Value, json};

pub(crate) const HELD: &str = "git push --force";

/// Something that is ended when the test is.
#[derive(Debug)]
pub(crate) struct Running(pub(crate) std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A machine, an agent's directory on it, and the hold that the agent wants to approve.
#[derive(Debug)]
pub(crate) struct Stage {
    pub(crate) machine: Machine,
    pub(crate) agent: tempfile::TempDir,
    pub(crate) id: String,
}

impl Stage {
    /// The agent has proposed through its hook, as agents do, and is held.
    pub(crate) fn new() -> Self {
        let machine = Machine::new();
        assert!(machine.run(&["daemon", "start"]).status.success());
        let agent = tempfile::Builder::new()
            .prefix("agent-")
            .tempdir()
            .expect("a directory");
        for name in ["agent.py", "client.py"] {
            let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/self_approval");
            std::fs::copy(from.join(name), agent.path().join(name)).expect("the agent");
        }
        Self {
            machine,
            agent,
            id: String::new(),
        }
    }

    pub(crate) fn path(&self, name: &str) -> String {
        self.agent.path().join(name).display().to_string()
    }

    pub(crate) fn socket(&self) -> String {
        let machine = self.machine.command("true");
        let socket = machine
            .get_envs()
            .find(|(name, _)| *name == "KINTSUGI_SOCKET")
            .and_then(|(_, value)| value)
            .expect("a socket");
        socket.to_string_lossy().into_owned()
    }

    /// Returns the words that say `message` over the socket.
    pub(crate) fn client(&self, message: &Value) -> Vec<String> {
        vec![
            "python3".into(),
            self.path("client.py"),
            self.socket(),
            self.path("pipe"),
            message.to_string(),
        ]
    }

    /// Returns them as text for a shell.
    pub(crate) fn client_text(&self, message: &Value) -> String {
        let quote = |word: &String| format!("'{}'", word.replace('\'', r"'\''"));
        let words: Vec<String> = self.client(message).iter().map(quote).collect();
        words.join(" ")
    }

    /// Runs the command as an agent: bash in a terminal, Python in that, and the hook in that.
    pub(crate) fn terminal(&self) -> Pty {
        let mut shell = self.machine.command("bash");
        shell
            .args(["--noprofile", "--norc", "-i"])
            .env("PS1", "$ ")
            .env("TERM", "xterm")
            .env("CLAUDECODE", "1");
        let mut pty = Pty::spawn(&shell, 200);
        pty.expect("$ ");
        pty
    }

    pub(crate) fn records(&self, kind: &str) -> Vec<Value> {
        let output = self.machine.run(&["log", "--json"]);
        let text = String::from_utf8(output.stdout).expect("text");
        text.lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
            .filter(|record| record["kind"] == kind)
            .collect()
    }

    /// Returns the attempts that were refused, as the log keeps them.
    pub(crate) fn refused(&self) -> Vec<Value> {
        let segment = self.machine.log().join("seg-000000000000.ndjson");
        let text = std::fs::read_to_string(segment).expect("a log");
        text.lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
            .filter(|record| record["kind"] == "approval_refused")
            .collect()
    }

    pub(crate) fn is_pending(&self) -> bool {
        let listed = self.machine.run(&["pending", "--json"]);
        let listed: Value = serde_json::from_slice(&listed.stdout).expect("a list");
        let items = listed["items"].as_array().expect("a list");
        items
            .iter()
            .any(|item| item["command"]["id"] == self.id.as_str())
    }

    /// Proposes through the hook from inside the agent's terminal, and remembers the id.
    pub(crate) fn propose(&mut self, terminal: &mut Pty) {
        let payload = json!({
            "session_id": "s", "transcript_path": "/dev/null", "permission_mode": "default",
            "cwd": self.machine.home(), "hook_event_name": "PreToolUse",
            "tool_name": "Bash", "tool_input": {"command": HELD}, "tool_use_id": "u",
        });
        std::fs::write(self.path("payload"), payload.to_string()).expect("a payload");
        std::fs::write(self.path("plan.json"), "").expect("a plan");
        let propose = format!(
            "import subprocess; subprocess.run(['{}', 'claude-code', '--wait=0'], stdin=open('{}'))",
            program("kintsugi-hook").display(),
            self.path("payload"),
        );
        std::fs::write(self.path("propose.py"), propose).expect("a script");
        terminal.send(&format!("python3 {}\r", self.path("propose.py")));
        terminal.expect("kintsugi approve ");
        terminal.expect("$ ");
        let listed = self.machine.run(&["pending", "--json"]);
        let listed: Value = serde_json::from_slice(&listed.stdout).expect("a list");
        let id = listed["items"][0]["command"]["id"].as_str();
        id.expect("an id").clone_into(&mut self.id);
    }

    pub(crate) fn plan(&self, attempts: &[(String, &str, Vec<String>)], inject: &str) {
        let plan = json!({
            "socket": self.socket(), "client": "client.py", "attempts": attempts, "inject": inject,
        });
        std::fs::write(self.path("plan.json"), plan.to_string()).expect("a plan");
    }

    pub(crate) fn answers(&self) -> Vec<(String, Value)> {
        let text = std::fs::read_to_string(self.path("answers")).expect("answers");
        let answer = |line| serde_json::from_str::<(String, Value)>(line).expect("JSON");
        text.lines().map(answer).collect()
    }
}
