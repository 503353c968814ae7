//! What a hook adds before a harmless line, in the shell itself, and what loading it takes: timed by the shell's own clock.
//!
//! `cargo build --release --bins && cargo bench -p kintsugi-tests --bench hooks`; with `TMPDIR` on a RAM disk the disk's own time for
//! a durable record is out of it. The shell asks its relay and the relay the daemon, as for a line that was typed. Beside it, in the
//! same run, what no hook of this kind can do without: a round trip from the same shell through two named pipes to somebody who answers
//! at once, and the daemon's durable verdict as its own client waits for it. Then the same with a daemon that is dead and cannot be
//! started; the program that is started where there is no relay, from its start to its end, beside one that does nothing, as `cargo build`
//! links it and, where README's "optional" lines were followed, with musl; and how large it is. Fails when that is more than its bound.
//! The log of each of its machines is proven at the end by the independent verifier: seconds with `PYTHONPATH=target/python`, where
//! `tests/run` puts what that computes with, and minutes without.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::{Duration, Instant};

use kintsugi_tests::homes::furnished;
use kintsugi_tests::machine::{Machine, program};
use kintsugi_tests::seat::Seat;
use kintsugi_tests::shells::Shell;
use kintsugi_tests::wire::{Wire, propose};
use rustix::fs::{CWD, Mode, mkfifoat};

/// Questions that are timed in each shell, after some that are not.
const QUESTIONS: usize = 1_000;

/// Questions that are timed without a daemon.
const DEAD: usize = 200;

/// How often the hook is loaded.
const LOADS: usize = 20;

/// Most bytes of `kintsugi-hook`, as a release has it.
const HOOK_BYTES_MAX: u64 = 1024 * 1024;

fn main() -> ExitCode {
    let fits = size();
    process();
    setup();
    for shell in Shell::ALL {
        let mut seat = Seat::new(shell);
        seat.run("true");
        seat.run("true");
        answer_at_once(&seat.file("ask"), &seat.file("answer"));
        let timed = script(shell, &program("kintsugi").display().to_string());
        std::fs::write(seat.file("timed"), timed).expect("a script");
        let verdicts = verdicts(&seat);
        stop_when_told(&seat);
        seat.approve_if_held("source ./timed");
        let hook = numbers(&seat, "micros");
        let name = shell.name();
        row(&format!("{name}: added before a harmless line"), &hook);
        row("  an empty function", &numbers(&seat, "floor"));
        row(
            "  a bare round trip through such pipes",
            &numbers(&seat, "pipes"),
        );
        row("  the daemon's verdict, to a client of its own", &verdicts);
        row(
            "  loading the hook, `kintsugi init` with it",
            &numbers(&seat, "loads"),
        );
        row(
            "  added with a dead daemon (goal: 2,000 µs)",
            &numbers(&seat, "dead"),
        );
    }
    fits
}

fn row(name: &str, times: &[u64]) {
    let at = |part: usize| times[times.len() * part / 1_000];
    println!("{name:46} p50 {:>6} µs, p99 {:>6} µs", at(500), at(990));
}

/// The program that every hook starts, with how it is linked: as `cargo build` does, and with musl, where that was built.
fn hooks() -> Vec<(&'static str, PathBuf)> {
    let hook = program("kintsugi-hook");
    let profile = hook.parent().expect("the directory of a profile");
    let target = profile.parent().expect("the directory of the build");
    let musl = target
        .join(format!("{}-unknown-linux-musl", std::env::consts::ARCH))
        .join(profile.file_name().expect("the name of a profile"))
        .join("kintsugi-hook");
    let is_built = musl.is_file();
    let mut hooks = vec![("as built", hook)];
    if is_built {
        hooks.push(("with musl", musl));
    } else {
        println!("kintsugi-hook with musl: not built (README.md, \"optional\")");
    }
    hooks
}

/// How large the program is that every hook starts. A build without optimisation has no bound.
fn size() -> ExitCode {
    let mut fits = ExitCode::SUCCESS;
    for (linked, hook) in hooks() {
        let bytes = std::fs::metadata(hook).expect("a program").len();
        println!("kintsugi-hook {linked}: {bytes} bytes (goal: at most {HOOK_BYTES_MAX})");
        if bytes > HOOK_BYTES_MAX && !cfg!(debug_assertions) {
            println!("kintsugi-hook is too large");
            fits = ExitCode::FAILURE;
        }
    }
    fits
}

