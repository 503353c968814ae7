//! Nothing that a local peer does delays another's `ls`.

use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use kintsugi_core::limits::{BACKLOG_MAX, CONNECTIONS_BYTES_MAX, FRAME_BYTES_MAX, HOLDS_BYTES_MAX};
use kintsugi_core::redact::secrets;
use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::wire::{Wire, propose};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
use rustix::process::Signal;
use serde_json::{Value, json};

/// How often a long test repeats what a short one does once.
fn long(short: usize, long: usize) -> usize {
    if std::env::var_os("KINTSUGI_LONG_TESTS").is_some() {
        long
    } else {
        short
    }
}

/// Room for many connections; while one test has it, another waits, since all share one process.
struct Room {
    connections: usize,
    _turn: MutexGuard<'static, ()>,
}

/// Makes room for as many connections as the system allows.
fn room_for_connections() -> Room {
    static TURN: Mutex<()> = Mutex::new(());
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let resource = rustix::process::Resource::Nofile;
    let limit = rustix::process::getrlimit(resource);
    let raised = rustix::process::Rlimit {
        current: limit.maximum,
        ..limit
    };
    rustix::process::setrlimit(resource, raised).unwrap();
    let most = limit.maximum.unwrap_or(4_096).min(4_096);
    // The daemon has the same limit, and for each connection a descriptor of the process beside that of the socket.
    Room {
        connections: (usize::try_from(most).unwrap() - 100) / 2,
        _turn: turn,
    }
}

/// Who waits to be accepted is let in by one round, see [`BACKLOG_MAX`]: of more, the next is told that there is no room.
#[test]
fn no_more_wait_at_the_socket_than_one_round_accepts() {
    let _room = room_for_connections();
    let daemon = TestDaemon::start();
    assert_eq!(daemon.connect().ask(&propose("ls"))["decision"], "allow");
    daemon.signal(Signal::STOP);
    let address = SocketAddrUnix::new(daemon.socket()).unwrap();
    let waiting: Vec<OwnedFd> = (0..=4 * BACKLOG_MAX)
        .map_while(|_| {
            let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
            let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None);
            let socket = socket.unwrap();
            connect(&socket, &address).is_ok().then_some(socket)
        })
        .collect();
    daemon.signal(Signal::CONT);
    assert!(waiting.len() <= BACKLOG_MAX + 2, "{}", waiting.len());
    drop(waiting);
    assert_eq!(daemon.connect().ask(&propose("ls"))["decision"], "allow");
}

#[test]
fn silent_and_trickling_peers_delay_nobody() {
    let room = room_for_connections();
    assert!(room.connections > 300);
    let daemon = TestDaemon::start();
    let silent: Vec<Wire> = (0..200).map(|_| daemon.connect()).collect();
    let mut trickling: Vec<Wire> = (0..50).map(|_| daemon.connect()).collect();
    let mut honest = daemon.connect();
    let frame = propose("ls").to_string();
    // Within the 2 s of a frame each of the fifty is somewhere in the middle of one.
    for byte in frame.bytes().take(40) {
        for peer in &mut trickling {
            peer.send(&[byte]);
        }
        assert_eq!(honest.ask(&propose("ls"))["decision"], "allow");
    }
    for peer in &mut trickling {
        peer.send(format!("{}\n", &frame[40..]).as_bytes());
        let answer = peer.hear().unwrap();
        let in_time = answer["decision"] == "allow"
            || answer["code"] == "frame_timeout"
            || answer["code"] == "id_conflict_decided";
        assert!(in_time, "{answer}");
    }
    assert_eq!(silent.len(), 200);
}

#[test]
fn whoever_does_not_read_is_dropped_and_not_waited_for() {
    let daemon = TestDaemon::start();
    let mut honest = daemon.connect();
    let mut deaf = daemon.connect();
    // More answers than a socket's buffer holds; the daemon stops reading long before that.
    let status = "{\"kind\":\"status\"}\n".repeat(2_000);
    assert_eq!(honest.ask(&propose("ls"))["decision"], "allow");
    let before = daemon.resident_bytes();
    deaf.send(status.as_bytes());
    for _ in 0..100 {
        assert_eq!(honest.ask(&propose("ls"))["decision"], "allow");
    }
    assert!(daemon.resident_bytes() < before + 8 * 1024 * 1024);
}

