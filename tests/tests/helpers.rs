//! Programs that the daemon keeps running: whatever they do, nobody who asks waits for it.

use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::wire::{Wire, propose};
use serde_json::{Value, json};

/// Returns the next record that a follower is told of.
fn told(follower: &mut Wire) -> Value {
    let event = follower.hear().expect("an event");
    assert_eq!(event["kind"], "event");
    event["record"].clone()
}

/// Starts a daemon with these settings.
fn started_with(settings: &str) -> TestDaemon {
    let mut daemon = TestDaemon::prepared();
    let config = daemon.home().join("config/kintsugi");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(config.join("daemon.toml"), settings).unwrap();
    daemon.start_again();
    daemon
}

/// Returns how the helper `name` is.
fn child(client: &mut Wire, name: &str) -> Value {
    let status = client.ask(&json!({"kind": "status"}));
    let children = status["children"].as_array().unwrap();
    let mut named = children.iter().filter(|child| child["name"] == name);
    named.next().unwrap().clone()
}

#[test]
fn a_helper_that_floods_its_errors_costs_no_memory_and_delays_nobody() {
    let daemon = started_with(
        "[[helper]]\nname = \"flood\"\ncommand = [\"/bin/sh\", \"-c\", \"exec yes no end of it >&2\"]\n\
         [[helper]]\nname = \"line\"\ncommand = [\"/bin/sh\", \"-c\", \"exec tr '\\\\0' x </dev/zero >&2\"]\n",
    );
    let mut client = daemon.connect();
    while child(&mut client, "flood")["last_error"] != "no end of it" {}
    let before = daemon.resident_bytes();
    for _ in 0..500 {
        assert_eq!(client.ask(&propose("ls"))["decision"], "allow");
    }
    assert!(daemon.resident_bytes() < before + 4 * 1024 * 1024);
    assert_eq!(child(&mut client, "flood")["state"], "running");
    assert_eq!(
        child(&mut client, "line")["last_error"],
        Value::Null,
        "it has said no line yet"
    );
}

#[test]
fn a_helper_that_hangs_and_will_not_be_told_ends_with_the_daemon() {
    let mut daemon = started_with(
        "[[helper]]\nname = \"deaf\"\ncommand = \
         [\"/bin/sh\", \"-c\", \"trap '' TERM INT HUP; echo deaf >&2; while :; do sleep 600; done\"]\n",
    );
    let mut client = daemon.connect();
    while child(&mut client, "deaf")["last_error"] != "deaf" {}
    let deaf = child(&mut client, "deaf");
    assert_eq!(
        (&deaf["state"], &deaf["restarts"]),
        (&"running".into(), &0.into())
    );
    let pid = i32::try_from(deaf["pid"].as_i64().unwrap()).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    let handle = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty()).unwrap();
    assert!(daemon.end(rustix::process::Signal::TERM).success());
    kintsugi_tests::wire::wait_until_ended(&handle);
}

#[test]
fn a_helper_that_fails_is_started_again_later_and_delays_nobody() {
    let daemon = started_with(
        "[[helper]]\nname = \"sleeper\"\ncommand = [\"/bin/sh\", \"-c\", \"exec sleep 600\"]\n\
         [[helper]]\nname = \"broken\"\ncommand = [\"/bin/sh\", \"-c\", \"echo no model >&2; exit 3\"]\n\
         [[helper]]\nname = \"absent\"\ncommand = [\"/nowhere/at/all\"]\n",
    );
    let mut events = daemon.connect();
    events.say(&json!({"kind": "subscribe", "from_seq": 0, "kinds": ["child"]}));
    let mut client = daemon.connect();
    assert_eq!(client.ask(&propose("ls"))["decision"], "allow");
    let (mut starts, mut ends) = (0, 0);
    while ends == 0 || starts < 3 {
        let record = told(&mut events);
        if record["name"] == "broken" {
            let event = record["event"].as_str().unwrap();
            starts += usize::from(event.starts_with("started as process "));
            ends += usize::from(event == "ended: exit status: 3");
        }
    }
    let status = client.ask(&json!({"kind": "status"}));
    let child = |name: &str| {
        let children = status["children"].as_array().unwrap();
        children
            .iter()
            .find(|child| child["name"] == name)
            .unwrap()
            .clone()
    };
    assert_eq!(child("sleeper")["state"], "running");
    assert_eq!(child("sleeper")["last_error"], Value::Null);
    let error = child("broken")["last_error"].clone();
    assert_eq!(error, "no model (exit status: 3)");
    assert!(child("broken")["restarts"].as_u64().unwrap() >= 2);
    let absent = child("absent")["last_error"].clone();
    assert!(
        absent.as_str().unwrap().starts_with("cannot be started"),
        "{absent}"
    );

    // The bound on the memory of the daemon is not one on a model's.
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", child("sleeper")["pid"]));
    let limits = limits.unwrap();
    let memory = limits
        .lines()
        .find(|line| line.starts_with("Max data size"));
    assert!(!memory.unwrap().contains("536870912"), "{memory:?}");

    // However the daemon ends, its helpers end with it.
    let sleeper = child("sleeper")["pid"].as_i64().unwrap();
    let sleeper = rustix::process::Pid::from_raw(i32::try_from(sleeper).unwrap()).unwrap();
    let handle = rustix::process::pidfd_open(sleeper, rustix::process::PidfdFlags::empty());
    let mut daemon = daemon;
    daemon.end(rustix::process::Signal::KILL);
    kintsugi_tests::wire::wait_until_ended(&handle.unwrap());
}

#[test]
fn a_helper_that_hangs_is_ended_and_started_again_and_one_that_says_that_it_lives_is_not() {
    let kintsugi = kintsugi_tests::machine::program("kintsugi");
    let daemon = started_with(&format!(
        "[[helper]]\nname = \"hangs\"\ncommand = [\"/bin/sh\", \"-c\", \"echo alive >&2; exec sleep 600\"]\n\
         heartbeat_seconds = 2\n\
         [[helper]]\nname = \"lives\"\ncommand = [\"/bin/sh\", \"-c\", \"while :; do echo alive >&2; sleep 0.2; done\"]\n\
         heartbeat_seconds = 60\n\
         [[helper]]\nname = \"notify\"\ncommand = [{:?}, \"notify\", \"--command\", \"true\"]\n\
         heartbeat_seconds = 60\n",
        kintsugi.display().to_string(),
    ));
    let mut events = daemon.connect();
    events.say(&json!({"kind": "subscribe", "from_seq": 0, "kinds": ["child"]}));
    let mut seen = Vec::new();
    // It hangs, is ended, and is started once more.
    while seen
        .iter()
        .filter(|event: &&String| is_start(event))
        .count()
        < 2
    {
        let record = told(&mut events);
        if record["name"] == "hangs" {
            seen.push(record["event"].as_str().unwrap().to_owned());
        }
    }
    let hung = "hangs: nothing was heard of it for 2 s";
    assert_eq!(seen[1..3], [hung, "ended: signal: 9 (SIGKILL)"], "{seen:?}");
    let mut client = daemon.connect();
    let last = child(&mut client, "hangs")["last_error"].clone();
    assert!(last.as_str().unwrap().starts_with(hung), "{last}");
    for name in ["lives", "notify"] {
        let one = child(&mut client, name);
        assert_eq!(
            (&one["state"], &one["restarts"]),
            (&"running".into(), &0.into())
        );
        assert_eq!(one["last_error"], Value::Null, "{name}");
    }
}

fn is_start(event: &str) -> bool {
    event.starts_with("started as process ")
}
