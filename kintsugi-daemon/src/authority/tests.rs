//! Machines that are only told of, and who may say yes on them.

use std::collections::BTreeMap;

use kintsugi_core::audit::record::{Check, Peer, Process};
use kintsugi_core::proposal::PeerCredentials;

use super::examine::{Examination, Standing};
use super::table::{Masters, Stat, Table};

const PTS: u32 = 136 << 8;

/// A machine that is told of.
#[derive(Debug, Default)]
struct Told {
    processes: BTreeMap<u32, (Stat, &'static str)>,
    masters: BTreeMap<u32, Vec<u32>>,
    open: BTreeMap<u32, Vec<u32>>,
    confined: Vec<u32>,
    tracers: BTreeMap<u32, u32>,
    injectable: bool,
    local_login: bool,
    root: Vec<u32>,
}

impl Told {
    /// A desktop: init 1, a user's manager 10, a terminal emulator 20 of its own, older than everything else.
    fn desktop() -> Self {
        let mut told = Self::default();
        told.add(1, 0, (1, 0), "init");
        told.add(10, 1, (10, 0), "systemd");
        told.add(20, 10, (20, 0), "gnome-terminal-server");
        told.root.push(1);
        // A shell in the first window, an agent in it, and what the agent starts for each command.
        told.window(20, 100, PTS);
        told.add(200, 100, (100, PTS), "node");
        told.add(201, 200, (100, PTS), "sh");
        told.add(202, 201, (100, PTS), "kintsugi-hook");
        told
    }

    fn add(&mut self, pid: u32, parent: u32, (session, tty): (u32, u32), name: &'static str) {
        let stat = Stat {
            pid,
            parent,
            group: pid,
            session,
            tty,
            foreground: pid,
            start: u64::from(pid),
            layout: [u64::from(pid) + 10; 3],
        };
        self.processes.insert(pid, (stat, name));
    }

    /// A shell `pid` on the terminal `tty`, whose other end `keeper` holds.
    fn window(&mut self, keeper: u32, pid: u32, tty: u32) {
        self.add(pid, keeper, (pid, tty), "bash");
        self.masters.entry(tty - PTS).or_default().push(keeper);
    }

    fn stats(&self, pids: &[u32]) -> Vec<Stat> {
        pids.iter().filter_map(|pid| self.stat(*pid)).collect()
    }

    fn proposer(&self) -> Peer {
        let process = |pid: u32| Process {
            pid,
            start: Some(u64::from(pid)),
            exe: self
                .processes
                .get(&pid)
                .map(|(_, name)| format!("/bin/{name}")),
        };
        let credentials = PeerCredentials {
            uid: 1000,
            gid: 1000,
            pid: 202,
        };
        Peer {
            process: process(202),
            ancestry: [201, 200, 100].map(process).to_vec(),
            session_leader: Some(100),
            session_start: Some(100),
            tty: Some(PTS),
            ..Peer::from(credentials)
        }
    }

    fn agents(&self) -> Vec<Process> {
        let (stat, name) = self.processes[&200];
        vec![Process {
            pid: stat.pid,
            start: Some(stat.start),
            exe: Some(format!("/bin/{name}")),
        }]
    }

    fn weigh(&self, pid: u32) -> Standing {
        let proposer = self.proposer();
        Examination::new(self, Some(&proposer), &self.agents()).elsewhere(pid)
    }

    fn check(&self, pid: u32) -> Option<Check> {
        match self.weigh(pid) {
            Standing::Refused { check, .. } => Some(check),
            Standing::Person | Standing::Unclear(_) => None,
        }
    }
}

impl Table for Told {
    fn stat(&self, pid: u32) -> Option<Stat> {
        self.processes.get(&pid).map(|(stat, _)| *stat)
    }

    fn exe(&self, pid: u32) -> Option<String> {
        self.processes
            .get(&pid)
            .map(|(_, name)| format!("/bin/{name}"))
    }

