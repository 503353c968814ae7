//! Source in JavaScript and TypeScript without what only runs when somebody calls it: functions, methods, handlers of routes.
//!
//! As for other languages ([`super::deferred`]), what stands at the top runs when the file is loaded, and stays. A text of which it is not
//! certain where a function ends, or whether something at the top calls it, counts as a whole.
//!
//! Sources: ECMAScript 2024 (14, 15, "Automatic Semicolon Insertion"); TypeScript 5.6; Express 5, Fastify 5, Hono 4 (handlers of routes).

use super::migrations::{Writing, mask, words_of};
use super::telling::listed;

/// Names that objects have by convention to which handlers of routes are given.
const ROUTERS: &str = " router app server fastify api routes route hono ";

/// What such an object is asked to do with a handler, which it then calls for a request.
const REGISTERS: &str = " get post put patch delete del all use head options ";

/// Words in front of a declaration.
const PREFIXES: [&str; 6] = [
    "export ",
    "default ",
    "declare ",
    "async ",
    "abstract ",
    "public ",
];

/// What of the text runs when it is loaded; none where that is not certain.
pub(super) fn outside_of_functions(text: &str) -> Option<String> {
    let masked = mask(&without_templates(text)?, Writing::Script)?;
    let mut kept = String::with_capacity(text.len());
    let mut shown = String::with_capacity(text.len());
    let mut names: Vec<&str> = Vec::new();
    let mut at = 0;
    for statement in statements(&masked)? {
        let source = text.get(at..at + statement.len())?;
        at += statement.len();
        match read(statement)? {
            Statement::Runs => {
                kept.push_str(source);
                shown.push_str(statement);
            }
            Statement::Waits(Some(name)) => names.push(name),
            Statement::Waits(None) | Statement::HandsOn => {}
        }
    }
    // An object of the file's own may call what it is given at once.
    let mut routers = ROUTERS.split_ascii_whitespace();
    if routers.any(|name| names.contains(&name) || shown.contains(&[name, " = {"].concat())) {
        return None;
    }
    let is_started = |name: &&str| words_of(&shown, name) > 0;
    (!names.iter().any(is_started)).then_some(kept)
}

/// The text with what stands in templates blanked, and the values in them in brackets: `a${f(x)}` as ` (f(x))`. A stroke between spaces
/// divides. Each place stays where it is; none where templates stand in one another.
fn without_templates(text: &str) -> Option<String> {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let length = match letter {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.get(2..)?.find("*/")? + 4,
            '/' if shown.ends_with(' ') && rest.starts_with("/ ") => {
                shown.push('+');
                rest = rest.get(1..)?;
                continue;
            }
            '"' | '\'' => {
                let mut letters = rest.char_indices().skip(1);
                let mut end = None;
                while let Some((at, it)) = letters.next() {
                    if it == '\\' {
                        letters.next();
                    } else if it == letter {
                        end = Some(at + 1);
                        break;
                    }
                }
                end?
            }
            '`' => {
                let length = rest.get(1..)?.find('`')? + 2;
                let inner = rest.get(1..length - 1)?;
                if inner.contains('\\') {
                    return None;
                }
                shown.push(' ');
                shown.push_str(&values(inner)?);
                shown.push(' ');
                rest = rest.get(length..)?;
                continue;
            }
            it => it.len_utf8(),
        };
        shown.push_str(rest.get(..length)?);
        rest = rest.get(length..)?;
    }
    Some(shown)
}

/// The values in a template, with blanks in the place of the rest.
fn values(template: &str) -> Option<String> {
    let mut shown = String::with_capacity(template.len());
    let mut rest = template;
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix("${") {
            let end = closing(rest.get(1..)?)?;
            let value = behind.get(..end - 1)?;
            if value.contains(['{', '/']) {
                return None;
            }
            shown.push_str(" (");
            shown.push_str(value);
            shown.push(')');
            rest = rest.get(end + 2..)?;
        } else {
            let letter = rest.chars().next()?;
            let blanks = if letter == '\n' { "\n" } else { " " };
            for _ in 0..letter.len_utf8() {
                shown.push_str(blanks);
            }
            rest = rest.get(letter.len_utf8()..)?;
        }
    }
    Some(shown)
}

/// What a statement at the top of a file does when that is loaded.
#[derive(Debug, PartialEq)]
enum Statement<'t> {
    Runs,
    /// It only says what a function does; its name, when it has one.
    Waits(Option<&'t str>),
    /// It only hands functions to other files.
    HandsOn,
}

