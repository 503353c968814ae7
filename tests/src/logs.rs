//! Logs to be read: commands of agents, written at a known time into short segments; and one of a hold that nobody answered.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use kintsugi_core::audit::record::{self, Body, Peer};
use kintsugi_core::proposal::{PeerCredentials, ProposedCommand};
use kintsugi_daemon::store::{Directory, Log, Now, Options};
use serde_json::{Value, json};

/// Records of a segment that is short: good for whatever reads and does not verify.
pub const SHORT: u64 = 16;

/// Commands that are made durable together.
const TOGETHER: u64 = 64;

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
    let (mut log, _) = Log::open(Box::new(storage), options, &mut ()).expect("a log");
    for number in 0..count {
        let now = Now {
            wall: start + Duration::from_secs(60 * number),
            monotonic: Duration::ZERO,
        };
        let staged = log.stage(now, pair(number).into(), &()).expect("room");
        // A disk that others use takes its time for every one.
        if number % TOGETHER == TOGETHER - 1 || number == count - 1 {
            assert!(log.sync().expect("a sync").confirm(staged).is_ok());
        }
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

/// Writes a log into `directory` in which `proposal` is held until a moment that is long over.
///
/// # Panics
/// When there is no room for it, or it is no proposal.
pub fn hold_until_long_ago(directory: &Path, proposal: &Value) {
    std::fs::create_dir_all(directory).expect("a directory");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    let above = directory.parent().expect("a directory");
    std::fs::set_permissions(above, private).expect("a mode");
    let options = Options {
        boot: "before".into(),
        seed: [7; 32],
        program: "kintsugi test".into(),
        host: None,
        segment_records: kintsugi_core::limits::SEGMENT_RECORDS,
    };
    let storage = Directory::open(directory).expect("a directory");
    let (mut log, _) = Log::open(Box::new(storage), options, &mut ()).expect("a log");
    let now = Now {
        wall: "2026-01-01T00:00:00Z".parse().expect("a time"),
        monotonic: Duration::ZERO,
    };
    let command: ProposedCommand = serde_json::from_value(proposal.clone()).expect("a proposal");
    let id = command.id;
    let credentials = PeerCredentials {
        uid: 0,
        gid: 0,
        pid: 1,
    };
    let verdict = json!({
        "class": "catastrophic", "decision": "hold", "tier": 1, "reason": "r", "summary": null, "risk": null,
    });
    let verdict = serde_json::from_value(verdict).expect("a verdict");
    let bodies = vec![
        Body::Proposal {
            command: command.into(),
            peer: Peer::from(credentials),
        },
        Body::Verdict(record::Verdict::new(id, verdict)),
        Body::Hold {
            id,
            until: "2026-01-01T08:00:00Z".to_owned(),
            with: None,
        },
    ];
    let staged = log.stage(now, bodies, &()).expect("room");
    assert!(log.sync().expect("a sync").confirm(staged).is_ok());
}
