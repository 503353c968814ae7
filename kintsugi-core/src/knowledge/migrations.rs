//! Migrations that a line writes and lets run forward: what takes them back stands in them as well, and is not run.
//!
//! Only the body of the one function is left out, where the text can be read so plainly that it is certain where that ends, and where
//! nothing else in it starts that function. A command that may go back, by any of its words, is given the whole.
//!
//! Sources: Alembic 1.14, Django 5.1 (`RunPython`, `RunSQL`), knex 3, Sequelize 6, `TypeORM` 0.3, Laravel 11, Active Record 7.2, EF Core 9.

use super::telling::listed;
use crate::shell::Word;

/// Directories of migrations.
const PLACES: &str = " migrations migration migrate versions alembic Migrations ";

/// Parts of words by which a command goes back, or anywhere.
const BACK: &str = " down downgrade rollback back revert undo reset redo fresh refresh zero drop version prune squash eval unmigrate ";

/// Programs that are given code in a word.
const INTERPRETERS: &str =
    " python python3 node ruby php perl tsx ts-node deno bun irb ipython psql mysql sqlite3 ";

/// Parts of a text by which a function may be called without its name.
const CALLERS: [&str; 34] = [
    "globals(",
    "locals(",
    "vars(",
    "getattr",
    "eval",
    "exec(",
    "compile(",
    "__dict__",
    "__import__",
    "importlib",
    "sys.modules",
    "inspect",
    "exports[",
    "this[",
    "Function(",
    "globalThis",
    "Reflect",
    ".call(",
    ".apply(",
    "Object.values",
    "Object.keys",
    "Object.entries",
    "$this->$",
    "->{",
    "call_user_func",
    "[$this",
    "new $",
    "Reflection",
    "Closure",
    "send(",
    "send ",
    "method(",
    "GetMethod",
    "dynamic",
];

/// How a language is written, as far as it must be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Writing {
    Python,
    Script,
    Php,
    Ruby,
    Sharp,
}

impl Writing {
    fn of(path: &str) -> Option<Self> {
        Some(match path.rsplit('.').next()? {
            "py" => Self::Python,
            "js" | "mjs" | "cjs" | "ts" | "mts" | "cts" => Self::Script,
            "php" => Self::Php,
            "rb" => Self::Ruby,
            "cs" => Self::Sharp,
            _ => return None,
        })
    }
}

/// The text of a migration without what takes it back; none where the command may run that, or the text leaves it open.
pub(super) fn without_way_back(path: &str, text: &str, words: &[Word]) -> Option<String> {
    let mut parents = path.rsplit('/').skip(1);
    let writing = Writing::of(path)?;
    if !parents.any(|name| listed(PLACES, name))
        || goes_back(words)
        || CALLERS.iter().any(|caller| text.contains(caller))
    {
        return None;
    }
    let masked = mask(text, writing)?;
    match writing {
        Writing::Python => {
            let mut kept = text.to_owned();
            for name in backward_of_django(&masked) {
                kept = without_function(&kept, &mask(&kept, writing)?, &name)?;
            }
            if words_of(&masked, "downgrade") == 1 {
                kept = without_function(&kept, &mask(&kept, writing)?, "downgrade")?;
            }
            (kept != text).then_some(kept)
        }
        Writing::Script | Writing::Php | Writing::Sharp => without_braces(text, &masked, writing),
        Writing::Ruby => without_end(text, &masked),
    }
}

/// Whether a command may take a migration back, or is given code that may.
fn goes_back(words: &[Word]) -> bool {
    let texts: Vec<String> = words
        .iter()
        .map(|word| word.display().to_ascii_lowercase())
        .collect();
    let mut names = texts.iter().map(String::as_str);
    let first = names.next().unwrap_or_default();
    let is_number = |text: &String| !text.is_empty() && text.bytes().all(|it| it.is_ascii_digit());
    let runs_file = names.next().is_some_and(|second| {
        matches!(
            second,
            "-m" | "manage.py" | "artisan" | "./manage.py" | "bin/rails"
        )
    });
    let base = first.rsplit('/').next().unwrap_or_default();
    listed(INTERPRETERS, base) && !runs_file
        || base == "dotnet"
            && texts.len() > 4
            && !texts.iter().skip(4).all(|it| it.starts_with('-'))
        || texts.iter().any(|text| {
            is_number(text)
                || text
                    .split(|it: char| !it.is_ascii_alphanumeric())
                    .any(|part| listed(BACK, part))
        })
}

