//! Real shells as the oracle: what they make of words is what the reader makes of them.
//!
//! Runs only `printf`, in an empty directory, on lines made of the fragments below; nothing in them names another program.

use std::process::Command;
use std::rc::Rc;

use kintsugi_core::limits::WORK_MAX;
use kintsugi_core::shell::{self, Budget, Context, Dialect, Directory, Variables};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// Lines that are tried for each list of fragments.
const LINES: usize = 400;

/// What every shell reads alike.
const QUOTING: [&str; 20] = [
    "a", "b c", "'d e'", "\"f g\"", "\\ ", "\\'", "\\\"", "''", "\"\"", "'\\'", "\"\\$\"",
    "\"\\a\"", " ", " ", "x=y", "-", "\\\n", "é", "\"'\"", "'\"'",
];

/// What bash expands and splits.
const EXPANSIONS: [&str; 56] = [
    "$v-",
    "\"$v\"",
    "${v}",
    "$w-",
    "\"$w\"",
    "$e-",
    "\"$e\"",
    "${e:-d}",
    "${e-d}",
    "${u:-d e}",
    "\"${u:-d e}\"",
    "${v:+p q}",
    "\"${v:+p q}\"",
    "${#v}",
    "${v#a}",
    "${v##* }",
    "${v%b}",
    "${v%% *}",
    "${v/a/z}",
    "${v//a/z}",
    "${v/#a/z}",
    "${v:1:2}",
    "${v: -2}",
    "${v^}",
    "${v^^}",
    "${w,,}",
    "${!n}",
    "${l[@]}",
    "\"${l[@]}\"",
    "\"${l[*]}\"",
    "${l[1]}",
    "${#l[@]}",
    "${l[@]:1}",
    "{a,b}",
    "{1..3}",
    "{c..a}",
    "x{,y}z",
    "{a,{b,c}}",
    "{01..03}",
    "$((1+2*3))",
    "$((2**3%5))",
    "$(( (7-3)/2 ))",
    "$'\\x41\\n\\101'",
    "$'a\\'b'",
    "$(printf '%s ' p q)",
    "\"$(printf 'p  q\\n\\n')\"",
    "`printf r`",
    "\"$@\"",
    "$#",
    "$2",
    "\"$*\"",
    "${@:2}",
    "${v@Q}",
    "a",
    " ",
    "\\ ",
];

/// What zsh expands. Nothing with a blank: whether zsh splits is an option of the user's, and the reader splits always.
const ARRAYS: [&str; 31] = [
    "$l-",
    "\"$l\"",
    "${l}",
    "\"${l}\"",
    "$l[1]",
    "$l[-1]",
    "\"$l[2]\"",
    "${l[2]}",
    "${l[1,2]}",
    "$l[2,-1]",
    "$l[9]",
    "${l[3,2]}",
    "${l:1}",
    "${l:1:1}",
    "${#l}",
    "${l#o}",
    "${l/o/0}",
    "\"${l[@]}\"",
    "\"${l[*]}\"",
    "$l[@]",
    "$w[1]",
    "${w[2,3]}",
    "\"$w[-1]\"",
    "$m[k]",
    "${m[j]}",
    "\"$m[k]\"-",
    "\"$@\"",
    "$2",
    "${@:2}",
    "a",
    " ",
];

/// What zsh sets first.
const SETTING_OF_ZSH: &str =
    "w=XyZ l=(one two); l+=three; l[4]=four; typeset -A m=(k v j u); set -- p1 p2 p3\n";

/// What bash sets first.
const SETTING: &str = "v='ab ab' w=XyZ e= n=v; l=(one 'two three' four); set -- 'p1 x' p2 p3\n";

fn lines(fragments: &'static [&'static str]) -> Vec<String> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let fragment = proptest::sample::select(fragments);
    let line = proptest::collection::vec(fragment, 1..8).prop_map(|parts| parts.concat());
    (0..LINES)
        .map(|_| line.new_tree(&mut runner).unwrap().current())
        .collect()
}

/// What the shell hands to `printf`, or nothing when it refuses the line.
fn told(shell: &str, text: &str) -> Option<Vec<String>> {
    let empty = tempfile::tempdir().unwrap();
    let output = Command::new(shell)
        .args(if shell == "zsh" {
            ["-f", "-c"]
        } else {
            ["--norc", "-c"]
        })
        .arg(text)
        .current_dir(empty.path())
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap();
    let words = String::from_utf8(output.stdout).unwrap();
    let words = words.split_terminator('\0').map(str::to_owned).collect();
    output.status.success().then_some(words)
}

/// What the reader says that `printf` would receive.
fn read(dialect: Dialect, text: &str) -> Vec<String> {
    let context = Context {
        dialect,
        directories: Rc::from([Directory::Unknown]),
        variables: Rc::new(Variables::default()),
        embedded_in: None,
        depth: 0,
    };
    let script = shell::read(text, &context, &mut Budget::new(WORK_MAX));
    assert_eq!(script.problems, [], "{text}");
    let last = script.invocations.last().unwrap();
    let words = last.words.iter().skip(2);
    words.map(shell::Word::display).collect()
}

fn agree(shell: &str, dialect: Dialect, setting: &str, fragments: &'static [&'static str]) {
    let mut compared = 0;
    for line in lines(fragments) {
        let text = format!("{setting}printf '%s\\0' _ {line}");
        let Some(told) = told(shell, &text) else {
            continue;
        };
        compared += 1;
        assert_eq!(read(dialect, &text), told, "{shell}: {line}");
    }
    assert!(
        compared > LINES / 4,
        "{shell}: only {compared} lines were valid"
    );
}

#[test]
fn bash_removes_quotes_as_we_do() {
    agree("bash", Dialect::Bash, "", &QUOTING);
}

#[test]
fn zsh_removes_quotes_as_we_do() {
    agree("zsh", Dialect::Zsh, "", &QUOTING);
}

#[test]
fn bash_expands_and_splits_as_we_do() {
    agree("bash", Dialect::Bash, SETTING, &EXPANSIONS);
}

#[test]
fn zsh_has_arrays_as_we_do() {
    agree("zsh", Dialect::Zsh, SETTING_OF_ZSH, &ARRAYS);
}
