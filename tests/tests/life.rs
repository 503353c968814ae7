//! A daemon's life: one at a time, stopped cleanly or not, and what it refuses to start on.

use std::fs::Permissions;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use kintsugi_core::audit::record::Body;
use kintsugi_daemon::store::{Directory, Log, Now, Options};
use kintsugi_tests::daemon::{TestDaemon, refusal};
use kintsugi_tests::wire::{Wire, propose};
use rustix::process::Signal;
use serde_json::{Value, json};

const HELD: &str = "git push --force";

#[test]
fn a_second_daemon_says_who_is_there_and_harms_nobody() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    assert!(refusal(&mut daemon.command()).contains(&format!("pid {}", daemon.pid())));
    assert_eq!(client.ask(&propose("ls"))["decision"], "allow");

    // Started on demand it leaves without a word: whoever asked has what it wants.
    let second = daemon.command().args(["--ready-fd", "1"]).output().unwrap();
    assert!(second.status.success());
    assert_eq!((second.stdout, second.stderr), (Vec::new(), Vec::new()));
    assert_eq!(daemon.connect().ask(&propose("ls"))["decision"], "allow");
}

#[test]
fn of_many_that_start_at_once_beside_a_stale_socket_one_serves() {
    let daemon = TestDaemon::prepared();
    let rounds = if std::env::var_os("KINTSUGI_LONG_TESTS").is_some() {
        100
    } else {
        3
    };
    for round in 0..rounds {
        let start = || {
            let mut command = daemon.command();
            command.args(["--ready-fd", "1"]).stdout(Stdio::piped());
            command.stderr(Stdio::piped()).spawn().unwrap()
        };
        let mut all: Vec<Child> = (0..8).map(|_| start()).collect();
        let mut serving = Vec::new();
        for child in &mut all {
            let mut said = String::new();
            let output = child.stdout.take().unwrap();
            // One line of whoever serves; of all others nothing, and the end.
            BufReader::new(output).read_line(&mut said).unwrap();
            if said == "ready\n" {
                serving.push(child.id());
            } else {
                let left = child.wait().unwrap();
                assert!(
                    said.is_empty() && left.success(),
                    "round {round}: {said} {left}"
                );
            }
        }
        assert_eq!(serving.len(), 1, "round {round}");
        let status = daemon.connect().ask(&json!({"kind": "status"}));
        assert_eq!(status["pid"], serving[0], "round {round}");
        assert_eq!(status["problems"], Value::Null, "round {round}: {status}");
        for child in &mut all {
            // Only one still runs, and it leaves its socket behind.
            drop(child.kill());
            child.wait().unwrap();
        }
        assert!(daemon.socket().exists());
    }
}

#[test]
fn a_daemon_leaves_no_core_and_has_room_for_its_connections_and_no_more_memory_than_it_needs() {
    let daemon = TestDaemon::start();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", daemon.pid())).unwrap();
    let limit = |name: &str| {
        let line = limits
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap();
        line.split_whitespace().next().unwrap().to_owned()
    };
    assert_eq!(limit("Max core file size"), "0");
    assert_eq!(limit("Max data size"), (512 * 1024 * 1024).to_string());
    let own = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let most = own.maximum.unwrap_or(4_096).min(4_096);
    let files: u64 = limit("Max open files").parse().unwrap();
    assert!(files >= most, "{files} files, not {most}");
    // One thread, also when it has something to do.
    let asked = daemon.connect().ask(&propose("ls"));
    assert_eq!(asked["decision"], "allow");
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.pid())).unwrap();
    assert!(status.contains("\nThreads:\t1\n"), "{status}");
}

#[test]
fn a_second_daemon_on_another_socket_does_not_write_the_same_log() {
    let daemon = TestDaemon::start();
    let output = daemon
        .command()
        .env("KINTSUGI_SOCKET", daemon.home().join("run/other"))
        .output();
    let said = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(
        said.contains(&format!("process {}", daemon.pid())),
        "{said}"
    );
}

