use super::*;

const NOBODY: &dyn Fn(u32, u64) -> bool = &|_, _| false;

fn command(id: u128, agent: &str, cwd: &str, raw: &str) -> Command {
    let json = serde_json::json!({
        "id": Uuid::from_u128(id), "agent": agent, "client_ts": "", "cwd": cwd, "raw": raw,
    });
    serde_json::from_value(json).unwrap()
}

fn peer() -> Peer {
    let json = serde_json::json!({
        "uid": 1, "gid": 1, "pid": 2, "session_leader": 7, "session_start": 70,
    });
    serde_json::from_value(json).unwrap()
}

fn verdict(id: u128, class: &str, effects: &serde_json::Value) -> record::Verdict {
    let json = serde_json::json!({
        "id": Uuid::from_u128(id), "class": class, "decision": "allow", "tier": 1, "reason": "",
        "effects": effects,
    });
    serde_json::from_value(json).unwrap()
}

fn effect(action: &str, target: &str) -> serde_json::Value {
    serde_json::json!({
        "action": action, "role": "path", "target": {"text": target}, "program": "x",
        "span": {"start": 0, "end": 1},
    })
}

fn changed(path: &str, project: Option<&str>) -> Changed {
    Changed {
        paths: vec![path.into()],
        projects: project.into_iter().map(PathBuf::from).collect(),
    }
}

/// A shell's command, allowed at 1000 in `/p/a`.
fn allowed(raw: &str, class: &str, effects: &[serde_json::Value]) -> Deeds {
    let mut deeds = Deeds::default();
    deeds.propose(&command(1, "shell", "/p/a", raw), &peer());
    deeds.decide(1_000, &verdict(1, class, &serde_json::json!(effects)));
    deeds
}

fn explains(deeds: &Deeds, path: &str) -> bool {
    deeds
        .explain(&changed(path, None), (2_000, 3_000), NOBODY)
        .is_some()
}

#[test]
fn what_only_reads_explains_nothing() {
    assert!(!explains(&allowed("ls", "safe", &[]), "/p/a"));
    assert!(!explains(
        &allowed("cat x", "safe", &[effect("read", "/p/a/x")]),
        "/p/a"
    ));
    let sends = allowed("claude", "ambiguous", &[effect("send", "x")]);
    assert!(!explains(&sends, "/p/a"));
}

#[test]
fn what_names_its_targets_explains_those_alone() {
    let deeds = allowed("rm -rf b", "ambiguous", &[effect("delete", "/p/a/b")]);
    assert!(explains(&deeds, "/p/a/b") && explains(&deeds, "/p/a/b/c"));
    assert!(explains(&deeds, "/p/a"), "the directory that it was in");
    assert!(!explains(&deeds, "/p/a/c") && !explains(&deeds, "/p"));
    let deeds = allowed("rm *.o", "ambiguous", &[effect("delete", "/p/a/*.o")]);
    assert!(explains(&deeds, "/p/a") && !explains(&deeds, "/p/b"));
}

#[test]
fn what_runs_something_explains_its_directory_and_its_project() {
    let deeds = allowed("make clean", "safe", &[effect("execute", "/p/a/Makefile")]);
    assert!(explains(&deeds, "/p/a/build/x"));
    assert!(!explains(&deeds, "/p/other"));
    let sibling = changed("/p/other", Some("/p"));
    assert!(deeds.explain(&sibling, (2_000, 3_000), NOBODY).is_some());
    let told = allowed(
        "make -C /p/b",
        "safe",
        &[effect("execute", "/p/b/Makefile")],
    );
    assert!(explains(&told, "/p/b/x"));
    let mut own = effect("execute", "/p/tool");
    own["program"] = "/p/tool".into();
    let run = allowed("/p/tool", "ambiguous", &[own]);
    assert!(explains(&run, "/p/a") && !explains(&run, "/p/b"));
    assert!(explains(&allowed("frobnicate", "ambiguous", &[]), "/p/a/x"));
    assert!(explains(
        &allowed("git checkout side", "safe", &[]),
        "/p/a/x"
    ));
    assert!(!explains(&allowed("git status", "safe", &[]), "/p/a/x"));
}

