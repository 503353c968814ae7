//! A model of a hundred kilobytes, made anew by every test that needs one: valid, quick, and of no opinion worth having.
//!
//! Two layers of 64 numbers, a vocabulary of bytes, and the three labels as tokens of their own. The weights come from a seed, so
//! the file is the same everywhere. What makes it answer with labels at all: every token has the same large number in its first
//! place, and the labels a larger one.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use kintsugi_core::scorer::settings::{Backend, ModelSettings};

/// The seed of the model that most tests take.
pub const SEED: u64 = 7;

const WIDTH: usize = 64;
const INNER: usize = 128;
const LAYERS: usize = 2;
const HEADS: u32 = 4;
const LABELS: [&str; 3] = [" safe", " caution", " danger"];

/// A directory with a model in it, and the settings for it.
#[derive(Debug)]
pub struct Shelf {
    directory: tempfile::TempDir,
}

impl Default for Shelf {
    fn default() -> Self {
        Self::new()
    }
}

impl Shelf {
    /// Returns where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { directory }
    }

    /// Puts a file there, and returns the settings that have llama.cpp load it in the worker.
    #[must_use]
    pub fn put(&self, bytes: &[u8]) -> ModelSettings {
        let path = self.directory.path().join("tiny.gguf");
        fs::write(&path, bytes).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        ModelSettings {
            backend: vec![Backend::Llama],
            sha256: Some(sha256(&path)),
            path: Some(path),
            n_ctx: 4_096,
            ready_timeout_ms: 120_000,
            ..ModelSettings::default()
        }
    }
}

/// Returns what another program than ours says that a file's hash is.
#[must_use]
pub fn sha256(path: &Path) -> String {
    let said = Command::new("sha256sum").arg(path).output().unwrap();
    String::from_utf8(said.stdout).unwrap()[..64].to_owned()
}

/// Returns the bytes of a GGUF file.
#[must_use]
pub fn tiny(seed: u64) -> Vec<u8> {
    with("llama", true, seed)
}

/// Returns the bytes of a GGUF file of another architecture, or one in which the labels are no tokens.
#[must_use]
pub fn with(architecture: &str, has_labels: bool, seed: u64) -> Vec<u8> {
    made(architecture, &vocabulary(has_labels), seed)
}

/// Returns the same model for a server, which shows no control tokens: its labels are words like all others, with the space in
/// front of them as `gpt2` writes it.
#[must_use]
pub fn for_server(seed: u64) -> Vec<u8> {
    let mut tokens = vocabulary(true);
    for (text, kind) in &mut tokens {
        if LABELS.contains(&text.as_str()) {
            *text = text.replace(' ', "\u{120}");
            *kind = 1;
        }
    }
    made("llama", &tokens, seed)
}

/// Returns the same model, which also shows its labels when it says them: else it has only bytes to speak in.
#[must_use]
pub fn talkative(seed: u64) -> Vec<u8> {
    let mut tokens = vocabulary(true);
    for (text, kind) in &mut tokens {
        if LABELS.contains(&text.as_str()) {
            *kind = 4;
        }
    }
    made("llama", &tokens, seed)
}

fn made(architecture: &str, tokens: &[(String, i32)], seed: u64) -> Vec<u8> {
    let mut random = Random(seed | 1);
    let mut tensors = vec![embeddings(tokens, &mut random)];
    for layer in 0..LAYERS {
        let square = [WIDTH, WIDTH];
        let shapes = [
            ("attn_q", square),
            ("attn_k", square),
            ("attn_v", square),
            ("attn_output", square),
            ("ffn_gate", [WIDTH, INNER]),
            ("ffn_up", [WIDTH, INNER]),
            ("ffn_down", [INNER, WIDTH]),
        ];
        for (name, [row, rows]) in shapes {
            let name = format!("blk.{layer}.{name}.weight");
            let numbers: Vec<f32> = (0..row * rows).map(|_| random.next() * 0.16).collect();
            tensors.push(Tensor::packed(name, row, &numbers));
        }
        for name in ["attn_norm", "ffn_norm"] {
            tensors.push(Tensor::ones(format!("blk.{layer}.{name}.weight")));
        }
    }
    tensors.push(Tensor::ones("output_norm.weight".to_owned()));
    file(architecture, tokens, &tensors)
}

/// Bytes as `gpt2` writes them, then the labels, then the control tokens.
fn vocabulary(has_labels: bool) -> Vec<(String, i32)> {
    let mut beyond = 0x100;
    let mut tokens: Vec<_> = (0..=255_u8)
        .map(|byte| {
            // Visible bytes stand for themselves, the others for characters from U+0100 on.
            let shown = match byte {
                b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff => u32::from(byte),
                _ => {
                    beyond += 1;
                    beyond - 1
                }
            };
            (char::from_u32(shown).expect("a character").to_string(), 1)
        })
        .collect();
    if has_labels {
        tokens.extend(LABELS.map(|label| (label.to_owned(), 3)));
    }
    tokens.extend(["<s>", "</s>"].map(|control| (control.to_owned(), 3)));
    tokens
}

struct Tensor {
    name: String,
    shape: Vec<usize>,
    kind: u32,
    bytes: Vec<u8>,
}

