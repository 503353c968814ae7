//! Where the kernel cannot tell who types: terminals inside terminals, and the code that only their person reads.

use kintsugi_tests::machine::program;
use kintsugi_tests::pty::Pty;

use super::stage::Stage;

/// Returns the code that is shown on a terminal.
fn code_on(terminal: &mut Pty) -> String {
    terminal.expect("kintsugi: code ");
    terminal.expect(" approves ")
}

#[test]
fn a_person_whose_terminal_is_newer_than_the_agent_types_the_code_of_an_older_one() {
    let mut stage = Stage::new();
    // Opened before the agent: the window in which the person works.
    let mut window = stage.terminal();
    let mut agent = stage.terminal();
    stage.propose(&mut agent);
    agent.send("exec python3\r");
    let approve = format!("{} approve {}", program("kintsugi").display(), stage.id);
    window.send(&format!("script -qec '{approve}' /dev/null\r"));
    let code = code_on(&mut window);
    window.expect("code: ");
    window.send(&format!(
        "{}\r",
        if code == "000000" { "000001" } else { "000000" }
    ));
    window.expect("it did not know the code that was shown");
    window.expect("$ ");
    assert!(stage.is_pending());
    window.send(&format!("script -qec '{approve}' /dev/null\r"));
    let code = code_on(&mut window);
    window.expect("code: ");
    window.send(&format!("{code}\r"));
    window.expect("approved");
    assert!(!stage.is_pending());
}

#[test]
fn keys_stuffed_into_a_persons_screen_do_not_know_the_code_either() {
    let mut stage = Stage::new();
    let mut window = stage.terminal();
    let directory = stage.path("screens");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::create_dir(&directory).expect("a directory");
    std::fs::set_permissions(&directory, private).expect("a mode");
    let screen = format!("SCREENDIR={directory} screen -c /dev/null");
    window.send(&format!("PS1='in''side ' {screen} -S work sh\r"));
    window.expect("inside ");
    let mut agent = stage.terminal();
    stage.propose(&mut agent);
    let approve = format!("{} approve {}", program("kintsugi").display(), stage.id);
    let stuff = format!("{screen} -S work -p 0 -X stuff");
    agent.send(&format!("{stuff} '{approve}^M'\r"));
    let code = code_on(&mut window);
    window.expect("code: ");
    let seen = stage.path("seen");
    agent.send(&format!(
        "{screen} -S work -p 0 -X hardcopy {seen}; until [ -s {seen} ]; do sleep 0.1; done; echo $((6 * 7))\r"
    ));
    agent.expect("42\r\n");
    let captured = std::fs::read_to_string(seen).expect("the window");
    assert!(captured.contains("a code is shown"), "{captured}");
    assert!(!captured.contains(&code), "{captured}");
    agent.send(&format!("{stuff} '000000^M'\r"));
    window.expect("it did not know the code that was shown");
    assert!(stage.is_pending());
    window.send(&format!("{approve}\r"));
    let code = code_on(&mut window);
    window.expect("code: ");
    window.send(&format!("{code}\r"));
    window.expect("approved");
    assert!(!stage.is_pending());
    window.send("exit\r");
    window.expect("screen is terminating");
}

#[test]
fn keys_sent_through_a_persons_multiplexer_do_not_know_the_code_that_its_screen_hides() {
    let mut stage = Stage::new();
    let mut window = stage.terminal();
    let socket = stage.path("tmux");
    window.send(&format!(
        "tmux -f /dev/null -S {socket} new-session -s work sh\r"
    ));
    window.expect("[work]");
    let mut agent = stage.terminal();
    stage.propose(&mut agent);
    let approve = format!("{} approve {}", program("kintsugi").display(), stage.id);
    agent.send(&format!(
        "tmux -S {socket} send-keys -t work '{approve}' Enter\r"
    ));
    let code = code_on(&mut window);
    window.expect("code: ");
    let seen = stage.path("seen");
    agent.send(&format!(
        "tmux -S {socket} capture-pane -p -t work >{seen}; echo $((6 * 7))\r"
    ));
    agent.expect("42\r\n");
    let captured = std::fs::read_to_string(seen).expect("the pane");
    assert!(captured.contains("a code is shown"), "{captured}");
    assert!(!captured.contains(&code), "{captured}");
    agent.send(&format!(
        "tmux -S {socket} send-keys -t work 000000 Enter\r"
    ));
    window.expect("it did not know the code that was shown");
    assert!(stage.is_pending());

    // The person in the same window reads it.
    window.send(&format!("{approve}\r"));
    let code = code_on(&mut window);
    window.expect("code: ");
    window.send(&format!("{code}\r"));
    window.expect("approved");
    assert!(!stage.is_pending());
    window.send(&format!("tmux -S {socket} kill-server\r"));
}
