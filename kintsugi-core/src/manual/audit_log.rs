//! The audit log: its format, and how to check it without us.
//!
//! # For whoever wants to check a log
//!
//! `kintsugi log verify` does it. This page is enough to write another verifier; `tests/verify_log.py` is one of sixty lines
//! that uses nothing but BLAKE3 (`b3sum`, or the Python package `blake3`).
//!
//! # The directory
//!
//! | name | what |
//! |---|---|
//! | `seg-<first>.ndjson` | records, one a line; `<first>` is the place of the first, in twelve decimal digits |
//! | `head` | how far the log was when somebody was last answered |
//! | `checkpoints` | signed notes, one after the other |
//! | `first-key-<first>` | the key of record `<first>`, in hexadecimal, until somebody takes it away; take it away |
//! | `signing-key` | the key that signs checkpoints, in hexadecimal |
//! | `lock` | locked (`flock(2)`) by the one writer, whose process id is in it |
//! | `reserve` | room for the last records on a full disk; what is in it means nothing |
//! | `torn-<seq>-<hash>.bin` | what a crash left of writes that were never acknowledged |
//! | `incident-…` | evidence, moved aside; never read again |
//!
//! A segment ends where the next one begins: after 4,096 records, or sooner, when it holds 4 MiB beside the live state that it
//! opened with, or as much as that state if that is more. A start reads the last one, so this is what bounds a start; it was
//! 16,384 records in earlier versions. A segment whose number of records is a power of two is
//! a perfect subtree when it begins at a multiple of it. Nothing relies on that: `tree.frontier` says where the tree stands.
//!
//! # A line
//!
//! ```text
//! {"v":1,"seq":7,"d":6,"ts":"…","boot":"…","kind":"…",…,"s":{…},"sl":187,"c":"…","h":"…","m":"…"}
//! ```
//!
//! At most 65,536 bytes of UTF-8, its newline included. No space stands between members. The members up to `kind` and those from `s` on
//! stand exactly in this order; those of the kind stand between.
//!
//! | member | what |
//! |---|---|
//! | `v` | 1. A line with another number is of a format that this page does not describe |
//! | `seq` | its place: 0, 1, 2, … without a gap, over all segments |
//! | `d` | every record with a smaller place was durable before this line was written; never more than `seq` |
//! | `ts` | when, RFC 3339, UTC, six decimals; clocks jump, so it may go back |
//! | `boot` | which start of the machine |
//! | `kind` | see [`crate::audit::record::Body`] |
//! | `s` | members that may be private, behind 16 random bytes `n` in hexadecimal; `{}` when there are none; `null` once redacted. Secrets in them are masked (`[redacted]`) before the record is built; `exact` then tells a command from others that are masked alike |
//! | `sl` | length of `s` as it was written, in bytes |
//! | `c` | BLAKE3 of the bytes of `s` as it was written |
//! | `h` | the hash of the chain |
//! | `m` | the MAC |
//!
//! The **seal** is everything from `,"h":` to the closing brace, always 111 bytes. The **body** is everything before the seal, without the
//! bytes of `s`: the bytes up to and with `,"s":`, followed by those from `,"sl":` on. To find `s` without parsing JSON, go back `sl` bytes
//! from the last `,"sl":`; when `,"s":` does not stand before that, go back four and find `null`.
//!
//! All hexadecimal is lower case. What is hashed are the bytes of the file; nothing is ever serialised again.
//!
//! Records gain members in time, and lose none: whoever reads ignores those that they do not know. `scored` of a `verdict` came with the
//! model ([`crate::protocol::Scored`]); a `policy` record with `what` = `model` says which settings of a model came into force.
//!
//! # The chain
//!
//! `h = BLAKE3(seal of the line before ‖ body)`. The seal before record 0 has as `h` the BLAKE3 of `kintsugi audit genesis v1:` followed by
//! the `log` of record 0 (a UUID with dashes), and 32 zeros as `m`.
//!
//! `m` is the first 16 bytes of `keyed BLAKE3(k, "m" ‖ h)`, `h` as 32 bytes. `k` is the first key for the first record, and
//! `keyed BLAKE3(k, "kintsugi audit ratchet v1")` for the next one. The writer forgets each key when it has used it: who takes the machine
//! today cannot write the records of yesterday.
//!
//! # Segments
//!
//! The first record of a segment is `open`, and `open` stands nowhere else. Its `opening` says why:
//!
//! | `opening` | continues |
//! |---|---|
//! | `new` | nothing: record 0 |
//! | `full` | the last record of the segment before; `previous` names that segment, repeats its `h` and `m`, and has the BLAKE3 of its file (`file`) and its length (`bytes`) |
//! | `failed_sync` | the same, of the lines that count; lines of the segment before from this place on were never acknowledged and count for nothing |
//! | `incident` | nothing: the log before does not verify. The seal before it is made as for record 0, from `<log>:<place>` |
//!
//! `file` is of the lines as they were then. Redaction changes a file and not its chain: the hash of a segment that has a redacted record
//! proves nothing, and any other segment must have it. A whole closed segment can so be verified at once, since the record that states
//! its hash is in the chain and has its MAC.
//!
//! When older segments were pruned, the first one that is there continues the `h` and `m` of its own `previous`.
//!
//! `states` records of the kind `state` follow. Without all of them the segment was never begun. The last record of a full segment is a
//! `checkpoint`. The live state holds each hold and approval, what people said beyond one command, and the ids of a day, 65,536 at most:
//! one that was decided at once in 65 bytes, since why stands in its record, and one that is held as another in 72. Of those that are
//! closed, the last 256 are there with their reasons, and the others as short as what was decided. All of them are 5.7 to 6.3 MB, and
//! nobody is answered while a segment is begun: so 512 of them make a piece (`past`), which is written once and named by every later segment
//! (`elsewhere`: segment, number, place, length and the commitment of its private part) until an id in it changes. A start reads what is
//! named there, and takes it only when it has that commitment. Where it is gone, because its segment was pruned or the record
//! redacted, these ids are forgotten and no others; what is held, approved or was denied by a person is never kept so. After a sync
//! that failed, the next segment names nothing and has all of it.
//!
//! A start hashes all of that and folds it, so that nothing has to be believed but the log. What it cost was not the hashing but
//! memory: two thirds of the time went into pages that the kernel had to clear. So a segment goes through a buffer of 128 KiB, record
//! by record, and an id takes a row of 80 bytes (`cargo bench -p kintsugi-tests --bench daemon`, `start behind kill -9`).
//!
//! # The head
//!
//! Two slots of 256 bytes, written in turn; the whole one with the larger `next` counts. Integers are little-endian.
//!
//! | bytes | what |
//! |---|---|
//! | 0–7 | `kintsug1` |
//! | 8–23 | the log's UUID |
//! | 24–31 | `next`: so many records were durable |
//! | 32–39 | first record of the segment that was written |
//! | 40–47 | bytes of that segment |
//! | 48–79 | `h` of record `next - 1` |
//! | 80–95 | `m` of record `next - 1` |
//! | 96–127 | the key of record `next` |
//! | 128–223 | zeros |
//! | 224–255 | BLAKE3 of bytes 0–223 |
//!
//! # Torn or tampered
//!
//! Let `b` be the first place whose line is missing or bad. Let `D` be the greatest of: `next` of the head; the size of the last checkpoint
//! that is signed by the log's key; `d` of any line behind `b` whose `h` continues the line before it. `D > b`: **tampered**, since
//! something that was durable is gone or different. `D ≤ b`: the **tail is torn**, nothing that was acknowledged is lost. A log without a
//! whole slot in its head is tampered with. Also tampered: a redacted record that no `redact` record names; a first segment that does not
//! begin with record 0, unless a `prune` record says so (`before` is at least its first record; `seqs` of `redact` are the redacted ones);
//! a segment that is missing, or has bytes behind its last record when the next one is `full`; an `open` of the kind `incident` anywhere but
//! in the first segment that is there; a record `next - 1` that is not the one of the head.
//!
//! # The tree and its checkpoints
//!
//! RFC 6962 over SHA-256. The leaf of a record is its line with `s` replaced by `null` and without the newline, so that a redaction changes
//! no root. Leaf 0 is record 0, or the first record after an incident (`tree.first` of `open`; `tree.frontier` are the
//! roots of the perfect subtrees before the segment, largest first).
//!
//! Notes are C2SP `tlog-checkpoint` in C2SP `signed-note`: the origin, the size, the root in base64, an empty line, and one
//! Ed25519 signature. Origin and key name are `kintsugi/<log>`, after an incident `kintsugi/<log>/<tree.first>`. `verifier` of `open` is the
//! key as tools take it; keep it elsewhere, for whoever can rewrite the whole log can rewrite that, too. A note is written at the latest
//! when 256 durable records have none.
//!
//! `kintsugi log prove SEQ` prints a C2SP `tlog-proof`: that the leaf `index` is under a note. `index` counts from the first leaf of
//! the tree: it is the place less `tree.first`. Segments that were pruned are not needed; `tree.frontier` of the first that is left
//! stands for them.
//!
//! `host` of `open` names the machine: 16 bytes of BLAKE3 in its key derivation mode, context `kintsugi audit host v1`, over the
//! text of `/etc/machine-id`. A daemon on another machine refuses such a log until `kintsugi daemon accept-host` has written a
//! `policy` record, `what` = `host accepted`, with the new one.
//!
//! # What nothing in the directory can show
//!
//! That all of it was replaced by an older copy of all of it. What was told elsewhere can:
//!
//! - The daemon tells each checkpoint to the journal (`journalctl -t kintsugi -o cat`), or to `/dev/log` where there is no journal, as one
//!   line: `checkpoint`, origin, size, root, signature. `kintsugi log verify --against -` reads such lines back.
//! - `kintsugi log verify` remembers the last checkpoint that it found good (`~/.local/state/kintsugi/seen-checkpoint`), and refuses a log
//!   that does not extend it; `kintsugi status` refuses a shorter or another one. Whoever runs as you can remove that memory, too.
//! - `kintsugi log anchor` prints the last checkpoint, to be kept on another machine; `kintsugi log verify --against NOTE` takes it back.
//! - `kintsugi log prove --since NOTE` proves to whoever has only an old note and the new one that nothing between them was rewritten: a line
//!   `kintsugi/tlog-consistency@v1`, a line `old SIZE`, the hashes of RFC 6962, section 2.1.2, in base64, an empty line, and the new note.
//!   There is no form for this that tools share; the hashes are those that they check.
//!
//! # How closely `kintsugi log verify` looks
//!
//! | | closed segments | the last segment | notes |
//! |---|---|---|---|
//! | by itself | the first record; the rest by the hash of the file. One that has another hash, or that a note from elsewhere is about, record by record | chain, MAC, tree | those at the ends of segments, and all in the last |
//! | `--deep` | chain, MAC, tree, and every record is parsed | the same | all |
//!
//! How fast that is depends on the machine, so what counts is the share of the floor, one BLAKE3 of each line with the one before it
//! and nothing else, in the same run (`cargo bench -p kintsugi-tests --bench verify_log` prints it): at least 78 % of it for the chain
//! alone, which is 1.0 million records a second where the floor is 1.29, and 27 % for everything, 0.35 million there.
//!
//! Both find every change that somebody without a key makes, and name its record. Who had the key of the record behind a segment before that
//! record was written can alter that segment unseen by the quick look, not by `--deep`.
//!
//! # Who may read
//!
//! Directory 0700, files 0600. Where the directory was made for a group (`install -d -m 2750 -o OWNER -g GROUP`, set-group-ID included), new files
//! are 0640, but for those with a key in them: `head`, `signing-key` and `first-key-…`. The group reads, lists,
//! exports and proves. Its `kintsugi log verify` checks chain, tree and notes; without the head and the first key, which are not for it,
//! it ends with 4 and says what stays open: who wrote, and whether the end is missing behind the last note.
//!
//! # Privacy
//!
//! What is a secret by its shape, its name, or the option or header in front of it ([`crate::redact`]) is masked in the text, the words
//! and the directory of a command, in reasons, effects, findings, facts and observed paths, before a record is built: it is in no file
//! of the log, in no live state, and not in the spool of a client without a daemon. Finding every secret is not possible; `s` and
//! redaction are for the rest.
//! To serve the very text that was approved, the record keeps two hashes of it (`exact`), and the verdict what the approval is bound to
//! (`content_hash`): whoever reads the log can try guesses at a short secret with them. They are in `s`, and go with it.
//!
//! # Redaction
//!
//! `kintsugi log redact` records first who asks and why, then writes the segment again without the private parts, beside it, and puts it in its
//! place. Cut off in between, the next start finishes it: nothing else is written before. A record that a waiting hold rests on, and the live
//! state that the next start reads, are refused. The medium may keep what was overwritten, and so do backups.
//!
//! # How it was tried
//!
//! The tables of the specification run with every `cargo test -p kintsugi-daemon store`; some with fewer cases than in the long run, which
//! `KINTSUGI_LONG_TESTS=1` asks for. The long runs of 2026-11-22, release build, two cores shared with other work; the kills a day earlier:
//!
//! | what | cases | result | took |
//! |---|---|---|---|
//! | every bit of 1,000 records flipped (`every_flipped_bit_of_a_thousand_records_…`) | every bit | 0 undetected | 1 s |
//! | two writers started at once (`two_writers_that_start_at_once_…`) | 1,000 rounds | one writer each, 0 forks | 6 s |
//! | power that fails at any call, any sectors lost, also during the recovery (`power_that_fails_anywhere_…`) | 1,000,000 crash states | 0 acknowledged records lost, 0 false accusations | 16 min 58 s |
//! | the same where one segment ends and the next begins (`power_that_fails_between_…`) | 1,000,000 crash states | 0 and 0 | 24 min 47 s |
//! | `kill -9` of the daemon while a client proposes, on a RAM disk (`what_was_answered_before_a_kill_…`, the daemon a release build) | 2,000 kills | 0 answers lost; serving again after 323.2ms (median), 1.2s (99 of 100), 2.6s (all), at a load of 17 | 12 min 54 s |
