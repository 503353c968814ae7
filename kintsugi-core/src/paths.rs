//! Where the socket, the log and the configuration are: environment values in, paths out.
//!
//! The daemon and every client call this with the same values and so meet at the same socket. Nothing is read, made or
//! checked here; whether a directory is safe to use is for the program that opens it.

use std::path::{Path, PathBuf};

/// Longest path of a Unix socket, in bytes, without its final NUL (`unix(7)`: 108 on Linux; 104 on macOS).
pub const SOCKET_PATH_BYTES_MAX: usize = if cfg!(target_os = "linux") { 107 } else { 103 };

/// Where the system keeps the administrator's policy.
pub const SYSTEM_POLICY: &str = "/etc/kintsugi/config.toml";

/// Where the system keeps what its daemon is told to do. Where this file is, there is a daemon for everybody.
pub const SYSTEM_SETTINGS: &str = "/etc/kintsugi/daemon.toml";

/// The socket of that daemon.
pub const SYSTEM_SOCKET: &str = "/run/kintsugi/kintsugi.sock";

/// The project's own policy, in the root of the project.
pub const PROJECT_POLICY: &str = ".kintsugi.toml";

/// What the environment says; an empty value counts as absent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Environment {
    /// `KINTSUGI_SOCKET`.
    pub socket: Option<PathBuf>,
    /// Whether [`SYSTEM_SETTINGS`] is there.
    pub has_system_daemon: bool,
    /// `XDG_RUNTIME_DIR`.
    pub runtime_directory: Option<PathBuf>,
    /// The per-user data directory of this program (`directories`: `$XDG_DATA_HOME/kintsugi` and its kin).
    pub data_directory: Option<PathBuf>,
    /// The per-user configuration directory of this program (`directories`: `$XDG_CONFIG_HOME/kintsugi` and its kin).
    pub config_directory: Option<PathBuf>,
}

/// Where everything is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The socket.
    pub socket: PathBuf,
    /// Locked by the daemon that owns the socket, for as long as it lives.
    pub socket_lock: PathBuf,
    /// Locked by a client while it starts a daemon, so that only one does.
    pub start_lock: PathBuf,
    /// The daemon's directory.
    pub data: PathBuf,
    /// The log's directory.
    pub log: PathBuf,
    /// What clients let pass while no daemon ran, for the log of the next one.
    pub spool: PathBuf,
    /// What a watcher saw while no daemon ran, likewise.
    pub observations: PathBuf,
    /// Files that were open when their names went, by the burst.
    pub rescued: PathBuf,
    /// What a daemon in the background says.
    pub diagnostics: PathBuf,
    /// The person's own policy.
    pub policy: PathBuf,
    /// What the daemon itself is told to do.
    pub settings: PathBuf,
    /// What scores the ambiguous.
    pub model: PathBuf,
    /// Which files of models are known.
    pub models: PathBuf,
    /// The key of the daemon's port on loopback.
    pub port_key: PathBuf,
    /// What the last round of `kintsugi doctor` saw.
    pub rounds: PathBuf,
    /// What agents start by themselves in each project that they worked in.
    pub projects: PathBuf,
}

/// Why there is no such place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathError {
    /// Neither `HOME` nor the user database names a home.
    #[error("no home directory: set `HOME`")]
    NoHome,
    /// A relative path would mean another place to every client.
    #[error("the socket path `{0}` is not absolute: set `KINTSUGI_SOCKET` to an absolute path")]
    RelativeSocket(String),
    /// The kernel has no room for it.
    #[error(
        "the socket path `{path}` has {bytes} bytes, {max} are possible: set `KINTSUGI_SOCKET` to a shorter one",
        max = SOCKET_PATH_BYTES_MAX
    )]
    SocketTooLong {
        /// The path.
        path: String,
        /// Its length.
        bytes: usize,
    },
    /// A socket needs a directory that can be closed to others.
    #[error("the socket path `{0}` names no file in a directory")]
    NoFileName(String),
    /// The log and the settings are text and could not name it.
    #[error(
        "the path `{0}` is not UTF-8: set `HOME`, `XDG_DATA_HOME`, `XDG_CONFIG_HOME` or `KINTSUGI_SOCKET` so that it is"
    )]
    NotText(String),
}

