//! The wire, version 1, as it is: for whoever writes a client.
//!
//! A local socket of mode 0600: `$KINTSUGI_SOCKET`, else `$XDG_RUNTIME_DIR/kintsugi.sock`, else in the data directory. One JSON
//! object a line, UTF-8, in both directions; a connection carries any number of requests, answered one after another. Unknown
//! members are ignored. The types are [`Request`](crate::protocol::Request) and [`Response`](crate::protocol::Response); the
//! bounds are in [`crate::limits`]. A small client in Python that walks through most of it is `tests/clients/wire_1.py`.
//!
//! # Requests
//!
//! | `kind` | members | answer |
//! |---|---|---|
//! | `propose` | a command | `verdict`; `wanted`, to a client that can |
//! | `resolve` | `command`, `decision` (`allow`, `deny`), `remember`; `code`? | `ack` |
//! | `observe` | `change` (`created`, `modified`, `removed`, `renamed`), `path`; `burst`? ([`Burst`](crate::protocol::Burst)) | `ack`, durable within 50 ms; to the daemon's own watcher `observed` with `alarm` when nothing explains a mass change ([`watcher`](super::watcher)) |
//! | `record` | a command that has run; `exit_code`?, `duration_ms`? | `ack` |
//! | `listpending` | | `pendinglist` |
//! | `pendingstatus` | `id` | `pending` |
//! | `asking` | `id`? | `ack`; when this connection ends before that hold does, it is denied; without `id` nothing hangs on it |
//! | `await` | `id`, `timeout_ms` (60 s at most) | `pending`, when it is resolved or the time is over |
//! | `approve` | `id`; `content_hash`?, `code`?, `scope`?, `reason`? | `ack` |
//! | `deny` | `id`; `reason`? | `ack` |
//! | `lookup` | `prefix` of an id | `known`: what became of the proposals that begin so, two at most |
//! | `listgrants` | | `grantlist`: `items`, and what was `denied` |
//! | `revokegrant` | `id` | `ack` |
//! | `subscribe` | `from_seq`?, `kinds`? (of records; none means all) | `event`, one per durable record, until the connection ends |
//! | `status` | | `status`, with `scorer` (`heuristic`, or the model that scores), `model` (how it is, where one is in force), `children` (helpers and their last words), `agents` (who asked lately) and `problems` |
//! | `score` | a command | `scored`: what would be decided `without` the model and with it (`verdict`), what it says, and whether that `counts`; decides and records nothing |
//! | `hello` | `version`, `client`? | `hello` |
//! | `captured` | `id`, `manifest` (64 KiB at most; [`undo`](super::undo)) | `ack`, when it is durable: only then may the command run |
//! | `undone` | `id`, `manifest` (64 KiB at most) | `ack` |
//! | `authbegin` | `op`; `args_hash`? | `challenge`, with `binding` when there is a vault |
//! | `shutdown` | `op`, `nonce`, `proof`? | `ack`, and the daemon stops |
//! | `authorize` | `op`, `args`, `nonce`, `proof`?, `code`? | `ack`: every other operation of [the vault](super::vault) |
//! | `panic` | `reason`? | `ack`; everything is held from then on |
//!
//! A command: `id` (UUID), `ts`, `agent`, `cwd` (absolute), `argv`, `raw` (the exact text), `session`; and if the client likes
//! `shell`, `tool`, `interactive`, and [`facts`](crate::facts::Facts). `ts`, `agent`, `session` and `tool` have 128 bytes at most,
//! `argv` 32,768 words. A frame without a command in it has 256 KiB at most.
//! A client may run `raw` or `argv`, and does not say which: words that `raw` is not parted into by white space or by a shell's
//! quotes, and that are not a shell that is given `raw`, become its last line ([`complete_text`](crate::proposal::ProposedCommand::complete_text)),
//! which is judged, shown, recorded and approved with it.
//!
//! `facts.project_policy` is `{"path", "text"}`: what `.kintsugi.toml` at the root of the repository says. It can only tighten. A
//! file that is there and cannot be read, or is longer than 32 KiB, is sent without `text`: then the strictest holds.
//!
//! An `event` has one member, `record`: the line as it stands in the log, its seal included, so that whoever follows can check
//! the chain. The log itself is the queue: a follower may lag as far as it likes, and is dropped when it takes no byte for 5 s.
//! At most 16 follow at once; one more is told `busy`. Where records were pruned, their numbers are missing.
//!
//! # Turns
//!
//! The daemon has one thread. In a round it takes what is ready, 16 KiB of a connection at most, answers one frame of a connection
//! and then one of another process, until 64 are answered or 5 ms are over; what they recorded becomes durable with one sync, and then
//! they are told. Frames of more than 8 KiB may take longer, and who is answered in the same round would wait for them: such a one has a
//! round of its own, when nobody with a shorter one waits, or after eight rounds. So whoever types `ls` waits for one long frame at most,
//! which takes some ten milliseconds, however many processes send them. Of short ones a process with
//! a thousand connections delays another by one request; a thousand
//! processes have a thousand turns. A round accepts 128 who connect, and no more wait at the socket (`listen(2)`), so a storm of
//! connections delays who connects by a round or two; a client that does not wait for room is told `EAGAIN`. What connections keep (half frames, answers that are not read) is 64 MiB together, then whoever keeps
//! the most has to leave; of descriptors there are 4,096, of memory 512 MiB (`RLIMIT_DATA`). A disk that hangs in a sync
//! hangs every answer, since none precedes its record: each client has its own time limit, and judges by itself after it.
//!
//! Another user is told `forbidden` at the door, unless `daemon.toml` names a `group`. `SIGHUP` reads the policy and `model.toml` again; `port`, `group`,
//! `watch` and `helper` of `daemon.toml` take a restart, and `status` says so when the file has changed.
//!
//! # Over a port
//!
//! Off unless `daemon.toml` (beside `config.toml`) says `port = N`: TCP on 127.0.0.1, for a container or an editor. The first frame is
//! `{"kind": "auth", "key": "…"}` with what stands in the file `port-key` of the data directory (0600, made with the port); it is
//! compared in constant time and answered with `ack`, and everything else with `auth_failed` and the end. Nobody attests such a
//! peer: its process is 0 in the log. Over the socket `auth` is answered with `ack` and changes nothing.
//!
//! # Facts
//!
//! A client that says `"can": ["facts"]` may be answered `{"kind": "wanted", "facts": {"targets", "repositories", "scripts"}}`
//! ([`Wanted`](crate::facts::Wanted)): nothing was decided, nothing was recorded. It finds out what it can in bounded time and proposes
//! again under the same id, with what it found in `facts`; what it could not find out it says as well (`"complete": false`), or it is
//! asked again. After [`WANTED_ROUNDS_MAX`](crate::limits::WANTED_ROUNDS_MAX) rounds it leaves `can` out. A client that cannot is judged
//! by the text alone, more strictly. Of each list only as many entries count as are ever asked for.
//!
//! One that also says `facts-brought` is asked which settings of agents stand in a directory (`"scope": "names"`) or an archive (`"members"`),
//! and answers with their names in `brings`, 16 at most; more than that are `"complete": false`.
//!
//! A client that says `"can": ["capture"]` keeps what a verdict's `capture` names before it runs the command: each a path, or
//! `{"path", "what"}` ([`What`](crate::capture::What)); one that also says `"capture-archives"` is told of `unpacked` and `pushed`, each
//! with a list `of`. When a command is going to be held it is first asked, in `wanted.capture`, and
//! answers in `facts.capture` with `files`, `bytes` and `cannot`, one reason each. What would pass and is not safe is held when
//! `cannot` names anything. `approved` says that a person stands behind an allow.
//!
//! A verdict names the facts that had a say in `grounds`: `about`, `says`, `turn` (`calms`, `alarms`, `stands`, `read`) and `rule`.
//!
//! # Scores
//!
//! Where a model is in force, a verdict about the ambiguous has `scored`: `by` (what the risk comes from), `heuristic`, and `model`
//! (its risk), with `cached` when it gave that before, or `why` it gave none: `deadline`, `queue_full`, `not_ready` (its worker has ended
//! or is not there yet), `too_long`, `not_answering`, `backend`. With neither, no score could have changed the answer, and none was
//! asked for. The answer takes up to `deadline_ms` longer; other connections are served meanwhile. See
//! [`decisions`](super::decisions::model_adds_caution).
//!
//! A hold of `listpending` may have a `summary` a while after it is held: why to look at it, in the words of the model `summary_by`, one
//! line of plain characters. It is no part of the verdict.
//!
//! # An id means one command
//!
//! | the id is | same command | another command |
//! |---|---|---|
//! | new | decided and recorded | |
//! | decided | the same verdict | `error`, `id_conflict_decided` |
//! | held | the same hold | `error`, `id_conflict_held` |
//! | approved | `allow`, once | `error`, `id_conflict_approved` |
//! | denied, expired or used | `deny` | `error`, `id_conflict_closed` |
//!
//! "The same" is word for word, for a day or 65,536 ids, while the log has the records that said so; where those were pruned or redacted,
//! class and decision are the same and the reason is a shorter one. After that an id is new again, and `pendingstatus` says `gone`.
//!
//! After an `approve`, the same command by the same agent in the same session and directory passes once under a new id too.
//! After a `resolve` it passes under its own id alone.
//!
//! Who may approve: [`approvals`](super::approvals). `forbidden` says which check failed; after `code_needed` the same request is sent again with
//! the `code` that a person reads on their terminal.
//!
//! # Errors
//!
//! `{"kind": "error", "message", "code"}`, one line; it changed nothing. Codes are permanent:
//! [`ErrorCode`](crate::protocol::ErrorCode). After `frame_too_large` (1 MiB) and `frame_timeout` (2 s from the first byte) the
//! connection is closed. `log_unavailable` means that nothing was decided: a client must not run the command.
