//! Undo: every row of the manual's table on the real programs, in a working copy with uncommitted work.

use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use kintsugi_tests::machine::Machine;
use kintsugi_tests::tree::{Tree, differences, tree};

/// What the manual says comes back.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Back {
    Exactly,
    Taken,
    /// All but what a package manager installed.
    Project,
    ByGit,
    No(String),
    NotKept,
}

/// The rows of the table, as the manual has them.
fn rows() -> Vec<(String, Back)> {
    let manual = include_str!("../../kintsugi-core/src/manual/undo.rs");
    let rows = manual.lines().filter_map(|line| {
        let (command, back) = line.strip_prefix("//! | `")?.rsplit_once("` | ")?;
        let command = command.replace("\\|", "|");
        let back = match back.trim_end_matches(" |") {
            "byte for byte" => Back::Exactly,
            "what it took; what it made stays" => Back::Taken,
            "by git" => Back::ByGit,
            "not kept" => Back::NotKept,
            "its project's files; what was installed is installed again" => Back::Project,
            other if other.starts_with("not kept: ") => Back::NotKept,
            other => Back::No(other.strip_prefix("no: ").expect("a reason").to_owned()),
        };
        Some((command, back))
    });
    rows.collect()
}

/// A machine, and working copies on it that are all the same.
struct Bench {
    machine: Machine,
    directory: tempfile::TempDir,
    _programs: tempfile::TempDir,
    made: usize,
}

/// Makes a working copy with everything that is hard to keep.
const FIXTURE: &str = r#"
set -e
git init -q --bare -b main remote.git
git init -q -b main model
cd model
mkdir -p src/deep docs
for name in one two; do echo "int $name;" > src/$name.c; done
echo 'int three;' > src/deep/three.c
echo one > a.txt; echo b > b.txt; printf 'z\ny\n' > list.txt; echo '# read' > docs/readme.md
echo '*.cache' > .gitignore
git add -A; git commit -q -m one
git remote add origin ../remote.git; git push -q -u origin main; git push -q origin main:gone
echo two > b.txt; git commit -q -a -m two
git branch side HEAD~1; git tag v1
echo stashed > b.txt; git stash -q
git push -q; git commit -q --amend -m 'two, again'
echo 'one, changed' > a.txt
echo 'staged' > staged.txt; git add staged.txt; echo half > half.txt; git add half.txt; echo whole > half.txt
git -C ../remote.git update-ref -d refs/heads/gone
echo note > notes.txt; mkdir -p extra/empty odd; echo x > extra/file; echo older > extra/a.txt; echo c > x.cache
ln -s a.txt link; mkfifo src/pipe
echo hard > h1; ln h1 h2
truncate -s 1M hole.bin; printf end >> hole.bin
printf 'bytes' > "odd/$(printf '\377\376name')"; echo n > "odd/two
lines"; ln -s nowhere odd/dangling; mkdir odd/deep; echo d > odd/deep/d
chmod 640 src/one.c; chmod 700 src/deep; chmod 400 src/two.c
printf -- '--- a.txt\n+++ a.txt\n@@ -1 +1 @@\n-one, changed\n+patched\n' > fix.patch; printf '%%s/one/two/\nw\nq\n' > fix.ed
echo up > up.txt; mkdir -p ../pack/src ../pack/fresh node_modules/left-pad; cd ../pack
for name in a.txt notes.txt src/one.c fresh/file "$(printf 'odd\nname\377')"; do echo packed > "$name"; done
tar cf ../model/old.tar *; tar czf ../model/old.tgz -C src one.c
zip -qr ../model/old.zip a.txt notes.txt src fresh; ar rc ../model/old.a a.txt notes.txt
tar cPf ../model/up.tar ../model/a.txt ../model/up.txt; printf '../model/a.txt\n../model/up.txt\n' | cpio -o --quiet > ../model/up.cpio
mksquashfs src/one.c fresh ../model/old.sqfs -quiet -no-progress; echo rar > ../model/old.rar
7z a -bd ../model/old.7z a.txt src fresh >/dev/null; find a.txt src | cpio -o --quiet > ../model/old.cpio
cd ../model; rm -r ../pack up.txt
echo '{"require":{"psr/log":"3"}}' > composer.json; echo '{"lock":1}' > composer.lock; mkdir -p vendor/psr; echo x > vendor/psr/log.php
echo '{"dependencies":{"left-pad":"1"}}' > package.json; echo '{"lock":1}' > package-lock.json
echo '[dependencies]' > Cargo.toml; echo 'version = 4' > Cargo.lock; echo x > node_modules/left-pad/index.js
touch -d '2001-02-03 04:05:06.789' src/one.c notes.txt src docs
cd ..
"#;