fn read(statement: &str) -> Option<Statement<'_>> {
    let mut rest = undecorated(statement.trim_start())?;
    if rest.starts_with("export {")
        || rest.starts_with("export default ") && is_name(rest.get(15..)?)
    {
        return Some(Statement::HandsOn);
    }
    if let Some(given) = rest.strip_prefix("module.exports =") {
        let given = given.trim().trim_end_matches(';').trim_end();
        let inner = given.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
        if is_name(given) || inner.is_some_and(|it| !it.contains(['(', '[', '='])) {
            return Some(Statement::HandsOn);
        }
    }
    while let Some(behind) = PREFIXES.iter().find_map(|it| rest.strip_prefix(it)) {
        rest = behind.trim_start();
    }
    if let Some(behind) = rest.strip_prefix("function") {
        let behind = behind.trim_start_matches([' ', '*']);
        let (name, behind) = name(behind);
        return is_function(behind.trim_start()).map(|it| waits(it, name));
    }
    if let Some(behind) = rest.strip_prefix("class ") {
        let (name, behind) = name(behind.trim_start());
        let open = behind.find('{')?;
        let body = behind.get(open..)?;
        let end = closing(body)?;
        let head = behind.get(..open)?;
        let is_plain = !head.contains('(')
            && body.get(end + 1..)?.trim().trim_end_matches(';').is_empty()
            && is_calm_class(body.get(1..end)?);
        return Some(waits(is_plain, name));
    }
    let declared = ["const ", "let ", "var "]
        .iter()
        .find_map(|it| rest.strip_prefix(it));
    let (name, behind) = name(declared.unwrap_or(rest));
    let given = assigned(behind);
    if let Some(given) = given.filter(|_| !name.is_empty()) {
        let is_shared = ["prototype", "global", "__proto__", "Symbol"]
            .iter()
            .any(|it| behind.contains(it) && declared.is_none());
        return Some(waits(!is_shared && is_given_function(given)?, name));
    }
    if declared.is_none() && registers(name, behind)? {
        return Some(Statement::Waits(None));
    }
    Some(Statement::Runs)
}

/// A statement behind what decorates its class; none where that may run something.
fn undecorated(statement: &str) -> Option<&str> {
    let mut rest = statement;
    // It is called at once; with plain values it is a mark.
    while let Some(behind) = rest.strip_prefix('@') {
        let name = behind.find(|it: char| !is_of_name(it) && it != '.')?;
        let arguments = behind.get(name..)?;
        rest = if arguments.starts_with('(') {
            let end = closing(arguments)?;
            if calls(arguments.get(1..end)?) {
                return None;
            }
            arguments.get(end + 1..)?.trim_start()
        } else {
            arguments.trim_start()
        };
    }
    Some(rest)
}

/// Whether a handler is given to a route, and nothing else happens: `router.delete('/:id', async (req, res) => {…})`.
fn registers(name: &str, behind: &str) -> Option<bool> {
    let (method, arguments) = self::name(behind.strip_prefix('.').unwrap_or_default());
    if !listed(ROUTERS, name) || !listed(REGISTERS, method) || !arguments.starts_with('(') {
        return Some(false);
    }
    let end = closing(arguments)?;
    let is_all = arguments
        .get(end + 1..)?
        .trim()
        .trim_end_matches(';')
        .is_empty();
    let inner = arguments.get(1..end)?;
    let first = ["=>", "function"]
        .iter()
        .filter_map(|it| inner.find(it))
        .min();
    let head = first.and_then(|at| inner.get(..at)).unwrap_or(inner);
    Some(is_all && !calls(head) && first.is_none_or(|at| ends_function(inner, at)))
}

fn waits(is_plain: bool, name: &str) -> Statement<'_> {
    if is_plain {
        Statement::Waits((!name.is_empty()).then_some(name))
    } else {
        Statement::Runs
    }
}

/// Whether parameters, a type and a body are all that stands there.
fn is_function(text: &str) -> Option<bool> {
    let text = match text.strip_prefix('<') {
        Some(behind) => behind.get(behind.find('>')? + 1..)?,
        None => text,
    };
    if !text.starts_with('(') {
        return Some(false);
    }
    let end = closing(text)?;
    // A value that a parameter has by itself is computed at each call.
    let behind = text.get(end + 1..)?;
    let open = body(behind)?;
    let block = behind.get(open..)?;
    let rest = block.get(closing(block)? + 1..)?;
    Some(rest.trim().trim_end_matches(';').is_empty())
}

