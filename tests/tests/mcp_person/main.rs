//! `kintsugi mcp` between an agent and a person at another terminal: what the person approves while the client asks them runs, once.
//! By hand, and with the client of the protocol's own SDK.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use kintsugi_tests::machine::{Machine, program, said};
use kintsugi_tests::pty::Pty;
use kintsugi_tests::tree::next_tick;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use serde_json::{Value, json};

const PUSH: &str = "git push --force origin main";

/// A program that an agent runs, in a terminal that is not the person's.
struct Agent {
    input: Option<File>,
    output: BufReader<File>,
    _terminal: Pty,
}

impl Agent {
    fn start(machine: &Machine, directory: &Path, words: &[&str]) -> Self {
        let pipe = |name: &str| {
            let path = machine.home().join(name);
            let mode = Mode::RUSR | Mode::WUSR;
            mknodat(CWD, &path, FileType::Fifo, mode, 0).expect("a pipe");
            path
        };
        let (to, from) = (pipe("to"), pipe("from"));
        // An agent stands between the terminal's shell and the program: here, another shell.
        let mut shell = machine.command("sh");
        shell
            .args([
                "-c",
                "sh -c '\"$@\" <\"$TO\" >\"$FROM\"; exit 0' agent \"$@\"; exit 0",
                "terminal",
            ])
            .args(words)
            .env("TO", &to)
            .env("FROM", &from)
            .current_dir(directory);
        let terminal = Pty::spawn(&shell, 100);
        // Opened in the order of the shell, each waiting for the other end.
        let input = File::options().write(true).open(to).expect("a pipe");
        let output = File::open(from).expect("a pipe");
        Self {
            input: Some(input),
            output: BufReader::new(output),
            _terminal: terminal,
        }
    }

    fn say(&mut self, message: &Value) {
        let input = self.input.as_mut().expect("an open pipe");
        writeln!(input, "{message}").expect("a reader");
    }

    fn hear(&mut self) -> Value {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("a line");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }
}

/// Approves what a question names, as a person elsewhere.
fn approve(machine: &Machine, question: &str) -> String {
    let (_, rest) = question
        .split_once("kintsugi approve ")
        .expect("how to approve");
    let id: String = rest.chars().take_while(char::is_ascii_hexdigit).collect();
    let (code, printed) = machine.elsewhere(&["approve", &id]);
    assert_eq!(code, 0, "{printed}");
    id
}

impl Agent {
    /// An agent whose client asks its person, and has said hello to `kintsugi mcp`.
    fn with_server(machine: &Machine, directory: &Path) -> Self {
        let kintsugi = program("kintsugi").display().to_string();
        let mut agent = Self::start(machine, directory, &[&kintsugi, "mcp"]);
        let capabilities = json!({"elicitation": {}});
        let hello = json!({"protocolVersion": "2025-11-25", "capabilities": capabilities});
        agent.request(1, "initialize", &hello);
        assert_eq!(agent.hear()["id"], 1);
        agent
    }

