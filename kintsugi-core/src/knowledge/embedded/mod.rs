//! Program text that stands in a command line: what `python -c`, `psql -c`, `perl -e` and their like would do.
//!
//! Not interpreters: enough of each language is read to see destructive calls, process launches, network use, and the
//! string constants they act on. What is not understood and could matter is [`Embedded::Unknown`].

mod awk;
mod behind;
mod bindings;
mod brackets;
mod brings;
mod build_text;
mod builders;
mod calling;
mod calls;
mod clients;
mod cursor;
mod decode;
mod each;
mod effects;
mod escapes;
mod ex;
mod forms;
mod functions;
mod functions_more;
mod functions_other;
mod given;
mod growing;
mod harmless;
mod hub;
mod indexing;
mod lex;
mod libraries;
mod lines;
mod lisp;
mod listed;
mod mocked;
mod moves;
mod narrowed;
mod notations;
mod notebook;
mod parameters;
mod payments;
mod places;
mod processes;
mod records;
mod redis;
mod remote_control;
mod remotes;
mod script;
mod sed;
mod service_names;
mod services;
mod shapes;
mod sql;
mod stand_ins;
mod tcl;
mod templates;
mod value;
mod whole;

#[cfg(test)]
mod tests;

pub(super) use self::stand_ins::is_here as is_this_machine;
use super::schema::Language;
use crate::effect::{Action, Feed, Modifiers, Role};
use crate::shell::{Budget, Hole, Piece, Word};

/// Something that embedded text does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Embedded {
    /// Runs a shell text: `os.system("rm -rf /")`, awk's `system`, `! cmd` of an editor.
    Shell(Word),
    /// Starts a program with these words: `subprocess.run(["rm", "-rf", x])`.
    Command(Vec<Word>),
    /// Has an effect itself: `shutil.rmtree("/")`, `DROP TABLE users`.
    Effect {
        /// What happens.
        action: Action,
        /// To what kind of thing.
        role: Role,
        /// To which one, as far as it is known. For paths, relative to the directory of the command.
        target: Word,
        /// Circumstances.
        modifiers: Modifiers,
        /// Where the bytes come from that it executes, writes or sends, as far as the text tells.
        feed: Feed,
    },
    /// Does something that could matter and was not understood, named for people.
    Unknown(String),
    /// Runs something that only running it tells, and that is made so: decoded, computed, found by reflection.
    Hidden(String),
    /// Calls a function that is not described.
    Undescribed(String),
}

/// Bytes of program text that are taken apart for one unit of work.
const CODE_BYTES: usize = 8;

/// Reads `text` as `language`. Total: what is not understood is in the answer.
///
/// A text of which nothing is known is [`Action::Interpret`] on the text itself, so that its holes tell where it comes from.
/// [`Language::Shell`] is not read here but by `crate::shell::read`.
#[must_use]
pub fn read(language: Language, text: &Word, budget: &mut Budget) -> Vec<Embedded> {
    read_with(language, text, &[], budget)
}

/// The same, of a text that is given words.
pub(super) fn read_with(
    language: Language,
    text: &Word,
    operands: &[Word],
    budget: &mut Budget,
) -> Vec<Embedded> {
    let plain = flat(text);
    if !budget.spend(u32::try_from(plain.len() / CODE_BYTES).unwrap_or(u32::MAX)) {
        return vec![Embedded::Unknown("more code than is read".to_owned())];
    }
    let mut found = match language {
        Language::Shell | Language::Powershell => vec![Embedded::Shell(text.clone())],
        Language::Sql => sql::read(&plain, budget),
        Language::Awk => awk::read(&plain, budget),
        Language::Sed => sed::read(&plain),
        Language::Redis => redis::read(&plain, budget),
        Language::Docker => build_text::read_docker(&plain),
        Language::Terraform => build_text::read_terraform(&plain),
        Language::Ex => ex::read(&plain, budget),
        Language::Lisp => lisp::read(&plain),
        Language::Other if plain.trim_start().starts_with('(') => lisp::read(&plain)
            .into_iter()
            .chain(script::read(language, &plain, budget))
            .collect(),
        Language::Gdb => lines::read_gdb(&plain, budget),
        Language::Tcl => tcl::read(&plain, budget),
        Language::Make => lines::read_make(&plain, budget),
        Language::Cmake => lines::read_cmake(&plain, budget),
        Language::Mongo => sql::read_mongo(&plain)
            .into_iter()
            .chain(script::read(Language::Mongo, &plain, budget))
            .collect(),
        Language::Python => {
            let mut found = Vec::new();
            let code = notebook::cells(&plain).unwrap_or_else(|| plain.clone());
            let python = notebook::magics(&code, &mut found);
            found.extend(script::read_with(language, &python, operands, budget));
            found
        }
        Language::Javascript
        | Language::Perl
        | Language::Ruby
        | Language::Php
        | Language::Lua
        | Language::Other => script::read_with(language, &plain, operands, budget),
    };
    // m4(1), 1.4.19: with other quotes nothing that stands there is what it looks like.
    if language == Language::Other && plain.contains("changequote(") && plain.contains("syscmd") {
        found.push(Embedded::Hidden("a command behind other quotes".to_owned()));
    }
    if outside_strings(language, &plain, budget) {
        found.push(Embedded::Effect {
            action: Action::Interpret,
            role: Role::Code,
            target: text.clone(),
            modifiers: Modifiers::NONE,
            feed: Feed::Nothing,
        });
    }
    for embedded in &mut found {
        restore(embedded, text);
    }
    found
}

