//! `kintsugi daemon install`: the daemon as a service of systemd or launchd.
//!
//! Optional: without it, the first command that is proposed starts the daemon. Writes files and says what to do with them;
//! runs nothing.

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use kintsugi_core::paths::{SYSTEM_SETTINGS, SYSTEM_SOCKET};

use crate::console::Console;
use crate::exit::{Exit, Failure};
use crate::{gate, start};
use kintsugi_core::vault::operation::{Named, Operation};

/// Stands in each file that is put anywhere, by which it is known again.
const MARK: &str =
    "Put here by `kintsugi daemon install`; taken out by `kintsugi daemon uninstall`.";

/// What launchd calls the service.
const LABEL: &str = "dev.kintsugi.daemon";

/// What a user of one's own and a system of its own have in common (`systemd.exec(5)`): what a user manager may restrict,
/// too. `@privileged` has the calls that change owners, users, clocks and kernels; none of them is made.
const RESTRICTIONS: &str = "\
UMask=0077
LimitCORE=0
LimitNOFILE=4096
TasksMax=32
NoNewPrivileges=yes
RestrictAddressFamilies=AF_UNIX AF_INET
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
";

/// What only the manager of the system can restrict. Processes of others stay visible: who asks is read from `/proc`.
const SYSTEM_RESTRICTIONS: &str = "\
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
PrivateTmp=yes
PrivateDevices=yes
RemoveIPC=yes
KeyringMode=private
IPAddressDeny=any
IPAddressAllow=localhost
";

/// Arguments of `kintsugi daemon install` and `uninstall`.
#[derive(Debug, Clone, Copy, Args)]
pub struct Service {
    /// One daemon for everybody, under a user of its own, whom nothing that runs as you can stop, read or rewrite
    /// (recommended; needs root)
    #[arg(long, conflicts_with = "launchd")]
    system: bool,
    /// An agent of launchd instead of a unit of systemd [default on macOS]
    #[arg(long)]
    launchd: bool,
    /// Prints the files instead of touching any
    #[arg(long, visible_alias = "dry-run")]
    print: bool,
}

/// Whose service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Of the person's own systemd.
    User,
    /// Of the system's systemd, under a user of its own.
    System,
    /// Of the person's own launchd.
    Launchd,
}

/// A file of a service.
#[derive(Debug)]
struct Piece {
    path: PathBuf,
    text: String,
}

impl Service {
    const fn kind(self) -> Kind {
        match (self.system, self.launchd || cfg!(target_os = "macos")) {
            (true, _) => Kind::System,
            (false, true) => Kind::Launchd,
            (false, false) => Kind::User,
        }
    }

    fn pieces(self) -> Result<Vec<Piece>, Failure> {
        let program = start::program().map_err(|error| gate::no_daemon(&error))?;
        let program = program.display().to_string();
        let Some(directories) = directories::BaseDirs::new() else {
            return Err(Failure::new(Exit::Failed, "no home directory").hint("set `HOME`"));
        };
        Ok(match self.kind() {
            Kind::User => vec![Piece {
                // systemd.unit(5), search path of user units.
                path: directories
                    .config_dir()
                    .join("systemd/user/kintsugi.service"),
                text: user_unit(&program),
            }],
            Kind::System => system_pieces(&program, Path::new("/")),
            Kind::Launchd => vec![Piece {
                path: directories
                    .home_dir()
                    .join(format!("Library/LaunchAgents/{LABEL}.plist")),
                text: agent(&program),
            }],
        })
    }

    /// Writes the files, and says how to begin.
    ///
    /// # Errors
    /// When a file cannot be written, or is somebody else's; none is written then.
    pub fn install(self, console: &mut Console) -> Result<Exit, Failure> {
        let pieces = self.pieces()?;
        if self.print {
            return print(&pieces, console);
        }
        for piece in &pieces {
            check_ours(&piece.path)?;
        }
        for Piece { path, text } in &pieces {
            if std::fs::read_to_string(path).is_ok_and(|there| there == *text) {
                writeln!(console.out, "`{}` is as it should be", path.display())?;
                continue;
            }
            let directory = path.parent().unwrap_or(path);
            let written =
                std::fs::create_dir_all(directory).and_then(|()| std::fs::write(path, text));
            written.map_err(|error| failed("write", path, &error))?;
            writeln!(console.out, "wrote `{}`", path.display())?;
        }
        writeln!(console.err, "kintsugi: hint: {}", begin(self.kind()))?;
        Ok(Exit::Allowed)
    }

