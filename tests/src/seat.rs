//! A person at a shell with its hook, in a machine of their own. Evidence is a file that a command would make.

use std::path::PathBuf;

use crate::machine::Machine;
use crate::pty::Pty;
use crate::shells::Shell;

/// A command that is held wherever it stands. What it would delete does not exist.
pub const HELD: &str = "rm -rf ~/.ssh";

/// What a person at a shell has before them.
#[derive(Debug)]
pub struct Seat {
    /// Their machine.
    pub machine: Machine,
    /// Their shell.
    pub shell: Shell,
    /// Their terminal.
    pub pty: Pty,
    /// Lines of the start-up file behind those of the hook.
    pub lines: String,
}

impl Seat {
    /// A shell with nothing but its hook.
    #[must_use]
    pub fn new(shell: Shell) -> Self {
        Self::with_lines(shell, "")
    }

    /// A shell with `lines` behind its hook.
    #[must_use]
    pub fn with_lines(shell: Shell, lines: &str) -> Self {
        Self::on(Machine::new(), shell, lines)
    }

    /// A shell of a machine, with `lines` behind its hook.
    #[must_use]
    pub fn on(machine: Machine, shell: Shell, lines: &str) -> Self {
        let pty = shell.start(&shell.with_lines(&machine, lines));
        Self {
            machine,
            shell,
            pty,
            lines: lines.to_owned(),
        }
    }

    /// A shell with `lines` before its hook.
    #[must_use]
    pub fn with_lines_before(machine: Machine, shell: Shell, lines: &str) -> Self {
        let pty = shell.start(&shell.with_lines_around(&machine, lines, ""));
        Self {
            machine,
            shell,
            pty,
            lines: String::new(),
        }
    }

    /// Ends the shell and starts another on the same machine, with more lines.
    pub fn again_with(&mut self, more: &str) {
        let lines = format!("{}\n{more}", self.lines);
        self.pty = self
            .shell
            .start(&self.shell.with_lines(&self.machine, &lines));
    }

