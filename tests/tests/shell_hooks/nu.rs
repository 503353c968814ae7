//! nushell, which `tests/shells` fetches; with `KINTSUGI_LONG_TESTS` only.

use kintsugi_tests::machine::Machine;
use kintsugi_tests::pty::Pty;
use kintsugi_tests::seat::{of_text, recorded};
use kintsugi_tests::waiting::until;

use super::{fetched, is_long};

/// A line that prints a word which was not typed: what stands before it has run by then.
const DONE: &str = "print ('do' + 'ne')";

/// Starts nushell with its hook installed.
fn nu() -> (Machine, Pty) {
    let machine = Machine::with_programs(&[fetched("nu")]);
    assert!(machine.run(&["daemon", "start"]).status.success());
    let settings = machine.home().join(".config/nushell");
    std::fs::create_dir_all(&settings).expect("a directory");
    let config = "$env.config.show_banner = false\n\
                  $env.PROMPT_COMMAND = {|| 'ready' }\n$env.PROMPT_COMMAND_RIGHT = ''\n";
    std::fs::write(settings.join("config.nu"), config).expect("its settings");
    for said in ["is in", "already has"] {
        let installed = machine.run(&["init", "nu", "--install"]);
        let words = String::from_utf8(installed.stdout).expect("text");
        assert!(words.contains(said), "{words}");
    }
    let mut pty = Pty::spawn(&machine.command("nu"), 100);
    pty.tell_where();
    pty.expect("ready");
    (machine, pty)
}

#[test]
fn nushell_asks_before_a_line_runs() {
    if !is_long() {
        return;
    }
    let (machine, mut pty) = nu();
    let ran = machine.home().join("ran");
    // Harmless: runs, and nothing is shown.
    pty.send(&format!("^touch ran; {DONE}\r"));
    let printed = pty.expect("done");
    assert!(
        ran.exists() && !printed.contains("kintsugi holds"),
        "{printed}"
    );
    std::fs::remove_file(&ran).expect("a file");
    // Held and denied: does not run, and stays in the editor.
    pty.send("^touch ran; ^rm -rf ~/.ssh\r");
    pty.expect("run it? [y/N]");
    pty.send("n");
    pty.expect("denied");
    pty.expect(".ssh");
    assert!(!ran.exists(), "{}", pty.screen());
    // Held and approved: runs once.
    pty.send(&format!("; {DONE}\r"));
    pty.expect("run it? [y/N]");
    pty.send("y");
    pty.expect("done");
    assert!(ran.exists(), "{}", pty.screen());
    std::fs::remove_file(&ran).expect("a file");
    // What is more than pipelines is held as unread.
    pty.send("source x.nu\r");
    pty.expect("cannot be read");
    pty.expect("run it? [y/N]");
    pty.send("n");
    pty.expect("denied");
    pty.expect("source x.nu");
    pty.send("\u{15}");
    // A line that is not whole goes on below, behind nushell's own mark.
    pty.send("[1\r");
    pty.expect("::: ");
    pty.send(&format!("2] | ignore; ^touch ran; {DONE}\r"));
    pty.expect("done");
    assert!(ran.exists(), "{}", pty.screen());
}

#[test]
fn nushell_records_how_a_line_ended() {
    if !is_long() {
        return;
    }
    let (machine, mut pty) = nu();
    pty.send("^sh -c 'exit 7'\r");
    pty.expect("ready");
    pty.send(&format!("^true; {DONE}\r"));
    pty.expect("done");
    pty.expect("ready");
    pty.send("^touch ran; ^rm -rf ~/.ssh\r");
    pty.expect("run it? [y/N]");
    pty.send("n");
    pty.expect("denied");
    pty.send("\u{15}");
    pty.send(&format!("{DONE}\r"));
    pty.expect("done");
    // The records are told beside the shell.
    let recorded = until(
        || recorded(&machine),
        |all| !of_text(all, "^true").is_empty(),
    );
    let of = |text: &str| of_text(&recorded, text);
    let seven = of("exit 7");
    assert_eq!(seven.len(), 1, "{recorded:#?}");
    assert_eq!(seven[0]["exit_code"], 7);
    assert!(seven[0]["duration_ms"].is_u64(), "{seven:?}");
    assert!(seven[0]["session"].is_string(), "{seven:?}");
    assert_eq!(of("^true")[0]["exit_code"], 0, "{recorded:#?}");
    assert!(of("touch ran").is_empty(), "{recorded:#?}");
}

#[test]
fn the_hook_of_nushell_is_put_in_once_and_taken_out() {
    let machine = Machine::new();
    let file = machine.home().join(".config/nushell/autoload/kintsugi.nu");
    assert!(machine.run(&["init", "nu", "--install"]).status.success());
    let once = std::fs::read_to_string(&file).expect("the hook");
    assert!(machine.run(&["init", "nu", "--install"]).status.success());
    assert_eq!(std::fs::read_to_string(&file).expect("the hook"), once);
    std::fs::write(&file, once.replace("_kintsugi_enter", "mine")).expect("a file");
    assert!(!machine.run(&["init", "nu", "--install"]).status.success());
    std::fs::write(&file, &once).expect("a file");
    assert!(machine.run(&["init", "nu", "--uninstall"]).status.success());
    assert!(!file.exists());
    let profile = machine
        .home()
        .join(".config/powershell/Microsoft.PowerShell_profile.ps1");
    for _ in 0..2 {
        assert!(
            machine
                .run(&["init", "powershell", "--install"])
                .status
                .success()
        );
        let text = std::fs::read_to_string(&profile).expect("the profile");
        assert_eq!(text.matches("Invoke-Expression").count(), 1, "{text}");
    }
    assert!(
        machine
            .run(&["init", "powershell", "--uninstall"])
            .status
            .success()
    );
    assert!(!profile.exists());
}
