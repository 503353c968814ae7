//! Undo on real file systems: blocks that are shared (btrfs, xfs), copies (ext4, tmpfs), what is moved away, and one into another.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use kintsugi_tests::machine::{Machine, said};
use kintsugi_tests::tree::{all, differences, tree};
use kintsugi_tests::volume::{Kind, Volume};
use rustix::fs::XattrFlags;

const KINDS: [Kind; 4] = [Kind::Btrfs, Kind::Xfs, Kind::Ext4, Kind::Tmpfs];

/// Everything that is hard to keep.
fn fill(work: &Path) {
    std::fs::create_dir_all(work.join("d/deep/empty")).unwrap();
    std::fs::write(work.join("d/plain"), "plain").unwrap();
    std::fs::write(work.join("d/big"), vec![7; 3 << 20]).unwrap();
    std::fs::hard_link(work.join("d/big"), work.join("d/deep/big")).unwrap();
    std::os::unix::fs::symlink("../plain", work.join("d/deep/link")).unwrap();
    let sparse = std::fs::File::create(work.join("d/sparse")).unwrap();
    sparse.set_len(8 << 20).unwrap();
    rustix::io::pwrite(&sparse, b"end", (8 << 20) - 3).unwrap();
    let attribute = |name: &str| {
        rustix::fs::setxattr(
            work.join(name),
            "user.note",
            b"\x00kept\xff",
            XattrFlags::empty(),
        )
    };
    // A file system in memory may have none; then none are compared.
    attribute("d/plain").unwrap_or_default();
    attribute("d/deep").unwrap_or_default();
    // Where only root may give something away, nobody else does.
    rustix::fs::chown(
        work.join("d/plain"),
        Some(rustix::fs::Uid::from_raw(12_345)),
        Some(rustix::fs::Gid::from_raw(54_321)),
    )
    .unwrap_or_default();
    let long_ago = rustix::fs::Timespec {
        tv_sec: 1_000_000_000,
        tv_nsec: 123_456_789,
    };
    let times = rustix::fs::Timestamps {
        last_access: long_ago,
        last_modification: long_ago,
    };
    for name in ["d/plain", "d/deep/empty", "d/deep"] {
        let path = work.join(name);
        rustix::fs::utimensat(rustix::fs::CWD, &path, &times, rustix::fs::AtFlags::empty())
            .unwrap();
    }
}

/// Runs each line in a fresh directory of `volume`, undoes it, and compares.
fn comes_back(machine: &Machine, volume: &Volume, name: &str) {
    let lines: [(&str, &[&str]); 3] = [
        ("copied", &["rm -rf d"]),
        ("moved", &["rm", "-rf", "d"]),
        (
            "changed",
            &["echo x > d/plain; rm d/sparse; chmod 700 d/deep"],
        ),
    ];
    for (how, line) in lines {
        let work = volume.path().join(how);
        std::fs::create_dir(&work).unwrap();
        fill(&work);
        let before = all(&work);
        let done = machine.run_in(&work, &[&["run", "--"], line].concat());
        assert!(done.status.success(), "{name}, {how}: {}", said(&done));
        assert!(!differences(&before, &all(&work)).is_empty());
        let undone = machine.run_in(&work, &["undo", "--overwrite"]);
        assert!(undone.status.success(), "{name}, {how}: {}", said(&undone));
        let differs = differences(&before, &all(&work));
        // What holds the top that came back is no part of it.
        let differs: Vec<_> = differs
            .into_iter()
            .filter(|line| how != "changed" || !line.starts_with("d: "))
            .collect();
        assert!(differs.is_empty(), "{name}, {how}: {differs:#?}");
    }
}

#[test]
fn everything_comes_back_on_each_file_system() {
    for kind in KINDS {
        let Some(volume) = Volume::new(kind, 512) else {
            continue;
        };
        let machine = Machine::new();
        comes_back(&machine, &volume, kind.name());
        let shared = format!(".kintsugi-trash-{}", rustix::process::geteuid().as_raw());
        let stores = std::fs::read_dir(volume.path().join(shared)).unwrap();
        assert_eq!(stores.count(), 1, "{}: copies lie beside it", kind.name());
        // Nothing is left of it when nothing is kept any more.
        let pruned = machine.run_in(volume.path(), &["trash", "prune", "--all"]);
        assert!(pruned.status.success(), "{}", said(&pruned));
        let left: Vec<_> = tree(volume.path(), &|path| {
            !path.starts_with(".kintsugi-trash-0")
        })
        .into_iter()
        .filter(|(path, thing)| thing.is != "directory" && !path.ends_with("lock"))
        .collect();
        assert!(left.is_empty(), "{}: {left:?}", kind.name());
    }
}

#[test]
fn what_shares_its_blocks_takes_no_room_and_no_budget() {
    for kind in [Kind::Btrfs, Kind::Xfs] {
        let Some(volume) = Volume::new(kind, 512) else {
            continue;
        };
        let machine = Machine::new();
        let config = machine.home().join(".config/kintsugi");
        std::fs::create_dir_all(&config).unwrap();
        // A copy of it would be too much.
        std::fs::write(config.join("capture.toml"), "bytes_max = 1048576\n").unwrap();
        let work = volume.path().join("work");
        std::fs::create_dir(&work).unwrap();
        std::fs::write(work.join("big"), vec![7; 64 << 20]).unwrap();
        let before = all(&work);
        let number = std::fs::metadata(work.join("big")).unwrap().ino();
        rustix::fs::sync();
        let free = || rustix::fs::statvfs(volume.path()).unwrap().f_bfree;
        let blocks = free();
        let done = machine.run_in(&work, &["run", "--", "rm big"]);
        assert!(done.status.success(), "{}: {}", kind.name(), said(&done));
        rustix::fs::sync();
        let block = rustix::fs::statvfs(volume.path()).unwrap().f_frsize;
        let taken = blocks.saturating_sub(free()) * block;
        assert!(taken < 16 << 20, "{}: {taken} bytes more", kind.name());
        let undone = machine.run_in(&work, &["undo"]);
        assert!(undone.status.success(), "{}", said(&undone));
        assert_eq!(differences(&before, &all(&work)), [] as [&str; 0]);
        let now = std::fs::metadata(work.join("big")).unwrap().ino();
        assert_ne!(number, now, "it is a clone, and no other name of the first");
    }
}

#[test]
fn what_moves_to_another_file_system_comes_back() {
    let (Some(one), Some(other)) = (Volume::new(Kind::Tmpfs, 64), Volume::new(Kind::Ext4, 64))
    else {
        return;
    };
    let machine = Machine::new();
    fill(one.path());
    let before = all(&one.path().join("d"));
    let line = format!("mv d {}/there", other.path().display());
    let done = machine.run_in(one.path(), &["run", "--", &line]);
    assert!(done.status.success(), "{}", said(&done));
    assert!(!one.path().join("d").exists());
    let undone = machine.run_in(one.path(), &["undo", "--overwrite"]);
    assert!(undone.status.success(), "{}", said(&undone));
    let differs = differences(&before, &all(&one.path().join("d")));
    assert!(differs.is_empty(), "{differs:#?}");
}
