//! Whether `daemon.toml` still says what this daemon was started with.
//!
//! Its port, its group and its helpers are opened once, at the start. Whoever changes the file and sends `SIGHUP`, which reads the
//! policy again, is told that this takes a restart.

use std::path::PathBuf;

use crate::settings::Settings;

/// The settings that are in force, by where they stand and what they said.
#[derive(Debug, Default)]
pub struct StandingSettings {
    path: PathBuf,
    /// Of the file as it was read at the start; nothing where there was none.
    hash: Option<String>,
    /// What a person should know, in one line.
    problem: Option<String>,
}

impl StandingSettings {
    /// The settings of the file at `path`, whose hash was `hash` when they were read.
    #[must_use]
    pub const fn new(path: PathBuf, hash: Option<String>) -> Self {
        Self {
            path,
            hash,
            problem: None,
        }
    }

    /// Looks at the file again.
    pub fn look_again(&mut self) {
        let shown = self.path.display();
        self.problem = match Settings::read(&self.path) {
            Ok((_, hash)) if hash == self.hash => None,
            Ok(_) => Some(format!(
                "`{shown}` has changed since the start: `kintsugi daemon restart` puts it in force"
            )),
            Err(error) => Some(format!("the next start will not take `{shown}`: {error:#}")),
        };
    }

    /// Returns what a person should know, when there is anything.
    #[must_use]
    pub fn problem(&self) -> Option<&str> {
        self.problem.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_file_is_told_and_one_that_is_changed_back_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("daemon.toml");
        std::fs::write(&path, "port = 7\n").unwrap();
        let (_, hash) = Settings::read(&path).unwrap();
        let mut standing = StandingSettings::new(path.clone(), hash);
        let mut said = |text: &str| {
            std::fs::write(&path, text).unwrap();
            standing.look_again();
            standing.problem().unwrap_or_default().to_owned()
        };
        assert_eq!(said("port = 7\n"), "");
        assert!(said("port = 8\n").contains("restart"));
        assert!(said("prot = 8\n").contains("will not take"));
        assert_eq!(said("port = 7\n"), "");
    }
}
