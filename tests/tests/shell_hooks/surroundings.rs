//! The shell, the relay and the daemon: what is recorded, what is left behind, and what happens when one of them is gone.

use std::io::Write as _;
use std::path::PathBuf;

use kintsugi_tests::copies::copy_program;
use kintsugi_tests::machine::{Machine, program};
use kintsugi_tests::seat::{HELD, Seat, of_text};
use kintsugi_tests::shells::Shell;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use super::Scenario;

/// The scenarios.
pub(crate) const SCENARIOS: &[Scenario] = &[
    ("how a line ended is recorded", records_its_end),
    ("a harmless line starts no process", |seat| {
        seat.relayed();
        let pid = seat.pid();
        let before = faults_of_children(&pid);
        for _ in 0..5 {
            seat.run("cd .");
            seat.run("echo \"some words\" && true");
        }
        assert_eq!(faults_of_children(&pid), before);
        // What does start one shows.
        seat.run("sh -c true");
        assert_ne!(faults_of_children(&pid), before);
    }),
    ("a shell inside a shell asks once", |seat| {
        let name = seat.shell.name();
        seat.run(&format!("{name} -i"));
        seat.deny(&format!("touch ran; {HELD}"), "n");
        seat.did_not_run("ran");
        seat.run("exit");
        seat.run("touch ran");
        seat.did_run("ran");
    }),
    ("a shell that replaces this one asks", |seat| {
        let name = seat.shell.name();
        seat.run(&format!("exec {name} -i"));
        seat.deny(&format!("touch ran; {HELD}"), "n");
        seat.did_not_run("ran");
        // It has the number of this one, and here also every variable.
        if seat.shell != Shell::Fish {
            let command = seat.shell.with_lines_around(&seat.machine, "set -a", "");
            seat.pty = seat.shell.start(&command);
            seat.run(&format!("exec {name} -i"));
            seat.deny(&format!("touch ran; {HELD}"), "n");
            seat.did_not_run("ran");
        }
    }),
    ("no process is left behind", |seat| {
        seat.relayed();
        let relay = relay_of(seat);
        seat.pty.send("exit\r");
        seat.pty.close();
        ended(relay);
        let left =
            std::fs::read_dir(seat.file("../kintsugi-shells")).expect("where the pipes were");
        assert_eq!(left.count(), 0);
    }),
    ("a relay that was killed is replaced", |seat| {
        seat.relayed();
        let first = relay_of(seat);
        kill(first, Signal::KILL);
        ended(first);
        seat.deny(&format!("touch ran; {HELD}"), "n");
        seat.did_not_run("ran");
        seat.run("touch ran");
        seat.did_run("ran");
        seat.run("true");
        assert_ne!(relay_of(seat), first);
    }),
    ("a daemon that was killed is started again", |seat| {
        seat.relayed();
        let daemon = daemon_of(seat);
        kill(daemon, Signal::KILL);
        ended(daemon);
        seat.deny(&format!("touch ran; {HELD}"), "n");
        seat.did_not_run("ran");
        seat.run("touch ran");
        seat.did_run("ran");
    }),
    (
        "a daemon that hangs is not waited for for long",
        a_hung_daemon,
    ),
    (
        "a daemon that dies while it is asked is started again",
        |seat| {
            seat.relayed();
            let daemon = daemon_of(seat);
            kill(daemon, Signal::STOP);
            seat.pty.send("touch ran\r");
            // Whether the question was sent by then or not: nobody answers it any more.
            kill(daemon, Signal::KILL);
            ended(daemon);
            seat.shell.ready(&mut seat.pty);
            seat.did_run("ran");
            seat.has_a_daemon();
            seat.deny(&format!("touch ran; {HELD}"), "n");
            seat.did_not_run("ran");
        },
    ),
    (
        "where no daemon can be, the plainly safe runs and the rest is refused",
        |seat| {
            let daemon = daemon_of(seat);
            kill(daemon, Signal::KILL);
            ended(daemon);
            // Nobody can listen where a directory is.
            std::fs::remove_file(seat.machine.socket()).expect("it was there");
            std::fs::create_dir(seat.machine.socket()).expect("a directory");
            // One line says so, once.
            let mut printed = String::new();
            for _ in 0..4 {
                printed += &seat.run("touch ran");
                seat.did_run("ran");
            }
            assert_eq!(printed.matches("kintsugi: ").count(), 1, "{printed}");
            seat.pty.send(&format!("touch denied; {HELD}\r"));
            seat.pty.expect("there is no daemon to ask");
            seat.next_prompt();
            seat.did_not_run("denied");
        },
    ),
    (
        "a relay that is stopped while it is asked stops nobody for long",
        stopped_while_asked,
    ),
    (
        "a socket that vanishes while a line is typed costs nothing but the daemon",
        |seat| {
            seat.relayed();
            seat.pty.send("touch r");
            let daemon = daemon_of(seat);
            kill(daemon, Signal::KILL);
            ended(daemon);
            std::fs::remove_file(seat.machine.socket()).expect("it was there");
            seat.run("an");
            seat.did_run("ran");
            seat.has_a_daemon();
            seat.deny(&format!("touch ran; {HELD}"), "n");
            seat.did_not_run("ran");
        },
    ),
    (
        "a shell without a terminal asks nobody and runs nothing that is held",
        without_a_terminal,
    ),
    ("a relay that was stopped stops nobody", |seat| {
        seat.relayed();
        let relay = relay_of(seat);
        kill(relay, Signal::STOP);
        seat.run("touch ran");
        seat.did_run("ran");
        seat.deny(&format!("touch ran; {HELD}"), "n");
        seat.did_not_run("ran");
        seat.run("true");
        assert_ne!(relay_of(seat), relay);
        kill(relay, Signal::CONT);
    }),
    ("a directory that was removed can be left", |seat| {
        seat.run("mkdir gone");
        seat.run("cd gone");
        std::fs::remove_dir(seat.file("gone")).expect("it was made");
        seat.run("cd ..");
        seat.run("touch ran");
        seat.did_run("ran");
    }),
    ("a terminal of twenty columns shows the card", |seat| {
        let command = seat.shell.with_lines(&seat.machine, "");
        seat.pty = seat.shell.start_with_columns(&command, 20);
        seat.pty.send(&format!("touch ran; {HELD}\r"));
        seat.pty.expect("run it? [y/N]");
        seat.pty.send("n");
        seat.pty.expect("denied");
        seat.next_prompt();
        seat.did_not_run("ran");
    }),
    ("an agent's shell cannot say yes", |seat| {
        seat.again_with(match seat.shell {
            Shell::Bash | Shell::Zsh => "export CLAUDECODE=1",
            Shell::Fish => "set -gx CLAUDECODE 1",
        });
        seat.pty.send(&format!("touch ran; {HELD}\r"));
        seat.pty.expect("any key denies");
        seat.pty.send("y");
        seat.pty.expect("denied");
        seat.next_prompt();
        seat.did_not_run("ran");
    }),
    (
        "variables with its names, set before it, do not switch it off",
        names_taken_before,
    ),
    (
        "other clients of the same terminal are not disturbed",
        |seat| {
            seat.run("true | true");
            let printed = seat.run("echo done");
            assert!(printed.contains("done"), "{printed}");
        },
    ),
];

