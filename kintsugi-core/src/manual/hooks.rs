//! Where commands come from: the hooks of shells and agents, what was found about them, and how it was checked.
//!
//! # Shells
//!
//! The contract and what is covered, with the test behind each cell: `shell-hooks/README.md`. What the hooks rest on, checked
//! in a pseudo-terminal with bash 5.2.15 and zsh 5.9 (`tests/tests/shell_hooks.rs`):
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
//!
//! # Claude Code
//!
//! `kintsugi hook claude-code` answers `PreToolUse` (Claude Code 2.1, "Hooks reference"). In `~/.claude/settings.json`:
//!
//! ```json
//! {"hooks": {"PreToolUse": [{"matcher": "*", "hooks": [
//!   {"type": "command", "command": "/usr/local/bin/kintsugi-hook", "args": ["claude-code"], "timeout": 600}
//! ]}]}}
//! ```
//!
//! - The host runs the tool when a hook crashes, is late, or prints something it does not know. So the hook answers before the
//!   host's limit, a payload that is not understood is denied twice over (JSON and exit status 2), and a panic ends with 2.
//! - `Bash`, `PowerShell`, `Monitor`: the command is proposed. `Write`, `Edit`, `MultiEdit`, `NotebookEdit`: the shell text that
//!   would do the same is proposed (`cat > FILE`, `cat >> FILE`), so that one set of rules covers both ways to a file.
//! - A tool that is not known: a member `command`, `cmd`, `script`, `commands` or `code` is proposed; what would be allowed is
//!   answered with `ask`, because how the tool runs it is not known. Without such a member the host decides alone.
//! - Held: the hook waits 110 s for a person (`--wait`), then denies with the id. Approved later, the same command passes once.
//!   `--then ask` lets the host ask instead; that is as good as the host's own prompt is, and leaves the hold unanswered.
//! - Allowed: the answer is `allow`. The host's own deny and ask rules still hold.
//!
//! # `kintsugi-hook`
//!
//! It links neither the judgement nor the command line parser, and answers only what takes one question to the daemon.
//! Everything else (a hold that waits, no daemon, an odd payload) it hands over to `kintsugi hook` with the same arguments and,
//! for a hold, the same id. It works linked dynamically; a static build starts faster:
//!
//! ```text
//! rustup target add x86_64-unknown-linux-musl
//! cargo build --release --target x86_64-unknown-linux-musl -p kintsugi-cli --bin kintsugi-hook
//! ```
