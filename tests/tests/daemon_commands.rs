//! `kintsugi daemon …` as a person types it, and the start of a daemon by whoever needs one.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use kintsugi_daemon::store::{Directory, Log, Now, Options};
use kintsugi_tests::machine::{Machine, program};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// Runs `kintsugi`, checks how it ended, and returns what it printed.
fn printed(machine: &Machine, arguments: &[&str], code: i32) -> String {
    let output = machine.run(arguments);
    assert_eq!(
        output.status.code(),
        Some(code),
        "{arguments:?}: {output:?}"
    );
    text(&output.stdout)
}

/// Runs `kintsugi`, checks how it ended, and returns what it complained about.
fn complaint(output: &Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let said = text(&output.stderr);
    assert!(said.starts_with("kintsugi: error: "), "{said}");
    assert!(said.contains("kintsugi: hint: "), "{said}");
    said
}

/// Copies `kintsugi` by another process: one that this one has open to write would be busy for whoever forks meanwhile.
fn copy_of_client(to: &std::path::Path) {
    let mut copy = std::process::Command::new("cp");
    let done = copy.arg(program("kintsugi")).arg(to).status().unwrap();
    assert!(done.success());
}

/// Returns the daemon's process, as its status says.
fn pid(machine: &Machine) -> u64 {
    let json = printed(machine, &["daemon", "status", "--json"], 0);
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        (&report["version"], &report["running"]),
        (&1.into(), &true.into())
    );
    report["status"]["pid"].as_u64().unwrap()
}

#[test]
fn a_daemon_is_started_shown_restarted_and_stopped() {
    let machine = Machine::new();
    assert_eq!(
        printed(&machine, &["daemon", "stop"], 0),
        "no daemon is running\n"
    );
    let said = complaint(&machine.run(&["daemon", "status"]), 5);
    assert!(said.contains("`kintsugi daemon start`"), "{said}");
    let none: Value = serde_json::from_str(&printed(&machine, &["status", "--json"], 5)).unwrap();
    assert_eq!(
        (&none["running"], &none["status"]),
        (&false.into(), &Value::Null)
    );

    let said = printed(&machine, &["daemon", "start"], 0);
    let first = pid(&machine);
    let expected = format!("the daemon started (process {first})\n");
    // What a new log has to say comes after it.
    assert!(said.starts_with(&expected), "{said}");
    let said = printed(&machine, &["daemon", "start"], 0);
    assert_eq!(said, format!("the daemon already runs (process {first})\n"));

    let status = printed(&machine, &["daemon", "status"], 0);
    let labels: Vec<&str> = status
        .lines()
        .map(|line| line.split_whitespace().next().unwrap())
        .collect();
    assert_eq!(labels, ["protected", "daemon", "log", "asks", "decides"]);

    let said = printed(&machine, &["daemon", "restart"], 0);
    let second = pid(&machine);
    assert_ne!(first, second);
    let expected = format!("the daemon has stopped\nthe daemon started (process {second})\n");
    assert_eq!(said, expected);
    assert_eq!(
        printed(&machine, &["daemon", "stop"], 0),
        "the daemon has stopped\n"
    );
    complaint(&machine.run(&["daemon", "status"]), 5);
}

#[test]
fn a_socket_that_is_gone_under_a_living_daemon_is_said_by_everybody_with_what_helps() {
    let machine = Machine::new();
    printed(&machine, &["daemon", "start"], 0);
    let pid = pid(&machine);
    let away = machine.socket().with_extension("away");
    std::fs::rename(machine.socket(), &away).unwrap();
    for arguments in [
        &["status"] as &[&str],
        &["daemon", "start"],
        &["daemon", "stop"],
        &["daemon", "restart"],
        &["pending"],
    ] {
        let said = complaint(&machine.run(arguments), 5);
        assert!(
            said.contains(&format!("a daemon runs as process {pid}, and `"))
                && said.contains("removed, renamed or replaced")
                && said.contains(&format!("`kill {pid}` ends it")),
            "{arguments:?}: {said}"
        );
    }
    let held = machine.run(&["run", "--", "git push --force"]);
    let said = text(&held.stderr);
    assert!(said.contains(&format!("`kill {pid}` ends it")), "{said}");
    std::fs::rename(&away, machine.socket()).unwrap();
    printed(&machine, &["status"], 0);
}

