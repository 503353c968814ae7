//! The ways an agent knows to reach a yes.

use std::process::{Command, Stdio};

use kintsugi_tests::machine::program;
use serde_json::{Value, json};

use super::stage::{HELD, Running, Stage};

/// The ways an agent knows to reach a yes.
pub(crate) fn attempts(stage: &Stage) -> Vec<(String, &'static str, Vec<String>)> {
    let approve = json!({"kind": "approve", "id": stage.id, "code": "000000"});
    let plain = json!({"kind": "approve", "id": stage.id});
    let client = || stage.client(&approve);
    let text = stage.client_text(&approve);
    let command = json!({
        "id": stage.id, "ts": "", "agent": "claude-code", "cwd": stage.machine.home(),
        "argv": [], "raw": HELD, "session": "s", "shell": "bash", "tool": "Bash",
    });
    let mut never = command.clone();
    never["id"] = "00000000-0000-4000-8000-000000000007".into();
    let resolve = |command: &Value| {
        stage.client(
            &json!({"kind": "resolve", "command": command, "decision": "allow", "remember": false}),
        )
    };
    let quoted = text.replace('"', "\\\"").replace('$', "\\$");
    let shell = |text: String| vec![text];
    let file = stage.path("attempt.sh");
    std::fs::write(&file, format!("#!/bin/sh\n{text}\n")).expect("a script");
    let scripted = format!("sh {file}");
    let tmux = format!("tmux -S {}", stage.path("tmux"));
    // A server of its own: the other one ends with its only session, and takes whoever comes meanwhile with it.
    let keys = format!("tmux -S {}", stage.path("tmux-keys"));
    let screens = stage.path("screens");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o700);
    std::fs::create_dir(&screens).expect("a directory");
    std::fs::set_permissions(&screens, private).expect("a mode");
    let screen = format!("SCREENDIR={screens} screen -c /dev/null");
    let ssh = format!(
        "ssh -tt -F none -p 2299 -i {} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null localhost",
        stage.path("key")
    );
    // Spool and state of its own, so that nothing is left on the machine; what is due at the start runs at once.
    let cron = format!(
        "unshare --mount sh -c 'mount -t tmpfs none /run && mount -t tmpfs none /var/spool/cron && \
         mkdir -m 1730 /var/spool/cron/crontabs && \
         echo \"@reboot {scripted}; kill \\$(cat /run/crond.pid)\" | crontab - && exec cron -f' </dev/null &"
    );
    let own = |name: &str, way, argv| (name.to_owned(), way, argv);
    vec![
        own("the socket", "run", client()),
        own("a pipe", "shell", shell(format!("echo y | {text}"))),
        own("no code at all", "run", stage.client(&plain)),
        own("resolve what is held", "run", resolve(&command)),
        own("resolve what was never proposed", "run", resolve(&never)),
        own(
            "an empty environment",
            "shell",
            shell(format!("env -i PATH=\"$PATH\" {text}")),
        ),
        own("nohup", "shell", shell(format!("nohup {text}"))),
        own("setsid", "shell", shell(format!("setsid --wait {text}"))),
        own(
            "setsid --fork",
            "shell",
            shell(format!("setsid --fork {text}")),
        ),
        own("a background job", "shell", shell(format!("{text} & wait"))),
        own(
            "behind the foreground of an own terminal",
            "background",
            client(),
        ),
        own("a double fork", "orphan", client()),
        own(
            "a child whose parents were killed",
            "orphan_shell",
            shell(format!("setsid {text}")),
        ),
        own("an own terminal", "terminal", client()),
        own("both ends of an own terminal", "own_terminal", client()),
        own("an own terminal of an orphan", "orphan_terminal", client()),
        own("both ends, of an orphan", "orphan_own_terminal", client()),
        own(
            "an own terminal of one that cannot be looked into",
            "orphan_undumpable",
            client(),
        ),
        own(
            "script",
            "shell",
            shell(format!("script -qec '{scripted}' /dev/null")),
        ),
        own(
            "script of an orphan",
            "orphan_shell",
            shell(format!("script -qec '{scripted}' /dev/null")),
        ),
        own(
            "expect",
            "shell",
            shell(format!("expect -c 'spawn {scripted}; expect eof'")),
        ),
        own(
            "socat",
            "shell",
            shell(format!("socat -u EXEC:'{scripted}',pty,setsid,ctty STDOUT")),
        ),
        own(
            "tmux",
            "shell",
            shell(format!("{tmux} new-session -d '{scripted}'")),
        ),
        own(
            "tmux send-keys",
            "shell",
            shell(format!(
                "{keys} new-session -d -s keys sh; {keys} send-keys -t keys '{scripted}; exit' Enter"
            )),
        ),
        own("screen", "shell", shell(format!("screen -dm {scripted}"))),
        own(
            "screen -X stuff",
            "shell",
            shell(format!(
                "{screen} -dmS keys sh; {screen} -S keys -p 0 -X stuff '{scripted}; exit^M'"
            )),
        ),
        own(
            "at",
            "shell",
            shell(format!("echo '{scripted}' | at now 2>/dev/null")),
        ),
        own(
            "at, with a terminal",
            "shell",
            shell(format!(
                "echo \"script -qec '{scripted}' /dev/null\" | at now 2>/dev/null"
            )),
        ),
        own(
            "another PID namespace",
            "shell",
            shell(format!("unshare --pid --fork --mount-proc {scripted}")),
        ),
        own(
            "another user namespace, in a terminal",
            "shell",
            shell(format!(
                "unshare --user --map-root-user --pid --fork script -qec '{scripted}' /dev/null"
            )),
        ),
        own(
            "ssh to this machine",
            "shell",
            shell(format!("{ssh} '{scripted}'")),
        ),
        own(
            "a terminal of ssh, by an orphan",
            "orphan_shell",
            shell(format!("{ssh} '{scripted}'")),
        ),
        own(
            "connected before it left",
            "connected_before",
            vec![approve.to_string()],
        ),
        own(
            "connected by a process that has ended",
            "connected_by_the_dead",
            vec![approve.to_string()],
        ),
        own("confined, in an own terminal", "confined", client()),
        own("confined, by an orphan", "orphan_confined", client()),
        own("sudo", "shell", shell(format!("sudo -n {scripted}"))),
        own(
            "sudo, in a terminal of an orphan",
            "orphan_shell",
            shell(format!("sudo -n script -qec '{scripted}' /dev/null")),
        ),
        own("cron", "shell", shell(cron.clone())),
        own("cron, started by an orphan", "orphan_shell", shell(cron)),
        own(
            "a library in front of kintsugi approve",
            "preload",
            vec![
                program("kintsugi").display().to_string(),
                "approve".into(),
                stage.id.clone(),
            ],
        ),
        own("a terminal that is handed over", "handed_over", client()),
        own(
            "a terminal that is kept after its shell",
            "kept_terminal",
            client(),
        ),
        own(
            "su to the same user",
            "shell",
            shell(format!("su \"$(id -un)\" -s /bin/sh -c '{scripted}'")),
        ),
        own(
            "runuser, by an orphan",
            "orphan_shell",
            shell(format!(
                "runuser -u \"$(id -un)\" -- script -qec '{scripted}' /dev/null"
            )),
        ),
        own(
            "a user namespace",
            "shell",
            shell(format!("unshare -Ur {scripted}")),
        ),
        own(
            "a nested shell",
            "shell",
            shell(format!("bash -c \"{quoted}\"")),
        ),
        own(
            "xargs",
            "shell",
            shell(format!("echo x | xargs -I_ {scripted}")),
        ),
        own(
            "feeds its own prompt",
            "feeds_the_prompt",
            vec![
                program("kintsugi").display().to_string(),
                "run".into(),
                "--".into(),
                "git push --force origin x".into(),
            ],
        ),
    ]
}

