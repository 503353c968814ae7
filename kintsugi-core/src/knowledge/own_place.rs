//! What a script says of where it lies itself: `Path(__file__).parent`, `__dirname`, `import.meta.url`, `__dir__`, `$(dirname "$0")`.
//!
//! Its path is known where the line wrote it or facts have its text, and stands then in the place of these words, so that what the script
//! takes away beside itself has a name. A text that gives one of these names another value keeps it.
//!
//! Sources: Python 3.13 (`__file__`, `pathlib`), Node.js 22 ("ECMAScript modules", "The module scope"), Ruby 3.3 (`Kernel#__dir__`), bash(1) 5.2
//! ("Special Parameters", `BASH_SOURCE`).

use std::borrow::Cow;

use super::schema::Language;
use crate::effect::Span;
use crate::shell::{Piece, Word};

/// Most rounds in which calls in one another are folded.
const ROUNDS_MAX: usize = 6;

/// Longest text that is looked through, in bytes.
const TEXT_BYTES_MAX: usize = 32 * 1024;

/// The text of the script of that path, with where it lies in it.
pub(super) fn placed(language: Language, path: &str, text: &str, span: Span) -> Word {
    let changed = at_its_place(language, path, text);
    Word::text(changed.as_deref().unwrap_or(text), span)
}

/// The text with the place of the script of that path in it; none where it says nothing of it.
pub(super) fn at_its_place(language: Language, path: &str, text: &str) -> Option<String> {
    let is_plain = path.starts_with('/')
        && path
            .bytes()
            .all(|it| it.is_ascii_alphanumeric() || b"/._-+@".contains(&it));
    if !is_plain || text.len() > TEXT_BYTES_MAX {
        return None;
    }
    let (directory, _) = path.rsplit_once('/')?;
    let changed = if language == Language::Python {
        in_python(path, text)?
    } else if language == Language::Javascript {
        in_script(path, directory, text)?
    } else if language == Language::Ruby {
        in_ruby(path, directory, text)?
    } else if language == Language::Shell {
        in_shell(directory, text)?
    } else {
        return None;
    };
    (changed != text).then_some(changed)
}

/// The text with `.` in the place of the directory in which it is started, where it goes to no other (`process.cwd()`, `os.getcwd()`), the
/// interpreter by its name, and routes as what they are.
pub(super) fn from_here(language: Language, word: &Word) -> Cow<'_, Word> {
    said_here(language, word).map_or(Cow::Borrowed(word), Cow::Owned)
}

fn said_here(language: Language, word: &Word) -> Option<Word> {
    let [Piece::Text(text)] = word.pieces.as_slice() else {
        return None;
    };
    let calls: &[(&str, &str)] = if language == Language::Python {
        &[
            ("os.getcwd()", "\".\""),
            ("Path.cwd()", "Path(\".\")"),
            ("sys.executable", "\"python3\""),
        ]
    } else if language == Language::Javascript {
        &[("process.cwd()", "\".\"")]
    } else if language == Language::Ruby {
        &[("Dir.pwd", "\".\""), ("Dir.getwd", "\".\"")]
    } else if language == Language::Other {
        // What a call that waits is given is worked out at once (The Go Programming Language Specification, 1.23, "Defer statements").
        &[("defer os.Remove", "os.Remove")]
    } else {
        return None;
    };
    let says = |it: &(&str, &str)| text.contains(it.0);
    // The interpreter stays the same in another directory.
    let calls: Vec<&(&str, &str)> = calls
        .iter()
        .filter(|it| it.0 == "sys.executable" || !text.contains("chdir"))
        .collect();
    let is_other = is_set(text, "sys.executable");
    let routes = language == Language::Python && text.contains(".delete(");
    if text.len() > TEXT_BYTES_MAX || is_other || !routes && !calls.iter().any(|it| says(it)) {
        return None;
    }
    let mut changed = calls
        .iter()
        .fold(text.clone(), |text, (call, here)| text.replace(call, here));
    if routes {
        changed = with_routes(&changed);
    }
    Some(Word::text(changed, word.span))
}

/// `@app.delete("/items/{id}")` in front of a function says for which requests it is called, and deletes nothing (`FastAPI` 0.115, Flask 3).
fn with_routes(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let code = line.trim_start();
        let is_route = code.starts_with('@')
            && code.split_once(".delete(").is_some_and(|(name, path)| {
                name.bytes()
                    .skip(1)
                    .all(|it| it.is_ascii_alphanumeric() || b"_.".contains(&it))
                    && (path.starts_with("\"/") || path.starts_with("'/"))
            });
        if is_route {
            kept.push_str(&line.replacen(".delete(", ".get(", 1));
        } else {
            kept.push_str(line);
        }
    }
    kept
}

