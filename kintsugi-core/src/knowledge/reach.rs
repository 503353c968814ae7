//! How far a program reaches that nobody described, by what its words name: another machine, a device, somebody's own files, people.
//!
//! An unknown program passes. One that is told to write, and where that is no file of the project, is another matter: `frob write
//! 192.0.2.7 reg 1`, `frobset can0 7`, `frob add ~/Documents`, `frob --message hi --room ops`. As in [`super::verbs`], everything
//! here is assumed, and only adds.

use super::analyst::{Analyst, Call};
use super::lexicon::{Sense, is_address, word_sense};
use crate::effect::{Action, Modifier, Modifiers, Role, Target};
use crate::place::Place;
use crate::shell::Word;

/// Words that are looked at.
const WORDS_MAX: usize = 24;

/// Longest word that names where something goes, in bytes.
const NAME_BYTES_MAX: usize = 256;

/// Ends of the names of programs that write or send: `snmpset`, `cansend`.
const WRITERS: [&str; 12] = [
    "set", "send", "write", "put", "pub", "inject", "poke", "upload", "post", "push", "share",
    "cast",
];

/// Verbs that change what is named behind them, beside those of the lexicon that say what is lost.
const CHANGES: [&str; 16] = [
    "set",
    "write",
    "put",
    "add",
    "update",
    "create",
    "register",
    "import",
    "change",
    "configure",
    "assign",
    "inject",
    "poke",
    "seed",
    "serve",
    "host",
];

/// Options behind which a text for people stands.
const TEXTS: [&str; 8] = [
    "message", "msg", "text", "body", "subject", "content", "title", "m",
];

/// Options behind which it stands who gets it.
const RECEIVERS: [&str; 16] = [
    "to",
    "room",
    "channel",
    "chat",
    "chat-id",
    "recipient",
    "recipients",
    "user",
    "group",
    "number",
    "phone",
    "topic",
    "email",
    "thread",
    "dm",
    "webhook",
];

impl Analyst<'_> {
    /// Adds what the words of an unknown program say about where it reaches.
    pub(super) fn assume_reach(&mut self, call: &Call<'_>, program: &str, words: &[Word]) {
        let base = program.rsplit('/').next().unwrap_or(program);
        let base = base.split(' ').next().unwrap_or(base);
        let texts: Vec<String> = words
            .iter()
            .take(WORDS_MAX)
            .map(Word::display)
            .filter(|text| text.len() <= NAME_BYTES_MAX)
            .collect();
        if writes_to_people(&texts) {
            self.reaches(
                call,
                program,
                (Action::Publish, Role::Resource),
                "a message to people",
            );
        }
        let tells = WRITERS
            .iter()
            .any(|end| base.len() > end.len() && base.ends_with(end) && !is_noun(base));
        let says = |text: &String| CHANGES.contains(&text.to_ascii_lowercase().as_str());
        let looks = texts
            .iter()
            .take(3)
            .any(|text| word_sense(text) == Sense::Looks);
        if looks || !tells && !texts.iter().take(5).any(says) {
            return;
        }
        if let Some(device) = texts.iter().find(|text| is_device(text)) {
            self.reaches(call, program, (Action::Write, Role::Device), device);
        }
        if let Some(host) = texts.iter().find(|text| is_host(text)) {
            self.reaches(call, program, (Action::Write, Role::Remote), host);
        }
        for (word, text) in words.iter().zip(&texts) {
            let is_path =
                text.starts_with(['/', '~']) || text.starts_with("..") || text.starts_with("$HOME");
            if !is_path || !self.afford_path(call, word) {
                continue;
            }
            let own = self
                .judge(word, &call.directories, call.scope)
                .into_iter()
                .find(|it| matches!(it.place, Place::Home | Place::HomeRoot | Place::Root));
            if let Some(own) = own {
                self.reaches(call, program, (Action::Publish, Role::Path), &own.path);
                return;
            }
        }
    }

    fn reaches(
        &mut self,
        call: &Call<'_>,
        program: &str,
        (action, role): (Action, Role),
        text: &str,
    ) {
        let target = Target::named(text);
        self.push(call, action, role, target)
            .with(Modifiers::NONE.with(Modifier::Assumed))
            .by(program);
    }
}

