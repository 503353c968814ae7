//! What a call of a script does, and what it gives back.

use super::Embedded;
use super::calls::{self, Decode, Does, SELF};
use super::decode::decoded;
use super::script::Script;
use super::value::{Value, pattern, patterned};
use crate::effect::{Action, Feed, Modifier, Modifiers, Role};
use crate::knowledge::holes::TEMPORARY;
use crate::knowledge::schema::Language;
use crate::shell::{Hole, Piece, Word};

/// A call: the function in full, the object before the dot, and the arguments with their keywords.
pub(super) struct Call<'a> {
    pub(super) path: &'a str,
    pub(super) object: Option<Value>,
    pub(super) arguments: Vec<(Option<String>, Value)>,
}

impl Call<'_> {
    /// Returns the argument at `at`; unknown when there is none.
    pub(super) fn argument(&self, at: usize) -> Value {
        let found = if at == SELF {
            self.object.clone()
        } else {
            self.positional().nth(at).cloned()
        };
        found.unwrap_or_else(|| Value::unknown(Feed::Nothing))
    }

    pub(super) fn keyword(&self, name: &str) -> Option<&Value> {
        let mut all = self.arguments.iter();
        all.find(|(keyword, _)| keyword.as_deref() == Some(name))
            .map(|(_, value)| value)
    }

    pub(super) fn positional(&self) -> impl Iterator<Item = &Value> {
        self.arguments
            .iter()
            .filter(|(keyword, _)| keyword.is_none())
            .map(|(_, value)| value)
    }
}

/// How a pipe to a program is opened.
const PIPE_MODES: [&str; 8] = ["r", "w", "r+", "w+", "rb", "wb", "rt", "wt"];

