use std::fs;
use std::os::unix::fs::symlink;

use super::*;
use crate::watch::ignored::IGNORED;

/// Notes what it is told, in words.
#[derive(Debug, Default)]
struct Words(Vec<String>);

impl Sink for Words {
    fn change(&mut self, at: At<'_>, what: What) {
        let (directory, name) = (at.directory, at.name);
        let below = directory.file_name().unwrap().to_string_lossy();
        self.0
            .push(format!("{what:?} {below}/{}", name.to_string_lossy()));
    }

    fn nameless(&mut self, _: usize, directory: &Path, count: u64) {
        let below = directory.file_name().unwrap().to_string_lossy();
        self.0.push(format!("{count} of {below}"));
    }

    fn moved(&mut self, _: usize, to: (&Path, &OsStr), _: (u64, u64), onto: bool) {
        let word = if onto { "Replaced" } else { "Renamed" };
        let below = to.0.file_name().unwrap().to_string_lossy();
        self.0
            .push(format!("{word} {below}/{}", to.1.to_string_lossy()));
    }

    fn looked_again(&mut self, place: usize) {
        self.0.push(format!("again {place}"));
    }
}

struct Watched {
    /// Removed with everything in it at the end.
    _directory: tempfile::TempDir,
    top: PathBuf,
    tree: Tree,
}

fn watched(before: impl FnOnce(&Path)) -> Watched {
    let directory = tempfile::tempdir().unwrap();
    let top = directory.path().canonicalize().unwrap().join("p");
    fs::create_dir(&top).unwrap();
    before(&top);
    let ignored = Ignored::new(&IGNORED.map(str::to_owned)).unwrap();
    let mut tree = Tree::new(std::slice::from_ref(&top), ignored).unwrap();
    let mut words = Words::default();
    tree.begin(&mut words);
    assert_eq!(words.0, Vec::<String>::new(), "what was there is no news");
    Watched {
        _directory: directory,
        top,
        tree,
    }
}

impl Watched {
    /// Takes everything that the kernel has to tell, and returns it in order.
    fn told(&mut self) -> Vec<String> {
        let mut words = Words::default();
        while !self.tree.read(100_000, &mut words).unwrap() {}
        self.tree.look_for_places(&mut words);
        if self.tree.has_lost() {
            self.tree.look_again(&mut words);
        }
        self.tree.settle(&mut words);
        words.0
    }
}

#[test]
fn each_kind_of_change_is_told_once() {
    let mut it = watched(|top| {
        fs::write(top.join("a"), "1").unwrap();
        fs::write(top.join("b"), "1").unwrap();
        fs::write(top.join("c"), "1").unwrap();
        symlink("/etc", top.join("link")).unwrap();
    });
    let top = it.top.clone();
    fs::write(top.join("a"), "2").unwrap();
    fs::remove_file(top.join("b")).unwrap();
    fs::rename(top.join("c"), top.join("d")).unwrap();
    fs::write(top.join("e"), "").unwrap();
    symlink("/", top.join("to the top")).unwrap();
    // It was emptied and then written, or both at once: what is told depends on the kernel, that it is told does not.
    let mut told = it.told();
    told.dedup();
    let expected = [
        "Modified p/a",
        "Removed p/b",
        "Renamed p/d",
        "Created p/e",
        "Modified p/e",
        "Created p/to the top",
    ];
    assert_eq!(told, expected);
    assert_eq!(it.tree.directories(), 1, "no link was followed");
}

#[test]
fn what_is_in_a_directory_that_appears_is_found_and_told_once() {
    let mut it = watched(|_| {});
    let deep = it.top.join("x/y/z");
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("a"), "").unwrap();
    let told = it.told();
    for wanted in ["Created p/x", "Created x/y", "Created y/z", "Created z/a"] {
        assert_eq!(
            told.iter().filter(|one| *one == wanted).count(),
            1,
            "{told:?}"
        );
    }
    fs::write(deep.join("b"), "").unwrap();
    fs::remove_file(deep.join("a")).unwrap();
    assert_eq!(it.told(), ["Created z/b", "Modified z/b", "Removed z/a"]);
}

#[test]
fn a_directory_that_is_renamed_is_watched_under_its_new_name() {
    let mut it = watched(|top| {
        fs::create_dir_all(top.join("x/y")).unwrap();
        fs::write(top.join("x/y/a"), "").unwrap();
    });
    fs::rename(it.top.join("x"), it.top.join("n")).unwrap();
    assert_eq!(it.told(), ["Renamed p/n"]);
    fs::remove_file(it.top.join("n/y/a")).unwrap();
    assert_eq!(it.told(), ["Removed y/a"]);
    let directories = it.tree.directories();
    assert_eq!(directories, 3);
}

