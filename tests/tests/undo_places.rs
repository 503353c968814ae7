//! Undo and where things are: which capture is meant, what stands in the way, a part of a tree, repositories in repositories, and time.

use std::path::Path;

use kintsugi_cli::capture::store::Store;
use kintsugi_cli::capture::{ENDED, before};
use kintsugi_core::paths::{Environment, locate};
use kintsugi_tests::machine::{Machine, said};
use kintsugi_tests::tree::{all, differences, work};

/// What has to succeed.
fn run(machine: &Machine, directory: &Path, arguments: &[&str]) -> String {
    let done = machine.run_in(directory, arguments);
    assert!(done.status.success(), "{arguments:?}: {}", said(&done));
    said(&done)
}

/// A script that has to succeed.
fn script(machine: &Machine, directory: &Path, text: &str) {
    let mut bash = machine.command("bash");
    let done = bash.args(["-ec", text]).current_dir(directory).output();
    let done = done.unwrap();
    assert!(done.status.success(), "{}", said(&done));
}

#[test]
fn without_an_id_the_last_of_this_directory_is_undone_and_named() {
    let machine = Machine::new();
    let (_one, first) = work();
    let (_other, second) = work();
    for directory in [&first, &second] {
        std::fs::create_dir(directory.join("deep")).unwrap();
        std::fs::write(directory.join("f"), "one").unwrap();
        run(&machine, directory, &["run", "--", "echo two > f"]);
    }
    // The last of all is of the second. This is another session than theirs, as another terminal would be.
    let mut undo = machine.command("setsid");
    undo.arg(kintsugi_tests::machine::program("kintsugi"));
    let undone = undo.arg("undo").current_dir(&first).output().unwrap();
    assert!(undone.status.success(), "{}", said(&undone));
    let read = |directory: &Path| std::fs::read_to_string(directory.join("f")).unwrap();
    assert_eq!(
        (read(&first).as_str(), read(&second).as_str()),
        ("one", "two\n")
    );
    let place = format!("in {}, ", first.display());
    assert!(said(&undone).contains(&place), "{}", said(&undone));

    let mut undo = machine.command("setsid");
    undo.arg(kintsugi_tests::machine::program("kintsugi"));
    let refused = undo.arg("undo").current_dir("/usr").output().unwrap();
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    let words = said(&refused);
    assert!(words.contains(&second.display().to_string()), "{words}");
    assert_eq!(read(&second), "two\n");
}

#[test]
fn a_file_where_a_directory_was_is_newer_work_and_makes_room_when_told() {
    for line in [&["rm d/f d/g"][..], &["rm", "-f", "d/f", "d/g"]] {
        let machine = Machine::new();
        let (_directory, work) = work();
        std::fs::create_dir(work.join("d")).unwrap();
        for name in ["d/f", "d/g"] {
            std::fs::write(work.join(name), name).unwrap();
        }
        let before = all(&work);
        run(&machine, &work, &[&["run", "--"], line].concat());
        std::fs::remove_dir(work.join("d")).unwrap();
        kintsugi_tests::tree::next_tick();
        std::fs::write(work.join("d"), "mine").unwrap();

        let refused = machine.run_in(&work, &["undo"]);
        assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
        assert_eq!(std::fs::read_to_string(work.join("d")).unwrap(), "mine");
        let report = run(&machine, &work, &["undo", "--overwrite", "--json"]);
        let mut differs = differences(&before, &all(&work));
        differs.retain(|line| !line.starts_with("d: "));
        assert_eq!(differs, [] as [&str; 0], "{line:?}");
        let report: serde_json::Value = serde_json::from_str(&report).unwrap();
        let back = report["kept_as"].as_str().unwrap();
        run(&machine, &work, &["undo", back]);
        assert_eq!(std::fs::read_to_string(work.join("d")).unwrap(), "mine");
    }
}

#[test]
fn whatever_stands_where_something_was_moved_away_is_newer_work() {
    let machine = Machine::new();
    let (_directory, work) = work();
    std::fs::create_dir(work.join("d")).unwrap();
    std::fs::write(work.join("d/f"), "old").unwrap();
    // At once, within one step of the clock of the files.
    let line = "\"$0\" run -- rm -rf d && mkdir d && echo mine > d/f";
    let mut bash = machine.command("bash");
    bash.args(["-c", line]).current_dir(&work);
    let program = kintsugi_tests::machine::program("kintsugi");
    let done = bash.arg(program).output().unwrap();
    assert!(done.status.success(), "{}", said(&done));
    let refused = machine.run_in(&work, &["undo"]);
    assert_eq!(refused.status.code(), Some(1), "{}", said(&refused));
    assert_eq!(std::fs::read_to_string(work.join("d/f")).unwrap(), "mine\n");
}

#[test]
fn a_part_of_a_tree_that_is_gone_comes_back_alone() {
    let machine = Machine::new();
    let (_directory, work) = work();
    script(
        &machine,
        &work,
        "mkdir -p d/deep; echo f > d/f; echo g > d/deep/g; chmod 750 d/deep; touch -d 2001-02-03 d/deep",
    );
    let before = all(&work);
    run(&machine, &work, &["run", "--", "rm -rf d"]);
    run(&machine, &work, &["undo", "--only", "d/deep/g"]);
    let differs = differences(&before, &all(&work));
    assert_eq!(differs, ["d/f is gone"]);
    let nothing = run(&machine, &work, &["undo", "--only", "d/other"]);
    assert!(nothing.contains("nothing at or below"), "{nothing}");
    run(&machine, &work, &["undo", "--overwrite"]);
    assert_eq!(differences(&before, &all(&work)), [] as [&str; 0]);

    // What was moved comes back as a whole, and where it lies is said.
    run(&machine, &work, &["run", "--", "rm", "-rf", "d"]);
    let told = run(&machine, &work, &["undo", "--only", "d/f"]);
    let at = told.split('`').find(|part| part.ends_with("moved/0/f"));
    let at = at.unwrap_or_else(|| panic!("{told}"));
    assert_eq!(std::fs::read_to_string(at).unwrap(), "f\n");
    assert!(!work.join("d").exists());
}

