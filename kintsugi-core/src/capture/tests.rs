use super::*;
use crate::judge::{EXAMPLE_DIRECTORY, Judge, example_surroundings};
use crate::{classify::Bar, classify::Subject, shell::Dialect};

fn of(text: &str) -> (Vec<Keep>, Vec<&'static str>) {
    let surroundings = example_surroundings();
    let classification = Judge::builtin().unwrap().classify(Subject {
        text,
        dialect: Dialect::Bash,
        cwd: EXAMPLE_DIRECTORY,
        surroundings: &surroundings,
        facts: None,
        bar: Bar::Decision,
    });
    let lost = beyond_recall(&classification.effects);
    (classification.capture, lost)
}

fn keep(path: &str, what: What) -> Keep {
    Keep {
        path: format!("{EXAMPLE_DIRECTORY}{path}"),
        what,
        of: Vec::new(),
    }
}

#[test]
fn each_command_of_a_line_looks_for_its_own_names_alone() {
    let commands: Vec<_> = (0..50).map(|at| format!("a >f{at} <g{at}")).collect();
    assert_eq!(of(&commands.join("; ")).0.len(), 100);
    let names: Vec<_> = (0..=NAMES_MAX).map(|at| format!("n{at}")).collect();
    let copy = format!("cp {} d", names.join(" "));
    assert_eq!(of(&copy).0, [keep("/d", What::Tree)]);
}

#[test]
fn what_would_be_gone_is_kept_however_it_is_said() {
    for text in [
        "rm -rf src",
        "x=src; rm -rf $x",
        "bash -c 'rm -rf src'",
        "printf src | xargs rm -r",
        "cd lib && rm -rf ../src",
    ] {
        assert_eq!(of(text).0, [keep("/src", What::Tree)], "{text}");
    }
    assert_eq!(of("rm *.txt").0, [keep("/*.txt", What::Glob)]);
    assert_eq!(
        of("mv a b").0,
        [
            keep("/a", What::Moved),
            keep("/b", What::Over),
            keep("/b/a", What::Inside)
        ]
    );
    assert_eq!(
        of("mv a /tmp/b").0.get(1).map(|keep| keep.path.as_str()),
        Some("/tmp/b")
    );
    assert_eq!(of("echo x >f").0, [keep("/f", What::Over)]);
    assert_eq!(of("sed -i s/a/b/ f").0, [keep("/f", What::Edited)]);
    assert_eq!(of("chmod 600 f").0, [keep("/f", What::Attributes)]);
    assert_eq!(of("git clean -fdx").0, [keep("", What::Ignored)]);
    assert_eq!(of("git reset --hard").0, [keep("", What::Changes)]);
    assert_eq!(of("git branch -D x").0, [keep("", What::References)]);
    assert_eq!(of("git stash drop").0, [keep("", What::Changes)]);
    let tree = |what| Keep {
        path: "/home/user/w".to_owned(),
        what,
        of: Vec::new(),
    };
    assert_eq!(
        of("git worktree remove --force /home/user/w").0,
        [tree(What::Tree), tree(What::References)]
    );
    let tracked = Keep {
        of: vec![TRACKED.to_owned()],
        ..keep("", What::References)
    };
    assert_eq!(of("git rebase main").0, [tracked]);
    let pushed = Keep {
        of: vec!["origin".to_owned()],
        ..keep("", What::Pushed)
    };
    for text in [
        "git push -f",
        "git push origin :side",
        "git push --delete origin side",
    ] {
        assert_eq!(of(text).0, std::slice::from_ref(&pushed), "{text}");
    }
}

#[test]
fn what_a_line_puts_aside_or_commits_is_kept_beside_what_its_repository_loses() {
    let of_what = |what, words: &[&str]| Keep {
        of: words.iter().map(|word| (*word).to_owned()).collect(),
        ..keep("", what)
    };
    let tracked = of_what(What::References, &[TRACKED]);
    for (text, expected) in [
        ("git stash && git branch -D x", vec![tracked.clone()]),
        ("git commit -am x && git branch -D y", vec![tracked.clone()]),
        (
            "git checkout x && git merge y && git branch -d y",
            vec![tracked.clone()],
        ),
        (
            "git stash -u && git branch -D x",
            vec![keep("", What::Changes)],
        ),
        (
            "git add -A && git commit -m x && git branch -D y",
            vec![keep("", What::Changes)],
        ),
        (
            "git stash -a && git checkout -- .",
            vec![keep("", What::Ignored)],
        ),
        (
            "git stash; git push -f",
            vec![tracked, of_what(What::Pushed, &["origin"])],
        ),
    ] {
        assert_eq!(of(text).0, expected, "{text}");
    }
    for alone in [
        "git stash -a",
        "git add -A",
        "git commit -am x",
        "git checkout x",
        "git pull",
        "git fetch",
    ] {
        assert_eq!(of(alone).0, [], "{alone}");
    }
    for text in [
        "git reset",
        "git reset --keep HEAD~1",
        "git restore --staged a",
        "git update-index --force-remove a",
        "git read-tree HEAD",
        "git remote remove a",
        "git remote rename a b",
        "git remote set-url a b",
        "git fetch -p",
        "git config --unset a.b",
    ] {
        assert_eq!(of(text).0, [keep("", What::References)], "{text}");
    }
    assert_eq!(
        of("git read-tree -u --reset HEAD").0,
        [keep("", What::Changes)]
    );
}

