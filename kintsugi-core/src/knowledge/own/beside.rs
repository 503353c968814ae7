//! What the line itself puts beside something, for the way back or to look at it: `cp dev.db dev.db.bak && sqlite3 dev.db …`,
//! `cp .env .env.bak && … ; mv .env.bak .env`, `npm pack && tar xf x.tgz && rm -rf package`.
//!
//! What a database loses counts as kept only where the copy certainly succeeded and nothing else in the line names it.
//!
//! Source: npm-pack(1), npm 10 (what it packs lies in `package`).

use super::passing::earlier;
use crate::effect::{Action, Modifier, Modifiers, Role};
use crate::knowledge::analyst::Analyst;
use crate::knowledge::lexicon::is_production;
use crate::knowledge::program::Task;
use crate::place::Place;
use crate::shell::{Invocation, Word};

/// Words of statements of `SQLite` by which another file is changed, or a command runs.
const OTHER_FILES: [&str; 9] = [
    "attach",
    ".open",
    ".restore",
    ".read",
    ".shell",
    ".system",
    ".import",
    "load_extension",
    "writefile",
];

/// A file and its copy.
struct Copied {
    file: String,
    copy: String,
}

impl Analyst<'_> {
    /// Makes a plain change of what the line put beside something, and of what it can take back by that.
    pub(super) fn calm_beside(&mut self, task: &Task<'_, '_>, before: usize) {
        match task.parsed.path.as_str() {
            "rm" => self.calm_package_removed(task, before),
            "mv" => self.calm_put_back(task, before),
            "sqlite3" => self.calm_copied_database(task, before),
            _ => {}
        }
    }

    /// What the line copied in front of a command, in the directory in which that runs.
    fn copied(&self, task: &Task<'_, '_>) -> Vec<Copied> {
        let mut all = Vec::new();
        let path_of = |word: &Word| {
            let mut judged = self.judge(word, &task.call.directories, task.call.scope);
            let is_plain = |it: &crate::place::Judgement| it.modifiers == Modifiers::NONE;
            (judged.len() == 1 && judged.first().is_some_and(is_plain))
                .then(|| judged.remove(0).path)
        };
        for it in earlier(&task.call) {
            let (first, operands) = read(it);
            match (first.as_str(), operands.as_slice()) {
                ("cd" | "pushd" | "popd" | "chdir", _) => all.clear(),
                ("cp", [from, to]) => {
                    if let (Some(file), Some(copy)) = (path_of(from), path_of(to)) {
                        all.push(Copied { file, copy });
                    }
                }
                _ => {}
            }
        }
        all
    }

    /// `rm -rf package`, which came out of what the line packed.
    fn calm_package_removed(&mut self, task: &Task<'_, '_>, before: usize) {
        if !unpacks_own_package(task) {
            return;
        }
        for effect in self.analysis.effects.iter_mut().skip(before) {
            if effect.action == Action::Delete
                && effect.target.place == Some(Place::Project)
                && effect.target.text.ends_with("/package")
            {
                effect.action = Action::Write;
                effect.modifiers = Modifiers::NONE;
            }
        }
    }

    /// `mv .env.bak .env`, behind the copy the other way.
    fn calm_put_back(&mut self, task: &Task<'_, '_>, before: usize) {
        let effects = self.analysis.effects.get(before..).unwrap_or_default();
        let of = |action| {
            let mut paths = effects
                .iter()
                .filter(|it| it.role == Role::Path && it.action == action);
            let path = paths.next().map(|it| it.target.text.clone());
            path.filter(|_| paths.next().is_none())
        };
        let (Some(from), Some(to)) = (of(Action::Move), of(Action::Overwrite)) else {
            return;
        };
        let is_environment = to
            .rsplit('/')
            .next()
            .is_some_and(|name| name.starts_with(".env"));
        let mut copied = self.copied(task).into_iter();
        if !is_environment || !copied.any(|it| it.file == to && it.copy == from) {
            return;
        }
        for effect in self.analysis.effects.iter_mut().skip(before) {
            if effect.action == Action::Move {
                effect.action = Action::List;
            } else if effect.action == Action::Overwrite {
                effect.action = Action::Write;
            }
        }
    }

    /// Statements for a file of `SQLite` of which the line has a copy.
    fn calm_copied_database(&mut self, task: &Task<'_, '_>, before: usize) {
        let words: Vec<String> = task.call.words.iter().map(Word::display).collect();
        let is_other = |word: &String| {
            let lower = word.to_ascii_lowercase();
            OTHER_FILES.iter().any(|it| lower.contains(it))
        };
        let effects = self.analysis.effects.get(before..).unwrap_or_default();
        let database = effects.iter().find(|it| {
            it.action == Action::Read
                && it.role == Role::Path
                && matches!(it.target.place, Some(Place::Project | Place::Temp))
        });
        let Some(database) = database.map(|it| it.target.text.clone()) else {
            return;
        };
        let fed = task.call.fed.text.as_deref().unwrap_or_default().to_owned();
        if words.iter().any(is_other)
            || is_other(&fed)
            || is_production(database.rsplit('/').next().unwrap_or_default())
        {
            return;
        }
        let invocations = &task.call.scope.script.invocations;
        let is_kept = invocations.iter().enumerate().any(|(at, it)| {
            let (first, operands) = read(it);
            let [_, to] = operands.as_slice() else {
                return false;
            };
            let copy = to.display();
            let mut others = invocations
                .iter()
                .enumerate()
                .filter(|(other, _)| *other != at);
            first == "cp"
                && self.made.is_certain(at)
                && !copy.starts_with("/dev/")
                && !others.any(|(_, other)| {
                    let targets = other.redirects.iter().map(|it| it.target.display());
                    let mut all = other.words.iter().map(Word::display).chain(targets);
                    all.any(|word| word.contains(copy.as_str()))
                })
                && self.copied(task).iter().any(|it| {
                    it.file == database
                        && it.copy != database
                        && it.copy.ends_with(copy.trim_start_matches("./"))
                })
        });
        if !is_kept {
            return;
        }
        for effect in self.analysis.effects.iter_mut().skip(before) {
            if effect.role == Role::Table
                && (effect.action.takes_away() || effect.modifiers.contains(Modifier::All))
            {
                effect.action = Action::Write;
                effect.modifiers = Modifiers::NONE;
            }
        }
    }
}

