//! Whether an answer to a hold comes from a person: decided from what the kernel says about processes, never from a frame.
//!
//! Three ends: it is a person's; it is not, and which check says so; or it cannot be told, and where a code may be shown that only
//! a person can read. `kintsugi_core::manual::approvals` says what this keeps and what it cannot.

use kintsugi_core::audit::record::{Check, Peer, Process};

use super::table::{self, Masters, Stat, Table, is_console, process, pts_number};

/// Most ancestors that are looked at.
const LINEAGE_MAX: usize = 64;

/// Most terminals inside terminals that are looked through.
const NESTED_MAX: usize = 3;

/// Most terminals on which one code is shown.
const SHOWN_MAX: usize = 8;

/// Programs that show one terminal inside another and let any process of their user type into it, by their names.
///
/// tmux(1) `send-keys`, screen(1) `-X stuff`, zellij `action write-chars`; `dtach`, `abduco` and `shpool` by attaching.
const MULTIPLEXERS: [&str; 9] = [
    "tmux",
    "tmux: server",
    "screen",
    "SCREEN",
    "zellij",
    "dtach",
    "abduco",
    "shpool",
    "tmate",
];

/// Programs of root that put a person at a terminal, and hold its other end themselves.
const LOGINS: [&str; 4] = ["sshd", "sshd-session", "sshd-auth", "login"];

/// What is known about who answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A person, as far as the kernel can tell.
    Person,
    /// It cannot be told: a code decides, shown on these terminals (device numbers), which no agent reads.
    Unclear(Vec<u32>),
    /// Nobody who may answer.
    Refused {
        /// Which check says so.
        check: Check,
        /// The process that made it fail, when it is another.
        by: Option<Process>,
    },
}

impl Standing {
    fn refused(check: Check) -> Self {
        Self::Refused { check, by: None }
    }
}

/// One examination.
#[derive(Debug)]
pub struct Examination<'a> {
    table: &'a dyn Table,
    masters: Masters,
    /// Who proposed.
    proposer: Option<&'a Peer>,
    /// Agents that proposed something lately and still run.
    agents: Vec<Process>,
    /// When the first of them started; what is older was not made by any of them.
    since: u64,
    /// The same, of those that have ended, too.
    since_ever: u64,
}

impl<'a> Examination<'a> {
    /// Prepares to examine answers to what `proposer` proposed. `agents` are those that proposed anything lately.
    #[must_use]
    pub fn new(table: &'a dyn Table, proposer: Option<&'a Peer>, agents: &[Process]) -> Self {
        let runs = |agent: &&Process| {
            let stat = table.stat(agent.pid);
            stat.is_some_and(|stat| Some(stat.start) == agent.start)
        };
        let running: Vec<Process> = agents.iter().filter(runs).cloned().collect();
        let own = proposer
            .filter(|peer| !peer.direct)
            .and_then(|peer| agent_of(peer)?.start);
        let first = |agents: &[Process]| {
            let starts = agents.iter().filter_map(|agent| agent.start).chain(own);
            starts.min().unwrap_or(u64::MAX)
        };
        Self {
            since: first(&running),
            since_ever: first(agents),
            masters: Masters::default(),
            table,
            proposer,
            agents: running,
        }
    }

    /// Examines who answers from elsewhere.
    #[must_use]
    pub fn elsewhere(mut self, pid: u32) -> Standing {
        let Some(peer) = self.table.stat(pid) else {
            return Standing::refused(Check::Gone);
        };
        let lineage = self.lineage(&peer);
        if let Some(refused) = self.inside(&peer, &lineage) {
            return refused;
        }
        self.on_terminal(&peer, &lineage)
    }

    /// Examines who answers at the prompt where it was proposed: the shell's own terminal, with a person's line in it.
    #[must_use]
    pub fn at_prompt(mut self, pid: u32, answerer: &Peer) -> Standing {
        let Some(peer) = self.table.stat(pid) else {
            return Standing::refused(Check::Gone);
        };
        let typed = self.proposer.is_some_and(|proposer| {
            proposer.direct
                && answerer.direct
                && proposer.session_leader.is_some()
                && proposer.session_leader == answerer.session_leader
                && proposer.session_start == answerer.session_start
                && proposer.tty == answerer.tty
        });
        if !typed {
            return match self.elsewhere(pid) {
                Standing::Refused {
                    check: Check::Session | Check::Descendant,
                    by,
                } => Standing::Refused {
                    check: Check::NotAtPrompt,
                    by,
                },
                other @ (Standing::Person | Standing::Unclear(_) | Standing::Refused { .. }) => {
                    other
                }
            };
        }
        let lineage = self.lineage(&peer);
        if let Some(agent) = self.agent_in(&lineage) {
            return Standing::Refused {
                check: Check::Agent,
                by: Some(agent),
            };
        }
        self.on_terminal(&peer, &lineage)
    }

