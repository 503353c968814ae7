//! Forged proofs and wrong guesses at the real daemon, one after another: none is accepted, and none delays anybody else.
//!
//! `KINTSUGI_LONG_TESTS=1` asks for the numbers of the design: 100,000 forgeries, 10,000 guesses.

use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;
use kintsugi_core::vault::keys::Prover;
use kintsugi_core::vault::transcript::Transcript;
use kintsugi_tests::admin::{
    Challenge, SEEDS, Seeds, authorize, challenge, enrol, guesses_max, lay_ready, message, vault,
};
use kintsugi_tests::daemon::TestDaemon;
use kintsugi_tests::wire::{Wire, propose};
use serde_json::{Value, json};
use uuid::Uuid;

/// Wrong ones between two right ones: the daemon looks at five without a delay.
const WRONG_IN_A_ROW: usize = 4;

/// The password before the vault was rotated.
const OLD: Seeds = SEEDS;

/// The password now.
const NOW: Seeds = Seeds {
    password: [21; 32],
    recovery: [22; 32],
};

fn is_long() -> bool {
    std::env::var_os("KINTSUGI_LONG_TESTS").is_some()
}

/// What every forgery wants to have done.
fn wanted() -> Value {
    json!({"key": "mode", "value": "notify"})
}

/// The kinds of forgery, each with as many variants as it has.
#[derive(Debug, Clone, Copy)]
enum Forgery {
    /// One bit of the signature is another.
    Signature(usize),
    /// One bit of what is signed is another; the key is the right one.
    Signed(usize),
    /// What was accepted is sent again.
    Replay,
    /// A right proof, sent with another operation.
    Operation(&'static str),
    /// A right proof, sent with other arguments.
    Arguments(usize),
    /// A right answer on another connection than the challenge.
    Connection,
    /// The answer to another daemon's challenge, whose vault has the same keys.
    Daemon,
    /// Signed by another key.
    Key([u8; 32]),
    /// The epoch before, signed with the key of that.
    Epoch,
    /// No signature at all, in several ways.
    Nothing(usize),
}

/// Returns every forgery, once.
fn forgeries() -> Vec<Forgery> {
    let mut all: Vec<Forgery> = (0..512).map(Forgery::Signature).collect();
    all.extend((0..SIGNED_BITS).map(Forgery::Signed));
    all.extend(
        [
            "resume", "redact", "prune", "policy", "reanchor", "nonsense", "",
        ]
        .map(Forgery::Operation),
    );
    all.extend((0..4).map(Forgery::Arguments));
    all.extend([
        Forgery::Replay,
        Forgery::Connection,
        Forgery::Daemon,
        Forgery::Epoch,
    ]);
    // The recovery key only recovers; the other two are the keys before the rotation.
    let keys = [NOW.recovery, OLD.password, OLD.recovery, [0; 32], [255; 32]];
    all.extend(keys.map(Forgery::Key));
    all.extend((0..4).map(Forgery::Nothing));
    all
}

/// Bits of what is signed: daemon, vault, epoch, operation, arguments, nonce, expiry, head, user.
const FIELDS: [usize; 9] = [256, 128, 64, 3 * 7, 256, 256, 64, 64 * 7, 32];

/// All of them.
const SIGNED_BITS: usize = 256 + 128 + 64 + 3 * 7 + 256 + 256 + 64 + 64 * 7 + 32;

/// Returns the transcript with one bit of it flipped. Of a letter the highest bit stays, so that text is text.
fn flipped(right: &Transcript, bit: usize) -> Transcript {
    let (mut field, mut at) = (0, bit);
    while at >= FIELDS[field] {
        at -= FIELDS[field];
        field += 1;
    }
    let letter = |text: &str| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at / 7] ^= 1 << (at % 7);
        String::from_utf8(bytes).expect("seven bits")
    };
    let mut other = right.clone();
    match field {
        0 => other.daemon[at / 8] ^= 1 << (at % 8),
        1 => other.vault = Uuid::from_u128(right.vault.as_u128() ^ (1 << at)),
        2 => other.epoch ^= 1 << at,
        3 => other.op = letter(&right.op),
        4 => other.arguments[at / 8] ^= 1 << (at % 8),
        5 => other.nonce[at / 8] ^= 1 << (at % 8),
        6 => other.expires ^= 1 << at,
        7 => other.head = letter(&right.head),
        _ => other.uid ^= 1 << at,
    }
    other
}

