//! Reads the beginning of a model's file, and refuses what is not as it ought to be.
//!
//! `llama.cpp` ends the process it is in when a file surprises it. So every length, type and place in the header is checked here
//! first, in as much memory as one name takes; a file that passes may still be wrong, and then costs one worker.
//!
//! The form is that of `docs/gguf.md` in the repository `ggml-org/ggml`, versions 2 and 3, little-endian.

use std::io::{self, Read};

/// Bytes of a header that are read at most. The largest vocabularies take about ten million.
const HEADER_BYTES_MAX: u64 = 64 * 1024 * 1024;
/// Most keys; models have some dozens.
const KEYS_MAX: u64 = 4_096;
/// Most tensors; the largest models have some thousands.
const TENSORS_MAX: u64 = 65_536;
/// Most elements of a list; vocabularies have up to 300,000.
const ELEMENTS_MAX: u64 = 2_000_000;
/// Longest name, in bytes.
const NAME_BYTES_MAX: u64 = 256;
/// Longest text, in bytes; templates of chats are the longest.
const TEXT_BYTES_MAX: u64 = 4 * 1024 * 1024;
/// Most dimensions of a tensor (`GGML_MAX_DIMS`).
const DIMENSIONS_MAX: u32 = 4;

/// Architectures that read a text from its beginning and can forget its end: what one pass over a kept prefix needs. Encoders,
/// recurrent and mixed ones cannot, or were not tried.
const ARCHITECTURES: [&str; 22] = [
    "baichuan",
    "command-r",
    "exaone",
    "falcon",
    "gemma",
    "gemma2",
    "gemma3",
    "gpt2",
    "gptneox",
    "granite",
    "internlm2",
    "llama",
    "minicpm",
    "olmo",
    "olmo2",
    "phi2",
    "phi3",
    "qwen2",
    "qwen3",
    "smollm3",
    "stablelm",
    "starcoder2",
];

/// Why a file is not a model that can score.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GgufError {
    /// It begins otherwise.
    #[error("it is no GGUF file")]
    NotGguf,
    /// A version that this does not read.
    #[error("GGUF version {0} is not read, 2 and 3 are")]
    Version(u32),
    /// It ends before what its header announces.
    #[error("it is cut off: its header announces more than the file has")]
    CutOff,
    /// A number that no model has.
    #[error("its header is wrong: {0}")]
    Wrong(&'static str),
    /// It cannot be used for scoring.
    #[error("the architecture `{0}` cannot be scored")]
    Architecture(String),
    /// The file cannot be read.
    #[error("it cannot be read")]
    Read(#[source] io::Error),
}

/// What the beginning of a file says of its model.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Header {
    /// How the model computes: `llama`, `qwen2`.
    pub architecture: String,
    /// What its makers call it.
    pub name: String,
    /// Tensors.
    pub tensors: u64,
    /// Tokens of the vocabulary.
    pub tokens: u64,
}

/// Reads the header of a file of `file_bytes` bytes, and checks that every tensor lies in it.
///
/// # Errors
/// Why the file is none that can score.
pub fn read(file: impl Read, file_bytes: u64) -> Result<Header, GgufError> {
    let mut source = Source {
        file: file.take(HEADER_BYTES_MAX.min(file_bytes)),
        read: 0,
    };
    if source.array::<4>().map_err(|_| GgufError::NotGguf)? != *b"GGUF" {
        return Err(GgufError::NotGguf);
    }
    let version = source.u32()?;
    if !(2..=3).contains(&version) {
        return Err(GgufError::Version(version));
    }
    let tensors = bounded(source.u64()?, TENSORS_MAX, "so many tensors")?;
    let keys = bounded(source.u64()?, KEYS_MAX, "so many keys")?;
    let mut header = Header {
        tensors,
        ..Header::default()
    };
    let mut alignment = 32;
    for _ in 0..keys {
        key(&mut source, &mut header, &mut alignment)?;
    }
    if !ARCHITECTURES.contains(&header.architecture.as_str()) {
        let shown = crate::display::escape(&header.architecture);
        return Err(GgufError::Architecture(crate::display::clip(&shown, 40)));
    }
    let mut end = 0;
    for _ in 0..tensors {
        end = end.max(tensor(&mut source, alignment)?);
    }
    let data = source.read.next_multiple_of(alignment);
    match data.checked_add(end) {
        Some(last) if last <= file_bytes => Ok(header),
        _ => Err(GgufError::CutOff),
    }
}

