//! A machine of one's own for a test: a home, a socket, a daemon on demand, and the programs as they were built.

use std::ffi::OsString;
use std::io::Write;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Output, Stdio};

use crate::oracle::agree_on;
use crate::pty::Pty;

/// A home directory with a socket beside it. Dropped, its daemon is stopped and everything is removed.
#[derive(Debug)]
pub struct Machine {
    directory: tempfile::TempDir,
    /// What its `PATH` begins with, beside this process's own.
    programs: Vec<PathBuf>,
}

/// Returns what a command printed.
///
/// # Panics
///
/// When it did not go well.
#[must_use]
pub fn printed(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout.clone()).expect("text")
}

/// Returns all that a program printed.
#[must_use]
pub fn said(output: &Output) -> String {
    let both = [output.stdout.as_slice(), &output.stderr].concat();
    String::from_utf8_lossy(&both).into_owned()
}

/// A repository with a remote whose branch is ahead in another way, so that only `--force` pushes.
#[derive(Debug)]
pub struct Diverged {
    /// The working copy.
    pub work: PathBuf,
    /// The bare repository it pushes to.
    pub remote: PathBuf,
}

impl Default for Machine {
    fn default() -> Self {
        Self::new()
    }
}

impl Machine {
    /// A machine on which nothing has happened yet.
    ///
    /// # Panics
    /// When there is no room for it.
    #[must_use]
    pub fn new() -> Self {
        Self::with_programs(&[])
    }

    /// The same, with the programs of some directories found before all others.
    ///
    /// # Panics
    /// When there is no room for it.
    #[must_use]
    pub fn with_programs(programs: &[PathBuf]) -> Self {
        let directory = tempfile::Builder::new()
            .prefix("kintsugi-")
            .tempdir()
            .expect("a directory");
        std::fs::create_dir(directory.path().join("home")).expect("a home");
        Self {
            directory,
            programs: programs.to_vec(),
        }
    }

    /// Returns the `PATH` of what runs on it.
    fn path(&self) -> OsString {
        let own = std::env::var_os("PATH").unwrap_or_default();
        let all = self.programs.iter().cloned();
        let all = all.chain(std::env::split_paths(&own));
        std::env::join_paths(all).expect("directories without a colon")
    }

