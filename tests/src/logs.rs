//! Logs to be read: commands of agents, written at a known time into short segments.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use kintsugi_core::audit::record::Body;
use kintsugi_daemon::store::{Directory, Log, Now, Options};
use serde_json::json;

/// Records of a segment that is short: good for whatever reads and does not verify.
pub const SHORT: u64 = 16;

/// Fills the log in `directory` with `count` commands, a minute each from `start` on; every tenth is of `codex`. A segment
/// has `segment_records` records.
///
/// # Panics
/// When there is no room for it.
pub fn fill(directory: &Path, (count, segment_records): (u64, u64), start: Timestamp) {
    let storage = Directory::open(directory).expect("a directory");
    let options = Options {
        boot: "boot".into(),
        seed: [7; 32],
        program: "kintsugi test".into(),
        segment_records,
        host: None,
    };
    let (mut log, _) = Log::open(Box::new(storage), options).expect("a log");
    for number in 0..count {
        let now = Now {
            wall: start + Duration::from_secs(60 * number),
            monotonic: Duration::ZERO,
        };
        let staged = log.stage(now, pair(number).into(), &()).expect("room");
        assert!(log.sync().expect("a sync").confirm(staged).is_ok());
    }
}

/// Returns a command and its verdict.
fn pair(number: u64) -> [Body; 2] {
    let id = uuid::Uuid::from_u128(u128::from(number));
    let agent = if number % 10 == 3 {
        "codex"
    } else {
        "claude-code"
    };
    let command = json!({
        "id": id, "agent": agent, "client_ts": "", "cwd": "/home/u/p", "raw": format!("echo \"{number}\""),
    });
    let peer = json!({"uid": 1000, "gid": 1000, "pid": 7, "exe": "/usr/bin/node"});
    let verdict = json!({
        "id": id, "class": "safe", "decision": "allow", "tier": 1, "reason": "prints",
    });
    let asked = Body::Proposal {
        command: serde_json::from_value(command).expect("a command"),
        peer: serde_json::from_value(peer).expect("a peer"),
    };
    let verdict = Body::Verdict(serde_json::from_value(verdict).expect("a verdict"));
    [asked, verdict]
}