impl Tensor {
    /// Numbers in blocks of 32 bytes with one scale (`Q8_0`).
    fn packed(name: String, row: usize, numbers: &[f32]) -> Self {
        let mut bytes = Vec::new();
        for block in numbers.chunks(32) {
            let largest = block
                .iter()
                .fold(0.0_f32, |most, number| most.max(number.abs()));
            let scale = largest / 127.0;
            bytes.extend(half(scale).to_le_bytes());
            #[expect(clippy::cast_possible_truncation, reason = "at most 127")]
            bytes.extend(
                block
                    .iter()
                    .map(|number| ((number / scale).round() as i8).cast_unsigned()),
            );
        }
        let shape = vec![row, numbers.len() / row];
        Self {
            name,
            shape,
            kind: 8,
            bytes,
        }
    }

    fn ones(name: String) -> Self {
        Self {
            name,
            shape: vec![WIDTH],
            kind: 0,
            bytes: 1.0_f32.to_le_bytes().repeat(WIDTH),
        }
    }
}

fn embeddings(tokens: &[(String, i32)], random: &mut Random) -> Tensor {
    let mut numbers = Vec::new();
    for (text, _) in tokens {
        let is_label = LABELS.contains(&text.replace('\u{120}', " ").as_str());
        numbers.push(if is_label { 12.0 } else { 1.0 });
        numbers.extend((1..WIDTH).map(|_| random.next() * 0.5));
    }
    Tensor::packed("token_embd.weight".to_owned(), WIDTH, &numbers)
}

fn file(architecture: &str, tokens: &[(String, i32)], tensors: &[Tensor]) -> Vec<u8> {
    let mut keys = Keys::default();
    keys.text("general.architecture", architecture);
    keys.text("general.name", "tiny");
    let key = |name: &str| format!("{architecture}.{name}");
    let number = |number: usize| u32::try_from(number).expect("a small number");
    keys.number(&key("block_count"), number(LAYERS));
    keys.number(&key("context_length"), 8_192);
    keys.number(&key("embedding_length"), number(WIDTH));
    keys.number(&key("feed_forward_length"), number(INNER));
    keys.number(&key("attention.head_count"), HEADS);
    keys.head(&key("attention.layer_norm_rms_epsilon"), 6);
    keys.bytes.extend(1e-5_f32.to_le_bytes());
    keys.text("tokenizer.ggml.model", "gpt2");
    keys.text("tokenizer.ggml.pre", "gpt-2");
    keys.list("tokenizer.ggml.tokens", 8, tokens.len());
    for (text, _) in tokens {
        keys.put(text);
    }
    keys.list("tokenizer.ggml.token_type", 5, tokens.len());
    keys.bytes
        .extend(tokens.iter().flat_map(|(_, kind)| kind.to_le_bytes()));
    keys.list("tokenizer.ggml.merges", 8, 0);
    let end = number(tokens.len());
    keys.number("tokenizer.ggml.bos_token_id", end - 2);
    keys.number("tokenizer.ggml.eos_token_id", end - 1);

    let mut bytes = b"GGUF".to_vec();
    bytes.extend(3_u32.to_le_bytes());
    bytes.extend((tensors.len() as u64).to_le_bytes());
    bytes.extend(keys.count.to_le_bytes());
    bytes.extend(keys.bytes);
    let mut offset = 0;
    for tensor in tensors {
        let mut head = Keys::default();
        head.put(&tensor.name);
        bytes.extend(head.bytes);
        bytes.extend(number(tensor.shape.len()).to_le_bytes());
        bytes.extend(
            tensor
                .shape
                .iter()
                .flat_map(|length| (*length as u64).to_le_bytes()),
        );
        bytes.extend(tensor.kind.to_le_bytes());
        bytes.extend((offset as u64).to_le_bytes());
        offset = (offset + tensor.bytes.len()).next_multiple_of(32);
    }
    for tensor in tensors {
        bytes.resize(bytes.len().next_multiple_of(32), 0);
        bytes.extend(&tensor.bytes);
    }
    bytes
}

#[derive(Default)]
struct Keys {
    bytes: Vec<u8>,
    count: u64,
}

impl Keys {
    fn put(&mut self, text: &str) {
        self.bytes.extend((text.len() as u64).to_le_bytes());
        self.bytes.extend(text.as_bytes());
    }

    fn head(&mut self, name: &str, kind: u32) {
        self.put(name);
        self.bytes.extend(kind.to_le_bytes());
        self.count += 1;
    }

    fn text(&mut self, name: &str, text: &str) {
        self.head(name, 8);
        self.put(text);
    }

    fn number(&mut self, name: &str, number: u32) {
        self.head(name, 4);
        self.bytes.extend(number.to_le_bytes());
    }

    fn list(&mut self, name: &str, kind: u32, length: usize) {
        self.head(name, 9);
        self.bytes.extend(kind.to_le_bytes());
        self.bytes.extend((length as u64).to_le_bytes());
    }
}

/// Returns a number as one of half the precision (IEEE 754); enough for a scale that is neither tiny nor huge.
fn half(number: f32) -> u16 {
    let bits = number.to_bits();
    let exponent = (bits >> 23 & 0xff).saturating_sub(112);
    assert!((1..31).contains(&exponent), "{number}");
    u16::try_from(exponent << 10 | bits >> 13 & 0x3ff).expect("15 bits")
}

/// Numbers between -1 and 1 (xorshift64*).
struct Random(u64);

impl Random {
    #[expect(clippy::cast_precision_loss, reason = "16 bits fit")]
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 48;
        high as f32 / 32_768.0 - 1.0
    }
}