fn in_python(path: &str, text: &str) -> Option<String> {
    if !text.contains("__file__") || is_set(text, "__file__") {
        return None;
    }
    let mut changed = text.replace("__file__", &quoted(path));
    for _ in 0..ROUNDS_MAX {
        let before = changed.clone();
        for same in ["abspath", "realpath", "normpath"] {
            changed = folded(&changed, same, path, |it| Some(it.to_owned()));
        }
        changed = folded(&changed, "dirname", path, |it| Some(above(it)?.to_owned()));
        changed = of_pathlib(&changed, path);
        if changed == before {
            break;
        }
    }
    Some(changed)
}

/// `Path("/p/s/x.py").resolve().parent` as `Path("/p/s")`.
fn of_pathlib(text: &str, path: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once("Path(\"") {
        kept.push_str(before);
        kept.push_str("Path(\"");
        rest = behind;
        let Some((literal, mut chain)) = behind.split_once("\")") else {
            continue;
        };
        if !is_around(literal, path) {
            continue;
        }
        let mut place = literal.to_owned();
        loop {
            let same = [".resolve()", ".absolute()", ".expanduser()"];
            if let Some(more) = same.iter().find_map(|it| chain.strip_prefix(it)) {
                chain = more;
            } else if let Some(more) = chain.strip_prefix(".parents[")
                && let Some((number, more)) = more.split_once(']')
                && let Ok(number) = number.trim().parse::<usize>()
                && number < ROUNDS_MAX
            {
                for _ in 0..=number {
                    place = above(&place).unwrap_or("/").to_owned();
                }
                chain = more;
            } else if let Some(more) = chain.strip_prefix(".parent")
                && !more.starts_with(|it: char| it.is_ascii_alphanumeric() || it == '_')
            {
                place = above(&place).unwrap_or("/").to_owned();
                chain = more;
            } else {
                break;
            }
        }
        kept.push_str(&place);
        kept.push_str("\")");
        rest = chain;
    }
    kept.push_str(rest);
    kept
}

fn in_script(path: &str, directory: &str, text: &str) -> Option<String> {
    let names = ["__dirname", "__filename", "import.meta"];
    if !names.iter().any(|name| text.contains(name)) {
        return None;
    }
    let mut changed = text
        .replace("import.meta.dirname", &quoted(directory))
        .replace("import.meta.filename", &quoted(path))
        .replace("import.meta.url", &quoted(&format!("file://{path}")));
    if !is_set(text, "__dirname") {
        changed = changed.replace("__dirname", &quoted(directory));
    }
    if !is_set(text, "__filename") {
        changed = changed.replace("__filename", &quoted(path));
    }
    let url = quoted(&format!("file://{path}"));
    // `new URL('../dist', import.meta.url)`
    let mut parts = changed.split("new URL(");
    let mut whole = parts.next()?.to_owned();
    for part in parts {
        let read = || {
            let mark = part.chars().next().filter(|it| matches!(it, '"' | '\''))?;
            let (relative, behind) = part.get(1..)?.split_once(mark)?;
            let behind = behind.trim_start().strip_prefix(',')?.trim_start();
            let behind = behind.strip_prefix(url.as_str())?.strip_prefix(')')?;
            let is_plain = !relative.contains([':', '\\', '"', '$']) && !relative.starts_with('/');
            let behind = behind.strip_prefix(".pathname").unwrap_or(behind);
            is_plain.then(|| (format!("\"{directory}/{relative}\""), behind))
        };
        if let Some((literal, behind)) = read() {
            whole.push_str(&literal);
            whole.push_str(behind);
        } else {
            whole.push_str("new URL(");
            whole.push_str(part);
        }
    }
    let mut changed = whole;
    for _ in 0..ROUNDS_MAX {
        let before = changed.clone();
        changed = folded(&changed, "fileURLToPath", path, |it| {
            Some(it.strip_prefix("file://").unwrap_or(it).to_owned())
        });
        changed = folded(&changed, "dirname", path, |it| Some(above(it)?.to_owned()));
        if changed == before {
            break;
        }
    }
    Some(changed)
}

