//! The power fails in the middle of a capture, on real file systems: what was on its way to the device at that moment is lost.
//!
//! The process is killed before one of its system calls (`strace(1)` injects it) and the image below the file system is taken as it
//! is then; that one is mounted, as its journal has it. Whenever it strikes: what stood there stands there, or `kintsugi undo` brings
//! all of it back. A device that reorders what it was given before a flush is not part of this.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use kintsugi_tests::machine::{Machine, program, said};
use kintsugi_tests::traced::{Point, calls_of, killed_at, may_trace, points};
use kintsugi_tests::tree::{all, differences};
use kintsugi_tests::volume::{Kind, Volume};

/// Calls that change something, or wait for the device.
const CALLS: &str = "mkdir,mkdirat,rename,renameat,renameat2,write,fsync,fdatasync,syncfs,unlink,unlinkat,sendto,execve";

/// Points at which a run is cut, spread over all of them; the long tests take each.
const POINTS: usize = 6;

/// A file system on which a person's work and their copies lie, and a daemon whose log lies elsewhere.
struct Bench {
    machine: Machine,
    volume: Volume,
    cuts: usize,
}

impl Bench {
    /// Nothing, and a word about it, where this may not mount or trace.
    fn new(kind: Kind) -> Option<Self> {
        if !may_trace() {
            return None;
        }
        // Nothing is written by itself meanwhile; xfs does not do that within 30 s.
        let options = match kind {
            Kind::Ext4 | Kind::Btrfs => "commit=900",
            Kind::Xfs | Kind::Tmpfs => "",
        };
        let volume = Volume::with_options(kind, 320, options)?;
        let machine = Machine::new();
        // Where the disk has much else to write, the log of the new daemon may take longer than a person is let wait.
        let mut start = (0..20).map(|_| machine.run(&["daemon", "start"]));
        assert!(start.any(|started| started.status.success()));
        Some(Self {
            machine,
            volume,
            cuts: 0,
        })
    }

    /// A new directory with something to lose, all of it on the device.
    fn work(&mut self) -> PathBuf {
        self.cuts += 1;
        let work = self.volume.path().join(format!("work-{}", self.cuts));
        std::fs::create_dir_all(work.join("d/deep/empty")).unwrap();
        for number in 0..20 {
            let text = format!("{number} of {}", self.cuts).repeat(1_000);
            std::fs::write(work.join(format!("d/f{number}")), text).unwrap();
        }
        std::fs::write(work.join("f"), "only here").unwrap();
        std::fs::write(work.join("g"), "only here, too").unwrap();
        sync(&work);
        work
    }

    fn command(&self, program: &Path, work: &Path) -> std::process::Command {
        let mut command = self.machine.command(program);
        command
            .env("XDG_DATA_HOME", self.volume.path().join("data"))
            .env("SHELL", "/bin/bash")
            .current_dir(work)
            .stdin(Stdio::null());
        command
    }

    fn kintsugi(&self, work: &Path, arguments: &[&str]) -> Output {
        let mut kintsugi = self.command(&program("kintsugi"), work);
        kintsugi.args(arguments).output().unwrap()
    }

    /// `strace`, to run `kintsugi` in `work`.
    fn strace(&self, work: &Path) -> std::process::Command {
        self.command(Path::new("strace"), work)
    }

    /// Runs `line` to its end; returns every point at which it can be killed.
    fn runs(&self, work: &Path, line: &[&str]) -> Vec<Point> {
        let arguments = [&["run", "--"], line].concat();
        points(&calls_of(self.strace(work), CALLS, &arguments))
    }
}

/// Waits until all that was written to a file system is on its device.
fn sync(place: &Path) {
    let mut sync = std::process::Command::new("sync");
    assert!(sync.arg("-f").arg(place).status().unwrap().success());
}

/// Cuts the power at many points of what Kintsugi does before and while `line` runs.
fn the_power_fails(kind: Kind, line: &[&str]) {
    let Some(mut bench) = Bench::new(kind) else {
        return;
    };
    // The first of all makes directories that are there afterwards.
    let first = bench.work();
    drop(bench.runs(&first, line));
    let work = bench.work();
    let calls = bench.runs(&work, line);
    let count = calls.len();
    assert!(count > 10, "{count} points");
    let is_long = std::env::var_os("KINTSUGI_LONG_TESTS").is_some();
    let step = if is_long { 1 } else { (count / POINTS).max(1) };
    let (mut intact, mut undone, mut spared) = (0, 0, 0);
    let cuts = calls.into_iter().step_by(step).map(Some);
    for point in cuts.chain([None]) {
        let work = bench.work();
        let before = all(&work);
        let at = if let Some(point) = point {
            let arguments = [&["run", "--"], line].concat();
            let was = killed_at(&point, bench.strace(&work), CALLS, &arguments);
            spared += usize::from(!was);
            point.to_string()
        } else {
            // It has run to its end, and all of that reached the device.
            bench.runs(&work, line);
            sync(&work);
            "its end".to_owned()
        };
        bench.volume.cut_power();
        if differences(&before, &all(&work)).is_empty() {
            intact += 1;
            continue;
        }
        undone += 1;
        let done = bench.kintsugi(&work, &["undo", "--overwrite"]);
        assert!(done.status.success(), "{kind:?} at {at}: {}", said(&done));
        let differs = differences(&before, &all(&work));
        assert!(differs.is_empty(), "{kind:?} at {at}: {differs:#?}");
    }
    println!(
        "{kind:?}, {count} points: {intact} times nothing was lost, {undone} times it came back"
    );
    assert!(intact > 0 && undone > 0);
    // A run may have a call less than the one before it.
    assert!(4 * spared <= intact + undone, "{spared} were not killed");
}

