//! What is ready together becomes durable together: one sync, and then all who waited for it are told.

use std::path::Path;
use std::process::Command;

use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::traced::may_trace;
use kintsugi_tests::waiting::until;
use kintsugi_tests::wire::{Wire, propose};
use rustix::process::Signal;

/// So many are answered within the 5 ms of a round (`ROUND_MS_MAX`), also by a build without optimization.
const CLIENTS: usize = 8;

/// On a busy machine a round may end early: so often it is tried again.
const TRIES: usize = 40;

/// Starts a daemon as the direct child of this process, whose syncs and answers are written down in `calls`.
fn start_traced(daemon: &mut TestDaemon, calls: &Path) {
    let plain = daemon.command();
    let mut traced = Command::new("strace");
    traced.env_clear();
    for (name, value) in plain.get_envs() {
        traced.env(name, value.unwrap_or_default());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    traced.env("PATH", path).stdin(std::process::Stdio::null());
    traced.args(["-D", "-q", "-e", "signal=none"]);
    traced.args(["-e", "trace=fdatasync,sendto", "-o"]);
    traced.arg(calls).arg("--").arg(plain.get_program());
    daemon.start_by(traced);
}

/// Waits until the process does nothing at all (`proc_pid_stat(5)`).
fn wait_until_stopped(pid: u32) {
    until(
        || std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap(),
        |stat| stat.rsplit(") ").next().unwrap().starts_with(['T', 't']),
    );
}

/// Has all of them ask while the daemon is stopped, so that it finds all of them ready; returns when all are answered.
fn ask_together(daemon: &TestDaemon, clients: &mut [Wire]) {
    daemon.signal(Signal::STOP);
    wait_until_stopped(daemon.pid());
    for client in &mut *clients {
        let mut ran = propose("make");
        ran["kind"] = "record".into();
        client.say(&ran);
    }
    daemon.signal(Signal::CONT);
    for client in &mut *clients {
        assert_eq!(client.hear().unwrap()["kind"], "ack");
    }
}

#[test]
fn many_requests_that_are_ready_together_take_one_sync_and_no_answer_comes_before_it() {
    if !may_trace() {
        return;
    }
    let mut daemon = TestDaemon::prepared();
    let calls = daemon.home().join("calls");
    start_traced(&mut daemon, &calls);
    let mut clients: Vec<Wire> = (0..CLIENTS).map(|_| daemon.connect()).collect();
    for _ in 0..TRIES {
        ask_together(&daemon, &mut clients);
    }
    daemon.end(Signal::KILL);
    // The tracer is nobody's child here, and may still write.
    let calls = until(
        || std::fs::read_to_string(&calls).unwrap(),
        |calls| calls.matches("sendto(").count() == TRIES * CLIENTS && calls.ends_with('\n'),
    );
    // How many were told between one sync and the next.
    let mut told: Vec<usize> = vec![0];
    for call in calls.lines() {
        if call.contains("fdatasync(") {
            assert!(call.ends_with("= 0"), "{call}");
            told.push(0);
        } else if call.contains("sendto(") {
            *told.last_mut().unwrap() += 1;
        }
    }
    assert_eq!(told[0], 0, "somebody was told before anything was durable");
    assert_eq!(told.iter().max(), Some(&CLIENTS), "{told:?}");
}