#[test]
fn a_subscriber_that_does_not_read_is_dropped_and_costs_no_memory() {
    let daemon = TestDaemon::start();
    let mut honest = daemon.connect();
    let mut deaf = daemon.connect();
    deaf.say(&json!({"kind": "subscribe", "from_seq": 0}));
    // Far more than the buffers of a socket hold.
    let long = format!("echo {}", "x".repeat(8_000));
    // What judging needs is read when it is first needed.
    assert_eq!(honest.ask(&propose(&long))["decision"], "allow");
    let before = daemon.resident_bytes();
    for _ in 0..400 {
        assert_eq!(honest.ask(&propose(&long))["decision"], "allow");
    }
    assert!(daemon.resident_bytes() < before + 8 * 1024 * 1024);
    deaf.wait_until_dropped();
    while deaf.hear().is_some() {}
    assert_eq!(honest.ask(&propose("ls"))["decision"], "allow");
}

#[test]
fn a_thousand_clients_at_once_all_get_an_answer() {
    let room = room_for_connections();
    let count = room.connections.min(1_000);
    let daemon = TestDaemon::start();
    let mut clients: Vec<Wire> = (0..count).map(|_| daemon.connect()).collect();
    for client in &mut clients {
        client.say(&propose("ls"));
    }
    for client in &mut clients {
        assert_eq!(client.hear().unwrap()["decision"], "allow");
    }
}

/// Ends what others do when this is dropped, also when a test fails.
struct Ended<'a>(&'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Whoever connects while a program does nothing but connect, ask and leave, has a turn soon.
#[test]
fn a_storm_of_connections_keeps_nobody_out() {
    let _room = room_for_connections();
    let daemon = TestDaemon::start();
    let socket = daemon.socket();
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let asked = format!("{}\n", propose("ls"));
                while !is_over.load(Ordering::Relaxed) {
                    let Ok(mut stream) = UnixStream::connect(&socket) else {
                        continue;
                    };
                    // Whoever is let go has nothing to say.
                    drop(stream.write_all(asked.as_bytes()));
                }
            });
        }
        let _end = Ended(&is_over);
        // In processes of their own: one that storms shuts itself out.
        for _ in 0..long(4, 100) {
            let mut honest = daemon.terminal();
            for _ in 0..3 {
                assert_eq!(honest.ask(&propose("ls"))["decision"], "allow");
            }
        }
    });
}

#[test]
fn more_connections_than_there_is_room_for_shut_nobody_out() {
    let room = room_for_connections();
    let count = room.connections.min(1_500);
    let daemon = TestDaemon::start();
    let idle: Vec<Wire> = (0..count).map(|_| daemon.connect()).collect();
    assert_eq!(daemon.connect().ask(&propose("ls"))["decision"], "allow");
    let status = daemon.connect().ask(&json!({"kind": "status"}));
    assert_eq!(status["kind"], "status");
    drop(idle);
}

/// A line that takes far longer to judge than any that a person types.
fn costly() -> Value {
    propose(&"ls -la a; ".repeat(3_000))
}

#[test]
fn a_process_with_many_costly_proposals_has_one_turn_like_any_other() {
    let daemon = TestDaemon::start();
    // In a process of its own; all others are of this one.
    let mut honest = daemon.terminal();
    assert_eq!(honest.ask(&propose("ls"))["decision"], "allow");
    let mut greedy: Vec<Wire> = (0..100).map(|_| daemon.connect()).collect();
    for peer in &mut greedy {
        peer.say(&costly());
    }
    // All of them wait by now: this one came last.
    let last = greedy.last_mut().unwrap();
    last.say(&json!({"kind": "status"}));
    assert_eq!(honest.ask(&propose("ls"))["decision"], "allow");
    let answered = greedy.iter().filter(|peer| peer.has_answer()).count();
    assert!(answered < 30, "{answered} of 100 were served first");
}

#[test]
fn frames_that_are_not_whole_take_a_bounded_memory_together() {
    let _room = room_for_connections();
    let daemon = TestDaemon::start();
    let mut honest = daemon.terminal();
    assert_eq!(honest.ask(&propose("ls"))["decision"], "allow");
    let before = daemon.resident_bytes();
    let mut half = vec![b' '; FRAME_BYTES_MAX - 1];
    half[0] = b'{';
    let mut peers: Vec<Wire> = (0..200).map(|_| daemon.connect()).collect();
    let mut most = 0;
    for peer in &mut peers {
        peer.send(&half);
        most = most.max(daemon.resident_bytes().saturating_sub(before));
    }
    // A socket's buffer holds what the daemon has not read; what it has read, it keeps or has let go.
    assert!(most < 2 * CONNECTIONS_BYTES_MAX as u64, "{most} bytes");
    assert_eq!(honest.ask(&propose("ls"))["decision"], "allow");
}

