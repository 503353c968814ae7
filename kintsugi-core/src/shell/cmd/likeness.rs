//! Which lines that come as bash are lines of cmd: an agent on Windows does not always say which shell it speaks to.

/// Longest text that is looked at, in bytes.
const LOOKED_AT_BYTES_MAX: usize = 8_192;

/// How much a text is one of cmd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Likeness {
    /// It is none, as far as one can see.
    None,
    /// It may be read by either: both readings count.
    Either,
    /// No shell of Unix could start anything of it.
    Only,
}

/// Commands that only cmd has, when a switch stands behind them.
const SWITCHED: [&str; 9] = [
    "del", "erase", "rd", "copy", "ren", "md", "dir", "rmdir", "xcopy",
];

/// How much `text` is one of cmd.
pub(in super::super) fn likeness(text: &str) -> Likeness {
    // cmd has no here-documents; what stands in one are texts of any kind.
    if text.len() > LOOKED_AT_BYTES_MAX || text.contains("<<") {
        return Likeness::None;
    }
    let begin = text.trim_start_matches(['@', '(', ' ']);
    // A shell that cannot read a line starts nothing of it; of several lines it starts those in front.
    let is_line = !text.trim_end().contains('\n');
    let closes = text
        .split([' ', ';', '\t', ')'])
        .any(|word| word == "fi" || word == "done");
    if is_line && !closes && !text.contains('{') && (is_if(begin) || is_for(begin)) {
        return Likeness::Only;
    }
    let is_plain = is_line && !text.contains(['$', '`', '\'', '{', ';', '#']);
    if is_plain && (text.starts_with('@') || has_switch(begin)) {
        return Likeness::Only;
    }
    let mut open = None;
    let segments = text.split(|letter: char| {
        if matches!(letter, '"' | '\'') && open.is_none_or(|it| it == letter) {
            open = if open.is_some() { None } else { Some(letter) };
        }
        open.is_none() && matches!(letter, '&' | '|' | '\n' | '(')
    });
    let mut sets = false;
    for segment in segments {
        let segment = segment.trim_start_matches([' ', '\t', '@', '"']);
        let word = segment.split([' ', '\t', '"']).next().unwrap_or_default();
        let lower = word.to_ascii_lowercase();
        // `${v%b}` and `$((a % b))` are bash's.
        let is_marked = !word.contains(['=', '$'])
            && !word.contains("))")
            && (word.bytes().filter(|it| *it == b'%').count() >= 2
                || word.contains('^')
                    && word.starts_with(|it: char| it.is_ascii_alphabetic() || it == '^'));
        let expands = sets && segment.contains(['%', '!']);
        let is_own =
            matches!(lower.as_str(), "call" | "start") && segment.contains(['/', '%', '"']);
        let is_joined = SWITCHED.iter().any(|own| {
            lower.strip_prefix(own).is_some_and(|it| {
                it.len() >= 2
                    && it.starts_with('/')
                    && it
                        .as_bytes()
                        .get(2)
                        .is_none_or(|it| !it.is_ascii_alphabetic())
            })
        });
        if is_marked || expands || is_own || is_joined {
            return Likeness::Either;
        }
        sets |= lower == "set" && segment.contains('=');
    }
    Likeness::None
}

fn is_if(text: &str) -> bool {
    let lower: String = text
        .chars()
        .take(64)
        .collect::<String>()
        .to_ascii_lowercase();
    let Some(rest) = lower.strip_prefix("if ") else {
        return false;
    };
    let mut rest = rest.trim_start();
    for word in ["/i ", "not ", "/i "] {
        rest = rest.strip_prefix(word).unwrap_or(rest).trim_start();
    }
    ["exist ", "defined ", "errorlevel ", "cmdextversion "]
        .iter()
        .any(|test| rest.starts_with(test))
        || rest.starts_with(['"', '%', '!']) && text.contains("==")
}

fn is_for(text: &str) -> bool {
    let lower: String = text
        .chars()
        .take(256)
        .collect::<String>()
        .to_ascii_lowercase();
    let Some(rest) = lower.strip_prefix("for ") else {
        return false;
    };
    let rest = rest.trim_start();
    (rest.starts_with('%') || rest.starts_with('/'))
        && rest.contains('%')
        && rest
            .split_once(" in")
            .is_some_and(|(_, behind)| behind.trim_start().starts_with('('))
}

/// `del /q x`: the switch tells that it is cmd's.
fn has_switch(text: &str) -> bool {
    let mut words = text.split([' ', '\t']);
    let name = words.next().unwrap_or_default().to_ascii_lowercase();
    let switch = words.next().unwrap_or_default().as_bytes();
    SWITCHED.contains(&name.as_str())
        && switch.first() == Some(&b'/')
        && switch.get(1).is_some_and(u8::is_ascii_alphabetic)
        && matches!(switch.get(2), None | Some(b'/' | b':'))
}