/// Reads one key and its value.
fn key<R: Read>(
    source: &mut Source<R>,
    header: &mut Header,
    alignment: &mut u64,
) -> Result<(), GgufError> {
    let name = source.text(NAME_BYTES_MAX)?;
    let kind = source.u32()?;
    match (name.as_str(), kind) {
        ("general.architecture", TEXT) => header.architecture = source.text(NAME_BYTES_MAX)?,
        ("general.name", TEXT) => header.name = source.text(TEXT_BYTES_MAX)?,
        ("general.alignment", 4) => {
            *alignment = u64::from(source.u32()?);
            if !alignment.is_power_of_two() || *alignment < 8 || *alignment > 65_536 {
                return Err(GgufError::Wrong("the alignment"));
            }
        }
        (_, LIST) => {
            let kind = source.u32()?;
            let elements = bounded(source.u64()?, ELEMENTS_MAX, "so long a list")?;
            if name == "tokenizer.ggml.tokens" {
                header.tokens = elements;
            }
            for _ in 0..elements {
                source.skip_value(kind)?;
            }
        }
        _ => source.skip_value(kind)?,
    }
    Ok(())
}

/// Reads where one tensor lies; returns where it ends, from the beginning of the data.
fn tensor<R: Read>(source: &mut Source<R>, alignment: u64) -> Result<u64, GgufError> {
    source.text(NAME_BYTES_MAX)?;
    let dimensions = source.u32()?;
    if !(1..=DIMENSIONS_MAX).contains(&dimensions) {
        return Err(GgufError::Wrong("the dimensions of a tensor"));
    }
    let mut elements: u64 = 1;
    let mut row = 0;
    for at in 0..dimensions {
        let length = source.u64()?;
        if at == 0 {
            row = length;
        }
        elements = Some(length)
            .filter(|length| *length > 0)
            .and_then(|length| elements.checked_mul(length))
            .filter(|elements| i64::try_from(*elements).is_ok())
            .ok_or(GgufError::Wrong("the size of a tensor"))?;
    }
    let (block, bytes) = block_of(source.u32()?).ok_or(GgufError::Wrong("the type of a tensor"))?;
    if !row.is_multiple_of(block) {
        return Err(GgufError::Wrong("the rows of a tensor"));
    }
    let offset = source.u64()?;
    if !offset.is_multiple_of(alignment) {
        return Err(GgufError::Wrong("the place of a tensor"));
    }
    (elements / block)
        .checked_mul(bytes)
        .and_then(|bytes| offset.checked_add(bytes))
        .ok_or(GgufError::CutOff)
}

/// Returns how many elements a block of a type has, and how many bytes (`ggml.c`, `type_traits`).
const fn block_of(kind: u32) -> Option<(u64, u64)> {
    Some(match kind {
        0 | 26 => (1, 4),
        1 | 25 | 30 => (1, 2),
        2 | 20 => (32, 18),
        3 => (32, 20),
        6 => (32, 22),
        7 => (32, 24),
        8 => (32, 34),
        9 => (32, 36),
        10 => (256, 84),
        11 | 21 => (256, 110),
        12 => (256, 144),
        13 => (256, 176),
        14 => (256, 210),
        15 => (256, 292),
        16 | 35 => (256, 66),
        17 => (256, 74),
        18 => (256, 98),
        19 => (256, 50),
        22 => (256, 82),
        23 => (256, 136),
        24 => (1, 1),
        27 | 28 => (1, 8),
        29 => (256, 56),
        34 => (256, 54),
        39 => (32, 17),
        _ => return None,
    })
}

fn bounded(number: u64, most: u64, what: &'static str) -> Result<u64, GgufError> {
    if number > most {
        return Err(GgufError::Wrong(what));
    }
    Ok(number)
}

/// The type of a text.
const TEXT: u32 = 8;
/// The type of a list.
const LIST: u32 = 9;

struct Source<R> {
    file: io::Take<R>,
    read: u64,
}

impl<R: Read> Source<R> {
    fn array<const N: usize>(&mut self) -> Result<[u8; N], GgufError> {
        let mut bytes = [0; N];
        self.file.read_exact(&mut bytes).map_err(of_reading)?;
        self.read += N as u64;
        Ok(bytes)
    }

