//! What may be relied on, and the test that fails when it is broken.
//!
//! Tests are named by file and function; `tests/run` runs them all.
//!
//! | promise | kept by |
//! |---|---|
//! | **Rules decide, the score only adds.** The risk is read only for the ambiguous, and a model can only raise what the heuristic gave. | `kintsugi-core/src/decide.rs`: its tests walk every class, mode and score |
//! | **Recorded before answered.** No verdict leaves before its record is durable; what cannot be recorded is not allowed. | `kintsugi-daemon/src/store/tests/`; `tests/tests/life.rs`: `what_was_answered_before_a_kill_is_in_the_log`, `a_log_that_somebody_else_writes_to_is_never_an_allow` |
//! | **No text takes more than its share.** Reading and judging one text holds at most 16 MiB and asks for at most 64 MiB in all, whatever stands in it; work is counted in units, never in time. | `tests/tests/bounds.rs`: `nothing_that_is_made_to_exhaust_takes_more_than_its_share`; time: `cargo bench -p kintsugi-tests --bench bounds` |
//! | **An error is never an allow.** Unreadable text, an exhausted budget, an unknown construct end in a hold that names what happened. | `tests/tests/corpus.rs`; `tests/tests/hook_payloads.rs`: `no_malformed_payload_lets_a_tool_run`; `tests/fuzz` |
//! | **Loosening needs a person.** A repository's file can only tighten; a policy that does not parse leaves the stricter of the last good one and the default. | `kintsugi-core/src/policy`; `tests/tests/life.rs`: `a_policy_is_read_again_on_a_signal_and_a_broken_one_only_tightens` |
//! | **The proposer cannot approve.** An approval comes from a process that the kernel shows to be outside of the proposer's ancestry and session, on a terminal that no agent operates; where that cannot be told, with a code that only the person's terminal shows. What one user id cannot keep: [`super::approvals`]. | `tests/tests/self_approval.rs`; `kintsugi-daemon/src/authority/tests.rs` |
//! | **An approval serves once**, for the exact text, directory, agent and session that were shown, on the very files, commit, script and policy that were there, and expires. | `tests/tests/approvals.rs`; `tests/tests/protocol.rs`: `an_approval_serves_one_retry_under_a_new_id_and_nothing_else`, `an_allow_at_the_prompt_serves_that_prompt_alone` |
//! | **The raw command is kept and shown, escaped.** Control, bidirectional and invisible characters are visible wherever a command is shown; secrets are masked before any sink. | `kintsugi-core/src/display.rs`, `kintsugi-core/src/redact` |
//! | **Losing the daemon neither opens the gate nor bricks the host.** | `tests/tests/shell_hooks/surroundings.rs`: "without a daemon the plainly safe runs and the rest does not"; `tests/tests/life.rs`: `what_passed_without_a_daemon_is_in_the_log_of_the_next` |
//! | **Nothing waits without a deadline and nothing grows without a bound.** | `tests/tests/stall.rs` |
//! | **The log shows that it was altered**, and which record. | `kintsugi-daemon/src/store/tests/`; `tests/tests/session.rs`: `the_log_proves_itself_and_names_the_record_that_was_altered`; `tests/tests/audit_log.rs` |
//! | **A claim calms nothing that is catastrophic**, is asked for only where it would change the answer, and is looked for without running what a repository names. | `tests/tests/facts.rs`: `a_lie_calms_the_ambiguous_and_nothing_that_is_catastrophic`, `harmless_commands_are_asked_nothing`, `asking_git_runs_nothing_that_a_repository_names` |
//! | **Nothing leaves the machine.** | there is no code that connects to anything but the local socket |
