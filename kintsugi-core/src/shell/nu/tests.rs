//! What bash is told for texts of nushell.

use super::to_bash;
use crate::shell::translated::{becomes, refuses};

#[test]
fn texts_are_commands_of_bash() {
    let table = [
        ("ls -la src", "ls -la src"),
        ("^find . -delete", "find . -delete"),
        ("find word", ": word"),
        ("rm -rft 'a b'; ls", "rm -rf -- 'a b' ls"),
        ("rm --recursive --permanent *.log", "rm -r -- *.log"),
        (
            "ls | where size > 10mb | first 3",
            "ls | { : size '>' 10mb; paste; } | { : 3; paste; }",
        ),
        (
            "open a.json | get name | save -f b",
            "cat a.json | { : name; paste; } | tee -- b >/dev/null",
        ),
        (
            "ls | each {|f| rm $f.name }",
            "ls | { :; paste; } for piped_item in *; do : f=\"${piped_item}\" rm -- \"${f}\" done",
        ),
        (
            "glob a/** | par-each {|p| rm -p $p }",
            "glob a/** | { :; paste; } for piped_item in a/**; do : p=\"${piped_item}\" rm -- \"${p}\" done",
        ),
        (
            "for x in [a b] { rm $x }",
            ": x in a b for piped_item in a b; do : x=\"${piped_item}\" rm -- \"${x}\" done",
        ),
        ("cargo build o+e> log # why", "cargo build &> log"),
        (
            "let x = (pwd); $env.A = 'b'",
            "x=\"$(printf '%s\\n' \"$(pwd )\")\" export A=\"$(printf %s b)\"",
        ),
        (
            "mut n = 1; $n += 2; $x.y = (rm a)",
            "n=\"$(printf '%s\\n' 1)\" n=\"$(printf %s \"${n}\"2)\" : \"$(rm -- a )\" x=\"$(printf %s \"${changed_value}\")\"",
        ),
        (
            "git commit -m \"it's \\\"so\\\"\"",
            "git commit -m 'it'\\''s \"so\"'",
        ),
        ("alias gone = ^rm -rf /tmp/x", "rm -rf /tmp/x"),
        (
            "def f [x: string] { ^touch $x }",
            ": f x: string touch \"${x}\"",
        ),
        ("if $x == 1 { ^a } else { ^b }", ": \"${x}\" == 1 else a b"),
        ("'rm -rf /'", "printf '%s\\n' 'rm -rf /'"),
        (
            "$\"a (rm x) b\"",
            "printf '%s\\n' a' '\"$(rm -- x )\"' 'b''",
        ),
        (
            "{a: (rm x), b: [1 2]} | to json",
            "printf '%s\\n' \"$(printf '%s\\n' \"$(rm -- x )\" 1 2 \"${record}\")\" | { : json; paste; }",
        ),
        (
            "with-env { A: b } { ls }",
            ": \"$(printf '%s\\n' b \"${record}\")\" export A=b ls",
        ),
        (
            "match $x { 1 => { rm a }, _ => (rm b) }",
            ": \"${x}\" \"$(rm -- b )\" rm -- a",
        ),
        ("rm ...(glob *.o)", "rm -- *.o"),
        (
            "http get https://example.org/a?b=1",
            "curl 'https://example.org/a?b=1'",
        ),
        (
            "http post https://example.org ($env | to json)",
            "{ printf '%s\\n' \"$(printf '%s\\n' \"$(printenv)\" | { : json; paste; } )\" | curl -d @- -X POST https://example.org; }",
        ),
        (
            "ps | each {|p| kill $p.pid }",
            "ps | { :; paste; } kill \"${p}\" kill -9 -1",
        ),
        ("use std/log; overlay list", ": :"),
    ];
    becomes(to_bash, &table);
}

#[test]
fn what_is_more_than_that_is_not_read() {
    let texts = [
        "source x.nu",
        "use other.nu",
        "overlay use x",
        "with-env $r { ls }",
        "^(['r' 'm'] | str join) x",
        "run-external ('r' + 'm') x",
        "ls && rm x",
        "echo 'open",
        "ls {",
        "rm a\\b",
        "ls )",
        "rm *>",
        "cargo build o>",
        "^a\"b\"",
        "match $x { (rm a) => 1 }",
        "{a: 1",
    ];
    refuses(to_bash, &texts);
    assert!(to_bash(&"(".repeat(60)).is_err());
}
