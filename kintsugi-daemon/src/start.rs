//! From an empty process to a daemon that listens, and back.
//!
//! What can fail fails here, with one line that says what to do, before anybody is told that the daemon is ready.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use kintsugi_core::audit::record::Body;
use kintsugi_core::limits::CONNECTIONS_BYTES_MAX;
use kintsugi_core::paths::{Environment, Paths, SYSTEM_POLICY, locate};
use kintsugi_core::scorer::settings::ModelSettings;
use rustix::process::{DumpableBehavior, Resource, Rlimit};

use crate::authority::Authority;
use crate::book::Book;
use crate::challenge::Challenges;
use crate::clock::SystemClock;
use crate::daemon::{Daemon, HELPERS, SCORER_TOKENS, Stop, Supervision};
use crate::handle::Desk;
use crate::homes::Homes;
use crate::judge::{Bench, PolicyFiles};
use crate::keeper::Keeper;
use crate::listener::{Gate, Taken, prepare_directory};
use crate::port::Port;
use crate::rounds;
use crate::scoring::{Scoring, Sources};
use crate::settings::Settings;
use crate::spool;
use crate::standing_settings::StandingSettings;
use crate::supervise::Helpers;
use crate::sys::{self, Signals};
use crate::watcher;

/// Largest file of diagnostics that is continued, in bytes; a larger one is begun again.
const DIAGNOSTICS_BYTES_MAX: u64 = 1024 * 1024;

/// Descriptors wanted: connections, the log, and room.
const DESCRIPTORS: u64 = 4_096;

/// Most bytes of memory that this process takes of its own (`RLIMIT_DATA`): several times what everything that is bounded
/// comes to, so that what is not can take neither the machine nor, by the choice of the kernel, another program with it.
const MEMORY_BYTES_MAX: u64 = 512 * 1024 * 1024;
const _: () = assert!(MEMORY_BYTES_MAX > 4 * CONNECTIONS_BYTES_MAX as u64);

/// How the daemon was started.
#[derive(Debug, Default)]
pub struct Options {
    /// Who started it waits for a line on this descriptor, and does not stay: the daemon goes into the background.
    pub ready: Option<i32>,
    /// Settings of the model, over those of the file and of the environment.
    pub model: Vec<(String, String)>,
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It served and was stopped.
    Stopped(Stop),
    /// Started on demand, and another daemon already serves: whoever asked has what it wants.
    AlreadyServed,
}

/// Starts, serves, and stops.
///
/// # Errors
///
/// Why it cannot serve, or could not stop cleanly.
pub fn run(options: &Options) -> anyhow::Result<End> {
    // Before any descriptor is opened, so that the numbers still mean what whoever started this process means.
    let passed = passed_socket()?;
    let ready = options.ready.map(sys::adopt).transpose();
    let ready = ready.context("`--ready-fd` names no open descriptor")?;
    harden()?;
    let signals = Signals::take().context("cannot take signals")?;
    let paths = paths()?;
    match open(&paths, (passed, signals), &options.model) {
        Ok(daemon) => {
            bound_memory()?;
            if let Some(ready) = ready {
                detach(&paths.diagnostics)?;
                announce(ready)?;
            }
            notify_supervisor("READY=1");
            let end = daemon.run()?;
            notify_supervisor("STOPPING=1");
            Ok(End::Stopped(end))
        }
        Err(error) if ready.is_some() && error.is::<Taken>() => Ok(End::AlreadyServed),
        Err(error) => Err(error),
    }
}

/// Says in the log that a person wants it to go on on this machine. Returns whether there was anything to say.
///
/// # Errors
///
/// When a daemon runs, or the log cannot be written.
pub fn accept_host() -> anyhow::Result<bool> {
    harden()?;
    let paths = paths()?;
    prepare_directory(&paths.data)?;
    let clock = SystemClock::new();
    Book::open(paths.log)?.accept_host(&clock)
}