#[test]
fn holds_and_approvals_outlive_a_stop_and_a_kill() {
    let mut daemon = TestDaemon::start();
    let mut client = daemon.terminal();
    let (held, approved, denied) = (
        propose(HELD),
        propose("git push --force origin a"),
        propose("git push --force origin b"),
    );
    for proposal in [&held, &approved, &denied] {
        assert_eq!(client.ask(proposal)["decision"], "hold");
    }
    assert_eq!(
        daemon
            .terminal()
            .ask(&json!({"kind": "approve", "id": approved["id"]}))["kind"],
        "ack"
    );
    assert_eq!(
        client.ask(&json!({"kind": "deny", "id": denied["id"]}))["kind"],
        "ack"
    );

    for signal in [Signal::TERM, Signal::KILL, Signal::INT] {
        let status = daemon.end(signal);
        assert_eq!(status.success(), signal != Signal::KILL, "{status}");
        daemon.start_again();
        let mut client = daemon.terminal();
        let list = client.ask(&json!({"kind": "listpending"}));
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "{list}");
        assert_eq!(list["items"][0]["command"]["id"], held["id"]);
        let stands = |id: &Value| json!({"kind": "pendingstatus", "id": id});
        assert_eq!(client.ask(&stands(&approved["id"]))["status"], "approved");
        assert_eq!(client.ask(&stands(&denied["id"]))["status"], "denied");
    }
    let mut client = daemon.terminal();
    assert_eq!(client.ask(&approved)["decision"], "allow");
    daemon.end(Signal::KILL);
    daemon.start_again();
    let mut client = daemon.terminal();
    assert_eq!(
        client.ask(&approved)["decision"],
        "deny",
        "used before the kill"
    );
    assert_eq!(
        daemon
            .terminal()
            .ask(&json!({"kind": "approve", "id": held["id"]}))["kind"],
        "ack"
    );
}

#[test]
fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
    let mut daemon = TestDaemon::start();
    daemon.end(Signal::KILL);
    assert!(daemon.socket().exists(), "a kill leaves the socket");
    daemon.start_again();
    daemon.end(Signal::TERM);
    assert!(!daemon.socket().exists());

    let other = UnixListener::bind(daemon.socket()).unwrap();
    assert!(refusal(&mut daemon.command()).contains("another program listens"));
    drop(other);
    daemon.start_again();
}

#[test]
fn places_that_others_can_write_or_that_are_none_are_refused() {
    let daemon = TestDaemon::prepared();
    let run = daemon.home().join("run");
    let mode = |mode| std::fs::set_permissions(&run, Permissions::from_mode(mode)).unwrap();
    mode(0o777);
    assert!(refusal(&mut daemon.command()).contains("can be written by others"));
    mode(0o700);
    std::fs::write(daemon.socket(), "").unwrap();
    assert!(refusal(&mut daemon.command()).contains("is not a socket"));
    std::fs::remove_file(daemon.socket()).unwrap();

    let other = TestDaemon::prepared();
    std::fs::write(other.home().join("data"), "").unwrap();
    assert!(refusal(&mut other.command()).contains("data"));

    let mut long = daemon.command();
    long.env("KINTSUGI_SOCKET", daemon.home().join("x".repeat(120)));
    let said = String::from_utf8(long.output().unwrap().stderr).unwrap();
    assert!(said.contains("to a shorter one"), "{said}");
}

#[test]
fn a_policy_is_read_again_on_a_signal_and_a_broken_one_only_tightens() {
    let daemon = TestDaemon::prepared();
    let config = daemon.home().join("config/kintsugi");
    std::fs::create_dir_all(&config).unwrap();
    let policy = config.join("config.toml");
    std::fs::write(&policy, "mode = \"unattended\"\n").unwrap();
    let mut daemon = daemon;
    daemon.start_again();
    let mut client = daemon.connect();
    let mode = |client: &mut kintsugi_tests::wire::Wire| {
        client.ask(&json!({"kind": "status"}))["mode"].clone()
    };
    assert_eq!(mode(&mut client), "unattended");
    assert_eq!(client.ask(&propose(HELD))["decision"], "deny");

    std::fs::write(&policy, "mode = \"attended\"\n").unwrap();
    daemon.signal(Signal::HUP);
    assert_eq!(client.ask(&propose(HELD))["decision"], "hold");

    std::fs::write(&policy, "mood = \"notify\"\n").unwrap();
    daemon.signal(Signal::HUP);
    let status = client.ask(&json!({"kind": "status"}));
    assert_eq!(status["mode"], "attended");
    assert!(
        status["problems"][0]
            .as_str()
            .unwrap()
            .contains("config.toml"),
        "{status}"
    );
}

