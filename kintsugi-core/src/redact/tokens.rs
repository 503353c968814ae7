//! Secrets that are known by their own shape, wherever they stand.

use std::ops::Range;

use super::runs::{Runs, standing};

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
    /// Digits and `a` to `f`.
    Hex,
    /// Letters and digits.
    Alnum,
    /// Letters, digits, `_` and `-`.
    Word,
    /// As `Word`, with `.`, `/`, `+`, `=` and `:`.
    Wide,
}

impl Alphabet {
    const fn has(self, byte: u8) -> bool {
        match self {
            Self::Upper => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
            Self::Hex => byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'),
            Self::Alnum => byte.is_ascii_alphanumeric(),
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

const fn between(prefix: &'static str, least: usize, most: usize, alphabet: Alphabet) -> Shape {
    Shape {
        prefix,
        least,
        most,
        alphabet,
    }
}

const fn exactly(prefix: &'static str, length: usize, alphabet: Alphabet) -> Shape {
    between(prefix, length, length, alphabet)
}

/// From the documentation of who issues them, as of 2026, by their first byte, of which the longest comes first: AWS, Azure,
/// Google, GitHub, GitLab, Slack, Stripe, npm, `PyPI`, … `corpus.rs` has one of each.
const SHAPES: [Shape; 174] = [
    shape("1//0", 40, Alphabet::Word),
    shape("AGE-SECRET-KEY-", 50, Alphabet::Word),
    shape("AGE-PLUGIN-", 40, Alphabet::Word),
    shape("ATATT3", 40, Alphabet::Wide),
    shape("ATCTT3", 40, Alphabet::Wide),
    exactly("ABIA", 16, Alphabet::Upper),
    exactly("ACCA", 16, Alphabet::Upper),
    shape("AIza", 35, Alphabet::Word),
    shape("AKCp", 60, Alphabet::Alnum),
    exactly("AKIA", 16, Alphabet::Upper),
    between("AKID", 13, 40, Alphabet::Alnum),
    shape("API-", 26, Alphabet::Upper),
    shape("AQVN", 35, Alphabet::Word),
    exactly("ASIA", 16, Alphabet::Upper),
    shape("ATBB", 32, Alphabet::Alnum),
    shape("BBDC-", 30, Alphabet::Wide),
    shape("CLOJARS_", 60, Alphabet::Alnum),
    shape("CCIPAT_", 30, Alphabet::Word),
    shape("CCIPRJ_", 30, Alphabet::Word),
    shape("CFPAT-", 30, Alphabet::Word),
    shape("EAAA", 60, Alphabet::Word),
    shape("EZAK", 54, Alphabet::Alnum),
    shape("EZTK", 54, Alphabet::Alnum),
    shape("EAA", 80, Alphabet::Alnum),
    shape("FLWSECK", 12, Alphabet::Word),
    shape("GR1348941", 16, Alphabet::Word),
    shape("GOCSPX-", 20, Alphabet::Word),
    shape("HRKU-", 36, Alphabet::Word),
    shape("IGQ", 100, Alphabet::Word),
    between("LTAI", 12, 24, Alphabet::Alnum),
    shape("NRAK-", 27, Alphabet::Upper),
    shape("NRII-", 30, Alphabet::Word),
    shape("PMAK-", 24, Alphabet::Word),
    shape("SG.", 40, Alphabet::Wide),
    exactly("SK", 32, Alphabet::Hex),
    exactly("access-development-", 36, Alphabet::Word),
    exactly("access-production-", 36, Alphabet::Word),
    exactly("access-sandbox-", 36, Alphabet::Word),
    shape("api_org_", 34, Alphabet::Word),
    shape("aio_", 26, Alphabet::Alnum),
    shape("bkua_", 40, Alphabet::Alnum),
    shape("cmVmdGtuOj", 50, Alphabet::Alnum),
    shape("csk-", 30, Alphabet::Word),
    exactly("cio", 32, Alphabet::Alnum),
    shape("duffel_live_", 40, Alphabet::Word),
    shape("duffel_test_", 40, Alphabet::Word),
    shape("dckr_oat_", 20, Alphabet::Word),
    shape("dckr_pat_", 20, Alphabet::Word),
    shape("doo_v1_", 40, Alphabet::Word),
    shape("dop_v1_", 40, Alphabet::Word),
    shape("dor_v1_", 40, Alphabet::Word),
    shape("dt0c01.", 60, Alphabet::Wide),
    shape("dnkey-", 40, Alphabet::Word),
    shape("dp.ct.", 40, Alphabet::Alnum),
    shape("dp.pt.", 40, Alphabet::Alnum),
    shape("dp.st.", 40, Alphabet::Wide),
    shape("dapi", 32, Alphabet::Word),
    shape("fio-u-", 60, Alphabet::Word),
    shape("figd_", 20, Alphabet::Word),
    shape("figo_", 20, Alphabet::Word),
    shape("figu_", 20, Alphabet::Word),
    shape("fm1_", 60, Alphabet::Wide),
    shape("fm2_", 60, Alphabet::Wide),
    shape("fo1_", 40, Alphabet::Word),
    exactly("fc-", 32, Alphabet::Hex),
    shape("github_pat_", 20, Alphabet::Word),
    shape("glagent-", 20, Alphabet::Word),
    shape("glffct-", 16, Alphabet::Word),
    shape("glsoat-", 16, Alphabet::Word),
    shape("glcbt-", 16, Alphabet::Word),
    shape("glimt-", 16, Alphabet::Word),
    shape("gloas-", 20, Alphabet::Word),
    shape("glpat-", 16, Alphabet::Wide),
    shape("glptt-", 20, Alphabet::Word),
    shape("ghcs_", 20, Alphabet::Word),
    shape("gldt-", 16, Alphabet::Word),
    shape("glft-", 16, Alphabet::Word),
    shape("glrt-", 16, Alphabet::Word),
    shape("glsa_", 20, Alphabet::Word),
    shape("gho_", 20, Alphabet::Word),
    shape("ghp_", 20, Alphabet::Word),
    shape("ghr_", 20, Alphabet::Word),
    shape("ghs_", 20, Alphabet::Word),
    shape("ghu_", 20, Alphabet::Word),
    shape("glc_", 40, Alphabet::Wide),
    shape("gsk_", 40, Alphabet::Word),
    shape("hcaik_", 50, Alphabet::Alnum),
    shape("hcbik_", 50, Alphabet::Alnum),
    shape("hvb.", 20, Alphabet::Word),
    shape("hvr.", 20, Alphabet::Word),
    shape("hvs.", 20, Alphabet::Word),
    shape("hf_", 30, Alphabet::Word),
    shape("ion_", 42, Alphabet::Alnum),
    shape("jina_", 50, Alphabet::Word),
    exactly("key-", 32, Alphabet::Hex),
    shape("lin_oauth_", 30, Alphabet::Word),
    shape("lin_api_", 30, Alphabet::Word),
    shape("lsv2_pt_", 30, Alphabet::Word),
    shape("lsv2_sk_", 30, Alphabet::Word),
    exactly("live_", 35, Alphabet::Hex),
    shape("nvapi-", 40, Alphabet::Word),
    shape("nfp_", 30, Alphabet::Word),
    shape("npm_", 30, Alphabet::Word),
    shape("ntn_", 30, Alphabet::Word),
    shape("ops_eyJ", 60, Alphabet::Wide),
    exactly("oy2", 43, Alphabet::Alnum),
    shape("pscale_oauth_", 30, Alphabet::Wide),
    shape("pscale_tkn_", 30, Alphabet::Wide),
    shape("pscale_pw_", 30, Alphabet::Wide),
    shape("pcsk_", 50, Alphabet::Word),
    shape("pplx-", 30, Alphabet::Word),
    shape("pypi-", 50, Alphabet::Word),
    shape("phc_", 40, Alphabet::Alnum),
    shape("phx_", 40, Alphabet::Alnum),
    shape("pnb_", 36, Alphabet::Alnum),
    shape("pnu_", 36, Alphabet::Alnum),
    shape("pul-", 40, Alphabet::Hex),
    shape("rubygems_", 40, Alphabet::Word),
    shape("rzp_live_", 14, Alphabet::Alnum),
    shape("rzp_test_", 14, Alphabet::Alnum),
    shape("rk_live_", 10, Alphabet::Word),
    shape("rk_test_", 10, Alphabet::Word),
    shape("rnd_", 28, Alphabet::Alnum),
    shape("rpa_", 40, Alphabet::Alnum),
    shape("r8_", 30, Alphabet::Word),
    shape("shippo_live_", 40, Alphabet::Hex),
    shape("shippo_test_", 40, Alphabet::Hex),
    shape("sb_secret_", 20, Alphabet::Word),
    shape("sk_live_", 10, Alphabet::Word),
    shape("sk_test_", 10, Alphabet::Word),
    exactly("secret_", 43, Alphabet::Alnum),
    shape("sk_org_", 30, Alphabet::Word),
    shape("sntrys_", 30, Alphabet::Wide),
    shape("sntryu_", 60, Alphabet::Hex),
    shape("sq0atp-", 20, Alphabet::Word),
    shape("sq0csp-", 20, Alphabet::Word),
    shape("shpat_", 30, Alphabet::Word),
    shape("shpca_", 30, Alphabet::Word),
    shape("shppa_", 30, Alphabet::Word),
    shape("shpss_", 30, Alphabet::Word),
    shape("sk.eyJ", 40, Alphabet::Wide),
    shape("sbp_", 40, Alphabet::Hex),
    shape("sqa_", 40, Alphabet::Hex),
    shape("sqp_", 40, Alphabet::Hex),
    shape("squ_", 40, Alphabet::Hex),
    shape("sk-", 20, Alphabet::Word),
    exactly("sk_", 48, Alphabet::Hex),
    shape("sl.", 100, Alphabet::Word),
    exactly("s.", 24, Alphabet::Alnum),
    shape("tgp_v1_", 30, Alphabet::Word),
    shape("tk-us-", 48, Alphabet::Word),
    shape("tk.eyJ", 40, Alphabet::Wide),
    shape("tskey-", 16, Alphabet::Word),
    exactly("test_", 35, Alphabet::Hex),
    shape("tvly-", 30, Alphabet::Word),
    shape("tfp_", 40, Alphabet::Wide),
    shape("t1.", 80, Alphabet::Wide),
    shape("v1.0-", 100, Alphabet::Word),
    shape("whsec_", 16, Alphabet::Wide),
    shape("xsmtpsib-", 30, Alphabet::Word),
    shape("xkeysib-", 30, Alphabet::Word),
    shape("xapp-", 10, Alphabet::Word),
    shape("xoxa-", 10, Alphabet::Word),
    shape("xoxb-", 10, Alphabet::Word),
    shape("xoxc-", 10, Alphabet::Word),
    shape("xoxd-", 20, Alphabet::Wide),
    shape("xoxe-", 10, Alphabet::Word),
    shape("xoxe.", 20, Alphabet::Wide),
    shape("xoxp-", 10, Alphabet::Word),
    shape("xoxr-", 10, Alphabet::Word),
    shape("xoxs-", 10, Alphabet::Word),
    shape("xwfp-", 20, Alphabet::Word),
    shape("xai-", 60, Alphabet::Word),
    shape("ya29.", 20, Alphabet::Word),
];

/// Addresses whose path is the secret.
pub(super) const HOOKS: [&str; 9] = [
    "hooks.slack.com/services/",
    "discord.com/api/webhooks/",
    "discordapp.com/api/webhooks/",
    "api.telegram.org/bot",
    "webhook.office.com/webhookb2/",
    "hooks.slack.com/workflows/",
    "hooks.zapier.com/hooks/catch/",
    "maker.ifttt.com/trigger/",
    "chat.googleapis.com/v1/spaces/",
];

/// Longest `-----BEGIN OPENSSH ` and its like, in bytes.
const LABEL_BYTES_MAX: usize = 39;

/// Adds what is found in `text`.
pub(super) fn find(text: &str, found: &mut Vec<Range<usize>>) {
    let mut inside_word = false;
    let mut stretches = Stretches::of(text);
    for (at, byte) in text.bytes().enumerate() {
        let member = byte.is_ascii_alphanumeric() || byte == b'_';
        if member && !inside_word {
            found.extend(stretches.token_at(at));
        }
        inside_word = member;
    }
    // All of them have one of these in it.
    let has_host = |end| standing(text, end, 0).next().is_some();
    let hooks: &[&str] = if has_host(".com/") || has_host(".org/") {
        &HOOKS
    } else {
        &[]
    };
    for hook in hooks {
        for (at, _) in text.match_indices(hook) {
            let start = at + hook.len();
            found.push(start..start + stretches.run(start, Alphabet::Wide));
        }
    }
    private_keys(text, found);
}

/// A text, and how far what was looked at in it reaches.
struct Stretches<'a> {
    text: &'a str,
    upper: Runs,
    hex: Runs,
    alnum: Runs,
    word: Runs,
    wide: Runs,
    /// What has no digit.
    no_digit: Runs,
    /// What has no letter.
    no_letter: Runs,
}

impl<'a> Stretches<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            text,
            upper: Runs::default(),
            hex: Runs::default(),
            alnum: Runs::default(),
            word: Runs::default(),
            wide: Runs::default(),
            no_digit: Runs::default(),
            no_letter: Runs::default(),
        }
    }

    /// The token that begins at `at`, if one does.
    fn token_at(&mut self, at: usize) -> Option<Range<usize>> {
        let rest = self.text.get(at..)?;
        // Most words begin like no shape at all; one byte tells.
        let first = *rest.as_bytes().first()?;
        let begins = |shape: &Shape| shape.prefix.bytes().next().unwrap_or_default();
        let start = SHAPES.partition_point(|shape| begins(shape) < first);
        let alike = SHAPES.get(start..).unwrap_or_default();
        let mut alike = alike.iter().take_while(|shape| begins(shape) == first);
        let known = alike.find_map(|shape| {
            let behind = at
                + rest
                    .starts_with(shape.prefix)
                    .then_some(shape.prefix.len())?;
            let length = self.run(behind, shape.alphabet);
            // What only has a short prefix must look random, too.
            let is_telling = shape.prefix.len() > 3 || self.is_mixed(behind..behind + length);
            let whole = is_telling && (shape.least..=shape.most).contains(&length);
            whole.then(|| at..behind + length)
        });
        known
            .or_else(|| self.web_token(at))
            .or_else(|| self.bot_token(at))
            .or_else(|| self.dotted_token(at))
            .or_else(|| self.regional_key(at))
    }

    /// How many bytes from `start` on belong to `alphabet`.
    fn run(&mut self, start: usize, alphabet: Alphabet) -> usize {
        let runs = match alphabet {
            Alphabet::Upper => &mut self.upper,
            Alphabet::Hex => &mut self.hex,
            Alphabet::Alnum => &mut self.alnum,
            Alphabet::Word => &mut self.word,
            Alphabet::Wide => &mut self.wide,
        };
        reach(runs, self.text, start, |byte| alphabet.has(byte)) - start
    }

    /// Whether letters and digits both stand in it, as they do in what was drawn at random.
    fn is_mixed(&mut self, range: Range<usize>) -> bool {
        let no_digit = |byte: u8| !byte.is_ascii_digit();
        let digit = reach(&mut self.no_digit, self.text, range.start, no_digit);
        let another = reach(&mut self.no_digit, self.text, digit + 1, no_digit);
        let no_letter = |byte: u8| !byte.is_ascii_alphabetic();
        let letter = reach(&mut self.no_letter, self.text, range.start, no_letter);
        another < range.end && letter < range.end
    }

    /// Tokens of three parts (Discord), with `.atlasv1.` inside (Terraform), or of an id and 64 digits (Airtable).
    fn dotted_token(&mut self, at: usize) -> Option<Range<usize>> {
        let text = self.text;
        let first = self.run(at, Alphabet::Word);
        let dot = at + first;
        if text.as_bytes().get(dot) != Some(&b'.') {
            return None;
        }
        let second = self.run(dot + 1, Alphabet::Word);
        let end = dot + 1 + second;
        let airtable = first == 17 && text.get(at..)?.starts_with("pat");
        if airtable && second == 64 && self.run(dot + 1, Alphabet::Hex) == 64 {
            return Some(at..end);
        }
        if text.as_bytes().get(end) != Some(&b'.') {
            return None;
        }
        let third = self.run(end + 1, Alphabet::Word);
        let terraform = text.get(dot..)?.starts_with(".atlasv1.") && third >= 40;
        let begins = matches!(text.as_bytes().get(at), Some(b'M' | b'N' | b'O'));
        let discord =
            begins && (23..=28).contains(&first) && second == 6 && (27..=40).contains(&third);
        (terraform || discord).then(|| at..end + 1 + third)
    }

    /// A key of Mailchimp: 32 digits, and where its server is.
    fn regional_key(&mut self, at: usize) -> Option<Range<usize>> {
        let end = at + 32;
        let region = self.text.get(end..)?.strip_prefix("-us")?;
        let digits = region.bytes().take_while(u8::is_ascii_digit).count();
        let is_key = self.run(at, Alphabet::Hex) == 32 && (1..=2).contains(&digits);
        is_key.then(|| at..end + 3 + digits)
    }

    /// A JSON web token (RFC 7519): three parts in base64url, the first of which is an encoded object.
    fn web_token(&mut self, at: usize) -> Option<Range<usize>> {
        if !self.text.get(at..)?.starts_with("eyJ") {
            return None;
        }
        let mut end = at + self.run(at, Alphabet::Word);
        let mut parts = 1;
        while parts < 3 && self.text.as_bytes().get(end) == Some(&b'.') {
            end += 1 + self.run(end + 1, Alphabet::Word);
            parts += 1;
        }
        (parts > 1 && end - at > 20).then_some(at..end)
    }

    /// A bot of Telegram: `123456789:` and 35 characters.
    fn bot_token(&mut self, at: usize) -> Option<Range<usize>> {
        let bytes = self.text.as_bytes().get(at..)?;
        let is_digit = |byte: &&u8| byte.is_ascii_digit();
        let digits = bytes.iter().take(11).take_while(is_digit).count();
        if !(8..=10).contains(&digits) || bytes.get(digits) != Some(&b':') {
            return None;
        }
        let behind = at + digits + 1;
        let length = self.run(behind, Alphabet::Word);
        (length == 35).then(|| at..behind + length)
    }
}

