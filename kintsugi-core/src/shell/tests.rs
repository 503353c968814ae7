//! What a text becomes, by example: each row is a text and the commands that would run.

use std::rc::Rc;

use super::*;
use crate::limits::WORK_MAX;

fn script_in(text: &str, dialect: Dialect) -> Script {
    let context = Context {
        dialect,
        directories: Rc::from([Directory::Known("/w".to_owned())]),
        variables: Rc::new(Variables::default()),
        embedded_in: None,
        depth: 0,
    };
    read(text, &context, &mut Budget::new(WORK_MAX))
}

fn script_of(text: &str) -> Script {
    script_in(text, Dialect::Bash)
}

fn shown(script: &Script) -> Vec<String> {
    let programs = script
        .invocations
        .iter()
        .filter(|one| !one.words.is_empty());
    programs
        .map(|one| {
            one.words
                .iter()
                .map(Word::display)
                .collect::<Vec<_>>()
                .join("|")
        })
        .collect()
}

/// The commands of a text that is read without a problem.
fn commands_in(text: &str, dialect: Dialect) -> Vec<String> {
    let script = script_in(text, dialect);
    assert_eq!(script.problems, [], "{text}");
    shown(&script)
}

fn check(table: &[(&str, &[&str])]) {
    for (text, expected) in table {
        assert_eq!(commands_in(text, Dialect::Bash), *expected, "{text}");
    }
}

/// The commands of a text, but for the ones that only compute.
fn check_last(table: &[(&str, &str)]) {
    for (text, expected) in table {
        let commands = commands_in(text, Dialect::Bash);
        let last = commands.last().map(String::as_str).unwrap_or_default();
        assert_eq!(last, *expected, "{text}: {commands:?}");
    }
}

