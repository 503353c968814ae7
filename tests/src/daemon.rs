//! A real daemon in a directory of its own.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Once;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::oracle::agree_on;
use crate::wire::Wire;

/// A daemon that runs, or can be started again, on the same directory.
#[derive(Debug)]
pub struct TestDaemon {
    home: tempfile::TempDir,
    child: Option<Child>,
    /// Where its program is, when not where it was built.
    programs: Option<PathBuf>,
}

impl TestDaemon {
    /// Starts a daemon in a new directory; returns when it accepts.
    ///
    /// # Panics
    ///
    /// When it does not start.
    #[must_use]
    pub fn start() -> Self {
        let mut daemon = Self::prepared();
        daemon.start_again();
        daemon
    }

    /// A directory in which no daemon was started yet.
    ///
    /// # Panics
    ///
    /// When there is no room for it.
    #[must_use]
    pub fn prepared() -> Self {
        let home = tempfile::Builder::new()
            .prefix("kintsugi-")
            .tempdir()
            .expect("a directory");
        let mut private = std::fs::DirBuilder::new();
        private
            .mode(0o700)
            .create(home.path().join("run"))
            .expect("a runtime directory");
        Self {
            home,
            child: None,
            programs: None,
        }
    }

    /// Has the daemon be started from another directory, where other programs lie beside it.
    pub fn run_from(&mut self, programs: PathBuf) {
        self.programs = Some(programs);
    }

    /// Returns the directory of everything.
    #[must_use]
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Returns where the socket is.
    #[must_use]
    pub fn socket(&self) -> PathBuf {
        self.home().join("run/kintsugi.sock")
    }

    /// Returns the command that starts a daemon here, with an environment of its own.
    #[must_use]
    pub fn command(&self) -> Command {
        let elsewhere = self
            .programs
            .as_ref()
            .map(|all| all.join("kintsugi-daemon"));
        let mut command = Command::new(elsewhere.unwrap_or_else(|| program("kintsugi-daemon")));
        command
            .env_clear()
            .env("HOME", self.home())
            .env("XDG_RUNTIME_DIR", self.home().join("run"))
            .env("XDG_DATA_HOME", self.home().join("data"))
            .env("XDG_CONFIG_HOME", self.home().join("config"))
            .stdin(Stdio::null());
        command
    }

    /// Starts it again; returns when it accepts.
    ///
    /// # Panics
    ///
    /// When it does not start; says what it complained about.
    pub fn start_again(&mut self) {
        let command = self.command();
        self.start_by(command);
    }

    /// Starts it again as a supervisor would that wants to hear from it (`sd_notify(3)`).
    ///
    /// # Panics
    ///
    /// As [`TestDaemon::start_again`].
    pub fn start_supervised(&mut self) {
        let mut command = self.command();
        command.env("NOTIFY_SOCKET", self.home().join("run/notify"));
        self.start_by(command);
    }

    /// Starts it again by this command, which [`TestDaemon::command`] returned.
    ///
    /// # Panics
    ///
    /// As [`TestDaemon::start_again`].
    pub fn start_by(&mut self, mut command: Command) {
        command
            .args(["--ready-fd", "1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().expect("the daemon starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its output");
        BufReader::new(stdout)
            .read_line(&mut line)
            .expect("its first line");
        if line != "ready\n" {
            let mut complaint = String::new();
            child
                .stderr
                .take()
                .expect("its errors")
                .read_to_string(&mut complaint)
                .expect("text");
            panic!("the daemon is not ready: {complaint}");
        }
        self.child = Some(child);
    }

    /// Returns the daemon's process.
    ///
    /// # Panics
    ///
    /// When it does not run.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("a running daemon").id()
    }

    /// Sends it a signal.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid())
            .ok()
            .and_then(Pid::from_raw)
            .expect("a process");
        kill_process(pid, signal).expect("it takes a signal");
    }

