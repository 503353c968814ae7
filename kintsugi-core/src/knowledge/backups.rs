//! Backups that a line puts beside a file, and takes away again: `cp .env .env.bak`, `sed -i.bak s/a/b/ .env && rm .env.bak`.
//!
//! A secret that stays in its directory under a longer name has gone nowhere. Sources: cp(1) and mv(1), coreutils 9.4; sed(1), 4.9;
//! perlrun(1), perl 5.38.

use super::analyst::Analyst;
use super::program::Task;
use crate::effect::{Action, Effect, Role};
use crate::place::Place;
use crate::shell::Word;

/// Most backups of one text that are kept in mind.
const BACKUPS_MAX: usize = 32;

/// What a backup is called behind the name of its file.
const SUFFIXES: [&str; 8] = [
    ".bak", ".backup", ".old", ".orig", ".save", "~", "-bak", "-backup",
];

impl Analyst<'_> {
    /// Notes the backups that an editor of files leaves.
    pub(super) fn leaves_backups(&mut self, task: &Task<'_, '_>, before: usize) {
        if !matches!(task.parsed.path.as_str(), "sed" | "perl") {
            return;
        }
        let words = task.call.words.iter().filter_map(Word::known);
        let mut suffixes = words.filter_map(|word| {
            let behind = ["--in-place=", "-i", "-pi"];
            let suffix = behind.iter().find_map(|it| word.strip_prefix(it))?;
            is_suffix(suffix).then(|| suffix.to_owned())
        });
        let Some(suffix) = suffixes.next() else {
            return;
        };
        let written = self.analysis.effects.iter().skip(before);
        let written = written.filter(|it| it.action == Action::Write && it.role == Role::Path);
        let mut left: Vec<Effect> = written.take(BACKUPS_MAX).cloned().collect();
        for effect in &mut left {
            effect.action = Action::Create;
            effect.target.text.push_str(&suffix);
        }
        self.analysis.effects.extend(left);
    }
}

/// Takes the harm out of copies of secrets that stay beside them, and out of the deletion of backups that the same line made.
pub(super) fn settle(effects: &mut Vec<Effect>) {
    fill(effects);
    let copies = copies(effects);
    let mut made: Vec<(usize, String)> = Vec::new();
    for (at, effect) in effects.iter().enumerate() {
        // What `cp -n` finds there, it leaves there.
        let by_editor = matches!(effect.program.as_str(), "sed" | "perl");
        let is_new =
            effect.action == Action::Overwrite || effect.action == Action::Create && by_editor;
        let is_of_line = |original: &Effect| {
            matches!(original.action, Action::Read | Action::Write)
                && original.span == effect.span
                && is_backup(&original.target.text, &effect.target.text)
        };
        if is_new && made.len() < BACKUPS_MAX && effects.iter().take(at).any(is_of_line) {
            made.push((at, effect.target.text.clone()));
        }
    }
    for (at, effect) in effects.iter_mut().enumerate() {
        let is_own =
            |(made_at, text): &(usize, String)| *made_at < at && *text == effect.target.text;
        if effect.action == Action::Delete && made.iter().any(is_own) {
            effect.target.place = Some(Place::Temp);
        }
    }
    let mut at = 0;
    effects.retain(|_| {
        at += 1;
        !copies.contains(&(at - 1))
    });
}

/// Makes a plain change of a template that is put in the place of `.env` and then filled by the same line: `cp .env.example .env && sed -i
/// s/a/b/ .env`. Whoever sets up a project does so; a copy of what was there is kept as of any file that is written.
fn fill(effects: &mut [Effect]) {
    const TEMPLATES: [&str; 5] = [".example", ".sample", ".template", ".dist", ".tmpl"];
    let is_settings = |effect: &Effect| {
        let name = effect.target.text.rsplit('/').next().unwrap_or_default();
        effect.role == Role::Path && name.starts_with(".env")
    };
    let is_filled = |at: usize, copied: &Effect| {
        let is_source = |it: &Effect| {
            it.action == Action::Read
                && it.span == copied.span
                && TEMPLATES.iter().any(|end| it.target.text.ends_with(end))
        };
        let edits = |it: &Effect| {
            it.action == Action::Write
                && it.target.text == copied.target.text
                && it.span != copied.span
        };
        effects.iter().take(at).any(is_source) && effects.iter().skip(at).any(edits)
    };
    let copied = effects.iter().enumerate().filter(|(at, effect)| {
        effect.action == Action::Overwrite
            && effect.program == "cp"
            && is_settings(effect)
            && is_filled(*at, effect)
    });
    let copied: Vec<usize> = copied.map(|(at, _)| at).take(BACKUPS_MAX).collect();
    for at in copied {
        if let Some(effect) = effects.get_mut(at) {
            effect.action = Action::Write;
        }
    }
}

/// The reading of secrets that are only copied or moved to a longer name in their directory.
fn copies(effects: &[Effect]) -> Vec<usize> {
    let is_secret = |effect: &Effect| effect.target.place == Some(Place::Secret);
    let sources = effects.iter().enumerate().filter(|(_, effect)| {
        matches!(effect.action, Action::Read | Action::Move)
            && matches!(effect.program.as_str(), "cp" | "mv")
            && is_secret(effect)
    });
    let stays = |(at, source): (usize, &Effect)| {
        let same = |it: &&Effect| it.span == source.span && it.program == source.program;
        let mut others = effects.iter().skip(at + 1).take_while(same);
        let has_only_one = effects
            .iter()
            .filter(same)
            .filter(|it| it.action == source.action)
            .count()
            == 1;
        let is_beside = |it: &Effect| {
            matches!(it.action, Action::Overwrite | Action::Create)
                && is_secret(it)
                && it
                    .target
                    .text
                    .strip_prefix(&source.target.text)
                    .is_some_and(|rest| {
                        rest.starts_with(['.', '~', '-', '_']) && !rest.contains('/')
                    })
        };
        (has_only_one && others.any(is_beside)).then_some(at)
    };
    sources.take(BACKUPS_MAX).filter_map(stays).collect()
}

/// Whether `path` is `original` with the suffix of a backup.
fn is_backup(original: &str, path: &str) -> bool {
    path.strip_prefix(original).is_some_and(is_suffix)
}

fn is_suffix(suffix: &str) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    SUFFIXES.iter().any(|it| {
        suffix
            .strip_prefix(it)
            .is_some_and(|rest| rest.chars().all(is_word))
    })
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::all_effects;

    #[test]
    fn a_secret_that_stays_in_its_directory_is_not_read() {
        let is_read = |text: &str| {
            let effects = all_effects(text);
            effects
                .iter()
                .any(|it| it.starts_with("read") || it.starts_with("move"))
        };
        for text in ["cp .env .env.bak", "mv .env .env.old", "cp .env .env.local"] {
            assert!(!is_read(text), "{text}");
        }
        for text in [
            "cp .env /tmp/.env.bak",
            "cp .env env.txt",
            "cat .env > .env.bak",
        ] {
            assert!(is_read(text), "{text}");
        }
    }
}