#[test]
fn another_program_at_the_socket_is_said_and_nobody_is_sent_in_a_circle() {
    let machine = Machine::new();
    let listener = std::os::unix::net::UnixListener::bind(machine.socket()).unwrap();
    let served = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut stream, _) = listener.accept().unwrap();
            let mut line = String::new();
            BufReader::new(stream.try_clone().unwrap())
                .read_line(&mut line)
                .unwrap();
            std::io::Write::write_all(&mut stream, b"HTTP/1.1 400 Bad Request\n").unwrap();
        }
    });
    for command in ["status", "pending"] {
        let said = complaint(&machine.run(&[command]), 5);
        assert!(said.contains("another program listens there"), "{said}");
        assert!(!said.contains("kintsugi status"), "{said}");
    }
    served.join().unwrap();
    std::fs::remove_file(machine.socket()).unwrap();
}

#[test]
fn a_file_where_the_data_belongs_is_named_by_everybody_with_what_to_do() {
    let machine = Machine::new();
    let data = machine.home().join(".local/share/kintsugi");
    std::fs::create_dir_all(data.parent().unwrap()).unwrap();
    std::fs::write(&data, "").unwrap();
    for arguments in [
        &["status"] as &[&str],
        &["daemon", "start"],
        &["run", "--", "ls"],
        &["log"],
        &["log", "verify"],
        &["pending"],
        &["setup"],
        &["doctor"],
        &["undo"],
        &["daemon", "logs"],
    ] {
        let output = machine.run(arguments);
        let said = text(&output.stderr);
        assert!(
            said.contains(&format!("`{}` is no directory", data.display()))
                && said.contains("kintsugi: hint: move that file away"),
            "{arguments:?}: {said}"
        );
    }
    std::fs::remove_file(&data).unwrap();
}

/// Five lines, of which the first says whether the person is protected, and one more for each problem.
#[test]
fn status_tells_a_person_in_five_lines_whether_they_are_protected() {
    let machine = Machine::new();
    let lines = || -> Vec<String> {
        let status = printed(&machine, &["status"], 0);
        status.lines().map(str::to_owned).collect()
    };
    let config = machine.home().join(".config/kintsugi");
    std::fs::create_dir_all(&config).unwrap();
    let policy = |text: &str| {
        std::fs::write(config.join("config.toml"), text).unwrap();
        let daemon = i32::try_from(pid(&machine)).unwrap();
        kill_process(Pid::from_raw(daemon).unwrap(), Signal::HUP).unwrap();
    };
    printed(&machine, &["daemon", "start"], 0);
    let unasked = lines();
    assert_eq!(unasked.len(), 5, "{unasked:?}");
    assert!(unasked[0].contains("no: nothing asks"), "{unasked:?}");

    // A hook that has asked is one that asks.
    assert!(machine.run(&["run", "--", "true"]).status.success());
    let expected = [
        ("", "yes: dangerous commands wait for you"),
        (
            "mode = \"notify\"\n",
            "in part: only catastrophic commands wait",
        ),
        (
            "mode = \"unattended\"\n",
            "yes: dangerous commands are denied",
        ),
    ];
    for (text, word) in expected {
        policy(text);
        let told = lines();
        assert_eq!(told.len(), 5, "{told:?}");
        let first = told[0].strip_prefix("protected").unwrap().trim_start();
        assert!(first.starts_with(word), "{told:?}");
        assert!(
            told[1].contains(&format!("process {}", pid(&machine))),
            "{told:?}"
        );
        assert!(told[2].contains(" records, "), "{told:?}");
        assert!(told[3].contains("last asked: "), "{told:?}");
        assert!(
            told[4].contains("0 held; no vault; scorer heuristic"),
            "{told:?}"
        );
    }

    policy("mood = \"notify\"\n");
    let broken = lines();
    assert_eq!(broken.len(), 6, "{broken:?}");
    assert!(
        broken[0].ends_with("yes, but look at the problems below"),
        "{broken:?}"
    );
    assert!(
        broken[5].starts_with("problem") && broken[5].contains("config.toml"),
        "{broken:?}"
    );
}

#[test]
fn in_the_foreground_it_is_that_very_process_and_an_interrupt_ends_it() {
    let machine = Machine::new();
    let mut run = machine.kintsugi(&["daemon", "run"]);
    let mut child = run.stdin(Stdio::null()).spawn().unwrap();
    while printed_if_running(&machine).is_none() {
        assert!(child.try_wait().unwrap().is_none(), "it ended");
        std::thread::yield_now();
    }
    assert_eq!(pid(&machine), u64::from(child.id()));
    let second = machine.run(&["daemon", "run"]);
    assert_eq!(second.status.code(), Some(1), "{second:?}");
    let said = text(&second.stderr);
    assert!(said.contains(&format!("(pid {})", child.id())), "{said}");
    let own = Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    kill_process(own, Signal::INT).unwrap();
    assert!(child.wait().unwrap().success());
}