#[test]
fn a_command_explains_what_happens_while_it_runs_and_a_little_later() {
    let run = effect("execute", "/p/a/Makefile");
    let mut deeds = allowed("make", "safe", &[run]);
    let at = |deeds: &Deeds, from: u64, runs: &dyn Fn(u32, u64) -> bool| {
        let there = changed("/p/a", None);
        deeds.explain(&there, (from, from + 1), runs).is_some()
    };
    assert!(!at(&deeds, 10, NOBODY), "it was before");
    assert!(at(&deeds, 1_000 + OPEN_MS, NOBODY));
    assert!(!at(&deeds, 1_001 + OPEN_MS, NOBODY));
    assert!(at(&deeds, 1_001 + OPEN_MS, &|pid, start| (pid, start)
        == (7, 70)));
    deeds.end(5_000, Uuid::from_u128(1));
    assert!(at(&deeds, 5_000 + AFTER_MS, NOBODY));
    assert!(!at(&deeds, 5_001 + AFTER_MS, &|_, _| true));
}

#[test]
fn whoever_has_an_agent_below_explains_nothing_that_goes_on() {
    let run = effect("execute", "/p/a/package.json");
    let mut deeds = allowed("npx some-agent", "safe", &[run]);
    assert!(explains(&deeds, "/p/a"));
    deeds.propose(&command(2, "some-agent", "/p/a", "ls"), &peer());
    deeds.decide(1_500, &verdict(2, "safe", &serde_json::json!([])));
    assert!(!explains(&deeds, "/p/a"));
}

#[test]
fn few_are_kept_and_what_still_runs_the_longest() {
    let mut deeds = allowed("make", "safe", &[effect("execute", "/p/a/Makefile")]);
    for id in 2..2_000 {
        deeds.propose(&command(id, "x", "/p/b", "y"), &peer());
        let run = serde_json::json!([effect("execute", "/p/b/Makefile")]);
        deeds.decide(1_500, &verdict(id, "safe", &run));
        deeds.end(1_600, Uuid::from_u128(id));
    }
    assert_eq!(deeds.done.len(), DEEDS_MAX);
    assert!(explains(&deeds, "/p/a") && explains(&deeds, "/p/b"));
}

#[test]
fn what_may_still_explain_something_goes_into_the_next_segment() {
    let mut deeds = allowed("make", "safe", &[effect("execute", "/p/a/Makefile")]);
    for id in 2..400 {
        let at = u64::try_from(id).unwrap() * 1_000;
        let raw = "y".repeat(100);
        deeds.propose(&command(id, "x", "/p/b", &raw), &peer());
        let target = format!("/p/b/{}", "z".repeat(300));
        let run = serde_json::json!([effect("delete", &target)]);
        deeds.decide(at, &verdict(id, "safe", &run));
        deeds.end(at + 1, Uuid::from_u128(id));
    }
    let over = deeds.done.len();
    let pieces = deeds.pieces();
    assert!(pieces.len() > 1);
    let mut again = Deeds::default();
    for piece in pieces {
        let json = serde_json::to_string(&piece).unwrap();
        assert!(json.len() < kintsugi_core::limits::RECORD_BYTES_MAX - 1_024);
        // A piece that is read twice counts once.
        again.restore(serde_json::from_str(&json).unwrap());
        again.restore(serde_json::from_str(&json).unwrap());
    }
    assert_eq!(again.done.len(), over);
    assert!(explains(&again, "/p/a"), "the shell still runs it");
    let last = |deeds: &Deeds| deeds.done.back().map(|deed| deed.id);
    assert_eq!(last(&again), last(&deeds));
    // What ended long before the last is of no use any more.
    deeds.propose(&command(5_000, "x", "/p/b", "y"), &peer());
    let run = serde_json::json!([effect("delete", "/p/b/c")]);
    deeds.decide(10_000_000, &verdict(5_000, "safe", &run));
    assert_eq!(deeds.pieces().concat().len(), 2);
}
