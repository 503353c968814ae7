//! What a person can answer, and what counts as an answer.

use kintsugi_tests::seat::{HELD, Seat};
use kintsugi_tests::shells::Shell;

use super::Scenario;

/// The scenarios.
pub(crate) const SCENARIOS: &[Scenario] = &[
    ("harmless: runs at once, nothing is shown", |seat| {
        let printed = seat.run("touch ran");
        seat.did_run("ran");
        assert!(!seat.names_the_guard(&printed), "{printed}");
    }),
    ("yes runs it, once", |seat| {
        seat.approve(&format!("touch ran; {HELD}"));
        seat.did_run("ran");
        seat.deny(&format!("touch ran; {HELD}"), "n");
        seat.did_not_run("ran");
    }),
    ("n denies", |seat| refuses(seat, "n")),
    ("Enter denies", |seat| refuses(seat, "\r")),
    ("Escape denies", |seat| refuses(seat, "\u{1b}")),
    ("Ctrl-C denies", |seat| refuses(seat, "\u{3}")),
    ("Ctrl-D denies", |seat| refuses(seat, "\u{4}")),
    ("Ctrl-Z denies", |seat| refuses(seat, "\u{1a}")),
    ("Ctrl-\\ denies", |seat| refuses(seat, "\u{1c}")),
    ("any other key denies", |seat| refuses(seat, "x")),
    ("a key typed ahead is no answer", |seat| {
        // The `y` is in the terminal before the question is.
        seat.pty.send(&format!("touch ran; {HELD}\ry"));
        seat.denied("n");
        seat.did_not_run("ran");
    }),
    ("? shows more and asks again", |seat| {
        seat.pty.send(&format!("touch ran; {HELD}\r"));
        seat.pty.expect("run it? [y/N]");
        seat.pty.send("?");
        seat.pty.expect("because");
        seat.pty.expect("run it? [y/N]");
        seat.pty.send("y");
        seat.pty.expect("approved");
        seat.shell.ready(&mut seat.pty);
        seat.did_run("ran");
    }),
    ("l leaves it held for another terminal", leaves_it_held),
    ("e gives the line back to be changed", |seat| {
        seat.relayed();
        seat.pty.send(&format!("touch ran; {HELD}\r"));
        let question = seat.pty.expect("run it? [y/N]");
        seat.pty
            .send(if seat.shell == Shell::Fish { "n" } else { "e" });
        seat.pty.expect("denied");
        if seat.shell == Shell::Zsh {
            seat.shell.ready(&mut seat.pty);
        }
        // The line is in the editor: what is behind `touch` is taken away, and then it runs.
        seat.pty.expect(HELD);
        seat.pty.send("\u{1}\u{b}touch changed\r");
        seat.shell.ready(&mut seat.pty);
        assert!(seat.ran("changed"), "{question}\n{}", seat.pty.screen());
        seat.did_not_run("ran");
    }),
    ("approved in another terminal: runs", |seat| {
        seat.pty.send(&format!("touch ran; {HELD}\r"));
        let id = id_in(&seat.pty.expect("run it? [y/N]"));
        let (code, printed) = seat.machine.elsewhere(&["approve", &id]);
        assert_eq!(code, 0, "{printed}");
        seat.pty.expect("approved elsewhere");
        seat.shell.ready(&mut seat.pty);
        seat.did_run("ran");
    }),
    (
        "a panic holds what is safe too, and says what ends it",
        |seat| {
            seat.run("touch before");
            seat.did_run("before");
            let (code, printed) = seat.machine.elsewhere(&["panic"]);
            assert_eq!(code, 0, "{printed}");
            seat.pty.send("touch ran\r");
            seat.pty
                .expect("everything is held until somebody says `kintsugi resume`");
            seat.denied("n");
            seat.did_not_run("ran");
            let (code, printed) = seat.machine.elsewhere(&["resume"]);
            assert_eq!(code, 0, "{printed}");
            let printed = seat.run("touch after");
            seat.did_run("after");
            assert!(!printed.contains("kintsugi"), "{printed}");
        },
    ),
    ("denied in another terminal: does not run", |seat| {
        seat.pty.send(&format!("touch ran; {HELD}\r"));
        let id = id_in(&seat.pty.expect("run it? [y/N]"));
        let (code, printed) = seat.machine.elsewhere(&["deny", &id]);
        assert_eq!(code, 0, "{printed}");
        seat.pty.expect("denied elsewhere");
        seat.next_prompt();
        seat.did_not_run("ran");
    }),
];

fn refuses(seat: &mut Seat, keys: &str) {
    seat.deny(&format!("touch ran; {HELD}"), keys);
    seat.did_not_run("ran");
    // fish has no way to say that a line did not run: its `$status` stays that of the command before.
    if seat.shell != Shell::Fish {
        assert_eq!(seat.status(), "130");
    }
}

fn leaves_it_held(seat: &mut Seat) {
    let line = format!("touch ran; {HELD}");
    seat.pty.send(&format!("{line}\r"));
    let id = id_in(&seat.pty.expect("run it? [y/N]"));
    seat.pty.send("l");
    seat.pty.expect("left");
    seat.next_prompt();
    seat.did_not_run("ran");
    let (code, printed) = seat.machine.elsewhere(&["approve", &id]);
    assert_eq!(code, 0, "{printed}");
    seat.run(&line);
    seat.did_run("ran");
}

/// Returns the id by which a card says it can be answered.
pub(crate) fn id_in(card: &str) -> String {
    let (_, rest) = card
        .rsplit_once("kintsugi approve ")
        .expect("how to answer");
    rest.chars().take_while(char::is_ascii_hexdigit).collect()
}
