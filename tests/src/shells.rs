//! The shells that have a hook, with nothing of this machine's own configuration in them.

use std::process::Command;

use crate::machine::{Machine, program};
use crate::pty::Pty;

/// What is printed in front of every prompt, once; the prompt itself may be drawn again.
const READY: &str = "<ready>";

/// A shell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shell {
    /// GNU bash.
    Bash,
    /// zsh.
    Zsh,
    /// fish.
    Fish,
}

impl Shell {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Bash, Self::Zsh, Self::Fish];

    /// Returns its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
        }
    }

    /// Returns the shell, interactive, with start-up lines of the test behind the hook.
    ///
    /// # Panics
    /// When the start-up file cannot be written.
    #[must_use]
    pub fn with_lines(self, machine: &Machine, lines: &str) -> Command {
        self.with_lines_around(machine, "", lines)
    }

    /// Returns the shell, interactive, with start-up lines of the test before the hook and behind it.
    ///
    /// # Panics
    /// When the start-up file cannot be written.
    #[must_use]
    pub fn with_lines_around(self, machine: &Machine, before: &str, lines: &str) -> Command {
        let kintsugi = program("kintsugi");
        let kintsugi = kintsugi.display();
        let name = self.name();
        let hook = match self {
            Self::Bash | Self::Zsh => {
                format!("{before}\neval \"$('{kintsugi}' init {name})\"\n{lines}\n")
            }
            Self::Fish => format!("{before}\n'{kintsugi}' init fish | source\n{lines}\n"),
        };
        let (file, text) = match self {
            Self::Bash => (
                ".bashrc",
                format!("PS1='> '; PROMPT_COMMAND='echo \"{READY}\"'\n{hook}"),
            ),
            Self::Zsh => (
                ".zshrc",
                format!(
                    "PS1='> '; precmd() {{ echo '{READY}' }}; unsetopt prompt_sp prompt_cr\n{hook}"
                ),
            ),
            // The event comes once for each prompt, however often the prompt is drawn again.
            Self::Fish => (
                ".config/fish/config.fish",
                format!(
                    "function fish_prompt; echo -n '> '; end\nbind \\cg 'commandline \"\"'\nset fish_greeting\n\
                     function ready --on-event fish_prompt; echo '{READY}'; end\n{hook}"
                ),
            ),
        };
        let file = machine.home().join(file);
        let directory = file.parent().expect("a directory");
        std::fs::create_dir_all(directory).expect("a directory");
        std::fs::write(file, text).expect("a start-up file");
        if matches!(self, Self::Fish) {
            // Where it is missing, fish reads every man page in the background, for minutes, and does not end that with itself.
            for place in [".local/share/fish", ".cache/fish"] {
                let made = machine.home().join(place).join("generated_completions");
                std::fs::create_dir_all(made).expect("a directory");
            }
        }
        let mut command = machine.command(name);
        match self {
            Self::Bash => command.args(["--noprofile", "-i"]),
            Self::Zsh => command.args(["--no-globalrcs", "-i"]),
            Self::Fish => command.arg("--interactive"),
        };
        command
    }

    /// Returns the shell, interactive, with the hook.
    #[must_use]
    pub fn with_hook(self, machine: &Machine) -> Command {
        self.with_lines(machine, "")
    }

    /// Starts it and waits for its prompt.
    #[must_use]
    pub fn start(self, command: &Command) -> Pty {
        self.start_with_columns(command, 100)
    }

    /// Starts it in a terminal of so many columns and waits for its prompt.
    #[must_use]
    pub fn start_with_columns(self, command: &Command, columns: u16) -> Pty {
        let mut pty = Pty::spawn(command, columns);
        self.ready(&mut pty);
        pty
    }

    /// Returns what is printed in front of every prompt.
    #[must_use]
    pub const fn prompt(self) -> &'static str {
        READY
    }

    /// Waits for the prompt, and returns what was printed before it.
    pub fn ready(self, pty: &mut Pty) -> String {
        pty.expect(READY)
    }

    /// Returns `$?`.
    pub fn status(self, pty: &mut Pty) -> String {
        pty.send(match self {
            Self::Bash | Self::Zsh => "echo \"[$?]\"\r",
            Self::Fish => "printf '\\n[%s]' $status\r",
        });
        pty.expect("\n[");
        let status = pty.expect("]");
        self.ready(pty);
        status
    }
}
