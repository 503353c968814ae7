//! Every bound of the program, with its unit and its reason.
//!
//! Bounds on decisions are counted in units of work, never in time: the same input always gives the same answer.

/// Longest frame on the socket, in bytes, its newline included.
///
/// Larger than any command line that Linux would start (`ARG_MAX` is 2 MiB, one argument 128 KiB, `execve(2)`) is rare in
/// practice; what is longer is an accident or an attack.
pub const FRAME_BYTES_MAX: usize = 1024 * 1024;

/// Words that the `argv` of a proposal may have.
///
/// More are a list of files; a mebibyte of short ones took as long to read as everything else that is done with a frame.
pub const ARGV_WORDS_MAX: usize = 32_768;

/// A frame of at most this many bytes is answered before any longer one that another sent: who asks little waits for nobody who asks
/// much. A line that a person types, with everything around it, has some hundred.
pub const SMALL_FRAME_BYTES: usize = 8 * 1024;

/// Rounds in which only small frames are answered, while a larger one waits; then one of those has its turn all the same.
pub const LARGE_PASSED_OVER_MAX: u32 = 8;

/// Longest time from the first byte of a frame to its last, in milliseconds.
pub const FRAME_MS_MAX: u64 = 2_000;

/// Connections that are open at once.
pub const CONNECTIONS_MAX: usize = 1_024;

/// Bytes that all connections together may keep the daemon from letting go: frames that are not whole, answers that are not
/// read. Beyond, whoever keeps the most has to leave.
///
/// Half a hundred frames of the largest size at once; a thousand would be a gigabyte.
pub const CONNECTIONS_BYTES_MAX: usize = 64 * FRAME_BYTES_MAX;

/// Longest policy file of a repository, in bytes; a longer one counts as one that cannot be read.
///
/// It comes with every command, so it is small; what a person or an administrator writes may be longer.
pub const PROJECT_POLICY_BYTES_MAX: usize = 32 * 1024;
const _: () = assert!(PROJECT_POLICY_BYTES_MAX < FRAME_BYTES_MAX / 8);

/// Longest shell text that is analysed, in bytes; longer is catastrophic.
pub const SHELL_BYTES_MAX: usize = 256 * 1024;

/// Deepest nesting of shell constructs that the parser is given.
pub const SHELL_DEPTH_MAX: u32 = 48;

/// Most wrappers and embedded programs that are looked through, one inside the other.
pub const UNWRAP_DEPTH_MAX: u32 = 24;

/// Units of work that one classification may spend: about one per word, piece of a word and option looked at.
///
/// A unit takes up to 0.8 µs on a busy machine, and the goal is 20 ms for any input, whatever else the machine does
/// (`cargo bench -p kintsugi-tests --bench bounds`). A program of Python of 20 kB in a here-document takes some 20,000; with 8,000, three
/// of 1,118 commands that agents ran would be too long.
pub const WORK_MAX: u32 = 24_000;

/// Longest that a person may leave a hold unresolved, in milliseconds; then it is denied.
///
/// One working day: long enough for a colleague elsewhere, short enough that nobody approves from memory.
pub const HOLD_MS_MAX: u64 = 8 * 60 * 60 * 1_000;

/// Holds that wait at once; one more is denied.
pub const HOLDS_MAX: usize = 1_024;

/// Bytes of what waits at once, with what was said of it; with more, one more is denied.
///
/// Every segment of the log opens with all of it, and whoever asks meanwhile waits: with a thousand commands of 30 KiB that took a
/// third of a second.
pub const HOLDS_BYTES_MAX: usize = 3 * 1024 * 1024;
const _: () = assert!(HOLDS_BYTES_MAX > 16 * RECORD_BYTES_MAX);

/// Ids of proposals that are remembered after their decision.
pub const IDS_MAX: usize = 65_536;

/// Longest record of the log, in bytes, its newline included.
pub const RECORD_BYTES_MAX: usize = 64 * 1024;

/// Most records of one segment of the log.
///
/// A start reads one segment, at about four microseconds a record, and ought to take less than 50 ms. A power of two, so that
/// segments that end by it are perfect subtrees of the Merkle tree.
pub const SEGMENT_RECORDS: u64 = 4_096;
const _: () = assert!(SEGMENT_RECORDS.is_power_of_two());

