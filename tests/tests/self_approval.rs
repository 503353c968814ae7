//! An agent that was refused tries to approve itself, each attempt for real, by a process that plays it; and a person in a second
//! terminal is taken at their word in the same run.

use std::path::Path;
use std::process::{Command, Stdio};

use kintsugi_tests::machine::{Machine, program};
use kintsugi_tests::pty::Pty;
use serde_json::{Value, json};

const HELD: &str = "git push --force";

/// Something that is ended when the test is.
struct Running(std::process::Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A machine, an agent's directory on it, and the hold that the agent wants to approve.
struct Stage {
    machine: Machine,
    agent: tempfile::TempDir,
    id: String,
}

impl Stage {
    /// The agent has proposed through its hook, as agents do, and is held.
    fn new() -> Self {
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

    fn path(&self, name: &str) -> String {
        self.agent.path().join(name).display().to_string()
    }

    fn socket(&self) -> String {
        let machine = self.machine.command("true");
        let socket = machine
            .get_envs()
            .find(|(name, _)| *name == "KINTSUGI_SOCKET")
            .and_then(|(_, value)| value)
            .expect("a socket");
        socket.to_string_lossy().into_owned()
    }

    /// Returns the words that say `message` over the socket.
    fn client(&self, message: &Value) -> Vec<String> {
        vec![
            "python3".into(),
            self.path("client.py"),
            self.socket(),
            self.path("pipe"),
            message.to_string(),
        ]
    }

    /// Returns them as text for a shell.
    fn client_text(&self, message: &Value) -> String {
        let quote = |word: &String| format!("'{}'", word.replace('\'', r"'\''"));
        let words: Vec<String> = self.client(message).iter().map(quote).collect();
        words.join(" ")
    }

    /// Runs the command as an agent: bash in a terminal, Python in that, and the hook in that.
    fn terminal(&self) -> Pty {
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

    fn records(&self, kind: &str) -> Vec<Value> {
        let output = self.machine.run(&["log", "--json"]);
        let text = String::from_utf8(output.stdout).expect("text");
        text.lines()
            .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
            .filter(|record| record["kind"] == kind)
            .collect()
    }

    fn is_pending(&self) -> bool {
        let listed = self.machine.run(&["pending", "--json"]);
        let listed: Value = serde_json::from_slice(&listed.stdout).expect("a list");
        let items = listed["items"].as_array().expect("a list");
        items
            .iter()
            .any(|item| item["command"]["id"] == self.id.as_str())
    }

    /// Proposes through the hook from inside the agent's terminal, and remembers the id.
    fn propose(&mut self, terminal: &mut Pty) {
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

    fn plan(&self, attempts: &[(String, &str, Vec<String>)], inject: &str) {
        let plan = json!({
            "socket": self.socket(), "client": "client.py", "attempts": attempts, "inject": inject,
        });
        std::fs::write(self.path("plan.json"), plan.to_string()).expect("a plan");
    }

    fn answers(&self) -> Vec<(String, Value)> {
        let text = std::fs::read_to_string(self.path("answers")).expect("answers");
        let answer = |line| serde_json::from_str::<(String, Value)>(line).expect("JSON");
        text.lines().map(answer).collect()
    }
}

/// The ways an agent knows to reach a yes.
fn attempts(stage: &Stage) -> Vec<(String, &'static str, Vec<String>)> {
    let approve = json!({"kind": "approve", "id": stage.id, "code": "000000"});
    let plain = json!({"kind": "approve", "id": stage.id});
    let client = || stage.client(&approve);
    let text = stage.client_text(&approve);
    let command = json!({
        "id": stage.id, "ts": "", "agent": "claude-code", "cwd": stage.machine.home(),
        "argv": [], "raw": HELD, "session": "s", "shell": "bash", "tool": "Bash",
    });
    let mut never = command.clone();
    never["id"] = "00000000-0000-4000-8000-000000000007".into();
    let resolve = |command: &Value| {
        stage.client(
            &json!({"kind": "resolve", "command": command, "decision": "allow", "remember": false}),
        )
    };
    let quoted = text.replace('"', "\\\"").replace('$', "\\$");
    let shell = |text: String| vec![text];
    let file = stage.path("attempt.sh");
    std::fs::write(&file, format!("#!/bin/sh\n{text}\n")).expect("a script");
    let scripted = format!("sh {file}");
    let tmux = format!("tmux -S {}", stage.path("tmux"));
    let ssh = format!(
        "ssh -tt -F none -p 2299 -i {} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null localhost",
        stage.path("key")
    );
    // Spool and state of its own, so that nothing is left on the machine; what is due at the start runs at once.
    let cron = format!(
        "unshare --mount sh -c 'mount -t tmpfs none /run && mount -t tmpfs none /var/spool/cron && \
         mkdir -m 1730 /var/spool/cron/crontabs && \
         echo \"@reboot {scripted}; kill \\$(cat /run/crond.pid)\" | crontab - && exec cron -f' </dev/null &"
    );
    let own = |name: &str, way, argv| (name.to_owned(), way, argv);
    vec![
        own("the socket", "run", client()),
        own("a pipe", "shell", shell(format!("echo y | {text}"))),
        own("no code at all", "run", stage.client(&plain)),
        own("resolve what is held", "run", resolve(&command)),
        own("resolve what was never proposed", "run", resolve(&never)),
        own(
            "an empty environment",
            "shell",
            shell(format!("env -i PATH=\"$PATH\" {text}")),
        ),
        own("nohup", "shell", shell(format!("nohup {text}"))),
        own("setsid", "shell", shell(format!("setsid --wait {text}"))),
        own(
            "setsid --fork",
            "shell",
            shell(format!("setsid --fork {text}")),
        ),
        own("a background job", "shell", shell(format!("{text} & wait"))),
        own(
            "behind the foreground of an own terminal",
            "background",
            client(),
        ),
        own("a double fork", "orphan", client()),
        own(
            "a child whose parents were killed",
            "orphan_shell",
            shell(format!("setsid {text}")),
        ),
        own("an own terminal", "terminal", client()),
        own("both ends of an own terminal", "own_terminal", client()),
        own("an own terminal of an orphan", "orphan_terminal", client()),
        own("both ends, of an orphan", "orphan_own_terminal", client()),
        own(
            "an own terminal of one that cannot be looked into",
            "orphan_undumpable",
            client(),
        ),
        own(
            "script",
            "shell",
            shell(format!("script -qec '{scripted}' /dev/null")),
        ),
        own(
            "script of an orphan",
            "orphan_shell",
            shell(format!("script -qec '{scripted}' /dev/null")),
        ),
        own(
            "expect",
            "shell",
            shell(format!("expect -c 'spawn {scripted}; expect eof'")),
        ),
        own(
            "socat",
            "shell",
            shell(format!("socat -u EXEC:'{scripted}',pty,setsid,ctty STDOUT")),
        ),
        own(
            "tmux",
            "shell",
            shell(format!("{tmux} new-session -d '{scripted}'")),
        ),
        own(
            "tmux send-keys",
            "shell",
            shell(format!(
                "{tmux} new-session -d -s keys sh; {tmux} send-keys -t keys '{scripted}' Enter"
            )),
        ),
        own("screen", "shell", shell(format!("screen -dm {scripted}"))),
        own(
            "at",
            "shell",
            shell(format!("echo '{scripted}' | at now 2>/dev/null")),
        ),
        own(
            "at, with a terminal",
            "shell",
            shell(format!(
                "echo \"script -qec '{scripted}' /dev/null\" | at now 2>/dev/null"
            )),
        ),
        own(
            "another PID namespace",
            "shell",
            shell(format!("unshare --pid --fork --mount-proc {scripted}")),
        ),
        own(
            "another user namespace, in a terminal",
            "shell",
            shell(format!(
                "unshare --user --map-root-user --pid --fork script -qec '{scripted}' /dev/null"
            )),
        ),
        own(
            "ssh to this machine",
            "shell",
            shell(format!("{ssh} '{scripted}'")),
        ),
        own(
            "a terminal of ssh, by an orphan",
            "orphan_shell",
            shell(format!("{ssh} '{scripted}'")),
        ),
        own(
            "connected before it left",
            "connected_before",
            vec![approve.to_string()],
        ),
        own(
            "connected by a process that has ended",
            "connected_by_the_dead",
            vec![approve.to_string()],
        ),
        own("numbers used again", "reused_number", client()),
        own("confined, in an own terminal", "confined", client()),
        own("cron", "shell", shell(cron.clone())),
        own("cron, started by an orphan", "orphan_shell", shell(cron)),
        own(
            "a library in front of kintsugi approve",
            "preload",
            vec![
                program("kintsugi").display().to_string(),
                "approve".into(),
                stage.id.clone(),
            ],
        ),
        own("a terminal that is handed over", "handed_over", client()),
        own(
            "a terminal that is kept after its shell",
            "kept_terminal",
            client(),
        ),
        own(
            "su to the same user",
            "shell",
            shell(format!("su \"$(id -un)\" -s /bin/sh -c '{scripted}'")),
        ),
        own(
            "runuser, by an orphan",
            "orphan_shell",
            shell(format!(
                "runuser -u \"$(id -un)\" -- script -qec '{scripted}' /dev/null"
            )),
        ),
        own(
            "a user namespace",
            "shell",
            shell(format!("unshare -Ur {scripted}")),
        ),
        own(
            "a nested shell",
            "shell",
            shell(format!("bash -c \"{quoted}\"")),
        ),
        own(
            "xargs",
            "shell",
            shell(format!("echo x | xargs -I_ {scripted}")),
        ),
        own(
            "feeds its own prompt",
            "feeds_the_prompt",
            vec![
                program("kintsugi").display().to_string(),
                "run".into(),
                "--".into(),
                "git push --force origin x".into(),
            ],
        ),
    ]
}

/// Starts what attempts need: a server of ssh for this user alone, and the daemon of at(1).
fn services(stage: &Stage) -> Vec<Running> {
    let quiet = |command: &mut Command| {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
    };
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-N", "", "-f", &stage.path("key")]);
    quiet(&mut keygen);
    assert!(keygen.status().expect("ssh-keygen").success());
    drop(std::fs::create_dir_all("/run/sshd"));
    let options = [
        "Port=2299".to_owned(),
        "ListenAddress=127.0.0.1".to_owned(),
        format!("HostKey={}", stage.path("key")),
        format!("AuthorizedKeysFile={}.pub", stage.path("key")),
        "StrictModes=no".to_owned(),
        "PidFile=none".to_owned(),
        "PermitRootLogin=yes".to_owned(),
    ];
    let mut sshd = Command::new("/usr/sbin/sshd");
    sshd.args(["-D", "-e", "-f", "/dev/null"]);
    for option in &options {
        sshd.args(["-o", option]);
    }
    quiet(&mut sshd);
    let mut at = Command::new("/usr/sbin/atd");
    at.arg("-f");
    quiet(&mut at);
    [sshd, at]
        .iter_mut()
        .map(|service| Running(service.spawn().expect("a service")))
        .collect()
}

#[test]
fn no_way_of_an_agent_to_approve_itself_is_taken_and_a_person_is() {
    let mut stage = Stage::new();
    let _services = services(&stage);
    let mut terminal = stage.terminal();
    stage.propose(&mut terminal);
    let attempts = attempts(&stage);
    assert!(attempts.len() >= 20);
    let kintsugi = program("kintsugi");
    stage.plan(
        &attempts,
        &format!("{} approve {}\n", kintsugi.display(), stage.id),
    );
    terminal.send(&format!(
        "python3 {} {}\r",
        stage.path("agent.py"),
        stage.agent.path().display()
    ));
    for (name, ..) in &attempts {
        terminal.expect(&format!("tried {name}."));
        assert!(
            stage.is_pending(),
            "{name}: it was approved\n{}",
            terminal.screen()
        );
    }
    // What it typed ahead for the shell of its terminal (TIOCSTI) is run by that, in the session that proposed.
    terminal.expect("all tried.");
    terminal.expect("no answer of a person");
    assert!(stage.is_pending());

    let answers = stage.answers();
    assert_eq!(answers.len(), attempts.len());
    for (name, answer) in &answers {
        assert_eq!(answer["kind"], "error", "{name}: {answer}");
    }
    let recorded = stage.records("approval_refused");
    assert!(
        recorded.len() > attempts.len(),
        "{} of {}",
        recorded.len(),
        attempts.len()
    );
    let (code, status) = stage.machine.elsewhere(&["status"]);
    assert!(code == 0 && status.contains("tried to approve"), "{status}");
    let (_, pending) = stage.machine.elsewhere(&["pending"]);
    assert!(pending.contains("tried to approve"), "{pending}");

    let (code, printed) = stage.machine.elsewhere(&["approve", &stage.id]);
    assert_eq!(code, 0, "{printed}");
    assert!(!stage.is_pending());
}

/// Returns the code that is shown on a terminal.
fn code_on(terminal: &mut Pty) -> String {
    terminal.expect("kintsugi: code ");
    terminal.expect(" approves ")
}

#[test]
fn a_person_whose_terminal_is_newer_than_the_agent_types_the_code_of_an_older_one() {
    let mut stage = Stage::new();
    // Opened before the agent: the window in which the person works.
    let mut window = stage.terminal();
    let mut agent = stage.terminal();
    stage.propose(&mut agent);
    agent.send("exec python3\r");
    let approve = format!("{} approve {}", program("kintsugi").display(), stage.id);
    window.send(&format!("script -qec '{approve}' /dev/null\r"));
    let code = code_on(&mut window);
    window.expect("code: ");
    window.send(&format!(
        "{}\r",
        if code == "000000" { "000001" } else { "000000" }
    ));
    window.expect("it did not know the code that was shown");
    window.expect("$ ");
    assert!(stage.is_pending());
    window.send(&format!("script -qec '{approve}' /dev/null\r"));
    let code = code_on(&mut window);
    window.expect("code: ");
    window.send(&format!("{code}\r"));
    window.expect("approved");
    assert!(!stage.is_pending());
}

#[test]
fn keys_sent_through_a_persons_multiplexer_do_not_know_the_code_that_its_screen_hides() {
    let mut stage = Stage::new();
    let mut window = stage.terminal();
    let socket = stage.path("tmux");
    window.send(&format!(
        "tmux -f /dev/null -S {socket} new-session -s work sh\r"
    ));
    window.expect("[work]");
    let mut agent = stage.terminal();
    stage.propose(&mut agent);
    let approve = format!("{} approve {}", program("kintsugi").display(), stage.id);
    agent.send(&format!(
        "tmux -S {socket} send-keys -t work '{approve}' Enter\r"
    ));
    let code = code_on(&mut window);
    window.expect("code: ");
    let seen = stage.path("seen");
    agent.send(&format!(
        "tmux -S {socket} capture-pane -p -t work >{seen}; echo $((6 * 7))\r"
    ));
    agent.expect("42\r\n");
    let captured = std::fs::read_to_string(seen).expect("the pane");
    assert!(captured.contains("a code is shown"), "{captured}");
    assert!(!captured.contains(&code), "{captured}");
    agent.send(&format!(
        "tmux -S {socket} send-keys -t work 000000 Enter\r"
    ));
    window.expect("it did not know the code that was shown");
    assert!(stage.is_pending());

    // The person in the same window reads it.
    window.send(&format!("{approve}\r"));
    let code = code_on(&mut window);
    window.expect("code: ");
    window.send(&format!("{code}\r"));
    window.expect("approved");
    assert!(!stage.is_pending());
    window.send(&format!("tmux -S {socket} kill-server\r"));
}
