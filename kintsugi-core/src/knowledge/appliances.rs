//! Lines for switches, routers, firewalls, printers and cameras, which have a language of their own and no way back.
//!
//! Sources: Cisco IOS 17 and NX-OS 10, Junos 24, `FortiOS` 7, `RouterOS` 7, ArubaOS-CX 10 (their command references); HP PJL
//! Technical Reference; VAPIX 3 of Axis, ISAPI 2 of Hikvision, the HTTP API of Dahua; Jenkins 2.492, "Script Console".

use super::analyst::{Analyst, Call};
use super::program::Task;
use super::spoken::fed;
use crate::effect::{Action, Modifier, Modifiers, Role, Target};
use crate::shell::Word;

/// Most lines for a device that are looked at; what has more is taken for the worst.
const LINES_MAX: usize = 2_048;

/// Longest line that is one for a device, in bytes.
const LINE_BYTES_MAX: usize = 256;

/// Beginnings of lines by which a device loses what it is told to be, or stops.
const LOST: &[&str] = &[
    "write erase",
    "wr erase",
    "wr er",
    "erase startup-config",
    "erase nvram",
    "erase /all",
    "erase flash",
    "delete /force",
    "delete /recursive",
    "delete flash:",
    "delete nvram:",
    "delete bootflash:",
    "delete startup-config",
    "format flash",
    "format bootflash",
    "format disk",
    "format usbflash",
    "reload",
    "factory-reset",
    "factory reset",
    "configure replace",
    "crypto key zeroize",
    "crypto pki zeroize",
    "request system zeroize",
    "request system reboot",
    "request system halt",
    "request system power-off",
    "request system software delete",
    "load factory-default",
    "execute factoryreset",
    "execute factory-reset",
    "execute formatlogdisk",
    "execute reboot",
    "execute shutdown",
    "execute restore",
    "/system reset-configuration",
    "/system reboot",
    "/system shutdown",
    "reset saved-configuration",
    "restore factory-default",
    "boot system flash default",
    "clear configuration",
    "clear config all",
    "set default-configuration",
    "no router ",
    "no ip route",
    "no ipv6 route",
    "no interface",
    "no vlan",
    "no spanning-tree",
    "no access-list",
    "no ip access-list",
    "no aaa",
    "no username",
    "no crypto",
    "no neighbor",
    "no switchport",
    "no snmp-server",
    "no logging",
    "undo ospf",
    "undo bgp",
    "undo interface",
];

/// What is deleted of a configuration, behind `delete` or `remove`.
const PARTS: &[&str] = &[
    "protocols",
    "interfaces",
    "interface",
    "vlans",
    "vlan",
    "system",
    "routing-options",
    "routing-instances",
    "firewall",
    "security",
    "policy-options",
    "service",
    "nat",
    "vpn",
    "apply-groups",
    "chassis",
    "access",
];

/// Whether a device loses by that line what it is told to be, or stops.
pub(super) fn is_regretted(line: &str) -> bool {
    let line = line.trim().trim_start_matches(['#', '>']).trim_start();
    if line.len() > LINE_BYTES_MAX {
        return false;
    }
    let line = line.to_ascii_lowercase();
    let begins = |start: &&str| {
        line.strip_prefix(*start).is_some_and(|rest| {
            rest.is_empty() || start.ends_with([' ', ':']) || rest.starts_with([' ', ':', '-'])
        })
    };
    let mut words = line.split_whitespace();
    let deletes =
        words.next() == Some("delete") && words.next().is_some_and(|it| PARTS.contains(&it));
    // `/ip firewall filter remove [find]` of RouterOS.
    let removes = line.starts_with('/') && line.contains(" remove [find");
    deletes || removes || LOST.iter().any(begins)
}

/// Words of the language of printers that set it back, or touch what it keeps.
const PRINTER: &[&str] = &[
    "INITIALIZE",
    "DMINFO",
    "DMCMD",
    "FSDELETE",
    "FSINIT",
    "FSDOWNLOAD",
    "FSAPPEND",
    "DEFAULT ",
    "OEMFORMAT",
];

/// Whether a job for a printer is one for its administrator.
pub(super) fn is_for_printer(text: &str) -> bool {
    text.split("@PJL ")
        .skip(1)
        .any(|rest| PRINTER.iter().any(|word| rest.starts_with(word)))
}

