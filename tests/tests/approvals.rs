//! What an approval is good for: what was seen, once, and nothing that took its place.

use std::os::unix::fs::symlink;
use std::path::Path;

use kintsugi_tests::machine::{Machine, printed};
use kintsugi_tests::pty::Pty;

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

#[test]
fn a_grant_of_effects_serves_its_kind_is_listed_with_its_past_and_ends() {
    let machine = Machine::new();
    let root = machine.diverged().work;
    held(&machine, "git -C . stash drop", &root);
    let id = held(&machine, "git stash drop", &root);
    let printed = approve(&machine, &[&id, "--for", "30m", "--project", "--effect"]);
    assert!(printed.contains("granted as"), "{printed}");
    assert!(printed.contains("these 1, and nothing else"), "{printed}");
    assert!(printed.contains("git -C . stash drop"), "{printed}");

    assert_eq!(machine.agent_asks("git  stash drop", &root).0, "allow");
    let (_, listed) = machine.elsewhere(&["grants", "list"]);
    assert!(
        listed.contains("the same effects, in the project of"),
        "{listed}"
    );
    assert!(
        listed.contains("for 30 min more") || listed.contains("for 29 min"),
        "{listed}"
    );
    let grant: String = listed.chars().take(8).collect();
    let (_, shown) = machine.elsewhere(&["grants", "show", &grant]);
    assert!(shown.contains("git -C . stash drop"), "{shown}");
    let (code, printed) = machine.elsewhere(&["grants", "revoke", &grant]);
    assert_eq!(code, 0, "{printed}");
    assert_eq!(machine.agent_asks("git  stash  drop", &root).0, "deny");
    let (code, printed) = machine.elsewhere(&["grants", "revoke", &grant]);
    assert!(
        code == 1 && printed.contains("no grant is called"),
        "{printed}"
    );
}

#[test]
fn what_is_catastrophic_is_never_granted() {
    let machine = Machine::new();
    let id = held(&machine, "git push --force", &machine.home());
    let (code, printed) = machine.elsewhere(&["approve", &id, "--for", "1h"]);
    assert_eq!(code, 1, "{printed}");
    assert!(
        printed.contains("catastrophic is approved once"),
        "{printed}"
    );
    let (code, printed) = machine.elsewhere(&["approve", &id, "--effect"]);
    assert_eq!(code, 2, "{printed}");
    assert_eq!(
        machine.agent_asks("git push --force", &machine.home()).0,
        "deny"
    );
}

#[test]
fn what_was_denied_is_denied_in_every_other_spelling_until_a_person_takes_it_back() {
    let machine = Machine::new();
    let root = machine.diverged().work;
    let id = held(&machine, "git push --force", &root);
    let (code, printed) = machine.elsewhere(&["deny", &id]);
    assert_eq!(code, 0, "{printed}");
    for spelling in [
        "git push --force",
        "git -C . push origin +main",
        "bash -c 'git push -f origin'",
    ] {
        let (decision, reason) = machine.agent_asks(spelling, &root);
        assert_eq!(decision, "deny");
        assert!(
            reason.contains(&format!("a person denied that as {id}")),
            "{reason}"
        );
        // Nothing to approve, and no other way is named.
        assert!(!reason.contains("kintsugi approve"), "{reason}");
        assert!(!reason.contains("force-with-lease"), "{reason}");
    }
    // What it has in common with harmless pushes was not what was denied.
    let (_, reason) = machine.agent_asks("git push", &root);
    assert!(!reason.contains("a person denied"), "{reason}");
    let (_, listed) = machine.elsewhere(&["grants", "list"]);
    let told = format!("`kintsugi approve {id}` takes that back");
    assert!(listed.contains(&told), "{listed}");
    let (code, printed) = machine.elsewhere(&["deny", &id]);
    assert!(
        code == 1 && printed.contains("is denied already"),
        "{printed}"
    );
    // An agent does not take it back; a person does, and then it is held as before.
    let (code, printed) = machine.elsewhere(&["approve", &id, "--times", "2"]);
    assert!(
        code == 1 && printed.contains("take that back alone"),
        "{printed}"
    );
    let printed = approve(&machine, &[&id]);
    assert!(printed.contains("taken back"), "{printed}");
    held(&machine, "git push --force origin main", &root);
}

#[test]
fn an_agent_does_not_take_back_what_a_person_denied() {
    let machine = Machine::new();
    let root = machine.diverged().work;
    let id = held(&machine, "git push --force", &root);
    assert_eq!(machine.elsewhere(&["deny", &id]).0, 0);
    let refused = machine.run(&["approve", &id]);
    assert_eq!(refused.status.code(), Some(3), "{refused:?}");
    let (_, reason) = machine.agent_asks("git push -f", &root);
    assert!(reason.contains("a person denied that as"), "{reason}");
}

