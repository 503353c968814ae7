//! Ways to write a command so that it does the same and looks like something else.
//!
//! Each takes any command line and gives another one that bash would run to the same end.

/// A way, by its name.
pub type Way = (&'static str, fn(&str) -> String);

/// Every way.
pub const WAYS: &[Way] = &[
    ("as it is", str::to_owned),
    ("white space", |it| format!("  \t{it}  ")),
    ("comment", |it| format!("{it} # nothing to see")),
    ("behind another", |it| format!("ls; {it}")),
    ("in front of another", |it| format!("{it}; ls")),
    ("after success", |it| format!("true && {it}")),
    ("after failure", |it| format!("false || {it}")),
    ("on a line of its own", |it| format!("ls\n{it}\nls")),
    ("assignment", |it| format!("UNRELATED=1; {it}")),
    ("group", |it| format!("{{ {it}; }}")),
    ("subshell", |it| format!("( {it} )")),
    ("if", |it| format!("if true; then {it}; fi")),
    ("else", |it| format!("if false; then :; else {it}; fi")),
    ("for", |it| format!("for i in 1; do {it}; done")),
    ("while", |it| format!("while {it}; do break; done")),
    ("case", |it| format!("case a in a) {it};; esac")),
    ("function", |it| format!("f() {{ {it}; }}; f")),
    // `$((` begins a calculation.
    ("substitution", |it| format!("echo \"$( {it})\"")),
    ("backquotes", |it| {
        format!("x=`{}`", it.replace('\\', "\\\\").replace('`', "\\`"))
    }),
    ("process substitution", |it| format!("cat <({it})")),
    ("eval", |it| format!("eval {}", quoted(it))),
    ("eval twice", |it| {
        format!("eval eval {}", quoted(&quoted(it)))
    }),
    ("bash -c", |it| format!("bash -c {}", quoted(it))),
    ("sh -c deep", |it| {
        (0..6).fold(it.to_owned(), |inner, _| {
            format!("sh -c {}", quoted(&inner))
        })
    }),
    ("sudo", |it| format!("sudo bash -c {}", quoted(it))),
    ("wrappers", |it| {
        format!(
            "nohup nice -n 5 timeout 60 env A=1 setsid bash -c {}",
            quoted(it)
        )
    }),
    ("echo to a shell", |it| format!("echo {} | sh", quoted(it))),
    ("printf to a shell", |it| {
        format!("printf '%s\\n' {} | bash", quoted(it))
    }),
    ("here-string", |it| format!("bash <<< {}", quoted(it))),
    ("here-document", |it| format!("bash <<'END'\n{it}\nEND")),
    ("cat to a shell", |it| {
        format!("cat <<'END' | sh\n{it}\nEND")
    }),
    ("source", |it| format!("source <(echo {})", quoted(it))),
    ("variable", |it| format!("c={}; eval \"$c\"", quoted(it))),
    ("variable to a shell", |it| {
        format!("c={}; bash -c \"$c\"", quoted(it))
    }),
    ("base64", |it| {
        format!("echo {} | base64 -d | sh", base64(it.as_bytes()))
    }),
    ("base64 evaluated", |it| {
        format!(
            "eval \"$(echo {} | base64 --decode)\"",
            base64(it.as_bytes())
        )
    }),
    ("hexadecimal", |it| {
        format!("printf '{}' | sh", escapes(it, "\\x", 16))
    }),
    ("octal", |it| {
        format!("printf '{}' | bash", escapes(it, "\\", 8))
    }),
    ("escapes", |it| {
        format!("eval $'{}'", escapes(it, "\\x", 16))
    }),
    ("trap", |it| format!("trap {} EXIT", quoted(it))),
    ("xargs", |it| {
        format!("echo x | xargs -I _it_ sh -c {}", quoted(it))
    }),
    // A `{}` of the command would be replaced.
    ("find", |it| {
        if it.contains("{}") {
            return it.to_owned();
        }
        format!("find . -maxdepth 0 -exec sh -c {} \\;", quoted(it))
    }),
    ("script", |it| {
        format!("script -qc {} /dev/null", quoted(it))
    }),
    ("flock", |it| format!("flock /tmp/l -c {}", quoted(it))),
    ("python", |it| {
        format!(
            "python3 -c {}",
            quoted(&format!("import os; os.system({})", json(it)))
        )
    }),
    ("perl", |it| {
        format!(
            "perl -e {}",
            quoted(&format!("system({})", quoted_perl(it)))
        )
    }),
    ("node", |it| {
        format!(
            "node -e {}",
            quoted(&format!("require('child_process').execSync({})", json(it)))
        )
    }),
    ("file", |it| {
        format!("echo {} > /tmp/x.sh; sh /tmp/x.sh", quoted(it))
    }),
];

/// Ways to spell the name of the program, when the command starts with a plain one.
pub const SPELLINGS: &[Way] = &[
    ("quotes inside", |name| split(name, "''")),
    ("double quotes inside", |name| split(name, "\"\"")),
    ("quoted", |name| format!("'{name}'")),
    ("backslash", |name| format!("\\{name}")),
    ("backslash inside", |name| split(name, "\\")),
    ("ansi-c", |name| format!("$'{}'", escapes(name, "\\x", 16))),
    ("substitution", |name| format!("$(echo {name})")),
    ("printf", |name| {
        format!("$(printf '{}')", escapes(name, "\\", 8))
    }),
    ("absolute", |name| format!("/usr/bin/{name}")),
    ("absolute, roundabout", |name| {
        format!("/usr/../bin//./{name}")
    }),
    ("command", |name| format!("command {name}")),
    ("env", |name| format!("env {name}")),
    ("default", |name| format!("${{unset_:-{name}}}")),
    ("sudo", |name| format!("sudo {name}")),
    ("time", |name| format!("time {name}")),
];

/// Writes the first word of `command` as `way` does; nothing when it is no plain name of a program.
#[must_use]
pub fn respell(command: &str, way: Way) -> Option<String> {
    let (name, rest) = command.split_once(' ')?;
    let plain = name.len() > 1
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'-');
    let of_the_shell = [
        "cd", "exec", "eval", "trap", "set", "export", "unset", "source", "alias", "history",
        "for", "while", "if", "case", "until", "select", "time", "function", "coproc", "declare",
        "true", "false", "test", "echo", "printf", "hash", "enable", "builtin", "command",
        "mapfile", "pushd", "shopt", "kill", "bomb",
    ];
    (plain && !of_the_shell.contains(&name)).then(|| format!("{} {rest}", way.1(name)))
}

