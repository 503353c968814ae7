//! What of a proposal and its judgement a record keeps: without its secrets, and so that it fits into its bound.
//!
//! A record has at most [`RECORD_BYTES_MAX`] bytes, and a hold must fit into one together with its command, since that
//! is how the live state is kept. What is cut is cut here, before anything is decided on the strength of it.

use std::borrow::Cow;

use kintsugi_core::audit::record::{Command, Cut, Exact};
use kintsugi_core::facts::Facts;
use kintsugi_core::grant::text_hash;
use kintsugi_core::limits::RECORD_BYTES_MAX;
use kintsugi_core::proposal::ProposedCommand;
use kintsugi_core::protocol::Verdict;
use kintsugi_core::redact::{mask, redact};
use serde::Serialize;

use crate::state::Fingerprint;

/// Most bytes of JSON that text, words and directory of a command may take, to be kept whole.
const COMMAND_BYTES_MAX: usize = 36 * 1024;

/// Most bytes of JSON that the facts of a proposal may take; larger ones are left out.
const FACTS_BYTES_MAX: usize = 12 * 1024;

/// Longest text of a script file that is kept, in bytes; of a longer one the hash is.
const SCRIPT_BYTES_KEPT: usize = 4 * 1024;

/// Most bytes of JSON that each list and each text of a judgement may take.
const PART_BYTES_MAX: usize = 3 * 1024;

// The seven parts of a verdict, what it is bound to, a command, and 3 KiB for everything of fixed length.
const _: () = assert!(COMMAND_BYTES_MAX + 8 * PART_BYTES_MAX + 3 * 1024 < RECORD_BYTES_MAX);
const _: () = assert!(COMMAND_BYTES_MAX + FACTS_BYTES_MAX + 12 * 1024 < RECORD_BYTES_MAX);

/// Bytes in which the secrets of a text are looked for of which less is kept: enough to know one by that begins in what is.
const SEARCHED_BYTES: usize = 16 * 1024;
const _: () = assert!(SEARCHED_BYTES > 2 * COMMAND_BYTES_MAX / 12);

/// Returns what a record keeps of a command.
#[must_use]
pub(crate) fn command(command: ProposedCommand, fingerprint: Fingerprint) -> Command {
    let mut kept = Command::from(command);
    let bytes = u64::try_from(kept.raw.len()).unwrap_or(u64::MAX);
    // As JSON nothing is shorter. Most of what is longer is not looked at: it may be a mebibyte.
    let words: usize = kept.argv.iter().map(String::len).sum();
    let is_long = kept.raw.len() + kept.cwd.len() + words > COMMAND_BYTES_MAX;
    let whole = is_long.then(|| text_hash(&kept.raw));
    if is_long {
        text(&mut kept.raw, SEARCHED_BYTES);
        text(&mut kept.cwd, SEARCHED_BYTES);
        kept.argv.clear();
    }
    hide_secrets(&mut kept, fingerprint, whole);
    kept.facts = kept.facts.take().and_then(facts);
    let words: usize = kept.argv.iter().map(json_bytes).sum();
    let json = json_bytes(&kept.raw) + json_bytes(&kept.cwd) + words;
    if !is_long && json <= COMMAND_BYTES_MAX {
        return kept;
    }
    kept.cut = Some(Cut {
        bytes,
        fingerprint: fingerprint.text(),
    });
    // A byte of text has at most six of JSON (`\u0000`).
    text(&mut kept.raw, COMMAND_BYTES_MAX / 12);
    text(&mut kept.cwd, COMMAND_BYTES_MAX / 24);
    kept.argv.clear();
    kept
}

/// Masks the secrets of a command. What tells it from others that are masked alike is kept beside it; `whole` is the hash of
/// its text, where not all of that is here.
fn hide_secrets(kept: &mut Command, fingerprint: Fingerprint, whole: Option<String>) {
    let owned = |masked: Cow<'_, str>| match masked {
        Cow::Borrowed(_) => None,
        Cow::Owned(masked) => Some(masked),
    };
    let raw = owned(redact(&kept.raw));
    let cwd = owned(redact(&kept.cwd));
    let words = kept.argv.join(" ");
    if raw.is_none() && cwd.is_none() && matches!(redact(&words), Cow::Borrowed(_)) {
        return;
    }
    kept.exact = Some(Box::new(Exact {
        fingerprint: fingerprint.text(),
        text: whole.unwrap_or_else(|| text_hash(&kept.raw)),
    }));
    kept.raw = raw.unwrap_or_else(|| std::mem::take(&mut kept.raw));
    kept.cwd = cwd.unwrap_or_else(|| std::mem::take(&mut kept.cwd));
    // An option and its value are two words here, and tell nothing that the text does not.
    kept.argv.clear();
}