/// A working copy with a submodule, in which there is work.
const SUBMODULE: &str = r"
git init -q -b main lib; (cd lib; echo l > l; git add l; git commit -qm l)
git init -q -b main top; cd top
git -c protocol.file.allow=always submodule --quiet add ../lib sub; git commit -qm sub
cd sub; git switch -qc side; echo more > m; git add m; git commit -qm more; echo work >> l; echo new > new";

#[test]
fn what_is_lost_of_a_submodule_comes_back_with_its_repository() {
    for line in [
        "git submodule deinit -f sub",
        "git submodule update --force",
        "git reset --hard --recurse-submodules",
        "git rm -qf sub",
    ] {
        let machine = Machine::new();
        let (_directory, work) = work();
        script(&machine, &work, SUBMODULE);
        let (top, sub) = (work.join("top"), work.join("top/sub"));
        let state = || {
            let mut git = machine.command("git");
            // The submodule may be gone, which git says.
            git.args(["-C", "sub", "status", "--porcelain=v2", "--branch"]);
            let status = said(&git.current_dir(&top).output().unwrap());
            let mut git = machine.command("git");
            git.args(["config", "--get-regexp", "^submodule"]);
            status + &said(&git.current_dir(&top).output().unwrap())
        };
        let (before, stood) = (all(&sub), state());
        let (screen, ran) = machine.at_terminal(line, &top, true);
        assert!(ran, "{screen}");
        assert_ne!(state(), stood, "{line}");
        run(&machine, &top, &["undo", "--overwrite"]);
        assert_eq!(state(), stood, "{line}");
        let mut differs = differences(&before, &all(&sub));
        differs.retain(|line| !line.starts_with(".git: "));
        assert_eq!(differs, [] as [&str; 0], "{line}");
    }
}

#[test]
fn what_was_resolved_comes_back_when_it_is_given_up() {
    for what in ["merge", "cherry-pick"] {
        let machine = Machine::new();
        let (_directory, work) = work();
        let text = format!(
            "git init -q -b main .; echo a > a; git add a; git commit -qm a; git switch -qc side; echo b > a; git commit -qam b
             git switch -q main; echo c > a; git commit -qam c; git {what} side || true; echo resolved > a; git add a"
        );
        script(&machine, &work, &text);
        let state = || {
            let mut git = machine.command("git");
            let said = git.args(["status"]).current_dir(&work).output().unwrap();
            let file = std::fs::read_to_string(work.join("a")).unwrap();
            (String::from_utf8(said.stdout).unwrap(), file)
        };
        let stood = state();
        assert_eq!(stood.1, "resolved\n");
        let (screen, ran) = machine.at_terminal(&format!("git {what} --abort"), &work, true);
        assert!(ran, "{screen}");
        assert_eq!(state().1, "c\n");
        run(&machine, &work, &["undo"]);
        assert_eq!(state(), stood, "{what}");
    }
}

#[test]
fn branches_of_a_bare_repository_come_back() {
    let machine = Machine::new();
    let (_directory, work) = work();
    // Within a working copy, whose repository is another.
    let text = "git init -q -b main .; echo a > a; git add a; git commit -qm a; git clone -q --bare . bare; git -C bare branch side";
    script(&machine, &work, text);
    let bare = work.join("bare");
    let side = || {
        let mut git = machine.command("git");
        git.args(["rev-parse", "-q", "--verify", "refs/heads/side"]);
        said(&git.current_dir(&bare).output().unwrap())
    };
    let stood = side();
    assert!(!stood.is_empty());
    let (screen, ran) = machine.at_terminal("git branch -D side", &bare, true);
    assert!(ran, "{screen}");
    assert_eq!(side(), "");
    run(&machine, &bare, &["undo"]);
    assert_eq!(side(), stood);
}

#[test]
fn the_end_of_a_command_is_told_by_the_clock_of_the_files() {
    use std::os::unix::fs::MetadataExt as _;
    let (_directory, work) = work();
    let below = |name: &str| Some(work.join(name));
    let paths = locate(&Environment {
        socket: below("socket"),
        has_system_daemon: false,
        runtime_directory: below("run"),
        data_directory: below("data"),
        config_directory: below("config"),
    });
    let paths = paths.unwrap();
    let store = Store::own(&paths).unwrap();
    let changed = |name: &str| {
        std::fs::write(work.join(name), "x").unwrap();
        let found = std::fs::metadata(work.join(name)).unwrap();
        (found.ctime(), found.ctime_nsec())
    };
    // By the precise clock most of the later ones would be earlier than the mark.
    for _ in 0..200 {
        let id = uuid::Uuid::new_v4();
        std::fs::create_dir(store.capture(&id)).unwrap();
        let earlier = changed("earlier");
        before::ended(&paths, &id);
        let later = changed("later");
        let ended = store.marked_at(&id, ENDED).unwrap();
        assert!(
            earlier <= ended && ended <= later,
            "{earlier:?} {ended:?} {later:?}"
        );
        before::next_step_of_clock();
        assert!(changed("much later") > ended);
    }
}
