//! What keeping 10,000 files of 1 GB costs, beside what the system's own copy of them costs in the same run.
//!
//! `cargo bench -p kintsugi-tests --bench capture`, as root for images of btrfs and xfs; `TMPDIR` says where. Medians of rounds that
//! take turns, so that what else the machine does meets both.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use kintsugi_cli::capture::Limits;
use kintsugi_cli::capture::before::{self, Allowed};
use kintsugi_cli::capture::discard::{self, plain};
use kintsugi_cli::capture::keep::{Occasion, Plan, keep};
use kintsugi_cli::capture::store::Store;
use kintsugi_core::capture::{Keep, What};
use kintsugi_core::paths::{Environment, Paths, locate};
use kintsugi_core::protocol::Verdict;
use kintsugi_tests::volume::{Kind, Volume};
use serde_json::json;
use uuid::Uuid;

const DIRECTORIES: usize = 100;
const FILES: usize = 100;
const FILE_BYTES: usize = 107_374;
const ROUNDS: usize = 5;

fn main() {
    let own = tempfile::tempdir().expect("a directory");
    measure(own.path(), "TMPDIR", false);
    for kind in [Kind::Btrfs, Kind::Xfs] {
        if let Some(volume) = Volume::new(kind, 8_192) {
            measure(volume.path(), kind.name(), true);
        }
    }
    harmless();
}

/// What the step costs in front of a command that would lose nothing.
fn harmless() {
    const CALLS: u32 = 1_000_000;
    let (paths, command) = (
        paths(Path::new("/nonexistent")),
        occasion_command("git status"),
    );
    let verdict: Verdict = serde_json::from_value(json!({
        "class": "safe", "decision": "allow", "reason": "nothing is lost", "tier": 1,
        "findings": [],
    }))
    .expect("a verdict");
    let begin = Instant::now();
    for _ in 0..CALLS {
        let allowed = (Allowed::ByRules, &Limits::default());
        let kept = before::before(&paths, &command, std::hint::black_box(&verdict), allowed);
        assert!(kept.is_ok());
    }
    let each = begin.elapsed().as_nanos() / u128::from(CALLS);
    println!("a command that loses nothing: {each} ns");
}

fn measure(place: &Path, name: &str, shares: bool) {
    let tree = place.join("tree");
    make(&tree);
    let paths = paths(place);
    let mut times: [Vec<Duration>; 5] = Default::default();
    for _ in 0..ROUNDS {
        let how = if shares { "always" } else { "never" };
        let copy = place.join("copy");
        settle(place);
        let begin = Instant::now();
        run(Command::new("cp")
            .arg("-a")
            .arg(format!("--reflink={how}"))
            .arg(&tree)
            .arg(&copy));
        times[0].push(begin.elapsed());
        run(Command::new("sync").arg("-f").arg(&copy));
        times[1].push(begin.elapsed());
        fs::remove_dir_all(&copy).expect("it is removed");

        settle(place);
        let begin = Instant::now();
        kept(&paths, &tree);
        times[2].push(begin.elapsed());
        let store = Store::own(&paths).expect("a store");
        store.prune(|_| true).expect("it is pruned");

        settle(place);
        let words = ["rm", "-rf", "tree"].map(str::to_owned);
        let plain = plain(&words, place).expect("a plain rm");
        let occasion = Occasion::before(&occasion_command("rm -rf tree"));
        let begin = Instant::now();
        let done = discard::discard(&paths, &plain, &occasion, &Limits::default());
        assert!(done.expect("it is moved").is_some());
        times[3].push(begin.elapsed());
        let moved = store.capture(&occasion.id).join("moved/0");
        fs::rename(moved, &tree).expect("it comes back");
        store.prune(|_| true).expect("it is pruned");

        settle(place);
        let begin = Instant::now();
        run(Command::new("mv").arg(&tree).arg(place.join("other")));
        times[4].push(begin.elapsed());
        fs::rename(place.join("other"), &tree).expect("it comes back");
    }
    let [bare, synced, kept, moved, mv] = times.map(|mut times| {
        times.sort_unstable();
        times[times.len() / 2].as_secs_f64() * 1_000.0
    });
    let word = if shares { "reflink" } else { "copy" };
    println!(
        "{name:6} {word}: {kept:.0} ms = {:.2} × `cp -a` ({bare:.0} ms), {:.2} × `cp -a` and `sync` ({synced:.0} ms); \
         trash: {moved:.1} ms (`mv`: {mv:.1} ms)",
        kept / bare,
        kept / synced,
    );
}

fn kept(paths: &Paths, tree: &Path) {
    let wanted = Keep {
        path: tree.display().to_string(),
        what: What::Tree,
        of: Vec::new(),
    };
    let limits = Limits::default();
    let plan = Plan::of(&[wanted], limits.time_max);
    assert!(plan.cannot.is_empty());
    let occasion = Occasion::before(&occasion_command("rm -rf tree"));
    let manifest = keep(paths, &plan, &occasion, &limits).expect("it is kept");
    let files = (DIRECTORIES * (FILES + 1) + 1) as u64;
    assert_eq!(manifest.summary.files, files);
}

fn occasion_command(text: &str) -> kintsugi_core::proposal::ProposedCommand {
    serde_json::from_value(json!({
        "id": Uuid::new_v4(), "ts": "", "agent": "shell", "cwd": "/", "raw": text,
    }))
    .expect("a command")
}

fn paths(place: &Path) -> Paths {
    let below = |name: &str| Some(place.join(name));
    locate(&Environment {
        socket: below("socket"),
        has_system_daemon: false,
        runtime_directory: below("run"),
        data_directory: below("data"),
        config_directory: below("config"),
    })
    .expect("paths")
}

/// Nothing that was written before is still on its way to the disk.
fn settle(place: &Path) {
    run(Command::new("sync").arg("-f").arg(place));
}

fn run(command: &mut Command) {
    assert!(command.status().expect("it starts").success());
}

/// Content that no two files share.
fn make(tree: &Path) {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut piece = vec![0_u8; FILE_BYTES];
    for directory in 0..DIRECTORIES {
        let directory: PathBuf = tree.join(directory.to_string());
        fs::create_dir_all(&directory).expect("a directory");
        for file in 0..FILES {
            for eight in piece.chunks_mut(8) {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let bytes = state.to_le_bytes();
                eight.copy_from_slice(&bytes[..eight.len()]);
            }
            fs::write(directory.join(file.to_string()), &piece).expect("a file");
        }
    }
}