    /// Removes the files, and says how to end.
    ///
    /// # Errors
    /// When a file cannot be removed, or is somebody else's; none is removed then.
    pub fn uninstall(self, console: &mut Console) -> Result<Exit, Failure> {
        let pieces = self.pieces()?;
        let mut ours = Vec::new();
        for Piece { path, .. } in &pieces {
            if check_ours(path)? {
                ours.push(path);
            }
        }
        if ours.is_empty() {
            writeln!(console.out, "there is no service")?;
            return Ok(Exit::Allowed);
        }
        if !self.print {
            let what = "kintsugi daemon uninstall".to_owned();
            let operation = Operation::Uninstall(Named { what });
            crate::admin::permit(&crate::surroundings::paths()?, &operation)?;
        }
        for path in ours {
            if self.print {
                writeln!(console.out, "would remove `{}`", path.display())?;
                continue;
            }
            std::fs::remove_file(path).map_err(|error| failed("remove", path, &error))?;
            writeln!(console.out, "removed `{}`", path.display())?;
        }
        writeln!(console.err, "kintsugi: hint: {}", end(self.kind()))?;
        Ok(Exit::Allowed)
    }
}

fn print(pieces: &[Piece], console: &mut Console) -> Result<Exit, Failure> {
    for Piece { path, text } in pieces {
        if pieces.len() > 1 {
            writeln!(console.out, "# {}", path.display())?;
        }
        write!(console.out, "{text}")?;
    }
    Ok(Exit::Allowed)
}

/// What makes a service begin.
const fn begin(kind: Kind) -> &'static str {
    match kind {
        Kind::User => {
            "`systemctl --user daemon-reload && systemctl --user enable --now kintsugi` starts it"
        }
        Kind::System => {
            "`systemd-sysusers && systemctl daemon-reload && systemctl enable --now kintsugi` starts \
             it; `usermod -aG kintsugi NAME` lets a person use it, from the next login on"
        }
        Kind::Launchd => {
            "`launchctl load ~/Library/LaunchAgents/dev.kintsugi.daemon.plist` starts it"
        }
    }
}

/// What makes the system forget a service.
const fn end(kind: Kind) -> &'static str {
    match kind {
        Kind::User => "`systemctl --user disable --now kintsugi; systemctl --user daemon-reload`",
        Kind::System => {
            "`systemctl disable --now kintsugi; systemctl daemon-reload`; the log stays in \
             `/var/lib/kintsugi`, and the user `kintsugi` with it"
        }
        Kind::Launchd => "`launchctl remove dev.kintsugi.daemon`",
    }
}

/// Returns the lines by which both units begin: it is ready when it says so, and comes back when it did not end on its own.
fn unit_head(program: &str) -> String {
    // `%` and `"` have a meaning in units (systemd.service(5), command lines).
    let program = program.replace('%', "%%").replace('"', "\\\"");
    format!(
        "# {MARK}\n\
         [Unit]\n\
         Description=Kintsugi: holds dangerous commands until a person has seen them\n\
         \n\
         [Service]\n\
         Type=notify\n\
         ExecStart=\"{program}\"\n\
         ExecReload=kill -HUP $MAINPID\n\
         Restart=on-failure\n\
         RestartSec=1\n\
         # With an admin vault `SIGTERM` is refused: then the end of the session is not waited for.\n\
         TimeoutStopSec=3\n"
    )
}

fn user_unit(program: &str) -> String {
    let head = unit_head(program);
    format!("{head}{RESTRICTIONS}\n[Install]\nWantedBy=default.target\n")
}