/// The same text with everything in strings and comments blanked; none where it is not certain what is one.
pub(super) fn mask(text: &str, writing: Writing) -> Option<String> {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    let blank = |masked: &mut String, part: &str| {
        masked.extend(part.bytes().map(|it| if it == b'\n' { '\n' } else { ' ' }));
    };
    while let Some(letter) = rest.chars().next() {
        let length = match (letter, writing) {
            ('#', Writing::Python | Writing::Ruby) => rest.find('\n').unwrap_or(rest.len()),
            ('/', Writing::Script | Writing::Php | Writing::Sharp) if rest.starts_with("//") => {
                rest.find('\n').unwrap_or(rest.len())
            }
            ('/', Writing::Script | Writing::Php | Writing::Sharp) if rest.starts_with("/*") => {
                rest.get(2..)?.find("*/")? + 4
            }
            ('"' | '\'', Writing::Python)
                if rest.starts_with("\"\"\"") || rest.starts_with("'''") =>
            {
                let mark = rest.get(..3)?;
                let body = rest.get(3..)?;
                let end = body.find(mark)?;
                if body.get(..end)?.contains('\\') {
                    return None;
                }
                end + 6
            }
            ('"' | '\'', _) => string(rest, letter, writing)?,
            ('`', Writing::Script) => {
                let end = rest.get(1..)?.find('`')?;
                if rest.get(1..=end)?.contains(['\\', '$']) {
                    return None;
                }
                end + 2
            }
            ('/' | '`' | '%' | '?', Writing::Ruby)
            | ('/' | '`' | '#', Writing::Php | Writing::Sharp)
            | ('/', Writing::Script)
            | ('@' | '$', Writing::Sharp) => return None,
            ('<', Writing::Ruby | Writing::Php) if rest.starts_with("<<") => return None,
            ('?', Writing::Php) if rest.starts_with("?>") => return None,
            ('=', Writing::Ruby) if rest.starts_with("=begin") => return None,
            ('_', Writing::Ruby) if rest.starts_with("__END__") => return None,
            _ => 0,
        };
        if length == 0 {
            // One sign for each byte, so that places are the same in both.
            if letter.is_ascii() {
                masked.push(letter);
            } else {
                blank(&mut masked, rest.get(..letter.len_utf8())?);
            }
            rest = rest.get(letter.len_utf8()..)?;
        } else {
            blank(&mut masked, rest.get(..length)?);
            rest = rest.get(length..)?;
        }
    }
    Some(masked)
}

/// How long a string of one line is, with its marks.
fn string(rest: &str, mark: char, writing: Writing) -> Option<usize> {
    let mut letters = rest.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => {
                letters.next();
            }
            '\n' if writing != Writing::Php => return None,
            '#' if writing == Writing::Ruby && mark == '"' => return None,
            '{' | '$' if writing == Writing::Php && mark == '"' => return None,
            letter if letter == mark => {
                let is_longer = writing == Writing::Sharp && rest.starts_with("\"\"\"");
                return (!is_longer).then_some(at + 1);
            }
            _ => {}
        }
    }
    None
}

fn is_of_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_' || letter == '$'
}

/// Where a word stands in a masked text.
fn places<'m>(masked: &'m str, name: &'m str) -> impl Iterator<Item = usize> {
    masked.match_indices(name).filter_map(move |(at, _)| {
        let before = masked.get(..at)?.chars().next_back();
        let behind = masked.get(at + name.len()..)?.chars().next();
        let is_whole = !before.is_some_and(is_of_word) && !behind.is_some_and(is_of_word);
        is_whole.then_some(at)
    })
}