/// Bytes of one segment of the log behind the live state that it opens with; beyond, the next one begins, and so a start
/// never reads much more, however long the records are.
///
/// Or as many bytes as that state has, if it has more: so that most of what is written is news.
pub const SEGMENT_BYTES: u64 = 4 * 1024 * 1024;
const _: () = assert!(SEGMENT_BYTES > 16 * RECORD_BYTES_MAX as u64);

/// Longest that an approval waits for its one use, in milliseconds; then it is denied.
///
/// Long enough to come back to the agent and say "again", short enough that the files are still those that were seen.
pub const APPROVAL_MS_MAX: u64 = 60 * 60 * 1_000;
const _: () = assert!(APPROVAL_MS_MAX < HOLD_MS_MAX);

/// Bytes of answers that wait for one client to read them; with more it is dropped.
///
/// One frame of the largest size, and as much again.
pub const OUTPUT_BYTES_MAX: usize = 2 * FRAME_BYTES_MAX;

/// Longest that a client leaves answers unread without taking a byte, in milliseconds; then it is dropped.
pub const OUTPUT_MS_MAX: u64 = 5_000;

/// Longest wait that one `await` may ask for, in milliseconds; a longer one is cut to it.
pub const AWAIT_MS_MAX: u64 = 60_000;

/// Connections that are told of records as they are written, at once.
///
/// A person watches in a window or two, and so does a program beside each; records are read from the disk for each.
pub const SUBSCRIBERS_MAX: usize = 16;
const _: () = assert!(SUBSCRIBERS_MAX < CONNECTIONS_MAX / 8);

/// Frames that are answered in one round of the loop; they share one sync.
///
/// The larger, the more requests share the cost of a sync; the smaller, the sooner whoever came last is served.
pub const ROUND_FRAMES_MAX: usize = 64;

/// After this, in milliseconds, a round answers no further frame: its records are made durable, and whoever came meanwhile has a
/// turn.
///
/// An ordinary frame takes a twentieth of a millisecond, the most costly one about twenty milliseconds.
pub const ROUND_MS_MAX: u64 = 5;

/// Connections that are accepted in one round of the loop.
pub const ROUND_ACCEPTS_MAX: usize = 128;

/// Connections that wait to be accepted; whoever connects beyond waits in the kernel, which lets those who wait in one by one.
///
/// Accepted in one round: who comes behind a storm of connections of another has a turn in the next. With the 4,096 of the kernel
/// (`net.core.somaxconn`) somebody waited four and a half seconds behind a program that did nothing but connect and ask.
pub const BACKLOG_MAX: usize = 128;
const _: () = assert!(BACKLOG_MAX <= ROUND_ACCEPTS_MAX);

/// Longest that the id of a decided proposal is remembered, in milliseconds, if [`IDS_MAX`] does not end it sooner.
pub const IDS_MS_MAX: u64 = 24 * 60 * 60 * 1_000;
const _: () = assert!(IDS_MS_MAX > HOLD_MS_MAX + APPROVAL_MS_MAX);

/// Durable records that may be without a signed checkpoint over them.
pub const CHECKPOINT_RECORDS: u64 = 256;
const _: () = assert!(CHECKPOINT_RECORDS < SEGMENT_RECORDS);

/// Paths that facts are asked for, and that count, in one proposal.
///
/// More names in one line are rare; what is asked of a client must stay small beside starting the command.
pub const WANTED_TARGETS_MAX: usize = 16;

/// Repositories that facts are asked for, and that count, in one proposal.
pub const WANTED_REPOSITORIES_MAX: usize = 4;

/// Script files that facts are asked for, and that count, in one proposal.
pub const WANTED_SCRIPTS_MAX: usize = 8;

/// Longest script file whose text is asked for, in bytes; of a longer one only the hash is.
pub const SCRIPT_BYTES_MAX: usize = 48 * 1024;
const _: () = assert!(WANTED_SCRIPTS_MAX * SCRIPT_BYTES_MAX < FRAME_BYTES_MAX / 2);

/// Units of work that reading one script file may take of [`WORK_MAX`]; what is longer stays unread.
pub const SCRIPT_WORK_MAX: u32 = 11_900;
const _: () = assert!(SCRIPT_WORK_MAX < WORK_MAX / 2);

/// Times that a client may be asked for facts about one proposal: what a script says may raise further questions.
pub const WANTED_ROUNDS_MAX: usize = 4;
