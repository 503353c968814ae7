//! A data directory that is full or cannot be written: one clear line, no allow, and nothing is lost.
//!
//! Real file systems are mounted where this may (as root). Everywhere, the same is shown on simulated storage, call by
//! call, by the tests of the store in `kintsugi-daemon`.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use kintsugi_tests::daemon::{TestDaemon, refusal};
use kintsugi_tests::waiting::until;
use kintsugi_tests::wire::propose;
use rustix::process::Signal;
use serde_json::{Value, json};

/// A small file system in memory, until it is dropped.
struct Mounted(PathBuf);

impl Mounted {
    /// Mounts it; nothing where this may not.
    fn on(place: &Path, kib: u32) -> Option<Self> {
        std::fs::create_dir_all(place).unwrap();
        let size = format!("size={kib}k,mode=0700");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "kintsugi-test"])
            .arg(place)
            .output()
            .is_ok_and(|output| output.status.success());
        if !mounted {
            eprintln!("not run: only root may mount a file system of {kib} KiB");
        }
        mounted.then(|| Self(place.to_owned()))
    }

    fn make_read_only(&self) {
        let mut mount = Command::new("mount");
        let status = mount.args(["-o", "remount,ro"]).arg(&self.0).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

#[test]
fn on_a_full_disk_the_last_records_fit_and_then_every_proposal_is_refused() {
    let mut daemon = TestDaemon::prepared();
    let data = daemon.home().join("data/kintsugi");
    let Some(_mounted) = Mounted::on(&data, 4_096) else {
        return;
    };
    daemon.start_again();
    let mut client = daemon.terminal();
    let held = propose("git push --force");
    assert_eq!(client.ask(&held)["decision"], "hold");
    assert_eq!(
        client.ask(&json!({"kind": "status"}))["problems"],
        Value::Null
    );

    let filler = data.join("filler");
    let zeros = vec![0; 8 << 20];
    std::fs::write(&filler, &zeros).expect_err("the file system is smaller");
    let mut answered = 0_u32;
    let refused = loop {
        let answer = client.ask(&propose("ls"));
        if answer["kind"] == "error" {
            break answer;
        }
        assert_eq!(answer["decision"], "allow", "{answer}");
        answered += 1;
        assert!(answered < 100_000, "the disk has no end");
    };
    assert!(answered > 100, "the reserve holds more than {answered}");
    assert_eq!(refused["code"], "log_unavailable", "{refused}");
    let message = refused["message"].as_str().unwrap();
    assert!(message.contains("no space is left"), "{message}");
    assert!(message.contains(data.to_str().unwrap()), "{message}");
    let status = client.ask(&json!({"kind": "status"}));
    let problem = status["problems"][0].as_str().unwrap();
    // Which of the two depends on what the last byte was missing for: a record, or the sync of one.
    assert!(
        problem.contains("nearly full") || problem.contains("no space is left"),
        "{problem}"
    );
    let approve = json!({"kind": "approve", "id": held["id"]});
    // The record of an approval is smaller than that of a proposal: it may still fit, and then it counts.
    let approved = daemon.terminal().ask(&approve)["kind"] == "ack";

    // Killed on the full disk, it says why it does not start; with room, nothing is forgotten.
    daemon.end(Signal::KILL);
    assert!(refusal(&mut daemon.command()).contains("no space is left"));
    std::fs::remove_file(filler).unwrap();
    daemon.start_again();
    let mut client = daemon.connect();
    let stands = json!({"kind": "pendingstatus", "id": held["id"]});
    let expected = if approved { "approved" } else { "pending" };
    assert_eq!(client.ask(&stands)["status"], expected);
    assert_eq!(client.ask(&propose("ls"))["decision"], "allow");
    assert_eq!(
        client.ask(&json!({"kind": "status"}))["problems"],
        Value::Null
    );
    daemon.end(Signal::TERM);
}

#[test]
fn room_that_comes_back_is_used_without_a_restart() {
    let mut daemon = TestDaemon::prepared();
    let data = daemon.home().join("data/kintsugi");
    let Some(_mounted) = Mounted::on(&data, 1_400) else {
        return;
    };
    daemon.start_again();
    let mut client = daemon.connect();
    let filler = data.join("filler");
    std::fs::write(&filler, vec![0; 4 << 20]).expect_err("the file system is smaller");
    while client.ask(&propose("ls"))["kind"] != "error" {}
    std::fs::remove_file(filler).unwrap();
    // The daemon tries to open the log again at most once a second, and only when it had to be closed.
    until(
        || client.ask(&propose("ls")),
        |answer| answer["decision"] == "allow",
    );
}

#[test]
fn a_directory_that_is_read_only_is_named_at_the_start() {
    let mut daemon = TestDaemon::prepared();
    let data = daemon.home().join("data/kintsugi");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::set_permissions(&data, Permissions::from_mode(0o500)).unwrap();
    if !rustix::process::geteuid().is_root() {
        let said = refusal(&mut daemon.command());
        assert!(said.contains(data.to_str().unwrap()), "{said}");
    }
    std::fs::set_permissions(&data, Permissions::from_mode(0o700)).unwrap();
    let Some(mounted) = Mounted::on(&data, 4_096) else {
        return;
    };
    daemon.start_again();
    daemon.end(Signal::TERM);
    mounted.make_read_only();
    let said = refusal(&mut daemon.command());
    assert!(said.contains("read-only file system"), "{said}");
    assert!(said.contains(data.to_str().unwrap()), "{said}");
}