/// Returns where everything is.
///
/// # Errors
///
/// When the environment names no usable place; the message says what to set.
pub fn locate(environment: &Environment) -> Result<Paths, PathError> {
    let given = |value: &Option<PathBuf>| value.clone().filter(|path| !path.as_os_str().is_empty());
    let data = given(&environment.data_directory).ok_or(PathError::NoHome)?;
    let config = given(&environment.config_directory).ok_or(PathError::NoHome)?;
    let socket = given(&environment.socket)
        .or_else(|| environment.has_system_daemon.then(|| SYSTEM_SOCKET.into()))
        .or_else(|| {
            given(&environment.runtime_directory)
                .filter(|directory| directory.is_absolute())
                .map(|directory| directory.join("kintsugi.sock"))
        })
        .unwrap_or_else(|| data.join("kintsugi.sock"));
    check_socket(&socket)?;
    for path in [&data, &config, &socket] {
        if path.to_str().is_none() {
            return Err(PathError::NotText(path.display().to_string()));
        }
    }
    Ok(Paths {
        socket_lock: beside(&socket, "lock"),
        start_lock: beside(&socket, "start"),
        log: data.join("log"),
        spool: data.join("spool.ndjson"),
        observations: data.join("watch.ndjson"),
        rescued: data.join("rescued"),
        diagnostics: data.join("daemon.log"),
        policy: config.join("config.toml"),
        settings: config.join("daemon.toml"),
        model: config.join("model.toml"),
        models: data.join("models.json"),
        port_key: data.join("port-key"),
        rounds: data.join("doctor.json"),
        projects: data.join("projects.json"),
        socket,
        data,
    })
}

fn check_socket(socket: &Path) -> Result<(), PathError> {
    let shown = || socket.display().to_string();
    if !socket.is_absolute() {
        return Err(PathError::RelativeSocket(shown()));
    }
    if socket.file_name().is_none() || socket.parent().is_none() {
        return Err(PathError::NoFileName(shown()));
    }
    let bytes = socket.as_os_str().as_encoded_bytes().len();
    if bytes > SOCKET_PATH_BYTES_MAX {
        return Err(PathError::SocketTooLong {
            path: shown(),
            bytes,
        });
    }
    Ok(())
}

/// Returns the path with `.suffix` appended to its whole name.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    PathBuf::from(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(socket: Option<&str>, runtime: Option<&str>) -> Environment {
        Environment {
            socket: socket.map(PathBuf::from),
            has_system_daemon: false,
            runtime_directory: runtime.map(PathBuf::from),
            data_directory: Some("/home/ada/.local/share/kintsugi".into()),
            config_directory: Some("/home/ada/.config/kintsugi".into()),
        }
    }

    #[test]
    fn the_socket_is_where_the_first_that_speaks_says() {
        let socket = |a, b| locate(&environment(a, b)).unwrap().socket;
        assert_eq!(socket(Some("/x/k"), Some("/run/user/1")), Path::new("/x/k"));
        assert_eq!(
            socket(Some(""), Some("/run/user/1")),
            Path::new("/run/user/1/kintsugi.sock")
        );
        assert_eq!(
            socket(None, Some("relative")),
            Path::new("/home/ada/.local/share/kintsugi/kintsugi.sock")
        );
    }

    #[test]
    fn the_daemon_of_the_system_goes_before_one_of_ones_own() {
        let mut environment = environment(None, Some("/run/user/1"));
        environment.has_system_daemon = true;
        let socket = |environment: &Environment| locate(environment).unwrap().socket;
        assert_eq!(socket(&environment), Path::new(SYSTEM_SOCKET));
        environment.socket = Some("/x/k".into());
        assert_eq!(socket(&environment), Path::new("/x/k"));
    }

    #[test]
    fn the_locks_stand_beside_the_socket() {
        let paths = locate(&environment(Some("/x/k.sock"), None)).unwrap();
        assert_eq!(paths.socket_lock, Path::new("/x/k.sock.lock"));
        assert_eq!(paths.start_lock, Path::new("/x/k.sock.start"));
    }

    #[test]
    fn a_socket_path_of_108_bytes_is_refused_by_length() {
        let longest = format!("/{}", "s".repeat(SOCKET_PATH_BYTES_MAX - 1));
        assert!(locate(&environment(Some(&longest), None)).is_ok());
        let error = locate(&environment(Some(&format!("{longest}s")), None)).unwrap_err();
        assert!(error.to_string().contains("a shorter one"), "{error}");
    }

    #[test]
    fn a_relative_socket_is_refused() {
        let error = locate(&environment(Some("k.sock"), None)).unwrap_err();
        assert_eq!(error, PathError::RelativeSocket("k.sock".into()));
    }

    #[cfg(unix)]
    #[test]
    fn a_path_that_is_no_text_is_refused() {
        use std::os::unix::ffi::OsStringExt as _;
        let raw = || Some(std::ffi::OsString::from_vec(b"/h\xffme/k".to_vec()).into());
        let shown = PathError::NotText("/h\u{fffd}me/k".to_owned());
        let mut data = environment(None, Some("/run/user/1"));
        data.data_directory = raw();
        assert_eq!(locate(&data), Err(shown.clone()));
        let mut config = environment(None, Some("/run/user/1"));
        config.config_directory = raw();
        assert_eq!(locate(&config), Err(shown.clone()));
        let mut socket = environment(None, None);
        socket.socket = raw();
        assert_eq!(locate(&socket), Err(shown));
    }

    #[test]
    fn without_a_home_there_is_nowhere() {
        assert_eq!(locate(&Environment::default()), Err(PathError::NoHome));
    }
}