/// Whether a part of what was read runs a command of which nothing is known.
pub(super) fn runs_unseen(found: &Embedded) -> bool {
    let is_unseen = |word: &Word| matches!(word.pieces.as_slice(), [Piece::Hole(_)]);
    match found {
        Embedded::Shell(word) => is_unseen(word),
        Embedded::Command(words) => words.first().is_some_and(is_unseen),
        Embedded::Unknown(_)
        | Embedded::Hidden(_)
        | Embedded::Effect { .. }
        | Embedded::Undescribed(_) => false,
    }
}

/// The program that is given words of which nothing is known, from the first on.
pub(super) fn given_unseen(found: &Embedded) -> Option<String> {
    let Embedded::Command(words) = found else {
        return None;
    };
    let [program, first, ..] = words.as_slice() else {
        return None;
    };
    let is_unseen = matches!(first.pieces.as_slice(), [Piece::Hole(_)]);
    program.known().filter(|_| is_unseen).map(Into::into)
}

/// The text of a word, with a mark for each part that is not known.
pub(super) fn flat(word: &Word) -> String {
    let pieces = word.pieces.iter();
    let text = pieces.map(|piece| match piece {
        Piece::Text(text) | Piece::Glob(text) => text.clone(),
        Piece::Hole(_) => lex::HOLE.to_string(),
    });
    text.collect()
}

/// Makes of the loss of rows or tables a change that is taken back, or that nobody misses.
pub(super) const fn soften(found: &mut Embedded) {
    if let Embedded::Effect {
        action,
        role: Role::Table | Role::Database,
        modifiers,
        ..
    } = found
        && matches!(
            action,
            Action::Delete | Action::Truncate | Action::Write | Action::Overwrite
        )
    {
        *action = Action::Write;
        *modifiers = Modifiers::NONE;
    }
}

/// Whether a part that is not known stands where it could be code.
fn outside_strings(language: Language, plain: &str, budget: &mut Budget) -> bool {
    plain.contains(lex::HOLE)
        && lex::tokens(plain, language, budget).contains(&lex::Token::Name(lex::HOLE.to_string()))
}

/// Puts the holes and the span of `text` back into what was found in it.
fn restore(embedded: &mut Embedded, text: &Word) {
    let words: &mut [Word] = match embedded {
        Embedded::Shell(word) | Embedded::Effect { target: word, .. } => std::slice::from_mut(word),
        Embedded::Command(words) => words,
        Embedded::Unknown(_) | Embedded::Hidden(_) | Embedded::Undescribed(_) => &mut [],
    };
    for word in words {
        word.span = text.span;
        if word
            .pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Text(t) if t.contains(lex::HOLE)))
        {
            word.pieces = word
                .pieces
                .drain(..)
                .flat_map(|piece| split_at_holes(piece, text))
                .collect();
        }
    }
}

fn split_at_holes(piece: Piece, text: &Word) -> Vec<Piece> {
    let Piece::Text(known) = piece else {
        return vec![piece];
    };
    // Which of several holes it was is not kept; the first stands for all of them.
    let hole = text
        .holes()
        .next()
        .cloned()
        .unwrap_or(Hole::Other("a part of the code"));
    let mut pieces = Vec::new();
    for (at, part) in known.split(lex::HOLE).enumerate() {
        if at > 0 {
            pieces.push(Piece::Hole(hole.clone()));
        }
        if !part.is_empty() {
            pieces.push(Piece::Text(part.to_owned()));
        }
    }
    pieces
}

/// An effect on a target that is known, fed by the text itself.
fn effect(action: Action, role: Role, target: &str, modifiers: Modifiers) -> Embedded {
    Embedded::Effect {
        action,
        role,
        target: Word::text(target, crate::effect::Span::default()),
        modifiers,
        feed: Feed::Text,
    }
}

/// A shell text that is known.
fn shell(text: &str) -> Embedded {
    Embedded::Shell(Word::text(text, crate::effect::Span::default()))
}
