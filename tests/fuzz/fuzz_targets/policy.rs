//! Arbitrary policy files: read or refused, and a repository's never loosens anything.
#![no_main]

use std::sync::LazyLock;

use kintsugi_core::classify::Subject;
use kintsugi_core::judge::{Judge, example_surroundings};
use kintsugi_core::policy::{File, Origin};
use kintsugi_core::shell::Dialect;
use libfuzzer_sys::fuzz_target;

static JUDGE: LazyLock<Judge> = LazyLock::new(|| Judge::builtin().expect("what is built in loads"));

/// What policy files are made of.
const PARTS: [&str; 56] = [
    "\n", "mode", "threshold", "packs", "[[rule]]\n", "[[raise]]\n", "[[except]]\n", "[[exception]]\n", "[ceiling]\n", "id = \"a.b\"\n", "class = \"catastrophic\"\n",
    "class = \"ambiguous\"\n", "effect = \"delete\"\n", "effect = [\"delete\", \"write\"]\n", "role = \"path\"\n", "place = [\"project\"]\n", "reason = \"r\"\n", "instead = \"ls\"\n",
    "matches = [\"rm x\"]\n", "ignores = []\n", "misses = []\n", "rule = [\"files.delete-tree\"]\n", "rule = [\"files.*\"]\n", "rule = []\n", "risk = 60\n", "risk = 101\n",
    "mode = \"attended\"\n", "mode = \"unattended\"\n", "mode = \"notify\"\n", "threshold = 10\n", "threshold = 90\n", "threshold = 300\n", "packs = [\"p.toml\"]\n",
    "when = { program = \"rm\" }\n", "when = { value = [\"x\"] }\n", "when = {}\n", "with = [\"recursive\"]\n", "without = [\"forced\"]\n", "fed_by = [\"secret\"]\n", "recoverable = true\n",
    " = ", "\"", "[", "]", "{", "}", "# c\n", "'", "\\", "0", "true", ",", "a", ".", "\"*\"", "=",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let text = if first % 2 == 0 {
        String::from_utf8_lossy(rest).into_owned()
    } else {
        rest.iter().map(|byte| PARTS[usize::from(*byte) % PARTS.len()]).collect()
    };
    drop(File::parse("config.toml", &text, Origin::User));
    drop(File::parse("admin.toml", &text, Origin::Admin));
    let Ok(file) = File::parse(".kintsugi.toml", &text, Origin::Project) else { return };
    let Ok((tighter, _)) = JUDGE.tightened_by(&file) else { return };
    let surroundings = example_surroundings();
    for command in ["rm -rf ~", "git push --force", "ls", "rm -rf build", "qx"] {
        let subject = Subject {
            text: command,
            dialect: Dialect::Bash,
            cwd: "/home/u/project",
            surroundings: &surroundings,
            facts: None,
            bar: kintsugi_core::classify::Bar::Decision,
        };
        let (before, after) = (JUDGE.classify(subject), tighter.classify(subject));
        assert!(after.class >= before.class, "{command}: {text}");
        let (before, after) = (JUDGE.decide(&before, None), tighter.decide(&after, None));
        assert!(after.decision >= before.decision, "{command}: {text}");
    }
});
