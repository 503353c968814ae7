//! What a model's file is known by: SHA-256, as pages of models publish it, and BLAKE3, by which scores are remembered.

use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

use super::HASH_BYTES;

/// Bytes that are read at once.
const PIECE_BYTES: usize = 256 * 1024;

/// Both hashes of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hashes {
    /// SHA-256, in lower-case hexadecimal.
    pub sha256: String,
    /// BLAKE3.
    pub blake3: [u8; HASH_BYTES],
}

/// Reads a file to its end, once, for both hashes.
///
/// # Errors
/// When it cannot be read.
pub fn of(mut file: impl Read) -> io::Result<Hashes> {
    let mut sha256 = Sha256::new();
    let mut blake3 = blake3::Hasher::new();
    let mut bytes = vec![0; PIECE_BYTES];
    loop {
        let read = file.read(&mut bytes)?;
        let Some(read) = bytes.get(..read).filter(|read| !read.is_empty()) else {
            break;
        };
        sha256.update(read);
        blake3.update(read);
    }
    Ok(Hashes {
        sha256: data_encoding::HEXLOWER.encode(&sha256.finalize()),
        blake3: *blake3.finalize().as_bytes(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_of_the_whole_file() {
        // FIPS 180-2, appendix B.3.
        let million = "a".repeat(1_000_000);
        let hashes = of(million.as_bytes()).unwrap();
        assert_eq!(
            hashes.sha256,
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        );
        assert_eq!(hashes.blake3, *blake3::hash(million.as_bytes()).as_bytes());
    }
}