/// Returns how far from `start` on the bytes of `text` are so.
fn reach(runs: &mut Runs, text: &str, start: usize, is_so: impl Fn(u8) -> bool) -> usize {
    runs.end(start, || {
        let rest = text.as_bytes().get(start..).unwrap_or_default();
        start + rest.iter().take_while(|byte| is_so(**byte)).count()
    })
}

/// Everything between the first and the last line of a private key, or to the end when that is
/// missing.
fn private_keys(text: &str, found: &mut Vec<Range<usize>>) {
    let mut ends = Runs::default();
    let name = "PRIVATE KEY";
    for at in standing(text, name, name.len() - 1) {
        // A label is short: no more is looked at.
        let near = text.as_bytes().get(at.saturating_sub(LABEL_BYTES_MAX)..at);
        let near = near.unwrap_or_default();
        let dashes = near.windows(5).rposition(|five| five == b"-----");
        let label = dashes.and_then(|dashes| near.get(dashes..));
        if !label.is_some_and(|label| label.starts_with(b"-----BEGIN ")) {
            continue;
        }
        let start = at + name.len();
        let end = ends.until(text, start, "-----END");
        let rest = text.as_bytes().get(start..).unwrap_or_default();
        let head = rest
            .iter()
            .take(20)
            .take_while(|byte| matches!(byte, b'-' | b' ' | b'B' | b'L' | b'O' | b'C' | b'K'))
            .count();
        found.push(start + head..end);
    }
}