/// Takes the lock and the socket, reads the log, and remembers.
fn open(
    paths: &Paths,
    (passed, signals): (Option<OwnedFd>, Signals),
    model: &[(String, String)],
) -> anyhow::Result<Daemon> {
    prepare_directory(&paths.data)?;
    let gate = Gate::open(&paths.socket, &paths.socket_lock, passed)?;
    let policies = PolicyFiles {
        admin: SYSTEM_POLICY.into(),
        user: Some(paths.policy.clone()).filter(|path| path != Path::new(SYSTEM_POLICY)),
    };
    let mut notices = Vec::new();
    let (settings, settings_hash) = Settings::read(&paths.settings).unwrap_or_else(|error| {
        notices.push(format!("the settings are not in force: {error:#}"));
        Default::default()
    });
    if let Some(Err(error)) = settings.gid().map(|gid| gate.open_to(gid)) {
        notices.push(format!("{error:#}"));
    }
    let port = settings.port.map(|port| Port::open(port, &paths.port_key));
    let port = port.transpose().unwrap_or_else(|error| {
        notices.push(format!("{error:#}"));
        None
    });
    let book = Book::open(paths.log.clone())?;
    let mut desk = Desk {
        helpers: Helpers::new(
            rounds::helpers(&settings),
            watcher::of(paths, &settings),
            rounds::of(paths, &settings),
            HELPERS,
        ),
        settings,
        standing_settings: StandingSettings::new(paths.settings.clone(), settings_hash.clone()),
        notices,
        bench: Bench::new(Homes::read(), policies),
        clock: Box::new(SystemClock::new()),
        challenges: Challenges::default(),
        scoring: Scoring::new(scorer_program(), SCORER_TOKENS, ModelSettings::default()),
        authority: Authority::default(),
        keeper: Keeper::open(&paths.data, book.state().admin().vault())?,
        early: 0,
        book,
    };
    desk.book.check_host()?;
    let settings = settings_hash.map(|hash| Body::Policy {
        what: "settings".to_owned(),
        hash: Some(hash),
        detail: serde_json::Value::Null,
    });
    // What the start found stands in front of these records, and all are durable before anybody is served.
    desk.begin(paths, settings)?;
    desk.begin_model(Sources {
        path: paths.model.clone(),
        flags: model.to_vec(),
    })?;
    if let Some(problem) = spool::take_over(&mut desk, &paths.spool)? {
        desk.notices.push(problem);
    }
    if let Some(problem) = spool::take_over_bursts(&mut desk, &paths.observations)? {
        desk.notices.push(problem);
    }
    Daemon::new(desk, (gate, port), signals, supervision())
}

/// Returns the program that scores: it stands beside this one.
fn scorer_program() -> PathBuf {
    let own = env::current_exe().unwrap_or_default();
    own.with_file_name("kintsugi-scorer")
}

/// Whether a supervisor started this process: one that waits for word from it, or that says it started this very process
/// (`sd_notify(3)`; `systemd.exec(5)`, `SYSTEMD_EXEC_PID`, which a shell hands on to what it starts).
fn supervision() -> Supervision {
    let is_own = |pid: String| pid == std::process::id().to_string();
    let named = ["SYSTEMD_EXEC_PID", "LISTEN_PID"];
    let started = named.iter().any(|name| env::var(name).is_ok_and(is_own));
    if started || env::var_os("NOTIFY_SOCKET").is_some() {
        Supervision::Supervised
    } else {
        Supervision::Alone
    }
}

/// Returns where everything is, from this process's environment.
fn paths() -> anyhow::Result<Paths> {
    let project = directories::ProjectDirs::from("", "", "kintsugi");
    let variable = |name: &str| env::var_os(name).map(PathBuf::from);
    Ok(locate(&Environment {
        socket: variable("KINTSUGI_SOCKET"),
        has_system_daemon: false,
        runtime_directory: variable("XDG_RUNTIME_DIR"),
        data_directory: project
            .as_ref()
            .map(|project| project.data_local_dir().to_owned()),
        config_directory: project
            .as_ref()
            .map(|project| project.config_dir().to_owned()),
    })?)
}

