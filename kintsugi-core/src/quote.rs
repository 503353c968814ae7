//! Words → shell text: the inverse of what a shell does when it splits a line.

/// Returns `word` as one word of shell text. What needs no quotes gets none.
#[must_use]
pub fn quote(word: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:=@%+,".contains(&byte);
    if !word.is_empty() && word.bytes().all(plain) {
        word.to_owned()
    } else {
        in_quotes(word)
    }
}

fn in_quotes(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Returns `words` as one line of shell text that a shell splits into the same words.
#[must_use]
pub fn join(words: &[String]) -> String {
    let mut line = String::new();
    for (position, word) in words.iter().enumerate() {
        if position > 0 {
            line.push(' ');
        }
        // Unquoted, `A=b` in front would be an assignment and no program.
        let first_assigns = position == 0 && word.contains('=');
        let quoted = if first_assigns {
            in_quotes(word)
        } else {
            quote(word)
        };
        line.push_str(&quoted);
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(words: &[&str]) -> String {
        join(
            &words
                .iter()
                .map(|&word| word.to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn plain_words_stay_plain() {
        assert_eq!(joined(&["git", "push", "--force"]), "git push --force");
        assert_eq!(joined(&["env", "A=b", "x"]), "env A=b x");
    }

    #[test]
    fn what_a_shell_would_read_is_quoted() {
        assert_eq!(joined(&["rm", "-rf", "~"]), "rm -rf '~'");
        assert_eq!(
            joined(&["echo", "$HOME", "a b", ""]),
            "echo '$HOME' 'a b' ''"
        );
        assert_eq!(joined(&["echo", "it's"]), r"echo 'it'\''s'");
        assert_eq!(joined(&["A=b"]), "'A=b'");
    }
}