fn in_ruby(path: &str, directory: &str, text: &str) -> Option<String> {
    let names_file = text.contains("__FILE__") && !text.contains("chdir");
    if !names_file && !text.contains("__dir__") {
        return None;
    }
    let mut changed = text.replace("__dir__", &quoted(directory));
    if names_file {
        changed = changed.replace("__FILE__", &quoted(path));
    }
    for _ in 0..ROUNDS_MAX {
        let before = changed.clone();
        changed = folded(&changed, "dirname", path, |it| Some(above(it)?.to_owned()));
        changed = expanded(&changed, path);
        if changed == before {
            break;
        }
    }
    Some(changed)
}

/// `File.expand_path('../dist', "/p/s")` as `"/p/s/../dist"`.
fn expanded(text: &str, path: &str) -> String {
    let mut parts = text.split("File.expand_path(");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let read = || {
            let mark = part.chars().next().filter(|it| matches!(it, '"' | '\''))?;
            let (relative, behind) = part.get(1..)?.split_once(mark)?;
            if let Some(behind) = behind.strip_prefix(')') {
                return is_around(relative, path).then(|| (quoted(relative), behind));
            }
            let behind = behind.trim_start().strip_prefix(',')?.trim_start();
            let (base, behind) = behind.strip_prefix('"')?.split_once("\")")?;
            let is_plain =
                !relative.starts_with(['/', '~']) && !relative.contains(['#', '\\', '"']);
            (is_plain && is_around(base, path)).then(|| (format!("\"{base}/{relative}\""), behind))
        };
        if let Some((literal, behind)) = read() {
            whole.push_str(&literal);
            whole.push_str(behind);
        } else {
            whole.push_str("File.expand_path(");
            whole.push_str(part);
        }
    }
    whole
}

fn in_shell(directory: &str, text: &str) -> Option<String> {
    let names_file = text.contains("$0") || text.contains("${0");
    if !names_file && !text.contains("BASH_SOURCE")
        || text.contains("BASH_ARGV0")
        || text.contains("BASH_SOURCE=")
    {
        return None;
    }
    // The path may be one from the directory in which the script was started: behind a `cd` it means another.
    let mut kept = String::with_capacity(text.len());
    let mut has_left = false;
    for line in text.split_inclusive('\n') {
        let (here, gone) = if has_left {
            ("", line)
        } else {
            up_to_change(line)
        };
        has_left |= !gone.is_empty();
        kept.push_str(&line_of_shell(directory, here));
        kept.push_str(gone);
    }
    Some(kept)
}

/// A line up to where its first `cd` has gone to another directory, and the rest.
fn up_to_change(line: &str) -> (&str, &str) {
    let changes = ["cd", "pushd", "popd", "chdir"];
    let starts = changes.iter().flat_map(|it| line.match_indices(it));
    let starts = starts.filter(|(at, word)| {
        let behind = line.get(at + word.len()..).unwrap_or_default();
        let before = line
            .get(..*at)
            .unwrap_or_default()
            .trim_end_matches([' ', '\t']);
        let ends = [
            ";", "&&", "||", "then", "do", "{", "!", "if", "else", "builtin", "command",
        ];
        let is_command = before.is_empty() || ends.iter().any(|it| before.ends_with(it));
        is_command
            && !behind.starts_with(|it: char| it.is_ascii_alphanumeric() || "_-./=".contains(it))
    });
    let Some(at) = starts.map(|(at, _)| at).min() else {
        return (line, "");
    };
    let behind = line.get(at..).unwrap_or_default();
    let end = [";", "&&", "||"]
        .iter()
        .filter_map(|it| behind.find(it))
        .min();
    // What stands on the next lines is behind it.
    let end = at + end.unwrap_or_else(|| behind.trim_end().len());
    line.split_at(end.min(line.len()))
}

/// A part of a line of a script with its directory in it.
fn line_of_shell(directory: &str, line: &str) -> String {
    let mut changed = line.to_owned();
    let files = [
        "\"${BASH_SOURCE[0]}\"",
        "\"$BASH_SOURCE\"",
        "\"${BASH_SOURCE}\"",
        "${BASH_SOURCE[0]}",
        "$BASH_SOURCE",
        "\"${BASH_SOURCE[0]:-$0}\"",
        "\"$0\"",
        "$0",
    ];
    for file in files {
        for read in [
            "readlink -f ",
            "realpath ",
            "readlink -f -- ",
            "realpath -- ",
        ] {
            let inner = format!("$({read}{file})");
            changed = changed
                .replace(&format!("\"{inner}\""), file)
                .replace(&inner, file);
        }
        for option in ["", "-- "] {
            let inner = format!("$(dirname {option}{file})");
            changed = changed.replace(&inner, directory);
            let old = format!("`dirname {option}{file}`");
            changed = changed.replace(&old, directory);
        }
    }
    for part in ["${BASH_SOURCE[0]%/*}", "${BASH_SOURCE%/*}", "${0%/*}"] {
        changed = changed.replace(part, directory);
    }
    changed
}

