//! A machine that is full, read-only, replaced or hostile: one clear line each, nothing lost, and never an allow.

use std::fs::Permissions;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use kintsugi_tests::daemon::{TestDaemon, program, refusal};
use kintsugi_tests::wire::{Wire, propose};
use rustix::process::Signal;
use serde_json::{Value, json};

const HELD: &str = "git push --force";

/// Returns the command of a daemon that a shell starts after `preparation`.
fn after(daemon: &TestDaemon, preparation: &str) -> Command {
    let plain = daemon.command();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", &format!("{preparation} exec \"$0\" \"$@\"")]);
    command.arg(program("kintsugi-daemon")).env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.stdin(Stdio::null());
    command
}

fn segments(daemon: &TestDaemon) -> Vec<PathBuf> {
    let log = daemon.home().join("data/kintsugi/log");
    let entries = std::fs::read_dir(log).unwrap();
    entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|suffix| suffix == "ndjson"))
        .collect()
}

#[test]
fn a_data_directory_that_cannot_be_written_is_named_at_the_start() {
    let daemon = TestDaemon::prepared();
    // Nobody makes directories there, root neither.
    let said = refusal(daemon.command().env("XDG_DATA_HOME", "/proc/self"));
    assert!(said.contains("`/proc/self/kintsugi`"), "{said}");

    let said = refusal(&mut after(&daemon, "trap '' XFSZ; ulimit -f 0;"));
    assert!(said.contains("cannot"), "{said}");
    assert!(!daemon.socket().exists(), "nobody connects to it");
}

/// Every file of the daemon is bounded here, so that the log runs full as on a full disk, but with `EFBIG`.
#[test]
fn a_disk_that_runs_full_is_no_allow_and_loses_nothing() {
    let mut daemon = TestDaemon::prepared();
    let mut full = after(&daemon, "trap '' XFSZ; ulimit -f 3072;");
    let mut child = full
        .args(["--ready-fd", "1"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = [0; 6];
    child
        .stdout
        .as_mut()
        .unwrap()
        .read_exact(&mut ready)
        .unwrap();
    let mut client = daemon.connect();
    let mut answered = Vec::new();
    let refused = loop {
        let proposal = propose(if answered.len() % 8 == 0 { HELD } else { "ls" });
        let answer = client.ask(&proposal);
        if answer["kind"] != "verdict" {
            break answer;
        }
        answered.push((proposal, answer));
        assert!(answered.len() < 20_000, "the file never ran full");
    };
    assert_eq!(refused["code"], "log_unavailable", "{refused}");
    let message = refused["message"].as_str().unwrap();
    assert!(!message.contains('\n'), "{message}");
    // A smaller record may still fit; then it was written, and is remembered below like every other.
    for _ in 0..20 {
        let proposal = propose("ls");
        let answer = client.ask(&proposal);
        if answer["kind"] == "verdict" {
            answered.push((proposal, answer));
        } else {
            assert_eq!(answer["code"], "log_unavailable", "{answer}");
        }
    }
    // What needs no record is answered all the same, and says what is wrong.
    let status = client.ask(&json!({"kind": "status"}));
    assert!(status["problems"][0].is_string(), "{status}");
    child.kill().unwrap();
    child.wait().unwrap();

    daemon.start_again();
    let mut client = daemon.connect();
    assert!(answered.len() > 8, "{}", answered.len());
    for (proposal, answer) in &answered {
        assert_eq!(client.ask(proposal)["decision"], answer["decision"]);
    }
    assert_eq!(client.ask(&propose("ls"))["decision"], "allow");
}

#[test]
fn a_log_that_is_taken_away_is_no_allow_and_is_said_aloud() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    assert_eq!(client.ask(&propose(HELD))["decision"], "hold");
    for segment in segments(&daemon) {
        std::fs::remove_file(segment).unwrap();
    }
    let refused = client.ask(&propose("ls"));
    assert_eq!(refused["code"], "log_unavailable", "{refused}");
    let mut status = client.ask(&json!({"kind": "status"}));
    assert!(status["problems"][0].is_string(), "{status}");
    // Opened anew, it says for good that records are missing; nothing ambiguous passes unseen then.
    client.ask(&propose("ls"));
    status = client.ask(&json!({"kind": "status"}));
    assert!(status["problems"][0].is_string(), "{status}");
}

#[test]
fn a_log_that_is_replaced_by_a_copy_is_no_allow() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    assert_eq!(client.ask(&propose(HELD))["decision"], "hold");
    for segment in segments(&daemon) {
        let copy = segment.with_extension("copy");
        std::fs::copy(&segment, &copy).unwrap();
        std::fs::rename(&copy, &segment).unwrap();
    }
    let refused = client.ask(&propose("ls"));
    assert_eq!(refused["code"], "log_unavailable", "{refused}");
    // The copy holds every record, so nothing is forgotten.
    assert_eq!(client.ask(&propose("ls"))["decision"], "allow");
    assert_eq!(client.ask(&json!({"kind": "status"}))["holds"], 1);
}

