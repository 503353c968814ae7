//! Arbitrary words behind programs that are known: the grammars of their options, and what they wrap.
#![no_main]

use std::sync::LazyLock;

use kintsugi_core::classify::Subject;
use kintsugi_core::judge::{Judge, example_surroundings};
use kintsugi_core::place::Surroundings;
use kintsugi_core::shell::Dialect;
use libfuzzer_sys::fuzz_target;

static JUDGE: LazyLock<Judge> = LazyLock::new(|| Judge::builtin().expect("what is built in loads"));

const PROGRAMS: [&str; 64] = [
    "rm", "cp", "mv", "ln", "dd", "tar", "find", "xargs", "sed", "awk", "grep", "sort", "tee", "chmod", "chown", "install",
    "git", "git push", "git reset", "git -c", "git submodule foreach", "gh", "cargo", "npm", "npx", "pip", "uv", "make", "docker", "docker run", "podman", "kubectl",
    "kubectl exec", "helm", "terraform", "aws", "aws s3", "gcloud", "az", "psql", "mysql", "sqlite3", "redis-cli", "mongosh", "ssh", "scp", "rsync", "curl",
    "wget", "nc", "openssl", "systemctl", "crontab", "apt-get", "sudo", "env", "timeout", "nice", "python3", "perl", "node", "sh", "bash", "parallel",
];

/// Options and operands that mean something to many programs.
const WORDS: [&str; 48] = [
    "-r", "-f", "-rf", "-n", "-c", "-e", "-i", "-I", "-I{}", "-o", "-C", "-D", "-P4", "-t", "-u", "-x", "--", "-", "--force", "--delete",
    "--exec", "--exec=rm", "-exec", "{}", ";", "+", "--help", "--version", "--dry-run", "--config=x", "--to-command=sh", "--checkpoint-action=exec=sh", "push", "rm", "exec",
    "run", "/", "~", "..", "x", "a=b", "@f", "host:x", "+main", "https://x/y", "sh", "*", "s/a/b/e",
];

fuzz_target!(|bytes: &[u8]| {
    let Some((first, rest)) = bytes.split_first() else { return };
    let mut text = PROGRAMS[usize::from(*first) % PROGRAMS.len()].to_owned();
    for word in rest.split(|byte| *byte == 0) {
        text.push(' ');
        match word {
            // One byte: a word that is known somewhere. More: these bytes.
            [one] => text.push_str(&quoted(WORDS[usize::from(*one) % WORDS.len()])),
            _ => text.push_str(&quoted(&String::from_utf8_lossy(word))),
        }
    }
    let surroundings: Surroundings = example_surroundings();
    let classification = JUDGE.classify(Subject {
        text: &text,
        dialect: Dialect::Bash,
        cwd: "/home/u/project",
        surroundings: &surroundings,
        facts: None,
        bar: kintsugi_core::classify::Bar::Decision,
    });
    for finding in &classification.findings {
        assert!(finding.span.start <= finding.span.end && finding.span.end as usize <= text.len());
    }
    assert!(!classification.programs.is_empty() || !classification.findings.is_empty(), "silence about {text}");
});

fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}
