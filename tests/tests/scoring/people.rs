//! What a person sees of a model.

use std::time::{Duration, Instant};

use kintsugi_tests::machine::Machine;

use crate::UNCLEAR;

/// What a person sees of a model, from settings to the card.
#[test]
fn a_person_sees_rules_heuristic_and_model_side_by_side() {
    let machine = Machine::new();
    assert!(kintsugi_tests::daemon::program("kintsugi-scorer").is_file());
    let run = |arguments: &[&str]| {
        let output = machine.run(arguments);
        let said = String::from_utf8(output.stdout).unwrap();
        (output.status.code().unwrap_or(-1), said)
    };
    assert!(machine.run(&["daemon", "start"]).status.success());
    let (code, said) = run(&["model", "status"]);
    assert!(
        code == 0 && said.contains("heuristic; no model is asked for"),
        "{said}"
    );
    let (code, said) = run(&["check", "--score", "--", UNCLEAR]);
    assert!(code == 0 && said.contains("none is in force"), "{said}");

    let config = machine.home().join(".config/kintsugi");
    std::fs::create_dir_all(&config).unwrap();
    let settings =
        "backend = \"mock\"\nmock = [\"--now => risk 80\", \"risk 7\"]\ndeadline_ms = 5000\n";
    std::fs::write(config.join("model.toml"), settings).unwrap();
    assert!(machine.run(&["daemon", "restart"]).status.success());
    let started = Instant::now();
    while run(&["model", "status"]).0 != 0 {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "{:?}",
            run(&["model", "status"])
        );
    }
    let (_, said) = run(&["model", "status"]);
    assert!(
        said.contains("mock:script") && said.contains("5000 ms"),
        "{said}"
    );
    let (code, said) = run(&["check", "--score", "--", UNCLEAR]);
    assert_eq!(code, 4, "{said}");
    for line in [
        "rules      ambiguous: runs a program that is not known",
        "heuristic  25 of 100: allow",
        "model      80 of 100 by mock:script",
        "together   hold (ambiguous, risk 80 of 100)",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let (code, said) = run(&["check", "--score", "--", "git push --force"]);
    assert!(
        code == 4 && said.contains("since it could change nothing"),
        "{said}"
    );
    let output = machine.run(&["run", "--", "frobnicate", "--now"]);
    assert_eq!(output.status.code(), Some(4));
    let (_, said) = run(&["pending", "all"]);
    assert!(
        said.contains("25 of 100 by the heuristic, 80 by mock:script"),
        "{said}"
    );
    let (_, said) = run(&["doctor", "--no-probe"]);
    assert!(said.contains("mock:script scores"), "{said}");
}