    /// Returns the process and its ancestors, as far as they can be seen.
    fn lineage(&self, stat: &Stat) -> Vec<Stat> {
        let mut lineage = vec![*stat];
        let mut parent = stat.parent;
        while parent != 0 && lineage.len() < LINEAGE_MAX {
            let Some(next) = self.table.stat(parent) else {
                break;
            };
            lineage.push(next);
            parent = next.parent;
        }
        lineage
    }

    /// Says why a process is on the proposer's side, if its ancestors or its session show it.
    fn inside(&self, peer: &Stat, lineage: &[Stat]) -> Option<Standing> {
        let refused = |check, by| Some(Standing::Refused { check, by });
        if let Some(proposer) = self.proposer {
            let leader = self.table.stat(peer.session).map(|leader| leader.start);
            let same_session = proposer.session_leader == Some(peer.session)
                && (proposer.session_start == leader || leader.is_none());
            // The number of a terminal is given again once its session has ended.
            let stays = proposer.session_leader.is_some_and(|pid| {
                let start = self.table.stat(pid).map(|leader| leader.start);
                start.is_some() && start == proposer.session_start
            });
            let same_terminal = peer.tty != 0 && proposer.tty == Some(peer.tty);
            if same_session || (same_terminal && stays) {
                return refused(Check::Session, None);
            }
            let own = std::iter::once(&proposer.process).chain(&proposer.ancestry);
            if let Some(ancestor) = first_in(lineage, own) {
                return refused(Check::Descendant, Some(ancestor.clone()));
            }
        }
        let agent = self.agent_in(lineage)?;
        refused(Check::Agent, Some(agent))
    }

    fn agent_in(&self, lineage: &[Stat]) -> Option<Process> {
        first_in(lineage, self.agents.iter()).cloned()
    }

    /// Judges the terminal of a process that is on nobody's side by descent.
    fn on_terminal(&mut self, peer: &Stat, lineage: &[Stat]) -> Standing {
        if peer.tty == 0 {
            return Standing::refused(Check::NoTerminal);
        }
        if peer.group != peer.foreground {
            return Standing::refused(Check::Background);
        }
        let (theirs, ours) = (
            self.table.confined(peer.pid),
            self.table.confined(self.table.own_pid()),
        );
        if (theirs.0 && !ours.0) || (theirs.1 && !ours.1) {
            return Standing::refused(Check::Confined);
        }
        self.masters = self.table.masters();
        if let Some(refused) = self.operated(peer).or_else(|| self.traced(peer, lineage)) {
            return refused;
        }
        let shared = self.is_shared(peer, lineage);
        if self.is_clear(peer.tty, Some(lineage)) && !shared {
            return Standing::Person;
        }
        let mut shown = self.witnesses(peer.tty);
        if shared && self.is_clear(peer.tty, Some(lineage)) {
            shown = vec![peer.tty];
        }
        if shown.is_empty() {
            return Standing::refused(Check::Unclear);
        }
        shown.truncate(SHOWN_MAX);
        Standing::Unclear(shown)
    }

    fn holders(&self, tty: u32) -> &[Stat] {
        pts_number(tty)
            .and_then(|number| self.masters.holders.get(&number))
            .map_or(&[], Vec::as_slice)
    }

    /// Says who of the proposer's side has the other end of the terminal, if anybody.
    fn operated(&self, peer: &Stat) -> Option<Standing> {
        for holder in self.holders(peer.tty) {
            if holder.session == peer.session {
                return Some(Standing::Refused {
                    check: Check::OwnTerminal,
                    by: Some(process(self.table, holder)),
                });
            }
            if self.is_theirs(holder) {
                return Some(Standing::Refused {
                    check: Check::Operated,
                    by: Some(process(self.table, holder)),
                });
            }
        }
        None
    }

    /// Says who is attached to the process, to one above it in its session, or to who has the other end of its terminal: that is
    /// who answers.
    fn traced(&self, peer: &Stat, lineage: &[Stat]) -> Option<Standing> {
        let own = lineage.iter().filter(|stat| stat.session == peer.session);
        let holders = self.holders(peer.tty);
        let tracer = own
            .chain(holders)
            .map(|stat| self.table.tracer(stat.pid))
            .find(|tracer| *tracer != 0)?;
        let by = self.table.stat(tracer);
        Some(Standing::Refused {
            check: Check::Traced,
            by: by.map(|stat| process(self.table, &stat)),
        })
    }

    /// Whether a process is the proposer, an agent, or started by one.
    fn is_theirs(&self, stat: &Stat) -> bool {
        let lineage = self.lineage(stat);
        let own = self
            .proposer
            .filter(|peer| !peer.direct)
            .into_iter()
            .flat_map(|peer| std::iter::once(&peer.process).chain(&peer.ancestry));
        first_in(&lineage, own).is_some() || self.agent_in(&lineage).is_some()
    }

