//! Asks git, without running anything that a repository's own settings name, and never longer than the deadline.
//!
//! `git status` runs filters, a file system monitor and hooks that `.git/config` may name (git-config(1), gitattributes(5)). Who
//! has not been allowed to run anything yet must not run them through a question, so all of them are switched off; what then
//! looks changed is taken for changed.

use std::env;
use std::ffi::OsString;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::Timespec;

use super::Deadline;

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
            if name.to_string_lossy().starts_with("GIT_") {
                command.env_remove(name);
            }
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
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = child.ok()?;
        let answer = self.read(&mut child);
        if answer.is_none() {
            // It is late or talks too much; that it cannot be stopped either changes nothing here.
            drop(child.kill());
        }
        let ended = self.wait(&mut child)?;
        Some((String::from_utf8(answer?).ok()?, ended))
    }

    fn read(&self, child: &mut Child) -> Option<Vec<u8>> {
        let mut output = child.stdout.take()?;
        let mut answer = Vec::new();
        let mut part = [0; 16 * 1024];
        loop {
            let left = Timespec::try_from(self.deadline.left()?).ok()?;
            let mut readable = [PollFd::new(&output, PollFlags::IN)];
            if poll(&mut readable, Some(&left)).ok()? == 0 {
                return None;
            }
            match output.read(&mut part).ok()? {
                0 => return Some(answer),
                count => answer.extend_from_slice(part.get(..count)?),
            }
            if answer.len() > ANSWER_BYTES_MAX {
                return None;
            }
        }
    }

    /// Whether it succeeded; nothing when it does not end.
    fn wait(&self, child: &mut Child) -> Option<bool> {
        loop {
            if let Some(status) = child.try_wait().ok()? {
                return Some(status.success());
            }
            self.deadline.left()?;
            std::thread::sleep(Duration::from_micros(100));
        }
    }
}

/// The search path without what is relative: a repository may have a program called `git` in it.
fn trusted_path() -> Option<OsString> {
    let path = env::var_os("PATH")?;
    let absolute = env::split_paths(&path).filter(|directory| directory.is_absolute());
    env::join_paths(absolute).ok()
}

/// Returns the root of the working copy that `directory` lies in (`.git` is a file in worktrees and submodules).
pub(crate) fn root_of(directory: &Path) -> Option<PathBuf> {
    directory
        .ancestors()
        .find(|above| above.join(".git").symlink_metadata().is_ok())
        .map(Path::to_owned)
}