#[test]
fn what_an_archive_holds_is_asked_of_the_archive() {
    let unpacked = |path: &str, words: &[&str]| {
        let mut of: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        if let Some(archive) = of.get_mut(1).filter(|archive| !archive.is_empty()) {
            *archive = format!("{EXAMPLE_DIRECTORY}/{archive}");
        }
        Keep {
            of,
            ..keep(path, What::Unpacked)
        }
    };
    for (text, path, words) in [
        ("tar xzf a.tgz", "", &["tar", "a.tgz"][..]),
        (
            "tar -x -f a.tar -C lib --strip-components 1",
            "/lib",
            &["tar", "a.tar", "--strip-components=1"],
        ),
        ("curl -s https://a.example/x | tar xz", "", &["tar", ""]),
        ("tar x < a.tar", "", &["tar", "a.tar"]),
        ("unzip -qo a.zip -d doc", "/doc", &["unzip", "a.zip"]),
        ("unzip -oj a.zip", "", &["unzip", "a.zip", "-j"]),
        ("7z x -y a.7z -odoc", "/doc", &["7z", "a.7z"]),
        ("cpio -idmu < a.cpio", "", &["cpio", "a.cpio", "-P"]),
        (
            "cpio -id --no-absolute-filenames < a.cpio",
            "",
            &["cpio", "a.cpio"],
        ),
        ("tar xPf a.tar", "", &["tar", "a.tar", "-P"]),
        ("tar xf a.tar --absolute-names", "", &["tar", "a.tar", "-P"]),
        (
            "tar xf a.tar --one-top-level=d",
            "",
            &["tar", "a.tar", "--one-top-level=d"],
        ),
        ("bsdtar -xf a.tar", "", &["bsdtar", "a.tar"]),
        ("bsdtar -xf a.tar -s ,a,b,", "", &["bsdtar", "a.tar", "-s"]),
        ("7z x -spf a.7z", "", &["7z", "a.7z", "-P"]),
        (
            "unsquashfs -f -d doc a.sqfs",
            "/doc",
            &["unsquashfs", "a.sqfs"],
        ),
        ("unrar x -o+ a.rar", "", &["unrar", ""]),
        ("rar x a.rar", "", &["rar", "a.rar"]),
        ("unar a.rar", "", &["unar", ""]),
        ("cabextract a.cab", "", &["cabextract", ""]),
    ] {
        let found = of(text).0;
        let found: Vec<_> = found
            .iter()
            .filter(|keep| keep.what == What::Unpacked)
            .collect();
        assert_eq!(found, [&unpacked(path, words)], "{text}");
    }
    for text in [
        "tar tf a.tar",
        "tar cf a.tar src",
        "unzip -l a.zip",
        "unzip -p a.zip x",
        "unrar l a.rar",
        "unsquashfs -l a.sqfs",
        "cabextract -l a.cab",
    ] {
        let is_unpacked = |keep: &Keep| keep.what == What::Unpacked;
        assert!(!of(text).0.iter().any(is_unpacked), "{text}");
    }
}

#[test]
fn a_package_manager_changes_the_files_of_its_project() {
    let edited = |manager: &str, path| Keep {
        of: vec![manager.to_owned()],
        ..keep(path, What::Edited)
    };
    assert_eq!(
        of("cargo remove serde").0,
        [
            edited("cargo", "/Cargo.lock"),
            edited("cargo", "/Cargo.toml")
        ]
    );
    assert!(
        of("npm uninstall left-pad")
            .0
            .contains(&edited("npm", "/package-lock.json"))
    );
    assert_eq!(of("cargo build").0, []);
    assert_eq!(of("apt-get purge vim").1, ["installed software"]);
}

#[test]
fn an_older_client_is_told_of_nothing_that_it_does_not_know() {
    let older: ProposedCommand = serde_json::from_str(
        r#"{"id":"00000000-0000-0000-0000-000000000001","ts":"","agent":"a","cwd":"/","raw":"x","can":["capture"]}"#,
    )
    .unwrap();
    let mut keeps = of("git push -f && tar xf a.tar").0;
    assert_eq!(keeps.len(), 2);
    older.kept_of(&mut keeps);
    assert_eq!(keeps, [keep("", What::References)]);
}

#[test]
fn what_loses_nothing_or_is_made_again_is_not_kept() {
    for text in ["ls", "cat f", "rm -rf target", "git status", "rm --help"] {
        assert_eq!(of(text).0, [], "{text}");
    }
}

#[test]
fn what_no_copy_brings_back_is_named() {
    assert_eq!(of("psql -c 'drop table x'").1, ["a database"]);
    assert_eq!(of("ssh host rm -rf /srv/x").1, ["files on another host"]);
    assert_eq!(of("rm src").1, [] as [&str; 0]);
}

#[test]
fn a_path_is_written_as_its_text_and_the_rest_with_what_it_is() {
    let written = serde_json::to_string(&[keep("/a", What::Tree), keep("", What::Ignored)]);
    let written = written.unwrap();
    assert_eq!(
        written,
        r#"["/home/u/project/a",{"path":"/home/u/project","what":"ignored"}]"#
    );
    let read: Vec<Keep> = serde_json::from_str(&written).unwrap();
    assert_eq!(read, [keep("/a", What::Tree), keep("", What::Ignored)]);
}
