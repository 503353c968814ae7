//! What functions of the scripting languages do, as data.
//!
//! A name with a dot in front is a method of any object; with a module it is that function alone. Sources: the reference
//! manuals of Python 3.13, Node.js 22, Perl 5.40, Ruby 3.4, PHP 8.4, Lua 5.4 and R 4.4. The tables stand in
//! [`super::functions`], [`super::functions_more`] and [`super::functions_other`].

use super::{functions, functions_more as more, functions_other as other};
use crate::effect::{Action, Modifier};
use crate::knowledge::schema::Language;

/// What a call does, with the positions of its arguments; [`SELF`] is the object before the dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Does {
    /// Runs a command: a shell text, a list of words, or a program and its words.
    Launch,
    /// Runs a file of the same language, by the program of that name.
    Include(&'static str),
    /// Replaces the process: program, then the words with the name it sees first.
    Exec,
    /// The same behind a first argument that says whether to wait (`os.spawnlp`).
    Spawn,
    /// Runs the object before the dot as a command.
    LaunchSelf,
    /// Asks a server to delete something.
    DeleteRemote,
    /// Runs what cannot be read here: machine code, the bytes of another program's objects.
    Opaque,
    /// Acts on a path.
    Path(Action, usize, Option<Modifier>),
    /// Moves the first path to the second.
    Move,
    /// Opens a path in a mode.
    Open,
    /// Gets something from the network.
    Fetch,
    /// Sends something to the network.
    Send,
    /// Opens a connection.
    Connect,
    /// Waits for connections, at a path where it is given one.
    ListenAt,
    /// Gives a process the streams of a connection.
    Rewire,
    /// Ends a process.
    Kill,
    /// Runs text of the same language.
    Interpret,
    /// Shows its arguments to whoever reads the output.
    Print,
    /// Gives back its argument, or itself.
    Same(usize),
    /// Joins its arguments to a path.
    Join,
    /// Gives back the names that match.
    Glob,
    /// Gives back the names in a directory.
    ListDirectory,
    /// Gives back each directory of a tree, with the names in it.
    Walk,
    /// Gives back a password, or the sessions of a browser.
    Secret,
    /// Gives back the paths of everything below a directory.
    Below,
    /// Decodes its argument.
    Decode(Decode),
    /// Finds a module.
    Module,
    /// Finds a member of the first argument by the name in the second.
    Member,
    /// Finds a member of the object by the name in the first argument.
    MemberOfSelf,
    /// Finds a function by the name in the first argument.
    Named,
    /// Calls a member of the object, or a function, named by the first argument, with the others.
    CallNamed,
    /// Calls the function that the last argument names with the first.
    CallLast,
    /// Gives back its arguments as a list.
    List,
    /// Makes objects out of bytes, and runs what they say.
    Unpickle,
    /// Has no effect, and gives back what is not known.
    Nothing,
    /// Gives back the home of whoever runs it.
    Home,
    /// Makes a file or directory for the moment, and gives back its name.
    Temporary,
    /// Gives back the directory in which everybody has temporary files.
    TemporaryRoot,
    /// The variable of the environment that its first argument names.
    Variable,
    /// Hands a statement of SQL to a database.
    Query,
    /// Hands a command to Redis.
    Redis,
}

/// Encodings that are undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Decode {
    /// RFC 4648, both alphabets.
    Base64,
    /// Two digits a byte.
    Hexadecimal,
    /// Two digits behind a `%` (RFC 3986, 2.1).
    Percent,
    /// Letters rotated by 13, the other encodings of `codecs.decode` are not known.
    Rot13,
    /// Character numbers to text.
    Characters,
    /// The text from its end.
    Reverse,
    /// A list joined by the text before the dot, or by the argument.
    JoinList,
    /// A text split at the argument.
    Split,
    /// A format filled with arguments.
    Format,
    /// The second argument replaced by the third, or the first by the second in the object.
    Replace,
    /// `pack`: of two digits a byte, when the template says so.
    Pack,
    /// A part of a text by its first and last character.
    Substring,
    /// In small letters.
    Lower,
    /// In capitals.
    Upper,
    /// The arguments one after the other.
    Concatenate,
    /// Something that is not undone here: compression, ciphers, tables of letters.
    Other,
}