/// Returns what a record keeps of facts: of the policy of a repository its hash, and nothing when the rest is too long.
fn facts(mut facts: Box<Facts>) -> Option<Box<Facts>> {
    if let Some(policy) = &mut facts.project_policy {
        let text = policy.text.take();
        policy.blake3 = text.map(|text| blake3::hash(text.as_bytes()).to_hex().to_string());
    }
    let fits = |facts: &Facts| json_bytes(facts) <= FACTS_BYTES_MAX;
    scripts(&mut facts);
    // Masked it may be longer, and what is too long already need not be.
    let mut facts = Some(facts).filter(|facts| fits(facts))?;
    facts.mask();
    Some(facts).filter(|facts| fits(facts))
}

/// Leaves of script files their hash, and their text with its secrets masked when that is short.
fn scripts(facts: &mut Facts) {
    for script in &mut facts.script {
        let hash = |text: &String| blake3::hash(text.as_bytes()).to_hex().to_string();
        script.blake3 = script.text.as_ref().map(hash);
        script.text = script
            .text
            .take()
            .filter(|text| text.len() <= SCRIPT_BYTES_KEPT);
    }
    let is_long = json_bytes(facts) > FACTS_BYTES_MAX;
    for script in &mut facts.script {
        script.text = script.text.take().filter(|_| !is_long);
        script.text.iter_mut().for_each(mask);
    }
    if json_bytes(facts) > FACTS_BYTES_MAX {
        for script in &mut facts.script {
            script.text = None;
        }
    }
}

/// Masks `text` and cuts it after at most `bytes_max` bytes. Of what is far beyond these nothing is looked at.
pub(crate) fn masked(long: &mut String, bytes_max: usize) {
    text(long, bytes_max.saturating_add(SEARCHED_BYTES));
    mask(long);
    text(long, bytes_max);
}

/// Leaves of a verdict what a record keeps: of each list the first, of each text the beginning.
pub(crate) fn verdict(verdict: &mut Verdict) {
    list(&mut verdict.effects);
    list(&mut verdict.findings);
    list(&mut verdict.capture);
    text(&mut verdict.reason, PART_BYTES_MAX / 6);
    let optional = [
        &mut verdict.instead,
        &mut verdict.summary,
        &mut verdict.rule,
    ];
    for long in optional.into_iter().flatten() {
        text(long, PART_BYTES_MAX / 6);
    }
}

/// Cuts `text` after at most `bytes_max` bytes, between two characters.
pub(crate) fn text(text: &mut String, bytes_max: usize) {
    let mut cut = bytes_max.min(text.len());
    while !text.is_char_boundary(cut) {
        cut -= 1;
    }
    text.truncate(cut);
}

/// Leaves of a list what fits into its part of a record: the first of it.
pub(crate) fn list<T: Serialize>(list: &mut Vec<T>) {
    let mut bytes = 0_usize;
    let kept = list.iter().take_while(|item| {
        bytes = bytes.saturating_add(json_bytes(item) + 1);
        bytes <= PART_BYTES_MAX
    });
    let kept = kept.count();
    list.truncate(kept);
}

fn json_bytes<T: Serialize + ?Sized>(value: &T) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX / 4, |json| json.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposed(raw: &str) -> ProposedCommand {
        let json = serde_json::json!({
            "id": uuid::Uuid::nil(), "ts": "", "agent": "shell", "cwd": "/", "raw": raw,
        });
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn what_fits_is_kept_whole() {
        let raw = "é".repeat(10_000);
        let kept = command(proposed(&raw), Fingerprint::new([0xab; 32]));
        assert_eq!((kept.raw, kept.cut), (raw, None));
    }

    #[test]
    fn no_secret_is_kept_and_two_of_them_are_told_apart() {
        let kept = |secret: &str| {
            let mut proposed = proposed(&format!("mysql -p{secret} db"));
            proposed.argv = vec!["mysql".into(), format!("-p{secret}"), "db".into()];
            let fingerprint = Fingerprint::of_proposed(&proposed);
            command(proposed, fingerprint)
        };
        let (one, other) = (kept("hunter2"), kept("hunter3"));
        assert_eq!(one.raw, "mysql -p[redacted] db");
        assert_eq!(one.raw, other.raw);
        assert_ne!(one.exact, other.exact);
        let json = serde_json::to_string(&one).unwrap();
        assert!(!json.contains("hunter"), "{json}");
    }

    #[test]
    fn what_does_not_fit_says_so_and_then_fits() {
        for piece in ["x", "\u{1}", "é", "\""] {
            let raw = piece.repeat(64 * 1024);
            let bytes = u64::try_from(raw.len()).unwrap();
            let kept = command(proposed(&raw), Fingerprint::new([0xab; 32]));
            assert_eq!(
                kept.cut,
                Some(Cut {
                    bytes,
                    fingerprint: "ab".repeat(32)
                })
            );
            assert!(json_bytes(&kept.raw) < COMMAND_BYTES_MAX, "{piece:?}");
        }
    }
}
