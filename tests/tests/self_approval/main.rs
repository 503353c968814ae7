//! An agent that was refused tries to approve itself, each attempt for real, by a process that plays it; and a person in a second
//! terminal is taken at their word in the same run.

mod attempts;
mod kernel;
mod multiplexers;
mod stage;

use kintsugi_tests::machine::program;

use self::attempts::{attempts, services};
use self::stage::Stage;

#[test]
fn no_way_of_an_agent_to_approve_itself_is_taken_and_a_person_is() {
    let mut stage = Stage::new();
    let _services = services(&stage);
    let mut terminal = stage.terminal();
    stage.propose(&mut terminal);
    let attempts = attempts(&stage);
    assert!(attempts.len() >= 20);
    let kintsugi = program("kintsugi");
    stage.plan(
        &attempts,
        &format!("{} approve {}\n", kintsugi.display(), stage.id),
    );
    terminal.send(&format!(
        "python3 {} {}\r",
        stage.path("agent.py"),
        stage.agent.path().display()
    ));
    for (name, ..) in &attempts {
        terminal.expect(&format!("tried {name}."));
        assert!(
            stage.is_pending(),
            "{name}: it was approved\n{}",
            terminal.screen()
        );
    }
    // What it typed ahead for the shell of its terminal (TIOCSTI) is run by that, in the session that proposed.
    terminal.expect("all tried.");
    terminal.expect("no answer of a person");
    assert!(stage.is_pending());

    let answers = stage.answers();
    assert_eq!(answers.len(), attempts.len());
    for (name, answer) in &answers {
        assert_eq!(answer["kind"], "error", "{name}: {answer}");
    }
    let recorded = stage.records("approval_refused");
    assert!(
        recorded.len() > attempts.len(),
        "{} of {}",
        recorded.len(),
        attempts.len()
    );
    let (code, status) = stage.machine.elsewhere(&["status"]);
    assert!(code == 0 && status.contains("tried to approve"), "{status}");
    let (_, pending) = stage.machine.elsewhere(&["pending"]);
    assert!(pending.contains("tried to approve"), "{pending}");

    let (code, printed) = stage.machine.elsewhere(&["approve", &stage.id]);
    assert_eq!(code, 0, "{printed}");
    assert!(!stage.is_pending());
}
