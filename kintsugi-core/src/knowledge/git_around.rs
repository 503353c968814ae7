//! What the rest of a line says about a command of git: a remote that it adds just before, a patch of what is not committed, and
//! variables that take the checks of the project out of the way.
//!
//! Sources: git-remote(1), git-config(1), git-apply(1) of git 2.47; patch(1) 2.7; husky 9, pre-commit 4 and lefthook 1.11 for the
//! variables.

use super::analyst::{Analyst, Call};
use super::program::Task;
use crate::effect::{Action, Modifier, Modifiers, Role, Target};
use crate::shell::{Hole, Piece, Word};

/// Most remotes that are kept in mind.
const REMOTES_MAX: usize = 16;

/// Names that a person gives to a remote of his own: a new project, or a fork of one.
const OWN: [&str; 3] = ["origin", "upstream", "fork"];

/// Variables that switch hooks off, and the value that does; none: any but the empty one.
const SWITCHES: [(&str, Option<&str>); 7] = [
    ("HUSKY", Some("0")),
    ("HUSKY_SKIP_HOOKS", Some("1")),
    ("SKIP", None),
    ("LEFTHOOK", Some("0")),
    ("LEFTHOOK_EXCLUDE", None),
    ("OVERCOMMIT_DISABLE", Some("1")),
    ("SKIP_SIMPLE_GIT_HOOKS", Some("1")),
];

impl Analyst<'_> {
    /// Adds what the rest of the line makes of a command of git.
    pub(super) fn git_around(&mut self, task: &mut Task<'_, '_>) {
        match task.parsed.path.as_str() {
            "git remote add" | "git remote set-url" => {
                let is_new = task.parsed.path == "git remote add";
                let values: Vec<String> = operands(task);
                if let [name, address, ..] = values.as_slice() {
                    self.keep_remote(name, address, is_new);
                }
            }
            "git config" | "git config set" => {
                let words: Vec<String> = task.call.words.iter().map(Word::display).collect();
                for pair in words.windows(2) {
                    if let [key, address] = pair
                        && let Some(name) = remote_of_key(key)
                    {
                        self.keep_remote(name, address, false);
                    }
                }
            }
            "git push" => {
                self.pushed_elsewhere(task);
                self.unhooked(&task.call);
            }
            "git commit" | "git merge" | "git rebase" | "git am" | "git cherry-pick" => {
                self.unhooked(&task.call);
            }
            "git apply" | "patch" if takes_back(task) => {
                let here = Word::text(".", task.call.span);
                let with = Modifiers::NONE.with(Modifier::Uncommitted);
                self.path_effect(task, Action::Overwrite, &here, with);
            }
            _ => {}
        }
    }

    fn keep_remote(&mut self, name: &str, address: &str, is_new: bool) {
        let is_elsewhere = address.contains("://") && !address.starts_with("file://")
            || address.contains('@') && address.contains(':');
        // `git remote add origin …` is how a project gets its first remote; another address for it is another matter.
        if is_elsewhere && self.remotes.len() < REMOTES_MAX {
            let is_own = is_new && OWN.contains(&name);
            self.remotes
                .push((name.to_owned(), address.to_owned(), is_own));
        }
    }

    /// A push to a remote that the line itself made or moved goes to an address that nobody chose before.
    fn pushed_elsewhere(&mut self, task: &Task<'_, '_>) {
        let words: Vec<String> = task.call.words.iter().map(Word::display).collect();
        for pair in words.windows(2) {
            if let [flag, setting] = pair
                && flag == "-c"
                && let Some((key, address)) = setting.split_once('=')
            {
                if let Some(name) = remote_of_key(key) {
                    self.keep_remote(name, address, false);
                } else if let Some(base) = base_of_key(key)
                    && host(base) != host(address)
                {
                    let target = Target::named(base.to_owned());
                    self.push(&task.call, Action::Publish, Role::Remote, target)
                        .with(task.parsed.modifiers)
                        .by("git push");
                }
            }
        }
        let named = task.parsed.values.iter().find(|it| it.role == "remote");
        let name = named.map_or_else(|| "origin".to_owned(), |value| value.word.display());
        let everything = words
            .iter()
            .any(|word| matches!(word.as_str(), "--all" | "--mirror" | "--branches"));
        let found = self.remotes.iter().rev().find(|(known, ..)| *known == name);
        let Some((_, address, _)) =
            found.filter(|(name, _, is_own)| !is_own || everything && name != "origin")
        else {
            return;
        };
        let target = Target::named(address.clone());
        self.push(&task.call, Action::Publish, Role::Remote, target)
            .with(task.parsed.modifiers)
            .by("git push");
    }

    /// `HUSKY=0 git commit`, `git -c core.hooksPath=/dev/null commit`: what `--no-verify` does, by another name.
    fn unhooked(&mut self, call: &Call<'_>) {
        let switched = |(name, value): &(&str, Option<&str>)| {
            let mut given = call.assignments.iter().filter(|it| it.name == *name);
            let given = given.next_back().map(|it| &it.value);
            let word = given.or_else(|| call.variables.values.get(name));
            word.is_some_and(|word| {
                let text = word.display();
                value.map_or(!text.is_empty(), |value| text == value)
            })
        };
        let is_unset = call.words.iter().any(|word| {
            let text = word.display().to_ascii_lowercase();
            matches!(text.strip_prefix("core.hookspath="), Some("" | "/dev/null"))
        });
        if is_unset || SWITCHES.iter().any(switched) {
            let target = Target::named("hooks of the repository");
            self.push(call, Action::StopService, Role::Config, target)
                .by("git");
        }
    }
}

