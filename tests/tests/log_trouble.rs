//! A log that is not as it should be: each trouble is named in one line, nothing is repaired in silence, nothing is lost.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use jiff::Timestamp;
use kintsugi_core::audit::segment_name;
use kintsugi_core::limits::SEGMENT_RECORDS;
use kintsugi_tests::copies::copy_program;
use kintsugi_tests::logs::{self, SHORT};
use kintsugi_tests::machine::{Machine, program};
use kintsugi_tests::pty::Pty;

/// A machine with sixty commands in its log, the first at `start`.
fn filled(start: &str) -> Machine {
    let machine = Machine::new();
    let start: Timestamp = start.parse().expect("a time");
    logs::fill(&machine.log(), (60, SEGMENT_RECORDS), start);
    machine
}

fn long_ago() -> Machine {
    filled("2026-01-02T00:00:00Z")
}

/// Asserts how a command ends, and returns the one line that says why.
fn refusal(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let (first, hint) = said.split_once('\n').expect("a line");
    assert!(first.starts_with("kintsugi: error: "), "{said}");
    assert!(hint.starts_with("kintsugi: hint: "), "{said}");
    assert_eq!(said.lines().count(), 2, "{said}");
    first.to_owned()
}

/// Returns every file of a directory with its bytes, but for the lock.
fn files(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = std::fs::read_dir(directory).expect("a directory");
    let mut files: Vec<_> = entries
        .map(|entry| {
            let path = entry.expect("an entry").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            (name.into_owned(), std::fs::read(&path).expect("a file"))
        })
        .filter(|(name, _)| name != "lock")
        .collect();
    files.sort_unstable();
    files
}

#[test]
fn a_segment_that_is_missing_in_the_middle_is_named() {
    let machine = Machine::new();
    let start = "2026-01-02T00:00:00Z".parse().expect("a time");
    logs::fill(&machine.log(), (60, SHORT), start);
    std::fs::remove_file(machine.log().join(segment_name(SHORT))).expect("it is there");
    let before = files(&machine.log());
    for arguments in [&["log", "verify"] as &[&str], &["log", "verify", "--deep"]] {
        let said = refusal(&machine.run(arguments), 1);
        assert!(
            said.contains("at record 16: records 16 to 31 are missing"),
            "{said}"
        );
    }
    // What is left is still shown.
    let shown = machine.run(&["log", "--json"]);
    assert_eq!(shown.status.code(), Some(0), "{shown:?}");
    assert!(String::from_utf8_lossy(&shown.stdout).contains("echo \\\"59\\\""));
    assert_eq!(files(&machine.log()), before);
}

