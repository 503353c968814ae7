//! Calls by which a library runs something on another machine, tells a device something, or takes files away there.
//!
//! Sources: netmiko 4, fabric 3, asyncssh 2, parallel-ssh 2, pywinrm 0.5, paramiko 3.5.

use super::effects::Call;
use super::script::Script;
use super::{Embedded, effect};
use crate::effect::{Action, Modifier, Modifiers, Role};
use crate::knowledge::schema::Language;

impl Script<'_> {
    /// Notes what a library is told to run on another machine, or to say to a device; whether it is such a call.
    pub(super) fn tells_machine(&mut self, call: &Call<'_>, last: &str) -> bool {
        // netmiko 4 and its like: `send_command_timing("write erase")`.
        let tells = last.starts_with("send_") || matches!(last, "cli" | "write_channel");
        let told = || call.argument(0).known();
        if tells
            && self.brings.machines | self.brings.clients
            && told().is_some_and(|line| crate::knowledge::appliances::is_regretted(&line))
        {
            let with = Modifiers::NONE.with(Modifier::Remote);
            let device = "a network device";
            self.found
                .push(effect(Action::Write, Role::Config, device, with));
            return true;
        }
        // fabric 3: `Connection("web1").run("…")`; asyncssh 2: `conn.run("…")`.
        let is_connection = call.path.contains("Connection")
            || last == "run"
                && call.object.is_some()
                && !matches!(call.path, "asyncio.run" | "anyio.run" | "uvloop.run")
                && self.brings_fabric();
        let by_fabric = is_connection && matches!(last, "run" | "local");
        if by_fabric
            || matches!(
                last,
                "exec_command"
                    | "execCommand"
                    | "exec_run"
                    | "sudo"
                    | "send_command"
                    | "run_command"
                    | "run_ps"
                    | "run_cmd"
                    | "execute_ps"
                    | "execute_cmd"
            )
        {
            self.found.extend(
                call.argument(0)
                    .alternatives()
                    .into_iter()
                    .map(Embedded::Shell),
            );
            return true;
        }
        if matches!(
            last,
            "send_config_set"
                | "send_config_from_file"
                | "send_configs"
                | "send_config"
                | "commit_config"
                | "load_replace_candidate"
                | "load_merge_candidate"
                | "edit_config"
                | "cli_config"
        ) {
            let with = Modifiers::NONE.with(Modifier::Remote);
            self.found.push(effect(
                Action::Write,
                Role::Config,
                "a network device",
                with,
            ));
            return true;
        }
        false
    }

    /// Whether the text names fabric or asyncssh, whose connections run what they are told on another machine.
    fn brings_fabric(&self) -> bool {
        let is_of = |value: &super::value::Value| {
            let path = value.path.as_deref().unwrap_or_default();
            let library = path.split('.').next().unwrap_or_default();
            matches!(library, "fabric" | "fabric2" | "asyncssh")
        };
        self.language == Language::Python && self.names.values().any(is_of)
    }

    /// Files that a client of SFTP takes away there or brings there (paramiko 3.5, net-sftp 4).
    pub(super) fn over_sftp(&mut self, call: &Call<'_>, last: &str) -> bool {
        let target = call.argument(0);
        let is_rooted = |word: &crate::shell::Word| word.known_prefix().starts_with(['/', '~']);
        if !matches!(self.language, Language::Python | Language::Ruby)
            || !self.brings.machines && !self.brings.clients
            || call.object.is_none()
            || !target.alternatives().iter().any(is_rooted)
        {
            return false;
        }
        match last.trim_end_matches('!') {
            "remove" | "rmdir" => {
                let path = target.known().unwrap_or_default();
                self.found
                    .push(effect(Action::Delete, Role::Remote, &path, Modifiers::NONE));
            }
            "put" if call.positional().count() >= 2 => {
                self.perform(super::calls::path(Action::Read, 0), call);
                self.found
                    .push(effect(Action::Send, Role::Remote, "sftp", Modifiers::NONE));
            }
            _ => return false,
        }
        true
    }
}
