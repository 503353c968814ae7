//! Where commands come from: the hooks of shells and agents, what was found about them, and how it was checked.
//!
//! # Shells
//!
//! The contract and what is covered, with the test behind each cell: `shell-hooks/README.md`. What the hooks rest on, checked
//! in a pseudo-terminal with bash 5.2.15, zsh 5.9 and fish 3.6.0 (`tests/tests/shell_hooks/`):
//!
//! - bash expands `PS0` once for each complete command, after it has been read and before it runs. SIGINT during that expansion
//!   makes bash drop the whole command, with `$?` = 130. An expansion that fails (`${name?word}`, a division by zero) does not:
//!   bash prints the error and runs the command.
//! - An array index in `PS0` is arithmetic that the shell itself evaluates: `${none[v=0$(gate)]-}` keeps the gate's answer in
//!   `v`, and `${stops[v]+$(stop)}` runs `stop` only when `stops` has an element at that index. So an answer that never came
//!   (0) stops the line just as a no (1) does.
//! - While the user has a trap on INT, SIGINT runs the trap and then the command. In that state the question is asked at Enter
//!   instead, and a refusal empties the line.
//! - zsh gives `preexec` the whole text with its aliases expanded as the third argument, and drops the line on SIGINT there.
//! - The last line of a paste, and a line that came by another key than Enter, meet `PS0` as well.
//! - bash sets `$_` to the last argument of what a key of `bind -x` runs; so Enter's function is given `$_` as its argument.
//! - In POSIX mode bash prints `trap -- - SIGINT` for a signal that has no trap.
//! - Without `interactive_comments`, which is zsh's default, `#` begins no comment; the hook quotes it then, or what stands behind it
//!   would be judged as one.
//! - fish cannot stop a line from an event, so Enter is bound; the text is the editor's, once abbreviations are expanded.
//! - A substitution costs fish a thread (40 to 60 µs each, measured in 3.6.0 and 4.9.3), a sum by `math` as much, and a global variable that is
//!   set half of it; so the way of a harmless line has none of the first two; `… | read -lz text` takes a third of `set text (…)`. bash builds its table of aliases anew for each look at `BASH_ALIASES`, and `kill -0 … 2>/dev/null` costs it three
//!   times a look at `/proc/PID`.
//! - nushell 0.115 runs a line whatever its `pre_execution` hooks say. A key that runs a command (`executehostcommand`) can accept what
//!   is in the editor (`commandline edit --accept`), and that line takes nushell's own path. The status of that key's command is what
//!   the line finds in `$env.LAST_EXIT_CODE`, which nobody can set; so it is without a hook for each key that runs a command.
//! - fish reads a pipe without a limit. A read of a terminal whose `VMIN` is 0 ends after `VTIME`, whoever is at the other end and
//!   whether that is stopped; and with `read -z` fish takes it as bytes and not as an editor of lines (3.6.0, 4.0.2, 4.9.3).
//! - ble.sh calls the functions of `PREEXEC` before it reads the variable whose text it runs; with a trap on INT of its own, SIGINT stops
//!   none of its lines (0.4.0-devel4, 2025-08).
//! - Named pipes and not a socket: the hooks of bash and fish can open nothing else without a new process, and one way for three
//!   shells is less to get wrong. A process for each shell and not pipes into the daemon: the daemon keeps peers that the kernel
//!   attests, a relay that hangs stops one shell, and what a client does for a proposal is written once.
//!
//! # Agents
//!
//! `kintsugi hook HOST` answers what a host asks before a tool; what it tells after one goes into the log. One file a host in
//! `kintsugi-cli/src/agent/host`. Checked against sessions made from the documentation below (`tests/agents`), replayed through
//! the real programs with at least 200 malformed payloads a host (`tests/tests/hook_payloads.rs`); none of it against a live
//! account. What a host tells after a tool is in the log with its exit status and duration, as far as it tells them; Antigravity and VS
//! Code were not found to tell anything. Without a daemon and with none to be started, every host is told no, with that reason.
//!
//! | host | `kintsugi hook` | may be asked to ask | waits (s) | when a hook fails, it | gated tools: shell; writes; reads | source |
//! |---|---|---|---|---|---|---|
//! | Claude Code | `claude-code` | yes | 110 | runs | `Bash`, `Monitor`, `PowerShell`; `Write`, `Edit`, `MultiEdit`, `NotebookEdit`; `Read`, `NotebookRead`, `Grep` | "Hooks reference", 2.1 |
//! | Codex CLI | `codex` | no: the tool runs | 110 | runs | `Bash`, `shell`, `exec_command`, `write_stdin`; `apply_patch` | `codex-rs/hooks`, 2026-09 |
//! | Gemini CLI | `gemini` | no | 50 | runs | `run_shell_command`; `write_file`, `replace`; `read_file`, `read_many_files`, `search_file_content` | `docs/hooks/reference.md` |
//! | Qwen Code | `qwen` | yes | 50 | runs | as Gemini CLI | `docs/users/features/hooks.md` |
//! | Cursor | `cursor` | no: its auto-review runs it | 25 | runs, unless `failClosed` | `beforeShellExecution`, `beforeMCPExecution`, `beforeReadFile`, `preToolUse` | cursor.com/docs, 2026-09 |
//! | GitHub Copilot CLI | `copilot` | yes | 25 | stops; late: runs | `bash`, `powershell`, `write_bash`; `create`, `edit`, `apply_patch`; `view`, `grep` | "CLI hooks reference", 2026-10 |
//! | VS Code | `vscode` | yes | 25 | runs | `run_in_terminal`; `create_file`, `replace_string_in_file`, `apply_patch`; `read_file` | `hooks.md`, preview |
//! | Windsurf | `windsurf` | no | 25 | runs | `pre_run_command`, `pre_write_code`, `pre_read_code`, `pre_mcp_tool_use` | "Cascade Hooks" |
//! | Cline | `cline` | no | 25 | stops | `execute_command`; `write_to_file`, `replace_in_file`; `read_file`, `search_files` | "Hook reference" |
//! | Factory Droid | `droid` | not relied on | 50 | runs | `Execute`; `Create`, `Edit`, `ApplyPatch`; `Read`, `Grep` | docs.factory.ai |
//! | Kiro | `kiro` | no | 25 | runs | `execute_bash`, `use_aws`; `fs_write`; `fs_read` | kiro.dev, "CLI: Hooks" |
//! | Goose | `goose` | no | 25 | stops (`on_failure`) | `developer__shell`; `developer__write`, `developer__edit`; `developer__read_image` | block/goose, `hooks.md` |
//! | OpenCode | `opencode` | no | 110 | stops (our plugin) | `bash`; `write`, `edit`, `patch`; `read`, `grep` | opencode.ai/docs |
//! | Amp | `amp` | no | 110 | stops (our plugin) | `Bash`; `create_file`, `edit_file`, `apply_patch`; `Read`, `Grep` | ampcode.com/manual |
//! | Kimi Code | `kimi` | no | 25 | runs | `Bash`, `Shell`; `Write`, `Edit`, `WriteFile`, `StrReplaceFile`; `Read`, `ReadFile`, `Grep` | moonshotai.github.io, "Hooks" |
//! | Antigravity | `antigravity` | not relied on | 25 | disputed | `run_command`, `send_command_input`; `write_to_file`, `replace_file_content`; `view_file` | public guards for it, 2026; none of its maker |
//!
//! - Which host it is, the payload tells where it can: several read each other's configuration. The argument decides otherwise.
//! - Most hosts run the tool when a hook crashes, is late, or prints something they do not know. So the hook answers before the
//!   host's limit, a payload that is not understood is denied twice over (in the host's words and by exit status 2, which every
//!   one of them takes for a no), and a panic ends with 2.
//! - A tool that writes or reads a file proposes the shell text that would do the same (`cat > FILE`, `cat >> FILE`,
//!   `cat FILE`), and a patch that of all its parts, so that one set of rules covers every way to a file.
//!   `~/` is left to the shell, since some hosts take it for the home. Every form of `..`, of links and of relative names is tried
//!   by `every_tool_that_writes_is_stopped_at_every_way_to_a_file_that_runs_later`.
//! - What an agent would start by itself, where no hook is asked about it, is held by name wherever it lies, whoever writes it (rule
//!   `guard.agent-tools`): servers of MCP, plugins, extensions, settings with hooks, and the files of agents, skills and commands, whose first
//!   lines may bring hooks and servers along. What only tells an agent something passes (`AGENTS.md`, `CLAUDE.md`, rules of Cursor and Roo): agents
//!   write it all day, and what they then propose is asked about. What comes with a directory or an archive that is put whole where an agent looks (the project's directory,
//!   the home, where the line runs) is looked at by the client: its names, not its content, and of a patch the lines that name files. `.vscode` is left
//!   to its host, which asks whether a project is trusted; hooks of git, `.husky` and `.envrc` are looked for as well.
//!   What nobody can look into before (it comes through a pipe, from another machine as a whole, is fetched by the line itself, or is not listed
//!   within 250 ms) is held where settings of agents stand already (`facts.unseen-agents`, risk 55): there an agent works that takes the new ones up.
//!   It passes in a directory of its own, in the output of a build, and where no agent has settings. What git brings passes
//!   too: people pull and check out all day, the host asks before it trusts a project, and what then runs is asked about; only
//!   such a directory by its name is held (`git checkout origin/main -- .claude`). `tests/tests/agent_tools.rs`, `tests/tests/agent_brought.rs`.
//! - An agent that a line starts past its gate is held as well: with servers, hooks or settings of its own, or so that it asks nobody
//!   (`guard.given-agent`, `guard.agent-elsewhere`, `guard.unasked-agent`; `an_agent_is_started_past_its_gate_by_nobody_unasked`).
//! - A command is judged in the directory that the tool's own input names (`workdir`, `cwd`, `directory`, `dir_path`,
//!   `working_directory`), and else in that of the payload.
//! - A tool that is not known is taken by its input, at any depth, also where that is handed on as JSON in text (`agent/unknown.rs`): members like
//!   `command`, `cmd`, `script`, `code` with the `args` beside them, calls inside of calls (`multi_tool_use`), patches under any name, what is typed
//!   or run by a tool with a word like `shell`, `stdin` or `exec` in its name. What would be allowed is asked, or denied where the host
//!   cannot be asked, because how the tool runs it is not known; what a person has approved runs. Statements of SQL are judged as those
//!   of `psql -c`. Files that it names are proposed as
//!   read, written, moved or removed, by the words in its name and the members beside them; what is allowed of that is left to the host
//!   without a word. Without any of these the host decides alone
//!   (`tests/tests/agent_unknown.rs`: `what_an_unknown_tool_runs_is_asked_about_by_every_host` and the others there).
//! - A known tool without the member that is expected of it is taken like one that is not known, since versions of one host
//!   call it by several names (`path` for `file_path`); where that finds nothing either, the answer is no
//!   (`a_known_tool_whose_members_have_other_names_is_judged_by_them`).
//! - A payload in which an object has a member twice is refused: hosts and guards differ in which of the two they take.
//! - An event whose name begins like `PreToolUse` or `BeforeTool` in any spelling is one before a tool, whoever the host is.
//! - Held: the hook waits for a person (`--wait`, seconds), then denies with the id. Approved later, the same command passes
//!   once, in that session and directory alone. The words name what is safer where there is something, and from the third
//!   command of a session that waits they say to end the turn
//!   (`a_refusal_says_what_to_do_grows_firmer_and_ends_with_one_retry_of_the_same`). `--then ask` lets a host that can be asked ask instead; that is as good as its own prompt is, and leaves the hold
//!   unanswered.
//! - Not seen: what a host runs without calling its hook. Codex CLI skips a hook that its person has not trusted (`/hooks`);
//!   Claude Code reads files named by `@` without one; Aider and Kilo have none.
//!
//! `kintsugi setup` writes what makes each host call its hook, for every host whose directory is in the home
//! (`kintsugi-cli/src/command/setup/hosts.rs` has the files and their form). By hand are left: VS Code, which reads Claude Code's;
//! agents of Kiro that are made later; the repositories' own settings. Antigravity gets `~/.gemini/config/hooks.json`, where most of
//! those who tried it found its hooks read, and one says that only plugins are: a session must show it. The plugins of OpenCode and
//! Amp are called by node as their hosts call them (`tests/tests/agent_plugins.rs`), never by the hosts themselves. What was written is kept with what was there before in the data directory, below `setup/`, so
//! that `--undo` puts a file back byte for byte when it is still as it was left, and takes out only our part when it is not.
//! Checked in a home that has them all: `tests/tests/setup.rs`.
//!
//! # Agents without a hook
//!
//! `kintsugi mcp` serves the Model Context Protocol (revisions 2024-11-05 to 2025-11-25, on standard input and output) with
//! `run_command`, `explain_command` and `list_held`. Output is 64 KiB a stream at most, a command runs 120 s unless told
//! otherwise and 600 s at most, and a cancelled one is ended with all of its group. It gates what goes through it; an agent that
//! has another shell tool as well is not stopped by it. Elicitation is not used for approvals: the answer comes from the process
//! of the agent, so it proves no person. A client that has it is asked to tell its person what is held and how to answer in a
//! terminal; when it says that they have, the daemon is asked, and only what the daemon says counts (`tests/tests/mcp.rs`;
//! with a person who approves or denies meanwhile, and with the client of the SDK of the protocol, 1.32.2:
//! `tests/tests/mcp_person/main.rs`). Batches
//! are answered in the one revision that has them, 2025-03-26.
//!
//! # Proving that a gate is alive
//!
//! Whether a gate is alive, only a refusal shows: `kintsugi doctor` sends `kintsugi approve` of a hold that does not exist, which
//! is always held and does nothing where a gate is dark, through the very line that a host or a shell is configured with, and
//! denies its hold (`tests/tests/doctor.rs`; every host and shell of a home that has them all,
//! `everything_found_is_shown_written_once_and_undone_to_nothing`). It tries the line and not the host: that a host calls it, only a session of the
//! host shows, in `kintsugi log`.
//!
//! The daemon starts the same as a child, ten minutes after its own start (so after each upgrade) and then once a day by the wall
//! clock; a round that found all well puts the next one off over restarts. Dark is a gate that let the probe through, did not
//! answer within 20 s, or does not call the hook any more although `kintsugi setup` wrote it or an earlier round saw it refuse;
//! what its person took away with `setup --undo` or `init --uninstall` is not. It is an `incident` in the log, a problem in
//! `status` until a round finds it mended, and told by `kintsugi notify`, or by the desktop and tmux where the daemon keeps no
//! `notify` (`a_gate_that_goes_dark_is_an_incident_told_in_red_and_over_when_it_is_back`). A round that finds nothing says
//! nothing; one is ended after ten minutes, and a probe after 20 s. The daemon of a machine makes none, since its user has no home
//! with gates: there each person's `kintsugi doctor` in `cron(8)` does, by its exit status.
//!
//! A round also looks at what agents start by themselves, where no hook hears of it: servers of MCP, hooks of others and plugins, in the
//! settings of the home (`kintsugi-cli/src/command/doctor/started.rs` has the files; `setup` and each round note hashes of what they start). What is new, or
//! starts something else than before, is told once as an `incident`, unless a command explains it that a person let run since, and that
//! names it or its file; `kintsugi doctor` shows it until `kintsugi setup` takes it as known. Not looked at: goose's `config.yaml`
//! (`what_an_agent_starts_by_itself_is_told_once_unless_a_person_let_it`).
//!
//! The same is done for the projects in which agents work, since `git pull` and `git checkout` bring such settings and nothing names them: the hook that
//! hears how a tool ended stats some thirty places in the directory and in the root of its repository, against its notes in
//! `projects.json` of the data directory, and tells the daemon of one that changed, which makes a round at once (at most one a minute; none
//! with `every_hours = 0`, none by the daemon of a machine). What stood there when an agent was first seen in the project is known, and
//! what was told is known from then on, so that going from branch to branch tells once. Not seen: agents whose hooks do not hear how a
//! tool ended, until the next tool of one that does (`what_a_project_brings_that_agents_start_is_told_at_once`).
//!
//! # A hook that looks elsewhere
//!
//! Where the socket, the log and the policy are, the environment says: `HOME`, `XDG_DATA_HOME`, `XDG_CONFIG_HOME`, `XDG_RUNTIME_DIR`, `KINTSUGI_SOCKET`. An
//! agent that is started with others may reach another daemon, or have one started, with a log of its own: nothing opens by that, but what is
//! held there the person does not see. `kintsugi setup` notes the places (`places.json` of the data directory); the hook of an agent that
//! holds compares them, with the note of the home that `passwd(5)` names where there is none in its own, says which differ, and does not wait
//! where the log is another (`a_hook_that_looks_elsewhere_than_setup_did_says_so_and_waits_for_nobody`). Lines that start an agent or the daemon so
//! are held (`guard.agent-another-home`, `guard.another-daemon`, `guard.blind`), and those that say so to whatever is started later by a manager of
//! services or windows (`guard.moved`). The relay of a shell compares the places when it starts, and says it with the first line that runs
//! (`a_shell_that_looks_elsewhere_than_setup_did_says_so_once`). Not compared: shells without a relay, and daemons for everybody.
//!
//! What such a variable on a line alone means was decided so: `export XDG_DATA_HOME=/tmp/x` passes. It stands in many a person's own start-up file and in
//! test scripts, moves nothing of a gate that runs already, and is compared by whatever hook starts from it. `KINTSUGI_SOCKET` has no such ordinary
//! use, and is held wherever a line sets or unsets it. In a project's `.env` either passes as a line: only some agents read it, and their hooks compare.
//!
//! # A library before the hook
//!
//! A library that `LD_PRELOAD` or `LD_AUDIT` names, or one found by `LD_LIBRARY_PATH`, runs before `main`, and may end a hook with a yes. Lines that set these for
//! what is started are held (`system.leave-containment`, `code.preload`). Where they stand in the environment already, a `kintsugi-hook` linked with musl
//! reads none of them, and takes them from what it hands over to and from the daemon that it has started, which would else keep the library for
//! everybody. A hook that is linked dynamically has lost before it begins: nothing in it runs first.
//!
//! # Telling a person
//!
//! `kintsugi notify` (`tests/tests/notify.rs`; the desktop on a private bus, tmux and the terminal in a pseudo-terminal):
//!
//! | channel | what is sent | what it cannot do |
//! |---|---|---|
//! | desktop | `org.freedesktop.Notifications.Notify`, urgency critical, in the place of the last one; closed once nothing is held | a click is a signal that every program of the user could send to the bus's name: it opens a terminal with `kintsugi approve ID`, once, and approves nothing |
//! | tmux | `display-message` in every client; the number in `@kintsugi_held` | `#` and `%` of the command are text |
//! | terminal | BEL, OSC 9, OSC 777, and a line | control characters of the command are shown as escapes, `;` as a comma |
//! | `--command`, or `notify.command` of the settings | a program with the words in its environment | it is ended after 10 s with all it started |
//!
//! With `[notify] command = "…"` in `daemon.toml` the daemon keeps `kintsugi notify` running, which tells by that command, the desktop and
//! tmux; `kintsugi doctor` has a row for it (`the_command_of_the_settings_is_kept_running_and_told`). The file is the guard's own: who
//! changes it by a gate is held.
//!
//! What is held within a second is told together, and nothing is told within five seconds of the last notice.
//!
//! # `kintsugi-hook`
//!
//! It links neither the judgement nor the command line parser, reads no settings, looks at no file that a command names and copies none,
//! and answers only what takes one question to the daemon. Everything else (a hold that waits, facts that the daemon wants, something
//! to keep, no daemon, an odd payload) it hands over to `kintsugi hook` with the same arguments and, for what was proposed, the same id.
//! The relay of a shell and the shims stay who they are and start `kintsugi hook in-full` beside them for it, which proposes nothing: the
//! daemon remembers who proposed, and only who sits at that shell may answer its holds. So a line that asks for facts or keeps something
//! costs the start of one program more; a harmless line starts none.
//!
//! It is at most 1 MiB, since it is started for every tool of an agent, and for each shell: `cargo bench -p kintsugi-tests --bench hooks`
//! fails when a release is larger, and
//! `what_every_hook_starts_links_neither_the_judgement_nor_what_reads_settings_or_copies` says what may not come back into it. It was 2.3
//! MB, of which 353 KB were symbols: cargo forgets `strip` of a profile for a package of which the profile says something else.
//!
//! All tests of hooks pass with it linked with musl, too: a directory with `kintsugi`, `kintsugi-daemon` and that `kintsugi-hook`, which
//! `KINTSUGI_TEST_PROGRAMS` names (`cargo test -p kintsugi-tests --test hook_payloads --test agent_plugins --test agent_unknown`).
//!
//! It works linked dynamically; with musl it starts in half the time (`decisions::hook_by_musl`), and so `.ci/package` links it where that
//! can be had. By hand:
//!
//! ```text
//! rustup target add x86_64-unknown-linux-musl
//! CC_x86_64_unknown_linux_musl=cc cargo build --release --target x86_64-unknown-linux-musl -p kintsugi-cli --bin kintsugi-hook
//! ```
