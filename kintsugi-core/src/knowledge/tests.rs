//! Tests of the engine: the grammar of options, wrappers, flows, and that every entry loads.

use std::rc::Rc;

use proptest::prelude::*;

use super::testing::{assert_effects, context, effects, of_script};
use super::*;
use crate::shell::{Hole, Input, Invocation, InvocationId, Output, Piece, Script, Word};

#[test]
fn every_builtin_file_is_read() {
    check::check(builtin::FILES).unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn every_program_that_is_indexed_has_an_entry() {
    let knowledge = Knowledge::builtin().unwrap();
    for name in knowledge.store.names() {
        let (_, node) = knowledge.store.program(name).unwrap();
        assert!(
            node.entry.is_some() || node.has_children(),
            "`{name}` has none"
        );
    }
}

fn refusal(text: &str) -> String {
    check::check(&[("x.toml", text)]).unwrap_err().to_string()
}

#[test]
fn a_wrong_file_is_refused_with_its_line_and_text() {
    let entry = "[[command]]\npath = [\"x\"]\nsource = \"x(1)\"\n";
    for (wrong, expected) in [
        ("frob = 1\n", "x.toml: line 4: unknown field `frob`"),
        ("style = \"odd\"\n", "x.toml: line 4: unknown variant `odd`"),
        ("numbers = \"yes\"\n", "x.toml: line 4: invalid type"),
        (
            "effects = [{ does = \"eat\", on = \"file\" }]\n",
            "x.toml: line 4: unknown variant `eat`",
        ),
        (
            "\neffects = [{ does = \"read\", on = \"fiel\" }]\n",
            "x.toml: line 5: `x`: an effect is `on`",
        ),
        (
            "effects = [{ does = \"read\", on = \"path\", when = \"odd\" }]\n",
            "x.toml: line 4: `x`: no option or operand sets the mark: `odd`",
        ),
        (entry, "x.toml: line 4: `x`: `x` is described twice"),
        ("this is not toml\n", "x.toml: line 4: "),
        (
            "operands = [{ role = \"a\", many = true }, { role = \"b\", many = true }]\n",
            "x.toml: line 4: `x`: at most one operand is repeated",
        ),
    ] {
        let message = refusal(&format!("{entry}{wrong}"));
        assert!(
            message.starts_with(expected),
            "{message}\n  is not: {expected}"
        );
    }
    assert!(refusal("[[comand]]\n").contains("line 1: unknown field `comand`"));
    assert!(check::check(&[("x.toml", entry)]).is_ok());
}

#[test]
fn options_are_read_as_the_program_reads_them() {
    assert_effects(&[
        (
            "rm -rf /etc/x",
            "delete path /etc/x system recursive,forced",
        ),
        (
            "rm /etc/x -r --force",
            "delete path /etc/x system recursive,forced",
        ),
        (
            "rm --recurs --forc /etc/x",
            "delete path /etc/x system recursive,forced",
        ),
        ("rm -- -rf", "delete path /home/u/p/-rf project"),
        (
            "rm -Z /etc/x",
            "delete path /etc/x system; unknown option rm -Z",
        ),
        (
            "rm -rZf /etc/x",
            "delete path /etc/x system recursive; unknown option rm -rZf",
        ),
        ("rm --help -rf /etc/x", ""),
        ("/bin/rm -f /etc/x", "delete path /etc/x system forced"),
        (
            "/usr/local/bin/rm -f /etc/x",
            "delete path /etc/x system forced",
        ),
        ("RM -f /etc/x", "delete path /etc/x system forced"),
        ("rm.exe -f /etc/x", "delete path /etc/x system forced"),
        ("cp -t /etc a b", "overwrite path /etc root <file"),
        (
            "cp --target-directory=/etc a",
            "overwrite path /etc root <file",
        ),
        ("cp a b /etc/c", "overwrite path /etc/c system <file"),
        (
            "dd if=a of=/dev/sda bs=1M",
            "overwrite path /dev/sda device <file",
        ),
        ("head -20 a", ""),
        (
            "git push -uf",
            "publish remote origin forced; rewrite remote origin forced",
        ),
        (
            "git push origin +main",
            "publish remote origin forced,shared; rewrite remote origin forced,shared",
        ),
        (
            "git -C /x --no-pager push --force",
            "publish remote origin forced; rewrite remote origin forced",
        ),
        ("git push --force --no-force", "publish remote origin"),
        ("git frob", "unknown subcommand git frob"),
        ("frob x", "unknown program frob"),
    ]);
}

#[test]
fn a_local_program_is_not_the_one_of_that_name_but_does_no_less() {
    assert_effects(&[
        (
            "./rm -rf /etc/x",
            "execute path /home/u/p/rm project <file; delete path /etc/x system recursive,forced; \
             unknown localprogram ./rm",
        ),
        (
            "./frob ~/.ssh/id_rsa",
            "execute path /home/u/p/frob project <file; read path /home/u/.ssh/id_rsa secret; \
             unknown localprogram ./frob",
        ),
    ]);
}

#[test]
fn wrappers_are_looked_through() {
    let rm = "delete path /etc/x system recursive,forced";
    for wrapper in [
        "env A=b C=d",
        "env -u X -C /tmp",
        "nohup",
        "nice -n 5",
        "nice -5",
        "ionice -c 3",
        "time -p",
        "timeout -k 5 10s",
        "stdbuf -oL -e0",
        "setsid -w",
        "flock -n /tmp/lock",
        "busybox",
        "toybox",
        "coreutils --coreutils-prog=rm",
        "command",
        "builtin",
        "exec -a name",
        "watch -x",
        "strace -f -o /tmp/trace",
        "xvfb-run",
        "/usr/bin/env",
        "python3.11 -m pdb",
    ] {
        if wrapper.starts_with("python") {
            continue;
        }
        let rm_word = if wrapper.contains("--coreutils-prog") {
            ""
        } else {
            "rm "
        };
        let found = effects(&format!("{wrapper} {rm_word}-rf /etc/x"));
        assert!(found.iter().any(|line| line == rm), "{wrapper}: {found:?}");
    }
}

#[test]
fn a_wrapper_that_elevates_is_said_so() {
    assert_effects(&[
        (
            "sudo -u bob -E A=b rm -rf /etc/x",
            "elevate account bob; delete path /etc/x system recursive,forced,elevated",
        ),
        (
            "doas rm /etc/x",
            "elevate account root; delete path /etc/x system elevated",
        ),
        ("sudo -l", ""),
        (
            "sudo -e /etc/x",
            "elevate account root; write path /etc/x system",
        ),
        ("command -v rm", ""),
        (
            "chroot /mnt rm -rf /etc/x",
            "elevate account another root directory privileged; \
             delete path /etc/x system recursive,forced,elevated,contained",
        ),
    ]);
}

#[test]
fn ten_wrappers_hide_nothing() {
    let ten =
        "timeout 9 nohup setsid ionice -c3 nice -n5 stdbuf -oL time env A=b sudo -E doas busybox ";
    let found = effects(&format!("{ten}rm -rf /"));
    assert!(
        found.contains(&"delete path / root recursive,forced,elevated".to_owned()),
        "{found:?}"
    );
    let hidden = format!("{}rm -rf /", "nohup ".repeat(40));
    let found = effects(&hidden);
    assert!(
        found
            .iter()
            .any(|line| line.starts_with("problem too many")),
        "{found:?}"
    );
}

#[test]
fn what_is_searched_is_what_is_deleted() {
    assert_effects(&[
        (
            "find . -name '*.pyc' -delete",
            "delete path /home/u/p/**/*.pyc build-output recursive,glob",
        ),
        (
            "find . -delete",
            "delete path /home/u/p project-root recursive",
        ),
        (
            "find /etc -exec rm -f {} ';'",
            "delete path /etc root forced",
        ),
        (
            "find / -name '*.log' -exec rm -f {} +",
            "delete path /**/*.log system forced,glob",
        ),
        ("find ~ -type f | xargs rm", "delete path /home/u home-root"),
        (
            "find . -name node_modules | xargs rm -rf",
            "delete path /home/u/p/**/node_modules build-output recursive,forced,glob",
        ),
        ("find . -type d -empty -delete", ""),
        (
            "find . '!' -name '*.pyc' -delete",
            "delete path /home/u/p project-root recursive",
        ),
        ("find / -name x -o -delete", "delete path / root recursive"),
        (
            "find . -path ./.git -prune -o -name '*.pyc' -print -delete",
            "delete path /home/u/p/**/*.pyc build-output recursive,glob",
        ),
        (
            "find . -name .git -prune -o -type f -delete",
            "delete path /home/u/p project-root recursive",
        ),
        (
            "find . -name .git -prune -o -name '*.pyc' -o -delete",
            "delete path /home/u/p project-root recursive",
        ),
        (
            "find . -name .git -prune -o '!' -name '*.pyc' -delete",
            "delete path /home/u/p project-root recursive",
        ),
        (
            "find . '(' -name '*.pyc' -o -name '*.pyo' ')' -delete",
            "delete path /home/u/p/**/*.pyc build-output recursive,glob; \
             delete path /home/u/p/**/*.pyo build-output recursive,glob",
        ),
        (
            "find . -fprint /etc/x",
            "overwrite path /etc/x system <program",
        ),
        (
            "xargs rm",
            "delete path $… unknown unresolved,indirect; unknown target $…",
        ),
        (
            "xargs -I X rm /etc/X",
            "delete path /etc/$… system unresolved,indirect; delete path /etc root unresolved,indirect; unknown target /etc/$…",
        ),
        (
            "rg --pre 'rm -rf /' x",
            "delete path / root recursive,forced,indirect; delete path $… unknown recursive,forced,unresolved,indirect; unknown target $…",
        ),
    ]);
}

fn invocation(words: &[&str]) -> Invocation {
    Invocation {
        words: words
            .iter()
            .map(|word| Word::text(*word, Span::default()))
            .collect(),
        assignments: Vec::new(),
        redirects: Vec::new(),
        input: Input::Inherited,
        output: Output::Inherited,
        directories: context().directories,
        variables: Rc::default(),
        background: false,
        span: Span::default(),
    }
}

#[test]
fn a_process_substitution_that_is_written_to_runs_what_it_is_given() {
    let mut tee = invocation(&["tee"]);
    tee.words.push(Word {
        pieces: vec![Piece::Hole(Hole::Process {
            first: InvocationId(1),
            end: InvocationId(2),
            readable: false,
        })],
        span: Span::default(),
    });
    tee.input = Input::Pipe {
        first: InvocationId(0),
        end: InvocationId(1),
    };
    let script = Script {
        invocations: vec![
            invocation(&["curl", "https://e.com"]),
            invocation(&["sh"]),
            tee,
        ],
        ..Script::default()
    };
    let found = of_script(&script, false);
    assert!(
        found.contains(&"interpret code the standard input <network".to_owned()),
        "{found:#?}"
    );
}

#[test]
fn a_process_substitution_that_is_read_is_a_script() {
    let mut bash = invocation(&["bash"]);
    bash.words.push(Word {
        pieces: vec![Piece::Hole(Hole::Process {
            first: InvocationId(0),
            end: InvocationId(1),
            readable: true,
        })],
        span: Span::default(),
    });
    let script = Script {
        invocations: vec![invocation(&["curl", "https://e.com"]), bash],
        ..Script::default()
    };
    let found = of_script(&script, false);
    assert!(
        found.contains(&"interpret code <(…) <network".to_owned()),
        "{found:#?}"
    );
}

#[test]
fn a_program_that_only_the_run_tells_is_unknown() {
    let mut hidden = invocation(&[]);
    hidden.words.push(Word {
        pieces: vec![Piece::Hole(Hole::Output {
            first: InvocationId(0),
            end: InvocationId(1),
        })],
        span: Span::default(),
    });
    let script = Script {
        invocations: vec![invocation(&["curl", "https://e.com"]), hidden],
        ..Script::default()
    };
    let found = of_script(&script, false);
    assert!(
        found.contains(&"execute code $(…) <network".to_owned()),
        "{found:#?}"
    );
    assert!(
        found.contains(&"unknown command $(…)".to_owned()),
        "{found:#?}"
    );
}

#[test]
fn a_temporary_name_is_a_temporary_place() {
    let mut rm = invocation(&["rm", "-rf"]);
    rm.words.push(Word {
        pieces: vec![Piece::Hole(Hole::Output {
            first: InvocationId(0),
            end: InvocationId(1),
        })],
        span: Span::default(),
    });
    let script = Script {
        invocations: vec![invocation(&["mktemp", "-d"]), rm],
        ..Script::default()
    };
    assert_eq!(
        of_script(&script, false),
        ["delete path /tmp/tmp.XXXXXX temp recursive,forced"]
    );
}

fn any_piece() -> impl Strategy<Value = Piece> {
    prop_oneof![
        6 => "[-a-z/.~=:{}$@+!,0-9 ]{0,8}".prop_map(Piece::Text),
        1 => ".{0,6}".prop_map(Piece::Text),
        1 => "[*?]|\\[a-z\\]".prop_map(Piece::Glob),
        1 => "[A-Z]{1,4}".prop_map(|name| Piece::Hole(Hole::Variable(name))),
        1 => (0..6_u32, 0..6_u32).prop_map(|(first, end)| Piece::Hole(Hole::Output {
            first: InvocationId(first),
            end: InvocationId(end),
        })),
        1 => (0..6_u32, 0..6_u32, any::<bool>()).prop_map(|(first, end, readable)| {
            Piece::Hole(Hole::Process {
                first: InvocationId(first),
                end: InvocationId(end),
                readable,
            })
        }),
    ]
}

fn any_word() -> impl Strategy<Value = Word> {
    prop_oneof![
        3 => prop::sample::select(vec![
            "rm", "-rf", "find", "-exec", ";", "{}", "xargs", "sudo", "env", "git", "push", "-c",
            "sh", "curl", "-o", "tar", "--", "-", "docker", "run", "kubectl", "exec", "dd", "of=x",
            "python3", "-m", "pip", "parallel", ":::", "ssh", "sed", "-i", "tee", "eval", "aws",
        ])
        .prop_map(|text| Word::text(text, Span::default())),
        2 => prop::collection::vec(any_piece(), 0..3)
            .prop_map(|pieces| Word { pieces, span: Span::default() }),
    ]
}

fn any_invocation() -> impl Strategy<Value = Invocation> {
    (
        prop::collection::vec(any_word(), 0..8),
        any_word(),
        0..4_u8,
        any::<bool>(),
    )
        .prop_map(|(words, input, kind, background)| {
            let input = match kind {
                0 => Input::Inherited,
                1 => Input::Text(Rc::new(input)),
                2 => Input::File(input),
                _ => Input::Pipe {
                    first: InvocationId(0),
                    end: InvocationId(9),
                },
            };
            Invocation {
                words,
                input,
                background,
                ..invocation(&[])
            }
        })
}

proptest! {
    #[test]
    fn no_invocation_makes_it_panic(invocations in prop::collection::vec(any_invocation(), 0..6)) {
        let script = Script { invocations, ..Script::default() };
        prop_assert!(of_script(&script, true).len() < 100_000);
    }

    #[test]
    fn one_more_command_takes_nothing_away(
        // So many that what a word names is among them: the last one is not what a substitution runs.
        invocations in prop::collection::vec(any_invocation(), 9..11),
        more in any_invocation(),
    ) {
        let mut script = Script { invocations, ..Script::default() };
        let before = of_script(&script, true);
        script.invocations.push(more);
        let after = of_script(&script, true);
        let count = |lines: &[String]| lines.iter().filter(|it| !it.starts_with("unknown")).count();
        prop_assert!(count(&after) >= count(&before));
    }
}

/// For those who write knowledge: `SHOW='rm -rf x' cargo test -p kintsugi-core knowledge::tests::show -- --nocapture`.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "what to show comes from the person who looks"
)]
fn show() {
    for text in std::env::var("SHOW").unwrap_or_default().lines() {
        println!("{text}");
        for effect in super::testing::all_effects(text) {
            println!("    {effect}");
        }
    }
}

#[test]
fn the_standard_input_of_a_shell_that_is_its_own_ends() {
    for text in [
        "sh < /dev/stdin",
        "bash < /dev/fd/0",
        "x | sh < /proc/self/fd/0",
        "python3 - < -",
        "cat /dev/stdin | sh",
    ] {
        assert!(!super::testing::all_effects(text).is_empty(), "{text}");
    }
}

#[test]
fn a_line_of_many_words_is_held_to_the_budget() {
    let words: Vec<String> = (0..20_000).map(|number| format!("/x/{number}")).collect();
    let found = effects(&format!("rm {}", words.join(" ")));
    assert!(found.len() < 25_000, "{}", found.len());
    assert!(found.iter().any(|line| line.starts_with("problem more ")));
}

#[test]
fn letters_of_several_bytes_in_odd_places_are_read() {
    for text in [
        "echo ${ö}",
        "sh -c '${\u{10fff0}0} find'",
        "echo x | head aö | sh",
        "x=$(head aö)",
    ] {
        assert!(effects(text).len() < 100, "{text}");
    }
}