/// Times of the program from its start to its end with the daemon's durable yes, and of one that does nothing, in turn.
fn process() {
    let machine = Machine::new();
    assert!(machine.run(&["daemon", "start"]).status.success());
    let mut rows = vec![(
        "`true`, start to end".to_owned(),
        PathBuf::from("true"),
        vec![],
    )];
    for (linked, hook) in hooks() {
        let name = format!("hook process {linked} (goal: 600, 1,500)");
        rows.push((name, hook, Vec::new()));
    }
    for at in 0..QUESTIONS * rows.len() {
        let kinds = rows.len();
        let (name, path, times) = &mut rows[at % kinds];
        let mut command = machine.command(path);
        command.args(["shell", "bash", "--", "git status"]);
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let began = Instant::now();
        let ended = command.status().expect("it starts");
        let took = began.elapsed();
        assert!(ended.success(), "{name}: {command:?}");
        times.push(u64::try_from(took.as_micros()).expect("less than a year"));
    }
    let mut floor = None;
    for (name, _, mut times) in rows {
        times.sort_unstable();
        row(&name, &times);
        let median = times[times.len() / 2];
        let floor = *floor.get_or_insert(median);
        println!("{:46} {} % of `true`", "", median * 100 / floor);
    }
}

/// Times of `kintsugi setup` in a home that has every agent and shell, each from nothing.
fn setup() {
    let mut times: Vec<u128> = (0..9)
        .map(|_| {
            let machine = furnished();
            let started = Instant::now();
            let done = machine.run(&["setup"]);
            assert!(done.status.success(), "{done:?}");
            started.elapsed().as_millis()
        })
        .collect();
    times.sort_unstable();
    println!(
        "setup of everything found: median {} ms, slowest {} ms (goal: 2,000)",
        times[4], times[8]
    );
}

/// Stops the daemon of a seat for good once the file `stop` is there, and then makes `stopped`.
///
/// Not in the shell's script: it is read before it is run, and nobody may stop the daemon by one.
fn stop_when_told(seat: &Seat) {
    let (told, done) = (seat.file("stop"), seat.file("stopped"));
    let socket = seat.machine.socket();
    let mut stop = seat.machine.kintsugi(&["daemon", "stop"]);
    std::thread::spawn(move || {
        while !told.exists() {
            std::thread::sleep(Duration::from_millis(50));
        }
        assert!(stop.output().expect("it starts").status.success());
        // Nobody can listen where a directory is.
        std::fs::create_dir(socket).expect("a directory");
        std::fs::write(done, "").expect("a file");
    });
}

/// Answers every message in one pipe by an allow in another, on a thread that ends with the process.
fn answer_at_once(ask: &Path, answer: &Path) {
    let open = |path: &Path| {
        mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR).expect("a pipe");
        let both = File::options().read(true).write(true).open(path);
        both.expect("a pipe of ours")
    };
    let (mut ask, mut answer) = (open(ask), open(answer));
    std::thread::spawn(move || {
        let mut bytes = [0; 4096];
        while let Ok(count) = ask.read(&mut bytes) {
            let messages = bytes[..count].iter().filter(|byte| **byte == 0).count();
            for _ in 0..messages {
                answer.write_all(b"30\n").expect("a shell that reads");
            }
        }
    });
}

/// Returns how long the daemon of this seat takes to answer, in microseconds.
fn verdicts(seat: &Seat) -> Vec<u64> {
    let mut client = Wire::connect(&seat.machine.socket());
    let one = |_| {
        let began = Instant::now();
        drop(client.ask(&propose("git status")));
        u64::try_from(began.elapsed().as_micros()).expect("less than a year")
    };
    let mut times: Vec<u64> = (0..QUESTIONS).map(one).collect();
    times.sort_unstable();
    times
}

/// Returns the lines of a file as numbers, sorted.
fn numbers(seat: &Seat, name: &str) -> Vec<u64> {
    let text = std::fs::read_to_string(seat.file(name)).expect("the times");
    let mut numbers: Vec<u64> = text
        .lines()
        .map(|line| line.trim().parse().expect("a number"))
        .collect();
    numbers.sort_unstable();
    numbers
}