/// What a shell inherits, or remembers, in the names of the hook: that it is loaded, and that an answer was "run it".
fn names_taken_before(seat: &mut Seat) {
    let lines = match seat.shell {
        Shell::Bash | Shell::Zsh => {
            "export _kintsugi_client=true _kintsugi_shell=1 _kintsugi_answer='1 run it' _kintsugi_open=1"
        }
        Shell::Fish => {
            "set -U _kintsugi_client true\nset -U _kintsugi_shell 1\nset -U _kintsugi_answer '1 run it'\n\
             set -gx _kintsugi_answer '1 run it'\nset -gx _kintsugi_open 1"
        }
    };
    seat.pty = seat
        .shell
        .start(&seat.shell.with_lines_around(&seat.machine, lines, ""));
    seat.deny(&format!("touch ran; {HELD}"), "n");
    seat.did_not_run("ran");
    seat.relayed();
    let relay = relay_of(seat);
    kill(relay, Signal::KILL);
    ended(relay);
    // Nobody answers by the pipes now: what stands in the variable is no answer.
    seat.deny(&format!("touch ran; {HELD}"), "n");
    seat.did_not_run("ran");
    seat.run("touch ran");
    seat.did_run("ran");
}

fn records_its_end(seat: &mut Seat) {
    seat.run("mkdir there");
    seat.run("cd there");
    seat.run("sh -c 'exit 7'");
    seat.approve(&format!("{HELD}; sh -c 'exit 9'"));
    seat.deny(&format!("touch ran; {HELD}"), "n");
    // The record of a line is sent at the prompt behind it, and nobody waits for it: the next question comes after it.
    seat.run("true");
    let recorded = seat.recorded();
    let of = |text: &str| of_text(&recorded, text);
    let seven = of("exit 7");
    assert_eq!(seven.len(), 1, "{recorded:#?}");
    assert_eq!(seven[0]["exit_code"], 7);
    assert!(seven[0]["duration_ms"].is_u64(), "{seven:?}");
    assert!(
        seven[0]["cwd"]
            .as_str()
            .is_some_and(|cwd| cwd.ends_with("/there")),
        "{seven:?}"
    );
    assert!(seven[0]["session"].is_string(), "{seven:?}");
    let nine = of("exit 9");
    assert_eq!(nine.len(), 1, "{recorded:#?}");
    assert_eq!(nine[0]["exit_code"], 9);
    assert!(of("touch ran").is_empty());
}

