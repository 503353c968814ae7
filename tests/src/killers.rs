//! Texts that are made to exhaust whoever reads them: every construct, many times over, beside and inside itself.
//!
//! Each is a seed that [`Killer::text`] multiplies. What was once too slow or too large stays here under its name.

use kintsugi_core::shell::Dialect;

/// How a seed is multiplied. `#` in a seed is the number of the copy, `@` the number of the one in front of it.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// What stands before, what is repeated, what stands behind.
    Beside(&'static str, &'static str, &'static str),
    /// What opens, what is inside, what closes.
    Around(&'static str, &'static str, &'static str),
}

/// A text that is made to exhaust.
#[derive(Debug, Clone, Copy)]
pub struct Killer {
    /// What it multiplies.
    pub name: &'static str,
    /// The language that it is written in.
    pub dialect: Dialect,
    shape: Shape,
}

/// How often a seed is repeated: around the bounds on depth, and up to the bound on length.
pub const COUNTS: [usize; 12] = [8, 16, 20, 24, 40, 47, 200, 500, 1_000, 3_000, 8_000, 30_000];

const fn beside(
    name: &'static str,
    before: &'static str,
    each: &'static str,
    behind: &'static str,
) -> Killer {
    Killer {
        name,
        dialect: Dialect::Bash,
        shape: Shape::Beside(before, each, behind),
    }
}

const fn around(
    name: &'static str,
    open: &'static str,
    inside: &'static str,
    close: &'static str,
) -> Killer {
    Killer {
        name,
        dialect: Dialect::Bash,
        shape: Shape::Around(open, inside, close),
    }
}

impl Killer {
    /// Returns the text with `count` copies of the seed.
    #[must_use]
    pub fn text(&self, count: usize) -> String {
        let numbered = |part: &str, number: usize| {
            if part.contains(['#', '@']) {
                part.replace('#', &number.to_string())
                    .replace('@', &number.saturating_sub(1).to_string())
            } else {
                part.to_owned()
            }
        };
        match self.shape {
            Shape::Beside(before, each, behind) => {
                let mut text = before.to_owned();
                text.extend((0..count).map(|number| numbered(each, number)));
                text + behind
            }
            Shape::Around(open, inside, close) => {
                let mut text: String = (0..count).map(|number| numbered(open, number)).collect();
                text.push_str(inside);
                text.extend((0..count).rev().map(|number| numbered(close, number)));
                text
            }
        }
    }
}

/// Every seed.
pub const KILLERS: &[Killer] = &[
    // Many of one thing, one behind the other.
    beside("words", "echo ", "a ", ""),
    beside("commands", "", "a;", ""),
    beside("short commands", "", "ls;", ""),
    beside("deletions", "", "rm -rf a#;", ""),
    beside("lines", "", "ls\n", ""),
    beside("and", "", "a && ", "a"),
    beside("or", "", "a || ", "a"),
    beside("pipes", "", "a | ", "a"),
    beside("echo through pipes", "echo x", " | cat", ""),
    beside("background", "", "a & ", ""),
    beside("paths", "rm ", "/a/b/c# ", ""),
    beside("patterns as paths", "rm ", "*/# ", ""),
    beside("options", "rm ", "-r ", ""),
    beside("letters of options", "tar -", "xvf", ""),
    beside("options of git", "", "git -c a=b -C x push --force; ", ""),
    beside("sudo", "", "sudo ", "rm x"),
    beside("wrappers", "", "env nice nohup timeout 5 ", "rm x"),
    beside("env", "env ", "A#=b ", "rm x"),
    beside("redirections to files", "a ", ">f# ", ""),
    beside("redirections from files", "a ", "<f# ", ""),
    beside("redirections of all", "", "a >f# <g# 2>h#; ", ""),
    beside("here-strings", "a ", "<<<x# ", ""),
    beside("here-documents", "a ", "<<E ", "\nE"),
    beside(
        "here-documents one by one",
        "",
        "cat <<E\nrm -rf $x#\nE\n",
        "",
    ),
    beside("files written and run", "", "echo 'a' > f#; sh f#; ", ""),
    beside("one file appended to", "", "echo 'a#' >> f; ", "sh f"),
    beside("a long name", "", "a", " x"),
    beside("a long path", "rm /", "a/", ""),
    beside("a path of dots", "rm /", "a/../", ""),
    // State that grows.
    beside("variables", "", "a#=1 && ", "b"),
    beside("variables one by one", "", "a#=1; ", "b"),
    beside("exports", "", "export a#=1 && ", "b"),
    beside("exports one by one", "", "export a#=1; ", "b"),
    beside("exports and programs", "", "export a#=1; ls; ", "b"),
    beside("assignments before programs", "", "a#=1 b#=2 ls; ", ""),
    beside("many assignments before a program", "", "a#=1 ", "ls"),
    beside("declarations", "declare ", "a#=1 ", ""),
    beside("variables in branches", "", "if a; then a#=1; fi; ", "b"),
    beside(
        "variables in both branches",
        "",
        "if a; then a#=1; else a#=2; fi; ",
        "b",
    ),
    beside("one variable in branches", "", "if a; then x=#; fi; ", "$x"),
    beside("variables in loops", "", "while a; do a#=1; done; ", "b"),
    beside("variables in subshells", "", "(a#=1); ", "b"),
    beside("variables in pipes", "", "a#=1 | ", "b"),
    beside("variables, then subshells", "", "a#=1; (b=1); ", "b"),
    beside(
        "variables in functions",
        "f() { a#=1; }; ",
        "f; a#=2; ",
        "b",
    ),
    beside("functions", "", "f#() { a; }; ", "f1"),
    beside("functions and branches", "", "f#() { a; } && ", "f1"),
    beside("functions that call the next", "", "f#() { f@; }; ", "f20"),
    beside(
        "functions that call the last twice",
        "",
        "f#() { f@; f@; }; ",
        "f20",
    ),
    beside("aliases", "", "alias a#=b; ", "a1"),
    beside("aliases and branches", "", "alias a#=b && ", "a1"),
    beside("aliases of aliases", "", "alias a#='a@; a@'; ", "a7"),
    beside("directories", "", "cd a; ", "b"),
    beside("directories with numbers", "", "cd a#; ", "b"),
    beside("directories and deletions", "", "cd a#; rm b; ", ""),
    beside(
        "long directories",
        "",
        "cd aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa#; ",
        "b",
    ),
    beside("directories upward", "", "cd a# && cd ..; ", "b"),
    beside("directories in branches", "", "if a; then cd a#; fi; ", "b"),
    beside("directories back", "cd a; ", "cd -; ", "b"),
    beside("pushed directories", "", "pushd a#; ", "b"),
    beside("pushed and branches", "", "pushd a# && ", "b"),
    beside("popped directories", "", "pushd a#; popd; ", "b"),
    beside("parameters", "set -- ", "a ", "; a"),
    beside(
        "parameters shifted",
        "set -- a b c d e f g; ",
        "shift; ",
        "a $1",
    ),
    beside("parameters used", "set -- a b c d e f g; ", "a $@; ", ""),
    beside("parameters set", "", "set -- $@ a; ", "b $@"),
    beside("parameters in branches", "", "set -- $@ a && ", "b $@"),
    beside("an array", "x=(", "a ", "); b ${x[@]}"),
    beside("an array appended to", "", "x+=(a); ", "b ${x[@]}"),
    beside("elements of an array", "", "x[#]=a; ", "b ${x[@]}"),
    beside("elements used", "x=(a b c d); ", "a ${x[1]}; ", ""),
    beside("arrays of arrays", "x=(a); ", "x=(${x[@]} ${x[@]}); ", "b"),
    beside("getopts", "", "getopts ab: o#; ", "b"),
    beside("read", "", "read a#; ", "b"),
    beside("read of text", "", "read a# <<< 'x y'; ", "b"),
    beside("mapfile", "", "mapfile a#; ", "b"),
    beside("printf to a variable", "", "printf -v a# x; ", "b"),
    beside("local", "f() { ", "local a#=1; ", "}; f; f; f"),
    beside("unset", "", "unset a#; ", "b"),
    beside("trap", "", "trap 'a#' EXIT; ", "b"),
    beside("source", "", ". ./f#; ", "b"),
    // Values that grow.
    beside("doubling", "x=aaaaaaaa; ", "x=$x$x; ", "b $x"),
    beside("doubling of an unknown", "", "x=$x$y; ", "b $x"),
    beside("doubling in branches", "", "x=$x$y && ", "b $x"),
    beside("appending", "", "x+=aaaaaaaaaaaaaaaa; ", "b $x"),
    beside("appending an unknown", "", "x+=$y; ", "b $x"),
    beside(
        "using a long value",
        "x=$(printf '%0256d' 1); x=$x$x$x$x; ",
        "a $x; ",
        "",
    ),
    beside(
        "using a long unknown value",
        "x=$y$y$y$y; x=$x$x$x$x; x=$x$x$x$x; ",
        "a $x; ",
        "",
    ),
    beside(
        "exporting a long value",
        "export x=$y$y$y$y; ",
        "x=$x$y; ls; ",
        "",
    ),
    beside(
        "choices",
        "",
        "if a; then x#=1; fi; ",
        "echo $x1 $x2 $x3 $x4 $x5",
    ),
    beside(
        "choices used again",
        "if a; then x=1; else x=2; fi; ",
        "echo $x; ",
        "",
    ),
    beside(
        "many choices used again",
        "if a; then x=1; y=1; z=1; w=1; else x=2; y=2; z=2; w=2; fi; ",
        "echo $x $y $z $w; ",
        "",
    ),
    beside("defaults", "", "echo ${x#:-a}; ", ""),
    beside("assigned defaults", "", ": ${x#:=a}; ", ""),
    beside(
        "replacements",
        "x=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; ",
        "echo ${x//a/bbbb}; ",
        "",
    ),
    beside(
        "replacements of replacements",
        "x=a; ",
        "x=${x//a/aa}; ",
        "b",
    ),
    beside(
        "patterns that go back",
        "x=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; ",
        "echo ${x//*a*a*a*b/}; ",
        "",
    ),
    beside(
        "trimmed",
        "x=a/b/c/d/e/f/g/h/i/j; ",
        "echo ${x%%/*} ${x##*/}; ",
        "",
    ),
    beside("arithmetic", "", "echo $((1+2*3)); ", ""),
    beside("a long sum", "echo $((", "1+", "1))"),
    beside("arithmetic on variables", "", "((i++)); ", "b"),
    beside("names of names", "x0=a; ", "x#=x@; echo ${!x#}; ", ""),
    beside("braces", "", "echo {a,b}; ", ""),
    beside("a product of braces", "echo ", "{a,b}", ""),
    beside("a list in braces", "echo {", "a,", "a}"),
    beside("ranges", "", "echo {1..99}; ", ""),
    beside("brackets", "ls ", "a[", ""),
    beside("quotes", "echo ", "'a'", ""),
    beside("double quotes", "echo ", "\"a\"", ""),
    beside("double quotes with variables", "echo ", "\"$a#\"", ""),
    beside("backslashes", "echo ", "\\a", ""),
    beside("dollars", "echo ", "$", ""),
    beside("unknown variables", "echo ", "$a# ", ""),
    beside("one word of unknowns", "echo ", "$a#", ""),
    beside("escapes", "echo ", "$'\\x41' ", ""),
    beside("tildes", "rm ", "~/a# ", ""),
    beside("tests", "[[ ", "! ", "x ]]"),
    beside("many tests", "", "[[ -f a# && -d b ]]; ", ""),
    beside("brackets as a program", "", "[ -f a# ]; ", ""),
    // Substitutions.
    beside("substitutions", "", "echo $(a); ", ""),
    beside("substitutions in a word", "echo ", "$(a)", ""),
    beside("known substitutions", "", "echo $(echo a); ", ""),
    beside("backquotes", "", "echo `a`; ", ""),
    beside("process substitutions", "cat ", "<(a) ", ""),
    beside("known process substitutions", "cat ", "<(echo a) ", ""),
    beside("written process substitutions", "tee ", ">(a) ", ""),
    beside(
        "sourced process substitutions",
        "",
        "source <(echo a); ",
        "",
    ),
    beside(
        "substitutions with variables",
        "x=1; ",
        "x=$(echo $x); ",
        "b",
    ),
    beside("eval", "", "eval a; ", ""),
    beside("eval of eval", "", "eval ", "a"),
    beside("eval of a value", "x='a; a; a; a; a; a'; ", "eval $x; ", ""),
    beside("encoded", "", "echo cm0gLXJmIC8= | base64 -d | sh; ", ""),
    beside("filters", "echo abcabc", " | tr a-z n-za-m", " | sh"),
    beside("shells", "", "sh -c 'rm x'; ", ""),
    beside("shells fed", "", "echo 'rm x' | sh; ", ""),
    beside("shells with parameters", "", "sh -c 'rm $1' x #; ", ""),
    beside("find", "", "find . -exec rm {} \\; ; ", ""),
    beside("many -exec", "find . ", "-exec rm {} \\; ", ""),
    beside("xargs", "", "ls | xargs rm; ", ""),
    beside(
        "python",
        "",
        "python3 -c 'import os; os.remove(\"a#\")'; ",
        "",
    ),
    beside(
        "calls in python",
        "python3 -c 'import os\n",
        "os.remove(\"a#\")\n",
        "'",
    ),
    beside(
        "names in python",
        "python3 -c 'import os\n",
        "x# = \"a\" + x@\n",
        "os.remove(x7)'",
    ),
    beside(
        "sums in python",
        "python3 -c 'import os\nx = \"a\"\n",
        "x = x + x\n",
        "os.remove(x)'",
    ),
    beside("parentheses in python", "python3 -c 'x = ", "(", "'"),
    beside(
        "shells in python",
        "python3 -c 'import os\n",
        "os.system(\"rm a#\")\n",
        "'",
    ),
    beside("calls in perl", "perl -e '", "unlink \"a#\"; ", "'"),
    beside(
        "calls in node",
        "node -e '",
        "require(\"fs\").unlinkSync(\"a#\"); ",
        "'",
    ),
    beside("calls in ruby", "ruby -e '", "File.delete(\"a#\"); ", "'"),
    beside("calls in php", "php -r '", "unlink(\"a#\"); ", "'"),
    beside("statements", "psql -c '", "drop table a#; ", "'"),
    beside("long statement", "psql -c 'select ", "a#, ", " b from c'"),
    beside("awk", "awk '", "{ system(\"a#\") } ", "'"),
    beside("sed", "sed '", "s/a/b/;", "'"),
    beside("sed that runs", "sed '", "1e a#\n", "'"),
    beside("makefile", "make -f - <<E\n", "a#: a@\n\trm x#\n", "E"),
    // Loops.
    beside("for", "", "for i in 1 2 3; do a; done; ", ""),
    beside("for over many", "for i in ", "a# ", "; do rm $i; done"),
    beside(
        "for with a long body",
        "for i in 1 2 3 4 5 6 7 8 9; do ",
        "a $i; ",
        "done",
    ),
    beside(
        "for with variables",
        "for i in 1 2 3 4 5 6 7 8 9; do ",
        "a#=$i; ",
        "done",
    ),
    beside(
        "for over unknown with variables",
        "for i in $x; do ",
        "a#=$i; ",
        "done",
    ),
    beside("while", "", "while a; do b; done; ", ""),
    beside("while with variables", "while a; do ", "a#=1; ", "done"),
    beside("while with changes", "while a; do ", "a#=$a#x; ", "done"),
    beside(
        "while over lines",
        "while read x; do a $x; done <<E\n",
        "a#\n",
        "E",
    ),
    beside("case", "", "case $x in a) b;; *) c;; esac; ", ""),
    beside("arms", "case $x in ", "a#) b#=1;; ", "esac"),
    beside(
        "arms with directories",
        "case $x in ",
        "a#) cd b#;; ",
        "esac",
    ),
    beside("patterns of an arm", "case $x in ", "a#|", "z) b;; esac"),
    beside("elif", "if a; then b; ", "elif a; then x#=1; ", "fi"),
    beside(
        "a long body in a function",
        "f() { ",
        "a $1; ",
        "}; f 1; f 2; f 3; f 4; f 5; f 6; f 7; f 8",
    ),
    beside("a function called", "f() { a $1; b $2; }; ", "f 1 2; ", ""),
    beside("a function that calls itself", "f() { ", "f; ", "}; f"),
    beside(
        "functions that call each other",
        "f() { ",
        "g; g; ",
        "}; g() { f; f; }; f",
    ),
    beside(
        "functions that call each other, in turns",
        "f() { g; h; }; g() { h; f; }; h() { f; g; }; ",
        "f; ",
        "",
    ),
    beside(
        "functions with unknown arguments",
        "f() { g $1 $1; g $1 $1; }; g() { f $1 $1; f $1 $1; }; ",
        "f $a#; ",
        "",
    ),
    beside(
        "two bodies",
        "if a; then f() { f; }; else f() { f; f; }; fi; ",
        "f; ",
        "",
    ),
    beside("coproc", "", "coproc a#; ", "b"),
    beside("time and not", "", "! time a; ", "b"),
    // A large input for many.
    beside(
        "a long text for a group",
        "{ ",
        "a; ",
        "} <<< $(printf %08192d 1)",
    ),
    beside(
        "a long text for many",
        "x=$(printf %0256d 1); x=$x$x$x$x; x=$x$x$x$x; ",
        "a <<< $x; ",
        "",
    ),
    beside(
        "a long file for a group",
        "x=$(printf %0256d 1); x=$x$x$x$x; x=$x$x$x$x; { ",
        "a; ",
        "} < $x",
    ),
    beside(
        "a long file name",
        "x=$(printf %0256d 1); x=$x$x$x$x; x=$x$x$x$x; ",
        "a > $x; ",
        "",
    ),
    beside(
        "a long directory",
        "x=$(printf %0256d 1); x=$x/$x/$x/$x; cd $x; ",
        "rm a; ",
        "",
    ),
    beside(
        "a long text through pipes",
        "x=$(printf %0256d 1); x=$x$x$x$x; x=$x$x$x$x; echo $x ",
        "| cat ",
        "",
    ),
    beside(
        "a long text written",
        "x=$(printf %0256d 1); x=$x$x$x$x; x=$x$x$x$x; ",
        "echo $x > f#; ",
        "",
    ),
    beside(
        "a long text printed to a file",
        "{ ",
        "echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; ",
        "} > f; sh f",
    ),
    beside(
        "a long text printed and caught",
        "x=$(",
        "echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; ",
        "); b $x",
    ),
    beside(
        "a long argument of a function",
        "x=$(printf %0256d 1); x=$x$x$x$x; f() { a $1; }; ",
        "f $x; ",
        "",
    ),
    beside(
        "a here-document of lines",
        "cat <<E\n",
        "rm -rf $x#/a\n",
        "E",
    ),
    beside("a script of lines", "sh <<E\n", "rm -rf /a#\n", "E"),
    beside(
        "a script of assignments",
        "sh <<'E'\n",
        "x#=$(a $x@)\n",
        "E",
    ),
    beside(
        "a file made executable",
        "",
        "echo 'rm x' > f; chmod +x f; ./f; ",
        "",
    ),
    beside("a long pattern", "x=aaaaaaaa; echo ${x/", "*a", "/}"),
    beside(
        "sed through pipes",
        "echo aaaaaaaaaaaaaaaaaaaaaa",
        " | sed s/a/aa/g",
        " | sh",
    ),
    beside(
        "doubling by sed",
        "x=aaaa; ",
        "x=$(echo $x | sed s/a/aa/g); ",
        "b $x",
    ),
    beside(
        "encoding again",
        "x=aaaa; ",
        "x=$(echo $x | base64); ",
        "b $x",
    ),
    beside(
        "array by index in a loop",
        "for i in 1 2 3 4 5 6 7 8; do ",
        "x[#]=$i; ",
        "done; b ${x[@]}",
    ),
    beside(
        "all of an array",
        "x=(",
        "a ",
        "); a ${x[@]}; a ${x[@]}; a ${x[@]}; a ${x[@]}",
    ),
    beside(
        "all of an array, often",
        "x=(a b c d e f g h i j k l m n o p); ",
        "a ${x[@]}; ",
        "",
    ),
    beside(
        "all parameters, often",
        "set -- aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; ",
        "a $@; ",
        "",
    ),
    beside("substitutions of many", "x=$(", "a; ", "); rm $x $x $x"),
    beside(
        "a substitution used often",
        "x=$(a; a; a; a; a; a; a; a); ",
        "rm $x; ",
        "",
    ),
    beside(
        "exported and started",
        "export x=$(printf %08192d 1); ",
        "sh -c 'a $x'; ",
        "",
    ),
    beside("env with many", "", "env a#=b sh -c 'c $a#'; ", ""),
    beside("xargs with many", "echo ", "a# ", "| xargs rm"),
    beside("xargs of xargs", "echo a ", "| xargs echo b ", ""),
    beside("find of many", "find ", "a# ", "-exec rm {} +"),
    beside("tar of many", "tar czf x ", "a# ", ""),
    beside("git add of many", "git add ", "a# ", ""),
    beside("unknown programs", "", "qx# a b; ", ""),
    beside("unknown options", "rm ", "--a# ", ""),
    beside("unknown targets", "rm ", "$(a) ", ""),
    // Nested.
    around("groups", "{ ", "a", "; }"),
    around("subshells", "( ", "a", " )"),
    around("subshells with variables", "( x#=1; ", "a", " )"),
    around("if in if", "if a; then ", "b", "; fi"),
    around(
        "if in if with variables",
        "if a; then x#=1; ",
        "b",
        "; else y#=1; fi",
    ),
    around("if in conditions", "if ", "a", "; then b; fi"),
    around("for in for", "for i in 1 2 3 4 5 6 7 8; do ", "a", "; done"),
    around(
        "for in for with variables",
        "for i# in 1 2; do x#=$i#; ",
        "a $i1 $x2",
        "; done",
    ),
    around(
        "for in for over unknown",
        "for i# in $x; do ",
        "a $i1",
        "; done",
    ),
    around("while in while", "while a; do ", "b", "; done"),
    around(
        "while in while with variables",
        "while x=a$x; do ",
        "x=$x$x",
        "; done",
    ),
    around(
        "while in while with numbers",
        "while a; do x#=$x@$y; ",
        "b",
        "; done",
    ),
    around(
        "while in while in a pipe",
        "a | while read x#; do ",
        "b",
        "; done",
    ),
    around("until in until", "until a; do x#=$x#a; ", "b", "; done"),
    around("case in case", "case $x in a) ", "b", ";; *) c;; esac"),
    around(
        "case in case with variables",
        "case $x in a) x#=1; ",
        "b",
        ";; b) x#=2;; *) x#=3;; esac",
    ),
    around("functions in functions", "f#() { ", "a", "; }; f#"),
    around("substitutions in substitutions", "$(", "a", ")"),
    around(
        "substitutions with variables in one another",
        "x#=$(",
        "a",
        "; echo $x)",
    ),
    around("quoted substitutions", "\"$(", "a", ")\""),
    around("two substitutions in each", "$(a $(b) ", "c", ")"),
    around("process substitutions in one another", "cat <(", "a", ")"),
    around("defaults in defaults", "echo ${x:-", "a", "}"),
    around("replacements in replacements", "echo ${x/a/", "a", "}"),
    around("arithmetic in arithmetic", "echo $((", "1", "))"),
    around("parentheses in arithmetic", "((", "1", "))"),
    around("brackets in arithmetic", "echo $[", "1", "]"),
    around("braces in braces", "echo {a,", "b", "}"),
    around("tests in tests", "[[ ( ", "a", " ) ]]"),
    around("redirected groups", "{ ", "a", "; } > f#"),
    around("redirected groups, fed", "{ ", "a", "; } <<< x#"),
    around("parentheses in a call", "python3 -c 'os.remove", "(", "'"),
    around("parentheses in sql", "psql -c 'select (", "(1)", ")'"),
];
