//! The plugins that `kintsugi setup` writes for OpenCode and Amp, called by node as their hosts call them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use kintsugi_tests::copies::copy_program;
use kintsugi_tests::machine::{Machine, program};
use kintsugi_tests::waiting::until;
use serde_json::{Value, json};

/// Loads a plugin as its host does, makes the calls that stand on standard input, and prints what came of each.
const DRIVER: &str = r#"
import { readFileSync } from "node:fs";
const [kind, plugin] = process.argv.slice(2);
const loaded = await import(plugin);
let call;
if (kind === "opencode") {
  const hooks = await loaded.Kintsugi({ directory: process.cwd() });
  call = async (tool, args) => {
    await hooks["tool.execute.before"]({ tool, sessionID: "s", callID: "c" }, { args });
    return "ran";
  };
} else {
  let handler;
  loaded.default({ on: (event, given) => { if (event === "tool.call") handler = given; } });
  call = async (tool, input) => {
    const said = await handler({ tool, input, threadID: "s" });
    if (said.action === "reject-and-continue") throw new Error(said.message);
    return said.action === "allow" ? "ran" : "unclear";
  };
}
for (const [tool, input] of JSON.parse(readFileSync(0, "utf8"))) {
  const given = input === "circular" ? (() => { const all = {}; all.all = all; return all; })() : input;
  try {
    console.log(JSON.stringify(await call(tool, given)));
  } catch (error) {
    console.log(JSON.stringify({ stopped: error.message }));
  }
}
"#;

struct Plugin {
    kind: &'static str,
    /// The tool and the member of its input.
    shell: (&'static str, &'static str),
    path: PathBuf,
}

/// A machine whose own programs are wired into both hosts.
fn wired() -> (Machine, PathBuf, [Plugin; 2]) {
    let machine = Machine::new();
    let bin = machine.home().join("it's mine");
    std::fs::create_dir(&bin).unwrap();
    for name in ["kintsugi", "kintsugi-hook", "kintsugi-daemon"] {
        copy_program(program(name), bin.join(name));
    }
    for directory in [".config/opencode", ".config/amp"] {
        std::fs::create_dir_all(machine.home().join(directory)).unwrap();
    }
    let setup = machine.command(bin.join("kintsugi")).arg("setup").output();
    assert!(setup.unwrap().status.success());
    std::fs::write(machine.home().join("driver.mjs"), DRIVER).unwrap();
    // node takes a module by its name, as the hosts take both.
    let module = |from: &str, to: &str| {
        let path = machine.home().join(to);
        std::fs::copy(machine.home().join(from), &path).unwrap();
        path
    };
    let plugins = [
        Plugin {
            kind: "opencode",
            shell: ("bash", "command"),
            path: module(".config/opencode/plugins/kintsugi.js", "opencode.mjs"),
        },
        Plugin {
            kind: "amp",
            shell: ("Bash", "cmd"),
            path: module(".config/amp/plugins/kintsugi.ts", "amp.mjs"),
        },
    ];
    (machine, bin.join("kintsugi-hook"), plugins)
}

fn node(machine: &Machine, plugin: &Plugin) -> Command {
    let mut node = machine.command("node");
    node.arg(machine.home().join("driver.mjs")).arg(plugin.kind);
    node.arg(&plugin.path);
    node
}

fn call(machine: &Machine, plugin: &Plugin, calls: &Value) -> Vec<Value> {
    let output = kintsugi_tests::machine::fed(node(machine, plugin), calls.to_string().as_bytes());
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn stopped(said: &Value) -> &str {
    said["stopped"]
        .as_str()
        .unwrap_or_else(|| panic!("it ran: {said}"))
}

#[test]
fn what_is_harmless_runs_and_whatever_is_not_understood_does_not() {
    let (machine, _hook, plugins) = wired();
    for plugin in &plugins {
        let (shell, member) = plugin.shell;
        let said = call(
            &machine,
            plugin,
            &json!([
                [shell, {member: "ls"}],
                ["glob", {"pattern": "*"}],
                [shell, {}],
                [shell, {member: ["ls"]}],
                [shell, {member: 7}],
                [shell, "circular"],
                [7, {member: "ls"}],
                [null, {member: "ls"}],
                ["mcp_shell_run", {"command": "ls"}],
                [shell, {member: "ls \u{1f3fa}"}],
            ]),
        );
        assert_eq!(said[..2], [json!("ran"), json!("ran")], "{}", plugin.kind);
        for (at, said) in said[2..9].iter().enumerate() {
            assert!(!stopped(said).is_empty(), "{}: {at}", plugin.kind);
        }
        assert_eq!(said[9], "ran");
    }
}

#[test]
fn what_is_held_waits_for_a_person_and_says_their_answer() {
    let (machine, _hook, plugins) = wired();
    // Each its own: what was denied once is denied, and waits for nobody.
    for (plugin, target) in plugins.iter().zip(["~/.ssh", "~/.gnupg"]) {
        let (shell, member) = plugin.shell;
        let mut child = node(&machine, plugin)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let calls = json!([[shell, {member: format!("rm -rf {target}")}]]).to_string();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), calls.as_bytes()).unwrap();
        let held = || {
            let pending = machine.run(&["pending", "--json"]);
            let pending: Value = serde_json::from_slice(&pending.stdout).unwrap_or_default();
            pending["items"][0]["command"]["id"].clone()
        };
        let id = until(held, Value::is_string);
        let denied = machine.run(&["deny", id.as_str().unwrap()]);
        assert!(denied.status.success(), "{denied:?}");
        let output = child.wait_with_output().unwrap();
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(stopped(&said).contains("denied"), "{said}");
    }
}

#[test]
fn a_hook_that_is_gone_or_talks_nonsense_stops_the_tool() {
    use std::os::unix::fs::PermissionsExt as _;
    let (machine, hook, plugins) = wired();
    let broken: [Option<&str>; 5] = [
        None,
        Some("echo hello"),
        Some("exit 1"),
        Some("echo '{\"decision\":\"allow\"}'; exit 1"),
        Some("kill -9 $$"),
    ];
    for script in broken {
        write(&hook, script);
        if script.is_some() {
            std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        for plugin in &plugins {
            let (shell, member) = plugin.shell;
            let said = call(&machine, plugin, &json!([[shell, {member: "ls"}]]));
            assert!(!stopped(&said[0]).is_empty(), "{}: {script:?}", plugin.kind);
        }
    }
}

/// Puts a script in the place of a program, or nothing.
fn write(path: &Path, script: Option<&str>) {
    drop(std::fs::remove_file(path));
    if let Some(script) = script {
        std::fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    }
}