pub(super) fn words_of(masked: &str, name: &str) -> usize {
    places(masked, name).count()
}

/// Functions that take back what another does, and that nothing else names: `migrations.RunPython(forward, back)`.
fn backward_of_django(masked: &str) -> Vec<String> {
    let named = masked.split("RunPython(").skip(1).filter_map(|behind| {
        let (arguments, _) = behind.split_once(')')?;
        let second = arguments.split(',').nth(1)?.trim();
        let name = second.strip_prefix("reverse_code=").unwrap_or(second);
        let is_name = !name.is_empty() && name.chars().all(is_of_word);
        (is_name && words_of(masked, name) == 2).then(|| name.to_owned())
    });
    named.collect()
}

/// The text of Python without the body of a function of the file itself.
fn without_function(text: &str, masked: &str, name: &str) -> Option<String> {
    let mut kept = String::with_capacity(text.len());
    let mut is_inside = false;
    let mut found = 0;
    for (line, shown) in text.split_inclusive('\n').zip(masked.split_inclusive('\n')) {
        let is_header = [format!("def {name}("), format!("async def {name}(")]
            .iter()
            .any(|head| shown.starts_with(head.as_str()));
        is_inside &= shown.trim().is_empty() || shown.starts_with([' ', '\t']);
        if is_inside {
            continue;
        }
        kept.push_str(line);
        if is_header {
            found += 1;
            is_inside = true;
            if !shown.trim_end().ends_with(':') {
                return None;
            }
            kept.push_str("    pass\n");
        }
    }
    (found == 1).then_some(kept)
}

/// The text without what stands in the braces of the one function `down`, or behind its arrow.
fn without_braces(text: &str, masked: &str, writing: Writing) -> Option<String> {
    let name = if writing == Writing::Sharp {
        "Down"
    } else {
        "down"
    };
    let mut all = places(masked, name);
    let (Some(at), None) = (all.next(), all.next()) else {
        return None;
    };
    let from = at + name.len();
    let mut depth = 0_i32;
    let mut start = None;
    let mut before = ' ';
    for (offset, letter) in masked.get(from..)?.char_indices() {
        match letter {
            '{' if depth == 0 => {
                start = Some((from + offset, false));
            }
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            '>' if depth == 0 && before == '=' => {
                let behind = masked.get(from + offset + 1..)?;
                if !behind.trim_start().starts_with('{') {
                    start = Some((from + offset, true));
                }
            }
            ';' if depth == 0 => return None,
            _ => {}
        }
        if start.is_some() {
            break;
        }
        if depth < 0 {
            return None;
        }
        before = letter;
    }
    let (start, is_arrow) = start?;
    let mut depth = 0_i32;
    let body = masked.get(start + 1..)?;
    let ends = |(_, letter): &(usize, char)| {
        let is_end = match letter {
            '}' | ')' | ']' if depth == 0 => true,
            ';' | ',' | '\n' => is_arrow && depth == 0,
            _ => false,
        };
        match letter {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth -= 1,
            _ => {}
        }
        is_end
    };
    let (end, last) = body.char_indices().find(ends)?;
    if !is_arrow && last != '}' {
        return None;
    }
    let value = if is_arrow { " null" } else { "" };
    Some([text.get(..=start)?, value, text.get(start + 1 + end..)?].concat())
}

/// The text of Ruby without the body of `down`, in which no other block stands.
fn without_end(text: &str, masked: &str) -> Option<String> {
    let at = {
        let mut all = places(masked, "down");
        let (Some(at), None) = (all.next(), all.next()) else {
            return None;
        };
        at
    };
    let head = masked.get(..at)?.strip_suffix("def ")?;
    let indent = head.rsplit('\n').next()?;
    let from = at + "down".len();
    let rest = masked.get(from..)?;
    let end = places(rest, "end").next()?;
    let body = rest.get(..end)?;
    let is_plain = indent.trim().is_empty()
        && body.starts_with('\n')
        && !body.contains([';', '{', '|', '&'])
        && [
            "do", "if", "unless", "begin", "case", "while", "def", "for", "until", "then",
        ]
        .iter()
        .all(|word| words_of(body, word) == 0)
        && body.rsplit('\n').next() == Some(indent);
    is_plain.then(|| Some([text.get(..from)?, "\n", text.get(from + end..)?].concat()))?
}