    fn u32(&mut self) -> Result<u32, GgufError> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, GgufError> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self, most: u64) -> Result<String, GgufError> {
        let length = bounded(self.u64()?, most, "the length of a text")?;
        let mut text = Vec::new();
        let read = Read::by_ref(&mut self.file).take(length);
        let read = { read }.read_to_end(&mut text).map_err(of_reading)?;
        self.read += length;
        if read as u64 != length {
            return Err(GgufError::CutOff);
        }
        String::from_utf8(text).map_err(|_| GgufError::Wrong("a text"))
    }

    fn skip(&mut self, length: u64) -> Result<(), GgufError> {
        let mut skipped = Read::by_ref(&mut self.file).take(length);
        let skipped = io::copy(&mut skipped, &mut io::sink()).map_err(of_reading)?;
        self.read += length;
        if skipped == length {
            Ok(())
        } else {
            Err(GgufError::CutOff)
        }
    }

    /// Passes over a value that is no list.
    fn skip_value(&mut self, kind: u32) -> Result<(), GgufError> {
        match kind {
            0 | 1 => self.skip(1),
            7 => match self.array()? {
                [0 | 1] => Ok(()),
                [_] => Err(GgufError::Wrong("a truth value")),
            },
            2 | 3 => self.skip(2),
            4..=6 => self.skip(4),
            10..=12 => self.skip(8),
            TEXT => {
                let length = bounded(self.u64()?, TEXT_BYTES_MAX, "the length of a text")?;
                self.skip(length)
            }
            _ => Err(GgufError::Wrong("the type of a value")),
        }
    }
}

fn of_reading(error: io::Error) -> GgufError {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        GgufError::CutOff
    } else {
        GgufError::Read(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &mut Vec<u8>, text: &str) {
        bytes.extend((text.len() as u64).to_le_bytes());
        bytes.extend(text.as_bytes());
    }

    /// A header with one list and one tensor of 64 numbers, and its data.
    fn small(architecture: &str) -> Vec<u8> {
        let mut bytes = b"GGUF".to_vec();
        bytes.extend(3_u32.to_le_bytes());
        bytes.extend(1_u64.to_le_bytes());
        bytes.extend(2_u64.to_le_bytes());
        text(&mut bytes, "general.architecture");
        bytes.extend(TEXT.to_le_bytes());
        text(&mut bytes, architecture);
        text(&mut bytes, "tokenizer.ggml.tokens");
        bytes.extend(LIST.to_le_bytes());
        bytes.extend(TEXT.to_le_bytes());
        bytes.extend(2_u64.to_le_bytes());
        text(&mut bytes, "a");
        text(&mut bytes, "b");
        text(&mut bytes, "token_embd.weight");
        bytes.extend(2_u32.to_le_bytes());
        bytes.extend(32_u64.to_le_bytes());
        bytes.extend(2_u64.to_le_bytes());
        bytes.extend(8_u32.to_le_bytes());
        bytes.extend(0_u64.to_le_bytes());
        bytes.resize(bytes.len().next_multiple_of(32) + 2 * 34, 0);
        bytes
    }

    fn of(bytes: &[u8]) -> Result<Header, GgufError> {
        read(bytes, bytes.len() as u64)
    }

    #[test]
    fn a_header_says_what_the_model_is() {
        let header = of(&small("llama")).unwrap();
        assert_eq!(header.architecture, "llama");
        assert_eq!((header.tensors, header.tokens), (1, 2));
    }

    #[test]
    fn a_file_that_is_cut_off_anywhere_is_refused() {
        let whole = small("llama");
        for length in 0..whole.len() {
            let error = of(&whole[..length]).unwrap_err();
            assert!(
                matches!(error, GgufError::CutOff | GgufError::NotGguf),
                "{length}: {error}"
            );
        }
    }

    #[test]
    fn what_cannot_be_scored_is_named() {
        for (architecture, shown) in [("bert", "bert"), ("mam\nba", "mam\\nba"), ("", "``")] {
            let error = of(&small(architecture)).unwrap_err().to_string();
            assert!(error.contains(shown), "{error}");
        }
        assert!(matches!(of(b"PK\x03\x04zip"), Err(GgufError::NotGguf)));
    }

    #[test]
    fn no_flipped_bit_makes_it_fall() {
        let whole = small("llama");
        let mut refused = 0;
        for bit in 0..whole.len() * 8 {
            let mut altered = whole.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            refused += u32::from(of(&altered).is_err());
        }
        // Names and data are not checked; lengths, types and places are.
        assert!(refused > 500, "{refused}");
    }
}