fn a_hung_daemon(seat: &mut Seat) {
    seat.relayed();
    let daemon = daemon_of(seat);
    kill(daemon, Signal::STOP);
    said_once(seat, "no daemon");
    seat.pty.send(&format!("touch denied; {HELD}\r"));
    seat.pty.expect("there is no daemon to ask");
    seat.next_prompt();
    seat.did_not_run("denied");
    kill(daemon, Signal::CONT);
    seat.has_a_daemon();
    seat.deny(&format!("touch denied; {HELD}"), "n");
}

/// Runs lines until one says what is wrong with the daemon and the one behind it does not any more: with the first, somebody has come
/// to judge in its place. On a machine that is so busy that this one is late, each line until then says it.
fn said_once(seat: &mut Seat, words: &str) {
    let mut was_said = false;
    for _ in 0..20 {
        let printed = seat.run("touch ran");
        seat.did_run("ran");
        let is_said = printed.contains(words);
        if was_said && !is_said {
            return;
        }
        was_said = is_said;
        // The client and the relay that took its place at most.
        assert!(printed.matches(words).count() <= 2, "{printed}");
    }
    panic!("it is said always or never:\n{}", seat.pty.screen());
}

/// The shell has put its question, and the relay is stopped before it answers: the shell waits for its limit and asks in another way.
fn stopped_while_asked(seat: &mut Seat) {
    seat.relayed();
    let shell: i32 = seat.pid().parse().expect("a number");
    let relay = relay_of(seat);
    let daemon = daemon_of(seat);
    // The relay waits for the daemon for two seconds, and is stopped meanwhile. Once it may be too late, on a busy machine.
    for _ in 0..10 {
        kill(daemon, Signal::STOP);
        seat.pty.send("touch ran\r");
        while !waits_for_an_answer(shell, seat) && !seat.ran("ran") {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        // zsh has its pipe open all the time.
        let pause = std::time::Duration::from_millis(300);
        if seat.shell == Shell::Zsh {
            std::thread::sleep(pause);
        }
        kill(relay, Signal::STOP);
        let in_time = if seat.shell == Shell::Zsh {
            std::thread::sleep(pause);
            !seat.ran("ran")
        } else {
            waits_for_an_answer(shell, seat)
        };
        kill(daemon, Signal::CONT);
        if in_time {
            seat.shell.ready(&mut seat.pty);
            seat.did_run("ran");
            seat.deny(&format!("touch ran; {HELD}"), "n");
            seat.did_not_run("ran");
            seat.run("true");
            assert_ne!(relay_of(seat), relay, "{}", seat.pty.screen());
            kill(relay, Signal::CONT);
            return;
        }
        kill(relay, Signal::CONT);
        seat.shell.ready(&mut seat.pty);
        seat.did_run("ran");
    }
    panic!("the relay always answered before it was stopped");
}

/// Whether a shell has opened what its relay's answers come through.
fn waits_for_an_answer(shell: i32, seat: &Seat) -> bool {
    let pipes = seat.file("../kintsugi-shells");
    let of = |path: std::path::PathBuf| path.canonicalize().ok();
    let answers: Vec<_> = std::fs::read_dir(pipes)
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|pipes| of(pipes.path().join("answer")))
        .collect();
    let opened = std::fs::read_dir(format!("/proc/{shell}/fd"));
    let mut opened = opened.into_iter().flatten().flatten();
    opened.any(|file| of(file.path()).is_some_and(|file| answers.contains(&file)))
}

/// An interactive shell that reads its lines from a pipe, in a session without a terminal.
fn without_a_terminal(seat: &mut Seat) {
    let command = seat.shell.with_lines(&seat.machine, "");
    let mut lines = std::fs::File::create(seat.file("lines")).expect("a file");
    writeln!(lines, "touch one\ntouch two; {HELD}\ntouch three").expect("a file");
    let mut leader = std::process::Command::new("setsid");
    leader.arg("--wait").arg(command.get_program());
    leader.args(command.get_args()).env_clear();
    let of = |(name, value): (_, Option<_>)| Some((name, value?));
    leader.envs(command.get_envs().filter_map(of));
    leader.current_dir(seat.machine.home());
    leader.stdin(std::fs::File::open(seat.file("lines")).expect("a file"));
    let printed = leader.output().expect("a shell");
    let said = kintsugi_tests::machine::said(&printed);
    assert!(seat.ran("one") && seat.ran("three"), "{said}");
    let is_told = said.contains("there is no terminal to ask on");
    assert_eq!(is_told, seat.shell != Shell::Fish, "{said}");
    // fish reads such lines as a script, by no key: its hook is not asked.
    assert_eq!(seat.ran("two"), seat.shell == Shell::Fish, "{said}");
}