/// Whether an address asks a camera, a recorder or a router to begin anew, though it is only fetched.
pub(super) fn is_asked_of_device(address: &str) -> bool {
    const OF_DEVICES: [&str; 6] = ["cgi", "goform", "/isapi/", "/hnap", "/boaform", "/onvif"];
    const ASKS: [&str; 12] = [
        "format",
        "formatdisk",
        "factorydefault",
        "hardfactorydefault",
        "factoryreset",
        "restorefactory",
        "factory",
        "reboot",
        "restart",
        "shutdown",
        "poweroff",
        "reset",
    ];
    if address.len() > 1_024 {
        return false;
    }
    let lower = address.to_ascii_lowercase();
    let behind = lower.split_once("://").map_or(lower.as_str(), |(_, it)| it);
    let path = behind.split_once('/').map_or("", |(_, path)| path);
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let asks = |part: &str| ASKS.contains(&part);
    let by_query = query.split('&').any(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        matches!(key, "action" | "cmd" | "command" | "op" | "todo" | "type") && asks(value)
    });
    let is_device = OF_DEVICES.iter().any(|kind| lower.contains(kind));
    let mut parts = path.split(|letter: char| !letter.is_ascii_alphanumeric());
    is_device && (by_query || parts.any(asks))
}

/// Lines of the data that a new machine is given by which anybody may come in (cloud-init 24.4, "Module reference").
const OPENING: &[&str] = &[
    "ssh_pwauth: true",
    "ssh_pwauth: yes",
    "ssh_pwauth: 1",
    "permitrootlogin yes",
    "disable_root: false",
    "nopasswd:all",
    "nopasswd: all",
    "passwordauthentication yes",
];