#[test]
fn settings_that_take_a_restart_say_so_on_the_signal_that_reads_the_policy() {
    let daemon = TestDaemon::start();
    let config = daemon.home().join("config/kintsugi");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("daemon.toml"), "group = 0\n").unwrap();
    let mut client = daemon.connect();
    let status = json!({"kind": "status"});
    assert_eq!(client.ask(&status)["problems"], Value::Null);
    daemon.signal(Signal::HUP);
    let problems = client.ask(&status)["problems"].clone();
    let said = problems[0].as_str().unwrap();
    assert!(
        said.contains("daemon.toml") && said.contains("restart"),
        "{said}"
    );
}

#[test]
fn what_passed_without_a_daemon_is_in_the_log_of_the_next() {
    let mut daemon = TestDaemon::prepared();
    let data = daemon.home().join("data/kintsugi");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::set_permissions(&data, Permissions::from_mode(0o700)).unwrap();
    let mut ran = propose("make spooled");
    ran["kind"] = "record".into();
    let spool = data.join("spool.ndjson");
    let mut ended = ran.clone();
    ended["exit_code"] = 3.into();
    let mut later = propose("make later");
    later["kind"] = "record".into();
    std::fs::write(&spool, format!("{ran}\nrubbish\n{ended}\n{later}\n")).unwrap();
    daemon.start_again();
    let status = daemon.connect().ask(&json!({"kind": "status"}));
    assert!(
        status["problems"][0]
            .as_str()
            .unwrap()
            .starts_with("1 lines of "),
        "{status}"
    );
    assert_eq!(std::fs::read(&spool).unwrap(), b"");
    let records = records(&data);
    // What was told twice, when it began and when it ended, ran once; and the order is that of the spool.
    assert_eq!(records.matches("\"make spooled\"").count(), 1, "{records}");
    assert_eq!(records.matches("\"exit_code\":3").count(), 1, "{records}");
    assert_eq!(records.matches("\"spooled\":true").count(), 2);
    assert!(records.find("make spooled") < records.find("make later"));
}

