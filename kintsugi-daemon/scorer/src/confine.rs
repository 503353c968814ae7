//! What this process gives up before it reads a command.
//!
//! Landlock takes the files away (`landlock(7)`, Linux 5.13), seccomp the calls (`seccomp(2)`). A kernel that has not got one of
//! them is no reason not to score: the other stands, and whatever the worker says can only add caution.

use std::collections::BTreeMap;
use std::os::fd::BorrowedFd;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, CompatLevel, Compatible as _, PathBeneath,
    Ruleset, RulesetAttr as _, RulesetCreatedAttr as _, Scope, path_beneath_rules,
};
use rustix::process::{Resource, Rlimit, Signal};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

/// What a backend needs beyond computing.
#[derive(Debug, Default)]
pub(crate) struct Needs<'a> {
    /// Files that are read.
    pub(crate) files: Vec<BorrowedFd<'a>>,
    /// Whether it opens connections.
    pub(crate) network: bool,
    /// Whether it has started a process that must end with it: the kernel sends that signal in its name, and scoped to itself it
    /// could not.
    pub(crate) child: bool,
}

/// What resolving a name reads, `nsswitch.conf(5)`.
const NAMES: [&str; 10] = [
    "/etc/hosts",
    "/etc/resolv.conf",
    "/etc/nsswitch.conf",
    "/etc/host.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/ld.so.cache",
    "/usr/lib",
    "/lib",
    "/lib64",
];

/// Ends with its parent, gains no rights, leaves no core, and lets others go first.
pub(crate) fn leave_the_parent_alone() -> anyhow::Result<()> {
    rustix::process::set_parent_process_death_signal(Some(Signal::KILL))
        .context("cannot ask to end with the parent")?;
    rustix::thread::set_no_new_privs(true).context("cannot give up new privileges")?;
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    rustix::process::setrlimit(Resource::Core, none).context("cannot do without a core dump")?;
    // Where it is not allowed, the worker is as quick as everybody.
    let _nicer = rustix::process::nice(5);
    Ok(())
}

static CONFINED: AtomicBool = AtomicBool::new(false);

/// Whether anything was given up already.
pub(crate) fn is_confined() -> bool {
    CONFINED.load(Ordering::Relaxed)
}

/// Gives up everything but `needs`.
pub(crate) fn confine(needs: &Needs<'_>) -> anyhow::Result<()> {
    CONFINED.store(true, Ordering::Relaxed);
    files(needs).context("cannot give up files")?;
    calls(needs).context("cannot give up calls to the system")
}

/// Closes the file system but for what is needed, and without a network every port.
fn files(needs: &Needs<'_>) -> anyhow::Result<()> {
    let abi = ABI::V6;
    let reading: BitFlags<AccessFs> = AccessFs::ReadFile.into();
    let scope = if needs.child {
        Scope::AbstractUnixSocket.into()
    } else {
        Scope::from_all(abi)
    };
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(AccessFs::from_all(abi))?
        .scope(scope)?;
    if !needs.network {
        ruleset = ruleset.handle_access(AccessNet::from_all(abi))?;
    }
    let mut created = ruleset.create()?;
    for file in &needs.files {
        created = created.add_rule(PathBeneath::new(file, reading))?;
    }
    if needs.network {
        created = created.add_rules(path_beneath_rules(
            NAMES,
            AccessFs::ReadFile | AccessFs::ReadDir,
        ))?;
    }
    created.restrict_self()?;
    Ok(())
}

/// Refuses to start programs, to look into other processes and, without a network, to open sockets.
fn calls(needs: &Needs<'_>) -> anyhow::Result<()> {
    let Ok(machine) = std::env::consts::ARCH.try_into() else {
        // No filter is known for this machine: Landlock stands alone.
        return Ok(());
    };
    let refused = [
        libc::SYS_execve,
        libc::SYS_execveat,
        libc::SYS_ptrace,
        libc::SYS_process_vm_readv,
        libc::SYS_process_vm_writev,
        libc::SYS_pidfd_getfd,
        libc::SYS_bpf,
        libc::SYS_perf_event_open,
        libc::SYS_io_uring_setup,
        libc::SYS_userfaultfd,
        libc::SYS_mount,
        libc::SYS_unshare,
        libc::SYS_setns,
        libc::SYS_keyctl,
        libc::SYS_add_key,
        libc::SYS_request_key,
    ];
    let network = [
        libc::SYS_socket,
        libc::SYS_socketpair,
        libc::SYS_connect,
        libc::SYS_bind,
        libc::SYS_listen,
    ];
    let network = network.iter().filter(|_| !needs.network);
    let numbers = refused.iter().chain(network).copied();
    let numbers = numbers.flat_map(|number| [number, x32(number)]);
    let rules: BTreeMap<i64, Vec<_>> = numbers.map(|call| (call, Vec::new())).collect();
    let refuse = SeccompAction::Errno(libc::EPERM.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refuse, machine)?;
    let program: BpfProgram = filter.try_into()?;
    match seccompiler::apply_filter(&program) {
        // A kernel without seccomp.
        Err(seccompiler::Error::Prctl(error)) if error.raw_os_error() == Some(libc::EINVAL) => {
            Ok(())
        }
        done => Ok(done?),
    }
}

/// Returns the number that a call has in the x32 interface, by which the kernel would serve it as well (`x32(7)` numbers: the bit,
/// and for execve its own).
#[cfg(target_arch = "x86_64")]
fn x32(number: i64) -> i64 {
    const BIT: i64 = 0x4000_0000;
    match number {
        libc::SYS_execve => BIT + 520,
        libc::SYS_ptrace => BIT + 521,
        libc::SYS_process_vm_readv => BIT + 539,
        libc::SYS_process_vm_writev => BIT + 540,
        libc::SYS_execveat => BIT + 545,
        other => BIT + other,
    }
}

#[cfg(not(target_arch = "x86_64"))]
const fn x32(number: i64) -> i64 {
    number
}