    /// Sends it a signal that ends it, and waits for the end.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn end(&mut self, signal: Signal) -> ExitStatus {
        self.signal(signal);
        self.wait()
    }

    /// Waits until it has ended.
    ///
    /// # Panics
    ///
    /// When it does not run.
    pub fn wait(&mut self) -> ExitStatus {
        let mut child = self.child.take().expect("a running daemon");
        child.wait().expect("it ends")
    }

    /// Connects to it.
    #[must_use]
    pub fn connect(&self) -> Wire {
        Wire::connect(&self.socket())
    }

    /// Connects to it from a terminal of its own: an agent's, or a person's, who are then not the same process.
    #[must_use]
    pub fn terminal(&self) -> Wire {
        let near = self.home().join(uuid::Uuid::new_v4().simple().to_string());
        Wire::from_terminal(&self.socket(), &near)
    }

    /// Returns how many bytes of its memory are resident.
    ///
    /// # Panics
    ///
    /// When it does not run.
    #[must_use]
    pub fn resident_bytes(&self) -> u64 {
        let statm = std::fs::read_to_string(format!("/proc/{}/statm", self.pid())).expect("statm");
        let pages = statm
            .split(' ')
            .nth(1)
            .and_then(|pages| pages.parse::<u64>().ok());
        pages.expect("a number") * 4_096
    }

    /// Returns how long it has run on a processor (`proc(5)`, `schedstat`).
    ///
    /// # Panics
    ///
    /// When it does not run.
    #[must_use]
    pub fn processor_time(&self) -> Duration {
        let path = format!("/proc/{}/schedstat", self.pid());
        let schedstat = std::fs::read_to_string(path).expect("schedstat");
        let nanoseconds = schedstat.split(' ').next().map(str::parse);
        Duration::from_nanos(nanoseconds.and_then(Result::ok).expect("a number"))
    }

    /// Returns how often it has begun to wait for something (`proc_pid_status(5)`, voluntary context switches).
    ///
    /// # Panics
    ///
    /// When it does not run.
    #[must_use]
    pub fn waits(&self) -> u64 {
        let path = format!("/proc/{}/status", self.pid());
        let status = std::fs::read_to_string(path).expect("status");
        let mut lines = status.lines();
        let count = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        count
            .and_then(|count| count.trim().parse().ok())
            .expect("a number")
    }

    /// Returns how many descriptors it has open.
    ///
    /// Whoever is not root may not look, since the daemon keeps its memory from others; then it is how many the kernel
    /// has made room for, which doubles when they leak.
    ///
    /// # Panics
    ///
    /// When it does not run.
    #[must_use]
    pub fn open_files(&self) -> usize {
        let process = PathBuf::from(format!("/proc/{}", self.pid()));
        if let Ok(descriptors) = std::fs::read_dir(process.join("fd")) {
            return descriptors.count();
        }
        let status = std::fs::read_to_string(process.join("status")).expect("status");
        let room = status
            .lines()
            .find_map(|line| line.strip_prefix("FDSize:")?.trim().parse().ok());
        room.expect("a number")
    }
}

impl Drop for TestDaemon {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended on its own; then there is nothing to end.
            drop(child.kill());
            drop(child.wait());
        }
        if !std::thread::panicking() {
            agree_on(&self.home().join("data/kintsugi/log"));
        }
    }
}

/// Returns the path of a program of this workspace, built from the sources as they are.
///
/// Tests of one package cannot ask cargo for programs of another, so this builds them once a test program, with the
/// profile that the test itself was built with. When they are fresh that takes a fraction of a second.
///
/// # Panics
///
/// When they cannot be built.
#[must_use]
pub fn program(name: &str) -> PathBuf {
    static BUILT: Once = Once::new();
    let test = std::env::current_exe().expect("the path of this test");
    let directory = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
    BUILT.call_once(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut build = Command::new(cargo);
        build.args(["build", "--quiet", "--package", "kintsugi-daemon"]);
        build.args(["--package", "kintsugi-scorer", "--bins"]);
        build.current_dir(env!("CARGO_MANIFEST_DIR"));
        if directory.ends_with("release") {
            build.arg("--release");
        }
        assert!(
            build.status().expect("cargo runs").success(),
            "the programs do not build"
        );
    });
    directory.join(name)
}

/// Returns the one line in which a daemon says why it does not start.
///
/// # Panics
///
/// When it starts, or says more or less than a line.
#[must_use]
pub fn refusal(command: &mut Command) -> String {
    let output = command.output().expect("it can be run");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = String::from_utf8(output.stderr).expect("text");
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("kintsugi: error: "), "{said}");
    said
}