/// Returns the text of the whole log.
fn records(data: &Path) -> String {
    let log = std::fs::read_dir(data.join("log"))
        .unwrap()
        .map(|entry| entry.unwrap().path());
    log.filter(|path| path.extension().is_some_and(|suffix| suffix == "ndjson"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect()
}

#[test]
fn what_the_log_has_already_is_not_taken_over_again() {
    let mut daemon = TestDaemon::start();
    let data = daemon.home().join("data/kintsugi");
    let spool = data.join("spool.ndjson");
    let record = |raw: &str, exit_code: serde_json::Value| {
        let mut ran = propose(raw);
        ran["kind"] = "record".into();
        ran["exit_code"] = exit_code;
        ran
    };
    let began = record("make began", serde_json::Value::Null);
    // The daemon recorded it, and was killed before the client had the acknowledgement: the client spools it as well.
    let told = record("make told", 4.into());
    let answer = daemon.connect().ask(&told);
    assert_eq!(answer["kind"], "ack", "{answer}");
    let spooled = format!("{began}\n{told}\n");
    // Whoever is killed between the records and the cut of the spool finds all of it again.
    for _ in 0..3 {
        daemon.end(Signal::KILL);
        std::fs::write(&spool, &spooled).unwrap();
        daemon.start_again();
        assert_eq!(std::fs::read(&spool).unwrap(), b"");
    }
    // How it ended came later, and is news.
    let mut ended = began.clone();
    ended["exit_code"] = 5.into();
    daemon.end(Signal::KILL);
    std::fs::write(&spool, format!("{began}\n{ended}\n")).unwrap();
    daemon.start_again();
    let records = records(&data);
    assert_eq!(records.matches("\"make told\"").count(), 1, "{records}");
    assert_eq!(records.matches("\"exit_code\":4").count(), 1, "{records}");
    assert_eq!(records.matches("\"make began\"").count(), 2, "{records}");
    assert_eq!(records.matches("\"exit_code\":5").count(), 1, "{records}");
}

/// Makes a log here as another machine would have.
fn write_elsewhere(daemon: &TestDaemon) {
    let log = daemon.home().join("data/kintsugi/log");
    std::fs::create_dir_all(&log).unwrap();
    std::fs::set_permissions(log.parent().unwrap(), Permissions::from_mode(0o700)).unwrap();
    let options = Options {
        boot: "elsewhere".into(),
        seed: [7; 32],
        program: "kintsugi test".into(),
        host: Some("00112233445566778899aabbccddeeff".into()),
        segment_records: kintsugi_core::limits::SEGMENT_RECORDS,
    };
    let (mut log, _) =
        Log::open(Box::new(Directory::open(&log).unwrap()), options, &mut ()).unwrap();
    let now = Now {
        wall: "2026-01-01T00:00:00Z".parse().unwrap(),
        monotonic: std::time::Duration::ZERO,
    };
    let end = Body::Shutdown {
        reason: "moved".into(),
    };
    let staged = log.stage(now, vec![end], &()).unwrap();
    assert!(log.sync().unwrap().confirm(staged).is_ok());
}

#[test]
fn the_log_of_another_machine_is_refused_until_a_person_accepts_it() {
    if kintsugi_daemon::store::host().is_none() {
        println!("skipped: this machine has no /etc/machine-id");
        return;
    }
    let mut daemon = TestDaemon::prepared();
    write_elsewhere(&daemon);
    let said = refusal(&mut daemon.command());
    assert!(
        said.contains("another machine") && said.contains("accept-host"),
        "{said}"
    );
    let accept = daemon.command().arg("--accept-host").output().unwrap();
    assert_eq!(
        String::from_utf8(accept.stdout).unwrap(),
        "the log goes on here from now on\n"
    );
    daemon.start_again();
    assert_eq!(
        daemon.connect().ask(&json!({"kind": "status"}))["problems"],
        Value::Null
    );
    daemon.end(Signal::TERM);
    let again = daemon.command().arg("--accept-host").output().unwrap();
    assert_eq!(
        String::from_utf8(again.stdout).unwrap(),
        "the log is of this machine already\n"
    );
}

#[test]
fn a_log_that_somebody_else_writes_to_is_never_an_allow() {
    use std::io::Write as _;
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let (held, allowed) = (propose(HELD), propose("ls"));
    assert_eq!(client.ask(&held)["decision"], "hold");
    let log = std::fs::read_dir(daemon.home().join("data/kintsugi/log")).unwrap();
    let segment = log
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|suffix| suffix == "ndjson"))
        .unwrap();
    let mut file = std::fs::OpenOptions::new()
        .append(true)
        .open(segment)
        .unwrap();
    file.write_all(b"x").unwrap();

    let refused = client.ask(&allowed);
    assert_eq!(refused["code"], "log_unavailable", "{refused}");
    // Opened anew, the log begins another segment, and nothing that was recorded is forgotten.
    assert_eq!(client.ask(&allowed)["decision"], "allow");
    let stands = json!({"kind": "pendingstatus", "id": held["id"]});
    assert_eq!(client.ask(&stands)["status"], "pending");
}