#[test]
fn a_socket_of_another_user_is_left_alone() {
    if !rustix::process::geteuid().is_root() {
        // Only root can make one.
        return;
    }
    let daemon = TestDaemon::prepared();
    let other = UnixListener::bind(daemon.socket()).unwrap();
    std::os::unix::fs::chown(daemon.socket(), Some(65_534), None).unwrap();
    let said = refusal(&mut daemon.command());
    assert!(said.contains("belongs to user 65534"), "{said}");
    drop(other);
    assert!(daemon.socket().exists());
}

#[test]
fn a_data_directory_that_others_can_write_is_refused() {
    let daemon = TestDaemon::prepared();
    let data = daemon.home().join("data/kintsugi");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::set_permissions(&data, Permissions::from_mode(0o722)).unwrap();
    let said = refusal(&mut daemon.command());
    assert!(said.contains("can be written by others"), "{said}");
}

#[test]
fn a_socket_that_a_supervisor_opened_is_served_and_left_there() {
    let daemon = TestDaemon::prepared();
    let listener = UnixListener::bind(daemon.socket()).unwrap();
    let pass = "exec 3<&0 0</dev/null; export LISTEN_FDS=1 LISTEN_PID=$$;";
    let mut child = after(&daemon, pass)
        .stdin(OwnedFd::from(listener))
        .spawn()
        .unwrap();
    // The socket accepts before the daemon runs: that is what it is passed for.
    let mut client = daemon.connect();
    let status = client.ask(&json!({"kind": "status"}));
    assert_eq!(status["pid"], child.id());
    assert_eq!(client.ask(&propose("ls"))["decision"], "allow");
    stop(&mut client);
    assert!(child.wait().unwrap().success());
    assert!(daemon.socket().exists(), "it is the supervisor's");

    let many = "export LISTEN_FDS=2 LISTEN_PID=$$;";
    assert!(refusal(&mut after(&daemon, many)).contains("`LISTEN_FDS`"));
    let absent = "exec 3<&-; export LISTEN_FDS=1 LISTEN_PID=$$;";
    assert!(refusal(&mut after(&daemon, absent)).contains("`LISTEN_FDS`"));
}

fn stop(client: &mut Wire) {
    let challenge = client.ask(&json!({"kind": "authbegin", "op": "shutdown"}));
    let nonce = &challenge["nonce"];
    let ack = client.ask(&json!({"kind": "shutdown", "op": "shutdown", "nonce": nonce}));
    assert_eq!(ack["kind"], "ack");
}

