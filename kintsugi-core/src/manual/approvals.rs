//! Who may say yes: what is checked, where a code is asked for, and what is possible on one user id all the same.
//!
//! Anybody who may connect may **deny**: that only adds caution. An **approval** (`approve`, and `resolve` with `allow`) is taken from
//! a person, which the daemon decides from what the kernel says about the process that connected, never from what it sends.
//!
//! # What is checked
//!
//! In this order; the word is what the log keeps in `approval_refused`, with the process that made the check fail.
//!
//! | word | refused when |
//! |---|---|
//! | `gone` | the process that connected (`SO_PEERPIDFD`) has ended once everything was read, so that a number which was given again passes for nobody; or it has no number here. Before Linux 6.5 the kernel does not hand over that process, and it is looked up by its number at once: whoever ends within that moment and has its number taken is not told apart |
//! | `session` | its session, by the number and the start of its leader, or its terminal is that of the proposer |
//! | `descendant` | the proposer, or a process that stood between the proposer and its session's leader, is among its ancestors; those are kept with the proposal, so that killing them changes nothing |
//! | `agent` | so is the oldest process of any agent that proposed lately |
//! | `no_terminal` | it has no controlling terminal |
//! | `background` | its process group is not in the foreground of that |
//! | `confined` | it has `NoNewPrivs` or a `Seccomp` filter, and the daemon has not |
//! | `operated` | the other end of its terminal (`/dev/ptmx` in `/proc/*/fd`, `tty-index`) is held by the proposer, an agent, or what they started |
//! | `own_terminal` | the other end is held in its own session |
//! | `traced` | another process is attached (`ptrace(2)`) to it, to what stands above it in its session, or to whoever holds the other end of its terminal |
//! | `unclear` | it may be an agent's terminal: the holder of the other end started after the first agent that runs, is a terminal multiplexer, is itself inside a terminal in which an agent has been, or cannot be seen; or an agent shares the terminal and may type into it (`TIOCSTI`) |
//! | `code` | a code was asked for, and another was given |
//! | `not_at_prompt` | it answers where it was proposed, and no person proposed it there |
//! | `never_held` | it resolves what was never proposed |
//!
//! Every refusal is durable before it is answered, and stands in `kintsugi status` and `kintsugi pending`, one line each.
//!
//! # At the prompt
//!
//! A shell's hook asks in the terminal in which the line was typed, so proposer and answerer share everything. Both count as a
//! person's when nothing but forks of the shell that leads the session stands between it and our own client. A fork is told from a program
//! by its addresses, which `execve(2)` draws anew. The checks from `agent` on then apply.
//!
//! A prompt that goes away with its terminal, its connection or its process denies what it asked about, and the log says so; nobody's word is
//! remembered by that. Left with `l`, it stays held. The walk of `kintsugi approve` answers nothing that no key answered.
//!
//! # Where it cannot be told
//!
//! The answer is `code_needed`, and the daemon writes a code of six digits to terminals that are a person's: the one in which the
//! multiplexer or `script` of the answerer is shown, and those that the proposer and the agents were started from, if whoever holds their other
//! ends is older than every agent. It never passes through the socket. In tmux it is on the client's terminal and not in the pane, so that
//! `capture-pane` does not have it. It serves once, for one hold and one session, for two minutes and three tries.
//! Where no such terminal is, the answer is no; a terminal that is older than the agent, or the admin's proof, is the way then.
//!
//! # What an approval is good for
//!
//! The exact bytes, directory, shell, agent and session that were held, once, within an hour; at the prompt, that one line. And the things
//! themselves ([`crate::binding`]): the file or directory behind each path that the command would change (device and inode), the commit that is checked
//! out where it works on branches and remotes, the bytes of the script that it would run, the rules and the policy. A client that can find these out
//! is asked for them when the command is held and again when it is about to run; when one is another, the approval is void, and the answer
//! says which. `content_hash` covers all of it. A client that offers no facts is bound by the words and the policy alone.
//!
//! # More than once
//!
//! `kintsugi approve ID --for 30m`, `--times 5`, `--session`, `--project`, with or without `--effect`, makes a **grant** ([`crate::grant`]): these bytes, or
//! whatever has no other effects by the same programs in the same places; in this directory or this project; for a time, so many times, for this session, or until it is
//! revoked. What is catastrophic is never granted. Making one takes what an approval takes, and where there is a vault the admin (`--admin`).
//! `kintsugi grants list|show|revoke`; whoever makes one, and `show`, is told every command of the log that it would also have allowed, and `list` how
//! many these are. Each making, use, end and revocation is a record.
//!
//! A **denial** is remembered as its effects: whatever has one of them on the same target, in whatever spelling, by whatever agent, tool or session, is
//! denied and says whose word that is, with no other way to the same end. Where a command takes something away, that is what was denied, and not
//! what it has in common with harmless ones; where its effects say nothing, its text was. `kintsugi approve ID`, with the id of the denial
//! (`kintsugi grants` lists them), takes it back, and needs what an approval needs: nothing runs by that, it is held when it is proposed again. Somebody
//! who types it at a prompt of their own, which the kernel attests, is asked: that is the person who may say otherwise. After three denials in a session everything ambiguous in it is
//! held. A hold that nobody answered is denied once and remembered as nothing.
//!
//! Of two who answer, the first counts. Whoever saw it held, or is asked at a prompt, means by a yes that this may run, and takes nothing back that
//! somebody else denied meanwhile. An answer that comes too late is told in one line what became of the hold: approved or denied already and by whom, used, void and for what change,
//! expired, or never known.
//!
//! # What remains possible on one user id
//!
//! Everything that runs as you can do what you can. The checks stop an agent that uses its tools; these are open to one that
//! attacks your account:
//!
//! - **Your programs.** It can change your shell's start-up files, `PATH` or an alias, and wait until you run something in your own
//!   terminal; where `kernel.yama.ptrace_scope` is 0, or there is no Yama, it can attach to your
//!   shell with `ptrace(2)`. While it stays attached, nothing counts (`traced`): so a debugger that calls `system` in your shell is refused. One that
//!   makes your shell become `kintsugi approve` and lets go of it before that runs, leaves nothing to be seen. At 1 only what
//!   started a process may attach to it, at 2 only root, at 3 nobody (`Documentation/admin-guide/LSM/Yama.rst`): `sysctl kernel.yama.ptrace_scope=1` closes it.
//! - **Your terminal's remote control.** A terminal emulator or editor that types for whoever asks (kitty and wezterm with remote control,
//!   konsole's D-Bus interface, an Emacs or Neovim server) and is older than the agent, looks like your hands. Turn that off. X11 lets any client type into any window.
//! - **What an agent leaves behind.** Agents are known by what they proposed. A program that an agent started, that outlived it and made a
//!   terminal after all agents have ended, is not told from a terminal that you opened; nor is one that never proposed anything, or only over a
//!   connection that attests no process (the port of the daemon, another PID namespace). A process that has ended before its proposal is looked at is not held but denied.
//! - **Services that start programs.** A terminal that a service of root holds is taken for a login. `ssh` to this machine is
//!   seen while the connection is open on this machine; through another machine it is not.
//! - **The daemon itself.** It can be killed and its files replaced; the log's chain and the checkpoints elsewhere show it afterwards.
//! - **Root.** Every check here is made by the kernel for a user; root types into any terminal.
//!
//! A daemon under a user id of its own closes the last but one: its memory, its log and its socket are then out of reach. The admin vault closes
//! loosening (policy, grants, shutting down) whatever an agent does to your account.
//!
//! The attempts that are made for real, by a process that plays the agent: `tests/tests/self_approval/attempts.rs`, each refused and on record in
//! `no_way_of_an_agent_to_approve_itself_is_taken_and_a_person_is`; numbers that are given again and a debugger: `tests/tests/self_approval/kernel.rs`;
//! tmux and screen of a person's: `tests/tests/self_approval/multiplexers.rs`; `systemd-run`, under a systemd of its own: `tests/systemd/check`.