/// Two daemons whose vaults have the same keys, and who attacks the first.
struct Bench {
    daemon: TestDaemon,
    client: Wire,
    other_connection: Wire,
    other_daemon: Wire,
    /// The last message that was accepted.
    accepted: Value,
    _other: TestDaemon,
}

impl Bench {
    fn new() -> Self {
        let [daemon, other] = [(); 2].map(|()| {
            let daemon = TestDaemon::start();
            enrol(&daemon, OLD);
            let args = lay_ready(&daemon, &vault(NOW, 2));
            let mut client = daemon.connect();
            let rotated = authorize(&mut client, "rotate", &args, &OLD.password);
            assert_eq!(rotated["kind"], "ack", "{rotated}");
            daemon
        });
        Self {
            client: daemon.connect(),
            other_connection: daemon.connect(),
            other_daemon: other.connect(),
            accepted: Value::Null,
            daemon,
            _other: other,
        }
    }

    /// Something harmless, by the right key: from here on wrong ones are looked at again.
    fn right(&mut self) {
        let args = json!({"key": "threshold", "value": "40"});
        let given = challenge(&mut self.client, "set", &args);
        self.accepted = given.answer("set", &args, &given.proof(&NOW.password));
        let answer = self.client.ask(&self.accepted);
        assert_eq!(answer["kind"], "ack", "{answer}");
    }

    /// Tries one, and returns the answer.
    fn forge(&mut self, forgery: Forgery) -> Value {
        let args = wanted();
        if let Forgery::Replay = forgery {
            return self.client.ask(&self.accepted);
        }
        let is_of_another = matches!(forgery, Forgery::Daemon);
        let source = if is_of_another {
            &mut self.other_daemon
        } else {
            &mut self.client
        };
        let given = challenge(source, "set", &args);
        let answer = answer(&given, forgery);
        if matches!(forgery, Forgery::Connection) {
            return self.other_connection.ask(&answer);
        }
        self.client.ask(&answer)
    }
}

/// Returns how a forger answers a challenge.
fn answer(given: &Challenge, forgery: Forgery) -> Value {
    let args = wanted();
    let right = given.proof(&NOW.password);
    let signed = |transcript: &Transcript, seed: &[u8; 32]| {
        HEXLOWER.encode(&transcript.prove(&Prover::new(seed)))
    };
    let with = |proof: &str| given.answer("set", &args, proof);
    match forgery {
        Forgery::Signature(bit) => {
            let mut bytes = HEXLOWER.decode(right.as_bytes()).expect("hexadecimal");
            bytes[bit / 8] ^= 1 << (bit % 8);
            with(&HEXLOWER.encode(&bytes))
        }
        Forgery::Signed(bit) => with(&signed(&flipped(&given.transcript, bit), &NOW.password)),
        Forgery::Operation(op) => given.answer(op, &args, &right),
        Forgery::Arguments(at) => {
            let other = [
                json!({"key": "mode", "value": "attended"}),
                json!({"key": "threshold", "value": "90"}),
                json!({"key": "mode", "value": "notify", "more": 1}),
                Value::Null,
            ];
            given.answer("set", &other[at], &right)
        }
        Forgery::Key(seed) => with(&signed(&given.transcript, &seed)),
        Forgery::Epoch => {
            let epoch = given.transcript.epoch - 1;
            let old = Transcript {
                epoch,
                ..given.transcript.clone()
            };
            with(&signed(&old, &OLD.password))
        }
        Forgery::Nothing(at) => {
            let wrong = [
                String::new(),
                "00".repeat(64),
                right.to_uppercase(),
                right[..126].to_owned(),
            ];
            match at {
                0 => message("set", &args, &given.message["nonce"], None),
                _ => with(&wrong[at]),
            }
        }
        Forgery::Connection | Forgery::Daemon | Forgery::Replay => with(&right),
    }
}

#[test]
fn every_bit_of_what_is_signed_can_be_flipped_and_each_gives_another_transcript() {
    let daemon = TestDaemon::start();
    enrol(&daemon, SEEDS);
    let right = challenge(&mut daemon.connect(), "set", &wanted()).transcript;
    let mut proofs: Vec<[u8; 64]> = (0..SIGNED_BITS)
        .map(|bit| flipped(&right, bit).prove(&Prover::new(&SEEDS.password)))
        .collect();
    proofs.sort_unstable();
    proofs.dedup();
    assert_eq!(proofs.len(), SIGNED_BITS);
}