/// The shell's own code, which calls what Enter calls and writes down how long that took, in microseconds.
fn script(shell: Shell, kintsugi: &str) -> String {
    let die = match shell {
        Shell::Bash | Shell::Zsh => ": >stop\nuntil [[ -e stopped ]]; do sleep 0.1; done\n",
        Shell::Fish => "echo >stop\nwhile not test -e stopped; sleep 0.1; end\n",
    };
    match shell {
        Shell::Bash => format!(
            "empty() {{ :; }}\n\
             pipes() {{ printf '?3%s\\0' 'git status' 1<>ask; read -r -t 6 answered <>answer; }}\n\
             timed() {{ local a b; a=${{EPOCHREALTIME/[.,]/}}; \"${{@:2}}\"; b=${{EPOCHREALTIME/[.,]/}}; echo $((b - a)) >>\"$1\"; }}\n\
             for ((i = 0; i < {QUESTIONS}; i++)); do\n\
             timed floor empty; timed pipes pipes\n\
             READLINE_LINE='git status' _kintsugi_text= _kintsugi_open=0 _kintsugi_ran=\n\
             timed micros _kintsugi_enter x\n\
             ((_kintsugi_open)) || echo 'not asked' >>micros\n\
             done\n\
             load() {{ eval \"$('{kintsugi}' init bash)\"; }}\n\
             for ((i = 0; i < {LOADS}; i++)); do unset _kintsugi_shell; timed loads load; done\n\
             {die}\
             for ((i = 0; i < {DEAD} + 2; i++)); do\n\
             READLINE_LINE='git status' _kintsugi_text= _kintsugi_open=0 _kintsugi_ran= file=dead\n\
             ((i > 1)) || file=untimed\n\
             timed $file _kintsugi_enter x\n\
             ((_kintsugi_open || i == 0)) || echo 'not asked' >>dead\n\
             done\n"
        ),
        Shell::Zsh => format!(
            "zmodload zsh/datetime\nempty() {{ :; }}\n\
             pipes() {{ print -rn -- '?3git status'$'\\0' 1<>ask; IFS= read -r -t 6 answered <>answer; }}\n\
             timed() {{ local a=$EPOCHREALTIME b; \"${{@:2}}\"; b=$EPOCHREALTIME; printf '%.0f\\n' $(( (b - a) * 1000000 )) >>$1; }}\n\
             for i in {{1..{QUESTIONS}}}; do\n\
             timed floor empty; timed pipes pipes\n\
             _kintsugi_ran=0; timed micros _kintsugi_preexec x x 'git status'\n\
             (( _kintsugi_ran )) || echo 'not asked' >>micros\n\
             done\n\
             load() {{ eval \"$('{kintsugi}' init zsh)\"; }}\n\
             for i in {{1..{LOADS}}}; do _kintsugi_shell=; timed loads load; done\n\
             {die}\
             for i in {{-1..{DEAD}}}; do\n\
             _kintsugi_ran=0 file=dead; (( i > 0 )) || file=untimed\n\
             timed $file _kintsugi_preexec x x 'git status'\n\
             (( _kintsugi_ran )) || echo 'not asked' >>dead\n\
             done\n"
        ),
        // fish has no clock of its own that is fine enough, and starts a program to read one: a hundred questions are timed together. More,
        // and the guard would not read the script to its end.
        Shell::Fish => format!(
            "function empty; end\n\
             function pipes; printf '?3%s\\0' 'git status' >ask; read -l answered <answer; end\n\
             function enter; commandline -b | read -lz text; commandline --is-valid; string match -qr '(?s)^(?<line>(?=\\s*\\S).{{1,15000}})\\n\\z' -- 'git status'\\n; _kintsugi_ask 'git status'; end\n\
             function hundred\n\
             set -l a (date +%s%N); for j in (seq 100); $argv[2]; end; set -l b (date +%s%N)\n\
             math -s0 \"($b - $a) / 100000\" >>$argv[1]\n\
             end\n\
             for i in (seq 10)\n\
             hundred floor empty; hundred pipes pipes; hundred micros enter\n\
             end\n\
             for i in (seq {})\n\
             set a (date +%s%N); for j in (seq 5); set -e _kintsugi_shell; '{kintsugi}' init fish | source; end; set b (date +%s%N)\n\
             math -s0 \"($b - $a) / 5000\" >>loads\n\
             end\n\
             {die}\
             enter; enter\n\
             hundred dead enter\n\
             hundred dead enter\n",
            LOADS / 5
        ),
    }
}