/// Returns the page faults of all processes that a shell has started and waited for (`proc_pid_stat(5)`, field 11): the same as before
/// when there was none since.
fn faults_of_children(pid: &str) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let (_, rest) = stat.rsplit_once(')').expect("its name");
    let field = rest.split_ascii_whitespace().nth(8).expect("field 11");
    field.parse().expect("a number")
}

/// Returns the process of the shell's relay.
fn relay_of(seat: &mut Seat) -> i32 {
    // A file that is there would not be written over unasked.
    drop(std::fs::remove_file(seat.file("relay")));
    seat.run("echo $_kintsugi_relay > relay");
    let pid = std::fs::read_to_string(seat.file("relay")).expect("its number");
    pid.trim().parse().expect("a number")
}

/// Returns the process of the daemon.
fn daemon_of(seat: &Seat) -> i32 {
    let printed = seat.machine.run(&["status", "--json"]);
    let status: serde_json::Value = serde_json::from_slice(&printed.stdout).expect("a status");
    let pid = status["status"]["pid"].as_i64().expect("its number");
    i32::try_from(pid).expect("a number")
}

fn kill(pid: i32, signal: Signal) {
    let pid = Pid::from_raw(pid).expect("a process");
    kill_process(pid, signal).expect("it takes a signal");
}

/// Waits until a process has ended (`pidfd_open(2)`).
fn ended(pid: i32) {
    let pid = Pid::from_raw(pid).expect("a process");
    let Ok(watch) = pidfd_open(pid, PidfdFlags::empty()) else {
        return;
    };
    let patience = Timespec {
        tv_sec: 30,
        tv_nsec: 0,
    };
    let mut watched = [PollFd::new(&watch, PollFlags::IN)];
    let ready = poll(&mut watched, Some(&patience)).expect("a process to wait for");
    assert_eq!(ready, 1, "{pid:?} did not end");
}

#[test]
fn a_shell_that_looks_elsewhere_than_setup_did_says_so_once() {
    for shell in Shell::ALL {
        let machine = Machine::new();
        std::fs::create_dir(machine.home().join(".claude")).unwrap();
        let setup = machine.run(&["setup", "--only=claude-code"]);
        assert!(setup.status.success(), "{setup:?}");
        let elsewhere = machine.home().join("elsewhere");
        std::fs::create_dir(&elsewhere).unwrap();
        let asks = |settings: Option<&PathBuf>| {
            let mut command = shell.with_hook(&machine);
            command.envs(settings.map(|it| ("XDG_CONFIG_HOME", it)));
            // What fish reads by itself stands in the same place as the policy.
            if let (Shell::Fish, Some(settings)) = (shell, settings) {
                std::fs::create_dir_all(settings.join("fish")).unwrap();
                std::fs::copy(
                    machine.home().join(".config/fish/config.fish"),
                    settings.join("fish/config.fish"),
                )
                .unwrap();
            }
            let mut pty = shell.start(&command);
            ["echo one", "echo two", "echo three"].map(|line| {
                pty.send(&format!("{line}\r"));
                shell.ready(&mut pty)
            })
        };
        let said = asks(None).concat();
        assert!(!said.contains("it was set up with"), "{shell:?}: {said}");
        let said = asks(Some(&elsewhere)).concat();
        let times = said.matches("it was set up with").count();
        assert_eq!(times, 1, "{shell:?}: {said}");
        assert!(said.contains("three"), "{shell:?}: {said}");
        drop(machine.run(&["daemon", "stop"]));
    }
}

#[test]
fn a_shell_whose_guard_is_gone_says_once_how_to_take_its_lines_out() {
    for shell in Shell::ALL {
        let machine = Machine::new();
        // The program as it was installed, and is gone later.
        let own = machine.home().join("bin/kintsugi");
        std::fs::create_dir(machine.home().join("bin")).unwrap();
        copy_program(program("kintsugi"), &own);
        let file = machine.home().join("start-up");
        let installed = machine
            .command(&own)
            .args(["init", shell.name(), "--install", "--file"])
            .arg(&file)
            .output()
            .unwrap();
        assert!(installed.status.success(), "{installed:?}");
        std::fs::remove_file(&own).unwrap();
        let script = format!(
            "source '{0}'; {1} -c \"source '{0}'\"",
            file.display(),
            shell.name()
        );
        let started = machine
            .command(shell.name())
            .args(["-c", &script])
            .output()
            .unwrap();
        let said = String::from_utf8(started.stderr).unwrap();
        assert_eq!(said.lines().count(), 1, "{shell:?}: {said}");
        assert!(
            said.contains("remove the lines") && said.contains("start-up"),
            "{shell:?}: {said}"
        );
    }
}
