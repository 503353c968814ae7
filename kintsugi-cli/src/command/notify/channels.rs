//! The channels that are programs or a terminal. Each has a time limit, and none takes what is told for anything but text.

use std::io::{self, Write};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use super::Notice;
use crate::group::end_group;

/// Longest that a program may take to tell somebody.
pub(super) const LIMIT: Duration = Duration::from_secs(10);

/// How often its end is looked for.
const PAUSE: Duration = Duration::from_millis(10);

/// Tells by a command of the person's own. What is told stands in its environment, never in its text.
pub(super) fn by_command(command: &str, notice: &Notice) -> io::Result<()> {
    let mut own = Command::new("sh");
    own.args(["-c", command])
        .env("KINTSUGI_HELD", notice.held.to_string())
        .env("KINTSUGI_ID", &notice.id)
        .env("KINTSUGI_COMMAND", &notice.command)
        .env("KINTSUGI_REASON", &notice.reason)
        .env("KINTSUGI_AGENT", &notice.agent);
    run(own, Some(LIMIT))
}

/// Shows a message in every client of tmux.
pub(super) fn in_tmux(notice: &Notice) -> io::Result<()> {
    // `#` begins a format there and `%` a time, tmux(1) FORMATS; a message is shown after both.
    let words = format!("{}: {}", notice.title, notice.words);
    let words = words.replace('#', "##").replace('%', "%%");
    let clients = Command::new("tmux")
        .args(["list-clients", "-F", "#{client_name}"])
        .stdin(Stdio::null())
        .output()?;
    for client in String::from_utf8_lossy(&clients.stdout).lines() {
        let mut message = Command::new("tmux");
        message.args(["display-message", "-c", client, "-d", "8000", "--", &words]);
        run(message, Some(LIMIT))?;
    }
    Ok(())
}

/// Leaves the number where a status line can show it. tmux may not run at all.
pub(super) fn count_in_tmux(held: usize) {
    let mut count = Command::new("tmux");
    count.args(["set-option", "-g", "@kintsugi_held", &held.to_string()]);
    drop(run(count, Some(LIMIT)));
}

/// Rings at a terminal: BEL; OSC 9 (iTerm2, `WezTerm`, Windows Terminal, Ghostty); OSC 777 (urxvt, Ghostty, Warp).
pub(super) fn at_terminal(notice: &Notice, in_tmux: bool, to: &mut dyn Write) -> io::Result<()> {
    // `;` parts the members of both.
    let (title, words) = (&notice.title, notice.words.replace(';', ","));
    let mut sequences = format!("\x1b]9;{words}\x07\x1b]777;notify;{title};{words}\x07");
    if in_tmux {
        // Handed on to the terminal around it where `allow-passthrough` is on, tmux(1).
        sequences = format!("\x1bPtmux;{}\x1b\\", sequences.replace('\x1b', "\x1b\x1b"));
    }
    write!(to, "\x07{sequences}{title}: {words}\r\n")?;
    to.flush()
}

/// Returns where a program is.
pub(super) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&path).map(|directory| directory.join(program));
    found.find(|path| path.is_file())
}

/// Runs a program without a word of its own to its end, or to the end of its time with all that it started.
pub(super) fn run(mut program: Command, limit: Option<Duration>) -> io::Result<()> {
    let started = Instant::now();
    let mut child = program
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()?;
    let Some(limit) = limit else {
        return child.wait().map(drop);
    };
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(io::Error::other(status.to_string())),
            None if started.elapsed() < limit => std::thread::sleep(PAUSE),
            None => {
                end_group(&mut child);
                let message = format!("it took longer than {} s", limit.as_secs());
                return Err(io::Error::other(message));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_does_not_end_is_ended_with_all_that_it_started() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pid");
        // Under load it may take a while to begin.
        for limit in [1, 10, 60] {
            let mut program = Command::new("sh");
            program.args(["-c", "sleep 1000 & echo $! > pid; wait"]);
            program.current_dir(directory.path());
            let error = run(program, Some(Duration::from_secs(limit))).unwrap_err();
            assert!(error.to_string().contains("took longer"), "{error}");
            if file.exists() {
                break;
            }
        }
        let pid = std::fs::read_to_string(file).unwrap();
        // Gone, or dead and not yet taken leave of, as soon as the kernel gets to it.
        let runs = || {
            std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()))
                .is_ok_and(|state| !state.contains(") Z "))
        };
        let end = Instant::now() + Duration::from_secs(60);
        while runs() && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(!runs());
    }

    #[test]
    fn what_is_told_at_a_terminal_is_text_and_cannot_begin_a_sequence_of_its_own() {
        let notice = Notice {
            title: "title".to_owned(),
            words: "4;3;100 a;b".to_owned(),
            ..Notice::default()
        };
        let mut plain = Vec::new();
        at_terminal(&notice, false, &mut plain).unwrap();
        assert_eq!(
            String::from_utf8(plain).unwrap(),
            "\x07\x1b]9;4,3,100 a,b\x07\x1b]777;notify;title;4,3,100 a,b\x07title: 4,3,100 a,b\r\n"
        );
        let mut inside = Vec::new();
        at_terminal(&notice, true, &mut inside).unwrap();
        let inside = String::from_utf8(inside).unwrap();
        assert!(
            inside.starts_with("\x07\x1bPtmux;\x1b\x1b]9;"),
            "{inside:?}"
        );
    }
}