    /// Returns the path of a file in the home directory.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.machine.home().join(name)
    }

    /// Whether what was printed names the guard; its directory, which some terminals are told at each prompt, has the name too.
    #[must_use]
    pub fn names_the_guard(&self, printed: &str) -> bool {
        let home = self.machine.home().display().to_string();
        printed.replace(&home, "~").contains("kintsugi")
    }

    /// Types a line that runs, and returns what was printed.
    pub fn run(&mut self, line: &str) -> String {
        self.pty.send(&format!("{line}\r"));
        self.shell.ready(&mut self.pty)
    }

    /// Waits until the relay is there and has met the daemon: until then each line starts a client.
    ///
    /// # Panics
    /// When no relay comes.
    pub fn relayed(&mut self) {
        let place = self.machine.home().join("../kintsugi-shells");
        for _ in 0..500 {
            // A relay tells by its pipe that it listens; the next line finds it, and the one behind that its daemon.
            let is_there = std::fs::read_dir(&place)
                .into_iter()
                .flatten()
                .flatten()
                .any(|entry| entry.path().join("ask").exists());
            self.run("true");
            if is_there {
                self.run("true");
                return;
            }
        }
        panic!("no relay came:\n{}", self.pty.screen());
    }

    /// Waits until a daemon answers that a line has started.
    ///
    /// # Panics
    /// When none comes.
    pub fn has_a_daemon(&mut self) {
        for _ in 0..600 {
            if self.machine.run(&["status"]).status.success() {
                return;
            }
            self.run("true");
        }
        panic!("no daemon came:\n{}", self.pty.screen());
    }

    /// Types a line that is held, answers with `keys` that deny it, and waits for the next prompt. Returns the card.
    pub fn deny(&mut self, line: &str, keys: &str) -> String {
        self.pty.send(&format!("{line}\r"));
        self.denied(keys)
    }

    /// Waits for the card and denies, by `keys`.
    pub fn denied(&mut self, keys: &str) -> String {
        let card = self.pty.expect("run it? [y/N]");
        self.pty.send(keys);
        self.pty.expect("denied");
        self.next_prompt();
        card
    }

    /// Types a line that is held, and approves it.
    pub fn approve(&mut self, line: &str) -> String {
        self.pty.send(&format!("{line}\r"));
        self.pty.expect("run it? [y/N]");
        self.pty.send("y");
        self.pty.expect("approved");
        self.shell.ready(&mut self.pty)
    }

    /// Types a line, approves it should it be held, and waits for the next prompt.
    pub fn approve_if_held(&mut self, line: &str) {
        self.pty.send(&format!("{line}\r"));
        if self.pty.expect_either("run it? [y/N]", self.shell.prompt()) {
            self.pty.send("y");
            self.shell.ready(&mut self.pty);
        }
    }

    /// Waits for the prompt after a line that did not run. fish leaves it in the editor, so it is taken out first.
    pub fn next_prompt(&mut self) {
        if self.shell == Shell::Fish {
            self.pty.send("\u{7}\r");
        }
        self.shell.ready(&mut self.pty);
    }

    /// Returns `$?`, by way of a file: whoever draws the screen is not asked.
    ///
    /// # Panics
    /// When it is not told.
    pub fn status(&mut self) -> String {
        self.run(match self.shell {
            Shell::Bash | Shell::Zsh => "echo $? > status",
            Shell::Fish => "echo $status > status",
        });
        let status = std::fs::read_to_string(self.file("status")).expect("a status");
        std::fs::remove_file(self.file("status")).expect("a file");
        status.trim().to_owned()
    }

    /// Whether a command made its file.
    #[must_use]
    pub fn ran(&self, name: &str) -> bool {
        self.file(name).exists()
    }

    /// Asserts that a command did not make its file, and names the shell if it did.
    ///
    /// # Panics
    /// When it did.
    pub fn did_not_run(&self, name: &str) {
        assert!(!self.ran(name), "{name}\n{}", self.pty.screen());
    }

    /// Asserts that a command made its file, and takes it away again.
    ///
    /// # Panics
    /// When it did not.
    pub fn did_run(&self, name: &str) {
        assert!(self.ran(name), "{name}\n{}", self.pty.screen());
        std::fs::remove_file(self.file(name)).expect("a file");
    }

    /// Returns the process id of the shell.
    pub fn pid(&mut self) -> String {
        let pid = match self.shell {
            Shell::Bash | Shell::Zsh => "$$",
            Shell::Fish => "$fish_pid",
        };
        self.run(&format!("echo {pid} > pid"));
        let pid = std::fs::read_to_string(self.file("pid")).expect("its number");
        std::fs::remove_file(self.file("pid")).expect("a file");
        pid.trim().to_owned()
    }

    /// Returns the records of commands that have run, oldest first, their private members among the others.
    #[must_use]
    pub fn recorded(&self) -> Vec<serde_json::Value> {
        recorded(&self.machine)
    }
}

/// Returns the records of commands that have run on a machine, oldest first, their private members among the others.
///
/// # Panics
/// When the log cannot be read.
#[must_use]
pub fn recorded(machine: &Machine) -> Vec<serde_json::Value> {
    let segments = std::fs::read_dir(machine.log()).expect("a log");
    let mut paths: Vec<_> = segments
        .map(|segment| segment.expect("a segment").path())
        .filter(|path| path.extension().is_some_and(|name| name == "ndjson"))
        .collect();
    paths.sort();
    let mut records = Vec::new();
    for path in paths {
        for line in std::fs::read_to_string(path).expect("text").lines() {
            let mut record: serde_json::Value = serde_json::from_str(line).expect("a record");
            if record["kind"] == "recorded" {
                let private = record["s"].take();
                let private = private.as_object().cloned().unwrap_or_default();
                record.as_object_mut().expect("members").extend(private);
                records.push(record);
            }
        }
    }
    records
}

/// Returns those of `records` whose command has `part` in it.
#[must_use]
pub fn of_text<'records>(
    records: &'records [serde_json::Value],
    part: &str,
) -> Vec<&'records serde_json::Value> {
    let says = |record: &&serde_json::Value| record["raw"].to_string().contains(part);
    records.iter().filter(says).collect()
}