    fn name(&self, pid: u32) -> Option<(String, Option<u32>)> {
        let (_, name) = self.processes.get(&pid)?;
        let uid = if self.root.contains(&pid) { 0 } else { 1000 };
        Some(((*name).to_owned(), Some(uid)))
    }

    fn is_client(&self, pid: u32) -> bool {
        self.processes
            .get(&pid)
            .is_some_and(|(_, name)| name.starts_with("kintsugi"))
    }

    fn confined(&self, pid: u32) -> (bool, bool) {
        (self.confined.contains(&pid), false)
    }

    fn tracer(&self, pid: u32) -> u32 {
        self.tracers.get(&pid).copied().unwrap_or_default()
    }

    fn masters(&self) -> Masters {
        Masters {
            holders: self
                .masters
                .iter()
                .map(|(tty, pids)| (*tty, self.stats(pids)))
                .collect(),
            cut: false,
        }
    }

    fn terminals(&self, pid: u32) -> Vec<u32> {
        self.open.get(&pid).cloned().unwrap_or_default()
    }

    fn sharing(&self, tty: u32) -> Vec<Stat> {
        let all = self.processes.values().map(|(stat, _)| *stat);
        all.filter(|stat| stat.tty == tty).collect()
    }

    fn can_inject(&self) -> bool {
        self.injectable
    }

    fn has_local_login(&self) -> bool {
        self.local_login
    }

    fn own_uid(&self) -> u32 {
        1000
    }