#[test]
fn words_lose_their_quotes() {
    check(&[
        ("rm -rf /", &["rm|-rf|/"]),
        (r#"r"m" '-rf' \/"#, &["rm|-rf|/"]),
        (r"$'\x72\x6d' $'-\162f' /", &["rm|-rf|/"]),
        ("r\\\nm -rf /", &["rm|-rf|/"]),
        ("echo 'a b' \"c d\"", &["echo|a b|c d"]),
        ("echo '' \"\"", &["echo||"]),
        ("echo a#b # c", &["echo|a#b"]),
        ("ls # it's", &["ls"]),
        ("echo \"a\\nb\\$c\"", &["echo|a\\nb$c"]),
        ("echo it\\'s", &["echo|it's"]),
        ("\\rm x", &["rm|x"]),
        ("ls\r\n", &["ls"]),
        ("ls -la\r\npwd\r\n", &["ls|-la", "pwd"]),
    ]);
}

#[test]
fn braces_become_words() {
    check(&[
        ("{rm,-rf,/}", &["rm|-rf|/"]),
        ("echo a{b,c}d{e,f}", &["echo|abde|abdf|acde|acdf"]),
        ("echo {1..4}", &["echo|1|2|3|4"]),
        ("echo {a..e..2}", &["echo|a|c|e"]),
        ("echo {01..03}", &["echo|01|02|03"]),
        ("echo {a,{b,c}}", &["echo|a|b|c"]),
        ("echo {a}", &["echo|{a}"]),
        ("echo '{a,b}' {}", &["echo|{a,b}|{}"]),
        ("git show HEAD@{1}", &["git|show|HEAD@{1}"]),
        ("find . -exec rm {} \\;", &["find|.|-exec|rm|{}|;"]),
    ]);
}

#[test]
fn expansions_of_what_is_known_are_known() {
    check_last(&[
        ("x=rm; $x -rf /", "rm|-rf|/"),
        ("x='rm -rf /'; $x", "rm|-rf|/"),
        ("x='rm -rf /'; \"$x\"", "rm -rf /"),
        ("a=r b=m; $a$b -rf /", "rm|-rf|/"),
        ("r$@m -rf /", "rm|-rf|/"),
        ("r${1}m -rf /", "rm|-rf|/"),
        ("rm${IFS}-rf${IFS}/", "rm|-rf|/"),
        ("rm$IFS-rf$IFS/", "rm|-rf|/"),
        ("IFS=,; x=rm,-rf,/; $x", "rm|-rf|/"),
        ("${x:-rm} -rf /", "rm|-rf|/"),
        ("${x:=rm} a; $x b", "rm|b"),
        ("x=1; ${x:+rm} f", "rm|f"),
        ("x=xxrm; ${x#xx} f", "rm|f"),
        ("x=a/b/rm; ${x##*/} f", "rm|f"),
        ("x=rm.txt; ${x%.*} f", "rm|f"),
        ("x=rm.a.b; ${x%%.*} f", "rm|f"),
        ("x=rXm; ${x/X/} f", "rm|f"),
        ("x=rXXm; ${x//X/} f", "rm|f"),
        ("x=RM; ${x,,} f", "rm|f"),
        ("x=rm; ${x^^} f", "RM|f"),
        ("x=xxrmxx; ${x:2:2} f", "rm|f"),
        ("x=abrm; ${x: -2} f", "rm|f"),
        ("y=rm x=y; ${!x} f", "rm|f"),
        ("x=abc; echo ${#x}", "echo|3"),
        ("a=(rm -rf /); ${a[@]}", "rm|-rf|/"),
        ("a=(x rm); ${a[1]} f", "rm|f"),
        ("a=(x rm); ${a[-1]} f", "rm|f"),
        ("declare -A m=([k]=rm); ${m[k]} f", "rm|f"),
        ("a=(x); a+=(y z); echo ${a[@]} ${#a[@]}", "echo|x|y|z|3"),
        ("set -- rm -rf /; \"$@\"", "rm|-rf|/"),
        ("set -- a rm f; shift; \"$@\"", "rm|f"),
        ("set -- a rm f; \"${@:2}\"", "rm|f"),
        ("x=r; x+=m; $x f", "rm|f"),
        ("printf -v x %s%s r m; $x f", "rm|f"),
        ("read a b <<< 'rm f'; $a $b", "rm|f"),
        ("export x=rm; $x f", "rm|f"),
        ("x=rm; f() { local x=ls; $x; }; f; $x f", "rm|f"),
        ("x=rm; f() { declare x; x=ls; }; f; $x f", "rm|f"),
        ("f() { local x=ls; declare -g y=rm; }; f; $y $x", "rm|$x"),
        ("x=rm; f() { x=ls; }; f; $x f", "ls|f"),
        ("echo $((1+2*3)) $((0x10)) $((1<<4))", "echo|7|16|16"),
        ("i=1; ((i++)); echo $i", "echo|2"),
        ("x=$(printf %s rm); $x f", "rm|f"),
        ("echo \"${x:-it's}\"", "echo|it's"),
        ("cd \"$(dirname \"a/b\")\" && ls", "ls"),
        ("mapfile -t a < <(echo x); ls", "ls"),
    ]);
}

#[test]
fn what_is_not_known_is_a_hole() {
    check(&[
        ("rm $x", &["rm|$x"]),
        ("rm \"$x\"/y", &["rm|$x/y"]),
        ("rm ~/x", &["rm|$HOME/x"]),
        ("rm *.o a?b [a-z]", &["rm|*.o|a?b|[a-z]"]),
        ("rm $(find .)", &["find|.", "rm|$(…)"]),
        ("rm `find .`", &["find|.", "rm|$(…)"]),
        ("diff <(ls a) <(ls b)", &["ls|a", "ls|b", "diff|<(…)|<(…)"]),
        ("kill -9 $!", &["kill|-9|$!"]),
        ("if x; then y=1; fi; echo $y", &["x", "echo|1", "echo|$y"]),
    ]);
}

#[test]
fn lists_pipes_and_compounds_give_all_their_commands() {
    check(&[
        ("a; b && c || d & e", &["a", "b", "c", "d", "e"]),
        ("a | b |& c", &["a", "b", "c"]),
        ("(a; b); { c; d; }", &["a", "b", "c", "d"]),
        ("( (a) )", &["a"]),
        ("((1)); ! a; time b; time -p c", &["a", "b", "c"]),
        (
            "if a; then b; elif c; then d; else e; fi",
            &["a", "b", "c", "d", "e"],
        ),
        ("for i in 1 2; do a $i; done", &["a|1", "a|2"]),
        ("for ((i=0;i<3;i++)); do a; done", &["a", "a"]),
        ("case $x in a|b) c;; *) d;; esac", &["c", "d"]),
        ("case $x in a) case $y in b) c; esac; esac", &["c"]),
        ("case $x in a) esac", &[]),
        ("select x in a; do b $x; done", &["b|a"]),
        ("f() { a $1; }; f x", &["a|x"]),
        ("function f { a; }; f", &["a"]),
        ("f() { a; }", &[]),
        ("rm() { a; }; rm -rf /", &["a"]),
        ("rm() { a; }; command rm -rf /", &["command|rm|-rf|/"]),
        ("coproc a", &["a"]),
        ("coproc N { a; }", &["a"]),
        ("[[ -f x && ! -d $(a) ]] && b", &["a", "b"]),
        ("[[ $x =~ ^(a|b)$ ]] && b", &["b"]),
        ("eval 'a; b'", &["eval|a; b", "a", "b"]),
        ("trap 'a' EXIT", &["trap|a|EXIT", "a"]),
        ("a() { a2; }\nb\n", &["b"]),
        ("cat <<EOF | sh\nrm x\nEOF\n", &["cat", "sh"]),
        ("echo $(case x in x) a;; esac)", &["a", "echo|$(…)"]),
        (
            "alias x='rm -rf /'; x",
            &["alias|x=rm -rf /", "rm|-rf|/", "x"],
        ),
        ("unset f; ls", &["unset|f", "ls"]),
    ]);
}

#[test]
fn a_here_document_cut_short_is_read_as_bash_reads_it() {
    let script = script_of("cat <<'EOF' > x.sh\nrm $x\n");
    assert_eq!(script.problems, []);
    assert_eq!(script.files[0].0, "/w/x.sh");
    assert_eq!(script.files[0].1.known().unwrap(), "rm $x\n");
}

#[test]
fn output_that_the_text_tells_is_input_or_words() {
    let inputs = [
        ("echo cm0gLXJmIC8= | base64 -d | sh", "rm -rf /"),
        ("printf '%s\\n' 'rm -rf /' | sh", "rm -rf /\n"),
        ("sh <<< \"$(echo rm -rf /)\"", "rm -rf /\n"),
        ("echo 'ez -es /' | tr a-z n-za-m | sh", "rm -rf /\n"),
        ("rev <<< '/ fr- mr' | sh", "rm -rf /\n"),
        ("echo 726d202d7266202f | xxd -r -p | bash", "rm -rf /"),
        ("for c in r m; do printf $c; done | sh", "rm"),
        ("{ echo rm -rf /; } | sh", "rm -rf /\n"),
        ("sh <<EOF\nrm -rf /\nEOF", "rm -rf /\n"),
        ("cat <<-EOF | sh\n\trm -rf /\n\tEOF", "rm -rf /\n"),
    ];
    for (text, expected) in inputs {
        let script = script_of(text);
        assert_eq!(script.problems, [], "{text}");
        let last = script.invocations.last().unwrap();
        match &last.input {
            Input::Text(word) => assert_eq!(word.known().unwrap(), expected, "{text}"),
            other @ (Input::Inherited | Input::File(_) | Input::Pipe { .. }) => {
                panic!("{text}: {other:?}")
            }
        }
    }
    check_last(&[
        ("$(echo rm) -rf /", "rm|-rf|/"),
        ("`printf '\\162\\155'` -rf /", "rm|-rf|/"),
        ("$(rev <<< '/ fr- mr')", "rm|-rf|/"),
        ("eval \"$(echo 'ez -es /' | tr a-z n-za-m)\"", "rm|-rf|/"),
        ("$(which rm) -rf /", "/usr/bin/rm|-rf|/"),
        ("echo 'rm -rf /' > x; . ./x", "rm|-rf|/"),
        ("while read x; do rm $x; done <<< a", "rm|a"),
        ("echo rm -rf / | while read x; do $x; done", "rm|-rf|/"),
    ]);
}

#[test]
fn a_file_written_and_run_in_one_line_is_known() {
    for text in [
        "echo 'rm -rf /' > x; sh x",
        "cat > x <<EOF\nrm -rf /\nEOF\nchmod +x x; ./x",
        "echo 'rm -rf /' | tee x; sh x",
        "{ echo 'rm -rf /'; } > x",
    ] {
        let script = script_of(text);
        let (path, word) = &script.files[0];
        assert_eq!(
            (path.as_str(), word.known().unwrap().as_ref()),
            ("/w/x", "rm -rf /\n"),
            "{text}"
        );
    }
}

#[test]
fn a_directory_is_where_the_command_could_be() {
    let table: [(&str, &[&str]); 8] = [
        ("cd /x && a", &["/x"]),
        ("cd /x; a", &["/x", "/w"]),
        ("cd /x || exit; a", &["/x"]),
        ("cd y/../z && a", &["/w/z"]),
        ("(cd /x); a", &["/w"]),
        ("cd \"$x\" && a", &["?"]),
        ("cd /x && cd - && a", &["/w"]),
        ("cd /x && b && a", &["/x"]),
    ];
    for (text, expected) in table {
        let script = script_of(text);
        let last = script.invocations.last().unwrap();
        let found: Vec<_> = last
            .directories
            .iter()
            .map(|directory| match directory {
                Directory::Known(path) => path.as_str(),
                Directory::Unknown => "?",
            })
            .collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn redirections_of_compounds_are_kept() {
    for text in [
        "{ a; } > f",
        "while a; do b; done > f",
        "(a) > f",
        "if a; then b; fi > f",
        "f() { a; } > f; f",
    ] {
        let script = script_of(text);
        let writes = script.invocations.iter().flat_map(|one| &one.redirects);
        let targets: Vec<_> = writes.map(|one| one.target.display()).collect();
        assert_eq!(targets, ["f"], "{text}");
    }
}

#[test]
fn branches_that_differ_are_all_followed() {
    check(&[(
        "if t; then x=a; else x=b; fi; rm $x",
        &["t", "rm|a", "rm|b"],
    )]);
    let script = script_of("x=1; while t; do x=$x$x; done; rm /$x");
    assert!(shown(&script).contains(&"rm|/$x".to_owned()), "{script:?}");
}

#[test]
fn a_fork_bomb_is_recognised() {
    for text in [":(){ :|:& };:", "f() { f | f & }; f", "b() { b & b; }; b"] {
        assert!(script_of(text).multiplies, "{text}");
    }
    assert!(!script_of("f() { ls | while read x; do f; done; }; f").multiplies);
}

#[test]
fn a_long_loop_does_not_lose_its_end() {
    let words: Vec<String> = (0..200).map(|number| number.to_string()).collect();
    let script = script_of(&format!("for i in {} /; do rm $i; done", words.join(" ")));
    assert_eq!(shown(&script).last().unwrap(), "rm|$i");
}

#[test]
fn zsh_spells_some_things_its_own_way() {
    let table: [(&str, &[&str]); 5] = [
        ("for x (a b) { echo $x }", &["echo|a", "echo|b"]),
        ("for x in a b; { echo $x; }", &["echo|a", "echo|b"]),
        ("ls *(.) >! f", &["ls|*"]),
        ("a &| b", &["a", "b"]),
        ("foreach x (a); do echo $x; done", &["echo|a"]),
    ];
    for (text, expected) in table {
        assert_eq!(commands_in(text, Dialect::Zsh), expected, "{text}");
    }
}

#[test]
fn fish_is_read_as_fish() {
    let table: [(&str, &[&str]); 7] = [
        ("function f; rm $argv; end; f b", &["rm|b", ":"]),
        ("a; and rm b; or not c", &["a", "rm|b", "c"]),
        ("rm -rf $x | b > c &", &["rm|-rf|$x", "b"]),
        ("begin; rm b; end", &["rm|b", ":"]),
        (
            "for x in a 'b c'; rm $x; end",
            &["rm|a", ":", "rm|b c", ":"],
        ),
        ("set x 'a b'; rm $x", &["rm|a b"]),
        ("echo 'a\\'b'; rm -rf / #'", &["echo|a'b", "rm|-rf|/"]),
    ];
    for (text, expected) in table {
        assert_eq!(commands_in(text, Dialect::Fish), expected, "{text}");
    }
    for text in ["begin; rm b", "if a; rm b", "end", "echo 'a"] {
        assert!(
            !script_in(text, Dialect::Fish).problems.is_empty(),
            "{text}"
        );
    }
}

#[test]
fn parameters_of_embedded_text_come_from_the_context() {
    let mut variables = Variables::default();
    for (name, value) in [("0", "sh"), ("1", "rm"), ("2", "f"), ("x", "y")] {
        let word = Word::text(value, Span::default());
        variables.values.insert(name, word);
    }
    let span = Span { start: 3, end: 9 };
    let context = Context {
        dialect: Dialect::Posix,
        directories: Rc::from([Directory::Unknown]),
        variables: Rc::new(variables),
        embedded_in: Some(span),
        depth: 1,
    };
    let script = read("$@; echo $# $x", &context, &mut Budget::new(WORK_MAX));
    assert_eq!(shown(&script), ["rm|f", "echo|2|y"]);
    assert!(script.invocations.iter().all(|one| one.span == span));
}

/// Reads a text that is made to exhaust: it must end, within bounds, and not in silence.
fn survives(name: &str, text: &str) {
    let script = script_of(text);
    let words: usize = script.invocations.iter().map(|one| one.words.len()).sum();
    assert!(words < 400_000, "{name}: {words} words");
    let silent = script.problems.is_empty() && script.invocations.is_empty();
    // Ten thousand negations of a word run nothing: bash reads them too.
    assert!(!silent || name == "tests without end", "{name}: silence");
}

fn around(open: &str, inner: &str, close: &str, count: usize) -> String {
    format!("{}{inner}{}", open.repeat(count), close.repeat(count))
}

#[test]
fn nesting_is_bounded_before_the_parser_recurses() {
    for (name, text) in [
        (
            "a pile of here-documents",
            "<<a<<a<<a<<a<<a<<a<<a<<".to_owned(),
        ),
        (
            "tests without end",
            format!("[[ {}x ]]", "! ".repeat(5_000)),
        ),
        ("open substitutions", "$(".repeat(90)),
        ("closed substitutions", around("$(", "", ")", 90)),
        (
            "just not too many substitutions",
            around("$(", "a", ")", 47),
        ),
        ("expansions", around("${x:-", "a", "}", 90)),
        (
            "expansions that fit",
            format!("echo {}", around("${x:-", "a", "}", 45)),
        ),
        ("arithmetic", "$((".repeat(5_000)),
        ("groups", "( ".repeat(10_000)),
        ("groups that fit", around("( ", "a", " )", 48)),
        (
            "groups in substitutions",
            around("$( ( ( ( ", "a", " ) ) ) )", 45),
        ),
        ("tight groups", "(".repeat(10_000)),
        ("braces", "{ ".repeat(100_000)),
        ("ifs", "if ".repeat(10_000)),
        ("ifs that fit", around("if a; then ", "b", "; fi", 48)),
        ("cases", "case x in a) ".repeat(10_000)),
        ("loops", "while a; do ".repeat(10_000)),
        ("quotes in substitutions", "\"$(".repeat(60)),
        ("descriptors", "99999999999>x".to_owned()),
    ] {
        survives(name, &text);
    }
}

#[test]
fn length_is_bounded_before_anything_is_allocated() {
    for (name, text) in [
        ("quotes", "'".repeat(200_001)),
        ("a megabyte of quotes", "'".repeat(1_000_000)),
        ("backslashes", "\\".repeat(200_000)),
        ("a megabyte of backslashes", "\\".repeat(1_000_000)),
        ("braces", "{".repeat(200_000)),
        ("a megabyte of braces", "{".repeat(1_000_000)),
        ("brackets", "a[".repeat(100_000)),
        ("commas", format!("{{{}}}", "a,".repeat(100_000))),
        ("products", "{a,b}".repeat(1_000)),
        ("nested braces", around("{a,", "", "}", 1_000)),
        ("words", "a ".repeat(100_000)),
        ("semicolons", "a;".repeat(100_000)),
        ("backquotes", "`".repeat(100_000)),
        ("dollars", "$".repeat(200_000)),
        ("globs", format!("ls {}", "[".repeat(100_000))),
    ] {
        survives(name, &text);
    }
}

#[test]
fn work_is_bounded_whatever_is_evaluated() {
    let mut choices = String::new();
    let mut used = "echo".to_owned();
    for number in 0..20 {
        choices.extend(["if a; then x", &number.to_string(), "=1; fi; "]);
        used.extend([" $x", &number.to_string()]);
    }
    for (name, text) in [
        (
            "doubling",
            format!("x=aaaaaaaa; {} $x", "x=$x$x; ".repeat(200)),
        ),
        (
            "doubling the unknown",
            format!("{} $x", "x=$x$y; ".repeat(2_000)),
        ),
        ("choices", choices + &used),
        (
            "loops in loops",
            around("for i in 1 2 3 4 5 6 7 8; do ", "a", "; done", 12),
        ),
        (
            "whiles in whiles",
            around("while x=a$x; do ", "x=$x$x", "; done", 20),
        ),
        (
            "functions that call",
            format!("f() {{ {} }}; f", "f; ".repeat(20)),
        ),
        ("evaluation", "x='eval \"$x\"'; eval \"$x\"".to_owned()),
        (
            "patterns",
            format!("x={}; echo ${{x//*a*b*c*d*/}}", "a".repeat(2_000)),
        ),
        (
            "variables",
            (0..3_000)
                .map(|n| ["a", &n.to_string(), "=1 && "].concat())
                .collect::<String>()
                + "b",
        ),
    ] {
        survives(name, &text);
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in "\\PC{0,200}") {
        for dialect in [Dialect::Bash, Dialect::Zsh, Dialect::Posix, Dialect::Fish] {
            script_in(&text, dialect);
        }
    }

    #[test]
    fn any_mixture_of_syntax_is_read_without_a_panic(
        parts in proptest::collection::vec(proptest::sample::select(vec![
            "$(", ")", "${", "}", "((", "))", "`", "'", "\"", "\\", "<<", "<<-E", "\n", "E", ";", "&", "|", "&&",
            "if ", "then ", "fi", "for ", "in ", "do ", "done", "case ", "esac", "a", "b=", "=(", "[", "]", "[[ ", " ]]",
            "*", "?", "~", "{a,b}", "{1..3}", "$x", "${x#", "//", "$'\\x", "#", "%", ">", "<", "<(", "é", "$((", "x+=",
            "eval ", "cd ", "set -- ", "read x", "f()", "{ ", "echo ", "| base64 -d", "\r", "@", "!", "-n ", "printf ",
        ]), 0..40),
    ) {
        let text = parts.concat();
        for dialect in [Dialect::Bash, Dialect::Zsh, Dialect::Posix] {
            script_in(&text, dialect);
        }
    }

    #[test]
    fn quoting_again_never_changes_the_words(
        words in proptest::collection::vec("[a-zA-Z0-9 $*?'\"\\\\{},;&|<>()~#!=-]{1,12}", 1..6),
    ) {
        let quoted: Vec<String> = words.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect();
        let escaped: Vec<String> = words
            .iter()
            .map(|word| word.chars().flat_map(|character| ['\\', character]).collect())
            .collect();
        let plain = format!("x|{}", words.join("|"));
        for line in [quoted, escaped] {
            let script = script_of(&format!("x {}", line.join(" ")));
            proptest::prop_assert_eq!(&script.problems, &[]);
            proptest::prop_assert_eq!(shown(&script), [plain.clone()]);
        }
    }
}

/// The parser reads the innermost of wrong cases in one another twice as often for each.
#[test]
fn cases_in_one_another_are_not_read_again_and_again() {
    let open = "case a in b) ".repeat(24);
    let wrong = "case a in b) ".repeat(24) + "a && && b" + &" ;; esac".repeat(24);
    for text in [open, wrong] {
        let script = script_of(&text);
        assert!(!script.problems.is_empty(), "{text}");
        assert!(
            script.problems.iter().all(|it| it.what.contains("case")),
            "{:?}",
            script.problems
        );
    }
    let most = "case a in b) ".repeat(8) + "c" + &"; esac".repeat(8);
    assert_eq!(commands_in(&most, Dialect::Bash), ["c"]);
}