/// Whether a name ends like a verb and is none: `dataset`, `preset`, `charset`, `input`.
fn is_noun(name: &str) -> bool {
    [
        "dataset",
        "preset",
        "charset",
        "input",
        "output",
        "offset",
        "compost",
        "broadcast-list",
    ]
    .iter()
    .any(|noun| name.ends_with(noun))
}

/// Whether options give a text and whoever gets it.
fn writes_to_people(texts: &[String]) -> bool {
    let options: Vec<&str> = texts
        .iter()
        .filter_map(|text| text.strip_prefix('-'))
        .map(|rest| rest.trim_start_matches('-'))
        .map(|rest| rest.split_once('=').map_or(rest, |(name, _)| name))
        .collect();
    let any = |names: &[&str]| options.iter().any(|option| names.contains(option));
    any(&TEXTS) && any(&RECEIVERS)
}

/// Whether a word names a device that something is wired to.
fn is_device(text: &str) -> bool {
    let numbered = |start: &str| {
        text.strip_prefix(start)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|it| it.is_ascii_digit()))
    };
    let file = text.strip_prefix("/dev/").unwrap_or_default();
    let is_plain = [
        "null", "std", "fd", "zero", "random", "urandom", "shm", "tty",
    ];
    let is_wired =
        file.starts_with("ttyUSB") || file.starts_with("ttyACM") || file.starts_with("ttyS");
    is_wired
        || !file.is_empty() && !is_plain.iter().any(|plain| file.starts_with(plain))
        || ["can", "vcan", "COM", "ttyUSB", "ttyACM", "i2c-", "hci"]
            .into_iter()
            .any(numbered)
}

/// Whether a word names another machine: an address, a name with a port, somebody at a host.
fn is_host(text: &str) -> bool {
    if !is_address(text) || text.starts_with("127.") {
        return false;
    }
    if let Some((scheme, rest)) = text.split_once("://") {
        return scheme != "file" && !rest.is_empty();
    }
    let is_number = |part: &str| {
        !part.is_empty() && part.len() <= 3 && part.bytes().all(|it| it.is_ascii_digit())
    };
    let host = text.split(['/', ':']).next().unwrap_or_default();
    let mut parts = host.split('.');
    let is_v4 = host.split('.').count() == 4 && parts.all(is_number);
    let port = text
        .rsplit_once(':')
        .map(|(_, port)| port)
        .unwrap_or_default();
    let has_port = host.contains('.')
        && (2..=5).contains(&port.len())
        && port.bytes().all(|it| it.is_ascii_digit());
    let at = text
        .split_once('@')
        .is_some_and(|(name, host)| !name.is_empty() && host.contains('.') && !host.contains('/'));
    is_v4 || has_port || at
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::all_effects;

    #[test]
    fn what_an_unknown_program_writes_to_is_found() {
        for (text, effect) in [
            (
                "frob write 192.0.2.7 reg 1",
                "write remote 192.0.2.7 assumed",
            ),
            (
                "frobset -c x 192.0.2.7 1.3.6.1 i 2",
                "write remote 192.0.2.7 assumed",
            ),
            ("frobsend can0 7DF#02", "write device can0 assumed"),
            (
                "frob set /dev/ttyUSB0 9",
                "write device /dev/ttyUSB0 assumed",
            ),
            (
                "frob add -r ~/Documents",
                "publish path /home/u/Documents assumed",
            ),
            (
                "frob --message hi --room '#ops'",
                "publish resource a message to people assumed",
            ),
        ] {
            let found = all_effects(text).join("; ");
            assert!(found.contains(effect), "{text}: {found}");
        }
    }

    #[test]
    fn an_unknown_program_that_looks_reaches_nothing() {
        for text in [
            "frob https://example.org",
            "frob get 192.0.2.7",
            "frob ~/notes.txt",
            "frob set x 1",
            "frob add src/a.c",
            "frob list ~/Documents",
            "dataset /dev/null",
        ] {
            let found = all_effects(text).join("; ");
            assert_eq!(
                found,
                "unknown program ".to_owned() + text.split(' ').next().unwrap(),
                "{text}"
            );
        }
    }
}
