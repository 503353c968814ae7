//! What a card looks like, and what it never does.

use kintsugi_core::effect::{Action, Feed, Modifiers, Role, Target};

use super::*;

fn command(raw: &str) -> ProposedCommand {
    ProposedCommand {
        id: uuid::Uuid::nil(),
        ts: "2026-01-02T03:04:05Z".into(),
        agent: "claude-code".into(),
        cwd: "/home/ada/project".into(),
        argv: Vec::new(),
        raw: raw.into(),
        session: Some("0123456789abcdef".into()),
        shell: None,
        tool: Some("Bash".into()),
        facts: None,
        can: Vec::new(),
        interactive: false,
    }
}

fn finding(start: u32, end: u32) -> Finding {
    Finding {
        rule: "git.rewrite-remote".into(),
        class: Class::Catastrophic,
        reason: "replaces history that others may already have fetched".into(),
        span: Span { start, end },
        risk: None,
        instead: None,
    }
}

fn effect(start: u32, end: u32) -> Effect {
    Effect {
        action: Action::Rewrite,
        role: Role::Remote,
        target: Target::named("origin"),
        modifiers: Modifiers::NONE,
        feed: Feed::Nothing,
        program: "git push".into(),
        span: Span { start, end },
        script: None,
    }
}

fn rendered(command: &ProposedCommand, width: usize) -> String {
    let card = Card {
        command,
        proposed: true,
        class: Class::Catastrophic,
        risk: None,
        scored: None,
        said: None,
        reason: "replaces history",
        findings: &[finding(8, 24)],
        effects: &[effect(8, 24)],
        grounds: &[],
        instead: Some("git push --force-with-lease"),
        expires_ms: Some(28_800_000),
        whole: false,
    };
    let answer = ["kintsugi approve 00000000".to_owned()];
    card.render("kintsugi holds this command", &answer, width, Paint::Plain)
}

#[test]
fn a_card_says_what_a_person_must_know() {
    assert_eq!(
        rendered(&command("make && git push --force"), 80),
        "\
kintsugi holds this command (catastrophic)

  make && git push --force
          ^^^^^^^^^^^^^^^^

  from     claude-code (Bash), session 0123456789a…, in /home/ada/project
  does     rewrites the history of the remote `origin`
  because  `git push --force` replaces history that others may already have
           fetched [git.rewrite-remote]
  instead  git push --force-with-lease
  lasts    8 h, then it is denied
  answer   kintsugi approve 00000000
"
    );
}

#[test]
fn a_card_fits_twenty_columns() {
    let text = rendered(&command("make && git push --force"), 20);
    for line in text.lines() {
        assert!(columns(line) <= 20, "{line:?} in\n{text}");
    }
    let words = text.split_whitespace().collect::<String>();
    for part in [
        "git.rewrite-remote",
        "kintsugiapprove00000000",
        "/home/ada/project",
    ] {
        assert!(words.contains(part), "{part} in\n{text}");
    }
}

#[test]
fn no_width_breaks_a_card() {
    let hostile = command("git push\x1b[2K --force \u{202e}漢字漢字\n\n'x\ty'");
    for width in 0..120 {
        let text = rendered(&hostile, width);
        for line in text.lines() {
            assert!(columns(line) <= width.max(COLUMNS_MIN), "{width}: {line:?}");
        }
        let hidden = |c| c != '\n' && kintsugi_core::display::is_hidden(c);
        assert!(!text.contains(hidden), "{width}");
    }
}

#[test]
fn a_finding_about_the_whole_line_underlines_nothing() {
    let raw = command("git push --force");
    let card = Card {
        command: &raw,
        proposed: true,
        class: Class::Catastrophic,
        risk: None,
        scored: None,
        said: None,
        reason: "",
        findings: &[finding(0, 16)],
        effects: &[],
        grounds: &[],
        instead: None,
        expires_ms: None,
        whole: false,
    };
    let text = card.render("held", &[], 80, Paint::Plain);
    assert!(!text.contains('^'), "{text}");
}

#[test]
fn long_lists_say_how_many_are_left_out() {
    let texts = (0..9).map(|number| number.to_string());
    assert_eq!(
        listed(LISTED_MAX, texts),
        ["0", "1", "2", "3", "4", "… and 4 more"]
    );
    let twice = ["a", "b", "a"].into_iter().map(str::to_owned);
    assert_eq!(listed(LISTED_MAX, twice), ["a", "b"]);
    let texts = (0..9).map(|number| number.to_string());
    assert_eq!(listed(usize::MAX, texts).len(), 9);
}

#[test]
fn time_spans_have_two_units() {
    let shown: Vec<_> = [
        499, 59_000, 59_999, 3_600_000, 28_740_000, 28_799_990, 90_000_000,
    ]
    .map(duration)
    .into();
    assert_eq!(
        shown,
        [
            "0 s",
            "59 s",
            "1 min",
            "1 h",
            "7 h 59 min",
            "8 h",
            "1 d 1 h"
        ]
    );
}

#[test]
fn only_a_terminal_gets_colours() {
    assert_eq!(Paint::Plain.tone(Tone::Bad, "x"), "x");
    assert_eq!(Paint::Colour.tone(Tone::Bad, "x"), "\x1b[1;31mx\x1b[0m");
}