impl Script<'_> {
    /// Notes the effects of a call whose meaning is known.
    pub(super) fn perform(&mut self, does: Does, call: &Call<'_>) -> Value {
        match does {
            Does::Launch => self.launch(call),
            Does::Exec => self.exec(call.positional().cloned().collect()),
            Does::Spawn => self.exec(call.positional().skip(1).cloned().collect()),
            Does::LaunchSelf => self.launch_value(&call.argument(SELF)),
            Does::DeleteRemote => {
                self.note(
                    Action::Delete,
                    Role::Remote,
                    &call.argument(0),
                    Modifiers::NONE,
                );
                Value::unknown(Feed::Network)
            }
            Does::Opaque => {
                self.hidden(&format!("machine code by way of {}", call.path));
                Value::unknown(Feed::Nothing)
            }
            Does::Path(action, at, modifier) => {
                if call.path.starts_with("shutil.copy") || call.path == "copy" {
                    self.path(Action::Read, &call.argument(0), None);
                }
                self.path(emptied(action, call, at), &call.argument(at), modifier)
            }
            Does::Move => self.moved(call),
            Does::Open => self.open(call),
            Does::Fetch => {
                self.downloaded(call);
                self.remote(Action::Fetch, call)
            }
            Does::Include(program) => self.included(program, call),
            Does::Send => self.remote(Action::Send, call),
            Does::Connect => self.remote(Action::Connect, call),
            Does::ListenAt => self.listen_at(call),
            Does::Rewire => self.rewire(),
            Does::Kill => {
                let target = call.argument(0);
                self.note(Action::Kill, Role::Process, &target, Modifiers::NONE);
                Value::unknown(Feed::Nothing)
            }
            Does::Interpret => self.interpret(call),
            Does::Print => self.print(call),
            Does::Same(at) => call.argument(at),
            Does::Join => Self::join(call),
            Does::Glob => Self::glob(call),
            Does::ListDirectory => Self::in_directory(call),
            Does::Walk => Self::walked(call),
            Does::Secret => self.secret(call),
            Does::Below => call.argument(0).then("/", &star()),
            Does::Decode(Decode::Format)
                if matches!(self.language, Language::Other | Language::Lua) =>
            {
                self.filled(call)
            }
            Does::Decode(decode) => {
                self.hides |= decode.hides();
                decoded(decode, call)
            }
            Does::Home => super::value::home(),
            Does::Temporary => super::value::temporary(),
            Does::TemporaryRoot => Value::text("/tmp"),
            Does::Variable => Self::variable_named(call.argument(0).known().as_deref()),
            Does::List => Value::list(call.positional().cloned().collect()),
            Does::Unpickle => self.unpickle(call),
            Does::MemberOfSelf | Does::Named | Does::CallNamed | Does::CallLast => {
                self.reflect(does, call)
            }
            Does::Query | Does::Redis => self.asked(does, call),
            Does::Module | Does::Member | Does::Nothing => Value::unknown(Feed::Nothing),
        }
    }

    fn secret(&mut self, call: &Call<'_>) -> Value {
        let target = Value::text(call.path);
        self.note(Action::Read, Role::Secret, &target, Modifiers::NONE);
        Value::unknown(Feed::Secret)
    }

    /// Objects made of bytes run what the bytes say.
    fn unpickle(&mut self, call: &Call<'_>) -> Value {
        let bytes = call.argument(0);
        let takes_path = matches!(call.path, "torch.load" | "joblib.load");
        if takes_path && bytes.known().is_some() && bytes.feed < Feed::Decoded {
            // A file of the project, or with `weights_only=True` nothing but numbers (torch.load, PyTorch 2.6).
            let is_plain = call.arguments.iter().any(|(keyword, value)| {
                keyword.as_deref() == Some("weights_only")
                    && value.known().as_deref() != Some("False")
            });
            if !is_plain {
                self.note(Action::Execute, Role::Path, &bytes, Modifiers::NONE);
            }
            return Value::unknown(Feed::Nothing);
        }
        if bytes.known().is_some() || bytes.feed >= Feed::Decoded {
            self.hidden("objects made of bytes that the code holds");
        }
        Value::unknown(Feed::Nothing)
    }

    pub(super) fn note(
        &mut self,
        action: Action,
        role: Role,
        target: &Value,
        modifiers: Modifiers,
    ) {
        for target_word in target.alternatives() {
            self.found.push(Embedded::Effect {
                action,
                role,
                target: target_word,
                modifiers,
                feed: target.feed,
            });
        }
    }

    fn launch(&mut self, call: &Call<'_>) -> Value {
        let mut arguments: Vec<Value> = call.positional().cloned().collect();
        if arguments.is_empty() {
            // `subprocess.run(args=["rm"])`
            let named = call.arguments.iter().filter(|(keyword, _)| {
                matches!(keyword.as_deref(), Some("args" | "command" | "cmd"))
            });
            arguments.extend(named.map(|(_, value)| value.clone()));
        }
        // Behind the command stands how it is opened: `popen("sh", "w")`, `proc_open("sh", [["pipe", "r"]], $pipes)` of PHP 8.4.
        let is_mode = |mode: &Value| {
            mode.known()
                .is_some_and(|it| PIPE_MODES.contains(&it.as_str()))
        };
        if call.path == "proc_open"
            || call.path.ends_with("popen") && arguments.get(1).is_some_and(is_mode)
        {
            arguments.truncate(1);
        }
        for other in arguments
            .first()
            .map(|first| first.others.clone())
            .unwrap_or_default()
        {
            self.launch_value(&other);
        }
        // `execProcess("rm", args = a)` of Nim.
        if let ([program], Some(list)) = (arguments.as_slice(), call.keyword("args"))
            && let Some(words) = &list.items
        {
            let words: Vec<Value> = std::iter::once(program).chain(words).cloned().collect();
            self.command(&words);
            return Value::unknown(Feed::Program);
        }
        match arguments.as_slice() {
            [list, ..] if list.items.is_some() => {
                self.command(list.items.as_deref().unwrap_or_default());
            }
            // `spawn("rm", ["-rf", x], { stdio: "inherit" })`
            [program, list, ..] if list.items.is_some() && program.items.is_none() => {
                let words = list.items.iter().flatten();
                let words: Vec<Value> = std::iter::once(program).chain(words).cloned().collect();
                self.command(&words);
            }
            [text] => self.shell(text),
            // `new Deno.Command("rm", { args: ["-rf", "x"] })`
            [program, options] if options.fields.iter().any(|(name, _)| name == "args") => {
                let mut fields = options.fields.iter();
                let words = fields.find(|(name, _)| name == "args");
                let words = words.and_then(|(_, value)| value.items.clone());
                let words = words.into_iter().flatten();
                let words: Vec<Value> = std::iter::once(program.clone()).chain(words).collect();
                self.command(&words);
            }
            [text, options] if options.words.iter().all(|word| word.known().is_none()) => {
                self.shell(text);
            }
            [] => self.hidden("a command that is computed"),
            words => self.command(words),
        }
        if call.path == "pty.spawn" {
            self.hidden("a program on a terminal of its own, where anything may be typed");
        }
        Value::unknown(Feed::Program)
    }

    /// A command in one value: a list of words, or a text for a shell.
    fn launch_value(&mut self, value: &Value) -> Value {
        match &value.items {
            Some(items) => self.command(items),
            None => self.shell(value),
        }
        Value::unknown(Feed::Program)
    }

    pub(super) fn shell(&mut self, text: &Value) {
        self.was_decoded(text);
        self.called_unseen(text);
        self.found
            .extend(text.alternatives().into_iter().map(Embedded::Shell));
    }

    /// Notes that what is run came out of a decoder: whatever it says, nobody writes a plain command so.
    fn was_decoded(&mut self, code: &Value) {
        if matches!(code.feed, Feed::Decoded | Feed::Network) {
            self.note(Action::Interpret, Role::Code, code, Modifiers::NONE);
        }
    }

    /// A command that nobody writes as one: of a method that Python calls by itself, or out of a comment.
    ///
    /// Python 3.13, "Special method names": `'%(rm x)s' % d` calls `d.__missing__("rm x")`.
    fn called_unseen(&mut self, command: &Value) {
        const BY_ITSELF: [&str; 9] = [
            "__missing__",
            "__getattr__",
            "__getattribute__",
            "__getitem__",
            "__class_getitem__",
            "__format__",
            "__set_name__",
            "__del__",
            "__prepare__",
        ];
        let is_computed = command
            .alternatives()
            .iter()
            .any(|word| word.known_prefix().trim().is_empty());
        let is_comment = command
            .path
            .as_deref()
            .is_some_and(|path| path.ends_with("__doc__"));
        if is_computed && BY_ITSELF.contains(&self.current.as_str()) || is_comment {
            self.hidden("a command of a function that nobody calls by its name");
        }
    }

    /// Starts a program by words that a library was given.
    pub(super) fn started(&mut self, words: &[Value]) {
        self.command(words);
    }

    fn command(&mut self, values: &[Value]) {
        let words: Vec<Word> = values
            .iter()
            .map(|value| match value.alternatives().as_slice() {
                [only] => only.clone(),
                _ => super::value::hole(),
            })
            .collect();
        let is_code = |word: &Word| matches!(word.known().as_deref(), Some("-c" | "-e" | "-lc"));
        let count = if words.iter().any(is_code) {
            values.len()
        } else {
            1
        };
        for value in values.iter().take(count) {
            self.was_decoded(value);
        }
        if !words.is_empty() {
            self.found.push(Embedded::Command(words));
        }
    }

    /// `execvp("rm", ["rm", "-rf", "/"])`, `execl("/bin/sh", "sh", "-c", "ls")`.
    fn exec(&mut self, mut arguments: Vec<Value>) -> Value {
        if arguments.is_empty() {
            self.unknown("a command that is computed");
            return Value::unknown(Feed::Nothing);
        }
        let program = arguments.remove(0);
        let words = match arguments.first().and_then(|first| first.items.clone()) {
            Some(list) => list,
            None => arguments,
        };
        // In source that the line compiles for itself, nobody computes a plain command.
        let compiled = self.language == Language::Other;
        let is_told = |word: &Word| !word.known_prefix().trim().is_empty();
        if compiled && !program.alternatives().iter().any(is_told) {
            self.hidden("a program whose name is computed");
        }
        let words: Vec<Value> = std::iter::once(program)
            .chain(words.into_iter().skip(1))
            .collect();
        self.command(&words);
        Value::unknown(Feed::Nothing)
    }

    pub(super) fn path(
        &mut self,
        action: Action,
        target: &Value,
        modifier: Option<Modifier>,
    ) -> Value {
        if action == Action::Read && Self::is_address(target) {
            self.note(Action::Fetch, Role::Remote, target, Modifiers::NONE);
            return Value::unknown(Feed::Network);
        }
        let modifiers = modifier.into_iter().collect();
        self.note(action, Role::Path, target, modifiers);
        if target.feed == Feed::Decoded && matches!(action, Action::Delete | Action::Overwrite) {
            self.hidden("a file whose name is decoded");
        }
        Value::unknown(if action == Action::Read {
            Feed::File
        } else {
            Feed::Nothing
        })
    }

    fn open(&mut self, call: &Call<'_>) -> Value {
        let keyword = |name: &str| {
            call.arguments
                .iter()
                .find(|(key, _)| key.as_deref() == Some(name))
                .map(|(_, v)| v)
        };
        let second = call.argument(1);
        let mode = keyword("mode")
            .unwrap_or(&second)
            .known()
            .unwrap_or_default();
        // `os.OpenFile(p, os.O_WRONLY|os.O_SYNC, 0)`, `open(p, O_RDWR)`.
        let flags = call
            .positional()
            .skip(1)
            .filter_map(|it| it.path.as_deref());
        let mut flags = flags.map(|path| path.rsplit('.').next().unwrap_or(path));
        if let Some(flag) =
            flags.find(|flag| matches!(*flag, "O_WRONLY" | "O_RDWR" | "O_TRUNC" | "O_APPEND"))
        {
            let action = if flag == "O_TRUNC" {
                Action::Truncate
            } else {
                Action::Write
            };
            return self.path(action, &call.argument(0), None);
        }
        let perl = self.language == crate::knowledge::schema::Language::Perl;
        if perl {
            return self.perl_open(call, &mode);
        }
        // `open("|rm x")` of ruby starts a command (`Kernel#open`, 3.3).
        let first = call.argument(0);
        if self.language == crate::knowledge::schema::Language::Ruby
            && let Some(text) = first.known()
            && let Some(command) = text.trim_start().strip_prefix('|')
        {
            self.piped(command);
            return Value::unknown(Feed::Program);
        }
        self.path(calls::opened(&mode), &first, None)
    }

    /// A command that the code starts, and may feed with what it prints.
    fn piped(&mut self, command: &str) {
        let program = command.split_whitespace().next().unwrap_or_default();
        let name = program.rsplit('/').next().unwrap_or_default();
        if matches!(name, "sh" | "bash" | "zsh" | "dash" | "ksh") && !command.contains(" -c") {
            self.hidden("text that the code feeds to a shell");
        }
        self.shell(&Value::text(command));
    }

    /// `open(F, "rm -rf / |")`, `open(F, ">", "x")`, `open F, ">x"`.
    fn perl_open(&mut self, call: &Call<'_>, mode: &str) -> Value {
        let text = mode.trim();
        if call.positional().nth(2).is_none() && text.is_empty() {
            return self.perl_open_computed(&call.argument(1));
        }
        if let Some(command) = text.strip_prefix('|').or_else(|| text.strip_suffix('|')) {
            let third = call.argument(2);
            let words: Vec<Value> = call.positional().skip(2).cloned().collect();
            match words.as_slice() {
                [] => self.piped(command),
                [_] => match third.known() {
                    Some(command) => self.piped(&command),
                    None => self.shell(&third),
                },
                words => self.command(words),
            }
            return Value::unknown(Feed::Program);
        }
        let name = text.trim_start_matches(['<', '>', '+', ' ']);
        let target = if name.is_empty() || name.starts_with(':') {
            call.argument(2)
        } else {
            Value::text(name)
        };
        self.path(calls::opened(text), &target, None)
    }

    /// `open(F, $x)` of two arguments: a text that begins or ends with a bar is a command (perlopentut 5.38, "Pipe Opens").
    fn perl_open_computed(&mut self, name: &Value) -> Value {
        let is_pipe = |word: &Word| {
            let text = word.display();
            text.starts_with('|') || text.ends_with('|')
        };
        if name.alternatives().iter().any(is_pipe) || self.hides && name.known().is_none() {
            self.hidden("a file or a command whose name is computed");
        }
        self.path(Action::Read, name, None)
    }

    /// Code that is read as well when it is known, and noted with its origin when it is not.
    fn interpret(&mut self, call: &Call<'_>) -> Value {
        let takes_functions = call.path.starts_with("set") || call.path.ends_with(".constructor");
        // What makes functions takes their code last.
        let code = if call.path.ends_with("Function") || call.path.ends_with(".constructor") {
            call.positional().last().cloned().unwrap_or_default()
        } else {
            call.argument(0)
        };
        if call.arguments.is_empty() {
            return Value::unknown(Feed::Nothing);
        }
        if let Some(text) = code.known() {
            self.was_decoded(&code);
            let is_name = |letter: char| letter.is_ascii_alphanumeric() || "_.".contains(letter);
            if !text.is_empty() && text.chars().all(is_name) {
                // `eval(Meta.parse("rm"))` is the function.
                return Value::named(text);
            }
            self.nested(&text);
        } else if matches!(code.feed, Feed::Nothing | Feed::Text) {
            // `[].constructor.constructor(x)` is `Function(x)`, and a text that was turned around is no function.
            let makes_functions = call.path.ends_with(".constructor")
                && (self.hides || call.path.ends_with(".constructor.constructor"));
            if !takes_functions || makes_functions {
                self.hidden("code that is computed");
            }
        } else {
            self.note(Action::Interpret, Role::Code, &code, Modifiers::NONE);
            self.unknown("code from elsewhere");
        }
        Value::unknown(Feed::Nothing)
    }

    fn print(&mut self, call: &Call<'_>) -> Value {
        for value in call.positional() {
            if value.path.as_deref().is_some_and(calls::is_environment) {
                let target = Value::text("the environment");
                self.note(
                    Action::Read,
                    Role::Secret,
                    &target,
                    Modifiers::NONE.with(Modifier::All),
                );
            }
        }
        Value::unknown(Feed::Nothing)
    }

    fn join(call: &Call<'_>) -> Value {
        let mut parts = call
            .object
            .iter()
            .filter(|object| object.path.is_none())
            .chain(call.positional());
        let Some(first) = parts.next() else {
            return Value::unknown(Feed::Nothing);
        };
        let is_never_root = call.path.ends_with("path.join") || call.path.ends_with(".joinpath");
        parts.fold(first.clone(), |path, part| match part.known() {
            Some(text) if text.starts_with('/') => part.clone(),
            // `File.join("", "")` is the root (Ruby 3.3), and what Julia walks through is not known here.
            _ if is_never_root => path.below(part),
            _ => path.then("/", part),
        })
    }

    fn glob(call: &Call<'_>) -> Value {
        // `Path.rglob` puts `**/` in front of what it is told (pathlib, Python 3.13).
        let below = if call.path.ends_with("rglob") {
            "**/"
        } else {
            ""
        };
        let patterns = call.argument(0).alternatives();
        let words = patterns
            .iter()
            .map(|word| match (word.known(), word.pieces.first()) {
                (Some(text), _) => pattern(&[below, &*text].concat()),
                (None, Some(Piece::Hole(Hole::Other(TEMPORARY)))) => patterned(word),
                (None, _) => super::value::hole(),
            })
            .collect();
        let value = Value {
            words,
            feed: Feed::File,
            ..Value::default()
        };
        match &call.object {
            Some(object) if object.path.is_none() => object.then("/", &value),
            _ => value,
        }
    }
}

/// What becomes of the path at `at`: a file that gets nothing is emptied.
fn emptied(action: Action, call: &Call<'_>, at: usize) -> Action {
    if action == Action::Overwrite && writes_nothing(call, at) {
        Action::Truncate
    } else {
        action
    }
}

/// Whether what a function writes to the path at `at` is the empty text: `writeFileSync(".env", "")`, `p.write_text("")`.
fn writes_nothing(call: &Call<'_>, at: usize) -> bool {
    let behind = if at == SELF { 0 } else { at + 1 };
    let mut content = call.positional().skip(behind);
    let writes = call
        .path
        .rsplit('.')
        .next()
        .unwrap_or(call.path)
        .to_lowercase();
    (writes.contains("write") || writes.contains("put_contents"))
        && content
            .next()
            .is_some_and(|it| it.known().is_some_and(|text| text.trim().is_empty()))
}

pub(super) fn star() -> Value {
    Value {
        words: vec![pattern("*")],
        ..Value::default()
    }
}