/// Returns the files of a daemon for everybody, below `root`.
fn system_pieces(program: &str, root: &Path) -> Vec<Piece> {
    let head = unit_head(program);
    let unit = format!(
        "{head}\
         User=kintsugi\n\
         Group=kintsugi\n\
         Environment=HOME=/var/lib/kintsugi XDG_DATA_HOME=/var/lib XDG_CONFIG_HOME=/etc\n\
         Environment=KINTSUGI_SOCKET={SYSTEM_SOCKET}\n\
         RuntimeDirectory=kintsugi\n\
         RuntimeDirectoryMode=0750\n\
         StateDirectory=kintsugi\n\
         StateDirectoryMode=0700\n\
         {RESTRICTIONS}{SYSTEM_RESTRICTIONS}\n\
         [Install]\n\
         WantedBy=multi-user.target\n"
    );
    let settings = format!(
        "# {MARK}\n\
         # As long as this file is here, every client goes to the daemon of the system.\n\
         group = \"kintsugi\"\n"
    );
    let user = format!("# {MARK}\nu kintsugi - \"Kintsugi\" /var/lib/kintsugi\n");
    let piece = |path: &str, text| Piece {
        path: root.join(path.trim_start_matches('/')),
        text,
    };
    vec![
        piece("/etc/systemd/system/kintsugi.service", unit),
        piece("/etc/sysusers.d/kintsugi.conf", user),
        piece(SYSTEM_SETTINGS, settings),
    ]
}

/// Returns the agent of launchd (`launchd.plist(5)`).
fn agent(program: &str) -> String {
    let program = program.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <!-- {MARK} -->\n\
         <!DOCTYPE plist PUBLIC \"-//Apple//DTD PLIST 1.0//EN\" \"http://www.apple.com/DTDs/PropertyList-1.0.dtd\">\n\
         <plist version=\"1.0\">\n\
         <dict>\n  \
           <key>Label</key><string>{LABEL}</string>\n  \
           <key>ProgramArguments</key><array><string>{program}</string></array>\n  \
           <key>RunAtLoad</key><true/>\n  \
           <key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>\n  \
           <key>ThrottleInterval</key><integer>1</integer>\n  \
           <key>ProcessType</key><string>Interactive</string>\n  \
           <key>Umask</key><integer>63</integer>\n  \
           <key>HardResourceLimits</key><dict><key>Core</key><integer>0</integer></dict>\n\
         </dict>\n\
         </plist>\n"
    )
}

/// Whether the file is there; refuses one that this program did not write.
fn check_ours(file: &Path) -> Result<bool, Failure> {
    match std::fs::read_to_string(file) {
        Ok(text) if text.contains(MARK) => Ok(true),
        Ok(_) => {
            let message = format!("`{}` is not of this program", file.display());
            Err(Failure::new(Exit::Failed, message).hint("move it away first"))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed("read", file, &error)),
    }
}

