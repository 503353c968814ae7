//! The words behind a program text, as the text finds them: `@ARGV`, `sys.argv`, `process.argv`, `$argv`, `ARGV`, `arg`.

use super::script::Script;
use super::value::Value;
use crate::effect::Feed;
use crate::knowledge::schema::Language;

impl Script<'_> {
    /// The words behind the text, when `name` means them and there are any.
    pub(super) fn given_words(&self, name: &str) -> Option<Value> {
        let names: &[&str] = match self.language {
            Language::Perl => &["@ARGV", "$ARGV"],
            Language::Ruby => &["ARGV"],
            Language::Php => &["$argv"],
            Language::Lua => &["arg"],
            Language::Python => &["sys.argv", "argv"],
            Language::Javascript => &["process.argv", "argv", "Deno.args", "Bun.argv"],
            Language::Shell
            | Language::Sql
            | Language::Awk
            | Language::Sed
            | Language::Mongo
            | Language::Redis
            | Language::Ex
            | Language::Lisp
            | Language::Gdb
            | Language::Tcl
            | Language::Make
            | Language::Cmake
            | Language::Docker
            | Language::Terraform
            | Language::Powershell
            | Language::Other => return None,
        };
        let means = names.contains(&name);
        if !means || self.operands.is_empty() {
            return None;
        }
        let words = self.operands.iter().cloned().map(Value::word);
        let itself = self.counts_itself() && name != "Deno.args";
        let first = itself.then(|| Value::unknown(Feed::Nothing));
        Some(Value::list(first.into_iter().chain(words).collect()))
    }

    /// Whether the first of the words is the program itself.
    fn counts_itself(&self) -> bool {
        matches!(
            self.language,
            Language::Php | Language::Lua | Language::Python | Language::Javascript
        )
    }

    /// A part of a list, which may be all of it but the first: `sys.argv[1:]`, `process.argv.slice(1)`.
    pub(super) fn rest_of(&self, list: &Value) -> Value {
        let items = list.items.iter().flatten();
        let is_program = |value: &&Value| value.known().is_none() && value.feed == Feed::Nothing;
        let items: Vec<Value> = if self.counts_itself() {
            items.skip_while(is_program).cloned().collect()
        } else {
            items.cloned().collect()
        };
        Value::list(items)
    }
}