#[cfg(test)]
mod tests {
    use super::without_way_back;
    use crate::effect::Span;
    use crate::shell::Word;

    fn kept(path: &str, text: &str, command: &str) -> Option<String> {
        let words: Vec<Word> = command
            .split(' ')
            .map(|word| Word::text(word, Span::default()))
            .collect();
        without_way_back(path, text, &words)
    }

    #[test]
    fn what_takes_back_is_left_out_where_it_is_certain_where_it_ends() {
        for (path, text, gone) in [
            (
                "alembic/versions/1.py",
                "\"\"\"add\"\"\"\ndef upgrade():\n    a()\ndef downgrade() -> None:\n    op.drop_table(\"t\")\n",
                "drop_table",
            ),
            (
                "migrations/1.js",
                "exports.up = (k) => k.schema.createTable('t');\nexports.down = (k) => k.schema.dropTable('t');\n",
                "dropTable",
            ),
            (
                "src/migrations/1.ts",
                "class A { public async up(q: Q): Promise<void> { await q.query(`CREATE`); }\n public async down(q: Q): Promise<void> { await q.query(`DROP TABLE t`); }\n}",
                "DROP TABLE",
            ),
            (
                "db/migrate/1.rb",
                "class A < M\n  def up\n    create_table :a\n  end\n  def down\n    drop_table :a\n  end\nend\n",
                "drop_table",
            ),
            (
                "app/migrations/2.py",
                "def f(a, s):\n    x()\ndef b(a, s):\n    m.objects.all().delete()\nclass M:\n    operations = [migrations.RunPython(f, b)]\n",
                "delete",
            ),
        ] {
            let kept = kept(path, text, "alembic upgrade head").unwrap_or_default();
            assert!(!kept.is_empty() && !kept.contains(gone), "{text}: {kept}");
        }
    }

    #[test]
    fn a_text_that_may_run_it_stays_whole() {
        let python = "alembic/versions/1.py";
        for text in [
            "def upgrade():\n    downgrade()\ndef downgrade():\n    op.drop_table(\"t\")\n",
            "def upgrade():\n    globals()['down' + 'grade']()\ndef downgrade():\n    op.drop_table(\"t\")\n",
            "s = '''\ndef downgrade():\n   '''; op.drop_table('t')\n",
        ] {
            let kept = kept(python, text, "alembic upgrade head");
            assert!(kept.is_none_or(|it| it.contains("drop_table")), "{text}");
        }
        for text in [
            "exports.down = (k) => { let r = /}/; };\nk.dropTable('t') //\n}",
            "s = `\nexports.down = async () => {\n `; k.dropTable('t'); `}\n}`",
            "exports.down = f(() => {}, k.dropTable('t'))",
            "exports.down = (k) => k.a(), k.dropTable('t');",
            "exports.up = () => exports.down(); exports.down = (k) => k.dropTable('t');",
        ] {
            let kept = kept("migrations/1.js", text, "npx knex migrate:latest");
            assert!(kept.is_none_or(|it| it.contains("dropTable")), "{text}");
        }
        let text = "class A\n  def down\n    a; end; drop_table :t\n  end\nend\n";
        assert!(kept("db/migrate/1.rb", text, "bin/rails db:migrate").is_none());
        let text = "def upgrade():\n    a()\ndef downgrade():\n    op.drop_table(\"t\")\n";
        for command in [
            "alembic downgrade base",
            "python -c x",
            "make db-reset",
            "python manage.py migrate app 0001",
        ] {
            assert!(kept(python, text, command).is_none(), "{command}");
        }
        assert!(kept("app/x.py", text, "alembic upgrade head").is_none());
    }
}