/// Where the body begins behind the parameters of a function: a type may stand in between, `: Promise<{ a: number }>`.
fn body(behind: &str) -> Option<usize> {
    let mut angles = 0_i32;
    for (at, letter) in behind.char_indices() {
        match letter {
            '<' => angles += 1,
            '>' => angles -= 1,
            '{' if angles <= 0 => return Some(at),
            _ => {}
        }
    }
    None
}

/// Whether what a name is given is a function and nothing else.
fn is_given_function(given: &str) -> Option<bool> {
    let given = given.trim();
    let given = given.strip_suffix(';').unwrap_or(given).trim_end();
    let given = given.strip_prefix("async").map_or(given, str::trim_start);
    if let Some(behind) = given.strip_prefix("function") {
        let (_, behind) = name(behind.trim_start_matches([' ', '*']));
        return is_function(behind.trim_start());
    }
    let behind = if given.starts_with('(') {
        given.get(closing(given)? + 1..)?
    } else {
        name(given).1
    };
    let Some((kind, body)) = behind.split_once("=>") else {
        return Some(false);
    };
    let body = body.trim_start();
    if kind.contains(['(', '{', '=']) || behind.len() == given.len() {
        return Some(false);
    }
    if body.starts_with('{') {
        return Some(body.get(closing(body)? + 1..)?.trim().is_empty());
    }
    Some(!body.is_empty() && !has_second(body))
}

/// Whether the body of a class runs nothing when it is read: no blocks or values of the class itself, no computed names.
fn is_calm_class(body: &str) -> bool {
    let statics = body.split("static").skip(1).all(|behind| {
        let head = behind.find(['(', '{', '=', ';', '\n']);
        head.and_then(|at| behind.get(at..))
            .is_some_and(|it| it.starts_with('('))
    });
    let decorated = body.split('@').skip(1).all(|behind| {
        let at = behind.find(|it: char| !is_of_name(it) && it != '.');
        let arguments = at.and_then(|at| behind.get(at..)).unwrap_or_default();
        let end = if arguments.starts_with('(') {
            closing(arguments)
        } else {
            Some(0)
        };
        end.and_then(|end| arguments.get(1..end.max(1)))
            .is_none_or(|inner| !calls(inner))
            && end.is_some()
    });
    let computed = body.lines().any(|line| line.trim_start().starts_with('['));
    statics && decorated && !computed
}

/// What is given to a name behind `=`, when the words in between are a type or further names.
fn assigned(behind: &str) -> Option<&str> {
    let at = behind.find('=')?;
    let head = behind.get(..at)?;
    let given = behind.get(at + 1..)?;
    let is_path = head
        .trim_end()
        .chars()
        .all(|it| is_of_name(it) || it == '.');
    let is_type = head.trim_start().starts_with(':') && !head.contains('(');
    ((is_path || is_type) && !given.starts_with(['=', '>'])).then_some(given)
}

/// Whether a function that begins with its head is the last thing in the arguments.
fn ends_function(arguments: &str, at: usize) -> bool {
    let Some(behind) = arguments.get(at..) else {
        return false;
    };
    if let Some(body) = behind.strip_prefix("=>") {
        let body = body.trim_start();
        let end = if body.starts_with('{') {
            closing(body)
        } else {
            return !has_second(body);
        };
        return end
            .and_then(|end| body.get(end + 1..))
            .is_some_and(|rest| rest.trim().trim_end_matches(',').is_empty());
    }
    false
}

/// Whether a comma outside of brackets stands there: another value follows.
fn has_second(text: &str) -> bool {
    let mut depth = 0_i32;
    text.bytes().any(|byte| {
        depth += match byte {
            b'(' | b'[' | b'{' => 1,
            b')' | b']' | b'}' => -1,
            _ => 0,
        };
        byte == b',' && depth == 0
    })
}

/// Whether something is called there, other than the head of a function.
fn calls(text: &str) -> bool {
    let mut before = String::new();
    for letter in text.chars() {
        if letter == '(' {
            let word = before.trim_end();
            let is_head = word.is_empty() || word.ends_with([',', '=']) || word.ends_with("async");
            if !is_head {
                return true;
            }
        }
        before.push(letter);
    }
    false
}

