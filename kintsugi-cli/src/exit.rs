//! How the programs end: exit codes, and errors with a hint for the person who meets them.

use std::process::ExitCode;

/// An exit code. Only [`Exit::Allowed`] may be taken as leave to run a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Allowed, or done.
    Allowed,
    /// Something failed.
    Failed,
    /// The arguments make no sense.
    Usage,
    /// The command must not run.
    Denied,
    /// The command waits for a person.
    Held,
    /// There is no daemon and none could be started.
    NoDaemon,
    /// The log does not verify.
    LogUnverified,
    /// The vault refused.
    VaultRefused,
    /// The status of a command that was run, or of a program this one stands for.
    Of(u8),
}

impl Exit {
    /// Returns the number that the shell sees.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::Allowed => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Denied => 3,
            Self::Held => 4,
            Self::NoDaemon => 5,
            Self::LogUnverified => 6,
            Self::VaultRefused => 7,
            Self::Of(code) => code,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        exit.code().into()
    }
}

/// Why a subcommand did not do what it was asked to.
#[derive(Debug)]
pub struct Failure {
    /// How the program ends.
    pub exit: Exit,
    /// What went wrong: one line, lowercase, no period. Empty: everything has been said.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure that ends the program with `exit`.
    #[must_use]
    pub fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self {
            exit,
            message: message.into(),
            hint: None,
        }
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::new(Exit::Failed, format!("{error:#}"))
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            // Whoever read the output has seen enough (`kintsugi log | head`).
            return Self::new(Exit::Failed, "");
        }
        let failure = Self::new(Exit::Failed, error.to_string());
        if [
            std::io::ErrorKind::StorageFull,
            std::io::ErrorKind::QuotaExceeded,
        ]
        .contains(&error.kind())
        {
            return failure.hint("free some space (`df -h`), then run the same command again");
        }
        failure
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::from(std::io::Error::from(error))
    }
}