/// Returns the status as JSON, once a daemon runs.
fn printed_if_running(machine: &Machine) -> Option<String> {
    let output = machine.run(&["status", "--json"]);
    output.status.success().then(|| text(&output.stdout))
}

#[test]
fn what_it_said_in_the_background_is_shown_escaped() {
    let machine = Machine::new();
    assert_eq!(printed(&machine, &["daemon", "logs"], 0), "");
    printed(&machine, &["daemon", "start"], 0);
    let diagnostics = machine.home().join(".local/share/kintsugi/daemon.log");
    std::fs::write(diagnostics, "kintsugi: error: \u{1b}[2Jgone\n").unwrap();
    let said = printed(&machine, &["daemon", "logs"], 0);
    assert!(
        said.contains("gone") && !said.contains('\u{1b}'),
        "{said:?}"
    );
}

#[test]
fn a_daemon_that_cannot_start_says_why() {
    let machine = Machine::new();
    let open = machine.home().join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).unwrap();
    let mut start = machine.kintsugi(&["daemon", "start"]);
    start.env("KINTSUGI_SOCKET", open.join("socket"));
    let said = complaint(&start.output().unwrap(), 5);
    assert!(said.contains("can be written by others"), "{said}");

    let alone = machine.home().join("kintsugi");
    copy_of_client(&alone);
    let said = complaint(
        &machine
            .command(&alone)
            .args(["daemon", "start"])
            .output()
            .unwrap(),
        5,
    );
    assert!(
        said.contains("kintsugi-daemon` is not there") && said.contains("into one directory"),
        "{said}"
    );
    assert!(!said.contains("daemon start"), "{said}");
}

#[test]
fn many_clients_that_find_no_daemon_start_one_and_all_have_its_answer() {
    let machine = Machine::new();
    let mut clients: Vec<_> = (0..12)
        .map(|number| {
            let line = format!("echo client {number}");
            let mut run = machine.kintsugi(&["run", "--", &line]);
            run.stdin(Stdio::null())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            run.spawn().unwrap()
        })
        .collect();
    for (number, client) in clients.drain(..).enumerate() {
        let output = client.wait_with_output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert_eq!(text(&output.stdout), format!("client {number}\n"));
        assert_eq!(text(&output.stderr), "");
    }
    let log = std::fs::read_dir(machine.log()).unwrap();
    let segments = log
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|suffix| suffix == "ndjson"));
    let records: String = segments
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let count = |kind: &str| records.matches(&format!("\"kind\":\"{kind}\"")).count();
    assert_eq!((count("open"), count("verdict")), (1, 12), "{records}");
    assert!(
        !records.contains("\"spooled\":true"),
        "nobody went without it"
    );
}

#[test]
fn a_daemon_that_hangs_at_its_start_is_waited_for_a_bounded_time() {
    let machine = Machine::new();
    let bin = machine.home().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let client = bin.join("kintsugi");
    copy_of_client(&client);
    let hung = machine.home().join("hung");
    let script = format!("#!/bin/sh\necho $$ > {}\nexec sleep 600\n", hung.display());
    let daemon = bin.join("kintsugi-daemon");
    std::fs::write(&daemon, script).unwrap();
    std::fs::set_permissions(&daemon, std::fs::Permissions::from_mode(0o755)).unwrap();
    let end_it = || {
        let pid = std::fs::read_to_string(&hung).unwrap();
        let pid = Pid::from_raw(pid.trim().parse().unwrap()).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
    };
    let ask = |arguments: &[&str]| {
        let mut command = machine.command(&client);
        let started = Instant::now();
        let output = command
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        end_it();
        // Five seconds, and what a machine under load takes to start two programs.
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "{:?}",
            started.elapsed()
        );
        output
    };
    let harmless = ask(&["run", "--", "echo harmless"]);
    assert_eq!(text(&harmless.stdout), "harmless\n", "{harmless:?}");
    let said = complaint(&ask(&["daemon", "start"]), 5);
    assert!(said.contains("not ready within 5 s"), "{said}");
}

