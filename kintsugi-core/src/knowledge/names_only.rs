//! Commands that show of a file of settings only what the settings are called: `cut -d= -f1 .env`, `grep -oE '^[A-Z_]+=' .env`.

use crate::shell::{Piece, Word};

/// Whether of each line that the command reads nothing is shown that stands behind its first `=`.
pub(super) fn keeps_names(words: &[Word]) -> bool {
    let Some((first, words)) = words.split_first() else {
        return false;
    };
    if edits_in_place(first, words) {
        return true;
    }
    let known: Option<Vec<_>> = words.iter().map(Word::known).collect();
    let (Some(name), Some(known)) = (first.known(), known) else {
        return false;
    };
    let words: Vec<&str> = known.iter().map(|word| &**word).collect();
    match name.rsplit('/').next().unwrap_or_default() {
        "cut" => cuts_names(&words),
        "sed" | "gsed" => {
            let mut scripts = words.iter().filter(|word| !word.starts_with('-'));
            let expressions = words.iter().filter(|word| **word == "-e").count();
            let Some(script) = scripts.next() else {
                return false;
            };
            expressions < 2 && drops_values(script)
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

/// Whether a command only puts other texts in the place of some, in the files themselves: what is edited there goes nowhere else
/// (sed(1), 4.9, and of macOS 14, where the suffix of the backup is a word of its own; perlrun(1), 5.38).
fn edits_in_place(program: &Word, words: &[Word]) -> bool {
    let program = program.known().unwrap_or_default();
    let is_perl = match program.rsplit('/').next() {
        Some("sed" | "gsed") => false,
        Some("perl") => true,
        _ => return false,
    };
    let mut scripts: Vec<String> = Vec::new();
    let mut in_place = false;
    let mut rest = words.iter().peekable();
    while let Some(word) = rest.next() {
        let text = shape(word);
        let Some(letters) = text.strip_prefix('-') else {
            if scripts.is_empty() {
                scripts.push(text);
            }
            continue;
        };
        let (letters, suffix) =
            letters.split_at(letters.find('i').map_or(letters.len(), |at| at + 1));
        in_place |= letters.ends_with('i');
        let is_suffix = |it: &str| it.is_empty() || it.starts_with(['.', '~']) && !it.contains('/');
        let (flags, suffix) = match suffix {
            "e" => ("e", ""),
            other => ("", other),
        };
        if !letters.chars().all(|it| "Eripen0".contains(it)) || !is_suffix(suffix) {
            return false;
        }
        if letters.ends_with('e') || flags == "e" {
            scripts.push(rest.next().map(shape).unwrap_or_default());
        } else if letters.ends_with('i') && suffix.is_empty() && !is_perl {
            rest.next_if(|it| {
                it.known()
                    .is_some_and(|it| it.is_empty() || it.starts_with('.') && !it.contains('/'))
            });
        }
    }
    let is_edit = |script: &String| {
        let computes = is_perl && script.contains(['@', '$', '`', '\n']);
        only_edits(script) && !computes
    };
    in_place && !scripts.is_empty() && scripts.iter().all(is_edit)
}

/// What a word says, with one sign in the place of each part that is not known.
fn shape(word: &Word) -> String {
    let pieces = word.pieces.iter().map(|piece| match piece {
        Piece::Text(text) | Piece::Glob(text) => text.as_str(),
        Piece::Hole(_) => "_",
    });
    pieces.collect()
}

/// Whether what is fed as JSON or YAML is shown by its keys alone: `sops -d x.yaml | yq keys`.
pub(super) fn keeps_keys(words: &[Word]) -> bool {
    let first = words.first().and_then(Word::known);
    first.is_some_and(|name| matches!(&*name, "jq" | "yq")) && keeps_names(words)
}

/// Parts of what Kubernetes says of a secret beside what it holds; annotations may hold it (kubectl 1.31, `kubectl apply`).
const BESIDE: &str = " items metadata.name metadata.namespace metadata.creationTimestamp metadata.uid metadata.resourceVersion metadata.labels type kind \
    apiVersion metadata.ownerReferences metadata.deletionTimestamp immutable ";

/// Whether a template of `kubectl get -o` shows nothing of what a secret holds: `jsonpath={.metadata.name}`, `custom-columns=N:.metadata.name`.
fn shows_beside(format: &str) -> bool {
    let Some((kind, template)) = format.split_once('=') else {
        return false;
    };
    if !matches!(kind, "jsonpath" | "custom-columns" | "go-template")
        || template.contains(['@', '$', '?', '\''])
        || template.contains("..")
        || template.contains("[\"")
    {
        return false;
    }
    let mut fields = 0;
    let mut rest = template;
    while let Some((_, behind)) = rest.split_once('.') {
        let end = behind
            .find(|it: char| {
                !(it.is_ascii_alphanumeric() || matches!(it, '.' | '[' | ']' | '*' | '_' | '-'))
            })
            .unwrap_or(behind.len());
        let (field, next) = behind.split_at(end);
        let field = field.strip_prefix("items[*].").unwrap_or(field);
        let field = field.strip_suffix("[*]").unwrap_or(field);
        let of_labels = field
            .strip_prefix("metadata.labels.")
            .is_some_and(|it| !it.contains(['[', '*']));
        if field.is_empty() || !of_labels && !super::telling::listed(BESIDE, field) {
            return false;
        }
        fields += 1;
        rest = next;
    }
    // `{range .items[*]}` goes through them; a template that names no field shows all.
    fields > 0
}

/// Whether `kubectl get` shows of secrets only what stands beside what they hold.
pub(super) fn gets_beside(words: &[Word]) -> bool {
    let known: Option<Vec<_>> = words.iter().map(Word::known).collect();
    let Some(known) = known else { return false };
    let mut formats = Vec::new();
    let mut before = "";
    for word in &known {
        if matches!(before, "-o" | "--output") {
            formats.push(&**word);
        } else if let Some(format) = word
            .strip_prefix("--output=")
            .or_else(|| word.strip_prefix("-o="))
        {
            formats.push(format);
        } else if word.starts_with("-o") && word.len() > 2 {
            formats.push(word.get(2..).unwrap_or_default());
        } else if word.starts_with("--template") || word.starts_with("--output-") {
            return false;
        }
        before = word;
    }
    matches!(formats.as_slice(), [format] if shows_beside(format))
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
pub(super) fn only_edits(script: &str) -> bool {
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
    // What sops says of a file beside its values: for whom it is, and when it was changed (sops 3.9, "YAML and JSON").
    let of_sops = plain
        .strip_prefix(".sops")
        .filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
    let is_plain = |rest: &str| {
        rest.chars()
            .all(|it| it.is_ascii_alphanumeric() || matches!(it, '.' | '_' | '[' | ']'))
    };
    if of_sops.is_some_and(is_plain) {
        return true;
    }
    let is_path = path
        .chars()
        .all(|it| it.is_ascii_alphanumeric() || matches!(it, '.' | '_' | '|' | '[' | ']'));
    matches!(
        last,
        "keys" | "keys[]" | "length" | "to_entries[].key" | "keys_unsorted"
    ) && is_path
}

/// The pattern, the replacement and the flags of `s/a/b/g`.
fn substitution(script: &str) -> Option<[&str; 3]> {
    let mut letters = script.chars();
    let (Some('s'), Some(delimiter)) = (letters.next(), letters.next()) else {
        return None;
    };
    let parts: Vec<&str> = letters.as_str().split(delimiter).collect();
    parts.try_into().ok()
}

/// `s/=.*/=***/`: one substitution that takes away what stands behind the sign.
fn drops_values(script: &str) -> bool {
    let Some([pattern, with, flags]) = substitution(script) else {
        return false;
    };
    matches!(
        pattern,
        "=.*" | "=.*$" | "=.\\+" | "=.+" | "\\(=\\).*" | "(=).*"
    ) && !with.contains('&')
        && flags.chars().all(|flag| flag == 'g')
}

/// Whether a `sed` takes away the values of the names that it looks for, and shows no part of them:
/// `sed -E 's/(TOKEN|SECRET)=.*/\1=***/'`.
pub(super) fn masks_values(words: &[Word]) -> bool {
    let known: Option<Vec<_>> = words.iter().map(Word::known).collect();
    let Some(known) = known else { return false };
    let words: Vec<&str> = known.iter().map(|word| &**word).collect();
    let script = match words.as_slice() {
        ["sed" | "gsed", "-E" | "-r" | "-e", script] | ["sed" | "gsed", script] => *script,
        _ => return false,
    };
    let Some([pattern, with, flags]) = substitution(script) else {
        return false;
    };
    let name = ["=.*$", "=.*", "=.+$", "=.+", "=[^ ]*"]
        .iter()
        .find_map(|value| pattern.strip_suffix(value));
    let name = name.map(|name| name.trim_end_matches(['\\', ')']));
    name.is_some_and(|name| !name.contains(['.', '=', '\n']) && !name.contains("[^"))
        && !with.contains(['&', '\n'])
        && flags.chars().all(|flag| matches!(flag, 'g' | 'I' | 'i'))
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
    use crate::knowledge::testing::all_effects;

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
            "yq '.sops.age[].recipient' secrets/prod.enc.yaml",
            "kubectl get secret app -o jsonpath='{.metadata.name}'",
            "kubectl get secrets -A -o custom-columns=NS:.metadata.namespace,NAME:.metadata.name,TYPE:.type",
            "kubectl get secret -o jsonpath='{range .items[*]}{.metadata.name}{\"\\n\"}{end}'",
            "kubectl get secret app -ojsonpath='{.metadata.labels.app}'",
        ] {
            let found = all_effects(text).join("; ");
            let reads = found.contains("read path") || found.contains("read secret");
            assert!(!reads, "{text}: {found}");
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
            "yq '.sops, .password' secrets/prod.enc.yaml",
            "yq '.sops.x | parent' secrets/prod.enc.yaml",
            "kubectl get secret app -o jsonpath='{.metadata.name}{.data}'",
            "kubectl get secret app -o jsonpath='{.metadata.annotations}'",
            "kubectl get secret app -o jsonpath='{.metadata}'",
            "kubectl get secret app -o jsonpath='{..password}'",
            "kubectl get secret app -o jsonpath='{.*.password}'",
            "kubectl get secret app -o jsonpath='{.items[*].data}'",
            "kubectl get secret app -o jsonpath='{[\"data\"]}{.type}'",
            "kubectl get secret app -o jsonpath='{.type}' -o yaml",
            "kubectl get secret app -o json",
            "kubectl get secret app -o go-template='{{.type}}{{range $k, $v := .data}}{{$v}}{{end}}'",
            "kubectl get secret app -o go-template='{{.type}}{{printf \"%s\" .}}'",
        ] {
            let found = all_effects(text).join("; ");
            let reads = found.contains("read path") || found.contains("read secret");
            assert!(reads, "{text}: {found}");
        }
    }
}
