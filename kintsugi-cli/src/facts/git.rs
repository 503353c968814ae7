//! Asks git, without running anything that a repository's own settings name, and never longer than the deadline.
//!
//! `git status` runs filters, a file system monitor and hooks that `.git/config` may name (git-config(1), gitattributes(5)). Who
//! has not been allowed to run anything yet must not run them through a question, so all of them are switched off; what then
//! looks changed is taken for changed.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::Deadline;
use super::asked::{answer_of, trusted_path};

/// Most bytes that one answer of git may have.
const ANSWER_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Settings of a repository that would run something, hide a change or reach the network.
const HARMLESS: [(&str, &str); 10] = [
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.attributesFile", "/dev/null"),
    ("core.untrackedCache", "false"),
    ("core.ignoreStat", "false"),
    ("core.trustctime", "true"),
    ("core.checkStat", "default"),
    ("core.fileMode", "true"),
    ("protocol.allow", "never"),
    ("submodule.recurse", "false"),
];

/// A working copy that can be asked.
#[derive(Debug)]
pub(crate) struct Git {
    root: PathBuf,
    path: OsString,
    settings: Vec<(String, String)>,
    deadline: Deadline,
    index: Option<PathBuf>,
    reaches: bool,
}

impl Git {
    /// Prepares to ask about the working copy at `root`; nothing when the environment points git elsewhere, or git does not answer.
    pub(crate) fn at(root: &Path, deadline: Deadline) -> Option<Self> {
        let is_redirected = |name: &&str| env::var_os(name).is_some();
        let redirections = [
            "GIT_DIR",
            "GIT_WORK_TREE",
            "GIT_INDEX_FILE",
            "GIT_OBJECT_DIRECTORY",
            "GIT_COMMON_DIR",
            "GIT_NAMESPACE",
        ];
        if redirections.iter().any(is_redirected) {
            return None;
        }
        let settings = HARMLESS.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let mut git = Self {
            root: root.to_owned(),
            path: trusted_path()?,
            settings: settings.to_vec(),
            deadline,
            index: None,
            reaches: false,
        };
        git.switch_filters_off()?;
        Some(git)
    }

    /// The same working copy, asked about another index than its own.
    pub(crate) fn with_index(&self, index: &Path) -> Self {
        Self {
            root: self.root.clone(),
            path: self.path.clone(),
            settings: self.settings.clone(),
            deadline: self.deadline,
            index: Some(index.to_owned()),
            reaches: false,
        }
    }

    /// The same working copy, asked about its remotes: only for who is about to connect there anyway. Nobody is asked for a password.
    pub(crate) fn reaching(&self) -> Self {
        let mut settings = self.settings.clone();
        settings.retain(|(key, _)| key != "protocol.allow");
        let quiet = [("gc.auto", "0"), ("maintenance.auto", "false")];
        settings.extend(quiet.map(|(key, value)| (key.to_owned(), value.to_owned())));
        Self {
            root: self.root.clone(),
            path: self.path.clone(),
            settings,
            deadline: self.deadline,
            index: None,
            reaches: true,
        }
    }

    /// Filters run on content, with whatever name a repository gives them.
    fn switch_filters_off(&mut self) -> Option<()> {
        let asked = ["config", "-z", "--name-only", "--get-regexp", r"^filter\."];
        let (answer, _) = self.run(&asked, &[])?;
        for key in answer.split('\0').filter(|key| !key.is_empty()) {
            if let Some((driver, _)) = key.rsplit_once('.') {
                for (what, value) in [("clean", ""), ("process", ""), ("required", "false")] {
                    let key = format!("{driver}.{what}");
                    if !self.settings.iter().any(|(known, _)| *known == key) {
                        self.settings.push((key, value.to_owned()));
                    }
                }
            }
        }
        Some(())
    }

    /// Returns what git prints, when it succeeds in time.
    pub(crate) fn ask(&self, arguments: &[&str], paths: &[&Path]) -> Option<String> {
        let (answer, succeeded) = self.run(arguments, paths)?;
        succeeded.then_some(answer)
    }

    /// Returns what git prints and whether it succeeded; nothing when it was late or said too much.
    fn run(&self, arguments: &[&str], paths: &[&Path]) -> Option<(String, bool)> {
        self.deadline.left()?;
        let mut command = Command::new("git");
        for (name, _) in env::vars_os() {
            let text = name.to_string_lossy();
            let is_way = self.reaches && text.starts_with("GIT_SS");
            if text.starts_with("GIT_") && !is_way {
                command.env_remove(name);
            }
        }
        if self.reaches {
            // ssh(1): a program that fails is asked instead of the terminal.
            command
                .env("SSH_ASKPASS_REQUIRE", "force")
                .env("SSH_ASKPASS", "false")
                .env("GIT_ASKPASS", "false");
        }
        command
            .env("PATH", &self.path)
            .env("LC_ALL", "C")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_CONFIG_COUNT", self.settings.len().to_string());
        if let Some(index) = &self.index {
            command.env("GIT_INDEX_FILE", index);
        }
        for (number, (key, value)) in self.settings.iter().enumerate() {
            command
                .env(format!("GIT_CONFIG_KEY_{number}"), key)
                .env(format!("GIT_CONFIG_VALUE_{number}"), value);
        }
        command
            .arg("-C")
            .arg(&self.root)
            .args(["--no-pager", "--no-replace-objects", "--literal-pathspecs"])
            .args(arguments);
        if !paths.is_empty() {
            command.arg("--").args(paths);
        }
        command.stdin(Stdio::null());
        let (answer, ended) = answer_of(command, self.deadline, ANSWER_BYTES_MAX)?;
        Some((String::from_utf8(answer).ok()?, ended))
    }
}

/// Returns the bare repository that `directory` lies in, unless a working copy is nearer (gitrepository-layout(5)).
pub(crate) fn bare_of(directory: &Path) -> Option<PathBuf> {
    let is_one = |above: &Path| {
        above.join("HEAD").is_file()
            && above.join("objects").is_dir()
            && above.join("refs").is_dir()
    };
    let found = directory
        .ancestors()
        .find(|above| is_one(above) || above.join(".git").symlink_metadata().is_ok())?;
    let is_of_copy = found.file_name().is_some_and(|name| name == ".git");
    (is_one(found) && !is_of_copy).then(|| found.to_owned())
}

/// Returns the root of the working copy that `directory` lies in (`.git` is a file in worktrees and submodules).
pub(crate) fn root_of(directory: &Path) -> Option<PathBuf> {
    directory
        .ancestors()
        .find(|above| above.join(".git").symlink_metadata().is_ok())
        .map(Path::to_owned)
}