#[test]
fn a_supervisor_is_told_when_it_serves_and_when_it_stops() {
    let daemon = TestDaemon::prepared();
    let address = daemon.home().join("notify");
    let supervisor = UnixDatagram::bind(&address).unwrap();
    let limit = Some(Duration::from_secs(30));
    supervisor.set_read_timeout(limit).unwrap();
    let hear = || {
        let mut bytes = [0; 64];
        let count = supervisor.recv(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes[..count]).into_owned()
    };
    let mut child = daemon
        .command()
        .env("NOTIFY_SOCKET", &address)
        .spawn()
        .unwrap();
    assert_eq!(hear(), "READY=1");
    let mut client = daemon.connect();
    assert_eq!(client.ask(&propose("ls"))["decision"], "allow");
    stop(&mut client);
    assert_eq!(hear(), "STOPPING=1");
    assert!(child.wait().unwrap().success());

    // A supervisor that went away is no reason not to serve.
    let gone = daemon.home().join("gone");
    let mut child = daemon.command().env("NOTIFY_SOCKET", gone).spawn().unwrap();
    while !daemon.socket().exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_daemon_that_nobody_asks_does_not_wake_up() {
    let (idle, busy) = (TestDaemon::start(), TestDaemon::start());
    let mut silent = idle.connect();
    let held = propose(HELD);
    assert_eq!(silent.ask(&held)["decision"], "hold");
    // Answers that need no record of their own leave nothing to be done either.
    assert_eq!(silent.ask(&held)["decision"], "hold");
    let stands = json!({"kind": "pendingstatus", "id": held["id"]});
    let answer = silent.ask(&stands);
    assert_eq!(answer["status"], "pending", "{answer}");
    let mut client = busy.connect();
    let mut work = |rounds: usize| {
        for _ in 0..rounds {
            assert_eq!(client.ask(&propose("ls"))["decision"], "allow");
        }
    };
    // What it still had to do after the answer is done meanwhile.
    work(100);
    let before = (idle.waits(), idle.processor_time());
    work(500);
    // On a busy machine this takes long enough for memory to be given back, once, and for a checkpoint to be signed.
    let woken = idle.waits() - before.0;
    assert!(woken <= 2, "{woken}");
    // Who looks again and again without waiting is not woken either.
    let used = idle.processor_time().saturating_sub(before.1);
    assert!(used < Duration::from_millis(50), "{used:?}");
}

#[test]
fn the_policy_of_a_repository_tightens_what_the_daemon_decides() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let with = |raw: &str, text: Value| {
        let mut proposal = propose(raw);
        let path = "/home/ada/project/.kintsugi.toml";
        proposal["facts"] = json!({"project_policy": {"path": path, "text": text}});
        proposal
    };
    let unattended = "mode = \"unattended\"\n";
    assert_eq!(
        client.ask(&with(HELD, unattended.into()))["decision"],
        "deny"
    );
    assert_eq!(client.ask(&propose(HELD))["decision"], "hold", "elsewhere");
    assert_eq!(
        client.ask(&with("ls", unattended.into()))["decision"],
        "allow"
    );
    let loose = "mode = \"notify\"\nthreshold = 100\n";
    assert_eq!(client.ask(&with(HELD, loose.into()))["decision"], "hold");
    for unreadable in [Value::Null, "mood = 1".into(), "#".repeat(40_000).into()] {
        let answer = client.ask(&with("git push --force origin x", unreadable));
        assert_eq!(answer["decision"], "hold");
        let reason = answer["reason"].as_str().unwrap();
        assert!(reason.contains(".kintsugi.toml"), "{reason}");
    }
    let log: String = segments(&daemon)
        .iter()
        .map(|path: &PathBuf| std::fs::read_to_string(Path::new(path)).unwrap())
        .collect();
    let hash = blake3::hash(unattended.as_bytes()).to_hex();
    assert!(log.contains(hash.as_str()), "which policy it was");
    assert!(!log.contains("unattended"), "its text is not in the log");
}

#[test]
fn stopped_by_a_signal_without_its_log_it_says_so_once() {
    let mut daemon = TestDaemon::start();
    for segment in segments(&daemon) {
        std::fs::remove_file(segment).unwrap();
    }
    assert_eq!(daemon.end(Signal::TERM).code(), Some(1));
    let said = std::fs::read_to_string(daemon.home().join("data/kintsugi/daemon.log")).unwrap();
    assert_eq!(said.lines().count(), 1, "{said}");
    assert!(said.starts_with("kintsugi: error: "), "{said}");
}
