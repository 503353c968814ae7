//! Files that a script moves, and paths that it puts together by methods: `os.rename(a, b)`, `Path(a).rename(b)`, `dir.join("x")`.

use super::effects::Call;
use super::script::Script;
use super::value::Value;
use crate::effect::Action;
use crate::knowledge::schema::Language;
use crate::shell::Word;

impl Script<'_> {
    /// `Path("x").rename("/tmp/y")` of Python's pathlib, and `replace`, which takes one argument where that of a text takes two.
    pub(super) fn renamed(&mut self, call: &Call<'_>) -> Option<Value> {
        let [(None, to)] = call.arguments.as_slice() else {
            return None;
        };
        let is_rename =
            self.language == Language::Python && matches!(call.path, ".rename" | ".replace");
        let from = call.object.as_ref().filter(|_| is_rename)?;
        let is_path = |word: &Word| word.known_prefix().starts_with(['/', '~']);
        from.alternatives()
            .iter()
            .any(is_path)
            .then(|| self.moved_to(call, from, to))
    }

    /// `dir.join("x")` of Rust's `Path` (1.82); that of a list puts texts together.
    pub(super) fn path_below(&self, call: &Call<'_>) -> Option<Value> {
        let [(None, part)] = call.arguments.as_slice() else {
            return None;
        };
        let is_join =
            self.language == Language::Other && call.path.rsplit('.').next() == Some("join");
        let above = call.object.as_ref().filter(|_| is_join)?;
        let is_path = above.items.is_none() && above.path.is_none() && part.items.is_none();
        (is_path && !above.words.is_empty()).then(|| above.then("/", part))
    }

    pub(super) fn moved(&mut self, call: &Call<'_>) -> Value {
        self.moved_to(call, &call.argument(0), &call.argument(1))
    }

    fn moved_to(&mut self, call: &Call<'_>, from: &Value, to: &Value) -> Value {
        // Each of many gets the one name, over the one before: a rename goes into no directory (rename(2)).
        let is_many = from.alternatives().iter().any(Word::is_pattern);
        let is_rename = call.path.contains("rename") || call.path.ends_with("replace");
        let action = if is_many && is_rename && to.known().is_some() {
            Action::Truncate
        } else {
            Action::Move
        };
        self.path(action, from, None);
        self.path(Action::Overwrite, to, None)
    }
}
