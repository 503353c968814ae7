//! Text in a dialect, through the whole judgement.
#![no_main]

use std::sync::LazyLock;

use kintsugi_core::classify::Subject;
use kintsugi_core::judge::Judge;
use kintsugi_core::place::Surroundings;
use kintsugi_core::shell::Dialect;
use libfuzzer_sys::fuzz_target;

static JUDGE: LazyLock<Judge> = LazyLock::new(|| Judge::builtin().expect("what is built in loads"));

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let dialect = match first % 6 {
        0 => Dialect::Bash,
        1 => Dialect::Zsh,
        2 => Dialect::Posix,
        3 => Dialect::Fish,
        4 => Dialect::Nu,
        _ => Dialect::PowerShell,
    };
    let text = String::from_utf8_lossy(rest);
    let surroundings = Surroundings::default();
    let classification = JUDGE.classify(Subject {
        text: &text,
        dialect,
        cwd: "/home/u/project",
        surroundings: &surroundings,
        facts: None,
        bar: kintsugi_core::classify::Bar::Decision,
    });
    for finding in &classification.findings {
        assert!(finding.span.start <= finding.span.end && finding.span.end as usize <= text.len());
    }
});