#[test]
fn a_grant_for_a_few_times_counts_down_and_is_used_up() {
    let machine = Machine::new();
    let root = machine.diverged().work;
    let id = held(&machine, "git stash drop", &root);
    let printed = approve(&machine, &[&id, "--times", "3"]);
    assert!(printed.contains("granted as"), "{printed}");
    let left = || machine.elsewhere(&["grants", "list"]).1;
    // The first time is that of the approval itself.
    assert_eq!(machine.agent_asks("git stash drop", &root).0, "allow");
    for told in ["2 times more", "once more"] {
        assert!(left().contains(told), "{told}: {}", left());
        assert_eq!(machine.agent_asks("git stash drop", &root).0, "allow");
    }
    assert!(left().contains("nothing is granted"), "{}", left());
    held(&machine, "git stash drop", &root);
}

#[test]
fn a_grant_for_a_time_ends_by_itself_and_says_so_in_the_log() {
    let machine = Machine::new();
    let root = machine.diverged().work;
    let id = held(&machine, "git stash drop", &root);
    // Follows the log: what it waits for is the record of the end, which the daemon writes when the time is over.
    let mut log = Pty::spawn(&machine.kintsugi(&["log", "--follow", "--json"]), 400);
    approve(&machine, &[&id, "--for", "1s"]);
    log.expect("\"reason\":\"made ");
    log.expect("\"reason\":\"expired ");
    let (_, listed) = machine.elsewhere(&["grants", "list"]);
    assert!(listed.contains("nothing is granted"), "{listed}");
    // The approval that came with it served nothing yet: it is used first, and then there is none.
    assert_eq!(machine.agent_asks("git stash drop", &root).0, "allow");
    held(&machine, "git stash drop", &root);
    log.send("\u{3}");
    drop(log.end());
}

#[test]
fn the_queue_is_walked_one_card_at_a_time_and_not_now_is_the_default() {
    let machine = Machine::new();
    let home = machine.home();
    for remote in ["one", "two", "three"] {
        held(&machine, &format!("git push --force {remote}"), &home);
    }
    let mut walk = Pty::spawn(&machine.kintsugi(&["approve"]), 100);
    for (key, word) in [("y", "approved"), ("\r", "not now"), ("d", "denied")] {
        walk.expect("any other key: not now");
        walk.send(key);
        walk.expect(word);
    }
    assert!(walk.end().0.success());
    let ask = |remote: &str| machine.agent_asks(&format!("git push --force {remote}"), &home);
    assert_eq!(ask("one").0, "allow");
    let listed = machine.run(&["pending", "--json"]);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).expect("a list");
    assert_eq!(listed["items"].as_array().expect("a list").len(), 1);
    assert_eq!(listed["items"][0]["command"]["raw"], "git push --force two");
}

#[test]
fn an_answer_to_what_is_not_held_says_what_became_of_it() {
    let machine = Machine::new();
    let root = machine.diverged().work;
    let told = |arguments: &[&str], expected: &str| {
        let (code, printed) = machine.elsewhere(arguments);
        assert_eq!(code, 1, "{printed}");
        let (error, hint) = printed.split_once("\r\n").expect("two lines");
        assert!(
            error.starts_with("kintsugi: error: ") && error.contains(expected),
            "{expected}: {printed}"
        );
        assert!(hint.starts_with("kintsugi: hint: "), "{printed}");
    };
    told(
        &["approve", "ffffffff"],
        "no command that is remembered is called",
    );
    let id = held(&machine, "git push --force", &root);
    approve(&machine, &[&id]);
    // Two at once: the first counts, and the second is told who that was.
    told(&["approve", &id], "was approved already by user ");
    told(&["deny", &id], "was approved already by user ");
    std::fs::write(root.join(".kintsugi.toml"), "threshold = 40\n").expect("a policy");
    assert_eq!(machine.agent_asks("git push --force", &root).0, "deny");
    told(
        &["approve", &id],
        "is closed: what it would touch has changed: the policy is another",
    );
    let id = held(&machine, "git push --force", &root);
    approve(&machine, &[&id]);
    assert_eq!(machine.agent_asks("git push --force", &root).0, "allow");
    told(
        &["approve", &id],
        "is closed: the approval of this command was used",
    );
    let id = held(&machine, "git push --force elsewhere", &root);
    let (code, _) = machine.elsewhere(&["deny", &id, "--reason", "not today"]);
    assert_eq!(code, 0);
    told(&["deny", &id], "is denied already");
}