/// Makes a log in the place of `machine`'s as another machine would have.
fn write_elsewhere(machine: &Machine) {
    let data = machine.log().parent().unwrap().to_owned();
    std::fs::create_dir_all(&data).unwrap();
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700)).unwrap();
    let options = Options {
        boot: "elsewhere".into(),
        seed: [7; 32],
        program: "kintsugi test".into(),
        host: Some("00112233445566778899aabbccddeeff".into()),
        segment_records: kintsugi_core::limits::SEGMENT_RECORDS,
    };
    let storage = Box::new(Directory::open(&machine.log()).unwrap());
    let (mut log, _) = Log::open(storage, options, &mut ()).unwrap();
    let now = Now {
        wall: "2026-01-01T00:00:00Z".parse().unwrap(),
        monotonic: Duration::ZERO,
    };
    let end = kintsugi_core::audit::record::Body::Shutdown {
        reason: "moved".into(),
    };
    let staged = log.stage(now, vec![end], &()).unwrap();
    assert!(log.sync().unwrap().confirm(staged).is_ok());
}

#[test]
fn a_log_that_was_moved_here_goes_on_when_a_person_says_so() {
    if kintsugi_daemon::store::host().is_none() {
        println!("skipped: this machine has no /etc/machine-id");
        return;
    }
    let machine = Machine::new();
    write_elsewhere(&machine);
    let said = complaint(&machine.run(&["daemon", "start"]), 5);
    assert!(
        said.contains("another machine") && said.contains("accept-host"),
        "{said}"
    );
    // Not by a program that nobody watches.
    let said = complaint(&machine.run(&["daemon", "accept-host"]), 3);
    assert!(said.contains("a person must accept"), "{said}");
    let (code, said) = machine.elsewhere(&["daemon", "accept-host"]);
    assert_eq!(
        (code, said.trim_end()),
        (0, "the log goes on here from now on")
    );
    printed(&machine, &["daemon", "start"], 0);
    let (code, said) = machine.elsewhere(&["daemon", "accept-host"]);
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("a daemon is running on this log"), "{said}");
    assert!(machine.run(&["log", "verify"]).status.success());
}

#[test]
fn a_service_is_written_left_alone_and_taken_out_again() {
    let machine = Machine::new();
    let unit = machine.home().join(".config/systemd/user/kintsugi.service");
    let shown = printed(&machine, &["daemon", "install", "--print"], 0);
    assert!(!unit.exists());
    let said = printed(&machine, &["daemon", "install"], 0);
    assert_eq!(said, format!("wrote `{}`\n", unit.display()));
    assert_eq!(std::fs::read_to_string(&unit).unwrap(), shown);
    let said = printed(&machine, &["daemon", "install"], 0);
    assert_eq!(said, format!("`{}` is as it should be\n", unit.display()));
    let said = printed(&machine, &["daemon", "uninstall"], 0);
    assert_eq!(said, format!("removed `{}`\n", unit.display()));
    assert_eq!(
        printed(&machine, &["daemon", "uninstall"], 0),
        "there is no service\n"
    );

    std::fs::write(&unit, "[Service]\nExecStart=/bin/true\n").unwrap();
    for verb in ["install", "uninstall"] {
        let said = complaint(&machine.run(&["daemon", verb]), 1);
        assert!(said.contains("is not of this program"), "{said}");
    }
    assert!(unit.exists());
    let system = printed(&machine, &["daemon", "install", "--system", "--print"], 0);
    for line in [
        "User=kintsugi",
        "group = \"kintsugi\"",
        "u kintsugi - \"Kintsugi\"",
    ] {
        assert!(system.contains(line), "{system}");
    }
    let agent = printed(&machine, &["daemon", "install", "--launchd", "--print"], 0);
    assert!(
        agent.starts_with("<?xml") && agent.contains("<key>RunAtLoad</key>"),
        "{agent}"
    );
    let both = machine.run(&["daemon", "install", "--launchd", "--system"]);
    assert_eq!(both.status.code(), Some(2), "{both:?}");
}

#[test]
fn the_program_itself_says_when_it_serves() {
    let machine = Machine::new();
    let mut daemon = machine.command(program("kintsugi-daemon"));
    let mut child = daemon
        .args(["--ready-fd", "1"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut line).unwrap();
    assert_eq!(line, "ready\n");
    assert_eq!(pid(&machine), u64::from(child.id()));
    assert_eq!(
        printed(&machine, &["daemon", "stop"], 0),
        "the daemon has stopped\n"
    );
    assert!(child.wait().unwrap().success());
}