/// Calls of a function of that name, on a path around that of the script, as what they give back.
fn folded(text: &str, name: &str, path: &str, of: impl Fn(&str) -> Option<String>) -> String {
    let call = format!("{name}(\"");
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once(call.as_str()) {
        let callee = before
            .trim_end_matches(|it: char| it.is_ascii_alphanumeric() || matches!(it, '_' | '.'));
        let is_whole = before.len() == callee.len() || before.ends_with('.');
        let value = behind.split_once("\")").and_then(|(literal, more)| {
            let bare = literal.strip_prefix("file://").unwrap_or(literal);
            (is_whole && is_around(bare, path)).then(|| Some((of(literal)?, more)))?
        });
        if let Some((value, more)) = value {
            kept.push_str(callee);
            kept.push_str(&quoted(&value));
            rest = more;
        } else {
            kept.push_str(before);
            kept.push_str(&call);
            rest = behind;
        }
    }
    kept.push_str(rest);
    kept
}

/// Whether a path is that of the script or a directory around it.
fn is_around(place: &str, path: &str) -> bool {
    place.starts_with('/')
        && path
            .strip_prefix(place)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn above(path: &str) -> Option<&str> {
    let (above, _) = path.rsplit_once('/')?;
    Some(if above.is_empty() { "/" } else { above })
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// Whether the text gives that name a value.
fn is_set(text: &str, name: &str) -> bool {
    text.match_indices(name).any(|(at, _)| {
        let behind = text.get(at + name.len()..).unwrap_or_default().trim_start();
        behind.starts_with('=') && !behind.starts_with("==")
    })
}

#[cfg(test)]
mod tests {
    use super::at_its_place;
    use crate::knowledge::schema::Language::{Javascript, Python, Ruby, Shell};

    #[test]
    fn a_script_knows_where_it_lies() {
        for (language, text, said) in [
            (
                Python,
                "R = Path(__file__).resolve().parent.parent\n",
                "R = Path(\"/p\")\n",
            ),
            (
                Python,
                "R = pathlib.Path(__file__).parents[1] / 'd'\n",
                "R = pathlib.Path(\"/p\") / 'd'\n",
            ),
            (
                Python,
                "R = os.path.dirname(os.path.abspath(__file__))\n",
                "R = \"/p/s\"\n",
            ),
            (
                Javascript,
                "path.join(__dirname, '..')",
                "path.join(\"/p/s\", '..')",
            ),
            (
                Javascript,
                "const __dirname = path.dirname(fileURLToPath(import.meta.url));",
                "const __dirname = \"/p/s\";",
            ),
            (
                Javascript,
                "fileURLToPath(new URL('../d', import.meta.url))",
                "fileURLToPath(\"/p/s/../d\")",
            ),
            (Ruby, "File.expand_path('../d', __dir__)", "\"/p/s/../d\""),
            (Shell, "cd \"$(dirname \"$0\")/..\"\n", "cd \"/p/s/..\"\n"),
            (
                Shell,
                "D=$(cd \"$(dirname \"${BASH_SOURCE[0]}\")\" && pwd)\n",
                "D=$(cd \"/p/s\" && pwd)\n",
            ),
        ] {
            let changed = at_its_place(language, "/p/s/x", text);
            assert_eq!(changed.as_deref(), Some(said), "{text}");
        }
        for (language, text) in [
            (Python, "__file__ = '/home/u/x'\nR = Path(__file__)\n"),
            (Shell, "cd / && rm -rf \"$(dirname \"$0\")\"\n"),
            (Shell, "pushd x; rm -rf \"$(dirname \"$0\")\"\n"),
            (Shell, "cd /\nrm -rf \"$(dirname \"$0\")\"\n"),
            (Javascript, "x"),
        ] {
            assert_eq!(at_its_place(language, "/p/s/x", text), None, "{text}");
        }
    }
}
