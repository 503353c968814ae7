//! Commands of a real agent that interrupt: each is on a list, with the reason why a careful person would want to see it.
//!
//! The commands are no part of the project. With `KINTSUGI_AGENT_COMMANDS=FILE`, a file with a JSON object a line whose `cmd` is
//! the command, all of them are judged; without it, the commands of the same shapes that stand in the list.

use std::collections::BTreeMap;

use kintsugi_core::decide::Decision;
use kintsugi_core::judge::{EXAMPLE_DIRECTORY, Judge, example_surroundings};
use kintsugi_core::shell::Dialect;
use serde::Deserialize;

/// Characters of a hash that are compared.
const HASH_CHARACTERS: usize = 32;

/// Of a hundred distinct commands, how many may interrupt.
const PER_CENT_MAX: usize = 2;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    interrupt: Vec<Interrupt>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Interrupt {
    blake3: Vec<String>,
    rule: String,
    reason: String,
    like: Vec<String>,
}

#[derive(Deserialize)]
struct Line {
    cmd: String,
}

/// The rules that `command` meets, when it is held.
fn held_by(judge: &Judge, command: &str) -> Option<Vec<String>> {
    let surroundings = example_surroundings();
    let classification = judge.classify(kintsugi_core::classify::Subject {
        text: command,
        dialect: Dialect::Bash,
        cwd: EXAMPLE_DIRECTORY,
        surroundings: &surroundings,
        facts: None,
        bar: kintsugi_core::classify::Bar::Decision,
    });
    let decision = judge.decide(&classification, None).decision;
    let rules = classification.findings.into_iter().map(|it| it.rule);
    (decision != Decision::Allow).then(|| rules.collect())
}

#[test]
fn what_interrupts_of_an_agents_commands_is_on_the_list_with_its_reason() {
    let text = include_str!("../corpus/interrupts.toml");
    let list: List = toml::from_str(text).expect("a list");
    let judge = Judge::builtin().expect("what is built in loads");
    for interrupt in &list.interrupt {
        assert!(!interrupt.reason.is_empty() && !interrupt.like.is_empty());
        for command in &interrupt.like {
            let rules = held_by(&judge, command).unwrap_or_default();
            assert!(rules.contains(&interrupt.rule), "{command}: {rules:?}");
        }
    }
    let Some(path) = std::env::var_os("KINTSUGI_AGENT_COMMANDS") else {
        println!("only commands of the same shapes: KINTSUGI_AGENT_COMMANDS names no file");
        return;
    };
    let reasons: BTreeMap<&str, &Interrupt> = list
        .interrupt
        .iter()
        .flat_map(|it| it.blake3.iter().map(move |hash| (hash.as_str(), it)))
        .collect();
    let text = std::fs::read_to_string(path).expect("the commands");
    let commands: Vec<Line> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a command"))
        .collect();
    let mut count = 0;
    for Line { cmd } in &commands {
        let Some(rules) = held_by(&judge, cmd) else {
            continue;
        };
        count += 1;
        let hash = blake3::hash(cmd.as_bytes()).to_hex();
        let known = reasons.get(&hash[..HASH_CHARACTERS]);
        let known =
            known.unwrap_or_else(|| panic!("no reason why this interrupts: {cmd}: {rules:?}"));
        assert!(rules.contains(&known.rule), "{cmd}: {rules:?}");
    }
    println!("{count} of {} interrupt", commands.len());
    assert!(count * 100 <= commands.len() * PER_CENT_MAX, "{count}");
}
