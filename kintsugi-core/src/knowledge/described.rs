//! What the entries of a program say of its words, and which words they leave open to be taken as English ([`super::verbs`]).

use super::lexicon::{Sense, word_sense};
use super::schema;
use crate::effect::Action;
use crate::shell::Word;

/// Whether an effect of that kind already says what a verb could say.
pub(super) const fn says_what_is_lost(action: Action) -> bool {
    !matches!(
        action,
        Action::Read
            | Action::List
            | Action::Write
            | Action::Create
            | Action::Execute
            | Action::Interpret
            | Action::Install
            | Action::Fetch
            | Action::Connect
            | Action::Listen
            | Action::Send
            | Action::Elevate
    )
}

/// Whether the entry that holds leaves open what its words mean, as one for a whole tool does.
pub(super) fn leaves_words_open(chain: &[&schema::Command]) -> bool {
    let Some(entry) = chain.first() else {
        return false;
    };
    let others = chain.iter().find_map(|entry| entry.others);
    let is_loose = others.is_some_and(|it| it != schema::Others::Unknown)
        || entry.other_subcommands == schema::OtherSubcommands::Operand;
    let words = entry.operands.iter().any(|operand| {
        matches!(
            operand.role.as_str(),
            "word" | "words" | "what" | "verb" | "action" | "task"
        )
    }) || entry.path.first().is_some_and(|program| program == "java");
    is_loose && (words || entry.operands.is_empty())
}

/// Whether the first word of a program that is described together with many others is a verb that nobody takes back: `quarto publish`.
pub(super) fn is_verb_of_many(chain: &[&schema::Command], words: &[Word]) -> bool {
    let [entry] = chain else { return false };
    let is_loose = entry.others.is_some_and(|it| it != schema::Others::Unknown);
    let program = entry.path.first().map_or("", String::as_str);
    is_loose
        && entry.also.0.len() + entry.aliases.len() > 2
        && !super::carried::is_handler(program)
        && words.first().and_then(Word::known).is_some_and(|word| {
            word.bytes()
                .all(|letter| letter.is_ascii_lowercase() || letter == b'-')
                && matches!(
                    word_sense(&word),
                    Sense::Destroys
                        | Sense::Deletes
                        | Sense::Publishes
                        | Sense::Grants
                        | Sense::Pays
                        | Sense::Flashes
                )
        })
}

/// The words behind the subcommands that are described.
pub(super) fn undescribed_words(words: &[Word], path: &str) -> Vec<Word> {
    let mut described = path.split(' ').skip(1).peekable();
    let is_described = |word: &&Word| {
        let known = word.known();
        let is_next = known
            .as_deref()
            .is_some_and(|text| described.peek() == Some(&text));
        if is_next {
            described.next();
        }
        !is_next
    };
    words.iter().filter(is_described).cloned().collect()
}

/// The mark of a word that only looks, or changes what is made again: `pre-commit gc`.
const LOOKS: &str = "look";

/// Whether an entry says that a word, or an option without a value, changes nothing that matters.
pub(super) fn is_described(chain: &[&schema::Command], word: &Word) -> bool {
    let Some(text) = word.known() else {
        return false;
    };
    chain.iter().any(|entry| {
        let marks = entry
            .operands
            .iter()
            .map(|operand| operand.valued.get(&*text));
        marks.flatten().any(|mark| mark == LOOKS)
            || entry.flags.0.iter().any(|flag| **flag == *text)
    })
}

/// Whether a word of a tool that builds is about what it builds itself: `sbt clean`, `gradle assembleRelease`, `nx reset`.
///
/// Sources: the manuals of the tools; `nx reset` and `hugo --gc` empty caches, `turbo prune` copies, `pnpm store prune` removes what no
/// project uses.
pub(super) fn is_of_build(path: &str, word: &Word) -> bool {
    const CLEANERS: &str = " sbt mill lein boot-clj cabal stack xcodebuild ant dune rebar3 shards nimble dub jekyll hexo gatsby gradle \
        gradlew swift scons waf idf.py west mix zig meson platformio pio maturin dotnet forge hardhat truffle brownie ape anchor ghdl mdbook \
        ng ember nuxi quasar rescript lake spago bloop tuist moon plz buck2 ";
    let program = path.split(' ').next().unwrap_or_default();
    let program = program.rsplit('/').next().unwrap_or_default();
    let text = word.display();
    let is_kept = match text.as_str() {
        "clean" | "distclean" | "fullclean" | "--clean" => {
            super::telling::listed(CLEANERS, program)
        }
        "reset" => program == "nx",
        "prune" => matches!(path, "turbo" | "turbo prune" | "pnpm store"),
        "--gc" => program == "hugo",
        "--recreate" => matches!(program, "tox" | "nox" | "hatch"),
        _ => false,
    };
    let task = text.rsplit(':').next().unwrap_or_default();
    let goals = [
        "assemble", "bundle", "compile", "lint", "test", "merge", "process", "package", "generate",
    ];
    // What the build itself put on a device for trial (Android Gradle plugin 8).
    let of_trial = task.starts_with("uninstallDebug") || task == "uninstallAndroidTest";
    is_kept
        || matches!(program, "gradle" | "gradlew")
            && (of_trial || goals.iter().any(|goal| task.starts_with(goal)))
}