/// Returns one text of each shape, drawn with `seed`: for the corpus.
#[cfg(test)]
pub(super) fn one_of_each(mut seed: u64) -> Vec<String> {
    const LETTERS: &[u8] = b"0a1b2c3d4e5f6789ghijkmnpqrstuvwxyz";
    let mut draw = |alphabet: Alphabet| {
        loop {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let at = usize::try_from(seed >> 33).unwrap_or_default() % LETTERS.len();
            let letter = LETTERS.get(at).copied().unwrap_or(b'0');
            let letter = match alphabet {
                Alphabet::Upper => letter.to_ascii_uppercase(),
                Alphabet::Hex | Alphabet::Alnum | Alphabet::Word | Alphabet::Wide => letter,
            };
            if alphabet.has(letter) {
                return char::from(letter);
            }
        }
    };
    let of = |shape: &Shape| {
        let drawn = (0..shape.least).map(|_| draw(shape.alphabet));
        format!("{}{}", shape.prefix, drawn.collect::<String>())
    };
    SHAPES.iter().map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::SHAPES;

    #[test]
    fn shapes_are_found_by_their_first_byte_and_none_hides_another() {
        for pair in SHAPES.windows(2) {
            let [one, other] = pair else { continue };
            let begins = |prefix: &str| prefix.bytes().next();
            assert!(
                begins(one.prefix) <= begins(other.prefix),
                "{}",
                other.prefix
            );
        }
        for (index, shape) in SHAPES.iter().enumerate() {
            for earlier in SHAPES.iter().take(index) {
                let same = shape.prefix == earlier.prefix;
                assert!(!same, "{} twice", shape.prefix);
                let hides = shape.prefix.starts_with(earlier.prefix);
                assert!(!hides, "{} hides {}", earlier.prefix, shape.prefix);
            }
        }
    }
}