/// Stand-ins for package managers and a formatter: what these do to the files of a project, without a network.
const MANAGERS: [(&str, &str); 4] = [
    (
        "black",
        "for file in $(find \"$@\" -name '*.c'); do echo formatted > \"$file\"; done",
    ),
    (
        "npm",
        "echo '{}' > package.json; echo '{}' > package-lock.json; rm -r node_modules/left-pad",
    ),
    (
        "cargo",
        "echo '[package]' > Cargo.toml; echo new >> Cargo.lock",
    ),
    (
        "composer",
        "echo '{\"lock\":2}' > composer.lock; rm -r vendor/psr",
    ),
];

impl Bench {
    fn new() -> Self {
        let programs = tempfile::Builder::new().prefix("bin-").tempdir().unwrap();
        for (name, script) in MANAGERS {
            let path = programs.path().join(name);
            std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            let runs = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(path, runs).unwrap();
        }
        let machine = Machine::with_programs(&[programs.path().to_owned()]);
        // Not below the machine's own directory: its name is that of the guard's files.
        let directory = tempfile::Builder::new().prefix("work-").tempdir().unwrap();
        let made = machine
            .command("bash")
            .args(["-c", FIXTURE])
            .current_dir(directory.path())
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let attribute = directory.path().join("model/src/one.c");
        // Where the file system has none, none are compared.
        rustix::fs::setxattr(
            &attribute,
            "user.note",
            b"\x00\xffkept",
            rustix::fs::XattrFlags::empty(),
        )
        .unwrap_or_default();
        Self {
            machine,
            directory,
            _programs: programs,
            made: 0,
        }
    }

    /// Another copy of the model, under a path of its own.
    fn copy(&mut self) -> PathBuf {
        self.made += 1;
        let top = self.directory.path().canonicalize().unwrap();
        let place = top.join(format!("{}", self.made));
        std::fs::create_dir(&place).unwrap();
        for name in ["model", "remote.git"] {
            let mut copy = self.machine.command("cp");
            copy.arg("-a").arg(top.join(name)).arg(place.join(name));
            assert!(copy.status().unwrap().success());
        }
        let work = place.join("model");
        let mut refresh = self.machine.command("git");
        refresh.args(["status", "--short"]).current_dir(&work);
        assert!(refresh.output().unwrap().status.success());
        work
    }

    fn undo(&self, work: &Path, arguments: &[&str]) -> std::process::Output {
        self.machine
            .kintsugi(&[&["undo"], arguments].concat())
            .current_dir(work)
            .output()
            .unwrap()
    }

    fn git(&self, work: &Path) -> String {
        let asked = [
            &["for-each-ref", "--exclude=refs/kintsugi"][..],
            &["stash", "list"],
            &["status", "--porcelain=v2", "--branch", "--ignored"],
            &["ls-files", "-s"],
            &["reflog"],
            &["config", "--local", "--list"],
            // What is staged, or stands in a reflog alone, is there and not only named.
            &[
                "fsck",
                "--connectivity-only",
                "--no-dangling",
                "--no-progress",
            ],
        ];
        asked
            .iter()
            .map(|arguments| {
                let mut git = self.machine.command("git");
                // To ask must not write the index anew, whose times are compared.
                git.env("GIT_OPTIONAL_LOCKS", "0");
                let said = git.args(*arguments).current_dir(work).output().unwrap();
                String::from_utf8_lossy(&[said.stdout, said.stderr].concat()).into_owned()
            })
            .collect()
    }
}

/// Everything below a working copy but git's objects and what keeps them.
fn snapshot(work: &Path, by_git: bool) -> Tree {
    let skip = |path: &Path| {
        let bytes = path.as_os_str().as_bytes();
        let is_hidden =
            bytes.starts_with(b".git/objects") || bytes.starts_with(b".git/refs/kintsugi");
        // The index remembers times of files; what is in it is compared by git itself.
        is_hidden || (by_git && bytes == b".git/index")
    };
    let mut found = tree(work, &skip);
    if by_git {
        for (path, thing) in &mut found {
            if path.starts_with(".git") || thing.is == "directory" {
                thing.modified = (0, 0);
            }
        }
    }
    found
}