    /// Whether nobody but a person's programs can type into the terminal: whoever has its other end is older than every
    /// agent, or of root. `lineage` is that of a process on it.
    fn is_clear(&self, tty: u32, lineage: Option<&[Stat]>) -> bool {
        if is_console(tty) {
            return true;
        }
        if self.masters.cut {
            return false;
        }
        let holders = self.holders(tty);
        if holders.is_empty() {
            return lineage.is_some_and(|lineage| self.is_from_outside(lineage));
        }
        // Whoever starts a program has a fork of itself for a moment, which holds what it holds until `execve(2)` closes that.
        let is_passing = |holder: &Stat| {
            let older = |other: &Stat| other.pid == holder.parent && other.start <= holder.start;
            holders
                .iter()
                .any(|other| older(other) && holder.is_fork_of(other))
        };
        let mut lasting = holders.iter().filter(|holder| !is_passing(holder));
        lasting.all(|holder| {
            !self.is_theirs(holder)
                && holder.start < self.since
                && !self.is_nested(holder)
                && !self.is_multiplexer(holder)
        })
    }

    /// Whether a terminal is shown inside another by `holder`, as script(1) does it, and an agent may have started that.
    fn is_nested(&self, holder: &Stat) -> bool {
        holder.tty != 0 && !is_console(holder.tty) && holder.start >= self.since_ever
    }

    fn is_multiplexer(&self, stat: &Stat) -> bool {
        let exe = self.table.exe(stat.pid).unwrap_or_default();
        let base = exe.rsplit('/').next().unwrap_or_default();
        let base = base.strip_suffix(" (deleted)").unwrap_or(base);
        let name = self.table.name(stat.pid).map(|(name, _)| name);
        MULTIPLEXERS
            .iter()
            .any(|known| *known == base || name.as_deref() == Some(*known))
    }

    /// Whether the leader of the session was put there by who is above every process of this user: a login of root, or another
    /// system (a container's host) beyond what can be seen from here.
    fn is_from_outside(&self, lineage: &[Stat]) -> bool {
        let Some(first) = lineage.first() else {
            return false;
        };
        let Some(at) = lineage.iter().position(|stat| stat.pid == first.session) else {
            return false;
        };
        if lineage.get(at).is_some_and(|leader| leader.parent == 0) {
            return true;
        }
        let by_login = lineage.iter().skip(at + 1).take(2).any(|ancestor| {
            let name = self.table.name(ancestor.pid);
            ancestor.pid != 1
                && name.is_some_and(|(name, uid)| uid == Some(0) && LOGINS.contains(&name.as_str()))
        });
        self.table.own_uid() != 0 && by_login && !self.table.has_local_login()
    }

    /// Whether an agent, or what may be one, is on this very terminal and could put keys into it.
    fn is_shared(&self, peer: &Stat, lineage: &[Stat]) -> bool {
        if !self.table.can_inject() {
            return false;
        }
        let known = |stat: &Stat| lineage.iter().any(|other| other.pid == stat.pid);
        self.table
            .sharing(peer.tty)
            .iter()
            .filter(|stat| !known(stat) && stat.group != peer.group)
            .any(|stat| {
                let theirs = self.lineage(stat);
                let has_leader = theirs.iter().any(|other| other.pid == stat.session);
                self.agent_in(&theirs).is_some() || (!has_leader && stat.start >= self.since)
            })
    }

    /// Returns the terminals, other than `tty`, that a person looks at and no agent reads: where the proposer and the agents are
    /// started from, and those in which the terminal of `tty` is shown.
    fn witnesses(&self, tty: u32) -> Vec<u32> {
        let mut found = Vec::new();
        for holder in self.holders(tty) {
            self.outward(holder, NESTED_MAX, &mut found);
        }
        let proposer = self.proposer.and_then(|peer| peer.tty);
        let agents = self.agents.iter().filter_map(|agent| {
            let stat = self.table.stat(agent.pid)?;
            Some(stat.tty).filter(|tty| *tty != 0)
        });
        for candidate in proposer.into_iter().chain(agents) {
            self.show_on(candidate, NESTED_MAX, &mut found);
        }
        found.retain(|other| *other != tty);
        found
    }

    /// Adds the terminals in which `holder` shows what it holds.
    fn outward(&self, holder: &Stat, depth: usize, found: &mut Vec<u32>) {
        let held = |tty: &u32| {
            !self
                .masters
                .holders
                .get(tty)
                .is_some_and(|all| all.iter().any(|other| other.pid == holder.pid))
        };
        let open = self.table.terminals(holder.pid);
        let open = open.into_iter().filter(held).map(device_number);
        let own = Some(holder.tty).filter(|tty| *tty != 0);
        for outer in open.chain(own) {
            self.show_on(outer, depth, found);
        }
    }

