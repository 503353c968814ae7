//! Secrets that are known by their own shape, wherever they stand.

use std::ops::Range;

/// A prefix, the fewest characters behind it, and which those may be.
struct Shape {
    prefix: &'static str,
    least: usize,
    most: usize,
    alphabet: Alphabet,
}

#[derive(Clone, Copy)]
enum Alphabet {
    /// Capitals and digits.
    Upper,
    /// Letters, digits, `_` and `-`.
    Word,
    /// As `Word`, with `.`, `/`, `+`, `=` and `:`.
    Wide,
}

impl Alphabet {
    const fn has(self, byte: u8) -> bool {
        match self {
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Word => byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'),
            Self::Wide => {
                byte.is_ascii_alphanumeric()
                    || matches!(byte, b'_' | b'-' | b'.' | b'/' | b'+' | b'=' | b':')
            }
        }
    }
}

const fn shape(prefix: &'static str, least: usize, alphabet: Alphabet) -> Shape {
    Shape {
        prefix,
        least,
        most: usize::MAX,
        alphabet,
    }
}

/// From the documentation of who issues them, as of 2026: GitHub, GitLab, Slack, Stripe, AWS IAM
/// identifiers, Google, npm, `PyPI`, …
const SHAPES: [Shape; 59] = [
    Shape {
        prefix: "AKIA",
        least: 16,
        most: 16,
        alphabet: Alphabet::Upper,
    },
    Shape {
        prefix: "ASIA",
        least: 16,
        most: 16,
        alphabet: Alphabet::Upper,
    },
    shape("ghp_", 20, Alphabet::Word),
    shape("gho_", 20, Alphabet::Word),
    shape("ghu_", 20, Alphabet::Word),
    shape("ghs_", 20, Alphabet::Word),
    shape("ghr_", 20, Alphabet::Word),
    shape("github_pat_", 20, Alphabet::Word),
    shape("glpat-", 16, Alphabet::Wide),
    shape("gldt-", 16, Alphabet::Word),
    shape("glrt-", 16, Alphabet::Word),
    shape("glsa_", 20, Alphabet::Word),
    shape("sk-", 20, Alphabet::Word),
    shape("sk_live_", 10, Alphabet::Word),
    shape("sk_test_", 10, Alphabet::Word),
    shape("rk_live_", 10, Alphabet::Word),
    shape("rk_test_", 10, Alphabet::Word),
    shape("whsec_", 16, Alphabet::Wide),
    shape("xoxb-", 10, Alphabet::Word),
    shape("xoxp-", 10, Alphabet::Word),
    shape("xoxa-", 10, Alphabet::Word),
    shape("xoxr-", 10, Alphabet::Word),
    shape("xoxs-", 10, Alphabet::Word),
    shape("xoxc-", 10, Alphabet::Word),
    shape("xoxe-", 10, Alphabet::Word),
    shape("xapp-", 10, Alphabet::Word),
    shape("npm_", 30, Alphabet::Word),
    shape("pypi-", 50, Alphabet::Word),
    shape("hf_", 30, Alphabet::Word),
    shape("AIza", 35, Alphabet::Word),
    shape("ya29.", 20, Alphabet::Word),
    shape("GOCSPX-", 20, Alphabet::Word),
    shape("SG.", 40, Alphabet::Wide),
    shape("dop_v1_", 40, Alphabet::Word),
    shape("doo_v1_", 40, Alphabet::Word),
    shape("shpat_", 30, Alphabet::Word),
    shape("shpss_", 30, Alphabet::Word),
    shape("shpca_", 30, Alphabet::Word),
    shape("sq0atp-", 20, Alphabet::Word),
    shape("sq0csp-", 20, Alphabet::Word),
    shape("EAAA", 60, Alphabet::Word),
    shape("lin_api_", 30, Alphabet::Word),
    shape("ntn_", 30, Alphabet::Word),
    shape("dckr_pat_", 20, Alphabet::Word),
    shape("figd_", 20, Alphabet::Word),
    shape("hvs.", 20, Alphabet::Word),
    shape("hvb.", 20, Alphabet::Word),
    shape("xkeysib-", 30, Alphabet::Word),
    shape("AGE-SECRET-KEY-", 50, Alphabet::Word),
    shape("tskey-", 16, Alphabet::Word),
    shape("rubygems_", 40, Alphabet::Word),
    shape("dapi", 32, Alphabet::Word),
    shape("nvapi-", 40, Alphabet::Word),
    shape("gsk_", 40, Alphabet::Word),
    shape("r8_", 30, Alphabet::Word),
    shape("pplx-", 30, Alphabet::Word),
    shape("sntrys_", 30, Alphabet::Wide),
    shape("CFPAT-", 30, Alphabet::Word),
    shape("ATATT3", 40, Alphabet::Wide),
];