#[test]
fn proposals_of_the_largest_size_are_answered_and_delay_nobody() {
    let daemon = TestDaemon::start();
    let (mut honest, mut greedy) = (daemon.terminal(), daemon.connect());
    let largest = propose(&"x ".repeat(FRAME_BYTES_MAX / 2 - 200)).to_string();
    assert!(largest.len() > FRAME_BYTES_MAX - 512 && largest.len() < FRAME_BYTES_MAX);
    for _ in 0..10 {
        greedy.send(format!("{}\n", propose(&"x ".repeat(FRAME_BYTES_MAX / 2 - 200))).as_bytes());
        assert_eq!(honest.ask(&propose("ls"))["decision"], "allow");
        assert_eq!(
            greedy.hear().unwrap()["decision"],
            "deny",
            "too long to be shown whole"
        );
    }
}

/// Frames of the largest size that are made to keep the daemon busy: none is worth more to whoever sends it than a few others.
#[test]
fn no_frame_keeps_the_daemon_busy_for_long() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    assert_eq!(client.ask(&propose("ls"))["decision"], "allow");
    let whole = |piece: &str| piece.repeat((FRAME_BYTES_MAX - 2_048) / piece.len());
    let with = |member: &str, value: Value| {
        let mut frame = propose("ls");
        frame[member] = value;
        frame
    };
    let mut frames: Vec<Value> = [
        "x ",
        "TOKEN=",
        "TOKEN=x ",
        "cookie: ",
        "a-",
        "sk-",
        "PRIVATE KEY",
        "-----BEGIN PRIVATE KEY----- ",
        "x=",
        "login ",
    ]
    .map(|piece| propose(&whole(piece)))
    .into();
    frames.push(propose(&format!("htpasswd {}", whole("-b "))));
    frames.push(propose(&format!("x login {}", whole("x "))));
    frames.push(with("cwd", json!(format!("/{}", whole("a-/")))));
    frames.push(with("argv", json!(vec!["x"; FRAME_BYTES_MAX / 4 - 512])));
    frames.push(with("unknown", json!(vec![0; FRAME_BYTES_MAX / 2 - 512])));
    let named = json!({"targets": [{"arg": whole("TOKEN=")}]});
    frames.push(with("facts", named));
    frames.push(json!({"kind": "observe", "change": "created", "path": whole("TOKEN=")}));
    frames.push(json!({"kind": "panic", "reason": whole("TOKEN=")}));
    for frame in &frames {
        let before = daemon.processor_time();
        let answer = client.ask(frame);
        let took = daemon.processor_time().saturating_sub(before);
        // A build without optimization takes a third of a second for some; what grows with the square of the text, minutes.
        let shown: String = frame.to_string().chars().take(400).collect();
        assert!(took.as_secs() < 3, "{took:?} for {answer}: {shown}");
    }
}