    fn request(&mut self, id: u32, method: &str, params: &Value) {
        self.say(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
    }

    /// Runs a command about which the person is asked: does `answer` with the question, then the client says yes.
    fn runs(&mut self, id: u32, command: &str, answer: impl FnOnce(&str)) -> Value {
        let arguments = json!({"command": command});
        let call = json!({"name": "run_command", "arguments": arguments});
        self.request(id, "tools/call", &call);
        let question = self.hear();
        assert_eq!(question["method"], "elicitation/create", "{question}");
        answer(question["params"]["message"].as_str().expect("words"));
        let result = json!({"action": "accept", "content": {}});
        self.say(&json!({"jsonrpc": "2.0", "id": question["id"], "result": result}));
        let said = self.hear();
        assert_eq!(said["id"], id, "{said}");
        said["result"].clone()
    }
}

#[test]
fn what_a_person_approves_while_they_are_asked_runs_once_and_their_no_runs_nothing() {
    let machine = Machine::new();
    assert!(machine.run(&["daemon", "start"]).status.success());
    let repository = machine.diverged();
    let mut agent = Agent::with_server(&machine, &repository.work);

    // The client says yes, and no person has: nothing runs.
    let before = machine.head(&repository.remote);
    let said = agent.runs(2, PUSH, |_| ());
    assert_eq!(said["structuredContent"]["decision"], "hold", "{said}");
    assert_eq!(machine.head(&repository.remote), before);

    let said = agent.runs(3, PUSH, |question| drop(approve(&machine, question)));
    assert_eq!(said["structuredContent"]["exit_code"], 0, "{said}");
    assert_eq!(
        machine.head(&repository.remote),
        machine.head(&repository.work)
    );

    // It was for once; and a person's no is a no, whatever the client says.
    let said = agent.runs(4, PUSH, |question| {
        let (_, rest) = question.split_once("kintsugi approve ").expect("an id");
        let (code, printed) = machine.elsewhere(&["deny", &rest[..8]]);
        assert_eq!(code, 0, "{printed}");
    });
    assert_eq!(said["isError"], true, "{said}");
    assert_ne!(said["structuredContent"]["decision"], "allow", "{said}");
    drop(agent.input.take());
}

/// A working copy with a change that is in no commit, outside of the machine's own directory.
fn working_copy(machine: &Machine) -> tempfile::TempDir {
    let directory = tempfile::Builder::new().prefix("work-").tempdir();
    let directory = directory.expect("a directory");
    let file = directory.path().join("f");
    std::fs::write(&file, "committed").expect("a file");
    for line in ["init -q", "add .", "commit -qm one"] {
        let mut git = machine.command("git");
        git.args(line.split(' ')).current_dir(directory.path());
        assert!(git.status().expect("git").success());
    }
    std::fs::write(file, "changed").expect("a file");
    directory
}

#[test]
fn what_was_approved_is_kept_and_what_changes_after_its_end_is_newer_work() {
    let machine = Machine::new();
    assert!(machine.run(&["daemon", "start"]).status.success());
    let directory = working_copy(&machine);
    let file = directory.path().join("f");
    let read = || std::fs::read_to_string(&file).expect("a file");
    let undo = |arguments: &[&str]| {
        let undo = machine.run_in(directory.path(), &[&["undo"], arguments].concat());
        (undo.status.code(), said(&undo))
    };
    let mut agent = Agent::with_server(&machine, directory.path());
    let answer = |question: &str| drop(approve(&machine, question));

    // Its end is on record: what it changed itself is not taken for newer work.
    let ran = agent.runs(2, "git reset --hard", answer);
    assert_eq!(ran["structuredContent"]["exit_code"], 0, "{ran}");
    assert_eq!(read(), "committed");
    let ended = machine.home().join(".local/share/kintsugi/trash/captures");
    let capture = std::fs::read_dir(ended).expect("captures").flatten().next();
    let mark = capture.expect("a capture").path().join("ended");
    assert!(mark.exists(), "{}", mark.display());
    let (code, said) = undo(&[]);
    assert_eq!((code, read().as_str()), (Some(0), "changed"), "{said}");

    let ran = agent.runs(3, "git reset --hard", answer);
    assert_eq!(ran["structuredContent"]["exit_code"], 0, "{ran}");
    next_tick();
    std::fs::write(&file, "written after its end").expect("a file");
    let (code, said) = undo(&[]);
    assert_ne!(code, Some(0), "{said}");
    assert_eq!(read(), "written after its end", "{said}");
    let (code, said) = undo(&["--overwrite"]);
    assert_eq!((code, read().as_str()), (Some(0), "changed"), "{said}");
    drop(agent.input.take());
}

/// Where `tests/run` puts the SDK in a long run (npm, `@modelcontextprotocol/sdk`).
fn sdk() -> Option<PathBuf> {
    let target =
        program("kintsugi").with_file_name("../mcp/node_modules/@modelcontextprotocol/sdk");
    target.canonicalize().ok()
}

#[test]
fn the_client_of_the_protocols_own_sdk_is_served() {
    let Some(sdk) = sdk() else {
        assert!(
            std::env::var_os("KINTSUGI_LONG_TESTS").is_none(),
            "the SDK is missing: npm install --prefix target/mcp @modelcontextprotocol/sdk@1.32.2"
        );
        eprintln!("SKIPPED: the SDK of the protocol is not in target/mcp");
        return;
    };
    let machine = Machine::new();
    assert!(machine.run(&["daemon", "start"]).status.success());
    let repository = machine.diverged();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mcp_person/sdk.mjs");
    let words = [&script, &sdk, &program("kintsugi")].map(|path| path.display().to_string());
    let mut agent = Agent::start(
        &machine,
        &repository.work,
        &["node", &words[0], &words[1], &words[2]],
    );
    assert_eq!(agent.hear()["server"]["name"], "kintsugi");
    let tools = agent.hear();
    assert_eq!(
        tools["tools"],
        json!(["run_command", "explain_command", "list_held"])
    );
    let ran = agent.hear();
    assert_eq!(ran["structuredContent"]["stdout"], "out", "{ran}");
    let explained = agent.hear();
    assert_eq!(
        explained["structuredContent"]["decision"], "hold",
        "{explained}"
    );
    assert_eq!(agent.hear()["code"], -32602, "no tool approves");
    assert_eq!(agent.hear()["aborted"], true);
    let question = agent.hear();
    approve(&machine, question["elicited"].as_str().expect("words"));
    agent.say(&json!("go on"));
    let pushed = agent.hear();
    assert_eq!(pushed["structuredContent"]["exit_code"], 0, "{pushed}");
    assert_eq!(
        machine.head(&repository.remote),
        machine.head(&repository.work)
    );
    let held = agent.hear();
    assert_eq!(held["structuredContent"]["held"], json!([]), "{held}");
    assert_eq!(agent.hear()["ended"], true);
}