#[test]
fn a_terminal_that_goes_away_at_the_prompt_denies_and_one_that_leaves_it_does_not() {
    let machine = Machine::new();
    assert!(machine.run(&["daemon", "start"]).status.success());
    let mut log = Pty::spawn(&machine.kintsugi(&["log", "--follow", "--json"]), 400);
    let run = ["run", "--", "git", "push", "--force"];
    let mut asked = Pty::spawn(&machine.kintsugi(&run), 100);
    asked.expect("run it? [y/N]");
    drop(asked);
    log.expect("\"kind\":\"resolution\",\"id\":\"");
    let id = log.expect("\"");
    log.expect("\"decision\":\"denied\"");
    let (code, printed) = machine.elsewhere(&["approve", &id]);
    assert!(
        code == 1 && printed.contains("is closed: the terminal went away at the prompt"),
        "{printed}"
    );

    // Nobody said no: the same is asked again, and a person who leaves it leaves it held.
    let mut asked = Pty::spawn(&machine.kintsugi(&run), 100);
    asked.expect("run it? [y/N]");
    asked.send("l");
    asked.expect("left; once it is approved");
    drop(asked.end());
    let mut walk = Pty::spawn(&machine.kintsugi(&["approve"]), 100);
    walk.expect("n next");
    drop(walk);
    let (code, printed) = machine.elsewhere(&["pending"]);
    assert!(
        code == 0 && printed.contains("git push --force"),
        "{printed}"
    );
    log.send("\u{3}");
    drop(log.end());
}

#[test]
fn what_is_watched_is_drawn_over_and_fits_twenty_columns_without_colour() {
    let machine = Machine::new();
    assert!(machine.run(&["daemon", "start"]).status.success());
    let mut watch = machine.kintsugi(&["pending", "--watch"]);
    watch.env("TERM", "xterm").env("NO_COLOR", "1");
    let mut screen = Pty::spawn(&watch, 20);
    let clear = "\x1b[H\x1b[2J";
    screen.expect(clear);
    screen.expect("nothing is held");
    let id = held(
        &machine,
        "git push --force origin main:a-long-name",
        &machine.home(),
    );
    screen.expect(clear);
    let first = screen.expect("\r\n");
    assert!(first.starts_with(&id), "{first}");
    let second = screen.expect("\r\n");
    assert!(second.starts_with("  git push --force"), "{second}");
    for line in [first, second] {
        assert!(
            line.chars().count() <= 20 && !line.contains('\x1b'),
            "{line}"
        );
    }
    assert_eq!(machine.elsewhere(&["deny", &id]).0, 0);
    screen.expect(clear);
    screen.expect("nothing is held");
    screen.send("\u{3}");
    drop(screen.end());
}

#[test]
fn a_panic_says_to_agents_and_people_what_it_is_and_who_ends_it() {
    let machine = Machine::new();
    assert_eq!(machine.agent_asks("ls", &machine.home()).0, "allow");
    let (code, printed) = machine.elsewhere(&["panic", "--reason", "it does something odd"]);
    assert!(
        code == 0 && printed.contains("everything is held now"),
        "{printed}"
    );
    let told = "everything is held until somebody says `kintsugi resume`";
    let (decision, reason) = machine.agent_asks("pwd", &machine.home());
    assert!(decision == "deny" && reason.contains(told), "{reason}");
    let mut run = Pty::spawn(&machine.kintsugi(&["run", "--", "pwd"]), 100);
    run.expect("everything is held until somebody says");
    run.expect("run it? [y/N]");
    run.send("n");
    assert_eq!(run.end().0.code(), Some(3));
    let (_, status) = machine.elsewhere(&["status"]);
    assert!(
        status.contains("everything is held: `kintsugi resume` ends that"),
        "{status}"
    );
    let (code, printed) = machine.elsewhere(&["resume"]);
    assert_eq!(code, 0, "{printed}");
    assert_eq!(machine.agent_asks("ls -a", &machine.home()).0, "allow");
    let (_, log) = machine.elsewhere(&["admin", "log"]);
    assert!(log.contains("panic") && log.contains("resume"), "{log}");
}

#[test]
fn of_four_people_who_approve_at_once_one_is_told_that_it_did() {
    let machine = Machine::new();
    let id = held(&machine, "git push --force", &machine.home());
    let at_once: Vec<_> = std::thread::scope(|scope| {
        let people: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| machine.elsewhere(&["approve", &id])))
            .collect();
        people.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let approved = at_once.iter().filter(|(code, _)| *code == 0).count();
    assert_eq!(approved, 1, "{at_once:?}");
    for (_, printed) in at_once.iter().filter(|(code, _)| *code != 0) {
        assert!(!printed.contains("approved git"), "{printed}");
        assert!(!printed.contains("no daemon"), "{printed}");
    }
    // It is good for one run.
    let (decision, reason) = machine.agent_asks("git push --force", &machine.home());
    assert_ne!(decision, "deny", "{reason}");
    held(&machine, "git push --force", &machine.home());
}