/// Beginnings of secrets without an end, which all have the same one: a mebibyte of some of these once took a minute.
#[test]
fn a_text_of_nothing_but_secrets_is_read_once() {
    const BYTES: usize = 128 * 1024;
    let started = Instant::now();
    for (before, piece, behind) in [
        ("", "TOKEN=", ""),
        ("", "TOKEN=abc ", ""),
        ("\"", "TOKEN=", ""),
        ("", "cookie:", ""),
        ("", "cookie: ", ""),
        ("", "password=\"", ""),
        ("", "authorization: basic ", ""),
        ("", "x-", ""),
        ("x-x-x-x.", "y-", "."),
        ("", "ghp_-", ""),
        ("", "sk-", ""),
        ("", "sk-_", "7"),
        ("", "glpat-.", ""),
        ("", "eyJ-", ""),
        ("", "12345678:-", ""),
        ("", "-----BEGIN PRIVATE KEY", " "),
        ("", "PRIVATE KEY", ""),
        ("", "-----BEGIN PRIVATE KEY----- ", ""),
        ("machine m login l", " password ", ""),
        ("", "machine m login l password ", ""),
        ("x login ", "x ", ""),
        ("", "login ", ""),
        ("htpasswd ", "-b ", ""),
        ("echo ", "x | sudo -S ", ""),
        ("", "://a:b@", ""),
        ("", "hooks.slack.com/services/", ""),
        ("", "_key=", ""),
        ("", "password ", ""),
        ("", "--password ", ""),
    ] {
        let text = [
            before,
            &piece.repeat(BYTES / piece.len()),
            &behind.repeat(BYTES),
        ]
        .concat();
        assert!(secrets(&text).len() <= text.len(), "{piece}");
    }
    // Many times what it takes; what grows with the square of the text takes far longer for one of them.
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

/// Each segment of the log opens with what is held, and everybody waits for that.
#[test]
fn what_waits_for_a_person_has_a_bounded_length_together() {
    let daemon = TestDaemon::start();
    let mut client = daemon.connect();
    let long = "y".repeat(30_000);
    let most = HOLDS_BYTES_MAX / long.len() + 1;
    let mut held = Vec::new();
    let refused = loop {
        let asked = propose(&format!("git push --force o{} {long}", held.len()));
        let answer = client.ask(&asked);
        if answer["decision"] != "hold" {
            break answer;
        }
        held.push(asked["id"].clone());
        assert!(held.len() <= most, "{} are held", held.len());
    };
    assert_eq!(refused["decision"], "deny", "{refused}");
    let reason = refused["reason"].as_str().unwrap();
    assert!(reason.contains("are held already"), "{reason}");
    assert!(held.len() > most / 2, "{} are held", held.len());
    let deny = json!({"kind": "deny", "id": held[0]});
    assert_eq!(client.ask(&deny)["kind"], "ack");
    let again = propose(&format!("git push --force again {long}"));
    assert_eq!(client.ask(&again)["decision"], "hold");
}

/// Numbers that look random and are the same in every run (xorshift64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(sides).unwrap()).unwrap()
    }
}

/// Returns one hostile frame: a good one cut, spoiled or nested, or no frame at all.
fn hostile(dice: &mut Dice) -> Vec<u8> {
    let mut frame = propose("git status").to_string().into_bytes();
    match dice.roll(6) {
        0 => frame.truncate(dice.roll(frame.len())),
        1 => {
            for _ in 0..=dice.roll(8) {
                let at = dice.roll(frame.len());
                frame[at] = u8::try_from(dice.roll(256)).unwrap();
            }
        }
        2 => {
            frame = (0..dice.roll(400))
                .map(|_| u8::try_from(dice.roll(256)).unwrap())
                .collect();
        }
        3 => frame = "[".repeat(dice.roll(4_000)).into_bytes(),
        4 => frame = format!("{{\"kind\":\"propose\",\"raw\":{}1", "{\"a\":".repeat(100)).into(),
        _ => frame = vec![0; dice.roll(300)],
    }
    frame.push(b'\n');
    frame
}

#[test]
fn hostile_frames_crash_nothing_leak_nothing_and_disturb_nobody() {
    let daemon = TestDaemon::start();
    let mut honest = daemon.connect();
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let started = Instant::now();
    let mut after_warm_up = 0;
    // Only when it has an answer, is its connection surely among them.
    assert_eq!(honest.ask(&propose("ls"))["decision"], "allow");
    let files = daemon.open_files();
    let rounds = long(40, 1_011);
    for round in 0..rounds {
        let mut peer = daemon.connect();
        // A hundred frames on one connection, of which the last is never finished and the connection just dropped.
        for _ in 0..99 {
            peer.send(&hostile(&mut dice));
        }
        peer.send(b"{\"kind\":");
        assert_eq!(honest.ask(&propose("ls"))["decision"], "allow");
        drop(peer);
        if round == rounds / 4 {
            after_warm_up = daemon.resident_bytes();
        }
    }
    // The daemon finds the last ends among its other work.
    let flat = (0..2_000).any(|_| {
        honest.ask(&json!({"kind": "status"}));
        daemon.open_files() <= files
    });
    assert!(flat, "{} files are open, not {files}", daemon.open_files());
    let grown = daemon.resident_bytes().saturating_sub(after_warm_up);
    // What the honest and the accidentally well-formed proposals leave behind is a few hundred bytes each.
    let allowed = 2 * 1024 * 1024 + u64::try_from(rounds).unwrap() * 4 * 1024;
    assert!(
        grown < allowed,
        "{grown} bytes more after {:?}",
        started.elapsed()
    );
}