/// A line with its words quoted otherwise, by turns that `seed` chooses; nothing when a word of it means something to the shell
/// that a quote takes away.
#[must_use]
pub fn requoted(command: &str, seed: usize) -> Option<String> {
    const KEYWORDS: [&str; 16] = [
        "if", "for", "while", "until", "case", "select", "time", "function", "coproc", "export",
        "declare", "local", "readonly", "typeset", "alias", "let",
    ];
    let plain = |letter: char| letter.is_ascii_alphanumeric() || " -_./:,@%+=".contains(letter);
    let first = command.split(' ').next().unwrap_or_default();
    if !command.chars().all(plain) || KEYWORDS.contains(&first) || first.contains('=') {
        return None;
    }
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(command.len());
    let mut words = Vec::new();
    for word in command.split(' ').filter(|word| !word.is_empty()) {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        let middle = word.len() / 2;
        let (front, back) = word.split_at(middle);
        words.push(match state >> 16 & 7 {
            0 => format!("'{word}'"),
            1 => format!("\"{word}\""),
            2 => word.chars().flat_map(|letter| ['\\', letter]).collect(),
            3 => format!("$'{word}'"),
            4 => format!("{front}''{back}"),
            5 => format!("'{front}'\"{back}\""),
            6 => format!("$'{}'", escapes(word, "\\x", 16)),
            _ => word.to_owned(),
        });
    }
    Some(words.join(" "))
}

/// One word for a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn json(text: &str) -> String {
    serde_json::to_string(text).expect("a text")
}

fn quoted_perl(text: &str) -> String {
    format!("q\u{1}{text}\u{1}")
}

fn split(name: &str, with: &str) -> String {
    let (first, rest) = name.split_at(1);
    format!("{first}{with}{rest}")
}

fn escapes(text: &str, prefix: &str, base: u32) -> String {
    let one = |byte: u8| match base {
        8 => format!("{prefix}{byte:03o}"),
        _ => format!("{prefix}{byte:02x}"),
    };
    text.bytes().map(one).collect()
}

fn base64(bytes: &[u8]) -> String {
    data_encoding::BASE64.encode(bytes)
}