/// Kills the daemon while a client proposes, and looks afterwards for everything that was answered.
/// Returns how long the next one took to serve.
fn kill_once(round: usize, daemon: &mut TestDaemon) -> Duration {
    let mut client = daemon.connect();
    let proposals: Vec<Value> = (0..40)
        .map(|at| match (at + round) % 3 {
            0 => propose(&format!("git push --force origin r{round}-{at}")),
            _ => propose("ls"),
        })
        .collect();
    for proposal in &proposals {
        client.say(proposal);
    }
    // The seed is the round: after how many answers it dies. The rest is somewhere in the middle of the daemon.
    let answers: Vec<Value> = (0..round * 7 % 38)
        .map(|_| client.hear().expect("an answer"))
        .collect();
    daemon.end(Signal::KILL);
    let killed = Instant::now();
    daemon.start_again();
    let took = killed.elapsed();
    let mut client = daemon.connect();
    for (proposal, answer) in proposals.iter().zip(&answers) {
        assert_eq!(
            client.ask(proposal)["decision"],
            answer["decision"],
            "round {round}: {proposal}"
        );
        if answer["decision"] == "hold" {
            let stands = json!({"kind": "pendingstatus", "id": proposal["id"]});
            assert_eq!(client.ask(&stands)["status"], "pending", "round {round}");
            let deny = json!({"kind": "deny", "id": proposal["id"]});
            assert_eq!(client.ask(&deny)["kind"], "ack");
        }
    }
    let status = client.ask(&json!({"kind": "status"}));
    assert_eq!(status["problems"], Value::Null, "round {round}: {status}");
    took
}

#[test]
fn what_was_answered_before_a_kill_is_in_the_log() {
    let rounds = if std::env::var_os("KINTSUGI_LONG_TESTS").is_some() {
        2_000
    } else {
        8
    };
    let mut daemon = TestDaemon::start();
    let mut restarts: Vec<Duration> = (1..=rounds)
        .map(|round| kill_once(round, &mut daemon))
        .collect();
    restarts.sort_unstable();
    let of = |percent: usize| restarts[restarts.len() * percent / 100];
    println!(
        "{rounds} kills, nothing lost; served again after {:.1?} (median), {:.1?} (99 of 100), {:.1?} (all)",
        of(50),
        of(99),
        restarts[restarts.len() - 1]
    );
}

/// Returns the names of the segments of a log, in order.
fn segments(data: &Path) -> Vec<String> {
    let names = std::fs::read_dir(data.join("log")).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut segments: Vec<String> = names.filter(|name| name.ends_with(".ndjson")).collect();
    segments.sort();
    segments
}

/// A segment names the ids that stand in others: whoever asks again, also behind a kill, has the same answer.
#[test]
fn an_id_of_an_earlier_segment_is_remembered_over_starts() {
    let mut daemon = TestDaemon::start();
    let data = daemon.home().join("data/kintsugi");
    let first = propose("ls first");
    assert_eq!(daemon.connect().ask(&first)["decision"], "allow");
    let mut clients: Vec<Wire> = (0..32).map(|_| daemon.connect()).collect();
    while segments(&data).len() < 3 {
        for client in &mut clients {
            client.say(&propose("ls"));
        }
        for client in &mut clients {
            assert_eq!(client.hear().unwrap()["decision"], "allow");
        }
    }
    drop(clients);
    let last = segments(&data).pop().unwrap();
    let opened = std::fs::read_to_string(data.join("log").join(last)).unwrap();
    let state = opened
        .lines()
        .filter(|line| line.contains("\"kind\":\"state\""));
    let bytes: usize = state.map(str::len).sum();
    assert!(opened.contains("\"elsewhere\""), "nothing is named");
    assert!(bytes < 400_000, "{bytes} bytes of live state");
    daemon.end(Signal::KILL);
    daemon.start_again();
    let size = |daemon: &TestDaemon| {
        let status = daemon.connect().ask(&serde_json::json!({"kind": "status"}));
        status["log"]["size"].as_u64().unwrap()
    };
    let before = size(&daemon);
    assert_eq!(daemon.connect().ask(&first)["decision"], "allow");
    let mut other = first.clone();
    other["raw"] = "ls second".into();
    assert_eq!(daemon.connect().ask(&other)["code"], "id_conflict_decided");
    assert_eq!(size(&daemon), before, "nothing was decided anew");
}
