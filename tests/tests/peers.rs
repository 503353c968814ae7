//! Who may connect, as the kernel tells it, and what of the daemon another process of the machine can reach.
//!
//! Another user is made with `setpriv` of util-linux, which only root can use; without root those tests say that they skip.

use std::fs::Permissions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use kintsugi_tests::copies::copy_program;
use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::machine::{Machine, fed, program};
use kintsugi_tests::wire::{Wire, propose};
use serde_json::{Value, json};

/// A user that owns nothing: `nobody` of Debian.
const NOBODY: u32 = 65_534;

/// Whether this process can be another user; says so when not.
fn can_be_another() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        println!("skipped: only root can be another user");
    }
    is_root
}

/// Returns a command that runs `program` as `nobody`.
fn as_nobody(program: &Path) -> Command {
    let mut command = Command::new("setpriv");
    let identity = [
        format!("--reuid={NOBODY}"),
        format!("--regid={NOBODY}"),
        "--clear-groups".to_owned(),
    ];
    command.args(identity).arg(program).stdin(Stdio::null());
    command
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Lets everybody reach the socket, as far as modes go.
fn open_the_doors(daemon: &TestDaemon) {
    set_mode(daemon.home(), 0o755);
    set_mode(&daemon.home().join("run"), 0o755);
    set_mode(&daemon.socket(), 0o666);
}

/// Connects as `nobody`, in a process of its own, says something or nothing, and returns the answer.
fn ask_as_nobody(daemon: &TestDaemon, message: Option<&Value>) -> Value {
    let mut client = as_nobody(Path::new("socat"))
        .arg("-")
        .arg(format!("UNIX-CONNECT:{}", daemon.socket().display()))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = client.stdin.take().unwrap();
    if let Some(message) = message {
        writeln!(input, "{message}").unwrap();
    }
    let mut line = String::new();
    let mut output = BufReader::new(client.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    drop(input);
    client.wait().unwrap();
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{line:?}: {error}"))
}

/// Returns the records of the log as they stand in it.
fn log(daemon: &TestDaemon) -> String {
    let directory = daemon.home().join("data/kintsugi/log");
    let files = std::fs::read_dir(directory).unwrap();
    let paths = files.map(|entry| entry.unwrap().path());
    let segments = paths.filter(|path| path.extension().is_some_and(|suffix| suffix == "ndjson"));
    segments
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect()
}

#[test]
fn another_user_is_refused_whatever_the_modes_say() {
    if !can_be_another() {
        return;
    }
    let daemon = TestDaemon::start();
    open_the_doors(&daemon);
    // At the door, before it has said a word.
    let refused = ask_as_nobody(&daemon, None);
    assert_eq!(refused["code"], "forbidden", "{refused}");
    let said = refused["message"].as_str().unwrap();
    assert!(said.contains("user 65534"), "{said}");
    assert_eq!(daemon.connect().ask(&propose("ls"))["decision"], "allow");
    assert!(!log(&daemon).contains(&format!("\"uid\":{NOBODY}")));
}

/// What listens in the daemon's place as another user, and says yes to whatever it is asked.
struct Impostor(Child);

impl Impostor {
    fn at(socket: &Path) -> Self {
        let yes = socket.with_file_name("yes");
        let verdict = r#"{"kind":"verdict","class":"safe","decision":"allow","tier":1,"reason":"","summary":null,"risk":null}"#;
        std::fs::write(&yes, format!("{verdict}\n")).unwrap();
        let mut socat = as_nobody(Path::new("socat"))
            .args(["-d", "-d"])
            .arg(format!("UNIX-LISTEN:{},fork", socket.display()))
            .arg(format!("EXEC:cat {}", yes.display()))
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(socat.stderr.take().unwrap()).lines();
        let mut said = said.map(Result::unwrap);
        assert!(said.any(|line| line.contains("listening on")), "it listens");
        Self(socat)
    }
}

impl Drop for Impostor {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn what_answers_in_the_place_of_the_daemon_as_another_user_is_not_believed() {
    if !can_be_another() {
        return;
    }
    let machine = Machine::new();
    let place = tempfile::tempdir().unwrap();
    set_mode(place.path(), 0o777);
    let socket = place.path().join("kintsugi.sock");
    let _impostor = Impostor::at(&socket);
    // Nobody can put another one there any more, and this one is still not the daemon.
    set_mode(place.path(), 0o755);
    for arguments in [&["status"][..], &["run", "--", "git", "push", "--force"]] {
        let mut command = machine.kintsugi(arguments);
        command
            .env("KINTSUGI_SOCKET", &socket)
            .current_dir(place.path());
        let output = command.stdin(Stdio::null()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_ne!(output.status.code(), Some(0), "{said}");
        assert!(said.contains(&NOBODY.to_string()), "{said}");
        assert!(!said.contains("fatal:"), "git was run: {said}");
    }
}

#[test]
fn another_user_is_let_in_where_the_settings_name_a_group_and_is_on_record() {
    if !can_be_another() {
        return;
    }
    let mut daemon = TestDaemon::prepared();
    let config = daemon.home().join("config/kintsugi");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("daemon.toml"), format!("group = {NOBODY}\n")).unwrap();
    daemon.start_again();
    let socket = std::fs::metadata(daemon.socket()).unwrap();
    assert_eq!((socket.gid(), socket.mode() & 0o777), (NOBODY, 0o660));
    set_mode(daemon.home(), 0o755);
    set_mode(&daemon.home().join("run"), 0o755);
    assert_eq!(
        ask_as_nobody(&daemon, Some(&propose("ls")))["decision"],
        "allow"
    );
    assert!(log(&daemon).contains(&format!("\"uid\":{NOBODY}")));
    // Whose daemon it is needs no group.
    assert_eq!(daemon.connect().ask(&propose("ls"))["decision"], "allow");
}

/// A process that is ended with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // It may have ended on its own.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Returns who owns the files of a process that only its owner may read (`proc(5)`: root, once it is not dumpable).
fn owner_of_memory(process: u32) -> u32 {
    let path = format!("/proc/{process}/environ");
    std::fs::metadata(path).unwrap().uid()
}

#[test]
fn the_memory_of_the_daemon_is_nobody_s_but_root_s() {
    if !can_be_another() {
        return;
    }
    let daemon = TestDaemon::prepared();
    // A copy, since `nobody` may not look into the directory of the build.
    let program = daemon.home().join("kintsugi-daemon");
    copy_program(kintsugi_tests::daemon::program("kintsugi-daemon"), &program);
    for path in [daemon.home().to_owned(), daemon.home().join("run")] {
        chown(path, Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let mut command = as_nobody(&program);
    command.env_clear().envs(
        daemon
            .command()
            .get_envs()
            .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned()))),
    );
    command.env("PATH", "/usr/bin:/bin");
    command.args(["--ready-fd", "1"]).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut ready = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut ready)
        .unwrap();
    let child = Ended(child);
    assert_eq!(ready, "ready\n");
    let mut plain = as_nobody(Path::new("sleep"));
    plain.arg("600").stdout(Stdio::piped());
    let plain = Ended(plain.spawn().unwrap());
    // The control: once it is the other user's program, its memory is that user's.
    while owner_of_memory(plain.0.id()) != NOBODY {
        std::thread::yield_now();
    }
    assert_eq!(owner_of_memory(child.0.id()), 0);
    // Not even root is let in by a daemon of another user: it has its own.
    let refused = Wire::connect(&daemon.socket()).ask(&propose("ls"));
    assert_eq!(refused["code"], "forbidden", "{refused}");
}

#[test]
fn what_the_loader_is_told_reaches_neither_the_full_client_nor_a_daemon_that_a_hook_starts() {
    let machine = Machine::new();
    let payload = json!({
        "session_id": "s", "transcript_path": "/dev/null", "cwd": machine.home(),
        "hook_event_name": "PreToolUse", "tool_name": "Bash",
        "tool_input": {"command": "git push --force"}, "tool_use_id": "u",
    })
    .to_string();
    let told = |mut hook: Command| {
        // None of them is there: the loader says so, and goes on.
        hook.envs([
            ("LD_PRELOAD", "/nowhere/x.so"),
            ("LD_LIBRARY_PATH", "/nowhere"),
            ("LD_AUDIT", "/nowhere/x.so"),
        ]);
        hook.args(["claude-code", "--wait=0"]);
        fed(hook, payload.as_bytes())
    };
    let is_free = |environment: &[u8]| {
        let environment = String::from_utf8_lossy(environment);
        assert!(environment.contains("HOME="), "{environment}");
        assert!(!environment.contains("LD_"), "{environment}");
    };
    let answer = told(machine.command(program("kintsugi-hook")));
    assert!(
        String::from_utf8_lossy(&answer.stdout).contains("held as"),
        "{answer:?}"
    );
    let pid = std::fs::read_to_string(machine.socket().with_extension("lock")).unwrap();
    is_free(&std::fs::read(format!("/proc/{}/environ", pid.trim())).unwrap());
    assert!(machine.run(&["daemon", "stop"]).status.success());
    // What stands beside the hook is what it hands over to.
    let beside = machine.home().join("bin");
    std::fs::create_dir(&beside).unwrap();
    copy_program(program("kintsugi-hook"), beside.join("kintsugi-hook"));
    let full = beside.join("kintsugi");
    std::fs::write(&full, "#!/bin/sh\nenv > \"$HOME/environment\"\nexit 2\n").unwrap();
    set_mode(&full, 0o755);
    let answer = told(machine.command(beside.join("kintsugi-hook")));
    assert_eq!(answer.status.code(), Some(2), "{answer:?}");
    is_free(&std::fs::read(machine.home().join("environment")).unwrap());
}