#[test]
fn what_is_moved_away_is_gone_with_everything_in_it_and_watched_no_more() {
    let mut it = watched(|top| {
        fs::create_dir_all(top.join("x/y")).unwrap();
        fs::write(top.join("x/y/a"), "").unwrap();
        fs::write(top.join("x/y/b"), "").unwrap();
    });
    let away = it.top.with_file_name("away");
    fs::rename(it.top.join("x"), &away).unwrap();
    assert_eq!(it.told(), ["1 of x", "2 of y", "Removed p/x"]);
    assert_eq!(it.tree.directories(), 1);
    fs::write(away.join("y/c"), "").unwrap();
    assert_eq!(it.told(), Vec::<String>::new());
    fs::rename(&away, it.top.join("back")).unwrap();
    assert_eq!(it.told().len(), 5, "it appears, with all that is in it");
}

#[test]
fn what_is_ignored_is_not_entered_and_its_end_is_seen() {
    let mut it = watched(|top| {
        fs::create_dir_all(top.join("node_modules/x")).unwrap();
        fs::create_dir_all(top.join(".git/objects")).unwrap();
    });
    assert_eq!(it.tree.directories(), 1);
    fs::write(it.top.join("node_modules/x/a"), "").unwrap();
    fs::create_dir_all(it.top.join("target/debug")).unwrap();
    fs::remove_dir_all(it.top.join(".git")).unwrap();
    assert_eq!(it.told(), ["Created p/target", "Whole p/.git"]);
}

#[test]
fn a_place_that_is_not_there_is_waited_for_and_one_that_vanishes_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let top = directory
        .path()
        .canonicalize()
        .unwrap()
        .join("not/yet/there");
    let tree = Tree::new(std::slice::from_ref(&top), Ignored::default()).unwrap();
    let mut it = Watched {
        _directory: directory,
        top: top.clone(),
        tree,
    };
    it.tree.begin(&mut Words::default());
    for _ in 0..2 {
        assert_eq!(it.tree.place(0).map(|(.., there)| there), Some(false));
        fs::create_dir(top.ancestors().nth(2).unwrap()).unwrap();
        assert_eq!(it.told(), Vec::<String>::new());
        fs::create_dir_all(&top).unwrap();
        fs::write(top.join("a"), "").unwrap();
        assert!(it.told().contains(&"Created there/a".to_owned()));
        fs::write(top.join("b"), "").unwrap();
        assert_eq!(it.told(), ["Created there/b", "Modified there/b"]);
        fs::remove_dir_all(top.ancestors().nth(2).unwrap()).unwrap();
        let told = it.told();
        assert!(told.contains(&"Removed there/a".to_owned()), "{told:?}");
        assert!(told.contains(&"Removed there/".to_owned()), "{told:?}");
    }
}

#[test]
fn after_dropped_events_all_is_looked_at_again_and_nothing_is_told_twice() {
    let mut it = watched(|top| {
        fs::create_dir_all(top.join("x/y")).unwrap();
        for name in ["a", "b", "x/c", "x/y/d"] {
            fs::write(top.join(name), "").unwrap();
        }
    });
    std::thread::sleep(std::time::Duration::from_millis(30));
    assert_eq!(it.told(), Vec::<String>::new());
    std::thread::sleep(std::time::Duration::from_millis(30));
    let top = it.top.clone();
    // What the kernel has to tell of this is thrown away.
    fs::remove_file(top.join("a")).unwrap();
    fs::write(top.join("b"), "2").unwrap();
    fs::remove_dir_all(top.join("x/y")).unwrap();
    fs::create_dir_all(top.join("new/deep")).unwrap();
    fs::write(top.join("new/deep/e"), "").unwrap();
    let mut buffer = vec![MaybeUninit::uninit(); EVENTS_BYTES];
    let inotify = it.tree.inotify.try_clone().unwrap();
    let mut reader = Reader::new(inotify, &mut buffer);
    while reader.next().is_ok() {}
    // It takes a while until it is looked at again.
    std::thread::sleep(std::time::Duration::from_millis(100));
    let overflow = Event {
        watch: -1,
        flags: ReadFlags::QUEUE_OVERFLOW,
        cookie: 0,
        name: None,
    };
    it.tree.take(overflow, &mut Words::default());
    let told = it.told();
    for wanted in [
        "1 of p",
        "Modified p/b",
        "1 of y",
        "Removed x/y",
        "Created p/new",
        "Created new/deep",
        "Created deep/e",
        "again 0",
    ] {
        assert_eq!(
            told.iter().filter(|one| *one == wanted).count(),
            1,
            "{wanted}: {told:?}"
        );
    }
    assert_eq!(told.len(), 8, "{told:?}");
    fs::write(top.join("new/deep/f"), "").unwrap();
    assert_eq!(it.told(), ["Created deep/f", "Modified deep/f"]);
}

#[test]
fn names_that_are_no_text_are_names() {
    let mut it = watched(|_| {});
    let name = OsStr::from_bytes(b"\xff\xfe");
    fs::write(it.top.join(name), "").unwrap();
    fs::remove_file(it.top.join(name)).unwrap();
    assert_eq!(it.told().len(), 3);
}
