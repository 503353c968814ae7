//! Safe rendering: what a person is shown of a command, and the words for what it would do.
//!
//! A command is text from somebody who may be hostile, and a terminal obeys what it is sent. Nothing here drops anything: what
//! could move the cursor, reorder the line or hide in it is written out. Colours and columns are the business of programs.

use std::fmt::Write as _;

use crate::effect::{Action, Effect, Feed, Modifier, Role};
use crate::place::Place;

/// Returns `text` on one line, with every character that is not plainly visible written out.
///
/// Control characters, bidirectional marks, invisible characters and spaces that are not the space become escapes
/// (`\n`, `\t`, `\x1b`, `\u{202e}`). A backslash stays as it is, so that commands remain readable.
#[must_use]
pub fn escape(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        push_escaped(&mut shown, character);
    }
    shown
}

/// Returns the lines of `text`, each as [`escape`] writes it; a trailing newline makes no empty line.
pub fn escape_lines(text: &str) -> impl Iterator<Item = String> {
    text.strip_suffix('\n')
        .unwrap_or(text)
        .split('\n')
        .map(escape)
}

/// Writes `character` to the end of `shown` as [`escape`] would.
pub fn push_escaped(shown: &mut String, character: char) {
    match character {
        '\n' => shown.push_str("\\n"),
        '\t' => shown.push_str("\\t"),
        '\r' => shown.push_str("\\r"),
        _ if !is_hidden(character) => shown.push(character),
        _ => {
            let code = u32::from(character);
            // Writing to a String cannot fail.
            let written = if code < 0x80 {
                write!(shown, "\\x{code:02x}")
            } else {
                write!(shown, "\\u{{{code:x}}}")
            };
            debug_assert!(written.is_ok());
        }
    }
}

/// Whether a person could overlook or misread `character`.
///
/// Unicode 16: the categories Cc, Cf, Zl and Zp, white space other than the space, variation selectors, fillers, private use
/// and what is never assigned to a character.
#[must_use]
pub const fn is_hidden(character: char) -> bool {
    matches!(character,
        '\0'..='\u{1f}' | '\u{7f}'..='\u{a0}' | '\u{ad}' | '\u{34f}' | '\u{600}'..='\u{605}' | '\u{61c}'
        | '\u{6dd}' | '\u{70f}' | '\u{890}'..='\u{891}' | '\u{8e2}' | '\u{115f}'..='\u{1160}' | '\u{1680}'
        | '\u{17b4}'..='\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{2000}'..='\u{200f}' | '\u{2028}'..='\u{202f}'
        | '\u{205f}'..='\u{206f}' | '\u{2800}' | '\u{3000}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{fffe}'..='\u{ffff}'
        | '\u{110bd}' | '\u{110cd}' | '\u{13430}'..='\u{1343f}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{10ffff}')
}

/// Returns how many columns of a terminal `text` takes, once it has been escaped.
#[must_use]
pub fn columns(text: &str) -> usize {
    text.chars().map(character_columns).sum()
}

/// Returns how many columns `character` takes: 0 for combining marks, 2 for what East Asian width calls wide, else 1.
#[must_use]
pub const fn character_columns(character: char) -> usize {
    match character {
        '\u{300}'..='\u{36f}'
        | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' => 0,
        '\u{1100}'..='\u{115f}'
        | '\u{2e80}'..='\u{a4cf}'
        | '\u{ac00}'..='\u{d7a3}'
        | '\u{f900}'..='\u{faff}'
        | '\u{fe30}'..='\u{fe6f}'
        | '\u{ff00}'..='\u{ff60}'
        | '\u{ffe0}'..='\u{ffe6}'
        | '\u{1f300}'..='\u{1faff}'
        | '\u{20000}'..='\u{3fffd}' => 2,
        _ => 1,
    }
}

/// Returns `text` cut to at most `most` columns, its end replaced by `…` when something is missing.
#[must_use]
pub fn clip(text: &str, most: usize) -> String {
    if columns(text) <= most {
        return text.to_owned();
    }
    let mut clipped = String::new();
    let mut used = 1;
    for character in text.chars() {
        used += character_columns(character);
        if used > most {
            break;
        }
        clipped.push(character);
    }
    clipped.push('…');
    clipped
}

/// Says an effect in words, as one line: "deletes `../src` (project), recursively".
#[must_use]
pub fn describe(effect: &Effect) -> String {
    let mut words = String::from(verb(effect.action));
    if let Some(noun) = noun(effect) {
        words.push(' ');
        words.push_str(noun);
    }
    if !effect.target.text.is_empty() {
        let _infallible = write!(words, " `{}`", escape(&effect.target.text));
    }
    if let Some(place) = effect.target.place.and_then(place_words) {
        let _infallible = write!(words, " ({place})");
    }
    if let Some(feed) = feed_words(effect.feed) {
        let _infallible = write!(words, ", {feed}");
    }
    for modifier in effect.modifiers.iter().map(modifier_words) {
        let _infallible = write!(words, ", {modifier}");
    }
    words
}

/// The verb, in the third person.
const fn verb(action: Action) -> &'static str {
    match action {
        Action::Read => "reads",
        Action::List => "looks at",
        Action::Write => "changes",
        Action::Create => "creates",
        Action::Delete => "deletes",
        Action::Overwrite => "overwrites",
        Action::Truncate => "empties",
        Action::Move => "moves",
        Action::Chmod => "changes the permissions of",
        Action::Chown => "changes the owner of",
        Action::Mount => "mounts or unmounts",
        Action::FormatDevice => "formats",
        Action::Execute => "runs",
        Action::Interpret => "runs code from",
        Action::Elevate => "takes the rights of",
        Action::Install => "installs",
        Action::Publish => "publishes to",
        Action::Rewrite => "rewrites the history of",
        Action::Fetch => "downloads from",
        Action::Send => "sends data to",
        Action::Connect => "connects to",
        Action::Listen => "accepts connections on",
        Action::Kill => "ends",
        Action::StopService => "stops or disables",
        Action::Reboot => "restarts or powers off",
        Action::Schedule => "arranges to run later:",
        Action::Persist => "arranges to run again and again:",
        Action::Grant => "gives rights to",
        Action::Revoke => "takes rights from",
        Action::Spend => "uses up money or the machine:",
    }
}