fn failed(verb: &str, file: &Path, error: &std::io::Error) -> Failure {
    let message = format!("cannot {verb} `{}`: {error}", file.display());
    let hint = if error.kind() == ErrorKind::PermissionDenied {
        "`--system` needs root; otherwise check who owns the directory"
    } else {
        "check the directory"
    };
    Failure::new(Exit::Failed, message).hint(hint)
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Output};

    use super::*;

    #[test]
    fn a_unit_names_the_program_so_that_systemd_reads_it_back() {
        let text = user_unit("/opt/100% \"mine\"/kintsugi-daemon");
        assert!(text.contains(MARK));
        assert!(text.contains("ExecStart=\"/opt/100%% \\\"mine\\\"/kintsugi-daemon\"\n"));
    }

    #[test]
    fn the_daemon_of_the_system_has_a_user_a_group_and_no_power() {
        let pieces = system_pieces("/usr/bin/kintsugi-daemon", Path::new("/r"));
        let paths: Vec<_> = pieces
            .iter()
            .map(|piece| piece.path.display().to_string())
            .collect();
        assert_eq!(
            paths,
            [
                "/r/etc/systemd/system/kintsugi.service",
                "/r/etc/sysusers.d/kintsugi.conf",
                "/r/etc/kintsugi/daemon.toml"
            ]
        );
        for line in [
            "User=kintsugi",
            "CapabilityBoundingSet=",
            "StateDirectoryMode=0700",
        ] {
            assert!(pieces[0].text.lines().any(|found| found == line), "{line}");
        }
        assert!(pieces[2].text.ends_with("group = \"kintsugi\"\n"));
    }

    /// Runs a program that checks `text`; nothing when it is not installed.
    fn run_check(program: &str, arguments: &[&str], name: &str, text: &str) -> Option<Output> {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join(name);
        std::fs::write(&file, text).unwrap();
        let done = Command::new(program).args(arguments).arg(&file).output();
        if done.is_err() {
            println!("skipped: `{program}` is not installed");
        }
        done.ok()
    }

    fn checked(program: &str, arguments: &[&str], name: &str, text: &str) -> Option<String> {
        let done = run_check(program, arguments, name, text)?;
        assert!(
            done.status.success(),
            "{}",
            String::from_utf8_lossy(&done.stderr)
        );
        Some(String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned())
    }

    #[test]
    fn systemd_accepts_both_units_and_rates_the_system_s_as_contained() {
        let system = system_pieces("/bin/true", Path::new("/")).remove(0).text;
        for unit in [&user_unit("/bin/true"), &system] {
            if let Some(said) = checked("systemd-analyze", &["verify"], "kintsugi.service", unit) {
                assert!(!said.contains("kintsugi.service:"), "{said}");
            }
        }
        // 10 is as exposed as can be; up to 2 counts as `OK` (systemd-analyze(1), `--threshold` is ten times that).
        let strict = ["security", "--offline=true", "--threshold=20"];
        checked("systemd-analyze", &strict, "kintsugi.service", &system);
    }

    /// The keys that the agent uses, with the types and values that `launchd.plist(5)` documents for them.
    const AGENT_CHECK: &str = r"
import plistlib, sys
agent = plistlib.load(open(sys.argv[1], 'rb'), fmt=plistlib.FMT_XML)
resources = {'Core', 'CPU', 'Data', 'FileSize', 'MemoryLock', 'NumberOfFiles', 'NumberOfProcesses', 'ResidentSetSize', 'Stack'}
conditions = {'SuccessfulExit', 'Crashed', 'NetworkState', 'PathState', 'OtherJobEnabled', 'AfterInitialDemand'}
def strings(value): return type(value) is list and value and all(type(one) is str for one in value)
documented = {
    'Label': lambda value: type(value) is str and value,
    'ProgramArguments': lambda value: strings(value) and value[0].startswith('/'),
    'RunAtLoad': lambda value: type(value) is bool,
    'KeepAlive': lambda value: type(value) is bool or set(value) <= conditions and all(type(one) is bool for one in value.values()),
    'ThrottleInterval': lambda value: type(value) is int and value > 0,
    'ProcessType': lambda value: value in ('Background', 'Standard', 'Adaptive', 'Interactive'),
    'Umask': lambda value: value == 0o077,
    'HardResourceLimits': lambda value: set(value) <= resources and all(type(one) is int for one in value.values()),
}
for key, value in agent.items():
    assert key in documented and documented[key](value), (key, value)
assert {'Label', 'ProgramArguments'} <= set(agent)
print(agent['ProgramArguments'])
";

    #[test]
    fn the_agent_of_launchd_is_a_property_list_of_documented_keys() {
        let text = agent("/opt/a&b<c/kintsugi-daemon");
        if let Some(said) = checked("python3", &["-c", AGENT_CHECK], "agent.plist", &text) {
            assert_eq!(said, "['/opt/a&b<c/kintsugi-daemon']\n");
        }
        // A key that nobody documents, and a value of another type, are found.
        for (good, bad) in [
            ("RunAtLoad", "RunAtStart"),
            ("<integer>63</integer>", "<string>077</string>"),
        ] {
            let wrong = text.replacen(good, bad, 1);
            let read = run_check("python3", &["-c", AGENT_CHECK], "agent.plist", &wrong);
            assert!(read.is_none_or(|output| !output.status.success()), "{bad}");
        }
    }
}
