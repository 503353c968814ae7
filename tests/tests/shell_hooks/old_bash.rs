//! bash 3.2 to 4.3. None was to be had here: what is for them is played in this system's bash, which is told that it is one of them, and
//! its text is searched for what they do not know.

use kintsugi_tests::machine::Machine;
use kintsugi_tests::seat::{HELD, Seat};
use kintsugi_tests::shells::Shell;

/// Returns the whole hook of bash, as it is printed.
fn hook(machine: &Machine) -> String {
    let printed = machine.run(&["init", "bash"]);
    String::from_utf8(printed.stdout).expect("text")
}

/// A bash that takes itself for one before 4.4.
fn old() -> Seat {
    let machine = Machine::new();
    let started = (0..10).any(|_| machine.run(&["daemon", "start"]).status.success());
    assert!(started, "no daemon");
    let hook = hook(&machine);
    let (mine, theirs) = ("BASH_VERSINFO[1] < 404", "BASH_VERSINFO[1] >= 404");
    assert!(hook.contains(mine) && hook.contains(theirs), "{hook}");
    let hook = hook.replace("404))", "9999))");
    // A trap of the user's leaves its own last word in `$_`, also without the hook.
    let lines = "PS1='> '; PROMPT_COMMAND='echo \"<ready>\"'; trap ': > debugged \"$_\"' DEBUG";
    std::fs::write(machine.home().join(".bashrc"), format!("{lines}\n{hook}")).expect("a file");
    let mut command = machine.command("bash");
    command.args(["--noprofile", "-i"]);
    let pty = Shell::Bash.start(&command);
    Seat {
        machine,
        shell: Shell::Bash,
        pty,
        lines: String::new(),
    }
}

#[test]
fn an_old_bash_asks_about_the_line_before_its_first_command() {
    let mut seat = old();
    assert!(seat.pty.screen().contains("is guarded in part"));
    let printed = seat.run("touch ran");
    seat.did_run("ran");
    assert!(!printed.contains("kintsugi"), "{printed}");
    for line in [
        format!("touch ran; {HELD}"),
        format!("touch ran && {HELD}"),
        format!("touch ran | {HELD}"),
        format!("touch ran & {HELD}"),
        format!("{{ touch ran; {HELD}; }}"),
        format!("( touch ran; {HELD} ); touch ran"),
        format!("echo $(touch ran; {HELD})"),
        format!("while true; do touch ran; {HELD}; done"),
        format!("if touch ran; then {HELD}; fi"),
        format!("for i in 1 2; do\rtouch ran; {HELD}\rdone"),
        format!("sh <<END; touch ran\r{HELD}\rEND"),
    ] {
        seat.deny(&line, "n");
        seat.did_not_run("ran");
    }
    seat.approve(&format!("touch ran; {HELD}; sh -c 'exit 9'"));
    seat.did_run("ran");
    assert_eq!(seat.status(), "9");
    seat.deny(HELD, "\r");
    assert_eq!(seat.status(), "130");
    seat.run("for i in 1 2 3; do touch loop$i; done");
    assert!(seat.ran("loop3"), "{}", seat.pty.screen());
    seat.run("echo one two");
    seat.run("echo $_ > last");
    let last = std::fs::read_to_string(seat.file("last")).expect("it ran");
    assert_eq!(last, "two\n");
    // What the user runs before each command still runs.
    seat.did_run("debugged");
    // Where the history hides the line, each command is asked about.
    seat.run("HISTCONTROL=ignorespace");
    seat.deny(&format!(" {HELD}; touch ran"), "n");
    seat.did_not_run("ran");
}

#[test]
fn an_old_bash_records_how_a_line_ended() {
    let mut seat = old();
    seat.run("sh -c 'exit 7'");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    loop {
        let recorded = seat.recorded();
        if let Some(seven) = recorded
            .iter()
            .find(|one| one["raw"].to_string().contains("exit 7"))
        {
            assert_eq!(seven["exit_code"], 7, "{seven:#?}");
            return;
        }
        assert!(std::time::Instant::now() < deadline, "{recorded:#?}");
        seat.run("true");
    }
}

#[test]
fn an_old_bash_can_read_the_hook() {
    let hook = hook(&Machine::new());
    let (own, newer) = hook.split_once(" >= 404))").expect("both parts of it");
    // Without what is only text to bash: comments at the beginning of a line, and words in single quotes.
    let code = |text: &str| {
        let lines = text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'));
        let outside = |line: &str| line.split('\'').step_by(2).collect::<Vec<_>>().join("''");
        lines.map(outside).collect::<Vec<_>>().join("\n")
    };
    // What bash 3.2 cannot read, wherever it stands: it reads all of an `if` before it knows which part it takes.
    for text in [code(own), code(newer)] {
        for syntax in [
            "@(", "?(", "*(", "+(", "!(", "|&", "&>>", ";&", "{fd}", "[[ -v",
        ] {
            // Characters that are counted in a line stand between brackets, and are no syntax.
            let mut lines = text.lines().filter(|line| !line.contains("one="));
            let found = lines.find(|line| line.contains(syntax));
            assert_eq!(found, None, "`{syntax}` is newer than bash 3.2");
        }
    }
    // What it reads and does not have.
    let own = code(own);
    for name in [
        "declare -A",
        "local -A",
        "declare -g",
        "local -n",
        "mapfile",
        "readarray",
        "BASHPID",
        "EPOCHREALTIME",
        "PS0",
        "READLINE_LINE",
        "bind -x",
        "wait -n",
        "^^",
        ",,",
        "@Q",
        "@P",
        "[-1]",
        "%(",
        "read -t",
        "BASH_ALIASES",
        "shopt",
    ] {
        assert!(!own.contains(name), "`{name}` is newer than bash 3.2");
    }
}