/// The noun in front of the target; none where the target speaks for itself.
const fn noun(effect: &Effect) -> Option<&'static str> {
    let bare = effect.target.text.is_empty();
    match effect.role {
        Role::Path => {
            if bare {
                Some("a file")
            } else {
                None
            }
        }
        Role::Device => Some("the device"),
        Role::Remote => Some("the remote"),
        Role::Database => Some("the database"),
        Role::Table => Some("the table"),
        Role::Resource => Some("the resource"),
        Role::Package => Some("the package"),
        Role::Service => Some("the service"),
        Role::Process => Some("the process"),
        Role::Account => Some("the account"),
        Role::Secret => Some("the secret"),
        Role::Config => Some("the setting"),
        Role::History => Some("the history"),
        Role::Image => Some("the image"),
        Role::Volume => Some("the volume"),
        Role::Branch => Some("the branch"),
        Role::Code => Some("the code"),
    }
}

/// Where a path lies, for people; nothing where that is no news.
#[must_use]
pub const fn place_words(place: Place) -> Option<&'static str> {
    match place {
        Place::Null | Place::Elsewhere => None,
        Place::Temp => Some("temporary"),
        Place::BuildOutput => Some("build output"),
        Place::Project => Some("in the project"),
        Place::ProjectRoot => Some("the whole project"),
        Place::Trigger => Some("runs by being there"),
        Place::Vcs => Some("version control"),
        Place::Home => Some("in the home directory"),
        Place::Dotfile => Some("settings"),
        Place::Startup => Some("runs at every start"),
        Place::HomeRoot => Some("the whole home directory"),
        Place::System => Some("system"),
        Place::Root => Some("a top-level directory"),
        Place::Device => Some("device"),
        Place::Kernel => Some("kernel"),
        Place::Secret => Some("secret"),
        Place::Guard => Some("the guard itself"),
        Place::Unknown => Some("place unknown"),
    }
}

/// Where the bytes come from, when that matters.
const fn feed_words(feed: Feed) -> Option<&'static str> {
    match feed {
        Feed::Nothing | Feed::Text | Feed::File => None,
        Feed::Program => Some("with what another program prints"),
        Feed::Decoded => Some("with decoded text that nobody has seen"),
        Feed::Secret => Some("with a secret"),
        Feed::Network => Some("with what comes from the network"),
    }
}

/// A circumstance, for people.
const fn modifier_words(modifier: Modifier) -> &'static str {
    match modifier {
        Modifier::Recursive => "with everything below it",
        Modifier::Forced => "overriding a protection",
        Modifier::DryRun => "only as a rehearsal",
        Modifier::Remote => "on another machine",
        Modifier::Unresolved => "known only when it runs",
        Modifier::Glob => "as a pattern",
        Modifier::Elevated => "with more rights than yours",
        Modifier::All => "all of its kind",
        Modifier::Privileged => "outside the usual limits",
        Modifier::Permanent => "for good",
        Modifier::Uncommitted => "work that is not committed",
        Modifier::Shared => "shared with others",
        Modifier::Unverified => "without checking what it is",
        Modifier::Background => "in the background",
        Modifier::Contained => "inside a container",
        Modifier::Indirect => "from a list that is not in the line",
        Modifier::Assumed => "as its words say",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::effect::{Modifiers, Span, Target};

    #[test]
    fn nothing_that_steers_a_terminal_survives() {
        let hostile = "rm\x1b[2K\r\u{202e}x\u{200b}\u{9b}0m\u{7f}\u{a0}\u{e0041}\n\tls";
        let shown = escape(hostile);
        assert_eq!(
            shown,
            "rm\\x1b[2K\\r\\u{202e}x\\u{200b}\\u{9b}0m\\x7f\\u{a0}\\u{e0041}\\n\\tls"
        );
        assert!(shown.chars().all(|c| !is_hidden(c)));
    }

    #[test]
    fn what_is_visible_stays_as_it_is() {
        let plain = "git commit -m 'größer 漢字 ✓' && find . -name \\*.rs";
        assert_eq!(escape(plain), plain);
    }

    #[test]
    fn lines_are_kept_apart_and_the_last_newline_makes_none() {
        let lines: Vec<_> = escape_lines("cat <<E\n\tx\r\nE\n").collect();
        assert_eq!(lines, ["cat <<E", "\\tx\\r", "E"]);
    }

    #[test]
    fn clipping_counts_columns_and_says_that_something_is_missing() {
        assert_eq!(clip("abcdef", 6), "abcdef");
        assert_eq!(clip("abcdefg", 6), "abcde…");
        assert_eq!(clip("漢字漢字", 5), "漢字…");
        assert_eq!(clip("abc", 0), "…");
    }

    #[test]
    fn an_effect_is_said_in_words() {
        let effect = Effect {
            action: Action::Delete,
            role: Role::Path,
            target: Target {
                text: "../src\n".into(),
                place: Some(Place::Project),
            },
            modifiers: Modifiers::NONE.with(Modifier::Recursive),
            feed: Feed::Nothing,
            program: "rm".into(),
            span: Span::default(),
            script: None,
        };
        assert_eq!(
            describe(&effect),
            "deletes `../src\\n` (in the project), with everything below it"
        );
    }
}