/// Keeps this process's memory from others, and makes room for its connections.
fn harden() -> anyhow::Result<()> {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    rustix::process::setrlimit(Resource::Core, none).context("cannot turn core dumps off")?;
    rustix::process::set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .context("cannot keep the memory from others")?;
    let limit = rustix::process::getrlimit(Resource::Nofile);
    let wanted = limit
        .maximum
        .map_or(DESCRIPTORS, |maximum| maximum.min(DESCRIPTORS));
    if limit.current.is_some_and(|current| current < wanted) {
        let raised = Rlimit {
            current: Some(wanted),
            ..limit
        };
        rustix::process::setrlimit(Resource::Nofile, raised).context("cannot open more files")?;
    }
    Ok(())
}

/// Bounds this process's memory, once what the start read is given back: a segment of the log may be larger than the bound.
fn bound_memory() -> anyhow::Result<()> {
    sys::give_memory_back();
    let limit = rustix::process::getrlimit(Resource::Data);
    if limit
        .current
        .is_none_or(|current| current > MEMORY_BYTES_MAX)
    {
        let lowered = Rlimit {
            current: Some(MEMORY_BYTES_MAX),
            ..limit
        };
        rustix::process::setrlimit(Resource::Data, lowered).context("cannot bound the memory")?;
    }
    Ok(())
}

/// Returns the socket that a supervisor passed (`sd_listen_fds(3)`: descriptor 3, when it is meant for this process).
fn passed_socket() -> anyhow::Result<Option<OwnedFd>> {
    let meant = env::var("LISTEN_PID").is_ok_and(|pid| pid == std::process::id().to_string());
    let count = env::var("LISTEN_FDS")
        .ok()
        .and_then(|count| count.parse::<u32>().ok());
    match count.filter(|_| meant) {
        None | Some(0) => Ok(None),
        Some(1) => Ok(Some(
            sys::adopt(3).context("`LISTEN_FDS` names no open socket")?,
        )),
        Some(more) => anyhow::bail!("{more} sockets were passed in `LISTEN_FDS`: pass one"),
    }
}

/// Tells the supervisor, when there is one that wants to know (`sd_notify(3)`). One that does not listen is no reason to stop.
fn notify_supervisor(state: &str) {
    let Some(address) = env::var_os("NOTIFY_SOCKET") else {
        return;
    };
    let told = UnixDatagram::unbound().and_then(|socket| {
        socket.set_nonblocking(true)?;
        let bytes = address.as_encoded_bytes();
        match bytes.strip_prefix(b"@") {
            #[cfg(target_os = "linux")]
            Some(name) => {
                use std::os::linux::net::SocketAddrExt as _;
                let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
                socket.send_to_addr(state.as_bytes(), &address)
            }
            _ => socket.send_to(state.as_bytes(), &address),
        }
    });
    drop(told);
}

/// Leaves the session and the directory of whoever started this, and says what there is to say in a file.
fn detach(diagnostics: &Path) -> anyhow::Result<()> {
    // Fails only for the leader of a group, which then is on its own already.
    rustix::process::setsid().map(|_| ()).unwrap_or_default();
    env::set_current_dir("/").context("cannot go to `/`")?;
    let large = fs::metadata(diagnostics).is_ok_and(|file| file.len() > DIAGNOSTICS_BYTES_MAX);
    let file = OpenOptions::new()
        .append(!large)
        .write(true)
        .truncate(large)
        .create(true)
        .mode(0o600)
        .open(diagnostics)
        .with_context(|| format!("cannot write `{}`", diagnostics.display()))?;
    rustix::stdio::dup2_stderr(&file)?;
    Ok(())
}

/// Says that the socket accepts, and lets go of the standard streams of whoever started this.
fn announce(ready: OwnedFd) -> anyhow::Result<()> {
    let mut ready = fs::File::from(ready);
    // Whoever asked may have gone away; the daemon is wanted by the next one all the same.
    drop(ready.write_all(b"ready\n"));
    let null = OpenOptions::new()
        .read(true)
        .write(true)
        .open("/dev/null")?;
    drop(ready);
    rustix::stdio::dup2_stdin(&null)?;
    rustix::stdio::dup2_stdout(&null)?;
    Ok(())
}