/// The text in statements, with the space behind each; none where brackets do not close.
fn statements(masked: &str) -> Option<Vec<&str>> {
    let bytes = masked.as_bytes();
    let mut found = Vec::new();
    let mut depth = 0_i32;
    let mut first = 0;
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
        if depth < 0 {
            return None;
        }
        let ends = match byte {
            b';' => depth == 0,
            b'\n' if depth == 0 => {
                let before = masked.get(first..at)?.trim_end();
                let behind = masked.get(at..)?.trim_start();
                let is_open = before.is_empty()
                    || before
                        .ends_with([',', '=', '>', '(', '&', '|', '+', '-', '.', '?', ':', '<']);
                // A decorator belongs to what it stands before.
                let is_mark = before.trim_start().starts_with('@')
                    && (behind.starts_with('@') || !before.contains("class "));
                let goes_on = behind
                    .starts_with(['.', '?', ':', '&', '|', '=', '{', ',', '+', '*', '<'])
                    || behind.starts_with(['(', '[', '-'])
                    || behind.starts_with("extends")
                    || behind.starts_with("implements");
                !is_open && !is_mark && !goes_on
            }
            _ => false,
        };
        if ends {
            found.push(masked.get(first..=at)?);
            first = at + 1;
        }
    }
    (depth == 0).then(|| found.push(masked.get(first..).unwrap_or_default()))?;
    Some(found)
}

/// Where the bracket closes that the text begins with.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0_i32;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

fn is_of_name(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '$'
}

/// Whether the text is one name, with what may end a statement.
fn is_name(text: &str) -> bool {
    let text = text.trim().trim_end_matches(';').trim_end();
    !text.is_empty() && text.chars().all(is_of_name)
}

/// A name and what stands behind it.
fn name(text: &str) -> (&str, &str) {
    text.split_at(text.find(|it| !is_of_name(it)).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::outside_of_functions;

    #[test]
    fn what_runs_when_a_script_is_loaded_stays() {
        for text in [
            "export async function f(id: string) {\n  await db.query('DELETE', [id]);\n}\n",
            "import { db } from './db';\nexport const f = (id: string) => db.query('DELETE', [id]);\n",
            "export const f = async (id: string): Promise<void> => {\n  await db.query('DELETE');\n};\n",
            "@Injectable()\nexport class A {\n  constructor(private p: P) {}\n  f() { return this.p.q('DELETE'); }\n}\n",
            "const r = require('x').Router();\nr2.x = 1;\nrouter.delete('/:id', auth, async (req, res) => {\n  await db.query('DELETE');\n});\nmodule.exports = router;\n",
            "export async function f(id: string) {\n  const k = `a:${id}`;\n  const n = 4 / 2;\n  await db.query('DELETE' + k);\n}\n",
            "exports.f = async (req, res) => {\n  await db.query('DELETE');\n};\n",
            "function f() { db.query('DELETE'); }\nmodule.exports = { f };\n",
            "class A {\n  static async f(id) {\n    await db.query('DELETE');\n  }\n}\nexport default A;\n",
        ] {
            let kept = outside_of_functions(text);
            assert!(
                kept.as_ref().is_some_and(|it| !it.contains("DELETE")),
                "{text}: {kept:?}"
            );
        }
        for text in [
            "db.query('DELETE');\n",
            "function f() { db.query('DELETE'); }\nconst x = `a${f()}`;\n",
            "const x = `a${db.query('DELETE')}`;\n",
            "function f() { db.query('DELETE'); }\nf();\n",
            "const f = () => db.query('DELETE');\nexport default f();\n",
            "const f = (() => db.query('DELETE'))();\n",
            "(async () => { await db.query('DELETE'); })();\n",
            "[1].forEach(() => db.query('DELETE'));\n",
            "class A { static { db.query('DELETE'); } }\n",
            "class A { static x = db.query('DELETE'); }\n",
            "class A { f() { db.query('DELETE'); } }\nnew A().f();\n",
            "@call(db.query('DELETE'))\nclass A {}\n",
            "class A {\n  @call(db.query('DELETE'))\n  f() {}\n}\n",
            "class A extends mix(db.query('DELETE')) {}\n",
            "router.use(db.query('DELETE'));\n",
            "router.use(auth, () => 1, db.query('DELETE'));\n",
            "function f() { db.query('DELETE') }\nmodule.exports = { x: f() };\n",
            "const f = function () { db.query('DELETE') }()\n",
            "const f = () => { db.query('DELETE') }\n(f)()\n",
            "if (x) { db.query('DELETE'); }\n",
            "const f = () => 1, b = db.query('DELETE');\n",
            "const app = { get: (f) => f() };\napp.get(() => db.query('DELETE'));\n",
            "class A {\n  @call(db.query('DELETE')) f() {}\n}\n",
            "export const a = 1, b = db.query('DELETE');\n",
        ] {
            let kept = outside_of_functions(text);
            assert!(kept.is_none_or(|it| it.contains("DELETE")), "{text}");
        }
    }
}
