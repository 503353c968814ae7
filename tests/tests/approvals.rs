//! What an approval is good for: what was seen, once, and nothing that took its place.

use std::path::Path;

use kintsugi_tests::machine::Machine;

/// Proposes as an agent, expects to be held, and returns the id.
fn held(machine: &Machine, command: &str, cwd: &Path) -> String {
    let (decision, reason) = machine.agent_asks(command, cwd);
    assert_eq!(decision, "deny", "{reason}");
    id_in(&reason)
}

fn id_in(reason: &str) -> String {
    let (_, rest) = reason
        .rsplit_once("kintsugi approve ")
        .unwrap_or_else(|| panic!("it is not held: {reason}"));
    rest.chars().take_while(char::is_ascii_hexdigit).collect()
}

fn approve(machine: &Machine, arguments: &[&str]) -> String {
    let (code, printed) = machine.elsewhere(&[&["approve"], arguments].concat());
    assert_eq!(code, 0, "{printed}");
    printed
}

fn git(machine: &Machine, directory: &Path, arguments: &[&str]) {
    let done = machine
        .command("git")
        .current_dir(directory)
        .args(arguments)
        .output()
        .expect("git starts");
    assert!(done.status.success(), "{done:?}");
}

#[test]
fn another_directory_in_the_place_of_the_one_that_was_seen_voids_the_approval() {
    let machine = Machine::new();
    let thesis = machine.home().join("thesis");
    std::fs::create_dir(&thesis).expect("a directory");
    std::fs::write(thesis.join("text"), "x").expect("a file");
    let command = format!("rm -rf {}", thesis.display());

    let id = held(&machine, &command, &machine.home());
    approve(&machine, &[&id]);
    std::fs::rename(&thesis, machine.home().join("other")).expect("room");
    std::fs::create_dir(&thesis).expect("a directory");
    std::fs::write(thesis.join("text"), "x").expect("a file");
    let (decision, reason) = machine.agent_asks(&command, &machine.home());
    assert_eq!(decision, "deny");
    assert!(
        reason.contains("another file than the one that was seen"),
        "{reason}"
    );

    // What is there now is held for itself.
    let id = held(&machine, &command, &machine.home());
    approve(&machine, &[&id]);
    assert_eq!(machine.agent_asks(&command, &machine.home()).0, "allow");
}

#[test]
fn another_commit_at_the_head_of_the_branch_voids_the_approval() {
    let machine = Machine::new();
    let repository = machine.diverged();
    let id = held(&machine, "git push --force", &repository.work);
    approve(&machine, &[&id]);
    git(
        &machine,
        &repository.work,
        &["commit", "-q", "--allow-empty", "-m", "more"],
    );
    let (decision, reason) = machine.agent_asks("git push --force", &repository.work);
    assert_eq!(decision, "deny");
    assert!(reason.contains("another commit is checked out"), "{reason}");
}

#[test]
fn another_policy_voids_the_approval() {
    let machine = Machine::new();
    let repository = machine.diverged();
    let id = held(&machine, "git push --force", &repository.work);
    approve(&machine, &[&id]);
    std::fs::write(repository.work.join(".kintsugi.toml"), "threshold = 40\n").expect("a policy");
    let (decision, reason) = machine.agent_asks("git push --force", &repository.work);
    assert_eq!(decision, "deny");
    assert!(reason.contains("the policy is another"), "{reason}");
}
