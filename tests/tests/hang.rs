//! A disk that does not answer, and a daemon that for this or any other reason does not: whoever asks waits a bounded time, and
//! is then judged by the embedded core.

use std::io::{BufRead as _, BufReader};
use std::os::unix::net::UnixListener;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::machine::program;
use kintsugi_tests::wire::propose;
use rustix::fd::OwnedFd;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use rustix::process::Signal;
use serde_json::json;

/// Far more than any client waits, and far less than the disk takes.
const PATIENCE: Duration = Duration::from_secs(150);

/// Makes every `fdatasync` of a process take five minutes, until it is dropped.
struct Slow(Child);

impl Slow {
    /// Slows it; nothing where this may not (the daemon keeps its memory from all but root).
    fn disk_of(pid: u32) -> Option<Self> {
        let started = Command::new("strace")
            .args(["-f", "-o", "/dev/null", "-e", "trace=fdatasync"])
            .args(["-e", "inject=fdatasync:delay_enter=300000000"])
            .args(["-p", &pid.to_string()])
            .stdin(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let mut strace = started.expect("strace starts: tests/run installs it");
        let mut said = String::new();
        let errors = strace.stderr.take().expect("its errors");
        BufReader::new(errors).read_line(&mut said).expect("a line");
        let slow = Self(strace);
        if said.contains("attached") {
            return Some(slow);
        }
        eprintln!("not run: only root may slow the disk of another process: {said}");
        None
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Starts one of our programs beside `daemon`.
fn start(daemon: &TestDaemon, name: &str, arguments: &[&str]) -> Child {
    let mut command = Command::new(program(name));
    for (variable, value) in daemon.command().get_envs() {
        command.env(variable, value.unwrap_or_default());
    }
    command
        .args(arguments)
        .current_dir(daemon.home())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts")
}

fn ended(child: Child) -> Output {
    child.wait_with_output().expect("it ends")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_disk_that_does_not_answer_makes_nobody_wait_for_ever_and_opens_nothing() {
    let daemon = TestDaemon::start();
    assert_eq!(daemon.connect().ask(&propose("ls"))["decision"], "allow");
    let Some(slow) = Slow::disk_of(daemon.pid()) else {
        return;
    };
    let started = Instant::now();
    // The first of them has the daemon wait for its disk, and the others wait for the daemon.
    let hook = ["shell", "bash", "--"];
    let harmless = start(&daemon, "kintsugi-hook", &[&hook[..], &["ls"]].concat());
    let regretted = start(
        &daemon,
        "kintsugi-hook",
        &[&hook[..], &["git push --force"]].concat(),
    );
    let harmless = ended(harmless);
    assert_eq!(harmless.status.code(), Some(0), "{harmless:?}");
    let regretted = ended(regretted);
    assert_eq!(regretted.status.code(), Some(5), "{regretted:?}");
    assert!(said(&regretted).contains("held: "), "{regretted:?}");
    let status = ended(start(&daemon, "kintsugi", &["status"]));
    assert_eq!(status.status.code(), Some(5), "{status:?}");
    let told = said(&status);
    assert!(told.contains("did not reply within 10 s"), "{told}");
    assert!(
        told.contains(&format!("process {}", daemon.pid())),
        "{told}"
    );
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());

    // When the disk answers again, so does the daemon, and says what was.
    drop(slow);
    let status = daemon.connect().ask(&json!({"kind": "status"}));
    let problems = status["problems"].as_array().expect("a list");
    let is_told = |problem: &serde_json::Value| {
        let text = problem.as_str().unwrap_or_default();
        text.contains("the disk of the log took")
    };
    assert!(problems.iter().any(is_told), "{problems:?}");
    assert_eq!(daemon.connect().ask(&propose("ls"))["decision"], "allow");
}

#[test]
fn a_daemon_that_is_stopped_is_said_to_be_and_what_passed_meanwhile_is_recorded_later() {
    let mut daemon = TestDaemon::start();
    daemon.signal(Signal::STOP);
    let started = Instant::now();
    let harmless = start(&daemon, "kintsugi-hook", &["shell", "bash", "--", "ls -l"]);
    let status = ended(start(&daemon, "kintsugi", &["status"]));
    let harmless = ended(harmless);
    assert_eq!(harmless.status.code(), Some(0), "{harmless:?}");
    assert!(
        said(&status).contains("somebody has stopped it"),
        "{status:?}"
    );
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    // What asks it to end waits for it as well, and says what helps.
    let way_out = format!("`kill -CONT {}` lets it go on", daemon.pid());
    let stop = start(&daemon, "kintsugi", &["daemon", "stop"]);
    let doctor = start(&daemon, "kintsugi", &["doctor", "--no-probe"]);
    let report = String::from_utf8_lossy(&ended(doctor).stdout).into_owned();
    for told in [said(&status), said(&ended(stop)), report] {
        assert!(told.contains(&way_out), "{told}");
        assert!(!told.contains("restart"), "{told}");
    }
    // A hook waits for it twice, says for how long in all, and what helps: no `daemon start`, since one is there.
    let line = start(
        &daemon,
        "kintsugi-hook",
        &["shell", "bash", "--", "git push --force"],
    );
    let told = said(&ended(line));
    assert!(
        told.contains("did not reply within 11 s: somebody has stopped it"),
        "{told}"
    );
    assert!(
        told.contains(&way_out) && !told.contains("daemon start"),
        "{told}"
    );
    daemon.end(Signal::KILL);
    daemon.start_again();
    let mut events = daemon.connect();
    events.say(&json!({"kind": "subscribe", "from_seq": 0, "kinds": ["recorded"]}));
    let recorded = events.hear().expect("an event");
    assert_eq!(recorded["record"]["spooled"], true, "{recorded}");
    assert_eq!(recorded["record"]["s"]["raw"], "ls -l", "{recorded}");
}

/// Connects as long as there is room; keeps what it has.
fn without_room(listener: &UnixListener) -> Vec<OwnedFd> {
    let address = listener.local_addr().expect("an address");
    let address = SocketAddrUnix::new(address.as_pathname().expect("a path")).expect("short");
    let mut connected = Vec::new();
    loop {
        let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None);
        let socket = socket.expect("a socket");
        if rustix::net::connect(&socket, &address).is_err() {
            return connected;
        }
        connected.push(socket);
    }
}

#[test]
fn where_a_daemon_that_hangs_has_no_room_for_one_more_nobody_waits_for_ever_either() {
    let daemon = TestDaemon::prepared();
    let listener = UnixListener::bind(daemon.socket()).expect("a socket");
    rustix::net::listen(&listener, 2).expect("it listens to few");
    let connected = without_room(&listener);
    assert!(!connected.is_empty());
    let started = Instant::now();
    let status = start(&daemon, "kintsugi", &["status"]);
    let harmless = ended(start(
        &daemon,
        "kintsugi-hook",
        &["shell", "bash", "--", "ls"],
    ));
    assert_eq!(harmless.status.code(), Some(0), "{harmless:?}");
    let status = ended(status);
    assert_eq!(status.status.code(), Some(5), "{status:?}");
    assert!(started.elapsed() < PATIENCE, "{:?}", started.elapsed());
    drop(connected);
}