    /// Returns the home directory.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.directory.path().join("home")
    }

    /// Returns the path of the socket.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.directory.path().join("socket")
    }

    /// Returns the directory of the log.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.home().join(".local/share/kintsugi/log")
    }

    /// Waits until the end of each command before which something was kept is noted: until then, all that it changed counts as newer
    /// work. On a busy machine that may be a while after it ended.
    ///
    /// # Panics
    /// When it never is.
    pub fn ends_are_noted(&self) {
        let captures = self.home().join(".local/share/kintsugi/trash/captures");
        let is_noted = || {
            let mut captures = std::fs::read_dir(&captures).into_iter().flatten().flatten();
            captures.all(|capture| capture.path().join("ended").exists())
        };
        let began = std::time::Instant::now();
        while !is_noted() {
            assert!(began.elapsed().as_secs() < 60, "an end was not noted");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    }

    /// Returns a program with nothing of this process's environment but `PATH`.
    #[must_use]
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", self.path())
            .env("HOME", self.home())
            .env("KINTSUGI_SOCKET", self.socket())
            .env("LC_ALL", "C.UTF-8")
            .env("TERM", "dumb")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_AUTHOR_NAME", "Ada")
            .env("GIT_AUTHOR_EMAIL", "ada@example.org")
            .env("GIT_COMMITTER_NAME", "Ada")
            .env("GIT_COMMITTER_EMAIL", "ada@example.org")
            .current_dir(self.home());
        command
    }

    /// Returns `kintsugi` with arguments.
    #[must_use]
    pub fn kintsugi(&self, arguments: &[&str]) -> Command {
        let mut command = self.command(program("kintsugi"));
        command.args(arguments);
        command
    }

    /// Runs `kintsugi` without a terminal, and returns what came of it.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.kintsugi(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("kintsugi starts")
    }

    /// Runs `kintsugi` in `directory`, where commands are run by bash and nobody answers, and returns what came of it.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn run_in(&self, directory: &Path, arguments: &[&str]) -> Output {
        self.kintsugi(arguments)
            .env("SHELL", "/bin/bash")
            .current_dir(directory)
            .stdin(Stdio::null())
            .output()
            .expect("kintsugi starts")
    }

    /// Runs `kintsugi` in a terminal of its own, as a person elsewhere would, and returns its exit code and what it printed.
    #[must_use]
    pub fn elsewhere(&self, arguments: &[&str]) -> (i32, String) {
        let (status, printed) = Pty::spawn(&self.kintsugi(arguments), 100).end();
        (status.code().unwrap_or(-1), printed)
    }

    /// Runs a line at a terminal, says yes or no when it is asked, and returns the card and whether it ran.
    ///
    /// # Panics
    /// When it neither asks nor ends.
    #[must_use]
    pub fn at_terminal(&self, line: &str, work: &Path, yes: bool) -> (String, bool) {
        let mut shell = self.command("sh");
        let script = "\"$0\" run -- \"$1\"; echo \"ended=$?\"";
        shell
            .args(["-c", script])
            .arg(program("kintsugi"))
            .arg(line)
            .env("SHELL", "/bin/bash")
            .current_dir(work);
        let mut pty = Pty::spawn(&shell, 200);
        if pty.expect_either("run it? [y/N]", "ended=") {
            pty.send(if yes { "y" } else { "n" });
            pty.expect("ended=");
        }
        let screen = pty.screen();
        let (_, printed) = pty.end();
        (screen, printed.trim_start().starts_with('0'))
    }

    /// Gives `payload` to a hook, and returns what came of it.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn hook(&self, arguments: &[&str], payload: &[u8]) -> Output {
        let mut hook = self.command(program("kintsugi-hook"));
        hook.args(arguments);
        fed(hook, payload)
    }

    /// Gives `payload` to a hook that an agent starts, who runs in a terminal of its own; returns what came of it.
    ///
    /// # Panics
    /// When it does not start, or leaves no answer.
    #[must_use]
    pub fn agent_hook(&self, arguments: &[&str], payload: &[u8]) -> Output {
        let call = tempfile::Builder::new()
            .tempdir_in(self.directory.path())
            .expect("a directory");
        let file = |name: &str| call.path().join(name);
        std::fs::write(file("in"), payload).expect("a payload");
        // An agent stands between the terminal's shell and the hook: here, another shell.
        let agent = "\"$@\" <\"$CALL/in\" >\"$CALL/out\" 2>\"$CALL/err\"; echo $? >\"$CALL/code\"";
        let mut shell = self.command("sh");
        shell
            .args(["-c", "sh -c \"$AGENT\" agent \"$@\"; exit 0", "terminal"])
            .arg(program("kintsugi-hook"))
            .args(arguments)
            .env("AGENT", agent)
            .env("CALL", call.path());
        drop(Pty::spawn(&shell, 100).end());
        let read = |name: &str| std::fs::read(file(name)).expect("what the hook left");
        let code = String::from_utf8(read("code")).expect("text");
        let code: i32 = code.trim().parse().expect("a status");
        Output {
            status: ExitStatus::from_raw(code << 8),
            stdout: read("out"),
            stderr: read("err"),
        }
    }

    /// Proposes `command` in `cwd` as Claude Code would, and returns what the host is told, and why.
    ///
    /// # Panics
    /// When there is no answer in the words of the host.
    #[must_use]
    pub fn agent_asks(&self, command: &str, cwd: &Path) -> (String, String) {
        let payload = serde_json::json!({
            "session_id": "s", "transcript_path": "/dev/null", "permission_mode": "default",
            "cwd": cwd, "hook_event_name": "PreToolUse",
            "tool_name": "Bash", "tool_input": {"command": command}, "tool_use_id": "u",
        });
        let output = self.agent_hook(&["claude-code", "--wait=0"], payload.to_string().as_bytes());
        assert!(output.status.success(), "{output:?}");
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("an answer");
        let text = |name: &str| {
            let value = &answer["hookSpecificOutput"][name];
            value.as_str().expect("text").to_owned()
        };
        (text("permissionDecision"), text("permissionDecisionReason"))
    }

    /// Makes a repository and a bare remote whose histories have parted.
    ///
    /// # Panics
    /// When git does not do as it is told.
    #[must_use]
    pub fn diverged(&self) -> Diverged {
        let remote = self.home().join("remote.git");
        let work = self.home().join("work");
        let shown = |path: &Path| path.display().to_string();
        let git = |directory: &Path, arguments: &[&str]| {
            let done = self
                .command("git")
                .current_dir(directory)
                .args(arguments)
                .output()
                .expect("git starts");
            assert!(done.status.success(), "git {arguments:?}: {done:?}");
        };
        let home = self.home();
        git(
            &home,
            &["init", "-q", "--bare", "-b", "main", &shown(&remote)],
        );
        git(&home, &["init", "-q", "-b", "main", &shown(&work)]);
        git(&work, &["commit", "-q", "--allow-empty", "-m", "one"]);
        git(&work, &["remote", "add", "origin", &shown(&remote)]);
        git(&work, &["push", "-q", "-u", "origin", "main"]);
        git(
            &work,
            &["commit", "-q", "--amend", "--allow-empty", "-m", "other"],
        );
        Diverged { work, remote }
    }

    /// Returns the commit that `main` names in a repository.
    ///
    /// # Panics
    /// When git does not tell.
    #[must_use]
    pub fn head(&self, repository: &Path) -> String {
        let done = self
            .command("git")
            .current_dir(repository)
            .args(["rev-parse", "main"])
            .output()
            .expect("git starts");
        let commit = String::from_utf8(done.stdout).expect("a commit");
        commit.trim_end().to_owned()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let stopped = self.run(&["daemon", "stop"]);
        if !std::thread::panicking() {
            assert!(stopped.status.success(), "{stopped:?}");
            agree_on(&self.log());
        }
    }
}

/// Starts `program`, gives it `input`, and returns what came of it.
///
/// # Panics
/// When it does not start.
#[must_use]
pub fn fed(mut program: Command, input: &[u8]) -> Output {
    let mut child = program
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut to = child.stdin.take().expect("its input");
    // One that has read enough to refuse closes its input.
    drop(to.write_all(input));
    drop(to);
    child.wait_with_output().expect("its output")
}

/// Returns one of the programs, as cargo built it beside this test, or from the directory that `KINTSUGI_TEST_PROGRAMS` names: the
/// three of them, linked in another way.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    if let Some(named) = std::env::var_os("KINTSUGI_TEST_PROGRAMS") {
        let program = Path::new(&named).join(name);
        assert!(program.is_file(), "`{}` was not built", program.display());
        return program;
    }
    let test = std::env::current_exe().expect("this test");
    let built = test
        .ancestors()
        .nth(2)
        .expect("the directory of the build")
        .join(name);
    assert!(
        built.is_file(),
        "`{}` was not built: run tests/run, or `cargo build --workspace --bins` first",
        built.display()
    );
    built
}
