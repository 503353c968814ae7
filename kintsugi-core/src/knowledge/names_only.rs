//! Commands that show of a file of settings only what the settings are called: `cut -d= -f1 .env`, `grep -oE '^[A-Z_]+=' .env`.

use crate::shell::Word;

/// Whether of each line that the command reads nothing is shown that stands behind its first `=`.
pub(super) fn keeps_names(words: &[Word]) -> bool {
    let Some((first, words)) = words.split_first() else {
        return false;
    };
    let known: Option<Vec<_>> = words.iter().map(Word::known).collect();
    let (Some(name), Some(known)) = (first.known(), known) else {
        return false;
    };
    let words: Vec<&str> = known.iter().map(|word| &**word).collect();
    match name.rsplit('/').next().unwrap_or_default() {
        "cut" => cuts_names(&words),
        "sed" | "gsed" => {
            let mut scripts = words.iter().filter(|word| !word.starts_with('-'));
            let in_place = words.iter().any(|word| word.starts_with("-i"));
            let expressions = words.iter().filter(|word| **word == "-e").count();
            let Some(script) = scripts.next() else {
                return false;
            };
            // What is edited in place goes nowhere else.
            expressions < 2
                && if in_place {
                    only_edits(script)
                } else {
                    drops_values(script)
                }
        }
        "jq" | "yq" => {
            let mut operands = words.iter().filter(|word| !word.starts_with('-'));
            operands.next().is_some_and(|filter| lists_keys(filter))
                && !words.iter().any(|word| word.contains("file"))
        }
        "awk" | "gawk" | "mawk" => prints_first(&words),
        "grep" | "egrep" | "rg" => shows_names(&words),
        _ => false,
    }
}

/// Whether what is fed as JSON or YAML is shown by its keys alone: `sops -d x.yaml | yq keys`.
pub(super) fn keeps_keys(words: &[Word]) -> bool {
    let first = words.first().and_then(Word::known);
    first.is_some_and(|name| matches!(&*name, "jq" | "yq")) && keeps_names(words)
}

/// Last words of the names of variables that hold no secret: `NODE_ENV`, `HTTP_PORT`, `SPRING_PROFILES_ACTIVE`.
const PLAIN: &str = " ENV ENVIRONMENT PORT HOST HOSTNAME PROXY PATH HOME DIR LANG LC TZ SHELL TERM VERSION LEVEL NAME REGION ZONE MODE \
    DEBUG LOG LOGLEVEL TIMEOUT WORKERS THREADS MEMORY PROFILE ACTIVE MODULE OPTS OPTIONS FLAGS ENABLED DISABLED COUNT SIZE BRANCH COMMIT \
    STAGE FEATURE FORMAT LOCALE TIMEZONE PYTHON NODE JAVA GO PWD INTERVAL LIMIT HTTP CONCURRENCY ENDPOINT NAMESPACE PREFIX ";

/// Whether of a list of variables only such lines are looked for whose names say that they hold no secret: `env | grep NODE_ENV`.
pub(super) fn seeks_plain(words: &[Word]) -> bool {
    let known: Option<Vec<_>> = words.iter().map(Word::known).collect();
    let Some(known) = known else { return false };
    let Some((name, rest)) = known.split_first() else {
        return false;
    };
    let (flags, patterns): (Vec<_>, Vec<_>) = rest.iter().partition(|word| word.starts_with('-'));
    let flags_keep = flags.iter().all(|flag| {
        let letters = flag.trim_start_matches('-');
        letters.chars().all(|it| "iEwFn".contains(it)) && !flag.starts_with("--")
    });
    let is_plain = |name: &str| {
        let name = name.trim_matches(['^', '=', '$', '(', ')']);
        let last = name.rsplit('_').find(|part| !part.is_empty());
        name.bytes()
            .all(|it| it.is_ascii_alphanumeric() || it == b'_')
            && last.is_some_and(|last| super::telling::listed(PLAIN, &last.to_ascii_uppercase()))
    };
    matches!(&**name, "grep" | "egrep" | "fgrep" | "rg")
        && flags_keep
        && matches!(patterns.as_slice(), [pattern] if pattern.split("\\|").flat_map(|it| it.split('|')).all(is_plain))
}

/// `cut -d= -f1`, in whatever order.
fn cuts_names(words: &[&str]) -> bool {
    let text = words.join(" ");
    let delimited = ["-d=", "-d =", "--delimiter=="]
        .iter()
        .any(|it| text.contains(it));
    let first = ["-f1", "-f 1", "--fields=1"].iter().any(|it| {
        text.split_once(it)
            .is_some_and(|(_, behind)| behind.is_empty() || behind.starts_with(' '))
    });
    delimited && first && !text.contains("--complement")
}