impl Analyst<'_> {
    /// What a command sends to devices, consoles and new machines.
    pub(super) fn appliances(&mut self, task: &Task<'_, '_>) {
        match task.parsed.path.split(' ').next().unwrap_or_default() {
            "ssh" | "telnet" | "plink" | "nc" | "ncat" | "socat" => self.told_to_device(task),
            "curl" | "wget" | "http" | "https" | "xh" => self.asked_of_device(task),
            "java" => self.console_of_jenkins(task),
            "scp" | "rsync" => self.copied_over_system(task),
            _ => {}
        }
        self.first_data(task);
    }

    fn told_to_device(&mut self, task: &Task<'_, '_>) {
        let call = &task.call;
        let mut texts: Vec<String> = Vec::new();
        let wrapped = task.parsed.wrapped.iter();
        texts.extend(wrapped.map(|it| {
            let words: Vec<String> = it.words.iter().map(Word::display).collect();
            words.join(" ")
        }));
        texts.extend(fed(call).map(|text| text.display()));
        for text in texts {
            self.lines_for_device(call, &task.parsed.path, &text);
            // `ssh ci.example.org groovy = < x` is the console of Jenkins by another door.
            if text.starts_with("groovy") {
                self.console(task);
            }
        }
    }

    /// Lines that go to a device as they are.
    pub(super) fn lines_for_device(&mut self, call: &Call<'_>, program: &str, text: &str) {
        let is_printer = is_for_printer(text);
        let text = text.replace("\\n", "\n").replace("\\r", "\n");
        let mut lines = text.split(['\n', ';']);
        if is_printer || lines.by_ref().take(LINES_MAX).any(is_regretted) || lines.next().is_some()
        {
            self.set_back(call, program);
        }
    }

    fn set_back(&mut self, call: &Call<'_>, program: &str) {
        let target = Target::named("a network device");
        self.push(call, Action::Write, Role::Config, target)
            .with(Modifiers::NONE.with(Modifier::Remote))
            .by(program);
    }

    fn asked_of_device(&mut self, task: &Task<'_, '_>) {
        let words = task.call.words.iter().skip(1).map(Word::display);
        let mut addresses = words.filter(|word| word.contains("://") || word.contains(".cgi"));
        if addresses.any(|address| is_asked_of_device(&address)) {
            self.set_back(&task.call, &task.parsed.path);
        }
    }

    /// `scp nginx.conf root@lb1:/etc/nginx/`: over what another machine is told to be.
    fn copied_over_system(&mut self, task: &Task<'_, '_>) {
        let last = task.call.words.last().map(Word::display);
        let Some(path) = last.as_deref().and_then(|last| last.split_once(":/")) else {
            return;
        };
        let (host, path) = path;
        let is_system = [
            "etc/",
            "boot/",
            "usr/lib/systemd/",
            "root/.ssh",
            "lib/systemd/",
        ]
        .iter()
        .any(|start| path.starts_with(start));
        let is_here = matches!(host, "localhost" | "127.0.0.1") || host.contains('/');
        if is_system && !is_here {
            let target = Target::named(format!("the system of another machine, /{path}"));
            self.push(&task.call, Action::Overwrite, Role::Config, target)
                .with(Modifiers::NONE.with(Modifier::Remote))
                .by(&task.parsed.path);
        }
    }

    /// `java -jar jenkins-cli.jar … groovy =`: code that runs as the server itself.
    fn console_of_jenkins(&mut self, task: &Task<'_, '_>) {
        let mut words = task.call.words.iter().map(Word::display);
        if words.any(|word| word.ends_with("jenkins-cli.jar"))
            && words.any(|word| matches!(word.as_str(), "groovy" | "groovysh"))
        {
            self.console(task);
        }
    }

    fn console(&mut self, task: &Task<'_, '_>) {
        let target = Target::named("a console of Jenkins");
        self.push(&task.call, Action::Interpret, Role::Config, target)
            .with(Modifiers::NONE.with(Modifier::Indirect))
            .by(&task.parsed.path);
    }

    /// The data that a new machine reads when it starts for the first time, where the line writes them.
    fn first_data(&mut self, task: &Task<'_, '_>) {
        if self.files.is_empty() {
            return;
        }
        let mut after_flag = false;
        for word in task.call.words.iter().skip(1) {
            let text = word.display();
            let names = text.contains("user-data")
                || text.contains("custom-data")
                || text.contains("cloud-init");
            if !names && !after_flag {
                continue;
            }
            after_flag = names && !text.contains('=');
            let path = text
                .rsplit_once('=')
                .map_or(text.as_str(), |(_, path)| path);
            let path = path.trim_start_matches("file://").trim_start_matches('@');
            let file = Word::text(path, word.span);
            let readings = self.judge(&file, &task.call.directories, task.call.scope);
            let opens = readings.iter().any(|judged| {
                let written = self.written(&judged.path).filter(|it| !it.before);
                written.and_then(|it| it.text).is_some_and(|text| {
                    let lower = text.to_ascii_lowercase();
                    OPENING.iter().any(|line| lower.contains(line))
                })
            });
            if opens {
                let target = Target::named("whoever reaches a new machine");
                self.push(&task.call, Action::Grant, Role::Account, target)
                    .with(Modifiers::NONE.with(Modifier::Remote))
                    .by(&task.parsed.path);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_set_a_device_back_are_told_from_lines_that_look() {
        for line in [
            "write erase",
            "  Reload",
            "no router bgp 65001",
            "delete protocols ospf",
            "request system zeroize",
            "/ip firewall filter remove [find]",
            "delete flash:vlan.dat",
        ] {
            assert!(is_regretted(line), "{line}");
        }
        for line in [
            "show running-config",
            "write memory",
            "delete old.log",
            "no shutdown",
            "reloaded",
            "/ip address print",
            "configure terminal",
        ] {
            assert!(!is_regretted(line), "{line}");
        }
    }

    #[test]
    fn addresses_that_set_a_device_back_are_told_from_others() {
        for address in [
            "http://cam/axis-cgi/disks/format.cgi?diskid=SD",
            "http://cam/cgi-bin/magicBox.cgi?action=reboot",
            "https://nvr/ISAPI/ContentMgmt/Storage/hdd/1/format",
        ] {
            assert!(is_asked_of_device(address), "{address}");
        }
        for address in [
            "https://example.org/api/format?x=1",
            "http://cam/axis-cgi/jpg/image.cgi",
            "https://cgi.example.org/about",
            "https://example.org/cgi-bin/search?q=reset+button",
        ] {
            assert!(!is_asked_of_device(address), "{address}");
        }
    }

    #[test]
    fn a_job_for_the_administrator_of_a_printer_is_told_from_one_to_print() {
        assert!(is_for_printer(
            "\\033%-12345X@PJL\\r\\n@PJL INITIALIZE\\r\\n"
        ));
        assert!(!is_for_printer(
            "@PJL JOB NAME=\"x\"\n@PJL ENTER LANGUAGE=PCL\n"
        ));
    }
}
