//! `kintsugi log prove`, `check-proof`, `stats` and `export`, on the log of a daemon that runs.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::Output;

use kintsugi_core::audit::segment_first;
use kintsugi_tests::logs;
use kintsugi_tests::machine::{Machine, fed, printed};
use serde_json::{Value, json as members};

/// Returns a machine on which two commands were decided, and a stop has signed a checkpoint over both.
fn used() -> Machine {
    let machine = Machine::new();
    assert_eq!(
        printed(&machine.run(&["run", "--", "echo", "a,b"])),
        "a,b\n"
    );
    let held = machine.run(&["run", "--", "git", "push", "--force"]);
    assert_eq!(held.status.code(), Some(4), "{held:?}");
    drop(printed(&machine.run(&["daemon", "stop"])));
    machine
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn a_proof_convinces_whoever_has_the_key_and_nobody_after_a_change() {
    let machine = used();
    let home = machine.home();
    let lines = printed(&machine.run(&["log", "export", "--format", "jsonl"]));
    let verdict = lines
        .lines()
        .find(|line| json(line)["kind"] == "verdict")
        .expect("a verdict");
    let seq = json(verdict)["seq"].to_string();
    let proof = printed(&machine.run(&["log", "prove", &seq]));
    assert!(
        proof.starts_with(&format!("c2sp.org/tlog-proof@v1\nindex {seq}\n")),
        "{proof}"
    );
    let record = printed(&machine.run(&["log", "show", &seq, "--json"]));
    std::fs::write(home.join("proof"), &proof).expect("room");
    std::fs::write(home.join("record"), &record).expect("room");
    let stats = json(&printed(&machine.run(&["log", "stats", "--json"])));
    let key = stats["key"].as_str().expect("a key").to_owned();

    // Elsewhere there is no log: only the three.
    let elsewhere = Machine::new();
    let paths = ["proof", "record"].map(|name| home.join(name).display().to_string());
    let check =
        |key: &str| elsewhere.run(&["log", "check-proof", &paths[0], &paths[1], "--key", key]);
    let said = printed(&check(&key));
    assert!(
        said.starts_with(&format!("good: record {seq} is in the log")),
        "{said}"
    );
    let own = machine.run(&["log", "check-proof", &paths[0], &paths[1]]);
    assert!(printed(&own).starts_with("good"));

    let other = key.replacen("kintsugi/", "kintsugi/x", 1);
    assert_eq!(check(&other).status.code(), Some(2), "not a key");
    std::fs::write(
        home.join("record"),
        record
            .replacen("claude", "claudf", 1)
            .replacen("\"d\":", "\"d\":1", 1),
    )
    .expect("room");
    let refused = check(&key);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let missing = machine.run(&["log", "prove", "4711"]);
    assert_eq!(missing.status.code(), Some(1), "{missing:?}");
    let complaint = String::from_utf8_lossy(&missing.stderr);
    assert!(
        complaint.contains("no signed checkpoint covers record 4711"),
        "{complaint}"
    );
}

#[test]
fn the_statistics_count_what_was_decided() {
    let machine = used();
    let stats = json(&printed(&machine.run(&["log", "stats", "--json"])));
    assert_eq!(stats["decisions"]["allow"], 1, "{stats}");
    assert_eq!(stats["decisions"]["hold"], 1);
    assert_eq!(stats["kinds"]["proposal"], 2);
    let lines = printed(&machine.run(&["log", "export", "--format", "jsonl"]));
    assert_eq!(stats["records"], lines.lines().count());
    assert_eq!(stats["bytes"], lines.len());
    let shown = printed(&machine.run(&["log", "stats"]));
    assert!(
        shown.contains("\ndecisions\n        1  allow\n        1  hold\n"),
        "{shown}"
    );
}

#[test]
fn what_is_exported_is_the_log_and_nothing_that_was_not_asked_for() {
    let machine = used();
    let export = |format: &str, more: &[&str]| {
        let arguments = [&["log", "export", "--format", format], more].concat();
        printed(&machine.run(&arguments))
    };
    let stored = std::fs::read_to_string(machine.log().join("seg-000000000000.ndjson"));
    assert_eq!(export("jsonl", &[]), stored.expect("a segment"));

    let table = export("csv", &[]);
    let allowed = table
        .lines()
        .find(|line| line.contains(",allow,"))
        .expect("one");
    assert!(allowed.contains(",\"echo a,b\","), "{allowed}");
    assert!(table.starts_with("seq,ts,kind,id,decision,"), "{table}");

    let events: Vec<Value> = export("ocsf", &[]).lines().map(json).collect();
    let told: Vec<_> = events
        .iter()
        .map(|event| {
            (
                event["process"]["cmd_line"].as_str(),
                event["disposition"].as_str(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (Some("echo a,b"), Some("Allowed")),
            (Some("git push --force"), Some("Held")),
        ]
    );
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("check_ocsf.py");
    let mut check = machine.command("python3");
    let modules = std::env::var_os("PYTHONPATH").unwrap_or_default();
    check.arg(script).env("PYTHONPATH", modules);
    let checked = fed(check, export("ocsf", &[]).as_bytes());
    match checked.status.code() {
        Some(77) => println!("SKIPPED, the schema was not asked: {checked:?}"),
        code => assert_eq!(code, Some(0), "{checked:?}"),
    }
    assert_eq!(export("jsonl", &["--until", "2020-01-01"]), "");
    let wrong = machine.run(&["log", "export", "--format", "xml"]);
    assert_eq!(wrong.status.code(), Some(2), "{wrong:?}");
}

/// Fills the log of a machine with `count` commands of an agent, in segments of sixteen records; a minute each.
fn filled(machine: &Machine, count: u64) {
    let start = "2026-01-02T00:00:00Z".parse().expect("a time");
    logs::fill(&machine.log(), (count, logs::SHORT), start);
}

/// Returns the commands that `kintsugi log` shows with these arguments.
fn listed(machine: &Machine, arguments: &[&str]) -> Vec<String> {
    let arguments = [&["log", "--json"], arguments].concat();
    let text = printed(&machine.run(&arguments));
    let commands = text.lines().map(|line| {
        let command = json(line)["command"].as_str().map(str::to_owned);
        command.expect("a command")
    });
    commands.collect()
}

fn echoes(numbers: impl IntoIterator<Item = u64>) -> Vec<String> {
    let numbers = numbers.into_iter();
    numbers.map(|number| format!("echo \"{number}\"")).collect()
}

#[test]
fn what_is_wanted_is_found_in_whichever_segment_it_is() {
    let machine = Machine::new();
    filled(&machine, 60);
    let all = listed(&machine, &[]);
    assert_eq!(all, echoes(0..60));
    assert_eq!(listed(&machine, &["-n", "25"]), echoes(35..60));
    assert_eq!(listed(&machine, &["-n", "0"]), Vec::<String>::new());
    let codex = (0..60).filter(|number| number % 10 == 3);
    assert_eq!(listed(&machine, &["--agent", "codex"]), echoes(codex));
    assert_eq!(
        listed(&machine, &["--agent", "codex", "-n", "2"]),
        echoes([43, 53])
    );
    assert_eq!(listed(&machine, &["--grep", "\"37\""]), echoes([37]));
    let since = [
        "--since",
        "2026-01-02T00:30:00Z",
        "--until",
        "2026-01-02T00:41:00Z",
    ];
    assert_eq!(listed(&machine, &since), echoes(30..=41));
    assert_eq!(
        listed(&machine, &["--class", "safe", "--decision", "deny"]),
        Vec::<String>::new()
    );
}

/// Spoils every record but the first of each segment for which `spoils` says so: whoever reads one of them fails.
fn spoiled(machine: &Machine, spoils: impl Fn(u64) -> bool) {
    for entry in std::fs::read_dir(machine.log()).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_string_lossy();
        if segment_first(&name).is_some_and(&spoils) {
            let text = std::fs::read_to_string(&path).expect("a segment");
            let (first, rest) = text.split_once('\n').expect("a line");
            let rest: String = rest.lines().map(|_| "spoiled\n").collect();
            std::fs::write(&path, format!("{first}\n{rest}")).expect("room");
        }
    }
}

#[test]
fn segments_that_cannot_match_are_not_read() {
    let machine = Machine::new();
    filled(&machine, 60);
    let cases: [(&[&str], Vec<u64>); 3] = [
        (&["--since", "2026-01-02T00:50:00Z"], (50..60).collect()),
        (&["--grep", "\"57\""], vec![57]),
        (&["-n", "3"], vec![57, 58, 59]),
    ];
    spoiled(&machine, |first| first < 6 * logs::SHORT);
    for (arguments, expected) in &cases {
        assert_eq!(
            listed(&machine, arguments),
            echoes(expected.iter().copied())
        );
    }
    let until = ["--until", "2026-01-02T00:01:00Z"];
    assert_eq!(
        machine.run(&[&["log"], &until[..]].concat()).status.code(),
        Some(6),
        "it is spoiled"
    );
    let early = Machine::new();
    filled(&early, 60);
    // The last one is still being written: it is always read.
    spoiled(&early, |first| {
        (2 * logs::SHORT..8 * logs::SHORT).contains(&first)
    });
    assert_eq!(listed(&early, &until), echoes(0..=1));
}

#[test]
fn following_shows_what_comes_behind_a_segment_and_a_redaction() {
    let machine = Machine::new();
    filled(&machine, 3);
    let mut child = machine
        .kintsugi(&["log", "--follow", "--json", "-n", "1"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let mut next = || {
        let line = lines.next().expect("a line").expect("text");
        json(&line)["command"].clone()
    };
    assert_eq!(next(), "echo \"2\"");
    assert_eq!(
        printed(&machine.run(&["run", "--", "echo", "here"])),
        "here\n"
    );
    while next() != "echo here" {}
    child.kill().expect("it runs");
    child.wait().expect("it ends");
}

#[test]
fn a_record_is_explained_as_it_was_decided() {
    let machine = used();
    let lines = printed(&machine.run(&["log", "export", "--format", "jsonl"]));
    let held = lines
        .lines()
        .map(json)
        .find(|line| line["kind"] == "verdict" && line["decision"] == "hold")
        .expect("a held one");
    let shown = printed(&machine.run(&["log", "show", &held["seq"].to_string()]));
    for part in [
        "held for a person (catastrophic",
        "git push --force",
        "[git.rewrite-remote]",
        "instead",
        "judge    kintsugi-daemon",
        "policy   ",
        "held until ",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let open = printed(&machine.run(&["log", "show", "0"]));
    assert!(open.contains("\"kind\": \"open\""), "{open}");
}

#[test]
fn a_log_of_a_newer_version_is_named_in_one_line_and_left_alone() {
    let machine = Machine::new();
    filled(&machine, 2);
    let segment = machine.log().join("seg-000000000000.ndjson");
    let text = std::fs::read_to_string(&segment).expect("a segment");
    std::fs::write(&segment, text.replace("{\"v\":1,", "{\"v\":2,")).expect("room");
    for (arguments, code) in [
        (&["log"] as &[&str], 6),
        (&["log", "-n", "1"], 6),
        (&["log", "verify"], 3),
        (&["log", "stats"], 6),
    ] {
        let output = machine.run(arguments);
        assert_eq!(output.status.code(), Some(code), "{output:?}");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(said.contains("format 2"), "{said}");
        assert_eq!(said.lines().count(), 2, "an error and a hint: {said}");
    }
    // The daemon does not write there either.
    let output = machine.run(&["daemon", "start"]);
    assert_eq!(output.status.code(), Some(5), "{output:?}");
    let after = std::fs::read_to_string(&segment).expect("a segment");
    assert!(after.starts_with("{\"v\":2,"));
}

/// Copies a directory of files.
fn copied(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("files") {
        let entry = entry.expect("a file");
        std::fs::copy(entry.path(), to.join(entry.file_name())).expect("room");
    }
}

#[test]
fn a_log_that_was_rolled_back_whole_is_found_out_by_what_was_seen_of_it() {
    let machine = used();
    let backup = machine.home().join("backup");
    copied(&machine.log(), &backup);
    drop(printed(&machine.run(&["run", "--", "echo", "later"])));
    drop(printed(&machine.run(&["daemon", "stop"])));
    let note = printed(&machine.run(&["log", "anchor"]));
    let line = printed(&machine.run(&["log", "anchor", "--line"]));
    std::fs::write(machine.home().join("note"), &note).expect("room");
    std::fs::write(
        machine.home().join("journal"),
        format!("Jan 1 kintsugi: {line}"),
    )
    .expect("room");
    let good = printed(&machine.run(&["log", "verify"]));
    assert!(
        good.contains("not checked: there is nothing"),
        "nothing was seen before: {good}"
    );
    let good = printed(&machine.run(&["log", "verify"]));
    assert!(good.contains("1 note from elsewhere agrees"), "{good}");

    // Everything, head and checkpoints, as it was.
    std::fs::remove_dir_all(machine.log()).expect("it is there");
    copied(&backup, &machine.log());
    let said = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let refused = machine.run(&["log", "verify"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert!(said(&refused).contains("are missing"), "{refused:?}");
    assert!(said(&refused).contains("seen-checkpoint"), "{refused:?}");
    let status = machine.run(&["daemon", "start"]);
    assert_eq!(status.status.code(), Some(0), "{status:?}");
    let status = machine.run(&["status"]);
    assert_eq!(status.status.code(), Some(6), "{status:?}");
    assert!(said(&status).contains("were taken away"), "{status:?}");
    drop(printed(&machine.run(&["daemon", "stop"])));

    // The memory of it gone as well, the note on another machine still tells; so does a line of a journal.
    std::fs::remove_dir_all(machine.home().join(".local/state")).expect("it is there");
    std::fs::remove_dir_all(machine.log()).expect("it is there");
    copied(&backup, &machine.log());
    let alone = machine.run(&["log", "verify"]);
    assert_eq!(
        alone.status.code(),
        Some(0),
        "nothing inside can tell: {alone:?}"
    );
    for kept in ["note", "journal"] {
        let kept = machine.home().join(kept).display().to_string();
        let against = machine.run(&["log", "verify", "--against", &kept]);
        assert_eq!(against.status.code(), Some(1), "{against:?}");
    }
    let nothing = machine.run(&["log", "verify", "--against", "/dev/null"]);
    assert_eq!(nothing.status.code(), Some(5), "{nothing:?}");
}

#[test]
fn a_log_is_shown_to_have_only_grown_since_a_checkpoint() {
    let machine = used();
    let home = machine.home();
    let path = |name: &str| home.join(name).display().to_string();
    std::fs::write(home.join("old"), printed(&machine.run(&["log", "anchor"]))).expect("room");
    drop(printed(&machine.run(&["run", "--", "echo", "later"])));
    drop(printed(&machine.run(&["daemon", "stop"])));
    let proof = printed(&machine.run(&["log", "prove", "--since", &path("old")]));
    std::fs::write(home.join("proof"), &proof).expect("room");
    let check = [
        "log",
        "check-proof",
        &path("proof"),
        "--since",
        &path("old"),
    ];
    let said = printed(&machine.run(&check));
    assert!(said.contains("has only grown, from "), "{said}");
    let broken = proof.replacen("old ", "old 1", 1);
    std::fs::write(home.join("proof"), broken).expect("room");
    assert_eq!(machine.run(&check).status.code(), Some(1));
}

#[test]
fn what_is_redacted_or_pruned_is_gone_and_the_log_says_who_asked() {
    let machine = Machine::new();
    filled(&machine, 60);
    let elsewhere = |arguments: &[&str]| machine.elsewhere(arguments);
    let (code, said) = elsewhere(&["log", "redact", "5", "6", "--reason", "a password"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("redacted 5, 6"), "{said}");
    let stored = std::fs::read_to_string(machine.log().join("seg-000000000000.ndjson"));
    let stored = stored.expect("a segment");
    assert!(!stored.contains("echo \\\"2\\\""), "{stored}");
    assert!(stored.contains("echo \\\"1\\\""), "{stored}");
    let (code, said) = elsewhere(&["log", "redact", "4711", "--reason", "x"]);
    assert_ne!(code, 0, "{said}");
    assert!(said.contains("there is no record 4711"), "{said}");
    let lines = printed(&machine.run(&["log", "export", "--format", "jsonl"]));
    let told = lines
        .lines()
        .map(json)
        .find(|line| line["kind"] == "redact");
    let told = told.expect("a record of it");
    assert_eq!(told["seqs"], members!([5, 6]));
    assert_eq!(told["reason"], "a password");
    assert_eq!(told["peer"]["uid"], rustix::process::geteuid().as_raw());

    // The daemon's own segments are longer: what is before its own is whole.
    let (code, said) = elsewhere(&["log", "prune", "--before", "20", "--reason", "old"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("begins with record 16"), "{said}");
    assert!(!machine.log().join("seg-000000000000.ndjson").exists());
    let (code, said) = elsewhere(&["log", "prune", "--before", "20", "--reason", "old"]);
    assert_ne!(code, 0, "{said}");
    assert!(said.contains("no whole segment"), "{said}");
}

#[test]
fn the_independent_verifier_agrees_on_the_log_of_a_daemon_that_was_used_and_killed() {
    let machine = Machine::new();
    let started = printed(&machine.run(&["daemon", "start"]));
    let key = started.rsplit(' ').next().expect("a key").trim().to_owned();
    assert!(
        started.contains("the log is new; note its key elsewhere"),
        "{started}"
    );
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("verify_log.py");
    let independent = || {
        let mut check = machine.command("python3");
        let modules = std::env::var_os("PYTHONPATH").unwrap_or_default();
        check
            .arg(&script)
            .arg(machine.log())
            .env("PYTHONPATH", modules);
        let output = check.output().expect("python3");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    let agreed = |word: &str| {
        let report = json(&String::from_utf8_lossy(
            &machine.run(&["log", "verify", "--json"]).stdout,
        ));
        let ours = match report["outcome"].as_str() {
            Some("good") => format!("good {}", report["records"]),
            Some("altered") => format!("tampered {}", report["seq"]),
            other => panic!("{other:?}: {report}"),
        };
        assert_eq!(ours, independent());
        assert!(ours.starts_with(word), "{ours}");
    };
    for command in [
        "echo one",
        "git push --force",
        "mysql -phunter2 -e 'drop database x'",
    ] {
        drop(machine.agent_asks(command, &machine.home()));
    }
    agreed("good");
    let (_, pid) = started.split_once("(process ").expect("its number");
    let (pid, _) = pid.split_once(')').expect("its number");
    let pid = pid.parse().expect("a number");
    let pid = rustix::process::Pid::from_raw(pid).expect("a process");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it runs");
    assert_eq!(
        printed(&machine.run(&["run", "--", "echo", "two"])),
        "two\n"
    );
    agreed("good");
    let allowed = listed(&machine, &["--grep", "echo two"]);
    assert_eq!(allowed, ["echo two"]);
    drop(printed(&machine.run(&["daemon", "stop"])));
    agreed("good");
    let stats = json(&printed(&machine.run(&["log", "stats", "--json"])));
    assert_eq!(stats["key"], key.as_str());
    let segment = machine.log().join("seg-000000000000.ndjson");
    let mut bytes = std::fs::read(&segment).expect("a segment");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&segment, bytes).expect("room");
    agreed("tampered");
}

#[test]
fn a_hold_that_waits_is_not_redacted() {
    let machine = Machine::new();
    let (decision, reason) = machine.agent_asks("git push --force", &machine.home());
    assert_eq!(decision, "deny", "{reason}");
    let lines = printed(&machine.run(&["log", "export", "--format", "jsonl"]));
    let verdict = lines
        .lines()
        .map(json)
        .find(|line| line["decision"] == "hold");
    let seq = verdict.expect("a hold")["seq"].to_string();
    let (code, said) = machine.elsewhere(&["log", "redact", &seq, "--reason", "x"]);
    assert_ne!(code, 0, "{said}");
    assert!(said.contains("answer that first"), "{said}");
}