    fn own_pid(&self) -> u32 {
        0
    }
}

#[test]
fn a_second_window_of_an_older_terminal_is_a_persons() {
    let mut told = Told::desktop();
    told.window(20, 300, PTS + 1);
    told.add(301, 300, (300, PTS + 1), "kintsugi");
    assert_eq!(told.weigh(301), Standing::Person);
}

#[test]
fn a_terminal_that_is_just_starting_a_program_elsewhere_is_a_persons_all_the_same() {
    let mut told = Told::desktop();
    told.window(20, 300, PTS + 1);
    told.add(301, 300, (300, PTS + 1), "kintsugi");
    // The emulator forks: the fork is younger than the agent, and holds every terminal of it until it is another program.
    told.add(302, 20, (20, 0), "gnome-terminal-server");
    told.masters.entry(1).or_default().push(302);
    let emulator = told.processes[&20].0.layout;
    told.processes.get_mut(&302).unwrap().0.layout = emulator;
    assert_eq!(told.check(301), None);
    assert_eq!(told.weigh(301), Standing::Person);
    // One that has become a program of its own and kept the terminal is another matter.
    told.processes.get_mut(&302).unwrap().0.layout = [7; 3];
    assert_ne!(told.weigh(301), Standing::Person);
}

#[test]
fn whoever_shares_a_session_or_an_ancestor_with_the_proposer_is_refused() {
    let mut told = Told::desktop();
    told.add(301, 100, (100, PTS), "kintsugi");
    told.add(302, 200, (302, 0), "kintsugi");
    told.window(303, 304, PTS + 1);
    told.add(303, 200, (303, 0), "python3");
    told.add(305, 304, (304, PTS + 1), "kintsugi");
    assert_eq!(told.check(301), Some(Check::Session));
    assert_eq!(told.check(302), Some(Check::Descendant));
    assert_eq!(told.check(305), Some(Check::Descendant));
    assert_eq!(told.check(999), Some(Check::Gone));
}

#[test]
fn another_agent_is_no_person_either() {
    let mut told = Told::desktop();
    told.window(20, 400, PTS + 1);
    told.add(410, 400, (400, PTS + 1), "node");
    told.add(411, 410, (400, PTS + 1), "kintsugi");
    let proposer = told.proposer();
    let mut agents = told.agents();
    agents.push(Process {
        pid: 410,
        start: Some(410),
        exe: None,
    });
    let standing = Examination::new(&told, Some(&proposer), &agents).elsewhere(411);
    let by = Some(agents[1].clone());
    let check = Check::Agent;
    assert_eq!(standing, Standing::Refused { check, by });
    // One whose number belongs to another process by now is no agent.
    agents[1].start = Some(1);
    let standing = Examination::new(&told, Some(&proposer), &agents).elsewhere(411);
    assert_eq!(standing, Standing::Person);
}

#[test]
fn without_a_terminal_or_behind_its_foreground_or_confined_nobody_answers() {
    let mut told = Told::desktop();
    told.add(300, 1, (300, 0), "kintsugi");
    assert_eq!(told.check(300), Some(Check::NoTerminal));
    told.window(20, 310, PTS + 1);
    told.add(311, 310, (310, PTS + 1), "kintsugi");
    told.confined.push(311);
    assert_eq!(told.check(311), Some(Check::Confined));
    told.processes.get_mut(&311).unwrap().0.foreground = 310;
    assert_eq!(told.check(311), Some(Check::Background));
}

#[test]
fn whoever_is_attached_to_a_persons_client_shell_or_terminal_answers_for_nobody() {
    for traced in [301, 300, 20] {
        let mut told = Told::desktop();
        told.window(20, 300, PTS + 1);
        told.add(301, 300, (300, PTS + 1), "kintsugi");
        told.add(299, 10, (299, 0), "gdb");
        assert_eq!(told.weigh(301), Standing::Person);
        told.tracers.insert(traced, 299);
        assert_eq!(told.check(301), Some(Check::Traced), "{traced}");
    }
    // What is above the session is not what a person types in.
    let mut told = Told::desktop();
    told.window(20, 300, PTS + 1);
    told.add(301, 300, (300, PTS + 1), "kintsugi");
    told.tracers.insert(10, 299);
    assert_eq!(told.weigh(301), Standing::Person);
}

#[test]
fn a_terminal_that_an_orphan_of_the_agent_made_is_asked_for_a_code_on_the_agents_own() {
    let mut told = Told::desktop();
    // Double fork: the parent is the manager, nothing shows where it came from but its age.
    told.add(300, 10, (300, 0), "python3");
    told.window(300, 301, PTS + 1);
    told.add(302, 301, (301, PTS + 1), "kintsugi");
    assert_eq!(told.weigh(302), Standing::Unclear(vec![PTS]));
    // When the agent has no terminal either, there is nowhere to show one.
    for pid in [200, 201, 202] {
        told.processes.get_mut(&pid).unwrap().0.tty = 0;
    }
    let mut proposer = told.proposer();
    proposer.tty = None;
    let standing = Examination::new(&told, Some(&proposer), &told.agents()).elsewhere(302);
    let check = Check::Unclear;
    assert_eq!(standing, Standing::Refused { check, by: None });
}

#[test]
fn who_holds_the_other_end_of_its_own_terminal_is_refused() {
    let mut told = Told::desktop();
    told.add(300, 10, (300, PTS + 1), "python3");
    told.masters.insert(1, vec![300]);
    told.add(301, 300, (300, PTS + 1), "kintsugi");
    assert_eq!(told.check(301), Some(Check::OwnTerminal));
    told.masters.insert(1, vec![200]);
    assert_eq!(told.check(301), Some(Check::Operated));
}

#[test]
fn in_a_multiplexer_the_code_is_shown_on_the_terminal_that_shows_it() {
    let mut told = Told::desktop();
    told.add(30, 10, (30, 0), "tmux: server");
    told.window(20, 40, PTS + 5);
    told.window(30, 300, PTS + 1);
    told.add(301, 300, (300, PTS + 1), "kintsugi");
    told.open.insert(30, vec![5]);
    assert_eq!(told.weigh(301), Standing::Unclear(vec![PTS + 5, PTS]));
    // A terminal that the agent attached itself shows it nothing.
    told.masters.insert(5, vec![200]);
    assert_eq!(told.weigh(301), Standing::Unclear(vec![PTS]));
}

#[test]
fn a_login_of_root_is_a_persons_unless_it_came_from_this_machine() {
    let mut told = Told::desktop();
    told.add(50, 1, (50, 0), "sshd");
    told.add(300, 50, (300, 0), "sshd-session");
    told.add(301, 300, (300, 0), "sshd-session");
    told.root.extend([50, 300]);
    told.add(302, 301, (302, PTS + 1), "bash");
    told.add(303, 302, (302, PTS + 1), "kintsugi");
    assert_eq!(told.weigh(303), Standing::Person);
    told.local_login = true;
    assert_eq!(told.weigh(303), Standing::Unclear(vec![PTS]));
    told.local_login = false;
    told.root.retain(|pid| *pid != 300);
    assert_eq!(told.weigh(303), Standing::Unclear(vec![PTS]));
}

#[test]
fn a_shell_that_came_from_outside_of_what_is_seen_is_a_persons() {
    let mut told = Told::desktop();
    told.add(300, 0, (300, PTS + 1), "bash");
    told.add(301, 300, (300, PTS + 1), "kintsugi");
    assert_eq!(told.weigh(301), Standing::Person);
}

#[test]
fn an_agent_on_the_same_terminal_that_may_type_into_it_makes_a_code_needed_there() {
    let mut told = Told::desktop();
    told.window(20, 300, PTS + 1);
    told.add(301, 300, (300, PTS + 1), "kintsugi");
    // Left behind by an agent, with the terminal still its own.
    told.add(310, 10, (299, PTS + 1), "python3");
    assert_eq!(told.weigh(301), Standing::Person);
    told.injectable = true;
    assert_eq!(told.weigh(301), Standing::Unclear(vec![PTS + 1]));
}

/// A line that a person typed at the prompt of a shell, and who answers there.
fn prompt(told: &mut Told) -> (Peer, Peer) {
    told.window(20, 300, PTS + 1);
    told.add(301, 300, (300, PTS + 1), "kintsugi-hook");
    told.add(302, 300, (300, PTS + 1), "kintsugi");
    let peer = |pid: u32| {
        let credentials = PeerCredentials {
            uid: 1000,
            gid: 1000,
            pid,
        };
        Peer {
            session_leader: Some(300),
            session_start: Some(300),
            tty: Some(PTS + 1),
            direct: true,
            ..Peer::from(credentials)
        }
    };
    (peer(301), peer(302))
}

#[test]
fn a_person_answers_at_the_prompt_where_they_typed() {
    let mut told = Told::desktop();
    let (proposer, answerer) = prompt(&mut told);
    let at = |proposer: &Peer, answerer: &Peer| {
        Examination::new(&told, Some(proposer), &told.agents()).at_prompt(302, answerer)
    };
    assert_eq!(at(&proposer, &answerer), Standing::Person);
    let by_an_agent = Peer {
        direct: false,
        ..proposer.clone()
    };
    let refused = Standing::Refused {
        check: Check::NotAtPrompt,
        by: None,
    };
    assert_eq!(at(&by_an_agent, &answerer), refused);
    let later = Peer {
        session_start: Some(1),
        ..proposer.clone()
    };
    assert_ne!(at(&later, &answerer), refused, "another session, elsewhere");
    assert_eq!(
        at(
            &proposer,
            &Peer {
                direct: false,
                ..answerer
            }
        ),
        refused
    );
}

#[test]
fn a_prompt_in_a_terminal_of_the_agents_is_no_persons() {
    let mut told = Told::desktop();
    let (proposer, answerer) = prompt(&mut told);
    told.masters.insert(1, vec![201]);
    let standing =
        Examination::new(&told, Some(&proposer), &told.agents()).at_prompt(302, &answerer);
    assert!(
        matches!(
            standing,
            Standing::Refused {
                check: Check::Operated,
                ..
            }
        ),
        "{standing:?}"
    );
    // Made by what an agent left behind in its terminal, and the agent has ended: it is asked there.
    told.processes.remove(&200);
    told.add(298, 100, (100, PTS), "script");
    told.masters.insert(1, vec![298]);
    let agents = [Process {
        pid: 200,
        start: Some(200),
        exe: None,
    }];
    let standing = Examination::new(&told, Some(&proposer), &agents).at_prompt(302, &answerer);
    assert_eq!(standing, Standing::Unclear(vec![PTS]));
}
