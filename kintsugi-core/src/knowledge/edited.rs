//! Edits of whatever files a search finds: `grep -rl a ~/notes | xargs sed -i s/a/b/`, `find ~/notes -type f -exec sed -i … {} +`.
//!
//! The line names the place where is searched, and each file below it may be edited. `grep -l`, `rg -l` and `ag -l` print names of
//! files (grep(1), 3.11; rg(1), 14.1; ag(1), 2.2), `find` and `fd` hand them on.

use super::analyst::Analyst;
use super::program::Task;
use crate::effect::{Action, Effect, Modifier, Modifiers, Role};
use crate::place::Place;
use crate::shell::{Piece, Word};

/// Programs that search below a place for names.
const FINDERS: [&str; 3] = ["find", "fd", "gfind"];

/// Programs that search in files, and print the names of those with a match when they are asked to.
const SEARCHERS: [&str; 8] = [
    "grep", "egrep", "fgrep", "rgrep", "ggrep", "rg", "ag", "ack",
];

/// Most places that are taken from searches.
const PLACES_MAX: usize = 8;

impl Analyst<'_> {
    /// Says of an edit of what a search found that it is one of many files.
    pub(super) fn edits_found(&mut self, task: &mut Task<'_, '_>, before: usize) {
        let is_edit = |effect: &Effect| effect.action == Action::Write && effect.role == Role::Path;
        let effects = &self.analysis.effects;
        if !effects.iter().skip(before).any(is_edit) {
            return;
        }
        let units = u32::try_from(effects.len() / 32 + 1).unwrap_or(u32::MAX);
        if !self.budget.spend(units) {
            return;
        }
        let (earlier, own) = self.analysis.effects.split_at_mut(before);
        for effect in own.iter_mut().filter(|effect| is_edit(effect)) {
            let is_searched = |it: &Effect| {
                it.action == Action::List
                    && FINDERS.contains(&it.program.as_str())
                    && it.target.text == effect.target.text
            };
            if effect.target.place == Some(Place::Home) && earlier.iter().any(is_searched) {
                effect.modifiers.insert(Modifier::Glob);
            }
        }
        let is_unseen = |word: &Word| matches!(word.pieces.as_slice(), [Piece::Hole(_)]);
        let mut files = task.parsed.values.iter();
        if !files.any(|value| value.role == "file" && is_unseen(&value.word)) || !lists_names(task)
        {
            return;
        }
        let is_search = |effect: &&Effect| {
            effect.action == Action::Read
                && matches!(effect.target.place, Some(Place::Home | Place::HomeRoot))
                && SEARCHERS.contains(&effect.program.as_str())
        };
        let searched = self.analysis.effects.iter().filter(is_search);
        let places: Vec<String> = searched
            .map(|effect| effect.target.text.clone())
            .take(PLACES_MAX)
            .collect();
        for place in places {
            let mut word = Word::text(place, task.call.span);
            word.pieces.push(Piece::Glob("/*".to_owned()));
            self.path_effect(task, Action::Write, &word, Modifiers::NONE);
        }
    }
}

/// Whether a search of the line prints the names of files and nothing else.
fn lists_names(task: &Task<'_, '_>) -> bool {
    let is_option = |word: &Word| {
        let text = word.display();
        let letters = text.strip_prefix('-').filter(|it| !it.starts_with('-'));
        letters.is_some_and(|it| it.contains('l') && it.len() <= 8) || text.starts_with("--files")
    };
    let mut searches = task.call.scope.script.invocations.iter();
    searches.any(|it| {
        // Behind `sudo` and its like, too.
        let is_searcher = |word: &Word| {
            let text = word.display();
            SEARCHERS.contains(&text.rsplit('/').next().unwrap_or_default())
        };
        it.words.iter().take(4).any(is_searcher) && it.words.iter().any(is_option)
    })
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::all_effects;

    #[test]
    fn what_a_search_finds_in_the_home_is_many_files() {
        let edits = |line: &str| {
            let found = all_effects(line);
            found
                .iter()
                .any(|it| it.starts_with("write path") && it.contains("glob"))
        };
        for line in [
            "grep -rl foo ~/notes | xargs sed -i s/foo/bar/",
            "grep -rlZ foo ~/notes | xargs -0 sed -i s/foo/bar/",
            "sed -i s/foo/bar/ $(rg -l foo ~/notes)",
            "rg --files-with-matches foo ~/notes | xargs perl -pi -e s/foo/bar/",
            "find ~/notes -type f -exec sed -i s/foo/bar/ {} +",
            "find ~/notes -type f | xargs sed -i s/foo/bar/",
            "fd -e md . ~/notes -x sed -i s/foo/bar/ {}",
        ] {
            assert!(edits(line), "{line}: {:?}", all_effects(line));
        }
        for line in [
            "grep -rl foo src | xargs sed -i s/foo/bar/",
            "grep -rl foo ~/notes | xargs wc -l",
            "sed -i s/foo/bar/ ~/notes/a.md",
            "ls ~/notes; sed -i s/foo/bar/ ~/notes/a.md",
        ] {
            assert!(!edits(line), "{line}: {:?}", all_effects(line));
        }
    }
}
