//! Passwords that are worth the name: weak ones are refused, a generated one is offered.

use zeroize::Zeroizing;

use super::random;
use crate::exit::Failure;

/// Least worth of a password, in bits as [`worth`] counts them.
///
/// At half a second a guess on the machine that made the vault, 2⁴⁰ of them are seventeen thousand years.
pub const WORTH_MIN: u32 = 40;

/// Words of a generated phrase, each worth sixteen bits.
const WORDS: usize = 5;

/// Words that begin every list of guesses, as they are typed by people who know better.
const COMMON: [&str; 24] = [
    "password", "passwort", "letmein", "welcome", "qwerty", "qwertz", "azerty", "asdfgh", "zxcvbn",
    "iloveyou", "admin", "root", "login", "secret", "master", "dragon", "monkey", "football",
    "sunshine", "princess", "kintsugi", "changeme", "default", "hunter",
];

/// Returns why a password is too weak, if it is.
#[must_use]
pub fn weakness(password: &[u8]) -> Option<String> {
    let Ok(text) = std::str::from_utf8(password) else {
        return Some("it is not text".to_owned());
    };
    let worth = worth(text);
    if worth >= WORTH_MIN {
        return None;
    }
    Some(format!(
        "it would be guessed: worth about {worth} bits, {WORTH_MIN} are the least"
    ))
}

/// Estimates how many bits a password is worth, carefully: what a guesser tries first counts for little.
///
/// A character counts by the kinds that occur, 2 to 6 bits. One that repeats or continues the ones before it, up, down or
/// along the keyboard, counts one bit; so does every character of a common word but the first.
#[must_use]
pub fn worth(password: &str) -> u32 {
    let plain = Zeroizing::new(unleet(password));
    let mut cheap = vec![false; plain.chars().count()];
    for word in COMMON {
        for (at, _) in plain.match_indices(word) {
            let start = plain.get(..at).map_or(0, |before| before.chars().count());
            cheap
                .iter_mut()
                .skip(start + 1)
                .take(word.len() - 1)
                .for_each(|cheap| *cheap = true);
        }
    }
    let characters: Vec<char> = password.chars().collect();
    let each = bits_of_each(&characters);
    let mut bits = 0;
    for (at, character) in characters.iter().enumerate() {
        let before = characters.get(..at).unwrap_or_default();
        let is_cheap = cheap.get(at).copied().unwrap_or_default() || continues(before, *character);
        bits += if is_cheap { 1 } else { each };
    }
    let mut distinct = characters;
    distinct.sort_unstable();
    distinct.dedup();
    // However long, a few characters over and over are a short password.
    bits.min(each * 2 * u32::try_from(distinct.len()).unwrap_or(u32::MAX))
}

/// Returns what one character is worth among those that occur.
fn bits_of_each(characters: &[char]) -> u32 {
    let any = |kind: fn(&char) -> bool| characters.iter().any(kind);
    let digits = any(char::is_ascii_digit);
    let small = any(char::is_ascii_lowercase);
    let large = any(char::is_ascii_uppercase);
    let other = any(|character| !character.is_ascii_alphanumeric());
    // People put a capital first and a digit last: each further kind counts for half a bit or less.
    match (digits, small || large, other) {
        (true, false, false) => 3,
        (false, true, false) if small != large => 4,
        (_, true, false) => 5,
        (_, _, true) => 5 + u32::from(digits && small && large),
        (false, false, false) => 0,
    }
}

/// Whether a character repeats or continues what stands before it.
fn continues(before: &[char], character: char) -> bool {
    const ROWS: [&str; 4] = ["qwertyuiop", "asdfghjkl", "zxcvbnm", "1234567890"];
    let Some(last) = before.last() else {
        return false;
    };
    let (one, two) = (u32::from(*last), u32::from(character));
    let neighbours = |row: &str| {
        let place = |wanted: char| {
            row.chars()
                .position(|key| key == wanted.to_ascii_lowercase())
        };
        matches!((place(*last), place(character)), (Some(one), Some(two)) if one.abs_diff(two) == 1)
    };
    one.abs_diff(two) <= 1 || ROWS.iter().any(|row| neighbours(row))
}

/// Returns a password as it is without the usual substitutions.
fn unleet(password: &str) -> String {
    let plain = |character: char| match character.to_ascii_lowercase() {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    };
    password.chars().map(plain).collect()
}

/// Returns a phrase of five words that can be said and typed, of 80 random bits: consonants and vowels in turn
/// (D. S. Wilkerson, "A Proposal for Proquints", 2009).
///
/// # Errors
/// When the system has no randomness to give.
pub fn generated() -> Result<Zeroizing<String>, Failure> {
    const CONSONANTS: &[u8; 16] = b"bdfghjklmnprstvz";
    const VOWELS: &[u8; 4] = b"aiou";
    let random = random::<{ 2 * WORDS }>()?;
    let (pairs, _) = random.as_chunks::<2>();
    let mut phrase = Zeroizing::new(String::with_capacity(6 * WORDS));
    for (number, pair) in pairs.iter().enumerate() {
        if number > 0 {
            phrase.push('-');
        }
        let bits = usize::from(u16::from_be_bytes(*pair));
        for (letters, shift) in [
            (CONSONANTS.as_slice(), 12),
            (VOWELS.as_slice(), 10),
            (CONSONANTS.as_slice(), 6),
            (VOWELS.as_slice(), 4),
            (CONSONANTS.as_slice(), 0),
        ] {
            let letter = letters.get((bits >> shift) & (letters.len() - 1));
            phrase.extend(letter.map(|letter| char::from(*letter)));
        }
    }
    Ok(phrase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_refused() {
        for weak in [
            "",
            "x",
            "hunter2",
            "password",
            "P@ssw0rd!",
            "Password123456",
            "correct",
            "12345678901234567890",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "abcdefghijklmnopqrst",
            "qwertyuiopasdfghjkl",
            "abababababababababab",
            "letmein-letmein",
            "20260101",
            "kintsugi-admin",
        ] {
            assert!(
                weakness(weak.as_bytes()).is_some(),
                "{weak}: {}",
                worth(weak)
            );
        }
        assert!(weakness(b"\xff\xfe\xfd good enough otherwise").is_some());
    }

    #[test]
    fn good_ones_are_not() {
        for good in [
            "correct horse battery staple",
            "vK3#pWq9!mZx",
            "der Regen fiel am Montag",
            "lusab-babad-gutih-tugad-vozim",
        ] {
            assert!(
                weakness(good.as_bytes()).is_none(),
                "{good}: {}",
                worth(good)
            );
        }
    }

    #[test]
    fn a_generated_phrase_is_good_and_another_each_time() {
        let (one, two) = (generated().unwrap(), generated().unwrap());
        assert_ne!(*one, *two);
        assert_eq!(one.len(), 5 * WORDS + WORDS - 1);
        assert_eq!(one.split('-').count(), WORDS);
        assert!(weakness(one.as_bytes()).is_none(), "{}", *one);
    }
}