/// One substitution or deletion that writes no other file and runs nothing (sed(1), 4.9).
fn only_edits(script: &str) -> bool {
    let mut letters = script.chars();
    match (letters.next(), letters.next()) {
        (Some('s'), Some(delimiter)) if delimiter.is_ascii_punctuation() && delimiter != '\\' => {
            let parts: Vec<&str> = letters.as_str().split(delimiter).collect();
            let is_flag = |flag: char| flag == 'g' || flag == 'I' || flag.is_ascii_digit();
            matches!(parts.as_slice(), [_, _, flags] if flags.chars().all(is_flag))
                && !script.contains(['\n', ';', '}'])
        }
        (Some('/'), Some(_)) => {
            let body = script
                .strip_suffix("/d")
                .and_then(|it| it.strip_prefix('/'));
            body.is_some_and(|body| !body.contains(['/', '\n', ';']))
        }
        _ => false,
    }
}

/// `keys`, `.data | keys`, `to_entries[].key`: the names and no value (jq(1), 1.7).
fn lists_keys(filter: &str) -> bool {
    let plain: String = filter.chars().filter(|it| !it.is_whitespace()).collect();
    let last = plain.rsplit('|').next().unwrap_or_default();
    let path = plain.strip_suffix(last).unwrap_or_default();
    let is_path = path
        .chars()
        .all(|it| it.is_ascii_alphanumeric() || matches!(it, '.' | '_' | '|' | '[' | ']'));
    matches!(
        last,
        "keys" | "keys[]" | "length" | "to_entries[].key" | "keys_unsorted"
    ) && is_path
}

/// `s/=.*/=***/`: one substitution that takes away what stands behind the sign.
fn drops_values(script: &str) -> bool {
    let mut letters = script.chars();
    let (Some('s'), Some(delimiter)) = (letters.next(), letters.next()) else {
        return false;
    };
    let parts: Vec<&str> = letters.as_str().split(delimiter).collect();
    let [pattern, with, flags] = parts.as_slice() else {
        return false;
    };
    matches!(
        *pattern,
        "=.*" | "=.*$" | "=.\\+" | "=.+" | "\\(=\\).*" | "(=).*"
    ) && !with.contains('&')
        && flags.chars().all(|flag| flag == 'g')
}

/// `awk -F= '{print $1}'`, with a pattern in front or without.
fn prints_first(words: &[&str]) -> bool {
    let text = words.join(" ");
    let by_sign = ["-F=", "-F =", "-F\"=\"", "-F'='"]
        .iter()
        .any(|it| text.contains(it));
    let Some(program) = words.iter().find(|word| word.contains('{')) else {
        return false;
    };
    let plain: String = program
        .chars()
        .filter(|letter| !letter.is_whitespace())
        .collect();
    by_sign
        && plain.ends_with("{print$1}")
        && plain.matches('$').count()
            == 1 + plain.matches("$1~").count() + plain.matches("$1!").count()
        && plain.matches('{').count() == 1
}

/// `grep -q`, `grep -c`, and `grep -o` of a pattern that ends in front of the value.
fn shows_names(words: &[&str]) -> bool {
    let has = |letter: char, long: &str| {
        words.iter().any(|word| {
            *word == long
                || word.starts_with('-') && !word.starts_with("--") && word.contains(letter)
        })
    };
    if has('q', "--quiet") || has('c', "--count") || has('l', "--files-with-matches") {
        return true;
    }
    let pattern = words.iter().find(|word| !word.starts_with('-'));
    let in_names = |pattern: &str| {
        let end = pattern.strip_suffix('=').unwrap_or(pattern);
        let body = end.strip_prefix('^').unwrap_or(end);
        pattern.starts_with('^')
            && !body.contains(['.', '=', '|', '(', '\\'])
            && (body.starts_with('[') && !body.starts_with("[^"))
            || matches!(
                pattern,
                "^[^=]*" | "^[^=]+" | "^[^=]*=" | "^[^=]+=" | "^[^#=]+" | "^[^#=]*"
            )
    };
    has('o', "--only-matching") && pattern.is_some_and(|pattern| in_names(pattern))
}

#[cfg(test)]
mod tests {
    use crate::knowledge::testing::effects;

    #[test]
    fn names_of_settings_are_no_secret_and_their_values_are() {
        for text in [
            "cut -d= -f1 .env",
            "cut -f 1 -d = .env",
            "sed 's/=.*//' .env",
            "sed -E 's/=.*/=***/' .env.local",
            "awk -F= '{print $1}' .env",
            "awk -F= '!/^#/ {print $1}' .env",
            "grep -oE '^[A-Z_]+=' .env",
            "grep -c . .env",
            "grep -q '^A=' .env",
        ] {
            let found = effects(text).join("; ");
            assert!(!found.contains("read path"), "{text}: {found}");
        }
        for text in [
            "cut -d= -f2 .env",
            "cut -d= -f1,2 .env",
            "cut -d= -f1- .env",
            "sed 's/=.*/&/' .env",
            "sed 's/x=.*//' .env",
            "awk -F= '{print $1 $2}' .env",
            "awk -F= '{print}{print $1}' .env",
            "grep -o '^[A-Z_]*=.*' .env",
            "grep -oE '^[^#]+' .env",
            "grep '^[A-Z]' .env",
        ] {
            let found = effects(text).join("; ");
            assert!(found.contains("read path"), "{text}: {found}");
        }
    }
}
