//! What a hook adds before a harmless line, in the shell itself: the same call, timed by the shell's own clock.
//!
//! `cargo build --release --bins && cargo bench -p kintsugi-tests --bench hooks`; with `TMPDIR` on a RAM disk the disk's own time for
//! a durable record is out of it. The shell asks its relay and the relay the daemon, as for a line that was typed.

use std::time::Instant;

use kintsugi_tests::homes::furnished;
use kintsugi_tests::seat::Seat;
use kintsugi_tests::shells::Shell;

/// Questions that are timed in each shell, after some that are not.
const QUESTIONS: usize = 1_000;

fn main() {
    setup();
    for shell in Shell::ALL {
        let mut seat = Seat::new(shell);
        seat.run("true");
        seat.run("true");
        std::fs::write(seat.file("timed"), script(shell)).expect("a script");
        seat.approve_if_held("source ./timed");
        let mut micros = numbers(&seat, "micros");
        let floor = numbers(&seat, "floor");
        micros.sort_unstable();
        let at = |part: usize| micros[micros.len() * part / 1_000];
        println!(
            "{:5} p50 {} µs, p99 {} µs; an empty function p50 {} µs; {} questions",
            shell.name(),
            at(500),
            at(990),
            floor[floor.len() / 2],
            micros.len()
        );
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

/// Returns the lines of a file as numbers.
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
fn script(shell: Shell) -> String {
    match shell {
        Shell::Bash => format!(
            "empty() {{ :; }}\n\
             for ((i = 0; i < {QUESTIONS}; i++)); do\n\
             a=${{EPOCHREALTIME/[.,]/}}; empty; b=${{EPOCHREALTIME/[.,]/}}; echo $((b - a)) >> floor\n\
             READLINE_LINE='git status' _kintsugi_text= _kintsugi_open=0\n\
             a=${{EPOCHREALTIME/[.,]/}}; _kintsugi_enter x; b=${{EPOCHREALTIME/[.,]/}}; echo $((b - a)) >> micros\n\
             done\n"
        ),
        Shell::Zsh => format!(
            "zmodload zsh/datetime\nempty() {{ :; }}\n\
             for i in {{1..{QUESTIONS}}}; do\n\
             a=$EPOCHREALTIME; empty; b=$EPOCHREALTIME; printf '%.0f\\n' $(( (b - a) * 1000000 )) >> floor\n\
             a=$EPOCHREALTIME; _kintsugi_preexec x x 'git status'; b=$EPOCHREALTIME\n\
             printf '%.0f\\n' $(( (b - a) * 1000000 )) >> micros\n\
             done\n"
        ),
        // fish has no clock of its own that is fine enough: a hundred questions are timed together.
        Shell::Fish => format!(
            "function empty; end\n\
             for i in (seq {})\n\
             set a (date +%s%N); for j in (seq 100); empty; end; set b (date +%s%N)\n\
             math -s0 \"($b - $a) / 100000\" >> floor\n\
             set a (date +%s%N); for j in (seq 100); _kintsugi_question 'git status'; end; set b (date +%s%N)\n\
             math -s0 \"($b - $a) / 100000\" >> micros\n\
             end\n",
            QUESTIONS / 100
        ),
    }
}
