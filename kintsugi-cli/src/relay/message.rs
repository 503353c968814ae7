//! What a shell and its relay say to each other: bytes that a shell can write and read without starting anything.
//!
//! From the shell, ended by NUL, which no command line can hold. To the shell, one line each.

use kintsugi_core::display::escape;
use uuid::Uuid;

/// What a shell says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// `?NTEXT`: may this text run? `N` is a digit that stands in front of the answer.
    Ask {
        /// The digit.
        number: u8,
        /// The text; not always UTF-8.
        text: Vec<u8>,
    },
    /// `@N`: the same, and the text is in the file `text` beside the pipes, since it is longer than they are.
    AskFile {
        /// The digit.
        number: u8,
    },
    /// `+`: what was held was approved, and begins now.
    Begun,
    /// `-`: what was asked about last does not run.
    Dropped,
    /// `.STATUS`: what was asked about last has ended.
    Ended {
        /// Its exit status.
        status: i32,
    },
    /// `!`: another relay takes over, for this shell or for the one that replaced it (`exec`).
    Leave,
}

impl Message {
    /// Reads one message, without its NUL; nothing when it is none.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [b'?', number @ b'0'..=b'9', text @ ..] => Some(Self::Ask {
                number: *number,
                text: text.to_vec(),
            }),
            [b'@', number @ b'0'..=b'9'] => Some(Self::AskFile { number: *number }),
            b"+" => Some(Self::Begun),
            b"-" => Some(Self::Dropped),
            b"!" => Some(Self::Leave),
            [b'.', status @ ..] => Some(Self::Ended {
                status: str::from_utf8(status).ok()?.parse().ok()?,
            }),
            _ => None,
        }
    }
}

/// What the relay answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// `0`: run it.
    Run,
    /// `1 WORDS`: run it, and show this line.
    RunAndTell(String),
    /// `3 WORDS`: do not run it, for this reason.
    Refuse(String),
    /// `4 ID`: a person is to be asked.
    Held(Uuid),
    /// `9`: the full client answers this one.
    HandOver,
}

impl Answer {
    /// Returns the line that answers the question `number`. It holds no control character but its end.
    #[must_use]
    pub fn line(&self, number: u8) -> Vec<u8> {
        let rest = match self {
            Self::Run => "0".to_owned(),
            Self::RunAndTell(words) => format!("1 {}", escape(words)),
            Self::Refuse(words) => format!("3 {}", escape(words)),
            Self::Held(id) => format!("4 {id}"),
            Self::HandOver => "9".to_owned(),
        };
        let mut line = vec![number];
        line.extend_from_slice(rest.as_bytes());
        line.push(b'\n');
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_says_is_read_and_nothing_else() {
        assert_eq!(
            Message::parse(b"?3ls -l\xff"),
            Some(Message::Ask {
                number: b'3',
                text: b"ls -l\xff".to_vec()
            })
        );
        assert_eq!(
            Message::parse(b"@7"),
            Some(Message::AskFile { number: b'7' })
        );
        assert_eq!(
            Message::parse(b".130"),
            Some(Message::Ended { status: 130 })
        );
        assert_eq!(Message::parse(b"+"), Some(Message::Begun));
        assert_eq!(Message::parse(b"-"), Some(Message::Dropped));
        for wrong in [&b""[..], b"?", b"?xls", b".", b".1x", b"@", b"@77", b"+1"] {
            assert_eq!(Message::parse(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn an_answer_is_one_line_whatever_it_says() {
        let line = Answer::Refuse("one\ntwo\u{1b}[31m".to_owned()).line(b'5');
        assert_eq!(line, b"53 one\\ntwo\\x1b[31m\n");
        assert_eq!(Answer::Run.line(b'0'), b"00\n");
    }
}