#[test]
fn a_link_in_the_place_of_the_socket_or_the_data_directory_loses_no_hold_and_opens_nothing() {
    let machine = Machine::new();
    let (data, real) = (
        machine.home().join(".local/share/kintsugi"),
        machine.home().join("real"),
    );
    std::fs::create_dir(&real).unwrap();
    std::fs::create_dir_all(data.parent().unwrap()).unwrap();
    symlink(&real, &data).unwrap();
    let id = held(&machine, "git push --force", &machine.home());
    assert!(real.join("log").is_dir());
    // By a link to the socket, the same daemon answers.
    let link = machine.home().join("link");
    symlink(machine.socket(), &link).unwrap();
    let mut pending = machine.kintsugi(&["pending"]);
    let pending = pending.env("KINTSUGI_SOCKET", &link).output().unwrap();
    assert!(printed(&pending).contains(&id), "{pending:?}");
    approve(&machine, &[&id]);
    let (decision, reason) = machine.agent_asks("git push --force", &machine.home());
    assert_ne!(decision, "deny", "{reason}");
    assert!(machine.run(&["log", "verify"]).status.success());
    assert!(machine.run(&["daemon", "stop"]).status.success());
    // What leads nowhere holds, and nothing is made at its other end.
    std::fs::remove_dir_all(&real).unwrap();
    let (decision, reason) = machine.agent_asks("git push --force", &machine.home());
    assert_eq!(decision, "deny", "{reason}");
    assert!(reason.contains("leads nowhere"), "{reason}");
    assert!(!real.exists());
}

#[test]
fn what_changes_between_the_hold_and_its_run_voids_the_approval() {
    let machine = Machine::new();
    let (work, other) = (machine.home().join("work"), machine.home().join("other"));
    for directory in [&work, &other] {
        std::fs::create_dir(directory).unwrap();
        std::fs::write(directory.join("clean.sh"), "rm -rf ~/.ssh\n").unwrap();
        std::fs::write(directory.join("more.sh"), "rm -rf ~/.ssh\n").unwrap();
        std::fs::write(directory.join("calls.sh"), ". ./more.sh\n").unwrap();
    }
    let asks = |line: &str, cwd: &Path| machine.agent_asks(line, cwd).0;
    // Other bytes, another directory.
    approve(&machine, &[&held(&machine, "rm -rf ~/.ssh", &work)]);
    for line in [
        "rm  -rf ~/.ssh",
        "rm -rf ~/.ssh ~/.gnupg",
        "rm -rf ~/.ssh; true",
    ] {
        assert_eq!(asks(line, &work), "deny", "{line}");
    }
    assert_eq!(asks("rm -rf ~/.ssh", &other), "deny");
    assert_ne!(asks("rm -rf ~/.ssh", &work), "deny");
    // Another text of the script, or of one that it calls.
    for (line, file) in [("bash clean.sh", "clean.sh"), ("bash calls.sh", "more.sh")] {
        approve(&machine, &[&held(&machine, line, &work)]);
        std::fs::write(work.join(file), "rm -rf ~/.gnupg\n").unwrap();
        assert_eq!(asks(line, &work), "deny", "{line}");
    }
    // A link to a script that was another's.
    approve(&machine, &[&held(&machine, "bash clean.sh", &other)]);
    std::fs::remove_file(other.join("clean.sh")).unwrap();
    symlink(work.join("clean.sh"), other.join("clean.sh")).unwrap();
    assert_eq!(asks("bash clean.sh", &other), "deny");
}

#[test]
fn a_grant_of_one_session_serves_no_other() {
    let machine = Machine::new();
    let root = machine.diverged().work;
    let asks = |session: &str| {
        let payload = serde_json::json!({
            "session_id": session, "transcript_path": "/dev/null", "permission_mode": "default",
            "cwd": root, "hook_event_name": "PreToolUse",
            "tool_name": "Bash", "tool_input": {"command": "git stash drop"}, "tool_use_id": "u",
        });
        let output =
            machine.agent_hook(&["claude-code", "--wait=0"], payload.to_string().as_bytes());
        printed(&output)
    };
    let id = id_in(&asks("mine"));
    approve(&machine, &[&id, "--session"]);
    for _ in 0..2 {
        assert!(!asks("mine").contains("\"deny\""));
        assert!(asks("another").contains("\"deny\""));
        assert!(asks("").contains("\"deny\""));
    }
}