/// Differences that count: of a file that git wrote again, not the time; of the directory with the tops, not the time.
fn undone(before: &Tree, work: &Path, by_git: bool) -> Vec<String> {
    let mut now = snapshot(work, by_git);
    if by_git {
        const CLEAN: [&str; 7] = [
            "b.txt",
            "list.txt",
            "docs/readme.md",
            "src/one.c",
            "src/two.c",
            "src/deep/three.c",
            ".gitignore",
        ];
        for name in CLEAN {
            if let (Some(then), Some(now)) =
                (before.get(Path::new(name)), now.get_mut(Path::new(name)))
                && then.is == now.is
            {
                *now = then.clone();
            }
        }
    } else {
        // What holds a path that came back is not part of what was kept.
        for (path, thing) in &mut now {
            if let Some(then) = before.get(path)
                && thing.is == "directory"
            {
                thing.modified = then.modified;
            }
        }
    }
    differences(before, &now)
}

fn problem(bench: &mut Bench, command: &str, back: &Back) -> Option<String> {
    let work = bench.copy();
    let by_git = *back == Back::ByGit;
    match back {
        Back::No(reason) => {
            // In a project at home: what lies below the directory for temporary files may go without a question.
            let arguments = ["check", "--cwd", "/home/ada/project", "--", command];
            let check = bench.machine.run(&arguments);
            let said = String::from_utf8_lossy(&check.stdout).into_owned();
            let words = format!("cannot be undone: {reason}");
            let is_said = check.status.code() == Some(4) && said.contains(&words);
            return (!is_said).then_some(said);
        }
        Back::NotKept => {
            let mut check = bench.machine.kintsugi(&["check", "--json", "--", command]);
            let said = check.current_dir(&work).output().unwrap();
            let said: serde_json::Value = serde_json::from_slice(&said.stdout).unwrap();
            let captured = said["capture"].as_array().cloned().unwrap_or_default();
            // An archive that nobody can list: only where it is unpacked into an empty directory something is kept.
            let is_kept =
                |keep: &serde_json::Value| keep["what"] != "unpacked" || keep["of"][1] != "";
            return captured
                .iter()
                .find(|keep| is_kept(keep))
                .map(ToString::to_string);
        }
        Back::Exactly | Back::Taken | Back::Project | Back::ByGit => {}
    }
    let before = snapshot(&work, by_git);
    let told = bench.git(&work);
    let (screen, ran) = bench.machine.at_terminal(command, &work, true);
    if !ran {
        return Some(format!("it did not run: {screen}"));
    }
    bench.machine.ends_are_noted();
    let is_remote = command.starts_with("git push");
    if !is_remote && undone(&before, &work, by_git).is_empty() && bench.git(&work) == told {
        return Some(format!("it changed nothing: {screen}"));
    }
    let dry = bench.undo(&work, &["--dry-run"]);
    let done = bench.undo(&work, &[]);
    if !done.status.success() {
        return Some(format!("{dry:?}\n{done:?}"));
    }
    let mut differs = undone(&before, &work, by_git);
    if *back == Back::Taken {
        differs.retain(|line| !line.ends_with(" is new"));
    }
    if *back == Back::Project {
        let words = format!("{dry:?}");
        if !words.contains("not kept: what `") || !words.contains("` installs or removes") {
            differs.push(format!("undo does not say what is not kept: {words}"));
        }
        differs.retain(|line| !line.contains("node_modules") && !line.contains("vendor"));
    }
    if by_git {
        let now = bench.git(&work);
        if now != told {
            differs.push(format!("git says\n{now}instead of\n{told}"));
        }
    }
    (!differs.is_empty()).then(|| format!("{differs:#?}\n{done:?}"))
}

#[test]
fn every_row_of_the_manual_is_as_it_says() {
    let rows = rows();
    assert!(rows.len() >= 60, "{} rows", rows.len());
    let only = std::env::var("KINTSUGI_UNDO_ROW").unwrap_or_default();
    let mut bench = Bench::new();
    let mut problems = Vec::new();
    for (command, back) in rows.iter().filter(|(command, _)| command.contains(&only)) {
        if let Some(problem) = problem(&mut bench, command, back) {
            problems.push(format!("`{command}` ({back:?}): {problem}"));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

#[test]
fn what_cannot_be_undone_is_on_the_card() {
    let mut bench = Bench::new();
    let work = bench.copy();
    let (screen, ran) = bench
        .machine
        .at_terminal("psql -c 'drop table x'", &work, false);
    assert!(!ran, "{screen}");
    let screen = screen.replace("\r\n", " ");
    assert!(screen.contains("cannot be undone: a database"), "{screen}");
    let line = "cat old.tar | tar x; unrar x old.rar; git push --force";
    let (screen, ran) = bench.machine.at_terminal(line, &work, false);
    assert!(!ran, "{screen}");
    let words = screen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        words.contains("what an archive holds is not known: it comes from another program"),
        "{screen}"
    );
    assert!(
        words.contains("what an archive holds is not known: it is not listed"),
        "{screen}"
    );
}