impl Decode {
    /// Whether nobody needs it to write a plain command.
    pub(super) const fn hides(self) -> bool {
        match self {
            Self::Base64
            | Self::Hexadecimal
            | Self::Percent
            | Self::Rot13
            | Self::Characters
            | Self::Reverse
            | Self::Pack
            | Self::Other => true,
            Self::JoinList
            | Self::Split
            | Self::Format
            | Self::Replace
            | Self::Substring
            | Self::Lower
            | Self::Upper
            | Self::Concatenate => false,
        }
    }
}

impl Does {
    /// Whether handing the function to another one is as good as calling it.
    pub(super) const fn matters(self) -> bool {
        matches!(
            self,
            Self::Launch
                | Self::Exec
                | Self::Spawn
                | Self::LaunchSelf
                | Self::Kill
                | Self::Interpret
                | Self::Path(Action::Delete | Action::Truncate | Action::Overwrite, _, _)
        )
    }
}

/// The object before the dot instead of an argument.
pub(super) const SELF: usize = usize::MAX;

use Action::{Create, List, Overwrite, Read, Write};

/// An action on the path in an argument.
pub(super) const fn path(action: Action, at: usize) -> Does {
    Does::Path(action, at, None)
}

/// The same on everything below the path.
pub(super) const fn tree(action: Action, at: usize) -> Does {
    Does::Path(action, at, Some(Modifier::Recursive))
}

/// Languages in which a known function may be called without parentheses.
pub(super) fn bare_calls(language: Language) -> bool {
    matches!(
        language,
        Language::Perl | Language::Ruby | Language::Php | Language::Other | Language::Lua
    )
}

/// What stands in front of a name and means nothing: ways to name what everybody sees.
const EVERYWHERE: [&str; 20] = [
    "CORE::GLOBAL::",
    "CORE::",
    "main::",
    "builtins.",
    "__builtins__.",
    "__builtin__.",
    "globalThis.",
    "global.",
    "window.",
    "sys.modules.",
    "CORE.GLOBAL.",
    "CORE.",
    "main.",
    "_G.",
    "globals.",
    "Kernel.",
    "java.lang.",
    "java.io.",
    "java.nio.file.",
    "System.IO.",
];

/// A name without what means nothing in it.
fn plain(path: &str) -> std::borrow::Cow<'_, str> {
    let mut rest = path;
    while let Some(behind) = EVERYWHERE.iter().find_map(|it| rest.strip_prefix(it)) {
        rest = behind;
    }
    if rest.contains("__dict__.") {
        return rest.replace("__dict__.", "").into();
    }
    rest.into()
}

/// Finds what the function at `path` does; `method` when it stands behind an object.
pub(super) fn find(language: Language, path: &str, method: bool) -> Option<Does> {
    let table = match language {
        Language::Python => functions::PYTHON,
        Language::Javascript | Language::Mongo => functions::JAVASCRIPT,
        Language::Perl => more::PERL,
        Language::Ruby => more::RUBY,
        Language::Php => more::PHP,
        Language::Other | Language::Lua => other::OTHER,
        Language::Shell
        | Language::Sql
        | Language::Awk
        | Language::Sed
        | Language::Redis
        | Language::Lisp
        | Language::Gdb
        | Language::Tcl
        | Language::Make
        | Language::Cmake
        | Language::Docker
        | Language::Terraform
        | Language::Powershell
        | Language::Ex => {
            return None;
        }
    };
    let exact = |name: &str| {
        table
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, does)| *does)
    };
    let path = plain(path);
    let last = || {
        path.rsplit('.')
            .next()
            .filter(|_| method || path.contains('.'))
    };
    // Every function of the module: `browser_cookie3.chrome`.
    let module = || {
        let (module, _) = path.split_once('.')?;
        exact(&[module, "."].concat())
    };
    exact(&path)
        .or_else(module)
        .or_else(|| last().and_then(|last| exact(&format!(".{last}"))))
}

/// Whether reading that name as a whole reads every environment variable.
pub(super) fn is_environment(path: &str) -> bool {
    matches!(
        path,
        "os.environ" | "process.env" | "ENV" | "$_ENV" | "%ENV" | "$ENV" | "Deno.env"
    )
}

/// What an open mode does to the file.
pub(super) fn opened(mode: &str) -> Action {
    if mode.starts_with("+<")
        || mode.contains('a')
        || mode.starts_with(">>")
        || mode.starts_with('r') && mode.contains('+')
    {
        Write
    } else if mode.contains('w') || mode.starts_with('>') || mode.contains("O_TRUNC") {
        Overwrite
    } else if mode.contains('x') {
        Create
    } else if mode.contains("O_DIRECTORY") {
        List
    } else {
        Read
    }
}
