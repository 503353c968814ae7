//! Everything that a model can be asked for and cannot be: one line in `status`, one in the log, and the heuristic goes on.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use kintsugi_core::scorer::settings::{Backend, ModelSettings};
use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::endpoint::{endpoint, ok};
use kintsugi_tests::model::{SEED, Shelf, tiny, with};
use kintsugi_tests::scorer::{beside, model_until, toml_of, write_settings};
use kintsugi_tests::wire::propose;
use serde_json::json;

use crate::{UNCLEAR, records};

/// Starts a daemon with these settings, and expects one line with `words` wherever one looks.
fn is_said(mut daemon: TestDaemon, settings: &ModelSettings, words: &[&str]) {
    write_settings(&daemon, &toml_of(settings));
    daemon.start_again();
    let has = |text: &str| words.iter().any(|words| text.contains(words));
    let model = model_until(&daemon, |model| {
        model["last_error"].as_str().is_some_and(has) && model["restarts"] != 0
    });
    let why = model["last_error"].as_str().unwrap();
    assert!(!why.contains('\n') && why.len() <= 512, "{why}");
    let mut client = daemon.connect();
    let verdict = client.ask(&propose(UNCLEAR));
    assert_eq!(verdict["decision"], "allow", "{words:?}: {verdict}");
    assert_eq!(
        verdict["scored"]["why"], "not_ready",
        "{words:?}: {verdict}"
    );
    let status = client.ask(&json!({"kind": "status"}));
    assert_eq!(status["scorer"], "heuristic");
    let problems = status["problems"].as_array().unwrap().iter();
    let lines = problems.filter(|line| line.as_str().is_some_and(has));
    assert_eq!(lines.count(), 1, "{status}");
    let said = records(&daemon, "child");
    let lines = said
        .iter()
        .filter(|record| record["event"].as_str().is_some_and(has));
    assert_eq!(lines.count(), 1, "it is said once: {said:?}");
}

/// Settings whose backend looks at the file as `llama` does, whatever the worker is built with.
fn of_file(shelf: &Shelf, bytes: &[u8]) -> ModelSettings {
    ModelSettings {
        backend: vec![Backend::LlamaServer],
        server: Some("/bin/false".into()),
        ..shelf.put(bytes)
    }
}

#[test]
fn a_file_that_cannot_be_used_is_one_line() {
    let shelf = Shelf::new();
    let good = tiny(SEED);
    let say = |settings: &ModelSettings, words: &str| {
        is_said(TestDaemon::prepared(), settings, &[words]);
    };
    say(&of_file(&shelf, b"PK\x03\x04 a zip"), "no GGUF");
    say(&of_file(&shelf, &good[..20_000]), "cut off");
    say(
        &of_file(&shelf, &with("mamba", true, SEED)),
        "`mamba` cannot be scored",
    );
    let mut altered = good.clone();
    let last = altered.len() - 1;
    altered[last] ^= 1;
    let expected = shelf.put(&good).sha256;
    let settings = ModelSettings {
        sha256: expected,
        ..of_file(&shelf, &altered)
    };
    say(&settings, "has been altered");
    say(&of_file(&shelf, &good), "`llama-server` ended");
    let settings = of_file(&shelf, &good);
    std::fs::remove_file(settings.path.as_ref().unwrap()).unwrap();
    say(&settings, "No such file");
}

#[test]
fn an_endpoint_that_cannot_be_used_is_one_line() {
    let say = |settings: ModelSettings, words: &[&str]| {
        is_said(TestDaemon::prepared(), &settings, words);
    };
    let redirect =
        b"HTTP/1.1 307 X\r\nlocation: http://127.0.0.1:1/v1\r\ncontent-length: 0\r\n\r\n";
    say(endpoint(|_| redirect.to_vec()), &["it answers 307"]);
    let fails = b"HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n";
    say(endpoint(|_| fails.to_vec()), &["it answers 500"]);
    say(endpoint(|_| ok(&"x".repeat(1 << 20))), &["large"]);
    let hangs = ModelSettings {
        ready_timeout_ms: 1_000,
        ..endpoint(|_| {
            std::thread::sleep(Duration::from_secs(600));
            Vec::new()
        })
    };
    // Whoever is first says so.
    say(hangs, &["timeout", "not ready within 1000 ms"]);
}

/// What a machine without AVX2 would see, on a processor of 2010 that an emulator plays.
#[test]
fn a_processor_without_avx2_is_one_line() {
    let found = |name: &str| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let all: Vec<_> = std::env::split_paths(&path).collect();
        all.into_iter()
            .map(|directory| directory.join(name))
            .find(|program| program.is_file())
    };
    let llama = std::env::var_os("KINTSUGI_LLAMA");
    let (Some(emulator), Some(llama)) = (found("qemu-x86_64"), llama) else {
        eprintln!("SKIPPED: no `qemu-x86_64` (Debian: qemu-user) or no `KINTSUGI_LLAMA`");
        return;
    };
    let shelf = Shelf::new();
    let script = shelf.path().join("kintsugi-scorer");
    let emulated = format!(
        "#!/bin/sh\nexec {} -cpu Westmere {}\n",
        emulator.display(),
        Path::new(&llama).display()
    );
    std::fs::write(&script, emulated).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut daemon = TestDaemon::prepared();
    let _programs = beside(&mut daemon, &script);
    is_said(
        daemon,
        &shelf.put(&tiny(SEED)),
        &["this processor has no AVX2"],
    );
}