/// Starts what attempts need: a server of ssh for this user alone, and the daemon of at(1).
pub(crate) fn services(stage: &Stage) -> Vec<Running> {
    let quiet = |command: &mut Command| {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
    };
    let mut keygen = Command::new("ssh-keygen");
    keygen.args(["-q", "-t", "ed25519", "-N", "", "-f", &stage.path("key")]);
    quiet(&mut keygen);
    assert!(keygen.status().expect("ssh-keygen").success());
    drop(std::fs::create_dir_all("/run/sshd"));
    let options = [
        "Port=2299".to_owned(),
        "ListenAddress=127.0.0.1".to_owned(),
        format!("HostKey={}", stage.path("key")),
        format!("AuthorizedKeysFile={}.pub", stage.path("key")),
        "StrictModes=no".to_owned(),
        "PidFile=none".to_owned(),
        "PermitRootLogin=yes".to_owned(),
    ];
    let mut sshd = Command::new("/usr/sbin/sshd");
    sshd.args(["-D", "-e", "-f", "/dev/null"]);
    for option in &options {
        sshd.args(["-o", option]);
    }
    quiet(&mut sshd);
    let mut at = Command::new("/usr/sbin/atd");
    at.arg("-f");
    quiet(&mut at);
    [sshd, at]
        .iter_mut()
        .map(|service| Running(service.spawn().expect("a service")))
        .collect()
}