/// Cuts the power once a command has run: nobody has waited for the device since its copies were made, and they are there.
fn copies_are_on_the_device(kind: Kind) {
    let Some(mut bench) = Bench::new(kind) else {
        return;
    };
    let work = bench.work();
    let before = all(&work);
    bench.runs(&work, &COPIED);
    bench.volume.cut_power();
    // Whatever of the command reached the device, now all of it has.
    drop(std::fs::remove_dir_all(work.join("d")));
    for name in ["f", "g"] {
        drop(std::fs::remove_file(work.join(name)));
    }
    let done = bench.kintsugi(&work, &["undo", "--overwrite"]);
    assert!(done.status.success(), "{kind:?}: {}", said(&done));
    let differs = differences(&before, &all(&work));
    assert!(differs.is_empty(), "{kind:?}: {differs:#?}");
}

/// Copies are made of all that this destroys.
const COPIED: [&str; 1] = ["rm -rf d; echo new > f; rm g"];

/// This is moved instead.
const MOVED: [&str; 5] = ["rm", "-rf", "d", "f", "g"];

/// Writes a transaction of btrfs, by two requests of its own (`BTRFS_IOC_START_SYNC`, `BTRFS_IOC_WAIT_SYNC`).
const COMMIT: &str = "import fcntl, os, sys; top = os.open(sys.argv[1], os.O_RDONLY); number = bytearray(8)\n\
                      for request in 0x80089418, 0x40089416: fcntl.ioctl(top, request, number)";

/// Has the device get the names of all files, and of none of them the content that nobody has waited for.
fn names_reach_the_device(volume: &Volume) {
    let other = volume.path().join("other");
    let other = std::fs::File::create(other).unwrap();
    // On xfs that writes the journal up to here.
    other.sync_all().unwrap();
    let mut python = std::process::Command::new("python3");
    // Another file system does not know them.
    drop(python.args(["-c", COMMIT]).arg(volume.path()).output());
}

/// Cuts the power when a move is on the device and nobody has waited for what says where it came from.
fn a_move_is_found_though_nobody_waited(kind: Kind) {
    let Some(mut bench) = Bench::new(kind) else {
        return;
    };
    let work = bench.work();
    let before = all(&work);
    bench.runs(&work, &MOVED);
    names_reach_the_device(&bench.volume);
    bench.volume.cut_power();
    assert!(!work.join("d").exists(), "{kind:?}: the move was lost");
    let captures = bench.volume.path().join("data/kintsugi/trash/captures");
    let capture = std::fs::read_dir(captures)
        .unwrap()
        .next()
        .unwrap()
        .unwrap();
    let written = std::fs::metadata(capture.path().join("manifest.json"));
    // Nobody has waited for it, so this says nothing by accident.
    assert_eq!(written.map_or(0, |found| found.len()), 0, "{kind:?}");
    let done = bench.kintsugi(&work, &["undo"]);
    assert!(done.status.success(), "{kind:?}: {}", said(&done));
    let differs = differences(&before, &all(&work));
    assert!(differs.is_empty(), "{kind:?}: {differs:#?}");
}

#[test]
fn a_power_cut_on_ext4_loses_nothing() {
    the_power_fails(Kind::Ext4, &COPIED);
    the_power_fails(Kind::Ext4, &MOVED);
    copies_are_on_the_device(Kind::Ext4);
}

#[test]
fn a_power_cut_on_xfs_loses_nothing() {
    the_power_fails(Kind::Xfs, &COPIED);
    the_power_fails(Kind::Xfs, &MOVED);
    copies_are_on_the_device(Kind::Xfs);
    a_move_is_found_though_nobody_waited(Kind::Xfs);
}

#[test]
fn a_power_cut_on_btrfs_loses_nothing() {
    the_power_fails(Kind::Btrfs, &COPIED);
    the_power_fails(Kind::Btrfs, &MOVED);
    copies_are_on_the_device(Kind::Btrfs);
    a_move_is_found_though_nobody_waited(Kind::Btrfs);
}
