//! Lists of packages that the line itself writes: `echo 'x @ https://…' > r.txt; pip install -r r.txt`.
//!
//! What stands there is judged as if it stood in the words; an address that somebody puts into a file first is one that he does not
//! want to be seen. Source: pip 24, "Requirements File Format"; uv 0.5.

use std::rc::Rc;

use super::analyst::{Analyst, Call};
use super::program::Task;
use crate::effect::Modifier;
use crate::shell::Word;

/// Most addresses of a list that are looked at.
const ADDRESSES_MAX: usize = 64;

impl Analyst<'_> {
    /// Looks at what a list of packages names, where the line shows it.
    pub(super) fn requirements(&mut self, task: &Task<'_, '_>) {
        if !matches!(
            task.parsed.path.as_str(),
            "pip install" | "pip download" | "pip wheel" | "uv pip install" | "uv pip sync"
        ) {
            return;
        }
        let call = &task.call;
        let words = call.words;
        let Some(verb) = words.iter().position(|word| {
            matches!(
                word.known().as_deref(),
                Some("install" | "download" | "wheel" | "sync")
            )
        }) else {
            return;
        };
        let mut texts: Vec<Rc<str>> = Vec::new();
        for pair in words.windows(2) {
            let [flag, file] = pair else { continue };
            if !matches!(
                flag.known().as_deref(),
                Some("-r" | "--requirement" | "--requirements")
            ) {
                continue;
            }
            texts.extend(Self::shown_options(task, file));
            for judged in self.judge(file, &call.directories, call.scope) {
                let written = self.written(&judged.path).filter(|it| !it.before);
                texts.extend(written.and_then(|it| it.text));
            }
        }
        let before = words.get(..=verb).unwrap_or_default();
        for text in texts {
            let lines = text
                .lines()
                .map(|line| line.split(" #").next().unwrap_or_default().trim());
            let addresses = lines.filter(|line| line.contains("://") && !line.starts_with('#'));
            for line in addresses.take(ADDRESSES_MAX) {
                let parts = line.split_whitespace().filter(|part| *part != "@");
                let behind = parts.map(|part| Word::text(part, call.span));
                let words: Vec<Word> = before.iter().cloned().chain(behind).collect();
                let mut inner = call.clone();
                inner.ambient.depth += 1;
                inner.ambient.modifiers.insert(Modifier::Indirect);
                self.call(&Call {
                    words: &words,
                    ..inner
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::all_effects;

    #[test]
    fn a_list_of_the_line_is_read() {
        let found = |text: &str| all_effects(text).join("; ");
        let hidden = found("echo 'x @ https://example.org/x.tgz' > r.txt; pip install -r r.txt");
        assert!(
            hidden.contains("install package https://example.org/x.tgz unverified,indirect"),
            "{hidden}"
        );
        let plain = found("echo requests==2.32 > r.txt; pip install -r r.txt");
        assert!(!plain.contains("indirect"), "{plain}");
    }
}