    /// Adds `tty` when it is a person's; what shows it, when it is shown in another.
    fn show_on(&self, tty: u32, depth: usize, found: &mut Vec<u32>) {
        let on_it = || {
            let sharing = self.table.sharing(tty);
            let leader = sharing.iter().find(|stat| stat.pid == stat.session)?;
            Some(self.lineage(leader))
        };
        if found.contains(&tty) || depth == 0 {
            return;
        }
        let holders = self.holders(tty);
        let lineage = if holders.is_empty() { on_it() } else { None };
        if self.is_clear(tty, lineage.as_deref()) {
            found.push(tty);
        } else {
            for holder in holders.iter().filter(|holder| self.is_multiplexer(holder)) {
                if holder.start < self.since && !self.is_theirs(holder) {
                    self.outward(holder, depth - 1, found);
                }
            }
        }
    }
}

/// Returns the device number of `/dev/pts/N`.
const fn device_number(pts: u32) -> u32 {
    (136 << 8) | (pts & 0xff) | ((pts & 0x000f_ff00) << 12)
}

/// Returns the first of `processes` that is in `lineage`.
fn first_in<'p>(
    lineage: &[Stat],
    mut processes: impl Iterator<Item = &'p Process>,
) -> Option<&'p Process> {
    processes.find(|process| {
        lineage
            .iter()
            .any(|stat| stat.pid == process.pid && Some(stat.start) == process.start)
    })
}

/// Shells, by the names of their programs: what a terminal starts for a person.
const SHELLS: [&str; 12] = [
    "bash", "zsh", "fish", "sh", "dash", "ash", "ksh", "mksh", "nu", "pwsh", "tcsh", "busybox",
];

/// Whether a program is a shell, by its name, which may have a version or `-static` behind it (Debian's `zsh-static`, `bash-5.3`, `zsh5`).
///
/// A name proves nothing, and nobody is believed for it: it says which program of a terminal stands where a person's shell does. Not by
/// `/etc/shells`, which lists multiplexers as well.
#[must_use]
pub fn is_shell(exe: Option<&str>) -> bool {
    let base = exe.and_then(|exe| exe.rsplit('/').next());
    let is_behind = |rest: &str| {
        let version = rest.strip_prefix('-').unwrap_or(rest);
        rest == "-static"
            || version.starts_with(|first: char| first.is_ascii_digit())
                && version.chars().all(|it| it.is_ascii_digit() || it == '.')
    };
    base.is_some_and(|base| {
        let mut rests = SHELLS.iter().filter_map(|shell| base.strip_prefix(shell));
        rests.any(|rest| rest.is_empty() || is_behind(rest))
    })
}

/// Returns the oldest process that is the agent's own in a proposal: below the shell of the terminal, when one started it.
#[must_use]
pub fn agent_of(peer: &Peer) -> Option<&Process> {
    let top = peer.ancestry.last().unwrap_or(&peer.process);
    let is_terminals_shell = peer.tty.is_some() && is_shell(top.exe.as_deref());
    if !is_terminals_shell || peer.ancestry.is_empty() {
        return Some(top);
    }
    let below = peer.ancestry.len().checked_sub(2);
    below.map_or(Some(&peer.process), |at| peer.ancestry.get(at))
}

/// Returns what a person reads of a process: its number and its program.
#[must_use]
pub fn named(process: &Process) -> String {
    let exe = process.exe.as_deref().unwrap_or_default();
    match exe.rsplit('/').next() {
        Some(name) if !name.is_empty() => format!("process {} ({name})", process.pid),
        _ => format!("process {}", process.pid),
    }
}

/// Returns the path of a terminal by its device number.
#[must_use]
pub fn path_of(tty: u32) -> Option<std::path::PathBuf> {
    let path = match pts_number(tty) {
        Some(number) => format!("/dev/pts/{number}"),
        None if is_console(tty) => format!("/dev/tty{}", tty & 0xff),
        None => return None,
    };
    let path = std::path::PathBuf::from(path);
    table::is_terminal(&path, tty).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_is_known_with_its_version_behind_its_name() {
        for name in [
            "/bin/zsh-static",
            "/usr/bin/bash",
            "bash-5.3",
            "/opt/zsh5",
            "busybox",
        ] {
            assert!(is_shell(Some(name)), "{name}");
        }
        for name in [
            "/usr/bin/tmux",
            "bashful",
            "zsh-",
            "sh-agent",
            "nu-",
            "bash-5.3-wrapper",
            "fish-static-2",
        ] {
            assert!(!is_shell(Some(name)), "{name}");
        }
        assert!(!is_shell(None));
    }
}