/// Addresses whose path is the secret.
const HOOKS: [&str; 5] = [
    "hooks.slack.com/services/",
    "discord.com/api/webhooks/",
    "discordapp.com/api/webhooks/",
    "api.telegram.org/bot",
    "webhook.office.com/webhookb2/",
];

/// Adds what is found in `text`.
pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    let mut inside_word = false;
    for (at, byte) in text.bytes().enumerate() {
        let member = byte.is_ascii_alphanumeric() || byte == b'_';
        if member && !inside_word {
            found.extend(token_at(text, at));
        }
        inside_word = member;
    }
    for hook in HOOKS {
        for (at, _) in text.match_indices(hook) {
            let start = at + hook.len();
            found.push(start..start + run(text, start, Alphabet::Wide));
        }
    }
    private_keys(text, found);
}

fn token_at(text: &str, at: usize) -> Option<Range<usize>> {
    let rest = text.get(at..)?;
    let first = rest.as_bytes().first();
    // Most words begin like no shape at all; one byte tells.
    let mut alike = SHAPES
        .iter()
        .filter(|shape| shape.prefix.as_bytes().first() == first);
    let known = alike.find_map(|shape| {
        let behind = at
            + rest
                .starts_with(shape.prefix)
                .then_some(shape.prefix.len())?;
        let length = run(text, behind, shape.alphabet);
        (shape.least..=shape.most)
            .contains(&length)
            .then(|| at..behind + length)
    });
    known
        .or_else(|| web_token(text, at))
        .or_else(|| bot_token(text, at))
}

/// How many bytes from `start` on belong to `alphabet`.
fn run(text: &str, start: usize, alphabet: Alphabet) -> usize {
    let rest = text.as_bytes().get(start..).unwrap_or_default();
    rest.iter().take_while(|byte| alphabet.has(**byte)).count()
}

/// A JSON web token (RFC 7519): three parts in base64url, the first of which is an encoded object.
fn web_token(text: &str, at: usize) -> Option<Range<usize>> {
    if !text.get(at..)?.starts_with("eyJ") {
        return None;
    }
    let mut end = at + run(text, at, Alphabet::Word);
    let mut parts = 1;
    while parts < 3 && text.as_bytes().get(end) == Some(&b'.') {
        end += 1 + run(text, end + 1, Alphabet::Word);
        parts += 1;
    }
    (parts > 1 && end - at > 20).then_some(at..end)
}

/// A bot of Telegram: `123456789:` and 35 characters.
fn bot_token(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes().get(at..)?;
    let digits = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let behind = at + digits + 1;
    let length = run(text, behind, Alphabet::Word);
    ((8..=10).contains(&digits) && bytes.get(digits) == Some(&b':') && length == 35)
        .then(|| at..behind + length)
}

/// Everything between the first and the last line of a private key, or to the end when that is
/// missing.
fn private_keys(text: &str, found: &mut Vec<Range<usize>>) {
    for (at, _) in text.match_indices("PRIVATE KEY") {
        let begins = text.get(..at).is_some_and(|before| {
            before.rfind("-----").is_some_and(|dashes| {
                before
                    .get(dashes..)
                    .is_some_and(|label| label.starts_with("-----BEGIN ") && label.len() < 40)
            })
        });
        if !begins {
            continue;
        }
        let start = at + "PRIVATE KEY".len();
        let rest = text.get(start..).unwrap_or_default();
        let head = rest
            .bytes()
            .take_while(|byte| matches!(byte, b'-' | b' ' | b'B' | b'L' | b'O' | b'C' | b'K'))
            .count();
        let end = rest.find("-----END").map_or(text.len(), |end| start + end);
        found.push(start + head.min(20)..end);
    }
}