#[test]
fn no_forged_proof_is_accepted() {
    let most = if is_long() { 100_000 } else { 300 };
    let mut bench = Bench::new();
    let all = forgeries();
    // In the short run a few of each kind, in the long one all of them, over and over.
    let step = if is_long() { 1 } else { 7 };
    let (mut tried, mut unlike) = (0_usize, Vec::new());
    let kinds = all.len() - 24..all.len();
    let chosen = (0..all.len()).step_by(step).chain(kinds).cycle();
    for at in chosen.take(most) {
        if tried.is_multiple_of(WRONG_IN_A_ROW) {
            bench.right();
        }
        let answer = bench.forge(all[at]);
        tried += 1;
        let code = &answer["code"];
        // What is no operation, or no arguments of it, is told so before anybody looks at a proof.
        if code != "auth_failed" && code != "bad_request" {
            unlike.push((all[at], answer));
        }
    }
    assert!(unlike.is_empty(), "{unlike:?}");
    if is_long() {
        // One that is right in everything, and too late.
        bench.right();
        let given = challenge(&mut bench.client, "set", &wanted());
        std::thread::sleep(Duration::from_secs(61));
        let late = given.answer("set", &wanted(), &given.proof(&NOW.password));
        assert_eq!(bench.client.ask(&late)["code"], "auth_failed");
    }
    let status = bench.client.ask(&json!({"kind": "status"}));
    assert_eq!(status["mode"], "attended", "nothing was done");
    let rights = tried.div_ceil(WRONG_IN_A_ROW) + usize::from(is_long());
    let accepted = results(&bench.daemon, true).len();
    // Enrolling and rotating came before.
    assert_eq!(accepted, rights + 2, "of {tried}");
    println!(
        "{tried} forged proofs, {} looked at, 0 accepted",
        results(&bench.daemon, false).len()
    );
}

/// Returns the results of attempts that were accepted, or were not.
fn results(daemon: &TestDaemon, accepted: bool) -> Vec<String> {
    let log = daemon.home().join("data/kintsugi/log");
    let segments = std::fs::read_dir(log).expect("a log");
    let paths = segments.map(|entry| entry.expect("a file").path());
    let segments = paths.filter(|path| path.extension().is_some_and(|name| name == "ndjson"));
    let mut found = Vec::new();
    for path in segments {
        let text = std::fs::read_to_string(path).expect("text");
        let is_one = |line: &&str| line.contains("\"kind\":\"auth_result\"");
        let of_kind = text.lines().filter(is_one).map(str::to_owned);
        found.extend(of_kind.filter(|line| line.contains(&format!("\"accepted\":{accepted}"))));
    }
    found
}

#[test]
fn a_guesser_who_never_stops_has_a_budget_and_nobody_waits_for_it() {
    let guesses = if is_long() { 10_000 } else { 400 };
    let daemon = TestDaemon::start();
    enrol(&daemon, SEEDS);
    let (mut attacker, mut hook) = (daemon.connect(), daemon.connect());
    let started = Instant::now();
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    let mut ask = |times: &mut Vec<u128>| {
        let asked = Instant::now();
        let answer = hook.ask(&propose("ls -la"));
        times.push(asked.elapsed().as_micros());
        assert_eq!(answer["decision"], "allow", "{answer}");
    };
    for number in 0..guesses {
        ask(&mut alone);
        let given = challenge(&mut attacker, "set", &wanted());
        let seed = *blake3::hash(&u64::to_le_bytes(number)).as_bytes();
        attacker.say(&given.answer("set", &wanted(), &given.proof(&seed)));
        ask(&mut beside);
        let answer = attacker.hear().expect("an answer");
        assert_eq!(answer["code"], "auth_failed", "{answer}");
    }
    let seconds = started.elapsed().as_secs();
    let looked_at = results(&daemon, false).len();
    assert!(looked_at >= 5, "{looked_at}");
    assert!(
        looked_at <= guesses_max(seconds),
        "{looked_at} in {seconds} s"
    );
    let p99 = |mut times: Vec<u128>| {
        times.sort_unstable();
        times[times.len() * 99 / 100]
    };
    println!(
        "{guesses} guesses in {seconds} s, {looked_at} looked at; propose p99: {} µs alone, {} µs beside a guess",
        p99(alone),
        p99(beside)
    );
}