/// The name in `remote.NAME.url` and `remote.NAME.pushurl`.
fn remote_of_key(key: &str) -> Option<&str> {
    let rest = key.strip_prefix("remote.")?;
    rest.strip_suffix(".url")
        .or_else(|| rest.strip_suffix(".pushurl"))
}

/// What addresses begin with instead: BASE of `url.BASE.insteadOf` and `url.BASE.pushInsteadOf`.
fn base_of_key(key: &str) -> Option<&str> {
    let rest = key.get(4..).filter(|_| {
        key.get(..4)
            .is_some_and(|it| it.eq_ignore_ascii_case("url."))
    })?;
    let (base, last) = rest.rsplit_once('.')?;
    let is_one =
        last.eq_ignore_ascii_case("insteadof") || last.eq_ignore_ascii_case("pushinsteadof");
    is_one.then_some(base)
}

/// The host in the beginning of an address: `https://HOST/`, `git@HOST:`.
fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    rest.split(['/', ':']).next().unwrap_or_default()
}

/// The operands of a command, as texts.
fn operands(task: &Task<'_, '_>) -> Vec<String> {
    let values = task.parsed.values.iter();
    values.map(|value| value.word.display()).collect()
}

/// `git diff | git apply -R`: what is in no commit is taken back, as `git checkout .` does.
fn takes_back(task: &Task<'_, '_>) -> bool {
    let reverses = task.call.words.iter().any(|word| {
        let text = word.display();
        text == "--reverse"
            || text.starts_with('-') && !text.starts_with("--") && text.contains('R')
    });
    let Some(source) = task.call.feeding().last() else {
        return false;
    };
    let is_git = |word: &String| word.rsplit('/').next() == Some("git");
    let mut words = source
        .words
        .iter()
        .map(Word::display)
        .skip_while(|word| !is_git(word))
        .skip(1);
    let is_diff = super::redirect::behind_wrappers(&source.words) == "git"
        && words.next().as_deref() == Some("diff");
    // Between commits it is another question, and what is staged stays staged.
    is_diff
        && reverses
        && !words
            .take_while(|word| word != "--")
            .any(|word| word.contains("..") || word.contains('~') || word.contains('^'))
}

/// Whether a word of the command is a list of references: `git push origin $(git branch -r | sed …)`, or is put together by a command
/// or an expansion that writes `:` or `+` in front of one.
pub(super) fn lists_references(call: &Call<'_>) -> bool {
    call.words.iter().any(|word| match word.pieces.first() {
        Some(Piece::Hole(Hole::Output { first, end })) => {
            let printing = call.scope.script.between(*first, *end);
            printing.iter().any(|it| prints_references(&it.words))
        }
        Some(Piece::Hole(Hole::Other(_))) => word.pieces.len() == 1,
        Some(Piece::Hole(_) | Piece::Text(_) | Piece::Glob(_)) | None => false,
    })
}

fn prints_references(words: &[Word]) -> bool {
    let words: Vec<String> = words.iter().map(Word::display).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["git", "for-each-ref" | "ls-remote" | "show-ref", ..]
        | ["git", "tag", "-l" | "--list", ..]
        | ["git", "tag" | "branch"] => true,
        ["git", "branch", option, ..] => {
            let lists = [
                "-r",
                "-a",
                "--list",
                "--remotes",
                "--all",
                "--format",
                "--merged",
                "--no-merged",
                "--sort",
            ];
            lists.iter().any(|it| option.split('=').next() == Some(it))
        }
        [
            "sed" | "awk" | "gawk" | "mawk" | "perl" | "string" | "paste" | "xargs",
            texts @ ..,
        ] => texts.iter().any(|text| text.contains([':', '+'])),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::all_effects;

    fn found(text: &str) -> String {
        all_effects(text).join("; ")
    }

    #[test]
    fn a_push_to_a_remote_of_the_line_is_told_from_one_to_a_remote_that_was_there() {
        for text in [
            "git remote add m https://example.org/m.git && git push m --all",
            "git remote set-url origin https://example.org/m.git; git push",
            "git -c remote.m.url=https://example.org/m.git push m main",
            "git config remote.origin.pushurl https://example.org/m.git && git push origin main",
        ] {
            let found = found(text);
            assert!(
                found.contains("publish remote https://example.org/m.git"),
                "{text}: {found}"
            );
        }
        for text in [
            "git remote add origin https://example.org/m.git && git push -u origin main",
            "git remote add fork https://example.org/m.git && git push fork topic",
            "git remote add m https://example.org/m.git && git fetch m",
            "git remote add m ../m.git && git push m main",
            "git push origin main",
        ] {
            let found = found(text);
            assert!(!found.contains("publish remote https"), "{text}: {found}");
        }
    }

    #[test]
    fn hooks_are_switched_off_by_variables_and_settings() {
        for text in [
            "HUSKY=0 git commit -m x",
            "export HUSKY=0; git push origin topic",
            "SKIP=lint git commit -m x",
            "git -c core.hooksPath=/dev/null commit -m x",
        ] {
            let found = found(text);
            assert!(found.contains("hooks of the repository"), "{text}: {found}");
        }
        for text in [
            "HUSKY=1 git commit -m x",
            "HUSKY=0 npm ci",
            "SKIP= git commit -m x",
        ] {
            let found = found(text);
            assert!(!found.contains("hooks of the"), "{text}: {found}");
        }
    }

    #[test]
    fn a_patch_of_what_is_not_committed_takes_it_back() {
        assert!(found("git diff | git apply -R").contains("uncommitted"));
        assert!(found("git diff HEAD -- src | patch -p1 -R").contains("uncommitted"));
        assert!(!found("git diff main..topic | git apply -R").contains("uncommitted"));
        assert!(!found("git diff | git apply --check").contains("uncommitted"));
    }
}
