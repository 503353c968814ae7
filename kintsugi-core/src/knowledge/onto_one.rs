//! Many files that get one name: `for f in *.tif; do mv "$f" all.tif; done` leaves the last of them, and nothing of the others.
//!
//! `mv` puts what it is given into a directory when there is one by that name (mv(1), coreutils 9.4). Facts of it are not asked for:
//! a name with the ending of the files that it is given is taken for one of their kind.

use super::analyst::Analyst;
use super::program::Task;
use crate::effect::{Action, Modifier};
use crate::shell::Word;

/// Endings that directories have as well.
const OF_DIRECTORIES: [&str; 8] = ["d", "old", "bak", "orig", "app", "git", "new", "tmp"];

impl Analyst<'_> {
    /// Notes that of the files that are moved one by one only the last is left.
    pub(super) fn onto_one(&mut self, task: &Task<'_, '_>) {
        if task.parsed.path != "mv" || task.parsed.is_set("kept") {
            return;
        }
        let of_role = |role: &str| {
            let values = task.parsed.values.iter();
            let words = values.filter(|value| value.role == role);
            words.map(|value| &value.word).collect::<Vec<_>>()
        };
        let (from, to) = (of_role("from"), of_role("to"));
        let ([from], [to]) = (from.as_slice(), to.as_slice()) else {
            return;
        };
        let is_listed = task.call.ambient.modifiers.contains(Modifier::Indirect);
        let Some(ending) = to.known().and_then(|to| ending_of(&to).map(str::to_owned)) else {
            return;
        };
        let is_of_kind = |from: &Word| {
            let text = from.display();
            let own = ending_of(&text);
            own.is_none_or(|own| own == ending)
        };
        if !(from.is_pattern() || is_listed) || !is_of_kind(from) {
            return;
        }
        let with = task.parsed.modifiers.with(Modifier::Indirect);
        for judged in self.judge(from, &task.call.directories, task.call.scope) {
            self.push_path(&task.call, Action::Delete, &judged, &task.parsed.path)
                .with(with);
        }
    }
}

/// The ending of a name of a file; nothing of what may as well be a directory.
fn ending_of(path: &str) -> Option<&str> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let (before, ending) = name.rsplit_once('.')?;
    let is_plain = !ending.is_empty()
        && ending.len() <= 6
        && ending.bytes().all(|letter| letter.is_ascii_alphanumeric())
        && !ending.bytes().all(|letter| letter.is_ascii_digit());
    (is_plain && !before.is_empty() && !OF_DIRECTORIES.contains(&ending)).then_some(ending)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::testing::all_effects;

    #[test]
    fn endings_tell_files_from_directories() {
        assert_eq!(ending_of("a/all.tif"), Some("tif"));
        for other in ["photos", "a/", "conf.d", "src.bak", "v1.2", ".env"] {
            assert_eq!(ending_of(other), None, "{other}");
        }
    }

    #[test]
    fn of_many_files_that_get_one_name_the_others_are_gone() {
        for line in [
            "for f in *.tif; do mv \"$f\" all.tif; done",
            "for f in scans/*; do mv -f $f one.pdf; done",
            "find . -name '*.png' -exec mv {} last.png \\;",
            "ls *.pdf | xargs -I{} mv {} ../one.pdf",
        ] {
            let found = all_effects(line);
            assert!(
                found.iter().any(|it| it.starts_with("delete path")),
                "{line}: {found:?}"
            );
        }
        for line in [
            "for f in *.tif; do mv \"$f\" tifs; done",
            "for f in *.tif; do mv \"$f\" tifs/; done",
            "for f in *.tif; do mv -n \"$f\" all.tif; done",
            "for f in *.jpeg; do mv \"$f\" \"${f%.jpeg}.jpg\"; done",
            "mv a.tif b.tif",
            "mv *.conf /etc/app.d",
        ] {
            let found = all_effects(line);
            assert!(
                !found.iter().any(|it| it.starts_with("delete path")),
                "{line}: {found:?}"
            );
        }
    }
}
