//! Packages that the line packs from the project, and installs from where it put them: `npm pack --pack-destination /tmp && npm i /tmp/x.tgz`.
//!
//! Sources: npm-pack(1), npm 10; pnpm 9; Yarn 4, "yarn pack"; build 1.2 of Python; pip 24, "pip wheel"; uv 0.5; `RubyGems` 3.5.

use super::passing::earlier;
use crate::effect::{Action, Role};
use crate::knowledge::analyst::Analyst;
use crate::knowledge::program::Task;
use crate::knowledge::telling::listed;
use crate::shell::{Invocation, Word};

/// Directories that everybody can write to.
const SHARED: [&str; 3] = ["/tmp", "/var/tmp", "/dev/shm"];

/// Programs that only look at a package, by their first words.
const LOOKS: &str = " ls stat test [ du file wc sha256sum shasum echo ";

impl Analyst<'_> {
    /// Names a package that the line itself packed as what it is, one of the project.
    pub(super) fn calm_packed(&mut self, task: &Task<'_, '_>, before: usize) {
        let effects = self.analysis.effects.iter_mut().skip(before);
        let installed =
            effects.filter(|it| it.action == Action::Install && it.role == Role::Package);
        for effect in installed.filter(|it| it.target.text.contains('/')) {
            let path = effect.target.text.clone();
            let path = path.strip_prefix("file:").unwrap_or(&path);
            let Some((directory, name)) = path.rsplit_once('/') else {
                continue;
            };
            // A pattern would take what others put there as well.
            if SHARED.contains(&directory) && name.contains(['*', '?', '[']) {
                continue;
            }
            let mut packs = earlier(&task.call).skip_while(|it| !is_packed(it, path, directory));
            let is_own = packs.next().is_some();
            if is_own
                && packs.all(|it| is_packed(it, path, directory) || leaves(it, directory, name))
            {
                effect.target.text = format!("./{name}");
            }
        }
    }
}

/// Whether a command packs the project into a directory, or a file.
fn is_packed(invocation: &Invocation, file: &str, directory: &str) -> bool {
    let words: Vec<String> = invocation.words.iter().map(Word::display).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (options, rest): (&[&str], &[&str]) = match words.as_slice() {
        ["npm" | "pnpm", "pack", rest @ ..] => (&["--pack-destination"], rest),
        ["yarn", "pack", rest @ ..] => (&["--out", "-o", "--filename", "-f"], rest),
        ["python" | "python3", "-m", "build", rest @ ..] | ["pyproject-build", rest @ ..] => {
            (&["--outdir", "-o"], rest)
        }
        ["uv", "build", rest @ ..] => (&["--out-dir", "-o"], rest),
        ["pip" | "pip3", "wheel", rest @ ..] => (&["--wheel-dir", "-w"], rest),
        ["gem", "build", rest @ ..] => (&["--output", "-o"], rest),
        _ => return false,
    };
    let mut is_there = false;
    let mut rest = rest.iter().copied();
    while let Some(word) = rest.next() {
        let value = match word.split_once('=') {
            Some((option, value)) if options.contains(&option) => Some(value),
            _ if options.contains(&word) => rest.next(),
            None if matches!(word, "-w" | "--workspace") => {
                rest.next();
                None
            }
            _ => None,
        };
        match value {
            Some(value) => {
                is_there |= value == file || value.trim_end_matches('/') == directory;
            }
            // What is packed is the project, and no package of somebody else's.
            None if !word.starts_with('-') && !is_own_source(word) => return false,
            None => {}
        }
    }
    is_there
}

/// Whether a word names what lies in the project.
fn is_own_source(word: &str) -> bool {
    matches!(word, ".") || word.starts_with("./") || word.ends_with(".gemspec")
}

/// Whether a command behind the packing puts nothing in the place of what was packed.
fn leaves(invocation: &Invocation, directory: &str, name: &str) -> bool {
    let words: Vec<String> = invocation.words.iter().map(Word::display).collect();
    let first = words.first().map_or("", String::as_str);
    let names = |text: &str| text.contains(name) || text.trim_end_matches('/') == directory;
    let mut redirects = invocation.redirects.iter();
    // In that directory a plain name means the same.
    let is_there = matches!(first, "cd" | "pushd") && words.iter().any(|it| names(it));
    let is_look = listed(LOOKS, first)
        || match words
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .as_slice()
        {
            ["tar", letters, _] => letters.trim_start_matches('-').starts_with('t'),
            ["npm" | "pnpm" | "pip" | "gem", verb, ..] => matches!(*verb, "i" | "install" | "add"),
            _ => false,
        };
    !is_there
        && (is_look || !words.iter().skip(1).any(|it| names(it)))
        && !redirects.any(|it| names(&it.target.display()))
}