#[test]
fn a_file_that_is_none_of_the_log_is_named_and_left_alone() {
    let machine = long_ago();
    let foreign = machine.log().join("seg-7.ndjson");
    std::fs::write(&foreign, "mine").expect("room");
    let output = machine.run(&["log", "verify"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(
        said,
        "kintsugi: note: `seg-7.ndjson` is not a file of the log\n"
    );
    let status = machine.run(&["status"]);
    let started = machine.run(&["daemon", "start"]);
    assert_eq!(started.status.code(), Some(0), "{status:?} {started:?}");
    let status = machine.run(&["status"]);
    let told = [status.stdout, status.stderr].concat();
    let told = String::from_utf8_lossy(&told).into_owned();
    assert!(
        told.contains("`seg-7.ndjson` in the directory of the log"),
        "{told}"
    );
    assert_eq!(std::fs::read(&foreign).expect("it is there"), b"mine");
}

#[test]
fn a_clock_that_jumps_back_is_named_and_loses_nothing() {
    // To a daemon of today, a log of then is one whose clock was set back.
    let machine = filled("2091-01-02T00:00:00Z");
    let ran = machine.run(&["run", "--", "echo", "here"]);
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    let stopped = machine.run(&["daemon", "stop"]);
    assert_eq!(stopped.status.code(), Some(0), "{stopped:?}");
    let output = machine.run(&["log", "verify", "--deep"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(
        said.starts_with("kintsugi: note: the clock went back to "),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
    // A segment that has records of both times is not passed over.
    let found = |since: &str| {
        let output = machine.run(&["log", "--json", "--since", since]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(found("2026-01-01").contains("echo here"));
    assert!(found("2026-01-01").contains("echo \\\"59\\\""));
    assert!(!found("2090-01-01").contains("echo here"));
}

#[test]
fn a_head_that_is_cut_or_gone_is_an_incident_and_no_fresh_start() {
    for (cut, told) in [
        (Some(100), "the head is damaged"),
        (None, "the head is missing"),
    ] {
        let machine = long_ago();
        let head = machine.log().join("head");
        match cut {
            Some(bytes) => {
                let whole = std::fs::read(&head).expect("a head");
                std::fs::write(&head, &whole[..bytes]).expect("room");
            }
            None => std::fs::remove_file(&head).expect("it is there"),
        }
        let before = files(&machine.log());
        let said = refusal(&machine.run(&["log", "verify"]), 1);
        assert!(said.ends_with(told), "{said}");
        assert_eq!(files(&machine.log()), before);
        let started = machine.run(&["daemon", "start"]);
        assert_eq!(started.status.code(), Some(0), "{started:?}");
        let status = machine.run(&["status"]);
        let shown = [status.stdout, status.stderr].concat();
        let shown = String::from_utf8_lossy(&shown).into_owned();
        assert!(
            shown.contains("the log does not verify (the head is"),
            "{shown}"
        );
        // The evidence is there to the last byte.
        let after = files(&machine.log());
        for (name, bytes) in before.iter().filter(|(name, _)| name.starts_with("seg-")) {
            assert!(after.contains(&(name.clone(), bytes.clone())), "{name}");
        }
        refusal(&machine.run(&["log", "verify"]), 1);
    }
}

#[test]
fn a_log_that_is_cut_under_a_living_daemon_makes_it_strict_and_status_says_so() {
    let machine = Machine::new();
    assert!(machine.run(&["daemon", "start"]).status.success());
    for number in 0..6 {
        let (code, said) = machine.elsewhere(&["run", "--", &format!("echo {number}")]);
        assert_eq!(code, 0, "{said}");
    }
    assert!(machine.run(&["status"]).status.success());
    let segment = machine.log().join(segment_name(0));
    let file = std::fs::OpenOptions::new().write(true).open(&segment);
    let file = file.expect("the segment");
    let length = file.metadata().expect("its length").len();
    file.set_len(length - 700).expect("it is cut");

    // Seen before anything is written, and by those who only ask.
    let broken = |arguments: &[&str]| {
        let said = machine.run(arguments);
        assert_eq!(said.status.code(), Some(6), "{said:?}");
        let told = String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned();
        assert!(told.contains("the log does not verify"), "{told}");
        assert!(!told.contains("nearly full"), "{told}");
    };
    broken(&["status"]);
    refusal(&machine.run(&["log", "verify"]), 1);
    let (code, said) = machine.elsewhere(&["run", "--", "echo after"]);
    assert_eq!(code, 3, "{said}");
    // Begun anew behind it, and strict: the same as after a start that finds it so.
    let (code, said) = machine.elsewhere(&["run", "--", "true"]);
    assert_eq!(code, 0, "{said}");
    broken(&["status"]);
    let (decision, why) = machine.agent_asks("some-unknown-program", &machine.home());
    assert_eq!(decision, "deny", "{why}");
    assert!(why.contains("held as"), "{why}");
    assert!(machine.run(&["daemon", "restart"]).status.success());
    broken(&["status"]);
    let json = machine.run(&["status", "--json"]);
    assert_eq!(json.status.code(), Some(6), "{json:?}");
    assert!(
        String::from_utf8_lossy(&json.stdout).contains("\"altered\":\""),
        "{json:?}"
    );
    let (code, said) = machine.elsewhere(&["log", "reanchor", "--reason=looked"]);
    assert_eq!(code, 0, "{said}");
    assert!(machine.run(&["status"]).status.success());
    // The log stays what it is, and no oracle agrees on it.
    assert!(machine.run(&["daemon", "stop"]).status.success());
    std::fs::remove_dir_all(machine.log()).expect("the log");
}

#[test]
fn a_torn_tail_is_named_and_what_is_cut_is_kept() {
    let machine = long_ago();
    let segment = machine.log().join(segment_name(0));
    let whole = std::fs::read(&segment).expect("a segment");
    let torn = [whole.as_slice(), b"{\"v\":1,\"seq\":1"].concat();
    std::fs::write(&segment, &torn).expect("room");
    let said = refusal(&machine.run(&["log", "verify"]), 2);
    assert!(said.contains("14 bytes are left of it"), "{said}");
    let ran = machine.run(&["run", "--", "echo", "here"]);
    assert_eq!(ran.status.code(), Some(0), "{ran:?}");
    let kept = files(&machine.log());
    let kept = kept.iter().find(|(name, _)| name.starts_with("torn-"));
    assert_eq!(kept.expect("what was cut").1, b"{\"v\":1,\"seq\":1");
    let shown = machine.run(&["log", "--json", "-n", "9"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(
        shown.contains("14 bytes of a write that was cut short"),
        "{shown}"
    );
}

/// A directory that everybody may read, with a log for the group of `nobody` and the program.
struct Shared(tempfile::TempDir);

/// `nobody` and its group, as Debian numbers them (base-passwd).
const NOBODY: &str = "65534";

impl Shared {
    /// Nothing where this is not root's to do.
    fn new() -> Option<Self> {
        if !rustix::process::geteuid().is_root() {
            println!("skipped: only root installs for others");
            return None;
        }
        let directory = tempfile::tempdir().expect("a directory");
        let open = |path: &Path| {
            let mode = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(path, mode).expect("a mode");
        };
        open(directory.path());
        let copy = directory.path().join("kintsugi");
        copy_program(program("kintsugi"), &copy);
        open(&copy);
        let log = directory.path().join("data/kintsugi/log");
        std::fs::create_dir_all(log.parent().expect("a parent")).expect("room");
        let made = Command::new("install")
            .args(["-d", "-m", "2750", "-o", "root", "-g", NOBODY])
            .arg(&log)
            .status();
        assert!(made.expect("install(1)").success());
        let start = "2026-01-02T00:00:00Z".parse().expect("a time");
        logs::fill(&log, (300, SEGMENT_RECORDS), start);
        Some(Self(directory))
    }

    /// Runs `kintsugi` as somebody else in the group.
    fn run(&self, arguments: &[&str]) -> Output {
        let group = format!("--regid={NOBODY}");
        Command::new("setpriv")
            .args(["--reuid=65533", &group, "--clear-groups"])
            .arg(self.0.path().join("kintsugi"))
            .args(arguments)
            .env_clear()
            .env("HOME", "/nonexistent")
            .env("XDG_DATA_HOME", self.0.path().join("data"))
            .stdin(Stdio::null())
            .output()
            .expect("setpriv(1) of util-linux")
    }
}

#[test]
fn another_user_reads_and_verifies_a_log_that_was_installed_so_and_writes_nothing() {
    let Some(shared) = Shared::new() else {
        return;
    };
    let log = shared.0.path().join("data/kintsugi/log");
    let before = files(&log);
    let shown = shared.run(&["log", "--grep", "\"59\""]);
    assert_eq!(shown.status.code(), Some(0), "{shown:?}");
    assert!(String::from_utf8_lossy(&shown.stdout).contains("echo \"59\""));
    let good = shared.run(&["log", "verify"]);
    let layers = String::from_utf8_lossy(&good.stdout).into_owned();
    assert!(layers.contains("records follow each other"), "{layers}");
    assert!(layers.contains("signed checkpoint"), "{layers}");
    let said = refusal(&good, 4);
    assert!(
        said.contains("the head, which holds a key and is for its owner"),
        "{said}"
    );
    let proof = shared.run(&["log", "prove", "5"]);
    assert_eq!(proof.status.code(), Some(0), "{proof:?}");

    // An altered record is found without the head.
    let segment = log.join(segment_name(0));
    let whole = std::fs::read(&segment).expect("a segment");
    let mut altered = whole.clone();
    altered[whole.len() / 2] ^= 1;
    std::fs::write(&segment, altered).expect("room");
    let said = refusal(&shared.run(&["log", "verify"]), 1);
    assert!(said.contains("at record "), "{said}");
    std::fs::write(&segment, whole).expect("room");
    assert_eq!(files(&log), before);

    // Without the group there is nothing to see.
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(&log, mode).expect("a mode");
    let said = refusal(&shared.run(&["log", "verify"]), 5);
    assert!(
        said.contains("cannot read `the directory of the log`"),
        "{said}"
    );
    let said = refusal(&shared.run(&["log"]), 1);
    assert!(said.contains("Permission denied"), "{said}");
}

#[test]
fn what_is_longer_than_a_screen_goes_to_the_pager_and_only_on_a_terminal() {
    let machine = long_ago();
    let on_terminal = |arguments: &[&str], pager: &str| {
        let mut command = machine.kintsugi(arguments);
        command.env("TERM", "xterm").env("PAGER", pager);
        let (status, printed) = Pty::spawn(&command, 100).end();
        assert_eq!(status.code(), Some(0), "{printed}");
        printed
    };
    let numbered = on_terminal(&["log"], "sed 's/^/paged /'");
    assert_eq!(numbered.matches("paged ").count(), 60, "{numbered}");
    assert!(numbered.contains("echo \"59\""), "{numbered}");
    let shown = on_terminal(&["log", "show", "2"], "sed 's/^/paged /'");
    assert!(shown.contains("paged "), "{shown}");
    // Whoever has seen enough has not made an error.
    let ended = on_terminal(&["log"], "head -n 1");
    assert_eq!(ended.lines().count(), 1, "{ended}");
    for arguments in [&["log", "--no-pager"] as &[&str], &["log", "--json"]] {
        let straight = on_terminal(arguments, "sed 's/^/paged /'");
        assert!(!straight.contains("paged "), "{straight}");
    }
    let plain = on_terminal(&["log"], "cat");
    assert_eq!(plain.lines().count(), 60, "{plain}");
    let piped = machine
        .kintsugi(&["log"])
        .env("TERM", "xterm")
        .env("PAGER", "sed 's/^/paged /'")
        .output()
        .expect("it starts");
    assert!(!String::from_utf8_lossy(&piped.stdout).contains("paged "));
}