/// The program of a command and its operands; none of one that has options, since some of those copy nothing: `cp -n`.
fn read(invocation: &Invocation) -> (String, Vec<&Word>) {
    let first = invocation.words.first().map(Word::display);
    let rest = invocation.words.get(1..).unwrap_or_default();
    let is_plain = |word: &Word| {
        let text = word.display();
        !text.starts_with('-') || matches!(text.as_str(), "-p" | "-a" | "-v" | "-f" | "--")
    };
    let operands: Vec<&Word> = if rest.iter().all(is_plain) {
        rest.iter()
            .filter(|it| !it.display().starts_with('-'))
            .collect()
    } else {
        Vec::new()
    };
    (first.unwrap_or_default(), operands)
}

/// Whether the line packs the project and unpacks that here: everything of a package lies in `package`.
fn unpacks_own_package(task: &Task<'_, '_>) -> bool {
    let is_pack = |it: &Invocation| {
        let words: Vec<String> = it.words.iter().map(Word::display).collect();
        let operands = words.iter().skip(2).filter(|word| !word.starts_with('-'));
        matches!(words.as_slice(), [npm, pack, ..] if matches!(npm.as_str(), "npm" | "pnpm") && pack == "pack")
            && operands.count() == 0
    };
    let is_unpack = |it: &Invocation| {
        let words: Vec<String> = it.words.iter().map(Word::display).collect();
        let is_plain = matches!(words.as_slice(), [tar, letters, file]
            if tar == "tar" && letters.contains('x') && letters.contains('f') && !letters.contains('C') && matches!(file.rsplit_once('.'), Some((_, "tgz"))));
        is_plain
    };
    let stays = |it: &Invocation| {
        let first = it.words.first().map(Word::display);
        !matches!(
            first.as_deref(),
            Some("cd" | "pushd" | "popd" | "mv" | "cp" | "git" | "rsync")
        )
    };
    let mut behind = earlier(&task.call).skip_while(|it| !is_pack(it));
    let packs = behind.next().is_some();
    let rest: Vec<&Invocation> = behind.collect();
    packs && rest.iter().any(|it| is_unpack(it)) && rest.iter().all(|it| stays(it))
}
